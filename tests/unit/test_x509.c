/* SPDX-License-Identifier: Apache-2.0 */
/* Chains and time tokens of a local authority made with OpenSSL's command line: what holds, and
 * every way not to. */
#include "crypto/x509.h"

#include "crypto/tsa.h"
#include "os/file.h"
#include "support/check.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#define DAY (INT64_C(86400) * 1000000000)

/* Root → issuing → leaves, each with what RFC 5280 wants of it. */
static const char authority[] =
    "exec 2>err; set -e; cd \"$1\"\n"
    "key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$2 -out $1.key; }\n"
    "ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'\n"
    "end='basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'\n"
    "cert() { key $1 $4; printf '%s' \"$3\" >$1.ext; openssl req -new -key $1.key -subj "
    "\"/O=Lab/CN=$1\" |\n"
    "  openssl x509 -req -sha384 -days 30 -set_serial $5 -CA $2.pem -CAkey $2.key -extfile $1.ext "
    "-out $1.pem; }\n"
    "root() { key $1 P-384; openssl req -x509 -sha384 -new -key $1.key -days 3650 -subj "
    "\"/O=Lab/CN=$1\" "
    "-addext keyUsage=critical,keyCertSign,cRLSign -out $1.pem; }\n"
    "root root; root other\n"
    "cert issuing root \"$ca\" P-384 2\n"
    "cert narrow root \"$ca\"'nameConstraints=critical,permitted;DNS:lab.example\n' P-384 3\n"
    "cert release issuing \"$end\"'keyUsage=critical,digitalSignature\n' P-384 16\n"
    "cert small issuing \"$end\"'keyUsage=critical,digitalSignature\n' P-256 17\n"
    "cert mail issuing \"$end\"'keyUsage=critical,keyAgreement\n' P-384 18\n"
    "cert free issuing \"$end\" P-384 19\n"
    "cert strange narrow "
    "\"$end\"'keyUsage=critical,digitalSignature\nsubjectAltName=DNS:evil.example\n' P-384 20\n"
    "cert inside narrow "
    "\"$end\"'keyUsage=critical,digitalSignature\nsubjectAltName=DNS:rig.lab.example\n' P-384 21\n"
    "cert fake release \"$end\"'keyUsage=critical,digitalSignature\n' P-384 22\n"
    "cert stamp issuing "
    "\"$end\"'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n' P-384 "
    "23\n"
    "cert web issuing "
    "\"$end\"'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,serverAuth\n' P-384 "
    "24\n"
    "for n in release small mail free stamp web; do cat $n.pem issuing.pem >$n.chain; done\n"
    "for n in strange inside; do cat $n.pem narrow.pem >$n.chain; done\n"
    "cat fake.pem release.pem issuing.pem >fake.chain\n"
    "cat issuing.pem release.pem >swapped.chain\n";

static const char lists[] =
    "exec 2>err; set -e; cd \"$1\"\n"
    "crl() { printf "
    "'[ca]\ndefault_ca=d\n[d]\ndatabase=%s.db\ndefault_md=sha384\ncrl_extensions=x\n[x]\n"
    "authorityKeyIdentifier=keyid\n' $1 >$1.cnf; printf 'unique_subject = no\n' >$1.db.attr; "
    "openssl ca -gencrl -config $1.cnf -cert $1.pem -keyfile $1.key -crl_lastupdate $2 "
    "-crl_nextupdate $3 -out $4; }\n"
    ": >root.db; : >issuing.db; crl root $2 $3 root.crl; crl issuing $2 $3 issuing.crl\n"
    "printf 'R\\t%s\\t%s,superseded\\t10\\tunknown\\t/O=Lab/CN=release\n' 301231235959Z $4 "
    ">issuing.db\n"
    "crl issuing $2 $3 revoked.crl\n"
    "cat issuing.crl root.crl >clean.crls; cat revoked.crl root.crl >revoked.crls\n";

static void script(const char *text, const char *const *args)
{
    hb_buf out;
    const char *argv[12] = {"sh", "-c", text, "sh"};
    for (size_t i = 0; args[i]; i++) {
        argv[4 + i] = args[i];
    }
    hb_buf_init(&out, 1 << 20);
    if (spawn_run(argv, NULL, 0, &out) != 0) {
        char *why = NULL;
        size_t n = 0;
        HB_IGNORE(hb_file_read(hb_os_real(), temp_path("err"), 1 << 16, &why, &n, NULL));
        fail_msg("script: %s %s", out.p, why ? why : "");
    }
    hb_buf_release(&out);
}

