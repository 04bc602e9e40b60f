/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/metric_def.h"

#include <string.h>

static const char *const reduce_names[HB_REDUCE_COUNT_ + 1] = {
    [HB_REDUCE_MEDIAN] = "median", [HB_REDUCE_MEAN] = "mean", [HB_REDUCE_MAX] = "max",
    [HB_REDUCE_MIN] = "min",       [HB_REDUCE_LAST] = "last", [HB_REDUCE_P95] = "p95",
    [HB_REDUCE_P99] = "p99",       [HB_REDUCE_RATE] = "rate", [HB_REDUCE_COUNT] = "count",
    [HB_REDUCE_RANGE] = "range",   [HB_REDUCE_STD] = "std",   NULL,
};

const char *hb_reduce_name(hb_reduce r)
{
    return (unsigned)r < HB_REDUCE_COUNT_ ? reduce_names[r] : "?";
}

bool hb_reduce_from_name(const char *name, hb_reduce *ret)
{
    for (unsigned r = 0; r < HB_REDUCE_COUNT_; r++) {
        if (strcmp(reduce_names[r], name) == 0) {
            *ret = (hb_reduce)r;
            return true;
        }
    }
    return false;
}
