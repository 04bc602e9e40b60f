/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "input/shape.h"

typedef struct shape_case {
    hb_shape shape;
    const char *const *texts;
} shape_case;

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void shape__tells_figures_times_and_words_apart(void **state)
{
    (void)state;
    const shape_case cases[] = {
        {HB_SHAPE_FIGURE,
         TEXTS("0", "-1.5", "+9.90000000E+37", "1,5", "1.013,25", "12,345,678.9", "1 234,5",
               "1\xc2\xa0"
               "234",
               "1'234.5", "(1,204.00)", "45.2%", "134 \xc2\xb5s",
               "42.7\xc2\xb0"
               "C",
               "3.3V", "9.81 m/s^2", "0xFF00", "NaN", "-inf", "\xe2\x88\x9e",
               "\xe2\x88\x92"
               "3,5",
               "'0.510", "1.#QNAN", ".5", "5.", "<0.01", "1718000000722800443", "2e-3", "1D+05")},
        {HB_SHAPE_TIME,
         TEXTS("2024-01-02", "28.02.2024", "3/13/2024 10:05 PM", "02/27/24 11:45:00 PM", "10:42",
               "2024-03-31T01:15:00.250+01:00", "20240331T011500Z", "03/18/2024 09:12:44:218",
               "47:45:23.875", "2024-060", "12-Feb-2024", "28 F\xc3\xa9v 2024 10:00",
               "00:00:01,250")},
        {HB_SHAPE_MISSING, TEXTS("NA", "N/A", "-", "---", "****", "#N/A", "OVLD", "n.a.")},
        {HB_SHAPE_TRUTH, TEXTS("TRUE", "off", "ja")},
        {HB_SHAPE_RULER, TEXTS("-----", "=======", "-----+-----")},
        {HB_SHAPE_BRACKETED, TEXTS("(ms)", "[V]", "{A}", "[-]")},
        {HB_SHAPE_JUMBLE, TEXTS("87;1.002", "5 2", "1.5,2.5,3.5", "3.5\t4.5")},
        {HB_SHAPE_WORD,
         TEXTS("Time", "101 <Inlet> (C)", "CH1", "192.168.1.10", "2nd", "pos#1", "3V3", "T_in [K]",
               "rig=3;suite=smoke", "ASRL3::INSTR", "1A2B3C", "May", "a, b", "na")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (const char *const *t = cases[i].texts; *t; t++) {
            if (hb_shape_of(hb_str_of(*t)) != cases[i].shape) {
                fail_msg("'%s': %d, expected %d", *t, hb_shape_of(hb_str_of(*t)), cases[i].shape);
            }
        }
    }
    assert_int_equal(hb_shape_of((hb_str){"", 0}), HB_SHAPE_EMPTY);
}

static void shape__knows_units_kinds_and_titles_of_rows(void **state)
{
    (void)state;
    const char *const *units = TEXTS("ms", "[V]", "(\xc2\xb5s)", "Volts", "Deg C", "m/s^2", "%",
                                     "Degrees C", "1/min", "hPa", "VDC");
    const char *const *others = TEXTS("Time", "Avg", "TS", "", "name", "7", "(a remark)");
    for (const char *const *t = units; *t; t++) {
        assert_true(hb_shape_is_unit(hb_str_of(*t)));
    }
    for (const char *const *t = others; *t; t++) {
        assert_false(hb_shape_is_unit(hb_str_of(*t)));
    }
    assert_true(hb_shape_is_kind(HB_STR("Smp")));
    assert_true(hb_shape_is_no_unit(HB_STR("[-]")));
    assert_int_equal(hb_shape_row_title(HB_STR("Y_Unit_Label")), HB_TITLE_UNITS);
    assert_int_equal(hb_shape_row_title(HB_STR("Units:")), HB_TITLE_UNITS);
    assert_int_equal(hb_shape_row_title(HB_STR("name")), HB_TITLE_NAMES);
    assert_int_equal(hb_shape_row_title(HB_STR("community")), HB_TITLE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape__tells_figures_times_and_words_apart),
        cmocka_unit_test(shape__knows_units_kinds_and_titles_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
