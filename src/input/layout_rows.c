/* SPDX-License-Identifier: Apache-2.0 */
/* One figure a row: metric tables (the row states the metric's value) and long tables (the row is
 * one sample). Samples are gathered per channel and handed over once a block. */
#include "input/layout_internal.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "input/json/values.h"
#include "input/time_rule.h"
#include "input/watch.h"
#include "telemetry/resolution.h"

#include <stdio.h>
#include <string.h>

enum {
    KEYS_BYTES = 256 << 20,
    MAX_KEYS = HB_RUN_MAX_METRICS,
    SAMPLES_MAX = 10000000,
    TIME_ROWS = 2000
};

/* What a channel has of the block at hand. */
typedef struct samples {
    double *v;
    hb_time *t;
    size_t n;
    size_t cap;
    size_t cap_t;
    hb_resampler resampler;
    uint64_t untimed;
} samples;

typedef struct gathered {
    hb_str key; /* as in by_key */
    uint32_t channel;
    bool wanted;
    samples *samples; /* NULL while there were none: a row of a metric table states a value */
} gathered;

typedef struct rows {
    hb_layout_job *job;
    const hb_row_columns *c;
    bool series;
    hb_time_rule time; /* kind HB_AXIS_NONE: the rows are taken in order */
    hb_arena keys;
    hb_map by_key; /* "metric \x1f unit" as written → index of `list` */
    gathered *list;
    size_t n_list;
    size_t last; /* of the row before */
    size_t cap_list;
    hb_buf key;
    bool gathered; /* anything since the last flush */
    uint64_t bad_times;
    uint64_t backwards; /* rows older than the one before */
    hb_time latest;
    hb_select *select;                /* NULL = everything */
    const hb_resample_rule *resample; /* NULL = samples as they are */
    uint64_t not_wanted;
} rows;

static hb_str text_of(const hb_block *block, size_t r, size_t column, char *room)
{
    return column == HB_NO_COLUMN || column >= block->n_cols
               ? (hb_str){"", 0}
               : hb_layout_text(&block->cells[r * block->n_cols + column], room);
}

/* Loggers write their channels in turn, or one after the other: the row's key is mostly that which
 * followed the row before, or the same. */
static bool expected(rows *w, hb_str key, size_t *ret)
{
    const size_t guesses[] = {w->last + 1 < w->n_list ? w->last + 1 : 0, w->last};
    for (size_t i = 0; i < 2 && w->n_list; i++) {
        if (hb_str_eq(w->list[guesses[i]].key, key)) {
            *ret = w->last = guesses[i];
            return true;
        }
    }
    return false;
}

static hb_status channel_of(rows *w, const hb_block *block, size_t r, size_t *ret, hb_error *err)
{
    char room[HB_NUM_TEXT];
    char unit_room[HB_NUM_TEXT];
    hb_str name = text_of(block, r, w->c->metric, room);
    hb_str unit = text_of(block, r, w->c->unit, unit_room);
    if (unit.n == 0 && w->job->o->pba) {
        unit = hb_pba_unit(w->job->o->pba, name);
    }
    const hb_plan *plan = hb_watch_plan(w->job->t);
    if (unit.n == 0 && plan && w->c->value < plan->n_columns) {
        unit = hb_str_of(plan->columns[w->c->value].number.unit); /* as its cells state it */
    }
    hb_buf_clear(&w->key);
    hb_buf_str(&w->key, name);
    hb_buf_ch(&w->key, '\x1f');
    hb_buf_str(&w->key, unit);
    HB_TRY(hb_buf_check(&w->key, err));
    hb_str key = {w->key.p, w->key.n};
    if (expected(w, key, ret)) {
        return HB_OK;
    }
    if (hb_map_get(&w->by_key, key, ret)) {
        w->last = *ret;
        return HB_OK;
    }
    gathered g = {0};
    g.wanted = !w->select || hb_select_wants_metric(w->select, name);
    if (g.wanted) {
        HB_TRY(hb_run_builder_channel(w->job->b, name, unit, block->lines[r], w->c->metric + 1,
                                      &g.channel, err));
    }
    HB_TRY(HB_GROW(w->list, w->cap_list, w->n_list + 1, MAX_KEYS, "metrics", err));
    char *kept = hb_arena_str(&w->keys, key);
    if (!kept) {
        return HB_NOMEM(err);
    }
    g.key = (hb_str){kept, key.n};
    HB_TRY(hb_map_put(&w->by_key, g.key, w->n_list, err));
    *ret = w->last = w->n_list;
    w->list[w->n_list++] = g;
    return HB_OK;
}

