/* SPDX-License-Identifier: Apache-2.0 */
#include "input/row_filter.h"

#include "base/mem.h"

#include <string.h>

enum {
    GAP_ABOVE = 2,  /* in keep[] while a suspect row of the block at hand waits */
    LAST_ROWS = 32, /* of a block are looked at even when a column has nothing but figures */
};

/* Held rows are kept column by column: column c of row r stands at [c * HB_FILTER_HELD + r]. */
typedef struct held {
    double *v;
    uint8_t *cls;
    hb_time *t;
    uint64_t *lines;
    bool *word; /* a text of the row is the name of a summary */
    bool *gap;  /* lines are missing above it: an empty one, a comment */
    size_t n;
} held;

struct hb_row_filter {
    const hb_plan *plan;
    const hb_column *columns;
    held held;
    hb_figures *released; /* views into `held` */
    size_t n_released;
    hb_row_filter_counts counts;
    hb_segment *segments;
    size_t n_segments;
    size_t cap_segments;
    uint64_t line; /* of the row before */
    bool names;    /* the columns have names to be found again */
};

hb_status hb_row_filter_new(const hb_plan *plan, const hb_column *columns, uint64_t header_line,
                            hb_row_filter **ret, hb_error *err)
{
    hb_row_filter *f = hb_alloc_zero(sizeof *f);
    if (!f) {
        return HB_NOMEM(err);
    }
    size_t cells = (plan->n_columns + 1) * HB_FILTER_HELD;
    f->plan = plan;
    f->columns = columns;
    f->held.v = hb_alloc_array(cells, sizeof *f->held.v);
    f->held.cls = hb_alloc_array(cells, 1);
    f->held.t = hb_alloc_array(HB_FILTER_HELD, sizeof *f->held.t);
    f->held.lines = hb_alloc_array(HB_FILTER_HELD, sizeof *f->held.lines);
    f->held.word = hb_alloc_array(HB_FILTER_HELD, sizeof *f->held.word);
    f->held.gap = hb_alloc_array(HB_FILTER_HELD, sizeof *f->held.gap);
    f->released = hb_alloc_array(plan->n_columns + 1, sizeof *f->released);
    bool ok = f->held.v && f->held.cls && f->held.t && f->held.lines && f->held.word &&
              f->held.gap && f->released;
    hb_status status =
        ok ? HB_GROW(f->segments, f->cap_segments, 1, HB_FILTER_SEGMENTS, "segments", err)
           : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_row_filter_free(f);
        return status;
    }
    f->segments[f->n_segments++] = (hb_segment){.header_line = header_line};
    size_t named = 0;
    for (size_t i = 0; i < plan->n_columns; i++) {
        named += hb_column_written(&columns[i]).n > 0;
    }
    f->names = header_line > 0 && named >= 2;
    *ret = f;
    return HB_OK;
}

void hb_row_filter_free(hb_row_filter *f)
{
    if (f) {
        hb_free(f->held.v);
        hb_free(f->held.cls);
        hb_free(f->held.t);
        hb_free(f->held.lines);
        hb_free(f->held.word);
        hb_free(f->held.gap);
        hb_free(f->released);
        hb_free(f->segments);
        hb_free(f);
    }
}

/* What a block shows, in whichever form it came. */
typedef struct view {
    hb_table *table;
    const hb_block *block;
    const hb_figures *figures;
} view;

static hb_str text_at(const view *w, size_t row, size_t column)
{
    if (w->block->cells) {
        const hb_cell *c = &w->block->cells[row * w->block->n_cols + column];
        return c->kind == HB_CELL_TEXT || c->kind == HB_CELL_ERROR ? (hb_str){c->as.p, c->len}
                                                                   : (hb_str){"", 0};
    }
    return hb_str_trim(w->table->ops->text(w->table, row, column));
}

