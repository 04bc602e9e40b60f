/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_run.h"

#include "base/json_write.h"
#include "cli/table.h"
#include "cli/view_judged.h"
#include "report/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *value_from(const hb_metric *m)
{
    return m->flags & HB_METRIC_FROM_EVENTS ? "events"
           : m->stated                      ? "stated"
                                            : hb_reduce_name(m->reduce);
}

static const char *figure(double v, char out[32])
{
    if (isnan(v)) {
        return "";
    }
    snprintf(out, 32, "%.6g", v == 0 ? 0.0 : v);
    return out;
}

static const char *count(uint64_t n, char out[32])
{
    snprintf(out, 32, "%llu", (unsigned long long)n);
    return n ? out : "0";
}

static void identity(const hb_run *run, hb_buf *out)
{
    const hb_run_meta *m = &run->meta;
    const struct {
        const char *name;
        const char *value;
    } rows[] = {{"run", m->run_id},           {"program", m->program}, {"subsystem", m->subsystem},
                {"test", m->test_name},       {"build", m->build_id},  {"git", m->git_sha},
                {"source", m->source_system}, {"digest", run->digest}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (*rows[i].value) {
            hb_buf_fmt(out, "%-12s%s\n", rows[i].name, rows[i].value);
        }
    }
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (*m->context[f]) {
            hb_buf_fmt(out, "%s: %s\n", hb_context_name((hb_context_field)f), m->context[f]);
        }
    }
    char from[HB_FIG];
    char to[HB_FIG];
    if (run->t_first != HB_TIME_NONE) {
        hb_buf_fmt(out, "samples from %s to %s\n", hb_fig_time(run->t_first, from),
                   hb_fig_time(run->t_last, to));
    }
}

static void guesses(const hb_input_file *f, hb_buf *out)
{
    for (size_t k = 0; k < f->n_guesses; k++) {
        hb_buf_fmt(out, "  %s: %s (%s)\n", f->guesses[k].what, f->guesses[k].value,
                   f->guesses[k].why);
    }
}

static void not_used(const hb_input_file *f, hb_buf *out)
{
    for (size_t k = 0; k < f->n_rejects; k++) {
        hb_buf_fmt(out, "  not used: %llu × %s\n", (unsigned long long)f->rejects[k].n,
                   f->rejects[k].reason);
    }
}

static void file_head(const hb_input_file *f, hb_buf *out)
{
    hb_buf_fmt(out, "\nfile %s: %s, %s, %llu rows, %llu bytes\n", f->path, f->format, f->layout,
               (unsigned long long)f->rows, (unsigned long long)f->bytes);
}

static void warnings(const hb_run *run, hb_buf *out)
{
    for (size_t i = 0; i < run->n_warnings; i++) {
        hb_buf_fmt(out, "  warning: %s\n", run->warnings[i]);
    }
}

static void files(const hb_run *run, hb_buf *out)
{
    for (size_t i = 0; i < run->n_inputs; i++) {
        const hb_input_file *f = &run->inputs[i];
        file_head(f, out);
        hb_buf_fmt(out, "  sha256 %s\n", f->sha256);
        guesses(f, out);
        not_used(f, out);
    }
    warnings(run, out);
}

static hb_status metrics(const hb_run *run, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"METRIC", "UNIT", "VALUE", "HOW",     "N",       "MEAN",
                                       "SD",     "MIN",  "MAX",   "MISSING", "REJECTED"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 11);
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        if (m->flags & HB_METRIC_TEXT) {
            continue;
        }
        const hb_profile *p = &m->profile;
        char text[8][32];
        bool any = p->moments.n > 0;
        const char *cells[] = {
            m->name,
            m->unit,
            m->has_value ? figure(m->value, text[0]) : "none",
            value_from(m),
            count(p->moments.n, text[1]),
            any ? figure(hb_moments_mean(&p->moments), text[2]) : "",
            any ? figure(hb_moments_sd(&p->moments), text[3]) : "",
            any ? figure(p->moments.min, text[4]) : "",
            any ? figure(p->moments.max, text[5]) : "",
            count(p->n_missing + p->n_inf, text[6]),
            count(p->n_rejected, text[7]),
        };
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, out, err);
}

static void rejects(const hb_run *run, hb_buf *out)
{
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        if (m->flags & HB_METRIC_TEXT) {
            continue;
        }
        for (size_t k = 0; k < m->n_reject_examples; k++) {
            hb_buf_fmt(out, "%s'%s' in %s, line %llu: %s\n", k || i ? "" : "\n", m->rejects[k].text,
                       m->name, (unsigned long long)m->rejects[k].line, m->rejects[k].reason);
        }
    }
}

static void event_rejects(const hb_run *run, hb_buf *out)
{
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        for (size_t k = 0; m->flags & HB_METRIC_FROM_EVENTS && k < m->n_reject_examples; k++) {
            hb_buf_fmt(out, "  '%s' for %s, line %llu: %s\n", m->rejects[k].text, m->name,
                       (unsigned long long)m->rejects[k].line, m->rejects[k].reason);
        }
    }
}

