/* SPDX-License-Identifier: Apache-2.0 */
/* A run as canonical JSON: docs/formats/run_json.md. Sketch and trace go in as the bytes the
 * registry keeps, so what is lost there is lost here and nothing else. */
#include "evidence/inputs.h"
#include "evidence/inputs_internal.h"
#include "telemetry/run_digest.h"

typedef struct writer {
    hb_json j;
    hb_buf plain;
} writer;

enum { PROFILE_MAX_BYTES = 16 << 20 };

static void moments(hb_json *j, const hb_moments *m)
{
    hb_json_obj(j);
    hb_exact_f64(j, "first", m->first);
    hb_exact_f64(j, "lag_x", m->lag_x);
    hb_exact_f64(j, "lag_xy", m->lag_xy);
    hb_exact_f64(j, "lag_y", m->lag_y);
    hb_exact_f64(j, "last", m->last);
    hb_exact_f64(j, "m2", m->m2);
    hb_exact_f64(j, "max", m->max);
    hb_exact_f64(j, "mean", m->mean);
    hb_exact_f64(j, "mean_low", m->mean_low);
    hb_exact_f64(j, "min", m->min);
    hb_json_ku(j, "n", m->n);
    hb_exact_f64(j, "shift", m->shift);
    hb_json_end(j);
}

static hb_status sketch(writer *w, const hb_sketch *s, hb_error *err)
{
    hb_buf_clear(&w->plain);
    if (s) {
        HB_TRY(hb_sketch_store(s, &w->plain, err));
    }
    hb_exact_bytes(&w->j, "sketch", w->plain.p, w->plain.n);
    return HB_OK;
}

static hb_status trace(writer *w, const hb_trace *t, hb_error *err)
{
    hb_buf_clear(&w->plain);
    if (t->n) {
        HB_TRY(hb_trace_store(t, &w->plain, err));
    }
    hb_exact_bytes(&w->j, "trace", w->plain.p, w->plain.n);
    return HB_OK;
}

static hb_status profile(writer *w, const hb_profile *p, hb_error *err)
{
    hb_json *j = &w->j;
    hb_json_obj(j);
    hb_exact_time(j, "first_ns", p->t_first);
    hb_json_ku(j, "inf", p->n_inf);
    hb_exact_time(j, "last_ns", p->t_last);
    hb_json_ku(j, "missing", p->n_missing);
    hb_json_key(j, "moments");
    moments(j, &p->moments);
    hb_json_ku(j, "nan", p->n_nan);
    hb_json_kb(j, "persist_known", p->persist_known);
    hb_json_ku(j, "persist_n", p->persist_n);
    hb_json_ku(j, "rejected", p->n_rejected);
    HB_TRY(sketch(w, p->sketch, err));
    hb_exact_f64(j, "sustained_high", p->sustained_high);
    hb_json_ku(j, "sustained_high_at", p->sustained_high_at);
    hb_exact_f64(j, "sustained_low", p->sustained_low);
    hb_json_ku(j, "sustained_low_at", p->sustained_low_at);
    HB_TRY(trace(w, &p->trace, err));
    hb_json_end(j);
    return HB_OK;
}

static hb_status metric(writer *w, const hb_metric *m, hb_error *err)
{
    hb_json *j = &w->j;
    hb_json_obj(j);
    hb_json_kb(j, "declared", m->declared);
    hb_json_ku(j, "flags", m->flags);
    hb_json_kb(j, "has_value", m->has_value);
    hb_exact_text(j, "name", m->name);
    hb_json_key(j, "profile");
    HB_TRY(profile(w, &m->profile, err));
    hb_exact_text(j, "raw_name", m->raw_name);
    hb_exact_text(j, "raw_unit", m->raw_unit);
    hb_json_kc(j, "reduce", hb_reduce_name(m->reduce));
    hb_json_key(j, "rejects");
    hb_json_arr(j);
    for (size_t i = 0; i < m->n_reject_examples; i++) {
        hb_json_obj(j);
        hb_json_ku(j, "line", m->rejects[i].line);
        hb_exact_text(j, "reason", m->rejects[i].reason);
        hb_exact_text(j, "text", m->rejects[i].text);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kb(j, "stated", m->stated);
    hb_exact_f64(j, "step", m->step);
    hb_exact_text(j, "unit", m->unit);
    hb_exact_f64(j, "value", m->value);
    hb_json_end(j);
    return hb_buf_check(j->out, err);
}

static void input(hb_json *j, const hb_input_file *f)
{
    hb_json_obj(j);
    hb_json_ku(j, "bytes", f->bytes);
    hb_exact_text(j, "format", f->format);
    hb_json_key(j, "guesses");
    hb_json_arr(j);
    for (size_t i = 0; i < f->n_guesses; i++) {
        hb_json_obj(j);
        hb_exact_text(j, "value", f->guesses[i].value);
        hb_exact_text(j, "what", f->guesses[i].what);
        hb_exact_text(j, "why", f->guesses[i].why);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_exact_text(j, "layout", f->layout);
    hb_exact_text(j, "name", f->name);
    hb_exact_text(j, "path", f->path);
    hb_json_key(j, "rejects");
    hb_json_arr(j);
    for (size_t i = 0; i < f->n_rejects; i++) {
        hb_json_obj(j);
        hb_json_ku(j, "n", f->rejects[i].n);
        hb_exact_text(j, "reason", f->rejects[i].reason);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_ku(j, "rows", f->rows);
    hb_json_kc(j, "sha256", f->sha256);
    hb_json_end(j);
}

/* The digest of what stands here, which a converted reference does not carry itself. */
static hb_status content_digest(const hb_run *run, char ret[65], hb_error *err)
{
    hb_run copy = *run;
    HB_TRY(hb_run_set_digest(&copy, err));
    memcpy(ret, copy.digest, 65);
    return HB_OK;
}

static hb_status document(writer *w, const hb_run *run, hb_error *err)
{
    hb_json *j = &w->j;
    char content[65];
    HB_TRY(content_digest(run, content, err));
    hb_json_obj(j);
    hb_json_kc(j, "content_sha256", content);
    hb_json_kc(j, "digest", run->digest);
    hb_exact_time(j, "first_ns", run->t_first);
    hb_json_kc(j, "format", "hb-run/1");
    hb_json_key(j, "inputs");
    hb_json_arr(j);
    for (size_t i = 0; i < run->n_inputs; i++) {
        input(j, &run->inputs[i]);
    }
    hb_json_end(j);
    hb_exact_time(j, "last_ns", run->t_last);
    hb_json_key(j, "meta");
    hb_meta_put(j, &run->meta);
    hb_json_key(j, "metrics");
    hb_json_arr(j);
    for (size_t i = 0; i < run->n_metrics; i++) {
        HB_TRY(metric(w, &run->metrics[i], err));
    }
    hb_json_end(j);
    hb_json_key(j, "warnings");
    hb_json_arr(j);
    for (size_t i = 0; i < run->n_warnings; i++) {
        hb_exact_text(j, NULL, run->warnings[i]);
    }
    hb_json_end(j);
    hb_json_end(j);
    return hb_json_done(j, err);
}

hb_status hb_run_json(const hb_run *run, hb_buf *out, hb_error *err)
{
    writer w;
    hb_json_init(&w.j, out, HB_JSON_CANONICAL);
    hb_buf_init(&w.plain, PROFILE_MAX_BYTES);
    hb_status status = document(&w, run, err);
    hb_buf_release(&w.plain);
    return status;
}
