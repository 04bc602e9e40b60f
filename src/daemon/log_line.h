/* SPDX-License-Identifier: Apache-2.0 */
/* One event as one line of text, one JSON object, or one datagram of journald's native protocol.
 * Pure; used by log.c. */
#ifndef HB_DAEMON_LOG_LINE_H
#define HB_DAEMON_LOG_LINE_H

#include "base/buf.h"
#include "daemon/log.h"

typedef struct hb_log_entry {
    hb_time at;
    hb_log_level level;
    const char *event;
    const char *sentence;
    const char *correlation_id; /* "" = none */
    const hb_log_field *fields;
    size_t n_fields;
} hb_log_entry;

/* Appends. Text and JSON end with a line end; there is no other in them. */
void hb_log_line(const hb_log_entry *e, hb_log_format format, hb_buf *out);

#endif
