/* SPDX-License-Identifier: Apache-2.0 */
/* Where it all comes from: baseline, files, configuration, method. */
#include "report/html.h"

#include "report/escape.h"
#include "report/figure.h"

#include <stdio.h>

static void row(hb_buf *out, const char *name, const char *value)
{
    hb_buf_fmt(out, "<dt>%s</dt><dd><bdi>", name);
    hb_escape(out, *value ? value : "—");
    hb_buf_c(out, "</bdi></dd>");
}

static void digest(hb_buf *out, const char *name, const char *value)
{
    hb_buf_fmt(out, "<dt>%s</dt><dd class=\"mono\">", name);
    hb_escape(out, *value ? value : "—");
    hb_buf_c(out, "</dd>");
}

static void ids(hb_buf *out, const char *name, const char *const *list, size_t n)
{
    hb_buf_fmt(out, "<dt>%s</dt><dd>", name);
    for (size_t i = 0; i < n; i++) {
        hb_buf_c(out, i ? ", " : "");
        hb_escape(out, list[i]);
    }
    hb_buf_c(out, n ? "</dd>" : "none</dd>");
}

static void baseline(const hb_reference *r, hb_buf *out)
{
    char match[80];
    hb_buf_c(
        out,
        "<section aria-labelledby=\"h-base\"><h2 id=\"h-base\">Baseline</h2><dl class=\"facts\">");
    ids(out, "Reference run", r->run_ids, r->n_run_ids);
    row(out, "Chosen by", r->reason);
    row(out, "Strategy", r->strategy);
    if (*r->tag) {
        row(out, "Tag", r->tag);
    }
    if (r->possible) {
        snprintf(match, sizeof match, "%s, %u of %u context fields equal", hb_match_name(r->level),
                 r->score, r->possible);
    } else {
        snprintf(match, sizeof match, "%s", hb_match_name(r->level));
    }
    row(out, "Match", match);
    if (*r->warning) {
        row(out, "Note", r->warning);
    }
    ids(out, "Comparable runs", r->comparable, r->n_comparable);
    hb_buf_c(out, "</dl>");
    if (r->n_differs) {
        hb_buf_c(out, "<table><caption>Context that differs</caption><thead><tr><th scope=\"col\" "
                      "class=\"t\">"
                      "Field</th><th scope=\"col\" class=\"t\">Run</th><th scope=\"col\" "
                      "class=\"t\">Baseline</th></tr></thead><tbody>");
        for (size_t i = 0; i < r->n_differs; i++) {
            hb_buf_fmt(out, "<tr><th scope=\"row\">%s</th><td class=\"t\">",
                       hb_context_name(r->differs[i].field));
            hb_escape(out, r->differs[i].run);
            hb_buf_c(out, "</td><td class=\"t\">");
            hb_escape(out, r->differs[i].baseline);
            hb_buf_c(out, "</td></tr>");
        }
        hb_buf_c(out, "</tbody></table>");
    }
    hb_buf_c(out, "</section>\n");
}

static void rejects(const hb_input_file *f, hb_buf *out)
{
    hb_buf_c(out, "<dt>Not used</dt><dd>");
    for (size_t k = 0; k < f->n_rejects; k++) {
        hb_buf_fmt(out, "%s%llu &times; ", k ? ", " : "", (unsigned long long)f->rejects[k].n);
        hb_escape(out, f->rejects[k].reason);
    }
    hb_buf_c(out, f->n_rejects ? "</dd>" : "nothing</dd>");
}

static void input(const hb_input_file *f, hb_buf *out)
{
    char text[200];
    hb_buf_c(out, "<article class=\"card\"><h3><bdi>");
    hb_escape(out, f->name);
    hb_buf_c(out, "</bdi></h3><dl class=\"facts\">");
    digest(out, "SHA-256", f->sha256);
    snprintf(text, sizeof text, "%llu bytes, %.30s, %.30s, %llu rows", (unsigned long long)f->bytes,
             f->format, f->layout, (unsigned long long)f->rows);
    row(out, "Content", text);
    rejects(f, out);
    hb_buf_c(out, "</dl>");
    for (size_t k = 0; k < f->n_guesses; k++) {
        hb_buf_c(out,
                 k ? "<li>" : "<details open><summary>What was guessed, and why</summary><ul><li>");
        hb_escape(out, f->guesses[k].what);
        hb_buf_c(out, ": <b>");
        hb_escape(out, f->guesses[k].value);
        hb_buf_c(out, "</b>, because: ");
        hb_escape(out, f->guesses[k].why);
        hb_buf_c(out, "</li>");
    }
    hb_buf_c(out, f->n_guesses ? "</ul></details></article>" : "</article>");
}

