/* SPDX-License-Identifier: Apache-2.0 */
/* A window of a stream made again from its records: decoded by the same decoders and telemetry
 * schema, put into windows by the same code, from what the stream was before the first of them.
 *
 *     const hb_window_again again = {.journal = j, .from = …, .how = &how, .state = state, …};
 *     hb_window_read_again(&again, &closed, err);      closed->run, closed->window
 *     hb_window_same(&closed->window, judged, err)
 *     hb_window_closed_free(closed)
 *
 * Used where a pack is made (before it says that the window can be made again) and where one is
 * read. */
#ifndef HB_EXPORT_RAW_WINDOW_H
#define HB_EXPORT_RAW_WINDOW_H

#include "export/window_how.h"
#include "telemetry/run_meta.h"

typedef struct hb_window_again {
    hb_journal *journal;
    uint64_t from; /* records of [from, to), all of them */
    uint64_t to;
    const char *stream;
    const hb_window *judged; /* which window: name, id, end */
    const hb_run_meta *meta; /* identity and context of the run it became */
    const hb_window_how *how;
    hb_str state;
    const hb_str *schema_text; /* NULL = there was no file */
    const hb_registry *registry;
    hb_units *units; /* NULL = its own */
} hb_window_again;

/* HB_E_EVIDENCE when it does not come out of the records: some are missing, they do not close it,
 * or the state is of another stream. Other statuses are the journal's (HB_E_INPUT: damaged). */
HB_CHECKED hb_status hb_window_read_again(const hb_window_again *a, hb_window_closed **ret,
                                          hb_error *err);

/* Everything a window says beside its run, to the byte; HB_E_EVIDENCE with what differs. */
HB_CHECKED hb_status hb_window_same(const hb_window *again, const hb_window *judged, hb_error *err);

#endif
