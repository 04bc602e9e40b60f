/* SPDX-License-Identifier: Apache-2.0 */
/* A run out of its tables, in one read transaction. Everything is checked against the counts its
 * rows were written with, so that a damaged file is an error and never a smaller run. */
#include "base/mem.h"
#include "store/compress.h"
#include "store/sql.h"
#include "telemetry/run_builder.h"

#include <string.h>

enum {
    RUN_MAX_BYTES = 512 << 20,
    MAX_INPUTS = 100000,
    MAX_NOTES = 1000000, /* warnings; guesses or reject reasons of one file */
    NEAREST_LOOKED_AT = 5000,
    NEAREST_TOLD = 3,
};

typedef struct reader {
    hb_store *s;
    hb_run *run;
    hb_factor *factors; /* run->meta.factors while they are filled */
    hb_compressor *packer;
    int64_t id;
} reader;

static hb_status damaged(const reader *r, const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_STORE,
                   "registry '%s' is damaged: run '%s' has %s; restore a backup or ingest the run "
                   "again into a new registry",
                   r->s->path, r->run->meta.run_id ? r->run->meta.run_id : "?", what);
}

/* Room for n rows of a child table. */
static hb_status room(const reader *r, uint64_t n, uint64_t max, size_t size, void **ret,
                      hb_error *err)
{
    if (n > max) {
        return damaged(r, "an impossible number of rows", err);
    }
    *ret = n ? hb_arena_array(&r->run->arena, (size_t)n, size) : NULL;
    return n == 0 || *ret ? HB_OK : HB_NOMEM(err);
}

/* Next row of a child table that must have exactly as many as its parent says. */
static hb_status expect_row(const reader *r, hb_sql *q, bool expected, const char *what,
                            hb_error *err)
{
    bool more = false;
    HB_TRY(hb_sql_row(q, &more, err));
    return more == expected ? HB_OK : damaged(r, what, err);
}

static hb_status open_for(const reader *r, const char *text, hb_sql *ret_q, hb_error *err)
{
    HB_TRY(hb_sql_open(r->s, text, ret_q, err));
    hb_sql_i64(ret_q, r->id);
    return HB_OK;
}

static void near_id(hb_str id, hb_str asked, char told[][132], unsigned distance[], size_t *n)
{
    unsigned d = hb_str_distance(asked, id, 3);
    if (d > 3 && !hb_str_starts(id, asked.p)) {
        return;
    }
    size_t at = *n;
    while (at > 0 && distance[at - 1] > d) {
        at--;
    }
    if (at >= NEAREST_TOLD || id.n > 128) {
        return;
    }
    size_t last = *n < NEAREST_TOLD ? *n : NEAREST_TOLD - 1;
    for (size_t i = last; i > at; i--) {
        memcpy(told[i], told[i - 1], sizeof told[i]);
        distance[i] = distance[i - 1];
    }
    memcpy(told[at], id.p, id.n);
    told[at][id.n] = '\0';
    distance[at] = d;
    *n += *n < NEAREST_TOLD;
}

static hb_status unknown_run(hb_store *s, const char *run_id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    char told[NEAREST_TOLD][132];
    unsigned distance[NEAREST_TOLD];
    size_t n = 0;
    bool more = true;
    HB_TRY(hb_sql_open(s, "SELECT run_id FROM runs ORDER BY order_ns DESC, run_id DESC LIMIT ?", &q,
                       err));
    hb_sql_i64(&q, NEAREST_LOOKED_AT);
    HB_TRY(hb_sql_row(&q, &more, err));
    if (!more) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' has no run '%s': it is empty", s->path,
                       run_id);
    }
    while (more) {
        near_id(hb_sql_get_blob(&q), hb_str_of(run_id), told, distance, &n);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    return HB_FAIL(err, HB_E_STORE, "registry '%s' has no run '%s'%s%s%s%s%s%s%s", s->path, run_id,
                   n ? "; nearest: '" : "; see 'hb runs list'", n ? told[0] : "",
                   n > 1 ? "', '" : "", n > 1 ? told[1] : "", n > 2 ? "', '" : "",
                   n > 2 ? told[2] : "", n ? "'" : "");
}

