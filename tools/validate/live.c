/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/verdict-quality.md promises of layer 4, simulated:
 *
 *     validate_live [--fast] [--seed N]
 *
 * prints a Markdown table and ends with 1 when a figure is more than 20 % away from what was
 * promised, or a count of false alarms over what its budget allows. The run lengths are those of
 * the very rule (stats/rank_cusum.h: ranks among the windows kept, at most `keep`); clean months
 * go through hb_decide() and hb_detector_absorb(). */
#include "lab.h"

#include "base/mem.h"
#include "base/num.h"
#include "decide/live.h"
#include "stats/fmath.h"
#include "stats/rank_cusum.h"
#include "stats/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_NS INT64_C(60000000000)
#define MONTH_NS (30 * 24 * 60 * MINUTE_NS)

enum { KEEP = 2000 };

/* LOGGED: lognormal values whose baseline version stores that they are tested by logarithms. */
typedef enum law { NORMAL, T3, LOGNORMAL, LAWS, LOGGED = LAWS, PROGRAMS } law;

static const char *const law_names[PROGRAMS] = {"normal", "t(3)", "lognormal",
                                                "lognormal, baseline by logarithms"};

typedef struct options {
    bool fast;
    uint64_t seed;
} options;

typedef struct table {
    size_t outside;
    uint64_t stream;
} table;

static double drawn(law d, hb_random *r)
{
    double z = hb_random_normal(r);
    if (d == NORMAL) {
        return z;
    }
    if (d == LOGNORMAL || d == LOGGED) {
        return hb_exp(z);
    }
    double squares = 0;
    for (int i = 0; i < 3; i++) {
        double q = hb_random_normal(r);
        squares += q * q;
    }
    return z / sqrt(squares / 3);
}

static double sd_of(law d)
{
    return d == NORMAL ? 1 : d == T3 ? sqrt(3) : sqrt((hb_exp(1) - 1) * hb_exp(1));
}

static void row(table *t, const char *what, const char *setting, double promised, double low,
                double high, double got, const char *unit)
{
    bool told = isnan(promised);
    bool ok = told || (got >= low && got <= high);
    char want[64] = "–";
    if (!told) {
        snprintf(want, sizeof want, "%.6g%s", promised, unit);
    }
    t->outside += !ok;
    printf("| %s | %s | %s | %.6g%s | %s |\n", what, setting, want, got, unit,
           told ? "told"
           : ok ? "yes"
                : "**no**");
    fflush(stdout);
}

static void near(table *t, const char *what, const char *setting, double promised, double got,
                 const char *unit)
{
    row(t, what, setting, promised, 0.8 * promised, 1.2 * promised, got, unit);
}

/* One metric's slow drift. */
typedef struct stream {
    hb_rank_ring kept;
    hb_cusum up;
    hb_cusum down;
    double h;
} stream;

static hb_status stream_open(stream *s, size_t keep, double h, size_t n0, law d, hb_random *r,
                             hb_error *err)
{
    *s = (stream){.kept = {.keep = keep}, .h = h};
    hb_cusum_reset(&s->up);
    hb_cusum_reset(&s->down);
    for (size_t i = 0; i < n0; i++) {
        HB_TRY(hb_rank_ring_add(&s->kept, drawn(d, r), err));
    }
    return HB_OK;
}

static hb_status stream_add(stream *s, double x, double u, bool *ret_alarm, hb_error *err)
{
    double score = hb_rank_ring_score(&s->kept, x, u);
    hb_cusum_add(&s->up, score, 0);
    hb_cusum_add(&s->down, -score, 0);
    *ret_alarm = s->up.s > s->h || s->down.s > s->h;
    if (*ret_alarm) {
        hb_cusum_reset(&s->up);
        hb_cusum_reset(&s->down);
    }
    return hb_rank_ring_add(&s->kept, x, err);
}

