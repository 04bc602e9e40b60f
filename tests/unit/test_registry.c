/* SPDX-License-Identifier: Apache-2.0 */
#include "config/embedded.h"
#include "os/file.h"
#include "support/check.h"
#include "support/text_case.h"
#include "telemetry/names.h"
#include "telemetry/registry_fields.h"
#include "telemetry/registry_internal.h"

#include <stdio.h>
#include <stdlib.h>

static hb_units *units;

static hb_status parse(const char *text, const char *program, const char *mode, hb_registry **ret,
                       hb_error *err)
{
    return hb_registry_parse(hb_str_of(text), "r.yaml", program, mode, "abc", units, ret, err);
}

/* The lines of a metric, or those of them whose key `only` names. */
static void check_metric(const text_case *c, const hb_registry *r)
{
    hb_buf all;
    hb_buf kept;
    const char *only = text_case_key(c, "only");
    const hb_metric_def *def = hb_registry_find(r, hb_str_of(text_case_key(c, "def")));
    assert_non_null(def);
    hb_buf_init(&all, 10000);
    hb_buf_init(&kept, 10000);
    hb_fields_print(hb_metric_fields, def, 0, &all);
    for (const char *line = all.p; *line; line += strcspn(line, "\n") + 1) {
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(line, ":"), line);
        if (!only || strstr(only, key)) {
            hb_buf_add(&kept, line, strcspn(line, "\n"));
            hb_buf_c(&kept, "|");
        }
    }
    assert_string_equal(kept.p, text_case_key(c, "print"));
    hb_buf_release(&kept);
    hb_buf_release(&all);
}

static void check(const text_case *c)
{
    hb_registry *r = NULL;
    hb_error err = {0};
    hb_status status =
        hb_registry_parse(c->text, "r.yaml", text_case_key(c, "program"), text_case_key(c, "mode"),
                          "abc", text_case_key(c, "units") ? units : NULL, &r, &err);
    text_case_expect(c, status, &err);
    assert_true((status == HB_OK) == (r != NULL));
    if (text_case_key(c, "def")) {
        check_metric(c, r);
    }
    hb_registry_free(r);
}

static void registry__accepts_and_refuses_as_stated(void **state)
{
    (void)state;
    assert_true(text_cases("config/registry.case", check) >= 90);
}

static void expect_name(const hb_registry *r, const char *raw, const char *canonical)
{
    const hb_metric_def *d = hb_registry_resolve(r, hb_str_of(raw));
    if (!d || strcmp(d->name, canonical) != 0) {
        fail_msg("'%s' is %s, expected %s", raw, d ? d->name : "nothing", canonical);
    }
}

static void expect_no_name(const hb_registry *r, const char *raw)
{
    const hb_metric_def *d = hb_registry_resolve(r, hb_str_of(raw));
    if (d) {
        fail_msg("'%s' is %s, expected nothing", raw, d->name);
    }
}

static void registry__resolves_names(void **state)
{
    (void)state;
    hb_registry *r = NULL;
    CHECK_OK(parse("metrics:\n"
                   "  avg_latency_ms: {aliases: [Average Latency (ms), lat, '温度']}\n"
                   "  delay_µs: {aliases: [delay]}\n"
                   "  lat_s:\n",
                   NULL, NULL, &r, &err));
    expect_name(r, "avg_latency_ms", "avg_latency_ms");
    expect_name(r, "AVG Latency-MS", "avg_latency_ms");
    expect_name(r, "average latency ms", "avg_latency_ms");
    expect_name(r, "LAT", "avg_latency_ms");
    expect_name(r, "温度", "avg_latency_ms");
    expect_name(r, "delay_μs", "delay_µs"); /* the Greek letter */
    expect_no_name(r, "delay_us");
    expect_no_name(r, "delay_s");
    expect_name(r, "lat s", "lat_s");
    expect_no_name(r, "µ");
    expect_no_name(r, "");
    expect_no_name(r, "--");
    char longest[HB_NAME_MAX_BYTES + 2];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    expect_no_name(r, longest);
    assert_null(hb_registry_find(r, HB_STR("AVG_LATENCY_MS")));
    assert_non_null(hb_registry_find(r, HB_STR("avg_latency_ms")));
    hb_registry_free(r);
}

