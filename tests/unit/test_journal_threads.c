/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads append, read, hold, release and sync at once; a second opening follows as another
 * process would. Run under the tsan preset as well. */
#include "support/check.h"

#include "journal/journal.h"
#include "support/temp_dir.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRITERS = 4, EACH = 6000, MIB = 1 << 20, ALL = WRITERS * EACH };

static struct {
    hb_journal *j;
    _Atomic unsigned failures; /* cmocka's checks are for its own thread only */
    _Atomic bool stop;
    _Atomic uint64_t judged; /* the slower reader has read up to here */
} shared;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    memset(&shared, 0, sizeof shared);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

static void expect(bool right)
{
    shared.failures += !right;
}

static void *write_records(void *arg)
{
    unsigned me = *(const unsigned *)arg;
    char source[16];
    char payload[400];
    snprintf(source, sizeof source, "writer-%u", me);
    memset(payload, 'p', sizeof payload);
    for (unsigned i = 0; i < EACH;) {
        snprintf(payload, sizeof payload, "%08u", i);
        payload[8] = 'p';
        const hb_record r = {.kind = HB_RECORD_MESSAGE,
                             .source = hb_str_of(source),
                             .topic = HB_STR("t"),
                             .payload = {payload, 20 + (i * 7 + me) % 380},
                             .event = HB_TIME_NONE,
                             .arrival = (hb_time)i};
        uint64_t at = 0;
        hb_status status = hb_journal_append(shared.j, &r, &at, NULL);
        if (status == HB_OK) {
            i++;
        } else if (status == HB_E_LIMIT) {
            hb_journal_wait_room(shared.j, 20);
        } else {
            expect(false);
            return NULL;
        }
    }
    return NULL;
}

/* Every writer's records in their order, none missing, none twice. */
static void read_all(hb_journal *j, bool release)
{
    unsigned next[WRITERS] = {0};
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = false;
    if (hb_journal_reader_open(j, 0, &r, NULL) != HB_OK) {
        expect(false);
        return;
    }
    for (unsigned n = 0; n < ALL && shared.failures == 0;) {
        if (hb_journal_next(r, &record, &more, NULL) != HB_OK) {
            expect(false);
            break;
        }
        if (!more) {
            hb_journal_wait(j, hb_journal_end(j), 20);
            continue;
        }
        unsigned who = (unsigned)(record.source.p[record.source.n - 1] - '0');
        char number[9] = {0};
        memcpy(number, record.payload.p, 8);
        expect(who < WRITERS && strtoul(number, NULL, 10) == next[who]);
        expect(record.payload.n == 20 + (next[who] * 7 + who) % 380);
        next[who] += 1;
        n++;
        if (release && n % 100 == 0) {
            shared.judged = record.next;
            hb_journal_release_before(j, record.next);
        }
    }
    hb_journal_reader_close(r);
}

static void *read_and_release(void *arg)
{
    (void)arg;
    read_all(shared.j, true);
    return NULL;
}

static void *read_beside(void *arg)
{
    (void)arg;
    read_all(shared.j, false);
    return NULL;
}

static void *follow(void *arg)
{
    const hb_journal_options reading = {.read_only = true};
    hb_journal *j = NULL;
    (void)arg;
    if (hb_journal_open(hb_os_real(), temp_path("j"), &reading, &j, NULL) != HB_OK) {
        expect(false);
        return NULL;
    }
    read_all(j, false);
    hb_journal_close(j);
    return NULL;
}

