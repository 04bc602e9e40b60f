/* SPDX-License-Identifier: Apache-2.0 */
/* One table per kind of configuration map: key, type, range, meaning. The decoder, the reference
 * text, the JSON Schema and the manual all read the same rows, so none can say something else.
 *
 *     static const hb_field fields[] = {
 *         {.key = "tag", .kind = HB_FIELD_STRING, .offset = offsetof(thing, tag), .doc = "…"},
 *         {0},
 *     };
 *     hb_fields_decode(fields, node, &where, &thing, err);
 *
 * Unknown, duplicate and missing keys, wrong types and values out of range are HB_E_CONFIG at
 * name:line:col, with the key's path, what was expected and what stood there. A key whose value is
 * null (~, null or nothing) counts as not given. Keys that are not given leave the struct as it
 * was, so a partial map decoded over a filled struct merges key by key. On failure the struct may
 * be half filled: decode into a scratch one. */
#ifndef HB_CONFIG_FIELD_H
#define HB_CONFIG_FIELD_H

#include "base/json_write.h"
#include "base/opt.h"
#include "config/node.h"

typedef enum hb_field_kind {
    HB_FIELD_STRING,  /* const char * in the arena, at most `max` bytes (0 = any); numbers are taken
                         as they are written, true and false need quotes */
    HB_FIELD_BOOL,    /* bool; true/false, also yes/no/on/off as YAML 1.1 had them */
    HB_FIELD_INT,     /* int64_t in [min, max] */
    HB_FIELD_UINT,    /* uint32_t in [min, max] */
    HB_FIELD_F64,     /* double in [min, max] */
    HB_FIELD_OPT_F64, /* hb_opt_f64 in [min, max] */
    HB_FIELD_SECONDS, /* hb_opt_f64; a number of seconds, or "500ms", "5s", "2m", "1h", "7d" */
    HB_FIELD_ENUM,    /* an enum; `names` in the order of its values */
    HB_FIELD_STRINGS, /* const char ** at offset, size_t at offset_n; a list, or one text; each at
                         most `max` bytes (0 = any) */
    HB_FIELD_MAP,     /* a map decoded with `sub` into the same struct */
    HB_FIELD_CUSTOM,  /* decode(), and encode() for hb_fields_print */
    HB_FIELD_REFUSED, /* known, but not accepted: `doc` says why and what to write instead */
} hb_field_kind;

typedef struct hb_where {
    const char *name; /* file */
    const char *path; /* "metrics.avg_latency_ms", "" at the top */
    hb_arena *arena;
} hb_where;

typedef struct hb_field hb_field;

struct hb_field {
    const char *key;
    hb_field_kind kind;
    size_t offset;
    size_t offset_n;
    size_t offset_set; /* a bool that becomes true when the key is given; 0 = none */
    bool required;
    double min; /* numbers: both 0 = any finite number */
    double max;
    const char *const *names; /* NULL-terminated */
    const hb_field *sub;
    hb_status (*decode)(const hb_where *where, const hb_node *value, void *out, hb_error *err);
    void (*encode)(const void *in, int indent, hb_buf *out); /* "key: …" lines, or nothing */
    const char *schema;                                      /* CUSTOM: its JSON Schema as text */
    const char *def; /* default as it would be written, for the reference; NULL = none */
    const char *doc; /* one or two sentences */
};

HB_CHECKED hb_status hb_fields_decode(const hb_field *fields, const hb_node *map,
                                      const hb_where *where, void *out, hb_error *err);

/* Helpers for custom decoders; the same messages as the decoder's own. */
HB_CHECKED hb_status hb_node_expect(const hb_node *node, hb_node_kind kind, const hb_where *where,
                                    hb_error *err);
HB_CHECKED hb_status hb_node_f64(const hb_node *node, const hb_where *where, double *ret,
                                 hb_error *err);
HB_CHECKED hb_status hb_node_text(const hb_node *node, const hb_where *where, const char **ret,
                                  hb_error *err);
bool hb_node_is_null(const hb_node *node);
/* where + ".key", in the arena. */
HB_CHECKED hb_status hb_where_below(const hb_where *where, hb_str key, hb_where *ret,
                                    hb_error *err);
/* "unknown key 'x'; did you mean 'y'?" at the key's place. */
hb_status hb_unknown_key(const hb_field *fields, const hb_pair *pair, const hb_where *where,
                         hb_error *err);

/* What a struct holds as YAML that decodes to the same again: every key that has a value. */
void hb_fields_print(const hb_field *fields, const void *in, int indent, hb_buf *out);
/* One text as a YAML (and JSON) scalar or key: plain where that is safe, else in double quotes. */
void hb_yaml_put_text(hb_str text, hb_buf *out);
/* "indent key: ", for encode(). */
void hb_yaml_put_key(const char *key, int indent, hb_buf *out);

/* The members of a JSON Schema (2020-12) object ("type", "properties", …) for a table. */
void hb_fields_schema(const hb_field *fields, hb_json *j);
/* Commented YAML: every key with its meaning, type and default. */
void hb_fields_reference(const hb_field *fields, int indent, hb_buf *out);

#endif
