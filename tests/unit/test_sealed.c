/* SPDX-License-Identifier: Apache-2.0 */
/* Streams under a passphrase: what was changed, cut, reordered or joined is refused. Files for
 * certificates: OpenSSL reads ours (tests/cli/test_encrypt.py has the other readers). */
#include "crypto/sealed.h"

#include "crypto/aead.h"
#include "crypto/cms.h"
#include "os/file.h"
#include "support/check.h"
#include "support/fault_os.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSPHRASE "correct horse battery"

enum { LOG2N = HB_AEAD_LOG2N_MIN, UNIT = HB_AEAD_PIECE + HB_AEAD_TAG };

static hb_status into_buf(void *ctx, const void *p, size_t n, hb_error *err)
{
    hb_buf_add(ctx, p, n);
    return hb_buf_check(ctx, err);
}

static hb_status seal(hb_str plain, size_t portion, hb_buf *out, hb_error *err)
{
    hb_aead *a = NULL;
    hb_buf_clear(out);
    HB_TRY(hb_aead_seal_new(hb_os_real(), PASSPHRASE, LOG2N,
                            (hb_sink){.write = into_buf, .ctx = out}, &a, err));
    hb_status status = HB_OK;
    for (size_t at = 0; status == HB_OK && at < plain.n; at += portion) {
        size_t left = plain.n - at;
        status = hb_aead_add(a, plain.p + at, left < portion ? left : portion, err);
    }
    status = status == HB_OK ? hb_aead_end(a, err) : status;
    hb_aead_free(a);
    return status;
}

static hb_status unseal(hb_str sealed, size_t portion, const char *passphrase, hb_buf *out,
                        hb_error *err)
{
    hb_aead *a = NULL;
    hb_buf_clear(out);
    HB_TRY(hb_aead_open_new(passphrase, LOG2N, (hb_sink){.write = into_buf, .ctx = out}, &a, err));
    hb_status status = HB_OK;
    for (size_t at = 0; status == HB_OK && at < sealed.n; at += portion) {
        size_t left = sealed.n - at;
        status = hb_aead_add(a, sealed.p + at, left < portion ? left : portion, err);
    }
    status = status == HB_OK ? hb_aead_end(a, err) : status;
    hb_aead_free(a);
    return status;
}

static hb_str text_of(hb_buf *b, size_t n)
{
    hb_buf_clear(b);
    for (size_t i = 0; b->n < n; i++) {
        hb_buf_fmt(b, "row %zu;", i);
    }
    return (hb_str){b->p, n};
}

typedef struct three {
    hb_buf plain;
    hb_buf sealed;
    hb_buf out;
} three;

static void three_init(three *t)
{
    hb_buf_init(&t->plain, 1 << 20);
    hb_buf_init(&t->sealed, 1 << 20);
    hb_buf_init(&t->out, 1 << 20);
}

static void three_release(three *t)
{
    hb_buf_release(&t->plain);
    hb_buf_release(&t->sealed);
    hb_buf_release(&t->out);
}

static void aead__gives_back_what_it_took_in_any_portions(void **state)
{
    static const size_t sizes[] = {
        0, 1, HB_AEAD_PIECE - 1, HB_AEAD_PIECE, HB_AEAD_PIECE + 1, 3 * HB_AEAD_PIECE};
    static const size_t portions[] = {7, 65536, 1 << 20};
    three t;
    (void)state;
    three_init(&t);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        hb_str plain = text_of(&t.plain, sizes[i]);
        for (size_t k = 0; k < 3; k++) {
            CHECK_OK(seal(plain, portions[k], &t.sealed, &err));
            size_t pieces = sizes[i] ? (sizes[i] + HB_AEAD_PIECE - 1) / HB_AEAD_PIECE : 1;
            assert_int_equal(t.sealed.n, HB_AEAD_HEAD + sizes[i] + pieces * HB_AEAD_TAG);
            CHECK_OK(unseal((hb_str){t.sealed.p, t.sealed.n}, portions[2 - k], PASSPHRASE, &t.out,
                            &err));
            assert_int_equal(t.out.n, plain.n);
            assert_memory_equal(t.out.p, plain.p, plain.n);
        }
    }
    three_release(&t);
}

static void refused(three *t, hb_str sealed)
{
    CHECK_ERROR(unseal(sealed, 1 << 20, PASSPHRASE, &t->out, &err), HB_E_EVIDENCE, "");
}

