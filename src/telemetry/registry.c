/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/registry.h"

#include "base/map.h"
#include "base/mem.h"
#include "telemetry/names.h"
#include "telemetry/registry_fields.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_METRICS = 10000, MAX_NAMES = 100000, ARENA_BYTES = 64 << 20 };

struct hb_registry {
    hb_arena arena;
    const char *name;
    const char *digest;
    const char *version;
    hb_metric_def defaults;
    hb_metric_def *metrics; /* sorted by name */
    size_t n_metrics;
    hb_map by_fold; /* folded alias → index */
};

typedef struct loader {
    hb_registry *r;
    const char *program;
    const char *mode;
    hb_units *units;
} loader;

static hb_status fail_at(const hb_where *where, uint32_t line, uint32_t col, hb_error *err,
                         const char *what, const char *metric, const char *todo)
{
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, line, col, "metric '%s' %s; %s", metric, what,
                      todo);
}

static hb_metric_def *find(hb_registry *r, hb_str name)
{
    for (size_t i = 0; i < r->n_metrics; i++) {
        if (hb_str_eq_c(name, r->metrics[i].name)) {
            return &r->metrics[i];
        }
    }
    return NULL;
}

/* Rules between keys of one metric, checked on every state an override can make. */
static hb_status check_metric(const hb_metric_def *m, const hb_where *where, uint32_t line,
                              uint32_t col, hb_error *err)
{
    bool invariant = m->invariant_min.set || m->invariant_max.set || m->invariant_eq.set;
    if (m->critical && !invariant) {
        return fail_at(where, line, col, err, "is critical but has no hard limit", m->name,
                       "add invariant_min, invariant_max or invariant_eq");
    }
    if (m->invariant_min.set && m->invariant_max.set && m->invariant_min.v > m->invariant_max.v) {
        return fail_at(where, line, col, err, "has invariant_min above invariant_max", m->name,
                       "no value could pass");
    }
    if (m->zero_baseline == HB_ZERO_IGNORE && !m->drift_threshold.set && !m->drift_spread.set) {
        return fail_at(where, line, col, err,
                       "ignores a baseline of 0 without another change limit", m->name,
                       "add drift_threshold or drift_spread");
    }
    bool no_order = m->reduce == HB_REDUCE_RATE || m->reduce == HB_REDUCE_COUNT ||
                    m->reduce == HB_REDUCE_RANGE || m->reduce == HB_REDUCE_STD;
    if (m->drift_persistence && no_order) {
        return fail_at(where, line, col, err,
                       "declares drift_persistence, which has no meaning for its reduce", m->name,
                       "remove one of the two");
    }
    return HB_OK;
}

static hb_status check_units(hb_units *units, const hb_metric_def *m, const hb_node *map,
                             const hb_where *where, hb_error *err)
{
    const hb_pair *unit = hb_node_find(map, "unit");
    hb_error why = {0};
    if (!units || !unit || !*m->unit || hb_units_check(units, hb_str_of(m->unit), &why) == HB_OK) {
        return HB_OK;
    }
    if (why.code == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, unit->value->line, unit->value->col,
                      "metric '%s': %s", m->name, why.msg);
}

static hb_status decode_metric(const loader *l, const hb_pair *pair, const hb_where *where,
                               hb_metric_def *into, hb_error *err)
{
    hb_where below;
    HB_TRY(hb_where_below(where, pair->key, &below, err));
    if (hb_node_is_null(pair->value)) {
        return HB_OK; /* "name:" alone declares the name */
    }
    HB_TRY(hb_fields_decode(hb_metric_fields, pair->value, &below, into, err));
    const hb_pair *reduce = hb_node_find(pair->value, "reduce");
    into->reduce_set = into->reduce_set || (reduce && !hb_node_is_null(reduce->value));
    HB_TRY(check_metric(into, where, pair->line, pair->col, err));
    return check_units(l->units, into, pair->value, where, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const hb_metric_def *)a)->name, ((const hb_metric_def *)b)->name);
}

