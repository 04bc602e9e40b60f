/* SPDX-License-Identifier: Apache-2.0 */
#include "config/field.h"
#include "support/check.h"
#include "support/text_case.h"

#include <math.h>

typedef enum colour { RED, GREEN, COLOUR_COUNT_ } colour;

typedef struct thing {
    const char *text;
    bool flag;
    int64_t whole;
    uint32_t count;
    double share;
    hb_opt_f64 limit;
    hb_opt_f64 wait_s;
    colour tint;
    bool tint_set;
    const char **names;
    size_t n_names;
    int64_t inner;
    size_t custom_n;
} thing;

static const char *const colours[] = {[RED] = "red", [GREEN] = "green", NULL};

static hb_status decode_custom(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    for (size_t i = 0; i < value->n; i++) {
        double v = 0;
        HB_TRY(hb_node_f64(value->items[i], where, &v, err));
    }
    ((thing *)out)->custom_n = value->n;
    return HB_OK;
}

static void encode_custom(const void *in, int indent, hb_buf *out)
{
    const thing *t = in;
    if (t->custom_n) {
        hb_yaml_put_key("custom", indent, out);
        hb_buf_c(out, "[");
        for (size_t i = 0; i < t->custom_n; i++) {
            hb_buf_c(out, i ? ", 1" : "1");
        }
        hb_buf_c(out, "]\n");
    }
}

static const hb_field deep_fields[] = {
    {.key = "inner", .kind = HB_FIELD_INT, .offset = offsetof(thing, inner), .min = 1, .max = 100},
    {0},
};
static const hb_field nest_fields[] = {
    {.key = "deep", .kind = HB_FIELD_MAP, .sub = deep_fields},
    {0},
};

#define AT(member) .offset = offsetof(thing, member)
static const hb_field fields[] = {
    {.key = "text",
     .kind = HB_FIELD_STRING,
     AT(text),
     .max = 12,
     .required = true,
     .doc = "A text that has to be there, of which the explanation is long enough to need a second "
            "line."},
    {.key = "flag", .kind = HB_FIELD_BOOL, AT(flag), .def = "false", .doc = "On or off."},
    {.key = "whole", .kind = HB_FIELD_INT, AT(whole), .min = -1e18, .max = 1e18},
    {.key = "count", .kind = HB_FIELD_UINT, AT(count), .min = 1, .max = 10},
    {.key = "share", .kind = HB_FIELD_F64, AT(share), .max = 1},
    {.key = "limit", .kind = HB_FIELD_OPT_F64, AT(limit), .min = 0, .max = INFINITY},
    {.key = "wait", .kind = HB_FIELD_SECONDS, AT(wait_s), .min = 0, .max = INFINITY},
    {.key = "tint",
     .kind = HB_FIELD_ENUM,
     AT(tint),
     .offset_set = offsetof(thing, tint_set),
     .names = colours},
    {.key = "names", .kind = HB_FIELD_STRINGS, AT(names), .offset_n = offsetof(thing, n_names)},
    {.key = "nest", .kind = HB_FIELD_MAP, .sub = nest_fields},
    {.key = "custom",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_custom,
     .encode = encode_custom,
     .schema = "{\"type\": \"array\"}"},
    {.key = "old", .kind = HB_FIELD_REFUSED, .doc = "it did nothing; write 'limit'"},
    {0},
};

static hb_status decode(hb_str text, hb_arena *arena, thing *t, hb_error *err)
{
    const hb_node *root = NULL;
    hb_where where = {.name = "t.yaml", .path = "", .arena = arena};
    HB_TRY(hb_yaml_parse(text, "t.yaml", arena, &root, err));
    return hb_fields_decode(fields, root, &where, t, err);
}

