/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a set of runs for the statistics (telemetry/past.h). No sample is read: 30 runs of 200
 * metrics take a few milliseconds. */
#ifndef HB_BASELINE_RUN_SET_H
#define HB_BASELINE_RUN_SET_H

#include "base/buf.h"
#include "store/past.h"
#include "telemetry/registry.h"
#include "telemetry/run_builder.h"

/* What the set is compared with, and so the unit and the `reduce` its values must have: what the
 * metric registry declares, else what the run has, else what the newest run of the set has. */
typedef struct hb_run_set_ask {
    const hb_run *run;           /* NULL = none */
    const hb_registry *registry; /* NULL = none */
    const char *kind;            /* of hb_run_set */
    const char *version;         /* of hb_run_set; NULL = "" */
    bool history;                /* values are enough: no word about those left out */
} hb_run_set_ask;

/* run_ids: oldest first, each once; borrowed for the call. A value in another unit, or made by
 * another `reduce`, is NaN in the set; a unit that is not stated counts as the others'. When no
 * value is in the wanted unit the metric keeps the unit it has (and its values are NaN). `note`
 * (may be NULL) gets a sentence about values left out, nothing when there are none. */
HB_CHECKED hb_status hb_run_set_load(hb_store *s, const hb_run_set_ask *ask,
                                     const char *const *run_ids, size_t n, hb_run_set *ret_set,
                                     hb_buf *note, hb_error *err);

#endif
