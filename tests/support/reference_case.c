/* SPDX-License-Identifier: Apache-2.0 */
#include "support/reference_case.h"

#include "base/json_write.h"
#include "telemetry/run_digest.h"
#include "telemetry/set_maker.h"

#include <stdio.h>

enum { TEXT_BYTES = 128 << 20, SAMPLES = 40, LAST = 6, WITH = 8, ARENA_BYTES = 1 << 20 };

static const hb_time day = INT64_C(86400000000000);

static const char registry_yaml[] = "version: '1'\n"
                                    "metrics:\n"
                                    "  temp: {unit: K, drift_percent: 5}\n"
                                    "  resets: {invariant_max: 10}\n";

static const char mapping_yaml[] =
    "version: '1.0'\nmappings:\n  - {source_name: temp, target_name: t2, scale: 2}\n";

/* --- runs --- */

static hb_run *make_run(reference_case *c, const char *id, size_t at, const char *name, double temp)
{
    double samples[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) {
        samples[i] = temp + 0.25 * (double)(i * 7 % 11);
    }
    const test_metric metrics[] = {
        {.name = name, .unit = "K", .samples = samples, .n = SAMPLES, .series = true},
        {.name = "resets", .value = (double)(at % 3)}};
    hb_run *run = case_run(&c->k, id, metrics, 2);
    run->meta.program = "prog";
    run->meta.subsystem = "sub";
    run->meta.test_name = "test";
    run->meta.start = INT64_C(1767000000000000000) + (hb_time)at * day;
    CHECK_OK(hb_digest_of(EVIDENCE_RAW, strlen(EVIDENCE_RAW), run->inputs[0].sha256, &err));
    run->inputs[0].bytes = strlen(EVIDENCE_RAW);
    CHECK_OK(hb_run_set_digest(run, &err));
    return run;
}

void reference_case_replace(reference_case *c, size_t i, double temp)
{
    char id[8];
    snprintf(id, sizeof id, "r%zu", i);
    hb_run_free(c->runs[i]);
    c->runs[i] = make_run(c, id, i, "temp", temp);
}

static const char *policy_of(unsigned shape)
{
    if (shape & REFERENCE_APPROVED) {
        return "baseline_policy:\n  strategy: tag\n  tag: golden\n"
               "  governance:\n    require_approval: true\n";
    }
    return shape & REFERENCE_ROLLING ? "baseline_policy: {strategy: rolling, rolling_runs: 3}\n"
                                     : "baseline_policy: {strategy: tag, tag: golden}\n";
}

void reference_case_begin(reference_case *c, unsigned shape)
{
    *c = (reference_case){.shape = shape, .left_out = -1};
    evidence_case_begin(&c->e);
    case_begin(&c->k, registry_yaml, policy_of(shape));
    c->first = shape & REFERENCE_ROLLING ? 4 : 2;
    for (size_t i = 0; i < REFERENCE_RUNS; i++) {
        reference_case_replace(c, i, 300 + 0.5 * (double)(i * 5 % 7));
    }
    c->k.run = make_run(c, "now", REFERENCE_RUNS, shape & REFERENCE_MAPPED ? "t2" : "temp",
                        shape & REFERENCE_MAPPED ? 603 : 302);
}

static void unmake(reference_case *c)
{
    hb_run_set *const sets[REFERENCE_SETS] = {&c->set, &c->with, &c->early, &c->history};
    hb_equivalence_applied_release(&c->applied);
    if (c->mapping.n) {
        hb_equivalence_release(&c->mapping);
        c->mapping = (hb_equivalence_mapping){0};
    }
    for (size_t i = 0; i < REFERENCE_SETS; i++) {
        hb_run_set_release(sets[i]);
    }
    hb_run_free(c->pool);
    c->pool = NULL;
}

void reference_case_end(reference_case *c)
{
    unmake(c);
    for (size_t i = 0; i < REFERENCE_RUNS; i++) {
        hb_run_free(c->runs[i]);
    }
    case_end(&c->k);
    evidence_case_end(&c->e);
}

/* --- the reference --- */

static void make_set(reference_case *c, const char *kind, const char *version, size_t from,
                     size_t to, int left_out, hb_run_set *ret)
{
    const hb_run_set_ask ask = {
        .run = c->k.run, .registry = c->k.registry, .kind = kind, .version = version};
    size_t n = to + 1 - from - (left_out >= 0 ? 1 : 0);
    hb_set_maker *m = NULL;
    CHECK_OK(hb_set_maker_new(&ask, n, &m, &err));
    for (size_t i = to + 1; i-- > from;) {
        const hb_run *r = c->runs[i];
        if ((int)i == left_out) {
            continue;
        }
        const hb_past_run past = {.run_id = r->meta.run_id,
                                  .digest = r->digest,
                                  .status = "PASS",
                                  .start = r->meta.start,
                                  .meta = r->meta};
        hb_set_maker_run(m, --n, &past);
        for (size_t k = 0; k < r->n_metrics; k++) {
            const hb_past_figure x = hb_past_figure_of(&r->metrics[k]);
            CHECK_OK(hb_set_maker_add(m, n, &x, &err));
        }
    }
    CHECK_OK(hb_set_maker_finish(m, ret, NULL, &err));
    hb_set_maker_free(m);
}

