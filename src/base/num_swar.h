/* SPDX-License-Identifier: Apache-2.0 */
/* Digits eight at a time in ordinary registers (Lemire 2021, after Gonzalez Muñoz). The first
 * character is in the lowest byte, whatever the machine's own order. */
#ifndef HB_BASE_NUM_SWAR_H
#define HB_BASE_NUM_SWAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HB_SWAR_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t hb_swar_load(const char *p)
{
    uint64_t w = 0;
    memcpy(&w, p, sizeof w);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(w) : w;
}

static inline uint64_t hb_swar_load4(const char *p)
{
    uint32_t w = 0;
    memcpy(&w, p, sizeof w);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(w) : w;
}

/* Are all eight bytes values 0 … 9? (Of characters: after ^ HB_SWAR_EACH('0').) */
static inline bool hb_swar_all_digits(uint64_t values)
{
    return (((values + HB_SWAR_EACH(0x76)) | values) & HB_SWAR_EACH(0x80)) == 0;
}

/* Eight values 0 … 9 as one figure of eight digits. */
static inline uint64_t hb_swar_figure(uint64_t values)
{
    values = values * 10 + (values >> 8); /* pairs, in bytes 0, 2, 4, 6 */
    const uint64_t pairs = UINT64_C(0x000000ff000000ff);
    uint64_t a = (values & pairs) * (100 + (UINT64_C(1000000) << 32));
    uint64_t b = (values >> 16 & pairs) * (1 + (UINT64_C(10000) << 32));
    return (a + b) >> 32 & UINT32_MAX;
}

/* 0x80 in each byte that is zero, exactly. */
static inline uint64_t hb_swar_zeros(uint64_t w)
{
    const uint64_t low = HB_SWAR_EACH(0x7f);
    return ~(((w & low) + low) | w | low);
}

#endif
