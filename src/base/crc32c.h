/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli; RFC 3720 appendix B.4): polynomial 0x1EDC6F41, reflected, all ones before
 * and after. With the processor's instruction where there is one, the same result without. */
#ifndef HB_BASE_CRC32C_H
#define HB_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* `crc` is 0, or the result for the bytes before these. */
uint32_t hb_crc32c(uint32_t crc, const void *p, size_t n);

#endif
