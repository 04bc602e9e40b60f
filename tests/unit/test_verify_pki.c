/* SPDX-License-Identifier: Apache-2.0 */
/* A pack signed by a key that the lab's authority vouches for, with a time token: what an auditor
 * is told who brought which authority. */
#include "evidence/verify.h"

#include "crypto/sealed.h"
#include "evidence/pack_time.h"
#include "support/authority.h"
#include "support/check.h"
#include "support/evidence_case.h"
#include "support/temp_dir.h"

#include <stdlib.h>

#define NAME "CN=release,O=Lab"

static const char *kept(const char *name, char room[300])
{
    snprintf(room, 300, "%s", temp_path(name));
    return room;
}

static evidence_case c;

static int begin(void **state)
{
    (void)state;
    evidence_case_begin(&c);
    authority_here();
    return 0;
}

static int end(void **state)
{
    (void)state;
    evidence_case_end(&c);
    return 0;
}

/* The pack of the case, signed with the authority's key `signer`, and its certificates. */
static void make_pack(const char *signer, const char *chain, const char *target)
{
    hb_signer *s = NULL;
    hb_buf pem;
    char key[300];
    hb_signer_ask ask = {.os = hb_os_real(), .key = kept(signer, key)};
    hb_buf_init(&pem, 1 << 16);
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    hb_pubkey_pem(hb_signer_public(s), &pem);
    evidence_case_puts(&c, "keys/release.pub", pem.p);
    hb_str certificates = authority_file(chain);
    evidence_case_put(&c, HB_PACK_CHAIN, certificates.p, certificates.n);
    char *p = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(hb_os_real(), evidence_case_write(&c, s), 64 << 20, &p, &n, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), target, p, n, 0600, &err));
    hb_free(p);
    hb_signer_free(s);
    hb_buf_release(&pem);
}

static void attach(const char *pack, const char *target)
{
    hb_buf q;
    hb_time at = 0;
    hb_buf_init(&q, 4096);
    CHECK_OK(hb_pack_time_query(hb_os_real(), pack, &q, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("q.tsq"), q.p, q.n, 0600, &err));
    authority_answer("q.tsq", "stamp", NULL);
    CHECK_OK(
        hb_pack_time_attach(hb_os_real(), pack, authority_file("stamp.tsr"), target, &at, &err));
    hb_buf_release(&q);
}

static void expect(const hb_verify_ask *ask, const char *question, hb_answer_state state,
                   const char *words)
{
    hb_verified v;
    const char *text = NULL;
    CHECK_OK(hb_verify(ask, &v, &err));
    hb_answer_state is = evidence_answer(&v, question, &text);
    if (is != state || !strstr(text ? text : "", words)) {
        fail_msg("%s: %s, '%s'; expected %s, '%s'", question, hb_verify_state_name(is),
                 text ? text : "", hb_verify_state_name(state), words);
    }
    hb_verified_release(&v);
}

static void verify_pki__an_authority_says_whose_and_the_auditor_whether(void **state)
{
    char pack[300];
    (void)state;
    make_pack("release.key", "release.chain", kept("a.zip", pack));
    hb_verify_ask ask = {.os = hb_os_real(), .path = pack};
    expect(&ask, "keys", HB_HOLDS, "came with the pack");
    expect(&ask, "chain", HB_NOT_ASKED, "--trust-ca");
    expect(&ask, "time", HB_NOT_IN_PACK, "the lab's word");
    expect(&ask, "trust", HB_NOT_CHECKED, "no key of the lab");
    ask.trust_ca = authority_file("root.pem");
    expect(&ask, "chain", HB_HOLDS, NAME);
    expect(&ask, "chain", HB_HOLDS, "valid now");
    expect(&ask, "trust", HB_NOT_CHECKED, "--trust-name");
    ask.trust_name = NAME;
    expect(&ask, "trust", HB_HOLDS, "vouches");
    ask.trust_name = "CN=mail,O=Lab";
    expect(&ask, "trust", HB_FAILS, "expected 'CN=mail,O=Lab'");
    ask.trust_name = NAME;
    ask.trust_ca = authority_file("other.pem");
    expect(&ask, "chain", HB_FAILS, "does not hold");
    expect(&ask, "trust", HB_FAILS, "vouches for nobody");
}

