/* SPDX-License-Identifier: Apache-2.0 */
/* Two monotone queues over the last N samples: one ascending, whose head is the window's minimum,
 * one descending for the maximum. Each sample enters and leaves a queue once, so a pass is linear.
 */
#include "stats/sustained.h"

#include "base/mem.h"

typedef struct queue {
    double *v;
    uint64_t *at;
    uint32_t head; /* ring positions */
    uint32_t n;
} queue;

struct hb_sustained {
    uint32_t window;
    uint64_t seen;
    queue least;
    queue most;
    bool known;
    double high;
    double low;
    uint64_t high_at;
    uint64_t low_at;
};

static hb_status queue_make(queue *q, uint32_t room, hb_error *err)
{
    q->v = hb_alloc_array(room, sizeof *q->v);
    q->at = hb_alloc_array(room, sizeof *q->at);
    return q->v && q->at ? HB_OK : HB_NOMEM(err);
}

hb_status hb_sustained_new(uint32_t n_consecutive, hb_sustained **ret_s, hb_error *err)
{
    if (n_consecutive == 0 || n_consecutive > HB_SUSTAINED_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "persistence must be 1 to %d samples, got %u",
                       HB_SUSTAINED_MAX, n_consecutive);
    }
    hb_sustained *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->window = n_consecutive;
    hb_status status = queue_make(&s->least, n_consecutive, err);
    if (status == HB_OK) {
        status = queue_make(&s->most, n_consecutive, err);
    }
    if (status != HB_OK) {
        hb_sustained_free(s);
        return status;
    }
    *ret_s = s;
    return HB_OK;
}

void hb_sustained_free(hb_sustained *s)
{
    if (s) {
        hb_free(s->least.v);
        hb_free(s->least.at);
        hb_free(s->most.v);
        hb_free(s->most.at);
        hb_free(s);
    }
}

/* sign +1 keeps an ascending queue (minimum at the head), -1 a descending one. */
static double push(queue *q, uint32_t room, uint64_t oldest, uint64_t at, double v, double sign)
{
    if (q->n && q->at[q->head] < oldest) {
        q->head = (q->head + 1) % room;
        q->n--;
    }
    while (q->n && sign * q->v[(q->head + q->n - 1) % room] >= sign * v) {
        q->n--;
    }
    uint32_t place = (q->head + q->n) % room;
    q->v[place] = v;
    q->at[place] = at;
    q->n++;
    return q->v[q->head];
}

static void add_one(hb_sustained *s, double v)
{
    uint64_t at = s->seen++;
    uint64_t oldest = s->seen > s->window ? s->seen - s->window : 0;
    double least = push(&s->least, s->window, oldest, at, v, 1);
    double most = push(&s->most, s->window, oldest, at, v, -1);
    if (s->seen < s->window) {
        return;
    }
    if (!s->known || least > s->high) {
        s->high = least;
        s->high_at = oldest;
    }
    if (!s->known || most < s->low) {
        s->low = most;
        s->low_at = oldest;
    }
    s->known = true;
}

void hb_sustained_add(hb_sustained *s, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add_one(s, v[i]);
    }
}

bool hb_sustained_get(const hb_sustained *s, double *ret_high, uint64_t *ret_high_at,
                      double *ret_low, uint64_t *ret_low_at)
{
    if (!s->known) {
        return false;
    }
    *ret_high = s->high;
    *ret_high_at = s->high_at;
    *ret_low = s->low;
    *ret_low_at = s->low_at;
    return true;
}
