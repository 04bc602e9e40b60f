/* SPDX-License-Identifier: Apache-2.0 */
/* Montgomery's looms (Design and Analysis of Experiments, example of a random factor: mean squares
 * 29.73 and 1.90, components 6.96 and 1.90), and numpy: projections by pseudo-inverse, effects by
 * the inverse of the covariance matrix, scipy's F. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/variance_components.h"

#include <math.h>

static hb_design *design(const hb_design_factor *factors, size_t n_factors, size_t n_runs)
{
    hb_design *d = NULL;
    CHECK_OK(hb_design_new(factors, n_factors, n_runs, &d, &err));
    return d;
}

static void near(const char *what, double got, double want)
{
    stats_near("components", what, got, want, 1e-9, 1e-12);
}

static void variance_components__of_montgomerys_looms(void **state)
{
    (void)state;
    const double strength[] = {98, 97, 99, 96, 91, 90, 93, 92, 96, 95, 97, 95, 95, 96, 99, 98};
    uint16_t loom[16];
    for (uint16_t i = 0; i < 16; i++) {
        loom[i] = i / 4;
    }
    hb_design_factor f = {loom, 4};
    hb_design *d = design(&f, 1, 16);
    hb_components c;
    hb_design_fit(d, strength, &c);
    near("rest", c.rest, 22.75 / 12);                                   /* 1.90 */
    near("loom", c.factor[0].variance, (89.1875 / 3 - 22.75 / 12) / 4); /* 6.96 */
    near("share", c.factor[0].share, 6.958333333333333 / (6.958333333333333 + 1.895833333333333));
    near("f", c.factor[0].f, 89.1875 / 3 / (22.75 / 12)); /* 15.68 */
    near("p", c.factor[0].p, 0.00018779198099242876);
    assert_true(c.factor[0].dof == 3 && c.dof_rest == 12);
    near("mean", c.mean, 95.4375);
    near("effect", hb_design_effect(d, &c, 0, 1), -3.68640504555032);
    near("effect", hb_design_effect(d, &c, 0, 3), 1.4628591450596478);
    hb_design_free(d);
}

static const uint16_t rig[] = {0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0};
static const uint16_t operator_[] = {0, 1, 0, 1, 2, 2, 0, 1, 2, 1, 2, 0};
static const double y[] = {10.1, 10.4, 12.9, 13.2, 12.7, 9.8, 10.2, 13.5, 11.1, 10.9, 13.0, 10.3};

static void variance_components__of_crossed_unbalanced_factors(void **state)
{
    (void)state;
    const hb_design_factor f[] = {{rig, 2}, {operator_, 3}};
    hb_design *d = design(f, 2, 12);
    hb_components c;
    for (int big = 0; big < 3; big++) {
        double scale = big == 0 ? 1 : big == 1 ? 1e120 : 1e-120;
        double v[12];
        for (size_t i = 0; i < 12; i++) {
            v[i] = y[i] * scale;
        }
        hb_design_fit(d, v, &c);
        near("rest", c.rest / scale / scale, 0.14215909090897444);
        near("rig", c.factor[0].variance / scale / scale, 3.330557851239819);
        near("rig p", c.factor[0].p, 3.1757949206981008e-06);
        near("operator", c.factor[1].variance / scale / scale, 0.024501169786146644);
        near("operator f", c.factor[1].f, 1.6697042366126376);
        near("operator p", c.factor[1].p, 0.24774126353637638);
        near("rig effect", hb_design_effect(d, &c, 0, 1) / scale, 1.306602253072596);
        near("operator effect", hb_design_effect(d, &c, 1, 1) / scale, 0.11177141668692472);
        near("sum", c.factor[0].share + c.factor[1].share + c.rest_share, 1);
    }
    hb_design_free(d);
}

static void variance_components__are_not_negative(void **state)
{
    (void)state;
    const hb_design_factor f = {operator_, 3};
    hb_design *d = design(&f, 1, 12);
    hb_components c;
    hb_design_fit(d, y, &c);
    near("f", c.factor[0].f, 0.6088786835054688);
    assert_true(c.factor[0].variance == 0 && c.factor[0].share == 0 && c.rest_share == 1);
    assert_true(hb_design_effect(d, &c, 0, 1) == 0);
    hb_design_free(d);
}

