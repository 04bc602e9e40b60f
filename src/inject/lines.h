/* SPDX-License-Identifier: Apache-2.0 */
/* Telemetry as text, a line an event, through an injector: long CSV (a header with metric and
 * value, perhaps timestamp) or JSON lines. Lines that no fault touches are copied byte for byte; of
 * the others only what the fault changed is written anew.
 *
 *     hb_inject_lines_new(format, injector, &l, err)
 *     per line, without its end: hb_inject_lines_put(l, line, &out, err)
 *     hb_inject_lines_end(l, &out, err)         what was held back by latency_spike
 *     hb_inject_lines_free(l) */
#ifndef HB_INJECT_LINES_H
#define HB_INJECT_LINES_H

#include "base/arena.h"
#include "base/buf.h"
#include "inject/fault.h"

typedef enum hb_inject_format { HB_INJECT_CSV, HB_INJECT_JSONL } hb_inject_format;

enum { HB_INJECT_NAMES = 64 };

typedef struct hb_inject_lines hb_inject_lines;

/* name: where the lines come from, for messages. */
HB_CHECKED hb_status hb_inject_lines_new(hb_inject_format format, const char *name,
                                         hb_injector *injector, hb_inject_lines **ret_lines,
                                         hb_error *err);
void hb_inject_lines_free(hb_inject_lines *l);
/* Appends what the line became, each with a line end. A line that cannot be read is HB_E_INPUT with
 * its number: a fault put into half a file would be no known fault. */
HB_CHECKED hb_status hb_inject_lines_put(hb_inject_lines *l, hb_str line, hb_buf *out,
                                         hb_error *err);
HB_CHECKED hb_status hb_inject_lines_end(hb_inject_lines *l, hb_buf *out, hb_error *err);
/* Up to HB_INJECT_NAMES names of metrics seen, in order of appearance; valid until free. */
const char *const *hb_inject_lines_names(const hb_inject_lines *l, size_t *ret_n);
uint64_t hb_inject_lines_written(const hb_inject_lines *l);

/* One JSON text (a line, or the payload of a message): an event {metric, value, timestamp …}, an
 * object of values, or an array of events. `default_name` names a value without a name of its own
 * (NULL = that is an error). *ret_copies: how often to write *out (0 = not at all); *ret_delay_s:
 * when. Of a message with several values each is an event of its own, and those that are left out
 * are taken out. *ret_t: the event's time. */
typedef struct hb_inject_json {
    uint32_t copies;
    double delay_s;
    bool changed; /* else write what came in */
    hb_time t;
} hb_inject_json;

HB_CHECKED hb_status hb_inject_json_text(hb_injector *injector, hb_str text,
                                         const char *default_name,
                                         void (*seen)(void *ctx, hb_str metric), void *seen_ctx,
                                         hb_buf *out, hb_inject_json *ret, hb_error *err);

#endif
