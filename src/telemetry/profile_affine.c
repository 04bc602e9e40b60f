/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/profile.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

typedef struct affine {
    double scale;
    double offset;
} affine;

static double at(const affine *a, double v)
{
    return v * a->scale + a->offset;
}

/* Two ends of a range; a scale below 0 turns them around. */
static void ends(const affine *a, double *low, double *high)
{
    double x = at(a, *low);
    double y = at(a, *high);
    *low = a->scale > 0 ? x : y;
    *high = a->scale > 0 ? y : x;
}

static void moments(const affine *a, hb_moments *m)
{
    if (m->n == 0) {
        return;
    }
    double mean = at(a, m->mean);
    m->mean_low *= a->scale;
    m->mean = mean;
    m->m2 *= a->scale * a->scale;
    ends(a, &m->min, &m->max);
    m->first = at(a, m->first);
    m->last = at(a, m->last);
    m->shift = at(a, m->shift);
    m->lag_xy *= a->scale * a->scale;
    m->lag_x *= a->scale;
    m->lag_y *= a->scale;
}

static hb_status trace(const affine *a, const hb_trace *from, hb_trace *to, hb_error *err)
{
    *to = (hb_trace){.n_buckets = from->n_buckets, .per_bucket = from->per_bucket, .n = from->n};
    if (!from->buckets) {
        return HB_OK;
    }
    to->buckets = hb_alloc_array(HB_TRACE_BUCKETS, sizeof *to->buckets);
    if (!to->buckets) {
        *to = (hb_trace){0};
        return HB_NOMEM(err);
    }
    memcpy(to->buckets, from->buckets, from->n_buckets * sizeof *to->buckets);
    for (size_t i = 0; i < to->n_buckets; i++) {
        hb_trace_bucket *b = &to->buckets[i];
        ends(a, &b->min, &b->max);
        b->sum = b->sum * a->scale + (double)b->n * a->offset;
    }
    return HB_OK;
}

static void sustained(const affine *a, hb_profile *p)
{
    if (!p->persist_known) {
        return;
    }
    /* The lowest level that was held becomes the highest when the scale is below 0. */
    ends(a, &p->sustained_low, &p->sustained_high);
    if (a->scale < 0) {
        uint64_t swap = p->sustained_high_at;
        p->sustained_high_at = p->sustained_low_at;
        p->sustained_low_at = swap;
    }
}

hb_status hb_profile_affine(const hb_profile *p, double scale, double offset, hb_profile *ret,
                            hb_error *err)
{
    const affine a = {scale, offset};
    hb_profile to = *p;
    to.sketch = NULL;
    to.sustained = NULL;
    to.trace = (hb_trace){0};
    hb_status status = HB_OK;
    if (p->sketch) {
        status = hb_sketch_affine(p->sketch, scale, offset, &to.sketch, err);
    }
    if (status == HB_OK) {
        status = trace(&a, &p->trace, &to.trace, err);
    }
    if (status != HB_OK) {
        hb_profile_release(&to);
        return status;
    }
    moments(&a, &to.moments);
    sustained(&a, &to);
    to.at_t_first = at(&a, p->at_t_first);
    to.at_t_last = at(&a, p->at_t_last);
    *ret = to;
    return HB_OK;
}
