/* SPDX-License-Identifier: Apache-2.0 */
/* A detector's state as bytes: docs/formats/detector.md. Loading builds a second detector and
 * takes its contents over at the very end. */
#include "decide/live_state.h"

#include "base/mem.h"
#include "base/wire.h"
#include "crypto/digest.h"

#include <math.h>
#include <string.h>

enum { MAGIC_BYTES = 8, VERSION = 1, HEX = 64 };

static const char magic[MAGIC_BYTES + 1] = "HBDETECT";

static void put_text(hb_buf *b, const char *text)
{
    size_t n = strlen(text);
    hb_wire_put_u16(b, (uint16_t)n);
    hb_buf_add(b, text, n);
}

static void put_side(hb_buf *b, const hb_cusum *c)
{
    hb_wire_put_f64(b, c->s);
    hb_wire_put_u32(b, c->n);
    hb_wire_put_u64(b, (uint64_t)c->since);
}

static void put_metric(hb_buf *b, const hb_live_metric *m)
{
    put_text(b, m->name);
    put_text(b, m->unit);
    for (size_t i = 0; i < HB_LIVE_BEFORE; i++) {
        hb_wire_put_u16(b, (uint16_t)(m->before[i] + 1));
    }
    put_side(b, &m->up);
    put_side(b, &m->down);
    hb_wire_put_u32(b, (uint32_t)m->kept.n);
    for (size_t i = 0; i < m->kept.n; i++) {
        hb_wire_put_f64(b, hb_rank_ring_at(&m->kept, i));
    }
}

void hb_detector_put_options(hb_buf *b, const hb_detector_options *o)
{
    hb_wire_put_f64(b, o->alarms_per_month);
    hb_wire_put_u32(b, o->n_defs);
    hb_wire_put_u32(b, o->n_metrics);
    hb_wire_put_u64(b, (uint64_t)o->slide_ns);
    hb_wire_put_u64(b, (uint64_t)o->size_ns);
    hb_wire_put_u32(b, o->keep);
    hb_wire_put_u32(b, o->n_min);
    hb_wire_put_f64(b, o->min_coverage);
    hb_wire_put_u64(b, o->seed);
}

hb_status hb_detector_save(const hb_detector *d, hb_buf *out, hb_error *err)
{
    size_t start = out->n;
    hb_buf_add(out, magic, MAGIC_BYTES);
    hb_wire_put_u16(out, VERSION);
    hb_detector_put_options(out, &d->options);
    hb_buf_add(out, d->digest, HEX);
    for (size_t i = 0; i < HB_LIVE_BEFORE; i++) {
        hb_wire_put_u64(out, (uint64_t)d->before[i]);
    }
    hb_wire_put_u64(out, (uint64_t)d->ranked_end);
    hb_wire_put_u32(out, (uint32_t)d->n);
    for (size_t i = 0; i < d->n; i++) {
        put_metric(out, &d->metrics[i]);
    }
    HB_TRY(hb_buf_check(out, err));
    char hex[HB_DIGEST_HEX];
    HB_TRY(hb_digest_of(out->p + start, out->n - start, hex, err));
    hb_buf_add(out, hex, HEX);
    return hb_buf_check(out, err);
}

static hb_status damaged(const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "the saved state of a detector is damaged: %s", what);
}

/* One option of the saved state against this one. */
typedef struct options_row {
    const char *name;
    bool same;
} options_row;

static hb_detector_options get_options(hb_rd *r)
{
    hb_detector_options o = {.alarms_per_month = hb_rd_f64(r)};
    o.n_defs = hb_rd_u32(r);
    o.n_metrics = hb_rd_u32(r);
    o.slide_ns = (int64_t)hb_rd_u64(r);
    o.size_ns = (int64_t)hb_rd_u64(r);
    o.keep = hb_rd_u32(r);
    o.n_min = hb_rd_u32(r);
    o.min_coverage = hb_rd_f64(r);
    o.seed = hb_rd_u64(r);
    return o;
}