static void aead__every_changed_byte_shows(void **state)
{
    three t;
    (void)state;
    three_init(&t);
    CHECK_OK(seal(text_of(&t.plain, 300), 300, &t.sealed, &err));
    for (size_t i = 0; i < t.sealed.n; i++) {
        for (int bit = 1; bit < 256; bit <<= 3) {
            t.sealed.p[i] = (char)(t.sealed.p[i] ^ bit);
            refused(&t, (hb_str){t.sealed.p, t.sealed.n});
            t.sealed.p[i] = (char)(t.sealed.p[i] ^ bit);
        }
    }
    for (size_t n = 0; n < t.sealed.n; n++) {
        refused(&t, (hb_str){t.sealed.p, n});
    }
    CHECK_ERROR(unseal((hb_str){t.sealed.p, t.sealed.n}, 99, "another passphrase", &t.out, &err),
                HB_E_EVIDENCE, "the passphrase is wrong");
    three_release(&t);
}

static void aead__cut_reordered_repeated_and_joined_pieces_show(void **state)
{
    three t;
    hb_buf made;
    (void)state;
    three_init(&t);
    hb_buf_init(&made, 1 << 20);
    CHECK_OK(seal(text_of(&t.plain, 3 * HB_AEAD_PIECE), 999, &t.sealed, &err));
    const char *head = t.sealed.p;
    const char *first = head + HB_AEAD_HEAD;
    static const int orders[][4] = {{0, 1, -1, -1}, {0, -1, -1, -1}, {-1, -1, -1, -1},
                                    {1, 0, 2, -1},  {0, 2, -1, -1},  {0, 1, 1, 2},
                                    {0, 1, 2, 2},   {2, -1, -1, -1}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        hb_buf_clear(&made);
        hb_buf_add(&made, head, HB_AEAD_HEAD);
        for (int k = 0; k < 4 && orders[i][k] >= 0; k++) {
            hb_buf_add(&made, first + (size_t)orders[i][k] * UNIT, UNIT);
        }
        refused(&t, (hb_str){made.p, made.n});
    }
    hb_buf_clear(&made);
    hb_buf_add(&made, t.sealed.p, t.sealed.n);
    hb_buf_add(&made, t.sealed.p, t.sealed.n);
    refused(&t, (hb_str){made.p, made.n});
    hb_buf_release(&made);
    three_release(&t);
}

static void aead__a_head_that_asks_for_too_much_is_refused(void **state)
{
    three t;
    (void)state;
    three_init(&t);
    CHECK_OK(seal(HB_STR("x"), 1, &t.sealed, &err));
    t.sealed.p[9] = 21;
    CHECK_ERROR(unseal((hb_str){t.sealed.p, t.sealed.n}, 99, PASSPHRASE, &t.out, &err),
                HB_E_EVIDENCE, "N = 2^21");
    hb_aead *a = NULL;
    CHECK_ERROR(hb_aead_seal_new(hb_os_real(), "short", LOG2N,
                                 (hb_sink){.write = into_buf, .ctx = &t.out}, &a, &err),
                HB_E_USAGE, "at least 8");
    three_release(&t);
}

static hb_status round_trip(void)
{
    three t;
    three_init(&t);
    hb_status status = seal(HB_STR("some text"), 3, &t.sealed, NULL);
    if (status == HB_OK) {
        status = unseal((hb_str){t.sealed.p, t.sealed.n}, 5, PASSPHRASE, &t.out, NULL);
    }
    three_release(&t);
    return status;
}

static void aead__holds_when_memory_runs_out(void **state)
{
    (void)state;
    fault_loop(round_trip);
}

/* --- certificates --- */

static void must(const char *const *argv)
{
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    if (spawn_run(argv, NULL, 0, &out) != 0) {
        fail_msg("%s: %s", argv[0], out.p);
    }
    hb_buf_release(&out);
}

static const char *kept(const char *name, char room[300])
{
    snprintf(room, 300, "%s", temp_path(name));
    return room;
}

