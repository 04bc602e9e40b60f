/* SPDX-License-Identifier: Apache-2.0 */
/* Slow ramps over a history, the rolling set of a dual baseline and the age of a baseline: what is
 * found, at which run, what is said, and how often clean histories are called ramps. */
#include "support/case.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/inputs_case.h"
#include "support/stats_case.h"

#include <math.h>
#include <stdio.h>

#define REGISTRY "metrics: {a: {unit: ms, drift_threshold: 1, drift_percent: 10}, b: {unit: ms}}\n"

static test_case c;
static unsigned judged;

enum { INPUTS_EVERY = 40 }; /* thousands are judged */
static hb_prior prior;
static const char *const names[] = {"a", "b"};

/* The run after `history`, judged against its newest one as last_pass would. */
static void judge(const hb_run_set *history, double a, double b, const char *reason)
{
    size_t n = history->n_runs;
    const test_metric before[] = {
        {.name = "a", .unit = "ms", .value = history->metrics[0].values[n - 1]},
        {.name = "b", .unit = "ms", .value = 5}};
    const test_metric now[] = {{.name = "a", .unit = "ms", .value = a},
                               {.name = "b", .unit = "ms", .value = b}};
    hb_decision_free(c.decision);
    hb_run_free(c.run);
    hb_run_free(c.baseline);
    c.decision = NULL;
    c.baseline = case_run(&c, "before", before, 2);
    c.run = case_run(&c, "now", now, 2);
    prior.history = history;
    c.reference = (hb_reference){.run = c.baseline,
                                 .reason = reason,
                                 .strategy = reason,
                                 .tag = "",
                                 .level = HB_MATCH_HIGH,
                                 .warning = "",
                                 .set = c.reference.set,
                                 .prior = &prior};
    CHECK_OK(hb_decide(c.run, &c.reference, c.registry, &c.policy, &c.decision, &err));
    if (judged++ % INPUTS_EVERY == 0) {
        inputs_check(c.run, &c.reference, c.registry, &c.policy);
    }
}

static hb_run_set *history_of(const double *v, size_t n)
{
    hb_run_set *s = fake_past(n, names, 2);
    for (size_t i = 0; i < n; i++) {
        fake_past_values(s, "a")[i] = v[i];
        fake_past_values(s, "b")[i] = 5;
    }
    s->metrics[0].unit = "ms";
    s->metrics[1].unit = "ms";
    fake_past_done(s);
    return s;
}

/* Defect D7 of the original: 10 to 32.5 ms in steps under 1 ms and under 10 % each; last_pass took
 * every run for its next reference and passed them all. */
static void early__names_the_slow_ramp_of_d7(void **state)
{
    (void)state;
    double v[27];
    size_t named = 0;
    v[0] = 10;
    for (size_t i = 1; i < 27; i++) {
        v[i] = v[i - 1] + 22.5 / 26;
        assert_true(v[i] - v[i - 1] < 1 && v[i] / v[i - 1] < 1.1);
    }
    assert_true(fabs(v[26] - 32.5) < 1e-9);
    for (size_t run = 1; run < 27; run++) {
        hb_run_set *s = history_of(v, run);
        judge(s, v[run], 5, "last_pass");
        const hb_finding *f = case_finding(&c, "a", HB_RULE_EARLY_WARNING);
        assert_null(case_finding(&c, "b", HB_RULE_EARLY_WARNING));
        assert_null(case_finding(&c, "a", HB_RULE_DRIFT_THRESHOLD));
        assert_true(!named || f); /* once named it stays named */
        if (f && !named) {
            named = run + 1;
            assert_non_null(strstr(f->text, "a slow ramp: over"));
            assert_non_null(strstr(f->text, "rose from 10 ms to"));
            assert_non_null(strstr(f->text, "the reference moves along"));
        }
        assert_int_equal(c.decision->verdict, f ? HB_VERDICT_PASS_WITH_DRIFT : HB_VERDICT_PASS);
        fake_past_free(s);
    }
    print_message("named at run %zu of 27\n", named);
    assert_int_equal(named,
                     6); /* 2 of 6! orders are as extreme: p = 0.0028; of 5! they are 0.017 */
}

static void early__only_warns_where_no_limit_is_crossed(void **state)
{
    (void)state;
    double v[10];
    for (size_t i = 0; i < 10; i++) {
        v[i] = 10 + 0.05 * (double)i; /* 0.5 ms in all, 1 ms allowed */
    }
    hb_run_set *s = history_of(v, 10);
    judge(s, 10.5, 5, "last_pass");
    const hb_finding *f = case_finding(&c, "a", HB_RULE_EARLY_WARNING);
    assert_true(f && f->severity == HB_SEVERITY_WARN);
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS);
    fake_past_free(s);
}

