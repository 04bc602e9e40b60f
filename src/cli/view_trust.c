/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_trust.h"

#include "base/json_write.h"
#include "cli/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_WIDTH = 20,
    CELL = 48,
    NAME_BYTES = 4 * NAME_WIDTH + 8,
    METRICS_TOLD = 20,
    OPEN_TOLD = 5
};

bool hb_trust_shows(const hb_trust_view *v, const char *metric)
{
    bool shown = v->metrics.n == 0;
    for (size_t i = 0; i < v->metrics.n && !shown; i++) {
        shown = strcmp(v->metrics.v[i], metric) == 0;
    }
    return shown;
}

/* --- text --- */

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void runs_line(const hb_ledger *l, hb_buf *out)
{
    uint64_t n = l->all.count.trials;
    hb_buf_fmt(out, "%" PRIu64 " run%s judged against their baseline runs", n, plural(n));
    const struct {
        uint64_t n;
        const char *words;
    } rest[] = {{l->untested, "by declared limits alone"},
                {l->together, "together with another run"},
                {l->not_judged, "not judged"}};
    const char *mark = " (besides ";
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        if (rest[i].n) {
            hb_buf_fmt(out, "%s%" PRIu64 " %s", mark, rest[i].n, rest[i].words);
            mark = ",\n  ";
        }
    }
    hb_buf_c(out, *mark == ',' ? ")\n" : "\n");
}

static void promised_line(const hb_ledger *l, hb_buf *out)
{
    if (l->n_budgets <= 1) {
        hb_buf_fmt(out, "promised     at most %.3g %% of clean runs flagged\n",
                   l->all.held.promised * 100);
        return;
    }
    hb_buf_fmt(out, "promised     at most %.3g %% of clean runs flagged, on average; it changed:\n",
               l->all.held.promised * 100);
    for (size_t i = 0; i < l->n_budgets; i++) {
        hb_buf_fmt(out, "             %.3g %% for %" PRIu64 " run%s\n", l->budgets[i].budget * 100,
                   l->budgets[i].runs, plural(l->budgets[i].runs));
    }
}

static void share_line(const char *words, const hb_alarm_share *s, hb_buf *out)
{
    hb_buf_fmt(out, "  %-27s%" PRIu64 " of %" PRIu64 " clean run%s", words, s->k, s->n,
               plural(s->n));
    if (s->n) {
        hb_buf_fmt(out, ", %.3g %% (%.3g to %.3g %%)", s->share * 100, s->low * 100, s->high * 100);
    }
    hb_buf_ch(out, '\n');
}

static void needed_lines(const hb_promise_held *h, uint64_t unknown, hb_buf *out)
{
    if (h->unknown_decide && unknown) {
        hb_buf_c(out, "             once the unknown are answered it may be told (hb feedback)\n");
    }
    if (h->needed_at_best) {
        hb_buf_fmt(out,
                   "             %" PRIu64 " clean run%s in all would show it is kept, if none to "
                   "come is\n             flagged falsely\n",
                   h->needed_at_best, plural(h->needed_at_best));
    }
    if (h->needed_as_it_is && h->needed_as_it_is != h->needed_at_best) {
        hb_buf_fmt(out,
                   "             %" PRIu64 " would tell if the share stays as with the unknown "
                   "false\n",
                   h->needed_as_it_is);
    }
}

static void verdict_lines(const hb_ledger *l, hb_buf *out)
{
    const hb_promise_held *h = &l->all.held;
    switch (h->verdict) {
    case HB_PROMISE_WITHIN:
        hb_buf_c(out, "verdict      within the promise, whatever the unknown are\n");
        break;
    case HB_PROMISE_ABOVE:
        hb_buf_c(out, "verdict      above the promise, whatever the unknown are: see the metrics "
                      "with\n             most false alarms; more baseline runs, sigma_ref or "
                      "min_effect help\n");
        break;
    case HB_PROMISE_CANNOT_TELL:
    case HB_PROMISE_COUNT_:
        hb_buf_c(out, "verdict      cannot tell yet\n");
        needed_lines(h, l->all.count.unknown, out);
        break;
    }
}

