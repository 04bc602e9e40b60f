/* SPDX-License-Identifier: Apache-2.0 */
/* The baseline quality policy (baseline_quality_policy.yaml) as plain values, and how it is loaded:
 * what a set of runs must be like to become a baseline. docs/formats/baseline_quality_policy.md */
#ifndef HB_BASELINE_QUALITY_POLICY_H
#define HB_BASELINE_QUALITY_POLICY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/opt.h"

typedef enum hb_criterion {
    HB_CRITERION_SAMPLE_SIZE,   /* enough runs */
    HB_CRITERION_TIME_SPAN,     /* over enough time */
    HB_CRITERION_CONTEXT,       /* under one context */
    HB_CRITERION_OPEN_FINDINGS, /* nothing open about them */
    HB_CRITERION_POOLABILITY,   /* days, builds, rigs do not differ */
    HB_CRITERION_OUTLIERS,      /* no run far from the others */
    HB_CRITERION_INDEPENDENCE,  /* runs do not resemble their neighbours */
    HB_CRITERION_STABILITY,     /* no trend, no scatter beyond what is declared */
    HB_CRITERION_SHAPE,         /* run values look normal */
    HB_CRITERION_COUNT_
} hb_criterion;

const char *hb_criterion_name(hb_criterion c); /* "sample_size" … as in the policy */

/* What an outcome does to the gate. */
typedef enum hb_gate {
    HB_GATE_REQUIRED, /* anything but a pass blocks, cannot tell too */
    HB_GATE_BLOCKING, /* a fail blocks */
    HB_GATE_TOLD,     /* shown, never blocks */
    HB_GATE_OFF,      /* not looked at */
    HB_GATE_COUNT_
} hb_gate;

const char *hb_gate_name(hb_gate g);

/* The original's confidence, as a weighted share of these criteria that passed. */
typedef enum hb_confidence {
    HB_CONFIDENCE_SAMPLE_SIZE,
    HB_CONFIDENCE_STABILITY,
    HB_CONFIDENCE_NO_ALERTS,
    HB_CONFIDENCE_ENVIRONMENT_MATCH,
    HB_CONFIDENCE_COUNT_
} hb_confidence;

typedef struct hb_quality_policy {
    hb_arena arena;
    const char *name; /* file name, or "built-in" */
    char digest[65];  /* SHA-256 of the file */
    const char *version;
    bool require_quality_gate; /* false: everything is told, nothing blocks */
    const char **gated_tags;   /* the tags that need it */
    size_t n_gated_tags;
    hb_gate gate[HB_CRITERION_COUNT_];
    uint32_t min_sample_size;     /* runs */
    hb_opt_f64 min_time_in_state; /* seconds from the first run's start to the last one's end */
    hb_opt_f64 max_coefficient_of_variation;
    const char **exclude_metrics; /* from stability */
    size_t n_exclude_metrics;
    bool no_unresolved_alerts;
    double max_drift_share;             /* of runs that are PASS_WITH_DRIFT */
    double min_environment_match_score; /* share of runs with the commonest context */
    const char **pool_by;               /* "day", "build", or a factor of run_meta */
    size_t n_pool_by;
    double refusal_budget; /* share of clean baselines the statistical criteria may refuse */
    double weight[HB_CONFIDENCE_COUNT_];
} hb_quality_policy;

void hb_quality_policy_builtin(hb_quality_policy *ret_policy);
HB_CHECKED hb_status hb_quality_policy_parse(hb_str text, const char *name, const char *digest_hex,
                                             hb_quality_policy *ret_policy, hb_error *err);
void hb_quality_policy_release(hb_quality_policy *p);

/* Does setting this tag need the gate? */
bool hb_quality_policy_gates(const hb_quality_policy *p, const char *tag);

/* Every value in force as YAML; parsed again it gives the same policy. */
void hb_quality_policy_yaml(const hb_quality_policy *p, hb_buf *out);
const struct hb_field *hb_quality_policy_fields(void);

#endif
