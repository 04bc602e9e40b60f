/* SPDX-License-Identifier: Apache-2.0 */
#include "support/csv_outcome.h"

#include "base/cpu.h"
#include "input/csv/csv_internal.h"
#include "input/plan.h"
#include "support/memory_file.h"

#include <string.h>

static void print_row(csv_outcome *o, hb_table *t, const hb_plan *plan, const hb_block *b,
                      const hb_figures *f, size_t r)
{
    hb_buf_fmt(&o->rows, "%llu:", (unsigned long long)b->lines[r]);
    for (size_t i = 0; i < b->n_cols; i++) {
        hb_cell_class k = f[i].cls ? (hb_cell_class)f[i].cls[r] : HB_CELL_IS_NUMBER;
        uint64_t bits = 0;
        memcpy(&bits, &f[i].v[r], sizeof bits);
        hb_buf_fmt(&o->rows, " %d", (int)k);
        if (k == HB_CELL_IS_NUMBER) {
            hb_buf_fmt(&o->rows, "=%016llx", (unsigned long long)bits);
        }
        if (k == HB_CELL_IS_TEXT) {
            const hb_cell *cell = b->cells ? &b->cells[r * b->n_cols + i] : NULL;
            hb_str text = cell ? (hb_str){cell->as.p, cell->len} : t->ops->text(t, r, i);
            hb_buf_fmt(&o->rows, "'%.*s'", (int)text.n, text.p);
        }
    }
    if (plan->axis.kind != HB_AXIS_NONE) {
        hb_buf_fmt(&o->rows, " t=%lld", (long long)f[plan->axis.columns[0]].t[r]);
    }
    hb_buf_fmt(&o->rows, "\n");
}

static bool samples_fit(const hb_block *b, const hb_figures *f, const hb_time *t)
{
    const hb_samples *s = f->samples;
    size_t count[HB_CELL_IS_TEXT + 1] = {0};
    size_t n = 0;
    for (size_t r = 0; r < b->n_rows; r++) {
        size_t k = f->cls ? f->cls[r] : HB_CELL_IS_NUMBER;
        count[k]++;
        if (k != HB_CELL_IS_NUMBER) {
            continue;
        }
        if (n == s->n || memcmp(&s->v[n], &f->v[r], sizeof *s->v) != 0 || (t && s->t[n] != t[r])) {
            return false;
        }
        n++;
    }
    hb_moments m = hb_moments_block(s->v, s->n);
    return n == s->n && (s->t != NULL) == (t != NULL) &&
           memcmp(count, s->count, sizeof count) == 0 && memcmp(&m, &s->moments, sizeof m) == 0;
}

/* A column that decodes to figures has them put together too, and rightly; a line says where not.
 */
static void check_samples(csv_outcome *o, const hb_plan *plan, const hb_block *b,
                          const hb_figures *f)
{
    const hb_time *t =
        plan->axis.kind != HB_AXIS_NONE ? f[plan->axis.columns[0]].t : (const hb_time *)NULL;
    for (size_t i = 0; i < b->n_cols; i++) {
        bool number = plan->columns[i].kind == HB_COLUMN_NUMBER;
        if (f[i].samples ? !samples_fit(b, &f[i], t) : number) {
            hb_buf_fmt(&o->rows, "samples of column %zu are not its figures\n", i);
        }
    }
}

static hb_status read_blocks(hb_table *t, const csv_setting *s, hb_units *units, hb_arena *arena,
                             csv_outcome *o, hb_error *err)
{
    hb_plan plan = {0};
    hb_plan_room room = {0};
    hb_plan_options options = {.units = units};
    hb_status status = HB_OK;
    for (bool first = true;; first = false) {
        hb_block b;
        const hb_column *columns = NULL;
        const hb_figures *f = NULL;
        status = t->ops->next(t, &b, err);
        if (status != HB_OK || (b.n_rows == 0 && b.n_rejects == 0)) {
            break;
        }
        t->ops->columns(t, &columns);
        if (first) {
            status = hb_plan_infer(columns, &b, &options, arena, &plan, NULL, err);
        }
        if (status == HB_OK) {
            status = hb_plan_block(&plan, &b, &room, &f, err);
        }
        if (status != HB_OK) {
            break;
        }
        if (b.figures) {
            check_samples(o, &plan, &b, f);
        }
        for (size_t r = 0; r < b.n_rows; r++) {
            print_row(o, t, &plan, &b, f, r);
        }
        for (size_t i = 0; i < b.n_rejects; i++) {
            hb_buf_fmt(&o->rejects, "%s %llu '%.*s'\n", b.rejects[i].reason,
                       (unsigned long long)b.rejects[i].line, (int)b.rejects[i].len,
                       b.rejects[i].text ? b.rejects[i].text : "");
        }
        if (first && s->planned) {
            t->ops->plan(t, &plan);
        }
    }
    if (s->planned) {
        t->ops->plan(t, NULL);
    }
    hb_plan_room_release(&room);
    return status;
}

void csv_outcome_read(const char *text, size_t n, const csv_setting *s, hb_units *units,
                      csv_outcome *o)
{
    hb_os os = memory_os(text, n);
    hb_stream *stream = NULL;
    hb_table *t = NULL;
    hb_error err = {0};
    hb_arena arena;
    hb_csv_options options = {0};
    hb_arena_init(&arena, 64 << 20);
    hb_buf_init(&o->rows, 64 << 20);
    hb_buf_init(&o->rejects, 64 << 20);
    hb_cpu_portable(s->portable);
    o->status = hb_stream_open(&os, MEMORY_FILE, &stream, &err);
    if (o->status == HB_OK) {
        o->status = hb_csv_open(stream, &options, &t, &err);
    }
    if (o->status == HB_OK) {
        t->pool = s->pool;
        ((hb_csv *)t)->block_bytes = s->block_bytes;
        ((hb_csv *)t)->first_rows = s->first_rows;
        o->status = read_blocks(t, s, units, &arena, o, &err);
        t->ops->close(t);
    }
    hb_error_text(&err, o->error, sizeof o->error);
    hb_stream_close(stream);
    hb_arena_release(&arena);
    hb_cpu_portable(false);
}

void csv_outcome_release(csv_outcome *o)
{
    hb_buf_release(&o->rows);
    hb_buf_release(&o->rejects);
}

static bool equal_bufs(const hb_buf *a, const hb_buf *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

bool csv_outcome_same(const csv_outcome *a, const csv_outcome *b)
{
    if (a->status != HB_OK || b->status != HB_OK) {
        return a->status == b->status && strcmp(a->error, b->error) == 0;
    }
    return equal_bufs(&a->rows, &b->rows) && equal_bufs(&a->rejects, &b->rejects);
}
