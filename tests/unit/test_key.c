/* SPDX-License-Identifier: Apache-2.0 */
/* Keys against RFC 8032's vectors, and against the openssl program both ways. */
#include "support/check.h"

#include "crypto/base64.h"
#include "crypto/pem.h"
#include "support/key_case.h"
#include "support/spawn.h"
#include "support/temp_dir.h"
#include "support/text_case.h"

#include "os/file.h"

#include <unistd.h>

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

/* Fails the test unless the program says 0; `out` may be NULL. */
static void openssl(const char *const *args, hb_buf *out)
{
    const char *argv[24] = {"openssl"};
    hb_buf own;
    hb_buf_init(&own, 1 << 16);
    for (size_t i = 0; args[i]; i++) {
        argv[i + 1] = args[i];
    }
    if (spawn_run(argv, NULL, 0, out ? out : &own) != 0) {
        fail_msg("openssl %s: %s", args[0], out ? out->p : own.p);
    }
    hb_buf_release(&own);
}
#define OPENSSL(...) openssl((const char *const[]){__VA_ARGS__, NULL}, NULL)

/* --- vectors --- */

/* PKCS#8 of a seed (RFC 8410, section 7): a fixed beginning and the 32 bytes. */
static hb_signer *of_seed(const uint8_t seed[32])
{
    static const uint8_t head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    uint8_t der[48];
    hb_buf pem;
    hb_signer *s = NULL;
    memcpy(der, head, 16);
    memcpy(der + 16, seed, 32);
    hb_buf_init(&pem, 1000);
    hb_pem_put(&pem, "PRIVATE KEY", der, sizeof der);
    key_case_write("seed.pem", pem.p, pem.n, 0600);
    CHECK_OK(key_case_open("seed.pem", NULL, &s, &err));
    hb_buf_release(&pem);
    return s;
}

