/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 2 through hb_decide(): figures against scipy (run_test.case, many.case), every way a metric
 * stays untested, every answer of a retest, and what each means for the verdict. */
#include "support/inputs_case.h"
#include "support/set_case.h"
#include "support/stats_case.h"

#include "base/num.h"
#include "telemetry/run_meta.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static const char plain[] = "metrics: {a: {}, b: {}, c: {}}";
static const double ten[] = {10.1, 9.8, 10.3, 10.0, 9.9};

#define VALUE(n, v)               \
    (test_metric)                 \
    {                             \
        .name = (n), .value = (v) \
    }

static const char *number(double v, char out[HB_NUM_TEXT])
{
    hb_num_print(v, out);
    return out;
}

/* in: side log sigma nu resolution min_effect */
static void entry_of(const double *in, char *yaml, size_t size)
{
    char r[HB_NUM_TEXT];
    char s[HB_NUM_TEXT];
    char nu[HB_NUM_TEXT];
    char me[HB_NUM_TEXT];
    int n = snprintf(yaml, size, "metrics: {a: {transform: %s, direction: %s",
                     in[1] != 0 ? "log" : "none",
                     in[0] > 0   ? "up"
                     : in[0] < 0 ? "down"
                                 : "both");
    const struct {
        const char *key;
        double v;
        char *room;
    } keys[] = {{"sigma_ref", in[2], s},
                {"sigma_dof", in[3], nu},
                {"resolution", in[4], r},
                {"min_effect", in[5], me}};
    for (size_t i = 0; i < 4; i++) {
        if (keys[i].v != 0) {
            n += snprintf(yaml + n, size - (size_t)n, ", %s: %s", keys[i].key,
                          number(keys[i].v, keys[i].room));
        }
    }
    snprintf(yaml + n, size - (size_t)n, "}}");
}

static void check_single(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const stats_row *x = stats_case_row(c, "x");
    const double *want = stats_case_row(c, "want")->v;
    char yaml[400];
    entry_of(stats_case_row(c, "in")->v, yaml, sizeof yaml);
    set_case s;
    set_begin(&s, yaml, NULL, v->n);
    set_metric(&s, "a", "", v->v, 0);
    if (x->n > 1) {
        set_with(&s, "a", x->v + 1, x->n - 1);
    }
    set_judge(&s, &VALUE("a", x->v[0]), 1);
    const hb_run_test *t = set_test(&s, "a");
    assert_int_equal(t->untested, HB_UNTESTED_NO);
    assert_int_equal(t->n0, (size_t)want[0]);
    assert_int_equal(t->m, (size_t)want[1]);
    assert_int_equal(t->runs_needed, (uint32_t)want[14]);
    /* Far from 0 the mean itself is rounded. */
    double lost = 8 * DBL_EPSILON * fabs(want[3]) / want[4];
    const struct {
        const char *what;
        double got;
        double want;
        double rel;
    } figures[] = {
        {"x", t->x, want[2], 1e-14},
        {"mean", t->mean, want[3], 1e-14},
        {"sd", t->sd, want[4], 1e-12},
        {"sd_runs", t->sd_runs, want[5], 1e-12},
        {"dof", t->dof, want[6], 0},
        {"t", t->t, want[7], 1e-10 + lost},
        {"p", t->p, want[8], 1e-9 + 10 * lost},
        {"low", t->low, want[9], 1e-10},
        {"high", t->high, want[10], 1e-10},
        {"detectable_sigma", t->detectable_sigma, want[11], 1e-8},
        {"detectable", t->detectable, want[12], 1e-8},
        {"power", t->power_at_min_effect.set ? t->power_at_min_effect.v : NAN, want[13], 1e-8},
        {"tost", t->tost_p, want[15], 1e-8},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        stats_near(c->title, figures[i].what, figures[i].got, figures[i].want, figures[i].rel, 0);
    }
    bool inside = t->x >= t->low && t->x <= t->high;
    assert_int_equal(t->rejected, !inside);
    assert_int_equal(t->rejected, t->p <= 0.08);
    assert_true(t->q == t->p); /* one metric: nothing to adjust */
    set_end(&s);
}

static void run_test__agrees_with_scipy(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("run_test", check_single), 30);
}

