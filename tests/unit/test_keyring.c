/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "crypto/dsse.h"
#include "crypto/keyring.h"
#include "os/file.h"
#include "support/key_case.h"
#include "support/temp_dir.h"

#include <stdio.h>
#include <unistd.h>

static const hb_time noon = INT64_C(1795716000000000000);

typedef struct fixture {
    hb_signer *ada;
    hb_signer *kim;
    hb_keyring ring;
} fixture;

static int begin(void **state)
{
    static fixture f;
    temp_dir_new();
    f = (fixture){.ada = key_case_new("ada", HB_ALGORITHM_ED25519),
                  .kim = key_case_new("kim", HB_ALGORITHM_ECDSA_P384)};
    *state = &f;
    return 0;
}

static int end(void **state)
{
    fixture *f = *state;
    hb_signer_free(f->ada);
    hb_signer_free(f->kim);
    hb_keyring_release(&f->ring);
    temp_dir_remove();
    return 0;
}

static const char *dir(void)
{
    return temp_path(".");
}

static const char *id_of(const hb_signer *s)
{
    return hb_pubkey_id(hb_signer_public(s));
}

static void load(fixture *f)
{
    hb_keyring_release(&f->ring);
    CHECK_OK(hb_keyring_load(hb_os_real(), dir(), &f->ring, &err));
}

/* DIR/ID.ending, its bytes changed by `change`. */
static void alter(const char *id, const char *ending, void (*change)(char *p, size_t n))
{
    char name[128];
    char *p = NULL;
    size_t n = 0;
    snprintf(name, sizeof name, "%s%s", id, ending);
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(name), 1 << 16, &p, &n, &err));
    change(p, n);
    key_case_write(name, p, n, 0644);
    hb_free(p);
}

static void keyring__lists_pairs_by_name(void **state)
{
    fixture *f = *state;
    const hb_ring_key *k = NULL;
    load(f);
    assert_int_equal(f->ring.n, 2);
    assert_string_equal(f->ring.keys[0].name, "ada");
    assert_string_equal(f->ring.keys[1].name, "kim");
    assert_string_equal(f->ring.keys[0].id, id_of(f->ada));
    assert_true(f->ring.keys[0].has_private && !f->ring.keys[0].is_default);
    assert_int_equal(f->ring.keys[0].state, HB_KEY_ACTIVE);
    assert_string_equal(f->ring.default_name, "");
    CHECK_OK(hb_keyring_set_default(hb_os_real(), dir(), "kim", &err));
    assert_int_equal(unlink(temp_path("kim.pem")), 0);
    load(f);
    assert_true(f->ring.keys[1].is_default && !f->ring.keys[1].has_private);
    CHECK_OK(hb_keyring_find(&f->ring, "ada", &k, &err));
    assert_ptr_equal(k, &f->ring.keys[0]);
    char part[9];
    hb_str_fit(id_of(f->kim), part, sizeof part);
    CHECK_OK(hb_keyring_find(&f->ring, part, &k, &err));
    assert_ptr_equal(k, &f->ring.keys[1]);
    part[7] = '\0';
    CHECK_ERROR(hb_keyring_find(&f->ring, part, &k, &err), HB_E_INPUT, "no key is called");
    CHECK_ERROR(hb_keyring_find(&f->ring, "", &k, &err), HB_E_INPUT, "no key is called");
}

static void keyring__of_no_folder_is_empty(void **state)
{
    (void)state;
    hb_keyring r;
    CHECK_OK(hb_keyring_load(hb_os_real(), temp_path("none"), &r, &err));
    assert_int_equal(r.n, 0);
    hb_keyring_release(&r);
    key_case_write("bad.pub", "x", 1, 0644);
    CHECK_ERROR(hb_keyring_load(hb_os_real(), dir(), &r, &err), HB_E_INPUT, "bad.pub");
}

static void keyring__follows_a_handing_over(void **state)
{
    fixture *f = *state;
    CHECK_OK(hb_key_hand_over(hb_os_real(), dir(), f->ada, f->kim, "kim", "yearly", noon, &err));
    load(f);
    const hb_ring_key *k = hb_keyring_by_name(&f->ring, "ada");
    assert_int_equal(k->state, HB_KEY_ROTATED);
    assert_string_equal(k->successor, id_of(f->kim));
    assert_string_equal(k->by, id_of(f->ada));
    assert_string_equal(k->reason, "yearly");
    assert_int_equal(k->since, noon);
    assert_int_equal(hb_keyring_by_name(&f->ring, "kim")->state, HB_KEY_ACTIVE);
    CHECK_ERROR(hb_key_hand_over(hb_os_real(), dir(), f->ada, f->kim, "kim", "again", noon, &err),
                HB_E_USAGE, "handed over already");
}

