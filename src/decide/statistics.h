/* SPDX-License-Identifier: Apache-2.0 */
/* What layers 2 and 3 found, as plain values of a decision. Strings and arrays belong to the
 * decision's arena or are borrowed from its inputs. Method: docs/verdict.md. */
#ifndef HB_DECIDE_STATISTICS_H
#define HB_DECIDE_STATISTICS_H

#include "base/opt.h"
#include "stats/quantile_shift.h"
#include "telemetry/past.h"

typedef enum hb_tost {
    HB_TOST_NOT_DECLARED, /* no min_effect: nothing to be equivalent within */
    HB_TOST_NOT_SHOWN,
    HB_TOST_SHOWN
} hb_tost;

const char *hb_tost_name(hb_tost t); /* "not_declared", "not_shown", "shown" */

/* Why a metric has no run test. */
typedef enum hb_untested {
    HB_UNTESTED_NO,           /* it was tested */
    HB_UNTESTED_NO_SET,       /* there is no set */
    HB_UNTESTED_FEW,          /* fewer than n_min values in the set */
    HB_UNTESTED_NO_VALUE,     /* the run has none, or one that is not finite */
    HB_UNTESTED_UNIT,         /* the set's unit is another */
    HB_UNTESTED_NOT_POSITIVE, /* logarithms are declared, and a value is 0 or below */
    HB_UNTESTED_NO_SCALE,     /* no standard deviation can be made of the set's values */
    HB_UNTESTED_LIVE,         /* a live window, which layer 4 tests instead */
    HB_UNTESTED_COUNT_
} hb_untested;

/* "", "no_set", "too_few_runs", "no_value", "unit", "not_positive", "no_scale",
 * "live" */
const char *hb_untested_name(hb_untested u);

/* One metric, run against set. Figures are in the metric's unit unless said otherwise; with `log`
 * sd, sd_runs and step are of the logarithms, everything else is turned back (mean is the
 * geometric mean then). Untested: only untested and n0 say something. */
typedef struct hb_run_test {
    hb_untested untested;
    size_t n0;      /* values in the set */
    size_t m;       /* runs judged together, 1 without --with */
    double x;       /* the run's value, or the mean of m */
    double mean;    /* of the set */
    double sd;      /* in the denominator: pooled with sigma_ref, resolution added */
    double sd_runs; /* of the set's values alone */
    double step;    /* resolution u that was added; 0 = none */
    bool governed;  /* sigma_ref took part */
    bool log;
    hb_direction bad; /* one-sided test this way; NONE = two-sided */
    double t;
    double dof;
    double p;    /* of the declared sidedness */
    double q;    /* Benjamini-Hochberg adjusted p among the metrics tested */
    double low;  /* the values between which the run would not have been rejected at the */
    double high; /* decision's level_at_cut; -inf/+inf on the side that is not tested */
    bool rejected;
    bool below_min_effect; /* rejected, but |x - mean| is under min_effect: no suspicion */
    hb_direction moved;    /* sign of x - mean when rejected, suspected or confirmed */
    bool suspected; /* this run raises a suspicion: rejected and not below min_effect, or its retest
                     * of an earlier one went the opposite way */
    bool confirmed; /* this run confirms an earlier suspicion; it raises none of its own then */
    /* What a PASS could have missed. */
    double detectable;       /* smallest shift found with 80 % power at first_level, unit (upwards
                              * unless only downwards is bad); inf = none */
    double detectable_sigma; /* the same in units of sd */
    hb_opt_f64 power_at_min_effect; /* of finding a shift of min_effect at first_level */
    uint32_t runs_needed; /* set runs for 80 % power at min_effect (else at 2 sd); 0 = over 1,000 */
    double target;        /* the shift runs_needed is about, unit */
    hb_tost tost;
    double tost_p; /* two one-sided tests, shown at < 0.05; NaN when not declared */
} hb_run_test;

typedef enum hb_retest_outcome {
    HB_RETEST_CONFIRMED, /* rejected again, same direction, p < 0.05 */
    HB_RETEST_CLEARED,   /* not rejected: closed without a finding of weight */
    HB_RETEST_OPPOSITE,  /* rejected the other way: closed, and a new one raised (unless the change
                          * is under min_effect) */
    HB_RETEST_NO_VALUE,  /* the run could not answer: it stays open */
    HB_RETEST_COUNT_
} hb_retest_outcome;

const char *hb_retest_outcome_name(hb_retest_outcome o);