static void certificate(const char *name, const char *newkey, const char *option, const char *usage)
{
    char key[300];
    char pem[300];
    char keyname[40];
    char pemname[40];
    char ext[80];
    snprintf(keyname, sizeof keyname, "%s.key", name);
    snprintf(pemname, sizeof pemname, "%s.pem", name);
    snprintf(ext, sizeof ext, "keyUsage=critical,%s", usage);
    const char *const argv[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                newkey,
                                "-nodes",
                                "-keyout",
                                kept(keyname, key),
                                "-out",
                                kept(pemname, pem),
                                "-subj",
                                "/CN=auditor",
                                "-days",
                                "2",
                                "-addext",
                                ext,
                                option ? "-pkeyopt" : NULL,
                                option,
                                NULL};
    must(argv);
    assert_int_equal(chmod(key, 0600), 0);
}

static char *text(const char *name, size_t *n)
{
    char *p = NULL;
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(name), 1 << 20, &p, n, &err));
    return p;
}

static hb_status seal_file(const hb_os *os, const char *const *pems, size_t n, const char *target,
                           const char *passphrase, hb_str plain, hb_error *err)
{
    hb_str certificates[4];
    char *texts[4] = {0};
    hb_seal *s = NULL;
    for (size_t i = 0; i < n; i++) {
        texts[i] = text(pems[i], &certificates[i].n);
        certificates[i].p = texts[i];
    }
    const hb_seal_ask ask = {
        .passphrase = passphrase, .certificates = certificates, .names = pems, .n_certificates = n};
    hb_status status = hb_seal_create(os, target, &ask, &s, err);
    for (size_t at = 0; status == HB_OK && at < plain.n; at += 1000) {
        status = hb_seal_add(s, plain.p + at, plain.n - at < 1000 ? plain.n - at : 1000, err);
    }
    status = status == HB_OK ? hb_seal_finish(s, err) : status;
    hb_seal_free(s);
    for (size_t i = 0; i < n; i++) {
        hb_free(texts[i]);
    }
    return status;
}

static void openssl_decrypts(const char *key, hb_str plain)
{
    char in[300];
    char k[300];
    char out[300];
    size_t n = 0;
    const char *const argv[] = {"openssl", "cms",        "-decrypt", "-inform",
                                "DER",     "-binary",    "-in",      kept("sealed", in),
                                "-inkey",  kept(key, k), "-out",     kept("plain", out),
                                NULL};
    must(argv);
    char *p = text("plain", &n);
    assert_int_equal(n, plain.n);
    assert_memory_equal(p, plain.p, n);
    hb_free(p);
    unlink(out);
}

static void cms__openssl_reads_it_with_each_recipients_key(void **state)
{
    static const char *const pems[] = {"rsa.pem", "ec.pem"};
    static const char *const keys[] = {"rsa.key", "ec.key"};
    three t;
    char target[300];
    (void)state;
    three_init(&t);
    temp_dir_new();
    certificate("rsa", "rsa:2048", NULL, "keyEncipherment");
    certificate("ec", "ec", "ec_paramgen_curve:P-384", "keyAgreement");
    certificate("stranger", "ec", "ec_paramgen_curve:P-384", "keyAgreement");
    hb_str plain = text_of(&t.plain, 200000);
    CHECK_OK(seal_file(hb_os_real(), pems, 2, kept("sealed", target), NULL, plain, &err));
    for (int i = 0; i < 2; i++) {
        char key[300];
        size_t n = 0;
        openssl_decrypts(keys[i], plain);
        const hb_unseal_ask ask = {.key = kept(keys[i], key)};
        CHECK_OK(hb_unseal_file(hb_os_real(), target, temp_path("again"), &ask, &err));
        char *p = text("again", &n);
        assert_int_equal(n, plain.n);
        assert_memory_equal(p, plain.p, n);
        hb_free(p);
        unlink(temp_path("again"));
    }
    char stranger[300];
    const hb_unseal_ask ask = {.key = kept("stranger.key", stranger)};
    CHECK_ERROR(hb_unseal_file(hb_os_real(), target, temp_path("again"), &ask, &err), HB_E_EVIDENCE,
                "encrypted to (issuer, serial): /CN=auditor");
    assert_false(hb_path_exists(hb_os_real(), temp_path("again")));
    three_release(&t);
}

