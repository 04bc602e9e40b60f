/* SPDX-License-Identifier: Apache-2.0 */
/* The formulas by hand, power and equivalence against mpmath and scipy (predict.case), the figures
 * the documents promise, and the example of Benjamini and Hochberg's paper. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/predict.h"
#include "stats/random.h"
#include "stats/special.h"

#include <math.h>

static hb_predict fitted(const double *v, size_t n, double sigma_ref, double nu, double step)
{
    hb_predict p = {0};
    hb_predict_input in = {
        .values = v, .n_values = n, .sigma_ref = sigma_ref, .nu = nu, .step = step};
    assert_true(hb_predict_fit(&in, &p));
    return p;
}

static hb_predict unit_law(size_t n0, double nu)
{
    return (hb_predict){.n0 = n0, .sd_runs = 1, .sd = 1, .dof = (double)n0 - 1 + nu};
}

static void near(const char *what, double got, double want, double rel)
{
    stats_near("predict", what, got, want, rel, 0);
}

static void predict__fits_by_the_formula(void **state)
{
    (void)state;
    const double v[] = {1, NAN, 2, 4, 5};
    hb_predict p = fitted(v, 5, 0, 0, 0);
    assert_int_equal(p.n0, 4);
    assert_true(p.mean == 3 && p.dof == 3);
    near("sd", p.sd, sqrt(10.0 / 3), 1e-15);
    near("t", hb_predict_t(&p, 5, 1), 2 / sqrt(10.0 / 3 * 1.25), 1e-15);
    near("t of three", hb_predict_t(&p, 5, 3), 2 / sqrt(10.0 / 3 * (1 / 3.0 + 0.25)), 1e-15);
    p = fitted(v, 5, 2, 7, 0);
    near("governed sd", p.sd, sqrt((10 + 7 * 4) / 10.0), 1e-15);
    near("runs' own sd", p.sd_runs, sqrt(10.0 / 3), 1e-15);
    assert_true(p.dof == 10);
    p = fitted(v, 5, 2, 7, 0.6);
    near("with resolution", p.sd, sqrt(3.8 + 0.03), 1e-15);
    p = fitted(v, 5, 2, INFINITY, 0);
    assert_true(p.sd == 2 && isinf(p.dof));
}

static void predict__says_when_there_is_nothing_to_say(void **state)
{
    (void)state;
    const double same[] = {3, 3, 3};
    const double endless[] = {1, INFINITY, 2};
    const double nothing[] = {NAN, NAN};
    hb_predict p = {.n0 = 77};
    assert_false(hb_predict_fit(&(hb_predict_input){.values = same, .n_values = 3}, &p));
    assert_false(hb_predict_fit(&(hb_predict_input){.values = same, .n_values = 1, .step = 1}, &p));
    assert_false(hb_predict_fit(&(hb_predict_input){.values = endless, .n_values = 3}, &p));
    hb_predict_input in = {.values = nothing, .n_values = 2, .sigma_ref = 1, .nu = 5};
    assert_false(hb_predict_fit(&in, &p));
    assert_false(hb_predict_fit(&(hb_predict_input){.sigma_ref = 1, .nu = 5}, &p));
    assert_int_equal(p.n0, 77);
    /* A governed scale without degrees of freedom is none. */
    assert_false(
        hb_predict_fit(&(hb_predict_input){.values = same, .n_values = 1, .sigma_ref = 1}, &p));
    p = fitted(same, 1, 2, 5, 0);
    assert_true(p.n0 == 1 && p.sd == 2 && p.dof == 5 && p.mean == 3);
}

static void predict__constants_with_a_step_keep_a_p_value(void **state)
{
    (void)state;
    const double same[] = {0.1, 0.1, 0.1, 0.1};
    hb_predict p = fitted(same, 4, 0, 0, 0.01);
    assert_true(p.sd_runs == 0 && p.mean == 0.1);
    near("sd", p.sd, 0.01 / sqrt(12), 1e-15);
    assert_true(hb_predict_p(&p, hb_predict_t(&p, 0.1, 1), 0) == 1);
    double next = hb_predict_p(&p, hb_predict_t(&p, 0.11, 1), 0);
    assert_true(next > 0.05 && next < 0.06);
}

