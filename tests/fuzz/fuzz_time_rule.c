/* SPDX-License-Identifier: Apache-2.0 */
/* A table of tab-separated text: what is inferred must be well formed, say why, read its own cells
 * without surprises, and its steps must add up. The first byte chooses decimal mark and order. */
#include "base/mem.h"
#include "input/time_rule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 12, ROWS = 40 };

typedef struct table {
    hb_column columns[COLUMNS];
    hb_cell cells[ROWS * COLUMNS];
    size_t n_columns;
    size_t n_rows;
} table;

static void cut(table *t, const char *p, size_t n)
{
    const char *end = p + n;
    size_t row = 0;
    size_t column = 0;
    while (p < end && row <= ROWS) {
        const char *from = p;
        while (p < end && *p != '\t' && *p != '\n') {
            p++;
        }
        hb_str s = hb_str_trim((hb_str){from, (size_t)(p - from)});
        if (row == 0 && column < COLUMNS) {
            t->columns[column].name = s;
            t->n_columns = column + 1;
        } else if (row > 0 && column < t->n_columns) {
            hb_cell *cell = &t->cells[(row - 1) * t->n_columns + column];
            *cell = (hb_cell){
                .kind = s.n ? HB_CELL_TEXT : HB_CELL_EMPTY, .as.p = s.p, .len = (uint32_t)s.n};
            t->n_rows = row;
        }
        column++;
        if (p < end && *p == '\n') {
            row++;
            column = 0;
        }
        p += p < end;
    }
    t->n_rows = t->n_rows < ROWS ? t->n_rows : ROWS;
}

static void check(const table *t, const hb_time_rule *r, char decimal, bool told)
{
    hb_time_steps *steps = NULL;
    hb_time_summary sum;
    if (r->kind == HB_AXIS_NONE || r->n_columns < 1 || r->n_columns > HB_TIME_PARTS ||
        !r->notation || !r->why || !(r->confidence > 0 && r->confidence <= 1) ||
        (r->kind == HB_AXIS_UTC) != (r->zone != NULL)) {
        abort();
    }
    for (size_t k = 0; k < r->n_columns; k++) {
        uint8_t form = 0;
        if (r->columns[k] >= t->n_columns ||
            !hb_time_form_parse(hb_str_of(hb_time_form_name(r->form[k])), &form) ||
            form != r->form[k]) {
            abort();
        }
    }
    if (hb_time_steps_new(&steps, NULL) != HB_OK) {
        return;
    }
    for (size_t row = 0; row < t->n_rows; row++) {
        const hb_cell *parts[HB_TIME_PARTS] = {0};
        for (size_t k = 0; k < r->n_columns; k++) {
            parts[k] = &t->cells[row * t->n_columns + r->columns[k]];
        }
        hb_time v = hb_time_rule_read(r, parts, decimal);
        if (hb_time_steps_add(steps, &v, 1, NULL) != HB_OK) {
            abort();
        }
    }
    if (hb_time_steps_finish(steps, &sum, NULL) != HB_OK || (sum.n_parsed == 0 && !told) ||
        sum.n_parsed + sum.n_unparsed != t->n_rows || sum.n_gaps > sum.n_parsed) {
        abort();
    }
    hb_time_steps_free(steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    table *t = hb_alloc_zero(sizeof *t);
    hb_arena arena;
    hb_arena_init(&arena, 16 << 20);
    if (t) {
        cut(t, (const char *)data + 1, size - 1);
        hb_time_source s = {
            .columns = t->columns,
            .cells = t->cells,
            .n_rows = t->n_rows,
            .n_columns = t->n_columns,
            .decimal = data[0] & 1 ? ',' : '.',
            .order = (hb_day_order)((data[0] >> 1) % 3),
            .preamble = t->n_columns ? t->columns[t->n_columns - 1].name : (hb_str){"", 0},
        };
        hb_time_rule rules[HB_TIME_CANDIDATES];
        size_t n = 0;
        if (hb_time_rules_infer(&s, &arena, rules, &n, NULL) == HB_OK) {
            for (size_t i = 0; i < n; i++) {
                check(t, &rules[i], s.decimal, s.order != HB_ORDER_ASK);
            }
        }
    }
    hb_arena_release(&arena);
    hb_free(t);
    return 0;
}
