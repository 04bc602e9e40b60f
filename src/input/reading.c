/* SPDX-License-Identifier: Apache-2.0 */
#include "input/reading.h"

#include "base/mem.h"
#include "input/opening.h"
#include "input/reading_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_REASONS = 64, MAX_GUESSES = 1000, MAX_ROWS = 1 << 24 };

hb_status hb_reading_new(unsigned flags, hb_units *units, hb_reading **ret, hb_error *err)
{
    hb_reading *r = hb_alloc_zero(sizeof *r);
    struct hb_reading_work *w = hb_alloc_zero(sizeof *w);
    if (!r || !w) {
        hb_free(r);
        hb_free(w);
        return HB_NOMEM(err);
    }
    hb_arena_init(&r->arena, HB_READING_ARENA_BYTES);
    *w = (hb_reading_work){.units = units, .flags = flags};
    hb_map_init(&w->rows.by_key, HB_READING_GROUPS);
    hb_buf_init(&w->rows.key, 1 << 16);
    r->work = w;
    r->path = r->format = r->layout = r->compression = "";
    *ret = r;
    return HB_OK;
}

static void release_work(hb_reading *r)
{
    hb_reading_work *w = r->work;
    for (size_t i = 0; w->steps && i < r->n_times; i++) {
        hb_time_steps_free(w->steps[i]);
    }
    hb_reading_rows_release(&w->rows);
    hb_reading_parts_release(w);
    hb_free(w->times);
    hb_free(w);
    r->work = NULL;
}

void hb_reading_free(hb_reading *r)
{
    if (!r) {
        return;
    }
    release_work(r);
    for (size_t i = 0; i < r->n_columns; i++) {
        hb_trace_release(&r->columns[i].trace);
        hb_sketch_free(r->columns[i].sketch);
    }
    hb_free(r->columns);
    hb_free(r->guesses);
    hb_free(r->rejects);
    hb_free(r->groups);
    hb_free(r->metrics);
    hb_arena_release(&r->arena);
    hb_free(r);
}

hb_status hb_reading_text(hb_reading *r, hb_str text, size_t max, const char **ret, hb_error *err)
{
    if (text.n > max) {
        size_t whole = hb_utf8_valid_prefix((hb_str){text.p, max});
        text.n = max - whole < 4 ? whole : max;
    }
    const char *kept = hb_arena_str(&r->arena, text);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret = kept;
    return HB_OK;
}

hb_str hb_reading_cell_text(hb_table *t, const hb_block *b, size_t row, size_t column, char *room)
{
    if (column >= b->n_cols) {
        return (hb_str){"", 0};
    }
    if (b->cells) {
        return hb_layout_text(&b->cells[row * b->n_cols + column], room);
    }
    return t->ops->text ? t->ops->text(t, row, column) : (hb_str){"", 0};
}

/* "Inverter A" above "U": Inverter A / U. */
static hb_status join_group(hb_str group, hb_arena *arena, hb_label *io, hb_error *err)
{
    hb_buf text;
    if (group.n == 0) {
        return HB_OK;
    }
    hb_buf_init(&text, 1 << 20);
    hb_buf_str(&text, group);
    if (io->label.n) {
        hb_buf_c(&text, " / ");
        hb_buf_str(&text, io->label);
    }
    hb_status status = hb_buf_check(&text, err);
    char *kept = status == HB_OK ? hb_arena_strndup(arena, text.p, text.n) : NULL;
    io->label = (hb_str){kept ? kept : "", kept ? text.n : 0};
    hb_buf_release(&text);
    return status == HB_OK && !kept ? HB_NOMEM(err) : status;
}

hb_status hb_reading_label(const hb_column *column, hb_units *units, hb_arena *arena, hb_label *ret,
                           hb_error *err)
{
    hb_label label = {0};
    HB_TRY(hb_label_split(hb_column_written(column), units, arena, &label, err));
    if (column->unit.n) { /* then what stands in the name is part of it */
        hb_label whole = {.label = label.unit.n ? hb_column_written(column) : label.label,
                          .written = column->unit_written.n ? column->unit_written : column->unit,
                          .how = "a row of units",
                          .confidence = 0.97};
        HB_TRY(hb_label_unit(column->unit, units, arena, &whole.unit, err));
        label = whole.unit.n ? whole : label;
    }
    HB_TRY(join_group(column->group, arena, &label, err));
    *ret = label;
    return HB_OK;
}

bool hb_reading_is_stamp(hb_column_kind kind, bool plain_number)
{
    return kind == HB_COLUMN_TIME && !plain_number;
}

