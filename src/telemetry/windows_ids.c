/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages came before: a ring of 128-bit hashes of (source, id, name of the first sample),
 * the oldest forgotten, with a table of places to look them up. The name is part of it because two
 * senders behind one source may both count from 1; a redelivery has the same names. The samples of
 * one message come one after another, so it is looked up once. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"

#include <string.h>

static inline uint64_t begin(uint64_t seed, size_t n)
{
    return seed ^ n * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t step(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static inline uint64_t end(uint64_t h)
{
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

static inline uint64_t load8(const char *p)
{
    uint64_t x = 0;
    memcpy(&x, p, sizeof x);
    return x;
}

/* One to seven bytes, zeros above them: loads that overlap instead of a copy of some bytes. */
static inline uint64_t load_rest(const char *p, size_t n)
{
    const unsigned char *b = (const unsigned char *)p;
    if (n < 4) {
        return (uint64_t)b[0] | (uint64_t)b[n / 2] << (8 * (n / 2)) |
               (uint64_t)b[n - 1] << (8 * (n - 1));
    }
    uint32_t low = 0;
    uint32_t high = 0;
    memcpy(&low, p, sizeof low);
    memcpy(&high, p + n - 4, sizeof high);
    return low | (uint64_t)high << (8 * (n - 4));
}

/* Eight bytes a step; little-endian on every machine we run on, so stored hashes stay good. */
uint64_t hb_fast_hash(uint64_t seed, hb_str s)
{
    uint64_t h = begin(seed, s.n);
    size_t at = 0;
    for (; s.n - at >= 8; at += 8) {
        h = step(h, load8(s.p + at));
    }
    return end(s.n > at ? step(h, load_rest(s.p + at, s.n - at)) : h);
}

/* hb_fast_hash from both seeds at once: neither step waits for the other's. */
static hb_message_id hash_both(hb_message_id seed, hb_str s)
{
    hb_message_id h = {begin(seed.a, s.n), begin(seed.b, s.n)};
    size_t at = 0;
    for (; s.n - at >= 8; at += 8) {
        uint64_t x = load8(s.p + at);
        h = (hb_message_id){step(h.a, x), step(h.b, x)};
    }
    if (s.n > at) {
        uint64_t x = load_rest(s.p + at, s.n - at);
        h = (hb_message_id){step(h.a, x), step(h.b, x)};
    }
    return (hb_message_id){end(h.a), end(h.b)};
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
    hb_free(ids->hits);
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
    ids->total++;
}

void hb_ids_replace(hb_ids *ids, hb_message_id is, hb_message_id by)
{
    uint32_t at = slot_of(ids, is);
    uint32_t place = place_in(ids->slots[at]);
    vacate(ids, at);
    ids->ring[place] = by;
    ids->slots[slot_of(ids, by)] = entry_of(place, by);
}

void hb_ids_forget_hits(hb_ids *ids, uint64_t before)
{
    size_t n = before <= ids->gone_hits ? 0 : (size_t)(before - ids->gone_hits);
    n = n < ids->n_hits ? n : ids->n_hits;
    if (n) {
        ids->n_hits -= n;
        ids->gone_hits += n;
        memmove(ids->hits, ids->hits + n, ids->n_hits * sizeof *ids->hits);
    }
}

/* Of those that came again the latest are known by name, for whoever reads the records a second
 * time and has not read those before. */
static hb_status note_hit(hb_ids *ids, hb_message_id id, uint32_t place, hb_error *err)
{
    uint32_t back = ids->at > place ? ids->at - place : ids->at + ids->max - place;
    if (ids->n_hits == HB_HITS_MAX) {
        hb_ids_forget_hits(ids, ids->gone_hits + HB_HITS_MAX / 2);
    }
    HB_TRY(HB_GROW(ids->hits, ids->cap_hits, ids->n_hits + 1, HB_HITS_MAX, "messages", err));
    ids->hits[ids->n_hits++] = (hb_id_hit){.ordinal = ids->total - back, .id = id};
    return HB_OK;
}

hb_status hb_ids_known(hb_ids *ids, const hb_live_sample *s, bool *ret_known, hb_error *err)
{
    hb_message_id id = hash_both(hash_both((hb_message_id){1, 2}, s->source), s->id);
    if (ids->in_message && ids->current.a == id.a && s->part > ids->part) {
        ids->part = s->part;
        *ret_known = ids->known;
        return HB_OK;
    }
    hb_message_id named = hash_both(id, s->name);
    ids->current = id;
    ids->part = s->part;
    ids->in_message = true;
    uint64_t entry = ids->slots[slot_of(ids, named)];
    *ret_known = ids->known = entry != 0;
    if (entry) {
        return note_hit(ids, named, place_in(entry), err);
    }
    hb_ids_remember(ids, named);
    return HB_OK;
}