static hb_status gather(rows *w, gathered *g, double v, hb_time t, hb_error *err)
{
    if (!g->samples) {
        g->samples = hb_alloc_zero(sizeof *g->samples);
        if (!g->samples) {
            return HB_NOMEM(err);
        }
    }
    samples *s = g->samples;
    HB_TRY(HB_GROW(s->v, s->cap, s->n + 1, SAMPLES_MAX, "samples in a block", err));
    HB_TRY(HB_GROW(s->t, s->cap_t, s->n + 1, SAMPLES_MAX, "samples in a block", err));
    s->v[s->n] = v;
    s->t[s->n++] = t;
    w->gathered = true;
    return HB_OK;
}

static hb_status flush(rows *w, hb_error *err)
{
    for (size_t i = 0; w->gathered && i < w->n_list; i++) {
        samples *s = w->list[i].samples;
        if (s && s->n && w->resample) {
            HB_TRY(hb_resample_add(&s->resampler, w->resample, s->v, s->t, s->n, s->v, s->t, &s->n,
                                   &s->untimed, err));
        }
        if (s && s->n) {
            HB_TRY(hb_run_builder_add(w->job->b, w->list[i].channel, s->v,
                                      w->c->time == HB_NO_COLUMN ? NULL : s->t, s->n, err));
            s->n = 0;
        }
    }
    w->gathered = false;
    return HB_OK;
}

/* What waits in the resamplers. */
static hb_status flush_steps(rows *w, hb_error *err)
{
    uint64_t untimed = 0;
    for (size_t i = 0; w->resample && i < w->n_list; i++) {
        samples *s = w->list[i].samples;
        double v = 0;
        hb_time t = 0;
        untimed += s ? s->untimed : 0;
        if (s && hb_resample_finish(&s->resampler, w->resample, &v, &t)) {
            HB_TRY(hb_run_builder_add(w->job->b, w->list[i].channel, &v, &t, 1, err));
        }
    }
    return untimed ? hb_run_builder_reject_row(w->job->b, HB_REJECT_NO_TIME, untimed, err) : HB_OK;
}

static hb_status bad_tags(rows *w, const hb_block *block, size_t r, const char *why, hb_error *err)
{
    char text[200];
    snprintf(text, sizeof text, "line %llu: tags that look like JSON cannot be read: %.100s",
             (unsigned long long)block->lines[r], why);
    HB_TRY(hb_run_builder_warn(w->job->b, text, err));
    return hb_run_builder_reject_row(w->job->b, "unreadable JSON in tags", 1, err);
}

/* {"samples": [1, 2, …], …}: the numbers feed the distribution of the metric. Python also writes
 * bare NaN and Infinity into lists, which is no JSON. */
static hb_status listed_samples(rows *w, const hb_block *block, size_t r, gathered *g,
                                hb_error *err)
{
    char room[HB_NUM_TEXT];
    hb_str tags = hb_str_trim(text_of(block, r, w->c->tags, room));
    if (!hb_str_starts(tags, "{")) {
        return HB_OK;
    }
    json_error_t why;
    json_t *root = hb_json_value(tags, &why);
    if (!root) {
        return bad_tags(w, block, r, why.text, err);
    }
    json_t *list = json_object_get(root, "samples");
    hb_status status = HB_OK;
    uint64_t skipped = 0;
    size_t i = 0;
    json_t *v = NULL;
    json_array_foreach(list, i, v)
    {
        if (!json_is_number(v)) {
            skipped++;
        } else if (status == HB_OK) {
            status = gather(w, g, json_number_value(v), HB_TIME_NONE, err);
        }
    }
    json_decref(root);
    if (status == HB_OK && skipped) {
        status = hb_run_builder_reject_row(w->job->b, "sample that is no number", skipped, err);
    }
    return status;
}

/* By the rule of the column, which knows the marks of the whole table. */
static hb_cell_class value_of(const rows *w, const hb_cell *cell, double *ret)
{
    const hb_plan *plan = hb_watch_plan(w->job->t);
    bool ruled = plan && w->c->value < plan->n_columns && cell->kind == HB_CELL_TEXT &&
                 plan->columns[w->c->value].kind == HB_COLUMN_NUMBER;
    return ruled ? hb_number_rule_read(&plan->columns[w->c->value].number,
                                       (hb_str){cell->as.p, cell->len}, ret)
                 : hb_layout_figure(cell, w->job->t->decimal, ret);
}

