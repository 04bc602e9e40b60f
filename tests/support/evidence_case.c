/* SPDX-License-Identifier: Apache-2.0 */
#include "support/evidence_case.h"

#include "audit/inclusion.h"
#include "base/json_write.h"
#include "crypto/dsse.h"
#include "decide/decision_json.h"
#include "evidence/attestation.h"
#include "govern/statement.h"
#include "os/file.h"
#include "report/report.h"
#include "support/temp_dir.h"
#include "telemetry/run_digest.h"

#include <stdio.h>

enum { TEXT_BYTES = 64 << 20, LEAVES = 3, OURS = 1 };

#define ORIGIN "hb/0123456789abcdef"
#define DECIDED_AT INT64_C(1767350000000000000)

static const char registry_yaml[] = "version: '1'\n"
                                    "metrics:\n"
                                    "  temp: {unit: K, drift_percent: 5}\n"
                                    "  resets: {invariant_max: 0}\n";

static const char policy_yaml[] = "baseline_policy:\n  strategy: tag\n  tag: golden\n"
                                  "  governance:\n    require_approval: true\n"
                                  "    approvals_required: 2\n";

/* --- files --- */

static evidence_file *find(const evidence_case *c, const char *path)
{
    for (size_t i = 0; i < c->n_files; i++) {
        if (strcmp(c->files[i].path, path) == 0) {
            return (evidence_file *)(uintptr_t)&c->files[i];
        }
    }
    return NULL;
}

const evidence_file *evidence_case_get(const evidence_case *c, const char *path)
{
    const evidence_file *f = find(c, path);
    assert_non_null(f);
    return f;
}

void evidence_case_put(evidence_case *c, const char *path, const void *p, size_t n)
{
    evidence_file *f = find(c, path);
    if (!f) {
        assert_true(c->n_files < EVIDENCE_FILES);
        f = &c->files[c->n_files++];
        f->path = hb_strdup(path);
        f->p = NULL;
    }
    char *copy = hb_strndup(p, n);
    assert_non_null(copy);
    hb_free(f->p);
    f->p = copy;
    f->n = n;
}

void evidence_case_puts(evidence_case *c, const char *path, const char *text)
{
    evidence_case_put(c, path, text, strlen(text));
}

static void put_buf(evidence_case *c, const char *path, hb_buf *b)
{
    CHECK_OK(hb_buf_check(b, &err));
    evidence_case_put(c, path, b->p, b->n);
    hb_buf_release(b);
}

void evidence_case_drop(evidence_case *c, const char *path)
{
    evidence_file *f = find(c, path);
    assert_non_null(f);
    hb_free(f->path);
    hb_free(f->p);
    *f = c->files[--c->n_files];
}

void evidence_case_edit(evidence_case *c, const char *path, const char *from, const char *to)
{
    const evidence_file *f = evidence_case_get(c, path);
    const char *at = strstr(f->p, from);
    hb_buf b;
    assert_non_null(at);
    hb_buf_init(&b, TEXT_BYTES);
    hb_buf_add(&b, f->p, (size_t)(at - f->p));
    hb_buf_c(&b, to);
    hb_buf_add(&b, at + strlen(from), f->n - (size_t)(at - f->p) - strlen(from));
    put_buf(c, path, &b);
}

/* --- keys --- */

static hb_signer *new_key(const char *name, hb_algorithm a)
{
    hb_signer *s = NULL;
    const char *path = temp_path(name);
    CHECK_OK(hb_key_generate(hb_os_real(), a, path, NULL, &err));
    const hb_signer_ask ask = {.os = hb_os_real(), .key = path};
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    return s;
}

static void put_key(evidence_case *c, const char *path, const hb_signer *s)
{
    hb_buf pem;
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(hb_signer_public(s), &pem);
    put_buf(c, path, &pem);
}

static hb_pubkey *public_of(const hb_signer *s)
{
    hb_buf pem;
    hb_pubkey *k = NULL;
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(hb_signer_public(s), &pem);
    CHECK_OK(hb_pubkey_read((hb_str){pem.p, pem.n}, "key", &k, &err));
    hb_buf_release(&pem);
    return k;
}

