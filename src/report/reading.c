/* SPDX-License-Identifier: Apache-2.0 */
#include "report/reading.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/html.h"
#include "report/svg_column.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLOTS_SHOWN = 60, ROWS_SHOWN = 2000 };

static void fact(hb_buf *out, const char *name, const char *value)
{
    hb_buf_fmt(out, "<dt>%s</dt><dd><bdi>", name);
    hb_escape(out, value && *value ? value : "—");
    hb_buf_c(out, "</bdi></dd>");
}

static void head(const hb_reading *const *readings, size_t n, hb_buf *out)
{
    hb_buf_c(out,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'; img-src data:\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    hb_escape(out, n ? readings[0]->path : "");
    hb_buf_fmt(out, ": how it was read</title><style>%s%s</style></head><body>\n", hb_html_style,
               hb_html_style_plots);
    hb_buf_c(out, "<a class=\"skip\" href=\"#columns-0\">Skip to the columns</a>\n"
                  "<header><h1>Harmony Bridge: what the file holds and how it was "
                  "understood</h1></header><main>\n");
}

static const char *delimiter_words(const hb_reading *r)
{
    static const struct {
        char d;
        const char *words;
    } rows[] = {
        {',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "bar"}, {' ', "runs of blanks"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].d == r->shape.delimiter) {
            return rows[i].words;
        }
    }
    return "";
}

static void time_facts(const hb_reading_time *t, hb_buf *out)
{
    char text[400];
    char from[HB_FIG];
    char to[HB_FIG];
    const hb_time_summary *s = &t->summary;
    snprintf(text, sizeof text, "%.100s: %.100s%s%.60s", t->column,
             t->rule.notation ? t->rule.notation : "", t->rule.zone ? ", zone " : "",
             t->rule.zone ? t->rule.zone : "");
    fact(out, "Time", text);
    if (!s->n_parsed) {
        return;
    }
    snprintf(text, sizeof text, "%s to %s", hb_fig_time(s->first, from), hb_fig_time(s->last, to));
    fact(out, "From, to", text);
    snprintf(text, sizeof text,
             "%.9g s (%.6g Hz); gaps: %llu, steps back: %llu, stamps twice: %llu",
             (double)s->median_step_ns / 1e9, hb_reading_rate_hz(s), (unsigned long long)s->n_gaps,
             (unsigned long long)s->n_backward, (unsigned long long)s->n_equal);
    fact(out, "Median step", text);
}

static void facts(const hb_reading *r, hb_buf *out)
{
    char text[200];
    hb_buf_c(out, "<dl class=\"facts\">");
    snprintf(text, sizeof text, "%.40s, %.40s: %llu rows, %zu columns", r->format, r->layout,
             (unsigned long long)r->rows_data, r->n_columns);
    fact(out, "Content", text);
    if (r->shape.delimiter) {
        fact(out, "Fields cut by", delimiter_words(r));
    }
    fact(out, "Decimal mark", r->shape.decimal == ',' ? "comma" : "point");
    if (r->shape.group) {
        fact(out, "Between thousands", r->shape.group);
    }
    if (r->shape.encoding) {
        fact(out, "Encoding", r->shape.encoding);
    }
    if (r->shape.sheet) {
        fact(out, "Sheet", r->shape.sheet);
    }
    if (r->shape.data_first_line) {
        snprintf(text, sizeof text, "%llu to %llu", (unsigned long long)r->shape.data_first_line,
                 (unsigned long long)r->shape.data_last_line);
        fact(out, "Lines of data", text);
    }
    for (size_t i = 0; i < r->n_times; i++) {
        time_facts(&r->times[i], out);
    }
    snprintf(text, sizeof text, "%llu bytes, SHA-256 %.64s", (unsigned long long)r->bytes,
             r->sha256);
    fact(out, "File", text);
    hb_buf_c(out, "</dl>");
}

static void guess_item(hb_buf *out, const char *what, const char *value, const char *why,
                       double confidence, const char *alternative)
{
    const char *sure = hb_reading_sure(confidence);
    hb_buf_c(out, "<li>");
    hb_escape(out, what);
    hb_buf_c(out, ": <b>");
    hb_escape(out, value);
    hb_buf_c(out, "</b>");
    if (*sure) {
        hb_buf_fmt(out, ", %s", sure);
    }
    hb_buf_c(out, ", because: ");
    hb_escape(out, why ? why : "");
    if (alternative) {
        hb_buf_c(out, "; else: ");
        hb_escape(out, alternative);
    }
    hb_buf_c(out, "</li>");
}

static void guesses(const hb_reading *r, size_t at, hb_buf *out)
{
    hb_buf_fmt(out,
               "<section aria-labelledby=\"h-guesses-%zu\"><h3 id=\"h-guesses-%zu\">What was "
               "guessed, and why</h3>",
               at, at);
    if (r->ambiguous) {
        hb_buf_c(out, "<p><b>To be answered:</b> ");
        hb_escape(out, r->ambiguous);
        hb_buf_c(out, "</p>");
    }
    hb_buf_c(out, r->n_guesses ? "<ul>" : "<p>Nothing.</p>");
    for (size_t i = 0; i < r->n_guesses; i++) {
        const hb_reading_guess *g = &r->guesses[i];
        guess_item(out, g->what, g->value, g->why, g->confidence, g->alternative);
    }
    hb_buf_c(out, r->n_guesses ? "</ul></section>\n" : "</section>\n");
}

static const char *kind_name(hb_column_kind kind)
{
    static const char *const kinds[HB_COLUMN_COUNT_] = {
        [HB_COLUMN_NUMBER] = "number", [HB_COLUMN_BOOL] = "bool",       [HB_COLUMN_TIME] = "time",
        [HB_COLUMN_TEXT] = "text",     [HB_COLUMN_IGNORED] = "ignored",
    };
    return kinds[kind];
}

static void cell(hb_buf *out, double v, bool known)
{
    char fig[HB_FIG];
    hb_buf_fmt(out, "<td>%s</td>", known ? hb_fig(v, fig) : "—");
}

static void column_row(const hb_reading_column *c, hb_buf *out)
{
    bool any = c->measured && c->moments.n > 0;
    hb_buf_fmt(out, "<tr><td>%zu</td><th scope=\"row\"><bdi>", c->field);
    hb_escape(out, c->shown);
    hb_buf_c(out, "</bdi></th><td class=\"t\">");
    hb_escape(out, c->unit);
    hb_buf_fmt(out, "</td><td class=\"t\">%s</td><td>%llu</td><td>%llu</td><td>%llu</td>",
               kind_name(c->kind),
               (unsigned long long)(c->kind == HB_COLUMN_TEXT ? 0 : c->n_numeric),
               (unsigned long long)c->n_missing, (unsigned long long)c->n_rejected);
    cell(out, c->moments.min, any);
    cell(out, any ? hb_moments_mean(&c->moments) : 0, any);
    cell(out, c->moments.max, any);
    cell(out, any ? hb_moments_sd(&c->moments) : 0, any && c->moments.n > 1);
    hb_buf_c(out, "</tr>");
}

static void column_table(const hb_reading *r, size_t at, hb_buf *out)
{
    size_t n = r->n_columns < ROWS_SHOWN ? r->n_columns : ROWS_SHOWN;
    hb_buf_fmt(out,
               "<section id=\"columns-%zu\" aria-labelledby=\"h-columns-%zu\"><h3 "
               "id=\"h-columns-%zu\">Columns</h3><div class=\"scroll\"><table><caption>In the "
               "order and the units of the file</caption><thead><tr>",
               at, at, at);
    static const char *const heads[] = {"No",       "Column", "Unit", "Kind", "Numbers", "Missing",
                                        "Rejected", "Min",    "Mean", "Max",  "SD"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", i > 0 && i < 4 ? " class=\"t\"" : "",
                   heads[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>");
    for (size_t i = 0; i < n; i++) {
        column_row(&r->columns[i], out);
    }
    hb_buf_c(out, "</tbody></table></div>");
    if (n < r->n_columns) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further columns: hb inspect --json.</p>",
                   r->n_columns - n);
    }
    hb_buf_c(out, "</section>\n");
}

static void rejects(const hb_reading *r, size_t at, hb_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_columns; i++) {
        const hb_reading_column *c = &r->columns[i];
        for (size_t k = 0; k < c->n_examples && n < 100; k++) {
            if (n++ == 0) {
                hb_buf_fmt(out,
                           "<section aria-labelledby=\"h-rejects-%zu\"><h3 id=\"h-rejects-%zu\">"
                           "Cells that could not be used</h3><table><caption>The first of each "
                           "column</caption><thead><tr><th scope=\"col\" class=\"t\">Column</th>"
                           "<th scope=\"col\">Line</th><th scope=\"col\" class=\"t\">Cell</th>"
                           "</tr></thead><tbody>",
                           at, at);
            }
            hb_buf_c(out, "<tr><th scope=\"row\"><bdi>");
            hb_escape(out, c->shown);
            hb_buf_fmt(out, "</bdi></th><td>%llu</td><td class=\"t mono\">",
                       (unsigned long long)c->examples[k].line);
            hb_escape(out, c->examples[k].text);
            hb_buf_c(out, "</td></tr>");
        }
    }
    hb_buf_c(out, n ? "</tbody></table></section>\n" : "");
}

