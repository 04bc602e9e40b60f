/* SPDX-License-Identifier: Apache-2.0 */
/* One array as rows of cells. Inside npy/.
 *
 * Bytes come from a stream or from a file of a zip, in order; an array with its columns one behind
 * the other (Fortran order) is read by place, or from memory when it lies in a zip. Memory: one
 * block of rows, whatever the shape says. */
#ifndef HB_INPUT_NPY_ARRAY_H
#define HB_INPUT_NPY_ARRAY_H

#include "input/npy/header.h"
#include "input/table.h"
#include "input/zip/zip.h"

typedef struct hb_npy_array {
    const char *what; /* in messages: borrowed */
    hb_npy_header h;
    uint64_t rows;
    size_t n_columns;
    hb_stream *stream; /* borrowed; or */
    hb_zip_file *file; /* owned */
    bool by_place;     /* columns one behind the other */
    uint64_t data_at;  /* place of the first value */
    uint64_t size;     /* of the stream, when read by place */
    char *all;         /* the array's bytes, when they are held here */
    uint64_t row;      /* next */
    unsigned char *buffer;
    size_t cap;
} hb_npy_array;

/* Reads the header. Exactly one of stream and file; the file is owned from here on, on failure as
 * well. More than two dimensions is HB_E_INPUT with the shape. */
HB_CHECKED hb_status hb_npy_array_open(hb_stream *stream, hb_zip_file *file, const char *what,
                                       hb_arena *arena, hb_npy_array *ret, hb_error *err);
void hb_npy_array_release(hb_npy_array *a);
/* Bytes of one row, for sizing blocks. */
size_t hb_npy_array_row_bytes(const hb_npy_array *a);
/* The next n rows into out[row * stride + column]; texts are in the arena. HB_E_INPUT when the file
 * ends before. */
HB_CHECKED hb_status hb_npy_array_rows(hb_npy_array *a, size_t n, hb_cell *out, size_t stride,
                                       hb_arena *texts, hb_error *err);
/* After the last row: does something follow? Checks the checksum of a file in a zip. */
HB_CHECKED hb_status hb_npy_array_end(hb_npy_array *a, bool *ret_more, hb_error *err);
/* Unit of a column's figures (time spans), "" when the array states none. */
const char *hb_npy_unit(const hb_npy_field *f);

/* One value (values.c). */
HB_CHECKED hb_status hb_npy_cell(const hb_npy_field *f, const unsigned char *p, hb_arena *texts,
                                 hb_cell *ret, hb_error *err);

#endif
