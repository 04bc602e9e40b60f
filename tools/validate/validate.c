/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/verdict-quality.md promises of layer 2, simulated through hb_decide():
 *
 *     hb_validate [--fast] [--seed N]
 *
 * prints a Markdown table and ends with 1 when a rate is more than 20 % away from what was
 * promised. Rows marked "told" are not promised by anything; they are there to be known. --fast is
 * what the test suite runs: fewer runs, and without the rates that need many. */
#include "lab.h"

#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS = 50, SHIFTED = 5 };

typedef struct options {
    bool fast;
    uint64_t seed;
} options;

typedef struct sums {
    size_t runs;
    size_t flagged;   /* some metric suspected */
    size_t drift;     /* verdict other than PASS */
    size_t confirmed; /* … and the retest confirmed one of them */
    size_t again;     /* … and the retest was flagged: one confirmed, or one rejected anew */
    size_t opposite;  /* … and the retest opened one in the opposite direction */
    size_t found;     /* shifted metrics rejected */
    size_t shifted;   /* shifted metrics */
} sums;

static bool any_confirmed(const hb_decision *d)
{
    return d->statistics.n_confirmed > 0;
}

static bool any_opposite(const hb_decision *d)
{
    for (size_t i = 0; i < d->statistics.n_retests; i++) {
        if (d->statistics.retests[i].outcome == HB_RETEST_OPPOSITE) {
            return true;
        }
    }
    return false;
}

/* A clean run, and when it was flagged a clean run more as its retest. */
static hb_status clean_pair(lab *l, hb_random *r, sums *s, hb_error *err)
{
    hb_decision *d = NULL;
    lab_baseline(l, r);
    lab_run(l, 0, 0, r);
    HB_TRY(lab_decide(l, &d, err));
    bool flagged = d->statistics.n_suspected > 0;
    s->runs++;
    s->flagged += flagged;
    s->drift += d->verdict != HB_VERDICT_PASS;
    lab_suspicions(l, d);
    hb_decision_free(d);
    if (!flagged) {
        return HB_OK;
    }
    d = NULL;
    lab_run(l, 0, 0, r);
    HB_TRY(lab_decide(l, &d, err));
    s->confirmed += any_confirmed(d);
    s->again += any_confirmed(d) || d->statistics.n_rejected > 0;
    s->opposite += any_opposite(d);
    hb_decision_free(d);
    return HB_OK;
}

static hb_status shifted_run(lab *l, double shift, hb_random *r, sums *s, hb_error *err)
{
    hb_decision *d = NULL;
    lab_baseline(l, r);
    lab_run(l, SHIFTED, shift, r);
    HB_TRY(lab_decide(l, &d, err));
    for (size_t i = 0; i < SHIFTED; i++) {
        s->found += d->comparisons[i].test.rejected;
    }
    s->runs++;
    s->shifted += SHIFTED;
    hb_decision_free(d);
    return HB_OK;
}

/* shift 0: pairs of clean runs. */
static hb_status simulate(const lab_plan *plan, double shift, size_t runs, hb_random r, sums *s,
                          hb_error *err)
{
    lab *l = hb_alloc(sizeof *l);
    if (!l) {
        return HB_NOMEM(err);
    }
    memset(s, 0, sizeof *s);
    hb_status status = lab_open(plan, l, err);
    for (size_t i = 0; status == HB_OK && i < runs; i++) {
        status = shift == 0 ? clean_pair(l, &r, s, err) : shifted_run(l, shift, &r, s, err);
    }
    lab_close(l);
    hb_free(l);
    return status;
}

typedef struct table {
    size_t outside;
    uint64_t stream;
} table;

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* promised NaN: told only. */
static void row(table *t, const char *what, size_t n0, size_t part, size_t whole, double promised)
{
    double got = share(part, whole);
    bool ok = isnan(promised) || fabs(got - promised) <= 0.2 * promised;
    double error = whole ? sqrt(got * (1 - got) / (double)whole) : 0;
    char want[32] = "–";
    if (!isnan(promised)) {
        snprintf(want, sizeof want, "%.4g %%", promised * 100);
    }
    t->outside += !ok;
    printf("| %s | %zu | %zu | %s | %.3f %% ± %.3f | %s |\n", what, n0, whole, want, got * 100,
           error * 100,
           isnan(promised) ? "told"
           : ok            ? "yes"
                           : "**no**");
    fflush(stdout);
}

/* One metric alone at 0.8 q = 0.01: Student's prediction limit. */
static hb_status limit_rows(const options *o, table *t, hb_error *err)
{
    static const size_t n0[] = {3, 5, 10, 20};
    for (size_t i = 0; i < sizeof n0 / sizeof *n0; i++) {
        uint64_t stream = t->stream++; /* the same numbers, fast or not */
        if (o->fast && i % 2) {
            continue;
        }
        lab_plan plan = {.n0 = n0[i], .n_metrics = 1, .budget = 0.01 / 0.8};
        sums s;
        HB_TRY(
            simulate(&plan, 0, o->fast ? 20000 : 400000, hb_random_of(o->seed, stream), &s, err));
        row(t, "t limit at 0.01, clean run flagged", n0[i], s.drift, s.runs, 0.01);
    }
    return HB_OK;
}

