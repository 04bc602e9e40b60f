/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_history.h"

#include "base/json_write.h"
#include "cli/table.h"
#include "cli/view_reading.h"
#include "decide/findings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLOT_HEIGHT = 11, PLOT_WIDTH = 64, CELL = 64, WRAP = 78 };

static void date_of(hb_time t, char out[HB_TIME_TEXT])
{
    if (t == HB_TIME_NONE) {
        out[0] = '\0';
        return;
    }
    hb_time_print(t, out);
    out[10] = '\0';
}

static void wrapped(hb_buf *out, const char *head, const char *text)
{
    size_t column = strlen(head);
    hb_buf_c(out, head);
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " ");
        char copy[256];
        snprintf(copy, sizeof copy, "%.*s", (int)(n < 255 ? n : 255), word);
        bool first = word == text;
        if (!first && column + n + 1 > WRAP) {
            hb_buf_c(out, "\n    ");
            column = 4;
        } else if (!first) {
            hb_buf_ch(out, ' ');
            column++;
        }
        hb_buf_shown(out, copy);
        column += n;
        word += n;
        word += strspn(word, " ");
    }
    hb_buf_ch(out, '\n');
}

/* --- the plot --- */

typedef struct plot {
    char cell[PLOT_HEIGHT][PLOT_WIDTH];
    size_t width;
    double low;
    double high;
} plot;

static size_t column_of(const plot *g, size_t run, size_t n_runs)
{
    return n_runs <= g->width ? run : run * g->width / n_runs;
}

static bool row_of(const plot *g, double v, size_t *ret)
{
    if (!(v >= g->low && v <= g->high)) {
        return false;
    }
    double share = g->high > g->low ? (v / 2 - g->low / 2) / (g->high / 2 - g->low / 2) : 0.5;
    *ret = (size_t)((1 - share) * (PLOT_HEIGHT - 1) + 0.5);
    return true;
}

static void limit_line(plot *g, hb_opt_f64 limit)
{
    size_t row = 0;
    if (limit.set && row_of(g, limit.v, &row)) {
        memset(g->cell[row], '-', g->width);
    }
}

static void change_column(plot *g, const hb_history_view *v, const hb_change_point *c)
{
    for (size_t i = 0; i < v->set->n_runs; i++) {
        if (strcmp(v->set->runs[i].run_id, c->run_id) == 0) {
            size_t column = column_of(g, i, v->set->n_runs);
            for (size_t r = 0; r < PLOT_HEIGHT; r++) {
                g->cell[r][column] = ':';
            }
        }
    }
}

/* Values, and a limit that is not further off than the values reach. */
static void scale(plot *g, const hb_history_view *v, const hb_history_metric *m)
{
    g->low = INFINITY;
    g->high = -INFINITY;
    for (size_t i = 0; i < v->set->n_runs; i++) {
        double x = m->metric->values[i];
        g->low = isfinite(x) && x < g->low ? x : g->low;
        g->high = isfinite(x) && x > g->high ? x : g->high;
    }
    double room = g->high - g->low;
    const hb_opt_f64 limits[] = {m->def ? m->def->invariant_min : (hb_opt_f64){0},
                                 m->def ? m->def->invariant_max : (hb_opt_f64){0},
                                 m->def ? m->def->fail_threshold : (hb_opt_f64){0}};
    double low = g->low;
    double high = g->high;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        double x = limits[i].v;
        if (limits[i].set && x >= low - room && x <= high + room) {
            g->low = x < g->low ? x : g->low;
            g->high = x > g->high ? x : g->high;
        }
    }
}

static void edge(double v, char out[CELL])
{
    snprintf(out, CELL, "%10.5g", v);
}

static void print_plot(const plot *g, const hb_history_view *v, hb_buf *out)
{
    char first[HB_TIME_TEXT];
    char last[HB_TIME_TEXT];
    for (size_t r = 0; r < PLOT_HEIGHT; r++) {
        char label[CELL] = "          ";
        if (r % 5 == 0) {
            double share = (double)r / (PLOT_HEIGHT - 1);
            edge(g->high * (1 - share) + g->low * share, label);
        }
        size_t end = g->width;
        while (end && g->cell[r][end - 1] == ' ') {
            end--;
        }
        hb_buf_fmt(out, "%s |%.*s\n", label, (int)end, g->cell[r]);
    }
    hb_buf_c(out, "           +");
    for (size_t k = 0; k < g->width; k++) {
        hb_buf_ch(out, '-');
    }
    date_of(v->set->runs[0].start, first);
    date_of(v->set->runs[v->set->n_runs - 1].start, last);
    size_t used = strlen(first) + strlen(last);
    int gap = g->width > used ? (int)(g->width - used) : 1;
    hb_buf_fmt(out, "\n            %s%*s%s\n", first, gap, "", last);
}

