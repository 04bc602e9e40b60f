/* SPDX-License-Identifier: Apache-2.0 */
/* Document → registry.
 *
 * The base metrics are decoded first, then overrides. Those of the selected program and mode are
 * merged in, in this order. All others are decoded over the base as well and thrown away, so that
 * whether a file is valid does not depend on which run is looked at. */
#include "telemetry/registry_internal.h"

#include "base/mem.h"
#include "telemetry/names.h"
#include "telemetry/registry_fields.h"

#include <stdlib.h>
#include <string.h>

typedef struct loader {
    hb_metric_def defaults; /* first: the table of `defaults` has its offsets in it */
    const char *version;
    const hb_node *metrics;
    const hb_node *programs;
    const hb_node *modes;
    hb_registry *r;
    hb_units *units;
    hb_registry_entry *base; /* before any override */
} loader;

static hb_status keep_metrics(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    ((loader *)out)->metrics = value;
    return hb_node_expect(value, HB_NODE_MAP, where, err);
}

static hb_status keep_programs(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    ((loader *)out)->programs = value;
    return hb_node_expect(value, HB_NODE_MAP, where, err);
}

static hb_status keep_modes(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    ((loader *)out)->modes = value;
    return hb_node_expect(value, HB_NODE_MAP, where, err);
}

#define MAP_OF(name) \
    "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/" name "\"}}"

static const hb_field top_fields[] = {
    {.key = "version",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(loader, version),
     .max = 100,
     .def = "\"1.0\"",
     .doc = "The lab's own version of this file; shown in reports."},
    {.key = "defaults",
     .kind = HB_FIELD_MAP,
     .sub = hb_default_fields,
     .doc = "Limits for metrics that declare none of their own, known to this file or not."},
    {.key = "metrics",
     .kind = HB_FIELD_CUSTOM,
     .decode = keep_metrics,
     .schema = MAP_OF("metric"),
     .doc = "Name: what is declared about it."},
    {.key = "programs",
     .kind = HB_FIELD_CUSTOM,
     .decode = keep_programs,
     .schema = MAP_OF("override"),
     .doc = "Program: {metrics: {…}} with the keys that differ in runs of that program."},
    {.key = "mode_overrides",
     .kind = HB_FIELD_CUSTOM,
     .decode = keep_modes,
     .schema = MAP_OF("override"),
     .doc = "Operating mode: {metrics: {…}}, applied after the program's."},
    {0},
};

const hb_field *hb_registry_fields(void)
{
    return top_fields;
}

static hb_status check_units(const loader *l, const hb_metric_def *m, const hb_node *map,
                             hb_error *err)
{
    const hb_pair *unit = hb_node_find(map, "unit");
    hb_error why = {0};
    if (!l->units || !unit || !*m->unit) {
        return HB_OK;
    }
    hb_status status = hb_units_check(l->units, hb_str_of(m->unit), &why);
    if (status == HB_E_INPUT) {
        return HB_FAIL_AT(err, HB_E_CONFIG, l->r->name, unit->value->line, unit->value->col,
                          "metric '%s': %s", m->name, why.msg);
    }
    if (status != HB_OK && err) {
        *err = why;
    }
    return status;
}

static hb_status decode_metric(const loader *l, const hb_pair *pair, const hb_where *where,
                               hb_registry_entry *into, hb_error *err)
{
    hb_where below;
    HB_TRY(hb_where_below(where, pair->key, &below, err));
    if (hb_node_is_null(pair->value)) {
        return HB_OK; /* "name:" alone declares the name */
    }
    HB_TRY(hb_fields_decode(hb_metric_fields, pair->value, &below, &into->def, err));
    const hb_pair *aliases = hb_node_find(pair->value, "aliases");
    if (aliases && !hb_node_is_null(aliases->value)) {
        into->aliases = aliases->value;
    }
    HB_TRY(hb_metric_check(&into->def, l->r->name, pair->line, pair->col, err));
    return check_units(l, &into->def, pair->value, err);
}

