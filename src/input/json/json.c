/* SPDX-License-Identifier: Apache-2.0 */
#include "input/json/json.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "input/json/shape.h"
#include "input/json/values.h"

#include "telemetry/run.h"

#include <stdio.h>
#include <string.h>

enum {
    BLOCK_ARENA_BYTES = 256 << 20,
    NAMES_BYTES = 16 << 20,
    MAX_SPARSE = 1 << 24,
    BLOCK_CELLS = 1 << 21, /* records with ever new keys make short blocks, not huge ones */
};

typedef struct sparse {
    size_t row;
    size_t column;
    hb_cell cell;
} sparse;

typedef enum json_form {
    FORM_LINES,    /* one value a line */
    FORM_ARRAY,    /* a top-level array, streamed */
    FORM_DOCUMENT, /* one value, read whole */
} json_form;

typedef struct json_reader {
    hb_table t;
    hb_json_bytes bytes;
    const char *path;
    json_form form;
    bool first; /* of an array: no comma is due yet */
    bool done;
    json_t *document; /* FORM_DOCUMENT: a list of records made of it */
    size_t next_record;
    uint64_t rows;
    hb_arena names;
    hb_map by_name;
    hb_column *columns;
    size_t n_columns;
    size_t cap_columns;
    hb_arena texts; /* of the present block */
    sparse *sparse;
    size_t n_sparse;
    size_t cap_sparse;
    hb_cell *cells;
    size_t cap_cells;
    uint64_t lines[HB_BLOCK_ROWS];
    size_t n_rows;
    hb_row_reject *rejects;
    size_t n_rejects;
    size_t cap_rejects;
} json_reader;

bool hb_json_recognise(hb_str head)
{
    if (hb_str_starts(head, "\xef\xbb\xbf")) {
        head = (hb_str){head.p + 3, head.n - 3};
    }
    head = hb_str_trim(head);
    if (head.n == 0 || (head.p[0] != '{' && head.p[0] != '[')) {
        return false;
    }
    hb_str inside = hb_str_trim((hb_str){head.p + 1, head.n - 1});
    /* "[x]" may open an INI section or a unit in a text: JSON goes on like this. */
    return inside.n == 0 || strchr("{[\"]}-0123456789tfnNI", inside.p[0]) != NULL;
}

