/* SPDX-License-Identifier: Apache-2.0 */
/* The operating mode of windows: the value in force at their start, in event time. */
#include "support/window_case.h"

static const char registry_yaml[] = "version: \"1\"\n"
                                    "metrics:\n"
                                    "  rig.mode: {aliases: [modus]}\n"
                                    "  load: {drift_threshold: 1, unit: s}\n"
                                    "mode_overrides:\n"
                                    "  cruise: {metrics: {load: {drift_threshold: 9}}}\n"
                                    "  sprint: {metrics: {load: {invariant_max: 9}}}\n"
                                    "  named: {metrics: {load: {aliases: [last]}}}\n";

static const hb_window_mode list[] = {{0, "idle"}, {1, "cruise"}, {3, "idle"}};
static window_case c;

static void begin(double size_s, double slide_s)
{
    window_case_begin(&c, size_s, slide_s, registry_yaml);
    c.options.modes = (hb_window_modes){"modus", list, 3};
    c.options.lateness_ns = 5 * SEC;
}

static const char *mode(size_t i)
{
    return window_case_at(&c, i)->run->meta.context[HB_CONTEXT_OPERATING_MODE];
}

static void check_modes(const char *const *want, size_t n)
{
    window_case_finish(&c);
    assert_int_equal(c.n_closed, n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(mode(i), want[i]) != 0) {
            fail_msg("window %zu is of mode '%s', expected '%s'", i, mode(i), want[i]);
        }
    }
}

static void load(double from_s, double to_s)
{
    for (double t = from_s; t < to_s; t += 2) {
        window_case_value(&c, "load", t, 7);
    }
}

/* The value stays in force while nothing says another one. */
static void mode__is_the_value_in_force_at_the_windows_start(void **state)
{
    (void)state;
    static const char *const want[] = {"", "idle", "idle", "transition", "cruise", "cruise"};
    begin(10, 10);
    window_case_start(&c);
    load(100, 105);
    window_case_value(&c, "rig.mode", 105, 0); /* not known at the start */
    load(106, 134);
    window_case_value(&c, "modus", 135, 1);
    load(136, 160);
    check_modes(want, 6);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_MODE_CHANGED), 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_MODE_UNKNOWN), 1);
    window_case_end(&c);
}

/* What comes at the very start is in force there; a value without a mode is unknown; another value
 * of the same mode is a change. */
static void mode__changes_at_a_border_and_between_values(void **state)
{
    (void)state;
    static const char *const want[] = {"idle", "cruise", "", "transition", "idle"};
    begin(10, 10);
    window_case_start(&c);
    window_case_value(&c, "modus", 100, 0);
    load(101, 110);
    window_case_value(&c, "modus", 110, 1);
    load(111, 120);
    window_case_value(&c, "modus", 120, 2);
    load(121, 130);
    window_case_value(&c, "modus", 130, 0);
    window_case_value(&c, "modus", 133, 3);
    load(134, 150);
    check_modes(want, 5);
    window_case_end(&c);
}

/* There and back within one window, told in the wrong order, and one that is late. */
static void mode__is_that_of_the_samples_times(void **state)
{
    (void)state;
    static const char *const want[] = {"idle", "transition", "idle", "transition"};
    begin(10, 10);
    window_case_start(&c);
    window_case_value(&c, "modus", 100, 0);
    load(101, 116);
    window_case_value(&c, "modus", 114, 0);
    window_case_value(&c, "modus", 113, 1);
    load(117, 128);
    window_case_value(&c, "modus", 101, 1); /* late: changes nothing */
    window_case_value(&c, "modus", 131, 0);
    window_case_value(&c, "modus", 130, 1); /* earlier: in force at 130 … */
    window_case_value(&c, "modus", 131, 1); /* … but 131 has two, so */
    load(132, 140);
    window_case_finish(&c);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), 1);
    check_modes(want, 4);
    window_case_end(&c);
}

static void mode__of_sliding_windows_is_that_of_each(void **state)
{
    (void)state;
    static const char *const want[] = {"",           "idle",       "transition",
                                       "transition", "transition", "cruise"};
    begin(30, 10);
    window_case_start(&c);
    window_case_value(&c, "modus", 101, 0); /* the window of 100: unknown; 110: idle */
    load(102, 145);
    window_case_value(&c, "modus", 146, 1); /* in the windows of 120, 130 and 140 */
    load(147, 190);
    window_case_finish(&c);
    assert_true(c.n_closed >= 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(window_case_at(&c, i)->start == (100 + 10 * (int64_t)i) * SEC);
        assert_string_equal(mode(i), want[i]);
    }
    window_case_end(&c);
}

static hb_registry *registry_of(const char *of)
{
    hb_registry *r = NULL;
    CHECK_OK(hb_registry_parse(hb_str_of(registry_yaml), "reg.yaml", NULL, of, "digest", c.units,
                               &r, &err));
    return r;
}

/* Whoever makes a window again has the registry of its mode. */
static void mode__windows_are_the_same_by_any_of_their_registries(void **state)
{
    (void)state;
    begin(10, 10);
    const char *metric = NULL;
    hb_registry *cruise = registry_of("CRUISE");
    hb_registry *sprint = registry_of("sprint");
    hb_registry *named = registry_of("named");
    assert_true(hb_windows_cut_alike(c.registry, cruise, &metric));
    assert_false(hb_windows_cut_alike(c.registry, sprint, &metric));
    assert_string_equal(metric, "load");
    assert_false(hb_windows_cut_alike(c.registry, named, &metric));
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    window_case_start(&c);
    window_case_value(&c, "modus", 100, 0);
    load(101, 131);
    CHECK_OK(hb_windows_save(c.w, &b, &err));
    hb_windows *other = NULL;
    CHECK_OK(hb_windows_new(&c.options, cruise, c.units, &other, &err));
    CHECK_OK(hb_windows_load(other, b.p, b.n, &err));
    hb_windows_free(other);
    hb_buf_release(&b);
    hb_registry_free(named);
    hb_registry_free(sprint);
    hb_registry_free(cruise);
    window_case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mode__is_the_value_in_force_at_the_windows_start),
        cmocka_unit_test(mode__changes_at_a_border_and_between_values),
        cmocka_unit_test(mode__is_that_of_the_samples_times),
        cmocka_unit_test(mode__of_sliding_windows_is_that_of_each),
        cmocka_unit_test(mode__windows_are_the_same_by_any_of_their_registries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
