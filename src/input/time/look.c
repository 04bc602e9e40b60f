/* SPDX-License-Identifier: Apache-2.0 */
/* What a column's cells look like, and how a rule does on the sample. */
#include "input/cell.h"
#include "input/time/infer.h"

#include <stdlib.h>

enum { FIRST_CELLS = 16 };

static const int64_t ns_per_day = INT64_C(86400000000000);

const hb_cell *hb_time_cell(const hb_time_job *job, size_t row, size_t column)
{
    return &job->s->cells[row * job->s->n_columns + column];
}

bool hb_time_filled(const hb_cell *cell, char decimal)
{
    double v = 0;
    switch ((hb_cell_kind)cell->kind) {
    case HB_CELL_TEXT:
        return hb_cell_classify((hb_str){cell->as.p, cell->len}, decimal, &v) != HB_CELL_IS_MISSING;
    case HB_CELL_NUMBER:
    case HB_CELL_TIME:
    case HB_CELL_BOOL:
    case HB_CELL_ERROR:
        return true;
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        break;
    }
    return false;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

hb_time_run hb_time_try(hb_time_job *job, const hb_time_rule *r)
{
    hb_time_run run = {.first = HB_TIME_NONE, .last = HB_TIME_NONE};
    size_t n = 0;
    for (size_t row = 0; row < job->s->n_rows; row++) {
        const hb_cell *parts[HB_TIME_PARTS] = {0};
        bool filled = false;
        for (size_t k = 0; k < r->n_columns; k++) {
            parts[k] = hb_time_cell(job, row, r->columns[k]);
            filled = filled || hb_time_filled(parts[k], job->s->decimal);
        }
        run.filled += filled;
        hb_time t = filled ? hb_time_rule_read(r, parts, job->s->decimal) : HB_TIME_NONE;
        if (t == HB_TIME_NONE) {
            continue;
        }
        if (run.read++ == 0) {
            run.first = t;
        } else if (t <= run.last) {
            run.equal += t == run.last;
            run.down += t < run.last;
        } else if (!__builtin_sub_overflow(t, run.last, &job->scratch[n])) {
            run.up++;
            n++;
        }
        run.last = t;
    }
    if (n) {
        qsort(job->scratch, n, sizeof *job->scratch, by_value);
        run.median_step = job->scratch[n / 2];
        run.longest_step = job->scratch[n - 1];
    }
    return run;
}

bool hb_time_rises(const hb_time_run *run)
{
    return run->up > 0 && run->down * 3 <= run->up + run->equal + run->down;
}

bool hb_time_mostly_read(const hb_time_run *run)
{
    return run->read > 0 && run->read * 10 >= run->filled * 7;
}

/* How many of the first filled cells read in this form. */
static size_t first_reads(hb_time_job *job, size_t column, hb_time_form form)
{
    size_t seen = 0;
    size_t read = 0;
    for (size_t r = 0; r < job->s->n_rows && seen < FIRST_CELLS; r++) {
        const hb_cell *cell = hb_time_cell(job, r, column);
        const hb_cell *parts[HB_TIME_PARTS] = {cell};
        if (!hb_time_filled(cell, job->s->decimal)) {
            continue;
        }
        seen++;
        hb_time_rule rule = {.n_columns = 1, .form = {(uint8_t)form}, .order = HB_ORDER_DAY_FIRST};
        bool ok = hb_time_rule_read(&rule, parts, job->s->decimal) != HB_TIME_NONE;
        if (!ok && form == HB_FORM_DMY) {
            rule.order = HB_ORDER_MONTH_FIRST;
            ok = hb_time_rule_read(&rule, parts, job->s->decimal) != HB_TIME_NONE;
        }
        read += ok;
    }
    return read;
}

static void text_form(hb_time_job *job, size_t column, hb_time_look *l)
{
    static const hb_time_form forms[] = {HB_FORM_YMD,  HB_FORM_ORDINAL,     HB_FORM_NAMED,
                                         HB_FORM_DMY,  HB_FORM_DAY_OF_YEAR, HB_FORM_CLOCK,
                                         HB_FORM_SPAN, HB_FORM_SPAN_MS,     HB_FORM_QUANTITY};
    size_t best = 0;
    size_t reads[HB_FORM_COUNT_] = {0};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        reads[forms[i]] = first_reads(job, column, forms[i]);
        if (reads[forms[i]] > best) {
            best = reads[forms[i]];
            l->form = (uint8_t)forms[i];
        }
    }
    size_t shown = l->filled < FIRST_CELLS ? l->filled : FIRST_CELLS;
    if (best * 2 <= shown) {
        l->form = HB_FORM_NONE;
        return;
    }
    bool minutes = l->name.roles & HB_NAME_MINUTES_FIRST && reads[HB_FORM_SPAN_MS] == best;
    if (l->form == HB_FORM_CLOCK && minutes) {
        l->form = HB_FORM_SPAN_MS;
    } else if (l->form == HB_FORM_CLOCK && l->name.roles & HB_NAME_ELAPSED &&
               reads[HB_FORM_SPAN] == best) {
        l->form = HB_FORM_SPAN;
    } else if (l->number && l->longest < 14 &&
               !(l->name.roles & (HB_NAME_ANY_TIME | HB_NAME_DOY | HB_NAME_JULIAN))) {
        l->form = HB_FORM_NONE; /* a part number may look like 20240318 */
    }
}

