/* SPDX-License-Identifier: Apache-2.0 */
/* Between the registry's queue and the lab's log. docs/formats/audit_log.md
 *
 *     hb_audit_drain(os, store, dir, &drained, err)    after every command that wrote, and by the
 *                                                      daemon; what fails waits for the next time
 *     hb_audit_evidence_of(...)                        a decision's entry, proof and checkpoint */
#ifndef HB_EXPORT_AUDIT_H
#define HB_EXPORT_AUDIT_H

#include "audit/log.h"
#include "store/store.h"

typedef struct hb_audit_drained {
    uint64_t placed;  /* entries that stand in the log since this call */
    uint64_t waiting; /* still in the queue */
} hb_audit_drained;

/* Puts what waits in the queue into the log in `dir` (made when missing and something waits), and
 * before that the daemon's PASS windows since the last time as one entry. Safe at any place: an
 * entry that was logged and not marked so is found again, none is logged twice. `store` open for
 * writing. *ret is set also on failure. */
HB_CHECKED hb_status hb_audit_drain(const hb_os *os, hb_store *store, const char *dir,
                                    hb_audit_drained *ret, hb_error *err);

typedef struct hb_audit_checked {
    uint64_t of_registry; /* entries of this registry, where it placed them */
    uint64_t unmarked;    /* in the log, and not marked so: the next drain does it */
    uint64_t waiting;
    uint64_t windows; /* of the daemon, in batches */
} hb_audit_checked;

/* The whole log (hb_audit_verify), and with a registry (NULL = none) that what it placed is there
 * and nothing else of its own, and that batches are of the windows it has. */
HB_CHECKED hb_status hb_audit_check(hb_store *store, hb_audit_log *log, hb_audit_checked *ret,
                                    hb_error *err);

typedef struct hb_audit_evidence { /* texts in the arena */
    hb_str entry;                  /* log/entry.json */
    hb_str inclusion;              /* log/inclusion.json */
    hb_str checkpoint;             /* log/checkpoint */
} hb_audit_evidence;

/* *ret_found = false: the decision is in no entry, or its entry waits. The three are checked
 * (audit/inclusion.h) before they are given out. */
HB_CHECKED hb_status hb_audit_evidence_of(hb_store *store, hb_audit_log *log,
                                          const char *decision_sha256, hb_arena *arena,
                                          hb_audit_evidence *ret, bool *ret_found, hb_error *err);
/* The same for the entry at a place of the log, whatever it is about. */
HB_CHECKED hb_status hb_audit_evidence_at(hb_audit_log *log, uint64_t index, hb_arena *arena,
                                          hb_audit_evidence *ret, hb_error *err);

#endif
