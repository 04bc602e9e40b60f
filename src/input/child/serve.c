/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/serve.h"

#include "base/mem.h"
#include "input/table.h"

#include <string.h>

enum { NOTE_BYTES = 600 };

/* Labels of one part's columns. */
static hb_status label_part(hb_tree *t, const hb_var_part *p, bool alone, hb_frame_label *out,
                            hb_error *err)
{
    const hb_var *v = p->var;
    size_t n = hb_var_part_columns(p);
    hb_status status = HB_OK;
    hb_buf name;
    hb_buf_init(&name, HB_FRAME_MAX_TEXT);
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        hb_str own = v->labels && !p->turned ? v->labels[i].name : (hb_str){"", 0};
        hb_buf_clear(&name);
        if (own.n && alone) {
            hb_buf_str(&name, own);
        } else if (own.n) {
            hb_buf_fmt(&name, "%s.%.*s", v->name, (int)own.n, own.p);
        } else if (n > 1) {
            hb_buf_fmt(&name, "%s %zu", v->name, i + 1);
        } else {
            hb_buf_c(&name, v->name);
        }
        status = hb_buf_check(&name, err);
        char *kept = status == HB_OK ? hb_arena_strndup(&t->arena, name.p, name.n) : NULL;
        if (status == HB_OK && !kept) {
            status = HB_NOMEM(err);
        }
        hb_str unit = v->labels && !p->turned ? v->labels[i].unit : (hb_str){"", 0};
        out[i] =
            (hb_frame_label){.name = {kept, name.n}, .unit = unit.n ? unit : hb_str_of(v->unit)};
    }
    hb_buf_release(&name);
    return status;
}

static hb_status send_columns(hb_frames_out *out, hb_tree *t, const hb_var_table *table,
                              hb_error *err)
{
    hb_frame_label *labels = hb_arena_array(&t->arena, table->n_columns, sizeof *labels);
    size_t at = 0;
    if (!labels) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < table->n_parts; i++) {
        HB_TRY(label_part(t, &table->parts[i], table->n_parts == 1, labels + at, err));
        at += hb_var_part_columns(&table->parts[i]);
    }
    return hb_frames_columns(out, true, labels, table->n_columns, err);
}

static hb_status send_notes(hb_frames_out *out, const hb_var_table *table, hb_error *err)
{
    hb_buf left;
    hb_buf turned;
    hb_buf_init(&left, NOTE_BYTES);
    hb_buf_init(&turned, NOTE_BYTES);
    hb_status status = hb_frames_note(out, "variable", table->path, table->why, err);
    hb_tables_left(table, &left);
    if (status == HB_OK && left.n) {
        status =
            hb_frames_note(out, "not read", left.p, "not of the table's length, or no column", err);
    }
    for (size_t i = 0; i < table->n_parts; i++) {
        if (table->parts[i].turned) {
            hb_buf_fmt(&turned, "%s%.60s", turned.n ? ", " : "", table->parts[i].var->name);
        }
    }
    if (status == HB_OK && turned.n) {
        status = hb_frames_note(out, "turned", turned.p,
                                "its second dimension is as long as the table, or its first is "
                                "the shorter by far",
                                err);
    }
    hb_buf_release(&left);
    hb_buf_release(&turned);
    return status;
}

