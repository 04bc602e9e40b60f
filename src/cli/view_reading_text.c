/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_reading.h"

#include "base/mem.h"
#include "cli/table.h"
#include "cli/view_run.h"
#include "input/csv/sniff.h"
#include "report/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_SHOWN = 40, METRICS_SHOWN = 40, EXAMPLES_SHOWN = 20, NAME_SHOWN = 36 };

/* Foreign text for a table: printable, cut at a whole character. */
static const char *short_text(const char *text, char out[160])
{
    hb_buf shown;
    hb_buf_init(&shown, 4 << 20);
    hb_buf_shown(&shown, text);
    size_t characters = 0;
    size_t n = 0;
    hb_str s = {shown.p, shown.n};
    while (s.n && n < 150) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next(s, &cp);
        len = len ? len : 1;
        if (++characters == NAME_SHOWN && s.n > len) {
            memcpy(out + n, "…", 3);
            n += 3;
            break;
        }
        memcpy(out + n, s.p, len);
        n += len;
        s = (hb_str){s.p + len, s.n - len};
    }
    out[n] = '\0';
    hb_buf_release(&shown);
    return out;
}

static const char *figure(double v, bool known, char out[32])
{
    if (!known || !isfinite(v)) {
        return "";
    }
    snprintf(out, 32, "%.6g", v == 0 ? 0.0 : v);
    return out;
}

static const char *count(uint64_t n, char out[32])
{
    snprintf(out, 32, "%llu", (unsigned long long)n);
    return out;
}

static void duration(int64_t ns, char out[48])
{
    static const struct {
        double ns;
        const char *unit;
    } rows[] = {{86400e9, "d"}, {3600e9, "h"}, {60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (fabs((double)ns) >= rows[i].ns) {
            snprintf(out, 48, "%.6g %s", (double)ns / rows[i].ns, rows[i].unit);
            return;
        }
    }
    snprintf(out, 48, "%lld ns", (long long)ns);
}

static const char *cut_words(char d)
{
    static const struct {
        char d;
        const char *words;
    } rows[] = {{',', "fields cut by commas"},
                {';', "fields cut by semicolons"},
                {'\t', "fields cut by tabs"},
                {'|', "fields cut by bars"},
                {HB_DELIMITER_BLANKS, "fields cut by blanks"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].d == d) {
            return rows[i].words;
        }
    }
    return "one column";
}

static void lines_of(const hb_reading *r, hb_buf *out)
{
    const hb_reading_shape *s = &r->shape;
    const char *what = s->sheet ? "row" : "line";
    if (!s->data_first_line) {
        return;
    }
    hb_buf_c(out, "  ");
    if (s->header_line) {
        hb_buf_fmt(out, "names in %s %llu, ", what, (unsigned long long)s->header_line);
    }
    if (s->units_line) {
        hb_buf_fmt(out, "units in %s %llu, ", what, (unsigned long long)s->units_line);
    }
    hb_buf_fmt(out, "data in %ss %llu to %llu\n", what, (unsigned long long)s->data_first_line,
               (unsigned long long)s->data_last_line);
}

static void verdict(const hb_reading *r, hb_buf *out)
{
    const hb_reading_shape *s = &r->shape;
    hb_buf_shown(out, r->path);
    hb_buf_fmt(out, ": %s, %s; %llu row%s, %zu column%s\n", r->format,
               strcmp(r->layout, "wide") == 0   ? "one column a metric (wide)"
               : strcmp(r->layout, "long") == 0 ? "one sample a row (long)"
                                                : "one stated value a row (metric table)",
               (unsigned long long)r->rows_data, r->rows_data == 1 ? "" : "s", r->n_columns,
               r->n_columns == 1 ? "" : "s");
    hb_buf_c(out, "  ");
    if (strcmp(r->format, "csv") == 0) {
        hb_buf_fmt(out, "%s, ", cut_words(s->delimiter));
    }
    hb_buf_fmt(out, "decimal %s", s->decimal == ',' ? "comma" : "point");
    if (s->group) {
        hb_buf_fmt(out, ", '%s' between thousands", s->group);
    }
    if (s->encoding) {
        hb_buf_fmt(out, ", %s", s->encoding);
    }
    if (s->eol) {
        hb_buf_fmt(out, ", lines end in %s", s->eol);
    }
    if (*r->compression) {
        hb_buf_fmt(out, ", %s", r->compression);
    }
    hb_buf_fmt(out, ", %llu bytes\n", (unsigned long long)r->bytes);
    lines_of(r, out);
}

