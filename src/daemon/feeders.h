/* SPDX-License-Identifier: Apache-2.0 */
/* The sources at work: each in a thread of its own, all ending at the journal.
 *
 *     hb_feeders_open(&options, &f, err)     opens each source where its last record ended
 *     hb_feeders_start(f, err)               the threads
 *     hb_feeders_hold(f, true)               back-pressure: put() waits
 *     hb_feeders_stop(f, deadline_ms)        asks them to end and waits; false = one still hangs
 *     hb_feeders_close(f)
 *
 * A journal that is full or whose disk does not take it makes put() wait; so does hold. Nothing
 * that was received is dropped here. */
#ifndef HB_DAEMON_FEEDERS_H
#define HB_DAEMON_FEEDERS_H

#include "daemon/config.h"
#include "daemon/health.h"

typedef struct hb_feeders hb_feeders;

typedef struct hb_feeders_options { /* borrowed for life */
    const hb_os *os;
    const hb_daemon_config *config;
    hb_journal *journal;
    hb_log *log;
    const char *base_dir;  /* relative paths of the configuration start here */
    const char *tokens;    /* tokens.json of the workspace */
    const char *state_dir; /* each source has a folder of its name in it */
    bool none;             /* open no source: what is in the journal is read again */
} hb_feeders_options;

HB_CHECKED hb_status hb_feeders_open(const hb_feeders_options *options, hb_feeders **ret_feeders,
                                     hb_error *err);
HB_CHECKED hb_status hb_feeders_start(hb_feeders *f, hb_error *err);
void hb_feeders_hold(hb_feeders *f, bool hold);
bool hb_feeders_stop(hb_feeders *f, uint32_t deadline_ms);
/* After stop returned true, or before start. */
void hb_feeders_close(hb_feeders *f);

/* All have returned; *ret_failed (may be NULL) = how many with an error. */
bool hb_feeders_done(hb_feeders *f, size_t *ret_failed);
/* No source that still works has a connection: nothing could be heard. */
bool hb_feeders_deaf(hb_feeders *f);
/* Monotonic time of the latest record that went to the journal, or of the start. */
int64_t hb_feeders_latest_ns(hb_feeders *f);
/* Does the journal keep a source waiting, now or up to two seconds ago? The disk's reasons come
 * before the journal's own limit. */
typedef struct hb_feeders_wait {
    bool waits;
    bool disk; /* the disk does not take it; false: the journal is at its own limit */
    char why[200];
} hb_feeders_wait;
void hb_feeders_waiting(hb_feeders *f, hb_feeders_wait *ret);
/* Fills sources and n_sources. */
void hb_feeders_health(hb_feeders *f, hb_health_snapshot *io);

#endif
