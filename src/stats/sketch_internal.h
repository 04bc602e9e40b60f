/* SPDX-License-Identifier: Apache-2.0 */
/* The sketch's inside, shared by sketch.c and its file format, sketch_store.c. */
#ifndef HB_STATS_SKETCH_INTERNAL_H
#define HB_STATS_SKETCH_INTERNAL_H

#include "stats/sketch.h"

enum { HB_SKETCH_K = HB_SKETCH_EXACT, HB_SKETCH_LEVELS = 44 };

typedef struct hb_sketch_level {
    double *v;
    uint32_t n;
    uint32_t cap;
    uint64_t compactions;
} hb_sketch_level;

struct hb_sketch {
    uint64_t n;
    uint64_t moved; /* sum of the weights of all compactions: the proven rank error */
    hb_sketch_level level[HB_SKETCH_LEVELS];
    double *scratch; /* 2 k, made at the first compaction */
};

#endif
