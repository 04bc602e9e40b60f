/* SPDX-License-Identifier: Apache-2.0 */
/* Resolution of samples, of printed figures, and what the builder makes of them. Expected values by
 * hand. */
#include "support/check.h"

#include "stats/sketch.h"
#include "telemetry/registry.h"
#include "telemetry/resolution.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

#include <math.h>

static double step_of(const double *v, size_t n)
{
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    CHECK_OK(hb_sketch_add(s, v, n, &err));
    double fresh = hb_sketch_step(s);
    hb_sketch_settle(s);
    double step = hb_sketch_step(s);
    assert_true(fresh == step);
    hb_sketch_free(s);
    return step;
}

static void sketch_step__is_the_smallest_between_samples(void **state)
{
    (void)state;
    static const double v[] = {3, 1, 1.5, 9, 1.25, 3};
    assert_true(step_of(v, 6) == 0.25);
    static const double one[] = {7, 7, 7};
    assert_true(step_of(one, 3) == 0);
    assert_true(step_of(one, 1) == 0);
    static const double zeros[] = {0.0, -0.0, 0.0};
    assert_true(step_of(zeros, 3) == 0);
    static const double huge[] = {-1.7e308, 1.7e308};
    assert_true(step_of(huge, 2) == 0);
    static const double tiny[] = {5e-324, 1e-322};
    assert_true(step_of(tiny, 2) > 0);
}

static void sketch_step__takes_rounding_for_none(void **state)
{
    (void)state;
    double a = 0.1 + 0.2; /* 1 unit in the last place over 0.3 */
    double v[] = {0.3, a, 0.4, nextafter(0.4, 1), 0.5};
    double step = step_of(v, 5);
    assert_true(step > 0.09999 && step < 0.10001);
    double w[] = {0.3, a};
    assert_true(step_of(w, 2) == 0);
    double four = 1;
    for (int i = 0; i < 4; i++) {
        four = nextafter(four, 2);
    }
    double x[] = {1, four};
    assert_true(step_of(x, 2) == 0);
    double y[] = {1, nextafter(four, 2)};
    assert_true(step_of(y, 2) > 0);
}

static void sketch_step__holds_beyond_the_exact_part(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    double *v = hb_alloc_array(MANY, sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < MANY; i++) {
        v[i] = (double)((i * 7919) % 1009) / 8;
    }
    assert_true(step_of(v, MANY) == 0.125);
    for (size_t i = 0; i < MANY; i++) { /* each level holds one value alone */
        v[i] = i < MANY - 100 ? 5 : 6.5;
    }
    assert_true(step_of(v, MANY) == 1.5);
    hb_free(v);
}

static void resolution__reads_the_last_digit_of_a_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char decimal;
        double value;
        double step;
    } cases[] = {
        {"12.50", '.', 12.5, 0.01},
        {"300", '.', 300, 1},
        {"-0.0050", '.', -0.005, 1e-4},
        {"1,5e-3", ',', 1.5e-3, 1e-4},
        {"1.234,50", ',', 1234.5, 0.01},
        {"1,234.5", '.', 1234.5, 0.1},
        {"1 234,5", ',', 1234.5, 0.1},
        {"0.235 s", '.', 235, 1},
        {"45.2 %", '.', 45.2, 0.1},
        {"0", '.', 0, 1},
        {"0.00", '.', 0, 0.01},
        {".5", '.', 0.5, 0.1},
        {"3E+2", '.', 300, 100},
        {"5 e", '.', 5, 1},
        {"$1.20", '.', 1.2, 0.1 * 0.1},
        {"off", '.', 0, 0},
        {"12.5", '.', NAN, 0},
        {"12.5", '.', INFINITY, 0},
        {"(1,204.00)", '.', -1204, 0.01},
        {"", '.', 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = hb_text_step(hb_str_of(cases[i].text), cases[i].decimal, cases[i].value);
        if (fabs(got - cases[i].step) > 1e-12 * cases[i].step) {
            fail_msg("'%s': %.17g, expected %.17g", cases[i].text, got, cases[i].step);
        }
    }
}

