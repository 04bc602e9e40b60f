/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of each column: counted, and their figures taken, column beside column where there are
 * threads. What a column keeps depends on its own cells in order, so threads change nothing. */
#include "input/reading_internal.h"

#include "base/mem.h"
#include "os/pool.h"

#include <string.h>

enum { PARTS_PER_THREAD = 4, MAX_ROWS = 1 << 24 };

/* Room of one part of the work. */
struct hb_reading_part {
    double *values;
    hb_time *times;
    size_t cap_values;
    size_t cap_times;
    hb_status status;
    hb_error err;
};

typedef struct sweep {
    hb_reading *r;
    const hb_block *b;
    const hb_figures *figures;
    const hb_time *times; /* of the rows; NULL = no axis */
    const unsigned char *keep;
    size_t n_kept;
    size_t n_parts;
} sweep;

void hb_reading_parts_release(hb_reading_work *w)
{
    for (size_t i = 0; i < w->n_parts; i++) {
        hb_free(w->parts[i].values);
        hb_free(w->parts[i].times);
    }
    hb_free(w->parts);
    w->parts = NULL;
    w->n_parts = 0;
}

static bool is_blank(hb_table *t, const hb_block *b, size_t row, size_t i)
{
    char room[HB_NUM_TEXT];
    return hb_str_trim(hb_reading_cell_text(t, b, row, i, room)).n == 0;
}

static void count(hb_reading_column *c, const size_t n[HB_CELL_IS_TEXT + 1])
{
    c->n_numeric += n[HB_CELL_IS_NUMBER];
    c->n_missing += n[HB_CELL_IS_MISSING] + n[HB_CELL_IS_NAN];
    c->n_nan += n[HB_CELL_IS_NAN];
    c->n_inf += n[HB_CELL_IS_INF];
    c->n_rejected += n[HB_CELL_IS_INF] + (c->kind == HB_COLUMN_TEXT ? 0 : n[HB_CELL_IS_TEXT]);
}

/* The samples of a column among the rows that are kept. */
static hb_status gather(const sweep *s, size_t i, struct hb_reading_part *p, const double **ret_v,
                        const hb_time **ret_t, size_t *ret_n, hb_error *err)
{
    hb_reading_column *c = &s->r->columns[i];
    const hb_figures *f = &s->figures[i];
    size_t rows = s->b->n_rows;
    size_t seen[HB_CELL_IS_TEXT + 1] = {0};
    if (!f->cls && s->n_kept == rows) { /* they stand together */
        seen[HB_CELL_IS_NUMBER] = rows;
        count(c, seen);
        *ret_v = f->v;
        *ret_t = s->times;
        *ret_n = rows;
        return HB_OK;
    }
    HB_TRY(HB_GROW(p->values, p->cap_values, rows + 1, MAX_ROWS, "rows of a block", err));
    HB_TRY(HB_GROW(p->times, p->cap_times, rows + 1, MAX_ROWS, "rows of a block", err));
    size_t n = 0;
    for (size_t row = 0; row < rows; row++) {
        hb_cell_class k = f->cls ? (hb_cell_class)f->cls[row] : HB_CELL_IS_NUMBER;
        bool kept = !s->keep || s->keep[row];
        seen[k] += kept;
        if (kept && k == HB_CELL_IS_NUMBER && c->measured) {
            p->values[n] = f->v[row];
            p->times[n++] = s->times ? s->times[row] : HB_TIME_NONE;
        }
    }
    count(c, seen);
    *ret_v = p->values;
    *ret_t = s->times ? p->times : NULL;
    *ret_n = n;
    return HB_OK;
}

static hb_status take_column(const sweep *s, size_t i, struct hb_reading_part *p, hb_error *err)
{
    hb_reading_column *c = &s->r->columns[i];
    unsigned flags = s->r->work->flags;
    const double *v = NULL;
    const hb_time *t = NULL;
    size_t n = 0;
    const hb_samples *all = s->n_kept == s->b->n_rows ? s->figures[i].samples : NULL;
    if (all) {
        count(c, all->count);
        v = all->v;
        t = all->t;
        n = all->n;
    } else {
        HB_TRY(gather(s, i, p, &v, &t, &n, err));
    }
    if (!c->measured || n == 0) {
        return HB_OK;
    }
    hb_moments m = all ? all->moments : hb_moments_block(v, n);
    hb_moments_merge(&c->moments, &m);
    if (c->plotted && (flags & HB_READING_KEEP_TRACES)) {
        HB_TRY(hb_trace_add(&c->trace, v, t, n, err));
    }
    if (c->plotted && (flags & HB_READING_KEEP_SKETCHES)) {
        if (!c->sketch) {
            HB_TRY(hb_sketch_new(&c->sketch, err));
        }
        HB_TRY(hb_sketch_add(c->sketch, v, n, err));
    }
    return HB_OK;
}

