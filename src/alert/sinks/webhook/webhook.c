/* SPDX-License-Identifier: Apache-2.0 */
/* POST of the event in CloudEvents structured mode. Delivered = an answer 2xx; a redirect is not
 * followed and so not delivered. The signature is that of the body's bytes. */
#include "alert/net/curl_client.h"
#include "alert/secret.h"
#include "alert/sinks/all.h"
#include "base/buf.h"
#include "base/mem.h"
#include "crypto/hmac.h"

#include <string.h>

enum { HEADERS = 5, HEADER_BYTES = 80 * 1024 };

typedef struct webhook_config {
    const char *url;
    uint32_t timeout_ms;
    const char *secret_file;
    const char *secret_env;
    const char *token_file;
    const char *token_env;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    const char *key_password_file;
    const char *key_password_env;
    const char *proxy;
} webhook_config;

struct hb_sink {
    const webhook_config *config;
    hb_curl *curl;
    hb_secret secret;
    hb_secret token;
    hb_secret key_password;
    char *ca_file;
    char *cert_file;
    char *key_file;
};

#define TEXT(member, bytes) \
    .kind = HB_FIELD_STRING, .offset = offsetof(webhook_config, member), .max = (bytes)

static const hb_field fields[] = {
    {.key = "url",
     TEXT(url, 2048),
     .required = true,
     .doc = "where to POST, http:// or https://; no user or password in it"},
    {.key = "timeout_ms",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(webhook_config, timeout_ms),
     .min = 100,
     .max = 120000,
     .def = "10000",
     .doc = "from connecting to the end of the answer"},
    HB_SECRET_FIELDS("secret", webhook_config, secret_file, secret_env,
                     "the key of the header X-HB-Signature: sha256=HMAC of the body"),
    HB_SECRET_FIELDS("token", webhook_config, token_file, token_env,
                     "the token of the header Authorization: Bearer"),
    {.key = "ca_file",
     TEXT(ca_file, 4096),
     .doc = "certificates the receiver's is checked by (PEM); left out: the system's"},
    {.key = "cert_file",
     TEXT(cert_file, 4096),
     .doc = "our certificate, where the receiver asks for one (PEM)"},
    {.key = "key_file", TEXT(key_file, 4096), .doc = "its private key; left out: in cert_file"},
    HB_SECRET_FIELDS("key_password", webhook_config, key_password_file, key_password_env,
                     "the private key's password"),
    {.key = "proxy",
     TEXT(proxy, 2048),
     .doc = "a proxy to go by, http://host:port; left out: none, whatever the environment says"},
    {0},
};

static void defaults(void *config)
{
    *(webhook_config *)config = (webhook_config){.timeout_ms = 10000};
}

static hb_status check_url(const char *url, const char *key, hb_error *err)
{
    const char *rest = strstr(url, "://");
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        return HB_FAIL(err, HB_E_CONFIG, "%s must begin with http:// or https://, got '%.100s'",
                       key, url);
    }
    size_t host = strcspn(rest + 3, "/?#");
    if (host == 0) {
        return HB_FAIL(err, HB_E_CONFIG, "%s names no host: '%.100s'", key, url);
    }
    if (memchr(rest + 3, '@', host)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "%s holds a user or password; secrets do not stand in configuration files: "
                       "write token_file: PATH",
                       key);
    }
    return HB_OK;
}

static hb_status check(const void *config, hb_error *err)
{
    const webhook_config *c = config;
    if (!c->url) {
        return HB_FAIL(err, HB_E_CONFIG, "url is missing");
    }
    HB_TRY(check_url(c->url, "url", err));
    if (c->proxy) {
        HB_TRY(check_url(c->proxy, "proxy", err));
    }
    HB_TRY(hb_secret_check(c->secret_file, c->secret_env, "secret", err));
    HB_TRY(hb_secret_check(c->token_file, c->token_env, "token", err));
    HB_TRY(hb_secret_check(c->key_password_file, c->key_password_env, "key_password", err));
    if (c->key_file && !c->cert_file) {
        return HB_FAIL(err, HB_E_CONFIG, "a private key is given, but no cert_file");
    }
    bool tls = strncmp(c->url, "https://", 8) == 0;
    if (!tls && (c->ca_file || c->cert_file)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "url is not encrypted, so ca_file and cert_file have no meaning; write "
                       "https://");
    }
    return HB_OK;
}

