/* SPDX-License-Identifier: Apache-2.0 */
/* Merging against sorting, the points of a distribution against the samples themselves, and what
 * comparing thinned points gives against the same from all samples. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/compare.h"
#include "stats/merge.h"
#include "stats/sort.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 1000000 };

static double values[2][MOST];
static double scratch[MOST];

static hb_sketch *sketch_of(const double *v, size_t n)
{
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    CHECK_OK(hb_sketch_add(s, v, n, &err));
    return s;
}

static hb_ranks ranks_of(const double *v, size_t n)
{
    hb_ranks r;
    hb_sketch *s = sketch_of(v, n);
    hb_ranks_of(s, &r);
    hb_sketch_free(s);
    return r;
}

static void fill(double *v, size_t n, int shape)
{
    for (size_t i = 0; i < n; i++) {
        switch (shape) {
        case 0:
            v[i] = stats_normal();
            break;
        case 1:
            v[i] = (double)i; /* ascending */
            break;
        case 2:
            v[i] = floor(stats_uniform() * 6) - 3; /* few values, 0 among them */
            break;
        default:
            v[i] = 1 / (stats_uniform() - 0.5); /* heavy tails */
            break;
        }
    }
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void merge__gives_what_sorting_gives(void **state)
{
    (void)state;
    enum { SIDE = 70 };
    stats_seed(5);
    for (size_t na = 0; na <= SIDE; na++) {
        for (size_t nb = na % 3; nb <= SIDE; nb += 3) {
            uint64_t a[SIDE + 2] = {0};
            uint64_t b[SIDE + 2] = {0};
            uint64_t want[2 * SIDE];
            uint64_t got[2 * SIDE];
            uint64_t again[2 * SIDE];
            int32_t from_a[2 * SIDE];
            for (size_t i = 0; i < na + nb; i++) {
                want[i] = 1 + (uint64_t)(stats_uniform() * 100);
                (i < na ? a + 1 : b + 1 - na)[i] = want[i];
            }
            qsort(a + 1, na, sizeof *a, ascending);
            qsort(b + 1, nb, sizeof *b, ascending);
            qsort(want, na + nb, sizeof *want, ascending);
            a[na + 1] = UINT64_MAX;
            b[nb + 1] = UINT64_MAX;
            hb_merge_images(a + 1, na, b + 1, nb, got);
            hb_merge_counted(a + 1, na, b + 1, nb, again, from_a);
            assert_memory_equal(got, want, (na + nb) * sizeof *got);
            assert_memory_equal(again, want, (na + nb) * sizeof *got);
            size_t i = 0;
            for (size_t k = 0; k < na + nb; k++) {
                bool is_a = i < na && a[1 + i] == want[k]; /* a's come first where equal */
                i += is_a;
                assert_int_equal(from_a[k], i);
            }
        }
    }
}

static void ranks__of_few_samples_are_the_samples(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 2, 7, 1000, HB_SKETCH_EXACT};
    stats_seed(6);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int shape = 0; shape < 4; shape++) {
            size_t n = sizes[k];
            fill(values[0], n, shape);
            hb_sketch *s = sketch_of(values[0], n);
            hb_ranks r;
            hb_ranks settled;
            hb_ranks_of(s, &r);
            hb_sketch_settle(s);
            hb_ranks_of(s, &settled);
            hb_sketch_free(s);
            hb_sort_f64(values[0], n, scratch);
            assert_true(r.n == n && r.points == n && r.rank_error == 0);
            assert_true(r.image[0] == 0 && r.image[n + 1] == UINT64_MAX);
            for (size_t i = 0; i < n; i++) {
                assert_true(hb_order_preimage(r.image[1 + i]) == values[0][i]);
            }
            assert_memory_equal(r.image, settled.image, (n + 2) * sizeof *r.image);
        }
    }
    hb_ranks none;
    hb_ranks_of(NULL, &none);
    assert_true(none.n == 0 && none.points == 0 && none.image[1] == UINT64_MAX);
}

