/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/findings.h"

#include "base/mem.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hb_findings_release(hb_findings *f)
{
    hb_free(f->list);
    f->list = NULL;
    f->n = 0;
    f->cap = 0;
}

/* Findings of one metric are added one after another, so looking back as long as the name stays
 * the same is enough. */
static bool present(const hb_findings *f, const hb_finding *finding)
{
    for (size_t i = f->n; i-- > 0;) {
        if (strcmp(f->list[i].metric, finding->metric) != 0) {
            return false;
        }
        if (f->list[i].rule == finding->rule) {
            return true;
        }
    }
    return false;
}

hb_status hb_findings_add(hb_findings *f, hb_finding finding, hb_error *err, const char *fmt, ...)
{
    if (!finding.metric) {
        finding.metric = "";
    }
    if (present(f, &finding)) {
        return HB_FAIL(err, HB_E_BUG, "two findings '%s' for metric '%s'",
                       hb_rule_name(finding.rule), finding.metric);
    }
    HB_TRY(HB_GROW(f->list, f->cap, f->n + 1, HB_FINDINGS_MAX, "findings", err));
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    /* A cut must not leave half a character behind. */
    len = hb_utf8_valid_prefix((hb_str){text, len});
    finding.text = hb_arena_strndup(f->arena, text, len);
    if (!finding.text) {
        return HB_NOMEM(err);
    }
    f->list[f->n++] = finding;
    return HB_OK;
}

static int by_rank(const void *pa, const void *pb)
{
    const hb_finding *a = pa;
    const hb_finding *b = pb;
    if (a->severity != b->severity) {
        return a->severity > b->severity ? -1 : 1;
    }
    if (a->excess != b->excess) {
        return a->excess > b->excess ? -1 : 1;
    }
    int c = strcmp(a->metric, b->metric);
    return c != 0 ? c : (int)a->rule - (int)b->rule;
}

void hb_findings_rank(hb_findings *f)
{
    if (f->n) {
        qsort(f->list, f->n, sizeof *f->list, by_rank);
    }
}

const char *hb_figure(double v, const char *unit, char out[HB_FIGURE_TEXT])
{
    bool spaced = unit && *unit;
    snprintf(out, HB_FIGURE_TEXT, "%.5g%s%.100s", v == 0 ? 0.0 : v, spaced ? " " : "",
             spaced ? unit : "");
    return out;
}

hb_opt_f64 hb_some(double v)
{
    return (hb_opt_f64){.set = true, .v = v};
}
