/* SPDX-License-Identifier: Apache-2.0 */
/* hb sbom: what this program is made of, as the build found it. docs/sbom.md */
#include "cli/app.h"
#include "cli/commands.h"

static hb_status run_sbom(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    (void)opts;
    (void)args;
    (void)ret_exit;
    (void)err;
    hb_buf_add(&app->out, app->sbom->text, app->sbom->n);
    return HB_OK;
}

const hb_cmd hb_cmd_sbom = {
    .name = "sbom",
    .group = "Help",
    .summary = "what this program is made of, as CycloneDX JSON",
    .text_only = true,
    .details = "The software bill of materials: this program and each library that is linked\n"
               "into it (static), that it needs to start (dynamic), and that it loads when it\n"
               "needs it (dlopen), with version, licence and package as it was built.\n"
               "\n"
               "Its SHA-256 is in program.json of each evidence pack: sbom_sha256.\n"
               "hb sbom | sha256sum gives the same of this program. hb-verify has another\n"
               "one: hb-verify --sbom.",
    .example = "hb sbom",
    .run = run_sbom,
};
