/* SPDX-License-Identifier: Apache-2.0 */
/* The journal asks before it drops, and the keeper answers by the registry: what is on hold stays,
 * what goes is told of once, whatever fails in between. */
#include "support/check.h"

#include "daemon/keeper.h"
#include "store/audit.h"
#include "store/custody.h"
#include "store/live.h"
#include "support/journal_case.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MIB = 1 << 20, EACH = 300000 }; /* three records a segment */

typedef struct fixture {
    hb_os os; /* the real one, with an unlink that may fail */
    hb_store *s;
    hb_keeper *k;
    hb_journal *j;
    hb_arena arena;
    uint64_t at[64];
    unsigned n;
} fixture;

static bool broken;

static int failing_unlink(const char *path)
{
    if (broken && strstr(path, ".hbj")) {
        errno = EIO;
        return -1;
    }
    return case_os()->unlink(path);
}

static void open_journal(fixture *f, uint64_t max_bytes, uint64_t first)
{
    const hb_journal_options o = {.segment_bytes = MIB,
                                  .max_bytes = max_bytes,
                                  .no_sync_thread = true,
                                  .first = first,
                                  .guard = f->k ? hb_keeper_guard : NULL,
                                  .guard_ctx = f->k};
    CHECK_OK(hb_journal_open(&f->os, temp_path("j"), &o, &f->j, &err));
}

static void begin(fixture *f)
{
    *f = (fixture){.os = *case_os()};
    f->os.unlink = failing_unlink;
    broken = false;
    temp_dir_new();
    hb_arena_init(&f->arena, 1 << 20);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &f->s, &err));
    CHECK_OK(hb_keeper_open(hb_os_real(), temp_path("runs.db"), "rig", &f->k, &err));
    open_journal(f, 4 * MIB, 0);
}

static void reopen(fixture *f)
{
    hb_journal_close(f->j);
    hb_keeper_close(f->k);
    CHECK_OK(hb_keeper_open(hb_os_real(), temp_path("runs.db"), "rig", &f->k, &err));
    open_journal(f, 4 * MIB, 0);
    hb_journal_release_before(f->j, hb_journal_end(f->j));
}

static void end(fixture *f)
{
    hb_journal_close(f->j);
    hb_keeper_close(f->k);
    hb_store_close(f->s);
    hb_arena_release(&f->arena);
    temp_dir_remove();
}

static hb_status append(fixture *f, hb_error *err)
{
    static char payload[EACH];
    snprintf(payload, sizeof payload, "%08u", f->n);
    const hb_record r = case_message("s", "t", (hb_str){payload, sizeof payload}, f->n);
    HB_TRY(hb_journal_append(f->j, &r, &f->at[f->n], err));
    f->n++;
    hb_journal_release_before(f->j, hb_journal_end(f->j));
    return HB_OK;
}

static void fill(fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        CHECK_OK(append(f, &err));
    }
}

static void window(fixture *f, const char *run_id, unsigned first, unsigned last)
{
    static const char hex[] = "0123456789abcdef";
    char id[65];
    bool existed = false;
    memset(id, hex[first % 16], 64);
    id[64] = '\0';
    const hb_live_window_row row = {.stream = "rig",
                                    .id = id,
                                    .name = "w",
                                    .start = first,
                                    .end = last + 1,
                                    .verdict = "PASS",
                                    .run_id = run_id,
                                    .digest = id,
                                    .json = "{}",
                                    .json_len = 2,
                                    .from = f->at[first],
                                    .to = f->at[last] + 1,
                                    .decided_at = 1,
                                    .report = ""};
    CHECK_OK(hb_live_put_window(f->s, &row, &existed, &err));
}

static void members(void *ctx, hb_json *j)
{
    hb_json_kc(j, "event", ctx);
    hb_json_kc(j, "reason", "because");
    hb_json_kc(j, "run_id", "");
}

static void say(fixture *f, const char *case_id, char *event)
{
    CHECK_OK(hb_store_log(f->s, "custody", case_id, 1, "", members, event, &err));
}

static size_t told(fixture *f, hb_audit_row **ret)
{
    const hb_audit_query q = {.type = "retention"};
    size_t n = 0;
    CHECK_OK(hb_store_list_log(f->s, &q, &f->arena, ret, &n, &err));
    return n;
}

static bool there(fixture *f, unsigned i)
{
    hb_journal_reader *r = NULL;
    bool kept = hb_journal_reader_open(f->j, f->at[i], &r, NULL) == HB_OK;
    hb_journal_reader_close(r);
    return kept;
}

