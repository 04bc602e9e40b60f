/* SPDX-License-Identifier: Apache-2.0 */
/* Order: every metric's test, Benjamini–Hochberg over all of them, the answers to earlier
 * suspicions, then what follows for severities, findings, power and the retest order. */
#include "decide/layer2.h"

#include "decide/early.h"
#include "decide/power.h"

#include <math.h>
#include <string.h>

typedef struct work {
    hb_decision *d;
    const hb_run_set *set; /* NULL = none */
    bool *left_out;        /* one a run of the set: it is under judgement itself */
    hb_fit *fits;          /* one a comparison */
    double *room;          /* one a run of the set */
    hb_retested *retested; /* one a comparison */
    hb_power power;
} work;

static bool under_judgement(const hb_decision *d, const char *run_id)
{
    const hb_run_set *with = d->reference->with;
    bool found = strcmp(d->run->meta.run_id, run_id) == 0;
    for (size_t i = 0; with && i < with->n_runs && !found; i++) {
        found = strcmp(with->runs[i].run_id, run_id) == 0;
    }
    return found && *run_id;
}

static hb_status prepare(work *w, hb_error *err)
{
    hb_decision *d = w->d;
    hb_run_statistics *s = &d->statistics;
    s->budget = d->policy->false_alarm_budget;
    s->bh_level = hb_bh_level(d);
    s->n_min = d->policy->n_min;
    s->power_text = "";
    s->relation.why_not = "";
    s->relation.note = "";
    /* A set is the reference with its like; without a reference there is nothing it belongs to. */
    w->set = d->reference->run ? d->reference->set : NULL;
    size_t n = w->set ? w->set->n_runs : 0;
    s->n_runs = n;
    size_t m = d->n_comparisons ? d->n_comparisons : 1;
    w->left_out = hb_arena_array(&d->arena, n + 1, sizeof *w->left_out);
    w->room = hb_arena_array(&d->arena, n + 1, sizeof *w->room);
    w->fits = hb_arena_array(&d->arena, m, sizeof *w->fits);
    if (!w->left_out || !w->room || !w->fits) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        w->left_out[i] = under_judgement(d, w->set->runs[i].run_id);
    }
    return HB_OK;
}

static void test_one(work *w, size_t i)
{
    hb_comparison *c = &w->d->comparisons[i];
    hb_run_test *t = &c->test;
    hb_fit *f = &w->fits[i];
    const hb_past_metric *past = hb_run_set_metric(w->set, c->name);
    hb_judged judged = {.def = c->def, .run = c->run, .with = w->d->reference->with};
    *t = (hb_run_test){.untested = w->set ? HB_UNTESTED_FEW : HB_UNTESTED_NO_SET, .tost_p = NAN};
    if (!past) {
        return;
    }
    hb_yardstick yard = {.unit = past->unit,
                         .values = past->values,
                         .n_values = w->set->n_runs,
                         .left_out = w->left_out,
                         .step = past->step,
                         .log = past->log || (c->def && c->def->transform == HB_TRANSFORM_LOG)};
    t->untested = hb_fit_make(&judged, &yard, w->d->policy->n_min, w->room, f);
    t->n0 = f->n0;
    if (t->untested != HB_UNTESTED_NO) {
        return;
    }
    t->m = f->m;
    t->x = hb_fit_unit(f, f->x);
    t->mean = hb_fit_unit(f, f->p.mean);
    t->sd = f->p.sd;
    t->sd_runs = f->p.sd_runs;
    t->step = f->step;
    t->governed = f->governed;
    t->log = f->log;
    t->bad = (hb_direction)f->side;
    t->dof = f->p.dof;
    t->p = hb_fit_p(f, &t->t);
}

static void mark(hb_run_statistics *s, hb_comparison *c, const hb_fit *f)
{
    hb_run_test *t = &c->test;
    /* hb_bh() says 0 both for none and for p-values that are 0 themselves; q tells them apart. */
    t->rejected = s->cut > 0 ? t->p <= s->cut : t->q <= s->bh_level;
    if (!t->rejected) {
        return;
    }
    s->n_rejected++;
    t->moved = hb_fit_direction(f);
    t->below_min_effect =
        c->def && c->def->min_effect.set && hb_fit_moved(f) < c->def->min_effect.v;
    t->suspected = !t->below_min_effect;
}

