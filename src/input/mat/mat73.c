/* SPDX-License-Identifier: Apache-2.0 */
/* MATLAB 7.3 files: HDF5 behind a header of 512 bytes, with MATLAB's own conventions.
 *
 * MATLAB_class names the class of each object; dimensions are written in reverse; a char array is
 * one of 16-bit numbers, an empty one holds its dimensions (MATLAB_empty). A struct is a group; the
 * members of a struct array are datasets of references without a class, one reference an element; a
 * cell array is a dataset of references with one. What they refer to lies in the group "#refs#".
 *
 * matio could read these too, but opens them by name, which the sandbox does not allow (mat5.c has
 * a way for version 5 that HDF5 does not offer). */
#include "input/hdf5/hdf5_internal.h"
#include "input/mat/mat.h"

#include "base/mem.h"

#include <string.h>

enum { MAX_ELEMENTS = HB_TREE_MAX_NODES };

static bool has_class(hb_tree *t, hid_t object, const char **ret, hb_error *err, hb_status *status)
{
    size_t n = 0;
    *ret = "";
    *status = hb_h5_attribute_texts(t, object, "MATLAB_class", 1, ret, &n, err);
    return *status == HB_OK && n == 1;
}

static bool is_word(const char *word, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds_references(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    bool yes = type >= 0 && H5Tequal(type, H5T_STD_REF_OBJ) > 0;
    if (type >= 0) {
        H5Tclose(type);
    }
    return yes;
}

/* The addresses a dataset of references points at; in the arena. */
static hb_status read_references(hb_h5 *h, hid_t dataset, const hobj_ref_t **ret, size_t *ret_n,
                                 hb_error *err)
{
    hid_t space = H5Dget_space(dataset);
    hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    if (space >= 0) {
        H5Sclose(space);
    }
    if (n < 0 || n > MAX_ELEMENTS || (uint64_t)n > h->file_bytes) {
        return HB_FAIL(err, HB_E_LIMIT, "an array of it has more than %d elements", MAX_ELEMENTS);
    }
    hobj_ref_t *refs = hb_arena_array(&h->tree.arena, n ? (size_t)n : 1, sizeof *refs);
    if (!refs) {
        return HB_NOMEM(err);
    }
    if (hb_h5_forbidden(dataset) ||
        H5Dread(dataset, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, refs) < 0) {
        return HB_FAIL(err, HB_E_INPUT, "references of it cannot be read: damaged");
    }
    *ret = refs;
    *ret_n = (size_t)n;
    return HB_OK;
}

static hb_status add_object(hb_h5 *h, hb_var *parent, hid_t object, const char *name,
                            hb_error *err);

static hb_status on_member(hb_h5_walk *w, hid_t object, const char *name, hb_error *err)
{
    return *name == '#' ? HB_OK : add_object(w->h, w->parent, object, name, err);
}

/* One member of a struct array: a field, with one reference an element. */
typedef struct field {
    const char *name;
    const hobj_ref_t *refs;
    size_t n;
} field;

typedef struct fields {
    hb_h5_walk walk; /* first: the callback gets it */
    field *v;
    size_t n;
    size_t cap;
} fields;

static hb_status on_field(hb_h5_walk *w, hid_t object, const char *name, hb_error *err)
{
    fields *f = (fields *)w;
    const char *class = "";
    hb_status status = HB_OK;
    if (H5Iget_type(object) != H5I_DATASET ||
        has_class(&w->h->tree, object, &class, err, &status) || status != HB_OK ||
        !holds_references(object)) {
        return status;
    }
    HB_TRY(HB_GROW(f->v, f->cap, f->n + 1, MAX_ELEMENTS, "fields", err));
    field one = {0};
    HB_TRY(hb_tree_text(&w->h->tree, name, strlen(name), &one.name, err));
    HB_TRY(read_references(w->h, object, &one.refs, &one.n, err));
    f->v[f->n++] = one;
    return HB_OK;
}

static hb_status add_element(hb_h5 *h, hb_var *element, const fields *f, size_t i, hb_error *err)
{
    for (size_t k = 0; k < f->n; k++) {
        hid_t object = i < f->v[k].n
                           ? H5Rdereference2(h->file, H5P_DEFAULT, H5R_OBJECT, &f->v[k].refs[i])
                           : -1;
        if (object < 0) {
            HB_TRY(hb_tree_add_other(&h->tree, element, f->v[k].name, "missing", err));
            continue;
        }
        hb_status status = add_object(h, element, object, f->v[k].name, err);
        H5Oclose(object);
        HB_TRY(status);
    }
    return HB_OK;
}

static hb_status add_list(hb_h5 *h, hb_var *parent, const char *name, const fields *f,
                          hb_error *err)
{
    hb_var *list = NULL;
    size_t n = f->v[0].n;
    if (n == 0) {
        return hb_tree_add_other(&h->tree, parent, name, "empty", err);
    }
    HB_TRY(hb_tree_add(&h->tree, parent, HB_VAR_LIST, name, &list, err));
    for (size_t i = 0; i < n; i++) {
        hb_var *element = NULL;
        HB_TRY(hb_tree_add(&h->tree, list, HB_VAR_GROUP, name, &element, err));
        HB_TRY(add_element(h, element, f, i, err));
    }
    return HB_OK;
}

static hb_status add_struct(hb_h5 *h, hb_var *parent, hid_t group, const char *name, hb_error *err)
{
    fields f = {.walk = {.h = h, .each = on_field}};
    hb_status status = hb_h5_each(&f.walk, group, err);
    if (status == HB_OK && f.n) {
        status = add_list(h, parent, name, &f, err);
    } else if (status == HB_OK) {
        hb_var *v = NULL;
        status = hb_tree_add(&h->tree, parent, HB_VAR_GROUP, name, &v, err);
        hb_h5_walk w = {.h = h, .parent = v, .each = on_member};
        status = status == HB_OK ? hb_h5_each(&w, group, err) : status;
    }
    hb_free(f.v);
    return status;
}

/* Rows of a char array: characters lie along the first dimension of the file, rows along the
 * second. */
static hb_status read_chars(const hb_var *v, const hb_h5_source *s, hid_t dataset, uint64_t first,
                            size_t n, hb_frame_column *out, hb_error *err)
{
    size_t length = (size_t)s->dims[0];
    hsize_t start[2] = {0, first};
    hsize_t count[2] = {length, n};
    hsize_t cells = length * n;
    uint16_t *room = length > HB_FRAME_MAX_TEXT ? NULL : hb_alloc_array(length * n, sizeof *room);
    if (!room) {
        return HB_NOMEM(err);
    }
    hid_t in_file = H5Dget_space(dataset);
    hid_t in_memory = H5Screate_simple(1, &cells, NULL);
    hb_buf text;
    hb_buf_init(&text, HB_FRAME_MAX_TEXT);
    hb_status status = HB_OK;
    if (in_file < 0 || in_memory < 0 ||
        H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(dataset, H5T_NATIVE_UINT16, in_memory, in_file, H5P_DEFAULT, room) < 0) {
        status = HB_FAIL(err, HB_E_INPUT, "text '%.60s' cannot be read: damaged", v->name);
    }
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        hb_buf_clear(&text);
        hb_text_clean_utf16(room + i, length, n, &text);
        status = hb_buf_check(&text, err);
        hb_frame_column_text(out, text.p, text.n);
    }
    if (in_file >= 0) {
        H5Sclose(in_file);
    }
    if (in_memory >= 0) {
        H5Sclose(in_memory);
    }
    hb_buf_release(&text);
    hb_free(room);
    return status;
}

