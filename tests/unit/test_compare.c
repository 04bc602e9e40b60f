/* SPDX-License-Identifier: Apache-2.0 */
/* Against scipy (compare.case), against path counts in whole numbers and against independent exact
 * laws where ours is a limit (ks_p.case). */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/compare.h"

#include <float.h>
#include <math.h>
#include <string.h>

static hb_ranks ranks_of(const double *v, size_t n)
{
    hb_ranks r;
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    CHECK_OK(hb_sketch_add(s, v, n, &err));
    hb_ranks_of(s, &r);
    hb_sketch_free(s);
    return r;
}

static hb_ks ks_of(const hb_ranks *a, const hb_ranks *b)
{
    return hb_distance_two_sample(a, b).ks;
}

static double wasserstein(const hb_ranks *a, const hb_ranks *b)
{
    return hb_distance_two_sample(a, b).wasserstein;
}

/* The share of samples at or below x. */
static double share_at(const stats_row *r, double x)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        n += r->v[i] <= x;
    }
    return (double)n / (double)r->n;
}

static void check_pair(const stats_case *c)
{
    const stats_row *ra = stats_case_row(c, "a");
    const stats_row *rb = stats_case_row(c, "b");
    const double *want = stats_case_row(c, "want")->v;
    hb_ranks a = ranks_of(ra->v, ra->n);
    hb_ranks b = ranks_of(rb->v, rb->n);
    hb_ks ks = ks_of(&a, &b);
    hb_ks swapped = ks_of(&b, &a);
    stats_near(c->title, "D", ks.d, want[0], 1e-15, 1e-15);
    stats_near(c->title, "p", ks.p, want[1], 1e-12, 1e-15);
    assert_true(ks.d == swapped.d && ks.p == swapped.p && ks.d_error == 0);
    double gap = fabs(share_at(ra, ks.at) - share_at(rb, ks.at));
    stats_near(c->title, "D at the place it names", gap, ks.d, 0, 0);
    double w = wasserstein(&a, &b);
    stats_near(c->title, "Wasserstein", w, want[2], 1e-12, 0);
    stats_near(c->title, "Wasserstein swapped", wasserstein(&b, &a), w, 0, 0);
}

static void compare__equals_scipy(void **state)
{
    (void)state;
    assert_true(stats_cases("compare", check_pair) >= 17);
}

static void check_p(const stats_case *c)
{
    const double *row = c->row[0].v;
    uint64_t n = (uint64_t)row[0];
    uint64_t m = (uint64_t)row[1];
    double p = hb_ks_p(row[2], n, m);
    double want = row[3];
    if (strcmp(c->title, "exact") == 0) {
        stats_near(c->title, "p", p, want, 1e-13, 0); /* relative, down to 1e-34 */
    } else if (strcmp(c->title, "scipy") == 0) {
        stats_near(c->title, "p", p, want, 0, 1e-13);
    } else if (strcmp(c->title, "one sided by far") == 0) {
        stats_near(c->title, "p", p, want, 0.002, 0);
    } else {
        stats_near(c->title, "p", p, want, want > 1e-3 ? 0.002 : 0.01, 0);
    }
    stats_near(c->title, "p with n and m swapped", hb_ks_p(row[2], m, n), p, 0, 0);
}

static void ks_p__equals_independent_laws(void **state)
{
    (void)state;
    assert_true(stats_cases("ks_p", check_p) >= 130);
}

static void ks_p__keeps_to_the_ends_of_its_range(void **state)
{
    (void)state;
    const uint64_t sizes[] = {1, 2, 5, 100, 3162, 3163, 100000, 100001, 10000000, UINT64_MAX / 4};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    assert_true(hb_ks_p(0.5, 0, 10) == 1 && hb_ks_p(0.5, 10, 0) == 1 && hb_ks_p(NAN, 5, 5) == 1);
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t k = 0; k < SIZES; k++) {
            double last = 1;
            assert_true(hb_ks_p(0, sizes[i], sizes[k]) == 1);
            for (double d = 1e-9; d < 4; d *= 4) {
                double p = hb_ks_p(d, sizes[i], sizes[k]);
                assert_true(p >= 0 && p <= last + 1e-12);
                last = p;
            }
        }
    }
    stats_near("n = m = 50", "p of D = 1", hb_ks_p(1, 50, 50), 1.9823306042836678e-29, 1e-12, 0);
    assert_true(hb_ks_p(1, 3000, 3000) == 0);
}

