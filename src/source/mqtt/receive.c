/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives, packet by packet. Acknowledgements are collected in s->out, each only after its
 * message was put, and leave many at a time: some put() take long, and what is not acknowledged
 * when the process dies comes again.
 *
 * QoS 2: a message that comes again under an id that still waits for PUBREL is left out only when
 * it says so (DUP) and is the same: a broker that was set back to an older state may give an id to
 * another message, and a duplicate is better than a loss. */
#include "source/mqtt/session.h"

#include "base/map.h"
#include "base/mem.h"

#include <string.h>

enum { IDS = 65536, SHOWN_TOPIC = 200, ACK_BYTES = 256 /* 64 acknowledgements */ };

hb_status hb_mqtt_loss(hb_source *s, const char *reason, const char *text, hb_error *err)
{
    const hb_record record = {.kind = HB_RECORD_LOSS,
                              .payload = hb_str_of(text),
                              .event = HB_TIME_NONE,
                              .topic = HB_STR("")};
    s->sink->lost(s->sink->ctx, reason, 1);
    return s->sink->put(s->sink->ctx, &record, err);
}

/* What can never be put must not come again for ever: it is acknowledged, counted and noted. */
static hb_status refuse(hb_source *s, const hb_mqtt_publish *m, uint64_t bytes, const char *reason,
                        const char *why, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, 4096);
    hb_buf_fmt(&text, "a message of %llu bytes was not kept: %s; topic ", (unsigned long long)bytes,
               why);
    for (size_t i = 0; i < m->topic.n && i < SHOWN_TOPIC; i++) {
        unsigned char c = (unsigned char)m->topic.p[i];
        hb_buf_ch(&text, c >= 0x20 && c < 0x7f ? (char)c : '?');
    }
    hb_status status = hb_mqtt_loss(s, reason, text.p, err);
    hb_buf_release(&text);
    return status;
}

static hb_status put(hb_source *s, const hb_mqtt_publish *m, hb_error *err)
{
    if (m->retain && !s->config.retained) {
        return HB_OK;
    }
    if (m->topic.n > HB_RECORD_TOPIC_MAX) {
        return refuse(s, m, m->payload.n, "topic_too_long", "its topic is too long", err);
    }
    if (m->topic.n == 0 || hb_utf8_valid_prefix(m->topic) != m->topic.n ||
        memchr(m->topic.p, '\0', m->topic.n)) {
        return refuse(s, m, m->payload.n, "bad_topic", "its topic is no UTF-8 text", err);
    }
    if (m->payload.n > HB_RECORD_PAYLOAD_MAX) {
        return refuse(s, m, m->payload.n, "too_large", "it is too large", err);
    }
    const hb_record record = {
        .kind = HB_RECORD_MESSAGE, .topic = m->topic, .payload = m->payload, .event = HB_TIME_NONE};
    return s->sink->put(s->sink->ctx, &record, err);
}

static uint64_t mark_of(const hb_mqtt_publish *m)
{
    uint64_t topic = hb_hash(m->topic);
    return (hb_hash(m->payload) ^ (topic << 1 | topic >> 63)) | 1;
}

static hb_status put_once(hb_source *s, const hb_mqtt_publish *m, hb_error *err)
{
    if (!s->received) {
        s->received = hb_alloc_zero(IDS * sizeof *s->received);
        if (!s->received) {
            return HB_NOMEM(err);
        }
    }
    uint64_t mark = mark_of(m);
    if (!m->dup || s->received[m->id] != mark) {
        HB_TRY(put(s, m, err));
        s->received[m->id] = mark;
    }
    return HB_OK;
}

static hb_status on_publish(hb_source *s, const hb_mqtt_packet *packet, hb_error *err)
{
    hb_mqtt_publish m;
    if (!hb_mqtt_read_publish(packet, s->config.version, &m)) {
        return HB_FAIL(err, HB_E_IO, "the broker sent a malformed message");
    }
    if (m.qos == 2) {
        HB_TRY(put_once(s, &m, err));
        hb_mqtt_put_ack(&s->out, HB_MQTT_PUBREC, m.id);
        return HB_OK;
    }
    HB_TRY(put(s, &m, err));
    if (m.qos == 1) {
        hb_mqtt_put_ack(&s->out, HB_MQTT_PUBACK, m.id);
    }
    return HB_OK;
}

static hb_status on_pubrel(hb_source *s, const hb_mqtt_packet *packet, hb_error *err)
{
    uint16_t id = 0;
    if (!hb_mqtt_read_id(packet, &id)) {
        return HB_FAIL(err, HB_E_IO, "the broker sent a malformed PUBREL");
    }
    if (s->received) {
        s->received[id] = 0;
    }
    hb_mqtt_put_ack(&s->out, HB_MQTT_PUBCOMP, id); /* for an id we do not know as well: 4.3.3 */
    return HB_OK;
}

static hb_status on_disconnect(const hb_mqtt_packet *packet, hb_error *err)
{
    uint8_t reason = 0;
    hb_str text = HB_STR("");
    if (!hb_mqtt_read_disconnect(packet, &reason, &text) || reason == 0) {
        return HB_FAIL(err, HB_E_IO, "the broker ended the connection");
    }
    return HB_FAIL(err, HB_E_IO, "the broker ended the connection: %s%s%.*s",
                   hb_mqtt_reason(reason), text.n ? ": " : "", (int)(text.n > 200 ? 200 : text.n),
                   text.p);
}

