/* SPDX-License-Identifier: Apache-2.0 */
/* 64 characters at a time become two words of bits, one a character; then the bits become places.
 * The words are made by AVX2 or by ordinary registers. */
#include "base/marks.h"

#include "base/cpu.h"
#include "base/num_swar.h"

#if HB_X86
#include <immintrin.h>
#endif

enum { STEP = 64 };

typedef struct bits {
    uint64_t marks;
    uint64_t turns;
    uint64_t returns; /* every carriage return */
    uint64_t feeds;
} bits;

/* A carriage return in front of a line feed belongs to it. */
static inline void settle_returns(bits *b, char next)
{
    uint64_t paired = b->returns & (b->feeds >> 1 | (uint64_t)(next == '\n') << 63);
    b->marks &= ~paired;
    b->turns &= ~paired;
}

static inline void cut_off(bits *b, size_t left)
{
    if (left < STEP) {
        uint64_t keep = (UINT64_C(1) << left) - 1;
        b->marks &= keep;
        b->turns &= keep;
    }
}

/* The top bits of eight bytes, the first in bit 0. */
static inline uint64_t gather(uint64_t tops)
{
    return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline bits look(const char *p, char delimiter)
{
    const uint64_t d = HB_SWAR_EACH((unsigned char)delimiter);
    bits b = {0};
    for (unsigned i = 0; i < STEP; i += 8) {
        uint64_t w = hb_swar_load(p + i);
        uint64_t cuts = hb_swar_zeros(w ^ d);
        uint64_t quotes = hb_swar_zeros(w ^ HB_SWAR_EACH('"'));
        uint64_t feeds = hb_swar_zeros(w ^ HB_SWAR_EACH('\n'));
        uint64_t returns = hb_swar_zeros(w ^ HB_SWAR_EACH('\r'));
        uint64_t turns = quotes | feeds | returns;
        b.marks |= gather(cuts | turns) << i;
        if (turns) {
            b.turns |= gather(turns) << i;
            b.feeds |= gather(feeds) << i;
            b.returns |= gather(returns) << i;
        }
    }
    return b;
}

static void find_portable(const char *text, size_t from, size_t to, char delimiter, hb_marks *m)
{
    uint32_t *at = m->at;
    uint32_t *turns = m->turns;
    for (size_t i = from; i < to; i += STEP) {
        bits b = look(text + i, delimiter);
        if (b.returns) {
            settle_returns(&b, text[i + STEP]);
        }
        cut_off(&b, to - i);
        for (uint64_t left = b.marks; left; left &= left - 1) {
            *turns = (uint32_t)(at - m->at);
            turns += b.turns >> __builtin_ctzll(left) & 1;
            *at++ = (uint32_t)(i + (size_t)__builtin_ctzll(left));
        }
    }
    m->n = (size_t)(at - m->at);
    m->n_turns = (size_t)(turns - m->turns);
}

#if HB_X86
HB_AVX2 static inline uint64_t equal(__m256i low, __m256i high, __m256i to)
{
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, to));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, to));
    return a | (uint64_t)b << 32;
}

HB_AVX2 static void find_avx2(const char *text, size_t from, size_t to, char delimiter, hb_marks *m)
{
    const __m256i cut = _mm256_set1_epi8(delimiter);
    const __m256i quote = _mm256_set1_epi8('"');
    const __m256i feed = _mm256_set1_epi8('\n');
    const __m256i carriage = _mm256_set1_epi8('\r');
    uint32_t *at = m->at;
    uint32_t *turns = m->turns;
    for (size_t i = from; i < to; i += STEP) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + i + 32));
        bits b = {.feeds = equal(low, high, feed), .returns = equal(low, high, carriage)};
        b.turns = b.feeds | b.returns | equal(low, high, quote);
        b.marks = b.turns | equal(low, high, cut);
        if (b.returns) {
            settle_returns(&b, text[i + STEP]);
        }
        cut_off(&b, to - i);
        uint32_t before = (uint32_t)(at - m->at);
        for (uint64_t left = b.turns; left; left &= left - 1) {
            uint64_t below = (left & -left) - 1;
            *turns++ = before + (uint32_t)__builtin_popcountll(b.marks & below);
        }
        /* Eight at once, as many as need be: what is written too much is overwritten. */
        uint32_t *end = at + __builtin_popcountll(b.marks);
        uint64_t left = b.marks;
        while (at < end) {
            for (int k = 0; k < 8; k++) {
                at[k] = (uint32_t)(i + (size_t)__builtin_ctzll(left | 1ULL << 63));
                left &= left - 1;
            }
            at += 8;
        }
        at = end;
    }
    m->n = (size_t)(at - m->at);
    m->n_turns = (size_t)(turns - m->turns);
}
#endif

void hb_marks_find(const char *text, size_t from, size_t to, char delimiter, hb_marks *marks)
{
#if HB_X86
    if (hb_cpu_avx2()) {
        find_avx2(text, from, to, delimiter, marks);
        return;
    }
#endif
    find_portable(text, from, to, delimiter, marks);
}
