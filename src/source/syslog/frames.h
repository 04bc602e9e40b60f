/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out of a stream, RFC 6587: octet counting ("57 <34>1 …") and non-transparent framing (a
 * line, ended by LF or NUL). Which of them is told anew at every message, by its beginning: one to
 * nine digits and a blank are a count, anything else is a line.
 *
 * A message longer than the limit is left out and counted, the stream goes on after it; a count
 * that cannot be meant ends the stream, since nobody knows where the next message begins. Pure. */
#ifndef HB_SOURCE_SYSLOG_FRAMES_H
#define HB_SOURCE_SYSLOG_FRAMES_H

#include "base/buf.h"

typedef hb_status (*hb_frame_fn)(void *ctx, hb_str frame, hb_error *err);

typedef struct hb_syslog_frames {
    hb_buf held;     /* the beginning of a message that is not there whole */
    size_t max;      /* bytes of a message */
    uint64_t skip;   /* bytes still to come of one that is too large */
    bool skip_line;  /* the same of a line */
    bool broken;     /* the stream has ended */
    uint64_t larger; /* messages left out */
} hb_syslog_frames;

void hb_syslog_frames_init(hb_syslog_frames *f, size_t max_message);
void hb_syslog_frames_release(hb_syslog_frames *f);
/* More of the stream; fn gets every whole message, borrowed for the call, without its frame. Errors
 * are fn's and HB_E_NOMEM: the stream is then broken. */
HB_CHECKED hb_status hb_syslog_frames_feed(hb_syslog_frames *f, const char *p, size_t n,
                                           hb_frame_fn fn, void *ctx, hb_error *err);
/* The sender has closed: a line without an end is a message. *ret_torn = a counted one was not
 * whole. */
HB_CHECKED hb_status hb_syslog_frames_end(hb_syslog_frames *f, hb_frame_fn fn, void *ctx,
                                          bool *ret_torn, hb_error *err);

#endif
