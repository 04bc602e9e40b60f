/* SPDX-License-Identifier: Apache-2.0 */
/* Against the published examples of Scholz, Stephens 1987 and CMH-17-1G 8.3.11.1.1, and against
 * scipy and full enumeration (make_quality_cases.py). */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/ksample.h"
#include "stats/outlier.h"
#include "stats/run_order.h"
#include "stats/shape.h"

#include <math.h>

#define N_OF(a) (sizeof(a) / sizeof *(a))

/* CMH-17-1G 8.3.11.1.1, conditions ETW and ETW2; batches 1, 2, 3. */
static const double etw[] = {106.357525, 105.898733, 88.4640082, 103.901744, 80.2058219, 109.199597,
                             61.0139431, 99.3207107, 115.86177,  82.6133082, 85.3690411, 115.801622,
                             44.3217741, 117.328077, 88.6782903, 107.676986, 108.960241, 116.12264,
                             80.2334815, 106.14557,  104.667866, 104.234953};
static const uint32_t etw_batch[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1,
                                     1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2};
static const double etw2[] = {99.0239966, 103.341238, 100.30213,  98.4634133, 92.264728,
                              103.487693, 113.734763, 108.172659, 108.426732, 116.260375,
                              121.04961,  111.223082, 104.574843, 103.222552, 99.3918538,
                              87.3421658, 102.730741, 96.3694916, 99.5946088, 97.0712407};
static const uint32_t etw2_batch[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2};

/* Scholz, Stephens 1987, section 7: smoothness of paper from four laboratories. */
static const double paper[] = {38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0, 39.2, 39.3, 39.7,
                               41.4, 41.8, 42.9, 43.3, 45.8, 34.0, 35.0, 39.0, 40.0, 43.0, 43.0,
                               44.0, 45.0, 34.0, 34.8, 34.8, 35.4, 37.2, 37.8, 41.2, 42.8};

static hb_ksample ksample(const double *v, const uint32_t *group, size_t n, size_t groups,
                          uint32_t permutations)
{
    hb_ksample k = {0};
    bool known = false;
    CHECK_OK(hb_ksample_test(v, group, n, groups, 1, permutations, &k, &known, &err));
    assert_true(known);
    return k;
}

static void ksample__gives_the_published_examples(void **state)
{
    (void)state;
    hb_ksample k = ksample(etw, etw_batch, N_OF(etw), 3, 2000);
    stats_near("ETW", "ADK", k.adk, 0.793, 0, 0.0024);
    assert_true(k.adk < k.adc && k.p > 0.025);
    k = ksample(etw2, etw2_batch, N_OF(etw2), 3, 9999);
    stats_near("ETW2", "ADK", k.adk, 3.024, 0, 0.009);
    assert_true(k.adk > k.adc && k.p < 0.025);
    uint32_t lab[N_OF(paper)];
    for (uint32_t i = 0; i < N_OF(paper); i++) {
        lab[i] = i / 8;
    }
    k = ksample(paper, lab, N_OF(paper), 4, 9999);
    stats_near("paper", "A2akN", k.a2, 8.3926, 0, 5e-5);
    stats_near("paper", "sigma", k.sigma, 1.2038, 0, 5e-5);
    stats_near("paper", "p, asymptotic 0.0022", k.p, 0.0022, 0, 0.0015);
}

/* The example of R's kSamples: the exact p of its full enumeration is 0.21703. */
static void ksample__p_is_that_of_the_full_enumeration(void **state)
{
    (void)state;
    static const double z[] = {0.824, 0.216, 0.538, 0.685, 0.448, 0.348,
                               0.443, 0.722, 0.403, 0.268, 0.440, 0.087};
    static const uint32_t group[] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
    double sum = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        hb_ksample k = {0};
        bool known = false;
        CHECK_OK(hb_ksample_test(z, group, 12, 3, seed, 9999, &k, &known, &err));
        assert_true(known && k.permutations < 9999);
        stats_near("z", "A2akN", k.a2, 2.62, 0, 0.005);
        stats_near("z", "smallest p", k.p_min, 6.0 / 34650, 1e-12, 0);
        sum += k.p;
    }
    stats_near("z", "mean p", sum / 400, 0.21703, 0.03, 0);
}

static void check_ksample(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const stats_row *label = stats_case_row(c, "group");
    const double *want = stats_case_row(c, "want")->v;
    uint32_t *group = hb_alloc_zero(v->n * sizeof *group);
    for (size_t i = 0; i < v->n; i++) {
        group[i] = (uint32_t)label->v[i];
    }
    hb_ksample k = ksample(v->v, group, v->n, (size_t)want[0], 50);
    double m = want[0] - 1;
    stats_near(c->title, "T", (k.a2 - m) / k.sigma, want[1], 1e-9, 1e-9);
    stats_near(c->title, "critical at 0.025", (k.adc - 1) * m / k.sigma, want[2], 1e-9, 0);
    hb_free(group);
}

