/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule about who may approve what, tried from both sides. Times are nanoseconds since 1970;
 * T(h) is h hours after the beginning of 2026. */
#include "support/check.h"
#include "support/people.h"

#include "govern/dossier.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define BEGIN (INT64_C(1767225600) * 1000000000)
#define T(h) (BEGIN + (h)*HOUR)

static const char subject_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char subject_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static const person_of_test crowd[] = {
    {"ada", "'*': admin", NULL},
    {"kim", "'*': approver", NULL},
    {"lee", "apollo: approver, gemini: viewer", NULL},
    {"max", "gemini: approver", NULL},
    {"bob", "'*': operator", NULL},
    {"vic", "'*': viewer", NULL},
    {"old", "'*': approver", "expires: 2026-01-01T10:00:00Z"},
    {"rob", "'*': approver", "revoked: {at: 2026-01-02, reason: lost}"},
};
enum { CROWD = sizeof crowd / sizeof *crowd };

static people all;
static said words;

static int begin(void **state)
{
    (void)state;
    people_make(&all, crowd, CROWD, "");
    return 0;
}

static int end(void **state)
{
    (void)state;
    people_free(&all);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    said_init(&words);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    said_free(&words);
    return 0;
}

static hb_statement matter(const char *kind, hb_time at)
{
    return (hb_statement){.kind = kind,
                          .subject_name = "run",
                          .subject_sha256 = subject_a,
                          .purpose = "set",
                          .program = "apollo",
                          .subsystem = "cooling",
                          .test_name = "warm",
                          .tag = "golden",
                          .reason = "because",
                          .at = at,
                          .expires = HB_TIME_NONE};
}

static const char *ask_for(const char *who, hb_time at)
{
    const hb_statement s = matter("request", at);
    return say(&words, &all, who, &s);
}

static void answer(const char *who, const char *kind, const char *request, hb_time at)
{
    hb_statement s = matter(kind, at);
    s.request = request;
    say(&words, &all, who, &s);
}

static hb_status check_by(const hb_approval_rule *rule, hb_time now, const char **ret_names,
                          hb_error *err)
{
    const hb_statement wanted = matter("", HB_TIME_NONE);
    return hb_approvals_check(all.operators, rule, &wanted, words.list, words.n, now, &words.arena,
                              ret_names, err);
}

static hb_status check(unsigned needed, hb_time now, hb_error *err)
{
    const hb_approval_rule rule = {.needed = needed};
    const char *names = "";
    return check_by(&rule, now, &names, err);
}

/* --- operators.yaml --- */

