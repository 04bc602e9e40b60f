/* SPDX-License-Identifier: Apache-2.0 */
/* The builder's inside: run_builder_channels.c finds what a cell belongs to, run_builder_samples.c
 * puts it there, run_builder_files.c keeps the books of the files, run_builder.c begins and ends.
 * Inside telemetry/. */
#ifndef HB_TELEMETRY_RUN_BUILDER_INTERNAL_H
#define HB_TELEMETRY_RUN_BUILDER_INTERNAL_H

#include "base/map.h"
#include "telemetry/run_builder.h"

#define NO_CHANNEL UINT32_MAX

typedef struct channel {
    uint32_t metric;
    uint32_t next;    /* of the same metric, NO_CHANNEL = none */
    const char *unit; /* as written, trimmed of what cannot be shown */
    hb_affine to_unit;
    bool identity;
} channel;

typedef struct building {
    hb_metric m;
    const hb_metric_def *def;
    uint32_t channels;  /* the latest, NO_CHANNEL = none */
    uint32_t file;      /* the file that wrote raw_name last */
    uint64_t line;      /* where it first stood */
    uint64_t stated_at; /* count of stated values */
    double digit;       /* smallest last printed digit of these; 0 = none */
    bool unit_known;    /* unit settled by a first channel */
    bool own_reduce;    /* the reader's for this metric */
    hb_reduce reduce;
} building;

typedef struct file_state {
    hb_input_file f;
    size_t cap_guesses;
    size_t cap_rejects;
} file_state;

struct hb_run_builder {
    const hb_registry *registry;
    hb_units *units;
    hb_run *run; /* owns the arena everything goes to */
    building *metrics;
    size_t n_metrics;
    size_t cap_metrics;
    channel *channels;
    size_t n_channels;
    size_t cap_channels;
    file_state *files;
    size_t n_files;
    size_t cap_files;
    size_t cap_warnings;
    const char **warnings;
    hb_map by_name; /* canonical name → metric */
    hb_reduce default_reduce;
    const hb_run *like;
};

/* Trimmed UTF-8 without control characters, at most `max` bytes, in the run's arena. */
HB_CHECKED hb_status hb_builder_text(hb_run_builder *b, hb_str raw, size_t max, const char **ret,
                                     hb_error *err);
/* The file being read, for messages. */
const char *hb_builder_path(const hb_run_builder *b);
HB_CHECKED hb_status hb_builder_warn(hb_run_builder *b, hb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
HB_CHECKED hb_status hb_builder_count(hb_run_builder *b, const char *reason, uint64_t n,
                                      hb_error *err);
/* Files, guesses, rejects and warnings into the run. */
HB_CHECKED hb_status hb_builder_finish_files(hb_run_builder *b, hb_error *err);

#endif
