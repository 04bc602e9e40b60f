/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files into a run in two steps, so that several runs can be read at once: what the program
 * as a whole is needed for (its arena, the metric registry), then the reading. Inside cli/. */
#ifndef HB_CLI_FLOW_JOB_H
#define HB_CLI_FLOW_JOB_H

#include "cli/flow.h"
#include "telemetry/run_builder.h"

typedef struct hb_flow_job {
    hb_list files; /* patterns expanded */
    const hb_read_opts *o;
    hb_run_meta meta;
    const char *meta_path; /* of the run_meta file; NULL = none */
    char meta_sha256[65];
    const char *profiles; /* folder of the workspace's own */
    const hb_registry *registry;
    struct hb_reading **readings; /* hb_flow_inspect; NULL = not wanted */
    unsigned threads;
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* NULL: a bar for each file */
    void *progress_ctx;
} hb_flow_job;

/* Borrows o; *io_registry is loaded unless it is, and borrowed. */
HB_CHECKED hb_status hb_flow_prepare(hb_app *app, hb_list files, const hb_read_opts *o,
                                     hb_registry **io_registry, hb_flow_job *ret, hb_error *err);
/* On any thread; several jobs of one program may be done at once when each has its progress. */
HB_CHECKED hb_status hb_flow_do(hb_app *app, const hb_flow_job *j, const hb_run *like,
                                hb_run **ret_run, hb_error *err);

#endif
