/* SPDX-License-Identifier: Apache-2.0 */
/* One case for each rule of docs/verdict.md. A row: registry entry of metric "m", baseline and run,
 * then the rule expected with its severity and the verdict. */
#include "support/set_case.h"

#include "decide/decision_json.h"

#include <math.h>
#include <stdio.h>

enum { NONE = -1 };

typedef struct row {
    const char *name;
    const char *entry; /* YAML flow map of metric m */
    const char *policy;
    test_metric baseline;
    test_metric run;
    int rule; /* NONE = no finding of severity warn or more on m */
    hb_severity severity;
    hb_verdict verdict;
} row;

#define STATED(v)                 \
    {                             \
        .name = "m", .value = (v) \
    }
#define ABSENT                      \
    {                               \
        .name = "other", .value = 1 \
    }
#define SERIES(list)                                                                       \
    {                                                                                      \
        .name = "m", .samples = (list), .n = sizeof(list) / sizeof *(list), .series = true \
    }
#define WITH(v, list)                                                                    \
    {                                                                                    \
        .name = "m", .value = (v), .samples = (list), .n = sizeof(list) / sizeof *(list) \
    }

static const double around10[] = {9,  10, 11, 10, 9,  11, 10, 10, 9, 11, 10, 10,
                                  11, 9,  10, 10, 11, 9,  10, 10, 9, 11, 10, 10};
static const double around12[] = {11, 12, 13, 12, 11, 13, 12, 12, 11, 13, 12, 12,
                                  13, 11, 12, 12, 13, 11, 12, 12, 11, 13, 12, 12};
static const double wide10[] = {0,  10, 20, 10, 0,  20, 10, 10, 0, 20, 10, 10,
                                20, 0,  10, 10, 20, 0,  10, 10, 0, 20, 10, 10};
static const double stuck10[] = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
                                 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
static const double fine10[] = {9.1,  10.2, 11.4, 10.5, 9.6,  11.7, 10.8,  10.9,
                                9.3,  11.2, 10.1, 10.3, 11.5, 9.8,  10.6,  10.4,
                                11.1, 9.9,  10.7, 10.0, 9.2,  11.3, 10.15, 10.25};
/* Median 10, six samples of 15 in a row. */
static const double bump10[] = {9,  10, 11, 10, 9,  11, 10, 10, 15, 15, 15, 15,
                                15, 15, 10, 10, 11, 9,  10, 10, 9,  11, 10, 10};
/* Median 12.5, but never three in a row beyond 11. */
static const double flicker[] = {14, 14, 10, 14, 14, 10, 14, 14, 10, 14, 14, 10,
                                 14, 14, 10, 14, 14, 10, 14, 14, 10, 14, 14, 10};

