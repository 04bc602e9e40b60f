/* SPDX-License-Identifier: Apache-2.0 */
/* Private to source/mqtt/: the source's own struct and its parts.
 *
 * session.c drives one connection from CONNECT to its end, receive.c takes what arrives apart,
 * remember.c keeps the little that outlives the process. */
#ifndef HB_SOURCE_MQTT_SESSION_H
#define HB_SOURCE_MQTT_SESSION_H

#include "base/arena.h"
#include "source/mqtt/config.h"
#include "source/mqtt/mqtt.h"

enum {
    HB_MQTT_READ_BYTES = 256 << 10, /* at once */
    /* A packet that is taken in one piece: a record's payload, a topic, and properties. */
    HB_MQTT_HOLD_BYTES = HB_RECORD_PAYLOAD_MAX + HB_MQTT_TEXT_MAX + (256 << 10),
    HB_MQTT_OUT_BYTES = 32 << 20,
};

typedef enum hb_mqtt_stage {
    HB_MQTT_CLOSED,
    HB_MQTT_WAITS_CONNACK,
    HB_MQTT_WAITS_SUBACK,
    HB_MQTT_UP,
} hb_mqtt_stage;

struct hb_source {
    hb_arena arena; /* all texts */
    const hb_os *os;
    const char *state_dir;
    const char *base_dir;
    hb_mqtt_config config;
    hb_mqtt_address address;
    const char *const *topics;
    size_t n_topics;
    const char *client_id;
    bool seen;          /* there was a connection before: a session that is not there was lost */
    uint64_t *received; /* QoS 2, by id: what was put and waits for PUBREL; NULL until needed */
    const hb_source_sink *sink;
    hb_source_state told; /* last state told, and a mark of its words */
    uint64_t told_why;

    /* One connection. */
    hb_link *link;
    hb_mqtt_stage stage;
    char *in; /* [in_at, in_n) has arrived and is not taken yet */
    size_t in_at;
    size_t in_n;
    size_t in_cap;
    hb_buf out; /* from out_at on not sent yet */
    size_t out_at;
    uint64_t skip; /* bytes to come of a message that is too large */
    hb_mqtt_publish skipped;
    int64_t heard_ns;
    int64_t sent_ns;
    int64_t up_ns;
    bool pinged;
    uint32_t keep_alive_s;
    uint16_t subscribe_id;
};

/* From connecting to the connection's end; HB_OK = the program is ending. */
HB_CHECKED hb_status hb_mqtt_session(hb_source *s, hb_error *err);

/* Sends what is waiting in s->out, as far as it goes. */
HB_CHECKED hb_status hb_mqtt_flush(hb_source *s, hb_error *err);

/* Everything that is there whole in the buffer. */
HB_CHECKED hb_status hb_mqtt_take_packets(hb_source *s, hb_error *err);
/* CONNACK and SUBACK, in session.c. */
HB_CHECKED hb_status hb_mqtt_on_connack(hb_source *s, const hb_mqtt_packet *packet, hb_error *err);
HB_CHECKED hb_status hb_mqtt_on_suback(hb_source *s, const hb_mqtt_packet *packet, hb_error *err);
/* Counts a loss and writes it to the journal. */
HB_CHECKED hb_status hb_mqtt_loss(hb_source *s, const char *reason, const char *text,
                                  hb_error *err);
void hb_mqtt_tell(hb_source *s, hb_source_state state, const char *why);

/* The client id that was made at the first start. */
HB_CHECKED hb_status hb_mqtt_client_id(hb_source *s, const char *name, hb_error *err);
/* Topics the session at the broker is subscribed to, as far as known: one per line, "" = none. */
HB_CHECKED hb_status hb_mqtt_topics_kept(hb_source *s, char **ret_lines, size_t *ret_n,
                                         hb_error *err);
HB_CHECKED hb_status hb_mqtt_topics_keep(hb_source *s, hb_error *err);

#endif
