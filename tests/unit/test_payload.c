/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of docs/formats/live_payloads.md, and that both JSON readers give the same. */
#include "support/check.h"
#include "support/payloads.h"

#include "os/file.h"
#include "source/payload_json.h"
#include "stats/random.h"

#include <stdio.h>
#include <stdlib.h>

static hb_telemetry_schema *no_names;

static int set_up(void **state)
{
    (void)state;
    return hb_telemetry_schema_empty(&no_names, NULL) == HB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hb_telemetry_schema_free(no_names);
    return 0;
}

static hb_payload format_of(hb_str name)
{
    for (int i = 0; hb_payload_names[i]; i++) {
        if (hb_str_eq_c(name, hb_payload_names[i])) {
            return (hb_payload)i;
        }
    }
    fail_msg("no format '%.*s'", (int)name.n, name.p);
    return HB_PAYLOAD_AUTO;
}

static hb_decoder *decoder(hb_payload format, bool topic_is_name)
{
    hb_decoder *d = NULL;
    hb_decode_options o = {.payload = format, .topic_is_name = topic_is_name};
    CHECK_OK(hb_decoder_new(&o, no_names, &d, &err));
    return d;
}

static hb_str unescape(hb_str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool escaped = s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == 'n' || s.p[i + 1] == 't');
        out[n++] = !escaped ? s.p[i] : s.p[i + 1] == 'n' ? '\n' : '\t';
        i += escaped;
    }
    return (hb_str){out, n};
}

/* "    FORMAT[@topic]  message" */
static void run_example(hb_str line, hb_buf *got)
{
    char text[4096];
    size_t blank = hb_str_find_ch(line, ' ');
    hb_str format = {line.p, blank};
    size_t at = hb_str_find_ch(format, '@');
    hb_str topic = at < format.n ? (hb_str){format.p + at + 1, format.n - at - 1} : HB_STR("");
    assert_true(line.n < sizeof text);
    hb_str message = unescape((hb_str){line.p + blank + 2, line.n - blank - 2}, text);
    hb_decoder *d = decoder(format_of((hb_str){format.p, at}), topic.n > 0);
    CHECK_OK(payload_decode(d, topic, message, got, &err));
    hb_decoder_free(d);
}

static bool is_format_line(hb_str line)
{
    return hb_str_starts(line, "    ") && line.n > 4 && line.p[4] != ' ' &&
           !hb_str_starts(line, "    device:");
}

static void payload__reads_every_example_of_the_documentation(void **state)
{
    (void)state;
    char path[500];
    char *text = NULL;
    size_t len = 0;
    size_t examples = 0;
    hb_buf got;
    hb_buf want;
    hb_buf_init(&got, 1 << 16);
    hb_buf_init(&want, 1 << 16);
    snprintf(path, sizeof path, "%s/docs/formats/live_payloads.md", getenv("HB_SOURCE_DIR"));
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &text, &len, &err));
    for (hb_str rest = {text, len}; rest.n;) {
        size_t n = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, n};
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
        if (is_format_line(line)) {
            assert_string_equal(got.p, want.p);
            hb_buf_clear(&got);
            hb_buf_clear(&want);
            run_example((hb_str){line.p + 4, line.n - 4}, &got);
            examples++;
        } else if (hb_str_starts(line, "      = ")) {
            hb_buf_add(&want, line.p + 8, line.n - 8);
            hb_buf_ch(&want, '\n');
        } else if (hb_str_starts(line, "      ! ")) {
            hb_buf_add(&want, line.p + 6, line.n - 6);
            hb_buf_ch(&want, '\n');
        }
    }
    assert_string_equal(got.p, want.p);
    assert_true(examples > 50);
    hb_free(text);
    hb_buf_release(&got);
    hb_buf_release(&want);
}

/* A generator that makes mostly valid, sometimes damaged JSON. */
typedef struct maker {
    hb_random r;
    hb_buf *out;
} maker;

static unsigned pick(maker *m, unsigned n)
{
    return (unsigned)(hb_random_u64(&m->r) % n);
}

