/* SPDX-License-Identifier: Apache-2.0 */
/* What the shipped decision finds on this baseline: faults of growing size are put into its runs,
 * each held back and judged by hb_decide() against the others, and the sizes found are turned into
 * probability-of-detection curves (stats/pod.h). docs/decisions/0090-qualify.md
 *
 *     hb_qualifier_new(&ask, &q, err);
 *     per held-back run:  hb_qualifier_run(q, run, reference, &stopped, err);
 *     hb_qualifier_finish(q, &result, err);       any time; what was stopped half-way is not in it
 *     hb_qualifier_free(q);                       releases the result too
 *
 * Results do not depend on the order of runs, metrics or faults, nor on which are asked for: each
 * draws from a stream of its own (seed, metric, run). */
#ifndef HB_QUALIFY_QUALIFY_H
#define HB_QUALIFY_QUALIFY_H

#include "decide/decision.h"
#include "qualify/fault.h"
#include "stats/pod.h"

enum { HB_QUALIFY_TRIALS_MAX = 100, HB_QUALIFY_RUNS_MAX = 200 };

typedef struct hb_qualify_ask {
    const hb_run_set *set; /* all runs that will be held back in turn; gives sd and mean */
    const hb_registry *registry;
    const hb_policy *policy;
    uint64_t seed;
    uint32_t trials; /* of each fault and size, a metric and a run; ups and downs by turns */
    bool faults[HB_FAULT_COUNT_];
    const char *const *metrics; /* NULL = all of the set */
    size_t n_metrics;
    /* Called now and then with the share of the run that is done; true = stop. May be NULL. */
    bool (*stop)(void *ctx, double share);
    void *ctx;
} hb_qualify_ask;

typedef struct hb_qualified_size {
    double size;
    uint32_t tried;
    uint32_t found;
} hb_qualified_size;

/* One metric and fault. */
typedef struct hb_qualified {
    const char *metric;
    const char *unit;
    hb_fault fault;
    double
        unit_per_size; /* of sd: the set's standard deviation, in the unit; NaN for other sizes */
    hb_qualified_size sizes[HB_FAULT_SIZES_MAX];
    size_t n_sizes;
    uint32_t n_runs;         /* held back and tried */
    uint32_t n_left_alarmed; /* runs left out: flagged without a fault */
    uint32_t n_left_series;  /* … the series made of the profile is flagged by itself */
    uint32_t n_left_why_not; /* … where the fault could not be tried */
    const char *why_not;     /* of the latest such run; NULL = none */
    uint32_t n_made;         /* runs whose series was made of quantiles */
    hb_pod pod;
    uint32_t by_rule[HB_RULE_COUNT_]; /* rules new at the first size found, a trial each */
    hb_pod_trial *trials;             /* by run, trial and size */
    size_t n_trials;
} hb_qualified;

/* A held-back run, nothing put into it. */
typedef struct hb_qualified_run {
    const char *run_id;
    hb_verdict verdict;
    bool statistical; /* a finding under the budget: suspected, relation or early warning */
    bool limits;      /* another finding of weight: a declared or default limit */
    size_t n0;        /* runs it was judged against */
} hb_qualified_run;

typedef struct hb_rate {
    size_t n;
    size_t of;
    double low; /* 95 % Clopper-Pearson */
    double high;
} hb_rate;

typedef struct hb_qualification {
    const hb_qualified *rows; /* by metric, then fault */
    size_t n_rows;
    const hb_qualified_run *runs;
    size_t n_runs;
    hb_rate statistical; /* held back, without a fault, and yet flagged */
    hb_rate any;
    double budget;
    uint64_t n_decisions;
} hb_qualification;

typedef struct hb_qualifier hb_qualifier;

HB_CHECKED hb_status hb_qualifier_new(const hb_qualify_ask *ask, hb_qualifier **ret, hb_error *err);
void hb_qualifier_free(hb_qualifier *q);
/* reference: of the other runs, with its set; of its past only the rolling set is used. */
HB_CHECKED hb_status hb_qualifier_run(hb_qualifier *q, const hb_run *run,
                                      const hb_reference *reference, bool *ret_stopped,
                                      hb_error *err);
HB_CHECKED hb_status hb_qualifier_finish(hb_qualifier *q, hb_qualification *ret, hb_error *err);

#endif
