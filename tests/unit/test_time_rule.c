/* SPDX-License-Identifier: Apache-2.0 */
/* Times in many notations against Python's datetime (rule.case), the examples of the document, and
 * cells that are no text. */
#include "base/num.h"
#include "os/file.h"
#include "support/check.h"
#include "support/text_case.h"
#include "support/time_table.h"

#include <stdio.h>
#include <stdlib.h>

static int wrong;

static const char *const kinds[] = {
    [HB_AXIS_NONE] = "none",
    [HB_AXIS_UTC] = "absolute_utc",
    [HB_AXIS_LOCAL] = "absolute_local",
    [HB_AXIS_ELAPSED] = "elapsed",
};

__attribute__((format(printf, 2, 3))) static void complain(const char *title, const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    print_error("case '%s': %s\n", title, text);
    wrong++;
}

static int64_t take_time(const char **p)
{
    const char *from = *p;
    size_t n = strcspn(from, " ");
    int64_t v = HB_TIME_NONE;
    *p = from + n + (from[n] == ' ');
    if (n == 1 && *from == '-') {
        return HB_TIME_NONE;
    }
    assert_true(hb_num_parse_i64(from, n, &v));
    return v;
}

static void check_times(const text_case *c, const time_table *t, const hb_time_rule *r)
{
    const char *times = text_case_key(c, "times");
    const char *tolerance = text_case_key(c, "tolerance");
    int64_t most = 0;
    assert_true(!tolerance || hb_num_parse_i64(tolerance, strlen(tolerance), &most));
    for (size_t row = 0; row < t->source.n_rows; row++) {
        int64_t want = take_time(&times);
        int64_t got = time_table_time(t, r, row);
        if ((got == HB_TIME_NONE) != (want == HB_TIME_NONE) || got - want > most ||
            want - got > most) {
            complain(c->title, "row %zu is %lld, expected %lld (%s; %s)", row, (long long)got,
                     (long long)want, r->notation, r->why);
            return;
        }
    }
}

static void check_case(const text_case *c)
{
    time_table t;
    char names[400];
    time_table_begin(&t);
    const char *decimal = text_case_key(c, "decimal");
    const char *order = text_case_key(c, "order");
    t.source.decimal = decimal ? decimal[0] : '.';
    t.source.preamble = hb_str_of(text_case_key(c, "preamble"));
    assert_true(!order || hb_day_order_parse(hb_str_of(order), &t.source.order));
    char *text = hb_strndup(c->text.p, c->text.n);
    assert_non_null(text);
    time_table_text(&t, text, c->text.n);
    time_table_infer(&t);
    const hb_time_rule *r = &t.rules[0];
    const char *kind = text_case_key(c, "kind");
    const char *zone = text_case_key(c, "zone");
    if (strcmp(kind, "none") == 0) {
        if (t.n_rules) {
            complain(c->title, "'%s' was taken for a time: %s, %s", time_table_names(&t, r, names),
                     r->notation, r->why);
        }
    } else if (t.n_rules == 0) {
        complain(c->title, "no time found");
    } else if (strcmp(kind, kinds[r->kind]) != 0) {
        complain(c->title, "kind is %s, expected %s (%s; %s)", kinds[r->kind], kind, r->notation,
                 r->why);
    } else if (strcmp(text_case_key(c, "columns"), time_table_names(&t, r, names)) != 0) {
        complain(c->title, "the time is '%s' (%s)", names, r->notation);
    } else if (strcmp(zone ? zone : "", r->zone ? r->zone : "") != 0) {
        complain(c->title, "zone is %s", r->zone ? r->zone : "none");
    } else if (r->ambiguous != (text_case_key(c, "ambiguous") != NULL)) {
        complain(c->title, "%s (%s)", r->ambiguous ? "ambiguous" : "not ambiguous", r->why);
    } else {
        check_times(c, &t, r);
        if (getenv("HB_SHOW_TIMES")) {
            print_message("%-34s %-42s %.2f %s | %s\n", c->title, r->notation, r->confidence,
                          r->why, r->alternative ? r->alternative : "");
        }
    }
    time_table_end(&t);
    hb_free(text);
}

static void rule__reads_what_python_wrote(void **state)
{
    (void)state;
    wrong = 0;
    assert_true(text_cases("time/rule.case", check_case) > 200);
    assert_int_equal(wrong, 0);
}

