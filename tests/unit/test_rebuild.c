/* SPDX-License-Identifier: Apache-2.0 */
/* A stored decision made again from its basis: what is said when something of it is missing, and
 * memory that fails. Whole workspaces: tests/cli/test_rebuild.py. */
#include "support/check.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

#include "baseline/select.h"
#include "decide/decision_json.h"
#include "export/rebuild.h"
#include "store/documents.h"
#include "telemetry/run_digest.h"

#include <sqlite3.h>
#include <stdio.h>

static const hb_str registry_text = {"version: '1'\nmetrics:\n  m: {drift_threshold: 1}\n", 48};

typedef struct bench {
    hb_store *store;
    hb_registry *registry;
    hb_policy policy;
    char registry_sha256[65];
} bench;

static hb_run *run_of(const char *run_id, double value, hb_time later)
{
    hb_run *r = fake_run_simple(run_id, value);
    r->meta.start += later * INT64_C(1000000000);
    CHECK_OK(hb_run_set_digest(r, &err));
    return r;
}

static void bench_open(bench *b)
{
    *b = (bench){0};
    temp_dir_new();
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &b->store, &err));
    CHECK_OK(hb_digest_of(registry_text.p, registry_text.n, b->registry_sha256, &err));
    CHECK_OK(hb_registry_parse(registry_text, "registry.yaml", NULL, NULL, b->registry_sha256, NULL,
                               &b->registry, &err));
    hb_policy_builtin(&b->policy);
}

static void bench_close(bench *b)
{
    hb_policy_release(&b->policy);
    hb_registry_free(b->registry);
    hb_store_close(b->store);
    temp_dir_remove();
}

static void store_decision(bench *b, const hb_decision *d, bool with_basis)
{
    char digest[65];
    hb_buf json;
    hb_buf basis;
    hb_buf_init(&json, 1 << 20);
    hb_buf_init(&basis, 1 << 20);
    CHECK_OK(hb_decision_json(d, &json, &err));
    CHECK_OK(hb_basis_json(d, &basis, &err));
    CHECK_OK(hb_digest_of(json.p, json.n, digest, &err));
    const hb_decision_row row = {.run_id = d->run->meta.run_id,
                                 .status = hb_verdict_name(d->verdict),
                                 .baseline_run_id = "",
                                 .baseline_reason = d->reference->reason,
                                 .match_level = "NONE",
                                 .json = json.p,
                                 .json_len = json.n,
                                 .digest = digest,
                                 .basis = with_basis ? basis.p : NULL,
                                 .basis_len = basis.n};
    CHECK_OK(hb_store_add_decision(b->store, &row, &err));
    hb_buf_release(&json);
    hb_buf_release(&basis);
}

static void judge(bench *b, const char *run_id, double value, hb_time later, bool with_basis)
{
    bool existed = false;
    hb_run *run = run_of(run_id, value, later);
    hb_selection sel;
    hb_decision *d = NULL;
    const hb_select_ask ask = {.run = run, .policy = &b->policy, .registry = b->registry, .now = 1};
    CHECK_OK(hb_store_add_run(b->store, run, 1, &existed, &err));
    CHECK_OK(hb_baseline_select(b->store, &ask, &sel, &err));
    CHECK_OK(hb_decide(run, &sel.reference, b->registry, &b->policy, &d, &err));
    store_decision(b, d, with_basis);
    hb_decision_free(d);
    hb_selection_release(&sel);
    hb_run_free(run);
}

static void judge_all(bench *b)
{
    for (int i = 0; i < 5; i++) {
        char id[8];
        snprintf(id, sizeof id, "r%d", i);
        judge(b, id, 1 + 0.01 * i, i, true);
    }
}

static void sql(const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(temp_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void rebuild__says_what_is_missing(void **state)
{
    (void)state;
    bench b;
    hb_arena arena;
    hb_rebuilt x = {0};
    bench_open(&b);
    hb_arena_init(&arena, 64 << 20);
    judge_all(&b);
    CHECK_ERROR(hb_rebuild(b.store, "r4", NULL, NULL, &arena, &x, &err), HB_E_EVIDENCE,
                "the metric registry it used");
    CHECK_OK(hb_store_put_document(b.store, "metric_registry", registry_text, NULL, &err));
    CHECK_OK(hb_rebuild(b.store, "r4", NULL, NULL, &arena, &x, &err));
    assert_true(x.same && *x.why_not == '\0');
    assert_string_equal(x.json.p, x.row.json);
    assert_string_equal(x.config.registry_name, "registry.yaml");
    assert_null(x.config.policy_text);
    assert_int_equal(x.reference.set->n_runs, 4);
    char digest[65];
    hb_str_fit(x.row.digest, digest, sizeof digest);
    hb_rebuilt_release(&x);
    CHECK_OK(hb_rebuild(b.store, "r4", digest, NULL, &arena, &x, &err));
    hb_rebuilt_release(&x);
    CHECK_ERROR(hb_rebuild(b.store, "r3", digest, NULL, &arena, &x, &err), HB_E_STORE,
                "has no decision");
    CHECK_ERROR(hb_rebuild(b.store, "r9", NULL, NULL, &arena, &x, &err), HB_E_STORE, "no run 'r9'");
    hb_run *only = run_of("only", 1, 9);
    bool existed = false;
    CHECK_OK(hb_store_add_run(b.store, only, 1, &existed, &err));
    hb_run_free(only);
    CHECK_ERROR(hb_rebuild(b.store, "only", NULL, NULL, &arena, &x, &err), HB_E_STORE,
                "hb analyze makes one");
    judge(&b, "without", 1, 10, false);
    CHECK_ERROR(hb_rebuild(b.store, "without", NULL, NULL, &arena, &x, &err), HB_E_EVIDENCE,
                "was not kept then");
    assert_null(x.own); /* untouched by what failed */
    sql("UPDATE runs SET digest = replace(digest, substr(digest, 1, 4), '0000') WHERE run_id = "
        "'r1'");
    CHECK_ERROR(hb_rebuild(b.store, "r1", NULL, NULL, &arena, &x, &err), HB_E_EVIDENCE,
                "the run has another digest now");
    CHECK_ERROR(hb_rebuild(b.store, "r4", NULL, NULL, &arena, &x, &err), HB_E_EVIDENCE,
                "runs of its set have other digests now");
    hb_arena_release(&arena);
    bench_close(&b);
}

static bench fault_bench;

static hb_status rebuild_once(void)
{
    hb_error err = {0};
    hb_rebuilt x = {0};
    hb_arena arena;
    hb_arena_init(&arena, 64 << 20);
    hb_status status = hb_rebuild(fault_bench.store, "r4", NULL, NULL, &arena, &x, &err);
    assert_true(status != HB_OK || x.same);
    hb_rebuilt_release(&x);
    hb_arena_release(&arena);
    return status;
}

static void rebuild__survives_every_failing_allocation(void **state)
{
    (void)state;
    bench_open(&fault_bench);
    judge_all(&fault_bench);
    CHECK_OK(
        hb_store_put_document(fault_bench.store, "metric_registry", registry_text, NULL, &err));
    fault_loop(rebuild_once);
    bench_close(&fault_bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rebuild__says_what_is_missing),
        cmocka_unit_test(rebuild__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