static void check_many(const stats_case *c)
{
    const double *v = stats_case_row(c, "v")->v;
    const stats_row *x = stats_case_row(c, "x");
    const double *want = stats_case_row(c, "want")->v;
    size_t n0 = (size_t)stats_case_row(c, "in")->v[0];
    size_t n = x->n;
    char names[SET_METRICS][8];
    test_metric run[SET_METRICS];
    set_case s;
    set_begin(&s, "metrics: {x: {}}", NULL, n0);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "m%03zu", i);
        set_metric(&s, names[i], "", v + i * n0, 1e-6);
        run[i] = VALUE(names[i], x->v[i]);
    }
    set_judge(&s, run, n);
    size_t rejected = 0;
    for (size_t i = 0; i < n; i++) {
        const hb_run_test *t = set_test(&s, names[i]);
        stats_near(c->title, "p", t->p, want[i], 1e-9, 0);
        stats_near(c->title, "q", t->q, want[n + i], 1e-9, 0);
        assert_int_equal(t->rejected, want[2 * n + i] != 0);
        assert_int_equal(t->rejected, t->x < t->low || t->x > t->high);
        rejected += t->rejected;
    }
    const hb_run_statistics *st = &s.c.decision->statistics;
    assert_int_equal(st->n_tested, n);
    assert_int_equal(st->n_rejected, rejected);
    assert_int_equal(st->n_suspected, rejected);
    assert_true(st->first_level == 0.8 * 0.1 / (double)n);
    assert_int_equal(s.c.decision->verdict,
                     rejected ? HB_VERDICT_PASS_WITH_DRIFT : HB_VERDICT_PASS);
    set_end(&s);
}

static void run_test__many_metrics_go_by_benjamini_and_hochberg(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("many", check_many), 6);
}

static void run_test__too_few_runs_is_said_and_satisfies_no_gate(void **state)
{
    (void)state;
    static const struct {
        size_t n_runs;
        const char *policy;
        const char *text;
    } rows[] = {
        {0, NULL, "needs 3 comparable baseline runs and there is 1"},
        {1, NULL, "needs 3 comparable baseline runs and there is 1"},
        {2, NULL, "record 1 more under the same context"},
        {4, "statistics: {n_min: 5}", "needs 5 comparable baseline runs and there are 4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_case s;
        set_begin(&s, plain, rows[i].policy, rows[i].n_runs);
        set_metric(&s, "a", "", ten, 0.1);
        set_judge(&s, &VALUE("a", 99), 1);
        const hb_finding *f = case_finding(&s.c, "", HB_RULE_INSUFFICIENT_BASELINE);
        assert_non_null(f);
        assert_int_equal(f->severity, HB_SEVERITY_INFO);
        assert_non_null(strstr(f->text, rows[i].text));
        assert_true(s.c.decision->statistics.insufficient);
        assert_false(s.c.decision->statistics.ran);
        assert_string_equal(s.c.decision->statistics.power_text, "");
        assert_int_equal(set_test(&s, "a")->untested,
                         rows[i].n_runs ? HB_UNTESTED_FEW : HB_UNTESTED_NO_SET);
        if (rows[i].n_runs) {
            assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS);
            assert_non_null(strstr(s.c.decision->what_to_do, rows[i].text));
        }
        set_end(&s);
    }
}

static void run_test__disjoint_metrics_are_no_baseline(void **state)
{
    (void)state;
    static const double only[3][4] = {{1, NAN, NAN, NAN}, {NAN, 1, NAN, NAN}, {NAN, NAN, 1, 2}};
    set_case s;
    set_begin(&s, plain, NULL, 4);
    set_metric(&s, "a", "", only[0], 1);
    set_metric(&s, "b", "", only[1], 1);
    set_metric(&s, "c", "", only[2], 1);
    test_metric run[] = {VALUE("a", 1), VALUE("b", 1), VALUE("c", 1)};
    set_judge(&s, run, 3);
    const hb_finding *f = case_finding(&s.c, "", HB_RULE_INSUFFICIENT_BASELINE);
    assert_non_null(f);
    assert_non_null(strstr(f->text, "of the 4 baseline runs no more than 2"));
    assert_true(s.c.decision->statistics.insufficient);
    set_end(&s);
}

