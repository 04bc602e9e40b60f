/* SPDX-License-Identifier: Apache-2.0 */
/* How a run was read (evidence/read_record.h) as options of input/, with the profiles it names as
 * files in a private folder. Used where a pack is made (documents of the registry) and where one is
 * read (documents of the pack). */
#ifndef HB_EXPORT_RAW_HOW_H
#define HB_EXPORT_RAW_HOW_H

#include "evidence/read_record.h"
#include "input/ingest.h"
#include "input/select/select.h"
#include "os/os.h"

/* A document by its digest; free with hb_free. */
typedef struct hb_raw_documents {
    hb_status (*get)(void *ctx, const char *sha256, char **ret_text, size_t *ret_n, hb_error *err);
    void *ctx;
} hb_raw_documents;

typedef struct hb_raw_how {
    hb_read_record record; /* borrowed strings */
    const char *profile;   /* file of the profile that was given; NULL = none */
    const char *profiles;  /* folder of the workspace's own */
    hb_select_options select;
} hb_raw_how;

/* dir: exists, private; the caller removes it. Strings in the arena. */
HB_CHECKED hb_status hb_raw_how_settle(const hb_os *os, const char *dir,
                                       const hb_read_record *record, const hb_raw_documents *from,
                                       hb_arena *arena, hb_raw_how *ret, hb_error *err);
/* Points into how. time_range: in place of what was asked for; NULL = as it was. */
hb_ingest_options hb_raw_how_options(hb_raw_how *how, const char *time_range);

/* A folder of mode 0700 with an unforeseeable name in tmp. Owned by the caller (hb_free). */
HB_CHECKED hb_status hb_raw_dir_make(const hb_os *os, const char *tmp, char **ret, hb_error *err);

#endif
