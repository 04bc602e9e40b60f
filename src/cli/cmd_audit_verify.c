/* SPDX-License-Identifier: Apache-2.0 */
/* hb audit verify, check-checkpoint: is the log what it was? */
#include "base/json_write.h"
#include "cli/audit_shared.h"
#include "export/audit.h"

#include <inttypes.h>
#include <string.h>

static hb_status check_key(hb_app *app, hb_list files, const hb_audit_log *log, hb_error *err)
{
    hb_trust trust = {.n = 0};
    bool found = false;
    if (files.n == 0) {
        return HB_OK;
    }
    hb_status status = hb_audit_trust(app, files, &trust, err);
    for (size_t i = 0; i < trust.n_logs; i++) {
        found = found || strcmp(hb_pubkey_id(trust.logs[i]), hb_pubkey_id(hb_audit_key(log))) == 0;
    }
    hb_trust_release(&trust);
    HB_TRY(status);
    return found
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the log '%s' is signed by key %.16s…, which is none of those given with "
                         "--trust-log",
                         hb_audit_origin(log), hb_pubkey_id(hb_audit_key(log)));
}

/* The log as it is begins with the log as it was when this checkpoint was made. */
static hb_status check_older(const hb_checkpoint *old, const char *name, hb_audit_log *log,
                             hb_error *err)
{
    hb_hash root;
    hb_error why = {0};
    if (strcmp(old->origin, hb_audit_origin(log)) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is a checkpoint of the log '%s', not of '%s'",
                       name, old->origin, hb_audit_origin(log));
    }
    HB_TRY(hb_checkpoint_verify(old, old->origin, hb_audit_key(log), err));
    if (old->size > hb_audit_size(log)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log was cut: '%s' has %" PRIu64 " entries, the log has %" PRIu64, name,
                       old->size, hb_audit_size(log));
    }
    hb_status status = hb_audit_root(log, old->size, &root, &why);
    if (status != HB_OK) {
        return HB_FAIL(err, status, "%s", why.msg);
    }
    return hb_hash_eq(&root, &old->root)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the log was changed: its first %" PRIu64 " entries are not those of '%s'",
                         old->size, name);
}

/* --- verify --- */

typedef struct verify_opts {
    const char *log;
    const char *since;
    hb_list trust;
} verify_opts;

static hb_status verify_json(hb_app *app, hb_audit_log *log, const hb_audit_checked *c,
                             const hb_checkpoint *old, hb_error *err)
{
    hb_hash root;
    char hex[65];
    hb_json j;
    HB_TRY(hb_audit_root(log, hb_audit_size(log), &root, err));
    hb_hash_hex(&root, hex);
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-audit-verify/1");
    hb_json_kc(&j, "origin", hb_audit_origin(log));
    hb_json_ku(&j, "entries", hb_audit_size(log));
    hb_json_kc(&j, "root", hex);
    hb_json_kc(&j, "key", hb_pubkey_id(hb_audit_key(log)));
    hb_json_key(&j, "since");
    if (old) {
        hb_json_u64(&j, old->size);
    } else {
        hb_json_null(&j);
    }
    hb_json_key(&j, "registry");
    if (app->store) {
        hb_json_obj(&j);
        hb_json_ku(&j, "entries", c->of_registry);
        hb_json_ku(&j, "unmarked", c->unmarked);
        hb_json_ku(&j, "waiting", c->waiting);
        hb_json_ku(&j, "windows", c->windows);
        hb_json_end(&j);
    } else {
        hb_json_null(&j);
    }
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static void verify_text(hb_app *app, hb_audit_log *log, const hb_audit_checked *c,
                        const verify_opts *o, const hb_checkpoint *old)
{
    hb_buf *out = &app->out;
    hb_buf_fmt(out, "the log %s holds: %" PRIu64 " %s, hashes, root and signature\n",
               hb_audit_origin(log), hb_audit_size(log),
               hb_audit_size(log) == 1 ? "entry" : "entries");
    hb_buf_fmt(out, "  key      %.32s… (%s)\n", hb_pubkey_id(hb_audit_key(log)),
               o->trust.n ? "trusted"
                          : "the log's own;\n           "
                            "--trust-log FILE asks for one that was kept elsewhere");
    if (old) {
        hb_buf_fmt(out, "  since    it begins with the %" PRIu64 " entries of ", old->size);
        hb_buf_shown(out, o->since);
        hb_buf_ch(out, '\n');
    }
    if (app->store) {
        hb_buf_fmt(out, "  registry %" PRIu64 " of its entries are in the log, %" PRIu64 " wait",
                   c->of_registry + c->unmarked, c->waiting - c->unmarked);
        hb_buf_fmt(out, "; %" PRIu64 " windows in batches\n", c->windows);
    } else {
        hb_buf_c(out, "  registry none: nothing to compare the entries with\n");
    }
}

/* Without a registry the log is verified all the same: an auditor has the folder alone. */
static hb_status open_registry(hb_app *app, const verify_opts *o, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(hb_app_db_path(app, &path, err));
    return !o->log && hb_path_exists(app->os, path) ? hb_app_open_store(app, HB_STORE_READ, err)
                                                    : HB_OK;
}

static hb_status run_verify(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const verify_opts *o = opts;
    HB_CLEANUP(hb_audit_close_p) hb_audit_log *log = NULL;
    hb_audit_checked checked = {0};
    hb_checkpoint old;
    hb_str text;
    (void)args;
    (void)ret_exit;
    HB_TRY(open_registry(app, o, err));
    HB_TRY(hb_audit_open_log(app, o->log, &log, err));
    HB_TRY(check_key(app, o->trust, log, err));
    HB_TRY(hb_audit_check(app->store, log, &checked, err));
    if (o->since) {
        HB_TRY(hb_audit_read_checkpoint(app, o->since, &text, &old, err));
        HB_TRY(check_older(&old, o->since, log, err));
    }
    if (app->common.json) {
        return verify_json(app, log, &checked, o->since ? &old : NULL, err);
    }
    verify_text(app, log, &checked, o, o->since ? &old : NULL);
    return HB_OK;
}

static const hb_opt verify_table[] = {
    {.name = "since",
     .kind = HB_OPT_STRING,
     .offset = offsetof(verify_opts, since),
     .arg = "FILE",
     .help = "a checkpoint kept from before: the log must begin with it"},
    HB_AUDIT_TRUST_OPT(verify_opts, trust),
    HB_AUDIT_LOG_OPT(verify_opts, log),
    {0},
};

const hb_cmd hb_cmd_audit_verify = {
    .name = "audit verify",
    .group = HB_AUDIT_GROUP,
    .summary = "check the lab's log: every entry, hash, root and signature",
    .opts = verify_table,
    .opts_size = sizeof(verify_opts),
    .details = "Hashes every entry, compares every tile, the root and the signature, and what\n"
               "the registry says it has placed with what is there. Exit code 12 when\n"
               "anything does not hold, with the first file or entry it was seen in.\n"
               "\n"
               "A log that was put back to an older state, or written anew by who has its\n"
               "key, holds in itself: what shows it is a checkpoint kept elsewhere\n"
               "(--since), a code on paper (hb audit check-checkpoint), or the registry.\n"
               "With --log DIR no registry is looked at.",
    .example = "hb audit verify",
    .run = run_verify,
};

/* --- check-checkpoint --- */

typedef struct check_opts {
    const char *log;
    const char *size;
    const char *code;
} check_opts;

static hb_status check_code(const check_opts *o, hb_audit_log *log, uint64_t size, hb_error *err)
{
    char wanted[HB_CHECKPOINT_CODE];
    char is[HB_CHECKPOINT_CODE];
    hb_hash root;
    hb_buf text;
    HB_TRY(hb_checkpoint_code_read(o->code, wanted, err));
    if (size > hb_audit_size(log)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log was cut: the code is of %" PRIu64 " entries, the log has %" PRIu64,
                       size, hb_audit_size(log));
    }
    HB_TRY(hb_audit_root(log, size, &root, err));
    hb_buf_init(&text, HB_CHECKPOINT_MAX);
    hb_checkpoint_text(hb_audit_origin(log), size, &root, &text);
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        status = hb_checkpoint_code((hb_str){text.p, text.n}, is, err);
    }
    hb_buf_release(&text);
    HB_TRY(status);
    return strcmp(is, wanted) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the first %" PRIu64 " entries of the log '%s' have the code %s, not %s: "
                         "the log was changed, or the code was misread",
                         size, hb_audit_origin(log), is, wanted);
}

