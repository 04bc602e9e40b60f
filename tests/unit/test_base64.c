/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "crypto/base64.h"
#include "crypto/digest.h"

/* RFC 4648, section 10. */
static void base64__knows_the_vectors_of_the_rfc(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *plain = pairs[i][0];
        char got[16];
        size_t n = 99;
        hb_buf out;
        hb_buf_init(&out, 100);
        hb_base64_put(&out, plain, strlen(plain));
        assert_string_equal(out.p, pairs[i][1]);
        assert_int_equal(out.n, HB_BASE64_TEXT(strlen(plain)));
        CHECK_OK(hb_base64_read((hb_str){out.p, out.n}, "it", got, sizeof got, &n, &err));
        assert_int_equal(n, strlen(plain));
        assert_memory_equal(got, plain, n);
        hb_buf_release(&out);
    }
}

static void base64__refuses_every_second_way_to_write_it(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"Zg", "multiple of four"},
        {"Zg=", "multiple of four"},
        {"Zm9v\n", "multiple of four"},
        {"Zh==", "belong to no byte"},
        {"Zm9=", "belong to no byte"},
        {"Zm-_", "outside its alphabet at byte 3"},
        {"Z===", "outside its alphabet at byte 2"},
        {"====", "outside its alphabet at byte 1"},
        {"Zg==Zg==", "outside its alphabet at byte 3"},
        {"Zm 9", "outside its alphabet"},
        {"Zm9v    ", "outside its alphabet"},
        {"Z\xc3\xa4v", "outside its alphabet"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char room[16];
        size_t n = 99;
        CHECK_ERROR(hb_base64_read(hb_str_of(bad[i][0]), "it", room, sizeof room, &n, &err),
                    HB_E_INPUT, bad[i][1]);
        assert_int_equal(n, 99);
    }
    char room[2];
    size_t n = 0;
    CHECK_ERROR(hb_base64_read(HB_STR("Zm9v"), "it", room, 2, &n, &err), HB_E_LIMIT, "3 bytes");
    CHECK_ERROR(hb_base64_read((hb_str){"Zg\0=", 4}, "it", room, 2, &n, &err), HB_E_INPUT,
                "byte 3");
}

/* FIPS 180-4's examples (csrc.nist.gov, SHA256.pdf and SHA512.pdf). */
static void digest__knows_the_vectors_of_fips_180(void **state)
{
    (void)state;
    char sha256[HB_DIGEST_HEX];
    char sha512[HB_DIGEST512_HEX];
    CHECK_OK(hb_digest2_of("abc", 3, sha256, sha512, &err));
    assert_string_equal(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* One million times "a", FIPS 180-4's third example, in pieces that fit nothing. */
static void digest__is_the_same_in_pieces(void **state)
{
    (void)state;
    static char a[1000000];
    char sha256[HB_DIGEST_HEX];
    char sha512[HB_DIGEST512_HEX];
    memset(a, 'a', sizeof a);
    hb_digest2 *d = NULL;
    CHECK_OK(hb_digest2_new(&d, &err));
    for (size_t at = 0, piece = 1; at < sizeof a; at += piece, piece = piece * 3 + 1) {
        size_t n = sizeof a - at < piece ? sizeof a - at : piece;
        CHECK_OK(hb_digest2_add(d, a + at, n, &err));
    }
    CHECK_OK(hb_digest2_hex(d, sha256, sha512, &err));
    hb_digest2_free(d);
    assert_string_equal(sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_string_equal(sha512, "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                                "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64__knows_the_vectors_of_the_rfc),
        cmocka_unit_test(base64__refuses_every_second_way_to_write_it),
        cmocka_unit_test(digest__knows_the_vectors_of_fips_180),
        cmocka_unit_test(digest__is_the_same_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
