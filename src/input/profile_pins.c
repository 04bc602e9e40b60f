/* SPDX-License-Identifier: Apache-2.0 */
#include "input/profile_pins.h"

#include <math.h>
#include <string.h>

const char *const hb_profile_roles[] = {
    [HB_ROLE_METRIC] = "metric", [HB_ROLE_TIME] = "time",     [HB_ROLE_UNIT_ID] = "unit_id",
    [HB_ROLE_CYCLE] = "cycle",   [HB_ROLE_IGNORE] = "ignore", NULL};
const char *const hb_profile_kinds[] = {
    [HB_COLUMN_NUMBER] = "number", [HB_COLUMN_BOOL] = "bool",       [HB_COLUMN_TIME] = "time",
    [HB_COLUMN_TEXT] = "text",     [HB_COLUMN_IGNORED] = "ignored", NULL};
const char *const hb_profile_axes[] = {[HB_AXIS_NONE] = "none",
                                       [HB_AXIS_UTC] = "absolute_utc",
                                       [HB_AXIS_LOCAL] = "absolute_local",
                                       [HB_AXIS_ELAPSED] = "elapsed",
                                       NULL};
const char *const hb_profile_orders[] = {[HB_ORDER_ASK] = "ask",
                                         [HB_ORDER_DAY_FIRST] = "day-first",
                                         [HB_ORDER_MONTH_FIRST] = "month-first",
                                         NULL};
const char *const hb_profile_marks[] = {
    [HB_GROUP_NONE] = "none",   [HB_GROUP_COMMA] = "comma",           [HB_GROUP_POINT] = "point",
    [HB_GROUP_BLANK] = "blank", [HB_GROUP_APOSTROPHE] = "apostrophe", NULL};
const char *const hb_profile_layouts[] = {
    [HB_PROFILE_LAYOUT_WIDE] = "wide", [HB_PROFILE_LAYOUT_ROWS] = "rows", NULL};
const char *const hb_profile_finds[] = {
    [HB_PROFILE_FIND_NAMES] = "names", [HB_PROFILE_FIND_LINES] = "lines", NULL};
const char *const hb_profile_dresses[HB_PROFILE_DRESSES] = {
    "percent", "parentheses", "apostrophe", "minus_behind", "hex", "words", "huge"};

bool *hb_profile_dress(hb_number_rule *rule, size_t i)
{
    bool *const places[HB_PROFILE_DRESSES] = {
        &rule->percent, &rule->accounting, &rule->apostrophe, &rule->minus_behind,
        &rule->hex,     &rule->words,      &rule->huge};
    return places[i];
}

static hb_status decode_dress(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_profile_column *c = out;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    for (size_t k = 0; k < value->n; k++) {
        const char *word = NULL;
        size_t i = 0;
        HB_TRY(hb_node_text(value->items[k], where, &word, err));
        while (i < HB_PROFILE_DRESSES && strcmp(hb_profile_dresses[i], word) != 0) {
            i++;
        }
        if (i == HB_PROFILE_DRESSES) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->items[k]->line,
                              value->items[k]->col,
                              "'%s' may list percent, parentheses, apostrophe, minus_behind, hex, "
                              "words and huge, got '%.40s'",
                              where->path, word);
        }
        *hb_profile_dress(&c->number, i) = true;
    }
    return HB_OK;
}

typedef struct suffix {
    const char *text;
    double factor;
    double offset;
} suffix;

static const hb_field suffix_fields[] = {
    {.key = "text",
     .kind = HB_FIELD_STRING,
     .required = true,
     .offset = offsetof(suffix, text),
     .doc = "As it stands behind the figure."},
    {.key = "factor",
     .kind = HB_FIELD_F64,
     .offset = offsetof(suffix, factor),
     .def = "1",
     .doc = "Into the column's unit: figure × factor + offset."},
    {.key = "offset",
     .kind = HB_FIELD_F64,
     .offset = offsetof(suffix, offset),
     .def = "0",
     .doc = "Likewise."},
    {0},
};

static hb_status decode_suffixes(const hb_where *where, const hb_node *value, void *out,
                                 hb_error *err)
{
    hb_number_rule *rule = &((hb_profile_column *)out)->number;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    if (value->n > HB_CELL_SUFFIXES) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' may list %d units, got %zu", where->path, HB_CELL_SUFFIXES,
                          value->n);
    }
    for (size_t i = 0; i < value->n; i++) {
        suffix s = {.text = "", .factor = 1};
        HB_TRY(hb_fields_decode(suffix_fields, value->items[i], where, &s, err));
        rule->suffixes[i] =
            (hb_cell_suffix){.text = hb_str_of(s.text), .to_unit = {.a = s.factor, .b = s.offset}};
    }
    rule->n_suffixes = value->n;
    return HB_OK;
}

