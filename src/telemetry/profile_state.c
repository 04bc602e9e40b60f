/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as a checkpoint keeps it: counts, moments, times, then sketch, trace and the sustained
 * levels' state, each with its length or a mark in front. */
#include "telemetry/profile.h"

#include <math.h>
#include <string.h>

static void put_moments(hb_buf *out, const hb_moments *m)
{
    const double figures[] = {m->mean, m->mean_low, m->m2,     m->min,   m->max,  m->first,
                              m->last, m->shift,    m->lag_xy, m->lag_x, m->lag_y};
    hb_wire_put_u64(out, m->n);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_wire_put_f64(out, figures[i]);
    }
}

/* What is written between begin and end has its length in front. */
static size_t begin_part(hb_buf *out)
{
    hb_wire_put_u32(out, 0);
    return out->n;
}

static void end_part(hb_buf *out, size_t start)
{
    if (out->failed != HB_OK) {
        return;
    }
    size_t n = out->n - start;
    for (size_t i = 0; i < 4; i++) {
        out->p[start - 4 + i] = (char)(unsigned char)(n >> (8 * i));
    }
}

hb_status hb_profile_state_put(const hb_profile *p, hb_buf *out, hb_error *err)
{
    put_moments(out, &p->moments);
    const uint64_t counts[] = {p->n_missing,
                               p->n_nan,
                               p->n_inf,
                               p->n_rejected,
                               p->sustained_high_at,
                               p->sustained_low_at,
                               (uint64_t)p->t_first,
                               (uint64_t)p->t_last};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        hb_wire_put_u64(out, counts[i]);
    }
    const double figures[] = {p->sustained_high, p->sustained_low, p->at_t_first, p->at_t_last};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_wire_put_f64(out, figures[i]);
    }
    hb_wire_put_u32(out, p->persist_n);
    hb_wire_put_u32(out, (uint32_t)p->persist_known | (uint32_t)p->timed << 1 |
                             (uint32_t)(p->sketch != NULL) << 2 |
                             (uint32_t)(p->sustained != NULL) << 3);
    if (p->sketch) {
        size_t start = begin_part(out);
        HB_TRY(hb_sketch_store(p->sketch, out, err));
        end_part(out, start);
    }
    size_t start = begin_part(out);
    HB_TRY(hb_trace_store(&p->trace, out, err));
    end_part(out, start);
    if (p->sustained) {
        hb_sustained_store(p->sustained, out);
    }
    return hb_buf_check(out, err);
}

/* The lag sums may be anything finite or overflow to NaN; the rest has an order to keep. */
static bool get_moments(hb_rd *r, hb_moments *m)
{
    double *const figures[] = {&m->mean, &m->mean_low, &m->m2,     &m->min,   &m->max,  &m->first,
                               &m->last, &m->shift,    &m->lag_xy, &m->lag_x, &m->lag_y};
    m->n = hb_rd_u64(r);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        *figures[i] = hb_rd_f64(r);
    }
    bool finite = isfinite(m->mean) && isfinite(m->mean_low) && isfinite(m->min) &&
                  isfinite(m->max) && isfinite(m->first) && isfinite(m->last);
    return !r->failed && finite && m->min <= m->max && !isnan(m->m2) && m->m2 >= 0;
}

/* A part with its length in front. */
static hb_str get_part(hb_rd *r)
{
    uint32_t n = hb_rd_u32(r);
    if (n > hb_rd_left(r)) {
        r->failed = true;
        return (hb_str){"", 0};
    }
    hb_str part = {(const char *)r->p, n};
    r->p += n;
    return part;
}

static hb_status get_parts(hb_rd *r, hb_profile *p, uint32_t flags, hb_error *err)
{
    if (flags & 4) {
        hb_str part = get_part(r);
        HB_TRY(hb_sketch_load(part.p, part.n, &p->sketch, err));
    }
    hb_str part = get_part(r);
    HB_TRY(hb_trace_load(part.p, part.n, &p->trace, err));
    if (flags & 8) {
        HB_TRY(hb_sustained_load(r, &p->sustained, err));
    }
    bool filling = p->sustained && (p->persist_n == 0 || p->persist_known);
    uint64_t n = p->sketch ? hb_sketch_n(p->sketch) : 0;
    if (r->failed || n != p->moments.n || filling) {
        return HB_FAIL(err, HB_E_INPUT, "profile: its parts do not belong together");
    }
    return HB_OK;
}

static hb_status get(hb_rd *r, hb_profile *p, hb_error *err)
{
    bool good = get_moments(r, &p->moments);
    uint64_t *const counts[] = {
        &p->n_missing,         &p->n_nan,           &p->n_inf, &p->n_rejected,
        &p->sustained_high_at, &p->sustained_low_at};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        *counts[i] = hb_rd_u64(r);
    }
    p->t_first = (hb_time)hb_rd_u64(r);
    p->t_last = (hb_time)hb_rd_u64(r);
    double *const figures[] = {&p->sustained_high, &p->sustained_low, &p->at_t_first,
                               &p->at_t_last};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        *figures[i] = hb_rd_f64(r);
        good = good && isfinite(*figures[i]);
    }
    p->persist_n = hb_rd_u32(r);
    uint32_t flags = hb_rd_u32(r);
    p->persist_known = flags & 1;
    p->timed = flags & 2;
    if (r->failed || !good || flags > 15 || p->persist_n > HB_SUSTAINED_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "profile: its figures are damaged");
    }
    return get_parts(r, p, flags, err);
}

hb_status hb_profile_state_get(hb_rd *r, hb_profile *p, hb_error *err)
{
    hb_profile got;
    hb_profile_init(&got, 0);
    hb_status status = get(r, &got, err);
    if (status != HB_OK) {
        hb_profile_release(&got);
        return status;
    }
    *p = got;
    return HB_OK;
}