/* Windows between alarms of one long clean stream. Ranks do not depend on the law. */
static hb_status run_length(size_t keep, double h, size_t windows, hb_random r, double *ret,
                            hb_error *err)
{
    stream s;
    size_t alarms = 0;
    hb_status status = stream_open(&s, keep, h, keep, NORMAL, &r, err);
    for (size_t i = 0; i < windows && status == HB_OK; i++) {
        bool alarm = false;
        double u = hb_random_unit(&r);
        status = stream_add(&s, hb_random_unit(&r), u, &alarm, err);
        alarms += alarm;
    }
    hb_rank_ring_release(&s.kept);
    *ret = alarms ? (double)windows / (double)alarms : INFINITY;
    return status;
}

/* A full ring as it was; `to` has its room already. */
static void restore(hb_rank_ring *to, const hb_rank_ring *from)
{
    memcpy(to->values, from->values, from->n * sizeof *from->values);
    memcpy(to->sorted, from->sorted, from->n * sizeof *from->sorted);
    to->first = from->first;
}

/* One excursion of values one standard deviation up, which join the ring as they come. */
static hb_status excursion(stream *s, hb_random *r, double *ret_weight, hb_error *err)
{
    double log_weight = 0;
    hb_cusum_reset(&s->up);
    do {
        double x = hb_random_normal(r) + 1;
        log_weight += 0.5 - x;
        hb_cusum_add(&s->up, hb_rank_ring_score(&s->kept, x, hb_random_unit(r)), 0);
        HB_TRY(hb_rank_ring_add(&s->kept, x, err));
    } while (s->up.s > 0 && s->up.s <= s->h);
    *ret_weight = s->up.s > s->h ? hb_exp(log_weight) : 0;
    return HB_OK;
}

/* Alarms too rare to wait for, by importance sampling: from a CUSUM at 0 among clean windows,
 * values one standard deviation up until it is back at 0 or over h, each excursion weighed by how
 * likely a clean stream is to give it. Alarms a window are that probability over the length of a
 * clean cycle, twice for both sides. */
static hb_status rare_run_length(double h, size_t trials, hb_random r, double *ret, hb_error *err)
{
    enum { RENEW = 50, CLEAN = 2000000 };
    stream s = {0};
    stream clean = {0};
    double reached = 0;
    hb_status status = stream_open(&s, KEEP, h, KEEP, NORMAL, &r, err);
    for (size_t i = 0; i < trials && status == HB_OK; i++) {
        if (i % RENEW == 0) {
            hb_rank_ring_release(&clean.kept);
            status = stream_open(&clean, KEEP, h, KEEP, NORMAL, &r, err);
        }
        double weight = 0;
        if (status == HB_OK) {
            restore(&s.kept, &clean.kept);
            status = excursion(&s, &r, &weight, err);
        }
        reached += weight;
    }
    hb_rank_ring_release(&s.kept);
    hb_rank_ring_release(&clean.kept);
    size_t cycles = 0;
    double sum = 0;
    for (size_t i = 0; i < CLEAN; i++) {
        sum = fmax(0, sum + hb_random_normal(&r) - HB_CUSUM_K);
        cycles += !(sum > 0);
    }
    *ret = (double)CLEAN / (double)cycles / (reached / (double)trials) / 2;
    return status;
}

static hb_status run_length_rows(const options *o, table *t, hb_error *err)
{
    double got = 0;
    HB_TRY(run_length(KEEP, 5, o->fast ? 500000 : 5000000, hb_random_of(o->seed, t->stream++), &got,
                      err));
    near(t, "windows between false drift alarms, h = 5", "2,000 kept", hb_cusum_arl0(5), got, "");
    const double minute = 2 * 43200;
    uint64_t waiting = t->stream++;
    if (!o->fast) { /* the next row is about the same */
        HB_TRY(run_length(KEEP, hb_cusum_h(minute), 40000000, hb_random_of(o->seed, waiting), &got,
                          err));
        near(t, "… h of 1 metric, a window a minute", "2,000 kept", minute, got, "");
    }
    HB_TRY(rare_run_length(hb_cusum_h(minute), o->fast ? 10000 : 200000,
                           hb_random_of(o->seed, t->stream++), &got, err));
    near(t, "… h of 1 metric, a window a minute, by importance sampling", "2,000 kept", minute, got,
         "");
    HB_TRY(rare_run_length(hb_cusum_h(200 * minute), o->fast ? 10000 : 200000,
                           hb_random_of(o->seed, t->stream++), &got, err));
    near(t, "… h of 200 metrics, a window a minute, the same way", "2,000 kept", 200 * minute, got,
         "");
    static const size_t keeps[] = {500, 200, 100, 50, 20};
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps && !o->fast; i++) {
        char setting[32];
        snprintf(setting, sizeof setting, "%zu kept", keeps[i]);
        HB_TRY(run_length(keeps[i], hb_cusum_h(5000), 10000000, hb_random_of(o->seed, t->stream++),
                          &got, err));
        if (keeps[i] >= 100) {
            near(t, "… h of 5,000 windows", setting, 5000, got, "");
        } else {
            row(t, "… h of 5,000 windows", setting, NAN, 0, 0, got, "");
        }
    }
    return HB_OK;
}

