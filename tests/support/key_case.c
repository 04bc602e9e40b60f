/* SPDX-License-Identifier: Apache-2.0 */
#include "support/key_case.h"

#include "os/file.h"
#include "support/check.h"
#include "support/temp_dir.h"

static hb_status give(void *ctx, const char *what, char *ret, size_t room, hb_error *err)
{
    (void)what;
    (void)err;
    hb_str_fit(ctx, ret, room);
    return HB_OK;
}

hb_status key_case_open(const char *file, const char *passphrase, hb_signer **ret, hb_error *err)
{
    const hb_signer_ask ask = {
        .os = hb_os_real(),
        .key = temp_path(file),
        .passphrase = {passphrase ? give : NULL, (void *)(uintptr_t)passphrase}};
    return hb_signer_open(&ask, ret, err);
}

hb_signer *key_case_new(const char *name, hb_algorithm a)
{
    char file[64];
    hb_signer *s = NULL;
    snprintf(file, sizeof file, "%s.pem", name);
    CHECK_OK(hb_key_generate(hb_os_real(), a, temp_path(file), NULL, &err));
    CHECK_OK(key_case_open(file, NULL, &s, &err));
    return s;
}

hb_pubkey *key_case_public(const char *file)
{
    char *pem = NULL;
    size_t n = 0;
    hb_pubkey *k = NULL;
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(file), HB_PEM_MAX, &pem, &n, &err));
    CHECK_OK(hb_pubkey_read((hb_str){pem, n}, file, &k, &err));
    hb_free(pem);
    return k;
}

void key_case_write(const char *file, const void *p, size_t n, unsigned mode)
{
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path(file), p, n, (mode_t)mode, &err));
}

static unsigned nibble(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c | 0x20);
    assert_true(c && at);
    return (unsigned)(at - digits);
}

size_t key_case_hex(hb_str hex, uint8_t *ret, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < hex.n; i++) {
        if (hex.p[i] != '\n') {
            assert_true(n < room);
            ret[n++] = (uint8_t)(nibble(hex.p[i]) << 4 | nibble(hex.p[i + 1]));
            i++;
        }
    }
    return n;
}
