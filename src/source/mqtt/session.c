/* SPDX-License-Identifier: Apache-2.0 */
/* One connection:
 *
 *     CLOSED ── CONNECT ──▶ WAITS_CONNACK ── SUBSCRIBE ──▶ WAITS_SUBACK ──▶ UP
 *        ▲                        │                             │           │
 *        └────────────────────────┴──── error, end, watchdog ───┴───────────┘
 *
 * It subscribes with every connection, also when the session is there: the process may have died
 * between the two, and a session without a subscription would be silent for ever. */
#include "source/mqtt/session.h"

#include "base/map.h"
#include "base/mem.h"

#include <string.h>

enum {
    STEP_MS = 200,      /* of a wait, so that the end of the program is noticed */
    GOODBYE_MS = 500,   /* for the last acknowledgements */
    OUT_HIGH = 64 << 10 /* unsent bytes with which no more is read */
};

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

static bool stopping(void *ctx)
{
    const hb_source *s = ctx;
    return s->sink->stopping(s->sink->ctx);
}

hb_status hb_mqtt_flush(hb_source *s, hb_error *err)
{
    HB_TRY(hb_buf_check(&s->out, err));
    while (s->out_at < s->out.n) {
        size_t n = 0;
        HB_TRY(hb_link_write(s->link, s->out.p + s->out_at, s->out.n - s->out_at, &n, err));
        if (n == 0) {
            return HB_OK;
        }
        s->out_at += n;
        s->sent_ns = s->os->monotonic_ns();
    }
    hb_buf_clear(&s->out);
    s->out_at = 0;
    return HB_OK;
}

/* The last acknowledgements, and DISCONNECT: best effort, the broker sends again what it has no
 * acknowledgement for. */
static void say_goodbye(hb_source *s)
{
    int64_t until = s->os->monotonic_ns() + GOODBYE_MS * NS_PER_MS;
    hb_mqtt_put_empty(&s->out, HB_MQTT_DISCONNECT);
    while (hb_mqtt_flush(s, NULL) == HB_OK && s->out_at < s->out.n &&
           s->os->monotonic_ns() < until) {
        hb_link_wait(s->link, true, STEP_MS);
    }
    hb_link_finish(s->link, s->os, GOODBYE_MS);
}

static void drop(hb_source *s)
{
    hb_link_close(s->link);
    s->link = NULL;
    s->stage = HB_MQTT_CLOSED;
    s->in_at = s->in_n = 0;
    s->skip = 0;
    s->out_at = 0;
    s->pinged = false;
    hb_buf_clear(&s->out);
}

static hb_status open_link(hb_source *s, hb_error *err)
{
    hb_mqtt_secret key = {NULL, 0};
    const hb_mqtt_config *c = &s->config;
    HB_TRY(hb_mqtt_secret_read(s->os, s->base_dir, c->key_password_file, c->key_password_env, &key,
                               err));
    const hb_link_options options = {
        .host = s->address.host,
        .port = s->address.port,
        .tls = s->address.tls,
        .ca_file = c->ca_file,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .key_password = {key.p, key.n},
        .verify = c->verify,
        .timeout_ms = (uint32_t)(c->connect_timeout_s.v * 1000),
    };
    hb_status status = hb_link_open(s->os, &options, stopping, s, &s->link, err);
    hb_mqtt_secret_wipe(&key);
    return status;
}

static hb_status say_hello(hb_source *s, hb_error *err)
{
    hb_mqtt_secret password = {NULL, 0};
    const hb_mqtt_config *c = &s->config;
    HB_TRY(
        hb_mqtt_secret_read(s->os, s->base_dir, c->password_file, c->password_env, &password, err));
    const hb_mqtt_hello hello = {
        .version = c->version,
        .client_id = s->client_id,
        .username = c->username,
        .password = {password.p, password.n},
        .keep_alive_s = (uint16_t)c->keep_alive_s.v,
        .session_expiry_s = (uint32_t)c->session_expiry_s.v,
    };
    hb_mqtt_put_connect(&s->out, &hello);
    hb_mqtt_secret_wipe(&password);
    s->stage = HB_MQTT_WAITS_CONNACK;
    s->keep_alive_s = hello.keep_alive_s;
    s->heard_ns = s->sent_ns = s->os->monotonic_ns();
    hb_status status = hb_mqtt_flush(s, err);
    if (s->out_at >= s->out.n) {
        explicit_bzero(s->out.p, s->out.cap);
    }
    return status;
}

