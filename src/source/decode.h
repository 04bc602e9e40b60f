/* SPDX-License-Identifier: Apache-2.0 */
/* What a journal record says: bytes as received → samples. Pure: the same record gives the same
 * samples for ever, so a restart, a replay and an audit read what was read the first time.
 * docs/formats/live_payloads.md */
#ifndef HB_SOURCE_DECODE_H
#define HB_SOURCE_DECODE_H

#include "journal/journal.h"
#include "telemetry/normalise.h"

#define HB_PAYLOAD_MAP(X)                                                                   \
    X(AUTO, "auto", "JSON, key=value, CSV or a plain number, by the first characters")      \
    X(JSON, "json", "one value, an object of values, arrays of samples; one or more lines") \
    X(PLAIN, "plain", "a number; the topic is the name")                                    \
    X(KEY_VALUE, "key_value", "name=value pairs")                                           \
    X(CSV, "csv", "metric,value[,unit] or timestamp,metric,value,unit")                     \
    X(SPARKPLUG, "sparkplug_b", "Eclipse Sparkplug B (protobuf)")                           \
    X(SYSLOG, "syslog", "RFC 5424 or RFC 3164")                                             \
    X(LINE_PROTOCOL, "line_protocol", "Influx line protocol")                               \
    X(OTLP, "otlp", "OpenTelemetry metrics (OTLP, protobuf or JSON)")                       \
    X(HOST, "host", "readings of this machine (source host)")

typedef enum hb_payload {
#define HB_PAYLOAD_ENUM(code, name, words) HB_PAYLOAD_##code,
    HB_PAYLOAD_MAP(HB_PAYLOAD_ENUM)
#undef HB_PAYLOAD_ENUM
        HB_PAYLOAD_COUNT_
} hb_payload;

extern const char *const hb_payload_names[]; /* in the order of the enum, NULL at the end */

typedef struct hb_decode_options {
    hb_payload payload;
    bool topic_is_name; /* a payload without a name of its own is named by its topic (MQTT) */
} hb_decode_options;

typedef struct hb_decoder hb_decoder;

/* schema is borrowed for the decoder's life. One thread. Some formats remember (Sparkplug's birth
 * certificates name its aliases): that memory is made of records alone and is saved with _save. */
HB_CHECKED hb_status hb_decoder_new(const hb_decode_options *options,
                                    const hb_telemetry_schema *schema, hb_decoder **ret_decoder,
                                    hb_error *err);
void hb_decoder_free(hb_decoder *d);

/* Calls fn per sample, names and units mapped by the schema. What cannot be read gives no sample
 * and *ret_bad = why, a constant string ("bad JSON", "no value" …), NULL when all of it was read;
 * samples before the bad place count. Errors are fn's own, or HB_E_NOMEM. */
HB_CHECKED hb_status hb_decode(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                               void *ctx, const char **ret_bad, hb_error *err);

HB_CHECKED hb_status hb_decoder_save(const hb_decoder *d, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_decoder_load(hb_decoder *d, const void *p, size_t n, hb_error *err);

/* One format's reader; state (may be NULL) is what it remembers. formats.c has the table. */
typedef struct hb_payload_reader {
    hb_payload payload;
    hb_status (*read)(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                      const char **ret_bad, hb_error *err);
    hb_status (*new_state)(void **ret_state, hb_error *err); /* NULL = remembers nothing */
    void (*free_state)(void *state);
    hb_status (*save)(const void *state, hb_buf *out, hb_error *err);
    hb_status (*load)(void *state, const void *p, size_t n, hb_error *err);
} hb_payload_reader;

#endif
