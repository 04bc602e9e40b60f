/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of figures, read ahead: while the caller works on one block, the following ones are turned
 * into figures by the table's pool. Inside csv/.
 *
 * One thread at a time reads the file and cuts it into blocks, in order, whichever it is; a block's
 * borders are those of csv.c and depend on the bytes alone, whatever the number of threads. Without
 * a pool there is one block at a time. */
#ifndef HB_INPUT_CSV_AHEAD_H
#define HB_INPUT_CSV_AHEAD_H

#include "input/csv/csv_internal.h"
#include "input/csv/figures.h"

/* Goes on where c stands; c and plan are borrowed until hb_csv_ahead_free. */
HB_CHECKED hb_status hb_csv_ahead_new(hb_csv *c, const hb_plan *plan, hb_csv_ahead **ret,
                                      hb_error *err);
void hb_csv_ahead_free(hb_csv_ahead *a);
/* n_rows = 0 at the end. Borrowed until the next call. */
HB_CHECKED hb_status hb_csv_ahead_next(hb_csv_ahead *a, hb_block *ret, hb_error *err);
hb_str hb_csv_ahead_text(hb_csv_ahead *a, size_t row, size_t column);

#endif
