/* SPDX-License-Identifier: Apache-2.0 */
/* Chains and time tokens of a local authority made with OpenSSL's command line: what holds, and
 * every way not to. */
#include "crypto/x509.h"

#include "crypto/tsa.h"
#include "os/file.h"
#include "support/authority.h"
#include "support/check.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#define DAY (INT64_C(86400) * 1000000000)

static hb_status verify(const char *chain, const hb_chain_ask *ask, hb_buf *notes, hb_error *err)
{
    hb_chain *c = NULL;
    HB_TRY(hb_chain_read(authority_file(chain), chain, &c, err));
    hb_status status = hb_chain_verify(c, ask, notes, err);
    hb_chain_free(c);
    return status;
}

static int make(void **state)
{
    int rc = authority_make(state);
    authority_edges();
    return rc;
}

static hb_time now(void)
{
    return hb_os_real()->now() + 2 * INT64_C(1000000000);
}

static void chain__holds_up_to_the_authority_that_was_brought(void **state)
{
    hb_chain *c = NULL;
    (void)state;
    const hb_chain_ask ask = {.trust_pem = authority_file("root.pem"), .at = now()};
    CHECK_OK(verify("release.chain", &ask, NULL, &err));
    CHECK_OK(verify("inside.chain", &ask, NULL, &err));
    CHECK_OK(hb_chain_read(authority_file("release.chain"), "c", &c, &err));
    assert_string_equal(hb_chain_subject(c), "CN=release,O=Lab");
    assert_int_equal(hb_pubkey_algorithm(hb_chain_public(c)), HB_ALGORITHM_ECDSA_P384);
    hb_chain_free(c);
}

static void chain__does_not_hold(void **state)
{
    static const struct {
        const char *chain;
        const char *trust;
        int days;
        const char *words;
    } cases[] = {
        {"release.chain", "other.pem", 0, "unable to get"},
        {"release.pem", "root.pem", 0, "unable to get local issuer"},
        {"release.chain", "root.pem", 31, "has expired"},
        {"release.chain", "root.pem", -1, "not yet valid"},
        {"mail.chain", "root.pem", 0, "lacks digitalSignature"},
        {"free.chain", "root.pem", 0, "lacks digitalSignature"},
        {"strange.chain", "root.pem", 0, "permitted subtree violation"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hb_chain_ask ask = {.trust_pem = authority_file(cases[i].trust),
                                  .at = now() + cases[i].days * DAY};
        CHECK_ERROR(verify(cases[i].chain, &ask, NULL, &err), HB_E_EVIDENCE, cases[i].words);
    }
}

static void chain__weak_or_misused_certificates_do_not_hold(void **state)
{
    static const struct {
        const char *chain;
        const char *words;
    } cases[] = {
        {"underweak.chain", "CA certificate key too weak"},
        {"sha1.chain", "CA signature digest algorithm too weak"},
        {"undersha1.chain", "CA signature digest algorithm too weak"},
        {"far.chain", "path length constraint exceeded"},
        {"odd.chain", "unhandled critical extension"},
        {"web.chain", "for other purposes"},
        {"stamp.chain", "for other purposes"},
    };
    (void)state;
    const hb_chain_ask ask = {.trust_pem = authority_file("root.pem"), .at = now()};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_ERROR(verify(cases[i].chain, &ask, NULL, &err), HB_E_EVIDENCE, cases[i].words);
    }
    CHECK_OK(verify("paper.chain", &ask, NULL, &err));
}

static void chain__is_read_strictly(void **state)
{
    hb_chain *c = NULL;
    hb_buf text;
    (void)state;
    hb_buf_init(&text, 1 << 20);
    CHECK_ERROR(hb_chain_read(authority_file("swapped.chain"), "c", &c, &err), HB_E_INPUT,
                "was not issued by the one after it");
    CHECK_ERROR(hb_chain_read(authority_file("fake.chain"), "c", &c, &err), HB_E_INPUT,
                "was not issued by the one after it"); /* whose key usage does not allow it */
    CHECK_ERROR(hb_chain_read(authority_file("release.key"), "c", &c, &err), HB_E_INPUT,
                "a private key");
    CHECK_ERROR(hb_chain_read(HB_STR(""), "c", &c, &err), HB_E_INPUT, "no file of certificates");
    CHECK_ERROR(hb_chain_read(authority_file("small.chain"), "c", &c, &err), HB_E_INPUT, "");
    hb_buf_str(&text, authority_file("release.pem"));
    hb_buf_c(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK_ERROR(hb_chain_read((hb_str){text.p, text.n}, "c", &c, &err), HB_E_INPUT,
                "no file of certificates");
    hb_buf_clear(&text);
    for (int i = 0; i < HB_CHAIN_MAX + 1; i++) {
        hb_buf_str(&text, authority_file("root.pem"));
    }
    CHECK_ERROR(hb_chain_read((hb_str){text.p, text.n}, "c", &c, &err), HB_E_LIMIT, "more than 8");
    hb_buf_release(&text);
}

static void chain__revocation_is_asked_of_every_authority(void **state)
{
    (void)state;
    hb_time at = now();
    authority_lists(at - DAY, at + 7 * DAY, at - DAY / 2);
    hb_chain_ask ask = {
        .trust_pem = authority_file("root.pem"), .crl_pem = authority_file("clean.crls"), .at = at};
    CHECK_OK(verify("release.chain", &ask, NULL, &err));
    ask.crl_pem = authority_file("revoked.crls");
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "revoked");
    ask.at_proven = true; /* it was before */
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "revoked");
    ask.crl_pem = authority_file("issuing.crl"); /* the root's is missing */
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "unable to get");
    ask.crl_pem = authority_file("root.pem");
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_INPUT, "no PEM of X509 CRL");
    ask.crl_pem = authority_file("clean.crls");
    ask.at = at + 8 * DAY; /* out of date then */
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "CRL has expired");
}

