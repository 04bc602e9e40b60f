/* SPDX-License-Identifier: Apache-2.0 */
/* hb help, hb completion. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/help.h"

static hb_status run_help(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    (void)opts;
    (void)ret_exit;
    if (args.n == 0) {
        hb_help_overview(&app->out);
        return HB_OK;
    }
    if (!hb_help_topic(args.v, args.n, &app->out)) {
        return HB_FAIL(err, HB_E_USAGE, "no help on '%.60s%s%.60s'; see: hb help", args.v[0],
                       args.n > 1 ? " " : "", args.n > 1 ? args.v[1] : "");
    }
    return HB_OK;
}

const hb_cmd hb_cmd_help = {
    .name = "help",
    .group = "Help",
    .summary = "help on a command or topic",
    .max_args = 2,
    .args = "[COMMAND|TOPIC]",
    .details = "Topics: exit-codes, verdicts, workspace, formats, sources, evidence.",
    .text_only = true,
    .example = "hb help exit-codes",
    .run = run_help,
};

static hb_status run_completion(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                                hb_error *err)
{
    (void)opts;
    (void)ret_exit;
    if (!hb_help_completion(args.v[0], &app->out)) {
        return HB_FAIL(err, HB_E_USAGE, "completion is made for bash and zsh, got '%.60s'",
                       args.v[0]);
    }
    return HB_OK;
}

const hb_cmd hb_cmd_completion = {
    .name = "completion",
    .group = "Help",
    .summary = "print shell completion",
    .min_args = 1,
    .max_args = 1,
    .args = "bash|zsh",
    .details = "Load it with: eval \"$(hb completion bash)\"",
    .text_only = true,
    .example = "hb completion bash",
    .run = run_completion,
};