static void run_test__a_metric_of_half_the_runs_counts_its_own(void **state)
{
    (void)state;
    static const double half[] = {10, NAN, 10.2, NAN, 9.9, NAN, 10.1, NAN};
    static const double all[] = {1, 1.1, 0.9, 1, 1.05, 0.95, 1, 1.02};
    set_case s;
    set_begin(&s, plain, NULL, 8);
    set_metric(&s, "a", "", half, 0.01);
    set_metric(&s, "b", "", all, 0.01);
    test_metric run[] = {VALUE("a", 14), VALUE("b", 1)};
    set_judge(&s, run, 2);
    assert_int_equal(set_test(&s, "a")->n0, 4);
    assert_true(set_test(&s, "a")->suspected);
    assert_int_equal(set_test(&s, "b")->n0, 8);
    assert_non_null(strstr(s.c.decision->statistics.power_text, "With 4 to 8 baseline runs"));
    /* Now neither run nor reference has it: half of the set still says that it was there. */
    set_again(&s, &VALUE("b", 1), 1);
    const hb_finding *f = case_finding(&s.c, "", HB_RULE_UNTESTED);
    assert_non_null(f);
    assert_int_equal(f->severity, HB_SEVERITY_WARN);
    assert_non_null(strstr(f->text, "neither in this run nor in its reference: a"));
    set_end(&s);
}

static void run_test__every_reason_not_to_test_is_told(void **state)
{
    (void)state;
    static const double mixed[] = {1, 2, 0, 3, 1.5};
    static const struct {
        const char *yaml;
        const char *unit;
        const double *values;
        test_metric run;
        hb_untested why;
        int severity; /* of the finding 'untested'; -1 = none */
        hb_verdict verdict;
    } rows[] = {
        {"metrics: {a: {}}",
         "",
         ten,
         {.name = "a", .no_value = true},
         HB_UNTESTED_NO_VALUE,
         -1,
         HB_VERDICT_NO_TEST},
        {"metrics: {a: {}}",
         "",
         ten,
         {.name = "a", .value = INFINITY},
         HB_UNTESTED_NO_VALUE,
         -1,
         HB_VERDICT_NO_TEST},
        {"metrics: {b: {}}",
         "ms",
         ten,
         {.name = "a", .unit = "V", .value = 10},
         HB_UNTESTED_UNIT,
         HB_SEVERITY_WARN,
         HB_VERDICT_PASS_WITH_DRIFT},
        {"metrics: {a: {transform: log}}",
         "",
         mixed,
         {.name = "a", .value = 2},
         HB_UNTESTED_NOT_POSITIVE,
         HB_SEVERITY_WARN,
         HB_VERDICT_PASS},
        {"metrics: {a: {transform: log}}",
         "",
         ten,
         {.name = "a", .value = -2},
         HB_UNTESTED_NOT_POSITIVE,
         HB_SEVERITY_DRIFT,
         HB_VERDICT_PASS_WITH_DRIFT},
        {"metrics: {a: {transform: log, critical: true, fail_threshold: 50, invariant_max: 99}}",
         "",
         ten,
         {.name = "a", .value = 0},
         HB_UNTESTED_NOT_POSITIVE,
         HB_SEVERITY_FAIL,
         HB_VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_case s;
        set_begin(&s, rows[i].yaml, NULL, 5);
        set_metric(&s, "a", rows[i].unit, rows[i].values, 0.1);
        set_judge(&s, &rows[i].run, 1);
        assert_int_equal(set_test(&s, "a")->untested, rows[i].why);
        assert_int_equal(set_test(&s, "a")->n0, 5);
        assert_false(s.c.decision->statistics.insufficient);
        const hb_finding *f = case_finding(&s.c, "a", HB_RULE_UNTESTED);
        assert_int_equal(f ? (int)f->severity : -1, rows[i].severity);
        assert_int_equal(s.c.decision->verdict, rows[i].verdict);
        set_end(&s);
    }
}

static void run_test__constants_keep_a_p_value(void **state)
{
    (void)state;
    static const double same[] = {10, 10, 10, 10, 10};
    set_case s;
    set_begin(&s, plain, NULL, 5);
    set_metric(&s, "a", "", same, 0); /* no step known: the last printed digit, 1 */
    set_judge(&s, &VALUE("a", 10), 1);
    const hb_run_test *t = set_test(&s, "a");
    assert_true(t->step == 1);
    stats_near("constant", "sd", t->sd, sqrt(1 / 12.0), 1e-14, 0);
    assert_true(t->sd_runs == 0);
    assert_true(t->p == 1);
    assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS);
    set_again(&s, &VALUE("a", 12), 1);
    assert_true(set_test(&s, "a")->suspected);
    set_end(&s);
}