static const row rows[] = {
    {"within all limits", "{drift_threshold: 1, drift_percent: 50}", NULL, STATED(10), STATED(11),
     NONE, 0, HB_VERDICT_PASS},
    {"threshold crossed", "{drift_threshold: 1}", NULL, STATED(10), STATED(11.5),
     HB_RULE_DRIFT_THRESHOLD, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"threshold crossed downwards", "{drift_threshold: 1}", NULL, STATED(10), STATED(8.5),
     HB_RULE_DRIFT_THRESHOLD, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"min_effect cancels", "{drift_threshold: 1, min_effect: 2}", NULL, STATED(10), STATED(11.5),
     NONE, 0, HB_VERDICT_PASS},
    {"min_effect reached", "{drift_threshold: 1, min_effect: 2}", NULL, STATED(10), STATED(12),
     HB_RULE_DRIFT_THRESHOLD, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"percent crossed", "{drift_percent: 10}", NULL, STATED(-10), STATED(-12),
     HB_RULE_DRIFT_PERCENT, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"percent on the limit", "{drift_percent: 10}", NULL, STATED(10), STATED(11), NONE, 0,
     HB_VERDICT_PASS},
    {"percent of zero, any change (D6)", "{drift_percent: 10}", NULL, STATED(0), STATED(1e-9),
     HB_RULE_DRIFT_PERCENT, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"percent of zero, no change", "{drift_percent: 10}", NULL, STATED(0), STATED(0), NONE, 0,
     HB_VERDICT_PASS},
    {"percent of zero, ignored", "{drift_percent: 10, drift_threshold: 5, zero_baseline: ignore}",
     NULL, STATED(0), STATED(1), NONE, 0, HB_VERDICT_PASS},
    {"invariant_min", "{invariant_min: 5}", NULL, STATED(4), STATED(4), HB_RULE_INVARIANT_MIN,
     HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"invariant_max", "{invariant_max: 5}", NULL, STATED(6), STATED(6), HB_RULE_INVARIANT_MAX,
     HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"invariant_eq", "{invariant_eq: 5}", NULL, STATED(5), STATED(5.1), HB_RULE_INVARIANT_EQ,
     HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"guard band (JCGM 106, 7.4)", "{invariant_min: 12.5, invariant_max: 16.3, uncertainty: 3.6}",
     NULL, STATED(13.6), STATED(13.6), HB_RULE_CONDITIONAL, HB_SEVERITY_DRIFT,
     HB_VERDICT_PASS_WITH_DRIFT},
    {"guard band, critical",
     "{critical: true, fail_threshold: 99, invariant_max: 10, uncertainty: 1}", NULL, STATED(9.5),
     STATED(9.5), HB_RULE_CONDITIONAL, HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"guard band, on its edge", "{invariant_min: 4, invariant_max: 10, uncertainty: 1}", NULL,
     STATED(9), STATED(9), NONE, 0, HB_VERDICT_PASS},
    {"guard band, on the other edge", "{invariant_min: 4, invariant_max: 10, uncertainty: 1}", NULL,
     STATED(5), STATED(5), NONE, 0, HB_VERDICT_PASS},
    {"guard band, on the limit", "{invariant_min: 4, uncertainty: 1}", NULL, STATED(4), STATED(4),
     HB_RULE_CONDITIONAL, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"guard band, beyond the limit", "{invariant_max: 10, uncertainty: 1}", NULL, STATED(10.5),
     STATED(10.5), HB_RULE_INVARIANT_MAX, HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"guard band of no width", "{invariant_max: 10, uncertainty: 0}", NULL, STATED(10), STATED(10),
     NONE, 0, HB_VERDICT_PASS},
    {"fail_threshold", "{critical: true, fail_threshold: 2, invariant_max: 9}", NULL, STATED(3),
     STATED(3), HB_RULE_FAIL_THRESHOLD, HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"fail_threshold, not critical", "{fail_threshold: 2}", NULL, STATED(3), STATED(3),
     HB_RULE_FAIL_THRESHOLD, HB_SEVERITY_WARN, HB_VERDICT_PASS},
    {"critical above zero", "{critical: true, invariant_max: 9}", NULL, STATED(0), STATED(1),
     HB_RULE_CRITICAL_NONZERO, HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"missing", "{drift_threshold: 1}", NULL, STATED(1), ABSENT, HB_RULE_MISSING_METRIC,
     HB_SEVERITY_WARN, HB_VERDICT_PASS},
    {"missing, empty cell",
     "{drift_threshold: 1}",
     NULL,
     STATED(1),
     {.name = "m", .no_value = true},
     HB_RULE_MISSING_METRIC,
     HB_SEVERITY_WARN,
     HB_VERDICT_NO_TEST},
    {"missing, policy drift", "{drift_threshold: 1}", "missing_metric: drift", STATED(1), ABSENT,
     HB_RULE_MISSING_METRIC, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"missing, critical (D2)", "{critical: true, invariant_max: 9}", NULL, STATED(0), ABSENT,
     HB_RULE_MISSING_METRIC, HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"coverage by policy, degrade (D14)", "{drift_threshold: 1}",
     "missing_data: {mode: degrade, min_coverage: 0.9}", STATED(1), ABSENT, HB_RULE_MISSING_METRIC,
     HB_SEVERITY_WARN, HB_VERDICT_PASS_WITH_DRIFT},
    {"coverage by policy, fail", "{drift_threshold: 1}",
     "missing_data: {mode: fail, min_coverage: 0.9}", STATED(1), ABSENT, HB_RULE_MISSING_METRIC,
     HB_SEVERITY_WARN, HB_VERDICT_FAIL},
    {"NaN stated (D3)", "{drift_threshold: 1}", NULL, STATED(1), STATED(NAN), HB_RULE_NOT_FINITE,
     HB_SEVERITY_DRIFT, HB_VERDICT_NO_TEST},
    {"infinity stated, critical", "{critical: true, invariant_max: 9}", NULL, STATED(0),
     STATED(INFINITY), HB_RULE_NOT_FINITE, HB_SEVERITY_FAIL, HB_VERDICT_FAIL},
    {"spread limit", "{drift_spread: 2}", NULL, WITH(10, around10), WITH(12, around12),
     HB_RULE_DRIFT_SPREAD, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"spread limit kept", "{drift_spread: 3}", NULL, WITH(10, around10), WITH(12, around12), NONE,
     0, HB_VERDICT_PASS},
    {"spread grew (D10)", "{spread_ratio: 3}", NULL, WITH(10, around10), WITH(10, wide10),
     HB_RULE_SPREAD_RATIO, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"a coarse channel stands still", "{spread_ratio: 3}", NULL, WITH(10, around10),
     WITH(10, stuck10), NONE, 0, HB_VERDICT_PASS},
    {"spread vanished", "{spread_ratio: 3}", NULL, WITH(10, fine10), WITH(10, stuck10),
     HB_RULE_SPREAD_RATIO, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"both constant", "{spread_ratio: 3}", NULL, WITH(10, stuck10), WITH(10, stuck10), NONE, 0,
     HB_VERDICT_PASS},
    {"identical samples (D4)", "{distribution_drift: {ks_threshold: 0.1}}", NULL,
     WITH(10, around10), WITH(10, around10), NONE, 0, HB_VERDICT_PASS},
    {"distribution moved", "{distribution_drift: {ks_threshold: 0.2}}", NULL, WITH(10, around10),
     WITH(10, around12), HB_RULE_KS_THRESHOLD, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"distribution switched off", "{distribution_drift: {ks_threshold: 0.2}}",
     "distribution_drift_enabled: false", WITH(10, around10), WITH(10, around12), NONE, 0,
     HB_VERDICT_PASS},
    {"distribution not checkable", "{distribution_drift: {ks_threshold: 0.2}}", NULL, STATED(10),
     WITH(10, around12), HB_RULE_KS_THRESHOLD, HB_SEVERITY_WARN, HB_VERDICT_PASS},
    {"hidden stretch", "{drift_threshold: 2, drift_persistence: 5}", NULL, SERIES(around10),
     SERIES(bump10), HB_RULE_PERSISTENCE, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
    {"stretch too short", "{drift_threshold: 2, drift_persistence: 7}", NULL, SERIES(around10),
     SERIES(bump10), NONE, 0, HB_VERDICT_PASS},
    {"beyond but not sustained", "{drift_threshold: 1, drift_persistence: 3}", NULL,
     SERIES(around10), SERIES(flicker), HB_RULE_DRIFT_THRESHOLD, HB_SEVERITY_WARN, HB_VERDICT_PASS},
    {"persistence does not judge stated values", "{drift_threshold: 1, drift_persistence: 3}", NULL,
     WITH(10, around10), WITH(14, flicker), HB_RULE_DRIFT_THRESHOLD, HB_SEVERITY_DRIFT,
     HB_VERDICT_PASS_WITH_DRIFT},
    {"staleness without times", "{stale_after: 5}", NULL, SERIES(around10), SERIES(around10),
     HB_RULE_STALE, HB_SEVERITY_DRIFT, HB_VERDICT_PASS_WITH_DRIFT},
};

static const hb_finding *worst_on_m(const test_case *c)
{
    for (size_t i = 0; i < c->decision->n_findings; i++) {
        if (strcmp(c->decision->findings[i].metric, "m") == 0) {
            return &c->decision->findings[i];
        }
    }
    return NULL;
}

static void check_row(const row *r)
{
    char yaml[400];
    snprintf(yaml, sizeof yaml, "version: '1'\nmetrics:\n  m: %s\n  other: {drift_threshold: 1}\n",
             r->entry);
    test_case c;
    case_begin(&c, yaml, r->policy);
    bool lone = r->run.no_value || !isfinite(r->run.value);
    test_metric other = {.name = "other", .value = 1};
    test_metric base[] = {r->baseline, other};
    test_metric run[] = {r->run, other};
    c.baseline = case_run(&c, "base", base, lone ? 1 : 2);
    c.run = case_run(&c, "run", run, lone || strcmp(r->run.name, "m") != 0 ? 1 : 2);
    case_decide(&c);
    const hb_finding *worst = worst_on_m(&c);
    if (c.decision->verdict != r->verdict) {
        fail_msg("%s: verdict %s, expected %s (%s)", r->name, hb_verdict_name(c.decision->verdict),
                 hb_verdict_name(r->verdict), c.decision->reason);
    }
    if (r->rule == NONE && worst && worst->severity >= HB_SEVERITY_WARN) {
        fail_msg("%s: unexpected finding '%s'", r->name, worst->text);
    }
    if (r->rule != NONE) {
        const hb_finding *f = case_finding(&c, "m", (hb_rule)r->rule);
        if (!f || f->severity != r->severity) {
            fail_msg("%s: expected %s at %s, got %s", r->name, hb_rule_name((hb_rule)r->rule),
                     hb_severity_name(r->severity), worst ? worst->text : "nothing");
        }
        if (r->severity >= HB_SEVERITY_DRIFT && !(f->excess > 0)) {
            fail_msg("%s: a finding that counts has no rank", r->name);
        }
    }
    case_end(&c);
}

static void one_metric(test_case *c, const char *limits, double value)
{
    char yaml[200];
    snprintf(yaml, sizeof yaml, "version: '1'\nmetrics:\n  m: {%s}\n", limits);
    case_begin(c, yaml, NULL);
    test_metric m = {.name = "m", .value = value};
    c->baseline = case_run(c, "base", &m, 1);
    c->run = case_run(c, "run", &m, 1);
    case_decide(c);
}

static void decide__a_conditional_result_says_how_probable_conformity_is(void **state)
{
    (void)state;
    test_case c;
    one_metric(&c, "invariant_min: 12.5, invariant_max: 16.3, uncertainty: 3.6", 13.6);
    const hb_finding *f = case_finding(&c, "m", HB_RULE_CONDITIONAL);
    assert_non_null(f);
    assert_true(f->limit.v == 12.5 && f->observed.v == 13.6);
    assert_true(f->excess > 1.6 && f->excess < 1.7); /* 1.1 of 3.6 away */
    assert_non_null(strstr(f->text, "probability of 66.3 %"));
    assert_non_null(strstr(f->text, "no value could be accepted"));
    assert_non_null(strstr(c.decision->what_to_do, "smaller uncertainty"));
    case_end(&c);
    one_metric(&c, "invariant_min: 0, invariant_max: 10, uncertainty: 1", 9.5);
    f = case_finding(&c, "m", HB_RULE_CONDITIONAL);
    assert_true(f && f->limit.v == 10 && !strstr(f->text, "no value could"));
    assert_non_null(strstr(f->text, "84.1 %"));
    case_end(&c);
    one_metric(&c, "invariant_min: 0, invariant_max: 10, uncertainty: 1", -0.5);
    assert_null(case_finding(&c, "m", HB_RULE_CONDITIONAL));
    case_end(&c);
}

static void decide__every_rule_of_the_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(&rows[i]);
    }
}

