/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry_schema.yaml → tables. */
#include "telemetry/normalise_internal.h"

#include "base/mem.h"
#include "crypto/digest.h"

#include <string.h>

typedef struct loader {
    const char *version;
    const hb_node *fields;
    const hb_node *topics;
    const hb_node *patterns;
} loader;

static hb_status keep_fields(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    ((loader *)out)->fields = value;
    return hb_node_expect(value, HB_NODE_MAP, where, err);
}

static hb_status keep_topics(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    ((loader *)out)->topics = value;
    return hb_node_expect(value, HB_NODE_MAP, where, err);
}

static hb_status keep_patterns(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    ((loader *)out)->patterns = value;
    return hb_node_expect(value, HB_NODE_LIST, where, err);
}

static const hb_field mqtt_fields[] = {
    {.key = "topic_map",
     .kind = HB_FIELD_CUSTOM,
     .decode = keep_topics,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"type\": "
               "\"string\"}, {\"type\": \"object\", \"additionalProperties\": false, "
               "\"required\": [\"name\"], \"properties\": {\"name\": {\"type\": \"string\"}, "
               "\"unit\": {\"type\": \"string\"}}}]}}",
     .doc = "Topic pattern: the name it stands for, or {name, unit}. + is any level, # any further "
            "ones; {place} in a level is put into the name, and {metric} in a name is what the "
            "payload calls the value."},
    {0},
};

static const hb_field syslog_fields[] = {
    {.key = "patterns",
     .kind = HB_FIELD_CUSTOM,
     .decode = keep_patterns,
     .schema = "{\"type\": \"array\", \"items\": {\"anyOf\": [{\"type\": \"string\"}, {\"type\": "
               "\"object\", \"additionalProperties\": false, \"required\": [\"pattern\"], "
               "\"properties\": {\"pattern\": {\"type\": \"string\"}, \"metric\": {\"type\": "
               "\"string\"}, \"unit\": {\"type\": \"string\"}, \"program\": {\"anyOf\": "
               "[{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "
               "\"string\"}}]}}}]}}",
     .doc = "What log messages say in figures: regular expressions (POSIX extended) with named "
            "groups, as a text or {pattern, metric, unit, program}."},
    {0},
};

static const hb_field source_fields[] = {
    {.key = "mqtt", .kind = HB_FIELD_MAP, .sub = mqtt_fields, .doc = "Names of MQTT topics."},
    {.key = "syslog",
     .kind = HB_FIELD_MAP,
     .sub = syslog_fields,
     .doc = "Figures in log messages."},
    {0},
};

static const hb_field top_fields[] = {
    {.key = "version",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(loader, version),
     .max = 100,
     .def = "\"1.0\"",
     .doc = "The lab's own version of this file."},
    {.key = "sources",
     .kind = HB_FIELD_MAP,
     .sub = source_fields,
     .doc = "What only one kind of source needs."},
    {.key = "field_mapping",
     .kind = HB_FIELD_CUSTOM,
     .decode = keep_fields,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"type\": "
               "\"string\"}, {\"type\": \"null\"}, {\"type\": \"object\", "
               "\"additionalProperties\": false, \"properties\": {\"canonical\": {\"type\": "
               "\"string\"}, \"unit\": {\"type\": \"string\"}, \"factor\": {\"type\": "
               "\"number\"}, \"offset\": {\"type\": \"number\"}, \"canonical_unit\": {\"type\": "
               "\"string\"}}}]}}",
     .doc = "Name as it arrives: the metric's name, or {canonical, unit, factor, offset, "
            "canonical_unit}. An entry named like a unit converts values stated in that unit."},
    {0},
};

const struct hb_field *hb_telemetry_schema_fields(void)
{
    return top_fields;
}

static const hb_field entry_fields[] = {
    {.key = "canonical",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_field_map, canonical),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "The metric's name from here on. Default: as it arrives."},
    {.key = "unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_field_map, unit),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "The unit values arrive in where they state none; the one factor and offset are for."},
    {.key = "factor",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_field_map, factor),
     .doc = "value · factor + offset is in canonical_unit. Not 0."},
    {.key = "offset",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_field_map, offset),
     .doc = "Added after the factor."},
    {.key = "canonical_unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_field_map, canonical_unit),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "The unit after the conversion. Default with a factor: the registry's. Without factor "
            "and offset the same as unit."},
    {0},
};

static hb_status check_entry(const hb_telemetry_schema *s, const hb_field_map *m, hb_error *err)
{
    if (m->raw.n == 0 || m->raw.n > HB_SCHEMA_TEXT_MAX) {
        return HB_FAIL_AT(err, HB_E_CONFIG, s->name, m->line, m->col,
                          "a name of 'field_mapping' must have 1 to %d bytes, got %zu",
                          HB_SCHEMA_TEXT_MAX, m->raw.n);
    }
    if (m->factor.set && m->factor.v == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, s->name, m->line, m->col,
                          "'field_mapping.%.100s.factor' must not be 0: every value would be lost",
                          m->raw.p);
    }
    if (*m->unit && *m->canonical_unit && !m->factor.set && !m->offset.set &&
        strcmp(m->unit, m->canonical_unit) != 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, s->name, m->line, m->col,
                          "'field_mapping.%.100s' says nothing of how %.40s becomes %.40s: write "
                          "'factor' and 'offset', or leave 'canonical_unit' out; the metric "
                          "registry converts units it knows",
                          m->raw.p, m->unit, m->canonical_unit);
    }
    return HB_OK;
}

