/* SPDX-License-Identifier: Apache-2.0 */
/* Every criterion of a baseline's quality is made to pass, to fail and, where it can, to be unable
 * to tell; and a clean baseline of many metrics is refused as seldom as the policy promises. */
#include "support/check.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/stats_case.h"

#include "baseline/quality.h"

#include <math.h>
#include <stdio.h>

enum { RUNS = 12, DAY_S = 86400 };

static hb_quality_policy policy;

static hb_run_set *clean(size_t runs, size_t metrics, uint64_t seed)
{
    hb_run_set *s = fake_past_numbered(runs, metrics);
    stats_seed(seed);
    for (size_t m = 0; m < metrics; m++) {
        double *v = fake_past_values(s, s->metrics[m].name);
        for (size_t i = 0; i < runs; i++) {
            v[i] = 100 + stats_normal();
        }
    }
    for (size_t i = 0; i < runs; i++) {
        s->runs[i].status = "PASS";
        s->runs[i].meta.context[HB_CONTEXT_OPERATING_MODE] = "cruise";
    }
    return s;
}

static hb_quality *judge_open(hb_run_set *s, const hb_quality_policy *p, const char *open)
{
    fake_past_done(s);
    hb_quality_input in = {.set = s, .policy = p, .open = &open, .n_open = open ? 1 : 0};
    hb_quality *q = NULL;
    CHECK_OK(hb_baseline_quality(&in, &q, &err));
    return q;
}

static hb_quality *judge(hb_run_set *s)
{
    return judge_open(s, &policy, NULL);
}

static void check_outcome(const hb_quality *q, hb_criterion c, hb_outcome want, const char *text)
{
    const hb_quality_result *r = &q->criteria[c];
    if (r->outcome != want || !strstr(r->text, text)) {
        fail_msg("%s: %s '%s', wanted %s '%s'", hb_criterion_name(c), hb_outcome_name(r->outcome),
                 r->text, hb_outcome_name(want), text);
    }
}

static void done(hb_run_set *s, hb_quality *q)
{
    hb_quality_free(q);
    fake_past_free(s);
}

static void quality__passes_a_clean_set(void **state)
{
    (void)state;
    hb_run_set *s = clean(RUNS, 40, 5);
    for (size_t i = 0; i < RUNS; i++) { /* three days, two builds */
        s->runs[i].start = FAKE_RUN_START + (int64_t)(i / 4) * DAY_S * 1000000000;
        s->runs[i].meta.build_id = i < 6 ? "b1" : "b2";
        fake_past_factor(s, i, "rig", i % 2 ? "A" : "B");
    }
    hb_quality *q = judge(s);
    for (unsigned c = 0; c < HB_CRITERION_COUNT_; c++) {
        check_outcome(q, (hb_criterion)c, HB_OUTCOME_PASS, "");
    }
    check_outcome(q, HB_CRITERION_POOLABILITY, HB_OUTCOME_PASS, "by day, build, rig");
    assert_true(q->overall == HB_OUTCOME_PASS && !q->blocks && q->confidence == 1);
    assert_int_equal(q->n_flags, 0);
    assert_string_equal(q->why, "every criterion is met");
    assert_true(q->level == 0.05 / 4); /* shape is only told */
    done(s, q);
}

static void quality__needs_runs_over_time(void **state)
{
    (void)state;
    hb_run_set *s = clean(4, 3, 5);
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_FAIL, "4 runs, at least 5");
    check_outcome(q, HB_CRITERION_TIME_SPAN, HB_OUTCOME_PASS, "span 3 d");
    assert_true(q->blocks && q->overall == HB_OUTCOME_FAIL);
    assert_non_null(strstr(q->why, "sample_size: 4 runs"));
    done(s, q);

    s = clean(6, 3, 5);
    for (size_t i = 0; i < 6; i++) {
        s->runs[i].start = FAKE_RUN_START + (int64_t)i * 1000000000;
        s->runs[i].meta.end = HB_TIME_NONE;
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_TIME_SPAN, HB_OUTCOME_FAIL, "span 5 s, at least 1 h");
    assert_true(q->blocks);
    done(s, q);

    s = clean(6, 3, 5);
    for (size_t i = 0; i < 6; i++) {
        s->runs[i].start = HB_TIME_NONE;
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_TIME_SPAN, HB_OUTCOME_CANNOT_TELL, "no run has a time");
    assert_true(q->blocks && q->overall == HB_OUTCOME_CANNOT_TELL); /* required */
    done(s, q);
}