static void check_vector(const text_case *c)
{
    uint8_t seed[32];
    uint8_t public[32];
    uint8_t raw[32];
    uint8_t want[64];
    uint8_t message[1100];
    hb_buf sig;
    hb_pubkey *k = NULL;
    key_case_hex(hb_str_of(text_case_key(c, "secret")), seed, 32);
    key_case_hex(hb_str_of(text_case_key(c, "public")), public, 32);
    key_case_hex(hb_str_of(text_case_key(c, "signature")), want, 64);
    size_t n = key_case_hex(c->text, message, sizeof message);
    hb_signer *s = of_seed(seed);
    hb_buf_init(&sig, HB_SIGNATURE_MAX);
    CHECK_OK(hb_signer_sign(s, message, n, &sig, &err));
    assert_int_equal(sig.n, 64);
    assert_memory_equal(sig.p, want, 64);
    CHECK_OK(hb_pubkey_raw(hb_signer_public(s), raw, &err));
    assert_memory_equal(raw, public, 32);
    CHECK_OK(hb_pubkey_from_raw(public, &k, &err));
    assert_string_equal(hb_pubkey_id(k), hb_pubkey_id(hb_signer_public(s)));
    CHECK_OK(hb_pubkey_verify(k, message, n, want, 64, &err));
    for (size_t bit = 0; bit < 512; bit += 5) {
        want[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERROR(hb_pubkey_verify(k, message, n, want, 64, &err), HB_E_EVIDENCE, "not one");
        want[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    hb_pubkey_free(k);
    hb_buf_release(&sig);
    hb_signer_free(s);
}

static void key__knows_the_vectors_of_rfc_8032(void **state)
{
    (void)state;
    assert_int_equal(text_cases("crypto/rfc8032.case", check_vector), 5);
}

/* S + L in place of S fits the same equation; RFC 8032, section 5.1.7, wants it refused. */
static void key__refuses_the_second_form_of_an_ed25519_signature(void **state)
{
    (void)state;
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    hb_signer *s = key_case_new("k", HB_ALGORITHM_ED25519);
    hb_buf sig;
    hb_buf_init(&sig, HB_SIGNATURE_MAX);
    CHECK_OK(hb_signer_sign(s, "x", 1, &sig, &err));
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (uint8_t)sig.p[32 + i] + (unsigned)order[i];
        sig.p[32 + i] = (char)(uint8_t)carry;
        carry >>= 8;
    }
    CHECK_ERROR(hb_pubkey_verify(hb_signer_public(s), "x", 1, sig.p, sig.n, &err), HB_E_EVIDENCE,
                "not one");
    hb_buf_release(&sig);
    hb_signer_free(s);
}

/* --- the openssl program --- */

static const char *const algorithms[HB_ALGORITHM_COUNT_][2] = {
    [HB_ALGORITHM_ED25519] = {"ED25519", NULL},
    [HB_ALGORITHM_ECDSA_P384] = {"EC", "ec_paramgen_curve:P-384"}};

static void generate(unsigned a, const char *out, const char *passphrase)
{
    const char *args[16] = {"genpkey", "-algorithm", algorithms[a][0], "-out", temp_path(out)};
    size_t n = 5;
    if (algorithms[a][1]) {
        args[n++] = "-pkeyopt";
        args[n++] = algorithms[a][1];
    }
    if (passphrase) {
        args[n++] = "-aes-256-cbc";
        args[n++] = "-pass";
        args[n++] = passphrase;
    }
    openssl(args, NULL);
    OPENSSL("pkey", "-in", temp_path(out), "-pubout", "-out", temp_path("o.pub"), "-passin",
            passphrase ? passphrase : "pass:");
}

/* Our signature in sig.bin over text.bin, by public key `pub`. */
static void openssl_verifies(unsigned a, const char *pub)
{
    if (a == HB_ALGORITHM_ED25519) {
        OPENSSL("pkeyutl", "-verify", "-pubin", "-inkey", temp_path(pub), "-rawin", "-in",
                temp_path("text.bin"), "-sigfile", temp_path("sig.bin"));
    } else {
        OPENSSL("dgst", "-sha384", "-verify", temp_path(pub), "-signature", temp_path("sig.bin"),
                temp_path("text.bin"));
    }
}

static void openssl_signs(unsigned a, const char *key)
{
    if (a == HB_ALGORITHM_ED25519) {
        OPENSSL("pkeyutl", "-sign", "-inkey", temp_path(key), "-rawin", "-in",
                temp_path("text.bin"), "-out", temp_path("sig.bin"));
    } else {
        OPENSSL("dgst", "-sha384", "-sign", temp_path(key), "-out", temp_path("sig.bin"),
                temp_path("text.bin"));
    }
}

static void key__signs_what_openssl_verifies_and_the_other_way(void **state)
{
    (void)state;
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        temp_dir_new();
        hb_signer *s = key_case_new("k", (hb_algorithm)a);
        hb_buf sig;
        char *made = NULL;
        size_t n = 0;
        hb_buf_init(&sig, HB_SIGNATURE_MAX);
        key_case_write("text.bin", "some\0text", 9, 0600);
        CHECK_OK(hb_signer_sign(s, "some\0text", 9, &sig, &err));
        key_case_write("sig.bin", sig.p, sig.n, 0600);
        openssl_verifies(a, "k.pub");
        openssl_signs(a, "k.pem");
        CHECK_OK(hb_file_read(hb_os_real(), temp_path("sig.bin"), 999, &made, &n, &err));
        CHECK_OK(hb_pubkey_verify(hb_signer_public(s), "some\0text", 9, made, n, &err));
        hb_free(made);
        hb_buf_release(&sig);
        hb_signer_free(s);
    }
}

static void key__has_the_id_that_openssl_and_sha256_give(void **state)
{
    (void)state;
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        temp_dir_new();
        generate(a, "o.pem", NULL);
        hb_pubkey *k = key_case_public("o.pub");
        hb_buf out;
        hb_buf_init(&out, 4096);
        OPENSSL("pkey", "-pubin", "-in", temp_path("o.pub"), "-outform", "DER", "-out",
                temp_path("o.der"));
        openssl((const char *const[]){"dgst", "-sha256", "-r", temp_path("o.der"), NULL}, &out);
        out.p[64] = '\0';
        assert_string_equal(hb_pubkey_id(k), out.p);
        assert_int_equal(hb_pubkey_algorithm(k), a);
        hb_buf_clear(&out);
        char *pem = NULL;
        size_t n = 0;
        CHECK_OK(hb_file_read(hb_os_real(), temp_path("o.pub"), 4096, &pem, &n, &err));
        hb_pubkey_pem(k, &out);
        assert_string_equal(out.p, pem); /* to the byte */
        hb_free(pem);
        hb_buf_release(&out);
        hb_pubkey_free(k);
    }
}

