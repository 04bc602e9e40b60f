/* SPDX-License-Identifier: Apache-2.0 */
/* What a pack's inputs hold is read as it was written, bit for bit, and nothing else is read. That
 * the same decision follows is asked of every decision of the tests of decide/ (inputs_case.h). */
#include "support/check.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/inputs_case.h"
#include "support/stats_case.h"
#include "support/temp_dir.h"

#include "decide/decision_json.h"
#include "evidence/basis.h"
#include "evidence/inputs.h"
#include "telemetry/equivalence.h"
#include "telemetry/reference.h"
#include "telemetry/run_digest.h"

#include <math.h>
#include <stdio.h>

static hb_str text_of(const hb_buf *b)
{
    return (hb_str){b->p, b->n};
}

/* Bits of both kinds of NaN that processors make, and everything a figure can be. */
static hb_run *odd_run(void)
{
    static const double odd[] = {-0.0, 0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e21};
    hb_run *r = fake_run_full("run-1");
    hb_metric *m = &r->metrics[0];
    uint64_t bits = UINT64_C(0xfff8000000000000);
    memcpy(&m->profile.moments.m2, &bits, sizeof bits);
    bits = UINT64_C(0x7ff0000000000001);
    memcpy(&m->profile.moments.lag_x, &bits, sizeof bits);
    m->profile.moments.lag_y = NAN;
    m->profile.moments.shift = -INFINITY;
    for (size_t i = 0; i < sizeof odd / sizeof *odd && i < r->n_metrics; i++) {
        r->metrics[i].value = odd[i];
        r->metrics[i].profile.n_inf = UINT64_MAX - i;
        r->metrics[i].profile.sustained_low_at = (UINT64_C(1) << 53) + i;
    }
    r->meta.program = fake_run_text(r, "a\"b\\c\n\x01 \xc3\xa4");
    r->inputs[0].name = fake_run_text(r, "no utf-8 \xff.csv");
    CHECK_OK(hb_run_set_digest(r, &err));
    return r;
}

static void run_json__gives_every_field_back_bit_for_bit(void **state)
{
    (void)state;
    hb_run *r = odd_run();
    hb_run *got = NULL;
    hb_buf text;
    hb_buf again;
    hb_buf_init(&text, 64 << 20);
    hb_buf_init(&again, 64 << 20);
    CHECK_OK(hb_run_json(r, &text, &err));
    CHECK_OK(hb_run_from_json(text_of(&text), "run.json", &got, NULL, &err));
    fake_run_check_equal(r, got);
    for (size_t i = 0; i < r->n_metrics; i++) {
        assert_memory_equal(&r->metrics[i].profile.moments, &got->metrics[i].profile.moments,
                            sizeof r->metrics[i].profile.moments);
    }
    CHECK_OK(hb_run_json(got, &again, &err));
    assert_string_equal(text.p, again.p);
    hb_run_free(got);
    hb_run_free(r);
    hb_buf_release(&text);
    hb_buf_release(&again);
}

/* Replaces the first `from` in a copy of the text. */
static void changed(const hb_buf *text, const char *from, const char *to, hb_buf *out)
{
    const char *at = strstr(text->p, from);
    assert_non_null(at);
    hb_buf_clear(out);
    hb_buf_add(out, text->p, (size_t)(at - text->p));
    hb_buf_c(out, to);
    hb_buf_c(out, at + strlen(from));
}

