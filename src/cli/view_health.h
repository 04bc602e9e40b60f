/* SPDX-License-Identifier: Apache-2.0 */
/* What a running daemon said of itself (/status), for people. */
#ifndef HB_CLI_VIEW_HEALTH_H
#define HB_CLI_VIEW_HEALTH_H

#include "base/buf.h"

/* HB_E_IO when `json` is not what a daemon answers. */
HB_CHECKED hb_status hb_view_health_text(hb_str json, hb_buf *out, bool *ret_ready, hb_error *err);

#endif