/* The shape of a char array, of two plain dimensions; false = another, or not a char array. */
static bool char_shape(hid_t dataset, hb_h5_source *s)
{
    const char *why = NULL;
    hb_h5_shape(dataset, false, s, &why);
    hid_t type = H5Dget_type(dataset);
    bool number = type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) <= 4;
    if (type >= 0) {
        H5Tclose(type);
    }
    return number && !why && s->rank == 2 && s->dims[0] <= HB_FRAME_MAX_TEXT &&
           !hb_h5_forbidden(dataset);
}

static hb_status read_text_rows(hb_h5 *h, const hb_var *v, uint64_t first, size_t n,
                                hb_frame_column *out, hb_error *err)
{
    enum { CHARS_AT_ONCE = 1 << 22 };
    const hb_h5_source *s = v->source;
    size_t step = CHARS_AT_ONCE / (size_t)s->dims[0];
    hid_t dataset = H5Oopen_by_addr(h->file, s->address);
    hb_status status =
        dataset >= 0 ? HB_OK
                     : HB_FAIL(err, HB_E_INPUT, "text '%.60s' cannot be read: damaged", v->name);
    out->encoding = HB_FRAME_TEXTS;
    for (size_t done = 0; done < n && status == HB_OK;) {
        size_t k = n - done < step ? n - done : step;
        status = read_chars(v, s, dataset, first + done, k, out, err);
        done += k;
    }
    if (dataset >= 0) {
        H5Oclose(dataset);
    }
    return status;
}

