/* SPDX-License-Identifier: Apache-2.0 */
/* A program of ours in a child process that is given one open file and answers over a pipe.
 *
 * start → read until *ret_n = 0 → close. In the child descriptor 0 is the file, 1 the pipe, and
 * there is no other (2 is /dev/null; in a program built with a sanitizer it is ours, for reports).
 * Its environment is empty. It is started by exec, never by fork alone, so the parent may have
 * threads.
 *
 * A child that dies, or makes its parent wait too long, is an error that says why: by a signal of a
 * fault HB_E_INPUT (its input broke it), by a limit of processor time, by being killed or by the
 * wait HB_E_LIMIT. close ends a child that still runs. */
#ifndef HB_OS_CHILD_H
#define HB_OS_CHILD_H

#include "base/error.h"
#include "os/os.h"

typedef struct hb_child hb_child;

typedef struct hb_child_options {
    const char *program;     /* path; "/proc/self/exe" is this program */
    const char *const *argv; /* with argv[0], NULL at the end */
    int input_fd;            /* borrowed until start returns; its offset is shared */
    int64_t wait_ms;         /* sum of all waiting for the child */
} hb_child_options;

HB_CHECKED hb_status hb_child_start(const hb_os *os, const hb_child_options *options,
                                    hb_child **ret_child, hb_error *err);
/* 1 to n bytes; 0 only when the child closed the pipe and ended well. */
HB_CHECKED hb_status hb_child_read(hb_child *c, void *p, size_t n, size_t *ret_n, hb_error *err);
void hb_child_close(hb_child *c);

#endif