static void early__leaves_a_crossed_limit_to_a_fixed_reference(void **state)
{
    (void)state;
    double v[10];
    for (size_t i = 0; i < 10; i++) {
        v[i] = 10 + 0.5 * (double)i;
    }
    hb_run_set *s = history_of(v, 10);
    judge(s, 15, 5, "tag");
    const hb_finding *f = case_finding(&c, "a", HB_RULE_EARLY_WARNING);
    assert_true(f && f->severity == HB_SEVERITY_WARN && f->limit.set);
    fake_past_free(s);
}

static void early__calls_no_step_a_ramp(void **state)
{
    (void)state;
    double v[20];
    for (size_t i = 0; i < 20; i++) {
        v[i] = (i < 10 ? 10 : 14) + 0.1 * (double)(i * 7 % 5);
    }
    hb_run_set *s = history_of(v, 20);
    judge(s, 14.2, 5, "last_pass");
    assert_null(case_finding(&c, "a", HB_RULE_EARLY_WARNING));
    fake_past_free(s);
}

/* Share of clean runs with a ramp, and of those that become PASS_WITH_DRIFT by it; independent
 * runs, and runs that carry over half of their neighbour's deviation. */
static double share_of_ramps(double carry, size_t length, double *ret_drift)
{
    enum { MANY = 2000 };
    size_t ramps = 0;
    size_t drifts = 0;
    for (size_t k = 0; k < MANY; k++) {
        double v[40];
        double last = 0;
        for (size_t i = 0; i <= length; i++) {
            last = carry * last + stats_normal();
            v[i] = 100 + 0.3 * last;
        }
        hb_run_set *s = history_of(v, length);
        judge(s, v[length], 5, "last_pass");
        const hb_finding *f = case_finding(&c, "a", HB_RULE_EARLY_WARNING);
        ramps += f != NULL;
        drifts += f && f->severity == HB_SEVERITY_DRIFT;
        fake_past_free(s);
    }
    *ret_drift = (double)drifts / MANY;
    return (double)ramps / MANY;
}

static void early__calls_clean_histories_ramps_as_seldom_as_stated(void **state)
{
    (void)state;
    static const struct {
        double carry;
        size_t length;
        double most;
    } rows[] = {{0, 7, 0.01}, {0, 12, 0.01}, {0, 30, 0.01}, {0.5, 30, 0.05}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double drift = 0;
        stats_seed(77);
        double share = share_of_ramps(rows[i].carry, rows[i].length, &drift);
        print_message("carry %.1f, history of %zu: %.4f called a ramp, %.4f a drift\n",
                      rows[i].carry, rows[i].length, share, drift);
        assert_true(share <= rows[i].most);
    }
}

/* Golden around 10, the newest runs around 12 and close together: 12.6 is nothing to the golden's
 * limits and much to the newest. */
static void early__warns_by_the_rolling_set_of_a_dual_baseline(void **state)
{
    (void)state;
    static const double golden[] = {9.2, 11.4, 10.1, 8.8, 10.9, 9.6, 11.0, 9.9, 10.4, 12.1};
    static const double newest[] = {12.0, 12.02, 11.98, 12.01, 11.99,
                                    12.0, 12.03, 11.97, 12.0,  12.01};
    hb_run_set *set = history_of(golden, 10);
    hb_run_set *rolling = history_of(newest, 10);
    const double one[] = {11.9};
    hb_run_set *history = history_of(one, 1);
    c.reference.set = set;
    judge(history, 12.6, 5, "tag");
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS);
    assert_true(c.decision->statistics.bh_level == 0.8 * 0.1);
    prior.early = rolling;
    judge(history, 12.6, 5, "tag");
    const hb_finding *f = case_finding(&c, "a", HB_RULE_EARLY_WARNING);
    assert_true(f && f->severity == HB_SEVERITY_DRIFT);
    assert_non_null(strstr(f->text, "12.6 ms differs from the newest 10 runs"));
    assert_true(c.decision->statistics.bh_level == 0.4 * 0.1); /* both share the budget */
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    judge(history, 12.01, 5, "tag");
    assert_null(case_finding(&c, "a", HB_RULE_EARLY_WARNING));
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS);
    c.reference.set = NULL;
    prior.early = NULL;
    fake_past_free(set);
    fake_past_free(rolling);
    fake_past_free(history);
}

/* Of clean runs at most the budget is called drifted, golden and rolling together. */
static void early__keeps_the_budget_with_two_baselines(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    size_t drifts = 0;
    stats_seed(4711);
    for (size_t k = 0; k < MANY; k++) {
        double v[12];
        for (size_t i = 0; i < 12; i++) {
            v[i] = 100 + 0.1 * stats_normal();
        }
        hb_run_set *set = history_of(v, 5);
        hb_run_set *rolling = history_of(v + 5, 6);
        c.reference.set = set;
        prior.early = rolling;
        judge(rolling, v[11], 5, "tag");
        drifts += c.decision->verdict != HB_VERDICT_PASS;
        fake_past_free(set);
        fake_past_free(rolling);
    }
    c.reference.set = NULL;
    prior.early = NULL;
    print_message("%.4f of clean runs called drifted\n", (double)drifts / MANY);
    assert_true((double)drifts / MANY <= 0.1);
    assert_true((double)drifts / MANY >= 0.025); /* two metrics, one constant: half of 0.08 */
}

