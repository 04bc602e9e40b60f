/* SPDX-License-Identifier: Apache-2.0 */
/* A lab that signs what it likes about its baseline: it changes what was compared with, makes every
 * digest, the decision, the report and the log anew, and signs with the key that is trusted. Only
 * that the runs of the approved version give another reference is left to say no. */
#include "base/mem.h"
#include "stats/random.h"
#include "support/reference_case.h"
#include "telemetry/run_digest.h"

#include <stdio.h>

static reference_case c;

static void begin(unsigned shape)
{
    reference_case_begin(&c, shape);
    reference_case_make(&c);
}

static int end(void **state)
{
    (void)state;
    reference_case_end(&c);
    return 0;
}

static void answer(const char *question, hb_answer_state state, const char *words, bool alone)
{
    reference_case_answer(&c, question, state, words, alone);
}

/* The pack as the case has it now, decided and signed: this question alone refuses it. */
static void refused(const char *words)
{
    reference_case_files(&c);
    answer("reference", HB_FAILS, words, true);
}

/* --- what holds --- */

static void reference__holds_for_a_version(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    answer("reference", HB_HOLDS, "the 5 runs that version.json names of the baseline", true);
    answer("reference", HB_HOLDS, "values, spreads and counts", true);
    answer("reference", HB_NOT_IN_PACK, "the frozen values of 1 are those of runs", true);
    answer("selection", HB_HOLDS, "chosen by 'tag', as the policy says", true);
}

static void reference__holds_for_rolling_and_for_converted_runs(void **state)
{
    (void)state;
    begin(REFERENCE_ROLLING);
    reference_case_files(&c);
    answer("reference", HB_HOLDS, "the 3 runs of the baseline, pooled again", true);
    reference_case_end(&c);
    begin(REFERENCE_MAPPED);
    reference_case_files(&c);
    answer("reference", HB_HOLDS, "pooled again, converted", true);
}

/* The run under test may be of its own baseline's version; it is left out then, and only it. */
static void reference__leaves_out_the_run_itself_alone(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    hb_run_free(c.k.run);
    c.k.run = c.runs[4];
    c.left_out = 4;
    reference_case_make(&c);
    c.prior.history = NULL;
    reference_case_files(&c);
    answer("reference", HB_HOLDS, "the 4 runs that version.json names", true);
    c.k.run = NULL;
}

/* --- the baseline --- */

static void reference__refuses_another_figure_of_the_baseline(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    for (size_t i = 0; i < c.pool->n_metrics; i++) {
        c.pool->metrics[i].value += strcmp(c.pool->metrics[i].name, "temp") == 0 ? 0.5 : 0;
    }
    CHECK_OK(hb_run_set_digest(c.pool, &err));
    refused("'baseline/run.json' is not what the runs of the baseline, pooled again, give: metric "
            "'temp' differs");
}

static void reference__refuses_a_converted_figure_that_does_not_follow(void **state)
{
    (void)state;
    begin(REFERENCE_MAPPED);
    hb_run *converted = (hb_run *)(uintptr_t)c.reference.run;
    for (size_t i = 0; i < converted->n_metrics; i++) {
        converted->metrics[i].value += strcmp(converted->metrics[i].name, "t2") == 0 ? 0.5 : 0;
    }
    refused("when converted: metric 't2' differs");
}

static void reference__refuses_a_run_left_out_of_the_pool(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    c.left_out = 3;
    reference_case_make(&c);
    refused("it was left out");
}

static void reference__refuses_a_pool_of_fewer_runs_than_the_set_has(void **state)
{
    (void)state;
    begin(REFERENCE_ROLLING);
    const hb_run *two[] = {c.runs[4], c.runs[6]};
    hb_run_free(c.pool);
    CHECK_OK(hb_run_pool(two, 2, &c.pool, &err));
    c.reference.run = c.pool;
    refused("pooled again, give: metric 'resets' differs");
}

/* Order makes bits. */
static void reference__refuses_runs_in_another_order(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    const evidence_file *f = evidence_case_get(&c.e, "baseline/version.json");
    char *text = hb_strndup(f->p, f->n);
    char *first = strstr(text, c.runs[2]->digest);
    char *second = strstr(text, c.runs[3]->digest);
    memcpy(first, c.runs[3]->digest, 64);
    memcpy(second, c.runs[2]->digest, 64);
    evidence_case_puts(&c.e, "baseline/version.json", text);
    hb_free(text);
    answer("reference", HB_FAILS, "in its place", false);
}

static void reference__refuses_a_run_that_was_replaced(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    const evidence_file *approved = evidence_case_get(&c.e, "baseline/version.json");
    char *text = hb_strndup(approved->p, approved->n);
    reference_case_replace(&c, 3, 310);
    reference_case_make(&c);
    reference_case_files(&c);
    answer("reference", HB_HOLDS, "pooled", true); /* of a version that nobody approved */
    evidence_case_puts(&c.e, "baseline/version.json", text);
    hb_free(text);
    answer("reference", HB_FAILS, "others were put there", false);
    answer("baseline", HB_FAILS, "compared was with", false);
}