static void make_keys(evidence_case *c)
{
    c->lab = new_key("lab.pem", HB_ALGORITHM_ED25519);
    c->other = new_key("other.pem", HB_ALGORITHM_ECDSA_P384);
    c->stranger = new_key("stranger.pem", HB_ALGORITHM_ED25519);
    c->log = new_key("log.pem", HB_ALGORITHM_ED25519);
    c->people[0] = new_key("ada.pem", HB_ALGORITHM_ED25519);
    c->people[1] = new_key("ben.pem", HB_ALGORITHM_ED25519);
    c->people[2] = new_key("kim.pem", HB_ALGORITHM_ED25519);
    c->lab_key = public_of(c->lab);
    c->log_key = public_of(c->log);
    c->stranger_key = public_of(c->stranger);
    put_key(c, "keys/lab.pub", c->lab);
    put_key(c, "keys/other.pub", c->other);
    put_key(c, "keys/log.pub", c->log);
}

/* --- who may, and who did --- */

static void put_operators(evidence_case *c)
{
    static const char *const names[EVIDENCE_PEOPLE] = {"ada", "ben", "kim"};
    static const char *const roles[EVIDENCE_PEOPLE] = {"admin", "approver", "approver"};
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    hb_buf_c(&b, "operators:\n");
    for (size_t i = 0; i < EVIDENCE_PEOPLE; i++) {
        hb_buf pem;
        hb_buf_init(&pem, HB_PEM_MAX);
        hb_pubkey_pem(hb_signer_public(c->people[i]), &pem);
        hb_buf_fmt(&b, "  %s:\n    roles: {\"*\": %s}\n    keys:\n      - pem: |\n", names[i],
                   roles[i]);
        hb_str rest = {pem.p, pem.n};
        while (rest.n) {
            size_t line = hb_str_find_ch(rest, '\n');
            hb_buf_fmt(&b, "          %.*s\n", (int)line, rest.p);
            rest.p += line + (line < rest.n);
            rest.n -= line + (line < rest.n);
        }
        hb_buf_release(&pem);
    }
    put_buf(c, "governance/operators.yaml", &b);
}

static void sign_statement(evidence_case *c, const char *path, const char *kind, size_t who,
                           const char *subject, const char *request, char ret_digest[65])
{
    const hb_statement s = {.kind = kind,
                            .subject_name = "run",
                            .subject_sha256 = subject,
                            .purpose = "set",
                            .program = "prog",
                            .subsystem = "sub",
                            .test_name = "test",
                            .tag = "golden",
                            .request = request,
                            .reason = "measured on the reference rig",
                            .at = DECIDED_AT - INT64_C(3600000000000) + (hb_time)who,
                            .expires = HB_TIME_NONE};
    hb_buf b;
    hb_arena arena;
    hb_dsse d;
    hb_buf_init(&b, 1 << 20);
    hb_arena_init(&arena, 1 << 20);
    CHECK_OK(hb_statement_sign(&s, c->people[who], &b, &err));
    CHECK_OK(hb_dsse_read((hb_str){b.p, b.n}, path, &arena, &d, &err));
    CHECK_OK(hb_digest_of(d.payload.p, d.payload.n, ret_digest, &err));
    hb_arena_release(&arena);
    put_buf(c, path, &b);
}

static void put_statements(evidence_case *c, const char *subject)
{
    char request[65];
    char digest[65];
    sign_statement(c, "governance/statements/1.dsse.json", "request", 0, subject, "", request);
    sign_statement(c, "governance/statements/2.dsse.json", "approval", 1, subject, request, digest);
    sign_statement(c, "governance/statements/3.dsse.json", "approval", 2, subject, request, digest);
}

/* --- what was decided --- */

static hb_run *make_run(test_case *k, const char *id, double temp, double resets)
{
    const test_metric metrics[] = {{.name = "temp", .unit = "K", .value = temp},
                                   {.name = "resets", .value = resets}};
    hb_run *run = case_run(k, id, metrics, 2);
    run->meta.program = "prog";
    run->meta.subsystem = "sub";
    run->meta.test_name = "test";
    CHECK_OK(hb_digest_of(EVIDENCE_RAW, strlen(EVIDENCE_RAW), run->inputs[0].sha256, &err));
    run->inputs[0].bytes = strlen(EVIDENCE_RAW);
    CHECK_OK(hb_run_set_digest(run, &err));
    return run;
}

