/* SPDX-License-Identifier: Apache-2.0 */
/* Which figure is the day? Evidence in falling order: the user, a pattern in the header, a cell
 * over 12, a weekday beside it, one reading that runs on while the other jumps, another column, the
 * preamble, the mark, a language that writes decimal commas, AM/PM. */
#include "input/time/infer.h"

static const int64_t ns_per_day = INT64_C(86400000000000);

typedef struct evidence {
    size_t day_only; /* cells that read with the day first and not the other way */
    size_t month_only;
    size_t halves;        /* AM/PM */
    size_t padded_second; /* 5/04/2024: the first not padded, the second padded */
    size_t padded_first;
    bool dots;
    bool short_year;
} evidence;

static size_t date_part(const hb_time_rule *r)
{
    for (size_t k = 0; k < r->n_columns; k++) {
        if (r->form[k] == HB_FORM_DMY) {
            return k;
        }
    }
    return HB_TIME_PARTS;
}

static bool fits(hb_str text, hb_day_order order, hb_moment *m)
{
    hb_time t = 0;
    *m = (hb_moment){0};
    return hb_moment_text(HB_FORM_DMY, order, text, m) && hb_moment_time(m, 0, &t) &&
           (!m->weekday || m->weekday == hb_weekday_of(m->year, m->month, m->day));
}

static evidence collect(const hb_time_job *job, const hb_time_rule *r, size_t k)
{
    evidence e = {0};
    for (size_t row = 0; row < job->s->n_rows; row++) {
        const hb_cell *cell = hb_time_cell(job, row, r->columns[k]);
        if (cell->kind != HB_CELL_TEXT) {
            continue;
        }
        hb_str text = {cell->as.p, cell->len};
        hb_moment day;
        hb_moment month;
        bool by_day = fits(text, HB_ORDER_DAY_FIRST, &day);
        bool by_month = fits(text, HB_ORDER_MONTH_FIRST, &month);
        e.day_only += by_day && !by_month;
        e.month_only += by_month && !by_day;
        e.halves += day.half != 0;
        for (size_t i = 0; i + 1 < day.n_marks; i++) {
            if (day.marks[i].field != HB_FIELD_DAY || day.marks[i + 1].field != HB_FIELD_MONTH) {
                continue;
            }
            const hb_time_mark *a = &day.marks[i];
            const hb_time_mark *b = &day.marks[i + 1];
            bool second_padded = b->n == 2 && text.p[b->at] == '0';
            bool first_padded = a->n == 2 && text.p[a->at] == '0';
            e.padded_second += a->n == 1 && second_padded;
            e.padded_first += b->n == 1 && first_padded;
            e.dots = e.dots || text.p[a->at + a->n] == '.';
            e.short_year = e.short_year || (i + 2 < day.n_marks && day.marks[i + 2].n == 2);
        }
    }
    return e;
}

static void settle(hb_time_found *f, hb_day_order order, double confidence, const char *why)
{
    f->rule.order = order;
    f->order_confidence = confidence;
    f->order_why = why;
    f->rule.ambiguous = false;
}

/* This reading never goes back, and the other goes back or has one step that falls out of the row
 * and out of all steps of this one. */
static bool runs_better(const hb_time_run *run, const hb_time_run *other)
{
    bool jumps = other->longest_step / 20 > other->median_step &&
                 other->longest_step / 10 > run->longest_step;
    return run->down == 0 && run->up > 0 && (other->down > 0 || jumps);
}

/* One reading runs on and the other jumps back, or by months. Days that all lie a month apart in
 * one reading and a day apart in the other prove nothing. */
static bool by_running(hb_time_job *job, hb_time_found *f)
{
    hb_time_rule r = f->rule;
    r.order = HB_ORDER_DAY_FIRST;
    hb_time_run day = hb_time_try(job, &r);
    r.order = HB_ORDER_MONTH_FIRST;
    hb_time_run month = hb_time_try(job, &r);
    if (day.up + day.equal + day.down < 2) {
        return false;
    }
    if (runs_better(&day, &month) == runs_better(&month, &day)) {
        return false;
    }
    settle(f, runs_better(&day, &month) ? HB_ORDER_DAY_FIRST : HB_ORDER_MONTH_FIRST, 0.9,
           "only so the rows run on without a jump");
    return true;
}

