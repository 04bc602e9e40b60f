/* SPDX-License-Identifier: Apache-2.0 */
/* Every system call and every access of the registry's file fails, once or until it is told to
 * stop, while the engine reads, trains, judges, commits and writes its state: the engine goes on as
 * the daemon makes it, a fresh one goes on after it, and both have decided what one without faults
 * decides. */
#include "support/check.h"

#include "base/mem.h"
#include "baseline/set.h"
#include "support/engine_case.h"
#include "support/fault_os.h"
#include "support/fault_vfs.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE = 3, STEPS_MAX = 10000, MOVE_AT = 70 };

typedef struct fault_kind {
    const char *name;
    bool sqlite; /* its file, else a system call */
    int code;
    bool persistent; /* until PATIENCE failures were seen */
} fault_kind;

static int setup(void **state)
{
    (void)state;
    fault_vfs_install();
    return 0;
}

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

static bool seen; /* it fired before it was mended */

static void arm(const fault_kind *k, unsigned long nth)
{
    if (k && k->sqlite && k->code == SQLITE_IOERR_SHMLOCK) {
        fault_vfs_fail_lock(nth, k->persistent);
    } else if (k && k->sqlite) {
        fault_vfs_fail(nth, k->code, k->persistent);
    } else if (k) {
        fault_os_fail(nth, k->code, k->persistent);
    }
}

static bool fired(const fault_kind *k)
{
    return k && (seen || (k->sqlite ? fault_vfs_fired() : fault_os_fired()));
}

static void mend(const fault_kind *k)
{
    seen = fired(k);
    fault_vfs_fail(0, 0, false);
    fault_vfs_fail_lock(0, false);
    fault_os_fail(0, 0, false);
}

/* Failures are waited out, as supervise.c does; what cannot be waited out fails the test. */
static void waited(const fault_kind *k, unsigned long nth, const hb_error *why, unsigned *io_n)
{
    bool can_wait = why->code == HB_E_STORE || why->code == HB_E_IO || why->code == HB_E_LIMIT;
    if (!fired(k) || !can_wait) {
        fail_msg("%s, call %lu: %s: %s", k ? k->name : "no fault", nth, hb_status_name(why->code),
                 why->msg);
    }
    if (++*io_n >= PATIENCE) {
        mend(k);
    }
}

/* A person moves the tag in the middle: to a run, so that its set has to be found as well. */
static void move_tag(engine_case *b)
{
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    hb_arena arena;
    const hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE, .limit = 64};
    size_t first = 0; /* a window of the training, which became a run */
    hb_arena_init(&arena, 4 << 20);
    CHECK_OK(hb_live_list_windows(b->store, &q, &arena, &rows, &n, &err));
    for (size_t i = 0; i < n; i++) {
        bool tumbling = strcmp(rows[i].name, "10s") == 0;
        bool better = strcmp(rows[first].name, "10s") != 0 || rows[i].end < rows[first].end;
        first = tumbling && better ? i : first;
    }
    const hb_baseline_request request = {.run_id = rows[first].run_id,
                                         .tag = b->config.windows[0].tag,
                                         .registry_digest = hb_registry_digest(b->registry),
                                         .set_by = "test",
                                         .note = "",
                                         .now = hb_os_real()->now(),
                                         .force = true};
    CHECK_OK(hb_baseline_set(b->store, &b->policy, &request, &err));
    hb_arena_release(&arena);
}

static hb_engine *begin(engine_case *b, const fault_kind *k, unsigned long nth, unsigned *io_n)
{
    const hb_engine_setup s = engine_setup_of(b);
    hb_engine *e = NULL;
    hb_error why = {0};
    while (hb_engine_new(&s, &e, &why) != HB_OK) {
        waited(k, nth, &why, io_n);
    }
    return e;
}

/* Until what is read at MOVE_AT records, or to the journal's end. */
static void read_on(hb_engine *e, size_t until, const fault_kind *k, unsigned long nth,
                    unsigned *io_n)
{
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        hb_error why = {0};
        hb_engine_state s;
        bool moved = false;
        hb_engine_get_state(e, &s);
        if (s.records >= until) {
            return;
        }
        if (hb_engine_step(e, 1, &moved, &why) != HB_OK) {
            waited(k, nth, &why, io_n);
        } else if (!moved) {
            return;
        } else if (i % 16 == 7 && hb_engine_checkpoint(e, &why) != HB_OK) {
            waited(k, nth, &why, io_n);
        }
    }
    fail_msg("it does not come to an end");
}

