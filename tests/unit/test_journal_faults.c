/* SPDX-License-Identifier: Apache-2.0 */
/* Every system call fails, the power goes at any moment: what was acknowledged
 * (before a power cut: what was synced) is readable afterwards, and nothing else is told. */
#include "support/check.h"

#include "journal/inspect.h"
#include "os/file.h"
#include "stats/random.h"
#include "support/fault_os.h"
#include "support/journal_case.h"
#include "support/power_cut.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MIB = 1 << 20, BIG = 250000, MOST = 400 };

static const hb_journal_options small = {
    .segment_bytes = MIB, .max_bytes = 4 * MIB, .no_sync_thread = true};

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    power_cut_end();
    temp_dir_remove();
    return 0;
}

/* --- every call fails --- */

/* What was acknowledged. */
static struct {
    uint64_t at[MOST];
    unsigned number[MOST];
    unsigned n;
    uint64_t released;
} ledger;

static hb_status try_append(hb_journal *j, unsigned i)
{
    static char payload[BIG];
    uint64_t at = 0;
    snprintf(payload, sizeof payload, "%08u", i);
    payload[8] = 'x';
    hb_record r = case_message("s", "t", (hb_str){payload, sizeof payload}, (hb_time)i);
    hb_status status = hb_journal_append(j, &r, &at, NULL);
    if (status == HB_OK) {
        ledger.at[ledger.n] = at;
        ledger.number[ledger.n++] = i;
    }
    return status;
}

/* Everything a daemon does to a journal. A failure is told and the rest goes on. */
static void visit(const hb_os *os, bool *ret_failed)
{
    hb_journal *j = NULL;
    hb_error err = {0};
    if (hb_journal_open(os, temp_path("j"), &small, &j, &err) != HB_OK) {
        *ret_failed = true;
        assert_true(err.msg[0]);
        assert_true(err.code == HB_E_IO || err.code == HB_E_LIMIT || err.code == HB_E_INPUT);
        return;
    }
    for (unsigned i = 10; i < 40; i++) {
        if (ledger.n > 4) {
            ledger.released = ledger.at[ledger.n - 4];
            hb_journal_release_before(j, ledger.released);
        }
        for (int tries = 0; tries < 3 && try_append(j, i) != HB_OK; tries++) {
            *ret_failed = true;
        }
        if (i == 20) {
            *ret_failed |= hb_journal_sync(j, NULL) != HB_OK;
        }
    }
    hb_journal_state st;
    hb_journal_get_state(j, &st);
    *ret_failed |= st.sync_failed != HB_OK;
    hb_buf text;
    hb_record last;
    bool found = false;
    hb_buf_init(&text, 8 * MIB);
    *ret_failed |= hb_journal_last_of(j, "first", &text, &last, &found, NULL) != HB_OK;
    hb_buf_release(&text);
    hb_journal_close(j);
}

/* Two segments, the first of them held, and a torn end. */
static void prepare(void)
{
    hb_journal *j = NULL;
    temp_dir_new();
    memset(&ledger, 0, sizeof ledger);
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
    uint64_t first = case_number(j, "first", 0, 0);
    for (unsigned i = 1; i < 7; i++) {
        assert_int_equal(try_append(j, i), HB_OK);
    }
    CHECK_OK(hb_journal_hold(j, "case", first, ledger.at[0] + 8, &err));
    uint64_t end = hb_journal_end(j);
    uint64_t start = ledger.at[4]; /* the second segment begins there: four a MiB */
    hb_journal_close(j);
    char name[80];
    snprintf(name, sizeof name, "j/%020llu.hbj", (unsigned long long)start);
    FILE *f = fopen(temp_path(name), "r+b");
    assert_non_null(f);
    fseek(f, (long)(4096 + end - start + 200), SEEK_SET);
    fputs("torn", f);
    fclose(f);
}

