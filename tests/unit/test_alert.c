/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle by scripted windows: what is told, when, and that it is the same whatever happens
 * in between. */
#include "alert/act.h"
#include "store/outbox.h"
#include "support/alert_script.h"
#include "support/temp_dir.h"

#include <jansson.h>
#include <stdio.h>

static const char *const two_sinks[] = {"file", "web"};
static const hb_alert_options plain = {.sinks = two_sinks, .n_sinks = 2};

#define TEMP_FAIL "metric:temp/invariant_max@10s"
#define VOLT_FAIL "metric:volt/invariant_max@10s"
#define TEMP_DRIFT "metric:temp/drift_percent@10s"

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

static void begin(alert_script *s, const hb_alert_options *o)
{
    script_begin(s, temp_path("runs.db"), o);
}

/* 't' temp fails, 'd' temp drifts, 'v' volt fails, 'b' temp and volt fail, 's' temp is silent, '.'
 * nothing, 'n' no baseline. */
static const char *words_of(char c)
{
    switch (c) {
    case 't':
        return "temp:fail";
    case 'd':
        return "temp:drift";
    case 'v':
        return "volt:fail";
    case 'b':
        return "temp:fail volt:fail";
    case 's':
        return "temp:silent";
    case 'n':
        return "window:fail";
    default:
        return "";
    }
}

static void play(alert_script *s, const char *windows)
{
    for (; *windows; windows++) {
        script_window(s, words_of(*windows));
    }
}

static hb_alert_row row_of(alert_script *s, const char *subject, hb_arena *arena)
{
    hb_alert_row *rows = NULL;
    size_t n = 0;
    const hb_alert_query q = {.stream = "rig", .subject = subject};
    CHECK_OK(hb_alert_list(s->store, &q, arena, &rows, &n, &err));
    assert_int_equal(n, 1);
    return rows[0];
}

static hb_status act(alert_script *s, hb_alert_act_kind kind, const char *which, hb_time now,
                     hb_time until, hb_error *err)
{
    hb_arena arena;
    hb_alert_row *rows = NULL;
    size_t n = 0;
    hb_arena_init(&arena, 64 << 20);
    const hb_alert_act a = {.kind = kind,
                            .which = which,
                            .by = "ada",
                            .note = "pump serviced",
                            .until = until,
                            .now = now};
    hb_status status = hb_alert_do(s->store, &a, &arena, &rows, &n, err);
    hb_arena_release(&arena);
    return status;
}

