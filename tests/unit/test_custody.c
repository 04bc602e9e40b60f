/* SPDX-License-Identifier: Apache-2.0 */
/* What the entries of a case make of it, and that the cap on packs leaves what is on hold. */
#include "support/check.h"

#include "export/automatic.h"
#include "store/audit.h"
#include "store/custody.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <stdio.h>

static const char digest_1[] = "1111111111111111111111111111111111111111111111111111111111111111";

typedef struct fixture {
    hb_store *s;
    hb_arena arena;
} fixture;

static fixture begin(void)
{
    fixture f = {0};
    temp_dir_new();
    hb_arena_init(&f.arena, 1 << 20);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &f.s, &err));
    return f;
}

static void end(fixture *f)
{
    hb_store_close(f->s);
    hb_arena_release(&f->arena);
    temp_dir_remove();
}

typedef struct said {
    const char *event;
    const char *run_id;
} said;

static void members(void *ctx, hb_json *j)
{
    const said *s = ctx;
    if (*s->event) {
        hb_json_kc(j, "event", s->event);
    }
    hb_json_kc(j, "reason", "because");
    hb_json_kc(j, "run_id", s->run_id);
}

static void say(fixture *f, const char *type, const char *case_id, const char *event,
                const char *run_id)
{
    said s = {event, run_id};
    CHECK_OK(hb_store_log(f->s, type, case_id, 100, "", members, &s, &err));
}

static bool is_held(fixture *f, const char *name)
{
    hb_custody_holds h;
    bool now = false;
    CHECK_OK(hb_custody_held(f->s, &f->arena, &h, &err));
    CHECK_OK(hb_custody_held_now(f->s, name, &now, &err));
    assert_int_equal(now, hb_custody_is_held(&h, name));
    return now;
}

static void custody__a_hold_lasts_until_its_release(void **state)
{
    (void)state;
    fixture f = begin();
    assert_false(is_held(&f, "a"));
    say(&f, "custody", "a", "hold", "");
    say(&f, "custody", "b", "hold", "");
    say(&f, "custody", "a", "accessed", "");
    say(&f, "export", "a", "", "r");
    assert_true(is_held(&f, "a"));
    say(&f, "custody", "a", "release", "");
    assert_false(is_held(&f, "a"));
    assert_true(is_held(&f, "b"));
    say(&f, "custody", "a", "hold", "");
    assert_true(is_held(&f, "a"));
    end(&f);
}

static void custody__a_hold_is_on_the_runs_the_case_names(void **state)
{
    (void)state;
    fixture f = begin();
    hb_custody_holds cases;
    say(&f, "export", "c", "", "run-1");
    say(&f, "custody", "c", "accessed", "run-2");
    say(&f, "export", "d", "", "run-3");
    assert_false(is_held(&f, "run-1"));
    say(&f, "custody", "c", "hold", "");
    assert_true(is_held(&f, "run-1"));
    assert_true(is_held(&f, "run-2"));
    assert_false(is_held(&f, "run-3"));
    assert_false(is_held(&f, ""));
    CHECK_OK(hb_custody_held_cases(f.s, &f.arena, &cases, &err));
    assert_int_equal(cases.n, 1);
    assert_string_equal(cases.names[0], "c");
    end(&f);
}