/* Revoked after the signature: only a time token can tell that it was after. */
static void chain__later_revocation_does_not_undo_a_proven_time(void **state)
{
    hb_buf notes;
    (void)state;
    hb_buf_init(&notes, 4096);
    hb_time at = now();
    authority_lists(at + DAY, at + 7 * DAY, at + DAY);
    hb_chain_ask ask = {.trust_pem = authority_file("root.pem"),
                        .crl_pem = authority_file("revoked.crls"),
                        .at = at};
    CHECK_ERROR(verify("release.chain", &ask, &notes, &err), HB_E_EVIDENCE, "revoked");
    ask.at_proven = true;
    CHECK_OK(verify("release.chain", &ask, &notes, &err));
    assert_non_null(strstr(notes.p, "after the proven time"));
    hb_buf_release(&notes);
}

/* --- time tokens --- */

static void write_query(hb_str data)
{
    hb_buf q;
    hb_buf_init(&q, 4096);
    CHECK_OK(hb_tsa_query(data.p, data.n, &q, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("q.tsq"), q.p, q.n, 0600, &err));
    hb_buf_release(&q);
}

static void tsa__openssl_reads_the_query_and_its_answer_holds(void **state)
{
    const hb_str data = HB_STR("{\"payload\":\"…\"}");
    hb_tsa_found found;
    hb_buf out;
    char path[300];
    (void)state;
    hb_buf_init(&out, 1 << 16);
    write_query(data);
    snprintf(path, sizeof path, "%s", temp_path("q.tsq"));
    const char *const show[] = {"openssl", "ts", "-query", "-in", path, "-text", NULL};
    assert_int_equal(spawn_run(show, NULL, 0, &out), 0);
    assert_non_null(strstr(out.p, "Hash Algorithm: sha256"));
    assert_non_null(strstr(out.p, "Certificate required: yes"));
    assert_non_null(strstr(out.p, "Nonce: unspecified"));
    authority_answer("q.tsq", "stamp", NULL);
    const hb_tsa_ask ask = {.trust_pem = authority_file("root.pem")};
    CHECK_OK(hb_tsa_verify(authority_file("stamp.tsr"), data, &ask, &found, &err));
    assert_string_equal(found.authority, "CN=stamp,O=Lab");
    assert_true(found.at > now() - DAY / 24 && found.at <= now());
    hb_buf_release(&out);
}

static void tsa__does_not_hold(void **state)
{
    const hb_str data = HB_STR("the attestation");
    hb_tsa_found found;
    hb_time at = 0;
    (void)state;
    write_query(data);
    authority_answer("q.tsq", "stamp", NULL);
    hb_tsa_ask ask = {.trust_pem = authority_file("root.pem")};
    hb_str good = authority_file("stamp.tsr");
    CHECK_ERROR(hb_tsa_verify(good, HB_STR("another"), &ask, &found, &err), HB_E_EVIDENCE,
                "over other bytes");
    CHECK_ERROR(hb_tsa_verify((hb_str){good.p, good.n - 1}, data, &ask, &found, &err), HB_E_INPUT,
                "no answer of a time stamping authority");
    ask.trust_pem = authority_file("other.pem");
    CHECK_ERROR(hb_tsa_verify(good, data, &ask, &found, &err), HB_E_EVIDENCE, "does not hold");
    ask.trust_pem = authority_file("root.pem");
    CHECK_OK(hb_tsa_look(good, data, &at, &err));
    CHECK_ERROR(hb_tsa_verify(authority_file("q.tsq"), data, &ask, &found, &err), HB_E_INPUT,
                "no answer");

    hb_time when = now();
    authority_lists(when - DAY, when + 7 * DAY, when + DAY);
    ask.crl_pem = authority_file("clean.crls");
    CHECK_OK(hb_tsa_verify(good, data, &ask, &found, &err));
    ask.crl_pem = authority_file("issuing.crl");
    CHECK_ERROR(hb_tsa_verify(good, data, &ask, &found, &err), HB_E_EVIDENCE, "does not hold");
}

