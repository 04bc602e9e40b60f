/* SPDX-License-Identifier: Apache-2.0 */
/* Each field goes in with its length in front, so that no two runs give the same bytes by shifting
 * text from one field to the next. docs/formats/run.md */
#include "telemetry/run_digest.h"

#include "base/wire.h"
#include "crypto/digest.h"

#include <string.h>

enum { PIECE_MAX_BYTES = 16 << 20 };

static void put_text(hb_buf *b, const char *text)
{
    size_t n = strlen(text);
    hb_wire_put_u32(b, (uint32_t)n);
    hb_buf_add(b, text, n);
}

static void put_meta(hb_buf *b, const hb_run *run)
{
    const hb_run_meta *m = &run->meta;
    /* The name tells that factors follow, so digests of runs without any are what they were. */
    const char *form = m->n_factors ? "hb-run/1+factors" : "hb-run/1";
    const char *const texts[] = {form,       m->program,  m->subsystem,     m->test_name,
                                 m->git_sha, m->build_id, m->source_system, m->schema_version};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_text(b, texts[i]);
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        put_text(b, m->context[i]);
    }
    if (m->n_factors) {
        hb_wire_put_u32(b, (uint32_t)m->n_factors);
    }
    for (size_t i = 0; i < m->n_factors; i++) {
        put_text(b, m->factors[i].name);
        put_text(b, m->factors[i].value);
    }
    hb_wire_put_u64(b, (uint64_t)m->start);
    hb_wire_put_u64(b, (uint64_t)m->end);
    hb_wire_put_u32(b, (uint32_t)run->n_inputs);
    for (size_t i = 0; i < run->n_inputs; i++) {
        put_text(b, run->inputs[i].name);
        put_text(b, run->inputs[i].sha256);
    }
    hb_wire_put_u32(b, (uint32_t)run->n_metrics);
}

static hb_status put_metric(hb_buf *b, const hb_metric *m, hb_error *err)
{
    const hb_profile *p = &m->profile;
    put_text(b, m->name);
    put_text(b, m->unit);
    hb_wire_put_u32(b, (uint32_t)m->stated | (uint32_t)m->has_value << 1 | m->flags << 2);
    hb_wire_put_u32(b, (uint32_t)m->reduce);
    hb_wire_put_f64(b, m->has_value ? m->value : 0);
    const uint64_t counts[] = {p->moments.n,
                               p->n_missing,
                               p->n_nan,
                               p->n_inf,
                               p->n_rejected,
                               (uint64_t)p->t_first,
                               (uint64_t)p->t_last,
                               p->persist_known ? p->persist_n : 0};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        hb_wire_put_u64(b, counts[i]);
    }
    const double figures[] = {p->moments.mean,  p->moments.mean_low, p->moments.m2,
                              p->moments.min,   p->moments.max,      p->moments.first,
                              p->moments.last,  p->moments.shift,    p->moments.lag_xy,
                              p->moments.lag_x, p->moments.lag_y,    p->sustained_high,
                              p->sustained_low};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_wire_put_f64(b, figures[i]);
    }
    if (p->sketch) {
        HB_TRY(hb_sketch_store(p->sketch, b, err));
    }
    return hb_trace_store(&p->trace, b, err);
}

static hb_status flush(hb_digest *d, hb_buf *b, hb_error *err)
{
    HB_TRY(hb_buf_check(b, err));
    hb_status status = hb_digest_add(d, b->p, b->n, err);
    hb_buf_clear(b);
    return status;
}

static hb_status digest(hb_digest *d, hb_buf *b, hb_run *run, hb_error *err)
{
    put_meta(b, run);
    HB_TRY(flush(d, b, err));
    for (size_t i = 0; i < run->n_metrics; i++) {
        HB_TRY(put_metric(b, &run->metrics[i], err));
        HB_TRY(flush(d, b, err));
    }
    return hb_digest_hex(d, run->digest, err);
}

hb_status hb_run_set_digest(hb_run *run, hb_error *err)
{
    hb_digest *d = NULL;
    hb_buf b;
    HB_TRY(hb_digest_new(&d, err));
    hb_buf_init(&b, PIECE_MAX_BYTES);
    hb_status status = digest(d, &b, run, err);
    hb_buf_release(&b);
    hb_digest_free(d);
    return status;
}
