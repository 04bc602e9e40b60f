/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include "decide/decision_json.h"
#include "report/noteworthy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 10, CELL = 40, NAME = 200, CHANGES = 2, COLUMNS = 6 };

/* Columns, not bytes: continuation bytes of UTF-8 take none. */
static size_t columns_of(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return width;
}

static void blanks(hb_buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hb_buf_ch(out, ' ');
    }
}

void hb_text_wrapped(hb_buf *out, const char *head, const char *text)
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, text);
    size_t indent = columns_of(head, strlen(head));
    size_t col = indent;
    bool start = true;
    hb_buf_c(out, head);
    for (const char *p = shown.p; *p;) {
        size_t n = strcspn(p, " ");
        size_t width = columns_of(p, n);
        if (!start && col + 1 + width > HB_TEXT_WIDTH) {
            hb_buf_ch(out, '\n');
            blanks(out, indent);
            col = indent;
            start = true;
        }
        if (!start) {
            hb_buf_ch(out, ' ');
            col++;
        }
        hb_buf_add(out, p, n);
        col += width;
        start = false;
        p += n;
        p += *p == ' ';
    }
    hb_buf_ch(out, '\n');
    hb_buf_release(&shown);
}

/* One metric as its cells: name, run, baseline, n0, p, q. */
typedef struct text_row {
    char cell[COLUMNS][NAME];
} text_row;

static void name_cell(const hb_comparison *c, char out[NAME])
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, c->name);
    if (*c->unit) {
        hb_buf_c(&shown, " [");
        hb_buf_shown(&shown, c->unit);
        hb_buf_ch(&shown, ']');
    }
    size_t n = shown.n < NAME - 1 ? shown.n : NAME - 1;
    n = hb_utf8_valid_prefix((hb_str){shown.p, n});
    memcpy(out, shown.p, n);
    out[n] = '\0';
    hb_buf_release(&shown);
}

static text_row row_of(const hb_comparison *c)
{
    const hb_run_test *t = &c->test;
    text_row r;
    name_cell(c, r.cell[0]);
    snprintf(r.cell[1], CELL, "%.5g", t->x);
    snprintf(r.cell[2], CELL, "%.5g ± %.3g%s", t->mean, t->sd, t->log ? " (log)" : "");
    snprintf(r.cell[3], CELL, "%zu", t->n0);
    snprintf(r.cell[4], CELL, "%.2g", t->p);
    snprintf(r.cell[5], CELL, "%.2g", t->q);
    return r;
}

/* Cuts the name where the line would be too long; the end of a name is what tells it apart less. */
static void put_cell(hb_buf *out, const char *text, size_t width)
{
    size_t all = columns_of(text, strlen(text));
    size_t n = 0;
    size_t col = 0;
    size_t room = all > width ? width - 1 : width;
    while (text[n]) {
        size_t len = 1;
        while (((unsigned char)text[n + len] & 0xc0) == 0x80) {
            len++;
        }
        if (col == room) {
            break;
        }
        n += len;
        col++;
    }
    hb_buf_add(out, text, n);
    if (all > width) {
        hb_buf_c(out, "…");
        col++;
    }
    blanks(out, width - col);
}

static void put_row(hb_buf *out, const char *const cell[COLUMNS], const size_t width[COLUMNS])
{
    hb_buf_c(out, "  ");
    for (size_t i = 0; i < COLUMNS; i++) {
        put_cell(out, cell[i], i + 1 < COLUMNS ? width[i] : columns_of(cell[i], strlen(cell[i])));
        hb_buf_c(out, i + 1 < COLUMNS ? "  " : "");
    }
}

static void heading(hb_buf *out, bool first, const char *state, bool colour,
                    const size_t width[COLUMNS])
{
    const char *const heads[COLUMNS] = {state, "RUN", "BASELINE", "N", "P", "Q"};
    hb_buf_c(out, colour ? "\033[1;33m" : "");
    if (first) {
        put_row(out, heads, width);
    } else {
        hb_buf_fmt(out, "  %s", state);
    }
    hb_buf_c(out, colour ? "\033[0m\n" : "\n");
}

