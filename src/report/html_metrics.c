/* SPDX-License-Identifier: Apache-2.0 */
/* The flagged metrics with their plots, and the table of everything compared. */
#include "report/html.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/noteworthy.h"
#include "report/svg.h"
#include "report/svg_runs.h"

#include <math.h>
#include <string.h>

/* Plots are the heavy part of the page: the worst ones get them. */
enum { PLOTS = 40, PLOT_BYTES = 170 << 10, PLOT_BYTES_BESIDE_RUNS = 80 << 10 };

/* The first finding of a metric in rank order speaks for it. */
static bool first_of_metric(const hb_decision *d, size_t i)
{
    const hb_finding *f = &d->findings[i];
    for (size_t k = 0; k < i; k++) {
        if (strcmp(d->findings[k].metric, f->metric) == 0) {
            return false;
        }
    }
    return *f->metric && f->severity >= HB_SEVERITY_DRIFT;
}

static void cell(hb_buf *out, double v, const char *unit)
{
    char fig[HB_FIG];
    hb_buf_fmt(out, "<td>%s", hb_fig(v, fig));
    if (*unit && !isnan(v)) {
        hb_buf_ch(out, ' ');
        hb_escape(out, unit);
    }
    hb_buf_c(out, "</td>");
}

static void side_row(hb_buf *out, const char *name, const hb_metric *m, const char *unit)
{
    const hb_profile *p = m ? &m->profile : NULL;
    bool any = p && p->moments.n;
    char fig[HB_FIG];
    hb_buf_fmt(out, "<tr><th scope=\"row\">%s</th>", name);
    cell(out, m && m->has_value ? m->value : NAN, unit);
    cell(out, any ? hb_profile_quantile(p, 0.5) : NAN, unit);
    cell(out, any ? hb_profile_quantile(p, 0.95) : NAN, unit);
    cell(out, any ? hb_moments_sd(&p->moments) : NAN, unit);
    hb_buf_fmt(out, "<td>%llu</td><td>%s</td></tr>", any ? (unsigned long long)p->moments.n : 0ULL,
               any ? hb_fig(100 * hb_profile_coverage(p), fig) : "—");
}

static void stats_table(hb_buf *out, const hb_comparison *c)
{
    hb_buf_c(out, "<div class=\"scroll\"><table><caption>");
    const hb_metric *any = c->run ? c->run : c->baseline;
    hb_buf_fmt(out,
               "Value: %s</caption><thead><tr><th scope=\"col\" class=\"t\">Side</th><th "
               "scope=\"col\">Value"
               "</th><th scope=\"col\">Median</th><th scope=\"col\">95th percentile</th><th "
               "scope=\"col\">Standard deviation</th><th scope=\"col\">Samples</th><th "
               "scope=\"col\">Usable "
               "%%</th></tr></thead><tbody>",
               any->stated ? "as stated by the file" : hb_reduce_name(any->reduce));
    side_row(out, "Baseline (dashed)", c->baseline, c->unit);
    side_row(out, "Run (solid)", c->run, c->unit);
    hb_buf_c(out, "</tbody></table></div>");
}

static hb_status
figure(hb_buf *out,
       hb_status (*draw)(const hb_comparison *, const hb_finding *, hb_buf *, hb_error *),
       const hb_comparison *c, const hb_finding *f, const char *caption, hb_error *err)
{
    hb_buf plot;
    hb_buf_init(&plot, 1 << 20);
    hb_status status = draw(c, f, &plot, err);
    if (status == HB_OK && plot.n) {
        hb_buf_fmt(out, "<figure>%s<figcaption>%s</figcaption></figure>", plot.p, caption);
    }
    hb_buf_release(&plot);
    return status;
}

static hb_status curves(const hb_comparison *c, const hb_finding *f, hb_buf *out, hb_error *err)
{
    (void)f;
    return hb_svg_curves(c, out, err);
}

static hb_status shift(const hb_comparison *c, const hb_finding *f, hb_buf *out, hb_error *err)
{
    (void)f;
    hb_svg_shift(c, out);
    return hb_buf_check(out, err);
}

static hb_status card(const hb_decision *d, size_t i, hb_buf *out, hb_error *err)
{
    const hb_finding *f = &d->findings[i];
    const hb_comparison *c = hb_comparison_of(d, f->metric);
    if (!c) {
        return HB_OK;
    }
    hb_buf_fmt(out, "<article class=\"card s-%s\"><h3><bdi>", hb_severity_name(f->severity));
    hb_escape(out, c->name);
    hb_buf_c(out, "</bdi>");
    if (c->def && *c->def->description) {
        hb_buf_c(out, " <small>");
        hb_escape(out, c->def->description);
        hb_buf_c(out, "</small>");
    }
    hb_buf_c(out, "</h3>");
    stats_table(out, c);
    hb_buf_c(out, "<div class=\"pair\">");
    HB_TRY(figure(out, curves, c, f, "Distribution: share of samples at or below a value", err));
    HB_TRY(figure(out, shift, c, f,
                  "Run minus baseline at each quantile of the samples: flat is a plain shift",
                  err));
    HB_TRY(figure(
        out, hb_svg_trace, c, f,
        "The run sample by sample, over the baseline's 5 to 95 % band; dotted: change limit", err));
    hb_buf_c(out, "</div></article>");
    return HB_OK;
}

