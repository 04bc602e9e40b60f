/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 3 in a decision. */
#include "support/check.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/inputs_case.h"
#include "support/stats_case.h"

#include "decide/decision.h"
#include "decide/history.h"

#include <math.h>
#include <stdio.h>

typedef struct scene {
    hb_registry *registry;
    hb_policy policy;
    hb_run *run;
    hb_run *base;
    hb_run_set *past;
    hb_prior prior;
    hb_reference reference;
    hb_decision *d;
} scene;

static scene begin(size_t n_runs, size_t n_metrics)
{
    scene s = {.run = fake_run("now"), .base = fake_run("base")};
    CHECK_OK(hb_registry_builtin(&s.registry, &err));
    hb_policy_builtin(&s.policy);
    s.past = fake_past_numbered(n_runs, n_metrics);
    s.past->kind = "history";
    return s;
}

static void value(scene *s, size_t metric, double now)
{
    fake_run_value(s->run, s->past->metrics[metric].name, "", now);
    fake_run_value(s->base, s->past->metrics[metric].name, "", now);
}

static void decide(scene *s)
{
    fake_past_done(s->past);
    fake_run_done(s->run);
    fake_run_done(s->base);
    s->prior.history = s->past;
    s->reference = (hb_reference){.run = s->base,
                                  .reason = "explicit",
                                  .strategy = "explicit",
                                  .tag = "",
                                  .warning = "",
                                  .prior = &s->prior};
    CHECK_OK(hb_decide(s->run, &s->reference, s->registry, &s->policy, &s->d, &err));
    inputs_check(s->run, &s->reference, s->registry, &s->policy);
}

static void end(scene *s)
{
    hb_decision_free(s->d);
    fake_past_free(s->past);
    hb_run_free(s->run);
    hb_run_free(s->base);
    hb_policy_release(&s->policy);
    hb_registry_free(s->registry);
}

static void fill(scene *s, size_t metric, size_t at, double by)
{
    double *v = fake_past_values(s->past, s->past->metrics[metric].name);
    for (size_t i = 0; i < s->past->n_runs; i++) {
        v[i] = 20 + 0.1 * stats_normal() + (i >= at ? by : 0);
    }
    value(s, metric, 20 + 0.1 * stats_normal() + (at < s->past->n_runs ? by : 0));
}

static const hb_finding *told(const scene *s, const char *metric)
{
    for (size_t i = 0; i < s->d->n_findings; i++) {
        const hb_finding *f = &s->d->findings[i];
        if (f->rule == HB_RULE_CHANGE_POINT && strcmp(f->metric, metric) == 0) {
            return f;
        }
    }
    return NULL;
}

static void history__names_the_run_and_what_changed_with_it(void **state)
{
    (void)state;
    scene s = begin(24, 5);
    stats_seed(1);
    for (size_t m = 0; m < 5; m++) {
        fill(&s, m, m == 2 ? 15 : 99, 2.5);
    }
    s.past->metrics[2].unit = "";
    for (size_t i = 0; i < 24; i++) {
        s.past->runs[i].meta.build_id = i < 15 ? "b41" : "b42";
        fake_past_factor(s.past, i, "rig", i < 15 ? "A" : "C");
        fake_past_factor(s.past, i, "operator", "kim");
    }
    decide(&s);
    const hb_run_statistics *st = &s.d->statistics;
    assert_int_equal(st->n_changes, 1);
    const hb_change_point *c = &st->changes[0];
    assert_string_equal(c->metric, "m002");
    assert_string_equal(c->run_id, "run-16");
    assert_true(c->n == 25 && !c->ramp && c->p < 0.001);
    assert_true(fabs(c->after - c->before - 2.5) < 0.15);
    assert_string_equal(c->with, "build b42 (was b41), rig C (was A)");
    const hb_finding *f = told(&s, "m002");
    assert_non_null(f);
    assert_int_equal(f->severity, HB_SEVERITY_INFO);
    assert_non_null(strstr(f->text, "since run run-16 (2026-01-17)"));
    assert_non_null(strstr(f->text, "rig C (was A)"));
    assert_int_equal(s.d->verdict, HB_VERDICT_PASS); /* explains, decides nothing */
    end(&s);
}

static void history__calls_a_slow_drift_a_ramp(void **state)
{
    (void)state;
    scene s = begin(26, 1);
    double *v = fake_past_values(s.past, "m000");
    for (size_t i = 0; i < 26; i++) {
        v[i] = 10 + 22.5 / 26 * (double)i;
    }
    value(&s, 0, 32.5);
    decide(&s);
    assert_int_equal(s.d->statistics.n_changes, 1);
    const hb_change_point *c = &s.d->statistics.changes[0];
    assert_true(c->ramp && fabs(c->per_run - 22.5 / 26) < 1e-9);
    assert_non_null(strstr(c->text, "rising slowly, by 0.86538 a run over 27 runs"));
    end(&s);
}

static void history__is_silent_below_ten_runs_and_about_clean_ones(void **state)
{
    (void)state;
    scene few = begin(8, 1);
    fill(&few, 0, 4, 100);
    decide(&few);
    assert_int_equal(few.d->statistics.n_changes, 0);
    end(&few);
    scene clean = begin(29, 200);
    stats_seed(4);
    for (size_t m = 0; m < 200; m++) {
        fill(&clean, m, 99, 0);
    }
    decide(&clean);
    assert_int_equal(clean.d->statistics.n_changes, 0);
    end(&clean);
}

/* Runs without a value are skipped: the change is named at the first run that has one. */
static void history__skips_runs_without_a_value(void **state)
{
    (void)state;
    scene s = begin(30, 2);
    stats_seed(5);
    fill(&s, 0, 15, 3);
    fill(&s, 1, 99, 0);
    double *v = fake_past_values(s.past, "m000");
    v[3] = v[14] = v[15] = NAN;
    v[16] = INFINITY;
    decide(&s);
    assert_int_equal(s.d->statistics.n_changes, 1);
    assert_int_equal(s.d->statistics.changes[0].n, 27);
    assert_string_equal(s.d->statistics.changes[0].run_id, "run-18");
    end(&s);
}

static void history__is_the_same_twice_and_needs_the_same_unit(void **state)
{
    (void)state;
    hb_change_point first = {0};
    for (int turn = 0; turn < 3; turn++) {
        scene s = begin(20, 2);
        stats_seed(7);
        fill(&s, 0, 10, 0.2);
        fill(&s, 1, 99, 0);
        if (turn == 2) {
            s.past->metrics[0].unit = "K";
        }
        decide(&s);
        assert_int_equal(s.d->statistics.n_changes, turn < 2);
        if (turn == 0) {
            first = s.d->statistics.changes[0];
        } else if (turn == 1) {
            assert_true(first.p == s.d->statistics.changes[0].p &&
                        first.seed == s.d->statistics.changes[0].seed);
        }
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history__names_the_run_and_what_changed_with_it),
        cmocka_unit_test(history__calls_a_slow_drift_a_ramp),
        cmocka_unit_test(history__is_silent_below_ten_runs_and_about_clean_ones),
        cmocka_unit_test(history__skips_runs_without_a_value),
        cmocka_unit_test(history__is_the_same_twice_and_needs_the_same_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
