/* SPDX-License-Identifier: Apache-2.0 */
#include "input/pinned.h"

#include "base/mem.h"
#include "input/layout_internal.h"
#include "input/plan_names.h"
#include "input/profile_pins.h"
#include "input/reading.h"

#include <math.h>
#include <string.h>

/* Every mismatch begins alike: which profile, and where in it. */
static hb_status misfit(const hb_pinned *pin, uint32_t profile_line, hb_status status,
                        hb_error *err)
{
    if (err && profile_line) {
        return hb_error_prefix(err, "does not fit '%s', line %u", pin->profile->file, profile_line);
    }
    return err ? hb_error_prefix(err, "does not fit '%s'", pin->profile->file) : status;
}

#define MISFIT(pin, err, in_line, in_col, profile_line, ...) \
    misfit((pin), (profile_line),                            \
           HB_FAIL_AT((err), HB_E_INPUT, (pin)->path, (in_line), (in_col), __VA_ARGS__), (err))

static const char *cut_name(char d)
{
    return d == ','    ? "commas"
           : d == ';'  ? "semicolons"
           : d == '\t' ? "tabs"
           : d == '|'  ? "bars"
           : d == ':'  ? "colons"
           : d == ' '  ? "blanks"
           : d         ? "another sign"
                       : "nothing (one column)";
}

/* ASCII is part of both; a file of nothing else may well get its first degree sign in UTF-8. */
static bool same_encoding(const char *expected, const char *got)
{
    bool ascii = strcmp(got, "ascii") == 0;
    bool to_ascii = strcmp(expected, "ascii") == 0;
    return strcmp(expected, got) == 0 || (to_ascii && strcmp(got, "utf-8") == 0) ||
           (ascii && (strcmp(expected, "utf-8") == 0 || strcmp(expected, "windows-1252") == 0));
}

static hb_status check_encoding(const hb_pinned *pin, const hb_table *t, hb_error *err)
{
    const char *expected = pin->profile->encoding;
    const char *got = hb_reading_shape_of(t).encoding;
    return !*expected || !got || same_encoding(expected, got)
               ? HB_OK
               : MISFIT(pin, err, 0, 0, 0, "its encoding is %s, expected %s", got, expected);
}

static hb_status check_shape(const hb_pinned *pin, const hb_table *t, const hb_block *first,
                             hb_error *err)
{
    const hb_input_profile *p = pin->profile;
    hb_reading_shape s = hb_reading_shape_of(t);
    if (strcmp(p->format, t->ops->format) != 0) {
        return MISFIT(pin, err, 0, 0, 0, "its format is %s, expected %s", t->ops->format,
                      p->format);
    }
    HB_TRY(check_encoding(pin, t, err));
    if (strcmp(p->format, "csv") == 0 && p->delimiter != s.delimiter) {
        return MISFIT(pin, err, s.header_line, 0, 0, "its fields are cut by %s, expected %s",
                      cut_name(s.delimiter), cut_name(p->delimiter));
    }
    for (const char *c = s.comment_signs ? s.comment_signs : ""; *c; c++) {
        if (*c != '#' && !strchr(p->comments, *c)) {
            return MISFIT(pin, err, 0, 0, 0,
                          "it has lines left out as comments behind '%c', "
                          "expected none of that sign",
                          *c);
        }
    }
    if (p->find == HB_PROFILE_FIND_LINES && p->data_line && first->n_rows &&
        first->lines[0] != p->data_line) {
        return MISFIT(pin, err, first->lines[0], 0, 0,
                      "its data begin on line %llu, expected line %u",
                      (unsigned long long)first->lines[0], p->data_line);
    }
    return HB_OK;
}

static size_t column_named(const hb_column *columns, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && !hb_str_eq_c(hb_column_written(&columns[i]), name)) {
        i++;
    }
    return i;
}

static bool profile_has(const hb_input_profile *p, hb_str name)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        if (hb_str_eq_c(name, p->columns[i].header)) {
            return true;
        }
    }
    return false;
}

/* A single column that holds another delimiter: the file is cut differently now. */
static const char *other_cut(const hb_input_profile *p, hb_str name)
{
    static const char marks[] = {',', ';', '\t', '|'};
    for (size_t i = 0; i < sizeof marks; i++) {
        if (marks[i] != p->delimiter && hb_str_find_ch(name, marks[i]) < name.n) {
            return cut_name(marks[i]);
        }
    }
    return NULL;
}

