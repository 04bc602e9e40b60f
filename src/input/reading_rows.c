/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that hold one figure a row: a long table by its channels, a metric table row by row. */
#include "input/reading_internal.h"

#include "base/mem.h"
#include "input/json/values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TAGS = 32, MAX_SAMPLES = 10000000 };

void hb_reading_rows_release(hb_reading_rows *rows)
{
    hb_map_release(&rows->by_key);
    hb_buf_release(&rows->key);
    hb_free(rows->of_row);
    hb_free(rows->values);
}

/* Rows whose tags are JSON objects state values, also where a metric comes again under other tags.
 */
static bool has_tags(const hb_block *b, size_t column)
{
    for (size_t row = 0; column != HB_NO_COLUMN && row < b->n_rows; row++) {
        const hb_cell *cell = &b->cells[row * b->n_cols + column];
        if (cell->kind == HB_CELL_TEXT) {
            return hb_str_starts((hb_str){cell->as.p, cell->len}, "{");
        }
    }
    return false;
}

hb_status hb_reading_rows_begin(hb_reading *r, const hb_table *t, const hb_block *first,
                                hb_error *err)
{
    static const char *const reasons[] = {
        [HB_LAYOUT_WIDE] = "no columns that name a metric and its value",
        [HB_LAYOUT_LONG] = "columns for metric and value, one sample a row",
        [HB_LAYOUT_METRICS] = "columns for metric and value, each metric once"};
    hb_reading_rows *w = &r->work->rows;
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    hb_layout_kind kind = HB_LAYOUT_WIDE;
    if (first->cells) {
        kind = hb_layout_look(columns, n, first, &w->columns);
    }
    r->layout = hb_layout_name(kind);
    r->work->by_rows = kind != HB_LAYOUT_WIDE && w->columns.value < r->n_columns &&
                       w->columns.metric < r->n_columns;
    w->series = kind == HB_LAYOUT_LONG && !has_tags(first, w->columns.tags);
    if (r->work->by_rows && w->series) {
        r->group_by = r->columns[w->columns.metric].name;
    }
    return hb_reading_guessed(r, "layout", r->layout, reasons[kind], NAN, NULL, err);
}

static hb_status unit_of_row(hb_reading *r, hb_table *t, const hb_block *b, size_t row,
                             const char **ret_raw, const char **ret_unit, hb_error *err)
{
    char room[HB_NUM_TEXT];
    hb_str unit = {"", 0};
    hb_str raw = {"", 0};
    if (r->work->rows.columns.unit != HB_NO_COLUMN) {
        raw = hb_str_trim(hb_reading_cell_text(t, b, row, r->work->rows.columns.unit, room));
    }
    HB_TRY(hb_reading_text(r, raw, HB_READING_TEXT_BYTES, ret_raw, err));
    HB_TRY(hb_label_unit(hb_str_of(*ret_raw), r->work->units, &r->arena, &unit, err));
    return hb_reading_text(r, unit.n ? unit : hb_str_of(*ret_raw), HB_READING_TEXT_BYTES, ret_unit,
                           err);
}

/* The channel a row belongs to; SIZE_MAX when there are more than are kept. */
static hb_status group_of(hb_reading *r, hb_table *t, const hb_block *b, size_t row, size_t *ret,
                          hb_error *err)
{
    hb_reading_rows *w = &r->work->rows;
    char room[HB_NUM_TEXT];
    char unit_room[HB_NUM_TEXT];
    hb_str name = hb_reading_cell_text(t, b, row, w->columns.metric, room);
    hb_buf_clear(&w->key);
    hb_buf_str(&w->key, name);
    hb_buf_ch(&w->key, '\x1f');
    if (w->columns.unit != HB_NO_COLUMN) {
        hb_buf_str(&w->key, hb_reading_cell_text(t, b, row, w->columns.unit, unit_room));
    }
    HB_TRY(hb_buf_check(&w->key, err));
    if (hb_map_get(&w->by_key, (hb_str){w->key.p, w->key.n}, ret)) {
        return HB_OK;
    }
    if (r->n_groups == HB_READING_GROUPS) {
        r->cut = true;
        *ret = SIZE_MAX;
        return HB_OK;
    }
    hb_reading_group g = {0};
    const char *raw = "";
    HB_TRY(HB_GROW(r->groups, w->cap_groups, r->n_groups + 1, HB_READING_GROUPS, "channels", err));
    HB_TRY(hb_reading_text(r, name, HB_READING_TEXT_BYTES, &g.name, err));
    HB_TRY(unit_of_row(r, t, b, row, &raw, &g.unit, err));
    char *key = hb_arena_strndup(&r->arena, w->key.p, w->key.n);
    if (!key) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_map_put(&w->by_key, (hb_str){key, w->key.n}, r->n_groups, err));
    *ret = r->n_groups;
    r->groups[r->n_groups++] = g;
    return HB_OK;
}

