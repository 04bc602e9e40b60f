/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the messy files (HB_DATA/messy), as their expectations have them: where the names,
 * the units and the data are, how the text is written and cut, which columns there are. What the
 * figures say is tested elsewhere. */
#include "support/check.h"

#include "input/format.h"
#include "os/os.h"
#include "telemetry/units.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

static hb_units *units;
static size_t n_wrong;
static const char *now;

static void wrong(const char *what, const char *want, const char *got)
{
    print_message("%s: %s: expected %s, got %s\n", now, what, want, got);
    n_wrong++;
}

static bool is_ambiguous(json_t *truth, const char *path)
{
    size_t i = 0;
    json_t *v = NULL;
    json_array_foreach(json_object_get(truth, "ambiguous"), i, v)
    {
        if (strcmp(json_string_value(v), path) == 0) {
            return true;
        }
    }
    return false;
}

static void check_text(const char *what, json_t *want, const char *got)
{
    if (!json_is_string(want)) {
        return;
    }
    if (strcmp(json_string_value(want), got ? got : "(none)") != 0) {
        wrong(what, json_string_value(want), got ? got : "(none)");
    }
}

static void check_line(json_t *truth, json_t *format, const char *what, uint64_t got)
{
    char path[64];
    char a[24];
    char b[24];
    snprintf(path, sizeof path, "format.%s", what);
    json_t *v = json_object_get(format, what);
    uint64_t want = json_is_integer(v) ? (uint64_t)json_integer_value(v) : 0;
    if (want != got && v && !(is_ambiguous(truth, path) && got == 0)) {
        snprintf(a, sizeof a, "%llu", (unsigned long long)want);
        snprintf(b, sizeof b, "%llu", (unsigned long long)got);
        wrong(what, a, b);
    }
}

static bool same_encoding(const char *want, const char *got)
{
    return strcmp(want, got) == 0 || (strcmp(want, "ascii") == 0 && strcmp(got, "utf-8") == 0) ||
           (strcmp(want, "latin-1") == 0 && strcmp(got, "windows-1252") == 0);
}

static void check_format(json_t *truth, const hb_table *t)
{
    json_t *format = json_object_get(truth, "format");
    const hb_table_format *f = &t->format;
    json_t *delimiter = json_object_get(format, "delimiter");
    if (json_is_string(delimiter)) {
        char d[2] = {f->delimiter, 0};
        check_text("delimiter", delimiter, f->delimiter == ' ' ? "whitespace" : d);
        const char *encoding = json_string_value(json_object_get(format, "encoding"));
        if (!same_encoding(encoding, f->encoding)) {
            wrong("encoding", encoding, f->encoding);
        }
        check_text("eol", json_object_get(format, "eol"), f->eol);
    }
    check_text("sheet", json_object_get(format, "sheet"), f->sheet);
    check_line(truth, format, "header_line", f->header_line);
    check_line(truth, format, "units_line", f->units_line);
    check_line(truth, format, "data_first_line", f->data_first_line);
    check_line(truth, format, "group_line", f->group_line);
    check_line(truth, format, "comment_lines", f->comment_lines);
    size_t i = 0;
    json_t *v = NULL;
    json_array_foreach(json_object_get(format, "sheets"), i, v)
    {
        check_text("sheets", v, i < f->n_sheets ? f->sheets[i] : NULL);
    }
    json_array_foreach(json_object_get(format, "hidden_sheets"), i, v)
    {
        check_text("hidden_sheets", v, i < f->n_hidden_sheets ? f->hidden_sheets[i] : NULL);
    }
    json_array_foreach(json_object_get(format, "comment_prefixes"), i, v)
    {
        if (!strchr(f->comment_signs, json_string_value(v)[0])) {
            wrong("comment_prefixes", json_string_value(v), f->comment_signs);
        }
    }
}

