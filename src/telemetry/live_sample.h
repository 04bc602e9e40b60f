/* SPDX-License-Identifier: Apache-2.0 */
/* One value as a live source's message gave it, before names and units are settled. */
#ifndef HB_TELEMETRY_LIVE_SAMPLE_H
#define HB_TELEMETRY_LIVE_SAMPLE_H

#include "base/error.h"
#include "base/str.h"
#include "base/time.h"

typedef enum hb_live_kind {
    HB_LIVE_VALUE,   /* finite */
    HB_LIVE_MISSING, /* null, empty, a missing marker */
    HB_LIVE_NAN,
    HB_LIVE_INF,
    HB_LIVE_TEXT, /* neither number nor missing */
} hb_live_kind;

typedef struct hb_live_sample {
    hb_str source; /* of the record */
    hb_str name;   /* as written, or made of the topic */
    hb_str unit;   /* as written; empty = none given */
    hb_str id;     /* the sender's own id or sequence number of the message, with the sender's time
                    * and topic where there are such ("17@1700000000000000000#…"): counters start
                    * again, and two senders count alike; empty = none */
    hb_time t;     /* event time; the arrival where the message has none, and timed is false */
    bool timed;
    hb_live_kind kind;
    double value;  /* HB_LIVE_VALUE only */
    uint32_t part; /* counts the samples of one message from 0: (source, id, part) is a sample's
                    * identity where id is given */
} hb_live_sample;

/* Takes a sample; borrowed for the call. */
typedef hb_status (*hb_live_sample_fn)(void *ctx, const hb_live_sample *sample, hb_error *err);

#endif
