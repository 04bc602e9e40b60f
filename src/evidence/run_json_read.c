/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "evidence/inputs.h"
#include "evidence/inputs_internal.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_digest.h"

enum { INPUTS_MAX = 100000, FLAGS_MAX = (HB_METRIC_TEXT << 1) - 1 };

typedef struct reader {
    hb_strict d;
    hb_run *run;
    size_t cap; /* of run->own_metrics */
} reader;

static void moments(hb_strict *d, hb_moments *m)
{
    const struct {
        const char *key;
        double *to;
    } figures[] = {{"first", &m->first}, {"lag_x", &m->lag_x}, {"lag_xy", &m->lag_xy},
                   {"lag_y", &m->lag_y}, {"last", &m->last},   {"m2", &m->m2},
                   {"max", &m->max},     {"mean", &m->mean},   {"mean_low", &m->mean_low},
                   {"min", &m->min}};
    hb_strict_obj(d);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_strict_key(d, figures[i].key);
        *figures[i].to = hb_strict_f64(d);
    }
    hb_strict_key(d, "n");
    m->n = hb_strict_u64(d, UINT64_MAX);
    hb_strict_key(d, "shift");
    m->shift = hb_strict_f64(d);
    hb_strict_end(d);
}

/* Damaged bytes are the document's fault. */
static void part_failed(hb_strict *d, const char *what, hb_status status, const hb_error *why)
{
    if (status == HB_E_NOMEM) {
        hb_strict_failed(d, HB_NOMEM(d->err));
    } else if (status != HB_OK) {
        hb_strict_refuse(d, "%s: %s", what, why->msg);
    }
}

static void sketch(hb_strict *d, hb_profile *p)
{
    hb_error why = {0};
    hb_strict_key(d, "sketch");
    hb_str bytes = hb_strict_bytes(d);
    if (bytes.p) {
        part_failed(d, "sketch", hb_sketch_load(bytes.p, bytes.n, &p->sketch, &why), &why);
    }
}

static void trace(hb_strict *d, hb_profile *p)
{
    hb_error why = {0};
    hb_strict_key(d, "trace");
    hb_str bytes = hb_strict_bytes(d);
    if (bytes.p) {
        part_failed(d, "trace", hb_trace_load(bytes.p, bytes.n, &p->trace, &why), &why);
    }
    if (bytes.p && p->trace.n == 0) {
        hb_strict_refuse(d, "an empty trace is null");
    }
}

static uint64_t count(hb_strict *d, const char *key)
{
    hb_strict_key(d, key);
    return hb_strict_u64(d, UINT64_MAX);
}

static void profile(hb_strict *d, hb_profile *p)
{
    hb_strict_obj(d);
    hb_strict_key(d, "first_ns");
    p->t_first = hb_strict_time(d);
    p->n_inf = count(d, "inf");
    hb_strict_key(d, "last_ns");
    p->t_last = hb_strict_time(d);
    p->n_missing = count(d, "missing");
    hb_strict_key(d, "moments");
    moments(d, &p->moments);
    p->n_nan = count(d, "nan");
    hb_strict_key(d, "persist_known");
    p->persist_known = hb_strict_bool(d);
    hb_strict_key(d, "persist_n");
    p->persist_n = (uint32_t)hb_strict_u64(d, UINT32_MAX);
    p->n_rejected = count(d, "rejected");
    sketch(d, p);
    hb_strict_key(d, "sustained_high");
    p->sustained_high = hb_strict_f64(d);
    p->sustained_high_at = count(d, "sustained_high_at");
    hb_strict_key(d, "sustained_low");
    p->sustained_low = hb_strict_f64(d);
    p->sustained_low_at = count(d, "sustained_low_at");
    trace(d, p);
    hb_strict_end(d);
}

static const char *reduce_word(size_t i)
{
    return hb_reduce_name((hb_reduce)i);
}

static void examples(hb_strict *d, hb_metric *m)
{
    size_t cap = 0;
    hb_strict_key(d, "rejects");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, m->rejects, m->n_reject_examples, cap)) {
        hb_reject *x = &m->rejects[m->n_reject_examples++];
        hb_strict_obj(d);
        x->line = count(d, "line");
        hb_strict_key(d, "reason");
        x->reason = hb_strict_text(d);
        hb_strict_key(d, "text");
        x->text = hb_strict_text(d);
        hb_strict_end(d);
        if (m->n_reject_examples > HB_REJECT_EXAMPLES) {
            hb_strict_refuse(d, "more than %d examples of one metric", HB_REJECT_EXAMPLES);
        }
    }
}

