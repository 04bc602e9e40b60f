/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/mem.h"

uint64_t hb_hash(hb_str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    }
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 33;
}

void hb_map_init(hb_map *m, size_t max_entries)
{
    *m = (hb_map){.max = max_entries};
}

void hb_map_release(hb_map *m)
{
    hb_free(m->entries);
    hb_free(m->slots);
    *m = (hb_map){.max = m->max};
}

static uint64_t high_half(uint64_t hash)
{
    return hash >> 32 << 32;
}

static hb_map_entry *entry_of(const hb_map *m, uint64_t slot)
{
    return &m->entries[(uint32_t)slot - 1];
}

/* The slot that holds the key, or the free one where it would go. An entry is looked at only when
 * half its hash agrees: of a large map each look is a wait for memory. */
static size_t find_slot(const hb_map *m, hb_str key, uint64_t hash)
{
    size_t mask = m->n_slots - 1;
    size_t at = (size_t)hash & mask;
    while (m->slots[at]) {
        if (high_half(m->slots[at]) == high_half(hash) &&
            hb_str_eq(entry_of(m, m->slots[at])->key, key)) {
            break;
        }
        at = (at + 1) & mask;
    }
    return at;
}

bool hb_map_get(const hb_map *m, hb_str key, size_t *ret_value)
{
    if (!m->n) {
        return false;
    }
    size_t at = find_slot(m, key, hb_hash(key));
    if (!m->slots[at]) {
        return false;
    }
    if (ret_value) {
        *ret_value = entry_of(m, m->slots[at])->value;
    }
    return true;
}

static hb_status grow_slots(hb_map *m, hb_error *err)
{
    size_t n_slots = m->n_slots ? m->n_slots * 2 : 16;
    uint64_t *slots = hb_alloc_zero(n_slots * sizeof *slots);
    if (!slots) {
        return HB_NOMEM(err);
    }
    hb_free(m->slots);
    m->slots = slots;
    m->n_slots = n_slots;
    for (size_t i = 0; i < m->n; i++) { /* no two keys are equal */
        uint64_t hash = m->entries[i].hash;
        size_t at = (size_t)hash & (n_slots - 1);
        while (slots[at]) {
            at = (at + 1) & (n_slots - 1);
        }
        slots[at] = high_half(hash) | (i + 1);
    }
    return HB_OK;
}

hb_status hb_map_put(hb_map *m, hb_str key, size_t value, hb_error *err)
{
    if ((m->n + 1) * 2 > m->n_slots) {
        HB_TRY(grow_slots(m, err));
    }
    uint64_t hash = hb_hash(key);
    size_t at = find_slot(m, key, hash);
    if (m->slots[at]) {
        entry_of(m, m->slots[at])->value = value;
        return HB_OK;
    }
    size_t max = m->max < UINT32_MAX ? m->max : UINT32_MAX - 1;
    HB_TRY(HB_GROW(m->entries, m->cap, m->n + 1, max, "names", err));
    m->entries[m->n++] = (hb_map_entry){.key = key, .hash = hash, .value = value};
    m->slots[at] = high_half(hash) | m->n;
    return HB_OK;
}