static void predict__keeps_very_large_and_very_small_values(void **state)
{
    (void)state;
    const double plain[] = {1, 2, 4, 5, -3};
    hb_predict want = fitted(plain, 5, 1.5, 4, 0.5);
    static const int powers[] = {1000, 600, 200, -200, -600, -1000};
    for (size_t k = 0; k < sizeof powers / sizeof *powers; k++) {
        double scaled[5];
        for (size_t i = 0; i < 5; i++) {
            scaled[i] = ldexp(plain[i], powers[k]);
        }
        double one = ldexp(1, powers[k]);
        hb_predict p = fitted(scaled, 5, 1.5 * one, 4, 0.5 * one);
        assert_true(p.mean == want.mean * one && p.sd == want.sd * one);
        assert_true(p.sd_runs == want.sd_runs * one);
        assert_true(hb_predict_t(&p, 7 * one, 1) == hb_predict_t(&want, 7, 1));
        near("width", hb_predict_width(&p, 1, 0.05, 0), hb_predict_width(&want, 1, 0.05, 0) * one,
             1e-15);
    }
    const double far[] = {-1.7e308, 0, 1.7e307, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    hb_predict p = fitted(far, 20, 0, 0, 0);
    assert_true(isfinite(hb_predict_t(&p, 1.7e308, 1)));
    /* A spread far below the level. */
    const double level[] = {1e9, 1e9 + 1e-6, 1e9 - 1e-6};
    near("small spread", fitted(level, 3, 0, 0, 0).sd, 9.5367431640625e-07, 1e-6);
}

static void predict__the_limit_flags_what_it_says(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 3, 5, 10, 20, 30};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int side = -1; side <= 1; side++) {
            hb_predict p = unit_law(sizes[k], 0);
            double width = hb_predict_width(&p, 2, 0.01, side);
            double t = hb_predict_t(&p, side < 0 ? -width : width, 2);
            near("p at the limit", hb_predict_p(&p, t, side), 0.01, 1e-13);
        }
    }
    /* And in a simulation: 1 % of new runs, within four standard errors. */
    hb_random r = hb_random_of(2026, 1);
    for (size_t n0 = 3; n0 <= 10; n0 += 7) {
        enum { RUNS = 40000 };
        int flags = 0;
        double cut = hb_t_quantile(0.995, (double)n0 - 1);
        for (int i = 0; i < RUNS; i++) {
            double v[10];
            for (size_t j = 0; j < n0; j++) {
                v[j] = 20 + 3 * hb_random_normal(&r);
            }
            hb_predict p = fitted(v, n0, 0, 0, 0);
            flags += fabs(hb_predict_t(&p, 20 + 3 * hb_random_normal(&r), 1)) > cut;
        }
        assert_true(fabs(flags - RUNS * 0.01) < 4 * sqrt(RUNS * 0.01));
    }
}

static size_t rows;

static void check_row(const stats_case *c)
{
    const double *v = c->row[0].v;
    double want = v[c->row[0].n - 1];
    rows++;
    if (strcmp(c->title, "limits") == 0) {
        double low = 0;
        double high = 0;
        hb_binomial_limits((uint64_t)v[0], (uint64_t)v[1], v[2], &low, &high);
        near("lower limit", low, v[3], 1e-10); /* as far as scipy is right */
        near("upper limit", high, want, 1e-10);
        return;
    }
    hb_predict p = {.n0 = (size_t)v[0], .sd_runs = 1, .sd = 1, .dof = v[1]};
    if (strcmp(c->title, "power") == 0) {
        near("power", hb_predict_power(&p, (size_t)v[2], v[3], (int)v[4], v[5]), want, 2e-10);
        return;
    }
    assert_string_equal(c->title, "tost_power");
    stats_near("tost power", "", hb_predict_tost_power(&p, (size_t)v[2], v[3], v[4]), want, 1e-9,
               1e-10);
}

