/* SPDX-License-Identifier: Apache-2.0 */
#include "input/plan_names.h"

#include "base/buf.h"
#include "base/map.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 1 << 16 };

/* Below it a unit in a name is a habit ("_N"), not a statement. */
static const double stated = 0.75;

static hb_status joined(hb_str group, hb_str label, hb_arena *arena, hb_str *ret, hb_error *err)
{
    if (group.n == 0) {
        *ret = label;
        return HB_OK;
    }
    if (label.n == 0) {
        *ret = group;
        return HB_OK;
    }
    char *text = hb_arena_alloc(arena, group.n + label.n + 4);
    if (!text) {
        return HB_NOMEM(err);
    }
    memcpy(text, group.p, group.n);
    memcpy(text + group.n, " / ", 3);
    memcpy(text + group.n + 3, label.p, label.n);
    *ret = (hb_str){text, group.n + 3 + label.n};
    return HB_OK;
}

static hb_status unit_of(const hb_plan *plan, const hb_column *column, const hb_column_look *look,
                         size_t i, hb_units *units, hb_arena *arena, hb_str *ret, hb_error *err)
{
    const char *cells = plan->columns[i].number.unit;
    *ret = hb_str_of(cells);
    if (ret->n) {
        return HB_OK;
    }
    if (column->unit.n) {
        HB_TRY(hb_label_unit(column->unit, units, arena, ret, err));
        *ret = ret->n ? *ret : column->unit;
        return HB_OK;
    }
    if (look->label.confidence >= stated) {
        *ret = look->label.unit;
    }
    return HB_OK;
}

/* "Value", "Value (2)", "Value (3)" */
static hb_status make_unique(hb_map *taken, hb_arena *arena, hb_str *io, size_t i, hb_error *err)
{
    size_t other = 0;
    hb_str name = *io;
    for (unsigned n = 2; hb_map_get(taken, name, &other); n++) {
        char *text = hb_arena_alloc(arena, io->n + 16);
        if (!text) {
            return HB_NOMEM(err);
        }
        int len = snprintf(text, io->n + 16, "%.*s (%u)", (int)io->n, io->p, n);
        name = (hb_str){text, len > 0 ? (size_t)len : 0};
    }
    *io = name;
    return hb_map_put(taken, name, i, err);
}

static hb_status name_of(const hb_column *column, const hb_column_look *look,
                         bool (*declared)(const void *ctx, hb_str name), const void *ctx,
                         hb_arena *arena, size_t i, hb_str *ret, hb_error *err)
{
    if (declared(ctx, column->name)) {
        *ret = column->name;
        return HB_OK;
    }
    bool split = look->label.label.n && look->label.unit.n && look->label.confidence >= stated;
    /* A label without what a logger puts behind it (serial numbers) is a name as well. */
    hb_str label = split || look->label.unit.n == 0 ? look->label.label : column->name;
    label = hb_str_trim(label.n && label.n < NAME_BYTES ? label : column->name);
    HB_TRY(joined(column->group, label, arena, ret, err));
    if (ret->n == 0) {
        char text[32];
        int n = snprintf(text, sizeof text, "column %zu", i + 1);
        char *kept = hb_arena_strndup(arena, text, n > 0 ? (size_t)n : 0);
        *ret = (hb_str){kept, kept ? (size_t)n : 0};
        return kept ? HB_OK : HB_NOMEM(err);
    }
    return HB_OK;
}

hb_status hb_plan_names(const hb_plan *plan, const hb_column *columns, const hb_column_look *looks,
                        bool (*declared)(const void *ctx, hb_str name), const void *ctx,
                        hb_units *units, hb_arena *arena, hb_plan_name **ret, hb_error *err)
{
    hb_plan_name *names = hb_arena_array(arena, plan->n_columns + 1, sizeof *names);
    hb_map taken;
    hb_status status = names ? HB_OK : HB_NOMEM(err);
    hb_map_init(&taken, plan->n_columns + 1);
    for (size_t i = 0; status == HB_OK && i < plan->n_columns; i++) {
        status = unit_of(plan, &columns[i], &looks[i], i, units, arena, &names[i].unit, err);
        if (status == HB_OK) {
            status =
                name_of(&columns[i], &looks[i], declared, ctx, arena, i, &names[i].metric, err);
        }
        if (status == HB_OK) {
            status = make_unique(&taken, arena, &names[i].metric, i, err);
        }
    }
    hb_map_release(&taken);
    if (status == HB_OK) {
        *ret = names;
    }
    return status;
}
