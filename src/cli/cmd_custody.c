/* SPDX-License-Identifier: Apache-2.0 */
/* hb custody add: what people did to a case. What is there: cmd_custody_show.c. */
#include "cli/commands.h"
#include "cli/custody_shared.h"
#include "cli/govern_shared.h"
#include "export/export.h"
#include "store/custody.h"

#include <string.h>

typedef enum event { CREATED, ACCESSED, TRANSMITTED, HOLD, RELEASE } event;

static const char *const events[] = {
    [CREATED] = "created", [ACCESSED] = "accessed", [TRANSMITTED] = "transmitted",
    [HOLD] = "hold",       [RELEASE] = "release",   NULL};

typedef struct add_opts {
    const char *case_id;
    const char *reason;
    const char *run;
    const char *by;
    int event;
    hb_signing_opts signing;
} add_opts;

/* Is there something of this name? A hold on a slip of the pen holds nothing. */
static hb_status tell_unknown(hb_app *app, const add_opts *o, hb_error *err)
{
    const hb_run_query q = {.run_id = o->run ? o->run : o->case_id, .limit = 1};
    hb_run_row *rows = NULL;
    hb_custody_event *before = NULL;
    size_t n = 0;
    size_t n_before = 0;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &rows, &n, err));
    HB_TRY(hb_custody_events(app->store, o->case_id, 1, &app->arena, &before, &n_before, err));
    if (o->run && !n) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' has no run '%s'; see 'hb runs list'",
                       hb_store_path(app->store), o->run);
    }
    if (!n && !n_before && o->event != CREATED) {
        hb_say(app, "there is no run '%s', and nothing was written of such a case before",
               o->case_id);
    }
    return HB_OK;
}

static hb_status check_hold(hb_app *app, const add_opts *o, hb_error *err)
{
    hb_custody_holds h;
    if (o->event != HOLD && o->event != RELEASE) {
        return HB_OK;
    }
    HB_TRY(hb_custody_held_cases(app->store, &app->arena, &h, err));
    bool held = hb_custody_is_held(&h, o->case_id);
    if (held == (o->event == HOLD)) {
        return HB_FAIL(err, HB_E_USAGE, "case '%s' is %s; see 'hb custody timeline --case %s'",
                       o->case_id, held ? "on hold already" : "not on hold", o->case_id);
    }
    return HB_OK;
}

static hb_status add(hb_app *app, const add_opts *o, hb_signer *signer, hb_error *err)
{
    const hb_custody_deed d = {.case_id = o->case_id,
                               .event = events[o->event],
                               .reason = o->reason,
                               .by = o->by,
                               .run_id = o->run ? o->run : "",
                               .action =
                                   o->event == RELEASE ? HB_ACTION_RELEASE : HB_ACTION_CUSTODY};
    HB_TRY(hb_custody_record(app, &d, signer, err));
    hb_app_drain(app); /* so that its place in the log can be shown */
    return hb_view_custody(app, o->case_id, 1, NULL, err);
}

static hb_status run_add(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const add_opts *o = opts;
    hb_signer *signer = NULL;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_case_id_check(o->case_id, err));
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    HB_TRY(tell_unknown(app, o, err));
    HB_TRY(check_hold(app, o, err));
    if (o->by && o->signing.key) {
        return HB_FAIL(err, HB_E_USAGE, "--by is for who cannot sign; the key says who it is");
    }
    if (!o->by) {
        HB_TRY(hb_app_signer_if(app, &o->signing, &signer, err));
    }
    hb_status status = add(app, o, signer, err);
    hb_signer_free(signer);
    return status;
}

static const hb_opt add_table[] = {
    {.name = "case",
     .kind = HB_OPT_STRING,
     .offset = offsetof(add_opts, case_id),
     .arg = "CASE",
     .required = true,
     .help = "the run, or the case's own name (hb export evidence-pack --case-id)"},
    {.name = "event",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(add_opts, event),
     .values = events,
     .required = true,
     .help = "what was done; hold and release say whether anything may be removed"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(add_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "what for, and to whom it went"},
    {.name = "run",
     .kind = HB_OPT_STRING,
     .offset = offsetof(add_opts, run),
     .arg = "RUN",
     .help = "a run it is about, where the case has a name of its own"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(add_opts, by),
     .arg = "NAME",
     .help = "who did it, where he cannot sign; default: the user's name"},
    HB_SIGN_OPTS(add_opts, signing),
    {0},
};

const hb_cmd hb_cmd_custody_add = {
    .name = "custody add",
    .group = HB_CUSTODY_GROUP,
    .summary = "write down what was done to a case, or put it on hold",
    .needs = HB_NEED_STORE_WRITE,
    .opts = add_table,
    .opts_size = sizeof(add_opts),
    .details = "Becomes an entry of the lab's log, which nobody can change or leave out later.\n"
               "Signed by the workspace's default key where there is one, or --key; with\n"
               "operators in force it must be, hold by an operator and release by an approver.\n"
               "\n"
               "While a case is on hold neither hb retention nor the daemon removes anything of\n"
               "it or of the runs it is about. Exports write their own entry. docs/custody.md.",
    .example = "hb custody add --case monday-2 --event hold --reason \"customer complaint 7\"",
    .run = run_add,
};
