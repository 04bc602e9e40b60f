/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "input/csv/ahead.h"

#include <string.h>

hb_status hb_csv_fill(hb_csv *c, size_t want, hb_error *err)
{
    if (c->at) {
        memmove(c->text, c->text + c->at, c->n - c->at);
        c->n -= c->at;
        c->at = 0;
    }
    if (c->cap < want) {
        char *text = hb_realloc(c->text, want);
        if (!text) {
            return HB_NOMEM(err);
        }
        c->text = text;
        c->cap = want;
    }
    while (c->n < want && !c->end) {
        size_t got = 0;
        HB_TRY(hb_text_read(c->source, c->text + c->n, want - c->n, &got, err));
        c->n += got;
        c->end = got == 0;
    }
    hb_csv_note_encoding(c);
    return HB_OK;
}

void hb_csv_note_encoding(hb_csv *c)
{
    c->t.format.encoding = hb_encoding_name(hb_text_encoding(c->source));
    c->t.format.damaged = hb_text_damaged(c->source) + hb_text_strays(c->source);
}

hb_status hb_csv_record_too_long(const hb_csv *c, hb_error *err)
{
    return HB_FAIL_AT(err, HB_E_LIMIT, c->path, c->line, 0,
                      "a record is longer than %d bytes; is a quote left open, or is the "
                      "delimiter another one?",
                      HB_CSV_MAX_RECORD_BYTES);
}

static hb_status parse_block(hb_csv *c, hb_error *err)
{
    hb_record_reset(&c->sink);
    hb_record_input in = {
        .text = c->text,
        .n = c->n,
        .at = c->at,
        .end = c->end,
        .line = c->line,
        .delimiter = c->dialect.delimiter,
        .comments = c->dialect.comments,
        .width = c->width,
        .path = c->path,
        .spans = c->spans,
        .max_rows = c->rows         ? 0
                    : c->first_rows ? c->first_rows
                                    : HB_CSV_FIRST_ROWS,
    };
    hb_status status = hb_record_parse(&in, &c->sink, err);
    c->t.format.comment_lines += in.n_comments;
    c->at = in.at;
    c->line = in.line;
    return status;
}

static hb_status next_block(hb_csv *c, hb_error *err)
{
    size_t want = hb_csv_block_bytes(c);
    for (;;) {
        HB_TRY(hb_csv_fill(c, want, err));
        HB_TRY(parse_block(c, err));
        if (c->sink.n_rows || c->sink.n_rejects || (c->end && c->at == c->n)) {
            return HB_OK;
        }
        if (c->n == c->cap && c->at == 0) { /* one record fills the whole block */
            if (want >= HB_CSV_MAX_RECORD_BYTES) {
                return hb_csv_record_too_long(c, err);
            }
            want *= 2;
        } else {
            want = c->cap;
        }
    }
}

/* Cells of fields that are no column go; those of a row only ever move to the front. */
static void leave_out_fields(hb_csv *c)
{
    hb_cell *out = c->sink.cells;
    for (size_t r = 0; r < c->sink.n_rows; r++) {
        const hb_cell *row = &c->sink.cells[r * c->width];
        for (size_t i = 0; i < c->n_columns; i++) {
            *out++ = row[c->columns[i].field];
        }
    }
}

static hb_status csv_next(hb_table *t, hb_block *ret, hb_error *err)
{
    hb_csv *c = (hb_csv *)t;
    if (c->ahead) {
        return hb_csv_ahead_next(c->ahead, ret, err);
    }
    HB_TRY(next_block(c, err));
    c->rows += c->sink.n_rows;
    if (c->fields_left_out) {
        leave_out_fields(c);
    }
    *ret = (hb_block){.cells = c->sink.cells,
                      .n_rows = c->sink.n_rows,
                      .n_cols = c->n_columns,
                      .lines = c->sink.lines,
                      .rejects = c->sink.rejects,
                      .n_rejects = c->sink.n_rejects};
    if (c->sink.n_rows == 0 && c->rows == 0 && c->end) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no data rows%s", c->path,
                       c->dialect.header ? ", only a header" : "");
    }
    return HB_OK;
}

static size_t csv_columns(const hb_table *t, const hb_column **ret)
{
    const hb_csv *c = (const hb_csv *)t;
    *ret = c->columns;
    return c->n_columns;
}

/* Fields cut by runs of blanks, and rows with fields that are no columns, stay cells. */
static bool csv_plan(hb_table *t, const hb_plan *plan)
{
    hb_csv *c = (hb_csv *)t;
    if (!plan) {
        hb_csv_ahead_free(c->ahead);
        c->ahead = NULL;
        return false;
    }
    bool plain = c->dialect.delimiter != HB_DELIMITER_BLANKS && !c->spans && !c->fields_left_out &&
                 c->width == c->n_columns;
    return plain && hb_csv_ahead_new(c, plan, &c->ahead, NULL) == HB_OK;
}

static hb_str csv_text(hb_table *t, size_t row, size_t column)
{
    return hb_csv_ahead_text(((hb_csv *)t)->ahead, row, column);
}

void hb_csv_close(hb_table *t)
{
    hb_csv *c = (hb_csv *)t;
    if (c) {
        hb_text_close(c->source);
        hb_csv_ahead_free(c->ahead);
        hb_free(c->text);
        hb_record_release(&c->sink);
        hb_arena_release(&c->arena);
        hb_free(c);
    }
}

const hb_table_ops hb_csv_ops = {.format = "csv",
                                 .columns = csv_columns,
                                 .next = csv_next,
                                 .close = hb_csv_close,
                                 .plan = csv_plan,
                                 .text = csv_text};