static void put_inputs(evidence_case *c)
{
    test_case k;
    char digest[65];
    hb_buf run;
    hb_buf baseline;
    hb_buf reference;
    case_begin(&k, registry_yaml, policy_yaml);
    k.run = make_run(&k, "tuesday-1", 301.5, 3);
    k.baseline = make_run(&k, "golden-1", 300, 0);
    memcpy(digest, k.baseline->digest, sizeof digest);
    k.reference = (hb_reference){.run = k.baseline,
                                 .reason = "tag",
                                 .strategy = "tag",
                                 .tag = "golden",
                                 .level = HB_MATCH_TAG,
                                 .warning = ""};
    k.reference.run_ids[k.reference.n_run_ids++] = "golden-1";
    const hb_str registry_text = HB_STR(registry_yaml);
    const hb_str policy_text = HB_STR(policy_yaml);
    const hb_inputs_config config = {.registry_text = &registry_text,
                                     .policy_text = &policy_text,
                                     .registry_name = "metric_registry.yaml",
                                     .policy_name = "baseline_policy.yaml",
                                     .program = "prog",
                                     .mode = ""};
    hb_buf_init(&run, TEXT_BYTES);
    hb_buf_init(&baseline, TEXT_BYTES);
    hb_buf_init(&reference, TEXT_BYTES);
    CHECK_OK(hb_run_json(k.run, &run, &err));
    CHECK_OK(hb_run_json(k.baseline, &baseline, &err));
    CHECK_OK(hb_reference_json(&k.reference, &config, &reference, &err));
    put_buf(c, "run.json", &run);
    put_buf(c, "baseline/run.json", &baseline);
    put_buf(c, "reference.json", &reference);
    evidence_case_puts(c, "policy/metric_registry.yaml", registry_yaml);
    evidence_case_puts(c, "policy/baseline_policy.yaml", policy_yaml);
    case_end(&k);
    put_statements(c, digest);
}

static void put_raw(evidence_case *c)
{
    char sha256[65];
    hb_buf b;
    hb_json j;
    CHECK_OK(hb_digest_of(EVIDENCE_RAW, strlen(EVIDENCE_RAW), sha256, &err));
    evidence_case_puts(c, "raw/0/case.csv", EVIDENCE_RAW);
    hb_buf_init(&b, 1 << 20);
    hb_json_init(&j, &b, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "files");
    hb_json_arr(&j);
    hb_json_obj(&j);
    hb_json_ku(&j, "bytes", strlen(EVIDENCE_RAW));
    hb_json_kc(&j, "member", "raw/0/case.csv");
    hb_json_kc(&j, "name", "case.csv");
    hb_json_kc(&j, "path", "case.csv");
    hb_json_kc(&j, "sha256", sha256);
    hb_json_kc(&j, "why", "");
    hb_json_end(&j);
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-raw/1");
    hb_json_kc(&j, "why", "the run was made by hand");
    hb_json_end(&j);
    put_buf(c, "raw/reading.json", &b);
}

/* --- decision, report, log --- */

static void log_entry(const char *subject, unsigned seq, hb_buf *out)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kt(&j, "at", DECIDED_AT);
    hb_json_kc(&j, "by", "");
    hb_json_key(&j, "data");
    hb_json_obj(&j);
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-log-entry/1");
    hb_json_kc(&j, "registry", "0123456789abcdef");
    hb_json_ku(&j, "seq", seq);
    hb_json_kc(&j, "subject", subject);
    hb_json_kc(&j, "type", "decision");
    hb_json_end(&j);
    CHECK_OK(hb_json_done(&j, &err));
}