static void key__reads_what_openssl_made_with_and_without_a_passphrase(void **state)
{
    (void)state;
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        temp_dir_new();
        for (unsigned sealed = 0; sealed < 2; sealed++) {
            generate(a, "o.pem", sealed ? "pass:open sesame" : NULL);
            assert_int_equal(chmod(temp_path("o.pem"), 0600), 0);
            hb_signer *s = NULL;
            hb_pubkey *k = key_case_public("o.pub");
            CHECK_OK(key_case_open("o.pem", sealed ? "open sesame" : NULL, &s, &err));
            assert_string_equal(hb_pubkey_id(hb_signer_public(s)), hb_pubkey_id(k));
            hb_pubkey_free(k);
            hb_signer_free(s);
        }
        hb_signer *s = NULL;
        CHECK_ERROR(key_case_open("o.pem", "open sesam", &s, &err), HB_E_INPUT,
                    "a wrong passphrase");
        CHECK_ERROR(key_case_open("o.pem", NULL, &s, &err), HB_E_USAGE, "--passphrase-file FILE");
        assert_null(s);
    }
}

static void key__is_sealed_so_that_openssl_opens_it(void **state)
{
    (void)state;
    char *pem = NULL;
    size_t n = 0;
    struct stat st;
    hb_buf text;
    hb_signer *s = NULL;
    hb_buf_init(&text, 1 << 16);
    CHECK_OK(hb_key_generate(hb_os_real(), HB_ALGORITHM_ED25519, temp_path("k.pem"), "päss", &err));
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("k.pem"), 4096, &pem, &n, &err));
    assert_true(hb_str_starts((hb_str){pem, n}, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    OPENSSL("pkey", "-in", temp_path("k.pem"), "-passin", "pass:päss", "-pubout", "-out",
            temp_path("again.pub"));
    openssl((const char *const[]){"asn1parse", "-in", temp_path("k.pem"), NULL}, &text);
    assert_non_null(strstr(text.p, "scrypt"));
    assert_non_null(strstr(text.p, "aes-256-cbc"));
    CHECK_OK(key_case_open("k.pem", "päss", &s, &err));
    assert_int_equal(stat(temp_path("k.pem"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    hb_buf_release(&text);
    hb_free(pem);
    hb_signer_free(s);
}

/* --- refused --- */

static void key__is_refused_when_others_may_read_it(void **state)
{
    (void)state;
    static const unsigned modes[] = {0640, 0604, 0620, 0602, 0610, 0644, 0666, 0777};
    hb_signer *s = key_case_new("k", HB_ALGORITHM_ED25519);
    hb_signer_free(s);
    s = NULL;
    if (getuid() == 0) { /* of root's own, group root may read (systemd's credentials) */
        assert_int_equal(chown(temp_path("k.pem"), 0, 0), 0);
        assert_int_equal(chmod(temp_path("k.pem"), 0440), 0);
        CHECK_OK(key_case_open("k.pem", NULL, &s, &err));
        hb_signer_free(s);
        s = NULL;
        assert_int_equal(chown(temp_path("k.pem"), 65534, 65534), 0);
    }
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(temp_path("k.pem"), modes[i]), 0);
        CHECK_ERROR(key_case_open("k.pem", NULL, &s, &err), HB_E_INPUT, "chmod 600");
    }
    assert_int_equal(chmod(temp_path("k.pem"), 0400), 0);
    CHECK_OK(key_case_open("k.pem", NULL, &s, &err));
    hb_signer_free(s);
}

static void key__that_is_none_is_called_by_its_name(void **state)
{
    (void)state;
    hb_signer *s = NULL;
    hb_signer_free(key_case_new("k", HB_ALGORITHM_ED25519));
    OPENSSL("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out",
            temp_path("rsa.pem"));
    OPENSSL("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
            temp_path("p256.pem"));
    OPENSSL("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", temp_path("sec1.pem"));
    static const char *const files[] = {"rsa.pem", "p256.pem", "sec1.pem", "k.pub"};
    static const char *const said[] = {"no algorithm that is known", "no algorithm that is known",
                                       "openssl pkcs8 -topk8", "holds a 'PUBLIC KEY'"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(chmod(temp_path(files[i]), 0600), 0);
        CHECK_ERROR(key_case_open(files[i], NULL, &s, &err), HB_E_INPUT, said[i]);
    }
    hb_str ssh = HB_STR("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
                        "-----END OPENSSH PRIVATE KEY-----\n");
    key_case_write("ssh.pem", ssh.p, ssh.n, 0600);
    CHECK_ERROR(key_case_open("ssh.pem", NULL, &s, &err), HB_E_INPUT, "ssh-agent");
    CHECK_ERROR(key_case_open("none.pem", NULL, &s, &err), HB_E_INPUT, "No such file");
    CHECK_ERROR(key_case_open(".", NULL, &s, &err), HB_E_INPUT, "no plain file");
    assert_null(s);
}

static void key__private_is_no_public_one(void **state)
{
    (void)state;
    char *pem = NULL;
    size_t n = 0;
    hb_pubkey *k = NULL;
    hb_signer_free(key_case_new("k", HB_ALGORITHM_ED25519));
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("k.pem"), 4096, &pem, &n, &err));
    CHECK_ERROR(hb_pubkey_read((hb_str){pem, n}, "k.pem", &k, &err), HB_E_INPUT,
                "'k.pem' holds a private key, expected the public one");
    hb_free(pem);
}