static hb_status plots(const hb_reading *r, size_t at, hb_buf *out, hb_error *err)
{
    size_t shown = 0;
    for (size_t i = 0; i < r->n_columns && shown < PLOTS_SHOWN; i++) {
        const hb_reading_column *c = &r->columns[i];
        if (!c->measured || c->moments.n < 2 || c->trace.n_buckets < 2) {
            continue;
        }
        if (shown++ == 0) {
            hb_buf_fmt(out,
                       "<section aria-labelledby=\"h-plots-%zu\"><h3 id=\"h-plots-%zu\">Column by "
                       "column</h3>",
                       at, at);
        }
        hb_buf_c(out, "<article class=\"card\"><h4><bdi>");
        hb_escape(out, c->shown);
        hb_buf_c(out, "</bdi></h4><div class=\"pair\"><figure>");
        hb_svg_course(c, out);
        hb_buf_c(out, "<figcaption>Course: mean and extremes</figcaption></figure>");
        if (c->sketch && c->moments.max > c->moments.min) {
            hb_buf_c(out, "<figure>");
            HB_TRY(hb_svg_spread(c, out, err));
            hb_buf_c(out, "<figcaption>Spread: bars; above, median, quartiles, 5 and 95 "
                          "%</figcaption></figure>");
        }
        hb_buf_c(out, "</div></article>");
    }
    hb_buf_c(out, shown ? "</section>\n" : "");
    return HB_OK;
}

hb_status hb_report_reading(const hb_reading *const *readings, size_t n, const char *version,
                            hb_buf *out, hb_error *err)
{
    head(readings, n, out);
    for (size_t i = 0; i < n; i++) {
        const hb_reading *r = readings[i];
        hb_buf_fmt(out, "<section aria-labelledby=\"h-file-%zu\"><h2 id=\"h-file-%zu\"><bdi>", i,
                   i);
        hb_escape(out, r->path);
        hb_buf_c(out, "</bdi></h2>");
        facts(r, out);
        guesses(r, i, out);
        column_table(r, i, out);
        rejects(r, i, out);
        HB_TRY(plots(r, i, out, err));
        hb_buf_c(out, "</section>\n");
    }
    hb_buf_c(out, "</main>\n<footer>Made by Harmony Bridge ");
    hb_escape(out, version);
    hb_buf_c(out, ". Times are UTC where the file states a zone.</footer>\n</body></html>\n");
    return hb_buf_check(out, err);
}
