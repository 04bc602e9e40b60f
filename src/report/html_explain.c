/* SPDX-License-Identifier: Apache-2.0 */
/* What explains a finding and decides nothing: the history, what a change goes with, and which
 * metrics no longer go together (that check decides, its parts explain). */
#include "report/html.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/svg_runs.h"

#include <math.h>

enum { CHANGES = 20, ROWS = 40, PARTS = 8 };

static void changes(const hb_run_statistics *s, hb_buf *out)
{
    for (size_t i = 0; i < s->n_changes && i < CHANGES; i++) {
        hb_buf_c(out, i ? "<li>" : "<h3>Since when</h3><ul><li>");
        hb_escape(out, s->changes[i].text);
        hb_buf_c(out, "</li>");
    }
    hb_buf_c(out, s->n_changes ? "</ul>" : "");
    if (s->n_changes > CHANGES) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further changes are in drift_report.json.</p>",
                   s->n_changes - CHANGES);
    }
}

static void attribution(const hb_attribution *a, hb_buf *out)
{
    char fig[HB_FIG];
    bool known = a->told && a->variance_share >= 0 && a->variance_share <= 1;
    hb_buf_c(out, "<tr><th scope=\"row\"><bdi>");
    hb_escape(out, a->metric);
    hb_buf_c(out, "</bdi></th><td class=\"t\">");
    hb_escape(out, a->factor);
    hb_buf_c(out, "</td><td class=\"t\"><bdi>");
    hb_escape(out, a->level);
    hb_buf_fmt(out, "</bdi></td><td>%zu</td><td>", a->levels);
    if (known) {
        int percent = (int)(a->variance_share * 100 + 0.5);
        hb_buf_fmt(out,
                   "%d %% <span class=\"bar\" style=\"--w:%d%%\" role=\"img\" aria-label=\"%d %% "
                   "of the spread\"></span>",
                   percent, percent, percent);
    } else {
        hb_buf_c(out, "—");
    }
    hb_buf_fmt(out, "</td><td>%s</td>", hb_fig_p(a->told ? a->p : NAN, fig));
    hb_buf_fmt(out, "<td>%s</td><td class=\"t w long\">",
               a->shift.set ? hb_fig_signed(a->shift.v, fig) : "—");
    hb_escape(out, a->text);
    hb_buf_c(out, "</td></tr>");
}

/* What a factor shows comes before what it does not. */
static void attribution_rows(const hb_run_statistics *s, hb_buf *out)
{
    size_t shown = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < s->n_attributions && shown < ROWS; i++) {
            const hb_attribution *a = &s->attributions[i];
            if ((a->told && a->p < 0.05) == (pass == 0)) {
                attribution(a, out);
                shown++;
            }
        }
    }
}

static void attributions(const hb_run_statistics *s, hb_buf *out)
{
    static const char *const heads[] = {
        "Metric", "Factor",        "This run's", "Levels", "Share of the spread",
        "p",      "Of this shift", "In words"};
    if (s->n_attributions == 0) {
        return;
    }
    hb_buf_c(out, "<h3>What it goes with</h3><div class=\"scroll\"><table class=\"stat\"><caption>"
                  "How much of the spread of the baseline runs, and of this run's shift (in the "
                  "metric's unit), goes with each factor of the context</caption><thead><tr>");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", i < 3 || i > 6 ? " class=\"t\"" : "",
                   heads[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>");
    attribution_rows(s, out);
    hb_buf_c(out, "</tbody></table></div>");
    if (s->n_attributions > ROWS) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further rows are in drift_report.json.</p>",
                   s->n_attributions - ROWS);
    }
}

static void parts(const hb_decision *d, hb_buf *out)
{
    const hb_relation *r = &d->statistics.relation;
    hb_buf_c(out, "<div class=\"pair\"><figure>");
    hb_svg_parts(r, PARTS, out);
    hb_buf_c(out, "<figcaption>Share of the distance that each metric carries</figcaption></figure>"
                  "<div><table><caption>What the other metrics of this run lead to expect</caption>"
                  "<thead><tr><th scope=\"col\" class=\"t\">Metric</th><th scope=\"col\">Run</th>"
                  "<th scope=\"col\">Expected</th></tr></thead><tbody>");
    for (size_t i = 0; i < r->n_parts && i < PARTS; i++) {
        char fig[HB_FIG];
        const hb_metric *m = hb_run_metric(d->run, hb_str_of(r->parts[i].metric));
        hb_buf_c(out, "<tr><th scope=\"row\"><bdi>");
        hb_escape(out, r->parts[i].metric);
        hb_buf_fmt(out, "</bdi></th><td>%s</td>", hb_fig(m && m->has_value ? m->value : NAN, fig));
        hb_buf_fmt(out, "<td>%s</td></tr>", hb_fig(r->parts[i].expected, fig));
    }
    hb_buf_c(out, "</tbody></table></div></div>");
}

static void relation(const hb_decision *d, hb_buf *out)
{
    const hb_relation *r = &d->statistics.relation;
    char fig[HB_FIG];
    hb_buf_c(out, "<h3>Do the metrics still go together?</h3><p>");
    if (!r->ran) {
        hb_buf_c(out, "Not checked: ");
        hb_escape(out, r->why_not && *r->why_not ? r->why_not : "too few runs");
        hb_buf_c(out, ".</p>");
        return;
    }
    hb_buf_fmt(out, "%s: %zu of %zu metrics go together in %zu runs; distance %s",
               r->rejected ? "No" : "Yes", r->n_related, r->n_metrics, r->n0,
               hb_fig(r->distance, fig));
    hb_buf_fmt(out, ", p %s", hb_fig_p(r->p, fig));
    hb_buf_fmt(out, " (called broken at %s or less).%s", hb_fig_p(r->level, fig),
               *r->note ? " " : "");
    hb_escape(out, r->note);
    hb_buf_c(out, "</p>");
    if (r->rejected && r->n_parts) {
        parts(d, out);
    }
}

void hb_html_explain(const hb_decision *d, hb_buf *out)
{
    changes(&d->statistics, out);
    attributions(&d->statistics, out);
    relation(d, out);
}
