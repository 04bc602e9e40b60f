/* SPDX-License-Identifier: Apache-2.0 */
/* --columns, --where, --time-range, --resample */
#include "input/select/select.h"

#include "support/cells.h"
#include "support/check.h"

#include <string.h>

static const char names[] = "Time (s),speed,mode,on,Temp in";
static const char kinds[] = "tnxbn";
static const char rows[] = "0,10,RUN,1,\n1,20,IDLE,0,5\n2,,RUN,1,6\n3,40,it's,1,7\n4,nan,,1,8\n";

/* keep[] as text */
static const char *chosen(const hb_select_options *o, hb_status expect, const char *words)
{
    static char keep[CELLS_ROWS];
    test_cells *t = test_calloc(1, sizeof *t);
    hb_error err = {0};
    hb_select *s = NULL;
    test_cells_begin(t, names, kinds);
    test_cells_rows(t, rows, 2);
    hb_status status = hb_select_parse(o, &s, &err);
    if (status == HB_OK) {
        status = hb_select_bind(s, &t->plan, t->columns, NULL, false, false, "file.csv", &err);
    }
    if (status == HB_OK) {
        status = hb_select_rows(s, NULL, &t->block, t->figures, t->keep, &err);
    }
    assert_int_equal(status, expect);
    if (words && !strstr(err.msg, words)) {
        fail_msg("'%s' does not say '%s'", err.msg, words);
    }
    for (size_t i = 0; i < t->block.n_rows; i++) {
        keep[i] = (char)('0' + t->keep[i]);
    }
    keep[t->block.n_rows] = 0;
    hb_select_free(s);
    test_cells_end(t);
    test_free(t);
    return keep;
}

#define WHERE(text) chosen(&(hb_select_options){.where = (text)}, HB_OK, NULL)
#define RANGE(text) chosen(&(hb_select_options){.time_range = (text)}, HB_OK, NULL)

/* Expected: what sqlite3 answers to the same questions over the same table. */
static void where__answers_as_sql_does(void **state)
{
    (void)state;
    assert_string_equal(WHERE("speed > 10"), "01010");
    assert_string_equal(WHERE("speed >= 10 and mode = 'RUN'"), "10000");
    assert_string_equal(WHERE("mode == 'RUN' or speed = 40"), "10110");
    assert_string_equal(WHERE("not (mode = 'RUN')"), "01010");
    assert_string_equal(WHERE("not speed > 10"), "10000");
    assert_string_equal(WHERE("speed is missing"), "00101");
    assert_string_equal(WHERE("speed is not missing"), "11010");
    assert_string_equal(WHERE("mode in ('RUN','IDLE')"), "11100");
    assert_string_equal(WHERE("mode not in ('RUN')"), "01010");
    assert_string_equal(WHERE("mode = 'it''s'"), "00010");
    assert_string_equal(WHERE("\"Temp in\" <> 6 AND on = true"), "00011");
    assert_string_equal(WHERE("speed in (10, 4e1)"), "10010");
    assert_string_equal(WHERE("speed = 10 or speed = 20 and mode = 'RUN'"), "10000");
    assert_string_equal(WHERE("(speed = 10 or speed = 20) and mode = 'IDLE'"), "01000");
    assert_string_equal(WHERE("speed > -5"), "11010");
}

static void where__says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", "character 1: expected a column"},
        {"speed", "expected a comparison"},
        {"speed >", "a figure or a text"},
        {"speed > 10 and", "expected a column"},
        {"speed > 10 20", "and, or or the end, got '20'"},
        {"(speed > 10", "')'"},
        {"spd > 10", "no column 'spd' in its first rows; it has Time (s), speed"},
        {"mode > 'A'", "holds text"},
        {"speed = 'A'", "holds figures"},
        {"\"Time (s)\" > 1", "--time-range"},
        {"mode = 'A", "never closed"},
        {"mode in ('A', 3)", "with texts and with figures"},
        {"speed ~ 3", "expected a column, a comparison or a value, got '~'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        chosen(&(hb_select_options){.where = cases[i].text}, HB_E_USAGE, cases[i].words);
    }
    char deep[HB_WHERE_DEPTH + 8];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    chosen(&(hb_select_options){.where = deep}, HB_E_LIMIT, "deeper");
}

static void range__takes_from_and_leaves_to(void **state)
{
    (void)state;
    assert_string_equal(RANGE("1s..3s"), "01100");
    assert_string_equal(RANGE("2.."), "00111");
    assert_string_equal(RANGE("..1500ms"), "11000");
    assert_string_equal(RANGE("+1s..+2s"), "01000");
    chosen(&(hb_select_options){.time_range = "3s..1s"}, HB_E_USAGE, "ends before");
    chosen(&(hb_select_options){.time_range = "3s"}, HB_E_USAGE, "FROM..TO");
    chosen(&(hb_select_options){.time_range = ".."}, HB_E_USAGE, "FROM..TO");
    chosen(&(hb_select_options){.time_range = "2024-01-01.."}, HB_E_USAGE, "elapsed time");
}