static void run_test__the_last_printed_digit_is_the_least_known_step(void **state)
{
    (void)state;
    static const struct {
        double v;
        double step;
    } rows[] = {{12.5, 0.1},     {1200, 1},       {0, 1},         {1.5e-7, 1e-8},  {3e25, 1e25},
                {1.25e25, 1e23}, {-0.003, 0.001}, {1e300, 1e300}, {1e-300, 1e-300}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double same[] = {rows[i].v, rows[i].v, rows[i].v};
        set_case s;
        set_begin(&s, plain, NULL, 3);
        set_metric(&s, "a", "", same, 0);
        set_judge(&s, &VALUE("a", rows[i].v), 1);
        assert_true(set_test(&s, "a")->step == rows[i].step);
        set_end(&s);
    }
}

static void run_test__extreme_values_give_figures(void **state)
{
    (void)state;
    static const double huge[] = {1e300, 1.1e300, 0.9e300, 1.05e300};
    static const double tiny[] = {1e-300, 1.1e-300, 0.9e-300, 1.05e-300};
    set_case s;
    set_begin(&s, plain, NULL, 4);
    set_metric(&s, "a", "", huge, 0);
    set_metric(&s, "b", "", tiny, 0);
    test_metric run[] = {VALUE("a", 1.02e300), VALUE("b", 1.02e-300)};
    set_judge(&s, run, 2);
    assert_true(set_test(&s, "a")->p > 0.5 && set_test(&s, "b")->p > 0.5);
    assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS);
    test_metric far[] = {VALUE("a", -1e300), VALUE("b", 1e300)};
    set_again(&s, far, 2);
    assert_true(set_test(&s, "a")->suspected && set_test(&s, "b")->suspected);
    assert_true(isfinite(set_test(&s, "b")->t));
    set_end(&s);
}

static void run_test__a_run_is_never_its_own_baseline(void **state)
{
    (void)state;
    static const double with_itself[] = {10.1, 9.8, 10.3, 10.0, 14};
    set_case s;
    set_begin(&s, plain, NULL, 5);
    set_metric(&s, "a", "", with_itself, 0.1);
    snprintf(s.ids[4], sizeof s.ids[4], "run");
    set_judge(&s, &VALUE("a", 14), 1);
    assert_int_equal(set_test(&s, "a")->n0, 4);
    assert_true(set_test(&s, "a")->suspected);
    set_end(&s);
}

static void run_test__small_changes_are_rejected_but_not_suspected(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s, "metrics: {a: {min_effect: 5}}", NULL, 5);
    set_metric(&s, "a", "", ten, 0.1);
    set_judge(&s, &VALUE("a", 13), 1);
    const hb_run_test *t = set_test(&s, "a");
    assert_true(t->rejected && t->below_min_effect && !t->suspected);
    assert_int_equal(t->moved, HB_DIRECTION_UP);
    assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS);
    assert_null(s.c.decision->statistics.order);
    assert_non_null(strstr(s.c.decision->reason, "none differs by its min_effect or more"));
    set_again(&s, &VALUE("a", 16), 1);
    assert_true(set_test(&s, "a")->suspected);
    set_end(&s);
}

static void run_test__a_declared_direction_looks_one_way(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s, "metrics: {a: {direction: down}}", NULL, 5);
    set_metric(&s, "a", "", ten, 0.1);
    set_judge(&s, &VALUE("a", 99), 1);
    assert_false(set_test(&s, "a")->rejected);
    assert_int_equal(set_test(&s, "a")->bad, HB_DIRECTION_DOWN);
    assert_true(isinf(set_test(&s, "a")->high));
    set_again(&s, &VALUE("a", 8), 1);
    assert_true(set_test(&s, "a")->suspected);
    const hb_finding *f = case_finding(&s.c, "a", HB_RULE_SUSPECTED);
    assert_non_null(strstr(f->text, "or more would have passed"));
    set_end(&s);
}

