/* SPDX-License-Identifier: Apache-2.0 */
/* Notes as golang.org/x/mod/sumdb/note and the C2SP specification have them: the keys, the signed
 * text and the malformed messages are those of its note_test.go. */
#include "support/check.h"

#include "audit/note.h"
#include "base/mem.h"
#include "crypto/base64.h"
#include "os/file.h"
#include "support/temp_dir.h"

#include <stdio.h>
#include <string.h>

#define TEXT                                                     \
    "If you think cryptography is the answer to your problem,\n" \
    "then you don't know what your problem is.\n"
#define PETER                                                                                   \
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX" \
    "gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH                                                                                  \
    "\xe2\x80\x94 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovT" \
    "G01oOTGwnWLox33WWd1RvMc+QQ=\n"
#define PETER_KEY "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH_KEY "ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

/* The seed of its private key in PKCS#8. */
#define PETER_PEM                                                        \
    "-----BEGIN PRIVATE KEY-----\n"                                      \
    "MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n" \
    "-----END PRIVATE KEY-----\n"

static hb_arena arena;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    hb_arena_init(&arena, 1 << 20);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    hb_arena_release(&arena);
    temp_dir_remove();
    return 0;
}

static hb_pubkey *key_of(const char *text)
{
    uint8_t raw[33];
    size_t n = 0;
    hb_pubkey *key = NULL;
    CHECK_OK(hb_base64_read(hb_str_of(text), "key", raw, sizeof raw, &n, &err));
    assert_int_equal(n, sizeof raw);
    CHECK_OK(hb_pubkey_from_raw(raw + 1, &key, &err));
    return key;
}

static hb_signer *peter(void)
{
    hb_signer *s = NULL;
    const char *path = temp_path("peter.pem");
    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, PETER_PEM, sizeof PETER_PEM - 1, 0600, &err));
    const hb_signer_ask ask = {.os = hb_os_real(), .key = path};
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    return s;
}

static hb_note read_note(const char *text)
{
    hb_note n = {.n_signatures = 0};
    CHECK_OK(hb_note_read(hb_str_of(text), "note", &arena, &n, &err));
    return n;
}

static void note__is_read_as_others_read_it(void **state)
{
    (void)state;
    hb_pubkey *key = key_of(PETER_KEY);
    hb_pubkey *enoch = key_of(ENOCH_KEY);
    hb_note n = read_note(TEXT "\n" PETER ENOCH);
    assert_true(hb_str_eq_c(n.text, TEXT));
    assert_int_equal(n.n_signatures, 2);
    assert_string_equal(n.signatures[1].name, "EnochRoot");
    CHECK_OK(hb_note_verify(&n, "PeterNeumann", key, &err));
    CHECK_OK(hb_note_verify(&n, "EnochRoot", enoch, &err));
    CHECK_ERROR(hb_note_verify(&n, "PeterNeumann", enoch, &err), HB_E_EVIDENCE, "no signature");
    CHECK_ERROR(hb_note_verify(&n, "CarmenSandiego", key, &err), HB_E_EVIDENCE, "no signature");
    n = read_note(TEXT "\n" PETER PETER);
    CHECK_OK(hb_note_verify(&n, "PeterNeumann", key, &err));
    n = read_note("If you think\n\nthat\n\n" PETER);
    assert_true(hb_str_eq_c(n.text, "If you think\n\nthat\n"));
    CHECK_ERROR(hb_note_verify(&n, "PeterNeumann", key, &err), HB_E_EVIDENCE, "false");
    hb_pubkey_free(key);
    hb_pubkey_free(enoch);
}

static void note__is_signed_as_others_sign_it(void **state)
{
    (void)state;
    hb_signer *s = peter();
    hb_buf out;
    hb_buf_init(&out, 4096);
    CHECK_OK(hb_note_sign(hb_str_of(TEXT), "PeterNeumann", s, &out, &err));
    assert_string_equal(out.p, PETER);
    CHECK_ERROR(hb_note_sign(hb_str_of(TEXT), "Peter Neumann", s, &out, &err), HB_E_USAGE,
                "no blanks");
    CHECK_ERROR(hb_note_sign(hb_str_of(TEXT), "a+b", s, &out, &err), HB_E_USAGE, "no '+'");
    CHECK_ERROR(hb_note_sign(hb_str_of(TEXT), "", s, &out, &err), HB_E_USAGE, "1 to");
    hb_buf_clear(&out);
    CHECK_OK(hb_note_key_text("PeterNeumann", hb_signer_public(s), &out, &err));
    assert_string_equal(out.p, "PeterNeumann+c74f20a3+" PETER_KEY);
    hb_buf_release(&out);
    hb_signer_free(s);
}

static void note__refuses_what_others_refuse(void **state)
{
    (void)state;
    static const char *const bad[] = {
        TEXT,
        TEXT "\n",
        TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG",
        "\x01" TEXT "\n" PETER,
        "\xff" TEXT "\n" PETER,
        TEXT "\n\xe2\x80\x94 Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
             "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
        TEXT "\n" PETER "Unexpected line.\n",
        TEXT "\n- PeterNeumann x08go/ZJ\n",
        TEXT "\n\xe2\x80\x94 a+b x08go/ZJ\n",
        TEXT "\n\xe2\x80\x94 PeterNeumann \n",
        TEXT "\n\xe2\x80\x94 PeterNeumann\n",
        TEXT "\n\xe2\x80\x94 PeterNeumann x08goA==\n", /* a hash and no signature */
        TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJ \n",
        "",
        "\n",
        "\n\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hb_note n;
        CHECK_ERROR(hb_note_read(hb_str_of(bad[i]), "bad", &arena, &n, &err), HB_E_INPUT, "'bad'");
    }
    char many[20 * sizeof PETER + sizeof TEXT] = TEXT "\n";
    for (int i = 0; i < 17; i++) {
        size_t n = strlen(many);
        snprintf(many + n, sizeof many - n, "%s", PETER);
    }
    hb_note n;
    CHECK_ERROR(hb_note_read(hb_str_of(many), "many", &arena, &n, &err), HB_E_INPUT,
                "more than 16 signatures");
}

