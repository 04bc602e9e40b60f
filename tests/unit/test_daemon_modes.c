/* SPDX-License-Identifier: Apache-2.0 */
/* The engine where the data say the operating mode: each mode is judged for itself. */
#include "support/check.h"

#include "base/mem.h"
#include "daemon/engine.h"
#include "support/engine_case.h"
#include "support/temp_dir.h"

#include <stdio.h>

static const char config_text[] = "name: rig\n"
                                  "source: file_replay\n"
                                  "path: unused\n"
                                  "windows: [{size: 10s}, {size: 20s, slide: 10s}]\n"
                                  "lateness: 2s\n"
                                  "train: {windows: 4}\n"
                                  "program: p\n"
                                  "operating_modes:\n"
                                  "  metric: rig.mode\n"
                                  "  values: {0: idle, 1: cruise}\n"
                                  "alert_sinks: []\n";

enum { BLOCK = 70, BLOCKS = 6, SECONDS = BLOCK * BLOCKS + 40, STEP_AT = BLOCK * (BLOCKS - 1) + 40 };

/* Seconds in cruise: every second block, which begins and ends in the middle of a window. */
static bool cruises(int i)
{
    return (i + 5) / BLOCK % 2 == 1;
}

/* Cruise has other levels; volt steps in the last of its blocks. The mode is told as it changes, at
 * the beginning and every 15 s, always a second late. */
static void append(engine_case *b, int i)
{
    char text[512];
    int64_t t = 1767603600 + i;
    double noise = (double)((i * 7919) % 1000) / 1000;
    bool told = i % 15 == 0 || i == 1 || cruises(i) != cruises(i - 1);
    int n = snprintf(text, sizeof text,
                     "{\"timestamp\": %lld, \"metric\": \"temp\", \"value\": %.3f}\n"
                     "{\"timestamp\": %lld, \"metric\": \"volt\", \"value\": %.3f}\n",
                     (long long)t, (cruises(i) ? 60 : 10) + noise, (long long)t,
                     (cruises(i) ? 5 : 20) + (i >= STEP_AT ? 30 : 0) + noise / 2);
    if (told) {
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "{\"timestamp\": %lld, \"metric\": \"rig.mode\", \"value\": %d}\n",
                      (long long)t, cruises(i));
    }
    engine_append(b, text, (size_t)n, t);
}

static void open(engine_case *b, const char *name)
{
    engine_open_as(b, name, hb_os_real(), config_text);
    for (int i = 0; i < SECONDS; i++) {
        append(b, i);
    }
    engine_append_end(b);
}

static void run(engine_case *b, size_t most, hb_engine_state *ret)
{
    const hb_engine_setup setup = engine_setup_of(b);
    hb_engine *e = NULL;
    bool moved = true;
    CHECK_OK(hb_engine_new(&setup, &e, &err));
    while (moved) {
        CHECK_OK(hb_engine_step(e, most, &moved, &err));
    }
    CHECK_OK(hb_engine_checkpoint(e, &err));
    hb_engine_get_state(e, ret);
    assert_string_equal(ret->evidence_why, "");
    hb_engine_free(e);
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

/* Of the windows of a definition, by the verdicts given in a list; "-" = any. */
static size_t verdicts(engine_case *b, const char *def, int from, int to, const char *verdict)
{
    hb_arena arena;
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    size_t found = 0;
    const hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE, .limit = 500};
    hb_arena_init(&arena, 4 << 20);
    CHECK_OK(hb_live_list_windows(b->store, &q, &arena, &rows, &n, &err));
    for (size_t i = 0; i < n; i++) {
        int64_t start = rows[i].start / 1000000000 - 1767603600;
        found += strcmp(rows[i].name, def) == 0 && start >= from && start < to &&
                 strcmp(rows[i].verdict, verdict) == 0;
    }
    hb_arena_release(&arena);
    return found;
}

