/* SPDX-License-Identifier: Apache-2.0 */
/* With vectors: the last 16 characters of a field are loaded, those in front of it cleared, the
 * decimal mark taken out by a shuffle, and the digits added up in pairs, fours and eights (after
 * Muła and Lemire). Values of up to 15 digits are exact doubles, so is the power of ten: their
 * quotient is the correctly rounded value. */
#include "base/num_column.h"

#include "base/cpu.h"
#include "base/num_field.h"

#if HB_X86
#include <immintrin.h>
#endif

static size_t column_portable(const char *text, const uint32_t *start, uint32_t skip,
                              const uint32_t *end, size_t from, size_t n, uint64_t mark, double *v,
                              uint32_t *left, size_t n_left)
{
    for (size_t i = from; i < n; i++) {
        if (!hb_num_field(text + start[i] + skip, text + end[i], mark, &v[i])) {
            left[n_left++] = (uint32_t)i;
        }
    }
    return n_left;
}

#if HB_X86
enum { WIDTH = 16, TOGETHER = 4 };

/* Sixteen bytes from place n on: the last n are kept. */
static const uint8_t keep_last[2 * WIDTH] = {[WIDTH] = 255, 255, 255, 255, 255, 255, 255, 255,
                                             255,           255, 255, 255, 255, 255, 255, 255};

/* Row p takes out byte p and moves those before it one place on; row 16 leaves all as they are. */
#define OUT 0x80
static const uint8_t close_up[WIDTH + 1][WIDTH] = {
    {OUT, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15},
    {OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
};

/* By the same place: 10 to the number of digits behind the mark. */
static const double divisor[WIDTH + 1] = {1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7,
                                          1e6,  1e5,  1e4,  1e3,  1e2,  1e1,  1e0, 1e0};

typedef struct field {
    __m128i digits;
    uint64_t negative;
    unsigned mark; /* its place; 16 = none */
    bool fits;     /* has a length of 1 to 16, and more than a mark */
} field;

HB_AVX2 static inline field take_field(const char *p, const char *end, __m128i mark)
{
    field f = {.negative = *p == '-'};
    size_t n = (size_t)(end - p) - f.negative;
    f.fits = n - 1 < WIDTH;
    n = f.fits ? n : 0;
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(end - WIDTH));
    __m128i keep = _mm_loadu_si128((const __m128i *)(const void *)(keep_last + n));
    x = _mm_and_si128(_mm_sub_epi8(x, _mm_set1_epi8('0')), keep);
    unsigned marks = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, mark));
    f.mark = (unsigned)__builtin_ctz(marks | 1u << WIDTH);
    f.fits = f.fits && n > (f.mark < WIDTH);
    f.digits =
        _mm_shuffle_epi8(x, _mm_loadu_si128((const __m128i *)(const void *)close_up[f.mark]));
    return f;
}

HB_AVX2 static inline __m256i pair_of(const field *a, const field *b)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a->digits), b->digits, 1);
}

/* 255 in all bytes of fields whose characters are all digits. */
HB_AVX2 static inline unsigned all_digits(__m256i x)
{
    __m256i low = _mm256_min_epu8(x, _mm256_set1_epi8(9));
    return (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, x));
}

HB_AVX2 static size_t column_avx2(const char *text, const uint32_t *start, uint32_t skip,
                                  const uint32_t *end, size_t n, char decimal, double *v,
                                  uint32_t *left)
{
    const __m128i mark = _mm_set1_epi8((char)(decimal - '0'));
    const __m256i tens = _mm256_set1_epi16(10 | 1 << 8);
    const __m256i hundreds = _mm256_set1_epi32(100 | 1 << 16);
    const __m256i myriads = _mm256_set1_epi32(10000 | 1 << 16);
    const __m256i eights = _mm256_set1_epi64x(100000000);
    const __m256i two52 = _mm256_set1_epi64x(0x4330000000000000);
    size_t n_left = 0;
    size_t i = 0;
    for (; i + TOGETHER <= n; i += TOGETHER) {
        field f[TOGETHER];
        for (size_t k = 0; k < TOGETHER; k++) {
            f[k] = take_field(text + start[i + k] + skip, text + end[i + k], mark);
        }
        /* Packing works on each half of a register: fields 0 and 1, 2 and 3 come together. */
        __m256i a = pair_of(&f[0], &f[2]);
        __m256i b = pair_of(&f[1], &f[3]);
        unsigned a_digits = all_digits(a);
        unsigned b_digits = all_digits(b);
        a = _mm256_madd_epi16(_mm256_maddubs_epi16(a, tens), hundreds);
        b = _mm256_madd_epi16(_mm256_maddubs_epi16(b, tens), hundreds);
        __m256i halves = _mm256_madd_epi16(_mm256_packus_epi32(a, b), myriads);
        __m256i whole =
            _mm256_add_epi64(_mm256_mul_epu32(halves, eights), _mm256_srli_epi64(halves, 32));
        __m256d value = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(whole, two52)),
                                      _mm256_castsi256_pd(two52));
        value = _mm256_div_pd(value, _mm256_set_pd(divisor[f[3].mark], divisor[f[2].mark],
                                                   divisor[f[1].mark], divisor[f[0].mark]));
        __m256i signs = _mm256_set_epi64x((long long)f[3].negative, (long long)f[2].negative,
                                          (long long)f[1].negative, (long long)f[0].negative);
        signs = _mm256_slli_epi64(signs, 63);
        _mm256_storeu_pd(v + i, _mm256_or_pd(value, _mm256_castsi256_pd(signs)));
        bool small = _mm256_testz_si256(whole, _mm256_set1_epi64x(~((1LL << 52) - 1)));
        bool fit = f[0].fits & f[1].fits & f[2].fits & f[3].fits;
        if (!(fit && small && (a_digits & b_digits) == UINT32_MAX)) {
            n_left = column_portable(text, start, skip, end, i, i + TOGETHER, HB_NUM_MARK(decimal),
                                     v, left, n_left);
        }
    }
    return column_portable(text, start, skip, end, i, n, HB_NUM_MARK(decimal), v, left, n_left);
}
#endif

size_t hb_num_column(const char *text, const uint32_t *start, uint32_t skip, const uint32_t *end,
                     size_t n, char decimal, double *v, uint32_t *left)
{
#if HB_X86
    if (hb_cpu_avx2()) {
        return column_avx2(text, start, skip, end, n, decimal, v, left);
    }
#endif
    return column_portable(text, start, skip, end, 0, n, HB_NUM_MARK(decimal), v, left, 0);
}
