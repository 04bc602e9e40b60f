/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the reader for OpenTelemetry metrics: private to source/. docs/formats/otlp.md */
#ifndef HB_SOURCE_OTLP_OTLP_H
#define HB_SOURCE_OTLP_OTLP_H

#include "source/payload_json.h"

#include <otlp.pb-c.h>

enum {
    HB_OTLP_BODY_MAX = 8 << 20,    /* bytes, unpacked */
    HB_OTLP_ATTRIBUTES_MAX = 128,  /* of a point and its resource */
    HB_OTLP_ATTRIBUTE_TEXT = 8192, /* bytes of them as text */
    HB_OTLP_UNIT = 64
};

/* What the arena gave, and whether it was the machine that had no more: the arena's own limit is
 * the message's fault. */
typedef struct hb_otlp_memory {
    hb_arena *arena;
    bool no_memory;
} hb_otlp_memory;

void *hb_otlp_alloc(void *memory, size_t size);

/* One gzip member that is all of `in` into `out`, cleared first, whose limit bounds it. *ret_bad as
 * everywhere in source/. */
hb_status hb_otlp_gunzip(hb_str in, hb_buf *out, const char **ret_bad, hb_error *err);

/* The JSON form of a message into its protobuf form, by the message's own table of fields. NULL
 * when there is no memory, or with *ret_bad for what does not fit. Unknown keys mean nothing. */
void *hb_otlp_from_json(hb_otlp_memory *memory, const ProtobufCMessageDescriptor *of,
                        const hb_jvalue *v, const char **ret_bad);

/* "key=value,key=value" by the bytes of the keys into `out`, cleared first; of two with one key the
 * first counts. NULL, or why they make no name. Sorts `attributes`. */
const char *hb_otlp_attributes(const Hb__Otlp__KeyValue **attributes, size_t n, hb_buf *out);

/* A UCUM unit in our words; `room` has HB_OTLP_UNIT bytes. Empty where it says only what is counted
 * ("{request}"). */
hb_str hb_otlp_unit(hb_str ucum, char *room);

#endif