static void keyring__follows_revocations(void **state)
{
    fixture *f = *state;
    char absent[65];
    memset(absent, 'a', 64);
    absent[64] = '\0';
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->ada), "ada", f->kim, "lost", noon, &err));
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), absent, "", f->kim, "unknown", noon, &err));
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->kim), "kim", f->kim, "old", noon, &err));
    load(f);
    assert_int_equal(f->ring.n, 3);
    const hb_ring_key *k = hb_keyring_by_name(&f->ring, "ada");
    assert_int_equal(k->state, HB_KEY_REVOKED);
    assert_string_equal(k->by, id_of(f->kim));
    k = hb_keyring_by_name(&f->ring, "kim");
    assert_int_equal(k->state, HB_KEY_REVOKED);
    assert_string_equal(k->by, id_of(f->kim));
    k = &f->ring.keys[2];
    assert_string_equal(k->id, absent);
    assert_string_equal(k->name, "");
    assert_null(k->key);
    assert_int_equal(k->state, HB_KEY_REVOKED);
    CHECK_ERROR(hb_key_revoke(hb_os_real(), dir(), id_of(f->ada), "ada", f->kim, "x", noon, &err),
                HB_E_USAGE, "revoked already");
}

/* After a handing over a revocation has the last word. */
static void keyring__a_rotated_key_can_be_revoked(void **state)
{
    fixture *f = *state;
    CHECK_OK(hb_key_hand_over(hb_os_real(), dir(), f->ada, f->kim, "kim", "", noon, &err));
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->ada), "ada", f->kim, "lost", noon, &err));
    load(f);
    assert_int_equal(hb_keyring_by_name(&f->ring, "ada")->state, HB_KEY_REVOKED);
    assert_string_equal(hb_keyring_by_name(&f->ring, "ada")->successor, id_of(f->kim));
}

static void flip_signature(char *p, size_t n)
{
    (void)n;
    char *sig = strstr(p, "\"sig\":\"");
    assert_non_null(sig);
    sig[20] = sig[20] == 'A' ? 'B' : 'A';
}

static void flip_payload(char *p, size_t n)
{
    (void)n;
    char *at = strstr(p, "\"payload\":\"");
    assert_non_null(at);
    at[200] = at[200] == 'A' ? 'B' : 'A';
}

static void cut(char *p, size_t n)
{
    memset(p + n / 2, ' ', n - n / 2);
}

static void check_unclear(fixture *f, const char *name, const char *why)
{
    load(f);
    const hb_ring_key *k = hb_keyring_by_name(&f->ring, name);
    assert_int_equal(k->state, HB_KEY_UNCLEAR);
    if (!k->wrong || !strstr(k->wrong, why)) {
        fail_msg("'%s' lacks '%s'", k->wrong ? k->wrong : "", why);
    }
}

static void keyring__believes_no_statement_that_was_changed(void **state)
{
    fixture *f = *state;
    static void (*const changes[])(char *, size_t) = {flip_signature, flip_payload, cut};
    for (size_t i = 0; i < 3; i++) {
        temp_dir_new();
        hb_signer_free(f->ada);
        hb_signer_free(f->kim);
        f->ada = key_case_new("ada", HB_ALGORITHM_ED25519);
        f->kim = key_case_new("kim", HB_ALGORITHM_ECDSA_P384);
        CHECK_OK(hb_key_hand_over(hb_os_real(), dir(), f->ada, f->kim, "kim", "", noon, &err));
        CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->kim), "kim", f->ada, "", noon, &err));
        alter(id_of(f->ada), ".handover.dsse.json", changes[i]);
        alter(id_of(f->kim), ".revocation.dsse.json", changes[i]);
        check_unclear(f, "ada", "");
        check_unclear(f, "kim", "");
    }
}