/* What else a daemon does meanwhile. */
static void *meddle(void *arg)
{
    hb_buf text;
    (void)arg;
    hb_buf_init(&text, 8 * MIB);
    while (!shared.stop) {
        hb_journal_state st;
        hb_record last;
        bool found = false;
        hb_journal_get_state(shared.j, &st);
        expect(st.begin <= st.released && st.released <= st.end && st.synced <= st.end);
        expect(st.sync_failed == HB_OK);
        expect(hb_journal_last_of(shared.j, "writer-2", &text, &last, &found, NULL) == HB_OK);
        expect(hb_journal_last_of(shared.j, "nobody", &text, &last, &found, NULL) == HB_OK);
        expect(!found);
        expect(hb_journal_sync(shared.j, NULL) == HB_OK);
        if (hb_journal_hold(shared.j, "now", hb_journal_begin(shared.j), INT64_MAX, NULL) ==
            HB_OK) {
            expect(hb_journal_unhold(shared.j, "now", NULL) == HB_OK);
        }
        hb_journal_wait_room(shared.j, 2);
    }
    hb_buf_release(&text);
    return NULL;
}

static void run(const hb_journal_options *options, void *(*const readers[])(void *), size_t n)
{
    pthread_t writer[WRITERS];
    pthread_t reader[4];
    pthread_t meddler;
    static unsigned number[WRITERS];
    CHECK_OK(hb_journal_open(hb_os_real(), temp_path("j"), options, &shared.j, &err));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(pthread_create(&reader[i], NULL, readers[i], NULL), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        number[i] = i;
        assert_int_equal(pthread_create(&writer[i], NULL, write_records, &number[i]), 0);
    }
    assert_int_equal(pthread_create(&meddler, NULL, meddle, NULL), 0);
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writer[i], NULL);
    }
    for (size_t i = 0; i < n; i++) {
        pthread_join(reader[i], NULL);
    }
    shared.stop = true;
    hb_journal_wake(shared.j);
    pthread_join(meddler, NULL);
    hb_journal_state st;
    hb_journal_get_state(shared.j, &st);
    hb_journal_close(shared.j);
    assert_int_equal(shared.failures, 0);
    assert_int_equal(st.records, ALL);
}

static void journal__serves_writers_readers_and_followers_at_once(void **state)
{
    (void)state;
    const hb_journal_options all = {.segment_bytes = MIB, .sync_ms = 2};
    static void *(*const readers[])(void *) = {read_and_release, read_beside, follow};
    run(&all, readers, 3);
}

/* Writers wait for the reader, which is what gives them room. */
static void journal__pushes_back_and_drops_while_it_is_read(void **state)
{
    (void)state;
    const hb_journal_options capped = {.segment_bytes = MIB, .max_bytes = 2 * MIB, .sync_ms = 2};
    static void *(*const readers[])(void *) = {read_and_release};
    run(&capped, readers, 1);
}

static void *wait_long(void *arg)
{
    (void)arg;
    shared.judged = 1; /* has begun */
    bool came = hb_journal_wait(shared.j, 0, 600000);
    expect(came);
    hb_journal_wait_room(shared.j, 600000);
    return NULL;
}

static void wake__ends_waiting(void **state)
{
    (void)state;
    const hb_journal_options o = {.segment_bytes = MIB};
    pthread_t waiter;
    uint64_t at = 0;
    const hb_record r = {.kind = HB_RECORD_TICK, .source = HB_STR("s"), .event = HB_TIME_NONE};
    CHECK_OK(hb_journal_open(hb_os_real(), temp_path("j"), &o, &shared.j, &err));
    assert_int_equal(pthread_create(&waiter, NULL, wait_long, NULL), 0);
    while (!shared.judged) {
    }
    CHECK_OK(hb_journal_append(shared.j, &r, &at, &err));
    /* It may not wait for room yet: waking goes on until it has ended. */
    while (pthread_tryjoin_np(waiter, NULL) != 0) {
        hb_journal_wake(shared.j);
        hb_journal_wait_room(shared.j, 1);
    }
    hb_journal_close(shared.j);
    assert_int_equal(shared.failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
        IN_DIR(journal__serves_writers_readers_and_followers_at_once),
        IN_DIR(journal__pushes_back_and_drops_while_it_is_read),
        IN_DIR(wake__ends_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
