/* SPDX-License-Identifier: Apache-2.0 */
/* A disk whose power goes: hb_os calls work on a real folder and are watched, and at any call, or
 * when told, a second folder is written as the first would be found after the power came back.
 *
 * Each 4 KiB page of a file that was not synced is as it was when it was, as it is, or as it was in
 * between (the system wrote it by itself); some are mixed of these by sectors of 512 bytes. Names:
 * of what happened in the folder since it was last synced, a prefix is there, as journaling file
 * systems promise. A file's length is the synced one or the present one. */
#ifndef HB_TESTS_SUPPORT_POWER_CUT_H
#define HB_TESTS_SUPPORT_POWER_CUT_H

#include "os/os.h"

/* All files of `dir` are taken for synced. One folder at a time; not for several threads. */
void power_cut_begin(const char *dir, uint64_t seed);
const hb_os *power_cut_os(void);
/* At the n-th call from now on the power goes: `out` is written, the calls go on. 0 = never. */
void power_cut_arm(unsigned long nth, const char *out);
bool power_cut_happened(void);
/* The power goes now (unless it went). */
void power_cut_now(void);
/* The system writes some pages by itself. */
void power_cut_writeback(void);
void power_cut_end(void);

#endif
