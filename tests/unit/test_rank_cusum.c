/* SPDX-License-Identifier: Apache-2.0 */
/* Against an implementation by counting with scipy and numpy (rank_cusum.case); how often it
 * alarms: tools/validate/live.c. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/random.h"
#include "stats/rank_cusum.h"

#include <math.h>
#include <stdlib.h>

static void run_lengths(const stats_case *c)
{
    const stats_row *arl0 = stats_case_row(c, "arl0");
    const stats_row *h = stats_case_row(c, "h");
    for (size_t i = 0; i < arl0->n; i += 2) {
        stats_near(c->title, "arl0", hb_cusum_arl0(arl0->v[i]), arl0->v[i + 1], 1e-13, 1e-13);
    }
    for (size_t i = 0; i < h->n; i += 2) {
        stats_near(c->title, "h", hb_cusum_h(h->v[i]), h->v[i + 1], 1e-11, 1e-11);
    }
}

static void ring_figures(const stats_case *c, const hb_rank_ring *r)
{
    double room[2 * (HB_RANK_KEEP_MIN + 1)];
    const stats_row *lag1 = stats_case_row(c, "lag1");
    const stats_row *median = stats_case_row(c, "median");
    for (size_t i = 0; i < lag1->n; i += 2) {
        stats_near(c->title, "lag1", hb_rank_ring_lag1(r, (size_t)lag1->v[i]), lag1->v[i + 1],
                   1e-11, 1e-12);
    }
    stats_near(c->title, "median",
               hb_rank_ring_median(r, (size_t)median->v[0], (size_t)median->v[1], NAN, room),
               median->v[2], 1e-15, 0);
}

static void stream(const stats_case *c)
{
    if (c->row[0].key[0] == 'a') {
        run_lengths(c);
        return;
    }
    const stats_row *s = stats_case_row(c, "stream");
    hb_rank_ring r = {.keep = (size_t)s->v[0]};
    hb_cusum up;
    hb_cusum down;
    hb_cusum_reset(&up);
    hb_cusum_reset(&down);
    for (size_t i = 1; i < s->n; i += 5) {
        const double *v = s->v + i;
        if (r.n >= HB_RANK_KEEP_MIN) {
            double score = hb_rank_ring_score(&r, v[0], v[1]);
            stats_near(c->title, "score", score, v[2], 1e-12, 1e-12);
            hb_cusum_add(&up, score, (hb_time)i);
            hb_cusum_add(&down, -score, (hb_time)i);
        }
        stats_near(c->title, "up", up.s, v[3], 1e-11, 1e-11);
        stats_near(c->title, "down", down.s, v[4], 1e-11, 1e-11);
        assert_true((up.s > 0) == (up.since != HB_TIME_NONE) && (up.s > 0) == (up.n > 0));
        assert_true(!(up.s > 0) || up.since + 5 * ((hb_time)up.n - 1) == (hb_time)i);
        CHECK_OK(hb_rank_ring_add(&r, v[0], &err));
    }
    ring_figures(c, &r);
    hb_rank_ring_release(&r);
}

static void rank_cusum__agrees_with_scipy(void **state)
{
    (void)state;
    assert_int_equal(stats_cases("rank_cusum", stream), 9);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void rank_cusum__keeps_the_newest_and_sorts_them(void **state)
{
    (void)state;
    enum { KEEP = 37, ALL = 1000 };
    double all[ALL];
    double want[KEEP];
    hb_random rnd = hb_random_of(7, 1);
    hb_rank_ring r = {.keep = KEEP};
    for (size_t i = 0; i < ALL; i++) {
        all[i] = (double)hb_random_below(&rnd, 60);
        CHECK_OK(hb_rank_ring_add(&r, all[i], &err));
        size_t n = i + 1 < KEEP ? i + 1 : KEEP;
        assert_int_equal(r.n, n);
        for (size_t k = 0; k < n; k++) {
            want[k] = all[i + 1 - n + k];
            assert_true(hb_rank_ring_at(&r, k) == want[k]);
        }
        qsort(want, n, sizeof *want, by_value);
        assert_memory_equal(want, r.sorted, n * sizeof *want);
    }
    hb_rank_ring_release(&r);
}

static void rank_cusum__takes_what_is_finite_and_gives_what_is(void **state)
{
    (void)state;
    hb_rank_ring r = {.keep = 20};
    CHECK_ERROR(hb_rank_ring_add(&r, INFINITY, &err), HB_E_BUG, "finite");
    CHECK_OK(hb_rank_ring_add(&r, -0.0, &err));
    assert_false(signbit(hb_rank_ring_at(&r, 0)));
    for (size_t i = 1; i < 20; i++) {
        CHECK_OK(hb_rank_ring_add(&r, 0, &err));
    }
    const double u[] = {0x1p-54, 1 - 0x1p-53};
    for (size_t i = 0; i < 2; i++) {
        assert_true(isfinite(hb_rank_ring_score(&r, -1, u[i])));
        assert_true(isfinite(hb_rank_ring_score(&r, 0, u[i])));
        assert_true(isfinite(hb_rank_ring_score(&r, 1, u[i])));
    }
    assert_true(isnan(hb_rank_ring_lag1(&r, 1))); /* no spread */
    hb_rank_ring_release(&r);
}

/* Seeded, so the same on every machine; in full: make validate. */
static void rank_cusum__alarms_as_often_as_promised(void **state)
{
    (void)state;
    enum { WINDOWS = 200000 };
    hb_random rnd = hb_random_of(20261126, 3);
    hb_rank_ring r = {.keep = 200};
    hb_cusum up;
    hb_cusum down;
    size_t alarms = 0;
    hb_cusum_reset(&up);
    hb_cusum_reset(&down);
    for (size_t i = 0; i < WINDOWS; i++) {
        double x = hb_random_unit(&rnd);
        if (r.n >= HB_RANK_KEEP_MIN) {
            double score = hb_rank_ring_score(&r, x, hb_random_unit(&rnd));
            hb_cusum_add(&up, score, 0);
            hb_cusum_add(&down, -score, 0);
        }
        if (up.s > 5 || down.s > 5) {
            alarms++;
            hb_cusum_reset(&up);
            hb_cusum_reset(&down);
        }
        CHECK_OK(hb_rank_ring_add(&r, x, &err));
    }
    assert_true(fabs(hb_cusum_arl0(5) - 469) < 0.5);
    double got = (double)WINDOWS / (double)alarms;
    assert_true(got > 0.85 * 469 && got < 1.15 * 469);
    hb_rank_ring_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_cusum__agrees_with_scipy),
        cmocka_unit_test(rank_cusum__keeps_the_newest_and_sorts_them),
        cmocka_unit_test(rank_cusum__takes_what_is_finite_and_gives_what_is),
        cmocka_unit_test(rank_cusum__alarms_as_often_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