/* Windows until the first alarm, the last one of `most` when there is none. */
static hb_status first_alarm(law d, size_t n0, double h, double shift, size_t most, hb_random r,
                             size_t *ret, hb_error *err)
{
    stream s;
    bool alarm = false;
    size_t i = 0;
    hb_status status = stream_open(&s, KEEP, h, n0, d, &r, err);
    while (status == HB_OK && !alarm && i < most) {
        double u = hb_random_unit(&r);
        status = stream_add(&s, drawn(d, &r) + shift * sd_of(d), u, &alarm, err);
        i++;
    }
    hb_rank_ring_release(&s.kept);
    *ret = alarm ? i : most + 1;
    return status;
}

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    return (x > y) - (x < y);
}

typedef struct delays {
    size_t median;
    size_t nine_in_ten;
    double share; /* with an alarm at all */
} delays;

static hb_status delays_of(law d, size_t n0, double h, double shift, size_t most, size_t trials,
                           hb_random r, delays *ret, hb_error *err)
{
    size_t *all = hb_alloc_array(trials, sizeof *all);
    hb_status status = all ? HB_OK : HB_NOMEM(err);
    size_t found = 0;
    for (size_t i = 0; i < trials && status == HB_OK; i++) {
        hb_random own = hb_random_of(hb_random_u64(&r), i + 1);
        status = first_alarm(d, n0, h, shift, most, own, &all[i], err);
        found += status == HB_OK && all[i] <= most;
    }
    if (status == HB_OK) {
        qsort(all, trials, sizeof *all, by_size);
        *ret = (delays){.median = all[trials / 2],
                        .nine_in_ten = all[trials * 9 / 10],
                        .share = (double)found / (double)trials};
    }
    hb_free(all);
    return status;
}

static hb_status table_rows(const options *o, table *t, hb_error *err)
{
    delays d;
    for (law w = NORMAL; w < LAWS; w++) {
        HB_TRY(delays_of(w, 20, 10, 0, 1000, o->fast ? 2000 : 20000,
                         hb_random_of(o->seed, t->stream++), &d, err));
        row(t, "h = 10, any alarm in 1,000 clean windows", law_names[w], 1.41, 0.9, 2.0,
            d.share * 100, " %");
    }
    for (int shift = 2; shift <= 3; shift++) {
        HB_TRY(delays_of(NORMAL, 20, 10, shift, 2000, o->fast ? 1001 : 10001,
                         hb_random_of(o->seed, t->stream++), &d, err));
        near(t,
             shift == 2 ? "h = 10, shift of 2 sd after 20 windows, median delay"
                        : "h = 10, shift of 3 sd after 20 windows, median delay",
             "normal", shift == 2 ? 19 : 13, (double)d.median, " windows");
    }
    return HB_OK;
}

static hb_status delay_rows(const options *o, table *t, hb_error *err)
{
    static const size_t n0[] = {20, 50, 200, 2000};
    const double h = hb_cusum_h(200 * 2 * 43200);
    printf("\n200 metrics, a window a minute, h = %.3f: windows from a lasting shift to its alarm, "
           "median and nine in ten.\n\n| windows before the shift | 1 sd | 2 sd | 3 sd | 4 sd "
           "|\n|---|---|---|---|---|\n",
           h);
    for (size_t i = 0; i < sizeof n0 / sizeof *n0; i++) {
        printf("| %zu |", n0[i]);
        for (int shift = 1; shift <= 4; shift++) {
            delays d;
            HB_TRY(delays_of(NORMAL, n0[i], h, shift, 2000, 1001,
                             hb_random_of(o->seed, t->stream++), &d, err));
            char median[24] = "never";
            char nine[24] = "never";
            if (d.median <= 2000) {
                snprintf(median, sizeof median, "%zu", d.median);
            }
            if (d.nine_in_ten <= 2000) {
                snprintf(nine, sizeof nine, "%zu", d.nine_in_ten);
            }
            printf(" %s, %s |", median, nine);
        }
        printf("\n");
    }
    return HB_OK;
}

