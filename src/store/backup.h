/* SPDX-License-Identifier: Apache-2.0 */
/* The registry copied whole, and looked at whole. */
#ifndef HB_STORE_BACKUP_H
#define HB_STORE_BACKUP_H

#include "store/store.h"

/* As it is at one moment, into a file that does not exist yet (mode 0600), while others go on
 * writing (SQLite's online backup). On failure the file is gone again. */
HB_CHECKED hb_status hb_store_copy(hb_store *s, const char *path, hb_error *err);

/* Structure, indexes and references of every table; HB_E_STORE says what is wrong. Reads the whole
 * file. */
HB_CHECKED hb_status hb_store_check(hb_store *s, hb_error *err);

typedef struct hb_store_counts {
    uint64_t runs;
    uint64_t decisions;
    uint64_t versions; /* of baselines */
    uint64_t tags;
    uint64_t statements;
    uint64_t log_entries;
} hb_store_counts;

HB_CHECKED hb_status hb_store_count(hb_store *s, hb_store_counts *ret, hb_error *err);

#endif
