/* SPDX-License-Identifier: Apache-2.0 */
/* Which vector code may run. Every routine that asks has a portable form with the same results, bit
 * for bit; tests choose it to compare the two (HB_CPU=portable does so for the program). */
#ifndef HB_BASE_CPU_H
#define HB_BASE_CPU_H

#include <stdbool.h>

/* Files with vector code for x86-64 compile to their portable part elsewhere. HB_AVX2: what stands
 * in front of a function that is only called when hb_cpu_avx2(). */
#if defined(__x86_64__)
#define HB_X86 1
#define HB_AVX2 __attribute__((target("avx2,bmi,popcnt")))
#else
#define HB_X86 0
#define HB_AVX2
#endif

/* AVX2, BMI and POPCNT, as x86-64 processors have since 2013 to 2015, and not switched off. Any
 * thread. */
bool hb_cpu_avx2(void);
/* The processor's own CRC-32C: SSE4.2 on x86-64, the CRC extension on arm64. */
bool hb_cpu_crc32c(void);
/* Portable code from now on, or what the processor can do. Not while others read. */
void hb_cpu_portable(bool only);

#endif