static void count_sample(hb_reading_group *g, hb_cell_class k)
{
    g->rows++;
    g->n_missing += k == HB_CELL_IS_MISSING || k == HB_CELL_IS_NAN;
    g->n_rejected += k == HB_CELL_IS_INF || k == HB_CELL_IS_TEXT;
}

static hb_cell_class class_of(const hb_figures *f, size_t row)
{
    return f->cls ? (hb_cell_class)f->cls[row] : HB_CELL_IS_NUMBER;
}

/* One pass gives each row its channel, one more per channel of the block gathers its figures, so
 * that the moments are those of whole blocks. */
static hb_status series_block(hb_reading *r, hb_table *t, const hb_block *b, const hb_figures *f,
                              const unsigned char *keep, hb_error *err)
{
    hb_reading_rows *w = &r->work->rows;
    HB_TRY(HB_GROW(w->of_row, w->cap_of_row, b->n_rows, SIZE_MAX / 16, "rows of a block", err));
    HB_TRY(HB_GROW(w->values, w->cap_values, b->n_rows, SIZE_MAX / 16, "rows of a block", err));
    size_t *starts = hb_alloc_array(HB_READING_GROUPS + 1, sizeof *starts);
    if (!starts) {
        return HB_NOMEM(err);
    }
    memset(starts, 0, (HB_READING_GROUPS + 1) * sizeof *starts);
    hb_status status = HB_OK;
    for (size_t row = 0; row < b->n_rows && status == HB_OK; row++) {
        size_t g = SIZE_MAX;
        w->of_row[row] = UINT32_MAX;
        if (keep && !keep[row]) {
            continue;
        }
        status = group_of(r, t, b, row, &g, err);
        if (status == HB_OK && g != SIZE_MAX) {
            hb_cell_class k = class_of(f, row);
            count_sample(&r->groups[g], k);
            if (k == HB_CELL_IS_NUMBER) {
                w->of_row[row] = (uint32_t)g;
                starts[g + 1]++;
            }
        }
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        starts[g + 1] += starts[g];
    }
    for (size_t row = 0; row < b->n_rows && status == HB_OK; row++) {
        if (w->of_row[row] != UINT32_MAX) {
            w->values[starts[w->of_row[row]]++] = f->v[row];
        }
    }
    for (size_t g = 0, at = 0; g < r->n_groups && status == HB_OK; g++) {
        hb_moments m = hb_moments_block(w->values + at, starts[g] - at);
        hb_moments_merge(&r->groups[g].moments, &m);
        at = starts[g];
    }
    hb_free(starts);
    return status;
}

static hb_status take_samples(hb_reading *r, const json_t *list, hb_reading_metric *m,
                              hb_error *err)
{
    hb_reading_rows *w = &r->work->rows;
    size_t n = 0;
    size_t all = json_array_size(list);
    HB_TRY(HB_GROW(w->values, w->cap_values, all + 1, MAX_SAMPLES, "samples of a row", err));
    for (size_t i = 0; i < all; i++) {
        const json_t *v = json_array_get(list, i);
        if (json_is_number(v)) {
            w->values[n++] = json_number_value(v);
        }
    }
    m->samples = hb_moments_block(w->values, n);
    return HB_OK;
}

