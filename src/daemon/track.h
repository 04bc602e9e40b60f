/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the journal the records of a window begin: per definition, the first position seen in
 * each stretch of `slide`. A function of the records. Inside daemon/. */
#ifndef HB_DAEMON_TRACK_H
#define HB_DAEMON_TRACK_H

#include "base/time.h"
#include "base/wire.h"

enum { HB_TRACK_MAX = 4096 };

typedef struct hb_track_mark {
    int64_t bucket; /* floor(t / slide) */
    uint64_t position;
} hb_track_mark;

typedef struct hb_track {
    int64_t size_ns;
    int64_t slide_ns;
    hb_track_mark *marks; /* ascending bucket */
    size_t n;
    size_t cap;
    hb_time low; /* the bucket of the sample before: nothing to do within it */
    hb_time high;
} hb_track;

void hb_track_init(hb_track *t, int64_t size_ns, int64_t slide_ns);
void hb_track_release(hb_track *t);
HB_CHECKED hb_status hb_track_add(hb_track *t, hb_time at, uint64_t position, hb_error *err);
/* The first position of [start, end); `fallback` when none is known. */
uint64_t hb_track_from(const hb_track *t, hb_time start, hb_time end, uint64_t fallback);
/* The window that starts there is closed: what only it and older ones needed is forgotten. */
void hb_track_closed(hb_track *t, hb_time start);
/* The first position any open window needs; `fallback` when there is none. */
uint64_t hb_track_first(const hb_track *t, uint64_t fallback);

void hb_track_save(const hb_track *t, hb_buf *out);
HB_CHECKED hb_status hb_track_restore(hb_track *t, hb_rd *in, hb_error *err);

#endif
