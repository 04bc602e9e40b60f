/* SPDX-License-Identifier: Apache-2.0 */
/* The time blocks of the messy files: what is inferred from the cells, and the figures of the axis.
 * The files are cut here by the places their expectations give, so only the times are tested. */
#include "input/format.h"
#include "os/file.h"
#include "support/check.h"
#include "support/time_table.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[] = {
    [HB_AXIS_NONE] = "none",
    [HB_AXIS_UTC] = "absolute_utc",
    [HB_AXIS_LOCAL] = "absolute_local",
    [HB_AXIS_ELAPSED] = "elapsed",
};

static bool listed(const json_t *expect, const char *path)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(expect, "ambiguous"), i, item)
    {
        if (strcmp(json_string_value(item), path) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t whole(const json_t *block, const char *key)
{
    return json_integer_value(json_object_get(block, key));
}

static void check_whole(const char *file, const json_t *block, const char *key, int64_t got,
                        int64_t tolerance)
{
    json_t *want = json_object_get(block, key);
    int64_t away = json_is_integer(want) ? got - json_integer_value(want) : 0;
    if (away > tolerance || away < -tolerance) {
        fail_msg("%s: %s is %lld, expected %lld", file, key, (long long)got,
                 (long long)json_integer_value(want));
    }
}

static void check_block(const char *file, const time_table *t, const hb_time_rule *r,
                        const json_t *expect, const json_t *block)
{
    hb_time_steps *steps = NULL;
    CHECK_OK(hb_time_steps_new(&steps, &err));
    for (size_t row = 0; row < t->source.n_rows; row++) {
        hb_time v = time_table_time(t, r, row);
        CHECK_OK(hb_time_steps_add(steps, &v, 1, &err));
    }
    hb_time_summary s;
    CHECK_OK(hb_time_steps_finish(steps, &s, &err));
    hb_time_steps_free(steps);
    const char *kind = json_string_value(json_object_get(block, "kind"));
    if (strcmp(kind, kinds[r->kind]) != 0) {
        fail_msg("%s: kind is %s, expected %s (%s)", file, kinds[r->kind], kind, r->why);
    }
    int64_t tolerance = whole(block, "tolerance_ns");
    if (!listed(expect, "time.first_utc_ns")) {
        check_whole(file, block, "first_utc_ns", s.first, tolerance);
        check_whole(file, block, "last_utc_ns", s.last, tolerance);
    }
    check_whole(file, block, "first_rel_ns", s.first, tolerance);
    check_whole(file, block, "last_rel_ns", s.last, tolerance);
    check_whole(file, block, "n_parsed", (int64_t)s.n_parsed, 0);
    check_whole(file, block, "n_unparsed", (int64_t)s.n_unparsed, 0);
    check_whole(file, block, "n_equal_steps", (int64_t)s.n_equal, 0);
    check_whole(file, block, "n_backward_steps", (int64_t)s.n_backward, 0);
    check_whole(file, block, "median_positive_step_ns", s.median_step_ns, 2 * tolerance);
    check_whole(file, block, "n_gaps", (int64_t)s.n_gaps, 0);
    const char *zone = json_string_value(json_object_get(block, "zone"));
    if (zone && (!r->zone || strcmp(zone, r->zone) != 0)) {
        fail_msg("%s: zone is %s, expected %s", file, r->zone ? r->zone : "none", zone);
    }
    assert_true(s.exact && r->notation && r->why);
}

static void check_table(const char *file, time_table *t, const json_t *expect)
{
    json_t *block = json_object_get(expect, "time");
    char names[400];
    time_table_infer(t);
    for (size_t i = 0; i < t->n_rules; i++) {
        const hb_time_rule *r = &t->rules[i];
        print_message("  %-28s %-24s %-44s %s %.2f%s\n", i ? "" : file,
                      time_table_names(t, r, names), r->notation, r->zone ? r->zone : "-",
                      r->confidence, r->ambiguous ? " ambiguous" : "");
    }
    if (!json_is_object(block)) {
        if (t->n_rules) {
            fail_msg("%s: '%s' was taken for a time", file,
                     time_table_names(t, &t->rules[0], names));
        }
        return;
    }
    if (t->n_rules == 0) {
        fail_msg("%s: no time found", file);
    }
    const char *column = json_string_value(json_object_get(block, "column"));
    if (strcmp(column, time_table_names(t, &t->rules[0], names)) != 0) {
        fail_msg("%s: the time is '%s', expected '%s'", file, names, column);
    }
    check_block(file, t, &t->rules[0], expect, block);
    assert_int_equal(t->rules[0].ambiguous, listed(expect, "time.first_utc_ns"));
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(expect, "time_columns"), i, item)
    {
        assert_true(i < t->n_rules);
        assert_string_equal(json_string_value(json_object_get(item, "column")),
                            time_table_names(t, &t->rules[i], names));
        check_block(file, t, &t->rules[i], expect, item);
    }
}

/* UTF-16LE and windows-1252 to UTF-8; only characters up to U+07FF stand in these files. */
static char *to_utf8(const char *data, size_t n, const char *encoding, size_t *ret_n)
{
    bool wide = strncmp(encoding, "utf-16", 6) == 0;
    bool narrow = strcmp(encoding, "windows-1252") == 0;
    char *out = hb_alloc(n * 2 + 1);
    size_t k = 0;
    assert_non_null(out);
    for (size_t i = wide ? 2 : 0; i < n; i += wide ? 2 : 1) {
        unsigned c =
            (unsigned char)data[i] + (wide ? (unsigned)(unsigned char)data[i + 1] << 8 : 0);
        if (c < 0x80 || (!wide && !narrow)) {
            out[k++] = (char)c;
        } else {
            out[k++] = (char)(0xC0 | c >> 6);
            out[k++] = (char)(0x80 | (c & 63));
        }
    }
    *ret_n = k;
    return out;
}

static size_t line_start(const char *p, size_t n, size_t line)
{
    size_t at = 0;
    for (size_t k = 1; at < n && k < line; at++) {
        k += p[at] == '\n' || (p[at] == '\r' && !(at + 1 < n && p[at + 1] == '\n'));
    }
    return at;
}

static void check_text(const char *file, const char *path, const json_t *expect)
{
    const json_t *format = json_object_get(expect, "format");
    const json_t *columns = json_object_get(expect, "columns");
    char *raw = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(hb_os_real(), path, 64 << 20, &raw, &n, &err));
    char *text = to_utf8(raw, n, json_string_value(json_object_get(format, "encoding")), &n);
    time_table t;
    time_table_begin(&t);
    size_t fields[TIME_TABLE_COLUMNS];
    bool units = !json_is_null(json_object_get(format, "units_line"));
    size_t n_columns = json_array_size(columns);
    for (size_t i = 0; i < n_columns; i++) {
        const json_t *c = json_array_get(columns, i);
        fields[i] = (size_t)whole(c, "index") - 1;
        t.columns[i].name = hb_str_of(json_string_value(json_object_get(c, "name")));
        t.columns[i].unit = hb_str_of(units ? json_string_value(json_object_get(c, "unit")) : NULL);
    }
    t.source.preamble =
        (hb_str){text, line_start(text, n,
                                  json_is_null(json_object_get(format, "header_line"))
                                      ? 1
                                      : (size_t)whole(format, "header_line"))};
    const char *decimal = json_string_value(json_object_get(format, "decimal"));
    const char *delimiter = json_string_value(json_object_get(format, "delimiter"));
    t.source.decimal = decimal[0];
    /* Quotes are taken off in place: the preamble before the rows keeps its own bytes. */
    char *cut = hb_strndup(text, n);
    assert_non_null(cut);
    time_table_shape shape = {
        .delimiter = strcmp(delimiter, "whitespace") == 0 ? ' ' : delimiter[0],
        .first_line = (size_t)whole(format, "data_first_line"),
        .last_line = json_is_integer(json_object_get(format, "data_last_line"))
                         ? (size_t)whole(format, "data_last_line")
                         : SIZE_MAX,
        .fields = fields,
        .n_columns = n_columns,
    };
    time_table_rows(&t, cut, n, &shape);
    check_table(file, &t, expect);
    time_table_end(&t);
    hb_free(cut);
    hb_free(text);
    hb_free(raw);
}

