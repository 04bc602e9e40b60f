/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/read.h"

#include <jansson.h>
#include <string.h>

static bool rule_is(const char *name, hb_rule r)
{
    return strcmp(name, hb_rule_name(r)) == 0;
}

/* A slow ramp is an early warning too, but has a budget of its own: it is told apart by there
 * being no rolling set. */
static hb_ledger_layer layer_of(const char *rule, bool dual)
{
    static const hb_rule others[] = {
        HB_RULE_RETEST_CLEARED,        HB_RULE_RETEST_OPEN,  HB_RULE_UNTESTED,
        HB_RULE_INSUFFICIENT_BASELINE, HB_RULE_CHANGE_POINT, HB_RULE_BASELINE_AGED,
        HB_RULE_EQUIVALENCE,           HB_RULE_NO_BASELINE,  HB_RULE_NO_METRICS,
        HB_RULE_CONTEXT_MISMATCH,
    };
    if (rule_is(rule, HB_RULE_SUSPECTED) || rule_is(rule, HB_RULE_CONFIRMED) ||
        rule_is(rule, HB_RULE_RELATION)) {
        return HB_LEDGER_TESTS;
    }
    if (rule_is(rule, HB_RULE_EARLY_WARNING)) {
        return dual ? HB_LEDGER_TESTS : HB_LEDGER_OTHER;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (rule_is(rule, others[i])) {
            return HB_LEDGER_OTHER;
        }
    }
    return HB_LEDGER_LIMITS;
}

static hb_severity severity_of(const char *name)
{
    hb_severity s = HB_SEVERITY_INFO;
    for (unsigned i = 0; i < HB_SEVERITY_COUNT_; i++) {
        s = strcmp(hb_severity_name((hb_severity)i), name) == 0 ? (hb_severity)i : s;
    }
    return s;
}

static const char *text(const json_t *object, const char *key, hb_arena *arena)
{
    const char *v = json_string_value(json_object_get(object, key));
    return hb_arena_str(arena, hb_str_of(v));
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static hb_status findings(const json_t *d, bool dual, hb_arena *arena, hb_ledger_decision *out,
                          hb_error *err)
{
    const json_t *list = json_object_get(d, "findings");
    size_t n = json_array_size(list);
    out->findings = hb_arena_array(arena, n + 1, sizeof *out->findings);
    if (!out->findings) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *from = json_array_get(list, i);
        const char *severity = text(from, "severity", arena);
        hb_ledger_finding *f = &out->findings[out->n_findings++];
        f->metric = text(from, "metric", arena);
        f->rule = text(from, "rule", arena);
        if (!severity || !f->metric || !f->rule) {
            return HB_NOMEM(err);
        }
        f->severity = severity_of(severity);
        f->layer = layer_of(f->rule, dual);
    }
    return HB_OK;
}

/* Benjamini and Hochberg reject a metric, the others as they are, when its p is at or under
 * level · (rejected with it) / tested: for a clean metric this is the chance of it. */
static hb_status metrics(const json_t *d, bool dual, hb_arena *arena, hb_ledger_decision *out,
                         hb_error *err)
{
    const json_t *list = json_object_get(d, "comparisons");
    const json_t *statistics = json_object_get(d, "statistics");
    double level = number(statistics, "bh_level");
    double tested = number(statistics, "n_tested");
    double rejected = number(statistics, "n_rejected");
    size_t n = json_array_size(list);
    out->metrics = hb_arena_array(arena, n + 1, sizeof *out->metrics);
    if (!out->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *from = json_array_get(list, i);
        const json_t *test = json_object_get(from, "test");
        hb_ledger_metric *m = &out->metrics[out->n_metrics++];
        m->name = text(from, "metric", arena);
        if (!m->name) {
            return HB_NOMEM(err);
        }
        m->tested = test && tested > 0;
        if (m->tested) {
            bool own = json_is_true(json_object_get(test, "rejected"));
            double share = level * (own ? rejected : rejected + 1) / tested * (dual ? 2 : 1);
            double most = level * (dual ? 2 : 1);
            m->share = share < most ? share : most;
        }
    }
    return HB_OK;
}

static hb_status read(const json_t *d, hb_arena *arena, hb_ledger_decision *out, hb_error *err)
{
    const json_t *statistics = json_object_get(d, "statistics");
    const json_t *prior = json_object_get(statistics, "prior");
    bool dual = json_object_get(prior, "early") != NULL;
    out->verdict = text(d, "verdict", arena);
    if (!out->verdict) {
        return HB_NOMEM(err);
    }
    out->tested = json_is_true(json_object_get(statistics, "ran")) ||
                  json_is_true(json_object_get(json_object_get(statistics, "relation"), "ran"));
    out->budget = out->tested ? number(statistics, "budget") : 0;
    HB_TRY(findings(d, dual, arena, out, err));
    return metrics(d, dual, arena, out, err);
}

hb_status hb_ledger_read(hb_str json, const char *run_id, hb_arena *arena, hb_ledger_decision *ret,
                         hb_error *err)
{
    json_error_t why;
    json_t *d = json_loadb(json.p, json.n, 0, &why);
    if (!json_is_object(d) || !json_is_array(json_object_get(d, "findings"))) {
        json_decref(d);
        return HB_FAIL(err, HB_E_STORE,
                       "the decision of run '%.128s' is not readable: the registry is damaged; "
                       "restore a backup, or analyze the run again",
                       run_id);
    }
    hb_ledger_decision out = {0};
    hb_status status = read(d, arena, &out, err);
    json_decref(d);
    if (status == HB_OK) {
        *ret = out;
    }
    return status;
}