/* One row of the document: `header` | `cells` | kind | `first row` |. */
static void check_example(char *line)
{
    char *field[4];
    char *p = line;
    for (size_t i = 0; i < 4; i++) {
        char *from = strchr(p, '|');
        char *to = from ? strchr(from + 1, '|') : NULL;
        if (i == 1 && from && strstr(from, "` | ")) {
            to = strstr(from, "` | ") + 2;
        }
        assert_true(from && to);
        hb_str text = hb_str_trim((hb_str){from + 1, (size_t)(to - from) - 1});
        bool ticks = text.n > 1 && text.p[0] == '`';
        field[i] = hb_strndup(text.p + ticks, text.n - 2 * ticks);
        assert_non_null(field[i]);
        p = to;
    }
    char table[2000];
    size_t n = 0;
    const char *const parts[2] = {field[0], field[1]};
    for (size_t k = 0; k < 2; k++) {
        for (const char *c = parts[k]; *c && n < sizeof table - 3; c++) {
            if (strncmp(c, " + ", 3) == 0) {
                table[n++] = '\t';
                c += 2;
            } else if (strncmp(c, "; ", 2) == 0) {
                table[n++] = '\n';
                c++;
            } else {
                table[n++] = *c;
            }
        }
        table[n++] = '\n';
    }
    time_table t;
    time_table_begin(&t);
    time_table_text(&t, table, n);
    time_table_infer(&t);
    const char *kind = t.n_rules == 0 ? "none" : kinds[t.rules[0].kind];
    const char *under = strchr(kind, '_');
    hb_time got = t.n_rules ? time_table_time(&t, &t.rules[0], 0) : HB_TIME_NONE;
    hb_time want = HB_TIME_NONE;
    size_t len = strlen(field[3]);
    if (strcmp(field[2], "elapsed") == 0) {
        double v = 0;
        assert_true(len > 2 && hb_num_parse(field[3], len - 2, &v) == HB_NUM_FINITE);
        want = (hb_time)(v * 1e9 + 0.5);
    } else {
        assert_true(hb_time_parse(field[3], len, &want, NULL));
    }
    if (strcmp(under ? under + 1 : kind, field[2]) != 0 || got != want ||
        t.rules[0].n_columns != t.source.n_columns) {
        complain(field[1], "reads as %s, %lld (%s)", kind, (long long)got,
                 t.n_rules ? t.rules[0].notation : "-");
    }
    for (size_t i = 0; i < 4; i++) {
        hb_free(field[i]);
    }
    time_table_end(&t);
}

static void rule__reads_the_examples_of_the_document(void **state)
{
    (void)state;
    char path[4096];
    char *data = NULL;
    size_t len = 0;
    size_t n = 0;
    const char *source = getenv("HB_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/docs/formats/times.md", source ? source : ".");
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &data, &len, &err));
    wrong = 0;
    for (char *p = data; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        if (strncmp(p, "| `", 3) == 0) {
            char line[1000];
            snprintf(line, sizeof line, "%.*s", (int)strcspn(p, "\n"), p);
            check_example(line);
            n++;
        }
    }
    hb_free(data);
    assert_true(n > 60);
    assert_int_equal(wrong, 0);
}

static void infer_cells(time_table *t, const char *const *names, size_t n_columns,
                        const hb_cell *cells, size_t n_rows)
{
    time_table_begin(t);
    t->source.n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++) {
        t->columns[i].name = hb_str_of(names[i]);
    }
    for (size_t r = 0; r < n_rows; r++) {
        time_table_add_row(t, cells + r * n_columns, n_columns);
    }
    time_table_infer(t);
}

static hb_cell number(double v)
{
    return (hb_cell){.kind = HB_CELL_NUMBER, .as.num = v};
}

static hb_cell text(const char *s)
{
    return (hb_cell){.kind = HB_CELL_TEXT, .as.p = s, .len = (uint32_t)strlen(s)};
}

static hb_cell date(int64_t days, int64_t s)
{
    return (hb_cell){.kind = HB_CELL_TIME, .as.ns = (days * 86400 + s) * INT64_C(1000000000)};
}

static const int64_t march_18 = 19800; /* 2024-03-18 in days since 1970 */

