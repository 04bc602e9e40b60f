/* SPDX-License-Identifier: Apache-2.0 */
/* Against the plainest way: keep every sample, decide by the watermark of its moment whether it is
 * late, and at the end collect each window's samples by their times and sort them. */
#include "support/window_stream.h"

#include <math.h>

enum { MOST = 6000 };

static window_case c;

typedef struct kept_sample {
    size_t nth;
    unsigned metric;
    hb_time t;
    double v; /* seconds, for metrics with units */
    bool usable;
    bool in[HB_WINDOWS_DEFS_MAX];
} kept_sample;

typedef struct oracle {
    kept_sample s[MOST];
    size_t n;
    uint64_t late;
    uint64_t taken;
    uint64_t odd;
    uint64_t duplicates;
    int64_t first[HB_WINDOWS_DEFS_MAX]; /* panes */
    int64_t last[HB_WINDOWS_DEFS_MAX];
} oracle;

static oracle o;

static int64_t pane_of(hb_time t, int64_t slide)
{
    return (int64_t)floor((double)(t / 1000000) / (double)(slide / 1000000));
}

/* One sample by the rules: late where its pane ended at or before the watermark, taken all the same
 * while it is kept for re-opening. */
static void judge(kept_sample *s, hb_time watermark)
{
    bool late = false;
    bool taken = false;
    for (size_t d = 0; d < c.options.n_defs; d++) {
        int64_t slide = c.defs[d].slide_ns;
        int64_t p = pane_of(s->t, slide);
        hb_time end = (p + 1) * slide;
        bool over = end <= watermark;
        s->in[d] = !over || (c.options.late == HB_LATE_REOPEN && p >= o.first[d] &&
                             end > watermark - c.options.keep_closed_ns);
        late = late || !s->in[d];
        taken = taken || s->in[d];
        if (s->in[d]) {
            o.first[d] = p < o.first[d] ? p : o.first[d];
            o.last[d] = p > o.last[d] ? p : o.last[d];
        }
    }
    o.late += late;
    o.taken += taken && s->usable;
    o.odd += taken && !s->usable;
}

