/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "baseline/select.h"
#include "baseline/set.h"
#include "os/file.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

#include <stdio.h>
#include <stdlib.h>

static const hb_time second = 1000000000;

/* --- a registry in a few words --- */

typedef struct stored { /* one registered run; context fields in order, '-' = "" */
    const char *id;
    const char *test;    /* NULL = "test" */
    const char *context; /* one letter a field, e.g. "aab---"; NULL = "------" */
    const char *status;  /* NULL = not analysed */
} stored;

static hb_run *make_run(const stored *row, size_t index)
{
    hb_run *run = fake_run(row->id);
    fake_run_test(run, "prog", "sub", row->test ? row->test : "test");
    for (size_t f = 0; row->context && f < HB_CONTEXT_COUNT; f++) {
        char text[2] = {row->context[f] == '-' ? '\0' : row->context[f], '\0'};
        fake_run_context(run, (hb_context_field)f, text);
    }
    run->meta.start += (hb_time)index * second;
    fake_run_value(run, "m", "", (double)index);
    fake_run_done(run);
    return run;
}

static void give_verdict(hb_store *s, const char *run_id, const char *status)
{
    static unsigned n;
    char digest[65];
    snprintf(digest, sizeof digest, "%064u", ++n);
    const hb_decision_row row = {.run_id = run_id,
                                 .status = status,
                                 .json = "{}",
                                 .json_len = 2,
                                 .digest = digest,
                                 .decided_at = FAKE_RUN_START};
    CHECK_OK(hb_store_add_decision(s, &row, &err));
}

static hb_store *registry_of(const stored *rows)
{
    hb_store *s = NULL;
    temp_dir_new();
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &s, &err));
    for (size_t i = 0; rows[i].id; i++) {
        hb_run *run = make_run(&rows[i], i);
        bool existed = false;
        CHECK_OK(hb_store_add_run(s, run, run->meta.start, &existed, &err));
        hb_run_free(run);
        if (rows[i].status) {
            give_verdict(s, rows[i].id, rows[i].status);
        }
    }
    return s;
}

static void set_tag(hb_store *s, const char *tag, const char *run_id, const char *registry)
{
    const hb_tag_row row = {.tag = tag, .run_id = run_id, .registry_digest = registry};
    CHECK_OK(hb_store_set_tag(s, &row, &err));
}

static hb_policy policy_of(hb_strategy strategy)
{
    hb_policy p = {.name = "policy.yaml",
                   .strategy = strategy,
                   .fallback = HB_FALLBACK_LATEST,
                   .warn_on_mismatch = true,
                   .tag = "",
                   .baseline_run = "",
                   .rolling_runs = 3};
    for (size_t f = 0; f < HB_CONTEXT_COUNT; f++) {
        p.context_match[f] = true;
    }
    return p;
}

/* A metric registry with the digest "registry-1". */
static hb_registry *registry_1;

static int parse_registry(void **state)
{
    (void)state;
    CHECK_OK(hb_registry_parse(HB_STR("metrics: {m: {}}"), "r.yaml", "", "", "registry-1", NULL,
                               &registry_1, &err));
    return 0;
}

static int free_registry(void **state)
{
    (void)state;
    hb_registry_free(registry_1);
    return 0;
}

static hb_status select_named(hb_store *s, const hb_run *run, const hb_policy *policy,
                              const char *named, hb_selection *ret, hb_error *err)
{
    const hb_select_ask ask = {.run = run, .policy = policy, .baseline = named};
    return hb_baseline_select(s, &ask, ret, err);
}

static hb_selection choose(hb_store *s, const hb_run *run, const hb_policy *p, const char *named)
{
    hb_selection sel = {0};
    const hb_select_ask ask = {.run = run, .policy = p, .baseline = named, .registry = registry_1};
    CHECK_OK(hb_baseline_select(s, &ask, &sel, &err));
    return sel;
}

static const char *joined(const char *const *ids, size_t n)
{
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s", i ? " " : "", ids[i]);
    }
    return text;
}

/* --- the table --- */

