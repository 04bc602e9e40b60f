/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_power.h"

#include "base/json_write.h"
#include "cli/table.h"
#include "decide/decision_json.h"
#include "report/power.h"
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLOT_WIDTH = 60, PLOT_HEIGHT = 11, NAME_WIDTH = 26, CELL = 48, UNTESTED_TOLD = 20 };

bool hb_power_shows(const hb_power_view *v, const char *metric)
{
    bool shown = v->n_names == 0;
    for (size_t i = 0; i < v->n_names && !shown; i++) {
        shown = strcmp(v->names[i], metric) == 0;
    }
    return shown;
}

static void head(const hb_power_view *v, hb_buf *out)
{
    const hb_power_plan *p = v->plan;
    hb_buf_fmt(out, "%zu baseline run%s (", p->set->n_runs, p->set->n_runs == 1 ? "" : "s");
    hb_buf_shown(out, v->set_is);
    hb_buf_fmt(out, "), %zu new run%s\n", p->m, p->m == 1 ? "" : "s judged together");
    hb_buf_fmt(out, "%zu of %zu metrics can be tested; false-alarm budget %.3g %%\n", p->n_testable,
               p->n_metrics, p->budget * 100);
    if (p->n_testable) {
        hb_buf_fmt(out, "a single metric is found below p = %.2g; power wanted %.3g %%\n", p->level,
                   p->wanted * 100);
    }
}

/* Cut to NAME_WIDTH columns. */
static void name_cell(const hb_planned *x, char out[4 * NAME_WIDTH + 8])
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, x->name);
    if (*x->unit) {
        hb_buf_c(&shown, " [");
        hb_buf_shown(&shown, x->unit);
        hb_buf_ch(&shown, ']');
    }
    size_t n = 0;
    size_t col = 0;
    while (n < shown.n && col < NAME_WIDTH) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next((hb_str){shown.p + n, shown.n - n}, &cp);
        n += len ? len : 1;
        col++;
    }
    memcpy(out, shown.p, n);
    snprintf(out + n, 8, "%s", n < shown.n ? "…" : "");
    hb_buf_release(&shown);
}

static const char *needed(uint32_t n, unsigned most, char out[CELL])
{
    snprintf(out, CELL, n ? "%u" : "over %u", n ? n : most);
    return out;
}

static hb_status table(const hb_power_view *v, hb_buf *out, hb_error *err)
{
    static const char *const heads[] = {"METRIC", "RUNS", "S",        "FOUND FROM", "TARGET",
                                        "POWER",  "BASE", "NEW RUNS", "EQUIV"};
    hb_table_text t;
    hb_table_text_begin(&t, heads, 9);
    for (size_t i = 0; i < v->plan->n_metrics; i++) {
        const hb_planned *x = &v->plan->metrics[i];
        if (x->untested != HB_UNTESTED_NO || !hb_power_shows(v, x->name)) {
            continue;
        }
        char name[4 * NAME_WIDTH + 8];
        char text[8][CELL];
        name_cell(x, name);
        snprintf(text[0], CELL, "%zu", x->n0);
        snprintf(text[1], CELL, "%.3g%s%s", x->sd, x->log ? " log" : "", x->governed ? "*" : "");
        snprintf(text[2], CELL, "%.3g (%.3g s)", x->detectable, x->detectable_sigma);
        snprintf(text[3], CELL, "%.3g%s", x->target,
                 x->target_is == HB_TARGET_MIN_EFFECT ? " m"
                 : x->target_is == HB_TARGET_TWO_SD   ? " (2 s)"
                                                      : "");
        snprintf(text[4], CELL, "%.0f %%", x->power * 100);
        text[7][0] = '\0';
        if (x->tost_power.set) {
            snprintf(text[7], CELL, "%.0f %%", x->tost_power.v * 100);
        }
        const char *const cells[] = {name,
                                     text[0],
                                     text[1],
                                     text[2],
                                     text[3],
                                     text[4],
                                     needed(x->runs_needed, 1000, text[5]),
                                     needed(x->new_runs_needed, HB_POWER_NEW_RUNS_MAX, text[6]),
                                     text[7]};
        hb_table_text_row(&t, cells);
    }
    HB_TRY(hb_table_text_end(&t, out, err));
    hb_buf_c(out, "S: run-to-run standard deviation (* with sigma_ref). TARGET: the shift to be\n"
                  "found (m: min_effect). BASE, NEW RUNS: how many it takes of each, the other\n"
                  "kept. EQUIV: power of showing equivalence within min_effect.\n");
    return HB_OK;
}

