/* SPDX-License-Identifier: Apache-2.0 */
/* What a live source hands over, kept in memory. One thread: while the source sleeps, `on_sleep`
 * does what the test wants to happen (a file grows, is renamed …) and says whether to go on. */
#ifndef HB_TESTS_SUPPORT_SOURCE_SINK_H
#define HB_TESTS_SUPPORT_SOURCE_SINK_H

#include "source/source.h"

typedef struct kept_record {
    hb_record_kind kind;
    char *topic;
    char *payload;
    hb_time event;
} kept_record;

typedef struct source_sink {
    hb_source_sink sink;
    kept_record *records;
    size_t n;
    size_t cap;
    size_t stop_after;   /* records; 0 = no limit */
    hb_status fail_with; /* put: this instead of keeping the record */
    size_t fail_from;    /* from this record on */
    unsigned sleeps;
    uint64_t slept_ms;
    bool (*on_sleep)(struct source_sink *s, unsigned n); /* NULL: do not go on */
    void *ctx;
    hb_source_state state;
    char why[300];
    char lost[300]; /* "too_large 1; …" */
} source_sink;

void source_sink_init(source_sink *s);
void source_sink_release(source_sink *s);
/* Payloads, one behind the other, each ended by '|'. Valid until the next call. */
const char *source_sink_text(const source_sink *s);
/* The last record, as env.last wants it; NULL = none. */
const hb_record *source_sink_last(const source_sink *s, hb_record *room);

/* defaults, change(config), open, run, close. `last` may be NULL. */
hb_status source_run(const hb_source_ops *ops, void *config, const hb_record *last, source_sink *s,
                     hb_error *err);

#endif