static void variance_components__do_not_guess_what_the_design_cannot_tell(void **state)
{
    (void)state;
    const double v[] = {5.1, 5.3, 6.0, 6.2, 7.9, 8.1, 9.2, 9.0, 5.2, 6.1, 8.0, 9.1};
    uint16_t unit[] = {0, 0, 1, 1, 2, 2, 3, 3, 0, 1, 2, 3};
    uint16_t of_unit[12];
    uint16_t day[12];
    uint16_t same[12] = {0};
    uint16_t gap[12];
    for (uint16_t i = 0; i < 12; i++) {
        of_unit[i] = unit[i] / 2;
        day[i] = i;
        gap[i] = i == 7 ? HB_DESIGN_UNSTATED : i % 2;
    }
    const hb_design_factor f[] = {{of_unit, 2}, {unit, 4}, {day, 12}, {same, 1}, {gap, 2}};
    hb_design *d = design(f, 5, 12);
    assert_int_equal(hb_design_why(d, 0), HB_FACTOR_CONFOUNDED);
    assert_int_equal(hb_design_why(d, 1), HB_FACTOR_TOLD);
    assert_int_equal(hb_design_why(d, 2), HB_FACTOR_UNREPEATED);
    assert_int_equal(hb_design_why(d, 3), HB_FACTOR_ONE_LEVEL);
    assert_int_equal(hb_design_why(d, 4), HB_FACTOR_UNSTATED);
    assert_true(hb_design_confounds(d, 0, 1) && !hb_design_confounds(d, 0, 2));
    assert_false(hb_design_confounds(d, 1, 0));
    hb_components c;
    hb_design_fit(d, v, &c);
    near("unit within rig", c.factor[1].variance, 0.5016666666666628);
    near("rest", c.rest, 0.01);
    assert_true(c.factor[0].variance == 0);
    hb_design_free(d);
}

static void variance_components__give_twins_one_part_together(void **state)
{
    (void)state;
    uint16_t bench[12];
    for (size_t i = 0; i < 12; i++) {
        bench[i] = (uint16_t)(1 - rig[i]);
    }
    const hb_design_factor f[] = {{bench, 2}, {operator_, 3}, {rig, 2}};
    hb_design *d = design(f, 3, 12);
    hb_components c;
    hb_design_fit(d, y, &c);
    assert_int_equal(hb_design_why(d, 0), HB_FACTOR_CONFOUNDED);
    assert_int_equal(hb_design_why(d, 2), HB_FACTOR_CONFOUNDED);
    assert_int_equal(hb_design_group(d, 2), 0);
    assert_true(hb_design_confounds(d, 0, 2) && hb_design_confounds(d, 2, 0));
    assert_false(hb_design_confounds(d, 2, 1));
    near("together", c.factor[0].variance, 3.330557851239819);
    near("operator", c.factor[1].variance, 0.024501169786146644);
    hb_design_free(d);
}

static void variance_components__need_runs_and_spread(void **state)
{
    (void)state;
    const uint16_t a[] = {0, 0, 1, 1, 2, 2};
    const uint16_t b[] = {0, 1, 1, 2, 2, 0};
    const hb_design_factor f[] = {{a, 3}, {b, 3}};
    const double flat[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    hb_components c;
    hb_design *d = design(f, 2, 6);
    assert_int_equal(hb_design_why(d, 0), HB_FACTOR_FEW_RUNS);
    hb_design_free(d);
    d = design(f, 1, 6);
    hb_design_fit(d, flat, &c);
    assert_int_equal(c.factor[0].why, HB_FACTOR_CONSTANT);
    /* All by the factor: no rest, and still finite. */
    const double split[] = {1, 1, 2, 2, 4, 4};
    hb_design_fit(d, split, &c);
    assert_true(c.rest == 0 && c.factor[0].share == 1 && c.factor[0].p == 0);
    stats_near("all", "effect", hb_design_effect(d, &c, 0, 2), 4 - 7.0 / 3, 1e-6, 0);
    hb_design_free(d);
}

static void variance_components__see_levels_that_follow_one_another(void **state)
{
    (void)state;
    const uint16_t build[] = {0, 0, 0, 2, 2, 1, 1, 1};
    const uint16_t turns[] = {0, 1, 0, 1, 0, 1, 0, 1};
    const hb_design_factor f[] = {{build, 3}, {turns, 2}};
    hb_design *d = design(f, 2, 8);
    assert_true(hb_design_in_order(d, 0));
    assert_false(hb_design_in_order(d, 1));
    hb_design_free(d);
}

static hb_status once(void)
{
    const hb_design_factor f = {rig, 2};
    hb_design *d = NULL;
    hb_status status = hb_design_new(&f, 1, 12, &d, NULL);
    hb_design_free(d);
    return status;
}

static void variance_components__survive_failing_memory(void **state)
{
    (void)state;
    fault_loop(once);
    hb_design *d = NULL;
    CHECK_ERROR(hb_design_new(NULL, 0, HB_DESIGN_RUNS + 1, &d, &err), HB_E_LIMIT, "at most");
    CHECK_OK(hb_design_new(NULL, 0, 0, &d, &err));
    hb_design_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variance_components__of_montgomerys_looms),
        cmocka_unit_test(variance_components__of_crossed_unbalanced_factors),
        cmocka_unit_test(variance_components__are_not_negative),
        cmocka_unit_test(variance_components__do_not_guess_what_the_design_cannot_tell),
        cmocka_unit_test(variance_components__give_twins_one_part_together),
        cmocka_unit_test(variance_components__need_runs_and_spread),
        cmocka_unit_test(variance_components__see_levels_that_follow_one_another),
        cmocka_unit_test(variance_components__survive_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
