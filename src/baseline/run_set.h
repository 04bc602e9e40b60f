/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a set of runs for the statistics (telemetry/past.h) from the registry. No sample is read:
 * 30 runs of 200 metrics take a few milliseconds. What of it is comparable is telemetry's to say
 * (set_maker.h). */
#ifndef HB_BASELINE_RUN_SET_H
#define HB_BASELINE_RUN_SET_H

#include "store/past.h"
#include "telemetry/set_maker.h"

/* run_ids: oldest first, each once; borrowed for the call. `note` as of hb_set_maker_finish. */
HB_CHECKED hb_status hb_run_set_load(hb_store *s, const hb_run_set_ask *ask,
                                     const char *const *run_ids, size_t n, hb_run_set *ret_set,
                                     hb_buf *note, hb_error *err);

#endif
