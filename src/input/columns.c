/* SPDX-License-Identifier: Apache-2.0 */
#include "input/columns.h"

#include "base/map.h"

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
    }
    hb_map_release(&seen);
    *ret = columns;
    return status;
}