typedef struct scenario {
    const char *name;
    hb_strategy strategy;
    hb_fallback fallback;
    const char *tag;      /* of the policy */
    const char *named;    /* policy's baseline_run */
    const char *set;      /* run the tag is set to beforehand */
    const char *context;  /* of the run under test */
    const stored runs[8]; /* oldest first */
    const char *reason;
    const char *baseline; /* run ids it is made of, newest first; "" = none */
    hb_match_level level;
    unsigned score;
    unsigned possible;
    const char *comparable;
    const char *warning; /* a part of it; "" = none at all */
} scenario;

static const scenario scenarios[] = {
    {.name = "nothing registered",
     .context = "aaaaaa",
     .reason = "no_runs",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "no other run of this program, subsystem and test is registered; when a run is "
                "trusted, make it the baseline: hb baseline set RUN --tag golden"},
    {.name = "only other tests",
     .context = "aaaaaa",
     .runs = {{"x", "other", "aaaaaa", "PASS"}},
     .reason = "no_runs",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "no other run"},
    {.name = "newest pass of equal context",
     .context = "aaaaaa",
     .runs = {{"p1", NULL, "aaaaaa", "PASS"},
              {"p2", NULL, "aaaaaa", "PASS"},
              {"d", NULL, "aaaaaa", "PASS_WITH_DRIFT"},
              {"f", NULL, "aaaaaa", "FAIL"},
              {"n", NULL, "aaaaaa", "NO_TEST"},
              {"u", NULL, "aaaaaa", NULL}},
     .reason = "last_pass",
     .baseline = "p2",
     .level = HB_MATCH_HIGH,
     .score = 6,
     .possible = 6,
     .comparable = "u n d p2 p1",
     .warning = ""},
    {.name = "better context beats newer",
     .context = "aaaaaa",
     .runs = {{"full", NULL, "aaaaaa", "PASS"},
              {"half", NULL, "aaabbb", "PASS"},
              {"half2", NULL, "bbbaaa", "PASS"}},
     .reason = "last_pass",
     .baseline = "full",
     .level = HB_MATCH_HIGH,
     .score = 6,
     .possible = 6,
     .comparable = "full",
     .warning = ""},
    {.name = "of equal scores the newest, differences listed",
     .context = "aaaaaa",
     .runs = {{"half", NULL, "aaabbb", "PASS"}, {"half2", NULL, "bbbaaa", "PASS"}},
     .reason = "last_pass",
     .baseline = "half2",
     .level = HB_MATCH_MED,
     .score = 3,
     .possible = 6,
     .comparable = "",
     .warning = "context matches in 3 of 6 fields: operating_mode is 'a' here and 'b' there, "
                "scenario_id is"},
    {.name = "less than half is a low match",
     .context = "aaaaaa",
     .runs = {{"one", NULL, "abbbbb", "PASS"}},
     .reason = "last_pass",
     .baseline = "one",
     .level = HB_MATCH_LOW,
     .score = 1,
     .possible = 6,
     .comparable = "",
     .warning = "context matches in 1 of 6 fields"},
    {.name = "a field the run lacks is not compared, one the baseline lacks differs",
     .context = "aa----",
     .runs = {{"p", NULL, "a-cccc", "PASS"}},
     .reason = "last_pass",
     .baseline = "p",
     .level = HB_MATCH_MED,
     .score = 1,
     .possible = 2,
     .comparable = "",
     .warning = "scenario_id is 'a' here and '' there"},
    {.name = "D9: not one field equal is no baseline",
     .context = "aaaaaa",
     .runs = {{"p1", NULL, "bbbbbb", "PASS"}, {"p2", NULL, "cbbbbb", "PASS"}},
     .reason = "context_mismatch",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "run 'p2': operating_mode is 'a' here and 'c' there"},
    {.name = "D9 without a fallback",
     .fallback = HB_FALLBACK_NONE,
     .context = "aaaaaa",
     .runs = {{"p1", NULL, "bbbbbb", "PASS"}, {"f", NULL, "aaaaaa", "FAIL"}},
     .reason = "context_mismatch",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "run 'p1': "},
    {.name = "no context to compare",
     .context = "------",
     .runs = {{"p1", NULL, "bbbbbb", "PASS"}, {"d", NULL, "cccccc", "PASS_WITH_DRIFT"}},
     .reason = "last_pass",
     .baseline = "p1",
     .level = HB_MATCH_NONE,
     .comparable = "d p1",
     .warning = "no context field could be compared"},
    {.name = "fallback takes a failed run and says so",
     .context = "aaaaaa",
     .runs = {{"d", NULL, "aaaaaa", "PASS_WITH_DRIFT"}, {"f", NULL, "aaaaaa", "FAIL"}},
     .reason = "fallback_latest",
     .baseline = "f",
     .level = HB_MATCH_HIGH,
     .score = 6,
     .possible = 6,
     .comparable = "d",
     .warning = "fallback_latest: no comparable run passed yet, the baseline 'f' has the verdict "
                "FAIL"},
    {.name = "fallback to a run never analysed",
     .context = "aaaaaa",
     .runs = {{"u", NULL, "aaaaaa", NULL}},
     .reason = "fallback_latest",
     .baseline = "u",
     .level = HB_MATCH_HIGH,
     .score = 6,
     .possible = 6,
     .comparable = "u",
     .warning = "was never analysed"},
    {.name = "fallback keeps away from a foreign context",
     .context = "aaaaaa",
     .runs = {{"n", NULL, "abbbbb", "NO_TEST"}, {"f", NULL, "bbbbbb", "FAIL"}},
     .reason = "fallback_latest",
     .baseline = "n",
     .level = HB_MATCH_LOW,
     .score = 1,
     .possible = 6,
     .comparable = "",
     .warning = "has the verdict NO_TEST; context matches in 1 of 6"},
    {.name = "no fallback",
     .fallback = HB_FALLBACK_NONE,
     .context = "aaaaaa",
     .runs = {{"d", NULL, "aaaaaa", "PASS_WITH_DRIFT"}},
     .reason = "no_pass",
     .baseline = "",
     .possible = 6,
     .comparable = "d",
     .warning = "no other run of this test passed"},
    {.name = "golden",
     .strategy = HB_STRATEGY_GOLDEN,
     .set = "g",
     .context = "aaaaaa",
     .runs = {{"g", NULL, "aaaabb", "PASS_WITH_DRIFT"}, {"p", NULL, "aaaaaa", "PASS"}},
     .reason = "tag",
     .baseline = "g",
     .level = HB_MATCH_TAG,
     .score = 4,
     .possible = 6,
     .comparable = "p",
     .warning = "context matches in 4 of 6 fields: environment_fingerprint is"},
    {.name = "golden not set: no fallback",
     .strategy = HB_STRATEGY_GOLDEN,
     .context = "aaaaaa",
     .runs = {{"p", NULL, "aaaaaa", "PASS"}},
     .reason = "tag_not_found",
     .baseline = "",
     .possible = 6,
     .comparable = "p",
     .warning = "hb baseline set RUN --tag"},
    {.name = "golden set in another test of the program",
     .strategy = HB_STRATEGY_GOLDEN,
     .set = "o",
     .context = "aaaaaa",
     .runs = {{"p", NULL, "aaaaaa", "PASS"}, {"o", "other", "aaaaaa", "PASS"}},
     .reason = "tag_other_test",
     .baseline = "",
     .possible = 6,
     .comparable = "p",
     .warning = "tag 'golden' points at run 'o' of subsystem 'sub', test 'other'"},
    {.name = "D9 holds for a tag too",
     .strategy = HB_STRATEGY_GOLDEN,
     .set = "g",
     .context = "aaaaaa",
     .runs = {{"g", NULL, "bbbbbb", "PASS"}},
     .reason = "context_mismatch",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "run 'g': operating_mode is"},
    {.name = "a golden run that failed since is used and named",
     .strategy = HB_STRATEGY_GOLDEN,
     .set = "g",
     .context = "aaaaaa",
     .runs = {{"g", NULL, "aaaaaa", "FAIL"}},
     .reason = "tag",
     .baseline = "g",
     .level = HB_MATCH_TAG,
     .score = 6,
     .possible = 6,
     .comparable = "",
     .warning = "the baseline 'g' has the verdict FAIL"},
    {.name = "a named tag",
     .strategy = HB_STRATEGY_TAG,
     .tag = "release-2",
     .set = "g",
     .context = "aaaaaa",
     .runs = {{"g", NULL, "aaaaaa", "PASS"}, {"p", NULL, "aaaaaa", "PASS"}},
     .reason = "tag",
     .baseline = "g",
     .level = HB_MATCH_TAG,
     .score = 6,
     .possible = 6,
     .comparable = "p g",
     .warning = ""},
    {.name = "last_pass with a tag means the tag, as in the original",
     .strategy = HB_STRATEGY_LAST_PASS,
     .tag = "release-2",
     .set = "g",
     .context = "aaaaaa",
     .runs = {{"g", NULL, "aaaaaa", "PASS"}, {"p", NULL, "aaaaaa", "PASS"}},
     .reason = "tag",
     .baseline = "g",
     .level = HB_MATCH_TAG,
     .score = 6,
     .possible = 6,
     .comparable = "p g",
     .warning = ""},
    {.name = "tag without a name",
     .strategy = HB_STRATEGY_TAG,
     .context = "aaaaaa",
     .runs = {{"p", NULL, "aaaaaa", "PASS"}},
     .reason = "tag_not_set",
     .baseline = "",
     .possible = 6,
     .comparable = "p",
     .warning = "it names no tag"},
    {.name = "explicit by policy",
     .strategy = HB_STRATEGY_EXPLICIT,
     .named = "e",
     .context = "aaaaaa",
     .runs = {{"e", NULL, "aaaaaa", "PASS_WITH_DRIFT"}, {"p", NULL, "aaaaaa", "PASS"}},
     .reason = "explicit",
     .baseline = "e",
     .level = HB_MATCH_HIGH,
     .score = 6,
     .possible = 6,
     .comparable = "p e",
     .warning = ""},
    {.name = "explicit by policy, unknown",
     .strategy = HB_STRATEGY_EXPLICIT,
     .named = "e",
     .context = "aaaaaa",
     .runs = {{"p", NULL, "aaaaaa", "PASS"}},
     .reason = "explicit_not_found",
     .baseline = "",
     .possible = 6,
     .comparable = "p",
     .warning = "is not registered"},
    {.name = "explicit by policy, another test",
     .strategy = HB_STRATEGY_EXPLICIT,
     .named = "e",
     .context = "aaaaaa",
     .runs = {{"e", "other", "aaaaaa", "PASS"}},
     .reason = "explicit_other_test",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "belongs to another test"},
    {.name = "explicit without a name",
     .strategy = HB_STRATEGY_EXPLICIT,
     .context = "aaaaaa",
     .runs = {{"p", NULL, "aaaaaa", "PASS"}},
     .reason = "explicit_not_set",
     .baseline = "",
     .possible = 6,
     .comparable = "p",
     .warning = "it names no run"},
    {.name = "rolling pools the newest passes of equal context",
     .strategy = HB_STRATEGY_ROLLING,
     .context = "aaaaaa",
     .runs = {{"p1", NULL, "aaaaaa", "PASS"},
              {"p2", NULL, "aaaaaa", "PASS"},
              {"p3", NULL, "aaaaaa", "PASS"},
              {"near", NULL, "aaaaab", "PASS"},
              {"p4", NULL, "aaaaaa", "PASS"},
              {"d", NULL, "aaaaaa", "PASS_WITH_DRIFT"}},
     .reason = "rolling",
     .baseline = "p4 p3 p2",
     .level = HB_MATCH_HIGH,
     .score = 6,
     .possible = 6,
     .comparable = "d p4 p3 p2 p1",
     .warning = ""},
    {.name = "rolling without a run of equal context says what it does",
     .strategy = HB_STRATEGY_ROLLING,
     .context = "aaaaaa",
     .runs = {{"near", NULL, "aaaaab", "PASS"}},
     .reason = "last_pass",
     .baseline = "near",
     .level = HB_MATCH_MED,
     .score = 5,
     .possible = 6,
     .comparable = "",
     .warning = "last_pass was used instead of rolling; context matches in 5 of 6"},
    {.name = "rolling without any pass",
     .strategy = HB_STRATEGY_ROLLING,
     .fallback = HB_FALLBACK_NONE,
     .context = "aaaaaa",
     .runs = {{"f", NULL, "aaaaaa", "FAIL"}},
     .reason = "no_pass",
     .baseline = "",
     .possible = 6,
     .comparable = "",
     .warning = "no other run of this test passed"},
};

