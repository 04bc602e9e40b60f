/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are told apart by their first field:
 *
 *   file header     until ***End_of_Header***
 *   segment header  "Channels", "Samples" … until ***End_of_Header***
 *   names           the line behind it
 *   data            until a segment's key, or "LabVIEW Measurement" of an appended file
 *   special block   ***Start_Special*** to ***End_Special***, anywhere
 */
#include "input/lvm/lvm_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/cell.h"
#include "input/csv/csv.h"

#include <math.h>
#include <string.h>

enum {
    ARENA_BYTES = 64 << 20,
    MAX_LINE_BYTES = 16 << 20,
    MAX_FIELDS = 1 << 20,
    MAX_REJECTS = 1 << 20,
    BLOCK_CELLS = 1 << 20,
};

static const double epoch_1904_s = 2082844800; /* from 1904 to 1970 */

bool hb_lvm_recognise(hb_str head)
{
    if (hb_str_starts(head, "\xef\xbb\xbf")) {
        head = (hb_str){head.p + 3, head.n - 3};
    }
    return hb_str_starts(head, "LabVIEW Measurement");
}

static hb_status fill(hb_lvm *l, size_t want, hb_error *err)
{
    if (l->at) {
        memmove(l->text, l->text + l->at, l->n - l->at);
        l->n -= l->at;
        l->at = 0;
    }
    if (l->cap < want) {
        char *text = hb_realloc(l->text, want);
        if (!text) {
            return HB_NOMEM(err);
        }
        l->text = text;
        l->cap = want;
    }
    while (l->n < want && !l->end) {
        size_t got = 0;
        HB_TRY(hb_text_read(l->source, l->text + l->n, want - l->n, &got, err));
        l->n += got;
        l->end = got == 0;
    }
    return HB_OK;
}

/* The line at hand without its end, and with it; false when it is not complete. */
static bool line_at(const hb_lvm *l, hb_str *ret, size_t *ret_whole)
{
    const char *p = l->text + l->at;
    size_t left = l->n - l->at;
    size_t n = 0;
    while (n < left && p[n] != '\n' && p[n] != '\r') {
        n++;
    }
    bool half = n < left && p[n] == '\r' && n + 1 == left && !l->end;
    if ((n == left && !l->end) || left == 0 || half) {
        return false;
    }
    size_t eol = n == left ? 0 : p[n] == '\r' && n + 1 < left && p[n + 1] == '\n' ? 2 : 1;
    *ret = (hb_str){p, n};
    *ret_whole = n + eol;
    return true;
}

static hb_status cut(hb_lvm *l, hb_str line, hb_error *err)
{
    l->n_line = 0;
    const char *p = line.p;
    const char *end = line.p + line.n;
    for (;;) {
        const char *q = p < end ? memchr(p, l->separator, (size_t)(end - p)) : NULL;
        q = q ? q : end;
        HB_TRY(HB_GROW(l->fields, l->cap_line, l->n_line + 1, MAX_FIELDS, "fields in a line", err));
        l->fields[l->n_line++] = hb_str_trim((hb_str){p, (size_t)(q - p)});
        if (q == end) {
            return HB_OK;
        }
        p = q + 1;
    }
}

static hb_status reject(hb_lvm *l, const char *reason, hb_str text, hb_error *err)
{
    HB_TRY(HB_GROW(l->rejects, l->cap_rejects, l->n_rejects + 1, MAX_REJECTS,
                   "rejected rows in a block", err));
    l->rejects[l->n_rejects++] =
        (hb_row_reject){.reason = reason, .line = l->line, .text = text.p, .len = text.n};
    return HB_OK;
}

/* Seconds since 1904 to a time, digit by digit where they are written plainly. */
static bool time_of_1904(hb_str text, char decimal, hb_time *ret)
{
    int64_t whole = 0;
    size_t point = hb_str_find_ch(text, decimal);
    uint64_t ns = 0;
    size_t digits = 0;
    for (size_t i = point + 1; i < text.n && digits < 9; i++, digits++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        ns = ns * 10 + (uint64_t)(text.p[i] - '0');
    }
    for (; digits < 9; digits++) {
        ns *= 10;
    }
    if (!hb_num_parse_i64(text.p, point, &whole) || whole < 0) {
        return false;
    }
    int64_t seconds = whole - (int64_t)epoch_1904_s;
    return !__builtin_mul_overflow(seconds, (int64_t)1000000000, ret) &&
           !__builtin_add_overflow(*ret, (int64_t)ns, ret);
}

static hb_cell absolute_cell(double seconds)
{
    double whole = floor(seconds);
    if (fabs(whole - epoch_1904_s) > 9e9) {
        return (hb_cell){.kind = HB_CELL_NUMBER, .as.num = seconds};
    }
    hb_time ns = (hb_time)(whole - epoch_1904_s) * 1000000000 + llround((seconds - whole) * 1e9);
    return (hb_cell){.kind = HB_CELL_TIME, .as.ns = ns};
}

