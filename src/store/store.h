/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: runs, profiles, tags, decisions and lineage of one workspace, in one SQLite file
 * (WAL, synchronous=FULL). docs/formats/registry.md has the schema.
 *
 * Safe with several processes: writes are immediate transactions, waits are bounded
 * (HB_STORE_BUSY_MS), a lock that stays is HB_E_STORE with the path. A file written by a newer
 * version is refused untouched; an older one is migrated in one transaction. Reading never creates
 * a file. One hb_store belongs to one thread. Ids are checked by the caller (run_meta.h). */
#ifndef HB_STORE_STORE_H
#define HB_STORE_STORE_H

#include "os/os.h"
#include "telemetry/reference.h"
#include "telemetry/run.h"

enum { HB_STORE_SCHEMA = 1, HB_STORE_BUSY_MS = 5000 };

typedef struct hb_store hb_store;

typedef enum hb_store_mode { HB_STORE_READ, HB_STORE_WRITE, HB_STORE_CREATE } hb_store_mode;

HB_CHECKED hb_status hb_store_open(const hb_os *os, const char *path, hb_store_mode mode,
                                   hb_store **ret_store, hb_error *err);
void hb_store_close(hb_store *s);

/* Adds a run. The same run_id with the same digest is fine (*ret_existed = true, nothing written);
 * with another digest HB_E_STORE. `created` is the time of registration. */
HB_CHECKED hb_status hb_store_add_run(hb_store *s, const hb_run *run, hb_time created,
                                      bool *ret_existed, hb_error *err);
/* HB_E_STORE when unknown (with the nearest ids). Free with hb_run_free. */
HB_CHECKED hb_status hb_store_get_run(hb_store *s, const char *run_id, hb_run **ret_run,
                                      hb_error *err);

typedef struct hb_run_row { /* one line of a listing; strings in the caller's arena */
    const char *run_id;
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *context[HB_CONTEXT_COUNT];
    const char *source_system;
    const char *status;   /* verdict of its newest decision, "" when not analysed */
    const char *baseline; /* run_id its newest decision compared with, "" when none */
    const char *digest;
    hb_time start;
    hb_time created;
    uint64_t n_metrics;
} hb_run_row;

typedef struct hb_run_query { /* NULL = any */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *status;
    const char *except_run_id;
    size_t limit; /* 0 = 1000 */
} hb_run_query;

/* Newest first (start time, else registration; then run_id). */
HB_CHECKED hb_status hb_store_list_runs(hb_store *s, const hb_run_query *q, hb_arena *arena,
                                        hb_run_row **ret_rows, size_t *ret_n, hb_error *err);

typedef struct hb_tag_row {
    const char *tag;
    const char *program; /* tags are per program */
    const char *run_id;
    const char *registry_digest;
    const char *set_by;
    hb_time set_at;
} hb_tag_row;

HB_CHECKED hb_status hb_store_set_tag(hb_store *s, const hb_tag_row *row, hb_error *err);
/* *ret_found = false when there is no such tag. */
HB_CHECKED hb_status hb_store_get_tag(hb_store *s, const char *tag, const char *program,
                                      hb_arena *arena, hb_tag_row *ret_row, bool *ret_found,
                                      hb_error *err);
HB_CHECKED hb_status hb_store_list_tags(hb_store *s, hb_arena *arena, hb_tag_row **ret_rows,
                                        size_t *ret_n, hb_error *err);

typedef struct hb_decision_row {
    const char *run_id;
    const char *status;
    const char *baseline_run_id; /* "" when none */
    const char *baseline_reason;
    const char *match_level;
    unsigned match_score;
    unsigned match_possible;
    const char *registry_digest;
    const char *policy_digest;
    const char *engine_version;
    const char *comparable; /* run ids, one per line */
    const char *json;       /* canonical decision */
    size_t json_len;
    const char *digest; /* SHA-256 of json */
    hb_time decided_at;
} hb_decision_row;

/* Decisions are kept, never replaced; an identical one (same run, same digest) is not added again.
 */
HB_CHECKED hb_status hb_store_add_decision(hb_store *s, const hb_decision_row *row, hb_error *err);
HB_CHECKED hb_status hb_store_latest_decision(hb_store *s, const char *run_id, hb_arena *arena,
                                              hb_decision_row *ret_row, bool *ret_found,
                                              hb_error *err);

#endif
