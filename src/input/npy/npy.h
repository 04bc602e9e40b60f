/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy arrays as a table: .npy, and .npz (a zip of them). docs/formats/npy.md
 *
 * A one-dimensional array is a column, a two-dimensional one has its columns, the fields of records
 * are columns. Of an .npz the arrays with equally many rows stand beside one another. */
#ifndef HB_INPUT_NPY_NPY_H
#define HB_INPUT_NPY_NPY_H

#include "input/table.h"

enum { HB_NPZ_MAX_ARRAYS = 1000 };

HB_CHECKED hb_status hb_npy_open(hb_stream *stream, hb_table **ret_table, hb_error *err);
/* member: a name or a pattern of array names, with or without .npy; NULL = all. */
HB_CHECKED hb_status hb_npz_open(hb_stream *stream, const char *member, hb_table **ret_table,
                                 hb_error *err);
/* A zip whose first file is an array. */
bool hb_npz_recognise(hb_str head);

#endif
