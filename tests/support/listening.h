/* SPDX-License-Identifier: Apache-2.0 */
/* A live source running in a thread of its own, as in the daemon, and what it handed over. The test
 * decides when the journal is full and when the program ends. */
#ifndef HB_TESTS_SUPPORT_LISTENING_H
#define HB_TESTS_SUPPORT_LISTENING_H

#include "source/source.h"

#include <pthread.h>

enum { LISTENING_RECORDS_MAX = 70000, LISTENING_LOST = 8, LISTENING_DEADLINE_MS = 60000 };

typedef struct listening_record {
    hb_record_kind kind;
    char topic[64];
    char text[400];
} listening_record;

typedef struct listening {
    const hb_source_ops *ops;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    bool full;   /* put waits */
    bool ending; /* put says so */
    listening_record *records;
    size_t n;
    size_t messages; /* of the n */
    struct {
        const char *reason;
        uint64_t n;
    } lost[LISTENING_LOST];
    hb_source_sink sink;
    hb_source *source;
    hb_status status;
    hb_error err;
} listening;

listening *listening_start(const hb_source_ops *ops, const void *config);
/* run() once more after it has returned. */
void listening_again(listening *l);
void listening_set(listening *l, bool *flag, bool value);
void listening_stop(listening *l);

/* Until messages, and losses for the reason (may be NULL), together are `n`. */
void listening_wait(listening *l, size_t n, const char *reason);
/* With the lock held, or after the source has nothing to do any more. */
uint64_t listening_lost(const listening *l, const char *reason);
bool listening_has(listening *l, const char *topic, const char *text);

#endif
