/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision alone costs: two runs of so many metrics are made in memory, then hb_decide is
 * called again and again on them, and the canonical JSON written.
 *
 *     bench_decide METRICS SAMPLES [RUNS]     SAMPLES a metric, 0 = stated values only; RUNS of the
 *                                             set layer 2 judges against, 0 = none
 *
 * With RUNS every metric declares a min_effect of its own, so that no power can be looked up.
 *
 * prints {"metrics": …, "samples": …, "decide_ms": the least of 51, "decide_median_ms": …, …},
 * processor time: on a machine with other work the clock would tell about that; the
 * least is what the work takes when nothing else disturbs it. */
#include "base/mem.h"
#include "base/num.h"
#include "decide/decision.h"
#include "decide/decision_json.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

#include <stdint.h>

enum { REPEATS = 51, JSON_BYTES = 256 << 20, RUNS_MAX = 30 };

static uint64_t state = 7;

static double noise(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 12; i++) {
        uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        sum += (x ^ x >> 31) >> 32;
    }
    return (double)sum * 0x1p-32 - 6;
}

typedef struct past {
    hb_run_set set;
    hb_past_run runs[RUNS_MAX];
    char (*names)[32];
    char ids[RUNS_MAX][16];
} past;

static double level_of(size_t i)
{
    return (double)(i % 90 + 10);
}

static void past_release(past *p)
{
    hb_free(p->names);
    hb_run_set_release(&p->set);
}

static hb_status make_past(size_t metrics, size_t n, past *p, hb_error *err)
{
    enum { ARENA_BYTES = 512 << 20 };
    memset(p, 0, sizeof *p);
    hb_arena_init(&p->set.arena, ARENA_BYTES);
    p->set.kind = "comparable";
    p->set.version = "";
    p->set.runs = p->runs;
    p->set.n_runs = n;
    p->set.n_metrics = metrics;
    p->set.metrics = hb_arena_array(&p->set.arena, metrics, sizeof *p->set.metrics);
    double *v = hb_arena_array(&p->set.arena, metrics * n, sizeof *v);
    p->names = hb_alloc_array(metrics, sizeof *p->names);
    if (!p->set.metrics || !v || !p->names) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(p->ids[i], sizeof p->ids[i], "run-%02zu", i);
        p->runs[i] = (hb_past_run){.run_id = p->ids[i], .digest = "", .status = "PASS"};
        hb_run_meta_init(&p->runs[i].meta);
        p->runs[i].meta.run_id = p->ids[i];
        p->runs[i].start = (hb_time)i;
    }
    for (size_t i = 0; i < metrics; i++) {
        snprintf(p->names[i], sizeof p->names[i], "metric_%05zu", i);
        p->set.metrics[i] = (hb_past_metric){
            .name = p->names[i], .unit = "degC", .values = v + i * n, .n = n, .step = 0.01};
        for (size_t k = 0; k < n; k++) {
            v[i * n + k] = level_of(i) + noise();
        }
    }
    return HB_OK;
}

static hb_status make_registry(size_t metrics, hb_registry **ret, hb_error *err)
{
    enum { YAML_BYTES = 64 << 20 };
    hb_buf yaml;
    hb_buf_init(&yaml, YAML_BYTES);
    hb_buf_c(&yaml, "defaults: {drift_spread: 3, drift_percent: 10, spread_ratio: 3}\nmetrics:\n");
    for (size_t i = 0; i < metrics; i++) {
        hb_buf_fmt(&yaml, "  metric_%05zu: {unit: degC, min_effect: %.3f}\n", i,
                   0.5 + (double)i / (double)metrics);
    }
    hb_status status = hb_buf_check(&yaml, err);
    if (status == HB_OK) {
        status =
            hb_registry_parse((hb_str){yaml.p, yaml.n}, "bench", NULL, NULL, "", NULL, ret, err);
    }
    hb_buf_release(&yaml);
    return status;
}

static double used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static hb_status add_metric(hb_run_builder *b, size_t i, size_t samples, double shift,
                            hb_error *err)
{
    enum { BLOCK = 4096 };
    char name[32];
    int n = snprintf(name, sizeof name, "metric_%05zu", i);
    uint32_t channel = 0;
    HB_TRY(hb_run_builder_channel(b, (hb_str){name, (size_t)n}, hb_str_of("degC"), 1, 1, &channel,
                                  err));
    double level = level_of(i) + shift;
    if (!samples) {
        return hb_run_builder_stated(b, channel, level + noise(), err);
    }
    for (size_t at = 0; at < samples; at += BLOCK) {
        double v[BLOCK];
        hb_time t[BLOCK];
        size_t take = samples - at < BLOCK ? samples - at : BLOCK;
        for (size_t k = 0; k < take; k++) {
            v[k] = level + noise();
            t[k] = (hb_time)(at + k) * 10000000;
        }
        HB_TRY(hb_run_builder_add(b, channel, v, t, take, err));
    }
    return HB_OK;
}

