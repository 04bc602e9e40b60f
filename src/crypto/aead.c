/* SPDX-License-Identifier: Apache-2.0 */
/* A piece is worked on when a byte after it is there, or the end: only then it is known whether it
 * is the last. Nothing reaches the sink of an opening stream before its tag was checked. */
#include "crypto/aead.h"

#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

enum {
    SALT_AT = 16,
    SALT = 32,
    KEY = 32,
    NONCE = 12,
    SCRYPT_R = 8,
    SCRYPT_P = 1,
    KDF_SCRYPT = 1,
};

struct hb_aead {
    bool sealing;
    hb_sink sink;
    char *passphrase; /* until the head is there */
    unsigned log2n_max;
    unsigned char head[HB_AEAD_HEAD];
    size_t head_n;
    unsigned char key[KEY];
    EVP_CIPHER_CTX *ctx;
    uint64_t piece; /* number of the one being filled */
    size_t n;       /* bytes of it in `in` */
    unsigned char in[HB_AEAD_PIECE + HB_AEAD_TAG];
    unsigned char out[HB_AEAD_PIECE + HB_AEAD_TAG];
};

static hb_status derive(hb_aead *a, const char *passphrase, hb_error *err)
{
    unsigned log2n = a->head[9];
    const uint64_t n = UINT64_C(1) << log2n;
    const uint64_t memory = n * 128 * SCRYPT_R + (1 << 20);
    int good = EVP_PBE_scrypt(passphrase, strlen(passphrase), a->head + SALT_AT, SALT, n, SCRYPT_R,
                              SCRYPT_P, memory, a->key, KEY);
    ERR_clear_error();
    return good == 1 ? HB_OK
                     : HB_FAIL(err, HB_E_NOMEM, "scrypt needs %llu MiB of memory",
                               (unsigned long long)(memory >> 20));
}

/* NULL = no memory */
static hb_aead *make(bool sealing, hb_sink sink)
{
    hb_aead *a = hb_alloc_zero(sizeof *a);
    if (!a) {
        return NULL;
    }
    a->sealing = sealing;
    a->sink = sink;
    a->ctx = EVP_CIPHER_CTX_new();
    if (!a->ctx) {
        hb_aead_free(a);
        return NULL;
    }
    return a;
}

hb_status hb_aead_seal_new(const hb_os *os, const char *passphrase, unsigned log2n, hb_sink sink,
                           hb_aead **ret, hb_error *err)
{
    hb_aead *a = NULL;
    if (strlen(passphrase) < HB_AEAD_PASSPHRASE_MIN) {
        return HB_FAIL(err, HB_E_USAGE,
                       "the passphrase has %zu bytes, at least %d: whoever has the file may guess "
                       "as long as he likes",
                       strlen(passphrase), HB_AEAD_PASSPHRASE_MIN);
    }
    a = make(true, sink);
    if (!a) {
        return HB_NOMEM(err);
    }
    memcpy(a->head, HB_AEAD_MAGIC, 8);
    a->head[8] = KDF_SCRYPT;
    a->head[9] = (unsigned char)log2n;
    a->head[10] = SCRYPT_R;
    a->head[11] = SCRYPT_P;
    a->head[14] = HB_AEAD_PIECE >> 16; /* u32, little-endian */
    a->head_n = HB_AEAD_HEAD;
    hb_status status = os->random(a->head + SALT_AT, SALT) == 0
                           ? derive(a, passphrase, err)
                           : HB_FAIL(err, HB_E_IO, "cannot get random bytes");
    if (status == HB_OK) {
        status = sink.write(sink.ctx, a->head, HB_AEAD_HEAD, err);
    }
    if (status != HB_OK) {
        hb_aead_free(a);
        return status;
    }
    *ret = a;
    return HB_OK;
}

hb_status hb_aead_open_new(const char *passphrase, unsigned log2n_max, hb_sink sink, hb_aead **ret,
                           hb_error *err)
{
    hb_aead *a = make(false, sink);
    if (!a) {
        return HB_NOMEM(err);
    }
    a->log2n_max = log2n_max;
    a->passphrase = hb_strdup(passphrase);
    if (!a->passphrase) {
        hb_aead_free(a);
        return HB_NOMEM(err);
    }
    *ret = a;
    return HB_OK;
}

static void forget_passphrase(hb_aead *a)
{
    if (a->passphrase) {
        OPENSSL_cleanse(a->passphrase, strlen(a->passphrase));
        hb_free(a->passphrase);
        a->passphrase = NULL;
    }
}

