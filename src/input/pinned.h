/* SPDX-License-Identifier: Apache-2.0 */
/* Holding a file to a pinned profile: it must have the same format, cut, encoding, columns, units
 * and kinds of cells as when the profile was saved, or is refused with what changed (expected, got,
 * line). Nothing is guessed again.
 *
 *     hb_pinned_plan    once the columns are known: checks them, makes the plan
 *     hb_pinned_block   every block: cells that do not fit
 *     hb_pinned_end     after the last block
 *     hb_pinned_release */
#ifndef HB_INPUT_PINNED_H
#define HB_INPUT_PINNED_H

#include "input/profile.h"
#include "telemetry/run_builder.h"

typedef struct hb_misfit {
    uint64_t n;
    uint64_t line; /* of the first */
    char text[80];
} hb_misfit;

typedef struct hb_pinned {
    const hb_input_profile *profile; /* borrowed */
    const char *path;                /* of the file, borrowed */
    uint64_t rows;
    hb_misfit *misfits; /* one for each column */
    hb_cell *cells;     /* of the latest block, as hb_pinned_cells gives them */
    size_t cap_cells;
} hb_pinned;

/* first: the first block that has rows. Plan and looks in the arena. */
HB_CHECKED hb_status hb_pinned_plan(hb_pinned *pin, const hb_table *t, const hb_block *first,
                                    hb_units *units, hb_arena *arena, hb_plan *ret,
                                    hb_column_look **ret_looks, hb_error *err);
/* keep: rows that are data; NULL = all. */
HB_CHECKED hb_status hb_pinned_block(hb_pinned *pin, hb_table *t, const hb_block *block,
                                     const hb_figures *figures, const unsigned char *keep,
                                     hb_error *err);
/* t: for what a reader knows only now (the encoding of all of it). */
HB_CHECKED hb_status hb_pinned_end(const hb_pinned *pin, const hb_table *t, hb_error *err);
void hb_pinned_release(hb_pinned *pin);

/* Names of the profile's columns that have none of their own: what a run would call them.
 * `builder` as in plan_names.h; texts in the profile's arena. */
HB_CHECKED hb_status hb_pinned_names(hb_input_profile *p, const hb_table *t, const hb_plan *plan,
                                     const hb_column_look *looks, const hb_run_builder *builder,
                                     hb_error *err);

/* The block with its figures in the cells: numbers, truth values and the axis' times as the plan
 * reads them, so that whoever looks at cells follows the profile as well. Borrowed until the next
 * call. */
HB_CHECKED hb_status hb_pinned_cells(hb_pinned *pin, const hb_plan *plan, const hb_block *block,
                                     const hb_figures *figures, hb_block *ret, hb_error *err);

#endif