static hb_status decode_overload(const hb_where *where, const hb_node *value, void *out,
                                 hb_error *err)
{
    hb_number_rule *rule = &((hb_profile_column *)out)->number;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    double *list = hb_arena_array(where->arena, value->n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        HB_TRY(hb_node_f64(value->items[i], where, &list[i], err));
    }
    rule->overload = list;
    rule->n_overload = value->n;
    return HB_OK;
}

#define TEXT_LIST "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"
#define NUMBER_LIST "{\"type\": \"array\", \"items\": {\"type\": \"number\"}}"

static const hb_field column_fields[] = {
    {.key = "name",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_profile_column, name),
     .doc = "The metric's name. Needed, but in a pinned profile: there it is by default what a run "
            "calls the column anyway."},
    {.key = "unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_profile_column, unit),
     .doc = "Unit of the column's figures."},
    {.key = "description",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_profile_column, description),
     .doc = "For people."},
    {.key = "role",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_profile_column, role),
     .names = hb_profile_roles,
     .def = "metric",
     .doc = "What the column is."},
    {.key = "from",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_profile_column, from),
     .offset_n = offsetof(hb_profile_column, n_from),
     .doc = "Headers of the file's column; with it or from_column the listed columns are picked "
            "and the others left out."},
    {.key = "from_column",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_profile_column, from_column),
     .min = 1,
     .max = HB_TABLE_MAX_COLUMNS,
     .doc = "Place of the file's column, from 1, where the file has no header."},
    {.key = "optional",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_profile_column, optional),
     .def = "false",
     .doc = "A picked column may be missing."},
    {.key = "at_least",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_profile_column, at_least),
     .doc = "Figures from here on count as 1, smaller ones as 0: a share, with reduce: mean."},
    {.key = "reduce",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_profile_column, reduce),
     .offset_set = offsetof(hb_profile_column, reduce_set),
     .names = hb_profile_reduces,
     .doc = "Value of this column's metric where the registry declares none."},
    {.key = "header",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_profile_column, header),
     .doc = "Pinned: the column's name as it stands in the file."},
    {.key = "group",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_profile_column, group),
     .doc = "Pinned: what stands over several columns, as in the file."},
    {.key = "file_unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_profile_column, file_unit),
     .doc = "Pinned: the unit the file states over the column."},
    {.key = "kind",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_profile_column, kind),
     .names = hb_profile_kinds,
     .def = "number",
     .doc = "Pinned: what the column's cells are."},
    {.key = "group_mark",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_profile_column, number.group),
     .names = hb_profile_marks,
     .def = "none",
     .doc = "Pinned: the mark between groups of three digits."},
    {.key = "cells",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_dress,
     .schema = TEXT_LIST,
     .doc = "Pinned: how figures are dressed; percent, parentheses, apostrophe, minus_behind, hex, "
            "words (of truth), huge (9.9e37 is a figure and no code)."},
    {.key = "suffixes",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_suffixes,
     .schema = "{\"type\": \"array\", \"items\": {\"type\": \"object\"}}",
     .doc = "Pinned: units written behind the figures: text, factor, offset."},
    {.key = "missing",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_profile_column, missing),
     .offset_n = offsetof(hb_profile_column, n_missing),
     .doc = "Pinned: further words for a missing figure."},
    {.key = "overload",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_overload,
     .schema = NUMBER_LIST,
     .doc = "Pinned: figures that mean out of range."},
    {.key = "rejected",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_profile_column, rejected),
     .min = 0,
     .max = 1,
     .def = "0",
     .doc = "Pinned: share of cells that may be neither figure nor missing."},
    {0},
};

hb_status hb_profile_columns_decode(const hb_where *where, const hb_node *value, void *out,
                                    hb_error *err)
{
    hb_input_profile *p = out;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    if (value->n == 0 || value->n > HB_TABLE_MAX_COLUMNS) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must list 1 to %d columns", where->path, HB_TABLE_MAX_COLUMNS);
    }
    p->columns = hb_arena_array(where->arena, value->n, sizeof *p->columns);
    if (!p->columns) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        hb_profile_column *c = &p->columns[i];
        *c = (hb_profile_column){.name = "",
                                 .unit = "",
                                 .description = "",
                                 .header = "",
                                 .group = "",
                                 .file_unit = "",
                                 .number = {.decimal = '.', .unit = ""},
                                 .line = value->items[i]->line};
        HB_TRY(hb_fields_decode(column_fields, value->items[i], where, c, err));
        hb_str *words = hb_arena_array(where->arena, c->n_missing + 1, sizeof *words);
        if (!words) {
            return HB_NOMEM(err);
        }
        for (size_t k = 0; k < c->n_missing; k++) {
            words[k] = hb_str_of(c->missing[k]);
        }
        c->number.missing = words;
        c->number.n_missing = c->n_missing;
    }
    p->n_columns = value->n;
    return HB_OK;
}

