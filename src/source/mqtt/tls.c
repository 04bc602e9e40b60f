/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.2 and later by OpenSSL 3; the errors are put into words from its queue, which is emptied
 * before each call, because it belongs to the thread. */
#include "base/mem.h"
#include "source/mqtt/link_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

struct hb_tls {
    SSL_CTX *ctx;
    SSL *ssl;
    bool shaken;
};

static const char *queued(char *out, size_t size)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (reason) {
        hb_str_fit(reason, out, size);
    } else if (code) {
        ERR_error_string_n(code, out, size);
    } else {
        hb_str_fit(errno ? strerror(errno) : "the broker closed the connection", out, size);
    }
    ERR_clear_error();
    return out;
}

/* Without one OpenSSL would ask at the terminal. */
static int key_password(char *out, int size, int writing, void *ctx)
{
    const hb_str *password = ctx;
    (void)writing;
    if (!password->p || password->n > (size_t)size) {
        return -1;
    }
    memcpy(out, password->p, password->n);
    return (int)password->n;
}

static hb_status load_files(SSL_CTX *ctx, const hb_link_options *o, hb_error *err)
{
    char why[200];
    const char *key = o->key_file ? o->key_file : o->cert_file;
    int ok = o->ca_file ? SSL_CTX_load_verify_locations(ctx, o->ca_file, NULL)
                        : SSL_CTX_set_default_verify_paths(ctx);
    if (ok != 1) {
        return HB_FAIL(err, HB_E_IO, "cannot read certificates from '%.200s': %s",
                       o->ca_file ? o->ca_file : "the system's folder", queued(why, sizeof why));
    }
    if (!o->cert_file) {
        return HB_OK;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1) {
        return HB_FAIL(err, HB_E_IO, "cannot read the certificate '%.200s': %s", o->cert_file,
                       queued(why, sizeof why));
    }
    hb_str password = o->key_password;
    SSL_CTX_set_default_passwd_cb(ctx, key_password);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &password);
    ok = SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    if (ok != 1) {
        return HB_FAIL(err, HB_E_IO, "cannot read the key '%.200s': %s", key,
                       queued(why, sizeof why));
    }
    if (SSL_CTX_check_private_key(ctx) != 1) {
        return HB_FAIL(err, HB_E_IO, "the key '%.200s' does not belong to the certificate '%.150s'",
                       key, o->cert_file);
    }
    return HB_OK;
}

static bool is_address(const char *host)
{
    unsigned char room[16];
    return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

static bool set_peer(SSL *ssl, const hb_link_options *o)
{
    const bool address = is_address(o->host);
    char *name =
        (char *)(uintptr_t)o->host; /* the macro below takes it without const, to copy it */
    if (!address && SSL_set_tlsext_host_name(ssl, name) != 1) {
        return false;
    }
    if (o->verify != HB_LINK_VERIFY_FULL) {
        return true;
    }
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (address) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, o->host) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, o->host, 0) == 1;
}

hb_status hb_tls_new(const hb_link_options *o, int fd, hb_tls **ret_tls, hb_error *err)
{
    char why[200];
    ERR_clear_error();
    hb_tls *t = hb_alloc_zero(sizeof *t);
    if (!t) {
        return HB_NOMEM(err);
    }
    t->ctx = SSL_CTX_new(TLS_client_method());
    hb_status status = t->ctx ? load_files(t->ctx, o, err) : HB_NOMEM(err);
    if (status == HB_OK) {
        SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
        SSL_CTX_set_mode(t->ctx,
                         SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_verify(
            t->ctx, o->verify == HB_LINK_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
        t->ssl = SSL_new(t->ctx);
        if (!t->ssl || !set_peer(t->ssl, o) || SSL_set_fd(t->ssl, fd) != 1) {
            status = HB_FAIL(err, HB_E_IO, "TLS cannot be set up: %s", queued(why, sizeof why));
        }
    }
    if (status != HB_OK) {
        hb_tls_free(t);
        return status;
    }
    *ret_tls = t;
    return HB_OK;
}

void hb_tls_finish(hb_tls *t)
{
    if (t && t->shaken) {
        ERR_clear_error();
        SSL_shutdown(t->ssl);
        t->shaken = false;
    }
}

void hb_tls_free(hb_tls *t)
{
    if (!t) {
        return;
    }
    hb_tls_finish(t);
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    ERR_clear_error();
    hb_free(t);
}

static hb_status tls_failed(hb_tls *t, int code, hb_error *err)
{
    char why[200];
    long verified = SSL_get_verify_result(t->ssl);
    if (!t->shaken && verified != X509_V_OK && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE) {
        ERR_clear_error();
        return HB_FAIL(err, HB_E_IO, "the broker's certificate was not accepted: %s",
                       X509_verify_cert_error_string(verified));
    }
    bool ended = code == SSL_ERROR_ZERO_RETURN ||
                 (code == SSL_ERROR_SYSCALL && errno == 0 && ERR_peek_error() == 0);
    bool again = t->shaken;
    t->shaken = false; /* after such an error nothing more may be sent */
    if (ended) {
        ERR_clear_error();
        return HB_FAIL(err, HB_E_IO, "the broker closed the connection");
    }
    return HB_FAIL(err, HB_E_IO, "%s: %s", again ? "TLS failed" : "no TLS connection",
                   queued(why, sizeof why));
}

hb_status hb_tls_shake(hb_tls *t, bool *ret_done, bool *ret_wants_write, hb_error *err)
{
    ERR_clear_error();
    errno = 0;
    int n = SSL_connect(t->ssl);
    int code = n == 1 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, n);
    if (code != SSL_ERROR_NONE && code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) {
        return tls_failed(t, code, err);
    }
    t->shaken = code == SSL_ERROR_NONE;
    *ret_done = t->shaken;
    *ret_wants_write = code == SSL_ERROR_WANT_WRITE;
    return HB_OK;
}

hb_status hb_tls_read(hb_tls *t, void *p, size_t n, size_t *ret_n, bool *ret_wants_write,
                      hb_error *err)
{
    ERR_clear_error();
    errno = 0;
    int got = SSL_read(t->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
    int code = got > 0 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, got);
    if (code != SSL_ERROR_NONE && code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) {
        return tls_failed(t, code, err);
    }
    *ret_n = got > 0 ? (size_t)got : 0;
    *ret_wants_write = code == SSL_ERROR_WANT_WRITE;
    return HB_OK;
}

hb_status hb_tls_write(hb_tls *t, const void *p, size_t n, size_t *ret_n, hb_error *err)
{
    ERR_clear_error();
    errno = 0;
    int put = SSL_write(t->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
    int code = put > 0 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, put);
    if (code != SSL_ERROR_NONE && code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) {
        return tls_failed(t, code, err);
    }
    *ret_n = put > 0 ? (size_t)put : 0;
    return HB_OK;
}

bool hb_tls_pending(const hb_tls *t)
{
    return SSL_has_pending(t->ssl) == 1 && SSL_pending(t->ssl) > 0;
}
