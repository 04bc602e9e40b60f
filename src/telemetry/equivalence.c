/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/equivalence.h"

#include "base/mem.h"
#include "config/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256, TEXT_MAX_BYTES = 1000 };

static const hb_field mapping_fields[] = {
    {.key = "source_name",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_equivalence, source_name),
     .required = true,
     .max = NAME_MAX_BYTES,
     .doc = "The metric's name in runs of the one make, usually the baseline's."},
    {.key = "target_name",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_equivalence, target_name),
     .required = true,
     .max = NAME_MAX_BYTES,
     .doc = "Its name in runs of the other make."},
    {.key = "scale",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_equivalence, scale),
     .def = "1",
     .doc = "target = source · scale + offset. Not 0."},
    {.key = "offset",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_equivalence, offset),
     .def = "0",
     .doc = "Added after the scale, in the target's unit."},
    {.key = "source_platform",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_equivalence, source_platform),
     .max = NAME_MAX_BYTES,
     .doc = "The make of the source. A run whose factor 'platform' says otherwise is not mapped."},
    {.key = "target_platform",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_equivalence, target_platform),
     .max = NAME_MAX_BYTES,
     .doc = "The make of the target."},
    {.key = "provenance",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_equivalence, provenance),
     .max = TEXT_MAX_BYTES,
     .doc = "Where scale and offset come from: a calibration, a data sheet, who. Stands in every "
            "decision that uses them."},
    {0},
};

static hb_status decode_one(const hb_where *where, const hb_node *node, hb_equivalence *e,
                            hb_error *err)
{
    *e = (hb_equivalence){.scale = 1,
                          .source_name = "",
                          .target_name = "",
                          .source_platform = "",
                          .target_platform = "",
                          .provenance = "",
                          .line = node->line,
                          .col = node->col};
    HB_TRY(hb_fields_decode(mapping_fields, node, where, e, err));
    if (!*e->source_name || !*e->target_name) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, node->line, node->col,
                          "'%s' needs a source_name and a target_name", where->path);
    }
    if (e->scale == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, node->line, node->col,
                          "'%s.scale' must not be 0: every value would become the offset",
                          where->path);
    }
    if (strcmp(e->source_name, e->target_name) == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, node->line, node->col,
                          "'%s' maps '%.100s' to itself; to convert a unit, declare it in the "
                          "metric registry (unit, unit_map)",
                          where->path, e->source_name);
    }
    return HB_OK;
}

static hb_status decode_mappings(const hb_where *where, const hb_node *value, void *out,
                                 hb_error *err)
{
    hb_equivalence_mapping *m = out;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    if (value->n > HB_EQUIVALENCES_MAX) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' has %zu entries, at most %d", where->path, value->n,
                          HB_EQUIVALENCES_MAX);
    }
    m->list = hb_arena_array(where->arena, value->n ? value->n : 1, sizeof *m->list);
    if (!m->list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        char index[32];
        hb_where at;
        snprintf(index, sizeof index, "%zu", i);
        HB_TRY(hb_where_below(where, hb_str_of(index), &at, err));
        HB_TRY(hb_node_expect(value->items[i], HB_NODE_MAP, &at, err));
        HB_TRY(decode_one(&at, value->items[i], &m->list[m->n++], err));
    }
    return HB_OK;
}

static void put(const char *key, const char *value, hb_buf *out)
{
    if (*value) {
        hb_yaml_put_key(key, 4, out);
        hb_yaml_put_text(hb_str_of(value), out);
        hb_buf_ch(out, '\n');
    }
}

static void encode_mappings(const void *in, int indent, hb_buf *out)
{
    const hb_equivalence_mapping *m = in;
    (void)indent;
    hb_buf_c(out, m->n ? "mappings:\n" : "mappings: []\n");
    for (size_t i = 0; i < m->n; i++) {
        const hb_equivalence *e = &m->list[i];
        hb_buf_c(out, "  - source_name: ");
        hb_yaml_put_text(hb_str_of(e->source_name), out);
        hb_buf_ch(out, '\n');
        put("target_name", e->target_name, out);
        hb_buf_c(out, "    scale: ");
        hb_buf_f64(out, e->scale);
        hb_buf_c(out, "\n    offset: ");
        hb_buf_f64(out, e->offset);
        hb_buf_ch(out, '\n');
        put("source_platform", e->source_platform, out);
        put("target_platform", e->target_platform, out);
        put("provenance", e->provenance, out);
    }
}

