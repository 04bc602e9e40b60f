/* SPDX-License-Identifier: Apache-2.0 */
/* A MATLAB 5 file by matio, which opens files only by name. Inside the sandbox nothing can be
 * opened, and outside it no byte of the file may reach the library. So matio is given, before, a
 * file of ours: an empty MAT file of 128 bytes in memory, with the byte order of the real one. Then
 * the real file takes the place of its descriptor, at the same offset, and everything matio reads
 * from there on it reads inside.
 *
 * matio ends its list of variables at the end of the file and at a fault alike. So the elements are
 * counted and checked first (mat5_check.c), and one that matio cannot read is an error. */
#include "input/mat/mat.h"
#include "input/mat/mat5_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEADER_BYTES = HB_MAT5_HEADER,
    ENDIAN_AT = 126,
    MAX_VARIABLES = 100000,
};

static void no_log(int level, char *message)
{
    (void)level;
    (void)message;
}

/* An empty MAT file in the byte order of the file. */
static hb_status decoy(int fd, int *ret, hb_error *err)
{
    char order[2] = {0};
    char header[HEADER_BYTES] = "MATLAB 5.0 MAT-file";
    if (pread(fd, order, sizeof order, ENDIAN_AT) != sizeof order) {
        return HB_FAIL(err, HB_E_INPUT, "it cannot be read");
    }
    bool little = order[0] == 'I';
    memcpy(header + ENDIAN_AT - 2, little ? "\0\1IM" : "\1\0MI", 4);
    int out = memfd_create("hb-mat", MFD_CLOEXEC);
    if (out < 0 || write(out, header, sizeof header) != sizeof header) {
        return HB_FAIL(err, HB_E_IO, "cannot make a file in memory");
    }
    *ret = out;
    return HB_OK;
}

/* The descriptor matio opened is the lowest that was free: it is checked to be the decoy's. */
static hb_status open_matio(hb_mat5 *m, int out, hb_error *err)
{
    char path[64];
    struct stat a;
    struct stat b;
    int next = dup(out);
    snprintf(path, sizeof path, "/proc/self/fd/%d", out);
    if (next < 0 || close(next) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot prepare to read it");
    }
    Mat_LogInitFunc("hb", no_log);
    m->mat = Mat_Open(path, MAT_ACC_RDONLY);
    if (!m->mat || fstat(out, &a) != 0 || fstat(next, &b) != 0 || a.st_ino != b.st_ino ||
        a.st_dev != b.st_dev) {
        return HB_FAIL(err, HB_E_IO, "cannot prepare to read it");
    }
    if (dup2(m->fd, next) != next || lseek(next, HEADER_BYTES, SEEK_SET) != HEADER_BYTES) {
        return HB_FAIL(err, HB_E_IO, "cannot prepare to read it");
    }
    return HB_OK;
}

static void mat5_close(void *state)
{
    hb_mat5 *m = state;
    if (!m) {
        return;
    }
    for (size_t i = 0; i < m->n_vars; i++) {
        Mat_VarFree(m->vars[i]);
    }
    hb_free(m->vars);
    Mat_Close(m->mat);
    hb_tree_release(&m->tree);
    hb_free(m);
}

static hb_status mat5_open(int fd, void **ret, hb_error *err)
{
    int out = -1;
    struct stat st;
    hb_mat5 *m = hb_alloc_zero(sizeof *m);
    if (!m) {
        return HB_NOMEM(err);
    }
    m->fd = fd;
    hb_status status = fstat(fd, &st) == 0 ? hb_tree_init(&m->tree, '.', err)
                                           : HB_FAIL(err, HB_E_IO, "it cannot be looked at");
    if (status == HB_OK) {
        m->file_bytes = (uint64_t)st.st_size;
        status = decoy(fd, &out, err);
    }
    if (status == HB_OK) {
        status = open_matio(m, out, err);
        close(out);
    }
    if (status != HB_OK) {
        mat5_close(m);
        return status;
    }
    *ret = m;
    return HB_OK;
}

