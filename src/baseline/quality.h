/* SPDX-License-Identifier: Apache-2.0 */
/* Is a set of runs good enough to be a baseline? A pure function of the set and the policy: no
 * clock, no file; permutations are seeded by the set's digest, so the same set always gets the same
 * answer. docs/baselines.md, "Quality", has every criterion in words.
 *
 *     hb_quality_input in = {.set = &set, .policy = &policy, .context_match = p.context_match};
 *     HB_TRY(hb_baseline_quality(&in, &quality, err));
 *     if (quality->blocks && hb_quality_policy_gates(&policy, tag)) → refuse with quality->why,
 *         unless a reason for an override is given and stored
 *     hb_quality_free(quality);
 *
 * The statistical criteria look at every metric. Within one the metrics are taken together
 * (Benjamini, Hochberg 1995; for groups of few runs Westfall, Young 1993), and the policy's
 * refusal_budget is shared evenly among those that can block, so that the number of metrics does
 * not decide. */
#ifndef HB_BASELINE_QUALITY_H
#define HB_BASELINE_QUALITY_H

#include "base/json_write.h"
#include "baseline/quality_policy.h"
#include "telemetry/past.h"

typedef enum hb_outcome {
    HB_OUTCOME_PASS,
    HB_OUTCOME_FAIL,
    HB_OUTCOME_CANNOT_TELL, /* what is there does not suffice to see a fault: no pass */
    HB_OUTCOME_OFF,         /* switched off by the policy */
    HB_OUTCOME_COUNT_
} hb_outcome;

const char *hb_outcome_name(hb_outcome o); /* "pass", "fail", "cannot_tell", "off" */

typedef struct hb_quality_input {
    const hb_run_set *set; /* oldest first */
    const hb_quality_policy *policy;
    const bool *context_match; /* HB_CONTEXT_COUNT, of the baseline policy; NULL = all six */
    const char *const *open;   /* run ids with an open suspicion; others than the set's are fine */
    size_t n_open;
} hb_quality_input;

typedef struct hb_quality_result {
    hb_gate gate;
    hb_outcome outcome;
    hb_opt_f64 figure; /* what was found … */
    hb_opt_f64 limit;  /* … and what is held against it; statistical criteria: the smallest p,
                        * adjusted for the number of metrics, and the level */
    size_t n_tested;   /* metrics (poolability: metrics times groupings) */
    size_t n_flagged;
    const char *text; /* one sentence */
} hb_quality_result;

/* One metric that a criterion is about. */
typedef struct hb_quality_flag {
    hb_criterion criterion;
    const char *metric;
    const char *by;     /* poolability: "day" …; else "" */
    const char *run_id; /* outliers: the run; else "" */
    double figure;      /* ADK, MNR, lag-1 r, tau or coefficient of variation, A² */
    double limit;       /* CMH-17's critical value of ADK (0.025) and MNR (0.05), the declared limit
                         * of the coefficient; NaN = none */
    double p;           /* of this metric alone; NaN for the coefficient */
    double q;           /* of it among all metrics looked at; flagged when under the level */
    const char *text;   /* one sentence */
} hb_quality_flag;

typedef struct hb_quality {
    hb_arena arena;
    hb_outcome overall; /* fail: a criterion that can block failed; cannot_tell: one cannot tell */
    bool blocks;        /* the gate is shut; false when the policy does not require it */
    const char *why;    /* one sentence: what blocks, or that nothing does */
    double confidence;  /* 0 … 1, the policy's weights; decides nothing */
    hb_quality_result criteria[HB_CRITERION_COUNT_];
    hb_quality_flag *flags; /* by criterion, then p, then metric */
    size_t n_flags;
    double level; /* of one statistical criterion */
    size_t n_runs;
    size_t n_metrics;
    const char *set_digest;
    const char *set_version; /* "" = none */
    const char *policy_name;
    const char *policy_digest;
} hb_quality;

/* The input must outlive the result. HB_E_USAGE for a set without runs, HB_E_LIMIT beyond
 * HB_PAST_RUNS_MAX. */
HB_CHECKED hb_status hb_baseline_quality(const hb_quality_input *in, hb_quality **ret_quality,
                                         hb_error *err);
void hb_quality_free(hb_quality *q);

/* An object with everything above; docs/formats/baseline_quality.md. Keys in ascending order, so it
 * can stand in a canonical document. */
void hb_quality_json(const hb_quality *q, hb_json *j);

#endif
