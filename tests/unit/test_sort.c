/* SPDX-License-Identifier: Apache-2.0 */
/* Against qsort, on shapes that each path of the sort must meet. */
#include "support/check.h"
#include "support/stats_case.h"

#include "base/cpu.h"
#include "stats/sort.h"
#include "stats/sort_network.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { MOST = 70000 };

static double v[MOST];
static double want[MOST];
static double scratch[MOST];

/* By value, and -0 before 0. */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x != y ? (x > y) - (x < y) : !!signbit(y) - !!signbit(x);
}

static double any_bits(void)
{
    double x = NAN;
    while (!isfinite(x)) {
        uint64_t bits = stats_bits();
        memcpy(&x, &bits, sizeof x);
    }
    return x;
}

static double shaped(int shape, size_t i, size_t n)
{
    double u = stats_uniform();
    switch (shape) {
    case 0:
        return any_bits();
    case 1:
        return (double)i;
    case 2:
        return (double)(n - i);
    case 3:
        return -273.15;
    case 4:
        return floor(u * 7) - 3; /* many ties, both signs */
    case 5:
        return i % 97 == 0 ? 0 : 20 + 0.01 * u; /* drop-outs: the rest agrees in its leading bits */
    case 6:
        return i % 500 == 3 ? DBL_MAX : 1 + 1e-9 * u; /* clusters within a cluster, */
    case 7:
        return i % 3 ? 1 + 0x1p-50 * floor(u * 4) : i % 2 ? -1e300 : 0x1p-1000 * u; /* nested */
    case 8:
        return u < 0.5 ? -0.0 : 0.0;
    case 9:
        return (double)(i % 2 ? i : n - i);
    default:
        return 1 / (u - 0.5);
    }
}

static void sort__equals_qsort_on_every_shape(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 2, 3, 47, 48, 49, 100, 511, 512, 513, 2048, 5000, MOST};
    stats_seed(1);
    for (int shape = 0; shape <= 10; shape++) {
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            size_t n = sizes[k];
            for (size_t i = 0; i < n; i++) {
                v[i] = shaped(shape, i, n);
                want[i] = v[i];
            }
            hb_sort_f64(v, n, scratch);
            qsort(want, n, sizeof *want, by_value);
            if (memcmp(v, want, n * sizeof *v) != 0) {
                fail_msg("shape %d, %zu values: not in order", shape, n);
            }
        }
    }
}

static void images__are_those_of_qsort_with_and_without_vectors(void **state)
{
    (void)state;
    static uint64_t images[HB_NETWORK_VALUES];
    static uint64_t room[HB_NETWORK_VALUES];
    const size_t sizes[] = {0, 1, 48, 49, 1000, HB_NETWORK_VALUES - 1, HB_NETWORK_VALUES};
    for (int portable = 0; portable < 2; portable++) {
        hb_cpu_portable(portable);
        stats_seed(3);
        for (int round = 0; round < 110; round++) {
            for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
                size_t n = sizes[k];
                for (size_t i = 0; i < n; i++) {
                    v[i] = shaped(round % 11, i, n);
                    want[i] = v[i];
                }
                hb_sort_images(v, n, images, room);
                qsort(want, n, sizeof *want, by_value);
                for (size_t i = 0; i < n; i++) {
                    assert_true(images[i] == hb_order_image(want[i]));
                }
            }
        }
    }
    hb_cpu_portable(false);
}

#if HB_X86
/* Nothing puts right here what a network leaves wrong. By the 0-1 principle (Knuth, vol. 3, 5.3.4)
 * zeros and ones find every comparator that is amiss, given enough of them. */
