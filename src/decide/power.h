/* SPDX-License-Identifier: Apache-2.0 */
/* What a test could have missed: limits, power, runs needed, equivalence. Inside decide/. */
#ifndef HB_DECIDE_POWER_H
#define HB_DECIDE_POWER_H

#include "decide/findings.h"
#include "decide/run_test.h"

/* Of the false-alarm budget: what single metrics get, the rest is the multivariate check's. */
#define HB_BH_SHARE 0.8
#define HB_POWER_ASKED 0.8
#define HB_TOST_LEVEL 0.05
/* The shift runs_needed is about where no min_effect is declared. */
#define HB_POWER_TARGET_SD 2.0

/* Figures in units of the standard deviation depend on little else than n0, so they are kept. */
enum { HB_POWER_ROWS = 32 };

typedef struct hb_power {
    bool limits_only; /* low and high are enough (hb_reference.weight_only) */
    double first_level;
    double level_at_cut;
    struct hb_power_row {
        size_t n0;
        size_t m;
        double dof;
        int side;
        double width;      /* half width at level_at_cut */
        double detectable; /* at first_level */
        uint32_t runs_needed;
    } rows[HB_POWER_ROWS];
    size_t n_rows;
} hb_power;

/* low, high and everything below "what a PASS could have missed" of a tested metric. */
void hb_power_fill(hb_power *power, const hb_fit *fit, const hb_metric_def *def, hb_run_test *test);

/* A shift on the scale of the test as one in the unit, and back. Of logarithms an upward shift is
 * meant unless only downwards is bad; a downward one of the same size is found more easily. */
double hb_power_in_unit(const hb_fit *f, double shift);
double hb_power_on_scale(const hb_fit *f, double effect);

/* d->statistics.power_text out of the tests. */
HB_CHECKED hb_status hb_power_text(hb_decision *d, hb_error *err);

#endif
