/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 2 on the page: who differs from the baseline runs, and what to repeat. */
#include "report/html.h"

#include "decide/decision_json.h"
#include "report/escape.h"
#include "report/figure.h"
#include "report/noteworthy.h"
#include "report/svg_runs.h"

#include <math.h>
#include <string.h>

/* The page stays below 500 KB at 500 metrics: the rest is in drift_report.json. */
enum { ROWS = 60, PLOTS = 12, CHANGED = 4, NEAREST = 4, PLOT_BYTES = 60 << 10, NAMES = 40 };

void hb_html_power(const hb_decision *d, hb_buf *out)
{
    const hb_run_statistics *s = &d->statistics;
    if (!s->power_text || !*s->power_text) {
        return;
    }
    hb_buf_c(out, "<p class=\"next\"><b>What this could have missed:</b> ");
    hb_escape(out, s->power_text);
    hb_buf_c(out, "</p>");
}

/* Where x lies: 20 % and 80 % of the width are the limits, 50 % the mean. */
static void gauge(const hb_run_test *t, hb_buf *out)
{
    double up = isfinite(t->high) ? t->high - t->mean : t->mean - t->low;
    double down = isfinite(t->low) ? t->mean - t->low : t->high - t->mean;
    double reach = t->x < t->mean ? down : up;
    double share = (t->x - t->mean) / reach;
    if (!(reach > 0) || !isfinite(share)) {
        return;
    }
    double place = 50 + 30 * share;
    place = place < 2 ? 2 : place > 98 ? 98 : place;
    double told = fabs(share) * 100 < 9999 ? fabs(share) * 100 : 9999;
    hb_buf_fmt(out,
               "<span class=\"pos%s%s\" style=\"--x:%.0f%%\" role=\"img\" aria-label=\"%.0f %% of "
               "the way to the %s limit\"></span>",
               isfinite(t->low) ? "" : " up", isfinite(t->high) ? "" : " down", place, told,
               share < 0 ? "lower" : "upper");
}

static const char *state(const hb_run_test *t)
{
    return t->confirmed          ? "confirmed"
           : t->suspected        ? "suspected"
           : t->below_min_effect ? "differs, below min_effect"
           : t->rejected         ? "differs"
                                 : "";
}

static void limit(double v, hb_buf *out)
{
    char fig[HB_FIG];
    hb_buf_c(out, isfinite(v) ? hb_fig(v, fig) : "none");
}

static void row(const hb_comparison *c, hb_buf *out)
{
    const hb_run_test *t = &c->test;
    char fig[HB_FIG];
    hb_buf_fmt(out, "<tr%s><th scope=\"row\"><bdi>",
               t->suspected || t->confirmed ? " class=\"f\"" : "");
    hb_escape(out, c->name);
    hb_buf_c(out, "</bdi>");
    if (*c->unit) {
        hb_buf_c(out, " <small>");
        hb_escape(out, c->unit);
        hb_buf_c(out, "</small>");
    }
    hb_buf_fmt(out, "</th><td class=\"t w\">%s</td>", state(t));
    hb_buf_fmt(out, "<td>%s</td>", hb_fig(t->x, fig));
    hb_buf_fmt(out, "<td class=\"w\">%s", hb_fig(t->mean, fig));
    hb_buf_fmt(out, " ± %s%s%s (%zu)</td><td class=\"w\">", hb_fig_short(t->sd, fig),
               t->log ? " log" : "", t->governed ? "*" : "", t->n0);
    limit(t->low, out);
    hb_buf_c(out, " … ");
    limit(t->high, out);
    hb_buf_c(out, "</td><td>");
    gauge(t, out);
    hb_buf_fmt(out, "</td><td>%s</td>", hb_fig_p(t->p, fig));
    hb_buf_fmt(out, "<td>%s</td>", hb_fig_p(t->q, fig));
    hb_buf_fmt(out, "<td class=\"w\">%s", hb_fig_short(t->detectable, fig));
    hb_buf_fmt(out, " (%s&nbsp;s)</td><td class=\"t\">%s</td></tr>\n",
               hb_fig_short(t->detectable_sigma, fig),
               t->tost == HB_TOST_SHOWN       ? "shown"
               : t->tost == HB_TOST_NOT_SHOWN ? "not shown"
                                              : "—");
}

