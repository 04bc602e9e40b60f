/* SPDX-License-Identifier: Apache-2.0 */
/* New files and folders that have their name only when they are whole, and are for their owner
 * alone (0600, 0700; docs/decisions/0162-private-packs.md). Nothing that exists is replaced.
 *
 *     hb_fresh_open(&f, os, "DIR/NAME", err)    write to f.fd
 *     hb_fresh_commit(&f, err)                  fsync, name, fsync of the folder
 *     hb_fresh_end(&f)                          always; without commit nothing is left
 *
 * Until then a file has no name at all (O_TMPFILE), so that kill -9 leaves nothing. Where the file
 * system has no such files, and for folders, it is DIR/.NAME.random.hb-part, locked (flock) while
 * its process lives: whoever makes something new in DIR next removes those of his that nobody
 * holds. A file system without locks keeps them.
 *
 * SIGINT, SIGTERM and SIGHUP wait from open to end. */
#ifndef HB_OS_FRESH_H
#define HB_OS_FRESH_H

#include "base/error.h"
#include "os/os.h"

#include <signal.h>
#include <stdbool.h>

typedef struct hb_fresh {
    const hb_os *os;
    char *target;
    char *temporary; /* NULL = it has no name */
    int fd;          /* open for reading and writing; -1 = closed */
    sigset_t before;
    bool holds;
} hb_fresh;

/* HB_E_USAGE when the target exists. On failure there is nothing to end. */
HB_CHECKED hb_status hb_fresh_open(hb_fresh *f, const hb_os *os, const char *target, hb_error *err);
/* HB_E_USAGE when the target has come into being meanwhile. */
HB_CHECKED hb_status hb_fresh_commit(hb_fresh *f, hb_error *err);
void hb_fresh_end(hb_fresh *f);

/* A file beside the target that never gets a name, for reading and appending. */
HB_CHECKED hb_status hb_fresh_spool(const hb_os *os, const char *target, int *ret_fd,
                                    hb_error *err);

/* A folder DIR/.NAME.random.hb-part, made and locked. *ret_path is the caller's (hb_free), who
 * moves or removes it and closes *ret_lock after that. Signals are his to hold. */
HB_CHECKED hb_status hb_fresh_folder(const hb_os *os, const char *target, char **ret_path,
                                     int *ret_lock, hb_error *err);

/* HB_E_USAGE when there is something of this name. */
HB_CHECKED hb_status hb_fresh_must_be_free(const hb_os *os, const char *target, hb_error *err);

#endif
