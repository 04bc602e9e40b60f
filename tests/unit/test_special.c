/* SPDX-License-Identifier: Apache-2.0 */
/* Against mpmath with 40 digits and more (special.case), for what holds between the functions, at
 * the ends of their domains, and for bits that every compiler and machine must give. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/special.h"

#include <math.h>

typedef struct subject {
    const char *name;
    double (*one)(double);
    double (*two)(double, double);
    double (*three)(double, double, double);
    double most; /* relative error */
} subject;

static double binomial(double k, double n, double p)
{
    return hb_binomial_cdf((uint64_t)k, (uint64_t)n, p);
}

static const subject subjects[] = {
    {.name = "lgamma", .one = hb_lgamma, .most = 1e-15},
    {.name = "log1p", .one = hb_log1p, .most = 1e-15},
    {.name = "expm1", .one = hb_expm1, .most = 1e-15},
    {.name = "normal_cdf", .one = hb_normal_cdf, .most = 2e-15},
    {.name = "normal_sf", .one = hb_normal_sf, .most = 2e-15},
    {.name = "normal_quantile", .one = hb_normal_quantile, .most = 2e-15},
    {.name = "beta_inc", .three = hb_beta_inc, .most = 1e-13},
    {.name = "gamma_p", .two = hb_gamma_p, .most = 1e-13},
    {.name = "gamma_q", .two = hb_gamma_q, .most = 1e-13},
    {.name = "chi2_sf", .two = hb_chi2_sf, .most = 1e-13},
    {.name = "f_sf", .three = hb_f_sf, .most = 1e-13},
    {.name = "binomial_cdf", .three = binomial, .most = 1e-13},
    {.name = "t_sf", .two = hb_t_sf, .most = 2e-14},
    {.name = "t_cdf", .two = hb_t_cdf, .most = 2e-14},
    {.name = "t_two_sided", .two = hb_t_two_sided, .most = 2e-14},
    {.name = "t_quantile", .two = hb_t_quantile, .most = 2e-14},
    {.name = "nct_cdf", .three = hb_nct_cdf, .most = 1e-12},
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static double value(const subject *s, const double *x)
{
    return s->one ? s->one(x[0]) : s->two ? s->two(x[0], x[1]) : s->three(x[0], x[1], x[2]);
}

static size_t seen[SUBJECTS];

static void check_row(const stats_case *c)
{
    const stats_row *row = &c->row[0];
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (strcmp(subjects[i].name, c->title) == 0) {
            stats_near(c->title, "value", value(&subjects[i], row->v), row->v[row->n - 1],
                       subjects[i].most, 0);
            seen[i]++;
            return;
        }
    }
    fail_msg("nothing tests '%s'", c->title);
}

static void special__equals_arithmetic_with_many_digits(void **state)
{
    (void)state;
    assert_true(stats_cases("special", check_row) >= 1000);
    for (size_t i = 0; i < SUBJECTS; i++) {
        assert_true(seen[i] > 20);
    }
}

static void special__inverses_undo(void **state)
{
    (void)state;
    stats_seed(5);
    for (int i = 0; i < 3000; i++) {
        double p = i % 2 ? stats_uniform() : pow(10, -290 * stats_uniform());
        double dof = pow(10, -0.3 + 6.3 * stats_uniform());
        double a = pow(10, -2 + 8 * stats_uniform());
        double b = pow(10, -2 + 8 * stats_uniform());
        if (p == 0) {
            continue;
        }
        /* A unit in z is worth z² units in p; in t, at most dof of them. */
        double z = hb_normal_quantile(p);
        stats_near("normal", "p", hb_normal_cdf(z), p, 1.2e-15 * (2 + z * z), 0);
        double t = hb_t_quantile(p, dof);
        if (isfinite(t)) {
            double worth = fmin(dof, t * t);
            stats_near("t", "p", hb_t_cdf(t, dof), p, 2e-15 * (3 + worth), 0);
        }
        double x = hb_beta_inc_inv(a, b, p);
        if (x > 1e-290 && x < 0.5) {
            stats_near("beta", "p", hb_beta_inc(a, b, x), p, 4e-16 * (200 + a + b * x), 0);
        }
    }
}

