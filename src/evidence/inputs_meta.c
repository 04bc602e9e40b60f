/* SPDX-License-Identifier: Apache-2.0 */
/* Identity of a run, facts of a reference, suspicions: the same in every document that has them. */
#include "evidence/inputs_internal.h"

/* In ascending order of their names. */
static const hb_context_field contexts[HB_CONTEXT_COUNT] = {
    HB_CONTEXT_ENVIRONMENT,        HB_CONTEXT_ENVIRONMENT_FINGERPRINT,
    HB_CONTEXT_INPUT_DATA_VERSION, HB_CONTEXT_OPERATING_MODE,
    HB_CONTEXT_SCENARIO_ID,        HB_CONTEXT_SENSOR_CONFIG_ID,
};

/* --- identity --- */

void hb_meta_put(hb_json *j, const hb_run_meta *m)
{
    hb_json_obj(j);
    hb_exact_text(j, "build_id", m->build_id);
    hb_json_key(j, "context");
    hb_json_obj(j);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        hb_exact_text(j, hb_context_name(contexts[i]), m->context[contexts[i]]);
    }
    hb_json_end(j);
    hb_exact_text(j, "correlation_id", m->correlation_id);
    hb_exact_time(j, "end_ns", m->end);
    hb_json_key(j, "factors");
    hb_json_arr(j);
    for (size_t i = 0; i < m->n_factors; i++) {
        hb_json_obj(j);
        hb_exact_text(j, "name", m->factors[i].name);
        hb_exact_text(j, "value", m->factors[i].value);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_exact_text(j, "git_sha", m->git_sha);
    hb_exact_text(j, "program", m->program);
    hb_exact_text(j, "run_id", m->run_id);
    hb_exact_text(j, "schema_version", m->schema_version);
    hb_exact_text(j, "source_system", m->source_system);
    hb_exact_time(j, "start_ns", m->start);
    hb_exact_text(j, "subsystem", m->subsystem);
    hb_exact_text(j, "test_name", m->test_name);
    hb_json_end(j);
}

static void text_of(hb_strict *d, const char *key, const char **ret)
{
    hb_strict_key(d, key);
    *ret = hb_strict_text_or_null(d);
}

static void factors_get(hb_strict *d, hb_run_meta *m)
{
    hb_factor *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, n, cap)) {
        hb_factor *f = &list[n++];
        hb_strict_obj(d);
        hb_strict_key(d, "name");
        f->name = hb_strict_text(d);
        hb_strict_key(d, "value");
        f->value = hb_strict_text(d);
        hb_strict_end(d);
        if (n > HB_FACTORS_MAX) {
            hb_strict_refuse(d, "more than %d factors", HB_FACTORS_MAX);
        }
    }
    m->factors = list;
    m->n_factors = n;
}

void hb_meta_get(hb_strict *d, hb_run_meta *ret)
{
    hb_run_meta m = {.start = HB_TIME_NONE, .end = HB_TIME_NONE};
    hb_strict_obj(d);
    text_of(d, "build_id", &m.build_id);
    hb_strict_key(d, "context");
    hb_strict_obj(d);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        text_of(d, hb_context_name(contexts[i]), &m.context[contexts[i]]);
    }
    hb_strict_end(d);
    text_of(d, "correlation_id", &m.correlation_id);
    hb_strict_key(d, "end_ns");
    m.end = hb_strict_time(d);
    hb_strict_key(d, "factors");
    factors_get(d, &m);
    text_of(d, "git_sha", &m.git_sha);
    text_of(d, "program", &m.program);
    text_of(d, "run_id", &m.run_id);
    text_of(d, "schema_version", &m.schema_version);
    text_of(d, "source_system", &m.source_system);
    hb_strict_key(d, "start_ns");
    m.start = hb_strict_time(d);
    text_of(d, "subsystem", &m.subsystem);
    text_of(d, "test_name", &m.test_name);
    hb_strict_end(d);
    *ret = m;
}

/* --- facts --- */

static void ids_put(hb_json *j, const char *key, const char *const *list, size_t n)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_exact_text(j, NULL, list[i]);
    }
    hb_json_end(j);
}

void hb_facts_put(hb_json *j, const hb_reference *r)
{
    ids_put(j, "comparable", r->comparable, r->n_comparable);
    hb_json_key(j, "differs");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_differs; i++) {
        hb_json_obj(j);
        hb_exact_text(j, "baseline", r->differs[i].baseline);
        hb_json_kc(j, "field", hb_context_name(r->differs[i].field));
        hb_exact_text(j, "run", r->differs[i].run);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kc(j, "match_level", hb_match_name(r->level));
    hb_json_ku(j, "match_possible", r->possible);
    hb_json_ku(j, "match_score", r->score);
    hb_exact_text(j, "reason", r->reason);
    ids_put(j, "run_ids", r->run_ids, r->n_run_ids);
    hb_exact_text(j, "strategy", r->strategy);
    hb_exact_text(j, "tag", r->tag);
    hb_exact_text(j, "warning", r->warning);
    hb_json_kb(j, "weight_only", r->weight_only);
}

