/* SPDX-License-Identifier: Apache-2.0 */
/* Against counting by hand and numpy's quantiles (quantile.case). */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/ecdf.h"

#include <float.h>
#include <math.h>

static void check_quantiles(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const stats_row *q = stats_case_row(c, "q");
    const stats_row *want = stats_case_row(c, "want");
    hb_ecdf e = {0};
    CHECK_OK(hb_ecdf_from_samples(v->v, v->n, &e, &err));
    for (size_t i = 0; i < q->n; i++) {
        stats_near(c->title, "quantile", hb_ecdf_quantile(&e, q->v[i]), want->v[i], 0, 0);
    }
    hb_ecdf_release(&e);
}

static void ecdf__has_numpys_quantiles_to_the_bit(void **state)
{
    (void)state;
    assert_true(stats_cases("quantile", check_quantiles) >= 35);
}

static void ecdf__equals_counting(void **state)
{
    (void)state;
    double v[500];
    stats_seed(5);
    for (size_t n = 1; n <= 500; n += 83) {
        for (size_t i = 0; i < n; i++) {
            v[i] = floor(stats_uniform() * 40) / 4 - 5;
        }
        hb_ecdf e = {0};
        CHECK_OK(hb_ecdf_from_samples(v, n, &e, &err));
        assert_true(e.n == n && e.upto[e.n_points - 1] == n && e.rank_error == 0);
        for (size_t i = 1; i < e.n_points; i++) {
            assert_true(e.values[i - 1] < e.values[i] && e.upto[i - 1] < e.upto[i]);
        }
        for (double x = -6; x < 6; x += 0.125) {
            size_t count = 0;
            for (size_t i = 0; i < n; i++) {
                count += v[i] <= x;
            }
            assert_true(hb_ecdf_at(&e, x) == (double)count / (double)n);
        }
        hb_ecdf_release(&e);
    }
}

static void ecdf__of_nothing_and_at_the_ends(void **state)
{
    (void)state;
    hb_ecdf e = {0};
    CHECK_OK(hb_ecdf_from_samples(NULL, 0, &e, &err));
    assert_true(e.n == 0 && e.n_points == 0 && hb_ecdf_at(&e, 1) == 0);
    assert_true(isnan(hb_ecdf_quantile(&e, 0.5)));
    hb_ecdf_release(&e);
    hb_ecdf_release(&e); /* again is fine */
    CHECK_OK(hb_ecdf_from_samples((double[]){DBL_MAX, -0.0, 0, -DBL_MAX}, 4, &e, &err));
    assert_true(e.n_points == 3 && !signbit(e.values[1]) && e.upto[1] == 3);
    assert_true(hb_ecdf_at(&e, -INFINITY) == 0 && hb_ecdf_at(&e, INFINITY) == 1);
    assert_true(hb_ecdf_at(&e, NAN) == 0 && isnan(hb_ecdf_quantile(&e, NAN)));
    assert_true(hb_ecdf_quantile(&e, -1) == -DBL_MAX && hb_ecdf_quantile(&e, 2) == DBL_MAX);
    hb_ecdf_release(&e);
    CHECK_OK(hb_ecdf_from_samples((double[]){DBL_MAX, -DBL_MAX}, 2, &e, &err));
    stats_near("opposite ends", "p50", hb_ecdf_quantile(&e, 0.5), 0, 0, 0);
    stats_near("opposite ends", "p75", hb_ecdf_quantile(&e, 0.75), DBL_MAX / 2, 1e-15, 0);
    hb_ecdf_release(&e);
}

static void ecdf__refuses_more_than_can_be_sorted(void **state)
{
    (void)state;
    hb_ecdf e = {0};
    double v = 1;
    CHECK_ERROR(hb_ecdf_from_samples(&v, SIZE_MAX, &e, &err), HB_E_LIMIT, "samples");
    assert_null(e.values);
}

static hb_status work(void)
{
    double v[200];
    for (int i = 0; i < 200; i++) {
        v[i] = i % 50;
    }
    hb_ecdf e = {0};
    hb_status status = hb_ecdf_from_samples(v, 200, &e, NULL);
    assert_true((status == HB_OK) == (e.values != NULL));
    hb_ecdf_release(&e);
    return status;
}

static void ecdf__survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_loop(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdf__has_numpys_quantiles_to_the_bit),
        cmocka_unit_test(ecdf__equals_counting),
        cmocka_unit_test(ecdf__of_nothing_and_at_the_ends),
        cmocka_unit_test(ecdf__refuses_more_than_can_be_sorted),
        cmocka_unit_test(ecdf__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