static void special__tails_fall_steadily(void **state)
{
    (void)state;
    /* The borders between methods must leave no step. */
    static const double dofs[] = {0.5, 1, 2.5, 9, 29, 300, 1e4, 1e6};
    for (size_t k = 0; k < sizeof dofs / sizeof *dofs; k++) {
        double dof = dofs[k];
        double t_before = 2;
        double chi_before = 2;
        double f_before = 2;
        double nct_before = -1;
        for (int i = 1; i <= 3000; i++) {
            double x = i * 0.004;
            double t = hb_t_sf(x - 2, dof);
            double chi = hb_chi2_sf(dof * (0.5 + x / 8), dof);
            double f = hb_f_sf(x, dof, 3.5);
            assert_true(t < t_before && chi <= chi_before && f <= f_before);
            assert_true(f < f_before || f == 1); /* both 1 to the last bit */
            t_before = t;
            chi_before = chi;
            f_before = f;
            if (i % 10 == 0) {
                double nct = hb_nct_cdf(x - 4, dof, 2);
                assert_true(nct > nct_before);
                nct_before = nct;
            }
        }
    }
    double before = -1;
    double quantile = -INFINITY;
    for (int i = 1; i < 20000; i++) {
        double p = hb_normal_cdf(i * 0.002 - 35);
        assert_true(p > before && hb_normal_quantile(p) > quantile);
        quantile = hb_normal_quantile(p);
        before = p;
        if (p > 0.999) {
            break;
        }
    }
}

static void special__tails_mirror(void **state)
{
    (void)state;
    for (int i = -200; i <= 200; i++) {
        double t = i * 0.1;
        assert_true(hb_normal_cdf(t) == hb_normal_sf(-t));
        assert_true(hb_t_cdf(t, 4.5) == hb_t_sf(-t, 4.5));
        stats_near("t", "sum", hb_t_cdf(t, 7) + hb_t_sf(t, 7), 1, 3e-16, 0);
        stats_near("nct", "central", hb_nct_cdf(t, 7, 0), hb_t_cdf(t, 7), 1e-13, 0);
        stats_near("nct", "mirror", hb_nct_cdf(t, 3, 2), 1 - hb_nct_cdf(-t, 3, -2), 0, 1e-14);
        stats_near("t", "endless", hb_t_sf(t, 1e11), hb_normal_sf(t), 1e-6, 0);
    }
    /* Closed forms: 1 and 2 degrees of freedom, exponential, uniform. */
    stats_near("t", "Cauchy", hb_t_sf(1, 1), 0.25, 1e-15, 0);
    stats_near("t", "2 dof", hb_t_sf(3, 2), 0.5 - 1.5 / sqrt(11), 1e-14, 0);
    stats_near("chi2", "2 dof", hb_chi2_sf(10, 2), 0.006737946999085467, 1e-15, 0);
    stats_near("beta", "uniform", hb_beta_inc(1, 1, 0.3), 0.3, 1e-15, 0);
    stats_near("binomial", "half", hb_binomial_cdf(4, 9, 0.5), 0.5, 1e-15, 0);
}

static void special__knows_the_ends(void **state)
{
    (void)state;
    assert_true(hb_log1p(-1) == -INFINITY && isnan(hb_log1p(-1.5)) && hb_log1p(0) == 0);
    assert_true(hb_log1p(INFINITY) == INFINITY && hb_log1p(1e-320) == 1e-320);
    assert_true(hb_expm1(-INFINITY) == -1 && hb_expm1(INFINITY) == INFINITY && hb_expm1(0) == 0);
    assert_true(isnan(hb_expm1(NAN)) && isnan(hb_lgamma(0)) && isnan(hb_lgamma(-1)));
    assert_true(hb_lgamma(1) == 0 && hb_lgamma(2) == 0 && hb_lgamma(INFINITY) == INFINITY);
    assert_true(hb_normal_cdf(0) == 0.5 && hb_normal_cdf(-INFINITY) == 0);
    assert_true(hb_normal_cdf(INFINITY) == 1 && isnan(hb_normal_sf(NAN)));
    assert_true(hb_normal_quantile(0) == -INFINITY && hb_normal_quantile(1) == INFINITY);
    assert_true(hb_normal_quantile(0.5) == 0 && isnan(hb_normal_quantile(-0.1)));
    assert_true(isnan(hb_normal_quantile(1.1)) && isnan(hb_normal_quantile(NAN)));
    assert_true(hb_beta_inc(2, 3, 0) == 0 && hb_beta_inc(2, 3, 1) == 1);
    assert_true(isnan(hb_beta_inc(0, 1, 0.5)) && isnan(hb_beta_inc(1, 1, 1.5)));
    assert_true(isnan(hb_beta_inc(1, NAN, 0.5)) && isnan(hb_beta_inc(1, INFINITY, 0.5)));
    assert_true(hb_beta_inc_inv(2, 3, 0) == 0 && hb_beta_inc_inv(2, 3, 1) == 1);
    assert_true(isnan(hb_beta_inc_inv(2, 3, -1)) && hb_beta_inc_inv(0.01, 1, 1e-9) == 0);
    assert_true(hb_beta_inc(0.5, 0.5, 1e-310) > 0);
    assert_true(hb_gamma_p(2, 0) == 0 && hb_gamma_q(2, 0) == 1 && hb_gamma_p(2, INFINITY) == 1);
    assert_true(isnan(hb_gamma_p(0, 1)) && isnan(hb_gamma_q(1, -1)) && isnan(hb_gamma_q(1, NAN)));
    assert_true(hb_t_cdf(-INFINITY, 3) == 0 && hb_t_sf(-INFINITY, 3) == 1);
    assert_true(hb_t_sf(0, 3) == 0.5 && hb_t_two_sided(0, 3) == 1 && isnan(hb_t_sf(1, 0)));
    assert_true(isnan(hb_t_sf(NAN, 3)) && isnan(hb_t_sf(1, NAN)) && isnan(hb_t_quantile(0.5, -1)));
    assert_true(hb_t_quantile(0, 3) == -INFINITY && hb_t_quantile(0.5, 3) == 0);
    assert_true(hb_t_sf(1.5, INFINITY) == hb_normal_sf(1.5));
    assert_true(hb_t_quantile(0.975, INFINITY) == hb_normal_quantile(0.975));
    assert_true(hb_nct_cdf(INFINITY, 3, 1) == 1 && hb_nct_cdf(-INFINITY, 3, 1) == 0);
    assert_true(isnan(hb_nct_cdf(1, 0, 1)) && isnan(hb_nct_cdf(1, 3, NAN)));
    assert_true(hb_nct_cdf(1, INFINITY, 2) == hb_normal_cdf(-1));
    assert_true(hb_chi2_sf(-1, 3) == 1 && hb_chi2_sf(0, 3) == 1 && isnan(hb_chi2_sf(1, 0)));
    assert_true(hb_f_sf(0, 2, 3) == 1 && hb_f_sf(INFINITY, 2, 3) == 0 && isnan(hb_f_sf(1, 0, 1)));
    stats_near("F", "far", hb_f_sf(1e300, 1, 1), 2e-150 / 3.141592653589793, 1e-12, 0);
    assert_true(hb_binomial_cdf(3, 3, 0.2) == 1 && hb_binomial_cdf(0, 3, 0) == 1);
    assert_true(hb_binomial_cdf(2, 3, 1) == 0 && isnan(hb_binomial_cdf(1, 3, 2)));
}