static void registry__finds_factors_as_written(void **state)
{
    (void)state;
    hb_registry *r = NULL;
    double f = 0;
    CHECK_OK(parse("metrics: {x: {unit: ms, unit_map: {us: 0.001, μs: 0.002, S: 3, tick: -4}}}",
                   NULL, NULL, &r, &err));
    const hb_metric_def *d = hb_registry_at(r, 0);
    assert_true(hb_metric_def_factor(d, "us", &f) && f == 0.001);
    assert_true(hb_metric_def_factor(d, "  µs\xc2\xa0", &f) && f == 0.002);
    assert_true(hb_metric_def_factor(d, "tick", &f) && f == -4);
    assert_true(hb_metric_def_factor(d, "S", &f) && f == 3);
    f = 7;
    assert_false(hb_metric_def_factor(d, "s", &f));
    assert_false(hb_metric_def_factor(d, "ms", &f));
    assert_false(hb_metric_def_factor(d, "", &f));
    assert_true(f == 7);
    hb_registry_free(r);
}

static void registry__knows_where_metrics_are_declared(void **state)
{
    (void)state;
    hb_registry *r = NULL;
    CHECK_OK(parse("version: 2\nmetrics:\n  z:\n  a: {drift_percent: 5}\n", NULL, NULL, &r, &err));
    assert_string_equal(hb_registry_name(r), "r.yaml");
    assert_string_equal(hb_registry_digest(r), "abc");
    assert_string_equal(hb_registry_version(r), "2");
    assert_int_equal(hb_registry_count(r), 2);
    const hb_metric_def *a = hb_registry_at(r, 0);
    assert_string_equal(a->name, "a");
    assert_true(a->declared && a->line == 4 && a->col == 3);
    assert_true(a->reduce == HB_REDUCE_MEDIAN && !a->reduce_set);
    assert_string_equal(a->unit, "");
    assert_string_equal(a->description, "");
    assert_false(hb_registry_defaults(r)->drift_percent.set);
    hb_registry_free(r);
}

static void registry__keeps_a_declared_reduce_apart_from_none(void **state)
{
    (void)state;
    hb_registry *r = NULL;
    CHECK_OK(parse("metrics: {a: {reduce: median}, b: }\nprograms: {p: {metrics: {b: {reduce: "
                   "last}}}}",
                   "p", NULL, &r, &err));
    assert_true(hb_registry_at(r, 0)->reduce_set);
    assert_true(hb_registry_at(r, 1)->reduce_set);
    assert_true(hb_registry_at(r, 1)->reduce == HB_REDUCE_LAST);
    hb_registry_free(r);
}

static void expect_same(const hb_registry *a, const hb_registry *b)
{
    hb_buf x;
    hb_buf y;
    hb_buf_init(&x, 1 << 20);
    hb_buf_init(&y, 1 << 20);
    hb_fields_print(hb_default_fields, hb_registry_defaults(a), 0, &x);
    hb_fields_print(hb_default_fields, hb_registry_defaults(b), 0, &y);
    assert_int_equal(hb_registry_count(a), hb_registry_count(b));
    for (size_t i = 0; i < hb_registry_count(a); i++) {
        assert_string_equal(hb_registry_at(a, i)->name, hb_registry_at(b, i)->name);
        hb_fields_print(hb_metric_fields, hb_registry_at(a, i), 0, &x);
        hb_fields_print(hb_metric_fields, hb_registry_at(b, i), 0, &y);
    }
    assert_string_equal(x.p, y.p);
    hb_buf_release(&x);
    hb_buf_release(&y);
}

