/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's inside: npz.c chooses the arrays, npy.c gives their rows. Inside npy/. */
#ifndef HB_INPUT_NPY_NPY_INTERNAL_H
#define HB_INPUT_NPY_NPY_INTERNAL_H

#include "input/npy/array.h"
#include "input/npy/npy.h"

typedef struct hb_npy_part {
    hb_str name; /* of the array in an .npz, without .npy; else empty */
    hb_npy_array array;
    const char *refused; /* why it cannot be read; then there is no array */
} hb_npy_part;

typedef struct hb_npy {
    hb_table t; /* first: the reader is a table */
    const char *path;
    hb_arena arena;
    hb_zip *zip; /* of an .npz */
    hb_npy_part *parts;
    size_t n_parts;
    size_t cap_parts;
    hb_column *columns;
    size_t n_columns;
    uint64_t rows;
    uint64_t row;
    size_t block_rows;
    bool ended;
    hb_arena texts;
    hb_cell *cells;
    uint64_t *lines;
    hb_row_reject *rejects;
    size_t cap_rejects;
} hb_npy;

HB_CHECKED hb_status hb_npy_new(hb_stream *stream, bool container, hb_npy **ret, hb_error *err);
/* Once the parts are chosen: columns, block size, room. */
HB_CHECKED hb_status hb_npy_start(hb_npy *n, hb_error *err);
void hb_npy_close(hb_table *t);
void hb_npy_note(hb_npy *n, const char *what, hb_str value, const char *why);

#endif
