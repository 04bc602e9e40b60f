/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the columns that are times and ranks them: wall clocks before epochs before elapsed time;
 * what is named as a time before what only looks like one. */
#include "input/time/infer.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FOUND = 64 };

bool hb_time_add(hb_time_job *job, const hb_time_rule *r, double score)
{
    if (job->n_found == job->cap_found) {
        return false;
    }
    hb_time_found *f = &job->found[job->n_found];
    *f = (hb_time_found){.rule = *r, .order_confidence = 1};
    for (size_t k = 0; k < r->n_columns; k++) {
        if (f->rule.form[k] == HB_FORM_DMY && f->rule.order == HB_ORDER_ASK) {
            f->rule.order = HB_ORDER_DAY_FIRST;
        }
    }
    f->run = hb_time_try(job, &f->rule);
    for (size_t k = 0; k < r->n_columns && !hb_time_mostly_read(&f->run); k++) {
        if (f->rule.form[k] == HB_FORM_DMY) {
            f->rule.order = HB_ORDER_MONTH_FIRST;
            f->run = hb_time_try(job, &f->rule);
        }
    }
    if (!hb_time_mostly_read(&f->run)) {
        return false;
    }
    uint32_t roles = job->looks[r->columns[0]].name.roles;
    f->score = score - (roles & HB_NAME_START ? 5 : 0) - (roles & HB_NAME_OTHER ? 10 : 0) -
               (roles & HB_NAME_LOOSE ? 3 : 0) - (roles & HB_NAME_DENIED ? 30 : 0) +
               (roles & HB_NAME_STAMP ? 1 : 0);
    f->place = job->n_found++;
    return true;
}

/* Backward steps and columns that stand still speak against an axis, once the order is known. */
static void weigh_run(hb_time_found *f)
{
    const hb_time_run *run = &f->run;
    size_t steps = run->up + run->down + run->equal;
    f->score -= run->down * 10 > steps ? 20 : 0;
    f->score -= steps >= 3 && run->equal * 2 > steps ? 15 : 0;
    f->score -= steps >= 3 && run->up == 0 ? 10 : 0;
}

typedef struct epoch_range {
    double low;
    double high;
    double scale_ns;
} epoch_range;

/* 1973 … 2128 for columns that are named as a time; others must lie between 2000 and 2045. */
static const epoch_range epochs[] = {
    {1e8, 5e9, 1e9},
    {1e11, 5e12, 1e6},
    {1e14, 5e15, 1e3},
    {1e17, 5e18, 1},
};

static const double from_2000 = 946684800;
static const double to_2045 = 2366841600;

static double rule_score(hb_time_form form, bool named)
{
    return form == HB_FORM_EPOCH ? (named ? 90 : 80) : named ? 78 : 45;
}

static bool try_scale(hb_time_job *job, size_t column, hb_time_form form, double scale_ns,
                      double score)
{
    hb_time_rule r = {.columns = {column},
                      .n_columns = 1,
                      .form = {(uint8_t)form},
                      .scale_ns = scale_ns,
                      .kind = form == HB_FORM_SERIAL || form >= HB_FORM_DATENUM ? HB_AXIS_LOCAL
                              : form == HB_FORM_NUMBER                          ? HB_AXIS_ELAPSED
                                                                                : HB_AXIS_UTC};
    r.plain_number = form == HB_FORM_NUMBER;
    hb_time_run run = hb_time_try(job, &r);
    /* Size and name tell the others, also in a table with the newest row on top. */
    /* Under a name that leaves no doubt a record may also run backwards. */
    bool backwards = score >= 60 && run.down > (run.up + run.equal) * 9;
    bool runs = form != HB_FORM_NUMBER || hb_time_rises(&run) || backwards ||
                (run.read <= 2 && run.down == 0);
    return runs && hb_time_add(job, &r, score);
}

