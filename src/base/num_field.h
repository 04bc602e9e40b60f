/* SPDX-License-Identifier: Apache-2.0 */
/* The figures that fields of delimited text are made of, at a few ns each: an optional minus, at
 * most 16 characters, digits with at most one decimal mark. Whatever else a number may be is left
 * to hb_num_parse; where this says yes, hb_num_parse gives the same bits. */
#ifndef HB_BASE_NUM_FIELD_H
#define HB_BASE_NUM_FIELD_H

#include "base/num_decimal.h"
#include "base/num_swar.h"

/* A decimal mark as hb_num_field wants it. */
#define HB_NUM_MARK(c) HB_SWAR_EACH((unsigned char)((c) ^ '0'))

/* Takes the mark whose top bit is `top` out of the values: those before it move one place on. */
static inline uint64_t hb_swar_close_up(uint64_t values, uint64_t top)
{
    uint64_t before = values & ((top >> 7) - 1);
    uint64_t behind = values & ~(top | (top - 1));
    return before << 8 | behind;
}

/* The digits of the n characters (1 … 16, no sign) that are the last ones of the words; what stands
 * in front of them is ignored. *ret_places: how many of the digits are behind the mark. */
static inline bool hb_num_digits_of_words(uint64_t high, uint64_t low, size_t n, uint64_t mark,
                                          uint64_t *ret_digits, unsigned *ret_places)
{
    unsigned places = 0;
    low ^= HB_SWAR_EACH('0');
    if (n <= 8) {
        low &= UINT64_MAX << 8 * (8 - n);
        uint64_t marks = hb_swar_zeros(low ^ mark);
        if (marks) {
            uint64_t top = marks & -marks;
            low = hb_swar_close_up(low, top);
            places = (unsigned)__builtin_clzll(top) / 8;
            n--;
        }
        *ret_digits = hb_swar_figure(low);
        *ret_places = places;
        return hb_swar_all_digits(low) && n > 0;
    }
    high = (high ^ HB_SWAR_EACH('0')) & UINT64_MAX << 8 * (16 - n);
    uint64_t in_low = hb_swar_zeros(low ^ mark);
    uint64_t in_high = hb_swar_zeros(high ^ mark);
    if (in_low) {
        uint64_t top = in_low & -in_low;
        low = hb_swar_close_up(low, top) | high >> 56;
        high <<= 8;
        places = (unsigned)__builtin_clzll(top) / 8;
    } else if (in_high) {
        uint64_t top = in_high & -in_high;
        high = hb_swar_close_up(high, top);
        places = 8 + (unsigned)__builtin_clzll(top) / 8;
    }
    *ret_digits = hb_swar_figure(high) * 100000000 + hb_swar_figure(low);
    *ret_places = places;
    return hb_swar_all_digits(low) && hb_swar_all_digits(high);
}

/* digits / 10^places with a sign, places at most 15. */
static inline double hb_num_quotient(uint64_t digits, unsigned places, uint64_t negative)
{
    /* Both operands exact, so one rounding (Clinger 1990). */
    double v = digits <= UINT64_C(1) << 53 ? (double)digits / hb_num_exact[places]
                                           : hb_num_decimal(digits, -(int64_t)places);
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    bits |= negative << 63;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Text [p, end), with 16 readable bytes before `end` and one behind p whatever its length. */
static inline bool hb_num_field(const char *p, const char *end, uint64_t mark, double *ret)
{
    uint64_t negative = *p == '-';
    p += negative;
    size_t n = (size_t)(end - p);
    uint64_t digits = 0;
    unsigned places = 0;
    if (n - 1 >= 16 || !hb_num_digits_of_words(n > 8 ? hb_swar_load(end - 16) : 0,
                                               hb_swar_load(end - 8), n, mark, &digits, &places)) {
        return false;
    }
    *ret = hb_num_quotient(digits, places, negative);
    return true;
}

/* The digits of n characters at p, 1 … 16, without readable bytes around. */
static inline bool hb_num_digits(const char *p, size_t n, uint64_t mark, uint64_t *ret_digits,
                                 unsigned *ret_places)
{
    uint64_t low = 0;
    uint64_t high = 0;
    if (n >= 8) {
        low = hb_swar_load(p + n - 8);
        high = n > 8 ? hb_swar_load(p) << 8 * (16 - n) : 0;
    } else if (n >= 4) {
        low = (hb_swar_load4(p) | hb_swar_load4(p + n - 4) << 8 * (n - 4)) << 8 * (8 - n);
    } else {
        for (size_t i = 0; i < n; i++) {
            low = low >> 8 | (uint64_t)(unsigned char)p[i] << 56;
        }
    }
    return hb_num_digits_of_words(high, low, n, mark, ret_digits, ret_places);
}

#endif
