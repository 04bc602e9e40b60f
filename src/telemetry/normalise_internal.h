/* SPDX-License-Identifier: Apache-2.0 */
/* Private to telemetry/: the parts of a telemetry schema. */
#ifndef HB_TELEMETRY_NORMALISE_INTERNAL_H
#define HB_TELEMETRY_NORMALISE_INTERNAL_H

#include "base/map.h"
#include "base/opt.h"
#include "config/field.h"
#include "telemetry/normalise.h"

#include <regex.h>

enum {
    HB_SCHEMA_FIELDS_MAX = 100000,
    HB_SCHEMA_TOPICS_MAX = 10000,
    HB_SCHEMA_PATTERNS_MAX = 1000,
    HB_SCHEMA_TEXT_MAX = 256, /* bytes of a name or unit */
    HB_TOPIC_LEVELS_MAX = 64,
    HB_PATTERN_BYTES_MAX = 1000,
    HB_PATTERN_GROUPS_MAX = 16
};

/* One entry of field_mapping. */
typedef struct hb_field_map {
    hb_str raw;
    const char *canonical; /* "" = as raw */
    const char *unit;
    hb_opt_f64 factor;
    hb_opt_f64 offset;
    const char *canonical_unit;
    const struct hb_field_map *conversion; /* whose unit, factor and offset hold; NULL = none */
    uint32_t line;
    uint32_t col;
} hb_field_map;

typedef struct hb_topic_level {
    hb_str before; /* literal in front of the place; the whole level where there is none */
    hb_str place;  /* name of {place}, empty = none */
    hb_str after;
    bool any; /* '+' */
} hb_topic_level;

typedef struct hb_topic_rule {
    hb_str pattern;
    const char *name;
    const char *unit;
    hb_topic_level *levels;
    size_t n_levels;
    bool rest; /* ends with '#' */
    bool exact;
} hb_topic_rule;

typedef struct hb_log_pattern {
    const char *pattern;
    const char *metric; /* "" = each named group is a value of its own name */
    const char *unit;
    const char **programs;
    size_t n_programs;
    regex_t regex;
    bool compiled;
    hb_str groups[HB_PATTERN_GROUPS_MAX]; /* names by number, [0] unused; empty = not named */
    size_t n_groups;                      /* including [0] */
    uint32_t line;
    uint32_t col;
} hb_log_pattern;

struct hb_telemetry_schema {
    hb_arena arena;
    const char *name;
    const char *version;
    char digest[65];
    hb_field_map *fields;
    size_t n_fields;
    hb_map by_name;
    hb_map by_lower;
    size_t longest; /* raw name, bytes */
    hb_topic_rule *topics;
    size_t n_topics;
    hb_map exact_topics;
    hb_log_pattern *patterns;
    size_t n_patterns;
};

/* topic_map and patterns of a document, each into its schema. */
HB_CHECKED hb_status hb_topic_rules_load(hb_telemetry_schema *s, const hb_node *map,
                                         const hb_where *where, hb_error *err);
HB_CHECKED hb_status hb_log_patterns_load(hb_telemetry_schema *s, const hb_node *list,
                                          const hb_where *where, hb_error *err);
/* p->pattern as the C library's regcomp wants it, and the groups' names into p. */
HB_CHECKED hb_status hb_log_pattern_translate(const hb_telemetry_schema *s, hb_log_pattern *p,
                                              hb_buf *out, hb_error *err);
void hb_log_patterns_free(hb_telemetry_schema *s);

/* Writes `text` with each {place} replaced by find(ctx, place); a place that find does not know
 * stays as it is. */
typedef bool (*hb_place_fn)(const void *ctx, hb_str place, hb_str *ret);
void hb_template_put(hb_str text, hb_place_fn find, const void *ctx, hb_buf *out);
/* The next {place} at or after *io_at, which moves behind it. */
bool hb_template_next(hb_str text, size_t *io_at, hb_str *ret_place);

#endif
