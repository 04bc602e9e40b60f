/* SPDX-License-Identifier: Apache-2.0 */
/* An operating system with one file in it, for feeding bytes to whatever reads files. One at a
 * time. */
#ifndef HB_TESTS_SUPPORT_MEMORY_FILE_H
#define HB_TESTS_SUPPORT_MEMORY_FILE_H

#include "os/os.h"

#define MEMORY_FILE "memory.dat"

/* data is borrowed. Every open() starts at its beginning; other names do not exist. */
hb_os memory_os(const void *data, size_t n);

#endif
