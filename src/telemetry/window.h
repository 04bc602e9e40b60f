/* SPDX-License-Identifier: Apache-2.0 */
/* A closed window: a run, and what only live telemetry can say of it. Plain values made by
 * windows.h, read by decide/, daemon/ and report/. All of it is a function of the journal's records
 * in order. */
#ifndef HB_TELEMETRY_WINDOW_H
#define HB_TELEMETRY_WINDOW_H

#include "telemetry/run.h"

enum { HB_WINDOW_EXCURSIONS = 8, HB_WINDOW_ID_TEXT = 65 };

typedef struct hb_excursion {
    hb_time t;
    double value; /* canonical unit */
} hb_excursion;

typedef enum hb_limit_kind { HB_LIMIT_MIN, HB_LIMIT_MAX, HB_LIMIT_EQ } hb_limit_kind;

/* Samples of one metric beyond one of its hard limits (invariant_min, _max, _eq) in the window. */
typedef struct hb_window_limit {
    const char *metric;
    hb_limit_kind which;
    double limit;
    uint64_t n;                               /* samples beyond it */
    double worst;                             /* furthest beyond it */
    hb_excursion first[HB_WINDOW_EXCURSIONS]; /* in order of time; first[0].t is the onset */
    uint32_t n_first;
} hb_window_limit;

/* A metric that should have been heard of. */
typedef struct hb_window_silent {
    const char *metric;
    hb_time last; /* event time of its last sample before the window's end; HB_TIME_NONE = never */
    double silent_s;  /* end - last */
    double allowed_s; /* its stale_after, or the daemon's */
} hb_window_silent;

typedef struct hb_window {
    const char *name; /* of the window definition: "1m", "10s/1s" */
    const char *id;   /* 64 hex: SHA-256 of (stream, definition, metric registry, start) */
    hb_time start;    /* [start, end) */
    hb_time end;
    uint32_t revision; /* 0, or how often late samples re-opened it */
    const hb_run *run; /* run_id "w-<name>-<start>-<8 hex of id>" */
    uint64_t samples;  /* usable samples in it */
    uint64_t late;     /* samples that came after it closed and re-opened it (they are in it) */
    double coverage;   /* share of the expected samples that came; 1 while nothing is expected. A
                        * metric's own rate: the upper quartile of its samples in the latest 16
                        * closed panes (of one slide) before the window's last in which anything
                        * came */
    const hb_window_limit *limits; /* by metric, then which */
    size_t n_limits;
    const hb_window_silent *silent; /* by metric */
    size_t n_silent;
} hb_window;

#endif
