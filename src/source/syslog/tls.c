/* SPDX-License-Identifier: Apache-2.0 */
#include "source/syslog/tls.h"

#include "base/mem.h"
#include "base/str.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

struct hb_syslog_tls {
    SSL_CTX *ctx;
};

struct hb_syslog_tls_peer {
    SSL *ssl;
};

/* OpenSSL's queue of errors belongs to the thread: the last is told, all are dropped. */
static void take_reason(char *out, size_t size)
{
    unsigned long code = ERR_peek_last_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;
    hb_str_fit(text ? text : "the connection broke off", out, size);
    ERR_clear_error();
}

static hb_status unusable(const char *what, const char *path, hb_error *err)
{
    char why[160];
    take_reason(why, sizeof why);
    return HB_FAIL(err, HB_E_CONFIG, "%s '%.200s' cannot be used: %s", what, path, why);
}

static hb_status load(SSL_CTX *ctx, const char *cert, const char *key, const char *client_ca,
                      hb_error *err)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
        return unusable("tls_cert", cert, err);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        return unusable("tls_key", key, err);
    }
    if (client_ca) {
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(client_ca);
        if (!names || SSL_CTX_load_verify_file(ctx, client_ca) != 1) {
            sk_X509_NAME_pop_free(names, X509_NAME_free);
            return unusable("tls_client_ca", client_ca, err);
        }
        SSL_CTX_set_client_CA_list(ctx, names);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return HB_OK;
}

static int no_password(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1; /* without this OpenSSL would ask at the terminal */
}

hb_status hb_syslog_tls_new(const char *cert, const char *key, const char *client_ca,
                            hb_syslog_tls **ret_server, hb_error *err)
{
    static const unsigned char session_context[] = "hb syslog";
    hb_syslog_tls *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->ctx = SSL_CTX_new(TLS_server_method());
    if (!s->ctx) {
        hb_syslog_tls_free(s);
        return HB_NOMEM(err);
    }
    SSL_CTX_set_default_passwd_cb(s->ctx, no_password);
    SSL_CTX_set_session_id_context(s->ctx, session_context, sizeof session_context - 1);
    hb_status status = SSL_CTX_set_min_proto_version(s->ctx, TLS1_2_VERSION) == 1
                           ? load(s->ctx, cert, key, client_ca, err)
                           : HB_FAIL(err, HB_E_BUG, "OpenSSL has no TLS 1.2");
    if (status != HB_OK) {
        hb_syslog_tls_free(s);
        return status;
    }
    *ret_server = s;
    return HB_OK;
}

void hb_syslog_tls_free(hb_syslog_tls *s)
{
    if (s) {
        SSL_CTX_free(s->ctx);
        hb_free(s);
    }
}

hb_status hb_syslog_tls_accept(hb_syslog_tls *s, int fd, hb_syslog_tls_peer **ret_peer,
                               hb_error *err)
{
    hb_syslog_tls_peer *p = hb_alloc_zero(sizeof *p);
    if (!p) {
        return HB_NOMEM(err);
    }
    p->ssl = SSL_new(s->ctx);
    if (!p->ssl || SSL_set_fd(p->ssl, fd) != 1) {
        hb_syslog_tls_peer_free(p);
        return HB_NOMEM(err);
    }
    SSL_set_accept_state(p->ssl);
    *ret_peer = p;
    return HB_OK;
}

ssize_t hb_syslog_tls_read(hb_syslog_tls_peer *p, void *out, size_t n,
                           hb_syslog_tls_wants *ret_wants)
{
    size_t got = 0;
    *ret_wants = HB_SYSLOG_TLS_NOTHING;
    ERR_clear_error();
    int ok = SSL_read_ex(p->ssl, out, n, &got);
    if (ok == 1) {
        return (ssize_t)got;
    }
    switch (SSL_get_error(p->ssl, ok)) {
    case SSL_ERROR_WANT_READ:
        *ret_wants = HB_SYSLOG_TLS_READ;
        return -1;
    case SSL_ERROR_WANT_WRITE:
        *ret_wants = HB_SYSLOG_TLS_WRITE;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        ERR_clear_error();
        return -2;
    }
}

bool hb_syslog_tls_is_secure(const hb_syslog_tls_peer *p)
{
    return SSL_is_init_finished(p->ssl) == 1;
}

void hb_syslog_tls_peer_free(hb_syslog_tls_peer *p)
{
    if (!p) {
        return;
    }
    if (p->ssl && SSL_is_init_finished(p->ssl)) {
        SSL_shutdown(p->ssl); /* one word, no waiting for the other's */
        ERR_clear_error();
    }
    SSL_free(p->ssl);
    hb_free(p);
}
