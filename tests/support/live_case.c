/* SPDX-License-Identifier: Apache-2.0 */
#include "support/live_case.h"

#include "decide/decision_json.h"
#include "stats/special.h"
#include "support/fake_past.h"
#include "support/inputs_case.h"
#include "telemetry/run_meta.h"

#include <stdio.h>

enum { INPUTS_EVERY = 50 };

hb_detector_options live_options(size_t n_metrics)
{
    return (hb_detector_options){.alarms_per_month = 1,
                                 .n_defs = 1,
                                 .n_metrics = (uint32_t)n_metrics,
                                 .slide_ns = LIVE_MINUTE};
}

static hb_metric metric_of(const char *name)
{
    return (hb_metric){
        .name = name, .raw_name = name, .unit = "", .raw_unit = "", .stated = true, .step = 1e-9};
}

void live_begin(live_case *l, const char *registry_yaml, const hb_detector_options *options,
                const char *const *names, size_t n, size_t n_runs)
{
    memset(l, 0, sizeof *l);
    const char *yaml = registry_yaml ? registry_yaml : "version: '1'\nmetrics:\n  not_here: {}\n";
    hb_detector_options o = options ? *options : live_options(n);
    CHECK_OK(
        hb_registry_parse(hb_str_of(yaml), "registry", NULL, NULL, "", NULL, &l->registry, &err));
    hb_policy_builtin(&l->policy);
    CHECK_OK(hb_detector_new(&o, &l->detector, &err));
    l->set = fake_past(n_runs, names, n);
    l->n = n;
    for (size_t i = 0; i < n; i++) {
        l->names[i] = names[i];
        l->reference_metrics[i] = metric_of(names[i]);
        l->reference_metrics[i].has_value = true;
        for (size_t k = 0; k < l->set->n_metrics; k++) {
            l->set->metrics[k].step = 1e-9;
        }
    }
    hb_run_meta_init(&l->reference_run.meta);
    hb_run_meta_init(&l->run.meta);
    l->reference_run.meta.run_id = "reference";
    l->reference_run.metrics = l->reference_metrics;
    l->reference_run.n_metrics = n;
    l->reference_run.t_first = HB_TIME_NONE;
    l->reference_run.t_last = HB_TIME_NONE;
    l->run.metrics = l->metrics;
    l->prior.live = &l->live;
    l->live = (hb_live){.window = &l->window, .detector = l->detector};
    l->reference = (hb_reference){.run = &l->reference_run,
                                  .reason = "tag",
                                  .strategy = "tag",
                                  .tag = "golden",
                                  .level = HB_MATCH_TAG,
                                  .warning = "",
                                  .set = l->set,
                                  .prior = &l->prior};
}

double *live_past(live_case *l, const char *name)
{
    return fake_past_values(l->set, name);
}

void live_ready(live_case *l, double mean, double sd)
{
    size_t runs = l->set->n_runs;
    for (size_t i = 0; i < l->n; i++) {
        double *v = live_past(l, l->names[i]);
        for (size_t k = 0; k < runs; k++) {
            double p = ((double)((k * 7 + i) % runs) + 0.5) / (double)runs;
            v[k] = isnan(v[k]) ? mean + sd * hb_normal_quantile(p) : v[k];
        }
        l->reference_metrics[i].value = runs ? v[0] : mean;
    }
    fake_past_done(l->set);
    memset(l->set->digest, 'a', 64);
    l->set->digest[64] = '\0';
}

void live_next(live_case *l, const double *values)
{
    hb_detector_options o = live_options(l->n);
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (!isnan(values[i])) {
            l->metrics[n] = metric_of(l->names[i]);
            l->metrics[n].has_value = true;
            l->metrics[n].profile.t_last = LIVE_START + (hb_time)(l->count + 1) * o.slide_ns - 1;
            l->metrics[n++].value = values[i];
        }
    }
    l->run.n_metrics = n;
    snprintf(l->id, sizeof l->id, "%064llx", (unsigned long long)l->count);
    snprintf(l->run_id, sizeof l->run_id, "w-1m-%llu", (unsigned long long)l->count);
    snprintf(l->run.digest, sizeof l->run.digest, "%064llx", (unsigned long long)l->count + 7);
    l->window = (hb_window){.name = "1m",
                            .id = l->id,
                            .start = LIVE_START + (hb_time)l->count * o.slide_ns,
                            .end = LIVE_START + (hb_time)(l->count + 1) * o.slide_ns,
                            .run = &l->run,
                            .samples = n,
                            .coverage = 1};
    l->run.meta.run_id = l->run_id;
    l->run.meta.start = l->window.start;
    l->run.meta.end = l->window.end;
    l->run.t_first = l->window.start;
    l->run.t_last = l->window.end - 1;
    l->count++;
}

void live_decide(live_case *l)
{
    hb_decision_free(l->decision);
    l->decision = NULL;
    CHECK_OK(hb_decide(&l->run, &l->reference, l->registry, &l->policy, &l->decision, &err));
    if (l->count % INPUTS_EVERY == 1) { /* streams are long */
        inputs_check(&l->run, &l->reference, l->registry, &l->policy);
    }
}

void live_absorb(live_case *l)
{
    CHECK_OK(hb_detector_absorb(l->detector, &l->window, l->set, l->registry, &err));
}

void live_step(live_case *l, const double *values)
{
    live_next(l, values);
    live_decide(l);
    live_absorb(l);
}

const hb_live_test *live_test(const live_case *l, const char *metric)
{
    const hb_live_statistics *s = l->decision->statistics.live;
    for (size_t i = 0; i < s->n_tests; i++) {
        if (strcmp(s->tests[i].metric, metric) == 0) {
            return &s->tests[i];
        }
    }
    fail_msg("no live test of '%s'", metric);
    return NULL;
}

const hb_finding *live_finding(const live_case *l, const char *metric, hb_rule rule)
{
    for (size_t i = 0; i < l->decision->n_findings; i++) {
        const hb_finding *f = &l->decision->findings[i];
        if (f->rule == rule && strcmp(f->metric, metric) == 0) {
            return f;
        }
    }
    return NULL;
}

void live_end(live_case *l)
{
    hb_decision_free(l->decision);
    hb_detector_free(l->detector);
    fake_past_free(l->set);
    hb_policy_release(&l->policy);
    hb_registry_free(l->registry);
}