/* A state of other options would be judged by rules it was not made with. */
static hb_status check_options(hb_rd *r, const hb_detector_options *o, hb_error *err)
{
    const hb_detector_options was = get_options(r);
    if (r->failed) {
        return damaged("it ends early", err);
    }
    const options_row rows[] = {
        {"alarms_per_month", was.alarms_per_month == o->alarms_per_month},
        {"n_defs", was.n_defs == o->n_defs},
        {"n_metrics", was.n_metrics == o->n_metrics},
        {"slide", was.slide_ns == o->slide_ns},
        {"size", was.size_ns == o->size_ns},
        {"keep", was.keep == o->keep},
        {"n_min", was.n_min == o->n_min},
        {"min_coverage", was.min_coverage == o->min_coverage},
        {"seed", was.seed == o->seed},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].same) {
            return HB_FAIL(err, HB_E_CONFIG,
                           "the saved state of the detector was made with another %s; go on with "
                           "the old one, or let it learn anew",
                           rows[i].name);
        }
    }
    return HB_OK;
}

static hb_status get_text(hb_rd *r, char **ret, hb_error *err)
{
    size_t n = hb_rd_u16(r);
    if (r->failed || n > HB_DETECTOR_NAME_MAX || n > hb_rd_left(r)) {
        return damaged("a name does not fit", err);
    }
    char *text = hb_strndup((const char *)r->p, n);
    if (!text) {
        return HB_NOMEM(err);
    }
    r->p += n;
    *ret = text;
    return strlen(text) == n ? HB_OK : damaged("a name has a NUL", err);
}

static bool get_side(hb_rd *r, double h, hb_cusum *ret)
{
    ret->s = hb_rd_f64(r);
    ret->n = hb_rd_u32(r);
    ret->since = (hb_time)hb_rd_u64(r);
    bool zero = ret->s == 0 && !signbit(ret->s) && ret->n == 0 && ret->since == HB_TIME_NONE;
    bool moving = ret->s > 0 && ret->s <= h && ret->n > 0 && ret->since != HB_TIME_NONE;
    return !r->failed && (zero || moving);
}

static hb_status get_values(hb_rd *r, hb_live_metric *m, size_t keep, hb_error *err)
{
    m->kept.keep = keep;
    size_t n = hb_rd_u32(r);
    if (r->failed || n > keep || n > hb_rd_left(r) / sizeof(double)) {
        return damaged("values are missing", err);
    }
    for (size_t i = 0; i < n; i++) {
        double v = hb_rd_f64(r);
        if (!isfinite(v) || (v == 0 && signbit(v))) {
            return damaged("a value that is no value", err);
        }
        HB_TRY(hb_rank_ring_add(&m->kept, v, err));
    }
    return HB_OK;
}

static hb_status get_metric(hb_rd *r, const hb_detector *d, hb_live_metric *m, hb_error *err)
{
    HB_TRY(get_text(r, &m->name, err));
    HB_TRY(get_text(r, &m->unit, err));
    if (d->n && strcmp(d->metrics[d->n - 1].name, m->name) >= 0) {
        return damaged("its metrics are not in the order of their names", err);
    }
    for (size_t i = 0; i < HB_LIVE_BEFORE; i++) {
        uint16_t v = hb_rd_u16(r);
        if (r->failed || v > HB_DIRECTION_UP + 1) {
            return damaged("a direction that is none", err);
        }
        m->before[i] = (hb_direction)(v - 1);
    }
    if (!get_side(r, d->h, &m->up) || !get_side(r, d->h, &m->down)) {
        return damaged("a cumulated sum that cannot be", err);
    }
    return get_values(r, m, d->options.keep, err);
}

