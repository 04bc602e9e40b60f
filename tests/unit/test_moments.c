/* SPDX-License-Identifier: Apache-2.0 */
/* Against exact rational arithmetic (moments.case), against a corrected two-pass sum in long double
 * on long series, and at the ends of the number range. */
#include "support/check.h"
#include "support/stats_case.h"

#include "base/cpu.h"
#include "stats/moments.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static hb_moments in_blocks(const double *v, size_t n, size_t block)
{
    hb_moments all = {0};
    for (size_t i = 0; i < n; i += block) {
        hb_moments m = hb_moments_block(v + i, n - i < block ? n - i : block);
        hb_moments_merge(&all, &m);
    }
    return all;
}

static void check_case(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const double *want = stats_case_row(c, "want")->v;
    const size_t blocks[] = {v->n, 1, 2, 7, 8, 64};
    double spread = fabs(want[0]) + (isnan(want[1]) ? 0 : sqrt(want[1]));
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        hb_moments m = in_blocks(v->v, v->n, blocks[i]);
        assert_int_equal(m.n, v->n);
        stats_near(c->title, "mean", hb_moments_mean(&m), want[0], 0, 4e-16 * spread);
        stats_near(c->title, "variance", hb_moments_variance(&m), want[1], 1e-12, 0);
        stats_near(c->title, "sd", hb_moments_sd(&m), sqrt(want[1]), 1e-12, 0);
        stats_near(c->title, "lag1", hb_moments_lag1(&m), want[2], 1e-12, 1e-12);
        double least = v->v[0];
        double most = v->v[0];
        for (size_t k = 0; k < v->n; k++) {
            least = fmin(least, v->v[k]);
            most = fmax(most, v->v[k]);
        }
        assert_true(m.min == least && m.max == most);
        assert_true(m.first == v->v[0] && m.last == v->v[v->n - 1]);
    }
}

static void moments__equal_exact_arithmetic_in_any_partition(void **state)
{
    (void)state;
    assert_true(stats_cases("moments", check_case) >= 35);
}

enum { LONG = 100003 };
static double series[LONG];

enum shape { NOISE, OFFSET, WANDER, ALTERNATE, TREND, HEAVY, HUGE_STEP, SHAPES };

static void fill(int shape)
{
    double walk = 0;
    stats_seed(7);
    for (size_t i = 0; i < LONG; i++) {
        double noise = stats_normal();
        double sign = i % 2 ? 1 : -1;
        double t = (double)i;
        walk += noise;
        const double values[SHAPES] = {
            noise,
            1e9 + 1e-3 * noise,
            walk,
            sign,
            t * 1e-3 + noise,
            noise / (stats_uniform() + 1e-6),
            i == 0 ? -1e12 : noise,
        };
        series[i] = values[shape];
    }
}

/* mean, variance, lag-1 with 64 bits and a correction for the rounded mean. */
static void reference(const double *v, size_t n, long double *ret)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
    }
    long double mean = sum / (long double)n;
    sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i] - mean;
    }
    mean += sum / (long double)n;
    long double m2 = 0;
    long double lag = 0;
    for (size_t i = 0; i < n; i++) {
        m2 += (v[i] - mean) * (v[i] - mean);
        lag += i ? (v[i] - mean) * (v[i - 1] - mean) : 0;
    }
    ret[0] = mean;
    ret[1] = m2 / (long double)(n - 1);
    ret[2] = lag / m2;
}

static void moments__of_long_series_agree_in_any_partition(void **state)
{
    (void)state;
    const size_t blocks[] = {LONG, 4096, 1000, 13, 1};
    for (int shape = 0; shape < SHAPES; shape++) {
        char title[64];
        long double want[3];
        fill(shape);
        reference(series, LONG, want);
        double sd = (double)sqrtl(want[1]);
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            hb_moments m = in_blocks(series, LONG, blocks[i]);
            snprintf(title, sizeof title, "shape %d in blocks of %zu", shape, blocks[i]);
            stats_near(title, "mean", hb_moments_mean(&m), (double)want[0], 2.3e-16, 1e-14 * sd);
            stats_near(title, "variance", hb_moments_variance(&m), (double)want[1], 1e-12, 0);
            stats_near(title, "lag1", hb_moments_lag1(&m), (double)want[2], 0, 1e-12);
        }
    }
}

static void moments__merge_as_a_tree_too(void **state)
{
    (void)state;
    fill(WANDER);
    hb_moments whole = hb_moments_block(series, LONG);
    hb_moments part[16] = {{0}};
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) { /* empty parts among them */
        size_t n = i == 15 ? LONG - at : i % 5 == 2 ? 0 : (size_t)(stats_uniform() * 10000);
        part[i] = in_blocks(series + at, n, 999);
        at += n;
    }
    for (size_t step = 1; step < 16; step *= 2) {
        for (size_t i = 0; i < 16; i += 2 * step) {
            hb_moments_merge(&part[i], &part[i + step]);
        }
    }
    assert_int_equal(part[0].n, LONG);
    stats_near("tree", "mean", hb_moments_mean(&part[0]), hb_moments_mean(&whole), 1e-15, 0);
    stats_near("tree", "m2", part[0].m2, whole.m2, 1e-12, 0);
    stats_near("tree", "lag1", hb_moments_lag1(&part[0]), hb_moments_lag1(&whole), 0, 1e-12);
}

