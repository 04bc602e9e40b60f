/* SPDX-License-Identifier: Apache-2.0 */
/* Live samples into a run builder, in blocks of a fixed size, so that the figures do not depend on
 * when samples came. Inside cli/. */
#ifndef HB_CLI_COLLECT_H
#define HB_CLI_COLLECT_H

#include "telemetry/live_sample.h"
#include "telemetry/run_builder.h"

typedef struct hb_collect hb_collect;

typedef struct hb_collect_counts {
    uint64_t values;
    uint64_t missing;
    uint64_t not_finite;
    uint64_t text;
    uint64_t untimed;
    uint64_t refused; /* in a unit that cannot be converted, or a name that clashes */
} hb_collect_counts;

/* The builder is borrowed; its file has been begun. */
HB_CHECKED hb_status hb_collect_new(hb_run_builder *b, hb_collect **ret_collect, hb_error *err);
void hb_collect_free(hb_collect *c);
/* An hb_live_sample_fn; ctx is the hb_collect. */
hb_status hb_collect_sample(void *ctx, const hb_live_sample *sample, hb_error *err);
/* What is still held back goes to the builder. */
HB_CHECKED hb_status hb_collect_flush(hb_collect *c, hb_error *err);
const hb_collect_counts *hb_collect_counted(const hb_collect *c);
/* Why the first sample was refused; "" when none was. */
const char *hb_collect_why_refused(const hb_collect *c);

#endif