/* Dimensions without those of length 1 beyond the second; false = more than two are left, or the
 * product is no number of elements. */
static bool two_dimensions(const matvar_t *v, uint64_t *ret_rows, uint64_t *ret_cols)
{
    uint64_t dims[2] = {1, 1};
    int n = 0;
    if (v->rank < 2 || !v->dims) {
        return false;
    }
    for (int i = 0; i < v->rank; i++) {
        if (v->dims[i] > INT32_MAX) {
            return false;
        }
        if (v->dims[i] == 1 && v->rank > 2) {
            continue;
        }
        if (n == 2) {
            return false;
        }
        dims[n++] = v->dims[i];
    }
    *ret_rows = dims[0];
    *ret_cols = dims[1];
    return true;
}

static bool is_number(const matvar_t *v)
{
    return v->class_type >= MAT_C_DOUBLE && v->class_type <= MAT_C_UINT64;
}

static const char *what_else(const matvar_t *v)
{
    if (v->class_type == MAT_C_SPARSE) {
        return "a sparse matrix; save full(…) of it";
    }
    if (v->class_type == MAT_C_FUNCTION) {
        return "a function";
    }
    if (v->class_type == MAT_C_OPAQUE || v->class_type == MAT_C_OBJECT) {
        return "a MATLAB object; save tables as struct (table2struct with ToScalar), times by "
               "datenum";
    }
    return v->isComplex ? "complex; save its real and imaginary part, or its magnitude" : NULL;
}

typedef struct walk {
    hb_mat5 *m;
    uint64_t element_bytes;
    bool compressed;
} walk;

static hb_status add_data(const walk *w, hb_var *parent, const char *name, matvar_t *v,
                          uint64_t rows, uint64_t cols, bool text, hb_error *err)
{
    hb_var *node = NULL;
    hb_mat5_source *s = hb_arena_alloc(&w->m->tree.arena, sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    if (rows == 0 || cols == 0) {
        return hb_tree_add_other(&w->m->tree, parent, name, "empty", err);
    }
    HB_TRY(hb_tree_add(&w->m->tree, parent, HB_VAR_DATA, name, &node, err));
    *s = (hb_mat5_source){
        .var = v, .element_bytes = w->element_bytes, .compressed = w->compressed, .text = text};
    node->source = s;
    node->matrix = !text && rows > 1 && cols > 1;
    node->rows = node->matrix || text ? rows : rows * cols;
    node->cols = node->matrix ? cols : 1;
    return HB_OK;
}

/* A cell array of texts is a column of texts. */
static bool all_texts(matvar_t *v, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        const matvar_t *cell = i < INT32_MAX ? Mat_VarGetCell(v, (int)i) : NULL;
        bool empty = cell && cell->rank == 2 && cell->dims && cell->dims[0] * cell->dims[1] == 0;
        bool text = cell && cell->class_type == MAT_C_CHAR && cell->rank == 2 && cell->dims &&
                    cell->dims[0] == 1;
        if (!empty && !text) {
            return false;
        }
    }
    return true;
}

static hb_status add_var(const walk *w, hb_var *parent, const char *name, matvar_t *v,
                         hb_error *err);

static hb_status add_fields(const walk *w, hb_var *group, matvar_t *v, size_t element,
                            hb_error *err)
{
    unsigned n = Mat_VarGetNumberOfFields(v);
    char *const *names = Mat_VarGetStructFieldnames(v);
    for (unsigned i = 0; i < n && names; i++) {
        matvar_t *field = Mat_VarGetStructFieldByIndex(v, i, element);
        HB_TRY(field ? add_var(w, group, names[i], field, err)
                     : hb_tree_add_other(&w->m->tree, group, names[i], "empty", err));
    }
    return HB_OK;
}

