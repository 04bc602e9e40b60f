/* SPDX-License-Identifier: Apache-2.0 */
/* Integers on the wire are big-endian; lengths are 7 bits a byte, the lowest first, at most 4. */
#include "source/mqtt/packet.h"

#include <string.h>

enum {
    PROP_SESSION_EXPIRY = 0x11,
    PROP_SERVER_KEEP_ALIVE = 0x13,
    PROP_REASON_STRING = 0x1f,
};

typedef struct cursor {
    const unsigned char *p;
    size_t n;
    bool failed;
} cursor;

static cursor cursor_of(hb_str s)
{
    return (cursor){(const unsigned char *)s.p, s.n, false};
}

static const unsigned char *take(cursor *c, size_t n)
{
    static const unsigned char nothing[4];
    if (c->failed || n > c->n) {
        c->failed = true;
        return nothing;
    }
    const unsigned char *p = c->p;
    c->p += n;
    c->n -= n;
    return p;
}

static uint8_t take_u8(cursor *c)
{
    return take(c, 1)[0];
}

static uint16_t take_u16(cursor *c)
{
    const unsigned char *p = take(c, 2);
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t take_u32(cursor *c)
{
    const unsigned char *p = take(c, 4);
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t take_varint(cursor *c)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t b = take_u8(c);
        v |= (uint32_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            return v;
        }
    }
    c->failed = true;
    return 0;
}

static hb_str take_text(cursor *c)
{
    size_t n = take_u16(c);
    const unsigned char *p = take(c, n);
    return c->failed ? HB_STR("") : (hb_str){(const char *)p, n};
}

static hb_str take_rest(cursor *c)
{
    hb_str s = {(const char *)c->p, c->n};
    c->p += c->n;
    c->n = 0;
    return s;
}

hb_mqtt_found hb_mqtt_next(const void *p, size_t n, hb_mqtt_packet *ret)
{
    const unsigned char *b = p;
    size_t length = 0;
    for (size_t i = 1; i < HB_MQTT_HEAD_MAX; i++) {
        if (i >= n) {
            return HB_MQTT_MORE;
        }
        length |= (size_t)(b[i] & 0x7f) << (7 * (i - 1));
        if (b[i] & 0x80) {
            continue;
        }
        size_t head = i + 1;
        size_t there = n - head < length ? n - head : length;
        *ret = (hb_mqtt_packet){.type = (hb_mqtt_type)(b[0] >> 4),
                                .flags = b[0] & 0x0f,
                                .body = {(const char *)b + head, there},
                                .total = head + length};
        if (b[0] >> 4 == 0) {
            return HB_MQTT_BAD;
        }
        return there == length ? HB_MQTT_WHOLE : HB_MQTT_PART;
    }
    return HB_MQTT_BAD;
}

bool hb_mqtt_read_publish(const hb_mqtt_packet *packet, hb_mqtt_version version,
                          hb_mqtt_publish *ret)
{
    cursor c = cursor_of(packet->body);
    hb_mqtt_publish m = {.qos = (uint8_t)(packet->flags >> 1 & 3),
                         .dup = packet->flags & 8,
                         .retain = packet->flags & 1};
    m.topic = take_text(&c);
    if (m.qos) {
        m.id = take_u16(&c);
    }
    if (m.qos == 3 || c.failed || (m.qos && m.id == 0)) {
        return false;
    }
    if (version == HB_MQTT_V5) {
        size_t n = take_varint(&c);
        if (packet->body.n + HB_MQTT_HEAD_MAX < packet->total && (c.failed || n > c.n)) {
            *ret = m; /* a packet that is there in part: topic and id are what is asked for */
            return true;
        }
        take(&c, n);
    }
    m.payload = take_rest(&c);
    if (c.failed) {
        return false;
    }
    *ret = m;
    return true;
}

/* What stands behind a property's identifier, MQTT 5.0 section 2.2.2.2. */
typedef enum prop_kind {
    PROP_BAD,
    PROP_U8,
    PROP_U16,
    PROP_U32,
    PROP_VARINT,
    PROP_TEXT,
    PROP_PAIR
} prop_kind;

static prop_kind kind_of(uint32_t id)
{
    static const uint8_t kinds[0x2b] = {
        [0x01] = PROP_U8,   [0x02] = PROP_U32,    [0x03] = PROP_TEXT, [0x08] = PROP_TEXT,
        [0x09] = PROP_TEXT, [0x0b] = PROP_VARINT, [0x11] = PROP_U32,  [0x12] = PROP_TEXT,
        [0x13] = PROP_U16,  [0x15] = PROP_TEXT,   [0x16] = PROP_TEXT, [0x17] = PROP_U8,
        [0x18] = PROP_U32,  [0x19] = PROP_U8,     [0x1a] = PROP_TEXT, [0x1c] = PROP_TEXT,
        [0x1f] = PROP_TEXT, [0x21] = PROP_U16,    [0x22] = PROP_U16,  [0x23] = PROP_U16,
        [0x24] = PROP_U8,   [0x25] = PROP_U8,     [0x26] = PROP_PAIR, [0x27] = PROP_U32,
        [0x28] = PROP_U8,   [0x29] = PROP_U8,     [0x2a] = PROP_U8,
    };
    return id < sizeof kinds ? (prop_kind)kinds[id] : PROP_BAD;
}