/* docs/formats/baseline_version.md */
static void put_version(reference_case *c)
{
    hb_buf b;
    hb_json j;
    hb_buf_init(&b, 1 << 20);
    hb_json_init(&j, &b, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "context");
    hb_json_obj(&j);
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-baseline-version/1");
    hb_json_kc(&j, "parent_sha256", "");
    hb_json_kc(&j, "policy_sha256", "");
    hb_json_kc(&j, "program", "prog");
    hb_json_kc(&j, "registry_sha256", "");
    hb_json_key(&j, "run_sha256");
    hb_json_arr(&j);
    for (size_t i = c->first; i <= LAST; i++) {
        hb_json_c(&j, c->runs[i]->digest);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "subsystem", "sub");
    hb_json_kc(&j, "test_name", "test");
    hb_json_key(&j, "transforms");
    hb_json_arr(&j);
    hb_json_obj(&j);
    hb_json_kc(&j, "metric", "temp");
    hb_json_kc(&j, "transform", "log");
    hb_json_end(&j);
    hb_json_end(&j);
    hb_json_end(&j);
    CHECK_OK(hb_json_done(&j, &err));
    CHECK_OK(hb_digest_of(b.p, b.n, c->version, &err));
    evidence_case_put(&c->e, "baseline/version.json", b.p, b.n);
    hb_buf_release(&b);
}

static void make_pool(reference_case *c)
{
    const hb_run *runs[REFERENCE_RUNS];
    size_t n = 0;
    hb_reference *r = &c->reference;
    for (size_t i = c->first; i <= LAST; i++) {
        if ((int)i != c->left_out) {
            runs[n++] = c->runs[i];
        }
    }
    CHECK_OK(hb_run_pool(runs, n, &c->pool, &err));
    for (size_t i = n; i-- > 0;) {
        r->run_ids[r->n_run_ids++] = runs[i]->meta.run_id;
    }
    r->run = c->pool;
}

static void make_sets(reference_case *c)
{
    bool rolling = c->shape & REFERENCE_ROLLING;
    char name[13] = "";
    if (rolling) {
        make_set(c, "comparable", "", 2, 7, -1, &c->set);
    } else {
        put_version(c);
        snprintf(name, sizeof name, "%.12s", c->version);
        make_set(c, "version", name, c->first, LAST, c->left_out, &c->set);
        for (size_t i = 0; i < c->set.n_metrics; i++) {
            c->set.metrics[i].log = strcmp(c->set.metrics[i].name, "temp") == 0;
        }
    }
    make_set(c, "named", "", WITH, WITH, -1, &c->with);
    make_set(c, "rolling", "", 5, 7, -1, &c->early);
    make_set(c, "history", "", 0, 7, -1, &c->history);
}

void reference_case_make(reference_case *c)
{
    bool rolling = c->shape & REFERENCE_ROLLING;
    unmake(c);
    c->reference = (hb_reference){.reason = rolling ? "rolling" : "version",
                                  .strategy = rolling ? "rolling" : "tag",
                                  .tag = rolling ? "" : "golden",
                                  .level = rolling ? HB_MATCH_NONE : HB_MATCH_TAG,
                                  .warning = ""};
    make_pool(c);
    make_sets(c);
    const double *values = reference_case_values(&c->history, "temp");
    for (size_t i = 0; i < 3; i++) {
        c->frozen[i] = values[i + 1];
        c->frozen_ids[i] = c->runs[i + 1]->meta.run_id;
    }
    c->suspicion = (hb_suspicion){.metric = "temp",
                                  .direction = HB_DIRECTION_UP,
                                  .run_id = "r7",
                                  .raised = c->runs[7]->meta.start,
                                  .until = c->runs[7]->meta.start + 30 * day,
                                  .set_run_ids = c->frozen_ids,
                                  .n_set = 3,
                                  .values = c->frozen};
    c->prior = (hb_prior){
        .suspicions = &c->suspicion, .n_suspicions = 1, .history = &c->history, .early = &c->early};
    c->reference.set = &c->set;
    c->reference.with = &c->with;
    c->reference.prior = &c->prior;
    if (c->shape & REFERENCE_MAPPED) {
        char sha256[65];
        CHECK_OK(hb_digest_of(mapping_yaml, strlen(mapping_yaml), sha256, &err));
        CHECK_OK(
            hb_equivalence_parse(hb_str_of(mapping_yaml), "m.yaml", sha256, &c->mapping, &err));
        CHECK_OK(hb_equivalence_apply(&c->mapping, c->k.run, &c->reference, &c->applied, &err));
        assert_int_equal(c->reference.n_equivalences, 1);
    }
}