static hb_status decode_metrics(const loader *l, const hb_pair *pair, const hb_where *top,
                                hb_error *err)
{
    hb_registry *r = l->r;
    hb_where where;
    HB_TRY(hb_where_below(top, pair->key, &where, err));
    HB_TRY(hb_node_expect(pair->value, HB_NODE_MAP, &where, err));
    size_t n = pair->value->n;
    if (n == 0 || n > MAX_METRICS) {
        return HB_FAIL_AT(err, HB_E_CONFIG, top->name, pair->line, pair->col,
                          "'metrics' must hold 1 to %d metrics, got %zu", MAX_METRICS, n);
    }
    r->metrics = hb_arena_array(&r->arena, n, sizeof *r->metrics);
    if (!r->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const hb_pair *m = &pair->value->pairs[i];
        if (m->key.n == 0 || m->key.n > HB_NAME_MAX_BYTES) {
            return HB_FAIL_AT(err, HB_E_CONFIG, top->name, m->line, m->col,
                              "a metric's name must have 1 to %d bytes", HB_NAME_MAX_BYTES);
        }
        r->metrics[i] = (hb_metric_def){
            .name = m->key.p,
            .description = "",
            .unit = "",
            .declared = true,
            .line = m->line,
            .col = m->col,
        };
        HB_TRY(decode_metric(l, m, &where, &r->metrics[i], err));
    }
    r->n_metrics = n;
    qsort(r->metrics, n, sizeof *r->metrics, by_name);
    return HB_OK;
}

/* One {metrics: {…}} of partial configurations; decoded over copies, so that a set that is not in
 * force is still checked in full. */
static hb_status decode_override(const loader *l, const hb_pair *set, const hb_where *where,
                                 bool in_force, hb_error *err)
{
    hb_where here;
    HB_TRY(hb_where_below(where, set->key, &here, err));
    HB_TRY(hb_node_expect(set->value, HB_NODE_MAP, &here, err));
    for (size_t i = 0; i < set->value->n; i++) {
        const hb_pair *pair = &set->value->pairs[i];
        if (!hb_str_eq_c(pair->key, "metrics")) {
            static const hb_field only[] = {{.key = "metrics", .kind = HB_FIELD_MAP}, {0}};
            return hb_unknown_key(only, pair, &here, err);
        }
        hb_where metrics;
        HB_TRY(hb_where_below(&here, pair->key, &metrics, err));
        HB_TRY(hb_node_expect(pair->value, HB_NODE_MAP, &metrics, err));
        for (size_t k = 0; k < pair->value->n; k++) {
            const hb_pair *m = &pair->value->pairs[k];
            hb_metric_def *target = find(l->r, m->key);
            if (!target) {
                return HB_FAIL_AT(err, HB_E_CONFIG, where->name, m->line, m->col,
                                  "'%s' overrides metric '%.80s', which 'metrics' does not declare",
                                  here.path, m->key.p);
            }
            hb_metric_def copy = *target;
            HB_TRY(decode_metric(l, m, &metrics, in_force ? target : &copy, err));
        }
    }
    return HB_OK;
}

static hb_status decode_overrides(const loader *l, const hb_node *root, const char *key,
                                  const char *selected, const hb_where *top, hb_error *err)
{
    const hb_pair *sets = hb_node_find(root, key);
    if (!sets || hb_node_is_null(sets->value)) {
        return HB_OK;
    }
    hb_where where;
    HB_TRY(hb_where_below(top, sets->key, &where, err));
    HB_TRY(hb_node_expect(sets->value, HB_NODE_MAP, &where, err));
    for (size_t i = 0; i < sets->value->n; i++) {
        const hb_pair *set = &sets->value->pairs[i];
        bool in_force = selected && *selected && hb_str_ieq_c(set->key, selected);
        HB_TRY(decode_override(l, set, &where, in_force, err));
    }
    return HB_OK;
}