static void run_test__a_suspicion_says_what_and_what_next(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s,
              "metrics: {a: {unit: ms}, b: {critical: true, fail_threshold: 500, "
              "invariant_max: 999}}",
              "statistics: {retest_days: 7}", 5);
    set_metric(&s, "a", "ms", ten, 0.1);
    set_metric(&s, "b", "", ten, 0.1);
    test_metric run[] = {{.name = "a", .unit = "ms", .value = 12}, VALUE("b", 8)};
    s.c.policy.context_match[HB_CONTEXT_ENVIRONMENT] = true;
    set_judge(&s, run, 2);
    const hb_decision *d = s.c.decision;
    const hb_finding *f = case_finding(&s.c, "a", HB_RULE_SUSPECTED);
    assert_non_null(f);
    assert_int_equal(f->severity, HB_SEVERITY_DRIFT);
    assert_non_null(strstr(f->text, "a rose from 10.02 ms, the mean of 5 baseline runs, to 12 ms"));
    assert_non_null(strstr(f->text, "suspected, the next comparable run decides"));
    const hb_run_test *t = set_test(&s, "a");
    stats_near("excess", "excess", f->excess, (12 - 10.02) / (t->high - t->mean), 1e-12, 0);
    assert_true(f->excess > 1 && f->p_value.v == t->p);
    f = case_finding(&s.c, "b", HB_RULE_SUSPECTED);
    assert_int_equal(f->severity, HB_SEVERITY_DRIFT); /* critical fails when confirmed */
    assert_int_equal(d->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    const hb_retest_order *o = d->statistics.order;
    assert_non_null(o);
    assert_int_equal(o->n_metrics, 2);
    assert_string_equal(o->metrics[0], "a");
    assert_int_equal(o->days, 7);
    assert_true(o->until == HB_TIME_NONE);
    assert_string_equal(d->what_to_do, o->text);
    assert_non_null(strstr(o->text, "Repeat run 'run'"));
    assert_non_null(strstr(o->text, "within 7 days"));
    assert_non_null(strstr(o->text, "FAIL on the critical b"));
    assert_non_null(strstr(o->text, "does not differ: the suspicion is closed"));
    s.c.run->meta.start = 0;
    s.c.run->meta.context[HB_CONTEXT_ENVIRONMENT] = "lab 3";
    hb_decision_free(s.c.decision);
    s.c.decision = NULL;
    CHECK_OK(hb_decide(s.c.run, &s.c.reference, s.c.registry, &s.c.policy, &s.c.decision, &err));
    inputs_check(s.c.run, &s.c.reference, s.c.registry, &s.c.policy);
    o = s.c.decision->statistics.order;
    assert_true(o->until == INT64_C(7) * 86400 * 1000000000);
    assert_non_null(strstr(o->text, "(environment lab 3) by 1970-01-08T00:00:00Z"));
    set_end(&s);
}

static void run_test__without_retest_a_difference_is_a_drift_at_once(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s, plain, "statistics: {retest: false}", 5);
    set_metric(&s, "a", "", ten, 0.1);
    set_judge(&s, &VALUE("a", 12), 1);
    const hb_run_test *t = set_test(&s, "a");
    assert_true(t->suspected && !t->confirmed);
    assert_null(s.c.decision->statistics.order);
    assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    const hb_finding *f = case_finding(&s.c, "a", HB_RULE_SUSPECTED);
    assert_non_null(strstr(f->text, "the policy asks for no retest"));
    set_end(&s);
}

