/* SPDX-License-Identifier: Apache-2.0 */
/* A run as text or JSON: what `runs show` and `inspect` print. */
#ifndef HB_CLI_VIEW_RUN_H
#define HB_CLI_VIEW_RUN_H

#include "base/buf.h"
#include "telemetry/run.h"

HB_CHECKED hb_status hb_view_run_text(const hb_run *run, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_view_run_json(const hb_run *run, hb_buf *out, hb_error *err);

#endif
