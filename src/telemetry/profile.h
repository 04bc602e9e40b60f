/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a metric's samples in one run, from one pass in constant memory.
 *
 * Calling sequence: hb_profile_init, hb_profile_add per block in order, hb_profile_finish, reads
 * and hb_profile_merge, hb_profile_release. Samples that are not usable are counted by the caller
 * in the n_ fields, never dropped in silence. After a failed call the profile can only be released.
 */
#ifndef HB_TELEMETRY_PROFILE_H
#define HB_TELEMETRY_PROFILE_H

#include "base/time.h"
#include "base/wire.h"
#include "stats/moments.h"
#include "stats/sketch.h"
#include "stats/sustained.h"
#include "stats/trace.h"
#include "telemetry/metric_def.h"

typedef struct hb_profile {
    hb_moments moments;  /* moments.n = usable (finite) samples */
    uint64_t n_missing;  /* empty cells and missing markers, NaN included */
    uint64_t n_nan;      /* of these: written as NaN */
    uint64_t n_inf;      /* infinities: not usable */
    uint64_t n_rejected; /* neither number nor missing */
    hb_sketch *sketch;   /* owned; NULL while empty */
    hb_trace trace;
    hb_sustained *sustained; /* owned; only while filling */
    uint32_t persist_n;      /* 0 = no persistence asked */
    bool persist_known;
    double sustained_high; /* highest level held for persist_n samples, valid when persist_known */
    double sustained_low;
    uint64_t sustained_high_at; /* sample index where that window starts */
    uint64_t sustained_low_at;
    hb_time t_first; /* of usable samples; HB_TIME_NONE when the series has no times */
    hb_time t_last;
    /* The values at t_first and t_last, which are not the first and last samples when those have no
     * time. Not stored: a profile read back has timed = false and takes moments.first and .last. */
    bool timed;
    double at_t_first;
    double at_t_last;
} hb_profile;

void hb_profile_init(hb_profile *p, uint32_t persist_n);
void hb_profile_release(hb_profile *p);
/* v: n finite values in order; t: their times or NULL; single times may be HB_TIME_NONE. */
HB_CHECKED hb_status hb_profile_add(hb_profile *p, const double *v, const hb_time *t, size_t n,
                                    hb_error *err);
/* The same; block: hb_moments_block of v where it is known already, or NULL. */
HB_CHECKED hb_status hb_profile_add_known(hb_profile *p, const double *v, const hb_time *t,
                                          size_t n, const hb_moments *block, hb_error *err);
/* Takes the sustained levels; no more samples after it. */
HB_CHECKED hb_status hb_profile_finish(hb_profile *p, hb_error *err);
/* Pools `from` into `into` (order: into, then from), both finished. Counts, moments, quantiles add
 * up exactly as if the samples had come in one series, the quantiles within their stated bound. The
 * trace becomes a picture (buckets of both, one after another, each counted as one sample). A
 * sustained level is known when both knew one for the same persistence, or when one had no samples
 * or too few for a window; a stretch across the seam does not count. */
HB_CHECKED hb_status hb_profile_merge(hb_profile *into, const hb_profile *from, hb_error *err);

/* The profile of v·scale + offset (another unit, another make of instrument); scale not 0. `p` is
 * finished. HB_E_INPUT when a value leaves the range of numbers. */
HB_CHECKED hb_status hb_profile_affine(const hb_profile *p, double scale, double offset,
                                       hb_profile *ret, hb_error *err);

/* Everything of a profile, in the middle of its samples or finished, bit for bit (a checkpoint;
 * what the store keeps of a finished one is less). Little-endian. Load reads one from the cursor
 * into *p (initialised or released; untouched on failure) and refuses (HB_E_INPUT) damaged bytes.
 */
HB_CHECKED hb_status hb_profile_state_put(const hb_profile *p, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_profile_state_get(hb_rd *r, hb_profile *p, hb_error *err);

uint64_t hb_profile_total(const hb_profile *p);  /* usable + missing + inf + rejected */
double hb_profile_coverage(const hb_profile *p); /* usable / total; NaN when total = 0 */
double hb_profile_quantile(const hb_profile *p, double q);
/* The value a reduce rule gives; false when it cannot: no samples, for rate no two times in order,
 * for std n < 2, or beyond the largest double. Rate = (last - first) / (t_last - t_first in s). */
bool hb_profile_reduce(const hb_profile *p, hb_reduce how, double *ret_value);

#endif
