/* SPDX-License-Identifier: Apache-2.0 */
/* Column by column through each block: the figures of one column go to the builder in one call, the
 * columns side by side where there are threads. */
#include "input/layout_wide.h"

#include "base/mem.h"
#include "os/pool.h"

#include <stdio.h>
#include <string.h>

enum { PARTS_PER_THREAD = 4 };

/* Samples of one column that do not stand together in the figures. One for each part of the work.
 */
typedef struct picked {
    double *v;
    hb_time *t;
    size_t cap_v;
    size_t cap_t;
    hb_status status;
    hb_error err;
} picked;

typedef struct wide {
    hb_wide w;
    const hb_figures *figures; /* of the block at hand */
    const hb_block *block;
    bool decoding;       /* the reader gives figures */
    unsigned char *keep; /* row taken? */
    size_t cap_keep;
    bool all_kept; /* then `keep` need not be looked at */
    picked *parts;
    size_t cap_parts;
    size_t n_parts; /* of them in use */
    bool *fed;      /* metrics that have a column */
    size_t cap_fed;
    size_t n_fed;
    bool shared; /* two columns feed one metric */
    uint64_t bad_times;
    uint64_t backwards; /* rows older than the one before */
    hb_time latest;
    uint64_t not_selected;
    const hb_resample_rule *resample; /* NULL = samples as they are */
} wide;

static hb_status make_channel(wide *s, size_t i, hb_error *err)
{
    hb_wide *w = &s->w;
    hb_wide_column *c = &w->columns[i];
    HB_TRY(hb_run_builder_channel(w->job->b, w->names[i].metric, w->names[i].unit,
                                  w->job->t->header_line, i + 1, &c->channel, err));
    c->kind = HB_WIDE_METRIC;
    hb_run_builder_missing(w->job->b, c->channel, c->missing);
    size_t metric = hb_run_builder_metric(w->job->b, c->channel);
    HB_TRY(HB_GROW(s->fed, s->cap_fed, metric + 1, HB_RUN_MAX_METRICS, "metrics", err));
    for (; s->n_fed <= metric; s->n_fed++) {
        s->fed[s->n_fed] = false;
    }
    s->shared = s->shared || s->fed[metric];
    s->fed[metric] = true;
    return HB_OK;
}

static hb_cell_class class_of(const hb_figures *f, size_t row)
{
    return f->cls ? (hb_cell_class)f->cls[row] : HB_CELL_IS_NUMBER;
}

static hb_status tell_text_column(wide *s, size_t i, hb_error *err)
{
    char text[400];
    hb_str name = s->w.job->columns[i].name;
    snprintf(text, sizeof text, "column '%.*s' holds text and is no metric",
             (int)(name.n < 200 ? name.n : 200), name.p);
    return hb_run_builder_warn(s->w.job->b, text, err);
}

/* A column that had nothing but missing cells so far. */
static hb_status settle_column(wide *s, size_t i, hb_error *err)
{
    hb_wide *w = &s->w;
    size_t count[HB_CELL_IS_TEXT + 1] = {0};
    for (size_t r = 0; r < s->block->n_rows; r++) {
        count[class_of(&s->figures[i], r)]++;
    }
    size_t numbers = count[HB_CELL_IS_NUMBER] + count[HB_CELL_IS_NAN] + count[HB_CELL_IS_INF];
    if (numbers + count[HB_CELL_IS_TEXT] == 0) {
        return HB_OK;
    }
    HB_TRY(make_channel(s, i, err));
    const hb_column_plan *p = &w->plan->columns[i];
    bool text = p->kind == HB_COLUMN_TEXT || (p->kind == HB_COLUMN_TIME && !p->time.plain_number) ||
                numbers < count[HB_CELL_IS_TEXT];
    /* The registry may know the name: then the column is a metric that turned to garbage, and each
     * cell is counted as such. */
    if (!text || hb_told_column(w->job->o->profile, i) ||
        hb_run_builder_declared(w->job->b, w->job->columns[i].name)) {
        return HB_OK;
    }
    w->columns[i].kind = HB_WIDE_TEXT;
    return tell_text_column(s, i, err);
}

static bool in_ranges(const wide *s, size_t row, size_t column, const hb_ranges *ranges)
{
    if (column == HB_NO_COLUMN || ranges->n == 0) {
        return true;
    }
    const hb_figures *f = &s->figures[column];
    return class_of(f, row) == HB_CELL_IS_NUMBER && hb_ranges_has(ranges, f->v[row]);
}

