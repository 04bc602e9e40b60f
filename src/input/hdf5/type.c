/* SPDX-License-Identifier: Apache-2.0 */
/* A file's type as a type in memory with doubles, 64-bit integers and texts in it. Records keep
 * their members' names, by which the library finds them; records in records get names with dots,
 * short arrays with places. What cannot be a cell (references, lists of varying length) is left out
 * of a record. */
#include "input/hdf5/hdf5_internal.h"

#include "base/mem.h"
#include "input/table.h"

#include <string.h>

enum { MAX_NESTING = 8, MAX_ARRAY = 256, NAME_BYTES = 1024, EXACT_BITS = 53 };

typedef struct building {
    hb_tree *tree;
    hb_h5_source *s;
    size_t cap;
    const char *why; /* the first thing that was left out */
} building;

static hb_status add_field(building *b, hb_h5_kind kind, size_t offset, size_t size,
                           const char *name, hb_error *err)
{
    hb_h5_source *s = b->s;
    if (s->n_fields == b->cap) {
        size_t cap = b->cap * 2 + 1;
        hb_h5_field *more = cap <= HB_TABLE_MAX_COLUMNS * 2
                                ? hb_arena_array(&b->tree->arena, cap, sizeof *more)
                                : NULL;
        if (!more) {
            return HB_FAIL(err, HB_E_LIMIT, "a record of it has more than %d members",
                           HB_TABLE_MAX_COLUMNS);
        }
        if (s->n_fields) {
            memcpy(more, s->fields, s->n_fields * sizeof *more);
        }
        s->fields = more;
        b->cap = cap;
    }
    hb_h5_field f = {.kind = kind, .offset = offset, .size = size};
    HB_TRY(hb_tree_text(b->tree, name, strlen(name), &f.name, err));
    s->has_texts = s->has_texts || kind == HB_H5_TEXT;
    s->fields[s->n_fields++] = f;
    return HB_OK;
}

/* h5py's booleans. */
static bool is_bool(hid_t type)
{
    if (H5Tget_nmembers(type) != 2) {
        return false;
    }
    char *no = H5Tget_member_name(type, 0);
    char *yes = H5Tget_member_name(type, 1);
    bool same = no && yes && strcasecmp(no, "FALSE") == 0 && strcasecmp(yes, "TRUE") == 0;
    H5free_memory(no);
    H5free_memory(yes);
    return same;
}

static bool is_complex(hid_t type)
{
    static const char *const pairs[][2] = {{"r", "i"}, {"real", "imag"}, {"re", "im"}};
    if (H5Tget_nmembers(type) != 2 || H5Tget_member_class(type, 0) != H5T_FLOAT ||
        H5Tget_member_class(type, 1) != H5T_FLOAT) {
        return false;
    }
    bool same = false;
    char *first = H5Tget_member_name(type, 0);
    char *second = H5Tget_member_name(type, 1);
    for (size_t i = 0; first && second && i < sizeof pairs / sizeof *pairs; i++) {
        same = same || (strcmp(first, pairs[i][0]) == 0 && strcmp(second, pairs[i][1]) == 0);
    }
    H5free_memory(first);
    H5free_memory(second);
    return same;
}

/* Texts of varying length get a type of their own: a copy would go on belonging to the file. */
static hid_t text_atom(hid_t type, hb_h5_kind *ret_kind)
{
    if (H5Tis_variable_str(type) <= 0) {
        *ret_kind = HB_H5_FIXED_TEXT;
        return H5Tcopy(type);
    }
    hid_t made = H5Tcopy(H5T_C_S1);
    *ret_kind = HB_H5_TEXT;
    if (made >= 0 &&
        (H5Tset_size(made, H5T_VARIABLE) < 0 || H5Tset_cset(made, H5Tget_cset(type)) < 0)) {
        H5Tclose(made);
        made = -1;
    }
    return made;
}

/* A single value: the type in memory, -1 when it can be none. */
static hid_t atom(hid_t type, hb_h5_kind *ret_kind, const char **ret_why)
{
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        *ret_kind = HB_H5_DOUBLE;
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case H5T_INTEGER:
        if (H5Tget_precision(type) <= EXACT_BITS) {
            *ret_kind = HB_H5_DOUBLE;
            return H5Tcopy(H5T_NATIVE_DOUBLE);
        }
        *ret_kind = H5Tget_sign(type) == H5T_SGN_NONE ? HB_H5_U64 : HB_H5_I64;
        return H5Tcopy(*ret_kind == HB_H5_U64 ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64);
    case H5T_ENUM:
        *ret_kind = is_bool(type) ? HB_H5_BOOL : HB_H5_DOUBLE;
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case H5T_STRING:
        return text_atom(type, ret_kind);
    case H5T_REFERENCE:
        *ret_why = "of references";
        break;
    case H5T_VLEN:
        *ret_why = "of lists of varying length";
        break;
    case H5T_NO_CLASS:
    case H5T_TIME:
    case H5T_BITFIELD:
    case H5T_OPAQUE:
    case H5T_COMPOUND:
    case H5T_ARRAY:
    case H5T_NCLASSES:
        *ret_why = "of a type that is no number or text";
        break;
    }
    return -1;
}

