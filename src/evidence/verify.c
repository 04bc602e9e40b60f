/* SPDX-License-Identifier: Apache-2.0 */
/* The questions in their order, what each needs, and the container's own. A question of which the
 * grounds are missing is answered "not checked" here; the others never see a pack without them. */
#include "evidence/verify_internal.h"

#include "base/mem.h"
#include "config/embedded.h"
#include "crypto/sealed.h"
#include "evidence/pack_runs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_MAX_BYTES = 1 << 30, LINES_MAX = 4096, NAMED_FAULTS = 8 };

typedef enum ground {
    PACK = 1 << 0,
    MANIFEST = 1 << 1,
    ENVELOPE = 1 << 2,
    DECISION = 1 << 3,
    INPUTS = 1 << 4,
} ground;

/* Grounds from the first that can be missing on: the first missing one is the reason told. */
static const struct {
    ground g;
    const char *why_not;
} reasons[] = {
    {PACK, "the pack could not be opened"},
    {MANIFEST, "there is no manifest to go by"},
    {ENVELOPE, "there is no attestation to look at"},
    {DECISION, "the decision could not be read"},
    {INPUTS, "what was decided from could not be read"},
};

static const struct question {
    const char *name;
    hb_status (*ask)(hb_check *c, hb_error *err);
    unsigned needs;
} questions[] = {
    {"structure", hb_ask_structure, 0},
    {"manifest", hb_ask_manifest, PACK},
    {"files", hb_ask_files, PACK | MANIFEST},
    {"instructions", hb_ask_instructions, PACK},
    {"keys", hb_ask_keys, PACK},
    {"attestation", hb_ask_attestation, PACK},
    {"signature", hb_ask_signature, PACK | ENVELOPE},
    {"time", hb_ask_time, PACK | ENVELOPE},
    {"chain", hb_ask_chain, PACK | ENVELOPE},
    {"trust", hb_ask_trust, PACK | ENVELOPE},
    {"statement", hb_ask_statement, PACK | MANIFEST | ENVELOPE | DECISION},
    {"commitments", hb_ask_commitments, PACK | MANIFEST},
    {"redaction", hb_ask_redaction, PACK | MANIFEST},
    {"log", hb_ask_log, PACK},
    {"checkpoint", hb_ask_checkpoint, PACK},
    {"program", hb_ask_program, PACK | DECISION},
    {"configuration", hb_ask_configuration, PACK | MANIFEST | DECISION},
    {"inputs", hb_ask_inputs, PACK},
    {"baseline", hb_ask_baseline, PACK | INPUTS},
    {"reference", hb_ask_reference, PACK | MANIFEST | INPUTS},
    {"selection", hb_ask_selection, INPUTS},
    {"operators", hb_ask_operators, PACK},
    {"approvals", hb_ask_approvals, PACK | INPUTS},
    {"governed", hb_ask_governed, PACK | MANIFEST | DECISION | INPUTS},
    {"raw", hb_ask_raw, PACK | MANIFEST | INPUTS},
    {"reading", hb_ask_reading, PACK | INPUTS},
    {"decision", hb_ask_decision, PACK | INPUTS},
    {"report", hb_ask_report, PACK | DECISION},
};

const char *hb_verify_state_name(hb_answer_state s)
{
    static const char *const names[HB_ANSWER_COUNT_] = {
        [HB_HOLDS] = "holds",
        [HB_FAILS] = "fails",
        [HB_NOT_CHECKED] = "not_checked",
        [HB_NOT_IN_PACK] = "not_in_pack",
        [HB_NOT_ASKED] = "not_asked",
    };
    return (unsigned)s < HB_ANSWER_COUNT_ ? names[s] : "?";
}

hb_str hb_verify_instructions(void)
{
    const hb_embedded *f = hb_embedded_find("evidence/VERIFY.md");
    return f ? (hb_str){f->data, f->len} : HB_STR("");
}

/* --- saying --- */

