/* SPDX-License-Identifier: Apache-2.0 */
/* Streams made by hand, one rule each. */
#include "support/window_case.h"

#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

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

/* The original's sliding windows lost what had come before their last step. */
static void windows__sliding_ones_hold_all_of_their_data(void **state)
{
    (void)state;
    window_case_begin(&c, 60, 10, NULL);
    window_case_start(&c);
    for (int i = 0; i < 2000; i++) {
        window_case_value(&c, "a", 600 + i * 0.1, i);
    }
    window_case_finish(&c);
    assert_int_equal(c.n_closed, 15); /* 200 s: starts 600 … 740 */
    for (size_t i = 0; i < c.n_closed; i++) {
        const hb_window *v = window_case_at(&c, i);
        const hb_metric *m = window_case_metric(&c, i, "a");
        double first = (double)i * 100;
        assert_true(v->start == (600 + 10 * (int64_t)i) * SEC && v->end - v->start == 60 * SEC);
        assert_true(v->samples == 600 && m->profile.moments.n == 600);
        assert_true(m->profile.moments.min == first && m->profile.moments.max == first + 599);
        assert_true(m->profile.moments.first == first && m->profile.moments.last == first + 599);
        assert_true(m->value == first + 299.5);
    }
    window_case_end(&c);
}

/* The original looked at the last value of a window only. */
static void windows__a_spike_is_not_hidden_by_the_last_value(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10,
                      "version: \"1\"\nmetrics:\n  a: {unit: s, reduce: last, invariant_max: 5, "
                      "invariant_min: -5}\n  mode: {invariant_eq: 2}\n");
    window_case_start(&c);
    for (int i = 0; i < 1000; i++) {
        window_case_value(&c, "a", 100 + i * 0.01, i == 500 ? 99 : 1);
    }
    window_case_value(&c, "mode", 103, 2);
    window_case_value(&c, "mode", 104, 3);
    window_case_value(&c, "a", 110, 1);
    const hb_window *v = window_case_at(&c, 0);
    assert_true(window_case_metric(&c, 0, "a")->value == 1);
    assert_int_equal(v->n_limits, 2);
    const hb_window_limit *l = &v->limits[0];
    assert_string_equal(l->metric, "a");
    assert_true(l->which == HB_LIMIT_MAX && l->limit == 5 && l->n == 1 && l->worst == 99);
    assert_true(l->n_first == 1 && l->first[0].t == 105 * SEC && l->first[0].value == 99);
    l = &v->limits[1];
    assert_string_equal(l->metric, "mode");
    assert_true(l->which == HB_LIMIT_EQ && l->n == 1 && l->worst == 3);
    window_case_end(&c);
}

static void windows__keep_the_first_samples_beyond_a_limit_by_their_time(void **state)
{
    (void)state;
    window_case_begin(&c, 20, 10, "version: \"1\"\nmetrics:\n  a: {unit: s, invariant_min: 0}\n");
    c.options.lateness_ns = 5 * SEC;
    window_case_start(&c);
    for (int i = 0; i < 12; i++) { /* backwards in time */
        window_case_value(&c, "a", 109 - i * 0.1, -i);
    }
    window_case_value(&c, "a", 112, -50);
    window_case_value(&c, "a", 111, 5);
    window_case_finish(&c);
    const hb_window_limit *l = &window_case_at(&c, 0)->limits[0];
    assert_true(l->which == HB_LIMIT_MIN && l->n == 12 && l->worst == -50 && l->n_first == 8);
    assert_true(l->first[0].t == window_case_time(107.9) && l->first[0].value == -11);
    assert_true(l->first[7].t == window_case_time(108.6) && l->first[7].value == -4);
    window_case_end(&c);
}

static hb_status note_late(void *ctx, const hb_live_sample *s, hb_error *err)
{
    (void)err;
    hb_live_sample *into = ctx;
    *into = *s;
    return HB_OK;
}

