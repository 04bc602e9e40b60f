/* SPDX-License-Identifier: Apache-2.0 */
/* What a detector knows, and what one window says of one metric: one function for deciding and for
 * absorbing, so that what was told is what is kept. Inside decide/. */
#ifndef HB_DECIDE_LIVE_STATE_H
#define HB_DECIDE_LIVE_STATE_H

#include "decide/decision.h"
#include "decide/live.h"
#include "stats/rank_cusum.h"
#include "stats/special.h"

/* Windows of a definition before this one that its shock rule looks at. */
enum { HB_LIVE_BEFORE = 2, HB_DETECTOR_METRICS_MAX = 100000, HB_DETECTOR_NAME_MAX = 4096 };

typedef struct hb_live_metric {
    char *name;                          /* owned */
    char *unit;                          /* owned; of the kept values */
    hb_direction before[HB_LIVE_BEFORE]; /* where it lay beyond the t limit, newest first */
    hb_cusum up;
    hb_cusum down;
    hb_rank_ring kept;
} hb_live_metric;

struct hb_detector {
    hb_detector_options options; /* defaults filled in */
    double shock_level;
    double arl0;
    double h;
    hb_live_metric *metrics; /* by name */
    size_t n;
    size_t cap;
    hb_time before[HB_LIVE_BEFORE]; /* starts of the windows before, newest first; none: NONE */
    hb_time ranked_end;             /* of the newest window in the rings */
    char digest[65];
};

/* NULL = not known yet. */
hb_live_metric *hb_detector_metric(const hb_detector *d, const char *name);
void hb_live_metric_release(hb_live_metric *m);
/* Everything but the options back to the beginning. */
HB_CHECKED hb_status hb_detector_clear(hb_detector *d, hb_error *err);

/* As they are saved; the first link of the digest. */
void hb_detector_put_options(hb_buf *b, const hb_detector_options *o);

/* What a window is good for as a whole; the reason is "" where there is none. */
typedef struct hb_window_use {
    const char *why_no_shock;
    const char *why_no_drift;
    bool newer; /* than all before: the only ones that are absorbed */
} hb_window_use;

/* The last half width of a t limit, by what it depends on beside sd; n0 = 0: none yet. */
typedef struct hb_live_width {
    size_t n0;
    double dof;
    int side;
    double per_sd;
} hb_live_width;

typedef struct hb_looker {
    const hb_detector *detector;
    const hb_window *window;
    const hb_run_set *set; /* NULL = none */
    hb_window_use use;
    uint64_t id_hash;
    hb_live_width width;
    hb_t_law law;   /* of the last p-value */
    bool telling;   /* with limits and likeness, which only a reader of the decision wants */
    bool *left_out; /* one a run of the set: the window itself is among them; owned */
    double *room;   /* owned */
} hb_looker;

HB_CHECKED hb_status hb_looker_make(const hb_detector *d, const hb_window *window,
                                    const hb_run_set *set, hb_looker *ret, hb_error *err);
void hb_looker_release(hb_looker *l);

typedef struct hb_looked {
    hb_live_test test;
    hb_cusum up; /* after this window, not reset by an alarm yet */
    hb_cusum down;
    bool ranked;     /* the window has a score */
    bool goes_in;    /* its value is to be kept */
    bool other_unit; /* … after what is kept in another unit was forgotten */
} hb_looked;

/* run: the metric in the window, NULL = not in it. def: what is declared, NULL = nothing. */
void hb_look(hb_looker *l, const char *name, const hb_metric *run, const hb_metric_def *def,
             hb_looked *ret);

#endif
