/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a NumPy array file, versions 1.0 to 3.0: a Python literal with the type, the order
 * and the shape. docs/formats/npy.md
 *
 * Only what can become cells is accepted; anything else is HB_E_INPUT with the reason and what to
 * save instead. Nothing is ever unpickled. NEP 1, and numpy.lib.format's description. */
#ifndef HB_INPUT_NPY_HEADER_H
#define HB_INPUT_NPY_HEADER_H

#include "base/arena.h"
#include "base/error.h"

enum {
    HB_NPY_MAX_HEADER = 4 << 20,
    HB_NPY_MAX_ITEM = 16 << 20,
    HB_NPY_MAX_DIMS = 64,
    HB_NPY_MAX_SUBARRAY = 64,
    HB_NPY_PREAMBLE = 12, /* at most: magic, version, length */
};

typedef enum hb_npy_kind {
    HB_NPY_PADDING, /* skipped */
    HB_NPY_BOOL,
    HB_NPY_INT,
    HB_NPY_UINT,
    HB_NPY_FLOAT,
    HB_NPY_UCS4,  /* text of four-byte characters */
    HB_NPY_BYTES, /* text of bytes */
    HB_NPY_TIME,  /* datetime64 */
    HB_NPY_SPAN,  /* timedelta64 */
    HB_NPY_KIND_COUNT_
} hb_npy_kind;

typedef struct hb_npy_field {
    hb_str name; /* empty outside structured types */
    hb_npy_kind kind;
    bool big;         /* big-endian */
    uint32_t size;    /* bytes of one value */
    uint32_t n;       /* values of a small array in the record; else 1 */
    bool is_array;    /* … which may have one value */
    uint32_t at;      /* place in the record */
    char unit[3];     /* of times and spans: Y M W D h m s ms us ns ps fs as */
    int64_t multiple; /* … of that unit */
} hb_npy_field;

typedef struct hb_npy_header {
    unsigned major;
    unsigned minor;
    const char *type; /* as written, for people; long ones are cut */
    bool structured;
    bool fortran;
    hb_npy_field *fields;
    size_t n_fields;
    uint32_t item_bytes;
    uint64_t shape[HB_NPY_MAX_DIMS];
    size_t n_dims;
    uint64_t elements;
} hb_npy_header;

/* Does it begin like an array file? */
bool hb_npy_recognise(hb_str head);
/* From the first HB_NPY_PREAMBLE bytes (fewer when there are no more): bytes before the literal,
 * and its length. */
HB_CHECKED hb_status hb_npy_preamble(hb_str head, const char *what, size_t *ret_before,
                                     size_t *ret_length, hb_npy_header *ret, hb_error *err);
/* text: the literal. Completes *io, which hb_npy_preamble began; texts are in the arena. `what`
 * names the array in messages. */
HB_CHECKED hb_status hb_npy_header_parse(hb_str text, const char *what, hb_arena *arena,
                                         hb_npy_header *io, hb_error *err);
/* "(2264, 55)", cut when long. */
void hb_npy_shape_text(const hb_npy_header *h, char *out, size_t n);

/* One type text, as '<f8' or '|S5' (type.c). Inside npy/. */
HB_CHECKED hb_status hb_npy_type(hb_str text, const char *what, hb_npy_field *ret, hb_error *err);

#endif