/* An open suspicion and what this run says to it. */
typedef struct hb_retest {
    const hb_suspicion *of;
    hb_retest_outcome outcome;
    size_t n0; /* values of the frozen set */
    size_t m;
    double x; /* this and what follows: unset (0) when the outcome is no_value */
    double mean;
    double t;
    double dof;
    double p; /* of the declared sidedness, as the first test; the direction is looked at apart */
} hb_retest;

/* What to repeat, and what each outcome will mean. NULL order = nothing is suspected. */
typedef struct hb_retest_order {
    const char **metrics; /* suspected by this run, by name */
    size_t n_metrics;
    hb_time until; /* HB_TIME_NONE = the run has no time, so the days cannot be counted */
    uint32_t days;
    const char *text; /* which run, in which context, and what follows from each outcome */
} hb_retest_order;

/* Layer 3, explains only. */
typedef struct hb_change_point {
    const char *metric;
    size_t n;           /* runs looked at, this one the last */
    const char *run_id; /* first run after the change */
    hb_time time;
    double before; /* mean before, unit */
    double after;
    double p; /* by permutation */
    uint64_t seed;
    uint32_t permutations;
    const char *with; /* "build B, rig C" that changed at that run; "" = nothing known */
    bool ramp;        /* a slow drift rather than a step: a line fits better */
    double per_run;   /* slope of that line, unit a run */
    const char *text; /* one sentence */
} hb_change_point;

/* How much of a metric's spread, and of this shift, goes with a factor of the context. */
typedef struct hb_attribution {
    const char *metric;
    const char *factor;     /* "rig", "unit", "build", "operator", "day" … */
    const char *level;      /* this run's */
    size_t levels;          /* seen in the set */
    bool told;              /* false: the runs cannot tell, text says why; figures are 0 then */
    double variance_share;  /* 0 … 1 of the set's spread */
    double p;               /* F test that the factor has no effect; 1 when not told */
    hb_opt_f64 shift;       /* part of this run's shift that its level had before, unit; unset when
                             * the level is new or there is no sign of the factor (p >= 0.05) */
    const char *confounded; /* factors it cannot be told apart from; "" = none */
    const char *text;
} hb_attribution;

typedef struct hb_relation_part {
    const char *metric;
    double share;    /* of the distance, can be under 0; shares add up to 1 */
    double expected; /* value the other metrics of the run lead to expect, unit */
} hb_relation_part;

/* The multivariate check. */
typedef struct hb_relation {
    bool ran;
    const char *why_not; /* "" when it ran */
    size_t n0;
    size_t n_metrics; /* with a value in every run of the set and in this one */
    size_t n_related; /* of these, in a group that goes together; the others are not part of it */
    const char *note; /* what was left out, in one sentence; "" = nothing */
    double distance;  /* Mahalanobis with shrinkage, of the group furthest out */
    double shrinkage; /* 0 … 1 */
    double p;         /* by leave-one-out or permutation */
    double level;     /* 0.2 q */
    bool rejected;
    hb_relation_part *parts; /* largest first */
    size_t n_parts;
} hb_relation;

/* Of the run as a whole. */
typedef struct hb_run_statistics {
    bool ran;            /* at least one metric was tested */
    double budget;       /* q of the policy */
    double bh_level;     /* 0.8 q; 0.4 q with a dual baseline, whose rolling set has the rest */
    double cut;          /* largest p rejected; 0 = none */
    double first_level;  /* bh_level / n_tested: what one metric needs when no other differs; power
                          * is stated at this one, the most careful of the step-up levels */
    double level_at_cut; /* bh_level * max(rejected, 1) / n_tested: a p up to it is rejected */
    uint32_t n_min;
    size_t n_runs; /* of the set */
    size_t n_tested;
    size_t n_rejected;
    size_t n_suspected;
    size_t n_confirmed;
    bool insufficient;      /* no metric has n_min runs: satisfies no gate */
    const char *power_text; /* one sentence a manager can read; "" when nothing was tested */
    hb_retest *retests;     /* by metric */
    size_t n_retests;
    const hb_retest_order *order; /* NULL = none */
    hb_relation relation;
    hb_change_point *changes; /* smallest p first */
    size_t n_changes;
    hb_attribution *attributions; /* by metric, then factor */
    size_t n_attributions;
    const struct hb_live_statistics *live; /* decide/live.h; NULL = not a window of a stream */
} hb_run_statistics;

#endif
