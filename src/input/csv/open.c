/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "input/columns.h"
#include "input/csv/csv_internal.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20, RULE_BYTES = 1 << 16, RULE_ROWS = 200 };

static hb_status name_columns(hb_csv *c, const hb_cell *cells, size_t n, hb_error *err)
{
    hb_str *raw = hb_arena_array(&c->arena, n ? n : 1, sizeof *raw);
    if (!raw) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; cells && i < n; i++) {
        raw[i] =
            cells[i].kind == HB_CELL_TEXT ? (hb_str){cells[i].as.p, cells[i].len} : (hb_str){"", 0};
        char *kept = raw[i].n ? hb_arena_str(&c->arena, raw[i]) : NULL;
        if (raw[i].n && !kept) {
            return HB_NOMEM(err);
        }
        raw[i].p = kept ? kept : "";
    }
    c->n_columns = n;
    c->width = n;
    return hb_columns_name(&c->arena, raw, n, c->path, &c->columns, err);
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
        .comments = c->dialect.comments,
        .width = 0, /* as many as there are */
        .path = c->path,
        .max_rows = 1,
    };
}

/* The rows are read from a copy, because reading takes the quotes away. */
static hb_status find_by_rule(hb_csv *c, const hb_header_rule *rule, bool *ret_found, hb_error *err)
{
    hb_header_look looks[RULE_ROWS] = {0};
    size_t places[RULE_ROWS];
    uint64_t lines[RULE_ROWS];
    size_t n = 0;
    size_t size = c->n < RULE_BYTES ? c->n : RULE_BYTES;
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
    hb_record_reset(&c->sink);
    hb_record_input in = header_input(c);
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

/* The header an adapter looks for. */
static hb_status read_rule_header(hb_csv *c, hb_error *err)
{
    c->dialect.header = true;
    c->t.header_line = c->line;
    c->t.format.header_line = c->line;
    c->t.format.skipped_lines = c->line - 1;
    hb_record_input in = header_input(c);
    HB_TRY(hb_record_parse(&in, &c->sink, err));
    if (c->sink.n_rows == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no complete header line in its first %zu bytes",
                       c->path, c->n);
    }
    c->at = in.at;
    c->line = in.line;
    HB_TRY(c->complete_header ? complete_header(c, err)
                              : name_columns(c, c->sink.cells, c->sink.n_cells, err));
    c->t.format.data_first_line = c->line;
    return HB_OK;
}

static hb_status keep_spans(hb_csv *c, const hb_spans *s, hb_error *err)
{
    if (s->n == 0 || s->n > c->width) {
        return HB_OK;
    }
    uint32_t *v = hb_arena_array(&c->arena, 2 * c->width, sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < 2 * c->width; i++) { /* no word stands under a name without data */
        v[i] = i < 2 * s->n ? s->v[i] : UINT32_MAX;
    }
    c->spans = v;
    return HB_OK;
}

static hb_status take_survey(hb_csv *c, const hb_sniffed *s, hb_units *units, hb_error *err)
{
    const hb_finding *f = &s->table;
    const hb_survey *v = &f->survey;
    const hb_cut_row *names = hb_finding_row(f, v->names_row);
    const hb_cut_row *data = hb_finding_row(f, v->data_row);
    if (v->n_columns == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no data rows: nothing but comments", c->path);
    }
    HB_TRY(hb_columns_of_survey(&c->arena, v, units, c->path, &c->columns, err));
    c->n_columns = v->n_columns;
    c->width = v->width;
    for (size_t i = 0; i < v->n_columns; i++) {
        c->fields_left_out = c->fields_left_out || c->columns[i].field != i;
    }
    HB_TRY(keep_spans(c, &f->spans, err));
    const hb_cut_row *last = names ? names : &f->cut.rows[f->cut.n - 1];
    c->at = data ? data->at : last->next;
    c->line = data ? data->line : last->last_line + 1;
    const hb_cut_row *first = names ? names : data;
    const hb_cut_row *unit_row = hb_finding_row(f, v->units_row);
    const hb_cut_row *group_row = hb_finding_row(f, v->group_row);
    hb_table_format *t = &c->t.format;
    t->header_line = names ? names->line : 0;
    t->units_line = unit_row ? unit_row->line : 0;
    t->group_line = group_row ? group_row->line : 0;
    t->data_first_line = data ? data->line : 0;
    t->skipped_lines = first ? first->line - 1 : 0;
    t->comment_lines = f->n_comments;
    c->t.header_line = t->header_line;
    c->dialect.header = names != NULL;
    size_t above = first ? first->at : 0;
    above = above < HB_TABLE_PREAMBLE ? above : HB_TABLE_PREAMBLE;
    char *kept = hb_arena_strndup(&c->arena, c->text, above);
    if (!kept) {
        return HB_NOMEM(err);
    }
    t->preamble = (hb_str){kept, above};
    return HB_OK;
}