/* What a program of windows gives, through the decision. */
typedef struct program {
    size_t n0;
    size_t n_metrics;
    size_t trained; /* windows absorbed before they are judged */
    size_t windows;
    int64_t slide_ns;
    double alarms_per_month;
    law d;
} program;

typedef struct counts {
    size_t windows;
    size_t tests;
    size_t beyond; /* metrics beyond the t limit in one window */
    size_t shocks; /* … that became a shock: its first window counts */
    size_t drifts;
    size_t not_pass;
} counts;

static void draw_baseline(lab *l, const program *p, hb_random *r)
{
    lab_baseline(l, r);
    for (size_t i = 0; i < p->n_metrics; i++) {
        for (size_t k = 0; k < p->n0; k++) {
            l->values[i][k] = drawn(p->d, r);
        }
        l->reference_metrics[i].value = l->values[i][0];
        l->past[i].log = p->d == LOGGED;
    }
}

static void count(const hb_decision *d, counts *c)
{
    const hb_live_statistics *s = d->statistics.live;
    c->windows++;
    c->not_pass += d->verdict != HB_VERDICT_PASS;
    for (size_t i = 0; i < s->n_tests; i++) {
        const hb_live_test *t = &s->tests[i];
        c->tests += !*t->why_no_shock;
        c->beyond += t->beyond != HB_DIRECTION_NONE;
        c->shocks += t->shock && t->beyond_of_3 == t->needed_of_3;
        c->drifts += t->drift;
    }
}

static hb_status one_window(lab *l, const program *p, hb_detector *det, size_t i, hb_random *r,
                            counts *c, hb_error *err)
{
    char id[HB_WINDOW_ID_TEXT];
    snprintf(id, sizeof id, "%064zx", i);
    hb_window w = {.name = "w",
                   .id = id,
                   .start = (hb_time)i * p->slide_ns,
                   .end = (hb_time)(i + 1) * p->slide_ns,
                   .run = &l->run,
                   .samples = p->n_metrics,
                   .coverage = 1};
    hb_live live = {.window = &w, .detector = det};
    l->prior.live = &live;
    for (size_t k = 0; k < p->n_metrics; k++) {
        l->metrics[k].value = drawn(p->d, r);
    }
    if (i >= p->trained) {
        hb_decision *d = NULL;
        HB_TRY(lab_decide(l, &d, err));
        count(d, c);
        hb_decision_free(d);
    }
    return hb_detector_absorb(det, &w, &l->set, l->registry, err);
}

static hb_status run_program(const program *p, hb_random r, counts *c, hb_error *err)
{
    lab_plan plan = {.n0 = p->n0, .n_metrics = p->n_metrics, .budget = 0.1};
    hb_detector_options o = {.alarms_per_month = p->alarms_per_month,
                             .n_defs = 1,
                             .n_metrics = (uint32_t)p->n_metrics,
                             .slide_ns = p->slide_ns,
                             .seed = hb_random_u64(&r)};
    hb_detector *det = NULL;
    lab *l = hb_alloc(sizeof *l);
    if (!l) {
        return HB_NOMEM(err);
    }
    hb_status status = lab_open(&plan, l, err);
    l->reference.weight_only = true;
    if (status == HB_OK) {
        status = hb_detector_new(&o, &det, err);
    }
    draw_baseline(l, p, &r);
    for (size_t i = 0; i < p->trained + p->windows && status == HB_OK; i++) {
        status = one_window(l, p, det, i, &r, c, err);
    }
    hb_detector_free(det);
    lab_close(l);
    hb_free(l);
    return status;
}