/* Every shorter file, and every file with something behind it. */
static void key__cut_or_followed_by_more_is_refused(void **state)
{
    (void)state;
    static const char *const files[] = {"k.pub", "k.pem"};
    hb_signer_free(key_case_new("k", HB_ALGORITHM_ECDSA_P384));
    for (size_t f = 0; f < 2; f++) {
        char *pem = NULL;
        size_t n = 0;
        char more[2048];
        CHECK_OK(hb_file_read(hb_os_real(), temp_path(files[f]), 1000, &pem, &n, &err));
        for (size_t cut = 0; cut + 1 < n; cut++) { /* the last line end may go */
            hb_pubkey *k = NULL;
            hb_signer *s = NULL;
            key_case_write("cut.pem", pem, cut, 0600);
            hb_status status = f == 0 ? hb_pubkey_read((hb_str){pem, cut}, "cut", &k, NULL)
                                      : key_case_open("cut.pem", NULL, &s, NULL);
            assert_int_equal(status, HB_E_INPUT);
        }
        hb_pubkey *k = NULL;
        hb_signer *s = NULL;
        memcpy(more, pem, n);
        memcpy(more + n, pem, n);
        key_case_write("two.pem", more, 2 * n, 0600);
        assert_int_equal(f == 0 ? hb_pubkey_read((hb_str){more, 2 * n}, "two", &k, NULL)
                                : key_case_open("two.pem", NULL, &s, NULL),
                         HB_E_INPUT);
        hb_free(pem);
    }
}

