/* SPDX-License-Identifier: Apache-2.0 */
#include "os/undumped.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void hb_hold_secrets(void)
{
    /* The limit alone is not asked by a handler in kernel.core_pattern, the flag alone is cleared
     * by exec. Neither can fail for a lower value; the hard limit stays for children. */
    struct rlimit core = {0};
    if (getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur != 0) {
        core.rlim_cur = 0;
        (void)setrlimit(RLIMIT_CORE, &core);
    }
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