static void run_test__logarithms_stored_by_a_version_are_used_and_frozen(void **state)
{
    (void)state;
    static const double grows[] = {1, 2, 1.5, 3, 1.2, 2.2, 1.8, 2.5};
    set_case s;
    set_begin(&s, plain, NULL, 8);
    set_metric(&s, "a", "", grows, 0.1);
    s.metrics[0].log = true;
    set_judge(&s, &VALUE("a", 2), 1);
    const hb_run_test *t = set_test(&s, "a");
    assert_true(t->log && t->low > 0);
    double log_p = t->p;
    /* The set no longer stores them; the suspicion still does. */
    s.metrics[0].log = false;
    set_suspicion(&s, "a", HB_DIRECTION_UP)->log = true;
    set_again(&s, &VALUE("a", 2), 1);
    assert_false(set_test(&s, "a")->log);
    assert_true(s.c.decision->statistics.retests[0].p == log_p);
    assert_true(set_test(&s, "a")->p != log_p);
    set_end(&s);
}

/* The suspicion: a rose. The budget is small, so that the retest speaks where the run's own test is
 * silent. */
static void run_test__a_retest_confirms_clears_or_turns(void **state)
{
    (void)state;
    enum { NONE = -1 };
    static const struct {
        const char *entry;
        double x;
        hb_retest_outcome outcome;
        hb_verdict verdict;
        int suspected; /* severity of that finding, NONE = there is none */
        int confirmed;
        bool cleared;
    } rows[] = {
        {"{}", 10.8, HB_RETEST_CONFIRMED, HB_VERDICT_PASS_WITH_DRIFT, NONE, HB_SEVERITY_DRIFT,
         false},
        {"{}", 12, HB_RETEST_CONFIRMED, HB_VERDICT_PASS_WITH_DRIFT, NONE, HB_SEVERITY_DRIFT, false},
        {"{critical: true, fail_threshold: 50, invariant_max: 99}", 12, HB_RETEST_CONFIRMED,
         HB_VERDICT_FAIL, NONE, HB_SEVERITY_FAIL, false},
        {"{direction: up}", 10.6, HB_RETEST_CONFIRMED, HB_VERDICT_PASS_WITH_DRIFT, NONE,
         HB_SEVERITY_DRIFT, false},
        {"{}", 10.1, HB_RETEST_CLEARED, HB_VERDICT_PASS, NONE, NONE, true},
        {"{direction: up}", 5, HB_RETEST_CLEARED, HB_VERDICT_PASS, NONE, NONE, true},
        {"{}", 9.25, HB_RETEST_OPPOSITE, HB_VERDICT_PASS_WITH_DRIFT, HB_SEVERITY_DRIFT, NONE, true},
        {"{}", 8, HB_RETEST_OPPOSITE, HB_VERDICT_PASS_WITH_DRIFT, HB_SEVERITY_DRIFT, NONE, true},
        {"{min_effect: 3}", 8, HB_RETEST_OPPOSITE, HB_VERDICT_PASS, NONE, NONE, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char yaml[200];
        snprintf(yaml, sizeof yaml, "metrics: {a: %s}", rows[i].entry);
        set_case s;
        set_begin(&s, yaml, "statistics: {false_alarm_budget: 0.01}", 5);
        set_metric(&s, "a", "", ten, 0.01);
        set_suspicion(&s, "a", HB_DIRECTION_UP);
        set_judge(&s, &VALUE("a", rows[i].x), 1);
        const hb_run_statistics *st = &s.c.decision->statistics;
        const hb_run_test *t = set_test(&s, "a");
        assert_int_equal(st->n_retests, 1);
        assert_ptr_equal(st->retests[0].of, &s.suspicions[0]);
        assert_int_equal(st->retests[0].outcome, rows[i].outcome);
        assert_int_equal(st->retests[0].n0, 5);
        assert_true(st->retests[0].p == t->p); /* the set has not changed: the same statistic */
        assert_int_equal(s.c.decision->verdict, rows[i].verdict);
        const hb_finding *f = case_finding(&s.c, "a", HB_RULE_SUSPECTED);
        assert_int_equal(f ? (int)f->severity : NONE, rows[i].suspected);
        assert_int_equal(t->suspected, rows[i].suspected != NONE);
        assert_int_equal(st->n_suspected, t->suspected);
        assert_int_equal(st->order != NULL, t->suspected);
        f = case_finding(&s.c, "a", HB_RULE_CONFIRMED);
        assert_int_equal(f ? (int)f->severity : NONE, rows[i].confirmed);
        assert_int_equal(t->confirmed, rows[i].confirmed != NONE);
        assert_int_equal(st->n_confirmed, t->confirmed);
        if (f) {
            assert_true(f->excess > 1);
            assert_int_equal(t->moved, HB_DIRECTION_UP);
        }
        f = case_finding(&s.c, "a", HB_RULE_RETEST_CLEARED);
        assert_int_equal(f != NULL, rows[i].cleared);
        assert_true(!f || f->severity == HB_SEVERITY_INFO);
        assert_true(!t->suspected || t->moved == HB_DIRECTION_DOWN);
        set_end(&s);
    }
}

static void run_test__a_retest_without_a_value_stays_open(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s, plain, NULL, 5);
    set_metric(&s, "a", "", ten, 0.1);
    set_metric(&s, "b", "", ten, 0.1);
    set_suspicion(&s, "a", HB_DIRECTION_UP)->until = 0;
    set_suspicion(&s, "gone", HB_DIRECTION_DOWN);
    set_suspicion(&s, "gone", HB_DIRECTION_UP);
    set_judge(&s, &VALUE("b", 10), 1);
    const hb_run_statistics *st = &s.c.decision->statistics;
    assert_int_equal(st->n_retests, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(st->retests[i].outcome, HB_RETEST_NO_VALUE);
    }
    const hb_finding *f = case_finding(&s.c, "a", HB_RULE_RETEST_OPEN);
    assert_non_null(f);
    assert_int_equal(f->severity, HB_SEVERITY_WARN);
    assert_non_null(strstr(f->text, "stays open until 1970-01-01T00:00:00Z"));
    assert_non_null(case_finding(&s.c, "gone", HB_RULE_RETEST_OPEN));
    assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS);
    assert_non_null(strstr(s.c.decision->what_to_do, "record "));
    set_end(&s);
}

