/* SPDX-License-Identifier: Apache-2.0 */
/* Puts into the lab's log what waits for it in the registry, once a second, in a thread of its own
 * with a connection of its own: the log waits for the disk, the engine does not wait for the log.
 * What fails is told in words and tried again. */
#ifndef HB_DAEMON_AUDITOR_H
#define HB_DAEMON_AUDITOR_H

#include "os/os.h"
#include "store/store.h"

typedef struct hb_auditor hb_auditor;

enum { HB_AUDITOR_WHY = 300 };

/* `db` exists; paths are copied. Signals are blocked in the thread. */
HB_CHECKED hb_status hb_auditor_start(const hb_os *os, const char *db, const char *dir,
                                      hb_auditor **ret_auditor, hb_error *err);
/* "" = the last time worked. *ret_waiting = entries in the queue as of then. */
void hb_auditor_state(hb_auditor *a, char ret_why[HB_AUDITOR_WHY], uint64_t *ret_waiting);
/* Drains once more, then ends; ret_why as above: what could not be drained waits for the next
 * program. NULL is fine. */
void hb_auditor_stop(hb_auditor *a, char ret_why[HB_AUDITOR_WHY]);

#endif
