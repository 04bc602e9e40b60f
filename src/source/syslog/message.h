/* SPDX-License-Identifier: Apache-2.0 */
/* One syslog message taken apart: RFC 5424, or what RFC 3164 describes. Pure.
 * docs/formats/live_payloads.md, section syslog */
#ifndef HB_SOURCE_SYSLOG_MESSAGE_H
#define HB_SOURCE_SYSLOG_MESSAGE_H

#include "base/str.h"
#include "base/time.h"

typedef struct hb_syslog_message {
    int facility; /* -1: the message has no priority (a line of a log file) */
    int severity; /* 0 emergency … 7 debug; -1 likewise */
    bool timed;   /* false: t is the arrival */
    hb_time t;
    hb_str host;    /* empty = none given */
    hb_str program; /* without the pid; empty = none given */
    hb_str data;    /* structured data, well-formed: hb_syslog_param reads it */
    hb_str message; /* the free text */
} hb_syslog_message;

/* What cannot be read: *ret_bad says why, a constant; NULL when all was read. False: nothing of the
 * message can be used. True with *ret_bad: what stands before the bad place can. Texts borrow from
 * `text`. `arrival` may be HB_TIME_NONE: times without a year are then none. */
bool hb_syslog_parse(hb_str text, hb_time arrival, hb_syslog_message *ret, const char **ret_bad);

typedef struct hb_syslog_param {
    hb_str id; /* SD-ID, as written: "rig@32473" */
    hb_str name;
    hb_str value; /* escapes as written */
} hb_syslog_param;

/* The next parameter; start with *io_rest = data and a zeroed one. False at the end. */
bool hb_syslog_next_param(hb_str *io_rest, hb_syslog_param *io);

/* A time without year and zone, "Nov 26 18:21:55", as the latest that is not more than two minutes
 * after the arrival, the zone being any whole quarter of an hour from -12 to +14 h; older than that
 * it is taken as UTC. False: not a date. */
bool hb_syslog_time(unsigned month, unsigned day, int64_t ns_of_day, hb_time arrival, hb_time *ret);

#endif