/* One run; identical runs; runs with disjoint metrics; a metric in half the runs. */
static void quality__says_what_is_wrong_with_odd_sets(void **state)
{
    (void)state;
    hb_run_set *s = clean(1, 2, 5);
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_FAIL, "1 run, at least 5");
    check_outcome(q, HB_CRITERION_OUTLIERS, HB_OUTCOME_CANNOT_TELL, "no metric varies");
    done(s, q);

    s = clean(8, 2, 5);
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < 8; i++) {
            fake_past_values(s, s->metrics[m].name)[i] = 7;
        }
    }
    q = judge(s);
    for (unsigned c = HB_CRITERION_POOLABILITY; c <= HB_CRITERION_SHAPE; c++) {
        bool trend = c == HB_CRITERION_STABILITY; /* a constant is as stable as can be */
        check_outcome(q, (hb_criterion)c, trend ? HB_OUTCOME_PASS : HB_OUTCOME_CANNOT_TELL, "");
    }
    assert_true(q->overall == HB_OUTCOME_CANNOT_TELL);
    done(s, q);

    s = clean(6, 6, 5);
    for (size_t m = 0; m < 6; m++) {
        for (size_t i = 0; i < 6; i++) {
            fake_past_values(s, s->metrics[m].name)[i] = i == m ? 7 : NAN;
        }
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_FAIL, "none of their 6 metrics");
    done(s, q);

    s = clean(8, 3, 5);
    for (size_t i = 0; i < 4; i++) {
        fake_past_values(s, "m001")[2 * i] = NAN;
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_PASS, "1 of 3 metrics have a value in");
    done(s, q);
}

static void quality__wants_one_context(void **state)
{
    (void)state;
    hb_run_set *s = clean(8, 2, 5);
    s->runs[5].meta.context[HB_CONTEXT_ENVIRONMENT] = "hot";
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_CONTEXT, HB_OUTCOME_FAIL, "7 of 8 runs have the same context");
    check_outcome(q, HB_CRITERION_CONTEXT, HB_OUTCOME_FAIL, "environment is ''");
    assert_true(q->blocks);
    bool match[HB_CONTEXT_COUNT] = {[HB_CONTEXT_OPERATING_MODE] = true};
    hb_quality_input in = {.set = s, .policy = &policy, .context_match = match};
    hb_quality *only = NULL;
    CHECK_OK(hb_baseline_quality(&in, &only, &err));
    check_outcome(only, HB_CRITERION_CONTEXT, HB_OUTCOME_PASS, "all 8");
    hb_quality_free(only);
    done(s, q);

    s = clean(8, 2, 5);
    for (size_t i = 0; i < 8; i++) {
        s->runs[i].meta.context[HB_CONTEXT_OPERATING_MODE] = "";
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_CONTEXT, HB_OUTCOME_CANNOT_TELL, "no run states any field");
    done(s, q);
}