/* OAEP with SHA-256 and AES-256-GCM are what the file says, by OpenSSL's reading of it. */
static void cms__the_file_names_the_algorithms(void **state)
{
    static const char *const pems[] = {"rsa.pem", "ec.pem"};
    char target[300];
    hb_buf out;
    (void)state;
    temp_dir_new();
    hb_buf_init(&out, 1 << 20);
    certificate("rsa", "rsa:2048", NULL, "keyEncipherment");
    certificate("ec", "ec", "ec_paramgen_curve:P-384", "keyAgreement");
    CHECK_OK(seal_file(hb_os_real(), pems, 2, kept("sealed", target), NULL, HB_STR("x"), &err));
    const char *const argv[] = {"openssl", "cms", "-cmsout", "-print", "-inform",
                                "DER",     "-in", target,    NULL};
    assert_int_equal(spawn_run(argv, NULL, 0, &out), 0);
    static const char *const words[] = {"authEnvelopedData",
                                        "aes-256-gcm",
                                        "rsaesOaep",
                                        "sha256",
                                        "dhSinglePass-stdDH-sha256kdf-scheme",
                                        "id-aes256-wrap"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strstr(out.p, words[i])) {
            fail_msg("'%s' is not in: %s", words[i], out.p);
        }
    }
    hb_buf_release(&out);
}

static hb_status open_bytes(hb_str der, const char *key, hb_buf *out, hb_error *err)
{
    const hb_cms_source source = hb_cms_of_bytes(&der);
    return hb_cms_open(hb_os_real(), &source, key, NULL, (hb_sink){.write = into_buf, .ctx = out},
                       err);
}

static void cms__changed_and_cut_bytes_show(void **state)
{
    static const char *const pems[] = {"ec.pem"};
    char target[300];
    char key[300];
    size_t n = 0;
    (void)state;
    temp_dir_new();
    certificate("ec", "ec", "ec_paramgen_curve:P-256", "keyAgreement");
    CHECK_OK(seal_file(hb_os_real(), pems, 1, kept("sealed", target), NULL,
                       HB_STR("ten bytes and some more"), &err));
    char *sealed = text("sealed", &n);
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    kept("ec.key", key);
    size_t whole = 0;
    for (size_t i = 0; i < n; i++) {
        hb_error err = {0};
        sealed[i] = (char)(sealed[i] ^ 1);
        hb_buf_clear(&out);
        hb_status status = open_bytes((hb_str){sealed, n}, key, &out, &err);
        sealed[i] = (char)(sealed[i] ^ 1);
        /* Who it is for is not authenticated by CMS: such a change can leave the content whole. */
        if (status == HB_OK) {
            assert_string_equal(out.p, "ten bytes and some more");
            whole++;
        } else {
            assert_int_equal(status, HB_E_EVIDENCE);
        }
    }
    assert_true(whole < n / 2);
    for (size_t i = 0; i < n; i++) {
        CHECK_ERROR(open_bytes((hb_str){sealed, i}, key, &out, &err), HB_E_EVIDENCE, "");
    }
    hb_buf_release(&out);
    hb_free(sealed);
}

/* What OpenSSL encrypts: lengths that are all there (without -stream), and pieces. */
static void cms__reads_what_openssl_wrote(void **state)
{
    three t;
    hb_buf out;
    (void)state;
    three_init(&t);
    temp_dir_new();
    certificate("ec", "ec", "ec_paramgen_curve:P-384", "keyAgreement");
    hb_buf_init(&out, 8 << 20);
    static const size_t sizes[] = {1, 127, 128, 70000, 900000};
    for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
        char in[300];
        char to[300];
        char pem[300];
        char key[300];
        size_t n = 0;
        hb_str plain = text_of(&t.plain, sizes[i / 2]);
        CHECK_OK(
            hb_file_write_atomic(hb_os_real(), kept("plain", in), plain.p, plain.n, 0600, &err));
        const char *const argv[] = {"openssl",
                                    "cms",
                                    "-encrypt",
                                    "-binary",
                                    "-aes-256-gcm",
                                    "-in",
                                    in,
                                    "-outform",
                                    "DER",
                                    "-out",
                                    kept("sealed", to),
                                    i % 2 ? "-stream" : "-indef",
                                    kept("ec.pem", pem),
                                    NULL};
        const char *const whole[] = {"openssl", "cms", "-encrypt", "-binary", "-aes-256-gcm",
                                     "-in",     in,    "-outform", "DER",     "-out",
                                     to,        pem,   NULL};
        must(argv);
        if (i % 2 == 0) {
            must(whole);
        }
        char *sealed = text("sealed", &n);
        assert_int_equal((unsigned char)sealed[1] == 0x80, i % 2);
        hb_buf_clear(&out);
        CHECK_OK(open_bytes((hb_str){sealed, n}, kept("ec.key", key), &out, &err));
        assert_int_equal(out.n, plain.n);
        assert_memory_equal(out.p, plain.p, plain.n);
        hb_free(sealed);
    }
    hb_buf_release(&out);
    three_release(&t);
}

