/* SPDX-License-Identifier: Apache-2.0 */
/* hb backup, hb restore: a workspace in one file and back. */
#include "cli/app.h"
#include "cli/commands.h"

#include "base/json_write.h"
#include "export/backup.h"
#include "store/audit.h"

#include <inttypes.h>

#define GROUP "Workspace"

static hb_status view_json(hb_app *app, const char *file, const char *folder, bool tried,
                           const hb_backup_told *t, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-backup-result/1");
    hb_json_kc(&j, "file", file);
    hb_json_kc(&j, "folder", folder);
    hb_json_kc(&j, "sha256", t->sha256);
    hb_json_kb(&j, "tried", tried);
    hb_json_kc(&j, "made_at", t->made_at);
    hb_json_kc(&j, "program", t->program);
    hb_json_ku(&j, "files", t->n_files);
    hb_json_ku(&j, "bytes", t->bytes);
    hb_json_key(&j, "counts");
    hb_json_obj(&j);
    hb_json_ku(&j, "decisions", t->counts.decisions);
    hb_json_ku(&j, "log_entries", t->counts.log_entries);
    hb_json_ku(&j, "runs", t->counts.runs);
    hb_json_ku(&j, "statements", t->counts.statements);
    hb_json_ku(&j, "tags", t->counts.tags);
    hb_json_ku(&j, "versions", t->counts.versions);
    hb_json_end(&j);
    hb_json_key(&j, "log");
    hb_json_obj(&j);
    hb_json_kc(&j, "origin", t->log_origin);
    hb_json_ku(&j, "size", t->log_size);
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static void view_text(hb_app *app, const hb_backup_told *t)
{
    hb_buf_fmt(&app->out,
               "%zu files, %" PRIu64 " bytes: %" PRIu64 " runs, %" PRIu64 " decisions, %" PRIu64
               " baseline versions, %" PRIu64 " tags,\n%" PRIu64 " signed statements",
               t->n_files, t->bytes, t->counts.runs, t->counts.decisions, t->counts.versions,
               t->counts.tags, t->counts.statements);
    if (*t->log_origin) {
        hb_buf_fmt(&app->out, ", the log with %" PRIu64 " entries\n", t->log_size);
    } else {
        hb_buf_c(&app->out, ", no log\n");
    }
    hb_buf_fmt(&app->out, "made %s\nsha256 %s\n", t->made_at, t->sha256);
}

/* --- backup --- */

typedef struct backup_opts {
    bool untried;
} backup_opts;

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const hb_backup_told *t = ctx;
    hb_json_ku(j, "bytes", t->bytes);
    hb_json_ku(j, "files", t->n_files);
    hb_json_ku(j, "log_size", t->log_size);
    hb_json_kc(j, "made_at", t->made_at);
}

static hb_status run_backup(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const backup_opts *o = opts;
    const char *workspace = app->common.workspace ? app->common.workspace : ".";
    hb_backup_told told;
    hb_backup_told again;
    const hb_backup_ask ask = {.os = app->os,
                               .store = app->store,
                               .workspace = workspace,
                               .target = args.v[0],
                               .now = app->os->now()};
    (void)ret_exit;
    HB_TRY(hb_backup_make(&ask, &app->arena, &told, err));
    if (!o->untried) {
        hb_status status = hb_backup_restore(app->os, ask.target, NULL, &app->arena, &again, err);
        if (status != HB_OK) {
            return hb_error_prefix(err, "'%s' was written, but cannot be restored", ask.target);
        }
    }
    HB_TRY(hb_store_log(app->store, "backup", told.sha256, ask.now, "", entry_of, &told, err));
    hb_say(app, "keys and passphrases are not in it: keep the .pem files of keys/ and of audit/ "
                "elsewhere");
    if (app->common.json) {
        return view_json(app, ask.target, "", !o->untried, &told, err);
    }
    hb_buf_fmt(&app->out, "%s, %s\n", ask.target,
               o->untried ? "not tried" : "restored once for trial");
    view_text(app, &told);
    return HB_OK;
}

static const hb_opt backup_table[] = {
    {.name = "untried",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(backup_opts, untried),
     .help = "do not restore it for trial, which takes as long again"},
    {0},
};

const hb_cmd hb_cmd_backup = {
    .name = "backup",
    .group = GROUP,
    .summary = "the workspace in one file, and try whether it can be restored",
    .needs = HB_NEED_STORE_WRITE,
    .opts = backup_table,
    .opts_size = sizeof(backup_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .details = "Registry, log, operators and what they signed, configuration, profiles, public\n"
               "halves of keys, digests of tokens, and what hb watch has judged. Private keys\n"
               "and passphrases are not in it, nor reports, evidence packs, journals and raw\n"
               "files, which are files already (docs/backup.md).\n"
               "\n"
               "Others may go on writing meanwhile: the registry is copied as of one moment, and\n"
               "the log as it is after it. Then the backup is restored beside itself, looked at\n"
               "(hb restore says how), and that is removed again. The SHA-256 goes into the log.",
    .example = "hb backup today.zip",
    .run = run_backup,
};

/* --- restore --- */

static hb_status run_restore(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const char *file = args.v[0];
    const char *folder = args.n > 1 ? args.v[1] : NULL;
    hb_backup_told told;
    (void)opts;
    (void)ret_exit;
    HB_TRY(hb_backup_restore(app->os, file, folder, &app->arena, &told, err));
    if (app->common.json) {
        return view_json(app, file, folder ? folder : "", true, &told, err);
    }
    hb_buf_fmt(&app->out, folder ? "%s restored into %s\n" : "%s can be restored%s\n", file,
               folder ? folder : "");
    view_text(app, &told);
    return HB_OK;
}

const hb_cmd hb_cmd_restore = {
    .name = "restore",
    .group = GROUP,
    .summary = "a workspace of a backup, or only whether there could be one",
    .min_args = 1,
    .max_args = 2,
    .args = "FILE [DIR]",
    .details = "Into DIR, which must not exist; without it the backup is only tried. What is\n"
               "restored is looked at before it gets its name: the digest of every file, the\n"
               "integrity of the registry and how much is in it, every entry of the log against\n"
               "its hashes and checkpoint, the keys and what was signed about them. Anything\n"
               "that is not as the backup says is an error (exit code 12), and DIR is not\n"
               "made.\n"
               "\n"
               "Private keys are brought back by hand: keys/NAME.pem, and audit/key.pem, without\n"
               "which the log can be read and no longer added to.",
    .example = "hb restore friday.zip again",
    .run = run_restore,
};