/* Up to HB_TIME_PARTS whole numbers in [low, high]; what is wrong with one is told at its place. */
static hb_status whole_numbers(const hb_where *where, const hb_node *value, double low, double high,
                               uint32_t ret[HB_TIME_PARTS], size_t *ret_n, hb_error *err)
{
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    if (value->n == 0 || value->n > HB_TIME_PARTS) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must list 1 to %d numbers, got %zu", where->path, HB_TIME_PARTS,
                          value->n);
    }
    for (size_t i = 0; i < value->n; i++) {
        double v = 0;
        HB_TRY(hb_node_f64(value->items[i], where, &v, err));
        if (v < low || v > high || v != floor(v)) {
            return HB_FAIL_AT(
                err, HB_E_CONFIG, where->name, value->items[i]->line, value->items[i]->col,
                "'%s' must hold whole numbers from %g to %g, got %g", where->path, low, high, v);
        }
        ret[i] = (uint32_t)v;
    }
    *ret_n = value->n;
    return HB_OK;
}

static hb_status decode_time_columns(const hb_where *where, const hb_node *value, void *out,
                                     hb_error *err)
{
    hb_time_rule *t = out;
    uint32_t v[HB_TIME_PARTS];
    size_t n = 0;
    HB_TRY(whole_numbers(where, value, 1, HB_TABLE_MAX_COLUMNS, v, &n, err));
    for (size_t i = 0; i < n; i++) {
        t->columns[i] = v[i] - 1;
    }
    t->n_columns = n;
    return HB_OK;
}

static hb_status decode_forms(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_time_rule *t = out;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    for (size_t i = 0; i < value->n && i < HB_TIME_PARTS; i++) {
        const char *name = NULL;
        HB_TRY(hb_node_text(value->items[i], where, &name, err));
        if (!hb_time_form_parse(hb_str_of(name), &t->form[i])) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->items[i]->line,
                              value->items[i]->col,
                              "'%s' holds '%.40s', which is no form of a time", where->path, name);
        }
    }
    return HB_OK;
}

static hb_status decode_offset(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    double v = 0;
    HB_TRY(hb_node_f64(value, where, &v, err));
    if (!(v >= -86400 && v <= 86400) || v != floor(v)) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must be whole seconds within a day, got %g", where->path, v);
    }
    ((hb_time_rule *)out)->offset_s = (int32_t)v;
    return HB_OK;
}

static const hb_field time_fields[] = {
    {.key = "columns",
     .kind = HB_FIELD_CUSTOM,
     .required = true,
     .decode = decode_time_columns,
     .schema = NUMBER_LIST,
     .doc = "Numbers of the columns it is put together from, in reading order, from 1."},
    {.key = "kind",
     .kind = HB_FIELD_ENUM,
     .required = true,
     .offset = offsetof(hb_time_rule, kind),
     .names = hb_profile_axes,
     .doc = "absolute_utc, absolute_local (no zone in the file) or elapsed."},
    {.key = "notation",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_time_rule, notation),
     .doc = "How it is written, for people."},
    {.key = "order",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_time_rule, order),
     .names = hb_profile_orders,
     .def = "ask",
     .doc = "day-first or month-first, where the notation leaves that open."},
    {.key = "zone",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_time_rule, zone),
     .doc = "As the file states it."},
    {.key = "offset_s",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_offset,
     .schema = "{\"type\": \"integer\"}",
     .def = "0",
     .doc = "Seconds east of UTC, stated outside the cells."},
    {.key = "unit_ns",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_time_rule, scale_ns),
     .def = "0",
     .doc = "Nanoseconds of one unit, for plain numbers."},
    {.key = "plain_number",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_time_rule, plain_number),
     .def = "false",
     .doc = "Elapsed time in plain numbers: the column keeps its statistics."},
    {.key = "serial_1904",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_time_rule, serial_1904),
     .def = "false",
     .doc = "Spreadsheet days counted from 1904."},
    {.key = "forms",
     .kind = HB_FIELD_CUSTOM,
     .required = true,
     .decode = decode_forms,
     .schema = TEXT_LIST,
     .doc = "What each column is: dmy, clock, epoch … (docs/formats/times.md)."},
    {0},
};