static void windows__hand_over_late_samples_when_asked_to(void **state)
{
    (void)state;
    hb_live_sample late = {.t = 0};
    window_case_begin(&c, 10, 10, NULL);
    c.options.late = HB_LATE_SIDE;
    c.options.late_fn = note_late;
    c.options.late_ctx = &late;
    window_case_start(&c);
    window_case_value(&c, "a", 100, 1);
    window_case_value(&c, "a", 110, 2);
    assert_true(late.t == 0);
    window_case_value(&c, "b", 109, 3);
    assert_true(late.t == 109 * SEC && late.value == 3 && hb_str_eq_c(late.name, "b"));
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), 1);
    window_case_finish(&c);
    assert_int_equal(c.n_closed, 2);
    /* The run that was current says so. */
    const hb_input_file *f = &window_case_at(&c, 1)->run->inputs[0];
    assert_true(f->n_rejects == 1 && f->rejects[0].n == 1);
    assert_string_equal(f->rejects[0].reason, "late");
    window_case_end(&c);
}

static void windows__open_again_for_late_samples(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.late = HB_LATE_REOPEN;
    c.options.keep_closed_ns = 15 * SEC;
    window_case_start(&c);
    window_case_value(&c, "a", 101, 1);
    window_case_value(&c, "a", 111, 2);
    assert_int_equal(c.n_closed, 1);
    window_case_value(&c, "a", 102, 7);
    window_case_value(&c, "b", 103, 8);
    assert_int_equal(c.n_closed, 1); /* told once, with the next window */
    window_case_value(&c, "a", 120, 3);
    assert_int_equal(c.n_closed, 3);
    const hb_window *v = window_case_at(&c, 1);
    assert_true(v->start == 100 * SEC && v->revision == 1 && v->late == 2 && v->samples == 3);
    assert_string_equal(v->id, window_case_at(&c, 0)->id);
    assert_non_null(window_case_metric(&c, 1, "b"));
    assert_true(window_case_metric(&c, 1, "a")->profile.moments.max == 7);
    assert_true(window_case_at(&c, 2)->start == 110 * SEC);
    window_case_value(&c, "a", 124.9, 3);
    window_case_value(&c, "a", 104, 9); /* 14.9 s after its end */
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), 0);
    window_case_value(&c, "a", 125, 3);
    window_case_value(&c, "a", 105, 9);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), 1);
    window_case_finish(&c);
    assert_int_equal(c.n_closed, 5);
    assert_true(window_case_at(&c, 3)->revision == 2 && window_case_at(&c, 3)->samples == 4);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_REOPENED), 2);
    window_case_end(&c);
}

static void part_of(const char *name, const char *id, uint32_t part, double t_s)
{
    const hb_live_sample s = {.source = HB_STR("mqtt"),
                              .name = hb_str_of(name),
                              .id = hb_str_of(id),
                              .t = window_case_time(t_s),
                              .timed = true,
                              .part = part};
    window_case_sample(&c, &s);
}

static void windows__leave_out_messages_that_came_before(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.remembered_ids = 3;
    window_case_start(&c);
    for (int again = 0; again < 2; again++) {
        part_of("a", "7", 0, 100);
        part_of("b", "7", 1, 100);
        part_of("c", "7", 2, 100);
        part_of("a", "8", 0, 101);
    }
    assert_int_equal(window_case_count(&c, HB_WINDOWS_DUPLICATE), 4);
    part_of("other", "7", 0, 100); /* another sender that counts as well */
    part_of("a", "", 0, 100);      /* without an id nothing is known */
    part_of("a", "", 0, 100);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_DUPLICATE), 4);
    part_of("a", "9", 0, 102); /* the fourth message: the first is forgotten */
    part_of("a", "8", 0, 101);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_DUPLICATE), 5);
    part_of("a", "7", 0, 100);
    part_of("a", "7", 0, 100);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_DUPLICATE), 6);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_SAMPLES), 9);
    window_case_end(&c);
}

static void begin_with_reach(void)
{
    window_case_begin(&c, 10, 10, NULL);
    c.options.max_ahead_ns = 60 * SEC;
    window_case_start(&c);
    for (int i = 0; i < 40; i++) {
        window_case_value(&c, i % 2 ? "a" : "b", 100 + i * 0.1, i);
    }
    assert_int_equal(window_case_count(&c, HB_WINDOWS_SAMPLES), 40);
}