/* The same signed TSTInfo by certificates that openssl ts would not use. */
static void tsa__certificates_of_others_do_not_stamp(void **state)
{
    static const struct {
        const char *signer;
        int days;
        const char *words;
    } cases[] = {
        {"release", 0, "unsuitable certificate purpose"}, /* no extended key usage */
        {"web", 0, "unsuitable certificate purpose"},     /* another */
        {"both", 0, "unsuitable certificate purpose"},    /* not that alone */
        {"soft", 0, "unsuitable certificate purpose"},    /* not critical */
        {"tiny", 0, "key too weak"},
        {"old", 0, "digest algorithm too weak"},
        {"stamp", 40, "has expired"},
        {"stamp", -40, "not yet valid"},
    };
    const hb_str data = HB_STR("the attestation");
    hb_tsa_found found;
    char name[40];
    (void)state;
    write_query(data);
    const hb_tsa_ask ask = {.trust_pem = authority_file("root.pem")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        authority_answer("q.tsq", "stamp", NULL);
        authority_forge(cases[i].signer, now() + cases[i].days * DAY);
        snprintf(name, sizeof name, "%s.tsr", cases[i].signer);
        CHECK_ERROR(hb_tsa_verify(authority_file(name), data, &ask, &found, &err), HB_E_EVIDENCE,
                    cases[i].words);
    }
    /* The forger's way is one that holds where the certificate is right. */
    authority_answer("q.tsq", "stamp", NULL);
    authority_forge("stamp", now() + 3 * DAY);
    CHECK_OK(hb_tsa_verify(authority_file("stamp.tsr"), data, &ask, &found, &err));
    assert_true(found.at > now() + 2 * DAY);
    authority_answer("q.tsq", "stamp", "sha1");
    CHECK_ERROR(hb_tsa_verify(authority_file("stamp.tsr"), data, &ask, &found, &err), HB_E_EVIDENCE,
                "not SHA-256");
}

/* A list that was out of date at the token's time says nothing about it; a revoked authority never
 * counts, whatever the time. */
static void tsa__stale_and_later_lists(void **state)
{
    const hb_str data = HB_STR("the attestation");
    hb_tsa_found found;
    (void)state;
    write_query(data);
    authority_answer("q.tsq", "stamp", NULL);
    hb_tsa_ask ask = {.trust_pem = authority_file("root.pem")};
    hb_str token = authority_file("stamp.tsr");
    hb_time at = now();
    authority_lists(at - 9 * DAY, at - 2 * DAY, at - 8 * DAY);
    ask.crl_pem = authority_file("clean.crls");
    CHECK_ERROR(hb_tsa_verify(token, data, &ask, &found, &err), HB_E_EVIDENCE, "CRL has expired");
    authority_lists(at + DAY, at + 7 * DAY, at + DAY); /* issued later: it knows more */
    ask.crl_pem = authority_file("clean.crls");
    CHECK_OK(hb_tsa_verify(token, data, &ask, &found, &err));
}

/* Every byte of a token: what still holds must say the same of the same bytes. */
static void tsa__changed_tokens_do_not_hold(void **state)
{
    const hb_str data = HB_STR("the attestation");
    hb_tsa_found truth;
    size_t holding = 0;
    (void)state;
    write_query(data);
    authority_answer("q.tsq", "stamp", NULL);
    const hb_tsa_ask ask = {.trust_pem = authority_file("root.pem")};
    hb_str good = authority_file("stamp.tsr");
    char *p = hb_strndup(good.p, good.n);
    assert_non_null(p);
    CHECK_OK(hb_tsa_verify(good, data, &ask, &truth, &err));
    for (size_t i = 0; i < good.n; i++) {
        hb_tsa_found found;
        p[i] = (char)(p[i] ^ 1);
        hb_status status = hb_tsa_verify((hb_str){p, good.n}, data, &ask, &found, NULL);
        p[i] = (char)(p[i] ^ 1);
        if (status == HB_OK) {
            holding++;
            assert_int_equal(found.at, truth.at);
        } else {
            assert_true(status == HB_E_INPUT || status == HB_E_EVIDENCE);
        }
    }
    assert_true(holding < good.n / 20);
    hb_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain__holds_up_to_the_authority_that_was_brought),
        cmocka_unit_test(chain__does_not_hold),
        cmocka_unit_test(chain__weak_or_misused_certificates_do_not_hold),
        cmocka_unit_test(chain__is_read_strictly),
        cmocka_unit_test(chain__revocation_is_asked_of_every_authority),
        cmocka_unit_test(chain__later_revocation_does_not_undo_a_proven_time),
        cmocka_unit_test(tsa__openssl_reads_the_query_and_its_answer_holds),
        cmocka_unit_test(tsa__does_not_hold),
        cmocka_unit_test(tsa__certificates_of_others_do_not_stamp),
        cmocka_unit_test(tsa__stale_and_later_lists),
        cmocka_unit_test(tsa__changed_tokens_do_not_hold),
    };
    return cmocka_run_group_tests(tests, make, authority_remove);
}
