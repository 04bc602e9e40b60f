/* SPDX-License-Identifier: Apache-2.0 */
#include "input/sqlite/sqlite.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "input/columns.h"
#include "input/sqlite/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum {
    ARENA_BYTES = 16 << 20,
    TEXT_BYTES = 64 << 20,
    BLOCK_CELLS = 1 << 20,
    LIST_BYTES = 380,
    SHOWN_QUERY = 180
};

typedef struct reader {
    hb_table t; /* first */
    const char *path;
    hb_sqlite_guard *guard;
    sqlite3_stmt *stmt;
    bool own_query; /* the user's words are run */
    bool done;
    hb_arena arena;
    hb_column *columns;
    size_t n_columns;
    hb_arena texts;
    size_t text_bytes;
    hb_cell *cells;
    size_t cap_cells;
    uint64_t lines[HB_BLOCK_ROWS];
    uint64_t rows;
} reader;

bool hb_sqlite_recognise(hb_str head)
{
    return head.n >= 16 && memcmp(head.p, "SQLite format 3", 16) == 0;
}

static hb_status text_cell(reader *d, const char *p, size_t n, hb_cell *ret, hb_error *err)
{
    hb_str s = hb_str_trim((hb_str){p, n});
    *ret = (hb_cell){.kind = HB_CELL_EMPTY};
    if (s.n == 0) {
        return HB_OK;
    }
    d->text_bytes += s.n;
    if (d->text_bytes > HB_BLOCK_BYTES + HB_SQLITE_MAX_ROW) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s': the texts of row %llu have more than %d bytes",
                       d->path, (unsigned long long)d->rows + 1, HB_SQLITE_MAX_ROW);
    }
    char *kept = hb_arena_strndup(&d->texts, s.p, s.n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret = (hb_cell){.kind = HB_CELL_TEXT, .as.p = kept, .len = (uint32_t)s.n};
    return HB_OK;
}

/* Whole numbers beyond 2^53 (nanosecond stamps) keep their digits as text. */
static hb_status integer_cell(reader *d, int64_t v, hb_cell *ret, hb_error *err)
{
    if (v <= (INT64_C(1) << 53) && v >= -(INT64_C(1) << 53)) {
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = (double)v};
        return HB_OK;
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    return text_cell(d, text, n > 0 ? (size_t)n : 0, ret, err);
}

static hb_status blob_cell(reader *d, int bytes, hb_cell *ret, hb_error *err)
{
    char text[40];
    int n = snprintf(text, sizeof text, "blob of %d bytes", bytes);
    HB_TRY(text_cell(d, text, n > 0 ? (size_t)n : 0, ret, err));
    ret->kind = HB_CELL_ERROR;
    return HB_OK;
}

static hb_status cell(reader *d, int i, hb_cell *ret, hb_error *err)
{
    switch (sqlite3_column_type(d->stmt, i)) {
    case SQLITE_INTEGER:
        return integer_cell(d, sqlite3_column_int64(d->stmt, i), ret, err);
    case SQLITE_FLOAT:
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = sqlite3_column_double(d->stmt, i)};
        return HB_OK;
    case SQLITE_BLOB:
        return blob_cell(d, sqlite3_column_bytes(d->stmt, i), ret, err);
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_column_text(d->stmt, i);
        int n = sqlite3_column_bytes(d->stmt, i);
        return p ? text_cell(d, p, (size_t)n, ret, err) : HB_NOMEM(err);
    }
    default: /* NULL */
        *ret = (hb_cell){.kind = HB_CELL_EMPTY};
        return HB_OK;
    }
}

static hb_status next_row(reader *d, size_t at, hb_error *err)
{
    int rc = sqlite3_step(d->stmt);
    if (rc == SQLITE_DONE) {
        d->done = true;
        return HB_OK;
    }
    if (rc != SQLITE_ROW) {
        return hb_sqlite_guard_error(d->guard, rc, d->own_query, err);
    }
    hb_sqlite_guard_row(d->guard);
    for (size_t i = 0; i < d->n_columns; i++) {
        HB_TRY(cell(d, (int)i, &d->cells[at * d->n_columns + i], err));
    }
    d->lines[at] = ++d->rows;
    return HB_OK;
}

