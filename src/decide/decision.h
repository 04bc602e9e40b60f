/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: a pure function of (run, reference, registry, policy, engine version).
 *
 * hb_decide() reads nothing but its arguments: no clock, no file, no locale, no global. Equal
 * inputs give a decision whose canonical JSON (decision_json.h) is byte-identical on both
 * compilers. Strings of the result are owned by its arena, except those of run, reference and
 * registry, which it borrows: keep these alive as long as the decision. */
#ifndef HB_DECIDE_DECISION_H
#define HB_DECIDE_DECISION_H

#include "decide/statistics.h"
#include "telemetry/policy.h"
#include "telemetry/reference.h"
#include "telemetry/registry.h"

typedef enum hb_verdict {
    HB_VERDICT_PASS,
    HB_VERDICT_PASS_WITH_DRIFT,
    HB_VERDICT_FAIL,
    HB_VERDICT_NO_TEST,
    HB_VERDICT_COUNT_
} hb_verdict;

const char *hb_verdict_name(hb_verdict v);
bool hb_verdict_from_name(const char *name, hb_verdict *ret);

typedef enum hb_severity { /* ascending */
                           HB_SEVERITY_INFO,
                           HB_SEVERITY_WARN,
                           HB_SEVERITY_DRIFT, /* makes the verdict at least PASS_WITH_DRIFT */
                           HB_SEVERITY_FAIL,
                           HB_SEVERITY_COUNT_
} hb_severity;

const char *hb_severity_name(hb_severity s);

/* One row per rule; the name is what documents, JSON and reports say. */
#define HB_RULE_MAP(X)                                                                             \
    X(INVARIANT_MIN, "invariant_min", "value below a hard limit")                                  \
    X(INVARIANT_MAX, "invariant_max", "value above a hard limit")                                  \
    X(INVARIANT_EQ, "invariant_eq", "value differs from the required one")                         \
    X(FAIL_THRESHOLD, "fail_threshold", "critical metric over its fail threshold")                 \
    X(CRITICAL_NONZERO, "critical_nonzero", "critical metric without a threshold is above zero")   \
    X(MISSING_METRIC, "missing_metric", "the baseline had this metric, the run lacks it")          \
    X(NOT_FINITE, "not_finite", "the value is NaN or infinite, so no limit could be checked")      \
    X(UNREADABLE, "unreadable", "cells that are neither number nor missing")                       \
    X(DUPLICATE, "duplicate", "stated more than once with different values")                       \
    X(COVERAGE, "coverage", "too few usable samples")                                              \
    X(STALE, "stale", "no sample near the end of the run")                                         \
    X(UNIT_MISMATCH, "unit_mismatch", "units of run and baseline cannot be compared")              \
    X(DRIFT_THRESHOLD, "drift_threshold", "change beyond the absolute limit")                      \
    X(DRIFT_PERCENT, "drift_percent", "change beyond the percent limit")                           \
    X(DRIFT_SPREAD, "drift_spread", "change beyond a multiple of the baseline's spread")           \
    X(SPREAD_RATIO, "spread_ratio", "the spread itself grew, or vanished")                         \
    X(PERSISTENCE, "persistence", "consecutive samples beyond the change limit")                   \
    X(KS_THRESHOLD, "ks_threshold", "the distribution changed")                                    \
    X(METRIC_COVERAGE, "metric_coverage", "the run has too few of the baseline's metrics")         \
    X(MISSING_BASELINE, "missing_baseline", "the baseline lacks this metric")                      \
    X(DISTRIBUTION, "distribution", "the shape moved; no limit is declared for it")                \
    X(NO_BASELINE, "no_baseline", "nothing to compare with")                                       \
    X(NO_METRICS, "no_metrics", "no usable metric to compare")                                     \
    X(LOST_ROWS, "lost_rows", "rows of the files that could not be read")                          \
    X(CONTEXT_MISMATCH, "context_mismatch", "run and baseline were made under different context")  \
    X(CONDITIONAL, "conditional", "within the guard band of a hard limit")                         \
    X(SUSPECTED, "suspected", "differs from the baseline runs; a retest decides")                  \
    X(CONFIRMED, "confirmed", "differs from the baseline runs, and did again on the retest")       \
    X(RETEST_CLEARED, "retest_cleared", "an earlier suspicion was not seen again")                 \
    X(RETEST_OPEN, "retest_open", "this run could not answer an earlier suspicion")                \
    X(UNTESTED, "untested", "a test against the baseline runs could not be made")                  \
    X(RELATION, "relation", "metrics no longer go together as in the baseline runs")               \
    X(INSUFFICIENT_BASELINE, "insufficient_baseline",                                              \
      "too few baseline runs for a statistical test")                                              \
    X(EARLY_WARNING, "early_warning", "differs from the newest runs, or creeps over them")         \
    X(CHANGE_POINT, "change_point", "the history of runs changed at an earlier run")               \
    X(BASELINE_AGED, "baseline_aged", "the baseline is older than the policy allows")              \
    X(EQUIVALENCE, "equivalence", "a value was mapped from another vendor's metric")               \
    X(SAMPLE_LIMIT, "sample_limit", "single samples of a live window beyond a hard limit")         \
    X(SHOCK, "shock", "2 of 3 live windows beyond what the baseline runs lead to expect")          \
    X(SLOW_DRIFT, "slow_drift", "live windows crept away from those before")                       \
    X(SILENT, "silent", "nothing was heard of a live metric for too long")                         \
    X(WINDOW_COVERAGE, "window_coverage", "too few of the expected samples came in a live window") \
    X(CORRELATED, "correlated_windows", "live windows resemble their neighbours: widen them")

