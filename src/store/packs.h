/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence packs that are to be made of decisions without anybody asking, and those that were
 * (evidence_packs, docs/formats/registry.md). A pack is wanted in the transaction of its decision,
 * so that no crash between the two loses it; whoever makes packs asks what is waiting.
 *
 *     hb_live_begin … hb_store_add_decision … hb_pack_want … hb_live_end
 *     hb_packs_list(waiting) → export → hb_pack_made, or hb_pack_failed and again later
 *     hb_packs_list(made) beyond a cap → hb_pack_gone
 */
#ifndef HB_STORE_PACKS_H
#define HB_STORE_PACKS_H

#include "base/arena.h"
#include "store/store.h"

typedef struct hb_packs_row { /* strings in the caller's arena */
    int64_t id;
    const char *run_id;
    const char *decision; /* SHA-256 */
    const char *stream;   /* the daemon's that judged it; "" = not a window */
    const char *state;    /* "wanted", "made", "gone" */
    unsigned attempts;
    const char *error; /* of the last attempt; why it is gone; "" = none */
    const char *path;  /* "" while there is none */
    const char *manifest_sha256;
    uint64_t bytes;
    hb_time wanted;
    hb_time next; /* not before */
    hb_time made; /* HB_TIME_NONE = not yet */
} hb_packs_row;

/* A second time for the same run and decision changes nothing of a daemon's packs; one that a
 * command wanted (stream "") is wanted again: a pack that is there is then taken as it is, one that
 * is gone is made anew. HB_E_STORE when there is no such run. Within the caller's transaction, or
 * one of its own. */
HB_CHECKED hb_status hb_pack_want(hb_store *s, const char *run_id, const char *decision,
                                  const char *stream, hb_time at, hb_error *err);

typedef struct hb_packs_query { /* NULL = any */
    const char *stream;
    const char *state;
    const char *run_id;
    hb_time due;  /* wanted not later than; HB_TIME_NONE = any */
    size_t limit; /* 0 = 1000 */
} hb_packs_query;

/* Oldest first. */
HB_CHECKED hb_status hb_packs_list(hb_store *s, const hb_packs_query *q, hb_arena *arena,
                                   hb_packs_row **ret_rows, size_t *ret_n, hb_error *err);

typedef struct hb_packs_sums {
    uint64_t wanted;
    uint64_t made;
    uint64_t gone;
    uint64_t bytes; /* of those made */
} hb_packs_sums;

/* stream NULL = any */
HB_CHECKED hb_status hb_packs_sum(hb_store *s, const char *stream, hb_packs_sums *ret,
                                  hb_error *err);

HB_CHECKED hb_status hb_pack_made(hb_store *s, int64_t id, const char *path,
                                  const char *manifest_sha256, uint64_t bytes, hb_time at,
                                  hb_error *err);
HB_CHECKED hb_status hb_pack_failed(hb_store *s, int64_t id, const char *why, hb_time next,
                                    hb_error *err);
/* What waited for another try waits no longer: the program that had failed is another one now. */
HB_CHECKED hb_status hb_packs_try_now(hb_store *s, const char *stream, hb_error *err);
/* Taken away, or never to be made. */
HB_CHECKED hb_status hb_pack_gone(hb_store *s, int64_t id, const char *why, hb_error *err);

/* 32 random bytes of this registry, made the first time they are asked for: salts of what packs
 * commit to follow from them. Who may read the registry may know them, since it holds all that they
 * keep from others. */
enum { HB_PACK_SECRET_BYTES = 32 };
HB_CHECKED hb_status hb_store_pack_secret(hb_store *s, uint8_t ret[HB_PACK_SECRET_BYTES],
                                          hb_error *err);

#endif