static void modes__have_baselines_of_their_own(void **state)
{
    (void)state;
    engine_case b;
    hb_engine_state s;
    open(&b, "modes");
    run(&b, 1000, &s);
    assert_int_equal(s.counts[HB_WINDOWS_MODE_UNKNOWN], 0);
    assert_int_equal(s.counts[HB_WINDOWS_MODE_CHANGED], 3 * (BLOCKS));
    assert_string_equal(s.baseline_why, "");
    assert_string_equal(s.training, "");
    /* idle trains in the first block, cruise in the second; a change is judged against neither */
    assert_int_equal(verdicts(&b, "10s", 0, 40, "NO_TEST"), 4);
    assert_int_equal(verdicts(&b, "10s", 40, 60, "PASS"), 2);
    assert_int_equal(verdicts(&b, "10s", 60, 110, "NO_TEST"), 5);
    assert_int_equal(verdicts(&b, "10s", 110, 130, "PASS"), 2);
    assert_int_equal(verdicts(&b, "10s", 0, STEP_AT, "FAIL"), 0);
    assert_int_equal(verdicts(&b, "10s", 0, STEP_AT, "PASS_WITH_DRIFT"), 0);
    assert_int_equal(verdicts(&b, "20s-10s", 0, STEP_AT - 10, "PASS_WITH_DRIFT"), 0);
    /* in the last of cruise volt is another */
    assert_int_equal(verdicts(&b, "10s", STEP_AT, BLOCK * BLOCKS - 10, "PASS_WITH_DRIFT"), 2);
    engine_close(&b);
}

static void modes__do_not_depend_on_batches_and_restarts(void **state)
{
    (void)state;
    engine_case b;
    hb_engine_state s;
    open(&b, "whole");
    run(&b, 1000, &s);
    char *expected = engine_outcome(&b);
    engine_close(&b);
    open(&b, "anew");
    const hb_engine_setup setup = engine_setup_of(&b);
    for (size_t i = 0; i < SECONDS + 1; i++) {
        hb_engine *e = NULL;
        bool moved = false;
        CHECK_OK(hb_engine_new(&setup, &e, &err));
        do {
            CHECK_OK(hb_engine_step(e, 1, &moved, &err));
            hb_engine_get_state(e, &s);
        } while (s.reliving);
        assert_string_equal(s.evidence_why, "");
        if (i % 7 == 6) {
            CHECK_OK(hb_engine_checkpoint(e, &err));
        }
        hb_engine_free(e);
    }
    run(&b, 1000, &s);
    assert_int_equal(s.counts[HB_WINDOWS_MODE_CHANGED], 3 * BLOCKS);
    char *got = engine_outcome(&b);
    assert_string_equal(got, expected);
    hb_free(got);
    hb_free(expected);
    engine_close(&b);
}

static void modes__cannot_change_what_counts_sample_by_sample(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "version: \"1\"\nmetrics: {temp: {drift_threshold: 1}}\n"
        "mode_overrides: {cruise: {metrics: {temp: {drift_threshold: 5}}}}\n",
        "version: \"1\"\nmetrics: {temp: {drift_threshold: 1}}\n"
        "mode_overrides: {cruise: {metrics: {temp: {invariant_max: 5}}}}\n"};
    for (size_t i = 0; i < 2; i++) {
        engine_case b;
        hb_registry *all[HB_DAEMON_LANES_MAX] = {NULL};
        char name[16];
        snprintf(name, sizeof name, "registry-%zu", i);
        engine_open_as(&b, name, hb_os_real(), config_text);
        hb_registry_free(b.registry);
        CHECK_OK(hb_registry_parse(hb_str_of(texts[i]), "reg.yaml", "p", NULL, "digest", b.units,
                                   &b.registry, &err));
        assert_int_equal(b.config.n_lanes, 4);
        for (size_t k = 0; k < b.config.n_lanes; k++) {
            CHECK_OK(hb_registry_parse(hb_str_of(texts[i]), "reg.yaml", "p", b.config.lanes[k],
                                       "digest", b.units, &all[k], &err));
        }
        hb_engine_setup setup = engine_setup_of(&b);
        hb_engine *e = NULL;
        setup.lanes = (const hb_registry *const *)all;
        if (i == 0) {
            CHECK_OK(hb_engine_new(&setup, &e, &err));
            hb_engine_free(e);
        } else {
            CHECK_ERROR(hb_engine_new(&setup, &e, &err), HB_E_CONFIG, "mode_overrides of 'cruise'");
        }
        for (size_t k = 0; k < b.config.n_lanes; k++) {
            hb_registry_free(all[k]);
        }
        engine_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(modes__have_baselines_of_their_own, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(modes__do_not_depend_on_batches_and_restarts, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(modes__cannot_change_what_counts_sample_by_sample, make_dir,
                                        drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
