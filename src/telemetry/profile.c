/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/profile.h"

#include <math.h>

void hb_profile_init(hb_profile *p, uint32_t persist_n)
{
    *p = (hb_profile){.persist_n = persist_n, .t_first = HB_TIME_NONE, .t_last = HB_TIME_NONE};
}

void hb_profile_release(hb_profile *p)
{
    hb_sketch_free(p->sketch);
    hb_sustained_free(p->sustained);
    hb_trace_release(&p->trace);
    hb_profile_init(p, 0);
}

/* Known times only: a sample whose time cell was bad carries HB_TIME_NONE. */
static void note_times(hb_profile *p, const double *v, const hb_time *t, size_t n)
{
    for (size_t i = 0; i < n && p->t_first == HB_TIME_NONE; i++) {
        p->t_first = t[i];
        p->at_t_first = v[i];
    }
    for (size_t i = n; i-- > 0;) {
        if (t[i] != HB_TIME_NONE) {
            p->t_last = t[i];
            p->at_t_last = v[i];
            p->timed = true;
            return;
        }
    }
}

hb_status hb_profile_add(hb_profile *p, const double *v, const hb_time *t, size_t n, hb_error *err)
{
    return hb_profile_add_known(p, v, t, n, NULL, err);
}

hb_status hb_profile_add_known(hb_profile *p, const double *v, const hb_time *t, size_t n,
                               const hb_moments *block, hb_error *err)
{
    if (n == 0) {
        return HB_OK;
    }
    if (!p->sketch) {
        HB_TRY(hb_sketch_new(&p->sketch, err));
    }
    if (p->persist_n && !p->sustained) {
        HB_TRY(hb_sustained_new(p->persist_n, &p->sustained, err));
    }
    HB_TRY(hb_sketch_add(p->sketch, v, n, err));
    HB_TRY(hb_trace_add(&p->trace, v, t, n, err));
    hb_moments own = block ? *block : hb_moments_block(v, n);
    hb_moments_merge(&p->moments, &own);
    if (p->sustained) {
        hb_sustained_add(p->sustained, v, n);
    }
    if (t) {
        note_times(p, v, t, n);
    }
    return HB_OK;
}

hb_status hb_profile_finish(hb_profile *p, hb_error *err)
{
    (void)err; /* part of the contract: a later kind of profile may have work here that can fail */
    if (p->sustained) {
        p->persist_known = hb_sustained_get(p->sustained, &p->sustained_high, &p->sustained_high_at,
                                            &p->sustained_low, &p->sustained_low_at);
        hb_sustained_free(p->sustained);
        p->sustained = NULL;
    }
    if (p->sketch) {
        hb_sketch_settle(p->sketch);
    }
    return HB_OK;
}

/* Levels held in one of the two series are held in the pool; a stretch across the seam is not one.
 * Before the moments are merged: their n says where `from` begins. */
static void merge_sustained(hb_profile *into, const hb_profile *from)
{
    if (into->moments.n == 0) {
        into->persist_n = from->persist_n;
        into->persist_known = false;
    }
    if (into->persist_n != from->persist_n) {
        into->persist_known = false; /* part of the pool was not looked at */
        return;
    }
    if (!from->persist_known) {
        return;
    }
    if (!into->persist_known || from->sustained_high > into->sustained_high) {
        into->sustained_high = from->sustained_high;
        into->sustained_high_at = into->moments.n + from->sustained_high_at;
    }
    if (!into->persist_known || from->sustained_low < into->sustained_low) {
        into->sustained_low = from->sustained_low;
        into->sustained_low_at = into->moments.n + from->sustained_low_at;
    }
    into->persist_known = true;
}

static void merge_times(hb_profile *into, const hb_profile *from)
{
    if (from->t_first == HB_TIME_NONE) {
        return;
    }
    bool first = into->t_first == HB_TIME_NONE;
    into->timed = from->timed && (first || into->timed);
    if (first) {
        into->t_first = from->t_first;
        into->at_t_first = from->at_t_first;
    }
    into->t_last = from->t_last;
    into->at_t_last = from->at_t_last;
}

