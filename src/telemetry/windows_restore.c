/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what windows_state.c wrote. The digest finds damage; every length, place and order is
 * checked all the same, so that no bytes can do more than be refused. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

hb_status hb_windows_damaged(const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "state of windows: %s", what);
}

static int64_t get_i64(hb_rd *r)
{
    return (int64_t)hb_rd_u64(r);
}

/* A number of things of at least so many bytes each. */
static uint32_t get_count(hb_rd *r, size_t each, size_t most)
{
    uint32_t n = hb_rd_u32(r);
    if (n > most || n > hb_rd_left(r) / each) {
        r->failed = true;
        return 0;
    }
    return n;
}

static hb_str get_str(hb_rd *r)
{
    uint32_t n = get_count(r, 1, 1 << 20);
    hb_str s = {(const char *)r->p, n};
    r->p += n;
    return s;
}

static bool good_time(hb_time t)
{
    return t == HB_TIME_NONE || (t <= HB_WINDOWS_TIME_MAX && t >= -HB_WINDOWS_TIME_MAX);
}

static hb_status get_head(hb_windows *w, hb_rd *r, hb_error *err)
{
    hb_time *const times[] = {&w->head, &w->behind_before, &w->tick, &w->quiet_from};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        *times[i] = get_i64(r);
    }
    w->quiet_ns = get_i64(r);
    w->behind = hb_rd_u64(r);
    uint32_t flags = hb_rd_u32(r);
    w->heard = flags & 1;
    w->finished = flags & 2;
    for (size_t i = 0; i < HB_COUNTS_ALWAYS; i++) {
        w->count[i] = hb_rd_u64(r);
    }
    if (r->failed || flags > 3 || !good_time(w->head) || !good_time(w->behind_before) ||
        !good_time(w->quiet_from) || w->quiet_ns < 0 || w->quiet_ns > HB_QUIET_MAX) {
        return hb_windows_damaged("its times are damaged", err);
    }
    w->watermark = w->head == HB_TIME_NONE ? HB_TIME_NONE : w->head - w->o.lateness_ns;
    uint32_t n = get_count(r, 4, HB_REASONS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        hb_str s = get_str(r);
        if (memchr(s.p, '\0', s.n)) {
            return hb_windows_damaged("its reasons are damaged", err);
        }
        w->reasons[i] = hb_arena_str(&w->arena, s);
        if (!w->reasons[i]) {
            return HB_NOMEM(err);
        }
        w->n_reasons++;
    }
    return r->failed ? hb_windows_damaged("its reasons are damaged", err) : HB_OK;
}

static hb_status get_metrics(hb_windows *w, hb_rd *r, hb_error *err)
{
    uint32_t n = get_count(r, 12, HB_CHANNELS_MAX);
    for (uint32_t i = 0; i < n && !r->failed; i++) {
        hb_str source = get_str(r);
        hb_str name = get_str(r);
        hb_str unit = get_str(r);
        const hb_live_sample s = {.source = source, .name = name, .unit = unit};
        uint32_t at = 0;
        if (r->failed) {
            break;
        }
        HB_TRY(hb_windows_channel(w, &s, &at, err));
        if (at != i) {
            return hb_windows_damaged("a channel comes twice or cannot be", err);
        }
    }
    uint32_t metrics = hb_rd_u32(r);
    if (r->failed || metrics != w->n_metrics) {
        return hb_windows_damaged("its channels give other metrics", err);
    }
    for (size_t i = 0; i < w->n_metrics; i++) {
        w->metrics[i].last = get_i64(r);
        w->metrics[i].row = hb_rd_u64(r);
        if (!good_time(w->metrics[i].last)) {
            return hb_windows_damaged("the times of its metrics are damaged", err);
        }
    }
    return HB_OK;
}

static bool is_channel(const hb_windows *w, uint32_t channel)
{
    return channel < w->n_channels && w->channels[channel].metric != HB_NO_METRIC;
}