static void run_test__several_suspicions_of_a_metric_give_one_finding_each_kind(void **state)
{
    (void)state;
    static const double higher[] = {11.8, 12.1, 12.0, 11.9, 12.2};
    set_case s;
    set_begin(&s, plain, NULL, 5);
    set_metric(&s, "a", "", ten, 0.1);
    set_suspicion(&s, "a", HB_DIRECTION_UP)->run_id = "one";
    hb_suspicion *two = set_suspicion(&s, "a", HB_DIRECTION_UP);
    two->run_id = "two";
    two->values = higher;
    set_suspicion(&s, "a", HB_DIRECTION_DOWN)->run_id = "up";
    set_judge(&s, &VALUE("a", 12), 1);
    const hb_run_statistics *st = &s.c.decision->statistics;
    assert_int_equal(st->retests[0].outcome, HB_RETEST_CONFIRMED);
    assert_int_equal(st->retests[1].outcome, HB_RETEST_CLEARED);
    assert_int_equal(st->retests[2].outcome, HB_RETEST_OPPOSITE);
    assert_int_equal(st->n_confirmed, 1);
    assert_int_equal(st->n_suspected, 0); /* what is confirmed is not suspected as well */
    assert_non_null(case_finding(&s.c, "a", HB_RULE_RETEST_CLEARED));
    set_end(&s);
}

static void run_test__a_retest_needs_no_reference(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s, plain, NULL, 5);
    set_metric(&s, "a", "", ten, 0.1);
    set_suspicion(&s, "a", HB_DIRECTION_UP);
    s.c.run = case_run(&s.c, "run", &VALUE("a", 12), 1);
    s.c.reference = (hb_reference){.reason = "tag_not_found",
                                   .strategy = "golden",
                                   .tag = "golden",
                                   .warning = "",
                                   .set = &s.set,
                                   .prior = &s.prior};
    CHECK_OK(hb_decide(s.c.run, &s.c.reference, s.c.registry, &s.c.policy, &s.c.decision, &err));
    inputs_check(s.c.run, &s.c.reference, s.c.registry, &s.c.policy);
    assert_int_equal(set_test(&s, "a")->untested, HB_UNTESTED_NO_SET);
    assert_true(set_test(&s, "a")->confirmed);
    assert_true(s.c.decision->statistics.insufficient);
    const hb_finding *f = case_finding(&s.c, "", HB_RULE_INSUFFICIENT_BASELINE);
    assert_non_null(strstr(f->text, "without a baseline there is no statistical test"));
    assert_int_equal(s.c.decision->verdict, HB_VERDICT_PASS_WITH_DRIFT);
    set_end(&s);
}