static void untested(const hb_power_view *v, hb_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v->plan->n_metrics; i++) {
        const hb_planned *x = &v->plan->metrics[i];
        if (x->untested == HB_UNTESTED_NO || !hb_power_shows(v, x->name) || n++ >= UNTESTED_TOLD) {
            continue;
        }
        hb_buf_c(out, "not testable: ");
        hb_buf_shown(out, x->name);
        hb_buf_fmt(out, " (%s", hb_report_untested(x->untested));
        if (x->untested == HB_UNTESTED_FEW) {
            hb_buf_fmt(out, ": %zu of %u", x->n0, v->plan->n_min);
        }
        hb_buf_c(out, ")\n");
    }
    if (n > UNTESTED_TOLD) {
        hb_buf_fmt(out, "… and %zu more that are not testable\n", n - UNTESTED_TOLD);
    }
}

typedef struct plot {
    char cell[PLOT_HEIGHT][PLOT_WIDTH];
} plot;

static void curve(plot *g, size_t column, double power, char mark)
{
    if (isnan(power)) {
        return;
    }
    double row = (1 - power) * (PLOT_HEIGHT - 1) + 0.5;
    size_t r = row < 0 ? 0 : row >= PLOT_HEIGHT ? PLOT_HEIGHT - 1 : (size_t)row;
    g->cell[r][column] = mark;
}

static void print_plot(const plot *g, double wanted, hb_buf *out)
{
    for (size_t r = 0; r < PLOT_HEIGHT; r++) {
        int percent = (int)(100 - 100 * r / (PLOT_HEIGHT - 1));
        bool mark = fabs(percent - wanted * 100) < 50.0 / (PLOT_HEIGHT - 1);
        size_t end = PLOT_WIDTH;
        while (end && g->cell[r][end - 1] == ' ' && !mark) {
            end--;
        }
        hb_buf_fmt(out, "%4d %% |", percent);
        for (size_t k = 0; k < end; k++) {
            hb_buf_ch(out, mark && g->cell[r][k] == ' ' ? '.' : g->cell[r][k]);
        }
        hb_buf_ch(out, '\n');
    }
    hb_buf_c(out, "       +");
    for (size_t k = 0; k < PLOT_WIDTH; k++) {
        hb_buf_ch(out, '-');
    }
    hb_buf_ch(out, '\n');
}

static void axis(const char *low, const char *middle, const char *high, hb_buf *out)
{
    char line[8 + PLOT_WIDTH + 1];
    memset(line, ' ', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    size_t n = strlen(high);
    size_t m = strlen(middle);
    memcpy(line + 8, low, strlen(low));
    memcpy(line + 8 + (PLOT_WIDTH - m) / 2, middle, m);
    memcpy(line + 8 + PLOT_WIDTH - n, high, n);
    hb_buf_fmt(out, "%s\n", line);
}

static void by_shift(const hb_power_plan *p, const hb_planned *x, hb_buf *out)
{
    plot g;
    char high[CELL];
    double most = isfinite(x->detectable_sigma) ? 1.6 * x->detectable_sigma : 20;
    memset(&g, ' ', sizeof g);
    for (size_t k = 0; k < PLOT_WIDTH; k++) {
        double sigmas = most * (double)k / (PLOT_WIDTH - 1);
        curve(&g, k, hb_planned_power(p, x, sigmas, x->n0, hb_power_other_m(p->m)), '+');
        curve(&g, k, hb_planned_power(p, x, sigmas, x->n0, p->m), '*');
    }
    print_plot(&g, p->wanted, out);
    snprintf(high, sizeof high, "%.3g s", most);
    axis("0", "shift", high, out);
}

static void by_runs(const hb_power_plan *p, const hb_planned *x, hb_buf *out)
{
    enum { FEWEST = 2, MOST = 31 };
    plot g;
    double sigmas = x->target * x->detectable_sigma / x->detectable;
    if (!isfinite(sigmas)) {
        return;
    }
    memset(&g, ' ', sizeof g);
    for (size_t k = 0; k < PLOT_WIDTH; k += 2) {
        size_t n = FEWEST + k / 2;
        curve(&g, k, hb_planned_power(p, x, sigmas, n, hb_power_other_m(p->m)), '+');
        curve(&g, k, hb_planned_power(p, x, sigmas, n, p->m), n == x->n0 ? 'o' : '*');
    }
    hb_buf_ch(out, '\n');
    print_plot(&g, p->wanted, out);
    axis("2", "baseline runs, at the target", "31", out);
}

/* Of the first metric that was named, else of the one with least power. */
static void plots(const hb_power_view *v, hb_buf *out)
{
    const hb_planned *x = NULL;
    for (size_t i = 0; i < v->plan->n_metrics && v->n_names && !x; i++) {
        const hb_planned *m = &v->plan->metrics[i];
        x = m->untested == HB_UNTESTED_NO && hb_power_shows(v, m->name) ? m : NULL;
    }
    if (!v->n_names && hb_power_worst(v->plan, &x, 1) == 0) {
        return;
    }
    if (!x) {
        return;
    }
    hb_buf_c(out, "\npower for ");
    hb_buf_shown(out, x->name);
    hb_buf_fmt(out, ": * %zu new run%s, + %zu%s\n", v->plan->m, v->plan->m == 1 ? "" : "s",
               hb_power_other_m(v->plan->m), x->n0 <= 31 ? ", o today" : "");
    by_shift(v->plan, x, out);
    by_runs(v->plan, x, out);
}

hb_status hb_view_power_text(const hb_power_view *v, hb_buf *out, hb_error *err)
{
    head(v, out);
    if (v->plan->n_testable == 0) {
        hb_buf_fmt(out,
                   "nothing can be tested yet: a metric needs %u runs in the set; register and "
                   "judge more\n",
                   v->plan->n_min);
        return hb_buf_check(out, err);
    }
    HB_TRY(table(v, out, err));
    untested(v, out);
    plots(v, out);
    return hb_buf_check(out, err);
}

static void opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kfinite(j, key, v.v);
    }
}

