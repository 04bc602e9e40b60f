/* SPDX-License-Identifier: Apache-2.0 */
/* What the statistics need beside the reference run: the set, runs judged together, open suspicions
 * and the history. */
#include "baseline/pick.h"
#include "baseline/version.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY_LOOKED_AT = 2 * HB_HISTORY_RUNS_MAX };

/* --- the run's place --- */

static hb_status find_order(hb_picker *p, hb_error *err)
{
    const hb_run_query q = {.run_id = p->run->meta.run_id, .limit = 1};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(p->s, &q, &p->sel->arena, &rows, &n, err));
    p->order = n                                    ? rows[0].order
               : p->run->meta.start != HB_TIME_NONE ? p->run->meta.start
                                                    : p->ask->now;
    return HB_OK;
}

hb_status hb_past_look(hb_picker *p, hb_error *err)
{
    const hb_run_meta *m = &p->run->meta;
    const hb_suspicion_query q = {.program = m->program,
                                  .subsystem = m->subsystem,
                                  .test_name = m->test_name,
                                  .seen_by = m->run_id};
    HB_TRY(find_order(p, err));
    HB_TRY(hb_store_list_suspects(p->s, &q, &p->sel->arena, &p->suspects, &p->n_suspects, err));
    return hb_store_list_suspicions(p->s, &q, &p->sel->arena, &p->suspicions, &p->n_suspicions,
                                    err);
}

/* --- sets --- */

/* version: NULL = none. */
static hb_status load_set(hb_picker *p, const char *kind, const hb_version_row *version,
                          const char *const *run_ids, size_t n, hb_run_set **ret, hb_error *err)
{
    hb_selection *sel = p->sel;
    const hb_run_set_ask ask = {.run = p->run,
                                .registry = p->ask->registry,
                                .kind = kind,
                                .history = strcmp(kind, "history") == 0};
    HB_TRY(HB_ARENA_GROW(&sel->arena, sel->sets, sel->n_sets, sel->cap_sets, err));
    hb_run_set *set = hb_arena_array(&sel->arena, 1, sizeof *set);
    if (!set) {
        return HB_NOMEM(err);
    }
    hb_buf note;
    hb_buf_init(&note, 4096);
    hb_status status = version ? hb_version_set(p->s, version, &ask, run_ids, n, set, &note, err)
                               : hb_run_set_load(p->s, &ask, run_ids, n, set, &note, err);
    if (status == HB_OK) {
        sel->sets[sel->n_sets++] = set;
        if (note.n && hb_buf_check(&note, NULL) == HB_OK) {
            hb_pick_warn(p);
            hb_buf_c(&p->warning, note.p);
        }
        *ret = set;
    }
    hb_buf_release(&note);
    return status;
}

static hb_status fill_set(hb_picker *p, const hb_choice *c, hb_error *err)
{
    hb_reference *r = &p->sel->reference;
    hb_run_set *set = NULL;
    if (r->run && c->version) {
        HB_TRY(load_set(p, "version", c->version, c->run_ids, c->n_run_ids, &set, err));
        r->set = set;
        return HB_OK;
    }
    const char *oldest_first[HB_COMPARABLE_MAX];
    for (size_t i = 0; i < r->n_comparable; i++) {
        oldest_first[i] = r->comparable[r->n_comparable - 1 - i];
    }
    if (r->n_comparable) {
        HB_TRY(load_set(p, "comparable", NULL, oldest_first, r->n_comparable, &set, err));
        r->set = set;
    }
    return HB_OK;
}

/* --- runs named with --with --- */

static int by_order(const void *a, const void *b)
{
    const hb_run_row *x = a;
    const hb_run_row *y = b;
    return x->order != y->order ? (x->order > y->order ? 1 : -1) : strcmp(x->run_id, y->run_id);
}

