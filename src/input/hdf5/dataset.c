/* SPDX-License-Identifier: Apache-2.0 */
#include "input/hdf5/hdf5_internal.h"

#include "base/mem.h"
#include "input/stream.h"
#include "input/table.h"

#include <string.h>

enum { BUILT_IN_FILTERS = 256, RATIO_FLOOR_BYTES = 64 << 20 };

const char *hb_h5_forbidden(hid_t dataset)
{
    const char *why = NULL;
    hid_t made = H5Dget_create_plist(dataset);
    int n = made >= 0 ? H5Pget_nfilters(made) : -1;
    if (n < 0) {
        why = "damaged";
    } else if (H5Pget_layout(made) == H5D_VIRTUAL) {
        why = "a view of other files or datasets, which is not followed";
    } else if (H5Pget_external_count(made) > 0) {
        why = "stored in another file, which is not followed";
    }
    for (int i = 0; i < n && !why; i++) {
        unsigned flags = 0;
        size_t values = 0;
        H5Z_filter_t id = H5Pget_filter2(made, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        if (id < 0 || id >= BUILT_IN_FILTERS || H5Zfilter_avail(id) <= 0) {
            why = "compressed by a filter that is not part of HDF5; store it with gzip (h5repack "
                  "-f GZIP=4)";
        }
    }
    if (made >= 0) {
        H5Pclose(made);
    }
    return why;
}

void hb_h5_shape(hid_t dataset, bool column_major, hb_h5_source *s, const char **ret_why)
{
    hid_t space = H5Dget_space(dataset);
    H5S_class_t class = space >= 0 ? H5Sget_simple_extent_type(space) : H5S_NO_CLASS;
    int rank = class == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : 0;
    *ret_why = class == H5S_NULL ? "empty" : class == H5S_NO_CLASS ? "damaged" : NULL;
    s->row_dim = -1;
    s->col_dim = -1;
    s->rank = rank;
    if (rank < 0 || rank > HB_H5_MAX_RANK ||
        (rank && H5Sget_simple_extent_dims(space, s->dims, NULL) < 0)) {
        *ret_why = rank > HB_H5_MAX_RANK ? "of more than two dimensions" : "damaged";
        rank = 0;
    }
    for (int i = 0; i < rank && !*ret_why; i++) {
        if (s->dims[i] == 0) {
            *ret_why = "empty";
        } else if (s->dims[i] > (hsize_t)1 << 40) {
            *ret_why = "of more values than can be read";
        } else if (s->dims[i] > 1 && s->row_dim < 0) {
            s->row_dim = i;
        } else if (s->dims[i] > 1 && s->col_dim < 0) {
            s->col_dim = i;
        } else if (s->dims[i] > 1) {
            *ret_why = "of more than two dimensions";
        }
    }
    if (column_major && s->col_dim >= 0) {
        int row = s->row_dim;
        s->row_dim = s->col_dim;
        s->col_dim = row;
    }
    if (space >= 0) {
        H5Sclose(space);
    }
}

/* Labels by the attributes in which files of this kind keep them: as many texts as columns. */
static hb_status label_columns(hb_tree *t, hid_t dataset, hb_var *v, const hb_h5_source *s,
                               hb_error *err)
{
    static const char *const names_in[] = {"columns", "column_names", "channel_names", "labels",
                                           "names"};
    static const char *const units_in[] = {"units", "unit"};
    size_t n = (size_t)v->cols;
    size_t found = 0;
    const char **texts = hb_arena_array(&t->arena, n, sizeof *texts);
    hb_frame_label *labels = hb_arena_array(&t->arena, n, sizeof *labels);
    if (!texts || !labels) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; s->col_dim < 0 && i < n; i++) {
        labels[i].name = hb_str_of(s->fields[i].name);
    }
    for (size_t k = 0; k < sizeof names_in / sizeof *names_in && found != n && s->col_dim >= 0;
         k++) {
        HB_TRY(hb_h5_attribute_texts(t, dataset, names_in[k], n, texts, &found, err));
        for (size_t i = 0; i < n && found == n; i++) {
            labels[i].name = hb_str_of(texts[i]);
        }
    }
    found = 0;
    for (size_t k = 0; k < 2 && found == 0; k++) {
        HB_TRY(hb_h5_attribute_texts(t, dataset, units_in[k], n, texts, &found, err));
        for (size_t i = 0; i < n && found == n; i++) {
            labels[i].unit = hb_str_of(texts[i]);
        }
        if (found == 1) {
            v->unit = texts[0];
        }
    }
    v->labels = labels;
    return HB_OK;
}

