/* SPDX-License-Identifier: Apache-2.0 */
/* A delimiter and a table of cells (columns cut by 0x1f, rows by line ends): rules are inferred,
 * every cell is read, and what the rule counted must be what it reads. */
#include "input/number_rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 4, ROWS = 64 };
static hb_units *units;

static void fill(hb_str rest, hb_str cells[COLUMNS][ROWS], size_t *ret_columns, size_t *ret_rows)
{
    size_t rows = 0;
    size_t columns = 1;
    while (rest.n && rows < ROWS) {
        size_t n = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, n};
        for (size_t i = 0; i < COLUMNS; i++) {
            size_t at = hb_str_find_ch(line, '\x1f');
            cells[i][rows] = hb_str_trim((hb_str){line.p, at});
            columns = at < line.n && i + 2 <= COLUMNS && i + 2 > columns ? i + 2 : columns;
            size_t step = at < line.n ? at + 1 : at;
            line = (hb_str){line.p + step, line.n - step};
        }
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
        rows++;
    }
    *ret_columns = columns;
    *ret_rows = rows;
}

static void check(const hb_number_rule *r, const hb_number_look *look, const hb_cell_column *c)
{
    size_t numbers = 0;
    for (size_t k = 0; k < c->n; k++) {
        double v = NAN;
        double plain = NAN;
        bool number = hb_number_rule_read(r, c->cells[k], &v) == HB_CELL_IS_NUMBER;
        numbers += number;
        hb_str s = c->cells[k];
        if ((number && !isfinite(v)) ||
            (hb_number_rule_is_plain(r) && hb_num_parse(s.p, s.n, &plain) == HB_NUM_FINITE &&
             fabs(plain) < HB_NUMBER_CODES && (!number || v != plain))) {
            abort();
        }
    }
    if (numbers != look->numbers || !look->why || !r->unit ||
        look->numbers + look->missing + look->inf + look->texts != c->n) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned n;
    if (n++ % 5000 == 0) { /* its caches are bounded, but large */
        hb_units_close(units);
        units = NULL;
        if (hb_units_open(&units, NULL) != HB_OK) {
            abort();
        }
    }
    if (size < 1 || size > 1 << 14) {
        return 0;
    }
    hb_str cells[COLUMNS][ROWS] = {0};
    hb_cell_column columns[COLUMNS];
    hb_number_rule rules[COLUMNS];
    hb_number_look looks[COLUMNS];
    size_t n_columns = 0;
    size_t rows = 0;
    fill((hb_str){(const char *)data + 1, size - 1}, cells, &n_columns, &rows);
    for (size_t i = 0; i < n_columns; i++) {
        columns[i] = (hb_cell_column){cells[i], rows};
    }
    hb_arena arena;
    hb_arena_init(&arena, 16 << 20);
    hb_error err = {0};
    if (hb_number_rules_infer(columns, n_columns, (char)data[0], units, &arena, rules, looks,
                              &err) != HB_OK) {
        abort();
    }
    for (size_t i = 0; i < n_columns; i++) {
        check(&rules[i], &looks[i], &columns[i]);
    }
    hb_arena_release(&arena);
    return 0;
}
