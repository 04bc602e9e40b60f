/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of known size, and the sizes a decision finds: no size is the clean decision bit for bit,
 * each fault does to the samples what it says, and shifts are found as often as the theory of the
 * prediction limit says. */
#include "support/case.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/stats_case.h"

#include "decide/decision_json.h"
#include "qualify/qualify_internal.h"
#include "stats/predict.h"
#include "stats/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLES = 400, LONG = 5000 };

static const char *const names[] = {"a", "b"};
static test_case c;
static double series[LONG];
static hb_run_set *set;

static hb_run *run_of(const char *run_id, double offset, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        series[i] = offset + stats_normal() + (double)(i % 7);
    }
    const test_metric metrics[] = {
        {.name = "a", .unit = "ms", .samples = series, .n = n, .series = true},
        {.name = "b", .unit = "", .value = 5 + offset}};
    return case_run(&c, run_id, metrics, 2);
}

static hb_run_set *set_of(size_t runs)
{
    hb_run_set *s = fake_past(runs, names, 2);
    for (size_t i = 0; i < runs; i++) {
        fake_past_values(s, "a")[i] = 103 + 0.01 * (double)(i % 3);
        fake_past_values(s, "b")[i] = 105 + 0.1 * (double)(i % 3);
    }
    s->metrics[0].unit = "ms";
    s->metrics[0].step = s->metrics[1].step = 1e-6;
    fake_past_done(s);
    return s;
}

static void begin(const char *registry, size_t runs, size_t n)
{
    stats_seed(7);
    case_begin(&c, registry, NULL);
    c.baseline = run_of("before", 100, n);
    c.run = run_of("now", 100, n);
    set = set_of(runs);
    c.reference = (hb_reference){.run = c.baseline,
                                 .reason = "explicit",
                                 .strategy = "explicit",
                                 .tag = "",
                                 .level = HB_MATCH_HIGH,
                                 .warning = "",
                                 .set = set};
}

static void end(void)
{
    fake_past_free(set);
    case_end(&c);
}

static void decided(const hb_run *run, hb_buf *out)
{
    hb_decision *d = NULL;
    CHECK_OK(hb_decide(run, &c.reference, c.registry, &c.policy, &d, &err));
    CHECK_OK(hb_decision_json(d, out, &err));
    hb_decision_free(d);
}

static void qualify__no_size_is_the_clean_decision(void **state)
{
    (void)state;
    static const size_t lengths[] = {SAMPLES, LONG};
    for (size_t k = 0; k < 2; k++) {
        begin(NULL, 6, lengths[k]);
        for (size_t i = 0; i < c.run->n_metrics; i++) {
            for (unsigned f = 0; f < HB_FAULT_COUNT_; f++) {
                hb_fault_target t;
                hb_metric faulty;
                hb_metric metrics[2];
                bool tried = false;
                hb_buf clean;
                hb_buf with;
                hb_run run = *c.run;
                hb_buf_init(&clean, 1 << 24);
                hb_buf_init(&with, 1 << 24);
                CHECK_OK(hb_fault_target_make(&c.run->metrics[i], 1, 103, HB_DIRECTION_NONE, 3, &t,
                                              &err));
                CHECK_OK(hb_fault_apply(&t, (hb_fault)f, hb_fault_no_size((hb_fault)f), 1, &faulty,
                                        &tried, &err));
                assert_true(tried);
                memcpy(metrics, c.run->metrics, sizeof metrics);
                metrics[i] = faulty;
                run.metrics = metrics;
                decided(c.run, &clean);
                decided(&run, &with);
                assert_int_equal(clean.n, with.n);
                assert_memory_equal(clean.p, with.p, clean.n);
                hb_buf_release(&clean);
                hb_buf_release(&with);
                hb_fault_release(&faulty);
                hb_fault_target_release(&t);
            }
        }
        end();
    }
}

static hb_metric put(const hb_fault_target *t, hb_fault f, double size, uint32_t trial)
{
    hb_metric faulty = {0};
    bool tried = false;
    CHECK_OK(hb_fault_apply(t, f, size, trial, &faulty, &tried, &err));
    assert_true(tried);
    return faulty;
}

