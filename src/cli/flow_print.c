/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flow.h"

#include "decide/decision_json.h"
#include "report/report.h"

static void opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kf(j, key, v.v);
    }
}

static void finding(hb_json *j, const hb_finding *x)
{
    hb_json_obj(j);
    hb_json_kc(j, "metric", x->metric);
    hb_json_kc(j, "rule", hb_rule_name(x->rule));
    hb_json_kc(j, "severity", hb_severity_name(x->severity));
    opt(j, "baseline", x->baseline);
    opt(j, "current", x->current);
    opt(j, "limit", x->limit);
    opt(j, "observed", x->observed);
    hb_json_kf(j, "excess", x->excess);
    hb_json_kc(j, "text", x->text);
    hb_json_end(j);
}

static void tests(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "tests");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        hb_json_obj(j);
        hb_json_kc(j, "metric", c->name);
        hb_json_kc(j, "unit", c->unit);
        hb_decision_json_tested(j, &c->test);
        hb_json_end(j);
    }
    hb_json_end(j);
}

void hb_flow_json(const hb_flow *f, hb_json *j)
{
    const hb_decision *d = f->decision;
    const hb_reference *r = d->reference;
    hb_json_obj(j);
    hb_json_kc(j, "status", hb_verdict_name(d->verdict));
    hb_json_kc(j, "run_id", f->run->meta.run_id);
    hb_json_key(j, "baseline_run_id");
    hb_json_c(j, r->n_run_ids ? r->run_ids[0] : NULL);
    hb_json_kc(j, "baseline_reason", r->reason);
    hb_json_kc(j, "baseline_match_level", hb_match_name(r->level));
    hb_json_kc(j, "reason", d->reason);
    hb_json_kc(j, "what_to_do_next", d->what_to_do);
    hb_json_ku(j, "metrics_compared", d->n_comparisons);
    hb_json_ku(j, "metrics_checked", d->n_checked);
    hb_json_key(j, "findings");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings; i++) {
        finding(j, &d->findings[i]);
    }
    hb_json_end(j);
    hb_json_key(j, "statistics");
    hb_decision_json_statistics(j, d);
    tests(j, d);
    hb_json_kc(j, "report", *f->report ? f->report : NULL);
    hb_json_kc(j, "evidence_pack", f->pack);
    hb_json_kc(j, "decision_sha256", f->digest);
    hb_json_end(j);
}

hb_status hb_flow_print(hb_app *app, const hb_flow *f, hb_error *err)
{
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_flow_json(f, &j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    HB_TRY(hb_report_text(f->decision, app->colour_out, &app->out, err));
    if (*f->report) {
        hb_buf_fmt(&app->out, "report: %s\n", f->report);
    }
    if (f->pack) {
        hb_buf_fmt(&app->out, "evidence pack: %s\n", f->pack);
    }
    return hb_buf_check(&app->out, err);
}
