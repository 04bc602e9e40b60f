/* SPDX-License-Identifier: Apache-2.0 */
/* The report folders of windows, kept under a cap: the oldest are taken away first and counted; the
 * decision stays in the registry (`hb live show`). Only folders of windows (names "w-…") are looked
 * at. Inside daemon/.
 */
#ifndef HB_DAEMON_REPORTS_H
#define HB_DAEMON_REPORTS_H

#include "base/error.h"
#include "os/os.h"

typedef struct hb_reports hb_reports;

/* max_bytes 0 = no cap. A folder that is not there is made with the first report. */
HB_CHECKED hb_status hb_reports_open(const hb_os *os, const char *dir, uint64_t max_bytes,
                                     hb_reports **ret_reports, hb_error *err);
void hb_reports_close(hb_reports *r);
/* A report of n bytes was written; makes room for it. *io_dropped counts what was taken away. */
HB_CHECKED hb_status hb_reports_added(hb_reports *r, const char *run_id, uint64_t n,
                                      uint64_t *io_dropped, hb_error *err);

#endif
