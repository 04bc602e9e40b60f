/* SPDX-License-Identifier: Apache-2.0 */
/* One file into a run: picks the adapter and the format, streams, and pushes into a run builder.
 *
 * `source` names an adapter (adapters are data: config/profiles/NAME.yaml, with code only where a
 * profile cannot say it) or is "auto": the content decides and the guess is recorded with its
 * reason. A folder is an artifact folder: metrics.csv, with events.jsonl and run_meta.json beside
 * it. events.jsonl beside a file is read whole and counted into the metrics that declare `events`.
 * Everything read is counted; nothing is dropped in silence. */
#ifndef HB_INPUT_INGEST_H
#define HB_INPUT_INGEST_H

#include "input/time_rule.h"
#include "os/os.h"
#include "telemetry/run_builder.h"

struct hb_reading;

typedef struct hb_ingest_options {
    const char *source;      /* adapter name or "auto" (NULL) */
    const char *profile_dir; /* folder of a workspace's own profiles, may be NULL */
    const char *units;       /* "1-20,25": keep rows of these units (adapters with a unit column) */
    const char *cycles;      /* "1-50": likewise for the cycle column; "-30-" style: see ranges.h */
    const char *sheet;       /* XLSX sheet name, NULL = the first with data */
    const char *profile;     /* file of a profile, instead of `source`; NULL = none */
    hb_day_order order;      /* what 05/04/2024 means, when the user said so */
    bool ambiguous_is_fine;  /* where the file cannot tell day from month, go on all the same */
    struct hb_reading *reading; /* filled with what is read (reading.h); NULL = not wanted */
    const char *member;         /* file of a zip container, array of an .npz: a name or a pattern */
    const char *query;          /* SQL over a database; this or table, or neither */
    const char *table;          /* table of a database, NULL = the only one */
    const char *variable;       /* of a MATLAB or HDF5 file, NULL = the only table in it */
    const char *program;        /* that reads such files, see format.h; NULL = none */
    const struct hb_select_options *select; /* rows and columns asked for; NULL = all */
    unsigned threads; /* 0 and 1: none but the caller's; the figures are the same */
    void (*progress)(void *ctx, uint64_t bytes_done, uint64_t bytes_total); /* may be NULL */
    void *progress_ctx;
} hb_ingest_options;

/* On success the adapter's name is in *ret_source: constant text or options->source. */
HB_CHECKED hb_status hb_ingest(const hb_os *os, const char *path, const hb_ingest_options *options,
                               hb_run_builder *b, const char **ret_source, hb_error *err);

#endif
