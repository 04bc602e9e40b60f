/* SPDX-License-Identifier: Apache-2.0 */
/* Real load for a demonstration: one busy process for each processor and one that writes and syncs
 * a file. Children of this process, ended by hb_load_stop (or with this process, by
 * PR_SET_PDEATHSIG). */
#ifndef HB_SOURCE_HOST_LOAD_H
#define HB_SOURCE_HOST_LOAD_H

#include "base/error.h"

#include <stdbool.h>

typedef struct hb_load hb_load;

/* dir: where the writer keeps its file, removed at the end. */
HB_CHECKED hb_status hb_load_start(const char *dir, hb_load **ret_load, hb_error *err);
void hb_load_stop(hb_load *load);

#endif