static uint64_t fold(uint64_t h, double v)
{
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    h = (h ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static void special__has_stored_bits(void **state)
{
    (void)state;
    /* Another compiler, level of optimisation or machine must give this. */
    uint64_t h = 1;
    for (int i = 1; i <= 2000; i++) {
        double x = i * 0.0071;
        double dof = 0.5 + (i % 37) * (i % 41) * 0.61;
        h = fold(h, hb_log1p(x - 0.9));
        h = fold(h, hb_expm1(x - 7));
        h = fold(h, hb_lgamma(x * x));
        h = fold(h, hb_normal_cdf(x - 12));
        h = fold(h, hb_normal_quantile(i / 2001.0));
        h = fold(h, hb_t_sf(x - 3, dof));
        h = fold(h, hb_t_quantile(i / 2001.0, dof));
        h = fold(h, hb_chi2_sf(x * 20, dof));
        h = fold(h, hb_f_sf(x, dof, 7.5));
        h = fold(h, hb_beta_inc(x, dof, i / 2001.0));
        h = fold(h, hb_binomial_cdf((uint64_t)i / 3, 2000, i / 4001.0));
        if (i % 5 == 0) {
            h = fold(h, hb_nct_cdf(x - 4, dof, x / 2));
            h = fold(h, hb_beta_inc_inv(x, dof, i / 2001.0));
        }
    }
    if (h != UINT64_C(0xbcbee68d8fb4a901)) {
        fail_msg("bits are %#lx", (unsigned long)h);
    }
}

/* To the bit, whether the law was there already or not. */
static void student__laws_kept_change_nothing(void **state)
{
    (void)state;
    static const double dofs[] = {1, 29, 29, 29.5, 7, 1e11, 29};
    hb_t_law law = {.dof = 0};
    for (size_t i = 0; i < sizeof dofs / sizeof *dofs; i++) {
        for (double t = -40; t < 40; t += 0.37) {
            assert_true(hb_t_two_sided_kept(t, dofs[i], &law) == hb_t_two_sided(t, dofs[i]));
            assert_true(hb_t_sf_kept(t, dofs[i], &law) == hb_t_sf(t, dofs[i]));
        }
    }
    assert_true(isnan(hb_t_sf_kept(1, 0, &law)) && isnan(hb_t_two_sided_kept(NAN, 5, &law)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student__laws_kept_change_nothing),
        cmocka_unit_test(special__equals_arithmetic_with_many_digits),
        cmocka_unit_test(special__inverses_undo),
        cmocka_unit_test(special__tails_fall_steadily),
        cmocka_unit_test(special__tails_mirror),
        cmocka_unit_test(special__knows_the_ends),
        cmocka_unit_test(special__has_stored_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
