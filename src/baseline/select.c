/* SPDX-License-Identifier: Apache-2.0 */
/* Selection in three steps: a strategy names the candidates (pick.c), they are checked and loaded,
 * the comparable set is listed. */
#include "baseline/pick.h"
#include "telemetry/run_digest.h"

#include <string.h>

enum { SELECTION_MAX_BYTES = 64 << 20, WARNING_MAX_BYTES = 8192 };

/* --- context --- */

static hb_match_level level_of(unsigned score, unsigned possible)
{
    if (possible == 0) {
        return HB_MATCH_NONE;
    }
    return score == possible ? HB_MATCH_HIGH : score * 2 >= possible ? HB_MATCH_MED : HB_MATCH_LOW;
}

static void list_differences(hb_picker *p, const hb_run_row *row)
{
    hb_reference *r = &p->sel->reference;
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (p->context[f] && strcmp(p->context[f], row->context[f]) != 0) {
            r->differs[r->n_differs++] = (hb_context_diff){
                .field = (hb_context_field)f, .run = p->context[f], .baseline = row->context[f]};
        }
    }
}

static void tell_differences(hb_picker *p)
{
    const hb_reference *r = &p->sel->reference;
    for (size_t i = 0; i < r->n_differs; i++) {
        const hb_context_diff *d = &r->differs[i];
        hb_buf_fmt(&p->warning, "%s%s is '%.60s' here and '%.60s' there", i ? ", " : "",
                   hb_context_name(d->field), d->run, d->baseline);
    }
}

static void warn_of_context(hb_picker *p)
{
    const hb_reference *r = &p->sel->reference;
    if (!p->policy->warn_on_mismatch) {
        return;
    }
    if (r->possible == 0) {
        hb_pick_warn(p);
        hb_buf_c(&p->warning, "no context field could be compared: the run states none of those "
                              "the policy names");
    } else if (r->n_differs) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning, "context matches in %u of %u fields: ", r->score, r->possible);
        tell_differences(p);
    }
}

/* --- the chosen runs --- */

static void free_runs(hb_run **runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hb_run_free(runs[i]);
    }
}

/* An approval names a run by its digest: figures that were changed in the registry's file must not
 * be compared with under that name. */
static hb_status load_run(hb_picker *p, const char *run_id, hb_run **ret, hb_error *err)
{
    hb_run *run = NULL;
    char stated[sizeof run->digest];
    HB_TRY(hb_store_get_run(p->s, run_id, &run, err));
    memcpy(stated, run->digest, sizeof stated);
    hb_status status = p->policy->require_approval ? hb_run_set_digest(run, err) : HB_OK;
    if (status == HB_OK && strcmp(run->digest, stated) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE,
                         "registry '%s': the figures of run '%s' are not those it was registered "
                         "with (SHA-256 %.12s, registered %.12s); restore a backup",
                         hb_store_path(p->s), run_id, run->digest, stated);
    }
    if (status != HB_OK) {
        hb_run_free(run);
        return status;
    }
    *ret = run;
    return HB_OK;
}

/* Oldest first: the pooled series then runs in the order of time. */
static hb_status load_pool(hb_picker *p, const hb_choice *c, hb_error *err)
{
    hb_run *runs[HB_VERSION_RUNS_MAX] = {NULL};
    size_t n = c->version ? c->n_run_ids : c->n;
    hb_status status = HB_OK;
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        const char *run_id = c->version ? c->run_ids[i] : c->rows[n - 1 - i].run_id;
        status = load_run(p, run_id, &runs[i], err);
    }
    if (status == HB_OK) {
        status = hb_run_pool((const hb_run *const *)runs, n, &p->sel->owned_run, err);
    }
    free_runs(runs, n);
    return status;
}

static hb_status load(hb_picker *p, const hb_choice *c, hb_error *err)
{
    hb_reference *r = &p->sel->reference;
    if (c->version || strcmp(c->reason, "rolling") == 0) {
        HB_TRY(load_pool(p, c, err));
    } else {
        HB_TRY(load_run(p, c->rows[0].run_id, &p->sel->owned_run, err));
    }
    r->run = p->sel->owned_run;
    for (size_t i = 0; i < c->n && !c->version; i++) {
        r->run_ids[r->n_run_ids++] = c->rows[i].run_id;
    }
    for (size_t i = c->n_run_ids; c->version && i-- > 0 && r->n_run_ids < HB_COMPARABLE_MAX;) {
        r->run_ids[r->n_run_ids++] = c->run_ids[i];
    }
    return HB_OK;
}

static void warn_of_verdict(hb_picker *p, const hb_choice *c)
{
    const hb_run_row *row = &c->rows[0];
    bool fallback = strcmp(c->reason, "fallback_latest") == 0;
    bool failed = strcmp(row->status, "FAIL") == 0;
    if (fallback || failed) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning, "%sthe baseline '%s' %s%s",
                   fallback ? "fallback_latest: no comparable run passed yet, " : "", row->run_id,
                   *row->status ? "has the verdict " : "was never analysed", row->status);
    }
}

static void warn_of_order(hb_picker *p, const hb_choice *c)
{
    const hb_run_row *row = &c->rows[0];
    if (row->start != HB_TIME_NONE && p->run->meta.start != HB_TIME_NONE &&
        row->start > p->run->meta.start) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning, "the baseline '%s' was made after this run", row->run_id);
    }
}