static hb_status get_ahead(hb_windows *w, bool outline, hb_rd *r, hb_error *err)
{
    hb_row_ahead *a = &w->ahead;
    a->number = hb_rd_u64(r);
    a->agree = hb_rd_u64(r);
    a->metrics = hb_rd_u64(r);
    a->active = hb_rd_u64(r);
    a->latest = get_i64(r);
    a->before = get_i64(r);
    uint32_t n = get_count(r, 24, HB_HELD_MAX);
    if (r->failed || (outline && n) || !good_time(a->latest) || !good_time(a->before)) {
        return hb_windows_damaged("its samples ahead are damaged", err);
    }
    if (n) {
        HB_TRY(HB_GROW(a->held, a->cap, n, HB_HELD_MAX, "samples ahead", err));
    }
    for (uint32_t i = 0; i < n; i++) {
        hb_held *x = &a->held[i];
        x->channel = hb_rd_u32(r);
        uint32_t kind = hb_rd_u32(r);
        x->kind = (hb_live_kind)(kind >> 1);
        x->timed = kind & 1;
        x->t = get_i64(r);
        x->value = hb_rd_f64(r);
        if (kind >> 1 > HB_LIVE_TEXT || x->t == HB_TIME_NONE || !good_time(x->t) ||
            !isfinite(x->value) || !is_channel(w, x->channel)) {
            return hb_windows_damaged("a sample ahead is damaged", err);
        }
    }
    a->n = n;
    return HB_OK;
}

static hb_status get_hits(hb_ids *ids, hb_rd *r, hb_error *err)
{
    ids->total = hb_rd_u64(r);
    ids->gone_hits = hb_rd_u64(r);
    uint32_t n = get_count(r, 24, HB_HITS_MAX);
    if (n) {
        HB_TRY(HB_GROW(ids->hits, ids->cap_hits, n, HB_HITS_MAX, "messages", err));
    }
    bool good = ids->total >= ids->n;
    for (uint32_t i = 0; i < n; i++) {
        hb_id_hit *h = &ids->hits[i];
        h->ordinal = hb_rd_u64(r);
        h->id.a = hb_rd_u64(r);
        h->id.b = hb_rd_u64(r);
        good = good && h->ordinal < ids->total;
    }
    ids->n_hits = n;
    return good && !r->failed ? HB_OK
                              : hb_windows_damaged("its messages that came again are damaged", err);
}

static hb_status get_ids(hb_windows *w, uint16_t version, hb_rd *r, hb_error *err)
{
    hb_ids *ids = &w->ids;
    ids->current.a = hb_rd_u64(r);
    ids->current.b = hb_rd_u64(r);
    ids->part = hb_rd_u32(r);
    uint32_t flags = hb_rd_u32(r);
    ids->in_message = flags & 1;
    ids->known = flags & 2;
    uint32_t n = get_count(r, 16, ids->max);
    for (uint32_t i = 0; i < n; i++) {
        hb_message_id id = {hb_rd_u64(r), 0};
        id.b = hb_rd_u64(r);
        if (hb_ids_has(ids, id)) {
            return hb_windows_damaged("a message's id comes twice", err);
        }
        hb_ids_remember(ids, id);
    }
    if (r->failed || flags > 3) {
        return hb_windows_damaged("its message ids are damaged", err);
    }
    return version == HB_WINDOWS_STATE_WITHOUT_HITS ? HB_OK : get_hits(ids, r, err);
}

static hb_status get_excursions(hb_rd *r, hb_excursions **ret, hb_error *err)
{
    uint32_t n = get_count(r, 16, HB_WINDOW_EXCURSIONS);
    if (n == 0) {
        return r->failed ? hb_windows_damaged("its excursions are damaged", err) : HB_OK;
    }
    hb_excursions *e = hb_alloc_zero(sizeof *e);
    if (!e) {
        return HB_NOMEM(err);
    }
    *ret = e;
    e->n_first = n;
    e->n = hb_rd_u64(r);
    e->worst = hb_rd_f64(r);
    bool good = isfinite(e->worst) && e->n >= n && (n == HB_WINDOW_EXCURSIONS || e->n == n);
    for (uint32_t i = 0; i < n; i++) {
        e->first[i].t = get_i64(r);
        e->first[i].value = hb_rd_f64(r);
        good =
            good && isfinite(e->first[i].value) && (i == 0 || e->first[i - 1].t <= e->first[i].t);
    }
    return good && !r->failed ? HB_OK : hb_windows_damaged("its excursions are damaged", err);
}