/* A name that means nothing yet is an error at the end only. */
static void columns_that_may_come_late(void)
{
    test_cells *t = test_calloc(1, sizeof *t);
    hb_select *s = NULL;
    test_cells_begin(t, names, kinds);
    hb_select_options o = {.columns = "speed,late"};
    assert_int_equal(hb_select_parse(&o, &s, NULL), HB_OK);
    assert_int_equal(hb_select_bind(s, &t->plan, t->columns, NULL, false, true, "file.json", NULL),
                     HB_OK);
    assert_int_equal(hb_select_finish(s, "file.json", NULL), HB_E_USAGE);
    hb_select_free(s);
    test_cells_end(t);
    test_free(t);
}

static void columns__are_chosen_by_name(void **state)
{
    (void)state;
    test_cells *t = test_calloc(1, sizeof *t);
    hb_select *s = NULL;
    test_cells_begin(t, names, kinds);
    hb_select_options o = {.columns = "sp*,Temp ?n", .where = "mode = 'RUN'"};
    assert_int_equal(hb_select_parse(&o, &s, NULL), HB_OK);
    assert_int_equal(hb_select_bind(s, &t->plan, t->columns, NULL, false, false, "file.csv", NULL),
                     HB_OK);
    assert_true(hb_select_wants(s, 1) && hb_select_wants(s, 4));
    assert_false(hb_select_wants(s, 2) || hb_select_wants(s, 3));
    assert_int_equal(t->plan.columns[2].kind, HB_COLUMN_TEXT); /* for --where */
    assert_int_equal(t->plan.columns[3].kind, HB_COLUMN_IGNORED);
    hb_select_free(s);
    test_cells_end(t);
    test_free(t);
    chosen(&(hb_select_options){.columns = "spd"}, HB_E_USAGE, "no column 'spd'");
    columns_that_may_come_late();
    chosen(&(hb_select_options){.columns = "speed,,mode"}, HB_E_USAGE, "--columns");
}

static void names__match_like_a_shell(void **state)
{
    (void)state;
    assert_true(hb_name_matches(HB_STR("*"), HB_STR("")));
    assert_true(hb_name_matches(HB_STR("a*c*e"), HB_STR("abcde")));
    assert_true(hb_name_matches(HB_STR("*ab"), HB_STR("aab")));
    assert_false(hb_name_matches(HB_STR("a?"), HB_STR("a")));
    assert_false(hb_name_matches(HB_STR(""), HB_STR("a")));
    assert_false(hb_name_matches(HB_STR("a*b"), HB_STR("abc")));
}

static void resample__joins_the_samples_of_a_step(void **state)
{
    (void)state;
    static const double v[] = {1, 3, 10, 20, 60, -1};
    static const hb_time t[] = {-1, 0, 5, 10, 19, 40}; /* ns, steps of 10: [-10,0) [0,10) … */
    static const struct {
        const char *how;
        double expect[4];
    } cases[] = {{"10ns", {1, 6.5, 40, -1}},
                 {"10ns:min", {1, 3, 20, -1}},
                 {"10ns:max", {1, 10, 60, -1}},
                 {"10ns:first", {1, 3, 20, -1}},
                 {"10ns:last", {1, 10, 60, -1}}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (size_t split = 0; split <= 6; split++) { /* blocks do not matter */
            hb_resample_rule rule;
            hb_resampler r = {0};
            double out_v[8];
            hb_time out_t[8];
            size_t n = 0;
            size_t more = 0;
            uint64_t untimed = 0;
            assert_int_equal(hb_resample_parse(cases[c].how, &rule, NULL), HB_OK);
            assert_int_equal(
                hb_resample_add(&r, &rule, v, t, split, out_v, out_t, &n, &untimed, NULL), HB_OK);
            assert_int_equal(hb_resample_add(&r, &rule, v + split, t + split, 6 - split, out_v + n,
                                             out_t + n, &more, &untimed, NULL),
                             HB_OK);
            n += more;
            assert_true(hb_resample_finish(&r, &rule, &out_v[n], &out_t[n]));
            assert_int_equal(n, 3);
            assert_memory_equal(out_v, cases[c].expect, sizeof cases[c].expect);
            assert_int_equal(out_t[0], -10);
            assert_int_equal(out_t[3], 40);
        }
    }
}

static void resample__refuses_time_that_goes_back(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 3};
    static const hb_time t[] = {10, HB_TIME_NONE, 9};
    hb_resample_rule rule = {.step_ns = 10};
    hb_resampler r = {0};
    double out_v[3];
    hb_time out_t[3];
    size_t n = 0;
    uint64_t untimed = 0;
    CHECK_ERROR(hb_resample_add(&r, &rule, v, t, 3, out_v, out_t, &n, &untimed, &err), HB_E_INPUT,
                "time goes back");
    assert_int_equal(untimed, 1);
    CHECK_ERROR(hb_resample_parse("0s", &rule, &err), HB_E_USAGE, "--resample");
    CHECK_ERROR(hb_resample_parse("1s:median", &rule, &err), HB_E_USAGE, "mean");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where__answers_as_sql_does),
        cmocka_unit_test(where__says_what_is_wrong),
        cmocka_unit_test(range__takes_from_and_leaves_to),
        cmocka_unit_test(columns__are_chosen_by_name),
        cmocka_unit_test(names__match_like_a_shell),
        cmocka_unit_test(resample__joins_the_samples_of_a_step),
        cmocka_unit_test(resample__refuses_time_that_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
