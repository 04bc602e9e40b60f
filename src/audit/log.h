/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's log: append-only, a Merkle tree over plain files in the layout of C2SP tlog-tiles, so
 * that any tool for that layout reads it. docs/formats/audit_log.md
 *
 * An entry is canonical JSON (members of docs/formats/audit_log.md), at most HB_AUDIT_ENTRY_MAX
 * bytes. Entries come through the queue of the registry (store/audit.h), written in the transaction
 * they tell of, and are drained into the log: hb_audit_drain. The log is locked while it is written
 * to (one writer at a time, others wait, bounded). After a crash it holds a whole number of
 * entries, and the checkpoint is one it had. */
#ifndef HB_AUDIT_LOG_H
#define HB_AUDIT_LOG_H

#include "audit/note.h"
#include "os/file.h"

enum { HB_AUDIT_ENTRY_MAX = 65535 };

typedef struct hb_audit_log hb_audit_log;

/* `dir`: folder of the log. For writing it is made when missing, with `origin` (its name in
 * checkpoints; NULL = "hb/" and 16 random hexadecimal digits; of a log that is there another name
 * is an error) and a key of its own in dir/key.pem (mode 0600), and it is locked until it is closed
 * (HB_E_IO when another process holds it for more than HB_AUDIT_WAIT_MS). HB_E_EVIDENCE when what
 * is there contradicts itself (signature, size, root, key), HB_E_INPUT when there is no log to
 * read. */
enum { HB_AUDIT_WAIT_MS = 10000 };

HB_CHECKED hb_status hb_audit_open_write(const hb_os *os, const char *dir, const char *origin,
                                         hb_audit_log **ret_log, hb_error *err);
HB_CHECKED hb_status hb_audit_open_read(const hb_os *os, const char *dir, hb_audit_log **ret_log,
                                        hb_error *err);
void hb_audit_close(hb_audit_log *log);
uint64_t hb_audit_size(const hb_audit_log *log);
const char *hb_audit_origin(const hb_audit_log *log);
const hb_pubkey *hb_audit_key(const hb_audit_log *log);

/* Is there one? */
bool hb_audit_exists(const hb_os *os, const char *dir);

/* Appends them all, syncs, and signs one checkpoint; cost grows with n and the logarithm of the
 * size. *ret_first = index of the first. After a failure the entries may be in the log or not: this
 * handle appends no more, and one that is opened anew knows. HB_E_LIMIT for an entry that is empty
 * or too long (nothing is written). */
HB_CHECKED hb_status hb_audit_append(hb_audit_log *log, const hb_str *entries, size_t n,
                                     uint64_t *ret_first, hb_error *err);
HB_CHECKED hb_status hb_audit_entry(hb_audit_log *log, uint64_t index, hb_buf *out, hb_error *err);
/* The newest checkpoint's text. */
HB_CHECKED hb_status hb_audit_checkpoint(hb_audit_log *log, hb_buf *out, hb_error *err);
/* Root of the first `size` entries (<= hb_audit_size). */
HB_CHECKED hb_status hb_audit_root(hb_audit_log *log, uint64_t size, hb_hash *ret, hb_error *err);
/* For the tree of `size` entries (<= hb_audit_size). */
HB_CHECKED hb_status hb_audit_prove(hb_audit_log *log, uint64_t index, uint64_t size, hb_proof *ret,
                                    hb_error *err);
HB_CHECKED hb_status hb_audit_prove_consistency(hb_audit_log *log, uint64_t old_size, uint64_t size,
                                                hb_proof *ret, hb_error *err);

/* Everything: each entry against its hash, each hash against the tiles, the root against the
 * checkpoint. `each` (may be NULL) sees every entry in order, after its tile was found right.
 * HB_E_EVIDENCE names the first file that does not hold. */
typedef struct hb_audit_each {
    hb_status (*entry)(void *ctx, uint64_t index, hb_str entry, hb_error *err);
    void *ctx;
} hb_audit_each;

HB_CHECKED hb_status hb_audit_verify(hb_audit_log *log, const hb_audit_each *each, hb_error *err);

#endif
