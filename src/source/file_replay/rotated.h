/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rest of a file is after it was rotated: private to source/file_replay. */
#ifndef HB_SOURCE_FILE_REPLAY_ROTATED_H
#define HB_SOURCE_FILE_REPLAY_ROTATED_H

#include "source/file_replay/tail.h"

enum { HB_ROTATED_MAX = 1000 };

typedef struct hb_rotated_file {
    char *path;
    uint64_t inode;
} hb_rotated_file;

typedef struct hb_rotated {
    hb_rotated_file *list; /* oldest first; to be read before the file itself */
    size_t n;
    size_t cap;
} hb_rotated;

/* The file that holds `place` under another name in the folder of `path` (the very file, or the
 * copy of one that was truncated), and the rotated files that are newer. Rotated names are the
 * file's with digits and - _ . T Z : behind it, or before its ending. None: r->n = 0. */
HB_CHECKED hb_status hb_rotated_find(hb_rotated *r, const hb_os *os, const char *path,
                                     const hb_tail_place *place, hb_error *err);
void hb_rotated_free(hb_rotated *r);

#endif
