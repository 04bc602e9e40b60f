/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of alert/ that keep the life cycle; not for other rooms.
 *
 * Everything works on entries: a row of the registry with what the configuration says of it. The
 * array is a copy, read when it may be old, and every change is written in the caller's
 * transaction. */
#ifndef HB_ALERT_ALERT_INTERNAL_H
#define HB_ALERT_ALERT_INTERNAL_H

#include "alert/alert.h"
#include "base/arena.h"
#include "base/map.h"
#include "store/alerts.h"

enum {
    HB_ALERT_SUBJECTS_MAX =
        10000, /* of one stream; what is beyond is told by one alert of its own */
    HB_ALERT_INHIBITS_MAX = 64,
    HB_ALERT_RAISES_MAX = 1000, /* flap_max */
    HB_ALERT_GROUP_MAX = 100,   /* alerts in one event */
    HB_ALERT_SAMPLES_MAX = 8,
    HB_ALERT_DRIFT_METRICS_MAX = 10, /* as the Python tool's events */
    HB_ALERT_REF_TEXT = 128
};

typedef struct hb_alert_entry {
    hb_alert_row row;
    uint64_t causes;   /* bit i: it is a cause of inhibits[i] */
    uint64_t symptoms; /* bit i: it is a symptom of inhibits[i] */
    bool inhibited;    /* now */
    bool present;      /* the window being taken in has the finding */
    bool dirty;        /* to be written */
    bool counted;      /* … but only its counters of windows */
} hb_alert_entry;

struct hb_alerts {
    hb_store *store;
    const char *stream;
    hb_alert_options o; /* texts in `own` */
    hb_arena own;
    hb_arena cache;     /* texts of the entries */
    size_t cache_fresh; /* bytes it took when it was read */
    hb_alert_entry *entries;
    size_t n;
    size_t cap;
    hb_map by_subject;
    bool loaded;
    uint64_t acts; /* as of loading */
};

/* --- rules.c --- */

bool hb_alert_glob(const char *pattern, const char *text); /* NULL pattern = any */
/* Whether a finding is an alert, and how severe. */
bool hb_alert_severity_of(const hb_alert_options *o, const hb_decision *d, const hb_finding *f,
                          hb_alert_severity *ret);
bool hb_alert_severity_from_name(const char *name, hb_alert_severity *ret);

/* --- lifecycle.c --- */

typedef enum hb_alert_input {
    HB_ALERT_RAISE,
    HB_ALERT_CLEAR,
    HB_ALERT_ACK,
    HB_ALERT_INPUT_COUNT_
} hb_alert_input;

/* False: nothing happens in this state. */
bool hb_alert_step(hb_alert_row *row, hb_alert_input input);
bool hb_alert_is_active(const hb_alert_row *row);

/* --- flap.c --- */

/* Notes a raise at `now`; returns how many there were within the window, this one included; more
 * than `most` + 1 are not told apart. */
HB_CHECKED hb_status hb_alert_note_raise(hb_alert_row *row, hb_time now, uint32_t window_s,
                                         uint32_t most, hb_arena *arena, size_t *ret_n,
                                         hb_error *err);
/* The newest raise noted; HB_TIME_NONE = none. */
hb_time hb_alert_last_raise(const hb_alert_row *row);

/* --- inhibit.c --- */

void hb_alert_inhibit_masks(const hb_alert_options *o, hb_alert_entry *e);
/* Sets `inhibited` and row.inhibited_by of every entry; an alert of a circle of causes stays. */
void hb_alert_inhibit_all(hb_alerts *a);

/* --- book.c --- */

#define HB_ALERT_TOO_MANY "alerts:too_many" /* subject */

extern const hb_alert_row hb_alert_blank;

HB_CHECKED hb_status hb_alert_load_if_old(hb_alerts *a, hb_error *err);
/* Writes what is dirty and drops what says nothing any more. */
HB_CHECKED hb_status hb_alert_save(hb_alerts *a, hb_time now, hb_error *err);
/* NULL when there is none. Valid until the next one is added. */
hb_alert_entry *hb_alert_find(const hb_alerts *a, const char *subject);
/* *ret = NULL: no more subjects are taken. */
HB_CHECKED hb_status hb_alert_find_or_add(hb_alerts *a, const hb_alert_row *row,
                                          hb_alert_entry **ret, hb_error *err);
/* Copies the text into the cache; NULL becomes "". */
HB_CHECKED hb_status hb_alert_keep(hb_alerts *a, const char **text, hb_error *err);

/* --- tell.c --- */

/* What one call says of itself in the ids of its events: the window, or the time. */
typedef struct hb_alert_moment {
    hb_time now;
    char ref[HB_ALERT_REF_TEXT];
} hb_alert_moment;

/* Sends what ends by time: shelves, flapping, groups. Before anything new is taken in. */
HB_CHECKED hb_status hb_alert_due(hb_alerts *a, hb_time now, hb_error *err);
/* Sends what the sinks do not know yet: raises and returns. */
HB_CHECKED hb_status hb_alert_tell(hb_alerts *a, const hb_alert_moment *m, hb_error *err);
/* When the next of them is due; HB_TIME_NONE = nothing waits. */
hb_time hb_alert_next_due(const hb_alerts *a);

/* --- alert.c --- */

/* hb_alerts_condition, without telling and writing. */
HB_CHECKED hb_status hb_alert_condition(hb_alerts *a, const char *subject,
                                        hb_alert_severity severity, bool active, const char *text,
                                        const hb_alert_moment *m, hb_error *err);

/* --- steps.c --- */

/* The finding was there once more; raised after so many in a row. */
HB_CHECKED hb_status hb_alert_seen(hb_alerts *a, hb_alert_entry *e, uint32_t raise_after,
                                   const hb_alert_moment *m, hb_error *err);
/* … or was not; over after so many in a row. */
void hb_alert_not_seen(hb_alert_entry *e, uint32_t clear_after, const hb_alert_moment *m);
bool hb_alert_is_worse(const hb_alert_row *row, hb_alert_severity severity); /* than it is */
/* Its severity is now this; told where the sinks think that it is active and it is more. */
HB_CHECKED hb_status hb_alert_severe(hb_alerts *a, hb_alert_entry *e, hb_alert_severity severity,
                                     const hb_alert_moment *m, hb_error *err);

#endif