static bool is_wanted(const hb_source *s, hb_str topic)
{
    for (size_t i = 0; i < s->n_topics; i++) {
        if (hb_str_eq_c(topic, s->topics[i])) {
            return true;
        }
    }
    return false;
}

/* Topics of an older configuration, which the session at the broker still has. */
static hb_status unsubscribe_old(hb_source *s, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *lines = NULL;
    size_t n = 0;
    uint16_t id = 1;
    HB_TRY(hb_mqtt_topics_kept(s, &lines, &n, err));
    hb_str rest = {lines, n};
    while (rest.n && id < UINT16_MAX) {
        size_t end = hb_str_find_ch(rest, '\n');
        hb_str topic = {rest.p, end};
        if (topic.n && topic.n <= HB_MQTT_TEXT_MAX && !is_wanted(s, topic)) {
            hb_mqtt_put_unsubscribe(&s->out, s->config.version, id++, topic);
        }
        size_t step = end < rest.n ? end + 1 : end;
        rest = (hb_str){rest.p + step, rest.n - step};
    }
    s->subscribe_id = id;
    return HB_OK;
}

static hb_status note_gap(hb_source *s, bool present, hb_error *err)
{
    char text[700];
    if (!s->seen || (present && s->config.qos > 0)) {
        return HB_OK;
    }
    const char *why = s->config.session_expiry_s.v == 0 ? "no session is kept (session_expiry: 0)"
                      : present                         ? "nothing is kept for QoS 0"
                                                        : "it had lost the session";
    snprintf(text, sizeof text,
             "broker %.400s: %s; what was sent while there was no connection may be missing",
             s->config.broker, why);
    return hb_mqtt_loss(s, present ? "not_connected" : "session_lost", text, err);
}

hb_status hb_mqtt_on_connack(hb_source *s, const hb_mqtt_packet *packet, hb_error *err)
{
    hb_mqtt_connack ack;
    if (!hb_mqtt_read_connack(packet, s->config.version, &ack)) {
        return HB_FAIL(err, HB_E_IO, "the broker's answer to CONNECT is malformed");
    }
    if (ack.reason) {
        return HB_FAIL(err, HB_E_IO, "the connection was refused: %s%s%.*s",
                       hb_mqtt_connack_reason(ack.reason, s->config.version),
                       ack.text.n ? ": " : "", (int)(ack.text.n > 200 ? 200 : ack.text.n),
                       ack.text.p);
    }
    if (ack.keep_alive != UINT32_MAX && ack.keep_alive) {
        s->keep_alive_s = ack.keep_alive;
    }
    if (!ack.session_present) {
        hb_free(s->received);
        s->received = NULL;
    }
    HB_TRY(note_gap(s, ack.session_present, err));
    s->subscribe_id = 1;
    if (ack.session_present) {
        HB_TRY(unsubscribe_old(s, err));
    }
    hb_mqtt_put_subscribe(&s->out, s->config.version, s->subscribe_id, s->topics, s->n_topics,
                          s->config.qos, s->config.retained);
    s->stage = HB_MQTT_WAITS_SUBACK;
    return HB_OK;
}

hb_status hb_mqtt_on_suback(hb_source *s, const hb_mqtt_packet *packet, hb_error *err)
{
    uint16_t id = 0;
    hb_str codes = HB_STR("");
    unsigned least = s->config.qos;
    char why[600] = "";
    if (!hb_mqtt_read_suback(packet, s->config.version, &id, &codes) ||
        s->stage != HB_MQTT_WAITS_SUBACK || id != s->subscribe_id || codes.n != s->n_topics) {
        return HB_FAIL(err, HB_E_IO, "the broker's answer to SUBSCRIBE is malformed");
    }
    for (size_t i = 0; i < codes.n; i++) {
        uint8_t code = (uint8_t)codes.p[i];
        if (code >= HB_MQTT_REFUSED) {
            return HB_FAIL(err, HB_E_IO, "the topic '%.200s' was refused: %s", s->topics[i],
                           hb_mqtt_reason(code));
        }
        least = code < least ? code : least;
    }
    HB_TRY(hb_mqtt_topics_keep(s, err));
    s->stage = HB_MQTT_UP;
    s->up_ns = s->os->monotonic_ns();
    s->seen = true;
    if (least < s->config.qos) {
        snprintf(why, sizeof why, "broker %.400s gives QoS %u where %u was asked for",
                 s->config.broker, least, s->config.qos);
    } else if (s->address.tls && s->config.verify == HB_LINK_VERIFY_NONE) {
        snprintf(why, sizeof why, "broker %.400s: its certificate is not checked (verify: none)",
                 s->config.broker);
    }
    hb_mqtt_tell(s, HB_SOURCE_RUNNING, why);
    return HB_OK;
}