static hb_status reject(json_reader *j, const char *reason, hb_str text, hb_error *err)
{
    HB_TRY(
        HB_GROW(j->rejects, j->cap_rejects, j->n_rejects + 1, MAX_SPARSE, "rejected records", err));
    size_t n = text.n < 80 ? text.n : 80;
    char *kept = hb_arena_strndup(&j->texts, text.p, n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    j->rejects[j->n_rejects++] =
        (hb_row_reject){.reason = reason, .line = j->bytes.line, .text = kept, .len = n};
    return HB_OK;
}

static hb_status column_of(json_reader *j, hb_str name, size_t *ret, hb_error *err)
{
    if (hb_map_get(&j->by_name, name, ret)) {
        return HB_OK;
    }
    if (j->n_columns == HB_TABLE_MAX_COLUMNS) {
        return HB_FAIL_AT(err, HB_E_LIMIT, hb_stream_path(j->bytes.stream), j->bytes.line, 0,
                          "the records have more than %d different keys", HB_TABLE_MAX_COLUMNS);
    }
    HB_TRY(
        HB_GROW(j->columns, j->cap_columns, j->n_columns + 1, HB_TABLE_MAX_COLUMNS, "keys", err));
    char *kept = hb_arena_str(&j->names, name);
    if (!kept) {
        return HB_NOMEM(err);
    }
    j->columns[j->n_columns] = (hb_column){.name = {kept, name.n}, .field = j->n_columns};
    HB_TRY(hb_map_put(&j->by_name, j->columns[j->n_columns].name, j->n_columns, err));
    *ret = j->n_columns++;
    return HB_OK;
}

static hb_status text_cell(json_reader *j, const char *p, size_t n, hb_cell *ret, hb_error *err)
{
    char *kept = hb_arena_strndup(&j->texts, p, n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    hb_str trimmed = hb_str_trim((hb_str){kept, n});
    *ret = (hb_cell){.kind = trimmed.n ? HB_CELL_TEXT : HB_CELL_EMPTY,
                     .as.p = trimmed.p,
                     .len = (uint32_t)trimmed.n};
    return HB_OK;
}

/* Whole numbers beyond 2^53 (nanosecond stamps) keep their digits as text. */
static hb_status integer_cell(json_reader *j, json_int_t v, hb_cell *ret, hb_error *err)
{
    if (v <= (INT64_C(1) << 53) && v >= -(INT64_C(1) << 53)) {
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = (double)v};
        return HB_OK;
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    return text_cell(j, text, n > 0 ? (size_t)n : 0, ret, err);
}

static hb_status scalar_cell(json_reader *j, const json_t *v, hb_cell *ret, hb_error *err)
{
    *ret = (hb_cell){.kind = HB_CELL_EMPTY};
    switch (json_typeof(v)) {
    case JSON_STRING:
        return text_cell(j, json_string_value(v), json_string_length(v), ret, err);
    case JSON_INTEGER:
        return integer_cell(j, json_integer_value(v), ret, err);
    case JSON_REAL:
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = json_real_value(v)};
        return HB_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        *ret = (hb_cell){.kind = HB_CELL_BOOL, .as.num = json_is_true(v)};
        return HB_OK;
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return HB_OK;
}

static hb_status put(json_reader *j, hb_str name, const json_t *v, hb_error *err)
{
    sparse s = {.row = j->n_rows};
    HB_TRY(column_of(j, name, &s.column, err));
    HB_TRY(scalar_cell(j, v, &s.cell, err));
    HB_TRY(
        HB_GROW(j->sparse, j->cap_sparse, j->n_sparse + 1, MAX_SPARSE, "values in a block", err));
    j->sparse[j->n_sparse++] = s;
    return HB_OK;
}

static hb_status flatten(json_reader *j, hb_buf *name, json_t *v, int depth, hb_error *err);

static hb_status flatten_object(json_reader *j, hb_buf *name, json_t *v, int depth, hb_error *err)
{
    size_t keep = name->n;
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        hb_buf_c(name, keep ? "." : "");
        hb_buf_c(name, key);
        HB_TRY(flatten(j, name, child, depth + 1, err));
        name->n = keep;
    }
    return HB_OK;
}

static hb_status flatten_array(json_reader *j, hb_buf *name, json_t *v, int depth, hb_error *err)
{
    if (json_array_size(v) > HB_JSON_MAX_ARRAY) {
        return reject(j, "array too long to be columns", (hb_str){name->p, name->n}, err);
    }
    size_t keep = name->n;
    size_t i = 0;
    json_t *child = NULL;
    json_array_foreach(v, i, child)
    {
        hb_buf_fmt(name, "[%zu]", i);
        HB_TRY(flatten(j, name, child, depth + 1, err));
        name->n = keep;
    }
    return HB_OK;
}

/* `tags` stay JSON: the metric table's samples are in them. */
static hb_status put_tags(json_reader *j, hb_str name, const json_t *v, hb_error *err)
{
    char *text = json_dumps(v, JSON_COMPACT);
    if (!text) {
        return HB_NOMEM(err);
    }
    json_t *as_text = json_string(text);
    hb_status status = as_text ? put(j, name, as_text, err) : HB_NOMEM(err);
    json_decref(as_text);
    free(text); /* lint: allow malloc, jansson's own */
    return status;
}

static hb_status flatten(json_reader *j, hb_buf *name, json_t *v, int depth, hb_error *err)
{
    HB_TRY(hb_buf_check(name, err));
    hb_str full = {name->p, name->n};
    if (depth > HB_JSON_MAX_DEPTH) {
        return reject(j, "nested too deep", full, err);
    }
    if (json_is_object(v) && hb_str_eq_c(full, "tags")) {
        return put_tags(j, full, v, err);
    }
    if (json_is_object(v)) {
        return flatten_object(j, name, v, depth, err);
    }
    return json_is_array(v) ? flatten_array(j, name, v, depth, err) : put(j, full, v, err);
}

/* A record of an array may be a row of cells; a line of JSON lines (lenient) is an object. */
static hb_status add_record(json_reader *j, json_t *v, hb_str text, bool lenient, hb_error *err)
{
    if (!json_is_object(v) && (lenient || !json_is_array(v))) {
        return reject(j, HB_REJECT_NO_RECORD, text, err);
    }
    hb_buf name;
    hb_buf_init(&name, 4096);
    hb_status status = flatten(j, &name, v, 0, err);
    hb_buf_release(&name);
    if (status == HB_OK) {
        j->lines[j->n_rows++] = j->bytes.line;
    }
    return status;
}

static hb_status parse_and_add(json_reader *j, hb_str text, bool lenient, hb_error *err)
{
    json_error_t why;
    json_t *v = hb_json_value(text, &why);
    if (!v && lenient) {
        return reject(j, HB_REJECT_BAD_JSON, text, err);
    }
    if (!v) {
        return HB_FAIL_AT(err, HB_E_INPUT, j->path, j->bytes.line + (uint64_t)(why.line - 1),
                          (uint64_t)(why.column > 0 ? why.column : 0), "not valid JSON: %.120s",
                          why.text);
    }
    hb_status status = add_record(j, v, text, lenient, err);
    json_decref(v);
    return status;
}

static hb_status next_line(json_reader *j, hb_error *err)
{
    char c = 0;
    HB_TRY(hb_json_bytes_peek(&j->bytes, &c, err));
    if (!c) {
        j->done = true;
        return HB_OK;
    }
    hb_str line;
    size_t whole = 0;
    HB_TRY(hb_json_bytes_line(&j->bytes, &line, &whole, err));
    HB_TRY(parse_and_add(j, hb_str_trim(line), true, err));
    hb_json_bytes_skip(&j->bytes, whole);
    return HB_OK;
}

static hb_status unexpected(const json_reader *j, char c, const char *expected, hb_error *err)
{
    char got[12] = "the end";
    if (c) {
        snprintf(got, sizeof got, "'%c'", c);
    }
    return HB_FAIL_AT(err, HB_E_INPUT, j->path, j->bytes.line, 0,
                      "not valid JSON: expected %s, got %s", expected, got);
}

static hb_status end_of_text(json_reader *j, hb_error *err)
{
    char c = 0;
    HB_TRY(hb_json_bytes_peek(&j->bytes, &c, err));
    return c ? unexpected(j, c, "the end of the file", err) : HB_OK;
}

static hb_status next_element(json_reader *j, hb_error *err)
{
    char c = 0;
    HB_TRY(hb_json_bytes_peek(&j->bytes, &c, err));
    if (c == ']') {
        hb_json_bytes_skip(&j->bytes, 1);
        j->done = true;
        return end_of_text(j, err);
    }
    if (!j->first) {
        if (c != ',') {
            return unexpected(j, c, "',' or ']'", err);
        }
        hb_json_bytes_skip(&j->bytes, 1);
        HB_TRY(hb_json_bytes_peek(&j->bytes, &c, err));
    }
    if (!c) {
        return unexpected(j, c, "a value", err);
    }
    j->first = false;
    hb_str text;
    HB_TRY(hb_json_bytes_value(&j->bytes, &text, err));
    HB_TRY(parse_and_add(j, text, false, err));
    hb_json_bytes_skip(&j->bytes, text.n);
    return HB_OK;
}

static hb_status next_of_document(json_reader *j, hb_error *err)
{
    if (j->next_record >= json_array_size(j->document)) {
        j->done = true;
        return HB_OK;
    }
    return add_record(j, json_array_get(j->document, j->next_record++), HB_STR("value"), false,
                      err);
}

static hb_status (*const next_record[])(json_reader *j, hb_error *err) = {
    [FORM_LINES] = next_line,
    [FORM_ARRAY] = next_element,
    [FORM_DOCUMENT] = next_of_document,
};

static hb_status lay_out(json_reader *j, hb_error *err)
{
    size_t n = j->n_rows * j->n_columns;
    HB_TRY(HB_GROW(j->cells, j->cap_cells, n ? n : 1, (size_t)1 << 27, "cells in a block", err));
    for (size_t i = 0; i < n; i++) {
        j->cells[i] = (hb_cell){.kind = HB_CELL_EMPTY};
    }
    for (size_t i = 0; i < j->n_sparse; i++) {
        const sparse *s = &j->sparse[i];
        if (s->row < j->n_rows) {
            j->cells[s->row * j->n_columns + s->column] = s->cell;
        }
    }
    return HB_OK;
}

static hb_status json_next(hb_table *t, hb_block *ret, hb_error *err)
{
    json_reader *j = (json_reader *)t;
    hb_arena_release(&j->texts);
    j->n_rows = 0;
    j->n_sparse = 0;
    j->n_rejects = 0;
    while (!j->done && j->n_rows < HB_BLOCK_ROWS && j->n_rejects < HB_BLOCK_ROWS &&
           j->n_sparse < HB_BLOCK_ROWS * 64 && j->n_rows * j->n_columns < BLOCK_CELLS) {
        HB_TRY(next_record[j->form](j, err));
    }
    if (!j->done && j->n_rows == 0 && j->rows == 0) {
        return HB_FAIL_AT(err, HB_E_INPUT, j->path, j->bytes.line, 0,
                          "no record so far: expected objects, got %zu other values", j->n_rejects);
    }
    HB_TRY(lay_out(j, err));
    j->rows += j->n_rows;
    if (j->done && j->rows == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no usable record%s", j->path,
                       j->n_rejects ? "; every line is bad JSON" : "");
    }
    *ret = (hb_block){.cells = j->cells,
                      .n_rows = j->n_rows,
                      .n_cols = j->n_columns,
                      .lines = j->lines,
                      .rejects = j->rejects,
                      .n_rejects = j->n_rejects};
    return HB_OK;
}