static void metric(hb_strict *d, hb_metric *m)
{
    hb_strict_obj(d);
    hb_strict_key(d, "declared");
    m->declared = hb_strict_bool(d);
    hb_strict_key(d, "flags");
    m->flags = (unsigned)hb_strict_u64(d, FLAGS_MAX);
    hb_strict_key(d, "has_value");
    m->has_value = hb_strict_bool(d);
    hb_strict_key(d, "name");
    m->name = hb_strict_text(d);
    hb_strict_key(d, "profile");
    profile(d, &m->profile);
    hb_strict_key(d, "raw_name");
    m->raw_name = hb_strict_text(d);
    hb_strict_key(d, "raw_unit");
    m->raw_unit = hb_strict_text(d);
    hb_strict_key(d, "reduce");
    m->reduce = (hb_reduce)hb_strict_word(d, reduce_word, HB_REDUCE_COUNT_);
    examples(d, m);
    hb_strict_key(d, "stated");
    m->stated = hb_strict_bool(d);
    hb_strict_key(d, "step");
    m->step = hb_strict_f64(d);
    hb_strict_key(d, "unit");
    m->unit = hb_strict_text(d);
    hb_strict_key(d, "value");
    m->value = hb_strict_f64(d);
    hb_strict_end(d);
}

static void metrics(reader *r)
{
    hb_strict *d = &r->d;
    hb_run *run = r->run;
    hb_strict_key(d, "metrics");
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        hb_strict_failed(d, HB_GROW(run->own_metrics, r->cap, run->n_metrics + 1,
                                    HB_RUN_MAX_METRICS, "metrics of a run", d->err));
        if (hb_strict_check(d) != HB_OK) {
            return;
        }
        run->metrics = run->own_metrics;
        hb_metric *m = &run->metrics[run->n_metrics++];
        *m = (hb_metric){.name = ""};
        hb_profile_init(&m->profile, 0);
        metric(d, m);
        if (run->n_metrics > 1 && strcmp(m[-1].name, m->name) >= 0) {
            hb_strict_refuse(d, "metric '%.80s' is not in the order of the names", m->name);
        }
    }
}

static void guesses(hb_strict *d, hb_input_file *f)
{
    size_t cap = 0;
    hb_strict_key(d, "guesses");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, f->guesses, f->n_guesses, cap)) {
        hb_guess *g = &f->guesses[f->n_guesses++];
        hb_strict_obj(d);
        hb_strict_key(d, "value");
        g->value = hb_strict_text(d);
        hb_strict_key(d, "what");
        g->what = hb_strict_text(d);
        hb_strict_key(d, "why");
        g->why = hb_strict_text(d);
        hb_strict_end(d);
    }
}

static void rejects(hb_strict *d, hb_input_file *f)
{
    size_t cap = 0;
    hb_strict_key(d, "rejects");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, f->rejects, f->n_rejects, cap)) {
        hb_reject_count *x = &f->rejects[f->n_rejects++];
        hb_strict_obj(d);
        x->n = count(d, "n");
        hb_strict_key(d, "reason");
        x->reason = hb_strict_text(d);
        hb_strict_end(d);
    }
}

static void input(hb_strict *d, hb_input_file *f)
{
    hb_strict_obj(d);
    f->bytes = count(d, "bytes");
    hb_strict_key(d, "format");
    f->format = hb_strict_text(d);
    guesses(d, f);
    hb_strict_key(d, "layout");
    f->layout = hb_strict_text(d);
    hb_strict_key(d, "name");
    f->name = hb_strict_text(d);
    hb_strict_key(d, "path");
    f->path = hb_strict_text(d);
    rejects(d, f);
    f->rows = count(d, "rows");
    hb_strict_key(d, "sha256");
    hb_strict_hex(d, f->sha256, true);
    hb_strict_end(d);
}