/* --- checkpoints --- */

#define ROOT "qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVco="
#define SIG "\n\xe2\x80\x94 x Fg2GtnDcvsMVgWxqXC9yBw==\n"

static void checkpoint__has_origin_size_and_root(void **state)
{
    (void)state;
    hb_checkpoint c;
    CHECK_OK(
        hb_checkpoint_read(HB_STR("lab/1\n1042\n" ROOT "\nmore\n" SIG), "c", &arena, &c, &err));
    assert_string_equal(c.origin, "lab/1");
    assert_int_equal(c.size, 1042);
    assert_int_equal(c.root.v[0], 0xa8);
    static const char *const bad[] = {
        "lab/1\n1042\n" SIG,
        "lab 1\n1042\n" ROOT "\n" SIG,
        "\n1042\n" ROOT "\n" SIG,
        "lab/1\n01042\n" ROOT "\n" SIG,
        "lab/1\n+5\n" ROOT "\n" SIG,
        "lab/1\n-5\n" ROOT "\n" SIG,
        "lab/1\n\n" ROOT "\n" SIG,
        "lab/1\n99999999999999999999\n" ROOT "\n" SIG,
        "lab/1\n18446744073709551615\n" ROOT "\n" SIG,
        "lab/1\n1042\nqINS1GRF\n" SIG,
        "lab/1\n1042\n" ROOT "AAAA\n" SIG,
        "lab/1\n1042\n" ROOT "\n\nmore\n" SIG,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_checkpoint_read(hb_str_of(bad[i]), "bad", &arena, &c, &err), HB_E_INPUT,
                    "'bad' is no checkpoint");
    }
}

static void checkpoint__is_signed_and_cosigned(void **state)
{
    (void)state;
    hb_signer *s = peter();
    hb_pubkey *enoch = key_of(ENOCH_KEY);
    hb_hash root = {.v = {1, 2, 3}};
    hb_checkpoint c;
    hb_buf out;
    hb_buf two;
    hb_buf_init(&out, HB_CHECKPOINT_MAX);
    hb_buf_init(&two, HB_CHECKPOINT_MAX);
    CHECK_OK(hb_checkpoint_sign("lab/1", 7, &root, s, &out, &err));
    CHECK_OK(hb_checkpoint_cosign((hb_str){out.p, out.n}, "witness", s, &two, &err));
    CHECK_OK(hb_checkpoint_read((hb_str){two.p, two.n}, "c", &arena, &c, &err));
    assert_int_equal(c.note.n_signatures, 2);
    assert_int_equal(c.size, 7);
    assert_memory_equal(c.root.v, root.v, sizeof root.v);
    CHECK_OK(hb_checkpoint_verify(&c, "lab/1", hb_signer_public(s), &err));
    CHECK_OK(hb_checkpoint_verify(&c, "witness", hb_signer_public(s), &err));
    CHECK_ERROR(hb_checkpoint_verify(&c, "lab/1", enoch, &err), HB_E_EVIDENCE, "no signature");
    for (size_t i = 0; i < c.note.text.n; i++) { /* whatever is changed in what is signed */
        hb_buf_clear(&out);
        hb_buf_add(&out, two.p, two.n);
        out.p[i] ^= 1;
        hb_checkpoint d;
        hb_status status = hb_checkpoint_read((hb_str){out.p, out.n}, "d", &arena, &d, NULL);
        if (status == HB_OK) {
            status = hb_checkpoint_verify(&d, "lab/1", hb_signer_public(s), NULL);
        }
        assert_true(status == HB_E_INPUT || status == HB_E_EVIDENCE);
    }
    hb_buf_release(&out);
    hb_buf_release(&two);
    hb_pubkey_free(enoch);
    hb_signer_free(s);
}

/* 100 bits of SHA-256("abc") = ba7816bf8f01cfea414140de5d…, five at a time by hand. */
static void checkpoint__has_a_code_for_paper(void **state)
{
    (void)state;
    char code[HB_CHECKPOINT_CODE];
    char again[HB_CHECKPOINT_CODE];
    CHECK_OK(hb_checkpoint_code(HB_STR("abc"), code, &err));
    assert_string_equal(code, "Q9W1D-FWF07-7YMGA-183F5");
    CHECK_OK(hb_checkpoint_code_read(" q9wLd fwfo7-7ymga i83f5", again, &err));
    assert_string_equal(again, code);
    CHECK_ERROR(hb_checkpoint_code_read("Q9W1D-FWF07-7YMGA", again, &err), HB_E_USAGE, "4 groups");
    CHECK_ERROR(hb_checkpoint_code_read("Q9W1D-FWF07-7YMGA-183F50", again, &err), HB_E_USAGE,
                "4 groups");
    CHECK_ERROR(hb_checkpoint_code_read("U9W1D-FWF07-7YMGA-183F5", again, &err), HB_E_USAGE,
                "no code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
        IN_DIR(note__is_read_as_others_read_it),    IN_DIR(note__is_signed_as_others_sign_it),
        IN_DIR(note__refuses_what_others_refuse),   IN_DIR(checkpoint__has_origin_size_and_root),
        IN_DIR(checkpoint__is_signed_and_cosigned), IN_DIR(checkpoint__has_a_code_for_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
