/* SPDX-License-Identifier: Apache-2.0 */
#include "input/pba.h"

#include "base/mem.h"
#include "input/cell.h"
#include "input/layout_internal.h"
#include "input/xlsx/xlsx.h"
#include "telemetry/names.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20, MAX_UNITS = 200000, LIST_BYTES = 400 };

hb_status hb_pba_init(const hb_input_profile *profile, hb_pba *ret, hb_error *err)
{
    *ret = (hb_pba){.profile = profile, .unit_sheet = ""};
    hb_arena_init(&ret->arena, ARENA_BYTES);
    hb_map_init(&ret->unit_of, MAX_UNITS);
    size_t n = profile->n_alias_current + profile->n_alias_value;
    const char **values = hb_arena_array(&ret->arena, n ? n : 1, sizeof *values);
    if (!values) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = i < profile->n_alias_current
                        ? profile->alias_current[i]
                        : profile->alias_value[i - profile->n_alias_current];
    }
    ret->rule = (hb_header_rule){.names = {profile->alias_metric, profile->n_alias_metric},
                                 .values = {values, n},
                                 .units = {profile->alias_unit, profile->n_alias_unit}};
    return HB_OK;
}

void hb_pba_release(hb_pba *p)
{
    hb_workbook_release(&p->workbook);
    hb_package_release(&p->package);
    hb_map_release(&p->unit_of);
    hb_arena_release(&p->arena);
    hb_free(p->units);
    *p = (hb_pba){0};
}

static size_t column_of(const hb_column *columns, size_t n, hb_words words)
{
    for (size_t i = 0; i < n; i++) {
        if (hb_words_have(words, columns[i].name)) {
            return i;
        }
    }
    return HB_NO_COLUMN;
}

static hb_str fold(hb_str name, char *room, size_t size)
{
    name = hb_str_trim(name);
    return name.n <= size ? (hb_str){room, hb_name_fold(name, room)} : (hb_str){"", 0};
}

static hb_status keep_unit(hb_pba *p, hb_str metric, hb_str unit, hb_error *err)
{
    char room[HB_NAME_MAX_BYTES];
    hb_str key = fold(metric, room, sizeof room);
    unit = hb_str_trim(unit);
    if (key.n == 0 || unit.n == 0 || hb_map_get(&p->unit_of, key, NULL)) {
        return HB_OK; /* the first line of a metric counts */
    }
    char *kept_key = hb_arena_str(&p->arena, key);
    char *kept_unit = hb_arena_str(&p->arena, unit);
    if (!kept_key || !kept_unit) {
        return HB_NOMEM(err);
    }
    HB_TRY(HB_GROW(p->units, p->cap_units, p->n_units + 1, MAX_UNITS, "units", err));
    p->units[p->n_units] = (hb_str){kept_unit, unit.n};
    return hb_map_put(&p->unit_of, (hb_str){kept_key, key.n}, p->n_units++, err);
}

static hb_status read_units(hb_pba *p, hb_table *t, size_t metric, size_t unit, hb_error *err)
{
    for (;;) {
        hb_block block;
        HB_TRY(t->ops->next(t, &block, err));
        for (size_t r = 0; r < block.n_rows; r++) {
            char room[HB_NUM_TEXT];
            char unit_room[HB_NUM_TEXT];
            const hb_cell *row = &block.cells[r * block.n_cols];
            HB_TRY(keep_unit(p, hb_layout_text(&row[metric], room),
                             hb_layout_text(&row[unit], unit_room), err));
        }
        if (block.n_rows == 0) {
            return HB_OK;
        }
    }
}