double *reference_case_values(const hb_run_set *s, const char *metric)
{
    const hb_past_metric *m = hb_run_set_metric(s, metric);
    assert_non_null(m);
    return (double *)(uintptr_t)m->values;
}

/* --- files --- */

void reference_case_drop_runs(reference_case *c)
{
    for (size_t i = c->e.n_files; i-- > 0;) {
        if (strncmp(c->e.files[i].path, HB_PACK_RUNS, strlen(HB_PACK_RUNS)) == 0) {
            evidence_case_drop(&c->e, c->e.files[i].path);
        }
    }
}

void reference_case_answer(reference_case *c, const char *question, hb_answer_state state,
                           const char *words, bool alone)
{
    hb_verified v;
    evidence_case_verify(&c->e, evidence_case_write(&c->e, c->e.lab), &v);
    bool found = false;
    for (size_t i = 0; i < v.n_lines; i++) {
        const hb_verify_line *l = &v.lines[i];
        bool is = strcmp(l->question, question) == 0;
        bool bad = l->state == HB_FAILS || l->state == HB_NOT_CHECKED;
        found = found || (is && l->state == state && strstr(l->text, words));
        if (bad && alone && !is) {
            fail_msg("beside %s: %s: %s", question, l->question, l->text);
        }
    }
    if (!found) {
        const char *text = "";
        hb_answer_state is = evidence_answer(&v, question, &text);
        fail_msg("%s: '%s' with '%s', expected '%s' with '%s'", question, hb_verify_state_name(is),
                 text, hb_verify_state_name(state), words);
    }
    if (alone) {
        assert_int_equal(v.holds, state != HB_FAILS && state != HB_NOT_CHECKED);
    }
    hb_verified_release(&v);
}

static void put_run(reference_case *c, const char *path, const hb_run *run)
{
    hb_buf b;
    hb_buf_init(&b, TEXT_BYTES);
    CHECK_OK(hb_run_json(run, &b, &err));
    evidence_case_put(&c->e, path, b.p, b.n);
    hb_buf_release(&b);
}

static const hb_run *run_named(const reference_case *c, const char *run_id)
{
    for (size_t i = 0; i < REFERENCE_RUNS; i++) {
        if (strcmp(c->runs[i]->meta.run_id, run_id) == 0) {
            return c->runs[i];
        }
    }
    fail_msg("no run '%s'", run_id);
    return NULL;
}

const char *reference_case_path(reference_case *c, const char *run_id)
{
    static char path[64];
    hb_arena arena;
    hb_pack_runs list;
    hb_arena_init(&arena, ARENA_BYTES);
    CHECK_OK(hb_pack_runs_of(&c->reference, &arena, &list, &err));
    path[0] = '\0';
    for (size_t i = 0; i < list.n; i++) {
        if (strcmp(list.list[i].run_id, run_id) == 0) {
            snprintf(path, sizeof path, "%s", list.list[i].path);
        }
    }
    hb_arena_release(&arena);
    assert_true(*path);
    return path;
}

static void put_runs(reference_case *c)
{
    hb_arena arena;
    hb_pack_runs list;
    hb_arena_init(&arena, ARENA_BYTES);
    CHECK_OK(hb_pack_runs_of(&c->reference, &arena, &list, &err));
    for (size_t i = 0; i < list.n; i++) {
        put_run(c, list.list[i].path, run_named(c, list.list[i].run_id));
    }
    hb_arena_release(&arena);
}

static void put_reference(reference_case *c)
{
    const hb_inputs_config config = {.registry_name = "metric_registry.yaml",
                                     .policy_name = "baseline_policy.yaml",
                                     .program = "prog",
                                     .mode = ""};
    hb_buf b;
    hb_buf_init(&b, TEXT_BYTES);
    CHECK_OK(hb_reference_json(&c->reference, &config, &b, &err));
    evidence_case_put(&c->e, "reference.json", b.p, b.n);
    hb_buf_release(&b);
}

void reference_case_files(reference_case *c)
{
    put_run(c, "run.json", c->k.run);
    put_runs(c);
    put_run(c, "baseline/run.json", c->reference.run);
    put_reference(c);
    evidence_case_puts(&c->e, "policy/metric_registry.yaml", registry_yaml);
    evidence_case_puts(&c->e, "policy/baseline_policy.yaml", policy_of(c->shape));
    if (c->shape & REFERENCE_MAPPED) {
        evidence_case_puts(&c->e, "policy/equivalence_mapping.yaml", mapping_yaml);
    }
    evidence_case_decide(&c->e);
}
