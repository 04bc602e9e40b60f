/* SPDX-License-Identifier: Apache-2.0 */
#include "input/select/select.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/plan_names.h"

#include <stdio.h>
#include <string.h>

enum { PATTERNS_MAX = 1000 };

typedef enum bound_kind {
    BOUND_OPEN,
    BOUND_TIME,    /* a date */
    BOUND_ELAPSED, /* 10s on an elapsed axis */
    BOUND_SINCE,   /* +10s after the first row */
} bound_kind;

typedef struct bound {
    bound_kind kind;
    int64_t at; /* hb_time, or nanoseconds */
    hb_str text;
} bound;

struct hb_select {
    hb_str patterns[PATTERNS_MAX];
    size_t n_patterns;
    hb_where *where;
    bound from;
    bound to;
    hb_resample_rule resample;
    const hb_plan *plan;
    unsigned char *wanted; /* NULL = all */
    size_t cap_wanted;
    bool in_rows;
    bool matched[PATTERNS_MAX];
    hb_time first; /* of the first row with a time */
    bool begun;
};

bool hb_name_matches(hb_str pattern, hb_str name)
{
    size_t p = 0;
    size_t n = 0;
    size_t star = SIZE_MAX; /* place behind the last star, to come back to */
    size_t tried = 0;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = ++p;
            tried = n;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == name.p[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star;
            n = ++tried;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

static hb_status parse_columns(const char *text, hb_select *s, hb_error *err)
{
    hb_str rest = hb_str_of(text);
    while (rest.n) {
        size_t comma = hb_str_find_ch(rest, ',');
        hb_str one = hb_str_trim((hb_str){rest.p, comma});
        if (one.n == 0 || s->n_patterns == PATTERNS_MAX) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--columns must be names with commas between them (* and ? stand for "
                           "anything), at most %d; got '%.60s'",
                           PATTERNS_MAX, text);
        }
        s->patterns[s->n_patterns++] = one;
        size_t skip = comma < rest.n ? comma + 1 : comma;
        rest = (hb_str){rest.p + skip, rest.n - skip};
    }
    return s->n_patterns ? HB_OK : HB_FAIL(err, HB_E_USAGE, "--columns names no column");
}

static bool parse_bound(hb_str text, bound *ret)
{
    hb_time t = 0;
    *ret = (bound){.kind = BOUND_OPEN, .text = text};
    if (text.n == 0) {
        return true;
    }
    bool since = text.p[0] == '+';
    if (hb_duration_parse(text.p + since, text.n - since, &ret->at)) {
        ret->kind = since ? BOUND_SINCE : BOUND_ELAPSED;
        return true;
    }
    double zero = 1;
    if (hb_num_parse(text.p, text.n, &zero) == HB_NUM_FINITE && zero == 0) {
        ret->kind = BOUND_ELAPSED;
        return true;
    }
    if (hb_time_parse(text.p, text.n, &t, NULL)) {
        ret->kind = BOUND_TIME;
        ret->at = t;
        return true;
    }
    return false;
}

static hb_status parse_range(const char *text, hb_select *s, hb_error *err)
{
    const char *dots = strstr(text, "..");
    hb_str all = hb_str_of(text);
    size_t at = dots ? (size_t)(dots - text) : all.n;
    if (!dots || !parse_bound(hb_str_trim((hb_str){all.p, at}), &s->from) ||
        !parse_bound(hb_str_trim((hb_str){all.p + at + 2, all.n - at - 2}), &s->to) ||
        (s->from.kind == BOUND_OPEN && s->to.kind == BOUND_OPEN)) {
        return HB_FAIL(
            err, HB_E_USAGE,
            "--time-range must be FROM..TO, like 2024-05-07T10:00:00Z..2024-05-07T11:00Z, "
            "10s..60s or +5min..; got '%.100s'",
            text);
    }
    if (s->from.kind == s->to.kind && s->from.at >= s->to.at) {
        return HB_FAIL(err, HB_E_USAGE, "--time-range '%.100s' ends before it begins", text);
    }
    return HB_OK;
}

hb_status hb_select_parse(const hb_select_options *options, hb_select **ret, hb_error *err)
{
    hb_select *s = hb_alloc_zero(sizeof *s);
    hb_status status = s ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK && options->columns) {
        status = parse_columns(options->columns, s, err);
    }
    if (status == HB_OK && options->where) {
        status = hb_where_parse(options->where, "--where", &s->where, err);
    }
    if (status == HB_OK && options->time_range) {
        status = parse_range(options->time_range, s, err);
    }
    if (status == HB_OK && options->resample) {
        status = hb_resample_parse(options->resample, &s->resample, err);
    }
    if (status != HB_OK) {
        hb_select_free(s);
        return status;
    }
    *ret = s;
    return HB_OK;
}

void hb_select_free(hb_select *s)
{
    if (s) {
        hb_where_free(s->where);
        hb_free(s->wanted);
        hb_free(s);
    }
}

/* Marks the columns from `from` on that a pattern means. */
static void mark_columns(hb_select *s, const hb_column *columns, const hb_column_look *looks,
                         size_t from)
{
    for (size_t i = from; i < s->plan->n_columns; i++) {
        s->wanted[i] = 0;
        for (size_t p = 0; p < s->n_patterns; p++) {
            bool match = hb_plan_is_called(&columns[i], looks ? &looks[i] : NULL, s->patterns[p],
                                           hb_name_matches);
            s->wanted[i] |= match;
            s->matched[p] |= match;
        }
    }
}