static hb_status take_packet(hb_source *s, const hb_mqtt_packet *packet, hb_error *err)
{
    switch (packet->type) {
    case HB_MQTT_CONNACK:
        return s->stage == HB_MQTT_WAITS_CONNACK
                   ? hb_mqtt_on_connack(s, packet, err)
                   : HB_FAIL(err, HB_E_IO, "the broker sent a second CONNACK");
    case HB_MQTT_PUBLISH:
        return on_publish(s, packet, err);
    case HB_MQTT_PUBREL:
        return on_pubrel(s, packet, err);
    case HB_MQTT_SUBACK:
        return hb_mqtt_on_suback(s, packet, err);
    case HB_MQTT_PINGRESP:
        s->pinged = false;
        return HB_OK;
    case HB_MQTT_UNSUBACK:
        return HB_OK;
    case HB_MQTT_DISCONNECT:
        return on_disconnect(packet, err);
    case HB_MQTT_CONNECT:
    case HB_MQTT_PUBACK:
    case HB_MQTT_PUBREC:
    case HB_MQTT_PUBCOMP:
    case HB_MQTT_SUBSCRIBE:
    case HB_MQTT_UNSUBSCRIBE:
    case HB_MQTT_PINGREQ:
    case HB_MQTT_AUTH:
        break;
    }
    return HB_FAIL(err, HB_E_IO, "the broker sent a packet (type %u) that has no place here",
                   (unsigned)packet->type);
}

/* A message that is never held: its head is read, the rest stepped over, then it is acknowledged.
 * *ret_more: its head is not there yet. */
static hb_status begin_skip(hb_source *s, const hb_mqtt_packet *packet, bool *ret_more,
                            hb_error *err)
{
    hb_mqtt_publish m;
    if (packet->type != HB_MQTT_PUBLISH || s->stage == HB_MQTT_WAITS_CONNACK) {
        return HB_FAIL(err, HB_E_IO, "the broker sent a packet of %zu bytes", packet->total);
    }
    *ret_more = !hb_mqtt_read_publish(packet, s->config.version, &m);
    if (*ret_more) {
        return packet->body.n > HB_MQTT_TEXT_MAX + 4
                   ? HB_FAIL(err, HB_E_IO, "the broker sent a malformed message")
                   : HB_OK;
    }
    HB_TRY(refuse(s, &m, packet->total, "too_large", "it is too large", err));
    s->skip = packet->total - (s->in_n - s->in_at);
    s->skipped = m;
    s->in_at = s->in_n;
    return HB_OK;
}

static void skip_on(hb_source *s)
{
    size_t there = s->in_n - s->in_at;
    size_t n = s->skip < there ? (size_t)s->skip : there;
    s->in_at += n;
    s->skip -= n;
    if (s->skip == 0 && s->skipped.qos) {
        hb_mqtt_put_ack(&s->out, s->skipped.qos == 2 ? HB_MQTT_PUBREC : HB_MQTT_PUBACK,
                        s->skipped.id);
    }
}

/* Room for `need` bytes from in_at on. */
static hb_status make_room(hb_source *s, size_t need, hb_error *err)
{
    size_t there = s->in_n - s->in_at;
    if (s->in_at) {
        memmove(s->in, s->in + s->in_at, there);
        s->in_at = 0;
        s->in_n = there;
    }
    size_t want = need > HB_MQTT_READ_BYTES ? need : HB_MQTT_READ_BYTES;
    if (want > s->in_cap || (s->in_cap > HB_MQTT_READ_BYTES && want < s->in_cap / 2)) {
        char *in = hb_realloc(s->in, want);
        if (!in) {
            return HB_NOMEM(err);
        }
        s->in = in;
        s->in_cap = want;
    }
    return HB_OK;
}

/* Something else that listens there is told at once, not when the rest of its "packet" is missed.
 */
static bool begins_connack(const hb_source *s)
{
    return (unsigned char)s->in[s->in_at] >> 4 == HB_MQTT_CONNACK;
}

hb_status hb_mqtt_take_packets(hb_source *s, hb_error *err)
{
    size_t need = 0;
    while (s->in_at < s->in_n) {
        hb_mqtt_packet packet;
        if (s->skip) {
            skip_on(s);
            continue;
        }
        hb_mqtt_found found = hb_mqtt_next(s->in + s->in_at, s->in_n - s->in_at, &packet);
        if (found == HB_MQTT_BAD || (s->stage == HB_MQTT_WAITS_CONNACK && !begins_connack(s))) {
            return HB_FAIL(err, HB_E_IO, "no MQTT broker: what it sent is no MQTT");
        }
        if (found == HB_MQTT_MORE) {
            break;
        }
        if (packet.total > HB_MQTT_HOLD_BYTES) {
            bool more = false;
            HB_TRY(begin_skip(s, &packet, &more, err));
            if (more) {
                break;
            }
        } else if (found == HB_MQTT_PART) {
            need = packet.total;
            break;
        } else {
            HB_TRY(take_packet(s, &packet, err));
            s->in_at += packet.total;
            if (s->out.n - s->out_at >= ACK_BYTES) {
                HB_TRY(hb_mqtt_flush(s, err));
            }
        }
    }
    return make_room(s, need, err);
}
