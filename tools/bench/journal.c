/* SPDX-License-Identifier: Apache-2.0 */
/* Records a second into the journal and out of it.
 *
 *     bench_journal DIR THREADS RECORDS PAYLOAD_BYTES
 *
 * prints {"threads", "records", "payload_bytes", "append_per_s", "read_per_s",
 * "slowest_append_ms"}. DIR is made, and is left behind. */
#include "journal/journal.h"

#include "base/mem.h"
#include "base/num.h"

#include <pthread.h>
#include <stdio.h>

enum { THREADS_MAX = 64 };

typedef struct worker {
    hb_journal *j;
    uint64_t records;
    size_t payload_bytes;
    int64_t slowest_ns;
    bool failed;
} worker;

static void *append(void *arg)
{
    worker *w = arg;
    char *payload = hb_alloc_zero(w->payload_bytes + 1);
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("mqtt"),
                   .topic = HB_STR("rig/temp"),
                   .payload = {payload, w->payload_bytes},
                   .event = HB_TIME_NONE};
    hb_error err = {0};
    int64_t last = hb_os_real()->monotonic_ns();
    for (uint64_t i = 0; i < w->records && payload && !w->failed; i++) {
        uint64_t at = 0;
        r.arrival = (hb_time)i;
        w->failed = hb_journal_append(w->j, &r, &at, &err) != HB_OK;
        if (i % 64 == 0) { /* looking at the clock each time would cost more than appending */
            int64_t now = hb_os_real()->monotonic_ns();
            w->slowest_ns = now - last > w->slowest_ns ? now - last : w->slowest_ns;
            last = now;
            hb_journal_release_before(w->j, at);
        }
    }
    if (w->failed || !payload) {
        fprintf(stderr, "bench_journal: %s\n", err.msg);
    }
    hb_free(payload);
    return NULL;
}

static uint64_t read_all(hb_journal *j)
{
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = true;
    uint64_t n = 0;
    if (hb_journal_reader_open(j, hb_journal_begin(j), &r, NULL) != HB_OK) {
        return 0;
    }
    while (hb_journal_next(r, &record, &more, NULL) == HB_OK && more) {
        n++;
    }
    hb_journal_reader_close(r);
    return n;
}

static double per_s(uint64_t n, int64_t from_ns)
{
    return (double)n / ((double)(hb_os_real()->monotonic_ns() - from_ns) / 1e9);
}

int main(int argc, char **argv)
{
    static worker workers[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    int64_t given[3] = {0};
    hb_journal *j = NULL;
    hb_error err = {0};
    /* A day's daemon: 64 MiB segments, 1 GiB kept. */
    const hb_journal_options o = {.segment_bytes = 64 << 20, .max_bytes = UINT64_C(1) << 30};
    for (int i = 0; i < 3; i++) {
        if (argc != 5 || !hb_num_parse_i64(argv[2 + i], strlen(argv[2 + i]), &given[i]) ||
            given[i] < 1) {
            fputs("usage: bench_journal DIR THREADS RECORDS PAYLOAD_BYTES\n", stderr);
            return 2;
        }
    }
    size_t n = given[0] < THREADS_MAX ? (size_t)given[0] : THREADS_MAX;
    if (hb_journal_open(hb_os_real(), argv[1], &o, &j, &err) != HB_OK) {
        fprintf(stderr, "bench_journal: %s\n", err.msg);
        return 1;
    }
    int64_t began = hb_os_real()->monotonic_ns();
    for (size_t i = 0; i < n; i++) {
        workers[i] =
            (worker){.j = j, .records = (uint64_t)given[1], .payload_bytes = (size_t)given[2]};
        if (pthread_create(&threads[i], NULL, append, &workers[i]) != 0) {
            return 1;
        }
    }
    int64_t slowest = 0;
    bool failed = false;
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        slowest = workers[i].slowest_ns > slowest ? workers[i].slowest_ns : slowest;
        failed = failed || workers[i].failed;
    }
    double append_rate = per_s(n * (uint64_t)given[1], began);
    began = hb_os_real()->monotonic_ns();
    double read_rate = per_s(read_all(j), began);
    printf("{\"threads\": %zu, \"records\": %lld, \"payload_bytes\": %lld, \"append_per_s\": %.0f, "
           "\"read_per_s\": %.0f, \"slowest_append_ms\": %.3f}\n",
           n, (long long)given[1], (long long)given[2], append_rate, read_rate,
           (double)slowest / 1e6);
    hb_journal_close(j);
    return failed;
}