static void head(const hb_ledger *l, hb_buf *out)
{
    const hb_alarm_count *c = &l->all.count;
    runs_line(l, out);
    promised_line(l, out);
    hb_buf_fmt(out,
               "flagged      %" PRIu64 " run%s: %" PRIu64 " known false, %" PRIu64
               " known true, %" PRIu64 " unknown\n",
               l->all.flagged, plural(l->all.flagged), c->false_alarms, c->true_alarms, c->unknown);
    hb_buf_fmt(out, "missed       %" PRIu64 " metric%s marked so\n", l->missed, plural(l->missed));
    hb_buf_c(out, "false alarms, with the exact 95 % band\n");
    share_line("if the unknown are true", &l->all.held.if_true, out);
    share_line("if the unknown are false", &l->all.held.if_false, out);
    verdict_lines(l, out);
}

/* Cut to NAME_WIDTH columns. */
static void name_cell(const char *name, char out[NAME_BYTES])
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, name);
    size_t n = 0;
    size_t columns = 0;
    while (n < shown.n) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next((hb_str){shown.p + n, shown.n - n}, &cp);
        if (columns == NAME_WIDTH - 1 && n + len < shown.n) {
            break;
        }
        n += len ? len : 1;
        columns++;
    }
    memcpy(out, shown.n ? shown.p : "", n);
    snprintf(out + n, 8, "%s", n < shown.n ? "…" : "");
    hb_buf_release(&shown);
}

static void line_row(const hb_ledger_line *x, const char *name, hb_table_text *t)
{
    static const char *const words[HB_PROMISE_COUNT_] = {[HB_PROMISE_WITHIN] = "within",
                                                         [HB_PROMISE_ABOVE] = "above",
                                                         [HB_PROMISE_CANNOT_TELL] = "open"};
    char cell[NAME_BYTES];
    char text[7][CELL];
    name_cell(name, cell);
    snprintf(text[0], CELL, "%" PRIu64, x->count.trials);
    snprintf(text[1], CELL, "%" PRIu64, x->count.false_alarms);
    snprintf(text[2], CELL, "%" PRIu64, x->count.true_alarms);
    snprintf(text[3], CELL, "%" PRIu64, x->count.unknown);
    snprintf(text[4], CELL, "%" PRIu64, x->count.missed);
    snprintf(text[5], CELL, "%.2g %%", x->held.promised * 100);
    snprintf(text[6], CELL, "%.1f-%.1f %%", x->held.if_true.low * 100, x->held.if_false.high * 100);
    const char *const cells[] = {cell,    text[0], text[1],
                                 text[2], text[3], text[4],
                                 text[5], text[6], words[x->held.verdict]};
    hb_table_text_row(t, cells);
}

static hb_status programs(const hb_ledger *l, hb_buf *out, hb_error *err)
{
    static const char *const heads[] = {"PROGRAM", "RUNS",  "FALSE", "TRUE",   "UNKN",
                                        "MISS",    "SHARE", "BAND",  "VERDICT"};
    if (l->n_programs < 2) {
        return HB_OK;
    }
    hb_table_text t;
    hb_table_text_begin(&t, heads, 9);
    for (size_t i = 0; i < l->n_programs; i++) {
        line_row(&l->programs[i], *l->programs[i].program ? l->programs[i].program : "(none)", &t);
    }
    hb_buf_ch(out, '\n');
    return hb_table_text_end(&t, out, err);
}

static bool told(const hb_trust_view *v, const hb_ledger_line *m, const char *program)
{
    bool noisy = m->flagged || m->count.missed;
    return strcmp(m->program, program) == 0 && hb_trust_shows(v, m->name) &&
           (noisy || v->metrics.n);
}

static hb_status metrics_of(const hb_trust_view *v, const char *program, hb_buf *out, hb_error *err)
{
    static const char *const heads[] = {"METRIC", "RUNS",  "FALSE", "TRUE",   "UNKN",
                                        "MISS",   "SHARE", "BAND",  "VERDICT"};
    const hb_ledger *l = v->ledger;
    size_t n = 0;
    size_t quiet = 0;
    hb_table_text t;
    hb_table_text_begin(&t, heads, 9);
    for (size_t i = 0; i < l->n_metrics; i++) {
        const hb_ledger_line *m = &l->metrics[i];
        if (told(v, m, program)) {
            if (n++ < METRICS_TOLD) {
                line_row(m, m->name, &t);
            }
        } else if (strcmp(m->program, program) == 0 && !v->metrics.n) {
            quiet++;
        }
    }
    hb_buf none;
    hb_buf_init(&none, 1 << 20);
    if (n && l->n_programs > 1) {
        hb_buf_c(out, "\nprogram ");
        hb_buf_shown(out, *program ? program : "(none)");
    }
    if (n) {
        hb_buf_ch(out, '\n');
    }
    hb_status status = hb_table_text_end(&t, n ? out : &none, err);
    hb_buf_release(&none);
    if (n > METRICS_TOLD) {
        hb_buf_fmt(out, "… and %zu more with a flag (--json)\n", n - METRICS_TOLD);
    }
    if (n && quiet) {
        hb_buf_fmt(out, "%zu more tested, never flagged\n", quiet);
    }
    return status;
}