static hb_status load_entry(const hb_telemetry_schema *s, const hb_pair *pair, const hb_where *top,
                            hb_field_map *m, hb_error *err)
{
    hb_where where;
    *m = (hb_field_map){.raw = pair->key,
                        .canonical = "",
                        .unit = "",
                        .canonical_unit = "",
                        .line = pair->line,
                        .col = pair->col};
    HB_TRY(hb_where_below(top, pair->key, &where, err));
    if (pair->value->kind == HB_NODE_MAP) {
        HB_TRY(hb_fields_decode(entry_fields, pair->value, &where, m, err));
    } else if (!hb_node_is_null(pair->value)) {
        HB_TRY(hb_node_text(pair->value, &where, &m->canonical, err));
        if (strlen(m->canonical) > HB_SCHEMA_TEXT_MAX) {
            return HB_FAIL_AT(err, HB_E_CONFIG, s->name, pair->value->line, pair->value->col,
                              "'%s' must have at most %d bytes", where.path, HB_SCHEMA_TEXT_MAX);
        }
    }
    return check_entry(s, m, err);
}

static bool has_conversion(const hb_field_map *m)
{
    return m->factor.set || m->offset.set || *m->unit;
}

/* The original looked a factor up under the canonical name: an entry that has none of its own takes
 * that one's. */
static void link_conversions(hb_telemetry_schema *s)
{
    for (size_t i = 0; i < s->n_fields; i++) {
        hb_field_map *m = &s->fields[i];
        size_t k = 0;
        if (has_conversion(m)) {
            m->conversion = m;
        } else if (*m->canonical && hb_map_get(&s->by_name, hb_str_of(m->canonical), &k) &&
                   has_conversion(&s->fields[k])) {
            m->conversion = &s->fields[k];
        } else if (*m->canonical_unit) { /* nothing to convert: it is what values arrive in */
            m->unit = m->canonical_unit;
            m->conversion = m;
        }
    }
}

static hb_status lower_key(hb_telemetry_schema *s, size_t i, hb_error *err)
{
    char *text = hb_arena_str(&s->arena, s->fields[i].raw);
    if (!text) {
        return HB_NOMEM(err);
    }
    for (char *c = text; *c; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    hb_str key = hb_str_of(text);
    /* The first of names that differ by case alone. */
    return hb_map_get(&s->by_lower, key, NULL) ? HB_OK : hb_map_put(&s->by_lower, key, i, err);
}

static hb_status load_fields(hb_telemetry_schema *s, const hb_node *map, const hb_where *top,
                             hb_error *err)
{
    hb_where where;
    size_t n = map ? map->n : 0;
    HB_TRY(hb_where_below(top, HB_STR("field_mapping"), &where, err));
    s->fields = hb_arena_array(&s->arena, n + 1, sizeof *s->fields);
    if (!s->fields) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(load_entry(s, &map->pairs[i], &where, &s->fields[i], err));
        s->n_fields = i + 1;
        HB_TRY(hb_map_put(&s->by_name, s->fields[i].raw, i, err));
        HB_TRY(lower_key(s, i, err));
        s->longest = s->fields[i].raw.n > s->longest ? s->fields[i].raw.n : s->longest;
    }
    link_conversions(s);
    return HB_OK;
}

static hb_status load(hb_telemetry_schema *s, hb_str text, hb_error *err)
{
    const hb_node *root = NULL;
    loader l = {.version = "1.0"};
    hb_where top = {.name = s->name, .path = "", .arena = &s->arena};
    HB_TRY(hb_yaml_parse(text, s->name, &s->arena, &root, err));
    HB_TRY(hb_fields_decode(top_fields, root, &top, &l, err));
    s->version = l.version;
    HB_TRY(load_fields(s, l.fields, &top, err));
    hb_where where;
    HB_TRY(hb_where_below(&top, HB_STR("sources.mqtt.topic_map"), &where, err));
    HB_TRY(hb_topic_rules_load(s, l.topics, &where, err));
    HB_TRY(hb_where_below(&top, HB_STR("sources.syslog.patterns"), &where, err));
    return hb_log_patterns_load(s, l.patterns, &where, err);
}

static hb_status make(const char *name, hb_telemetry_schema **ret, hb_error *err)
{
    hb_telemetry_schema *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&s->arena, 2 * (size_t)HB_NODE_ARENA_BYTES);
    hb_map_init(&s->by_name, HB_SCHEMA_FIELDS_MAX);
    hb_map_init(&s->by_lower, HB_SCHEMA_FIELDS_MAX);
    hb_map_init(&s->exact_topics, HB_SCHEMA_TOPICS_MAX);
    s->version = "";
    s->name = hb_arena_str(&s->arena, hb_str_of(name));
    if (!s->name) {
        hb_telemetry_schema_free(s);
        return HB_NOMEM(err);
    }
    *ret = s;
    return HB_OK;
}

hb_status hb_telemetry_schema_parse(hb_str text, const char *name, hb_telemetry_schema **ret_schema,
                                    hb_error *err)
{
    hb_telemetry_schema *s = NULL;
    HB_TRY(make(name, &s, err));
    hb_status status = hb_digest_of(text.p, text.n, s->digest, err);
    if (status == HB_OK) {
        status = load(s, text, err);
    }
    if (status != HB_OK) {
        hb_telemetry_schema_free(s);
        return status;
    }
    *ret_schema = s;
    return HB_OK;
}

hb_status hb_telemetry_schema_empty(hb_telemetry_schema **ret_schema, hb_error *err)
{
    hb_telemetry_schema *s = NULL;
    HB_TRY(make("", &s, err));
    hb_status status = hb_digest_of("", 0, s->digest, err);
    if (status != HB_OK) {
        hb_telemetry_schema_free(s);
        return status;
    }
    *ret_schema = s;
    return HB_OK;
}
