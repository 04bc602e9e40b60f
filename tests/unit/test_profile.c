/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/stats_case.h"

#include "telemetry/profile.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

enum { N = 6000 };

static double v[N];
static hb_time t[N];

static void fill(void)
{
    stats_seed(9);
    for (int i = 0; i < N; i++) {
        v[i] = 100 + i * 0.5 + stats_normal();
        t[i] = (hb_time)i * 250000000;
    }
}

static hb_profile profile_of(size_t from, size_t to, uint32_t persist_n, bool timed)
{
    hb_profile p;
    hb_profile_init(&p, persist_n);
    for (size_t i = from; i < to; i += 999) {
        size_t k = to - i < 999 ? to - i : 999;
        CHECK_OK(hb_profile_add(&p, v + i, timed ? t + i : NULL, k, &err));
    }
    CHECK_OK(hb_profile_finish(&p, &err));
    return p;
}

static double reduced(const hb_profile *p, hb_reduce how)
{
    double value = NAN;
    assert_true(hb_profile_reduce(p, how, &value));
    return value;
}

static void profile__reduces_by_every_rule(void **state)
{
    (void)state;
    const double few[] = {5, 3, 9, 1, 7};
    const hb_time when[] = {1000000000, 2000000000, 3000000000, 4000000000, 6000000000};
    hb_profile p;
    hb_profile_init(&p, 0);
    CHECK_OK(hb_profile_add(&p, few, when, 5, &err));
    CHECK_OK(hb_profile_finish(&p, &err));
    static const double want[HB_REDUCE_COUNT_] = {
        [HB_REDUCE_MEDIAN] = 5,
        [HB_REDUCE_MEAN] = 5,
        [HB_REDUCE_MAX] = 9,
        [HB_REDUCE_MIN] = 1,
        [HB_REDUCE_LAST] = 7,
        [HB_REDUCE_P95] = 8.6,
        [HB_REDUCE_P99] = 8.92,
        [HB_REDUCE_RATE] = 0.4,
        [HB_REDUCE_COUNT] = 5,
        [HB_REDUCE_RANGE] = 8,
        [HB_REDUCE_STD] = 0x1.94c583ada5b53p+1, /* sqrt(10) */
    };
    for (hb_reduce r = 0; r < HB_REDUCE_COUNT_; r++) {
        char rule[16];
        snprintf(rule, sizeof rule, "rule %d", (int)r);
        stats_near("reduce", rule, reduced(&p, r), want[r], 4e-16, 0);
    }
    assert_true(hb_profile_quantile(&p, 0) == 1 && hb_profile_quantile(&p, 1) == 9);
    assert_true(hb_profile_quantile(&p, 0.25) == 3);
    hb_profile_release(&p);
}

static void profile__says_when_a_rule_has_no_answer(void **state)
{
    (void)state;
    hb_profile p;
    double value = -1;
    hb_profile_init(&p, 3);
    assert_true(p.t_first == HB_TIME_NONE && p.t_last == HB_TIME_NONE && p.persist_n == 3);
    CHECK_OK(hb_profile_add(&p, NULL, NULL, 0, &err));
    CHECK_OK(hb_profile_finish(&p, &err));
    for (hb_reduce r = 0; r < HB_REDUCE_COUNT_; r++) {
        assert_false(hb_profile_reduce(&p, r, &value));
    }
    assert_true(isnan(hb_profile_quantile(&p, 0.5)) && isnan(hb_profile_coverage(&p)));
    assert_false(p.persist_known);
    CHECK_OK(hb_profile_add(&p, (double[]){4}, NULL, 1, &err));
    CHECK_OK(hb_profile_finish(&p, &err));
    assert_false(hb_profile_reduce(&p, HB_REDUCE_STD, &value));
    assert_false(hb_profile_reduce(&p, HB_REDUCE_RATE, &value)); /* no times */
    assert_true(value == -1 && !p.persist_known);
    assert_true(reduced(&p, HB_REDUCE_MEDIAN) == 4 && reduced(&p, HB_REDUCE_COUNT) == 1);
    hb_profile_release(&p);
    hb_profile_release(&p); /* again is fine */
    hb_profile_init(&p, 0);
    CHECK_OK(hb_profile_add(&p, (double[]){-DBL_MAX, DBL_MAX}, NULL, 2, &err));
    assert_false(hb_profile_reduce(&p, HB_REDUCE_RANGE, &value)); /* beyond the largest double */
    assert_false(hb_profile_reduce(&p, HB_REDUCE_STD, &value));
    assert_true(reduced(&p, HB_REDUCE_MEAN) == 0 && reduced(&p, HB_REDUCE_MEDIAN) == 0);
    hb_profile_release(&p);
}