static hb_status add_tag(hb_reading *r, const char *key, const json_t *v, hb_reading_metric *m,
                         hb_error *err)
{
    char room[HB_NUM_TEXT];
    hb_reading_tag tag = {.is_text = json_is_string(v)};
    hb_str value = {"", 0};
    if (json_is_string(v)) {
        value = (hb_str){json_string_value(v), json_string_length(v)};
    } else if (json_is_integer(v)) {
        value = (hb_str){
            room, (size_t)snprintf(room, sizeof room, "%lld", (long long)json_integer_value(v))};
    } else if (json_is_real(v)) {
        value = (hb_str){room, hb_num_print(json_real_value(v), room)};
    } else if (json_is_boolean(v)) {
        value = json_is_true(v) ? HB_STR("true") : HB_STR("false");
    } else {
        return HB_OK;
    }
    HB_TRY(hb_reading_text(r, hb_str_of(key), HB_READING_TEXT_BYTES, &tag.key, err));
    HB_TRY(hb_reading_text(r, value, HB_READING_TEXT_BYTES, &tag.value, err));
    m->tags[m->n_tags++] = tag;
    return HB_OK;
}

/* Tags that are no JSON object are left to the run's own reading, which tells of them. */
static hb_status take_tags(hb_reading *r, hb_str text, hb_reading_metric *m, hb_error *err)
{
    json_error_t why;
    const char *key = NULL;
    json_t *v = NULL;
    json_t *root = hb_str_starts(text, "{") ? hb_json_value(text, &why) : NULL;
    if (!json_is_object(root)) {
        json_decref(root);
        return HB_OK;
    }
    m->tags = hb_arena_array(&r->arena, MAX_TAGS, sizeof *m->tags);
    hb_status status = m->tags ? HB_OK : HB_NOMEM(err);
    json_object_foreach(root, key, v)
    {
        if (status == HB_OK && json_is_array(v) && strcmp(key, "samples") == 0) {
            status = take_samples(r, v, m, err);
        } else if (status == HB_OK && m->n_tags < MAX_TAGS) {
            status = add_tag(r, key, v, m, err);
        }
    }
    json_decref(root);
    return status;
}

static hb_status metric_row(hb_reading *r, hb_table *t, const hb_block *b, const hb_figures *f,
                            size_t row, hb_error *err)
{
    const hb_row_columns *c = &r->work->rows.columns;
    char room[HB_NUM_TEXT];
    hb_reading_metric m = {.line = b->lines[row]};
    hb_str name = hb_str_trim(hb_reading_cell_text(t, b, row, c->metric, room));
    if (name.n == 0 || r->n_metrics == HB_READING_METRICS) {
        r->cut = r->cut || name.n;
        return HB_OK;
    }
    HB_TRY(HB_GROW(r->metrics, r->work->rows.cap_metrics, r->n_metrics + 1, HB_READING_METRICS,
                   "metrics", err));
    HB_TRY(hb_reading_text(r, name, HB_READING_TEXT_BYTES, &m.name, err));
    HB_TRY(unit_of_row(r, t, b, row, &m.raw_unit, &m.unit, err));
    m.has_value = class_of(f, row) == HB_CELL_IS_NUMBER;
    m.value = m.has_value ? f->v[row] : 0;
    if (c->tags != HB_NO_COLUMN) {
        hb_str tags = hb_str_trim(hb_reading_cell_text(t, b, row, c->tags, room));
        HB_TRY(take_tags(r, tags, &m, err));
    }
    r->metrics[r->n_metrics++] = m;
    return HB_OK;
}

hb_status hb_reading_rows_block(hb_reading *r, hb_table *t, const hb_block *b,
                                const hb_figures *figures, const unsigned char *keep, hb_error *err)
{
    const hb_reading_rows *w = &r->work->rows;
    if (!r->work->by_rows) {
        return HB_OK;
    }
    const hb_figures *f = &figures[w->columns.value];
    if (w->series) {
        return series_block(r, t, b, f, keep, err);
    }
    for (size_t row = 0; row < b->n_rows; row++) {
        if (!keep || keep[row]) {
            HB_TRY(metric_row(r, t, b, f, row, err));
        }
    }
    return HB_OK;
}
