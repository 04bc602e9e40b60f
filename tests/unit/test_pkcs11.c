/* SPDX-License-Identifier: Apache-2.0 */
/* Against SoftHSM with keys that OpenSSL made; OpenSSL judges what is signed. */
#include "crypto/pkcs11.h"

#include "crypto/pkcs11_key.h"
#include "crypto/pkcs11_uri.h"
#include "support/check.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULE "?module-path=/usr/lib/softhsm/libsofthsm2.so"

static bool has_softhsm;
static const char *pin_now; /* what give_pin answers when its ctx is this */
static unsigned asked;

static void must(const char *const *argv)
{
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    if (spawn_run(argv, NULL, 0, &out) != 0) {
        fail_msg("%s: %s", argv[0], out.p);
    }
    hb_buf_release(&out);
}

static void write_file(const char *name, const void *p, size_t n, mode_t mode)
{
    FILE *f = fopen(temp_path(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(temp_path(name), mode), 0);
}

static void import(const char *algorithm, const char *option, const char *label, const char *id)
{
    char path[240];
    snprintf(path, sizeof path, "%s", temp_path(label));
    const char *const make[] = {
        "openssl", "genpkey", "-algorithm", algorithm, "-out", path, option ? "-pkeyopt" : NULL,
        option,    NULL};
    const char *const put[] = {"softhsm2-util", "--import", path, "--token", "lab",  "--label",
                               label,           "--id",     id,   "--pin",   "1234", NULL};
    must(make);
    must(put);
}

static int make_token(void **state)
{
    char conf[400];
    (void)state;
    temp_dir_new();
    has_softhsm = access("/usr/lib/softhsm/libsofthsm2.so", R_OK) == 0;
    if (!has_softhsm) {
        print_message("skipped: no SoftHSM\n");
        return 0;
    }
    assert_int_equal(mkdir(temp_path("tokens"), 0700), 0);
    snprintf(conf, sizeof conf, "directories.tokendir = %s\nlog.level = ERROR\n",
             temp_path("tokens"));
    write_file("softhsm2.conf", conf, strlen(conf), 0600);
    assert_int_equal(setenv("SOFTHSM2_CONF", temp_path("softhsm2.conf"), 1), 0);
    const char *const init[] = {"softhsm2-util", "--init-token", "--free", "--label", "lab",
                                "--so-pin",      "12345678",     "--pin",  "1234",    NULL};
    must(init);
    import("EC", "ec_paramgen_curve:P-384", "release", "01");
    import("ED25519", NULL, "fast", "02");
    import("EC", "ec_paramgen_curve:P-256", "small", "03");
    return 0;
}

static int remove_token(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

static hb_status give_pin(void *ctx, const char *what, char *ret, size_t room, hb_error *err)
{
    (void)err;
    assert_non_null(strstr(what, "PIN of token 'lab'"));
    asked++;
    snprintf(ret, room, "%s", ctx == (void *)&pin_now ? pin_now : (const char *)ctx);
    return HB_OK;
}

static hb_signer_ask ask_for(const char *uri, const char *pin)
{
    return (hb_signer_ask){
        .os = hb_os_real(),
        .key = uri,
        .passphrase = {.get = pin ? give_pin : NULL, .ctx = (void *)(uintptr_t)pin}};
}

/* The public key the signer names must be that of the key OpenSSL made, and OpenSSL takes the
 * signature. */
static void openssl_agrees(const char *key, bool digest, const char *text, const hb_buf *sig,
                           const hb_pubkey *named)
{
    char private[240];
    char msg[240];
    char sigfile[240];
    hb_buf pem;
    hb_buf out;
    hb_buf_init(&pem, 4096);
    hb_buf_init(&out, 4096);
    snprintf(private, sizeof private, "%s", temp_path(key));
    snprintf(msg, sizeof msg, "%s", temp_path("msg"));
    snprintf(sigfile, sizeof sigfile, "%s", temp_path("sig"));
    write_file("msg", text, strlen(text), 0600);
    write_file("sig", sig->p, sig->n, 0600);
    const char *const argv[] = {"openssl",
                                "pkeyutl",
                                "-verify",
                                "-inkey",
                                private,
                                "-rawin",
                                "-in",
                                msg,
                                "-sigfile",
                                sigfile,
                                digest ? "-digest" : NULL,
                                "sha384",
                                NULL};
    must(argv);
    const char *const public[] = {"openssl", "pkey", "-in", private, "-pubout", NULL};
    assert_int_equal(spawn_run(public, NULL, 0, &out), 0);
    hb_pubkey_pem(named, &pem);
    assert_string_equal(out.p, pem.p);
    hb_buf_release(&pem);
    hb_buf_release(&out);
}

static void pkcs11__signs_by_softhsm_and_openssl_agrees(void **state)
{
    static const struct {
        const char *uri;
        const char *key;
        bool digest;
    } keys[] = {
        {"pkcs11:token=lab;object=release" MODULE, "release", true},
        {"pkcs11:token=lab;id=%01;type=private" MODULE, "release", true},
        {"pkcs11:manufacturer=SoftHSM%20project;object=fast" MODULE, "fast", false},
    };
    static const char text[] = "DSSEv1 4 type 7 payload";
    (void)state;
    if (!has_softhsm) {
        skip();
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        hb_signer *s = NULL;
        hb_buf sig;
        hb_buf_init(&sig, 1024);
        hb_signer_ask ask = ask_for(keys[i].uri, "1234");
        CHECK_OK(hb_signer_open(&ask, &s, &err));
        for (int round = 0; round < 5; round++) { /* leading zeros of r and s come by chance */
            CHECK_OK(hb_signer_sign(s, text, strlen(text), &sig, &err));
            openssl_agrees(keys[i].key, keys[i].digest, text, &sig, hb_signer_public(s));
        }
        hb_signer_free(s);
        hb_buf_release(&sig);
    }
}

static void pkcs11__the_pin_comes_from_a_file_of_ones_own(void **state)
{
    hb_signer *s = NULL;
    char uri[600];
    (void)state;
    if (!has_softhsm) {
        skip();
    }
    write_file("pin", "1234\n", 5, 0600);
    snprintf(uri, sizeof uri, "pkcs11:token=lab;object=release" MODULE "&pin-source=file:%s",
             temp_path("pin"));
    hb_signer_ask ask = ask_for(uri, NULL);
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    hb_signer_free(s);
    assert_int_equal(chmod(temp_path("pin"), 0644), 0);
    CHECK_ERROR(hb_signer_open(&ask, &s, &err), HB_E_INPUT, "can be read");
}

/* A key as in the signature slot of PIV cards: OpenSC's pkcs11-tool makes it in the token. */
static void make_always(const char *label, const char *id)
{
    const char *const make[] = {"pkcs11-tool",
                                "--module",
                                "/usr/lib/softhsm/libsofthsm2.so",
                                "--token-label",
                                "lab",
                                "--login",
                                "--pin",
                                "1234",
                                "--keypairgen",
                                "--key-type",
                                "EC:secp384r1",
                                "--label",
                                label,
                                "--id",
                                id,
                                "--always-auth",
                                NULL};
    must(make);
}

static void pkcs11__a_key_has_its_pin_for_every_signature(void **state)
{
    static const char text[] = "qualified";
    hb_signer *s = NULL;
    hb_buf sig;
    (void)state;
    if (!has_softhsm) {
        skip();
    }
    make_always("each", "04");
    hb_buf_init(&sig, 1024);
    hb_signer_ask ask = ask_for("pkcs11:token=lab;object=each" MODULE, NULL);
    ask.passphrase = (hb_passphrase){.get = give_pin, .ctx = &pin_now};
    pin_now = "1234";
    asked = 0;
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    assert_int_equal(asked, 1);
    for (unsigned i = 0; i < 3; i++) { /* hb_signer_sign verifies each */
        CHECK_OK(hb_signer_sign(s, text, strlen(text), &sig, &err));
        assert_int_equal(asked, 2 + i);
    }
    /* A wrong one is told, and never given again; the token has tries left. */
    pin_now = "9999";
    CHECK_ERROR(hb_signer_sign(s, text, strlen(text), &sig, &err), HB_E_DENIED, "the PIN is wrong");
    pin_now = "1234";
    CHECK_ERROR(hb_signer_sign(s, text, strlen(text), &sig, &err), HB_E_DENIED, "not tried again");
    assert_int_equal(asked, 5);
    hb_signer_free(s);
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    CHECK_OK(hb_signer_sign(s, text, strlen(text), &sig, &err));
    hb_signer_free(s);
    hb_buf_release(&sig);
}

/* The file is gone when the second PIN is wanted; when it is back the session still signs. */
static void pkcs11__a_signature_without_its_pin_is_none(void **state)
{
    static const char text[] = "qualified";
    char uri[600];
    hb_signer *s = NULL;
    hb_buf sig;
    (void)state;
    if (!has_softhsm) {
        skip();
    }
    make_always("gone", "05");
    hb_buf_init(&sig, 1024);
    write_file("pin", "1234\n", 5, 0600);
    snprintf(uri, sizeof uri, "pkcs11:token=lab;object=gone" MODULE "&pin-source=file:%s",
             temp_path("pin"));
    hb_signer_ask ask = ask_for(uri, NULL);
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    assert_int_equal(unlink(temp_path("pin")), 0);
    CHECK_ERROR(hb_signer_sign(s, text, strlen(text), &sig, &err), HB_E_INPUT, "PIN file");
    assert_int_equal(sig.n, 0);
    write_file("pin", "1234\n", 5, 0600);
    CHECK_OK(hb_signer_sign(s, text, strlen(text), &sig, &err));
    hb_signer_free(s);
    hb_buf_release(&sig);
}

static void pkcs11__refusals_say_what_is_wrong(void **state)
{
    static const struct {
        const char *uri;
        const char *pin;
        hb_status status;
        const char *words;
    } cases[] = {
        {"pkcs11:token=lab;object=release" MODULE, "9999", HB_E_DENIED, "the PIN is wrong"},
        {"pkcs11:token=lab;object=release" MODULE, NULL, HB_E_DENIED, "wants a PIN"},
        {"pkcs11:token=other;object=release" MODULE, "1234", HB_E_INPUT, "there are: 'lab'"},
        {"pkcs11:token=lab;object=none" MODULE, "1234", HB_E_INPUT, "no private key"},
        {"pkcs11:token=lab;object=small" MODULE, "1234", HB_E_INPUT, "a curve hb does not"},
        {"pkcs11:token=lab;object=a?module-path=/none.so", "1234", HB_E_IO, "cannot be loaded"},
        {"pkcs11:object=a?module-path=/lib/x86_64-linux-gnu/libz.so.1", "1234", HB_E_IO, "module"},
    };
    (void)state;
    if (!has_softhsm) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_signer *s = NULL;
        hb_signer_ask ask = ask_for(cases[i].uri, cases[i].pin);
        CHECK_ERROR(hb_signer_open(&ask, &s, &err), cases[i].status, cases[i].words);
    }
}

static void pkcs11_uri__reads_what_tools_print(void **state)
{
    hb_pkcs11_uri u;
    (void)state;
    CHECK_OK(hb_pkcs11_uri_read(
        "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=2f0a;token=The%20Lab;"
        "id=%01%aB%00;object=a%2fb;type=private?module-path=/usr/lib/m.so&pin-source=file:/etc/pin",
        &u, &err));
    assert_string_equal(u.model, "SoftHSM v2");
    assert_string_equal(u.token, "The Lab");
    assert_string_equal(u.serial, "2f0a");
    assert_string_equal(u.object, "a/b");
    assert_int_equal(u.id_n, 3);
    assert_memory_equal(u.id, "\x01\xab\0", 3);
    assert_string_equal(u.module_path, "/usr/lib/m.so");
    assert_string_equal(u.pin_file, "/etc/pin");
    CHECK_OK(hb_pkcs11_uri_read("pkcs11:object=x?pin-source=file:///etc/pin", &u, &err));
    assert_string_equal(u.pin_file, "/etc/pin");
}

static void pkcs11_uri__refuses_the_rest(void **state)
{
    static const struct {
        const char *uri;
        const char *words;
    } cases[] = {
        {"pkcs11:object=a?pin-value=1234", "'pin-value' is refused"},
        {"pkcs11:token=lab", "names no key"},
        {"pkcs11:", "names no key"},
        {"PKCS11:object=a", "expected a URI"},
        {"pkcs11:object=a;object=b", "stands twice"},
        {"pkcs11:object=a;slot-id=3", "unknown attribute 'slot-id' in its path"},
        {"pkcs11:object=a?module-name=x", "unknown attribute 'module-name' in its query"},
        {"pkcs11:object=a?module-path=m.so", "no absolute path"},
        {"pkcs11:object=a?pin-source=%7ccat%20/pin", "no absolute path"},
        {"pkcs11:object=a?pin-source=file:pin", "no absolute path"},
        {"pkcs11:object=", "is empty"},
        {"pkcs11:object=a%00b", "is no text"},
        {"pkcs11:object=a%2", "without two digits"},
        {"pkcs11:object=a%zz", "without two digits"},
        {"pkcs11:object=a b", "is written as %20"},
        {"pkcs11:object=a;", "nothing after its last ';'"},
        {"pkcs11:object", "expected name=value"},
        {"pkcs11:object=a;type=cert", "type=private"},
        {"pkcs11:token=a;;object=b", "expected name=value"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_pkcs11_uri u;
        CHECK_ERROR(hb_pkcs11_uri_read(cases[i].uri, &u, &err), HB_E_USAGE, cases[i].words);
    }
}

/* A point that is not on the curve is not taken from a token either. */
static void pkcs11_key__checks_the_point(void **state)
{
    static const char params[] = "\x06\x05\x2b\x81\x04\x00\x22";
    char point[97] = {4};
    hb_pubkey *k = NULL;
    (void)state;
    point[50] = 1;
    CHECK_ERROR(hb_pkcs11_key_public(false, (hb_str){params, 7}, (hb_str){point, 97}, &k, &err),
                HB_E_INPUT, "token's public key");
    CHECK_ERROR(hb_pkcs11_key_public(false, (hb_str){params, 7}, (hb_str){point, 60}, &k, &err),
                HB_E_INPUT, "uncompressed point");
    CHECK_ERROR(hb_pkcs11_key_public(true, (hb_str){params, 7}, (hb_str){point, 32}, &k, &err),
                HB_E_INPUT, "a curve");
}

/* Integers of ECDSA-Sig-Value are minimal and positive (X.690 8.3): by hand. */
static void pkcs11_key__der_is_minimal(void **state)
{
    uint8_t raw[96] = {0};
    hb_buf sig;
    (void)state;
    hb_buf_init(&sig, 256);
    raw[47] = 0x80;
    raw[95] = 0x01;
    CHECK_OK(hb_pkcs11_key_der(raw, &sig, &err));
    assert_int_equal(sig.n, 9);
    assert_memory_equal(sig.p, "\x30\x07\x02\x02\x00\x80\x02\x01\x01", 9);
    hb_buf_release(&sig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pkcs11__signs_by_softhsm_and_openssl_agrees),
        cmocka_unit_test(pkcs11__the_pin_comes_from_a_file_of_ones_own),
        cmocka_unit_test(pkcs11__a_key_has_its_pin_for_every_signature),
        cmocka_unit_test(pkcs11__a_signature_without_its_pin_is_none),
        cmocka_unit_test(pkcs11__refusals_say_what_is_wrong),
        cmocka_unit_test(pkcs11_uri__reads_what_tools_print),
        cmocka_unit_test(pkcs11_uri__refuses_the_rest),
        cmocka_unit_test(pkcs11_key__checks_the_point),
        cmocka_unit_test(pkcs11_key__der_is_minimal),
    };
    return cmocka_run_group_tests(tests, make_token, remove_token);
}