/* The univariate part alone at q = 0.10: the budget is set to q/0.8. */
static hb_status many_rows(const options *o, table *t, hb_error *err)
{
    static const struct {
        size_t n0;
        double confirmed;
        double again;
    } rows[] = {{3, 0.062, 0.74}, {5, 0.040, 0.50}, {10, 0.019, 0.28}, {20, 0.010, 0.19}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t stream = t->stream++;
        if (o->fast && rows[i].n0 > 5) {
            continue; /* rare ones need many runs */
        }
        lab_plan plan = {.n0 = rows[i].n0, .n_metrics = METRICS, .budget = 0.10 / 0.8};
        sums s;
        HB_TRY(simulate(&plan, 0, o->fast ? 4000 : 100000, hb_random_of(o->seed, stream), &s, err));
        row(t, "q = 0.10, 50 metrics, clean run flagged", plan.n0, s.flagged, s.runs, 0.095);
        row(t, "… and the clean retest confirmed it", plan.n0, s.confirmed, s.runs,
            rows[i].confirmed);
        row(t, "of the flagged: retest flagged again", plan.n0, s.again, s.flagged, rows[i].again);
        row(t, "of the flagged: retest suspected the opposite", plan.n0, s.opposite, s.flagged,
            NAN);
    }
    return HB_OK;
}

static hb_status power_rows(const options *o, table *t, hb_error *err)
{
    static const struct {
        size_t n0;
        double shift;
        double power;
    } rows[] = {{5, 4, 0.23}, {5, 6, 0.68}, {10, 4, 0.65}, {10, 6, 0.98}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lab_plan plan = {.n0 = rows[i].n0, .n_metrics = METRICS, .budget = 0.10 / 0.8};
        sums s;
        HB_TRY(simulate(&plan, rows[i].shift, o->fast ? 600 : 20000,
                        hb_random_of(o->seed, t->stream++), &s, err));
        row(t,
            rows[i].shift > 5 ? "5 of 50 shifted by 6 sigma, found"
                              : "5 of 50 shifted by 4 sigma, found",
            rows[i].n0, s.found, s.shifted, rows[i].power);
    }
    return HB_OK;
}

/* A governed sigma is an estimate itself: every lab of this row has found its own. */
static hb_status governed(const options *o, table *t, double shift, size_t runs, sums *ret,
                          hb_error *err)
{
    enum { LABS = 100, DOF = 20 };
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < LABS; i++) {
        lab_plan plan = {.n0 = 3,
                         .n_metrics = METRICS,
                         .budget = 0.10 / 0.8,
                         .sigma_dof = DOF,
                         .sigma_seed = o->seed + i};
        sums s;
        HB_TRY(simulate(&plan, shift, runs / LABS, hb_random_of(o->seed, t->stream++), &s, err));
        ret->runs += s.runs;
        ret->flagged += s.flagged;
        ret->found += s.found;
        ret->shifted += s.shifted;
    }
    return HB_OK;
}

static hb_status governed_rows(const options *o, table *t, hb_error *err)
{
    sums s;
    HB_TRY(governed(o, t, 0, 50000, &s, err));
    row(t, "governed sigma (20 dof), clean run flagged", 3, s.flagged, s.runs, NAN);
    HB_TRY(governed(o, t, 4, 20000, &s, err));
    row(t, "governed sigma (20 dof), 5 of 50 shifted by 4 sigma, found", 3, s.found, s.shifted,
        NAN);
    lab_plan plan = {.n0 = 3, .n_metrics = METRICS, .budget = 0.10 / 0.8};
    HB_TRY(simulate(&plan, 4, 20000, hb_random_of(o->seed, t->stream++), &s, err));
    row(t, "the same without a governed sigma", 3, s.found, s.shifted, NAN);
    return HB_OK;
}

/* What the default policy does, and what a governed sigma is worth. */
static hb_status told_rows(const options *o, table *t, hb_error *err)
{
    if (o->fast) {
        return HB_OK;
    }
    static const size_t n0[] = {3, 5, 10, 20, 30};
    for (size_t i = 0; i < sizeof n0 / sizeof *n0; i++) {
        lab_plan plan = {.n0 = n0[i], .n_metrics = METRICS, .budget = 0.10};
        sums s;
        HB_TRY(simulate(&plan, 0, 50000, hb_random_of(o->seed, t->stream++), &s, err));
        row(t, "default policy, 50 metrics, clean run not PASS", n0[i], s.drift, s.runs, NAN);
    }
    return governed_rows(o, t, err);
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
        fputs("usage: hb_validate [--fast] [--seed N]\n", stderr);
        return 2;
    }
    printf("Seed %llu.\n\n| what | n0 | of | promised | simulated | within 20 %% |\n"
           "|---|---|---|---|---|---|\n",
           (unsigned long long)o.seed);
    table t = {0};
    hb_error err = {0};
    hb_status status = limit_rows(&o, &t, &err);
    if (status == HB_OK) {
        status = many_rows(&o, &t, &err);
    }
    if (status == HB_OK) {
        status = power_rows(&o, &t, &err);
    }
    if (status == HB_OK) {
        status = told_rows(&o, &t, &err);
    }
    if (status != HB_OK) {
        fprintf(stderr, "hb_validate: %s\n", err.msg);
        return 1;
    }
    printf("\n%zu outside.\n", t.outside);
    return t.outside ? 1 : 0;
}
