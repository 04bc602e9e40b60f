/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/quality.h"

static void put_opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    hb_json_key(j, key);
    if (v.set) {
        hb_json_f64(j, v.v);
    } else {
        hb_json_null(j);
    }
}

static void put_known(hb_json *j, const char *key, double v)
{
    put_opt(j, key, (hb_opt_f64){.set = v == v, .v = v}); /* NaN = none */
}

static void put_result(const hb_quality_result *r, hb_criterion c, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "criterion", hb_criterion_name(c));
    put_opt(j, "figure", r->figure);
    hb_json_ku(j, "flagged", r->n_flagged);
    hb_json_kc(j, "gate", hb_gate_name(r->gate));
    put_opt(j, "limit", r->limit);
    hb_json_kc(j, "outcome", hb_outcome_name(r->outcome));
    hb_json_ku(j, "tested", r->n_tested);
    hb_json_kc(j, "text", r->text);
    hb_json_end(j);
}

static void put_flag(const hb_quality_flag *f, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "by", f->by);
    hb_json_kc(j, "criterion", hb_criterion_name(f->criterion));
    hb_json_kf(j, "figure", f->figure);
    put_known(j, "limit", f->limit);
    hb_json_kc(j, "metric", f->metric);
    put_known(j, "p", f->p);
    put_known(j, "q", f->q);
    hb_json_kc(j, "run_id", f->run_id);
    hb_json_kc(j, "text", f->text);
    hb_json_end(j);
}

void hb_quality_json(const hb_quality *q, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kb(j, "blocks", q->blocks);
    hb_json_kf(j, "confidence", q->confidence);
    hb_json_key(j, "criteria");
    hb_json_arr(j);
    for (unsigned c = 0; c < HB_CRITERION_COUNT_; c++) {
        put_result(&q->criteria[c], (hb_criterion)c, j);
    }
    hb_json_end(j);
    hb_json_key(j, "flags");
    hb_json_arr(j);
    for (size_t i = 0; i < q->n_flags; i++) {
        put_flag(&q->flags[i], j);
    }
    hb_json_end(j);
    hb_json_kf(j, "level", q->level);
    hb_json_ku(j, "metrics", q->n_metrics);
    hb_json_kc(j, "overall", hb_outcome_name(q->overall));
    hb_json_kc(j, "policy", q->policy_name);
    hb_json_kc(j, "policy_sha256", q->policy_digest);
    hb_json_ku(j, "runs", q->n_runs);
    hb_json_kc(j, "set_sha256", q->set_digest);
    hb_json_kc(j, "version", q->set_version);
    hb_json_kc(j, "why", q->why);
    hb_json_end(j);
}
