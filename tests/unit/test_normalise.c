/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "config/embedded.h"
#include "config/field.h"
#include "telemetry/normalise.h"

#include <stdio.h>

static hb_telemetry_schema *schema_of(const char *text)
{
    hb_telemetry_schema *s = NULL;
    CHECK_OK(hb_telemetry_schema_parse(hb_str_of(text), "s.yaml", &s, &err));
    return s;
}

static const char *normalised(const hb_telemetry_schema *s, const char *name, const char *unit,
                              double value)
{
    static char text[300];
    hb_live_sample io = {
        .name = hb_str_of(name), .unit = hb_str_of(unit), .kind = HB_LIVE_VALUE, .value = value};
    hb_normalise(s, &io);
    snprintf(text, sizeof text, "%.*s %.10g %.*s", (int)io.name.n, io.name.p, io.value,
             (int)io.unit.n, io.unit.p);
    return text;
}

#define EXPECT(s, name, unit, value, want) \
    assert_string_equal(normalised((s), (name), (unit), (value)), (want))

static void normalise__maps_names_exactly_then_by_case(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of("field_mapping: {Temp: first, temp: second, rpm: ~, "
                                       "lat: {canonical: latency, unit: ms}}");
    EXPECT(s, "Temp", "", 1, "first 1 ");
    EXPECT(s, "temp", "", 1, "second 1 ");
    EXPECT(s, "TEMP", "", 1, "first 1 ");
    EXPECT(s, "rpm", "1/min", 1, "rpm 1 1/min");
    EXPECT(s, "lat", "", 1, "latency 1 ms");
    EXPECT(s, "lat", "us", 1, "latency 1 us");
    EXPECT(s, "other", "V", 1, "other 1 V");
    hb_telemetry_schema_free(s);
}

static void normalise__converts_value_and_unit_together(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of(
        "field_mapping:\n"
        "  f: {canonical: temp, unit: degF, factor: 0.5, offset: -16, canonical_unit: degC}\n"
        "  p: {canonical: power, factor: 1000, canonical_unit: W}\n"
        "  q: {canonical: power, factor: 1000}\n"
        "  t: {unit: µs, factor: 0.001, canonical_unit: ms}\n");
    EXPECT(s, "f", "", 212, "temp 90 degC");
    EXPECT(s, "f", "degF", 212, "temp 90 degC");
    EXPECT(s, "f", "degC", 20, "temp 20 degC"); /* as it is: not what the factor is for */
    EXPECT(s, "f", "K", 300, "temp 300 K");
    EXPECT(s, "p", "kW", 5, "power 5000 W");
    EXPECT(s, "p", "W", 5, "power 5 W");        /* there already */
    EXPECT(s, "q", "kW", 5, "power 5000 ");     /* never 5000 kW */
    EXPECT(s, "t", "\u03bcs", 5, "t 0.005 ms"); /* Greek mu is the micro sign */
    hb_telemetry_schema_free(s);
}

/* The original looked factors up under the unit, for unmapped names alone, and kept the label. */
static void normalise__a_units_own_entry_is_for_mapped_names_too(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of("field_mapping:\n"
                                       "  kW: {factor: 1000, canonical_unit: W}\n"
                                       "  min: {canonical: s, factor: 60}\n"
                                       "  pwr: power\n"
                                       "  kWh: energy\n");
    EXPECT(s, "pwr", "kW", 5, "power 5000 W");
    EXPECT(s, "load", "kW", 5, "load 5000 W");
    EXPECT(s, "idle", "min", 2, "idle 120 s");
    EXPECT(s, "load", "kWh", 5, "load 5 kWh"); /* a name without a factor is no unit */
    hb_telemetry_schema_free(s);
}

static void normalise__takes_the_canonical_names_conversion(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of("field_mapping:\n"
                                       "  a: power\n"
                                       "  power: {unit: kW, factor: 1000, canonical_unit: W}\n");
    EXPECT(s, "a", "", 5, "power 5000 W");
    EXPECT(s, "power", "", 5, "power 5000 W");
    hb_telemetry_schema_free(s);
}

static void normalise__leaves_what_is_no_value_without_one(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of("field_mapping: {a: {factor: 1e300, canonical_unit: W}}");
    hb_live_sample io = {.name = HB_STR("a"), .unit = HB_STR(""), .kind = HB_LIVE_NAN};
    hb_normalise(s, &io);
    assert_int_equal(io.kind, HB_LIVE_NAN);
    assert_true(hb_str_eq_c(io.unit, "W"));
    io = (hb_live_sample){.name = HB_STR("a"), .kind = HB_LIVE_VALUE, .value = 1e300};
    hb_normalise(s, &io);
    assert_int_equal(io.kind, HB_LIVE_INF);
    assert_true(io.value == 0);
    hb_telemetry_schema_free(s);
}

