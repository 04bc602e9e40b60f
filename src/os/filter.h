/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp filter from a list of what is allowed: a program for the kernel's packet filter, which
 * answers EPERM to every other call. docs/decisions/0163-own-seccomp-filter.md
 *
 *     hb_filter f = {0};
 *     hb_filter_begin(&f);
 *     hb_filter_allow(&f, __NR_read);
 *     hb_filter_allow_if(&f, __NR_mmap, 2, PROT_EXEC, 0);     one rule or more may name a call
 *     hb_filter_end(&f, err)
 *     hb_filter_load(&f)                                      for this thread, for good
 *
 * Calls by the way of another architecture (32 bits, x32) end the process: their numbers mean other
 * calls. */
#ifndef HB_OS_FILTER_H
#define HB_OS_FILTER_H

#include "base/error.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

enum { HB_FILTER_MAX = 512 }; /* instructions */

typedef struct hb_filter {
    struct sock_filter code[HB_FILTER_MAX];
    unsigned short n;
    bool full;
} hb_filter;

void hb_filter_begin(hb_filter *f);
void hb_filter_allow(hb_filter *f, long call);
/* … when this argument (0 to 5), masked, has a value; `value` has no bit beyond the mask. */
void hb_filter_allow_if(hb_filter *f, long call, unsigned argument, uint64_t mask, uint64_t value);
/* HB_E_LIMIT when there were too many rules. HB_E_DENIED on a processor it is not made for. */
HB_CHECKED hb_status hb_filter_end(hb_filter *f, hb_error *err);
/* 0, or -1 with errno. Asks for no_new_privs. */
int hb_filter_load(const hb_filter *f);

#endif