static void windows__one_clock_ahead_closes_nothing(void **state)
{
    (void)state;
    begin_with_reach();
    hb_time before = hb_windows_watermark(c.w);
    for (int i = 0; i < 10; i++) {
        window_case_value(&c, "a", 90000 + i, i);
    }
    assert_true(hb_windows_watermark(c.w) == before);
    window_case_value(&c, "b", 104.5, 1); /* the others go on */
    assert_int_equal(window_case_count(&c, HB_WINDOWS_AHEAD), 10);
    assert_true(hb_windows_watermark(c.w) == window_case_time(104.5));
    assert_int_equal(c.n_closed, 0);
    /* A whole array of one metric of three, and in between nobody: still a minority. */
    window_case_value(&c, "c", 104.6, 1);
    for (int i = 0; i < 500; i++) {
        window_case_value(&c, "a", 90000 + i * 0.01, i);
    }
    assert_int_equal(c.n_closed, 0);
    window_case_value(&c, "b", 105, 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_AHEAD), 510);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_JUMPS), 0);
    window_case_end(&c);
}

static void windows__follow_a_jump_that_all_agree_on(void **state)
{
    (void)state;
    begin_with_reach();
    for (int i = 0; i < 16; i++) {
        assert_int_equal(c.n_closed, 0);
        window_case_value(&c, i % 2 ? "a" : "b", 500 + i * 0.1, i);
    }
    assert_true(hb_windows_watermark(c.w) == window_case_time(501.5));
    assert_true(c.n_closed == 40); /* with data, then in silence */
    assert_int_equal(window_case_at(&c, 0)->samples, 40);
    assert_int_equal(window_case_at(&c, 1)->samples, 0);
    assert_int_equal(window_case_at(&c, 1)->run->n_metrics, 0);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_JUMPS), 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_AHEAD), 0);
    window_case_finish(&c);
    assert_int_equal(window_case_at(&c, c.n_closed - 1)->samples, 16);
    window_case_end(&c);
}

static void windows__believe_one_sender_that_nobody_contradicts(void **state)
{
    (void)state;
    begin_with_reach();
    window_case_value(&c, "c", 104.6, 1);
    for (int i = 0; i < 1024; i++) {
        assert_int_equal(c.n_closed, 0);
        window_case_value(&c, "a", 500 + i * 0.01, i);
    }
    assert_int_equal(window_case_count(&c, HB_WINDOWS_JUMPS), 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_SAMPLES), 40 + 1 + 1024);
    window_case_end(&c);
}

static void windows__count_a_step_back_and_call_it_late(void **state)
{
    (void)state;
    begin_with_reach();
    for (int i = 0; i < 30; i++) {
        window_case_value(&c, i % 2 ? "a" : "b", 20 + i * 0.1, i);
    }
    assert_int_equal(window_case_count(&c, HB_WINDOWS_JUMPS), 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_LATE), 30);
    window_case_end(&c);
}

static void windows__begin_with_what_the_first_messages_agree_on(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.max_ahead_ns = 60 * SEC;
    window_case_start(&c);
    window_case_value(&c, "a", 4e9, 1); /* the year 2096 */
    for (int i = 0; i < 16; i++) {
        assert_true(hb_windows_watermark(c.w) == HB_TIME_NONE);
        window_case_value(&c, "a", 100 + i, i);
    }
    assert_true(hb_windows_watermark(c.w) == 115 * SEC);
    assert_int_equal(c.n_closed, 1);
    assert_int_equal(window_case_at(&c, 0)->samples, 10);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_AHEAD), 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_JUMPS), 0);
    window_case_end(&c);
    /* Fewer are believed at the end of the input, or in a silence. */
    for (int tick = 0; tick < 2; tick++) {
        window_case_begin(&c, 10, 10, NULL);
        c.options.max_ahead_ns = 60 * SEC;
        c.options.idle_after_ns = 4 * SEC;
        window_case_start(&c);
        window_case_value(&c, "a", 100, 1);
        for (int i = 0; tick && i < 4; i++) {
            window_case_tick(&c, 1000 + i * 2);
        }
        assert_true((hb_windows_watermark(c.w) == 100 * SEC) == tick);
        window_case_finish(&c);
        assert_int_equal(c.n_closed, 1);
        window_case_end(&c);
    }
}