static void moments__have_stored_bits(void **state)
{
    (void)state;
    fill(HEAVY);
    hb_moments m = in_blocks(series, LONG, 4096);
    /* Another compiler, level of optimisation or machine must give these. */
    assert_true(m.mean == -0x1.881d187963fd8p-6);
    assert_true(m.mean_low == 0x0p+0);
    assert_true(m.m2 == 0x1.776a5bee43114p+32);
    assert_true(m.lag_xy == -0x1.d7098788519ccp+20);
    assert_true(m.lag_x == 0x1.576fde0380ap+2);
    assert_true(m.lag_y == 0x1.110008dd584p+0);
}

static void moments__of_a_constant_have_variance_zero(void **state)
{
    (void)state;
    const double constants[] = {0.1,     1.0 / 3, -273.15, 1e300, DBL_MAX,
                                DBL_MIN, 5e-324,  0,       -0.0,  1e9 + 0.1};
    double v[1000];
    for (size_t c = 0; c < sizeof constants / sizeof *constants; c++) {
        for (size_t i = 0; i < 1000; i++) {
            v[i] = constants[c];
        }
        for (size_t block = 1; block <= 1000; block = block * 3 + 1) {
            hb_moments m = in_blocks(v, 1000, block);
            assert_true(hb_moments_variance(&m) == 0 && hb_moments_mean(&m) == constants[c]);
            assert_true(isnan(hb_moments_lag1(&m)));
        }
    }
}

static void check_overflow(const double *v, size_t n, size_t block, double mean)
{
    hb_moments m = in_blocks(v, n, block);
    stats_near("overflow", "mean", hb_moments_mean(&m), mean, 1e-14, 1e293);
    assert_true(isinf(hb_moments_variance(&m)) && hb_moments_variance(&m) > 0);
    assert_true(isinf(hb_moments_sd(&m)));
    assert_true(isnan(hb_moments_lag1(&m)));
    const double fields[] = {m.mean, m.mean_low, m.shift, m.lag_xy, m.lag_x, m.lag_y};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        assert_true(isfinite(fields[i]));
    }
    double next[] = {1, 2, 3};
    hb_moments more = hb_moments_block(next, 3);
    hb_moments_merge(&m, &more);
    assert_true(isinf(m.m2) && isfinite(m.mean) && m.n == n + 3 && m.last == 3);
}

static void moments__say_inf_where_squares_overflow(void **state)
{
    (void)state;
    double same[100];
    double both[100];
    double step[100];
    for (int i = 0; i < 100; i++) {
        same[i] = i % 2 ? 1e308 : 1.5e308;
        both[i] = i % 2 ? DBL_MAX : -DBL_MAX;
        step[i] = i < 50 ? 1.7e308 : -1.7e308;
    }
    for (size_t block = 1; block <= 100; block++) {
        check_overflow(same, 100, block, 1.25e308);
        check_overflow(both, 100, block, 0);
        check_overflow(step, 100, block, 0);
    }
    double large[] = {1e153, 3e153, 2e153, 5e153}; /* squares are still doubles */
    hb_moments m = in_blocks(large, 4, 3);
    stats_near("large", "variance", hb_moments_variance(&m), 8.75e306 / 3, 1e-14, 0);
    assert_true(isfinite(hb_moments_lag1(&m)));
}

static void moments__of_nothing_are_not_numbers(void **state)
{
    (void)state;
    hb_moments none = hb_moments_block(NULL, 0);
    assert_true(none.n == 0 && isnan(hb_moments_mean(&none)));
    assert_true(isnan(hb_moments_variance(&none)) && isnan(hb_moments_sd(&none)));
    hb_moments one = hb_moments_block((double[]){4}, 1);
    assert_true(hb_moments_mean(&one) == 4 && isnan(hb_moments_variance(&one)));
    hb_moments copy = one;
    hb_moments_merge(&copy, &none);
    assert_memory_equal(&copy, &one, sizeof one);
    hb_moments_merge(&none, &one);
    assert_memory_equal(&none, &one, sizeof one);
    hb_moments two = hb_moments_block((double[]){4, 5}, 2);
    assert_true(hb_moments_variance(&two) == 0.5 && isnan(hb_moments_lag1(&two)));
}

static void moments__have_the_same_bits_with_vector_code_and_without(void **state)
{
    (void)state;
    static double v[5000];
    stats_seed(8);
    for (size_t n = 1; n <= 5000; n += n < 70 ? 1 : 617) {
        for (size_t i = 0; i < n; i++) {
            v[i] = (stats_uniform() - 0.5) * (n % 3 ? 1e3 : 1e300) + (i % 5 ? 0 : 1e-9);
        }
        hb_cpu_portable(true);
        hb_moments portable = hb_moments_block(v, n);
        hb_cpu_portable(false);
        hb_moments m = hb_moments_block(v, n);
        assert_memory_equal(&portable, &m, sizeof m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments__equal_exact_arithmetic_in_any_partition),
        cmocka_unit_test(moments__of_long_series_agree_in_any_partition),
        cmocka_unit_test(moments__merge_as_a_tree_too),
        cmocka_unit_test(moments__have_stored_bits),
        cmocka_unit_test(moments__have_the_same_bits_with_vector_code_and_without),
        cmocka_unit_test(moments__of_a_constant_have_variance_zero),
        cmocka_unit_test(moments__say_inf_where_squares_overflow),
        cmocka_unit_test(moments__of_nothing_are_not_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
