/* SPDX-License-Identifier: Apache-2.0 */
/* A program run to its end: what it wrote, how it ended. In a process group of its own, so that
 * nothing of it is left when its time is over. */
#ifndef HB_OS_JOB_H
#define HB_OS_JOB_H

#include "base/buf.h"

#include <stdbool.h>

typedef struct hb_job {
    const char *program;     /* path; "/proc/self/exe" is this program */
    const char *const *argv; /* with argv[0], NULL at the end; the environment is ours */
    hb_str input;            /* its standard input */
    int64_t timeout_ms;      /* then the whole group is killed; 0 = none */
    /* Asked now and then, true kills it; may be NULL. */
    bool (*stop)(void *ctx);
    void *stop_ctx;
} hb_job;

typedef struct hb_job_end {
    int exit_code; /* -1 when a signal ended it */
    int signal;    /* 0 = none */
    bool timed_out;
    bool stopped;
} hb_job_end;

/* out, err_text: bounded buffers that take what it writes; what does not fit is dropped, and their
 * hb_buf_check tells. HB_E_IO when the program could not be started. */
HB_CHECKED hb_status hb_job_run(const hb_job *job, hb_buf *out, hb_buf *err_text,
                                hb_job_end *ret_end, hb_error *err);

#endif
