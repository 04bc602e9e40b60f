/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/live_state.h"

#include "base/mem.h"
#include "base/wire.h"
#include "crypto/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MONTH_NS (30.0 * 86400e9)

enum { KEEP = 2000, N_MIN = 3, N_MIN_MAX = 10000, LINK_BYTES = 1024 };

static const uint64_t default_seed = UINT64_C(0x48427267);

static bool within(double v, double low, double high)
{
    return v >= low && v <= high; /* false for NaN */
}

/* 0 asks for the default, as everywhere in options. */
static hb_status options_of(const hb_detector_options *asked, hb_detector_options *ret,
                            hb_error *err)
{
    hb_detector_options o = *asked;
    o.alarms_per_month = o.alarms_per_month == 0 ? 1 : o.alarms_per_month;
    o.size_ns = o.size_ns ? o.size_ns : o.slide_ns;
    o.keep = o.keep ? o.keep : KEEP;
    o.n_min = o.n_min ? o.n_min : N_MIN;
    o.min_coverage = o.min_coverage == 0 ? 0.5 : o.min_coverage;
    o.seed = o.seed ? o.seed : default_seed;
    if (!within(o.alarms_per_month, 1e-6, 1e6)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "false alarms a month must be from 0.000001 to 1000000, got %g",
                       o.alarms_per_month);
    }
    if (o.n_defs < 1 || o.n_metrics < 1) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "the live budget needs at least 1 window definition and 1 metric to be "
                       "shared by, got %u and %u",
                       o.n_defs, o.n_metrics);
    }
    if (o.slide_ns < 1 || o.size_ns < o.slide_ns) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "a window's slide must be above 0 and its size no less, got %lld and %lld "
                       "ns",
                       (long long)o.slide_ns, (long long)o.size_ns);
    }
    if (o.keep < HB_RANK_KEEP_MIN || o.keep > HB_RANK_KEEP_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "windows kept must be %d to %d, got %u", HB_RANK_KEEP_MIN,
                       HB_RANK_KEEP_MAX, o.keep);
    }
    if (o.n_min < 2 || o.n_min > N_MIN_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "runs a t limit needs must be 2 to %d, got %u", N_MIN_MAX,
                       o.n_min);
    }
    if (!within(o.min_coverage, 0, 1)) {
        return HB_FAIL(err, HB_E_CONFIG, "min_coverage must be from 0 to 1, got %g",
                       o.min_coverage);
    }
    *ret = o;
    return HB_OK;
}

/* Half of the budget each, over metrics, definitions and the windows of a month. */
static void share_out(hb_detector *d)
{
    const hb_detector_options *o = &d->options;
    double half = o->alarms_per_month / 2;
    double shared = (double)o->n_metrics * (double)o->n_defs;
    double level = half / (shared * (MONTH_NS / (double)o->slide_ns));
    d->shock_level = level < 0.05 ? level : 0.05;
    d->arl0 = shared * (MONTH_NS / (double)o->size_ns) / half;
    d->h = hb_cusum_h(d->arl0);
}

static hb_status first_link(hb_detector *d, hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, LINK_BYTES);
    hb_detector_put_options(&b, &d->options);
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        status = hb_digest_of(b.p, b.n, d->digest, err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status next_link(hb_detector *d, const hb_window *w, const hb_run_set *set,
                           const hb_registry *registry, hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, LINK_BYTES);
    hb_buf_fmt(&b, "%s\n%s\n%u\n%s\n%s\n%s\n", d->digest, w->id, w->revision, w->run->digest,
               set ? set->digest : "", hb_registry_digest(registry));
    hb_wire_put_f64(&b, w->coverage);
    char digest[HB_DIGEST_HEX];
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        status = hb_digest_of(b.p, b.n, digest, err);
    }
    if (status == HB_OK) {
        memcpy(d->digest, digest, sizeof digest);
    }
    hb_buf_release(&b);
    return status;
}

void hb_live_metric_release(hb_live_metric *m)
{
    hb_free(m->name);
    hb_free(m->unit);
    hb_rank_ring_release(&m->kept);
}

hb_status hb_detector_clear(hb_detector *d, hb_error *err)
{
    for (size_t i = 0; i < d->n; i++) {
        hb_live_metric_release(&d->metrics[i]);
    }
    hb_free(d->metrics);
    d->metrics = NULL;
    d->n = 0;
    d->cap = 0;
    for (size_t i = 0; i < HB_LIVE_BEFORE; i++) {
        d->before[i] = HB_TIME_NONE;
    }
    d->ranked_end = HB_TIME_NONE;
    return first_link(d, err);
}

hb_status hb_detector_new(const hb_detector_options *options, hb_detector **ret_detector,
                          hb_error *err)
{
    hb_detector_options o;
    HB_TRY(options_of(options, &o, err));
    hb_detector *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    d->options = o;
    share_out(d);
    hb_status status = hb_detector_clear(d, err);
    if (status != HB_OK) {
        hb_detector_free(d);
        return status;
    }
    *ret_detector = d;
    return HB_OK;
}

