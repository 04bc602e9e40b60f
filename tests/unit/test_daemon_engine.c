/* SPDX-License-Identifier: Apache-2.0 */
/* The engine in process: what it decides depends on the records alone, whatever fails on the way.
 */
#include "support/check.h"

#include "base/mem.h"
#include "daemon/engine.h"
#include "store/store_internal.h"
#include "support/engine_case.h"
#include "support/temp_dir.h"

#include <stdio.h>

static hb_status run(engine_case *b, size_t most, hb_error *err)
{
    const hb_engine_setup setup = engine_setup_of(b);
    hb_engine *e = NULL;
    bool moved = true;
    HB_TRY(hb_engine_new(&setup, &e, err));
    hb_status status = HB_OK;
    while (moved && status == HB_OK) {
        hb_engine_state s;
        status = hb_engine_step(e, most, &moved, err);
        hb_journal_state j;
        hb_engine_get_state(e, &s);
        hb_journal_get_state(b->journal, &j);
        assert_true(j.synced >= s.decided); /* no decision before what it rests on is on the disk */
        assert_string_equal(s.evidence_why, "");
    }
    if (status == HB_OK) {
        status = hb_engine_checkpoint(e, err);
    }
    hb_engine_free(e);
    return status;
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

static char *expected_outcome(void)
{
    engine_case b;
    engine_open(&b, "whole", hb_os_real());
    engine_append_all(&b);
    CHECK_OK(run(&b, 1000, &err));
    char *all = engine_outcome(&b);
    engine_close(&b);
    return all;
}

static void engine__trains_then_finds_the_step_in_both_definitions(void **state)
{
    (void)state;
    char *all = expected_outcome();
    assert_non_null(strstr(all, "w-10s-2026-01-05T090000Z"));
    assert_non_null(strstr(all, "w-20s-10s-"));
    assert_non_null(strstr(all, " NO_TEST "));
    assert_non_null(strstr(all, " PASS "));
    assert_non_null(strstr(all, " PASS_WITH_DRIFT "));
    hb_free(all);
}

static void engine__batches_do_not_matter(void **state)
{
    (void)state;
    char *expected = expected_outcome();
    static const size_t most[] = {1, 7};
    for (size_t i = 0; i < 2; i++) {
        char name[16];
        engine_case b;
        snprintf(name, sizeof name, "most-%zu", most[i]);
        engine_open(&b, name, hb_os_real());
        engine_append_all(&b);
        CHECK_OK(run(&b, most[i], &err));
        char *got = engine_outcome(&b);
        assert_string_equal(got, expected);
        hb_free(got);
        engine_close(&b);
    }
    hb_free(expected);
}

/* Ended after every record without a checkpoint of its own, as kill -9 does. */
static void engine__begun_anew_at_every_record_decides_the_same(void **state)
{
    (void)state;
    char *expected = expected_outcome();
    engine_case b;
    engine_open(&b, "anew", hb_os_real());
    engine_append_all(&b);
    const hb_engine_setup setup = engine_setup_of(&b);
    for (size_t i = 0; i < ENGINE_WINDOWS * ENGINE_PER_WINDOW + 1; i++) {
        hb_engine *e = NULL;
        hb_engine_state s;
        bool moved = false;
        CHECK_OK(hb_engine_new(&setup, &e, &err));
        do { /* what was decided before, and one record more */
            CHECK_OK(hb_engine_step(e, 1, &moved, &err));
            hb_engine_get_state(e, &s);
        } while (s.reliving);
        assert_string_equal(s.evidence_why, "");
        if (i % 4 == 3) {
            CHECK_OK(hb_engine_checkpoint(e, &err));
        }
        hb_engine_free(e);
    }
    CHECK_OK(run(&b, 1000, &err));
    char *got = engine_outcome(&b);
    assert_string_equal(got, expected);
    hb_free(got);
    hb_free(expected);
    engine_close(&b);
}

/* A damaged state costs what it saved: the windows that were open are filled again, and what was
 * decided stays. */
static void engine__begins_again_when_its_state_is_damaged(void **state)
{
    (void)state;
    static const char *const damage[] = {"UPDATE live_states SET piece = x'0041'",
                                         "UPDATE live_states SET piece = x'0000000000'; UPDATE "
                                         "live_checkpoints SET state_bytes = 4"};
    for (size_t i = 0; i < 2; i++) {
        char name[16];
        engine_case b;
        snprintf(name, sizeof name, "damaged-%zu", i);
        engine_open(&b, name, hb_os_real());
        engine_append_all(&b);
        const hb_engine_setup setup = engine_setup_of(&b);
        hb_engine *e = NULL;
        hb_engine_state s;
        bool moved = false;
        CHECK_OK(hb_engine_new(&setup, &e, &err));
        CHECK_OK(hb_engine_step(e, ENGINE_WINDOWS * ENGINE_PER_WINDOW / 2, &moved, &err));
        CHECK_OK(hb_engine_checkpoint(e, &err));
        hb_engine_free(e);
        assert_int_equal(sqlite3_exec(b.store->db, damage[i], NULL, NULL, NULL), SQLITE_OK);
        CHECK_OK(hb_engine_new(&setup, &e, &err));
        hb_engine_get_state(e, &s);
        assert_true(s.restarted_from_open);
        do {
            CHECK_OK(hb_engine_step(e, 1000, &moved, &err));
        } while (moved);
        hb_engine_get_state(e, &s);
        assert_string_equal(s.evidence_why, "");
        CHECK_OK(hb_engine_checkpoint(e, &err));
        hb_engine_free(e);
        engine_close(&b);
    }
}

/* An allocation fails, the engine is thrown away, the next one goes on from the registry. Steps
 * grow: a visit allocates some ten thousand times. */
static void engine__survives_failing_allocations(void **state)
{
    (void)state;
    char *expected = expected_outcome();
    bool fired = true;
    unsigned n_fired = 0;
    for (unsigned long nth = 1; fired; nth += 1 + nth / 4) {
        char name[32];
        engine_case b;
        hb_error why = {0};
        snprintf(name, sizeof name, "fault-%lu", nth);
        engine_open(&b, name, hb_os_real());
        engine_append_all(&b);
        hb_fault_alloc(nth, false);
        hb_status status = run(&b, 3, &why);
        fired = hb_fault_fired();
        n_fired += fired;
        hb_fault_alloc(0, false);
        if (status != HB_OK && status != HB_E_NOMEM) {
            fail_msg("allocation %lu: %s: %s", nth, hb_status_name(status), why.msg);
        }
        CHECK_OK(run(&b, 1000, &err));
        char *got = engine_outcome(&b);
        assert_string_equal(got, expected);
        hb_free(got);
        engine_close(&b);
    }
    assert_true(n_fired > 20);
    hb_free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(engine__trains_then_finds_the_step_in_both_definitions,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(engine__batches_do_not_matter, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(engine__begun_anew_at_every_record_decides_the_same,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(engine__begins_again_when_its_state_is_damaged, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(engine__survives_failing_allocations, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