static hb_status read_head(reader *r, const char *run_id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(r->s,
                       "SELECT id, run_id, program, subsystem, test_name, operating_mode,"
                       " scenario_id, sensor_config_id, input_data_version,"
                       " environment_fingerprint, environment, git_sha, build_id, source_system,"
                       " schema_version, correlation_id, start_ns, end_ns, first_sample_ns,"
                       " last_sample_ns, n_metrics, n_inputs, n_warnings, n_factors, digest FROM"
                       " runs"
                       " WHERE run_id = ?",
                       &q, err));
    hb_sql_text(&q, run_id);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (!found) {
        return unknown_run(r->s, run_id, err);
    }
    hb_run *run = r->run;
    hb_run_meta *m = &run->meta;
    r->id = hb_sql_get_i64(&q);
    m->run_id = hb_sql_get_text(&q, &run->arena);
    m->program = hb_sql_get_text(&q, &run->arena);
    m->subsystem = hb_sql_get_text(&q, &run->arena);
    m->test_name = hb_sql_get_text(&q, &run->arena);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        m->context[i] = hb_sql_get_text(&q, &run->arena);
    }
    m->git_sha = hb_sql_get_text(&q, &run->arena);
    m->build_id = hb_sql_get_text(&q, &run->arena);
    m->source_system = hb_sql_get_text(&q, &run->arena);
    m->schema_version = hb_sql_get_text(&q, &run->arena);
    m->correlation_id = hb_sql_get_text(&q, &run->arena);
    m->start = hb_sql_get_time(&q);
    m->end = hb_sql_get_time(&q);
    run->t_first = hb_sql_get_time(&q);
    run->t_last = hb_sql_get_time(&q);
    uint64_t n_metrics = hb_sql_get_u64(&q);
    uint64_t n_inputs = hb_sql_get_u64(&q);
    uint64_t n_warnings = hb_sql_get_u64(&q);
    uint64_t n_factors = hb_sql_get_u64(&q);
    hb_str digest = hb_sql_get_blob(&q);
    HB_TRY(hb_sql_check(&q, err));
    if (digest.n != 64) {
        return damaged(r, "no digest", err);
    }
    memcpy(run->digest, digest.p, 64);
    void *p = NULL;
    HB_TRY(room(r, n_metrics, HB_RUN_MAX_METRICS, sizeof *run->metrics, &p, err));
    run->metrics = p;
    HB_TRY(room(r, n_inputs, MAX_INPUTS, sizeof *run->inputs, &p, err));
    run->inputs = p;
    HB_TRY(room(r, n_warnings, MAX_NOTES, sizeof *run->warnings, &p, err));
    run->warnings = p;
    HB_TRY(room(r, n_factors, HB_FACTORS_MAX, sizeof *r->factors, &p, err));
    r->factors = p;
    m->factors = p;
    m->n_factors = (size_t)n_factors;
    run->n_inputs = (size_t)n_inputs;
    run->n_warnings = (size_t)n_warnings;
    run->n_metrics = (size_t)n_metrics;
    for (size_t i = 0; i < run->n_metrics; i++) {
        hb_profile_init(&run->metrics[i].profile, 0);
    }
    return HB_OK;
}

static hb_status read_factors(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(open_for(r, "SELECT name, value FROM run_factors WHERE run = ? ORDER BY name", &q, err));
    for (size_t i = 0; i < r->run->meta.n_factors; i++) {
        HB_TRY(expect_row(r, &q, true, "fewer factors than it was stored with", err));
        r->factors[i].name = hb_sql_get_text(&q, &r->run->arena);
        r->factors[i].value = hb_sql_get_text(&q, &r->run->arena);
    }
    return expect_row(r, &q, false, "more factors than it was stored with", err);
}

static hb_status read_warnings(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(open_for(r, "SELECT text FROM run_warnings WHERE run = ? ORDER BY pos", &q, err));
    for (size_t i = 0; i < r->run->n_warnings; i++) {
        HB_TRY(expect_row(r, &q, true, "fewer warnings than it was stored with", err));
        r->run->warnings[i] = hb_sql_get_text(&q, &r->run->arena);
    }
    return expect_row(r, &q, false, "more warnings than it was stored with", err);
}

static hb_status read_inputs(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_arena *arena = &r->run->arena;
    HB_TRY(open_for(r,
                    "SELECT path, name, sha256, bytes, format, layout, n_rows, n_guesses, n_rejects"
                    " FROM run_inputs WHERE run = ? ORDER BY pos",
                    &q, err));
    for (size_t i = 0; i < r->run->n_inputs; i++) {
        hb_input_file *f = &r->run->inputs[i];
        HB_TRY(expect_row(r, &q, true, "fewer input files than it was stored with", err));
        f->path = hb_sql_get_text(&q, arena);
        f->name = hb_sql_get_text(&q, arena);
        hb_str sha256 = hb_sql_get_blob(&q);
        memcpy(f->sha256, sha256.p ? sha256.p : "", sha256.n < 64 ? sha256.n : 64);
        f->bytes = hb_sql_get_u64(&q);
        f->format = hb_sql_get_text(&q, arena);
        f->layout = hb_sql_get_text(&q, arena);
        f->rows = hb_sql_get_u64(&q);
        uint64_t n_guesses = hb_sql_get_u64(&q);
        uint64_t n_rejects = hb_sql_get_u64(&q);
        void *p = NULL;
        HB_TRY(room(r, n_guesses, MAX_NOTES, sizeof *f->guesses, &p, err));
        f->guesses = p;
        f->n_guesses = (size_t)n_guesses;
        HB_TRY(room(r, n_rejects, MAX_NOTES, sizeof *f->rejects, &p, err));
        f->rejects = p;
        f->n_rejects = (size_t)n_rejects;
    }
    return expect_row(r, &q, false, "more input files than it was stored with", err);
}