static void operators__roles_are_those_of_the_program_or_of_all(void **state)
{
    (void)state;
    static const struct {
        const char *who;
        const char *program;
        hb_role role;
    } rows[] = {
        {"ada", "apollo", HB_ROLE_ADMIN},  {"lee", "apollo", HB_ROLE_APPROVER},
        {"lee", "gemini", HB_ROLE_VIEWER}, {"lee", "other", HB_ROLE_NONE},
        {"lee", "*", HB_ROLE_NONE},        {"bob", "", HB_ROLE_OPERATOR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *id = hb_pubkey_id(hb_signer_public(people_signer(&all, rows[i].who)));
        const hb_operator *o = hb_operators_by_key(all.operators, id, T(0), NULL);
        assert_non_null(o);
        assert_string_equal(o->name, rows[i].who);
        assert_int_equal(hb_operator_role(o, rows[i].program), rows[i].role);
    }
}

static void operators__a_key_counts_until_its_end_and_never_once_revoked(void **state)
{
    (void)state;
    const char *why = "";
    const char *old = hb_pubkey_id(hb_signer_public(people_signer(&all, "old")));
    const char *rob = hb_pubkey_id(hb_signer_public(people_signer(&all, "rob")));
    assert_non_null(hb_operators_by_key(all.operators, old, T(9), &why));
    assert_string_equal(why, "");
    assert_non_null(hb_operators_by_key(all.operators, old, T(10), &why));
    assert_string_equal(why, "is expired");
    assert_non_null(hb_operators_by_key(all.operators, rob, T(-1000), &why));
    assert_string_equal(why, "is revoked");
    assert_null(hb_operators_by_key(all.operators, subject_a, T(0), &why));
    assert_string_equal(why, "is nobody's");
}

static void operators__printed_and_read_again_are_the_same(void **state)
{
    (void)state;
    hb_buf once;
    hb_buf twice;
    hb_operators *again = NULL;
    hb_buf_init(&once, 1 << 20);
    hb_buf_init(&twice, 1 << 20);
    hb_operators_yaml(all.operators, &once);
    CHECK_OK(hb_operators_parse((hb_str){once.p, once.n}, "again", &again, &err));
    hb_operators_yaml(again, &twice);
    assert_string_equal(once.p, twice.p);
    assert_non_null(strstr(once.p, "expires: \"2026-01-01T10:00:00Z\""));
    assert_non_null(strstr(once.p, "revoked: {at: \"2026-01-02T00:00:00Z\", reason: lost}"));
    hb_operators_free(again);
    hb_buf_release(&once);
    hb_buf_release(&twice);
}

#define PEM                                                                               \
    "\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4" \
    "rXAxZuE=\\n-----END PUBLIC KEY-----\\n\""
#define ADMIN "{roles: {'*': admin}, keys: [{pem: " PEM "}]}"

static void operators__what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *says;
    } rows[] = {
        {"operators: {}\n", "names 0 people"},
        {"operators:\n  a: {roles: {'*': viewer}}\n", "nobody with a key is admin"},
        {"operators:\n  a: {roles: {'*': admin}}\n", "nobody with a key is admin"},
        {"operators:\n  a: " ADMIN "\n  a: " ADMIN "\n", "f.yaml:3:3"},
        {"operators:\n  a: " ADMIN "\n  b: " ADMIN "\n", "which 'a' has already"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{pem: " PEM "}, {pem: " PEM "}]}\n",
         "which 'a' has already"},
        {"operators:\n  a b: " ADMIN "\n", "'a b' is no operator's name"},
        {"operators:\n  a: {roles: {'*': king}, keys: []}\n", "must be viewer, operator"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{pem: x}]}\n", "f.yaml:2:35"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{file: a.pub}]}\n",
         "names a file, 'a.pub'"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{}]}\n", "one of pem and file"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{pem: " PEM ", expires: soon}]}\n",
         "must be a date or a time with its zone"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{pem: " PEM
         ", expires: '2027-01-01T10:00:00'}]}\n",
         "with its zone"},
        {"operators:\n  a: {roles: {'*': admin}, keys: [{pem: " PEM
         ", revoked: {at: 2026-01-01}}]}\n",
         "reason"},
        {"operators:\n  a: {roles: {'*': admin}, key: []}\n", "did you mean 'keys'"},
        {"approvals_required: 2\noperators:\n  a: " ADMIN "\n", "only 1 with a key"},
        {"config_approvals_required: 2\noperators:\n  a: " ADMIN "\n", "could never approve"},
        {"approvals_required: 0\noperators:\n  a: " ADMIN "\n", "approvals_required"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_operators *o = NULL;
        CHECK_ERROR(hb_operators_parse(hb_str_of(rows[i].yaml), "f.yaml", &o, &err), HB_E_CONFIG,
                    rows[i].says);
    }
}

/* --- the table of permissions --- */