static void table(const hb_decision *d, hb_buf *out)
{
    static const char *const heads[] = {"Metric", "Result", "Run", "Baseline (runs)", "Limits",
                                        "Where",  "p",      "q",   "Found from",      "Equivalent"};
    const hb_comparison *list[ROWS];
    size_t n = hb_noteworthy(d, HB_NOTE_TESTED, list, ROWS);
    hb_buf_c(out,
             "<div class=\"scroll\"><table class=\"stat\"><caption>Tested metrics, smallest p "
             "first. Baseline: mean ± s (runs). Limits: outside them this run would have been "
             "called different; where: the run (mark) between them (band). p of one metric alone, "
             "q among all. Found from: the smallest shift found with 80 % power, in the unit and "
             "in s. * s with a governed sigma_ref.</caption><thead><tr>");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", i < 2 || i > 8 ? " class=\"t\"" : "",
                   heads[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        row(list[i], out);
    }
    hb_buf_c(out, "</tbody></table></div>");
    if (d->statistics.n_tested > n) {
        hb_buf_fmt(out,
                   "<p class=\"note\">%zu further metrics with a larger p are in "
                   "drift_report.json.</p>",
                   d->statistics.n_tested - n);
    }
}

const char *hb_report_untested(hb_untested u)
{
    static const char *const words[HB_UNTESTED_COUNT_] = {
        [HB_UNTESTED_NO] = "no set",
        [HB_UNTESTED_NO_SET] = "no set",
        [HB_UNTESTED_FEW] = "too few runs",
        [HB_UNTESTED_NO_VALUE] = "the run has no value",
        [HB_UNTESTED_UNIT] = "another unit",
        [HB_UNTESTED_NOT_POSITIVE] = "no logarithm: a value is 0 or below",
        [HB_UNTESTED_NO_SCALE] = "no standard deviation",
        [HB_UNTESTED_LIVE] = "a live window",
    };
    return (unsigned)u < HB_UNTESTED_COUNT_ ? words[u] : "?";
}

static void untested(const hb_decision *d, hb_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        if (hb_run_tested(&c->test) || n++ >= NAMES) {
            continue;
        }
        hb_buf_c(out, n == 1 ? "<p class=\"note\">Not tested: " : ", ");
        hb_escape(out, c->name);
        hb_buf_fmt(out, " (%s", hb_report_untested(c->test.untested));
        if (c->test.untested == HB_UNTESTED_FEW) {
            hb_buf_fmt(out, ": %zu of %u", c->test.n0, d->statistics.n_min);
        }
        hb_buf_c(out, ")");
    }
    if (n > NAMES) {
        hb_buf_fmt(out, " and %zu more", n - NAMES);
    }
    hb_buf_c(out, n ? ".</p>" : "");
}

static void order(const hb_decision *d, hb_buf *out)
{
    const hb_retest_order *o = d->statistics.order;
    if (!o) {
        return;
    }
    hb_buf_c(out, "<div class=\"box\"><h3>To repeat</h3><p>");
    hb_escape(out, o->text);
    hb_buf_c(out, ".</p><dl class=\"facts\"><dt>Waiting</dt><dd>");
    for (size_t i = 0; i < o->n_metrics && i < NAMES; i++) {
        hb_buf_c(out, i ? ", <bdi>" : "<bdi>");
        hb_escape(out, o->metrics[i]);
        hb_buf_c(out, "</bdi>");
    }
    if (o->n_metrics > NAMES) {
        hb_buf_fmt(out, " and %zu more", o->n_metrics - NAMES);
    }
    char fig[HB_FIG];
    hb_buf_fmt(out, "</dd><dt>Until</dt><dd>%s (%u days)</dd></dl></div>",
               o->until == HB_TIME_NONE ? "not known: the run has no time"
                                        : hb_fig_time(o->until, fig),
               o->days);
}

static void retests(const hb_run_statistics *s, hb_buf *out)
{
    static const char *const words[HB_RETEST_COUNT_] = {
        [HB_RETEST_CONFIRMED] = "confirmed: it differs again, the same way",
        [HB_RETEST_CLEARED] = "cleared: not seen again",
        [HB_RETEST_OPPOSITE] = "closed: it differs the other way now",
        [HB_RETEST_NO_VALUE] = "still open: this run has no value",
    };
    if (s->n_retests == 0) {
        return;
    }
    hb_buf_c(out, "<table><caption>Open suspicions, and what this run says to each</caption>"
                  "<thead><tr><th scope=\"col\" class=\"t\">Metric</th><th scope=\"col\" "
                  "class=\"t\">Raised by</th><th scope=\"col\" class=\"t\">Direction</th><th "
                  "scope=\"col\">Run</th><th scope=\"col\">Mean then</th><th scope=\"col\">p</th>"
                  "<th scope=\"col\" class=\"t\">Outcome</th></tr></thead><tbody>");
    for (size_t i = 0; i < s->n_retests && i < ROWS; i++) {
        const hb_retest *r = &s->retests[i];
        char fig[HB_FIG];
        hb_buf_c(out, "<tr><th scope=\"row\"><bdi>");
        hb_escape(out, r->of->metric);
        hb_buf_c(out, "</bdi></th><td class=\"t\">");
        hb_escape(out, r->of->run_id);
        hb_buf_fmt(out, "</td><td class=\"t\">%s</td>", hb_direction_name(r->of->direction));
        bool none = r->outcome == HB_RETEST_NO_VALUE;
        hb_buf_fmt(out, "<td>%s</td>", hb_fig(none ? NAN : r->x, fig));
        hb_buf_fmt(out, "<td>%s</td>", hb_fig(none ? NAN : r->mean, fig));
        hb_buf_fmt(out, "<td>%s</td><td class=\"t\">%s</td></tr>", hb_fig_p(none ? NAN : r->p, fig),
                   r->outcome < HB_RETEST_COUNT_ ? words[r->outcome] : "?");
    }
    hb_buf_c(out, "</tbody></table>");
}