static int make_authority(void **state)
{
    (void)state;
    const char *const args[] = {temp_dir_new(), NULL};
    script(authority, args);
    return 0;
}

static int remove_authority(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

/* Texts of files live as long as the test. */
static hb_str file(const char *name)
{
    static char *kept[64];
    static size_t used;
    size_t n = 0;
    char **p = &kept[used++ % 64];
    hb_free(*p);
    *p = NULL;
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(name), 1 << 20, p, &n, &err));
    return (hb_str){*p, n};
}

static hb_status verify(const char *chain, const hb_chain_ask *ask, hb_buf *notes, hb_error *err)
{
    hb_chain *c = NULL;
    HB_TRY(hb_chain_read(file(chain), chain, &c, err));
    hb_status status = hb_chain_verify(c, ask, notes, err);
    hb_chain_free(c);
    return status;
}

static hb_time now(void)
{
    return hb_os_real()->now() + 2 * INT64_C(1000000000);
}

static void chain__holds_up_to_the_authority_that_was_brought(void **state)
{
    hb_chain *c = NULL;
    (void)state;
    const hb_chain_ask ask = {.trust_pem = file("root.pem"), .at = now()};
    CHECK_OK(verify("release.chain", &ask, NULL, &err));
    CHECK_OK(verify("inside.chain", &ask, NULL, &err));
    CHECK_OK(hb_chain_read(file("release.chain"), "c", &c, &err));
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
        const hb_chain_ask ask = {.trust_pem = file(cases[i].trust),
                                  .at = now() + cases[i].days * DAY};
        CHECK_ERROR(verify(cases[i].chain, &ask, NULL, &err), HB_E_EVIDENCE, cases[i].words);
    }
}

static void chain__is_read_strictly(void **state)
{
    hb_chain *c = NULL;
    hb_buf text;
    (void)state;
    hb_buf_init(&text, 1 << 20);
    CHECK_ERROR(hb_chain_read(file("swapped.chain"), "c", &c, &err), HB_E_INPUT,
                "was not issued by the one after it");
    CHECK_ERROR(hb_chain_read(file("fake.chain"), "c", &c, &err), HB_E_INPUT,
                "was not issued by the one after it"); /* whose key usage does not allow it */
    CHECK_ERROR(hb_chain_read(file("release.key"), "c", &c, &err), HB_E_INPUT, "a private key");
    CHECK_ERROR(hb_chain_read(HB_STR(""), "c", &c, &err), HB_E_INPUT, "no file of certificates");
    CHECK_ERROR(hb_chain_read(file("small.chain"), "c", &c, &err), HB_E_INPUT, "");
    hb_buf_str(&text, file("release.pem"));
    hb_buf_c(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK_ERROR(hb_chain_read((hb_str){text.p, text.n}, "c", &c, &err), HB_E_INPUT,
                "no file of certificates");
    hb_buf_clear(&text);
    for (int i = 0; i < HB_CHAIN_MAX + 1; i++) {
        hb_buf_str(&text, file("root.pem"));
    }
    CHECK_ERROR(hb_chain_read((hb_str){text.p, text.n}, "c", &c, &err), HB_E_LIMIT, "more than 8");
    hb_buf_release(&text);
}

/* "20260102030405Z" */
static const char *stamp(hb_time t, char room[40], bool short_year)
{
    char text[HB_TIME_TEXT];
    size_t n = 0;
    hb_time_print(t - t % 1000000000, text);
    for (const char *p = text + (short_year ? 2 : 0); *p; p++) {
        if (*p != '-' && *p != ':' && *p != 'T') {
            room[n++] = *p;
        }
    }
    room[n] = '\0';
    return room;
}

static void make_lists(hb_time from, hb_time to, hb_time revoked)
{
    char a[40];
    char b[40];
    char c[40];
    char dir[300];
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, stamp(from, a, false), stamp(to, b, false),
                                stamp(revoked, c, true), NULL};
    script(lists, args);
}