static const hb_field fields[] = {
    {.key = "version",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_equivalence_mapping, version),
     .max = NAME_MAX_BYTES,
     .doc = "Of this file, for people."},
    {.key = "mappings",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_mappings,
     .encode = encode_mappings,
     .schema =
         "{\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"object\", "
         "\"additionalProperties\": false, \"required\": [\"source_name\", \"target_name\"], "
         "\"properties\": {\"source_name\": {\"type\": \"string\"}, \"target_name\": {\"type\": "
         "\"string\"}, \"scale\": {\"type\": \"number\", \"not\": {\"const\": 0}}, \"offset\": "
         "{\"type\": \"number\"}, \"source_platform\": {\"type\": \"string\"}, "
         "\"target_platform\": {\"type\": \"string\"}, \"provenance\": {\"type\": \"string\"}}}}",
     .doc = "A list; each entry has source_name, target_name, scale (1), offset (0), "
            "source_platform, target_platform, provenance: target = source · scale + offset."},
    {0},
};

const hb_field *hb_equivalence_fields(void)
{
    return fields;
}

typedef struct named {
    const char *name;
    const hb_equivalence *e;
    bool is_target;
} named;

static int by_name(const void *pa, const void *pb)
{
    const named *a = pa;
    const named *b = pb;
    int order = strcmp(a->name, b->name);
    if (order || a->e == b->e) {
        return order;
    }
    return a->e < b->e ? -1 : 1; /* both in one array */
}

/* Every name at most once in the whole file: twice on one side would be a choice nobody made, on
 * both sides a chain. */
static hb_status check_names(const hb_equivalence_mapping *m, hb_error *err)
{
    named *all = hb_alloc_zero((2 * m->n + 1) * sizeof *all);
    hb_status status = all ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; i < m->n && status == HB_OK; i++) {
        all[2 * i] = (named){m->list[i].source_name, &m->list[i], false};
        all[2 * i + 1] = (named){m->list[i].target_name, &m->list[i], true};
    }
    if (status == HB_OK) {
        qsort(all, 2 * m->n, sizeof *all, by_name);
    }
    for (size_t i = 1; i < 2 * m->n && status == HB_OK; i++) {
        const named *a = &all[i - 1];
        const named *b = &all[i];
        if (strcmp(a->name, b->name) != 0) {
            continue;
        }
        if (a->is_target == b->is_target) {
            status = HB_FAIL_AT(err, HB_E_CONFIG, m->name, b->e->line, b->e->col,
                                "'%.100s' is a %s twice (also on line %llu); keep one mapping, one "
                                "file for each pair of makes",
                                b->name, b->is_target ? "target" : "source",
                                (unsigned long long)a->e->line);
        } else {
            status =
                HB_FAIL_AT(err, HB_E_CONFIG, m->name, b->e->line, b->e->col,
                           "'%.100s' is the target of one mapping and the source of another "
                           "(lines %llu and %llu); chains are not followed, write the mapping "
                           "from end to end",
                           b->name, (unsigned long long)a->e->line, (unsigned long long)b->e->line);
        }
    }
    hb_free(all);
    return status;
}

static hb_status decode(hb_equivalence_mapping *m, hb_str text, hb_error *err)
{
    const hb_node *root = NULL;
    HB_TRY(hb_yaml_parse(text, m->name, &m->arena, &root, err));
    hb_where top = {.name = m->name, .path = "", .arena = &m->arena};
    HB_TRY(hb_fields_decode(fields, root, &top, m, err));
    return check_names(m, err);
}

hb_status hb_equivalence_parse(hb_str text, const char *name, const char *digest_hex,
                               hb_equivalence_mapping *ret_mapping, hb_error *err)
{
    hb_equivalence_mapping m = {.version = ""};
    hb_arena_init(&m.arena, HB_NODE_ARENA_BYTES);
    hb_str_fit(digest_hex, m.digest, sizeof m.digest);
    m.name = hb_arena_str(&m.arena, hb_str_of(name));
    hb_status status = m.name ? decode(&m, text, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_equivalence_release(&m);
        return status;
    }
    *ret_mapping = m;
    return HB_OK;
}

void hb_equivalence_release(hb_equivalence_mapping *m)
{
    hb_arena_release(&m->arena);
    *m = (hb_equivalence_mapping){.name = "", .version = ""};
}