static void permission__each_role_may_what_its_row_says(void **state)
{
    (void)state;
    static const struct {
        const char *who;
        hb_role role;
    } rows[] = {{"ada", HB_ROLE_ADMIN},
                {"kim", HB_ROLE_APPROVER},
                {"bob", HB_ROLE_OPERATOR},
                {"vic", HB_ROLE_VIEWER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *id = hb_pubkey_id(hb_signer_public(people_signer(&all, rows[i].who)));
        for (unsigned a = 0; a < HB_ACTION_COUNT_; a++) {
            hb_error err = {0};
            hb_status s = hb_permit(all.operators, (hb_action)a, "apollo", id, T(0), NULL, &err);
            assert_int_equal(s, rows[i].role >= hb_action_role((hb_action)a) ? HB_OK : HB_E_DENIED);
        }
    }
}

static void permission__a_refusal_says_who_could(void **state)
{
    (void)state;
    const char *bob = hb_pubkey_id(hb_signer_public(people_signer(&all, "bob")));
    const char *old = hb_pubkey_id(hb_signer_public(people_signer(&all, "old")));
    const char *max = hb_pubkey_id(hb_signer_public(people_signer(&all, "max")));
    CHECK_ERROR(hb_permit(all.operators, HB_ACTION_APPROVE, "apollo", bob, T(20), NULL, &err),
                HB_E_DENIED, "needs the role approver for program 'apollo': ada, kim, lee");
    CHECK_ERROR(hb_permit(all.operators, HB_ACTION_APPROVE, "apollo", old, T(20), NULL, &err),
                HB_E_DENIED, "is expired (old)");
    CHECK_ERROR(hb_permit(all.operators, HB_ACTION_APPROVE, "apollo", max, T(20), NULL, &err),
                HB_E_DENIED, "max may not approve");
    CHECK_ERROR(hb_permit(all.operators, HB_ACTION_APPROVE, "apollo", "", T(20), NULL, &err),
                HB_E_DENIED, "--key");
    CHECK_ERROR(hb_permit(all.operators, HB_ACTION_APPROVE, "apollo", subject_a, T(20), NULL, &err),
                HB_E_DENIED, "is nobody's");
    CHECK_ERROR(hb_permit(NULL, HB_ACTION_APPROVE, "apollo", bob, T(20), NULL, &err), HB_E_DENIED,
                "hb operators init");
}

/* --- statements --- */

static void statement__is_read_as_it_was_signed(void **state)
{
    (void)state;
    hb_statement s = matter("request", T(1));
    hb_statement r = {0};
    s.overrides = "three runs only";
    s.expires = T(5) + 5;
    s.impact_sha256 = subject_b;
    const char *digest = say(&words, &all, "bob", &s);
    CHECK_OK(hb_statement_read(words.list[0], "s", all.operators, &words.arena, &r, &err));
    assert_true(hb_statement_same_matter(&s, &r));
    assert_string_equal(r.kind, "request");
    assert_string_equal(r.by->name, "bob");
    assert_string_equal(r.overrides, "three runs only");
    assert_string_equal(r.impact_sha256, subject_b);
    assert_string_equal(r.reason, "because");
    assert_string_equal(r.request, "");
    assert_string_equal(r.digest, digest);
    assert_int_equal(r.at, T(1));
    assert_int_equal(r.expires, T(5) + 5);
}

static void statement__of_a_stranger_or_a_dead_key_is_none(void **state)
{
    (void)state;
    static const person_of_test one[] = {{"eve", "'*': admin", NULL}};
    people strangers;
    hb_statement r = {0};
    hb_statement s = matter("approval", T(11));
    people_make(&strangers, one, 1, "");
    say(&words, &strangers, "eve", &s);
    say(&words, &all, "old", &s);
    say(&words, &all, "rob", &s);
    s.at = T(9);
    say(&words, &all, "old", &s);
    CHECK_ERROR(hb_statement_read(words.list[0], "s", all.operators, &words.arena, &r, &err),
                HB_E_EVIDENCE, "signed by no operator");
    CHECK_ERROR(hb_statement_read(words.list[1], "s", all.operators, &words.arena, &r, &err),
                HB_E_EVIDENCE, "is expired");
    CHECK_ERROR(hb_statement_read(words.list[2], "s", all.operators, &words.arena, &r, &err),
                HB_E_EVIDENCE, "is revoked");
    CHECK_OK(hb_statement_read(words.list[3], "s", all.operators, &words.arena, &r, &err));
    people_free(&strangers);
}

/* Every byte of the envelope, changed to another: never a statement with another content. */
static void statement__no_byte_can_be_changed(void **state)
{
    (void)state;
    hb_statement r = {0};
    ask_for("bob", T(1));
    char *text = hb_arena_strndup(&words.arena, words.list[0].p, words.list[0].n);
    for (size_t i = 0; i < words.list[0].n; i++) {
        hb_arena arena;
        hb_error err = {0};
        char was = text[i];
        hb_arena_init(&arena, 1 << 20);
        text[i] = was == 'A' ? 'B' : 'A';
        hb_status status = hb_statement_read((hb_str){text, words.list[0].n}, "s", all.operators,
                                             &arena, &r, &err);
        if (status != HB_E_INPUT && status != HB_E_EVIDENCE) {
            fail_msg("byte %zu changed: %s", i, hb_status_name(status));
        }
        text[i] = was;
        hb_arena_release(&arena);
    }
}

static void sign_raw(const char *who, const char *payload)
{
    hb_buf out;
    hb_signer *signer = people_signer(&all, who);
    hb_buf_init(&out, 1 << 20);
    CHECK_OK(hb_dsse_sign(HB_DSSE_INTOTO, hb_str_of(payload), &signer, 1, &out, &err));
    words.list[words.n++] = (hb_str){hb_arena_strndup(&words.arena, out.p, out.n), out.n};
    hb_buf_release(&out);
}

#define PREDICATE_HEAD                                                                           \
    "{\"_type\":\"https://in-toto.io/Statement/"                                                 \
    "v1\",\"predicate\":{\"at\":\"2026-01-01T01:00:00Z\","                                       \
    "\"expires\":null,\"impact_sha256\":\"\",\"overrides\":\"\",\"previous_sha256\":\"\","       \
    "\"program\":\"apollo\",\"purpose\":\"set\",\"reason\":\"because\",\"request_sha256\":\"\"," \
    "\"subsystem\":\"cooling\",\"tag\":\"golden\",\"test_name\":\"warm\""
#define PREDICATE_TAIL                                                                         \
    "},\"predicateType\":\"https://harmony-bridge.dev/attestation/request/v1\",\"subject\":[{" \
    "\"digest\":{\"sha256\":"                                                                  \
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},\"name\":\"run\"}"