/* Times at the start that are known and not before the one before. */
static size_t rising(const hb_time *t, size_t n, hb_time latest)
{
    size_t i = 0;
    while (i < n && t[i] != HB_TIME_NONE && t[i] >= latest) {
        latest = t[i++];
    }
    return i;
}

/* The one place where rows are taken or left: keep[row], and all_kept when every one is. */
static hb_status select_rows(wide *s, hb_error *err)
{
    const hb_layout_options *o = s->w.job->o;
    size_t n = s->block->n_rows;
    const hb_time *t =
        s->w.plan->axis.kind != HB_AXIS_NONE ? s->figures[s->w.plan->axis.columns[0]].t : NULL;
    HB_TRY(HB_GROW(s->keep, s->cap_keep, n, SIZE_MAX / 2, "rows", err));
    if (s->block->keep) {
        memcpy(s->keep, s->block->keep, n);
    } else {
        memset(s->keep, 1, n);
    }
    uint64_t not_selected = s->not_selected;
    uint64_t left_before = not_selected + s->bad_times;
    bool all = !s->block->keep || !memchr(s->keep, 0, n);
    for (size_t r = 0; r < n && (o->units.n || o->cycles.n); r++) {
        bool in =
            in_ranges(s, r, s->w.unit_id, &o->units) && in_ranges(s, r, s->w.cycle, &o->cycles);
        s->not_selected += s->keep[r] && !in;
        s->keep[r] = s->keep[r] && in;
    }
    size_t plain = t && all && s->not_selected == not_selected ? rising(t, n, s->latest) : 0;
    s->latest = plain ? t[plain - 1] : s->latest;
    for (size_t r = plain; t && r < n; r++) {
        bool readable = t[r] != HB_TIME_NONE; /* else a footer, a summary, half a row */
        s->bad_times += s->keep[r] && !readable;
        s->keep[r] = s->keep[r] && readable;
        s->backwards += s->keep[r] && t[r] < s->latest;
        s->latest = s->keep[r] ? t[r] : s->latest;
    }
    s->all_kept = all && s->not_selected + s->bad_times == left_before;
    return HB_OK;
}

static hb_wide_counts counts_of(const size_t count[HB_CELL_IS_TEXT + 1])
{
    return (hb_wide_counts){.missing = count[HB_CELL_IS_MISSING],
                            .nan = count[HB_CELL_IS_NAN],
                            .inf = count[HB_CELL_IS_INF],
                            .texts = count[HB_CELL_IS_TEXT]};
}

static void note_counts(hb_run_builder *b, const hb_wide_column *c)
{
    hb_run_builder_missing(b, c->channel, c->counts.missing);
    hb_run_builder_nan(b, c->channel, c->counts.nan);
    hb_run_builder_inf(b, c->channel, c->counts.inf);
}

/* The samples of a column, put together in the part's room; what is none is counted. */
static hb_status pick(const wide *s, size_t i, const hb_time *t, picked *room, size_t *ret_n,
                      hb_error *err)
{
    const hb_figures *f = &s->figures[i];
    size_t rows = s->block->n_rows;
    size_t count[HB_CELL_IS_TEXT + 1] = {0};
    HB_TRY(HB_GROW(room->v, room->cap_v, rows + 1, SIZE_MAX / 16, "rows", err));
    HB_TRY(HB_GROW(room->t, room->cap_t, rows + 1, SIZE_MAX / 16, "rows", err));
    size_t n = 0;
    for (size_t r = 0; r < rows; r++) { /* each row is written, and kept by moving on */
        hb_cell_class k = class_of(f, r);
        bool sample = s->keep[r] && k == HB_CELL_IS_NUMBER;
        room->v[n] = f->v[r];
        room->t[n] = t ? t[r] : HB_TIME_NONE;
        n += sample;
        count[k] += s->keep[r];
    }
    s->w.columns[i].counts = counts_of(count);
    *ret_n = n;
    return HB_OK;
}