static void take_part(void *ctx, size_t part)
{
    const sweep *s = ctx;
    struct hb_reading_part *p = &s->r->work->parts[part];
    size_t n = s->r->n_columns;
    p->status = HB_OK;
    for (size_t i = part * n / s->n_parts; i < (part + 1) * n / s->n_parts && p->status == HB_OK;
         i++) {
        p->status = take_column(s, i, p, &p->err);
    }
}

/* A column planned as numbers that turns out to hold nothing but words is a column of texts, whose
 * blank cells alone are missing: they are counted apart as long as that may still happen. */
static void count_blanks(const sweep *s, hb_table *t, size_t i)
{
    hb_reading_column *c = &s->r->columns[i];
    const uint8_t *cls = s->figures[i].cls;
    if (c->kind == HB_COLUMN_TEXT || c->n_numeric || !cls) {
        return;
    }
    for (size_t row = 0; row < s->b->n_rows; row++) {
        if ((!s->keep || s->keep[row]) && cls[row] == HB_CELL_IS_MISSING) {
            c->n_blank += is_blank(t, s->b, row, i);
        }
    }
}

static bool rejects(const hb_reading_column *c, hb_cell_class k)
{
    return k == HB_CELL_IS_INF || (k == HB_CELL_IS_TEXT && c->kind != HB_COLUMN_TEXT);
}

/* The first few rejected cells with their texts. */
static hb_status keep_examples(const sweep *s, hb_table *t, size_t i, hb_error *err)
{
    hb_reading_column *c = &s->r->columns[i];
    const uint8_t *cls = s->figures[i].cls;
    char room[HB_NUM_TEXT];
    for (size_t row = 0; cls && c->n_examples < HB_READING_EXAMPLES &&
                         c->n_examples < c->n_rejected && row < s->b->n_rows;
         row++) {
        if ((!s->keep || s->keep[row]) && rejects(c, (hb_cell_class)cls[row])) {
            hb_reading_cell *e = &c->examples[c->n_examples];
            HB_TRY(hb_reading_text(s->r, hb_reading_cell_text(t, s->b, row, i, room),
                                   HB_READING_TEXT_BYTES, &e->text, err));
            e->line = s->b->lines[row];
            c->n_examples++;
        }
    }
    return HB_OK;
}

static hb_status make_parts(sweep *s, const hb_table *t, hb_error *err)
{
    hb_reading_work *w = s->r->work;
    unsigned threads = hb_pool_threads(t->pool);
    size_t most = threads > 1 ? (size_t)threads * PARTS_PER_THREAD : 1;
    if (w->n_parts < most) {
        hb_reading_parts_release(w);
        w->parts = hb_alloc_zero(most * sizeof *w->parts);
        if (!w->parts) {
            return HB_NOMEM(err);
        }
        w->n_parts = most;
    }
    s->n_parts = s->r->n_columns < most ? s->r->n_columns : most;
    return HB_OK;
}

static size_t kept(const unsigned char *keep, size_t n_rows)
{
    if (!keep || !memchr(keep, 0, n_rows)) {
        return n_rows;
    }
    size_t n = 0;
    for (size_t row = 0; row < n_rows; row++) {
        n += keep[row];
    }
    return n;
}

hb_status hb_reading_columns_block(hb_reading *r, hb_table *t, const hb_block *b,
                                   const hb_figures *figures, const hb_time *times,
                                   const unsigned char *keep, hb_error *err)
{
    sweep s = {.r = r,
               .b = b,
               .figures = figures,
               .times = times,
               .keep = keep,
               .n_kept = kept(keep, b->n_rows)};
    HB_TRY(make_parts(&s, t, err));
    hb_pool_run(t->pool, take_part, &s, s.n_parts);
    for (size_t i = 0; i < s.n_parts; i++) {
        if (r->work->parts[i].status != HB_OK) {
            if (err) {
                *err = r->work->parts[i].err;
            }
            return r->work->parts[i].status;
        }
    }
    for (size_t i = 0; i < r->n_columns; i++) {
        count_blanks(&s, t, i);
        HB_TRY(keep_examples(&s, t, i, err));
    }
    return HB_OK;
}
