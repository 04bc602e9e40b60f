/* SPDX-License-Identifier: Apache-2.0 */
#include "report/qualify.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLOTS = 84, ROWS = 7000 };

const char *hb_qualify_answer(const hb_qualified *r, char out[HB_QUALIFY_ANSWER])
{
    const hb_pod *p = &r->pod;
    switch (p->answer) {
    case HB_POD_FIT:
    case HB_POD_BINOMIAL:
        snprintf(out, HB_QUALIFY_ANSWER, "%.3g", p->a90_95);
        break;
    case HB_POD_NOT_FOUND:
        snprintf(out, HB_QUALIFY_ANSWER, "not up to %.3g", p->largest);
        break;
    case HB_POD_FEW:
        snprintf(out, HB_QUALIFY_ANSWER, "(%.3g)", p->found_from);
        break;
    case HB_POD_POOR_FIT:
        snprintf(out, HB_QUALIFY_ANSWER, "no curve fits");
        break;
    case HB_POD_NONE:
    case HB_POD_COUNT_:
        snprintf(out, HB_QUALIFY_ANSWER, "—");
        break;
    }
    return out;
}

static void head(hb_buf *out)
{
    hb_buf_c(out,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'; img-src data:\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>What "
             "this baseline finds</title><style>");
    hb_buf_c(out, hb_html_style);
    hb_buf_c(out, hb_html_style_plots);
    hb_buf_c(out, "</style></head><body>\n<a class=\"skip\" href=\"#sizes\">Skip to the "
                  "sizes</a>\n<header><h1>Harmony Bridge: what this baseline finds</h1>");
}

static void rate(const char *name, const hb_rate *r, hb_buf *out)
{
    hb_buf_fmt(out, "<dt>%s</dt><dd>%zu of %zu runs (95 %% band %.1f to %.1f %%)</dd>", name, r->n,
               r->of, r->low * 100, r->high * 100);
}

static void facts(const hb_qualify_about *a, hb_buf *out)
{
    char fig[HB_FIG];
    if (a->partial) {
        hb_buf_fmt(out,
                   "<p class=\"note\"><strong>Partial: stopped after %zu of %zu runs.</strong></p>",
                   a->q->n_runs, a->set->n_runs - a->n_skipped);
    }
    hb_buf_c(out, "<dl class=\"facts\"><dt>Baseline</dt><dd><bdi>");
    hb_escape(out, a->set_is);
    hb_buf_fmt(out, "</bdi>; %zu of its %zu runs held back, one at a time</dd>", a->q->n_runs,
               a->set->n_runs);
    hb_buf_fmt(out, "<dt>False-alarm budget</dt><dd>%s %%</dd>",
               hb_fig_short(a->q->budget * 100, fig));
    rate("Flagged without a fault, under the budget", &a->q->statistical, out);
    rate("Flagged without a fault, limits included", &a->q->any, out);
    hb_buf_fmt(out, "<dt>Trials</dt><dd>%u of each size, metric and run; seed %llu</dd></dl>",
               a->trials, (unsigned long long)a->seed);
    hb_buf_c(out, "</header><main>\n");
}

static const char *first_rule(const hb_qualified *r)
{
    unsigned best = HB_RULE_COUNT_;
    for (unsigned i = 0; i < HB_RULE_COUNT_; i++) {
        if (r->by_rule[i] && (best == HB_RULE_COUNT_ || r->by_rule[i] > r->by_rule[best])) {
            best = i;
        }
    }
    return best == HB_RULE_COUNT_ ? "" : hb_rule_name((hb_rule)best);
}

