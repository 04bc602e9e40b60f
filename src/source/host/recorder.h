/* SPDX-License-Identifier: Apache-2.0 */
/* Records the host source for a while into run-file text: what `hb record` writes.
 *
 * CSV: time,metric,value,unit (the long layout); JSON lines: the same four keys. One extra metric,
 * wakeup_delay (µs), is how late the recorder's own timer woke it: what a real-time task would
 * feel. */
#ifndef HB_SOURCE_HOST_RECORDER_H
#define HB_SOURCE_HOST_RECORDER_H

#include "base/buf.h"
#include "os/os.h"

typedef enum hb_record_format { HB_RECORD_CSV, HB_RECORD_JSONL } hb_record_format;

typedef struct hb_record_options {
    double seconds;
    double interval_s; /* 0.02 … 60 */
    hb_record_format format;
    const char *root; /* as hb_host_open */
    /* Asked before each sample, may be NULL; false ends the recording early, keeping what there is.
     */
    bool (*go_on)(void *ctx, double done_s, double total_s);
    void *ctx;
} hb_record_options;

enum { HB_RECORD_MAX_BYTES = 512 << 20 };

/* *ret_samples = sampling times recorded. */
HB_CHECKED hb_status hb_record(const hb_os *os, const hb_record_options *options, hb_buf *out,
                               uint64_t *ret_samples, hb_error *err);

#endif
