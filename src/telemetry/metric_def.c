/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/metric_def.h"

#include "telemetry/names.h"

#include <string.h>

const char *const hb_reduce_names[HB_REDUCE_COUNT_ + 1] = {
    [HB_REDUCE_MEDIAN] = "median", [HB_REDUCE_MEAN] = "mean", [HB_REDUCE_MAX] = "max",
    [HB_REDUCE_MIN] = "min",       [HB_REDUCE_LAST] = "last", [HB_REDUCE_P95] = "p95",
    [HB_REDUCE_P99] = "p99",       [HB_REDUCE_RATE] = "rate", [HB_REDUCE_COUNT] = "count",
    [HB_REDUCE_RANGE] = "range",   [HB_REDUCE_STD] = "std",   NULL,
};

const char *const hb_transform_names[HB_TRANSFORM_COUNT_ + 1] = {
    [HB_TRANSFORM_NONE] = "none", [HB_TRANSFORM_LOG] = "log", NULL};
const char *const hb_bad_direction_names[HB_BAD_COUNT_ + 1] = {
    [HB_BAD_BOTH] = "both", [HB_BAD_UP] = "up", [HB_BAD_DOWN] = "down", NULL};

const char *hb_reduce_name(hb_reduce r)
{
    return (unsigned)r < HB_REDUCE_COUNT_ ? hb_reduce_names[r] : "?";
}

bool hb_reduce_from_name(const char *name, hb_reduce *ret)
{
    for (unsigned r = 0; r < HB_REDUCE_COUNT_; r++) {
        if (strcmp(hb_reduce_names[r], name) == 0) {
            *ret = (hb_reduce)r;
            return true;
        }
    }
    return false;
}

bool hb_metric_def_factor(const hb_metric_def *def, const char *unit, double *ret_factor)
{
    hb_str text = hb_str_trim(hb_str_of(unit));
    char folded[HB_NAME_MAX_BYTES];
    if (text.n > sizeof folded) {
        return false;
    }
    hb_unit_fold(text, folded);
    for (size_t i = 0; i < def->n_unit_map; i++) {
        if (hb_str_eq_c((hb_str){folded, text.n}, def->unit_map[i].unit)) {
            *ret_factor = def->unit_map[i].factor;
            return true;
        }
    }
    return false;
}