static hb_status check_name(const loader *l, const hb_pair *m, hb_error *err)
{
    bool good = m->key.n > 0 && m->key.n <= HB_NAME_MAX_BYTES;
    for (size_t i = 0; i < m->key.n && good; i++) {
        good = (unsigned char)m->key.p[i] >= 0x20 && m->key.p[i] != 0x7f;
    }
    return good ? HB_OK
                : HB_FAIL_AT(err, HB_E_CONFIG, l->r->name, m->line, m->col,
                             "a metric's name must have 1 to %d bytes without control characters",
                             HB_NAME_MAX_BYTES);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const hb_registry_entry *)a)->def.name,
                  ((const hb_registry_entry *)b)->def.name);
}

static hb_status decode_metrics(loader *l, const hb_where *top, hb_error *err)
{
    hb_registry *r = l->r;
    hb_where where;
    size_t n = l->metrics ? l->metrics->n : 0;
    HB_TRY(hb_where_below(top, HB_STR("metrics"), &where, err));
    if (n > HB_REGISTRY_MAX_METRICS) {
        return HB_FAIL_AT(err, HB_E_CONFIG, r->name, l->metrics->line, l->metrics->col,
                          "'metrics' must hold at most %d metrics, got %zu",
                          HB_REGISTRY_MAX_METRICS, n);
    }
    r->entries = hb_arena_array(&r->arena, n + 1, sizeof *r->entries);
    l->base = hb_arena_array(&r->arena, n + 1, sizeof *l->base);
    if (!r->entries || !l->base) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const hb_pair *m = &l->metrics->pairs[i];
        HB_TRY(check_name(l, m, err));
        r->entries[i].def = (hb_metric_def){
            .name = m->key.p,
            .description = "",
            .unit = "",
            .declared = true,
            .line = m->line,
            .col = m->col,
        };
        HB_TRY(decode_metric(l, m, &where, &r->entries[i], err));
    }
    r->n = n;
    qsort(r->entries, n, sizeof *r->entries, by_name);
    memcpy(l->base, r->entries, n * sizeof *r->entries);
    return HB_OK;
}

static hb_status not_declared(const loader *l, const hb_pair *m, const hb_where *set, hb_error *err)
{
    const char *nearest = NULL;
    unsigned least = 4;
    for (size_t i = 0; i < l->r->n; i++) {
        unsigned d = hb_str_distance(m->key, hb_str_of(l->base[i].def.name), 3);
        if (d < least) {
            least = d;
            nearest = l->base[i].def.name;
        }
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, l->r->name, m->line, m->col,
                      "'%s' overrides metric '%.80s', which 'metrics' does not declare%s%s%s",
                      set->path, m->key.p, nearest ? "; did you mean '" : "",
                      nearest ? nearest : "", nearest ? "'?" : "");
}

/* The names a set that is not in force would give: its own aliases may clash too. */
static hb_status check_names(const loader *l, const hb_registry_entry *changed, hb_error *err)
{
    hb_map names;
    hb_map_init(&names, HB_REGISTRY_MAX_NAMES);
    hb_status status = hb_registry_claim_names(l->r, changed, &names, err);
    hb_map_release(&names);
    return status;
}

/* The metrics of one set, over the entries in force or, with `scratch`, over copies of the base. */
static hb_status decode_set(const loader *l, const hb_node *metrics, const hb_where *where,
                            bool in_force, hb_registry_entry *scratch, hb_error *err)
{
    hb_registry_entry *into = in_force ? l->r->entries : scratch;
    bool renames = false;
    for (size_t k = 0; k < metrics->n; k++) {
        const hb_pair *m = &metrics->pairs[k];
        size_t i = hb_registry_index(l->r, m->key);
        if (i == l->r->n) {
            return not_declared(l, m, where, err);
        }
        HB_TRY(decode_metric(l, m, where, &into[i], err));
        renames = renames || into[i].aliases != l->base[i].aliases;
    }
    return renames && !in_force ? check_names(l, scratch, err) : HB_OK;
}

static const hb_field override_fields[] = {
    {.key = "metrics", .kind = HB_FIELD_CUSTOM, .decode = keep_metrics}, {0}};

