/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted files of both kinds, as hb_sealed_kind takes them. What decrypts under a passphrase has
 * the size its framing says; scrypt's work is held to the least. */
#include "crypto/aead.h"
#include "crypto/cms.h"
#include "crypto/sealed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made for this file; the seed corpus is encrypted to it. */
static const char private_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgugue2WPZclVLw42s\n"
    "eDGBv+Yp5C9ZOBg2ppN+vq7/WuqhRANCAAQZB1q3/Y5fivw7N0SQ2yZrTnXxgSFR\n"
    "81bb/+cgVM2yi0a/6jvr6YDGOyf/meR8a0Q+s9O/d5s626lbJQ3Ypa3K\n"
    "-----END PRIVATE KEY-----\n";

static hb_status count(void *ctx, const void *p, size_t n, hb_error *err)
{
    (void)p;
    (void)err;
    *(size_t *)ctx += n;
    return HB_OK;
}

/* A path of a file only this process has. */
static const char *key_path(void)
{
    static char path[40];
    if (!*path) {
        int fd = memfd_create("key", MFD_CLOEXEC);
        if (fd < 0 || fchmod(fd, 0600) != 0 ||
            write(fd, private_key, sizeof private_key - 1) != sizeof private_key - 1) {
            abort();
        }
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    return path;
}

static void passphrase(hb_str sealed)
{
    size_t out = 0;
    hb_aead *a = NULL;
    if (hb_aead_open_new("passphrase", HB_AEAD_LOG2N_MIN, (hb_sink){.write = count, .ctx = &out},
                         &a, NULL) != HB_OK) {
        return;
    }
    hb_status status = hb_aead_add(a, sealed.p, sealed.n, NULL);
    if (status == HB_OK && hb_aead_end(a, NULL) == HB_OK) {
        size_t pieces = out ? (out + HB_AEAD_PIECE - 1) / HB_AEAD_PIECE : 1;
        if (sealed.n != HB_AEAD_HEAD + out + pieces * HB_AEAD_TAG) {
            abort();
        }
    }
    hb_aead_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_str sealed = {(const char *)data, size};
    const hb_cms_source source = hb_cms_of_bytes(&sealed);
    size_t out = 0;
    hb_error err = {0};
    switch (hb_sealed_kind(data, size < HB_SEALED_HEAD ? size : HB_SEALED_HEAD)) {
    case HB_SEALED_PASSPHRASE:
        passphrase(sealed);
        break;
    case HB_SEALED_CMS:
    case HB_SEALED_NOT:
        if (hb_cms_open(hb_os_real(), &source, key_path(), NULL,
                        (hb_sink){.write = count, .ctx = &out}, &err) == HB_E_BUG) {
            abort();
        }
        break;
    }
    return 0;
}