/* One sheet: data (kept open in *io_data when none is yet), units (read), or neither. */
static hb_status look_at_sheet(hb_pba *p, size_t i, hb_table **io_data, size_t *io_sheet,
                               hb_error *err)
{
    hb_table *t = NULL;
    HB_TRY(hb_xlsx_sheet_open(&p->package, &p->workbook, i, &p->rule, &t, err));
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    size_t metric = column_of(columns, n, p->rule.names);
    size_t value = column_of(columns, n, p->rule.values);
    size_t unit = column_of(columns, n, p->rule.units);
    hb_status status = HB_OK;
    if (metric != HB_NO_COLUMN && value != HB_NO_COLUMN && !*io_data) {
        *io_data = t;
        *io_sheet = i;
        return HB_OK;
    }
    if (metric != HB_NO_COLUMN && value == HB_NO_COLUMN && unit != HB_NO_COLUMN) {
        p->unit_sheet = p->workbook.sheets[i].name;
        status = read_units(p, t, metric, unit, err);
    }
    t->ops->close(t);
    return status;
}

static hb_status open_named(hb_pba *p, const char *sheet, hb_table **io_data, size_t *io_sheet,
                            hb_error *err)
{
    for (size_t i = 0; i < p->workbook.n_sheets; i++) {
        if (strcmp(p->workbook.sheets[i].name, sheet) == 0) {
            *io_sheet = i;
            return hb_xlsx_sheet_open(&p->package, &p->workbook, i, &p->rule, io_data, err);
        }
    }
    return HB_FAIL(err, HB_E_USAGE, "'%s' has no sheet '%.60s'", p->package.path, sheet);
}

static hb_status look_at_sheets(hb_pba *p, const char *sheet, hb_table **ret, hb_error *err)
{
    size_t chosen = SIZE_MAX;
    if (sheet) {
        HB_TRY(open_named(p, sheet, ret, &chosen, err));
    }
    for (size_t i = 0; i < p->workbook.n_sheets; i++) {
        const hb_sheet *s = &p->workbook.sheets[i];
        if (i != chosen && !s->hidden && s->part) {
            HB_TRY(look_at_sheet(p, i, ret, &chosen, err));
        }
    }
    hb_table *t = *ret;
    if (t && t->n_notes + 2 <= HB_TABLE_NOTES) {
        t->notes[t->n_notes].what = "sheet";
        t->notes[t->n_notes].value = p->workbook.sheets[chosen].name;
        t->notes[t->n_notes++].why =
            sheet ? "given" : "the first visible one with a metric and a value column";
        if (*p->unit_sheet) {
            t->notes[t->n_notes].what = "unit sheet";
            t->notes[t->n_notes].value = p->unit_sheet;
            t->notes[t->n_notes++].why = "it has a metric and a unit column and no value";
        }
    }
    return HB_OK;
}

hb_status hb_pba_book_open(hb_pba *p, hb_stream *stream, const char *sheet, hb_table **ret_table,
                           hb_error *err)
{
    hb_table *t = NULL;
    HB_TRY(hb_package_read(stream, &p->package, err));
    HB_TRY(hb_workbook_open(&p->package, &p->workbook, err));
    hb_status status = look_at_sheets(p, sheet, &t, err);
    if (status != HB_OK && t) {
        t->ops->close(t);
        t = NULL;
    }
    *ret_table = t;
    return status;
}