static hb_status add_struct(const walk *w, hb_var *parent, const char *name, matvar_t *v,
                            uint64_t n, hb_error *err)
{
    hb_tree *t = &w->m->tree;
    hb_var *node = NULL;
    HB_TRY(hb_tree_add(t, parent, n == 1 ? HB_VAR_GROUP : HB_VAR_LIST, name, &node, err));
    if (n == 1) {
        return add_fields(w, node, v, 0, err);
    }
    for (size_t i = 0; i < n; i++) {
        hb_var *element = NULL;
        HB_TRY(hb_tree_add(t, node, HB_VAR_GROUP, name, &element, err));
        HB_TRY(add_fields(w, element, v, i, err));
    }
    return HB_OK;
}

static hb_status add_var(const walk *w, hb_var *parent, const char *name, matvar_t *v,
                         hb_error *err)
{
    hb_tree *t = &w->m->tree;
    uint64_t rows = 0;
    uint64_t cols = 0;
    const char *other = what_else(v);
    if (other) {
        return hb_tree_add_other(t, parent, name, other, err);
    }
    if (!two_dimensions(v, &rows, &cols)) {
        return hb_tree_add_other(t, parent, name,
                                 v->rank > 2 ? "of more than two dimensions" : "empty", err);
    }
    uint64_t n = rows * cols;
    if (is_number(v)) {
        return add_data(w, parent, name, v, rows, cols, false, err);
    }
    if (v->class_type == MAT_C_CHAR && v->rank == 2) {
        return add_data(w, parent, name, v, rows, cols ? 1 : 0, true, err);
    }
    if (v->class_type == MAT_C_STRUCT && n && v->data) {
        return n > HB_TREE_MAX_NODES
                   ? HB_FAIL(err, HB_E_LIMIT, "struct array '%.60s' has more than %d elements",
                             name, HB_TREE_MAX_NODES)
                   : add_struct(w, parent, name, v, n, err);
    }
    if (v->class_type == MAT_C_CELL && n && v->data && all_texts(v, n)) {
        return add_data(w, parent, name, v, n, 1, true, err);
    }
    return hb_tree_add_other(t, parent, name,
                             v->class_type == MAT_C_CELL && n   ? "a cell array"
                             : v->class_type == MAT_C_CHAR && n ? "text of three dimensions"
                                                                : "empty",
                             err);
}

/* Names beginning with "__" are MATLAB's own workspace of functions and objects. */
static hb_status read_directory(hb_mat5 *m, const hb_mat5_element *elements, size_t n,
                                hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        matvar_t *v = Mat_VarReadNextInfo(m->mat);
        if (!v) {
            return HB_FAIL(err, HB_E_INPUT, "its variable %zu of %zu cannot be read: damaged",
                           i + 1, n);
        }
        hb_status status = HB_GROW(m->vars, m->cap_vars, i + 1, MAX_VARIABLES, "variables", err);
        if (status != HB_OK) {
            Mat_VarFree(v);
            return status;
        }
        m->vars[m->n_vars++] = v;
        walk w = {.m = m, .element_bytes = elements[i].bytes, .compressed = elements[i].compressed};
        if (v->name && *v->name && strncmp(v->name, "__", 2) != 0) {
            HB_TRY(add_var(&w, m->tree.root, v->name, v, err));
        }
    }
    return HB_OK;
}

static hb_status mat5_serve(void *state, const char *wanted, hb_frames_out *out, hb_error *err)
{
    hb_mat5 *m = state;
    hb_mat5_element *elements = NULL;
    size_t n = 0;
    hb_var_reader reader = {.ctx = m, .read = hb_mat5_read, .begin = hb_mat5_begin};
    hb_status status = hb_mat5_check(m->fd, m->file_bytes, &elements, &n, err);
    if (status == HB_OK && n == 0) {
        status = HB_FAIL(err, HB_E_INPUT, "it holds no variables");
    }
    if (status == HB_OK) {
        status = read_directory(m, elements, n, err);
    }
    hb_free(elements);
    return status == HB_OK ? hb_serve_table(out, &m->tree, &reader, wanted, err) : status;
}

const hb_child_reader hb_mat5_child = {
    .name = "mat5", .open = mat5_open, .serve = mat5_serve, .close = mat5_close};
