/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/history.h"

#include "base/mem.h"
#include "decide/findings.h"
#include "stats/change_point.h"
#include "stats/predict.h"
#include "stats/random.h"
#include "telemetry/factors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WITH_MAX_BYTES = 2000 };

/* One metric's values without gaps, and which run each is of. */
typedef struct series {
    const hb_past_metric *metric;
    double *values;
    uint32_t *runs; /* index into the set; n_runs = the last run */
    size_t n;
} series;

typedef struct state {
    const hb_history_input *in;
    hb_arena *arena;
    size_t first;       /* run of the set that is looked at first */
    series series;      /* room for one, gathered again for those that are told */
    size_t *which;      /* metric of the set … */
    hb_change *changes; /* … of each change */
    size_t n;
    uint64_t seed;
} state;

typedef struct run_view {
    const hb_run_meta *meta;
    hb_time start;
} run_view;

static run_view run_at(const hb_history_input *in, size_t i)
{
    return i < in->past->n_runs ? (run_view){&in->past->runs[i].meta, in->past->runs[i].start}
                                : (run_view){in->last, in->last_start};
}

/* Of the content, so that the same history gives the same p wherever it is decided. */
static uint64_t seed_of(const hb_history_input *in)
{
    char text[2 * 65];
    size_t n = 0;
    const char *parts[] = {in->past->digest, in->last_digest};
    for (size_t i = 0; i < 2; i++) {
        for (const char *c = parts[i]; *c && n < sizeof text; c++) {
            text[n++] = *c;
        }
    }
    return hb_random_seed(text, n);
}

/* False when the metric has too few values, or the last run none. */
static bool gather(state *s, size_t metric)
{
    const hb_past_metric *m = &s->in->past->metrics[metric];
    series *to = &s->series;
    to->metric = m;
    to->n = 0;
    if (s->in->last && !isfinite(s->in->last_values[metric])) {
        return false;
    }
    for (size_t i = s->first; i < s->in->past->n_runs; i++) {
        if (isfinite(m->values[i])) {
            to->values[to->n] = m->values[i];
            to->runs[to->n++] = (uint32_t)i;
        }
    }
    if (s->in->last) {
        to->values[to->n] = s->in->last_values[metric];
        to->runs[to->n++] = (uint32_t)s->in->past->n_runs;
    }
    return to->n >= HB_CHANGE_MIN;
}

static hb_status make_room(state *s, hb_error *err)
{
    size_t room = s->in->past->n_runs - s->first + 1;
    s->series.values = hb_arena_array(s->arena, room, sizeof *s->series.values);
    s->series.runs = hb_arena_array(s->arena, room, sizeof *s->series.runs);
    return s->series.values && s->series.runs ? HB_OK : HB_NOMEM(err);
}

static hb_status find_all(state *s, hb_error *err)
{
    const hb_run_set *past = s->in->past;
    HB_TRY(make_room(s, err));
    s->which = hb_arena_array(s->arena, past->n_metrics, sizeof *s->which);
    s->changes = hb_arena_array(s->arena, past->n_metrics, sizeof *s->changes);
    if (!s->which || !s->changes) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < past->n_metrics; i++) {
        if (gather(s, i)) {
            HB_TRY(hb_change_find(s->series.values, s->series.n, &s->changes[s->n], err));
            s->which[s->n++] = i;
        }
    }
    return hb_change_calibrate(s->changes, s->n, s->seed,
                               hb_change_permutations(s->n, s->in->level), err);
}

/* What may have changed: a declared factor by its name, a field of the context by its number. */
typedef struct cause {
    enum { CAUSE_BUILD, CAUSE_REVISION, CAUSE_FACTOR, CAUSE_CONTEXT } kind;
    const char *name;
    hb_context_field field;
} cause;

static const char *level_of(const run_view *v, const cause *c, char day[HB_FACTOR_DAY_TEXT])
{
    switch (c->kind) {
    case CAUSE_BUILD:
        return v->meta->build_id;
    case CAUSE_REVISION:
        return v->meta->git_sha;
    case CAUSE_CONTEXT:
        return v->meta->context[c->field];
    case CAUSE_FACTOR:
        break;
    }
    return hb_factor_level(v->meta, v->start, c->name, day);
}

static bool is_among(const state *s, size_t from, size_t to, const cause *c, const char *level)
{
    char day[HB_FACTOR_DAY_TEXT];
    for (size_t i = from; i < to; i++) {
        run_view v = run_at(s->in, s->series.runs[i]);
        if (strcmp(level_of(&v, c, day), level) == 0) {
            return true;
        }
    }
    return false;
}

/* What goes to and fro changes with any run: it is told only where the new level was not there
 * before, or the old one did not come back. */
