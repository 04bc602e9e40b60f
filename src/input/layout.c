/* SPDX-License-Identifier: Apache-2.0 */
#include "input/layout_internal.h"
#include "input/time_rule.h"
#include "input/watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

hb_cell_class hb_layout_figure(const hb_cell *cell, char decimal, double *ret)
{
    switch ((hb_cell_kind)cell->kind) {
    case HB_CELL_TEXT:
        return hb_cell_classify((hb_str){cell->as.p, cell->len}, decimal, ret);
    case HB_CELL_NUMBER:
    case HB_CELL_BOOL:
        *ret = cell->as.num;
        return isfinite(cell->as.num) ? HB_CELL_IS_NUMBER
               : isnan(cell->as.num)  ? HB_CELL_IS_NAN
                                      : HB_CELL_IS_INF;
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        return HB_CELL_IS_MISSING;
    case HB_CELL_TIME:
    case HB_CELL_ERROR:
        break;
    }
    return HB_CELL_IS_TEXT;
}

hb_str hb_layout_text(const hb_cell *cell, char *room)
{
    if (cell->kind == HB_CELL_TEXT || cell->kind == HB_CELL_ERROR) {
        return (hb_str){cell->as.p, cell->len};
    }
    if (cell->kind == HB_CELL_NUMBER || cell->kind == HB_CELL_BOOL) {
        return (hb_str){room, hb_num_print(cell->as.num, room)};
    }
    return cell->kind == HB_CELL_TIME ? HB_STR("a date") : (hb_str){"", 0};
}

hb_status hb_layout_rejects(hb_layout_job *job, const hb_block *block, hb_error *err)
{
    for (size_t i = 0; i < block->n_rejects; i++) {
        HB_TRY(hb_run_builder_reject_row(job->b, block->rejects[i].reason, 1, err));
    }
    return HB_OK;
}

static uint64_t rows_kept(const hb_block *b)
{
    uint64_t n = b->keep ? 0 : b->n_rows;
    for (size_t r = 0; b->keep && r < b->n_rows; r++) {
        n += b->keep[r];
    }
    return n;
}

hb_status hb_layout_next(hb_layout_job *job, hb_block *ret, hb_error *err)
{
    do { /* a block may hold nothing but rejects */
        HB_TRY(job->t->ops->next(job->t, ret, err));
        HB_TRY(hb_layout_rejects(job, ret, err));
        job->n_columns = job->t->ops->columns(job->t, &job->columns);
        job->rows += rows_kept(ret);
        if (job->o->progress && job->o->stream) {
            job->o->progress(job->o->progress_ctx, hb_stream_raw_bytes(job->o->stream),
                             job->o->bytes_total);
        }
    } while (ret->n_rows == 0 && ret->n_rejects);
    return HB_OK;
}

hb_status hb_layout_tell_times(hb_layout_job *job, hb_str column, bool settled, uint64_t unreadable,
                               uint64_t backwards, hb_error *err)
{
    char text[300];
    int n = (int)(column.n < 80 ? column.n : 80);
    if (!settled && job->rows) {
        snprintf(text, sizeof text,
                 "column '%.*s' cannot be read as time: the rows are taken in order, without times",
                 n, column.p);
        return hb_run_builder_warn(job->b, text, err);
    }
    if (unreadable) {
        HB_TRY(hb_run_builder_reject_row(job->b, HB_REJECT_NO_TIME, unreadable, err));
    }
    if (backwards) {
        snprintf(text, sizeof text,
                 "column '%.*s' goes back in time at %llu rows; order and 'last' are those of the "
                 "file",
                 n, column.p, (unsigned long long)backwards);
        return hb_run_builder_warn(job->b, text, err);
    }
    return HB_OK;
}

bool hb_layout_has_time(const hb_table *t)
{
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    for (size_t i = 0; i < n; i++) {
        if (hb_time_named(columns[i].name)) {
            return true;
        }
    }
    return false;
}

static bool named(hb_str name, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hb_str_ieq_c(name, words[i])) {
            return true;
        }
    }
    return false;
}

