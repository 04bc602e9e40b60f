/* SPDX-License-Identifier: Apache-2.0 */
/* Head, verdict, findings. Nothing of the page is loaded from elsewhere and nothing runs in it. */
#include "report/html.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/noteworthy.h"

#include <string.h>

static const struct {
    const char *sign; /* told apart by shape as well */
    const char *words;
} verdicts[HB_VERDICT_COUNT_] = {
    [HB_VERDICT_PASS] = {"&#10003;", "PASS"},
    [HB_VERDICT_PASS_WITH_DRIFT] = {"&#9650;", "PASS WITH DRIFT"},
    [HB_VERDICT_FAIL] = {"&#10007;", "FAIL"},
    [HB_VERDICT_NO_TEST] = {"&#9675;", "NO TEST"},
};

static void head(const hb_decision *d, hb_buf *out)
{
    hb_buf_c(out,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'; img-src data:\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    hb_buf_fmt(out, "%s: ", verdicts[d->verdict].words);
    hb_escape(out, d->run->meta.run_id);
    hb_buf_fmt(out, "</title><style>%s%s</style></head><body>\n", hb_html_style,
               hb_html_style_plots);
    hb_buf_c(out, "<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n");
}

static void fact(hb_buf *out, const char *name, const char *value)
{
    if (*value) {
        hb_buf_fmt(out, "<dt>%s</dt><dd><bdi>", name);
        hb_escape(out, value);
        hb_buf_c(out, "</bdi></dd>");
    }
}

static void next(const hb_decision *d, hb_buf *out)
{
    hb_buf text;
    size_t n = hb_next_length(d);
    if (n == 0) {
        hb_buf_c(out, "<a href=\"#statistics\">the retest that is ordered below</a>.</p>");
        return;
    }
    hb_buf_init(&text, 1 << 16);
    hb_buf_add(&text, d->what_to_do, n);
    hb_escape(out, text.p);
    hb_buf_c(out, text.p[text.n ? text.n - 1 : 0] == '.' ? "</p>" : ".</p>");
    hb_buf_release(&text);
}

static void compared_with(const hb_reference *r, hb_buf *out)
{
    hb_buf text;
    hb_buf_init(&text, 1 << 16);
    if (r->n_run_ids) {
        bool is_version = r->set && r->set->version && *r->set->version;
        hb_buf_fmt(&text, "%s%s%s%s", is_version ? "baseline version " : "",
                   is_version ? r->set->version : "", is_version ? ": " : "", r->run_ids[0]);
    }
    if (r->n_run_ids > 1) {
        hb_buf_fmt(&text, " and %zu other%s", r->n_run_ids - 1, r->n_run_ids > 2 ? "s" : "");
    }
    fact(out, "Compared with", text.p);
    hb_buf_release(&text);
}

static void banner(const hb_decision *d, hb_buf *out)
{
    const hb_run_meta *m = &d->run->meta;
    const hb_reference *r = d->reference;
    hb_buf_c(out, "<header><h1>Harmony Bridge: does it still behave as it did?</h1>");
    hb_buf_fmt(
        out,
        "<div class=\"verdict %s\" role=\"status\"><p class=\"v\"><span aria-hidden=\"true\">%s"
        "</span>%s</p><p>",
        hb_verdict_name(d->verdict), verdicts[d->verdict].sign, verdicts[d->verdict].words);
    hb_escape(out, d->reason);
    hb_buf_c(out, ".</p><p class=\"next\"><b>What to do next:</b> ");
    next(d, out);
    hb_html_power(d, out);
    hb_buf_c(out, "</div><dl class=\"facts\">");
    fact(out, "Run", m->run_id);
    fact(out, "Program", m->program);
    fact(out, "Subsystem", m->subsystem);
    fact(out, "Test", m->test_name);
    fact(out, "Build", m->build_id);
    fact(out, "Revision", m->git_sha);
    compared_with(r, out);
    hb_buf_fmt(out,
               "<dt>Metrics</dt><dd>%zu compared, %u with limits that were checked, %u drifted, %u "
               "failed</dd></dl></header>\n",
               d->n_comparisons, d->n_checked, d->n_drift_metrics, d->n_fail_metrics);
}

static void finding_item(const hb_finding *f, hb_buf *out)
{
    hb_buf_fmt(out, "<li class=\"s-%s\"><span class=\"sev\">%s</span><bdi>",
               hb_severity_name(f->severity),
               f->severity == HB_SEVERITY_FAIL    ? "&#10007; fail"
               : f->severity == HB_SEVERITY_DRIFT ? "&#9650; drift"
               : f->severity == HB_SEVERITY_WARN  ? "! warning"
                                                  : "i note");
    hb_escape(out, f->text);
    hb_buf_c(out, "</bdi>");
    if (f->severity >= HB_SEVERITY_DRIFT && f->excess > 1 && f->excess < 1e6) {
        char fig[HB_FIG];
        hb_buf_fmt(out, " <span class=\"note\">(%s &times; what is allowed)</span>",
                   hb_fig(f->excess, fig));
    }
    if (f->has_onset) {
        char fig[HB_FIG];
        hb_buf_fmt(out, " <span class=\"note\">First beyond the limit at sample %llu",
                   (unsigned long long)f->onset_index);
        if (f->onset_time != HB_TIME_NONE) {
            hb_buf_fmt(out, ", %s", hb_fig_time(f->onset_time - f->onset_time % 1000000, fig));
        }
        if (f->sustained_index != UINT64_MAX) {
            hb_buf_fmt(out, "; lasting from sample %llu", (unsigned long long)f->sustained_index);
        }
        hb_buf_c(out, ".</span>");
    }
    hb_buf_c(out, "</li>");
}

enum { FINDINGS_SHOWN = 200 };

static size_t finding_list(const hb_decision *d, hb_severity from, hb_severity to, hb_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        if (f->severity < from || f->severity > to) {
            continue;
        }
        if (n == 0) {
            hb_buf_c(out, "<ol class=\"findings\">");
        }
        if (n++ < FINDINGS_SHOWN) {
            finding_item(f, out);
        }
    }
    hb_buf_c(out, n ? "</ol>" : "");
    if (n > FINDINGS_SHOWN) {
        hb_buf_fmt(out, "<p class=\"note\">%zu further ones are in drift_report.json.</p>",
                   n - FINDINGS_SHOWN);
    }
    return n;
}