static void quality__wants_nothing_open(void **state)
{
    (void)state;
    hb_run_set *s = clean(10, 2, 5);
    s->runs[3].status = "FAIL";
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_OPEN_FINDINGS, HB_OUTCOME_FAIL, "FAIL ('run-04')");
    hb_quality_free(q);
    s->runs[3].status = "PASS_WITH_DRIFT"; /* one in ten is what the budget expects */
    q = judge(s);
    check_outcome(q, HB_CRITERION_OPEN_FINDINGS, HB_OUTCOME_PASS, "1 of 10 runs with drift");
    hb_quality_free(q);
    q = judge_open(s, &policy, "run-07");
    check_outcome(q, HB_CRITERION_OPEN_FINDINGS, HB_OUTCOME_FAIL, "retest ('run-07')");
    hb_quality_free(q);
    q = judge_open(s, &policy, "another");
    check_outcome(q, HB_CRITERION_OPEN_FINDINGS, HB_OUTCOME_PASS, "");
    hb_quality_free(q);
    s->runs[4].status = "PASS_WITH_DRIFT";
    q = judge(s);
    check_outcome(q, HB_CRITERION_OPEN_FINDINGS, HB_OUTCOME_FAIL, "2 of 10 runs");
    hb_quality_free(q);
    s->runs[3].status = "PASS";
    s->runs[4].status = "";
    q = judge(s);
    check_outcome(q, HB_CRITERION_OPEN_FINDINGS, HB_OUTCOME_CANNOT_TELL, "never analysed");
    assert_false(q->blocks);
    done(s, q);
}

static void quality__finds_groups_that_differ(void **state)
{
    (void)state;
    hb_run_set *s = clean(RUNS, 20, 5);
    for (size_t i = 0; i < RUNS; i++) { /* one build a day: one grouping under two names */
        s->runs[i].start = FAKE_RUN_START + (int64_t)(i % 2) * DAY_S * 1000000000 + (int64_t)i;
        s->runs[i].meta.build_id = i % 2 ? "b1" : "b2";
        fake_past_values(s, "m007")[i] += i % 2 ? 20 : 0;
    }
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_POOLABILITY, HB_OUTCOME_FAIL, "'m007' differs by day = build");
    assert_int_equal(q->criteria[HB_CRITERION_POOLABILITY].n_tested, 20);
    assert_int_equal(q->criteria[HB_CRITERION_POOLABILITY].n_flagged, 1);
    assert_true(q->n_flags >= 1 && q->flags[0].criterion == HB_CRITERION_POOLABILITY);
    assert_true(q->flags[0].figure > q->flags[0].limit);
    done(s, q);

    s = clean(RUNS, 4, 5); /* a run a day, no build, no rig */
    q = judge(s);
    check_outcome(q, HB_CRITERION_POOLABILITY, HB_OUTCOME_CANNOT_TELL, "no two groups");
    assert_false(q->blocks);
    assert_true(q->overall == HB_OUTCOME_CANNOT_TELL);
    done(s, q);

    s = clean(6, 4, 5); /* 3 and 3: no arrangement of six values is rare enough */
    for (size_t i = 0; i < 6; i++) {
        fake_past_factor(s, i, "rig", i % 2 ? "A" : "B");
        fake_past_values(s, "m001")[i] += i % 2 ? 50 : 0;
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_POOLABILITY, HB_OUTCOME_CANNOT_TELL, "enough runs");
    done(s, q);
}

static void quality__finds_a_run_far_off(void **state)
{
    (void)state;
    hb_run_set *s = clean(10, 50, 5);
    fake_past_values(s, "m013")[4] = 160;
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_OUTLIERS, HB_OUTCOME_FAIL, "'m013' of run 'run-05'");
    assert_true(q->blocks);
    done(s, q);

    s = clean(8, 1, 5); /* one step of the instrument is no outlier */
    s->metrics[0].step = 1;
    for (size_t i = 0; i < 8; i++) {
        fake_past_values(s, "m000")[i] = i == 2 ? 11 : 10;
    }
    q = judge(s);
    check_outcome(q, HB_CRITERION_OUTLIERS, HB_OUTCOME_PASS, "");
    done(s, q);
}

