/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_trust.h"

#include "base/json_write.h"

static void share(hb_json *j, const char *key, const hb_alarm_share *s)
{
    hb_json_key(j, key);
    hb_json_obj(j);
    hb_json_ku(j, "false_alarms", s->k);
    hb_json_ku(j, "clean", s->n);
    if (s->n) {
        hb_json_kf(j, "share", s->share);
    }
    hb_json_kf(j, "low", s->low);
    hb_json_kf(j, "high", s->high);
    hb_json_end(j);
}

static void counts(hb_json *j, const hb_ledger_line *x)
{
    hb_json_ku(j, "runs", x->count.trials);
    hb_json_ku(j, "flagged", x->flagged);
    hb_json_ku(j, "false", x->count.false_alarms);
    hb_json_ku(j, "true", x->count.true_alarms);
    hb_json_ku(j, "unknown", x->count.unknown);
}

static void line(hb_json *j, const hb_ledger_line *x)
{
    const hb_promise_held *h = &x->held;
    counts(j, x);
    hb_json_ku(j, "missed", x->count.missed);
    hb_json_kf(j, "promised", h->promised);
    hb_json_kf(j, "confidence", h->confidence);
    share(j, "if_unknown_true", &h->if_true);
    share(j, "if_unknown_false", &h->if_false);
    hb_json_kc(j, "verdict", hb_promise_name(h->verdict));
    hb_json_kb(j, "unknown_decide", h->unknown_decide);
    hb_json_ku(j, "clean_needed_at_best", h->needed_at_best);
    hb_json_ku(j, "clean_needed_as_it_is", h->needed_as_it_is);
}

static void asked(hb_json *j, const hb_ledger_query *q)
{
    char time[HB_TIME_TEXT];
    hb_json_kc(j, "program", q->program);
    hb_json_kc(j, "subsystem", q->subsystem);
    hb_json_kc(j, "test_name", q->test_name);
    if (q->since != HB_TIME_NONE) {
        hb_time_print(q->since, time);
    }
    hb_json_kc(j, "since", q->since != HB_TIME_NONE ? time : NULL);
}

static void runs(hb_json *j, const hb_ledger *l)
{
    hb_json_key(j, "runs");
    hb_json_obj(j);
    hb_json_ku(j, "matching", l->runs);
    hb_json_ku(j, "judged", l->all.count.trials);
    hb_json_ku(j, "limits_only", l->untested);
    hb_json_ku(j, "together", l->together);
    hb_json_ku(j, "not_judged", l->not_judged);
    hb_json_end(j);
    hb_json_ku(j, "marks", l->marks);
    hb_json_ku(j, "missed", l->missed);
    hb_json_key(j, "budgets");
    hb_json_arr(j);
    for (size_t i = 0; i < l->n_budgets; i++) {
        hb_json_obj(j);
        hb_json_kf(j, "budget", l->budgets[i].budget);
        hb_json_ku(j, "runs", l->budgets[i].runs);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void limits(hb_json *j, const hb_ledger *l)
{
    hb_alarm_share s =
        hb_alarm_share_of(l->limits.flagged, l->limits.count.trials, HB_LEDGER_CONFIDENCE);
    hb_json_key(j, "limits");
    hb_json_obj(j);
    counts(j, &l->limits);
    if (s.n) {
        hb_json_kf(j, "share", s.share);
    }
    hb_json_kf(j, "low", s.low);
    hb_json_kf(j, "high", s.high);
    hb_json_key(j, "rules");
    hb_json_arr(j);
    for (size_t i = 0; i < l->n_rules; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "rule", l->rules[i].name);
        counts(j, &l->rules[i]);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void alarms(hb_json *j, const hb_trust_view *v)
{
    hb_json_key(j, "alarms");
    hb_json_arr(j);
    for (size_t i = 0; i < v->ledger->n_alarms; i++) {
        const hb_ledger_alarm *a = &v->ledger->alarms[i];
        if (hb_trust_shows(v, a->metric)) {
            hb_json_obj(j);
            hb_json_kc(j, "run_id", a->run_id);
            hb_json_kc(j, "program", a->program);
            hb_json_kc(j, "metric", a->metric);
            hb_json_kc(j, "rule", a->rule);
            hb_json_kb(j, "limit", a->limit);
            hb_json_kc(j, "answer", hb_answer_name(a->answer));
            hb_json_kc(j, "because", a->because);
            hb_json_end(j);
        }
    }
    hb_json_end(j);
}

hb_status hb_view_trust_json(const hb_trust_view *v, hb_buf *out, hb_error *err)
{
    const hb_ledger *l = v->ledger;
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-trust/1");
    asked(&j, v->query);
    runs(&j, l);
    hb_json_key(&j, "all");
    hb_json_obj(&j);
    line(&j, &l->all);
    hb_json_end(&j);
    hb_json_key(&j, "programs");
    hb_json_arr(&j);
    for (size_t i = 0; i < l->n_programs; i++) {
        hb_json_obj(&j);
        hb_json_kc(&j, "program", l->programs[i].program);
        line(&j, &l->programs[i]);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_key(&j, "metrics");
    hb_json_arr(&j);
    for (size_t i = 0; i < l->n_metrics; i++) {
        if (hb_trust_shows(v, l->metrics[i].name)) {
            hb_json_obj(&j);
            hb_json_kc(&j, "program", l->metrics[i].program);
            hb_json_kc(&j, "metric", l->metrics[i].name);
            line(&j, &l->metrics[i]);
            hb_json_end(&j);
        }
    }
    hb_json_end(&j);
    limits(&j, l);
    alarms(&j, v);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
