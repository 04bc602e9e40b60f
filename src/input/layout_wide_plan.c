/* SPDX-License-Identifier: Apache-2.0 */
#include "input/layout_wide.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static hb_wide_kind kind_of_role(hb_column_role role)
{
    static const hb_wide_kind kinds[HB_ROLE_COUNT_] = {
        [HB_ROLE_METRIC] = HB_WIDE_OPEN,     [HB_ROLE_TIME] = HB_WIDE_TIME,
        [HB_ROLE_UNIT_ID] = HB_WIDE_UNIT_ID, [HB_ROLE_CYCLE] = HB_WIDE_CYCLE,
        [HB_ROLE_IGNORE] = HB_WIDE_IGNORED,
    };
    return kinds[role];
}

static bool in_axis(const hb_plan *plan, size_t i)
{
    bool in = false;
    for (size_t k = 0; plan->axis.kind != HB_AXIS_NONE && k < plan->axis.n_columns; k++) {
        in = in || plan->axis.columns[k] == i;
    }
    return in;
}

static void set_kind(hb_wide *w, size_t i)
{
    const hb_profile_column *p = hb_told_column(w->job->o->profile, i);
    hb_wide_column *c = &w->columns[i];
    bool asked = !w->select || hb_select_wants(w->select, i);
    *c = (hb_wide_column){.kind = p ? kind_of_role(p->role) : HB_WIDE_OPEN};
    if (in_axis(w->plan, i)) {
        c->kind = HB_WIDE_TIME;
    } else if (w->plan->columns[i].kind == HB_COLUMN_IGNORED ||
               (!asked && c->kind == HB_WIDE_OPEN)) {
        c->kind = HB_WIDE_IGNORED;
    }
    w->time = c->kind == HB_WIDE_TIME && w->time == HB_NO_COLUMN ? i : w->time;
    w->unit_id = c->kind == HB_WIDE_UNIT_ID ? i : w->unit_id;
    w->cycle = c->kind == HB_WIDE_CYCLE ? i : w->cycle;
}

/* Called a time, and its cells are none: then that is told. */
static void find_unreadable_time(hb_wide *w, size_t from)
{
    for (size_t i = from; i < w->n_columns && w->time == HB_NO_COLUMN; i++) {
        bool open = w->columns[i].kind == HB_WIDE_OPEN;
        if (open && !hb_told_column(w->job->o->profile, i) &&
            w->plan->columns[i].kind != HB_COLUMN_NUMBER &&
            hb_time_named(w->job->columns[i].name)) {
            w->time = i;
            w->columns[i].kind = HB_WIDE_TIME;
        }
    }
}

static hb_status tell_time(hb_wide *w, hb_error *err)
{
    const hb_time_rule *axis = &w->plan->axis;
    char why[300];
    hb_str name = w->job->columns[axis->columns[0]].name;
    w->time_told = true;
    snprintf(why, sizeof why, "column '%.*s', %s", (int)(name.n < 80 ? name.n : 80), name.p,
             axis->why ? axis->why : "its first cells");
    return hb_run_builder_guess(w->job->b, "time", axis->notation, why, err);
}

/* A column that an adapter names is called so; the others by what stands over them. */
static hb_status name_columns(hb_wide *w, size_t from, hb_error *err)
{
    size_t n = w->n_columns;
    hb_plan_name *names = hb_arena_array(&w->arena, n + 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    if (from) {
        memcpy(names, w->names, from * sizeof *names);
    }
    w->names = names;
    HB_TRY(hb_plan_names(w->plan, w->job->columns, hb_watch_looks(w->job->t), from, w->job->b,
                         &w->taken, &w->arena, names, err));
    for (size_t i = from; i < n; i++) {
        const hb_profile_column *p = hb_told_column(w->job->o->profile, i);
        if (p) {
            names[i] = (hb_plan_name){.metric = hb_str_of(p->name), .unit = hb_str_of(p->unit)};
        }
    }
    return HB_OK;
}

hb_status hb_wide_plan(hb_wide *w, const hb_block *block, hb_error *err)
{
    size_t from = w->n_columns;
    w->plan = hb_watch_plan(w->job->t);
    if (from < block->n_cols) {
        HB_TRY(HB_GROW(w->columns, w->cap_columns, block->n_cols, HB_TABLE_MAX_COLUMNS, "columns",
                       err));
        w->n_columns = block->n_cols;
        for (size_t i = from; i < block->n_cols; i++) {
            set_kind(w, i);
        }
        find_unreadable_time(w, from);
        HB_TRY(name_columns(w, from, err));
    }
    return w->plan->axis.kind != HB_AXIS_NONE && !w->time_told ? tell_time(w, err) : HB_OK;
}
