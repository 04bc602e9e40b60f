/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys in files: PKCS#8 (RFC 5958) in PEM, encrypted or not. */
#include "base/mem.h"
#include "crypto/key_internal.h"
#include "crypto/pem.h"
#include "crypto/secret.h"
#include "crypto/signer_internal.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

enum { FILE_MAX = 16 << 10 }; /* the largest is far from it; fits a stack */

typedef struct file_signer {
    hb_signer signer;
    EVP_PKEY *pkey;
} file_signer;

static hb_status decrypt(const hb_signer_ask *ask, const unsigned char *der, size_t n,
                         PKCS8_PRIV_KEY_INFO **ret, hb_error *err)
{
    const unsigned char *at = der;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)n);
    char passphrase[HB_PASSPHRASE_MAX];
    hb_status status = HB_OK;
    if (!sealed || at != der + n) {
        status = HB_FAIL(err, HB_E_INPUT, "key '%s' is no PKCS#8 key", ask->key);
    } else {
        status = hb_passphrase_get(&ask->passphrase, ask->key, passphrase, err);
    }
    if (status == HB_OK) {
        *ret = PKCS8_decrypt(sealed, passphrase, (int)strnlen(passphrase, sizeof passphrase));
        OPENSSL_cleanse(passphrase, sizeof passphrase);
        if (!*ret) {
            status = HB_FAIL(err, HB_E_INPUT,
                             "key '%s' cannot be decrypted: a wrong passphrase, or a method this "
                             "OpenSSL does not know",
                             ask->key);
        }
    }
    X509_SIG_free(sealed);
    return status;
}

static hb_status other_label(const char *label, const char *path, hb_error *err)
{
    if (strcmp(label, "OPENSSH PRIVATE KEY") == 0) {
        return HB_FAIL(err, HB_E_INPUT,
                       "key '%s' is one of OpenSSH: add it to ssh-agent and use agent:KEYID", path);
    }
    if (strstr(label, " PRIVATE KEY")) {
        return HB_FAIL(err, HB_E_INPUT,
                       "key '%s' is a '%s', expected PKCS#8: openssl pkcs8 -topk8 -in OLD -out NEW",
                       path, label);
    }
    return HB_FAIL(err, HB_E_INPUT, "key '%s' holds a '%s', expected a private key", path, label);
}

static hb_status decode(const hb_signer_ask *ask, hb_str pem, EVP_PKEY **ret, hb_error *err)
{
    char label[HB_PEM_LABEL_MAX];
    unsigned char der[FILE_MAX];
    size_t n = 0;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    hb_status status = hb_pem_read(pem, ask->key, label, der, sizeof der, &n, err);
    if (status == HB_OK && strcmp(label, "ENCRYPTED PRIVATE KEY") == 0) {
        status = decrypt(ask, der, n, &info, err);
    } else if (status == HB_OK && strcmp(label, "PRIVATE KEY") == 0) {
        const unsigned char *at = der;
        info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)n);
        if (!info || at != der + n) {
            status = HB_FAIL(err, HB_E_INPUT, "key '%s' is no PKCS#8 key", ask->key);
        }
    } else if (status == HB_OK) {
        status = other_label(label, ask->key, err);
    }
    OPENSSL_cleanse(der, sizeof der);
    if (status == HB_OK) {
        *ret = EVP_PKCS82PKEY(info);
        if (!*ret) {
            status =
                HB_FAIL(err, HB_E_INPUT, "key '%s' is of no algorithm that is known", ask->key);
        }
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    return status;
}

static void file_free(hb_signer *signer)
{
    file_signer *s = (file_signer *)signer;
    EVP_PKEY_free(s->pkey);
    hb_free(s);
}

hb_status hb_private_read(const hb_signer_ask *ask, EVP_PKEY **ret_key, hb_error *err)
{
    char pem[FILE_MAX];
    size_t n = 0;
    hb_status status = hb_secret_read(ask->os, "key", ask->key, pem, sizeof pem, &n, err);
    if (status == HB_OK) {
        status = decode(ask, (hb_str){pem, n}, ret_key, err);
    }
    OPENSSL_cleanse(pem, sizeof pem);
    return status;
}

static hb_status file_open(const hb_signer_ask *ask, hb_signer **ret_signer, hb_error *err)
{
    file_signer *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->signer.class = &hb_signer_file;
    hb_status status = hb_private_read(ask, &s->pkey, err);
    if (status == HB_OK) {
        status = hb_pubkey_of(s->pkey, ask->key, &s->signer.key, err);
    }
    if (status != HB_OK) {
        hb_signer_free(&s->signer);
        return status;
    }
    *ret_signer = &s->signer;
    return HB_OK;
}

static hb_status file_sign(hb_signer *signer, const void *p, size_t n, hb_buf *sig, hb_error *err)
{
    const file_signer *s = (const file_signer *)signer;
    unsigned char made[HB_SIGNATURE_MAX];
    size_t made_n = sizeof made;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx) {
        return HB_NOMEM(err);
    }
    const EVP_MD *md = hb_algorithm_md(hb_pubkey_algorithm(signer->key));
    bool good = EVP_DigestSignInit(ctx, NULL, md, NULL, s->pkey) == 1 &&
                EVP_DigestSign(ctx, made, &made_n, p, n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!good) {
        return HB_FAIL(err, HB_E_IO, "OpenSSL could not sign with key %.16s…",
                       hb_pubkey_id(signer->key));
    }
    hb_buf_add(sig, made, made_n);
    return HB_OK;
}

const hb_signer_class hb_signer_file = {
    .prefix = "", .open = file_open, .sign = file_sign, .free = file_free};