static hb_status make_run(const hb_registry *registry, hb_units *units, const char *id, size_t n,
                          size_t samples, hb_run **ret, hb_error *err)
{
    hb_run_builder *b = NULL;
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    meta.run_id = id;
    HB_TRY(hb_run_builder_new(registry, units, &b, err));
    hb_status status = hb_run_builder_file(b, "bench", "csv", "wide", err);
    for (size_t i = 0; status == HB_OK && i < n; i++) {
        /* every tenth metric has moved, so that there is something to say */
        status = add_metric(b, i, samples, *id == 'r' && i % 10 == 0 ? 5 : 0, err);
    }
    if (status == HB_OK) {
        status = hb_run_builder_finish(b, &meta, ret, err);
    }
    hb_run_builder_free(b);
    return status;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static hb_status measure(const hb_run *run, const hb_reference *reference,
                         const hb_registry *registry, size_t samples, hb_error *err)
{
    double decide_ms[REPEATS];
    double json_ms[REPEATS];
    size_t findings = 0;
    size_t bytes = 0;
    size_t tested = 0;
    hb_policy policy;
    hb_policy_builtin(&policy);
    for (size_t i = 0; i < REPEATS; i++) {
        hb_decision *d = NULL;
        hb_buf json;
        hb_buf_init(&json, JSON_BYTES);
        double start = used_ms();
        HB_TRY(hb_decide(run, reference, registry, &policy, &d, err));
        double decided = used_ms();
        hb_status status = hb_decision_json(d, &json, err);
        decide_ms[i] = decided - start;
        json_ms[i] = used_ms() - decided;
        findings = d->n_findings;
        tested = d->statistics.n_tested;
        bytes = json.n;
        hb_buf_release(&json);
        hb_decision_free(d);
        HB_TRY(status);
    }
    qsort(decide_ms, REPEATS, sizeof *decide_ms, ascending);
    qsort(json_ms, REPEATS, sizeof *json_ms, ascending);
    printf("{\"metrics\": %zu, \"samples\": %zu, \"tested\": %zu, \"decide_ms\": %.3f, "
           "\"decide_median_ms\": %.3f, "
           "\"json_ms\": %.3f, \"findings\": %zu, \"json_bytes\": %zu}\n",
           run->n_metrics, samples, tested, decide_ms[0], decide_ms[REPEATS / 2], json_ms[0],
           findings, bytes);
    hb_policy_release(&policy);
    return HB_OK;
}

static hb_status bench(size_t metrics, size_t samples, size_t runs, hb_error *err)
{
    past before = {0};
    hb_registry *registry = NULL;
    hb_units *units = NULL;
    hb_run *baseline = NULL;
    hb_run *run = NULL;
    hb_status status =
        runs ? make_registry(metrics, &registry, err) : hb_registry_builtin(&registry, err);
    if (status == HB_OK && runs) {
        status = make_past(metrics, runs, &before, err);
    }
    if (status == HB_OK) {
        status = hb_units_open(&units, err);
    }
    if (status == HB_OK) {
        status = make_run(registry, units, "baseline", metrics, samples, &baseline, err);
    }
    if (status == HB_OK) {
        status = make_run(registry, units, "run", metrics, samples, &run, err);
    }
    if (status == HB_OK) {
        hb_reference reference = {.run = baseline,
                                  .reason = "files",
                                  .strategy = "files",
                                  .tag = "",
                                  .level = HB_MATCH_FILES,
                                  .warning = "",
                                  .run_ids = {"baseline"},
                                  .n_run_ids = 1,
                                  .comparable = {"baseline"},
                                  .n_comparable = 1,
                                  .set = runs ? &before.set : NULL};
        status = measure(run, &reference, registry, samples, err);
    }
    hb_run_free(run);
    hb_run_free(baseline);
    past_release(&before);
    hb_units_close(units);
    hb_registry_free(registry);
    return status;
}

int main(int argc, char **argv)
{
    uint64_t metrics = 0;
    uint64_t samples = 0;
    uint64_t runs = 0;
    if (argc < 3 || argc > 4 || !hb_num_parse_u64(argv[1], strlen(argv[1]), &metrics) ||
        !hb_num_parse_u64(argv[2], strlen(argv[2]), &samples) || metrics < 1 ||
        metrics > HB_RUN_MAX_METRICS ||
        (argc == 4 && !hb_num_parse_u64(argv[3], strlen(argv[3]), &runs)) || runs > RUNS_MAX) {
        fputs("usage: bench_decide METRICS SAMPLES [RUNS]\n", stderr);
        return 2;
    }
    hb_error err = {0};
    if (bench((size_t)metrics, (size_t)samples, (size_t)runs, &err) != HB_OK) {
        fprintf(stderr, "bench_decide: %s\n", err.msg);
        return 1;
    }
    return 0;
}