void hb_view_run_brief(const hb_run *run, const char *const *shown, size_t n_shown, hb_buf *out)
{
    identity(run, out);
    for (size_t i = 0; i < run->n_inputs; i++) {
        const hb_input_file *f = &run->inputs[i];
        bool told = false;
        for (size_t k = 0; k < n_shown; k++) {
            told = told || strcmp(shown[k], f->path) == 0;
        }
        if (!told) {
            file_head(f, out);
            guesses(f, out);
        }
        not_used(f, out);
    }
    event_rejects(run, out);
    warnings(run, out);
}

hb_status hb_view_run_text(const hb_run *run, hb_buf *out, hb_error *err)
{
    identity(run, out);
    files(run, out);
    hb_buf_ch(out, '\n');
    HB_TRY(metrics(run, out, err));
    rejects(run, out);
    return hb_buf_check(out, err);
}

static void json_file(hb_json *j, const hb_input_file *f)
{
    hb_json_obj(j);
    hb_json_kc(j, "path", f->path);
    hb_json_kc(j, "format", f->format);
    hb_json_kc(j, "layout", f->layout);
    hb_json_ku(j, "rows", f->rows);
    hb_json_ku(j, "bytes", f->bytes);
    hb_json_kc(j, "sha256", f->sha256);
    hb_json_key(j, "guesses");
    hb_json_arr(j);
    for (size_t k = 0; k < f->n_guesses; k++) {
        hb_json_obj(j);
        hb_json_kc(j, "what", f->guesses[k].what);
        hb_json_kc(j, "value", f->guesses[k].value);
        hb_json_kc(j, "why", f->guesses[k].why);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_key(j, "rejects");
    hb_json_obj(j);
    for (size_t k = 0; k < f->n_rejects; k++) {
        hb_json_ku(j, f->rejects[k].reason, f->rejects[k].n);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void json_figure(hb_json *j, const char *key, double v)
{
    hb_json_key(j, key);
    if (isnan(v)) {
        hb_json_null(j);
    } else {
        hb_json_f64(j, v);
    }
}

void hb_view_metric_members(const hb_metric *m, hb_json *j)
{
    const hb_profile *p = &m->profile;
    hb_json_kc(j, "name", m->name);
    hb_json_kc(j, "raw_name", m->raw_name);
    hb_json_kb(j, "declared", m->declared);
    hb_json_kc(j, "value_from", value_from(m));
    hb_json_ku(j, "n", p->moments.n);
    hb_json_ku(j, "n_missing", p->n_missing);
    hb_json_ku(j, "n_nan", p->n_nan);
    hb_json_ku(j, "n_inf", p->n_inf);
    hb_json_ku(j, "n_rejected", p->n_rejected);
    if (p->moments.n) {
        json_figure(j, "mean", hb_moments_mean(&p->moments));
        json_figure(j, "std_sample", hb_moments_sd(&p->moments));
        json_figure(j, "min", p->moments.min);
        json_figure(j, "max", p->moments.max);
        json_figure(j, "first", p->moments.first);
        json_figure(j, "last", p->moments.last);
        json_figure(j, "p50", hb_profile_quantile(p, 0.5));
        json_figure(j, "p95", hb_profile_quantile(p, 0.95));
        json_figure(j, "p99", hb_profile_quantile(p, 0.99));
        json_figure(j, "rank_error", hb_sketch_rank_error(p->sketch));
        json_figure(j, "lag1", hb_moments_lag1(&p->moments));
        json_figure(j, "coverage", hb_profile_coverage(p));
    }
    hb_json_key(j, "reject_examples");
    hb_json_arr(j);
    for (size_t k = 0; k < m->n_reject_examples; k++) {
        hb_json_obj(j);
        hb_json_kc(j, "text", m->rejects[k].text);
        hb_json_ku(j, "line", m->rejects[k].line);
        hb_json_kc(j, "reason", m->rejects[k].reason);
        hb_json_end(j);
    }
    hb_json_end(j);
}

void hb_view_run_members(const hb_run *run, hb_json *j)
{
    const hb_run_meta *m = &run->meta;
    hb_json_kc(j, "run_id", m->run_id);
    hb_json_kc(j, "program", m->program);
    hb_json_kc(j, "subsystem", m->subsystem);
    hb_json_kc(j, "test_name", m->test_name);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        hb_json_kc(j, hb_context_name((hb_context_field)f), m->context[f]);
    }
    hb_json_kc(j, "source_system", m->source_system);
    hb_json_kc(j, "digest", run->digest);
    hb_json_kt(j, "first_sample", run->t_first);
    hb_json_kt(j, "last_sample", run->t_last);
    hb_json_key(j, "files");
    hb_json_arr(j);
    for (size_t i = 0; i < run->n_inputs; i++) {
        json_file(j, &run->inputs[i]);
    }
    hb_json_end(j);
    hb_json_key(j, "warnings");
    hb_json_arr(j);
    for (size_t i = 0; i < run->n_warnings; i++) {
        hb_json_c(j, run->warnings[i]);
    }
    hb_json_end(j);
}

hb_status hb_view_run_json(const hb_run *run, const hb_judged *judged, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_view_run_members(run, &j);
    if (judged) {
        hb_view_judged_json(judged, &j);
    }
    hb_json_key(&j, "metrics");
    hb_json_arr(&j);
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        if (!(m->flags & HB_METRIC_TEXT)) {
            hb_json_obj(&j);
            hb_view_metric_members(m, &j);
            hb_json_kc(&j, "unit", m->unit);
            json_figure(&j, "value", m->has_value ? m->value : NAN);
            hb_json_end(&j);
        }
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