static void registry__prints_what_is_in_force(void **state)
{
    (void)state;
    hb_registry *r = NULL;
    hb_registry *again = NULL;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    CHECK_OK(parse("defaults: {drift_spread: 3}\n"
                   "metrics:\n"
                   "  y: {unit: ms, unit_map: {'a b': 2}, aliases: ['yes', 'q\"']}\n"
                   "  '1 x': {events: {k: 'true', n: 5}}\n"
                   "programs: {p: {metrics: {y: {drift_percent: 5}}}}\n"
                   "mode_overrides: {'m m': {metrics: {y: {reduce: p99}}}}\n",
                   "p", "m m", &r, &err));
    hb_registry_yaml(r, &b);
    assert_string_equal(b.p, "# metric registry r.yaml, SHA-256 abc\n"
                             "# overrides of program p\n"
                             "# overrides of mode m m\n"
                             "version: \"1.0\"\n"
                             "defaults:\n"
                             "  drift_spread: 3\n"
                             "metrics:\n"
                             "  \"1 x\": # line 4\n"
                             "    direction: both\n"
                             "    transform: none\n"
                             "    zero_baseline: any_change\n"
                             "    critical: false\n"
                             "    events: {k: \"true\", \"n\": \"5\"}\n"
                             "  \"y\": # line 3\n"
                             "    aliases: [\"yes\", \"q\\\"\"]\n"
                             "    unit: ms\n"
                             "    unit_map: {a b: 2}\n"
                             "    reduce: p99\n"
                             "    drift_percent: 5\n"
                             "    direction: both\n"
                             "    transform: none\n"
                             "    zero_baseline: any_change\n"
                             "    critical: false\n");
    CHECK_OK(parse(b.p, NULL, NULL, &again, &err));
    expect_same(r, again);
    hb_registry_free(again);
    hb_registry_free(r);
    hb_buf_release(&b);
}

static void registry__builtin_is_the_starter_without_its_example(void **state)
{
    (void)state;
    hb_registry *builtin = NULL;
    hb_registry *starter = NULL;
    const hb_embedded *f = hb_embedded_find("metric_registry.yaml");
    CHECK_OK(hb_registry_builtin(&builtin, &err));
    CHECK_OK(parse(f->data, NULL, NULL, &starter, &err));
    assert_int_equal(hb_registry_count(builtin), 0);
    const hb_metric_def *a = hb_registry_defaults(builtin);
    const hb_metric_def *b = hb_registry_defaults(starter);
    assert_true(a->drift_spread.v == 3 && a->drift_percent.v == 10 && a->spread_ratio.v == 3);
    assert_true(b->drift_spread.v == 3 && b->drift_percent.v == 10 && b->spread_ratio.v == 3);
    assert_true(!a->drift_threshold.set && !b->drift_threshold.set);
    assert_true(!a->ks_threshold.set && !b->ks_threshold.set);
    assert_true(!a->min_coverage.set && !b->min_coverage.set);
    hb_registry_free(builtin);
    hb_registry_free(starter);
}

static size_t mark_of(const char *line, bool examples, bool overrides)
{
    static const char *const keys[] = {"# programs:", "# mode_overrides:", "#   "};
    for (size_t i = 0; overrides && i < sizeof keys / sizeof *keys; i++) {
        if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
            return 2;
        }
    }
    return examples && !overrides && strncmp(line, "#  ", 3) == 0 ? 1 : 0;
}

/* The starter with the marks taken off its examples. */
static void registry__examples_of_the_starter_are_right(void **state)
{
    (void)state;
    hb_buf b;
    hb_registry *r = NULL;
    bool examples = false;
    bool overrides = false;
    hb_buf_init(&b, 1 << 20);
    const char *p = hb_embedded_find("metric_registry.yaml")->data;
    while (*p) {
        size_t n = strcspn(p, "\n") + 1;
        examples = examples || strncmp(p, "# More examples", 15) == 0;
        overrides = overrides || strncmp(p, "# The same metrics", 18) == 0;
        size_t skip = mark_of(p, examples, overrides);
        hb_buf_add(&b, p + skip, n - skip);
        p += n;
    }
    CHECK_OK(parse(b.p, "apollo", "safe", &r, &err));
    assert_true(hb_registry_count(r) >= 10);
    const hb_metric_def *d = hb_registry_find(r, HB_STR("example_bearing_temperature"));
    assert_true(d->invariant_max.v == 80 && d->drift_threshold.v == 10);
    assert_true(hb_registry_find(r, HB_STR("reset_count"))->critical);
    assert_true(hb_registry_find(r, HB_STR("door_openings"))->n_events == 2);
    hb_registry_free(r);
    hb_buf_release(&b);
}