static bool at_midnight(hb_time t)
{
    return t % ns_per_day == 0;
}

/* Later rows may be of another form than the first ones: the whole sample decides. A clock that
 * passes 24 h is a duration. */
static void settle_text(hb_time_job *job, size_t column, hb_time_look *l)
{
    hb_time_rule rule = {
        .columns = {column}, .n_columns = 1, .form = {l->form}, .order = HB_ORDER_DAY_FIRST};
    hb_time_run run = hb_time_try(job, &rule);
    if (l->form == HB_FORM_CLOCK || l->form == HB_FORM_SPAN_MS) {
        hb_time_rule span = rule;
        span.form[0] = HB_FORM_SPAN;
        hb_time_run longer = hb_time_try(job, &span);
        if (longer.read > run.read) {
            l->form = HB_FORM_SPAN;
            run = longer;
        }
    }
    if (l->form == HB_FORM_DMY) {
        rule.order = HB_ORDER_MONTH_FIRST;
        hb_time_run other = hb_time_try(job, &rule);
        run = other.read > run.read ? other : run;
    }
    if (!hb_time_mostly_read(&run)) {
        l->form = HB_FORM_NONE;
        return;
    }
    bool dated = l->form < HB_FORM_CELL;
    l->date_only = dated;
    for (size_t r = 0; dated && r < job->s->n_rows; r++) {
        const hb_cell *cell = hb_time_cell(job, r, column);
        hb_moment m = {0};
        hb_time t = 0;
        if (cell->kind == HB_CELL_TEXT && hb_moment_text((hb_time_form)l->form, rule.order,
                                                         (hb_str){cell->as.p, cell->len}, &m)) {
            bool clocked = m.has & HB_HAS_CLOCK &&
                           (m.hour || m.minute || m.second || m.ns || m.has & HB_HAS_ZONE);
            l->date_only = l->date_only && !clocked;
        } else if (cell->kind == HB_CELL_NUMBER) {
            const hb_cell *parts[HB_TIME_PARTS] = {cell};
            t = hb_time_rule_read(&rule, parts, job->s->decimal);
            l->date_only = l->date_only && (t == HB_TIME_NONE || at_midnight(t));
        }
    }
}

