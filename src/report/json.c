/* SPDX-License-Identifier: Apache-2.0 */
/* drift_report.json: the original's field names first, then ours. docs/formats/drift_report.md says
 * what each means and which hollow ones were left out. */
#include "report/report.h"

#include "base/json_write.h"
#include "decide/decision_json.h"
#include "report/noteworthy.h"

#include <string.h>

static void opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    hb_json_key(j, key);
    if (v.set) {
        hb_json_f64(j, v.v);
    } else {
        hb_json_null(j);
    }
}

static const hb_metric_def *limits_of(const hb_comparison *c)
{
    static const hb_metric_def none = {.name = ""};
    return c->def ? c->def : &none;
}

static bool is_change(hb_rule rule)
{
    return rule == HB_RULE_DRIFT_THRESHOLD || rule == HB_RULE_DRIFT_PERCENT ||
           rule == HB_RULE_DRIFT_SPREAD || rule == HB_RULE_PERSISTENCE ||
           rule == HB_RULE_SPREAD_RATIO;
}

/* The first (worst) change finding of each metric, in rank order. */
static bool first_change(const hb_decision *d, size_t i)
{
    const hb_finding *f = &d->findings[i];
    if (!is_change(f->rule) || f->severity < HB_SEVERITY_DRIFT) {
        return false;
    }
    for (size_t k = 0; k < i; k++) {
        const hb_finding *g = &d->findings[k];
        if (is_change(g->rule) && g->severity >= HB_SEVERITY_DRIFT &&
            strcmp(g->metric, f->metric) == 0) {
            return false;
        }
    }
    return true;
}

static void drift_item(hb_json *j, const hb_comparison *c)
{
    const hb_metric_def *l = limits_of(c);
    hb_json_obj(j);
    hb_json_kc(j, "metric", c->name);
    opt(j, "baseline", c->value_baseline);
    opt(j, "current", c->value_run);
    opt(j, "delta", c->delta);
    opt(j, "percent_change", c->percent);
    opt(j, "drift_threshold", l->drift_threshold);
    opt(j, "drift_percent", l->drift_percent);
    opt(j, "min_effect", l->min_effect);
    hb_json_kc(j, "unit", c->unit);
    hb_json_kc(j, "severity", c->worst == HB_SEVERITY_FAIL ? "FAIL" : "DRIFT");
    hb_json_end(j);
}

static void drift_items(hb_json *j, const hb_decision *d, const char *key, size_t most)
{
    size_t n = 0;
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings && n < most; i++) {
        const hb_comparison *c =
            first_change(d, i) ? hb_comparison_of(d, d->findings[i].metric) : NULL;
        if (c) {
            drift_item(j, c);
            n++;
        }
    }
    hb_json_end(j);
}

static void distribution_items(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "distribution_drifts");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        const hb_comparison *c = hb_comparison_of(d, f->metric);
        if (f->rule != HB_RULE_KS_THRESHOLD || f->severity < HB_SEVERITY_DRIFT || !c) {
            continue;
        }
        hb_json_obj(j);
        hb_json_kc(j, "metric", f->metric);
        hb_json_kc(j, "method", "ks");
        opt(j, "statistic", f->observed);
        opt(j, "threshold", f->limit);
        opt(j, "p_value", f->p_value);
        opt(j, "wasserstein", c->wasserstein);
        hb_json_ku(j, "sample_count_current", c->run->profile.moments.n);
        hb_json_ku(j, "sample_count_baseline", c->baseline->profile.moments.n);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void invariant_items(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "invariant_violations");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        if (f->rule == HB_RULE_INVARIANT_MIN || f->rule == HB_RULE_INVARIANT_MAX ||
            f->rule == HB_RULE_INVARIANT_EQ) {
            hb_json_obj(j);
            hb_json_kc(j, "metric", f->metric);
            opt(j, "current", f->current);
            opt(j, hb_rule_name(f->rule), f->limit);
            hb_json_end(j);
        }
    }
    hb_json_end(j);
}

static void fail_metrics(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "fail_metrics");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (d->comparisons[i].worst == HB_SEVERITY_FAIL) {
            hb_json_c(j, d->comparisons[i].name);
        }
    }
    hb_json_end(j);
}

static void warnings(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "warnings");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings; i++) {
        if (d->findings[i].severity == HB_SEVERITY_WARN) {
            hb_json_c(j, d->findings[i].text);
        }
    }
    for (size_t i = 0; i < d->run->n_warnings; i++) {
        hb_json_c(j, d->run->warnings[i]);
    }
    hb_json_end(j);
}