static void draw(const hb_history_view *v, const hb_history_metric *m, hb_buf *out)
{
    plot g = {.width = v->set->n_runs < PLOT_WIDTH ? v->set->n_runs : PLOT_WIDTH};
    memset(g.cell, ' ', sizeof g.cell);
    scale(&g, v, m);
    if (!isfinite(g.low)) {
        return;
    }
    if (m->def) {
        limit_line(&g, m->def->invariant_min);
        limit_line(&g, m->def->invariant_max);
        limit_line(&g, m->def->fail_threshold);
    }
    for (size_t i = 0; i < m->n_changes; i++) {
        change_column(&g, v, &m->changes[i]);
    }
    for (size_t i = 0; i < v->set->n_runs; i++) {
        size_t row = 0;
        if (row_of(&g, m->metric->values[i], &row)) {
            g.cell[row][column_of(&g, i, v->set->n_runs)] = '*';
        }
    }
    print_plot(&g, v, out);
}

/* --- text --- */

static void put_limit(hb_buf *out, const char *words, hb_opt_f64 limit, const char *unit, bool *any)
{
    char fig[HB_FIGURE_TEXT];
    if (limit.set) {
        hb_buf_fmt(out, "%s%s %s", *any ? ", " : "limits: ", words, hb_figure(limit.v, unit, fig));
        *any = true;
    }
}

static void limits(const hb_history_metric *m, hb_buf *out)
{
    bool any = false;
    if (!m->def) {
        return;
    }
    put_limit(out, "at least", m->def->invariant_min, m->metric->unit, &any);
    put_limit(out, "at most", m->def->invariant_max, m->metric->unit, &any);
    put_limit(out, "fails over", m->def->fail_threshold, m->metric->unit, &any);
    put_limit(out, "change by", m->def->drift_threshold, m->metric->unit, &any);
    put_limit(out, "change by", m->def->drift_percent, "%", &any);
    hb_buf_c(out, any ? "\n" : "");
}

static void whole(const hb_history_view *v, const hb_history_metric *m, hb_buf *out)
{
    const hb_past_metric *p = m->metric;
    hb_buf_ch(out, '\n');
    hb_buf_shown(out, p->name);
    hb_buf_c(out, *p->unit ? " in " : "");
    hb_buf_shown(out, p->unit);
    hb_buf_fmt(out, ", %zu of %zu runs have a value\n", p->n, v->set->n_runs);
    draw(v, m, out);
    limits(m, out);
    for (size_t i = 0; i < m->n_changes; i++) {
        wrapped(out, "change: ", m->changes[i].text);
    }
    if (m->n_changes == 0) {
        hb_buf_fmt(out,
                   p->n < 10 ? "change: not looked for, it takes 10 runs\n"
                             : "change: none at p <= %g\n",
                   v->level);
    }
    for (size_t i = 0; i < m->n_attributions; i++) {
        wrapped(out, "factor: ", m->attributions[i].text);
    }
}

static hb_status table(const hb_history_view *v, hb_buf *out, hb_error *err)
{
    static const char *const heads[] = {"METRIC", "UNIT",    "RUNS", "FIRST",
                                        "LAST",   "HISTORY", "SINCE"};
    hb_table_text t;
    hb_table_text_begin(&t, heads, 7);
    for (size_t i = 0; i < v->n_metrics; i++) {
        const hb_history_metric *m = &v->metrics[i];
        const hb_past_metric *p = m->metric;
        double first = NAN;
        double last = NAN;
        for (size_t r = 0; r < v->set->n_runs; r++) {
            bool usable = isfinite(p->values[r]);
            first = usable && isnan(first) ? p->values[r] : first;
            last = usable ? p->values[r] : last;
        }
        hb_buf spark;
        hb_buf_init(&spark, 1 << 12);
        hb_spark_values(p->values, v->set->n_runs, v->ascii, &spark);
        char n[CELL];
        char from[CELL];
        char to[CELL];
        snprintf(n, sizeof n, "%zu", p->n);
        snprintf(from, sizeof from, "%.5g", first);
        snprintf(to, sizeof to, "%.5g", last);
        const char *cells[] = {p->name,
                               p->unit,
                               n,
                               isnan(first) ? "" : from,
                               isnan(last) ? "" : to,
                               spark.p,
                               m->n_changes ? m->changes[0].run_id : ""};
        hb_table_text_row(&t, cells);
        hb_buf_release(&spark);
    }
    return hb_table_text_end(&t, out, err);
}