static void inputs(hb_strict *d, hb_run *run)
{
    size_t cap = 0;
    hb_strict_key(d, "inputs");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, run->inputs, run->n_inputs, cap)) {
        input(d, &run->inputs[run->n_inputs++]);
        if (run->n_inputs > INPUTS_MAX) {
            hb_strict_refuse(d, "more than %d input files", INPUTS_MAX);
        }
    }
}

static void warnings(hb_strict *d, hb_run *run)
{
    size_t cap = 0;
    hb_strict_key(d, "warnings");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, run->warnings, run->n_warnings, cap)) {
        run->warnings[run->n_warnings++] = hb_strict_text(d);
    }
}

/* A run has all its texts; only the runs of a set may lack some. */
static void meta(hb_strict *d, hb_run_meta *m)
{
    hb_strict_key(d, "meta");
    hb_meta_get(d, m);
    const char *const texts[] = {m->run_id,        m->program,        m->subsystem,
                                 m->test_name,     m->git_sha,        m->build_id,
                                 m->source_system, m->schema_version, m->correlation_id};
    bool all = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        all = all && texts[i];
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        all = all && m->context[i];
    }
    if (!all) {
        hb_strict_refuse(d, "an identity that is not complete");
    }
}

/* ret_content: what its content must digest to. */
static hb_status document(reader *r, char ret_content[65])
{
    hb_strict *d = &r->d;
    hb_run *run = r->run;
    static const char *const format = "hb-run/1";
    hb_strict_obj(d);
    hb_strict_key(d, "content_sha256");
    hb_strict_hex(d, ret_content, false);
    hb_strict_key(d, "digest");
    hb_strict_hex(d, run->digest, false);
    hb_strict_key(d, "first_ns");
    run->t_first = hb_strict_time(d);
    hb_strict_key(d, "format");
    if (strcmp(hb_strict_text(d), format) != 0) {
        hb_strict_refuse(d, "expected format '%s'", format);
    }
    inputs(d, run);
    hb_strict_key(d, "last_ns");
    run->t_last = hb_strict_time(d);
    meta(d, &run->meta);
    metrics(r);
    warnings(d, run);
    hb_strict_end(d);
    return hb_strict_done(d);
}

static hb_status check(const hb_run *run, const char *name, const char *content, hb_error *err)
{
    hb_run copy = *run;
    HB_TRY(hb_run_set_digest(&copy, err));
    return strcmp(copy.digest, content) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s': the figures of run '%s' have the digest %.12s…, it states %.12s…",
                         name, run->meta.run_id, copy.digest, content);
}

/* A run that is read and not looked at yet. */
static hb_status read_run(hb_str text, const char *name, hb_run **ret_run, char ret_content[65],
                          hb_error *err)
{
    reader r = {.run = hb_alloc_zero(sizeof *r.run)};
    if (!r.run) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&r.run->arena, HB_INPUTS_ARENA_BYTES);
    hb_strict_init(&r.d, text, name, &r.run->arena, err);
    hb_status status = document(&r, ret_content);
    hb_strict_release(&r.d);
    if (status != HB_OK) {
        hb_run_free(r.run);
        return status;
    }
    *ret_run = r.run;
    return HB_OK;
}

hb_status hb_run_json_content(hb_str text, const char *name, char ret[HB_DIGEST_HEX], hb_error *err)
{
    hb_run *run = NULL;
    char stated[65];
    HB_TRY(read_run(text, name, &run, stated, err));
    hb_status status = hb_run_set_digest(run, err);
    if (status == HB_OK) {
        memcpy(ret, run->digest, HB_DIGEST_HEX);
    }
    hb_run_free(run);
    return status;
}

hb_status hb_run_from_json(hb_str text, const char *name, hb_run **ret_run, bool *ret_converted,
                           hb_error *err)
{
    hb_run *run = NULL;
    char content[65];
    HB_TRY(read_run(text, name, &run, content, err));
    hb_status status = check(run, name, content, err);
    bool converted = strcmp(content, run->digest) != 0;
    if (status == HB_OK && converted && !ret_converted) {
        status = HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s': run '%s' says that its digest is %.12s…, its figures give %.12s…",
                         name, run->meta.run_id, run->digest, content);
    }
    if (status != HB_OK) {
        hb_run_free(run);
        return status;
    }
    if (ret_converted) {
        *ret_converted = converted;
    }
    *ret_run = run;
    return HB_OK;
}
