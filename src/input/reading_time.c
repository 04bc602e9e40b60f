/* SPDX-License-Identifier: Apache-2.0 */
/* The axis and any further columns of times, each followed step by step. */
#include "input/reading_internal.h"

#include "base/mem.h"

#include <string.h>

enum { MAX_TIMES = 64 };

static hb_status join_names(hb_reading *r, const hb_time_rule *rule, const char **ret,
                            hb_error *err)
{
    hb_buf name;
    hb_buf_init(&name, 1 << 20);
    for (size_t k = 0; k < rule->n_columns; k++) {
        size_t column = rule->columns[k];
        hb_buf_fmt(&name, "%s%s", k ? "+" : "",
                   column < r->n_columns ? r->columns[column].name : "");
    }
    hb_status status = hb_buf_check(&name, err);
    if (status == HB_OK) {
        status = hb_reading_text(r, (hb_str){name.p, name.n}, SIZE_MAX, ret, err);
    }
    hb_buf_release(&name);
    return status;
}

static hb_status add_time(hb_reading *r, const hb_time_rule *rule, hb_error *err)
{
    struct hb_reading_work *w = r->work;
    if (r->n_times == MAX_TIMES) {
        return HB_OK;
    }
    hb_reading_time *t = &r->times[r->n_times];
    t->rule = *rule;
    HB_TRY(join_names(r, rule, &t->column, err));
    HB_TRY(hb_time_steps_new(&w->steps[r->n_times], err));
    r->n_times++;
    return HB_OK;
}

hb_status hb_reading_times_begin(hb_reading *r, hb_error *err)
{
    const hb_plan *plan = &r->plan;
    r->times = hb_arena_array(&r->arena, MAX_TIMES, sizeof *r->times);
    r->work->steps = hb_arena_array(&r->arena, MAX_TIMES, sizeof *r->work->steps);
    if (!r->times || !r->work->steps) {
        return HB_NOMEM(err);
    }
    if (plan->axis.kind == HB_AXIS_NONE || !plan->axis.n_columns) {
        return HB_OK;
    }
    HB_TRY(add_time(r, &plan->axis, err));
    for (size_t i = 0; i < plan->n_columns; i++) {
        const hb_column_plan *c = &plan->columns[i];
        if (c->kind == HB_COLUMN_TIME && c->time.n_columns && c->time.columns[0] == i &&
            i != plan->axis.columns[0]) {
            HB_TRY(add_time(r, &c->time, err));
        }
    }
    return HB_OK;
}

/* A cell of a block that came as figures alone, made again from its text. */
static hb_cell cell_of(hb_table *t, const hb_block *b, size_t row, size_t column)
{
    if (b->cells) {
        return b->cells[row * b->n_cols + column];
    }
    hb_str text = t->ops->text ? hb_str_trim(t->ops->text(t, row, column)) : (hb_str){"", 0};
    return (hb_cell){
        .as.p = text.p, .len = (uint32_t)text.n, .kind = text.n ? HB_CELL_TEXT : HB_CELL_EMPTY};
}

static hb_time time_of(const hb_reading *r, hb_table *t, const hb_block *b,
                       const hb_time_rule *rule, size_t row)
{
    hb_cell cells[HB_TIME_PARTS] = {0};
    const hb_cell *parts[HB_TIME_PARTS] = {0};
    for (size_t k = 0; k < rule->n_columns; k++) {
        cells[k] = cell_of(t, b, row, rule->columns[k]);
        parts[k] = &cells[k];
    }
    return hb_time_rule_read(rule, parts, r->plan.decimal);
}

hb_status hb_reading_times_block(hb_reading *r, hb_table *t, const hb_block *b,
                                 const hb_figures *figures, const unsigned char *keep,
                                 hb_error *err)
{
    struct hb_reading_work *w = r->work;
    for (size_t i = 0; i < r->n_times; i++) {
        const hb_time_rule *rule = &r->times[i].rule;
        const hb_time *ready = i == 0 ? figures[rule->columns[0]].t : NULL;
        if (ready && (!keep || !memchr(keep, 0, b->n_rows))) {
            HB_TRY(hb_time_steps_add(w->steps[i], ready, b->n_rows, err));
            continue;
        }
        size_t n = 0;
        for (size_t row = 0; row < b->n_rows; row++) {
            if (!keep || keep[row]) {
                w->times[n++] = ready ? ready[row] : time_of(r, t, b, rule, row);
            }
        }
        HB_TRY(hb_time_steps_add(w->steps[i], w->times, n, err));
    }
    return HB_OK;
}

hb_status hb_reading_times_end(hb_reading *r, hb_error *err)
{
    for (size_t i = 0; i < r->n_times; i++) {
        HB_TRY(hb_time_steps_finish(r->work->steps[i], &r->times[i].summary, err));
    }
    return HB_OK;
}

const char *hb_reading_order(const hb_time_summary *s)
{
    return s->n_backward ? "no" : s->n_equal ? "non-decreasing" : "increasing";
}

double hb_reading_rate_hz(const hb_time_summary *s)
{
    return s->median_step_ns > 0 ? 1e9 / (double)s->median_step_ns : 0;
}
