/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/quantile_shift.h"

#include "stats/sort.h"

#include <math.h>
#include <string.h>

static const char *const part_names[HB_MOVED_COUNT_] = {
    [HB_MOVED_NOT] = "not",           [HB_MOVED_WHOLE] = "whole", [HB_MOVED_WIDER] = "wider",
    [HB_MOVED_NARROWER] = "narrower", [HB_MOVED_UPPER] = "upper", [HB_MOVED_LOWER] = "lower",
    [HB_MOVED_MIDDLE] = "middle",     [HB_MOVED_MIXED] = "mixed",
};

const char *hb_moved_part_name(hb_moved_part p)
{
    return (unsigned)p < HB_MOVED_COUNT_ ? part_names[p] : "?";
}

/* Of the quantiles from/100 to to/100. */
static double mean_of(const double *shift, size_t from, size_t to)
{
    double mean = 0;
    for (size_t i = from; i <= to; i++) {
        mean += shift[i - 1] / (double)(to - from + 1);
    }
    return mean;
}

static bool same_way(double a, double b)
{
    return (a > 0) == (b > 0);
}

static hb_moved_part part_of(double lower, double middle, double upper)
{
    double l = fabs(lower);
    double m = fabs(middle);
    double u = fabs(upper);
    double tails = l > u ? l : u;
    double most = tails > m ? tails : m;
    double half = most / 2;
    if (!isfinite(most)) {
        return HB_MOVED_MIXED;
    }
    if (l >= half && m >= half && u >= half && same_way(lower, upper) && same_way(middle, upper)) {
        return HB_MOVED_WHOLE;
    }
    if (l >= half && u >= half && m < half && !same_way(lower, upper)) {
        return upper > 0 ? HB_MOVED_WIDER : HB_MOVED_NARROWER;
    }
    return u == most && l < half && m < half   ? HB_MOVED_UPPER
           : l == most && u < half && m < half ? HB_MOVED_LOWER
           : m == most && l < half && u < half ? HB_MOVED_MIDDLE
                                               : HB_MOVED_MIXED;
}

/* Exact where the points are the samples; else the rank is off by ranks.h's bound. */
static double quantile(const hb_ranks *r, double q)
{
    hb_rank7 at = hb_rank7_of(q, r->points);
    const uint64_t *point = r->image + 1 + at.k;
    double low = hb_order_preimage(point[0]) + 0.0; /* -0 is 0 */
    return at.share > 0 ? hb_rank7_between(low, hb_order_preimage(point[1]) + 0.0, at.share) : low;
}

void hb_quantile_shift_of(const hb_ranks *run, const hb_ranks *baseline, hb_quantile_shift *ret)
{
    bool any = false;
    memset(ret, 0, sizeof *ret);
    if (!run->points || !baseline->points) {
        return;
    }
    for (size_t i = 0; i < HB_QUANTILES; i++) {
        double q = (double)(i + 1) / 100;
        ret->baseline[i] = quantile(baseline, q);
        ret->shift[i] = quantile(run, q) - ret->baseline[i];
        any = any || ret->shift[i] != 0;
    }
    ret->lower = mean_of(ret->shift, 1, 10);
    ret->middle = mean_of(ret->shift, 25, 75);
    ret->upper = mean_of(ret->shift, 90, 99);
    ret->part = any ? part_of(ret->lower, ret->middle, ret->upper) : HB_MOVED_NOT;
}