/* The furthest any share is off; v sorted. */
static double error_made(const hb_ranks *r, const double *v, size_t n)
{
    double most = 0;
    size_t point = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && v[i + 1] == v[i]) {
            continue;
        }
        while (point < r->points && hb_order_preimage(r->image[1 + point]) <= v[i]) {
            point++;
        }
        double off = fabs((double)point / (double)r->points - (double)(i + 1) / (double)n);
        most = off > most ? off : most;
    }
    return most;
}

static void ranks__keep_to_the_stated_error(void **state)
{
    (void)state;
    const size_t sizes[] = {2049, 3000, 4096, 4097, 10240, 20000, 100000, 524288, MOST};
    stats_seed(7);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int shape = 0; shape < 4; shape++) {
            size_t n = sizes[k];
            fill(values[0], n, shape);
            hb_ranks r = ranks_of(values[0], n);
            hb_sort_f64(values[0], n, scratch);
            double made = error_made(&r, values[0], n);
            double promised = (1 + floor(log2((double)n / HB_SKETCH_EXACT))) / 680;
            assert_true(r.n == n && r.points >= 1000 && r.points <= HB_RANKS_MOST);

            assert_true(made <= r.rank_error + 1e-15 && r.rank_error <= promised);
            assert_true(n < 100000 || made <= r.rank_error / 2);
            for (size_t i = 0; i <= r.points; i++) {
                assert_true(r.image[i] <= r.image[i + 1]);
            }
        }
    }
}

/* A sketch made by merging, and one read back, whose buffers are in another state. */
static void ranks__do_not_depend_on_how_the_sketch_is_held(void **state)
{
    (void)state;
    enum { N = 30011 };
    stats_seed(8);
    fill(values[0], 2 * N, 0);
    hb_sketch *s = sketch_of(values[0], N);
    hb_sketch *more = sketch_of(values[0] + N, N);
    hb_sketch *back = NULL;
    hb_ranks r[3];
    hb_buf stored;
    hb_buf_init(&stored, 1 << 20);
    hb_sketch_settle(s);
    CHECK_OK(hb_sketch_merge(s, more, &err));
    hb_ranks_of(s, &r[0]);
    CHECK_OK(hb_sketch_store(s, &stored, &err));
    CHECK_OK(hb_sketch_load(stored.p, stored.n, &back, &err));
    hb_ranks_of(back, &r[1]);
    hb_sketch_settle(s);
    hb_ranks_of(s, &r[2]);
    hb_sort_f64(values[0], 2 * N, scratch);
    assert_true(error_made(&r[0], values[0], 2 * N) <= r[0].rank_error + 1e-15);
    for (int k = 1; k < 3; k++) {
        assert_true(r[k].points == r[0].points && r[k].rank_error == r[0].rank_error);
        assert_memory_equal(r[k].image, r[0].image, (r[0].points + 2) * sizeof *r[0].image);
    }
    hb_buf_release(&stored);
    hb_sketch_free(s);
    hb_sketch_free(more);
    hb_sketch_free(back);
}

/* D and the area of all samples, both sorted, by walking over them. */
static hb_distance walked(const double *a, size_t na, const double *b, size_t nb)
{
    hb_distance out = {0};
    size_t i = 0;
    size_t j = 0;
    double last = 0;
    double height = 0;
    while (i < na || j < nb) {
        double x = j == nb || (i < na && a[i] <= b[j]) ? a[i] : b[j];
        out.wasserstein += height > 0 ? height * (x - last) : 0;
        for (; i < na && a[i] == x; i++) {
        }
        for (; j < nb && b[j] == x; j++) {
        }
        last = x;
        height = fabs((double)i / (double)na - (double)j / (double)nb);
        out.ks.d = height > out.ks.d ? height : out.ks.d;
    }
    return out;
}

