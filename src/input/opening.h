/* SPDX-License-Identifier: Apache-2.0 */
/* One file opened as the table it is: which adapter, which format, which reader, and why.
 *
 *     hb_opening o = {0};
 *     hb_opening_start(os, path, &options, units, &o, err) → o.table, read to its end
 *     hb_opening_end(&o)                                      also after a failed start
 *
 * The table is watched (watch.h): its plan is settled, a reading that was asked for is filled, and
 * a pinned profile is held to. The struct must stay where it is in between: readers point into it.
 */
#ifndef HB_INPUT_OPENING_H
#define HB_INPUT_OPENING_H

#include "input/format.h"
#include "input/ingest.h"
#include "input/pba.h"
#include "input/select/select.h"

typedef struct hb_opening {
    const hb_os *os;
    const char *path;
    const hb_ingest_options *o;
    hb_stream *stream;
    hb_input_profile profile;
    bool has_profile;
    hb_pba pba;
    bool has_pba;
    const hb_format *format;
    const char *source; /* constant text, options->source or the name of options->profile */
    const char *source_why;
    hb_table *table;
} hb_opening;

/* All is borrowed until the end; builder and select may be NULL. */
HB_CHECKED hb_status hb_opening_start(const hb_os *os, const char *path,
                                      const hb_ingest_options *options, hb_units *units,
                                      const hb_run_builder *builder, hb_select *select,
                                      hb_opening *io, hb_error *err);
void hb_opening_end(hb_opening *io);

#endif
