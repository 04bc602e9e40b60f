/* SPDX-License-Identifier: Apache-2.0 */
/* How wide what a person looks at is. */
#ifndef HB_OS_TERMINAL_H
#define HB_OS_TERMINAL_H

#include <stddef.h>

/* Columns of the terminal behind `fd`, at least 60 (less breaks more than it shows) and at most
 * 120 (longer lines are hard to read); 80 where it does not say; 0 = no terminal. Asked before a
 * sandbox, which refuses the question. */
size_t hb_terminal_columns(int fd);

#endif
