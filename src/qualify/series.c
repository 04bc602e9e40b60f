/* SPDX-License-Identifier: Apache-2.0 */
/* A series out of a profile. Up to HB_TRACE_BUCKETS samples the trace has every one of them. Of a
 * longer one the sketch gives the values and the trace the order: each place gets a key out of its
 * bucket's range, and the k-th smallest value goes where the k-th smallest key is (rank reordering,
 * as the Schaake shuffle of Clark et al. 2004). So distribution and slow course are the run's own;
 * what happened inside a bucket is not known and comes out as noise. */
#include "qualify/fault.h"

#include "base/mem.h"
#include "stats/random.h"

#include <stdlib.h>

typedef struct place {
    double key;
    size_t at;
} place;

static int by_key(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;
    return x->key != y->key ? (x->key > y->key ? 1 : -1) : (x->at > y->at) - (x->at < y->at);
}

static hb_status room(hb_fault_target *t, size_t n, bool timed, hb_error *err)
{
    t->v = hb_alloc_array(n, sizeof *t->v);
    t->t = timed ? hb_alloc_array(n, sizeof *t->t) : NULL;
    t->n = n;
    return t->v && (t->t || !timed) ? HB_OK : HB_NOMEM(err);
}

static bool is_exact(const hb_trace *tr)
{
    for (size_t i = 0; i < tr->n_buckets; i++) {
        if (tr->buckets[i].n != 1) {
            return false;
        }
    }
    return true;
}

static hb_status as_kept(hb_fault_target *t, bool timed, hb_error *err)
{
    const hb_trace *tr = &t->metric->profile.trace;
    HB_TRY(room(t, tr->n_buckets, timed, err));
    for (size_t i = 0; i < t->n; i++) {
        t->v[i] = tr->buckets[i].min;
        if (timed) {
            t->t[i] = tr->buckets[i].t;
        }
    }
    t->exact = true;
    return HB_OK;
}

static hb_time time_of(const hb_profile *p, size_t bucket, double share)
{
    const hb_trace *tr = &p->trace;
    hb_time from = tr->buckets[bucket].t;
    hb_time to = bucket + 1 < tr->n_buckets ? tr->buckets[bucket + 1].t : p->t_last;
    if (from == HB_TIME_NONE || to == HB_TIME_NONE || to < from) {
        return from;
    }
    return from + (hb_time)((double)(to - from) * share);
}

static void keys(hb_fault_target *t, place *places)
{
    const hb_profile *p = &t->metric->profile;
    const hb_trace *tr = &p->trace;
    hb_random r = hb_random_of(t->seed, 0);
    for (size_t i = 0; i < t->n; i++) {
        double index = ((double)i + 0.5) * (double)tr->n / (double)t->n;
        size_t bucket = (size_t)(index / (double)tr->per_bucket);
        bucket = bucket < tr->n_buckets ? bucket : tr->n_buckets - 1;
        const hb_trace_bucket *b = &tr->buckets[bucket];
        double mean = b->sum / (double)b->n;
        places[i] = (place){mean + (hb_random_unit(&r) - 0.5) * (b->max - b->min), i};
        if (t->t) {
            double within = (index - (double)hb_trace_index(tr, bucket)) / (double)b->n;
            t->t[i] = time_of(p, bucket, within);
        }
    }
    if (t->t) {
        t->t[t->n - 1] = p->t_last;
    }
}

static hb_status reordered(hb_fault_target *t, bool timed, hb_error *err)
{
    const hb_profile *p = &t->metric->profile;
    size_t n = p->moments.n < HB_FAULT_SERIES ? (size_t)p->moments.n : HB_FAULT_SERIES;
    HB_TRY(room(t, n, timed, err));
    place *places = hb_alloc_array(n, sizeof *places);
    if (!places) {
        return HB_NOMEM(err);
    }
    keys(t, places);
    qsort(places, n, sizeof *places, by_key);
    hb_ecdf e = {0};
    hb_status status = hb_sketch_ecdf(p->sketch, &e, err);
    size_t at = 0;
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        bool whole = n == p->moments.n; /* every order statistic, as it is */
        while (whole && at + 1 < e.n_points && e.upto[at] <= i) {
            at++;
        }
        t->v[places[i].at] = whole        ? e.values[at]
                             : i == 0     ? p->moments.min
                             : i == n - 1 ? p->moments.max
                                          : hb_ecdf_quantile(&e, ((double)i + 0.5) / (double)n);
    }
    hb_ecdf_release(&e);
    hb_free(places);
    return status;
}

hb_status hb_series_of(hb_fault_target *t, hb_error *err)
{
    const hb_profile *p = &t->metric->profile;
    const hb_trace *tr = &p->trace;
    bool timed = p->t_first != HB_TIME_NONE && p->t_last != HB_TIME_NONE;
    if (t->metric->stated || t->metric->flags & HB_METRIC_FROM_EVENTS || !p->sketch ||
        p->moments.n < 2 || tr->n != p->moments.n || tr->n_buckets == 0) {
        return HB_OK;
    }
    return is_exact(tr) ? as_kept(t, timed, err) : reordered(t, timed, err);
}
