/* SPDX-License-Identifier: Apache-2.0 */
/* Live source syslog: listens on UDP, TCP, TLS and unix datagram sockets. docs/formats/syslog.md
 *
 * Syslog has no acknowledgements: what a sender has handed to its kernel is lost when this machine
 * dies before it is read, and UDP loses what nobody reads in time. What is known to be lost is
 * counted and put into the journal as well. */
#ifndef HB_SOURCE_SYSLOG_SYSLOG_H
#define HB_SOURCE_SYSLOG_SYSLOG_H

#include "source/source.h"
#include "source/syslog/config.h"

extern const hb_source_ops hb_source_syslog;

/* The port of listener number `at`, 0 for a unix socket (tests ask for port 0). After open. */
unsigned hb_syslog_port(const hb_source *s, size_t at);

#endif
