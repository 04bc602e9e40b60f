/* SPDX-License-Identifier: Apache-2.0 */
/* Does what a pack says of how its baseline was chosen fit the policy in it? */
#include "baseline/select.h"
#include "support/reference_case.h"

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

static void selection__fits_the_policy(void **state)
{
    (void)state;
    begin(REFERENCE_ROLLING);
    c.reference.strategy = "tag";
    reference_case_files(&c);
    answer("selection", HB_FAILS, "by 'tag', the policy chooses by 'rolling'", true);
    c.reference.strategy = "rolling";
    c.reference.reason = "tag";
    reference_case_files(&c);
    answer("selection", HB_FAILS, "gives no reason 'tag'", false);
    c.reference.reason = "fallback_latest";
    reference_case_files(&c);
    answer("selection", HB_FAILS, "the policy has no fallback", false);
    c.reference.reason = "last_pass";
    reference_case_files(&c);
    answer("selection", HB_FAILS, "3 runs are named", false);
    reference_case_end(&c);
    begin(REFERENCE_ROLLING);
    c.first = 3;
    reference_case_make(&c);
    reference_case_files(&c);
    answer("selection", HB_FAILS, "4 runs were pooled, the policy allows 3", true);
    c.first = 4;
    reference_case_make(&c);
    c.set.runs[3].status = "FAIL"; /* r5 */
    reference_case_files(&c);
    answer("selection", HB_FAILS, "its verdict is 'FAIL'", true);
}

static void selection__by_hand_is_told(void **state)
{
    (void)state;
    begin(REFERENCE_VERSION);
    reference_case_files(&c);
    hb_run *one = c.runs[5];
    c.reference = (hb_reference){
        .run = one, .reason = "explicit", .strategy = "explicit", .tag = "", .warning = ""};
    c.reference.run_ids[c.reference.n_run_ids++] = one->meta.run_id;
    reference_case_drop_runs(&c);
    evidence_case_drop(&c.e, "baseline/version.json");
    reference_case_files(&c);
    answer("selection", HB_HOLDS,
           "named on the command line; the policy would have chosen by "
           "'tag'",
           true);
    answer("reference", HB_HOLDS, "is run 'r5' as it was registered", true);
}

/* Of the two strategies, one gives it: the table of verify has every reason there is. */
static bool some_strategy_gives(const char *reason)
{
    static const char *const strategies[] = {"tag", "explicit"};
    for (size_t i = 0; i < 2; i++) {
        hb_verified v;
        const char *text = "";
        c.reference.reason = reason;
        c.reference.strategy = c.shape & REFERENCE_ROLLING ? "rolling" : strategies[i];
        reference_case_files(&c);
        evidence_case_verify(&c.e, evidence_case_write(&c.e, c.e.lab), &v);
        evidence_answer(&v, "selection", &text);
        bool gives = !strstr(text, "gives no reason");
        hb_verified_release(&v);
        if (gives) {
            return true;
        }
    }
    return false;
}

static void selection__knows_every_reason_of_the_selection(void **state)
{
    (void)state;
    size_t n = 0;
    const hb_baseline_reason *reasons = hb_baseline_reasons(&n);
    bool given[64] = {false};
    for (unsigned shape = 0; shape < 2; shape++) {
        begin(shape ? REFERENCE_ROLLING : REFERENCE_VERSION);
        for (size_t i = 0; i < n; i++) {
            given[i] = given[i] || some_strategy_gives(reasons[i].name);
        }
        assert_false(some_strategy_gives("because"));
        if (!shape) {
            reference_case_end(&c);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!given[i]) {
            fail_msg("no strategy gives '%s'", reasons[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(selection__fits_the_policy, end),
        cmocka_unit_test_teardown(selection__by_hand_is_told, end),
        cmocka_unit_test_teardown(selection__knows_every_reason_of_the_selection, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
