/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of store/ and by its tests; not for other rooms. */
#ifndef HB_STORE_STORE_INTERNAL_H
#define HB_STORE_STORE_INTERNAL_H

#include "store/store.h"

#include <sqlite3.h>

struct hb_store {
    const hb_os *os;
    sqlite3 *db;
    char *path;
    hb_store_mode mode;
    unsigned writing; /* write transactions open, one inside the other; > 0: an error message may
                       * say that nothing was kept */
    int64_t busy_since_ns;
    int64_t busy_most_ns;
};

/* One step from schema `from` to `from` + 1. */
typedef struct hb_migration {
    int from;
    const char *const *statements;
    size_t n_statements;
    const struct hb_migration *const *parts; /* of this step, after it; NULL at the end */
} hb_migration;

enum { HB_STORE_APPLICATION_ID = 0x48427267 }; /* "HBrg" */

extern const hb_migration hb_store_migrations[];
extern const hb_migration hb_store_step_3_governance; /* schema_governance.c */
extern const hb_migration hb_store_step_3_audit;      /* schema_audit.c */
extern const hb_migration hb_store_step_3_packs;      /* schema_packs.c */
extern const hb_migration hb_store_step_3_documents;  /* schema_documents.c */
extern const hb_migration hb_store_step_3_restored;   /* schema_restored.c */
extern const size_t hb_store_migration_count;         /* = HB_STORE_SCHEMA */

/* hb_store_open with another table of migrations; its length is the schema it leads to. */
HB_CHECKED hb_status hb_store_open_with(const hb_os *os, const char *path, hb_store_mode mode,
                                        const hb_migration *steps, size_t n_steps,
                                        hb_store **ret_store, hb_error *err);
/* All missing steps in one transaction; a file that is already there is left alone. */
HB_CHECKED hb_status hb_store_migrate(hb_store *s, const hb_migration *steps, size_t n_steps,
                                      hb_error *err);

/* An SQLite result code as our error, with what to do about it. */
hb_status hb_store_fail(hb_store *s, int rc, hb_error *err);

/* In the transaction that is open: how a run was read, unless that is known; a decision's basis. */
HB_CHECKED hb_status hb_store_write_reading(hb_store *s, const char *run_id, hb_str json,
                                            hb_error *err);
HB_CHECKED hb_status hb_store_write_basis(hb_store *s, int64_t decision, hb_str json,
                                          hb_error *err);

/* Write transaction: begin, work, end with the work's status. `end` commits HB_OK and rolls back
 * everything else; it returns the status of the whole. One inside another is a savepoint: it is
 * kept when the outermost is. */
HB_CHECKED hb_status hb_store_begin(hb_store *s, hb_error *err);
HB_CHECKED hb_status hb_store_end(hb_store *s, hb_status status, hb_error *err);

/* Reading several things of one moment: a transaction, or the write transaction that is open.
 * *ret_own goes to hb_store_looked. */
HB_CHECKED hb_status hb_store_look(hb_store *s, bool *ret_own, hb_error *err);
void hb_store_looked(hb_store *s, bool own);

#endif