/* `print:` is what the struct prints as, line ends as blanks. */
static void check(const text_case *c)
{
    hb_arena arena;
    hb_arena_init(&arena, HB_NODE_ARENA_BYTES);
    hb_error err = {0};
    thing t = {0};
    hb_status status = decode(c->text, &arena, &t, &err);
    text_case_expect(c, status, &err);
    const char *print = text_case_key(c, "print");
    if (print) {
        hb_buf b;
        hb_buf_init(&b, 10000);
        hb_fields_print(fields, &t, 0, &b);
        for (size_t i = 0; i < b.n; i++) {
            b.p[i] = (char)(b.p[i] == '\n' ? '|' : b.p[i]);
        }
        assert_string_equal(b.p, print);
        hb_buf_release(&b);
    }
    hb_arena_release(&arena);
}

static void field__decodes_and_refuses_as_stated(void **state)
{
    (void)state;
    assert_true(text_cases("config/field.case", check) > 50);
}

static void field__fills_every_kind(void **state)
{
    (void)state;
    hb_arena arena;
    hb_arena_init(&arena, HB_NODE_ARENA_BYTES);
    thing t = {.inner = 7};
    CHECK_OK(decode(HB_STR("text: a b\nflag: On\nwhole: -9007199254740993\ncount: 10\n"
                           "share: 0.25\nlimit: 1e-3\nwait: 250ms\ntint: green\n"
                           "names: [x, '2', 3]\ncustom: [1, 2]\nnest: {deep: }\n"),
                    &arena, &t, &err));
    assert_string_equal(t.text, "a b");
    assert_true(t.flag);
    assert_true(t.whole == INT64_C(-9007199254740993)); /* not through a double */
    assert_int_equal(t.count, 10);
    assert_true(t.share == 0.25);
    assert_true(t.limit.set && t.limit.v == 1e-3);
    assert_true(t.wait_s.set && t.wait_s.v == 0.25);
    assert_true(t.tint == GREEN && t.tint_set);
    assert_int_equal(t.n_names, 3);
    assert_string_equal(t.names[1], "2");
    assert_string_equal(t.names[2], "3");
    assert_int_equal(t.custom_n, 2);
    assert_int_equal(t.inner, 7); /* an empty map leaves it alone */
    hb_arena_release(&arena);
}

static void field__merges_partial_maps_key_by_key(void **state)
{
    (void)state;
    hb_arena arena;
    hb_arena_init(&arena, HB_NODE_ARENA_BYTES);
    thing t = {0};
    CHECK_OK(decode(HB_STR("{text: a, limit: 3, names: [x, y], tint: red}"), &arena, &t, &err));
    assert_true(t.tint_set);
    CHECK_OK(decode(HB_STR("{text: b, names: z, limit: ~}"), &arena, &t, &err));
    assert_string_equal(t.text, "b");
    assert_true(t.limit.set && t.limit.v == 3);
    assert_int_equal(t.n_names, 1);
    assert_string_equal(t.names[0], "z");
    assert_true(t.tint_set);
    hb_arena_release(&arena);
}

static void field__texts_survive_printing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "plain",
        "a-b/c.d",
        "",
        " ",
        "yes",
        "No",
        "null",
        "~",
        "1e5",
        ".5",
        "0x10",
        "nan",
        "-",
        "a: b",
        "#x",
        "it's \"q\" \\ back",
        "line\nend\r\ttab",
        "\x01\x7f",
        "\xc2\x85 \xe2\x80\xa8 \xef\xbb\xbf \xef\xbf\xbf",
        "µs ° 日本 \xf0\x9f\x98\x80",
        "<<",
        "&a",
        "*a",
        "!t",
        "%",
        "@",
        "`",
        "{a}",
        "[a]",
        "?",
        "- x",
        "---",
        "...",
        "=",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hb_arena arena;
        hb_buf b;
        const hb_node *root = NULL;
        hb_arena_init(&arena, HB_NODE_ARENA_BYTES);
        hb_buf_init(&b, 1000);
        hb_yaml_put_key(texts[i], 2, &b);
        hb_buf_c(&b, "[");
        hb_yaml_put_text(hb_str_of(texts[i]), &b);
        hb_buf_c(&b, "]\n");
        CHECK_OK(hb_yaml_parse((hb_str){b.p, b.n}, "t", &arena, &root, &err));
        assert_string_equal(root->pairs[0].key.p, texts[i]);
        assert_string_equal(root->pairs[0].value->items[0]->text.p, texts[i]);
        hb_buf_release(&b);
        hb_arena_release(&arena);
    }
}

