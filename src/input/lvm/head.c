/* SPDX-License-Identifier: Apache-2.0 */
#include "input/lvm/lvm_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/cell.h"
#include "input/columns.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FIELDS = 2 * HB_TABLE_MAX_COLUMNS + 2 };

static const char *const keys[HB_LVM_KEY_COUNT_] = {
    [HB_LVM_DATE] = "Date",           [HB_LVM_TIME] = "Time",
    [HB_LVM_Y_UNIT] = "Y_Unit_Label", [HB_LVM_X_DIMENSION] = "X_Dimension",
    [HB_LVM_X_UNIT] = "X_Unit_Label", [HB_LVM_X0] = "X0",
    [HB_LVM_DELTA_X] = "Delta_X",
};

void hb_lvm_note(hb_lvm *l, const char *what, hb_str value, const char *why)
{
    const char *kept = hb_arena_str(&l->arena, value);
    if (l->t.n_notes < HB_TABLE_NOTES && kept) {
        size_t i = l->t.n_notes++;
        l->t.notes[i].what = what;
        l->t.notes[i].value = kept;
        l->t.notes[i].why = why;
    }
}

/* LabVIEW writes in the system's encoding: UTF-8 where it is, else Latin-1. */
static hb_status keep(hb_arena *arena, hb_str s, hb_str *ret, hb_error *err)
{
    s = hb_str_trim(s);
    bool utf8 = hb_utf8_valid_prefix(s) == s.n;
    char *out = hb_arena_alloc(arena, (utf8 ? s.n : 2 * s.n) + 1);
    if (!out) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80 && !utf8) {
            out[n++] = (char)(0xC0 | c >> 6);
            c = 0x80 | (c & 0x3F);
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    *ret = hb_str_trim((hb_str){out, n}); /* the no-break space of Latin-1, too */
    return HB_OK;
}

static hb_str field(const hb_lvm *l, size_t i)
{
    return i < l->n_line ? l->fields[i] : (hb_str){"", 0};
}

static hb_status bad_value(const hb_lvm *l, const char *expected, hb_error *err)
{
    hb_str key = field(l, 0);
    hb_str value = field(l, 1);
    return HB_FAIL_AT(err, HB_E_INPUT, l->path, l->line, 0, "%.*s is '%.*s', expected %s",
                      (int)(key.n < 40 ? key.n : 40), key.p, (int)(value.n < 40 ? value.n : 40),
                      value.p, expected);
}

static hb_status file_key(hb_lvm *l, hb_error *err)
{
    hb_str key = field(l, 0);
    hb_str value = field(l, 1);
    if (hb_str_eq_c(key, "Separator")) {
        bool tab = hb_str_ieq_c(value, "Tab");
        bool comma = hb_str_ieq_c(value, "Comma") || hb_str_eq_c(value, ",");
        l->separator = comma ? ',' : '\t';
        /* "Separator," is cut wrongly as long as the separator is unknown. */
        return tab || comma || value.n == 0 ? HB_OK : bad_value(l, "Tab or Comma", err);
    }
    if (hb_str_eq_c(key, "Decimal_Separator")) {
        bool comma = hb_str_eq_c(value, ",") || hb_str_ieq_c(value, "Comma");
        l->t.decimal = comma ? ',' : '.';
        return HB_OK;
    }
    if (hb_str_eq_c(key, "X_Columns")) {
        l->x_columns = hb_str_ieq_c(value, "Multi") ? HB_LVM_X_MULTI
                       : hb_str_ieq_c(value, "No")  ? HB_LVM_X_NO
                                                    : HB_LVM_X_ONE;
        return l->x_columns != HB_LVM_X_ONE || hb_str_ieq_c(value, "One")
                   ? HB_OK
                   : bad_value(l, "No, One or Multi", err);
    }
    if (hb_str_eq_c(key, "Time_Pref")) {
        l->absolute = hb_str_ieq_c(value, "Absolute");
        return HB_OK;
    }
    if (hb_str_eq_c(key, "Date")) {
        return keep(&l->arena, value, &l->date, err);
    }
    return hb_str_eq_c(key, "Time") ? keep(&l->arena, value, &l->time, err) : HB_OK;
}

