/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/registry_internal.h"

#include "base/mem.h"
#include "telemetry/names.h"
#include "telemetry/registry_fields.h"

#include <string.h>

enum { ARENA_BYTES = 128 << 20 };

static hb_status load(hb_registry *r, hb_str text, const char *name, hb_units *units, hb_error *err)
{
    const hb_node *root = NULL;
    if (!r->name || !r->digest || !r->program || !r->mode) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_yaml_parse(text, name, &r->arena, &root, err));
    return hb_registry_load(r, units, root, err);
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
    hb_map_init(&r->by_fold, HB_REGISTRY_MAX_NAMES);
    r->version = "1.0";
    r->defaults = (hb_metric_def){.name = "", .description = "", .unit = ""};
    r->name = hb_arena_str(&r->arena, hb_str_of(name));
    r->digest = hb_arena_str(&r->arena, hb_str_of(digest_hex));
    r->program = hb_arena_str(&r->arena, hb_str_of(program));
    r->mode = hb_arena_str(&r->arena, hb_str_of(mode));
    hb_status status = load(r, text, name, units, err);
    if (status != HB_OK) {
        hb_registry_free(r);
        return status;
    }
    *ret_registry = r;
    return HB_OK;
}

hb_status hb_registry_builtin(hb_registry **ret_registry, hb_error *err)
{
    /* The `defaults` of the starter file (a test compares); without a file nothing is declared. */
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

const char *hb_registry_program(const hb_registry *r)
{
    return r->program;
}

const char *hb_registry_mode(const hb_registry *r)
{
    return r->mode;
}

size_t hb_registry_count(const hb_registry *r)
{
    return r->n;
}

const hb_metric_def *hb_registry_at(const hb_registry *r, size_t i)
{
    return &r->entries[i].def;
}

size_t hb_registry_index(const hb_registry *r, hb_str canonical)
{
    size_t low = 0;
    size_t high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = hb_str_cmp(hb_str_of(r->entries[mid].def.name), canonical);
        if (c == 0) {
            return mid;
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return r->n;
}

const hb_metric_def *hb_registry_find(const hb_registry *r, hb_str canonical)
{
    size_t i = hb_registry_index(r, canonical);
    return i < r->n ? &r->entries[i].def : NULL;
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
    return hb_map_get(&r->by_fold, folded, &index) ? &r->entries[index].def : NULL;
}

const hb_metric_def *hb_registry_defaults(const hb_registry *r)
{
    return &r->defaults;
}

static void put_heading(const hb_registry *r, hb_buf *out)
{
    hb_buf_c(out, "# metric registry ");
    hb_yaml_put_text(hb_str_of(r->name), out);
    hb_buf_fmt(out, ", SHA-256 %s", r->digest);
    if (*r->program) {
        hb_buf_c(out, "\n# overrides of program ");
        hb_yaml_put_text(hb_str_of(r->program), out);
    }
    if (*r->mode) {
        hb_buf_c(out, "\n# overrides of mode ");
        hb_yaml_put_text(hb_str_of(r->mode), out);
    }
    hb_buf_c(out, "\n");
    hb_yaml_put_key("version", 0, out);
    hb_yaml_put_text(hb_str_of(r->version), out);
    hb_buf_c(out, "\ndefaults:\n");
}

void hb_registry_yaml(const hb_registry *r, hb_buf *out)
{
    put_heading(r, out);
    hb_fields_print(hb_default_fields, &r->defaults, 2, out);
    hb_buf_c(out, "metrics:\n");
    for (size_t i = 0; i < r->n; i++) {
        const hb_metric_def *def = &r->entries[i].def;
        hb_yaml_put_key(def->name, 2, out);
        hb_buf_fmt(out, "# line %u\n", def->line);
        hb_fields_print(hb_metric_fields, def, 4, out);
    }
}
