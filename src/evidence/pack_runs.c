/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_runs.h"

#include "base/map.h"
#include "evidence/inputs.h"

#include <stdio.h>
#include <string.h>

enum { LISTED_MAX = 4 * HB_PAST_RUNS_MAX + HB_COMPARABLE_MAX };

typedef struct lister {
    const hb_reference *r;
    hb_arena *arena;
    hb_map by_id;
    hb_pack_runs out;
    size_t cap;
    size_t n_files; /* in baseline/runs/ */
} lister;

bool hb_reference_converted(const hb_reference *r)
{
    for (size_t i = 0; i < r->n_equivalences; i++) {
        if (!*r->equivalences[i].why_not) {
            return true;
        }
    }
    return false;
}

static hb_status add(lister *l, const char *run_id, const char *digest, bool is_reference,
                     hb_error *err)
{
    size_t at = 0;
    if (hb_map_get(&l->by_id, hb_str_of(run_id), &at)) {
        hb_pack_run *have = &l->out.list[at];
        have->digest = have->digest ? have->digest : digest;
        return HB_OK;
    }
    HB_TRY(HB_ARENA_GROW(l->arena, l->out.list, l->out.n, l->cap, err));
    hb_pack_run *to = &l->out.list[l->out.n];
    *to = (hb_pack_run){.run_id = run_id, .digest = digest, .path = HB_PACK_BASELINE};
    if (!is_reference) {
        char path[sizeof HB_PACK_RUNS + 32];
        snprintf(path, sizeof path, HB_PACK_RUNS "%zu.json", ++l->n_files);
        to->path = hb_arena_str(l->arena, hb_str_of(path));
    }
    HB_TRY(hb_map_put(&l->by_id, hb_str_of(run_id), l->out.n, err));
    l->out.n++;
    return to->path ? HB_OK : HB_NOMEM(err);
}

static hb_status add_set(lister *l, const hb_run_set *s, hb_error *err)
{
    for (size_t i = s ? s->n_runs : 0; i-- > 0;) {
        HB_TRY(add(l, s->runs[i].run_id, s->runs[i].digest, false, err));
    }
    return HB_OK;
}

/* As baseline/select.c makes it: of a version and the rolling strategy the pool, else one run. */
static hb_status add_baseline(lister *l, hb_error *err)
{
    const hb_reference *r = l->r;
    bool of_version = r->set && strcmp(r->set->kind, "version") == 0;
    l->out.pooled = r->run && (of_version || strcmp(r->reason, "rolling") == 0);
    if (!r->run) {
        return HB_OK;
    }
    for (size_t i = 0; of_version && i < r->set->n_runs; i++) {
        HB_TRY(add(l, r->set->runs[i].run_id, r->set->runs[i].digest, false, err));
    }
    for (size_t i = r->n_run_ids; l->out.pooled && !of_version && i-- > 0;) {
        HB_TRY(add(l, r->run_ids[i], NULL, false, err));
    }
    if (!l->out.pooled && r->n_run_ids) {
        HB_TRY(add(l, r->run_ids[0], r->run->digest, !hb_reference_converted(r), err));
    }
    l->out.n_baseline = l->out.n;
    return HB_OK;
}

static hb_status list(lister *l, hb_error *err)
{
    const hb_reference *r = l->r;
    HB_TRY(add_baseline(l, err));
    HB_TRY(add_set(l, r->set, err));
    HB_TRY(add_set(l, r->with, err));
    HB_TRY(add_set(l, r->prior ? r->prior->early : NULL, err));
    return add_set(l, r->prior ? r->prior->history : NULL, err);
}

hb_status hb_pack_runs_of(const hb_reference *r, hb_arena *arena, hb_pack_runs *ret, hb_error *err)
{
    lister l = {.r = r, .arena = arena};
    hb_map_init(&l.by_id, LISTED_MAX);
    hb_status status = list(&l, err);
    hb_map_release(&l.by_id);
    HB_TRY(status);
    *ret = l.out;
    return HB_OK;
}
