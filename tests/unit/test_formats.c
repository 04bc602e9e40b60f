/* SPDX-License-Identifier: Apache-2.0 */
/* What every format reader owes: the same small table (tests/data/formats/make.py) gives the same
 * cells whatever it is written in; cut, empty and foreign files are refused or read as text is;
 * every allocation may fail; a reader may be closed at any time. */
#include "input/cell.h"
#include "input/format.h"
#include "os/file.h"
#include "support/check.h"
#include "support/memory_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 60, COLUMNS = 4, MISSING_ROW = 5, NOTED_ROW = 3, MAX_FILE = 1 << 20 };

typedef struct fixture {
    const char *file;
    const char *format;
    bool measured; /* it states its length: no beginning of it may read as a whole file */
    bool child;    /* read by a child process: tried at fewer places */
} fixture;

static const fixture fixtures[] = {
    {"table.csv", "csv", false, false},    {"table.csv.gz", "csv", true, false},
    {"table.csv.zip", "csv", true, false}, {"table.json", "json", true, false},
    {"table.jsonl", "json", false, false}, {"table.xlsx", "xlsx", true, false},
    {"table.npy", "npy", true, false},     {"table.npz", "npz", true, false},
    {"table.lvm", "lvm", false, false},    {"table.db", "sqlite", true, false},
    {"table.mat", "mat", true, true},      {"table.h5", "hdf5", true, true},
};
enum { FIXTURES = sizeof fixtures / sizeof *fixtures };

static char *content;
static size_t content_n;

static void load(const fixture *f)
{
    char path[1024];
    const char *source = getenv("HB_SOURCE_DIR");
    hb_free(content);
    content = NULL;
    snprintf(path, sizeof path, "%s/tests/data/formats/%s", source ? source : ".", f->file);
    CHECK_OK(hb_file_read(hb_os_real(), path, MAX_FILE, &content, &content_n, &err));
}

/* The child is the program itself. */
static hb_format_options options(void)
{
    return (hb_format_options){.program = getenv("HB_BINARY")};
}

static hb_status open_table(const hb_os *os, const char *source, hb_stream **ret_stream,
                            hb_table **ret_table, hb_error *err)
{
    const hb_format_options o = options();
    hb_str head;
    hb_stream *s = NULL;
    HB_TRY(hb_stream_open(os, MEMORY_FILE, &s, err));
    hb_status status = hb_stream_peek(s, 65536, &head, err);
    if (status == HB_OK) {
        const hb_format *f = source ? hb_format_named(source) : hb_format_of(head);
        status = f->open(os, s, &o, ret_table, err);
    }
    if (status != HB_OK) {
        hb_stream_close(s);
        return status;
    }
    *ret_stream = s;
    return HB_OK;
}

/* Reads to the end and, when asked, to the digest; *ret_rows also on failure. */
static hb_status read_all(const hb_os *os, const char *source, size_t *ret_rows, hb_error *err)
{
    hb_stream *s = NULL;
    hb_table *t = NULL;
    hb_block b = {0};
    *ret_rows = 0;
    HB_TRY(open_table(os, source, &s, &t, err));
    hb_status status = HB_OK;
    do {
        status = t->ops->next(t, &b, err);
        *ret_rows += status == HB_OK ? b.n_rows : 0;
    } while (status == HB_OK && (b.n_rows || b.n_rejects));
    t->ops->close(t);
    uint64_t bytes = 0;
    char sha256[65];
    if (status == HB_OK) {
        status = hb_stream_digest(s, &bytes, sha256, err);
    }
    hb_stream_close(s);
    return status;
}

static hb_cell_class figure(const hb_table *t, const hb_cell *c, double *ret)
{
    switch ((hb_cell_kind)c->kind) {
    case HB_CELL_NUMBER:
        *ret = c->as.num;
        return isnan(c->as.num) ? HB_CELL_IS_NAN : HB_CELL_IS_NUMBER;
    case HB_CELL_TEXT:
        return hb_cell_classify((hb_str){c->as.p, c->len}, t->decimal, ret);
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        return HB_CELL_IS_MISSING;
    case HB_CELL_BOOL:
    case HB_CELL_TIME:
    case HB_CELL_ERROR:
        break;
    }
    return HB_CELL_IS_TEXT;
}

