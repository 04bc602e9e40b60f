/* SPDX-License-Identifier: Apache-2.0 */
/* What Sparkplug's birth certificates said: which metric an alias stands for, its type and unit,
 * and where a node's count of messages is. Made of messages alone; saved and loaded with the
 * decoder.
 *
 * A node is "group/node", a device "group/node/device"; both are parts here. */
#ifndef HB_SOURCE_SPARKPLUG_BIRTHS_H
#define HB_SOURCE_SPARKPLUG_BIRTHS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

enum {
    HB_BIRTHS_PARTS_MAX = 10000,    /* nodes and devices together */
    HB_BIRTHS_METRICS_MAX = 200000, /* of all of them together */
    HB_BIRTHS_TEXT_MAX = 256,       /* bytes of a name or unit; longer ones are not kept */
    HB_BIRTHS_KEY_MAX = 1024,
};

typedef struct hb_birth_metric {
    hb_str name;
    hb_str unit;
    uint64_t alias;
    bool has_alias;
    uint32_t datatype;
} hb_birth_metric;

typedef struct hb_birth_part {
    hb_str key;
    hb_arena arena; /* of the metrics */
    hb_birth_metric *metrics;
    size_t n;
    size_t cap;
    hb_map by_name;
    hb_map by_alias; /* 8 bytes each */
    bool born;
    /* Nodes only: */
    bool counts; /* seq is known */
    uint8_t seq; /* of the last message */
    bool has_session;
    uint64_t session; /* bdSeq of the birth */
} hb_birth_part;

typedef struct hb_births hb_births;

HB_CHECKED hb_status hb_births_new(hb_births **ret_births, hb_error *err);
void hb_births_free(hb_births *b);

/* NULL when it is not known. */
hb_birth_part *hb_births_find(const hb_births *b, hb_str key);
/* Known or new; HB_E_LIMIT beyond HB_BIRTHS_PARTS_MAX. */
HB_CHECKED hb_status hb_births_part(hb_births *b, hb_str key, hb_birth_part **ret_part,
                                    hb_error *err);
/* Forgets the metrics of a part. */
void hb_births_clear(hb_births *b, hb_birth_part *part);
/* Forgets those of a node's devices: they are born again after it. */
void hb_births_clear_devices(hb_births *b, hb_str node);
/* Adds or replaces; texts are copied. HB_E_LIMIT beyond HB_BIRTHS_METRICS_MAX. */
HB_CHECKED hb_status hb_births_add(hb_births *b, hb_birth_part *part, const hb_birth_metric *metric,
                                   hb_error *err);
const hb_birth_metric *hb_birth_by_name(const hb_birth_part *part, hb_str name);
const hb_birth_metric *hb_birth_by_alias(const hb_birth_part *part, uint64_t alias);

HB_CHECKED hb_status hb_births_save(const hb_births *b, hb_buf *out, hb_error *err);
/* Replaces everything; unchanged on failure. */
HB_CHECKED hb_status hb_births_load(hb_births *b, const void *p, size_t n, hb_error *err);

#endif