static void key__with_other_der_is_refused(void **state)
{
    (void)state;
    uint8_t spki[128] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    hb_pubkey *k = NULL;
    memset(spki + 12, 9, 32);
    CHECK_OK(hb_pubkey_from_spki(spki, 44, "it", &k, &err));
    hb_pubkey_free(k);
    k = NULL;
    CHECK_ERROR(hb_pubkey_from_spki(spki, 45, "it", &k, &err), HB_E_INPUT, "45 bytes, expected 44");
    CHECK_ERROR(hb_pubkey_from_spki(spki, 43, "it", &k, &err), HB_E_INPUT, "43 bytes, expected 44");
    CHECK_ERROR(hb_pubkey_from_spki(spki, 0, "it", &k, &err), HB_E_INPUT, "no algorithm");
    spki[11] = 1; /* unused bits */
    CHECK_ERROR(hb_pubkey_from_spki(spki, 44, "it", &k, &err), HB_E_INPUT, "no algorithm");
    assert_null(k);
    /* Not on the curve, and compressed. */
    OPENSSL("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out",
            temp_path("c.pem"));
    OPENSSL("pkey", "-in", temp_path("c.pem"), "-pubout", "-outform", "DER", "-out",
            temp_path("c.der"));
    OPENSSL("ec", "-in", temp_path("c.pem"), "-pubout", "-conv_form", "compressed", "-out",
            temp_path("c.pub"));
    char *der = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("c.der"), 200, &der, &n, &err));
    CHECK_OK(hb_pubkey_from_spki(der, n, "it", &k, &err));
    hb_pubkey_free(k);
    k = NULL;
    der[n - 1] ^= 1;
    CHECK_ERROR(hb_pubkey_from_spki(der, n, "it", &k, &err), HB_E_INPUT, "no point");
    hb_free(der);
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("c.pub"), 999, &der, &n, &err));
    CHECK_ERROR(hb_pubkey_read((hb_str){der, n}, "it", &k, &err), HB_E_INPUT, "uncompressed");
    hb_free(der);
}

/* The torsion points of the curve and y >= p: libsodium refuses the same. */
static void key__under_which_one_signature_fits_all_texts_is_refused(void **state)
{
    (void)state;
    static const char *const unfit[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        uint8_t raw[32];
        hb_pubkey *k = NULL;
        assert_int_equal(key_case_hex(hb_str_of(unfit[i]), raw, 32), 32);
        CHECK_ERROR(hb_pubkey_from_raw(raw, &k, &err), HB_E_INPUT, "no point of the curve");
        assert_null(k);
    }
}

static void key__takes_one_signature_for_what_it_is(void **state)
{
    (void)state;
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        temp_dir_new();
        hb_signer *s = key_case_new("k", (hb_algorithm)a);
        const hb_pubkey *k = hb_signer_public(s);
        hb_buf sig;
        char other[HB_SIGNATURE_MAX + 8] = {0};
        hb_buf_init(&sig, HB_SIGNATURE_MAX);
        CHECK_OK(hb_signer_sign(s, "text", 4, &sig, &err));
        for (size_t n = 0; n < sig.n; n++) { /* cut */
            CHECK_ERROR(hb_pubkey_verify(k, "text", 4, sig.p, n, &err), HB_E_EVIDENCE, "not one");
        }
        memcpy(other, sig.p, sig.n);
        CHECK_ERROR(hb_pubkey_verify(k, "text", 4, other, sig.n + 1, &err), HB_E_EVIDENCE,
                    "not one");
        memset(other, 0, sizeof other);
        CHECK_ERROR(hb_pubkey_verify(k, "text", 4, other, sig.n, &err), HB_E_EVIDENCE, "not one");
        /* DER of r = 0, s = 0 and of r = 1, s = 1 */
        CHECK_ERROR(hb_pubkey_verify(k, "text", 4, "\x30\x06\x02\x01\x00\x02\x01\x00", 8, &err),
                    HB_E_EVIDENCE, "not one");
        CHECK_ERROR(hb_pubkey_verify(k, "text", 4, "\x30\x06\x02\x01\x01\x02\x01\x01", 8, &err),
                    HB_E_EVIDENCE, "not one");
        hb_buf_release(&sig);
        hb_signer_free(s);
    }
}