static void run_json__is_read_in_its_one_form_only(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *says;
    } cases[] = {
        {"{\"content_sha256\"", "{ \"content_sha256\"", "expected member 'content_sha256'"},
        {"\"format\":\"hb-run/1\"", "\"format\":\"hb-run/2\"", "expected format"},
        {"\"format\":\"hb-run/1\",", "", "expected member 'format'"},
        {"\"metrics\":", "\"metriks\":", "expected member 'metrics'"},
        {"\"declared\":true", "\"declared\":1", "true or false"},
        {"\"start_ns\":\"1767323045000000000\"", "\"start_ns\":1767323045000000000",
         "a whole number"},
        {"\"start_ns\":\"1767323045000000000\"", "\"start_ns\":\"01767323045000000000\"",
         "a whole number"},
        {"\"start_ns\":\"1767323045000000000\"", "\"start_ns\":\"-9223372036854775808\"",
         "a time that is none"},
        {"\"bytes\":", "\"bytes\":-", "a whole number in range"},
        {"\"warnings\":[", "\"warnings\":[,", "a text"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":\"s\\u0075b\"", "not the canonical one"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":\"s\\/b\"", "not the canonical one"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":\"s\tb\"", "a control character"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":\"s\xff\"", "no UTF-8"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":null", "an identity that is not complete"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":{\"base64\":\"c3Vi\"}", "that needs none"},
        {"\"subsystem\":\"sub\"", "\"subsystem\":\"sup\"", "have the digest"},
        {"\"sketch\":\"", "\"sketch\":\"AAAA", "sketch"},
        {"\"NaN:fff8000000000000\"", "\"NaN:7ff8000000000000\"", "is no figure"},
        {"\"NaN:fff8000000000000\"", "\"NaN:fff0000000000000\"", "is no figure"},
        {"\"-0\"", "-0", "shortest form"},
        {"\"value\":0.1}", "\"value\":0.10}", "shortest form"},
    };
    hb_run *r = odd_run();
    hb_run *got = NULL;
    hb_buf text;
    hb_buf bad;
    hb_buf_init(&text, 64 << 20);
    hb_buf_init(&bad, 64 << 20);
    CHECK_OK(hb_run_json(r, &text, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        changed(&text, cases[i].from, cases[i].to, &bad);
        CHECK_ERROR(hb_run_from_json(text_of(&bad), "run.json", &got, NULL, &err), HB_E_EVIDENCE,
                    cases[i].says);
    }
    for (size_t n = 0; n < text.n; n += 1 + text.n / 300) { /* cut off anywhere */
        assert_true(hb_run_from_json((hb_str){text.p, n}, "run.json", &got, NULL, NULL) ==
                    HB_E_EVIDENCE);
    }
    hb_buf_c(&text, "\n");
    CHECK_ERROR(hb_run_from_json(text_of(&text), "run.json", &got, NULL, &err), HB_E_EVIDENCE,
                "the document's end");
    assert_null(got);
    hb_run_free(r);
    hb_buf_release(&text);
    hb_buf_release(&bad);
}

static void run_json__takes_twenty_thousand_metrics(void **state)
{
    (void)state;
    enum { N = 20000, SAMPLES = 40 };
    double v[SAMPLES];
    hb_run *r = fake_run("wide");
    hb_run *got = NULL;
    hb_buf text;
    hb_buf_init(&text, HB_RUN_JSON_MAX);
    stats_seed(1);
    r->own_metrics = hb_alloc_zero(N * sizeof *r->own_metrics);
    r->metrics = r->own_metrics;
    for (size_t i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%05zu", i);
        for (size_t k = 0; k < SAMPLES; k++) {
            v[k] = stats_normal();
        }
        hb_metric *m = &r->metrics[r->n_metrics++];
        *m = (hb_metric){.name = fake_run_text(r, name),
                         .raw_name = "raw",
                         .unit = "",
                         .raw_unit = "",
                         .has_value = true,
                         .value = v[0]};
        hb_profile_init(&m->profile, 3);
        CHECK_OK(hb_profile_add(&m->profile, v, NULL, SAMPLES, &err));
        CHECK_OK(hb_profile_finish(&m->profile, &err));
    }
    CHECK_OK(hb_run_set_digest(r, &err));
    CHECK_OK(hb_run_json(r, &text, &err));
    CHECK_OK(hb_run_from_json(text_of(&text), "run.json", &got, NULL, &err));
    assert_int_equal(got->n_metrics, N);
    assert_string_equal(got->digest, r->digest);
    hb_run_free(got);
    hb_run_free(r);
    hb_buf_release(&text);
}

/* --- a pack --- */

typedef struct scene {
    hb_run *run;
    hb_run *baseline;
    hb_run_set *set;
    hb_registry *registry;
    hb_policy policy;
    hb_reference reference;
    hb_prior prior;
    hb_str registry_text;
    hb_str policy_text;
    hb_inputs_config config;
} scene;

static const char *const metric_names[] = {"a", "b"};

static void hex_digests(hb_run_set *s)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        char text[65];
        snprintf(text, sizeof text, "%064zx", i + 17);
        s->runs[i].digest = hb_arena_str(&s->arena, hb_str_of(text));
        assert_non_null(s->runs[i].digest);
    }
    CHECK_OK(hb_run_set_digest_of(s, s->digest, &err));
}