static hb_status judge_together(work *w, hb_error *err)
{
    hb_decision *d = w->d;
    hb_run_statistics *s = &d->statistics;
    size_t n = d->n_comparisons ? d->n_comparisons : 1;
    double *p = hb_arena_array(&d->arena, n, sizeof *p);
    double *q = hb_arena_array(&d->arena, n, sizeof *q);
    size_t *order = hb_arena_array(&d->arena, n, sizeof *order);
    if (!p || !q || !order) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (d->comparisons[i].test.untested == HB_UNTESTED_NO) {
            p[s->n_tested++] = d->comparisons[i].test.p;
        }
    }
    s->ran = s->n_tested > 0;
    if (!s->ran) {
        return HB_OK;
    }
    s->cut = hb_bh(p, s->n_tested, s->bh_level, order, q);
    size_t k = 0;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (d->comparisons[i].test.untested == HB_UNTESTED_NO) {
            d->comparisons[i].test.q = q[k++];
            mark(s, &d->comparisons[i], &w->fits[i]);
        }
    }
    s->first_level = s->bh_level / (double)s->n_tested;
    s->level_at_cut = s->first_level * (double)(s->n_rejected ? s->n_rejected : 1);
    return HB_OK;
}

/* What the retests change: a confirmed metric is past being suspected, one that went the other way
 * is suspected again. */
static void take_retests(hb_comparison *c, const hb_retested *r)
{
    hb_run_test *t = &c->test;
    if (r->confirmed) {
        t->confirmed = true;
        t->suspected = false;
        t->moved = r->confirmed->of->direction;
        return;
    }
    bool small = c->def && c->def->min_effect.set && r->opposite_moved < c->def->min_effect.v;
    if (r->opposite && !small) {
        t->suspected = true;
        t->moved = r->opposite->x > r->opposite->mean ? HB_DIRECTION_UP : HB_DIRECTION_DOWN;
    }
}

/* Half width of what was accepted on the side x lies, in the unit. */
static double width_of(const hb_run_test *t)
{
    return t->x >= t->mean ? t->high - t->mean : t->mean - t->low;
}

static hb_status tell(work *w, hb_findings *out, hb_error *err)
{
    hb_run_statistics *s = &w->d->statistics;
    for (size_t i = 0; i < w->d->n_comparisons; i++) {
        hb_comparison *c = &w->d->comparisons[i];
        size_t first = out->n;
        take_retests(c, &w->retested[i]);
        s->n_suspected += c->test.suspected;
        s->n_confirmed += c->test.confirmed;
        if (c->test.suspected && c->test.rejected) {
            HB_TRY(hb_told_test(w->d, c, width_of(&c->test), out, err));
        }
        HB_TRY(hb_told_retests(w->d, c, &w->retested[i], out, err));
        HB_TRY(hb_told_untested(w->d, c, w->fits[i].run_not_positive, out, err));
        for (size_t k = first; k < out->n; k++) {
            c->worst = out->list[k].severity > c->worst ? out->list[k].severity : c->worst;
        }
        c->flagged = c->worst >= HB_SEVERITY_DRIFT;
    }
    return HB_OK;
}

hb_status hb_layer2(hb_decision *d, hb_findings *findings, hb_error *err)
{
    work w = {.d = d};
    HB_TRY(prepare(&w, err));
    size_t enough = 0;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        test_one(&w, i);
        enough += d->comparisons[i].test.n0 >= d->policy->n_min;
    }
    d->statistics.insufficient = enough == 0;
    HB_TRY(judge_together(&w, err));
    HB_TRY(hb_retests_answer(d, &w.retested, err));
    w.power.limits_only = d->reference->weight_only;
    w.power.first_level = d->statistics.first_level;
    w.power.level_at_cut = d->statistics.level_at_cut;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (d->comparisons[i].test.untested == HB_UNTESTED_NO) {
            hb_power_fill(&w.power, &w.fits[i], d->comparisons[i].def, &d->comparisons[i].test);
        }
    }
    HB_TRY(tell(&w, findings, err));
    HB_TRY(hb_told_of_run(d, findings, err));
    HB_TRY(hb_retest_order_make(d, err));
    return d->reference->weight_only ? HB_OK : hb_power_text(d, err);
}
