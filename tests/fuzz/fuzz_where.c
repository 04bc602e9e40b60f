/* SPDX-License-Identifier: Apache-2.0 */
/* --where: any text is parsed or refused; what is parsed is bound and evaluated on a small table,
 * and only ever takes rows away. Over one record it says the same twice. */
#include "input/select/where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool field(const void *record, hb_str name, hb_where_field *ret)
{
    (void)record;
    *ret = (hb_where_field){.kind = HB_WHERE_TEXT, .text = {"x", 1}, .v = 1, .t = 0};
    if (hb_str_eq_c(name, "a")) {
        ret->kind = HB_WHERE_FIGURE;
        return true;
    }
    if (hb_str_eq_c(name, "t")) {
        ret->kind = HB_WHERE_TIME;
        ret->missing = true;
        return true;
    }
    return hb_str_eq_c(name, "b");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hb_column columns[] = {{.name = {"a", 1}}, {.name = {"b", 1}}};
    static const hb_cell cells[] = {{.kind = HB_CELL_TEXT, .as.p = "1", .len = 1},
                                    {.kind = HB_CELL_TEXT, .as.p = "x", .len = 1},
                                    {.kind = HB_CELL_EMPTY},
                                    {.kind = HB_CELL_TEXT, .as.p = "y", .len = 1}};
    static const uint64_t lines[] = {1, 2};
    hb_column_plan plans[] = {{.kind = HB_COLUMN_NUMBER, .number = {.decimal = '.', .unit = ""}},
                              {.kind = HB_COLUMN_TEXT}};
    hb_plan plan = {.columns = plans, .n_columns = 2, .decimal = '.'};
    hb_block block = {.cells = cells, .n_rows = 2, .n_cols = 2, .lines = lines};
    hb_plan_room room = {0};
    const hb_figures *figures = NULL;
    unsigned char keep[2] = {1, 0};
    hb_where *w = NULL;
    if (size > 4096) {
        return 0;
    }
    char text[4097];
    memcpy(text, data, size);
    text[size] = 0;
    bool parsed = hb_where_parse(text, "--where", &w, NULL) == HB_OK;
    bool is = false;
    if (parsed && hb_where_record(w, field, NULL, "a, b, t", &is, NULL) == HB_OK) {
        bool again = !is;
        if (hb_where_record(w, field, NULL, "a, b, t", &again, NULL) != HB_OK || again != is) {
            abort();
        }
    }
    if (parsed && hb_where_bind(w, &plan, columns, NULL, "f", NULL) == HB_OK &&
        hb_plan_block(&plan, &block, &room, &figures, NULL) == HB_OK &&
        hb_where_rows(w, NULL, &block, figures, keep, NULL) == HB_OK && (keep[1] || keep[0] > 1)) {
        abort();
    }
    hb_plan_room_release(&room);
    hb_where_free(w);
    return 0;
}