static hb_status check_lines(const hb_csv *c, hb_error *err)
{
    hb_str text = {c->text, c->n};
    if (hb_str_trim(text).n == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is empty%s", c->path,
                       c->end ? "" : ": nothing but blanks where its table should begin");
    }
    if (!c->end && !memchr(c->text, '\n', c->n) && !memchr(c->text, '\r', c->n)) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "'%s' has no line end in its first %zu bytes: a line is too long to be the "
                       "row of a table",
                       c->path, c->n);
    }
    return HB_OK;
}

static hb_status take_dialect(hb_csv *c, const hb_sniffed *s, hb_error *err)
{
    const hb_finding *f = &s->table;
    hb_table_format *t = &c->t.format;
    c->dialect = (hb_csv_dialect){.delimiter = f->delimiter,
                                  .decimal = s->decimal,
                                  .n_columns = f->survey.n_columns,
                                  .comments = f->comments};
    c->t.decimal = s->decimal;
    t->delimited = true;
    t->delimiter = f->delimiter;
    t->eol = hb_eol_name(&f->cut.eol);
    t->comment_signs = hb_arena_str(&c->arena, hb_str_of(f->comments.signs));
    return t->comment_signs ? HB_OK : HB_NOMEM(err);
}

static hb_status start(hb_csv *c, const hb_csv_options *o, hb_sniffed *s, hb_error *err)
{
    static const int headers[] = {
        [HB_CSV_HEADER_SNIFF] = 0, [HB_CSV_HEADER_FIRST] = 1, [HB_CSV_HEADER_NONE] = -1};
    hb_sniff_options so = {.delimiter = o->delimiter,
                           .blanks_if_single = o->blanks_if_single,
                           .header = headers[o->header],
                           .units = o->units};
    HB_TRY(hb_csv_fill(c, HB_BLOCK_BYTES, err));
    HB_TRY(check_lines(c, err));
    HB_TRY(hb_sniff((hb_str){c->text, c->n}, c->end, &so, s, err));
    HB_TRY(take_dialect(c, s, err));
    bool found = false;
    if (o->rule) {
        HB_TRY(find_by_rule(c, o->rule, &found, err));
    }
    if (found) {
        HB_TRY(read_rule_header(c, err));
    } else {
        HB_TRY(take_survey(c, s, o->units, err));
    }
    return hb_csv_describe(c, o, s, found, err);
}

hb_status hb_csv_open(hb_stream *stream, const hb_csv_options *options, hb_table **ret_table,
                      hb_error *err)
{
    hb_csv *c = hb_alloc_zero(sizeof *c);
    hb_sniffed s = {.decimal = '.'};
    if (!c) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&c->arena, ARENA_BYTES);
    c->t.ops = &hb_csv_ops;
    c->path = hb_stream_path(stream);
    c->line = 1;
    hb_status status = hb_text_open(stream, &c->source, err);
    if (status == HB_OK) {
        status = start(c, options, &s, err);
    }
    hb_sniffed_release(&s);
    if (status != HB_OK) {
        hb_csv_close(&c->t);
        return status;
    }
    *ret_table = &c->t;
    return HB_OK;
}