static int64_t watchdog_ns(const hb_source *s)
{
    double seconds = s->config.watchdog_s.set ? s->config.watchdog_s.v : 1.5 * s->keep_alive_s;
    return (int64_t)(seconds * 1e9);
}

static hb_status keep_alive(hb_source *s, int64_t began_ns, hb_error *err)
{
    int64_t now = s->os->monotonic_ns();
    int64_t patience = (int64_t)(s->config.connect_timeout_s.v * 1e9);
    if (s->stage != HB_MQTT_UP) {
        return now - began_ns < patience
                   ? HB_OK
                   : HB_FAIL(err, HB_E_IO, "timeout: no answer to %s",
                             s->stage == HB_MQTT_WAITS_CONNACK ? "CONNECT" : "SUBSCRIBE");
    }
    int64_t silent = now - s->heard_ns;
    int64_t dead = watchdog_ns(s);
    if (silent >= dead) {
        return HB_FAIL(err, HB_E_IO,
                       "dead connection: nothing heard for %lld s, no answer to a ping either",
                       (long long)(silent / NS_PER_S));
    }
    bool due = now - s->sent_ns >= s->keep_alive_s * NS_PER_S || silent >= dead / 2;
    if (due && !s->pinged) {
        hb_mqtt_put_empty(&s->out, HB_MQTT_PINGREQ);
        s->pinged = true;
    }
    return hb_mqtt_flush(s, err);
}

/* One turn: send, wait, read, take apart. */
static hb_status turn(hb_source *s, int64_t began_ns, hb_error *err)
{
    HB_TRY(hb_mqtt_flush(s, err));
    HB_TRY(keep_alive(s, began_ns, err));
    size_t unsent = s->out.n - s->out_at;
    size_t n = 0;
    if (unsent < OUT_HIGH) {
        HB_TRY(hb_link_read(s->link, s->in + s->in_n, s->in_cap - s->in_n, &n, err));
    }
    if (n == 0) {
        hb_link_wait(s->link, unsent > 0, STEP_MS);
        return HB_OK;
    }
    s->in_n += n;
    hb_status status = hb_mqtt_take_packets(s, err);
    s->heard_ns = s->os->monotonic_ns(); /* after it: put() may have waited long */
    return status;
}

hb_status hb_mqtt_session(hb_source *s, hb_error *err)
{
    hb_status status = HB_OK;
    int64_t began = s->os->monotonic_ns();
    s->up_ns = 0;
    HB_TRY(open_link(s, err));
    status = say_hello(s, err);
    while (status == HB_OK && !stopping(s)) {
        status = turn(s, began, err);
    }
    /* A put() that failed is no fault of the connection: what was put before it is acknowledged. */
    if (s->stage >= HB_MQTT_WAITS_SUBACK && stopping(s)) {
        say_goodbye(s);
    }
    if (status != HB_OK && s->address.tls && s->stage == HB_MQTT_WAITS_CONNACK && s->in_n == 0) {
        hb_error_prefix(err, "no answer to CONNECT (does it want a client certificate?)");
    }
    drop(s);
    return status;
}

void hb_mqtt_tell(hb_source *s, hb_source_state state, const char *why)
{
    uint64_t mark = hb_hash(hb_str_of(why));
    if (state != s->told || mark != s->told_why) {
        s->told = state;
        s->told_why = mark;
        s->sink->state(s->sink->ctx, state, why);
    }
}