static void scene_begin(scene *s)
{
    char digest[65];
    *s = (scene){.registry_text =
                     HB_STR("version: '7'\nmetrics:\n  a: {unit: ms, drift_percent: 5}\n"
                            "programs:\n  prog: {metrics: {a: {drift_percent: 1}}}\n"),
                 .policy_text = HB_STR("strategy: last_pass\nfallback: latest\n")};
    s->run = fake_run("run-1");
    fake_run_value(s->run, "a", "ms", 10.2);
    fake_run_value(s->run, "b", "", 4);
    s->baseline = fake_run("run-0");
    fake_run_value(s->baseline, "a", "ms", 10);
    fake_run_value(s->baseline, "b", "", 4);
    fake_run_done(s->run);
    fake_run_done(s->baseline);
    CHECK_OK(hb_run_set_digest(s->run, &err));
    CHECK_OK(hb_run_set_digest(s->baseline, &err));
    s->set = fake_past(12, metric_names, 2);
    for (size_t i = 0; i < 12; i++) {
        fake_past_values(s->set, "a")[i] = 10 + 0.01 * (double)(i % 3);
        fake_past_values(s->set, "b")[i] = i == 4 ? NAN : 4 + 0.1 * (double)(i % 4);
    }
    fake_past_done(s->set);
    hex_digests(s->set);
    CHECK_OK(hb_digest_of(s->registry_text.p, s->registry_text.n, digest, &err));
    CHECK_OK(hb_registry_parse(s->registry_text, "reg.yaml", "prog", "", digest, NULL, &s->registry,
                               &err));
    CHECK_OK(hb_digest_of(s->policy_text.p, s->policy_text.n, digest, &err));
    CHECK_OK(hb_policy_parse(s->policy_text, "pol.yaml", digest, &s->policy, &err));
    s->prior = (hb_prior){.history = s->set};
    s->reference = (hb_reference){.run = s->baseline,
                                  .reason = "last_pass",
                                  .strategy = "last_pass",
                                  .tag = "",
                                  .level = HB_MATCH_HIGH,
                                  .warning = "",
                                  .run_ids = {"run-0"},
                                  .n_run_ids = 1,
                                  .set = s->set,
                                  .prior = &s->prior};
    s->config = (hb_inputs_config){.registry_text = &s->registry_text,
                                   .policy_text = &s->policy_text,
                                   .registry_name = "reg.yaml",
                                   .policy_name = "pol.yaml",
                                   .program = "prog",
                                   .mode = ""};
}

static void scene_end(scene *s)
{
    hb_policy_release(&s->policy);
    hb_registry_free(s->registry);
    fake_past_free(s->set);
    hb_run_free(s->run);
    hb_run_free(s->baseline);
}

static void scene_json(const scene *s, hb_buf *out)
{
    hb_decision *d = NULL;
    CHECK_OK(hb_decide(s->run, &s->reference, s->registry, &s->policy, &d, &err));
    CHECK_OK(hb_decision_json(d, out, &err));
    hb_decision_free(d);
}

static hb_status pack_of(const scene *s, const char *path, hb_error *err)
{
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    HB_TRY(hb_pack_create(hb_os_real(), path, HB_PACK_FOLDER, &w, err));
    hb_status status = hb_inputs_put(w, s->run, &s->reference, &s->config, NULL, NULL, err);
    if (status == HB_OK) {
        status = hb_pack_put_manifest(w, "case-1", &manifest, err);
    }
    if (status == HB_OK) {
        status = hb_pack_finish(w, err);
    }
    hb_pack_writer_free(w);
    return status;
}

static hb_status decide_from(const char *path, hb_buf *json, hb_error *err)
{
    hb_pack_reader *r = NULL;
    hb_inputs in;
    hb_decision *d = NULL;
    HB_TRY(hb_pack_open(hb_os_real(), path, &r, err));
    hb_status status = hb_inputs_read(r, &in, err);
    if (status == HB_OK) {
        status = hb_inputs_decide(&in, &d, json, err);
        hb_decision_free(d);
        hb_inputs_release(&in);
    }
    hb_pack_close(r);
    return status;
}

static void check_pack(const scene *s)
{
    hb_buf want;
    hb_buf got;
    hb_buf_init(&want, 16 << 20);
    hb_buf_init(&got, 16 << 20);
    temp_dir_new();
    const char *path = temp_path("pack");
    scene_json(s, &want);
    CHECK_OK(pack_of(s, path, &err));
    CHECK_OK(decide_from(path, &got, &err));
    assert_string_equal(want.p, got.p);
    temp_dir_remove();
    hb_buf_release(&want);
    hb_buf_release(&got);
}

