/* SPDX-License-Identifier: Apache-2.0 */
/* A series made coarser: time is cut into steps that begin at whole multiples of the step (from
 * 1970, or from 0 of an elapsed time), and the samples of a step become one: mean, min, max, first
 * or last. Its time is the step's beginning. Steps without samples give none.
 *
 * One hb_resampler for each series: add in order of time, any blocks; then finish. Means are
 * compensated sums in order, so blocks do not matter. A time before the open step is an error:
 * resampling would reorder. */
#ifndef HB_INPUT_SELECT_RESAMPLE_H
#define HB_INPUT_SELECT_RESAMPLE_H

#include "base/error.h"
#include "base/time.h"

#include <stdbool.h>

typedef enum hb_resample_how {
    HB_RESAMPLE_MEAN,
    HB_RESAMPLE_MIN,
    HB_RESAMPLE_MAX,
    HB_RESAMPLE_FIRST,
    HB_RESAMPLE_LAST,
    HB_RESAMPLE_COUNT_
} hb_resample_how;

typedef struct hb_resample_rule {
    int64_t step_ns; /* 0 = as it is */
    hb_resample_how how;
} hb_resample_rule;

/* {0} is an empty one. */
typedef struct hb_resampler {
    hb_time step; /* beginning of the open one */
    uint64_t n;   /* samples in it */
    double v;     /* by the rule; the sum of a mean */
    double low;   /* compensation of the sum */
} hb_resampler;

/* "1s", "250ms:max". HB_E_USAGE when it is neither. */
HB_CHECKED hb_status hb_resample_parse(const char *text, hb_resample_rule *ret, hb_error *err);
/* Takes n samples; whole steps go to out_v and out_t (room for n, and may be v and t), *ret_n of
 * them. Samples without a time (HB_TIME_NONE) are left out and counted in *io_untimed. */
HB_CHECKED hb_status hb_resample_add(hb_resampler *r, const hb_resample_rule *rule, const double *v,
                                     const hb_time *t, size_t n, double *out_v, hb_time *out_t,
                                     size_t *ret_n, uint64_t *io_untimed, hb_error *err);
/* The open step; false when there is none. */
bool hb_resample_finish(hb_resampler *r, const hb_resample_rule *rule, double *ret_v,
                        hb_time *ret_t);

/* "10", "1.5s", "250ms", "2 min", "1h", "7d" in nanoseconds, over 0; false when it is none. */
bool hb_duration_parse(const char *p, size_t n, int64_t *ret_ns);

#endif