static void fail_in(const scenario *c, const char *what, const char *expected, const char *got)
{
    fail_msg("%s: %s: expected '%s', got '%s'", c->name, what, expected, got);
}

static void check_text(const scenario *c, const char *what, const char *expected, const char *got)
{
    if (strcmp(expected, got) != 0) {
        fail_in(c, what, expected, got);
    }
}

static void check_number(const scenario *c, const char *what, unsigned expected, unsigned got)
{
    if (expected != got) {
        fail_msg("%s: %s: expected %u, got %u", c->name, what, expected, got);
    }
}

static void check_scenario(const scenario *c, const hb_reference *r)
{
    check_text(c, "reason", c->reason, r->reason);
    check_text(c, "baseline", c->baseline, joined(r->run_ids, r->n_run_ids));
    check_text(c, "comparable", c->comparable, joined(r->comparable, r->n_comparable));
    check_number(c, "level", c->level, r->level);
    check_number(c, "score", c->score, r->score);
    check_number(c, "possible", c->possible, r->possible);
    check_number(c, "has a run", *c->baseline != '\0', r->run != NULL);
    if (*c->warning ? !strstr(r->warning, c->warning) : *r->warning) {
        fail_in(c, "warning", c->warning, r->warning);
    }
    if (r->run) {
        check_number(c, "differs", r->possible - r->score, (unsigned)r->n_differs);
    }
    bool by_tag = strcmp(r->strategy, "tag") == 0 || strcmp(r->strategy, "golden") == 0;
    check_number(c, "names the tag", by_tag && strcmp(c->reason, "tag_not_set") != 0,
                 *r->tag != '\0');
}

