/* SPDX-License-Identifier: Apache-2.0 */
/* The operating system with the N-th call failing; nothing waits for the disk.
 *
 *     fault_os_fail(n, ENOSPC, true);       the n-th call from now and all after it; 0 = none
 *     … fault_os() … ; fired = fault_os_fired();
 *
 * Calls that cannot sensibly fail (close, the clocks) do not. */
#ifndef HB_TESTS_SUPPORT_FAULT_OS_H
#define HB_TESTS_SUPPORT_FAULT_OS_H

#include "os/os.h"

#include <stdbool.h>

const hb_os *fault_os(void);
void fault_os_fail(unsigned long nth, int why, bool persistent);
bool fault_os_fired(void);

#endif
