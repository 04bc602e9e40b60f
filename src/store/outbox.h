/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be sent to a sink, and what was given up. Every call is a transaction of its own. */
#ifndef HB_STORE_OUTBOX_H
#define HB_STORE_OUTBOX_H

#include "store/alerts.h"

typedef struct hb_outbox_row {
    int64_t id;
    const char *sink;
    uint32_t attempts;
    hb_time next; /* wall clock: not before */
    const char *error;
    hb_alert_log_row event;
} hb_outbox_row;

/* The first that may be sent at `now`: of each subject the oldest only. A row due later than
 * now + slack_ns is due as well: the clock was set back. *ret_next = when one becomes due that is
 * not, HB_TIME_NONE when there is none. */
HB_CHECKED hb_status hb_outbox_first(hb_store *s, const char *stream, const char *sink, hb_time now,
                                     int64_t slack_ns, hb_arena *arena, hb_outbox_row *ret_row,
                                     bool *ret_found, hb_time *ret_next, hb_error *err);
HB_CHECKED hb_status hb_outbox_done(hb_store *s, int64_t id, hb_error *err);
/* One attempt failed; the next not before `next`. */
HB_CHECKED hb_status hb_outbox_failed(hb_store *s, int64_t id, hb_time next, const char *error,
                                      hb_error *err);
HB_CHECKED hb_status hb_outbox_give_up(hb_store *s, int64_t id, const char *error, hb_time now,
                                       hb_error *err);

/* The sink is back: all that waits for it may be sent at once. */
HB_CHECKED hb_status hb_outbox_hurry(hb_store *s, const char *stream, const char *sink,
                                     hb_error *err);

typedef struct hb_dead_letter {
    int64_t id;
    const char *sink;
    uint32_t attempts;
    const char *error;
    hb_time died;
    hb_alert_log_row event;
} hb_dead_letter;

/* Oldest first; stream NULL = any, limit 0 = all. */
HB_CHECKED hb_status hb_dead_list(hb_store *s, const char *stream, size_t limit, hb_arena *arena,
                                  hb_dead_letter **ret_rows, size_t *ret_n, hb_error *err);
/* Back into the outbox, at its end; id 0 = all of the stream (NULL = all). *ret_n = how many.
 * HB_E_STORE when there is no letter of that number or its sink is not configured. */
HB_CHECKED hb_status hb_dead_retry(hb_store *s, const char *stream, int64_t id, uint64_t *ret_n,
                                   hb_error *err);

typedef struct hb_outbox_counts {
    uint64_t waiting;
    uint64_t dead;
} hb_outbox_counts;

/* sink NULL = all. Reads only. */
HB_CHECKED hb_status hb_outbox_count(hb_store *s, const char *stream, const char *sink,
                                     hb_outbox_counts *ret, hb_error *err);

#endif
