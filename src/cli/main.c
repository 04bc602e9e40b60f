/* SPDX-License-Identifier: Apache-2.0 */
/* The walking skeleton: two metric tables, one percent limit, a verdict, a page.
 *
 *     hb compare BASELINE.csv RUN.csv PAGE.html */
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "os/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILE_BYTES = 16 << 20, MAX_METRICS = 10000 };
static const double limit_percent = 10.0;

typedef struct table {
    char *text;
    hb_map names; /* name → index of value */
    double values[MAX_METRICS];
} table;

static hb_status load(const hb_os *os, const char *path, table *t, hb_error *err)
{
    size_t len = 0;
    hb_map_init(&t->names, MAX_METRICS);
    HB_TRY(hb_file_read(os, path, MAX_FILE_BYTES, &t->text, &len, err));
    hb_str rest = {t->text, len};
    for (uint64_t line = 1; rest.n; line++) {
        size_t end = hb_str_find_ch(rest, '\n');
        hb_str row = hb_str_trim((hb_str){rest.p, end});
        rest = end < rest.n ? (hb_str){rest.p + end + 1, rest.n - end - 1} : (hb_str){"", 0};
        size_t comma = hb_str_find_ch(row, ',');
        if (line == 1 || row.n == 0) {
            continue;
        }
        double v = 0;
        hb_str value = {row.p + comma + 1, comma < row.n ? row.n - comma - 1 : 0};
        value.n = hb_str_find_ch(value, ',');
        if (comma == row.n || hb_num_parse(value.p, value.n, &v) != HB_NUM_FINITE) {
            return HB_FAIL_AT(err, HB_E_INPUT, path, line, comma + 2,
                              "expected 'metric,value', got '%.*s'", (int)row.n, row.p);
        }
        t->values[t->names.n] = v;
        HB_TRY(hb_map_put(&t->names, (hb_str){row.p, comma}, t->names.n, err));
    }
    return t->names.n ? HB_OK : HB_FAIL(err, HB_E_INPUT, "'%s' has no data rows", path);
}

static void cell(hb_buf *page, hb_str s)
{
    hb_buf_c(page, "<td>");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '<' || s.p[i] == '&') {
            hb_buf_fmt(page, "&#%d;", s.p[i]);
        } else {
            hb_buf_ch(page, s.p[i]);
        }
    }
}

static hb_status compare(const hb_os *os, char **argv, table *base, table *run, hb_error *err)
{
    HB_TRY(load(os, argv[2], base, err));
    HB_TRY(load(os, argv[3], run, err));
    hb_buf page;
    hb_buf_init(&page, MAX_FILE_BYTES);
    bool drift = false;
    for (size_t i = 0; i < run->names.n; i++) {
        size_t at = 0;
        hb_str name = run->names.entries[i].key;
        if (!hb_map_get(&base->names, name, &at)) {
            continue;
        }
        double delta = run->values[i] - base->values[at];
        bool over = fabs(delta) > fabs(base->values[at]) * limit_percent / 100;
        drift = drift || over;
        hb_buf_c(&page, "<tr>");
        cell(&page, name);
        hb_buf_fmt(&page, "<td>%g<td>%g<td>%s\n", base->values[at], run->values[i],
                   over ? "drift" : "");
    }
    const char *verdict = drift ? "PASS_WITH_DRIFT" : "PASS";
    hb_buf_fmt(&page, "<caption>%s</caption>", verdict);
    hb_status status = hb_buf_check(&page, err);
    if (status == HB_OK) {
        printf("%s\n", verdict);
        HB_IGNORE(status); /* the table below is the page */
        char head[] = "<!doctype html><meta charset=utf-8><title>hb</title><table border=1>\n";
        hb_buf whole;
        hb_buf_init(&whole, MAX_FILE_BYTES * 2);
        hb_buf_c(&whole, head);
        hb_buf_add(&whole, page.p, page.n);
        status = hb_file_write_atomic(os, argv[4], whole.p, whole.n, 0644, err);
        hb_buf_release(&whole);
    }
    hb_buf_release(&page);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 5 || strcmp(argv[1], "compare") != 0) {
        fputs("usage: hb compare BASELINE.csv RUN.csv PAGE.html\n", stderr);
        return 2;
    }
    static table base;
    static table run;
    hb_error err = {0};
    hb_status status = compare(hb_os_real(), argv, &base, &run, &err);
    if (status != HB_OK) {
        char text[800];
        fprintf(stderr, "error: %s\n", hb_error_text(&err, text, sizeof text));
    }
    hb_free(base.text);
    hb_free(run.text);
    hb_map_release(&base.names);
    hb_map_release(&run.names);
    return hb_status_exit(status);
}
