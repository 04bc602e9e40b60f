/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace in one file, and back. docs/formats/backup.md
 *
 * What is in it: the registry, the log, operators and what was signed, configuration, the public
 * halves of keys, digests of tokens, what `hb watch` has judged. No private key and no passphrase;
 * no reports, packs and journals. The container is that of evidence packs (evidence/pack.h), so
 * every byte is under its manifest. */
#ifndef HB_EXPORT_BACKUP_H
#define HB_EXPORT_BACKUP_H

#include "base/arena.h"
#include "crypto/digest.h"
#include "store/backup.h"

typedef struct hb_backup_ask {
    const hb_os *os;
    hb_store *store;
    const char *workspace; /* folder */
    const char *target;    /* must not exist; is to lie outside of what is saved */
    hb_time now;
} hb_backup_ask;

typedef struct hb_backup_told { /* in the arena */
    hb_store_counts counts;
    uint64_t log_size;
    const char *log_origin; /* "" = there is no log */
    const char *made_at;    /* RFC 3339 */
    const char *program;    /* version of hb that made it */
    size_t n_files;
    uint64_t bytes;
    char sha256[HB_DIGEST_HEX]; /* of the backup's file */
} hb_backup_told;

/* Written aside and renamed; after a failure there is none. The registry is copied at one moment,
 * the log under its lock after it, so that every entry the registry knows in the log is there. It
 * is not looked at again here: see hb_backup_restore. */
HB_CHECKED hb_status hb_backup_make(const hb_backup_ask *ask, hb_arena *arena, hb_backup_told *ret,
                                    hb_error *err);

/* Restores into a folder aside, and looks at it: every file's digest, the registry's integrity and
 * contents, every entry and hash of the log, the keys. With a target (a folder that does not exist)
 * it then gets that name; NULL = it is removed again: the backup was tried. HB_E_EVIDENCE when
 * anything is not as the backup says, HB_E_USAGE when the target exists. A registry of an older
 * schema is brought up to this program's, and live streams may begin a new journal where they were
 * judged up to (store/live.h). */
HB_CHECKED hb_status hb_backup_restore(const hb_os *os, const char *backup, const char *target,
                                       hb_arena *arena, hb_backup_told *ret, hb_error *err);

#endif
