/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry_schema.yaml: what the names and units of live telemetry mean before the metric registry
 * sees them. docs/formats/telemetry_schema.md
 *
 * The original's file is accepted: version, field_mapping {raw: canonical | {canonical, unit,
 * factor, canonical_unit}}, sources.mqtt.topic_map, sources.syslog.patterns; the last two now do
 * what their names promise. New: `offset` (affine units) and named placeholders.
 *
 * Read-only after load; may be shared between threads. */
#ifndef HB_TELEMETRY_NORMALISE_H
#define HB_TELEMETRY_NORMALISE_H

#include "base/buf.h"
#include "telemetry/live_sample.h"

typedef struct hb_telemetry_schema hb_telemetry_schema;

HB_CHECKED hb_status hb_telemetry_schema_parse(hb_str text, const char *name,
                                               hb_telemetry_schema **ret_schema, hb_error *err);
/* No mapping at all. */
HB_CHECKED hb_status hb_telemetry_schema_empty(hb_telemetry_schema **ret_schema, hb_error *err);
void hb_telemetry_schema_free(hb_telemetry_schema *s);
const char *hb_telemetry_schema_digest(const hb_telemetry_schema *s); /* SHA-256 hex of the text */

/* Name, unit and value as the schema maps them (exact name, then ASCII case ignored); a name it
 * does not know stays as it is. Strings of *io then belong to the schema. */
void hb_normalise(const hb_telemetry_schema *s, hb_live_sample *io);

/* topic_map: the name a topic stands for. {placeholders} of the pattern are put into the name,
 * '+' and '#' as in MQTT; a pattern without them wins, else the first of the file that fits.
 * {metric} in a name stays as it is: the caller knows what the payload calls its value. False when
 * no pattern fits. `out` is cleared first; *ret_name points into it. */
bool hb_topic_map(const hb_telemetry_schema *s, hb_str topic, hb_buf *out, hb_str *ret_name,
                  hb_str *ret_unit);

/* sources.syslog.patterns: what a log message says in figures. Calls fn per value or count that a
 * pattern finds in the message, with name, unit and value; *ret_matched = patterns that matched. */
typedef hb_status (*hb_pattern_fn)(void *ctx, hb_str name, hb_str unit, double value,
                                   hb_error *err);
HB_CHECKED hb_status hb_syslog_patterns(const hb_telemetry_schema *s, hb_str program,
                                        hb_str message, hb_pattern_fn fn, void *ctx,
                                        size_t *ret_matched, hb_error *err);

/* The field table, for the reference, the schema and the manual. */
const struct hb_field *hb_telemetry_schema_fields(void);

#endif