static void row(const hb_qualified *r, hb_buf *out)
{
    char fig[HB_FIG];
    char answer[HB_QUALIFY_ANSWER];
    hb_buf_c(out, "<tr><th scope=\"row\"><bdi>");
    hb_escape(out, r->metric);
    hb_buf_fmt(out, "</bdi></th><td class=\"t\">%s</td>", hb_fault_name(r->fault));
    if (r->n_trials == 0) {
        const char *why = r->why_not          ? r->why_not
                          : r->n_left_alarmed ? "flagged without a fault"
                          : r->n_left_series ? "the series made of the profile is flagged by itself"
                                             : "no run was held back";
        hb_buf_fmt(out, "<td class=\"t\" colspan=\"6\">not tried: %s</td></tr>\n", why);
        return;
    }
    hb_buf_fmt(out, "<td>%s %s</td>", hb_qualify_answer(r, answer), hb_fault_size_unit(r->fault));
    hb_buf_fmt(out, "<td>%s", hb_fig_short(r->pod.a90_95 * r->unit_per_size, fig));
    if (isfinite(r->pod.a90_95 * r->unit_per_size) && *r->unit) {
        hb_buf_ch(out, ' ');
        hb_escape(out, r->unit);
    }
    hb_buf_fmt(out, "</td><td>%s</td>", hb_fig_short(r->pod.a90, fig));
    hb_buf_fmt(out, "<td>%s</td>", hb_fig_short(r->pod.found_from, fig));
    hb_buf_fmt(out, "<td>%u%s</td><td class=\"t\">%s</td></tr>\n", r->n_runs, r->n_made ? "*" : "",
               first_rule(r));
}

static void table(const hb_qualification *q, hb_buf *out)
{
    static const char *const heads[] = {"Metric", "Fault",      "a90/95", "In the unit",
                                        "a90",    "Found from", "Runs",   "Mostly by"};
    hb_buf_c(
        out,
        "<section id=\"sizes\" aria-labelledby=\"h-sizes\"><h2 id=\"h-sizes\">Sizes "
        "found</h2><div class=\"scroll\"><table class=\"stat\"><caption>a90/95: the size that "
        "is found 90 % of the time, with 95 % confidence; “not up to” a size: not shown up to the "
        "largest tried; in brackets: found in every trial from there on, but in too few runs "
        "to show 90 % (29 would). a90: without the confidence. Found from: every trial of that "
        "size and larger. * the series of long runs was made of quantiles in the order of the "
        "trace.</caption><thead><tr>");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        bool text = i <= 1 || i == 7;
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", text ? " class=\"t\"" : "", heads[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < q->n_rows && i < ROWS; i++) {
        row(&q->rows[i], out);
    }
    hb_buf_c(out, "</tbody></table></div>");
    if (q->n_rows > ROWS) {
        hb_buf_fmt(out, "<p class=\"note\">%zu more rows are in the JSON.</p>", q->n_rows - ROWS);
    }
    hb_buf_c(out, "</section>\n");
}

static void figure(const hb_qualified *r, hb_buf *out)
{
    hb_buf plot;
    hb_buf_init(&plot, 1 << 20);
    hb_svg_qualify(r, &plot);
    if (plot.n && plot.failed == HB_OK) {
        hb_buf_fmt(out, "<figure>%s<figcaption>%s</figcaption></figure>", plot.p,
                   hb_fault_name(r->fault));
    }
    hb_buf_release(&plot);
}

static void plots(const hb_qualification *q, hb_buf *out)
{
    hb_buf_c(out, "<section aria-labelledby=\"h-curves\"><h2 id=\"h-curves\">Curves</h2><p "
                  "class=\"note\">Share found against the size. Dots: trials; solid: the fitted "
                  "curve; dotted: 90 %; line down: a90/95.</p>");
    size_t drawn = 0;
    for (size_t i = 0; i < q->n_rows && drawn < PLOTS;) {
        const char *metric = q->rows[i].metric;
        hb_buf_c(out, "<article class=\"card\"><h3><bdi>");
        hb_escape(out, metric);
        hb_buf_c(out, "</bdi></h3><div class=\"pair\">");
        for (; i < q->n_rows && strcmp(q->rows[i].metric, metric) == 0; i++) {
            figure(&q->rows[i], out);
            drawn += q->rows[i].n_trials > 0;
        }
        hb_buf_c(out, "</div></article>");
    }
    hb_buf_c(out, "</section>\n");
}

hb_status hb_report_qualify(const hb_qualify_about *a, hb_buf *out, hb_error *err)
{
    head(out);
    facts(a, out);
    table(a->q, out);
    plots(a->q, out);
    hb_buf_c(out, "</main>\n<footer>Made by Harmony Bridge ");
    hb_escape(out, a->version);
    hb_buf_c(out, ". Figures: hb qualify --json.</footer>\n</body></html>\n");
    return hb_buf_check(out, err);
}
