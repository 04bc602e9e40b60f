/* SPDX-License-Identifier: Apache-2.0 */
/* MATLAB MAT files of version 5 (-v6, -v7) and 7.3 as a table. docs/formats/mat.md
 *
 * Read by matio (5) or HDF5 (7.3) in a sandboxed child; options->variable chooses what makes the
 * table. */
#ifndef HB_INPUT_MAT_MAT_H
#define HB_INPUT_MAT_MAT_H

#include "input/child/remote.h"
#include "input/child/serve.h"
#include "input/table.h"

bool hb_mat_recognise(hb_str head);
HB_CHECKED hb_status hb_mat_open(const hb_os *os, hb_stream *stream,
                                 const hb_remote_options *options, hb_table **ret_table,
                                 hb_error *err);

/* For hb_read_child. */
extern const hb_child_reader hb_mat5_child;
extern const hb_child_reader hb_mat73_child;

#endif