/* Nothing was ever written for most of a dataset that claims so many values: reading it would give
 * fill values for hours. */
static bool claims_too_much(const hb_h5_source *s, hid_t dataset, const hb_var *v)
{
    uint64_t bytes = 0;
    uint64_t stored = H5Dget_storage_size(dataset);
    uint64_t cells = s->col_dim >= 0 ? v->cols : 1;
    return __builtin_mul_overflow(v->rows, cells, &bytes) ||
           __builtin_mul_overflow(bytes, s->record_bytes, &bytes) ||
           (bytes > RATIO_FLOOR_BYTES && bytes / HB_STREAM_MAX_RATIO > stored);
}

static hb_status fill_node(hb_h5 *h, hid_t dataset, hb_var *v, hb_h5_source *s, hb_error *err)
{
    hb_tree *t = &h->tree;
    bool matrix = s->col_dim >= 0;
    if (matrix && (s->n_fields > 1 || s->fields[0].kind >= HB_H5_FIXED_TEXT)) {
        hb_var_give_up(v, "of two dimensions of records or texts");
        return HB_OK;
    }
    v->rows = s->row_dim >= 0 ? s->dims[s->row_dim] : 1;
    v->cols = matrix ? s->dims[s->col_dim] : s->n_fields;
    v->matrix = matrix;
    v->source = s;
    if (claims_too_much(s, dataset, v)) {
        hb_var_give_up(v, "of more values than the file has bytes for");
        return HB_OK;
    }
    if (v->cols <= HB_TABLE_MAX_COLUMNS) {
        HB_TRY(label_columns(t, dataset, v, s, err));
    }
    return hb_h5_conventions(t, dataset, v, s, err);
}

static hb_status make_source(hb_h5 *h, hid_t dataset, bool column_major, hb_h5_source **ret,
                             const char **ret_why, hb_error *err)
{
    hb_h5_source *s = hb_arena_alloc(&h->tree.arena, sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->dataset = -1;
    s->type = -1;
    *ret = s;
    HB_TRY(hb_h5_address(dataset, &s->address, err));
    hb_h5_shape(dataset, column_major, s, ret_why);
    if (!*ret_why) {
        *ret_why = hb_h5_forbidden(dataset);
    }
    if (!*ret_why) {
        hid_t type = H5Dget_type(dataset);
        hb_status status = type >= 0 ? hb_h5_fields(&h->tree, type, s, ret_why, err) : HB_OK;
        *ret_why = type >= 0 ? *ret_why : "damaged";
        if (type >= 0) {
            H5Tclose(type);
        }
        return status;
    }
    return HB_OK;
}

hb_status hb_h5_add_dataset(hb_h5 *h, hb_var *parent, hid_t dataset, const char *name,
                            bool column_major, hb_var **ret, hb_error *err)
{
    hb_h5_source *s = NULL;
    const char *why = NULL;
    HB_TRY(make_source(h, dataset, column_major, &s, &why, err));
    HB_TRY(hb_tree_add(&h->tree, parent, why ? HB_VAR_OTHER : HB_VAR_DATA, name, ret, err));
    (*ret)->why = why;
    return why ? HB_OK : fill_node(h, dataset, *ret, s, err);
}
