/* SPDX-License-Identifier: Apache-2.0 */
/* The Statement that a pack's signature is over. The expected text is written by hand after the
 * specification of in-toto (spec/v1/statement.md, spec/predicates/test-result.md). */
#include "evidence/attestation.h"
#include "support/check.h"

#include <string.h>

#define D1 "1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "2222222222222222222222222222222222222222222222222222222222222222"
#define D3 "3333333333333333333333333333333333333333333333333333333333333333"

static const char decision[] =
    "{\"comparisons\":["
    "{\"checks\":2,\"metric\":\"temp\",\"severity\":\"info\"},"
    "{\"checks\":0,\"metric\":\"idle\",\"severity\":\"info\",\"untested\":\"no_set\"},"
    "{\"checks\":0,\"metric\":\"load\",\"severity\":\"info\",\"test\":{}},"
    "{\"checks\":1,\"metric\":\"current\",\"severity\":\"drift\"},"
    "{\"checks\":1,\"metric\":\"resets\",\"severity\":\"fail\"}],"
    "\"engine_version\":\"9.9\",\"findings\":["
    "{\"metric\":\"resets\",\"rule\":\"fail_threshold\",\"severity\":\"fail\"},"
    "{\"metric\":\"\",\"rule\":\"lost_rows\",\"severity\":\"warn\"},"
    "{\"metric\":\"\",\"rule\":\"equivalence\",\"severity\":\"info\"}],"
    "\"verdict\":\"%s\"}";

