/* SPDX-License-Identifier: Apache-2.0 */
/* A series kept small for plots and onset search: at most HB_TRACE_BUCKETS buckets of consecutive
 * samples with minimum, maximum and mean. When full, neighbours are joined and the bucket size
 * doubles, so one pass over any length needs constant memory and the result depends only on the
 * order of the samples. Exact (one sample a bucket) up to HB_TRACE_BUCKETS samples. */
#ifndef HB_STATS_TRACE_H
#define HB_STATS_TRACE_H

#include "base/buf.h"
#include "base/time.h"

enum { HB_TRACE_BUCKETS = 512 };

typedef struct hb_trace_bucket {
    double min;
    double max;
    double sum; /* held at the largest double where it would overflow */
    uint64_t n;
    hb_time t; /* of its first sample, HB_TIME_NONE when the series has no times */
} hb_trace_bucket;

/* {0} is an empty trace. All buckets but the last are full. */
typedef struct hb_trace {
    hb_trace_bucket *buckets; /* owned; room for a power of two of them, 16 to HB_TRACE_BUCKETS */
    size_t n_buckets;
    uint64_t per_bucket; /* samples in a full bucket, a power of two; 1 = exact, 0 = empty */
    uint64_t n;
} hb_trace;

/* Finite values in order; t may be NULL. HB_E_NOMEM leaves the trace as it was. */
HB_CHECKED hb_status hb_trace_add(hb_trace *tr, const double *v, const hb_time *t, size_t n,
                                  hb_error *err);
void hb_trace_release(hb_trace *tr);
/* First sample index that belongs to bucket i. */
uint64_t hb_trace_index(const hb_trace *tr, size_t i);

/* docs/formats/trace.md. Load refuses (HB_E_INPUT) whatever store could not have written. */
HB_CHECKED hb_status hb_trace_store(const hb_trace *tr, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_trace_load(const void *p, size_t n, hb_trace *ret_trace, hb_error *err);

#endif