/* Formats that are no text: through their readers. Texts live until the next block. */
static void check_read(const char *file, const char *path, const json_t *expect)
{
    const json_t *format = json_object_get(expect, "format");
    hb_stream *stream = NULL;
    hb_table *table = NULL;
    hb_str head = {"", 0};
    CHECK_OK(hb_stream_open(hb_os_real(), path, &stream, &err));
    CHECK_OK(hb_stream_peek(stream, 64, &head, &err));
    hb_format_options options = {.sheet = json_string_value(json_object_get(format, "sheet"))};
    CHECK_OK(hb_format_of(head)->open(hb_os_real(), stream, &options, &table, &err));
    time_table t;
    time_table_begin(&t);
    const json_t *first = json_object_get(format, "data_first_line");
    const json_t *last = json_object_get(format, "data_last_line");
    for (hb_block b = {.n_rows = 1}; b.n_rows;) {
        CHECK_OK(table->ops->next(table, &b, &err));
        const hb_column *columns = NULL;
        size_t n = table->ops->columns(table, &columns);
        assert_true(n <= TIME_TABLE_COLUMNS);
        if (t.source.n_columns == 0) {
            t.source.n_columns = n;
            for (size_t i = 0; i < n; i++) {
                const json_t *c = json_array_get(json_object_get(expect, "columns"), i);
                t.columns[i].name = hb_str_of(json_string_value(json_object_get(c, "name")));
            }
        }
        for (size_t r = 0; r < b.n_rows; r++) {
            if ((json_is_integer(first) && b.lines[r] < (uint64_t)json_integer_value(first)) ||
                (json_is_integer(last) && b.lines[r] > (uint64_t)json_integer_value(last))) {
                continue; /* titles and footers */
            }
            hb_cell row[TIME_TABLE_COLUMNS];
            for (size_t i = 0; i < b.n_cols; i++) {
                row[i] = b.cells[r * b.n_cols + i];
                if (row[i].kind == HB_CELL_TEXT) {
                    row[i].as.p = hb_arena_strndup(&t.arena, row[i].as.p, row[i].len);
                    assert_non_null(row[i].as.p);
                }
            }
            time_table_add_row(&t, row, b.n_cols);
        }
    }
    check_table(file, &t, expect);
    time_table_end(&t);
    table->ops->close(table);
    hb_stream_close(stream);
}

