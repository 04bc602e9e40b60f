/* SPDX-License-Identifier: Apache-2.0 */
/* MATLAB files written by matio, in both versions, read by the code of the child in this process:
 * matio's own layout of 7.3 is a second witness of MATLAB's, and a leak check sees the readers. */
#include "input/child/remote.h"
#include "input/mat/mat.h"
#include "support/check.h"
#include "support/temp_dir.h"

#include <fcntl.h>
#include <matio.h>
#include <stdio.h>
#include <unistd.h>

enum { ROWS = 5000, ELEMENTS = 3 };

static double t[ROWS];
static double matrix[2 * ROWS];

static matvar_t *doubles(const char *name, size_t rows, size_t cols, double *v)
{
    size_t dims[2] = {rows, cols};
    matvar_t *var = Mat_VarCreate(name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, v, 0);
    assert_non_null(var);
    return var;
}

static matvar_t *text(const char *name, char *value)
{
    size_t dims[2] = {1, strlen(value)};
    matvar_t *var = Mat_VarCreate(name, MAT_C_CHAR, MAT_T_UTF8, 2, dims, value, 0);
    assert_non_null(var);
    return var;
}

static matvar_t *struct_array(void)
{
    static const char *const fields[] = {"gain", "label", "data"};
    size_t dims[2] = {1, ELEMENTS};
    matvar_t *list = Mat_VarCreateStruct("list", 2, dims, (const char **)(uintptr_t)fields, 3);
    assert_non_null(list);
    for (size_t i = 0; i < ELEMENTS; i++) {
        double gain = (double)i / 2;
        char label[] = "n0";
        label[1] = (char)('0' + i);
        Mat_VarSetStructFieldByName(list, "gain", i, doubles(NULL, 1, 1, &gain));
        Mat_VarSetStructFieldByName(list, "label", i, text(NULL, label));
        Mat_VarSetStructFieldByName(list, "data", i, doubles(NULL, 10 + i, 1, t));
    }
    return list;
}

static matvar_t *cells(void)
{
    size_t dims[2] = {ELEMENTS, 1};
    char *words[] = {(char[]){"on"}, (char[]){"off"}, (char[]){"idle"}};
    matvar_t *v = Mat_VarCreate("state", MAT_C_CELL, MAT_T_CELL, 2, dims, NULL, 0);
    assert_non_null(v);
    for (int i = 0; i < ELEMENTS; i++) {
        Mat_VarSetCell(v, i, text(NULL, words[i]));
    }
    return v;
}

static void write_file(enum mat_ft version, enum matio_compression compression)
{
    for (size_t i = 0; i < ROWS; i++) {
        t[i] = (double)i / 8;
        matrix[i] = (double)i * 3;
        matrix[ROWS + i] = -(double)i;
    }
    unlink(temp_path("a.mat"));
    mat_t *mat = Mat_CreateVer(temp_path("a.mat"), NULL, version);
    assert_non_null(mat);
    matvar_t *const vars[] = {doubles("t", ROWS, 1, t), doubles("m", ROWS, 2, matrix),
                              struct_array(), cells()};
    for (size_t i = 0; i < sizeof vars / sizeof *vars; i++) {
        assert_int_equal(Mat_VarWrite(mat, vars[i], compression), 0);
        Mat_VarFree(vars[i]);
    }
    Mat_Close(mat);
}

static hb_status keep(void *ctx, const void *p, size_t n, hb_error *err)
{
    hb_buf_add(ctx, p, n);
    return hb_buf_check(ctx, err);
}

static hb_status give(void *ctx, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    hb_str *left = ctx;
    (void)err;
    n = n < left->n ? n : left->n;
    memcpy(p, left->p, n);
    *left = (hb_str){left->p + n, left->n - n};
    *ret_n = n;
    return HB_OK;
}