static void ksample__equals_scipy(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("ksample", check_ksample), 8);
}

static void ksample__says_nothing_when_it_cannot(void **state)
{
    (void)state;
    const double same[] = {5, 5, 5, 5, 5, 5};
    const double holes[] = {1, NAN, 2, INFINITY, 3, 4};
    const uint32_t two[] = {0, 1, 0, 1, 0, 1};
    hb_ksample k = {0};
    bool known = true;
    CHECK_OK(hb_ksample_test(same, two, 6, 2, 1, 99, &k, &known, &err));
    assert_false(known); /* nothing varies */
    known = true;
    CHECK_OK(hb_ksample_test(holes, two, 6, 2, 1, 99, &k, &known, &err));
    assert_false(known); /* the second group has one value */
    CHECK_ERROR(hb_ksample_test(same, two, HB_KSAMPLE_MAX + 1, 2, 1, 99, &k, &known, &err),
                HB_E_LIMIT, "at most 10000");
}

/* CMH-17-1G table 8.5.7, alpha 0.05. */
static void mnr__critical_values_are_those_of_cmh_17(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double c;
    } rows[] = {{3, 1.154},  {4, 1.481},   {5, 1.715},   {6, 1.887},  {7, 2.020},
                {8, 2.127},  {9, 2.215},   {10, 2.290},  {12, 2.412}, {15, 2.548},
                {20, 2.708}, {25, 2.822},  {30, 2.908},  {40, 3.036}, {50, 3.128},
                {75, 3.283}, {100, 3.384}, {150, 3.517}, {200, 3.606}};
    for (size_t i = 0; i < N_OF(rows); i++) {
        stats_near("table 8.5.7", "C", hb_mnr_critical(rows[i].n, 0.05), rows[i].c, 0, 0.00101);
    }
}

static void mnr__gives_the_published_examples(void **state)
{
    (void)state;
    hb_mnr m = {0};
    bool out[32];
    assert_true(hb_mnr_test(etw + 7, NULL, 8, 0, 0.05, &m));
    stats_near("ETW batch 2", "MNR", m.mnr, 2.008, 0, 0.001);
    stats_near("ETW batch 2", "C", m.critical, 2.127, 0, 0.001);
    assert_true(m.p > 0.05);
    assert_int_equal(hb_mnr_screen(etw + 7, 8, 0, 0.05, out), 0);
    assert_true(hb_mnr_test(etw + 15, NULL, 7, 0, 0.05, &m));
    stats_near("ETW batch 3", "MNR", m.mnr, 2.119, 0, 0.001);
    stats_near("ETW batch 3", "C", m.critical, 2.020, 0, 0.001);
    assert_true(m.p < 0.05 && m.index == 3);
    assert_int_equal(hb_mnr_screen(etw + 15, 7, 0, 0.05, out), 1);
    assert_true(out[3]);
}

static void mnr__p_is_where_the_critical_value_meets_it(void **state)
{
    (void)state;
    hb_mnr m = {0};
    for (size_t n = 4; n <= 22; n++) {
        assert_true(hb_mnr_test(etw, NULL, n, 0, 0.05, &m));
        if (m.p < 1) {
            stats_near("ETW", "C at p", hb_mnr_critical(n, m.p), m.mnr, 1e-9, 0);
        }
    }
}

static void mnr__respects_resolution_and_range(void **state)
{
    (void)state;
    const double one_step[] = {10, 10, 10, 10, 11};
    const double same[] = {10, 10, 10, 10, 10};
    hb_mnr m = {0};
    assert_true(hb_mnr_test(one_step, NULL, 5, 0, 0.05, &m));
    assert_true(m.p < 0.01); /* as far as five values allow */
    assert_true(hb_mnr_test(one_step, NULL, 5, 1, 0.05, &m));
    assert_true(m.p > 0.2); /* one step of the instrument */
    assert_false(hb_mnr_test(same, NULL, 5, 0, 0.05, &m));
    assert_false(hb_mnr_test(one_step, NULL, 2, 0, 0.05, &m));
    double large[22];
    double small[22];
    for (size_t i = 0; i < 22; i++) {
        large[i] = ldexp(etw[i], 980);
        small[i] = ldexp(etw[i], -1010);
    }
    hb_mnr a = {0};
    hb_mnr b = {0};
    assert_true(hb_mnr_test(etw, NULL, 22, 0, 0.05, &m));
    assert_true(hb_mnr_test(large, NULL, 22, 0, 0.05, &a));
    assert_true(hb_mnr_test(small, NULL, 22, 0, 0.05, &b));
    assert_true(a.mnr == m.mnr && b.mnr == m.mnr && a.p == m.p && b.p == m.p);
    assert_true(a.mean == ldexp(m.mean, 980));
}

