/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that writing in one step is made of, for those who write more than file.h offers.
 *
 *     hb_hold_signals → hb_temporary_name → create, hb_write_all, fsync → rename or unlink
 *                     → hb_sync_folder_of → hb_let_signals */
#ifndef HB_OS_WRITING_H
#define HB_OS_WRITING_H

#include "os/os.h"

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>

/* All n bytes, whatever the system takes at a time. `path` is for the message. HB_E_IO. */
HB_CHECKED hb_status hb_write_all(const hb_os *os, int fd, const char *path, const char *p,
                                  size_t n, hb_error *err);
/* DIR/.NAME.random.tmp for DIR/NAME. Owned by the caller (hb_free). */
HB_CHECKED hb_status hb_temporary_name(const hb_os *os, const char *path, char **ret_name,
                                       hb_error *err);
/* The folder that `path` is in, to the disk. */
HB_CHECKED hb_status hb_sync_folder_of(const hb_os *os, const char *path, hb_error *err);

/* SIGINT, SIGTERM and SIGHUP wait from here, where a temporary is made, until it is gone. */
void hb_hold_signals(sigset_t *ret_before);
void hb_let_signals(const sigset_t *before);
/* One of them is waiting: what takes long stops and cleans up. */
bool hb_signal_waits(void);

#endif