static void keeper__holds_what_is_on_hold_and_tells_what_goes(void **state)
{
    (void)state;
    fixture f;
    hb_audit_row *rows = NULL;
    hb_journal_state st;
    begin(&f);
    fill(&f, 6);
    window(&f, "w-a", 3, 4);
    say(&f, "w-a", "hold");
    fill(&f, 15); /* seven segments in a journal of four */
    assert_true(there(&f, 3));
    assert_false(there(&f, 0));
    assert_false(there(&f, 6));
    hb_journal_get_state(f.j, &st);
    assert_int_equal(st.bytes, 4 * MIB);
    assert_int_equal(st.kept_segments, 0); /* the cap is kept */
    assert_int_equal(told(&f, &rows), 3);
    assert_string_equal(rows[0].subject, "rig@0");
    assert_non_null(strstr(rows[0].entry.p, "\"rule\":\"journal.max_mb\""));
    assert_non_null(strstr(rows[0].entry.p, "\"records\":3"));
    assert_non_null(strstr(rows[0].entry.p, "\"path\":\"00000000000000000000.hbj\""));
    say(&f, "w-a", "release");
    fill(&f, 3);
    assert_false(there(&f, 3));
    assert_int_equal(told(&f, &rows), 4);
    case_verifies(temp_path("j"));
    end(&f);
}

static void keeper__lets_holds_fill_the_cap(void **state)
{
    (void)state;
    fixture f;
    hb_audit_row *rows = NULL;
    hb_journal_state st;
    begin(&f);
    fill(&f, 12);
    window(&f, "w-a", 0, 8);
    say(&f, "w-a", "hold");
    CHECK_ERROR(append(&f, &err), HB_E_LIMIT, "3 segments (3145728 bytes) are on hold");
    hb_journal_get_state(f.j, &st);
    assert_true(st.kept_segments == 3 && st.kept_bytes == 3 * MIB && st.refused == 1);
    assert_int_equal(told(&f, &rows), 0);
    say(&f, "w-a", "release");
    fill(&f, 1);
    hb_journal_get_state(f.j, &st);
    assert_int_equal(st.kept_segments, 0);
    end(&f);
}

static void keeper__drops_nothing_when_the_registry_is_gone(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    fill(&f, 12);
    assert_int_equal(rename(temp_path("runs.db"), temp_path("away.db")), 0);
    CHECK_ERROR(append(&f, &err), HB_E_LIMIT, "while it is not known what is on hold");
    assert_true(there(&f, 0));
    assert_int_equal(rename(temp_path("away.db"), temp_path("runs.db")), 0);
    fill(&f, 1);
    assert_false(there(&f, 0));
    end(&f);
}

static void keeper__tells_once_of_what_could_not_be_removed_at_once(void **state)
{
    (void)state;
    fixture f;
    hb_audit_row *rows = NULL;
    begin(&f);
    fill(&f, 12);
    broken = true; /* as if it ended between the entry and the removal */
    assert_int_not_equal(append(&f, NULL), HB_OK);
    assert_int_equal(told(&f, &rows), 1);
    assert_true(there(&f, 0));
    broken = false;
    reopen(&f);
    CHECK_OK(hb_journal_retain(f.j, &err)); /* nothing is over the cap; it is told of, so it goes */
    assert_int_equal(told(&f, &rows), 1);
    assert_false(there(&f, 0));
    assert_true(there(&f, 3));
    CHECK_OK(hb_journal_retain(f.j, &err));
    assert_true(there(&f, 3));
    end(&f);
}

static void keeper__spares_what_is_told_of_and_on_hold_since(void **state)
{
    (void)state;
    fixture f;
    hb_audit_row *rows = NULL;
    begin(&f);
    fill(&f, 12);
    window(&f, "w-a", 1, 1);
    broken = true;
    assert_int_not_equal(append(&f, NULL), HB_OK);
    broken = false;
    say(&f, "w-a", "hold");
    reopen(&f);
    CHECK_OK(hb_journal_retain(f.j, &err));
    assert_true(there(&f, 0));
    say(&f, "w-a", "release");
    fill(&f, 1);
    assert_false(there(&f, 0));
    assert_int_equal(told(&f, &rows), 1);
    end(&f);
}

static void journal__begins_where_another_ended(void **state)
{
    (void)state;
    fixture f = {.os = *case_os()};
    temp_dir_new();
    hb_arena_init(&f.arena, 1 << 20);
    open_journal(&f, 0, 4096 * 100 + 8);
    assert_int_equal(hb_journal_begin(f.j), 4096 * 100 + 8);
    assert_int_equal(hb_journal_end(f.j), 4096 * 100 + 8);
    fill(&f, 1);
    assert_int_equal(f.at[0], 4096 * 100 + 8);
    hb_journal_close(f.j);
    open_journal(&f, 0, 7777); /* has records: not asked */
    assert_int_equal(hb_journal_begin(f.j), f.at[0]);
    fill(&f, 2);
    assert_int_equal(case_read(f.j, f.at[0], 0), 3);
    hb_journal_close(f.j);
    case_verifies(temp_path("j"));
    hb_arena_release(&f.arena);
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeper__holds_what_is_on_hold_and_tells_what_goes),
        cmocka_unit_test(keeper__lets_holds_fill_the_cap),
        cmocka_unit_test(keeper__drops_nothing_when_the_registry_is_gone),
        cmocka_unit_test(keeper__tells_once_of_what_could_not_be_removed_at_once),
        cmocka_unit_test(keeper__spares_what_is_told_of_and_on_hold_since),
        cmocka_unit_test(journal__begins_where_another_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