static hb_status run_check(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const check_opts *o = opts;
    HB_CLEANUP(hb_audit_close_p) hb_audit_log *log = NULL;
    hb_checkpoint old;
    hb_str text;
    uint64_t size = 0;
    (void)ret_exit;
    if (args.n ? o->size || o->code : !o->size || !o->code) {
        return HB_FAIL(err, HB_E_USAGE,
                       "give a checkpoint's file, or --size and --code of a paper");
    }
    HB_TRY(hb_audit_open_log(app, o->log, &log, err));
    if (args.n) {
        HB_TRY(hb_audit_read_checkpoint(app, args.v[0], &text, &old, err));
        HB_TRY(check_older(&old, args.v[0], log, err));
        size = old.size;
    } else {
        HB_TRY(hb_audit_number(o->size, "--size", &size, err));
        HB_TRY(check_code(o, log, size, err));
    }
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-audit-check/1");
        hb_json_kc(&j, "origin", hb_audit_origin(log));
        hb_json_ku(&j, "size", size);
        hb_json_ku(&j, "entries", hb_audit_size(log));
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    hb_buf_fmt(&app->out, "the log %s, now of %" PRIu64 " entries, begins with these %" PRIu64 "\n",
               hb_audit_origin(log), hb_audit_size(log), size);
    return HB_OK;
}

static const hb_opt check_table[] = {
    {.name = "size",
     .kind = HB_OPT_STRING,
     .offset = offsetof(check_opts, size),
     .arg = "N",
     .help = "number of entries the paper says"},
    {.name = "code",
     .kind = HB_OPT_STRING,
     .offset = offsetof(check_opts, code),
     .arg = "CODE",
     .help = "the paper's code: four groups of five characters"},
    HB_AUDIT_LOG_OPT(check_opts, log),
    {0},
};

const hb_cmd hb_cmd_audit_check = {
    .name = "audit check-checkpoint",
    .group = HB_AUDIT_GROUP,
    .summary = "does an older checkpoint or paper code still hold?",
    .opts = check_table,
    .opts_size = sizeof(check_opts),
    .max_args = 1,
    .args = "[FILE]",
    .details = "FILE is a checkpoint that was kept elsewhere, --size and --code what a paper\n"
               "says (hb audit checkpoint --paper). The tiles are believed here; hb audit\n"
               "verify holds them against the entries.",
    .example = "hb audit check-checkpoint audit/checkpoint",
    .run = run_check,
};
