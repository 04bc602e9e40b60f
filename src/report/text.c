/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "report/figure.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

enum { TOLD = 12, TEXT_MAX_BYTES = 1 << 16 };

static const struct {
    const char *mark; /* readable without colour */
    const char *colour;
} looks[HB_VERDICT_COUNT_] = {
    [HB_VERDICT_PASS] = {"[ok]", "\033[1;32m"},
    [HB_VERDICT_PASS_WITH_DRIFT] = {"[!]", "\033[1;33m"},
    [HB_VERDICT_FAIL] = {"[X]", "\033[1;31m"},
    [HB_VERDICT_NO_TEST] = {"[?]", "\033[1;36m"},
};

static void findings(const hb_decision *d, hb_buf *out)
{
    size_t told = 0;
    size_t worth = 0;
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        if (f->severity == HB_SEVERITY_INFO) {
            continue;
        }
        worth++;
        if (told < TOLD) {
            char head[32];
            snprintf(head, sizeof head, "  %-5s  ", hb_severity_name(f->severity));
            hb_text_wrapped(out, head, f->text);
            told++;
        }
    }
    if (worth > told) {
        hb_buf_fmt(out, "  … and %zu more in the report\n", worth - told);
    }
}

/* Broken as without colour, which takes no columns. */
static void headline(const hb_decision *d, bool colour, hb_buf *out)
{
    char head[64];
    hb_buf text;
    int n =
        snprintf(head, sizeof head, "%s %s  ", looks[d->verdict].mark, hb_verdict_name(d->verdict));
    hb_buf_init(&text, TEXT_MAX_BYTES);
    hb_text_wrapped(&text, head, d->reason);
    if (colour && text.n > (size_t)n) {
        hb_buf_fmt(out, "%s%.*s\033[0m", looks[d->verdict].colour, n - 2, head);
        hb_buf_c(out, text.p + n - 2);
    } else {
        hb_buf_add(out, text.p, text.n);
    }
    hb_buf_release(&text);
}

hb_status hb_report_text(const hb_decision *d, bool colour, hb_buf *out, hb_error *err)
{
    const hb_reference *r = d->reference;
    headline(d, colour, out);
    findings(d, out);
    hb_text_statistics(d, colour, out);
    if (r->run && r->n_run_ids) {
        hb_buf_fmt(out, "baseline: %s", r->run_ids[0]);
        if (r->n_run_ids > 1) {
            hb_buf_fmt(out, " and %zu other%s", r->n_run_ids - 1, r->n_run_ids > 2 ? "s" : "");
        }
        hb_buf_fmt(out, " (%s, match %s", r->reason, hb_match_name(r->level));
        if (r->possible) {
            hb_buf_fmt(out, " %u of %u", r->score, r->possible);
        }
        hb_buf_c(out, ")\n");
    } else {
        hb_buf_fmt(out, "baseline: none (%s)\n", r->reason);
    }
    hb_text_next(d, out);
    return hb_buf_check(out, err);
}
