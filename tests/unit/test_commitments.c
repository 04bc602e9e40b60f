/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments of documents. Roots, leaves and seeds: recomputed from docs/formats/commitments.md by
 * the reading of it in tests/cli/test_redact_fields.py (Python's hashlib and hmac), secret 00 to
 * 1f. */
#include "base/mem.h"
#include "evidence/commitments.h"
#include "evidence/leaves.h"
#include "evidence/redaction.h"
#include "support/check.h"

#define SEVEN "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]"

static hb_arena arena;
static hb_committer *by;
static hb_commit32 secret;

static int begin(void **state)
{
    (void)state;
    hb_arena_init(&arena, 16 << 20);
    for (size_t i = 0; i < sizeof secret.b; i++) {
        secret.b[i] = (uint8_t)i;
    }
    CHECK_OK(hb_committer_new(&by, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    hb_committer_free(by);
    hb_arena_release(&arena);
    return 0;
}

static hb_str str(const char *text)
{
    return (hb_str){text, strlen(text)};
}

static void commitments__have_the_roots_of_the_format(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t leaves;
        const char *root;
        const char *skeleton;
    } rows[] = {
        {"[]", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"},
        {"[\"a\"]", 1, "6502f22742e0fcf635aeaf919aea2ef3c2845e8bb249b0738ca6ea5808ca6a0c",
         "055539df4a0b804c58caf46c0cd2941af10d64c1395ddd8e50b5f55d945841e6"},
        {"{\"a\":\"x\",\"b\":[1,\"\xc3\xa9\\n\\u0001\\\"\",{\"c\":\"\"}],\"d\":\"long\"}", 4,
         "d0d6137efe4f6c64c3be94827c30a7a0bd49cc1872935544aee0d5baa4f16479",
         "154b3d34653d8e3dd3bd1d7ea54d0d511872c520c74fcfae14e638df31509914"},
        {SEVEN, 7, "2ad17ebe8a2bb3759c702add72bff2e119cb77273c69194beeea546dfe09f99b",
         "1d20f785ded1e360e8a68d7be7ad85e4fd61850b97d9433a64bf10be4af20189"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_commitment c;
        CHECK_OK(hb_commitment_of(by, str(rows[i].text), &secret, "run.json", &c, &err));
        assert_int_equal(c.leaves, rows[i].leaves);
        assert_string_equal(c.root, rows[i].root);
        assert_string_equal(c.skeleton, rows[i].skeleton);
    }
}

static hb_opened hide_two(hb_hidden hidden[2])
{
    hidden[0] = (hb_hidden){.index = 2, .pointer = "/2"};
    hidden[1] = (hb_hidden){.index = 5, .pointer = "/5"};
    return (hb_opened){.path = "run.json", .hidden = hidden, .n_hidden = 2};
}

static void commitments__open_all_but_the_hidden(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "b97d26f75fb1007f15586d44a7d1784ee4007f58b29801d0666d60ced79a622f",
        "e127c524edf9970efb4231bd9a4bd6ed7bfabf50ccb7a8def24a0d91850aca33",
        "649efaa47d1658309149288e756ef92cd8123352d611d6d0e62f5a8aed07af3d",
        "30749e0970cf044de6910be97e315d8819305bf7fae0a63af0afc7c47ace4474"};
    hb_hidden hidden[2];
    hb_opened o = hide_two(hidden);
    char hex[65];
    CHECK_OK(hb_commitment_hide(by, str(SEVEN), &secret, &o, &arena, &err));
    hb_commit_hex(&hidden[0].leaf, hex);
    assert_string_equal(hex, "d4041987f2d54c292239dea473891e055c1359fd6eec21f8a238e6538dd025f2");
    hb_commit_hex(&hidden[1].leaf, hex);
    assert_string_equal(hex, "bad703704e13c0f0d59074dbe39b1357c5adb0cb5387e4f89e07cb1f6e97f94a");
    assert_int_equal(o.n_seeds, 4);
    for (size_t i = 0; i < 4; i++) {
        hb_commit_hex(&o.seeds[i], hex);
        assert_string_equal(hex, seeds[i]);
    }
}

static void commitments__hold_for_what_is_shown_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why; /* NULL = it holds */
    } rows[] = {
        {SEVEN, NULL},
        {"[\"a\",\"b\",\"\",\"d\",\"e\",\"anything\",\"g\"]", NULL},
        {"[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"G\"]", "what is shown of it"},
        {"[\"b\",\"a\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "what is shown of it"},
        {"[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]", "has other keys, figures"},
        {"[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",7]", "has other keys, figures"},
        {"[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"", "canonical"},
        {"[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g", "canonical"},
    };
    hb_hidden hidden[2];
    hb_opened o = hide_two(hidden);
    hb_commitment c;
    CHECK_OK(hb_commitment_of(by, str(SEVEN), &secret, "run.json", &c, &err));
    CHECK_OK(hb_commitment_hide(by, str(SEVEN), &secret, &o, &arena, &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_str text = str(rows[i].text);
        if (rows[i].why) {
            CHECK_ERROR(hb_commitment_check(by, &c, text, &o, &err), HB_E_EVIDENCE, rows[i].why);
        } else {
            CHECK_OK(hb_commitment_check(by, &c, text, &o, &err));
        }
    }
}

static void commitments__need_exactly_the_seeds_of_what_is_hidden(void **state)
{
    (void)state;
    hb_hidden hidden[2];
    hb_opened o = hide_two(hidden);
    hb_commitment c;
    CHECK_OK(hb_commitment_of(by, str(SEVEN), &secret, "run.json", &c, &err));
    CHECK_OK(hb_commitment_hide(by, str(SEVEN), &secret, &o, &arena, &err));
    hb_opened less = o;
    less.n_seeds--;
    CHECK_ERROR(hb_commitment_check(by, &c, str(SEVEN), &less, &err), HB_E_EVIDENCE, "fewer seeds");
    hb_opened one = o;
    one.n_hidden = 1;
    CHECK_ERROR(hb_commitment_check(by, &c, str(SEVEN), &one, &err), HB_E_EVIDENCE, "seeds");
    hb_opened beyond = o;
    hidden[1].index = 7;
    CHECK_ERROR(hb_commitment_check(by, &c, str(SEVEN), &beyond, &err), HB_E_EVIDENCE, "beyond 7");
}

static void commitments__of_one_secret_tell_nothing_of_another(void **state)
{
    (void)state;
    hb_commit32 other = secret;
    hb_commitment a;
    hb_commitment b;
    hb_commitment elsewhere;
    other.b[31] ^= 1;
    CHECK_OK(hb_commitment_of(by, str(SEVEN), &secret, "run.json", &a, &err));
    CHECK_OK(hb_commitment_of(by, str(SEVEN), &other, "run.json", &b, &err));
    CHECK_OK(hb_commitment_of(by, str(SEVEN), &secret, "decision.json", &elsewhere, &err));
    assert_string_not_equal(a.root, b.root);
    assert_string_not_equal(a.root, elsewhere.root);
    assert_string_equal(a.skeleton, b.skeleton);
}

static void leaves__have_pointers_and_texts(void **state)
{
    (void)state;
    static const struct {
        const char *pointer;
        const char *text;
    } due[] = {{"/a~1b/0/c", "x\ny"}, {"/a~1b/1", "\"\\/\x1f"}, {"/t~0", "\xc3\xa9"}};
    hb_leaves w;
    hb_leaf leaf;
    size_t n = 0;
    hb_buf out;
    hb_buf_init(&out, 1024);
    hb_leaves_init(&w,
                   str("{\"a/b\":[{\"c\":\"x\\ny\"},\"\\\"\\\\/\\u001f\",1],\"t~\":\"\xc3\xa9\"}"));
    for (; hb_leaves_next(&w, &leaf); n++) {
        assert_true(n < 3);
        assert_int_equal(leaf.index, n);
        hb_buf_clear(&out);
        hb_leaves_pointer(&w, &out);
        assert_int_equal(out.n, strlen(due[n].pointer));
        assert_memory_equal(out.p, due[n].pointer, out.n);
        hb_buf_clear(&out);
        hb_leaf_text(&leaf, &out);
        assert_int_equal(out.n, strlen(due[n].text));
        assert_memory_equal(out.p, due[n].text, out.n);
    }
    assert_int_equal(n, 3);
    assert_false(w.bad);
    hb_buf_release(&out);
}

static void redaction__hides_identity_and_what_follows_only(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *pointer;
        hb_hide_action action;
        bool may;
    } rows[] = {
        {"run.json", "/meta/build_id", HB_HIDE_HASH, true},
        {"run.json", "/meta/context/environment", HB_HIDE_TRUNCATE, true},
        {"run.json", "/meta/factors/12/value", HB_HIDE_REDACT, true},
        {"run.json", "/meta/factors/12/name", HB_HIDE_REDACT, false},
        {"run.json", "/meta/run_id", HB_HIDE_REDACT, false},
        {"run.json", "/meta/program", HB_HIDE_HASH, false},
        {"run.json", "/meta/context/a/b", HB_HIDE_HASH, false},
        {"run.json", "/meta/build_id", HB_HIDE_FOLLOWS, false},
        {"run.json", "/digest", HB_HIDE_FOLLOWS, false},
        {"run.json", "/content_sha256", HB_HIDE_FOLLOWS, true},
        {"run.json", "/inputs/0/sha256", HB_HIDE_FOLLOWS, true},
        {"run.json", "/metrics/0/unit", HB_HIDE_FOLLOWS, false},
        {"run.json", "/metrics/0/profile/sketch", HB_HIDE_FOLLOWS, false},
        {"baseline/run.json", "/inputs/0/name", HB_HIDE_REDACT, true},
        {"reference.json", "/prior/history/runs/3/meta/git_sha", HB_HIDE_HASH, true},
        {"reference.json", "/set/runs/3/run_id", HB_HIDE_HASH, false},
        {"reference.json", "/set/kind", HB_HIDE_FOLLOWS, false},
        {"reference.json", "/facts/differs/0/run", HB_HIDE_HASH, true},
        {"reference.json", "/facts/differs/0/field", HB_HIDE_HASH, false},
        {"reference.json", "/inputs/0/name", HB_HIDE_REDACT, false},
        {"decision.json", "/verdict", HB_HIDE_FOLLOWS, false},
        {"decision.json", "/findings/0/text", HB_HIDE_FOLLOWS, true},
        {"decision.json", "/findings/0/rule", HB_HIDE_FOLLOWS, false},
        {"decision.json", "/findings/0/severity", HB_HIDE_FOLLOWS, false},
        {"decision.json", "/findings/0/metric", HB_HIDE_FOLLOWS, false},
        {"decision.json", "/comparisons/0/severity", HB_HIDE_FOLLOWS, false},
        {"decision.json", "/run/build_id", HB_HIDE_FOLLOWS, true},
        {"decision.json", "/run/build_id", HB_HIDE_HASH, false},
        {"decision.json", "/run/digest", HB_HIDE_FOLLOWS, false},
        {"policy/baseline_policy.yaml", "/meta/build_id", HB_HIDE_HASH, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_redaction_may_hide(rows[i].path, rows[i].pointer, rows[i].action) != rows[i].may) {
            fail_msg("%s %s %s", rows[i].path, rows[i].pointer,
                     hb_hide_action_name(rows[i].action));
        }
    }
}

static void redaction__knows_what_says_that_it_is_hidden(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hb_hide_action action;
        bool is;
    } rows[] = {
        {"[REDACTED]", HB_HIDE_REDACT, true},
        {"[REDACTED 12]", HB_HIDE_REDACT, true},
        {"[REDACTED ]", HB_HIDE_REDACT, false},
        {"[REDACTED b42]", HB_HIDE_REDACT, false},
        {"b42", HB_HIDE_REDACT, false},
        {"", HB_HIDE_REDACT, false},
        {"[HASH 0123456789abcdef]", HB_HIDE_HASH, true},
        {"[HASH 0123456789abcdeg]", HB_HIDE_HASH, false},
        {"[HASH 0123456789abcde]", HB_HIDE_HASH, false},
        {"0123456789abcdef", HB_HIDE_HASH, false},
        {"hall...", HB_HIDE_TRUNCATE, true},
        {"hall...(2)", HB_HIDE_TRUNCATE, true},
        {"...", HB_HIDE_TRUNCATE, true},
        {"hall...(x)", HB_HIDE_TRUNCATE, false},
        {"hall...)", HB_HIDE_TRUNCATE, false},
        {"hall..", HB_HIDE_TRUNCATE, false},
        {")", HB_HIDE_TRUNCATE, false},
        {"anything", HB_HIDE_FOLLOWS, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_redaction_is_token(str(rows[i].text), rows[i].action) != rows[i].is) {
            fail_msg("'%s' as %s", rows[i].text, hb_hide_action_name(rows[i].action));
        }
    }
}

/* Everything once, in an arena of its own; the committer is made anew too. */
static hb_status all(hb_error *e)
{
    static const char list[] =
        "{\"case\":\"b\",\"documents\":[{\"leaves\":0,\"path\":\"files\",\"root\":"
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"skeleton_sha256\":"
        "\"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945\"}],\"format\":"
        "\"hb-commitments/1\",\"logged_at\":\"\"}";
    hb_arena own;
    hb_committer *c = NULL;
    hb_commitments read;
    hb_commitment is;
    hb_hidden hidden[2];
    hb_opened o = hide_two(hidden);
    hb_arena_init(&own, 1 << 20);
    hb_status status = hb_committer_new(&c, e);
    status =
        status == HB_OK ? hb_commitment_of(c, str(SEVEN), &secret, "run.json", &is, e) : status;
    status = status == HB_OK ? hb_commitment_hide(c, str(SEVEN), &secret, &o, &own, e) : status;
    status = status == HB_OK ? hb_commitment_check(c, &is, str(SEVEN), &o, e) : status;
    status = status == HB_OK ? hb_commitments_read(str(list), &own, &read, e) : status;
    hb_committer_free(c);
    hb_arena_release(&own);
    return status;
}

static void commitments__survive_every_allocation_that_fails(void **state)
{
    (void)state;
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        hb_error e = {0};
        hb_fault_alloc(nth, false);
        hb_status status = all(&e);
        fired = hb_fault_fired();
        hb_fault_alloc(0, false);
        assert_int_equal(status, fired ? HB_E_NOMEM : HB_OK);
        assert_true(nth < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commitments__have_the_roots_of_the_format),
        cmocka_unit_test(commitments__open_all_but_the_hidden),
        cmocka_unit_test(commitments__hold_for_what_is_shown_and_nothing_else),
        cmocka_unit_test(commitments__need_exactly_the_seeds_of_what_is_hidden),
        cmocka_unit_test(commitments__of_one_secret_tell_nothing_of_another),
        cmocka_unit_test(leaves__have_pointers_and_texts),
        cmocka_unit_test(redaction__hides_identity_and_what_follows_only),
        cmocka_unit_test(redaction__knows_what_says_that_it_is_hidden),
        cmocka_unit_test(commitments__survive_every_allocation_that_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