/* Metrics whose history changed come first: their plots say most. */
static size_t to_draw(const hb_decision *d, const hb_comparison **list)
{
    const hb_run_statistics *s = &d->statistics;
    const hb_comparison *noted[PLOTS];
    size_t n = 0;
    for (size_t i = 0; i < s->n_changes && n < CHANGED; i++) {
        const hb_comparison *c = hb_comparison_of(d, s->changes[i].metric);
        if (c && hb_run_tested(&c->test)) {
            list[n++] = c;
        }
    }
    size_t changed = n;
    size_t n_noted = hb_noteworthy(d, HB_NOTE_ANY, noted, PLOTS);
    for (size_t i = 0; i < n_noted && n < PLOTS; i++) {
        bool again = false;
        for (size_t k = 0; k < changed && !again; k++) {
            again = list[k] == noted[i];
        }
        if (!again) {
            list[n++] = noted[i];
        }
    }
    return n;
}

static hb_status plots(const hb_decision *d, hb_buf *out, hb_error *err)
{
    const hb_comparison *list[PLOTS];
    size_t n = to_draw(d, list);
    bool nearest = n == 0;
    n = nearest ? hb_noteworthy(d, HB_NOTE_TESTED, list, NEAREST) : n;
    size_t start = out->n;
    hb_buf_fmt(out,
               "<h3>%s</h3><p class=\"note\">Dots: baseline runs; rings: other earlier runs; "
               "diamond: this run. Dashed: mean; band: within the limits; solid line across: "
               "levels before and after a change.</p><div class=\"pair\">",
               nearest ? "Nearest to their limits, run by run" : "Run by run");
    for (size_t i = 0; i < n && out->n - start < PLOT_BYTES; i++) {
        hb_buf plot;
        hb_buf_init(&plot, 1 << 20);
        hb_status status = hb_svg_runs(d, list[i], &plot, err);
        if (status == HB_OK && plot.n) {
            hb_buf_fmt(out, "<figure>%s<figcaption><b><bdi>", plot.p);
            hb_escape(out, list[i]->name);
            hb_buf_c(out, "</bdi></b>");
            if (*list[i]->unit) {
                hb_buf_c(out, ", ");
                hb_escape(out, list[i]->unit);
            }
            const char *word = state(&list[i]->test);
            hb_buf_fmt(out, "%s%s</figcaption></figure>", *word ? ": " : "", word);
        }
        hb_buf_release(&plot);
        HB_TRY(status);
    }
    hb_buf_c(out, "</div>");
    return HB_OK;
}

static void head(const hb_decision *d, hb_buf *out)
{
    const hb_run_statistics *s = &d->statistics;
    const hb_run_set *set = d->reference->set;
    char fig[HB_FIG];
    hb_buf_fmt(out,
               "<section id=\"statistics\" aria-labelledby=\"h-stat\"><h2 id=\"h-stat\">Against "
               "%zu baseline run%s</h2><p>",
               s->n_runs, s->n_runs == 1 ? "" : "s");
    hb_buf_fmt(out, "%zu of %zu metrics tested: %zu suspected, %zu confirmed. ", s->n_tested,
               d->n_comparisons, s->n_suspected, s->n_confirmed);
    hb_buf_fmt(out,
               "False-alarm budget: at most %s %% of runs without any change may be called "
               "drifted.",
               hb_fig_short(s->budget * 100, fig));
    if (set && set->version && *set->version) {
        hb_buf_c(out, " Runs of baseline version <bdi>");
        hb_escape(out, set->version);
        hb_buf_c(out, "</bdi>.");
    }
    hb_buf_c(out, "</p>");
}

hb_status hb_html_statistics(const hb_decision *d, hb_buf *out, hb_error *err)
{
    const hb_run_statistics *s = &d->statistics;
    if (!s->ran && !s->n_retests) {
        return HB_OK;
    }
    head(d, out);
    order(d, out);
    retests(s, out);
    if (s->ran) {
        table(d, out);
        untested(d, out);
        HB_TRY(plots(d, out, err));
        hb_html_explain(d, out);
    }
    hb_buf_c(out, "</section>\n");
    return HB_OK;
}
