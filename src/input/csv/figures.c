/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/figures.h"

#include "base/mem.h"
#include "base/num_column.h"

#include <math.h>
#include <string.h>

enum { MAX_CELLS = 1 << 26, MAX_CELL_BYTES = 32 << 20 };

typedef enum how {
    HOW_NONE,  /* nobody wants it */
    HOW_POINT, /* figures with a decimal point; other cells by the rule */
    HOW_COMMA, /* likewise, decimal comma */
    HOW_RULE,
    HOW_TIME,
    HOW_TEXT,
} how;

static how number_how(const hb_number_rule *rule)
{
    hb_number_rule point = *rule;
    point.decimal = '.';
    return !hb_number_rule_is_plain(&point) ? HOW_RULE
           : rule->decimal == '.'           ? HOW_POINT
                                            : HOW_COMMA;
}

hb_status hb_csv_job_init(hb_csv_job *job, const hb_plan *plan, size_t width, hb_error *err)
{
    job->how = hb_alloc_zero(width);
    if (!job->how) {
        return HB_NOMEM(err);
    }
    job->plan = plan;
    job->width = width;
    for (size_t i = 0; i < width && i < plan->n_columns; i++) {
        const hb_column_plan *c = &plan->columns[i];
        switch (c->kind) {
        case HB_COLUMN_NUMBER:
        case HB_COLUMN_BOOL:
            job->how[i] = (uint8_t)number_how(&c->number);
            break;
        case HB_COLUMN_TIME:
            job->how[i] = HOW_TIME;
            break;
        case HB_COLUMN_TEXT:
            job->how[i] = HOW_TEXT;
            break;
        case HB_COLUMN_IGNORED:
        case HB_COLUMN_COUNT_:
            break;
        }
    }
    return HB_OK;
}

void hb_csv_job_release(hb_csv_job *job)
{
    hb_free(job->how);
    *job = (hb_csv_job){0};
}