enum { SHOWN = 80 };

static int shown(hb_str s)
{
    return (int)(s.n < SHOWN ? s.n : SHOWN);
}

static hb_status wrong_name(const hb_pinned *pin, const hb_table *t, const hb_column *columns,
                            size_t n, size_t i, hb_error *err)
{
    const hb_input_profile *p = pin->profile;
    const hb_profile_column *c = &p->columns[i];
    hb_str name = hb_column_written(&columns[i]);
    const char *cut = n == 1 && p->n_columns > 1 ? other_cut(p, name) : NULL;
    if (cut) {
        return MISFIT(pin, err, t->header_line, 0, 0,
                      "its fields are cut by %s, expected %s (got one column '%.*s')", cut,
                      cut_name(p->delimiter), shown(name), name.p);
    }
    size_t elsewhere = column_named(columns, n, c->header);
    if (elsewhere < n && profile_has(p, name)) {
        return MISFIT(pin, err, t->header_line, i + 1, c->line,
                      "the order of its columns changed: column %zu is '%.*s', expected '%.80s', "
                      "which is column %zu now",
                      i + 1, shown(name), name.p, c->header, elsewhere + 1);
    }
    if (elsewhere == n && n < p->n_columns) {
        return MISFIT(pin, err, t->header_line, i + 1, c->line,
                      "it lacks the column '%.80s', expected as column %zu, got '%.*s'", c->header,
                      i + 1, shown(name), name.p);
    }
    return MISFIT(pin, err, t->header_line, i + 1, c->line,
                  "column %zu is '%.*s', expected '%.80s'", i + 1, shown(name), name.p, c->header);
}

static hb_status check_group(const hb_pinned *pin, const hb_table *t, const hb_column *column,
                             size_t i, hb_error *err)
{
    const hb_profile_column *c = &pin->profile->columns[i];
    return hb_str_eq_c(column->group, c->group)
               ? HB_OK
               : MISFIT(pin, err, t->format.group_line, i + 1, c->line,
                        "column '%.80s' stands under '%.*s', expected '%.80s'", c->header,
                        shown(column->group), column->group.n ? column->group.p : "", c->group);
}

/* Is the column a time in plain numbers? */
static bool plain_time(const hb_input_profile *p, size_t column)
{
    for (size_t k = 0; k < p->n_times; k++) {
        if (hb_time_rule_has(&p->times[k], column)) {
            return p->times[k].plain_number;
        }
    }
    return false;
}

static hb_status check_unit(const hb_pinned *pin, const hb_table *t, const hb_column *column,
                            size_t i, hb_units *units, hb_arena *arena, hb_label *ret_label,
                            hb_error *err)
{
    const hb_profile_column *c = &pin->profile->columns[i];
    hb_affine a = {1, 0};
    HB_TRY(hb_reading_label(column, units, arena, ret_label, err));
    if (hb_reading_is_stamp(c->kind, plain_time(pin->profile, i)) && ret_label->unit.n) {
        *ret_label = (hb_label){.label = hb_column_written(column)};
    }
    hb_str got = ret_label->unit;
    hb_str expected = hb_str_of(c->file_unit);
    bool same = hb_str_eq(got, expected) ||
                (got.n && expected.n && hb_units_convert(units, got, expected, &a, NULL) == HB_OK &&
                 a.a == 1 && a.b == 0);
    return same ? HB_OK
                : MISFIT(pin, err, t->header_line, i + 1, c->line,
                         "the unit of column '%.80s' is %s%.*s%s, expected %s%.40s%s", c->header,
                         got.n ? "'" : "", got.n ? shown(got) : 10, got.n ? got.p : "not stated",
                         got.n ? "'" : "", expected.n ? "'" : "",
                         expected.n ? c->file_unit : "none", expected.n ? "'" : "");
}