static void predict__power_equals_other_integrals(void **state)
{
    (void)state;
    assert_true(stats_cases("predict", check_row) == rows && rows > 50);
}

static void predict__power_gives_the_documented_figures(void **state)
{
    (void)state;
    for (size_t n0 = 2; n0 <= 30; n0++) {
        hb_predict p = unit_law(n0, 0);
        assert_true(hb_predict_tost_power(&p, 1, 2, 0.05) <= 0.23);
    }
    hb_predict ten = unit_law(10, 0);
    stats_near("three against ten", "", hb_predict_tost_power(&ten, 3, 2, 0.05), 0.75, 0, 0.005);
    hb_predict three = unit_law(3, 0);
    hb_predict governed = unit_law(3, 20);
    assert_true(hb_predict_power(&governed, 1, 0.0016, 0, 5) >
                10 * hb_predict_power(&three, 1, 0.0016, 0, 5));
    near("no shift", hb_predict_power(&ten, 1, 0.01, 0, 0), 0.01, 1e-9);
    assert_true(hb_predict_power(&ten, 1, 0.01, 0, INFINITY) == 1);
    assert_true(hb_predict_power(&ten, 1, 0.01, 0, -4) == hb_predict_power(&ten, 1, 0.01, 0, 4));
    assert_true(hb_predict_power(&ten, 1, 0.01, -1, 4) == hb_predict_power(&ten, 1, 0.01, 1, 4));
    assert_true(isnan(hb_predict_power(&ten, 0, 0.01, 0, 1)));
    assert_true(isnan(hb_predict_power(&ten, 1, 0.01, 0, NAN)));
}

static void predict__detectable_has_that_power(void **state)
{
    (void)state;
    static const double alphas[] = {0.2, 0.05, 0.0016, 1e-5};
    static const double powers[] = {0.21, 0.5, 0.8, 0.99};
    for (size_t n0 = 2; n0 <= 30; n0 += 4) {
        for (size_t k = 0; k < 16; k++) {
            for (int side = 0; side <= 1; side++) {
                double power = powers[k % 4];
                double alpha = alphas[k / 4];
                hb_predict p = unit_law(n0, 2.5 * (double)(k % 3));
                p.sd = 7;
                double shift = hb_predict_detectable(&p, 1, alpha, side, power);
                near("power", hb_predict_power(&p, 1, alpha, side, shift), power, 2e-7);
            }
        }
    }
    hb_predict p = unit_law(5, 0);
    assert_true(isinf(hb_predict_detectable(&p, 1, 0.01, 0, 1)));
    assert_true(isinf(hb_predict_detectable(&p, 1, 0, 0, 0.8)));
    assert_true(hb_predict_detectable(&p, 1, 0.3, 0, 0.2) == 0);
    p.dof = INFINITY;
    near("normal", hb_predict_detectable(&p, 1, 0.05, 1, 0.8),
         (1.6448536269514722 + 0.8416212335729143) * sqrt(1.2), 1e-7);
}