static hb_status decode_override(const loader *l, const hb_pair *set, const hb_where *where,
                                 bool in_force, hb_registry_entry *scratch, hb_error *err)
{
    hb_where here;
    hb_where below;
    loader found = {.metrics = NULL};
    if (hb_node_is_null(set->value)) {
        return HB_OK;
    }
    HB_TRY(hb_where_below(where, set->key, &here, err));
    HB_TRY(hb_fields_decode(override_fields, set->value, &here, &found, err));
    HB_TRY(hb_where_below(&here, HB_STR("metrics"), &below, err));
    if (!found.metrics) {
        return HB_OK;
    }
    hb_status status = decode_set(l, found.metrics, &below, in_force, scratch, err);
    for (size_t k = 0; k < found.metrics->n && !in_force; k++) {
        size_t i = hb_registry_index(l->r, found.metrics->pairs[k].key);
        if (i < l->r->n) {
            scratch[i] = l->base[i];
        }
    }
    return status;
}

/* Names of programs are exact; modes are lower case in the files of the original, so their case
 * does not count, and two that differ only by case would be one. */
static hb_status lower_once(const loader *l, const hb_pair *set, hb_map *seen, size_t i,
                            hb_error *err)
{
    char *lower = hb_arena_str(&l->r->arena, set->key);
    if (!lower) {
        return HB_NOMEM(err);
    }
    for (size_t k = 0; k < set->key.n; k++) {
        lower[k] = (char)(lower[k] >= 'A' && lower[k] <= 'Z' ? lower[k] - 'A' + 'a' : lower[k]);
    }
    if (hb_map_get(seen, (hb_str){lower, set->key.n}, NULL)) {
        return HB_FAIL_AT(err, HB_E_CONFIG, l->r->name, set->line, set->col,
                          "mode '%.80s' stands twice: the case of a mode's name does not count",
                          set->key.p);
    }
    return hb_map_put(seen, (hb_str){lower, set->key.n}, i, err);
}

typedef struct override_kind {
    const char *key;
    const hb_node *sets;
    const char *selected;
    bool any_case;
} override_kind;

static hb_status decode_sets(const loader *l, const override_kind *o, const hb_where *top,
                             hb_map *seen, hb_registry_entry *scratch, hb_error *err)
{
    hb_where where;
    HB_TRY(hb_where_below(top, hb_str_of(o->key), &where, err));
    for (size_t i = 0; o->sets && i < o->sets->n; i++) {
        const hb_pair *set = &o->sets->pairs[i];
        bool selected =
            o->any_case ? hb_str_ieq_c(set->key, o->selected) : hb_str_eq_c(set->key, o->selected);
        if (o->any_case) {
            HB_TRY(lower_once(l, set, seen, i, err));
        }
        HB_TRY(decode_override(l, set, &where, selected && *o->selected, scratch, err));
    }
    return HB_OK;
}

static hb_status decode_overrides(const loader *l, const hb_where *top, hb_error *err)
{
    const override_kind kinds[] = {
        {"programs", l->programs, l->r->program, false},
        {"mode_overrides", l->modes, l->r->mode, true},
    };
    hb_registry_entry *scratch = hb_alloc_array(l->r->n + 1, sizeof *scratch);
    hb_map seen;
    hb_map_init(&seen, HB_NODE_MAX);
    hb_status status = scratch ? HB_OK : HB_NOMEM(err);
    if (scratch) {
        memcpy(scratch, l->base, l->r->n * sizeof *scratch);
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && status == HB_OK; k++) {
        status = decode_sets(l, &kinds[k], top, &seen, scratch, err);
    }
    hb_map_release(&seen);
    hb_free(scratch);
    return status;
}

hb_status hb_registry_load(hb_registry *r, hb_units *units, const hb_node *root, hb_error *err)
{
    hb_where top = {.name = r->name, .path = "", .arena = &r->arena};
    loader l = {.version = r->version, .defaults = r->defaults, .r = r, .units = units};
    HB_TRY(hb_fields_decode(top_fields, root, &top, &l, err));
    const hb_pair *defaults = hb_node_find(root, "defaults");
    if ((!l.metrics || l.metrics->n == 0) && !defaults) {
        return HB_FAIL_AT(err, HB_E_CONFIG, r->name, root->line, root->col,
                          "key 'metrics' is missing or empty; a registry declares metrics, or at "
                          "least 'defaults'");
    }
    r->version = l.version;
    r->defaults = l.defaults;
    HB_TRY(decode_metrics(&l, &top, err));
    HB_TRY(decode_overrides(&l, &top, err));
    return hb_registry_claim_names(r, r->entries, &r->by_fold, err);
}
