/* SPDX-License-Identifier: Apache-2.0 */
/* The raw files of a pack as files again, in a private folder under the names they had, because
 * readers look at names and at what stands beside a file, and sandboxed readers need an open file.
 *
 *     hb_raw_files_take(os, tmp, r, &list, &files, err)
 *     … hb_raw_files_path(&files, path, &found) …
 *     hb_raw_files_release(&files)                          removes the folder
 */
#ifndef HB_EXPORT_RAW_FILES_H
#define HB_EXPORT_RAW_FILES_H

#include "evidence/pack.h"
#include "evidence/raw_list.h"

typedef struct hb_raw_files {
    const hb_os *os;
    const hb_raw_list *list; /* borrowed */
    hb_arena *arena;         /* borrowed: paths */
    char *dir;               /* mode 0700, of this process alone */
} hb_raw_files;

/* tmp: folder to make it in. Every file must be in the pack with the digest it had. HB_E_EVIDENCE
 * for names that are none; what was written is removed on failure. */
HB_CHECKED hb_status hb_raw_files_take(const hb_os *os, const char *tmp, hb_pack_reader *r,
                                       const hb_raw_list *list, hb_arena *arena, hb_raw_files *ret,
                                       hb_error *err);
/* Where the file, or the folder of files, that was given as `path` stands now. HB_E_EVIDENCE when
 * the pack has none of it. */
HB_CHECKED hb_status hb_raw_files_path(const hb_raw_files *f, const char *path, const char **ret,
                                       hb_error *err);
void hb_raw_files_release(hb_raw_files *f);

/* The records of a window as a journal in `dir`, which exists, is private and empty; what the
 * stream was before them into the arena. HB_E_EVIDENCE for names that are none. */
HB_CHECKED hb_status hb_raw_journal_take(const hb_os *os, hb_pack_reader *r,
                                         const hb_raw_journal *journal, const char *dir,
                                         hb_arena *arena, hb_str *ret_state, hb_error *err);

#endif