static hb_status claim(hb_registry *r, size_t index, hb_str name, const hb_where *where,
                       hb_error *err)
{
    hb_metric_def *m = &r->metrics[index];
    char *fold = hb_arena_alloc(&r->arena, name.n + 1);
    if (!fold) {
        return HB_NOMEM(err);
    }
    hb_str folded = {fold, hb_name_fold(name, fold)};
    if (folded.n == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, m->line, m->col,
                          "metric '%s': the name '%.80s' has no letter or digit", m->name, name.p);
    }
    size_t other = 0;
    if (hb_map_get(&r->by_fold, folded, &other) && other != index) {
        const hb_metric_def *o = &r->metrics[other];
        return HB_FAIL_AT(
            err, HB_E_CONFIG, where->name, m->line, m->col,
            "the name '%.80s' is claimed by metric '%s' and by '%s' (line %u); an alias "
            "belongs to one metric",
            name.p, m->name, o->name, o->line);
    }
    return hb_map_put(&r->by_fold, folded, index, err);
}

static hb_status index_names(hb_registry *r, const hb_where *where, hb_error *err)
{
    for (size_t i = 0; i < r->n_metrics; i++) {
        HB_TRY(claim(r, i, hb_str_of(r->metrics[i].name), where, err));
    }
    for (size_t i = 0; i < r->n_metrics; i++) {
        for (size_t k = 0; k < r->metrics[i].n_aliases; k++) {
            HB_TRY(claim(r, i, hb_str_of(r->metrics[i].aliases[k]), where, err));
        }
    }
    return HB_OK;
}

static const hb_field top_fields[] = {
    {.key = "version",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_registry, version),
     .def = "\"1.0\"",
     .doc = "The lab's own version of this file; shown in reports."},
    {.key = "defaults",
     .kind = HB_FIELD_MAP,
     .sub = hb_default_fields,
     .doc = "Limits for metrics that declare none of their own, known to this file or not."},
    {.key = "metrics",
     .kind = HB_FIELD_CUSTOM,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/metric\"}}",
     .doc = "Name: what is declared about it."},
    {.key = "programs",
     .kind = HB_FIELD_CUSTOM,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/override\"}}",
     .doc = "Program: {metrics: {…}} with the keys that differ in runs of that program."},
    {.key = "mode_overrides",
     .kind = HB_FIELD_CUSTOM,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/override\"}}",
     .doc = "Operating mode: {metrics: {…}}, applied after the program's."},
    {0},
};

const hb_field *hb_registry_fields(void)
{
    return top_fields;
}

static hb_status decode_defaults(hb_registry *r, const hb_node *root, const hb_where *top,
                                 hb_error *err)
{
    const hb_pair *pair = hb_node_find(root, "defaults");
    if (!pair || hb_node_is_null(pair->value)) {
        return HB_OK;
    }
    hb_where where;
    HB_TRY(hb_where_below(top, pair->key, &where, err));
    return hb_fields_decode(hb_default_fields, pair->value, &where, &r->defaults, err);
}

static hb_status decode(const loader *l, const hb_node *root, const hb_where *top, hb_error *err)
{
    hb_registry *r = l->r;
    HB_TRY(hb_node_expect(root, HB_NODE_MAP, top, err));
    for (size_t i = 0; i < root->n; i++) {
        const hb_field *f = top_fields;
        while (f->key && !hb_str_eq_c(root->pairs[i].key, f->key)) {
            f++;
        }
        if (!f->key) {
            return hb_unknown_key(top_fields, &root->pairs[i], top, err);
        }
    }
    const hb_pair *version = hb_node_find(root, "version");
    if (version && !hb_node_is_null(version->value)) {
        HB_TRY(hb_node_text(version->value, top, &r->version, err));
    }
    HB_TRY(decode_defaults(r, root, top, err));
    const hb_pair *metrics = hb_node_find(root, "metrics");
    if (metrics && !hb_node_is_null(metrics->value)) {
        HB_TRY(decode_metrics(l, metrics, top, err));
    } else if (!hb_node_find(root, "defaults")) {
        return HB_FAIL_AT(err, HB_E_CONFIG, top->name, root->line, root->col,
                          "key 'metrics' is missing; a registry declares metrics, or at least "
                          "'defaults'");
    }
    HB_TRY(decode_overrides(l, root, "programs", l->program, top, err));
    HB_TRY(decode_overrides(l, root, "mode_overrides", l->mode, top, err));
    return index_names(r, top, err);
}

