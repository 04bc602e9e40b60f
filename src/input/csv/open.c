/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "input/cell.h"
#include "input/columns.h"
#include "input/csv/csv_internal.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, SNIFF_BYTES = 1 << 16 };

hb_status hb_text_check(hb_str bytes, const char *path, uint64_t offset, hb_error *err)
{
    if (offset == 0 && (hb_str_starts(bytes, "\xff\xfe") || hb_str_starts(bytes, "\xfe\xff"))) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8 FILE",
                       path);
    }
    const char *nul = bytes.n ? memchr(bytes.p, '\0', bytes.n) : NULL;
    if (nul) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' holds a NUL byte at offset %llu: it is binary or damaged", path,
                       (unsigned long long)(offset + (uint64_t)(nul - bytes.p)));
    }
    size_t odd = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        odd += c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
    }
    if (odd > 2 && odd > bytes.n / 50) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is binary: %zu of its first %zu bytes are control characters", path,
                       odd, bytes.n);
    }
    return HB_OK;
}

static void note(hb_csv *c, const char *what, const char *value, const char *why)
{
    if (c->t.n_notes < HB_TABLE_NOTES && value && why) {
        size_t i = c->t.n_notes++;
        c->t.notes[i].what = what;
        c->t.notes[i].value = value;
        c->t.notes[i].why = why;
    }
}

static const char *delimiter_name(char d)
{
    static const struct {
        char d;
        const char *name;
    } rows[] = {{',', "comma"}, {';', "semicolon"}, {'\t', "tab"},
                {'|', "bar"},   {' ', "blanks"},    {0, "none: one column"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].d == d) {
            return rows[i].name;
        }
    }
    return "?";
}

static void notes(hb_csv *c, const hb_csv_options *o, bool by_rule)
{
    char why[128];
    snprintf(why, sizeof why, "%s%.0f %% of the first lines have %zu fields",
             o->delimiter ? "given; " : "", c->dialect.agreement * 100, c->dialect.n_columns);
    note(c, "delimiter", delimiter_name(c->dialect.delimiter),
         hb_arena_str(&c->arena, hb_str_of(why)));
    if (c->dialect.decimal == ',') {
        note(c, "decimal mark", "comma", "cells such as 12,5 while fields are cut elsewhere");
    }
    if (c->dialect.skip_lines) {
        char value[32];
        snprintf(value, sizeof value, "%zu lines", c->dialect.skip_lines);
        note(c, "skipped before the table", hb_arena_str(&c->arena, hb_str_of(value)),
             by_rule ? "titles above the header"
                     : "comments, or lines with another number of fields");
    }
    note(c, "header", c->dialect.header ? "yes" : "no",
         by_rule                            ? "the first row with a cell the adapter looks for"
         : o->header != HB_CSV_HEADER_SNIFF ? "given by the adapter"
         : c->dialect.header ? "the first table line holds names, the lines below numbers"
                             : "the first table line holds numbers already");
}

static hb_status name_columns(hb_csv *c, const hb_cell *cells, size_t n, hb_error *err)
{
    hb_str *raw = hb_arena_array(&c->arena, n ? n : 1, sizeof *raw);
    if (!raw) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; cells && i < n; i++) {
        raw[i] =
            cells[i].kind == HB_CELL_TEXT ? (hb_str){cells[i].as.p, cells[i].len} : (hb_str){"", 0};
    }
    c->n_columns = n;
    return hb_columns_name(&c->arena, raw, n, c->path, &c->columns, err);
}

/* Physical lines in front of the table; CR, LF and CRLF end one each. */
static void skip_lines(hb_csv *c, size_t n)
{
    while (n && c->at < c->n) {
        char ch = c->text[c->at++];
        if (ch == '\r' && c->at < c->n && c->text[c->at] == '\n') {
            c->at++;
        }
        if (ch == '\n' || ch == '\r') {
            c->line++;
            n--;
        }
    }
}

static hb_record_input header_input(const hb_csv *c)
{
    return (hb_record_input){
        .text = c->text,
        .n = c->n,
        .at = c->at,
        .end = c->end,
        .line = c->line,
        .delimiter = c->dialect.delimiter,
        .comments = c->dialect.comments && !c->dialect.header_hash,
        .width = 0, /* as many as there are */
        .path = c->path,
        .max_rows = 1,
    };
}

enum { RULE_ROWS = 200 };

