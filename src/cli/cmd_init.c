/* SPDX-License-Identifier: Apache-2.0 */
/* hb init: a workspace that works as it is. */
#include "cli/app.h"
#include "cli/commands.h"

#include "base/mem.h"
#include "config/embedded.h"

/* What a person has written is never overwritten. */
static hb_status put_file(hb_app *app, const char *dir, const char *name, hb_error *err)
{
    const hb_embedded *f = hb_embedded_find(name);
    char *path = NULL;
    if (!f) {
        return HB_FAIL(err, HB_E_BUG, "'%s' is not part of the program", name);
    }
    HB_TRY(hb_path_join(dir, name, &path, err));
    hb_status status = HB_OK;
    if (hb_path_exists(app->os, path)) {
        hb_buf_fmt(&app->out, "kept     %s\n", path);
    } else {
        status = hb_file_write_atomic(app->os, path, f->data, f->len, 0644, err);
        hb_buf_fmt(&app->out, "created  %s\n", path);
    }
    hb_free(path);
    return status;
}

static hb_status make_registry(hb_app *app, const char *dir, hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(dir, "runs.db", &path, err));
    bool there = hb_path_exists(app->os, path);
    hb_status status = hb_store_open(app->os, path, HB_STORE_CREATE, &app->store, err);
    hb_buf_fmt(&app->out, "%s %s\n", there ? "kept    " : "created ", path);
    hb_free(path);
    return status;
}

static hb_status run_init(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    (void)opts;
    (void)ret_exit;
    const char *dir = args.n ? args.v[0] : app->common.workspace ? app->common.workspace : ".";
    char *profiles = NULL;
    HB_TRY(hb_path_join(dir, "profiles", &profiles, err));
    hb_status status = hb_dir_make(app->os, profiles, err);
    hb_free(profiles);
    HB_TRY(status);
    HB_TRY(put_file(app, dir, "metric_registry.yaml", err));
    HB_TRY(put_file(app, dir, "baseline_policy.yaml", err));
    HB_TRY(make_registry(app, dir, err));
    hb_buf_fmt(&app->out, "\nnext: hb --workspace %s run FILE\n", dir);
    return HB_OK;
}

const hb_cmd hb_cmd_init = {
    .name = "init",
    .group = "Configuration",
    .summary = "make a workspace: commented configuration and an empty registry",
    .max_args = 1,
    .args = "[DIR]",
    .details = "Existing files are kept. The configuration works as it is.",
    .example = "hb init lab",
    .text_only = true,
    .run = run_init,
};
