/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/windows.h"

#include "base/mem.h"
#include "telemetry/factors.h"
#include "telemetry/run_meta.h"
#include "telemetry/windows_internal.h"

#include <string.h>

const char *const hb_late_names[] = {
    [HB_LATE_DROP] = "drop",
    [HB_LATE_SIDE] = "side_output",
    [HB_LATE_REOPEN] = "reopen",
    [HB_LATE_COUNT_] = NULL,
};

const char *hb_windows_count_name(hb_windows_count what)
{
    static const char *const names[] = {
#define HB_WINDOWS_COUNT_NAME(code, name, words) [HB_WINDOWS_##code] = (name),
        HB_WINDOWS_COUNT_MAP(HB_WINDOWS_COUNT_NAME)
#undef HB_WINDOWS_COUNT_NAME
    };
    return (unsigned)what < HB_WINDOWS_COUNT_ ? names[what] : "";
}

const char *hb_windows_count_words(hb_windows_count what)
{
    static const char *const names[] = {
#define HB_WINDOWS_COUNT_WORDS(code, name, words) [HB_WINDOWS_##code] = (words),
        HB_WINDOWS_COUNT_MAP(HB_WINDOWS_COUNT_WORDS)
#undef HB_WINDOWS_COUNT_WORDS
    };
    return (unsigned)what < HB_WINDOWS_COUNT_ ? names[what] : "";
}

uint64_t hb_windows_counted(const hb_windows *w, hb_windows_count what)
{
    return w->count[what];
}

hb_time hb_windows_watermark(const hb_windows *w)
{
    return w->watermark;
}

enum { NAME_MAX_BYTES = 64 };

#define SIZE_MIN INT64_C(250000000)
#define SIZE_MAX_NS (INT64_C(31) * 86400 * 1000000000)

static hb_status check_def(const hb_windows_options *o, size_t i, hb_error *err)
{
    const hb_window_def *d = &o->defs[i];
    if (!d->name || !*d->name || strlen(d->name) > NAME_MAX_BYTES) {
        return HB_FAIL(err, HB_E_CONFIG, "window %zu: its name must have 1 to %d bytes", i + 1,
                       NAME_MAX_BYTES);
    }
    if (d->size_ns < SIZE_MIN || d->size_ns > SIZE_MAX_NS) {
        return HB_FAIL(err, HB_E_CONFIG, "window '%s': size must be 250 ms to 31 days, got %g s",
                       d->name, (double)d->size_ns / 1e9);
    }
    if (d->slide_ns <= 0 || d->slide_ns > d->size_ns || d->size_ns % d->slide_ns != 0 ||
        d->size_ns / d->slide_ns > HB_WINDOWS_OVERLAP_MAX) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "window '%s': size must be 1 to %d times the slide, got %g s and %g s",
                       d->name, HB_WINDOWS_OVERLAP_MAX, (double)d->size_ns / 1e9,
                       (double)d->slide_ns / 1e9);
    }
    if (o->max_open && o->max_open <= d->size_ns / d->slide_ns) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "window '%s': max_open must be over size / slide = %lld, got %u", d->name,
                       (long long)(d->size_ns / d->slide_ns), o->max_open);
    }
    for (size_t k = 0; k < i; k++) {
        if (strcmp(o->defs[k].name, d->name) == 0) {
            return HB_FAIL(err, HB_E_CONFIG, "two windows have the name '%s'", d->name);
        }
    }
    return HB_OK;
}