static void inputs__decide_the_same_from_a_pack(void **state)
{
    (void)state;
    scene s;
    scene_begin(&s);
    check_pack(&s);
    s.reference.run = NULL; /* without a baseline, under built-in rules */
    s.reference.reason = "no_pass";
    s.reference.n_run_ids = 0;
    s.reference.set = NULL;
    s.reference.prior = NULL;
    hb_registry_free(s.registry);
    hb_policy_release(&s.policy);
    CHECK_OK(hb_registry_builtin(&s.registry, &err));
    hb_policy_builtin(&s.policy);
    s.config = (hb_inputs_config){
        .registry_name = "built-in", .policy_name = "built-in", .program = "", .mode = ""};
    check_pack(&s);
    scene_end(&s);
}

static void inputs__decide_the_same_from_a_converted_baseline(void **state)
{
    (void)state;
    scene s;
    hb_equivalence_mapping m;
    hb_equivalence_applied applied;
    scene_begin(&s);
    s.baseline->metrics[0].name = fake_run_text(s.baseline, "a_of_maker");
    s.baseline->metrics[0].value = 20;
    CHECK_OK(hb_run_set_digest(s.baseline, &err));
    CHECK_OK(
        hb_equivalence_parse(HB_STR("version: '1'\nmappings:\n"
                                    "  - {source_name: a_of_maker, target_name: a, scale: 0.5}\n"),
                             "map", "00", &m, &err));
    CHECK_OK(hb_equivalence_apply(&m, s.run, &s.reference, &applied, &err));
    assert_int_equal(s.reference.n_equivalences, 1);
    check_pack(&s);
    /* The figures of a baseline that nobody converted must be those of its digest. */
    s.reference.n_equivalences = 0;
    s.reference.equivalence_digest = NULL;
    temp_dir_new();
    const char *path = temp_path("pack");
    hb_buf json;
    hb_buf_init(&json, 1 << 20);
    CHECK_OK(pack_of(&s, path, &err));
    CHECK_ERROR(decide_from(path, &json, &err), HB_E_EVIDENCE, "tells of no conversion");
    hb_buf_release(&json);
    temp_dir_remove();
    hb_equivalence_applied_release(&applied);
    hb_equivalence_release(&m);
    scene_end(&s);
}

static void reference_json__holds_sets_and_runs_against_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *says;
    } cases[] = {
        {"\"runs\":[{\"digest\":\"0000000000000000000000000000000000000000000000000000000000000011",
         "\"runs\":[{\"digest\":\"0000000000000000000000000000000000000000000000000000000000000012",
         "its runs give"},
        {"\"values\":[10,", "\"values\":[10,10,", "not one figure a run"},
        {"\"name\":\"b\"", "\"name\":\"a\"", "not in the order"},
        {"\"field\":", "\"feld\":", "member 'field'"},
        {"\"match_level\":\"HIGH\"", "\"match_level\":\"HIGHER\"", "is not known here"},
        {"\"match_score\":0", "\"match_score\":7", "in range"},
        {"\"equivalence_sha256\":null", "\"equivalence_sha256\":\"ab\"", "belong together"},
        {"\"direction\":1", "\"direction\":2", "a direction that is none"},
        {"\"set_run_ids\":[\"x\"]", "\"set_run_ids\":[]", "1 values of 0 runs"},
        {"\"run_ids\":[\"run-0\"]", "\"run_ids\":[\"run-0\",]", "a text"},
    };
    scene s;
    scene_begin(&s);
    static const char *frozen[] = {"x"};
    static const double values[] = {1};
    const hb_suspicion suspicion = {.metric = "a",
                                    .direction = HB_DIRECTION_UP,
                                    .run_id = "y",
                                    .raised = 1,
                                    .until = HB_TIME_NONE,
                                    .set_run_ids = frozen,
                                    .n_set = 1,
                                    .values = values};
    s.prior.suspicions = &suspicion;
    s.prior.n_suspicions = 1;
    s.reference.differs[0] = (hb_context_diff){.run = "p", .baseline = "q"};
    s.reference.n_differs = 1;
    hb_reference_read *got = NULL;
    hb_buf text;
    hb_buf bad;
    hb_buf_init(&text, 16 << 20);
    hb_buf_init(&bad, 16 << 20);
    CHECK_OK(hb_reference_json(&s.reference, &s.config, &text, &err));
    CHECK_OK(hb_reference_from_json(text_of(&text), "ref", s.run, s.baseline, &got, &err));
    hb_reference_read_free(got);
    got = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        changed(&text, cases[i].from, cases[i].to, &bad);
        CHECK_ERROR(hb_reference_from_json(text_of(&bad), "ref", s.run, s.baseline, &got, &err),
                    HB_E_EVIDENCE, cases[i].says);
    }
    CHECK_ERROR(hb_reference_from_json(text_of(&text), "ref", s.run, s.run, &got, &err),
                HB_E_EVIDENCE, "it names the baseline");
    CHECK_ERROR(hb_reference_from_json(text_of(&text), "ref", s.run, NULL, &got, &err),
                HB_E_EVIDENCE, "there is none");
    assert_null(got);
    hb_buf_release(&text);
    hb_buf_release(&bad);
    scene_end(&s);
}

