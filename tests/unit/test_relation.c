/* SPDX-License-Identifier: Apache-2.0 */
/* Against numpy (relation.case: every covariance matrix inverted, each run left out in turn), and
 * by simulation: rates that docs/verdict-quality.md states of many more. */
#include "support/check.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/inputs_case.h"
#include "support/stats_case.h"

#include "decide/decision.h"
#include "stats/relation.h"

#include <math.h>

static void check_case(const stats_case *c)
{
    const stats_row *shape = stats_case_row(c, "shape");
    const stats_row *want = stats_case_row(c, "want");
    size_t n = (size_t)shape->v[0];
    size_t p = (size_t)shape->v[1];
    hb_relation_fit fit;
    CHECK_OK(hb_relation_check(stats_case_row(c, "values")->v, n, stats_case_row(c, "now")->v, p,
                               &fit, &err));
    assert_true((double)fit.n_groups == want->v[0] && (double)fit.n_related == want->v[1]);
    stats_near(c->title, "shrinkage", fit.shrinkage, want->v[2], 1e-6, 0);
    stats_near(c->title, "distance", fit.distance, want->v[3], 1e-6, 0);
    assert_true((double)fit.parts[0].metric == want->v[4]);
    stats_near(c->title, "share", fit.parts[0].share, want->v[5], 1e-6, 0);
    stats_near(c->title, "expected", fit.parts[0].expected, want->v[6], 1e-6, 0);
    stats_near(c->title, "p", fit.p, want->v[7], 1e-5, 0);
    double sum = 0;
    for (size_t i = 0; i < fit.n_parts; i++) {
        sum += fit.parts[i].share;
        assert_true(i == 0 || fit.parts[i].share <= fit.parts[i - 1].share);
    }
    stats_near(c->title, "shares", sum, 1, 1e-6, 0);
    hb_relation_fit_release(&fit);
}

static void relation__equals_numpy(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("relation", check_case), 5);
}

/* More than half of the runs exactly at the mean of both metrics: the median of their distances is
 * 0, by which nothing can be divided. */
static void relation__of_runs_that_are_mostly_equal_is_a_number(void **state)
{
    (void)state;
    double values[2 * 12] = {0};
    const double now[][2] = {{0, 0}, {1, 1}, {1, -1}};
    values[3] = values[12 + 3] = 1;
    values[7] = values[12 + 7] = -1;
    for (size_t i = 0; i < sizeof now / sizeof *now; i++) {
        hb_relation_fit fit;
        CHECK_OK(hb_relation_check(values, 12, now[i], 2, &fit, &err));
        assert_int_equal(fit.n_groups, 1);
        assert_int_equal(fit.n_parts, 2);
        assert_true(fit.p > 0 && fit.p <= 1 && isfinite(fit.distance));
        assert_true(isfinite(fit.parts[0].share) && isfinite(fit.parts[0].expected));
        assert_true(i == 2 ? fit.p < 0.1 : fit.p > 0.1);
        hb_relation_fit_release(&fit);
    }
}

/* Pairs of metrics with correlation 0.95; the first pair is moved apart by so many standard
 * deviations of its difference. */
static double alarms(size_t n, size_t p, double apart, size_t repeats)
{
    static double values[30 * 20];
    double now[20];
    size_t found = 0;
    stats_seed(n * 100 + p);
    for (size_t k = 0; k < repeats; k++) {
        for (size_t i = 0; i <= n; i++) {
            double before = 0;
            for (size_t m = 0; m < p; m++) {
                double e = stats_normal();
                double v = m % 2 ? 0.95 * before + sqrt(1 - 0.95 * 0.95) * e : e;
                before = v;
                *(i < n ? &values[m * n + i] : &now[m]) = v;
            }
        }
        now[0] += apart * sqrt(0.1) / 2;
        now[1] -= apart * sqrt(0.1) / 2;
        hb_relation_fit fit;
        CHECK_OK(hb_relation_check(values, n, now, p, &fit, &err));
        found += fit.p <= 0.02;
        hb_relation_fit_release(&fit);
    }
    return (double)found / (double)repeats;
}

static void relation__keeps_its_level_and_finds_what_breaks(void **state)
{
    (void)state;
    assert_true(alarms(10, 4, 0, 1000) <= 0.02);
    assert_true(alarms(20, 20, 0, 1000) <= 0.02);
    assert_true(alarms(30, 10, 0, 1000) <= 0.02);
    assert_true(alarms(30, 2, 6, 200) > 0.75);
    assert_true(alarms(30, 20, 10, 200) > 0.85);
}

static void relation__needs_one_that_stands_out(void **state)
{
    (void)state;
    double values[60];
    double now[6] = {9, -9, 9, -9, 0, 5};
    stats_seed(3);
    for (size_t i = 0; i < 60; i++) {
        values[i] = i < 50 ? stats_normal() : 5; /* the last is constant */
    }
    hb_relation_fit fit;
    CHECK_OK(hb_relation_check(values, 10, now, 6, &fit, &err));
    assert_true(fit.n_groups == 0 && fit.n_related == 0 && fit.p == 1);
    hb_relation_fit_release(&fit);
    CHECK_ERROR(hb_relation_check(values, 9, now, 6, &fit, &err), HB_E_BUG, "at least 10");
    CHECK_ERROR(hb_relation_check(values, 10, now, HB_RELATION_METRICS + 1, &fit, &err), HB_E_LIMIT,
                "at most 2000");
}

