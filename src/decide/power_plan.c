/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/power_plan.h"

#include "base/mem.h"
#include "decide/power.h"
#include "decide/run_test.h"
#include "stats/special.h"

#include <math.h>

enum { ARENA_BYTES = 256 << 20 };

const char *hb_power_target_name(hb_power_target t)
{
    return t == HB_TARGET_SHIFT ? "shift" : t == HB_TARGET_MIN_EFFECT ? "min_effect" : "two_sd";
}

static int sign_of(const hb_fit *f)
{
    return f->side < 0 ? -1 : 1;
}

/* The value under judgement does not matter to what could be found: a run that lacks the metric is
 * stood in for by a value of the set. */
static hb_metric stand_in(const hb_power_ask *ask, const hb_past_metric *past)
{
    const hb_metric *m = ask->run ? hb_run_metric(ask->run, hb_str_of(past->name)) : NULL;
    hb_metric out = {.name = past->name,
                     .raw_name = past->name,
                     .unit = past->unit,
                     .raw_unit = past->unit,
                     .reduce = m ? m->reduce : HB_REDUCE_MEDIAN,
                     .step = m ? m->step : 0,
                     .has_value = true};
    bool usable = m && m->has_value && isfinite(m->value);
    out.value = usable ? m->value : NAN;
    for (size_t i = 0; i < ask->set->n_runs && !isfinite(out.value); i++) {
        out.value = past->values[i];
    }
    return out;
}

/* A dual baseline's rolling set has half of the budget for single metrics. */
static double share_of(const hb_power_ask *ask)
{
    return ask->dual ? HB_BH_SHARE / 2 : HB_BH_SHARE;
}

static hb_untested fit_one(const hb_power_ask *ask, const hb_past_metric *past, double *room,
                           hb_fit *ret)
{
    hb_metric run = stand_in(ask, past);
    hb_judged judged = {.def = hb_registry_find(ask->registry, hb_str_of(past->name)), .run = &run};
    hb_yardstick yard = {.unit = past->unit,
                         .values = past->values,
                         .n_values = ask->set->n_runs,
                         .step = past->step,
                         .log = past->log ||
                                (judged.def && judged.def->transform == HB_TRANSFORM_LOG)};
    hb_untested why = hb_fit_make(&judged, &yard, ask->policy->n_min, room, ret);
    ret->m = ask->m;
    return why;
}

static void new_runs(const hb_power_plan *p, hb_planned *x, double shift)
{
    for (uint32_t m = 1; m <= HB_POWER_NEW_RUNS_MAX && !x->new_runs_needed; m++) {
        bool enough = hb_predict_power(&x->fit, m, p->level, x->side, shift) >= p->wanted;
        x->new_runs_needed = enough ? m : 0;
    }
}

static void fill(const hb_power_plan *p, const hb_power_ask *ask, const hb_fit *f, hb_planned *x)
{
    const hb_metric_def *def = hb_registry_find(ask->registry, hb_str_of(x->name));
    bool declared = def && def->min_effect.set && def->min_effect.v > 0;
    double nu = f->p.dof - (double)(f->n0 - 1);
    x->detectable_sigma =
        hb_predict_detectable(&f->p, p->m, p->level, f->side, p->wanted) / f->p.sd;
    x->detectable = hb_power_in_unit(f, x->detectable_sigma * f->p.sd);
    x->target_is = ask->shift.set ? HB_TARGET_SHIFT
                   : declared     ? HB_TARGET_MIN_EFFECT
                                  : HB_TARGET_TWO_SD;
    x->target = ask->shift.set ? ask->shift.v
                : declared     ? def->min_effect.v
                               : hb_power_in_unit(f, HB_POWER_TARGET_SD * f->p.sd);
    double shift = sign_of(f) * hb_power_on_scale(f, x->target);
    x->power = isfinite(shift) ? hb_predict_power(&f->p, p->m, p->level, f->side, shift) : 1;
    x->runs_needed = isfinite(shift) ? hb_predict_runs_needed(f->p.sd, nu, p->m, p->level, f->side,
                                                              shift, p->wanted)
                                     : ask->policy->n_min;
    new_runs(p, x, shift);
    if (declared) {
        double effect = def->min_effect.v;
        double margin = f->log ? hb_log1p(effect / hb_fit_unit(f, f->p.mean)) : effect;
        x->min_effect = def->min_effect;
        x->tost_power = (hb_opt_f64){
            .set = isfinite(margin),
            .v = isfinite(margin) ? hb_predict_tost_power(&f->p, p->m, margin, HB_TOST_LEVEL) : 0};
    }
}

static void put_fit(const hb_fit *f, hb_planned *x)
{
    x->n0 = f->n0;
    if (x->untested != HB_UNTESTED_NO) {
        return;
    }
    x->mean = hb_fit_unit(f, f->p.mean);
    x->sd = f->p.sd;
    x->sd_runs = f->p.sd_runs;
    x->dof = f->p.dof;
    x->governed = f->governed;
    x->log = f->log;
    x->bad = f->side > 0 ? HB_DIRECTION_UP : f->side < 0 ? HB_DIRECTION_DOWN : HB_DIRECTION_NONE;
    x->fit = f->p;
    x->side = f->side;
}

static hb_status make(const hb_power_ask *ask, hb_power_plan *p, hb_error *err)
{
    const hb_run_set *set = ask->set;
    double *room = hb_arena_array(&p->arena, set->n_runs + 1, sizeof *room);
    hb_fit *fits = hb_arena_array(&p->arena, set->n_metrics + 1, sizeof *fits);
    p->metrics = hb_arena_array(&p->arena, set->n_metrics + 1, sizeof *p->metrics);
    if (!room || !fits || !p->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < set->n_metrics; i++) {
        const hb_past_metric *past = &set->metrics[i];
        hb_planned *x = &p->metrics[p->n_metrics];
        *x = (hb_planned){.name = past->name, .unit = past->unit};
        x->untested = fit_one(ask, past, room, &fits[p->n_metrics]);
        put_fit(&fits[p->n_metrics], x);
        p->n_testable += x->untested == HB_UNTESTED_NO;
        p->n_metrics++;
    }
    p->level = p->n_testable ? share_of(ask) * p->budget / (double)p->n_testable : 0;
    for (size_t i = 0; i < p->n_metrics; i++) {
        if (p->metrics[i].untested == HB_UNTESTED_NO) {
            fill(p, ask, &fits[i], &p->metrics[i]);
        }
    }
    return HB_OK;
}

hb_status hb_power_plan_make(const hb_power_ask *ask, hb_power_plan *ret_plan, hb_error *err)
{
    hb_power_plan p = {.set = ask->set,
                       .m = ask->m,
                       .n_min = ask->policy->n_min,
                       .budget = ask->policy->false_alarm_budget,
                       .wanted = ask->power};
    hb_arena_init(&p.arena, ARENA_BYTES);
    hb_status status = make(ask, &p, err);
    if (status != HB_OK) {
        hb_power_plan_release(&p);
        return status;
    }
    *ret_plan = p;
    return HB_OK;
}

void hb_power_plan_release(hb_power_plan *p)
{
    hb_arena_release(&p->arena);
}

double hb_planned_power(const hb_power_plan *p, const hb_planned *metric, double sigmas, size_t n0,
                        size_t m)
{
    hb_predict fit = metric->fit;
    double nu = fit.dof - (double)(fit.n0 - 1);
    fit.n0 = n0;
    fit.dof = (double)(n0 - 1) + nu;
    return hb_predict_power(&fit, m, p->level, metric->side,
                            (metric->side < 0 ? -1 : 1) * sigmas * fit.sd);
}
