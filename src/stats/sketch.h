/* SPDX-License-Identifier: Apache-2.0 */
/* Mergeable quantile sketch with a proven rank error.
 *
 * A KLL-style hierarchy of compactors with equal capacity k (Karnin, Lang, Liberty 2016; equal
 * capacities as in Manku, Rajagopalan, Lindsay 1998). Deterministic: the choice of odd or even
 * ranks at a compaction comes from a counter-based hash, so the same values in the same order give
 * the same bytes. The sketch adds up the weight every compaction could move a rank by, so it states
 * its own bound: |true rank - estimated rank| <= hb_sketch_rank_error(s) * n, always, not only with
 * high probability. Exact (bound 0) up to HB_SKETCH_EXACT values.
 *
 * Ownership: hb_sketch_new/_free; everything else borrows. Values must be finite. */
#ifndef HB_STATS_SKETCH_H
#define HB_STATS_SKETCH_H

#include "base/buf.h"
#include "stats/ecdf.h"

enum { HB_SKETCH_EXACT = 2048 };

typedef struct hb_sketch hb_sketch;

HB_CHECKED hb_status hb_sketch_new(hb_sketch **ret_sketch, hb_error *err);
void hb_sketch_free(hb_sketch *s);
HB_CHECKED hb_status hb_sketch_add(hb_sketch *s, const double *v, size_t n, hb_error *err);
HB_CHECKED hb_status hb_sketch_merge(hb_sketch *into, const hb_sketch *from, hb_error *err);
uint64_t hb_sketch_n(const hb_sketch *s);
/* Proven bound, as a share of n, on the error of any rank; 0 while exact. */
double hb_sketch_rank_error(const hb_sketch *s);
/* q in [0, 1], linear interpolation between order statistics (Hyndman and Fan 1996, type 7: what
 * numpy and R do by default); NaN when empty. */
double hb_sketch_quantile(const hb_sketch *s, double q);
/* The weighted points in ascending order; release with hb_ecdf_release. */
HB_CHECKED hb_status hb_sketch_ecdf(const hb_sketch *s, hb_ecdf *ret_ecdf, hb_error *err);

/* docs/formats/sketch.md; little-endian, versioned. */
HB_CHECKED hb_status hb_sketch_store(const hb_sketch *s, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_sketch_load(const void *p, size_t n, hb_sketch **ret_sketch, hb_error *err);

#endif
