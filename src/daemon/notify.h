/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the service manager: sd_notify(3)'s protocol, datagrams of KEY=value lines to the unix
 * socket that $NOTIFY_SOCKET names. docs/decisions/0120-no-libsystemd.md
 *
 *     hb_notify_new(os, getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"),
 *                   getenv("WATCHDOG_PID"), &n, err)
 *     hb_notify_ready(n, "reading 2 sources", err)
 *     every hb_notify_watchdog_ms(n): hb_notify_watchdog(n, err)     by the engine's own thread, so
 *                                                          that an engine that hangs is restarted
 *     hb_notify_reloading(n, err) … hb_notify_ready(n, status, err)  around a reload
 *     hb_notify_stopping(n, status, err), hb_notify_free(n)
 *
 * Without a service manager every call does nothing and returns HB_OK. Any thread. Nothing waits:
 * what the manager's socket does not take at once is HB_E_IO, which a caller logs and lives with.
 */
#ifndef HB_DAEMON_NOTIFY_H
#define HB_DAEMON_NOTIFY_H

#include "base/error.h"
#include "os/os.h"

#include <stdbool.h>

typedef struct hb_notify hb_notify;

/* socket: a path, or '@' and a name of the abstract namespace; NULL or "" = no service manager.
 * The watchdog is for this process when WATCHDOG_PID is absent or its pid. A socket or number that
 * cannot be meant is HB_E_CONFIG. */
HB_CHECKED hb_status hb_notify_new(const hb_os *os, const char *socket, const char *watchdog_usec,
                                   const char *watchdog_pid, hb_notify **ret_notify, hb_error *err);
void hb_notify_free(hb_notify *n);

bool hb_notify_active(const hb_notify *n);
/* Half of what the manager waits, so that one late call does no harm; 0 = no watchdog. */
uint32_t hb_notify_watchdog_ms(const hb_notify *n);

/* status: what `systemctl status` shows, one line; NULL = unchanged. */
HB_CHECKED hb_status hb_notify_ready(hb_notify *n, const char *status, hb_error *err);
HB_CHECKED hb_status hb_notify_status(hb_notify *n, const char *status, hb_error *err);
HB_CHECKED hb_status hb_notify_reloading(hb_notify *n, hb_error *err);
HB_CHECKED hb_status hb_notify_stopping(hb_notify *n, const char *status, hb_error *err);
HB_CHECKED hb_status hb_notify_watchdog(hb_notify *n, hb_error *err);

#endif