static const char *mapped(const hb_telemetry_schema *s, const char *topic)
{
    static char text[300];
    hb_buf out;
    hb_str name;
    hb_str unit;
    hb_buf_init(&out, 1000);
    bool fits = hb_topic_map(s, hb_str_of(topic), &out, &name, &unit);
    snprintf(text, sizeof text, "%.*s %.*s", fits ? (int)name.n : 1, fits ? name.p : "-",
             fits ? (int)unit.n : 0, fits ? unit.p : "");
    hb_buf_release(&out);
    return text;
}

static void topic_map__fits_levels_wildcards_and_places(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of("sources:\n"
                                       "  mqtt:\n"
                                       "    topic_map:\n"
                                       "      \"a/{x}/temp\": \"{x}_temp\"\n"
                                       "      \"a/b/temp\": exact\n"
                                       "      \"a/+/temp\": never\n"
                                       "      \"rig-{n}.x/#\": {name: \"r{n}_{metric}\", unit: V}\n"
                                       "      \"+/{x}/{y}/z\": \"{y}{x}{y}\"\n"
                                       "      \"s/#\": rest\n");
    static const char *const rows[][2] = {
        {"a/b/temp", "exact "},
        {"a/c/temp", "c_temp "},
        {"a/c/temp/more", "- "},
        {"a//temp", "never "},
        {"rig-7.x", "r7_{metric} V"},
        {"rig-7.x/a/b", "r7_{metric} V"},
        {"rig-.x/a", "- "},
        {"q/1/2/z", "212 "},
        {"s", "rest "},
        {"s/", "rest "},
        {"s/a/b", "rest "},
        {"st", "- "},
        {"", "- "},
        {"a", "- "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(mapped(s, rows[i][0]), rows[i][1]);
    }
    hb_telemetry_schema_free(s);
}

static hb_status keep(void *ctx, hb_str name, hb_str unit, double value, hb_error *err)
{
    (void)err;
    hb_buf_fmt(ctx, "%.*s %.10g %.*s|", (int)name.n, name.p, value, (int)unit.n, unit.p);
    return HB_OK;
}

static const char *figures(const hb_telemetry_schema *s, const char *program, const char *message)
{
    static char text[500];
    hb_buf out;
    size_t matched = 0;
    hb_buf_init(&out, 1000);
    CHECK_OK(
        hb_syslog_patterns(s, hb_str_of(program), hb_str_of(message), keep, &out, &matched, &err));
    snprintf(text, sizeof text, "%zu: %s", matched, out.p);
    hb_buf_release(&out);
    return text;
}

static void syslog_patterns__give_values_and_counts(void **state)
{
    (void)state;
    hb_telemetry_schema *s = schema_of(
        "sources:\n"
        "  syslog:\n"
        "    patterns:\n"
        "      - 'temp=(?<oil_temp>-?\\d+(?:\\.\\d+)?) flow=(?P<flow>\\S+)'\n"
        "      - {pattern: 'took (?<value>[\\d.]+) ?(?<u>m?s)\\b', metric: latency, unit: '{u}'}\n"
        "      - {pattern: 'link (?<link>\\w+) down', metric: 'down_{link}', program: [kernel]}\n"
        "      - {pattern: '^[]x]{2}$|\\[ok\\]', metric: ok}\n");
    assert_string_equal(figures(s, "x", "at temp=-3.5 flow=7, went"), "1: oil_temp -3.5 |");
    assert_string_equal(figures(s, "x", "temp=3 flow=7"), "1: oil_temp 3 |flow 7 |");
    assert_string_equal(figures(s, "x", "it took 12.5 ms"), "1: latency 12.5 ms|");
    assert_string_equal(figures(s, "x", "it took 1s."), "1: latency 1 s|");
    assert_string_equal(figures(s, "x", "it took 1.2.3 ms"), "1: "); /* no number */
    assert_string_equal(figures(s, "kernel", "link eth0 down"), "1: down_eth0 1 |");
    assert_string_equal(figures(s, "dhcp", "link eth0 down"), "0: ");
    assert_string_equal(figures(s, "x", "]x"), "1: ok 1 |");
    assert_string_equal(figures(s, "x", "all [ok]"), "1: ok 1 |");
    hb_telemetry_schema_free(s);
}

static void schema__says_where_it_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"field_maping: {}",
         "s.yaml:1:1: unknown key 'field_maping' in the document; did you mean 'field_mapping'"},
        {"field_mapping:\n  a: {factr: 1}", "s.yaml:2:7: unknown key"},
        {"field_mapping:\n  a: {factor: 0}", "s.yaml:2:3: 'field_mapping.a.factor' must not be 0"},
        {"field_mapping:\n  a: {factor: x}", "'field_mapping.a.factor'"},
        {"field_mapping: [a]", "'field_mapping' must be a map"},
        {"sources: {kafka: {}}", "unknown key"},
        {"sources: {mqtt: {topic_map: {'a+': b}}}", "+ and # stand for whole levels"},
        {"sources: {mqtt: {topic_map: {'a/#/b': b}}}", "# for the last ones"},
        {"sources: {mqtt: {topic_map: {'a/{x}': '{y}'}}}", "has no {y}"},
        {"sources: {mqtt: {topic_map: {'a/{x}{y}': '{y}'}}}", "at most one {place}"},
        {"sources: {mqtt: {topic_map: {'a/{}': b}}}", "needs a name"},
        {"sources: {mqtt: {topic_map: {'a': ''}}}", "a name of 1 to"},
        {"sources: {mqtt: {topic_map: {'a': {unit: V}}}}", "'name'"},
        {"sources: {syslog: {patterns: ['abc']}}", "gives nothing"},
        {"sources: {syslog: {patterns: ['(?<a>x)(?<a>y)']}}", "two groups named 'a'"},
        {"sources: {syslog: {patterns: ['(?<a>x']}}", "pattern '(?<a>x'"},
        {"sources: {syslog: {patterns: ['(?=a)']}}", "only (?<name>…)"},
        {"sources: {syslog: {patterns: ['(?<a>.*?)']}}", "*? and +? are not known"},
        {"sources: {syslog: {patterns: ['(?<a>x)\\1']}}", "\\1 is not known"},
        {"sources: {syslog: {patterns: ['(?<a>x{101})']}}", "up to 100"},
        {"sources: {syslog: {patterns: ['(?<a>[x)']}}", "not closed"},
        {"sources: {syslog: {patterns: ['(?<a>x++)']}}", "*? and +? are not known"},
        {"sources: {syslog: {patterns: ['(?<a>*)']}}", "something of their own to repeat"},
        {"sources: {syslog: {patterns: ['(?<a>x{,3})']}}", "{m}, {m,} or {m,n}"},
        {"sources: {syslog: {patterns: ['(?<a>x))']}}", "without its ("},
        {"sources: {syslog: {patterns: ['(?<a>((x{50}){50}){50})']}}", "too large"},
        {"sources: {syslog: {patterns: [{pattern: x, metric: '{b}'}]}}", "has no group 'b'"},
        {"sources: {syslog: {patterns: [{metric: x}]}}", "'pattern'"},
        {"version: [1]", "'version'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_telemetry_schema *s = NULL;
        CHECK_ERROR(hb_telemetry_schema_parse(hb_str_of(rows[i].text), "s.yaml", &s, &err),
                    HB_E_CONFIG, rows[i].message);
    }
}

