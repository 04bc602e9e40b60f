/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of earlier runs made by hand (telemetry/past.h).
 *
 *     hb_run_set *s = fake_past(12, names, 3);      runs "run-01" …, one a day from FAKE_RUN_START
 *     fake_past_values(s, "temp")[4] = 21.5;        NaN until set; counted by fake_past_done
 *     fake_past_factor(s, 4, "rig", "A");
 *     fake_past_done(s);                            counts and digest
 *     fake_past_free(s);
 *
 * names must be sorted. Everything else may be set by hand: it is a plain struct. */
#ifndef HB_TESTS_SUPPORT_FAKE_PAST_H
#define HB_TESTS_SUPPORT_FAKE_PAST_H

#include "telemetry/past.h"

hb_run_set *fake_past(size_t n_runs, const char *const *names, size_t n_metrics);
/* The same with metrics "m000", "m001" … */
hb_run_set *fake_past_numbered(size_t n_runs, size_t n_metrics);
double *fake_past_values(hb_run_set *s, const char *name);
void fake_past_factor(hb_run_set *s, size_t run, const char *name, const char *value);
void fake_past_done(hb_run_set *s);
void fake_past_free(hb_run_set *s);

#endif