/* One row of a list: the fields of one element, after those of the elements before. */
static hb_status read_element(const hb_var_reader *reader, const hb_var_table *table,
                              const hb_var *element, size_t row, hb_frame_column *columns,
                              hb_frame_column *one, hb_error *err)
{
    const hb_var *v = element->child;
    for (size_t i = 0; i < table->n_parts; i++) {
        hb_frame_column *c = &columns[i];
        bool there = v && v->kind == HB_VAR_DATA && v->rows == 1 && v->cols == 1 &&
                     strcmp(v->name, table->parts[i].var->name) == 0;
        for (const hb_var *k = element->child; k && !there; k = k->next) {
            v = k; /* fields usually come in the same order: this is for when they do not */
            there = k->kind == HB_VAR_DATA && k->rows == 1 && k->cols == 1 &&
                    strcmp(k->name, table->parts[i].var->name) == 0;
        }
        one->encoding = HB_FRAME_SOME_NUMBER;
        one->v[0] = 0;
        one->flags[0] = 1;
        hb_buf_clear(&one->texts);
        if (there) {
            HB_TRY(reader->read(reader->ctx, v, false, 0, 1, one, err));
        }
        if (row == 0 && there) {
            c->encoding = one->encoding == HB_FRAME_NUMBERS ? HB_FRAME_SOME_NUMBER : one->encoding;
        }
        bool text = c->encoding == HB_FRAME_TEXTS;
        if (text && one->encoding == HB_FRAME_TEXTS) {
            hb_buf_add(&c->texts, one->texts.p, one->texts.n);
        } else if (text) {
            hb_frame_column_text(c, "", 0);
        }
        bool number = one->encoding == HB_FRAME_NUMBERS ||
                      (one->encoding == HB_FRAME_SOME_NUMBER && !one->flags[0]);
        bool yes_no = one->encoding == HB_FRAME_BOOLS;
        c->v[row] = number ? one->v[0] : yes_no ? one->flags[0] : 0;
        c->flags[row] =
            c->encoding == HB_FRAME_BOOLS ? yes_no && one->flags[0] : !number && !yes_no;
        v = v ? v->next : NULL;
    }
    return HB_OK;
}

typedef struct serving {
    const hb_var_reader *reader;
    const hb_var_table *table;
    hb_frame_column *columns;
    hb_frame_column one;
    const hb_var *element; /* of a list: the next */
} serving;

static hb_status read_block(serving *s, uint64_t first, size_t n, hb_error *err)
{
    const hb_var_table *table = s->table;
    for (size_t i = 0; i < table->n_columns; i++) {
        hb_buf_clear(&s->columns[i].texts);
        s->columns[i].encoding = HB_FRAME_SOME_NUMBER;
        HB_TRY(hb_frame_column_room(&s->columns[i], n, err));
    }
    if (table->where->kind == HB_VAR_LIST) {
        for (size_t r = 0; r < n; r++, s->element = s->element->next) {
            HB_TRY(read_element(s->reader, table, s->element, r, s->columns, &s->one, err));
        }
        return HB_OK;
    }
    size_t at = 0;
    for (size_t i = 0; i < table->n_parts; i++) {
        const hb_var_part *p = &table->parts[i];
        HB_TRY(s->reader->read(s->reader->ctx, p->var, p->turned, first, n, s->columns + at, err));
        at += hb_var_part_columns(p);
    }
    return HB_OK;
}

static hb_status send_rows(serving *s, hb_frames_out *out, hb_error *err)
{
    const hb_var_table *table = s->table;
    size_t step = HB_FRAME_MAX_CELLS / table->n_columns;
    step = step > HB_BLOCK_ROWS ? HB_BLOCK_ROWS : step ? step : 1;
    HB_TRY(s->reader->begin(s->reader->ctx, table, &step, err));
    s->element = table->where->child;
    for (uint64_t first = 0; first < table->rows;) {
        size_t n = table->rows - first < step ? (size_t)(table->rows - first) : step;
        HB_TRY(read_block(s, first, n, err));
        HB_TRY(hb_frames_rows(out, s->columns, table->n_columns, n, err));
        first += n;
    }
    return hb_frames_end(out, table->rows, err);
}

static hb_status send_table(hb_frames_out *out, const hb_var_reader *reader,
                            const hb_var_table *table, hb_error *err)
{
    serving s = {.reader = reader, .table = table};
    s.columns = hb_alloc_array(table->n_columns, sizeof *s.columns);
    if (!s.columns) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        hb_frame_column_init(&s.columns[i]);
    }
    hb_frame_column_init(&s.one);
    hb_status status = hb_frame_column_room(&s.one, 1, err);
    if (status == HB_OK) {
        status = send_rows(&s, out, err);
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        hb_frame_column_release(&s.columns[i]);
    }
    hb_frame_column_release(&s.one);
    hb_free(s.columns);
    return status;
}

hb_status hb_serve_table(hb_frames_out *out, hb_tree *tree, const hb_var_reader *reader,
                         const char *wanted, hb_error *err)
{
    hb_var_table table;
    HB_TRY(hb_tables_choose(tree, wanted, &table, err));
    HB_TRY(send_notes(out, &table, err));
    HB_TRY(send_columns(out, tree, &table, err));
    return send_table(out, reader, &table, err);
}
