/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 4: what a stream of windows says that one window cannot. docs/verdict.md, docs/live.md
 *
 * A live window is decided by hb_decide like every run: layer 1 against the reference, and in place
 * of layer 2 (which counts on few runs, not on a stream) this layer, when reference->prior->live is
 * set.
 *
 *     hb_detector_new(&options, &det, err)             one per window definition
 *     hb_live live = {.window = …, .detector = det};   prior.live = &live
 *     hb_decide(run, &reference, …)                     reads the detector, changes nothing
 *     hb_detector_absorb(det, window, set, registry, err)    the window becomes part of what is
 * known hb_detector_save / _load                          a checkpoint, bit for bit
 *
 * Shock: a hard limit passed by any sample, or the t limit of the reference set at the metric's
 * share of the budget per window, in the same direction in 2 of 3 windows (3 of 3 where single
 * windows beyond it are the metric's habit: heavy tails). Slow drift: a two-sided
 * sequential-rank CUSUM (k = 0.5, h from the budget) of the window's value among the windows kept,
 * which absorbs every window of enough coverage without looking at its own score. The live budget
 * (alarms a month for the whole program) goes half to each, then over metrics and definitions.
 *
 * Windows that overlap (slide < size) share samples, so only every one that begins where the last
 * ranked one ended is ranked; shock looks at all of them.
 *
 * Pure: the score's tie-breaking u is a hash of (seed, metric, window id). */
#ifndef HB_DECIDE_LIVE_H
#define HB_DECIDE_LIVE_H

#include "base/buf.h"
#include "base/opt.h"
#include "telemetry/past.h"
#include "telemetry/registry.h"
#include "telemetry/window.h"

typedef struct hb_detector hb_detector;

typedef struct hb_detector_options {
    double alarms_per_month; /* false ones, of the whole program; default 1 */
    uint32_t n_defs;         /* window definitions the budget is shared by */
    uint32_t n_metrics;      /* metrics it is shared by: those of the baseline; 1 … */
    int64_t slide_ns;        /* windows of this definition come this often */
    int64_t size_ns;         /* length of a window; default slide_ns (tumbling) */
    uint32_t keep;           /* windows kept to rank among; default 2,000, 20 … 10,000 */
    uint32_t n_min;          /* runs of the set a t limit needs: the policy's; default 3 */
    double min_coverage;     /* windows below it are neither tested nor absorbed; default 0.5 */
    uint64_t seed;           /* default 0x48427267 */
} hb_detector_options;

HB_CHECKED hb_status hb_detector_new(const hb_detector_options *options, hb_detector **ret_detector,
                                     hb_error *err);
void hb_detector_free(hb_detector *d);
/* set: of the reference, for the t limit's memory of the windows before; NULL = none. A window that
 * is not newer than all before (a re-opened one) changes nothing. On failure use it no more. */
HB_CHECKED hb_status hb_detector_absorb(hb_detector *d, const hb_window *window,
                                        const hb_run_set *set, const hb_registry *registry,
                                        hb_error *err);
/* Names the state: a chain of SHA-256 over the options, then over each absorbed window (id,
 * revision, run digest, coverage), its set and registry. Equal digests are equal states. */
const char *hb_detector_digest(const hb_detector *d);
/* Little-endian, versioned, with a SHA-256 over it, all of it checked on loading (HB_E_INPUT).
 * Options are part of it: others are HB_E_CONFIG. What is loaded replaces what was known; on
 * failure the detector is unchanged. docs/formats/detector.md */
HB_CHECKED hb_status hb_detector_save(const hb_detector *d, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_detector_load(hb_detector *d, const void *p, size_t n, hb_error *err);
/* A new detector of the options that the saved state states. */
HB_CHECKED hb_status hb_detector_restore(const void *p, size_t n, hb_detector **ret_detector,
                                         hb_error *err);

/* What a live decision takes beside the run: in hb_prior. */
typedef struct hb_live {
    const hb_window *window;
    const hb_detector *detector;
} hb_live;

/* One metric of a live window, in its decision's statistics. Figures that do not apply are NaN. */
typedef struct hb_live_test {
    const char *metric;
    /* shock: t limit */
    const char *why_no_shock; /* "" = tested; hb_untested_name(), "low_coverage", "reopened" */
    size_t n0;
    double x;    /* the window's value */
    double mean; /* of the set, unit (of logarithms: the geometric one) */
    double low;  /* values between which it is not beyond; infinite on the side that is not bad */
    double high;
    double t;
    double p;
    double level;         /* its share of the budget per window */
    hb_direction beyond;  /* this window, beyond the t limit and by min_effect or more */
    unsigned beyond_of_3; /* of this and the two windows before, in that direction */
    unsigned needed_of_3; /* 2; 3 where kept windows lie beyond it one by one out of habit */
    size_t n_alone;       /* of those; looked for where 2 of 3 are beyond */
    bool shock;
    hb_time beyond_since; /* start of the first of them; HB_TIME_NONE = this one is not beyond */
    /* slow drift: sequential ranks */
    const char *why_no_drift; /* "" = tested; "few_windows", "overlaps", "low_coverage",
                               * "reopened", "no_value", "unit" */
    size_t n_reference;       /* windows ranked among */
    double score;             /* normal score of this window */
    double up;                /* CUSUM after this window, before an alarm resets it */
    double down;
    double h;
    bool drift;
    hb_direction drift_direction;
    hb_time drift_since;   /* start of the window at which the CUSUM last left 0 */
    size_t n_since;        /* windows ranked since, this one included */
    double before;         /* median of the kept windows before drift_since; NaN = no crossing */
    double after;          /* and since */
    bool below_min_effect; /* the CUSUM crossed h, after − before is below min_effect: no drift, and
                            * it waits at h */
    double lag1;           /* of the kept windows' values; NaN while fewer than 20 */
    bool correlated;       /* lag1 over 0.3, and surely so: widen the window */
    uint32_t widen;        /* by this factor lag1 gets to 0.3 or below; 0 = not correlated */
    bool widen_more;       /* the kept windows cannot tell: at least by `widen` */
} hb_live_test;

typedef struct hb_live_statistics {
    bool ran; /* any metric was tested for shock or slow drift */
    const hb_window *window;
    double alarms_per_month;
    uint32_t n_metrics; /* the budget is shared by, and by n_defs */
    uint32_t n_defs;
    double shock_level; /* per metric and window */
    double h;
    double arl0; /* windows between false alarms, one metric, both sides */
    uint64_t seed;
    uint32_t keep;
    double min_coverage;
    char detector_digest[65]; /* of the state the decision was made with: hb_detector_digest() */
    hb_live_test *tests;      /* by metric, one a comparison */
    size_t n_tests;
    size_t n_shock_tested;
    size_t n_drift_tested;
    size_t n_shocks;
    size_t n_drifts;
    size_t n_correlated;
} hb_live_statistics;

#endif
