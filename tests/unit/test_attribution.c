/* SPDX-License-Identifier: Apache-2.0 */
/* Which factor a spread and a shift go with, and what is said when the runs cannot tell. */
#include "support/check.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/inputs_case.h"
#include "support/stats_case.h"

#include "decide/attribution.h"
#include "decide/decision.h"
#include "telemetry/factors.h"
#include "telemetry/run_meta.h"

#include <math.h>
#include <stdio.h>

typedef struct scene {
    hb_run_set *set;
    hb_run_meta last;
    hb_arena arena;
    hb_attributor *a;
    hb_attribution *rows;
    size_t n;
} scene;

static scene begin(size_t n_runs)
{
    scene s = {.set = fake_past_numbered(n_runs, 1)};
    hb_arena_init(&s.arena, 1 << 20);
    hb_run_meta_init(&s.last);
    return s;
}

static void factor(scene *s, size_t run, const char *name, const char *value)
{
    if (run < s->set->n_runs) {
        fake_past_factor(s->set, run, name, value);
    } else {
        CHECK_OK(hb_factors_put(&s->last, &s->arena, hb_str_of(name), hb_str_of(value), &err));
    }
}

static void tell(scene *s, double value)
{
    fake_past_done(s->set);
    CHECK_OK(hb_attributor_new(s->set, &s->last, s->last.start, &s->a, &err));
    CHECK_OK(hb_attributor_metric(s->a, &s->set->metrics[0], (hb_opt_f64){!isnan(value), value},
                                  &s->arena, &s->rows, &s->n, &err));
}

static const hb_attribution *row(const scene *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->rows[i].factor, name) == 0) {
            return &s->rows[i];
        }
    }
    return NULL;
}

static void end(scene *s)
{
    hb_attributor_free(s->a);
    hb_arena_release(&s->arena);
    fake_past_free(s->set);
}

static void says(const hb_attribution *r, bool told, const char *words)
{
    assert_non_null(r);
    assert_true(r->told == told);
    if (!strstr(r->text, words)) {
        fail_msg("'%s' lacks '%s'", r->text, words);
    }
}

/* Rigs A and C alternate, C measures 2 higher; operators alternate otherwise and do nothing. */
static void attribution__finds_the_rig(void **state)
{
    (void)state;
    static const char *const operators[] = {"kim", "lee", "max"};
    scene s = begin(24);
    double *v = fake_past_values(s.set, "m000");
    s.set->metrics[0].unit = "ms";
    stats_seed(2);
    for (size_t i = 0; i <= 24; i++) {
        factor(&s, i, "rig", i % 2 ? "C" : "A");
        factor(&s, i, "operator", operators[i / 2 % 3]);
    }
    factor(&s, 24, "rig", "C");
    for (size_t i = 0; i < 24; i++) {
        v[i] = 10 + (i % 2 ? 1 : -1) + 0.1 * stats_normal();
    }
    tell(&s, 11.2);
    assert_int_equal(s.n, 3);
    assert_string_equal(s.rows[0].factor, "day");
    const hb_attribution *rig = row(&s, "rig");
    says(rig, true, "% of the spread of m000 between 24 runs goes with it");
    assert_true(rig->variance_share > 0.98 && rig->p < 1e-10 && rig->levels == 2);
    assert_true(rig->shift.set && fabs(rig->shift.v - 1) < 0.05);
    assert_string_equal(rig->level, "C");
    assert_non_null(strstr(rig->text, "runs with C are "));
    const hb_attribution *operator_ = row(&s, "operator");
    says(operator_, true, "no sign that m000 goes with it (3 levels in 24 runs");
    says(row(&s, "day"), false, "24 different in 24 runs");
    end(&s);
}

static void attribution__names_what_it_cannot_tell_apart(void **state)
{
    (void)state;
    scene s = begin(12);
    double *v = fake_past_values(s.set, "m000");
    char serial[] = "u0";
    for (size_t i = 0; i < 12; i++) {
        v[i] = 10 + (double)(i % 4) + 0.1 * (double)(i % 3);
        serial[1] = (char)('0' + i % 4);
        factor(&s, i, "unit", serial);
        factor(&s, i, "rig", i % 4 < 2 ? "A" : "B");   /* each unit on one rig only */
        factor(&s, i, "bench", i % 4 < 2 ? "1" : "2"); /* moves with the rig */
        s.set->runs[i].meta.build_id = "b7";
    }
    s.last.build_id = "b8";
    factor(&s, 12, "unit", "u9");
    tell(&s, 12);
    says(row(&s, "rig"), false, "cannot be told from bench in these 12 runs");
    assert_string_equal(row(&s, "rig")->confounded, "bench");
    assert_string_equal(row(&s, "bench")->confounded, "rig");
    says(row(&s, "build"), false, "b7 in all 12 runs");
    says(row(&s, "build"), false, "this run's b8 was not among them");
    says(row(&s, "unit"), true, "u9 is new with this run");
    assert_false(row(&s, "unit")->shift.set);
    end(&s);
}

