/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cells.h"

#include "support/check.h"

#include <string.h>

static hb_str cut(const char **at, char sep, const char *end)
{
    const char *p = *at;
    while (p < end && *p != sep) {
        p++;
    }
    hb_str s = {*at, (size_t)(p - *at)};
    *at = p < end ? p + 1 : end;
    return s;
}

void test_cells_begin(test_cells *t, const char *names, const char *kinds)
{
    memset(t, 0, sizeof *t);
    const char *at = names;
    size_t n = strlen(kinds);
    t->plan = (hb_plan){.columns = t->plans, .n_columns = n, .decimal = '.'};
    for (size_t i = 0; i < n; i++) {
        t->columns[i].name = cut(&at, ',', names + strlen(names));
        hb_column_plan *c = &t->plans[i];
        c->number = (hb_number_rule){.decimal = '.', .unit = ""};
        c->kind = kinds[i] == 'x' ? HB_COLUMN_TEXT : HB_COLUMN_NUMBER;
        if (kinds[i] == 'b') {
            c->kind = HB_COLUMN_BOOL;
            c->number.words = true;
        }
        if (kinds[i] == 't') {
            hb_arena arena;
            hb_time_rule found[HB_TIME_CANDIDATES];
            size_t n_found = 0;
            hb_column column = {.name = HB_STR("Time (s)")};
            hb_cell cells[3] = {{.kind = HB_CELL_TEXT, .as.p = "0", .len = 1},
                                {.kind = HB_CELL_TEXT, .as.p = "1", .len = 1},
                                {.kind = HB_CELL_TEXT, .as.p = "2", .len = 1}};
            hb_time_source s = {
                .columns = &column, .cells = cells, .n_rows = 3, .n_columns = 1, .decimal = '.'};
            hb_arena_init(&arena, 1 << 16);
            assert_int_equal(hb_time_rules_infer(&s, &arena, found, &n_found, NULL), HB_OK);
            assert_true(n_found > 0);
            c->kind = HB_COLUMN_TIME;
            c->time = found[0];
            c->time.columns[0] = i;
            t->plan.axis = c->time;
            hb_arena_release(&arena);
        }
    }
}

void test_cells_rows(test_cells *t, const char *rows, uint64_t line)
{
    const char *end = rows + strlen(rows);
    size_t n = 0;
    for (const char *at = rows; at < end; line++) {
        hb_str row = cut(&at, '\n', end);
        if (row.n == 0) {
            continue;
        }
        const char *c = row.p;
        bool more = true;
        for (size_t i = 0; i < t->plan.n_columns; i++) {
            hb_cell *cell = &t->cells[n * t->plan.n_columns + i];
            *cell = (hb_cell){.kind = HB_CELL_ABSENT};
            if (more) {
                hb_str s = cut(&c, ',', row.p + row.n);
                *cell = (hb_cell){
                    .kind = s.n ? HB_CELL_TEXT : HB_CELL_EMPTY, .as.p = s.p, .len = (uint32_t)s.n};
                more = s.p + s.n < row.p + row.n;
            }
        }
        t->lines[n++] = line;
    }
    t->block =
        (hb_block){.cells = t->cells, .n_rows = n, .n_cols = t->plan.n_columns, .lines = t->lines};
    assert_int_equal(hb_plan_block(&t->plan, &t->block, &t->room, &t->figures, NULL), HB_OK);
    memset(t->keep, 1, sizeof t->keep);
}

void test_cells_end(test_cells *t)
{
    hb_plan_room_release(&t->room);
}