static void run_test__a_pass_says_what_it_could_have_missed(void **state)
{
    (void)state;
    set_case s;
    set_begin(&s, "metrics: {a: {min_effect: 4}, b: {min_effect: 0.01}, c: {}}", NULL, 5);
    set_metric(&s, "a", "", ten, 0.01);
    set_metric(&s, "b", "", ten, 0.01);
    set_metric(&s, "c", "", ten, 0.01);
    test_metric run[] = {VALUE("a", 10), VALUE("b", 10), VALUE("c", 10)};
    set_judge(&s, run, 3);
    assert_int_equal(set_test(&s, "a")->tost, HB_TOST_SHOWN);
    assert_int_equal(set_test(&s, "b")->tost, HB_TOST_NOT_SHOWN);
    assert_int_equal(set_test(&s, "c")->tost, HB_TOST_NOT_DECLARED);
    assert_true(set_test(&s, "a")->power_at_min_effect.v > 0.99);
    assert_true(set_test(&s, "b")->power_at_min_effect.v < 0.1);
    assert_int_equal(set_test(&s, "b")->runs_needed, 0);
    const char *text = s.c.decision->statistics.power_text;
    assert_non_null(strstr(text, "With 5 baseline runs and one new run a shift of "));
    assert_non_null(strstr(text, "equivalence was shown for 1 of 2 metrics"));
    assert_non_null(strstr(s.c.decision->what_to_do, text));
    assert_non_null(strstr(s.c.decision->reason, "3 tested against 5 baseline runs, none differs"));
    set_end(&s);
}

static void run_test__equal_inputs_give_equal_bits(void **state)
{
    (void)state;
    hb_run_test got[2];
    for (int i = 0; i < 2; i++) {
        set_case s;
        set_begin(&s, "metrics: {a: {min_effect: 0.1, transform: log}}", NULL, 5);
        set_metric(&s, "a", "", ten, 0.01);
        set_judge(&s, &VALUE("a", 12), 1);
        memcpy(&got[i], set_test(&s, "a"), sizeof got[i]);
        set_end(&s);
    }
    assert_memory_equal(&got[0], &got[1], sizeof got[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_test__agrees_with_scipy),
        cmocka_unit_test(run_test__many_metrics_go_by_benjamini_and_hochberg),
        cmocka_unit_test(run_test__too_few_runs_is_said_and_satisfies_no_gate),
        cmocka_unit_test(run_test__disjoint_metrics_are_no_baseline),
        cmocka_unit_test(run_test__a_metric_of_half_the_runs_counts_its_own),
        cmocka_unit_test(run_test__every_reason_not_to_test_is_told),
        cmocka_unit_test(run_test__constants_keep_a_p_value),
        cmocka_unit_test(run_test__the_last_printed_digit_is_the_least_known_step),
        cmocka_unit_test(run_test__extreme_values_give_figures),
        cmocka_unit_test(run_test__a_run_is_never_its_own_baseline),
        cmocka_unit_test(run_test__small_changes_are_rejected_but_not_suspected),
        cmocka_unit_test(run_test__a_declared_direction_looks_one_way),
        cmocka_unit_test(run_test__a_suspicion_says_what_and_what_next),
        cmocka_unit_test(run_test__without_retest_a_difference_is_a_drift_at_once),
        cmocka_unit_test(run_test__logarithms_stored_by_a_version_are_used_and_frozen),
        cmocka_unit_test(run_test__a_retest_confirms_clears_or_turns),
        cmocka_unit_test(run_test__a_retest_without_a_value_stays_open),
        cmocka_unit_test(run_test__several_suspicions_of_a_metric_give_one_finding_each_kind),
        cmocka_unit_test(run_test__a_retest_needs_no_reference),
        cmocka_unit_test(run_test__a_pass_says_what_it_could_have_missed),
        cmocka_unit_test(run_test__equal_inputs_give_equal_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