static void network__orders_zeros_and_ones_and_permutations(void **state)
{
    (void)state;
    enum { N = HB_NETWORK_VALUES };
    static uint64_t images[N];
    static uint64_t room[N];
    if (!hb_cpu_avx2()) {
        skip();
    }
    stats_seed(4);
    for (int round = 0; round < 3000; round++) {
        double share = stats_uniform();
        size_t zeros = 0;
        for (size_t i = 0; i < N; i++) {
            v[i] = stats_uniform() < share ? 1 : 2;
            zeros += v[i] == 1;
        }
        assert_false(hb_network_sort(v, hb_order_image(1), 40, room, images));
        for (size_t i = 0; i < N; i++) {
            assert_true(hb_order_preimage(images[i]) == (i < zeros ? 1 : 2));
        }
    }
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < N; i++) {
            v[i] = (double)(N + i);
        }
        for (size_t i = N; i-- > 1;) {
            size_t k = (size_t)(stats_uniform() * (double)i);
            double swap = v[i];
            v[i] = v[k];
            v[k] = swap;
        }
        assert_false(hb_network_sort(v, hb_order_image(N), 41, room, images));
        for (size_t i = 0; i < N; i++) {
            assert_true(hb_order_preimage(images[i]) == (double)(N + i));
        }
    }
}

static void network__knows_the_range_and_whether_to_sort(void **state)
{
    (void)state;
    enum { N = HB_NETWORK_VALUES };
    double least = 0;
    double most = 0;
    if (!hb_cpu_avx2()) {
        skip();
    }
    for (size_t at = 1; at < N; at++) { /* one value out of order, at each place */
        for (size_t i = 0; i < N; i++) {
            v[i] = (double)i;
        }
        assert_false(hb_network_range(v, &least, &most));
        assert_true(least == 0 && most == N - 1);
        v[at] = -1;
        assert_true(hb_network_range(v, &least, &most));
        assert_true(least == -1 && most == (at == N - 1 ? N - 2 : N - 1));
        v[at] = 1e9;
        assert_true(hb_network_range(v, &least, &most) == (at < N - 1));
        assert_true(least == 0 && most == 1e9);
    }
}
#endif

static void merge_half__is_every_other_one_of_both_sorted(void **state)
{
    (void)state;
    stats_seed(2);
    for (int shape = 0; shape <= 10; shape++) {
        for (size_t n = 4; n < 300; n += 12) {
            static uint64_t a[302];
            static uint64_t b[302];
            static uint64_t room[600];
            for (size_t i = 0; i < 2 * n; i++) {
                want[i] = shaped(shape, i, 2 * n);
                v[i] = want[i];
            }
            /* Unlike halves as well: all of one below the other, and the other way round. */
            if (n % 8 == 0) {
                qsort(v, 2 * n, sizeof *v, by_value);
            }
            bool turned = n % 3 == 0;
            hb_sort_images(turned ? v + n : v, n, a + 1, room);
            hb_sort_images(turned ? v : v + n, n, b + 1, room);
            a[0] = b[0] = 0;
            a[n + 1] = b[n + 1] = UINT64_MAX;
            qsort(want, 2 * n, sizeof *want, by_value);
            for (size_t offset = 0; offset < 2; offset++) {
                hb_merge_half(a + 1, b + 1, n, offset, room);
                for (size_t i = 0; i < n; i++) {
                    assert_true(room[i] == hb_order_image(want[2 * i + offset]));
                }
            }
        }
    }
}

static void order_image__keeps_the_order_and_comes_back(void **state)
{
    (void)state;
    const double ladder[] = {-DBL_MAX, -1, -DBL_MIN, -5e-324, -0.0, 0, 5e-324, DBL_MIN, 1, DBL_MAX};
    for (size_t i = 1; i < sizeof ladder / sizeof *ladder; i++) {
        assert_true(hb_order_image(ladder[i - 1]) < hb_order_image(ladder[i]));
    }
    for (int i = 0; i < 10000; i++) {
        double a = any_bits();
        double b = any_bits();
        assert_true((hb_order_image(a) < hb_order_image(b)) == (a < b));
        assert_true(hb_order_preimage(hb_order_image(a)) == a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sort__equals_qsort_on_every_shape),
        cmocka_unit_test(images__are_those_of_qsort_with_and_without_vectors),
#if HB_X86
        cmocka_unit_test(network__orders_zeros_and_ones_and_permutations),
        cmocka_unit_test(network__knows_the_range_and_whether_to_sort),
#endif
        cmocka_unit_test(merge_half__is_every_other_one_of_both_sorted),
        cmocka_unit_test(order_image__keeps_the_order_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