typedef enum hb_rule {
#define HB_RULE_ENUM(code, name, words) HB_RULE_##code,
    HB_RULE_MAP(HB_RULE_ENUM)
#undef HB_RULE_ENUM
        HB_RULE_COUNT_
} hb_rule;

const char *hb_rule_name(hb_rule r);
const char *hb_rule_words(hb_rule r);

typedef struct hb_finding {
    const char *metric; /* "" = about the run as a whole */
    hb_rule rule;
    hb_severity severity;
    hb_opt_f64 baseline;
    hb_opt_f64 current;
    hb_opt_f64 limit;    /* the declared figure */
    hb_opt_f64 observed; /* what is held against it, same unit as limit (|delta|, %, D, share, s) */
    hb_opt_f64 p_value;
    double excess; /* one scale for ranking: observed / allowed, over 1 = beyond; 0 = none */
    bool has_onset;
    uint64_t onset_index; /* first sample beyond the limit … */
    uint64_t
        sustained_index; /* … and start of the first stretch of `persistence`; UINT64_MAX none */
    hb_time onset_time;  /* HB_TIME_NONE when the series has no times; of a live window's finding
                          * without has_onset: since when */
    const char *text;    /* one sentence */
} hb_finding;

/* Every metric that was looked at, flagged or not. */
typedef struct hb_comparison {
    const char *name;
    const char *unit;
    const hb_metric_def *def;  /* the limits that applied (declared or defaults), may be NULL */
    const hb_metric *run;      /* NULL = missing in the run */
    const hb_metric *baseline; /* NULL = missing in the baseline */
    hb_opt_f64 value_run;
    hb_opt_f64 value_baseline;
    hb_opt_f64 delta;
    hb_opt_f64 percent;
    hb_opt_f64 change_limit; /* the tightest change limit that applied, canonical unit */
    hb_opt_f64 margin;       /* change_limit - |delta|; negative = beyond */
    hb_opt_f64 ks_d;
    hb_opt_f64 ks_p;
    hb_opt_f64 wasserstein; /* unit of the metric */
    /* Where the distribution moved; NULL when no finding says that it did. */
    const hb_quantile_shift *quantile_shift;
    hb_severity worst;
    bool flagged;      /* worst >= DRIFT */
    unsigned n_checks; /* rules that could be evaluated */
    hb_run_test test;  /* layer 2 */
} hb_comparison;

typedef struct hb_decision {
    hb_arena arena;
    hb_verdict verdict;
    const char *reason;     /* the verdict in one sentence */
    const char *what_to_do; /* next step in one or two sentences */
    hb_finding *findings;   /* ranked: severity, excess, metric, rule */
    size_t n_findings;
    hb_comparison *comparisons; /* sorted by name */
    size_t n_comparisons;
    unsigned n_checked; /* metrics with at least one evaluated limit */
    unsigned n_drift_metrics;
    unsigned n_fail_metrics;
    hb_run_statistics statistics;
    const hb_run *run;
    const hb_reference *reference;
    const hb_registry *registry;
    const hb_policy *policy;
} hb_decision;

HB_CHECKED hb_status hb_decide(const hb_run *run, const hb_reference *reference,
                               const hb_registry *registry, const hb_policy *policy,
                               hb_decision **ret_decision, hb_error *err);
void hb_decision_free(hb_decision *d);

#endif
