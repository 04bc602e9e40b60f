/* SPDX-License-Identifier: Apache-2.0 */
/* One mail an event. Delivered = the server has taken it for every receiver. The body is base64, so
 * that no line of it is too long or begins with a dot, and nothing of an event reaches the head but
 * printable ASCII. */
#include "alert/net/curl_client.h"
#include "alert/secret.h"
#include "alert/sinks/all.h"
#include "base/buf.h"
#include "base/mem.h"

#include <jansson.h>
#include <string.h>

enum { TO_MAX = 50, MAIL_BYTES = 4 << 20, ADDRESS_BYTES = 320, SUBJECT_BYTES = 150 };

typedef enum tls_mode { TLS_STARTTLS, TLS_TLS, TLS_NONE } tls_mode;

static const char *const tls_names[] = {"starttls", "tls", "none", NULL};

typedef struct email_config {
    const char *server;
    uint32_t timeout_ms;
    tls_mode tls;
    const char *from;
    const char **to;
    size_t n_to;
    const char *user;
    const char *password_file;
    const char *password_env;
    const char *ca_file;
} email_config;

struct hb_sink {
    const email_config *config;
    const hb_os *os;
    hb_curl *curl;
    hb_secret password;
    char *ca_file;
};

static const hb_field fields[] = {
    {.key = "server",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(email_config, server),
     .max = 300,
     .required = true,
     .doc = "mail server, host or host:port; port 587 with starttls, 465 with tls, 25 with none"},
    {.key = "tls",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(email_config, tls),
     .names = tls_names,
     .def = "starttls",
     .doc = "starttls and tls are required, never only tried; none sends in the clear"},
    {.key = "timeout_ms",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(email_config, timeout_ms),
     .min = 100,
     .max = 120000,
     .def = "30000",
     .doc = "for one mail"},
    {.key = "from",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(email_config, from),
     .max = 254,
     .required = true,
     .doc = "sender's address"},
    {.key = "to",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(email_config, to),
     .offset_n = offsetof(email_config, n_to),
     .max = 254,
     .required = true,
     .doc = "addresses it goes to"},
    {.key = "user",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(email_config, user),
     .max = 1024,
     .doc = "user name, where the server asks for one"},
    HB_SECRET_FIELDS("password", email_config, password_file, password_env, "the user's password"),
    {.key = "ca_file",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(email_config, ca_file),
     .max = 4096,
     .doc = "certificates the server's is checked by (PEM); left out: the system's"},
    {0},
};

static void defaults(void *config)
{
    *(email_config *)config = (email_config){.timeout_ms = 30000};
}

/* --- checking --- */

/* What may stand between '<' and '>' without quoting; no more is wanted. */
static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');
    for (const char *p = text; *p; p++) {
        if (*p <= ' ' || *p > '~' || strchr("<>()[],;:\\\"", *p)) {
            return false;
        }
    }
    return at && at != text && at[1] && !strchr(at + 1, '@');
}

static bool is_server(const char *text)
{
    for (const char *p = text; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr(".-:[]_", *p);
        if (!plain) {
            return false;
        }
    }
    return *text != '\0';
}

static hb_status check(const void *config, hb_error *err)
{
    const email_config *c = config;
    if (!c->server || !c->from || c->n_to == 0) {
        return HB_FAIL(err, HB_E_CONFIG, "server, from and to are needed");
    }
    if (!is_server(c->server)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "server must be a host or host:port, got '%.100s'; how it is encrypted is "
                       "said by tls",
                       c->server);
    }
    if (!is_address(c->from)) {
        return HB_FAIL(err, HB_E_CONFIG, "from '%.100s' is no mail address", c->from);
    }
    if (c->n_to > TO_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "at most %d addresses in to, got %zu", TO_MAX, c->n_to);
    }
    for (size_t i = 0; i < c->n_to; i++) {
        if (!is_address(c->to[i])) {
            return HB_FAIL(err, HB_E_CONFIG, "to '%.100s' is no mail address", c->to[i]);
        }
    }
    HB_TRY(hb_secret_check(c->password_file, c->password_env, "password", err));
    bool password = c->password_file || c->password_env;
    if (password != (c->user != NULL)) {
        return HB_FAIL(err, HB_E_CONFIG, "user and a password go together");
    }
    if (password && c->tls == TLS_NONE) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "with tls: none the password would be sent in the clear; use starttls or "
                       "tls");
    }
    return HB_OK;
}

/* --- life --- */

static void close_it(hb_sink *s)
{
    if (s) {
        hb_curl_close(s->curl);
        hb_secret_wipe(&s->password);
        hb_free(s->ca_file);
        hb_free(s);
    }
}

static hb_status fill(hb_sink *s, const hb_sink_env *env, hb_error *err)
{
    const email_config *c = s->config;
    HB_TRY(
        hb_sink_secret_read(env, c->password_file, c->password_env, "password", &s->password, err));
    HB_TRY(hb_sink_path(env, c->ca_file, &s->ca_file, err));
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
    s->os = env->os;
    hb_status status = fill(s, env, err);
    if (status != HB_OK) {
        close_it(s);
        return status;
    }
    *ret_sink = s;
    return HB_OK;
}