/* Confirmed first, then suspected, each by p. */
static void table(const hb_decision *d, bool colour, hb_buf *out)
{
    static const char *const states[] = {"CONFIRMED", "SUSPECTED"};
    const hb_comparison *list[2][ROWS];
    size_t n[2];
    size_t width[COLUMNS] = {9, 3, 8, 1, 1, 1};
    n[0] = hb_noteworthy(d, HB_NOTE_CONFIRMED, list[0], ROWS);
    n[1] = hb_noteworthy(d, HB_NOTE_SUSPECTED, list[1], ROWS - n[0]);
    for (size_t g = 0; g < 2; g++) {
        for (size_t i = 0; i < n[g]; i++) {
            text_row r = row_of(list[g][i]);
            for (size_t k = 0; k < COLUMNS; k++) {
                size_t w = columns_of(r.cell[k], strlen(r.cell[k]));
                width[k] = w > width[k] ? w : width[k];
            }
        }
    }
    size_t others = 2 + 2 * (COLUMNS - 1);
    for (size_t k = 1; k < COLUMNS; k++) {
        others += width[k];
    }
    size_t room = others + 9 < HB_TEXT_WIDTH ? HB_TEXT_WIDTH - others : 9;
    width[0] = width[0] < room ? width[0] : room;
    bool first = true;
    for (size_t g = 0; g < 2; g++) {
        if (n[g]) {
            heading(out, first, states[g], colour, width);
            first = false;
        }
        for (size_t i = 0; i < n[g]; i++) {
            text_row r = row_of(list[g][i]);
            const char *const cells[COLUMNS] = {r.cell[0], r.cell[1], r.cell[2],
                                                r.cell[3], r.cell[4], r.cell[5]};
            put_row(out, cells, width);
            hb_buf_ch(out, '\n');
        }
    }
    size_t all = d->statistics.n_suspected + d->statistics.n_confirmed;
    if (all > n[0] + n[1]) {
        hb_buf_fmt(out, "  … and %zu more in the report\n", all - n[0] - n[1]);
    }
}

static void against(const hb_decision *d, hb_buf *out)
{
    const hb_run_statistics *s = &d->statistics;
    const hb_run_set *set = d->reference->set;
    char text[400];
    int n = set && set->version && *set->version
                ? snprintf(text, sizeof text, "version %.120s, %zu runs: ", set->version, s->n_runs)
                : snprintf(text, sizeof text, "%zu baseline runs: ", s->n_runs);
    if (n < 0 || (size_t)n >= sizeof text) {
        return;
    }
    if (s->n_suspected + s->n_confirmed == 0) {
        snprintf(text + n, sizeof text - (size_t)n, "%zu of %zu metrics tested, none differs",
                 s->n_tested, d->n_comparisons);
    } else {
        snprintf(text + n, sizeof text - (size_t)n,
                 "%zu of %zu metrics tested, %zu suspected, %zu confirmed", s->n_tested,
                 d->n_comparisons, s->n_suspected, s->n_confirmed);
    }
    hb_text_wrapped(out, "against ", text);
}

static void retests(const hb_run_statistics *s, hb_buf *out)
{
    for (size_t i = 0; i < s->n_retests && i < ROWS; i++) {
        const hb_retest *r = &s->retests[i];
        hb_buf line;
        hb_buf_init(&line, 1 << 16);
        hb_buf_fmt(&line, "%s, %s since run %s: %s", r->of->metric,
                   hb_direction_name(r->of->direction), r->of->run_id,
                   hb_retest_outcome_name(r->outcome));
        if (isfinite(r->p) && r->outcome != HB_RETEST_NO_VALUE) {
            hb_buf_fmt(&line, " (p %.2g)", r->p);
        }
        hb_text_wrapped(out, "retest of ", line.p);
        hb_buf_release(&line);
    }
}

static void why_not(const hb_decision *d, hb_buf *out)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        if (f->rule == HB_RULE_INSUFFICIENT_BASELINE && f->severity == HB_SEVERITY_INFO) {
            hb_text_wrapped(out, "statistics: ", f->text);
            return;
        }
    }
}

void hb_text_statistics(const hb_decision *d, bool colour, hb_buf *out)
{
    const hb_run_statistics *s = &d->statistics;
    if (s->live) {
        hb_text_live(d, out);
        return;
    }
    retests(s, out);
    if (!s->ran) {
        why_not(d, out);
        return;
    }
    against(d, out);
    table(d, colour, out);
    for (size_t i = 0; i < s->n_changes && i < CHANGES; i++) {
        hb_text_wrapped(out, "history: ", s->changes[i].text);
    }
    if (s->order) {
        hb_text_wrapped(out, "retest: ", s->order->text);
    }
    if (s->power_text && *s->power_text) {
        hb_text_wrapped(out, "power: ", s->power_text);
    }
}

void hb_text_next(const hb_decision *d, hb_buf *out)
{
    size_t n = hb_next_length(d);
    if (n == 0) {
        hb_buf_c(out, "next: the retest above\n");
        return;
    }
    hb_buf text;
    hb_buf_init(&text, 1 << 16);
    hb_buf_add(&text, d->what_to_do, n);
    hb_text_wrapped(out, "next: ", text.p);
    hb_buf_release(&text);
}
