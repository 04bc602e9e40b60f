/* SPDX-License-Identifier: Apache-2.0 */
/* Layers 2 and 3 of a decision. Keys are in ascending order, as the canonical form demands. */
#include "decide/decision_json.h"

#include <math.h>
#include <string.h>

static void opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kfinite(j, key, v.v);
    }
}

static void text(hb_json *j, const char *key, const char *v)
{
    hb_json_kc(j, key, v ? v : "");
}

static void when(hb_json *j, const char *key, hb_time t)
{
    char shown[HB_TIME_TEXT];
    if (t != HB_TIME_NONE) {
        hb_json_key(j, key);
        hb_json_str(j, (hb_str){shown, hb_time_print(t, shown)});
    }
}

const char *hb_direction_name(hb_direction d)
{
    return d == HB_DIRECTION_UP ? "up" : d == HB_DIRECTION_DOWN ? "down" : "none";
}

bool hb_run_tested(const hb_run_test *t)
{
    return t->untested == HB_UNTESTED_NO;
}

void hb_decision_json_test(hb_json *j, const hb_run_test *t)
{
    hb_json_obj(j);
    hb_json_kc(j, "bad", t->bad == HB_DIRECTION_NONE ? "both" : hb_direction_name(t->bad));
    hb_json_kb(j, "below_min_effect", t->below_min_effect);
    hb_json_kb(j, "confirmed", t->confirmed);
    hb_json_kfinite(j, "detectable", t->detectable);
    hb_json_kfinite(j, "detectable_sigma", t->detectable_sigma);
    hb_json_kfinite(j, "dof", t->dof);
    hb_json_kb(j, "governed", t->governed);
    hb_json_kfinite(j, "high", t->high);
    hb_json_kb(j, "log", t->log);
    hb_json_kfinite(j, "low", t->low);
    hb_json_ku(j, "m", t->m);
    hb_json_kfinite(j, "mean", t->mean);
    hb_json_kc(j, "moved", hb_direction_name(t->moved));
    hb_json_ku(j, "n0", t->n0);
    hb_json_kfinite(j, "p", t->p);
    opt(j, "power_at_min_effect", t->power_at_min_effect);
    hb_json_kfinite(j, "q", t->q);
    hb_json_kb(j, "rejected", t->rejected);
    hb_json_ku(j, "runs_needed", t->runs_needed);
    hb_json_kfinite(j, "sd", t->sd);
    hb_json_kfinite(j, "sd_runs", t->sd_runs);
    hb_json_kfinite(j, "step", t->step);
    hb_json_kb(j, "suspected", t->suspected);
    hb_json_kfinite(j, "t", t->t);
    hb_json_kfinite(j, "target", t->target);
    hb_json_kc(j, "tost", hb_tost_name(t->tost));
    hb_json_kfinite(j, "tost_p", t->tost_p);
    hb_json_kfinite(j, "x", t->x);
    hb_json_end(j);
}

void hb_decision_json_tested(hb_json *j, const hb_run_test *t)
{
    if (hb_run_tested(t)) {
        hb_json_key(j, "test");
        hb_decision_json_test(j, t);
    } else {
        hb_json_kc(j, "untested", hb_untested_name(t->untested));
    }
}

