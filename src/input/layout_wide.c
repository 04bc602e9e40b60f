/* SPDX-License-Identifier: Apache-2.0 */
/* Column by column through each block: the cells of one column become one run of doubles, which
 * goes to the builder in one call. */
#include "input/layout_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

typedef enum wide_kind {
    WIDE_OPEN, /* nothing but missing cells so far */
    WIDE_METRIC,
    WIDE_TEXT,
    WIDE_TIME,
    WIDE_UNIT_ID,
    WIDE_CYCLE,
    WIDE_IGNORED,
} wide_kind;

typedef struct wide_column {
    wide_kind kind;
    uint32_t channel;
    uint64_t missing; /* before it was settled */
} wide_column;

typedef struct wide {
    hb_layout_job *job;
    wide_column *columns;
    size_t n_columns;
    size_t cap_columns;
    size_t time; /* column, or HB_NO_COLUMN */
    hb_timecol timecol;
    bool time_told;
    size_t unit_id;
    size_t cycle;
    double *values;
    hb_time *times;      /* of the rows of the block */
    hb_time *picked;     /* of the values of one column */
    unsigned char *keep; /* row selected? */
    size_t cap_rows;
    uint64_t bad_times;
    uint64_t backwards; /* rows older than the one before */
    hb_time latest;
    uint64_t not_selected;
} wide;

static hb_status room_for_rows(wide *w, size_t n, hb_error *err)
{
    if (n <= w->cap_rows) {
        return HB_OK;
    }
    double *values = hb_realloc(w->values, n * sizeof *values);
    w->values = values ? values : w->values;
    hb_time *times = hb_realloc(w->times, n * sizeof *times);
    w->times = times ? times : w->times;
    hb_time *picked = hb_realloc(w->picked, n * sizeof *picked);
    w->picked = picked ? picked : w->picked;
    unsigned char *keep = hb_realloc(w->keep, n);
    w->keep = keep ? keep : w->keep;
    if (!values || !times || !picked || !keep) {
        return HB_NOMEM(err);
    }
    w->cap_rows = n;
    return HB_OK;
}

static const hb_profile_column *named_by_profile(const wide *w, size_t i)
{
    const hb_input_profile *p = w->job->o->profile;
    return p && i < p->n_columns ? &p->columns[i] : NULL;
}

static hb_status make_channel(wide *w, size_t i, hb_error *err)
{
    const hb_profile_column *p = named_by_profile(w, i);
    hb_str name = p ? hb_str_of(p->name) : w->job->columns[i].name;
    hb_str unit = p ? hb_str_of(p->unit) : w->job->columns[i].unit;
    wide_column *c = &w->columns[i];
    HB_TRY(hb_run_builder_channel(w->job->b, name, unit, w->job->t->header_line, i + 1, &c->channel,
                                  err));
    c->kind = WIDE_METRIC;
    hb_run_builder_missing(w->job->b, c->channel, c->missing);
    return HB_OK;
}

static void set_role(wide *w, size_t i, hb_column_role role)
{
    static const wide_kind kinds[HB_ROLE_COUNT_] = {
        [HB_ROLE_METRIC] = WIDE_OPEN,     [HB_ROLE_TIME] = WIDE_TIME,
        [HB_ROLE_UNIT_ID] = WIDE_UNIT_ID, [HB_ROLE_CYCLE] = WIDE_CYCLE,
        [HB_ROLE_IGNORE] = WIDE_IGNORED,
    };
    w->columns[i].kind = kinds[role];
    w->time = role == HB_ROLE_TIME ? i : w->time;
    w->unit_id = role == HB_ROLE_UNIT_ID ? i : w->unit_id;
    w->cycle = role == HB_ROLE_CYCLE ? i : w->cycle;
}

/* New columns (all of them at first; JSON may bring more later). */
static hb_status add_columns(wide *w, const hb_block *block, hb_error *err)
{
    size_t from = w->n_columns;
    HB_TRY(
        HB_GROW(w->columns, w->cap_columns, block->n_cols, HB_TABLE_MAX_COLUMNS, "columns", err));
    for (size_t i = from; i < block->n_cols; i++) {
        w->columns[i] = (wide_column){.kind = WIDE_OPEN};
        const hb_profile_column *p = named_by_profile(w, i);
        if (p) {
            set_role(w, i, p->role);
        } else if (w->time == HB_NO_COLUMN && hb_timecol_named(w->job->columns[i].name)) {
            set_role(w, i, HB_ROLE_TIME);
        }
    }
    w->n_columns = block->n_cols;
    return HB_OK;
}

typedef struct census {
    size_t numbers;
    size_t texts;
    size_t times;
    size_t present;
} census;

