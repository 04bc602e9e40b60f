/* SPDX-License-Identifier: Apache-2.0 */
/* Which metric does a name mean? Every name belongs to one metric, or loading fails. */
#include "telemetry/registry_internal.h"

#include "telemetry/names.h"

#include <string.h>

typedef struct place {
    uint32_t line;
    uint32_t col;
} place;

/* Name k of an entry: 0 is the canonical one, then the aliases. */
static const char *name_at(const hb_registry_entry *e, size_t k)
{
    return k == 0 ? e->def.name : e->def.aliases[k - 1];
}

static place place_at(const hb_registry_entry *e, size_t k)
{
    if (k == 0 || !e->aliases) {
        return (place){e->def.line, e->def.col};
    }
    const hb_node *at = e->aliases->kind == HB_NODE_LIST ? e->aliases->items[k - 1] : e->aliases;
    return (place){at->line, at->col};
}

static place place_of_fold(const hb_registry_entry *e, hb_str folded)
{
    char fold[HB_NAME_MAX_BYTES];
    size_t k = 0;
    for (; k <= e->def.n_aliases; k++) {
        hb_str name = hb_str_of(name_at(e, k));
        if (hb_str_eq((hb_str){fold, hb_name_fold(name, fold)}, folded)) {
            break;
        }
    }
    return place_at(e, k <= e->def.n_aliases ? k : 0);
}

static hb_status claim(hb_registry *r, const hb_registry_entry *entries, size_t i, size_t k,
                       hb_map *map, hb_error *err)
{
    const hb_registry_entry *e = &entries[i];
    hb_str name = hb_str_of(name_at(e, k));
    place at = place_at(e, k);
    char *fold = hb_arena_alloc(&r->arena, name.n + 1);
    if (!fold) {
        return HB_NOMEM(err);
    }
    hb_str folded = {fold, hb_name_fold(name, fold)};
    if (folded.n == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, r->name, at.line, at.col,
                          "metric '%s': the name '%s' has no letter or digit", e->def.name, name.p);
    }
    size_t other = 0;
    if (hb_map_get(map, folded, &other) && other != i) {
        place first = place_of_fold(&entries[other], folded);
        return HB_FAIL_AT(err, HB_E_CONFIG, r->name, at.line, at.col,
                          "the name '%s' is claimed by metric '%s' and by '%s' (line %u, "
                          "column %u); a name belongs to one metric (case, blanks and punctuation "
                          "do not count)",
                          name.p, e->def.name, entries[other].def.name, first.line, first.col);
    }
    return hb_map_put(map, folded, i, err);
}

hb_status hb_registry_claim_names(hb_registry *r, const hb_registry_entry *entries, hb_map *map,
                                  hb_error *err)
{
    for (size_t i = 0; i < r->n; i++) {
        HB_TRY(claim(r, entries, i, 0, map, err));
    }
    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 1; k <= entries[i].def.n_aliases; k++) {
            HB_TRY(claim(r, entries, i, k, map, err));
        }
    }
    return HB_OK;
}