static const char expected[] =
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{\"configuration\":["
    "{\"digest\":{\"sha256\":\"" D1 "\"},\"name\":\"baseline/run.json\"},"
    "{\"name\":\"policy/baseline_policy.yaml\","
    "\"uri\":\"https://harmony-bridge.dev/built-in/baseline-policy/9.9\"},"
    "{\"digest\":{\"sha256\":\"" D2 "\"},\"name\":\"policy/metric_registry.yaml\"}],"
    "\"failedTests\":[\"resets\"],\"harmonyBridge\":{\"case\":\"case-7\","
    "\"decisionSha256\":\"" D3 "\",\"engineVersion\":\"9.9\",\"nFailed\":1,\"nPassed\":2,"
    "\"nWarned\":2,\"verdict\":\"FAIL\"},\"passedTests\":[\"temp\",\"load\"],"
    "\"result\":\"FAILED\",\"warnedTests\":[\"current\",\"run: lost_rows\"]},"
    "\"predicateType\":\"https://in-toto.io/attestation/test-result/v0.1\","
    "\"subject\":[{\"digest\":{\"sha256\":\"" D1 "\",\"sha512\":\"" D1 D2
    "\"},\"name\":\"manifest.json\"}]}";

static const hb_pack_file files[] = {
    {.path = "baseline/run.json", .sha256 = D1},
    {.path = "decision.json", .sha256 = D3},
    {.path = "policy/metric_registry.yaml", .sha256 = D2},
};

static void make(const char *verdict, hb_buf *out)
{
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    const char *at = strstr(decision, "%s");
    hb_buf_add(&text, decision, (size_t)(at - decision));
    hb_buf_c(&text, verdict);
    hb_buf_c(&text, at + 2);
    hb_attestation_facts f = {.case_id = "case-7",
                              .manifest_sha256 = D1,
                              .manifest_sha512 = D1 D2,
                              .files = files,
                              .n_files = sizeof files / sizeof *files,
                              .decision = {text.p, text.n}};
    hb_buf_init(out, 1 << 20);
    CHECK_OK(hb_attestation_statement(&f, out, &err));
    hb_buf_release(&text);
}

static void attestation__is_the_statement_of_the_specification(void **state)
{
    (void)state;
    hb_buf out;
    make("FAIL", &out);
    assert_string_equal(out.p, expected);
    hb_buf_release(&out);
}

static void attestation__has_three_results_for_four_verdicts(void **state)
{
    (void)state;
    static const char *const of[][2] = {{"PASS", "\"result\":\"PASSED\""},
                                        {"PASS_WITH_DRIFT", "\"result\":\"WARNED\""},
                                        {"NO_TEST", "\"result\":\"WARNED\""},
                                        {"FAIL", "\"result\":\"FAILED\""}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        hb_buf out;
        make(of[i][0], &out);
        assert_non_null(strstr(out.p, of[i][1]));
        hb_buf_release(&out);
    }
}

static void attestation__refuses_what_is_no_decision(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    hb_attestation_facts f = {.case_id = "c",
                              .manifest_sha256 = D1,
                              .manifest_sha512 = D1 D2,
                              .files = files,
                              .n_files = 3,
                              .decision = HB_STR("{\"verdict\":\"FINE\"}")};
    CHECK_ERROR(hb_attestation_statement(&f, &out, &err), HB_E_EVIDENCE, "no verdict");
    f.decision = HB_STR("[1");
    CHECK_ERROR(hb_attestation_statement(&f, &out, &err), HB_E_EVIDENCE, "no JSON");
    f.decision = HB_STR("{\"verdict\":\"PASS\"}");
    f.n_files = 1;
    CHECK_ERROR(hb_attestation_statement(&f, &out, &err), HB_E_EVIDENCE, "not in the manifest");
    hb_buf_release(&out);
}

static void attestation__is_read_as_it_was_written(void **state)
{
    (void)state;
    hb_arena arena;
    hb_attestation a;
    hb_arena_init(&arena, 1 << 20);
    CHECK_OK(hb_attestation_read(HB_STR(expected), "statement", &arena, &a, &err));
    assert_string_equal(a.case_id, "case-7");
    assert_string_equal(a.manifest_sha256, D1);
    assert_string_equal(a.manifest_sha512, D1 D2);
    assert_string_equal(a.decision_sha256, D3);
    assert_string_equal(a.engine_version, "9.9");
    assert_string_equal(a.verdict, "FAIL");
    assert_string_equal(a.result, "FAILED");
    assert_int_equal(a.n_configuration, 3);
    assert_string_equal(a.configuration[2].sha256, D2);
    assert_string_equal(a.configuration[1].sha256, "");
    assert_int_equal(a.passed.n, 2);
    assert_string_equal(a.passed.names[1], "load");
    assert_int_equal(a.warned.count, 2);
    CHECK_OK(hb_attestation_compare(&a, &a, &err));
    hb_arena_release(&arena);
}

/* `expected` with the first `from` replaced. */
static hb_str changed(hb_buf *b, const char *from, const char *to)
{
    const char *at = strstr(expected, from);
    assert_non_null(at);
    hb_buf_init(b, 1 << 20);
    hb_buf_add(b, expected, (size_t)(at - expected));
    hb_buf_c(b, to);
    hb_buf_c(b, at + strlen(from));
    return (hb_str){b->p, b->n};
}

static void attestation__refuses_what_differs_from_the_format(void **state)
{
    (void)state;
    static const char *const of[][3] = {
        {"Statement/v1", "Statement/v0.1", "'_type'"},
        {"test-result/v0.1", "test-result/v0.2", "'predicateType'"},
        {"\"name\":\"manifest.json\"", "\"name\":\"other.json\"", "'name'"},
        {"\"sha512\"", "\"sha384\"", "lacks member 'sha512'"},
        {"\"result\":\"FAILED\",", "", "lacks member 'result'"},
        {"\"result\":\"FAILED\"", "\"result\":7", "no text"},
        {"\"result\":", "\"url\":\"https://x\",\"result\":", "not known"},
        {"\"nFailed\":1", "\"nFailed\":-1", "no count"},
        {"[\"resets\"]", "[7]", "no text"},
        {"{\"digest\":{\"sha256\":\"" D1 "\"},\"name\":\"baseline/run.json\"}", "4", "no object"},
        {"\"decisionSha256\":\"3", "\"decisionSha256\":\"G", "hex"},
        {"\"case\":\"case-7\"", "\"case\":\"a\",\"case\":\"b\"", "no JSON"},
        {"}]}", "}]} x", "no JSON"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        hb_buf b;
        hb_arena arena;
        hb_attestation a;
        hb_arena_init(&arena, 1 << 20);
        hb_str text = changed(&b, of[i][0], of[i][1]);
        CHECK_ERROR(hb_attestation_read(text, "statement", &arena, &a, &err), HB_E_EVIDENCE,
                    of[i][2]);
        hb_arena_release(&arena);
        hb_buf_release(&b);
    }
}

static void attestation__comparing_names_the_first_difference(void **state)
{
    (void)state;
    static const char *const of[][3] = {
        {"\"sha256\":\"" D1 "\",\"sha512\"", "\"sha256\":\"" D2 "\",\"sha512\"", "SHA-256"},
        {"\"sha512\":\"1", "\"sha512\":\"2", "SHA-512"},
        {"case-7", "case-8", "the case"},
        {"\"decisionSha256\":\"3", "\"decisionSha256\":\"4", "decision.json"},
        {"\"verdict\":\"FAIL\"", "\"verdict\":\"PASS\"", "the verdict"},
        {"\"result\":\"FAILED\"", "\"result\":\"PASSED\"", "the result"},
        {"\"engineVersion\":\"9.9\"", "\"engineVersion\":\"9.8\"", "version"},
        {"{\"sha256\":\"" D2 "\"}", "{\"sha256\":\"" D1 "\"}", "policy/metric_registry.yaml"},
        {"{\"digest\":{\"sha256\":\"" D1 "\"},\"name\":\"baseline/run.json\"},", "", "named"},
        {"[\"resets\"]", "[]", "failed tests"},
        {"\"nWarned\":2", "\"nWarned\":3", "warned tests"},
        {"[\"temp\"", "[\"tempo\"", "passed tests"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        hb_buf b;
        hb_arena arena;
        hb_attestation due;
        hb_attestation a;
        hb_arena_init(&arena, 1 << 20);
        CHECK_OK(hb_attestation_read(HB_STR(expected), "due", &arena, &due, &err));
        CHECK_OK(hb_attestation_read(changed(&b, of[i][0], of[i][1]), "s", &arena, &a, &err));
        CHECK_ERROR(hb_attestation_compare(&a, &due, &err), HB_E_EVIDENCE, of[i][2]);
        hb_arena_release(&arena);
        hb_buf_release(&b);
    }
}

static hb_status write_and_read(void)
{
    hb_error err = {0};
    hb_buf out;
    hb_arena arena;
    hb_attestation a;
    hb_buf_init(&out, 1 << 20);
    hb_arena_init(&arena, 1 << 20);
    hb_attestation_facts f = {.case_id = "c",
                              .manifest_sha256 = D1,
                              .manifest_sha512 = D1 D2,
                              .files = files,
                              .n_files = 3,
                              .decision = HB_STR("{\"verdict\":\"PASS\"}")};
    hb_status status = hb_attestation_statement(&f, &out, &err);
    if (status == HB_OK) {
        status = hb_attestation_read((hb_str){out.p, out.n}, "s", &arena, &a, &err);
    }
    hb_arena_release(&arena);
    hb_buf_release(&out);
    return status;
}

static void attestation__survives_failing_allocations(void **state)
{
    (void)state;
    fault_loop(write_and_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attestation__is_the_statement_of_the_specification),
        cmocka_unit_test(attestation__has_three_results_for_four_verdicts),
        cmocka_unit_test(attestation__refuses_what_is_no_decision),
        cmocka_unit_test(attestation__is_read_as_it_was_written),
        cmocka_unit_test(attestation__refuses_what_differs_from_the_format),
        cmocka_unit_test(attestation__comparing_names_the_first_difference),
        cmocka_unit_test(attestation__survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
