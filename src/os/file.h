/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files and folders: bounded reading, atomic writing, folders that appear complete or not at
 * all. Errors carry the path and the system's reason. */
#ifndef HB_OS_FILE_H
#define HB_OS_FILE_H

#include "base/buf.h"
#include "os/os.h"

#include <signal.h>
#include <stdbool.h>

/* Reads a regular file of at most max_bytes. *ret_data is NUL-terminated, owned by the caller
 * (hb_free). Missing, unreadable, a folder, too large: HB_E_INPUT / HB_E_LIMIT. */
HB_CHECKED hb_status hb_file_read(const hb_os *os, const char *path, size_t max_bytes,
                                  char **ret_data, size_t *ret_len, hb_error *err);

/* Temporary beside the target, write, fsync, rename, fsync of the folder: readers see the old file
 * or the new one. On failure the temporary is removed and the old file stands. A target that exists
 * and is no plain file (a device, a pipe) is written to as it is, never replaced; a folder is an
 * error. Signals that end the program wait until the temporary is gone. */
HB_CHECKED hb_status hb_file_write_atomic(const hb_os *os, const char *path, const void *p,
                                          size_t n, mode_t mode, hb_error *err);

/* Keys, log and packs are found by name: whoever else may write into a folder could put his own in
 * their place. So no umask makes it wider. */
enum { HB_DIR_MODE = 0755 };

/* mkdir -p; existing folders are fine. */
HB_CHECKED hb_status hb_dir_make(const hb_os *os, const char *path, hb_error *err);
/* Removes a folder and the plain files and folders in it (bounded depth). Missing is fine. */
HB_CHECKED hb_status hb_dir_remove(const hb_os *os, const char *path, hb_error *err);
bool hb_path_exists(const hb_os *os, const char *path);
bool hb_path_is_dir(const hb_os *os, const char *path);

/* Joins with one '/'; an absolute `name` stays as it is. Owned by the caller (hb_free). */
HB_CHECKED hb_status hb_path_join(const char *dir, const char *name, char **ret_path,
                                  hb_error *err);
/* The part after the last '/', borrowed from path. */
const char *hb_path_base(const char *path);
/* The folder of a path ("." when none). Owned by the caller. */
HB_CHECKED hb_status hb_path_dir(const char *path, char **ret_dir, hb_error *err);

/* A folder written aside and moved into place in one step.
 * open → hb_stage_write per file → commit or merge (or abort; abort is safe after them and on {0}).
 * commit replaces an existing folder of that name, which is untouched before; merge moves the
 * files into a folder instead. SIGINT, SIGTERM and SIGHUP wait from open to abort, so that no
 * temporary is left behind: stage what is already computed. */
typedef struct hb_stage {
    const hb_os *os;
    char *target;
    char *temporary;
    int lock; /* of a private one (fresh.h), with is_private */
    bool is_private;
    sigset_t held; /* the mask to go back to */
    bool holds;
} hb_stage;

HB_CHECKED hb_status hb_stage_open(hb_stage *s, const hb_os *os, const char *target, hb_error *err);
/* The same for a folder for its owner alone (0700); what killed processes left of such ones in the
 * parent, which must exist, is removed (fresh.h). */
HB_CHECKED hb_status hb_stage_open_private(hb_stage *s, const hb_os *os, const char *target,
                                           hb_error *err);
HB_CHECKED hb_status hb_stage_write(hb_stage *s, const char *name, const void *p, size_t n,
                                    hb_error *err);
HB_CHECKED hb_status hb_stage_commit(hb_stage *s, hb_error *err);
/* Moves the files written, `names`, into `folder` (existing, on the same file system); what else is
 * there stays. Each file is replaced in one step, all of them together are not. */
HB_CHECKED hb_status hb_stage_merge(hb_stage *s, const char *folder, const char *const *names,
                                    size_t n, hb_error *err);
void hb_stage_abort(hb_stage *s);

#endif