static hb_status get_block(hb_rd *r, const hb_pane *p, hb_cell *c, hb_error *err)
{
    uint32_t n = get_count(r, 16, c->finished ? 0 : HB_CELL_BLOCK);
    if (n) {
        uint32_t cap = 8;
        while (cap < n) {
            cap *= 4;
        }
        c->v = hb_alloc_array(cap, sizeof *c->v);
        c->t = hb_alloc_array(cap, sizeof *c->t);
        if (!c->v || !c->t) {
            return HB_NOMEM(err);
        }
        c->cap = cap;
    }
    for (uint32_t i = 0; i < n; i++) {
        c->t[i] = get_i64(r);
        c->v[i] = hb_rd_f64(r);
        if (c->t[i] < p->start || c->t[i] >= p->end || !isfinite(c->v[i])) {
            return hb_windows_damaged("a sample is damaged", err);
        }
        c->disordered = c->disordered || (i && c->t[i] < c->t[i - 1]);
    }
    c->n = n;
    return r->failed ? hb_windows_damaged("a block of samples is cut off", err) : HB_OK;
}

static hb_status get_cell(hb_rd *r, const hb_pane *p, hb_cell *c, hb_error *err)
{
    c->heard = get_i64(r);
    c->first = get_i64(r);
    c->last = get_i64(r);
    c->at_first = hb_rd_f64(r);
    c->at_last = hb_rd_f64(r);
    c->usable = hb_rd_u64(r);
    uint32_t finished = hb_rd_u32(r);
    c->finished = finished;
    bool nothing = c->heard == HB_TIME_NONE && c->usable == 0; /* missing values only */
    if (r->failed || finished > 1 || (!nothing && (c->heard < p->start || c->heard >= p->end)) ||
        !isfinite(c->at_first) || !isfinite(c->at_last) || c->first > c->last ||
        (c->usable ? c->first < p->start || c->last > c->heard
                   : c->first != HB_TIME_NONE || c->last != HB_TIME_NONE)) {
        return hb_windows_damaged("a metric of a pane is damaged", err);
    }
    HB_TRY(get_block(r, p, c, err));
    for (int i = 0; i < HB_LIMITS; i++) {
        HB_TRY(get_excursions(r, &c->beyond[i], err));
    }
    uint32_t persist = c->profile.persist_n;
    hb_profile_release(&c->profile);
    HB_TRY(hb_profile_state_get(r, &c->profile, err));
    /* A profile given away to its window is empty. */
    bool given = c->finished && c->profile.moments.n == 0;
    if ((!given && c->profile.moments.n + c->n != c->usable) ||
        (c->profile.persist_n != persist && !given) || (c->finished && c->profile.sustained)) {
        return hb_windows_damaged("a profile does not belong to its samples", err);
    }
    return HB_OK;
}

static hb_status get_pane(hb_windows *w, hb_wdef *d, bool outline, hb_rd *r, hb_error *err)
{
    int64_t index = get_i64(r);
    int64_t most = HB_WINDOWS_TIME_MAX / d->slide;
    if (r->failed || index > most || index < -most ||
        (d->n_panes && d->panes[d->n_panes - 1]->index >= index)) {
        return hb_windows_damaged("its panes are out of order", err);
    }
    hb_pane *p = NULL;
    HB_TRY(hb_pane_make(w, d, index, &p, err));
    if (!p) {
        return hb_windows_damaged("it has more open windows than there may be", err);
    }
    p->came = hb_rd_u64(r);
    p->usable = hb_rd_u64(r);
    for (size_t i = 0; i < w->n_reasons; i++) {
        p->lost[i] = hb_rd_u64(r);
    }
    uint32_t n = get_count(r, 4, w->n_metrics);
    uint64_t usable = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t metric = hb_rd_u32(r);
        if (metric >= w->n_metrics || (metric < p->n_cells && p->cells[metric])) {
            return hb_windows_damaged("a pane names a metric that is not there", err);
        }
        hb_cell *c = NULL;
        HB_TRY(hb_pane_cell(w, p, metric, &c, err));
        HB_TRY(outline ? hb_cell_get_outline(c, p, r, err) : get_cell(r, p, c, err));
        if (outline && hb_windows_is_mode(w, metric)) {
            HB_TRY(hb_cell_get_mode(c, p, r, err));
        }
        usable += c->usable;
    }
    return r->failed || usable != p->usable || p->came < usable || (p->came == 0) != (n == 0)
               ? hb_windows_damaged("a pane is damaged", err)
               : HB_OK;
}