static void qualify__faults_do_what_they_say(void **state)
{
    (void)state;
    begin(NULL, 6, SAMPLES);
    const hb_metric *m = hb_run_metric(c.run, hb_str_of("a"));
    const hb_moments was = m->profile.moments;
    hb_fault_target t;
    CHECK_OK(hb_fault_target_make(m, 0.5, 103, HB_DIRECTION_NONE, 3, &t, &err));
    assert_true(t.exact);
    assert_memory_equal(t.v, series, sizeof(double) * SAMPLES); /* `now` was made last */

    hb_metric x = put(&t, HB_FAULT_SHIFT, 4, 0);
    stats_near("shift", "value", x.value, m->value + 2, 1e-14, 0);
    stats_near("shift", "sd", hb_moments_sd(&x.profile.moments), hb_moments_sd(&was), 1e-12, 0);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_SHIFT, 4, 1);
    stats_near("shift down", "value", x.value, m->value - 2, 1e-14, 0);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_SPREAD, 3, 0);
    stats_near("spread", "value", x.value, m->value, 1e-13, 0);
    stats_near("spread", "sd", hb_moments_sd(&x.profile.moments), 3 * hb_moments_sd(&was), 1e-12,
               0);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_RAMP, 4, 0);
    stats_near("ramp", "mean", x.profile.moments.mean, was.mean + 1, 1e-12, 0);
    stats_near("ramp", "first", x.profile.moments.first, was.first, 0, 0);
    stats_near("ramp", "last", x.profile.moments.last, was.last + 2, 1e-14, 0);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_SPIKE, 0.25, 0);
    stats_near("spike", "mean", x.profile.moments.mean,
               was.mean + 0.25 * HB_FAULT_SPIKE_SD * hb_moments_sd(&was), 1e-12, 0);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_STUCK, 1, 0);
    stats_near("stuck", "sd", hb_moments_sd(&x.profile.moments), 0, 0, 0);
    stats_near("stuck", "value", x.value, was.first, 0, 0);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_DROPOUT, 0.25, 0);
    assert_int_equal(x.profile.moments.n, 300);
    assert_int_equal(x.profile.n_missing, 100);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_DROPOUT, 1, 0);
    assert_false(x.has_value);
    hb_fault_release(&x);
    x = put(&t, HB_FAULT_LAG, 0.25, 0);
    stats_near("lag", "last", x.profile.moments.last, series[299], 0, 0);
    stats_near("lag", "first", x.profile.moments.first, series[0], 0, 0);
    hb_fault_release(&x);
    hb_fault_target_release(&t);
    end();
}

/* Of a long run the values are those of the sketch, the course that of the trace. */
static void qualify__a_made_series_keeps_values_and_course(void **state)
{
    (void)state;
    case_begin(&c, NULL, NULL);
    for (size_t i = 0; i < 2000; i++) {
        series[i] = (double)((i * 7) % 11) + (double)i * 0.1;
    }
    const test_metric metric = {
        .name = "a", .unit = "ms", .samples = series, .n = 2000, .series = true};
    c.run = case_run(&c, "now", &metric, 1);
    hb_fault_target t;
    CHECK_OK(hb_fault_target_make(c.run->metrics, 1, 0, HB_DIRECTION_NONE, 3, &t, &err));
    assert_false(t.exact);
    assert_int_equal(t.n, 2000);
    hb_metric as_is;
    CHECK_OK(hb_fault_series_as_is(&t, &as_is, &err));
    const hb_moments *is = &as_is.profile.moments;
    const hb_moments *was = &c.run->metrics->profile.moments;
    stats_near("made", "mean", is->mean, was->mean, 1e-12, 0);
    stats_near("made", "sd", hb_moments_sd(is), hb_moments_sd(was), 1e-12, 0);
    stats_near("made", "value", as_is.value, c.run->metrics->value, 0, 0);
    for (size_t i = 0; i < 2000; i++) { /* within its bucket of four and the noise of 11 */
        assert_true(fabs(t.v[i] - (5 + (double)i * 0.1)) < 12);
    }
    hb_fault_release(&as_is);
    hb_fault_target_release(&t);
    case_end(&c);
}

static void qualify__says_what_cannot_be_tried(void **state)
{
    (void)state;
    begin(NULL, 6, SAMPLES);
    hb_fault_target t;
    const hb_metric *stated = hb_run_metric(c.run, hb_str_of("b"));
    CHECK_OK(hb_fault_target_make(stated, 0.5, 105, HB_DIRECTION_NONE, 3, &t, &err));
    assert_null(hb_fault_why_not(&t, HB_FAULT_SHIFT));
    assert_null(hb_fault_why_not(&t, HB_FAULT_SPREAD));
    assert_string_equal(hb_fault_why_not(&t, HB_FAULT_RAMP), "a stated value has no series");
    assert_string_equal(hb_fault_why_not(&t, HB_FAULT_LAG), "a stated value has no series");
    hb_metric x = put(&t, HB_FAULT_SPREAD, 3, 0);
    stats_near("spread of a stated value", "value", x.value, 105 + 3 * (stated->value - 105), 1e-14,
               0);
    hb_fault_release(&x);
    hb_fault_target_release(&t);
    CHECK_OK(hb_fault_target_make(stated, 0, 105, HB_DIRECTION_NONE, 3, &t, &err));
    assert_non_null(hb_fault_why_not(&t, HB_FAULT_SHIFT));
    hb_fault_target_release(&t);
    end();
}