static hb_status metrics(const hb_trust_view *v, hb_buf *out, hb_error *err)
{
    const hb_ledger *l = v->ledger;
    bool any = l->n_programs > 1;
    for (size_t i = 0; i < l->n_metrics; i++) {
        any = any || told(v, &l->metrics[i], l->metrics[i].program);
    }
    for (size_t i = 0; i < l->n_programs; i++) {
        HB_TRY(metrics_of(v, l->programs[i].program, out, err));
    }
    if (any) {
        hb_buf_c(out, "SHARE: promised. BAND: of the false alarms, from its low end if the unknown "
                      "are\ntrue to its high end if they are false; those of all metrics hold "
                      "together.\n");
    }
    return HB_OK;
}

static hb_status limits(const hb_ledger *l, hb_buf *out, hb_error *err)
{
    static const char *const heads[] = {"LIMIT", "FLAGGED", "FALSE", "TRUE", "UNKN", "OF RUNS"};
    uint64_t n = l->limits.count.trials;
    hb_alarm_share all = hb_alarm_share_of(l->limits.flagged, n, HB_LEDGER_CONFIDENCE);
    hb_buf_fmt(out,
               "\ndeclared limits (no rate is promised): %" PRIu64 " of %" PRIu64 " run%s flagged",
               l->limits.flagged, n, plural(n));
    if (n) {
        hb_buf_fmt(out, ", %.3g to %.3g %%", all.low * 100, all.high * 100);
    }
    hb_buf_ch(out, '\n');
    if (l->n_rules == 0) {
        return HB_OK;
    }
    hb_table_text t;
    hb_table_text_begin(&t, heads, 6);
    for (size_t i = 0; i < l->n_rules; i++) {
        const hb_ledger_line *x = &l->rules[i];
        char cell[NAME_BYTES];
        char text[5][CELL];
        name_cell(x->name, cell);
        snprintf(text[0], CELL, "%" PRIu64, x->flagged);
        snprintf(text[1], CELL, "%" PRIu64, x->count.false_alarms);
        snprintf(text[2], CELL, "%" PRIu64, x->count.true_alarms);
        snprintf(text[3], CELL, "%" PRIu64, x->count.unknown);
        snprintf(text[4], CELL, "%.3g %%", n ? (double)x->flagged / (double)n * 100 : 0.0);
        const char *const cells[] = {cell, text[0], text[1], text[2], text[3], text[4]};
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, out, err);
}

static void open_ones(const hb_trust_view *v, hb_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v->ledger->n_alarms; i++) {
        const hb_ledger_alarm *a = &v->ledger->alarms[i];
        if (a->answer != HB_ANSWER_UNKNOWN || a->limit || !hb_trust_shows(v, a->metric)) {
            continue;
        }
        if (n++ == 0) {
            hb_buf_c(out, "\nunknown flags, newest first; say what they were with hb feedback:\n");
        }
        if (n <= OPEN_TOLD) {
            hb_buf_fmt(out, "  %s  ", a->run_id);
            hb_buf_shown(out, *a->metric ? a->metric : "(the run)");
            hb_buf_fmt(out, "  %s\n", a->rule);
        }
    }
    if (n > OPEN_TOLD) {
        hb_buf_fmt(out, "  … and %zu more (--json)\n", n - OPEN_TOLD);
    }
}

hb_status hb_view_trust_text(const hb_trust_view *v, hb_buf *out, hb_error *err)
{
    head(v->ledger, out);
    HB_TRY(programs(v->ledger, out, err));
    HB_TRY(metrics(v, out, err));
    HB_TRY(limits(v->ledger, out, err));
    open_ones(v, out);
    return hb_buf_check(out, err);
}