static void resolution__takes_the_shortest_form_without_a_text(void **state)
{
    (void)state;
    assert_true(hb_printed_step(20.5) == 0.1);
    assert_true(hb_printed_step(0.1 + 0.2) == 0.1); /* 0.30000000000000004 */
    assert_true(hb_printed_step(300) == 1);
    assert_true(hb_printed_step(0) == 1);
    assert_true(hb_printed_step(-0.0) == 1);
    assert_true(hb_printed_step(-2.5e-7) == 1e-8);
    assert_true(hb_printed_step(1e300) == 1e300);
    assert_true(hb_printed_step(5e-324) == 0); /* 1e-324 is no double */
    assert_true(hb_printed_step(NAN) == 0);
    assert_true(hb_printed_step(INFINITY) == 0);
    double third = hb_printed_step(1.0 / 3);
    assert_true(third > 0 && third < 1e-15);
}

static void resolution__a_step_is_the_decimal_it_stands_for(void **state)
{
    (void)state;
    assert_true(20.06 - 20.05 != 0.01);
    assert_true(hb_tidy_step(20.06 - 20.05, 20.06) == 0.01);
    assert_true(hb_tidy_step(0.125, 3) == 0.125);
    assert_true(hb_tidy_step(1.0 / 3, 1) == 1.0 / 3);
    assert_true(hb_tidy_step(0, 1) == 0);
    assert_true(hb_tidy_step(1e-300, 1e-299) == 1e-300);
}

/* One run of four metrics by the builder. */
static void run_builder__gives_every_metric_its_step(void **state)
{
    (void)state;
    hb_registry *registry = NULL;
    hb_units *units = NULL;
    hb_run_builder *b = NULL;
    hb_run *run = NULL;
    CHECK_OK(hb_units_open(&units, &err));
    CHECK_OK(hb_registry_parse(HB_STR("metrics: {p: {unit: ms}, c: {reduce: count}}"), "r.yaml", "",
                               "", "0", units, &registry, &err));
    CHECK_OK(hb_run_builder_new(registry, units, &b, &err));
    CHECK_OK(hb_run_builder_file(b, "a.csv", "csv", "wide", &err));
    static const char *const names[] = {"p", "q", "c", "k"};
    static const char *const in[] = {"us", "", "", ""};
    uint32_t ch[4];
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(
            hb_run_builder_channel(b, hb_str_of(names[i]), hb_str_of(in[i]), 1, 1, &ch[i], &err));
    }
    CHECK_OK(hb_run_builder_stated(b, ch[0], 12.5, &err));
    hb_run_builder_printed(b, ch[0], 0.01);
    static const double v[] = {1, 1.5, 4};
    static const double still[] = {20.5, 20.5};
    CHECK_OK(hb_run_builder_add(b, ch[1], v, NULL, 3, &err));
    CHECK_OK(hb_run_builder_add(b, ch[2], v, NULL, 3, &err));
    CHECK_OK(hb_run_builder_add(b, ch[3], still, NULL, 2, &err));
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    CHECK_OK(hb_run_builder_finish(b, &meta, &run, &err));
    assert_true(fabs(hb_run_metric(run, HB_STR("p"))->step - 1e-5) < 1e-18);
    assert_true(hb_run_metric(run, HB_STR("q"))->step == 0.5);
    assert_true(hb_run_metric(run, HB_STR("c"))->step == 1);
    assert_true(hb_run_metric(run, HB_STR("k"))->step == 0.1);
    hb_run_free(run);
    hb_run_builder_free(b);
    hb_units_close(units);
    hb_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketch_step__is_the_smallest_between_samples),
        cmocka_unit_test(sketch_step__takes_rounding_for_none),
        cmocka_unit_test(sketch_step__holds_beyond_the_exact_part),
        cmocka_unit_test(resolution__reads_the_last_digit_of_a_text),
        cmocka_unit_test(resolution__takes_the_shortest_form_without_a_text),
        cmocka_unit_test(resolution__a_step_is_the_decimal_it_stands_for),
        cmocka_unit_test(run_builder__gives_every_metric_its_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