/* The text is the format's, written here by hand. */
static void statement__has_the_members_of_the_format_and_no_others(void **state)
{
    (void)state;
    static const char *const bad[] = {
        PREDICATE_HEAD ",\"z\":1" PREDICATE_TAIL "]}",
        PREDICATE_HEAD PREDICATE_TAIL "],\"z\":1}",
        PREDICATE_HEAD PREDICATE_TAIL ",{\"digest\":{},\"name\":\"x\"}]}",
        " " PREDICATE_HEAD PREDICATE_TAIL "]}",
        PREDICATE_HEAD ",\"test_name\":\"cold\"" PREDICATE_TAIL "]}",
        "{}",
        "[]",
        "",
        "{\"predicate\":1}",
    };
    hb_statement r = {0};
    sign_raw("bob", PREDICATE_HEAD PREDICATE_TAIL "]}");
    CHECK_OK(hb_statement_read(words.list[0], "s", all.operators, &words.arena, &r, &err));
    assert_string_equal(r.kind, "request");
    assert_int_equal(r.at, T(1));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sign_raw("bob", bad[i]);
        CHECK_ERROR(
            hb_statement_read(words.list[words.n - 1], "s", all.operators, &words.arena, &r, &err),
            HB_E_INPUT, "'s'");
    }
}

static void statement__that_could_not_be_read_again_is_not_signed(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    hb_statement s = matter("request", T(1));
    s.subject_sha256 = "abc";
    CHECK_ERROR(hb_statement_sign(&s, people_signer(&all, "bob"), &out, &err), HB_E_USAGE,
                "no SHA-256");
    s = matter("Request", T(1));
    CHECK_ERROR(hb_statement_sign(&s, people_signer(&all, "bob"), &out, &err), HB_E_USAGE,
                "of no kind");
    s = matter("request", HB_TIME_NONE);
    CHECK_ERROR(hb_statement_sign(&s, people_signer(&all, "bob"), &out, &err), HB_E_USAGE,
                "no time");
    s = matter("request", T(1));
    s.reason = "\xff";
    CHECK_ERROR(hb_statement_sign(&s, people_signer(&all, "bob"), &out, &err), HB_E_USAGE, "UTF-8");
    hb_buf_release(&out);
}

/* --- approvals --- */

static void approvals__need_a_request_and_as_many_people_as_the_rule_says(void **state)
{
    (void)state;
    const char *names = "";
    const hb_approval_rule two = {.needed = 2};
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "nobody asked for it");
    const char *q = ask_for("bob", T(1));
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "0 of 1 approvals");
    answer("kim", "approval", q, T(2));
    CHECK_OK(check(1, T(9), &err));
    CHECK_ERROR(check(2, T(20), &err), HB_E_DENIED, "1 of 2 approvals");
    CHECK_ERROR(check(2, T(20), &err), HB_E_DENIED, "waits for: ada, lee");
    answer("lee", "approval", q, T(3));
    CHECK_OK(check_by(&two, T(9), &names, &err));
    assert_string_equal(names, "kim, lee");
    CHECK_ERROR(check(3, T(9), &err), HB_E_DENIED, "2 of 3");
}