static void check_row(const hb_table *t, const hb_cell *row, size_t i)
{
    const double want[] = {(double)i / 4, 20 + (double)(i % 7) / 2, 1700000000000.0 + (double)i};
    for (size_t c = 0; c < 3; c++) {
        double v = 0;
        hb_cell_class k = figure(t, &row[c], &v);
        if (c == 1 && i == MISSING_ROW) {
            assert_true(k == HB_CELL_IS_MISSING || k == HB_CELL_IS_NAN);
        } else {
            assert_int_equal(k, HB_CELL_IS_NUMBER);
            assert_true(v == want[c]);
        }
    }
    if (i == NOTED_ROW) {
        assert_int_equal(row[3].kind, HB_CELL_TEXT);
        assert_int_equal(row[3].len, 5);
        assert_memory_equal(row[3].as.p, "start", 5);
    } else {
        assert_true(row[3].kind == HB_CELL_EMPTY || row[3].kind == HB_CELL_ABSENT);
    }
}

static void check_columns(const hb_table *t)
{
    const hb_column *columns = NULL;
    assert_int_equal(t->ops->columns(t, &columns), COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_true(columns[i].name.n > 0);
        for (size_t k = 0; k < i; k++) {
            assert_false(hb_str_eq(columns[i].name, columns[k].name));
        }
    }
    assert_true(hb_str_eq_c(columns[1].name, "a"));
    assert_true(t->header_line > 0);
}

static void formats__give_the_same_cells(void **state)
{
    (void)state;
    for (size_t f = 0; f < FIXTURES; f++) {
        load(&fixtures[f]);
        hb_os os = memory_os(content, content_n);
        hb_stream *s = NULL;
        hb_table *t = NULL;
        hb_block b = {0};
        size_t rows = 0;
        uint64_t line = 0;
        print_message("%s\n", fixtures[f].file);
        CHECK_OK(open_table(&os, NULL, &s, &t, &err));
        CHECK_OK(t->ops->next(t, &b, &err));
        check_columns(t);
        while (b.n_rows) {
            assert_int_equal(b.n_cols, COLUMNS);
            for (size_t r = 0; r < b.n_rows; r++, rows++) {
                check_row(t, &b.cells[r * COLUMNS], rows);
                assert_true(b.lines[r] >= line);
                line = b.lines[r];
            }
            CHECK_OK(t->ops->next(t, &b, &err));
        }
        assert_int_equal(rows, ROWS);
        CHECK_OK(t->ops->next(t, &b, &err)); /* the end stays the end */
        assert_int_equal(b.n_rows, 0);
        t->ops->close(t);
        uint64_t bytes = 0;
        char sha256[65];
        CHECK_OK(hb_stream_digest(s, &bytes, sha256, &err));
        assert_int_equal(bytes, content_n);
        hb_stream_close(s);
    }
}

static void formats__are_recognised_by_content(void **state)
{
    (void)state;
    for (size_t f = 0; f < FIXTURES; f++) {
        load(&fixtures[f]);
        hb_os os = memory_os(content, content_n);
        hb_stream *s = NULL;
        hb_str head;
        CHECK_OK(hb_stream_open(&os, MEMORY_FILE, &s, &err));
        CHECK_OK(hb_stream_peek(s, 65536, &head, &err));
        assert_string_equal(hb_format_of(head)->name, fixtures[f].format);
        assert_ptr_equal(hb_format_named(fixtures[f].format), hb_format_of(head));
        hb_stream_close(s);
    }
    assert_null(hb_format_named("none"));
}

static void formats__close_without_reading(void **state)
{
    (void)state;
    for (size_t f = 0; f < FIXTURES; f++) {
        load(&fixtures[f]);
        hb_os os = memory_os(content, content_n);
        hb_stream *s = NULL;
        hb_table *t = NULL;
        uint64_t bytes = 0;
        char sha256[65];
        CHECK_OK(open_table(&os, NULL, &s, &t, &err));
        void (*close)(hb_table *) = t->ops->close;
        close(t);
        close(NULL);
        CHECK_OK(hb_stream_digest(s, &bytes, sha256, &err));
        assert_int_equal(bytes, content_n); /* the whole file, read or not */
        hb_stream_close(s);
    }
}

