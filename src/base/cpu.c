/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#define HWCAP_BIT_CRC32 (1UL << 7) /* asm/hwcap.h */
#endif

static bool portable_only;

bool hb_cpu_avx2(void)
{
#if HB_X86
    return !portable_only && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}

bool hb_cpu_crc32c(void)
{
#if HB_X86
    return !portable_only && __builtin_cpu_supports("sse4.2");
#elif defined(__aarch64__)
    return !portable_only && (getauxval(AT_HWCAP) & HWCAP_BIT_CRC32);
#else
    return false;
#endif
}

void hb_cpu_portable(bool only)
{
    portable_only = only;
}