static hb_status push_column(const wide *s, size_t i, picked *room, hb_error *err)
{
    hb_run_builder *b = s->w.job->b;
    hb_wide_column *c = &s->w.columns[i];
    const hb_figures *f = &s->figures[i];
    bool timed = s->w.plan->axis.kind != HB_AXIS_NONE;
    const hb_time *t = timed ? s->figures[s->w.plan->axis.columns[0]].t : NULL;
    c->counts = (hb_wide_counts){0};
    bool resampled = s->resample != NULL;
    const hb_samples *all = s->all_kept && !resampled ? f->samples : NULL;
    if (all) {
        c->counts = counts_of(all->count);
        note_counts(b, c);
        return hb_run_builder_add_known(b, c->channel, all->v, all->t, all->n, &all->moments, err);
    }
    if (!f->cls && s->all_kept && !resampled) {
        return hb_run_builder_add(b, c->channel, f->v, t, s->block->n_rows, err);
    }
    size_t n = 0;
    HB_TRY(pick(s, i, t, room, &n, err));
    note_counts(b, c);
    if (resampled) {
        HB_TRY(hb_resample_add(&c->resampler, s->resample, room->v, room->t, n, room->v, room->t,
                               &n, &c->untimed, err));
    }
    return hb_run_builder_add(b, c->channel, room->v, timed ? room->t : NULL, n, err);
}

static void push_part(void *ctx, size_t part)
{
    wide *s = ctx;
    picked *room = &s->parts[part];
    size_t n = s->w.n_columns;
    room->status = HB_OK;
    for (size_t i = part * n / s->n_parts; i < (part + 1) * n / s->n_parts && room->status == HB_OK;
         i++) {
        if (s->w.columns[i].kind == HB_WIDE_METRIC) {
            room->status = push_column(s, i, room, &room->err);
        }
    }
}

static hb_status make_parts(wide *s, hb_error *err)
{
    unsigned threads = hb_pool_threads(s->w.job->t->pool);
    size_t most = threads > 1 ? (size_t)threads * PARTS_PER_THREAD : 1;
    if (!s->parts) {
        s->parts = hb_alloc_zero(most * sizeof *s->parts);
        if (!s->parts) {
            return HB_NOMEM(err);
        }
        s->cap_parts = most;
    }
    /* Two columns of one metric are added one after the other, in their order. */
    s->n_parts = s->shared || s->w.n_columns == 0 ? 1
                 : s->w.n_columns < most          ? s->w.n_columns
                                                  : most;
    return HB_OK;
}

static hb_status push_columns(wide *s, hb_error *err)
{
    HB_TRY(make_parts(s, err));
    hb_pool_run(s->w.job->t->pool, push_part, s, s->n_parts);
    for (size_t i = 0; i < s->n_parts; i++) {
        if (s->parts[i].status != HB_OK) {
            if (err) {
                *err = s->parts[i].err;
            }
            return s->parts[i].status;
        }
    }
    return HB_OK;
}

static hb_str cell_text(const wide *s, size_t row, size_t column, char *room)
{
    if (s->block->cells) {
        return hb_layout_text(&s->block->cells[row * s->block->n_cols + column], room);
    }
    return s->w.job->t->ops->text ? s->w.job->t->ops->text(s->w.job->t, row, column)
                                  : (hb_str){"", 0};
}

/* The first few with their texts, the others by number. */
static hb_status reject_cells(wide *s, size_t i, hb_error *err)
{
    static const char reason[] = "not a number";
    hb_run_builder *b = s->w.job->b;
    const hb_wide_column *c = &s->w.columns[i];
    uint64_t left = c->counts.texts;
    for (size_t r = 0; left && hb_run_builder_wants_text(b, c->channel); r++) {
        if (s->keep[r] && class_of(&s->figures[i], r) == HB_CELL_IS_TEXT) {
            char room[HB_NUM_TEXT];
            HB_TRY(hb_run_builder_reject(b, c->channel, reason, cell_text(s, r, i, room),
                                         s->block->lines[r], err));
            left--;
        }
    }
    return left ? hb_run_builder_rejects(b, c->channel, reason, left, err) : HB_OK;
}

static void count_texts(const wide *s, size_t i)
{
    uint64_t n = 0;
    for (size_t r = 0; r < s->block->n_rows; r++) {
        n += s->keep[r] && class_of(&s->figures[i], r) != HB_CELL_IS_MISSING;
    }
    hb_run_builder_text_cells(s->w.job->b, s->w.columns[i].channel, n);
}

static hb_status take_block(wide *s, const hb_block *block, hb_error *err)
{
    hb_wide *w = &s->w;
    hb_table *t = w->job->t;
    s->block = block;
    HB_TRY(hb_wide_plan(w, block, err));
    s->figures = block->figures;
    for (size_t i = 0; i < w->n_columns; i++) {
        if (w->columns[i].kind == HB_WIDE_OPEN) {
            HB_TRY(settle_column(s, i, err));
        }
    }
    HB_TRY(select_rows(s, err));
    HB_TRY(push_columns(s, err));
    for (size_t i = 0; i < w->n_columns; i++) {
        if (w->columns[i].kind == HB_WIDE_METRIC && w->columns[i].counts.texts) {
            HB_TRY(reject_cells(s, i, err));
        } else if (w->columns[i].kind == HB_WIDE_TEXT) {
            count_texts(s, i);
        } else if (w->columns[i].kind == HB_WIDE_OPEN) {
            w->columns[i].missing += block->n_rows;
        }
    }
    if (!s->decoding && t->ops->plan) {
        s->decoding = t->ops->plan(t, w->plan);
    }
    return HB_OK;
}