static void approvals__of_the_requester_never_count(void **state)
{
    (void)state;
    const char *q = ask_for("kim", T(1));
    answer("kim", "approval", q, T(2));
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "0 of 1");
    answer("lee", "approval", q, T(2));
    CHECK_OK(check(1, T(9), &err));
    CHECK_ERROR(check(2, T(9), &err), HB_E_DENIED, "1 of 2");
}

static void approvals__each_person_counts_once(void **state)
{
    (void)state;
    const char *q = ask_for("bob", T(1));
    answer("kim", "approval", q, T(2));
    answer("kim", "approval", q, T(3));
    answer("kim", "approval", q, T(4));
    CHECK_ERROR(check(2, T(9), &err), HB_E_DENIED, "1 of 2");
}

static void approvals__of_two_requests_are_not_added_up(void **state)
{
    (void)state;
    const char *a = ask_for("bob", T(1));
    const char *b = ask_for("ada", T(2));
    answer("kim", "approval", a, T(3));
    answer("lee", "approval", b, T(3));
    CHECK_ERROR(check(2, T(9), &err), HB_E_DENIED, "1 of 2");
    answer("kim", "approval", b, T(4));
    CHECK_OK(check(2, T(9), &err));
}

static void approvals__count_of_approvers_of_the_program_alone(void **state)
{
    (void)state;
    static const char *const no_weight[] = {"bob", "vic", "max", "rob"};
    const char *q = ask_for("ada", T(1));
    for (size_t i = 0; i < sizeof no_weight / sizeof *no_weight; i++) {
        answer(no_weight[i], "approval", q, T(2));
        CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "0 of 1");
    }
    answer("lee", "approval", q, T(2));
    CHECK_OK(check(1, T(9), &err));
}

static void approvals__count_of_the_policys_list_alone(void **state)
{
    (void)state;
    static const char *const list[] = {"lee", "ada"};
    const hb_approval_rule rule = {.needed = 1, .approvers = list, .n_approvers = 2};
    const char *q = ask_for("bob", T(1));
    answer("kim", "approval", q, T(2));
    CHECK_ERROR(check_by(&rule, T(9), NULL, &err), HB_E_DENIED, "waits for: ada, lee");
    answer("lee", "approval", q, T(2));
    CHECK_OK(check_by(&rule, T(9), NULL, &err));
}

static void approvals__end_with_the_key(void **state)
{
    (void)state;
    const char *q = ask_for("bob", T(1));
    answer("old", "approval", q, T(2)); /* its key ends at T(10) */
    CHECK_OK(check(1, T(9), &err));
    CHECK_OK(check(1, HB_TIME_NONE, &err)); /* as of then */
    CHECK_ERROR(check(1, T(10), &err), HB_E_DENIED, "0 of 1");
    answer("old", "approval", q, T(11));
    CHECK_ERROR(check(1, T(12), &err), HB_E_DENIED, "0 of 1");
}

static void approvals__made_tomorrow_do_not_count_today(void **state)
{
    (void)state;
    const char *q = ask_for("bob", T(1));
    answer("kim", "approval", q, T(30));
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "0 of 1");
    CHECK_OK(check(1, T(30), &err));
}

static void approvals__are_taken_back_by_a_later_rejection(void **state)
{
    (void)state;
    const char *q = ask_for("bob", T(1));
    answer("kim", "approval", q, T(2));
    answer("bob", "rejection", q, T(3)); /* of somebody who may not */
    answer("max", "rejection", q, T(3));
    CHECK_OK(check(1, T(9), &err));
    answer("lee", "rejection", q, T(3));
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "0 of 1");
    answer("kim", "approval", q, T(4)); /* thought again */
    CHECK_OK(check(1, T(9), &err));
}

