/* SPDX-License-Identifier: Apache-2.0 */
/* From the registry's queue into the log: nothing twice, nothing lost, whatever fails. */
#include "support/check.h"

#include "audit/inclusion.h"
#include "export/audit.h"
#include "store/audit.h"
#include "store/live.h"
#include "support/fault_os.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static hb_store *store;
static hb_arena arena;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    hb_arena_init(&arena, 64 << 20);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &store, &err));
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    hb_store_close(store);
    hb_arena_release(&arena);
    temp_dir_remove();
    return 0;
}

static const char *digest_of(unsigned i)
{
    char text[32];
    char *hex = hb_arena_alloc(&arena, HB_DIGEST_HEX);
    int n = snprintf(text, sizeof text, "decision %u", i);
    CHECK_OK(hb_digest_of(text, (size_t)n, hex, &err));
    return hex;
}

static void put_window(unsigned i, const char *verdict)
{
    char id[HB_DIGEST_HEX];
    char run_id[32];
    bool existed = false;
    snprintf(run_id, sizeof run_id, "window-%u", i);
    CHECK_OK(hb_digest_of(run_id, strlen(run_id), id, &err));
    const hb_live_window_row row = {.stream = "rig",
                                    .id = id,
                                    .name = "w",
                                    .start = (hb_time)i * 1000,
                                    .end = (hb_time)i * 1000 + 1000,
                                    .verdict = verdict,
                                    .run_id = run_id,
                                    .digest = digest_of(i),
                                    .json = "{}",
                                    .json_len = 2,
                                    .decided_at = 1,
                                    .report = "",
                                    .registry_digest = "r1",
                                    .policy_digest = ""};
    CHECK_OK(hb_live_put_window(store, &row, &existed, &err));
    assert_false(existed);
    CHECK_OK(hb_live_put_window(store, &row, &existed, &err)); /* logged once */
    assert_true(existed);
}

static void drain(uint64_t placed)
{
    hb_audit_drained d = {0};
    CHECK_OK(hb_audit_drain(fault_os(), store, temp_path("audit"), &d, &err));
    assert_int_equal(d.placed, placed);
    assert_int_equal(d.waiting, 0);
}

static hb_audit_log *open_log(void)
{
    hb_audit_log *log = NULL;
    CHECK_OK(hb_audit_open_read(hb_os_real(), temp_path("audit"), &log, &err));
    return log;
}

static void check(hb_audit_checked *ret)
{
    hb_audit_log *log = open_log();
    CHECK_OK(hb_audit_check(store, log, ret, &err));
    hb_audit_close(log);
}

static void note(const char *type, const char *subject)
{
    CHECK_OK(hb_store_log(store, type, subject, 5, "", NULL, NULL, &err));
}

static void drain__makes_no_log_for_nothing(void **state)
{
    (void)state;
    drain(0);
    assert_int_equal(access(temp_path("audit"), F_OK), -1);
}

/* Two drift windows one by one, eight others as two batches, the configuration once. */
static void drain__logs_quiet_windows_as_batches(void **state)
{
    (void)state;
    static const char *const verdicts[] = {"PASS",    "FAIL", "PASS",
                                           "NO_TEST", "PASS", "PASS_WITH_DRIFT"};
    hb_audit_checked c;
    hb_included got;
    for (unsigned i = 0; i < 6; i++) {
        put_window(i, verdicts[i]);
    }
    drain(4);
    drain(0);
    for (unsigned i = 6; i < 10; i++) {
        put_window(i, "PASS");
    }
    drain(1);
    check(&c);
    assert_int_equal(c.of_registry, 5);
    assert_int_equal(c.windows, 8);
    hb_audit_log *log = open_log();
    for (unsigned i = 0; i < 10; i++) {
        hb_audit_evidence e = {0};
        bool found = false;
        CHECK_OK(hb_audit_evidence_of(store, log, digest_of(i), &arena, &e, &found, &err));
        assert_true(found);
        const hb_inclusion_texts t = {
            .entry = e.entry, .inclusion = e.inclusion, .checkpoint = e.checkpoint};
        CHECK_OK(hb_inclusion_check(&t, hb_audit_key(log), digest_of(i), &arena, &got, &err));
        bool alone = i == 1 || i == 5;
        assert_string_equal(got.entry.type, alone ? "decision" : "windows");
        assert_int_equal(got.inclusion.has_batch, !alone);
        CHECK_ERROR(hb_inclusion_check(&t, hb_audit_key(log), digest_of(i + 1), &arena, &got, &err),
                    HB_E_EVIDENCE, alone ? "another decision" : "not in the batch");
    }
    hb_audit_evidence e = {0};
    bool found = true;
    CHECK_OK(hb_audit_evidence_of(store, log, digest_of(77), &arena, &e, &found, &err));
    assert_false(found);
    hb_audit_close(log);
}