static hb_status read_guesses(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(open_for(r,
                    "SELECT what, value, why FROM run_input_guesses WHERE run = ?"
                    " ORDER BY input, pos",
                    &q, err));
    for (size_t i = 0; i < r->run->n_inputs; i++) {
        for (size_t k = 0; k < r->run->inputs[i].n_guesses; k++) {
            hb_guess *g = &r->run->inputs[i].guesses[k];
            HB_TRY(expect_row(r, &q, true, "fewer guesses than it was stored with", err));
            g->what = hb_sql_get_text(&q, &r->run->arena);
            g->value = hb_sql_get_text(&q, &r->run->arena);
            g->why = hb_sql_get_text(&q, &r->run->arena);
        }
    }
    return expect_row(r, &q, false, "more guesses than it was stored with", err);
}

static hb_status read_reject_counts(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(open_for(r, "SELECT reason, n FROM run_input_rejects WHERE run = ? ORDER BY input, pos",
                    &q, err));
    for (size_t i = 0; i < r->run->n_inputs; i++) {
        for (size_t k = 0; k < r->run->inputs[i].n_rejects; k++) {
            hb_reject_count *c = &r->run->inputs[i].rejects[k];
            HB_TRY(expect_row(r, &q, true, "fewer reject reasons than it was stored with", err));
            c->reason = hb_sql_get_text(&q, &r->run->arena);
            c->n = hb_sql_get_u64(&q);
        }
    }
    return expect_row(r, &q, false, "more reject reasons than it was stored with", err);
}

/* In the order of run_write.c. */
static void get_profile(hb_sql *q, hb_profile *p)
{
    hb_moments *m = &p->moments;
    m->n = hb_sql_get_u64(q);
    p->n_missing = hb_sql_get_u64(q);
    p->n_nan = hb_sql_get_u64(q);
    p->n_inf = hb_sql_get_u64(q);
    p->n_rejected = hb_sql_get_u64(q);
    double *const figures[] = {&m->mean, &m->mean_low, &m->m2,     &m->min,   &m->max,  &m->first,
                               &m->last, &m->shift,    &m->lag_xy, &m->lag_x, &m->lag_y};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        *figures[i] = hb_sql_get_f64(q);
    }
    p->t_first = hb_sql_get_time(q);
    p->t_last = hb_sql_get_time(q);
    p->persist_n = (uint32_t)hb_sql_get_u64(q);
    p->persist_known = hb_sql_get_i64(q) != 0;
    p->sustained_high = hb_sql_get_f64(q);
    p->sustained_low = hb_sql_get_f64(q);
    p->sustained_high_at = hb_sql_get_u64(q);
    p->sustained_low_at = hb_sql_get_u64(q);
}

static hb_status load_sketch(const reader *r, hb_str packed, hb_profile *p, hb_error *err)
{
    hb_str plain = {0};
    HB_TRY(hb_decompress(r->packer, packed, &plain, err));
    return hb_sketch_load(plain.p, plain.n, &p->sketch, err);
}

static hb_status load_trace(const reader *r, hb_str packed, hb_profile *p, hb_error *err)
{
    hb_str plain = {0};
    HB_TRY(hb_decompress(r->packer, packed, &plain, err));
    return hb_trace_load(plain.p, plain.n, &p->trace, err);
}

static hb_status get_blobs(const reader *r, hb_sql *q, hb_profile *p, hb_error *err)
{
    hb_str sketch = hb_sql_get_blob(q);
    hb_status status = sketch.p ? load_sketch(r, sketch, p, err) : HB_OK;
    hb_str trace = hb_sql_get_blob(q);
    if (status == HB_OK && trace.p) {
        status = load_trace(r, trace, p, err);
    }
    return status == HB_OK || status == HB_E_NOMEM
               ? status
               : damaged(r, "a distribution or trace that cannot be read", err);
}

