/* SPDX-License-Identifier: Apache-2.0 */
/* A closed window: its panes merged into a run by the run builder, and what the run cannot say. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A window under construction. */
typedef struct making {
    hb_windows *w;
    hb_wdef *d;
    hb_kept *kept;
    hb_window_closed *out;
    hb_run_builder *b;
    int64_t first; /* panes */
    int64_t last;
    hb_pane **panes;
    size_t n_panes;
    size_t cap_limits;
    size_t cap_silent;
    uint64_t rows;
} making;

/* ASCII letters, digits and '-' of the definition's name, as a run_id takes them. */
static void id_name(const char *name, char out[32])
{
    size_t n = 0;
    for (; name[n] && n < 31; n++) {
        char c = name[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '.';
        out[n] = plain ? c : '-';
    }
    out[n] = '\0';
}

static hb_status name_window(making *k, hb_run_meta *meta, hb_error *err)
{
    hb_window *v = &k->out->window;
    char text[HB_TIME_TEXT + 256];
    char digest[HB_DIGEST_HEX];
    hb_buf b;
    hb_buf_init(&b, 1 << 16);
    hb_buf_c(&b, "hb-window/1\n");
    hb_buf_fmt(&b, "%zu:%s\n%zu:%s\n%s\n", strlen(k->w->o.stream), k->w->o.stream,
               strlen(k->d->name), k->d->name, k->w->registry_digest);
    hb_buf_i64(&b, v->start);
    hb_status status = hb_buf_check(&b, err);
    status = status == HB_OK ? hb_digest_of(b.p, b.n, digest, err) : status;
    hb_buf_release(&b);
    HB_TRY(status);
    char start[HB_TIME_TEXT];
    size_t n = hb_time_print(v->start, start);
    size_t to = 0;
    for (size_t i = 0; i <= n; i++) {
        start[to] = start[i];
        to += start[i] != ':';
    }
    char name[32];
    id_name(k->d->name, name);
    snprintf(text, sizeof text, "w-%s-%s-%.8s", name, start, digest);
    v->id = hb_arena_str(&k->out->arena, hb_str_of(digest));
    v->name = hb_arena_str(&k->out->arena, hb_str_of(k->d->name));
    meta->run_id = hb_arena_str(&k->out->arena, hb_str_of(text));
    return v->id && v->name && meta->run_id ? HB_OK : HB_NOMEM(err);
}

static hb_status find_panes(making *k, hb_error *err)
{
    k->panes = hb_arena_array(&k->out->arena, (size_t)k->d->overlap, sizeof(hb_pane *));
    if (!k->panes) {
        return HB_NOMEM(err);
    }
    for (hb_pane *p = hb_pane_after(k->d, k->first - 1); p && p->index <= k->last;
         p = hb_pane_after(k->d, p->index)) {
        k->panes[k->n_panes++] = p;
        k->rows += p->came;
        k->out->window.samples += p->usable;
    }
    return HB_OK;
}

static hb_cell *cell_of(const hb_pane *p, uint32_t metric)
{
    return metric < p->n_cells ? p->cells[metric] : NULL;
}

static hb_status merge_cell(const hb_cell *c, hb_profile *into, hb_error *err)
{
    if (c->finished) {
        return hb_profile_merge(into, &c->profile, err);
    }
    hb_profile copy;
    hb_profile_init(&copy, 0);
    HB_TRY(hb_cell_copy(c, &copy, err));
    hb_status status = hb_profile_merge(into, &copy, err);
    hb_profile_release(&copy);
    return status;
}

/* One pane of its own gives its profile away, unless late samples may still come to it. */
static hb_status profile_of(const making *k, uint32_t metric, hb_profile *ret, hb_error *err)
{
    const hb_metric_def *def = k->w->metrics[metric].def;
    hb_profile_init(ret, def ? def->drift_persistence : 0);
    hb_status status = HB_OK;
    for (size_t i = 0; i < k->n_panes && status == HB_OK; i++) {
        hb_cell *c = cell_of(k->panes[i], metric);
        if (!c) {
            continue;
        }
        if (k->d->overlap > 1) {
            status = merge_cell(c, ret, err);
        } else if (c->finished) {
            *ret = c->profile;
            hb_profile_init(&c->profile, 0);
        } else {
            status = hb_cell_copy(c, ret, err);
        }
    }
    if (status == HB_OK) {
        status = hb_profile_finish(ret, err);
    }
    if (ret->timed) { /* in order of time, as "last" means it */
        ret->moments.first = ret->at_t_first;
        ret->moments.last = ret->at_t_last;
    }
    if (status != HB_OK) {
        hb_profile_release(ret);
    }
    return status;
}

static hb_status put_profile(making *k, uint32_t metric, hb_error *err)
{
    const hb_wmetric *m = &k->w->metrics[metric];
    hb_profile p;
    HB_TRY(profile_of(k, metric, &p, err));
    uint64_t rejected = p.n_rejected;
    p.n_rejected = 0;
    uint32_t ch = 0;
    hb_status status =
        hb_run_builder_channel(k->b, hb_str_of(m->name), hb_str_of(m->unit), 0, 0, &ch, err);
    if (status == HB_OK) {
        status = hb_run_builder_profile(k->b, ch, &p, err);
    }
    hb_profile_release(&p);
    if (status == HB_OK && rejected) {
        status = hb_run_builder_rejects(k->b, ch, "not a number", rejected, err);
    }
    return status;
}

static hb_status put_limit(making *k, uint32_t metric, int which, hb_error *err)
{
    hb_window_limit l = {.which = (hb_limit_kind)which};
    bool any = false;
    for (size_t i = 0; i < k->n_panes; i++) {
        const hb_cell *c = cell_of(k->panes[i], metric);
        const hb_excursions *e = c ? c->beyond[which] : NULL;
        if (!e) {
            continue;
        }
        hb_hard_limit(k->w->metrics[metric].def, which, &l.limit); /* it has one: it was broken */
        hb_excursions all = {.n = any, .worst = l.worst};
        hb_excursions_note(&all, which, l.limit, (hb_excursion){.value = e->worst});
        l.worst = all.worst;
        l.n += e->n;
        for (uint32_t j = 0; j < e->n_first && l.n_first < HB_WINDOW_EXCURSIONS; j++) {
            l.first[l.n_first++] = e->first[j]; /* panes follow each other in time */
        }
        any = true;
    }
    if (!any) {
        return HB_OK;
    }
    hb_window *v = &k->out->window;
    hb_window_limit *list = NULL;
    memcpy(&list, &v->limits, sizeof list);
    HB_TRY(HB_ARENA_GROW(&k->out->arena, list, v->n_limits, k->cap_limits, err));
    l.metric = hb_arena_str(&k->out->arena, hb_str_of(k->w->metrics[metric].name));
    if (!l.metric) {
        return HB_NOMEM(err);
    }
    list[v->n_limits++] = l;
    v->limits = list;
    return HB_OK;
}

static hb_status put_metrics(making *k, hb_error *err)
{
    for (size_t i = 0; i < k->w->n_order; i++) {
        uint32_t metric = k->w->order[i];
        bool any = false;
        for (size_t p = 0; p < k->n_panes && !any; p++) {
            any = cell_of(k->panes[p], metric) != NULL;
        }
        if (!any) {
            continue;
        }
        HB_TRY(put_profile(k, metric, err));
        for (int which = 0; which < HB_LIMITS; which++) {
            HB_TRY(put_limit(k, metric, which, err));
        }
    }
    return HB_OK;
}

static hb_status put_lost(making *k, hb_error *err)
{
    for (size_t r = 0; r < k->w->n_reasons; r++) {
        uint64_t n = 0;
        for (size_t i = 0; i < k->n_panes; i++) {
            n += k->panes[i]->lost[r];
        }
        if (n) {
            HB_TRY(hb_run_builder_reject_row(k->b, k->w->reasons[r], n, err));
        }
    }
    return HB_OK;
}

/* Samples a pane of this metric has as a rule: the upper quartile of the latest, so that neither a
 * pane cut short nor a gap of some panes changes what is expected. */
static uint64_t usual(const hb_heard *h)
{
    uint32_t sorted[HB_RATE_PANES];
    for (uint32_t i = 0; i < h->n_counts; i++) {
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] < h->counts[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = h->counts[i];
    }
    return h->n_counts ? sorted[(h->n_counts - 1) / 4] : 0;
}

static void cover(making *k)
{
    hb_kept *kept = k->kept;
    if (kept->revision == 0) {
        for (uint32_t m = 0; m < k->d->n_heard; m++) {
            uint64_t expected = usual(&k->d->heard[m]) * (uint64_t)k->d->overlap;
            uint64_t came = 0;
            for (size_t i = 0; expected && i < k->n_panes; i++) {
                const hb_cell *c = cell_of(k->panes[i], m);
                came += c ? c->usable : 0;
            }
            kept->expected += expected;
            kept->came += came < expected ? came : expected;
        }
    }
    double share = kept->expected ? (double)kept->came / (double)kept->expected : 1;
    k->out->window.coverage = share < 1 ? share : 1;
}

static hb_status put_silent(making *k, const char *metric, hb_time last, double allowed_s,
                            hb_error *err)
{
    hb_window *v = &k->out->window;
    hb_time since = last != HB_TIME_NONE ? last : k->d->begin * k->d->slide;
    double silent_s = (double)(v->end - since) / 1e9;
    if (!(silent_s > allowed_s)) {
        return HB_OK;
    }
    hb_window_silent *list = NULL;
    memcpy(&list, &v->silent, sizeof list);
    HB_TRY(HB_ARENA_GROW(&k->out->arena, list, v->n_silent, k->cap_silent, err));
    const char *name = hb_arena_str(&k->out->arena, hb_str_of(metric));
    if (!name) {
        return HB_NOMEM(err);
    }
    list[v->n_silent++] = (hb_window_silent){
        .metric = name, .last = last, .silent_s = silent_s, .allowed_s = allowed_s};
    v->silent = list;
    return HB_OK;
}

/* Seconds a metric may be silent; infinity = for ever. */
static double allowed(const hb_windows *w, const hb_metric_def *def)
{
    return def && def->stale_after_s.set ? def->stale_after_s.v
           : w->o.stale_after_ns         ? (double)w->o.stale_after_ns / 1e9
                                         : INFINITY;
}

static int by_metric(const void *a, const void *b)
{
    return strcmp(((const hb_window_silent *)a)->metric, ((const hb_window_silent *)b)->metric);
}

/* In a window opened again, silent ones of the first closing that are so still. */
static hb_status silent_still(making *k, hb_error *err)
{
    for (size_t i = 0; i < k->kept->n_silent; i++) {
        const hb_silence *s = &k->kept->silent[i];
        const char *name = NULL;
        const hb_metric_def *def = NULL;
        hb_time last = s->last;
        if (s->declared) {
            def = hb_registry_at(k->w->registry, s->metric);
            name = def->name;
        } else {
            def = k->w->metrics[s->metric].def;
            name = k->w->metrics[s->metric].name;
        }
        size_t metric = s->metric;
        bool known = !s->declared || hb_map_get(&k->w->by_name, hb_str_of(name), &metric);
        for (size_t p = 0; known && p < k->n_panes; p++) {
            const hb_cell *c = cell_of(k->panes[p], (uint32_t)metric);
            last = c && c->heard > last ? c->heard : last;
        }
        HB_TRY(put_silent(k, name, last, allowed(k->w, def), err));
    }
    return HB_OK;
}

static hb_status keep_silence(making *k, uint32_t metric, bool declared, hb_time last,
                              hb_error *err)
{
    if (k->w->o.late != HB_LATE_REOPEN) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(k->kept->silent, k->kept->cap_silent, k->kept->n_silent + 1,
                   2 * HB_WINDOWS_METRICS_MAX, "silent metrics", err));
    k->kept->silent[k->kept->n_silent++] =
        (hb_silence){.metric = metric, .declared = declared, .last = last};
    return HB_OK;
}

