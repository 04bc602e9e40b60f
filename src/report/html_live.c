/* SPDX-License-Identifier: Apache-2.0 */
/* A live window on the page: which it is, what was beyond a limit and since when, and how near
 * every metric is to an alarm. */
#include "report/html.h"

#include "decide/live.h"
#include "report/escape.h"
#include "report/figure.h"
#include "report/live_order.h"
#include "report/noteworthy.h"

#include <math.h>

enum { ROWS = 60, LIMIT_ROWS = 40, FIRST = 3 };

static void name_cell(hb_buf *out, const hb_decision *d, const char *metric)
{
    const hb_comparison *c = hb_comparison_of(d, metric);
    hb_buf_c(out, "<th scope=\"row\"><bdi>");
    hb_escape(out, metric);
    hb_buf_c(out, "</bdi>");
    if (c && *c->unit) {
        hb_buf_c(out, " <small>");
        hb_escape(out, c->unit);
        hb_buf_c(out, "</small>");
    }
    hb_buf_c(out, "</th>");
}

static void heads(hb_buf *out, const char *caption, const char *const *names, size_t n)
{
    hb_buf_fmt(out, "<div class=\"scroll\"><table class=\"stat\"><caption>%s</caption><thead><tr>",
               caption);
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "<th scope=\"col\"%s>%s</th>", i == 0 ? " class=\"t\"" : "", names[i]);
    }
    hb_buf_c(out, "</tr></thead><tbody>\n");
}

static void limits(const hb_decision *d, const hb_window *w, hb_buf *out)
{
    static const char *const names[] = {"Metric", "Limit",    "Samples beyond",
                                        "Since",  "Furthest", "First ones"};
    static const char *const which[] = {"at least", "at most", "exactly"};
    char fig[HB_FIG];
    if (w->n_limits == 0) {
        return;
    }
    heads(out, "Samples beyond hard limits.", names, sizeof names / sizeof *names);
    for (size_t i = 0; i < w->n_limits && i < LIMIT_ROWS; i++) {
        const hb_window_limit *l = &w->limits[i];
        hb_buf_c(out, "<tr class=\"f\">");
        name_cell(out, d, l->metric);
        hb_buf_fmt(out, "<td>%s %s</td>", which[l->which], hb_fig(l->limit, fig));
        hb_buf_fmt(out, "<td>%llu</td>", (unsigned long long)l->n);
        hb_buf_fmt(out, "<td>%s</td>", l->n_first ? hb_fig_time(l->first[0].t, fig) : "—");
        hb_buf_fmt(out, "<td>%s</td><td class=\"w\">", hb_fig(l->worst, fig));
        for (uint32_t k = 0; k < l->n_first && k < FIRST; k++) {
            hb_buf_fmt(out, "%s%s", k ? ", " : "", hb_fig(l->first[k].value, fig));
        }
        hb_buf_c(out, "</td></tr>\n");
    }
    hb_buf_c(out, "</tbody></table></div>");
    if (w->n_limits > LIMIT_ROWS) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further limits are in drift_report.json.</p>",
                   w->n_limits - LIMIT_ROWS);
    }
}

static void silent(const hb_decision *d, const hb_window *w, hb_buf *out)
{
    static const char *const names[] = {"Metric", "Last sample", "Silent for, s", "Allowed, s"};
    char fig[HB_FIG];
    if (w->n_silent == 0) {
        return;
    }
    heads(out, "Metrics that should have been heard of.", names, sizeof names / sizeof *names);
    for (size_t i = 0; i < w->n_silent && i < LIMIT_ROWS; i++) {
        const hb_window_silent *s = &w->silent[i];
        bool never = s->last == HB_TIME_NONE;
        hb_buf_c(out, "<tr class=\"f\">");
        name_cell(out, d, s->metric);
        hb_buf_fmt(out, "<td>%s</td>", never ? "never" : hb_fig_time(s->last, fig));
        hb_buf_fmt(out, "<td>%s</td>", never ? "—" : hb_fig(s->silent_s, fig));
        hb_buf_fmt(out, "<td>%s</td></tr>\n", hb_fig(s->allowed_s, fig));
    }
    hb_buf_c(out, "</tbody></table></div>");
    if (w->n_silent > LIMIT_ROWS) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further ones are in drift_report.json.</p>",
                   w->n_silent - LIMIT_ROWS);
    }
}

static const char *result(const hb_live_test *t)
{
    return t->shock && t->drift  ? "shock, slow drift"
           : t->shock            ? "shock"
           : t->drift            ? "slow drift"
           : t->below_min_effect ? "creeps, below min_effect"
           : t->beyond_of_3      ? "beyond, alone so far"
           : t->correlated       ? "resembles its neighbours"
                                 : "";
}