static hb_status sqlite_next(hb_table *t, hb_block *ret, hb_error *err)
{
    reader *d = (reader *)t;
    hb_arena_release(&d->texts);
    d->text_bytes = 0;
    size_t most = BLOCK_CELLS / d->n_columns;
    most = most < HB_BLOCK_ROWS ? most : HB_BLOCK_ROWS;
    HB_TRY(
        HB_GROW(d->cells, d->cap_cells, most * d->n_columns, BLOCK_CELLS, "cells in a block", err));
    uint64_t before = d->rows;
    while (!d->done && d->rows - before < most && d->text_bytes < HB_BLOCK_BYTES) {
        HB_TRY(next_row(d, (size_t)(d->rows - before), err));
    }
    if (d->done && d->rows == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no data rows%s", d->path,
                       d->own_query ? " by this query" : " in this table");
    }
    *ret = (hb_block){.cells = d->cells,
                      .n_rows = (size_t)(d->rows - before),
                      .n_cols = d->n_columns,
                      .lines = d->lines};
    return HB_OK;
}

static size_t sqlite_columns(const hb_table *t, const hb_column **ret)
{
    const reader *d = (const reader *)t;
    *ret = d->columns;
    return d->n_columns;
}

static void sqlite_close(hb_table *t)
{
    reader *d = (reader *)t;
    if (d) {
        sqlite3_finalize(d->stmt);
        hb_sqlite_guard_free(d->guard);
        hb_arena_release(&d->arena);
        hb_arena_release(&d->texts);
        hb_free(d->cells);
        hb_free(d);
    }
}

static const hb_table_ops ops = {
    .format = "sqlite", .columns = sqlite_columns, .next = sqlite_next, .close = sqlite_close};

static void note(reader *d, const char *what, const char *value, const char *why)
{
    const char *kept = hb_arena_str(&d->arena, hb_str_of(value));
    if (d->t.n_notes < HB_TABLE_NOTES && kept) {
        size_t i = d->t.n_notes++;
        d->t.notes[i].what = what;
        d->t.notes[i].value = kept;
        d->t.notes[i].why = why;
    }
}

/* Changes that wait in a file beside are not in this file: what would be read is not what the
 * database holds. A journal that was rolled back or done with begins with a zero. */
static hb_status check_beside(const hb_os *os, const char *path, const char *suffix, hb_error *err)
{
    hb_buf name;
    hb_buf_init(&name, 8192);
    hb_buf_fmt(&name, "%s%s", path, suffix);
    hb_status status = hb_buf_check(&name, err);
    int fd = status == HB_OK ? os->open(name.p, O_RDONLY, 0) : -1;
    char first = 0;
    if (fd >= 0) {
        ssize_t got = os->read(fd, &first, 1);
        os->close(fd);
        if (got == 1 && first) {
            status = HB_FAIL(err, HB_E_INPUT,
                             "'%s' has changes waiting in '%s'; close the program that writes it, "
                             "or copy it with: sqlite3 FILE '.backup COPY'",
                             path, name.p);
        }
    }
    hb_buf_release(&name);
    return status;
}

/* The header says how many pages there are (when its two change counters agree): a file cut at a
 * place that the query does not come by would read well. */
static hb_status check_size(reader *d, hb_stream *stream, hb_error *err)
{
    unsigned char h[100];
    uint64_t size = 0;
    size_t got = 0;
    HB_TRY(hb_stream_hold(stream, &size, err));
    HB_TRY(hb_stream_read_at(stream, 0, h, sizeof h, &got, err));
    if (got < sizeof h) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off within the header of its database",
                       d->path);
    }
    uint64_t page = (uint64_t)h[16] << 8 | h[17];
    uint64_t pages =
        (uint64_t)h[28] << 24 | (uint64_t)h[29] << 16 | (uint64_t)h[30] << 8 | (uint64_t)h[31];
    page = page == 1 ? 65536 : page;
    if (memcmp(h + 24, h + 92, 4) == 0 && page * pages > size) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is a damaged or cut off SQLite database: its header says %llu bytes, "
                       "it has %llu",
                       d->path, (unsigned long long)(page * pages), (unsigned long long)size);
    }
    return HB_OK;
}

