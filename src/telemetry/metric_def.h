/* SPDX-License-Identifier: Apache-2.0 */
/* What the lab declared about one metric: names, unit, how a series becomes one value, limits.
 * Plain values; strings are owned by the registry's arena (registry.h). */
#ifndef HB_TELEMETRY_METRIC_DEF_H
#define HB_TELEMETRY_METRIC_DEF_H

#include "base/opt.h"

#include <stddef.h>
#include <stdint.h>

/* How a series gives the metric's one value. */
typedef enum hb_reduce {
    HB_REDUCE_MEDIAN,
    HB_REDUCE_MEAN,
    HB_REDUCE_MAX,
    HB_REDUCE_MIN,
    HB_REDUCE_LAST,
    HB_REDUCE_P95,
    HB_REDUCE_P99,
    HB_REDUCE_RATE,  /* (last - first) / (t_last - t_first), per second: for counters */
    HB_REDUCE_COUNT, /* number of finite samples */
    HB_REDUCE_RANGE, /* max - min */
    HB_REDUCE_STD,   /* sample standard deviation */
    HB_REDUCE_COUNT_
} hb_reduce;

extern const char *const hb_reduce_names[]; /* in the order of the enum, NULL at the end */
const char *hb_reduce_name(hb_reduce r);
bool hb_reduce_from_name(const char *name, hb_reduce *ret);

/* Percent limit against a baseline of 0: a percentage does not exist there. */
typedef enum hb_zero_baseline {
    HB_ZERO_ANY_CHANGE, /* any change is beyond the limit (default); min_effect still applies */
    HB_ZERO_IGNORE,     /* the percent limit does not apply; only for metrics with another limit */
    HB_ZERO_BASELINE_COUNT_
} hb_zero_baseline;

/* Scale on which run values are compared with one another. */
typedef enum hb_transform {
    HB_TRANSFORM_NONE, /* as they are, unless a baseline version stores log */
    HB_TRANSFORM_LOG,  /* all values must be > 0 */
    HB_TRANSFORM_COUNT_
} hb_transform;

extern const char *const hb_transform_names[]; /* in the order of the enum, NULL at the end */

/* Which way a change is bad: the run test is one-sided then. */
typedef enum hb_bad_direction {
    HB_BAD_BOTH,
    HB_BAD_UP,   /* higher is worse */
    HB_BAD_DOWN, /* lower is worse */
    HB_BAD_COUNT_
} hb_bad_direction;

extern const char *const hb_bad_direction_names[];

typedef struct hb_unit_factor {
    const char *unit; /* trimmed and folded (names.h) */
    double factor;    /* value × factor → canonical unit */
} hb_unit_factor;

/* Counts the lines of events.jsonl whose members equal all the given values. */
typedef struct hb_event_match {
    const char *field; /* dotted path */
    const char *value; /* text form */
} hb_event_match;

typedef struct hb_metric_def {
    const char *name;
    const char *description; /* "" when none */
    const char **aliases;
    size_t n_aliases;
    const char *unit; /* canonical, as written; "" = none */
    hb_unit_factor *unit_map;
    size_t n_unit_map;
    const char **source_columns;
    size_t n_source_columns;
    hb_event_match *events; /* non-NULL: the metric is the number of events that match */
    size_t n_events;

    hb_reduce reduce;
    bool reduce_set; /* declared; else the reader's own way, median unless an adapter says mean */
    bool critical;
    hb_opt_f64 drift_threshold; /* canonical unit, > 0 side: |delta| over it */
    hb_opt_f64 drift_percent;   /* % of |baseline| */
    hb_opt_f64 drift_spread;    /* multiples of the baseline samples' standard deviation */
    hb_opt_f64 spread_ratio;    /* > 1: spread over ratio × baseline's, or vanished */
    hb_opt_f64 min_effect;      /* cancels a change limit when |delta| is under it */
    hb_opt_f64 fail_threshold;
    hb_opt_f64 invariant_min;
    hb_opt_f64 invariant_max;
    hb_opt_f64 invariant_eq;
    hb_opt_f64 ks_threshold;  /* 0 … 1 */
    hb_opt_f64 min_coverage;  /* share of usable samples, 0 … 1 */
    hb_opt_f64 stale_after_s; /* seconds between the metric's last sample and the run's end */
    hb_opt_f64 sigma_ref;     /* governed run-to-run standard deviation, canonical unit, > 0 */
    hb_opt_f64 sigma_dof;     /* its degrees of freedom, > 0; set with sigma_ref */
    hb_opt_f64 resolution;    /* smallest step the instrument shows, canonical unit, > 0 */
    hb_opt_f64 uncertainty;   /* expanded (k = 2), canonical unit: guard band of the invariants */
    hb_transform transform;
    hb_bad_direction direction;
    uint32_t drift_persistence; /* consecutive samples; 0 = not declared */
    hb_zero_baseline zero_baseline;

    bool declared; /* false: built from the defaults for a metric the registry does not know */
    uint32_t line; /* where it is declared, 0 = nowhere */
    uint32_t col;
} hb_metric_def;

/* The factor unit_map declares for a unit as written in the data; false when it names none. Blanks
 * around do not count, case does, and both characters for micro are one. */
bool hb_metric_def_factor(const hb_metric_def *def, const char *unit, double *ret_factor);

#endif