static hb_status list_columns(hb_pba *p, const hb_column *columns, size_t n, bool unknown_only,
                              const hb_pba_columns *used, const char **ret, hb_error *err)
{
    const hb_input_profile *f = p->profile;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        bool is_used = i == used->metric || i == used->value || i == used->unit || i == used->tags;
        bool known =
            is_used ||
            hb_words_have((hb_words){f->optional_columns, f->n_optional_columns},
                          columns[i].name) ||
            hb_words_have(p->rule.values, columns[i].name) ||
            hb_words_have((hb_words){f->required_columns, f->n_required_columns}, columns[i].name);
        if (!(unknown_only && known) && b.n < LIST_BYTES) {
            hb_buf_fmt(&b, "%s'%.*s'", b.n ? ", " : "",
                       (int)(columns[i].name.n < 60 ? columns[i].name.n : 60), columns[i].name.p);
        }
    }
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK && !(*ret = hb_arena_strndup(&p->arena, b.n ? b.p : "", b.n))) {
        status = HB_NOMEM(err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status lacks(hb_pba *p, const hb_column *columns, size_t n, const char *path,
                       const char *what, hb_error *err)
{
    static const hb_pba_columns none = {HB_NO_COLUMN, HB_NO_COLUMN, HB_NO_COLUMN, HB_NO_COLUMN};
    const char *has = "";
    HB_TRY(list_columns(p, columns, n, false, &none, &has, err));
    return HB_FAIL(err, HB_E_INPUT,
                   "'%s' lacks the column %s; it has %s. Adapter '%s' says which spellings are "
                   "accepted",
                   path, what, *has ? has : "none", p->profile->names[0]);
}

static bool required_is_there(const hb_pba *p, const hb_column *columns, size_t n,
                              const char *required, const hb_pba_columns *c, size_t current)
{
    const struct {
        hb_words words;
        size_t at;
    } roles[] = {
        {{p->profile->alias_metric, p->profile->n_alias_metric}, c->metric},
        {{p->profile->alias_current, p->profile->n_alias_current}, current},
        {{p->profile->alias_value, p->profile->n_alias_value}, c->value},
        {{p->profile->alias_unit, p->profile->n_alias_unit}, c->unit},
        {{p->profile->alias_tags, p->profile->n_alias_tags}, c->tags},
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (roles[i].at != HB_NO_COLUMN && hb_words_have(roles[i].words, hb_str_of(required))) {
            return true;
        }
    }
    return column_of(columns, n, (hb_words){&required, 1}) != HB_NO_COLUMN;
}

hb_status hb_pba_find_columns(hb_pba *p, const hb_table *table, const char *path,
                              hb_pba_columns *ret, const char **ret_unknown, hb_error *err)
{
    const hb_input_profile *f = p->profile;
    const hb_column *columns = NULL;
    size_t n = table->ops->columns(table, &columns);
    *ret_unknown = "";
    if (table->header_line == 0 && n >= 2) {
        *ret = (hb_pba_columns){0, 1, HB_NO_COLUMN, HB_NO_COLUMN}; /* as the original */
        return HB_OK;
    }
    size_t current = column_of(columns, n, (hb_words){f->alias_current, f->n_alias_current});
    *ret = (hb_pba_columns){
        .metric = column_of(columns, n, p->rule.names),
        .value = column_of(columns, n, (hb_words){f->alias_value, f->n_alias_value}),
        .unit = column_of(columns, n, p->rule.units),
        .tags = column_of(columns, n, (hb_words){f->alias_tags, f->n_alias_tags}),
    };
    for (size_t i = 0; i < f->n_required_columns; i++) {
        if (!required_is_there(p, columns, n, f->required_columns[i], ret, current)) {
            return lacks(p, columns, n, path, f->required_columns[i], err);
        }
    }
    if (current != HB_NO_COLUMN) {
        ret->value = current;
    } else if (!f->either_current_or_value) {
        return lacks(p, columns, n, path, "current", err);
    }
    if (ret->metric == HB_NO_COLUMN || ret->value == HB_NO_COLUMN) {
        return lacks(p, columns, n, path,
                     ret->metric == HB_NO_COLUMN ? "metric" : "current or value", err);
    }
    HB_TRY(list_columns(p, columns, n, true, ret, ret_unknown, err));
    if (**ret_unknown && !f->allow_extra_columns) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' has unknown columns: %s; allow_extra_columns of adapter '%s' is false",
                       path, *ret_unknown, f->names[0]);
    }
    return HB_OK;
}

hb_str hb_pba_unit(const hb_pba *p, hb_str metric)
{
    char room[HB_NAME_MAX_BYTES];
    size_t i = 0;
    hb_str key = fold(metric, room, sizeof room);
    return key.n && hb_map_get(&p->unit_of, key, &i) ? p->units[i] : (hb_str){"", 0};
}
