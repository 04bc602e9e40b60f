/* SPDX-License-Identifier: Apache-2.0 */
/* The engine in process: what it decides depends on the records alone, whatever fails on the way.
 */
#include "support/check.h"

#include "base/mem.h"
#include "daemon/engine.h"
#include "support/temp_dir.h"

#include <stdio.h>

enum { METRICS = 3, PER_WINDOW = 10, WINDOWS = 9, ROWS_MAX = 64 };

static const char config_text[] = "name: rig\n"
                                  "source: file_replay\n"
                                  "path: unused\n"
                                  "windows: [{size: 10s}, {size: 20s, slide: 10s}]\n"
                                  "lateness: 0\n"
                                  "train: {windows: 3}\n"
                                  "program: p\n"
                                  "alert_sinks: []\n";

/* Everything an engine borrows. */
typedef struct bench {
    hb_daemon_config config;
    hb_registry *registry;
    hb_units *units;
    hb_policy policy;
    hb_quality_policy quality;
    hb_telemetry_schema *schema;
    hb_store *store;
    hb_journal *journal;
    char db[300];
    char dir[300];
    char reports[300];
} bench;

static void paths(bench *b, const char *name)
{
    char part[64];
    snprintf(part, sizeof part, "%s.db", name);
    hb_str_fit(temp_path(part), b->db, sizeof b->db);
    snprintf(part, sizeof part, "%s.journal", name);
    hb_str_fit(temp_path(part), b->dir, sizeof b->dir);
    snprintf(part, sizeof part, "%s.reports", name);
    hb_str_fit(temp_path(part), b->reports, sizeof b->reports);
}

static void open_bench(bench *b, const char *name)
{
    const hb_journal_options options = {.no_sync_thread = true};
    *b = (bench){0};
    paths(b, name);
    CHECK_OK(hb_daemon_config_parse(hb_str_of(config_text), "daemon.yaml", &b->config, &err));
    CHECK_OK(hb_registry_builtin(&b->registry, &err));
    CHECK_OK(hb_units_open(&b->units, &err));
    CHECK_OK(hb_telemetry_schema_empty(&b->schema, &err));
    hb_policy_builtin(&b->policy);
    hb_quality_policy_builtin(&b->quality);
    b->quality.require_quality_gate = false;
    CHECK_OK(hb_store_open(hb_os_real(), b->db, HB_STORE_CREATE, &b->store, &err));
    CHECK_OK(hb_journal_open(hb_os_real(), b->dir, &options, &b->journal, &err));
}

static void close_bench(bench *b)
{
    hb_journal_close(b->journal);
    hb_store_close(b->store);
    hb_telemetry_schema_free(b->schema);
    hb_quality_policy_release(&b->quality);
    hb_policy_release(&b->policy);
    hb_units_close(b->units);
    hb_registry_free(b->registry);
    hb_daemon_config_release(&b->config);
}

static hb_engine_setup setup_of(const bench *b)
{
    return (hb_engine_setup){.os = hb_os_real(),
                             .config = &b->config,
                             .store = b->store,
                             .journal = b->journal,
                             .registry = b->registry,
                             .units = b->units,
                             .policy = &b->policy,
                             .quality = &b->quality,
                             .schema = b->schema,
                             .reports = b->reports,
                             .side = "unused"};
}

/* Small figures that repeat nowhere; volt steps after the sixth window. */
static void append(bench *b, size_t i)
{
    static const char *const names[METRICS] = {"temp", "volt", "flow"};
    char text[512];
    size_t n = 0;
    uint64_t position = 0;
    int64_t t = 1767603600 + (int64_t)i;
    for (size_t m = 0; m < METRICS; m++) {
        double value = 10.0 * (double)(m + 1) + (double)((i * 7919 + m * 104729) % 1000) / 1000;
        value += m == 1 && i >= 6 * PER_WINDOW ? 40 : 0;
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "{\"timestamp\": %lld, \"metric\": \"%s\", \"value\": %.3f}\n",
                              (long long)t, names[m], value);
    }
    const hb_record r = {.kind = HB_RECORD_MESSAGE,
                         .source = HB_STR("file_replay"),
                         .topic = HB_STR(""),
                         .payload = {text, n},
                         .event = HB_TIME_NONE,
                         .arrival = t * 1000000000};
    CHECK_OK(hb_journal_append(b->journal, &r, &position, &err));
}