static size_t json_columns(const hb_table *t, const hb_column **ret)
{
    const json_reader *j = (const json_reader *)t;
    *ret = j->columns;
    return j->n_columns;
}

static void json_close(hb_table *t)
{
    json_reader *j = (json_reader *)t;
    if (!j) {
        return;
    }
    json_decref(j->document);
    hb_json_bytes_release(&j->bytes);
    hb_map_release(&j->by_name);
    hb_arena_release(&j->names);
    hb_arena_release(&j->texts);
    hb_free(j->columns);
    hb_free(j->sparse);
    hb_free(j->cells);
    hb_free(j->rejects);
    hb_free(j);
}

static const hb_table_ops ops = {
    .format = "json", .columns = json_columns, .next = json_next, .close = json_close};
static const hb_table_ops lines_ops = {
    .format = "jsonl", .columns = json_columns, .next = json_next, .close = json_close};

static void note(json_reader *j, const char *what, const char *value, const char *why)
{
    size_t i = j->t.n_notes++;
    j->t.notes[i].what = what;
    j->t.notes[i].value = value;
    j->t.notes[i].why = why;
}

static hb_status open_document(json_reader *j, hb_error *err)
{
    hb_str text;
    HB_TRY(hb_json_bytes_value(&j->bytes, &text, err));
    json_error_t why;
    json_t *v = hb_json_value(text, &why);
    if (!v) {
        return HB_FAIL_AT(err, HB_E_INPUT, j->path, j->bytes.line + (uint64_t)(why.line - 1),
                          (uint64_t)(why.column > 0 ? why.column : 0), "not valid JSON: %.120s",
                          why.text);
    }
    hb_json_bytes_skip(&j->bytes, text.n);
    const char *shape = "";
    j->document = hb_json_records(v, &shape);
    if (!j->document) {
        return HB_NOMEM(err);
    }
    note(j, "document", shape, "the keys and values of its one object");
    return end_of_text(j, err);
}