static void put_changed(const state *s, size_t at, const cause *c, hb_buf *out)
{
    char day_before[HB_FACTOR_DAY_TEXT];
    char day_after[HB_FACTOR_DAY_TEXT];
    run_view a = run_at(s->in, s->series.runs[at - 1]);
    run_view b = run_at(s->in, s->series.runs[at]);
    const char *before = level_of(&a, c, day_before);
    const char *after = level_of(&b, c, day_after);
    if (strcmp(before, after) == 0 ||
        (is_among(s, 0, at, c, after) && is_among(s, at, s->series.n, c, before))) {
        return;
    }
    hb_buf_fmt(out, "%s%s %s", out->n ? ", " : "", c->name, *after ? after : "no longer stated");
    if (*before) {
        hb_buf_fmt(out, " (was %s)", before);
    }
}

/* Factors declared by either run, in the order of names. `day` changes with nearly every run, so
 * it tells nothing here. */
static void put_factors(const state *s, size_t at, hb_buf *out)
{
    run_view a = run_at(s->in, s->series.runs[at - 1]);
    run_view b = run_at(s->in, s->series.runs[at]);
    size_t i = 0;
    size_t j = 0;
    while (i < a.meta->n_factors || j < b.meta->n_factors) {
        const char *left = i < a.meta->n_factors ? a.meta->factors[i].name : NULL;
        const char *right = j < b.meta->n_factors ? b.meta->factors[j].name : NULL;
        int order = !left ? 1 : !right ? -1 : strcmp(left, right);
        const cause c = {.kind = CAUSE_FACTOR, .name = order <= 0 ? left : right};
        i += order <= 0;
        j += order >= 0;
        put_changed(s, at, &c, out);
    }
}

/* What changed between the run before and the run at which the level changed. */
static hb_status changed_with(const state *s, size_t at, const char **ret, hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, WITH_MAX_BYTES);
    put_changed(s, at, &(cause){.kind = CAUSE_BUILD, .name = "build"}, &b);
    put_changed(s, at, &(cause){.kind = CAUSE_REVISION, .name = "revision"}, &b);
    put_factors(s, at, &b);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        hb_context_field field = (hb_context_field)f;
        const cause c = {.kind = CAUSE_CONTEXT, .name = hb_context_name(field), .field = field};
        put_changed(s, at, &c, &b);
    }
    /* What does not fit is cut: it is a remark. */
    *ret = hb_arena_strndup(s->arena, b.p, hb_utf8_valid_prefix((hb_str){b.p, b.n}));
    hb_buf_release(&b);
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status tell(const state *s, const hb_change_point *c, const char *unit, const char **ret,
                      hb_error *err)
{
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    char by[HB_FIGURE_TEXT];
    char date[HB_TIME_TEXT + 4] = "";
    if (c->time != HB_TIME_NONE) {
        char time[HB_TIME_TEXT];
        hb_time_print(c->time, time);
        snprintf(date, sizeof date, " (%.10s)", time);
    }
    double moved = c->after - c->before;
    hb_buf b;
    hb_buf_init(&b, 2 * WITH_MAX_BYTES);
    hb_figure(c->before, unit, was);
    hb_figure(c->after, unit, is);
    if (c->ramp) {
        hb_figure(fabs(c->per_run), unit, by);
        hb_buf_fmt(&b,
                   "%s has been %s slowly, by %s a run over %zu runs (mean %s before run %s%s, %s "
                   "since; p = %.2g)",
                   c->metric, c->per_run > 0 ? "rising" : "falling", by, c->n, was, c->run_id, date,
                   is, c->p);
    } else {
        hb_figure(fabs(moved), unit, by);
        hb_buf_fmt(
            &b, "%s is %s by %s since run %s%s: mean %s before, %s since (%zu runs, p = %.2g)",
            c->metric, moved > 0 ? "higher" : "lower", by, c->run_id, date, was, is, c->n, c->p);
    }
    if (*c->with) {
        hb_buf_fmt(&b, "; changed with that run: %s", c->with);
    }
    *ret = hb_arena_strndup(s->arena, b.p, hb_utf8_valid_prefix((hb_str){b.p, b.n}));
    hb_buf_release(&b);
    return *ret ? HB_OK : HB_NOMEM(err);
}

/* The series of the metric must be in s->series. */
static hb_status row(const state *s, const hb_change *c, const hb_change_shape *shape,
                     hb_change_point *ret, hb_error *err)
{
    const series *of = &s->series;
    run_view first = run_at(s->in, of->runs[c->at]);
    *ret = (hb_change_point){
        .metric = of->metric->name,
        .n = c->n,
        .run_id = first.meta->run_id,
        .time = first.start,
        .before = shape->before,
        .after = shape->after,
        .p = c->p,
        .seed = s->seed,
        .permutations = c->permutations,
        .ramp = shape->ramp,
        .per_run = shape->per_run,
    };
    HB_TRY(changed_with(s, c->at, &ret->with, err));
    return tell(s, ret, of->metric->unit, &ret->text, err);
}

static hb_status row_of(state *s, size_t i, hb_change_point *ret, hb_error *err)
{
    hb_change_shape shape;
    HB_IGNORE(!gather(s, s->which[i])); /* it had enough values before */
    hb_change_shape_of(s->series.values, s->changes[i].n, s->changes[i].at, &shape);
    return row(s, &s->changes[i], &shape, ret, err);
}

