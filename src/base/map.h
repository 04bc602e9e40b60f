/* SPDX-License-Identifier: Apache-2.0 */
/* Text → number map (open addressing). Keys are borrowed for the life of the map: keep them in an
 * arena or in the object that owns the map. Iteration order is insertion order, so output made from
 * a map is deterministic. Bounded at birth. */
#ifndef HB_BASE_MAP_H
#define HB_BASE_MAP_H

#include "base/error.h"
#include "base/str.h"

typedef struct hb_map_entry {
    hb_str key;
    uint64_t hash;
    size_t value;
} hb_map_entry;

typedef struct hb_map {
    hb_map_entry *entries; /* in insertion order */
    size_t n;
    size_t cap;
    uint64_t *slots; /* high half of the hash, and entry index + 1 below it; 0 = free */
    size_t n_slots;  /* a power of two */
    size_t max;
} hb_map;

void hb_map_init(hb_map *m, size_t max_entries);
void hb_map_release(hb_map *m);
/* True and *ret_value (may be NULL) when the key is present. */
bool hb_map_get(const hb_map *m, hb_str key, size_t *ret_value);
/* Adds or replaces. */
HB_CHECKED hb_status hb_map_put(hb_map *m, hb_str key, size_t value, hb_error *err);
/* 64-bit FNV-1a with a final mix; the same on every machine. */
uint64_t hb_hash(hb_str s);

#endif
