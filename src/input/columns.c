/* SPDX-License-Identifier: Apache-2.0 */
#include "input/columns.h"

#include "base/map.h"
#include "input/label.h"
#include "input/shape.h"
#include "input/survey.h"

#include <stdio.h>

static hb_status name_one(hb_arena *arena, hb_map *seen, size_t i, hb_str raw, hb_str *ret,
                          hb_error *err)
{
    char text[320];
    hb_str name = raw;
    if (name.n == 0) {
        snprintf(text, sizeof text, "column %zu", i + 1);
        name = hb_str_of(text);
    }
    for (int again = 2; hb_map_get(seen, name, NULL); again++) {
        snprintf(text, sizeof text, "%.*s (%d)", (int)(raw.n < 256 ? raw.n : 256),
                 raw.n ? raw.p : "", again);
        name = hb_str_of(text);
    }
    char *kept = hb_arena_str(arena, name);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret = (hb_str){kept, name.n};
    return hb_map_put(seen, *ret, i, err);
}

hb_status hb_columns_name(hb_arena *arena, const hb_str *raw, size_t n, const char *path,
                          hb_column **ret, hb_error *err)
{
    if (n > HB_TABLE_MAX_COLUMNS) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' has %zu columns, at most %d are accepted", path, n,
                       HB_TABLE_MAX_COLUMNS);
    }
    hb_column *columns = hb_arena_array(arena, n ? n : 1, sizeof *columns);
    if (!columns) {
        return HB_NOMEM(err);
    }
    hb_map seen;
    hb_map_init(&seen, HB_TABLE_MAX_COLUMNS);
    hb_status status = HB_OK;
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        status = name_one(arena, &seen, i, raw[i], &columns[i].name, err);
        char *kept = status == HB_OK && raw[i].n ? hb_arena_str(arena, raw[i]) : NULL;
        if (status == HB_OK && raw[i].n && !kept) {
            status = HB_NOMEM(err);
        }
        columns[i].raw = (hb_str){kept ? kept : "", kept ? raw[i].n : 0};
        columns[i].field = i;
    }
    hb_map_release(&seen);
    *ret = columns;
    return status;
}

static hb_status keep(hb_arena *arena, hb_str text, hb_str *ret, hb_error *err)
{
    char *kept = text.n ? hb_arena_str(arena, text) : NULL;
    if (text.n && !kept) {
        return HB_NOMEM(err);
    }
    *ret = kept ? (hb_str){kept, text.n} : (hb_str){"", 0};
    return HB_OK;
}

hb_status hb_columns_unit(hb_arena *arena, hb_str written, hb_units *units, hb_column *c,
                          hb_error *err)
{
    HB_TRY(keep(arena, written, &c->unit_written, err));
    hb_str bare = hb_shape_unbracket(c->unit_written);
    hb_str unit = {"", 0};
    if (bare.n == 0) {
        return HB_OK;
    }
    if (units) {
        HB_TRY(hb_label_unit(bare, units, arena, &unit, err));
    } else if (hb_shape_is_unit(bare)) {
        unit = bare;
    }
    return keep(arena, unit, &c->unit, err);
}

static hb_status joined(hb_arena *arena, hb_str group, hb_str name, hb_str *ret, hb_error *err)
{
    if (group.n == 0 || name.n == 0) {
        *ret = name;
        return HB_OK;
    }
    size_t n = group.n + 3 + name.n;
    char *text = hb_arena_alloc(arena, n + 1);
    if (!text) {
        return HB_NOMEM(err);
    }
    snprintf(text, n + 1, "%.*s / %.*s", (int)group.n, group.p, (int)name.n, name.p);
    *ret = (hb_str){text, n};
    return HB_OK;
}

hb_status hb_columns_of_survey(hb_arena *arena, const hb_survey *s, hb_units *units,
                               const char *path, hb_column **ret, hb_error *err)
{
    hb_column *columns = NULL;
    hb_str *names = hb_arena_array(arena, s->n_columns + 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_columns; i++) {
        HB_TRY(joined(arena, s->columns[i].group, s->columns[i].name, &names[i], err));
    }
    HB_TRY(hb_columns_name(arena, names, s->n_columns, path, &columns, err));
    for (size_t i = 0; i < s->n_columns; i++) {
        const hb_survey_column *c = &s->columns[i];
        HB_TRY(keep(arena, c->name, &columns[i].raw, err));
        HB_TRY(keep(arena, c->group, &columns[i].group, err));
        HB_TRY(hb_columns_unit(arena, c->unit, units, &columns[i], err));
        columns[i].field = c->field;
    }
    *ret = columns;
    return HB_OK;
}
