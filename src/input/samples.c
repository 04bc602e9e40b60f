/* SPDX-License-Identifier: Apache-2.0 */
#include "input/samples.h"

#include "base/mem.h"

#include <string.h>

enum { STEP = 8 };

static bool is_measured(const hb_column_plan *c)
{
    return c->kind == HB_COLUMN_NUMBER || c->kind == HB_COLUMN_BOOL ||
           (c->kind == HB_COLUMN_TIME && c->time.plain_number);
}

/* Row by row: each is written, and kept by moving on. */
static size_t take_rows(const hb_figures *f, const hb_time *times, size_t from, size_t to,
                        hb_samples *s, double *v, hb_time *t, size_t n)
{
    for (size_t row = from; row < to; row++) {
        v[n] = f->v[row];
        if (times) {
            t[n] = times[row];
        }
        n += f->cls[row] == HB_CELL_IS_NUMBER;
        s->count[f->cls[row]]++;
    }
    return n;
}

/* The figures of a column that has other cells too; most stretches have none. */
static void put_together(const hb_figures *f, const hb_time *times, size_t n_rows, double *v,
                         hb_time *t, hb_samples *s)
{
    static const uint8_t numbers[STEP] = {0}; /* HB_CELL_IS_NUMBER */
    size_t n = 0;
    size_t row = 0;
    for (; row + STEP <= n_rows; row += STEP) {
        if (memcmp(f->cls + row, numbers, STEP) != 0) {
            n = take_rows(f, times, row, row + STEP, s, v, t, n);
            continue;
        }
        memcpy(v + n, f->v + row, STEP * sizeof *v);
        if (times) {
            memcpy(t + n, times + row, STEP * sizeof *t);
        }
        s->count[HB_CELL_IS_NUMBER] += STEP;
        n += STEP;
    }
    s->n = take_rows(f, times, row, n_rows, s, v, t, n);
    s->v = v;
    s->t = times ? t : NULL;
}

hb_status hb_samples_make(hb_samples_room *room, const hb_plan *plan, hb_figures *figures,
                          size_t n_columns, size_t n_rows, hb_error *err)
{
    bool timed = plan->axis.kind != HB_AXIS_NONE;
    const hb_time *times = timed ? figures[plan->axis.columns[0]].t : NULL;
    size_t mixed = 0;
    n_columns = n_columns < plan->n_columns ? n_columns : plan->n_columns;
    for (size_t i = 0; i < n_columns; i++) {
        mixed += is_measured(&plan->columns[i]) && figures[i].cls;
    }
    HB_TRY(HB_GROW(room->samples, room->cap_samples, n_columns, SIZE_MAX / 256, "columns", err));
    HB_TRY(HB_GROW(room->v, room->cap_v, mixed * n_rows, SIZE_MAX / 16, "cells", err));
    HB_TRY(HB_GROW(room->t, room->cap_t, times ? mixed * n_rows : 0, SIZE_MAX / 16, "cells", err));
    size_t at = 0;
    for (size_t i = 0; i < n_columns; i++) {
        hb_samples *s = &room->samples[i];
        if (!is_measured(&plan->columns[i])) {
            continue;
        }
        *s = (hb_samples){0};
        if (figures[i].cls) {
            put_together(&figures[i], times, n_rows, room->v + at, times ? room->t + at : NULL, s);
            at += n_rows;
        } else {
            s->v = figures[i].v;
            s->t = times;
            s->n = n_rows;
            s->count[HB_CELL_IS_NUMBER] = n_rows;
        }
        s->moments = hb_moments_block(s->v, s->n);
        figures[i].samples = s;
    }
    return HB_OK;
}

void hb_samples_release(hb_samples_room *room)
{
    hb_free(room->samples);
    hb_free(room->v);
    hb_free(room->t);
    *room = (hb_samples_room){0};
}