hb_status hb_select_more(hb_select *s, const hb_column *columns, const hb_column_look *looks,
                         size_t from, hb_error *err)
{
    if (s->n_patterns == 0 || s->in_rows) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(s->wanted, s->cap_wanted, s->plan->n_columns + 1, HB_TABLE_MAX_COLUMNS + 1,
                   "columns", err));
    mark_columns(s, columns, looks, from);
    return HB_OK;
}

static hb_status all_matched(const hb_select *s, const char *path, hb_error *err)
{
    for (size_t p = 0; p < s->n_patterns; p++) {
        if (!s->matched[p]) {
            return HB_FAIL(err, HB_E_USAGE, "--columns: '%s' has no %s '%.*s'%s", path,
                           s->in_rows ? "metric" : "column",
                           (int)(s->patterns[p].n < 80 ? s->patterns[p].n : 80), s->patterns[p].p,
                           s->in_rows ? "" : "; hb inspect lists its columns");
        }
    }
    return HB_OK;
}

static hb_status check_bound(const bound *b, const hb_plan *plan, const char *path, hb_error *err)
{
    bool elapsed = plan->axis.kind == HB_AXIS_ELAPSED;
    if ((b->kind == BOUND_TIME && elapsed) || (b->kind == BOUND_ELAPSED && !elapsed)) {
        return HB_FAIL(
            err, HB_E_USAGE, "--time-range: '%s' has %s; '%.*s' does not fit: write it %s", path,
            elapsed ? "an elapsed time" : "dates", (int)(b->text.n < 60 ? b->text.n : 60),
            b->text.p, elapsed ? "like 10s" : "as a date, or +10s from the first row");
    }
    return HB_OK;
}

bool hb_select_wants_metric(hb_select *s, hb_str name)
{
    bool wanted = s->n_patterns == 0;
    for (size_t p = 0; p < s->n_patterns; p++) {
        bool match = hb_name_matches(s->patterns[p], name);
        s->matched[p] |= match;
        wanted = wanted || match;
    }
    return wanted;
}

hb_status hb_select_finish(const hb_select *s, const char *path, hb_error *err)
{
    return all_matched(s, path, err);
}

hb_status hb_select_bind(hb_select *s, hb_plan *plan, const hb_column *columns,
                         const hb_column_look *looks, bool in_rows, bool grows, const char *path,
                         hb_error *err)
{
    bool timed = plan->axis.kind != HB_AXIS_NONE;
    bool ranged = s->from.kind != BOUND_OPEN || s->to.kind != BOUND_OPEN;
    s->plan = plan;
    if (!timed && (ranged || s->resample.step_ns)) {
        return HB_FAIL(err, HB_E_USAGE, "%s needs a time, and '%s' has none that is known",
                       ranged ? "--time-range" : "--resample", path);
    }
    HB_TRY(check_bound(&s->from, plan, path, err));
    HB_TRY(check_bound(&s->to, plan, path, err));
    s->in_rows = in_rows;
    HB_TRY(hb_select_more(s, columns, looks, 0, err));
    if (!in_rows && !grows) {
        HB_TRY(all_matched(s, path, err));
    }
    if (s->where) {
        HB_TRY(hb_where_bind(s->where, plan, columns, looks, path, err));
    }
    for (size_t i = 0; i < plan->n_columns; i++) {
        if (!hb_select_wants(s, i) && plan->columns[i].kind != HB_COLUMN_TIME &&
            !(s->where && hb_where_uses(s->where, i))) {
            plan->columns[i].kind = HB_COLUMN_IGNORED;
        }
    }
    return HB_OK;
}

bool hb_select_wants(const hb_select *s, size_t column)
{
    return !s->wanted || (column < s->plan->n_columns && s->wanted[column]);
}

const hb_resample_rule *hb_select_resample(const hb_select *s)
{
    return &s->resample;
}

static bool after(const hb_select *s, const bound *b, hb_time t)
{
    return b->kind == BOUND_SINCE
               ? (uint64_t)t - (uint64_t)s->first >= (uint64_t)b->at && t >= s->first
               : t >= b->at;
}

hb_status hb_select_rows(hb_select *s, hb_table *table, const hb_block *block,
                         const hb_figures *figures, unsigned char *keep, hb_error *err)
{
    bool ranged = s->from.kind != BOUND_OPEN || s->to.kind != BOUND_OPEN;
    for (size_t r = 0; ranged && r < block->n_rows; r++) {
        hb_time t = figures[s->plan->axis.columns[0]].t[r];
        if (!keep[r] || t == HB_TIME_NONE) {
            keep[r] = 0;
            continue;
        }
        s->first = s->begun ? s->first : t;
        s->begun = true;
        keep[r] = (s->from.kind == BOUND_OPEN || after(s, &s->from, t)) &&
                  (s->to.kind == BOUND_OPEN || !after(s, &s->to, t));
    }
    return s->where ? hb_where_rows(s->where, table, block, figures, keep, err) : HB_OK;
}
