/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that look at one metric's values in the order of the runs. */
#include "baseline/quality_internal.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/moments.h"
#include "stats/outlier.h"
#include "stats/run_order.h"
#include "stats/shape.h"

#include <math.h>

#define MNR_ALPHA 0.05 /* of the critical value that is shown, as in CMH-17 */

static hb_status add(hb_quality_family *f, const hb_past_metric *m, const char *run_id,
                     double figure, double limit, double p, double p_min, hb_error *err)
{
    hb_quality_test t = {.flag = {.criterion = f->criterion,
                                  .metric = m->name,
                                  .by = "",
                                  .run_id = run_id,
                                  .figure = figure,
                                  .limit = limit,
                                  .p = p,
                                  .q = 1,
                                  .text = ""},
                         .p = p,
                         .p_min = p_min};
    return hb_quality_family_add(f, t, err);
}

/* The p of the logarithms where all values are above 0, else 0. */
static double p_of_logs(const hb_past_metric *m, size_t n, double *logs)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        double v = m->values[i];
        if (v <= 0) {
            return 0;
        }
        logs[i] = isfinite(v) ? hb_log(v) : NAN;
        largest = isfinite(v) ? fmax(largest, v) : largest;
    }
    hb_mnr r;
    return largest > 0 && hb_mnr_test(logs, NULL, n, m->step / largest, MNR_ALPHA, &r) ? r.p : 0;
}

/* The test takes run values for normal. Skewed ones would be refused for their long side, so a run
 * must be far off by the logarithms too: the larger p counts. Where the scatter is small beside the
 * mean both scales are one. */
hb_status hb_quality_outliers(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                              hb_error *err)
{
    const hb_run_set *s = in->set;
    double *logs = hb_alloc_zero((s->n_runs + 1) * sizeof *logs);
    hb_status status = logs ? HB_OK : HB_NOMEM(err);
    (void)q;
    for (size_t i = 0; i < s->n_metrics && status == HB_OK; i++) {
        const hb_past_metric *m = &s->metrics[i];
        hb_mnr r;
        if (hb_mnr_test(m->values, NULL, s->n_runs, m->step, MNR_ALPHA, &r)) {
            double p = fmax(r.p, p_of_logs(m, s->n_runs, logs));
            status = add(f, m, s->runs[r.index].run_id, r.mnr, r.critical, p, 0, err);
        }
    }
    hb_free(logs);
    return status;
}

hb_status hb_quality_independence(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                                  hb_error *err)
{
    const hb_run_set *s = in->set;
    uint32_t permutations = hb_quality_permutations(q);
    double *scratch = hb_alloc_zero(s->n_runs * sizeof *scratch);
    hb_status status = scratch ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; i < s->n_metrics && status == HB_OK; i++) {
        const hb_past_metric *m = &s->metrics[i];
        hb_lag1 r;
        if (hb_lag1_test(m->values, s->n_runs, scratch, hb_quality_seed(in, m->name, "lag1"),
                         permutations, &r)) {
            double least = fmax(r.p_min, 1 / ((double)permutations + 1));
            status = add(f, m, "", r.r, NAN, r.p, least, err);
        }
    }
    hb_free(scratch);
    return status;
}

hb_status hb_quality_trend(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                           hb_error *err)
{
    const hb_run_set *s = in->set;
    (void)q;
    size_t n = s->n_runs < HB_TREND_MAX ? s->n_runs : HB_TREND_MAX;
    size_t from = s->n_runs - n; /* of a longer set the newest */
    double *scratch = hb_alloc_zero((n * n + 1) * sizeof *scratch);
    hb_status status = scratch ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; i < s->n_metrics && status == HB_OK; i++) {
        const hb_past_metric *m = &s->metrics[i];
        hb_trend r;
        if (!hb_quality_excluded(in->policy, m->name) &&
            hb_trend_test(m->values + from, n, scratch, &r)) {
            status = add(f, m, "", r.tau, NAN, r.p, r.p_min, err);
        }
    }
    hb_free(scratch);
    return status;
}

/* Values on a grid as coarse as their scatter are not normal and need not be. */
static bool too_coarse(const hb_past_metric *m, size_t n)
{
    hb_mnr r;
    return !hb_mnr_test(m->values, NULL, n, 0, MNR_ALPHA, &r) || r.sd < 2 * m->step;
}

hb_status hb_quality_shape(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                           hb_error *err)
{
    const hb_run_set *s = in->set;
    (void)q;
    for (size_t i = 0; i < s->n_metrics; i++) {
        const hb_past_metric *m = &s->metrics[i];
        hb_shape r;
        bool known = false;
        HB_TRY(hb_shape_normal(m->values, s->n_runs, &r, &known, err));
        if (known && !too_coarse(m, s->n_runs)) {
            HB_TRY(add(f, m, "", r.a2, NAN, r.osl, 0, err));
        }
    }
    return HB_OK;
}

/* 0 for a metric without scatter, inf for scatter around 0. */
static bool coefficient(const hb_past_metric *m, size_t n, double *ret)
{
    hb_mnr r;
    if (m->n < 2) {
        return false;
    }
    if (m->n == 2) { /* too few for a residual, enough for a scatter */
        double pair[2] = {0, 0};
        size_t k = 0;
        for (size_t i = 0; i < n; i++) {
            if (isfinite(m->values[i]) && k < 2) {
                pair[k++] = m->values[i];
            }
        }
        hb_moments moments = hb_moments_block(pair, k);
        double sd = hb_moments_sd(&moments);
        *ret = sd > 0 ? sd / fabs(hb_moments_mean(&moments)) : 0;
        return true;
    }
    *ret = hb_mnr_test(m->values, NULL, n, 0, MNR_ALPHA, &r) ? r.sd / fabs(r.mean) : 0;
    return true;
}

hb_status hb_quality_scatter(const hb_quality_input *in, hb_quality *q, hb_error *err)
{
    const hb_run_set *s = in->set;
    hb_opt_f64 limit = in->policy->max_coefficient_of_variation;
    double most = 0;
    const char *worst = NULL;
    size_t over = 0;
    for (size_t i = 0; i < s->n_metrics && limit.set; i++) {
        const hb_past_metric *m = &s->metrics[i];
        double cv = 0;
        if (hb_quality_excluded(in->policy, m->name) || !coefficient(m, s->n_runs, &cv) ||
            cv <= limit.v) {
            continue;
        }
        hb_quality_flag flag = {.criterion = HB_CRITERION_STABILITY,
                                .metric = m->name,
                                .by = "",
                                .run_id = "",
                                .figure = cv,
                                .limit = limit.v,
                                .p = NAN,
                                .q = NAN};
        HB_TRY(hb_quality_text(q, &flag.text, err,
                               "'%.100s' scatters by %.3g of its mean, at most %.3g allowed",
                               m->name, cv, limit.v));
        HB_TRY(hb_quality_flag_add(q, flag, err));
        worst = cv > most || !worst ? flag.text : worst;
        most = fmax(most, cv);
        over++;
    }
    hb_quality_result *r = &q->criteria[HB_CRITERION_STABILITY];
    r->n_flagged += over;
    if (!over) {
        return HB_OK;
    }
    const char *trend = r->outcome == HB_OUTCOME_FAIL ? r->text : NULL;
    r->figure = (hb_opt_f64){true, most};
    r->limit = limit;
    return hb_quality_say(q, HB_CRITERION_STABILITY, HB_OUTCOME_FAIL, err,
                          "%zu of %zu metrics scatter too much: %s%s%s", over, s->n_metrics, worst,
                          trend ? "; and " : "", trend ? trend : "");
}