/* By hand, from X.690: what is around is bounded, pieces of pieces, depth and lengths that lead out
 * are refused, and none takes long. */
static void cms__framing_that_leads_nowhere_is_refused(void **state)
{
    static const char oid[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
    static const struct {
        const char *p;
        size_t n;
        bool repeat;
    } tails[] = {
        {"\xa0\x80\x30\x80\x02\x01\x00\x31\x88\xff\xff\xff\xff\xff\xff\xff\xff", 17, false},
        {"\xa0\x80\x30\x80\x02\x01\x00\x31\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01", 18, false},
        {"\xa0\x80\x30\x80\x02\x01\x00\x31\x80", 9, true}, /* deeper and deeper */
        {"\xa0\x80\x30\x80\x02\x01\x00\x1f\x81\x01\x00", 11, false},
        {"\xa0\x80\x30\x80\x02\x80", 6, false},
        {"\xa0\x80\x30\x80\x02\x01\x00\x31\x00\x30\x80\x06\x01\x00\x30\x00\xa0\x80\x24\x80\x04\x00",
         22, false},
        /* a piece whose head stands across the end of the content */
        {"\xa0\x80\x30\x80\x02\x01\x00\x31\x00\x30\x80\x06\x01\x00\x30\x00\xa0\x03\x04\x00\x04\x00",
         22, false},
        {"", 0, false},
    };
    hb_buf in;
    hb_buf out;
    (void)state;
    hb_buf_init(&in, 4 << 20);
    hb_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        hb_buf_clear(&in);
        hb_buf_add(&in, "\x30\x80", 2);
        hb_buf_add(&in, oid, sizeof oid - 1);
        hb_buf_add(&in, tails[i].p, tails[i].n);
        for (int k = 0; tails[i].repeat && k < 1000000; k++) {
            hb_buf_add(&in, "\x31\x80", 2);
        }
        CHECK_ERROR(open_bytes((hb_str){in.p, in.n}, "none.key", &out, &err), HB_E_EVIDENCE,
                    "no whole CMS message");
    }
    /* EnvelopedData is told as what it is. */
    CHECK_ERROR(open_bytes(HB_STR("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80"),
                           "none.key", &out, &err),
                HB_E_EVIDENCE, "another kind");
    hb_buf_release(&in);
    hb_buf_release(&out);
}

static void cms__refuses_certificates_that_do_not_allow_it(void **state)
{
    static const char *const signing[] = {"sign.pem"};
    static const char *const weak[] = {"weak.pem"};
    static const char *const other[] = {"ed.pem"};
    static const char *const none[] = {"none.pem"};
    (void)state;
    temp_dir_new();
    certificate("sign", "ec", "ec_paramgen_curve:P-384", "digitalSignature");
    certificate("weak", "rsa:1024", NULL, "keyEncipherment");
    certificate("ed", "ed25519", NULL, "digitalSignature");
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("none.pem"), "x", 1, 0600, &err));
    const hb_os *os = hb_os_real();
    char target[300];
    kept("sealed", target);
    CHECK_ERROR(seal_file(os, signing, 1, target, NULL, HB_STR("x"), &err), HB_E_INPUT,
                "does not allow keyAgreement");
    CHECK_ERROR(seal_file(os, weak, 1, target, NULL, HB_STR("x"), &err), HB_E_INPUT, "1024 bits");
    CHECK_ERROR(seal_file(os, other, 1, target, NULL, HB_STR("x"), &err), HB_E_INPUT,
                "there are RSA and EC");
    CHECK_ERROR(seal_file(os, none, 1, target, NULL, HB_STR("x"), &err), HB_E_INPUT,
                "has no certificate");
    assert_false(hb_path_exists(os, target));
}

