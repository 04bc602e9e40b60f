/* SPDX-License-Identifier: Apache-2.0 */
/* The whole log, and the registry's queue beside it: each entry that was placed is where it was
 * placed, nothing of this registry stands in the log that the registry does not know, and the rows
 * that the entries tell of are there. */
#include "audit/inclusion.h"
#include "base/mem.h"
#include "export/audit.h"
#include "export/audit_internal.h"
#include "store/audit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, BATCHES_AT_A_TIME = 1000 };

typedef struct checking {
    hb_store *store;
    hb_audit_log *log;
    hb_audit_walk *walk;
    char ours[64]; /* how an entry of this registry says so */
    bool more;     /* the next row that was placed */
    int64_t leaf;
    hb_str entry;
    hb_audit_checked *ret;
} checking;

static hb_status next(checking *c, hb_error *err)
{
    return hb_audit_walk_next(c->walk, &c->leaf, &c->entry, &c->more, err);
}

/* Logged, and the program ended before it was marked: the next drain does it. */
static hb_status is_unmarked(checking *c, uint64_t index, hb_str entry, hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_log_entry e;
    hb_str waits = {0};
    hb_arena_init(&arena, ARENA_BYTES);
    HB_TRY(hb_log_entry_read(entry, "entry", &arena, &e, err));
    HB_TRY(hb_store_waiting_entry(c->store, e.seq, &arena, &waits, err));
    if (!waits.p || !hb_str_eq(waits, entry)) {
        return HB_FAIL(
            err, HB_E_EVIDENCE,
            "entry %llu of the log is of registry '%s', which does not have it: rows were "
            "taken away, or an older copy of the registry was put in its place",
            (unsigned long long)index, hb_store_path(c->store));
    }
    c->ret->unmarked++;
    return HB_OK;
}

static hb_status one(void *ctx, uint64_t index, hb_str entry, hb_error *err)
{
    checking *c = ctx;
    if (c->more && (uint64_t)c->leaf == index) {
        if (!hb_str_eq(c->entry, entry)) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "entry %llu of the log is not the one registry '%s' placed there",
                           (unsigned long long)index, hb_store_path(c->store));
        }
        c->ret->of_registry++;
        return next(c, err);
    }
    return memmem(entry.p, entry.n, c->ours, strlen(c->ours)) ? is_unmarked(c, index, entry, err)
                                                              : HB_OK;
}

/* --- batches of windows --- */

static hb_status one_batch(checking *c, hb_merkle *m, const hb_audit_row *row, hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    HB_CLEANUP(hb_free_p) hb_hash *leaves = NULL;
    hb_audit_windows w = {.n = 0};
    json_int_t first = 0;
    json_int_t last = 0;
    json_int_t count = 0;
    hb_hash root = {.v = {0}};
    char hex[65] = "";
    json_t *j = json_loadb(row->entry.p, row->entry.n, 0, NULL);
    int bad = json_unpack(j, "{s:{s:I,s:I,s:I}}", "data", "count", &count, "first_key", &first,
                          "last_key", &last);
    json_decref(j);
    hb_arena_init(&arena, ARENA_BYTES);
    if (!bad) {
        HB_TRY(hb_store_windows_of(c->store, first, last, &arena, &w, err));
    }
    if (w.n) {
        HB_TRY(hb_audit_windows_root(m, &w, &leaves, &root, err));
        hb_hash_hex(&root, hex);
    }
    if (bad || w.n != (size_t)count || strcmp(hex, row->subject) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the windows of registry '%s' are not those of entry %lld of the log",
                       hb_store_path(c->store), (long long)row->leaf);
    }
    c->ret->windows += w.n;
    return HB_OK;
}

static hb_status some_batches(checking *c, hb_merkle *m, size_t *ret_n, int64_t *after,
                              hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    const hb_audit_query q = {
        .type = "windows", .placed = true, .after_id = *after, .limit = BATCHES_AT_A_TIME};
    hb_audit_row *rows = NULL;
    hb_arena_init(&arena, ARENA_BYTES);
    HB_TRY(hb_store_list_log(c->store, &q, &arena, &rows, ret_n, err));
    for (size_t i = 0; i < *ret_n; i++) {
        HB_TRY(one_batch(c, m, &rows[i], err));
        *after = rows[i].id;
    }
    return HB_OK;
}

static hb_status all_batches(checking *c, hb_error *err)
{
    hb_merkle *m = NULL;
    int64_t after = 0;
    size_t n = BATCHES_AT_A_TIME;
    HB_TRY(hb_merkle_new(&m, err));
    hb_status status = HB_OK;
    while (status == HB_OK && n == BATCHES_AT_A_TIME) {
        status = some_batches(c, m, &n, &after, err);
    }
    hb_merkle_free(m);
    return status;
}

/* --- together --- */

static hb_status with_registry(checking *c, hb_error *err)
{
    hb_audit_queue q;
    const hb_audit_each each = {.entry = one, .ctx = c};
    HB_TRY(hb_store_log_state(c->store, &q, err));
    c->ret->waiting = q.waiting;
    snprintf(c->ours, sizeof c->ours, "\"registry\":\"%s\"", q.registry);
    HB_TRY(hb_store_walk_log(c->store, &c->walk, err));
    HB_TRY(next(c, err));
    HB_TRY(hb_audit_verify(c->log, &each, err));
    if (c->more) {
        return HB_FAIL(
            err, HB_E_EVIDENCE,
            "the log has %llu entries, and registry '%s' placed one at %lld: the log was "
            "cut, or an older copy was put in its place",
            (unsigned long long)hb_audit_size(c->log), hb_store_path(c->store), (long long)c->leaf);
    }
    HB_TRY(all_batches(c, err));
    return hb_store_log_held(c->store, err);
}

hb_status hb_audit_check(hb_store *store, hb_audit_log *log, hb_audit_checked *ret, hb_error *err)
{
    hb_audit_checked found = {.of_registry = 0};
    checking c = {.store = store, .log = log, .ret = &found};
    if (!store) {
        HB_TRY(hb_audit_verify(log, NULL, err));
        *ret = found;
        return HB_OK;
    }
    hb_status status = with_registry(&c, err);
    hb_audit_walk_close(c.walk);
    if (status == HB_OK) {
        *ret = found;
    }
    return status;
}