static void attributions(hb_json *j, const hb_run_statistics *s)
{
    hb_json_key(j, "attributions");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_attributions; i++) {
        const hb_attribution *a = &s->attributions[i];
        hb_json_obj(j);
        text(j, "confounded", a->confounded);
        text(j, "factor", a->factor);
        text(j, "level", a->level);
        hb_json_ku(j, "levels", a->levels);
        text(j, "metric", a->metric);
        if (a->told) {
            hb_json_kfinite(j, "p", a->p);
        }
        opt(j, "shift", a->shift);
        text(j, "text", a->text);
        hb_json_kb(j, "told", a->told);
        if (a->told) {
            hb_json_kfinite(j, "variance_share", a->variance_share);
        }
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void changes(hb_json *j, const hb_run_statistics *s)
{
    hb_json_key(j, "changes");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_changes; i++) {
        const hb_change_point *c = &s->changes[i];
        hb_json_obj(j);
        hb_json_kfinite(j, "after", c->after);
        hb_json_kfinite(j, "before", c->before);
        text(j, "metric", c->metric);
        hb_json_ku(j, "n", c->n);
        hb_json_kfinite(j, "p", c->p);
        hb_json_kfinite(j, "per_run", c->per_run);
        hb_json_ku(j, "permutations", c->permutations);
        hb_json_kb(j, "ramp", c->ramp);
        text(j, "run_id", c->run_id);
        hb_json_ku(j, "seed", c->seed);
        text(j, "text", c->text);
        when(j, "time", c->time);
        text(j, "with", c->with);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void order(hb_json *j, const hb_retest_order *o)
{
    if (!o) {
        return;
    }
    hb_json_key(j, "order");
    hb_json_obj(j);
    hb_json_ku(j, "days", o->days);
    hb_json_key(j, "metrics");
    hb_json_arr(j);
    for (size_t i = 0; i < o->n_metrics; i++) {
        hb_json_c(j, o->metrics[i]);
    }
    hb_json_end(j);
    text(j, "text", o->text);
    when(j, "until", o->until);
    hb_json_end(j);
}

/* A set that can be long is told by its digest, its size and its ends; `all` lists every run. */
static void run_set(hb_json *j, const char *key, const hb_run_set *s, bool all)
{
    if (!s) {
        return;
    }
    hb_json_key(j, key);
    hb_json_obj(j);
    hb_json_kc(j, "digest", s->digest);
    if (!all && s->n_runs) {
        hb_json_kc(j, "first", s->runs[0].run_id);
    }
    text(j, "kind", s->kind);
    if (!all && s->n_runs) {
        hb_json_kc(j, "last", s->runs[s->n_runs - 1].run_id);
    }
    if (all) {
        hb_json_key(j, "run_ids");
        hb_json_arr(j);
        for (size_t i = 0; i < s->n_runs; i++) {
            hb_json_c(j, s->runs[i].run_id);
        }
        hb_json_end(j);
    }
    hb_json_ku(j, "runs", s->n_runs);
    text(j, "version", s->version);
    hb_json_end(j);
}

static void prior(hb_json *j, const hb_prior *p)
{
    if (!p) {
        return;
    }
    hb_json_key(j, "prior");
    hb_json_obj(j);
    run_set(j, "early", p->early, true);
    run_set(j, "history", p->history, false);
    hb_json_key(j, "suspicions");
    hb_json_arr(j);
    for (size_t i = 0; i < p->n_suspicions; i++) {
        const hb_suspicion *s = &p->suspicions[i];
        hb_json_obj(j);
        hb_json_kc(j, "direction", hb_direction_name(s->direction));
        text(j, "metric", s->metric);
        when(j, "raised", s->raised);
        text(j, "run_id", s->run_id);
        hb_json_key(j, "set_run_ids");
        hb_json_arr(j);
        for (size_t k = 0; k < s->n_set; k++) {
            hb_json_c(j, s->set_run_ids[k]);
        }
        hb_json_end(j);
        when(j, "until", s->until);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void relation(hb_json *j, const hb_relation *r)
{
    hb_json_key(j, "relation");
    hb_json_obj(j);
    if (r->ran) {
        hb_json_kfinite(j, "distance", r->distance);
        hb_json_kfinite(j, "level", r->level);
        hb_json_ku(j, "n0", r->n0);
        hb_json_ku(j, "n_metrics", r->n_metrics);
        hb_json_ku(j, "n_related", r->n_related);
        text(j, "note", r->note);
        hb_json_kfinite(j, "p", r->p);
        hb_json_key(j, "parts");
        hb_json_arr(j);
        for (size_t i = 0; i < r->n_parts; i++) {
            hb_json_obj(j);
            hb_json_kfinite(j, "expected", r->parts[i].expected);
            text(j, "metric", r->parts[i].metric);
            hb_json_kfinite(j, "share", r->parts[i].share);
            hb_json_end(j);
        }
        hb_json_end(j);
    }
    hb_json_kb(j, "ran", r->ran);
    hb_json_kb(j, "rejected", r->rejected);
    if (r->ran) {
        hb_json_kfinite(j, "shrinkage", r->shrinkage);
    }
    text(j, "why_not", r->why_not);
    hb_json_end(j);
}

static void retests(hb_json *j, const hb_run_statistics *s)
{
    hb_json_key(j, "retests");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_retests; i++) {
        const hb_retest *r = &s->retests[i];
        hb_json_obj(j);
        bool none = r->outcome == HB_RETEST_NO_VALUE;
        hb_json_kc(j, "direction", hb_direction_name(r->of->direction));
        hb_json_kfinite(j, "dof", none ? NAN : r->dof);
        hb_json_ku(j, "m", r->m);
        hb_json_kfinite(j, "mean", none ? NAN : r->mean);
        text(j, "metric", r->of->metric);
        hb_json_ku(j, "n0", r->n0);
        hb_json_kc(j, "outcome", hb_retest_outcome_name(r->outcome));
        hb_json_kfinite(j, "p", none ? NAN : r->p);
        text(j, "run_id", r->of->run_id);
        hb_json_kfinite(j, "t", none ? NAN : r->t);
        hb_json_kfinite(j, "x", none ? NAN : r->x);
        hb_json_end(j);
    }
    hb_json_end(j);
}

void hb_decision_json_statistics(hb_json *j, const hb_decision *d)
{
    const hb_run_statistics *s = &d->statistics;
    hb_json_obj(j);
    attributions(j, s);
    hb_json_kfinite(j, "bh_level", s->bh_level);
    hb_json_kfinite(j, "budget", s->budget);
    changes(j, s);
    hb_json_kfinite(j, "cut", s->cut);
    hb_json_kfinite(j, "first_level", s->first_level);
    hb_json_kb(j, "insufficient", s->insufficient);
    hb_json_kfinite(j, "level_at_cut", s->level_at_cut);
    if (s->live) {
        hb_json_key(j, "live");
        hb_decision_json_live(j, s->live);
    }
    hb_json_ku(j, "n_confirmed", s->n_confirmed);
    hb_json_ku(j, "n_min", s->n_min);
    hb_json_ku(j, "n_rejected", s->n_rejected);
    hb_json_ku(j, "n_runs", s->n_runs);
    hb_json_ku(j, "n_suspected", s->n_suspected);
    hb_json_ku(j, "n_tested", s->n_tested);
    order(j, s->order);
    text(j, "power_text", s->power_text);
    prior(j, d->reference->prior);
    hb_json_kb(j, "ran", s->ran);
    relation(j, &s->relation);
    retests(j, s);
    run_set(j, "set", d->reference->set, true);
    run_set(j, "with", d->reference->with, true);
    hb_json_end(j);
}

size_t hb_decision_layers(const hb_decision *d, const char *ret_layers[HB_LAYERS_MAX])
{
    const hb_run_statistics *s = &d->statistics;
    size_t n = 0;
    ret_layers[n++] = "declared_limits";
    if (s->ran || s->n_retests) {
        ret_layers[n++] = "run_against_baseline";
    }
    bool explained = !s->live && d->reference->prior && d->reference->prior->history;
    if (s->n_changes || s->n_attributions || explained) {
        ret_layers[n++] = "history";
    }
    if (s->live) {
        ret_layers[n++] = "live";
    }
    return n;
}
