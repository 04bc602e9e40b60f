/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's file system with the N-th write, sync, truncation, open or shared-memory call failing.
 *
 *     fault_vfs_install();                         once, becomes SQLite's default
 *     fault_vfs_fail(n, SQLITE_FULL, true);        the n-th such call and all after it
 *     … ; fired = fault_vfs_fired(); fault_vfs_fail(0, 0, false);
 *
 * And SQLite's memory: sqlite_alloc_fail(n, persistent), to be installed before SQLite is used. */
#ifndef HB_TESTS_SUPPORT_FAULT_VFS_H
#define HB_TESTS_SUPPORT_FAULT_VFS_H

#include <stdbool.h>

void fault_vfs_install(void);
void fault_vfs_fail(unsigned long nth, int code, bool persistent);
/* Locks of the write-ahead log instead: every reading needs one as well. */
void fault_vfs_fail_lock(unsigned long nth, bool persistent);
bool fault_vfs_fired(void);

void sqlite_alloc_install(void);
void sqlite_alloc_fail(unsigned long nth, bool persistent);
bool sqlite_alloc_fired(void);

#endif