static void settle_cells(hb_time_job *job, size_t column, hb_time_look *l)
{
    bool spans = true;
    l->date_only = true;
    for (size_t r = 0; r < job->s->n_rows; r++) {
        const hb_cell *cell = hb_time_cell(job, r, column);
        if (cell->kind == HB_CELL_TIME) {
            /* Before 1905 there were no workbooks: such a date is a clock or a duration. */
            spans = spans && cell->as.ns < -23740 * ns_per_day;
            l->date_only = l->date_only && at_midnight(cell->as.ns);
        }
    }
    l->form = spans ? HB_FORM_CELL_SPAN : HB_FORM_CELL;
    l->date_only = l->date_only && !spans;
}

static void figures(hb_time_job *job, size_t column, hb_time_look *l)
{
    l->whole = true;
    l->shortest = SIZE_MAX;
    for (size_t r = 0; r < job->s->n_rows; r++) {
        const hb_cell *cell = hb_time_cell(job, r, column);
        double v = cell->kind == HB_CELL_NUMBER ? cell->as.num : 0;
        if (cell->kind == HB_CELL_TEXT) {
            if (hb_cell_classify((hb_str){cell->as.p, cell->len}, job->s->decimal, &v) !=
                HB_CELL_IS_NUMBER) {
                continue;
            }
            l->longest = cell->len > l->longest ? cell->len : l->longest;
            l->shortest = cell->len < l->shortest ? cell->len : l->shortest;
        } else if (cell->kind != HB_CELL_NUMBER) {
            continue;
        }
        bool first = l->low > l->high;
        l->low = first || v < l->low ? v : l->low;
        l->high = first || v > l->high ? v : l->high;
        l->whole = l->whole && v == (double)(int64_t)(v > -9e18 && v < 9e18 ? v : 0.5);
    }
}

void hb_time_look_at(hb_time_job *job, size_t column)
{
    hb_time_look *l = &job->looks[column];
    size_t numbers = 0;
    size_t times = 0;
    size_t texts = 0;
    l->low = 1;
    l->high = 0;
    hb_time_name_read(job->s->columns[column].name, job->s->columns[column].unit, &l->name);
    for (size_t r = 0; r < job->s->n_rows; r++) {
        const hb_cell *cell = hb_time_cell(job, r, column);
        double v = 0;
        if (!hb_time_filled(cell, job->s->decimal)) {
            continue;
        }
        l->filled++;
        bool number = cell->kind == HB_CELL_NUMBER;
        if (cell->kind == HB_CELL_TEXT) {
            number = hb_cell_classify((hb_str){cell->as.p, cell->len}, job->s->decimal, &v) ==
                     HB_CELL_IS_NUMBER;
            texts += !number;
        }
        numbers += number;
        times += cell->kind == HB_CELL_TIME;
        if (l->filled == FIRST_CELLS && numbers == FIRST_CELLS && l->name.roles == HB_NAME_LOOSE &&
            !l->name.unit_ns && (cell->kind == HB_CELL_NUMBER ? cell->as.num : v) < 1e8) {
            l->number = true; /* a plain channel of a wide table: no need to look at all of it */
            l->low = 1;
            l->high = 0;
            return;
        }
    }
    l->number = numbers * 10 >= l->filled * 7 && numbers > 0;
    if (times > 0 && times >= texts) {
        settle_cells(job, column, l);
        return;
    }
    if (l->number) {
        figures(job, column, l);
        bool compact =
            l->shortest == l->longest && (l->longest == 7 || l->longest == 8 || l->longest == 12 ||
                                          l->longest == 14 || l->longest == 17);
        bool many = !l->longest && l->whole && l->low >= 19000101;
        if (!(compact || many || (l->longest >= 15 && l->low >= 1.9e13)) ||
            (l->name.other_unit && l->longest < 14)) {
            return;
        }
    } else if (texts == 0) {
        return;
    }
    text_form(job, column, l);
    if (l->form != HB_FORM_NONE) {
        settle_text(job, column, l);
    }
    if (l->number && l->form != HB_FORM_YMD && l->form != HB_FORM_ORDINAL) {
        l->form = HB_FORM_NONE;
    }
}
