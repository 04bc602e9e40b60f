/* SPDX-License-Identifier: Apache-2.0 */
/* The slow ramp that a moving reference never sees: each run is within its limits of the one before
 * (10 → 32.5 ms in 26 steps under 1 ms), so each becomes the next reference. Looked for in the
 * order of the comparable runs up to this one. Inside decide/; docs/verdict.md has it in words.
 *
 * Trend: Mann-Kendall over the newest 12 and the newest 30 runs, this one the last; the smaller of
 * both p-values counts twice. Metrics together: Benjamini-Hochberg at HB_RAMP_SHARE of the
 * false-alarm budget. A history that one step explains better than a line is no ramp (layer 3 names
 * the step), nor is a move under the metric's min_effect or resolution, nor one in its good
 * direction. */
#ifndef HB_DECIDE_RAMP_H
#define HB_DECIDE_RAMP_H

#include "decide/decision.h"

#define HB_RAMP_SHARE 0.1

enum { HB_RAMP_MIN_RUNS = 6, HB_RAMP_SHORT = 12, HB_RAMP_LONG = 30 };

typedef struct hb_ramp {
    bool found;
    size_t n;          /* runs of the window, this one included */
    const char *since; /* run_id of the first */
    double from;       /* the line's value at the first run, unit */
    double to;         /* and at this one */
    double per_run;    /* slope */
    double p;          /* of the trend, both windows paid for */
} hb_ramp;

/* ret: one a comparison, filled where found. */
HB_CHECKED hb_status hb_ramps(const hb_decision *d, hb_ramp *ret, hb_error *err);

#endif
