/* SPDX-License-Identifier: Apache-2.0 */
/* A retest is the same statistic against the same frozen set at p < 0.05, its direction looked at
 * apart: with a two-sided test a repeat by chance is so half as likely. That p and not the
 * one-sided one is what the table of false confirmations (docs/verdict-quality.md) is made with. */
#include "decide/layer2.h"

#include <math.h>
#include <string.h>

const hb_comparison *hb_compared(const hb_decision *d, const char *metric)
{
    size_t low = 0;
    size_t high = d->n_comparisons;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(d->comparisons[mid].name, metric);
        if (order == 0) {
            return &d->comparisons[mid];
        }
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return NULL;
}

static const hb_retest *stronger(const hb_retest *kept, const hb_retest *r)
{
    return !kept || r->p < kept->p ? r : kept;
}

static double half_width(const hb_fit *f)
{
    double w = hb_predict_width(&f->p, f->m, HB_RETEST_LEVEL, f->side);
    double edge = f->x >= f->p.mean ? f->p.mean + w : f->p.mean - w;
    return fabs(hb_fit_unit(f, edge) - hb_fit_unit(f, f->p.mean));
}

static void keep(const hb_retest *r, const hb_fit *f, hb_retested *kept)
{
    switch (r->outcome) {
    case HB_RETEST_CONFIRMED:
        kept->confirmed = stronger(kept->confirmed, r);
        kept->confirmed_width = kept->confirmed == r ? half_width(f) : kept->confirmed_width;
        break;
    case HB_RETEST_CLEARED:
        kept->cleared = stronger(kept->cleared, r);
        break;
    case HB_RETEST_OPPOSITE:
        kept->opposite = stronger(kept->opposite, r);
        if (kept->opposite == r) {
            kept->opposite_width = half_width(f);
            kept->opposite_moved = hb_fit_moved(f);
        }
        break;
    case HB_RETEST_NO_VALUE:
    case HB_RETEST_COUNT_:
        kept->no_value = kept->no_value ? kept->no_value : r;
        break;
    }
}

/* Two values make a standard deviation; how many the first test asked for is settled. */
enum { RETEST_MIN_RUNS = 2 };

static void answer(const hb_decision *d, const hb_comparison *c, double *room, hb_retest *r,
                   hb_fit *fit)
{
    const hb_suspicion *s = r->of;
    hb_judged judged = {.def = c->def, .run = c->run, .with = d->reference->with};
    hb_yardstick yard = {
        .unit = "", .values = s->values, .n_values = s->n_set, .step = s->step, .log = s->log};
    r->outcome = HB_RETEST_NO_VALUE;
    hb_untested why = hb_fit_make(&judged, &yard, RETEST_MIN_RUNS, room, fit);
    r->n0 = fit->n0;
    r->m = fit->m;
    if (why != HB_UNTESTED_NO) {
        return;
    }
    r->x = hb_fit_unit(fit, fit->x);
    r->mean = hb_fit_unit(fit, fit->p.mean);
    r->dof = fit->p.dof;
    r->p = hb_fit_p(fit, &r->t);
    r->outcome = r->p >= HB_RETEST_LEVEL                 ? HB_RETEST_CLEARED
                 : hb_fit_direction(fit) == s->direction ? HB_RETEST_CONFIRMED
                                                         : HB_RETEST_OPPOSITE;
}

hb_status hb_retests_answer(hb_decision *d, hb_retested **ret, hb_error *err)
{
    const hb_prior *prior = d->reference->prior;
    size_t n = prior ? prior->n_suspicions : 0;
    size_t most = 1;
    for (size_t i = 0; i < n; i++) {
        most = prior->suspicions[i].n_set > most ? prior->suspicions[i].n_set : most;
    }
    hb_run_statistics *stats = &d->statistics;
    double *room = hb_arena_array(&d->arena, most, sizeof *room);
    stats->retests = hb_arena_array(&d->arena, n ? n : 1, sizeof *stats->retests);
    hb_retested *kept =
        hb_arena_array(&d->arena, d->n_comparisons ? d->n_comparisons : 1, sizeof *kept);
    if (!room || !stats->retests || !kept) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        hb_retest *r = &stats->retests[stats->n_retests++];
        *r = (hb_retest){.of = &prior->suspicions[i], .outcome = HB_RETEST_NO_VALUE};
        const hb_comparison *c = hb_compared(d, r->of->metric);
        if (c) {
            hb_fit fit;
            answer(d, c, room, r, &fit);
            keep(r, &fit, &kept[c - d->comparisons]);
        }
    }
    *ret = kept;
    return HB_OK;
}