static void reference__refuses_another_document_in_a_runs_place(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    char path[64];
    snprintf(path, sizeof path, "%s", reference_case_path(&c, "r3"));
    const evidence_file *other = evidence_case_get(&c.e, reference_case_path(&c, "r0"));
    evidence_case_put(&c.e, path, other->p, other->n);
    answer("reference", HB_FAILS, "is run 'r0', in its place belongs 'r3'", true);
    reference_case_replace(&c, 3, 310);
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    CHECK_OK(hb_run_json(c.runs[3], &b, &err));
    evidence_case_put(&c.e, path, b.p, b.n);
    hb_buf_release(&b);
    answer("reference", HB_FAILS, "run 'r3' has the SHA-256", true);
}

static void reference__refuses_runs_of_another_test(void **state)
{
    (void)state;
    begin(REFERENCE_ROLLING);
    c.runs[5]->meta.test_name = "other";
    CHECK_OK(hb_run_set_digest(c.runs[5], &err));
    reference_case_make(&c);
    refused("run 'r5' is of program 'prog', subsystem 'sub', test 'other'");
}

/* --- the mapping --- */

static void reference__refuses_another_mapping(void **state)
{
    (void)state;
    begin(REFERENCE_MAPPED);
    reference_case_files(&c);
    const char changed[] =
        "version: '1.0'\nmappings:\n  - {source_name: temp, target_name: t2, scale: 3}\n";
    char was[65];
    char is[65];
    const evidence_file *f = evidence_case_get(&c.e, "policy/equivalence_mapping.yaml");
    CHECK_OK(hb_digest_of(f->p, f->n, was, &err));
    CHECK_OK(hb_digest_of(changed, strlen(changed), is, &err));
    evidence_case_puts(&c.e, "policy/equivalence_mapping.yaml", changed);
    evidence_case_edit(&c.e, "reference.json", was, is);
    evidence_case_decide(&c.e);
    answer("reference", HB_FAILS, "does not convert metric 't2'", true);
    evidence_case_edit(&c.e, "reference.json", "\"scale\":2", "\"scale\":3");
    evidence_case_decide(&c.e);
    answer("reference", HB_FAILS, "when converted: metric 't2' differs", true);
}

/* --- sets --- */

static void reference__refuses_a_value_of_a_set(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const hb_run_set *set;
        const char *metric;
    } rows[] = {
        {"the set: another follows", &c.set, "temp"},
        {"the runs judged together: another follows", &c.with, "temp"},
        {"the set for early warning: another follows", &c.early, "resets"},
        {"the history: another follows", &c.history, "temp"},
    };
    begin(REFERENCE_VERSION);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double *v = reference_case_values(rows[i].set, rows[i].metric);
        double was = v[0];
        v[0] += 0.125;
        refused(rows[i].name);
        v[0] = was;
    }
    reference_case_files(&c);
    answer("reference", HB_HOLDS, "values, spreads", true);
}

static void reference__refuses_whatever_else_of_a_set(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    hb_past_metric *m = &c.set.metrics[1];
    assert_string_equal(m->name, "temp");
    ((double *)(uintptr_t)m->spreads)[1] *= 2;
    refused("the spread of metric 'temp' in run 'r3'");
    ((double *)(uintptr_t)m->spreads)[1] /= 2;
    ((uint64_t *)(uintptr_t)m->counts)[4]++;
    refused("the count of samples of metric 'temp' in run 'r6'");
    ((uint64_t *)(uintptr_t)m->counts)[4]--;
    m->log = false;
    refused("unit, resolution or transform of metric 'temp'");
    m->log = true;
    m->step *= 2;
    refused("unit, resolution or transform of metric 'temp'");
    m->step /= 2;
    c.history.runs[2].start += 1;
    refused("digest, identity or time of run 'r2'");
    c.history.runs[2].start -= 1;
    c.history.n_metrics--;
    refused("metric 'temp', which is missing");
    c.history.n_metrics++;
    c.set.kind = "comparable";
    reference_case_files(&c);
    answer("reference", HB_FAILS, "of the kind 'comparable'", false);
}

static void reference__refuses_a_suspicions_value(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    c.frozen[1] += 0.125;
    refused("the suspicion about metric 'temp' has another value of run 'r2'");
}