static census take_census(const wide *w, const hb_block *block, size_t column)
{
    census c = {0};
    for (size_t r = 0; r < block->n_rows; r++) {
        const hb_cell *cell = &block->cells[r * block->n_cols + column];
        double v = 0;
        hb_cell_class k = hb_layout_figure(cell, w->job->t->decimal, &v);
        c.numbers += k == HB_CELL_IS_NUMBER || k == HB_CELL_IS_NAN || k == HB_CELL_IS_INF;
        c.texts += k == HB_CELL_IS_TEXT;
        c.times += cell->kind == HB_CELL_TIME;
        c.present += k != HB_CELL_IS_MISSING;
        if (c.present >= 2000 && c.numbers != c.texts) {
            break; /* enough to know */
        }
    }
    return c;
}

static hb_status tell_text_column(wide *w, size_t i, hb_error *err)
{
    char text[400];
    hb_str name = w->job->columns[i].name;
    snprintf(text, sizeof text, "column '%.*s' holds text and is no metric",
             (int)(name.n < 200 ? name.n : 200), name.p);
    return hb_run_builder_warn(w->job->b, text, err);
}

/* A column of texts that read as dates is the time column where none is named. */
static bool looks_like_time(const wide *w, const hb_block *block, size_t column)
{
    for (size_t r = 0; r < block->n_rows; r++) {
        const hb_cell *cell = &block->cells[r * block->n_cols + column];
        hb_time t = 0;
        if (cell->kind == HB_CELL_TIME) {
            return true;
        }
        if (cell->kind == HB_CELL_TEXT) {
            return hb_time_parse_civil((hb_str){cell->as.p, cell->len}, &t);
        }
    }
    (void)w;
    return false;
}

static hb_status settle_column(wide *w, const hb_block *block, size_t i, hb_error *err)
{
    wide_column *c = &w->columns[i];
    census s = take_census(w, block, i);
    if (s.present == 0) {
        return HB_OK;
    }
    bool fixed = named_by_profile(w, i) != NULL;
    if (!fixed && w->time == HB_NO_COLUMN && s.numbers < s.texts && looks_like_time(w, block, i)) {
        set_role(w, i, HB_ROLE_TIME);
        return HB_OK;
    }
    if (fixed || (s.numbers && s.numbers >= s.texts)) {
        return make_channel(w, i, err);
    }
    /* The registry may know the name: then the column is a metric that turned to garbage, and each
     * cell is counted as such. */
    if (hb_run_builder_declared(w->job->b, w->job->columns[i].name)) {
        return make_channel(w, i, err);
    }
    HB_TRY(make_channel(w, i, err));
    c->kind = WIDE_TEXT;
    return tell_text_column(w, i, err);
}

static hb_status settle_time(wide *w, const hb_block *block, hb_error *err)
{
    for (size_t r = 0; r < block->n_rows && w->timecol.kind == HB_TIMECOL_UNSETTLED; r++) {
        hb_timecol_settle(&w->timecol, &block->cells[r * block->n_cols + w->time],
                          w->job->t->decimal, w->job->columns[w->time].name);
    }
    if (w->timecol.kind == HB_TIMECOL_UNSETTLED || w->time_told) {
        return HB_OK;
    }
    w->time_told = true;
    char why[160];
    hb_str name = w->job->columns[w->time].name;
    snprintf(why, sizeof why, "column '%.*s', its first cell", (int)(name.n < 80 ? name.n : 80),
             name.p);
    return hb_run_builder_guess(w->job->b, "time", w->timecol.guess, why, err);
}

static hb_status read_times(wide *w, const hb_block *block, hb_error *err)
{
    if (w->time == HB_NO_COLUMN) {
        return HB_OK;
    }
    HB_TRY(settle_time(w, block, err));
    for (size_t r = 0; r < block->n_rows; r++) {
        w->times[r] = hb_timecol_read(&w->timecol, &block->cells[r * block->n_cols + w->time],
                                      w->job->t->decimal);
    }
    return HB_OK;
}

static bool in_ranges(const wide *w, const hb_block *block, size_t r, size_t column,
                      const hb_ranges *ranges)
{
    double v = 0;
    if (column == HB_NO_COLUMN || ranges->n == 0) {
        return true;
    }
    return hb_layout_figure(&block->cells[r * block->n_cols + column], w->job->t->decimal, &v) ==
               HB_CELL_IS_NUMBER &&
           hb_ranges_has(ranges, v);
}

static void select_rows(wide *w, const hb_block *block)
{
    bool timed = w->time != HB_NO_COLUMN && w->timecol.kind != HB_TIMECOL_UNSETTLED;
    for (size_t r = 0; r < block->n_rows; r++) {
        w->keep[r] = in_ranges(w, block, r, w->unit_id, &w->job->o->units) &&
                     in_ranges(w, block, r, w->cycle, &w->job->o->cycles);
        w->not_selected += !w->keep[r];
        w->keep[r] = w->keep[r] && (!block->keep || block->keep[r]);
        if (w->keep[r] && timed) {
            w->keep[r] = w->times[r] != HB_TIME_NONE; /* a footer, a summary, half a row */
            w->bad_times += !w->keep[r];
            w->backwards += w->keep[r] && w->times[r] < w->latest;
            w->latest = w->keep[r] ? w->times[r] : w->latest;
        }
    }
}