static void visit(engine_case *b, const fault_kind *k, unsigned long nth)
{
    unsigned failures = 0;
    hb_error why = {0};
    seen = false;
    arm(k, nth);
    hb_engine *e = begin(b, k, nth, &failures);
    read_on(e, MOVE_AT, k, nth, &failures);
    while (hb_engine_checkpoint(e, &why) != HB_OK) {
        waited(k, nth, &why, &failures);
    }
    /* The person's own command is not what is tested. */
    bool was = fired(k);
    mend(k);
    move_tag(b);
    if (!was) {
        arm(k, nth);
    }
    while (hb_engine_look_at_tags(e, &why) != HB_OK) {
        waited(k, nth, &why, &failures);
    }
    read_on(e, SIZE_MAX, k, nth, &failures);
    while (hb_engine_checkpoint(e, &why) != HB_OK) {
        waited(k, nth, &why, &failures);
    }
    hb_engine_free(e);
}

/* Nothing is left to be done, and nothing is decided otherwise. */
static void check_fresh(engine_case *b)
{
    const hb_engine_setup s = engine_setup_of(b);
    hb_engine *e = NULL;
    bool moved = true;
    CHECK_OK(hb_engine_new(&s, &e, &err));
    while (moved) {
        CHECK_OK(hb_engine_step(e, 100, &moved, &err));
    }
    hb_engine_state state;
    hb_engine_get_state(e, &state);
    assert_string_equal(state.evidence_why, "");
    assert_int_equal(state.decided, hb_journal_end(b->journal));
    hb_engine_free(e);
}

static char *outcome_with(const fault_kind *k, unsigned long nth, bool *ret_fired)
{
    static unsigned n;
    char name[32];
    engine_case b;
    snprintf(name, sizeof name, "case-%u", n++);
    engine_open(&b, name, fault_os());
    engine_append_all(&b);
    visit(&b, k, nth);
    *ret_fired = fired(k);
    mend(k);
    seen = false;
    check_fresh(&b);
    char *text = engine_outcome(&b);
    engine_close(&b);
    return text;
}

/* HB_FAULTS_ALL=1: every call; else the first ones and then ever larger steps. */
static void each_call(const fault_kind *k)
{
    bool again = false;
    bool all = getenv("HB_FAULTS_ALL") != NULL;
    char *expected = outcome_with(NULL, 0, &again);
    assert_non_null(strstr(expected, " PASS_WITH_DRIFT "));
    unsigned n_fired = 0;
    unsigned long nth = 1;
    for (again = true; again; nth += all ? 1 : 1 + nth / 6) {
        drop_dir(NULL);
        make_dir(NULL);
        char *got = outcome_with(k, nth, &again);
        if (strcmp(got, expected) != 0) {
            fail_msg("%s, call %lu: decided otherwise:\n%s\nexpected:\n%s", k->name, nth, got,
                     expected);
        }
        hb_free(got);
        n_fired += again;
    }
    assert_true(n_fired > 10);
    hb_free(expected);
}

static void engine__goes_on_when_any_system_call_fails(void **state)
{
    (void)state;
    static const fault_kind kinds[] = {
        {"EIO once", false, EIO, false},
        {"EIO for a while", false, EIO, true},
        {"ENOSPC once", false, ENOSPC, false},
        {"ENOSPC for a while", false, ENOSPC, true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        each_call(&kinds[i]);
    }
}

static void engine__goes_on_when_the_registry_s_file_fails(void **state)
{
    (void)state;
    static const fault_kind kinds[] = {
        {"SQLite's write once", true, SQLITE_IOERR_WRITE, false},
        {"SQLite's write for a while", true, SQLITE_IOERR_WRITE, true},
        {"registry's disk full once", true, SQLITE_FULL, false},
        {"registry's disk full for a while", true, SQLITE_FULL, true},
        {"registry's lock once", true, SQLITE_IOERR_SHMLOCK, false},
        {"registry's lock for a while", true, SQLITE_IOERR_SHMLOCK, true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        each_call(&kinds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(engine__goes_on_when_any_system_call_fails, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(engine__goes_on_when_the_registry_s_file_fails, make_dir,
                                        drop_dir),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