static hb_cell_class class_at(const view *w, size_t row, size_t column)
{
    const uint8_t *cls = w->figures[column].cls;
    return cls ? (hb_cell_class)cls[row] : HB_CELL_IS_NUMBER;
}

/* Names as the file writes them: the unit may stand in the cell as well. */
static bool is_names_row(const hb_row_filter *f, const view *w, size_t row)
{
    size_t same = 0;
    size_t named = 0;
    if (!f->names) {
        return false;
    }
    for (size_t i = 0; i < f->plan->n_columns && i < w->block->n_cols; i++) {
        hb_str name = hb_column_written(&f->columns[i]);
        if (name.n == 0) {
            continue;
        }
        hb_str text = text_at(w, row, i);
        named++;
        same += hb_str_eq(name, text);
        if (same + 1 < named) {
            return false; /* one may differ: a cell was trimmed, a byte was lost */
        }
    }
    return named >= 2 && same + 1 >= named && same >= 2;
}

/* A row of units or of a ruler right below names that came again: no figure in it. */
static bool has_figures(const hb_row_filter *f, const view *w, size_t row)
{
    for (size_t i = 0; i < f->plan->n_columns && i < w->block->n_cols; i++) {
        hb_column_kind kind = f->plan->columns[i].kind;
        if ((kind == HB_COLUMN_NUMBER || kind == HB_COLUMN_BOOL || kind == HB_COLUMN_TIME) &&
            class_at(w, row, i) == HB_CELL_IS_NUMBER) {
            return true;
        }
    }
    return false;
}

/* "Mean,,20.1": a summary below names its kind in the first column and has no value in another. */
static bool is_titled_summary(const hb_row_filter *f, const view *w, size_t row)
{
    size_t n = f->plan->n_columns < w->block->n_cols ? f->plan->n_columns : w->block->n_cols;
    bool missing = false;
    if (n < 3 || f->plan->columns[0].kind != HB_COLUMN_TEXT ||
        !hb_is_summary_word(text_at(w, row, 0))) {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        hb_column_kind kind = f->plan->columns[i].kind;
        bool figure = kind == HB_COLUMN_NUMBER || kind == HB_COLUMN_BOOL;
        if (kind == HB_COLUMN_TEXT && text_at(w, row, i).n) {
            return false; /* a metric of that name, with its unit or its verdict */
        }
        missing = missing || (figure && class_at(w, row, i) == HB_CELL_IS_MISSING);
    }
    return missing;
}

static bool suspect_without_time(const hb_row_filter *f, const view *w, size_t row, bool gap,
                                 bool chained)
{
    bool figures = false;
    bool texts = false;
    bool word = false;
    for (size_t i = 0; i < f->plan->n_columns && i < w->block->n_cols; i++) {
        hb_column_kind kind = f->plan->columns[i].kind;
        if (kind == HB_COLUMN_NUMBER || kind == HB_COLUMN_BOOL) {
            hb_cell_class k = class_at(w, row, i);
            figures = figures || k == HB_CELL_IS_NUMBER;
            texts = texts || k == HB_CELL_IS_TEXT;
            word = word || (k == HB_CELL_IS_TEXT && hb_is_summary_word(text_at(w, row, i)));
        } else if (kind == HB_COLUMN_TEXT && gap) {
            word = word || hb_is_summary_word(text_at(w, row, i));
        }
    }
    return word || (!figures && texts && (gap || chained)) || is_titled_summary(f, w, row);
}

static bool any_clean(const hb_row_filter *f, const view *w)
{
    for (size_t i = 0; i < f->plan->n_columns && i < w->block->n_cols; i++) {
        hb_column_kind kind = f->plan->columns[i].kind;
        if ((kind == HB_COLUMN_NUMBER || kind == HB_COLUMN_BOOL) && !w->figures[i].cls) {
            return true;
        }
    }
    return false;
}