hb_status hb_html_flagged(const hb_decision *d, hb_buf *out, hb_error *err)
{
    size_t n = 0;
    size_t shown = 0;
    size_t start = out->n;
    size_t most = d->statistics.ran ? PLOT_BYTES_BESIDE_RUNS : PLOT_BYTES;
    for (size_t i = 0; i < d->n_findings; i++) {
        if (!first_of_metric(d, i)) {
            continue;
        }
        if (n == 0) {
            hb_buf_c(
                out,
                "<section aria-labelledby=\"h-flagged\"><h2 id=\"h-flagged\">Run against baseline, "
                "metric by metric</h2>");
        }
        n++;
        if (shown < PLOTS && out->n - start < most) { /* the page stays below 500 KB */
            HB_TRY(card(d, i, out, err));
            shown++;
        }
    }
    if (n > shown) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further flagged metrics are in the table below.</p>",
                   n - shown);
    }
    hb_buf_c(out, n ? "</section>\n" : "");
    return HB_OK;
}

static void bar(hb_buf *out, const hb_comparison *c)
{
    if (!c->change_limit.set || !c->delta.set) {
        return;
    }
    double share = c->change_limit.v > 0 ? fabs(c->delta.v) / c->change_limit.v
                   : c->delta.v == 0     ? 0
                                         : 1;
    share = share >= 0 && share < 99 ? share : 99; /* infinities and NaN: far beyond */
    int percent = (int)(share * 100 + 0.5);
    hb_buf_fmt(out,
               "<span class=\"bar%s\" style=\"--w:%d%%\" role=\"img\" aria-label=\"%d %% of the "
               "limit\"></span>",
               percent > 100 ? " s-drift" : "", percent > 100 ? 100 : percent, percent);
}

static void margin(hb_buf *out, const hb_comparison *c)
{
    char fig[HB_FIG];
    if (c->margin.set) {
        hb_buf_fmt(out, "<td>%s</td>", hb_fig(c->margin.v, fig));
    } else {
        hb_buf_c(out, "<td>—</td>");
    }
}

static void comparison_row(hb_buf *out, const hb_comparison *c)
{
    char fig[HB_FIG];
    hb_buf_fmt(out, "<tr%s><th scope=\"row\"><bdi>", c->flagged ? " class=\"f\"" : "");
    hb_escape(out, c->name);
    hb_buf_c(out, "</bdi></th><td class=\"t\">");
    hb_escape(out, c->unit);
    hb_buf_fmt(out, "</td><td>%s</td>", hb_fig_opt(c->value_baseline, fig));
    hb_buf_fmt(out, "<td>%s</td>", hb_fig_opt(c->value_run, fig));
    hb_buf_fmt(out, "<td>%s</td>", c->delta.set ? hb_fig_signed(c->delta.v, fig) : "—");
    hb_buf_fmt(out, "<td>%s</td>", c->percent.set ? hb_fig_signed(c->percent.v, fig) : "—");
    hb_buf_fmt(out, "<td>%s</td>",
               c->change_limit.set ? hb_fig(c->change_limit.v, fig)
               : c->n_checks       ? "—"
                                   : "none declared");
    margin(out, c);
    hb_buf_c(out, "<td>");
    bar(out, c);
    hb_buf_fmt(out, "</td><td>%s</td>", hb_fig_opt(c->ks_d, fig));
    hb_buf_fmt(out, "<td>%s</td>", hb_fig_opt(c->wasserstein, fig));
    hb_buf_fmt(out, "<td>%u</td><td class=\"t\">%s</td></tr>\n", c->n_checks,
               c->worst == HB_SEVERITY_INFO ? "" : hb_severity_name(c->worst));
}

void hb_html_comparisons(const hb_decision *d, hb_buf *out)
{
    hb_buf_c(
        out,
        "<section aria-labelledby=\"h-all\"><h2 id=\"h-all\">Everything compared</h2>"
        "<details open><summary>All metrics</summary><div class=\"scroll\"><table><caption>Change, "
        "limit, margin and Wasserstein distance in the metric's unit; margin below 0 is beyond the "
        "limit; checks: how many limits could be evaluated.</caption><thead><tr>");
    static const char *const heads[] = {"Metric",      "Unit",   "Baseline", "Run",      "Change",
                                        "%",           "Limit",  "Margin",   "Of limit", "KS D",
                                        "Wasserstein", "Checks", "Finding"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        bool left = i < 2 || i + 1 == sizeof heads / sizeof *heads;
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", left ? " class=\"t\"" : "", heads[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < d->n_comparisons; i++) {
        comparison_row(out, &d->comparisons[i]);
    }
    hb_buf_c(out, "</tbody></table></div></details></section>\n");
}