/* What the last digit of a cell stands for; 0 where no text was read. */
static double printed(const rows *w, const hb_cell *cell, double v)
{
    const hb_plan *plan = hb_watch_plan(w->job->t);
    bool ruled = plan && w->c->value < plan->n_columns;
    char decimal = ruled ? plan->columns[w->c->value].number.decimal : w->job->t->decimal;
    return cell->kind == HB_CELL_TEXT
               ? hb_text_step((hb_str){cell->as.p, cell->len}, decimal ? decimal : '.', v)
               : 0;
}

static hb_status metric_row(rows *w, const hb_block *block, size_t r, gathered *g, hb_error *err)
{
    hb_run_builder *b = w->job->b;
    const hb_cell *cell = &block->cells[r * block->n_cols + w->c->value];
    double v = 0;
    switch (value_of(w, cell, &v)) {
    case HB_CELL_IS_NUMBER:
        HB_TRY(hb_run_builder_stated(b, g->channel, v, err));
        hb_run_builder_printed(b, g->channel, printed(w, cell, v));
        break;
    case HB_CELL_IS_MISSING:
        hb_run_builder_missing(b, g->channel, 1);
        break;
    case HB_CELL_IS_NAN:
        HB_TRY(hb_run_builder_stated(b, g->channel, __builtin_nan(""), err));
        break;
    case HB_CELL_IS_INF:
        HB_TRY(hb_run_builder_stated(b, g->channel, __builtin_inf(), err));
        break;
    case HB_CELL_IS_TEXT: {
        char room[HB_NUM_TEXT];
        HB_TRY(hb_run_builder_reject(b, g->channel, "not a number", hb_layout_text(cell, room),
                                     block->lines[r], err));
        break;
    }
    }
    return listed_samples(w, block, r, g, err);
}

/* How the time is told, by the first rows; also in columns the layout did not take for the time,
 * such as a clock beside a date. */
static hb_status settle_time(rows *w, const hb_block *first, hb_error *err)
{
    hb_time_rule found[HB_TIME_CANDIDATES];
    size_t n = 0;
    const hb_time_source s = {
        .columns = w->job->columns,
        .cells = first->cells,
        .n_rows = first->n_rows < TIME_ROWS ? first->n_rows : TIME_ROWS,
        .n_columns = first->n_cols,
        .decimal = w->job->t->decimal,
    };
    if (w->c->time == HB_NO_COLUMN || first->n_cols != w->job->n_columns) {
        return HB_OK;
    }
    HB_TRY(hb_time_rules_infer(&s, &w->keys, found, &n, err));
    if (n == 0) {
        return HB_OK;
    }
    w->time = found[0];
    HB_TRY(hb_run_builder_guess(w->job->b, "time", w->time.notation, w->time.why, err));
    return w->time.ambiguous
               ? hb_run_builder_warn(w->job->b,
                                     "nothing in the file tells day from month: the day is taken "
                                     "to come first",
                                     err)
               : HB_OK;
}

static hb_time time_of(rows *w, const hb_block *block, size_t r)
{
    if (w->time.kind == HB_AXIS_NONE) {
        return HB_TIME_NONE;
    }
    const hb_cell *parts[HB_TIME_PARTS] = {0};
    for (size_t k = 0; k < w->time.n_columns; k++) {
        parts[k] = &block->cells[r * block->n_cols + w->time.columns[k]];
    }
    hb_time t = hb_time_rule_read(&w->time, parts, w->job->t->decimal);
    if (t != HB_TIME_NONE) {
        w->backwards += t < w->latest;
        w->latest = t;
    }
    return t;
}

static hb_status sample_row(rows *w, const hb_block *block, size_t r, gathered *g, hb_error *err)
{
    hb_run_builder *b = w->job->b;
    const hb_cell *cell = &block->cells[r * block->n_cols + w->c->value];
    hb_time t = time_of(w, block, r);
    if (t == HB_TIME_NONE && w->time.kind != HB_AXIS_NONE) {
        w->bad_times++; /* a footer, a summary, half a row */
        return HB_OK;
    }
    double v = 0;
    switch (value_of(w, cell, &v)) {
    case HB_CELL_IS_NUMBER:
        return gather(w, g, v, t, err);
    case HB_CELL_IS_MISSING:
        hb_run_builder_missing(b, g->channel, 1);
        return HB_OK;
    case HB_CELL_IS_NAN:
        hb_run_builder_nan(b, g->channel, 1);
        return HB_OK;
    case HB_CELL_IS_INF:
        hb_run_builder_inf(b, g->channel, 1);
        return HB_OK;
    case HB_CELL_IS_TEXT:
        break;
    }
    char room[HB_NUM_TEXT];
    return hb_run_builder_reject(b, g->channel, "not a number", hb_layout_text(cell, room),
                                 block->lines[r], err);
}

