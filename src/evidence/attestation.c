/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the Statement. Members in ascending order; the names of tests are those of the decision's
 * comparisons, then "run: RULE" for findings about the run as a whole. */
#include "evidence/attestation.h"

#include "base/json_write.h"
#include "decide/decision.h"
#include "evidence/inputs.h"
#include "evidence/object.h"

#include <string.h>

#define BUILT_IN_URI "https://harmony-bridge.dev/built-in/"

/* What the decision was made with, in the order it is written. */
static const struct part {
    const char *path;
    const char *built_in; /* stands in when the file is not in the pack; NULL = nothing does */
} parts[] = {
    {"baseline/run.json", NULL},
    {"baseline/version.json", NULL},
    {"policy/baseline_policy.yaml", "baseline-policy"},
    {"policy/equivalence_mapping.yaml", NULL},
    {"policy/metric_registry.yaml", "metric-registry"},
    {"program.json", NULL},
    {"reference.json", NULL},
    {"run.json", NULL},
};

typedef enum outcome { NOT_TESTED, PASSED, WARNED, FAILED } outcome;

static const hb_pack_file *file_of(const hb_attestation_facts *f, const char *path)
{
    for (size_t i = 0; i < f->n_files; i++) {
        if (strcmp(f->files[i].path, path) == 0) {
            return &f->files[i];
        }
    }
    return NULL;
}

static void configuration(hb_json *j, const hb_attestation_facts *f, const char *engine_version)
{
    hb_json_key(j, "configuration");
    hb_json_arr(j);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const hb_pack_file *file = file_of(f, parts[i].path);
        if (file) {
            hb_json_obj(j);
            hb_json_key(j, "digest");
            hb_json_obj(j);
            hb_json_kc(j, "sha256", file->sha256);
            hb_json_end(j);
            hb_json_kc(j, "name", parts[i].path);
            hb_json_end(j);
        } else if (parts[i].built_in) {
            char uri[256];
            size_t n = strlen(BUILT_IN_URI);
            hb_str_fit(BUILT_IN_URI, uri, sizeof uri);
            hb_str_fit(parts[i].built_in, uri + n, sizeof uri - n);
            n = strlen(uri);
            hb_str_fit("/", uri + n, sizeof uri - n);
            hb_str_fit(engine_version, uri + n + 1, sizeof uri - n - 1);
            hb_json_obj(j);
            hb_json_kc(j, "name", parts[i].path);
            hb_json_kc(j, "uri", uri);
            hb_json_end(j);
        }
    }
    hb_json_end(j);
}

/* --- tests --- */

static outcome by_severity(const char *severity)
{
    if (strcmp(severity, hb_severity_name(HB_SEVERITY_FAIL)) == 0) {
        return FAILED;
    }
    return strcmp(severity, hb_severity_name(HB_SEVERITY_INFO)) == 0 ? PASSED : WARNED;
}

/* One comparison or one finding about the run; NULL name = it is no test. */
typedef struct named {
    const char *prefix;
    const char *name;
    outcome outcome;
} named;

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static named of_comparison(const json_t *c)
{
    named x = {.prefix = "", .name = text_of(c, "metric")};
    outcome by = by_severity(text_of(c, "severity"));
    bool looked_at = json_integer_value(json_object_get(c, "checks")) > 0 ||
                     json_object_get(c, "test") || by != PASSED;
    x.outcome = looked_at ? by : NOT_TESTED;
    return x;
}

static named of_finding(const json_t *f)
{
    named x = {.prefix = "run: ", .name = text_of(f, "rule")};
    outcome by = by_severity(text_of(f, "severity"));
    x.outcome = *text_of(f, "metric") || by == PASSED ? NOT_TESTED : by;
    return x;
}

static void one_test(hb_json *j, named x, outcome which, uint64_t *count)
{
    if (x.outcome != which || (*count)++ >= HB_ATTESTATION_TESTS_MAX) {
        return;
    }
    char name[1024];
    size_t n = strlen(x.prefix);
    hb_str_fit(x.prefix, name, sizeof name);
    hb_str_fit(x.name, name + n, sizeof name - n);
    hb_json_c(j, name);
}