static void compare__of_many_samples_is_as_far_off_as_stated(void **state)
{
    (void)state;
    const size_t sizes[][2] = {{2048, 2048}, {2048, 2049}, {3000, 100000},
                               {5, 300000},  {MOST, MOST}, {1500, 999}};
    stats_seed(9);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int shape = 0; shape < 4; shape += 2) {
            size_t na = sizes[k][0];
            size_t nb = sizes[k][1];
            fill(values[0], na, shape);
            fill(values[1], nb, shape);
            for (size_t i = 0; i < nb; i += 3) {
                values[1][i] += 0.25;
            }
            hb_ranks a = ranks_of(values[0], na);
            hb_ranks b = ranks_of(values[1], nb);
            hb_distance got = hb_distance_two_sample(&a, &b);
            hb_sort_f64(values[0], na, scratch);
            hb_sort_f64(values[1], nb, scratch);
            hb_distance want = walked(values[0], na, values[1], nb);
            double range =
                fmax(values[0][na - 1], values[1][nb - 1]) - fmin(values[0][0], values[1][0]);
            assert_true(got.ks.d_error == a.rank_error + b.rank_error);
            assert_true(fabs(got.ks.d - want.ks.d) <= got.ks.d_error + 1e-15);
            assert_true(fabs(got.wasserstein - want.wasserstein) <=
                        got.ks.d_error * range + 1e-12 * want.wasserstein);
            assert_true(na > 2048 || nb > 2048 || got.ks.d == want.ks.d);
        }
    }
}

static void compare__of_identical_samples_is_0_for_any_number(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 2, 2047, 2048, 2049, 50000, MOST};
    stats_seed(10);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (int shape = 0; shape < 5; shape++) {
            size_t n = sizes[k];
            fill(values[0], n, shape);
            for (size_t i = 0; shape == 4 && i < n; i++) {
                values[0][i] = 42.5;
            }
            hb_ranks a = ranks_of(values[0], n);
            hb_distance d = hb_distance_two_sample(&a, &a);
            assert_true(d.ks.d == 0 && d.ks.p == 1 && d.wasserstein == 0 && isfinite(d.ks.at));
        }
    }
    /* Constant, but not as many, and one of them thinned; 0 and -0 are one value. */
    for (size_t i = 0; i < 5000; i++) {
        values[0][i] = i % 2 ? 0.0 : -0.0;
        values[1][i] = 0;
    }
    hb_ranks a = ranks_of(values[0], 5000);
    hb_ranks b = ranks_of(values[1], 17);
    hb_distance d = hb_distance_two_sample(&a, &b);
    assert_true(d.ks.d == 0 && d.ks.p == 1 && d.wasserstein == 0 && !signbit(d.ks.at));
}

static void ks_p__of_many_samples_takes_no_error_for_a_difference(void **state)
{
    (void)state;
    const size_t sizes[] = {5000, 100000, MOST};
    stats_seed(11);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k];
        fill(values[0], n, 0);
        fill(values[1], n, 0);
        hb_ranks a = ranks_of(values[0], n);
        hb_ranks b = ranks_of(values[1], n);
        hb_ks same = hb_distance_two_sample(&a, &b).ks;
        assert_true(same.p > 0.01 && same.p == hb_ks_p(same.d - same.d_error, n, n));
        for (size_t i = 0; i < n; i++) {
            values[1][i] += 0.15;
        }
        b = ranks_of(values[1], n);
        assert_true(hb_distance_two_sample(&a, &b).ks.p < 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merge__gives_what_sorting_gives),
        cmocka_unit_test(ranks__of_few_samples_are_the_samples),
        cmocka_unit_test(ranks__keep_to_the_stated_error),
        cmocka_unit_test(ranks__do_not_depend_on_how_the_sketch_is_held),
        cmocka_unit_test(compare__of_many_samples_is_as_far_off_as_stated),
        cmocka_unit_test(compare__of_identical_samples_is_0_for_any_number),
        cmocka_unit_test(ks_p__of_many_samples_takes_no_error_for_a_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