static void check__sees_that_a_window_of_a_batch_is_gone(void **state)
{
    (void)state;
    hb_audit_checked c;
    for (unsigned i = 0; i < 5; i++) {
        put_window(i, "PASS");
    }
    drain(2);
    hb_store_close(store);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(temp_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM live_windows WHERE key = 3", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_WRITE, &store, &err));
    hb_audit_log *log = open_log();
    CHECK_ERROR(hb_audit_check(store, log, &c, &err), HB_E_EVIDENCE, "are not those of entry 1");
    hb_audit_close(log);
}

static void log__is_written_with_what_it_tells_of_or_not_at_all(void **state)
{
    (void)state;
    hb_audit_queue q;
    CHECK_OK(hb_live_begin(store, &err));
    note("tag", "a");
    hb_error why = {0};
    assert_int_equal(hb_live_end(store, HB_FAIL(&why, HB_E_USAGE, "no"), NULL), HB_E_USAGE);
    CHECK_OK(hb_store_log_state(store, &q, &err));
    assert_int_equal(q.waiting, 0);
    note("tag", "b");
    CHECK_OK(hb_store_log_state(store, &q, &err));
    assert_int_equal(q.waiting, 1);
    hb_audit_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_log(store, &(hb_audit_query){.type = "tag"}, &arena, &rows, &n, &err));
    assert_int_equal(n, 1);
    char wanted[256];
    snprintf(
        wanted, sizeof wanted,
        "{\"at\":\"1970-01-01T00:00:00.000000005Z\",\"by\":\"\",\"data\":{},\"format\":\"hb-log-"
        "entry/1\",\"registry\":\"%s\",\"seq\":1,\"subject\":\"b\",\"type\":\"tag\"}",
        q.registry);
    assert_string_equal(rows[0].entry.p, wanted);
}

static void too_much(void *ctx, hb_json *j)
{
    hb_json_kc(j, "note", ctx);
}

static void log__takes_no_entry_that_is_too_long(void **state)
{
    (void)state;
    static char text[65536];
    memset(text, 'x', sizeof text - 1);
    CHECK_ERROR(hb_store_log(store, "tag", "a", 5, "", too_much, text, &err), HB_E_LIMIT,
                "give a shorter reason");
    note("tag", "b");
    drain(1);
}

/* --- faults --- */

static unsigned long try_drain(unsigned long nth, bool persistent, int why, bool *ret_fired)
{
    hb_audit_drained d = {0};
    hb_error why_not = {0};
    fault_os_fail(nth, why, persistent);
    hb_status status = hb_audit_drain(fault_os(), store, temp_path("audit"), &d, &why_not);
    *ret_fired = fault_os_fired();
    fault_os_fail(0, 0, false);
    if (status != HB_OK && status != HB_E_IO && status != HB_E_INPUT) {
        fail_msg("call %lu: %s: %s", nth, hb_status_name(status), why_not.msg);
    }
    return status == HB_OK ? 0 : d.waiting;
}

/* After any failing call: what was not placed is told as waiting, and the next time everything is
 * in the log once, in order. */
static void drain__loses_and_doubles_nothing_whatever_call_fails(void **state)
{
    (void)state;
    uint64_t written = 0;
    for (int persistent = 0; persistent < 2; persistent++) {
        bool fired = true;
        for (unsigned long n = 1; fired; n++) {
            note("tag", "first");
            note("tag", "second");
            written += 2;
            unsigned long waits = try_drain(n, persistent, n % 2 ? ENOSPC : EIO, &fired);
            assert_true(waits == 0 || waits == 2);
            hb_audit_drained d = {0};
            CHECK_OK(hb_audit_drain(fault_os(), store, temp_path("audit"), &d, &err));
            hb_audit_log *log = open_log();
            assert_int_equal(hb_audit_size(log), written);
            hb_audit_close(log);
        }
    }
    hb_audit_checked c;
    check(&c);
    assert_int_equal(c.of_registry, written);
    assert_int_equal(c.waiting, 0);
}

static hb_status some_memory(void)
{
    hb_audit_drained d = {0};
    hb_status status = hb_store_log(store, "tag", "x", 5, "", NULL, NULL, NULL);
    return status == HB_OK ? hb_audit_drain(fault_os(), store, temp_path("audit"), &d, NULL)
                           : status;
}

static void drain__says_when_memory_is_out(void **state)
{
    (void)state;
    fault_loop(some_memory);
    CHECK_OK(some_memory());
    hb_audit_checked c;
    check(&c);
    assert_int_equal(c.waiting, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
        IN_DIR(drain__makes_no_log_for_nothing),
        IN_DIR(drain__logs_quiet_windows_as_batches),
        IN_DIR(check__sees_that_a_window_of_a_batch_is_gone),
        IN_DIR(log__is_written_with_what_it_tells_of_or_not_at_all),
        IN_DIR(log__takes_no_entry_that_is_too_long),
        IN_DIR(drain__loses_and_doubles_nothing_whatever_call_fails),
        IN_DIR(drain__says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
