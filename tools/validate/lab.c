/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A resolution nobody notices: with 0 the last printed digit of every value would be looked up. */
#define STEP 1e-9

static hb_run_meta meta_of(const char *run_id)
{
    hb_run_meta m = {.run_id = run_id,
                     .program = "p",
                     .subsystem = "",
                     .test_name = "t",
                     .git_sha = "",
                     .build_id = "",
                     .source_system = "",
                     .schema_version = "",
                     .correlation_id = "",
                     .start = 0,
                     .end = 0};
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        m.context[i] = "";
    }
    return m;
}

static hb_run run_of(const char *run_id, hb_metric *metrics, size_t n)
{
    return (hb_run){.meta = meta_of(run_id),
                    .metrics = metrics,
                    .n_metrics = n,
                    .t_first = HB_TIME_NONE,
                    .t_last = HB_TIME_NONE};
}

/* The standard deviation of dof + 1 runs. */
static double drawn_sigma(unsigned dof, hb_random *r)
{
    double squares = 0;
    for (unsigned i = 0; i < dof; i++) {
        double z = hb_random_normal(r);
        squares += z * z;
    }
    return sqrt(squares / dof);
}

static hb_status registry_of(lab *l, hb_error *err)
{
    enum { YAML_BYTES = 64 << 10 };
    hb_buf yaml;
    hb_buf_init(&yaml, YAML_BYTES);
    hb_buf_c(&yaml, "version: '1'\nmetrics:\n");
    unsigned dof = l->plan.sigma_dof;
    hb_random r = hb_random_of(l->plan.sigma_seed, 0);
    for (size_t i = 0; i < l->plan.n_metrics && dof; i++) {
        hb_buf_fmt(&yaml, "  %s: {sigma_ref: %.17g, sigma_dof: %u}\n", l->names[i],
                   drawn_sigma(dof, &r), dof);
    }
    hb_buf_c(&yaml, dof ? "" : "  not_here: {}\n");
    hb_status status = hb_buf_check(&yaml, err);
    if (status == HB_OK) {
        status = hb_registry_parse((hb_str){yaml.p, yaml.n}, "validate", NULL, NULL, "", NULL,
                                   &l->registry, err);
    }
    hb_buf_release(&yaml);
    return status;
}

hb_status lab_open(const lab_plan *plan, lab *l, hb_error *err)
{
    memset(l, 0, sizeof *l);
    l->plan = *plan;
    for (size_t i = 0; i < plan->n_metrics; i++) {
        snprintf(l->names[i], sizeof l->names[i], "m%03zu", i);
        hb_metric m = {.name = l->names[i],
                       .raw_name = l->names[i],
                       .unit = "",
                       .raw_unit = "",
                       .stated = true,
                       .has_value = true,
                       .step = STEP};
        l->metrics[i] = m;
        l->reference_metrics[i] = m;
        l->past[i] = (hb_past_metric){
            .name = l->names[i], .unit = "", .values = l->values[i], .n = plan->n0, .step = STEP};
    }
    for (size_t i = 0; i < plan->n0; i++) {
        snprintf(l->run_ids[i], sizeof l->run_ids[i], "r%02zu", i);
        l->runs[i] = (hb_past_run){.run_id = l->run_ids[i],
                                   .digest = "",
                                   .status = "PASS",
                                   .meta = meta_of(l->run_ids[i])};
    }
    HB_TRY(registry_of(l, err));
    hb_policy_builtin(&l->policy);
    l->policy.false_alarm_budget = plan->budget;
    l->run = run_of("new", l->metrics, plan->n_metrics);
    l->reference_run = run_of("reference", l->reference_metrics, plan->n_metrics);
    l->set = (hb_run_set){.kind = "comparable",
                          .version = "",
                          .runs = l->runs,
                          .n_runs = plan->n0,
                          .metrics = l->past,
                          .n_metrics = plan->n_metrics};
    l->reference = (hb_reference){.run = &l->reference_run,
                                  .reason = "last_pass",
                                  .strategy = "last_pass",
                                  .tag = "",
                                  .level = HB_MATCH_HIGH,
                                  .warning = "",
                                  .set = &l->set,
                                  .prior = &l->prior};
    return HB_OK;
}

void lab_close(lab *l)
{
    hb_policy_release(&l->policy);
    hb_registry_free(l->registry);
}

void lab_baseline(lab *l, hb_random *r)
{
    for (size_t i = 0; i < l->plan.n_metrics; i++) {
        for (size_t k = 0; k < l->plan.n0; k++) {
            l->values[i][k] = hb_random_normal(r);
        }
        l->reference_metrics[i].value = l->values[i][l->plan.n0 - 1];
    }
    l->prior = (hb_prior){0};
}

void lab_run(lab *l, size_t n_shifted, double shift, hb_random *r)
{
    for (size_t i = 0; i < l->plan.n_metrics; i++) {
        l->metrics[i].value = hb_random_normal(r) + (i < n_shifted ? shift : 0);
    }
}

hb_status lab_decide(const lab *l, hb_decision **ret, hb_error *err)
{
    return hb_decide(&l->run, &l->reference, l->registry, &l->policy, ret, err);
}

void lab_suspicions(lab *l, const hb_decision *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (d->comparisons[i].test.suspected) {
            l->suspicions[n++] = (hb_suspicion){.metric = l->names[i],
                                                .direction = d->comparisons[i].test.moved,
                                                .run_id = "flagged",
                                                .until = HB_TIME_NONE,
                                                .n_set = l->plan.n0,
                                                .values = l->values[i],
                                                .step = STEP};
        }
    }
    l->prior = (hb_prior){.suspicions = l->suspicions, .n_suspicions = n};
}