static hb_status get_kept(hb_windows *w, hb_wdef *d, hb_rd *r, hb_error *err)
{
    hb_kept k = {.end_pane = get_i64(r)};
    k.revision = hb_rd_u32(r);
    uint32_t dirty = hb_rd_u32(r);
    k.dirty = dirty;
    k.late = hb_rd_u64(r);
    k.expected = hb_rd_u64(r);
    k.came = hb_rd_u64(r);
    uint32_t n = get_count(r, 16, 2 * HB_WINDOWS_METRICS_MAX);
    if (r->failed || dirty > 1 || w->o.late != HB_LATE_REOPEN || k.end_pane > d->closed ||
        d->begin == HB_NO_PANE || k.end_pane < d->begin ||
        (d->n_kept && d->kept[d->n_kept - 1].end_pane >= k.end_pane)) {
        return hb_windows_damaged("its kept windows are damaged", err);
    }
    HB_TRY(HB_GROW(d->kept, d->cap_kept, d->n_kept + 1, HB_PANES_MAX, "kept windows", err));
    hb_kept *at = &d->kept[d->n_kept++];
    *at = k;
    d->n_dirty += k.dirty;
    if (n) {
        HB_TRY(HB_GROW(at->silent, at->cap_silent, n, 2 * HB_WINDOWS_METRICS_MAX, "silent metrics",
                       err));
    }
    for (uint32_t i = 0; i < n; i++) {
        hb_silence *s = &at->silent[i];
        s->metric = hb_rd_u32(r);
        uint32_t declared = hb_rd_u32(r);
        s->declared = declared;
        s->last = get_i64(r);
        size_t most = s->declared ? hb_registry_count(w->registry) : w->n_metrics;
        if (declared > 1 || s->metric >= most || !good_time(s->last)) {
            return hb_windows_damaged("a silent metric is damaged", err);
        }
        at->n_silent++;
    }
    return HB_OK;
}

static hb_status get_heard(hb_windows *w, hb_wdef *d, hb_rd *r, hb_error *err)
{
    uint32_t n = get_count(r, 16, w->n_metrics);
    if (n) {
        HB_TRY(HB_GROW(d->heard, d->cap_heard, n, HB_WINDOWS_METRICS_MAX, "metrics", err));
    }
    for (uint32_t i = 0; i < n; i++) {
        hb_heard *h = &d->heard[i];
        *h = (hb_heard){.last = get_i64(r)};
        h->n_counts = hb_rd_u32(r);
        h->at = hb_rd_u32(r);
        bool full = h->n_counts == HB_RATE_PANES;
        if (!good_time(h->last) || h->n_counts > HB_RATE_PANES ||
            (full ? h->at >= HB_RATE_PANES : h->at != h->n_counts)) {
            return hb_windows_damaged("a metric's rate is damaged", err);
        }
        for (uint32_t k = 0; k < h->n_counts; k++) {
            h->counts[k] = hb_rd_u32(r);
        }
        d->n_heard++;
    }
    return r->failed ? hb_windows_damaged("its metrics are cut off", err) : HB_OK;
}

/* Panes numbered so that no sum with an overlap, and no time made of one, overflows. */
static bool good_pane(const hb_wdef *d, int64_t pane)
{
    int64_t most = HB_WINDOWS_TIME_MAX / d->slide + 2 * d->overlap;
    return pane == HB_NO_PANE || (pane <= most && pane >= -most);
}