static void check_column(json_t *truth, size_t i, json_t *want, const hb_column *got, bool cut)
{
    char path[64];
    char field[24];
    char room[512];
    bool by_row = json_is_integer(json_object_get(json_object_get(truth, "format"), "units_line"));
    snprintf(path, sizeof path, "columns[%zu].name", i);
    hb_str written = hb_column_written(got);
    snprintf(room, sizeof room, "%.*s", (int)written.n, written.p);
    if (!is_ambiguous(truth, path)) {
        check_text("name", json_object_get(want, "name"), room);
    }
    if (cut && json_integer_value(json_object_get(want, "index")) != (json_int_t)got->field + 1) {
        snprintf(field, sizeof field, "%zu", got->field);
        wrong("field of a column", json_string_value(json_object_get(want, "name")), field);
    }
    const char *unit = json_string_value(json_object_get(want, "unit"));
    snprintf(path, sizeof path, "columns[%zu].unit", i);
    bool has = got->unit.n > 0 || got->unit_written.n > 0;
    if (by_row && *unit && !has && !is_ambiguous(truth, path)) {
        wrong("unit of a column", unit, "(none)");
    }
}

static void check_columns(json_t *truth, const hb_table *t)
{
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    json_t *want = json_object_get(truth, "columns");
    if (json_array_size(want) != n) {
        char a[24];
        char b[24];
        snprintf(a, sizeof a, "%zu", json_array_size(want));
        snprintf(b, sizeof b, "%zu", n);
        wrong("number of columns", a, b);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        check_column(truth, i, json_array_get(want, i), &columns[i],
                     strcmp(t->ops->format, "csv") == 0);
    }
}

static hb_status open_file(hb_stream *stream, hb_table **ret, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(stream, 1 << 16, &head, err));
    hb_format_options o = {.units = units};
    return hb_format_of(head)->open(hb_os_real(), stream, &o, ret, err);
}

static hb_status read_on(hb_table *t, hb_error *err)
{
    hb_block block = {.n_rows = 1};
    while (block.n_rows || block.n_rejects) {
        HB_TRY(t->ops->next(t, &block, err));
    }
    return HB_OK;
}

static void check_file(const char *path, json_t *truth)
{
    hb_stream *stream = NULL;
    hb_table *t = NULL;
    hb_error err = {0};
    bool refuse = strcmp(json_string_value(json_object_get(truth, "expect")), "refuse") == 0;
    bool either = is_ambiguous(truth, "expect");
    hb_status status = hb_stream_open(hb_os_real(), path, &stream, &err);
    status = status == HB_OK ? open_file(stream, &t, &err) : status;
    status = status == HB_OK ? read_on(t, &err) : status;
    if (!either && (status != HB_OK) != refuse) {
        wrong("outcome", refuse ? "refused" : "read", status == HB_OK ? "read" : err.msg);
    }
    if (status == HB_OK && !refuse &&
        !json_object_get(json_object_get(truth, "format"), "container")) {
        check_format(truth, t);
        check_columns(truth, t);
    }
    if (t) {
        t->ops->close(t);
    }
    hb_stream_close(stream);
}

static void messy_tables__are_found(void **state)
{
    (void)state;
    char root[400];
    const char *found = data_path("messy");
    if (!found) {
        skip();
    }
    snprintf(root, sizeof root, "%s", found);
    DIR *dir = opendir(root);
    struct dirent *e = NULL;
    size_t n = 0;
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        char path[800];
        char name[300];
        char *end = strstr(e->d_name, ".expect.json");
        if (!end) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", root, e->d_name);
        snprintf(name, sizeof name, "%.*s", (int)(end - e->d_name), e->d_name);
        json_t *truth = json_load_file(path, 0, NULL);
        assert_non_null(truth);
        snprintf(path, sizeof path, "%s/%s", root, name);
        now = name;
        check_file(path, truth);
        json_decref(truth);
        n++;
    }
    closedir(dir);
    assert_true(n >= 40);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messy_tables__are_found)};
    if (hb_units_open(&units, NULL) != HB_OK) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hb_units_close(units);
    return failed;
}
