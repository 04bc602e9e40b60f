/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of live samples made by hand, and the windows that came of them. Times are seconds. */
#ifndef HB_TESTS_SUPPORT_WINDOW_CASE_H
#define HB_TESTS_SUPPORT_WINDOW_CASE_H

#include "support/check.h"
#include "telemetry/run.h"
#include "telemetry/windows.h"

enum { WINDOW_CASE_MAX = 20000 };

#define SEC INT64_C(1000000000)

typedef struct window_case {
    hb_units *units;
    hb_registry *registry;
    hb_window_def defs[HB_WINDOWS_DEFS_MAX];
    hb_windows_options options; /* max_ahead 0: no check, unless a test sets it */
    hb_windows *w;
    hb_window_closed *closed[WINDOW_CASE_MAX];
    size_t n_closed;
} window_case;

/* One definition "w" of this size and slide in seconds; registry_yaml NULL = built-in. */
void window_case_begin(window_case *c, double size_s, double slide_s, const char *registry_yaml);
/* Options are settled: makes the windows. */
void window_case_start(window_case *c);
void window_case_end(window_case *c);
/* Gives the sample and takes what closes. */
void window_case_sample(window_case *c, const hb_live_sample *s);
void window_case_value(window_case *c, const char *name, double t_s, double value);
void window_case_tick(window_case *c, double arrival_s);
void window_case_finish(window_case *c);
void window_case_take(window_case *c);
const hb_window *window_case_at(const window_case *c, size_t i);
const hb_metric *window_case_metric(const window_case *c, size_t i, const char *name);
uint64_t window_case_count(const window_case *c, hb_windows_count what);
hb_time window_case_time(double s);

#endif
