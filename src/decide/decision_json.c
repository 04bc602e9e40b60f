/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are written in ascending order by hand; the writer refuses any other order. */
#include "decide/decision_json.h"

#include "base/json_write.h"

static void opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kf(j, key, v.v);
    }
}

static void texts(hb_json *j, const char *key, const char *const *list, size_t n)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_c(j, list[i]);
    }
    hb_json_end(j);
}

static void reference(hb_json *j, const hb_reference *r)
{
    hb_json_obj(j);
    texts(j, "comparable", r->comparable, r->n_comparable);
    hb_json_key(j, "differs");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_differs; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "baseline", r->differs[i].baseline);
        hb_json_kc(j, "field", hb_context_name(r->differs[i].field));
        hb_json_kc(j, "run", r->differs[i].run);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kc(j, "digest", r->run ? r->run->digest : "");
    hb_json_kc(j, "match_level", hb_match_name(r->level));
    hb_json_ku(j, "match_possible", r->possible);
    hb_json_ku(j, "match_score", r->score);
    hb_json_kc(j, "reason", r->reason);
    texts(j, "run_ids", r->run_ids, r->n_run_ids);
    hb_json_kc(j, "strategy", r->strategy);
    hb_json_kc(j, "tag", r->tag);
    hb_json_kc(j, "warning", r->warning);
    hb_json_end(j);
}

static void comparison(hb_json *j, const hb_comparison *c)
{
    hb_json_obj(j);
    opt(j, "baseline", c->value_baseline);
    opt(j, "change_limit", c->change_limit);
    hb_json_ku(j, "checks", c->n_checks);
    opt(j, "current", c->value_run);
    hb_json_kb(j, "declared", c->def != NULL);
    opt(j, "delta", c->delta);
    hb_json_kb(j, "flagged", c->flagged);
    opt(j, "ks_d", c->ks_d);
    opt(j, "ks_p", c->ks_p);
    opt(j, "margin", c->margin);
    hb_json_kc(j, "metric", c->name);
    opt(j, "percent", c->percent);
    hb_json_kc(j, "severity", hb_severity_name(c->worst));
    if (hb_run_tested(&c->test)) {
        hb_json_key(j, "test");
        hb_decision_json_test(j, &c->test);
    }
    hb_json_kc(j, "unit", c->unit);
    if (!hb_run_tested(&c->test)) {
        hb_json_kc(j, "untested", hb_untested_name(c->test.untested));
    }
    opt(j, "wasserstein", c->wasserstein);
    hb_json_end(j);
}

static void finding(hb_json *j, const hb_finding *f)
{
    hb_json_obj(j);
    opt(j, "baseline", f->baseline);
    opt(j, "current", f->current);
    hb_json_kf(j, "excess", f->excess);
    opt(j, "limit", f->limit);
    hb_json_kc(j, "metric", f->metric);
    opt(j, "observed", f->observed);
    if (f->has_onset) {
        hb_json_ku(j, "onset_index", f->onset_index);
    }
    if (f->onset_time != HB_TIME_NONE) {
        hb_json_ki(j, "onset_time_ns", f->onset_time);
    }
    opt(j, "p_value", f->p_value);
    hb_json_kc(j, "rule", hb_rule_name(f->rule));
    hb_json_kc(j, "severity", hb_severity_name(f->severity));
    if (f->has_onset && f->sustained_index != UINT64_MAX) {
        hb_json_ku(j, "sustained_index", f->sustained_index);
    }
    hb_json_kc(j, "text", f->text);
    hb_json_end(j);
}

static void config(hb_json *j, const hb_decision *d)
{
    hb_json_obj(j);
    hb_json_kc(j, "policy_sha256", d->policy->digest);
    hb_json_kc(j, "registry_sha256", hb_registry_digest(d->registry));
    hb_json_kc(j, "registry_version", hb_registry_version(d->registry));
    hb_json_end(j);
}

static void run_identity(hb_json *j, const hb_run *run)
{
    const hb_run_meta *m = &run->meta;
    hb_json_obj(j);
    hb_json_kc(j, "build_id", m->build_id);
    hb_json_key(j, "context");
    hb_json_obj(j);
    static const hb_context_field ascending[HB_CONTEXT_COUNT] = {
        HB_CONTEXT_ENVIRONMENT,        HB_CONTEXT_ENVIRONMENT_FINGERPRINT,
        HB_CONTEXT_INPUT_DATA_VERSION, HB_CONTEXT_OPERATING_MODE,
        HB_CONTEXT_SCENARIO_ID,        HB_CONTEXT_SENSOR_CONFIG_ID,
    };
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        hb_json_kc(j, hb_context_name(ascending[i]), m->context[ascending[i]]);
    }
    hb_json_end(j);
    hb_json_kc(j, "digest", run->digest);
    hb_json_kc(j, "git_sha", m->git_sha);
    hb_json_kc(j, "program", m->program);
    hb_json_kc(j, "run_id", m->run_id);
    hb_json_kc(j, "source_system", m->source_system);
    hb_json_kc(j, "subsystem", m->subsystem);
    hb_json_kc(j, "test_name", m->test_name);
    hb_json_end(j);
}

hb_status hb_decision_json(const hb_decision *d, hb_buf *out, hb_error *err)
{
    const char *layers[HB_LAYERS_MAX];
    size_t n_layers = hb_decision_layers(d, layers);
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "comparisons");
    hb_json_arr(&j);
    for (size_t i = 0; i < d->n_comparisons; i++) {
        comparison(&j, &d->comparisons[i]);
    }
    hb_json_end(&j);
    hb_json_key(&j, "config");
    config(&j, d);
    hb_json_kc(&j, "engine_version", HB_VERSION);
    hb_json_key(&j, "findings");
    hb_json_arr(&j);
    for (size_t i = 0; i < d->n_findings; i++) {
        finding(&j, &d->findings[i]);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-decision/2");
    texts(&j, "layers", layers, n_layers);
    hb_json_kc(&j, "reason", d->reason);
    hb_json_key(&j, "reference");
    reference(&j, d->reference);
    hb_json_key(&j, "run");
    run_identity(&j, d->run);
    hb_json_key(&j, "statistics");
    hb_decision_json_statistics(&j, d);
    hb_json_kc(&j, "verdict", hb_verdict_name(d->verdict));
    hb_json_kc(&j, "what_to_do", d->what_to_do);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}
