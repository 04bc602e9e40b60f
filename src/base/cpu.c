/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

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

void hb_cpu_portable(bool only)
{
    portable_only = only;
}
