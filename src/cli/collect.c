/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collect.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 4096, CHANNELS_MAX = HB_RUN_MAX_METRICS, KEY_MAX = 600, NAMES_BYTES = 256 << 20 };

typedef struct channel {
    uint32_t id;
    bool refused;
    double *v;
    hb_time *t;
    size_t n;
    size_t cap_v;
    size_t cap_t;
} channel;

struct hb_collect {
    hb_run_builder *b;
    hb_arena names;
    hb_map by_key; /* name, unit */
    channel *channels;
    size_t n;
    size_t cap;
    hb_collect_counts counts;
    char why_refused[512];
};

hb_status hb_collect_new(hb_run_builder *b, hb_collect **ret_collect, hb_error *err)
{
    hb_collect *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    c->b = b;
    hb_arena_init(&c->names, NAMES_BYTES);
    hb_map_init(&c->by_key, CHANNELS_MAX);
    *ret_collect = c;
    return HB_OK;
}

void hb_collect_free(hb_collect *c)
{
    if (c) {
        for (size_t i = 0; i < c->n; i++) {
            hb_free(c->channels[i].v);
            hb_free(c->channels[i].t);
        }
        hb_free(c->channels);
        hb_map_release(&c->by_key);
        hb_arena_release(&c->names);
        hb_free(c);
    }
}

/* A unit that cannot be converted spoils its samples, not the capture. */
static hb_status add_channel(hb_collect *c, const hb_live_sample *s, hb_str key, hb_error *err)
{
    channel ch = {0};
    hb_error why = {0};
    char *kept = hb_arena_str(&c->names, key);
    if (!kept) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_run_builder_channel(c->b, s->name, s->unit, 0, 0, &ch.id, &why);
    if (status != HB_OK && status != HB_E_INPUT && status != HB_E_CONFIG) {
        if (err) {
            *err = why;
        }
        return status;
    }
    ch.refused = status != HB_OK;
    if (ch.refused && !*c->why_refused) {
        hb_str_fit(why.msg, c->why_refused, sizeof c->why_refused);
    }
    HB_TRY(HB_GROW(c->channels, c->cap, c->n + 1, CHANNELS_MAX, "live channels", err));
    HB_TRY(hb_map_put(&c->by_key, (hb_str){kept, key.n}, c->n, err));
    c->channels[c->n++] = ch;
    return HB_OK;
}

static hb_status find_channel(hb_collect *c, const hb_live_sample *s, channel **ret, hb_error *err)
{
    char key[KEY_MAX];
    size_t i = 0;
    if (s->name.n + 1 + s->unit.n > sizeof key) {
        return HB_FAIL(err, HB_E_LIMIT, "name and unit of '%.60s…' are too long", s->name.p);
    }
    memcpy(key, s->name.p, s->name.n);
    key[s->name.n] = '\n';
    memcpy(key + s->name.n + 1, s->unit.p, s->unit.n);
    hb_str text = {key, s->name.n + 1 + s->unit.n};
    if (!hb_map_get(&c->by_key, text, &i)) {
        HB_TRY(add_channel(c, s, text, err));
        i = c->n - 1;
    }
    *ret = &c->channels[i];
    return HB_OK;
}

static hb_status flush(hb_collect *c, channel *ch, hb_error *err)
{
    size_t n = ch->n;
    ch->n = 0;
    return n ? hb_run_builder_add(c->b, ch->id, ch->v, ch->t, n, err) : HB_OK;
}

static hb_status add_value(hb_collect *c, channel *ch, const hb_live_sample *s, hb_error *err)
{
    HB_TRY(HB_GROW(ch->v, ch->cap_v, ch->n + 1, BLOCK, "samples of a block", err));
    HB_TRY(HB_GROW(ch->t, ch->cap_t, ch->n + 1, BLOCK, "samples of a block", err));
    ch->v[ch->n] = s->value;
    ch->t[ch->n++] = s->t;
    c->counts.values++;
    return ch->n == BLOCK ? flush(c, ch, err) : HB_OK;
}

hb_status hb_collect_sample(void *ctx, const hb_live_sample *s, hb_error *err)
{
    hb_collect *c = ctx;
    channel *ch = NULL;
    HB_TRY(find_channel(c, s, &ch, err));
    c->counts.untimed += !s->timed;
    if (ch->refused) {
        c->counts.refused++;
        return hb_run_builder_reject_row(c->b, "a unit that cannot be converted", 1, err);
    }
    switch (s->kind) {
    case HB_LIVE_VALUE:
        return add_value(c, ch, s, err);
    case HB_LIVE_MISSING:
        hb_run_builder_missing(c->b, ch->id, 1);
        c->counts.missing++;
        break;
    case HB_LIVE_NAN:
        hb_run_builder_nan(c->b, ch->id, 1);
        c->counts.not_finite++;
        break;
    case HB_LIVE_INF:
        hb_run_builder_inf(c->b, ch->id, 1);
        c->counts.not_finite++;
        break;
    case HB_LIVE_TEXT:
        c->counts.text++;
        return hb_run_builder_rejects(c->b, ch->id, "text", 1, err);
    }
    return HB_OK;
}

hb_status hb_collect_flush(hb_collect *c, hb_error *err)
{
    for (size_t i = 0; i < c->n; i++) {
        HB_TRY(flush(c, &c->channels[i], err));
    }
    return HB_OK;
}

const hb_collect_counts *hb_collect_counted(const hb_collect *c)
{
    return &c->counts;
}

const char *hb_collect_why_refused(const hb_collect *c)
{
    return c->why_refused;
}