static void windows__times_that_no_clock_has_are_left_out(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    window_case_start(&c);
    hb_live_sample s = {.source = HB_STR("x"), .name = HB_STR("a"), .t = HB_TIME_NONE};
    window_case_sample(&c, &s);
    s.t = INT64_MAX;
    window_case_sample(&c, &s);
    s.t = INT64_MIN + 1;
    window_case_sample(&c, &s);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_AHEAD), 3);
    s.t = -95 * SEC; /* before 1970 is fine */
    window_case_sample(&c, &s);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_UNTIMED), 4);
    window_case_finish(&c);
    assert_true(window_case_at(&c, 0)->start == -100 * SEC);
    window_case_end(&c);
}

/* A sender that says it has no value is no sign of the sensor; text and NaN are, and are findings
 * of their own. */
static void windows__missing_values_are_silence(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.stale_after_ns = 15 * SEC;
    window_case_start(&c);
    for (int t = 100; t < 140; t++) {
        window_case_value(&c, "a", t, 1);
        for (int k = 0; k < 2; k++) {
            const hb_live_sample s = {.source = HB_STR("mqtt"),
                                      .name = hb_str_of(k ? "text" : "null"),
                                      .t = window_case_time(t),
                                      .timed = true,
                                      .kind = t < 105 ? HB_LIVE_VALUE
                                              : k     ? HB_LIVE_TEXT
                                                      : HB_LIVE_MISSING,
                                      .value = 1};
            window_case_sample(&c, &s);
        }
    }
    window_case_finish(&c);
    /* its last value is of 104 */
    assert_int_equal(window_case_at(&c, 0)->n_silent, 0);
    const hb_window *v = window_case_at(&c, 1);
    assert_true(v->n_silent == 1 && v->silent[0].last == 104 * SEC);
    assert_string_equal(v->silent[0].metric, "null");
    assert_int_equal(window_case_at(&c, 3)->n_silent, 1);
    window_case_end(&c);
}

static void windows__ticks_close_what_silence_leaves_open(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.lateness_ns = SEC;
    c.options.idle_after_ns = 4 * SEC;
    c.options.stale_after_ns = 15 * SEC;
    window_case_start(&c);
    window_case_tick(&c, 5000); /* nothing began */
    window_case_value(&c, "a", 100, 1);
    window_case_value(&c, "b", 101, 1);
    window_case_tick(&c, 5001);
    for (int i = 1; i <= 3; i++) {
        window_case_tick(&c, 5001 + i);
    }
    assert_true(hb_windows_watermark(c.w) == 100 * SEC); /* not idle yet */
    for (int i = 4; i <= 9; i++) {
        window_case_tick(&c, 5001 + i);
    }
    assert_true(hb_windows_watermark(c.w) == 109 * SEC && c.n_closed == 0);
    window_case_tick(&c, 5011);
    assert_int_equal(c.n_closed, 1);
    window_case_value(&c, "a", 111, 1); /* someone speaks: the pace of arrival ends */
    window_case_tick(&c, 5012);
    window_case_tick(&c, 5013);
    assert_true(hb_windows_watermark(c.w) == 110 * SEC);
    /* The program was down for a day: what was sent meanwhile comes now. */
    window_case_tick(&c, 5013 + 86400);
    window_case_tick(&c, 5014 + 86400);
    assert_true(hb_windows_watermark(c.w) == 114 * SEC);
    window_case_tick(&c, 100); /* the arrival clock steps back */
    window_case_tick(&c, 101);
    assert_true(hb_windows_watermark(c.w) == 115 * SEC);
    for (int i = 2; i < 40; i++) {
        window_case_tick(&c, 100 + i);
    }
    assert_true(hb_windows_watermark(c.w) == 153 * SEC && c.n_closed == 5);
    /* b is silent since 101, a since 111; 15 s are allowed. */
    assert_int_equal(window_case_at(&c, 0)->n_silent, 0);
    const hb_window *v = window_case_at(&c, 1);
    assert_true(v->n_silent == 1 && v->silent[0].last == 101 * SEC);
    assert_string_equal(v->silent[0].metric, "b");
    assert_true(v->silent[0].silent_s == 19 && v->silent[0].allowed_s == 15);
    assert_int_equal(window_case_at(&c, 2)->n_silent, 2);
    assert_string_equal(window_case_at(&c, 2)->silent[0].metric, "a");
    window_case_end(&c);
}