static hb_status get_metric(const reader *r, hb_sql *q, hb_metric *m, hb_error *err)
{
    hb_arena *arena = &r->run->arena;
    m->name = hb_sql_get_text(q, arena);
    m->raw_name = hb_sql_get_text(q, arena);
    m->unit = hb_sql_get_text(q, arena);
    m->raw_unit = hb_sql_get_text(q, arena);
    m->declared = hb_sql_get_i64(q) != 0;
    m->stated = hb_sql_get_i64(q) != 0;
    const char *reduce = hb_sql_get_text(q, arena);
    m->has_value = hb_sql_get_i64(q) != 0;
    m->value = hb_sql_get_f64(q);
    m->flags = (unsigned)hb_sql_get_u64(q);
    get_profile(q, &m->profile);
    uint64_t n_examples = hb_sql_get_u64(q);
    m->step = hb_sql_get_step(q);
    HB_TRY(hb_sql_check(q, err));
    if (!hb_reduce_from_name(reduce, &m->reduce) || n_examples > HB_REJECT_EXAMPLES) {
        return damaged(r, "a metric that cannot be read", err);
    }
    m->n_reject_examples = (size_t)n_examples;
    if (n_examples) {
        m->rejects = hb_arena_array(&r->run->arena, (size_t)n_examples, sizeof *m->rejects);
        if (!m->rejects) {
            return HB_NOMEM(err);
        }
    }
    return get_blobs(r, q, &m->profile, err);
}

static hb_status read_metrics(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(open_for(r,
                    "SELECT name, raw_name, unit, raw_unit, declared, stated, reduce, has_value,"
                    " value, flags, n, n_missing, n_nan, n_inf, n_rejected, mean, mean_low, m2,"
                    " min, max, first, last, shift, lag_xy, lag_x, lag_y, first_ns, last_ns,"
                    " persist_n, persist_known, sustained_high, sustained_low, sustained_high_at,"
                    " sustained_low_at, n_reject_examples, step, sketch, trace FROM run_metrics"
                    " WHERE run = ? ORDER BY name",
                    &q, err));
    for (size_t i = 0; i < r->run->n_metrics; i++) {
        HB_TRY(expect_row(r, &q, true, "fewer metrics than it was stored with", err));
        HB_TRY(get_metric(r, &q, &r->run->metrics[i], err));
    }
    return expect_row(r, &q, false, "more metrics than it was stored with", err);
}

static hb_status read_reject_examples(const reader *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(open_for(r,
                    "SELECT text, reason, line FROM run_metric_rejects WHERE run = ?"
                    " ORDER BY name, pos",
                    &q, err));
    for (size_t i = 0; i < r->run->n_metrics; i++) {
        hb_metric *m = &r->run->metrics[i];
        for (size_t k = 0; k < m->n_reject_examples; k++) {
            HB_TRY(expect_row(r, &q, true, "fewer examples of rejects than stored", err));
            m->rejects[k].text = hb_sql_get_text(&q, &r->run->arena);
            m->rejects[k].reason = hb_sql_get_text(&q, &r->run->arena);
            m->rejects[k].line = hb_sql_get_u64(&q);
        }
    }
    return expect_row(r, &q, false, "more examples of rejects than stored", err);
}

static hb_status read_all(reader *r, const char *run_id, hb_error *err)
{
    HB_TRY(read_head(r, run_id, err));
    HB_TRY(read_factors(r, err));
    HB_TRY(read_warnings(r, err));
    HB_TRY(read_inputs(r, err));
    HB_TRY(read_guesses(r, err));
    HB_TRY(read_reject_counts(r, err));
    HB_TRY(read_metrics(r, err));
    return read_reject_examples(r, err);
}

static void free_run_p(hb_run **run)
{
    hb_run_free(*run);
}

static void free_packer_p(hb_compressor **packer)
{
    hb_compressor_free(*packer);
}

hb_status hb_store_get_run(hb_store *s, const char *run_id, hb_run **ret_run, hb_error *err)
{
    HB_CLEANUP(free_run_p) hb_run *run = hb_alloc_zero(sizeof *run);
    if (!run) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&run->arena, RUN_MAX_BYTES);
    HB_CLEANUP(free_packer_p) hb_compressor *packer = NULL;
    HB_TRY(hb_compressor_new(&packer, err));
    reader r = {.s = s, .run = run, .packer = packer};
    bool own = false;
    HB_TRY(hb_store_look(s, &own, err));
    hb_status status = read_all(&r, run_id, err);
    hb_store_looked(s, own);
    HB_TRY(status);
    *ret_run = HB_TAKE(run);
    return HB_OK;
}
