/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry knows of packs that are to be made, and were. */
#include "support/check.h"

#include "store/live.h"
#include "store/packs.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

static const char digest_1[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char digest_2[] = "2222222222222222222222222222222222222222222222222222222222222222";

typedef struct fixture {
    hb_store *s;
    hb_arena arena;
} fixture;

static fixture begin(void)
{
    fixture f = {0};
    bool existed = false;
    temp_dir_new();
    hb_arena_init(&f.arena, 1 << 20);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &f.s, &err));
    hb_run *run = fake_run_simple("run-1", 1);
    CHECK_OK(hb_store_add_run(f.s, run, 0, &existed, &err));
    hb_run_free(run);
    return f;
}

static void end(fixture *f)
{
    hb_store_close(f->s);
    hb_arena_release(&f->arena);
    temp_dir_remove();
}

static size_t list(fixture *f, const hb_packs_query *q, hb_packs_row **ret_rows)
{
    size_t n = 0;
    CHECK_OK(hb_packs_list(f->s, q, &f->arena, ret_rows, &n, &err));
    return n;
}

static void packs__are_wanted_once_and_made(void **state)
{
    (void)state;
    fixture f = begin();
    hb_packs_row *rows = NULL;
    hb_packs_sums sums;
    const hb_packs_query wanted = {.stream = "rig", .state = "wanted", .due = 100};
    CHECK_OK(hb_pack_want(f.s, "run-1", digest_1, "rig", 100, &err));
    CHECK_OK(hb_pack_want(f.s, "run-1", digest_1, "rig", 200, &err));
    assert_int_equal(list(&f, &wanted, &rows), 1);
    assert_string_equal(rows[0].run_id, "run-1");
    assert_true(rows[0].made == HB_TIME_NONE);

    CHECK_OK(hb_pack_made(f.s, rows[0].id, "a.zip", digest_2, 77, 300, &err));
    assert_int_equal(list(&f, &wanted, &rows), 0);
    const hb_packs_query made = {.state = "made", .run_id = "run-1", .due = HB_TIME_NONE};
    assert_int_equal(list(&f, &made, &rows), 1);
    assert_string_equal(rows[0].path, "a.zip");
    assert_string_equal(rows[0].manifest_sha256, digest_2);
    assert_int_equal(rows[0].bytes, 77);
    assert_int_equal(rows[0].made, 300);

    CHECK_OK(hb_packs_sum(f.s, "rig", &sums, &err));
    assert_true(sums.wanted == 0 && sums.made == 1 && sums.gone == 0 && sums.bytes == 77);
    CHECK_OK(hb_pack_gone(f.s, rows[0].id, "the cap", &err));
    CHECK_OK(hb_packs_sum(f.s, NULL, &sums, &err));
    assert_true(sums.made == 0 && sums.gone == 1 && sums.bytes == 0);
    end(&f);
}

static void packs__that_failed_come_again_later(void **state)
{
    (void)state;
    fixture f = begin();
    hb_packs_row *rows = NULL;
    CHECK_OK(hb_pack_want(f.s, "run-1", digest_1, "", 100, &err));
    const hb_packs_query at_once = {.stream = "", .state = "wanted", .due = 100};
    assert_int_equal(list(&f, &at_once, &rows), 1);
    CHECK_OK(hb_pack_failed(f.s, rows[0].id, "disk full", 500, &err));
    assert_int_equal(list(&f, &at_once, &rows), 0);
    const hb_packs_query later = {.stream = "", .state = "wanted", .due = 500};
    assert_int_equal(list(&f, &later, &rows), 1);
    assert_int_equal(rows[0].attempts, 1);
    assert_string_equal(rows[0].error, "disk full");
    const hb_packs_query other = {.stream = "rig", .due = HB_TIME_NONE};
    assert_int_equal(list(&f, &other, &rows), 0);
    end(&f);
}

static void packs__are_wanted_with_their_decision_or_not_at_all(void **state)
{
    (void)state;
    fixture f = begin();
    hb_packs_row *rows = NULL;
    const hb_packs_query all = {.due = HB_TIME_NONE};
    CHECK_ERROR(hb_pack_want(f.s, "run-2", digest_1, "", 1, &err), HB_E_STORE, "run-2");
    CHECK_OK(hb_live_begin(f.s, &err));
    CHECK_OK(hb_pack_want(f.s, "run-1", digest_1, "", 1, &err));
    CHECK_ERROR(hb_live_end(f.s, HB_FAIL(&err, HB_E_IO, "no"), &err), HB_E_IO, "no");
    assert_int_equal(list(&f, &all, &rows), 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs__are_wanted_once_and_made),
        cmocka_unit_test(packs__that_failed_come_again_later),
        cmocka_unit_test(packs__are_wanted_with_their_decision_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