static void decide__no_baseline_is_no_pass(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        double value;
        hb_verdict verdict;
    } cases[] = {
        {NULL, 1, HB_VERDICT_NO_TEST},
        {"on_no_baseline: fail", 1, HB_VERDICT_FAIL},
        {NULL, 99, HB_VERDICT_FAIL}, /* a declared limit needs no baseline */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_case c;
        case_begin(&c, "metrics: {m: {invariant_max: 50}}", cases[i].policy);
        test_metric m = STATED(cases[i].value);
        c.run = case_run(&c, "run", &m, 1);
        case_decide(&c);
        assert_int_equal(c.decision->verdict, cases[i].verdict);
        assert_non_null(case_finding(&c, "", HB_RULE_NO_BASELINE));
        if (cases[i].verdict == HB_VERDICT_NO_TEST) {
            assert_non_null(strstr(c.decision->what_to_do, "hb baseline set run"));
        }
        case_end(&c);
    }
}

static void decide__nothing_usable_is_no_pass(void **state)
{
    (void)state;
    test_case c;
    case_begin(&c, "metrics: {m: {drift_threshold: 1}}", NULL);
    test_metric a = {.name = "a", .value = 1};
    test_metric b = {.name = "b", .value = 1};
    c.run = case_run(&c, "run", &a, 1);
    c.baseline = case_run(&c, "base", &b, 1);
    case_decide(&c);
    assert_int_equal(c.decision->verdict, HB_VERDICT_NO_TEST);
    assert_non_null(case_finding(&c, "", HB_RULE_NO_METRICS));
    case_end(&c);
}