static void windows__declared_metrics_are_missed_from_the_beginning(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10,
                      "version: \"1\"\nmetrics:\n  a: {unit: s, stale_after: 25}\n"
                      "  b: {unit: s, stale_after: 12}\n  d: {unit: s}\n");
    window_case_start(&c);
    for (int i = 0; i < 5; i++) {
        window_case_value(&c, "x", 100 + 10 * i, 1);
    }
    assert_int_equal(c.n_closed, 4);
    assert_int_equal(window_case_at(&c, 0)->n_silent, 0);
    const hb_window *v = window_case_at(&c, 1);
    assert_true(v->n_silent == 1 && v->silent[0].last == HB_TIME_NONE);
    assert_string_equal(v->silent[0].metric, "b");
    assert_true(v->silent[0].silent_s == 20 && v->silent[0].allowed_s == 12);
    assert_int_equal(window_case_at(&c, 2)->n_silent, 2);
    window_case_value(&c, "b", 141, 1);
    window_case_value(&c, "x", 150, 1);
    assert_int_equal(window_case_at(&c, 4)->n_silent, 1);
    window_case_end(&c);
}

static void windows__of_a_long_silence_some_are_told(void **state)
{
    (void)state;
    window_case_begin(&c, 1, 1, NULL);
    window_case_start(&c);
    window_case_value(&c, "a", 1000.5, 1);
    window_case_value(&c, "a", 1000.5 + 1e6, 1); /* a million windows later */
    /* 256, then 128 of each doubling. */
    uint64_t skipped = window_case_count(&c, HB_WINDOWS_SKIPPED);
    assert_true(c.n_closed > 1500 && c.n_closed < 2100);
    const hb_window *last = window_case_at(&c, c.n_closed - 1);
    assert_true((1000000 - (last->start / SEC - 1000)) * 128 <= 1000000);
    for (size_t i = 1; i < c.n_closed; i++) {
        int64_t n = window_case_at(&c, i)->start / SEC - 1000;
        int bits = 0;
        for (int64_t x = n; x; x >>= 1) {
            bits++;
        }
        assert_true(bits <= 8 || n % (INT64_C(1) << (bits - 8)) == 0);
        assert_true(i > 255 || n == (int64_t)i);
    }
    assert_int_equal((int64_t)(skipped + c.n_closed), last->start / SEC - 1000 + 1);
    window_case_finish(&c);
    assert_int_equal(window_case_at(&c, c.n_closed - 1)->samples, 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_SKIPPED) + c.n_closed, 1000001);
    window_case_end(&c);
}

static void windows__coverage_is_what_came_of_what_is_usual(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    window_case_start(&c);
    for (int w = 0; w < 8; w++) {
        int n = w == 5 ? 6 : w == 7 ? 30 : 20; /* a: 20 a window, then 6, then more */
        for (int i = 0; i < n; i++) {
            window_case_value(&c, "a", 100 + 10 * w + i * 0.3, i);
        }
        for (int i = 0; i < 10 && w != 6; i++) { /* b: 10 a window, once none */
            window_case_value(&c, "b", 109 + 10 * w + i * 0.05, i);
        }
    }
    window_case_finish(&c);
    const double want[] = {1, 1, 1, 1, 1, 16.0 / 30, 20.0 / 30, 1};
    assert_int_equal(c.n_closed, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_true(window_case_at(&c, i)->coverage == want[i]);
    }
    window_case_end(&c);
}

