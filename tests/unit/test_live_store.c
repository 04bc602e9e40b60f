/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon keeps in the registry: a cycle is all there or not at all, and a window is judged
 * once. */
#include "support/check.h"

#include "base/mem.h"
#include "stats/random.h"
#include "store/live.h"
#include "store/sql.h"
#include "support/fault_vfs.h"
#include "support/temp_dir.h"

static int setup(void **state)
{
    (void)state;
    sqlite_alloc_install(); /* before SQLite is used at all */
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

static hb_store *open_store(void)
{
    hb_store *s = NULL;
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &s, &err));
    return s;
}

static const char id_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char id_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
static const char digest_1[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char digest_2[] = "2222222222222222222222222222222222222222222222222222222222222222";

static hb_live_window_row window(const char *id, hb_time start, const char *verdict)
{
    return (hb_live_window_row){.stream = "rig",
                                .id = id,
                                .name = "1m",
                                .start = start,
                                .end = start + 60,
                                .verdict = verdict,
                                .run_id = "w-1m",
                                .digest = digest_1,
                                .json = "{\"a\":1}",
                                .json_len = 7,
                                .from = 10,
                                .to = UINT64_MAX,
                                .samples = 5,
                                .n_findings = 2,
                                .decided_at = 99,
                                .report = ""};
}

static void live_store__gives_back_a_window_as_it_was_put(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_live_window_row row = window(id_a, 0, "FAIL");
    hb_live_window_row *got = NULL;
    size_t n = 0;
    bool existed = true;
    CHECK_OK(hb_live_put_window(s, &row, &existed, &err));
    assert_false(existed);
    const hb_live_window_query q = {
        .stream = "rig", .from = HB_TIME_NONE, .to = HB_TIME_NONE, .with_json = true};
    CHECK_OK(hb_live_list_windows(s, &q, &arena, &got, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(got->id, id_a);
    assert_string_equal(got->json, "{\"a\":1}");
    assert_string_equal(got->verdict, "FAIL");
    assert_true(got->to == UINT64_MAX && got->from == 10 && got->samples == 5);
    assert_true(got->start == 0 && got->end == 60 && got->decided_at == 99);
    hb_arena_release(&arena);
    hb_store_close(s);
}

static void live_store__refuses_another_decision_for_the_same_window(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_live_window_row row = window(id_a, 0, "PASS");
    bool existed = false;
    CHECK_OK(hb_live_put_window(s, &row, &existed, &err));
    CHECK_OK(hb_live_put_window(s, &row, &existed, &err));
    assert_true(existed);
    row.digest = digest_2;
    CHECK_ERROR(hb_live_put_window(s, &row, &existed, &err), HB_E_EVIDENCE,
                "decided otherwise before");
    row.revision = 1; /* re-opened by late samples: another decision is due */
    CHECK_OK(hb_live_put_window(s, &row, &existed, &err));
    assert_false(existed);
    hb_store_close(s);
}

static void live_store__lists_by_time_verdict_and_name(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_live_window_row rows[] = {window(id_a, 0, "PASS"), window(id_b, 60, "FAIL")};
    hb_live_window_row *got = NULL;
    uint64_t counts[4];
    size_t n = 0;
    bool existed = false;
    rows[1].name = "5m";
    for (size_t i = 0; i < 2; i++) {
        CHECK_OK(hb_live_put_window(s, &rows[i], &existed, &err));
    }
    hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE};
    CHECK_OK(hb_live_list_windows(s, &q, &arena, &got, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(got[0].id, id_b); /* newest end first */
    assert_null(got[0].json);
    q.to = 60;
    CHECK_OK(hb_live_list_windows(s, &q, &arena, &got, &n, &err));
    assert_int_equal(n, 1);
    q = (hb_live_window_query){.from = 60, .to = HB_TIME_NONE};
    CHECK_OK(hb_live_list_windows(s, &q, &arena, &got, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(got->name, "5m");
    q = (hb_live_window_query){.from = HB_TIME_NONE, .to = HB_TIME_NONE, .verdict = "NO_TEST"};
    CHECK_OK(hb_live_list_windows(s, &q, &arena, &got, &n, &err));
    assert_int_equal(n, 0);
    CHECK_OK(hb_live_count_windows(s, "rig", counts, &err));
    assert_true(counts[0] == 1 && counts[1] == 0 && counts[2] == 1 && counts[3] == 0);
    hb_arena_release(&arena);
    hb_store_close(s);
}

static void live_store__says_how_much_of_the_file_is_in_use(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_live_window_row row = window(id_a, 0, "PASS");
    char *noise = hb_alloc(1 << 20); /* does not pack */
    uint64_t before = 0;
    uint64_t used = 0;
    uint64_t after = 0;
    hb_live_prune_told pruned = {0};
    bool existed = false;
    assert_non_null(noise);
    hb_random random = hb_random_of(7, 0);
    for (size_t i = 0; i < 1 << 20; i++) {
        noise[i] = (char)hb_random_below(&random, 256);
    }
    row.json = noise;
    row.json_len = 1 << 20;
    CHECK_OK(hb_store_used(s, &before, &err));
    CHECK_OK(hb_live_put_window(s, &row, &existed, &err));
    CHECK_OK(hb_store_used(s, &used, &err));
    assert_true(used >= before + (1 << 20) && used < before + (3 << 19));
    const hb_live_prune_ask ask = {.stream = "rig", .before = INT64_MAX, .light = true, .most = 10};
    CHECK_OK(hb_live_prune(s, &ask, &pruned, &err));
    CHECK_OK(hb_store_used(s, &after, &err));
    assert_true(pruned.n == 1 && after < before + (1 << 16));
    hb_free(noise);
    hb_store_close(s);
}

static void live_store__prunes_what_weighs_nothing(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_live_window_row rows[] = {window(id_a, 0, "PASS"), window(id_b, 0, "FAIL")};
    hb_live_window_row *got = NULL;
    hb_live_prune_ask ask = {.stream = "rig", .before = 60, .light = true, .most = 10};
    hb_live_prune_told pruned = {0};
    size_t n = 0;
    bool existed = false;
    for (size_t i = 0; i < 2; i++) {
        CHECK_OK(hb_live_put_window(s, &rows[i], &existed, &err));
    }
    CHECK_OK(hb_live_prune(s, &ask, &pruned, &err)); /* ended not before */
    assert_int_equal(pruned.n, 0);
    ask.before = 61;
    CHECK_OK(hb_live_prune(s, &ask, &pruned, &err));
    assert_int_equal(pruned.n, 1);
    const hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE, .with_json = true};
    CHECK_OK(hb_live_list_windows(s, &q, &arena, &got, &n, &err));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        assert_true((got[i].json == NULL) == (strcmp(got[i].verdict, "PASS") == 0));
    }
    CHECK_OK(hb_live_put_window(s, &rows[0], &existed, &err)); /* still known */
    assert_true(existed);
    hb_arena_release(&arena);
    hb_store_close(s);
}

static hb_live_checkpoint checkpoint(const void *state, size_t n)
{
    return (hb_live_checkpoint){.stream = "rig",
                                .decided = 500,
                                .snapshot = 400,
                                .state = state,
                                .state_len = n,
                                .config_digest = digest_1,
                                .engine_version = "0.1.0",
                                .at = 7};
}

static void live_store__keeps_a_state_of_several_pieces(void **state)
{
    (void)state;
    enum { BYTES = (20 << 20) + 3 };
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 256 << 20);
    char *big = hb_alloc(BYTES);
    uint32_t x = 1;
    for (size_t i = 0; i < BYTES; i++) {
        x = x * 1664525u + 1013904223u;
        big[i] = (char)(x >> 24);
    }
    hb_live_checkpoint c = checkpoint(big, BYTES);
    hb_live_checkpoint got = {0};
    bool found = true;
    uint64_t judged_to = 1;
    CHECK_OK(hb_live_get_checkpoint(s, "rig", &arena, &got, &found, &err));
    assert_false(found);
    CHECK_OK(hb_live_judged_to(s, "rig", &judged_to, &err));
    assert_int_equal(judged_to, 0);
    CHECK_OK(hb_live_put_checkpoint(s, &c, &err));
    c.state = NULL; /* judged on, no new state */
    c.decided = 900;
    CHECK_OK(hb_live_put_checkpoint(s, &c, &err));
    CHECK_OK(hb_live_judged_to(s, "rig", &judged_to, &err));
    assert_int_equal(judged_to, 900);
    CHECK_OK(hb_live_get_checkpoint(s, "rig", &arena, &got, &found, &err));
    assert_true(found);
    assert_true(got.decided == 900 && got.snapshot == 400 && got.state_len == BYTES && got.at == 7);
    assert_memory_equal(got.state, big, BYTES);
    assert_string_equal(got.config_digest, digest_1);
    c.state = "small";
    c.state_len = 5;
    c.snapshot = 900;
    CHECK_OK(hb_live_put_checkpoint(s, &c, &err));
    CHECK_OK(hb_live_get_checkpoint(s, "rig", &arena, &got, &found, &err));
    assert_true(got.state_len == 5 && memcmp(got.state, "small", 5) == 0);
    c.state = NULL;
    c.snapshot = 899;
    CHECK_ERROR(hb_live_put_checkpoint(s, &c, &err), HB_E_STORE, "another daemon");
    hb_free(big);
    hb_arena_release(&arena);
    hb_store_close(s);
}

static void live_store__a_damaged_state_is_told(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_live_checkpoint c = checkpoint("something", 9);
    bool found = false;
    CHECK_OK(hb_live_put_checkpoint(s, &c, &err));
    CHECK_OK(hb_sql_do(s, "UPDATE live_states SET piece = x'0041'", &err));
    CHECK_OK(hb_live_get_checkpoint(s, "rig", &arena, &c, &found, &err));
    assert_true(found);
    assert_null(c.state);
    assert_non_null(strstr(c.damaged, "has 1 of 9 bytes"));
    assert_int_equal(c.decided, checkpoint("something", 9).decided);
    hb_arena_release(&arena);
    hb_store_close(s);
}

/* One cycle: a window and a checkpoint. */
static hb_status cycle(hb_store *s, const hb_live_window_row *row, hb_error *err)
{
    bool existed = false;
    const hb_live_checkpoint c = checkpoint("state", 5);
    HB_TRY(hb_live_begin(s, err));
    hb_status status = hb_live_put_window(s, row, &existed, err);
    if (status == HB_OK) {
        status = hb_live_put_checkpoint(s, &c, err);
    }
    return hb_live_end(s, status, err);
}

/* All of a cycle or nothing, told apart by an independent look. */
static bool cycle_is_there(hb_store *s)
{
    int64_t windows = 0;
    int64_t checkpoints = 0;
    int64_t states = 0;
    CHECK_OK(hb_sql_number(s, "SELECT count(*) FROM live_windows", &windows, &err));
    CHECK_OK(hb_sql_number(s, "SELECT count(*) FROM live_checkpoints", &checkpoints, &err));
    CHECK_OK(hb_sql_number(s, "SELECT count(*) FROM live_states", &states, &err));
    assert_true(windows == checkpoints && windows == states && windows <= 1);
    return windows == 1;
}

static void live_store__an_inner_failure_takes_back_the_cycle(void **state)
{
    (void)state;
    hb_store *s = open_store();
    hb_live_window_row row = window(id_a, 0, "PASS");
    row.verdict = "MAYBE";
    CHECK_ERROR(cycle(s, &row, &err), HB_E_STORE, "");
    assert_false(cycle_is_there(s));
    row.verdict = "PASS";
    CHECK_OK(cycle(s, &row, &err));
    assert_true(cycle_is_there(s));
    hb_store_close(s);
}

static hb_status visit(void)
{
    hb_store *s = NULL;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_live_window_row row = window(id_a, 0, "PASS");
    hb_live_window_row *rows = NULL;
    hb_live_checkpoint c = {0};
    size_t n = 0;
    bool found = false;
    const hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE, .with_json = true};
    hb_status status = hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_WRITE, &s, NULL);
    status = status == HB_OK ? cycle(s, &row, NULL) : status;
    status = status == HB_OK ? hb_live_list_windows(s, &q, &arena, &rows, &n, NULL) : status;
    status = status == HB_OK ? hb_live_get_checkpoint(s, "rig", &arena, &c, &found, NULL) : status;
    hb_arena_release(&arena);
    hb_store_close(s);
    return status;
}

static void live_store__survives_failing_allocations(void **state)
{
    (void)state;
    hb_store_close(open_store());
    fault_loop(visit);
}

static void live_store__a_full_disk_leaves_all_of_a_cycle_or_nothing(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++) {
        bool fired = true;
        for (unsigned long nth = 1; fired; nth++) {
            temp_dir_new();
            hb_store *s = open_store();
            hb_live_window_row row = window(id_a, 0, "PASS");
            hb_error why = {0};
            fault_vfs_fail(nth, 13 /* SQLITE_FULL */, persistent);
            hb_status status = cycle(s, &row, &why);
            fired = fault_vfs_fired();
            fault_vfs_fail(0, 0, false);
            if (status != HB_OK) {
                assert_int_equal(status, HB_E_STORE);
                assert_false(cycle_is_there(s));
                CHECK_OK(cycle(s, &row, &err)); /* the store can be used on */
            }
            assert_true(cycle_is_there(s));
            hb_store_close(s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(live_store__gives_back_a_window_as_it_was_put, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(live_store__refuses_another_decision_for_the_same_window,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(live_store__lists_by_time_verdict_and_name, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(live_store__prunes_what_weighs_nothing, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(live_store__says_how_much_of_the_file_is_in_use, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(live_store__keeps_a_state_of_several_pieces, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(live_store__a_damaged_state_is_told, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(live_store__an_inner_failure_takes_back_the_cycle, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(live_store__survives_failing_allocations, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(live_store__a_full_disk_leaves_all_of_a_cycle_or_nothing,
                                        make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