static void time_line(const hb_reading_time *t, bool axis, hb_buf *out)
{
    const hb_time_summary *s = &t->summary;
    char from[HB_FIG];
    char to[HB_FIG];
    char step[48];
    double rate = hb_reading_rate_hz(s);
    hb_buf_c(out, axis ? "  time: column '" : "  also a time: column '");
    hb_buf_shown(out, t->column);
    hb_buf_fmt(out, "', %s%s%s", t->rule.notation ? t->rule.notation : "time",
               t->rule.zone ? ", zone " : "", t->rule.zone ? t->rule.zone : "");
    if (t->rule.kind == HB_AXIS_LOCAL) {
        hb_buf_c(out, ", no zone in the file");
    }
    if (s->n_parsed) {
        if (t->rule.kind == HB_AXIS_ELAPSED) {
            hb_buf_fmt(out, "\n    %.9g s to %.9g s after the start", (double)s->first / 1e9,
                       (double)s->last / 1e9);
        } else {
            hb_buf_fmt(out, "\n    %s to %s", hb_fig_time(s->first, from),
                       hb_fig_time(s->last, to));
        }
    }
    if (s->median_step_ns > 0) {
        duration(s->median_step_ns, step);
        hb_buf_fmt(out, ", a step of %s (%.6g Hz)", step, rate);
    }
    hb_buf_fmt(out, ", %llu gap%s", (unsigned long long)s->n_gaps, s->n_gaps == 1 ? "" : "s");
    if (s->n_equal) {
        hb_buf_fmt(out, ", %llu stamps twice", (unsigned long long)s->n_equal);
    }
    if (s->n_backward) {
        hb_buf_fmt(out, ", %llu steps back", (unsigned long long)s->n_backward);
    }
    if (s->n_unparsed) {
        hb_buf_fmt(out, ", %llu rows without a time", (unsigned long long)s->n_unparsed);
    }
    hb_buf_ch(out, '\n');
}

static void one_guess(const char *what, const char *value, const char *why, double confidence,
                      const char *alternative, hb_buf *out)
{
    const char *sure = hb_reading_sure(confidence);
    hb_buf_c(out, "  ");
    hb_buf_shown(out, what);
    hb_buf_c(out, ": ");
    hb_buf_shown(out, value);
    hb_buf_fmt(out, " (%s%s", sure, *sure && why && *why ? ": " : "");
    hb_buf_shown(out, why ? why : "");
    if (alternative) {
        hb_buf_c(out, "; else ");
        hb_buf_shown(out, alternative);
    }
    hb_buf_c(out, ")\n");
}

/* Columns whose kind or unit could be another one. */
static void column_guesses(const hb_reading *r, hb_buf *out)
{
    static const char *const kinds[HB_COLUMN_COUNT_] = {
        [HB_COLUMN_NUMBER] = "numbers",   [HB_COLUMN_BOOL] = "truth values",
        [HB_COLUMN_TIME] = "times",       [HB_COLUMN_TEXT] = "texts",
        [HB_COLUMN_IGNORED] = "not read",
    };
    size_t told = 0;
    for (size_t i = 0; i < r->n_columns && told < EXAMPLES_SHOWN; i++) {
        const hb_reading_column *c = &r->columns[i];
        if (c->kind != HB_COLUMN_TIME && (c->confidence < 0.95 || c->alternative)) {
            char what[180];
            char name[160];
            snprintf(what, sizeof what, "column %zu, %.150s", c->field, short_text(c->shown, name));
            one_guess(what, kinds[c->kind], c->why, c->confidence, c->alternative, out);
            told++;
        }
        if (*c->unit && c->unit_how && c->unit_confidence < 0.95) {
            char what[180];
            char name[160];
            snprintf(what, sizeof what, "unit of column %zu, %.140s", c->field,
                     short_text(c->shown, name));
            one_guess(what, c->unit, c->unit_how, c->unit_confidence, NULL, out);
            told++;
        }
    }
}

static void guesses(const hb_reading *r, hb_buf *out)
{
    hb_buf_c(out, "\nGuessed, and why\n");
    for (size_t i = 0; i < r->n_guesses; i++) {
        const hb_reading_guess *g = &r->guesses[i];
        one_guess(g->what, g->value, g->why, g->confidence, g->alternative, out);
    }
    column_guesses(r, out);
    if (r->ambiguous) {
        hb_buf_c(out, "\nTo be answered: ");
        hb_buf_shown(out, r->ambiguous);
        hb_buf_ch(out, '\n');
    }
}

