/* SPDX-License-Identifier: Apache-2.0 */
/* hb audit checkpoint, cosign, prove: what others get to hold the log to. */
#include "audit/inclusion.h"
#include "base/json_write.h"
#include "cli/audit_shared.h"
#include "cli/signing.h"
#include "export/audit.h"

#include <inttypes.h>
#include <string.h>

/* --- checkpoint --- */

typedef struct checkpoint_opts {
    const char *log;
    const char *out;
    bool paper;
} checkpoint_opts;

static hb_status checkpoint_json(hb_app *app, hb_audit_log *log, const hb_checkpoint *c,
                                 hb_str text, const char *code, hb_error *err)
{
    hb_json j;
    char hex[65];
    HB_CLEANUP(hb_buf_release) hb_buf key;
    hb_buf_init(&key, 1024);
    HB_TRY(hb_note_key_text(c->origin, hb_audit_key(log), &key, err));
    hb_hash_hex(&c->root, hex);
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-audit-checkpoint/1");
    hb_json_kc(&j, "origin", c->origin);
    hb_json_ku(&j, "size", c->size);
    hb_json_kc(&j, "root", hex);
    hb_json_kc(&j, "code", code);
    hb_json_kc(&j, "verifier_key", key.p);
    hb_json_key(&j, "checkpoint");
    hb_json_str(&j, text);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static void paper(const hb_checkpoint *c, const char *code, const char *key_id, hb_buf *out)
{
    hb_buf_fmt(out, "log      %s\nentries  %" PRIu64 "\ncode     %s\nkey      %.16s\n", c->origin,
               c->size, code, key_id);
    hb_buf_fmt(out, "check    hb audit check-checkpoint --size %" PRIu64 " --code %s\n", c->size,
               code);
}

static hb_status run_checkpoint(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                                hb_error *err)
{
    const checkpoint_opts *o = opts;
    HB_CLEANUP(hb_audit_close_p) hb_audit_log *log = NULL;
    HB_CLEANUP(hb_buf_release) hb_buf text;
    hb_checkpoint c;
    char code[HB_CHECKPOINT_CODE];
    (void)args;
    (void)ret_exit;
    hb_buf_init(&text, HB_CHECKPOINT_MAX);
    HB_TRY(hb_audit_open_log(app, o->log, &log, err));
    HB_TRY(hb_audit_checkpoint(log, &text, err));
    HB_TRY(hb_checkpoint_read((hb_str){text.p, text.n}, "checkpoint", &app->arena, &c, err));
    HB_TRY(hb_checkpoint_code(c.note.text, code, err));
    if (app->common.json) {
        HB_TRY(checkpoint_json(app, log, &c, (hb_str){text.p, text.n}, code, err));
        return o->out ? hb_audit_put_out(app, o->out, &text, err) : HB_OK;
    }
    if (o->paper) {
        hb_buf_clear(&text);
        paper(&c, code, hb_pubkey_id(hb_audit_key(log)), &text);
    }
    return hb_audit_put_out(app, o->out, &text, err);
}

#define OUT_OPT(type, member, words)                                                           \
    {                                                                                          \
        .name = "out", .kind = HB_OPT_STRING, .offset = offsetof(type, member), .arg = "FILE", \
        .help = (words)                                                                        \
    }

static const hb_opt checkpoint_table[] = {
    OUT_OPT(checkpoint_opts, out, "write it there instead of printing it"),
    {.name = "paper",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(checkpoint_opts, paper),
     .help = "a few lines to write down or to print: name, entries, code"},
    HB_AUDIT_LOG_OPT(checkpoint_opts, log),
    {0},
};

const hb_cmd hb_cmd_audit_checkpoint = {
    .name = "audit checkpoint",
    .group = HB_AUDIT_GROUP,
    .summary = "the log's size and root, signed, to be kept elsewhere",
    .opts = checkpoint_table,
    .opts_size = sizeof(checkpoint_opts),
    .details = "Who keeps it where the lab's administrators do not reach sees later whether\n"
               "anything before it was changed or taken away: hb audit verify --since FILE.\n"
               "The format is C2SP tlog-checkpoint.",
    .example = "hb audit checkpoint --paper",
    .run = run_checkpoint,
};

/* --- cosign --- */

typedef struct cosign_opts {
    hb_signing_opts signing;
    hb_list trust;
    const char *name;
    const char *seen;
    const char *log;
    const char *out;
} cosign_opts;

static hb_status is_trusted(hb_app *app, const cosign_opts *o, const hb_checkpoint *c,
                            hb_error *err)
{
    hb_trust trust = {.n = 0};
    hb_error why = {0};
    hb_status status = hb_audit_trust(app, o->trust, &trust, &why);
    if (status == HB_OK) {
        status = HB_E_EVIDENCE;
    }
    for (size_t i = 0; i < trust.n_logs && status == HB_E_EVIDENCE; i++) {
        status = hb_checkpoint_verify(c, c->origin, trust.logs[i], &why);
    }
    hb_trust_release(&trust);
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

/* What a witness is for: it signs only what continues what it signed before. */
static hb_status continues(hb_app *app, const cosign_opts *o, const hb_checkpoint *c, hb_error *err)
{
    HB_CLEANUP(hb_audit_close_p) hb_audit_log *log = NULL;
    hb_checkpoint old;
    hb_str text;
    hb_proof proof;
    if (!o->seen) {
        return HB_OK;
    }
    HB_TRY(hb_audit_read_checkpoint(app, o->seen, &text, &old, err));
    if (strcmp(old.origin, c->origin) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is of the log '%s', not of '%s'", o->seen,
                       old.origin, c->origin);
    }
    if (old.size > c->size) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s' has %" PRIu64 " entries, the checkpoint to be signed only %" PRIu64,
                       o->seen, old.size, c->size);
    }
    HB_TRY(hb_audit_open_log(app, o->log, &log, err));
    HB_TRY(hb_audit_prove_consistency(log, old.size, c->size, &proof, err));
    return hb_merkle_check_consistency(old.size, &old.root, c->size, &c->root, &proof, err);
}

