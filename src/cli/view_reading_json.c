/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_reading.h"

#include "base/json_write.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/view_run.h"
#include "input/csv/sniff.h"
#include "os/file.h"
#include "telemetry/run_builder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void figure(hb_json *j, const char *key, double v, bool known)
{
    hb_json_key(j, key);
    if (known && isfinite(v)) {
        hb_json_f64(j, v);
    } else {
        hb_json_null(j);
    }
}

static void line(hb_json *j, const char *key, uint64_t n)
{
    hb_json_key(j, key);
    if (n) {
        hb_json_u64(j, n);
    } else {
        hb_json_null(j);
    }
}

/* Nanoseconds are JSON integers whatever their size: the documents they are compared with have them
 * so, and a text would have to be read twice. */
static void nanoseconds(hb_json *j, const char *key, bool known, int64_t ns)
{
    char text[24];
    hb_json_key(j, key);
    if (known) {
        hb_json_raw(j, (hb_str){text, (size_t)snprintf(text, sizeof text, "%lld", (long long)ns)});
    } else {
        hb_json_null(j);
    }
}

static void text_or_null(hb_json *j, const char *key, const char *text)
{
    hb_json_kc(j, key, text && *text ? text : NULL);
}

static void text_list(hb_json *j, const char *key, const char *const *v, size_t n)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_c(j, v[i]);
    }
    hb_json_end(j);
}

static void shape(hb_json *j, const hb_reading *r)
{
    const hb_reading_shape *s = &r->shape;
    char delimiter[2] = {s->delimiter, '\0'};
    char decimal[2] = {s->decimal ? s->decimal : '.', '\0'};
    hb_json_key(j, "format");
    hb_json_obj(j);
    hb_json_kc(j, "name", r->format);
    hb_json_kc(j, "layout", r->layout);
    text_or_null(j, "delimiter", s->delimiter == HB_DELIMITER_BLANKS ? "whitespace" : delimiter);
    hb_json_kc(j, "decimal", decimal);
    text_or_null(j, "thousands", s->group);
    text_or_null(j, "encoding", s->encoding);
    text_or_null(j, "eol", s->eol);
    text_or_null(j, "compression", r->compression);
    text_or_null(j, "container", s->container);
    text_or_null(j, "sheet", s->sheet);
    line(j, "group_line", s->group_line);
    line(j, "header_line", s->header_line);
    line(j, "units_line", s->units_line);
    line(j, "data_first_line", s->data_first_line);
    line(j, "data_last_line", s->data_last_line);
    line(j, "footer_line", s->footer_line);
    hb_json_ku(j, "footer_rows", s->footer_rows);
    text_or_null(j, "comment_signs", s->comment_signs);
    hb_json_ku(j, "comment_lines", s->comment_lines);
    if (s->sheet) {
        text_list(j, "sheets", s->sheets, s->n_sheets);
        text_list(j, "hidden_sheets", s->hidden_sheets, s->n_hidden_sheets);
    }
    hb_json_end(j);
}