static void select__follows_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *c = &scenarios[i];
        hb_store *s = registry_of(c->runs);
        hb_policy policy = policy_of(c->strategy);
        policy.fallback = c->fallback;
        policy.tag = c->tag ? c->tag : "";
        policy.baseline_run = c->named ? c->named : "";
        if (c->set) {
            set_tag(s, c->tag ? c->tag : "golden", c->set, "registry-1");
        }
        const stored self = {"self", NULL, c->context, NULL};
        hb_run *run = make_run(&self, 100);
        hb_selection sel = choose(s, run, &policy, NULL);
        check_scenario(c, &sel.reference);
        hb_selection_release(&sel);
        hb_run_free(run);
        hb_store_close(s);
    }
}

/* --- what the table cannot say --- */

static const stored three[] = {{"a", NULL, "aaaaaa", "PASS"},
                               {"b", NULL, "aaaaaa", "PASS"},
                               {"c", "other", "aaaaaa", "PASS"},
                               {NULL, NULL, NULL, NULL}};

static void select__d8_never_takes_the_run_itself(void **state)
{
    (void)state;
    hb_store *s = registry_of(three);
    set_tag(s, "golden", "b", "");
    hb_run *b = NULL;
    CHECK_OK(hb_store_get_run(s, "b", &b, &err));
    hb_policy policy = policy_of(HB_STRATEGY_LAST_PASS);
    hb_selection sel = choose(s, b, &policy, NULL);
    assert_string_equal(joined(sel.reference.run_ids, sel.reference.n_run_ids), "a");
    assert_string_equal(joined(sel.reference.comparable, sel.reference.n_comparable), "a");
    hb_selection_release(&sel);
    policy.strategy = HB_STRATEGY_GOLDEN;
    sel = choose(s, b, &policy, NULL);
    assert_null(sel.reference.run);
    assert_string_equal(sel.reference.reason, "tag_self");
    hb_selection_release(&sel);
    policy.strategy = HB_STRATEGY_EXPLICIT;
    policy.baseline_run = "b";
    sel = choose(s, b, &policy, NULL);
    assert_string_equal(sel.reference.reason, "explicit_self");
    hb_selection_release(&sel);
    /* The same table under another name may be a repetition, the same recording is none. */
    b->meta.run_id = "b-again";
    policy.strategy = HB_STRATEGY_LAST_PASS;
    sel = choose(s, b, &policy, NULL);
    assert_string_equal(joined(sel.reference.run_ids, sel.reference.n_run_ids), "b");
    hb_selection_release(&sel);
    b->metrics[0].stated = false;
    sel = choose(s, b, &policy, NULL);
    assert_string_equal(joined(sel.reference.run_ids, sel.reference.n_run_ids), "a");
    hb_selection_release(&sel);
    hb_run_free(b);
    hb_store_close(s);
}

