/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of runs, suspicions and versions, from the registry to the selection. */
#include "support/check.h"

#include "baseline/select.h"
#include "baseline/version.h"
#include "os/file.h"
#include "store/versions.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const hb_time day = INT64_C(86400000000000);
static hb_store *store;
static hb_policy policy;
static hb_arena arena;

static int begin(void **state)
{
    (void)state;
    temp_dir_new();
    hb_arena_init(&arena, 64 << 20);
    hb_policy_builtin(&policy);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &store, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    hb_store_close(store);
    hb_policy_release(&policy);
    hb_arena_release(&arena);
    temp_dir_remove();
    return 0;
}

/* Run number i: a day after the one before. */
static hb_run *run_at(const char *run_id, int i, double value)
{
    hb_run *r = fake_run(run_id);
    r->meta.start = FAKE_RUN_START + i * day;
    fake_run_context(r, HB_CONTEXT_OPERATING_MODE, "cruise");
    fake_run_value(r, "m", "ms", value)->step = 0.5;
    fake_run_done(r);
    return r;
}

static void add(hb_run *r)
{
    bool existed = false;
    CHECK_OK(hb_store_add_run(store, r, r->meta.start, &existed, &err));
    hb_run_free(r);
}

static void add_days(int n)
{
    for (int i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%d", i);
        add(run_at(id, i, i));
    }
}

typedef struct said {
    const char *status;
    const char *set;
    const char *raises; /* metric suspected upwards; NULL = none */
    const char *answers_run;
    hb_suspicion_state answer;
} said;

static void decide(const char *run_id, said what)
{
    static unsigned n;
    char digest[65];
    snprintf(digest, sizeof digest, "%064u", ++n);
    const hb_suspicion_raised raised = {
        .metric = what.raises, .direction = HB_DIRECTION_UP, .step = 0.5, .days = 30};
    const hb_suspicion_answer answer = {.run_id = what.answers_run,
                                        .metric = "m",
                                        .direction = HB_DIRECTION_UP,
                                        .state = what.answer};
    const hb_decision_row row = {.run_id = run_id,
                                 .status = what.status,
                                 .set = what.set,
                                 .json = "{}",
                                 .json_len = 2,
                                 .digest = digest,
                                 .decided_at = FAKE_RUN_START + 100 * day,
                                 .raised = &raised,
                                 .n_raised = what.raises != NULL,
                                 .answers = &answer,
                                 .n_answers = what.answers_run != NULL};
    CHECK_OK(hb_store_add_decision(store, &row, &err));
}

static const char *joined(const hb_run_set *set)
{
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; set && i < set->n_runs; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s", i ? " " : "", set->runs[i].run_id);
    }
    return text;
}

static hb_selection select_for(const hb_run *run)
{
    hb_selection sel = {0};
    const hb_select_ask ask = {.run = run, .policy = &policy};
    CHECK_OK(hb_baseline_select(store, &ask, &sel, &err));
    return sel;
}

/* "state of r3's suspicion", "none" without one. */
static const char *state(const char *run_id)
{
    const hb_suspicion_query q = {.run_id = run_id, .settled_too = true};
    hb_suspicion_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_suspicions(store, &q, &arena, &rows, &n, &err));
    assert_true(n < 2);
    return n ? hb_suspicion_state_name(rows[0].state) : "none";
}