hb_status hb_check_say(hb_check *c, const char *question, hb_answer_state state, hb_error *err,
                       const char *fmt, ...)
{
    char text[1200];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    hb_verified *out = c->out;
    if (out->n_lines >= LINES_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %d answers", LINES_MAX);
    }
    HB_TRY(HB_ARENA_GROW(&out->arena, out->lines, out->n_lines, c->cap, err));
    hb_verify_line *line = &out->lines[out->n_lines];
    line->question = question;
    line->state = state;
    line->text = hb_arena_strndup(&out->arena, text, n > 0 ? strlen(text) : 0);
    if (!line->text) {
        return HB_NOMEM(err);
    }
    out->n_lines++;
    return HB_OK;
}

hb_status hb_check_fault(hb_check *c, const char *question, const hb_error *e, hb_error *err)
{
    if (e->code == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    char text[800];
    return hb_check_say(c, question, HB_FAILS, err, "%s", hb_error_text(e, text, sizeof text));
}

/* --- the pack --- */

bool hb_check_has(const hb_check *c, const char *path)
{
    return c->pack && hb_pack_has(c->pack, path);
}

hb_status hb_check_read(hb_check *c, const char *path, size_t max, hb_str *ret, hb_error *err)
{
    char *p = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(c->pack, path, max, &p, &n, err));
    char *copy = hb_arena_strndup(&c->out->arena, p, n);
    hb_free(p);
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = (hb_str){copy, n};
    return HB_OK;
}

const hb_pack_file *hb_check_listed(const hb_check *c, const char *path)
{
    for (size_t i = 0; c->has_manifest && i < c->manifest.n_files; i++) {
        if (strcmp(c->manifest.files[i].path, path) == 0) {
            return &c->manifest.files[i];
        }
    }
    return NULL;
}