static hb_status check_with(const hb_picker *p, const hb_choice *c, const char *run_id,
                            const hb_run_row *row, hb_error *err)
{
    const hb_reference *r = &p->sel->reference;
    if (!row) {
        hb_run *none = NULL;
        return hb_store_get_run(p->s, run_id, &none, err); /* says which ids are near */
    }
    if (hb_pick_is_self(p, row)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--with names '%s', which is the run itself; name other runs", run_id);
    }
    if (!hb_pick_same_test(p, row)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--with names run '%s' of program '%s', subsystem '%s', test '%s'; only "
                       "runs of one test are judged together",
                       run_id, row->program, row->subsystem, row->test_name);
    }
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (p->context[f] && strcmp(p->context[f], row->context[f]) != 0) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--with names run '%s' made under another context: %s is '%.60s' here "
                           "and '%.60s' there",
                           run_id, hb_context_name((hb_context_field)f), p->context[f],
                           row->context[f]);
        }
    }
    bool in_baseline = false;
    for (size_t i = 0; i < r->n_run_ids; i++) {
        in_baseline = in_baseline || strcmp(r->run_ids[i], run_id) == 0;
    }
    for (size_t i = 0; i < c->n_run_ids; i++) {
        in_baseline = in_baseline || strcmp(c->run_ids[i], run_id) == 0;
    }
    return in_baseline ? HB_FAIL(err, HB_E_USAGE,
                                 "--with names run '%s', which is part of the baseline; a run is "
                                 "either judged or compared with",
                                 run_id)
                       : HB_OK;
}

static hb_status fill_with(hb_picker *p, const hb_choice *c, hb_error *err)
{
    size_t n = p->ask->n_with;
    hb_run_row rows[HB_WITH_RUNS_MAX];
    const char *ids[HB_WITH_RUNS_MAX];
    hb_choice one = {.n = 0};
    if (n > HB_WITH_RUNS_MAX) {
        return HB_FAIL(err, HB_E_USAGE, "--with takes at most %d runs, got %zu", HB_WITH_RUNS_MAX,
                       n);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(hb_pick_by_id(p, p->ask->with[i], &one, err));
        HB_TRY(check_with(p, c, p->ask->with[i], one.n ? &one.rows[0] : NULL, err));
        rows[i] = one.rows[0];
        for (size_t k = 0; k < i; k++) {
            if (strcmp(rows[k].digest, rows[i].digest) == 0) {
                return HB_FAIL(err, HB_E_USAGE,
                               "--with names '%s' and '%s', which are one recording; name each run "
                               "once",
                               rows[k].run_id, rows[i].run_id);
            }
        }
    }
    if (n == 0) {
        return HB_OK;
    }
    qsort(rows, n, sizeof *rows, by_order);
    for (size_t i = 0; i < n; i++) {
        ids[i] = rows[i].run_id;
    }
    hb_run_set *set = NULL;
    HB_TRY(load_set(p, "named", NULL, ids, n, &set, err));
    p->sel->reference.with = set;
    return HB_OK;
}

/* --- suspicions that this run answers --- */

static bool answers(const hb_picker *p, const hb_suspicion_row *x)
{
    const char *own = hb_pick_own_digest(p);
    bool before = x->raised < p->order ||
                  (x->raised == p->order && strcmp(x->run_id, p->run->meta.run_id) < 0);
    bool copy = own && strcmp(own, x->run_digest) == 0;
    if (x->state != HB_SUSPICION_OPEN || !before || x->until < p->order || copy) {
        return false;
    }
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (p->context[f] && strcmp(p->context[f], x->context[f]) != 0) {
            return false;
        }
    }
    return true;
}

typedef struct frozen {
    const char **ids;
    size_t n;
    const hb_run_set *set;
} frozen;

static bool same_ids(const frozen *f, const char *const *ids, size_t n)
{
    bool same = f->n == n;
    for (size_t i = 0; i < n && same; i++) {
        same = strcmp(f->ids[i], ids[i]) == 0;
    }
    return same;
}

/* All suspicions of one decision share their set, so it is loaded once. */
static hb_status frozen_set(hb_picker *p, const hb_suspicion_row *x, frozen *last, hb_error *err)
{
    const char **ids = NULL;
    HB_TRY(hb_store_suspicion_set(p->s, x, &p->sel->arena, &ids, err));
    if (last->set && same_ids(last, ids, x->n_set)) {
        return HB_OK;
    }
    hb_run_set *set = NULL;
    HB_TRY(load_set(p, "comparable", NULL, ids, x->n_set, &set, err));
    *last = (frozen){.ids = ids, .n = x->n_set, .set = set};
    return HB_OK;
}