/* Whatever is injected, a metric alone with its samples gives the rules of the whole decision. */
static void qualify__light_decisions_find_what_whole_ones_do(void **state)
{
    (void)state;
    begin("defaults: {spread_ratio: 3, drift_percent: 10, ks_threshold: 0.4}\n"
          "metrics: {a: {unit: ms, drift_spread: 2, drift_persistence: 5}}\n",
          8, SAMPLES);
    hb_qualify_ask ask = {
        .set = c.reference.set, .registry = c.registry, .policy = &c.policy, .trials = 1};
    hb_held held;
    CHECK_OK(hb_held_make(&ask, c.run, &c.reference, &held, &err));
    size_t found = 0;
    for (unsigned f = 0; f < HB_FAULT_COUNT_; f++) {
        size_t n = 0;
        const double *sizes = hb_fault_sizes((hb_fault)f, &n);
        hb_fault_target t;
        CHECK_OK(
            hb_fault_target_make(&c.run->metrics[0], 0.5, 103, HB_DIRECTION_NONE, 3, &t, &err));
        for (size_t k = 3; k < n; k++) {
            hb_metric x = put(&t, (hb_fault)f, sizes[k], 0);
            hb_metric metrics[2] = {x, c.run->metrics[1]};
            hb_run run = *c.run;
            hb_decision *d = NULL;
            uint64_t light = 0;
            run.metrics = metrics;
            CHECK_OK(hb_decide(&run, &c.reference, c.registry, &c.policy, &d, &err));
            CHECK_OK(hb_held_judge(&held, 0, &x, &light, &err));
            assert_true(light == hb_held_rules(d, "a"));
            found += light != 0;
            hb_decision_free(d);
            hb_fault_release(&x);
        }
        hb_fault_target_release(&t);
    }
    assert_true(found > 20);
    hb_held_release(&held);
    end();
}

/* 200 sets of 9 runs and one run more, all N(100, 1): shifts are found with the power that the
 * noncentral t gives, within 4 standard errors of the share. */
static void qualify__finds_shifts_with_the_power_of_theory(void **state)
{
    (void)state;
    enum { RUNS = 200, N0 = 9 };
    static const char *const a[] = {"a"};
    case_begin(
        &c, "metrics: {a: {resolution: 0.000001}}\n",
        "baseline_policy:\n  strategy: last_pass\n  statistics: {false_alarm_budget: 0.01}\n");
    hb_run_set *unit = fake_past(3, a, 1);
    for (size_t i = 0; i < 3; i++) {
        fake_past_values(unit, "a")[i] = 99 + (double)i; /* standard deviation 1 */
    }
    fake_past_done(unit);
    hb_qualify_ask ask = {.set = unit,
                          .registry = c.registry,
                          .policy = &c.policy,
                          .seed = 1,
                          .trials = 1,
                          .faults = {[HB_FAULT_SHIFT] = true}};
    hb_qualifier *q = NULL;
    CHECK_OK(hb_qualifier_new(&ask, &q, &err));
    hb_random r = hb_random_of(11, 0);
    for (int k = 0; k < RUNS; k++) {
        hb_run_set *others = fake_past(N0, a, 1);
        for (size_t i = 0; i < N0; i++) {
            fake_past_values(others, "a")[i] = 100 + hb_random_normal(&r);
        }
        fake_past_done(others);
        char run_id[16];
        snprintf(run_id, sizeof run_id, "held-%d", k);
        hb_run *before = fake_run("before");
        fake_run_value(before, "a", "", 100);
        fake_run_done(before);
        hb_run *run = fake_run(run_id);
        fake_run_value(run, "a", "", 100 + hb_random_normal(&r));
        fake_run_done(run);
        hb_reference ref = {.run = before,
                            .reason = "explicit",
                            .strategy = "explicit",
                            .tag = "",
                            .warning = "",
                            .set = others};
        bool stopped = false;
        CHECK_OK(hb_qualifier_run(q, run, &ref, &stopped, &err));
        hb_run_free(run);
        hb_run_free(before);
        fake_past_free(others);
    }
    hb_qualification result;
    CHECK_OK(hb_qualifier_finish(q, &result, &err));
    assert_int_equal(result.n_rows, 1);
    assert_true(result.statistical.n <= 6); /* 0.008 · 200 = 1.6 are expected */
    const hb_qualified *row = &result.rows[0];
    const hb_predict p = {.n0 = N0, .mean = 100, .sd_runs = 1, .sd = 1, .dof = N0 - 1};
    for (size_t k = 0; k < row->n_sizes; k++) {
        const hb_qualified_size *s = &row->sizes[k];
        double power = hb_predict_power(&p, 1, 0.008, 0, s->size);
        double share = (double)s->found / s->tried;
        double error = sqrt(power * (1 - power) / s->tried);
        if (fabs(share - power) > 4 * error + 0.01) {
            fail_msg("size %g: found %g, theory %g", s->size, share, power);
        }
    }
    assert_int_equal(row->pod.answer, HB_POD_FIT);
    assert_true(hb_predict_power(&p, 1, 0.008, 0, row->pod.a90_95) >= 0.88);
    assert_int_equal(row->by_rule[HB_RULE_SUSPECTED], row->n_runs);
    hb_qualifier_free(q);
    fake_past_free(unit);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qualify__no_size_is_the_clean_decision),
        cmocka_unit_test(qualify__faults_do_what_they_say),
        cmocka_unit_test(qualify__a_made_series_keeps_values_and_course),
        cmocka_unit_test(qualify__says_what_cannot_be_tried),
        cmocka_unit_test(qualify__light_decisions_find_what_whole_ones_do),
        cmocka_unit_test(qualify__finds_shifts_with_the_power_of_theory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