static hb_status take_block(rows *w, const hb_block *block, hb_error *err)
{
    if (!block->cells) { /* rows given back without a time by watch.h: no sample */
        w->bad_times += block->n_rows;
        return HB_OK;
    }
    for (size_t r = 0; r < block->n_rows; r++) {
        char room[HB_NUM_TEXT];
        if (block->keep && !block->keep[r]) {
            continue;
        }
        if (text_of(block, r, w->c->metric, room).n == 0) {
            HB_TRY(hb_run_builder_reject_row(w->job->b, HB_REJECT_NO_NAME, 1, err));
            continue;
        }
        size_t i = 0;
        HB_TRY(channel_of(w, block, r, &i, err));
        if (!w->list[i].wanted) {
            w->not_wanted++;
            continue;
        }
        HB_TRY(w->series ? sample_row(w, block, r, &w->list[i], err)
                         : metric_row(w, block, r, &w->list[i], err));
    }
    return flush(w, err);
}

/* What a person may have meant to be compared and is not. */
static hb_status tell_unused(rows *w, hb_error *err)
{
    hb_buf names;
    hb_buf_init(&names, 2000);
    for (size_t i = 0; i < w->job->n_columns; i++) {
        const size_t used[] = {w->c->time, w->c->metric, w->c->value, w->c->unit, w->c->tags};
        bool is_used = false;
        for (size_t k = 0; k < sizeof used / sizeof *used; k++) {
            is_used = is_used || used[k] == i;
        }
        for (size_t k = 0; k < w->time.n_columns; k++) {
            is_used = is_used || w->time.columns[k] == i;
        }
        hb_str name = w->job->columns[i].name;
        if (!is_used && names.n < 300) {
            hb_buf_fmt(&names, "%s%.*s", names.n ? ", " : "", (int)(name.n < 60 ? name.n : 60),
                       name.p);
        }
    }
    hb_status status = HB_OK;
    if (names.n) {
        char text[420];
        snprintf(text, sizeof text, "columns not used: %.380s", names.p);
        status = hb_run_builder_warn(w->job->b, text, err);
    }
    hb_buf_release(&names);
    return status;
}

static hb_status read_all(rows *w, hb_block *block, hb_error *err)
{
    HB_TRY(settle_time(w, block, err));
    if (!w->job->o->pba) { /* the adapter told its own */
        HB_TRY(tell_unused(w, err));
    }
    while (block->n_rows) {
        HB_TRY(take_block(w, block, err));
        HB_TRY(hb_layout_next(w->job, block, err));
    }
    HB_TRY(flush_steps(w, err));
    if (w->not_wanted) {
        HB_TRY(hb_run_builder_reject_row(w->job->b, HB_REJECT_NOT_SELECTED, w->not_wanted, err));
    }
    return w->c->time == HB_NO_COLUMN
               ? HB_OK
               : hb_layout_tell_times(w->job, w->job->columns[w->c->time].name,
                                      w->time.kind != HB_AXIS_NONE, w->bad_times, w->backwards,
                                      err);
}

hb_status hb_layout_rows(hb_layout_job *job, const hb_row_columns *columns, bool series,
                         hb_block *first, hb_error *err)
{
    rows w = {.job = job,
              .c = columns,
              .series = series,
              .latest = HB_TIME_NONE,
              .select = hb_watch_select(job->t)};
    if (w.select && series && hb_select_resample(w.select)->step_ns) {
        w.resample = hb_select_resample(w.select);
    }
    hb_arena_init(&w.keys, KEYS_BYTES);
    hb_map_init(&w.by_key, MAX_KEYS);
    hb_buf_init(&w.key, 1 << 20);
    hb_status status = read_all(&w, first, err);
    for (size_t i = 0; i < w.n_list; i++) {
        samples *s = w.list[i].samples;
        if (s) {
            hb_free(s->v);
            hb_free(s->t);
            hb_free(s);
        }
    }
    hb_free(w.list);
    hb_map_release(&w.by_key);
    hb_arena_release(&w.keys);
    hb_buf_release(&w.key);
    return status;
}