static void hold(hb_row_filter *f, const view *w, size_t row, bool gap)
{
    held *h = &f->held;
    size_t r = h->n++;
    bool word = false;
    for (size_t i = 0; i < f->plan->n_columns; i++) {
        bool there = i < w->block->n_cols;
        hb_cell_class k = there ? class_at(w, row, i) : HB_CELL_IS_MISSING;
        h->cls[i * HB_FILTER_HELD + r] = (uint8_t)k;
        h->v[i * HB_FILTER_HELD + r] =
            there && k == HB_CELL_IS_NUMBER && w->figures[i].v ? w->figures[i].v[row] : 0;
        word = word || (there && k == HB_CELL_IS_TEXT && hb_is_summary_word(text_at(w, row, i)));
    }
    word = word || (f->plan->axis.kind == HB_AXIS_NONE && is_titled_summary(f, w, row));
    h->t[r] = HB_TIME_NONE;
    h->lines[r] = w->block->lines[row];
    h->word[r] = word;
    h->gap[r] = gap;
}

/* The held rows are data after all. */
static void release(hb_row_filter *f, hb_released *ret)
{
    held *h = &f->held;
    bool timed = f->plan->axis.kind != HB_AXIS_NONE;
    for (size_t i = 0; i < f->plan->n_columns; i++) {
        bool axis = timed && f->plan->axis.columns[0] == i;
        f->released[i] = (hb_figures){.v = h->v + i * HB_FILTER_HELD,
                                      .cls = h->cls + i * HB_FILTER_HELD,
                                      .t = axis ? h->t : NULL};
    }
    *ret = (hb_released){.figures = f->released, .lines = h->lines, .n_rows = h->n};
    if (h->n) {
        f->counts.rows += h->n;
        f->counts.bad_times += timed ? h->n : 0;
        f->counts.last_line = h->lines[h->n - 1];
        f->segments[f->n_segments - 1].rows += h->n;
    }
    h->n = 0;
}

static hb_status begin_segment(hb_row_filter *f, uint64_t line, hb_error *err)
{
    f->counts.segment_rows += f->held.n + 1;
    f->held.n = 0;
    HB_TRY(HB_GROW(f->segments, f->cap_segments, f->n_segments + 1, HB_FILTER_SEGMENTS, "segments",
                   err));
    f->segments[f->n_segments++] = (hb_segment){.header_line = line};
    return HB_OK;
}

static void good_rows(hb_row_filter *f, const uint64_t *lines, size_t n)
{
    hb_segment *s = &f->segments[f->n_segments - 1];
    s->data_first_line = s->rows ? s->data_first_line : lines[0];
    s->rows += n;
    f->counts.rows += n;
    f->counts.last_line = lines[n - 1];
}

/* Rows from r on that need no look at what they say. */
static size_t plain_rows(const hb_time *t, bool clean, size_t r, size_t n_rows)
{
    size_t to = r;
    if (t) {
        while (to < n_rows && t[to] != HB_TIME_NONE) {
            to++;
        }
    } else if (clean && n_rows - r > LAST_ROWS) {
        to = n_rows - LAST_ROWS;
    }
    return to - r;
}

/* Suspect rows before a good one of the same block stay in it. */
static void keep_back(hb_row_filter *f, unsigned char *keep, size_t from, size_t to,
                      const uint64_t *lines, bool timed)
{
    for (size_t r = from; r < to; r++) {
        keep[r] = 1;
        good_rows(f, &lines[r], 1);
        f->counts.bad_times += timed;
    }
}