static hb_status get_def(hb_windows *w, hb_wdef *d, bool outline, hb_rd *r, hb_error *err)
{
    int64_t *const panes[] = {&d->due, &d->closed, &d->begin, &d->last_data, &d->dirty_at};
    bool good = true;
    for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
        *panes[i] = get_i64(r);
        good = good && good_pane(d, *panes[i]);
    }
    int64_t due = w->head == HB_TIME_NONE ? HB_NO_PANE : hb_pane_of(d, w->watermark) - 1;
    if (r->failed || !good || d->closed > d->due || d->begin > d->closed ||
        d->last_data > d->closed || (d->begin != HB_NO_PANE && d->last_data < d->begin) ||
        d->due < due || (due == HB_NO_PANE && d->due != HB_NO_PANE)) {
        return hb_windows_damaged("its panes do not follow from its time", err);
    }
    d->due_next = due == HB_NO_PANE ? HB_TIME_NONE : hb_pane_end(d, due + 1);
    HB_TRY(get_heard(w, d, r, err));
    uint32_t n = get_count(r, 44, HB_PANES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        HB_TRY(get_kept(w, d, r, err));
    }
    n = get_count(r, 28, HB_PANES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        HB_TRY(get_pane(w, d, outline, r, err));
    }
    return r->failed ? hb_windows_damaged("a definition is cut off", err) : HB_OK;
}

static hb_status read_all(hb_windows *w, bool outline, uint16_t version, hb_rd *r, hb_error *err)
{
    HB_TRY(get_head(w, r, err));
    HB_TRY(get_metrics(w, r, err));
    HB_TRY(get_ahead(w, outline, r, err));
    HB_TRY(outline ? hb_ids_get_outline(&w->ids, r, err) : get_ids(w, version, r, err));
    for (size_t i = 0; i < w->n_defs; i++) {
        HB_TRY(get_def(w, &w->defs[i], outline, r, err));
    }
    HB_TRY(hb_windows_get_mode(w, r, err));
    w->maybe_due = true;
    return hb_rd_left(r) ? hb_windows_damaged("bytes after its end", err) : HB_OK;
}

/* Head and digest, before anything is read. */
static hb_status check(const hb_windows *w, const char *p, size_t n, bool outline,
                       uint16_t *ret_version, hb_error *err)
{
    enum { HEX = HB_DIGEST_HEX - 1, HEAD = 8 + 2 * HEX };
    hb_rd r = hb_rd_of(p, n);
    char magic[4];
    hb_rd_bytes(&r, magic, sizeof magic);
    uint16_t version = hb_rd_u16(&r);
    uint16_t zero = hb_rd_u16(&r);
    if (r.failed || n < HEAD + HEX || memcmp(magic, outline ? "HBWO" : "HBWS", 4) != 0 ||
        zero != 0) {
        return hb_windows_damaged("these bytes are none", err);
    }
    const uint16_t latest = outline ? HB_WINDOWS_OUTLINE_VERSION : HB_WINDOWS_STATE_VERSION;
    if (version != latest && (outline || version != HB_WINDOWS_STATE_WITHOUT_HITS)) {
        return HB_FAIL(err, HB_E_CONFIG, "state of windows: of version %u, version %u is read",
                       version, latest);
    }
    *ret_version = version;
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_digest_of(p, n - HEX, digest, err));
    if (memcmp(digest, p + n - HEX, HEX) != 0) {
        return hb_windows_damaged("its digest is not that of its bytes", err);
    }
    if (memcmp(p + 8, w->options_digest, HEX) != 0) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "state of windows: made with other options (windows, lateness, limits)");
    }
    if (memcmp(p + 8 + HEX, w->registry_digest, HEX) != 0) {
        return HB_FAIL(err, HB_E_CONFIG, "state of windows: made with another metric registry");
    }
    return HB_OK;
}

static hb_status load(hb_windows *w, const void *p, size_t n, bool outline, hb_error *err)
{
    enum { HEX = HB_DIGEST_HEX - 1, HEAD = 8 + 2 * HEX };
    if (w->n_channels || w->head != HB_TIME_NONE || w->tick != HB_TIME_NONE) {
        return HB_FAIL(err, HB_E_BUG, "a state can only be loaded before the first sample");
    }
    uint16_t version = 0;
    HB_TRY(check(w, p, n, outline, &version, err));
    hb_rd r = hb_rd_of((const char *)p + HEAD, n - HEAD - HEX);
    return read_all(w, outline, version, &r, err);
}

hb_status hb_windows_load(hb_windows *w, const void *p, size_t n, hb_error *err)
{
    return load(w, p, n, false, err);
}

hb_status hb_windows_load_outline(hb_windows *w, const void *p, size_t n, hb_error *err)
{
    return load(w, p, n, true, err);
}