static hb_status add_suspicion(hb_picker *p, const hb_suspicion_row *x, const frozen *f,
                               hb_suspicion *to, hb_error *err)
{
    const hb_past_metric *m = hb_run_set_metric(f->set, x->metric);
    double *none = m ? NULL : hb_arena_array(&p->sel->arena, f->n ? f->n : 1, sizeof *none);
    if (!m && !none) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; !m && i < f->n; i++) {
        none[i] = NAN;
    }
    *to = (hb_suspicion){.metric = x->metric,
                         .direction = x->direction,
                         .run_id = x->run_id,
                         .raised = x->raised,
                         .until = x->until,
                         .set_run_ids = f->ids,
                         .n_set = f->n,
                         .values = m ? m->values : none,
                         .step = x->step,
                         .log = x->log};
    return HB_OK;
}

static hb_status fill_suspicions(hb_picker *p, hb_prior *prior, hb_error *err)
{
    hb_suspicion *list =
        hb_arena_array(&p->sel->arena, p->n_suspicions ? p->n_suspicions : 1, sizeof *list);
    frozen last = {.n = 0};
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < p->n_suspicions; i++) {
        const hb_suspicion_row *x = &p->suspicions[i];
        if (answers(p, x)) {
            HB_TRY(frozen_set(p, x, &last, err));
            HB_TRY(add_suspicion(p, x, &last, &list[prior->n_suspicions++], err));
        }
    }
    prior->suspicions = list;
    return HB_OK;
}

/* --- history and early warning --- */

static bool is_copy(const hb_run_row *rows, size_t n, const hb_run_row *row)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].digest, row->digest) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status fill_history(hb_picker *p, hb_prior *prior, hb_error *err)
{
    hb_run_query q = hb_pick_others(p);
    hb_run_row *rows = NULL;
    size_t n = 0;
    q.min_score = p->possible;
    q.before = p->order;
    q.before_run_id = p->run->meta.run_id;
    q.limit = HISTORY_LOOKED_AT;
    HB_TRY(hb_store_list_runs(p->s, &q, &p->sel->arena, &rows, &n, err));
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < HB_HISTORY_RUNS_MAX; i++) {
        if (!is_copy(rows, kept, &rows[i])) {
            rows[kept++] = rows[i];
        }
    }
    if (kept == 0) {
        return HB_OK;
    }
    const char **ids = hb_arena_array(&p->sel->arena, kept, sizeof *ids);
    if (!ids) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < kept; i++) {
        ids[i] = rows[kept - 1 - i].run_id;
    }
    hb_run_set *set = NULL;
    HB_TRY(load_set(p, "history", NULL, ids, kept, &set, err));
    prior->history = set;
    return HB_OK;
}

static hb_status fill_early(hb_picker *p, hb_prior *prior, hb_error *err)
{
    hb_choice newest = {.n = 0};
    const char *ids[HB_COMPARABLE_MAX];
    if (!p->policy->rolling_for_early_warning) {
        return HB_OK;
    }
    hb_run_query q = hb_pick_others(p);
    q.except_status = "FAIL";
    q.min_score = p->possible;
    size_t max = p->policy->rolling_runs;
    max = max < 1 ? 1 : max > HB_COMPARABLE_MAX ? HB_COMPARABLE_MAX : max;
    p->trusted_only = true;
    HB_TRY(hb_pick_list(p, q, max, &newest, err));
    p->trusted_only = false;
    for (size_t i = 0; i < newest.n; i++) {
        ids[i] = newest.rows[newest.n - 1 - i].run_id;
    }
    if (newest.n) {
        hb_run_set *set = NULL;
        HB_TRY(load_set(p, "rolling", NULL, ids, newest.n, &set, err));
        prior->early = set;
    }
    return HB_OK;
}

hb_status hb_past_fill(hb_picker *p, const hb_choice *c, hb_error *err)
{
    hb_prior *prior = hb_arena_array(&p->sel->arena, 1, sizeof *prior);
    if (!prior) {
        return HB_NOMEM(err);
    }
    HB_TRY(fill_set(p, c, err));
    HB_TRY(fill_with(p, c, err));
    HB_TRY(fill_suspicions(p, prior, err));
    HB_TRY(fill_history(p, prior, err));
    HB_TRY(fill_early(p, prior, err));
    p->sel->reference.prior = prior;
    return HB_OK;
}
