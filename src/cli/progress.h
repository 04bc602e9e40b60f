/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on standard error, only on a terminal and not with --quiet; drawn at most ten times a
 * second. */
#ifndef HB_CLI_PROGRESS_H
#define HB_CLI_PROGRESS_H

#include "cli/app.h"

typedef struct hb_progress {
    hb_app *app;
    const char *label;
    int64_t last_ns;
    bool drawn;
} hb_progress;

hb_progress hb_progress_start(hb_app *app, const char *label);
/* total 0 = unknown. The signature of hb_ingest_options.progress. */
void hb_progress_bytes(void *progress, uint64_t done, uint64_t total);
void hb_progress_share(hb_progress *p, double share, const char *text);
void hb_progress_end(hb_progress *p);

#endif
