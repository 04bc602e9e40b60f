/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded streams with disorder, duplicates, gaps, unusable values, bad messages and ticks; and what
 * a closed window says, as text. */
#ifndef HB_TESTS_SUPPORT_WINDOW_STREAM_H
#define HB_TESTS_SUPPORT_WINDOW_STREAM_H

#include "base/buf.h"
#include "support/window_case.h"

typedef enum stream_what { STREAM_SAMPLE, STREAM_TICK, STREAM_BAD } stream_what;

typedef struct stream_event {
    stream_what what;
    hb_live_sample s;
    unsigned metric;
    bool duplicate;
    hb_time arrival;
    char id[24];
} stream_event;

typedef struct stream_kind {
    unsigned seed;
    size_t n;
    unsigned metrics; /* to 26: "m0" … */
    double step_s;    /* mean time between samples */
    double disorder_s;
    unsigned duplicate_every; /* about; 0 = never */
    unsigned gap_every;
    double gap_s;
    unsigned odd_every;   /* NaN, missing … */
    unsigned ahead_every; /* one sample from a clock far ahead */
    unsigned tick_every;
    unsigned bad_every;
    unsigned mode_s; /* m5 keeps one of 0, 1, 2 for so long; 0 = as the others */
    bool units;      /* even metrics write "ms" and "s" in turn */
} stream_kind;

/* Begins a case whose definitions, lateness and other rules differ by `variant`; modes NULL = none.
 */
void stream_options(window_case *c, const char *registry_yaml, const hb_window_modes *modes,
                    unsigned variant);
/* Owned by the caller: free(). */
stream_event *stream_make(const stream_kind *k);
void stream_give(hb_windows *w, const stream_event *e);
/* Everything of the window and the digest of its run, a line each. */
void stream_print(const hb_window *v, hb_buf *out);

#endif
