/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded random numbers for permutations and simulations: counter-based (SplitMix64 of Steele, Lea,
 * Flood 2014), so the k-th number of a seed is the same everywhere. Never for secrets. */
#ifndef HB_STATS_RANDOM_H
#define HB_STATS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct hb_random {
    uint64_t state;
} hb_random;

/* Streams of different (seed, stream) are independent for our purposes. */
hb_random hb_random_of(uint64_t seed, uint64_t stream);
uint64_t hb_random_u64(hb_random *r);
uint64_t hb_random_below(hb_random *r, uint64_t n);        /* without bias (Lemire 2019); n >= 1 */
double hb_random_unit(hb_random *r);                       /* in (0, 1), 53 bits */
double hb_random_normal(hb_random *r);                     /* by inversion, hb_normal_quantile */
void hb_random_shuffle(hb_random *r, double *v, size_t n); /* Fisher, Yates */
/* A seed out of bytes, for seeds that belong to a content (FNV-1a then mixed). */
uint64_t hb_random_seed(const void *p, size_t n);

#endif
