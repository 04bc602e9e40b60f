/* SPDX-License-Identifier: Apache-2.0 */
/* Times taken from doubles (hb_time_rule_figures) against whole numbers of 128 bits, over figures
 * of all lengths, places and units of time. */
#include "input/time_rule.h"
#include "support/check.h"

#include <math.h>

__extension__ typedef __int128 wide;

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 16;
}

static hb_time_rule rule_of(double scale_ns)
{
    hb_time_rule r = {.kind = HB_AXIS_ELAPSED, .n_columns = 1, .scale_ns = scale_ns};
    assert_true(hb_time_form_parse(HB_STR("number"), &r.form[0]));
    r.plain_number = true;
    return r;
}

/* digits / 10^places units, rounded to the nearest nanosecond, halves away from 0. */
static wide exact(int64_t digits, int places, int64_t unit_ns)
{
    wide power = 1;
    for (int i = 0; i < places; i++) {
        power *= 10;
    }
    wide twice = (wide)digits * unit_ns * 2;
    return (twice + (twice < 0 ? -power : power)) / (power * 2);
}

/* Both operands are exact doubles, so their quotient is the double next to the figure. */
static hb_time told(const hb_time_rule *r, int64_t digits, int places)
{
    double power = 1;
    for (int i = 0; i < places; i++) {
        power *= 10;
    }
    hb_time t = 0;
    double v = (double)digits / power;
    assert_true(hb_time_rule_figures(r, &v, 1, &t));
    return t;
}

static void figures__are_the_nearest_nanosecond_or_left_to_the_text(void **state)
{
    (void)state;
    static const int64_t units[] = {1,
                                    1000,
                                    1000000,
                                    1000000000,
                                    INT64_C(60000000000),
                                    INT64_C(3600000000000),
                                    INT64_C(86400000000000)};
    uint64_t seed = 7;
    size_t left = 0;
    size_t taken = 0;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        hb_time_rule r = rule_of((double)units[u]);
        for (int i = 0; i < 40000; i++) {
            int64_t most = 1;
            for (uint64_t k = next(&seed) % 16; k; k--) {
                most *= 10;
            }
            int64_t digits = (int64_t)(next(&seed) % (uint64_t)most);
            digits = next(&seed) % 4 ? digits : -digits;
            int places = (int)(next(&seed) % 16);
            hb_time t = told(&r, digits, places);
            wide want = exact(digits, places, units[u]);
            bool near = want > -((wide)1 << 49) && want < ((wide)1 << 49);
            bool whole = exact(digits, places, units[u] * 1000) == want * 1000;
            assert_true(t == HB_TIME_NONE || t == want);
            assert_true(t != HB_TIME_NONE || !near || !whole);
            left += t == HB_TIME_NONE;
            taken += t != HB_TIME_NONE;
        }
    }
    assert_true(left > 1000 && taken > 1000);
}

static void figures__at_half_a_nanosecond_are_left_to_the_text(void **state)
{
    (void)state;
    hb_time_rule r = rule_of(1e9);
    assert_true(told(&r, 5, 10) == HB_TIME_NONE);       /* 0.5 ns */
    assert_true(told(&r, -15, 10) == HB_TIME_NONE);     /* -1.5 ns */
    assert_true(told(&r, 1234567, 10) == HB_TIME_NONE); /* 123,456.7 ns */
    assert_true(told(&r, 1234568, 10) == 123457);
    assert_true(told(&r, -1234568, 10) == -123457);
    assert_true(told(&r, 0, 0) == 0);
}

static void figures__that_are_none_are_left_to_the_text(void **state)
{
    (void)state;
    hb_time_rule r = rule_of(1e6);
    double v[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, -0.0, 2.5};
    hb_time t[sizeof v / sizeof *v];
    assert_true(hb_time_rule_figures(&r, v, sizeof v / sizeof *v, t));
    for (size_t i = 0; i < 5; i++) {
        assert_true(t[i] == HB_TIME_NONE);
    }
    assert_true(t[5] == 0);
    assert_true(t[6] == 2500000);
}

static void figures__do_not_tell_times_by_other_rules(void **state)
{
    (void)state;
    hb_time_rule r = rule_of(1e9);
    double v = 1;
    hb_time t = 77;
    r.n_columns = 2;
    assert_false(hb_time_rule_figures(&r, &v, 1, &t));
    r.n_columns = 1;
    assert_true(hb_time_form_parse(HB_STR("serial"), &r.form[0]));
    assert_false(hb_time_rule_figures(&r, &v, 1, &t));
    assert_true(t == 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures__are_the_nearest_nanosecond_or_left_to_the_text),
        cmocka_unit_test(figures__at_half_a_nanosecond_are_left_to_the_text),
        cmocka_unit_test(figures__that_are_none_are_left_to_the_text),
        cmocka_unit_test(figures__do_not_tell_times_by_other_rules),
    };
    return cmocka_run_group_tests_name("time_figures", tests, NULL, NULL);
}