static hb_status seen_metrics(making *k, hb_error *err)
{
    for (uint32_t i = 0; i < k->d->n_heard; i++) {
        const hb_wmetric *m = &k->w->metrics[i];
        if (k->d->heard[i].last == HB_TIME_NONE) {
            continue;
        }
        size_t before = k->out->window.n_silent;
        HB_TRY(put_silent(k, m->name, k->d->heard[i].last, allowed(k->w, m->def), err));
        if (k->out->window.n_silent > before) {
            HB_TRY(keep_silence(k, i, false, k->d->heard[i].last, err));
        }
    }
    return HB_OK;
}

/* Declared with stale_after and never heard of. */
static hb_status unseen_metrics(making *k, hb_error *err)
{
    for (size_t i = 0; i < hb_registry_count(k->w->registry); i++) {
        const hb_metric_def *def = hb_registry_at(k->w->registry, i);
        size_t at = 0;
        if (!def->stale_after_s.set ||
            (hb_map_get(&k->w->by_name, hb_str_of(def->name), &at) && at < k->d->n_heard &&
             k->d->heard[at].last != HB_TIME_NONE)) {
            continue;
        }
        size_t before = k->out->window.n_silent;
        HB_TRY(put_silent(k, def->name, HB_TIME_NONE, def->stale_after_s.v, err));
        if (k->out->window.n_silent > before) {
            HB_TRY(keep_silence(k, (uint32_t)i, true, HB_TIME_NONE, err));
        }
    }
    return HB_OK;
}

