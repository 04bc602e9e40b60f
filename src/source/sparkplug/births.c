/* SPDX-License-Identifier: Apache-2.0 */
/* Saved: u32 version, u32 parts; of each: key, u8 flags (1 born, 2 counts, 4 has session), u8 seq,
 * u64 session, u32 metrics; of each: name, unit, u8 has alias, u64 alias, u32 datatype. Texts are a
 * u16 length and bytes. In the order they were first seen. */
#include "source/sparkplug/births.h"

#include "base/mem.h"
#include "base/wire.h"

#include <string.h>

enum { SAVED_VERSION = 1, PART_ARENA_BYTES = 256 << 20 };

struct hb_births {
    hb_birth_part **parts;
    size_t n;
    size_t cap;
    size_t metrics; /* of all parts */
    hb_map by_key;
};

static void part_release(hb_birth_part *p)
{
    hb_arena_release(&p->arena);
    hb_map_release(&p->by_name);
    hb_map_release(&p->by_alias);
    hb_free(p->metrics);
    p->metrics = NULL;
    p->n = p->cap = 0;
}

static void part_init(hb_birth_part *p)
{
    hb_arena_init(&p->arena, PART_ARENA_BYTES);
    hb_map_init(&p->by_name, HB_BIRTHS_METRICS_MAX);
    hb_map_init(&p->by_alias, HB_BIRTHS_METRICS_MAX);
}

static void births_init(hb_births *b)
{
    *b = (hb_births){.n = 0};
    hb_map_init(&b->by_key, HB_BIRTHS_PARTS_MAX);
}

static void births_release(hb_births *b)
{
    for (size_t i = 0; i < b->n; i++) {
        part_release(b->parts[i]);
        hb_free(b->parts[i]);
    }
    hb_free(b->parts);
    hb_map_release(&b->by_key);
}

hb_status hb_births_new(hb_births **ret_births, hb_error *err)
{
    hb_births *b = hb_alloc(sizeof *b);
    if (!b) {
        return HB_NOMEM(err);
    }
    births_init(b);
    *ret_births = b;
    return HB_OK;
}

void hb_births_free(hb_births *b)
{
    if (b) {
        births_release(b);
        hb_free(b);
    }
}

hb_birth_part *hb_births_find(const hb_births *b, hb_str key)
{
    size_t at = 0;
    return hb_map_get(&b->by_key, key, &at) ? b->parts[at] : NULL;
}

/* A part and its key in one allocation. */
static hb_birth_part *part_new(hb_str key)
{
    hb_birth_part *p = hb_alloc_zero(sizeof *p + key.n + 1);
    if (p) {
        char *copy = (char *)(p + 1);
        memcpy(copy, key.p, key.n);
        p->key = (hb_str){copy, key.n};
        part_init(p);
    }
    return p;
}

hb_status hb_births_part(hb_births *b, hb_str key, hb_birth_part **ret_part, hb_error *err)
{
    hb_birth_part *p = hb_births_find(b, key);
    if (!p) {
        HB_TRY(HB_GROW(b->parts, b->cap, b->n + 1, HB_BIRTHS_PARTS_MAX,
                       "Sparkplug nodes and devices", err));
        p = part_new(key);
        if (!p) {
            return HB_NOMEM(err);
        }
        hb_status status = hb_map_put(&b->by_key, p->key, b->n, err);
        if (status != HB_OK) {
            part_release(p);
            hb_free(p);
            return status;
        }
        b->parts[b->n++] = p;
    }
    *ret_part = p;
    return HB_OK;
}

void hb_births_clear(hb_births *b, hb_birth_part *part)
{
    b->metrics -= part->n;
    part_release(part);
    part_init(part);
    part->born = false;
}

void hb_births_clear_devices(hb_births *b, hb_str node)
{
    for (size_t i = 0; i < b->n; i++) {
        hb_birth_part *p = b->parts[i];
        if (p->key.n > node.n && memcmp(p->key.p, node.p, node.n) == 0 && p->key.p[node.n] == '/') {
            hb_births_clear(b, p);
        }
    }
}

static bool keep(hb_birth_part *part, hb_str *io)
{
    char *copy = hb_arena_str(&part->arena, *io);
    *io = (hb_str){copy ? copy : "", copy ? io->n : 0};
    return copy;
}

static hb_status index_alias(hb_birth_part *part, uint64_t alias, size_t at, hb_error *err)
{
    size_t other = 0;
    unsigned char *key = hb_arena_alloc(&part->arena, sizeof alias);
    /* One alias, one metric: the last that claims it, so that what is saved says all. */
    if (hb_map_get(&part->by_alias, (hb_str){(const char *)&alias, sizeof alias}, &other) &&
        other != at && part->metrics[other].alias == alias) {
        part->metrics[other].has_alias = false;
    }
    if (!key) {
        return HB_NOMEM(err);
    }
    memcpy(key, &alias, sizeof alias);
    return hb_map_put(&part->by_alias, (hb_str){(const char *)key, sizeof alias}, at, err);
}