/* 24/03/18 with the year in front: only when the other readings fail or jump. */
static bool year_in_front(hb_time_job *job, hb_time_found *f, size_t k, const evidence *e)
{
    if (!e->short_year) {
        return false;
    }
    hb_time_rule r = f->rule;
    r.form[k] = HB_FORM_YY_MD;
    hb_time_run year = hb_time_try(job, &r);
    hb_time_run other = {0};
    bool others_fail = true;
    for (hb_day_order o = HB_ORDER_DAY_FIRST; o <= HB_ORDER_MONTH_FIRST; o++) {
        r.form[k] = HB_FORM_DMY;
        r.order = o;
        other = hb_time_try(job, &r);
        int64_t longest = year.longest_step > ns_per_day ? year.longest_step : ns_per_day;
        bool runs_on = other.read >= year.read && other.down <= year.down &&
                       other.longest_step / 20 <= longest;
        others_fail = others_fail && !runs_on;
    }
    if (!others_fail || year.read < f->run.read || year.down * 10 > year.read) {
        return false;
    }
    f->rule.form[k] = HB_FORM_YY_MD;
    f->rule.ambiguous = false;
    f->order_confidence = 0.8;
    f->order_why = "the year stands in front: read otherwise the rows jump by years";
    return true;
}

/* 18/03/24 may still be a day in 2018, where nothing but the clock runs on. */
static double of_figures_over_12(hb_time_job *job, hb_time_found *f, size_t k, const evidence *e)
{
    hb_time_rule r = f->rule;
    r.form[k] = HB_FORM_YY_MD;
    hb_time_run year = e->short_year ? hb_time_try(job, &r) : (hb_time_run){0};
    return year.read && year.read == f->run.read && year.down == 0 ? 0.8 : 1;
}

static void decide(hb_time_job *job, hb_time_found *f, size_t k)
{
    const hb_time_source *s = job->s;
    evidence e = collect(job, &f->rule, k);
    hb_day_order header = job->looks[f->rule.columns[k]].name.order;
    if (s->order != HB_ORDER_ASK) {
        bool fits_cells = s->order == HB_ORDER_DAY_FIRST ? !e.month_only : !e.day_only;
        settle(f, s->order, fits_cells ? 1 : 0.3,
               fits_cells ? "as told" : "as told, though cells contradict");
    } else if (header != HB_ORDER_ASK &&
               (header == HB_ORDER_DAY_FIRST ? e.month_only <= e.day_only
                                             : e.day_only <= e.month_only)) {
        settle(f, header, 0.97, "the header says so");
    } else if (year_in_front(job, f, k, &e)) {
        return;
    } else if (e.day_only && e.month_only) {
        settle(f, e.day_only >= e.month_only ? HB_ORDER_DAY_FIRST : HB_ORDER_MONTH_FIRST, 0.3,
               "cells contradict each other: some have the day first, some the month");
        f->rule.ambiguous = true;
    } else if (e.day_only) {
        settle(f, HB_ORDER_DAY_FIRST, of_figures_over_12(job, f, k, &e),
               "a figure over 12 or a weekday shows where the day is");
    } else if (e.month_only) {
        settle(f, HB_ORDER_MONTH_FIRST, 1, "a figure over 12 or a weekday shows where the day is");
    } else if (by_running(job, f)) {
        return;
    } else if (job->preamble_order != HB_ORDER_ASK) {
        settle(f, job->preamble_order, 0.85, "as in the lines above the table");
    } else if (e.dots) {
        settle(f, HB_ORDER_DAY_FIRST, 0.95, "dates with dots have the day first");
    } else if (s->decimal == ',') {
        settle(f, HB_ORDER_DAY_FIRST, 0.85, "where decimals have a comma the day comes first");
    } else if (job->foreign) {
        settle(f, HB_ORDER_DAY_FIRST, 0.85, "the headers are of a language with the day first");
    } else if (e.padded_second && !e.padded_first) {
        settle(f, HB_ORDER_DAY_FIRST, 0.7, "5/04/2024: only the month is padded");
    } else if (e.halves) {
        settle(f, HB_ORDER_MONTH_FIRST, 0.65, "dates with AM/PM mostly have the month first");
    } else {
        f->rule.order = HB_ORDER_DAY_FIRST;
        f->rule.ambiguous = true;
        f->order_confidence = 0.5;
        f->order_why = "nothing in the file tells day from month; taken as day first";
    }
    f->run = hb_time_try(job, &f->rule);
}

void hb_time_orders(hb_time_job *job)
{
    const hb_time_found *sure = NULL;
    for (size_t i = 0; i < job->n_found; i++) {
        hb_time_found *f = &job->found[i];
        f->order_confidence = 1;
        size_t k = date_part(&f->rule);
        if (k == HB_TIME_PARTS) {
            continue;
        }
        decide(job, f, k);
        if (f->order_confidence >= 0.9 && f->rule.form[k] == HB_FORM_DMY && !f->rule.ambiguous &&
            (!sure || sure->order_confidence < f->order_confidence)) {
            sure = f;
        }
    }
    for (size_t i = 0; sure && i < job->n_found; i++) {
        hb_time_found *f = &job->found[i];
        if (f->order_confidence < 0.9 && date_part(&f->rule) < HB_TIME_PARTS &&
            f->rule.form[date_part(&f->rule)] == HB_FORM_DMY && job->s->order == HB_ORDER_ASK) {
            settle(f, sure->rule.order, 0.9, "as in another column of this table");
            f->run = hb_time_try(job, &f->rule);
        }
    }
}