/* JSON lines: the first line is a whole object and something follows it. */
static hb_status is_lines(json_reader *j, bool *ret, hb_error *err)
{
    hb_str line;
    size_t whole = 0;
    *ret = false;
    HB_TRY(hb_json_bytes_line(&j->bytes, &line, &whole, err));
    json_error_t why;
    json_t *v = hb_json_value(hb_str_trim(line), &why);
    if (!json_is_object(v)) {
        json_decref(v);
        return HB_OK;
    }
    json_decref(v);
    size_t at = j->bytes.at + whole;
    while (at < j->bytes.n && strchr(" \t\r\n", j->bytes.p[at])) {
        at++;
    }
    *ret = at < j->bytes.n || !j->bytes.end;
    if (*ret && at == j->bytes.n) { /* only the end of the chunk: look further */
        hb_str peek;
        HB_TRY(hb_stream_peek(j->bytes.stream, 1, &peek, err));
        *ret = peek.n > 0;
    }
    return HB_OK;
}

static hb_status start(json_reader *j, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(j->bytes.stream, 3, &head, err));
    size_t mark = hb_str_starts(head, "\xef\xbb\xbf") ? 3 : 0;
    bool more = false;
    HB_TRY(hb_json_bytes_more(&j->bytes, &more, err));
    j->bytes.at = mark;
    char c = 0;
    HB_TRY(hb_json_bytes_peek(&j->bytes, &c, err));
    if (!c) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is empty", j->path);
    }
    j->t.header_line = j->bytes.line;
    if (c == '[') {
        j->form = FORM_ARRAY;
        hb_json_bytes_skip(&j->bytes, 1);
        note(j, "document", "array of records", "it starts with '['");
        return HB_OK;
    }
    if (c != '{') {
        return unexpected(j, c, "'{' or '['", err);
    }
    bool lines = false;
    j->bytes.max = HB_JSON_MAX_DOCUMENT; /* the first line may be the whole of it */
    HB_TRY(is_lines(j, &lines, err));
    if (lines) {
        j->bytes.max = HB_JSON_MAX_RECORD;
        j->form = FORM_LINES;
        j->t.ops = &lines_ops;
        note(j, "document", "JSON lines", "the first line is a whole object, and more follow");
        return HB_OK;
    }
    j->form = FORM_DOCUMENT;
    return open_document(j, err);
}

hb_status hb_json_open(hb_stream *stream, hb_table **ret_table, hb_error *err)
{
    json_reader *j = hb_alloc_zero(sizeof *j);
    if (!j) {
        return HB_NOMEM(err);
    }
    j->t.ops = &ops;
    j->t.decimal = '.';
    j->path = hb_stream_path(stream);
    j->first = true;
    j->bytes =
        (hb_json_bytes){.stream = stream, .path = j->path, .line = 1, .max = HB_JSON_MAX_RECORD};
    hb_arena_init(&j->names, NAMES_BYTES);
    hb_arena_init(&j->texts, BLOCK_ARENA_BYTES);
    hb_map_init(&j->by_name, HB_TABLE_MAX_COLUMNS);
    hb_status status = start(j, err);
    if (status != HB_OK) {
        json_close(&j->t);
        return status;
    }
    *ret_table = &j->t;
    return HB_OK;
}
