/* SPDX-License-Identifier: Apache-2.0 */
/* Extremes of every window of N in three comparisons a sample, whatever N (van Herk 1992; Gil and
 * Werman 1993): the series is cut in stretches of N; a window that ends inside a stretch is the
 * tail of the stretch before and the head of this one. `least_tail[i]` is the minimum of the
 * previous stretch from its place i on, `least_head` the minimum of the current one so far. */
#include "stats/sustained.h"

#include "base/mem.h"

#include <math.h>

struct hb_sustained {
    uint32_t window;
    uint32_t filled; /* samples in the current stretch */
    uint64_t seen;
    double *stretch;    /* the current one, room for N */
    double *least_tail; /* N, of the previous one */
    double *most_tail;
    double least_head;
    double most_head;
    double high;
    double low;
    uint64_t high_at;
    uint64_t low_at;
};

hb_status hb_sustained_new(uint32_t n_consecutive, hb_sustained **ret_s, hb_error *err)
{
    if (n_consecutive == 0 || n_consecutive > HB_SUSTAINED_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "persistence must be 1 to %d samples, got %u",
                       HB_SUSTAINED_MAX, n_consecutive);
    }
    hb_sustained *s = hb_alloc_zero(sizeof *s);
    double *room = hb_alloc_array(3 * (size_t)n_consecutive, sizeof *room);
    if (!s || !room) {
        hb_free(s);
        hb_free(room);
        return HB_NOMEM(err);
    }
    s->window = n_consecutive;
    s->stretch = room;
    s->least_tail = room + n_consecutive;
    s->most_tail = room + 2 * (size_t)n_consecutive;
    *ret_s = s;
    return HB_OK;
}

void hb_sustained_free(hb_sustained *s)
{
    if (s) {
        hb_free(s->stretch);
        hb_free(s);
    }
}

static void end_stretch(hb_sustained *s)
{
    double least = s->stretch[s->window - 1];
    double most = least;
    for (size_t i = s->window; i-- > 0;) {
        least = s->stretch[i] < least ? s->stretch[i] : least;
        most = s->stretch[i] > most ? s->stretch[i] : most;
        s->least_tail[i] = least;
        s->most_tail[i] = most;
    }
    s->filled = 0;
}

/* A window that starts at sample `from` holds values in [least, most]. */
static inline void note(hb_sustained *s, double least, double most, uint64_t from)
{
    if (least > s->high || from == 0) {
        s->high = least;
        s->high_at = from;
    }
    if (most < s->low || from == 0) {
        s->low = most;
        s->low_at = from;
    }
}

/* n samples that fit into the current stretch, of which at least one is taken. */
static void add_part(hb_sustained *s, const double *v, size_t n)
{
    uint64_t stretch_at = s->seen - s->filled;
    for (size_t i = 0; i < n; i++) {
        double x = v[i];
        size_t k = s->filled + i;
        s->stretch[k] = x;
        s->least_head = k == 0 || x < s->least_head ? x : s->least_head;
        s->most_head = k == 0 || x > s->most_head ? x : s->most_head;
        if (k + 1 == s->window) {
            note(s, s->least_head, s->most_head, stretch_at);
        } else if (stretch_at) {
            double least = s->least_tail[k + 1];
            double most = s->most_tail[k + 1];
            note(s, least < s->least_head ? least : s->least_head,
                 most > s->most_head ? most : s->most_head, stretch_at - s->window + k + 1);
        }
    }
    s->filled += (uint32_t)n;
    s->seen += n;
}

void hb_sustained_add(hb_sustained *s, const double *v, size_t n)
{
    while (n) {
        size_t room = s->window - s->filled;
        size_t take = n < room ? n : room;
        add_part(s, v, take);
        if (s->filled == s->window) {
            end_stretch(s);
        }
        v += take;
        n -= take;
    }
}

bool hb_sustained_get(const hb_sustained *s, double *ret_high, uint64_t *ret_high_at,
                      double *ret_low, uint64_t *ret_low_at)
{
    if (s->seen < s->window) {
        return false;
    }
    *ret_high = s->high;
    *ret_high_at = s->high_at;
    *ret_low = s->low;
    *ret_low_at = s->low_at;
    return true;
}

/* What was written of the stretches: the tails only once there was a first one, and the current
 * stretch as far as it is filled. */
void hb_sustained_store(const hb_sustained *s, hb_buf *out)
{
    hb_wire_put_u32(out, s->window);
    hb_wire_put_u32(out, s->filled);
    hb_wire_put_u64(out, s->seen);
    for (uint32_t i = 0; i < s->filled; i++) {
        hb_wire_put_f64(out, s->stretch[i]);
    }
    for (uint32_t i = 0; s->seen >= s->window && i < s->window; i++) {
        hb_wire_put_f64(out, s->least_tail[i]);
        hb_wire_put_f64(out, s->most_tail[i]);
    }
    const double levels[] = {s->least_head, s->most_head, s->high, s->low};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        hb_wire_put_f64(out, levels[i]);
    }
    hb_wire_put_u64(out, s->high_at);
    hb_wire_put_u64(out, s->low_at);
}

static bool load(hb_rd *r, hb_sustained *s)
{
    bool finite = true;
    for (uint32_t i = 0; i < s->filled; i++) {
        s->stretch[i] = hb_rd_f64(r);
        finite = finite && isfinite(s->stretch[i]);
    }
    for (uint32_t i = 0; s->seen >= s->window && i < s->window; i++) {
        s->least_tail[i] = hb_rd_f64(r);
        s->most_tail[i] = hb_rd_f64(r);
        finite = finite && isfinite(s->least_tail[i]) && isfinite(s->most_tail[i]) &&
                 s->least_tail[i] <= s->most_tail[i];
    }
    s->least_head = hb_rd_f64(r);
    s->most_head = hb_rd_f64(r);
    s->high = hb_rd_f64(r);
    s->low = hb_rd_f64(r);
    s->high_at = hb_rd_u64(r);
    s->low_at = hb_rd_u64(r);
    bool ordered = isfinite(s->high) && isfinite(s->low) && s->least_head <= s->most_head &&
                   isfinite(s->least_head) && isfinite(s->most_head);
    uint64_t windows = s->seen >= s->window ? s->seen - s->window + 1 : 1;
    return !r->failed && finite && ordered && s->high_at < windows && s->low_at < windows;
}

hb_status hb_sustained_load(hb_rd *r, hb_sustained **ret_s, hb_error *err)
{
    uint32_t window = hb_rd_u32(r);
    uint32_t filled = hb_rd_u32(r);
    uint64_t seen = hb_rd_u64(r);
    if (r->failed || window == 0 || window > HB_SUSTAINED_MAX || filled != seen % window) {
        return HB_FAIL(err, HB_E_INPUT, "sustained levels: the head is damaged");
    }
    hb_sustained *s = NULL;
    HB_TRY(hb_sustained_new(window, &s, err));
    s->filled = filled;
    s->seen = seen;
    if (!load(r, s)) {
        hb_sustained_free(s);
        return HB_FAIL(err, HB_E_INPUT, "sustained levels: the figures are damaged");
    }
    *ret_s = s;
    return HB_OK;
}