/* The runs a pool is made of are freed before it, and their factors with them. */
static void pool__has_all_its_texts_itself(void **state)
{
    (void)state;
    hb_run *runs[2];
    hb_run *pool = NULL;
    hb_run *got = NULL;
    hb_buf text;
    hb_buf_init(&text, 64 << 20);
    for (size_t i = 0; i < 2; i++) {
        runs[i] = fake_run_full(i ? "b" : "a");
        hb_factor *f = hb_arena_array(&runs[i]->arena, 1, sizeof *f);
        assert_non_null(f);
        *f = (hb_factor){.name = fake_run_text(runs[i], "rig"),
                         .value = fake_run_text(runs[i], "A")};
        runs[i]->meta.factors = f;
        runs[i]->meta.n_factors = 1;
    }
    CHECK_OK(hb_run_pool((const hb_run *const *)runs, 2, &pool, &err));
    hb_run_free(runs[0]);
    hb_run_free(runs[1]);
    CHECK_OK(hb_run_json(pool, &text, &err));
    CHECK_OK(hb_run_from_json(text_of(&text), "baseline/run.json", &got, NULL, &err));
    assert_string_equal(got->meta.factors[0].value, "A");
    hb_run_free(got);
    hb_run_free(pool);
    hb_buf_release(&text);
}

/* --- memory that fails --- */

static scene fault_scene;

static hb_status write_and_read(void)
{
    hb_error err = {0};
    const scene *s = &fault_scene;
    hb_buf text;
    hb_run *run = NULL;
    hb_reference_read *r = NULL;
    hb_buf_init(&text, 16 << 20);
    hb_status status = hb_run_json(s->run, &text, &err);
    if (status == HB_OK) {
        status = hb_run_from_json(text_of(&text), "run", &run, NULL, &err);
    }
    hb_buf_clear(&text);
    if (status == HB_OK) {
        status = hb_reference_json(&s->reference, &s->config, &text, &err);
    }
    if (status == HB_OK) {
        status = hb_reference_from_json(text_of(&text), "ref", run, s->baseline, &r, &err);
    }
    hb_reference_read_free(r);
    hb_run_free(run);
    hb_buf_release(&text);
    return status;
}

static hb_status basis_and_back(void)
{
    hb_error err = {0};
    const scene *s = &fault_scene;
    hb_decision *d = NULL;
    hb_basis b;
    hb_arena arena;
    hb_buf text;
    hb_arena_init(&arena, 16 << 20);
    hb_buf_init(&text, 16 << 20);
    hb_status status = hb_decide(s->run, &s->reference, s->registry, &s->policy, &d, &err);
    if (status == HB_OK) {
        status = hb_basis_json(d, &text, &err);
    }
    if (status == HB_OK) {
        status = hb_basis_read(text_of(&text), &arena, &b, &err);
    }
    hb_decision_free(d);
    hb_buf_release(&text);
    hb_arena_release(&arena);
    return status;
}

static void inputs__survive_every_failing_allocation(void **state)
{
    (void)state;
    scene_begin(&fault_scene);
    fault_loop(write_and_read);
    fault_loop(basis_and_back);
    scene_end(&fault_scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_json__gives_every_field_back_bit_for_bit),
        cmocka_unit_test(run_json__is_read_in_its_one_form_only),
        cmocka_unit_test(run_json__takes_twenty_thousand_metrics),
        cmocka_unit_test(inputs__decide_the_same_from_a_pack),
        cmocka_unit_test(inputs__decide_the_same_from_a_converted_baseline),
        cmocka_unit_test(reference_json__holds_sets_and_runs_against_each_other),
        cmocka_unit_test(pool__has_all_its_texts_itself),
        cmocka_unit_test(inputs__survive_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