static void of_unit(const char *name, const char *unit, double t_s, double v)
{
    const hb_live_sample s = {.source = HB_STR("mqtt"),
                              .name = hb_str_of(name),
                              .unit = hb_str_of(unit),
                              .t = window_case_time(t_s),
                              .timed = true,
                              .value = v};
    window_case_sample(&c, &s);
}

static void windows__names_and_units_are_settled_by_the_registry(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10,
                      "version: \"1\"\nmetrics:\n  latency: {unit: ms, aliases: [lat, Lat Avg]}\n");
    c.options.max_metrics = 3;
    window_case_start(&c);
    of_unit("lat", "s", 100, 0.25);
    of_unit("LAT_AVG", "us", 101, 500);
    of_unit("latency", "", 102, 3);
    of_unit("latency", "kg", 103, 3);
    of_unit("own", "V", 100, 1);
    of_unit("own", "mV", 101, 1500);
    of_unit("own", "s", 101, 1500);
    of_unit("odd", "blorps", 101, 1);
    of_unit("fourth", "", 101, 1);
    of_unit("", "", 101, 1);
    of_unit("\xff\xfe", "", 101, 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_NO_UNIT), 2);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_NO_ROOM), 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_BAD_MESSAGE), 2);
    CHECK_OK(hb_windows_bad_message(c.w, "bad JSON", &err));
    window_case_finish(&c);
    const hb_metric *m = window_case_metric(&c, 0, "latency");
    assert_string_equal(m->unit, "ms");
    assert_true(m->profile.moments.n == 3 && m->profile.moments.min == 0.5 &&
                m->profile.moments.max == 250 && m->declared);
    m = window_case_metric(&c, 0, "own");
    assert_string_equal(m->unit, "V");
    assert_true(m->profile.moments.max == 1.5);
    m = window_case_metric(&c, 0, "odd");
    assert_string_equal(m->unit, "blorps");
    assert_true(m->flags & HB_METRIC_UNIT_UNKNOWN);
    const hb_input_file *f = &window_case_at(&c, 0)->run->inputs[0];
    assert_int_equal(f->n_rejects, 5);
    assert_string_equal(f->rejects[4].reason, "bad JSON");
    uint64_t all = 0;
    assert_int_equal(hb_run_lost_rows(window_case_at(&c, 0)->run, &all), 2);
    window_case_end(&c);
}

static void windows__count_what_is_not_usable_in_its_metric(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    window_case_start(&c);
    const hb_live_kind kinds[] = {HB_LIVE_VALUE, HB_LIVE_MISSING, HB_LIVE_NAN,
                                  HB_LIVE_INF,   HB_LIVE_TEXT,    HB_LIVE_TEXT};
    for (size_t i = 0; i < 6; i++) {
        const hb_live_sample s = {.source = HB_STR("x"),
                                  .name = HB_STR("a"),
                                  .t = 100 * SEC,
                                  .timed = true,
                                  .kind = kinds[i],
                                  .value = 4};
        window_case_sample(&c, &s);
    }
    window_case_finish(&c);
    const hb_profile *p = &window_case_metric(&c, 0, "a")->profile;
    assert_true(p->moments.n == 1 && p->n_missing == 2 && p->n_nan == 1 && p->n_inf == 1 &&
                p->n_rejected == 2);
    assert_true(window_case_at(&c, 0)->samples == 1);
    assert_int_equal(window_case_count(&c, HB_WINDOWS_NOT_USABLE), 5);
    window_case_end(&c);
}

