/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: runs, profiles, tags, decisions and lineage of one workspace, in one SQLite file
 * (WAL, synchronous=FULL). docs/formats/registry.md has the schema.
 *
 * Safe with several processes: writes are immediate transactions, waits are bounded
 * (HB_STORE_BUSY_MS), a lock that stays is HB_E_STORE with the path. What a call that returned
 * HB_OK wrote survives a crash; a call that failed wrote nothing, and the store can be used on. A
 * file written by a newer version is refused untouched; an older one is migrated in one transaction
 * when opened for writing and refused when opened for reading. CREATE makes the file (mode 0600) in
 * a folder that exists. READ leaves no file behind where the rights allow it to tidy up; in a
 * folder it cannot write to it reads without locks, which is safe while nobody writes. One hb_store
 * belongs to one thread. Ids are checked by the caller (run_meta.h). */
#ifndef HB_STORE_STORE_H
#define HB_STORE_STORE_H

#include "os/os.h"
#include "telemetry/reference.h"
#include "telemetry/run.h"

enum { HB_STORE_SCHEMA = 4, HB_STORE_BUSY_MS = 5000 };

typedef struct hb_store hb_store;

typedef enum hb_store_mode { HB_STORE_READ, HB_STORE_WRITE, HB_STORE_CREATE } hb_store_mode;

HB_CHECKED hb_status hb_store_open(const hb_os *os, const char *path, hb_store_mode mode,
                                   hb_store **ret_store, hb_error *err);
void hb_store_close(hb_store *s);
const char *hb_store_path(const hb_store *s);
/* How long another process's lock is waited for, instead of HB_STORE_BUSY_MS. */
void hb_store_set_busy(hb_store *s, uint32_t ms);
/* HB_E_STORE when the file that is open is no longer the one of that name: what is written to it
 * would be found by nobody. Every write transaction asks this first. */
HB_CHECKED hb_status hb_store_in_place(hb_store *s, hb_error *err);
/* Bytes of the file that hold something; the others are used again before it grows. */
HB_CHECKED hb_status hb_store_used(hb_store *s, uint64_t *ret_bytes, hb_error *err);

/* Adds a run. The same run_id with the same digest is fine (*ret_existed = true, nothing written);
 * with another digest HB_E_STORE. `created` is the time of registration. */
HB_CHECKED hb_status hb_store_add_run(hb_store *s, const hb_run *run, hb_time created,
                                      bool *ret_existed, hb_error *err);
/* The same, with how its files were read (canonical JSON, docs/formats/reading.md), unless that is
 * known already. */
HB_CHECKED hb_status hb_store_add_run_read(hb_store *s, const hb_run *run, hb_str reading,
                                           hb_time created, bool *ret_existed, hb_error *err);
/* The run as it was added, bit for bit (NaN stays NaN). HB_E_STORE when unknown (with the nearest
 * ids) or damaged. Free with hb_run_free. */
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
    hb_time order; /* start, else registration */
    uint64_t n_metrics;
    unsigned score; /* how many of the query's context fields are equal */
} hb_run_row;

typedef struct hb_run_query { /* NULL = any */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *status; /* "" = not analysed */
    const char *run_id;
    const char *except_run_id;
    const char *except_status;
    const char *except_digest;
    /* Only runs before this one in the order of (time, run_id); NULL = all. */
    const char *before_run_id;
    hb_time before;                        /* with before_run_id */
    const char *context[HB_CONTEXT_COUNT]; /* NULL = not looked at; counted in `score` */
    unsigned min_score;
    bool best_score_first; /* before newest first */
    size_t limit;          /* 0 = 1000 */
} hb_run_query;

/* Newest first (start time, else registration; then run_id, descending). */
HB_CHECKED hb_status hb_store_list_runs(hb_store *s, const hb_run_query *q, hb_arena *arena,
                                        hb_run_row **ret_rows, size_t *ret_n, hb_error *err);

typedef struct hb_tag_row {
    const char *tag; /* 1–64 characters */
    /* A tag is set for one test: the same name may point at another run in another test. Filled on
     * reading; on setting they come from the run, and one that is given must agree with it. */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *run_id;
    const char *version; /* baseline version it points at, run_id is then the version's newest run;
                            "" = at the run alone; on setting NULL is "" */
    const char *registry_digest; /* of the metric registry when it was set; "" = unknown */
    const char *set_by;
    const char *note; /* why; "" = nothing said */
    hb_time set_at;
} hb_tag_row;