static void ask_oracle(const stream_event *e, size_t n)
{
    hb_time head = 0;
    o.n = 0;
    o.late = o.taken = o.odd = o.duplicates = 0;
    for (size_t d = 0; d < HB_WINDOWS_DEFS_MAX; d++) {
        o.first[d] = INT64_MAX;
        o.last[d] = INT64_MIN;
    }
    for (size_t i = 0; i < n; i++) {
        if (e[i].what != STREAM_SAMPLE) {
            continue;
        }
        if (e[i].duplicate) {
            o.duplicates++;
            continue;
        }
        head = e[i].s.t > head ? e[i].s.t : head;
        kept_sample *s = &o.s[o.n++];
        *s = (kept_sample){.nth = i,
                           .metric = e[i].metric,
                           .t = e[i].s.t,
                           .v = e[i].s.value * (hb_str_eq_c(e[i].s.unit, "ms") ? 0.001 : 1),
                           .usable = e[i].s.kind == HB_LIVE_VALUE};
        judge(s, head - c.options.lateness_ns);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct figures {
    size_t n;
    size_t odd;
    double v[MOST];
    double sum;
    hb_time first;
    hb_time last;
    double at_first;
    double at_last;
} figures;

static void collect(size_t d, const hb_window *w, unsigned metric, figures *f)
{
    *f = (figures){.first = INT64_MAX, .last = INT64_MIN};
    for (size_t i = 0; i < o.n; i++) {
        const kept_sample *s = &o.s[i];
        if (s->metric != metric || !s->in[d] || s->t < w->start || s->t >= w->end) {
            continue;
        }
        if (!s->usable) {
            f->odd++;
            continue;
        }
        if (s->t < f->first) {
            f->first = s->t;
            f->at_first = s->v;
        }
        if (s->t >= f->last) {
            f->last = s->t;
            f->at_last = s->v;
        }
        f->sum += s->v;
        f->v[f->n++] = s->v;
    }
    qsort(f->v, f->n, sizeof *f->v, by_value);
}

static size_t check_window(size_t d, const hb_window *w)
{
    static figures f;
    size_t samples = 0;
    for (unsigned m = 0; m < 5; m++) {
        char name[8];
        snprintf(name, sizeof name, "m%u", m);
        collect(d, w, m, &f);
        samples += f.n;
        const hb_metric *got = hb_run_metric(w->run, hb_str_of(name));
        assert_true((got != NULL) == (f.n + f.odd > 0));
        if (!got) {
            continue;
        }
        const hb_profile *p = &got->profile;
        assert_int_equal(p->moments.n, f.n);
        assert_int_equal(hb_profile_total(p), f.n + f.odd);
        if (f.n == 0) {
            continue;
        }
        assert_true(p->moments.min == f.v[0] && p->moments.max == f.v[f.n - 1]);
        assert_true(fabs(hb_moments_mean(&p->moments) - f.sum / (double)f.n) < 1e-9);
        double median = (f.v[(f.n - 1) / 2] + f.v[f.n / 2]) / 2;
        assert_true(fabs(hb_profile_quantile(p, 0.5) - median) < 1e-9);
        assert_true(got->value == hb_profile_quantile(p, 0.5));
        assert_true(p->t_first == f.first && p->t_last == f.last);
        assert_true(p->at_t_first == f.at_first && p->at_t_last == f.at_last);
        assert_true(p->moments.last == f.at_last);
    }
    assert_int_equal(w->samples, samples);
    return samples;
}

/* Every window there should be, once, in order of (end, definition) but for what came again. */
static void check_all(void)
{
    for (size_t d = 0; d < c.options.n_defs; d++) {
        const hb_window_def *def = &c.defs[d];
        int64_t overlap = def->size_ns / def->slide_ns;
        int64_t last = o.last[d] - overlap + 1;
        last = last < o.first[d] ? o.first[d] : last;
        for (int64_t k = o.first[d]; k <= last; k++) {
            const hb_window *latest = NULL;
            for (size_t i = 0; i < c.n_closed; i++) {
                const hb_window *w = window_case_at(&c, i);
                if (strcmp(w->name, def->name) == 0 && w->start == k * def->slide_ns) {
                    assert_int_equal(w->revision, latest ? latest->revision + 1 : 0);
                    assert_true(!latest || strcmp(latest->id, w->id) == 0);
                    latest = w;
                }
            }
            assert_non_null(latest);
            check_window(d, latest);
        }
    }
    for (size_t i = 1; i < c.n_closed; i++) {
        const hb_window *a = window_case_at(&c, i - 1);
        const hb_window *b = window_case_at(&c, i);
        assert_true(a->revision || b->revision || a->end < b->end ||
                    (a->end == b->end && strcmp(a->name, b->name) != 0));
    }
}

static void a_stream(unsigned seed)
{
    window_case_begin(&c, 10, 10,
                      "version: \"1\"\nmetrics:\n  m0: {unit: s}\n  m2: {unit: s}\n"
                      "  m4: {unit: s}\n");
    c.defs[1] = (hb_window_def){.name = "30s/5s", .size_ns = 30 * SEC, .slide_ns = 5 * SEC};
    c.defs[2] = (hb_window_def){.name = "2m/1m", .size_ns = 120 * SEC, .slide_ns = 60 * SEC};
    c.options.n_defs = 3;
    c.options.lateness_ns = seed % 4 * SEC;
    c.options.late = (hb_late)(seed % HB_LATE_COUNT_);
    c.options.keep_closed_ns = (seed % 5) * 9 * SEC;
    window_case_start(&c);
    const stream_kind k = {.seed = seed,
                           .n = 3000,
                           .metrics = seed % 5 == 4 ? 2 : 5,
                           .step_s = seed % 2 ? 0.05 : 0.3,
                           .disorder_s = seed % 7 ? 5 : 0,
                           .duplicate_every = seed % 3 ? 25 : 0,
                           .gap_every = 300,
                           .gap_s = 60,
                           .odd_every = 40,
                           .units = seed % 2};
    stream_event *e = stream_make(&k);
    for (size_t i = 0; i < k.n; i++) {
        stream_give(c.w, &e[i]);
        window_case_take(&c);
    }
    window_case_finish(&c);
    ask_oracle(e, k.n);
    check_all();
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), o.late);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_SAMPLES), o.taken);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_NOT_USABLE), o.odd);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_DUPLICATE), o.duplicates);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_CLOSED) +
                         window_case_count(&c, HB_WINDOWS_REOPENED),
                     c.n_closed);
    free(e);
    window_case_end(&c);
}

static void windows__hold_what_sorting_all_samples_gives(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 30; seed++) {
        a_stream(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows__hold_what_sorting_all_samples_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