static void select__a_run_named_on_the_command_line_wins(void **state)
{
    (void)state;
    hb_store *s = registry_of(three);
    hb_policy policy = policy_of(HB_STRATEGY_GOLDEN);
    const stored self = {"self", NULL, "aaaaaa", NULL};
    hb_run *run = make_run(&self, 100);
    hb_selection sel = choose(s, run, &policy, "a");
    assert_string_equal(sel.reference.reason, "explicit");
    assert_string_equal(sel.reference.strategy, "explicit");
    assert_string_equal(sel.reference.run->meta.run_id, "a");
    hb_selection_release(&sel);
    CHECK_ERROR(select_named(s, run, &policy, "aa", &sel, &err), HB_E_STORE,
                "has no run 'aa'; nearest: '");
    CHECK_ERROR(select_named(s, run, &policy, "c", &sel, &err), HB_E_USAGE,
                "only runs of one test are compared");
    hb_run_free(run);
    CHECK_OK(hb_store_get_run(s, "b", &run, &err));
    CHECK_ERROR(select_named(s, run, &policy, "b", &sel, &err), HB_E_USAGE,
                "cannot be its own baseline");
    assert_null(sel.reference.run);
    hb_run_free(run);
    hb_store_close(s);
}

static void select__pools_with_the_runs_figures(void **state)
{
    (void)state;
    hb_store *s = registry_of(three);
    hb_policy policy = policy_of(HB_STRATEGY_ROLLING);
    const stored self = {"self", NULL, "aaaaaa", NULL};
    hb_run *run = make_run(&self, 100);
    hb_selection sel = choose(s, run, &policy, NULL);
    const hb_metric *m = hb_run_metric(sel.reference.run, HB_STR("m"));
    assert_non_null(m);
    assert_true(m->has_value && m->value == 0.5); /* median of 0 and 1 */
    hb_selection_release(&sel);
    hb_run_free(run);
    hb_store_close(s);
}