static hb_str trim(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    while (p < end && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return (hb_str){p, (size_t)(end - p)};
}

/* A field as the cell it is; quotes inside quotes are odd rows and not seen here. */
static hb_cell cell_of(const char *p, const char *end)
{
    hb_str s = trim(p, end);
    bool quoted = s.n >= 2 && s.p[0] == '"';
    if (quoted) {
        s = trim(s.p + 1, s.p + s.n - 1);
    }
    hb_cell cell = {
        .len = (uint32_t)s.n, .kind = s.n ? HB_CELL_TEXT : HB_CELL_EMPTY, .quoted = quoted};
    cell.as.p = s.p;
    return cell;
}

static void set_class(hb_csv_figures *f, size_t column, size_t row, hb_cell_class k)
{
    uint8_t *cls = f->cls + column * f->stride;
    if (!f->odd[column]) {
        memset(cls, HB_CELL_IS_NUMBER, f->stride);
        f->odd[column] = true;
    }
    cls[row] = (uint8_t)k;
}

static inline const char *field_start(const hb_csv_figures *f, size_t row, size_t column)
{
    const hb_rows *r = &f->rows;
    return r->in.text + (column ? r->marks.at[r->first[row] + column - 1] + 1 : r->begin[row]);
}

static inline const char *field_end(const hb_csv_figures *f, size_t row, size_t column)
{
    const hb_rows *r = &f->rows;
    return r->in.text + r->marks.at[r->first[row] + column];
}

static hb_cell cell_at(const hb_csv_figures *f, size_t row, size_t column)
{
    return cell_of(field_start(f, row, column), field_end(f, row, column));
}

/* What the quick way left: blanks, quotes, long numbers, words, nothing at all. */
static __attribute__((noinline)) void by_rule(hb_csv_figures *f, const hb_csv_job *job,
                                              size_t column, size_t row)
{
    hb_cell cell = cell_at(f, row, column);
    double *v = f->v + column * f->stride + row;
    const hb_number_rule *rule = &job->plan->columns[column].number;
    hb_str text = {cell.as.p, cell.len};
    if (cell.kind == HB_CELL_EMPTY) {
        set_class(f, column, row, HB_CELL_IS_MISSING);
        return;
    }
    hb_cell_class k = hb_number_rule_read(rule, text, v);
    if (k != HB_CELL_IS_NUMBER) {
        set_class(f, column, row, k);
    }
}

/* Where the fields of a column end in the new rows. */
static void find_ends(const hb_csv_figures *f, size_t column, uint32_t *ends)
{
    const hb_rows *r = &f->rows;
    const uint32_t *at = r->marks.at + column;
    for (size_t row = r->from; row < r->n_rows; row++) {
        uint32_t first = r->first[row];
        *ends++ = first == HB_ROWS_ODD ? r->begin[row] : at[first];
    }
}

/* Plain figures of the new rows; the rows of the others come to stand in f->left, and their number
 * is returned. *io_known: the column whose ends are in f->edges[0], as the column before left it.
 */
static size_t read_plain(hb_csv_figures *f, size_t column, char decimal, size_t *io_known)
{
    const hb_rows *r = &f->rows;
    const uint32_t *start = r->begin + r->from;
    if (column) {
        if (*io_known != column - 1) {
            find_ends(f, column - 1, f->edges[0]);
        }
        start = f->edges[0];
    }
    find_ends(f, column, f->edges[1]);
    size_t left = hb_num_column(r->in.text, start, column > 0, f->edges[1], r->n_rows - r->from,
                                decimal, f->v + column * f->stride + r->from, f->left);
    for (size_t i = 0; i < left; i++) {
        f->left[i] += (uint32_t)r->from;
    }
    uint32_t *swap = f->edges[0];
    f->edges[0] = f->edges[1];
    f->edges[1] = swap;
    *io_known = column;
    return left;
}

static void read_numbers(hb_csv_figures *f, const hb_csv_job *job, size_t column, char decimal,
                         size_t *io_known)
{
    size_t left = read_plain(f, column, decimal, io_known);
    for (size_t i = 0; i < left; i++) {
        if (f->rows.first[f->left[i]] != HB_ROWS_ODD) {
            by_rule(f, job, column, f->left[i]);
        }
    }
}

static bool in_axis(const hb_plan *plan, size_t column)
{
    for (size_t k = 0; k < plan->axis.n_columns; k++) {
        if (plan->axis.kind != HB_AXIS_NONE && plan->axis.columns[k] == column) {
            return true;
        }
    }
    return false;
}

static hb_time read_time(const hb_csv_figures *f, const hb_csv_job *job, const hb_time_rule *rule,
                         size_t row)
{
    hb_cell cells[HB_TIME_PARTS];
    const hb_cell *parts[HB_TIME_PARTS] = {0};
    for (size_t k = 0; k < rule->n_columns; k++) {
        cells[k] = cell_at(f, row, rule->columns[k]);
        parts[k] = &cells[k];
    }
    return hb_time_rule_read(rule, parts, job->plan->decimal);
}

/* The times of an axis of several columns into f->t. */
static void read_axis(hb_csv_figures *f, const hb_csv_job *job)
{
    const hb_rows *r = &f->rows;
    for (size_t row = r->from; row < r->n_rows; row++) {
        if (r->first[row] != HB_ROWS_ODD) {
            f->t[row] = read_time(f, job, &job->plan->axis, row);
        }
    }
}

/* Does the axis need nothing but this column? */
static bool is_axis(const hb_plan *plan, size_t column)
{
    return plan->axis.n_columns == 1 && in_axis(plan, column);
}

/* How a column of times is read. */
typedef struct times {
    const hb_column_plan *plan;
    size_t column;
    bool alone; /* the axis needs nothing but this column */
    bool part;  /* the axis is read already, of several columns */
    bool plain; /* v holds plain figures, NaN where there is none */
} times;

static void read_one_time(hb_csv_figures *f, const hb_csv_job *job, const times *way, size_t row)
{
    const hb_column_plan *c = way->plan;
    double *v = f->v + way->column * f->stride + row;
    hb_cell cell = cell_at(f, row, way->column);
    const hb_cell *parts[HB_TIME_PARTS] = {&cell};
    hb_cell_class k = HB_CELL_IS_NUMBER;
    if (way->alone) {
        f->t[row] = hb_time_rule_read(&job->plan->axis, parts, job->plan->decimal);
    }
    hb_time t = way->alone || way->part ? f->t[row] : read_time(f, job, &c->time, row);
    if (cell.kind == HB_CELL_EMPTY) {
        k = HB_CELL_IS_MISSING;
    } else if (t == HB_TIME_NONE) {
        k = hb_plan_no_time((hb_str){cell.as.p, cell.len});
    } else if (!c->time.plain_number) {
        *v = 0;
    } else if (!way->plain || isnan(*v)) {
        k = hb_number_rule_read(&c->number, (hb_str){cell.as.p, cell.len}, v);
    }
    if (k != HB_CELL_IS_NUMBER) {
        set_class(f, way->column, row, k);
    }
}

static void read_times(hb_csv_figures *f, const hb_csv_job *job, size_t column, size_t *io_known)
{
    const hb_rows *r = &f->rows;
    const hb_column_plan *c = &job->plan->columns[column];
    times way = {.plan = c, .column = column, .alone = is_axis(job->plan, column)};
    way.part = !way.alone && in_axis(job->plan, column);
    way.plain = c->time.plain_number && hb_number_rule_is_plain(&c->number);
    double *v = f->v + column * f->stride;
    size_t left = way.plain ? read_plain(f, column, '.', io_known) : 0;
    for (size_t i = 0; i < left; i++) {
        v[f->left[i]] = NAN;
    }
    bool told =
        way.plain && way.alone &&
        hb_time_rule_figures(&job->plan->axis, v + r->from, r->n_rows - r->from, f->t + r->from);
    for (size_t row = r->from; row < r->n_rows; row++) {
        if (!(told && f->t[row] != HB_TIME_NONE) && r->first[row] != HB_ROWS_ODD) {
            read_one_time(f, job, &way, row);
        }
    }
}

static void read_texts(hb_csv_figures *f, size_t column)
{
    const hb_rows *r = &f->rows;
    for (size_t row = r->from; row < r->n_rows; row++) {
        if (r->first[row] != HB_ROWS_ODD) {
            bool empty = cell_at(f, row, column).kind == HB_CELL_EMPTY;
            set_class(f, column, row, empty ? HB_CELL_IS_MISSING : HB_CELL_IS_TEXT);
        }
    }
}

static void read_columns(hb_csv_figures *f, const hb_csv_job *job)
{
    const hb_plan *plan = job->plan;
    size_t axis = plan->axis.kind == HB_AXIS_NONE ? job->width : plan->axis.columns[0];
    if (axis < job->width && !(is_axis(plan, axis) && job->how[axis] == HOW_TIME)) {
        read_axis(f, job);
    }
    size_t known = SIZE_MAX;
    for (size_t i = 0; i < job->width; i++) {
        switch ((how)job->how[i]) {
        case HOW_POINT:
            read_numbers(f, job, i, '.', &known);
            break;
        case HOW_COMMA:
            read_numbers(f, job, i, ',', &known);
            break;
        case HOW_RULE:
            for (size_t row = f->rows.from; row < f->rows.n_rows; row++) {
                if (f->rows.first[row] != HB_ROWS_ODD) {
                    by_rule(f, job, i, row);
                }
            }
            break;
        case HOW_TIME:
            read_times(f, job, i, &known);
            break;
        case HOW_TEXT:
            read_texts(f, i);
            break;
        case HOW_NONE:
            break;
        }
    }
}

/* Of the new rows; the block's arrays have room for all of them. */
static hb_status room_for_edges(hb_csv_figures *f, hb_error *err)
{
    size_t n = f->rows.n_rows - f->rows.from;
    if (n <= f->cap_edges) {
        return HB_OK;
    }
    size_t cap = n + n / 2;
    uint32_t **arrays[] = {&f->edges[0], &f->edges[1], &f->left};
    f->cap_edges = 0;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        hb_free(*arrays[i]);
        *arrays[i] = hb_alloc_array(cap, sizeof **arrays[i]);
        if (!*arrays[i]) {
            return HB_NOMEM(err);
        }
    }
    f->cap_edges = cap;
    return HB_OK;
}