static void append_all(bench *b)
{
    uint64_t position = 0;
    for (size_t i = 0; i < WINDOWS * PER_WINDOW; i++) {
        append(b, i);
    }
    const hb_record end = {.kind = HB_RECORD_TICK,
                           .source = HB_STR("daemon"),
                           .topic = HB_STR(HB_ENGINE_FINISH),
                           .event = HB_TIME_NONE,
                           .arrival = 1};
    CHECK_OK(hb_journal_append(b->journal, &end, &position, &err));
}

static hb_status run(bench *b, size_t most, hb_error *err)
{
    const hb_engine_setup setup = setup_of(b);
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

/* What was decided, as text. */
static char *outcome(bench *b)
{
    hb_arena arena;
    hb_buf text;
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    const hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE, .limit = ROWS_MAX};
    hb_arena_init(&arena, 4 << 20);
    hb_buf_init(&text, 1 << 20);
    CHECK_OK(hb_live_list_windows(b->store, &q, &arena, &rows, &n, &err));
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(&text, "%s %s %s %s %llu-%llu %llu\n", rows[i].id, rows[i].run_id,
                   rows[i].verdict, rows[i].digest, (unsigned long long)rows[i].from,
                   (unsigned long long)rows[i].to, (unsigned long long)rows[i].samples);
    }
    hb_arena_release(&arena);
    char *p = NULL;
    size_t len = 0;
    CHECK_OK(hb_buf_finish(&text, &p, &len, &err));
    return p;
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
    bench b;
    open_bench(&b, "whole");
    append_all(&b);
    CHECK_OK(run(&b, 1000, &err));
    char *all = outcome(&b);
    close_bench(&b);
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
        bench b;
        snprintf(name, sizeof name, "most-%zu", most[i]);
        open_bench(&b, name);
        append_all(&b);
        CHECK_OK(run(&b, most[i], &err));
        char *got = outcome(&b);
        assert_string_equal(got, expected);
        hb_free(got);
        close_bench(&b);
    }
    hb_free(expected);
}

/* Ended after every record without a checkpoint of its own, as kill -9 does. */
static void engine__begun_anew_at_every_record_decides_the_same(void **state)
{
    (void)state;
    char *expected = expected_outcome();
    bench b;
    open_bench(&b, "anew");
    append_all(&b);
    const hb_engine_setup setup = setup_of(&b);
    for (size_t i = 0; i < WINDOWS * PER_WINDOW + 1; i++) {
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
    char *got = outcome(&b);
    assert_string_equal(got, expected);
    hb_free(got);
    hb_free(expected);
    close_bench(&b);
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
        bench b;
        hb_error why = {0};
        snprintf(name, sizeof name, "fault-%lu", nth);
        open_bench(&b, name);
        append_all(&b);
        hb_fault_alloc(nth, false);
        hb_status status = run(&b, 3, &why);
        fired = hb_fault_fired();
        n_fired += fired;
        hb_fault_alloc(0, false);
        if (status != HB_OK && status != HB_E_NOMEM) {
            fail_msg("allocation %lu: %s: %s", nth, hb_status_name(status), why.msg);
        }
        CHECK_OK(run(&b, 1000, &err));
        char *got = outcome(&b);
        assert_string_equal(got, expected);
        hb_free(got);
        close_bench(&b);
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
        cmocka_unit_test_setup_teardown(engine__survives_failing_allocations, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
