/* SPDX-License-Identifier: Apache-2.0 */
/* The baseline policy (baseline_policy.yaml) as plain values, and how it is loaded.
 *
 * Keys and their meaning: docs/formats/baseline_policy.md. Validation as registry.h. Strategy
 * tag needs a tag; explicit may leave baseline_run to the command line, and baseline/ says when
 * neither named one. */
#ifndef HB_TELEMETRY_POLICY_H
#define HB_TELEMETRY_POLICY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "telemetry/reference.h"
#include "telemetry/run.h"

typedef enum hb_strategy {
    HB_STRATEGY_LAST_PASS, /* newest comparable run that passed */
    HB_STRATEGY_TAG,       /* the run a tag points at */
    HB_STRATEGY_GOLDEN,    /* tag "golden" */
    HB_STRATEGY_ROLLING,   /* pool of the newest comparable passed runs */
    HB_STRATEGY_EXPLICIT,  /* a run named by the policy or on the command line */
    HB_STRATEGY_COUNT_
} hb_strategy;

typedef enum hb_fallback { HB_FALLBACK_LATEST, HB_FALLBACK_NONE, HB_FALLBACK_COUNT_ } hb_fallback;
typedef enum hb_on_no_baseline {
    HB_NO_BASELINE_NOTE, /* NO_TEST */
    HB_NO_BASELINE_FAIL,
    HB_NO_BASELINE_COUNT_
} hb_on_no_baseline;
typedef enum hb_on_missing_metric {
    HB_MISSING_METRIC_WARN,
    HB_MISSING_METRIC_DRIFT,
    HB_MISSING_METRIC_COUNT_
} hb_on_missing_metric;
typedef enum hb_missing_mode {
    HB_MISSING_IGNORE,
    HB_MISSING_DEGRADE, /* PASS becomes PASS_WITH_DRIFT; a FAIL stays */
    HB_MISSING_FAIL,
    HB_MISSING_COUNT_
} hb_missing_mode;

typedef enum hb_aged { HB_AGED_WARN, HB_AGED_DRIFT, HB_AGED_COUNT_ } hb_aged;

const char *hb_strategy_name(hb_strategy s);

enum { HB_TAG_MAX_BYTES = 64 };

/* The smallest false-alarm budget: below it nothing is ever found. */
#define HB_BUDGET_LEAST 1e-6

typedef struct hb_policy {
    hb_arena arena;
    const char *name; /* file name, or "built-in" */
    char digest[65];  /* SHA-256 of the file */
    hb_strategy strategy;
    hb_fallback fallback;
    bool warn_on_mismatch;
    const char *tag;          /* "" = none */
    const char *baseline_run; /* explicit; "" = none */
    uint32_t rolling_runs;    /* 1–30 */
    bool distribution_drift_enabled;
    bool context_match[HB_CONTEXT_COUNT];
    hb_on_no_baseline on_no_baseline;
    hb_on_missing_metric missing_metric;
    hb_missing_mode missing_data_mode;
    double missing_data_min_coverage; /* share of the baseline's metrics the run must have */
    double
        false_alarm_budget; /* q: share of clean runs that may be called drifted, 1e-6 <= q < 1 */
    uint32_t n_min;         /* runs of the set a metric needs for a test, 3 … 30 */
    bool retest;            /* 1-of-2: a suspicion waits for the next comparable run */
    uint32_t retest_days;   /* 1 … 3650 */
    bool golden_for_hard_gates;       /* dual baseline: the golden run decides … */
    bool rolling_for_early_warning;   /* … and the newest runs warn */
    hb_opt_f64 baseline_max_age_days; /* from its newest run to the run under test */
    hb_opt_f64 baseline_max_shift;    /* newest runs from the set's mean, in its run-to-run sd */
    hb_aged on_baseline_aged;
    bool require_approval;
    uint32_t approvals_required; /* at least 1 */
    const char **approvers;
    size_t n_approvers;
} hb_policy;

/* Defaults of a workspace without a policy file: last_pass, no fallback, all six context fields. */
void hb_policy_builtin(hb_policy *ret_policy);
HB_CHECKED hb_status hb_policy_parse(hb_str text, const char *name, const char *digest_hex,
                                     hb_policy *ret_policy, hb_error *err);
void hb_policy_release(hb_policy *p);

/* By what a baseline is chosen where none is named on the command line: dual baseline decides by
 * the golden run, and a policy that names a tag means it, as the original did. */
hb_strategy hb_policy_chooses_by(const hb_policy *p);
bool hb_policy_chooses_by_tag(const hb_policy *p);
/* The tag it chooses by; "" = it names none. */
const char *hb_policy_tag(const hb_policy *p);

/* Every value in force as YAML; parsed again it gives the same policy. */
void hb_policy_yaml(const hb_policy *p, hb_buf *out);

/* The field table, for the reference, the schema and the manual. */
const struct hb_field *hb_policy_fields(void);

#endif
