/* SPDX-License-Identifier: Apache-2.0 */
/* Do groups of a few runs differ in any of many metrics? Single-step max-T by permutation of whole
 * runs over the groups (Westfall, Young 1993): exact for any distribution, keeps how the metrics go
 * together, and sees a large shift of one metric where rank tests, metric by metric, have too few
 * arrangements to tell it from chance.
 *
 * The statistic of a metric is the share of its scatter that lies between the groups,
 * Σ n_g (mean_g - mean)² / (Σ (v - mean)² + n·u²/12), u its resolution. */
#ifndef HB_STATS_JOINT_H
#define HB_STATS_JOINT_H

#include "base/error.h"

typedef struct hb_joint_metric {
    const double *values; /* one a run; NaN = none */
    double step;          /* resolution, 0 = none */
} hb_joint_metric;

/* group[i] in [0, n_groups) is where run i belongs. ret_p[m]: share of the arrangements (the one at
 * hand included) in which some metric has a share as large as metric m's; NaN for a metric that
 * does not vary. n_runs times n_metrics at most HB_JOINT_CELLS_MAX (HB_E_LIMIT). */
enum { HB_JOINT_CELLS_MAX = 20000000 };
HB_CHECKED hb_status hb_joint_groups(const hb_joint_metric *metrics, size_t n_metrics,
                                     const uint32_t *group, size_t n_runs, size_t n_groups,
                                     uint64_t seed, uint32_t permutations, double *ret_p,
                                     hb_error *err);

#endif
