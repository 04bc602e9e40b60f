/* SPDX-License-Identifier: Apache-2.0 */
#include "input/timecol.h"

#include "input/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "Time (ms)" → "Time", and how many nanoseconds its unit has; 0 when it ends in no unit of time.
 */
static double take_unit(hb_str *name)
{
    static const struct {
        const char *unit;
        double ns;
    } rows[] = {{"ns", 1},    {"us", 1e3},      {"µs", 1e3},   {"ms", 1e6},   {"s", 1e9},
                {"sec", 1e9}, {"seconds", 1e9}, {"min", 6e10}, {"h", 3.6e12}, {"hours", 3.6e12}};
    size_t open = 0;
    while (open < name->n && name->p[open] != '(' && name->p[open] != '[') {
        open++;
    }
    if (open == 0 || open + 2 > name->n) {
        return 0;
    }
    hb_str unit = hb_str_trim((hb_str){name->p + open + 1, name->n - open - 2});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_str_eq_c(unit, rows[i].unit)) {
            *name = hb_str_trim((hb_str){name->p, open});
            return rows[i].ns;
        }
    }
    return 0;
}

bool hb_timecol_named(hb_str name)
{
    static const char *const names[] = {
        "time",     "timestamp",     "ts",           "date",      "datetime",  "utc",
        "time_utc", "timestamp_utc", "date time",    "date_time", "time_s",    "time_ms",
        "elapsed",  "elapsed_s",     "elapsed time", "epoch",     "time stamp"};
    take_unit(&name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (hb_str_ieq_c(name, names[i])) {
            return true;
        }
    }
    return hb_str_eq_c(name, "t"); /* a capital T is a temperature */
}

static bool number(hb_str *s, size_t most, unsigned *ret)
{
    unsigned v = 0;
    size_t n = 0;
    while (n < most && n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
        v = v * 10 + (unsigned)(s->p[n] - '0');
        n++;
    }
    *s = (hb_str){s->p + n, s->n - n};
    *ret = v;
    return n > 0;
}

static bool take(hb_str *s, char c)
{
    if (s->n && s->p[0] == c) {
        *s = (hb_str){s->p + 1, s->n - 1};
        return true;
    }
    return false;
}

bool hb_time_parse_civil(hb_str text, hb_time *ret)
{
    if (hb_time_parse(text.p, text.n, ret, NULL)) {
        return true;
    }
    /* Rewritten as ISO 8601 with two digits everywhere, then read by the one strict parser. */
    hb_str s = text;
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    char sep = s.n > 4 ? s.p[4] : 0;
    if (!number(&s, 4, &year) || year < 1000 || (sep != '-' && sep != '/' && sep != '.') ||
        !take(&s, sep) || !number(&s, 2, &month) || !take(&s, sep) || !number(&s, 2, &day)) {
        return false;
    }
    char iso[96];
    int n = snprintf(iso, sizeof iso, "%04u-%02u-%02u", year, month, day);
    if (s.n) {
        if ((!take(&s, ' ') && !take(&s, 'T')) || !number(&s, 2, &hour) || !take(&s, ':') ||
            !number(&s, 2, &minute) || s.n > 40) {
            return false;
        }
        n += snprintf(iso + n, sizeof iso - (size_t)n, "T%02u:%02u%.*s", hour, minute, (int)s.n,
                      s.p);
    }
    return hb_time_parse(iso, (size_t)n, ret, NULL);
}

static bool cell_number(const hb_cell *cell, char decimal, double *ret)
{
    if (cell->kind == HB_CELL_NUMBER) {
        *ret = cell->as.num;
        return true;
    }
    return cell->kind == HB_CELL_TEXT &&
           hb_cell_classify((hb_str){cell->as.p, cell->len}, decimal, ret) == HB_CELL_IS_NUMBER;
}

static void settle_number(hb_timecol *tc, double v, hb_str name)
{
    static const struct {
        double from;
        double scale_ns;
        const char *words;
    } epochs[] = {
        {1e17, 1, "nanoseconds since 1970"},
        {1e14, 1e3, "microseconds since 1970"},
        {1e11, 1e6, "milliseconds since 1970"},
        {1e8, 1e9, "seconds since 1970"},
    };
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        if (v >= epochs[i].from) {
            tc->kind = HB_TIMECOL_EPOCH;
            tc->scale_ns = epochs[i].scale_ns;
            snprintf(tc->guess, sizeof tc->guess, "%s", epochs[i].words);
            return;
        }
    }
    double ns = take_unit(&name);
    tc->kind = HB_TIMECOL_ELAPSED;
    tc->scale_ns = ns != 0 ? ns : hb_str_ends(name, "_ms") ? 1e6 : 1e9;
    snprintf(tc->guess, sizeof tc->guess, "elapsed %s",
             tc->scale_ns == 1e9   ? "seconds"
             : tc->scale_ns == 1e6 ? "milliseconds"
                                   : "time");
}

bool hb_timecol_settle(hb_timecol *tc, const hb_cell *cell, char decimal, hb_str column_name)
{
    double v = 0;
    hb_time t = 0;
    if (cell->kind == HB_CELL_TIME ||
        (cell->kind == HB_CELL_TEXT && hb_time_parse_civil((hb_str){cell->as.p, cell->len}, &t))) {
        tc->kind = HB_TIMECOL_CIVIL;
        snprintf(tc->guess, sizeof tc->guess, "date and time; UTC where no zone is written");
        return true;
    }
    if (!cell_number(cell, decimal, &v)) {
        return false;
    }
    settle_number(tc, v, column_name);
    return true;
}

hb_time hb_timecol_read(const hb_timecol *tc, const hb_cell *cell, char decimal)
{
    hb_time t = HB_TIME_NONE;
    double v = 0;
    if (cell->kind == HB_CELL_TIME) {
        return cell->as.ns;
    }
    if (tc->kind == HB_TIMECOL_CIVIL) {
        bool ok =
            cell->kind == HB_CELL_TEXT && hb_time_parse_civil((hb_str){cell->as.p, cell->len}, &t);
        return ok ? t : HB_TIME_NONE;
    }
    int64_t whole = 0;
    /* Nanosecond stamps have more digits than a double holds. */
    if (cell->kind == HB_CELL_TEXT && tc->scale_ns == 1 &&
        hb_num_parse_i64(cell->as.p, cell->len, &whole)) {
        return whole;
    }
    if (!cell_number(cell, decimal, &v)) {
        return HB_TIME_NONE;
    }
    double ns = v * tc->scale_ns;
    return fabs(ns) < 9.2e18 ? (hb_time)(ns < 0 ? ns - 0.5 : ns + 0.5) : HB_TIME_NONE;
}
