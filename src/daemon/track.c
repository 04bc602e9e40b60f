/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/track.h"

#include "base/mem.h"

#include <string.h>

void hb_track_init(hb_track *t, int64_t size_ns, int64_t slide_ns)
{
    *t = (hb_track){.size_ns = size_ns, .slide_ns = slide_ns, .low = 1, .high = 0};
}

void hb_track_release(hb_track *t)
{
    hb_free(t->marks);
    *t = (hb_track){0};
}

static int64_t bucket_of(const hb_track *t, hb_time at)
{
    int64_t b = at / t->slide_ns;
    return at < 0 && b * t->slide_ns != at ? b - 1 : b;
}

/* The two oldest become one, which is about what is needed longest ago. */
static void make_room(hb_track *t)
{
    if (t->marks[1].position < t->marks[0].position) {
        t->marks[0].position = t->marks[1].position;
    }
    t->n--;
    memmove(&t->marks[1], &t->marks[2], (t->n - 1) * sizeof *t->marks);
}

hb_status hb_track_add(hb_track *t, hb_time at, uint64_t position, hb_error *err)
{
    if (at >= t->low && at < t->high) {
        return HB_OK;
    }
    int64_t bucket = bucket_of(t, at);
    size_t i = t->n;
    while (i > 0 && t->marks[i - 1].bucket >= bucket) {
        i--;
    }
    if (i == t->n || t->marks[i].bucket != bucket) {
        HB_TRY(HB_GROW(t->marks, t->cap, t->n + 1, HB_TRACK_MAX + 1, "marks", err));
        memmove(&t->marks[i + 1], &t->marks[i], (t->n - i) * sizeof *t->marks);
        t->marks[i] = (hb_track_mark){.bucket = bucket, .position = position};
        if (++t->n > HB_TRACK_MAX) {
            make_room(t);
        }
    }
    t->low = bucket * t->slide_ns;
    t->high = t->low + t->slide_ns;
    return HB_OK;
}

uint64_t hb_track_from(const hb_track *t, hb_time start, hb_time end, uint64_t fallback)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < t->n; i++) {
        hb_time at = t->marks[i].bucket * t->slide_ns;
        if (at >= start && at < end && t->marks[i].position < first) {
            first = t->marks[i].position;
        }
    }
    return first == UINT64_MAX ? fallback : first;
}

void hb_track_closed(hb_track *t, hb_time start)
{
    int64_t keep = bucket_of(t, start) + 1;
    size_t gone = 0;
    while (gone < t->n && t->marks[gone].bucket < keep) {
        gone++;
    }
    if (gone) {
        t->n -= gone;
        memmove(t->marks, t->marks + gone, t->n * sizeof *t->marks);
        t->low = 1; /* the bucket of the sample before may be among them */
        t->high = 0;
    }
}

uint64_t hb_track_first(const hb_track *t, uint64_t fallback)
{
    uint64_t first = fallback;
    for (size_t i = 0; i < t->n; i++) {
        first = t->marks[i].position < first ? t->marks[i].position : first;
    }
    return first;
}

void hb_track_save(const hb_track *t, hb_buf *out)
{
    hb_wire_put_u32(out, (uint32_t)t->n);
    for (size_t i = 0; i < t->n; i++) {
        hb_wire_put_u64(out, (uint64_t)t->marks[i].bucket);
        hb_wire_put_u64(out, t->marks[i].position);
    }
}

hb_status hb_track_restore(hb_track *t, hb_rd *in, hb_error *err)
{
    uint32_t n = hb_rd_u32(in);
    if (in->failed || n > HB_TRACK_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "positions of the state are damaged");
    }
    HB_TRY(HB_GROW(t->marks, t->cap, n, HB_TRACK_MAX + 1, "marks", err));
    for (t->n = 0; t->n < n; t->n++) {
        t->marks[t->n].bucket = (int64_t)hb_rd_u64(in);
        t->marks[t->n].position = hb_rd_u64(in);
    }
    t->low = 1;
    t->high = 0;
    return in->failed ? HB_FAIL(err, HB_E_INPUT, "positions of the state are cut off") : HB_OK;
}
