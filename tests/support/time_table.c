/* SPDX-License-Identifier: Apache-2.0 */
#include "support/time_table.h"

#include "support/check.h"

#include <stdio.h>

void time_table_begin(time_table *t)
{
    *t = (time_table){0};
    hb_arena_init(&t->arena, (size_t)1 << 30);
    t->source.decimal = '.';
    t->source.columns = t->columns;
}

void time_table_end(time_table *t)
{
    hb_free(t->cells);
    hb_arena_release(&t->arena);
}

void time_table_add_row(time_table *t, const hb_cell *cells, size_t n)
{
    size_t at = t->source.n_rows * t->source.n_columns;
    CHECK_OK(
        HB_GROW(t->cells, t->cap_cells, at + t->source.n_columns, (size_t)1 << 26, "cells", &err));
    for (size_t i = 0; i < t->source.n_columns; i++) {
        t->cells[at + i] = i < n ? cells[i] : (hb_cell){.kind = HB_CELL_ABSENT};
    }
    t->source.n_rows++;
    t->source.cells = t->cells;
}

static hb_cell cell_of(hb_str s)
{
    hb_str trimmed = hb_str_trim(s);
    return (hb_cell){.kind = trimmed.n ? HB_CELL_TEXT : HB_CELL_EMPTY,
                     .as.p = trimmed.p,
                     .len = (uint32_t)trimmed.n};
}

typedef struct record {
    hb_cell cells[TIME_TABLE_COLUMNS];
    size_t n;
    size_t line;
} record;

/* One record; the lines it spans are added to *line. */
static char *take_record(char *p, char *end, char delimiter, size_t *line, record *r)
{
    r->n = 0;
    r->line = *line;
    bool more = true;
    while (more) {
        while (delimiter == ' ' && p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }
        char *from = p;
        char *to = p;
        bool quoted = p < end && *p == '"';
        p += quoted;
        from += quoted;
        to += quoted;
        for (; p < end; p++) {
            if (quoted && *p == '"') {
                if (p + 1 < end && p[1] == '"') {
                    p++;
                } else {
                    p++;
                    break;
                }
            } else if (!quoted && (*p == delimiter || *p == '\r' || *p == '\n')) {
                break;
            }
            *line += quoted && *p == '\n';
            *to++ = *p;
        }
        if (r->n < TIME_TABLE_COLUMNS && (delimiter != ' ' || to > from)) {
            r->cells[r->n++] = cell_of((hb_str){from, (size_t)(to - from)});
        }
        more = p < end && *p == delimiter;
        p += more;
    }
    if (p < end) {
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    }
    ++*line;
    return p;
}

static bool is_comment(const record *r)
{
    return r->n == 0 || (r->n == 1 && r->cells[0].kind == HB_CELL_EMPTY) ||
           (r->cells[0].kind == HB_CELL_TEXT &&
            (r->cells[0].as.p[0] == '#' || r->cells[0].as.p[0] == '%'));
}

void time_table_rows(time_table *t, char *text, size_t n, const time_table_shape *shape)
{
    char *p = text;
    char *end = text + n;
    size_t line = 1;
    record r;
    t->source.n_columns = shape->n_columns;
    while (p < end) {
        p = take_record(p, end, shape->delimiter, &line, &r);
        if (r.line < shape->first_line || r.line > shape->last_line || is_comment(&r)) {
            continue;
        }
        hb_cell row[TIME_TABLE_COLUMNS];
        for (size_t i = 0; i < shape->n_columns; i++) {
            size_t field = shape->fields ? shape->fields[i] : i;
            row[i] = field < r.n ? r.cells[field] : (hb_cell){.kind = HB_CELL_ABSENT};
        }
        time_table_add_row(t, row, shape->n_columns);
    }
}

void time_table_text(time_table *t, char *text, size_t n)
{
    size_t line = 1;
    record r;
    take_record(text, text + n, '\t', &line, &r);
    for (size_t i = 0; i < r.n; i++) {
        t->columns[i].name = r.cells[i].kind == HB_CELL_TEXT
                                 ? (hb_str){r.cells[i].as.p, r.cells[i].len}
                                 : (hb_str){"", 0};
    }
    time_table_shape shape = {
        .delimiter = '\t', .first_line = 2, .last_line = SIZE_MAX, .n_columns = r.n};
    time_table_rows(t, text, n, &shape);
}

void time_table_infer(time_table *t)
{
    hb_time_source sample = t->source;
    sample.n_rows = sample.n_rows > 2000 ? 2000 : sample.n_rows;
    CHECK_OK(hb_time_rules_infer(&sample, &t->arena, t->rules, &t->n_rules, &err));
}

hb_time time_table_time(const time_table *t, const hb_time_rule *r, size_t row)
{
    const hb_cell *parts[HB_TIME_PARTS] = {0};
    for (size_t k = 0; k < r->n_columns; k++) {
        parts[k] = &t->cells[row * t->source.n_columns + r->columns[k]];
    }
    return hb_time_rule_read(r, parts, t->source.decimal);
}

const char *time_table_names(const time_table *t, const hb_time_rule *r, char out[400])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t k = 0; k < r->n_columns && n < 399; k++) {
        hb_str name = t->columns[r->columns[k]].name;
        n += (size_t)snprintf(out + n, 400 - n, "%s%.*s", k ? "+" : "", (int)name.n, name.p);
    }
    return out;
}
