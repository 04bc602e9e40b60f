/* SPDX-License-Identifier: Apache-2.0 */
#include "export/audit.h"

#include "audit/inclusion.h"
#include "base/mem.h"
#include "export/audit_internal.h"
#include "store/audit.h"

#include <string.h>

enum { ROWS_AT_A_TIME = 500, WINDOWS_AT_A_TIME = 65536, ARENA_BYTES = 64 << 20 };

/* --- batches of windows --- */

hb_status hb_audit_windows_root(hb_merkle *m, const hb_audit_windows *w, hb_hash **ret_leaves,
                                hb_hash *ret_root, hb_error *err)
{
    HB_CLEANUP(hb_free_p) hb_hash *leaves = hb_alloc_array(w->n, sizeof *leaves);
    if (!leaves) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < w->n; i++) {
        hb_hash digest;
        if (!hb_hash_from_hex(hb_str_of(w->digests[i]), &digest)) {
            return HB_FAIL(err, HB_E_STORE, "the digest of a window is none: '%.64s'",
                           w->digests[i]);
        }
        HB_TRY(hb_merkle_leaf(m, digest.v, sizeof digest.v, &leaves[i], err));
    }
    HB_TRY(hb_merkle_root(m, leaves, w->n, ret_root, err));
    *ret_leaves = HB_TAKE(leaves);
    return HB_OK;
}

static hb_status log_one_batch(hb_store *store, hb_merkle *m, hb_time now, bool *ret_more,
                               hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    HB_CLEANUP(hb_free_p) hb_hash *leaves = NULL;
    hb_audit_windows w = {.n = 0};
    hb_hash root;
    char hex[65];
    hb_arena_init(&arena, ARENA_BYTES);
    HB_TRY(hb_store_windows_to_log(store, WINDOWS_AT_A_TIME, &arena, &w, err));
    *ret_more = w.n == WINDOWS_AT_A_TIME;
    if (w.n == 0) {
        return HB_OK;
    }
    HB_TRY(hb_audit_windows_root(m, &w, &leaves, &root, err));
    hb_hash_hex(&root, hex);
    return hb_store_log_windows(store, &w, hex, now, err);
}

static hb_status log_windows(const hb_os *os, hb_store *store, hb_error *err)
{
    hb_merkle *m = NULL;
    bool more = true;
    HB_TRY(hb_merkle_new(&m, err));
    hb_status status = HB_OK;
    while (status == HB_OK && more) {
        status = log_one_batch(store, m, os->now(), &more, err);
    }
    hb_merkle_free(m);
    return status;
}

/* --- draining --- */

static void close_log(hb_audit_log **log)
{
    hb_audit_close(*log);
}

/* The log the registry knows: as long as it, and the last entry that was placed is there. */
static hb_status is_the_log(hb_store *store, hb_audit_log *log, const hb_audit_queue *q,
                            hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf there;
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_str entry = {0};
    hb_buf_init(&there, HB_AUDIT_ENTRY_MAX);
    hb_arena_init(&arena, ARENA_BYTES);
    if (q->last_leaf < 0) {
        return HB_OK;
    }
    if ((uint64_t)q->last_leaf >= hb_audit_size(log)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log '%s' has %llu entries, and registry '%s' knows of entry %lld: the "
                       "log was cut or replaced; see 'hb audit verify'",
                       hb_audit_origin(log), (unsigned long long)hb_audit_size(log),
                       hb_store_path(store), (long long)q->last_leaf);
    }
    HB_TRY(hb_store_placed_entry(store, (uint64_t)q->last_leaf, &arena, &entry, err));
    HB_TRY(hb_audit_entry(log, (uint64_t)q->last_leaf, &there, err));
    return hb_str_eq(entry, (hb_str){there.p, there.n})
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "entry %lld of the log '%s' is not the one registry '%s' knows: the log "
                         "was replaced; see 'hb audit verify'",
                         (long long)q->last_leaf, hb_audit_origin(log), hb_store_path(store));
}

/* An entry at the end of the log that waits in the queue: it was logged, and the program ended
 * before it was marked. Those of other registries, and those a restored registry has lost, are
 * none of ours. */