static hb_status run_cosign(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const cosign_opts *o = opts;
    HB_CLEANUP(hb_buf_release) hb_buf signed_text;
    hb_signer *signer = NULL;
    hb_checkpoint c;
    hb_str text;
    (void)ret_exit;
    hb_buf_init(&signed_text, HB_CHECKPOINT_MAX);
    HB_TRY(hb_audit_read_checkpoint(app, args.v[0], &text, &c, err));
    if (o->trust.n) {
        HB_TRY(is_trusted(app, o, &c, err));
    } else {
        hb_say(app, "the log's signature is not checked: --trust-log FILE, its public key, would");
    }
    HB_TRY(continues(app, o, &c, err));
    if (strcmp(o->name, c.origin) == 0) {
        return HB_FAIL(err, HB_E_USAGE, "a witness has a name of its own, not the log's");
    }
    HB_TRY(hb_app_signer(app, &o->signing, &signer, err));
    hb_status status = hb_checkpoint_cosign(text, o->name, signer, &signed_text, err);
    hb_signer_free(signer);
    HB_TRY(status);
    return hb_audit_put_out(app, o->out, &signed_text, err);
}

static const hb_opt cosign_table[] = {
    HB_SIGN_OPTS(cosign_opts, signing),
    {.name = "name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(cosign_opts, name),
     .arg = "NAME",
     .required = true,
     .help = "the witness's, without blanks: witness.example/lab-2"},
    HB_AUDIT_TRUST_OPT(cosign_opts, trust),
    {.name = "seen",
     .kind = HB_OPT_STRING,
     .offset = offsetof(cosign_opts, seen),
     .arg = "FILE",
     .help = "the checkpoint signed before: the new one must continue it"},
    HB_AUDIT_LOG_OPT(cosign_opts, log),
    OUT_OPT(cosign_opts, out, "write it there instead of printing it"),
    {0},
};

const hb_cmd hb_cmd_audit_cosign = {
    .name = "audit cosign",
    .group = HB_AUDIT_GROUP,
    .summary = "add a second machine's signature to a checkpoint",
    .opts = cosign_table,
    .opts_size = sizeof(cosign_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .details = "For a machine that the lab's administrators do not govern. It adds its\n"
               "signature under a name of its own; with --seen and --log (the log's folder,\n"
               "as it can be read from there) only to a checkpoint that continues the last\n"
               "one it signed. The key must be Ed25519.",
    .text_only = true,
    .example = "hb audit cosign audit/checkpoint --key kim --name witness.example",
    .run = run_cosign,
};

/* --- prove --- */

typedef struct prove_opts {
    const char *log;
    const char *decision;
    const char *index;
    const char *out;
} prove_opts;

static hb_status prove_decision(hb_app *app, hb_audit_log *log, const char *run_id,
                                hb_audit_evidence *ret, hb_error *err)
{
    hb_decision_row row;
    bool found = false;
    HB_TRY(hb_app_open_store(app, HB_STORE_READ, err));
    HB_TRY(hb_store_latest_decision(app->store, run_id, &app->arena, &row, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "run '%s' has no decision; see 'hb runs list'", run_id);
    }
    HB_TRY(hb_audit_evidence_of(app->store, log, row.digest, &app->arena, ret, &found, err));
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_STORE,
                           "the decision on run '%s' is not in the log: it waits (hb audit list "
                           "--waiting), or was made before there was a log",
                           run_id);
}