/* Moved from one key to another, signed by a stranger, or the other kind of statement. */
static void keyring__believes_no_statement_of_or_about_another(void **state)
{
    fixture *f = *state;
    char name[128];
    char *p = NULL;
    size_t n = 0;
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->ada), "ada", f->ada, "", noon, &err));
    snprintf(name, sizeof name, "%s.revocation.dsse.json", id_of(f->ada));
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(name), 1 << 16, &p, &n, &err));
    snprintf(name, sizeof name, "%s.revocation.dsse.json", id_of(f->kim));
    key_case_write(name, p, n, 0644);
    check_unclear(f, "kim", "about another key");
    snprintf(name, sizeof name, "%s.handover.dsse.json", id_of(f->kim));
    assert_int_equal(unlink(temp_path(name)), -1);
    key_case_write(name, p, n, 0644);
    hb_free(p);
    load(f);
    snprintf(name, sizeof name, "%s.revocation.dsse.json", id_of(f->kim));
    assert_int_equal(unlink(temp_path(name)), 0);
    check_unclear(f, "kim", "about something else");
    snprintf(name, sizeof name, "%s.handover.dsse.json", id_of(f->kim));
    assert_int_equal(unlink(temp_path(name)), 0);
    /* ada signs that kim hands over: only kim can. */
    hb_signer *third = key_case_new("third", HB_ALGORITHM_ED25519);
    CHECK_OK(hb_key_hand_over(hb_os_real(), dir(), third, f->ada, "ada", "", noon, &err));
    snprintf(name, sizeof name, "%s.handover.dsse.json", id_of(third));
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(name), 1 << 16, &p, &n, &err));
    snprintf(name, sizeof name, "%s.handover.dsse.json", id_of(f->kim));
    key_case_write(name, p, n, 0644);
    hb_free(p);
    check_unclear(f, "kim", "about another key");
    assert_int_equal(hb_keyring_by_name(&f->ring, "third")->state, HB_KEY_ROTATED);
    hb_signer_free(third);
}

static void keyring__a_stranger_revokes_nothing(void **state)
{
    fixture *f = *state;
    hb_signer *stranger = key_case_new("stranger", HB_ALGORITHM_ED25519);
    assert_int_equal(unlink(temp_path("stranger.pub")), 0);
    assert_int_equal(unlink(temp_path("stranger.pem")), 0);
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->ada), "ada", stranger, "", noon, &err));
    check_unclear(f, "ada", "signed by no key of this folder");
    hb_signer_free(stranger);
}

static void keyring__names_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "ada", "Ada-2", "lab_1.main", "0"};
    static const char *const bad[] = {"",       ".",        "..",      "-a",     "_a",
                                      "a/b",    "a b",      "default", "x.pem",  "x.pub",
                                      "x.json", "\xc3\xa4", "a\nb",    "../etc", "a:b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_OK(hb_key_name_check(good[i], &err));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_key_name_check(bad[i], &err), HB_E_USAGE, "cannot be called");
    }
    char longer[HB_KEY_NAME_MAX + 2];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK_ERROR(hb_key_name_check(longer, &err), HB_E_USAGE, "1 to 64");
    memset(longer, 'a', 64); /* an id */
    longer[64] = '\0';
    CHECK_ERROR(hb_key_name_check(longer, &err), HB_E_USAGE, "something else");
}

static hb_status visit(void)
{
    hb_keyring r;
    const hb_ring_key *k = NULL;
    HB_TRY(hb_keyring_load(hb_os_real(), dir(), &r, NULL));
    hb_status status = hb_keyring_find(&r, "ada", &k, NULL);
    /* When memory ends within a verification the statement counts for nothing, never for more. */
    if (status == HB_OK && k->state == HB_KEY_ACTIVE) {
        fail_msg("a handing over was overlooked");
    }
    hb_keyring_release(&r);
    return status;
}

static void keyring__survives_failing_allocations(void **state)
{
    fixture *f = *state;
    CHECK_OK(hb_key_hand_over(hb_os_real(), dir(), f->ada, f->kim, "kim", "", noon, &err));
    CHECK_OK(hb_key_revoke(hb_os_real(), dir(), id_of(f->kim), "kim", f->ada, "", noon, &err));
    CHECK_OK(hb_keyring_set_default(hb_os_real(), dir(), "kim", &err));
    fault_loop(visit);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(keyring__lists_pairs_by_name),
        CASE(keyring__of_no_folder_is_empty),
        CASE(keyring__follows_a_handing_over),
        CASE(keyring__follows_revocations),
        CASE(keyring__a_rotated_key_can_be_revoked),
        CASE(keyring__believes_no_statement_that_was_changed),
        CASE(keyring__believes_no_statement_of_or_about_another),
        CASE(keyring__a_stranger_revokes_nothing),
        CASE(keyring__names_are_checked),
        CASE(keyring__survives_failing_allocations),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
