/* SPDX-License-Identifier: Apache-2.0 */
#include "input/plan_names.h"

#include "base/buf.h"
#include "base/map.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 1 << 16, GROUPED_BYTES = 1024 };

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

hb_str hb_plan_label(const hb_column *column, const hb_column_look *look)
{
    hb_str written = hb_column_written(column);
    if (!look) {
        return hb_str_trim(written);
    }
    /* A label without what a logger puts behind it (serial numbers) is a name as well. */
    const hb_label *l = &look->label;
    bool whole = column->unit.n || (l->unit.n && l->confidence < stated);
    return hb_str_trim(whole || l->label.n > NAME_BYTES ? written : l->label);
}

bool hb_plan_is_called(const hb_column *column, const hb_column_look *look, hb_str text,
                       bool (*same)(hb_str text, hb_str name))
{
    char full[GROUPED_BYTES];
    hb_str label = hb_plan_label(column, look);
    if (same(text, column->name) || same(text, hb_column_written(column)) || same(text, label)) {
        return true;
    }
    size_t room = sizeof full - 3;
    if (!column->group.n || column->group.n > room || label.n > room - column->group.n) {
        return false;
    }
    memcpy(full, column->group.p, column->group.n);
    memcpy(full + column->group.n, " / ", 3);
    memcpy(full + column->group.n + 3, label.p, label.n);
    return same(text, (hb_str){full, column->group.n + 3 + label.n});
}

static hb_status name_of(const hb_column *column, const hb_column_look *look,
                         const hb_run_builder *builder, hb_arena *arena, size_t i, hb_str *ret,
                         hb_error *err)
{
    if (hb_run_builder_declared(builder, column->name)) {
        *ret = column->name;
        return HB_OK;
    }
    HB_TRY(joined(column->group, hb_plan_label(column, look), arena, ret, err));
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
                        size_t from, const hb_run_builder *builder, hb_map *taken, hb_arena *arena,
                        hb_plan_name *io_names, hb_error *err)
{
    hb_units *units = hb_run_builder_units(builder);
    for (size_t i = from; i < plan->n_columns; i++) {
        hb_plan_name *n = &io_names[i];
        HB_TRY(unit_of(plan, &columns[i], &looks[i], i, units, arena, &n->unit, err));
        HB_TRY(name_of(&columns[i], &looks[i], builder, arena, i, &n->metric, err));
        HB_TRY(make_unique(taken, arena, &n->metric, i, err));
    }
    return HB_OK;
}
