/* SPDX-License-Identifier: Apache-2.0 */
/* Which runs a baseline version is made of. */
#include "baseline/version.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICK_MAX_BYTES = 256 << 20, TEXT_MAX_BYTES = 4096 };

typedef struct picker {
    hb_store *s;
    const hb_version_ask *ask;
    hb_version_pick *pick;
    hb_past_run *runs; /* looked at, newest first */
    size_t n_runs;
    size_t cap_runs;
    hb_suspicion_row *suspicions;
    size_t n_suspicions;
    hb_suspect *suspects;
    size_t n_suspects;
    size_t cap_excluded;
} picker;

static int newest_first(const void *a, const void *b)
{
    const hb_past_run *x = a;
    const hb_past_run *y = b;
    return x->start != y->start ? (x->start < y->start ? 1 : -1) : strcmp(y->run_id, x->run_id);
}

/* --- the runs that are looked at --- */

static hb_status look_at(picker *p, hb_figures *f, const char *run_id, hb_error *err)
{
    hb_arena *arena = &p->pick->arena;
    HB_TRY(HB_ARENA_GROW(arena, p->runs, p->n_runs, p->cap_runs, err));
    hb_past_run *run = &p->runs[p->n_runs];
    bool keep = true;
    HB_TRY(hb_figures_run(f, run_id, arena, run, err));
    if (p->ask->keep) {
        HB_TRY(p->ask->keep(p->ask->ctx, run, &keep, err));
    }
    p->n_runs += keep;
    return HB_OK;
}

static hb_status look_at_rows(picker *p, hb_figures *f, const hb_run_row *rows, size_t n,
                              hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (p->ask->from == HB_TIME_NONE || rows[i].order >= p->ask->from) {
            HB_TRY(look_at(p, f, rows[i].run_id, err));
        }
    }
    return HB_OK;
}