static void predict__runs_needed_is_the_fewest(void **state)
{
    (void)state;
    for (int side = 0; side <= 1; side++) {
        for (size_t k = 0; k < 60; k++) {
            double alpha = k % 2 ? 0.01 : 0.0016;
            double nu = k % 3 ? 0 : 6;
            size_t m = 1 + k % 4;
            double shift = 6.5 + 0.4 * (double)(k % 7) - (double)m;
            uint32_t n = hb_predict_runs_needed(2, nu, m, alpha, side, 2 * shift, 0.8);
            uint32_t least = nu > 0 ? 1 : 2;
            uint32_t reach = n ? n : 1000;
            hb_predict p = unit_law(reach, nu);
            double power = hb_predict_power(&p, m, alpha, side, shift);
            assert_true(n ? power >= 0.8 : power < 0.8);
            if (n > least) {
                p = unit_law(n - 1, nu);
                assert_true(hb_predict_power(&p, m, alpha, side, shift) < 0.8);
            }
        }
    }
    assert_int_equal(hb_predict_runs_needed(1, 0, 1, 0.01, 0, 0.5, 0.8), 0);
    assert_int_equal(hb_predict_runs_needed(1, 0, 1, 0.01, 0, 1e6, 0.8), 2);
    assert_int_equal(hb_predict_runs_needed(1, 50, 1, 0.01, 0, 1e6, 0.8), 1);
    assert_int_equal(hb_predict_runs_needed(0, 0, 1, 0.01, 0, 0, 0.8), 0);
    assert_int_equal(hb_predict_runs_needed(1, 0, 1, 0.01, 0, NAN, 0.8), 0);
    assert_int_equal(hb_predict_runs_needed(1, 0, 0, 0.01, 0, 9, 0.8), 0);
}

static void predict__equivalence_is_two_tests(void **state)
{
    (void)state;
    const double v[] = {9, 10, 11, 10, 10};
    hb_predict p = fitted(v, 5, 0, 0, 0);
    double se = p.sd * sqrt(1.2);
    near("at the mean", hb_predict_tost(&p, 10, 1, 3), hb_t_sf(3 / se, 4), 1e-14);
    near("above", hb_predict_tost(&p, 11, 1, 3), hb_t_sf(2 / se, 4), 1e-14);
    near("below", hb_predict_tost(&p, 9, 1, 3), hb_t_sf(2 / se, 4), 1e-14);
    near("outside", hb_predict_tost(&p, 14, 1, 3), hb_t_sf(-1 / se, 4), 1e-14);
    assert_true(isnan(hb_predict_tost(&p, 10, 1, -1)) && isnan(hb_predict_tost(&p, NAN, 1, 1)));
    assert_true(hb_predict_tost_power(&p, 1, 0, 0.05) == 0);
    assert_true(hb_predict_tost_power(&p, 1, INFINITY, 0.05) == 1);
    assert_true(isnan(hb_predict_tost_power(&p, 1, 1, 0.7)));
}

static void bh__gives_the_example_of_the_paper(void **state)
{
    (void)state;
    /* Benjamini, Hochberg 1995, section 3.2: four of fifteen at 0.05. Here out of order. */
    const double p[] = {0.0298, 1.0000, 0.0001, 0.4262, 0.0344, 0.0004, 0.7590, 0.0095,
                        0.0459, 0.0201, 0.6528, 0.3240, 0.0019, 0.5719, 0.0278};
    size_t order[15];
    double q[15];
    assert_true(hb_bh(p, 15, 0.05, order, q) == 0.0095);
    for (size_t i = 1; i < 15; i++) {
        assert_true(p[order[i - 1]] <= p[order[i]] && q[order[i - 1]] <= q[order[i]]);
    }
    /* R: p.adjust(p, "BH"). */
    near("first", q[2], 0.0015, 1e-14);
    near("fourth", q[7], 0.035625, 1e-14);
    near("sixth takes the seventh's", q[14], 0.0298 * 15 / 7, 1e-14);
    near("eighth", q[4], 0.0645, 1e-14);
    near("last", q[1], 1, 1e-14);
    assert_true(hb_bh(p, 15, 0.001, order, NULL) == 0);
}

