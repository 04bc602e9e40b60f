/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of known size, put into one metric of a run that is there as a profile. What is done where
 * the samples are not kept: docs/decisions/0090-qualify.md.
 *
 *     hb_fault_target_make(&metric, sd, mean, direction, seed, &t, err);
 *     hb_fault_why_not(&t, fault)                   NULL = it can be tried
 *     hb_fault_sizes(fault, &n)                     the sizes of the grid, ascending
 *     hb_fault_apply(&t, fault, size, trial, &faulty, &tried, err);  hb_fault_release(&faulty);
 *     hb_fault_target_release(&t);
 *
 * The same seed, fault, size and trial give the same bits. Faults of one trial are nested: a larger
 * one hits the samples of a smaller one and more. */
#ifndef HB_QUALIFY_FAULT_H
#define HB_QUALIFY_FAULT_H

#include "telemetry/past.h"

typedef enum hb_fault {
    HB_FAULT_SHIFT,   /* everything moves; size: run-to-run standard deviations */
    HB_FAULT_RAMP,    /* grows over the run to that much at its end */
    HB_FAULT_SPREAD,  /* distances from the median times size (a stated value: from the set's mean)
                       */
    HB_FAULT_SPIKE,   /* share of the samples that jump by HB_FAULT_SPIKE_SD of the samples */
    HB_FAULT_STUCK,   /* share of the run, in one stretch, that holds one value */
    HB_FAULT_DROPOUT, /* share of the run, in one stretch, that is missing */
    HB_FAULT_LAG,     /* share of the run by which the series comes late */
    HB_FAULT_COUNT_
} hb_fault;

#define HB_FAULT_SPIKE_SD 10.0
enum { HB_FAULT_SIZES_MAX = 24, HB_FAULT_SERIES = 2048 };

const char *hb_fault_name(hb_fault f);
bool hb_fault_from_name(const char *name, hb_fault *ret);
const char *hb_fault_size_unit(hb_fault f); /* "sd", "ratio", "share" */
const char *hb_fault_words(hb_fault f);     /* what its size means, for people */
const double *hb_fault_sizes(hb_fault f, size_t *ret_n);
double hb_fault_no_size(hb_fault f); /* the size that is no fault: 0, of spread 1 */

typedef struct hb_fault_target {
    const hb_metric *metric; /* borrowed */
    double sd;               /* run to run; 0 = none is known */
    double mean;             /* of the set's values */
    hb_direction bad;        /* only this way is a shift a fault; NONE = either */
    uint64_t seed;
    double *v;  /* the series in order; NULL = none could be made */
    hb_time *t; /* NULL = without times */
    size_t n;
    double sd_samples;
    bool exact; /* the very samples; else made of quantiles in the order of the trace */
} hb_fault_target;

/* sd, mean: of the values of the set. */
HB_CHECKED hb_status hb_fault_target_make(const hb_metric *metric, double sd, double mean,
                                          hb_direction bad, uint64_t seed, hb_fault_target *ret,
                                          hb_error *err);
void hb_fault_target_release(hb_fault_target *t);
/* NULL, or in a few words why this fault cannot honestly be tried on this metric. */
const char *hb_fault_why_not(const hb_fault_target *t, hb_fault f);
/* Does it go through the series (its samples made anew)? Else the profile itself is moved. */
bool hb_fault_of_series(hb_fault f);
/* *ret_tried = false (and nothing to release) when the run is too short for the size. Of no size
 * the metric is the one given, bit for bit. */
HB_CHECKED hb_status hb_fault_apply(const hb_fault_target *t, hb_fault f, double size,
                                    uint32_t trial, hb_metric *ret, bool *ret_tried, hb_error *err);
/* The metric of the series without a fault, for faults of series. */
HB_CHECKED hb_status hb_fault_series_as_is(const hb_fault_target *t, hb_metric *ret, hb_error *err);
void hb_fault_release(hb_metric *faulty);

/* series.c: the samples of a profile in order, at most HB_FAULT_SERIES; NULL when none can be made.
 * Inside qualify/. */
HB_CHECKED hb_status hb_series_of(hb_fault_target *t, hb_error *err);

#endif