hb_status hb_view_history_text(const hb_history_view *v, hb_buf *out, hb_error *err)
{
    const hb_run_meta *m = &v->newest->meta;
    hb_buf_fmt(out, "%zu run%s of program '", v->set->n_runs, v->set->n_runs == 1 ? "" : "s");
    hb_buf_shown(out, m->program);
    hb_buf_c(out, "', subsystem '");
    hb_buf_shown(out, m->subsystem);
    hb_buf_c(out, "', test '");
    hb_buf_shown(out, m->test_name);
    hb_buf_c(out, "', in the context of ");
    hb_buf_shown(out, m->run_id);
    hb_buf_ch(out, '\n');
    if (!v->all) {
        for (size_t i = 0; i < v->n_metrics; i++) {
            whole(v, &v->metrics[i], out);
        }
        return hb_buf_check(out, err);
    }
    HB_TRY(table(v, out, err));
    for (size_t i = 0; i < v->n_metrics; i++) {
        for (size_t k = 0; k < v->metrics[i].n_changes; k++) {
            wrapped(out, "change: ", v->metrics[i].changes[k].text);
        }
    }
    return hb_buf_check(out, err);
}

/* --- JSON --- */

static void figure(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kf(j, key, v.v);
    }
}

static void when(hb_json *j, const char *key, hb_time t)
{
    char text[HB_TIME_TEXT];
    if (t != HB_TIME_NONE) {
        hb_time_print(t, text);
        hb_json_kc(j, key, text);
    }
}

static void json_runs(const hb_run_set *set, hb_json *j)
{
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < set->n_runs; i++) {
        const hb_past_run *r = &set->runs[i];
        hb_json_obj(j);
        hb_json_kc(j, "run_id", r->run_id);
        when(j, "time", r->start);
        hb_json_kc(j, "status", r->status);
        hb_json_kc(j, "build_id", r->meta.build_id);
        hb_json_kc(j, "git_sha", r->meta.git_sha);
        hb_json_key(j, "factors");
        hb_json_obj(j);
        for (size_t f = 0; f < r->meta.n_factors; f++) {
            hb_json_kc(j, r->meta.factors[f].name, r->meta.factors[f].value);
        }
        hb_json_end(j);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void json_change(const hb_change_point *c, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "run_id", c->run_id);
    when(j, "time", c->time);
    hb_json_ku(j, "n", c->n);
    hb_json_kf(j, "before", c->before);
    hb_json_kf(j, "after", c->after);
    hb_json_kf(j, "p", c->p);
    hb_json_ku(j, "permutations", c->permutations);
    hb_json_ku(j, "seed", c->seed);
    hb_json_kb(j, "ramp", c->ramp);
    hb_json_kf(j, "per_run", c->per_run);
    hb_json_kc(j, "with", c->with);
    hb_json_kc(j, "text", c->text);
    hb_json_end(j);
}

static void json_attribution(const hb_attribution *a, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "factor", a->factor);
    hb_json_ku(j, "levels", a->levels);
    hb_json_kb(j, "told", a->told);
    hb_json_kf(j, "variance_share", a->variance_share);
    hb_json_kf(j, "p", a->p);
    hb_json_kc(j, "confounded", a->confounded);
    hb_json_kc(j, "text", a->text);
    hb_json_end(j);
}

static void json_metric(const hb_history_view *v, const hb_history_metric *m, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "metric", m->metric->name);
    hb_json_kc(j, "unit", m->metric->unit);
    hb_json_ku(j, "n", m->metric->n);
    hb_json_key(j, "values");
    hb_json_arr(j);
    for (size_t i = 0; i < v->set->n_runs; i++) {
        if (isfinite(m->metric->values[i])) {
            hb_json_f64(j, m->metric->values[i]);
        } else {
            hb_json_null(j);
        }
    }
    hb_json_end(j);
    hb_json_key(j, "limits");
    hb_json_obj(j);
    if (m->def) {
        figure(j, "invariant_min", m->def->invariant_min);
        figure(j, "invariant_max", m->def->invariant_max);
        figure(j, "fail_threshold", m->def->fail_threshold);
        figure(j, "drift_threshold", m->def->drift_threshold);
        figure(j, "drift_percent", m->def->drift_percent);
    }
    hb_json_end(j);
    hb_json_key(j, "changes");
    hb_json_arr(j);
    for (size_t i = 0; i < m->n_changes; i++) {
        json_change(&m->changes[i], j);
    }
    hb_json_end(j);
    hb_json_key(j, "attributions");
    hb_json_arr(j);
    for (size_t i = 0; i < m->n_attributions; i++) {
        json_attribution(&m->attributions[i], j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

hb_status hb_view_history_json(const hb_history_view *v, hb_buf *out, hb_error *err)
{
    const hb_run_meta *m = &v->newest->meta;
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-history/1");
    hb_json_kc(&j, "program", m->program);
    hb_json_kc(&j, "subsystem", m->subsystem);
    hb_json_kc(&j, "test_name", m->test_name);
    hb_json_kc(&j, "newest_run", m->run_id);
    hb_json_kf(&j, "level", v->level);
    json_runs(v->set, &j);
    hb_json_key(&j, "metrics");
    hb_json_arr(&j);
    for (size_t i = 0; i < v->n_metrics; i++) {
        json_metric(v, &v->metrics[i], &j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