static void bh__does_not_care_about_the_order(void **state)
{
    (void)state;
    hb_random r = hb_random_of(8, 0);
    for (int round = 0; round < 200; round++) {
        enum { N = 40 };
        double p[N];
        size_t order[N];
        double q[N];
        for (size_t i = 0; i < N; i++) {
            p[i] = (double)hb_random_below(&r, 30) / 200;
        }
        double cut = hb_bh(p, N, 0.08, order, q);
        for (size_t i = 0; i < N; i++) {
            assert_true(i == 0 || p[order[i - 1]] < p[order[i]] ||
                        (p[order[i - 1]] == p[order[i]] && order[i - 1] < order[i]));
        }
        hb_random_shuffle(&r, p, N);
        assert_true(hb_bh(p, N, 0.08, order, NULL) == cut);
        /* By the definition, without sorting. */
        double by_definition = 0;
        for (size_t i = 0; i < N; i++) {
            size_t at_most = 0;
            for (size_t j = 0; j < N; j++) {
                at_most += p[j] <= p[i];
            }
            if (p[i] <= 0.08 * (double)at_most / N && p[i] > by_definition) {
                by_definition = p[i];
            }
        }
        assert_true(by_definition == cut);
    }
}

static void bh__leaves_out_what_was_not_tested(void **state)
{
    (void)state;
    const double p[] = {NAN, 0.03, NAN, 0.5, 0};
    size_t order[5];
    double q[5];
    assert_true(hb_bh(p, 5, 0.05, order, q) == 0.03);
    assert_true(isnan(q[0]) && isnan(q[2]) && q[4] == 0);
    near("of three", q[1], 0.045, 1e-14);
    assert_true(order[0] == 4 && order[1] == 1 && order[2] == 3 && order[3] == 0);
    assert_true(hb_bh(p, 0, 0.05, order, q) == 0 && hb_bh(p, 1, 0.05, order, q) == 0);
}

static void predict__has_stored_bits(void **state)
{
    (void)state;
    /* Another compiler, level of optimisation or machine must give this. */
    uint64_t h = 1;
    for (size_t n0 = 2; n0 <= 30; n0++) {
        double v[30];
        hb_random r = hb_random_of(n0, 0);
        for (size_t i = 0; i < n0; i++) {
            v[i] = hb_random_normal(&r);
        }
        hb_predict p = fitted(v, n0, 1.25, (double)(n0 % 3), 0.1);
        const double figures[] = {
            p.mean,
            p.sd,
            hb_predict_p(&p, hb_predict_t(&p, 2, 1), 0),
            hb_predict_width(&p, 1, 0.01, 0),
            hb_predict_power(&p, 1, 0.01, 0, 3),
            hb_predict_detectable(&p, 1, 0.0016, 0, 0.8),
            hb_predict_tost(&p, 0.5, 2, 2),
            hb_predict_tost_power(&p, 3, 2, 0.05),
            hb_predict_runs_needed(p.sd, 0, 1, 0.01, 0, 4.5, 0.8),
        };
        for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
            uint64_t bits = 0;
            memcpy(&bits, &figures[i], sizeof bits);
            h = (h ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
            h ^= h >> 29;
        }
    }
    if (h != UINT64_C(0x733936a7fc6e0768)) {
        fail_msg("bits are %#lx", (unsigned long)h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predict__fits_by_the_formula),
        cmocka_unit_test(predict__says_when_there_is_nothing_to_say),
        cmocka_unit_test(predict__constants_with_a_step_keep_a_p_value),
        cmocka_unit_test(predict__keeps_very_large_and_very_small_values),
        cmocka_unit_test(predict__the_limit_flags_what_it_says),
        cmocka_unit_test(predict__power_equals_other_integrals),
        cmocka_unit_test(predict__power_gives_the_documented_figures),
        cmocka_unit_test(predict__detectable_has_that_power),
        cmocka_unit_test(predict__runs_needed_is_the_fewest),
        cmocka_unit_test(predict__equivalence_is_two_tests),
        cmocka_unit_test(bh__gives_the_example_of_the_paper),
        cmocka_unit_test(bh__does_not_care_about_the_order),
        cmocka_unit_test(bh__leaves_out_what_was_not_tested),
        cmocka_unit_test(predict__has_stored_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