static int by_p_and_name(const void *pa, const void *pb)
{
    const hb_change_point *a = pa;
    const hb_change_point *b = pb;
    return a->p != b->p ? (a->p < b->p ? -1 : 1) : strcmp(a->metric, b->metric);
}

static hb_status surviving(state *s, hb_change_point **ret, size_t *ret_n, hb_error *err)
{
    double *p = hb_arena_array(s->arena, s->n, sizeof *p);
    size_t *order = hb_arena_array(s->arena, s->n, sizeof *order);
    hb_change_point *rows = hb_arena_array(s->arena, s->n, sizeof *rows);
    size_t n = 0;
    if (!p || !order || !rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n; i++) {
        p[i] = s->changes[i].p;
    }
    double cut = hb_bh(p, s->n, s->in->level, order, NULL);
    for (size_t i = 0; i < s->n; i++) {
        if (p[i] <= cut && s->changes[i].score > 0) {
            HB_TRY(row_of(s, i, &rows[n++], err));
        }
    }
    if (n) {
        qsort(rows, n, sizeof *rows, by_p_and_name);
    }
    *ret = rows;
    *ret_n = n;
    return HB_OK;
}

static state begin(const hb_history_input *in, hb_arena *arena)
{
    size_t most = HB_HISTORY_RUNS - (in->last != NULL);
    size_t n_runs = in->past->n_runs;
    return (state){
        .in = in, .arena = arena, .first = n_runs > most ? n_runs - most : 0, .seed = seed_of(in)};
}

hb_status hb_history_changes(const hb_history_input *in, hb_arena *arena, hb_change_point **ret,
                             size_t *ret_n, hb_error *err)
{
    state s = begin(in, arena);
    hb_change_point *rows = NULL;
    size_t n = 0;
    if (in->past->n_metrics) {
        HB_TRY(find_all(&s, err));
    }
    if (s.n) {
        HB_TRY(surviving(&s, &rows, &n, err));
    }
    *ret = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_history_of_metric(const hb_history_input *in, size_t metric, hb_arena *arena,
                               hb_change_point **ret, size_t *ret_n, hb_error *err)
{
    state s = begin(in, arena);
    size_t n = 0;
    HB_TRY(make_room(&s, err));
    bool enough = gather(&s, metric);
    hb_change_part *parts = hb_arena_array(arena, s.series.n + 1, sizeof *parts);
    hb_change_point *rows = hb_arena_array(arena, s.series.n + 1, sizeof *rows);
    if (!parts || !rows) {
        return HB_NOMEM(err);
    }
    if (enough) {
        HB_TRY(hb_change_segments(s.series.values, s.series.n, in->level, s.seed, parts, &n, err));
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(row(&s, &parts[i].change, &parts[i].shape, &rows[i], err));
    }
    *ret = rows;
    *ret_n = n;
    return HB_OK;
}

/* Both in the order of names. */
static void values_of(const hb_decision *d, const hb_run_set *past, double *values)
{
    size_t c = 0;
    for (size_t i = 0; i < past->n_metrics; i++) {
        const hb_past_metric *m = &past->metrics[i];
        while (c < d->n_comparisons && strcmp(d->comparisons[c].name, m->name) < 0) {
            c++;
        }
        const hb_comparison *one = c < d->n_comparisons ? &d->comparisons[c] : NULL;
        bool same = one && one->run && strcmp(one->name, m->name) == 0 && one->value_run.set &&
                    strcmp(one->run->unit, m->unit) == 0;
        values[i] = same ? one->value_run.v : NAN;
    }
}

static hb_status add_finding(const hb_change_point *c, hb_findings *findings, hb_error *err)
{
    hb_finding f = {
        .metric = c->metric,
        .rule = HB_RULE_CHANGE_POINT,
        .severity = HB_SEVERITY_INFO,
        .baseline = hb_some(c->before),
        .current = hb_some(c->after),
        .p_value = hb_some(c->p),
        .sustained_index = UINT64_MAX,
        .onset_time = HB_TIME_NONE,
    };
    return hb_findings_add(findings, f, err, "%s", c->text);
}

hb_status hb_history_explain(hb_decision *d, hb_findings *findings, hb_error *err)
{
    const hb_run_set *past = d->reference->prior ? d->reference->prior->history : NULL;
    hb_run_statistics *s = &d->statistics;
    if (!past || past->n_runs + 1 < HB_CHANGE_MIN || past->n_metrics == 0) {
        return HB_OK;
    }
    double *values = hb_arena_array(&d->arena, past->n_metrics, sizeof *values);
    if (!values) {
        return HB_NOMEM(err);
    }
    values_of(d, past, values);
    hb_history_input in = {
        .past = past,
        .last = &d->run->meta,
        .last_start = d->run->meta.start,
        .last_digest = d->run->digest,
        .last_values = values,
        .level = d->policy->false_alarm_budget,
    };
    HB_TRY(hb_history_changes(&in, &d->arena, &s->changes, &s->n_changes, err));
    for (size_t i = 0; i < s->n_changes; i++) {
        HB_TRY(add_finding(&s->changes[i], findings, err));
    }
    return HB_OK;
}