static hb_status get_metrics(hb_rd *r, hb_detector *d, hb_error *err)
{
    size_t n = hb_rd_u32(r);
    if (r->failed || n > HB_DETECTOR_METRICS_MAX) {
        return damaged("too many metrics", err);
    }
    for (size_t i = 0; i < n; i++) {
        hb_live_metric m = {0};
        hb_status status = get_metric(r, d, &m, err);
        if (status == HB_OK) {
            status =
                HB_GROW(d->metrics, d->cap, d->n + 1, HB_DETECTOR_METRICS_MAX, "live metrics", err);
        }
        if (status != HB_OK) {
            hb_live_metric_release(&m);
            return status;
        }
        d->metrics[d->n++] = m;
    }
    return hb_rd_left(r) == 0 ? HB_OK : damaged("something follows its end", err);
}

static bool is_hex(const char *p)
{
    for (size_t i = 0; i < HEX; i++) {
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'a' && p[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

static bool get_times(hb_rd *r, hb_detector *d)
{
    for (size_t i = 0; i < HB_LIVE_BEFORE; i++) {
        d->before[i] = (hb_time)hb_rd_u64(r);
    }
    d->ranked_end = (hb_time)hb_rd_u64(r);
    for (size_t i = 1; i < HB_LIVE_BEFORE; i++) {
        if (d->before[i] != HB_TIME_NONE && d->before[i] >= d->before[i - 1]) {
            return false;
        }
    }
    return !r->failed;
}

static hb_status load(hb_detector *d, hb_rd *r, hb_error *err)
{
    HB_TRY(check_options(r, &d->options, err));
    hb_rd_bytes(r, d->digest, HEX);
    if (r->failed || !is_hex(d->digest)) {
        return damaged("its digest is none", err);
    }
    if (!get_times(r, d)) {
        return damaged("its windows are not in the order of time", err);
    }
    return get_metrics(r, d, err);
}

static hb_status check_frame(const void *p, size_t n, hb_error *err)
{
    if (n < MAGIC_BYTES + 2 + HEX || memcmp(p, magic, MAGIC_BYTES) != 0) {
        return damaged("it does not begin as one", err);
    }
    char hex[HB_DIGEST_HEX];
    HB_TRY(hb_digest_of(p, n - HEX, hex, err));
    if (memcmp((const char *)p + n - HEX, hex, HEX) != 0) {
        return damaged("its SHA-256 does not match", err);
    }
    return HB_OK;
}

hb_status hb_detector_load(hb_detector *d, const void *p, size_t n, hb_error *err)
{
    HB_TRY(check_frame(p, n, err));
    hb_rd r = hb_rd_of((const char *)p + MAGIC_BYTES, n - MAGIC_BYTES - HEX);
    uint16_t version = hb_rd_u16(&r);
    if (version != VERSION) {
        return HB_FAIL(err, HB_E_INPUT, "the saved state of a detector has version %u, expected %d",
                       version, VERSION);
    }
    hb_detector *fresh = NULL;
    HB_TRY(hb_detector_new(&d->options, &fresh, err));
    hb_status status = load(fresh, &r, err);
    if (status == HB_OK) {
        hb_detector was = *d;
        *d = *fresh;
        *fresh = was;
    }
    hb_detector_free(fresh);
    return status;
}

hb_status hb_detector_restore(const void *p, size_t n, hb_detector **ret_detector, hb_error *err)
{
    hb_detector *d = NULL;
    HB_TRY(check_frame(p, n, err));
    hb_rd r = hb_rd_of((const char *)p + MAGIC_BYTES + sizeof(uint16_t),
                       n - MAGIC_BYTES - sizeof(uint16_t) - HEX);
    const hb_detector_options options = get_options(&r);
    if (r.failed) {
        return damaged("it ends early", err);
    }
    HB_TRY(hb_detector_new(&options, &d, err));
    hb_status status = hb_detector_load(d, p, n, err);
    if (status != HB_OK) {
        hb_detector_free(d);
        return status;
    }
    *ret_detector = d;
    return HB_OK;
}
