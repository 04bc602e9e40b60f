/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT control packets of a client that only receives: OASIS MQTT 3.1.1 and 5.0, the parts of
 * chapter 3 that such a client meets. Pure: bytes in, structs that point into them out; nothing is
 * allocated and nothing is read behind the end.
 *
 * Reading: hb_mqtt_next cuts one packet off what has arrived, hb_mqtt_read_… takes its body apart.
 * Writing: hb_mqtt_put_… adds a packet to a buffer. */
#ifndef HB_SOURCE_MQTT_PACKET_H
#define HB_SOURCE_MQTT_PACKET_H

#include "base/buf.h"

typedef enum hb_mqtt_type {
    HB_MQTT_CONNECT = 1,
    HB_MQTT_CONNACK = 2,
    HB_MQTT_PUBLISH = 3,
    HB_MQTT_PUBACK = 4,
    HB_MQTT_PUBREC = 5,
    HB_MQTT_PUBREL = 6,
    HB_MQTT_PUBCOMP = 7,
    HB_MQTT_SUBSCRIBE = 8,
    HB_MQTT_SUBACK = 9,
    HB_MQTT_UNSUBSCRIBE = 10,
    HB_MQTT_UNSUBACK = 11,
    HB_MQTT_PINGREQ = 12,
    HB_MQTT_PINGRESP = 13,
    HB_MQTT_DISCONNECT = 14,
    HB_MQTT_AUTH = 15,
} hb_mqtt_type;

typedef enum hb_mqtt_version { HB_MQTT_V5, HB_MQTT_V311 } hb_mqtt_version;

enum {
    HB_MQTT_TEXT_MAX = 65535,
    HB_MQTT_HEAD_MAX = 5,      /* bytes of the fixed header */
    HB_MQTT_REFUSED = 0x80,    /* a reason code from here on is a refusal */
    HB_MQTT_TAKEN_OVER = 0x8e, /* another client came with the same client id */
};

typedef struct hb_mqtt_packet {
    hb_mqtt_type type;
    uint8_t flags;
    hb_str body;  /* what is there of it */
    size_t total; /* bytes of the whole packet, head included */
} hb_mqtt_packet;

typedef enum hb_mqtt_found {
    HB_MQTT_WHOLE,
    HB_MQTT_PART, /* the head is there (total is set), the body is not all */
    HB_MQTT_MORE, /* not even the head */
    HB_MQTT_BAD,  /* no MQTT */
} hb_mqtt_found;

/* The packet p begins with. */
hb_mqtt_found hb_mqtt_next(const void *p, size_t n, hb_mqtt_packet *ret);

typedef struct hb_mqtt_publish {
    hb_str topic;
    hb_str payload; /* what is there of it */
    uint16_t id;    /* 0 with QoS 0 */
    uint8_t qos;
    bool dup;
    bool retain;
} hb_mqtt_publish;

/* False when the body is malformed. With a packet that is there in part: false as well when topic
 * and id are not complete yet. */
bool hb_mqtt_read_publish(const hb_mqtt_packet *packet, hb_mqtt_version version,
                          hb_mqtt_publish *ret);

typedef struct hb_mqtt_connack {
    bool session_present;
    uint8_t reason;
    hb_str text;         /* the broker's own words, may be empty */
    uint32_t keep_alive; /* what the broker wants, seconds; UINT32_MAX = as asked */
} hb_mqtt_connack;

bool hb_mqtt_read_connack(const hb_mqtt_packet *packet, hb_mqtt_version version,
                          hb_mqtt_connack *ret);
/* SUBACK: one code per topic, in order. */
bool hb_mqtt_read_suback(const hb_mqtt_packet *packet, hb_mqtt_version version, uint16_t *ret_id,
                         hb_str *ret_codes);
/* PUBREL. */
bool hb_mqtt_read_id(const hb_mqtt_packet *packet, uint16_t *ret_id);
/* DISCONNECT from the broker (MQTT 5). */
bool hb_mqtt_read_disconnect(const hb_mqtt_packet *packet, uint8_t *ret_reason, hb_str *ret_text);

/* A refusal in words: "bad user name or password". CONNACK of 3.1.1 has codes of its own. */
const char *hb_mqtt_reason(uint8_t reason);
const char *hb_mqtt_connack_reason(uint8_t reason, hb_mqtt_version version);

typedef struct hb_mqtt_hello {
    hb_mqtt_version version;
    const char *client_id;
    const char *username; /* NULL = none */
    hb_str password;      /* p NULL = none */
    uint16_t keep_alive_s;
    uint32_t session_expiry_s; /* 0 = no session; UINT32_MAX = for ever */
} hb_mqtt_hello;

void hb_mqtt_put_connect(hb_buf *out, const hb_mqtt_hello *hello);
void hb_mqtt_put_subscribe(hb_buf *out, hb_mqtt_version version, uint16_t id,
                           const char *const *topics, size_t n, unsigned qos, bool retained);
void hb_mqtt_put_unsubscribe(hb_buf *out, hb_mqtt_version version, uint16_t id, hb_str topic);
/* PUBACK, PUBREC, PUBCOMP. */
void hb_mqtt_put_ack(hb_buf *out, hb_mqtt_type type, uint16_t id);
/* PINGREQ, DISCONNECT. */
void hb_mqtt_put_empty(hb_buf *out, hb_mqtt_type type);

#endif
