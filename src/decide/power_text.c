/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/power.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

enum { TEXT_MAX_BYTES = 1024 };

typedef struct summary {
    size_t n;
    size_t n0_low;
    size_t n0_high;
    size_t m;
    size_t declared; /* metrics with min_effect */
    size_t shown;
} summary;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static summary collect(const hb_decision *d, double *detectable)
{
    summary s = {.n0_low = SIZE_MAX};
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_run_test *t = &d->comparisons[i].test;
        if (t->untested != HB_UNTESTED_NO) {
            continue;
        }
        detectable[s.n++] = t->detectable_sigma;
        s.n0_low = t->n0 < s.n0_low ? t->n0 : s.n0_low;
        s.n0_high = t->n0 > s.n0_high ? t->n0 : s.n0_high;
        s.m = t->m > s.m ? t->m : s.m;
        s.declared += t->tost != HB_TOST_NOT_DECLARED;
        s.shown += t->tost == HB_TOST_SHOWN;
    }
    return s;
}

static void runs_words(const summary *s, hb_buf *out)
{
    hb_buf_fmt(out, "With %zu", s->n0_low);
    if (s->n0_high != s->n0_low) {
        hb_buf_fmt(out, " to %zu", s->n0_high);
    }
    hb_buf_c(out, " baseline runs and ");
    if (s->m == 1) {
        hb_buf_c(out, "one new run ");
    } else {
        hb_buf_fmt(out, "%zu new runs ", s->m);
    }
}

static void shift_words(const summary *s, const double *detectable, hb_buf *out)
{
    /* More than half of the metrics are at or below this one. */
    double most = detectable[s->n / 2];
    if (!isfinite(most)) {
        hb_buf_c(out, "no shift of any size would have been found reliably (80 % power)");
        return;
    }
    hb_buf_fmt(out,
               "a shift of %.2g run-to-run standard deviations or more would have been found%s "
               "(80 %% power); smaller ones could have passed",
               most, s->n > 1 ? " in most metrics" : "");
}

static void equivalence_words(const summary *s, hb_buf *out)
{
    if (s->declared == 0) {
        hb_buf_c(out, "; no metric declares min_effect, so equivalence could not be shown");
    } else {
        hb_buf_fmt(out, "; equivalence was shown for %zu of %zu metric%s that declare%s min_effect",
                   s->shown, s->declared, s->declared == 1 ? "" : "s", s->declared == 1 ? "s" : "");
    }
    hb_buf_c(out, ".");
}

hb_status hb_power_text(hb_decision *d, hb_error *err)
{
    d->statistics.power_text = "";
    if (!d->statistics.ran) {
        return HB_OK;
    }
    double *detectable = hb_arena_array(&d->arena, d->statistics.n_tested, sizeof *detectable);
    if (!detectable) {
        return HB_NOMEM(err);
    }
    summary s = collect(d, detectable);
    qsort(detectable, s.n, sizeof *detectable, ascending);
    hb_buf text;
    hb_buf_init(&text, TEXT_MAX_BYTES);
    runs_words(&s, &text);
    shift_words(&s, detectable, &text);
    equivalence_words(&s, &text);
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        d->statistics.power_text = hb_arena_strndup(&d->arena, text.p, text.n);
        status = d->statistics.power_text ? HB_OK : HB_NOMEM(err);
    }
    hb_buf_release(&text);
    return status;
}