/* Sets or moves a tag; what it pointed at before stays in the log. With a version run_id is not
 * looked at. HB_E_STORE when run or version are unknown, or the version is retired. */
HB_CHECKED hb_status hb_store_set_tag(hb_store *s, const hb_tag_row *row, hb_error *err);
/* *ret_found = false when there is no such tag for this test. */
HB_CHECKED hb_status hb_store_get_tag(hb_store *s, const char *tag, const char *program,
                                      const char *subsystem, const char *test_name, hb_arena *arena,
                                      hb_tag_row *ret_row, bool *ret_found, hb_error *err);

typedef struct hb_tag_query { /* NULL = any */
    const char *tag;
    const char *program;
    const char *subsystem;
    const char *test_name;
} hb_tag_query;

/* Where every tag points now, by program, subsystem, test and tag. q may be NULL. */
HB_CHECKED hb_status hb_store_list_tags(hb_store *s, const hb_tag_query *q, hb_arena *arena,
                                        hb_tag_row **ret_rows, size_t *ret_n, hb_error *err);
/* Every setting of a tag that ever was, newest first. */
HB_CHECKED hb_status hb_store_tag_history(hb_store *s, const hb_tag_query *q, hb_arena *arena,
                                          hb_tag_row **ret_rows, size_t *ret_n, hb_error *err);

typedef enum hb_suspicion_state {
    HB_SUSPICION_OPEN,
    HB_SUSPICION_CONFIRMED,
    HB_SUSPICION_CLEARED,
    HB_SUSPICION_OPPOSITE, /* the retest moved the other way: closed */
    HB_SUSPICION_WITHDRAWN,
    HB_SUSPICION_STATE_COUNT_
} hb_suspicion_state;

const char *hb_suspicion_state_name(hb_suspicion_state s); /* "open", "confirmed" … */

/* A finding of a decision that waits for a retest; the set it is frozen with is the decision's. */
typedef struct hb_suspicion_raised {
    const char *metric;
    hb_direction direction;
    double step;   /* of the metric in the set; 0 = unknown */
    bool log;      /* it was tested by its logarithms */
    uint32_t days; /* the retest must come within */
} hb_suspicion_raised;

/* What a decision says to a suspicion that an earlier run raised. */
typedef struct hb_suspicion_answer {
    const char *run_id; /* that raised it */
    const char *metric;
    hb_direction direction;
    hb_suspicion_state state; /* CONFIRMED, CLEARED or OPPOSITE */
} hb_suspicion_answer;

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
    const char *reference;  /* run ids the reference is made of, one per line; may be "" */
    const char *comparable; /* run ids, one per line; may be "" */
    const char *set;        /* run ids the run was tested against, oldest first; may be "" */
    const char *with;       /* run ids judged together with it; may be "" */
    const char *version;    /* baseline version it was compared with; "" = none */
    const char *json;       /* canonical decision */
    size_t json_len;
    const char *digest; /* SHA-256 of json */
    hb_time decided_at; /* when it was first made */
    /* Written with it (past.h reads them); not filled on reading. */
    const hb_suspicion_raised *raised;
    size_t n_raised;
    const hb_suspicion_answer *answers;
    size_t n_answers;
    const char *basis; /* canonical JSON (evidence/basis.h): documents.h reads it; NULL = none */
    size_t basis_len;
} hb_decision_row;

/* Decisions are kept, never replaced; an identical one (same run, same digest) is not added again,
 * but becomes the run's latest again. All runs and the version it names must be in the registry.
 * In the same transaction: suspicions it raises are added unless they stand already, those this run
 * raised before and does not raise now are withdrawn, those it answers are closed, and those it had
 * closed and does not answer now are open again. */
HB_CHECKED hb_status hb_store_add_decision(hb_store *s, const hb_decision_row *row, hb_error *err);
HB_CHECKED hb_status hb_store_latest_decision(hb_store *s, const char *run_id, hb_arena *arena,
                                              hb_decision_row *ret_row, bool *ret_found,
                                              hb_error *err);
/* A run's decision by its digest. */
HB_CHECKED hb_status hb_store_get_decision(hb_store *s, const char *run_id, const char *digest,
                                           hb_arena *arena, hb_decision_row *ret_row,
                                           bool *ret_found, hb_error *err);

#endif