/* The first X tells: seconds since 1904 are beyond 2.5e9 from 1983 on, and no run lasts 79 years.
 */
static void settle_epoch(hb_lvm *l, double first)
{
    if (!l->x_settled) {
        l->x_settled = true;
        l->x_since_1904 = l->absolute && l->x_is_time && first >= 2.5e9 && first < 1e10;
    }
}

static hb_cell x_cell(hb_lvm *l, hb_str text)
{
    double v = 0;
    hb_cell cell = {.kind = HB_CELL_TEXT, .as.p = text.p, .len = (uint32_t)text.n};
    if (l->x_made) {
        v = l->x0 + (double)l->segment_row * l->delta_x;
        settle_epoch(l, v);
        return l->x_since_1904 ? absolute_cell(v) : (hb_cell){.kind = HB_CELL_NUMBER, .as.num = v};
    }
    bool number = hb_cell_classify(text, l->t.decimal, &v) == HB_CELL_IS_NUMBER;
    if (number) {
        settle_epoch(l, v);
    }
    hb_time t = 0;
    if (number && l->x_since_1904) {
        return time_of_1904(text, l->t.decimal, &t) ? (hb_cell){.kind = HB_CELL_TIME, .as.ns = t}
                                                    : absolute_cell(v);
    }
    return text.n ? cell : (hb_cell){.kind = HB_CELL_EMPTY};
}

static hb_status data_row(hb_lvm *l, hb_error *err)
{
    size_t n = l->n_line < l->n_fields ? l->n_line : l->n_fields;
    hb_cell *row = l->cells + l->n_rows * l->n_columns;
    for (size_t i = 0; i < l->n_columns; i++) {
        row[i] = (hb_cell){.kind = HB_CELL_ABSENT};
    }
    for (size_t i = 0; i < n; i++) {
        hb_str s = l->fields[i];
        row[l->column_of[i]] =
            i == 0 ? x_cell(l, s)
            : s.n  ? (hb_cell){.kind = HB_CELL_TEXT, .as.p = s.p, .len = (uint32_t)s.n}
                   : (hb_cell){.kind = HB_CELL_EMPTY};
    }
    for (size_t i = n; i < l->n_line; i++) {
        if (l->fields[i].n) {
            HB_TRY(reject(l, "long row", l->fields[i], err));
            break;
        }
    }
    l->lines[l->n_rows++] = l->line;
    l->segment_row++;
    return HB_OK;
}

static bool all_blank(const hb_lvm *l)
{
    for (size_t i = 0; i < l->n_line; i++) {
        if (l->fields[i].n) {
            return false;
        }
    }
    return true;
}

static void begin_segment(hb_lvm *l)
{
    hb_arena_release(&l->head);
    memset(l->values, 0, sizeof l->values);
    l->state = HB_LVM_SEGMENT_HEADER;
}

/* *ret_stop = the block ends before this line. */
static hb_status take_line(hb_lvm *l, hb_str line, bool *ret_stop, hb_error *err)
{
    hb_str first = hb_str_trim(line);
    *ret_stop = false;
    if (hb_str_starts(first, "***Start_Special***")) {
        l->in_special = true;
        /* Without its text: the first block is given after the bytes have moved. */
        return reject(l, "special block of LabVIEW", (hb_str){NULL, 0}, err);
    }
    if (l->in_special) {
        l->in_special = !hb_str_starts(first, "***End_Special***");
        return HB_OK;
    }
    HB_TRY(cut(l, line, err));
    if (all_blank(l)) {
        return HB_OK;
    }
    first = l->fields[0];
    if (l->state == HB_LVM_DATA && hb_str_starts(first, "LabVIEW Measurement")) {
        begin_segment(l);
        l->state = HB_LVM_FILE_HEADER;
        return HB_OK;
    }
    if (l->state == HB_LVM_DATA && hb_lvm_is_segment_key(first)) {
        begin_segment(l);
    }
    /* A segment without a header of its own. */
    if (l->state == HB_LVM_SEGMENT_HEADER && hb_str_eq_c(first, "X_Value")) {
        l->state = HB_LVM_NAMES;
    }
    if (l->state == HB_LVM_NAMES || (l->state == HB_LVM_DATA && hb_str_eq_c(first, "X_Value"))) {
        return hb_lvm_names(l, ret_stop, err);
    }
    return l->state == HB_LVM_DATA ? data_row(l, err) : hb_lvm_header_line(l, err);
}

static size_t most_rows(const hb_lvm *l)
{
    size_t most = l->n_columns ? BLOCK_CELLS / l->n_columns : 1;
    return most < HB_BLOCK_ROWS ? most : HB_BLOCK_ROWS;
}