static void custody__events_are_newest_first_and_of_the_case_alone(void **state)
{
    (void)state;
    fixture f = begin();
    hb_custody_event *e = NULL;
    hb_custody_case *c = NULL;
    size_t n = 0;
    say(&f, "custody", "a", "created", "");
    say(&f, "export", "a", "", "r");
    say(&f, "decision", "a", "", "r");
    say(&f, "custody", "b", "created", "");
    say(&f, "retention", "a", "", "");
    CHECK_OK(hb_custody_events(f.s, "a", 10, &f.arena, &e, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(e[0].event, "removed");
    assert_string_equal(e[1].event, "exported");
    assert_string_equal(e[1].run_id, "r");
    assert_string_equal(e[1].reason, "because");
    assert_string_equal(e[2].event, "created");
    assert_true(e[2].seq == 1 && e[2].leaf == -1 && e[2].at == 100);
    CHECK_OK(hb_custody_events(f.s, "a", 1, &f.arena, &e, &n, &err));
    assert_int_equal(n, 1);
    CHECK_OK(hb_custody_cases(f.s, false, 10, &f.arena, &c, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(c[0].case_id, "b");
    assert_string_equal(c[1].case_id, "a");
    assert_int_equal(c[1].events, 2);
    assert_string_equal(c[1].last, "exported");
    end(&f);
}

/* Three packs of 100 bytes; *ret_paths in the arena. */
static void make_packs(fixture *f, const char *ret_paths[3])
{
    for (unsigned i = 0; i < 3; i++) {
        char name[16];
        char run_id[16];
        char bytes[100] = "";
        bool existed = false;
        hb_packs_row *rows = NULL;
        size_t n = 0;
        snprintf(run_id, sizeof run_id, "run-%u", i);
        snprintf(name, sizeof name, "%u.zip", i);
        hb_run *run = fake_run_simple(run_id, i + 1.0);
        CHECK_OK(hb_store_add_run(f->s, run, 0, &existed, &err));
        hb_run_free(run);
        ret_paths[i] = hb_arena_str(&f->arena, hb_str_of(temp_path(name)));
        CHECK_OK(hb_file_write_atomic(hb_os_real(), ret_paths[i], bytes, sizeof bytes, 0600, &err));
        CHECK_OK(hb_pack_want(f->s, run_id, digest_1, "", i, &err));
        const hb_packs_query q = {.run_id = run_id, .due = HB_TIME_NONE};
        CHECK_OK(hb_packs_list(f->s, &q, &f->arena, &rows, &n, &err));
        CHECK_OK(hb_pack_made(f->s, rows[0].id, ret_paths[i], digest_1, sizeof bytes, i, &err));
    }
}

static void custody__the_cap_leaves_what_is_on_hold(void **state)
{
    (void)state;
    fixture f = begin();
    const char *paths[3];
    hb_export_dropped dropped;
    make_packs(&f, paths);
    say(&f, "export", "c-7", "", "run-0");
    say(&f, "custody", "c-7", "hold", "");
    hb_export_drop d = {.os = hb_os_real(), .store = f.s, .max_bytes = 100, .now = 9};
    CHECK_OK(hb_export_drop_oldest(&d, &f.arena, &dropped, &err));
    assert_true(dropped.packs == 1 && dropped.bytes == 100);
    assert_true(dropped.held == 1 && dropped.held_bytes == 100); /* 200 are over a cap of 100 */
    assert_true(hb_path_exists(hb_os_real(), paths[0]));
    assert_false(hb_path_exists(hb_os_real(), paths[1]));
    assert_true(hb_path_exists(hb_os_real(), paths[2]));
    say(&f, "custody", "c-7", "release", "");
    CHECK_OK(hb_export_drop_oldest(&d, &f.arena, &dropped, &err));
    assert_true(dropped.packs == 1 && dropped.held == 0);
    assert_false(hb_path_exists(hb_os_real(), paths[0]));
    assert_true(hb_path_exists(hb_os_real(), paths[2]));
    end(&f);
}

static int no_unlink(const char *path)
{
    (void)path;
    errno = EACCES;
    return -1;
}

static size_t entries(fixture *f)
{
    const hb_audit_query q = {.type = "retention"};
    hb_audit_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_log(f->s, &q, &f->arena, &rows, &n, &err));
    return n;
}

/* A pack, what the registry says of it and the entry go together, or none of them does. */
static void custody__the_cap_tells_of_what_went_and_of_nothing_else(void **state)
{
    (void)state;
    fixture f = begin();
    const char *paths[3];
    hb_export_dropped dropped;
    hb_packs_sums sums;
    hb_os os = *hb_os_real();
    make_packs(&f, paths);
    os.unlink = no_unlink;
    hb_export_drop d = {.os = &os, .store = f.s, .max_bytes = 200, .now = 9};
    CHECK_ERROR(hb_export_drop_oldest(&d, &f.arena, &dropped, &err), HB_E_IO, "cannot take away");
    assert_int_equal(entries(&f), 0);
    CHECK_OK(hb_packs_sum(f.s, NULL, &sums, &err));
    assert_int_equal(sums.made, 3);
    os.unlink = hb_os_real()->unlink;
    assert_int_equal(os.unlink(paths[0]), 0); /* killed before the entry was committed */
    CHECK_OK(hb_export_drop_oldest(&d, &f.arena, &dropped, &err));
    assert_int_equal(entries(&f), 1);
    CHECK_OK(hb_packs_sum(f.s, NULL, &sums, &err));
    assert_int_equal(sums.made, 2);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(custody__a_hold_lasts_until_its_release),
        cmocka_unit_test(custody__a_hold_is_on_the_runs_the_case_names),
        cmocka_unit_test(custody__events_are_newest_first_and_of_the_case_alone),
        cmocka_unit_test(custody__the_cap_leaves_what_is_on_hold),
        cmocka_unit_test(custody__the_cap_tells_of_what_went_and_of_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
