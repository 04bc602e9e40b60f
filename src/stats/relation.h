/* SPDX-License-Identifier: Apache-2.0 */
/* Whether metrics that go together in the baseline runs still go together in a new run, though each
 * by itself may look fine.
 *
 * Only relations that are there can break: metrics whose rank correlation is surely over 0.5
 * (Fisher's z at 0.001 over the number of pairs) are joined into groups; single ones
 * are no part of it. In each group the Mahalanobis distance from the runs' mean is taken with the
 * correlation matrix shrunk towards the identity (Schäfer, Strimmer 2005, "A shrinkage approach to
 * large-scale covariance matrix estimation", target D, with Fisher's variance of a correlation).
 * The group that is furthest out counts.
 *
 * Calibration by leave-one-out: every baseline run's distance from the others, exactly, by
 * Sherman and Morrison's formula. With M the new run's largest squared distance and m the largest
 * of the n left-out ones (each group's over a fixed figure of its own),
 *
 *     p = (1 + #{left-out >= M}) / (n + 1)      for M <= m
 *     p = 1 / (1 + 3/4·n·(M/m)^a)               beyond
 *
 * Ranks alone cannot go under 1/(n+1), 3 % at 30 runs. Beyond them the tail is taken to fall as
 * M^-a, a half of Hill's estimate (1975) from the larger half of the left-out distances and
 * 1 to 4: slower than the distances show, because few runs show it badly.
 * docs/verdict-quality.md has the rates measured.
 *
 * n·p² operations: 200 metrics of 30 runs take half a millisecond. Deterministic. */
#ifndef HB_STATS_RELATION_H
#define HB_STATS_RELATION_H

#include "base/error.h"

enum {
    HB_RELATION_LEAST_RUNS = 10,
    HB_RELATION_RUNS = 200,
    HB_RELATION_METRICS = 2000,
};

#define HB_RELATION_LEAST_R 0.5
#define HB_RELATION_EDGE_LEVEL 0.001

typedef struct hb_relation_share {
    size_t metric;   /* index into the input */
    double share;    /* of the squared distance, may be under 0; they add up to 1 */
    double expected; /* the value the group's others lead to expect, unit of the metric */
} hb_relation_share;

typedef struct hb_relation_fit {
    size_t n_groups;  /* 0: no relation stands out; p is 1 then and nothing else is set */
    size_t n_related; /* metrics in groups */
    double distance;  /* of the group furthest out */
    double shrinkage; /* its weight, 0 … 1 */
    double p;
    hb_relation_share *parts; /* of that group, largest share first; hb_relation_fit_release */
    size_t n_parts;
} hb_relation_fit;

/* values: n_runs of each metric, one metric after the other; now: one a metric. All finite; a
 * metric that is constant in the runs belongs to no group. HB_E_LIMIT beyond the limits, HB_E_BUG
 * below HB_RELATION_LEAST_RUNS. */
HB_CHECKED hb_status hb_relation_check(const double *values, size_t n_runs, const double *now,
                                       size_t n_metrics, hb_relation_fit *ret, hb_error *err);
void hb_relation_fit_release(hb_relation_fit *f);

#endif