static void registry__reads_the_originals_file(void **state)
{
    (void)state;
    hb_registry *r = NULL;
    char path[4096];
    char *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/samples/cases/metric_registry.yaml", getenv("HB_SOURCE_DIR"));
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &text, &len, &err));
    CHECK_OK(hb_registry_parse((hb_str){text, len}, path, NULL, NULL, "", units, &r, &err));
    const hb_metric_def *d = hb_registry_find(r, HB_STR("reset_count"));
    assert_true(d->critical && d->fail_threshold.set && d->fail_threshold.v == 0);
    assert_false(hb_registry_defaults(r)->drift_spread.set);
    hb_registry_free(r);
    hb_free(text);
}

static void registry__holds_ten_thousand_metrics(void **state)
{
    (void)state;
    hb_buf b;
    hb_registry *r = NULL;
    hb_buf_init(&b, 2 << 20);
    hb_buf_c(&b, "metrics:\n");
    for (unsigned i = 0; i < HB_REGISTRY_MAX_METRICS; i++) {
        hb_buf_fmt(&b, "  m%u: {unit: ms, drift_percent: 5, aliases: [n%u, o%u]}\n", i, i, i);
    }
    CHECK_OK(parse(b.p, NULL, NULL, &r, &err));
    assert_int_equal(hb_registry_count(r), HB_REGISTRY_MAX_METRICS);
    expect_name(r, "O 9999", "m9999");
    hb_registry_free(r);
    hb_buf_c(&b, "  last: {}\n");
    CHECK_ERROR(parse(b.p, NULL, NULL, &r, &err), HB_E_CONFIG, "at most 10000 metrics, got 10001");
    hb_buf_release(&b);
}

static hb_status parse_small(void)
{
    hb_registry *r = NULL;
    hb_status status = hb_registry_parse(
        HB_STR("defaults: {drift_percent: 1}\n"
               "metrics: {x: {aliases: [a, b], unit_map: {us: 1}, events: {k: v}}, y: }\n"
               "programs: {p: {metrics: {y: {aliases: [c]}}}, q: {metrics: {y: {aliases: d}}}}\n"
               "mode_overrides: {m: {metrics: {y: {drift_percent: 1}}}}\n"),
        "r", "p", "m", "", NULL, &r, NULL);
    /* Events with a unit_map are refused: the road to an error, memory permitting. */
    assert_true((status == HB_OK) == (r != NULL));
    hb_registry_free(r);
    return status == HB_E_CONFIG ? HB_OK : status;
}

static hb_status parse_good(void)
{
    hb_registry *r = NULL;
    hb_status status = hb_registry_parse(
        HB_STR("defaults: {drift_percent: 1}\n"
               "metrics: {x: {aliases: [a, b], unit: ms, unit_map: {us: 1}}, y: {events: {k: v}}}\n"
               "programs: {p: {metrics: {y: {aliases: [c]}}}, q: {metrics: {y: {aliases: d}}}}\n"
               "mode_overrides: {m: {metrics: {y: {drift_percent: 1}}}}\n"),
        "r", "p", "m", "", NULL, &r, NULL);
    assert_true((status == HB_OK) == (r != NULL));
    hb_registry_free(r);
    return status;
}

static void registry__survives_a_failing_allocation(void **state)
{
    (void)state;
    fault_loop(parse_small);
    fault_loop(parse_good);
}

static int open_units(void **state)
{
    (void)state;
    return hb_units_open(&units, NULL) == HB_OK ? 0 : -1;
}

static int close_units(void **state)
{
    (void)state;
    hb_units_close(units);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry__accepts_and_refuses_as_stated),
        cmocka_unit_test(registry__resolves_names),
        cmocka_unit_test(registry__finds_factors_as_written),
        cmocka_unit_test(registry__knows_where_metrics_are_declared),
        cmocka_unit_test(registry__keeps_a_declared_reduce_apart_from_none),
        cmocka_unit_test(registry__prints_what_is_in_force),
        cmocka_unit_test(registry__builtin_is_the_starter_without_its_example),
        cmocka_unit_test(registry__examples_of_the_starter_are_right),
        cmocka_unit_test(registry__reads_the_originals_file),
        cmocka_unit_test(registry__holds_ten_thousand_metrics),
        cmocka_unit_test(registry__survives_a_failing_allocation),
    };
    return cmocka_run_group_tests(tests, open_units, close_units);
}