static void quality__finds_runs_that_resemble_their_neighbours(void **state)
{
    (void)state;
    hb_run_set *s = clean(24, 30, 5);
    for (size_t i = 0; i < 24; i++) { /* up, down, up: no trend */
        fake_past_values(s, "m003")[i] = 100 + (i / 6 % 2 ? 5 : 0) + (double)(i % 4) * 0.1;
    }
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_INDEPENDENCE, HB_OUTCOME_FAIL, "'m003' has a lag-1");
    check_outcome(q, HB_CRITERION_STABILITY, HB_OUTCOME_PASS, "");
    done(s, q);

    s = clean(5, 3, 5);
    q = judge(s);
    check_outcome(q, HB_CRITERION_INDEPENDENCE, HB_OUTCOME_CANNOT_TELL, "");
    check_outcome(q, HB_CRITERION_STABILITY, HB_OUTCOME_CANNOT_TELL, "");
    done(s, q);
}

static void quality__finds_a_trend_and_scatter(void **state)
{
    (void)state;
    hb_run_set *s = clean(RUNS, 30, 5);
    for (size_t i = 0; i < RUNS; i++) {
        fake_past_values(s, "m009")[i] -= 2 * (double)i;
    }
    hb_quality *q = judge(s);
    check_outcome(q, HB_CRITERION_STABILITY, HB_OUTCOME_FAIL, "'m009' falls over the runs");
    assert_true(q->blocks);
    hb_quality_free(q);
    static const char *excluded[] = {"m009"};
    hb_quality_policy own = policy;
    own.exclude_metrics = excluded;
    own.n_exclude_metrics = 1;
    q = judge_open(s, &own, NULL);
    check_outcome(q, HB_CRITERION_STABILITY, HB_OUTCOME_PASS, "29 metrics");
    hb_quality_free(q);
    own.max_coefficient_of_variation = (hb_opt_f64){true, 0.5};
    for (size_t i = 0; i < RUNS; i++) {
        fake_past_values(s, "m011")[i] = i % 2 ? 10 : 100;
    }
    q = judge_open(s, &own, NULL);
    check_outcome(q, HB_CRITERION_STABILITY, HB_OUTCOME_FAIL,
                  "1 of 30 metrics scatter too much: 'm011' scatters by 0.855");
    done(s, q);
}

static void quality__tells_shape_without_blocking(void **state)
{
    (void)state;
    hb_run_set *s = clean(30, 10, 5);
    for (size_t i = 0; i < 30; i++) {
        double *v = &fake_past_values(s, "m002")[i];
        *v = exp(3 * (*v - 100));
    }
    hb_quality_policy own = policy;
    own.gate[HB_CRITERION_OUTLIERS] = HB_GATE_OFF;
    hb_quality *q = judge_open(s, &own, NULL);
    check_outcome(q, HB_CRITERION_SHAPE, HB_OUTCOME_FAIL, "'m002' has an Anderson-Darling");
    check_outcome(q, HB_CRITERION_OUTLIERS, HB_OUTCOME_OFF, "switches it off");
    assert_false(q->blocks);
    hb_quality_free(q);
    own.gate[HB_CRITERION_SHAPE] = HB_GATE_BLOCKING;
    q = judge_open(s, &own, NULL);
    assert_true(q->blocks);
    hb_quality_free(q);
    own.require_quality_gate = false;
    q = judge_open(s, &own, NULL);
    assert_true(!q->blocks && q->overall == HB_OUTCOME_FAIL);
    hb_quality_free(q);
    s->metrics[2].log = true; /* a version that tests it by its logarithms is judged by them */
    q = judge_open(s, &own, NULL);
    check_outcome(q, HB_CRITERION_SHAPE, HB_OUTCOME_PASS, "");
    done(s, q);
}

/* Nothing differs: 200 baselines of 30 metrics may be refused 5 % of the time in all; the count
 * lies within 99.9 % of the binomial. */