static void put_scalar(maker *m)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "-12.5",
        "1e3",
        "1E-400",
        "1e999",
        "01",
        "1.",
        ".5",
        "-",
        "+1",
        "1e",
        "9007199254740993",
        "true",
        "false",
        "null",
        "nul",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "\"\"",
        "\"12\"",
        "\"text\"",
        "\"n/a\"",
        "\"a\\n\"",
        "\"\\u00b0C\"",
        "\"°C\"",
        "\"\xff\"",
        "\"a\tb\"",
        "\"0x1p3\"",
        "\"1_0\"",
        "\" 7 \"",
        "\"\\ud800\"",
        "0.1",
        "1764180000",
        "\"2026-11-26T18:00:00Z\"",
        "\"yesterday\"",
        "1.7976931348623157e308",
    };
    hb_buf_c(m->out, texts[pick(m, sizeof texts / sizeof *texts)]);
}

static void put_blank(maker *m)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", " \t\r\n "};
    hb_buf_c(m->out, blanks[pick(m, 6)]);
}

static void put_value(maker *m, int depth);

static void put_object(maker *m, int depth)
{
    static const char *const keys[] = {
        "metric", "name", "value", "values", "unit",       "ts",    "time",     "seq", "id",
        "temp",   "rpm",  "a.b",   "units",  "timestamps", "start", "interval", "µ",   "k\\u0041"};
    unsigned n = pick(m, 10) == 0 ? pick(m, 40) : pick(m, 6);
    hb_buf_ch(m->out, '{');
    for (unsigned i = 0; i < n; i++) {
        put_blank(m);
        if (pick(m, 6)) {
            hb_buf_fmt(m->out, "\"%s\"", keys[pick(m, sizeof keys / sizeof *keys)]);
        } else {
            hb_buf_fmt(m->out, "\"k%u\"", pick(m, 100));
        }
        put_blank(m);
        hb_buf_ch(m->out, pick(m, 200) ? ':' : ' ');
        put_blank(m);
        put_value(m, depth + 1);
        put_blank(m);
        hb_buf_c(m->out, i + 1 < n || pick(m, 100) == 0 ? "," : "");
    }
    put_blank(m);
    hb_buf_c(m->out, pick(m, 200) ? "}" : "");
}

static void put_value(maker *m, int depth)
{
    unsigned kind = depth > 4 ? 9 : pick(m, depth == 0 ? 3 : 12);
    if (kind < 2 && depth != 1) {
        put_object(m, depth);
    } else if (kind == 2) {
        unsigned n = pick(m, 4);
        hb_buf_ch(m->out, '[');
        for (unsigned i = 0; i < n; i++) {
            if (pick(m, 8)) {
                put_object(m, 0);
            } else {
                put_value(m, depth + 1);
            }
            put_blank(m);
            hb_buf_c(m->out, i + 1 < n ? "," : "");
            put_blank(m);
        }
        hb_buf_ch(m->out, ']');
    } else {
        put_scalar(m);
    }
}

static void read_with(hb_decoder *d, hb_str payload, bool flat, hb_buf *out)
{
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .topic = HB_STR("a/b"),
                   .payload = payload,
                   .event = HB_TIME_NONE,
                   .arrival = 1};
    const char *bad = NULL;
    hb_buf_clear(out);
    CHECK_OK(hb_payload_json_with(d, &r, flat, payload_write_sample, out, &bad, &err));
    hb_buf_fmt(out, "! %s\n", bad ? bad : "");
}

static void payload_json__both_readers_give_the_same(void **state)
{
    (void)state;
    hb_buf text;
    hb_buf one;
    hb_buf two;
    hb_buf_init(&text, 1 << 20);
    hb_buf_init(&one, 1 << 20);
    hb_buf_init(&two, 1 << 20);
    hb_decoder *d = decoder(HB_PAYLOAD_JSON, true);
    maker m = {.out = &text};
    size_t flat = 0;
    size_t arrays = 0;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        hb_buf_clear(&text);
        m.r = hb_random_of(seed, 0);
        for (unsigned n = 1 + pick(&m, 3); n > 0; n--) {
            put_value(&m, 0);
            put_blank(&m);
        }
        /* An own allocation of that very size: the sanitizer sees a byte too far. */
        char *copy = hb_strndup(text.p, text.n);
        char *exact = text.n ? hb_alloc(text.n) : NULL;
        memcpy(exact ? exact : copy, text.p, text.n);
        hb_str payload = {exact ? exact : copy, text.n};
        read_with(d, payload, true, &one);
        read_with(d, payload, false, &two);
        if (strcmp(one.p, two.p) != 0) {
            fail_msg("seed %llu: %s\nflat: %s\nany: %s", (unsigned long long)seed, text.p, one.p,
                     two.p);
        }
        hb_jvalue members[HB_JSON_FLAT_MEMBERS];
        hb_jvalue v;
        const char *p = payload.p;
        flat += hb_json_flat(&p, payload.p + payload.n, members, &v);
        arrays += hb_json_flat_array(payload.p, payload.p + payload.n, &p);
        hb_free(exact);
        hb_free(copy);
    }
    assert_true(flat > 2000 && arrays > 400); /* often enough to mean something */
    hb_decoder_free(d);
    hb_buf_release(&text);
    hb_buf_release(&one);
    hb_buf_release(&two);
}