static hb_status prepare(reader *d, const char *sql, bool own_query, sqlite3_stmt **ret,
                         hb_error *err)
{
    const char *rest = NULL;
    size_t n = strlen(sql);
    int rc = n > HB_SQLITE_MAX_QUERY
                 ? SQLITE_TOOBIG
                 : sqlite3_prepare_v2(hb_sqlite_guard_db(d->guard), sql, (int)n + 1, ret, &rest);
    if (rc != SQLITE_OK) {
        return hb_sqlite_guard_error(d->guard, rc, own_query, err);
    }
    if (!*ret || sqlite3_column_count(*ret) == 0 || !sqlite3_stmt_readonly(*ret) ||
        sqlite3_stmt_isexplain(*ret)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s': the query is no SELECT", d->path);
    }
    hb_str left = hb_str_trim(hb_str_of(rest));
    while (left.n && left.p[0] == ';') {
        left = hb_str_trim((hb_str){left.p + 1, left.n - 1});
    }
    return left.n ? HB_FAIL(err, HB_E_USAGE,
                            "'%s': the query holds more than one statement, from '%.40s' on",
                            d->path, left.p)
                  : HB_OK;
}

typedef struct tables {
    hb_buf names; /* for messages */
    char *only;
    size_t n; /* tables, or views where there is no table */
    bool views;
    bool found; /* the one that was asked for */
} tables;

static hb_status count_table(reader *d, sqlite3_stmt *s, const char *wanted, tables *t,
                             hb_error *err)
{
    const char *name = (const char *)sqlite3_column_text(s, 0);
    if (!name) {
        return HB_NOMEM(err);
    }
    bool view = sqlite3_column_int(s, 1) != 0;
    t->found = t->found || (wanted && sqlite3_stricmp(name, wanted) == 0);
    if (t->names.n + 70 < LIST_BYTES) {
        hb_buf_fmt(&t->names, "%s'%.60s'", t->names.n ? ", " : "", name);
    } else if (!hb_str_ends((hb_str){t->names.p, t->names.n}, "…")) {
        hb_buf_c(&t->names, " …");
    }
    if (view && t->n && !t->views) { /* tables come first, and go before views */
        return HB_OK;
    }
    t->views = view;
    if (t->n++ == 0) {
        t->only = hb_arena_str(&d->arena, hb_str_of(name));
    }
    return t->only ? HB_OK : HB_NOMEM(err);
}

static hb_status list_tables(reader *d, const char *wanted, tables *t, hb_error *err)
{
    sqlite3_stmt *s = NULL;
    hb_status status =
        prepare(d,
                "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view') AND "
                "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 2, rowid",
                false, &s, err);
    int rc = SQLITE_ROW;
    while (status == HB_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        status = count_table(d, s, wanted, t, err);
    }
    if (status == HB_OK && rc != SQLITE_DONE) {
        status = hb_sqlite_guard_error(d->guard, rc, false, err);
    }
    sqlite3_finalize(s);
    return status;
}

static hb_status choose_table(reader *d, const char *wanted, const tables *t, const char **ret,
                              hb_error *err)
{
    if (t->n == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is a database without a table", d->path);
    }
    if (wanted && !t->found) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' has no table '%.60s'; it has %s", d->path, wanted,
                       t->names.p);
    }
    if (!wanted && t->n > 1) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' has %zu tables; choose one with --table or give a --query: %s",
                       d->path, t->n, t->names.p);
    }
    *ret = wanted ? wanted : t->only;
    return HB_OK;
}