static hb_status columns(const hb_reading_view *v, const hb_reading *r, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"NO",       "COLUMN", "UNIT", "KIND", "NUMBERS", "MISSING",
                                       "REJECTED", "MIN",    "MEAN", "MAX",  ""};
    static const char *const kinds[HB_COLUMN_COUNT_] = {
        [HB_COLUMN_NUMBER] = "number", [HB_COLUMN_BOOL] = "bool",       [HB_COLUMN_TIME] = "time",
        [HB_COLUMN_TEXT] = "text",     [HB_COLUMN_IGNORED] = "ignored",
    };
    size_t n = v->all || r->n_columns < COLUMNS_SHOWN ? r->n_columns : COLUMNS_SHOWN;
    hb_table_text t;
    hb_buf plot;
    hb_buf_init(&plot, 4096);
    hb_buf_ch(out, '\n');
    hb_table_text_begin(&t, head, 11);
    for (size_t i = 0; i < n; i++) {
        const hb_reading_column *c = &r->columns[i];
        char text[7][32];
        char name[160];
        char unit[160];
        bool any = c->measured && c->moments.n;
        hb_buf_clear(&plot);
        hb_spark(&c->trace, v->ascii, &plot);
        const char *cells[] = {
            count(c->field, text[0]),
            short_text(*c->label ? c->label : c->shown, name),
            short_text(c->unit, unit),
            kinds[c->kind],
            c->kind == HB_COLUMN_TEXT ? "" : count(c->n_numeric, text[1]),
            count(c->n_missing, text[2]),
            count(c->n_rejected, text[3]),
            figure(c->moments.min, any, text[4]),
            figure(any ? hb_moments_mean(&c->moments) : 0, any, text[5]),
            figure(c->moments.max, any, text[6]),
            plot.p,
        };
        hb_table_text_row(&t, cells);
    }
    hb_buf_release(&plot);
    HB_TRY(hb_table_text_end(&t, out, err));
    if (n < r->n_columns) {
        hb_buf_fmt(out, "… and %zu more columns (use --json or --all)\n", r->n_columns - n);
    }
    return HB_OK;
}

static void rejects(const hb_reading_view *v, const hb_reading *r, hb_buf *out)
{
    size_t told = 0;
    for (size_t i = 0; i < r->n_columns; i++) {
        const hb_reading_column *c = &r->columns[i];
        for (size_t k = 0; k < c->n_examples && (v->all || told < EXAMPLES_SHOWN); k++) {
            char name[160];
            char cell[160];
            hb_buf_fmt(out, "%srejected: '%s' in column %s, line %llu\n", told ? "" : "\n",
                       short_text(c->examples[k].text, cell), short_text(c->shown, name),
                       (unsigned long long)c->examples[k].line);
            told++;
        }
    }
    for (size_t i = 0; i < r->n_rejects; i++) {
        hb_buf_fmt(out, "%srows: %llu × %s, the first in line %llu\n", told++ ? "" : "\n",
                   (unsigned long long)r->rejects[i].n, r->rejects[i].reason,
                   (unsigned long long)r->rejects[i].line);
    }
}

static const char *value_from(const hb_metric *m)
{
    return m->flags & HB_METRIC_FROM_EVENTS ? "events"
           : m->stated                      ? "stated"
                                            : hb_reduce_name(m->reduce);
}

/* What a comparison would take from the files. */
static hb_status metrics(const hb_reading_view *v, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"METRIC", "UNIT", "VALUE", "HOW", "N", "SD", "P95"};
    const hb_run *run = v->run;
    hb_table_text t;
    size_t shown = 0;
    size_t all = 0;
    hb_buf_ch(out, '\n');
    hb_table_text_begin(&t, head, 7);
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        char text[4][32];
        char name[160];
        char unit[160];
        if (m->flags & HB_METRIC_TEXT || (all++ >= METRICS_SHOWN && !v->all)) {
            continue;
        }
        const char *cells[] = {
            short_text(m->name, name),
            short_text(m->unit, unit),
            m->has_value ? figure(m->value, true, text[0]) : "none",
            value_from(m),
            count(m->profile.moments.n, text[1]),
            figure(hb_moments_sd(&m->profile.moments), m->profile.moments.n > 1, text[2]),
            figure(hb_profile_quantile(&m->profile, 0.95), m->profile.moments.n > 0, text[3]),
        };
        hb_table_text_row(&t, cells);
        shown++;
    }
    HB_TRY(hb_table_text_end(&t, out, err));
    if (shown < all) {
        hb_buf_fmt(out, "… and %zu more metrics (use --json or --all)\n", all - shown);
    }
    return HB_OK;
}

static hb_status as_run(const hb_reading_view *v, hb_buf *out, hb_error *err)
{
    const char **shown = hb_alloc_array(v->n + 1, sizeof *shown);
    if (!shown) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < v->n; i++) {
        shown[i] = v->readings[i]->path;
    }
    hb_buf_c(out, "\nAs a run\n");
    hb_view_run_brief(v->run, shown, v->n, out);
    hb_free(shown);
    return metrics(v, out, err);
}

hb_status hb_view_reading_text(const hb_reading_view *v, hb_buf *out, hb_error *err)
{
    for (size_t i = 0; i < v->n; i++) {
        const hb_reading *r = v->readings[i];
        hb_buf_c(out, i ? "\n" : "");
        verdict(r, out);
        for (size_t k = 0; k < r->n_times; k++) {
            time_line(&r->times[k], k == 0, out);
        }
        if (!r->n_times) {
            hb_buf_c(out, "  no time in it\n");
        }
        guesses(r, out);
        HB_TRY(columns(v, r, out, err));
        rejects(v, r, out);
    }
    HB_TRY(as_run(v, out, err));
    return hb_buf_check(out, err);
}
