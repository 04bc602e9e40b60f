/* SPDX-License-Identifier: Apache-2.0 */
/* Shifts by construction: a copy moved, stretched, or with a part moved has the differences of its
 * quantiles known by hand. */
#include "support/check.h"
#include "support/stats_case.h"

#include "base/mem.h"
#include "decide/decision.h"
#include "stats/quantile_shift.h"
#include "support/fake_run.h"
#include "support/inputs_case.h"

#include <math.h>

enum { N = 1001 }; /* then quantile q is the value of index 1000·q exactly */

static hb_ranks ranks_of(const double *v, size_t n)
{
    hb_sketch *sketch = NULL;
    hb_ranks r;
    CHECK_OK(hb_sketch_new(&sketch, &err));
    CHECK_OK(hb_sketch_add(sketch, v, n, &err));
    hb_ranks_of(sketch, &r);
    hb_sketch_free(sketch);
    return r;
}

static hb_quantile_shift shift_of(double (*change)(double))
{
    double base[N];
    double run[N];
    hb_quantile_shift s;
    for (size_t i = 0; i < N; i++) {
        base[i] = (double)i / 1000;
        run[i] = change(base[i]);
    }
    hb_ranks a = ranks_of(run, N);
    hb_ranks b = ranks_of(base, N);
    hb_quantile_shift_of(&a, &b, &s);
    for (size_t i = 0; i < HB_QUANTILES; i++) {
        double q = (double)(i + 1) / 100;
        stats_near("shift", "baseline", s.baseline[i], q, 1e-12, 0);
        stats_near("shift", "shift", s.shift[i], change(q) - q, 1e-9, 1e-12);
    }
    return s;
}

static double same(double v)
{
    return v;
}

static double up(double v)
{
    return v + 2;
}

static double wider(double v)
{
    return 0.5 + (v - 0.5) * 3;
}

static double narrower(double v)
{
    return 0.5 + (v - 0.5) / 3;
}

static double tail(double v)
{
    return v > 0.85 ? 0.85 + 5 * (v - 0.85) : v;
}

static double low_tail(double v)
{
    return v < 0.15 ? 0.15 - 5 * (0.15 - v) : v;
}

static double middle(double v)
{
    return v > 0.2 && v < 0.8 ? 0.2 + (v - 0.2) / 1000 : v;
}

static void quantile_shift__names_the_part_that_moved(void **state)
{
    (void)state;
    static const struct {
        double (*change)(double);
        hb_moved_part part;
        const char *name;
    } cases[] = {
        {same, HB_MOVED_NOT, "not"},         {up, HB_MOVED_WHOLE, "whole"},
        {wider, HB_MOVED_WIDER, "wider"},    {narrower, HB_MOVED_NARROWER, "narrower"},
        {tail, HB_MOVED_UPPER, "upper"},     {low_tail, HB_MOVED_LOWER, "lower"},
        {middle, HB_MOVED_MIDDLE, "middle"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_quantile_shift s = shift_of(cases[i].change);
        assert_string_equal(hb_moved_part_name(s.part), cases[i].name);
        assert_int_equal(s.part, cases[i].part);
    }
    hb_quantile_shift s = shift_of(wider);
    /* means of 2(q - 0.5) over 0.01…0.10 and 0.90…0.99 */
    stats_near("wider", "lower", s.lower, -0.89, 1e-9, 0);
    stats_near("wider", "upper", s.upper, 0.89, 1e-9, 0);
    stats_near("wider", "middle", s.middle, 0, 0, 1e-9);
}

static void quantile_shift__of_nothing_and_of_the_largest(void **state)
{
    (void)state;
    hb_quantile_shift s;
    const double least = -1.7e308;
    const double most = 1.7e308;
    hb_ranks none = ranks_of(NULL, 0);
    hb_ranks one = ranks_of(&most, 1);
    hb_ranks other = ranks_of(&least, 1);
    hb_quantile_shift_of(&none, &one, &s);
    assert_int_equal(s.part, HB_MOVED_NOT);
    hb_quantile_shift_of(&one, &other, &s);
    assert_true(isinf(s.shift[0]) && s.part == HB_MOVED_MIXED);
}

/* Beyond the exact sketch the points are fewer than the samples, each quantile within their rank
 * error. */
static void quantile_shift__of_many_samples(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    double *base = hb_alloc_array(MANY, sizeof *base);
    double *run = hb_alloc_array(MANY, sizeof *run);
    for (size_t i = 0; i < MANY; i++) {
        base[i] = (double)(i * 7919 % MANY) / MANY; /* every rank once, mixed */
        run[i] = base[i] + 3;
    }
    hb_ranks a = ranks_of(run, MANY);
    hb_ranks b = ranks_of(base, MANY);
    hb_quantile_shift s;
    assert_true(b.points < MANY);
    hb_quantile_shift_of(&a, &b, &s);
    for (size_t i = 0; i < HB_QUANTILES; i++) {
        stats_near("many", "baseline", s.baseline[i], (double)(i + 1) / 100, 0,
                   b.rank_error + 1e-3);
        stats_near("many", "shift", s.shift[i], 3, 0, a.rank_error + b.rank_error + 1e-3);
    }
    assert_int_equal(s.part, HB_MOVED_WHOLE);
    hb_free(base);
    hb_free(run);
}

/* A finding of moved samples says where; one that is not there has no figures. */
static void quantile_shift__is_told_with_the_distribution(void **state)
{
    (void)state;
    hb_registry *registry = NULL;
    hb_policy policy;
    hb_decision *d = NULL;
    double base[200];
    double run[200];
    CHECK_OK(hb_registry_builtin(&registry, &err));
    hb_policy_builtin(&policy);
    for (size_t i = 0; i < 200; i++) {
        base[i] = 10 + (double)i / 100;
        run[i] = i < 140 ? base[i] : base[i] + 1 + (double)(i - 140) / 10;
    }
    hb_run *a = fake_run("a");
    hb_run *b = fake_run("b");
    fake_run_samples(a, "moved", "ms", run, 200);
    fake_run_samples(a, "still", "ms", base, 200);
    fake_run_samples(b, "moved", "ms", base, 200);
    fake_run_samples(b, "still", "ms", base, 200);
    fake_run_done(a);
    fake_run_done(b);
    hb_reference reference = {
        .run = b, .reason = "explicit", .strategy = "explicit", .tag = "", .warning = ""};
    CHECK_OK(hb_decide(a, &reference, registry, &policy, &d, &err));
    inputs_check(a, &reference, registry, &policy);
    const hb_finding *f = NULL;
    for (size_t i = 0; i < d->n_findings; i++) {
        f = d->findings[i].rule == HB_RULE_DISTRIBUTION ? &d->findings[i] : f;
    }
    assert_non_null(f);
    assert_non_null(strstr(f->text, "; mostly the upper tail moved: by 0 ms at the 5 % quantile, 0 "
                                    "ms at the median, 5.9"));
    assert_non_null(d->comparisons[0].quantile_shift);
    assert_null(d->comparisons[1].quantile_shift);
    hb_decision_free(d);
    hb_run_free(a);
    hb_run_free(b);
    hb_policy_release(&policy);
    hb_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantile_shift__names_the_part_that_moved),
        cmocka_unit_test(quantile_shift__of_nothing_and_of_the_largest),
        cmocka_unit_test(quantile_shift__of_many_samples),
        cmocka_unit_test(quantile_shift__is_told_with_the_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