static void field__bad_utf8_is_marked_when_printed(void **state)
{
    (void)state;
    hb_buf b;
    hb_buf_init(&b, 100);
    hb_yaml_put_text(HB_STR("a\xff\xc3"), &b);
    assert_string_equal(b.p, "\"a\\ufffd\\ufffd\"");
    hb_buf_release(&b);
}

static void field__schema_is_what_the_decoder_accepts(void **state)
{
    (void)state;
    hb_buf b;
    hb_json j;
    hb_buf_init(&b, 100000);
    hb_json_init(&j, &b, HB_JSON_LINE);
    hb_json_obj(&j);
    hb_fields_schema(fields, &j);
    hb_json_end(&j);
    CHECK_OK(hb_json_done(&j, &err));
    static const char *const parts[] = {
        "\"additionalProperties\": false",
        "\"text\": {\"description\": \"A text",
        "\"type\": [\"string\", \"number\"], \"maxLength\": 12}",
        "\"flag\": {\"description\": \"On or off.\", \"enum\": [true, false, \"yes\", \"no\"",
        "\"no\", \"on\", \"off\", null]}",
        "\"count\": {\"type\": [\"integer\", \"null\"], \"minimum\": 1, \"maximum\": 10}",
        "\"limit\": {\"type\": [\"number\", \"null\"], \"minimum\": 0}",
        "\"tint\": {\"enum\": [\"red\", \"green\", null]}",
        "\"deep\": {\"type\": [\"object\", \"null\"]",
        "\"custom\": {\"anyOf\": [{\"type\": \"array\"}, {\"type\": \"null\"}]}",
        "\"required\": [\"text\"]",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(b.p, parts[i])) {
            fail_msg("schema lacks %s:\n%s", parts[i], b.p);
        }
    }
    assert_null(strstr(b.p, "\"old\""));
    hb_buf_release(&b);
}

static void field__reference_tells_every_key(void **state)
{
    (void)state;
    hb_buf b;
    hb_buf_init(&b, 100000);
    hb_fields_reference(fields, 0, &b);
    for (const hb_field *f = fields; f->key; f++) {
        char line[80];
        snprintf(line, sizeof line, "%s:", f->key);
        assert_true((strstr(b.p, line) != NULL) == (f->kind != HB_FIELD_REFUSED));
    }
    assert_non_null(strstr(b.p, "# flag: false   (true or false)\n"));
    assert_non_null(strstr(b.p, "(text, required)\n"));
    assert_non_null(strstr(b.p, "one of red | green"));
    assert_non_null(strstr(b.p, "nest:\n"));
    assert_non_null(strstr(b.p, "  deep:\n"));
    assert_non_null(strstr(b.p, "    # inner: "));
    for (const char *p = b.p; *p;) { /* no line is too long to read */
        const char *end = strchr(p, '\n');
        assert_true(end - p <= 100);
        p = end + 1;
    }
    hb_buf_release(&b);
}

static hb_status decode_all(void)
{
    hb_arena arena;
    hb_arena_init(&arena, HB_NODE_ARENA_BYTES);
    thing t = {0};
    hb_status status =
        decode(HB_STR("{text: a, names: [x, y], nest: {deep: {inner: 1}}, custom: [1]}"), &arena,
               &t, NULL);
    hb_arena_release(&arena);
    return status;
}

static void field__survives_a_failing_allocation(void **state)
{
    (void)state;
    fault_loop(decode_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field__decodes_and_refuses_as_stated),
        cmocka_unit_test(field__fills_every_kind),
        cmocka_unit_test(field__merges_partial_maps_key_by_key),
        cmocka_unit_test(field__texts_survive_printing),
        cmocka_unit_test(field__bad_utf8_is_marked_when_printed),
        cmocka_unit_test(field__schema_is_what_the_decoder_accepts),
        cmocka_unit_test(field__reference_tells_every_key),
        cmocka_unit_test(field__survives_a_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
