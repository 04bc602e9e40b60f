/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of payloads share: private to source/.
 *
 * A reader takes a message apart and calls hb_emit for each value:
 *
 *     hb_emit e;
 *     hb_emit_begin(&e, d, record, fn, ctx);
 *     hb_live_sample s = hb_emit_sample(&e);       source, time and id of the message
 *     hb_emit_value(text, &s);                     kind and value
 *     s.name = …; s.unit = …;
 *     HB_TRY(hb_emit_put(&e, &s, HB_NAME_PART, err));
 *     *ret_bad = e.bad;
 *
 * The name a sample gets: the payload's own, the topic's, or both (hb_name_given). */
#ifndef HB_SOURCE_PAYLOAD_H
#define HB_SOURCE_PAYLOAD_H

#include "base/arena.h"
#include "source/decode.h"

enum {
    HB_PAYLOAD_NAME_MAX = 256,      /* bytes of a sample's name */
    HB_PAYLOAD_ID_MAX = 128,        /* bytes of a message's id */
    HB_PAYLOAD_DEPTH = 16,          /* objects and arrays in one another */
    HB_PAYLOAD_VALUES_MAX = 100000, /* of one message, about: */
    HB_PAYLOAD_TOKENS_MAX = 4 * HB_PAYLOAD_VALUES_MAX
};

/* A table row of formats.c; NULL where this program has no reader. */
const hb_payload_reader *hb_payload_reader_find(hb_payload payload);

void *hb_decoder_state(const hb_decoder *d);
const hb_telemetry_schema *hb_decoder_schema(const hb_decoder *d);
/* Cleared memory for one message. */
hb_arena *hb_decoder_arena(hb_decoder *d);
/* A cleared buffer for one message. */
hb_buf *hb_decoder_text(hb_decoder *d);

typedef enum hb_name_given {
    HB_NAME_PART,  /* a key, or empty: stands behind the topic's name where there is one */
    HB_NAME_WHOLE, /* the payload names the metric: the topic adds nothing */
} hb_name_given;

typedef struct hb_emit {
    hb_decoder *d;
    const hb_record *record;
    hb_live_sample_fn fn;
    void *ctx;
    hb_str topic_name; /* empty = topics are no names */
    hb_str topic_unit;
    uint32_t part;   /* of the next sample */
    const char *bad; /* first thing that could not be read; constant */
} hb_emit;

void hb_emit_begin(hb_emit *e, hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                   void *ctx);
hb_live_sample hb_emit_sample(const hb_emit *e);
/* Names, maps and hands on. Without a usable name e->bad is set and nothing is handed on. Errors
 * are fn's. */
hb_status hb_emit_put(hb_emit *e, const hb_live_sample *s, hb_name_given given, hb_error *err);
void hb_emit_bad(hb_emit *e, const char *reason);

/* What a value's text says: a number (base/num), else the words of docs/formats/cells.md. */
void hb_emit_value(hb_str text, hb_live_sample *s);
/* RFC 3339 text, or a number since 1970: below 1e11 seconds, below 1e14 milliseconds, below 1e17
 * microseconds, else nanoseconds, fractions exact to the nanosecond. */
bool hb_event_time(hb_str text, hb_time *ret);

/* The part of a key that is not a value: what the readers for JSON, key=value and CSV headers agree
 * on. */
typedef enum hb_key_role {
    HB_KEY_NONE,
    HB_KEY_TIME,       /* timestamp, ts, time */
    HB_KEY_NAME,       /* metric, name */
    HB_KEY_VALUE,      /* value */
    HB_KEY_VALUES,     /* values */
    HB_KEY_UNIT,       /* unit */
    HB_KEY_UNITS,      /* units */
    HB_KEY_ID,         /* id, seq, sequence, message_id */
    HB_KEY_TIMESTAMPS, /* timestamps */
    HB_KEY_START,      /* start */
    HB_KEY_INTERVAL,   /* interval, interval_ms, interval_us, interval_ns */
} hb_key_role;

hb_key_role hb_key_role_of(hb_str key);

/* Each format's reader. */
hb_status hb_payload_auto(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err);
hb_status hb_payload_json(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err);
hb_status hb_payload_plain(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                           const char **ret_bad, hb_error *err);
hb_status hb_payload_key_value(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                               void *ctx, const char **ret_bad, hb_error *err);
hb_status hb_payload_host(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err);
hb_status hb_payload_csv(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                         const char **ret_bad, hb_error *err);
hb_status hb_payload_syslog(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                            const char **ret_bad, hb_error *err);
hb_status hb_payload_line_protocol(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                                   void *ctx, const char **ret_bad, hb_error *err);
/* Also from a topic "/v1/metrics?type=json&resource=service.name,host.name", as the source http
 * writes it: what the head of the request and the configuration said. */
hb_status hb_payload_otlp(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err);
/* "ms" and the like, as InfluxDB 1 and 2 name the unit of times; false for anything else. */
bool hb_line_precision(hb_str name, int64_t *ret_ns);
bool hb_payload_csv_is_header(hb_str line);
/* A header line is what it remembers. */
hb_status hb_payload_csv_new(void **ret_state, hb_error *err);
void hb_payload_csv_free(void *state);
hb_status hb_payload_csv_save(const void *state, hb_buf *out, hb_error *err);
hb_status hb_payload_csv_load(void *state, const void *p, size_t n, hb_error *err);
hb_status hb_payload_sparkplug(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                               void *ctx, const char **ret_bad, hb_error *err);
/* What birth certificates defined is what it remembers. */
hb_status hb_payload_sparkplug_new(void **ret_state, hb_error *err);
void hb_payload_sparkplug_free(void *state);
hb_status hb_payload_sparkplug_save(const void *state, hb_buf *out, hb_error *err);
hb_status hb_payload_sparkplug_load(void *state, const void *p, size_t n, hb_error *err);

#endif
