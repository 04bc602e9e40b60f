/* SPDX-License-Identifier: Apache-2.0 */
/* What decisions were made with: kept once, given back byte for byte, never changed. */
#include "support/check.h"
#include "support/fake_run.h"
#include "support/fault_os.h"
#include "support/temp_dir.h"

#include "crypto/digest.h"
#include "store/documents.h"

#include <errno.h>
#include <sqlite3.h>

static const char sha_of_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static hb_store *open_store(void)
{
    hb_store *s = NULL;
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &s, &err));
    return s;
}

static void sql(const char *text, int expected)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(temp_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), expected);
    sqlite3_close(db);
}

static void add_run(hb_store *s, const char *run_id, const char *reading)
{
    hb_run *r = fake_run_simple(run_id, 1);
    bool existed = false;
    CHECK_OK(hb_store_add_run_read(s, r, hb_str_of(reading), 1, &existed, &err));
    hb_run_free(r);
}

static hb_status decide(hb_store *s, const char *run_id, hb_str basis, hb_error *err)
{
    const hb_decision_row row = {.run_id = run_id,
                                 .status = "PASS",
                                 .baseline_run_id = "",
                                 .baseline_reason = "no_runs",
                                 .match_level = "NONE",
                                 .json = "{}",
                                 .json_len = 2,
                                 .digest = sha_of_abc,
                                 .basis = basis.p,
                                 .basis_len = basis.n};
    return hb_store_add_decision(s, &row, err);
}

static void documents__are_kept_by_their_digest(void **state)
{
    (void)state;
    temp_dir_new();
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 64 << 20);
    char sha256[65];
    hb_str got = {0};
    bool found = true;
    CHECK_OK(hb_store_get_document(s, sha_of_abc, &arena, &got, &found, &err));
    assert_false(found);
    CHECK_OK(hb_store_put_document(s, "metric_registry", HB_STR("abc"), sha256, &err));
    assert_string_equal(sha256, sha_of_abc);
    CHECK_OK(hb_store_put_document(s, "baseline_policy", HB_STR("abc"), NULL, &err));
    CHECK_OK(hb_store_put_document(s, "profile", HB_STR(""), sha256, &err));
    CHECK_OK(hb_store_get_document(s, sha256, &arena, &got, &found, &err));
    assert_true(found && got.n == 0);
    CHECK_OK(hb_store_get_document(s, sha_of_abc, &arena, &got, &found, &err));
    assert_true(found);
    assert_string_equal(got.p, "abc");
    size_t n = 3 << 20;
    char *large = hb_alloc(n);
    assert_non_null(large);
    for (size_t i = 0; i < n; i++) {
        large[i] = (char)(i * i >> 7);
    }
    CHECK_OK(hb_store_put_document(s, "profile", (hb_str){large, n}, sha256, &err));
    CHECK_OK(hb_store_get_document(s, sha256, &arena, &got, &found, &err));
    assert_true(found && got.n == n && memcmp(got.p, large, n) == 0);
    hb_free(large);
    hb_str beyond = {"", HB_DOCUMENT_MAX + 1};
    CHECK_ERROR(hb_store_put_document(s, "profile", beyond, NULL, &err), HB_E_LIMIT, "at most");
    hb_arena_release(&arena);
    hb_store_close(s);
    sql("UPDATE documents SET body = x'00'", SQLITE_CONSTRAINT);
    sql("DELETE FROM documents", SQLITE_CONSTRAINT);
    sql("DROP TRIGGER documents_stays; UPDATE documents SET body = x'00616264' WHERE bytes = 3",
        SQLITE_OK);
    s = open_store();
    hb_arena_init(&arena, 1 << 20);
    CHECK_ERROR(hb_store_get_document(s, sha_of_abc, &arena, &got, &found, &err), HB_E_EVIDENCE,
                "under the digest ba7816bf8f01");
    sql("UPDATE documents SET body = x'0761'", SQLITE_OK);
    CHECK_ERROR(hb_store_get_document(s, sha_of_abc, &arena, &got, &found, &err), HB_E_STORE,
                "is damaged");
    hb_arena_release(&arena);
    hb_store_close(s);
    temp_dir_remove();
}

static void readings__go_with_the_run_and_stay(void **state)
{
    (void)state;
    temp_dir_new();
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_str got = {0};
    bool found = true;
    add_run(s, "a", "");
    CHECK_OK(hb_store_get_reading(s, "a", &arena, &got, &found, &err));
    assert_false(found);
    add_run(s, "a", "{\"first\":1}"); /* known without: it learns how */
    add_run(s, "a", "{\"second\":1}");
    CHECK_OK(hb_store_put_reading(s, "a", HB_STR("{\"third\":1}"), &err));
    CHECK_OK(hb_store_put_reading(s, "nobody", HB_STR("{}"), &err));
    CHECK_OK(hb_store_get_reading(s, "a", &arena, &got, &found, &err));
    assert_true(found);
    assert_string_equal(got.p, "{\"first\":1}");
    CHECK_OK(hb_store_get_reading(s, "nobody", &arena, &got, &found, &err));
    assert_false(found);
    hb_arena_release(&arena);
    hb_store_close(s);
    sql("UPDATE readings SET body = x'00'", SQLITE_CONSTRAINT);
    temp_dir_remove();
}