static void check_shape(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const double *want = stats_case_row(c, "want")->v;
    hb_shape s = {0};
    bool known = false;
    CHECK_OK(hb_shape_normal(v->v, v->n, &s, &known, &err));
    assert_true(known);
    stats_near(c->title, "A2", s.a2, want[0], 1e-6, 0);
    stats_near(c->title, "osl", s.osl, want[1], 1e-5, 0);
}

static void shape__equals_scipy_and_the_handbook(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("shape", check_shape), 8);
    hb_shape s = {0};
    bool known = false;
    CHECK_OK(hb_shape_normal(etw, N_OF(etw), &s, &known, &err));
    stats_near("CMH-17-1G 8.3.11.2.1", "osl", s.osl, 0.006051, 0, 1e-6);
    const double same[] = {2, 2, 2, 2, 2, 2, 2, 2, 2};
    CHECK_OK(hb_shape_normal(same, 9, &s, &known, &err));
    assert_false(known);
    CHECK_OK(hb_shape_normal(etw, HB_SHAPE_MIN - 1, &s, &known, &err));
    assert_false(known);
}

static void check_trend(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const double *want = stats_case_row(c, "want")->v;
    double scratch[60 * 59];
    hb_trend t = {0};
    assert_true(hb_trend_test(v->v, v->n, scratch, &t));
    assert_true((double)t.s == want[0]);
    stats_near(c->title, "p", t.p, want[1], 1e-9, 0);
    stats_near(c->title, "slope", t.slope, want[2], 1e-12, 1e-15);
    stats_near(c->title, "level", t.level, want[3], 1e-12, 1e-15);
}

static void trend__equals_scipy(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("trend", check_trend), 9);
}

static void trend__tells_a_ramp_from_a_step(void **state)
{
    (void)state;
    double scratch[20 * 19];
    double ramp[20];
    double step[20];
    for (size_t i = 0; i < 20; i++) {
        ramp[i] = (double)i + (i % 3 ? 0.3 : 0);
        step[i] = (i < 10 ? 0 : 5) + (double)(i * 7 % 5) * 0.1;
    }
    hb_trend t = {0};
    assert_true(hb_trend_test(ramp, 20, scratch, &t));
    assert_true(t.p < 1e-9 && t.line);
    assert_true(hb_trend_test(step, 20, scratch, &t));
    assert_true(t.p < 1e-3 && !t.line);
    for (size_t i = 0; i < 20; i++) {
        ramp[i] = 7;
    }
    assert_true(hb_trend_test(ramp, 20, scratch, &t));
    assert_true(t.p == 1 && t.s == 0 && t.slope == 0 && !t.line);
    assert_false(hb_trend_test(ramp, 3, scratch, &t));
}

static void check_lag1(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const double *want = stats_case_row(c, "want")->v;
    double scratch[8];
    double sum = 0;
    double made = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        hb_lag1 l = {0};
        assert_true(hb_lag1_test(v->v, v->n, scratch, seed, 9999, &l));
        stats_near(c->title, "r", l.r, want[0], 1e-12, 1e-15);
        sum += l.p;
        made += l.permutations;
    }
    assert_true(made > 0);
    stats_near(c->title, "mean p", sum / 300, want[1], 0.05, 1e-4);
}

static void lag1__p_is_that_of_all_orders(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("lag1", check_lag1), 5);
    const double same[] = {2, 2, 2, 2, 2};
    double scratch[5];
    hb_lag1 l = {0};
    assert_false(hb_lag1_test(same, 5, scratch, 1, 99, &l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ksample__gives_the_published_examples),
        cmocka_unit_test(ksample__p_is_that_of_the_full_enumeration),
        cmocka_unit_test(ksample__equals_scipy),
        cmocka_unit_test(ksample__says_nothing_when_it_cannot),
        cmocka_unit_test(mnr__critical_values_are_those_of_cmh_17),
        cmocka_unit_test(mnr__gives_the_published_examples),
        cmocka_unit_test(mnr__p_is_where_the_critical_value_meets_it),
        cmocka_unit_test(mnr__respects_resolution_and_range),
        cmocka_unit_test(shape__equals_scipy_and_the_handbook),
        cmocka_unit_test(trend__equals_scipy),
        cmocka_unit_test(trend__tells_a_ramp_from_a_step),
        cmocka_unit_test(lag1__p_is_that_of_all_orders),
    };
    return cmocka_run_group_tests_name("quality_stats", tests, NULL, NULL);
}
