/* SPDX-License-Identifier: Apache-2.0 */
/* raw/reading.json: which files the run was read from, which of them are in the pack, why the
 * others are not, and how they were read. docs/formats/evidence_pack.md, section raw/reading.json
 *
 * Strings are the caller's or in the arena. */
#ifndef HB_EVIDENCE_RAW_LIST_H
#define HB_EVIDENCE_RAW_LIST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"

#define HB_PACK_READING "raw/reading.json"
#define HB_PACK_DOCUMENTS "raw/documents/" /* profiles, run_meta, metric registry, by SHA-256 */
#define HB_PACK_SLICE "raw/slice/"
#define HB_PACK_JOURNAL "raw/journal/"
#define HB_PACK_BEGIN "raw/journal/begin.state"

enum { HB_RAW_LIST_MAX = 64 << 20, HB_RAW_FILES_MAX = 10000 };

typedef struct hb_raw_file {
    const char *path;   /* as it was given when it was read */
    const char *name;   /* without folders, as it was */
    const char *member; /* in the pack; "" = it is not in it … */
    const char *why;    /* … because; "" = it is */
    const char *sha256;
    uint64_t bytes;
} hb_raw_file;

/* What of a file lies in the stretch of time that was asked for. */
typedef struct hb_raw_cut {
    const char *member; /* in the pack; "" = nothing … */
    const char *why;    /* … because; "" = it is in it */
    uint64_t rows;
} hb_raw_cut;

/* Of a window: what was received, in the journal's own form. */
typedef struct hb_raw_journal {
    const char *stream;
    const char *window; /* its id */
    uint64_t from;      /* positions of the records in the pack: [from, to) */
    uint64_t to;
    uint64_t records;
    const char *const *members; /* segments, in order */
    size_t n_members;
    const char *how; /* canonical JSON: how they were decoded; "" = unknown */
    const char *why; /* why they are not in the pack; "" = they are */
} hb_raw_journal;

typedef struct hb_raw_list {
    hb_raw_file *files; /* in the order they were read */
    size_t n_files;
    const hb_raw_journal *journal; /* NULL = no window of a stream */
    hb_str reading;                /* as kept in the registry, canonical JSON; empty = none */
    hb_time slice_from; /* only records that arrived from here to … ; HB_TIME_NONE = the whole */
    hb_time slice_to;
    hb_raw_cut *cuts; /* with a slice, one a file; NULL = of a window */
    const char *why;  /* why the run cannot be read again from what is here; "" = it can */
} hb_raw_list;

/* Canonical JSON; replaces what is in out. */
HB_CHECKED hb_status hb_raw_list_json(const hb_raw_list *l, hb_buf *out, hb_error *err);
/* Strictly; HB_E_EVIDENCE with the member that is wrong. */
HB_CHECKED hb_status hb_raw_list_parse(hb_str text, hb_arena *arena, hb_raw_list *ret,
                                       hb_error *err);

#endif