static hb_status check(const hb_windows_options *o, hb_error *err)
{
    if (o->n_defs == 0 || o->n_defs > HB_WINDOWS_DEFS_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "1 to %d window definitions are needed, got %zu",
                       HB_WINDOWS_DEFS_MAX, o->n_defs);
    }
    for (size_t i = 0; i < o->n_defs; i++) {
        HB_TRY(check_def(o, i, err));
    }
    const struct {
        const char *name;
        int64_t ns;
    } spans[] = {{"lateness", o->lateness_ns},
                 {"max_ahead", o->max_ahead_ns},
                 {"idle_after", o->idle_after_ns},
                 {"keep_closed", o->keep_closed_ns},
                 {"stale_after", o->stale_after_ns}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (spans[i].ns < 0 || spans[i].ns > HB_WINDOWS_OPTION_MAX) {
            return HB_FAIL(err, HB_E_CONFIG, "%s must be 0 to 366 days, got %g s", spans[i].name,
                           (double)spans[i].ns / 1e9);
        }
    }
    if ((unsigned)o->late >= HB_LATE_COUNT_ || o->max_metrics > HB_WINDOWS_METRICS_MAX ||
        o->max_open > HB_PANES_MAX / 2 || o->remembered_ids > HB_WINDOWS_IDS_MAX) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "late policy, max_metrics (to %d), max_open (to %d) or remembered_ids (to "
                       "%d) is out of range",
                       HB_WINDOWS_METRICS_MAX, HB_PANES_MAX / 2, HB_WINDOWS_IDS_MAX);
    }
    return HB_OK;
}

static hb_status copy_text(hb_windows *w, const char **io, hb_error *err)
{
    *io = hb_arena_str(&w->arena, hb_str_of(*io));
    return *io ? HB_OK : HB_NOMEM(err);
}

static hb_status copy_meta(hb_windows *w, const hb_run_meta *from, hb_error *err)
{
    hb_run_meta *m = hb_arena_alloc(&w->arena, sizeof *m);
    if (!m) {
        return HB_NOMEM(err);
    }
    if (from) {
        *m = *from;
    } else {
        hb_run_meta_init(m);
    }
    const char **texts[] = {&m->run_id,        &m->program,        &m->subsystem,
                            &m->test_name,     &m->git_sha,        &m->build_id,
                            &m->source_system, &m->schema_version, &m->correlation_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        HB_TRY(copy_text(w, texts[i], err));
    }
    if (w->o.modes.metric) {
        m->context[HB_CONTEXT_OPERATING_MODE] = "";
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        HB_TRY(copy_text(w, &m->context[i], err));
    }
    const hb_factor *factors = m->factors;
    size_t n = m->n_factors;
    m->factors = NULL;
    m->n_factors = 0;
    for (size_t i = 0; i < n; i++) {
        HB_TRY(hb_factors_put(m, &w->arena, hb_str_of(factors[i].name), hb_str_of(factors[i].value),
                              err));
    }
    w->o.meta = m;
    return HB_OK;
}

static hb_status copy_defs(hb_windows *w, hb_error *err)
{
    w->n_defs = w->o.n_defs;
    w->defs = hb_alloc_zero(w->n_defs * sizeof *w->defs);
    if (!w->defs) {
        w->n_defs = 0;
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < w->n_defs; i++) {
        const hb_window_def *from = &w->o.defs[i];
        hb_wdef *d = &w->defs[i];
        d->name = hb_arena_str(&w->arena, hb_str_of(from->name));
        if (!d->name) {
            return HB_NOMEM(err);
        }
        d->size = from->size_ns;
        d->slide = from->slide_ns;
        d->overlap = from->size_ns / from->slide_ns;
    }
    w->o.defs = NULL;
    return HB_OK;
}

static void put_text(hb_buf *b, const char *text)
{
    hb_buf_fmt(b, "%zu:%s\n", strlen(text), text);
}

static void put_meta(hb_buf *b, const hb_run_meta *m)
{
    const char *const texts[] = {m->program,        m->subsystem,     m->test_name,
                                 m->git_sha,        m->build_id,      m->source_system,
                                 m->schema_version, m->correlation_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_text(b, texts[i]);
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        put_text(b, m->context[i]);
    }
    for (size_t i = 0; i < m->n_factors; i++) {
        put_text(b, m->factors[i].name);
        put_text(b, m->factors[i].value);
    }
}

