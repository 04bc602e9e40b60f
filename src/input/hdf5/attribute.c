/* SPDX-License-Identifier: Apache-2.0 */
#include "input/hdf5/hdf5_internal.h"

#include "base/mem.h"

#include <string.h>

enum { TEXTS_MAX_BYTES = 4 << 20 };

bool hb_h5_has_attribute(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0;
}

/* n texts of `size` bytes each, or of the library's own length. */
static hb_status keep_texts(hb_tree *t, const char *room, size_t n, size_t size, bool variable,
                            const char **ret, hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *p = room + i * size;
        if (variable) {
            memcpy(&p, room + i * sizeof p, sizeof p);
        }
        size_t len = !p ? 0 : variable ? strlen(p) : strnlen(p, size);
        len = len < HB_FRAME_MAX_TEXT ? len : HB_FRAME_MAX_TEXT;
        HB_TRY(hb_tree_text(t, p ? p : "", len, &ret[i], err));
    }
    return HB_OK;
}

typedef struct open_attribute {
    hid_t attribute;
    hid_t type;
    hid_t space;
} open_attribute;

static void close_attribute(const open_attribute *a)
{
    if (a->space >= 0) {
        H5Sclose(a->space);
    }
    if (a->type >= 0) {
        H5Tclose(a->type);
    }
    if (a->attribute >= 0) {
        H5Aclose(a->attribute);
    }
}

static open_attribute look_up(hid_t object, const char *name)
{
    open_attribute a = {-1, -1, -1};
    if (hb_h5_has_attribute(object, name)) {
        a.attribute = H5Aopen(object, name, H5P_DEFAULT);
    }
    if (a.attribute >= 0) {
        a.type = H5Aget_type(a.attribute);
        a.space = H5Aget_space(a.attribute);
    }
    return a;
}

static hb_status read_texts(hb_tree *t, const open_attribute *a, size_t n, const char **ret,
                            hb_error *err)
{
    bool variable = H5Tis_variable_str(a->type) > 0;
    size_t size = variable ? sizeof(char *) : H5Tget_size(a->type);
    if (size == 0 || size > TEXTS_MAX_BYTES / n) {
        return HB_FAIL(err, HB_E_LIMIT, "an attribute of it has more than %d bytes",
                       TEXTS_MAX_BYTES);
    }
    char *room = hb_alloc_zero(n * size);
    if (!room) {
        return HB_NOMEM(err);
    }
    hb_status status = HB_OK;
    if (H5Aread(a->attribute, a->type, room) < 0) {
        status = HB_FAIL(err, HB_E_INPUT, "an attribute of it cannot be read: damaged");
    } else {
        status = keep_texts(t, room, n, size, variable, ret, err);
        if (variable) {
            H5Dvlen_reclaim(a->type, a->space, H5P_DEFAULT, room);
        }
    }
    hb_free(room);
    return status;
}

hb_status hb_h5_attribute_texts(hb_tree *t, hid_t object, const char *name, size_t max,
                                const char **ret, size_t *ret_n, hb_error *err)
{
    open_attribute a = look_up(object, name);
    hssize_t n = a.space >= 0 ? H5Sget_simple_extent_npoints(a.space) : 0;
    bool text = a.type >= 0 && H5Tget_class(a.type) == H5T_STRING;
    hb_status status = HB_OK;
    *ret_n = 0;
    if (text && n > 0 && (uint64_t)n <= max) {
        status = read_texts(t, &a, (size_t)n, ret, err);
        *ret_n = status == HB_OK ? (size_t)n : 0;
    }
    close_attribute(&a);
    return status;
}

bool hb_h5_attribute_number(hid_t object, const char *name, double *ret)
{
    open_attribute a = look_up(object, name);
    H5T_class_t class = a.type >= 0 ? H5Tget_class(a.type) : H5T_NO_CLASS;
    double v = 0;
    bool got = (class == H5T_INTEGER || class == H5T_FLOAT) && a.space >= 0 &&
               H5Sget_simple_extent_npoints(a.space) == 1 &&
               H5Aread(a.attribute, H5T_NATIVE_DOUBLE, &v) >= 0;
    close_attribute(&a);
    if (got) {
        *ret = v;
    }
    return got;
}
