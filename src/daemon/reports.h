/* SPDX-License-Identifier: Apache-2.0 */
/* The report folders of windows, kept under a cap: the oldest are taken away first and counted; the
 * decision stays in the registry (`hb live show`). Only folders of windows (names "w-…") are looked
 * at. What is on hold (store/custody.h) stays and counts for the cap. Inside daemon/.
 *
 * Each that goes is an entry of the lab's log. It is renamed to ".gone-NAME" with the entry and
 * removed after that is committed; what a crash left in between is finished by the first
 * hb_reports_pass. */
#ifndef HB_DAEMON_REPORTS_H
#define HB_DAEMON_REPORTS_H

#include "base/error.h"
#include "os/os.h"
#include "store/store.h"

typedef struct hb_reports hb_reports;

/* max_bytes 0 = no cap. A folder that is not there is made with the first report. The store is
 * borrowed, and used by the thread that calls. */
HB_CHECKED hb_status hb_reports_open(const hb_os *os, hb_store *store, const char *dir,
                                     uint64_t max_bytes, hb_reports **ret_reports, hb_error *err);
void hb_reports_close(hb_reports *r);
/* A report of n bytes was written. */
HB_CHECKED hb_status hb_reports_added(hb_reports *r, const char *run_id, uint64_t n, hb_error *err);
/* Takes away what is over the cap, never the newest. *io_dropped counts it. Not within a
 * transaction. After a failure the next call goes on. */
HB_CHECKED hb_status hb_reports_pass(hb_reports *r, uint64_t *io_dropped, hb_error *err);
/* The last pass could not keep the cap because of so many folders on hold; 0 = it could. */
void hb_reports_held(const hb_reports *r, uint64_t *ret_n, uint64_t *ret_bytes);

#endif
