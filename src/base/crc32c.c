/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"

#include "base/cpu.h"

#include <string.h>

#if defined(__aarch64__)
#include <arm_acle.h>
#define HB_CRC_TARGET __attribute__((target("+crc")))
#define CRC_8(crc, byte) __crc32cb((crc), (byte))
#define CRC_64(crc, word) __crc32cd((crc), (word))
#elif HB_X86
#include <nmmintrin.h>
#define HB_CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_8(crc, byte) _mm_crc32_u8((crc), (byte))
#define CRC_64(crc, word) ((uint32_t)_mm_crc32_u64((crc), (word)))
#endif

#if defined(HB_CRC_TARGET)
HB_CRC_TARGET static uint32_t by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word = 0;
        memcpy(&word, p, 8);
        crc = CRC_64(crc, word);
    }
    for (; n; p++, n--) {
        crc = CRC_8(crc, *p);
    }
    return crc;
}
#endif

/* Of each half byte: four steps of the division by the reflected polynomial 0x82F63B78. */
static const uint32_t by_nibble[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

uint32_t hb_crc32c(uint32_t crc, const void *p, size_t n)
{
    const unsigned char *at = p;
    crc = ~crc;
#if defined(HB_CRC_TARGET)
    if (hb_cpu_crc32c()) {
        return ~by_instruction(crc, at, n);
    }
#endif
    for (; n; at++, n--) {
        crc ^= *at;
        crc = crc >> 4 ^ by_nibble[crc & 15];
        crc = crc >> 4 ^ by_nibble[crc & 15];
    }
    return ~crc;
}
