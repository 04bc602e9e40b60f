/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that can do no harm: the stream's bytes as its only file, limits, permissions, and
 * an end for what does not end. Inside sqlite/. */
#ifndef HB_INPUT_SQLITE_GUARD_H
#define HB_INPUT_SQLITE_GUARD_H

#include "input/stream.h"

#include <sqlite3.h>

typedef struct hb_sqlite_guard hb_sqlite_guard;

HB_CHECKED hb_status hb_sqlite_guard_new(hb_stream *stream, uint64_t max_steps,
                                         hb_sqlite_guard **ret, hb_error *err);
/* Closes the connection; its statements must be finalised before. NULL is fine. */
void hb_sqlite_guard_free(hb_sqlite_guard *g);
sqlite3 *hb_sqlite_guard_db(const hb_sqlite_guard *g);
/* A row came: the steps count from here. */
void hb_sqlite_guard_row(hb_sqlite_guard *g);
/* What went wrong, in our words. `usage` = the query is the user's. */
hb_status hb_sqlite_guard_error(const hb_sqlite_guard *g, int rc, bool usage, hb_error *err);

/* A file system of the library with one file in it (vfs.c); temporary files of big sorts go to the
 * system's. Registered until freed. */
typedef struct hb_sqlite_vfs hb_sqlite_vfs;
HB_CHECKED hb_status hb_sqlite_vfs_new(hb_stream *stream, hb_sqlite_vfs **ret, hb_error *err);
void hb_sqlite_vfs_free(hb_sqlite_vfs *v);
const char *hb_sqlite_vfs_name(const hb_sqlite_vfs *v);
/* The reading that failed, when it was the file's. */
const hb_error *hb_sqlite_vfs_error(const hb_sqlite_vfs *v);

#endif