static void windows__opened_again_take_back_a_silence(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.late = HB_LATE_REOPEN;
    c.options.keep_closed_ns = 100 * SEC;
    c.options.stale_after_ns = 5 * SEC;
    window_case_start(&c);
    window_case_value(&c, "a", 101, 1);
    window_case_value(&c, "b", 102, 1);
    window_case_value(&c, "d", 111, 1);
    window_case_value(&c, "d", 120, 1);
    assert_int_equal(window_case_at(&c, 1)->n_silent, 3);
    window_case_value(&c, "b", 117, 1);
    window_case_value(&c, "d", 130, 1);
    const hb_window *v = window_case_at(&c, 2);
    assert_true(v->revision == 1 && v->start == 110 * SEC && v->n_silent == 2);
    assert_string_equal(v->silent[0].metric, "a");
    assert_true(v->silent[0].silent_s == 19);
    v = window_case_at(&c, 3); /* b's last is known from now on */
    assert_true(v->n_silent == 3 && v->silent[1].last == 117 * SEC);
    window_case_end(&c);
}

/* The same samples by way of a file give the same run, to the digest. */
static void windows__are_runs_like_all_others(void **state)
{
    (void)state;
    window_case_begin(
        &c, 10, 10,
        "version: \"1\"\nmetrics:\n  a: {unit: s, drift_persistence: 4, reduce: p95}\n");
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    meta.program = "prog";
    meta.context[HB_CONTEXT_SCENARIO_ID] = "s1";
    c.options.meta = &meta;
    window_case_start(&c);
    hb_run_builder *b = NULL;
    CHECK_OK(hb_run_builder_new(c.registry, c.units, &b, &err));
    CHECK_OK(hb_run_builder_file(b, "rig", "csv", "long", &err));
    for (int m = 0; m < 2; m++) {
        const char *name = m ? "own" : "A";
        const char *unit = m ? "V" : "ms";
        uint32_t ch = 0;
        double v[400];
        hb_time t[400];
        CHECK_OK(hb_run_builder_channel(b, hb_str_of(name), hb_str_of(unit), 1, 1, &ch, &err));
        for (int i = 0; i < 400; i++) {
            v[i] = (i * 7919 % 101) * 0.25;
            t[i] = window_case_time(100 + i * 0.02);
            of_unit(name, unit, 100 + i * 0.02, v[i]);
        }
        CHECK_OK(hb_run_builder_add(b, ch, v, t, 400, &err));
    }
    meta.start = 100 * SEC;
    meta.end = 110 * SEC;
    hb_run_builder_file_totals(b, 0, 800, (char[65]){0});
    hb_run *run = NULL;
    CHECK_OK(hb_run_builder_finish(b, &meta, &run, &err));
    hb_run_builder_free(b);
    window_case_finish(&c);
    const hb_run *live = window_case_at(&c, 0)->run;
    assert_string_equal(live->digest, run->digest);
    assert_true(live->metrics[0].step == run->metrics[0].step && live->metrics[0].step > 0);
    assert_true(live->metrics[0].value == run->metrics[0].value);
    hb_run_free(run);
    window_case_end(&c);
}

static void windows__have_room_for_so_many(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    c.options.lateness_ns = 1000 * SEC;
    c.options.max_open = 4;
    window_case_start(&c);
    for (int i = 0; i < 6; i++) {
        window_case_value(&c, "a", 100 + 10 * i, i);
    }
    assert_int_equal(window_case_count(&c, HB_WINDOWS_NO_ROOM), 2);
    window_case_finish(&c);
    assert_int_equal(c.n_closed, 4);
    window_case_end(&c);
}

/* Figures of memory differ from machine to machine; the state holds what is remembered. */
static void windows__remember_no_more_of_a_long_stream(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 2, "version: \"1\"\nmetrics:\n  a: {unit: s, invariant_max: 5}\n");
    c.options.late = HB_LATE_REOPEN;
    c.options.keep_closed_ns = 10 * SEC;
    c.options.remembered_ids = 100;
    c.options.max_ahead_ns = 60 * SEC;
    window_case_start(&c);
    size_t most = 0;
    hb_buf b;
    hb_buf_init(&b, 64 << 20);
    for (int i = 0; i < 40000; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        part_of(i % 3 ? "a" : "b", id, 0, 100 + i * 0.1 - (i % 50 == 0) * 7.0);
        if (i % 1000 == 999) {
            hb_buf_clear(&b);
            CHECK_OK(hb_windows_save(c.w, &b, &err));
            assert_true(i < 3000 || b.n < most + most / 4);
            most = b.n > most ? b.n : most;
        }
        for (size_t k = 0; k < c.n_closed; k++) {
            hb_window_closed_free(c.closed[k]);
        }
        c.n_closed = 0;
    }
    hb_buf_release(&b);
    window_case_end(&c);
}

