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

/* Windows far out one by one are a heavy tail; it then takes three in company. */
static void live__a_habit_of_lying_beyond_needs_three(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, one, 1, 20);
    live_ready(&l, 20, 1);
    for (int i = 0; i < 100; i++) {
        live_step(&l, (double[]){i % 10 == 5 ? 40 : 20 + 0.01 * (i * 37 % 100)});
        verdict(&l, HB_VERDICT_PASS);
    }
    live_step(&l, (double[]){40});
    live_step(&l, (double[]){40});
    verdict(&l, HB_VERDICT_PASS);
    assert_int_equal(live_test(&l, "temp")->beyond_of_3, 2);
    assert_int_equal(live_test(&l, "temp")->needed_of_3, 3);
    assert_int_equal(live_test(&l, "temp")->n_alone, 10);
    live_step(&l, (double[]){40});
    text_has(live_finding(&l, "temp", HB_RULE_SHOCK), "3 of the last 3");
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

static void live__single_samples_beyond_a_limit_fail_even_where_the_median_hides_them(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, declared, NULL, two, 2, 20);
    live_ready(&l, 20, 1);
    live_next(&l, (double[]){20, 20});
    const hb_window_limit limits[] = {
        {.metric = "temp",
         .which = HB_LIMIT_MIN,
         .limit = 0,
         .n = 1,
         .worst = -2,
         .first = {{LIVE_START + 9000000000, -2}},
         .n_first = 1},
        {.metric = "temp",
         .which = HB_LIMIT_MAX,
         .limit = 80,
         .n = 37,
         .worst = 160,
         .first = {{LIVE_START + 3500000000, 81.5}, {LIVE_START + 4000000000, 160}},
         .n_first = 2}};
    l.window.limits = limits;
    l.window.n_limits = 2;
    live_decide(&l);
    verdict(&l, HB_VERDICT_FAIL);
    const hb_finding *f = live_finding(&l, "temp", HB_RULE_SAMPLE_LIMIT);
    text_has(f,
             "temp: 1 sample below the hard limit 0 from 2026-11-23T20:55:09Z on, -2 the furthest; "
             "37 samples above the hard limit 80 from 2026-11-23T20:55:03.500Z on, 160 the "
             "furthest, the first 81.5 at 2026-11-23T20:55:03.500Z, 160 at "
             "2026-11-23T20:55:04Z; the window's value hides it: 20");
    assert_int_equal(f->severity, HB_SEVERITY_FAIL);
    assert_true(f->onset_time == LIVE_START + 3500000000 && f->limit.v == 0 && f->observed.v == -2);
    assert_null(live_finding(&l, "temp", HB_RULE_INVARIANT_MAX));
    assert_int_equal(l.decision->n_fail_metrics, 1);

    live_next(&l, (double[]){20, 100}); /* now the median is beyond as well: each says its part */
    l.window.limits = limits + 1;
    l.window.n_limits = 1;
    live_decide(&l);
    assert_non_null(live_finding(&l, "temp", HB_RULE_INVARIANT_MAX));
    assert_null(strstr(live_finding(&l, "temp", HB_RULE_SAMPLE_LIMIT)->text, "hides"));
    live_end(&l);
}

static void live__silence_is_a_finding_and_short_absence_none(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, declared, NULL, two, 2, 20);
    live_ready(&l, 20, 1);
    live_next(&l, (double[]){NAN, 20}); /* flow may be absent for 30 s */
    live_decide(&l);
    verdict(&l, HB_VERDICT_PASS);
    live_next(&l, (double[]){NAN, 20});
    const hb_window_silent flow = {
        .metric = "flow", .last = LIVE_START, .silent_s = 120, .allowed_s = 30};
    l.window.silent = &flow;
    l.window.n_silent = 1;
    live_decide(&l);
    verdict(&l, HB_VERDICT_PASS_WITH_DRIFT);
    const hb_finding *f = live_finding(&l, "flow", HB_RULE_SILENT);
    text_has(f, "flow has been silent for 2 min, since its sample of 2026-11-23T20:55:00Z, at most "
                "30 s are allowed");
    assert_true(f->onset_time == LIVE_START && f->excess == 4);
    assert_null(live_finding(&l, "flow", HB_RULE_MISSING_METRIC));
    assert_int_equal(l.decision->n_drift_metrics, 1);
    const hb_window_silent temp = {.metric = "temp", .last = HB_TIME_NONE, .allowed_s = 7200};
    l.window.silent = &temp;
    live_next(&l, (double[]){20, NAN});
    l.window.silent = &temp;
    l.window.n_silent = 1;
    live_decide(&l);
    verdict(&l, HB_VERDICT_FAIL);
    text_has(live_finding(&l, "temp", HB_RULE_SILENT),
             "temp has never been heard of, at most 2 h without a sample are allowed, and the "
             "metric is critical");
    live_end(&l);
}

