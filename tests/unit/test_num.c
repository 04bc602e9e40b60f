/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "base/num.h"
#include "base/num_decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void num_print__shortest_that_reads_back(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        /* RFC 8785 appendix B */
        {0.0, "0"},
        {-0.0, "0"},
        {5e-324, "5e-324"},
        {-5e-324, "-5e-324"},
        {1.7976931348623157e+308, "1.7976931348623157e+308"},
        {9007199254740992.0, "9007199254740992"},
        {295147905179352830000.0, "295147905179352830000"},
        {9.999999999999997e22, "9.999999999999997e+22"},
        {1e23, "1e+23"},
        {1.0000000000000001e23, "1.0000000000000001e+23"},
        {999999999999999700000.0, "999999999999999700000"},
        {999999999999999900000.0, "999999999999999900000"},
        {1e21, "1e+21"},
        {9.999999999999997e-7, "9.999999999999997e-7"},
        {0.000001, "0.000001"},
        {333333333.3333332, "333333333.3333332"},
        {333333333.33333325, "333333333.33333325"},
        {1424953923781206.2, "1424953923781206.2"},
        {0.1, "0.1"},
        {100, "100"},
        {-12.5, "-12.5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[HB_NUM_TEXT];
        size_t n = hb_num_print(cases[i].v, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(n, strlen(text));
    }
}

static void num_parse__accepts_whole_numbers_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hb_num_kind kind;
        double v;
    } cases[] = {
        {"1", HB_NUM_FINITE, 1},
        {"-1.5e3", HB_NUM_FINITE, -1500},
        {"+.5", HB_NUM_FINITE, 0.5},
        {"5.", HB_NUM_FINITE, 5},
        {"1e400", HB_NUM_INF, INFINITY},
        {"0x1p3", HB_NUM_FINITE, 8},
        {"9007199254740993", HB_NUM_FINITE, 9007199254740992.0},
        {"123456789012345678901234567890", HB_NUM_FINITE, 123456789012345678901234567890.0},
        {"2.2250738585072011e-308", HB_NUM_FINITE, 2.2250738585072011e-308},
        {"1e-400", HB_NUM_FINITE, 0},
        {"nan", HB_NUM_NAN, 0},
        {"-Inf", HB_NUM_INF, -INFINITY},
        {"", HB_NUM_NOT, 0},
        {".", HB_NUM_NOT, 0},
        {"e5", HB_NUM_NOT, 0},
        {"1e", HB_NUM_NOT, 0},
        {"1_000", HB_NUM_NOT, 0},
        {"1,5", HB_NUM_NOT, 0},
        {" 1", HB_NUM_NOT, 0},
        {"1 ", HB_NUM_NOT, 0},
        {"--1", HB_NUM_NOT, 0},
        {"0x", HB_NUM_NOT, 0},
        {"12abc", HB_NUM_NOT, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double v = 0;
        hb_num_kind kind = hb_num_parse(cases[i].text, strlen(cases[i].text), &v);
        if (kind != cases[i].kind) {
            fail_msg("'%s' gave kind %d", cases[i].text, (int)kind);
        }
        if (kind == HB_NUM_FINITE || kind == HB_NUM_INF) {
            assert_true(v == cases[i].v);
        }
    }
}

static void num__random_bits_round_trip(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v = 0;
        memcpy(&v, &x, sizeof v);
        if (!isfinite(v)) {
            continue;
        }
        char text[HB_NUM_TEXT];
        size_t n = hb_num_print(v, text);
        double back = 0;
        assert_int_equal(hb_num_parse(text, n, &back), HB_NUM_FINITE);
        assert_true(back == v);
    }
}

/* A decimal of up to 15 digits is its own shortest form: no other with as few reads the same. */
static void num_print__gives_back_decimals_as_they_were_written(void **state)
{
    (void)state;
    uint64_t seed = 12;
    for (int i = 0; i < 300000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int decimals = 1 + (int)(seed >> 33) % 14;
        int digits = decimals + (int)(seed >> 40) % (16 - decimals);
        digits = digits > 15 ? 15 : digits;
        uint64_t most = 1;
        for (int k = 0; k < digits; k++) {
            most *= 10;
        }
        uint64_t whole = (seed >> 4) % most;
        whole += whole % 10 == 0; /* no zero at the end */
        uint64_t unit = 1;
        for (int k = 0; k < decimals; k++) {
            unit *= 10;
        }
        if (whole < unit / 1000000) {
            continue; /* written with an exponent */
        }
        char text[HB_NUM_TEXT * 2];
        char got[HB_NUM_TEXT];
        int n = snprintf(text, sizeof text, "%s%llu.%0*llu", i % 2 ? "-" : "",
                         (unsigned long long)(whole / unit), decimals,
                         (unsigned long long)(whole % unit));
        double v = 0;
        assert_int_equal(hb_num_parse(text, (size_t)n, &v), HB_NUM_FINITE);
        assert_int_equal(hb_num_print(v, got), n);
        assert_string_equal(got, text);
    }
}

/* The C library's digits, fewest first, until they read back. */
static int digits_by_printf(double v, char digits[24], int *ret_exponent)
{
    char text[40];
    double back = 0;
    int64_t exponent = 0;
    int n = 0;
    for (int k = 0; k < 17 && back != v; k++) {
        int length = snprintf(text, sizeof text, "%.*e", k, v);
        assert_true(hb_num_parse(text, (size_t)length, &back) != HB_NUM_NOT);
    }
    char *c = text;
    for (; *c != 'e'; c++) {
        if (*c != '.') {
            digits[n++] = *c;
        }
    }
    assert_true(hb_num_parse_i64(c + 1, strlen(c + 1), &exponent));
    *ret_exponent = (int)exponent + 1;
    return n;
}

static void num_shortest__gives_the_digits_of_printf(void **state)
{
    (void)state;
    uint64_t seed = 5;
    size_t undecided = 0;
    for (int i = 0; i < 60000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = seed ^ seed >> 29;
        double v = (double)(bits >> 40) / 1000 * 1.1 + 0.3;
        if (i % 3 == 1) {
            v = (double)(bits >> 11) / (double)(1 + (bits & 0xffff));
        } else if (i % 3 == 2) {
            memcpy(&v, &bits, sizeof v);
            v = isfinite(v) ? fabs(v) : 1.5;
        }
        char got[24];
        char want[24];
        int got_exponent = 0;
        int want_exponent = 0;
        int n = hb_num_shortest(v, got, &got_exponent);
        undecided += n == 0;
        if (n) {
            assert_int_equal(n, digits_by_printf(v, want, &want_exponent));
            assert_int_equal(got_exponent, want_exponent);
            assert_memory_equal(got, want, (size_t)n);
        }
    }
    assert_true(undecided < 2000); /* the smallest numbers there are */
    char digits[24];
    int exponent = 0;
    assert_int_equal(hb_num_shortest(0x1p-44, digits, &exponent), 0);
    assert_int_equal(hb_num_shortest(5e-324, digits, &exponent), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(num_shortest__gives_the_digits_of_printf),
        cmocka_unit_test(num_print__shortest_that_reads_back),
        cmocka_unit_test(num_parse__accepts_whole_numbers_only),
        cmocka_unit_test(num_print__gives_back_decimals_as_they_were_written),
        cmocka_unit_test(num__random_bits_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