/* Room for n rows; what was read stays, column by column at its new place. */
static hb_status room(hb_csv_figures *f, const hb_csv_job *job, size_t n, hb_error *err)
{
    if (n <= f->stride) {
        return HB_OK;
    }
    size_t stride = n + n / 4 + 64;
    if (stride > MAX_CELLS / job->width) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %d cells in a block", MAX_CELLS);
    }
    double *v = hb_alloc_large(stride, job->width * (sizeof *v + sizeof *f->cls) + sizeof *f->t);
    if (!v) {
        return HB_NOMEM(err);
    }
    hb_time *t = (hb_time *)(void *)(v + stride * job->width);
    uint8_t *cls = (uint8_t *)(t + stride);
    size_t kept = f->rows.from;
    for (size_t i = 0; kept && i < job->width; i++) {
        memcpy(v + i * stride, f->v + i * f->stride, kept * sizeof *v);
        if (f->odd[i]) {
            memset(cls + i * stride, HB_CELL_IS_NUMBER, stride);
            memcpy(cls + i * stride, f->cls + i * f->stride, kept);
        }
    }
    if (kept) {
        memcpy(t, f->t, kept * sizeof *t);
    }
    hb_free(f->v);
    f->v = v;
    f->cls = cls;
    f->t = t;
    f->stride = stride;
    return HB_OK;
}

