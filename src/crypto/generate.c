/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "crypto/key_internal.h"
#include "os/file.h"
#include "os/undumped.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

/* What OpenSSL reads again without being told to take more memory (32 MiB): RFC 7914's parameters
 * for interactive use. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1 };

static hb_status failed(hb_error *err)
{
    ERR_clear_error();
    return HB_FAIL(err, HB_E_IO, "OpenSSL could not make a key");
}

static X509_SIG *sealed(PKCS8_PRIV_KEY_INFO *info, const char *passphrase)
{
    X509_ALGOR *how =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
    X509_SIG *box = how ? PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, how) : NULL;
    if (!box) {
        X509_ALGOR_free(how);
    }
    return box;
}

/* `out` wipes what it held. */
static hb_status put_private(EVP_PKEY *pkey, const char *passphrase, BIO *out, hb_error *err)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    bool good = info != NULL;
    if (good && passphrase) {
        X509_SIG *box = sealed(info, passphrase);
        good = box && PEM_write_bio_PKCS8(out, box) == 1;
        X509_SIG_free(box);
    } else if (good) {
        good = PEM_write_bio_PKCS8_PRIV_KEY_INFO(out, info) == 1;
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return good ? HB_OK : failed(err);
}

static hb_status put_bytes(const hb_os *os, int fd, const char *path, const char *p, size_t n,
                           hb_error *err)
{
    while (n) {
        ssize_t put = os->write(fd, p, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return HB_FAIL(err, HB_E_IO, "cannot write '%s': %s", path, strerror(errno));
        }
        p += put;
        n -= (size_t)put;
    }
    return os->fsync(fd) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot sync '%s': %s", path, strerror(errno));
}

/* Not by renaming: a key that is there must never be replaced, not even by two at a time. */
static hb_status write_private(const hb_os *os, const char *path, BIO *pem, hb_error *err)
{
    char *p = NULL;
    long n = BIO_get_mem_data(pem, &p);
    int fd = os->open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return HB_FAIL(err, errno == EEXIST ? HB_E_USAGE : HB_E_IO, "cannot make key '%s': %s",
                       path, strerror(errno));
    }
    hb_status status = put_bytes(os, fd, path, p, (size_t)n, err);
    os->close(fd);
    if (status != HB_OK) {
        os->unlink(path);
    }
    return status;
}

static hb_status write_both(const hb_os *os, const hb_pubkey *key, BIO *private, const char *path,
                            const char *pub_path, hb_error *err)
{
    hb_buf pub;
    hb_buf_init(&pub, HB_PEM_MAX);
    hb_pubkey_pem(key, &pub);
    hb_status status = hb_buf_check(&pub, err);
    if (status == HB_OK) {
        status = write_private(os, path, private, err);
    }
    if (status == HB_OK) {
        /* Syncs the folder too, for both. */
        status = hb_file_write_atomic(os, pub_path, pub.p, pub.n, 0644, err);
        if (status != HB_OK) {
            os->unlink(pub_path); /* it may be there, and only the syncing have failed */
            os->unlink(path);
        }
    }
    hb_buf_release(&pub);
    return status;
}

static hb_status make(const hb_os *os, hb_algorithm a, const char *path, const char *pub_path,
                      const char *passphrase, hb_error *err)
{
    hb_pubkey *key = NULL;
    hb_hold_secrets();
    EVP_PKEY *pkey = a == HB_ALGORITHM_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                               : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    BIO *pem = BIO_new(BIO_s_secmem());
    hb_status status = pkey && pem ? put_private(pkey, passphrase, pem, err) : failed(err);
    if (status == HB_OK) {
        status = hb_pubkey_of(pkey, path, &key, err);
    }
    if (status == HB_OK) {
        status = write_both(os, key, pem, path, pub_path, err);
    }
    hb_pubkey_free(key);
    BIO_free(pem);
    EVP_PKEY_free(pkey);
    return status;
}

hb_status hb_key_generate(const hb_os *os, hb_algorithm a, const char *path, const char *passphrase,
                          hb_error *err)
{
    hb_str stem = hb_str_of(path);
    if (!hb_str_ends(stem, ".pem") || hb_str_eq_c(stem, ".pem")) {
        return HB_FAIL(err, HB_E_USAGE, "key '%s' must have a name ending in '.pem'", path);
    }
    if (passphrase && (!*passphrase || strlen(passphrase) >= HB_PASSPHRASE_MAX)) {
        return HB_FAIL(err, HB_E_USAGE, "the passphrase has %zu bytes, expected 1 to %d",
                       strlen(passphrase), HB_PASSPHRASE_MAX - 1);
    }
    char *pub_path = hb_strdup(path);
    if (!pub_path) {
        return HB_NOMEM(err);
    }
    memcpy(pub_path + stem.n - 4, ".pub", 4);
    hb_status status =
        hb_path_exists(os, pub_path)
            ? HB_FAIL(err, HB_E_USAGE, "cannot make key '%s': '%s' exists", path, pub_path)
            : make(os, a, path, pub_path, passphrase, err);
    hb_free(pub_path);
    return status;
}
