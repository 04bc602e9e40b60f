/* SPDX-License-Identifier: Apache-2.0 */
/* Inside alert/sinks: writing until all of it is written. */
#ifndef HB_ALERT_SINKS_WRITE_ALL_H
#define HB_ALERT_SINKS_WRITE_ALL_H

#include "base/error.h"
#include "os/os.h"

/* `what` is named in the message. */
HB_CHECKED hb_status hb_sink_write_all(const hb_os *os, int fd, const void *p, size_t n,
                                       const char *what, hb_error *err);

#endif