static void findings(const hb_decision *d, hb_buf *out)
{
    hb_buf_c(
        out,
        "<section id=\"findings\" aria-labelledby=\"h-findings\"><h2 id=\"h-findings\">Findings"
        "</h2>");
    if (finding_list(d, HB_SEVERITY_DRIFT, HB_SEVERITY_FAIL, out) == 0) {
        hb_buf_c(out, d->verdict == HB_VERDICT_NO_TEST
                          ? "<p>Nothing was tested, so nothing was found.</p>"
                          : "<p>No limit was crossed.</p>");
    }
    hb_buf_c(out, "</section>\n");
}

static void notes(const hb_decision *d, hb_buf *out)
{
    hb_buf_c(out,
             "<section aria-labelledby=\"h-notes\"><h2 id=\"h-notes\">Warnings and notes</h2>");
    if (finding_list(d, HB_SEVERITY_INFO, HB_SEVERITY_WARN, out) == 0 && d->run->n_warnings == 0) {
        hb_buf_c(out, "<p>None.</p>");
    }
    for (size_t i = 0; i < d->run->n_warnings; i++) {
        hb_buf_c(out, i ? "<li>" : "<p>While reading the files:</p><ul><li>");
        hb_escape(out, d->run->warnings[i]);
        hb_buf_c(out, "</li>");
    }
    hb_buf_c(out, d->run->n_warnings ? "</ul></section>\n" : "</section>\n");
}

hb_status hb_report_html(const hb_decision *d, const hb_report_about *about, hb_buf *out,
                         hb_error *err)
{
    head(d, out);
    banner(d, out);
    hb_buf_c(out, "<main>\n");
    findings(d, out);
    HB_TRY(hb_html_statistics(d, out, err));
    hb_html_live(d, out);
    HB_TRY(hb_html_flagged(d, out, err));
    hb_html_comparisons(d, out);
    notes(d, out);
    hb_html_origin(d, about, out);
    hb_buf_c(out, "</body></html>\n");
    return hb_buf_check(out, err);
}
