/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts in the registry: what is open, everything that was said of it, what is still to be sent,
 * and what was given up. docs/formats/registry.md; what the columns mean: alert/alert.h.
 *
 * Nothing here begins a transaction, except where it says so: callers stand in one of
 * hb_live_begin … hb_live_end (store/live.h), or only read. Texts that are read lie in the caller's
 * arena. */
#ifndef HB_STORE_ALERTS_H
#define HB_STORE_ALERTS_H

#include "base/arena.h"
#include "store/store.h"

typedef enum hb_alert_state {
    HB_ALERT_QUIET,          /* nothing is the matter; kept for its counters, or for a shelf */
    HB_ALERT_UNACKNOWLEDGED, /* active, nobody has said that he saw it */
    HB_ALERT_ACKNOWLEDGED,   /* active */
    HB_ALERT_RETURNED,       /* over, and nobody has said that he saw it */
    HB_ALERT_STATE_COUNT_
} hb_alert_state;

typedef enum hb_alert_told { /* what the sinks were told last */
                             HB_ALERT_TOLD_NOTHING,
                             HB_ALERT_TOLD_ACTIVE,
                             HB_ALERT_TOLD_RETURNED,
                             HB_ALERT_TOLD_COUNT_
} hb_alert_told;

extern const char *const hb_alert_state_names[]; /* "quiet" …, NULL at the end */

typedef struct hb_alert_row {
    int64_t id; /* 0 = not in the registry yet */
    const char *stream;
    const char *subject;
    const char *metric;     /* "" = not about one metric */
    const char *rule;       /* "" = a condition */
    const char *definition; /* window definition; "" = a condition */
    hb_alert_state state;
    const char *severity;
    const char *alert_id; /* of this occurrence, from raised to its end; "" before the first */
    uint32_t seen;        /* windows in a row with the finding, while quiet or returned */
    uint32_t gone;        /* windows in a row without it, while active */
    uint64_t windows;     /* with the finding, this occurrence */
    uint64_t occurrences;
    hb_alert_told told;
    bool flapping;
    const char *raises;       /* event times of the newest raises in ns, oldest first, by blanks */
    uint64_t held;            /* raises and returns not sent one by one while flapping */
    const char *inhibited_by; /* subject; "" = not */
    hb_time group;            /* when the group it waits for goes out; HB_TIME_NONE = none */
    hb_time onset;            /* first sample or window of this occurrence */
    hb_time raised;
    hb_time returned;
    hb_time changed;
    const char *ack_by;
    const char *ack_note;
    hb_time ack_at;
    const char *shelf_by;
    const char *shelf_reason;
    hb_time shelf_until; /* HB_TIME_NONE = not shelved */
    const char *text;
    const char *verdict; /* "" = a condition */
    const char *run_id;
    const char *report;
    const char *window_id; /* of the window it was raised or became worse in */
    uint32_t revision;
    hb_time window_start;
    hb_time window_end;
    const char *digest; /* of its decision */
    const char *detail; /* JSON members of that finding: alert/event.h */
} hb_alert_row;

enum { HB_SINK_NAME_MAX = 64 };

typedef struct hb_alert_query { /* NULL, false = any */
    const char *stream;
    const char *subject;
    const char *alert_id; /* or the beginning of it */
    bool open;            /* not quiet, or shelved */
    size_t limit;         /* 0 = no limit */
} hb_alert_query;

/* By stream, then as they came in (id). */
HB_CHECKED hb_status hb_alert_list(hb_store *s, const hb_alert_query *q, hb_arena *arena,
                                   hb_alert_row **ret_rows, size_t *ret_n, hb_error *err);
/* Adds (sets row->id) or replaces each. */
HB_CHECKED hb_status hb_alert_put(hb_store *s, hb_alert_row *const *rows, size_t n, hb_error *err);
/* The counters seen, gone and windows alone, of rows that are there. */
HB_CHECKED hb_status hb_alert_put_counters(hb_store *s, hb_alert_row *const *rows, size_t n,
                                           hb_error *err);
HB_CHECKED hb_status hb_alert_drop(hb_store *s, int64_t id, hb_error *err);

/* How often people did something to alerts of the stream; 0 for one that is not known. */
HB_CHECKED hb_status hb_alert_acts(hb_store *s, const char *stream, uint64_t *ret, hb_error *err);
HB_CHECKED hb_status hb_alert_count_act(hb_store *s, const char *stream, hb_error *err);

/* The sinks events of the stream go to from now on. What waits for one that is no longer among them
 * becomes a dead letter. A transaction of its own, and none when nothing changes. */
HB_CHECKED hb_status hb_alert_set_sinks(hb_store *s, const char *stream, const char *const *sinks,
                                        size_t n, hb_error *err);

typedef struct hb_alert_log_row {
    int64_t id;
    const char *event_id;
    const char *stream;
    const char *subject;
    const char *alert_id;
    const char *type;
    const char *severity;
    hb_time at;
    const char *json; /* the event */
} hb_alert_log_row;

/* Writes the event down and puts it into the outbox of every sink of the stream; `subjects` are
 * those whose order it stands in. An event that is there already changes nothing. */
HB_CHECKED hb_status hb_alert_log_add(hb_store *s, const hb_alert_log_row *row,
                                      const char *const *subjects, size_t n_subjects,
                                      hb_error *err);
/* The newest `limit` of an alert (alert_id) or of all, oldest first. */
HB_CHECKED hb_status hb_alert_log_list(hb_store *s, const char *stream, const char *alert_id,
                                       size_t limit, hb_arena *arena, hb_alert_log_row **ret_rows,
                                       size_t *ret_n, hb_error *err);

typedef struct hb_alert_tally { /* of what is open */
    hb_alert_state state;
    const char *severity;
    bool shelved;
    uint64_t n;
} hb_alert_tally;

HB_CHECKED hb_status hb_alert_tallies(hb_store *s, const char *stream, hb_arena *arena,
                                      hb_alert_tally **ret_rows, size_t *ret_n, hb_error *err);

#endif
