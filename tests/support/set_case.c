/* SPDX-License-Identifier: Apache-2.0 */
#include "support/set_case.h"
#include "support/inputs_case.h"

#include "telemetry/run_meta.h"

#include <math.h>
#include <stdio.h>

static hb_past_run past_run(const char *run_id)
{
    hb_past_run r = {.run_id = run_id, .digest = "", .status = "PASS", .start = HB_TIME_NONE};
    hb_run_meta_init(&r.meta);
    r.meta.run_id = run_id;
    return r;
}

void set_begin(set_case *s, const char *registry_yaml, const char *policy_yaml, size_t n_runs)
{
    memset(s, 0, sizeof *s);
    case_begin(&s->c, registry_yaml, policy_yaml);
    for (size_t i = 0; i < n_runs; i++) {
        snprintf(s->ids[i], sizeof s->ids[i], "base-%02zu", i);
        s->runs[i] = past_run(s->ids[i]);
    }
    s->set = (hb_run_set){.kind = "comparable",
                          .version = "",
                          .runs = s->runs,
                          .n_runs = n_runs,
                          .metrics = s->metrics};
}

void set_metric(set_case *s, const char *name, const char *unit, const double *values, double step)
{
    size_t i = s->set.n_metrics++;
    assert_true(i < SET_METRICS);
    s->metrics[i] =
        (hb_past_metric){.name = name, .unit = unit, .values = s->values[i], .step = step};
    for (size_t k = 0; k < s->set.n_runs; k++) {
        s->values[i][k] = values[k];
        s->metrics[i].n += isnan(values[k]) ? 0 : 1;
    }
}

hb_suspicion *set_suspicion(set_case *s, const char *name, hb_direction direction)
{
    const hb_past_metric *m = hb_run_set_metric(&s->set, name);
    assert_true(s->prior.n_suspicions < SET_SUSPICIONS);
    hb_suspicion *got = &s->suspicions[s->prior.n_suspicions++];
    *got = (hb_suspicion){.metric = name,
                          .direction = direction,
                          .run_id = "suspect",
                          .raised = HB_TIME_NONE,
                          .until = HB_TIME_NONE,
                          .n_set = m ? s->set.n_runs : 0,
                          .values = m ? m->values : NULL,
                          .step = m ? m->step : 0};
    s->prior.suspicions = s->suspicions;
    return got;
}

void set_with(set_case *s, const char *name, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        snprintf(s->with_ids[i], sizeof s->with_ids[i], "with-%02zu", i);
        s->with_runs[i] = past_run(s->with_ids[i]);
        s->with_values[i] = values[i];
    }
    s->with_metrics[0] =
        (hb_past_metric){.name = name, .unit = "", .values = s->with_values, .n = n};
    s->with = (hb_run_set){.kind = "named",
                           .version = "",
                           .runs = s->with_runs,
                           .n_runs = n,
                           .metrics = s->with_metrics,
                           .n_metrics = 1};
}

/* The newest run of the set; metrics it has no value of are left out. */
static hb_run *newest(set_case *s)
{
    test_metric m[SET_METRICS];
    size_t n = 0;
    for (size_t i = 0; i < s->set.n_metrics && s->set.n_runs; i++) {
        double v = s->values[i][s->set.n_runs - 1];
        if (!isnan(v)) {
            m[n++] =
                (test_metric){.name = s->metrics[i].name, .unit = s->metrics[i].unit, .value = v};
        }
    }
    return case_run(&s->c, "newest", m, n);
}

static void judge(set_case *s)
{
    s->c.reference = (hb_reference){.run = s->c.baseline,
                                    .reason = "last_pass",
                                    .strategy = "last_pass",
                                    .tag = "",
                                    .level = HB_MATCH_HIGH,
                                    .warning = "",
                                    .set = s->set.n_runs ? &s->set : NULL,
                                    .with = s->with.n_runs ? &s->with : NULL,
                                    .prior = &s->prior};
    CHECK_OK(
        hb_decide(s->c.run, &s->c.reference, s->c.registry, &s->c.policy, &s->c.decision, &err));
    inputs_check(s->c.run, &s->c.reference, s->c.registry, &s->c.policy);
}

void set_judge(set_case *s, const test_metric *metrics, size_t n)
{
    s->c.baseline = newest(s);
    s->c.run = case_run(&s->c, "run", metrics, n);
    judge(s);
}

void set_again(set_case *s, const test_metric *metrics, size_t n)
{
    hb_decision_free(s->c.decision);
    hb_run_free(s->c.run);
    s->c.decision = NULL;
    s->c.run = case_run(&s->c, "again", metrics, n);
    judge(s);
}

void set_end(set_case *s)
{
    case_end(&s->c);
}

const hb_run_test *set_test(const set_case *s, const char *name)
{
    for (size_t i = 0; i < s->c.decision->n_comparisons; i++) {
        if (strcmp(s->c.decision->comparisons[i].name, name) == 0) {
            return &s->c.decision->comparisons[i].test;
        }
    }
    fail_msg("no comparison of '%s'", name);
    return NULL;
}