static bool is_empty(hid_t object)
{
    double empty = 0;
    return hb_h5_attribute_number(object, "MATLAB_empty", &empty) && empty != 0;
}

/* One cell: a char array of one row, or an empty one. */
static hb_status read_cell(hb_h5 *h, const hb_var *v, haddr_t address, hb_frame_column *out,
                           hb_error *err)
{
    hb_h5_source s = {0};
    hid_t object = H5Oopen_by_addr(h->file, address);
    hb_status status = HB_OK;
    if (object >= 0 && is_empty(object)) {
        hb_frame_column_text(out, "", 0);
    } else if (object >= 0 && H5Iget_type(object) == H5I_DATASET && char_shape(object, &s) &&
               s.dims[1] == 1) {
        status = read_chars(v, &s, object, 0, 1, out, err);
    } else {
        status = HB_FAIL(err, HB_E_INPUT, "a cell of '%.60s' cannot be read: damaged", v->name);
    }
    if (object >= 0) {
        H5Oclose(object);
    }
    return status;
}

static hb_status read_cells(hb_h5 *h, const hb_var *v, uint64_t first, size_t n,
                            hb_frame_column *out, hb_error *err)
{
    const hb_h5_source *s = v->source;
    out->encoding = HB_FRAME_TEXTS;
    for (uint64_t i = first; i < first + n; i++) {
        HB_TRY(read_cell(h, v, s->cells[i], out, err));
    }
    return HB_OK;
}

