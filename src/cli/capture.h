/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded capture from a live source into a run: `hb ingest --source mqtt …`. The same road as
 * the daemon's: source → journal → decode; only that the samples make one run instead of windows.
 * Inside cli/. */
#ifndef HB_CLI_CAPTURE_H
#define HB_CLI_CAPTURE_H

#include "cli/app.h"
#include "cli/collect.h"
#include "source/source.h"

typedef struct hb_capture_opts {
    hb_list set; /* KEY=VALUE of the source */
    const char *broker;
    const char *topic;
    const char *qos;
    const char *path;    /* for a source that reads a file */
    double duration_s;   /* 0 = until the source ends or a signal comes */
    uint32_t max_events; /* messages; 0 = any number */
    const char *journal; /* folder; NULL = a temporary one */
    const char *telemetry_schema;
} hb_capture_opts;

enum { HB_REASONS_MAX = 32 };

/* Counts by reason; reasons are constant strings. */
typedef struct hb_reasons {
    struct {
        const char *reason;
        uint64_t n;
    } list[HB_REASONS_MAX];
    size_t n;
    uint64_t total;
} hb_reasons;

typedef struct hb_capture_counts {
    uint64_t messages;
    uint64_t bytes;
    hb_collect_counts samples;
    hb_reasons unreadable; /* messages, or the rest of one */
    hb_reasons lost;       /* before the journal */
    char why_refused[512];
} hb_capture_counts;

/* Captures into the builder. Ends after duration_s, after max_events, at the source's own end, or
 * gently at SIGINT and SIGTERM: what came until then is kept. */
HB_CHECKED hb_status hb_capture(hb_app *app, const hb_source_ops *ops, const hb_capture_opts *o,
                                hb_run_builder *b, hb_capture_counts *ret_counts, hb_error *err);

/* telemetry_schema.yaml: the file given, else the workspace's, else none. */
HB_CHECKED hb_status hb_capture_schema(hb_app *app, const char *given,
                                       hb_telemetry_schema **ret_schema, hb_error *err);
void hb_reason_count(hb_reasons *r, const char *reason, uint64_t n);

#endif
