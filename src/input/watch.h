/* SPDX-License-Identifier: Apache-2.0 */
/* A table looked at while it is read: its plan is settled on the first block that has rows, every
 * block goes through the reading that hb inspect shows, and a file is held to its pinned profile.
 * To whoever reads it, it is the table it stands for; reading it twice is not needed, so standard
 * input works and a large file costs one pass.
 *
 * Where day and month could be swapped and nobody said which, opening (or the block that settles
 * it) fails with the question, unless `ambiguous_is_fine`. */
#ifndef HB_INPUT_WATCH_H
#define HB_INPUT_WATCH_H

#include "input/plan_told.h"
#include "input/reading.h"
#include "input/select/select.h"

typedef struct hb_watch_options {
    const char *path; /* for messages; all is borrowed until close */
    hb_units *units;
    hb_day_order order;
    bool ambiguous_is_fine;
    const hb_input_profile *pinned; /* NULL = none */
    hb_reading *reading;            /* NULL = none */
    hb_select *select;              /* what is asked for; NULL = everything */
    hb_told told;                   /* what is known of the columns beforehand */
} hb_watch_options;

/* Takes `inner` over, also when it fails. The first block is read at once. Blocks come with figures
 * by the plan and with keep[]; rows that were held back (row_filter.h) come as a block of figures
 * without cells. */
HB_CHECKED hb_status hb_watch_open(hb_table *inner, const hb_watch_options *options,
                                   hb_table **ret_table, hb_error *err);
/* Of a table of hb_watch_open; NULL before a block had rows. The plan to give to ops->plan: figures
 * by another one would not be those of the reading. */
const hb_plan *hb_watch_plan(const hb_table *t);
const hb_column_look *hb_watch_looks(const hb_table *t);
hb_select *hb_watch_select(const hb_table *t);
/* Rows that were data and not asked for; and, after the end, what was no data. */
uint64_t hb_watch_not_selected(const hb_table *t);
const hb_row_filter_counts *hb_watch_counts(const hb_table *t);

#endif