static void ids_get(hb_strict *d, const char *key, const char *list[HB_COMPARABLE_MAX],
                    size_t *ret_n)
{
    size_t n = 0;
    hb_strict_key(d, key);
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        const char *id = hb_strict_text(d);
        if (n == HB_COMPARABLE_MAX) {
            hb_strict_refuse(d, "more than %d runs", HB_COMPARABLE_MAX);
            break;
        }
        list[n++] = id;
    }
    *ret_n = n;
}

static const char *context_word(size_t i)
{
    return hb_context_name((hb_context_field)i);
}

static const char *match_word(size_t i)
{
    return hb_match_name((hb_match_level)i);
}

static void differs_get(hb_strict *d, hb_reference *r)
{
    hb_strict_key(d, "differs");
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        hb_context_diff x = {.run = ""};
        hb_strict_obj(d);
        hb_strict_key(d, "baseline");
        x.baseline = hb_strict_text(d);
        hb_strict_key(d, "field");
        x.field = (hb_context_field)hb_strict_word(d, context_word, HB_CONTEXT_COUNT);
        hb_strict_key(d, "run");
        x.run = hb_strict_text(d);
        hb_strict_end(d);
        if (r->n_differs == HB_CONTEXT_COUNT) {
            hb_strict_refuse(d, "more than %d context fields", HB_CONTEXT_COUNT);
            break;
        }
        r->differs[r->n_differs++] = x;
    }
}

void hb_facts_get(hb_strict *d, hb_reference *ret)
{
    hb_reference r = {.reason = ""};
    ids_get(d, "comparable", r.comparable, &r.n_comparable);
    differs_get(d, &r);
    hb_strict_key(d, "match_level");
    r.level = (hb_match_level)hb_strict_word(d, match_word, HB_MATCH_COUNT_);
    hb_strict_key(d, "match_possible");
    r.possible = (unsigned)hb_strict_u64(d, HB_CONTEXT_COUNT);
    hb_strict_key(d, "match_score");
    r.score = (unsigned)hb_strict_u64(d, HB_CONTEXT_COUNT);
    hb_strict_key(d, "reason");
    r.reason = hb_strict_text(d);
    ids_get(d, "run_ids", r.run_ids, &r.n_run_ids);
    hb_strict_key(d, "strategy");
    r.strategy = hb_strict_text(d);
    hb_strict_key(d, "tag");
    r.tag = hb_strict_text(d);
    hb_strict_key(d, "warning");
    r.warning = hb_strict_text(d);
    hb_strict_key(d, "weight_only");
    r.weight_only = hb_strict_bool(d);
    *ret = r;
}

/* --- suspicions --- */

void hb_suspicions_put(hb_json *j, const hb_prior *p)
{
    hb_json_arr(j);
    for (size_t i = 0; i < p->n_suspicions; i++) {
        const hb_suspicion *x = &p->suspicions[i];
        hb_json_obj(j);
        hb_json_ki(j, "direction", x->direction);
        hb_json_kb(j, "log", x->log);
        hb_exact_text(j, "metric", x->metric);
        hb_exact_time(j, "raised_ns", x->raised);
        hb_exact_text(j, "run_id", x->run_id);
        ids_put(j, "set_run_ids", x->set_run_ids, x->n_set);
        hb_exact_f64(j, "step", x->step);
        hb_exact_time(j, "until_ns", x->until);
        hb_json_key(j, "values");
        hb_json_arr(j);
        for (size_t k = 0; k < x->n_set; k++) {
            hb_exact_f64(j, NULL, x->values[k]);
        }
        hb_json_end(j);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void frozen_ids_get(hb_strict *d, hb_suspicion *x)
{
    const char **ids = NULL;
    size_t cap = 0;
    hb_strict_key(d, "set_run_ids");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, ids, x->n_set, cap)) {
        ids[x->n_set++] = hb_strict_text(d);
    }
    x->set_run_ids = ids;
}

static void frozen_values_get(hb_strict *d, hb_suspicion *x)
{
    size_t n = 0;
    hb_strict_key(d, "values");
    x->values = hb_strict_f64s(d, &n);
    if (n != x->n_set) {
        hb_strict_refuse(d, "a suspicion with %zu values of %zu runs", n, x->n_set);
    }
}

static hb_direction direction_get(hb_strict *d)
{
    int64_t v = hb_strict_i64(d);
    if (v < HB_DIRECTION_DOWN || v > HB_DIRECTION_UP) {
        hb_strict_refuse(d, "a direction that is none");
        v = 0;
    }
    return (hb_direction)v;
}

void hb_suspicions_get(hb_strict *d, const hb_suspicion **ret, size_t *ret_n)
{
    hb_suspicion *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, n, cap)) {
        hb_suspicion *x = &list[n++];
        hb_strict_obj(d);
        hb_strict_key(d, "direction");
        x->direction = direction_get(d);
        hb_strict_key(d, "log");
        x->log = hb_strict_bool(d);
        hb_strict_key(d, "metric");
        x->metric = hb_strict_text(d);
        hb_strict_key(d, "raised_ns");
        x->raised = hb_strict_time(d);
        hb_strict_key(d, "run_id");
        x->run_id = hb_strict_text(d);
        frozen_ids_get(d, x);
        hb_strict_key(d, "step");
        x->step = hb_strict_f64(d);
        hb_strict_key(d, "until_ns");
        x->until = hb_strict_time(d);
        frozen_values_get(d, x);
        hb_strict_end(d);
    }
    *ret = list;
    *ret_n = n;
}