static void tests(hb_json *j, const char *key, const json_t *decision, outcome which)
{
    uint64_t count = 0;
    size_t i = 0;
    const json_t *x = NULL;
    hb_json_key(j, key);
    hb_json_arr(j);
    json_array_foreach(json_object_get(decision, "comparisons"), i, x)
    {
        one_test(j, of_comparison(x), which, &count);
    }
    json_array_foreach(json_object_get(decision, "findings"), i, x)
    {
        one_test(j, of_finding(x), which, &count);
    }
    hb_json_end(j);
}

/* Counts without writing: they stand before the lists. */
static uint64_t count_tests(const json_t *decision, outcome which)
{
    uint64_t count = 0;
    size_t i = 0;
    const json_t *x = NULL;
    json_array_foreach(json_object_get(decision, "comparisons"), i, x)
    {
        count += of_comparison(x).outcome == which;
    }
    json_array_foreach(json_object_get(decision, "findings"), i, x)
    {
        count += of_finding(x).outcome == which;
    }
    return count;
}

/* --- the statement --- */

static hb_status result_of(const char *verdict, const char **ret, hb_error *err)
{
    static const char *const results[HB_VERDICT_COUNT_] = {
        [HB_VERDICT_PASS] = "PASSED",
        [HB_VERDICT_PASS_WITH_DRIFT] = "WARNED",
        [HB_VERDICT_FAIL] = "FAILED",
        [HB_VERDICT_NO_TEST] = "WARNED",
    };
    hb_verdict v = HB_VERDICT_NO_TEST;
    if (!hb_verdict_from_name(verdict, &v)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has no verdict", HB_PACK_DECISION);
    }
    *ret = results[v];
    return HB_OK;
}

static void extension(hb_json *j, const hb_attestation_facts *f, const json_t *decision,
                      const hb_pack_file *file)
{
    hb_json_key(j, "harmonyBridge");
    hb_json_obj(j);
    hb_json_kc(j, "case", f->case_id);
    hb_json_kc(j, "decisionSha256", file->sha256);
    hb_json_kc(j, "engineVersion", text_of(decision, "engine_version"));
    hb_json_ku(j, "nFailed", count_tests(decision, FAILED));
    hb_json_ku(j, "nPassed", count_tests(decision, PASSED));
    hb_json_ku(j, "nWarned", count_tests(decision, WARNED));
    hb_json_kc(j, "verdict", text_of(decision, "verdict"));
    hb_json_end(j);
}

static void subject(hb_json *j, const hb_attestation_facts *f)
{
    hb_json_key(j, "subject");
    hb_json_arr(j);
    hb_json_obj(j);
    hb_json_key(j, "digest");
    hb_json_obj(j);
    hb_json_kc(j, "sha256", f->manifest_sha256);
    hb_json_kc(j, "sha512", f->manifest_sha512);
    hb_json_end(j);
    hb_json_kc(j, "name", HB_PACK_MANIFEST);
    hb_json_end(j);
    hb_json_end(j);
}

static hb_status write_statement(const hb_attestation_facts *f, const json_t *decision, hb_buf *out,
                                 hb_error *err)
{
    const char *result = NULL;
    const hb_pack_file *file = file_of(f, HB_PACK_DECISION);
    HB_TRY(result_of(text_of(decision, "verdict"), &result, err));
    if (!file) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not in the manifest", HB_PACK_DECISION);
    }
    hb_json j;
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "_type", HB_ATTESTATION_STATEMENT);
    hb_json_key(&j, "predicate");
    hb_json_obj(&j);
    configuration(&j, f, text_of(decision, "engine_version"));
    tests(&j, "failedTests", decision, FAILED);
    extension(&j, f, decision, file);
    tests(&j, "passedTests", decision, PASSED);
    hb_json_kc(&j, "result", result);
    tests(&j, "warnedTests", decision, WARNED);
    hb_json_end(&j);
    hb_json_kc(&j, "predicateType", HB_ATTESTATION_PREDICATE);
    subject(&j, f);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

hb_status hb_attestation_statement(const hb_attestation_facts *f, hb_buf *out, hb_error *err)
{
    json_t *decision = NULL;
    HB_TRY(hb_object_parse(f->decision, HB_PACK_DECISION, &decision, err));
    hb_status status = write_statement(f, decision, out, err);
    json_decref(decision);
    return status;
}