static bool is_listed(const char *const *ids, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ids[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status look_at_named(picker *p, hb_figures *f, hb_error *err)
{
    for (size_t i = 0; i < p->ask->n_run_ids; i++) {
        if (!is_listed(p->ask->run_ids, i, p->ask->run_ids[i])) { /* named twice is once */
            HB_TRY(look_at(p, f, p->ask->run_ids[i], err));
        }
    }
    return HB_OK;
}

static hb_status collect(picker *p, hb_error *err)
{
    const hb_version_ask *ask = p->ask;
    hb_run_row *rows = NULL;
    size_t n = 0;
    for (size_t i = 0; i < ask->n_run_ids; i++) { /* a name misspelt is told with those near it */
        const hb_run_query q = {.run_id = ask->run_ids[i], .limit = 1};
        HB_TRY(hb_store_list_runs(p->s, &q, &p->pick->arena, &rows, &n, err));
        if (n == 0) {
            hb_run *none = NULL;
            return hb_store_get_run(p->s, ask->run_ids[i], &none, err);
        }
    }
    if (ask->n_run_ids == 0) {
        const hb_run_query q = {.program = ask->program,
                                .subsystem = ask->subsystem,
                                .test_name = ask->test_name,
                                .limit = HB_VERSION_LOOKED_AT};
        HB_TRY(hb_store_list_runs(p->s, &q, &p->pick->arena, &rows, &n, err));
    }
    hb_figures *f = NULL;
    HB_TRY(hb_figures_open(p->s, &f, err));
    hb_status status = ask->n_run_ids ? look_at_named(p, f, err) : look_at_rows(p, f, rows, n, err);
    hb_figures_close(f);
    HB_TRY(status);
    if (p->n_runs) {
        qsort(p->runs, p->n_runs, sizeof *p->runs, newest_first);
    }
    return HB_OK;
}

/* --- why one is left out --- */

static hb_status exclude(picker *p, const hb_past_run *run, const char *reason, hb_error *err,
                         const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static hb_status exclude(picker *p, const hb_past_run *run, const char *reason, hb_error *err,
                         const char *fmt, ...)
{
    hb_version_pick *pick = p->pick;
    char text[TEXT_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    HB_TRY(HB_ARENA_GROW(&pick->arena, pick->excluded, pick->n_excluded, p->cap_excluded, err));
    hb_version_excluded *x = &pick->excluded[pick->n_excluded];
    x->run_id = run->run_id;
    x->reason = reason;
    x->text = hb_arena_strndup(&pick->arena, text, n > 0 ? strlen(text) : 0);
    if (!x->text) {
        return HB_NOMEM(err);
    }
    pick->n_excluded++;
    return HB_OK;
}

static const hb_suspicion_row *suspicion_about(const picker *p, const char *run_id)
{
    const hb_suspect *about = NULL;
    for (size_t i = 0; i < p->n_suspects && !about; i++) {
        about = strcmp(p->suspects[i].run_id, run_id) == 0 ? &p->suspects[i] : NULL;
    }
    for (size_t i = 0; about && i < p->n_suspicions; i++) {
        if (p->suspicions[i].id == about->suspicion) {
            return &p->suspicions[i];
        }
    }
    return NULL;
}

static bool is_bad(const picker *p, const hb_past_run *run)
{
    return strcmp(run->status, "FAIL") == 0 || suspicion_about(p, run->run_id);
}

static bool same_test(const hb_run_meta *a, const hb_run_meta *b)
{
    return strcmp(a->program, b->program) == 0 && strcmp(a->subsystem, b->subsystem) == 0 &&
           strcmp(a->test_name, b->test_name) == 0;
}

/* The first field that differs; HB_CONTEXT_COUNT = none. */
static unsigned other_context(const hb_version_pick *pick, const hb_run_meta *m)
{
    unsigned f = 0;
    while (f < HB_CONTEXT_COUNT &&
           (!pick->context[f] || strcmp(pick->like.meta.context[f], m->context[f]) == 0)) {
        f++;
    }
    return f;
}

/* Which of the runs taken so far is the same recording; NULL = none. */
static const char *copy_of(const hb_past_run *const *taken, size_t n, const hb_past_run *run)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(taken[i]->digest, run->digest) == 0) {
            return taken[i]->run_id;
        }
    }
    return NULL;
}

static hb_status judge(picker *p, const hb_past_run *run, const hb_past_run **taken, size_t *n,
                       hb_error *err)
{
    const hb_run_meta *m = &run->meta;
    const hb_run_meta *like = &p->pick->like.meta;
    const hb_suspicion_row *x = suspicion_about(p, run->run_id);
    unsigned f = other_context(p->pick, m);
    const char *copy = copy_of(taken, *n, run);
    if (!same_test(m, like)) {
        return exclude(p, run, "other_test", err,
                       "belongs to program '%s', subsystem '%s', test '%s', not to '%s', '%s', "
                       "'%s'",
                       m->program, m->subsystem, m->test_name, like->program, like->subsystem,
                       like->test_name);
    }
    if (f < HB_CONTEXT_COUNT) {
        return exclude(p, run, "other_context", err, "%s is '%s', not '%s' as in run '%s'",
                       hb_context_name((hb_context_field)f), m->context[f], like->context[f],
                       p->pick->like.run_id);
    }
    if (strcmp(run->status, "FAIL") == 0) {
        return exclude(p, run, "fail", err, "its verdict is FAIL");
    }
    if (x) {
        bool open = x->state == HB_SUSPICION_OPEN;
        return exclude(p, run, "suspected", err, "metric '%s' is suspected since run '%s'%s%s",
                       x->metric, x->run_id,
                       open ? ", which waits for its retest" : ", confirmed by run ", x->closed_by);
    }
    if (copy) {
        return exclude(p, run, "copy", err, "is the same recording as run '%s'", copy);
    }
    if (*n == HB_VERSION_RUNS_MAX) {
        return exclude(p, run, "too_many", err, "a version has at most the %d newest runs",
                       HB_VERSION_RUNS_MAX);
    }
    taken[(*n)++] = run;
    return HB_OK;
}

/* --- test and context --- */

static hb_status settle_like(picker *p, hb_error *err)
{
    const hb_version_ask *ask = p->ask;
    hb_version_pick *pick = p->pick;
    const hb_past_run *like = p->n_runs ? &p->runs[0] : NULL;
    for (size_t i = 0; i < p->n_runs && is_bad(p, like); i++) {
        like = is_bad(p, &p->runs[i]) ? like : &p->runs[i];
    }
    if (ask->like) {
        hb_figures *f = NULL;
        HB_TRY(hb_figures_open(p->s, &f, err));
        hb_status status = hb_figures_run(f, ask->like, &pick->arena, &pick->like, err);
        hb_figures_close(f);
        HB_TRY(status);
    } else if (like) {
        pick->like = *like;
    }
    memcpy(pick->context, ask->policy->context_match, sizeof pick->context);
    return HB_OK;
}

static hb_status none_left(const picker *p, hb_error *err)
{
    const hb_version_pick *pick = p->pick;
    if (p->n_runs == 0) {
        char since[HB_TIME_TEXT] = "";
        if (p->ask->from != HB_TIME_NONE) {
            hb_time_print(p->ask->from, since);
        }
        return HB_FAIL(err, HB_E_STORE,
                       "no registered run is meant by these options%s%s; see 'hb runs list'",
                       *since ? ": none is of a time since " : "", since);
    }
    const hb_version_excluded *x = &pick->excluded[0];
    return HB_FAIL(err, HB_E_STORE,
                   "none of the %zu runs asked for may be part of a baseline: run '%s' %.200s%s",
                   p->n_runs, x->run_id, x->text,
                   pick->n_excluded > 1 ? "; the others for the same or other reasons" : "");
}

static hb_status pick_into(picker *p, hb_error *err)
{
    hb_version_pick *pick = p->pick;
    HB_TRY(collect(p, err));
    HB_TRY(hb_store_list_suspects(p->s, &(hb_suspicion_query){0}, &pick->arena, &p->suspects,
                                  &p->n_suspects, err));
    HB_TRY(hb_store_list_suspicions(p->s, &(hb_suspicion_query){0}, &pick->arena, &p->suspicions,
                                    &p->n_suspicions, err));
    HB_TRY(settle_like(p, err));
    const hb_past_run *taken[HB_VERSION_RUNS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < p->n_runs; i++) {
        HB_TRY(judge(p, &p->runs[i], taken, &n, err));
    }
    if (n == 0) {
        return none_left(p, err);
    }
    pick->run_ids = hb_arena_array(&pick->arena, n, sizeof *pick->run_ids);
    if (!pick->run_ids) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        pick->run_ids[i] = taken[n - 1 - i]->run_id;
    }
    pick->n_runs = n;
    return HB_OK;
}

hb_status hb_version_pick_runs(hb_store *s, const hb_version_ask *ask, hb_version_pick *ret_pick,
                               hb_error *err)
{
    hb_version_pick pick = {.n_runs = 0};
    hb_arena_init(&pick.arena, PICK_MAX_BYTES);
    picker p = {.s = s, .ask = ask, .pick = &pick};
    hb_status status = pick_into(&p, err);
    if (status != HB_OK) {
        hb_version_pick_release(&pick);
        return status;
    }
    *ret_pick = pick;
    return HB_OK;
}

void hb_version_pick_release(hb_version_pick *p)
{
    hb_arena_release(&p->arena);
    *p = (hb_version_pick){0};
}