typedef struct props {
    hb_str reason;
    uint32_t keep_alive;
} props;

/* The properties a receiver acts on; the others are stepped over. */
static props take_props(cursor *c)
{
    props got = {.reason = HB_STR(""), .keep_alive = UINT32_MAX};
    size_t n = take_varint(c);
    const unsigned char *p = take(c, n);
    if (c->failed) {
        return got;
    }
    cursor in = {p, n, false};
    while (in.n && !in.failed) {
        uint32_t id = take_varint(&in);
        switch (kind_of(id)) {
        case PROP_U8:
            take_u8(&in);
            break;
        case PROP_U16: {
            uint16_t v = take_u16(&in);
            got.keep_alive = id == PROP_SERVER_KEEP_ALIVE ? v : got.keep_alive;
            break;
        }
        case PROP_U32:
            take_u32(&in);
            break;
        case PROP_VARINT:
            take_varint(&in);
            break;
        case PROP_TEXT: {
            hb_str s = take_text(&in);
            got.reason = id == PROP_REASON_STRING ? s : got.reason;
            break;
        }
        case PROP_PAIR:
            take_text(&in);
            take_text(&in);
            break;
        case PROP_BAD:
            in.failed = true;
            break;
        }
    }
    c->failed = c->failed || in.failed;
    return got;
}

bool hb_mqtt_read_connack(const hb_mqtt_packet *packet, hb_mqtt_version version,
                          hb_mqtt_connack *ret)
{
    cursor c = cursor_of(packet->body);
    hb_mqtt_connack m = {.text = HB_STR(""), .keep_alive = UINT32_MAX};
    m.session_present = take_u8(&c) & 1;
    m.reason = take_u8(&c);
    if (version == HB_MQTT_V5 && c.n) { /* a broker that speaks only 3.1.1 refuses in its own way */
        props got = take_props(&c);
        m.text = got.reason;
        m.keep_alive = got.keep_alive;
    }
    if (c.failed) {
        return false;
    }
    *ret = m;
    return true;
}

bool hb_mqtt_read_suback(const hb_mqtt_packet *packet, hb_mqtt_version version, uint16_t *ret_id,
                         hb_str *ret_codes)
{
    cursor c = cursor_of(packet->body);
    uint16_t id = take_u16(&c);
    if (version == HB_MQTT_V5) {
        take_props(&c);
    }
    if (c.failed) {
        return false;
    }
    *ret_id = id;
    *ret_codes = take_rest(&c);
    return true;
}

bool hb_mqtt_read_id(const hb_mqtt_packet *packet, uint16_t *ret_id)
{
    cursor c = cursor_of(packet->body);
    uint16_t id = take_u16(&c);
    if (c.failed || id == 0) {
        return false;
    }
    *ret_id = id;
    return true;
}

bool hb_mqtt_read_disconnect(const hb_mqtt_packet *packet, uint8_t *ret_reason, hb_str *ret_text)
{
    cursor c = cursor_of(packet->body);
    uint8_t reason = c.n ? take_u8(&c) : 0;
    hb_str text = HB_STR("");
    if (c.n) {
        text = take_props(&c).reason;
    }
    if (c.failed) {
        return false;
    }
    *ret_reason = reason;
    *ret_text = text;
    return true;
}

const char *hb_mqtt_reason(uint8_t reason)
{
    static const char *const words[] = {
        [0x00] = "unspecified error",
        [0x01] = "malformed packet",
        [0x02] = "protocol error",
        [0x03] = "an error of this implementation",
        [0x04] = "unsupported protocol version",
        [0x05] = "client id not valid",
        [0x06] = "bad user name or password",
        [0x07] = "not authorized",
        [0x08] = "server unavailable",
        [0x09] = "server busy",
        [0x0a] = "banned",
        [0x0b] = "server shutting down",
        [0x0c] = "bad authentication method",
        [0x0d] = "keep alive timeout",
        [0x0e] = "another client connected with the same client id",
        [0x0f] = "topic filter not valid",
        [0x10] = "topic name not valid",
        [0x13] = "receive maximum exceeded",
        [0x15] = "packet too large",
        [0x16] = "message rate too high",
        [0x17] = "quota exceeded",
        [0x18] = "stopped by an administrator",
        [0x1d] = "connection rate exceeded",
        [0x1e] = "shared subscriptions not supported",
        [0x20] = "maximum connect time",
        [0x22] = "wildcard subscriptions not supported",
    };
    size_t at = reason & 0x7f;
    bool known = reason >= HB_MQTT_REFUSED && at < sizeof words / sizeof *words && words[at];
    return known ? words[at] : "a reason of its own";
}

