/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages came before: a ring of 128-bit hashes of (source, id, name of the first sample),
 * the oldest forgotten, with a table of places to look them up. The name is part of it because two
 * senders behind one source may both count from 1; a redelivery has the same names. The samples of
 * one message come one after another, so it is looked up once. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"

#include <string.h>

/* Eight bytes a step; little-endian on every machine we run on, so stored hashes stay good. */
uint64_t hb_fast_hash(uint64_t seed, hb_str s)
{
    uint64_t h = seed ^ s.n * UINT64_C(0x9e3779b97f4a7c15);
    const char *p = s.p;
    for (size_t n = s.n; n; n -= n < 8 ? n : 8) {
        uint64_t x = 0;
        memcpy(&x, p, n < 8 ? n : 8);
        h = (h ^ x) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
        p += n < 8 ? n : 8;
    }
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

hb_status hb_ids_init(hb_ids *ids, uint32_t max, hb_error *err)
{
    uint32_t slots = 16;
    while (slots < 2 * (uint64_t)max) {
        slots *= 2;
    }
    *ids = (hb_ids){.max = max, .n_slots = slots};
    ids->ring = hb_alloc_array(max, sizeof *ids->ring);
    ids->slots = hb_alloc_zero(slots * sizeof *ids->slots);
    if (!ids->ring || !ids->slots) {
        hb_ids_release(ids);
        return HB_NOMEM(err);
    }
    return HB_OK;
}

void hb_ids_release(hb_ids *ids)
{
    hb_free(ids->ring);
    hb_free(ids->slots);
    *ids = (hb_ids){.max = 0};
}

static bool same(hb_message_id x, hb_message_id y)
{
    return x.a == y.a && x.b == y.b;
}

static uint64_t entry_of(uint32_t place, hb_message_id id)
{
    return ((uint64_t)place + 1) << 32 | (uint32_t)id.a;
}

static uint32_t place_in(uint64_t entry)
{
    return (uint32_t)(entry >> 32) - 1;
}

/* The slot that holds the id, or the free one where it would go. The ring is looked at only where
 * the hash is the same: it is large, and what is old in it is in no cache. */
static uint32_t slot_of(const hb_ids *ids, hb_message_id id)
{
    uint32_t mask = ids->n_slots - 1;
    uint32_t at = (uint32_t)id.a & mask;
    for (;; at = (at + 1) & mask) {
        uint64_t entry = ids->slots[at];
        bool alike = (uint32_t)entry == (uint32_t)id.a;
        if (!entry || (alike && same(ids->ring[place_in(entry)], id))) {
            return at;
        }
    }
}

/* Takes a slot out of its chain: what follows moves up, so that no mark of deletion is needed. */
static void vacate(hb_ids *ids, uint32_t at)
{
    uint32_t mask = ids->n_slots - 1;
    uint32_t hole = at;
    for (uint32_t i = (at + 1) & mask; ids->slots[i]; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)ids->slots[i] & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            ids->slots[hole] = ids->slots[i];
            hole = i;
        }
    }
    ids->slots[hole] = 0;
}

bool hb_ids_has(const hb_ids *ids, hb_message_id id)
{
    return ids->slots[slot_of(ids, id)] != 0;
}

/* Slots of what is forgotten soon are fetched while there is other work. */
static void fetch_ahead(const hb_ids *ids)
{
    enum { AHEAD = 8 };
    uint32_t at = ids->at + AHEAD < ids->max ? ids->at + AHEAD : 0;
    __builtin_prefetch(&ids->slots[(uint32_t)ids->ring[at].a & (ids->n_slots - 1)], 1);
}

void hb_ids_remember(hb_ids *ids, hb_message_id id)
{
    if (ids->n == ids->max) {
        vacate(ids, slot_of(ids, ids->ring[ids->at]));
        fetch_ahead(ids);
    } else {
        ids->n++;
    }
    ids->ring[ids->at] = id;
    ids->slots[slot_of(ids, id)] = entry_of(ids->at, id);
    ids->at = ids->at + 1 == ids->max ? 0 : ids->at + 1;
}

bool hb_ids_known(hb_ids *ids, const hb_live_sample *s)
{
    hb_message_id id = {hb_fast_hash(hb_fast_hash(1, s->source), s->id), 0};
    if (ids->in_message && ids->current.a == id.a && s->part > ids->part) {
        ids->part = s->part;
        return ids->known;
    }
    id.b = hb_fast_hash(hb_fast_hash(2, s->source), s->id);
    hb_message_id named = {hb_fast_hash(id.a, s->name), hb_fast_hash(id.b, s->name)};
    ids->current = id;
    ids->part = s->part;
    ids->in_message = true;
    ids->known = hb_ids_has(ids, named);
    if (!ids->known) {
        hb_ids_remember(ids, named);
    }
    return ids->known;
}