static void alert__is_raised_on_change_of_state_and_not_per_window(void **state)
{
    (void)state;
    static const struct {
        const char *windows;
        uint32_t raise_after;
        const char *types;
    } rows[] = {
        {"tttttttt", 0, "raised"},
        {"..........", 0, ""},
        {"t..t..t..", 0, "raised"}, /* clear_after is 3 */
        {"t...", 0, "raised returned"},
        {"t...t", 0, "raised returned raised"},
        {"t.t.t.t", 2, ""},
        {"tt...tt", 2, "raised returned raised"},
        {"tsssss", 0, "raised"}, /* a silent sensor is not a good one */
        {"tnnnnn", 0, "raised"}, /* nor is a window that was not judged */
        {"t..s.", 0, "raised returned"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alert_script s;
        temp_dir_new();
        hb_alert_options o = plain;
        o.raise_after = rows[i].raise_after;
        begin(&s, &o);
        play(&s, rows[i].windows);
        assert_string_equal(script_types(&s, TEMP_FAIL), rows[i].types);
        script_end(&s);
    }
}

static void alert__severity_is_by_the_first_rule_that_fits(void **state)
{
    (void)state;
    static const hb_alert_rule rules[] = {
        {.metric = "temp", .rule = "drift_*", .severity = HB_ALERT_CRITICAL},
        {.metric = "te*", .severity = HB_ALERT_INFO},
        {.rule = "untested", .severity = HB_ALERT_WARN},
        {.critical_only = true, .verdict = "FAIL", .severity = HB_ALERT_WARN},
    };
    static const struct {
        const char *words;
        bool ruled;
        const char *severity; /* NULL = no alert */
    } rows[] = {
        {"crit:fail", false, "CRITICAL"}, {"volt:fail", false, "FAIL"},
        {"volt:drift", false, "WARN"},    {"volt:warn", false, "INFO"},
        {"volt:note", false, NULL},       {"temp:drift", true, "CRITICAL"},
        {"temp:fail", true, "INFO"},      {"volt:note", true, "WARN"},
        {"temp:note", true, "WARN"},      {"crit:fail", true, "WARN"},
        {"crit:drift", true, "WARN"},     {"volt:fail", true, "FAIL"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alert_script s;
        hb_arena arena;
        hb_alert_row *got = NULL;
        size_t n = 0;
        temp_dir_new();
        hb_arena_init(&arena, 1 << 20);
        hb_alert_options o = plain;
        o.rules = rows[i].ruled ? rules : NULL;
        o.n_rules = rows[i].ruled ? sizeof rules / sizeof *rules : 0;
        begin(&s, &o);
        script_window(&s, rows[i].words);
        const hb_alert_query q = {.stream = "rig"};
        CHECK_OK(hb_alert_list(s.store, &q, &arena, &got, &n, &err));
        assert_int_equal(n, rows[i].severity != NULL);
        if (n) {
            assert_string_equal(got[0].severity, rows[i].severity);
        }
        hb_arena_release(&arena);
        script_end(&s);
    }
}

static void alert__that_flaps_is_held_until_it_settles(void **state)
{
    (void)state;
    alert_script s;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_alert_options o = plain;
    o.clear_after = 1;
    o.flap_max = 2;
    o.flap_window_s = 100;
    begin(&s, &o);
    play(&s, "t.t.t.t.t.");
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised returned raised returned flapping");
    hb_alert_row r = row_of(&s, TEMP_FAIL, &arena);
    assert_true(r.flapping);
    assert_int_equal(r.held, 5); /* the return of the third, the fourth and fifth whole */
    /* 100 s after the last raise, at the end of window 8 (90 s), it is quiet */
    hb_time settles = SCRIPT_START + 90 * INT64_C(1000000000) + 100 * INT64_C(1000000000);
    assert_true(script_time(&s, settles - 1) == settles);
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised returned raised returned flapping");
    assert_true(script_time(&s, settles) == HB_TIME_NONE);
    assert_string_equal(script_types(&s, TEMP_FAIL),
                        "raised returned raised returned flapping settled");
    script_end(&s);
    hb_arena_release(&arena);
}

static void alert__is_acknowledged_once_and_ends_when_returned(void **state)
{
    (void)state;
    alert_script s;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    begin(&s, &plain);
    play(&s, "t");
    hb_alert_row r = row_of(&s, TEMP_FAIL, &arena);
    char first[65];
    snprintf(first, sizeof first, "%s", r.alert_id);
    CHECK_ERROR(act(&s, HB_ALERT_ACT_ACK, "nothing", 1, 0, &err), HB_E_USAGE, "no open alert");
    CHECK_OK(act(&s, HB_ALERT_ACT_ACK, r.alert_id, script_now(&s), 0, &err));
    CHECK_ERROR(act(&s, HB_ALERT_ACT_ACK, TEMP_FAIL, 2, 0, &err), HB_E_USAGE,
                "acknowledged by ada already");
    play(&s, "t...");
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised acknowledged returned");
    play(&s, ".");
    hb_alert_counts c;
    CHECK_OK(hb_alerts_count(s.store, "rig", &c, &err));
    assert_int_equal(c.unacknowledged, 0);
    assert_int_equal(c.active[HB_ALERT_FAIL], 0);
    assert_int_equal(c.outbox, 6);
    play(&s, "t...");
    r = row_of(&s, TEMP_FAIL, &arena);
    assert_string_not_equal(r.alert_id, first); /* another occurrence, another alert */
    assert_int_equal(r.state, HB_ALERT_RETURNED);
    CHECK_OK(hb_alerts_count(s.store, "rig", &c, &err));
    assert_int_equal(c.unacknowledged, 1);
    snprintf(first, sizeof first, "%s", r.alert_id);
    play(&s, "t");
    r = row_of(&s, TEMP_FAIL, &arena);
    assert_string_equal(r.alert_id, first); /* nobody has seen it: it is the same one */
    play(&s, "...");
    CHECK_OK(act(&s, HB_ALERT_ACT_ACK, "metric:temp/*", script_now(&s), 0, &err));
    assert_string_equal(script_types(&s, TEMP_FAIL),
                        "raised acknowledged returned raised returned raised returned "
                        "acknowledged");
    script_end(&s);
    hb_arena_release(&arena);
}

static void alert__on_the_shelf_is_not_told_until_its_time_is_up(void **state)
{
    (void)state;
    alert_script s;
    begin(&s, &plain);
    play(&s, "t");
    hb_time until = script_now(&s) + 5 * SCRIPT_WINDOW_NS;
    CHECK_OK(act(&s, HB_ALERT_ACT_SHELVE, TEMP_FAIL, script_now(&s), until, &err));
    play(&s, "...t"); /* returned and raised again */
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised shelved");
    hb_alert_counts c;
    CHECK_OK(hb_alerts_count(s.store, "rig", &c, &err));
    assert_int_equal(c.shelved, 1);
    play(&s, "t");
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised shelved unshelved");
    play(&s, "...");
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised shelved unshelved returned");
    CHECK_ERROR(act(&s, HB_ALERT_ACT_UNSHELVE, TEMP_FAIL, 1, 0, &err), HB_E_USAGE,
                "not on the shelf");
    CHECK_OK(act(&s, HB_ALERT_ACT_SHELVE, TEMP_FAIL, script_now(&s), until + 1000000000000, &err));
    play(&s, "t");
    CHECK_OK(act(&s, HB_ALERT_ACT_UNSHELVE, TEMP_FAIL, script_now(&s), 0, &err));
    play(&s, "t...");
    assert_string_equal(script_types(&s, TEMP_FAIL),
                        "raised shelved unshelved returned shelved unshelved returned");
    script_end(&s);
}

static void alert__symptoms_wait_for_their_cause(void **state)
{
    (void)state;
    static const hb_alert_inhibit lines[] = {
        {.cause = "source:*", .symptom = "metric:*"},
        {.cause = "metric:temp/*", .symptom = "metric:volt/*"},
    };
    alert_script s;
    hb_alert_options o = plain;
    o.inhibits = lines;
    o.n_inhibits = 2;
    begin(&s, &o);
    play(&s, "b"); /* cause and symptom in one window */
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised");
    assert_string_equal(script_types(&s, VOLT_FAIL), "");
    play(&s, "vvv"); /* the cause is over, the symptom is still there */
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised returned");
    assert_string_equal(script_types(&s, VOLT_FAIL), "raised");
    script_condition(&s, "source:mqtt", true);
    play(&s, "b");
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised returned");
    play(&s, "t.."); /* what was told is told to be over, cause or not */
    assert_string_equal(script_types(&s, VOLT_FAIL), "raised returned");
    script_condition(&s, "source:mqtt", false);
    assert_string_equal(script_types(&s, TEMP_FAIL), "raised returned raised");
    assert_string_equal(script_types(&s, "source:mqtt"), "raised returned");
    script_condition(&s, "source:mqtt", true);
    script_restart(&s);
    assert_true(hb_alerts_active(s.alerts, "source:mqtt"));
    assert_false(hb_alerts_active(s.alerts, "source:other"));
    script_end(&s);
}

static void alert__of_a_circle_of_causes_one_is_told(void **state)
{
    (void)state;
    static const hb_alert_inhibit lines[] = {
        {.cause = "metric:temp/*", .symptom = "metric:volt/*"},
        {.cause = "metric:volt/*", .symptom = "metric:temp/*"},
    };
    alert_script s;
    hb_alert_options o = plain;
    o.inhibits = lines;
    o.n_inhibits = 2;
    begin(&s, &o);
    play(&s, "bbb");
    assert_string_equal(script_types(&s, NULL), "raised");
    script_end(&s);
}

static void alert__what_comes_together_goes_out_as_one(void **state)
{
    (void)state;
    alert_script s;
    hb_arena arena;
    hb_alert_log_row *log = NULL;
    size_t n = 0;
    hb_arena_init(&arena, 1 << 20);
    hb_alert_options o = plain;
    o.group_ms = 25000;
    begin(&s, &o);
    script_window(&s, "temp:fail");
    script_window(&s, "temp:fail crit:fail");
    assert_string_equal(script_types(&s, NULL), "");
    hb_time due = SCRIPT_START + SCRIPT_WINDOW_NS + INT64_C(25000000000);
    assert_true(script_time(&s, due - 1) == due);
    script_window(&s, "temp:fail crit:fail");
    script_window(&s, "temp:fail crit:fail volt:fail"); /* ends 5 s after it is due */
    CHECK_OK(hb_alert_log_list(s.store, "rig", NULL, 10, &arena, &log, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(log[0].severity, "CRITICAL");
    assert_string_equal(log[0].subject, "metric:crit/invariant_max@10s");
    json_t *event = json_loads(log[0].json, 0, NULL);
    json_t *all = json_object_get(json_object_get(event, "data"), "alerts");
    assert_int_equal(json_array_size(all), 2); /* volt begins the next group */
    json_decref(event);
    play(&s, "vvvvv");
    assert_string_equal(script_types(&s, TEMP_FAIL), "returned"); /* raised within the group */
    assert_string_equal(script_types(&s, VOLT_FAIL), "raised");
    script_end(&s);
    hb_arena_release(&arena);
}

static void alert__an_acknowledgement_does_not_overtake_its_group(void **state)
{
    (void)state;
    alert_script s;
    hb_alert_options o = plain;
    o.group_ms = 3600000;
    begin(&s, &o);
    play(&s, "t");
    CHECK_OK(act(&s, HB_ALERT_ACT_ACK, TEMP_FAIL, script_now(&s), 0, &err));
    assert_string_equal(script_types(&s, NULL), "raised acknowledged");
    script_time(&s, script_now(&s) + INT64_C(7200000000000));
    assert_string_equal(script_types(&s, NULL), "raised acknowledged");
    script_end(&s);
}

static void alert__a_window_opened_again_neither_ends_nor_counts_twice(void **state)
{
    (void)state;
    alert_script s;
    hb_alert_options o = plain;
    o.raise_after = 2;
    begin(&s, &o);
    play(&s, "t");
    for (uint32_t r = 1; r < 4; r++) {
        CHECK_OK(hb_live_begin(s.store, &err));
        CHECK_OK(hb_live_end(s.store, script_decide(&s, 0, r, "temp:fail", &err), &err));
    }
    assert_string_equal(script_types(&s, NULL), "");
    play(&s, "t");
    assert_string_equal(script_types(&s, NULL), "raised");
    for (uint32_t r = 4; r < 9; r++) {
        CHECK_OK(hb_live_begin(s.store, &err));
        CHECK_OK(hb_live_end(s.store, script_decide(&s, 0, r, "", &err), &err));
    }
    assert_string_equal(script_types(&s, NULL), "raised");
    script_end(&s);
}

static void alert__event_says_what_the_original_said_and_why(void **state)
{
    (void)state;
    alert_script s;
    hb_arena arena;
    hb_alert_log_row *log = NULL;
    size_t n = 0;
    hb_arena_init(&arena, 1 << 20);
    begin(&s, &plain);
    script_window(&s, "temp:fail temp:drift");
    CHECK_OK(hb_alert_log_list(s.store, "rig", NULL, 10, &arena, &log, &n, &err));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) { /* the drift's too: the window's verdict is FAIL */
        json_t *event = json_loads(log[i].json, 0, NULL);
        json_t *data = json_object_get(event, "data");
        assert_string_equal(json_string_value(json_object_get(data, "primary_issue")), "fail");
        assert_string_equal(json_string_value(json_object_get(data, "status")), "FAIL");
        assert_string_equal(json_string_value(json_object_get(data, "run_id")), "w-10s-1");
        assert_string_equal(json_string_value(json_object_get(event, "id")), log[i].event_id);
        assert_string_equal(json_string_value(json_object_get(event, "time")),
                            "2026-01-02T03:04:15Z");
        assert_string_equal(json_string_value(json_object_get(data, "onset")),
                            i == 0 ? "2026-01-02T03:04:06Z" : "2026-01-02T03:04:05Z");
        assert_int_equal(json_array_size(json_object_get(data, "drift_metrics")), 1);
        assert_int_equal(json_array_size(json_object_get(data, "samples")), 2);
        json_decref(event);
    }
    script_end(&s);
    hb_arena_release(&arena);
}

/* --- the same whatever happens in between --- */

static const char script[] = "..t.b.t.t.t.d.ddbbb...sss..tn.t..vvtt....t.b.t.t..........t";

static hb_alert_options everything(void)
{
    static const hb_alert_inhibit lines[] = {
        {.cause = "metric:temp/*", .symptom = "metric:volt/*"}};
    hb_alert_options o = plain;
    o.inhibits = lines;
    o.n_inhibits = 1;
    o.clear_after = 1;
    o.flap_max = 3;
    o.flap_window_s = 80;
    o.group_ms = 15000;
    return o;
}

typedef enum trouble { NONE, RESTART, ROLLBACK } trouble;

static char *play_with(trouble what, size_t at)
{
    alert_script s;
    const hb_alert_options o = everything();
    temp_dir_new();
    begin(&s, &o);
    for (size_t i = 0; script[i]; i++) {
        if (i == at && what == RESTART) {
            script_restart(&s);
        }
        if (i == at && what == ROLLBACK) { /* the cycle fails after the alerts were written */
            CHECK_OK(hb_live_begin(s.store, &err));
            CHECK_OK(script_decide(&s, s.next, 0, words_of(script[i]), &err));
            CHECK_ERROR(hb_live_end(s.store, HB_FAIL(&err, HB_E_IO, "no room"), &err), HB_E_IO,
                        "no room");
            CHECK_OK(hb_alerts_reload(s.alerts, &err));
        }
        script_window(&s, words_of(script[i]));
        script_condition(&s, "source:mqtt", i % 7 == 3);
    }
    char *text = script_dump(&s);
    script_end(&s);
    return text;
}

static void alert__restart_and_rollback_leave_the_same_rows(void **state)
{
    (void)state;
    char *whole = play_with(NONE, 0);
    assert_non_null(strstr(whole, "flapping"));
    for (size_t i = 0; i < sizeof script - 1; i += 7) {
        char *restarted = play_with(RESTART, i);
        assert_string_equal(restarted, whole);
        hb_free(restarted);
        char *again = play_with(ROLLBACK, i);
        assert_string_equal(again, whole);
        hb_free(again);
    }
    hb_free(whole);
}

static void alert__what_waits_for_a_sink_taken_away_becomes_a_dead_letter(void **state)
{
    (void)state;
    alert_script s;
    hb_arena arena;
    hb_dead_letter *dead = NULL;
    size_t n = 0;
    uint64_t brought = 0;
    hb_arena_init(&arena, 1 << 20);
    begin(&s, &plain);
    play(&s, "b");
    s.options.n_sinks = 1;
    script_restart(&s);
    CHECK_OK(hb_dead_list(s.store, NULL, 0, &arena, &dead, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(dead[0].sink, "web");
    assert_string_equal(dead[0].error, "this sink is no longer configured");
    CHECK_ERROR(hb_dead_retry(s.store, NULL, dead[0].id, &brought, &err), HB_E_STORE,
                "does not have any more");
    CHECK_ERROR(hb_dead_retry(s.store, NULL, 99, &brought, &err), HB_E_STORE, "no dead letter 99");
    s.options.n_sinks = 2;
    script_restart(&s);
    CHECK_OK(hb_dead_retry(s.store, NULL, 0, &brought, &err));
    assert_int_equal(brought, 2);
    hb_alert_counts c;
    CHECK_OK(hb_alerts_count(s.store, "rig", &c, &err));
    assert_int_equal(c.outbox, 4);
    assert_int_equal(c.dead, 0);
    script_end(&s);
    hb_arena_release(&arena);
}

static void alert__wrong_options_are_refused(void **state)
{
    (void)state;
    alert_script s;
    hb_alerts *a = NULL;
    begin(&s, &plain);
    hb_alert_options o = plain;
    o.flap_max = 3;
    CHECK_ERROR(hb_alerts_open(s.store, "rig", &o, &a, &err), HB_E_CONFIG, "flap_window_s");
    CHECK_ERROR(hb_alerts_open(s.store, "", &plain, &a, &err), HB_E_CONFIG, "1 to 64 bytes");
    static const hb_alert_inhibit half = {.cause = "a"};
    o = plain;
    o.inhibits = &half;
    o.n_inhibits = 1;
    CHECK_ERROR(hb_alerts_open(s.store, "rig", &o, &a, &err), HB_E_CONFIG,
                "both cause and symptom");
    assert_null(a);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alert__is_raised_on_change_of_state_and_not_per_window),
        cmocka_unit_test(alert__severity_is_by_the_first_rule_that_fits),
        cmocka_unit_test_setup_teardown(alert__that_flaps_is_held_until_it_settles, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(alert__is_acknowledged_once_and_ends_when_returned,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(alert__on_the_shelf_is_not_told_until_its_time_is_up,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(alert__symptoms_wait_for_their_cause, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(alert__of_a_circle_of_causes_one_is_told, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(alert__what_comes_together_goes_out_as_one, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(alert__an_acknowledgement_does_not_overtake_its_group,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(alert__a_window_opened_again_neither_ends_nor_counts_twice,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(alert__event_says_what_the_original_said_and_why, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(alert__restart_and_rollback_leave_the_same_rows, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(
            alert__what_waits_for_a_sink_taken_away_becomes_a_dead_letter, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(alert__wrong_options_are_refused, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, drop_dir);
}