/* "Temp [K]" where "Temp [°C]" stood: the unit changed, and that is what to say. */
static hb_status check_column(const hb_pinned *pin, const hb_table *t, const hb_column *columns,
                              size_t n, size_t i, hb_units *units, hb_arena *arena,
                              hb_label *ret_label, hb_error *err)
{
    const hb_profile_column *c = &pin->profile->columns[i];
    hb_str written = hb_column_written(&columns[i]);
    if (hb_str_eq_c(written, c->header)) {
        HB_TRY(check_group(pin, t, &columns[i], i, err));
        return check_unit(pin, t, &columns[i], i, units, arena, ret_label, err);
    }
    hb_column as_saved = {.name = hb_str_of(c->header)};
    hb_label old = {0};
    hb_label new = {0};
    HB_TRY(hb_label_split(as_saved.name, units, arena, &old, err));
    HB_TRY(hb_label_split(written, units, arena, &new, err));
    if (hb_str_eq(old.label, new.label) && (old.unit.n || new.unit.n)) {
        HB_TRY(check_unit(pin, t, &columns[i], i, units, arena, ret_label, err));
    }
    return wrong_name(pin, t, columns, n, i, err);
}

static hb_status check_columns(const hb_pinned *pin, const hb_table *t, hb_units *units,
                               hb_arena *arena, hb_column_look *looks, hb_error *err)
{
    const hb_input_profile *p = pin->profile;
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    size_t both = n < p->n_columns ? n : p->n_columns;
    for (size_t i = 0; i < both; i++) {
        HB_TRY(check_column(pin, t, columns, n, i, units, arena, &looks[i].label, err));
    }
    if (n < p->n_columns) {
        return MISFIT(pin, err, t->header_line, 0, p->columns[n].line,
                      "it lacks the column '%.80s': %zu columns, expected %zu",
                      p->columns[n].header, n, p->n_columns);
    }
    if (n > p->n_columns) {
        hb_str name = hb_column_written(&columns[p->n_columns]);
        return MISFIT(pin, err, t->header_line, p->n_columns + 1, 0,
                      "it has a column more: '%.*s'; %zu columns, expected %zu", shown(name),
                      name.p, n, p->n_columns);
    }
    return HB_OK;
}

static const char *kept(hb_arena *arena, const char *text, bool *io_ok)
{
    const char *copy = text ? hb_arena_str(arena, hb_str_of(text)) : NULL;
    *io_ok = *io_ok && (copy || !text);
    return copy;
}

/* The plan outlives the profile: a reading is shown when the file is long closed. */
static bool copy_number(hb_number_rule *n, hb_arena *arena)
{
    bool ok = true;
    hb_str *words = hb_arena_array(arena, n->n_missing + 1, sizeof *words);
    double *overload = hb_arena_array(arena, n->n_overload + 1, sizeof *overload);
    if (!words || !overload) {
        return false;
    }
    for (size_t i = 0; i < n->n_missing; i++) {
        words[i] = hb_str_of(kept(arena, n->missing[i].p, &ok));
    }
    for (size_t i = 0; i < n->n_overload; i++) {
        overload[i] = n->overload[i];
    }
    for (size_t i = 0; i < n->n_suffixes; i++) {
        n->suffixes[i].text = hb_str_of(kept(arena, n->suffixes[i].text.p, &ok));
    }
    n->missing = words;
    n->overload = overload;
    n->unit = kept(arena, n->unit, &ok);
    return ok;
}

static bool copy_time(hb_time_rule *t, hb_arena *arena)
{
    bool ok = true;
    t->notation = kept(arena, t->notation, &ok);
    t->zone = kept(arena, t->zone, &ok);
    return ok;
}

static bool fill_column(const hb_input_profile *p, size_t i, hb_column_plan *c, hb_arena *arena)
{
    const hb_profile_column *from = &p->columns[i];
    *c = (hb_column_plan){.kind = from->kind, .number = from->number};
    c->number.decimal = p->decimal;
    /* Only cells that state their unit have one of their own; else it is what stands over them. */
    c->number.unit = *from->file_unit && !c->number.n_suffixes ? "" : from->unit;
    for (size_t k = p->n_times; k-- > 0;) {
        if (hb_time_rule_has(&p->times[k], i)) {
            c->time = p->times[k];
        }
    }
    return copy_number(&c->number, arena) && copy_time(&c->time, arena);
}

