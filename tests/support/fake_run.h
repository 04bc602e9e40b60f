/* SPDX-License-Identifier: Apache-2.0 */
/* Runs made by hand, for tests of the rooms that take a run.
 *
 *     hb_run *r = fake_run("run-1");                    program "prog", subsystem "sub", test
 * "test" fake_run_context(r, HB_CONTEXT_OPERATING_MODE, "cruise"); fake_run_value(r, "reset_count",
 * "", 0);          stated, no samples fake_run_samples(r, "temp", "K", v, n);           value =
 * median, sample i at second i hb_metric *m = fake_run_metric(r, "temp");        for whatever else
 * shall differ fake_run_done(r);                                 sorts the metrics, sets the digest
 *     hb_run_free(r);
 *
 * Everything else of the run may be set by hand before fake_run_done: it is a plain struct, strings
 * go into r->arena (fake_run_text). A failure (memory, a wrong name) fails the test. */
#ifndef HB_TESTS_SUPPORT_FAKE_RUN_H
#define HB_TESTS_SUPPORT_FAKE_RUN_H

#include "telemetry/run.h"

enum { FAKE_RUN_METRICS = 600 }; /* room of one fake run */

/* 2026-01-02T03:04:05Z; start of every fake run unless changed, end = start + 100 s. */
#define FAKE_RUN_START INT64_C(1767323045000000000)

hb_run *fake_run(const char *run_id);
/* A run of one metric "m" with this value, finished. */
hb_run *fake_run_simple(const char *run_id, double value);
char *fake_run_text(hb_run *r, const char *text);
void fake_run_test(hb_run *r, const char *program, const char *subsystem, const char *test_name);
void fake_run_context(hb_run *r, hb_context_field field, const char *value);
/* Like hb_run_builder: has_value is false and HB_METRIC_NOT_FINITE set when the value is not. */
hb_metric *fake_run_value(hb_run *r, const char *name, const char *unit, double value);
hb_metric *fake_run_samples(hb_run *r, const char *name, const char *unit, const double *v,
                            size_t n);
hb_metric *fake_run_metric(hb_run *r, const char *name);
/* The digest covers run_id, test, context, times, metrics and their figures. It is no SHA-256 and
 * differs from what hb_run_builder gives. */
void fake_run_done(hb_run *r);

/* A run that uses every field of hb_run: all flags, NaN, infinities, -0, examples of rejects,
 * guesses, warnings, two inputs, samples with and without times. */
hb_run *fake_run_full(const char *run_id);

/* Fails the test at the first field in which the two differ; doubles are compared by their bits. */
void fake_run_check_equal(const hb_run *a, const hb_run *b);

#endif
