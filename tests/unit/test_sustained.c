/* SPDX-License-Identifier: Apache-2.0 */
/* Against looking at every window. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/sustained.h"

#include <math.h>

enum { MOST = 400 };

typedef struct answer {
    bool known;
    double high;
    double low;
    uint64_t high_at;
    uint64_t low_at;
} answer;

static answer brute_force(const double *v, size_t n, size_t window)
{
    answer a = {.known = false};
    for (size_t i = 0; i + window <= n; i++) {
        double least = v[i];
        double most = v[i];
        for (size_t k = 1; k < window; k++) {
            least = fmin(least, v[i + k]);
            most = fmax(most, v[i + k]);
        }
        if (!a.known || least > a.high) {
            a.high = least;
            a.high_at = i;
        }
        if (!a.known || most < a.low) {
            a.low = most;
            a.low_at = i;
        }
        a.known = true;
    }
    return a;
}

static void check(const double *v, size_t n, uint32_t window, size_t block)
{
    hb_sustained *s = NULL;
    CHECK_OK(hb_sustained_new(window, &s, &err));
    for (size_t i = 0; i < n; i += block) {
        hb_sustained_add(s, v + i, n - i < block ? n - i : block);
        size_t seen = i + block < n ? i + block : n;
        answer want = brute_force(v, seen, window);
        answer got = {.high = -77};
        got.known = hb_sustained_get(s, &got.high, &got.high_at, &got.low, &got.low_at);
        assert_true(got.known == want.known);
        assert_true(got.known ? got.high == want.high && got.low == want.low &&
                                    got.high_at == want.high_at && got.low_at == want.low_at
                              : got.high == -77);
    }
    hb_sustained_free(s);
}

static void sustained__equals_looking_at_every_window(void **state)
{
    (void)state;
    double v[MOST];
    const uint32_t windows[] = {1, 2, 3, 7, 50, 199, 200, 399, 400, 401, HB_SUSTAINED_MAX};
    const size_t blocks[] = {1, 3, 50, 64, MOST};
    stats_seed(4);
    for (int shape = 0; shape < 4; shape++) {
        for (int i = 0; i < MOST; i++) {
            double u = stats_uniform();
            v[i] = shape == 0 ? floor(u * 10) : shape == 1 ? i : shape == 2 ? -i : 5;
        }
        for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
            for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
                check(v, MOST, windows[w], blocks[b]);
            }
        }
    }
}

/* The reason it exists: over a limit for N samples in a row or not. */
static void sustained__tells_a_spike_from_a_plateau(void **state)
{
    (void)state;
    double v[100] = {0};
    v[20] = 90;
    for (int i = 60; i < 65; i++) {
        v[i] = 70 + i % 2;
    }
    hb_sustained *s = NULL;
    CHECK_OK(hb_sustained_new(5, &s, &err));
    hb_sustained_add(s, v, 100);
    double high = 0;
    double low = 0;
    uint64_t high_at = 0;
    uint64_t low_at = 0;
    assert_true(hb_sustained_get(s, &high, &high_at, &low, &low_at));
    assert_true(high == 70 && high_at == 60 && low == 0 && low_at == 0);
    hb_sustained_free(s);
}

static void sustained__has_limits(void **state)
{
    (void)state;
    hb_sustained *s = NULL;
    CHECK_ERROR(hb_sustained_new(0, &s, &err), HB_E_LIMIT, "1 to 10000 samples, got 0");
    CHECK_ERROR(hb_sustained_new(HB_SUSTAINED_MAX + 1, &s, &err), HB_E_LIMIT, "got 10001");
    assert_null(s);
    hb_sustained_free(NULL);
    CHECK_OK(hb_sustained_new(1, &s, &err));
    hb_sustained_add(s, NULL, 0);
    assert_false(hb_sustained_get(s, NULL, NULL, NULL, NULL));
    hb_sustained_free(s);
}

/* Stored and loaded after every sample, it goes on as if it had not been. */
static void sustained__goes_on_from_a_checkpoint(void **state)
{
    (void)state;
    double v[100];
    stats_seed(9);
    for (int i = 0; i < 100; i++) {
        v[i] = floor(stats_uniform() * 20);
    }
    for (uint32_t window = 1; window < 40; window += 6) {
        hb_sustained *s = NULL;
        CHECK_OK(hb_sustained_new(window, &s, &err));
        for (size_t i = 0; i < 100; i++) {
            hb_sustained_add(s, v + i, 1);
            hb_buf b;
            hb_buf_init(&b, 1 << 20);
            hb_sustained_store(s, &b);
            CHECK_OK(hb_buf_check(&b, &err));
            hb_sustained_free(s);
            hb_rd r = hb_rd_of(b.p, b.n);
            CHECK_OK(hb_sustained_load(&r, &s, &err));
            assert_int_equal(hb_rd_left(&r), 0);
            hb_buf again;
            hb_buf_init(&again, 1 << 20);
            hb_sustained_store(s, &again);
            assert_true(again.n == b.n && memcmp(again.p, b.p, b.n) == 0);
            hb_buf_release(&again);
            hb_buf_release(&b);
        }
        answer want = brute_force(v, 100, window);
        answer got = {.known = true};
        assert_true(hb_sustained_get(s, &got.high, &got.high_at, &got.low, &got.low_at));
        assert_true(got.high == want.high && got.low == want.low && got.high_at == want.high_at &&
                    got.low_at == want.low_at);
        hb_sustained_free(s);
    }
}

static void sustained__refuses_a_damaged_checkpoint(void **state)
{
    (void)state;
    hb_sustained *s = NULL;
    CHECK_OK(hb_sustained_new(3, &s, &err));
    hb_sustained_add(s, (const double[]){1, 2, 3, 4}, 4);
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    hb_sustained_store(s, &b);
    hb_sustained_free(s);
    s = NULL;
    hb_rd r = {0};
    for (size_t n = 0; n < b.n; n++) {
        r = hb_rd_of(b.p, n);
        CHECK_ERROR(hb_sustained_load(&r, &s, &err), HB_E_INPUT, "damaged");
    }
    b.p[4] = 2; /* two samples in the stretch do not fit to four seen */
    r = hb_rd_of(b.p, b.n);
    CHECK_ERROR(hb_sustained_load(&r, &s, &err), HB_E_INPUT, "the head is damaged");
    b.p[4] = 1;
    memset(b.p + 16, 0xff, 8); /* NaN */
    r = hb_rd_of(b.p, b.n);
    CHECK_ERROR(hb_sustained_load(&r, &s, &err), HB_E_INPUT, "the figures are damaged");
    assert_null(s);
    hb_buf_release(&b);
}

static hb_status work(void)
{
    hb_sustained *s = NULL;
    hb_status status = hb_sustained_new(10, &s, NULL);
    assert_true((status == HB_OK) == (s != NULL));
    hb_sustained_free(s);
    return status;
}

static void sustained__survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_loop(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sustained__equals_looking_at_every_window),
        cmocka_unit_test(sustained__tells_a_spike_from_a_plateau),
        cmocka_unit_test(sustained__has_limits),
        cmocka_unit_test(sustained__goes_on_from_a_checkpoint),
        cmocka_unit_test(sustained__refuses_a_damaged_checkpoint),
        cmocka_unit_test(sustained__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