static hb_status decode_times(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_input_profile *p = out;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    p->times = hb_arena_array(where->arena, value->n + 1, sizeof *p->times);
    if (!p->times) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        p->times[i] =
            (hb_time_rule){.notation = "", .why = "pinned by the profile", .confidence = 1};
        HB_TRY(hb_fields_decode(time_fields, value->items[i], where, &p->times[i], err));
    }
    p->n_times = value->n;
    return HB_OK;
}

static hb_status decode_decimal(const hb_where *where, const hb_node *value, void *out,
                                hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_node_text(value, where, &text, err));
    bool comma = strcmp(text, "comma") == 0;
    if (!comma && strcmp(text, "point") != 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must be point or comma, got '%.40s'", where->path, text);
    }
    ((hb_input_profile *)out)->decimal = comma ? ',' : '.';
    return HB_OK;
}

const hb_field hb_profile_pin_fields[] = {
    {.key = "format",
     .kind = HB_FIELD_STRING,
     .required = true,
     .offset = offsetof(hb_input_profile, format),
     .doc = "csv, json, jsonl, xlsx …"},
    {.key = "encoding",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_input_profile, encoding),
     .doc = "utf-8, utf-8-bom, windows-1252 …; left out: any."},
    {.key = "sheet",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_input_profile, sheet),
     .doc = "Sheet of a workbook."},
    {.key = "comments",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_input_profile, comments),
     .doc = "Signs that begin comments, beside #; / stands for two."},
    {.key = "decimal",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_decimal,
     .schema = "{\"enum\": [\"point\", \"comma\"]}",
     .def = "point",
     .doc = "The decimal mark."},
    {.key = "layout",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_input_profile, layout),
     .names = hb_profile_layouts,
     .def = "wide",
     .doc = "wide: one column a metric; rows: a metric table or one sample a row."},
    {.key = "find",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_input_profile, find),
     .names = hb_profile_finds,
     .def = "names",
     .doc = "names: the table is where the columns' headers stand; lines: it begins on data_line."},
    {.key = "data_line",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_input_profile, data_line),
     .min = 1,
     .max = UINT32_MAX,
     .doc = "First line of the data; checked with find: lines."},
    {.key = "times",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_times,
     .schema = "{\"type\": \"array\", \"items\": {\"type\": \"object\"}}",
     .doc = "The time axis, and any further columns of times."},
    {0},
};

bool hb_time_rule_has(const hb_time_rule *rule, size_t column)
{
    for (size_t k = 0; k < rule->n_columns; k++) {
        if (rule->columns[k] == column) {
            return true;
        }
    }
    return false;
}

hb_status hb_profile_pins_check(const hb_input_profile *p, const hb_node *root, hb_error *err)
{
    if (p->n_columns == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, p->file, root->line, root->col,
                          "a pinned profile needs 'columns'");
    }
    if (*p->adapter) {
        return HB_FAIL_AT(err, HB_E_CONFIG, p->file, root->line, root->col,
                          "a pinned profile takes no 'adapter'");
    }
    for (size_t i = 0; i < p->n_times; i++) {
        for (size_t k = 0; k < p->times[i].n_columns; k++) {
            size_t column = p->times[i].columns[k];
            if (column >= p->n_columns) {
                return HB_FAIL_AT(err, HB_E_CONFIG, p->file, root->line, root->col,
                                  "'pinned.times' names column %zu of %zu", column + 1,
                                  p->n_columns);
            }
            if (!p->times[i].form[k]) {
                return HB_FAIL_AT(err, HB_E_CONFIG, p->file, root->line, root->col,
                                  "'pinned.times' lists %zu columns and fewer forms",
                                  p->times[i].n_columns);
            }
            if (p->columns[column].kind != HB_COLUMN_TIME) {
                return HB_FAIL_AT(err, HB_E_CONFIG, p->file, p->columns[column].line, 0,
                                  "column %zu is part of a time and must be of kind time",
                                  column + 1);
            }
        }
    }
    for (size_t i = 0; i < p->n_columns; i++) {
        bool timed = p->columns[i].kind != HB_COLUMN_TIME;
        for (size_t k = 0; k < p->n_times && !timed; k++) {
            timed = hb_time_rule_has(&p->times[k], i);
        }
        if (!timed) {
            return HB_FAIL_AT(err, HB_E_CONFIG, p->file, p->columns[i].line, 0,
                              "column %zu is of kind time, but no time of 'pinned.times' has it",
                              i + 1);
        }
    }
    return HB_OK;
}