const char *hb_mqtt_connack_reason(uint8_t reason, hb_mqtt_version version)
{
    static const uint8_t same[] = {0, 0x84, 0x85, 0x88, 0x86, 0x87}; /* 3.1.1 table 3.1 */
    bool old = reason < sizeof same && (version == HB_MQTT_V311 || reason == 1);
    return hb_mqtt_reason(old ? same[reason] : reason);
}

static void put_u16(hb_buf *out, uint16_t v)
{
    hb_buf_ch(out, (char)(v >> 8));
    hb_buf_ch(out, (char)v);
}

static void put_u32(hb_buf *out, uint32_t v)
{
    put_u16(out, (uint16_t)(v >> 16));
    put_u16(out, (uint16_t)v);
}

static void put_text(hb_buf *out, hb_str s)
{
    put_u16(out, (uint16_t)s.n);
    hb_buf_str(out, s);
}

/* Texts are checked on configuration to be at most HB_MQTT_TEXT_MAX bytes. */
static void put_head(hb_buf *out, unsigned first, size_t length)
{
    hb_buf_ch(out, (char)first);
    do {
        unsigned b = length & 0x7f;
        length >>= 7;
        hb_buf_ch(out, (char)(length ? b | 0x80 : b));
    } while (length);
}

void hb_mqtt_put_connect(hb_buf *out, const hb_mqtt_hello *h)
{
    const bool v5 = h->version == HB_MQTT_V5;
    const bool keeps = h->session_expiry_s != 0;
    hb_str id = hb_str_of(h->client_id);
    hb_str user = hb_str_of(h->username);
    size_t length = 10U + (v5 ? 6U : 0U) + 2U + id.n + (h->username ? 2 + user.n : 0) +
                    (h->password.p ? 2 + h->password.n : 0);
    put_head(out, HB_MQTT_CONNECT << 4, length);
    put_text(out, HB_STR("MQTT"));
    hb_buf_ch(out, v5 ? 5 : 4);
    hb_buf_ch(out,
              (char)((h->username ? 0x80 : 0) | (h->password.p ? 0x40 : 0) | (keeps ? 0 : 0x02)));
    put_u16(out, h->keep_alive_s);
    if (v5) {
        hb_buf_ch(out, 5);
        hb_buf_ch(out, PROP_SESSION_EXPIRY);
        put_u32(out, h->session_expiry_s);
    }
    put_text(out, id);
    if (h->username) {
        put_text(out, user);
    }
    if (h->password.p) {
        put_text(out, h->password);
    }
}

void hb_mqtt_put_subscribe(hb_buf *out, hb_mqtt_version version, uint16_t id,
                           const char *const *topics, size_t n, unsigned qos, bool retained)
{
    const bool v5 = version == HB_MQTT_V5;
    size_t length = 2 + (v5 ? 1 : 0);
    for (size_t i = 0; i < n; i++) {
        length += 3 + strlen(topics[i]);
    }
    put_head(out, HB_MQTT_SUBSCRIBE << 4 | 2, length);
    put_u16(out, id);
    if (v5) {
        hb_buf_ch(out, 0);
    }
    for (size_t i = 0; i < n; i++) {
        /* retain handling 1: retained messages come with a subscription that is new, not again
         * with each reconnect; 2: not at all */
        unsigned options = qos | (v5 ? (retained ? 1u : 2u) << 4 : 0);
        put_text(out, hb_str_of(topics[i]));
        hb_buf_ch(out, (char)options);
    }
}

void hb_mqtt_put_unsubscribe(hb_buf *out, hb_mqtt_version version, uint16_t id, hb_str topic)
{
    const bool v5 = version == HB_MQTT_V5;
    put_head(out, HB_MQTT_UNSUBSCRIBE << 4 | 2, 2U + (v5 ? 1U : 0U) + 2U + topic.n);
    put_u16(out, id);
    if (v5) {
        hb_buf_ch(out, 0);
    }
    put_text(out, topic);
}

void hb_mqtt_put_ack(hb_buf *out, hb_mqtt_type type, uint16_t id)
{
    put_head(out, (unsigned)type << 4, 2);
    put_u16(out, id);
}

void hb_mqtt_put_empty(hb_buf *out, hb_mqtt_type type)
{
    put_head(out, (unsigned)type << 4, 0);
}
