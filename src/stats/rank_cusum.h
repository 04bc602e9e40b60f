/* SPDX-License-Identifier: Apache-2.0 */
/* Slow drift of a stream of values: a two-sided CUSUM (Page 1954) of sequential normal scores.
 *
 * A value's score is the normal quantile of its rank among the values kept before it, ties broken
 * at random (Bakir, Reynolds 1979; Hawkins, Deng 2010 on why no distribution is needed):
 *
 *     score = quantile((#less + u · (#equal + 1)) / (n + 1)),   u in (0, 1)
 *     side  = max(0, side ± score − 0.5)                         alarm when side > h
 *
 * Without a change scores are independent and normal whatever the values' distribution, as long as
 * all earlier values are kept; of a reference that ends at `keep` values scores are still normal
 * one by one and lean a little against their forerunners (measured: docs/verdict-quality.md).
 *
 * h comes from the windows between false alarms, ARL0, by Siegmund's (1985) correction for
 * overshoot: ARL0 = exp(h + 1.166) − (h + 1.166) − 1 for both sides together, twice that for one
 * alone: the sides share the budget in halves. h = 5 gives 469.
 *
 *     hb_rank_ring r = {.keep = 2000};
 *     score = hb_rank_ring_score(&r, x, u);          of a value that is not in it yet
 *     hb_cusum_add(&up, score, start);  hb_cusum_add(&down, -score, start);
 *     hb_rank_ring_add(&r, x, err);
 *     hb_rank_ring_release(&r);
 *
 * Deterministic. A value costs O(log keep) comparisons and one move within the sorted copy. */
#ifndef HB_STATS_RANK_CUSUM_H
#define HB_STATS_RANK_CUSUM_H

#include "base/error.h"
#include "base/time.h"

#define HB_CUSUM_K 0.5

enum { HB_RANK_KEEP_MIN = 20, HB_RANK_KEEP_MAX = 10000 };

typedef struct hb_rank_ring {
    size_t keep;
    double *values; /* a ring, by time */
    double *sorted; /* the same, ascending */
    size_t cap_values;
    size_t cap_sorted;
    size_t n;
    size_t first; /* place of the oldest; 0 until the ring is full */
} hb_rank_ring;

void hb_rank_ring_release(hb_rank_ring *r); /* empty again, keep stays */
/* v finite; -0 is taken as 0. The oldest leaves when `keep` are held. Unchanged on failure. */
HB_CHECKED hb_status hb_rank_ring_add(hb_rank_ring *r, double v, hb_error *err);
double hb_rank_ring_at(const hb_rank_ring *r, size_t i); /* 0 = oldest; i < n */
/* x finite, u in (0, 1). */
double hb_rank_ring_score(const hb_rank_ring *r, double x, double u);
/* Median of the places from … to − 1 (0 = oldest) and of `also` where it is finite; NaN of none.
 * room: 2 · (to − from + 1) values. */
double hb_rank_ring_median(const hb_rank_ring *r, size_t from, size_t to, double also,
                           double *room);

/* Lag-1 autocorrelation (Box, Jenkins 1970) of the means of `block` neighbours, from the newest
 * back, a remainder of the oldest left out. NaN with fewer than HB_RANK_KEEP_MIN blocks or no
 * spread. */
double hb_rank_ring_lag1(const hb_rank_ring *r, size_t block);

typedef struct hb_cusum {
    double s;      /* 0 … */
    uint32_t n;    /* values since it last left 0 */
    hb_time since; /* of the first of them; HB_TIME_NONE at 0 */
} hb_cusum;

void hb_cusum_reset(hb_cusum *c);
/* score: of this value, its sign turned for the downward side. t: of the value. */
void hb_cusum_add(hb_cusum *c, double score, hb_time t);

/* Values between false alarms, both sides together. */
double hb_cusum_arl0(double h);
/* Its inverse; 0 for what is below hb_cusum_arl0(0). */
double hb_cusum_h(double arl0);

#endif