/* Three leaves: the path of leaf 1 is leaf 0, then leaf 2. */
static void put_log(evidence_case *c, const char *decision_sha256)
{
    hb_merkle *m = NULL;
    hb_hash leaves[LEAVES];
    hb_hash pair;
    hb_hash root;
    CHECK_OK(hb_merkle_new(&m, &err));
    for (unsigned i = 0; i < LEAVES; i++) {
        hb_buf entry;
        hb_buf_init(&entry, 1 << 16);
        log_entry(i == OURS ? decision_sha256 : "another", i + 1, &entry);
        CHECK_OK(hb_merkle_leaf(m, entry.p, entry.n, &leaves[i], &err));
        if (i == OURS) {
            evidence_case_put(c, "log/entry.json", entry.p, entry.n);
        }
        hb_buf_release(&entry);
    }
    CHECK_OK(hb_merkle_node(m, &leaves[0], &leaves[1], &pair, &err));
    CHECK_OK(hb_merkle_node(m, &pair, &leaves[2], &root, &err));
    hb_merkle_free(m);
    const hb_inclusion in = {.index = OURS,
                             .size = LEAVES,
                             .leaf = leaves[OURS],
                             .proof = {.path = {leaves[0], leaves[2]}, .n = 2}};
    hb_buf b;
    hb_buf_init(&b, 1 << 16);
    CHECK_OK(hb_inclusion_write(&in, &b, &err));
    put_buf(c, "log/inclusion.json", &b);
    hb_buf_init(&b, 1 << 16);
    CHECK_OK(hb_checkpoint_sign(ORIGIN, LEAVES, &root, c->log, &b, &err));
    put_buf(c, "log/checkpoint", &b);
}

hb_status evidence_draw(void *ctx, const hb_decision *d, const char *decision_sha256,
                        hb_time decided_at, hb_buf *html, hb_buf *json, hb_error *err)
{
    (void)ctx;
    const hb_report_about about = {
        .version = HB_VERSION, .decided_at = decided_at, .decision_digest = decision_sha256};
    HB_TRY(hb_report_html(d, &about, html, err));
    return hb_report_json(d, &about, json, err);
}

/* Of a written pack, since the inputs are read from one. */
static void decide(evidence_case *c, hb_inputs *in)
{
    hb_pack_reader *r = NULL;
    const char *path = evidence_case_write(c, NULL);
    CHECK_OK(hb_pack_open(hb_os_real(), path, &r, &err));
    CHECK_OK(hb_inputs_read(r, in, &err));
    hb_pack_close(r);
}

void evidence_case_decide(evidence_case *c)
{
    hb_inputs in;
    hb_decision *d = NULL;
    hb_buf json;
    hb_buf html;
    hb_buf report;
    char sha256[65];
    decide(c, &in);
    hb_buf_init(&json, TEXT_BYTES);
    hb_buf_init(&html, TEXT_BYTES);
    hb_buf_init(&report, TEXT_BYTES);
    CHECK_OK(hb_inputs_decide(&in, &d, &json, &err));
    CHECK_OK(hb_digest_of(json.p, json.n, sha256, &err));
    CHECK_OK(evidence_draw(NULL, d, sha256, DECIDED_AT, &html, &report, &err));
    put_buf(c, "decision.json", &json);
    put_buf(c, "report/drift_report.html", &html);
    put_buf(c, "report/drift_report.json", &report);
    put_log(c, sha256);
    hb_decision_free(d);
    hb_inputs_release(&in);
}

static int no_sync(int fd)
{
    (void)fd;
    return 0;
}

void evidence_case_begin(evidence_case *c)
{
    *c = (evidence_case){.os = *hb_os_real(), .case_id = "case-1"};
    c->os.fsync = no_sync;
    hb_buf_init(&c->statement, TEXT_BYTES);
    temp_dir_new();
    make_keys(c);
    put_operators(c);
    put_inputs(c);
    put_raw(c);
    evidence_case_puts(c, "program.json", EVIDENCE_CASE_PROGRAM(HB_VERSION));
    hb_str instructions = hb_verify_instructions();
    evidence_case_put(c, "VERIFY.md", instructions.p, instructions.n);
    evidence_case_decide(c);
}