bool hb_lvm_is_segment_key(hb_str first)
{
    static const char *const others[] = {"Channels",  "Samples",      "Y_Dimension",
                                         "Test_Name", "Test_Numbers", "UUT_Name",
                                         "UUT_S/N",   "UUT_M/N",      "Notes"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (hb_str_eq_c(first, others[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < HB_LVM_KEY_COUNT_; i++) {
        if (hb_str_eq_c(first, keys[i])) {
            return true;
        }
    }
    return false;
}

static hb_status segment_key(hb_lvm *l, hb_error *err)
{
    for (size_t k = 0; k < HB_LVM_KEY_COUNT_; k++) {
        if (!hb_str_eq_c(field(l, 0), keys[k]) || l->n_line < 2) {
            continue;
        }
        hb_lvm_values *values = &l->values[k];
        values->n = l->n_line - 1;
        values->v = hb_arena_array(&l->head, values->n, sizeof *values->v);
        if (!values->v) {
            return HB_NOMEM(err);
        }
        if (k == HB_LVM_Y_UNIT && l->segments == 0) {
            l->units_line = l->line;
        }
        for (size_t i = 0; i < values->n; i++) {
            HB_TRY(keep(&l->head, l->fields[i + 1], &values->v[i], err));
        }
    }
    return HB_OK;
}

hb_status hb_lvm_header_line(hb_lvm *l, hb_error *err)
{
    hb_str key = field(l, 0);
    if (l->state == HB_LVM_FILE_HEADER) {
        if (hb_str_starts(key, "***End_of_Header***")) {
            l->state = HB_LVM_SEGMENT_HEADER;
        } else if (hb_str_starts(key, "Separator,")) { /* not yet known that it is a comma */
            l->separator = ',';
        } else {
            return file_key(l, err);
        }
        return HB_OK;
    }
    if (hb_str_starts(key, "***End_of_Header***")) {
        l->state = HB_LVM_NAMES;
        return HB_OK;
    }
    return segment_key(l, err);
}

hb_str hb_lvm_value(const hb_lvm *l, hb_lvm_key key, size_t i)
{
    const hb_lvm_values *values = &l->values[key];
    size_t at = i; /* values stand above their columns; [0] is above field 1 */
    if (l->x_columns == HB_LVM_X_MULTI) {
        /* … but some writers leave no gaps for the X columns */
        bool gaps = values->n < 2 || values->v[1].n == 0;
        at = gaps ? i : i / 2 + 1;
    }
    return at >= 1 && at - 1 < values->n ? values->v[at - 1] : (hb_str){"", 0};
}

static bool is_x(const hb_lvm *l, size_t i, size_t n_channels)
{
    return l->x_columns == HB_LVM_X_MULTI ? i % 2 == 0 && i < n_channels : i == 0;
}

static bool dimension_is_time(const hb_lvm *l, size_t i)
{
    hb_str dimension = hb_lvm_value(l, HB_LVM_X_DIMENSION, i + 1);
    return dimension.n == 0 || hb_str_ieq_c(dimension, "Time");
}

/* What the header states over a field. */
static hb_str unit_of_field(const hb_lvm *l, size_t i, bool x)
{
    hb_str unit = hb_lvm_value(l, x ? HB_LVM_X_UNIT : HB_LVM_Y_UNIT, x ? i + 1 : i);
    return x && unit.n == 0 && dimension_is_time(l, i) ? HB_STR("s") : unit;
}

static hb_status new_column(hb_lvm *l, size_t i, hb_str name, hb_str raw, hb_str unit,
                            hb_error *err)
{
    HB_TRY(HB_GROW(l->columns, l->cap_columns, l->n_columns + 1, HB_TABLE_MAX_COLUMNS, "channels",
                   err));
    hb_column c = {.field = i, .unit = {"", 0}};
    HB_TRY(keep(&l->arena, name, &c.name, err));
    HB_TRY(keep(&l->arena, raw, &c.raw, err));
    HB_TRY(hb_columns_unit(&l->arena, unit, l->units, &c, err));
    HB_TRY(hb_map_put(&l->by_name, c.name, l->n_columns, err));
    l->columns[l->n_columns++] = c;
    return HB_OK;
}

static hb_status place_column(hb_lvm *l, size_t i, hb_str name, hb_str raw, hb_str unit,
                              hb_error *err)
{
    size_t at = 0;
    if (!hb_map_get(&l->by_name, name, &at)) {
        at = l->n_columns;
        HB_TRY(new_column(l, i, name, raw, unit, err));
    }
    const hb_column *c = &l->columns[at];
    if (unit.n && !hb_str_eq(c->unit_written, unit)) {
        return HB_FAIL_AT(err, HB_E_INPUT, l->path, l->line, i + 1,
                          "channel '%.60s' has the unit '%.*s' here and '%.*s' before", c->name.p,
                          (int)(unit.n < 30 ? unit.n : 30), unit.p,
                          (int)(c->unit_written.n < 30 ? c->unit_written.n : 30),
                          c->unit_written.n ? c->unit_written.p : "");
    }
    l->column_of[i] = at;
    return HB_OK;
}

static double number_of(const hb_lvm *l, hb_lvm_key key, double otherwise)
{
    double v = 0;
    hb_str text = hb_lvm_value(l, key, 1);
    return hb_cell_classify(text, l->t.decimal, &v) == HB_CELL_IS_NUMBER ? v : otherwise;
}

/* What the segment says of its X. */
static void settle_x(hb_lvm *l)
{
    double unset = 0;
    l->x0 = number_of(l, HB_LVM_X0, 0);
    l->delta_x = number_of(l, HB_LVM_DELTA_X, unset);
    l->x_made = l->x_columns == HB_LVM_X_NO && l->delta_x != 0;
    l->x_is_time = dimension_is_time(l, 0);
    l->segment_row = 0;
}

/* "2024/05/07" and "10:42:17.356": a wall clock without a zone. */
static bool start_stamp(const hb_lvm *l, hb_time *ret)
{
    char text[80];
    hb_str date = hb_lvm_value(l, HB_LVM_DATE, 1);
    hb_str time = hb_lvm_value(l, HB_LVM_TIME, 1);
    date = date.n ? date : l->date;
    time = time.n ? time : l->time;
    size_t digits = time.n < 18 ? time.n : 18; /* LabVIEW writes 19 digits of a second */
    int n = snprintf(text, sizeof text, "%.*sT%.*s", (int)(date.n < 20 ? date.n : 20), date.p,
                     (int)digits, time.p);
    for (int i = 0; i < n && text[i] != 'T'; i++) {
        text[i] = text[i] == '/' ? '-' : text[i];
    }
    return n > 0 && date.n && hb_time_parse(text, (size_t)n, ret, NULL);
}

static void tell(hb_lvm *l)
{
    static const char *const x_words[] = {[HB_LVM_X_NO] = "made from X0 and Delta_X",
                                          [HB_LVM_X_ONE] = "one column",
                                          [HB_LVM_X_MULTI] = "a column for each channel"};
    char text[HB_TIME_TEXT];
    hb_time start = 0;
    bool made = l->x_columns != HB_LVM_X_NO || l->x_made;
    hb_lvm_note(l, "delimiter", l->separator == ',' ? HB_STR("comma") : HB_STR("tab"),
                "the file's header");
    hb_lvm_note(l, "decimal mark", l->t.decimal == ',' ? HB_STR("comma") : HB_STR("point"),
                "the file's header");
    hb_lvm_note(l, "X values", hb_str_of(made ? x_words[l->x_columns] : "none"),
                "the file's header");
    if (start_stamp(l, &start)) {
        size_t n = hb_time_print(start, text);
        hb_lvm_note(l, "start", (hb_str){text, n - 1}, /* without the Z */
                    "the header's date and time; no zone in the file");
    }
}

static bool brings_new(const hb_lvm *l, const hb_column *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!hb_map_get(&l->by_name, names[i].name, NULL)) {
            return true;
        }
    }
    return false;
}

hb_status hb_lvm_names(hb_lvm *l, bool *ret_wait, hb_error *err)
{
    size_t n = l->n_line;
    hb_column *names = NULL;
    *ret_wait = false;
    while (n > 1 && l->fields[n - 1].n == 0) { /* separators at the end of the line */
        n--;
    }
    hb_str *raw = hb_arena_array(&l->head, n + 1, sizeof *raw);
    if (!raw) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(keep(&l->head, l->fields[i], &raw[i], err));
    }
    hb_str first = raw[0];
    raw[0] = first.n ? first : HB_STR("X_Value");
    HB_TRY(hb_columns_name(&l->head, raw, n, l->path, &names, err));
    if (l->n_rows && brings_new(l, names, n)) {
        *ret_wait = true;
        return HB_OK;
    }
    HB_TRY(HB_GROW(l->column_of, l->cap_fields, n, MAX_FIELDS, "fields", err));
    size_t n_channels = hb_str_ieq_c(raw[n - 1], "Comment") ? n - 1 : n;
    settle_x(l);
    for (size_t i = 0; i < n; i++) {
        hb_str unit = {"", 0};
        if (i < n_channels) {
            unit = unit_of_field(l, i, is_x(l, i, n_channels));
        }
        HB_TRY(place_column(l, i, names[i].name, i ? raw[i] : first, unit, err));
    }
    l->n_fields = n;
    if (l->segments++ == 0) {
        l->t.header_line = l->line;
        tell(l);
    }
    l->state = HB_LVM_DATA;
    return HB_OK;
}