static void ks__of_identical_samples_is_0(void **state)
{
    (void)state;
    double v[4][257];
    stats_seed(3);
    for (int i = 0; i < 257; i++) {
        v[0][i] = stats_normal();
        v[1][i] = 42.5;
        v[2][i] = floor(stats_uniform() * 4);
        v[3][i] = 1 / (stats_uniform() - 0.5);
    }
    for (int k = 0; k < 4; k++) {
        hb_ranks a = ranks_of(v[k], 257);
        hb_ranks b = ranks_of(v[k], 257);
        hb_ks ks = ks_of(&a, &b);
        assert_true(ks.d == 0 && ks.p == 1 && ks.d_error == 0 && isfinite(ks.at));
        assert_true(wasserstein(&a, &b) == 0);
    }
}

static void ks__of_nothing_says_so(void **state)
{
    (void)state;
    hb_ranks none;
    hb_ranks_of(NULL, &none);
    hb_ranks one = ranks_of((double[]){1}, 1);
    hb_ks ks = ks_of(&none, &one);
    assert_true(ks.d == 0 && ks.p == 1 && isnan(ks.at));
    assert_true(isnan(wasserstein(&one, &none)));
}

static void ks__adds_both_rank_errors(void **state)
{
    (void)state;
    hb_ranks a = ranks_of((double[]){1, 2, 3}, 3);
    hb_ranks b = ranks_of((double[]){2, 3, 4}, 3);
    a.rank_error = 0.25;
    b.rank_error = 0.5;
    assert_true(ks_of(&a, &b).d_error == 0.75);
}

static void wasserstein__survives_the_largest_values(void **state)
{
    (void)state;
    hb_ranks low = ranks_of((double[]){-1e308, -1e308, -1e308, 1e308}, 4);
    hb_ranks high = ranks_of((double[]){-1e308, -1e308, 1e308, 1e308}, 4);
    stats_near("huge", "area", wasserstein(&low, &high), 5e307, 1e-15, 0);
    hb_ranks least = ranks_of((double[]){-DBL_MAX}, 1);
    hb_ranks most = ranks_of((double[]){DBL_MAX}, 1);
    assert_true(isinf(wasserstein(&least, &most)));
}

static void compare__has_stored_bits(void **state)
{
    (void)state;
    /* Another compiler, level of optimisation or machine must give these. */
    static const struct {
        double d;
        uint64_t n;
        uint64_t m;
        double p;
    } cases[] = {
        {0.3, 40, 57, 0x1.6277da4ba4785p-6},
        {0.05, 2000, 1500, 0x1.b5c407f39d874p-6},
        {0.9, 6, 5000000, 0x1.0c75a7d23acebp-19},
        {0.021, 7000, 9000, 0x1.f383859cf8f25p-5},
        {0.004, 1000000, 300000, 0x1.4492fe1c0f017p-10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(hb_ks_p(cases[i].d, cases[i].n, cases[i].m) == cases[i].p);
    }
    double v[2][300];
    stats_seed(8);
    for (int i = 0; i < 600; i++) {
        v[i % 2][i / 2] = stats_normal() * (1 + i % 2);
    }
    hb_ranks a = ranks_of(v[0], 300);
    hb_ranks b = ranks_of(v[1], 300);
    assert_true(wasserstein(&a, &b) == 0x1.ab6d130550618p-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare__equals_scipy),
        cmocka_unit_test(ks_p__equals_independent_laws),
        cmocka_unit_test(ks_p__keeps_to_the_ends_of_its_range),
        cmocka_unit_test(ks__of_identical_samples_is_0),
        cmocka_unit_test(ks__of_nothing_says_so),
        cmocka_unit_test(ks__adds_both_rank_errors),
        cmocka_unit_test(compare__has_stored_bits),
        cmocka_unit_test(wasserstein__survives_the_largest_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