static unsigned count(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_open(temp_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    unsigned n = (unsigned)sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

/* --- sets --- */

static void run_set__is_a_matrix_oldest_first(void **unused)
{
    (void)unused;
    hb_run *a = run_at("a", 0, 1);
    static const double v[] = {1, 2, 4};
    fake_run_samples(a, "s", "V", v, 3);
    fake_run_value(a, "nan", "", NAN);
    fake_run_done(a);
    add(a);
    add(run_at("b", 1, 2.5));
    hb_run *c = run_at("c", 2, 4);
    fake_run_metric(c, "m")->unit = "s";
    fake_run_done(c);
    add(c);
    hb_run *now = run_at("now", 3, 0);
    static const char *const ids[] = {"a", "b", "c"};
    const hb_run_set_ask ask = {.run = now, .kind = "comparable"};
    hb_run_set set;
    hb_buf note;
    hb_buf_init(&note, 1000);
    CHECK_OK(hb_run_set_load(store, &ask, ids, 3, &set, &note, &err));
    assert_string_equal(joined(&set), "a b c");
    assert_int_equal(set.n_metrics, 3);
    assert_string_equal(set.metrics[0].name, "m");
    assert_string_equal(set.metrics[2].name, "s");
    const hb_past_metric *m = hb_run_set_metric(&set, "m");
    assert_string_equal(m->unit, "ms");
    assert_true(m->values[0] == 1 && m->values[1] == 2.5 && isnan(m->values[2]));
    assert_true(m->n == 2 && m->step == 0.5);
    assert_string_equal(note.p,
                        "metric 'm' of run 'c' is in 's', not 'ms', and is left out of the set");
    const hb_past_metric *s = hb_run_set_metric(&set, "s");
    assert_true(s->n == 1 && s->counts[0] == 3 && s->counts[1] == 0 && isnan(s->spreads[1]));
    assert_true(fabs(s->spreads[0] - sqrt(7.0 / 3)) < 1e-15); /* by hand: mean 7/3 */
    assert_int_equal(hb_run_set_metric(&set, "nan")->n, 0);
    assert_string_equal(set.runs[0].meta.context[HB_CONTEXT_OPERATING_MODE], "cruise");
    assert_true(set.runs[1].start == FAKE_RUN_START + day);
    char digest[65];
    memcpy(digest, set.digest, sizeof digest);
    hb_run_set_release(&set);
    static const char *const other[] = {"a", "c"};
    CHECK_OK(hb_run_set_load(store, &ask, other, 2, &set, NULL, &err));
    assert_string_not_equal(set.digest, digest);
    hb_run_set_release(&set);
    static const char *const unknown[] = {"a", "zz"};
    CHECK_ERROR(hb_run_set_load(store, &ask, unknown, 2, &set, NULL, &err), HB_E_STORE,
                "has no run 'zz'");
    CHECK_OK(hb_run_set_load(store, &ask, NULL, 0, &set, NULL, &err));
    assert_int_equal(set.n_runs + set.n_metrics, 0);
    hb_run_set_release(&set);
    hb_buf_release(&note);
    hb_run_free(now);
}

static void run_set__keeps_the_unit_when_no_value_is_in_the_wanted_one(void **unused)
{
    (void)unused;
    add_days(3);
    hb_run *now = run_at("now", 3, 0);
    fake_run_metric(now, "m")->unit = "K";
    static const char *const ids[] = {"r0", "r1", "r2"};
    const hb_run_set_ask ask = {.run = now, .kind = "comparable"};
    hb_run_set set;
    CHECK_OK(hb_run_set_load(store, &ask, ids, 3, &set, NULL, &err));
    assert_string_equal(set.metrics[0].unit, "ms");
    assert_int_equal(set.metrics[0].n, 0);
    hb_run_set_release(&set);
    hb_run_free(now);
}

static void run_set__is_refused_from_a_run_that_lost_a_metric(void **unused)
{
    (void)unused;
    add_days(2);
    count("DELETE FROM run_metrics WHERE run = 1 RETURNING 1");
    static const char *const ids[] = {"r0", "r1"};
    const hb_run_set_ask ask = {.kind = "comparable"};
    hb_run_set set;
    CHECK_ERROR(hb_run_set_load(store, &ask, ids, 2, &set, NULL, &err), HB_E_STORE, "is damaged");
}

/* --- suspicions --- */

static void suspicions__are_raised_once_and_answered_by_the_next_run(void **unused)
{
    (void)unused;
    add_days(7);
    const said suspects = {.status = "PASS_WITH_DRIFT", .set = "r0\nr1\nr2", .raises = "m"};
    decide("r3", suspects);
    decide("r3", suspects);
    assert_string_equal(state("r3"), "open");
    assert_int_equal(count("SELECT count(*) FROM suspicions"), 1);
    assert_int_equal(count("SELECT count(*) FROM suspicion_runs"), 3);
    assert_int_equal(count("SELECT count(*) FROM suspicion_log"), 0);

    hb_run *r4 = run_at("r4", 4, 4);
    for (int again = 0; again < 2; again++) { /* before it answers, and after */
        hb_selection sel = select_for(r4);
        const hb_prior *prior = sel.reference.prior;
        assert_int_equal(prior->n_suspicions, 1);
        const hb_suspicion *x = &prior->suspicions[0];
        assert_string_equal(x->metric, "m");
        assert_string_equal(x->run_id, "r3");
        assert_int_equal(x->direction, HB_DIRECTION_UP);
        assert_true(x->raised == FAKE_RUN_START + 3 * day && x->until == x->raised + 30 * day);
        assert_int_equal(x->n_set, 3);
        assert_string_equal(x->set_run_ids[2], "r2");
        assert_true(x->values[0] == 0 && x->values[2] == 2 && x->step == 0.5);
        assert_string_equal(joined(sel.reference.set), "r0 r1 r2 r5 r6"); /* r3 is suspect */
        assert_string_equal(joined(prior->history), "r0 r1 r2 r3");
        hb_selection_release(&sel);
        const said clears = {.status = "PASS", .answers_run = "r3", .answer = HB_SUSPICION_CLEARED};
        decide("r4", clears);
        decide("r4", clears);
        assert_string_equal(state("r3"), "cleared");
    }
    assert_int_equal(count("SELECT count(*) FROM suspicion_log"), 1);
    hb_run_free(r4);

    hb_run *r5 = run_at("r5", 5, 5);
    hb_selection sel = select_for(r5);
    assert_int_equal(sel.reference.prior->n_suspicions, 0);
    assert_string_equal(joined(sel.reference.set), "r0 r1 r2 r3 r4 r6");
    hb_selection_release(&sel);
    hb_run_free(r5);
}

static void suspicions__confirmed_keep_both_runs_out_of_sets(void **unused)
{
    (void)unused;
    add_days(7);
    decide("r3", (said){.status = "PASS_WITH_DRIFT", .set = "r0\nr1\nr2", .raises = "m"});
    decide(
        "r4",
        (said){.status = "PASS_WITH_DRIFT", .answers_run = "r3", .answer = HB_SUSPICION_CONFIRMED});
    assert_string_equal(state("r3"), "confirmed");
    hb_run *r6 = run_at("r6", 6, 6);
    hb_selection sel = select_for(r6);
    assert_string_equal(joined(sel.reference.set), "r0 r1 r2 r5");
    assert_int_equal(sel.reference.prior->n_suspicions, 0);
    hb_selection_release(&sel);
    /* Decided again, it does not say so any more. */
    decide("r4", (said){.status = "PASS"});
    assert_string_equal(state("r3"), "open");
    sel = select_for(r6);
    assert_string_equal(joined(sel.reference.set), "r0 r1 r2 r4 r5");
    assert_int_equal(sel.reference.prior->n_suspicions, 1);
    hb_selection_release(&sel);
    hb_run_free(r6);
    decide("r3", (said){.status = "PASS"});
    assert_string_equal(state("r3"), "none"); /* withdrawn */
    decide("r3", (said){.status = "PASS_WITH_DRIFT", .set = "r0\nr1", .raises = "m"});
    assert_string_equal(state("r3"), "open");
    assert_int_equal(count("SELECT count(*) FROM suspicions"), 2);
}

/* A change that stays makes every new run suspect; the runs before it must not get out of sight. */
static void suspicions__of_many_runs_do_not_hide_the_runs_before(void **unused)
{
    (void)unused;
    add_days(134);
    for (int i = 4; i < 133; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%d", i);
        decide(id, (said){.status = "PASS_WITH_DRIFT", .set = "r0\nr1\nr2\nr3", .raises = "m"});
    }
    hb_run *newest = run_at("r133", 133, 1);
    hb_selection sel = select_for(newest);
    assert_string_equal(joined(sel.reference.set), "r0 r1 r2 r3");
    hb_selection_release(&sel);
    hb_run_free(newest);
}

static void suspicions__are_not_for_everybody(void **unused)
{
    (void)unused;
    add_days(4);
    decide("r3", (said){.status = "PASS_WITH_DRIFT", .set = "r0\nr1\nr2", .raises = "m"});
    hb_run *late = run_at("late", 34, 1);
    hb_run *early = run_at("early", 2, 1);
    hb_run *other = run_at("other", 4, 1);
    fake_run_context(other, HB_CONTEXT_OPERATING_MODE, "idle");
    hb_run *test = run_at("test", 4, 1);
    fake_run_test(test, "prog", "sub", "another");
    hb_run *self = run_at("r3", 3, 3);
    hb_run *in_time = run_at("in-time", 33, 1);
    hb_run *const runs[] = {late, early, other, test, self, in_time};
    for (size_t i = 0; i < 6; i++) {
        hb_selection sel = select_for(runs[i]);
        assert_int_equal(sel.reference.prior->n_suspicions, runs[i] == in_time);
        hb_selection_release(&sel);
        hb_run_free(runs[i]);
    }
}

static void suspicions__a_copy_is_no_retest(void **unused)
{
    (void)unused;
    add_days(3);
    static const double v[] = {7, 8, 9};
    hb_run *first = run_at("first", 3, 1);
    fake_run_samples(first, "s", "", v, 3);
    fake_run_done(first);
    hb_run *copy = run_at("copy", 4, 1);
    fake_run_samples(copy, "s", "", v, 3);
    fake_run_done(copy);
    memcpy(copy->digest, first->digest, sizeof copy->digest);
    add(first);
    decide("first", (said){.status = "PASS_WITH_DRIFT", .set = "r0\nr1\nr2", .raises = "m"});
    hb_selection sel = select_for(copy);
    assert_int_equal(sel.reference.prior->n_suspicions, 0);
    hb_selection_release(&sel);
    hb_run_free(copy);
}

/* --- with --- */

static hb_status select_with(const hb_run *run, const char *a, const char *b, hb_selection *ret,
                             hb_error *err)
{
    const char *const with[] = {a, b};
    const hb_select_ask ask = {.run = run, .policy = &policy, .with = with, .n_with = b ? 2 : 1};
    return hb_baseline_select(store, &ask, ret, err);
}

static void with__takes_runs_of_the_test_out_of_the_set(void **unused)
{
    (void)unused;
    add_days(5);
    hb_run *idle = run_at("idle", 6, 1);
    fake_run_context(idle, HB_CONTEXT_OPERATING_MODE, "idle");
    fake_run_done(idle);
    add(idle);
    hb_run *foreign = run_at("foreign", 7, 1);
    fake_run_test(foreign, "prog", "sub", "another");
    fake_run_done(foreign);
    add(foreign);
    decide("r2", (said){.status = "PASS"});
    decide("r4", (said){.status = "PASS"});
    hb_run *now = run_at("now", 8, 1);
    hb_selection sel = {0};
    CHECK_OK(select_with(now, "r4", "r3", &sel, &err));
    assert_string_equal(joined(sel.reference.with), "r3 r4");
    assert_string_equal(sel.reference.with->kind, "named");
    assert_string_equal(joined(sel.reference.set), "r0 r1 r2");
    assert_string_equal(sel.reference.run_ids[0], "r2"); /* r4 is no candidate */
    hb_selection_release(&sel);
    CHECK_ERROR(select_with(now, "r4", "r4", &sel, &err), HB_E_USAGE, "one recording");
    CHECK_ERROR(select_with(now, "now", NULL, &sel, &err), HB_E_STORE, "has no run 'now'");
    CHECK_ERROR(select_with(now, "idle", NULL, &sel, &err), HB_E_USAGE,
                "operating_mode is 'cruise'");
    CHECK_ERROR(select_with(now, "foreign", NULL, &sel, &err), HB_E_USAGE, "only runs of one test");
    hb_run_free(now);
    hb_run *r4 = run_at("r4", 4, 4);
    CHECK_ERROR(select_with(r4, "r4", NULL, &sel, &err), HB_E_USAGE, "the run itself");
    hb_run_free(r4);
    const hb_tag_row tag = {.tag = "golden", .run_id = "r1"};
    CHECK_OK(hb_store_set_tag(store, &tag, &err));
    policy.strategy = HB_STRATEGY_GOLDEN;
    now = run_at("now", 8, 1);
    CHECK_ERROR(select_with(now, "r1", NULL, &sel, &err), HB_E_USAGE, "part of the baseline");
    hb_run_free(now);
}

/* --- versions --- */

#define SPRING "abcdef0123456"

/* The version of that digest has a name. */
static hb_status add_version(const char *digest_fill, const char **ids, size_t n,
                             const char *parent, char ret[65], bool *ret_existed, hb_error *err)
{
    char digest[65] = "";
    for (size_t i = 0; i < 64; i++) {
        digest[i] = digest_fill[i < strlen(digest_fill) ? i : strlen(digest_fill) - 1];
    }
    const hb_version_row row = {.digest = digest,
                                .program = "prog",
                                .subsystem = "sub",
                                .test_name = "test",
                                .parent = parent,
                                .run_ids = ids,
                                .n_runs = n,
                                .json = "{}",
                                .json_len = 2,
                                .name = strcmp(digest_fill, SPRING) == 0 ? "spring" : "",
                                .created_at = FAKE_RUN_START};
    return hb_store_add_version(store, &row, ret, ret_existed, err);
}

static void versions__are_named_by_content_and_found(void **unused)
{
    (void)unused;
    add_days(4);
    const char *ids[] = {"r0", "r2"};
    char a[65];
    char b[65];
    bool existed = true;
    CHECK_OK(add_version("abcdef0123456", ids, 2, NULL, a, &existed, &err));
    assert_false(existed);
    assert_string_equal(a, "abcdef012345");
    CHECK_OK(add_version("abcdef0123456", ids, 2, NULL, b, &existed, &err));
    assert_true(existed);
    assert_string_equal(b, a);
    CHECK_OK(add_version("abcdef0123457", ids, 1, a, b, &existed, &err));
    assert_string_equal(b, "abcdef0123457"); /* twelve are taken */
    hb_version_row v = {0};
    CHECK_OK(hb_store_get_version(store, "abcdef0123456", &arena, &v, &err));
    assert_string_equal(v.version, a);
    assert_int_equal(v.n_runs, 2);
    assert_string_equal(v.run_ids[1], "r2");
    CHECK_OK(hb_store_get_version(store, "abcdef012345", &arena, &v, &err));
    assert_string_equal(v.version, a); /* an exact name is no beginning of another */
    CHECK_ERROR(hb_store_get_version(store, "abcd", &arena, &v, &err), HB_E_STORE, "more than one");
    CHECK_ERROR(hb_store_get_version(store, "abc", &arena, &v, &err), HB_E_STORE,
                "has no baseline version 'abc'");
    CHECK_OK(hb_store_get_version(store, "spring", &arena, &v, &err));
    assert_string_equal(v.version, a);
    hb_version_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_versions(store, NULL, &arena, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].parent, a);
    const char *unknown[] = {"r0", "zz"};
    CHECK_ERROR(add_version("1234", unknown, 2, NULL, a, &existed, &err), HB_E_STORE,
                "no run 'zz'");
    CHECK_ERROR(add_version("1234", ids, 2, "ffff", a, &existed, &err), HB_E_STORE,
                "no baseline version 'ffff'");
    CHECK_ERROR(add_version("1234", ids, 0, NULL, a, &existed, &err), HB_E_LIMIT, "1 to 100");
    assert_int_equal(count("SELECT count(*) FROM baseline_versions"), 2);
}

static void versions__cannot_be_changed(void **unused)
{
    (void)unused;
    add_days(3);
    const char *ids[] = {"r0", "r1"};
    char v[65];
    bool existed = false;
    CHECK_OK(add_version("ab12", ids, 2, NULL, v, &existed, &err));
    CHECK_OK(hb_store_retire_version(store, v, "sensor was loose", "ann", 5, &err));
    static const char *const attempts[] = {
        "UPDATE baseline_versions SET name = 'x'",
        "DELETE FROM baseline_versions",
        "UPDATE baseline_version_runs SET run = 3",
        "DELETE FROM baseline_version_runs WHERE pos = 1",
        "INSERT INTO baseline_version_runs VALUES (1, 2, 3)",
        "UPDATE baseline_retirements SET reason = 'x'",
        "DELETE FROM baseline_retirements",
    };
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(temp_path("runs.db"), &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        if (sqlite3_exec(db, attempts[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT) {
            fail_msg("was not refused: %s", attempts[i]);
        }
    }
    sqlite3_close(db);
    CHECK_ERROR(hb_store_retire_version(store, v, "again", "ann", 6, &err), HB_E_STORE,
                "retired already");
    CHECK_ERROR(hb_store_retire_version(store, v, "", "ann", 6, &err), HB_E_USAGE, "a reason");
    CHECK_ERROR(hb_store_retire_version(store, "00", "x", "ann", 6, &err), HB_E_STORE,
                "no baseline version '00'");
}

/* A metric registry of one undeclared metric. */
static void make_version(const char **ids, size_t n, char ret[65])
{
    hb_registry *registry = NULL;
    hb_version_pick pick;
    hb_version_made made;
    bool existed = false;
    CHECK_OK(hb_registry_builtin(&registry, &err));
    const hb_version_ask ask = {
        .policy = &policy, .run_ids = ids, .n_run_ids = n, .from = HB_TIME_NONE};
    const hb_version_with with = {.registry = registry, .policy = &policy};
    const hb_version_label label = {.name = "", .note = "", .by = "ann", .now = 1};
    CHECK_OK(hb_version_pick_runs(store, &ask, &pick, &err));
    CHECK_OK(hb_version_make(store, &pick, &with, &made, &err));
    CHECK_OK(hb_version_keep(store, &pick, &made, &label, ret, &existed, &err));
    hb_version_made_release(&made);
    hb_version_pick_release(&pick);
    hb_registry_free(registry);
}

static void versions__are_a_baseline_by_tag(void **unused)
{
    (void)unused;
    add_days(6);
    const char *ids[] = {"r0", "r2", "r3"};
    char v[65];
    make_version(ids, 3, v);
    const hb_tag_row tag = {.tag = "golden", .version = v, .set_by = "ann"};
    CHECK_OK(hb_store_set_tag(store, &tag, &err));
    hb_tag_row got = {0};
    bool found = false;
    CHECK_OK(hb_store_get_tag(store, "golden", "prog", "sub", "test", &arena, &got, &found, &err));
    assert_string_equal(got.version, v);
    assert_string_equal(got.run_id, "r3");
    policy.strategy = HB_STRATEGY_GOLDEN;

    hb_run *now = run_at("now", 8, 1);
    hb_selection sel = select_for(now);
    assert_string_equal(sel.reference.reason, "version");
    assert_int_equal(sel.reference.level, HB_MATCH_TAG);
    assert_string_equal(joined(sel.reference.set), "r0 r2 r3");
    assert_string_equal(sel.reference.set->kind, "version");
    assert_string_equal(sel.reference.set->version, v);
    assert_int_equal(sel.reference.n_run_ids, 3);
    assert_string_equal(sel.reference.run_ids[0], "r3");
    assert_true(hb_run_metric(sel.reference.run, HB_STR("m"))->value == 2); /* median */
    hb_selection_release(&sel);

    hb_run *r2 = run_at("r2", 2, 2); /* never part of its own baseline */
    sel = select_for(r2);
    assert_string_equal(joined(sel.reference.set), "r0 r3");
    assert_non_null(strstr(sel.reference.warning, "is left out of it"));
    hb_selection_release(&sel);
    hb_run_free(r2);

    CHECK_OK(hb_store_retire_version(store, v, "sensor was loose", "ann", 5, &err));
    sel = select_for(now);
    assert_string_equal(sel.reference.reason, "version_retired");
    assert_null(sel.reference.run);
    assert_non_null(strstr(sel.reference.warning, "sensor was loose"));
    assert_string_equal(joined(sel.reference.set), "r0 r1 r2 r3 r4 r5");
    hb_selection_release(&sel);
    CHECK_ERROR(hb_store_set_tag(store, &tag, &err), HB_E_STORE, "is retired");
    hb_run_free(now);
}

static void decisions__keep_set_with_and_version(void **unused)
{
    (void)unused;
    add_days(4);
    const char *ids[] = {"r0", "r1"};
    char v[65];
    char digest[65];
    bool found = false;
    CHECK_OK(add_version("ab12", ids, 2, NULL, v, &found, &err));
    memset(digest, 'e', 64);
    digest[64] = '\0';
    hb_decision_row row = {.run_id = "r3",
                           .status = "PASS",
                           .reference = "r1\nr0",
                           .set = "r0\nr1",
                           .with = "r2",
                           .version = v,
                           .json = "{}",
                           .json_len = 2,
                           .digest = digest};
    CHECK_OK(hb_store_add_decision(store, &row, &err));
    hb_decision_row got = {0};
    CHECK_OK(hb_store_latest_decision(store, "r3", &arena, &got, &found, &err));
    assert_string_equal(got.set, "r0\nr1");
    assert_string_equal(got.with, "r2");
    assert_string_equal(got.version, v);
    assert_string_equal(got.comparable, "");
    row.version = "none";
    digest[0] = 'f';
    CHECK_ERROR(hb_store_add_decision(store, &row, &err), HB_E_STORE, "baseline version 'none'");
}

/* --- every allocation fails once --- */

static hb_run *fault_run;

static hb_status visit(void)
{
    hb_selection sel = {0};
    const char *const with[] = {"r2"};
    const hb_select_ask ask = {.run = fault_run, .policy = &policy, .with = with, .n_with = 1};
    hb_status status = hb_baseline_select(store, &ask, &sel, NULL);
    if (status == HB_OK) {
        assert_int_equal(sel.reference.prior->n_suspicions, 1);
        hb_selection_release(&sel);
    }
    return status;
}

static void select__survives_failing_allocations(void **unused)
{
    (void)unused;
    add_days(5);
    decide("r3", (said){.status = "PASS_WITH_DRIFT", .set = "r0\nr1", .raises = "m"});
    fault_run = run_at("now", 5, 1);
    policy.rolling_for_early_warning = true;
    fault_loop(visit);
    hb_run_free(fault_run);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(run_set__is_a_matrix_oldest_first),
        CASE(run_set__keeps_the_unit_when_no_value_is_in_the_wanted_one),
        CASE(run_set__is_refused_from_a_run_that_lost_a_metric),
        CASE(suspicions__are_raised_once_and_answered_by_the_next_run),
        CASE(suspicions__confirmed_keep_both_runs_out_of_sets),
        CASE(suspicions__of_many_runs_do_not_hide_the_runs_before),
        CASE(suspicions__are_not_for_everybody),
        CASE(suspicions__a_copy_is_no_retest),
        CASE(with__takes_runs_of_the_test_out_of_the_set),
        CASE(versions__are_named_by_content_and_found),
        CASE(versions__cannot_be_changed),
        CASE(versions__are_a_baseline_by_tag),
        CASE(decisions__keep_set_with_and_version),
        CASE(select__survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