static void decide__undeclared_metrics_use_the_defaults(void **state)
{
    (void)state;
    static const double shifted[] = {20, 21, 19, 20, 21, 19, 20, 21, 19, 20, 21, 19,
                                     20, 21, 19, 20, 21, 19, 20, 21, 19, 20, 21, 19};
    test_case c;
    case_begin(&c, NULL, NULL);
    test_metric base[] = {{.name = "few", .value = 10}, SERIES(around10)};
    test_metric run[] = {{.name = "few", .value = 12}, SERIES(shifted)};
    c.baseline = case_run(&c, "base", base, 2);
    c.run = case_run(&c, "run", run, 2);
    case_decide(&c);
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    assert_non_null(case_finding(&c, "few", HB_RULE_DRIFT_PERCENT));
    assert_non_null(case_finding(&c, "m", HB_RULE_DRIFT_SPREAD));
    assert_null(case_finding(&c, "m", HB_RULE_DRIFT_PERCENT)); /* only a stand-in */
    const hb_finding *f = case_finding(&c, "m", HB_RULE_DRIFT_SPREAD);
    assert_true(f->has_onset);
    assert_int_equal(f->onset_index, 0);
    assert_int_equal(f->sustained_index, 0);
    case_end(&c);
}

static void decide__units_that_differ_are_not_compared(void **state)
{
    (void)state;
    test_case c;
    case_begin(&c, NULL, NULL);
    test_metric base = {.name = "m", .unit = "ms", .value = 10};
    test_metric run = {.name = "m", .unit = "V", .value = 10};
    c.baseline = case_run(&c, "base", &base, 1);
    c.run = case_run(&c, "run", &run, 1);
    case_decide(&c);
    assert_int_equal(c.decision->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    const hb_finding *f = case_finding(&c, "m", HB_RULE_UNIT_MISMATCH);
    assert_non_null(f);
    assert_false(c.decision->comparisons[0].delta.set);
    case_end(&c);
}

static void decide__equal_inputs_give_equal_bytes(void **state)
{
    (void)state;
    hb_buf json[2];
    for (int i = 0; i < 2; i++) {
        test_case c;
        case_begin(&c, NULL, NULL);
        test_metric base[] = {WITH(10, around10), {.name = "zeta", .value = 0.1}};
        test_metric run[] = {WITH(14, wide10), {.name = "zeta", .value = 0.3}};
        c.baseline = case_run(&c, "base", base, 2);
        c.run = case_run(&c, "run", run, 2);
        case_decide(&c);
        hb_buf_init(&json[i], 1 << 20);
        CHECK_OK(hb_decision_json(c.decision, &json[i], &err));
        case_end(&c);
    }
    assert_int_equal(json[0].n, json[1].n);
    assert_memory_equal(json[0].p, json[1].p, json[0].n);
    assert_non_null(strstr(json[0].p, "\"verdict\":\"PASS_WITH_DRIFT\""));
    hb_buf_release(&json[0]);
    hb_buf_release(&json[1]);
}

static test_case fault_case;

static hb_status decide_once(void)
{
    hb_decision *d = NULL;
    hb_error err = {0};
    hb_status status = hb_decide(fault_case.run, &fault_case.reference, fault_case.registry,
                                 &fault_case.policy, &d, &err);
    hb_decision_free(d);
    return status;
}

static void decide__survives_every_failing_allocation(void **state)
{
    (void)state;
    test_case *c = &fault_case;
    case_begin(c, NULL, NULL);
    test_metric base[] = {WITH(10, around10), {.name = "zeta", .value = 0.1}};
    test_metric run[] = {WITH(14, wide10), {.name = "zeta", .value = 0.3}};
    c->baseline = case_run(c, "base", base, 2);
    c->run = case_run(c, "run", run, 2);
    case_decide(c);
    fault_loop(decide_once);
    case_end(c);
}

static set_case fault_set;

static hb_status decide_once_with_set(void)
{
    hb_decision *d = NULL;
    hb_error err = {0};
    test_case *c = &fault_set.c;
    hb_status status = hb_decide(c->run, &c->reference, c->registry, &c->policy, &d, &err);
    hb_decision_free(d);
    return status;
}

/* Tests, retests of every outcome, power, order and their texts. */
static void decide__with_a_set_survives_every_failing_allocation(void **state)
{
    (void)state;
    static const double before[] = {10.1, 9.8, 10.3, 10, 9.9};
    set_case *s = &fault_set;
    set_begin(s, "metrics: {a: {min_effect: 0.1}, b: {transform: log}, c: {}, d: {}}", NULL, 5);
    static const char *const names[] = {"a", "b", "c", "d", "gone"};
    for (size_t i = 0; i < 5; i++) {
        set_metric(s, names[i], "", before, 0.1);
    }
    set_suspicion(s, "a", HB_DIRECTION_UP);
    set_suspicion(s, "b", HB_DIRECTION_DOWN);
    set_suspicion(s, "c", HB_DIRECTION_UP);
    set_suspicion(s, "gone", HB_DIRECTION_UP);
    test_metric run[] = {{.name = "a", .value = 12},
                         {.name = "b", .value = 13},
                         {.name = "c", .value = 10},
                         {.name = "d", .value = 7}};
    set_judge(s, run, 4);
    assert_int_equal(s->c.decision->statistics.n_confirmed, 1);
    assert_int_equal(s->c.decision->statistics.n_suspected, 2);
    fault_loop(decide_once_with_set);
    set_end(s);
}

static void names__walk_both_ways(void **state)
{
    (void)state;
    for (unsigned v = 0; v < HB_VERDICT_COUNT_; v++) {
        hb_verdict back = HB_VERDICT_COUNT_;
        assert_true(hb_verdict_from_name(hb_verdict_name((hb_verdict)v), &back));
        assert_int_equal(back, v);
    }
    for (unsigned r = 0; r < HB_RULE_COUNT_; r++) {
        assert_true(strlen(hb_rule_name((hb_rule)r)) > 3);
        assert_true(strlen(hb_rule_words((hb_rule)r)) > 3);
        for (unsigned q = 0; q < r; q++) {
            assert_string_not_equal(hb_rule_name((hb_rule)r), hb_rule_name((hb_rule)q));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decide__every_rule_of_the_document),
        cmocka_unit_test(decide__a_conditional_result_says_how_probable_conformity_is),
        cmocka_unit_test(decide__no_baseline_is_no_pass),
        cmocka_unit_test(decide__nothing_usable_is_no_pass),
        cmocka_unit_test(decide__undeclared_metrics_use_the_defaults),
        cmocka_unit_test(decide__units_that_differ_are_not_compared),
        cmocka_unit_test(decide__equal_inputs_give_equal_bytes),
        cmocka_unit_test(decide__survives_every_failing_allocation),
        cmocka_unit_test(decide__with_a_set_survives_every_failing_allocation),
        cmocka_unit_test(names__walk_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
