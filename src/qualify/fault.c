/* SPDX-License-Identifier: Apache-2.0 */
#include "qualify/fault.h"

#include "base/mem.h"
#include "stats/random.h"

#include <math.h>
#include <string.h>

enum { SERIES_MIN = 8 };

/* By 1.25: fine enough that hits and misses of different runs overlap, as a fit needs. */
static const double in_sd[] = {0.5,   0.625, 0.7812, 0.9766, 1.221, 1.526, 1.907,
                               2.384, 2.98,  3.725,  4.657,  5.821, 7.276, 9.095,
                               11.37, 14.21, 17.76,  22.2,   27.76, 34.69, 43.37};
static const double as_ratio[] = {1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
static const double as_share[] = {0x1p-9, 0x1p-8, 0x1p-7, 0x1p-6, 0x1p-5,
                                  0x1p-4, 0x1p-3, 0x1p-2, 0x1p-1, 1};

typedef struct kind {
    const char *name;
    const char *unit;
    const char *words;
    const double *sizes;
    size_t n_sizes;
    double none;
    bool series;
} kind;

#define GRID(x) (x), sizeof(x) / sizeof *(x)

static const kind kinds[HB_FAULT_COUNT_] = {
    [HB_FAULT_SHIFT] = {"shift", "sd", "run-to-run standard deviations", GRID(in_sd), 0, false},
    [HB_FAULT_RAMP] = {"ramp", "sd", "reached at the end, run-to-run standard deviations",
                       GRID(in_sd), 0, true},
    [HB_FAULT_SPREAD] = {"spread", "ratio", "factor on the distance from the middle",
                         GRID(as_ratio), 1, false},
    [HB_FAULT_SPIKE] = {"spike", "share", "share of the samples", as_share, 9, 0, true},
    [HB_FAULT_STUCK] = {"stuck", "share", "share of the run", GRID(as_share), 0, true},
    [HB_FAULT_DROPOUT] = {"dropout", "share", "share of the run", GRID(as_share), 0, true},
    [HB_FAULT_LAG] = {"lag", "share", "share of the run", as_share, 9, 0, true},
};

const char *hb_fault_name(hb_fault f)
{
    return kinds[f].name;
}

bool hb_fault_from_name(const char *name, hb_fault *ret)
{
    for (unsigned f = 0; f < HB_FAULT_COUNT_; f++) {
        if (strcmp(kinds[f].name, name) == 0) {
            *ret = (hb_fault)f;
            return true;
        }
    }
    return false;
}

const char *hb_fault_size_unit(hb_fault f)
{
    return kinds[f].unit;
}

const char *hb_fault_words(hb_fault f)
{
    return kinds[f].words;
}

const double *hb_fault_sizes(hb_fault f, size_t *ret_n)
{
    *ret_n = kinds[f].n_sizes;
    return kinds[f].sizes;
}

double hb_fault_no_size(hb_fault f)
{
    return kinds[f].none;
}

bool hb_fault_of_series(hb_fault f)
{
    return kinds[f].series;
}

hb_status hb_fault_target_make(const hb_metric *metric, double sd, double mean, hb_direction bad,
                               uint64_t seed, hb_fault_target *ret, hb_error *err)
{
    hb_fault_target t = {.metric = metric, .sd = sd, .mean = mean, .bad = bad, .seed = seed};
    hb_status status = hb_series_of(&t, err);
    if (status != HB_OK) {
        hb_fault_target_release(&t);
        return status;
    }
    t.sd_samples = metric->profile.moments.n >= 2 ? hb_moments_sd(&metric->profile.moments) : 0;
    *ret = t;
    return HB_OK;
}

void hb_fault_target_release(hb_fault_target *t)
{
    hb_free(t->v);
    hb_free(t->t);
    *t = (hb_fault_target){0};
}

static bool samples_follow(const hb_metric *m)
{
    return !m->stated && !(m->flags & HB_METRIC_FROM_EVENTS) && m->profile.moments.n > 0;
}

static bool is_count(const hb_metric *m)
{
    return m->flags & HB_METRIC_FROM_EVENTS || (!m->stated && m->reduce == HB_REDUCE_COUNT);
}

const char *hb_fault_why_not(const hb_fault_target *t, hb_fault f)
{
    const hb_metric *m = t->metric;
    bool by_sd = f == HB_FAULT_SHIFT || f == HB_FAULT_RAMP;
    if (!m->has_value || !isfinite(m->value)) {
        return "the run has no value";
    }
    if (by_sd && !(t->sd > 0)) {
        return "the runs do not differ, so there is no unit of size";
    }
    if (f == HB_FAULT_SPREAD && samples_follow(m) && is_count(m)) {
        return "a count of samples does not change with their spread";
    }
    if (f == HB_FAULT_SPREAD && samples_follow(m) && !(t->sd_samples > 0)) {
        return "the samples do not differ";
    }
    if (!kinds[f].series) {
        return NULL;
    }
    if (!samples_follow(m)) {
        return "a stated value has no series";
    }
    if (!t->v || t->n < SERIES_MIN) {
        return "too few samples for a series";
    }
    if (m->reduce == HB_REDUCE_COUNT && t->n < m->profile.moments.n) {
        return "a count of more samples than a series is made of";
    }
    if (f == HB_FAULT_RAMP && (m->reduce == HB_REDUCE_COUNT || m->reduce == HB_REDUCE_RATE)) {
        return "the value is not in the unit of the samples";
    }
    if (!isfinite(t->sd_samples)) {
        return "the samples are beyond the range of squares";
    }
    return NULL;
}

static bool reduce(hb_metric *m)
{
    m->has_value = hb_profile_reduce(&m->profile, m->reduce, &m->value);
    m->value = m->has_value ? m->value : 0;
    return m->has_value;
}

static double sign_of(const hb_fault_target *t, uint32_t trial)
{
    return t->bad != HB_DIRECTION_NONE ? (double)t->bad : trial % 2 ? -1 : 1;
}

/* Does the value move as the samples do? */
static bool value_moves(hb_reduce r)
{
    return r != HB_REDUCE_COUNT && r != HB_REDUCE_STD && r != HB_REDUCE_RANGE &&
           r != HB_REDUCE_RATE;
}

static hb_status moved(const hb_fault_target *t, double scale, double offset, hb_metric *ret,
                       hb_error *err)
{
    hb_metric to = *t->metric;
    HB_TRY(hb_profile_affine(&t->metric->profile, scale, offset, &to.profile, err));
    reduce(&to);
    *ret = to;
    return HB_OK;
}

/* What only the value carries. */
static hb_status stated(const hb_fault_target *t, double value, hb_metric *ret, hb_error *err)
{
    hb_metric to = *t->metric;
    HB_TRY(hb_profile_affine(&t->metric->profile, 1, 0, &to.profile, err));
    to.value = value;
    *ret = to;
    return HB_OK;
}

static hb_status shift(const hb_fault_target *t, double size, uint32_t trial, hb_metric *ret,
                       hb_error *err)
{
    const hb_metric *m = t->metric;
    double by = sign_of(t, trial) * size * t->sd;
    return samples_follow(m) && value_moves(m->reduce) ? moved(t, 1, by, ret, err)
                                                       : stated(t, m->value + by, ret, err);
}

static hb_status spread(const hb_fault_target *t, double ratio, hb_metric *ret, hb_error *err)
{
    const hb_metric *m = t->metric;
    if (!samples_follow(m)) {
        return stated(t, t->mean + ratio * (m->value - t->mean), ret, err);
    }
    double middle = hb_profile_quantile(&m->profile, 0.5);
    return moved(t, ratio, middle * (1 - ratio), ret, err);
}

/* The counters of what was not usable stay in proportion to the samples. */
static void keep_counts(const hb_profile *from, size_t n, hb_profile *to)
{
    double share = (double)n / (double)from->moments.n;
    to->n_missing = (uint64_t)((double)from->n_missing * share + 0.5);
    to->n_nan = (uint64_t)((double)from->n_nan * share + 0.5);
    to->n_inf = (uint64_t)((double)from->n_inf * share + 0.5);
    to->n_rejected = (uint64_t)((double)from->n_rejected * share + 0.5);
}

static hb_status rebuilt(const hb_fault_target *t, const double *v, const hb_time *times, size_t n,
                         hb_metric *ret, hb_error *err)
{
    const hb_profile *from = &t->metric->profile;
    hb_metric to = *t->metric;
    hb_profile_init(&to.profile, from->persist_n);
    keep_counts(from, t->n, &to.profile);
    to.profile.n_missing += t->n - n;
    hb_status status = hb_profile_add(&to.profile, v, times, n, err);
    if (status == HB_OK) {
        status = hb_profile_finish(&to.profile, err);
    }
    if (status != HB_OK) {
        hb_profile_release(&to.profile);
        return status;
    }
    reduce(&to);
    *ret = to;
    return HB_OK;
}

static void spikes(const hb_fault_target *t, size_t k, double sign, hb_random *r, double *v,
                   double *order)
{
    double sd = t->sd_samples > 0 ? t->sd_samples : t->sd;
    for (size_t i = 0; i < t->n; i++) {
        order[i] = (double)i;
    }
    hb_random_shuffle(r, order, t->n);
    for (size_t i = 0; i < k; i++) {
        v[(size_t)order[i]] += sign * HB_FAULT_SPIKE_SD * sd;
    }
}

static hb_status of_series(const hb_fault_target *t, hb_fault f, double size, uint32_t trial,
                           double *v, hb_time *times, double *order, hb_metric *ret, hb_error *err)
{
    hb_random r = hb_random_of(t->seed, 1 + (uint64_t)trial * HB_FAULT_COUNT_ + f);
    size_t n = t->n;
    size_t k = (size_t)(size * (double)n + 0.5);
    k = k > n ? n : k;
    double sign = sign_of(t, trial);
    if (f == HB_FAULT_RAMP) {
        for (size_t i = 0; i < n; i++) {
            v[i] += sign * size * t->sd * (double)i / (double)(n - 1);
        }
    } else if (f == HB_FAULT_SPIKE) {
        spikes(t, k, sign, &r, v, order);
    } else if (f == HB_FAULT_LAG) {
        for (size_t i = n; i-- > 0;) {
            v[i] = t->v[i > k ? i - k : 0];
        }
    } else {
        size_t start = (size_t)(hb_random_unit(&r) * (double)(n - k + 1));
        if (f == HB_FAULT_STUCK) {
            for (size_t i = start; i < start + k; i++) {
                v[i] = t->v[start];
            }
        } else {
            memmove(v + start, v + start + k, (n - start - k) * sizeof *v);
            if (times) {
                memmove(times + start, times + start + k, (n - start - k) * sizeof *times);
            }
            n -= k;
        }
    }
    return rebuilt(t, v, times, n, ret, err);
}

/* One sample is the least that can be hit; of a stretch that holds its first value, two. */
static bool long_enough(const hb_fault_target *t, hb_fault f, double size)
{
    double k = floor(size * (double)t->n + 0.5);
    return f == HB_FAULT_RAMP || k >= (f == HB_FAULT_STUCK ? 2 : 1);
}

static hb_status with_series(const hb_fault_target *t, hb_fault f, double size, uint32_t trial,
                             hb_metric *ret, hb_error *err)
{
    double *v = hb_alloc_array(2 * t->n, sizeof *v);
    hb_time *times = t->t ? hb_alloc_array(t->n, sizeof *times) : NULL;
    hb_status status = v && (times || !t->t) ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK) {
        memcpy(v, t->v, t->n * sizeof *v);
        if (times) {
            memcpy(times, t->t, t->n * sizeof *times);
        }
        status = of_series(t, f, size, trial, v, times, v + t->n, ret, err);
    }
    hb_free(v);
    hb_free(times);
    return status;
}

hb_status hb_fault_apply(const hb_fault_target *t, hb_fault f, double size, uint32_t trial,
                         hb_metric *ret, bool *ret_tried, hb_error *err)
{
    bool none = size == kinds[f].none;
    *ret_tried = none || !kinds[f].series || long_enough(t, f, size);
    if (!*ret_tried) {
        return HB_OK;
    }
    return none                   ? stated(t, t->metric->value, ret, err)
           : f == HB_FAULT_SHIFT  ? shift(t, size, trial, ret, err)
           : f == HB_FAULT_SPREAD ? spread(t, size, ret, err)
                                  : with_series(t, f, size, trial, ret, err);
}

hb_status hb_fault_series_as_is(const hb_fault_target *t, hb_metric *ret, hb_error *err)
{
    return rebuilt(t, t->v, t->t, t->n, ret, err);
}

void hb_fault_release(hb_metric *faulty)
{
    hb_profile_release(&faulty->profile);
}
