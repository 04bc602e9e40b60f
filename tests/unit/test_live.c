/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 4 through hb_decide(): every rule of docs/verdict.md, "Live windows". The figures of the
 * CUSUM itself: test_rank_cusum.c. */
#include "support/live_case.h"

#include "decide/decision_json.h"
#include "stats/random.h"

#include <stdio.h>

static const char *const one[] = {"temp"};
static const char *const two[] = {"flow", "temp"};

static const char *const declared =
    "version: '1'\n"
    "metrics:\n"
    "  temp: {critical: true, fail_threshold: 1000, invariant_max: 80, invariant_min: 0}\n"
    "  flow: {min_effect: 5, direction: up, stale_after: 30}\n";

static void verdict(const live_case *l, hb_verdict want)
{
    if (l->decision->verdict != want) {
        fail_msg("%s: %s", hb_verdict_name(l->decision->verdict), l->decision->reason);
    }
}

static void text_has(const hb_finding *f, const char *part)
{
    assert_non_null(f);
    if (!strstr(f->text, part)) {
        fail_msg("'%s' lacks '%s'", f->text, part);
    }
}

static void live__a_quiet_window_passes_and_says_what_was_tested(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, two, 2, 20);
    live_ready(&l, 20, 1);
    live_step(&l, (double[]){20.3, 19.8});
    verdict(&l, HB_VERDICT_PASS);
    const hb_live_statistics *s = l.decision->statistics.live;
    assert_true(s->ran && s->n_shock_tested == 2 && s->n_drift_tested == 0);
    assert_string_equal(live_test(&l, "temp")->why_no_drift, "few_windows");
    assert_string_equal(live_test(&l, "temp")->why_no_shock, "");
    /* half of one alarm a month over 2 metrics and 43,200 windows; both sides of the CUSUM */
    assert_true(fabs(s->shock_level - 0.5 / (2 * 43200)) < 1e-18);
    assert_true(fabs(s->arl0 - 2 * 43200 / 0.5) < 1e-6);
    live_end(&l);
}

static void live__a_shock_is_two_of_three_windows_the_same_way(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, one, 1, 20);
    live_ready(&l, 20, 1);
    live_step(&l, (double[]){20});
    live_step(&l, (double[]){40}); /* alone: told in the figures, no finding */
    verdict(&l, HB_VERDICT_PASS);
    assert_int_equal(live_test(&l, "temp")->beyond, HB_DIRECTION_UP);
    assert_int_equal(live_test(&l, "temp")->beyond_of_3, 1);
    live_step(&l, (double[]){0}); /* the other way does not count with it */
    verdict(&l, HB_VERDICT_PASS);
    live_step(&l, (double[]){41});
    verdict(&l, HB_VERDICT_PASS_WITH_DRIFT);
    const hb_finding *f = live_finding(&l, "temp", HB_RULE_SHOCK);
    text_has(f,
             "temp jumped up since 2026-11-23T20:56:00Z: 41 in this window, and 2 of the last 3");
    assert_true(f->onset_time == LIVE_START + LIVE_MINUTE);
    assert_true(f->excess > 1 && f->limit.set);
    live_step(&l, (double[]){20}); /* this one is not beyond: over */
    verdict(&l, HB_VERDICT_PASS);
    live_end(&l);
}

static void
live__a_shock_fails_on_a_critical_metric_and_heeds_min_effect_and_direction(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, declared, NULL, two, 2, 20);
    live_ready(&l, 20, 0.1);
    live_step(&l, (double[]){24, 24});
    live_step(&l, (double[]){24, 24});
    verdict(&l, HB_VERDICT_FAIL);
    assert_int_equal(live_finding(&l, "temp", HB_RULE_SHOCK)->severity, HB_SEVERITY_FAIL);
    assert_null(live_finding(&l, "flow", HB_RULE_SHOCK)); /* 4 is below its min_effect */
    live_step(&l, (double[]){10, 20});
    live_step(&l, (double[]){10, 20}); /* down is not bad */
    assert_null(live_finding(&l, "flow", HB_RULE_SHOCK));
    live_step(&l, (double[]){30, 20});
    live_step(&l, (double[]){30, 20});
    assert_int_equal(live_finding(&l, "flow", HB_RULE_SHOCK)->severity, HB_SEVERITY_DRIFT);
    live_end(&l);
}

static void live__too_few_runs_leave_the_slow_drift(void **state)
{
    (void)state;
    live_case l;
    hb_random r = hb_random_of(5, 1);
    live_begin(&l, NULL, NULL, one, 1, 2);
    live_ready(&l, 20, 1);
    for (int i = 0; i < 100; i++) {
        live_step(&l, (double[]){20 + hb_random_normal(&r)});
        verdict(&l, HB_VERDICT_PASS);
    }
    assert_string_equal(live_test(&l, "temp")->why_no_shock, "too_few_runs");
    assert_int_equal(live_test(&l, "temp")->n_reference, 99);
    text_has(live_finding(&l, "", HB_RULE_INSUFFICIENT_BASELINE),
             "3 baseline runs and there are 2");
    assert_true(l.decision->statistics.insufficient);
    int i = 0;
    do {
        live_step(&l, (double[]){23 + hb_random_normal(&r)});
    } while (l.decision->verdict == HB_VERDICT_PASS && ++i < 40);
    verdict(&l, HB_VERDICT_PASS_WITH_DRIFT);
    assert_in_range(i, 3, 20);
    const hb_live_test *t = live_test(&l, "temp");
    const hb_finding *f = live_finding(&l, "temp", HB_RULE_SLOW_DRIFT);
    text_has(f, "temp has drifted up since 2026-11-23T22:");
    assert_true(t->up > t->h && f->onset_time == t->drift_since);
    assert_true(fabs(t->after - 23) < 1 && fabs(t->before - 20) < 0.5);
    live_step(&l, (double[]){20});
    assert_true(live_test(&l, "temp")->up < 1); /* begins again after an alarm */
    live_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live__a_quiet_window_passes_and_says_what_was_tested),
        cmocka_unit_test(live__a_shock_is_two_of_three_windows_the_same_way),
        cmocka_unit_test(
            live__a_shock_fails_on_a_critical_metric_and_heeds_min_effect_and_direction),
        cmocka_unit_test(live__too_few_runs_leave_the_slow_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