/* --- in a decision --- */

static hb_decision *decide(hb_run_set *set, hb_run *run, hb_run *base, hb_reference *reference)
{
    static hb_registry *registry;
    static hb_policy policy;
    if (!registry) {
        CHECK_OK(hb_registry_builtin(&registry, &err));
        hb_policy_builtin(&policy);
    }
    *reference = (hb_reference){.run = base,
                                .reason = "explicit",
                                .strategy = "explicit",
                                .tag = "",
                                .warning = "",
                                .set = set};
    hb_decision *d = NULL;
    CHECK_OK(hb_decide(run, reference, registry, &policy, &d, &err));
    inputs_check(run, reference, registry, &policy);
    return d;
}

static hb_decision *scene(size_t n, double voltage, double current, hb_run_set **ret_set,
                          hb_run **ret_run, hb_reference *reference)
{
    static const char *const names[] = {"current", "power", "temp", "voltage"};
    hb_run_set *set = fake_past(n, names, 4);
    stats_seed(8);
    for (size_t i = 0; i < n; i++) {
        double load = stats_normal();
        fake_past_values(set, "current")[i] = 10 + load + 0.02 * stats_normal();
        fake_past_values(set, "voltage")[i] = 50 - 2 * load + 0.02 * stats_normal();
        fake_past_values(set, "power")[i] = i == 2 ? NAN : 100 + stats_normal();
        fake_past_values(set, "temp")[i] = 20 + stats_normal();
    }
    fake_past_done(set);
    hb_run *run = fake_run("now");
    fake_run_value(run, "current", "", current);
    fake_run_value(run, "voltage", "", voltage);
    fake_run_value(run, "power", "", 100);
    fake_run_value(run, "temp", "", 20);
    fake_run_done(run);
    *ret_set = set;
    *ret_run = run;
    return decide(set, run, run, reference);
}

static const hb_finding *told(const hb_decision *d)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (d->findings[i].rule == HB_RULE_RELATION) {
            return &d->findings[i];
        }
    }
    return NULL;
}

/* Each within one standard deviation of its runs, together never seen. */
static void relation__is_judged_at_a_fifth_of_the_budget(void **state)
{
    (void)state;
    hb_run_set *set = NULL;
    hb_run *run = NULL;
    hb_reference reference;
    hb_decision *d = scene(20, 51, 11, &set, &run, &reference);
    const hb_relation *r = &d->statistics.relation;
    const hb_finding *f = told(d);
    assert_non_null(f);
    assert_int_equal(f->severity, HB_SEVERITY_DRIFT);
    assert_int_equal(d->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    assert_true(r->ran && r->rejected && r->n0 == 20 && r->n_metrics == 3 && r->n_related == 2);
    stats_near("level", "0.2 q", r->level, 0.02, 1e-12, 0);
    assert_non_null(strstr(r->note, "1 metric is left out"));
    assert_true(r->n_parts == 2);
    assert_non_null(strstr(f->text, "current is 11 where the others lead to expect 9."));
    hb_decision_free(d);
    hb_run_free(run);
    fake_past_free(set);
}

static void relation__is_silent_when_it_holds_and_says_why_it_did_not_run(void **state)
{
    (void)state;
    hb_run_set *set = NULL;
    hb_run *run = NULL;
    hb_reference reference;
    hb_decision *d = scene(20, 48, 11, &set, &run, &reference);
    assert_true(d->statistics.relation.ran && !d->statistics.relation.rejected);
    assert_null(told(d));
    hb_decision_free(d);
    hb_run_free(run);
    fake_past_free(set);
    d = scene(9, 51, 11, &set, &run, &reference);
    assert_false(d->statistics.relation.ran);
    assert_string_equal(d->statistics.relation.why_not,
                        "the set has 9 runs, at least 10 are needed");
    assert_null(told(d));
    hb_decision_free(d);
    hb_run_free(run);
    fake_past_free(set);
}

static hb_status once(void)
{
    double values[40];
    double now[2] = {0, 1};
    for (size_t i = 0; i < 40; i++) {
        values[i] = (double)(i % 20) + 0.01 * (double)(i % 3);
    }
    hb_relation_fit fit = {0};
    hb_status status = hb_relation_check(values, 20, now, 2, &fit, NULL);
    hb_relation_fit_release(&fit);
    return status;
}

static void relation__survives_failing_memory(void **state)
{
    (void)state;
    fault_loop(once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relation__equals_numpy),
        cmocka_unit_test(relation__of_runs_that_are_mostly_equal_is_a_number),
        cmocka_unit_test(relation__keeps_its_level_and_finds_what_breaks),
        cmocka_unit_test(relation__needs_one_that_stands_out),
        cmocka_unit_test(relation__is_judged_at_a_fifth_of_the_budget),
        cmocka_unit_test(relation__is_silent_when_it_holds_and_says_why_it_did_not_run),
        cmocka_unit_test(relation__survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
