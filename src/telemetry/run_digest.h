/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two runs the same run: identity and context (without run_id and correlation_id, which
 * only name it), every figure of every metric, and the digests of the input files. */
#ifndef HB_TELEMETRY_RUN_DIGEST_H
#define HB_TELEMETRY_RUN_DIGEST_H

#include "telemetry/run.h"

/* Fills run->digest. Metrics must be sorted. */
HB_CHECKED hb_status hb_run_set_digest(hb_run *run, hb_error *err);

#endif