/* What the child of this file's version answers. */
static hb_status serve(const hb_child_reader *reader, const char *wanted, hb_buf *answer,
                       hb_error *err)
{
    void *state = NULL;
    hb_frames_out out;
    int fd = open(temp_path("a.mat"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    hb_buf_clear(answer);
    hb_frames_out_init(&out, keep, answer);
    hb_status status = hb_frames_start(&out, err);
    status = status == HB_OK ? reader->open(fd, &state, err) : status;
    status = status == HB_OK ? reader->serve(state, wanted, &out, err) : status;
    reader->close(state);
    hb_frames_out_release(&out);
    close(fd);
    return status;
}

static hb_table *table_of(hb_str *answer)
{
    hb_table *table = NULL;
    hb_remote_source source = {.read = give, .ctx = answer};
    CHECK_OK(hb_remote_table("mat", "a.mat", NULL, source, &table, &err));
    return table;
}

static void check_workspace(hb_str answer)
{
    hb_table *table = table_of(&answer);
    const hb_column *columns = NULL;
    size_t seen = 0;
    size_t at_t = 0;
    size_t at_m = 0;
    hb_block b = {.n_rows = 1};
    assert_int_equal(table->ops->columns(table, &columns), 3);
    for (size_t i = 0; i < 3; i++) {
        at_t = hb_str_eq_c(columns[i].name, "t") ? i : at_t;
        at_m = hb_str_eq_c(columns[i].name, "m 1") ? i : at_m;
    }
    assert_true(at_t != at_m && hb_str_eq_c(columns[at_m + 1].name, "m 2"));
    while (b.n_rows) {
        CHECK_OK(table->ops->next(table, &b, &err));
        for (size_t i = 0; i < b.n_rows; i++, seen++) {
            const hb_cell *row = b.cells + i * b.n_cols;
            assert_true(row[at_t].as.num == t[seen]);
            assert_true(row[at_m].as.num == matrix[seen]);
            assert_true(row[at_m + 1].as.num == matrix[ROWS + seen]);
        }
    }
    assert_int_equal(seen, ROWS);
    table->ops->close(table);
}

static void check_column(hb_str answer, const char *name, const char *const *texts,
                         const double *numbers)
{
    hb_table *table = table_of(&answer);
    const hb_column *columns = NULL;
    hb_block b;
    size_t n = table->ops->columns(table, &columns);
    size_t at = 0;
    while (at < n && !hb_str_eq_c(columns[at].name, name)) {
        at++;
    }
    assert_true(at < n);
    CHECK_OK(table->ops->next(table, &b, &err));
    assert_int_equal(b.n_rows, ELEMENTS);
    for (size_t i = 0; i < ELEMENTS; i++) {
        const hb_cell *c = &b.cells[i * b.n_cols + at];
        assert_int_equal(c->kind, texts ? HB_CELL_TEXT : HB_CELL_NUMBER);
        assert_true(texts ? hb_str_eq_c((hb_str){c->as.p, c->len}, texts[i])
                          : c->as.num == numbers[i]);
    }
    table->ops->close(table);
}

static void check_file(const hb_child_reader *reader)
{
    static const char *const words[] = {"on", "off", "idle"};
    static const char *const labels[] = {"n0", "n1", "n2"};
    static const double gains[] = {0, 0.5, 1};
    hb_buf answer;
    hb_buf_init(&answer, 64 << 20);
    CHECK_OK(serve(reader, ".", &answer, &err));
    check_workspace((hb_str){answer.p, answer.n});
    CHECK_OK(serve(reader, "state", &answer, &err));
    check_column((hb_str){answer.p, answer.n}, "state", words, NULL);
    CHECK_OK(serve(reader, "list", &answer, &err));
    check_column((hb_str){answer.p, answer.n}, "label", labels, NULL);
    check_column((hb_str){answer.p, answer.n}, "gain", NULL, gains);
    CHECK_OK(serve(reader, "list(3).data", &answer, &err));
    CHECK_ERROR(serve(reader, "", &answer, &err), HB_E_USAGE, "list(1).data");
    CHECK_ERROR(serve(reader, "nope", &answer, &err), HB_E_USAGE, "no variable 'nope'");
    hb_buf_release(&answer);
}

static void mat5__reads_what_matio_writes(void **state)
{
    (void)state;
    write_file(MAT_FT_MAT5, MAT_COMPRESSION_NONE);
    check_file(&hb_mat5_child);
    write_file(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB);
    check_file(&hb_mat5_child);
}

static void mat73__reads_what_matio_writes(void **state)
{
    (void)state;
    write_file(MAT_FT_MAT73, MAT_COMPRESSION_NONE);
    check_file(&hb_mat73_child);
    write_file(MAT_FT_MAT73, MAT_COMPRESSION_ZLIB);
    check_file(&hb_mat73_child);
}

static int make_folder(void **state)
{
    (void)state;
    return temp_dir_new() ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mat5__reads_what_matio_writes),
        cmocka_unit_test(mat73__reads_what_matio_writes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