static hb_status put_silence(making *k, hb_error *err)
{
    if (k->kept->revision) {
        HB_TRY(silent_still(k, err));
    } else {
        HB_TRY(seen_metrics(k, err));
        HB_TRY(unseen_metrics(k, err));
    }
    hb_window *v = &k->out->window;
    hb_window_silent *list = NULL;
    memcpy(&list, &v->silent, sizeof list);
    if (v->n_silent) {
        qsort(list, v->n_silent, sizeof *list, by_metric);
    }
    return HB_OK;
}

static hb_status make_run(making *k, hb_error *err)
{
    static const char no_sha256[65] = "";
    hb_run_meta meta = *k->w->o.meta;
    HB_TRY(name_window(k, &meta, err));
    if (k->w->o.modes.metric) {
        meta.context[HB_CONTEXT_OPERATING_MODE] =
            hb_windows_mode(k->w, k->d, k->first, k->last, k->kept->revision > 0);
    }
    meta.start = k->out->window.start;
    meta.end = k->out->window.end;
    HB_TRY(hb_run_builder_new(k->w->registry, k->w->units, &k->b, err));
    HB_TRY(hb_run_builder_file(k->b, k->w->o.stream, "live", "window", err));
    HB_TRY(put_metrics(k, err));
    HB_TRY(put_lost(k, err));
    hb_run_builder_file_totals(k->b, 0, k->rows, no_sha256);
    return hb_run_builder_finish(k->b, &meta, &k->out->run, err);
}

static hb_status make(making *k, hb_error *err)
{
    HB_TRY(hb_windows_sort(k->w, err));
    HB_TRY(find_panes(k, err));
    cover(k);
    HB_TRY(put_silence(k, err));
    HB_TRY(make_run(k, err));
    k->out->window.run = k->out->run;
    return HB_OK;
}

hb_status hb_window_build(hb_windows *w, hb_wdef *d, int64_t end_pane, hb_kept *kept,
                          hb_window_closed **ret, hb_error *err)
{
    enum { ARENA_BYTES = 256 << 20 };
    hb_window_closed *out = hb_alloc_zero(sizeof *out);
    if (!out) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&out->arena, ARENA_BYTES);
    making k = {.w = w,
                .d = d,
                .kept = kept,
                .out = out,
                .first = end_pane - d->overlap + 1,
                .last = end_pane};
    out->window = (hb_window){.start = k.first * d->slide,
                              .end = hb_pane_end(d, end_pane),
                              .revision = kept->revision,
                              .late = kept->late};
    hb_status status = make(&k, err);
    hb_run_builder_free(k.b);
    if (status != HB_OK) {
        hb_window_closed_free(out);
        return status;
    }
    *ret = out;
    return HB_OK;
}