static void payload_csv__a_header_alone_holds_until_the_next_and_is_saved(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf saved;
    hb_buf_init(&out, 1 << 16);
    hb_buf_init(&saved, 1 << 16);
    hb_decoder *d = decoder(HB_PAYLOAD_CSV, false);
    CHECK_OK(payload_decode(d, HB_STR(""), HB_STR("value,metric\r"), &out, &err));
    assert_string_equal(out.p, "");
    CHECK_OK(payload_decode(d, HB_STR(""), HB_STR("5,rpm\r"), &out, &err));
    assert_string_equal(out.p, "rpm 5\n");
    CHECK_OK(hb_decoder_save(d, &saved, &err));
    hb_decoder_free(d);

    hb_buf_clear(&out);
    d = decoder(HB_PAYLOAD_CSV, false);
    CHECK_OK(hb_decoder_load(d, saved.p, saved.n, &err));
    CHECK_OK(payload_decode(d, HB_STR(""), HB_STR("6,rpm"), &out, &err));
    assert_string_equal(out.p, "rpm 6\n");
    /* a header at the head of a message is for that message alone */
    hb_buf_clear(&out);
    CHECK_OK(payload_decode(d, HB_STR(""), HB_STR("time,temp\n1,2\n"), &out, &err));
    CHECK_OK(payload_decode(d, HB_STR(""), HB_STR("7,rpm"), &out, &err));
    assert_string_equal(out.p, "temp 2 @1970-01-01T00:00:01Z\nrpm 7\n");
    CHECK_ERROR(hb_decoder_load(d, "nonsense", 8, &err), HB_E_INPUT, "header");
    hb_decoder_free(d);
    hb_buf_release(&out);
    hb_buf_release(&saved);
}

static void payload_id__differs_between_topics_that_are_names(void **state)
{
    (void)state;
    hb_buf one;
    hb_buf two;
    hb_buf_init(&one, 1 << 16);
    hb_buf_init(&two, 1 << 16);
    hb_decoder *d = decoder(HB_PAYLOAD_JSON, true);
    hb_str message = HB_STR("{\"metric\":\"a\",\"value\":1,\"seq\":1}");
    CHECK_OK(payload_decode(d, HB_STR("x"), message, &one, &err));
    CHECK_OK(payload_decode(d, HB_STR("y"), message, &two, &err));
    assert_string_not_equal(one.p, two.p);
    hb_decoder_free(d);
    hb_buf_release(&one);
    hb_buf_release(&two);
}

