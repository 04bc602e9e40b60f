/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a time axis against Python's exact fractions (steps.case), and against plain sorting
 * where there are more different steps than the table holds. */
#include "base/num.h"
#include "input/time_rule.h"
#include "os/file.h"
#include "support/check.h"
#include "support/stats_case.h"

#include <stdio.h>
#include <stdlib.h>

static hb_time_summary summary_of(const hb_time *t, size_t n, size_t piece)
{
    hb_time_steps *s = NULL;
    hb_time_summary got;
    CHECK_OK(hb_time_steps_new(&s, &err));
    for (size_t i = 0; i < n; i += piece) {
        CHECK_OK(hb_time_steps_add(s, t + i, n - i < piece ? n - i : piece, &err));
    }
    CHECK_OK(hb_time_steps_finish(s, &got, &err));
    hb_time_steps_free(s);
    return got;
}

static const char *word(const char *p, hb_time *ret)
{
    p += strspn(p, " ");
    size_t n = strcspn(p, " \n");
    *ret = HB_TIME_NONE;
    if (n && !(n == 1 && *p == '-')) {
        assert_true(hb_num_parse_i64(p, n, ret));
    }
    return p + n;
}

static void check_line(const char *line)
{
    hb_time want[8];
    hb_time t[1000];
    size_t n = 0;
    const char *p = line;
    for (size_t i = 0; i < 8; i++) {
        p = word(p, &want[i]);
    }
    p = strchr(p, ':') + 1;
    while (p[strspn(p, " ")] && p[strspn(p, " ")] != '\n') {
        assert_true(n < 1000);
        p = word(p, &t[n++]);
    }
    for (size_t piece = 1; piece <= 1000; piece = piece * 7 + 1) {
        hb_time_summary s = summary_of(t, n, piece);
        hb_time got[8] = {s.first,
                          s.last,
                          (hb_time)s.n_parsed,
                          (hb_time)s.n_unparsed,
                          (hb_time)s.n_equal,
                          (hb_time)s.n_backward,
                          s.median_step_ns,
                          (hb_time)s.n_gaps};
        for (size_t i = 0; i < 8; i++) {
            if (got[i] != want[i]) {
                fail_msg("figure %zu is %lld, expected: %.120s", i, (long long)got[i], line);
            }
        }
        assert_true(s.exact);
    }
}

static void steps__are_those_of_python(void **state)
{
    (void)state;
    char path[4096];
    char *data = NULL;
    size_t len = 0;
    size_t n = 0;
    const char *source = getenv("HB_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/data/time/steps.case", source ? source : ".");
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &data, &len, &err));
    for (char *p = data; p < data + len; p = strchr(p, '\n') + 1) {
        if (*p != '#') {
            char *end = strchr(p, '\n');
            *end = '\0';
            check_line(p);
            *end = '\n';
            n++;
        }
    }
    hb_free(data);
    assert_true(n > 20);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void check_many(size_t n, int64_t base, int64_t spread, bool exact)
{
    hb_time *t = hb_alloc_array(n, sizeof *t);
    int64_t *steps = hb_alloc_array(n, sizeof *steps);
    assert_true(t && steps);
    stats_seed(n);
    hb_time now = INT64_C(1710753164000000000);
    for (size_t i = 0; i < n; i++) {
        t[i] = now;
        steps[i] = base + (int64_t)(stats_uniform() * (double)spread);
        steps[i] *= stats_uniform() < 0.01 ? 3 : 1;
        now += steps[i];
    }
    hb_time_summary s = summary_of(t, n, 4096);
    qsort(steps, n - 1, sizeof *steps, by_value); /* the last step leads nowhere */
    int64_t low = steps[(n - 2) / 2];
    int64_t high = steps[(n - 1) / 2];
    int64_t median = low + (high - low) / 2;
    uint64_t gaps = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        gaps += (double)steps[i] > 1.5 * (double)median;
    }
    assert_int_equal(s.exact, exact);
    if (exact) {
        assert_true(s.median_step_ns == median && s.n_gaps == gaps);
    } else {
        double away = (double)(s.median_step_ns - median) / (double)median;
        assert_true(away < 0.0006 && away > -0.0006);
        assert_true(s.n_gaps + n / 500 > gaps && gaps + n / 500 > s.n_gaps);
    }
    hb_free(steps);
    hb_free(t);
}

static void steps__stay_near_beyond_the_table(void **state)
{
    (void)state;
    check_many(60000, 1000000, 50000, true);
    check_many(300000, 1000000000, 20000000, false);
    check_many(200000, 1, 1000000000000, false);
}

static void steps__of_one_length_need_no_room(void **state)
{
    (void)state;
    hb_time t[4096];
    hb_time_steps *s = NULL;
    hb_time_summary got;
    CHECK_OK(hb_time_steps_new(&s, &err));
    hb_fault_alloc(1, true); /* nothing may be allocated any more */
    for (int64_t k = 0; k < 1000; k++) {
        for (int64_t i = 0; i < 4096; i++) {
            t[i] = (k * 4096 + i) * 1000000;
        }
        CHECK_OK(hb_time_steps_add(s, t, 4096, &err));
    }
    hb_fault_alloc(0, false);
    CHECK_OK(hb_time_steps_finish(s, &got, &err));
    hb_time_steps_free(s);
    assert_int_equal(got.n_parsed, 4096000);
    assert_int_equal(got.median_step_ns, 1000000);
    assert_int_equal(got.n_gaps + got.n_equal + got.n_backward, 0);
}

static hb_status faulty(void)
{
    hb_time_steps *s = NULL;
    hb_time t[400];
    hb_time_summary got;
    for (int64_t i = 0; i < 400; i++) {
        t[i] = i * i;
    }
    HB_TRY(hb_time_steps_new(&s, NULL));
    hb_status status = hb_time_steps_add(s, t, 400, NULL);
    status = status == HB_OK ? hb_time_steps_finish(s, &got, NULL) : status;
    hb_time_steps_free(s);
    return status;
}

static void steps__survive_failing_memory(void **state)
{
    (void)state;
    fault_loop(faulty);
    hb_time_steps_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps__are_those_of_python),
        cmocka_unit_test(steps__stay_near_beyond_the_table),
        cmocka_unit_test(steps__of_one_length_need_no_room),
        cmocka_unit_test(steps__survive_failing_memory),
    };
    return cmocka_run_group_tests_name("time_steps", tests, NULL, NULL);
}