static hb_status adopt(hb_picker *p, hb_choice *c, hb_error *err)
{
    hb_reference *r = &p->sel->reference;
    if (c->n && c->rows[0].score == 0 && p->possible) {
        c->reason = "context_mismatch";
    }
    bool mismatch = strcmp(c->reason, "context_mismatch") == 0;
    r->reason = c->reason;
    if (c->n == 0) {
        return HB_OK;
    }
    list_differences(p, &c->rows[0]);
    if (mismatch) {
        hb_buf_clear(&p->warning);
        hb_buf_fmt(&p->warning, "run '%s': ", c->rows[0].run_id);
        tell_differences(p);
        hb_buf_c(&p->warning, "; ");
        return HB_OK;
    }
    r->score = c->rows[0].score;
    r->level = c->version || strcmp(c->reason, "tag") == 0 ? HB_MATCH_TAG
                                                           : level_of(r->score, r->possible);
    warn_of_verdict(p, c);
    warn_of_context(p);
    warn_of_order(p, c);
    return load(p, c, err);
}

/* --- the comparable set --- */

static bool contains(const hb_reference *r, const char *run_id)
{
    for (size_t i = 0; i < r->n_comparable; i++) {
        if (strcmp(r->comparable[i], run_id) == 0) {
            return true;
        }
    }
    return false;
}

/* A reference that is comparable but older than the newest 30 takes the place of the oldest. */
static void keep_references(const hb_picker *p, hb_reference *r, const hb_choice *c)
{
    size_t missing = 0;
    const char *ids[HB_COMPARABLE_MAX];
    for (size_t i = 0; i < c->n && r->run; i++) {
        const hb_run_row *row = &c->rows[i];
        if (row->score == p->possible && strcmp(row->status, "FAIL") != 0 &&
            !hb_pick_is_suspect(p, row->run_id) && !contains(r, row->run_id)) {
            ids[missing++] = row->run_id;
        }
    }
    if (r->n_comparable + missing > HB_COMPARABLE_MAX) {
        r->n_comparable = HB_COMPARABLE_MAX - missing;
    }
    for (size_t i = 0; i < missing; i++) {
        r->comparable[r->n_comparable++] = ids[i];
    }
}

static hb_status find_comparable(hb_picker *p, const hb_choice *c, hb_error *err)
{
    hb_reference *r = &p->sel->reference;
    hb_choice all = {.n = 0};
    if (c->version && r->run) { /* exactly these, so far as there is room to list them */
        memcpy(r->comparable, r->run_ids, sizeof r->comparable);
        r->n_comparable = r->n_run_ids;
        return HB_OK;
    }
    hb_run_query q = hb_pick_others(p);
    q.except_status = "FAIL";
    q.min_score = p->possible;
    p->trusted_only = true;
    HB_TRY(hb_pick_list(p, q, HB_COMPARABLE_MAX, &all, err));
    p->trusted_only = false;
    for (size_t i = 0; i < all.n; i++) {
        r->comparable[r->n_comparable++] = all.rows[i].run_id;
    }
    keep_references(p, r, c);
    return HB_OK;
}

static hb_status finish_text(hb_picker *p, hb_error *err)
{
    hb_reference *r = &p->sel->reference;
    const hb_baseline_reason *why = hb_baseline_reason_find(r->reason);
    if (!why || why->has_baseline != (r->run != NULL)) {
        return HB_FAIL(err, HB_E_BUG, "baseline reason '%s' does not fit", r->reason);
    }
    if (!r->run) {
        hb_buf_fmt(&p->warning, "%s; %s", why->meaning, why->next);
    }
    HB_TRY(hb_buf_check(&p->warning, err));
    r->warning = hb_arena_strndup(&p->sel->arena, p->warning.p, p->warning.n);
    return r->warning ? HB_OK : HB_NOMEM(err);
}

static hb_status select_into(hb_picker *p, hb_error *err)
{
    hb_choice c = {.reason = ""};
    HB_TRY(hb_past_look(p, err));
    HB_TRY(hb_pick(p, &c, err));
    HB_TRY(adopt(p, &c, err));
    HB_TRY(find_comparable(p, &c, err));
    HB_TRY(hb_past_fill(p, &c, err));
    return finish_text(p, err);
}

hb_status hb_baseline_select(hb_store *s, const hb_select_ask *ask, hb_selection *ret_selection,
                             hb_error *err)
{
    hb_selection sel = {.reference = {.reason = "", .strategy = "", .tag = "", .warning = ""}};
    hb_arena_init(&sel.arena, SELECTION_MAX_BYTES);
    hb_picker p = {.s = s, .ask = ask, .run = ask->run, .policy = ask->policy, .sel = &sel};
    hb_buf_init(&p.warning, WARNING_MAX_BYTES);
    for (size_t f = 0; f < HB_CONTEXT_COUNT; f++) {
        const char *value = ask->run->meta.context[f];
        if (ask->policy->context_match[f] && value && *value) {
            p.context[f] = value;
            p.possible++;
        }
    }
    sel.reference.possible = p.possible;
    hb_status status = select_into(&p, err);
    hb_buf_release(&p.warning);
    if (status != HB_OK) {
        hb_selection_release(&sel);
        return status;
    }
    *ret_selection = sel;
    return HB_OK;
}

void hb_selection_release(hb_selection *sel)
{
    for (size_t i = 0; i < sel->n_sets; i++) {
        hb_run_set_release(sel->sets[i]);
    }
    hb_run_free(sel->owned_run);
    hb_arena_release(&sel->arena);
    *sel = (hb_selection){0};
}