hb_status hb_registry_parse(hb_str text, const char *name, const char *program, const char *mode,
                            const char *digest_hex, hb_units *units, hb_registry **ret_registry,
                            hb_error *err)
{
    hb_registry *r = hb_alloc_zero(sizeof *r);
    if (!r) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&r->arena, ARENA_BYTES);
    hb_map_init(&r->by_fold, MAX_NAMES);
    r->version = "1.0";
    r->defaults = (hb_metric_def){.name = "", .description = "", .unit = ""};
    r->name = hb_arena_str(&r->arena, hb_str_of(name));
    r->digest = hb_arena_str(&r->arena, hb_str_of(digest_hex));
    hb_where top = {.name = r->name, .path = "", .arena = &r->arena};
    loader l = {.r = r, .program = program, .mode = mode, .units = units};
    const hb_node *root = NULL;
    hb_status status =
        r->name && r->digest ? hb_yaml_parse(text, name, &r->arena, &root, err) : HB_NOMEM(err);
    if (status == HB_OK) {
        status = decode(&l, root, &top, err);
    }
    if (status != HB_OK) {
        hb_registry_free(r);
        return status;
    }
    *ret_registry = r;
    return HB_OK;
}

hb_status hb_registry_builtin(hb_registry **ret_registry, hb_error *err)
{
    /* Only the `defaults` of the starter file: without a registry nothing is declared. */
    static const char text[] = "version: built-in\n"
                               "defaults: {drift_spread: 3, drift_percent: 10, spread_ratio: 3}\n";
    return hb_registry_parse(HB_STR(text), "built-in", NULL, NULL, "built-in", NULL, ret_registry,
                             err);
}

void hb_registry_free(hb_registry *r)
{
    if (r) {
        hb_map_release(&r->by_fold);
        hb_arena_release(&r->arena);
        hb_free(r);
    }
}

const char *hb_registry_name(const hb_registry *r)
{
    return r->name;
}

const char *hb_registry_digest(const hb_registry *r)
{
    return r->digest;
}

const char *hb_registry_version(const hb_registry *r)
{
    return r->version;
}

size_t hb_registry_count(const hb_registry *r)
{
    return r->n_metrics;
}

const hb_metric_def *hb_registry_at(const hb_registry *r, size_t i)
{
    return &r->metrics[i];
}

const hb_metric_def *hb_registry_find(const hb_registry *r, hb_str canonical)
{
    size_t low = 0;
    size_t high = r->n_metrics;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = hb_str_cmp(hb_str_of(r->metrics[mid].name), canonical);
        if (c == 0) {
            return &r->metrics[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

const hb_metric_def *hb_registry_resolve(const hb_registry *r, hb_str raw_name)
{
    const hb_metric_def *exact = hb_registry_find(r, raw_name);
    char fold[HB_NAME_MAX_BYTES];
    size_t index = 0;
    if (exact || raw_name.n > sizeof fold) {
        return exact;
    }
    hb_str folded = {fold, hb_name_fold(raw_name, fold)};
    return hb_map_get(&r->by_fold, folded, &index) ? &r->metrics[index] : NULL;
}

const hb_metric_def *hb_registry_defaults(const hb_registry *r)
{
    return &r->defaults;
}