static void windows__options_are_checked(void **state)
{
    (void)state;
    window_case_begin(&c, 10, 10, NULL);
    hb_windows *w = NULL;
    c.defs[1] = c.defs[0];
    c.options.n_defs = 2;
    CHECK_ERROR(hb_windows_new(&c.options, c.registry, c.units, &w, &err), HB_E_CONFIG,
                "two windows have the name 'w'");
    c.options.n_defs = 0;
    CHECK_ERROR(hb_windows_new(&c.options, c.registry, c.units, &w, &err), HB_E_CONFIG, "1 to 8");
    c.options.n_defs = 1;
    c.defs[0].slide_ns = 3 * SEC;
    CHECK_ERROR(hb_windows_new(&c.options, c.registry, c.units, &w, &err), HB_E_CONFIG,
                "times the slide, got 10 s and 3 s");
    c.defs[0].size_ns = c.defs[0].slide_ns = SEC / 5;
    CHECK_ERROR(hb_windows_new(&c.options, c.registry, c.units, &w, &err), HB_E_CONFIG,
                "250 ms to 31 days, got 0.2 s");
    c.defs[0].size_ns = 10 * SEC;
    c.defs[0].slide_ns = SEC;
    c.options.max_open = 10;
    CHECK_ERROR(hb_windows_new(&c.options, c.registry, c.units, &w, &err), HB_E_CONFIG,
                "max_open must be over size / slide = 10");
    c.options.max_open = 0;
    c.options.lateness_ns = -1;
    CHECK_ERROR(hb_windows_new(&c.options, c.registry, c.units, &w, &err), HB_E_CONFIG,
                "lateness must be 0 to 366 days");
    assert_null(w);
    hb_windows_free(NULL);
    window_case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows__close_when_the_watermark_reaches_their_end),
        cmocka_unit_test(windows__sliding_ones_hold_all_of_their_data),
        cmocka_unit_test(windows__a_spike_is_not_hidden_by_the_last_value),
        cmocka_unit_test(windows__keep_the_first_samples_beyond_a_limit_by_their_time),
        cmocka_unit_test(windows__hand_over_late_samples_when_asked_to),
        cmocka_unit_test(windows__open_again_for_late_samples),
        cmocka_unit_test(windows__leave_out_messages_that_came_before),
        cmocka_unit_test(windows__one_clock_ahead_closes_nothing),
        cmocka_unit_test(windows__follow_a_jump_that_all_agree_on),
        cmocka_unit_test(windows__believe_one_sender_that_nobody_contradicts),
        cmocka_unit_test(windows__count_a_step_back_and_call_it_late),
        cmocka_unit_test(windows__begin_with_what_the_first_messages_agree_on),
        cmocka_unit_test(windows__times_that_no_clock_has_are_left_out),
        cmocka_unit_test(windows__missing_values_are_silence),
        cmocka_unit_test(windows__ticks_close_what_silence_leaves_open),
        cmocka_unit_test(windows__declared_metrics_are_missed_from_the_beginning),
        cmocka_unit_test(windows__of_a_long_silence_some_are_told),
        cmocka_unit_test(windows__coverage_is_what_came_of_what_is_usual),
        cmocka_unit_test(windows__names_and_units_are_settled_by_the_registry),
        cmocka_unit_test(windows__count_what_is_not_usable_in_its_metric),
        cmocka_unit_test(windows__opened_again_take_back_a_silence),
        cmocka_unit_test(windows__are_runs_like_all_others),
        cmocka_unit_test(windows__have_room_for_so_many),
        cmocka_unit_test(windows__remember_no_more_of_a_long_stream),
        cmocka_unit_test(windows__options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