static void findings(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "findings");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        hb_json_obj(j);
        hb_json_kc(j, "metric", f->metric);
        hb_json_kc(j, "rule", hb_rule_name(f->rule));
        hb_json_kc(j, "severity", hb_severity_name(f->severity));
        hb_json_kc(j, "text", f->text);
        opt(j, "baseline", f->baseline);
        opt(j, "current", f->current);
        opt(j, "limit", f->limit);
        opt(j, "observed", f->observed);
        opt(j, "p_value", f->p_value);
        hb_json_kf(j, "excess", f->excess);
        hb_json_key(j, "onset");
        if (f->has_onset) {
            hb_json_obj(j);
            hb_json_ku(j, "first_exceed_index", f->onset_index);
            hb_json_key(j, "sustained_index");
            if (f->sustained_index == UINT64_MAX) {
                hb_json_null(j);
            } else {
                hb_json_u64(j, f->sustained_index);
            }
            hb_json_end(j);
        } else {
            hb_json_null(j);
        }
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void comparisons(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "comparisons");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        hb_json_obj(j);
        hb_json_kc(j, "metric", c->name);
        hb_json_kc(j, "unit", c->unit);
        hb_json_kb(j, "declared", c->def != NULL);
        opt(j, "baseline", c->value_baseline);
        opt(j, "current", c->value_run);
        opt(j, "delta", c->delta);
        opt(j, "percent_change", c->percent);
        opt(j, "change_limit", c->change_limit);
        opt(j, "margin", c->margin);
        opt(j, "ks_d", c->ks_d);
        opt(j, "ks_p", c->ks_p);
        opt(j, "wasserstein", c->wasserstein);
        hb_json_kc(j, "severity",
                   c->worst == HB_SEVERITY_INFO ? "none" : hb_severity_name(c->worst));
        hb_json_ku(j, "checks", c->n_checks);
        hb_decision_json_tested(j, &c->test);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void text_list(hb_json *j, const char *key, const char *const *list, size_t n)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_c(j, list[i]);
    }
    hb_json_end(j);
}

static void statistics(hb_json *j, const hb_decision *d)
{
    const char *layers[HB_LAYERS_MAX];
    text_list(j, "layers", layers, hb_decision_layers(d, layers));
    hb_json_key(j, "statistics");
    hb_decision_json_statistics(j, d);
}

static void inputs(hb_json *j, const hb_run *run)
{
    hb_json_key(j, "inputs");
    hb_json_arr(j);
    for (size_t i = 0; i < run->n_inputs; i++) {
        const hb_input_file *f = &run->inputs[i];
        hb_json_obj(j);
        hb_json_kc(j, "name", f->name);
        hb_json_kc(j, "sha256", f->sha256);
        hb_json_ku(j, "bytes", f->bytes);
        hb_json_kc(j, "format", f->format);
        hb_json_kc(j, "layout", f->layout);
        hb_json_ku(j, "rows", f->rows);
        hb_json_key(j, "rejects");
        hb_json_arr(j);
        for (size_t k = 0; k < f->n_rejects; k++) {
            hb_json_obj(j);
            hb_json_kc(j, "reason", f->rejects[k].reason);
            hb_json_ku(j, "count", f->rejects[k].n);
            hb_json_end(j);
        }
        hb_json_end(j);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void baseline(hb_json *j, const hb_reference *r)
{
    hb_json_key(j, "baseline_run_id");
    hb_json_c(j, r->n_run_ids ? r->run_ids[0] : NULL);
    hb_json_kc(j, "baseline_reason", r->reason);
    hb_json_key(j, "baseline_warning");
    hb_json_c(j, *r->warning ? r->warning : NULL);
    hb_json_kc(j, "baseline_match_level", hb_match_name(r->level));
    hb_json_ku(j, "baseline_match_score", r->score);
    hb_json_ku(j, "baseline_match_possible", r->possible);
    hb_json_key(j, "baseline_match_differs");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_differs; i++) {
        hb_json_c(j, hb_context_name(r->differs[i].field));
    }
    hb_json_end(j);
    text_list(j, "baseline_run_ids", r->run_ids, r->n_run_ids);
    text_list(j, "comparable_run_ids", r->comparable, r->n_comparable);
}

hb_status hb_report_json(const hb_decision *d, const hb_report_about *about, hb_buf *out,
                         hb_error *err)
{
    hb_json j;
    char time[HB_TIME_TEXT];
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "run_id", d->run->meta.run_id);
    hb_json_kc(&j, "correlation_id", d->run->meta.correlation_id);
    hb_json_kc(&j, "status", hb_verdict_name(d->verdict));
    hb_json_kc(&j, "reason", d->reason);
    hb_json_kc(&j, "what_to_do_next", d->what_to_do);
    hb_json_key(&j, "primary_issue");
    hb_json_c(&j, d->n_findings && d->findings[0].severity >= HB_SEVERITY_DRIFT
                      ? d->findings[0].text
                      : NULL);
    hb_json_kc(&j, "hb_version", about->version);
    hb_json_kc(&j, "source_type", d->run->meta.source_system);
    baseline(&j, d->reference);
    drift_items(&j, d, "drift_metrics", SIZE_MAX);
    drift_items(&j, d, "top_drifts", about->top ? about->top : 5);
    distribution_items(&j, d);
    fail_metrics(&j, d);
    invariant_items(&j, d);
    warnings(&j, d);
    findings(&j, d);
    comparisons(&j, d);
    statistics(&j, d);
    inputs(&j, d->run);
    hb_json_kc(&j, "run_digest", d->run->digest);
    hb_json_kc(&j, "metric_registry_sha256", hb_registry_digest(d->registry));
    hb_json_kc(&j, "baseline_policy_sha256", d->policy->digest);
    hb_json_kc(&j, "decision_sha256", about->decision_digest);
    hb_json_key(&j, "decided_at");
    if (about->decided_at == HB_TIME_NONE) {
        hb_json_null(&j);
    } else {
        hb_json_str(&j, (hb_str){time, hb_time_print(about->decided_at, time)});
    }
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
