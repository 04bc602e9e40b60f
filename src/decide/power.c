/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/power.h"

#include "stats/special.h"

#include <math.h>

static struct hb_power_row make_row(const hb_power *power, const hb_fit *f)
{
    hb_predict unit = f->p;
    unit.mean = 0;
    unit.sd = 1;
    double nu = f->p.dof - (double)(f->n0 - 1);
    struct hb_power_row row = {
        .n0 = f->n0,
        .m = f->m,
        .dof = f->p.dof,
        .side = f->side,
        .width = hb_predict_width(&unit, f->m, power->level_at_cut, f->side),
        .detectable = INFINITY,
    };
    if (!power->limits_only) {
        row.detectable =
            hb_predict_detectable(&unit, f->m, power->first_level, f->side, HB_POWER_ASKED);
        row.runs_needed = hb_predict_runs_needed(1, nu, f->m, power->first_level, f->side,
                                                 HB_POWER_TARGET_SD, HB_POWER_ASKED);
    }
    return row;
}

static struct hb_power_row row_of(hb_power *power, const hb_fit *f)
{
    for (size_t i = 0; i < power->n_rows; i++) {
        const struct hb_power_row *r = &power->rows[i];
        if (r->n0 == f->n0 && r->m == f->m && r->dof == f->p.dof && r->side == f->side) {
            return *r;
        }
    }
    struct hb_power_row made = make_row(power, f);
    if (power->n_rows < HB_POWER_ROWS) {
        power->rows[power->n_rows++] = made;
    }
    return made;
}

double hb_power_in_unit(const hb_fit *f, double shift)
{
    if (!f->log) {
        return shift;
    }
    double mean = hb_fit_unit(f, f->p.mean);
    return f->side < 0 ? -mean * hb_expm1(-shift) : mean * hb_expm1(shift);
}

double hb_power_on_scale(const hb_fit *f, double effect)
{
    if (!f->log) {
        return effect;
    }
    double share = effect / hb_fit_unit(f, f->p.mean);
    return f->side >= 0 ? hb_log1p(share) : share < 1 ? -hb_log1p(-share) : INFINITY;
}

static void at_min_effect(const hb_power *power, const hb_fit *f, double effect, hb_run_test *t)
{
    double nu = f->p.dof - (double)(f->n0 - 1);
    double shift = hb_power_on_scale(f, effect);
    t->target = effect;
    if (isfinite(shift)) { /* a fall by more than the whole mean cannot be */
        t->power_at_min_effect =
            hb_some(hb_predict_power(&f->p, f->m, power->first_level, f->side, shift));
        t->runs_needed = hb_predict_runs_needed(f->p.sd, nu, f->m, power->first_level, f->side,
                                                shift, HB_POWER_ASKED);
    }
    /* Of logarithms ±log1p lies within what ±effect means in the unit, so this errs to the careful
     * side. */
    double margin = f->log ? hb_log1p(effect / hb_fit_unit(f, f->p.mean)) : effect;
    t->tost_p = hb_predict_tost(&f->p, f->x, f->m, margin);
    t->tost = t->tost_p < HB_TOST_LEVEL ? HB_TOST_SHOWN : HB_TOST_NOT_SHOWN;
}

void hb_power_fill(hb_power *power, const hb_fit *fit, const hb_metric_def *def, hb_run_test *test)
{
    struct hb_power_row row = row_of(power, fit);
    double width = row.width * fit->p.sd;
    test->low = fit->side > 0 ? -INFINITY : hb_fit_unit(fit, fit->p.mean - width);
    test->high = fit->side < 0 ? INFINITY : hb_fit_unit(fit, fit->p.mean + width);
    test->detectable_sigma = row.detectable;
    test->detectable = hb_power_in_unit(fit, row.detectable * fit->p.sd);
    test->tost = HB_TOST_NOT_DECLARED;
    test->tost_p = NAN;
    if (def && def->min_effect.set && def->min_effect.v > 0 && !power->limits_only) {
        at_min_effect(power, fit, def->min_effect.v, test);
    } else {
        test->target = hb_power_in_unit(fit, HB_POWER_TARGET_SD * fit->p.sd);
        test->runs_needed = row.runs_needed;
    }
}