/* Digits of figures, 100 of them: whatever the decision makes of it. */
static void mutations__of_figures_signed_by_the_lab(void **state)
{
    (void)state;
    enum { CHANGES = 100 };
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    hb_random rng = hb_random_of(20261127, 0);
    const evidence_file *f = evidence_case_get(&c.e, "reference.json");
    for (size_t i = 0; i < CHANGES;) {
        size_t at = (size_t)hb_random_below(&rng, f->n);
        size_t from = at;
        while (from && f->p[from] != '[' && f->p[from] != ']') {
            from--;
        }
        bool figures = from > 10 && f->p[from] == '[' &&
                       (strncmp(f->p + from - 8, "values\":", 8) == 0 ||
                        strncmp(f->p + from - 9, "spreads\":", 9) == 0 ||
                        strncmp(f->p + from - 8, "counts\":", 8) == 0);
        char was = f->p[at];
        if (!figures || was < '2' || was > '8') { /* another digit gives no other spelling */
            continue;
        }
        f->p[at]++;
        answer("reference", HB_FAILS, "reference.json", false);
        f->p[at] = was;
        i++;
    }
}

/* --- what is not here --- */

static void reference__refuses_a_document_that_is_missing_or_too_many(void **state)
{
    (void)state;
    static const char *const ids[] = {"r4", "r0", "r7", "r8"};
    begin(REFERENCE_VERSION);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        reference_case_files(&c);
        evidence_case_drop(&c.e, reference_case_path(&c, ids[i]));
        answer("reference", HB_FAILS, "which was compared with, was left out", true);
    }
    reference_case_files(&c);
    const evidence_file *f = evidence_case_get(&c.e, "baseline/runs/1.json");
    evidence_case_put(&c.e, "baseline/runs/99.json", f->p, f->n);
    answer("reference", HB_FAILS, "'baseline/runs/99.json' is of no run", true);
}

static void reference__tells_when_the_runs_were_left_out(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    reference_case_drop_runs(&c);
    answer("reference", HB_NOT_IN_PACK, "their figures are as the signer says", true);
    c.left_out = 3;
    reference_case_make(&c);
    reference_case_files(&c);
    reference_case_drop_runs(&c);
    answer("reference", HB_FAILS, "it was left out", true); /* digests alone show it */
    reference_case_end(&c);
    begin(REFERENCE_APPROVED);
    reference_case_files(&c);
    reference_case_drop_runs(&c);
    answer("reference", HB_NOT_CHECKED, "the policy requires approved ones", false);
}

/* A long past stops at a size: the newest are checked, of the others it is said. */
static void reference__checks_the_newest_of_a_history_that_is_too_long(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    char *words = hb_alloc(HB_PACK_RUNS_MORE_BYTES + 1);
    assert_non_null(words);
    memset(words, 'a', HB_PACK_RUNS_MORE_BYTES);
    words[HB_PACK_RUNS_MORE_BYTES] = '\0';
    const char *const warnings[] = {words};
    c.runs[1]->warnings = (const char **)(uintptr_t)warnings;
    c.runs[1]->n_warnings = 1;
    reference_case_files(&c);
    evidence_case_drop(&c.e, reference_case_path(&c, "r0"));
    answer("reference", HB_NOT_IN_PACK, "of the 8 runs of the history the newest 7", true);
    reference_case_values(&c.history, "temp")[1] += 0.125;
    reference_case_files(&c);
    evidence_case_drop(&c.e, reference_case_path(&c, "r0"));
    answer("reference", HB_FAILS, "the value of metric 'temp' in run 'r1'", true);
    c.runs[1]->n_warnings = 0;
    hb_free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reference__holds_for_a_version, end),
        cmocka_unit_test_teardown(reference__holds_for_rolling_and_for_converted_runs, end),
        cmocka_unit_test_teardown(reference__leaves_out_the_run_itself_alone, end),
        cmocka_unit_test_teardown(reference__refuses_another_figure_of_the_baseline, end),
        cmocka_unit_test_teardown(reference__refuses_a_converted_figure_that_does_not_follow, end),
        cmocka_unit_test_teardown(reference__refuses_a_run_left_out_of_the_pool, end),
        cmocka_unit_test_teardown(reference__refuses_a_pool_of_fewer_runs_than_the_set_has, end),
        cmocka_unit_test_teardown(reference__refuses_runs_in_another_order, end),
        cmocka_unit_test_teardown(reference__refuses_a_run_that_was_replaced, end),
        cmocka_unit_test_teardown(reference__refuses_another_document_in_a_runs_place, end),
        cmocka_unit_test_teardown(reference__refuses_runs_of_another_test, end),
        cmocka_unit_test_teardown(reference__refuses_another_mapping, end),
        cmocka_unit_test_teardown(reference__refuses_a_value_of_a_set, end),
        cmocka_unit_test_teardown(reference__refuses_whatever_else_of_a_set, end),
        cmocka_unit_test_teardown(reference__refuses_a_suspicions_value, end),
        cmocka_unit_test_teardown(mutations__of_figures_signed_by_the_lab, end),
        cmocka_unit_test_teardown(reference__refuses_a_document_that_is_missing_or_too_many, end),
        cmocka_unit_test_teardown(reference__tells_when_the_runs_were_left_out, end),
        cmocka_unit_test_teardown(reference__checks_the_newest_of_a_history_that_is_too_long, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