static hb_status write_folder(hb_app *app, const char *dir, const hb_audit_evidence *e,
                              hb_error *err)
{
    hb_stage stage = {0};
    HB_TRY(hb_stage_open(&stage, app->os, dir, err));
    hb_status status = hb_stage_write(&stage, "entry.json", e->entry.p, e->entry.n, err);
    if (status == HB_OK) {
        status = hb_stage_write(&stage, "inclusion.json", e->inclusion.p, e->inclusion.n, err);
    }
    if (status == HB_OK) {
        status = hb_stage_write(&stage, "checkpoint", e->checkpoint.p, e->checkpoint.n, err);
    }
    if (status == HB_OK) {
        status = hb_stage_commit(&stage, err);
    }
    hb_stage_abort(&stage);
    return status;
}

static hb_status print_proof(hb_app *app, const hb_audit_evidence *e, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-audit-proof/1");
    hb_json_key(&j, "entry");
    hb_json_str(&j, e->entry);
    hb_json_key(&j, "inclusion");
    hb_json_raw(&j, e->inclusion);
    hb_json_key(&j, "checkpoint");
    hb_json_str(&j, e->checkpoint);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status run_prove(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const prove_opts *o = opts;
    HB_CLEANUP(hb_audit_close_p) hb_audit_log *log = NULL;
    hb_audit_evidence e = {0};
    uint64_t index = 0;
    (void)args;
    (void)ret_exit;
    if (!o->decision == !o->index) {
        return HB_FAIL(err, HB_E_USAGE, "give --decision RUN or --index N");
    }
    HB_TRY(hb_audit_open_log(app, o->log, &log, err));
    if (o->index) {
        HB_TRY(hb_audit_number(o->index, "--index", &index, err));
    }
    HB_TRY(o->index ? hb_audit_evidence_at(log, index, &app->arena, &e, err)
                    : prove_decision(app, log, o->decision, &e, err));
    if (!o->out) {
        return print_proof(app, &e, err);
    }
    HB_TRY(write_folder(app, o->out, &e, err));
    if (app->common.json) {
        return print_proof(app, &e, err);
    }
    hb_buf_c(&app->out, "wrote entry.json, inclusion.json and checkpoint to ");
    hb_buf_shown(&app->out, o->out);
    hb_buf_ch(&app->out, '\n');
    return HB_OK;
}

static const hb_opt prove_table[] = {
    {.name = "decision",
     .kind = HB_OPT_STRING,
     .offset = offsetof(prove_opts, decision),
     .arg = "RUN",
     .help = "the newest decision on this run"},
    {.name = "index",
     .kind = HB_OPT_STRING,
     .offset = offsetof(prove_opts, index),
     .arg = "N",
     .help = "the entry at this place of the log"},
    {.name = "out",
     .kind = HB_OPT_STRING,
     .offset = offsetof(prove_opts, out),
     .arg = "DIR",
     .help = "write entry.json, inclusion.json and checkpoint there"},
    HB_AUDIT_LOG_OPT(prove_opts, log),
    {0},
};

const hb_cmd hb_cmd_audit_prove = {
    .name = "audit prove",
    .group = HB_AUDIT_GROUP,
    .summary = "the proof that an entry is in the lab's log",
    .opts = prove_table,
    .opts_size = sizeof(prove_opts),
    .details = "The entry, the hashes that lead from it to the root (RFC 6962), and the\n"
               "signed checkpoint with that root: enough for anyone who has the log's public\n"
               "key (audit/key.pub), without the log. docs/audit.md has the check by hand.",
    .example = "hb audit prove --index 0",
    .run = run_prove,
};