static void rule__takes_date_cells(void **state)
{
    (void)state;
    time_table t;
    const char *one[] = {"Timestamp"};
    const hb_cell dates[] = {date(march_18, 33164),
                             date(march_18, 33165),
                             text("2024-03-18 09:12:46"),
                             {.kind = HB_CELL_EMPTY}};
    infer_cells(&t, one, 1, dates, 4);
    assert_int_equal(t.n_rules, 1);
    assert_int_equal(t.rules[0].kind, HB_AXIS_LOCAL);
    assert_true(time_table_time(&t, &t.rules[0], 1) == INT64_C(1710753165000000000));
    assert_true(time_table_time(&t, &t.rules[0], 2) == INT64_C(1710753166000000000));
    assert_true(time_table_time(&t, &t.rules[0], 3) == HB_TIME_NONE);
    time_table_end(&t);
    /* Spreadsheets turn 05/04/2024 into a date and leave 18/04/2024 a text. */
    const hb_cell mixed[] = {date(march_18 + 18, 0), text("13/04/2024"), text("18/04/2024")};
    infer_cells(&t, one, 1, mixed, 3);
    assert_int_equal(t.n_rules, 1);
    assert_true(time_table_time(&t, &t.rules[0], 0) == (march_18 + 18) * INT64_C(86400000000000));
    assert_true(time_table_time(&t, &t.rules[0], 2) == (march_18 + 31) * INT64_C(86400000000000));
    time_table_end(&t);
}

static void rule__puts_date_and_clock_cells_together(void **state)
{
    (void)state;
    time_table t;
    const char *two[] = {"Datum", "Uhrzeit"};
    const hb_cell cells[] = {date(march_18, 0), date(-25568, 33164), date(march_18, 0),
                             date(-25568, 33165)};
    infer_cells(&t, two, 2, cells, 2);
    assert_int_equal(t.rules[0].n_columns, 2);
    assert_true(time_table_time(&t, &t.rules[0], 1) == INT64_C(1710753165000000000));
    time_table_end(&t);
    const hb_cell texts[] = {date(march_18, 0), text("09:12:44"), date(march_18, 0),
                             text("09:12:45")};
    infer_cells(&t, two, 2, texts, 2);
    assert_true(time_table_time(&t, &t.rules[0], 1) == INT64_C(1710753165000000000));
    time_table_end(&t);
    const char *one[] = {"Elapsed"};
    const hb_cell spans[] = {date(-25568, 0), date(-25568, 3600), date(-25567, 3600)};
    infer_cells(&t, one, 1, spans, 3);
    assert_int_equal(t.rules[0].kind, HB_AXIS_ELAPSED);
    assert_true(time_table_time(&t, &t.rules[0], 2) == INT64_C(90000000000000));
    time_table_end(&t);
}

static void rule__takes_number_cells(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double v[3];
        hb_time want;
    } rows[] = {
        {"ts", {1710753164.218, 1710753165.218, 1710753166.218}, INT64_C(1710753165218000000)},
        {"ts", {1710753164218, 1710753165218, 1710753166218}, INT64_C(1710753165218000000)},
        {"time", {0, 0.1, 0.2}, 100000000},
        {"Time (ms)", {0, 0.1, 0.2}, 100000},
        {"date", {20240318, 20240319, 20240320}, INT64_C(1710806400000000000)},
        {"timestamp",
         {20240318091244, 20240318091245, 20240318091246},
         INT64_C(1710753165000000000)},
        {"Timestamp", {45369.25, 45369.383842592593, 45369.5}, INT64_C(1710753164000000000)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        time_table t;
        const hb_cell cells[] = {number(rows[i].v[0]), number(rows[i].v[1]), number(rows[i].v[2])};
        infer_cells(&t, &rows[i].name, 1, cells, 3);
        if (t.n_rules != 1 || time_table_time(&t, &t.rules[0], 1) != rows[i].want) {
            fail_msg("'%s' %zu: %s", rows[i].name, i, t.n_rules ? t.rules[0].notation : "none");
        }
        time_table_end(&t);
    }
    time_table t;
    const char *parts[] = {"Year", "DOY", "HHMM"};
    const hb_cell cells[] = {number(2024), number(58), number(1800),
                             number(2024), number(58), number(30)};
    infer_cells(&t, parts, 3, cells, 2);
    assert_true(time_table_time(&t, &t.rules[0], 0) == INT64_C(1709056800000000000));
    assert_true(time_table_time(&t, &t.rules[0], 1) == INT64_C(1708993800000000000));
    time_table_end(&t);
}

static hb_time read_one(const hb_time_rule *r, const char *s)
{
    hb_cell cell = text(s);
    const hb_cell *parts[HB_TIME_PARTS] = {&cell};
    return hb_time_rule_read(r, parts, '.');
}