/* Lines that are complete in the bytes at hand, until the block is full or `stop_at_data`. */
static hb_status take_lines(hb_lvm *l, bool stop_at_data, hb_error *err)
{
    hb_str line;
    size_t whole = 0;
    bool stop = false;
    while (!stop && line_at(l, &line, &whole)) {
        if (l->state == HB_LVM_DATA) {
            if (stop_at_data || l->n_rows >= most_rows(l)) {
                return HB_OK;
            }
            HB_TRY(HB_GROW(l->cells, l->cap_cells, (l->n_rows + 1) * l->n_columns,
                           (size_t)2 * BLOCK_CELLS, "cells in a block", err));
        }
        HB_TRY(take_line(l, line, &stop, err));
        if (!stop) {
            if (whole > line.n) {
                hb_eol_note(&l->eol, line.p + line.n, l->text + l->n);
            }
            l->at += whole;
            l->line++;
        }
    }
    return HB_OK;
}

/* Fills and reads until there is something to give, or the table is found, or the file ends. */
static hb_status advance(hb_lvm *l, bool to_data, hb_error *err)
{
    size_t want = l->cap > HB_BLOCK_BYTES ? l->cap : HB_BLOCK_BYTES;
    for (;;) {
        HB_TRY(fill(l, want, err));
        size_t before = l->at;
        HB_TRY(take_lines(l, to_data, err));
        bool found = to_data ? l->state == HB_LVM_DATA : l->n_rows > 0 || l->n_rejects > 0;
        if (found || (l->end && l->at == l->n)) {
            return HB_OK;
        }
        if (l->at == before && l->n == l->cap) { /* one line fills the whole block */
            if (want >= MAX_LINE_BYTES) {
                return HB_FAIL_AT(err, HB_E_LIMIT, l->path, l->line, 0,
                                  "a line is longer than %d bytes", MAX_LINE_BYTES);
            }
            want *= 2;
        }
    }
}

static hb_status lvm_next(hb_table *t, hb_block *ret, hb_error *err)
{
    hb_lvm *l = (hb_lvm *)t;
    l->n_rows = 0;
    if (l->rows) {
        l->n_rejects = 0; /* those of the header go with the first block */
    }
    HB_TRY(advance(l, false, err));
    l->rows += l->n_rows;
    if (l->rows == 0 && l->end && l->at == l->n) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no data rows, only headers", l->path);
    }
    *ret = (hb_block){.cells = l->cells,
                      .n_rows = l->n_rows,
                      .n_cols = l->n_columns,
                      .lines = l->lines,
                      .rejects = l->rejects,
                      .n_rejects = l->n_rejects};
    return HB_OK;
}

static size_t lvm_columns(const hb_table *t, const hb_column **ret)
{
    const hb_lvm *l = (const hb_lvm *)t;
    *ret = l->columns;
    return l->n_columns;
}

static void lvm_close(hb_table *t)
{
    hb_lvm *l = (hb_lvm *)t;
    if (!l) {
        return;
    }
    hb_map_release(&l->by_name);
    hb_arena_release(&l->arena);
    hb_arena_release(&l->head);
    hb_text_close(l->source);
    hb_free(l->text);
    hb_free(l->column_of);
    hb_free(l->columns);
    hb_free(l->fields);
    hb_free(l->cells);
    hb_free(l->rejects);
    hb_free(l);
}

static const hb_table_ops ops = {
    .format = "lvm", .columns = lvm_columns, .next = lvm_next, .close = lvm_close};

static hb_status start(hb_lvm *l, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(l->stream, 64, &head, err));
    if (!hb_lvm_recognise(head)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no LabVIEW measurement file: it does not begin with 'LabVIEW "
                       "Measurement'",
                       l->path);
    }
    HB_TRY(hb_text_open(l->stream, &l->source, err));
    HB_TRY(advance(l, true, err));
    if (l->state != HB_LVM_DATA) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off: it ends within its headers", l->path);
    }
    l->t.format = (hb_table_format){
        .delimited = true,
        .delimiter = l->separator,
        .encoding = hb_encoding_name(hb_text_encoding(l->source)),
        .eol = hb_eol_name(&l->eol),
        .header_line = l->t.header_line,
        .units_line = l->units_line,
        .data_first_line = l->line,
        .skipped_lines = l->t.header_line ? l->t.header_line - 1 : 0,
    };
    return HB_OK;
}

hb_status hb_lvm_open(hb_stream *stream, hb_units *units, hb_table **ret_table, hb_error *err)
{
    hb_lvm *l = hb_alloc_zero(sizeof *l);
    if (!l) {
        return HB_NOMEM(err);
    }
    l->t.ops = &ops;
    l->t.decimal = '.';
    l->stream = stream;
    l->path = hb_stream_path(stream);
    l->line = 1;
    l->separator = '\t';
    l->units = units;
    l->x_columns = HB_LVM_X_ONE;
    l->date = l->time = (hb_str){"", 0};
    hb_arena_init(&l->arena, ARENA_BYTES);
    hb_arena_init(&l->head, ARENA_BYTES);
    hb_map_init(&l->by_name, HB_TABLE_MAX_COLUMNS);
    hb_status status = start(l, err);
    if (status != HB_OK) {
        lvm_close(&l->t);
        return status;
    }
    *ret_table = &l->t;
    return HB_OK;
}