static hb_status recognise(hb_store *store, const hb_audit_queue *q, uint64_t index, hb_str entry,
                           hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_log_entry e;
    hb_str waits = {0};
    hb_arena_init(&arena, ARENA_BYTES);
    hb_error why = {0};
    hb_status status = hb_log_entry_read(entry, "entry", &arena, &e, &why);
    if (status != HB_OK && status != HB_E_INPUT) {
        return HB_FAIL(err, status, "%s", why.msg);
    }
    if (status == HB_E_INPUT || strcmp(e.registry, q->registry) != 0) {
        return HB_OK;
    }
    HB_TRY(hb_store_waiting_entry(store, e.seq, &arena, &waits, err));
    return waits.p && hb_str_eq(waits, entry) ? hb_store_log_placed(store, &e.seq, 1, index, err)
                                              : HB_OK;
}

static hb_status recognise_all(hb_store *store, hb_audit_log *log, const hb_audit_queue *q,
                               hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf entry;
    hb_buf_init(&entry, HB_AUDIT_ENTRY_MAX);
    for (uint64_t i = (uint64_t)(q->last_leaf + 1); i < hb_audit_size(log); i++) {
        HB_TRY(hb_audit_entry(log, i, &entry, err));
        HB_TRY(recognise(store, q, i, (hb_str){entry.p, entry.n}, err));
    }
    return HB_OK;
}