static bool fill_plan(const hb_input_profile *p, hb_plan *plan, hb_column_look *looks,
                      hb_arena *arena)
{
    bool ok = true;
    for (size_t i = 0; i < p->n_columns && ok; i++) {
        ok = fill_column(p, i, &plan->columns[i], arena);
        looks[i].number = (hb_number_look){.confidence = 1, .why = "pinned by the profile"};
    }
    plan->axis = p->n_times ? p->times[0] : (hb_time_rule){.kind = HB_AXIS_NONE};
    return ok && copy_time(&plan->axis, arena);
}

hb_status hb_pinned_plan(hb_pinned *pin, const hb_table *t, const hb_block *first, hb_units *units,
                         hb_arena *arena, hb_plan *ret, hb_column_look **ret_looks, hb_error *err)
{
    const hb_input_profile *p = pin->profile;
    hb_plan plan = {.n_columns = p->n_columns, .decimal = p->decimal};
    plan.columns = hb_arena_array(arena, p->n_columns, sizeof *plan.columns);
    hb_column_look *looks = hb_arena_array(arena, p->n_columns, sizeof *looks);
    hb_free(pin->misfits);
    pin->misfits = hb_alloc_zero(p->n_columns * sizeof *pin->misfits);
    if (!plan.columns || !looks || !pin->misfits) {
        return HB_NOMEM(err);
    }
    HB_TRY(check_shape(pin, t, first, err));
    HB_TRY(check_columns(pin, t, units, arena, looks, err));
    if (!fill_plan(p, &plan, looks, arena)) {
        return HB_NOMEM(err);
    }
    *ret = plan;
    *ret_looks = looks;
    return HB_OK;
}

void hb_pinned_release(hb_pinned *pin)
{
    hb_free(pin->misfits);
    hb_free(pin->cells);
}

static const char *kind_words(hb_column_kind kind)
{
    return kind == HB_COLUMN_TIME   ? "a time"
           : kind == HB_COLUMN_BOOL ? "a truth value"
                                    : "a number";
}

static void note_misfit(hb_misfit *m, hb_table *t, const hb_block *b, size_t row, size_t i)
{
    char room[HB_NUM_TEXT];
    if (m->n++ == 0) {
        hb_str text = b->cells       ? hb_layout_text(&b->cells[row * b->n_cols + i], room)
                      : t->ops->text ? t->ops->text(t, row, i)
                                     : (hb_str){"", 0};
        size_t n = text.n < sizeof m->text ? text.n : sizeof m->text - 1;
        memcpy(m->text, text.p, n);
        m->text[n] = '\0';
        m->line = b->lines[row];
    }
}

static bool may_not_fit(const hb_profile_column *c, const hb_figures *f)
{
    return f->cls &&
           (c->kind == HB_COLUMN_NUMBER || c->kind == HB_COLUMN_BOOL || c->kind == HB_COLUMN_TIME);
}

hb_status hb_pinned_block(hb_pinned *pin, hb_table *t, const hb_block *block,
                          const hb_figures *figures, const unsigned char *keep, hb_error *err)
{
    const hb_input_profile *p = pin->profile;
    if (block->n_rows && block->n_cols > p->n_columns) {
        const hb_column *columns = NULL;
        HB_IGNORE(t->ops->columns(t, &columns) == 0); /* the count is the block's */
        hb_str name = hb_column_written(&columns[p->n_columns]);
        return MISFIT(pin, err, block->lines[0], 0, 0, "it has a column more: '%.*s'", shown(name),
                      name.p);
    }
    for (size_t i = 0; block->n_rows && i < p->n_columns; i++) {
        const hb_profile_column *c = &p->columns[i];
        const uint8_t *cls = figures[i].cls;
        for (size_t r = 0; may_not_fit(c, &figures[i]) && r < block->n_rows; r++) {
            if ((!keep || keep[r]) && (cls[r] == HB_CELL_IS_TEXT || cls[r] == HB_CELL_IS_INF)) {
                note_misfit(&pin->misfits[i], t, block, r, i);
            }
        }
        if (pin->misfits[i].n && c->rejected <= 0) {
            return MISFIT(pin, err, pin->misfits[i].line, i + 1, c->line,
                          "'%s' in column '%.80s' is not %s, expected nothing else",
                          pin->misfits[i].text, c->header, kind_words(c->kind));
        }
    }
    for (size_t r = 0; r < block->n_rows; r++) {
        pin->rows += !keep || keep[r];
    }
    return HB_OK;
}

