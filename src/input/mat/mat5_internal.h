/* SPDX-License-Identifier: Apache-2.0 */
/* Between mat5.c (the file and its directory), mat5_check.c (is it whole?) and mat5_read.c (the
 * data). */
#ifndef HB_INPUT_MAT_MAT5_INTERNAL_H
#define HB_INPUT_MAT_MAT5_INTERNAL_H

#include "input/child/serve.h"

#include <matio.h>

enum { HB_MAT5_HEADER = 128 };

typedef struct hb_mat5 {
    int fd;
    mat_t *mat;
    hb_tree tree;
    uint64_t file_bytes;
    matvar_t **vars; /* top-level variables, owned */
    size_t n_vars;
    size_t cap_vars;
} hb_mat5;

/* What a tree's node stands for. */
typedef struct hb_mat5_source {
    matvar_t *var;
    uint64_t element_bytes; /* of the file's top-level element it lies in */
    bool compressed;
    bool loaded;
    bool text; /* char, or a cell array of them */
} hb_mat5_source;

/* A top-level element. */
typedef struct hb_mat5_element {
    uint64_t bytes; /* as stored */
    uint64_t inflated;
    bool compressed;
} hb_mat5_element;

/* Walks the whole file; free *ret (an empty array before) also after a failure. */
HB_CHECKED hb_status hb_mat5_check(int fd, uint64_t file_bytes, hb_mat5_element **ret,
                                   size_t *ret_n, hb_error *err);

/* hb_var_reader of a hb_mat5. */
HB_CHECKED hb_status hb_mat5_begin(void *ctx, const hb_var_table *table, size_t *io_step,
                                   hb_error *err);
HB_CHECKED hb_status hb_mat5_read(void *ctx, const hb_var *v, bool turned, uint64_t first, size_t n,
                                  hb_frame_column *columns, hb_error *err);

#endif
