/* SPDX-License-Identifier: Apache-2.0 */
/* What a block's columns hold as samples, put together and summed up once for all who take them
 * (table.h, hb_samples): the reading that hb inspect shows and the run. Made by readers that decode
 * by a plan, on whichever thread decodes the block. Inside input/. */
#ifndef HB_INPUT_SAMPLES_H
#define HB_INPUT_SAMPLES_H

#include "input/plan.h"

/* Room for one block, reused; {0} to begin with. */
typedef struct hb_samples_room {
    hb_samples *samples;
    double *v;
    hb_time *t;
    size_t cap_samples;
    size_t cap_v;
    size_t cap_t;
} hb_samples_room;

/* Sets `samples` of the columns that hold figures; they point into the room and the figures. */
HB_CHECKED hb_status hb_samples_make(hb_samples_room *room, const hb_plan *plan,
                                     hb_figures *figures, size_t n_columns, size_t n_rows,
                                     hb_error *err);
void hb_samples_release(hb_samples_room *room);

#endif