/* BER ways to write the same two numbers: a leading zero, a long form of the length. */
static void key__takes_ecdsa_signatures_in_der_alone(void **state)
{
    (void)state;
    hb_signer *s = key_case_new("k", HB_ALGORITHM_ECDSA_P384);
    hb_buf sig;
    uint8_t other[HB_SIGNATURE_MAX];
    hb_buf_init(&sig, HB_SIGNATURE_MAX);
    CHECK_OK(hb_signer_sign(s, "text", 4, &sig, &err));
    assert_int_equal((uint8_t)sig.p[0], 0x30);
    other[0] = 0x30;
    other[1] = 0x81;
    memcpy(other + 2, sig.p + 1, sig.n - 1);
    CHECK_ERROR(hb_pubkey_verify(hb_signer_public(s), "text", 4, other, sig.n + 1, &err),
                HB_E_EVIDENCE, "not one");
    memcpy(other, sig.p, 4);
    other[1]++;
    other[3]++;
    other[4] = 0;
    memcpy(other + 5, sig.p + 4, sig.n - 4);
    CHECK_ERROR(hb_pubkey_verify(hb_signer_public(s), "text", 4, other, sig.n + 1, &err),
                HB_E_EVIDENCE, "not one");
    uint8_t raw[32];
    CHECK_ERROR(hb_pubkey_raw(hb_signer_public(s), raw, &err), HB_E_USAGE, "expected ed25519");
    hb_buf_release(&sig);
    hb_signer_free(s);
}

static void key__is_never_written_over(void **state)
{
    (void)state;
    const hb_os *os = hb_os_real();
    hb_signer *s = key_case_new("k", HB_ALGORITHM_ED25519);
    hb_signer_free(s);
    CHECK_ERROR(hb_key_generate(os, HB_ALGORITHM_ED25519, temp_path("k.pem"), NULL, &err),
                HB_E_USAGE, "exists");
    assert_int_equal(unlink(temp_path("k.pub")), 0);
    CHECK_ERROR(hb_key_generate(os, HB_ALGORITHM_ED25519, temp_path("k.pem"), NULL, &err),
                HB_E_USAGE, "File exists");
    CHECK_OK(key_case_open("k.pem", NULL, &s, &err));
    hb_signer_free(s);
    CHECK_ERROR(hb_key_generate(os, HB_ALGORITHM_ED25519, temp_path("k"), NULL, &err), HB_E_USAGE,
                "ending in '.pem'");
    CHECK_ERROR(hb_key_generate(os, HB_ALGORITHM_ED25519, temp_path("p.pem"), "", &err), HB_E_USAGE,
                "passphrase has 0 bytes");
    CHECK_ERROR(hb_key_generate(os, HB_ALGORITHM_ED25519, temp_path("no/p.pem"), NULL, &err),
                HB_E_IO, "No such file");
    assert_false(hb_path_exists(os, temp_path("p.pem")));
}

static void key__algorithms_have_names(void **state)
{
    (void)state;
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        hb_algorithm got = HB_ALGORITHM_COUNT_;
        assert_true(hb_algorithm_from_name(hb_algorithm_name((hb_algorithm)a), &got));
        assert_int_equal(got, a);
    }
    hb_algorithm none = HB_ALGORITHM_COUNT_;
    assert_false(hb_algorithm_from_name("rsa", &none));
    assert_int_equal(none, HB_ALGORITHM_COUNT_);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        CASE(key__knows_the_vectors_of_rfc_8032),
        CASE(key__refuses_the_second_form_of_an_ed25519_signature),
        CASE(key__signs_what_openssl_verifies_and_the_other_way),
        CASE(key__has_the_id_that_openssl_and_sha256_give),
        CASE(key__reads_what_openssl_made_with_and_without_a_passphrase),
        CASE(key__is_sealed_so_that_openssl_opens_it),
        CASE(key__is_refused_when_others_may_read_it),
        CASE(key__that_is_none_is_called_by_its_name),
        CASE(key__private_is_no_public_one),
        CASE(key__cut_or_followed_by_more_is_refused),
        CASE(key__with_other_der_is_refused),
        CASE(key__under_which_one_signature_fits_all_texts_is_refused),
        CASE(key__takes_one_signature_for_what_it_is),
        CASE(key__takes_ecdsa_signatures_in_der_alone),
        CASE(key__is_never_written_over),
        CASE(key__algorithms_have_names),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