/* Ageing: times of runs alone, no clock. */
static void age__is_told_by_run_times(void **state)
{
    (void)state;
    const double v[] = {10, 10.1, 9.9, 10.05};
    hb_run_set *s = history_of(v, 4);
    const int64_t day = INT64_C(86400) * 1000000000;
    c.policy.baseline_max_age_days = (hb_opt_f64){true, 30};
    judge(s, 10, 5, "tag"); /* no times */
    const hb_finding *f = case_finding(&c, "", HB_RULE_BASELINE_AGED);
    assert_true(f && f->severity == HB_SEVERITY_WARN && strstr(f->text, "cannot be told"));
    c.baseline->meta.start = FAKE_RUN_START;
    for (int days = 29; days <= 31; days++) {
        c.run->meta.start = FAKE_RUN_START + days * day;
        hb_decision_free(c.decision);
        CHECK_OK(hb_decide(c.run, &c.reference, c.registry, &c.policy, &c.decision, &err));
        inputs_check(c.run, &c.reference, c.registry, &c.policy);
        f = case_finding(&c, "", HB_RULE_BASELINE_AGED);
        assert_true((f != NULL) == (days > 30));
        assert_int_equal(c.decision->verdict, HB_VERDICT_PASS);
    }
    assert_true(strstr(f->text, "31 days older") && f->observed.v == 31 && f->limit.v == 30);
    c.policy.on_baseline_aged = HB_AGED_DRIFT;
    hb_decision_free(c.decision);
    CHECK_OK(hb_decide(c.run, &c.reference, c.registry, &c.policy, &c.decision, &err));
    inputs_check(c.run, &c.reference, c.registry, &c.policy);
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    /* A version is as old as its newest run: run-04 started three days after the first. */
    s->kind = "version";
    c.reference.set = s;
    c.policy.on_baseline_aged = HB_AGED_WARN;
    hb_decision_free(c.decision);
    CHECK_OK(hb_decide(c.run, &c.reference, c.registry, &c.policy, &c.decision, &err));
    inputs_check(c.run, &c.reference, c.registry, &c.policy);
    assert_null(case_finding(&c, "", HB_RULE_BASELINE_AGED));
    c.policy.baseline_max_age_days.set = false;
    c.reference.set = NULL;
    fake_past_free(s);
}

static void age__is_told_by_how_far_the_newest_runs_went(void **state)
{
    (void)state;
    const double base[] = {10, 10.1, 9.9, 10.05, 9.95};
    const double recent[] = {10.6, 10.5, 10.7, 10.6};
    hb_run_set *set = history_of(base, 5);
    hb_run_set *history = history_of(recent, 4);
    c.reference.set = set;
    c.policy.baseline_max_shift = (hb_opt_f64){true, 3};
    judge(history, 10.6, 5, "tag");
    const hb_finding *f = case_finding(&c, "", HB_RULE_BASELINE_AGED);
    /* mean 10.6 against 10, standard deviation 0.0790569 */
    assert_true(f && f->severity == HB_SEVERITY_WARN);
    assert_true(fabs(f->observed.v - 0.6 / 0.0790569415) < 1e-6);
    assert_non_null(strstr(f->text, "'a' by 7.59"));
    c.policy.baseline_max_shift.v = 8;
    judge(history, 10.6, 5, "tag");
    assert_null(case_finding(&c, "", HB_RULE_BASELINE_AGED));
    c.policy.baseline_max_shift.set = false;
    c.reference.set = NULL;
    fake_past_free(set);
    fake_past_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early__names_the_slow_ramp_of_d7),
        cmocka_unit_test(early__only_warns_where_no_limit_is_crossed),
        cmocka_unit_test(early__leaves_a_crossed_limit_to_a_fixed_reference),
        cmocka_unit_test(early__calls_no_step_a_ramp),
        cmocka_unit_test(early__calls_clean_histories_ramps_as_seldom_as_stated),
        cmocka_unit_test(early__warns_by_the_rolling_set_of_a_dual_baseline),
        cmocka_unit_test(early__keeps_the_budget_with_two_baselines),
        cmocka_unit_test(age__is_told_by_run_times),
        cmocka_unit_test(age__is_told_by_how_far_the_newest_runs_went),
    };
    case_begin(&c, REGISTRY, NULL);
    int failed = cmocka_run_group_tests_name("early", tests, NULL, NULL);
    case_end(&c);
    return failed;
}