/* Numbers that count since 1970, by their size; by name also the other calendars. */
static bool epoch(hb_time_job *job, size_t column)
{
    const hb_time_look *l = &job->looks[column];
    bool named = l->name.roles & HB_NAME_ANY_TIME && !(l->name.roles & HB_NAME_DENIED);
    bool counted = l->name.roles & HB_NAME_ELAPSED && !(l->name.roles & HB_NAME_EPOCH) &&
                   (l->name.unit_ns || l->name.roles & (HB_NAME_RUN | HB_NAME_TIME));
    bool ticks = l->low > 6.2e17 && l->high < 6.6e17;
    bool file_time = l->low > 1.25e17 && l->high < 1.45e17;
    bool since_1904 = l->low > 2.9e9 && l->high < 4.5e9;
    if (named && ticks && l->name.unit_ns == 0) {
        return try_scale(job, column, HB_FORM_SINCE_1, 100, 88);
    }
    if (named && file_time && l->name.unit_ns == 0) {
        return try_scale(job, column, HB_FORM_SINCE_1601, 100, 88);
    }
    if (named && since_1904 && !(l->name.roles & HB_NAME_EPOCH) &&
        (l->name.unit_ns == 0 || l->name.unit_ns == 1000000000)) {
        return try_scale(job, column, HB_FORM_SINCE_1904, 1e9, 85);
    }
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        const epoch_range *e = &epochs[i];
        double low = named ? e->low : from_2000 * 1e9 / e->scale_ns;
        double high = named ? e->high : to_2045 * 1e9 / e->scale_ns;
        bool unit_differs = l->name.unit_ns && (double)l->name.unit_ns != e->scale_ns;
        /* A counter that starts somewhere in 2001 and ends in 2033 is a counter. */
        bool too_long = !named && (l->high - l->low) * e->scale_ns > 1.6e17;
        if (l->low < low || l->high > high || unit_differs || too_long ||
            (counted && l->low < from_2000 * 1e9 / e->scale_ns)) {
            continue;
        }
        hb_time_rule r = {
            .columns = {column}, .n_columns = 1, .form = {HB_FORM_EPOCH}, .scale_ns = e->scale_ns};
        hb_time_run run = hb_time_try(job, &r);
        if (!named && (!hb_time_rises(&run) || run.up < 2)) {
            continue;
        }
        return try_scale(job, column, HB_FORM_EPOCH, e->scale_ns, rule_score(HB_FORM_EPOCH, named));
    }
    return false;
}

/* Day counts of spreadsheets and astronomers: the name must say that it is a time. */
static bool day_count(hb_time_job *job, size_t column)
{
    const hb_time_look *l = &job->looks[column];
    uint32_t roles = l->name.roles;
    bool called = roles & (HB_NAME_STAMP | HB_NAME_DATE | HB_NAME_TIME) &&
                  !(roles & (HB_NAME_DENIED | HB_NAME_WEAK | HB_NAME_ELAPSED));
    bool no_unit = l->name.unit_ns == 0 || l->name.unit_ns == INT64_C(86400000000000);
    if (!no_unit) {
        return false;
    }
    bool sure = roles & (HB_NAME_STAMP | HB_NAME_DATE);
    if (called && l->low >= 25569 && l->high < 62000 && (sure || !l->whole)) {
        return try_scale(job, column, HB_FORM_SERIAL, 0, sure ? 75 : 60);
    }
    if ((called || roles & HB_NAME_DATENUM) && l->low >= 7.1e5 && l->high < 7.7e5) {
        return try_scale(job, column, HB_FORM_DATENUM, 0, sure ? 75 : 65);
    }
    if ((called || roles & HB_NAME_JULIAN) && l->low >= 2.4e6 && l->high < 2.5e6) {
        return try_scale(job, column, HB_FORM_JULIAN, 0, 75);
    }
    if (roles & HB_NAME_MJD && l->low >= 4e4 && l->high < 8e4) {
        return try_scale(job, column, HB_FORM_MJD, 0, 75);
    }
    return false;
}

static bool strictly(const hb_time_run *run)
{
    return run->up >= 4 && run->down == 0 && run->equal * 10 <= run->up;
}

static bool first_figures(const hb_time_job *job, size_t column)
{
    for (size_t i = 0; i < column; i++) {
        if (job->looks[i].number) {
            return false;
        }
    }
    return true;
}

