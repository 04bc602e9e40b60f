/* SPDX-License-Identifier: Apache-2.0 */
/* Against correctly rounded values from 60-digit arithmetic (fmath.case), against stored bits, and
 * for the properties that hold between the two functions. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/fmath.h"

#include <math.h>

/* `want` is itself rounded, by up to half a unit. */
static const double most_ulps = 1.5;

static void check_row(const stats_case *c)
{
    double x = c->row[0].v[0];
    double want = c->row[0].v[1];
    double got = strcmp(c->title, "exp") == 0 ? hb_exp(x) : hb_log(x);
    if (stats_ulps(got, want) > most_ulps) {
        fail_msg("%s(%.17g) = %.17g, expected %.17g", c->title, x, got, want);
    }
}

static void fmath__is_within_a_unit_of_the_true_value(void **state)
{
    (void)state;
    assert_true(stats_cases("fmath", check_row) >= 600);
}

static void fmath__has_stored_bits(void **state)
{
    (void)state;
    /* Another compiler, level of optimisation or machine must give these. */
    static const double exps[][2] = {
        {1, 0x1.5bf0a8b14576ap+1},
        {-0.5, 0x1.368b2fc6f960ap-1},
        {0.10000000000000001, 0x1.1aec7b35a00d4p+0},
        {-1.0000000000000001e-05, 0x1.fffeb07515653p-1},
        {10.25, 0x1.b9ea2aed2a0f1p+14},
        {88.700000000000003, 0x1.f4705bbffae5cp+127},
        {300.125, 0x1.fc0ed35ef0037p+432},
        {-300.69999999999999, 0x1.225720438e36dp-434},
        {709.5, 0x1.81e9b4b52d0c9p+1023},
        {-708, 0x1.7c8ab2288c9acp-1022},
        {-740, 0x0.0000000000055p-1022},
        {1e-300, 0x1p+0},
    };
    static const double logs[][2] = {
        {10.25, 0x1.29e43c6118f56p+1},
        {0.001, -0x1.ba18a998fffap+2},
        {1.0000001000000001, 0x1.ad7f2847b6492p-24},
        {0.99999000000000005, -0x1.4f8bc681df714p-17},
        {2, 0x1.62e42fefa39efp-1},
        {0.70710678118654757, -0x1.62e42fefa39eep-2},
        {1.4142135623730951, 0x1.62e42fefa39fp-2},
        {2.9999999999999908e-310, -0x1.6459f44103e87p+9},
        {1.0000000000000001e+300, 0x1.5963447f87fb5p+9},
        {4.9406564584124654e-324, -0x1.74385446d71c3p+9},
        {1000000000000000, 0x1.144f69ff9ffc4p+5},
        {123456.789, 0x1.77281cad8a844p+3},
    };
    for (size_t i = 0; i < sizeof exps / sizeof *exps; i++) {
        assert_true(hb_exp(exps[i][0]) == exps[i][1]);
    }
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        assert_true(hb_log(logs[i][0]) == logs[i][1]);
    }
}

static void fmath__knows_the_ends_of_the_range(void **state)
{
    (void)state;
    assert_true(hb_exp(0) == 1 && hb_exp(-0.0) == 1 && hb_log(1) == 0);
    assert_true(hb_exp(INFINITY) == INFINITY && hb_exp(-INFINITY) == 0 && isnan(hb_exp(NAN)));
    assert_true(isfinite(hb_exp(709.78271289338397)) && hb_exp(709.7828) == INFINITY);
    assert_true(hb_exp(-745.13) > 0 && hb_exp(-745.14) == 0 && hb_exp(-1e308) == 0);
    assert_true(hb_log(0) == -INFINITY && hb_log(-0.0) == -INFINITY && isnan(hb_log(-1)));
    assert_true(hb_log(INFINITY) == INFINITY && isnan(hb_log(NAN)) && isnan(hb_log(-INFINITY)));
    for (int k = -1074; k <= 1023;
         k++) { /* log of a power of two is k·ln 2 to the last bit or so */
        assert_true(stats_ulps(hb_log(ldexp(1, k)), k * 0x1.62e42fefa39efp-1) <= 1);
    }
}

static void fmath__log_undoes_exp(void **state)
{
    (void)state;
    stats_seed(11);
    for (int i = 0; i < 100000; i++) {
        double x = (stats_uniform() - 0.5) * 1400;
        /* A unit in exp moves the logarithm by 2^-52, and log adds one of its own. */
        stats_near("log(exp(x))", "x", hb_log(hb_exp(x)), x, 4.5e-16, 4.5e-16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fmath__is_within_a_unit_of_the_true_value),
        cmocka_unit_test(fmath__has_stored_bits),
        cmocka_unit_test(fmath__knows_the_ends_of_the_range),
        cmocka_unit_test(fmath__log_undoes_exp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