static void chain__revocation_is_asked_of_every_authority(void **state)
{
    (void)state;
    hb_time at = now();
    make_lists(at - DAY, at + 7 * DAY, at - DAY / 2);
    hb_chain_ask ask = {.trust_pem = file("root.pem"), .crl_pem = file("clean.crls"), .at = at};
    CHECK_OK(verify("release.chain", &ask, NULL, &err));
    ask.crl_pem = file("revoked.crls");
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "revoked");
    ask.at_proven = true; /* it was before */
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "revoked");
    ask.crl_pem = file("issuing.crl"); /* the root's is missing */
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_EVIDENCE, "unable to get");
    ask.crl_pem = file("root.pem");
    CHECK_ERROR(verify("release.chain", &ask, NULL, &err), HB_E_INPUT, "no PEM of X509 CRL");
    ask.crl_pem = file("clean.crls");
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
    make_lists(at + DAY, at + 7 * DAY, at + DAY);
    hb_chain_ask ask = {.trust_pem = file("root.pem"), .crl_pem = file("revoked.crls"), .at = at};
    CHECK_ERROR(verify("release.chain", &ask, &notes, &err), HB_E_EVIDENCE, "revoked");
    ask.at_proven = true;
    CHECK_OK(verify("release.chain", &ask, &notes, &err));
    assert_non_null(strstr(notes.p, "after the proven time"));
    hb_buf_release(&notes);
}

/* --- time tokens --- */

static const char answers[] =
    "exec 2>err; set -e; cd \"$1\"\n"
    "printf "
    "'oid_section=o\n[o]\ntp=1.3.6.1.4.1.55555.1\n[tsa]\ndefault_tsa=t\n[t]\nserial=tsa.serial\n"
    "signer_digest=%s\ndefault_policy=tp\ndigests=sha256\naccuracy=secs:1\nordering=no\n"
    "tsa_name=no\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n' ${4:-sha384} >tsa.cnf\n"
    "openssl ts -reply -config tsa.cnf -queryfile \"$2\" -signer $3.pem -inkey $3.key -chain "
    "issuing.pem -out $3.tsr\n";

static void answer(const char *query, const char *signer, const char *digest)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, query, signer, digest, NULL};
    script(answers, args);
}

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
    answer("q.tsq", "stamp", NULL);
    const hb_tsa_ask ask = {.trust_pem = file("root.pem")};
    CHECK_OK(hb_tsa_verify(file("stamp.tsr"), data, &ask, &found, &err));
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
    answer("q.tsq", "stamp", NULL);
    hb_tsa_ask ask = {.trust_pem = file("root.pem")};
    hb_str good = file("stamp.tsr");
    CHECK_ERROR(hb_tsa_verify(good, HB_STR("another"), &ask, &found, &err), HB_E_EVIDENCE,
                "over other bytes");
    CHECK_ERROR(hb_tsa_verify((hb_str){good.p, good.n - 1}, data, &ask, &found, &err), HB_E_INPUT,
                "no answer of a time stamping authority");
    ask.trust_pem = file("other.pem");
    CHECK_ERROR(hb_tsa_verify(good, data, &ask, &found, &err), HB_E_EVIDENCE, "does not hold");
    ask.trust_pem = file("root.pem");
    CHECK_OK(hb_tsa_look(good, data, &at, &err));
    CHECK_ERROR(hb_tsa_verify(file("q.tsq"), data, &ask, &found, &err), HB_E_INPUT, "no answer");

    hb_time when = now();
    make_lists(when - DAY, when + 7 * DAY, when + DAY);
    ask.crl_pem = file("clean.crls");
    CHECK_OK(hb_tsa_verify(good, data, &ask, &found, &err));
    ask.crl_pem = file("issuing.crl");
    CHECK_ERROR(hb_tsa_verify(good, data, &ask, &found, &err), HB_E_EVIDENCE, "does not hold");
}

/* Every byte of a token: what still holds must say the same of the same bytes. */
static void tsa__changed_tokens_do_not_hold(void **state)
{
    const hb_str data = HB_STR("the attestation");
    hb_tsa_found truth;
    size_t holding = 0;
    (void)state;
    write_query(data);
    answer("q.tsq", "stamp", NULL);
    const hb_tsa_ask ask = {.trust_pem = file("root.pem")};
    hb_str good = file("stamp.tsr");
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
        cmocka_unit_test(chain__is_read_strictly),
        cmocka_unit_test(chain__revocation_is_asked_of_every_authority),
        cmocka_unit_test(chain__later_revocation_does_not_undo_a_proven_time),
        cmocka_unit_test(tsa__openssl_reads_the_query_and_its_answer_holds),
        cmocka_unit_test(tsa__does_not_hold),
        cmocka_unit_test(tsa__changed_tokens_do_not_hold),
    };
    return cmocka_run_group_tests(tests, make_authority, remove_authority);
}
