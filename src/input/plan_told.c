/* SPDX-License-Identifier: Apache-2.0 */
#include "input/plan_told.h"

const hb_profile_column *hb_told_column(const hb_input_profile *profile, size_t i)
{
    return profile && i < profile->n_columns ? &profile->columns[i] : NULL;
}

/* Does the format itself say of most cells that they are numbers? */
static bool typed(const hb_block *block, size_t column)
{
    size_t rows = block->n_rows < HB_PLAN_ROWS ? block->n_rows : HB_PLAN_ROWS;
    size_t numbers = 0;
    size_t others = 0;
    for (size_t r = 0; block->cells && r < rows; r++) {
        uint8_t kind = block->cells[r * block->n_cols + column].kind;
        numbers += kind == HB_CELL_NUMBER || kind == HB_CELL_BOOL;
        others += kind != HB_CELL_ABSENT && kind != HB_CELL_EMPTY;
    }
    return numbers * 2 > others;
}

static void set_axis(hb_plan *plan, const hb_time_rule *axis)
{
    plan->axis = *axis;
    for (size_t k = 0; k < axis->n_columns; k++) {
        plan->columns[axis->columns[k]].kind = HB_COLUMN_TIME;
        plan->columns[axis->columns[k]].time = *axis;
    }
}

/* The column that the adapter calls the time, by its own cells alone. */
static hb_status told_time(hb_plan *plan, size_t i, const hb_block *block, hb_arena *arena,
                           hb_error *err)
{
    hb_time_rule found[HB_TIME_CANDIDATES];
    size_t n = 0;
    size_t rows = block->n_rows < HB_PLAN_ROWS ? block->n_rows : HB_PLAN_ROWS;
    hb_cell *cells = hb_arena_array(arena, rows + 1, sizeof *cells);
    hb_column column = {.name = HB_STR("time"), .raw = HB_STR("time")};
    if (!cells) {
        return HB_NOMEM(err);
    }
    for (size_t r = 0; r < rows; r++) {
        cells[r] = block->cells[r * block->n_cols + i];
    }
    hb_time_source s = {.columns = &column,
                        .cells = cells,
                        .n_rows = rows,
                        .n_columns = 1,
                        .decimal = plan->decimal};
    HB_TRY(hb_time_rules_infer(&s, arena, found, &n, err));
    plan->axis = (hb_time_rule){.kind = HB_AXIS_NONE};
    if (n) {
        found[0].columns[0] = i;
        set_axis(plan, &found[0]);
    }
    return HB_OK;
}

static hb_status told_roles(hb_plan *plan, const hb_told *told, const hb_block *block, size_t from,
                            hb_arena *arena, hb_error *err)
{
    size_t time = SIZE_MAX;
    for (size_t i = from; i < plan->n_columns; i++) {
        const hb_profile_column *c = hb_told_column(told->profile, i);
        if (c && c->role == HB_ROLE_TIME) {
            time = i;
        } else if (c && plan->columns[i].kind == HB_COLUMN_TIME) {
            plan->columns[i].kind = HB_COLUMN_NUMBER;
        }
    }
    if (time == SIZE_MAX) {
        if (from == 0 && hb_told_column(told->profile, 0)) {
            plan->axis = (hb_time_rule){.kind = HB_AXIS_NONE};
        }
        return HB_OK;
    }
    return told_time(plan, time, block, arena, err);
}

hb_status hb_plan_told(hb_plan *plan, const hb_told *told, const hb_column *columns,
                       const hb_block *block, size_t from, hb_arena *arena, hb_error *err)
{
    HB_TRY(told_roles(plan, told, block, from, arena, err));
    for (size_t i = from; i < plan->n_columns; i++) {
        hb_column_plan *p = &plan->columns[i];
        const hb_profile_column *c = hb_told_column(told->profile, i);
        bool known =
            (c && c->role != HB_ROLE_TIME) ||
            (!c && told->builder && (hb_run_builder_declared(told->builder, columns[i].name)));
        if (c && c->role == HB_ROLE_IGNORE) {
            p->kind = HB_COLUMN_IGNORED;
        } else if (p->kind == HB_COLUMN_TEXT && (known || typed(block, i))) {
            p->kind = HB_COLUMN_NUMBER;
        }
    }
    return HB_OK;
}