static hb_status name_column(hb_reading *r, const hb_column *from, const hb_column_plan *plan,
                             const hb_column_look *look, hb_reading_column *c, hb_error *err)
{
    hb_label label = look->label;
    hb_str name = hb_column_written(from);
    HB_TRY(hb_reading_label(from, r->work->units, &r->arena, &label, err));
    if (hb_reading_is_stamp(plan->kind, plan->time.plain_number) && label.unit.n) {
        label = (hb_label){.label = name};
    }
    HB_TRY(hb_reading_text(r, name, SIZE_MAX, &c->name, err));
    HB_TRY(hb_reading_text(r, from->name, SIZE_MAX, &c->shown, err));
    HB_TRY(hb_reading_text(r, from->group, SIZE_MAX, &c->group, err));
    HB_TRY(hb_reading_text(r, label.label, SIZE_MAX, &c->label, err));
    HB_TRY(hb_reading_text(r, label.unit, SIZE_MAX, &c->file_unit, err));
    c->unit = c->file_unit;
    c->unit_how = label.how;
    c->unit_confidence = label.confidence;
    bool by_cells = plan->kind == HB_COLUMN_NUMBER && plan->number.unit && *plan->number.unit;
    if (by_cells && (!*c->unit || plan->number.n_suffixes)) {
        c->unit = plan->number.unit;
        c->unit_how = "its cells";
        c->unit_confidence = look->number.confidence;
    }
    return HB_OK;
}

/* Columns from r->n_columns on. */
static hb_status add_columns(hb_reading *r, const hb_table *t, const hb_plan *plan,
                             const hb_column_look *looks, hb_error *err)
{
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    n = n < plan->n_columns ? n : plan->n_columns;
    size_t old = r->n_columns;
    HB_TRY(HB_GROW(r->columns, r->work->cap_columns, n, HB_TABLE_MAX_COLUMNS, "columns", err));
    for (size_t i = old; i < n; i++) {
        const hb_column_plan *p = &plan->columns[i];
        hb_reading_column c = {.field = (columns[i].raw.p ? columns[i].field : i) + 1,
                               .kind = p->kind,
                               .plotted = i < HB_READING_PLOTS,
                               .measured = p->kind == HB_COLUMN_NUMBER ||
                                           p->kind == HB_COLUMN_BOOL ||
                                           (p->kind == HB_COLUMN_TIME && p->time.plain_number),
                               .confidence = looks[i].number.confidence,
                               .why = looks[i].number.why,
                               .alternative = looks[i].number.alternative,
                               .n_missing = r->rows_data,
                               .n_blank = r->rows_data,
                               .late = r->rows_data > 0};
        if (p->kind == HB_COLUMN_TIME) {
            c.confidence = p->time.confidence;
            c.why = p->time.why;
            c.alternative = p->time.alternative;
        }
        HB_TRY(name_column(r, &columns[i], p, &looks[i], &c, err));
        r->columns[i] = c;
        r->n_columns = i + 1;
    }
    return HB_OK;
}

hb_status hb_reading_begin(hb_reading *r, const hb_table *t, const hb_plan *plan,
                           const hb_column_look *looks, const hb_block *first, hb_error *err)
{
    r->plan = *plan;
    HB_TRY(hb_reading_text(r, hb_str_of(t->ops->format), SIZE_MAX, &r->format, err));
    HB_TRY(add_columns(r, t, plan, looks, err));
    HB_TRY(hb_reading_take_shape(r, t, first, err));
    HB_TRY(hb_reading_times_begin(r, err));
    return hb_reading_rows_begin(r, t, first, err);
}

hb_status hb_reading_more(hb_reading *r, const hb_table *t, const hb_plan *plan,
                          const hb_column_look *looks, hb_error *err)
{
    r->plan = *plan;
    return add_columns(r, t, plan, looks, err);
}

static hb_status take_rejects(hb_reading *r, const hb_block *b, hb_error *err)
{
    for (size_t i = 0; i < b->n_rejects; i++) {
        const hb_row_reject *x = &b->rejects[i];
        size_t k = 0;
        while (k < r->n_rejects && strcmp(r->rejects[k].reason, x->reason) != 0) {
            k++;
        }
        if (k == r->n_rejects) {
            HB_TRY(HB_GROW(r->rejects, r->work->cap_rejects, k + 1, MAX_REASONS,
                           "reasons of rejection", err));
            r->rejects[r->n_rejects++] = (hb_reading_reject){.reason = x->reason, .line = x->line};
        }
        r->rejects[k].n++;
    }
    return HB_OK;
}

static void count_rows(hb_reading *r, const hb_block *b, const unsigned char *keep)
{
    if (!keep || !memchr(keep, 0, b->n_rows)) {
        r->shape.data_first_line = r->rows_data ? r->shape.data_first_line : b->lines[0];
        r->shape.data_last_line = b->lines[b->n_rows - 1];
        r->rows_data += b->n_rows;
        return;
    }
    for (size_t row = 0; row < b->n_rows; row++) {
        if (keep[row]) {
            r->shape.data_first_line = r->rows_data ? r->shape.data_first_line : b->lines[row];
            r->shape.data_last_line = b->lines[row];
            r->rows_data++;
        }
    }
}