static void elapsed_number(hb_time_job *job, size_t column)
{
    const hb_time_look *l = &job->looks[column];
    uint32_t roles = l->name.roles;
    int64_t unit = l->name.unit_ns;
    bool called =
        roles & (HB_NAME_TIME | HB_NAME_STAMP | HB_NAME_ELAPSED) || (unit && roles & HB_NAME_CLOCK);
    /* A unit of time alone is enough over the first column, where axes stand. */
    bool by_unit = !called && (unit == 1000000000 || unit == 1000000 || unit == 1000) &&
                   first_figures(job, column) && !(roles & HB_NAME_PART & ~(uint32_t)HB_NAME_MILLI);
    if (roles & HB_NAME_DENIED || l->name.other_unit || (!called && !by_unit) || l->low > l->high) {
        return;
    }
    hb_time_rule r = {.columns = {column},
                      .n_columns = 1,
                      .form = {HB_FORM_NUMBER},
                      .scale_ns = unit ? (double)unit : 1e9};
    hb_time_run run = hb_time_try(job, &r);
    bool loose = roles & (HB_NAME_LOOSE | HB_NAME_WEAK) || by_unit;
    if (loose && !strictly(&run)) {
        return;
    }
    try_scale(job, column, HB_FORM_NUMBER, r.scale_ns, loose ? 50 : 60);
}

static void single_text(hb_time_job *job, size_t column)
{
    const hb_time_look *l = &job->looks[column];
    uint32_t roles = l->name.roles;
    bool named = roles & HB_NAME_ANY_TIME && !(roles & HB_NAME_DENIED);
    hb_time_rule r = {.columns = {column},
                      .n_columns = 1,
                      .form = {l->form},
                      .order = l->name.order,
                      .kind = l->form <= HB_FORM_CELL ? HB_AXIS_LOCAL : HB_AXIS_ELAPSED,
                      .plain_number = l->form == HB_FORM_QUANTITY};
    hb_time_run run = hb_time_try(job, &r);
    if (l->form <= HB_FORM_CELL) {
        bool moves = run.up * 10 >= (run.up + run.equal + run.down) * 9;
        double score = !l->date_only ? (named ? 100 : 70) : named && moves ? 65 : 55;
        hb_time_add(job, &r, score);
        return;
    }
    bool rises = hb_time_rises(&run) || run.read <= 2;
    bool unnamed = !named && !(l->form == HB_FORM_DAY_OF_YEAR || strictly(&run));
    if (rises && !unnamed && !(roles & HB_NAME_DENIED) && (named || l->form != HB_FORM_QUANTITY)) {
        hb_time_add(job, &r, named ? 58 : 40);
    }
}

void hb_time_singles(hb_time_job *job)
{
    for (size_t i = 0; i < job->s->n_columns; i++) {
        const hb_time_look *l = &job->looks[i];
        if (l->used || (l->name.other_unit && l->number)) {
            continue;
        }
        if (l->form != HB_FORM_NONE) {
            single_text(job, i);
        } else if (l->number && l->low <= l->high && !epoch(job, i) && !day_count(job, i)) {
            elapsed_number(job, i);
        }
    }
}

static int by_score(const void *a, const void *b)
{
    const hb_time_found *x = a;
    const hb_time_found *y = b;
    if (x->score != y->score) {
        return x->score < y->score ? 1 : -1;
    }
    return x->rule.columns[0] < y->rule.columns[0] ? -1 : 1;
}

static bool has_clock(hb_str line)
{
    for (size_t i = 1; i + 2 < line.n; i++) {
        if (line.p[i] == ':' && (uint8_t)(line.p[i - 1] - '0') < 10 &&
            (uint8_t)(line.p[i + 1] - '0') < 10 && i > 2 && line.p[i - 3] != '+' &&
            line.p[i - 3] != '-' && line.p[i - 2] != '+' && line.p[i - 2] != '-') {
            return true;
        }
    }
    return false;
}

/* Dates above the table, "27/02/2024", show how this program writes them. */
static hb_day_order order_of_dates(hb_str line)
{
    for (size_t i = 0; i + 8 <= line.n; i++) {
        if (i > 0 &&
            ((uint8_t)(line.p[i - 1] - '0') < 10 || line.p[i - 1] == '/' || line.p[i - 1] == '-')) {
            continue;
        }
        size_t n = i;
        while (n < line.n && n < i + 10 && line.p[n] != ' ' && line.p[n] != ',' &&
               line.p[n] != ';' && line.p[n] != '\t' && line.p[n] != '"') {
            n++;
        }
        hb_moment day = {0};
        hb_moment month = {0};
        hb_time t = 0;
        hb_str text = {line.p + i, n - i};
        bool by_day = hb_moment_text(HB_FORM_DMY, HB_ORDER_DAY_FIRST, text, &day) &&
                      hb_moment_time(&day, 0, &t);
        bool by_month = hb_moment_text(HB_FORM_DMY, HB_ORDER_MONTH_FIRST, text, &month) &&
                        hb_moment_time(&month, 0, &t);
        if (by_day != by_month) {
            return by_day ? HB_ORDER_DAY_FIRST : HB_ORDER_MONTH_FIRST;
        }
    }
    return HB_ORDER_ASK;
}