static void profile__counts_what_is_not_usable(void **state)
{
    (void)state;
    fill();
    hb_profile p = profile_of(0, 60, 0, true);
    p.n_missing = 20;
    p.n_nan = 5; /* of the missing */
    p.n_inf = 12;
    p.n_rejected = 8;
    assert_int_equal(hb_profile_total(&p), 100);
    assert_true(hb_profile_coverage(&p) == 0.6);
    hb_profile_release(&p);
}

static double rate_of(const hb_time *times, size_t n)
{
    const double few[] = {10, 20, 40, 80};
    hb_profile p;
    double value = NAN;
    hb_profile_init(&p, 0);
    for (size_t i = 0; i < n; i++) {
        CHECK_OK(hb_profile_add(&p, few + i, times + i, 1, &err));
    }
    bool known = hb_profile_reduce(&p, HB_REDUCE_RATE, &value);
    hb_profile_release(&p);
    return known ? value : NAN;
}

static void profile__rate_goes_by_the_samples_that_have_times(void **state)
{
    (void)state;
    const hb_time s = 1000000000;
    const hb_time none = HB_TIME_NONE;
    assert_true(rate_of((hb_time[]){0, s, 2 * s, 10 * s}, 4) == 7);
    assert_true(rate_of((hb_time[]){none, s, 2 * s, 11 * s}, 4) == 6);
    assert_true(rate_of((hb_time[]){0, s, 2 * s, none}, 4) == 15);
    assert_true(isnan(rate_of((hb_time[]){none, none, none, s}, 4)));
    assert_true(isnan(rate_of((hb_time[]){none, none, none, none}, 4)));
    assert_true(isnan(rate_of((hb_time[]){5, 6, 7, 5}, 4))); /* no time passed */
    assert_true(isnan(rate_of((hb_time[]){9, 6, 7, 5}, 4)));
    /* further apart than an int64 of nanoseconds */
    double slow = rate_of((hb_time[]){INT64_MIN + 1, 0, 0, INT64_MAX}, 4);
    stats_near("rate", "over 584 years", slow, 70 / (2 * 9.223372036854775807e9), 1e-15, 0);
}

static void profile__finds_sustained_levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        v[i] = i == 1000 ? 500 : i >= 3000 && i < 3020 ? 50 : i >= 4000 && i < 4020 ? -50 : 0;
    }
    hb_profile p = profile_of(0, N, 20, false);
    assert_true(p.persist_known && p.sustained_high == 50 && p.sustained_low == -50);
    assert_true(p.sustained_high_at == 3000 && p.sustained_low_at == 4000);
    assert_null(p.sustained);
    hb_profile_release(&p);
}

static void profile__refuses_too_long_a_persistence(void **state)
{
    (void)state;
    hb_profile p;
    hb_profile_init(&p, HB_SUSTAINED_MAX + 1);
    CHECK_ERROR(hb_profile_add(&p, v, NULL, 1, &err), HB_E_LIMIT, "persistence");
    hb_profile_release(&p);
}