static void select__warns_of_another_registry_and_a_later_baseline(void **state)
{
    (void)state;
    hb_store *s = registry_of(three);
    set_tag(s, "golden", "b", "registry-0");
    hb_policy policy = policy_of(HB_STRATEGY_GOLDEN);
    const stored self = {"self", NULL, "aaaaaa", NULL};
    hb_run *run = make_run(&self, 0); /* starts before b */
    hb_selection sel = choose(s, run, &policy, NULL);
    assert_non_null(strstr(sel.reference.warning, "set under another metric registry (registry-0, "
                                                  "now registry-1)"));
    assert_non_null(strstr(sel.reference.warning, "the baseline 'b' was made after this run"));
    hb_selection_release(&sel);
    policy.warn_on_mismatch = false;
    sel = choose(s, run, &policy, NULL);
    assert_null(strstr(sel.reference.warning, "registry"));
    hb_selection_release(&sel);
    set_tag(s, "golden", "b", "");
    CHECK_OK(select_named(s, run, &policy, NULL, &sel, &err));
    assert_null(strstr(sel.reference.warning, "registry"));
    hb_selection_release(&sel);
    hb_run_free(run);
    hb_store_close(s);
}

static void select__only_fields_of_the_policy_count(void **state)
{
    (void)state;
    static const stored rows[] = {{"p", NULL, "abbbbb", "PASS"}, {NULL, NULL, NULL, NULL}};
    hb_store *s = registry_of(rows);
    hb_policy policy = policy_of(HB_STRATEGY_LAST_PASS);
    for (size_t f = 1; f < HB_CONTEXT_COUNT; f++) {
        policy.context_match[f] = false;
    }
    const stored self = {"self", NULL, "aaaaaa", NULL};
    hb_run *run = make_run(&self, 100);
    hb_selection sel = choose(s, run, &policy, NULL);
    assert_int_equal(sel.reference.level, HB_MATCH_HIGH);
    assert_int_equal(sel.reference.possible, 1);
    assert_string_equal(sel.reference.warning, "");
    hb_selection_release(&sel);
    hb_run_free(run);
    hb_store_close(s);
}