static void check_ledger(void)
{
    hb_journal *j = NULL;
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = false;
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
    uint64_t begin = hb_journal_begin(j);
    for (unsigned i = 0; i < ledger.n; i++) {
        bool must = i < 4 || ledger.at[i] >= ledger.released;
        if (!must && ledger.at[i] < begin) {
            continue;
        }
        CHECK_OK(hb_journal_reader_open(j, ledger.at[i], &r, &err));
        CHECK_OK(hb_journal_next(r, &record, &more, &err));
        assert_true(more);
        assert_int_equal(case_number_of(&record), ledger.number[i]);
        hb_journal_reader_close(r);
    }
    /* And nothing else is there: from `begin` on exactly what was acknowledged. */
    CHECK_OK(hb_journal_reader_open(j, begin, &r, &err));
    unsigned k = 0;
    while (k < ledger.n && ledger.at[k] < begin) {
        k++;
    }
    for (;; k++) {
        CHECK_OK(hb_journal_next(r, &record, &more, &err));
        if (!more) {
            break;
        }
        if (hb_str_eq_c(record.source, "first")) {
            k--;
            continue;
        }
        assert_true(k < ledger.n);
        assert_int_equal(record.position, ledger.at[k]);
    }
    assert_int_equal(k, ledger.n);
    hb_journal_reader_close(r);
    hb_journal_close(j);
    case_verifies(temp_path("j"));
}

static void journal__keeps_what_it_acknowledged_when_any_call_fails(void **state)
{
    (void)state;
    static const int reasons[] = {EIO, ENOSPC};
    for (int kind = 0; kind < 4; kind++) {
        unsigned long n = 1;
        for (;; n++) {
            bool failed = false;
            prepare();
            fault_os_fail(n, reasons[kind / 2], kind % 2);
            visit(fault_os(), &failed);
            bool fired = fault_os_fired();
            check_ledger();
            if (!fired) {
                assert_false(failed);
                assert_int_equal(ledger.n, 36);
                break;
            }
        }
        assert_true(n > 50);
    }
}

static void damage(const char *name, long at)
{
    FILE *f = fopen(temp_path(name), "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 0x10, f);
    fclose(f);
}

static void repair__can_fail_anywhere_and_be_run_again(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++) {
        unsigned long n = 1;
        for (;; n++) {
            prepare();
            damage("j/00000000000000000000.hbj", 4096 + 48 + 100); /* record 1 */
            fault_os_fail(n, EIO, persistent);
            hb_status status = case_repair(fault_os(), NULL);
            bool fired = fault_os_fired();
            if (!fired) {
                assert_int_equal(status, HB_OK);
            }
            hb_error again = {0};
            if (case_repair(case_os(), &again) != HB_OK) {
                fail_msg("after call %lu failed: %s", n, again.msg);
            }
            case_verifies(temp_path("j"));
            hb_journal *j = NULL;
            CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
            hb_journal_reader *r = NULL;
            hb_record record;
            bool more = true;
            unsigned whole = 0;
            CHECK_OK(hb_journal_reader_open(j, 0, &r, &err));
            for (;;) {
                CHECK_OK(hb_journal_next(r, &record, &more, &err));
                if (!more) {
                    break;
                }
                whole += record.kind == HB_RECORD_MESSAGE;
            }
            assert_int_equal(whole, 6); /* seven, of which one was damaged */
            hb_journal_reader_close(r);
            hb_journal_close(j);
            if (!fired) {
                break;
            }
        }
        assert_true(n > 20);
    }
}

static hb_status open_and_read(void)
{
    hb_journal *j = NULL;
    hb_journal_reader *r = NULL;
    hb_buf text;
    hb_record record;
    bool found = false;
    HB_TRY(hb_journal_open(case_os(), temp_path("j"), &small, &j, NULL));
    hb_buf_init(&text, 8 * MIB);
    hb_status status = hb_journal_last_of(j, "first", &text, &record, &found, NULL);
    status = status == HB_OK ? hb_journal_reader_open(j, 0, &r, NULL) : status;
    status = status == HB_OK ? hb_journal_next(r, &record, &found, NULL) : status;
    status = status == HB_OK ? hb_journal_hold(j, "more", 0, 8, NULL) : status;
    hb_journal_reader_close(r);
    hb_buf_release(&text);
    hb_journal_close(j);
    return status;
}

static void journal__says_when_memory_is_out(void **state)
{
    (void)state;
    prepare();
    fault_loop(open_and_read);
}

/* --- the power goes --- */

typedef struct cut_round {
    hb_random random;
    uint64_t at[MOST];
    size_t more[MOST];
    unsigned n;      /* appended, the one under way included */
    uint64_t synced; /* told by the journal before the power went */
} cut_round;

static void note_synced(cut_round *c, hb_journal *j)
{
    if (!power_cut_happened()) {
        hb_journal_state st;
        hb_journal_get_state(j, &st);
        c->synced = st.synced;
    }
}

