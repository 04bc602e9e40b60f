/* SPDX-License-Identifier: Apache-2.0 */
#include "report/power.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/html.h"
#include "report/report.h"

#include <math.h>

enum { PLOTS = 12, ROWS = 2000 };

static void head(hb_buf *out)
{
    hb_buf_c(out,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'; img-src data:\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>What "
             "runs to come would find</title><style>");
    hb_buf_c(out, hb_html_style);
    hb_buf_c(out, hb_html_style_plots);
    hb_buf_c(out, "</style></head><body>\n<a class=\"skip\" href=\"#metrics\">Skip to the "
                  "metrics</a>\n<header><h1>Harmony Bridge: what runs to come would find</h1>");
}

static void facts(const hb_power_plan *p, hb_buf *out)
{
    const hb_run_set *s = p->set;
    char fig[HB_FIG];
    hb_buf_fmt(out, "<dl class=\"facts\"><dt>Baseline runs</dt><dd>%zu", s->n_runs);
    if (*s->version) {
        hb_buf_c(out, " of version <bdi>");
        hb_escape(out, s->version);
        hb_buf_c(out, "</bdi>");
    }
    if (s->n_runs) {
        hb_buf_c(out, ", <bdi>");
        hb_escape(out, s->runs[0].run_id);
        hb_buf_c(out, "</bdi> to <bdi>");
        hb_escape(out, s->runs[s->n_runs - 1].run_id);
        hb_buf_c(out, "</bdi>");
    }
    hb_buf_fmt(out, "</dd><dt>New runs</dt><dd>%zu, judged together</dd>", p->m);
    hb_buf_fmt(out, "<dt>Metrics</dt><dd>%zu of %zu can be tested</dd>", p->n_testable,
               p->n_metrics);
    hb_buf_fmt(out, "<dt>False-alarm budget</dt><dd>%s %%; ", hb_fig_short(p->budget * 100, fig));
    hb_buf_fmt(out, "a single metric is found below p = %s</dd>", hb_fig_short(p->level, fig));
    hb_buf_fmt(out, "<dt>Power wanted</dt><dd>%s %%</dd></dl></header><main>\n",
               hb_fig_short(p->wanted * 100, fig));
}

static void count(uint32_t n, unsigned most, hb_buf *out)
{
    hb_buf_fmt(out, n ? "<td>%u</td>" : "<td>over %u</td>", n ? n : most);
}

static void row(const hb_planned *x, hb_buf *out)
{
    char fig[HB_FIG];
    hb_buf_c(out, "<tr><th scope=\"row\"><bdi>");
    hb_escape(out, x->name);
    hb_buf_c(out, "</bdi>");
    if (*x->unit) {
        hb_buf_c(out, " <small>");
        hb_escape(out, x->unit);
        hb_buf_c(out, "</small>");
    }
    hb_buf_fmt(out, "</th><td>%zu</td>", x->n0);
    if (x->untested != HB_UNTESTED_NO) {
        hb_buf_fmt(out, "<td class=\"t\" colspan=\"7\">cannot be tested: %s</td></tr>\n",
                   hb_report_untested(x->untested));
        return;
    }
    hb_buf_fmt(out, "<td>%s", hb_fig(x->mean, fig));
    hb_buf_fmt(out, " ± %s%s%s</td>", hb_fig_short(x->sd, fig), x->log ? " log" : "",
               x->governed ? "*" : "");
    hb_buf_fmt(out, "<td>%s", hb_fig_short(x->detectable, fig));
    hb_buf_fmt(out, " (%s&nbsp;s)</td>", hb_fig_short(x->detectable_sigma, fig));
    hb_buf_fmt(out, "<td>%s%s</td>", hb_fig_short(x->target, fig),
               x->target_is == HB_TARGET_MIN_EFFECT ? " (min_effect)"
               : x->target_is == HB_TARGET_TWO_SD   ? " (2&nbsp;s)"
                                                    : "");
    hb_buf_fmt(out, "<td>%.0f %%</td>", x->power * 100);
    count(x->runs_needed, 1000, out);
    count(x->new_runs_needed, HB_POWER_NEW_RUNS_MAX, out);
    if (x->tost_power.set) {
        hb_buf_fmt(out, "<td>%.0f %%</td></tr>\n", x->tost_power.v * 100);
    } else {
        hb_buf_c(out, "<td>—</td></tr>\n");
    }
}

