/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a text file that lie in a stretch of time, as they stand in it: everything above the
 * data, and of the data the rows that options->select keeps. What a row is, and when it was, is
 * settled as when the file is read. */
#ifndef HB_INPUT_CUT_H
#define HB_INPUT_CUT_H

#include "input/ingest.h"

enum { HB_CUT_MAX = 512 << 20 };

/* Adds to out. *ret_why = "" or why this file cannot be cut (constant text): it is no plain text,
 * compressed, has more than one line end … Rows copied in *ret_rows. */
HB_CHECKED hb_status hb_input_cut(const hb_os *os, const char *path,
                                  const hb_ingest_options *options, hb_units *units, hb_buf *out,
                                  uint64_t *ret_rows, const char **ret_why, hb_error *err);

#endif