static hb_status append_some(hb_store *store, hb_audit_log *log, uint64_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    const hb_audit_query q = {.waiting = true, .limit = ROWS_AT_A_TIME};
    hb_audit_row *rows = NULL;
    hb_str entries[ROWS_AT_A_TIME];
    int64_t ids[ROWS_AT_A_TIME];
    uint64_t first = 0;
    size_t n = 0;
    hb_arena_init(&arena, ARENA_BYTES);
    HB_TRY(hb_store_list_log(store, &q, &arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        entries[i] = rows[i].entry;
        ids[i] = rows[i].id;
    }
    HB_TRY(hb_audit_append(log, entries, n, &first, err));
    HB_TRY(hb_store_log_placed(store, ids, n, first, err));
    *ret_n = n;
    return HB_OK;
}

static hb_status fill(const hb_os *os, hb_store *store, const char *dir, hb_error *err)
{
    HB_CLEANUP(close_log) hb_audit_log *log = NULL;
    hb_audit_queue q;
    uint64_t n = ROWS_AT_A_TIME;
    HB_TRY(hb_audit_open_write(os, dir, NULL, &log, err));
    HB_TRY(hb_store_log_state(store, &q, err)); /* as it is now that the log is ours */
    HB_TRY(is_the_log(store, log, &q, err));
    HB_TRY(recognise_all(store, log, &q, err));
    while (n == ROWS_AT_A_TIME) {
        HB_TRY(append_some(store, log, &n, err));
    }
    return HB_OK;
}

hb_status hb_audit_drain(const hb_os *os, hb_store *store, const char *dir, hb_audit_drained *ret,
                         hb_error *err)
{
    hb_audit_queue before = {.waiting = 0};
    hb_audit_queue after = {.waiting = 0};
    *ret = (hb_audit_drained){0};
    HB_TRY(log_windows(os, store, err));
    HB_TRY(hb_store_log_state(store, &before, err));
    hb_status status = before.waiting ? fill(os, store, dir, err) : HB_OK;
    if (before.waiting && hb_store_log_state(store, &after, NULL) == HB_OK) {
        ret->placed = after.placed - before.placed;
        ret->waiting = after.waiting;
    }
    return status;
}

/* --- evidence --- */

static hb_status prove_batch(hb_store *store, hb_merkle *m, const char *sha256, int64_t first_key,
                             int64_t last_key, hb_arena *arena, hb_inclusion *in, hb_error *err)
{
    HB_CLEANUP(hb_free_p) hb_hash *leaves = NULL;
    hb_audit_windows w = {.n = 0};
    hb_hash root;
    HB_TRY(hb_store_windows_of(store, first_key, last_key, arena, &w, err));
    size_t at = 0;
    while (at < w.n && strcmp(w.digests[at], sha256) != 0) {
        at++;
    }
    HB_TRY(hb_audit_windows_root(m, &w, &leaves, &root, err));
    HB_TRY(hb_merkle_prove_among(m, leaves, w.n, at, &in->batch, err));
    in->has_batch = true;
    in->batch_index = at;
    in->batch_size = w.n;
    return HB_OK;
}

/* The entry that names the decision, or the one of its batch. */
static hb_status find_entry(hb_store *store, hb_merkle *m, const char *sha256, hb_arena *arena,
                            hb_inclusion *in, int64_t *ret_leaf, hb_error *err)
{
    const hb_audit_query q = {.type = "decision", .subject = sha256, .placed = true, .limit = 1};
    hb_audit_row *rows = NULL;
    size_t n = 0;
    int64_t first_key = 0;
    int64_t last_key = 0;
    int64_t leaf = -1;
    bool found = false;
    HB_TRY(hb_store_list_log(store, &q, arena, &rows, &n, err));
    if (n) {
        *ret_leaf = rows[0].leaf;
        return HB_OK;
    }
    HB_TRY(hb_store_find_batch(store, sha256, &first_key, &last_key, &leaf, &found, err));
    if (found && leaf >= 0) {
        HB_TRY(prove_batch(store, m, sha256, first_key, last_key, arena, in, err));
        *ret_leaf = leaf;
    }
    return HB_OK;
}

static hb_status keep(hb_buf *b, hb_arena *arena, hb_str *ret, hb_error *err)
{
    HB_TRY(hb_buf_check(b, err));
    *ret = (hb_str){hb_arena_strndup(arena, b->p, b->n), b->n};
    hb_buf_clear(b);
    return ret->p ? HB_OK : HB_NOMEM(err);
}

static hb_status write_evidence(hb_audit_log *log, hb_merkle *m, hb_inclusion *in,
                                const char *sha256, hb_arena *arena, hb_audit_evidence *ret,
                                hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf b;
    hb_audit_evidence e = {0};
    hb_included checked;
    hb_buf_init(&b, HB_AUDIT_ENTRY_MAX + 1);
    HB_TRY(hb_audit_entry(log, in->index, &b, err));
    HB_TRY(hb_merkle_leaf(m, b.p, b.n, &in->leaf, err));
    HB_TRY(keep(&b, arena, &e.entry, err));
    HB_TRY(hb_audit_prove(log, in->index, in->size, &in->proof, err));
    HB_TRY(hb_inclusion_write(in, &b, err));
    HB_TRY(keep(&b, arena, &e.inclusion, err));
    HB_TRY(hb_audit_checkpoint(log, &b, err));
    HB_TRY(keep(&b, arena, &e.checkpoint, err));
    const hb_inclusion_texts t = {
        .entry = e.entry, .inclusion = e.inclusion, .checkpoint = e.checkpoint};
    HB_TRY(hb_inclusion_check(&t, hb_audit_key(log), sha256, arena, &checked, err));
    *ret = e;
    return HB_OK;
}

hb_status hb_audit_evidence_at(hb_audit_log *log, uint64_t index, hb_arena *arena,
                               hb_audit_evidence *ret, hb_error *err)
{
    hb_inclusion in = {.index = index, .size = hb_audit_size(log)};
    hb_merkle *m = NULL;
    HB_TRY(hb_merkle_new(&m, err));
    hb_status status = write_evidence(log, m, &in, NULL, arena, ret, err);
    hb_merkle_free(m);
    return status;
}

static hb_status evidence_of(hb_store *store, hb_audit_log *log, hb_merkle *m, const char *sha256,
                             hb_arena *arena, hb_audit_evidence *ret, bool *ret_found,
                             hb_error *err)
{
    hb_inclusion in = {.size = hb_audit_size(log)};
    int64_t leaf = -1;
    HB_TRY(find_entry(store, m, sha256, arena, &in, &leaf, err));
    *ret_found = leaf >= 0;
    if (leaf < 0) {
        return HB_OK;
    }
    in.index = (uint64_t)leaf;
    if (in.index >= in.size) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log '%s' has %llu entries, and the decision's is number %llu: the log "
                       "was cut or replaced; see 'hb audit verify'",
                       hb_audit_origin(log), (unsigned long long)in.size,
                       (unsigned long long)in.index);
    }
    return write_evidence(log, m, &in, sha256, arena, ret, err);
}

hb_status hb_audit_evidence_of(hb_store *store, hb_audit_log *log, const char *decision_sha256,
                               hb_arena *arena, hb_audit_evidence *ret, bool *ret_found,
                               hb_error *err)
{
    hb_merkle *m = NULL;
    bool found = false;
    HB_TRY(hb_merkle_new(&m, err));
    hb_status status = evidence_of(store, log, m, decision_sha256, arena, ret, &found, err);
    hb_merkle_free(m);
    if (status == HB_OK) {
        *ret_found = found;
    }
    return status;
}