static void messy__times_are_as_expected(void **state)
{
    (void)state;
    const char *root = data_path("messy");
    if (!root) {
        skip();
    }
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", root);
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    int checked = 0;
    for (int i = 0; i < n; i++) {
        char file[256];
        snprintf(file, sizeof file, "%s", entries[i]->d_name);
        free(entries[i]); /* scandir's own */
        char *end = strstr(file, ".expect.json");
        if (!end) {
            continue;
        }
        char path[8192];
        snprintf(path, sizeof path, "%s/%s", folder, file);
        json_t *expect = json_load_file(path, 0, NULL);
        assert_non_null(expect);
        *end = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, file);
        const json_t *format = json_object_get(expect, "format");
        bool read = strcmp(json_string_value(json_object_get(expect, "expect")), "read") == 0;
        bool segments = json_object_get(expect, "segments") != NULL; /* rows between are no rows */
        bool text =
            read && json_is_string(json_object_get(format, "delimiter")) && !strstr(file, ".gz");
        if (text && !segments) {
            check_text(file, path, expect);
        } else if (read && !segments) {
            check_read(file, path, expect);
        }
        checked += read;
        json_decref(expect);
    }
    free(entries); /* scandir's own */
    assert_true(checked > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messy__times_are_as_expected),
    };
    return cmocka_run_group_tests_name("time_messy", tests, NULL, NULL);
}