hb_status hb_births_add(hb_births *b, hb_birth_part *part, const hb_birth_metric *metric,
                        hb_error *err)
{
    hb_birth_metric m = *metric;
    size_t at = 0;
    bool known = hb_map_get(&part->by_name, m.name, &at);
    if (!known && b->metrics >= HB_BIRTHS_METRICS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %d Sparkplug metrics", HB_BIRTHS_METRICS_MAX);
    }
    if (!keep(part, &m.name) || !keep(part, &m.unit)) {
        return HB_NOMEM(err);
    }
    if (!known) {
        at = part->n;
        HB_TRY(HB_GROW(part->metrics, part->cap, at + 1, HB_BIRTHS_METRICS_MAX, "metrics", err));
        HB_TRY(hb_map_put(&part->by_name, m.name, at, err));
        part->metrics[at] = m;
        part->n++;
        b->metrics++;
    } else {
        m.name = part->metrics[at].name;
        part->metrics[at] = m;
    }
    return m.has_alias ? index_alias(part, m.alias, at, err) : HB_OK;
}

const hb_birth_metric *hb_birth_by_name(const hb_birth_part *part, hb_str name)
{
    size_t at = 0;
    return hb_map_get(&part->by_name, name, &at) ? &part->metrics[at] : NULL;
}

const hb_birth_metric *hb_birth_by_alias(const hb_birth_part *part, uint64_t alias)
{
    size_t at = 0;
    char key[sizeof alias];
    memcpy(key, &alias, sizeof alias);
    bool found = hb_map_get(&part->by_alias, (hb_str){key, sizeof key}, &at);
    const hb_birth_metric *m = found ? &part->metrics[at] : NULL;
    return m && m->has_alias && m->alias == alias ? m : NULL;
}

static void save_text(hb_buf *out, hb_str s)
{
    hb_wire_put_u16(out, (uint16_t)s.n);
    hb_buf_str(out, s);
}

hb_status hb_births_save(const hb_births *b, hb_buf *out, hb_error *err)
{
    hb_wire_put_u32(out, SAVED_VERSION);
    hb_wire_put_u32(out, (uint32_t)b->n);
    for (size_t i = 0; i < b->n; i++) {
        const hb_birth_part *p = b->parts[i];
        save_text(out, p->key);
        hb_buf_ch(out, (char)((p->born ? 1 : 0) | (p->counts ? 2 : 0) | (p->has_session ? 4 : 0)));
        hb_buf_ch(out, (char)p->seq);
        hb_wire_put_u64(out, p->session);
        hb_wire_put_u32(out, (uint32_t)p->n);
        for (size_t k = 0; k < p->n; k++) {
            const hb_birth_metric *m = &p->metrics[k];
            save_text(out, m->name);
            save_text(out, m->unit);
            hb_buf_ch(out, m->has_alias ? 1 : 0);
            hb_wire_put_u64(out, m->alias);
            hb_wire_put_u32(out, m->datatype);
        }
    }
    return hb_buf_check(out, err);
}

static uint8_t load_u8(hb_rd *r)
{
    uint8_t v = 0;
    hb_rd_bytes(r, &v, 1);
    return v;
}

static hb_str load_text(hb_rd *r, size_t max, char *room)
{
    size_t n = hb_rd_u16(r);
    if (n > max) {
        r->failed = true;
        n = 0;
    }
    hb_rd_bytes(r, room, n);
    return (hb_str){room, r->failed ? 0 : n};
}

static hb_status damaged(hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "the saved Sparkplug births are damaged");
}

static hb_status load_metrics(hb_births *b, hb_birth_part *part, uint32_t n, hb_rd *r,
                              hb_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        char name[HB_BIRTHS_TEXT_MAX];
        char unit[HB_BIRTHS_TEXT_MAX];
        hb_birth_metric m = {.name = load_text(r, sizeof name, name),
                             .unit = load_text(r, sizeof unit, unit)};
        m.has_alias = load_u8(r) != 0;
        m.alias = hb_rd_u64(r);
        m.datatype = hb_rd_u32(r);
        if (r->failed || hb_birth_by_name(part, m.name)) {
            return damaged(err);
        }
        HB_TRY(hb_births_add(b, part, &m, err));
    }
    return HB_OK;
}

static hb_status load_part(hb_births *b, hb_rd *r, hb_error *err)
{
    char room[HB_BIRTHS_KEY_MAX];
    hb_birth_part *part = NULL;
    hb_str key = load_text(r, sizeof room, room);
    uint8_t flags = load_u8(r);
    uint8_t seq = load_u8(r);
    uint64_t session = hb_rd_u64(r);
    uint32_t n = hb_rd_u32(r);
    if (r->failed || flags > 7 || hb_births_find(b, key)) {
        return damaged(err);
    }
    HB_TRY(hb_births_part(b, key, &part, err));
    part->born = flags & 1;
    part->counts = flags & 2;
    part->has_session = flags & 4;
    part->seq = seq;
    part->session = session;
    return load_metrics(b, part, n, r, err);
}

hb_status hb_births_load(hb_births *b, const void *p, size_t n, hb_error *err)
{
    hb_births fresh;
    hb_rd r = hb_rd_of(p, n);
    uint32_t version = hb_rd_u32(&r);
    uint32_t parts = hb_rd_u32(&r);
    if (r.failed || version != SAVED_VERSION) {
        return damaged(err);
    }
    births_init(&fresh);
    hb_status status = HB_OK;
    for (uint32_t i = 0; i < parts && status == HB_OK; i++) {
        status = load_part(&fresh, &r, err);
    }
    if (status == HB_OK && hb_rd_left(&r)) {
        status = damaged(err);
    }
    if (status != HB_OK) {
        births_release(&fresh);
        return status;
    }
    births_release(b);
    *b = fresh;
    return HB_OK;
}