static void verify_pki__a_certificate_of_another_key_is_worth_nothing(void **state)
{
    char pack[300];
    (void)state;
    make_pack("mail.key", "release.chain", kept("b.zip", pack));
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = pack,
                               .trust_ca = authority_file("root.pem"),
                               .trust_name = NAME};
    expect(&ask, "chain", HB_FAILS, "did not sign the pack");
    expect(&ask, "trust", HB_FAILS, "vouches for nobody");
    make_pack("mail.key", "mail.chain", kept("c.zip", pack));
    expect(&ask, "chain", HB_FAILS, "lacks digitalSignature");
}

static hb_time in_forty_days(void)
{
    return hb_os_real()->now() + INT64_C(40) * 86400 * 1000000000;
}

/* Long after: the certificate has expired, and only the token tells that it had not when it was
 * signed. */
static void verify_pki__a_time_token_outlives_the_certificate(void **state)
{
    char pack[300];
    char with[300];
    (void)state;
    make_pack("release.key", "release.chain", kept("d.zip", pack));
    attach(pack, kept("e.zip", with));
    hb_os later = *hb_os_real();
    later.now = in_forty_days;
    hb_verify_ask ask = {
        .os = &later, .path = pack, .trust_ca = authority_file("root.pem"), .trust_name = NAME};
    expect(&ask, "chain", HB_FAILS, "has expired");
    ask.path = with;
    expect(&ask, "time", HB_NOT_ASKED, "--trust-tsa");
    expect(&ask, "chain", HB_FAILS, "has expired");
    ask.trust_tsa = authority_file("root.pem");
    expect(&ask, "time", HB_HOLDS, "CN=stamp,O=Lab");
    expect(&ask, "chain", HB_HOLDS, "at the proven time");
    expect(&ask, "trust", HB_HOLDS, "vouches");
    ask.trust_tsa = authority_file("other.pem");
    expect(&ask, "time", HB_FAILS, "does not hold");
    expect(&ask, "chain", HB_FAILS, "has expired");
}

static void verify_pki__revocation_is_looked_up_when_lists_are_brought(void **state)
{
    char pack[300];
    (void)state;
    hb_time now = hb_os_real()->now();
    const hb_time day = INT64_C(86400) * 1000000000;
    authority_lists(now - day, now + day, now - day / 2);
    make_pack("release.key", "release.chain", kept("f.zip", pack));
    hb_verify_ask ask = {.os = hb_os_real(),
                         .path = pack,
                         .trust_ca = authority_file("root.pem"),
                         .crl = authority_file("clean.crls"),
                         .trust_name = NAME};
    expect(&ask, "chain", HB_HOLDS, "revocation was looked up");
    ask.crl = authority_file("revoked.crls");
    expect(&ask, "chain", HB_FAILS, "revoked");
    expect(&ask, "trust", HB_FAILS, "vouches for nobody");
}

static void verify_pki__an_encrypted_file_says_how_to_open_it(void **state)
{
    char path[300];
    hb_seal *s = NULL;
    (void)state;
    const hb_seal_ask seal = {.passphrase = "correct horse"};
    CHECK_OK(hb_seal_create(hb_os_real(), kept("sealed", path), &seal, &s, &err));
    CHECK_OK(hb_seal_add(s, "PK", 2, &err));
    CHECK_OK(hb_seal_finish(s, &err));
    hb_seal_free(s);
    const hb_verify_ask ask = {.os = hb_os_real(), .path = path};
    expect(&ask, "structure", HB_FAILS, "hb decrypt FILE --passphrase-file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verify_pki__an_authority_says_whose_and_the_auditor_whether,
                                        begin, end),
        cmocka_unit_test_setup_teardown(verify_pki__a_certificate_of_another_key_is_worth_nothing,
                                        begin, end),
        cmocka_unit_test_setup_teardown(verify_pki__a_time_token_outlives_the_certificate, begin,
                                        end),
        cmocka_unit_test_setup_teardown(verify_pki__revocation_is_looked_up_when_lists_are_brought,
                                        begin, end),
        cmocka_unit_test_setup_teardown(verify_pki__an_encrypted_file_says_how_to_open_it, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