/* Everything that decides about the result. late_fn only hears of it. */
static hb_status digest_options(hb_windows *w, hb_error *err)
{
    const hb_windows_options *o = &w->o;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    put_text(&b, o->stream);
    put_meta(&b, o->meta);
    for (size_t i = 0; i < w->n_defs; i++) {
        const hb_wdef *d = &w->defs[i];
        put_text(&b, d->name);
        hb_buf_fmt(&b, "%lld %lld\n", (long long)d->size, (long long)d->slide);
    }
    const int64_t figures[] = {o->lateness_ns,    o->max_ahead_ns,   o->idle_after_ns,
                               o->keep_closed_ns, o->stale_after_ns, (int64_t)o->late,
                               o->max_metrics,    o->max_open,       o->remembered_ids};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_buf_fmt(&b, "%lld\n", (long long)figures[i]);
    }
    for (size_t i = 0; i < o->modes.n; i++) {
        put_text(&b, i ? "" : o->modes.metric);
        hb_buf_f64(&b, o->modes.list[i].value);
        put_text(&b, o->modes.list[i].mode);
    }
    hb_status status = hb_buf_check(&b, err);
    status = status == HB_OK ? hb_digest_of(b.p, b.n, w->options_digest, err) : status;
    hb_buf_release(&b);
    return status;
}

/* The registry in force, overrides merged, without the name of its file. With modes it is in force
 * for one of them, and the text of its file stands for all. */
static hb_status digest_registry(hb_windows *w, hb_error *err)
{
    enum { YAML_MAX_BYTES = 256 << 20 };
    hb_buf b;
    hb_buf_init(&b, YAML_MAX_BYTES);
    if (w->o.modes.metric) {
        put_text(&b, hb_registry_digest(w->registry));
        put_text(&b, hb_registry_program(w->registry));
    } else {
        hb_registry_yaml(w->registry, &b);
    }
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        const char *from = strstr(b.p, "\ndefaults:\n");
        from = from ? from : b.p;
        status = hb_digest_of(from, b.n - (size_t)(from - b.p), w->registry_digest, err);
    }
    hb_buf_release(&b);
    return status;
}

/* As it is before the first sample; memory that was taken is not released. */
static void begin(hb_windows *w)
{
    w->head = HB_TIME_NONE;
    w->watermark = HB_TIME_NONE;
    w->behind_before = HB_TIME_NONE;
    w->tick = HB_TIME_NONE;
    w->quiet_from = HB_TIME_NONE;
    for (size_t i = 0; i < w->n_defs; i++) {
        hb_wdef *d = &w->defs[i];
        d->due = HB_NO_PANE;
        d->due_next = HB_TIME_NONE;
        d->closed = HB_NO_PANE;
        d->begin = HB_NO_PANE;
        d->last_data = HB_NO_PANE;
        d->dirty_at = HB_NO_PANE;
        d->mode_t = HB_TIME_NONE;
    }
}

static hb_status fill(hb_windows *w, hb_error *err)
{
    hb_windows_options *o = &w->o;
    o->stream = o->stream ? o->stream : "";
    o->max_metrics = o->max_metrics ? o->max_metrics : HB_WINDOWS_METRICS_MAX;
    o->max_open = o->max_open ? o->max_open : HB_WINDOWS_OVERLAP_MAX + 16;
    o->remembered_ids = o->remembered_ids ? o->remembered_ids : 1 << 16;
    HB_TRY(copy_text(w, &o->stream, err));
    HB_TRY(copy_defs(w, err));
    HB_TRY(hb_windows_copy_modes(w, err));
    HB_TRY(copy_meta(w, o->meta, err));
    HB_TRY(digest_options(w, err));
    HB_TRY(digest_registry(w, err));
    HB_TRY(hb_ids_init(&w->ids, o->remembered_ids, err));
    begin(w);
    return HB_OK;
}

hb_status hb_windows_new(const hb_windows_options *options, const hb_registry *registry,
                         hb_units *units, hb_windows **ret_windows, hb_error *err)
{
    HB_TRY(check(options, err));
    hb_windows *w = hb_alloc_zero(sizeof *w);
    if (!w) {
        return HB_NOMEM(err);
    }
    w->o = *options;
    w->registry = registry;
    w->units = units;
    hb_arena_init(&w->arena, HB_NAMES_BYTES);
    hb_map_init(&w->by_name, HB_WINDOWS_METRICS_MAX);
    hb_status status = fill(w, err);
    if (status != HB_OK) {
        hb_windows_free(w);
        return status;
    }
    *ret_windows = w;
    return HB_OK;
}

static void free_def(hb_wdef *d)
{
    for (size_t i = 0; i < d->n_panes; i++) {
        hb_pane_free(d->panes[i]);
    }
    for (size_t i = 0; i < d->n_kept; i++) {
        hb_kept_release(&d->kept[i]);
    }
    hb_free(d->panes);
    hb_free(d->heard);
    hb_free(d->kept);
}