static void approvals__are_bound_to_what_was_asked_for(void **state)
{
    (void)state;
    const char *q = ask_for("bob", T(1));
    for (unsigned i = 0; i < 8; i++) {
        hb_statement s = matter("approval", T(2));
        s.request = q;
        s.subject_sha256 = i == 0 ? subject_b : s.subject_sha256;
        s.program = i == 1 ? "gemini" : s.program;
        s.subsystem = i == 2 ? "heating" : s.subsystem;
        s.test_name = i == 3 ? "cold" : s.test_name;
        s.tag = i == 4 ? "silver" : s.tag;
        s.purpose = i == 5 ? "retire" : s.purpose;
        s.request = i == 6 ? subject_b : s.request;
        s.subject_name = i == 7 ? "baseline-version" : s.subject_name;
        say(&words, &all, "kim", &s);
    }
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "0 of 1");
    answer("kim", "approval", q, T(2));
    CHECK_OK(check(1, T(9), &err));
}

static void approvals__of_a_request_by_nobody_who_may_ask_are_none(void **state)
{
    (void)state;
    const char *q = ask_for("vic", T(1));
    answer("kim", "approval", q, T(2));
    answer("lee", "approval", q, T(2));
    CHECK_ERROR(check(1, T(9), &err), HB_E_DENIED, "nobody asked for it");
}

/* Who asked may be gone by now; what others approved stays. */
static void approvals__stay_when_the_requesters_key_is_revoked(void **state)
{
    (void)state;
    const char *q = ask_for("rob", T(1));
    answer("kim", "approval", q, T(2));
    answer("rob", "approval", q, T(2));
    CHECK_OK(check(1, T(9), &err));
    CHECK_ERROR(check(2, T(9), &err), HB_E_DENIED, "1 of 2");
}

static void approvals__override_the_quality_only_when_that_was_asked_for(void **state)
{
    (void)state;
    const hb_approval_rule rule = {.needed = 1};
    hb_statement wanted = matter("", HB_TIME_NONE);
    const char *q = ask_for("bob", T(1));
    answer("kim", "approval", q, T(2));
    wanted.overrides = "a pilot";
    CHECK_ERROR(hb_approvals_check(all.operators, &rule, &wanted, words.list, words.n, T(9),
                                   &words.arena, NULL, &err),
                HB_E_DENIED, "with the quality overridden");
    hb_statement s = matter("request", T(3));
    s.overrides = "few runs";
    q = say(&words, &all, "bob", &s);
    answer("kim", "approval", q, T(4));
    CHECK_OK(hb_approvals_check(all.operators, &rule, &wanted, words.list, words.n, T(9),
                                &words.arena, NULL, &err));
}

/* --- break-glass --- */

static const char *glass(const char *who, hb_time at, hb_time expires, const char *reason)
{
    hb_statement s = matter("break-glass", at);
    s.expires = expires;
    s.reason = reason;
    return say(&words, &all, who, &s);
}

static hb_governed look(hb_time now)
{
    const hb_approval_rule rule = {.needed = 1};
    const hb_statement wanted = matter("", HB_TIME_NONE);
    hb_governed g = {.text = ""};
    CHECK_OK(hb_governed_look(all.operators, &rule, &wanted, words.list, words.n, now, &words.arena,
                              &g, &err));
    return g;
}

static void break_glass__stands_from_its_time_to_its_end(void **state)
{
    (void)state;
    glass("bob", T(10), T(14), "night shift");
    assert_int_equal(look(T(9)).standing, HB_STANDING_NONE);
    hb_governed g = look(T(10));
    assert_int_equal(g.standing, HB_STANDING_BREAK_GLASS);
    assert_string_equal(g.names, "bob");
    assert_int_equal(g.until, T(14));
    assert_non_null(strstr(g.text, "until 2026-01-01T14:00:00Z: night shift"));
    assert_int_equal(look(T(14) - 1).standing, HB_STANDING_BREAK_GLASS);
    g = look(T(14));
    assert_int_equal(g.standing, HB_STANDING_NONE);
    assert_true(g.over);
    assert_int_equal(look(HB_TIME_NONE).standing, HB_STANDING_NONE);
}

