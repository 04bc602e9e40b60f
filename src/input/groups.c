/* SPDX-License-Identifier: Apache-2.0 */
#include "input/groups.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "input/layout_internal.h"
#include "input/opening.h"
#include "input/watch.h"

#include <string.h>

enum { TEXT_BYTES = 100, MAX_VALUES_BYTES = 64 << 20 };

typedef struct groups {
    hb_table *t;
    const char *path;
    size_t column;
    bool figures; /* the column holds figures, not texts */
    hb_map seen;
    hb_map named; /* by the text, which several values may share */
    hb_arena *arena;
    hb_group_value *list;
    size_t n;
    size_t cap;
    hb_str name;
} groups;

static hb_status find_column(groups *g, const char *column, hb_error *err)
{
    const hb_column *columns = NULL;
    const hb_plan *plan = hb_watch_plan(g->t);
    size_t n = g->t->ops->columns(g->t, &columns);
    g->column = SIZE_MAX;
    for (size_t i = 0; plan && i < n && i < plan->n_columns && g->column == SIZE_MAX; i++) {
        g->column = hb_str_eq_c(columns[i].name, column) ? i : SIZE_MAX;
    }
    if (g->column == SIZE_MAX) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--group-by: '%s' has no column '%.80s' in its first rows; hb inspect lists "
                       "its columns",
                       g->path, column);
    }
    hb_column_kind kind = plan->columns[g->column].kind;
    if (kind == HB_COLUMN_TIME) {
        return HB_FAIL(err, HB_E_USAGE, "--group-by: column '%.80s' is a time", column);
    }
    g->figures = kind != HB_COLUMN_TEXT;
    g->name = columns[g->column].name;
    return HB_OK;
}

/* "a ""b""" or 'it''s' */
static void quoted(hb_buf *b, hb_str s, char quote)
{
    hb_buf_ch(b, quote);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == quote) {
            hb_buf_ch(b, quote);
        }
        hb_buf_ch(b, s.p[i]);
    }
    hb_buf_ch(b, quote);
}

static hb_status add(groups *g, hb_str value, hb_error *err)
{
    hb_buf b;
    HB_TRY(
        HB_GROW(g->list, g->cap, g->n + 1, HB_GROUPS_MAX, "values of the --group-by column", err));
    char *key = hb_arena_str(g->arena, value);
    char *text = hb_arena_strndup(g->arena, value.p, value.n < TEXT_BYTES ? value.n : TEXT_BYTES);
    if (!key || !text) {
        return HB_NOMEM(err);
    }
    for (char *p = text; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
                     (*p >= 'A' && *p <= 'Z') || *p == '.' || *p == '_' || *p == '-';
        *p = plain ? *p : '_';
    }
    if (hb_map_get(&g->named, hb_str_of(text), NULL)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--group-by: '%s': several values would give the run name '…-%.100s', "
                       "'%.100s' is one of them; choose some with --where",
                       g->path, text, key);
    }
    HB_TRY(hb_map_put(&g->named, hb_str_of(text), g->n, err));
    hb_buf_init(&b, MAX_VALUES_BYTES);
    quoted(&b, g->name, '"');
    hb_buf_c(&b, " = ");
    if (g->figures) {
        hb_buf_str(&b, value);
    } else {
        quoted(&b, value, '\'');
    }
    hb_status status = hb_buf_check(&b, err);
    char *where = status == HB_OK ? hb_arena_strndup(g->arena, b.p, b.n) : NULL;
    hb_buf_release(&b);
    HB_TRY(status);
    if (!where) {
        return HB_NOMEM(err);
    }
    g->list[g->n] = (hb_group_value){.text = text, .where = where};
    return hb_map_put(&g->seen, (hb_str){key, value.n}, g->n++, err);
}

static hb_status take_block(groups *g, const hb_block *b, hb_error *err)
{
    for (size_t r = 0; r < b->n_rows; r++) {
        const hb_figures *f = &b->figures[g->column];
        hb_cell_class k = f->cls ? (hb_cell_class)f->cls[r] : HB_CELL_IS_NUMBER;
        char room[HB_NUM_TEXT];
        hb_str value = {"", 0};
        if (!b->cells || (b->keep && !b->keep[r])) {
            continue;
        }
        if (g->figures && k == HB_CELL_IS_NUMBER) {
            value = (hb_str){room, hb_num_print(f->v[r], room)};
        } else if (!g->figures && k == HB_CELL_IS_TEXT) {
            value = hb_layout_text(&b->cells[r * b->n_cols + g->column], room);
        }
        if (value.n && !hb_map_get(&g->seen, value, NULL)) {
            HB_TRY(add(g, value, err));
        }
    }
    return HB_OK;
}

static hb_status read_all(groups *g, const char *column, hb_error *err)
{
    hb_block b;
    HB_TRY(find_column(g, column, err));
    do {
        HB_TRY(g->t->ops->next(g->t, &b, err));
        if (b.n_rows && b.n_cols > g->column) {
            HB_TRY(take_block(g, &b, err));
        }
    } while (b.n_rows || b.n_rejects);
    return HB_OK;
}

hb_status hb_input_groups(const hb_os *os, const char *path, const hb_ingest_options *options,
                          const char *column, hb_units *units, hb_arena *arena,
                          hb_group_value **ret, size_t *ret_n, hb_error *err)
{
    hb_opening opening = {0};
    groups g = {.path = path, .arena = arena};
    hb_map_init(&g.seen, HB_GROUPS_MAX);
    hb_map_init(&g.named, HB_GROUPS_MAX);
    hb_select *select = NULL;
    hb_status status = options->select ? hb_select_parse(options->select, &select, err) : HB_OK;
    if (status == HB_OK) {
        status = hb_opening_start(os, path, options, units, NULL, select, &opening, err);
    }
    if (status == HB_OK) {
        g.t = opening.table;
        status = read_all(&g, column, err);
    }
    hb_group_value *list = status == HB_OK ? hb_arena_array(arena, g.n + 1, sizeof *list) : NULL;
    if (status == HB_OK && !list) {
        status = HB_NOMEM(err);
    }
    if (status == HB_OK) {
        memcpy(list, g.list, g.n * sizeof *list);
        *ret = list;
        *ret_n = g.n;
    }
    hb_free(g.list);
    hb_map_release(&g.seen);
    hb_map_release(&g.named);
    hb_opening_end(&opening);
    hb_select_free(select);
    return status;
}