static hb_status select_table(reader *d, const char *wanted, hb_error *err)
{
    tables t = {0};
    const char *table = NULL;
    hb_buf sql;
    hb_buf_init(&sql, HB_SQLITE_MAX_QUERY);
    hb_buf_init(&t.names, LIST_BYTES + 16);
    hb_status status = list_tables(d, wanted, &t, err);
    if (status == HB_OK) {
        status = choose_table(d, wanted, &t, &table, err);
    }
    if (status == HB_OK) {
        hb_buf_c(&sql, "SELECT * FROM main.\"");
        for (const char *p = table; *p; p++) {
            hb_buf_c(&sql, *p == '"' ? "\"" : "");
            hb_buf_ch(&sql, *p);
        }
        hb_buf_ch(&sql, '"');
        status = hb_buf_check(&sql, err);
    }
    if (status == HB_OK) {
        note(d, "table", table, wanted ? "given" : t.views ? "the only view" : "the only one");
        status = prepare(d, sql.p, false, &d->stmt, err);
    }
    hb_buf_release(&t.names);
    hb_buf_release(&sql);
    return status;
}

static hb_status name_columns(reader *d, hb_error *err)
{
    d->n_columns = (size_t)sqlite3_column_count(d->stmt);
    hb_str *names = hb_arena_array(&d->arena, d->n_columns, sizeof *names);
    for (size_t i = 0; names && i < d->n_columns; i++) {
        names[i] = hb_str_trim(hb_str_of(sqlite3_column_name(d->stmt, (int)i)));
    }
    d->t.header_line = 1;
    return names ? hb_columns_name(&d->arena, names, d->n_columns, d->path, &d->columns, err)
                 : HB_NOMEM(err);
}

/* A long query is told by its beginning and its digest. */
static hb_status note_query(reader *d, const char *query, hb_error *err)
{
    char shown[SHOWN_QUERY + 8];
    char why[100] = "given";
    char digest[HB_DIGEST_HEX];
    size_t n = strlen(query);
    if (n <= SHOWN_QUERY) {
        note(d, "query", query, "given");
        return HB_OK;
    }
    HB_TRY(hb_digest_of(query, n, digest, err));
    snprintf(shown, sizeof shown, "%.*s …", SHOWN_QUERY, query);
    snprintf(why, sizeof why, "given; SHA-256 of all of it: %s", digest);
    const char *kept = hb_arena_str(&d->arena, hb_str_of(why));
    note(d, "query", shown, kept ? kept : "given");
    return HB_OK;
}

static hb_status start(reader *d, const hb_os *os, hb_stream *stream, const hb_sqlite_options *o,
                       hb_error *err)
{
    if (o->query && o->table) {
        return HB_FAIL(err, HB_E_USAGE, "--query and --table are given; only one can be used");
    }
    if (!*hb_stream_compression(stream) && strcmp(d->path, "-") != 0) {
        HB_TRY(check_beside(os, d->path, "-wal", err));
        HB_TRY(check_beside(os, d->path, "-journal", err));
    }
    HB_TRY(check_size(d, stream, err));
    HB_TRY(hb_sqlite_guard_new(stream, o->max_steps, &d->guard, err));
    if (o->query) {
        d->own_query = true;
        HB_TRY(prepare(d, o->query, true, &d->stmt, err));
        HB_TRY(note_query(d, o->query, err));
    } else {
        HB_TRY(select_table(d, o->table, err));
    }
    return name_columns(d, err);
}

hb_status hb_sqlite_open(const hb_os *os, hb_stream *stream, const hb_sqlite_options *options,
                         hb_table **ret_table, hb_error *err)
{
    reader *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    d->t.ops = &ops;
    d->t.decimal = '.';
    d->path = hb_stream_path(stream);
    hb_arena_init(&d->arena, ARENA_BYTES);
    hb_arena_init(&d->texts, TEXT_BYTES);
    hb_status status = start(d, os, stream, options, err);
    if (status != HB_OK) {
        sqlite_close(&d->t);
        return status;
    }
    *ret_table = &d->t;
    return HB_OK;
}
