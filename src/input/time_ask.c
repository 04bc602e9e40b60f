/* SPDX-License-Identifier: Apache-2.0 */
#include "input/time_ask.h"

#include <stdio.h>
#include <string.h>

static hb_time read_as(const hb_time_rule *rule, hb_day_order order, const hb_block *b, size_t row,
                       char decimal)
{
    hb_time_rule r = *rule;
    const hb_cell *parts[HB_TIME_PARTS] = {0};
    r.order = order;
    for (size_t k = 0; k < r.n_columns; k++) {
        parts[k] = &b->cells[row * b->n_cols + r.columns[k]];
    }
    return hb_time_rule_read(&r, parts, decimal);
}

static const char *day(hb_time t, char out[32])
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    int64_t year = 0;
    unsigned month = 0;
    unsigned date = 0;
    const int64_t day_ns = INT64_C(86400000000000);
    int64_t days = t / day_ns - (t % day_ns < 0);
    hb_civil_from_days(days, &year, &month, &date);
    snprintf(out, 32, "%u %s %lld", date, months[(month - 1) % 12], (long long)year);
    return out;
}

static hb_str column_name(const hb_time_rule *rule, const hb_column *columns, size_t n)
{
    return rule->columns[0] < n ? columns[rule->columns[0]].name : (hb_str){"", 0};
}

bool hb_time_question(const hb_time_rule *rule, const hb_column *columns, size_t n,
                      const hb_block *b, char decimal, char ret[HB_TIME_QUESTION])
{
    if (rule->kind == HB_AXIS_NONE || !rule->ambiguous) {
        return false;
    }
    hb_str name = column_name(rule, columns, n);
    int shown = (int)(name.n < 80 ? name.n : 80);
    for (size_t row = 0; b->cells && row < b->n_rows; row++) {
        const hb_cell *cell = &b->cells[row * b->n_cols + rule->columns[0]];
        hb_time d = read_as(rule, HB_ORDER_DAY_FIRST, b, row, decimal);
        hb_time m = read_as(rule, HB_ORDER_MONTH_FIRST, b, row, decimal);
        if (cell->kind == HB_CELL_TEXT && d != m && d != HB_TIME_NONE && m != HB_TIME_NONE) {
            char as_day[32];
            char as_month[32];
            snprintf(ret, HB_TIME_QUESTION,
                     "column '%.*s': '%.*s' may be %s or %s: say --day-first or --month-first",
                     shown, name.p, (int)(cell->len < 60 ? cell->len : 60), cell->as.p,
                     day(d, as_day), day(m, as_month));
            return true;
        }
    }
    snprintf(ret, HB_TIME_QUESTION,
             "column '%.*s': day and month could be swapped (%.60s%s%.100s): say --day-first or "
             "--month-first",
             shown, name.p, rule->notation ? rule->notation : "", rule->alternative ? ", or " : "",
             rule->alternative ? rule->alternative : "");
    return true;
}