static void shock_cells(const hb_live_test *t, hb_buf *out)
{
    char fig[HB_FIG];
    hb_buf_fmt(out, "<td>%s</td>", hb_fig(t->x, fig));
    if (*t->why_no_shock) {
        hb_buf_fmt(out, "<td class=\"w\">not tested: %s</td><td>—</td><td>—</td>", t->why_no_shock);
        return;
    }
    hb_buf_fmt(out, "<td class=\"w\">%s …", hb_fig(t->low, fig));
    hb_buf_fmt(out, " %s (%zu)</td>", hb_fig(t->high, fig), t->n0);
    hb_buf_fmt(out, "<td>%s</td><td>%u</td>", hb_fig_p(t->p, fig), t->beyond_of_3);
}

/* A bar as wide as the way to an alarm. */
static void drift_cells(const hb_live_test *t, hb_buf *out)
{
    char fig[HB_FIG];
    double share = hb_live_reached(t) * 100;
    double wide = share > 100 ? 100 : share;
    hb_buf_fmt(
        out,
        "<td><span class=\"bar\" style=\"--w:%.0f%%%s\" role=\"img\" aria-label=\"%.0f %% of "
        "the way to an alarm\"></span> %.0f %%%s</td>",
        wide, t->drift ? ";--c:var(--fail)" : "", share, share,
        t->drift_direction == HB_DIRECTION_UP     ? " up"
        : t->drift_direction == HB_DIRECTION_DOWN ? " down"
                                                  : "");
    hb_buf_fmt(out, "<td>%s</td>",
               t->drift_since == HB_TIME_NONE ? "—" : hb_fig_time(t->drift_since, fig));
    hb_buf_fmt(out, "<td>%zu%s%s%s</td>", t->n_reference, *t->why_no_drift ? " (" : "",
               t->why_no_drift, *t->why_no_drift ? ")" : "");
    if (isfinite(t->lag1)) {
        hb_buf_fmt(out, "<td>%.2f</td>", t->lag1);
    } else {
        hb_buf_c(out, "<td>—</td>");
    }
}

static void tests(const hb_decision *d, const hb_live_statistics *s, hb_buf *out)
{
    static const char *const names[] = {"Metric", "Result",      "Window", "Limits (runs)",
                                        "p",      "Beyond of 3", "CUSUM",  "Since",
                                        "Kept",   "Lag 1"};
    const hb_live_test *list[ROWS];
    size_t n = hb_live_noteworthy(s, list, ROWS);
    if (n == 0) {
        return;
    }
    heads(
        out,
        "Tested metrics, nearest to an alarm first. Limits: 2 of 3 windows outside them, the same "
        "way, are a shock. CUSUM of ranks among the windows kept: at 100 % it is a slow drift, "
        "since the time given. Lag 1: over 0.3 windows resemble their neighbours.",
        names, sizeof names / sizeof *names);
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "<tr%s>", list[i]->shock || list[i]->drift ? " class=\"f\"" : "");
        name_cell(out, d, list[i]->metric);
        hb_buf_fmt(out, "<td class=\"t w\">%s</td>", result(list[i]));
        shock_cells(list[i], out);
        drift_cells(list[i], out);
        hb_buf_c(out, "</tr>\n");
    }
    hb_buf_c(out, "</tbody></table></div>");
    if (s->n_tests > n) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further metrics are in drift_report.json.</p>",
                   s->n_tests - n);
    }
}

void hb_html_live(const hb_decision *d, hb_buf *out)
{
    const hb_live_statistics *s = d->statistics.live;
    char fig[HB_FIG];
    if (!s) {
        return;
    }
    const hb_window *w = s->window;
    hb_buf_c(out, "<section id=\"live\" aria-labelledby=\"h-live\"><h2 id=\"h-live\">Live window ");
    hb_escape(out, w->name);
    hb_buf_fmt(out, "</h2><dl class=\"facts\"><dt>From</dt><dd>%s</dd>",
               hb_fig_time(w->start, fig));
    hb_buf_fmt(out, "<dt>To</dt><dd>%s</dd>", hb_fig_time(w->end, fig));
    hb_buf_fmt(out, "<dt>Samples</dt><dd>%llu, %s %% of those expected; %llu late</dd>",
               (unsigned long long)w->samples, hb_fig_short(w->coverage * 100, fig),
               (unsigned long long)w->late);
    hb_buf_fmt(out, "<dt>Closed</dt><dd>%s</dd>",
               w->revision ? "again, with late samples in it" : "once");
    hb_buf_fmt(out, "<dt>Tested</dt><dd>%zu for a shock: %zu; %zu for slow drift: %zu</dd>",
               s->n_shock_tested, s->n_shocks, s->n_drift_tested, s->n_drifts);
    hb_buf_fmt(out,
               "<dt>Budget</dt><dd>at most %s false alarm%s a month over %u metrics and %u window "
               "definition%s</dd></dl>\n",
               hb_fig_short(s->alarms_per_month, fig), s->alarms_per_month == 1 ? "" : "s",
               s->n_metrics, s->n_defs, s->n_defs == 1 ? "" : "s");
    limits(d, w, out);
    silent(d, w, out);
    tests(d, s, out);
    hb_buf_c(out, "</section>\n");
}
