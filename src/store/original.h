/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of the original tool (its runs.db), read row by row; never written to.
 *
 *     hb_original_open(path, &o, err)
 *     while hb_original_run(o, arena, &run, &more, err) gives more:     oldest first
 *         while hb_original_metric(o, &metric, &more, err) gives more: of that run
 *     hb_original_tags, hb_original_versions, hb_original_count
 *     hb_original_close(o) */
#ifndef HB_STORE_ORIGINAL_H
#define HB_STORE_ORIGINAL_H

#include "telemetry/run.h"

typedef struct hb_original hb_original;

/* HB_E_INPUT when the file is no SQLite database, or has not the tables runs and metrics with the
 * columns the original gave them. */
HB_CHECKED hb_status hb_original_open(const char *path, hb_original **ret_original, hb_error *err);
void hb_original_close(hb_original *o);

typedef struct hb_original_run_row { /* strings in the arena; "" = none */
    hb_run_meta meta;                /* source_system as it was */
    const char *status;              /* the original's verdict */
    hb_time created;
} hb_original_run_row;

HB_CHECKED hb_status hb_original_run(hb_original *o, hb_arena *arena, hb_original_run_row *ret_run,
                                     bool *ret_more, hb_error *err);

typedef struct hb_original_metric_row { /* valid until the next call */
    hb_str name;
    hb_str unit;
    hb_str tags; /* as it was written; may hold {"samples": […]} */
    bool has_value;
    double value;
    uint64_t row; /* rowid */
} hb_original_metric_row;

HB_CHECKED hb_status hb_original_metric(hb_original *o, hb_original_metric_row *ret_metric,
                                        bool *ret_more, hb_error *err);

typedef struct hb_original_pair {
    const char *name; /* tag, or version_id */
    const char *run_id;
    const char *runs; /* of a version: source_run_ids */
    hb_time created;
} hb_original_pair;

/* baseline_tags and baseline_versions; none when the table is not there. */
HB_CHECKED hb_status hb_original_tags(hb_original *o, hb_arena *arena, hb_original_pair **ret,
                                      size_t *ret_n, hb_error *err);
HB_CHECKED hb_status hb_original_versions(hb_original *o, hb_arena *arena, hb_original_pair **ret,
                                          size_t *ret_n, hb_error *err);
/* Rows of one of its other tables; 0 when it is not there. */
uint64_t hb_original_count(hb_original *o, const char *table);

#endif