enum { MANY = 40 };

static void select__keeps_an_old_golden_among_the_30_comparable(void **state)
{
    (void)state;
    static char ids[MANY][8];
    stored rows[MANY + 1];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "r%02zu", i);
        rows[i] = (stored){ids[i], NULL, "aaaaaa", i % 5 == 4 ? "FAIL" : "PASS"};
    }
    rows[MANY] = (stored){NULL, NULL, NULL, NULL};
    hb_store *s = registry_of(rows);
    set_tag(s, "golden", "r00", "");
    hb_policy policy = policy_of(HB_STRATEGY_GOLDEN);
    const stored self = {"self", NULL, "aaaaaa", NULL};
    hb_run *run = make_run(&self, 100);
    hb_selection sel = choose(s, run, &policy, NULL);
    const hb_reference *r = &sel.reference;
    assert_int_equal(r->n_comparable, HB_COMPARABLE_MAX);
    assert_string_equal(r->comparable[0], "r38");
    assert_string_equal(r->comparable[28], "r03");
    assert_string_equal(r->comparable[29], "r00"); /* in the place of r02 */
    hb_selection_release(&sel);
    policy.strategy = HB_STRATEGY_ROLLING;
    policy.rolling_runs = 1000;
    sel = choose(s, run, &policy, NULL);
    assert_int_equal(sel.reference.n_run_ids, HB_COMPARABLE_MAX);
    hb_selection_release(&sel);
    hb_run_free(run);
    hb_store_close(s);
}

static void select__reasons_are_documented(void **state)
{
    (void)state;
    char path[4096];
    const char *root = getenv("HB_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/docs/baselines.md", root ? root : ".");
    char *text = NULL;
    size_t len = 0;
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &text, &len, &err));
    size_t n = 0;
    const hb_baseline_reason *reasons = hb_baseline_reasons(&n);
    for (size_t i = 0; i < n; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "| `%s` |", reasons[i].name);
        if (!strstr(text, quoted) || !strstr(text, reasons[i].meaning)) {
            fail_msg("docs/baselines.md lacks '%s': %s", reasons[i].name, reasons[i].meaning);
        }
        assert_true(reasons[i].has_baseline || *reasons[i].next);
        assert_ptr_equal(hb_baseline_reason_find(reasons[i].name), &reasons[i]);
    }
    assert_null(hb_baseline_reason_find("luck"));
    hb_free(text);
}

/* --- setting --- */