/* A level of 1 % a window and metric, averaged over baselines. */
static hb_status shock_rows(const options *o, table *t, hb_error *err)
{
    static const size_t n0[] = {3, 10, 20};
    enum { METRICS = 50, WINDOWS = 40 };
    for (size_t i = 0; i < sizeof n0 / sizeof *n0; i++) {
        program p = {.n0 = n0[i],
                     .n_metrics = METRICS,
                     .windows = WINDOWS,
                     .slide_ns = 60 * MINUTE_NS,
                     .alarms_per_month = 0.01 * 2 * METRICS * 720};
        counts c = {0};
        for (size_t k = 0; k < (o->fast ? 30 : 1000); k++) {
            HB_TRY(run_program(&p, hb_random_of(o->seed, t->stream++), &c, err));
        }
        char setting[32];
        snprintf(setting, sizeof setting, "%zu baseline runs", n0[i]);
        near(t, "shock: one window beyond the t limit at 0.01", setting, 1,
             100 * (double)c.beyond / (double)c.tests, " %");
        row(t, "… and one of the two before as well: a shock begins", setting, NAN, 0, 0,
            100 * (double)c.shocks / (double)c.tests, " %");
    }
    return HB_OK;
}

/* The largest count that a Poisson law of this mean stays under 97.5 % of the time. */
static size_t most_likely(double mean)
{
    size_t n = 0;
    while (hb_gamma_q((double)n + 1, mean) < 0.975) {
        n++;
    }
    return n;
}

static hb_status month_rows(const options *o, table *t, hb_error *err)
{
    const size_t months = o->fast ? 2 : 60;
    const size_t n_metrics = 20;
    for (law w = NORMAL; w < PROGRAMS; w++) {
        uint64_t first = t->stream;
        t->stream += months;
        if (o->fast && w != NORMAL) {
            continue;
        }
        program p = {.n0 = 20,
                     .n_metrics = n_metrics,
                     .trained = 200,
                     .windows = (size_t)(MONTH_NS / (10 * MINUTE_NS)),
                     .slide_ns = 10 * MINUTE_NS,
                     .alarms_per_month = 1,
                     .d = w};
        counts c = {0};
        for (size_t k = 0; k < months; k++) {
            HB_TRY(run_program(&p, hb_random_of(o->seed, first + k), &c, err));
        }
        char setting[96];
        snprintf(setting, sizeof setting, "%zu months, %zu metrics, a window in 10 minutes, %s",
                 months, n_metrics, law_names[w]);
        size_t alarms = c.shocks + c.drifts;
        if (w != LOGNORMAL) {
            row(t, "false alarms, at most (97.5 % of a Poisson law of 1 a month)", setting,
                (double)most_likely((double)months), 0, (double)most_likely((double)months),
                (double)alarms, "");
        } else {
            row(t, "false alarms", setting, NAN, 0, 0, (double)alarms, "");
        }
        row(t, "… of them shocks", setting, NAN, 0, 0, (double)c.shocks, "");
        row(t, "… windows that did not pass", setting, NAN, 0, 0, (double)c.not_pass, "");
    }
    return HB_OK;
}

static bool parse(int argc, char **argv, options *ret)
{
    *ret = (options){.seed = 20261126};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fast") == 0) {
            ret->fast = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc &&
                   hb_num_parse_u64(argv[i + 1], strlen(argv[i + 1]), &ret->seed)) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    options o;
    if (!parse(argc, argv, &o)) {
        fputs("usage: validate_live [--fast] [--seed N]\n", stderr);
        return 2;
    }
    printf(
        "Seed %llu.\n\n| what | setting | promised | simulated | kept |\n|---|---|---|---|---|\n",
        (unsigned long long)o.seed);
    static hb_status (*const parts[])(const options *, table *, hb_error *) = {
        run_length_rows, table_rows, shock_rows, month_rows, delay_rows};
    table t = {0};
    hb_error err = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts - (o.fast ? 1 : 0); i++) {
        if (parts[i](&o, &t, &err) != HB_OK) {
            fprintf(stderr, "validate_live: %s\n", err.msg);
            return 1;
        }
    }
    printf("\n%zu outside.\n", t.outside);
    return t.outside ? 1 : 0;
}