/* The trace of a pool is the buckets' means and extremes one after another, as samples of equal
 * weight: a picture, not a record. */
static hb_status merge_trace(hb_trace *into, const hb_trace *from, hb_error *err)
{
    for (size_t i = 0; i < from->n_buckets; i++) {
        const hb_trace_bucket *b = &from->buckets[i];
        double mean = b->sum / (double)b->n;
        HB_TRY(hb_trace_add(into, &mean, &b->t, 1, err));
        hb_trace_bucket *last = &into->buckets[into->n_buckets - 1];
        last->min = b->min < last->min ? b->min : last->min;
        last->max = b->max > last->max ? b->max : last->max;
    }
    return HB_OK;
}

hb_status hb_profile_merge(hb_profile *into, const hb_profile *from, hb_error *err)
{
    into->n_missing += from->n_missing;
    into->n_nan += from->n_nan;
    into->n_inf += from->n_inf;
    into->n_rejected += from->n_rejected;
    if (!from->moments.n) {
        return HB_OK;
    }
    if (!into->sketch) {
        HB_TRY(hb_sketch_new(&into->sketch, err));
    }
    if (from->sketch) {
        HB_TRY(hb_sketch_merge(into->sketch, from->sketch, err));
    }
    HB_TRY(merge_trace(&into->trace, &from->trace, err));
    merge_sustained(into, from);
    hb_moments_merge(&into->moments, &from->moments);
    merge_times(into, from);
    return HB_OK;
}

uint64_t hb_profile_total(const hb_profile *p)
{
    return p->moments.n + p->n_missing + p->n_inf + p->n_rejected;
}

double hb_profile_coverage(const hb_profile *p)
{
    uint64_t total = hb_profile_total(p);
    return total ? (double)p->moments.n / (double)total : NAN;
}

double hb_profile_quantile(const hb_profile *p, double q)
{
    if (!p->sketch || !p->moments.n) {
        return NAN;
    }
    /* The ends are known exactly, whatever the sketch has kept. */
    return q <= 0 ? p->moments.min : q >= 1 ? p->moments.max : hb_sketch_quantile(p->sketch, q);
}

static double rate(const hb_profile *p)
{
    if (p->t_first == HB_TIME_NONE || p->t_last <= p->t_first) {
        return NAN;
    }
    double first = p->timed ? p->at_t_first : p->moments.first;
    double last = p->timed ? p->at_t_last : p->moments.last;
    /* Unsigned: the range of hb_time is wider than its largest difference. */
    uint64_t ns = (uint64_t)p->t_last - (uint64_t)p->t_first;
    return (last - first) / ((double)ns / 1e9);
}

static double reduced(const hb_profile *p, hb_reduce how)
{
    switch (how) {
    case HB_REDUCE_MEDIAN:
        return hb_profile_quantile(p, 0.5);
    case HB_REDUCE_MEAN:
        return hb_moments_mean(&p->moments);
    case HB_REDUCE_MAX:
        return p->moments.max;
    case HB_REDUCE_MIN:
        return p->moments.min;
    case HB_REDUCE_LAST:
        return p->moments.last;
    case HB_REDUCE_P95:
        return hb_profile_quantile(p, 0.95);
    case HB_REDUCE_P99:
        return hb_profile_quantile(p, 0.99);
    case HB_REDUCE_RATE:
        return rate(p);
    case HB_REDUCE_COUNT:
        return (double)p->moments.n;
    case HB_REDUCE_RANGE:
        return p->moments.max - p->moments.min;
    case HB_REDUCE_STD:
        return hb_moments_sd(&p->moments);
    case HB_REDUCE_COUNT_:
        break;
    }
    return NAN;
}

bool hb_profile_reduce(const hb_profile *p, hb_reduce how, double *ret_value)
{
    if (!p->moments.n) {
        return false;
    }
    double v = reduced(p, how);
    if (!isfinite(v)) {
        return false;
    }
    *ret_value = v;
    return true;
}