hb_status hb_pinned_end(const hb_pinned *pin, const hb_table *t, hb_error *err)
{
    HB_TRY(check_encoding(pin, t, err));
    for (size_t i = 0; pin->misfits && i < pin->profile->n_columns; i++) {
        const hb_profile_column *c = &pin->profile->columns[i];
        const hb_misfit *m = &pin->misfits[i];
        if ((double)m->n > ceil(c->rejected * (double)pin->rows)) {
            return MISFIT(pin, err, m->line, i + 1, c->line,
                          "%llu of %llu cells of column '%.80s' are not %s (the first: '%s'), "
                          "expected at most %.3g %%",
                          (unsigned long long)m->n, (unsigned long long)pin->rows, c->header,
                          kind_words(c->kind), m->text, c->rejected * 100);
        }
    }
    return HB_OK;
}

hb_status hb_pinned_names(hb_input_profile *p, const hb_table *t, const hb_plan *plan,
                          const hb_column_look *looks, const hb_run_builder *builder, hb_error *err)
{
    const hb_column *columns = NULL;
    hb_map taken;
    size_t n = t->ops->columns(t, &columns);
    if (n < p->n_columns) {
        return HB_FAIL(err, HB_E_BUG, "%zu columns for a profile of %zu", n, p->n_columns);
    }
    hb_plan_name *names = hb_arena_array(&p->arena, plan->n_columns + 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    hb_map_init(&taken, HB_TABLE_MAX_COLUMNS);
    hb_status status =
        hb_plan_names(plan, columns, looks, 0, builder, &taken, &p->arena, names, err);
    hb_map_release(&taken);
    HB_TRY(status);
    for (size_t i = 0; i < p->n_columns; i++) {
        hb_profile_column *c = &p->columns[i];
        if (!*c->name) {
            c->name = hb_arena_str(&p->arena, names[i].metric);
            c->unit = hb_arena_str(&p->arena, names[i].unit);
        }
        if (!c->name || !c->unit) {
            return HB_NOMEM(err);
        }
    }
    return HB_OK;
}

static hb_cell typed(const hb_column_plan *c, const hb_cell *from, hb_cell_class k, double v)
{
    switch (k) {
    case HB_CELL_IS_NUMBER:
        return (hb_cell){.as.num = v,
                         .kind = c->kind == HB_COLUMN_BOOL ? HB_CELL_BOOL : HB_CELL_NUMBER};
    case HB_CELL_IS_MISSING:
        return (hb_cell){.kind = HB_CELL_EMPTY};
    case HB_CELL_IS_NAN:
        return (hb_cell){.as.num = NAN, .kind = HB_CELL_NUMBER};
    case HB_CELL_IS_INF:
        return (hb_cell){.as.num = INFINITY, .kind = HB_CELL_NUMBER};
    case HB_CELL_IS_TEXT:
        break;
    }
    return *from;
}

hb_status hb_pinned_cells(hb_pinned *pin, const hb_plan *plan, const hb_block *b,
                          const hb_figures *figures, hb_block *ret, hb_error *err)
{
    size_t cells = b->n_rows * b->n_cols;
    *ret = *b;
    if (!b->cells || cells == 0) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(pin->cells, pin->cap_cells, cells, SIZE_MAX / 64, "cells", err));
    memcpy(pin->cells, b->cells, cells * sizeof *pin->cells);
    for (size_t i = 0; i < plan->n_columns && i < b->n_cols; i++) {
        const hb_column_plan *c = &plan->columns[i];
        bool figure = c->kind == HB_COLUMN_NUMBER || c->kind == HB_COLUMN_BOOL;
        const hb_time *times = figures[i].t;
        for (size_t r = 0; r < b->n_rows && (figure || times); r++) {
            hb_cell *cell = &pin->cells[r * b->n_cols + i];
            if (times) {
                *cell = times[r] == HB_TIME_NONE
                            ? *cell
                            : (hb_cell){.as.ns = times[r], .kind = HB_CELL_TIME};
            } else {
                hb_cell_class k =
                    figures[i].cls ? (hb_cell_class)figures[i].cls[r] : HB_CELL_IS_NUMBER;
                *cell = typed(c, cell, k, figures[i].v[r]);
            }
        }
    }
    ret->cells = pin->cells;
    return HB_OK;
}