void hb_aead_free(hb_aead *a)
{
    if (a) {
        forget_passphrase(a);
        EVP_CIPHER_CTX_free(a->ctx);
        OPENSSL_cleanse(a, sizeof *a);
        hb_free(a);
    }
}

static hb_status read_head(hb_aead *a, hb_error *err)
{
    static const unsigned char fixed[] = {SCRYPT_R, SCRYPT_P, 0, 0, HB_AEAD_PIECE >> 16, 0};
    if (memcmp(a->head, HB_AEAD_MAGIC, 8) != 0 || a->head[8] != KDF_SCRYPT ||
        memcmp(a->head + 10, fixed, sizeof fixed) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the head is not that of an encrypted file of hb");
    }
    unsigned log2n = a->head[9];
    if (log2n < HB_AEAD_LOG2N_MIN || log2n > a->log2n_max) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the head asks for scrypt with N = 2^%u, 2^%d to 2^%u",
                       log2n, HB_AEAD_LOG2N_MIN, a->log2n_max);
    }
    hb_status status = derive(a, a->passphrase, err);
    forget_passphrase(a);
    return status;
}

static hb_status broken(const hb_aead *a, hb_error *err)
{
    return a->piece == 0
               ? HB_FAIL(err, HB_E_EVIDENCE,
                         "it does not decrypt: the passphrase is wrong, or bytes were changed")
               : HB_FAIL(
                     err, HB_E_EVIDENCE,
                     "it does not decrypt from byte %llu on: bytes were changed or cut off",
                     (unsigned long long)(HB_AEAD_HEAD + a->piece * (HB_AEAD_PIECE + HB_AEAD_TAG)));
}

static hb_status work(hb_aead *a, bool last, hb_error *err)
{
    unsigned char nonce[NONCE] = {0};
    size_t n = a->sealing ? a->n : a->n - HB_AEAD_TAG;
    int out_n = 0;
    int rest = 0;
    for (int i = 0; i < 8; i++) {
        nonce[3 + i] = (unsigned char)(a->piece >> (56 - 8 * i));
    }
    nonce[11] = last;
    bool good =
        EVP_CipherInit_ex(a->ctx, EVP_aes_256_gcm(), NULL, a->key, nonce, a->sealing) == 1 &&
        EVP_CipherUpdate(a->ctx, NULL, &rest, a->head, HB_AEAD_HEAD) == 1 &&
        EVP_CipherUpdate(a->ctx, a->out, &out_n, a->in, (int)n) == 1 &&
        (a->sealing || EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, HB_AEAD_TAG, a->in + n));
    if (!good) {
        return HB_FAIL(err, HB_E_BUG, "AES-256-GCM is not available in this OpenSSL");
    }
    if (EVP_CipherFinal_ex(a->ctx, a->out + out_n, &rest) != 1) {
        ERR_clear_error();
        return broken(a, err);
    }
    if (a->sealing) {
        EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, HB_AEAD_TAG, a->out + n);
        n += HB_AEAD_TAG;
    }
    a->piece++;
    a->n = 0;
    return a->sink.write(a->sink.ctx, a->out, n, err);
}

hb_status hb_aead_add(hb_aead *a, const void *p, size_t n, hb_error *err)
{
    const unsigned char *at = p;
    const size_t full = HB_AEAD_PIECE + (a->sealing ? 0 : HB_AEAD_TAG);
    while (n) {
        if (a->head_n < HB_AEAD_HEAD) {
            size_t some = HB_AEAD_HEAD - a->head_n < n ? HB_AEAD_HEAD - a->head_n : n;
            memcpy(a->head + a->head_n, at, some);
            a->head_n += some;
            at += some;
            n -= some;
            if (a->head_n == HB_AEAD_HEAD) {
                HB_TRY(read_head(a, err));
            }
            continue;
        }
        if (a->n == full) {
            HB_TRY(work(a, false, err));
        }
        size_t some = full - a->n < n ? full - a->n : n;
        memcpy(a->in + a->n, at, some);
        a->n += some;
        at += some;
        n -= some;
    }
    return HB_OK;
}

hb_status hb_aead_end(hb_aead *a, hb_error *err)
{
    if (!a->sealing) {
        if (a->head_n < HB_AEAD_HEAD || a->n < HB_AEAD_TAG) {
            return HB_FAIL(err, HB_E_EVIDENCE, "it ends before its end: bytes were cut off");
        }
        if (a->n == HB_AEAD_TAG && a->piece) { /* only a file without content ends so */
            return broken(a, err);
        }
    }
    return work(a, true, err);
}
