/* SPDX-License-Identifier: Apache-2.0 */
/* Streams made by hand, one rule each. */
#include "support/window_case.h"

#include <math.h>

static window_case c;

static void windows__close_when_the_watermark_reaches_their_end(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.lateness_ns = 3 * SEC;
    window_case_start(&c);
    assert_true(hb_windows_watermark(c.w) == HB_TIME_NONE);
    window_case_value(&c, "a", 101, 1);
    window_case_value(&c, "a", 109.999, 3);
    window_case_value(&c, "a", 110, 7); /* the next window's */
    window_case_value(&c, "a", 112.999, 7);
    assert_int_equal(c.n_closed, 0);
    window_case_value(&c, "a", 108, 5); /* in time: the watermark is 109.999 */
    window_case_value(&c, "a", 113, 7);
    assert_int_equal(c.n_closed, 1);
    assert_true(hb_windows_watermark(c.w) == 110 * SEC);
    const hb_window *v = window_case_at(&c, 0);
    assert_true(v->start == 100 * SEC && v->end == 110 * SEC && v->samples == 3);
    assert_string_equal(v->name, "w");
    assert_int_equal(strlen(v->id), 64);
    assert_true(v->revision == 0 && v->late == 0 && v->coverage == 1);
    const hb_metric *m = window_case_metric(&c, 0, "a");
    assert_true(m->has_value && m->value == 3 && m->profile.moments.n == 3);
    assert_true(m->profile.t_first == 101 * SEC && m->profile.t_last == 109999 * SEC / 1000);
    assert_true(m->profile.moments.last == 3); /* by time */
    assert_true(v->run->meta.start == v->start && v->run->meta.end == v->end);
    assert_true(strncmp(v->run->meta.run_id, "w-w-1970-01-01T000140Z-", 23) == 0);
    assert_true(strncmp(v->run->meta.run_id + 23, v->id, 8) == 0);
    window_case_value(&c, "a", 109, 9);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), 1);
    window_case_finish(&c);
    assert_int_equal(c.n_closed, 2);
    assert_true(window_case_at(&c, 1)->samples == 3);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_SAMPLES), 6);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_CLOSED), 2);
    window_case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows__close_when_the_watermark_reaches_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