/* The odd rows, which became cells, take the road of the formats that know no other. */
static hb_status read_odd_rows(hb_csv_figures *f, const hb_csv_job *job, hb_error *err)
{
    const hb_record_sink *odd = &f->rows.odd;
    const hb_figures *from = NULL;
    hb_block block = {.cells = odd->cells, .n_rows = odd->n_rows, .n_cols = job->width};
    if (odd->n_rows == 0) {
        return HB_OK;
    }
    HB_TRY(hb_plan_block(job->plan, &block, &f->odd_room, &from, err));
    for (size_t i = 0; i < job->width; i++) {
        for (size_t k = 0; job->how[i] != HOW_NONE && k < odd->n_rows; k++) {
            size_t row = f->rows.odd_rows[k];
            hb_cell_class c = from[i].cls ? (hb_cell_class)from[i].cls[k] : HB_CELL_IS_NUMBER;
            if (c == HB_CELL_IS_NUMBER) {
                f->v[i * f->stride + row] = from[i].v[k];
            }
            if (c != HB_CELL_IS_NUMBER || f->odd[i]) {
                set_class(f, i, row, c);
            }
            if (from[i].t) {
                f->t[row] = from[i].t[k];
            }
        }
    }
    return HB_OK;
}

static void show(hb_csv_figures *f, const hb_csv_job *job)
{
    const hb_time_rule *axis = &job->plan->axis;
    if (!f->v) { /* a block without a row, before there was room for any */
        memset(f->figures, 0, job->width * sizeof *f->figures);
        return;
    }
    for (size_t i = 0; i < job->width; i++) {
        if (job->how[i] == HOW_NONE) {
            memset(f->cls + i * f->stride, HB_CELL_IS_MISSING, f->rows.n_rows);
            f->odd[i] = true;
        }
        f->figures[i] = (hb_figures){.v = f->v + i * f->stride,
                                     .cls = f->odd[i] ? f->cls + i * f->stride : NULL};
    }
    if (axis->kind != HB_AXIS_NONE) {
        f->figures[axis->columns[0]].t = f->t;
    }
}

hb_status hb_csv_figures_read(hb_csv_figures *f, const hb_csv_job *job, const char *text, size_t n,
                              size_t rows_hint, hb_error *err)
{
    hb_rows_input in = {.text = text,
                        .n = n,
                        .delimiter = job->delimiter,
                        .comments = job->comments,
                        .width = job->width,
                        .path = job->path};
    if (!f->figures) {
        f->odd = hb_alloc_array(job->width, sizeof *f->odd);
        f->figures = hb_alloc_array(job->width, sizeof *f->figures);
        if (!f->odd || !f->figures) {
            return HB_NOMEM(err);
        }
    }
    memset(f->odd, 0, job->width * sizeof *f->odd);
    hb_rows_begin(&f->rows, &in);
    HB_TRY(room(f, job, rows_hint, err));
    for (;;) {
        HB_TRY(hb_rows_next(&f->rows, err));
        if (f->rows.from == f->rows.n_rows) {
            break;
        }
        HB_TRY(room(f, job, f->rows.n_rows, err));
        HB_TRY(room_for_edges(f, err));
        read_columns(f, job);
    }
    HB_TRY(read_odd_rows(f, job, err));
    show(f, job);
    return hb_samples_make(&f->samples, job->plan, f->figures, job->width, f->rows.n_rows, err);
}

hb_str hb_csv_figures_text(hb_csv_figures *f, const hb_csv_job *job, size_t row, size_t column)
{
    static const hb_str none = {"", 0};
    const hb_rows *r = &f->rows;
    size_t begin = r->begin[row];
    size_t end = row + 1 < r->n_rows ? r->begin[row + 1] : r->in.n;
    if (HB_GROW(f->plain, f->cap_plain, end - begin, MAX_CELL_BYTES, "bytes in a record", NULL) !=
        HB_OK) {
        return none; /* a text for a message; the count stands without it */
    }
    memcpy(f->plain, r->in.text + begin, end - begin);
    hb_record_input one = {.text = f->plain,
                           .n = end - begin,
                           .end = true,
                           .delimiter = job->delimiter,
                           .comments = job->comments,
                           .width = job->width,
                           .path = job->path,
                           .max_rows = 1};
    hb_record_sink sink = {0};
    hb_str found = none;
    if (hb_record_parse(&one, &sink, NULL) == HB_OK && sink.n_rows == 1 && column < job->width) {
        const hb_cell *cell = &sink.cells[column];
        found = cell->kind == HB_CELL_TEXT ? (hb_str){cell->as.p, cell->len} : none;
    }
    hb_record_release(&sink);
    return found;
}

void hb_csv_figures_release(hb_csv_figures *f)
{
    hb_rows_release(&f->rows);
    hb_plan_room_release(&f->odd_room);
    hb_samples_release(&f->samples);
    hb_free(f->v);
    hb_free(f->odd);
    hb_free(f->figures);
    hb_free(f->plain);
    hb_free(f->edges[0]);
    hb_free(f->edges[1]);
    hb_free(f->left);
    *f = (hb_csv_figures){0};
}
