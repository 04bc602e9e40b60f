/* SPDX-License-Identifier: Apache-2.0 */
/* One file of `hb watch`: `hb run` on it in a process of its own, and what it said. */
#ifndef HB_CLI_WATCH_JOB_H
#define HB_CLI_WATCH_JOB_H

#include "cli/app.h"
#include "cli/watch_state.h"

typedef struct hb_watch_job {
    hb_app *app; /* its workspace and files are the child's */
    const char *dir;
    /* Options handed on to `hb run` as they were given: rows of `opts` whose value lies in the
     * first read_size bytes of `values`. */
    const hb_opt *opts;
    const void *values;
    size_t read_size;
    const char *run_meta_dir; /* NULL = none */
    const char *quarantine;   /* NULL = a bad file stays where it is */
    double timeout_s;
    bool (*stop)(void *ctx); /* asked now and then; true kills the child */
} hb_watch_job;

/* A file that cannot be read is a result, not an error. */
HB_CHECKED hb_status hb_watch_judge(const hb_watch_job *job, const char *name, hb_watch_result *ret,
                                    hb_error *err);

#endif