void evidence_case_end(evidence_case *c)
{
    while (c->n_files) {
        evidence_case_drop(c, c->files[0].path);
    }
    hb_signer *const signers[] = {c->lab,       c->other,     c->stranger, c->log,
                                  c->people[0], c->people[1], c->people[2]};
    for (size_t i = 0; i < sizeof signers / sizeof *signers; i++) {
        hb_signer_free(signers[i]);
    }
    hb_pubkey_free(c->lab_key);
    hb_pubkey_free(c->log_key);
    hb_pubkey_free(c->stranger_key);
    hb_buf_release(&c->statement);
    temp_dir_remove();
}

/* --- writing --- */

static void make_statement(evidence_case *c, hb_pack_writer *w, const hb_pack_file *manifest)
{
    size_t n = 0;
    const hb_pack_file *files = hb_pack_files(w, &n);
    const evidence_file *decision = evidence_case_get(c, "decision.json");
    const hb_attestation_facts facts = {.case_id = c->case_id,
                                        .manifest_sha256 = manifest->sha256,
                                        .manifest_sha512 = manifest->sha512,
                                        .files = files,
                                        .n_files = n,
                                        .decision = {decision->p, decision->n}};
    hb_error err = {0};
    if (hb_attestation_statement(&facts, &c->statement, &err) != HB_OK) {
        /* A decision that is none: the attacker has to write the Statement himself. */
        hb_buf_clear(&c->statement);
        hb_buf_c(&c->statement, "{}");
    }
}

const char *evidence_case_write_as(evidence_case *c, hb_signer *const *signers, size_t n,
                                   hb_pack_form form)
{
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    char name[32];
    snprintf(name, sizeof name, "pack-%u", c->written++);
    const char *path = temp_path(name);
    CHECK_OK(hb_pack_create(&c->os, path, form, &w, &err));
    for (size_t i = 0; i < c->n_files; i++) {
        CHECK_OK(hb_pack_put(w, c->files[i].path, c->files[i].p, c->files[i].n, &err));
    }
    CHECK_OK(hb_pack_put_manifest(w, c->case_id, &manifest, &err));
    if (n) {
        hb_buf envelope;
        hb_buf_init(&envelope, TEXT_BYTES);
        if (!c->keep_statement) {
            make_statement(c, w, &manifest);
        }
        CHECK_OK(hb_dsse_sign(HB_DSSE_INTOTO, (hb_str){c->statement.p, c->statement.n}, signers, n,
                              &envelope, &err));
        CHECK_OK(hb_pack_put_signature(w, HB_PACK_ATTESTATION, envelope.p, envelope.n, &err));
        hb_buf_release(&envelope);
    }
    CHECK_OK(hb_pack_finish(w, &err));
    hb_pack_writer_free(w);
    return path;
}

const char *evidence_case_write(evidence_case *c, hb_signer *signer)
{
    return evidence_case_write_as(c, &signer, signer ? 1 : 0, HB_PACK_ZIP);
}

/* --- verifying --- */

void evidence_case_verify(evidence_case *c, const char *path, hb_verified *ret)
{
    const hb_verify_ask ask = {.os = hb_os_real(),
                               .path = path,
                               .trusted = &c->lab_key,
                               .n_trusted = 1,
                               .draw = evidence_draw};
    CHECK_OK(hb_verify(&ask, ret, &err));
}

static int badness(hb_answer_state s)
{
    static const int of[HB_ANSWER_COUNT_] = {[HB_HOLDS] = 0,
                                             [HB_NOT_ASKED] = 1,
                                             [HB_NOT_IN_PACK] = 2,
                                             [HB_NOT_CHECKED] = 3,
                                             [HB_FAILS] = 4};
    return of[s];
}

hb_answer_state evidence_answer(const hb_verified *v, const char *question, const char **ret_text)
{
    hb_answer_state worst = HB_ANSWER_COUNT_;
    for (size_t i = 0; i < v->n_lines; i++) {
        const hb_verify_line *l = &v->lines[i];
        if (strcmp(l->question, question) == 0 &&
            (worst == HB_ANSWER_COUNT_ || badness(l->state) > badness(worst))) {
            worst = l->state;
            if (ret_text) {
                *ret_text = l->text;
            }
        }
    }
    return worst;
}
