/* SPDX-License-Identifier: Apache-2.0 */
/* The sketch's inside, shared by sketch.c, sketch_read.c and its file format, sketch_store.c. */
#ifndef HB_STATS_SKETCH_INTERNAL_H
#define HB_STATS_SKETCH_INTERNAL_H

#include "stats/sketch.h"

#include <stdbool.h>

enum { HB_SKETCH_K = HB_SKETCH_EXACT, HB_SKETCH_HALF = HB_SKETCH_K / 2, HB_SKETCH_LEVELS = 44 };

/* Level 43 is the last that is ever used then. */
#define HB_SKETCH_MAX_N (UINT64_C(1) << 53)

struct hb_sketch {
    uint64_t flushes; /* full buffers compacted; its binary digits say which runs are held */
    double *buffer;   /* level 0, in the order of arrival, or ascending once settled */
    size_t n_buffer;  /* at most k; 0 only when the sketch is empty */
    size_t cap_buffer;
    bool settled; /* the buffer is known to be ascending */
    /* Level h > 0: k/2 ascending order images when held, between a 0 and UINT64_MAX (sort.h). */
    uint64_t *run[HB_SKETCH_LEVELS];
};

/* Is there a run on level h > 0? */
static inline bool hb_sketch_holds(const hb_sketch *s, size_t h)
{
    return s->flushes >> (h - 1) & 1;
}

/* The k/2 images of level h, and of any such array. */
static inline uint64_t *hb_sketch_run(const hb_sketch *s, size_t h)
{
    return s->run[h] + 1;
}

enum { HB_SKETCH_RUN = HB_SKETCH_HALF + 2 };

static inline void hb_sketch_fence(uint64_t run[HB_SKETCH_RUN])
{
    run[0] = 0;
    run[HB_SKETCH_RUN - 1] = UINT64_MAX;
}

/* Samples any rank may be off by, after so many flushes. */
uint64_t hb_sketch_moved(uint64_t flushes);

#endif