static hb_status add_text(hb_h5 *h, hb_var *parent, hid_t dataset, const char *name, hb_error *err)
{
    hb_var *v = NULL;
    hb_h5_source *s = hb_arena_alloc(&h->tree.arena, sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    if (!char_shape(dataset, s)) {
        return hb_tree_add_other(&h->tree, parent, name, "text of more than two dimensions", err);
    }
    s->dataset = -1;
    s->read = read_text_rows;
    HB_TRY(hb_h5_address(dataset, &s->address, err));
    HB_TRY(hb_tree_add(&h->tree, parent, HB_VAR_DATA, name, &v, err));
    v->rows = s->dims[1];
    v->cols = 1;
    v->source = s;
    return HB_OK;
}

/* A cell array of texts is a column of texts. */
static hb_status add_cells(hb_h5 *h, hb_var *parent, hid_t dataset, const char *name, hb_error *err)
{
    const hobj_ref_t *refs = NULL;
    size_t n = 0;
    hb_status status = HB_OK;
    hb_var *v = NULL;
    HB_TRY(read_references(h, dataset, &refs, &n, err));
    haddr_t *cells = hb_arena_array(&h->tree.arena, n ? n : 1, sizeof *cells);
    hb_h5_source *s = hb_arena_alloc(&h->tree.arena, sizeof *s);
    if (!cells || !s) {
        return HB_NOMEM(err);
    }
    bool texts = n > 0;
    for (size_t i = 0; i < n && texts && status == HB_OK; i++) {
        const char *class = "";
        hid_t object = H5Rdereference2(h->file, H5P_DEFAULT, H5R_OBJECT, &refs[i]);
        texts = object >= 0 && has_class(&h->tree, object, &class, err, &status) &&
                (strcmp(class, "char") == 0 || is_empty(object));
        status = texts && status == HB_OK ? hb_h5_address(object, &cells[i], err) : status;
        if (object >= 0) {
            H5Oclose(object);
        }
    }
    HB_TRY(status);
    if (!texts) {
        return hb_tree_add_other(&h->tree, parent, name, "a cell array", err);
    }
    *s = (hb_h5_source){.dataset = -1, .read = read_cells, .cells = cells};
    HB_TRY(hb_h5_address(dataset, &s->address, err));
    HB_TRY(hb_tree_add(&h->tree, parent, HB_VAR_DATA, name, &v, err));
    v->rows = n;
    v->cols = 1;
    v->source = s;
    return HB_OK;
}

static hb_status add_numbers(hb_h5 *h, hb_var *parent, hid_t dataset, const char *name,
                             bool logical, hb_error *err)
{
    hb_var *v = NULL;
    HB_TRY(hb_h5_add_dataset(h, parent, dataset, name, true, &v, err));
    hb_h5_source *s = v->source;
    if (logical && v->kind == HB_VAR_DATA && s->n_fields == 1 &&
        s->fields[0].kind == HB_H5_DOUBLE) {
        s->fields[0].kind = HB_H5_BOOL;
    }
    return HB_OK;
}

static hb_status add_dataset(hb_h5 *h, hb_var *parent, hid_t dataset, const char *name,
                             const char *class, hb_error *err)
{
    static const char *const numbers[] = {"double",  "single", "int8",   "uint8", "int16",
                                          "uint16",  "int32",  "uint32", "int64", "uint64",
                                          "logical", "",       NULL};
    if (is_empty(dataset)) {
        return hb_tree_add_other(&h->tree, parent, name, "empty", err);
    }
    if (strcmp(class, "char") == 0) {
        return add_text(h, parent, dataset, name, err);
    }
    if (strcmp(class, "cell") == 0) {
        return add_cells(h, parent, dataset, name, err);
    }
    if (is_word(class, numbers) && !hb_h5_has_attribute(dataset, "MATLAB_object_decode")) {
        return add_numbers(h, parent, dataset, name, strcmp(class, "logical") == 0, err);
    }
    return hb_tree_add_other(&h->tree, parent, name,
                             strcmp(class, "function_handle") == 0
                                 ? "a function"
                                 : "a MATLAB object; save tables as struct (table2struct with "
                                   "ToScalar), times by datenum",
                             err);
}

static hb_status add_object(hb_h5 *h, hb_var *parent, hid_t object, const char *name, hb_error *err)
{
    const char *class = "";
    hb_status status = HB_OK;
    bool named = has_class(&h->tree, object, &class, err, &status);
    HB_TRY(status);
    H5I_type_t type = H5Iget_type(object);
    if (type == H5I_DATASET) {
        return add_dataset(h, parent, object, name, named ? class : "", err);
    }
    if (type != H5I_GROUP) {
        return HB_OK;
    }
    if (hb_h5_has_attribute(object, "MATLAB_sparse")) {
        return hb_tree_add_other(&h->tree, parent, name, "a sparse matrix; save full(…) of it",
                                 err);
    }
    if (named && strcmp(class, "struct") != 0) {
        return hb_tree_add_other(&h->tree, parent, name, "a MATLAB object", err);
    }
    return add_struct(h, parent, object, name, err);
}

static hb_status mat73_open(int fd, void **ret, hb_error *err)
{
    hb_h5 *h = NULL;
    HB_TRY(hb_h5_new(fd, '.', &h, err));
    *ret = h;
    return HB_OK;
}

static hb_status mat73_serve(void *state, const char *wanted, hb_frames_out *out, hb_error *err)
{
    hb_h5 *h = state;
    HB_TRY(hb_h5_start(h, err));
    hid_t root = H5Gopen2(h->file, "/", H5P_DEFAULT);
    if (root < 0) {
        return HB_FAIL(err, HB_E_INPUT, "its root group cannot be read: damaged");
    }
    hb_h5_walk w = {.h = h, .parent = h->tree.root, .each = on_member};
    hb_status status = hb_h5_each(&w, root, err);
    H5Gclose(root);
    return status == HB_OK ? hb_h5_serve(h, wanted, out, err) : status;
}

const hb_child_reader hb_mat73_child = {
    .name = "mat73", .open = mat73_open, .serve = mat73_serve, .close = hb_h5_free};
