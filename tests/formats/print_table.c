/* SPDX-License-Identifier: Apache-2.0 */
/* A file's table, cell by cell, as JSON lines: for tests that know the cells from elsewhere.
 *
 *     print_table FILE [--source FORMAT] [--member NAME] [--query SQL] [--table NAME]
 *
 * First line: format, columns, notes. Then a list for each row: numbers, texts, true and false,
 * null for nothing, {"t": ns}, {"e": text of an error}; {"reject", "line"} between them. Last line:
 * size, digest and container of the file. Exit status and message are those of the program. */
#include "base/json_write.h"
#include "input/format.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 256 << 20 };

static void print(hb_buf *b)
{
    hb_buf_ch(b, '\n');
    fwrite(b->p, 1, b->n, stdout);
    hb_buf_clear(b);
}

static void write_cell(hb_json *j, const hb_cell *c)
{
    switch ((hb_cell_kind)c->kind) {
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        hb_json_null(j);
        break;
    case HB_CELL_TEXT:
        hb_json_str(j, (hb_str){c->as.p, c->len});
        break;
    case HB_CELL_NUMBER:
        hb_json_f64(j, c->as.num);
        break;
    case HB_CELL_BOOL:
        hb_json_bool(j, c->as.num != 0);
        break;
    case HB_CELL_TIME:
        hb_json_obj(j);
        hb_json_ki(j, "t", c->as.ns);
        hb_json_end(j);
        break;
    case HB_CELL_ERROR:
        hb_json_obj(j);
        hb_json_key(j, "e");
        hb_json_str(j, (hb_str){c->as.p, c->len});
        hb_json_end(j);
        break;
    }
}

static void print_head(const hb_table *t, hb_buf *b)
{
    hb_json j;
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    hb_json_init(&j, b, HB_JSON_LINE);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", t->ops->format);
    hb_json_ku(&j, "header_line", t->header_line);
    hb_json_key(&j, "columns");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_json_arr(&j);
        hb_json_str(&j, columns[i].name);
        hb_json_str(&j, columns[i].unit.n ? columns[i].unit : HB_STR(""));
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_key(&j, "notes");
    hb_json_obj(&j);
    for (size_t i = 0; i < t->n_notes; i++) {
        hb_json_kc(&j, t->notes[i].what, t->notes[i].value);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    print(b);
}

static void print_block(const hb_block *block, hb_buf *b)
{
    for (size_t r = 0; r < block->n_rows; r++) {
        hb_json j;
        hb_json_init(&j, b, HB_JSON_LINE);
        hb_json_arr(&j);
        for (size_t i = 0; i < block->n_cols; i++) {
            write_cell(&j, &block->cells[r * block->n_cols + i]);
        }
        hb_json_end(&j);
        print(b);
    }
    for (size_t i = 0; i < block->n_rejects; i++) {
        hb_json j;
        hb_json_init(&j, b, HB_JSON_LINE);
        hb_json_obj(&j);
        hb_json_kc(&j, "reject", block->rejects[i].reason);
        hb_json_ku(&j, "line", block->rejects[i].line);
        hb_json_end(&j);
        print(b);
    }
}

static hb_status print_end(hb_stream *s, uint64_t rows, hb_buf *b, hb_error *err)
{
    hb_json j;
    uint64_t bytes = 0;
    char sha256[65];
    HB_TRY(hb_stream_digest(s, &bytes, sha256, err));
    hb_json_init(&j, b, HB_JSON_LINE);
    hb_json_obj(&j);
    hb_json_ku(&j, "rows", rows);
    hb_json_ku(&j, "bytes", bytes);
    hb_json_kc(&j, "sha256", sha256);
    hb_json_kc(&j, "member", hb_stream_member(s));
    hb_json_kc(&j, "compression", hb_stream_compression(s));
    hb_json_end(&j);
    print(b);
    return HB_OK;
}

static hb_status print_table(hb_stream *s, const char *source, const hb_format_options *o,
                             hb_buf *b, hb_error *err)
{
    hb_str head;
    hb_table *t = NULL;
    hb_block block = {0};
    uint64_t rows = 0;
    HB_TRY(hb_stream_peek(s, 65536, &head, err));
    const hb_format *f = source ? hb_format_named(source) : hb_format_of(head);
    HB_TRY(f->open(hb_os_real(), s, o, &t, err));
    hb_status status = t->ops->next(t, &block, err);
    if (status == HB_OK) { /* JSON knows its columns only now */
        print_head(t, b);
    }
    while (status == HB_OK && (block.n_rows || block.n_rejects)) {
        rows += block.n_rows;
        print_block(&block, b);
        status = t->ops->next(t, &block, err);
    }
    t->ops->close(t);
    return status == HB_OK ? print_end(s, rows, b, err) : status;
}

int main(int argc, char **argv)
{
    hb_format_options o = {0};
    const char *source = NULL;
    const char *member = NULL;
    hb_stream *s = NULL;
    hb_error err = {0};
    hb_buf b;
    hb_buf_init(&b, LINE_BYTES);
    hb_status status = hb_units_open(&o.units, &err);
    for (int i = 2; i + 1 < argc; i += 2) {
        source = strcmp(argv[i], "--source") == 0 ? argv[i + 1] : source;
        member = strcmp(argv[i], "--member") == 0 ? argv[i + 1] : member;
        o.query = strcmp(argv[i], "--query") == 0 ? argv[i + 1] : o.query;
        o.table = strcmp(argv[i], "--table") == 0 ? argv[i + 1] : o.table;
    }
    if (status == HB_OK) {
        status = hb_stream_open_member(hb_os_real(), argc > 1 ? argv[1] : "-", member, &s, &err);
    }
    if (status == HB_OK) {
        o.member = hb_stream_took_member(s) ? NULL : member;
        status = print_table(s, source, &o, &b, &err);
    }
    hb_stream_close(s);
    hb_buf_release(&b);
    hb_units_close(o.units);
    if (status != HB_OK) {
        char text[800];
        fprintf(stderr, "%s\n", hb_error_text(&err, text, sizeof text));
    }
    return hb_status_exit(status);
}
