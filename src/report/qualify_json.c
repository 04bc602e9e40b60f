/* SPDX-License-Identifier: Apache-2.0 */
#include "report/qualify.h"

#include "base/json_write.h"

#include <math.h>

static void sizes(hb_json *j, const hb_qualified *r)
{
    hb_json_key(j, "sizes");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_sizes; i++) {
        if (r->sizes[i].tried) {
            hb_json_obj(j);
            hb_json_kf(j, "size", r->sizes[i].size);
            hb_json_ku(j, "tried", r->sizes[i].tried);
            hb_json_ku(j, "found", r->sizes[i].found);
            hb_json_end(j);
        }
    }
    hb_json_end(j);
}

static void found_by(hb_json *j, const hb_qualified *r)
{
    hb_json_key(j, "found_by");
    hb_json_obj(j);
    for (unsigned rule = 0; rule < HB_RULE_COUNT_; rule++) {
        if (r->by_rule[rule]) {
            hb_json_ku(j, hb_rule_name((hb_rule)rule), r->by_rule[rule]);
        }
    }
    hb_json_end(j);
}

static void row(hb_json *j, const hb_qualified *r)
{
    const hb_pod *p = &r->pod;
    hb_json_obj(j);
    hb_json_kc(j, "metric", r->metric);
    hb_json_kc(j, "unit", r->unit);
    hb_json_kc(j, "fault", hb_fault_name(r->fault));
    hb_json_kc(j, "size_unit", hb_fault_size_unit(r->fault));
    hb_json_kfinite(j, "unit_per_size", r->unit_per_size);
    hb_json_kc(j, "answer", hb_pod_answer_name(p->answer));
    hb_json_kfinite(j, "a90_95", p->a90_95);
    hb_json_kfinite(j, "a90", p->a90);
    hb_json_kfinite(j, "a50", p->a50);
    hb_json_kfinite(j, "found_from", p->found_from);
    hb_json_kfinite(j, "found_from_shows", p->shown);
    hb_json_kfinite(j, "largest_tried", p->largest);
    hb_json_kfinite(j, "intercept", p->intercept);
    hb_json_kfinite(j, "slope", p->slope);
    hb_json_ku(j, "runs", r->n_runs);
    hb_json_ku(j, "runs_series_made", r->n_made);
    hb_json_ku(j, "runs_left_out_alarmed", r->n_left_alarmed);
    hb_json_ku(j, "runs_left_out_series", r->n_left_series);
    hb_json_ku(j, "runs_not_applicable", r->n_left_why_not);
    if (r->why_not) {
        hb_json_kc(j, "not_applicable", r->why_not);
    }
    if (r->n_trials) {
        found_by(j, r);
        sizes(j, r);
    }
    hb_json_end(j);
}

static void rate(hb_json *j, const char *key, const hb_rate *r)
{
    hb_json_key(j, key);
    hb_json_obj(j);
    hb_json_ku(j, "flagged", r->n);
    hb_json_ku(j, "of", r->of);
    hb_json_kf(j, "low", r->low);
    hb_json_kf(j, "high", r->high);
    hb_json_end(j);
}

static void runs(hb_json *j, const hb_qualify_about *a)
{
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < a->q->n_runs; i++) {
        const hb_qualified_run *r = &a->q->runs[i];
        hb_json_obj(j);
        hb_json_kc(j, "run_id", r->run_id);
        hb_json_kc(j, "verdict", hb_verdict_name(r->verdict));
        hb_json_kb(j, "statistical", r->statistical);
        hb_json_kb(j, "limits", r->limits);
        hb_json_ku(j, "n0", r->n0);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_key(j, "skipped");
    hb_json_arr(j);
    for (size_t i = 0; i < a->n_skipped; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "run_id", a->skipped[i].run_id);
        hb_json_kc(j, "reason", a->skipped[i].reason);
        hb_json_end(j);
    }
    hb_json_end(j);
}

hb_status hb_report_qualify_json(const hb_qualify_about *a, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-qualify/1");
    hb_json_kc(&j, "program", a->test->program);
    hb_json_kc(&j, "subsystem", a->test->subsystem);
    hb_json_kc(&j, "test_name", a->test->test_name);
    hb_run_set_json(&j, "set", a->set);
    hb_json_ku(&j, "seed", a->seed);
    hb_json_ku(&j, "trials", a->trials);
    hb_json_kb(&j, "partial", a->partial);
    hb_json_ku(&j, "decisions", a->q->n_decisions);
    hb_json_kf(&j, "false_alarm_budget", a->q->budget);
    hb_json_key(&j, "false_alarms");
    hb_json_obj(&j);
    rate(&j, "statistical", &a->q->statistical);
    rate(&j, "any", &a->q->any);
    hb_json_end(&j);
    runs(&j, a);
    hb_json_key(&j, "results");
    hb_json_arr(&j);
    for (size_t i = 0; i < a->q->n_rows; i++) {
        row(&j, &a->q->rows[i]);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