static void break_glass__without_reason_end_or_role_is_none(void **state)
{
    (void)state;
    glass("bob", T(10), T(14), " ");
    glass("bob", T(11), HB_TIME_NONE, "x");
    glass("bob", T(11), T(11), "x");
    glass("kim", T(10), T(10) + HB_BREAK_GLASS_MAX + 1, "x");
    glass("vic", T(10), T(14), "x");
    glass("rob", T(10), T(14), "x");
    glass("max", T(10), T(14), "x"); /* of another program */
    assert_int_equal(look(T(12)).standing, HB_STANDING_NONE);
    glass("ada", T(10), T(10) + HB_BREAK_GLASS_MAX, "x");
    assert_int_equal(look(T(12)).standing, HB_STANDING_BREAK_GLASS);
}

static hb_status may_break(const char *who, hb_time now, hb_error *err)
{
    const hb_approval_rule rule = {.needed = 1};
    hb_statement wanted = matter("", HB_TIME_NONE);
    wanted.expires = now + HOUR;
    const char *id = hb_pubkey_id(hb_signer_public(people_signer(&all, who)));
    return hb_break_glass_check(all.operators, &rule, &wanted, id, words.list, words.n, now,
                                &words.arena, err);
}

static void break_glass__is_not_prolonged_by_the_same_person(void **state)
{
    (void)state;
    CHECK_OK(may_break("bob", T(10), &err));
    glass("bob", T(10), T(11), "first");
    CHECK_ERROR(may_break("bob", T(10), &err), HB_E_DENIED, "broke the glass for this tag before");
    CHECK_ERROR(may_break("bob", T(12), &err), HB_E_DENIED, "ada, kim, lee");
    CHECK_OK(may_break("kim", T(12), &err));
    CHECK_ERROR(may_break("vic", T(12), &err), HB_E_DENIED, "operator");
    glass("bob", T(12), T(13), "again, with a program of his own");
    assert_int_equal(look(T(12)).standing, HB_STANDING_NONE);
    glass("kim", T(12), T(13), "by another");
    assert_int_equal(look(T(12)).standing, HB_STANDING_BREAK_GLASS);
}

static void break_glass__may_be_repeated_after_an_approval(void **state)
{
    (void)state;
    glass("bob", T(10), T(11), "first");
    hb_statement s = matter("request", T(12));
    s.subject_sha256 = subject_b; /* another baseline for the same tag */
    s.request = "";
    const char *q = say(&words, &all, "ada", &s);
    s.kind = "approval";
    s.request = q;
    s.at = T(13);
    say(&words, &all, "kim", &s);
    CHECK_OK(may_break("bob", T(20), &err));
    glass("bob", T(20), T(21), "second");
    assert_int_equal(look(T(20)).standing, HB_STANDING_BREAK_GLASS);
    CHECK_ERROR(may_break("bob", T(22), &err), HB_E_DENIED, "before");
}

static void dossier__is_checked_from_texts_alone(void **state)
{
    (void)state;
    const hb_approval_rule rule = {.needed = 1};
    const hb_statement wanted = matter("", HB_TIME_NONE);
    hb_governed g = {.text = ""};
    const char *q = ask_for("bob", T(1));
    answer("kim", "approval", q, T(2));
    CHECK_OK(hb_governance_check((hb_str){all.yaml.p, all.yaml.n}, "operators.yaml", &rule, &wanted,
                                 words.list, words.n, T(9), &words.arena, &g, &err));
    assert_int_equal(g.standing, HB_STANDING_APPROVED);
    assert_string_equal(g.names, "kim");
    CHECK_ERROR(hb_governance_check(HB_STR("nonsense"), "operators.yaml", &rule, &wanted,
                                    words.list, words.n, T(9), &words.arena, &g, &err),
                HB_E_CONFIG, "operators.yaml");
}

/* --- changes of the operators --- */

static void change(const char *kind, const char *who, const char *request, hb_time at,
                   const char **ret_digest)
{
    hb_statement s = hb_operators_change(all.operators, subject_b);
    s.kind = kind;
    s.request = request;
    s.at = at;
    *ret_digest = say(&words, &all, who, &s);
}

static hb_status changed(hb_error *err)
{
    return hb_operators_change_check(all.operators, subject_b, words.list, words.n, T(9),
                                     &words.arena, NULL, err);
}

