/* SPDX-License-Identifier: Apache-2.0 */
/* What the noise ledger takes of stored decisions: whose finding it is, and each metric's share by
 * hand. */
#include "support/check.h"

#include "ledger/read.h"

#include <math.h>

#define STATISTICS(dual)                                                                     \
    "\"statistics\":{\"bh_level\":0.08,\"budget\":0.1,\"n_rejected\":1,\"n_tested\":4," dual \
    "\"ran\":true}"
#define DECISION(dual)                                                                  \
    "{\"comparisons\":[{\"metric\":\"a\",\"test\":{\"rejected\":true}},"                \
    "{\"metric\":\"b\",\"test\":{\"rejected\":false}},{\"metric\":\"c\"}],"             \
    "\"findings\":[{\"metric\":\"a\",\"rule\":\"suspected\",\"severity\":\"drift\"},"   \
    "{\"metric\":\"\",\"rule\":\"relation\",\"severity\":\"drift\"},"                   \
    "{\"metric\":\"b\",\"rule\":\"early_warning\",\"severity\":\"drift\"},"             \
    "{\"metric\":\"c\",\"rule\":\"invariant_max\",\"severity\":\"fail\"},"              \
    "{\"metric\":\"\",\"rule\":\"baseline_aged\",\"severity\":\"drift\"}]," STATISTICS( \
        dual) ","                                                                       \
              "\"verdict\":\"FAIL\"}"

typedef struct fixture {
    hb_arena arena;
    hb_ledger_decision d;
} fixture;

static int begin(void **state)
{
    static fixture f;
    f = (fixture){0};
    hb_arena_init(&f.arena, 1 << 20);
    *state = &f;
    return 0;
}

static int end(void **state)
{
    hb_arena_release(&((fixture *)*state)->arena);
    return 0;
}

static void read__tells_layers_and_shares(void **state)
{
    fixture *f = *state;
    CHECK_OK(hb_ledger_read(hb_str_of(DECISION("")), "r", &f->arena, &f->d, &err));
    assert_true(f->d.tested);
    assert_true(f->d.budget == 0.1);
    assert_int_equal(f->d.n_findings, 5);
    static const hb_ledger_layer layers[] = {HB_LEDGER_TESTS, HB_LEDGER_TESTS, HB_LEDGER_OTHER,
                                             HB_LEDGER_LIMITS, HB_LEDGER_OTHER};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(f->d.findings[i].layer, layers[i]);
    }
    assert_int_equal(f->d.findings[3].severity, HB_SEVERITY_FAIL);
    assert_string_equal(f->d.verdict, "FAIL");
    /* a: 0.08 * 1 / 4, it is the one rejected; b would be the second */
    assert_true(fabs(f->d.metrics[0].share - 0.02) < 1e-15);
    assert_true(fabs(f->d.metrics[1].share - 0.04) < 1e-15);
    assert_false(f->d.metrics[2].tested);
}

static void read__counts_early_warnings_of_a_dual_baseline(void **state)
{
    fixture *f = *state;
    const char *text = DECISION("\"prior\":{\"early\":{}},");
    CHECK_OK(hb_ledger_read(hb_str_of(text), "r", &f->arena, &f->d, &err));
    assert_int_equal(f->d.findings[2].layer, HB_LEDGER_TESTS);
    assert_true(fabs(f->d.metrics[0].share - 0.04) < 1e-15);
}

static void read__takes_decisions_without_statistics(void **state)
{
    fixture *f = *state;
    const char *text =
        "{\"findings\":[{\"metric\":\"c\",\"rule\":\"stale\",\"severity\":\"warn\"}],"
        "\"comparisons\":[{\"metric\":\"c\"}],\"verdict\":\"PASS\"}";
    CHECK_OK(hb_ledger_read(hb_str_of(text), "r", &f->arena, &f->d, &err));
    assert_false(f->d.tested);
    assert_true(f->d.budget == 0);
    assert_int_equal(f->d.n_metrics, 1);
}

static void read__refuses_what_is_no_decision(void **state)
{
    fixture *f = *state;
    static const char *const texts[] = {
        "", "{", "[]", "{}", "null", "{\"findings\":3}", "{\"findings\":[]} x", "\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_ERROR(hb_ledger_read(hb_str_of(texts[i]), "r7", &f->arena, &f->d, &err), HB_E_STORE,
                    "decision of run 'r7' is not readable");
    }
    /* members of another kind are nothing that was said */
    CHECK_OK(hb_ledger_read(hb_str_of("{\"findings\":[3],\"comparisons\":7,\"statistics\":[1]}"),
                            "r", &f->arena, &f->d, &err));
    assert_false(f->d.tested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(read__tells_layers_and_shares, begin, end),
        cmocka_unit_test_setup_teardown(read__counts_early_warnings_of_a_dual_baseline, begin, end),
        cmocka_unit_test_setup_teardown(read__takes_decisions_without_statistics, begin, end),
        cmocka_unit_test_setup_teardown(read__refuses_what_is_no_decision, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
