/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that load a registry. Inside telemetry/. */
#ifndef HB_TELEMETRY_REGISTRY_INTERNAL_H
#define HB_TELEMETRY_REGISTRY_INTERNAL_H

#include "base/map.h"
#include "config/field.h"
#include "telemetry/registry.h"

enum { HB_REGISTRY_MAX_METRICS = 10000, HB_REGISTRY_MAX_NAMES = 100000 };

typedef struct hb_registry_entry {
    hb_metric_def def;
    const hb_node *aliases; /* where they were written; NULL = none */
} hb_registry_entry;

struct hb_registry {
    hb_arena arena;
    const char *name;
    const char *digest;
    const char *version;
    const char *program; /* whose overrides are in force; "" = none */
    const char *mode;
    hb_metric_def defaults;
    hb_registry_entry *entries; /* sorted by name */
    size_t n;
    hb_map by_fold; /* folded name → index */
};

/* Fills an empty registry from the document; hb_registry_parse() frees it on failure. */
HB_CHECKED hb_status hb_registry_load(hb_registry *r, hb_units *units, const hb_node *root,
                                      hb_error *err);

/* Rules between the keys of one metric, with the place its keys start at. */
HB_CHECKED hb_status hb_metric_check(const hb_metric_def *def, const char *file, uint32_t line,
                                     uint32_t col, hb_error *err);

/* Index of a canonical name; n when there is none. */
size_t hb_registry_index(const hb_registry *r, hb_str canonical);

/* Puts every name of n entries into an empty map: folded name → index. A name claimed by two
 * metrics is an error naming both places. */
HB_CHECKED hb_status hb_registry_claim_names(hb_registry *r, const hb_registry_entry *entries,
                                             hb_map *map, hb_error *err);

#endif
