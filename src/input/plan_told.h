/* SPDX-License-Identifier: Apache-2.0 */
/* What an adapter or the metric registry says of a column stands over what its cells look like: a
 * declared metric whose cells are garbage is a metric that turned to garbage, not a column of
 * texts.
 */
#ifndef HB_INPUT_PLAN_TOLD_H
#define HB_INPUT_PLAN_TOLD_H

#include "input/plan.h"
#include "input/profile.h"
#include "telemetry/run_builder.h"

typedef struct hb_told {
    const hb_input_profile *profile; /* NULL = none, or one without columns */
    const hb_run_builder *builder;   /* NULL = no registry to ask */
} hb_told;

/* NULL where no adapter fixes the columns. */
const hb_profile_column *hb_told_column(const hb_input_profile *profile, size_t i);
/* Corrects the plan's columns from `from` on. block: the rows they were planned on, of all columns.
 */
HB_CHECKED hb_status hb_plan_told(hb_plan *plan, const hb_told *told, const hb_column *columns,
                                  const hb_block *block, size_t from, hb_arena *arena,
                                  hb_error *err);

#endif
