/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of a run held against the values of earlier runs, on the scale of the test (logarithms
 * where the metric declares them or a baseline version stores them). The set of a run and the
 * frozen set of a suspicion go the same way, so that a retest is the same statistic. Inside
 * decide/. */
#ifndef HB_DECIDE_RUN_TEST_H
#define HB_DECIDE_RUN_TEST_H

#include "decide/decision.h"
#include "stats/predict.h"

/* The side under judgement. */
typedef struct hb_judged {
    const hb_metric_def *def; /* NULL = not in the registry */
    const hb_metric *run;     /* NULL = missing */
    const hb_run_set *with;   /* further runs judged together with it; NULL = none */
} hb_judged;

/* The side it is held against. */
typedef struct hb_yardstick {
    const char *unit; /* "" = none, or not known */
    const double *values;
    size_t n_values;
    const bool *left_out; /* true = not this value (a run under judgement itself); NULL = all */
    double step;          /* resolution seen, 0 = unknown */
    bool log;             /* it is judged by its logarithms */
} hb_yardstick;

typedef struct hb_fit {
    size_t n0;
    size_t m;
    bool log;
    bool governed;
    int side;              /* of the declared bad direction: +1, -1, 0 = two-sided */
    double step;           /* resolution that entered, on the scale of the test */
    double x;              /* on the scale of the test */
    bool run_not_positive; /* HB_UNTESTED_NOT_POSITIVE because of the run, not of the set */
    hb_predict p;          /* on the scale of the test */
} hb_fit;

/* room: n_values doubles. n0 is set whatever is returned. */
hb_untested hb_fit_make(const hb_judged *judged, const hb_yardstick *yard, size_t n_min,
                        double *room, hb_fit *ret);

double hb_fit_p(const hb_fit *f, double *ret_t);
double hb_fit_p_kept(const hb_fit *f, hb_t_law *io_law, double *ret_t); /* as hb_predict_p_kept */
/* From the scale of the test to the metric's unit. */
double hb_fit_unit(const hb_fit *f, double v);
/* |x - mean| in the metric's unit. */
double hb_fit_moved(const hb_fit *f);
hb_direction hb_fit_direction(const hb_fit *f);

#endif