/* "all times UTC", "Time zone: UTC+1"; a line with a clock in it speaks of that clock only. */
static void read_preamble(hb_time_job *job)
{
    hb_str left = job->s->preamble;
    for (size_t lines = 0; left.n && lines < 1000; lines++) {
        size_t n = 0;
        while (n < left.n && left.p[n] != '\n' && left.p[n] != '\r') {
            n++;
        }
        hb_str line = {left.p, n < 400 ? n : 400};
        left = (hb_str){left.p + n + (n < left.n), left.n - n - (n < left.n)};
        int32_t offset = 0;
        if (!job->preamble_zoned && !has_clock(line) && hb_zone_in_text(line, &offset)) {
            hb_scan s = {line.p, line.p + line.n, line.p};
            char word[HB_SCAN_WORD];
            for (; s.p < s.end && !job->preamble_zoned;) {
                bool of_time =
                    hb_scan_word(&s, word) &&
                    hb_word_among(" time times timezone zone timestamp timestamps clock clocks tz "
                                  "zeit zeiten uhrzeit zeitzone zeitstempel heure heures fuseau "
                                  "horaire hora horas zona fuso ora ore date dates ",
                                  word);
                job->preamble_zoned = of_time;
                s.p += s.p < s.end;
            }
            job->preamble_offset_s = job->preamble_zoned ? offset : 0;
        }
        if (job->preamble_order == HB_ORDER_ASK) {
            job->preamble_order = hb_order_in_text(line);
        }
        if (job->preamble_order == HB_ORDER_ASK) {
            job->preamble_order = order_of_dates(line);
        }
    }
}

/* Two columns may each be times of day and date in most rows, and in no row both. */
static bool reads_a_row(const hb_time_source *s, const hb_time_rule *r)
{
    for (size_t row = 0; row < s->n_rows; row++) {
        const hb_cell *parts[HB_TIME_PARTS] = {0};
        for (size_t k = 0; k < r->n_columns; k++) {
            parts[k] = &s->cells[row * s->n_columns + r->columns[k]];
        }
        if (hb_time_rule_read(r, parts, s->decimal) != HB_TIME_NONE) {
            return true;
        }
    }
    return false;
}

hb_status hb_time_rules_infer(const hb_time_source *s, hb_arena *arena,
                              hb_time_rule ret[HB_TIME_CANDIDATES], size_t *ret_n, hb_error *err)
{
    hb_time_job job = {.s = s, .arena = arena, .cap_found = MOST_FOUND};
    *ret_n = 0;
    if (s->n_rows == 0 || s->n_columns == 0) {
        return HB_OK;
    }
    job.looks = hb_arena_array(arena, s->n_columns, sizeof *job.looks);
    job.scratch = hb_arena_array(arena, s->n_rows, sizeof *job.scratch);
    job.found = hb_arena_array(arena, MOST_FOUND, sizeof *job.found);
    if (!job.looks || !job.scratch || !job.found) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_columns; i++) {
        hb_time_look_at(&job, i);
        job.foreign = job.foreign || (job.looks[i].name.roles & HB_NAME_FOREIGN &&
                                      job.looks[i].name.roles & HB_NAME_ANY_TIME);
    }
    read_preamble(&job);
    hb_time_compose(&job);
    hb_time_singles(&job);
    hb_time_orders(&job);
    size_t kept = 0;
    for (size_t i = 0; i < job.n_found; i++) {
        weigh_run(&job.found[i]);
        if (!hb_time_tell(&job, &job.found[i])) {
            return HB_NOMEM(err);
        }
        if (s->order != HB_ORDER_ASK || reads_a_row(s, &job.found[i].rule)) {
            job.found[kept++] = job.found[i];
        }
    }
    job.n_found = kept;
    qsort(job.found, job.n_found, sizeof *job.found, by_score);
    size_t n = job.n_found < HB_TIME_CANDIDATES ? job.n_found : HB_TIME_CANDIDATES;
    for (size_t i = 0; i < n; i++) {
        ret[i] = job.found[i].rule;
    }
    *ret_n = n;
    return HB_OK;
}