static hb_time_rule pinned(const char *form)
{
    hb_time_rule r = {.kind = HB_AXIS_LOCAL, .n_columns = 1, .scale_ns = 1e9};
    assert_true(hb_time_form_parse(hb_str_of(form), &r.form[0]));
    return r;
}

static void rule__knows_both_calendars_of_spreadsheets(void **state)
{
    (void)state;
    const int64_t day = INT64_C(86400000000000);
    hb_time_rule r = pinned("serial");
    /* openpyxl and Excel agree: 1 is 1900-01-01, 59 is 02-28, 61 is 03-01; 60 never was. */
    assert_true(read_one(&r, "1") == -25567 * day);
    assert_true(read_one(&r, "59") == hb_days_from_civil(1900, 2, 28) * day);
    assert_true(read_one(&r, "60") == HB_TIME_NONE && read_one(&r, "60.99") == HB_TIME_NONE);
    assert_true(read_one(&r, "61") == hb_days_from_civil(1900, 3, 1) * day);
    assert_true(read_one(&r, "45369") == march_18 * day);
    r.serial_1904 = true;
    assert_true(read_one(&r, "0") == hb_days_from_civil(1904, 1, 1) * day);
    assert_true(read_one(&r, "43907") == march_18 * day);
}

static void rule__rejects_what_contradicts(void **state)
{
    (void)state;
    hb_time_rule r = pinned("dmy");
    r.order = HB_ORDER_DAY_FIRST;
    assert_true(read_one(&r, "18.03.2024") != HB_TIME_NONE);
    static const char *const bad[] = {"03/18/2024",
                                      "31.04.2024",
                                      "29.02.2023",
                                      "18.03.202",
                                      "18.03.2024 25:00",
                                      "18.03.2024 09:60",
                                      "18.03.2024 9",
                                      "18.03.2024 09:12:61",
                                      "18.03/2024",
                                      "2024-03-18",
                                      "",
                                      "18.03.2024 13:00 PM",
                                      "18.03.2024 24:00:01",
                                      "footer",
                                      "18.03.2024 09:12:44 XYZ",
                                      "18.03.2024 09:12:44 +25:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (read_one(&r, bad[i]) != HB_TIME_NONE) {
            fail_msg("'%s' read", bad[i]);
        }
    }
    r = pinned("epoch");
    r.scale_ns = 1;
    assert_true(read_one(&r, "9223372036854775807") == INT64_MAX);
    assert_true(read_one(&r, "9223372036854775808") == HB_TIME_NONE);
    assert_true(read_one(&r, "-9223372036854775807") == -INT64_MAX);
    assert_true(read_one(&r, "1e19") == HB_TIME_NONE && read_one(&r, "1e400") == HB_TIME_NONE);
    assert_true(read_one(&r, "1e-400") == 0 && read_one(&r, "0x10") == HB_TIME_NONE);
    assert_true(read_one(&r, "nan") == HB_TIME_NONE && read_one(&r, "12 s") == HB_TIME_NONE);
    r = pinned("span");
    assert_true(read_one(&r, "12:60:00") == HB_TIME_NONE && read_one(&r, "5 m") == HB_TIME_NONE);
    assert_true(read_one(&r, "99999999d 00:00:00") == HB_TIME_NONE);
}

static void rule__obeys_what_was_told(void **state)
{
    (void)state;
    time_table t;
    const char *one[] = {"Date"};
    const hb_cell cells[] = {text("05/04/2024"), text("06/04/2024"), text("18/04/2024")};
    time_table_begin(&t);
    t.source.n_columns = 1;
    t.source.order = HB_ORDER_MONTH_FIRST;
    t.columns[0].name = hb_str_of(one[0]);
    for (size_t i = 0; i < 3; i++) {
        time_table_add_row(&t, &cells[i], 1);
    }
    time_table_infer(&t);
    assert_int_equal(t.rules[0].order, HB_ORDER_MONTH_FIRST);
    assert_false(t.rules[0].ambiguous);
    assert_true(time_table_time(&t, &t.rules[0], 0) == INT64_C(1714780800000000000));
    assert_true(time_table_time(&t, &t.rules[0], 2) == HB_TIME_NONE);
    time_table_end(&t);
}

