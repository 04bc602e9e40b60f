/* SPDX-License-Identifier: Apache-2.0 */
/* Truth: statistic and places by hand and by numpy (make_cases.py does the same sum in another
 * way), the null distribution exactly by counting all orders of ten. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/change_point.h"

#include <math.h>

static hb_change found(const double *v, size_t n)
{
    hb_change c = {0};
    CHECK_OK(hb_change_find(v, n, &c, &err));
    return c;
}

static double calibrated(hb_change *c, uint64_t seed, uint32_t most)
{
    CHECK_OK(hb_change_calibrate(c, 1, seed, most, &err));
    return c->p;
}

/* Ranks 1…10 in order: split 5/5, S = 15, z = |15 - 27.5| / sqrt(5·5·11/12) = 2.6112. */
static void change_point__is_the_standardised_rank_sum(void **state)
{
    (void)state;
    const double v[] = {-3, -2, 0, 1, 1.5, 2, 7, 8, 9, 1e6};
    hb_change c = found(v, 10);
    assert_int_equal(c.at, 5);
    stats_near("ascending", "z", c.z, 12.5 / sqrt(25.0 * 11 / 12), 1e-14, 0);
    const double step[] = {1, 1, 1, 1, 1, 1, 1, 9, 9, 9};
    c = found(step, 10);
    assert_int_equal(c.at, 7);
    /* ranks 4 ×7 and 9 ×3: |28 - 38.5| / sqrt(21·11/12) */
    stats_near("ties", "z", c.z, 10.5 / sqrt(21.0 * 11 / 12), 1e-14, 0);
}

/* Exact shares of the 10! orders that reach a score, by counting chains of subsets of {1…10}. Ten
 * hits come after 10/p orders on average, so many seeds together give p to 1.6 %. */
static void change_point__has_the_p_of_counting(void **state)
{
    (void)state;
    static const struct {
        double order[10];
        double p;
    } exact[] = {
        {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.007936507936507936},
        {{1, 2, 3, 4, 6, 5, 8, 7, 10, 9}, 0.02349206349206349},
        {{3, 1, 5, 2, 8, 4, 9, 10, 6, 7}, 0.06589285714285714},
    };
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        hb_change c = found(exact[i].order, 10);
        double orders = 0;
        for (uint64_t seed = 0; seed < 400; seed++) {
            calibrated(&c, seed, 99999);
            orders += c.permutations;
        }
        stats_near("ten", "p", 10 * 400 / orders, exact[i].p, 0.06, 0);
    }
    double apart[20];
    for (size_t i = 0; i < 20; i++) {
        apart[i] = (double)(i < 10 ? i : 100 + i);
    }
    hb_change c = found(apart, 20);
    assert_int_equal(c.at, 10);
    /* 2·10!·10!/20! = 1.08e-5: no order of a thousand has it. */
    assert_true(calibrated(&c, 7, 999) == 0.001);
}

static void change_point__depends_on_ranks_alone(void **state)
{
    (void)state;
    double v[40];
    double w[40];
    stats_seed(3);
    for (size_t i = 0; i < 40; i++) {
        v[i] = stats_normal() + (i < 25 ? 0 : 1.5);
        w[i] = v[i] * v[i] * v[i] * 1e290;
    }
    hb_change a = found(v, 40);
    hb_change b = found(w, 40);
    assert_true(a.at == b.at && a.score == b.score);
    assert_true(calibrated(&a, 5, 1999) == calibrated(&b, 5, 1999));
}

static void change_point__of_constants_is_none(void **state)
{
    (void)state;
    double v[30] = {0};
    hb_change c = found(v, 30);
    assert_true(c.score == 0 && c.z == 0);
    assert_true(calibrated(&c, 1, 1999) == 1);
}

/* p of many clean series is uniform or above: the rate under a level is at most the level (here
 * within 3 sd of 2,000 draws), with normal values and with ties. */
static void change_point__keeps_its_level_on_clean_runs(void **state)
{
    (void)state;
    enum { SERIES = 2000 };
    static hb_change c[SERIES];
    for (int coarse = 0; coarse < 2; coarse++) {
        double v[31];
        size_t under_10 = 0;
        size_t under_1 = 0;
        stats_seed(11);
        for (size_t s = 0; s < SERIES; s++) {
            size_t n = 20 + s % 12;
            for (size_t i = 0; i < n; i++) {
                v[i] = coarse ? floor(stats_normal() * 1.5) : stats_normal();
            }
            c[s] = found(v, n);
        }
        CHECK_OK(hb_change_calibrate(c, SERIES, 99, 1999, &err));
        for (size_t s = 0; s < SERIES; s++) {
            under_10 += c[s].p <= 0.1;
            under_1 += c[s].p <= 0.01;
        }
        assert_true(under_10 < 240 && under_1 < 34);
        assert_true(coarse || (under_10 > 160 && under_1 > 7));
    }
}

