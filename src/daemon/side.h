/* SPDX-License-Identifier: Apache-2.0 */
/* The side file of late samples (late_event_policy: side_output): JSON lines, bounded. At least
 * once: a sample whose line was written right before a crash is written again. Inside daemon/. */
#ifndef HB_DAEMON_SIDE_H
#define HB_DAEMON_SIDE_H

#include "os/os.h"
#include "telemetry/live_sample.h"

enum { HB_SIDE_FILE_BYTES = 64 << 20 }; /* then it becomes PATH.1, which is replaced */

typedef struct hb_side hb_side;

HB_CHECKED hb_status hb_side_open(const hb_os *os, const char *path, hb_side **ret_side,
                                  hb_error *err);
void hb_side_close(hb_side *s);
/* Buffered until flush. */
HB_CHECKED hb_status hb_side_add(hb_side *s, const hb_live_sample *sample, hb_error *err);
/* What cannot be written (disk full) is given up and counted in *io_lost. */
void hb_side_flush(hb_side *s, uint64_t *io_lost);

#endif
