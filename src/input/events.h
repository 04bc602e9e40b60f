/* SPDX-License-Identifier: Apache-2.0 */
/* events.jsonl: what happened during a run, one JSON object a line. docs/formats/events.md
 *
 * Read whole, line by line, and counted into the metrics whose registry entry declares `events`:
 * an event counts for a metric when every declared field has the declared value. A metric that
 * declares events and has a file of them has a value, 0 when none matched; without a file it is
 * missing. A line that is no JSON object is a reject of the file and of every counting metric,
 * because nobody knows what it would have counted for. */
#ifndef HB_INPUT_EVENTS_H
#define HB_INPUT_EVENTS_H

#include "input/ingest.h"

/* The events file beside a run's file (or in its folder): events.jsonl, or the same as .gz or .zst.
 * *ret_path is NULL when there is none or `path` is itself one; owned by the caller. */
HB_CHECKED hb_status hb_events_beside(const hb_os *os, const char *path, char **ret_path,
                                      hb_error *err);

/* A file that the builder has read already is not counted again. */
HB_CHECKED hb_status hb_events_read(const hb_os *os, const char *path,
                                    const hb_ingest_options *options, hb_run_builder *b,
                                    hb_error *err);

#endif
