/* SPDX-License-Identifier: Apache-2.0 */
/* Beginnings: what the stream was at some positions of the journal, so that a window can be made
 * again from the records that follow one, by whoever has nothing else. Kept are those that windows
 * which are still open may need; a function of the records. Inside daemon/. docs/evidence.md
 *
 *     hb_begins_note(&b, &feed, position, err)      after each record, all windows taken
 *     hb_begins_find(&b, def, start)                  for a window that closed
 *
 * At most HB_BEGINS_MAX and HB_BEGINS_BYTES: beyond that those go that lie closest together, seen
 * from now, and a slice of the journal gets longer for it. */
#ifndef HB_DAEMON_BEGINS_H
#define HB_DAEMON_BEGINS_H

#include "base/wire.h"
#include "source/feed.h"

enum {
    HB_BEGINS_MAX = 48,
    HB_BEGINS_BYTES = 24 << 20,
    HB_BEGIN_BYTES = 6 << 20 /* of one; a larger stream has none */
};

typedef struct hb_begin {
    uint64_t position;
    hb_time mark;                        /* watermark; HB_TIME_NONE = nothing came before */
    hb_time filled[HB_WINDOWS_DEFS_MAX]; /* by definition: hb_windows_filled_to */
    uint64_t hits;                       /* hb_windows_hits, hb_windows_messages */
    uint64_t messages;
    char *p; /* hb_feed_outline */
    size_t n;
} hb_begin;

typedef struct hb_begins {
    hb_begin *list; /* ascending position */
    size_t n;
    size_t n_defs;
    size_t bytes;
    int64_t step;  /* of the watermark between two */
    hb_time tried; /* watermark of the latest attempt */
    bool too_large;
} hb_begins;

/* slide: the shortest of all definitions */
void hb_begins_init(hb_begins *b, size_t n_defs, int64_t slide);
void hb_begins_release(hb_begins *b);
HB_CHECKED hb_status hb_begins_note(hb_begins *b, hb_feed *feed, uint64_t position, hb_error *err);
/* The latest at which the definition's window that starts at `start` held nothing; NULL = none is
 * kept. */
const hb_begin *hb_begins_find(const hb_begins *b, size_t def, hb_time start);
/* The first position that is needed. */
uint64_t hb_begins_first(const hb_begins *b, uint64_t fallback);

void hb_begins_save(const hb_begins *b, hb_buf *out);
HB_CHECKED hb_status hb_begins_restore(hb_begins *b, hb_rd *in, hb_error *err);

#endif
