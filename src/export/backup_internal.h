/* SPDX-License-Identifier: Apache-2.0 */
/* What making and restoring share. */
#ifndef HB_EXPORT_BACKUP_INTERNAL_H
#define HB_EXPORT_BACKUP_INTERNAL_H

#include "audit/log.h"
#include "export/backup.h"

#define HB_BACKUP_ABOUT "backup.json"
#define HB_BACKUP_REGISTRY "runs.db"
#define HB_BACKUP_CASE "backup"
#define HB_BACKUP_CHECKPOINT "audit/checkpoint" /* there is a log where this is */

enum { HB_BACKUP_ABOUT_MAX = 64 << 10 };

/* Is a file of the workspace with this path kept? The one rule of both sides: nothing else is put
 * in, nothing else is restored. */
bool hb_backup_wants(const char *path);

/* backup.json: what the registry and the log hold, in the one spelling it has. log NULL = none. */
typedef struct hb_backup_about {
    const char *made_at;
    const char *program;
    uint64_t schema;
    hb_store_counts counts;
    uint64_t log_size;
    const char *log_origin;
    const char *log_root; /* hex, "" = no log */
} hb_backup_about;

HB_CHECKED hb_status hb_backup_about_log(hb_audit_log *log, hb_arena *arena, hb_backup_about *a,
                                         hb_error *err);
/* SHA-256 of a file, however long. */
HB_CHECKED hb_status hb_backup_digest(const hb_os *os, const char *path, char ret[HB_DIGEST_HEX],
                                      hb_error *err);
HB_CHECKED hb_status hb_backup_about_put(const hb_backup_about *a, hb_buf *out, hb_error *err);

#endif
