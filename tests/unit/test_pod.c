/* SPDX-License-Identifier: Apache-2.0 */
/* Probability of detection: the fit and its bound against scipy's figures for the same trials, and
 * what is said where there is no fit. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/pod.h"

#include <math.h>
#include <string.h>

enum { MOST = 400 };

static hb_pod_trial trials[MOST];
static size_t n;

static void add(double size, uint32_t cluster, int hit)
{
    trials[n++] = (hb_pod_trial){.size = size, .cluster = cluster, .hit = hit};
}

static hb_pod pod(void)
{
    hb_pod p;
    hb_pod_of(trials, n, &p);
    return p;
}

/* Eight specimens at six sizes; maximum likelihood by scipy.optimize, the sandwich by numpy. */
static void pod__is_the_logistic_fit_of_scipy(void **state)
{
    (void)state;
    static const double sizes[] = {0.5, 1, 2, 4, 8, 16};
    static const char *const rows[] = {"001111", "000111", "010111", "000011",
                                       "001111", "000101", "000111", "001011"};
    n = 0;
    for (uint32_t k = 0; k < 8; k++) {
        for (size_t i = 0; i < 6; i++) {
            add(sizes[i], k, rows[k][i] == '1');
        }
    }
    hb_pod p = pod();
    assert_int_equal(p.answer, HB_POD_FIT);
    stats_near("scipy", "intercept", p.intercept, -2.13566176, 1e-8, 0);
    stats_near("scipy", "slope", p.slope, 2.24436824, 1e-8, 0);
    stats_near("scipy", "a50", p.a50, 2.5897588780582357, 1e-8, 0);
    stats_near("scipy", "a90", p.a90, 6.893365720717431, 1e-8, 0);
    stats_near("scipy", "a90_95", p.a90_95, 12.830681437610684, 1e-8, 0);
    stats_near("by hand", "found from", p.found_from, 16, 0, 0);
    stats_near("by hand", "shown", p.shown, pow(0.05, 1.0 / 8), 1e-12, 0);
    stats_near("by hand", "at a90", hb_pod_at(&p, p.a90), 0.9, 1e-12, 0);
}

/* The same hits by more trials of the same specimens are no more knowledge. */
static void pod__is_not_surer_by_repeating_a_specimen(void **state)
{
    (void)state;
    pod__is_the_logistic_fit_of_scipy(NULL);
    hb_pod once = pod();
    size_t all = n;
    for (int again = 0; again < 4; again++) {
        for (size_t i = 0; i < all; i++) {
            add(trials[i].size, trials[i].cluster, trials[i].hit);
        }
    }
    hb_pod often = pod();
    stats_near("repeated", "a90", often.a90, once.a90, 1e-8, 0);
    assert_true(often.a90_95 > often.a90 * 1.5); /* independent trials would give 1.32 */
}

static void separated(uint32_t clusters)
{
    n = 0;
    for (uint32_t k = 0; k < clusters; k++) {
        for (int i = 0; i < 6; i++) {
            add(1 << i, k, i >= 3);
        }
    }
}

static void pod__needs_29_of_29_where_no_curve_can_be_fitted(void **state)
{
    (void)state;
    separated(28);
    hb_pod p = pod();
    assert_int_equal(p.answer, HB_POD_FEW);
    assert_true(isnan(p.a90_95) && isnan(p.slope));
    stats_near("28", "found from", p.found_from, 8, 0, 0);
    assert_true(p.shown < 0.9);
    separated(29);
    p = pod();
    assert_int_equal(p.answer, HB_POD_BINOMIAL);
    stats_near("29", "a90_95", p.a90_95, 8, 0, 0);
    assert_true(p.shown > 0.9);
    separated(29);
    for (size_t i = 5; i < n; i += 30) {
        trials[i].hit = 0; /* every fifth specimen is lost at the largest size */
    }
    p = pod();
    assert_true(isnan(p.a90_95) && isnan(p.found_from));
}

static void pod__gives_no_number_where_nothing_was_found(void **state)
{
    (void)state;
    n = 0;
    assert_int_equal(pod().answer, HB_POD_NONE);
    for (uint32_t k = 0; k < 30; k++) {
        add(1, k, 0);
        add(2, k, k % 3 == 0);
    }
    hb_pod p = pod();
    assert_int_equal(p.answer, HB_POD_NOT_FOUND);
    assert_true(isnan(p.a90_95));
    stats_near("largest", "size", p.largest, 2, 0, 0);
}

/* Found more often the smaller it is: no curve of detection. */
static void pod__refuses_a_curve_that_falls(void **state)
{
    (void)state;
    n = 0;
    for (uint32_t k = 0; k < 10; k++) {
        for (int i = 0; i < 5; i++) {
            add(1 << i, k, (int)(k % 5) >= i);
        }
    }
    hb_pod p = pod();
    assert_true(isnan(p.a90_95) && isnan(p.slope));
    assert_int_equal(p.answer, HB_POD_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pod__is_the_logistic_fit_of_scipy),
        cmocka_unit_test(pod__is_not_surer_by_repeating_a_specimen),
        cmocka_unit_test(pod__needs_29_of_29_where_no_curve_can_be_fitted),
        cmocka_unit_test(pod__gives_no_number_where_nothing_was_found),
        cmocka_unit_test(pod__refuses_a_curve_that_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