static hb_status push_column(wide *w, const hb_block *block, size_t i, hb_error *err)
{
    hb_run_builder *b = w->job->b;
    uint32_t channel = w->columns[i].channel;
    size_t n = 0;
    uint64_t missing = 0;
    uint64_t nan = 0;
    uint64_t inf = 0;
    const hb_cell *cell = &block->cells[i];
    for (size_t r = 0; r < block->n_rows; r++, cell += block->n_cols) {
        if (!w->keep[r]) {
            continue;
        }
        w->picked[n] = w->times[r];
        switch (hb_layout_figure(cell, w->job->t->decimal, &w->values[n])) {
        case HB_CELL_IS_NUMBER:
            n++;
            break;
        case HB_CELL_IS_MISSING:
            missing++;
            break;
        case HB_CELL_IS_NAN:
            nan++;
            break;
        case HB_CELL_IS_INF:
            inf++;
            break;
        case HB_CELL_IS_TEXT: {
            char room[HB_NUM_TEXT];
            HB_TRY(hb_run_builder_reject(b, channel, "not a number", hb_layout_text(cell, room),
                                         block->lines[r], err));
            break;
        }
        }
    }
    hb_run_builder_missing(b, channel, missing);
    hb_run_builder_nan(b, channel, nan);
    hb_run_builder_inf(b, channel, inf);
    return hb_run_builder_add(b, channel, w->values, w->time == HB_NO_COLUMN ? NULL : w->picked, n,
                              err);
}

static void count_texts(const wide *w, const hb_block *block, size_t i)
{
    uint64_t n = 0;
    for (size_t r = 0; r < block->n_rows; r++) {
        uint8_t kind = block->cells[r * block->n_cols + i].kind;
        n += w->keep[r] && kind != HB_CELL_EMPTY && kind != HB_CELL_ABSENT;
    }
    hb_run_builder_text_cells(w->job->b, w->columns[i].channel, n);
}

static hb_status take_block(wide *w, const hb_block *block, hb_error *err)
{
    if (!block->cells) {
        w->bad_times += block->n_rows;
        return HB_OK;
    }
    HB_TRY(room_for_rows(w, block->n_rows, err));
    HB_TRY(add_columns(w, block, err));
    for (size_t i = 0; i < w->n_columns; i++) {
        if (w->columns[i].kind == WIDE_OPEN) {
            HB_TRY(settle_column(w, block, i, err));
        }
    }
    HB_TRY(read_times(w, block, err));
    select_rows(w, block);
    for (size_t i = 0; i < w->n_columns; i++) {
        if (w->columns[i].kind == WIDE_METRIC) {
            HB_TRY(push_column(w, block, i, err));
        } else if (w->columns[i].kind == WIDE_TEXT) {
            count_texts(w, block, i);
        } else if (w->columns[i].kind == WIDE_OPEN) {
            w->columns[i].missing += block->n_rows;
        }
    }
    return HB_OK;
}

static hb_status finish(wide *w, hb_error *err)
{
    for (size_t i = 0; i < w->n_columns; i++) {
        /* A column without a single value is still a channel the file has. */
        if (w->columns[i].kind == WIDE_OPEN && w->columns[i].missing) {
            HB_TRY(make_channel(w, i, err));
        }
    }
    if (w->time != HB_NO_COLUMN) {
        HB_TRY(hb_layout_tell_times(w->job, w->job->columns[w->time].name,
                                    w->timecol.kind != HB_TIMECOL_UNSETTLED, w->bad_times,
                                    w->backwards, err));
    }
    if (w->not_selected) {
        HB_TRY(hb_run_builder_reject_row(w->job->b, "row not selected", w->not_selected, err));
    }
    return HB_OK;
}

static hb_status check_selection(const wide *w, hb_error *err)
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

static hb_status read_all(wide *w, hb_block *block, hb_error *err)
{
    HB_TRY(add_columns(w, block, err));
    HB_TRY(check_selection(w, err));
    const hb_input_profile *p = w->job->o->profile;
    if (p && p->n_columns && p->n_columns != block->n_cols) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has %zu columns; adapter '%s' expects %zu",
                       w->job->path, block->n_cols, p->names[0], p->n_columns);
    }
    while (block->n_rows) {
        HB_TRY(take_block(w, block, err));
        HB_TRY(hb_layout_next(w->job, block, err));
    }
    return finish(w, err);
}

hb_status hb_layout_wide(hb_layout_job *job, hb_block *first, hb_error *err)
{
    wide w = {.job = job,
              .time = HB_NO_COLUMN,
              .unit_id = HB_NO_COLUMN,
              .cycle = HB_NO_COLUMN,
              .latest = HB_TIME_NONE};
    hb_status status = read_all(&w, first, err);
    hb_free(w.columns);
    hb_free(w.values);
    hb_free(w.times);
    hb_free(w.picked);
    hb_free(w.keep);
    return status;
}