static void schema__the_sample_is_in_order_and_the_empty_one_maps_nothing(void **state)
{
    (void)state;
    const hb_embedded *file = hb_embedded_find("telemetry_schema.yaml");
    hb_telemetry_schema *s = NULL;
    assert_non_null(file);
    CHECK_OK(hb_telemetry_schema_parse((hb_str){file->data, file->len}, file->name, &s, &err));
    EXPECT(s, "lat_max", "", 5000, "max_latency_ms 5 ms");
    EXPECT(s, "oil_temp_f", "degF", 212, "oil_temp 100 degC");
    assert_string_equal(mapped(s, "plant/l1/s2/temp"), "l1_s2_temp degC");
    assert_string_equal(figures(s, "kernel", "link eth0 went down"), "1: link_down_eth0 1 |");
    assert_int_equal(strlen(hb_telemetry_schema_digest(s)), 64);
    hb_telemetry_schema_free(s);
    CHECK_OK(hb_telemetry_schema_empty(&s, &err));
    EXPECT(s, "a", "V", 1, "a 1 V");
    assert_string_equal(mapped(s, "a"), "- ");
    assert_string_equal(figures(s, "x", "y"), "0: ");
    hb_telemetry_schema_free(s);
}

static hb_status load(void)
{
    hb_telemetry_schema *s = NULL;
    hb_error err = {0};
    HB_TRY(hb_telemetry_schema_parse(HB_STR("field_mapping: {a: {canonical: b, factor: 2}}\n"
                                            "sources: {mqtt: {topic_map: {'a/{x}': '{x}', b: c}}, "
                                            "syslog: {patterns: ['(?<a>x)']}}"),
                                     "s.yaml", &s, &err));
    hb_telemetry_schema_free(s);
    return HB_OK;
}

static void schema__memory_that_is_refused_is_an_error(void **state)
{
    (void)state;
    fault_loop(load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalise__maps_names_exactly_then_by_case),
        cmocka_unit_test(normalise__converts_value_and_unit_together),
        cmocka_unit_test(normalise__a_units_own_entry_is_for_mapped_names_too),
        cmocka_unit_test(normalise__takes_the_canonical_names_conversion),
        cmocka_unit_test(normalise__leaves_what_is_no_value_without_one),
        cmocka_unit_test(topic_map__fits_levels_wildcards_and_places),
        cmocka_unit_test(syslog_patterns__give_values_and_counts),
        cmocka_unit_test(schema__says_where_it_is_wrong),
        cmocka_unit_test(schema__the_sample_is_in_order_and_the_empty_one_maps_nothing),
        cmocka_unit_test(schema__memory_that_is_refused_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