hb_status hb_row_filter_block(hb_row_filter *f, hb_table *table, const hb_block *block,
                              const hb_figures *figures, unsigned char *keep, hb_released *ret,
                              hb_error *err)
{
    view w = {.table = table, .block = block, .figures = figures};
    bool timed = f->plan->axis.kind != HB_AXIS_NONE;
    const hb_time *t = timed ? figures[f->plan->axis.columns[0]].t : NULL;
    bool clean = !timed && any_clean(f, &w);
    size_t waiting = 0; /* suspect rows right before the present one, of this block */
    *ret = (hb_released){0};
    for (size_t r = 0; r < block->n_rows; r++) {
        size_t plain = waiting || f->held.n ? 0 : plain_rows(t, clean, r, block->n_rows);
        if (plain) {
            memset(keep + r, 1, plain);
            good_rows(f, block->lines + r, plain);
            r += plain;
            f->line = block->lines[r - 1];
            if (r == block->n_rows) {
                break;
            }
        }
        uint64_t line = block->lines[r];
        bool gap = f->line && line > f->line + 1;
        f->line = line;
        bool bad = timed ? t[r] == HB_TIME_NONE
                         : (!clean || block->n_rows - r <= LAST_ROWS) &&
                               suspect_without_time(f, &w, r, gap, waiting + f->held.n > 0);
        if (bad && is_names_row(f, &w, r)) {
            memset(keep + r - waiting, 0, waiting);
            f->counts.segment_rows += waiting;
            waiting = 0;
            keep[r] = 0;
            HB_TRY(begin_segment(f, line, err));
            continue;
        }
        const hb_segment *s = &f->segments[f->n_segments - 1];
        if (bad && f->n_segments > 1 && s->rows == 0 && !has_figures(f, &w, r)) {
            keep[r] = 0; /* units or a ruler below the names */
            f->counts.segment_rows++;
            continue;
        }
        keep[r] = bad ? GAP_ABOVE * gap : 1;
        if (bad) {
            waiting++;
            continue;
        }
        if (f->held.n) { /* only before the first good row of a block */
            release(f, ret);
        }
        keep_back(f, keep, r - waiting, r, block->lines, timed);
        waiting = 0;
        good_rows(f, &line, 1);
    }
    size_t from = block->n_rows - waiting;
    if (f->held.n + waiting > HB_FILTER_HELD) { /* too many for a footer or a heading: data */
        release(f, ret);
        keep_back(f, keep, from, block->n_rows, block->lines, timed);
        return HB_OK;
    }
    for (size_t r = from; r < block->n_rows; r++) {
        hold(f, &w, r, keep[r] == GAP_ABOVE);
        keep[r] = 0;
    }
    return HB_OK;
}

static bool held_figures(const hb_row_filter *f, size_t r)
{
    bool any = false;
    for (size_t i = 0; i < f->plan->n_columns; i++) {
        hb_column_kind kind = f->plan->columns[i].kind;
        any = any || ((kind == HB_COLUMN_NUMBER || kind == HB_COLUMN_BOOL) &&
                      f->held.cls[i * HB_FILTER_HELD + r] == HB_CELL_IS_NUMBER);
    }
    return any;
}

/* With a time: whatever stands below without one, when it is set off, says what it is or has no
 * figure ("(40 rows)", a closing ruler). Otherwise a word is asked for. */
static bool looks_like_footer(const hb_row_filter *f, size_t r)
{
    const held *h = &f->held;
    if (h->word[r] || h->gap[r]) {
        return true;
    }
    if (f->plan->axis.kind == HB_AXIS_NONE) {
        return false;
    }
    size_t axis = f->plan->axis.columns[0];
    return !held_figures(f, r) || h->cls[axis * HB_FILTER_HELD + r] == HB_CELL_IS_TEXT;
}

hb_status hb_row_filter_finish(hb_row_filter *f, hb_released *ret, hb_row_filter_counts *ret_counts,
                               hb_error *err)
{
    (void)err;
    held *h = &f->held;
    size_t first = 0;
    while (first < h->n && !looks_like_footer(f, first)) {
        first++;
    }
    size_t n = h->n;
    if (first < n) {
        f->counts.footer_rows = n - first;
        f->counts.footer_line = h->lines[first];
    }
    h->n = first;
    release(f, ret);
    *ret_counts = f->counts;
    ret_counts->segments = f->segments;
    ret_counts->n_segments = f->n_segments;
    return HB_OK;
}