/* What waits in the resamplers. */
static hb_status flush_steps(wide *s, hb_error *err)
{
    uint64_t untimed = 0;
    for (size_t i = 0; s->resample && i < s->w.n_columns; i++) {
        hb_wide_column *c = &s->w.columns[i];
        double v = 0;
        hb_time t = 0;
        untimed = c->untimed > untimed ? c->untimed : untimed;
        if (c->kind == HB_WIDE_METRIC && hb_resample_finish(&c->resampler, s->resample, &v, &t)) {
            HB_TRY(hb_run_builder_add(s->w.job->b, c->channel, &v, &t, 1, err));
        }
    }
    return untimed ? hb_run_builder_reject_row(s->w.job->b, HB_REJECT_NO_TIME, untimed, err)
                   : HB_OK;
}

static hb_status finish(wide *s, hb_error *err)
{
    hb_wide *w = &s->w;
    HB_TRY(flush_steps(s, err));
    for (size_t i = 0; i < w->n_columns; i++) {
        /* A column without a single value is still a channel the file has. */
        if (w->columns[i].kind == HB_WIDE_OPEN && w->columns[i].missing) {
            HB_TRY(make_channel(s, i, err));
        }
    }
    if (w->time != HB_NO_COLUMN) {
        HB_TRY(hb_layout_tell_times(w->job, w->job->columns[w->time].name,
                                    w->plan->axis.kind != HB_AXIS_NONE, s->bad_times, s->backwards,
                                    err));
    }
    if (s->not_selected) {
        HB_TRY(hb_run_builder_reject_row(w->job->b, HB_REJECT_NOT_SELECTED, s->not_selected, err));
    }
    return HB_OK;
}

static hb_status check_selection(const hb_wide *w, hb_error *err)
{
    const hb_layout_options *o = w->job->o;
    if ((o->units.n && w->unit_id == HB_NO_COLUMN) || (o->cycles.n && w->cycle == HB_NO_COLUMN)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' has no %s column to select by; --unit and --cycles belong to adapters "
                       "such as cmapss_fd001",
                       w->job->path, o->units.n && w->unit_id == HB_NO_COLUMN ? "unit" : "cycle");
    }
    return HB_OK;
}

static hb_status read_all(wide *s, hb_block *block, hb_error *err)
{
    hb_wide *w = &s->w;
    const hb_input_profile *p = w->job->o->profile;
    HB_TRY(hb_wide_plan(w, block, err));
    HB_TRY(check_selection(w, err));
    if (p && p->n_columns && p->n_columns != block->n_cols) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has %zu columns; adapter '%s' expects %zu",
                       w->job->path, block->n_cols, p->names[0], p->n_columns);
    }
    while (block->n_rows) {
        HB_TRY(take_block(s, block, err));
        HB_TRY(hb_layout_next(w->job, block, err));
    }
    return finish(s, err);
}

hb_status hb_layout_wide(hb_layout_job *job, hb_block *first, hb_error *err)
{
    enum { NAMES_BYTES = 256 << 20 };
    wide s = {
        .w = {.job = job, .time = HB_NO_COLUMN, .unit_id = HB_NO_COLUMN, .cycle = HB_NO_COLUMN},
        .latest = HB_TIME_NONE};
    s.w.select = hb_watch_select(job->t);
    s.resample = s.w.select && hb_select_resample(s.w.select)->step_ns
                     ? hb_select_resample(s.w.select)
                     : NULL;
    hb_arena_init(&s.w.arena, NAMES_BYTES);
    hb_map_init(&s.w.taken, HB_TABLE_MAX_COLUMNS);
    hb_status status = read_all(&s, first, err);
    if (s.decoding) {
        job->t->ops->plan(job->t, NULL);
    }
    for (size_t i = 0; i < s.cap_parts; i++) {
        hb_free(s.parts[i].v);
        hb_free(s.parts[i].t);
    }
    hb_free(s.parts);
    hb_free(s.w.columns);
    hb_free(s.keep);
    hb_free(s.fed);
    hb_map_release(&s.w.taken);
    hb_arena_release(&s.w.arena);
    return status;
}