const char *hb_check_decision_text(const hb_check *c, const char *object, const char *key)
{
    const json_t *o = object ? json_object_get(c->decision, object) : c->decision;
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

hb_status hb_ask_structure(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_status status = hb_pack_open(c->ask->os, c->ask->path, &c->pack, &e);
    if (status == HB_E_EVIDENCE) {
        hb_sealed kind = HB_SEALED_NOT;
        HB_IGNORE(
            hb_sealed_kind_of_file(c->ask->os, c->ask->path, &kind, NULL)); /* then it is not */
        return kind == HB_SEALED_NOT ? hb_check_fault(c, "structure", &e, err)
                                     : hb_check_say(c, "structure", HB_FAILS, err, "the file is %s",
                                                    hb_sealed_words(kind));
    }
    if (status != HB_OK) {
        if (err) {
            *err = e;
        }
        return status;
    }
    size_t n = 0;
    hb_pack_members(c->pack, &n);
    return hb_check_say(c, "structure", HB_HOLDS, err, "%zu files, no two ways to read it", n);
}

hb_status hb_ask_manifest(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    if (hb_pack_read_manifest(c->pack, &c->out->arena, &c->manifest, &e) != HB_OK) {
        return hb_check_fault(c, "manifest", &e, err);
    }
    c->has_manifest = true;
    c->out->case_id = c->manifest.case_id;
    return hb_check_say(c, "manifest", HB_HOLDS, err, "manifest.json of case '%s' lists %zu files",
                        c->manifest.case_id, c->manifest.n_files);
}

static const char *const required[] = {
    HB_PACK_DECISION,  HB_PACK_INSTRUCTIONS, HB_PACK_PROGRAM,     HB_PACK_READING,
    HB_PACK_REFERENCE, HB_PACK_REPORT_HTML,  HB_PACK_REPORT_JSON, HB_PACK_RUN,
};

/* With a '/' at the end: everything below it, of which another question asks what belongs there. */
static const char *const known[] = {
    HB_PACK_BASELINE,
    HB_PACK_RUNS,
    HB_PACK_VERSION,
    HB_PACK_COMMITMENTS,
    HB_PACK_SECRET,
    HB_PACK_DECISION,
    HB_PACK_OPERATORS,
    HB_PACK_STATEMENTS,
    HB_PACK_KEYS,
    HB_PACK_CHECKPOINT,
    HB_PACK_ENTRY,
    HB_PACK_INCLUSION,
    HB_PACK_ORIGINAL_ATTESTATION,
    HB_PACK_ORIGINAL_MANIFEST,
    HB_PACK_ORIGINAL_TOKEN,
    HB_PACK_POLICY,
    HB_PACK_EQUIVALENCE,
    HB_PACK_REGISTRY,
    HB_PACK_PROGRAM,
    "raw/",
    HB_PACK_REDACTION,
    HB_PACK_REFERENCE,
    HB_PACK_REPORT_HTML,
    HB_PACK_REPORT_JSON,
    HB_PACK_RUN,
    HB_PACK_INSTRUCTIONS,
};

static bool is_known(const char *path)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i]);
        if (known[i][n - 1] == '/' ? strncmp(path, known[i], n) == 0
                                   : strcmp(path, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Nobody looks at a file that no pack has, and who unpacks it would think that somebody did. */
static hb_status tell_strangers(hb_check *c, bool *io_whole, hb_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < c->manifest.n_files; i++) {
        if (!is_known(c->manifest.files[i].path) && n++ < NAMED_FAULTS) {
            *io_whole = false;
            HB_TRY(hb_check_say(c, "files", HB_FAILS, err, "'%s' is here, which no pack has",
                                c->manifest.files[i].path));
        }
    }
    return n > NAMED_FAULTS ? hb_check_say(c, "files", HB_FAILS, err,
                                           "and %zu files more that no pack has", n - NAMED_FAULTS)
                            : HB_OK;
}

hb_status hb_ask_files(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_pack_fault *faults = NULL;
    size_t n = 0;
    bool whole = true;
    if (hb_pack_check(c->pack, &c->manifest, &c->out->arena, &faults, &n, &e) != HB_OK) {
        return hb_check_fault(c, "files", &e, err);
    }
    for (size_t i = 0; i < n && i < NAMED_FAULTS; i++) {
        HB_TRY(hb_check_say(c, "files", HB_FAILS, err, "'%s' %s", faults[i].path,
                            hb_pack_fault_words(&faults[i])));
    }
    if (n > NAMED_FAULTS) {
        HB_TRY(hb_check_say(c, "files", HB_FAILS, err, "and %zu files more", n - NAMED_FAULTS));
    }
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (!hb_check_has(c, required[i])) {
            whole = false;
            HB_TRY(hb_check_say(c, "files", HB_FAILS, err, "'%s' is missing, which every pack has",
                                required[i]));
        }
    }
    HB_TRY(tell_strangers(c, &whole, err));
    return n || !whole ? HB_OK
                       : hb_check_say(c, "files", HB_HOLDS, err,
                                      "all %zu files have the size, SHA-256 and SHA-512 of the "
                                      "manifest",
                                      c->manifest.n_files);
}

hb_status hb_ask_instructions(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str text;
    if (!hb_check_has(c, HB_PACK_INSTRUCTIONS)) {
        return hb_check_say(c, "instructions", HB_FAILS, err, "'%s' is missing",
                            HB_PACK_INSTRUCTIONS);
    }
    if (hb_check_read(c, HB_PACK_INSTRUCTIONS, HB_VERIFY_SMALL_MAX, &text, &e) != HB_OK) {
        return hb_check_fault(c, "instructions", &e, err);
    }
    if (hb_str_eq(text, hb_verify_instructions())) {
        return hb_check_say(c, "instructions", HB_HOLDS, err, "VERIFY.md is the one of hb %s",
                            HB_VERSION);
    }
    if (strcmp(hb_check_decision_text(c, NULL, "engine_version"), HB_VERSION) != 0) {
        return hb_check_say(c, "instructions", HB_NOT_ASKED, err,
                            "VERIFY.md is of another version of hb: do not run what it says "
                            "without reading it");
    }
    return hb_check_say(c, "instructions", HB_FAILS, err,
                        "VERIFY.md is not the text that hb %s writes: do not run what it says",
                        HB_VERSION);
}