static void reject_examples(const hb_run *run, hb_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n_metrics && n < 100; i++) {
        const hb_metric *m = &run->metrics[i];
        if (m->flags & HB_METRIC_TEXT) {
            continue;
        }
        for (size_t k = 0; k < m->n_reject_examples; k++) {
            if (n++ == 0) {
                hb_buf_c(out, "<table><caption>Cells that could not be used, the first of each "
                              "metric</caption>"
                              "<thead><tr><th scope=\"col\" class=\"t\">Metric</th><th "
                              "scope=\"col\">Line</th><th "
                              "scope=\"col\" class=\"t\">Cell</th><th scope=\"col\" "
                              "class=\"t\">Reason</th></tr></thead><tbody>");
            }
            hb_buf_c(out, "<tr><th scope=\"row\">");
            hb_escape(out, m->name);
            hb_buf_fmt(out, "</th><td>%llu</td><td class=\"t mono\">",
                       (unsigned long long)m->rejects[k].line);
            hb_escape(out, m->rejects[k].text);
            hb_buf_c(out, "</td><td class=\"t\">");
            hb_escape(out, m->rejects[k].reason);
            hb_buf_c(out, "</td></tr>");
        }
    }
    hb_buf_c(out, n ? "</tbody></table>" : "");
}

static void files(const hb_run *run, hb_buf *out)
{
    hb_buf_c(out, "<section aria-labelledby=\"h-files\"><h2 id=\"h-files\">Input files</h2>");
    for (size_t i = 0; i < run->n_inputs; i++) {
        input(&run->inputs[i], out);
    }
    reject_examples(run, out);
    hb_buf_c(out, "</section>\n");
}

static void method(const hb_decision *d, hb_buf *out)
{
    hb_buf_c(
        out,
        "<section aria-labelledby=\"h-method\"><h2 id=\"h-method\">Method and configuration</h2>"
        "<p>Layer 1, declared limits: each metric's value in the run is held against hard limits, "
        "and "
        "its change from the reference run against the change limits declared for it. A finding's "
        "rank is what was observed divided by what is allowed. The rules are stated one by one in "
        "docs/verdict.md of the program.</p>");
    if (d->statistics.ran) {
        hb_buf_c(out,
                 "<p>Layer 2, run against baseline: each metric's value is held against the values "
                 "of the baseline runs by Student's prediction limit, all metrics together within "
                 "one false-alarm budget (Benjamini and Hochberg). What differs once is suspected; "
                 "what differs again on the next comparable run is confirmed. Layer 3, history, "
                 "explains and decides nothing.</p>");
    }
    hb_buf_c(out, "<p>What a PASS does not say: that nothing changed. It says that no declared "
                  "limit was crossed in this one run");
    hb_buf_c(out, d->statistics.ran
                      ? ", and that nothing differs by as much as the table of baseline runs says "
                        "would be found"
                      : ". Metrics without a limit are shown and never judged");
    hb_buf_c(out, ".</p><dl class=\"facts\">");
    row(out, "Metric registry", hb_registry_name(d->registry));
    digest(out, "its SHA-256", hb_registry_digest(d->registry));
    row(out, "Baseline policy", d->policy->name);
    digest(out, "its SHA-256", d->policy->digest);
    digest(out, "Digest of the run", d->run->digest);
}

void hb_html_origin(const hb_decision *d, const hb_report_about *about, hb_buf *out)
{
    char fig[HB_FIG];
    baseline(d->reference, out);
    files(d->run, out);
    method(d, out);
    digest(out, "Digest of the decision", about->decision_digest);
    hb_buf_c(out, "</dl></section></main>\n<footer>Made by Harmony Bridge ");
    hb_escape(out, about->version);
    if (about->decided_at != HB_TIME_NONE) {
        hb_buf_fmt(out, ", %s",
                   hb_fig_time(about->decided_at - about->decided_at % 1000000000, fig));
    }
    hb_buf_c(out,
             ". Times are UTC. Checkable figures: drift_report.json and decision.json beside this "
             "page.</footer>\n");
}