static hid_t build(building *b, hid_t type, const char *name, size_t offset, int depth,
                   hb_status *status, hb_error *err);

static hid_t build_array(building *b, hid_t type, const char *name, size_t offset, int depth,
                         hb_status *status, hb_error *err)
{
    hsize_t dims[H5S_MAX_RANK] = {0};
    int rank = H5Tget_array_ndims(type);
    hid_t base = rank == 1 && H5Tget_array_dims2(type, dims) == 1 && dims[0] <= MAX_ARRAY
                     ? H5Tget_super(type)
                     : -1;
    hid_t made = -1;
    if (base < 0) {
        b->why = b->why ? b->why : "of arrays of more than 256 values or one dimension";
        return -1;
    }
    for (size_t i = 0; i < dims[0] && *status == HB_OK; i++) {
        char part[NAME_BYTES];
        snprintf(part, sizeof part, *name ? "%s[%zu]" : "%s%zu", name, i);
        hid_t one = build(b, base, part, offset, depth, status, err);
        if (one < 0) {
            break;
        }
        offset += H5Tget_size(one);
        if (made < 0) {
            made = H5Tarray_create2(one, 1, dims);
        }
        H5Tclose(one);
    }
    H5Tclose(base);
    return made;
}

/* Members that can be cells, one behind the other. */
static hid_t build_record(building *b, hid_t type, const char *name, size_t offset, int depth,
                          hb_status *status, hb_error *err)
{
    int n = H5Tget_nmembers(type);
    size_t size = 0;
    hid_t made =
        n > 0 && n <= HB_TABLE_MAX_COLUMNS ? H5Tcreate(H5T_COMPOUND, HB_H5_MAX_RECORD) : -1;
    for (int i = 0; i < n && made >= 0 && *status == HB_OK; i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        char *own = H5Tget_member_name(type, (unsigned)i);
        char part[NAME_BYTES];
        snprintf(part, sizeof part, "%s%s%s", name, *name ? "." : "", own ? own : "");
        hid_t one =
            member >= 0 && own ? build(b, member, part, offset + size, depth, status, err) : -1;
        if (one >= 0 && *status == HB_OK) {
            if (H5Tinsert(made, own, size, one) < 0) {
                *status = HB_FAIL(err, HB_E_LIMIT, "a record of it has more than %d bytes",
                                  HB_H5_MAX_RECORD);
            }
            size += H5Tget_size(one);
        }
        if (one >= 0) {
            H5Tclose(one);
        }
        H5free_memory(own);
        if (member >= 0) {
            H5Tclose(member);
        }
    }
    if (made >= 0 && (size == 0 || *status != HB_OK || H5Tset_size(made, size) < 0)) {
        H5Tclose(made);
        made = -1;
    }
    return made;
}

static hid_t build(building *b, hid_t type, const char *name, size_t offset, int depth,
                   hb_status *status, hb_error *err)
{
    H5T_class_t class = H5Tget_class(type);
    hb_h5_kind kind = HB_H5_DOUBLE;
    const char *why = NULL;
    if (depth > MAX_NESTING) {
        b->why = b->why ? b->why : "of records nested too deep";
        return -1;
    }
    if (class == H5T_COMPOUND && !is_complex(type)) {
        return build_record(b, type, name, offset, depth + 1, status, err);
    }
    if (class == H5T_ARRAY) {
        return build_array(b, type, name, offset, depth + 1, status, err);
    }
    hid_t made = class == H5T_COMPOUND ? -1 : atom(type, &kind, &why);
    if (made < 0) {
        why = why ? why : "complex; save its real and imaginary part, or its magnitude";
        b->why = b->why ? b->why : why;
        return -1;
    }
    *status = add_field(b, kind, offset, H5Tget_size(made), name, err);
    return made;
}

hid_t hb_h5_memory_type(const hb_h5_source *s)
{
    if (s->type >= 0) {
        return s->type;
    }
    return s->fields[0].kind == HB_H5_I64   ? H5T_NATIVE_INT64
           : s->fields[0].kind == HB_H5_U64 ? H5T_NATIVE_UINT64
                                            : H5T_NATIVE_DOUBLE;
}

hb_status hb_h5_fields(hb_tree *t, hid_t file_type, hb_h5_source *s, const char **ret_why,
                       hb_error *err)
{
    building b = {.tree = t, .s = s};
    hb_status status = HB_OK;
    s->n_fields = 0;
    hid_t made = build(&b, file_type, "", 0, 0, &status, err);
    if (status != HB_OK || made < 0) {
        if (made >= 0) {
            H5Tclose(made);
        }
        *ret_why = b.why ? b.why : "of a type that cannot be read";
        return status;
    }
    s->type = made;
    s->record_bytes = H5Tget_size(made);
    *ret_why = NULL;
    if (s->n_fields == 1 && s->fields[0].kind < HB_H5_FIXED_TEXT && s->fields[0].offset == 0 &&
        H5Tget_class(made) != H5T_COMPOUND && H5Tget_class(made) != H5T_ARRAY) {
        H5Tclose(made); /* a file may have a million plain datasets */
        s->type = -1;
    }
    return HB_OK;
}