static void live__a_window_without_samples_never_passes(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, two, 2, 20);
    live_ready(&l, 20, 1);
    live_next(&l, (double[]){NAN, NAN});
    l.window.coverage = 0;
    l.window.samples = 0;
    live_decide(&l);
    verdict(&l, HB_VERDICT_NO_TEST);
    assert_non_null(strstr(l.decision->reason, "the window has no metric with a usable value"));
    const hb_window_silent s = {
        .metric = "flow", .last = LIVE_START, .silent_s = 120, .allowed_s = 30};
    l.window.silent = &s;
    l.window.n_silent = 1;
    live_decide(&l);
    verdict(&l, HB_VERDICT_PASS_WITH_DRIFT);
    live_end(&l);
}

static void live__thin_windows_are_neither_tested_nor_kept(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, one, 1, 20);
    live_ready(&l, 20, 1);
    for (int i = 0; i < 30; i++) {
        live_step(&l, (double[]){20 + 0.1 * (i % 7)});
    }
    live_next(&l, (double[]){60});
    l.window.coverage = 0.3;
    live_decide(&l);
    verdict(&l, HB_VERDICT_PASS_WITH_DRIFT);
    text_has(live_finding(&l, "", HB_RULE_WINDOW_COVERAGE),
             "only 30 % of the samples expected in this window came, at least 50 % required");
    assert_string_equal(live_test(&l, "temp")->why_no_shock, "low_coverage");
    assert_string_equal(live_test(&l, "temp")->why_no_drift, "low_coverage");
    live_absorb(&l);
    live_step(&l, (double[]){20});
    assert_int_equal(live_test(&l, "temp")->n_reference, 30);
    live_end(&l);
}

static void live__a_window_closed_again_changes_nothing(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, one, 1, 20);
    live_ready(&l, 20, 1);
    for (int i = 0; i < 25; i++) {
        live_step(&l, (double[]){20});
    }
    char digest[65];
    memcpy(digest, hb_detector_digest(l.detector), sizeof digest);
    l.window.revision = 1;
    live_decide(&l);
    assert_string_equal(live_test(&l, "temp")->why_no_drift, "reopened");
    assert_string_equal(live_test(&l, "temp")->why_no_shock, "reopened");
    live_absorb(&l);
    assert_string_equal(digest, hb_detector_digest(l.detector));
    live_step(&l, (double[]){20});
    assert_string_not_equal(digest, hb_detector_digest(l.detector));
    assert_string_equal(l.decision->statistics.live->detector_digest, digest);
    live_end(&l);
}

static void live__windows_that_overlap_are_ranked_once(void **state)
{
    (void)state;
    live_case l;
    hb_detector_options o = live_options(1);
    o.size_ns = 10 * o.slide_ns;
    live_begin(&l, NULL, &o, one, 1, 20);
    live_ready(&l, 20, 1);
    for (int i = 0; i < 251; i++) {
        live_next(&l, (double[]){20 + 0.1 * (i % 7)});
        l.window.end = l.window.start + o.size_ns;
        live_decide(&l);
        live_absorb(&l);
        assert_string_equal(live_test(&l, "temp")->why_no_shock, "");
        if (i % 10) {
            assert_string_equal(live_test(&l, "temp")->why_no_drift, "overlaps");
        }
    }
    assert_int_equal(live_test(&l, "temp")->n_reference, 25);
    /* as many windows a month as do not overlap */
    assert_true(fabs(l.decision->statistics.live->arl0 - 4320 / 0.5) < 1e-9);
    live_end(&l);
}

static void live__drift_below_min_effect_waits(void **state)
{
    (void)state;
    static const char *const flow[] = {"flow"};
    live_case l;
    hb_random r = hb_random_of(8, 2);
    live_begin(&l, declared, NULL, flow, 1, 0);
    live_ready(&l, 20, 1);
    double jump = 0;
    bool waited = false;
    for (int i = 0; i < 400; i++) {
        jump = i < 200 ? 0 : i < 240 ? 3 : 9;
        live_step(&l, (double[]){20 + jump + hb_random_normal(&r)});
        const hb_live_test *t = live_test(&l, "flow");
        waited = waited || t->below_min_effect;
        assert_true(t->down == 0); /* only up is bad */
        if (t->drift) {
            break;
        }
        verdict(&l, HB_VERDICT_PASS);
    }
    assert_true(waited && jump == 9);
    assert_true(live_test(&l, "flow")->after - live_test(&l, "flow")->before >= 5);
    live_end(&l);
}

static void live__windows_like_their_neighbours_are_told_with_what_to_do(void **state)
{
    (void)state;
    live_case l;
    hb_random r = hb_random_of(8, 3);
    live_begin(&l, NULL, NULL, two, 2, 20);
    live_ready(&l, 20, 100);
    double x = 0;
    for (int i = 0; i < 400; i++) {
        x = 0.8 * x + hb_random_normal(&r);
        live_step(&l, (double[]){20 + hb_random_normal(&r), 20 + x});
    }
    const hb_live_test *t = live_test(&l, "temp");
    assert_true(t->correlated && t->lag1 > 0.7 && t->lag1 < 0.9 && t->widen >= 4);
    assert_false(live_test(&l, "flow")->correlated);
    const hb_finding *f = live_finding(&l, "", HB_RULE_CORRELATED);
    text_has(f, "windows of 1 of 2 metrics resemble their neighbours");
    text_has(f, "widen the windows from 60 s to ");
    assert_int_equal(f->severity, HB_SEVERITY_INFO);
    live_end(&l);
}

