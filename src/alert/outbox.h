/* SPDX-License-Identifier: Apache-2.0 */
/* The transactional outbox: what a cycle wants sent is a row written in the cycle's own
 * transaction; threads of its own, one a sink, send it, each with a store of its own. At least
 * once, a stable id in every event, in order per alert and sink, retries with growing pauses and
 * jitter, then the dead-letter list.
 *
 *     hb_outbox_start(&options, &o, err)   the thread
 *     hb_outbox_wake(o)                    after a commit
 *     hb_outbox_stop(o, deadline_ms)       lets what is being sent finish; the rest stays for next
 * time
 */
#ifndef HB_ALERT_OUTBOX_H
#define HB_ALERT_OUTBOX_H

#include "alert/sink.h"
#include "store/store.h"

typedef struct hb_outbox hb_outbox;

typedef struct hb_outbox_sink {
    const char *name; /* as configured */
    const hb_sink_ops *ops;
    const void *config;
} hb_outbox_sink;

typedef struct hb_outbox_options {
    const hb_os *os;
    const char *db; /* path of the registry */
    const char *stream;
    const char *base_dir;
    const hb_outbox_sink *sinks; /* borrowed, with all they point at, until stop has returned */
    size_t n_sinks;
    uint32_t max_attempts;   /* then dead; 0 = never gives up (default) */
    uint32_t first_pause_ms; /* default 500 */
    uint32_t max_pause_ms;   /* default 300,000 */
    uint32_t heartbeat_s; /* dead-man's: an event "heartbeat" to every sink this often; 0 = off. Not
                           * kept and not repeated: the next one says the same */
} hb_outbox_options;

HB_CHECKED hb_status hb_outbox_start(const hb_outbox_options *options, hb_outbox **ret_outbox,
                                     hb_error *err);
void hb_outbox_wake(hb_outbox *o);
/* After deadline_ms what is still being sent is given up for now (sinks that wait are told). NULL
 * is fine. */
void hb_outbox_stop(hb_outbox *o, uint32_t deadline_ms);

typedef struct hb_outbox_state { /* one sink */
    const char *name;
    uint64_t waiting;
    uint64_t sent;
    uint64_t failed; /* attempts */
    uint64_t dead;
    uint32_t failures_in_a_row;
    bool open; /* circuit breaker: tried again at `retry_at` */
    hb_time retry_at;
    char last_error[256];
} hb_outbox_state;

/* Fills up to `room`; returns how many there are. Any thread. */
size_t hb_outbox_states(hb_outbox *o, hb_outbox_state *ret, size_t room);

#endif