static void profile__merges_as_one_series(void **state)
{
    (void)state;
    fill();
    const size_t cuts[] = {0, 1, 15, 2000, 2048, N};
    hb_profile whole = profile_of(0, N, 10, true);
    hb_profile pool;
    hb_profile_init(&pool, 0);
    for (size_t i = 0; i + 1 < sizeof cuts / sizeof *cuts; i++) {
        hb_profile part = profile_of(cuts[i], cuts[i + 1], 10, true);
        part.n_missing = 3;
        part.n_nan = 2;
        part.n_inf = 1;
        part.n_rejected = 4;
        CHECK_OK(hb_profile_merge(&pool, &part, &err));
        hb_profile_release(&part);
    }
    assert_true(pool.n_missing == 15 && pool.n_nan == 10 && pool.n_inf == 5 &&
                pool.n_rejected == 20);
    assert_int_equal(pool.moments.n, N);
    stats_near("pool", "mean", reduced(&pool, HB_REDUCE_MEAN), reduced(&whole, HB_REDUCE_MEAN),
               1e-15, 0);
    stats_near("pool", "sd", reduced(&pool, HB_REDUCE_STD), reduced(&whole, HB_REDUCE_STD), 1e-12,
               0);
    assert_true(reduced(&pool, HB_REDUCE_RATE) == reduced(&whole, HB_REDUCE_RATE));
    assert_true(reduced(&pool, HB_REDUCE_RANGE) == reduced(&whole, HB_REDUCE_RANGE));
    assert_true(pool.t_first == t[0] && pool.t_last == t[N - 1]);
    double off = fabs(reduced(&pool, HB_REDUCE_MEDIAN) - reduced(&whole, HB_REDUCE_MEDIAN));
    assert_true(off <= 2 * (hb_sketch_rank_error(pool.sketch) + 1.0 / N) * 0.5 * N + 8);
    /* the series rises, so the last window is the highest and the first the lowest of those that
     * do not cross a seam; the second part begins at 1, the first is too short for a window */
    assert_true(pool.persist_known && pool.sustained_high == whole.sustained_high);
    assert_true(pool.sustained_high_at == whole.sustained_high_at);
    assert_true(pool.sustained_low_at >= 1 && pool.sustained_low_at <= 5);
    double most = -INFINITY;
    for (size_t i = 0; i < pool.trace.n_buckets; i++) {
        most = fmax(most, pool.trace.buckets[i].max);
    }
    assert_true(most == whole.moments.max);
    hb_profile_release(&whole);
    hb_profile_release(&pool);
}

static void profile__merge_does_not_claim_levels_it_did_not_see(void **state)
{
    (void)state;
    fill();
    const uint32_t persist[] = {0, 5, 10};
    for (size_t a = 0; a < 3; a++) {
        for (size_t b = 0; b < 3; b++) {
            hb_profile first = profile_of(0, 100, persist[a], true);
            hb_profile second = profile_of(100, 200, persist[b], true);
            hb_profile empty;
            hb_profile_init(&empty, 7);
            CHECK_OK(hb_profile_merge(&first, &empty, &err));
            assert_true(first.persist_known == (persist[a] > 0) && first.persist_n == persist[a]);
            CHECK_OK(hb_profile_merge(&first, &second, &err));
            assert_true(first.persist_known == (a == b && a > 0));
            hb_profile_release(&first);
            hb_profile_release(&second);
        }
    }
}

static hb_status work(void)
{
    hb_profile a;
    hb_profile b;
    hb_profile_init(&a, 10);
    hb_profile_init(&b, 10);
    hb_status status = hb_profile_add(&a, v, t, 5000, NULL);
    status = status == HB_OK ? hb_profile_add(&b, v, NULL, 3000, NULL) : status;
    status = status == HB_OK ? hb_profile_finish(&a, NULL) : status;
    status = status == HB_OK ? hb_profile_finish(&b, NULL) : status;
    status = status == HB_OK ? hb_profile_merge(&a, &b, NULL) : status;
    hb_profile_release(&a);
    hb_profile_release(&b);
    return status;
}

static void profile__survives_every_failing_allocation(void **state)
{
    (void)state;
    fill();
    fault_loop(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile__reduces_by_every_rule),
        cmocka_unit_test(profile__says_when_a_rule_has_no_answer),
        cmocka_unit_test(profile__counts_what_is_not_usable),
        cmocka_unit_test(profile__rate_goes_by_the_samples_that_have_times),
        cmocka_unit_test(profile__finds_sustained_levels),
        cmocka_unit_test(profile__refuses_too_long_a_persistence),
        cmocka_unit_test(profile__merges_as_one_series),
        cmocka_unit_test(profile__merge_does_not_claim_levels_it_did_not_see),
        cmocka_unit_test(profile__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
