/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "crypto/base64.h"
#include "crypto/dsse.h"
#include "os/file.h"
#include "support/temp_dir.h"

static hb_signer *signer_of(const char *path, hb_passphrase passphrase)
{
    hb_signer *s = NULL;
    const hb_signer_ask ask = {.os = hb_os_real(), .key = path, .passphrase = passphrase};
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    return s;
}

static void key__generated_keys_sign_and_verify(void **state)
{
    (void)state;
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        temp_dir_new();
        CHECK_OK(
            hb_key_generate(hb_os_real(), (hb_algorithm)a, temp_path("k.pem"), NULL, &err));
        hb_signer *s = signer_of(temp_path("k.pem"), (hb_passphrase){0});
        hb_buf sig;
        hb_buf_init(&sig, HB_SIGNATURE_MAX);
        CHECK_OK(hb_signer_sign(s, "text", 4, &sig, &err));
        char *pem = NULL;
        size_t n = 0;
        hb_pubkey *pub = NULL;
        CHECK_OK(hb_file_read(hb_os_real(), temp_path("k.pub"), HB_PEM_MAX, &pem, &n, &err));
        CHECK_OK(hb_pubkey_read((hb_str){pem, n}, "k.pub", &pub, &err));
        assert_string_equal(hb_pubkey_id(pub), hb_pubkey_id(hb_signer_public(s)));
        CHECK_OK(hb_pubkey_verify(pub, "text", 4, sig.p, sig.n, &err));
        CHECK_ERROR(hb_pubkey_verify(pub, "texT", 4, sig.p, sig.n, &err), HB_E_EVIDENCE,
                    "not one of key");
        hb_pubkey_free(pub);
        hb_free(pem);
        hb_buf_release(&sig);
        hb_signer_free(s);
    }
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key__generated_keys_sign_and_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