static void table(const hb_power_plan *p, hb_buf *out)
{
    static const char *const heads[] = {"Metric",
                                        "Runs",
                                        "Mean ± s",
                                        "Found from",
                                        "Target",
                                        "Power",
                                        "Baseline runs needed",
                                        "New runs needed",
                                        "Equivalence"};
    hb_buf_c(out,
             "<section id=\"metrics\" aria-labelledby=\"h-metrics\"><h2 id=\"h-metrics\">Metric by "
             "metric</h2><div class=\"scroll\"><table class=\"stat\"><caption>Found from: the "
             "smallest shift found with the power wanted, in the unit and in s. Power: of finding "
             "a shift of the target. Needed: baseline runs with these new runs, or new runs with "
             "this baseline. Equivalence: power of showing that the metric stays within its "
             "min_effect when nothing moved. * s with a governed sigma_ref.</caption><thead><tr>");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", i == 0 ? " class=\"t\"" : "", heads[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < p->n_metrics && i < ROWS; i++) {
        row(&p->metrics[i], out);
    }
    hb_buf_c(out, "</tbody></table></div></section>\n");
}

static void figure(hb_buf *out, const hb_power_plan *p, const hb_planned *x,
                   void (*draw)(const hb_power_plan *, const hb_planned *, hb_buf *),
                   const char *caption)
{
    hb_buf plot;
    hb_buf_init(&plot, 1 << 20);
    draw(p, x, &plot);
    if (plot.n && plot.failed == HB_OK) {
        hb_buf_fmt(out, "<figure>%s<figcaption>%s</figcaption></figure>", plot.p, caption);
    }
    hb_buf_release(&plot);
}

static void plots(const hb_power_plan *p, hb_buf *out)
{
    const hb_planned *list[PLOTS];
    size_t n = hb_power_worst(p, list, PLOTS);
    if (n == 0) {
        return;
    }
    hb_buf_c(out, "<section aria-labelledby=\"h-curves\"><h2 id=\"h-curves\">Curves</h2>");
    hb_buf_fmt(out,
               "<p class=\"note\">Solid: %zu new run%s; dashed: %zu; dotted: the power wanted; "
               "line down: the target; dot: the runs there are. Least power first.</p>",
               p->m, p->m == 1 ? "" : "s", hb_power_other_m(p->m));
    for (size_t i = 0; i < n; i++) {
        hb_buf_c(out, "<article class=\"card\"><h3><bdi>");
        hb_escape(out, list[i]->name);
        hb_buf_c(out, "</bdi></h3><div class=\"pair\">");
        figure(out, p, list[i], hb_svg_power_shift, "Power against the size of a shift");
        figure(out, p, list[i], hb_svg_power_runs,
               "Power at the target against the number of baseline runs");
        hb_buf_c(out, "</div></article>");
    }
    hb_buf_c(out, "</section>\n");
}

hb_status hb_report_power(const hb_power_plan *p, const char *version, hb_buf *out, hb_error *err)
{
    head(out);
    facts(p, out);
    table(p, out);
    plots(p, out);
    hb_buf_c(out, "</main>\n<footer>Made by Harmony Bridge ");
    hb_escape(out, version);
    hb_buf_c(out, ". s: run-to-run standard deviation. Figures: hb power --json.</footer>\n"
                  "</body></html>\n");
    return hb_buf_check(out, err);
}