static void formats__refuse_what_is_cut(void **state)
{
    (void)state;
    for (size_t f = 0; f < FIXTURES; f++) {
        load(&fixtures[f]);
        size_t step = content_n / (fixtures[f].child ? 25 : 150) + 1;
        size_t edge = fixtures[f].child ? 0 : 64; /* where each length is tried */
        for (size_t n = 0; n < content_n; n += n < edge || n + edge > content_n ? 1 : step) {
            /* What ends here ends in guarded memory, too. */
            char *part = hb_alloc(n ? n : 1);
            memcpy(part, content, n);
            hb_os os = memory_os(part, n);
            hb_error err = {0};
            size_t rows = 0;
            hb_status status = read_all(&os, fixtures[f].format, &rows, &err);
            hb_free(part);
            if (status == HB_OK && fixtures[f].measured) {
                fail_msg("%s cut at %zu of %zu reads as a whole", fixtures[f].file, n, content_n);
            }
            assert_true(status == HB_OK || status == HB_E_INPUT || status == HB_E_LIMIT ||
                        status == HB_E_USAGE);
            assert_true(status == HB_OK || strlen(err.msg) > 10);
            assert_true(rows <= ROWS);
        }
    }
}

static void formats__refuse_what_is_empty_or_foreign(void **state)
{
    (void)state;
    static const char *const names[] = {"csv", "json", "xlsx",   "npy", "npz",
                                        "lvm", "mat",  "sqlite", "hdf5"};
    static const char zeros[70000];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t rows = 0;
        hb_os os = memory_os("", 0);
        CHECK_ERROR(read_all(&os, names[i], &rows, &err), HB_E_INPUT, MEMORY_FILE);
        os = memory_os(zeros, sizeof zeros);
        CHECK_ERROR(read_all(&os, names[i], &rows, &err), HB_E_INPUT, MEMORY_FILE);
        os = memory_os("\n \n", 3);
        CHECK_ERROR(read_all(&os, names[i], &rows, &err), HB_E_INPUT, MEMORY_FILE);
    }
}

static hb_status read_present(void)
{
    size_t rows = 0;
    hb_os os = memory_os(content, content_n);
    return read_all(&os, NULL, &rows, NULL);
}

static void formats__survive_each_allocation_failing(void **state)
{
    (void)state;
    for (size_t f = 0; f < FIXTURES; f++) {
        load(&fixtures[f]);
        print_message("%s\n", fixtures[f].file);
        fault_loop(read_present);
    }
}

static ssize_t fail_read(int fd, void *p, size_t n)
{
    (void)fd;
    (void)p;
    (void)n;
    return -1;
}

static ssize_t fail_pread(int fd, void *p, size_t n, off_t at)
{
    (void)at;
    return fail_read(fd, p, n);
}

static void formats__tell_what_could_not_be_read(void **state)
{
    (void)state;
    for (size_t f = 0; f < FIXTURES; f++) {
        size_t rows = 0;
        load(&fixtures[f]);
        hb_os os = memory_os(content, content_n);
        os.read = fail_read;
        CHECK_ERROR(read_all(&os, NULL, &rows, &err), HB_E_INPUT, "cannot read");
        os = memory_os(content, content_n);
        os.pread = fail_pread;
        hb_error err = {0};
        hb_status status = read_all(&os, NULL, &rows, &err);
        assert_true(status == HB_OK || strstr(err.msg, "cannot read"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats__give_the_same_cells),
        cmocka_unit_test(formats__are_recognised_by_content),
        cmocka_unit_test(formats__close_without_reading),
        cmocka_unit_test(formats__refuse_what_is_cut),
        cmocka_unit_test(formats__refuse_what_is_empty_or_foreign),
        cmocka_unit_test(formats__survive_each_allocation_failing),
        cmocka_unit_test(formats__tell_what_could_not_be_read),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hb_free(content);
    return failed;
}