#define NAMED(name, ...)                              \
    named((name), (const char *const[]){__VA_ARGS__}, \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void keep_first(size_t *place, size_t i)
{
    if (*place == HB_NO_COLUMN) {
        *place = i;
    }
}

static hb_row_columns find_columns(const hb_column *columns, size_t n)
{
    hb_row_columns c = {HB_NO_COLUMN, HB_NO_COLUMN, HB_NO_COLUMN, HB_NO_COLUMN, HB_NO_COLUMN};
    size_t value = HB_NO_COLUMN;
    for (size_t i = 0; i < n; i++) {
        hb_str name = columns[i].name;
        if (hb_time_named(name)) {
            keep_first(&c.time, i);
        } else if (NAMED(name, "metric", "metric name", "metric_name", "parameter", "signal",
                         "channel", "sensor", "name", "variable", "tag name")) {
            keep_first(&c.metric, i);
        } else if (NAMED(name, "current", "current value", "current_value")) {
            keep_first(&c.value, i);
        } else if (NAMED(name, "value", "reading", "result", "measurement")) {
            keep_first(&value, i);
        } else if (NAMED(name, "unit", "units", "uom")) {
            keep_first(&c.unit, i);
        } else if (NAMED(name, "tags", "tag")) {
            keep_first(&c.tags, i);
        }
    }
    if (c.value == HB_NO_COLUMN) {
        c.value = value;
    }
    return c;
}

/* A column of names must hold texts: "channel" may as well be a column of channel numbers. */
static bool holds_names(const hb_block *block, size_t column)
{
    size_t names = 0;
    size_t looked = block->n_rows < 100 ? block->n_rows : 100;
    for (size_t i = 0; i < looked; i++) {
        double v = 0;
        names +=
            hb_layout_figure(&block->cells[i * block->n_cols + column], '.', &v) == HB_CELL_IS_TEXT;
    }
    return names * 2 > looked;
}

/* Nothing but a table of rows has only such columns, whatever its names look like. */
static bool all_have_roles(size_t n_columns, const hb_row_columns *c)
{
    const size_t at[] = {c->time, c->metric, c->value, c->unit, c->tags};
    size_t n = 0;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        n += at[i] != HB_NO_COLUMN;
    }
    return n == n_columns;
}

/* Names that come back again and again are a series, even without a time column. */
static bool names_repeat(const hb_block *block, size_t column)
{
    size_t looked = block->n_rows < 400 ? block->n_rows : 400;
    size_t again = 0;
    for (size_t i = 1; i < looked; i++) {
        const hb_cell *a = &block->cells[i * block->n_cols + column];
        for (size_t k = 0; k < i; k++) {
            const hb_cell *b = &block->cells[k * block->n_cols + column];
            if (a->kind == HB_CELL_TEXT && b->kind == HB_CELL_TEXT && a->len == b->len &&
                memcmp(a->as.p, b->as.p, a->len) == 0) {
                again++;
                break;
            }
        }
    }
    return looked >= 4 && again * 2 >= looked;
}

hb_layout_kind hb_layout_look(const hb_column *columns, size_t n, const hb_block *first,
                              hb_row_columns *ret)
{
    hb_row_columns c = find_columns(columns, n);
    *ret = c;
    if (c.metric == HB_NO_COLUMN || c.value == HB_NO_COLUMN || !first->n_rows ||
        (!holds_names(first, c.metric) && !all_have_roles(n, &c))) {
        return HB_LAYOUT_WIDE;
    }
    return c.time != HB_NO_COLUMN || names_repeat(first, c.metric) ? HB_LAYOUT_LONG
                                                                   : HB_LAYOUT_METRICS;
}

const char *hb_layout_name(hb_layout_kind kind)
{
    static const char *const names[] = {
        [HB_LAYOUT_WIDE] = "wide", [HB_LAYOUT_LONG] = "long", [HB_LAYOUT_METRICS] = "metric table"};
    return names[kind];
}

static hb_status tell_notes(hb_layout_job *job, hb_error *err)
{
    for (size_t i = 0; i < job->t->n_notes; i++) {
        HB_TRY(hb_run_builder_guess(job->b, job->t->notes[i].what, job->t->notes[i].value,
                                    job->t->notes[i].why, err));
    }
    return HB_OK;
}

static hb_status begin(hb_layout_job *job, const char *layout, const char *why, hb_error *err)
{
    HB_TRY(hb_run_builder_file(job->b, job->path, job->t->ops->format, layout, err));
    HB_TRY(tell_notes(job, err));
    return hb_run_builder_guess(job->b, "layout", layout, why, err);
}

