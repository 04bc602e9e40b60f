/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"
#include "config/node.h"
#include "support/check.h"
#include "support/text_case.h"

enum { ARENA_BYTES = HB_NODE_ARENA_BYTES };

/* [line, column, content]; what is not written at all has no place, for the two parsers that made
 * the cases see it at different ends of the blank. */
static void dump(const hb_node *n, hb_json *j)
{
    bool nothing = n->kind == HB_NODE_SCALAR && !n->quoted && n->text.n == 0;
    hb_json_arr(j);
    hb_json_i64(j, nothing ? 0 : n->line);
    hb_json_i64(j, nothing ? 0 : n->col);
    if (n->kind == HB_NODE_SCALAR) {
        hb_json_str(j, n->text);
        if (n->quoted) {
            hb_json_bool(j, true);
        }
        hb_json_end(j);
        return;
    }
    if (n->kind == HB_NODE_MAP) {
        hb_json_obj(j);
    } else {
        hb_json_arr(j);
    }
    for (size_t i = 0; i < n->n; i++) {
        if (n->kind == HB_NODE_LIST) {
            dump(n->items[i], j);
            continue;
        }
        hb_json_key_str(j, n->pairs[i].key);
        hb_json_arr(j);
        hb_json_i64(j, n->pairs[i].line);
        hb_json_i64(j, n->pairs[i].col);
        dump(n->pairs[i].value, j);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void check_tree(const text_case *c, const hb_node *root)
{
    const char *tree = text_case_key(c, "tree");
    if (!tree || strcmp(tree, "skip") == 0) {
        return;
    }
    hb_buf b;
    hb_json j;
    hb_buf_init(&b, 1 << 20);
    hb_json_init(&j, &b, HB_JSON_LINE);
    dump(root, &j);
    CHECK_OK(hb_json_done(&j, &err));
    if (strcmp(b.p, tree) != 0) {
        fail_msg("case '%s': got\n%s\nexpected\n%s", c->title, b.p, tree);
    }
    hb_buf_release(&b);
}

static void check(const text_case *c)
{
    hb_arena arena;
    hb_error err = {0};
    const hb_node *root = NULL;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_status status = hb_yaml_parse(c->text, "file.yaml", &arena, &root, &err);
    text_case_expect(c, status, &err);
    if (status == HB_OK) {
        check_tree(c, root);
    } else {
        assert_null(root);
        assert_string_equal(err.in_file, "file.yaml");
    }
    hb_arena_release(&arena);
}

static void yaml__reads_and_refuses_as_stated(void **state)
{
    (void)state;
    assert_true(text_cases("config/yaml.case", check) > 50);
}

static void yaml__gives_the_tree_another_parser_gives(void **state)
{
    (void)state;
    assert_true(text_cases("config/pyyaml.case", check) >= 100);
}

/* n copies of `unit` between head and tail, parsed. */
static hb_status parse_repeated(const char *head, const char *unit, size_t n, const char *tail,
                                hb_error *err)
{
    hb_arena arena;
    hb_buf b;
    const hb_node *root = NULL;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_buf_init(&b, 8 << 20);
    hb_buf_c(&b, head);
    for (size_t i = 0; i < n; i++) {
        hb_buf_c(&b, unit);
    }
    hb_buf_c(&b, tail);
    hb_status status = hb_yaml_parse((hb_str){b.p, b.n}, "big.yaml", &arena, &root, err);
    hb_buf_release(&b);
    hb_arena_release(&arena);
    return status;
}

static void yaml__keeps_its_limits(void **state)
{
    (void)state;
    CHECK_OK(parse_repeated("[", "1,", HB_NODE_MAX - 1, "]", &err));
    CHECK_ERROR(parse_repeated("[", "1,", HB_NODE_MAX, "]", &err), HB_E_CONFIG,
                "big.yaml:1:200000: more than 100000 values");
    CHECK_OK(parse_repeated("a: ", "x", HB_YAML_MAX_BYTES - 4, "\n", &err));
    CHECK_ERROR(parse_repeated("a: ", "x", HB_YAML_MAX_BYTES - 3, "\n", &err), HB_E_LIMIT,
                "big.yaml: larger than 1048576 bytes");
    CHECK_OK(parse_repeated("[", "&a 1,", 1000, "]", &err));
    CHECK_ERROR(parse_repeated("[", "&a 1,", 1001, "]", &err), HB_E_CONFIG, "more than 1000 anch");
    CHECK_ERROR(parse_repeated("", "[", 200000, "", &err), HB_E_CONFIG, "nested deeper");
    CHECK_ERROR(parse_repeated("", "{a: ", 200000, "", &err), HB_E_CONFIG, "nested deeper");
    CHECK_ERROR(parse_repeated("", "- ", 200000, "", &err), HB_E_CONFIG, "nested deeper");
    CHECK_ERROR(parse_repeated("", "? ", 200000, "", &err), HB_E_CONFIG,
                "a key must be plain text");
}

static void yaml__counts_what_aliases_expand_to(void **state)
{
    (void)state;
    hb_arena arena;
    const hb_node *root = NULL;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_str text = HB_STR("a: &a [1, 2, [3]]\nb: [*a, *a]\n");
    CHECK_OK(hb_yaml_parse(text, "f", &arena, &root, &err));
    assert_int_equal(root->expanded, 1 + 5 + (1 + 5 + 5));
    assert_int_equal(root->levels, 4);
    assert_ptr_equal(hb_node_find(root, "b")->value->items[1], hb_node_find(root, "a")->value);
    assert_null(hb_node_find(root, "c"));
    assert_null(hb_node_find(hb_node_find(root, "a")->value, "a"));
    hb_arena_release(&arena);
}

static hb_status parse_small(void)
{
    hb_arena arena;
    const hb_node *root = NULL;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_str text = HB_STR("a: &a {b: [1, 'x', \"y\"], c: }\nd: *a\ne: |\n  text\n");
    hb_status status = hb_yaml_parse(text, "f", &arena, &root, NULL);
    assert_true((status == HB_OK) == (root != NULL));
    hb_arena_release(&arena);
    return status;
}

/* The library reads these wrongly; one was found by fuzzing. */
static void yaml__refuses_what_the_library_misreads(void **state)
{
    (void)state;
    static const char *const texts[] = {"v: \"a\\\\\\\nb\"\n", "v: \"\\L\\\\\\\r\n\\\\\\\n# O\"\n"};
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < 2; i++) {
        const hb_node *root = NULL;
        CHECK_ERROR(hb_yaml_parse(hb_str_of(texts[i]), "f.yaml", &arena, &root, &err), HB_E_CONFIG,
                    "three backslashes");
    }
    const hb_node *root = NULL;
    CHECK_OK(
        hb_yaml_parse(hb_str_of("v: \"a\\\nb\"\nw: \"c\\\\\"\n"), "f.yaml", &arena, &root, &err));
    hb_arena_release(&arena);
}

/* Found by fuzzing and by trying all short texts: libfyaml 0.7.12 writes where it must not. */
static void yaml__refuses_what_the_library_falls_over(void **state)
{
    (void)state;
    static const char *const texts[] = {":\n?  st:\t-\t", "? a:\t?",    "?\n a:\t-\n", "? a: \t|\n",
                                        "- ? b:\t- 1\n",  "&x ? a:\t-", "k:\t1\n? a\n"};
    hb_arena arena;
    const hb_node *root = NULL;
    hb_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_ERROR(hb_yaml_parse(hb_str_of(texts[i]), "f.yaml", &arena, &root, &err), HB_E_CONFIG,
                    "a tab after ':'");
    }
    CHECK_OK(
        hb_yaml_parse(hb_str_of("a:\t-5 # why ? so\nb: what?\n"), "f.yaml", &arena, &root, &err));
    hb_arena_release(&arena);
}

static void yaml__survives_a_failing_allocation(void **state)
{
    (void)state;
    fault_loop(parse_small);
}

static void yaml__out_of_arena_is_out_of_memory(void **state)
{
    (void)state;
    hb_arena arena;
    const hb_node *root = NULL;
    hb_arena_init(&arena, 100);
    CHECK_ERROR(hb_yaml_parse(HB_STR("[1, 2, 3, 4, 5, 6]"), "f", &arena, &root, &err), HB_E_NOMEM,
                "out of memory");
    hb_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml__reads_and_refuses_as_stated),
        cmocka_unit_test(yaml__gives_the_tree_another_parser_gives),
        cmocka_unit_test(yaml__keeps_its_limits),
        cmocka_unit_test(yaml__counts_what_aliases_expand_to),
        cmocka_unit_test(yaml__refuses_what_the_library_misreads),
        cmocka_unit_test(yaml__refuses_what_the_library_falls_over),
        cmocka_unit_test(yaml__survives_a_failing_allocation),
        cmocka_unit_test(yaml__out_of_arena_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