static void payload__mapped_topics_and_fields_name_the_samples(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        const char *message;
        const char *want;
    } rows[] = {
        {"plant/l1/s2/temp", "21.5", "oil 21.5 degC\n"},
        {"plant/l1/s3/temp", "{\"value\": 22, \"unit\": \"K\"}", "l1_s3_temp 22 K\n"},
        {"plant/l1/s3/temp", "{\"in\": 1, \"out\": 2}",
         "l1_s3_temp_in 1 degC\nl1_s3_temp_out 2 degC\n"},
        {"rig-7/x", "{\"metric\": \"rpm\", \"value\": 20}", "rig7.rpm 20\n"},
        {"rig-7/x", "{\"a\": {\"b\": 1}}", "rig7.a.b 1\n"},
        {"rig-7/x", "3", "rig7.value 3\n"},
        {"other/x", "3", "other_x 3\n"},
    };
    hb_telemetry_schema *s = NULL;
    hb_decoder *d = NULL;
    hb_buf out;
    hb_decode_options o = {.payload = HB_PAYLOAD_AUTO, .topic_is_name = true};
    CHECK_OK(hb_telemetry_schema_parse(
        HB_STR("field_mapping: {l1_s2_temp: oil}\n"
               "sources: {mqtt: {topic_map: {\n"
               "  'plant/{line}/{sensor}/temp': {name: '{line}_{sensor}_temp', unit: degC},\n"
               "  'rig-{n}/#': 'rig{n}.{metric}'}}}"),
        "s.yaml", &s, &err));
    CHECK_OK(hb_decoder_new(&o, s, &d, &err));
    hb_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_buf_clear(&out);
        CHECK_OK(
            payload_decode(d, hb_str_of(rows[i].topic), hb_str_of(rows[i].message), &out, &err));
        assert_string_equal(out.p, rows[i].want);
    }
    hb_buf_release(&out);
    hb_decoder_free(d);
    hb_telemetry_schema_free(s);
}

static void payload__a_format_without_a_reader_is_refused(void **state)
{
    (void)state;
    hb_decoder *d = NULL;
    hb_decode_options o = {.payload = HB_PAYLOAD_COUNT_};
    CHECK_ERROR(hb_decoder_new(&o, no_names, &d, &err), HB_E_CONFIG, "cannot be read");
}

static void payload_json__bounds_depth_and_number(void **state)
{
    (void)state;
    hb_buf text;
    hb_buf out;
    hb_buf_init(&text, 4 << 20);
    hb_buf_init(&out, 16 << 20);
    hb_decoder *d = decoder(HB_PAYLOAD_JSON, false);
    for (int i = 0; i < 17; i++) {
        hb_buf_c(&text, "{\"a\":");
    }
    CHECK_OK(payload_decode(d, HB_STR(""), (hb_str){text.p, text.n}, &out, &err));
    assert_string_equal(out.p, "! nested too deep\n");
    hb_buf_clear(&text);
    hb_buf_clear(&out);
    hb_buf_c(&text, "{\"a\":[0");
    for (int i = 0; i < 400000; i++) {
        hb_buf_c(&text, ",0");
    }
    hb_buf_c(&text, "]}");
    CHECK_OK(payload_decode(d, HB_STR(""), (hb_str){text.p, text.n}, &out, &err));
    assert_string_equal(out.p, "! too many values\n");
    hb_decoder_free(d);
    hb_buf_release(&text);
    hb_buf_release(&out);
}

static hb_status decode_all(void)
{
    static const char *const messages[] = {"{\"metric\":\"a\",\"value\":1,\"seq\":1}",
                                           "{\"a\":{\"b\":[1,2]}}", "{\"name\":\"x\\n\",\"v\":1}",
                                           "a=1", "\"q\"\"q\",1"};
    hb_decode_options o = {.payload = HB_PAYLOAD_AUTO, .topic_is_name = true};
    hb_decoder *d = NULL;
    hb_buf out;
    hb_error err = {0};
    HB_TRY(hb_decoder_new(&o, no_names, &d, &err));
    hb_buf_init(&out, 1 << 16);
    hb_status status = HB_OK;
    for (size_t i = 0; i < sizeof messages / sizeof *messages && status == HB_OK; i++) {
        status = payload_decode(d, HB_STR("t/u"), hb_str_of(messages[i]), &out, &err);
    }
    hb_buf_release(&out);
    hb_decoder_free(d);
    return status;
}

static void payload__memory_that_is_refused_is_an_error(void **state)
{
    (void)state;
    fault_loop(decode_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload__reads_every_example_of_the_documentation),
        cmocka_unit_test(payload_json__both_readers_give_the_same),
        cmocka_unit_test(payload_json__bounds_depth_and_number),
        cmocka_unit_test(payload_csv__a_header_alone_holds_until_the_next_and_is_saved),
        cmocka_unit_test(payload_id__differs_between_topics_that_are_names),
        cmocka_unit_test(payload__mapped_topics_and_fields_name_the_samples),
        cmocka_unit_test(payload__a_format_without_a_reader_is_refused),
        cmocka_unit_test(payload__memory_that_is_refused_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