static void quality__refuses_clean_sets_within_its_budget(void **state)
{
    (void)state;
    size_t refused = 0;
    const size_t sets = 200;
    for (size_t k = 0; k < sets; k++) {
        hb_run_set *s = clean(RUNS, 30, 1000 + k);
        for (size_t i = 0; i < RUNS; i++) {
            s->runs[i].start = FAKE_RUN_START + (int64_t)(i / 4) * DAY_S * 1000000000 + (int64_t)i;
            s->runs[i].meta.build_id = i % 2 ? "b1" : "b2";
        }
        hb_quality *q = judge(s);
        refused += q->blocks;
        done(s, q);
    }
    print_message("refused %zu of %zu clean baselines\n", refused, sets);
    assert_true(refused <= 20);
    assert_true(refused >= 1); /* and it does look */
}

static void quality__is_the_same_every_time(void **state)
{
    (void)state;
    hb_buf text[2];
    for (size_t k = 0; k < 2; k++) {
        hb_run_set *s = clean(RUNS, 20, 9);
        for (size_t i = 0; i < RUNS; i++) {
            fake_past_values(s, "m001")[i] += (double)i;
            fake_past_factor(s, i, "rig", i % 3 ? "A" : "B");
        }
        hb_quality *q = judge(s);
        hb_json j;
        hb_buf_init(&text[k], 1 << 20);
        hb_json_init(&j, &text[k], HB_JSON_CANONICAL);
        hb_quality_json(q, &j);
        CHECK_OK(hb_json_done(&j, &err));
        done(s, q);
    }
    assert_string_equal(text[0].p, text[1].p);
    assert_non_null(strstr(text[0].p, "\"criterion\":\"stability\""));
    hb_buf_release(&text[0]);
    hb_buf_release(&text[1]);
}

static void quality__refuses_an_empty_set(void **state)
{
    (void)state;
    hb_run_set empty = {.digest = ""};
    hb_quality_input in = {.set = &empty, .policy = &policy};
    hb_quality *q = NULL;
    CHECK_ERROR(hb_baseline_quality(&in, &q, &err), HB_E_USAGE, "at least one run");
}

static void quality__survives_a_lack_of_memory(void **state)
{
    (void)state;
    hb_run_set *s = clean(8, 3, 5);
    for (size_t i = 0; i < 8; i++) {
        fake_past_factor(s, i, "rig", i % 2 ? "A" : "B");
        fake_past_values(s, "m001")[i] += 5 * (double)i;
    }
    fake_past_done(s);
    hb_quality_input in = {.set = s, .policy = &policy};
    for (unsigned long nth = 1;; nth++) {
        hb_quality *q = NULL;
        hb_error err = {0};
        hb_fault_alloc(nth, true);
        hb_status status = hb_baseline_quality(&in, &q, &err);
        bool fired = hb_fault_fired();
        hb_fault_alloc(0, false);
        hb_quality_free(q);
        if (!fired) {
            assert_int_equal(status, HB_OK);
            break;
        }
        assert_true(status == HB_E_NOMEM || (status == HB_OK && q));
    }
    fake_past_free(s);
}

static int setup(void **state)
{
    (void)state;
    hb_quality_policy_builtin(&policy);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hb_quality_policy_release(&policy);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quality__passes_a_clean_set),
        cmocka_unit_test(quality__needs_runs_over_time),
        cmocka_unit_test(quality__says_what_is_wrong_with_odd_sets),
        cmocka_unit_test(quality__wants_one_context),
        cmocka_unit_test(quality__wants_nothing_open),
        cmocka_unit_test(quality__finds_groups_that_differ),
        cmocka_unit_test(quality__finds_a_run_far_off),
        cmocka_unit_test(quality__finds_runs_that_resemble_their_neighbours),
        cmocka_unit_test(quality__finds_a_trend_and_scatter),
        cmocka_unit_test(quality__tells_shape_without_blocking),
        cmocka_unit_test(quality__refuses_clean_sets_within_its_budget),
        cmocka_unit_test(quality__is_the_same_every_time),
        cmocka_unit_test(quality__refuses_an_empty_set),
        cmocka_unit_test(quality__survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("quality", tests, setup, teardown);
}