/* The rows are read from a copy, because reading takes the quotes away. */
static hb_status find_by_rule(hb_csv *c, const hb_header_rule *rule, bool *ret_found, hb_error *err)
{
    hb_header_look looks[RULE_ROWS] = {0};
    size_t places[RULE_ROWS];
    uint64_t lines[RULE_ROWS];
    size_t n = 0;
    size_t size = c->n < SNIFF_BYTES ? c->n : SNIFF_BYTES;
    char *copy = hb_strndup(c->text, size);
    if (!copy) {
        return HB_NOMEM(err);
    }
    hb_record_input in = header_input(c);
    in.text = copy;
    in.n = size;
    in.end = c->end && size == c->n;
    hb_status status = HB_OK;
    while (status == HB_OK && n < RULE_ROWS) {
        places[n] = in.at;
        lines[n] = in.line;
        hb_record_reset(&c->sink);
        status = hb_record_parse(&in, &c->sink, err);
        if (status != HB_OK || c->sink.n_rows == 0) {
            break;
        }
        for (size_t i = 0; i < c->sink.n_cells; i++) {
            const hb_cell *cell = &c->sink.cells[i];
            if (cell->kind == HB_CELL_TEXT) {
                hb_header_look_at(rule, (hb_str){cell->as.p, cell->len}, &looks[n]);
            }
        }
        n++;
    }
    hb_record_reset(&c->sink);
    hb_free(copy);
    size_t row = hb_header_choose(looks, n);
    *ret_found = row < n;
    if (*ret_found) {
        c->at = places[row];
        c->line = lines[row];
        c->dialect.header = true;
        c->dialect.header_hash = false;
        c->dialect.skip_lines = (size_t)(lines[row] - 1);
        c->complete_header = row + 1 < n && !looks[row].values && looks[row + 1].values;
    }
    return status;
}

/* Two header rows: the cells that are empty in the first are taken from the second. */
static hb_status complete_header(hb_csv *c, hb_error *err)
{
    size_t n = c->sink.n_cells;
    hb_cell *first = hb_arena_array(&c->arena, n ? n : 1, sizeof *first);
    if (!first) {
        return HB_NOMEM(err);
    }
    memcpy(first, c->sink.cells, n * sizeof *first);
    hb_record_input in = header_input(c);
    hb_record_reset(&c->sink);
    HB_TRY(hb_record_parse(&in, &c->sink, err));
    size_t width = c->sink.n_cells > n ? c->sink.n_cells : n;
    hb_cell *both = hb_arena_array(&c->arena, width ? width : 1, sizeof *both);
    if (!both) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < width; i++) {
        bool below = i >= n || first[i].kind != HB_CELL_TEXT;
        both[i] = below && i < c->sink.n_cells ? c->sink.cells[i]
                  : i < n                      ? first[i]
                                               : (hb_cell){.kind = HB_CELL_EMPTY};
    }
    c->at = in.at;
    c->line = in.line;
    return name_columns(c, both, width, err);
}

static hb_status read_header(hb_csv *c, hb_error *err)
{
    if (!c->dialect.header) {
        return name_columns(c, NULL, c->dialect.n_columns ? c->dialect.n_columns : 1, err);
    }
    c->t.header_line = c->line;
    if (c->dialect.header_hash && c->at < c->n && c->text[c->at] == '#') {
        c->text[c->at] = ' ';
    }
    hb_record_input in = header_input(c);
    HB_TRY(hb_record_parse(&in, &c->sink, err));
    if (c->sink.n_rows == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no complete header line in its first %zu bytes",
                       c->path, c->n);
    }
    c->at = in.at;
    c->line = in.line;
    return c->complete_header ? complete_header(c, err)
                              : name_columns(c, c->sink.cells, c->sink.n_cells, err);
}

static hb_status start(hb_csv *c, const hb_csv_options *o, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(c->stream, SNIFF_BYTES, &head, err));
    HB_TRY(hb_text_check(head, c->path, 0, err));
    bool mark = hb_str_starts(head, "\xef\xbb\xbf");
    hb_str text = mark ? (hb_str){head.p + 3, head.n - 3} : head;
    if (hb_str_trim(text).n == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is empty%s", c->path,
                       head.n == SNIFF_BYTES ? ": nothing but blanks where its table should begin"
                                             : "");
    }
    hb_csv_sniff(text, head.n < SNIFF_BYTES, o->delimiter, &c->dialect);
    if (c->dialect.n_columns < 2 && o->blanks_if_single && !c->dialect.delimiter) {
        hb_csv_sniff(text, head.n < SNIFF_BYTES, HB_DELIMITER_BLANKS, &c->dialect);
    }
    if (o->header != HB_CSV_HEADER_SNIFF) {
        c->dialect.header = o->header == HB_CSV_HEADER_FIRST;
    }
    c->t.decimal = c->dialect.decimal;
    HB_TRY(hb_csv_fill(c, HB_BLOCK_BYTES, err));
    c->at = mark ? 3 : 0;
    bool found = false;
    if (o->rule) {
        HB_TRY(find_by_rule(c, o->rule, &found, err));
    }
    notes(c, o, found);
    if (!found) {
        skip_lines(c, c->dialect.skip_lines);
    }
    return read_header(c, err);
}

hb_status hb_csv_open(hb_stream *stream, const hb_csv_options *options, hb_table **ret_table,
                      hb_error *err)
{
    hb_csv *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&c->arena, ARENA_BYTES);
    c->t.ops = &hb_csv_ops;
    c->stream = stream;
    c->path = hb_stream_path(stream);
    c->line = 1;
    hb_status status = start(c, options, err);
    if (status != HB_OK) {
        hb_csv_close(&c->t);
        return status;
    }
    *ret_table = &c->t;
    return HB_OK;
}
