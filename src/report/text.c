/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "report/figure.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

enum { TOLD = 12 };

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
            hb_buf_fmt(out, "  %-5s  ", hb_severity_name(f->severity));
            hb_buf_shown(out, f->text);
            hb_buf_ch(out, '\n');
            told++;
        }
    }
    if (worth > told) {
        hb_buf_fmt(out, "  … and %zu more in the report\n", worth - told);
    }
}

hb_status hb_report_text(const hb_decision *d, bool colour, hb_buf *out, hb_error *err)
{
    const hb_reference *r = d->reference;
    hb_buf_fmt(out, "%s%s %s%s  ", colour ? looks[d->verdict].colour : "", looks[d->verdict].mark,
               hb_verdict_name(d->verdict), colour ? "\033[0m" : "");
    hb_buf_shown(out, d->reason);
    hb_buf_ch(out, '\n');
    findings(d, out);
    hb_text_statistics(d, colour, out);
    if (r->run && r->n_run_ids) {
        hb_buf_fmt(out, "baseline: %s%s (%s, match %s", r->run_ids[0],
                   r->n_run_ids > 1 ? " and others" : "", r->reason, hb_match_name(r->level));
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