/* --- the message --- */

static void put_base64(const char *p, size_t n, hb_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t column = 0;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) {
            v = v << 8 | (i + k < n ? (unsigned char)p[i + k] : 0u);
        }
        hb_buf_ch(out, digits[v >> 18]);
        hb_buf_ch(out, digits[v >> 12 & 63]);
        hb_buf_ch(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
        hb_buf_ch(out, i + 2 < n ? digits[v & 63] : '=');
        column += 4;
        if (column == 76 || i + 3 >= n) {
            hb_buf_c(out, "\r\n");
            column = 0;
        }
    }
}

static void put_plain(const char *text, size_t most, hb_buf *out)
{
    for (size_t i = 0; text[i] && i < most; i++) {
        hb_buf_ch(out, text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    }
}

/* "Fri, 02 Jan 2026 03:04:05 +0000" */
static void put_date(hb_time t, hb_buf *out)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t seconds = t / 1000000000 - (t % 1000000000 < 0);
    int64_t day = seconds / 86400 - (seconds % 86400 < 0);
    int64_t rest = seconds - day * 86400;
    int64_t year = 0;
    unsigned month = 0;
    unsigned date = 0;
    hb_civil_from_days(day, &year, &month, &date);
    hb_buf_fmt(out, "Date: %.3s, %02u %.3s %lld %02d:%02d:%02d +0000\r\n",
               days + 3 * (size_t)((day % 7 + 7) % 7), date, months + 3 * (size_t)(month - 1),
               (long long)year, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

static hb_status put_body(const hb_alert_event *event, hb_buf *out, hb_error *err)
{
    hb_buf body;
    hb_buf_init(&body, MAIL_BYTES);
    json_t *json = json_loadb(event->json, event->json_len, 0, NULL);
    const char *text = json_string_value(json_object_get(json_object_get(json, "data"), "text"));
    hb_buf_fmt(&body, "%s: %s\n%s\n\n", event->severity, event->subject, text ? text : "");
    char *pretty = json ? json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    hb_buf_c(&body, pretty ? pretty : event->json);
    hb_buf_ch(&body, '\n');
    free(pretty); /* jansson's own; lint: allow malloc */
    json_decref(json);
    hb_status status = hb_buf_check(&body, err);
    put_base64(body.p, body.n, out);
    hb_buf_release(&body);
    return status;
}

static hb_status put_mail(const hb_sink *s, const hb_alert_event *event, hb_buf *out, hb_error *err)
{
    const email_config *c = s->config;
    put_date(s->os->now(), out);
    hb_buf_fmt(out, "From: %s\r\n", c->from);
    for (size_t i = 0; i < c->n_to; i++) {
        hb_buf_fmt(out, "%s%s%s", i ? " " : "To: ", c->to[i], i + 1 < c->n_to ? ",\r\n" : "\r\n");
    }
    hb_buf_fmt(out, "Message-ID: <%s@harmony-bridge>\r\n", event->id);
    hb_buf_fmt(out, "Subject: [hb] %s %s: ", event->severity, event->type);
    put_plain(event->subject, SUBJECT_BYTES, out);
    hb_buf_c(out, "\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n");
    HB_TRY(put_body(event, out, err));
    return hb_buf_check(out, err);
}

static hb_status send_mail(hb_sink *s, const hb_buf *text, hb_error *err)
{
    const email_config *c = s->config;
    char url[400];
    char from[ADDRESS_BYTES];
    char to[TO_MAX][ADDRESS_BYTES];
    const char *list[TO_MAX];
    static const char *const ports[] = {":587", ":465", ":25"};
    const char *host_end = strrchr(c->server, ']'); /* an IPv6 address has colons of its own */
    bool has_port = strchr(host_end ? host_end : c->server, ':') != NULL;
    snprintf(url, sizeof url, "%s://%s%s", c->tls == TLS_TLS ? "smtps" : "smtp", c->server,
             has_port ? "" : ports[c->tls]);
    snprintf(from, sizeof from, "<%s>", c->from);
    for (size_t i = 0; i < c->n_to; i++) {
        snprintf(to[i], sizeof to[i], "<%s>", c->to[i]);
        list[i] = to[i];
    }
    const hb_curl_mail mail = {.common = {.url = url,
                                          .timeout_ms = c->timeout_ms,
                                          .ca_file = s->ca_file,
                                          .user = c->user,
                                          .password = s->password.p},
                               .starttls = c->tls == TLS_STARTTLS,
                               .from = from,
                               .to = list,
                               .n_to = c->n_to,
                               .text = text->p,
                               .text_len = text->n};
    return hb_curl_send_mail(s->curl, &mail, err);
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, MAIL_BYTES);
    hb_status status = put_mail(s, event, &text, err);
    if (status == HB_OK) {
        status = send_mail(s, &text, err);
    }
    hb_buf_release(&text);
    return status;
}

const hb_sink_ops hb_sink_email = {
    .name = "email",
    .summary = "one mail an event, by SMTP with STARTTLS or TLS",
    .fields = fields,
    .config_size = sizeof(email_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