static void append_for_cut(cut_round *c, hb_journal *j)
{
    uint64_t dice = hb_random_below(&c->random, 10);
    size_t more = (size_t)hb_random_below(&c->random, dice < 5 ? 300 : dice < 8 ? 20000 : 200000);
    c->more[c->n] = more;
    c->at[c->n] = hb_journal_end(j);
    c->n++;
    hb_journal_release_before(j, hb_journal_end(j));
    assert_int_equal(case_number(j, "s", c->n - 1, more), c->at[c->n - 1]);
}

/* Opens, appends, syncs now and then until the power is gone. */
static void run_until_cut(cut_round *c, const char *dir, const char *out)
{
    hb_journal *j = NULL;
    unsigned steps = 1 + (unsigned)hb_random_below(&c->random, 150);
    bool by_call = hb_random_below(&c->random, 2);
    power_cut_arm(by_call ? 1 + (unsigned long)hb_random_below(&c->random, 60) : 0, out);
    CHECK_OK(hb_journal_open(power_cut_os(), dir, &small, &j, &err));
    note_synced(c, j);
    for (unsigned i = 0; i < steps && c->n < MOST && !power_cut_happened(); i++) {
        append_for_cut(c, j);
        uint64_t dice = hb_random_below(&c->random, 20);
        if (dice == 0) {
            CHECK_OK(hb_journal_sync(j, &err));
        } else if (dice < 4) {
            power_cut_writeback();
        }
        note_synced(c, j);
    }
    /* Closing syncs: the power goes before that. */
    power_cut_now();
    hb_journal_close(j);
}

/* What is found after the power came back. Numbers from the first kept on, without a hole and
 * with their bytes, at least up to what was synced. */
static void check_found(const cut_round *c, const char *dir)
{
    hb_journal *j = NULL;
    CHECK_OK(hb_journal_open(case_os(), dir, &small, &j, &err));
    if (hb_journal_end(j) < c->synced) {
        fail_msg("the journal ends at %llu, synced was %llu", (unsigned long long)hb_journal_end(j),
                 (unsigned long long)c->synced);
    }
    uint64_t begin = hb_journal_begin(j);
    unsigned first = 0;
    while (first < c->n && c->at[first] < begin) {
        first++;
    }
    unsigned n = case_read(j, begin, first);
    assert_true(first + n <= c->n);
    hb_journal_release_before(j, hb_journal_end(j)); /* room for one more */
    uint64_t next = case_number(j, "s", first + n, 100);
    assert_int_equal(case_read(j, next, first + n), 1);
    hb_journal_close(j);
    case_verifies(dir);
}

/* The power goes while appending, again while recovering, and then comes back for good. */
static void journal__keeps_what_was_synced_when_the_power_goes(void **state)
{
    (void)state;
    const char *rounds = getenv("HB_POWER_CUTS");
    unsigned n = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 60;
    unsigned survived = 0;
    unsigned lost = 0;
    for (unsigned i = 0; i < n; i++) {
        cut_round c = {.random = hb_random_of(20260105, i)};
        case_dir("j");
        case_dir("found");
        power_cut_begin(temp_path("j"), i);
        run_until_cut(&c, temp_path("j"), temp_path("found"));
        if (i % 2) {
            case_dir("again");
            power_cut_begin(temp_path("found"), i);
            power_cut_arm(1 + (unsigned long)hb_random_below(&c.random, 25), temp_path("again"));
            hb_journal *j = NULL;
            CHECK_OK(hb_journal_open(power_cut_os(), temp_path("found"), &small, &j, &err));
            power_cut_now();
            hb_journal_close(j);
            power_cut_end();
            check_found(&c, temp_path("again"));
        } else {
            power_cut_end();
            check_found(&c, temp_path("found"));
        }
        survived += c.synced > 0;
        lost += c.n > 0 && c.at[c.n - 1] >= c.synced;
    }
    assert_true(survived > n / 3 && lost > n / 3); /* else the rounds show nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
        IN_DIR(journal__keeps_what_it_acknowledged_when_any_call_fails),
        IN_DIR(repair__can_fail_anywhere_and_be_run_again),
        IN_DIR(journal__says_when_memory_is_out),
        IN_DIR(journal__keeps_what_was_synced_when_the_power_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