static void operators_change__needs_an_admin_of_all(void **state)
{
    (void)state;
    const char *q = "";
    const char *ignored = "";
    CHECK_ERROR(changed(&err), HB_E_DENIED, "nobody asked");
    change("request", "bob", "", T(1), &q);
    change("approval", "kim", q, T(2), &ignored);
    CHECK_ERROR(changed(&err), HB_E_DENIED, "waits for: ada");
    change("approval", "ada", q, T(2), &ignored);
    CHECK_OK(changed(&err));
}

static void operators_change__of_one_admin_alone_is_his(void **state)
{
    (void)state;
    const char *q = "";
    const char *ignored = "";
    change("request", "ada", "", T(1), &q);
    CHECK_ERROR(changed(&err), HB_E_DENIED, "0 of 1");
    change("approval", "ada", q, T(2), &ignored);
    CHECK_OK(changed(&err));
}

static void operators_change__is_bound_to_what_it_replaces(void **state)
{
    (void)state;
    hb_statement s = hb_operators_change(all.operators, subject_b);
    s.previous = subject_a;
    s.kind = "request";
    s.at = T(1);
    const char *q = say(&words, &all, "bob", &s);
    s.kind = "approval";
    s.request = q;
    say(&words, &all, "ada", &s);
    CHECK_ERROR(changed(&err), HB_E_DENIED, "nobody asked");
}

static void operators_change__with_two_admins_needs_the_other(void **state)
{
    (void)state;
    static const person_of_test two[] = {{"ann", "'*': admin", NULL}, {"ben", "'*': admin", NULL}};
    people lab;
    people_make(&lab, two, 2, "");
    hb_statement s = hb_operators_change(lab.operators, subject_b);
    s.kind = "request";
    s.at = T(1);
    const char *q = say(&words, &lab, "ann", &s);
    s.kind = "approval";
    s.request = q;
    say(&words, &lab, "ann", &s);
    CHECK_ERROR(hb_operators_change_check(lab.operators, subject_b, words.list, words.n, T(9),
                                          &words.arena, NULL, &err),
                HB_E_DENIED, "waits for: ben");
    say(&words, &lab, "ben", &s);
    CHECK_OK(hb_operators_change_check(lab.operators, subject_b, words.list, words.n, T(9),
                                       &words.arena, NULL, &err));
    people_free(&lab);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, clear, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operators__roles_are_those_of_the_program_or_of_all),
        TEST(operators__a_key_counts_until_its_end_and_never_once_revoked),
        TEST(operators__printed_and_read_again_are_the_same),
        TEST(operators__what_is_wrong_is_told_with_its_place),
        TEST(permission__each_role_may_what_its_row_says),
        TEST(permission__a_refusal_says_who_could),
        TEST(statement__is_read_as_it_was_signed),
        TEST(statement__of_a_stranger_or_a_dead_key_is_none),
        TEST(statement__no_byte_can_be_changed),
        TEST(statement__has_the_members_of_the_format_and_no_others),
        TEST(statement__that_could_not_be_read_again_is_not_signed),
        TEST(approvals__need_a_request_and_as_many_people_as_the_rule_says),
        TEST(approvals__of_the_requester_never_count),
        TEST(approvals__each_person_counts_once),
        TEST(approvals__of_two_requests_are_not_added_up),
        TEST(approvals__count_of_approvers_of_the_program_alone),
        TEST(approvals__count_of_the_policys_list_alone),
        TEST(approvals__end_with_the_key),
        TEST(approvals__made_tomorrow_do_not_count_today),
        TEST(approvals__are_taken_back_by_a_later_rejection),
        TEST(approvals__are_bound_to_what_was_asked_for),
        TEST(approvals__of_a_request_by_nobody_who_may_ask_are_none),
        TEST(approvals__stay_when_the_requesters_key_is_revoked),
        TEST(approvals__override_the_quality_only_when_that_was_asked_for),
        TEST(break_glass__stands_from_its_time_to_its_end),
        TEST(break_glass__without_reason_end_or_role_is_none),
        TEST(break_glass__is_not_prolonged_by_the_same_person),
        TEST(break_glass__may_be_repeated_after_an_approval),
        TEST(dossier__is_checked_from_texts_alone),
        TEST(operators_change__needs_an_admin_of_all),
        TEST(operators_change__of_one_admin_alone_is_his),
        TEST(operators_change__is_bound_to_what_it_replaces),
        TEST(operators_change__with_two_admins_needs_the_other),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
