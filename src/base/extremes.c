/* SPDX-License-Identifier: Apache-2.0 */
/* MINPD and MAXPD are exactly "x < least ? x : least" and "x > most ? x : most", but compilers only
 * make them of that when they may neglect -0 and NaN. */
#include "base/extremes.h"

#include "base/cpu.h"

#if HB_X86
#include <immintrin.h>
#endif

enum { LANES = 8 };

typedef struct lanes {
    double least[LANES];
    double most[LANES];
} lanes;

static void take_portable(lanes *l, const double *v, size_t whole)
{
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            double x = v[i + k];
            l->least[k] = x < l->least[k] ? x : l->least[k];
            l->most[k] = x > l->most[k] ? x : l->most[k];
        }
    }
}

#if HB_X86
HB_AVX2 static void take_avx2(lanes *l, const double *v, size_t whole)
{
    __m256d least_a = _mm256_loadu_pd(l->least);
    __m256d least_b = _mm256_loadu_pd(l->least + 4);
    __m256d most_a = _mm256_loadu_pd(l->most);
    __m256d most_b = _mm256_loadu_pd(l->most + 4);
    for (size_t i = 0; i < whole; i += LANES) {
        __m256d a = _mm256_loadu_pd(v + i);
        __m256d b = _mm256_loadu_pd(v + i + 4);
        least_a = _mm256_min_pd(a, least_a);
        least_b = _mm256_min_pd(b, least_b);
        most_a = _mm256_max_pd(a, most_a);
        most_b = _mm256_max_pd(b, most_b);
    }
    _mm256_storeu_pd(l->least, least_a);
    _mm256_storeu_pd(l->least + 4, least_b);
    _mm256_storeu_pd(l->most, most_a);
    _mm256_storeu_pd(l->most + 4, most_b);
}
#endif

static void take(lanes *l, const double *v, size_t whole)
{
#if HB_X86
    if (hb_cpu_avx2()) {
        take_avx2(l, v, whole);
        return;
    }
#endif
    take_portable(l, v, whole);
}

void hb_extremes(const double *v, size_t n, double *ret_least, double *ret_most)
{
    lanes l;
    for (size_t k = 0; k < LANES; k++) {
        l.least[k] = v[0];
        l.most[k] = v[0];
    }
    size_t whole = n - n % LANES;
    take(&l, v, whole);
    double least = l.least[0];
    double most = l.most[0];
    for (size_t i = whole; i < n; i++) {
        least = v[i] < least ? v[i] : least;
        most = v[i] > most ? v[i] : most;
    }
    for (size_t k = 1; k < LANES; k++) {
        least = l.least[k] < least ? l.least[k] : least;
        most = l.most[k] > most ? l.most[k] : most;
    }
    *ret_least = least;
    *ret_most = most;
}