static void json_metric(const hb_power_plan *p, const hb_planned *x, hb_json *j)
{
    enum { STEPS = 24 };
    hb_json_obj(j);
    hb_json_kc(j, "metric", x->name);
    hb_json_kc(j, "unit", x->unit);
    hb_json_ku(j, "n0", x->n0);
    if (x->untested != HB_UNTESTED_NO) {
        hb_json_kc(j, "untested", hb_untested_name(x->untested));
        hb_json_end(j);
        return;
    }
    hb_json_kfinite(j, "mean", x->mean);
    hb_json_kfinite(j, "sd", x->sd);
    hb_json_kfinite(j, "sd_runs", x->sd_runs);
    hb_json_kfinite(j, "dof", x->dof);
    hb_json_kb(j, "governed", x->governed);
    hb_json_kb(j, "log", x->log);
    hb_json_kc(j, "bad", x->bad == HB_DIRECTION_NONE ? "both" : hb_direction_name(x->bad));
    hb_json_kfinite(j, "detectable", x->detectable);
    hb_json_kfinite(j, "detectable_sigma", x->detectable_sigma);
    hb_json_kfinite(j, "target", x->target);
    hb_json_kc(j, "target_is", hb_power_target_name(x->target_is));
    hb_json_kfinite(j, "power", x->power);
    hb_json_ku(j, "runs_needed", x->runs_needed);
    hb_json_ku(j, "new_runs_needed", x->new_runs_needed);
    opt(j, "min_effect", x->min_effect);
    opt(j, "tost_power", x->tost_power);
    hb_json_key(j, "curve");
    hb_json_arr(j);
    double most = isfinite(x->detectable_sigma) ? 1.6 * x->detectable_sigma : 20;
    for (int i = 0; i <= STEPS; i++) {
        double sigmas = most * i / STEPS;
        hb_json_obj(j);
        hb_json_kf(j, "sigmas", sigmas);
        hb_json_kfinite(j, "power", hb_planned_power(p, x, sigmas, x->n0, p->m));
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

hb_status hb_view_power_json(const hb_power_view *v, hb_buf *out, hb_error *err)
{
    const hb_power_plan *p = v->plan;
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-power/1");
    hb_json_kc(&j, "program", v->run->meta.program);
    hb_json_kc(&j, "subsystem", v->run->meta.subsystem);
    hb_json_kc(&j, "test_name", v->run->meta.test_name);
    hb_json_kc(&j, "newest_run", v->run->meta.run_id);
    hb_run_set_json(&j, "set", p->set);
    hb_json_ku(&j, "new_runs", p->m);
    hb_json_ku(&j, "n_min", p->n_min);
    hb_json_kf(&j, "false_alarm_budget", p->budget);
    hb_json_kf(&j, "level", p->level);
    hb_json_kf(&j, "power_wanted", p->wanted);
    hb_json_ku(&j, "metrics_testable", p->n_testable);
    hb_json_key(&j, "metrics");
    hb_json_arr(&j);
    for (size_t i = 0; i < p->n_metrics; i++) {
        if (hb_power_shows(v, p->metrics[i].name)) {
            json_metric(p, &p->metrics[i], &j);
        }
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