static hb_status read_pba(hb_layout_job *job, hb_block *first, hb_error *err)
{
    hb_pba_columns found;
    const char *unknown = "";
    HB_TRY(hb_pba_find_columns(job->o->pba, job->t, job->path, &found, &unknown, err));
    hb_row_columns c = {.time = HB_NO_COLUMN,
                        .metric = found.metric,
                        .value = found.value,
                        .unit = found.unit,
                        .tags = found.tags};
    HB_TRY(begin(job, "metric table",
                 job->t->header_line ? "the adapter's columns for metric and value"
                                     : "no header: the first column names, the second has values",
                 err));
    if (*unknown) {
        char text[500];
        snprintf(text, sizeof text, "unknown columns, not used: %s", unknown);
        HB_TRY(hb_run_builder_warn(job->b, text, err));
    }
    HB_TRY(hb_layout_rejects(job, first, err));
    return hb_layout_rows(job, &c, false, first, err);
}

/* Rows of the file that are no data, and data that nobody asked for. */
static hb_status tell_left_out(hb_layout_job *job, hb_error *err)
{
    const hb_row_filter_counts *c = hb_watch_counts(job->t);
    uint64_t not_selected = hb_watch_not_selected(job->t);
    char text[80];
    if (not_selected) {
        HB_TRY(hb_run_builder_reject_row(job->b, HB_REJECT_NOT_SELECTED, not_selected, err));
    }
    if (not_selected && job->rows == 0) {
        HB_TRY(hb_run_builder_warn(job->b, "no row is selected: nothing of the file is in the run",
                                   err));
    }
    if (c->footer_rows) {
        snprintf(text, sizeof text, "%llu rows from line %llu", (unsigned long long)c->footer_rows,
                 (unsigned long long)c->footer_line);
        HB_TRY(hb_run_builder_guess(job->b, "below the table", text, HB_FOOTER_WHY, err));
    }
    if (c->n_segments > 1) {
        snprintf(text, sizeof text, "%zu", c->n_segments);
        HB_TRY(hb_run_builder_guess(job->b, "segments", text, HB_SEGMENTS_WHY, err));
    }
    return hb_watch_select(job->t) ? hb_select_finish(hb_watch_select(job->t), job->path, err)
                                   : HB_OK;
}

hb_status hb_layout_read(hb_table *t, const char *path, const hb_layout_options *options,
                         hb_run_builder *b, uint64_t *ret_rows, hb_error *err)
{
    hb_layout_job job = {.t = t, .path = path, .o = options, .b = b};
    hb_block block;
    t->pool = options->pool;
    HB_TRY(t->ops->next(t, &block, err)); /* JSON knows its columns only now */
    job.n_columns = t->ops->columns(t, &job.columns);
    job.rows = rows_kept(&block);
    hb_row_columns c;
    hb_layout_kind kind = hb_layout_look(job.columns, job.n_columns, &block, &c);
    bool fixed = options->profile && options->profile->n_columns;
    bool wide = !options->pba && (kind == HB_LAYOUT_WIDE || fixed);
    if (!wide && (options->units.n || options->cycles.n)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' is a %s table, which has no rows to select by %s; use --where", path,
                       kind == HB_LAYOUT_LONG ? "long" : "metric",
                       options->units.n ? "--unit" : "--cycles");
    }
    hb_status status = HB_OK;
    if (options->pba) {
        status = read_pba(&job, &block, err);
    } else if (!wide) {
        bool timed = c.time != HB_NO_COLUMN;
        bool series = kind == HB_LAYOUT_LONG;
        status = begin(&job, hb_layout_name(kind),
                       timed    ? "columns for time, metric and value"
                       : series ? "columns for metric and value, the same metrics again and again"
                                : "columns for metric and value, none for time",
                       err);
        if (status == HB_OK) {
            status = hb_layout_rejects(&job, &block, err);
        }
        if (status == HB_OK) {
            status = hb_layout_rows(&job, &c, series, &block, err);
        }
    } else {
        status = begin(&job, hb_layout_name(HB_LAYOUT_WIDE),
                       fixed ? "the adapter names the columns" : "one column a metric", err);
        if (status == HB_OK) {
            status = hb_layout_rejects(&job, &block, err);
        }
        if (status == HB_OK) {
            status = hb_layout_wide(&job, &block, err);
        }
    }
    if (status == HB_OK) {
        status = tell_left_out(&job, err);
    }
    *ret_rows = job.rows + hb_watch_not_selected(t);
    return status;
}