void hb_detector_free(hb_detector *d)
{
    if (!d) {
        return;
    }
    for (size_t i = 0; i < d->n; i++) {
        hb_live_metric_release(&d->metrics[i]);
    }
    hb_free(d->metrics);
    hb_free(d);
}

const char *hb_detector_digest(const hb_detector *d)
{
    return d->digest;
}

/* Where `name` is or belongs. */
static size_t place_of(const hb_detector *d, const char *name)
{
    size_t low = 0;
    size_t high = d->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(d->metrics[mid].name, name) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

hb_live_metric *hb_detector_metric(const hb_detector *d, const char *name)
{
    size_t at = place_of(d, name);
    return at < d->n && strcmp(d->metrics[at].name, name) == 0 ? &d->metrics[at] : NULL;
}

static hb_status add_metric(hb_detector *d, const char *name, const char *unit, hb_error *err)
{
    if (strlen(name) > HB_DETECTOR_NAME_MAX || strlen(unit) > HB_DETECTOR_NAME_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "name and unit of a live metric take at most %d bytes",
                       HB_DETECTOR_NAME_MAX);
    }
    HB_TRY(HB_GROW(d->metrics, d->cap, d->n + 1, HB_DETECTOR_METRICS_MAX, "live metrics", err));
    hb_live_metric m = {.name = hb_strdup(name), .unit = hb_strdup(unit)};
    if (!m.name || !m.unit) {
        hb_live_metric_release(&m);
        return HB_NOMEM(err);
    }
    m.kept.keep = d->options.keep;
    hb_cusum_reset(&m.up);
    hb_cusum_reset(&m.down);
    size_t at = place_of(d, name);
    memmove(d->metrics + at + 1, d->metrics + at, (d->n - at) * sizeof *d->metrics);
    d->metrics[at] = m;
    d->n++;
    return HB_OK;
}

static hb_status forget(hb_live_metric *m, const char *unit, hb_error *err)
{
    char *copy = hb_strdup(unit);
    if (!copy) {
        return HB_NOMEM(err);
    }
    hb_free(m->unit);
    m->unit = copy;
    hb_rank_ring_release(&m->kept);
    hb_cusum_reset(&m->up);
    hb_cusum_reset(&m->down);
    return HB_OK;
}

static void take_sides(hb_live_metric *m, const hb_looked *looked, double h)
{
    if (looked->test.drift) {
        hb_cusum_reset(&m->up);
        hb_cusum_reset(&m->down);
        return;
    }
    m->up = looked->up;
    m->down = looked->down;
    /* A crossing that min_effect held back waits at h: it neither grows without end nor is lost. */
    m->up.s = m->up.s > h ? h : m->up.s;
    m->down.s = m->down.s > h ? h : m->down.s;
}

/* Every metric known or in the window, once. */
static hb_status absorb_one(hb_detector *d, hb_looker *l, hb_live_metric *m,
                            const hb_registry *registry, hb_error *err)
{
    const hb_metric *run = hb_run_metric(l->window->run, hb_str_of(m->name));
    hb_looked looked;
    hb_look(l, m->name, run, hb_registry_find(registry, hb_str_of(m->name)), &looked);
    if (looked.other_unit) {
        HB_TRY(forget(m, run->unit, err));
    } else if (looked.ranked) {
        take_sides(m, &looked, d->h);
    }
    if (looked.goes_in) {
        HB_TRY(hb_rank_ring_add(&m->kept, run->value, err));
    }
    memmove(m->before + 1, m->before, (HB_LIVE_BEFORE - 1) * sizeof *m->before);
    m->before[0] = looked.test.beyond;
    return HB_OK;
}

static hb_status absorb(hb_detector *d, hb_looker *l, const hb_registry *registry, hb_error *err)
{
    const hb_run *run = l->window->run;
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        if (m->has_value && isfinite(m->value) && !hb_detector_metric(d, m->name)) {
            HB_TRY(add_metric(d, m->name, m->unit, err));
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        HB_TRY(absorb_one(d, l, &d->metrics[i], registry, err));
    }
    memmove(d->before + 1, d->before, (HB_LIVE_BEFORE - 1) * sizeof *d->before);
    d->before[0] = l->window->start;
    if (!*l->use.why_no_drift) {
        d->ranked_end = l->window->end;
    }
    return next_link(d, l->window, l->set, registry, err);
}

hb_status hb_detector_absorb(hb_detector *d, const hb_window *window, const hb_run_set *set,
                             const hb_registry *registry, hb_error *err)
{
    hb_looker l;
    HB_TRY(hb_looker_make(d, window, set, &l, err));
    hb_status status = l.use.newer ? absorb(d, &l, registry, err) : HB_OK;
    hb_looker_release(&l);
    return status;
}
