/* SPDX-License-Identifier: Apache-2.0 */
#include "support/case.h"
#include "support/inputs_case.h"

#include "telemetry/run_meta.h"

static const char digest[] = "0000000000000000000000000000000000000000000000000000000000000000";

void case_begin(test_case *c, const char *registry_yaml, const char *policy_yaml)
{
    *c = (test_case){0};
    CHECK_OK(hb_units_open(&c->units, &err));
    if (registry_yaml) {
        CHECK_OK(hb_registry_parse(hb_str_of(registry_yaml), "registry.yaml", NULL, NULL, digest,
                                   c->units, &c->registry, &err));
    } else {
        CHECK_OK(hb_registry_builtin(&c->registry, &err));
    }
    if (policy_yaml) {
        CHECK_OK(hb_policy_parse(hb_str_of(policy_yaml), "policy.yaml", digest, &c->policy, &err));
    } else {
        hb_policy_builtin(&c->policy);
    }
}

void case_end(test_case *c)
{
    hb_decision_free(c->decision);
    hb_run_free(c->run);
    hb_run_free(c->baseline);
    hb_policy_release(&c->policy);
    hb_registry_free(c->registry);
    hb_units_close(c->units);
}

static void put(hb_run_builder *b, const test_metric *m)
{
    uint32_t channel = 0;
    CHECK_OK(hb_run_builder_channel(b, hb_str_of(m->name), hb_str_of(m->unit ? m->unit : ""), 1, 1,
                                    &channel, &err));
    if (m->no_value) {
        hb_run_builder_missing(b, channel, 1);
    } else if (!m->series) {
        CHECK_OK(hb_run_builder_stated(b, channel, m->value, &err));
    }
    if (m->n) {
        CHECK_OK(hb_run_builder_add(b, channel, m->samples, NULL, m->n, &err));
    }
}

hb_run *case_run(test_case *c, const char *run_id, const test_metric *metrics, size_t n)
{
    hb_run_builder *b = NULL;
    hb_run *run = NULL;
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    meta.run_id = run_id;
    CHECK_OK(hb_run_builder_new(c->registry, c->units, &b, &err));
    CHECK_OK(hb_run_builder_file(b, "case.csv", "csv", "metric table", &err));
    for (size_t i = 0; i < n; i++) {
        put(b, &metrics[i]);
    }
    CHECK_OK(hb_run_builder_finish(b, &meta, &run, &err));
    hb_run_builder_free(b);
    return run;
}

void case_decide(test_case *c)
{
    c->reference = (hb_reference){
        .run = c->baseline,
        .reason = c->baseline ? "files" : "no_runs",
        .strategy = "files",
        .tag = "",
        .level = c->baseline ? HB_MATCH_FILES : HB_MATCH_NONE,
        .warning = "",
    };
    CHECK_OK(hb_decide(c->run, &c->reference, c->registry, &c->policy, &c->decision, &err));
    inputs_check(c->run, &c->reference, c->registry, &c->policy);
}

const hb_finding *case_finding(const test_case *c, const char *metric, hb_rule rule)
{
    for (size_t i = 0; i < c->decision->n_findings; i++) {
        const hb_finding *f = &c->decision->findings[i];
        if (f->rule == rule && strcmp(f->metric, metric) == 0) {
            return f;
        }
    }
    return NULL;
}
