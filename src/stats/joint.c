/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/joint.h"

#include "base/mem.h"
#include "stats/random.h"
#include "stats/scale.h"

#include <string.h>

typedef struct joint {
    double *x; /* metric by metric: deviations over the root of the denominator; NaN = none */
    double *observed; /* share of each metric; NaN = does not vary */
    uint32_t *exceed;
    uint32_t *label;
    double *sum;   /* by group */
    double *count; /* by group */
    size_t n_runs;
    size_t n_metrics;
    size_t n_groups;
} joint;

static void joint_release(joint *j)
{
    hb_free(j->x);
    hb_free(j->observed);
    hb_free(j->exceed);
    hb_free(j->label);
    hb_free(j->sum);
    hb_free(j->count);
}

static hb_status room(joint *j, hb_error *err)
{
    j->x = hb_alloc_zero((j->n_runs * j->n_metrics + 1) * sizeof *j->x);
    j->observed = hb_alloc_zero((j->n_metrics + 1) * sizeof *j->observed);
    j->exceed = hb_alloc_zero((j->n_metrics + 1) * sizeof *j->exceed);
    j->label = hb_alloc_zero((j->n_runs + 1) * sizeof *j->label);
    j->sum = hb_alloc_zero((j->n_groups + 1) * sizeof *j->sum);
    j->count = hb_alloc_zero((j->n_groups + 1) * sizeof *j->count);
    bool all = j->x && j->observed && j->exceed && j->label && j->sum && j->count;
    return all ? HB_OK : HB_NOMEM(err);
}

/* False when the metric does not vary. */
static bool standardise(const hb_joint_metric *m, size_t n, double *x)
{
    int shift = hb_scale_shift(m->values, n);
    double sum = 0;
    double low = 0;
    size_t kept = 0;
    bool varies = false;
    double first = NAN;
    for (size_t i = 0; i < n; i++) {
        x[i] = isfinite(m->values[i]) ? ldexp(m->values[i], shift) : NAN;
        if (isfinite(x[i])) {
            hb_scale_sum(&sum, &low, x[i]);
            varies = varies || (kept && x[i] != first);
            first = kept++ ? first : x[i];
        }
    }
    if (!varies) {
        return false;
    }
    double mean = (sum + low) / (double)kept;
    double squares = 0;
    low = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] -= mean;
        if (isfinite(x[i])) {
            hb_scale_sum(&squares, &low, x[i] * x[i]);
        }
    }
    double u = ldexp(m->step, shift);
    double root = sqrt(squares + low + (double)kept * u * u / 12);
    for (size_t i = 0; i < n; i++) {
        x[i] /= root;
    }
    return root > 0 && isfinite(root);
}

static double share(const joint *j, const double *x)
{
    double between = 0;
    memset(j->sum, 0, j->n_groups * sizeof *j->sum);
    memset(j->count, 0, j->n_groups * sizeof *j->count);
    for (size_t i = 0; i < j->n_runs; i++) {
        if (isfinite(x[i])) {
            j->sum[j->label[i]] += x[i];
            j->count[j->label[i]]++;
        }
    }
    for (size_t g = 0; g < j->n_groups; g++) {
        between += j->count[g] > 0 ? j->sum[g] * j->sum[g] / j->count[g] : 0;
    }
    return between;
}

static void permute(joint *j, uint64_t seed, uint32_t permutations)
{
    hb_random random = hb_random_of(seed, 2);
    for (uint32_t k = 0; k < permutations; k++) {
        for (size_t i = j->n_runs; i > 1; i--) {
            size_t other = (size_t)hb_random_below(&random, i);
            uint32_t swap = j->label[i - 1];
            j->label[i - 1] = j->label[other];
            j->label[other] = swap;
        }
        double most = 0;
        for (size_t m = 0; m < j->n_metrics; m++) {
            if (!isnan(j->observed[m])) {
                most = fmax(most, share(j, j->x + m * j->n_runs));
            }
        }
        for (size_t m = 0; m < j->n_metrics; m++) {
            j->exceed[m] += most >= j->observed[m] * (1 - 1e-9);
        }
    }
}

hb_status hb_joint_groups(const hb_joint_metric *metrics, size_t n_metrics, const uint32_t *group,
                          size_t n_runs, size_t n_groups, uint64_t seed, uint32_t permutations,
                          double *ret_p, hb_error *err)
{
    if (n_metrics && n_runs > HB_JOINT_CELLS_MAX / n_metrics) {
        return HB_FAIL(err, HB_E_LIMIT, "%zu runs of %zu metrics, at most %d values together",
                       n_runs, n_metrics, HB_JOINT_CELLS_MAX);
    }
    joint j = {.n_runs = n_runs, .n_metrics = n_metrics, .n_groups = n_groups};
    hb_status status = room(&j, err);
    if (status == HB_OK) {
        memcpy(j.label, group, n_runs * sizeof *group);
        for (size_t m = 0; m < n_metrics; m++) {
            double *x = j.x + m * n_runs;
            j.observed[m] = standardise(&metrics[m], n_runs, x) ? share(&j, x) : NAN;
        }
        permute(&j, seed, permutations);
        for (size_t m = 0; m < n_metrics; m++) {
            ret_p[m] =
                isnan(j.observed[m]) ? NAN : (double)(j.exceed[m] + 1) / (double)(permutations + 1);
        }
    }
    joint_release(&j);
    return status;
}