static void segments(hb_json *j, const hb_reading *r)
{
    hb_json_key(j, "segments");
    if (r->n_segments == 0) {
        hb_json_null(j);
        return;
    }
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_segments; i++) {
        const hb_segment *s = &r->segments[i];
        hb_json_obj(j);
        hb_json_ku(j, "segment", i + 1);
        line(j, "header_line", s->header_line);
        line(j, "data_first_line", s->data_first_line);
        hb_json_ku(j, "rows_data", s->rows);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void time_members(hb_json *j, const hb_reading_time *t)
{
    static const char *const kinds[] = {[HB_AXIS_NONE] = "none",
                                        [HB_AXIS_UTC] = "absolute_utc",
                                        [HB_AXIS_LOCAL] = "absolute_local",
                                        [HB_AXIS_ELAPSED] = "elapsed"};
    const hb_time_summary *s = &t->summary;
    bool any = s->n_parsed > 0;
    bool elapsed = t->rule.kind == HB_AXIS_ELAPSED;
    double rate = hb_reading_rate_hz(s);
    hb_json_kc(j, "column", t->column);
    hb_json_kc(j, "kind", kinds[t->rule.kind]);
    text_or_null(j, "notation", t->rule.notation);
    text_or_null(j, "zone", t->rule.zone);
    nanoseconds(j, "first_utc_ns", any && !elapsed, s->first);
    nanoseconds(j, "last_utc_ns", any && !elapsed, s->last);
    nanoseconds(j, "first_rel_ns", any && elapsed, s->first);
    nanoseconds(j, "last_rel_ns", any && elapsed, s->last);
    hb_json_kc(j, "monotonic", hb_reading_order(s));
    hb_json_ku(j, "n_parsed", s->n_parsed);
    hb_json_ku(j, "n_unparsed", s->n_unparsed);
    hb_json_ku(j, "n_equal_steps", s->n_equal);
    hb_json_ku(j, "n_backward_steps", s->n_backward);
    nanoseconds(j, "median_positive_step_ns", s->median_step_ns > 0, s->median_step_ns);
    hb_json_ku(j, "n_gaps", s->n_gaps);
    hb_json_kb(j, "exact", s->exact);
    figure(j, "sampling_rate_hz", rate, rate > 0);
    figure(j, "confidence", t->rule.confidence, true);
    text_or_null(j, "why", t->rule.why);
    text_or_null(j, "alternative", t->rule.alternative);
    hb_json_kb(j, "ambiguous", t->rule.ambiguous);
}

static void times(hb_json *j, const hb_reading *r)
{
    double rate = r->n_times ? hb_reading_rate_hz(&r->times[0].summary) : 0;
    hb_json_key(j, "time");
    if (r->n_times) {
        hb_json_obj(j);
        time_members(j, &r->times[0]);
        hb_json_end(j);
    } else {
        hb_json_null(j);
    }
    if (r->n_times > 1) {
        hb_json_key(j, "time_columns");
        hb_json_arr(j);
        for (size_t i = 0; i < r->n_times; i++) {
            hb_json_obj(j);
            time_members(j, &r->times[i]);
            hb_json_end(j);
        }
        hb_json_end(j);
    }
    figure(j, "sampling_rate_hz", rate, rate > 0);
}

static void statistics(hb_json *j, const hb_moments *m, bool known)
{
    bool any = known && m->n > 0;
    figure(j, "min", m->min, any);
    figure(j, "max", m->max, any);
    figure(j, "mean", any ? hb_moments_mean(m) : 0, any);
    figure(j, "std_sample", any ? hb_moments_sd(m) : 0, any && m->n > 1);
}

static void column(hb_json *j, const hb_reading_column *c)
{
    static const char *const kinds[HB_COLUMN_COUNT_] = {
        [HB_COLUMN_NUMBER] = "number", [HB_COLUMN_BOOL] = "bool",       [HB_COLUMN_TIME] = "time",
        [HB_COLUMN_TEXT] = "text",     [HB_COLUMN_IGNORED] = "ignored",
    };
    hb_json_obj(j);
    hb_json_ku(j, "index", c->field);
    hb_json_kc(j, "name", c->name);
    hb_json_kc(j, "label", c->label);
    text_or_null(j, "group", c->group);
    hb_json_kc(j, "unit", c->unit);
    text_or_null(j, "unit_from", c->unit_how);
    figure(j, "unit_confidence", c->unit_confidence, c->unit_how != NULL);
    hb_json_kc(j, "kind", kinds[c->kind]);
    hb_json_ku(j, "n_numeric", c->kind == HB_COLUMN_TEXT ? 0 : c->n_numeric);
    hb_json_ku(j, "n_missing", c->n_missing);
    hb_json_ku(j, "n_rejected", c->n_rejected);
    hb_json_ku(j, "n_nan", c->n_nan);
    hb_json_ku(j, "n_inf", c->n_inf);
    statistics(j, &c->moments, c->measured);
    figure(j, "confidence", c->confidence, true);
    hb_json_kc(j, "certainty", hb_reading_sure(c->confidence));
    text_or_null(j, "why", c->why);
    text_or_null(j, "alternative", c->alternative);
    hb_json_key(j, "reject_examples");
    hb_json_arr(j);
    for (size_t k = 0; k < c->n_examples; k++) {
        hb_json_obj(j);
        hb_json_kc(j, "text", c->examples[k].text);
        hb_json_ku(j, "line", c->examples[k].line);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void guesses(hb_json *j, const hb_reading *r)
{
    hb_json_key(j, "guesses");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_guesses; i++) {
        const hb_reading_guess *g = &r->guesses[i];
        hb_json_obj(j);
        hb_json_kc(j, "what", g->what);
        hb_json_kc(j, "value", g->value);
        hb_json_kc(j, "why", g->why);
        figure(j, "confidence", g->confidence, true);
        text_or_null(j, "certainty", hb_reading_sure(g->confidence));
        hb_json_key(j, "alternatives");
        hb_json_arr(j);
        if (g->alternative) {
            hb_json_c(j, g->alternative);
        }
        hb_json_end(j);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_key(j, "ambiguous");
    hb_json_arr(j);
    if (r->ambiguous) {
        hb_json_c(j, r->ambiguous);
    }
    hb_json_end(j);
}

static void rejects(hb_json *j, const hb_reading *r)
{
    hb_json_key(j, "rejects");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_rejects; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "reason", r->rejects[i].reason);
        hb_json_ku(j, "n", r->rejects[i].n);
        hb_json_ku(j, "first_line", r->rejects[i].line);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void groups(hb_json *j, const hb_reading *r)
{
    if (!r->group_by) {
        return;
    }
    hb_json_key(j, "groups");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_groups; i++) {
        const hb_reading_group *g = &r->groups[i];
        hb_json_obj(j);
        hb_json_key(j, "by");
        hb_json_obj(j);
        hb_json_kc(j, r->group_by, g->name);
        hb_json_end(j);
        hb_json_ku(j, "rows", g->rows);
        hb_json_kc(j, "unit", g->unit);
        hb_json_kc(j, "kind", "number");
        hb_json_ku(j, "n_numeric", g->moments.n);
        hb_json_ku(j, "n_missing", g->n_missing);
        hb_json_ku(j, "n_rejected", g->n_rejected);
        statistics(j, &g->moments, true);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void reading_members(hb_json *j, const hb_reading *r)
{
    hb_json_kc(j, "file", hb_path_base(r->path));
    hb_json_kc(j, "path", r->path);
    hb_json_ku(j, "bytes", r->bytes);
    hb_json_kc(j, "sha256", r->sha256);
    shape(j, r);
    times(j, r);
    hb_json_ku(j, "rows_data", r->rows_data);
    hb_json_key(j, "columns");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_columns; i++) {
        column(j, &r->columns[i]);
    }
    hb_json_end(j);
    segments(j, r);
    groups(j, r);
    text_or_null(j, "other_sheets", r->other_sheets);
    guesses(j, r);
    rejects(j, r);
}

/* Keys an entry of `metrics` has of its own, which a tag of that name does not replace. */
static bool is_own_key(const char *key)
{
    static const char *const own[] = {"metric",
                                      "unit",
                                      "value",
                                      "line",
                                      "tags",
                                      "name",
                                      "raw_name",
                                      "raw_unit",
                                      "declared",
                                      "value_from",
                                      "n",
                                      "n_missing",
                                      "n_nan",
                                      "n_inf",
                                      "n_rejected",
                                      "mean",
                                      "std_sample",
                                      "min",
                                      "max",
                                      "first",
                                      "last",
                                      "p50",
                                      "p95",
                                      "p99",
                                      "rank_error",
                                      "lag1",
                                      "coverage",
                                      "samples_n",
                                      "samples_mean",
                                      "samples_min",
                                      "samples_max",
                                      "reject_examples",
                                      "samples_std_sample"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(own[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void tag(hb_json *j, const hb_reading_tag *t)
{
    hb_json_key(j, t->key);
    if (t->is_text) {
        hb_json_c(j, t->value);
    } else {
        hb_json_raw(j, hb_str_of(t->value));
    }
}

static void tags(hb_json *j, const hb_reading_metric *m)
{
    hb_json_key(j, "tags");
    hb_json_obj(j);
    for (size_t i = 0; i < m->n_tags; i++) {
        tag(j, &m->tags[i]);
    }
    hb_json_end(j);
    for (size_t i = 0; i < m->n_tags; i++) {
        bool again = is_own_key(m->tags[i].key);
        for (size_t k = 0; k < i; k++) {
            again = again || strcmp(m->tags[k].key, m->tags[i].key) == 0;
        }
        if (!again) {
            tag(j, &m->tags[i]);
        }
    }
}

/* From the row's unit to the metric's; where that is not known the row's stands. */
static bool into_unit(const hb_reading_view *v, const hb_reading_metric *row, const hb_metric *m,
                      hb_affine *ret)
{
    *ret = (hb_affine){1, 0};
    return m && m->declared && *m->unit &&
           hb_units_convert(v->units, hb_str_of(row->raw_unit), hb_str_of(m->unit), ret, NULL) ==
               HB_OK;
}

static void metric_row(const hb_reading_view *v, hb_json *j, const hb_reading_metric *row,
                       const hb_metric *m)
{
    hb_affine to;
    const hb_moments *s = &row->samples;
    bool converted = into_unit(v, row, m, &to);
    bool any = s->n > 0;
    double a = to.a * s->min + to.b;
    double b = to.a * s->max + to.b;
    hb_json_obj(j);
    hb_json_kc(j, "metric", row->name);
    bool by_file =
        !converted && (*row->raw_unit || !m); /* else a sheet of units may have said it */
    hb_json_kc(j, "unit", by_file ? row->unit : m->unit);
    hb_json_kc(j, "raw_unit", row->raw_unit);
    figure(j, "value", to.a * row->value + to.b, row->has_value);
    hb_json_ku(j, "samples_n", s->n);
    figure(j, "samples_min", fmin(a, b), any);
    figure(j, "samples_max", fmax(a, b), any);
    figure(j, "samples_mean", any ? to.a * hb_moments_mean(s) + to.b : 0, any);
    figure(j, "samples_std_sample", any ? fabs(to.a) * hb_moments_sd(s) : 0, s->n > 1);
    hb_json_ku(j, "line", row->line);
    tags(j, row);
    if (m) {
        hb_view_metric_members(m, j);
    }
    hb_json_end(j);
}

static void plain_metric(hb_json *j, const hb_metric *m)
{
    hb_json_obj(j);
    hb_view_metric_members(m, j);
    hb_json_kc(j, "unit", m->unit);
    figure(j, "value", m->value, m->has_value);
    hb_json_end(j);
}

static hb_status map_names(const hb_run *run, hb_map *by_name, hb_error *err)
{
    for (size_t i = 0; i < run->n_metrics; i++) {
        HB_TRY(hb_map_put(by_name, hb_str_of(run->metrics[i].raw_name), i, err));
    }
    for (size_t i = 0; i < run->n_metrics; i++) {
        if (!hb_map_get(by_name, hb_str_of(run->metrics[i].name), NULL)) {
            HB_TRY(hb_map_put(by_name, hb_str_of(run->metrics[i].name), i, err));
        }
    }
    return HB_OK;
}

/* Hundreds of bytes for each of up to a million metrics are not kept together. */
static hb_status write_out(const hb_reading_view *v, const hb_json *j, hb_error *err)
{
    enum { ENOUGH = 1 << 20 };
    return v->written && j->out->n >= ENOUGH ? v->written(v->written_ctx, err) : HB_OK;
}

/* A metric table's rows each with the metric they state; then what no row stated (events, other
 * files). */
static hb_status metrics(const hb_reading_view *v, hb_json *j, hb_error *err)
{
    const hb_run *run = v->run;
    hb_map by_name;
    hb_map_init(&by_name, 2 * HB_RUN_MAX_METRICS);
    bool *stated = hb_alloc_zero(run->n_metrics + 1);
    hb_status status = stated ? map_names(run, &by_name, err) : HB_NOMEM(err);
    hb_json_key(j, "metrics");
    hb_json_arr(j);
    for (size_t f = 0; f < v->n && status == HB_OK; f++) {
        const hb_reading *r = v->readings[f];
        for (size_t i = 0; i < r->n_metrics && !r->cut && status == HB_OK; i++) {
            size_t k = 0;
            bool found = hb_map_get(&by_name, hb_str_of(r->metrics[i].name), &k);
            stated[found ? k : run->n_metrics] = true;
            if (found || !v->selected) {
                metric_row(v, j, &r->metrics[i], found ? &run->metrics[k] : NULL);
            }
            status = write_out(v, j, err);
        }
    }
    for (size_t i = 0; i < run->n_metrics && status == HB_OK; i++) {
        if (!stated[i] && !(run->metrics[i].flags & HB_METRIC_TEXT)) {
            plain_metric(j, &run->metrics[i]);
            status = write_out(v, j, err);
        }
    }
    hb_json_end(j);
    hb_map_release(&by_name);
    hb_free(stated);
    return status;
}

hb_status hb_view_reading_json(const hb_reading_view *v, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    if (v->n == 1) {
        reading_members(&j, v->readings[0]);
    } else {
        hb_json_key(&j, "readings");
        hb_json_arr(&j);
        for (size_t i = 0; i < v->n; i++) {
            hb_json_obj(&j);
            reading_members(&j, v->readings[i]);
            hb_json_end(&j);
        }
        hb_json_end(&j);
    }
    hb_view_run_members(v->run, &j);
    HB_TRY(metrics(v, &j, err));
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