static void close_it(hb_sink *s)
{
    if (s) {
        hb_curl_close(s->curl);
        hb_secret_wipe(&s->secret);
        hb_secret_wipe(&s->token);
        hb_secret_wipe(&s->key_password);
        hb_free(s->ca_file);
        hb_free(s->cert_file);
        hb_free(s->key_file);
        hb_free(s);
    }
}

static hb_status fill(hb_sink *s, const hb_sink_env *env, hb_error *err)
{
    const webhook_config *c = s->config;
    HB_TRY(hb_sink_secret_read(env, c->secret_file, c->secret_env, "secret", &s->secret, err));
    HB_TRY(hb_sink_secret_read(env, c->token_file, c->token_env, "token", &s->token, err));
    HB_TRY(hb_sink_secret_read(env, c->key_password_file, c->key_password_env, "key_password",
                               &s->key_password, err));
    if (s->token.p && strpbrk(s->token.p, "\r\n")) {
        return HB_FAIL(err, HB_E_CONFIG, "token has more than one line");
    }
    HB_TRY(hb_sink_path(env, c->ca_file, &s->ca_file, err));
    HB_TRY(hb_sink_path(env, c->cert_file, &s->cert_file, err));
    HB_TRY(hb_sink_path(env, c->key_file, &s->key_file, err));
    return hb_curl_open(env, &s->curl, err);
}

static hb_status open_it(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                         hb_error *err)
{
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->config = config;
    hb_status status = fill(s, env, err);
    if (status != HB_OK) {
        close_it(s);
        return status;
    }
    *ret_sink = s;
    return HB_OK;
}

static hb_status post(hb_sink *s, const hb_alert_event *event, hb_buf *lines, hb_error *err)
{
    const char *headers[HEADERS];
    size_t n = 0;
    char mac[HB_DIGEST_HEX];
    char signature[HB_DIGEST_HEX + 32];
    long code = 0;
    headers[n++] = "Content-Type: application/cloudevents+json; charset=utf-8";
    headers[n++] = "Expect:"; /* no waiting for "100 Continue" */
    if (s->secret.p) {
        HB_TRY(hb_hmac_sha256(s->secret.p, s->secret.n, event->json, event->json_len, mac, err));
        snprintf(signature, sizeof signature, "X-HB-Signature: sha256=%s", mac);
        headers[n++] = signature;
    }
    if (s->token.p) {
        hb_buf_fmt(lines, "Authorization: Bearer %s", s->token.p);
        HB_TRY(hb_buf_check(lines, err));
        headers[n++] = lines->p;
    }
    const hb_curl_common o = {.url = s->config->url,
                              .timeout_ms = s->config->timeout_ms,
                              .ca_file = s->ca_file,
                              .cert_file = s->cert_file,
                              .key_file = s->key_file,
                              .key_password = s->key_password.p,
                              .proxy = s->config->proxy};
    HB_TRY(hb_curl_post(s->curl, &o, headers, n, event->json, event->json_len, &code, err));
    if (code / 100 == 3) {
        return HB_FAIL(err, HB_E_IO,
                       "the receiver answered %ld, a redirect, which is not followed; configure "
                       "where it points to",
                       code);
    }
    return code / 100 == 2 ? HB_OK : HB_FAIL(err, HB_E_IO, "the receiver answered %ld", code);
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    hb_buf lines;
    hb_buf_init(&lines, HEADER_BYTES);
    hb_status status = post(s, event, &lines, err);
    explicit_bzero(lines.p, lines.n);
    hb_buf_release(&lines);
    return status;
}

const hb_sink_ops hb_sink_webhook = {
    .name = "webhook",
    .summary = "HTTP POST of a CloudEvent, signed, with TLS certificates on both sides",
    .fields = fields,
    .config_size = sizeof(webhook_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