static void change_point__together_or_alone_gives_the_same_p(void **state)
{
    (void)state;
    enum { SERIES = 60 };
    hb_change all[SERIES];
    double v[30];
    stats_seed(12);
    for (size_t s = 0; s < SERIES; s++) {
        size_t n = 10 + s % 3 * 10;
        for (size_t i = 0; i < n; i++) {
            v[i] = stats_normal() + (i > n / 2 ? (double)(s % 5) : 0);
        }
        all[s] = found(v, n);
    }
    hb_change alone[SERIES];
    memcpy(alone, all, sizeof all);
    CHECK_OK(hb_change_calibrate(all, SERIES, 4, 1999, &err));
    for (size_t s = 0; s < SERIES; s++) {
        calibrated(&alone[s], 4, 1999);
        assert_true(alone[s].p == all[s].p && alone[s].permutations == all[s].permutations);
    }
}

/* D7: 10 → 32.5 ms in 26 small steps. */
static void change_point__tells_a_ramp_from_a_step(void **state)
{
    (void)state;
    double v[40];
    hb_change_shape shape;
    for (size_t i = 0; i < 27; i++) {
        v[i] = 10 + 22.5 / 26 * (double)i;
    }
    hb_change c = found(v, 27);
    hb_change_shape_of(v, 27, c.at, &shape);
    assert_true(shape.ramp);
    stats_near("D7", "slope", shape.per_run, 22.5 / 26, 1e-12, 0);
    stats_seed(8);
    for (size_t i = 0; i < 40; i++) {
        v[i] = 1e300 * (5 + 0.1 * stats_normal() + (i < 30 ? 0 : 1));
    }
    c = found(v, 40);
    hb_change_shape_of(v, 40, c.at, &shape);
    assert_true(!shape.ramp && c.at == 30);
    assert_true(fabs(shape.before / 1e300 - 5) < 0.1 && fabs(shape.after / 1e300 - 6) < 0.1);
}

static void change_point__splits_again_what_changed_twice(void **state)
{
    (void)state;
    double v[60];
    hb_change_part parts[30];
    size_t n = 0;
    stats_seed(9);
    for (size_t i = 0; i < 60; i++) {
        v[i] = stats_normal() + (i >= 20 && i < 40 ? 6 : 0);
    }
    CHECK_OK(hb_change_segments(v, 60, 0.01, 1, parts, &n, &err));
    assert_int_equal(n, 2);
    assert_true(parts[0].change.at == 20 && parts[1].change.at == 40);
}

static void change_point__refuses_too_few_and_too_many(void **state)
{
    (void)state;
    static double v[HB_CHANGE_MOST + 1];
    hb_change c = {.n = 77};
    CHECK_ERROR(hb_change_find(v, 9, &c, &err), HB_E_BUG, "at least 10");
    CHECK_ERROR(hb_change_find(v, HB_CHANGE_MOST + 1, &c, &err), HB_E_LIMIT, "at most 10000");
    assert_int_equal(c.n, 77);
}

static hb_status once(void)
{
    double v[20];
    hb_change_part parts[10];
    size_t n = 0;
    for (size_t i = 0; i < 20; i++) {
        v[i] = i < 10 ? 0 : 1;
    }
    return hb_change_segments(v, 20, 0.01, 1, parts, &n, NULL);
}

static void change_point__survives_failing_memory(void **state)
{
    (void)state;
    fault_loop(once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(change_point__is_the_standardised_rank_sum),
        cmocka_unit_test(change_point__has_the_p_of_counting),
        cmocka_unit_test(change_point__depends_on_ranks_alone),
        cmocka_unit_test(change_point__of_constants_is_none),
        cmocka_unit_test(change_point__keeps_its_level_on_clean_runs),
        cmocka_unit_test(change_point__together_or_alone_gives_the_same_p),
        cmocka_unit_test(change_point__tells_a_ramp_from_a_step),
        cmocka_unit_test(change_point__splits_again_what_changed_twice),
        cmocka_unit_test(change_point__refuses_too_few_and_too_many),
        cmocka_unit_test(change_point__survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
