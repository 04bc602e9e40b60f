/* SPDX-License-Identifier: Apache-2.0 */
/* Appends from three threads until it is killed, and writes the number of each record that was
 * acknowledged to standard output, each in one write(2): "THREAD NUMBER\n".
 *
 *     journal_writer DIR SEED */
#include "journal/journal.h"
#include "stats/random.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 3 };

static hb_journal *journal;
static uint64_t seed;

static void *append(void *arg)
{
    unsigned me = *(const unsigned *)arg;
    static const char filler[20000] = {1};
    char source[16];
    char *payload = malloc(sizeof filler + 32);
    hb_random random = hb_random_of(seed, me);
    snprintf(source, sizeof source, "t%u", me);
    if (!payload) {
        exit(1);
    }
    for (unsigned i = 0;; i++) {
        char line[32];
        uint64_t at = 0;
        hb_error err = {0};
        int n = snprintf(payload, 32, "%u %u ", me, i);
        size_t more = (size_t)hb_random_below(&random, hb_random_below(&random, 50) ? 300 : 20000);
        memset(payload + n, 'a' + (int)(i % 26), more);
        const hb_record r = {.kind = HB_RECORD_MESSAGE,
                             .source = hb_str_of(source),
                             .topic = HB_STR("kill"),
                             .payload = {payload, (size_t)n + more},
                             .event = HB_TIME_NONE,
                             .arrival = (hb_time)i};
        if (hb_journal_append(journal, &r, &at, &err) != HB_OK) {
            fprintf(stderr, "%s\n", err.msg);
            exit(1);
        }
        n = snprintf(line, sizeof line, "%u %u\n", me, i);
        if (write(STDOUT_FILENO, line, (size_t)n) != n) {
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    const hb_journal_options o = {.segment_bytes = 1 << 20, .sync_ms = 50};
    static unsigned number[THREADS];
    pthread_t thread[THREADS];
    hb_error err = {0};
    if (argc != 3 || hb_journal_open(hb_os_real(), argv[1], &o, &journal, &err) != HB_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    seed = strtoul(argv[2], NULL, 10);
    for (unsigned i = 0; i < THREADS; i++) {
        number[i] = i;
        if (pthread_create(&thread[i], NULL, append, &number[i]) != 0) {
            return 1;
        }
    }
    pthread_join(thread[0], NULL);
    return 1;
}