/* More than AES-GCM has counters for. */
static void cms__refuses_more_than_one_nonce_is_good_for(void **state)
{
    static const char *const name = "ec.pem";
    hb_cms *c = NULL;
    hb_buf out;
    hb_str pem = {0};
    (void)state;
    temp_dir_new();
    certificate("ec", "ec", "ec_paramgen_curve:P-256", "keyAgreement");
    char *p = text("ec.pem", &pem.n);
    pem.p = p;
    hb_buf_init(&out, 1 << 20);
    CHECK_OK(hb_cms_seal_new(hb_os_real(), &pem, &name, 1,
                             (hb_sink){.write = into_buf, .ctx = &out}, &c, &err));
    CHECK_ERROR(hb_cms_add(c, "", HB_CMS_MAX + 1, &err), HB_E_LIMIT, "more than 64 GiB");
    hb_cms_free(c);
    hb_buf_release(&out);
    hb_free(p);
}

/* --- files --- */

static void sealed__says_what_a_file_is(void **state)
{
    static const char *const pems[] = {"ec.pem"};
    char target[300];
    size_t n = 0;
    (void)state;
    temp_dir_new();
    certificate("ec", "ec", "ec_paramgen_curve:P-256", "keyAgreement");
    CHECK_OK(seal_file(hb_os_real(), pems, 1, kept("sealed", target), NULL, HB_STR("x"), &err));
    char *p = text("sealed", &n);
    assert_int_equal(hb_sealed_kind(p, HB_SEALED_HEAD), HB_SEALED_CMS);
    assert_int_equal(hb_sealed_kind(p, 5), HB_SEALED_NOT);
    assert_int_equal(hb_sealed_kind("hbseal1\n", 8), HB_SEALED_PASSPHRASE);
    assert_int_equal(hb_sealed_kind("PK\3\4", 4), HB_SEALED_NOT);
    const hb_unseal_ask ask = {.passphrase = PASSPHRASE};
    CHECK_ERROR(hb_unseal_file(hb_os_real(), target, temp_path("again"), &ask, &err), HB_E_USAGE,
                "hb decrypt FILE --key K");
    hb_free(p);
}

/* Each call of the system fails once: no temporary stays, with or without the target. */
static void sealed__leaves_nothing_behind_when_the_disk_fails(void **state)
{
    static const char *const pems[] = {"ec.pem"};
    bool fired = true;
    (void)state;
    temp_dir_new();
    certificate("ec", "ec", "ec_paramgen_curve:P-256", "keyAgreement");
    for (unsigned long i = 1; fired && i < 200; i++) {
        hb_buf out;
        char target[300];
        hb_error err = {0};
        kept("sealed", target);
        fault_os_fail(i, ENOSPC, false);
        hb_status status =
            seal_file(fault_os(), pems, 1, target, NULL, HB_STR("plaintext-to-be-kept"), &err);
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        if (status == HB_OK) { /* also when it only could not be seen whether the target exists */
            openssl_decrypts("ec.key", HB_STR("plaintext-to-be-kept"));
        } else {
            assert_true(fired);
            assert_false(hb_path_exists(hb_os_real(), target) && err.code == HB_E_USAGE);
        }
        hb_buf_init(&out, 1 << 16);
        const char *const list[] = {"find", temp_path("."), "-name", "*.hb-part", NULL};
        assert_int_equal(spawn_run(list, NULL, 0, &out), 0);
        assert_string_equal(out.p, "");
        hb_buf_release(&out);
        unlink(target);
    }
    assert_false(fired);
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aead__gives_back_what_it_took_in_any_portions),
        cmocka_unit_test(aead__every_changed_byte_shows),
        cmocka_unit_test(aead__cut_reordered_repeated_and_joined_pieces_show),
        cmocka_unit_test(aead__a_head_that_asks_for_too_much_is_refused),
        cmocka_unit_test(aead__holds_when_memory_runs_out),
        cmocka_unit_test(cms__openssl_reads_it_with_each_recipients_key),
        cmocka_unit_test(cms__the_file_names_the_algorithms),
        cmocka_unit_test(cms__changed_and_cut_bytes_show),
        cmocka_unit_test(cms__reads_what_openssl_wrote),
        cmocka_unit_test(cms__framing_that_leads_nowhere_is_refused),
        cmocka_unit_test(cms__refuses_more_than_one_nonce_is_good_for),
        cmocka_unit_test(cms__refuses_certificates_that_do_not_allow_it),
        cmocka_unit_test(sealed__says_what_a_file_is),
        cmocka_unit_test(sealed__leaves_nothing_behind_when_the_disk_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