static void attribution__says_nested_together_and_time(void **state)
{
    (void)state;
    scene s = begin(12);
    double *v = fake_past_values(s.set, "m000");
    for (size_t i = 0; i <= 12; i++) {
        const char *build = i < 6 ? "b1" : "b2";
        if (i < 12) {
            v[i] = (i < 6 ? 1 : 3) + 0.1 * (double)(i % 3);
            s.set->runs[i].meta.build_id = build;
        }
        factor(&s, i, "rig", i % 2 ? "A" : "B");
    }
    s.last.build_id = "b2";
    tell(&s, 3.2);
    says(row(&s, "build"), true, "a drift with time looks the same");
    assert_true(fabs(row(&s, "build")->shift.v - 1) < 0.05);
    end(&s);
    s = begin(12);
    v = fake_past_values(s.set, "m000");
    for (size_t i = 0; i < 12; i++) {
        v[i] = (i < 6 ? 1 : 3) + 0.1 * (double)(i % 3);
        s.set->runs[i].meta.build_id = i < 6 ? "b1" : "b2";
        factor(&s, i, "rig", i < 6 ? "A" : "B");
    }
    tell(&s, NAN);
    says(row(&s, "rig"), false, "together 99.6 % of the spread of m000 goes with them");
    end(&s);
}

static void attribution__leaves_gaps_and_unstated_factors_out(void **state)
{
    (void)state;
    scene s = begin(14);
    double *v = fake_past_values(s.set, "m000");
    for (size_t i = 0; i < 14; i++) {
        v[i] = i == 3 || i == 4 ? NAN : (double)(i % 2) + 0.01 * (double)(i % 5);
        factor(&s, i, "rig", i % 2 ? "A" : "B");
        if (i != 9) {
            factor(&s, i, "operator", i % 3 ? "kim" : "lee");
        }
    }
    tell(&s, 1);
    says(row(&s, "operator"), false, "not stated by every one of the 12 runs");
    says(row(&s, "rig"), true, "between 12 runs");
    assert_null(row(&s, "build"));
    end(&s);
}

static void attribution__is_told_of_metrics_beyond_a_limit(void **state)
{
    (void)state;
    hb_registry *registry = NULL;
    hb_policy policy;
    CHECK_OK(hb_registry_builtin(&registry, &err));
    hb_policy_builtin(&policy);
    hb_run_set *set = fake_past_numbered(12, 2);
    for (size_t i = 0; i < 12; i++) {
        fake_past_values(set, "m000")[i] = 10 + (double)(i % 2);
        fake_past_values(set, "m001")[i] = 10 + 0.1 * (double)(i % 3);
        fake_past_factor(set, i, "rig", i % 2 ? "A" : "B");
    }
    fake_past_done(set);
    hb_run *run = fake_run("now");
    hb_run *base = fake_run("base");
    fake_run_value(run, "m000", "", 99);
    fake_run_value(run, "m001", "", 10);
    fake_run_value(base, "m000", "", 10);
    fake_run_value(base, "m001", "", 10);
    fake_run_done(run);
    fake_run_done(base);
    hb_reference reference = {.run = base,
                              .reason = "explicit",
                              .strategy = "explicit",
                              .tag = "",
                              .warning = "",
                              .set = set};
    hb_decision *d = NULL;
    CHECK_OK(hb_decide(run, &reference, registry, &policy, &d, &err));
    inputs_check(run, &reference, registry, &policy);
    assert_true(d->statistics.n_attributions >= 1);
    for (size_t i = 0; i < d->statistics.n_attributions; i++) {
        assert_string_equal(d->statistics.attributions[i].metric, "m000");
    }
    hb_decision_free(d);
    fake_past_free(set);
    hb_run_free(run);
    hb_run_free(base);
    hb_policy_release(&policy);
    hb_registry_free(registry);
}

static hb_run_set *loop_set;

static hb_status once(void)
{
    hb_attributor *a = NULL;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_run_meta last;
    hb_run_meta_init(&last);
    hb_status status = hb_attributor_new(loop_set, &last, HB_TIME_NONE, &a, NULL);
    if (status == HB_OK) {
        hb_attribution *rows = NULL;
        size_t n = 0;
        status = hb_attributor_metric(a, &loop_set->metrics[0], (hb_opt_f64){0}, &arena, &rows, &n,
                                      NULL);
    }
    hb_attributor_free(a);
    hb_arena_release(&arena);
    return status;
}

static void attribution__survives_failing_memory(void **state)
{
    (void)state;
    loop_set = fake_past_numbered(12, 1);
    for (size_t i = 0; i < 12; i++) {
        fake_past_values(loop_set, "m000")[i] = 10 + (double)(i % 2);
        fake_past_factor(loop_set, i, "rig", i % 2 ? "A" : "B");
    }
    fake_past_done(loop_set);
    fault_loop(once);
    fake_past_free(loop_set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attribution__finds_the_rig),
        cmocka_unit_test(attribution__names_what_it_cannot_tell_apart),
        cmocka_unit_test(attribution__says_nested_together_and_time),
        cmocka_unit_test(attribution__leaves_gaps_and_unstated_factors_out),
        cmocka_unit_test(attribution__is_told_of_metrics_beyond_a_limit),
        cmocka_unit_test(attribution__survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
