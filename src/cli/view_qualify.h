/* SPDX-License-Identifier: Apache-2.0 */
/* A qualification (qualify/qualify.h) for the terminal. */
#ifndef HB_CLI_VIEW_QUALIFY_H
#define HB_CLI_VIEW_QUALIFY_H

#include "report/qualify.h"

HB_CHECKED hb_status hb_view_qualify_text(const hb_qualify_about *a, hb_buf *out, hb_error *err);

#endif
