/* SPDX-License-Identifier: Apache-2.0 */
/* Against the published outputs of SplitMix64 and FNV-1a, and for even shares. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/random.h"
#include "stats/special.h"

#include <math.h>

static void random__is_splitmix64(void **state)
{
    (void)state;
    /* java.util.SplittableRandom's reference in C by Vigna, seed 1234567. */
    static const uint64_t want[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    hb_random r = hb_random_of(1234567, 0);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_true(hb_random_u64(&r) == want[i]);
    }
}

static void random__seed_is_fnv_then_mixed(void **state)
{
    (void)state;
    /* FNV-1a of "a" is af63dc4c8601ec8c; one step of the generator is add, then mix. */
    hb_random r = {.state = UINT64_C(0xaf63dc4c8601ec8c) - UINT64_C(0x9e3779b97f4a7c15)};
    assert_true(hb_random_seed("a", 1) == hb_random_u64(&r));
    assert_true(hb_random_seed("a", 1) != hb_random_seed("b", 1));
    assert_true(hb_random_seed("", 0) != hb_random_seed("\0", 1));
}

static void random__streams_differ(void **state)
{
    (void)state;
    enum { N = 1000 };
    for (uint64_t seed = 0; seed < 3; seed++) {
        for (uint64_t stream = 0; stream < 20; stream++) {
            hb_random a = hb_random_of(seed, stream);
            hb_random b = hb_random_of(seed, stream + 1);
            double sum = 0;
            for (int i = 0; i < N; i++) {
                sum += hb_random_normal(&a) * hb_random_normal(&b);
            }
            /* A sum of N products has the spread sqrt(N). */
            assert_true(fabs(sum) < 4.5 * sqrt(N));
        }
    }
}

static void random__below_has_even_shares(void **state)
{
    (void)state;
    hb_random r = hb_random_of(3, 1);
    for (uint64_t n = 2; n <= 11; n++) {
        enum { DRAWS = 20000 };
        uint64_t count[11] = {0};
        for (int i = 0; i < DRAWS; i++) {
            uint64_t v = hb_random_below(&r, n);
            assert_true(v < n);
            count[v]++;
        }
        double chi = 0;
        for (uint64_t k = 0; k < n; k++) {
            double off = (double)count[k] - DRAWS / (double)n;
            chi += off * off * (double)n / DRAWS;
        }
        assert_true(hb_chi2_sf(chi, (double)n - 1) > 1e-4);
    }
    assert_true(hb_random_below(&r, 1) == 0);
    /* Where plain multiplication would favour every third number. */
    uint64_t n = UINT64_C(3) << 62;
    uint64_t low = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t v = hb_random_below(&r, n);
        assert_true(v < n);
        low += v < n / 3;
    }
    assert_true(low > 9700 && low < 10300);
}

static void random__unit_and_normal_have_their_laws(void **state)
{
    (void)state;
    enum { N = 100000 };
    hb_random r = hb_random_of(17, 4);
    double sum = 0;
    double squares = 0;
    double unit = 0;
    for (int i = 0; i < N; i++) {
        double u = hb_random_unit(&r);
        double z = hb_random_normal(&r);
        assert_true(u > 0 && u < 1 && isfinite(z));
        unit += u;
        sum += z;
        squares += z * z;
    }
    assert_true(fabs(unit / N - 0.5) < 4 * sqrt(1.0 / 12 / N));
    assert_true(fabs(sum / N) < 4 / sqrt(N) && fabs(squares / N - 1) < 4 * sqrt(2.0 / N));
}

static void random__shuffle_gives_every_order_alike(void **state)
{
    (void)state;
    enum { N = 24000 };
    hb_random r = hb_random_of(5, 9);
    double count[24] = {0};
    for (int i = 0; i < N; i++) {
        double v[4] = {0, 1, 2, 3};
        hb_random_shuffle(&r, v, 4);
        /* Rank of the order: each value counts the smaller ones that follow it. */
        size_t rank = 0;
        double sum = 0;
        for (size_t k = 0; k < 4; k++) {
            size_t smaller = 0;
            for (size_t j = k + 1; j < 4; j++) {
                smaller += v[j] < v[k];
            }
            rank = rank * (4 - k) + smaller;
            sum += v[k] * v[k];
        }
        assert_true(sum == 14);
        count[rank]++;
    }
    double chi = 0;
    for (size_t k = 0; k < 24; k++) {
        chi += (count[k] - N / 24.0) * (count[k] - N / 24.0) / (N / 24.0);
    }
    assert_true(hb_chi2_sf(chi, 23) > 1e-4);
    hb_random_shuffle(&r, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random__is_splitmix64),
        cmocka_unit_test(random__seed_is_fnv_then_mixed),
        cmocka_unit_test(random__streams_differ),
        cmocka_unit_test(random__below_has_even_shares),
        cmocka_unit_test(random__unit_and_normal_have_their_laws),
        cmocka_unit_test(random__shuffle_gives_every_order_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