/* --- the whole --- */

static hb_status read_decision(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_status status = hb_pack_read(c->pack, HB_PACK_DECISION, HB_VERIFY_DECISION_MAX,
                                    &c->decision_text, &c->decision_n, &e);
    if (status == HB_OK) {
        HB_TRY(hb_digest_of(c->decision_text, c->decision_n, c->decision_sha256, err));
        status = hb_object_parse((hb_str){c->decision_text, c->decision_n}, HB_PACK_DECISION,
                                 &c->decision, &e);
    }
    if (status != HB_OK) {
        char text[800];
        c->why_no_decision =
            hb_arena_str(&c->out->arena, hb_str_of(hb_error_text(&e, text, sizeof text)));
        return status == HB_E_NOMEM || !c->why_no_decision ? HB_NOMEM(err) : HB_OK;
    }
    hb_verdict v = HB_VERDICT_NO_TEST;
    if (hb_verdict_from_name(hb_check_decision_text(c, NULL, "verdict"), &v)) {
        c->out->verdict = hb_verdict_name(v);
    }
    return HB_OK;
}

static bool has_ground(const hb_check *c, ground g)
{
    switch (g) {
    case PACK:
        return c->pack != NULL;
    case MANIFEST:
        return c->has_manifest;
    case ENVELOPE:
        return c->has_envelope;
    case DECISION:
        return c->decision != NULL;
    case INPUTS:
        return c->has_inputs;
    }
    return false;
}

static const char *missing_ground(const hb_check *c, unsigned needs)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if ((needs & reasons[i].g) && !has_ground(c, reasons[i].g)) {
            return reasons[i].g == DECISION ? c->why_no_decision : reasons[i].why_not;
        }
    }
    return NULL;
}

static hb_status ask_all(hb_check *c, hb_error *err)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const char *why_not = missing_ground(c, questions[i].needs);
        if (why_not) {
            HB_TRY(hb_check_say(c, questions[i].name, HB_NOT_CHECKED, err, "%s", why_not));
            continue;
        }
        HB_TRY(questions[i].ask(c, err));
        if (i == 0 && c->pack) {
            HB_TRY(read_decision(c, err));
        }
    }
    return HB_OK;
}

static void release(hb_check *c)
{
    hb_decision_free(c->decided_raw);
    hb_decision_free(c->decided);
    hb_run_free(c->raw_run);
    if (c->has_inputs) {
        hb_inputs_release(&c->inputs);
    }
    hb_operators_free(c->operators);
    json_decref(c->decision);
    hb_free(c->decision_text);
    for (size_t i = 0; i < c->n_keys; i++) {
        hb_pubkey_free(c->keys[i].key);
    }
    hb_pack_close(c->pack);
}

hb_status hb_verify(const hb_verify_ask *ask, hb_verified *ret, hb_error *err)
{
    hb_verified out = {.case_id = "", .verdict = "", .decided_from = ""};
    hb_arena_init(&out.arena, ARENA_MAX_BYTES);
    hb_check c = {.ask = ask, .out = &out};
    hb_status status = ask_all(&c, err);
    release(&c);
    if (status != HB_OK) {
        hb_arena_release(&out.arena);
        return status;
    }
    out.holds = true;
    for (size_t i = 0; i < out.n_lines; i++) {
        out.holds =
            out.holds && out.lines[i].state != HB_FAILS && out.lines[i].state != HB_NOT_CHECKED;
    }
    *ret = out;
    return HB_OK;
}

void hb_verified_release(hb_verified *v)
{
    hb_arena_release(&v->arena);
}