hb_status hb_reading_block(hb_reading *r, hb_table *t, const hb_block *b, const hb_figures *figures,
                           const unsigned char *keep, hb_error *err)
{
    struct hb_reading_work *w = r->work;
    HB_TRY(take_rejects(r, b, err));
    if (b->n_rows == 0) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(w->times, w->cap_times, b->n_rows, MAX_ROWS, "rows of a block", err));
    const hb_time_rule *axis = &r->plan.axis;
    const hb_time *times =
        axis->kind != HB_AXIS_NONE && axis->n_columns ? figures[axis->columns[0]].t : NULL;
    HB_TRY(hb_reading_columns_block(r, t, b, figures, times, keep, err));
    HB_TRY(hb_reading_times_block(r, t, b, figures, keep, err));
    HB_TRY(hb_reading_rows_block(r, t, b, figures, keep, err));
    count_rows(r, b, keep);
    return HB_OK;
}

hb_status hb_reading_filtered(hb_reading *r, const hb_row_filter_counts *counts, hb_error *err)
{
    r->shape.footer_line = counts->footer_line;
    r->shape.footer_rows = counts->footer_rows;
    char text[80];
    if (counts->footer_rows) {
        snprintf(text, sizeof text, "%llu rows from line %llu",
                 (unsigned long long)counts->footer_rows, (unsigned long long)counts->footer_line);
        HB_TRY(hb_reading_guessed(r, "below the table", text, HB_FOOTER_WHY, 0.9,
                                  "rows of data whose time was lost", err));
    }
    if (counts->n_segments < 2) {
        return HB_OK;
    }
    r->segments = hb_arena_array(&r->arena, counts->n_segments, sizeof *r->segments);
    if (!r->segments) {
        return HB_NOMEM(err);
    }
    snprintf(text, sizeof text, "%zu", counts->n_segments);
    HB_TRY(hb_reading_guessed(r, "segments", text, HB_SEGMENTS_WHY, 0.95,
                              "one table for each segment", err));
    memcpy(r->segments, counts->segments, counts->n_segments * sizeof *r->segments);
    r->n_segments = counts->n_segments;
    return HB_OK;
}

hb_status hb_reading_guessed(hb_reading *r, const char *what, const char *value, const char *why,
                             double confidence, const char *alternative, hb_error *err)
{
    hb_reading_guess g = {.confidence = confidence};
    HB_TRY(
        HB_GROW(r->guesses, r->work->cap_guesses, r->n_guesses + 1, MAX_GUESSES, "guesses", err));
    HB_TRY(hb_reading_text(r, hb_str_of(what), SIZE_MAX, &g.what, err));
    HB_TRY(hb_reading_text(r, hb_str_of(value), SIZE_MAX, &g.value, err));
    HB_TRY(hb_reading_text(r, hb_str_of(why), SIZE_MAX, &g.why, err));
    if (alternative) {
        HB_TRY(hb_reading_text(r, hb_str_of(alternative), SIZE_MAX, &g.alternative, err));
    }
    r->guesses[r->n_guesses++] = g;
    return HB_OK;
}

static void settle_kind(hb_reading_column *c)
{
    if (c->kind == HB_COLUMN_NUMBER && !c->n_numeric && !c->n_inf && c->n_rejected) {
        c->kind = HB_COLUMN_TEXT;
        c->why = "not one of its cells is a number";
        c->alternative = NULL;
        c->n_missing = c->n_blank;
        c->n_rejected = 0;
        c->n_examples = 0;
        c->measured = false;
    }
    if (c->kind == HB_COLUMN_TEXT) {
        c->unit = "";
        c->unit_how = NULL;
    }
}

hb_status hb_reading_finish(hb_reading *r, const char *path, hb_stream *stream, hb_error *err)
{
    for (size_t i = 0; i < r->n_columns; i++) {
        settle_kind(&r->columns[i]);
    }
    if (strcmp(r->format, "json") == 0) { /* one document: its records have no lines of their own */
        r->shape.data_first_line = r->shape.data_last_line = 0;
    }
    HB_TRY(hb_reading_times_end(r, err));
    HB_TRY(hb_reading_text(r, hb_str_of(path), SIZE_MAX, &r->path, err));
    HB_TRY(hb_reading_text(r, hb_str_of(hb_stream_compression(stream)), SIZE_MAX, &r->compression,
                           err));
    return hb_stream_digest(stream, &r->bytes, r->sha256, err);
}

hb_status hb_reading_file(const hb_os *os, const char *path, const hb_ingest_options *options,
                          hb_reading *r, hb_error *err)
{
    hb_ingest_options o = *options;
    hb_opening opening = {0};
    hb_block block;
    o.reading = r;
    hb_status status = hb_opening_start(os, path, &o, r->work->units, NULL, NULL, &opening, err);
    do {
        if (status == HB_OK) {
            status = opening.table->ops->next(opening.table, &block, err);
        }
    } while (status == HB_OK && (block.n_rows || block.n_rejects));
    if (status == HB_OK) {
        status = hb_reading_finish(r, path, opening.stream, err);
    }
    hb_opening_end(&opening);
    return status;
}

const char *hb_reading_sure(double confidence)
{
    return isnan(confidence)    ? ""
           : confidence >= 0.95 ? "certain"
           : confidence >= 0.7  ? "likely"
                                : "a guess";
}
