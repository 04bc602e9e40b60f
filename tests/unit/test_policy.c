/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "telemetry/policy.h"

static const char all[] = "baseline_policy:\n"
                          "  strategy: rolling\n"
                          "  statistics: {false_alarm_budget: 0.02, n_min: 5, retest: no, "
                          "retest_days: 90}\n"
                          "  dual_baseline: {use_golden_for_hard_gates: true, "
                          "use_rolling_for_early_warning: yes}\n";

static void expect_all(const hb_policy *p)
{
    assert_true(p->false_alarm_budget == 0.02);
    assert_int_equal(p->n_min, 5);
    assert_false(p->retest);
    assert_int_equal(p->retest_days, 90);
    assert_true(p->golden_for_hard_gates);
    assert_true(p->rolling_for_early_warning);
}

static void policy__statistics_and_dual_baseline_are_read_and_printed(void **state)
{
    (void)state;
    hb_policy p;
    hb_policy again;
    CHECK_OK(hb_policy_parse(hb_str_of(all), "p.yaml", "d", &p, &err));
    expect_all(&p);
    hb_buf yaml;
    hb_buf_init(&yaml, 1 << 16);
    hb_policy_yaml(&p, &yaml);
    CHECK_OK(hb_policy_parse((hb_str){yaml.p, yaml.n}, "again.yaml", "d", &again, &err));
    expect_all(&again);
    hb_buf_release(&yaml);
    hb_policy_release(&again);
    hb_policy_release(&p);
}

static void policy__what_is_not_given_is_the_default(void **state)
{
    (void)state;
    hb_policy p;
    CHECK_OK(hb_policy_parse(hb_str_of("statistics: {n_min: 4}"), "p.yaml", "d", &p, &err));
    assert_true(p.false_alarm_budget == 0.1);
    assert_int_equal(p.n_min, 4);
    assert_true(p.retest);
    assert_int_equal(p.retest_days, 30);
    assert_false(p.golden_for_hard_gates || p.rolling_for_early_warning);
    hb_policy_release(&p);
}

static void policy__a_budget_that_means_nothing_is_refused_at_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *says;
    } rows[] = {
        {"statistics:\n  false_alarm_budget: 0\n", "p.yaml:2:23"},
        {"statistics:\n  false_alarm_budget: 1\n", "must be at least 1e-06 and below 1, got 1"},
        {"baseline_policy:\n  statistics:\n    false_alarm_budget: 0\n", "p.yaml:3:25"},
        {"statistics: {false_alarm_budget: 1e-300}", "finds nothing, ever"},
        {"statistics: {false_alarm_budget: -0.1}", "between 0 and 1"},
        {"statistics: {false_alarm_budget: 7}", "p.yaml:1:34"},
        {"statistics: {n_min: 31}", "between 3 and 30"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_policy p;
        CHECK_ERROR(hb_policy_parse(hb_str_of(rows[i].yaml), "p.yaml", "d", &p, &err), HB_E_CONFIG,
                    rows[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy__statistics_and_dual_baseline_are_read_and_printed),
        cmocka_unit_test(policy__what_is_not_given_is_the_default),
        cmocka_unit_test(policy__a_budget_that_means_nothing_is_refused_at_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