void hb_windows_free(hb_windows *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->n_defs; i++) {
        free_def(&w->defs[i]);
    }
    for (size_t i = w->at_ready; i < w->n_ready; i++) {
        hb_window_closed_free(w->ready[i]);
    }
    hb_ids_release(&w->ids);
    hb_map_release(&w->by_name);
    hb_arena_release(&w->arena);
    hb_free(w->defs);
    hb_free(w->channels);
    hb_free(w->channel_slots);
    hb_free(w->metrics);
    hb_free(w->order);
    hb_free(w->ahead.held);
    hb_free(w->ready);
    hb_free(w);
}

static hb_status refuse(hb_windows *w, const hb_live_sample *s, uint32_t channel, hb_error *err)
{
    hb_windows_count why =
        channel == HB_NO_METRIC ? HB_WINDOWS_NO_ROOM : w->channels[channel].refused;
    const char *reason = why == HB_WINDOWS_NO_UNIT   ? "unit cannot be converted"
                         : why == HB_WINDOWS_NO_ROOM ? "too many metrics"
                         : s->name.n == 0            ? HB_REJECT_NO_NAME
                                                     : "name that cannot be used";
    return hb_windows_lost(w, why, reason, err);
}

hb_status hb_windows_sample(hb_windows *w, const hb_live_sample *s, hb_error *err)
{
    w->finished = false; /* more came after an end: what closed stays closed */
    bool known = false;
    if (s->id.n) {
        HB_TRY(hb_ids_known(&w->ids, s, &known, err));
    }
    if (known) {
        w->count[HB_WINDOWS_DUPLICATE]++;
        return HB_OK;
    }
    w->ids.in_message = w->ids.in_message && s->id.n;
    uint32_t channel = 0;
    HB_TRY(hb_windows_channel(w, s, &channel, err));
    if (channel == HB_NO_METRIC || w->channels[channel].metric == HB_NO_METRIC) {
        return refuse(w, s, channel, err);
    }
    w->count[HB_WINDOWS_UNTIMED] += !s->timed;
    const hb_held x = {.channel = channel,
                       .kind = s->kind,
                       .timed = s->timed,
                       .t = s->t,
                       .value = s->kind == HB_LIVE_VALUE ? s->value : 0};
    return hb_windows_arrive(w, &x, s, err);
}

hb_status hb_windows_bad_message(hb_windows *w, const char *reason, hb_error *err)
{
    return hb_windows_lost(w, HB_WINDOWS_BAD_MESSAGE, reason, err);
}

hb_status hb_windows_finish(hb_windows *w, hb_error *err)
{
    if (!w->finished) {
        HB_TRY(hb_windows_settle_time(w, err));
        hb_windows_end_of_input(w);
    }
    return HB_OK;
}

hb_status hb_windows_take(hb_windows *w, hb_window_closed **ret_closed, hb_error *err)
{
    if (w->at_ready < w->n_ready) {
        *ret_closed = w->ready[w->at_ready++];
        if (w->at_ready == w->n_ready) {
            w->at_ready = 0;
            w->n_ready = 0;
        }
        return HB_OK;
    }
    return hb_windows_close_next(w, ret_closed, err);
}

void hb_window_closed_free(hb_window_closed *c)
{
    if (c) {
        hb_run_free(c->run);
        hb_arena_release(&c->arena);
        hb_free(c);
    }
}

uint32_t hb_windows_metrics(const hb_windows *w)
{
    return (uint32_t)w->n_metrics;
}

uint32_t hb_windows_open(const hb_windows *w)
{
    uint32_t n = 0;
    for (size_t i = 0; i < w->n_defs; i++) {
        const hb_wdef *d = &w->defs[i];
        if (d->n_panes == 0) {
            continue;
        }
        int64_t last = d->panes[d->n_panes - 1]->index;
        int64_t first = d->closed == HB_NO_PANE ? d->panes[0]->index : d->closed + 1;
        /* A pane is in as many windows as overlap; those that end with a closed one are told. */
        n += last >= first ? (uint32_t)(last - first + d->overlap) : 0;
    }
    return n;
}