static void rule__names_forms_and_orders_both_ways(void **state)
{
    (void)state;
    uint8_t form = 0;
    for (uint8_t i = 0; hb_time_form_name(i); i++) {
        assert_true(hb_time_form_parse(hb_str_of(hb_time_form_name(i)), &form) && form == i);
    }
    assert_false(hb_time_form_parse(HB_STR("sundial"), &form));
    hb_day_order order = HB_ORDER_ASK;
    assert_true(hb_day_order_parse(HB_STR("month-first"), &order));
    assert_string_equal(hb_day_order_name(order), "month-first");
    assert_true(hb_day_order_parse(HB_STR("dmy"), &order));
    assert_string_equal(hb_day_order_name(order), "day-first");
    assert_false(hb_day_order_parse(HB_STR("middle-endian"), &order));
}

static void rule__tells_names_of_axes_from_results(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "time",        "timestamp",  "ts",           "date",      "datetime",
        "utc",         "time_utc",   "date time",    "elapsed",   "elapsed_s",
        "epoch",       "t",          "time stamp",   "Time (ms)", "Zeit [s]",
        "Uhrzeit",     "Horodatage", "Fecha y hora", "X_Value",   "t_epoch_ms",
        "ElapsedTime", "Test Time",  "Zeitpunkt",    "TIME",      "Laufzeit",
        "Date/Heure",  "t [µs]",     "Local Time",   "When",      "Date Time, GMT-05:00"};
    static const char *const no[] = {"T",           "Rise time",     "Response time (ms)",
                                     "Downtime",    "Scan",          "#",
                                     "RN",          "Record",        "Temp",
                                     "Data",        "Data Point",    "Anstiegszeit",
                                     "Cycle time",  "Serial No",     "Year",
                                     "Timer value", "Boot time [s]", "boot_time",
                                     "Tag",         "Torque",        "Offset"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (!hb_time_named(hb_str_of(yes[i]))) {
            fail_msg("'%s' is a time", yes[i]);
        }
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (hb_time_named(hb_str_of(no[i]))) {
            fail_msg("'%s' is no time", no[i]);
        }
    }
}

static hb_status faulty(void)
{
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    const hb_column columns[] = {{.name = HB_STR("Date")}, {.name = HB_STR("Time")}};
    const hb_cell cells[] = {text("18.03.2024"), text("09:12:44"), text("18.03.2024"),
                             text("09:12:45")};
    hb_time_source s = {
        .columns = columns, .cells = cells, .n_rows = 2, .n_columns = 2, .decimal = '.'};
    hb_time_rule rules[HB_TIME_CANDIDATES];
    size_t n = 0;
    hb_status status = hb_time_rules_infer(&s, &arena, rules, &n, NULL);
    assert_true(status != HB_OK || n == 1);
    hb_arena_release(&arena);
    return status;
}

static void rule__survives_failing_memory(void **state)
{
    (void)state;
    fault_loop(faulty);
}

static void rule__of_nothing_is_nothing(void **state)
{
    (void)state;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_time_rule rules[HB_TIME_CANDIDATES];
    size_t n = 1;
    const hb_column column = {.name = HB_STR("Time")};
    hb_time_source s = {.columns = &column, .n_columns = 1, .decimal = '.'};
    CHECK_OK(hb_time_rules_infer(&s, &arena, rules, &n, &err));
    assert_int_equal(n, 0);
    const hb_cell empty = {.kind = HB_CELL_EMPTY};
    s.cells = &empty;
    s.n_rows = 1;
    CHECK_OK(hb_time_rules_infer(&s, &arena, rules, &n, &err));
    assert_int_equal(n, 0);
    hb_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule__reads_what_python_wrote),
        cmocka_unit_test(rule__reads_the_examples_of_the_document),
        cmocka_unit_test(rule__takes_date_cells),
        cmocka_unit_test(rule__puts_date_and_clock_cells_together),
        cmocka_unit_test(rule__takes_number_cells),
        cmocka_unit_test(rule__knows_both_calendars_of_spreadsheets),
        cmocka_unit_test(rule__rejects_what_contradicts),
        cmocka_unit_test(rule__obeys_what_was_told),
        cmocka_unit_test(rule__names_forms_and_orders_both_ways),
        cmocka_unit_test(rule__tells_names_of_axes_from_results),
        cmocka_unit_test(rule__survives_failing_memory),
        cmocka_unit_test(rule__of_nothing_is_nothing),
    };
    return cmocka_run_group_tests_name("time_rule", tests, NULL, NULL);
}