static void live__another_unit_begins_anew(void **state)
{
    (void)state;
    live_case l;
    live_begin(&l, NULL, NULL, one, 1, 0);
    live_ready(&l, 20, 1);
    for (int i = 0; i < 30; i++) {
        live_step(&l, (double[]){20});
    }
    live_next(&l, (double[]){293});
    l.metrics[0].unit = "K";
    live_decide(&l);
    assert_string_equal(live_test(&l, "temp")->why_no_drift, "unit");
    live_absorb(&l);
    live_next(&l, (double[]){293});
    l.metrics[0].unit = "K";
    live_decide(&l);
    assert_string_equal(live_test(&l, "temp")->why_no_drift, "few_windows");
    assert_int_equal(live_test(&l, "temp")->n_reference, 1);
    live_end(&l);
}

/* n samples around the value, evenly spaced, so that D of two sets is their shift. */
static void give_samples(hb_metric *m, size_t n)
{
    double v[128];
    for (size_t i = 0; i < n; i++) {
        v[i] = m->value + ((double)i + 0.5) / (double)n - 0.5;
    }
    hb_profile_init(&m->profile, 0);
    CHECK_OK(hb_profile_add(&m->profile, v, NULL, n, &err));
    CHECK_OK(hb_profile_finish(&m->profile, &err));
}

static const hb_comparison *step_with_samples(live_case *l, double value)
{
    live_next(l, &value);
    give_samples(&l->metrics[0], 128);
    live_decide(l);
    live_absorb(l);
    return &l->decision->comparisons[0];
}

static void live__distributions_are_compared_where_somebody_asks(void **state)
{
    (void)state;
    static const char *const limited = "version: '1'\nmetrics:\n  temp: {distribution_drift: "
                                       "{ks_threshold: 0.5}, drift_threshold: 1000}\n";
    static const struct {
        const char *yaml;
        bool d_when_quiet;
    } cases[] = {{NULL, false}, {limited, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        live_case l;
        live_begin(&l, cases[i].yaml, NULL, one, 1, 20);
        live_ready(&l, 20, 1);
        l.reference_metrics[0].value = 20;
        give_samples(&l.reference_metrics[0], 57);
        const hb_comparison *c = step_with_samples(&l, 20.1);
        verdict(&l, HB_VERDICT_PASS);
        assert_true(c->ks_d.set == cases[i].d_when_quiet && !c->ks_p.set);
        assert_true(!c->ks_d.set || fabs(c->ks_d.v - 0.1) < 0.03);
        hb_profile_release(&l.metrics[0].profile);
        for (int k = 0; k < 2; k++) {
            c = step_with_samples(&l, 40);
            assert_true(c->ks_d.set == (k == 1 || cases[i].yaml));
            hb_profile_release(&l.metrics[0].profile);
        }
        verdict(&l, HB_VERDICT_PASS_WITH_DRIFT);
        assert_true(c->ks_d.v == 1 && c->ks_p.set && c->ks_p.v < 1e-20 && c->wasserstein.set);
        const hb_finding *f =
            live_finding(&l, "temp", cases[i].yaml ? HB_RULE_KS_THRESHOLD : HB_RULE_DISTRIBUTION);
        text_has(f, "the distribution moved (KS D = 1 at");
        hb_profile_release(&l.reference_metrics[0].profile);
        live_end(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live__a_quiet_window_passes_and_says_what_was_tested),
        cmocka_unit_test(live__distributions_are_compared_where_somebody_asks),
        cmocka_unit_test(live__a_shock_is_two_of_three_windows_the_same_way),
        cmocka_unit_test(
            live__a_shock_fails_on_a_critical_metric_and_heeds_min_effect_and_direction),
        cmocka_unit_test(live__a_habit_of_lying_beyond_needs_three),
        cmocka_unit_test(live__too_few_runs_leave_the_slow_drift),
        cmocka_unit_test(live__single_samples_beyond_a_limit_fail_even_where_the_median_hides_them),
        cmocka_unit_test(live__silence_is_a_finding_and_short_absence_none),
        cmocka_unit_test(live__a_window_without_samples_never_passes),
        cmocka_unit_test(live__thin_windows_are_neither_tested_nor_kept),
        cmocka_unit_test(live__a_window_closed_again_changes_nothing),
        cmocka_unit_test(live__windows_that_overlap_are_ranked_once),
        cmocka_unit_test(live__drift_below_min_effect_waits),
        cmocka_unit_test(live__windows_like_their_neighbours_are_told_with_what_to_do),
        cmocka_unit_test(live__another_unit_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
