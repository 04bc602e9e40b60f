/* SPDX-License-Identifier: Apache-2.0 */
/* hb inspect: what would be read, and why. */
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/view_run.h"

typedef struct inspect_opts {
    hb_read_opts read;
} inspect_opts;

static hb_status run_inspect(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const inspect_opts *o = opts;
    (void)ret_exit;
    hb_registry *registry = NULL;
    hb_run *run = NULL;
    hb_status status = hb_flow_read(app, args, &o->read, NULL, &registry, &run, err);
    if (status == HB_OK) {
        status = app->common.json ? hb_view_run_json(run, &app->out, err)
                                  : hb_view_run_text(run, &app->out, err);
    }
    hb_run_free(run);
    hb_registry_free(registry);
    return status;
}

static const hb_opt table[] = {HB_READ_OPTS(inspect_opts, read), {0}};

const hb_cmd hb_cmd_inspect = {
    .name = "inspect",
    .group = "Judge a run",
    .summary = "show what a file holds and how it was understood",
    .opts = table,
    .opts_size = sizeof(inspect_opts),
    .min_args = 1,
    .max_args = 10000,
    .args = "FILE...",
    .details = "Prints every guess with its reason, every reject with an example, and the\n"
               "figures of every metric. Nothing is stored.",
    .example = "hb inspect monday.csv",
    .run = run_inspect,
};