static void baseline_set__refuses_failed_runs_unless_forced(void **state)
{
    (void)state;
    static const stored rows[] = {{"f", NULL, "aaaaaa", "FAIL"},
                                  {"n", NULL, "aaaaaa", "NO_TEST"},
                                  {"u", NULL, "aaaaaa", NULL},
                                  {NULL, NULL, NULL, NULL}};
    hb_store *s = registry_of(rows);
    hb_policy policy = policy_of(HB_STRATEGY_GOLDEN);
    hb_baseline_request q = {.run_id = "f", .now = 5, .set_by = "ann", .registry_digest = "r"};
    CHECK_ERROR(hb_baseline_set(s, &policy, &q, &err), HB_E_DENIED, "has the verdict FAIL");
    q.run_id = "fff";
    CHECK_ERROR(hb_baseline_set(s, &policy, &q, &err), HB_E_STORE, "nearest: 'f'");
    q.run_id = "n";
    q.note = "first good run";
    CHECK_OK(hb_baseline_set(s, &policy, &q, &err));
    q.run_id = "u";
    q.tag = "try";
    CHECK_OK(hb_baseline_set(s, &policy, &q, &err));
    q.tag = "golden";
    q.run_id = "f";
    q.force = true;
    CHECK_OK(hb_baseline_set(s, &policy, &q, &err));
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_tag_row *tags = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_tag_history(s, NULL, &arena, &tags, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(tags[0].run_id, "f");
    assert_string_equal(tags[0].note, "forced, the run's verdict is FAIL: first good run");
    assert_string_equal(tags[1].tag, "try");
    assert_string_equal(tags[2].run_id, "n");
    assert_string_equal(tags[2].note, "first good run");
    assert_string_equal(tags[2].set_by, "ann");
    assert_string_equal(tags[2].registry_digest, "r");
    hb_arena_release(&arena);
    hb_store_close(s);
}

static void baseline_set__obeys_the_policy_and_checks_the_tag(void **state)
{
    (void)state;
    hb_store *s = registry_of(three);
    hb_policy policy = policy_of(HB_STRATEGY_GOLDEN);
    policy.require_approval = true;
    hb_baseline_request q = {.run_id = "a", .force = true};
    CHECK_ERROR(hb_baseline_set(s, &policy, &q, &err), HB_E_DENIED,
                "write 'require_approval: false' under 'governance'");
    policy.require_approval = false;
    static const char *const bad[] = {"", "a b", "../x", "t\xc3\xa4g", "<script>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        q.tag = bad[i];
        CHECK_ERROR(hb_baseline_set(s, &policy, &q, &err), HB_E_USAGE, "is not usable");
    }
    hb_store_close(s);
}

/* --- memory --- */

static hb_store *fault_store;
static hb_run *fault_run;

static hb_status select_once(void)
{
    hb_policy policy = policy_of(HB_STRATEGY_ROLLING);
    hb_selection sel = {0};
    hb_status status = select_named(fault_store, fault_run, &policy, NULL, &sel, NULL);
    if (status == HB_OK) {
        hb_selection_release(&sel);
    } else if (sel.reference.run || sel.arena.head) {
        fail_msg("a failed selection left something behind");
    }
    return status;
}

static hb_status set_once(void)
{
    const hb_policy policy = policy_of(HB_STRATEGY_GOLDEN);
    const hb_baseline_request q = {.run_id = "a", .note = "again"};
    return hb_baseline_set(fault_store, &policy, &q, NULL);
}

static void select__survives_failing_allocations(void **state)
{
    (void)state;
    fault_store = registry_of(three);
    const stored self = {"self", NULL, "aaaaab", NULL};
    fault_run = make_run(&self, 100);
    fault_loop(select_once);
    fault_loop(set_once);
    hb_run_free(fault_run);
    hb_store_close(fault_store);
}

static int drop_dir(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

int main(void)
{
#define CASE(f) cmocka_unit_test_teardown(f, drop_dir)
    const struct CMUnitTest tests[] = {
        CASE(select__follows_the_table),
        CASE(select__d8_never_takes_the_run_itself),
        CASE(select__a_run_named_on_the_command_line_wins),
        CASE(select__pools_with_the_runs_figures),
        CASE(select__warns_of_another_registry_and_a_later_baseline),
        CASE(select__only_fields_of_the_policy_count),
        CASE(select__keeps_an_old_golden_among_the_30_comparable),
        CASE(select__reasons_are_documented),
        CASE(baseline_set__refuses_failed_runs_unless_forced),
        CASE(baseline_set__obeys_the_policy_and_checks_the_tag),
        CASE(select__survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, parse_registry, free_registry);
}