static void basis__is_kept_with_its_decision_in_pieces(void **state)
{
    (void)state;
    temp_dir_new();
    hb_store *s = open_store();
    hb_arena arena;
    hb_arena_init(&arena, 64 << 20);
    hb_str got = {0};
    bool found = true;
    size_t n = (size_t)20 << 20; /* three pieces */
    char *basis = hb_alloc(n + 1);
    assert_non_null(basis);
    for (size_t i = 0; i < n; i++) {
        basis[i] = (char)('a' + i * 7919 % 26);
    }
    basis[n] = '\0';
    add_run(s, "a", "");
    add_run(s, "b", "");
    CHECK_OK(decide(s, "a", (hb_str){0}, &err));
    CHECK_OK(hb_store_get_basis(s, "a", sha_of_abc, &arena, &got, &found, &err));
    assert_false(found);
    CHECK_OK(decide(s, "a", (hb_str){basis, n}, &err));
    CHECK_OK(decide(s, "a", HB_STR("another"), &err)); /* the same decision: the first stands */
    CHECK_OK(hb_store_get_basis(s, "a", sha_of_abc, &arena, &got, &found, &err));
    assert_true(found && got.n == n && memcmp(got.p, basis, n) == 0);
    CHECK_OK(decide(s, "b", HB_STR("of b"), &err)); /* an equal digest of another run */
    CHECK_OK(hb_store_get_basis(s, "b", sha_of_abc, &arena, &got, &found, &err));
    assert_string_equal(got.p, "of b");
    hb_decision_row row = {0};
    CHECK_OK(hb_store_get_decision(s, "b", sha_of_abc, &arena, &row, &found, &err));
    assert_true(found);
    assert_string_equal(row.run_id, "b");
    CHECK_OK(hb_store_get_decision(s, "b", "0", &arena, &row, &found, &err));
    assert_false(found);
    hb_free(basis);
    hb_arena_release(&arena);
    hb_store_close(s);
    sql("DELETE FROM decision_basis", SQLITE_CONSTRAINT);
    temp_dir_remove();
}

/* --- memory and disk that fail --- */

static hb_status all_of_it(const hb_os *os)
{
    hb_error err = {0};
    hb_store *s = NULL;
    hb_arena arena;
    hb_str got = {0};
    bool found = false;
    hb_run *r = fake_run_simple("a", 1);
    hb_arena_init(&arena, 1 << 20);
    hb_status status = hb_store_open(os, temp_path("runs.db"), HB_STORE_WRITE, &s, &err);
    if (status == HB_OK) {
        status = hb_store_add_run_read(s, r, HB_STR("{}"), 1, &found, &err);
    }
    if (status == HB_OK) {
        status = hb_store_put_document(s, "profile", HB_STR("abc"), NULL, &err);
    }
    if (status == HB_OK) {
        status = decide(s, "a", HB_STR("basis"), &err);
    }
    if (status == HB_OK) {
        status = hb_store_get_document(s, sha_of_abc, &arena, &got, &found, &err);
    }
    if (status == HB_OK) {
        status = hb_store_get_reading(s, "a", &arena, &got, &found, &err);
    }
    if (status == HB_OK) {
        status = hb_store_get_basis(s, "a", sha_of_abc, &arena, &got, &found, &err);
        assert_true(status != HB_OK || (found && hb_str_eq_c(got, "basis")));
    }
    hb_arena_release(&arena);
    hb_run_free(r);
    hb_store_close(s);
    return status;
}

static void documents__survive_failing_memory(void **state)
{
    (void)state;
    bool fired = true;
    for (unsigned long n = 1; fired; n++) {
        temp_dir_new();
        hb_store *s = open_store();
        hb_arena arena;
        hb_str got = {0};
        bool found = false;
        hb_arena_init(&arena, 1 << 20);
        hb_fault_alloc(n, false);
        hb_status status = hb_store_put_document(s, "profile", HB_STR("abc"), NULL, NULL);
        if (status == HB_OK) {
            status = hb_store_get_document(s, sha_of_abc, &arena, &got, &found, NULL);
        }
        fired = hb_fault_fired();
        hb_fault_alloc(0, false);
        assert_true(status == HB_OK || status == HB_E_NOMEM);
        assert_true(status != HB_OK || hb_str_eq_c(got, "abc"));
        hb_arena_release(&arena);
        hb_store_close(s);
    }
    temp_dir_remove();
}

static void documents__are_all_there_or_not_at_all_on_a_failing_disk(void **state)
{
    (void)state;
    bool fired = true;
    for (unsigned long n = 1; fired; n++) {
        temp_dir_new();
        hb_store_close(open_store());
        fault_os_fail(n, ENOSPC, true);
        hb_status status = all_of_it(fault_os());
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        assert_true(status == HB_OK || status == HB_E_STORE || status == HB_E_IO);
        assert_true(fired || status == HB_OK);
        assert_int_equal(all_of_it(hb_os_real()), HB_OK); /* what failed can be done again */
    }
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents__are_kept_by_their_digest),
        cmocka_unit_test(readings__go_with_the_run_and_stay),
        cmocka_unit_test(basis__is_kept_with_its_decision_in_pieces),
        cmocka_unit_test(documents__survive_failing_memory),
        cmocka_unit_test(documents__are_all_there_or_not_at_all_on_a_failing_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
