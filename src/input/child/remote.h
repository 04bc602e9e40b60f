/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side: frames as a table. Nothing a child says is believed: sizes, kinds, lengths,
 * characters and counts are checked, and what does not fit is HB_E_INPUT. */
#ifndef HB_INPUT_CHILD_REMOTE_H
#define HB_INPUT_CHILD_REMOTE_H

#include "input/child/frames.h"
#include "input/table.h"
#include "telemetry/units.h"

/* Where the frames come from; `close` may be NULL. */
typedef struct hb_remote_source {
    hb_status (*read)(void *ctx, void *p, size_t n, size_t *ret_n, hb_error *err);
    void (*close)(void *ctx);
    void *ctx; /* owned by the table, from the call on */
} hb_remote_source;

/* format: constant text. name: of the file, for messages, borrowed until close. units: for the
 * units the file states, may be NULL. */
HB_CHECKED hb_status hb_remote_table(const char *format, const char *name, hb_units *units,
                                     hb_remote_source source, hb_table **ret_table, hb_error *err);

typedef struct hb_remote_options {
    const char *program;  /* that is started, NULL = there is none, which is an error */
    const char *variable; /* path, or NULL */
    hb_units *units;      /* may be NULL */
} hb_remote_options;

/* Starts `program --read-child reader variable` on the stream's file and reads its table. What is
 * compressed or not a plain file is first written out in memory, at most HB_REMOTE_MAX_COPY bytes.
 */
enum { HB_REMOTE_MAX_COPY = 256 << 20 };
HB_CHECKED hb_status hb_remote_open(const hb_os *os, hb_stream *stream, const char *format,
                                    const char *reader, const hb_remote_options *options,
                                    hb_table **ret_table, hb_error *err);

#endif
