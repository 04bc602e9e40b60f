/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_qualify.h"

#include "cli/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 24, CELL = HB_QUALIFY_ANSWER, WHY_TOLD = 20 };

static void rate(const char *words, const hb_rate *r, hb_buf *out)
{
    hb_buf_fmt(out, "%s: %zu of %zu runs (95 %% band %.1f to %.1f %%)\n", words, r->n, r->of,
               r->low * 100, r->high * 100);
}

static void head(const hb_qualify_about *a, hb_buf *out)
{
    const hb_qualification *q = a->q;
    if (a->partial) {
        hb_buf_fmt(out, "PARTIAL: stopped after %zu of %zu runs\n", q->n_runs,
                   a->set->n_runs - a->n_skipped);
    }
    hb_buf_fmt(out, "%zu of %zu baseline runs held back one by one (", q->n_runs, a->set->n_runs);
    hb_buf_shown(out, a->set_is);
    hb_buf_fmt(out, "); %u trial%s of each size, seed %llu\n", a->trials, a->trials == 1 ? "" : "s",
               (unsigned long long)a->seed);
    for (size_t i = 0; i < a->n_skipped; i++) {
        hb_buf_c(out, "not held back: ");
        hb_buf_shown(out, a->skipped[i].run_id);
        hb_buf_fmt(out, " (without it there is no baseline: %s)\n", a->skipped[i].reason);
    }
    rate("flagged without a fault, under the budget", &q->statistical, out);
    hb_buf_fmt(out, "  promised: at most %.3g %% of clean runs\n", q->budget * 100);
    rate("flagged without a fault, limits included ", &q->any, out);
    hb_buf_ch(out, '\n');
}

/* Cut to NAME_WIDTH columns. */
static void name_cell(const char *name, char out[4 * NAME_WIDTH + 8])
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, name);
    size_t n = 0;
    for (size_t col = 0; n < shown.n && col < NAME_WIDTH; col++) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next((hb_str){shown.p + n, shown.n - n}, &cp);
        n += len ? len : 1;
    }
    memcpy(out, shown.p, n);
    snprintf(out + n, 8, "%s", n < shown.n ? "…" : "");
    hb_buf_release(&shown);
}

static const char *cell(const hb_qualified *r, char out[CELL])
{
    const hb_pod *p = &r->pod;
    if (p->answer == HB_POD_NOT_FOUND) {
        snprintf(out, CELL, "> %.3g", p->largest);
        return out;
    }
    if (p->answer == HB_POD_POOR_FIT) {
        return "?";
    }
    return hb_qualify_answer(r, out);
}

static hb_status table(const hb_qualification *q, hb_buf *out, hb_error *err)
{
    static const char *const heads[] = {"METRIC", "SHIFT", "RAMP",    "SPREAD",
                                        "SPIKE",  "STUCK", "DROPOUT", "LAG"};
    hb_table_text t;
    hb_table_text_begin(&t, heads, 1 + HB_FAULT_COUNT_);
    for (size_t i = 0; i < q->n_rows;) {
        const char *metric = q->rows[i].metric;
        char name[4 * NAME_WIDTH + 8];
        char text[HB_FAULT_COUNT_][CELL];
        const char *cells[1 + HB_FAULT_COUNT_] = {name, "", "", "", "", "", "", ""};
        name_cell(metric, name);
        for (; i < q->n_rows && strcmp(q->rows[i].metric, metric) == 0; i++) {
            hb_fault f = q->rows[i].fault;
            cells[1 + f] = cell(&q->rows[i], text[f]);
        }
        hb_table_text_row(&t, cells);
    }
    HB_TRY(hb_table_text_end(&t, out, err));
    hb_buf_c(out,
             "Size found 90 % of the time, with 95 % confidence (a90/95). SHIFT, RAMP: run-to-run\n"
             "standard deviations; SPREAD: factor; the others: share of the samples or the run.\n"
             "> 43: not shown up to there. (3.8): found in every trial from there on, but in too\n"
             "few runs to show 90 % (29 would). ?: no curve fits. —: not tried, see below.\n");
    return HB_OK;
}

/* One line a reason, with the metrics it holds for counted. */
static void not_tried(const hb_qualification *q, hb_buf *out)
{
    size_t told = 0;
    for (size_t i = 0; i < q->n_rows && told < WHY_TOLD; i++) {
        const hb_qualified *r = &q->rows[i];
        bool seen = !r->why_not || r->n_trials;
        for (size_t k = 0; k < i && !seen; k++) {
            seen = q->rows[k].why_not && !q->rows[k].n_trials && q->rows[k].fault == r->fault &&
                   strcmp(q->rows[k].why_not, r->why_not) == 0;
        }
        if (seen) {
            continue;
        }
        size_t n = 0;
        for (size_t k = i; k < q->n_rows; k++) {
            n += q->rows[k].why_not && !q->rows[k].n_trials && q->rows[k].fault == r->fault &&
                 strcmp(q->rows[k].why_not, r->why_not) == 0;
        }
        hb_buf_fmt(out, "%s not tried on %zu metric%s: %s\n", hb_fault_name(r->fault), n,
                   n == 1 ? "" : "s", r->why_not);
        told++;
    }
    size_t alarmed = 0;
    size_t series = 0;
    for (size_t i = 0; i < q->n_rows; i++) {
        alarmed += q->rows[i].n_left_alarmed;
        series += q->rows[i].n_left_series;
    }
    if (alarmed || series) {
        hb_buf_fmt(out,
                   "left out of the trials (a run, metric and fault each): %zu flagged without a "
                   "fault, %zu whose rebuilt series is flagged by itself\n",
                   alarmed, series);
    }
}

hb_status hb_view_qualify_text(const hb_qualify_about *a, hb_buf *out, hb_error *err)
{
    head(a, out);
    if (a->q->n_runs) {
        HB_TRY(table(a->q, out, err));
        not_tried(a->q, out);
    }
    return hb_buf_check(out, err);
}
