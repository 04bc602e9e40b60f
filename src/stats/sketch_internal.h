/* SPDX-License-Identifier: Apache-2.0 */
/* The sketch's inside, shared by sketch.c, sketch_read.c and its file format, sketch_store.c. */
#ifndef HB_STATS_SKETCH_INTERNAL_H
#define HB_STATS_SKETCH_INTERNAL_H

#include "stats/sketch.h"

enum { HB_SKETCH_K = HB_SKETCH_EXACT, HB_SKETCH_LEVELS = 44 };

/* A full level 43 would hold 2^54. */
#define HB_SKETCH_MAX_N (UINT64_C(1) << 53)

typedef struct hb_sketch_level {
    double *v;    /* level 0 in the order of arrival, the others ascending */
    uint32_t n;   /* level 0: at most k; the others: below k */
    uint32_t cap; /* of v */
    uint64_t compactions;
} hb_sketch_level;

struct hb_sketch {
    uint64_t n; /* sum of level[h].n << h */
    hb_sketch_level level[HB_SKETCH_LEVELS];
};

/* Sum of compactions << level: samples any rank may be off by. */
uint64_t hb_sketch_moved(const hb_sketch *s);

#endif
