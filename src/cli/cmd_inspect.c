/* SPDX-License-Identifier: Apache-2.0 */
/* hb inspect: what would be read, and why. */
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/globs.h"
#include "cli/view_reading.h"

#include "base/mem.h"
#include "input/profile_write.h"
#include "report/reading.h"

#include <stdlib.h>
#include <string.h>

typedef struct inspect_opts {
    hb_read_opts read;
    const char *html;
    const char *save_profile;
    bool all;
} inspect_opts;

static hb_status write_file(hb_app *app, const char *path, const hb_buf *content, hb_error *err)
{
    HB_TRY(hb_buf_check(content, err));
    return hb_file_write_atomic(app->os, path, content->p, content->n, 0666, err);
}

static hb_status save_profile(hb_app *app, const inspect_opts *o, const hb_reading *r,
                              hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, 16 << 20);
    hb_status status = hb_profile_write(r, &text, err);
    if (status == HB_OK) {
        status = write_file(app, o->save_profile, &text, err);
    }
    hb_buf_release(&text);
    if (status == HB_OK) {
        hb_say(app, "profile written to %s; read by it with --profile %s", o->save_profile,
               o->save_profile);
    }
    return status;
}

static hb_status write_page(hb_app *app, const inspect_opts *o, const hb_reading_view *v,
                            hb_error *err)
{
    hb_buf page;
    hb_buf_init(&page, HB_REPORT_MAX_BYTES);
    hb_status status = hb_report_reading(v->readings, v->n, HB_VERSION, &page, err);
    if (status == HB_OK) {
        status = write_file(app, o->html, &page, err);
    }
    hb_buf_release(&page);
    if (status == HB_OK) {
        hb_say(app, "page written to %s", o->html);
    }
    return status;
}

static hb_status write_out(void *ctx, hb_error *err)
{
    return hb_app_flush(ctx, err);
}

static hb_status show(hb_app *app, const inspect_opts *o, const hb_reading_view *v, hb_error *err)
{
    if (o->html) {
        HB_TRY(write_page(app, o, v, err));
    }
    if (o->save_profile) {
        HB_TRY(save_profile(app, o, v->readings[0], err));
    }
    return app->common.json ? hb_view_reading_json(v, &app->out, err)
                            : hb_view_reading_text(v, &app->out, err);
}

static hb_status new_readings(hb_app *app, const inspect_opts *o, hb_reading **readings, size_t n,
                              hb_error *err)
{
    unsigned flags = (o->html || !app->common.json ? (unsigned)HB_READING_KEEP_TRACES : 0U) |
                     (o->html ? (unsigned)HB_READING_KEEP_SKETCHES : 0U);
    HB_TRY(hb_app_open_units(app, err));
    for (size_t i = 0; i < n; i++) {
        HB_TRY(hb_reading_new(flags, app->units, &readings[i], err));
    }
    return HB_OK;
}

static hb_status run_inspect(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const inspect_opts *o = opts;
    (void)ret_exit;
    HB_TRY(hb_globs_expand(app, args, &args, err));
    if (o->save_profile && args.n != 1) {
        return HB_FAIL(err, HB_E_USAGE, "--save-profile takes one file, got %zu", args.n);
    }
    hb_registry *registry = NULL;
    hb_run *run = NULL;
    hb_reading **readings = hb_alloc_array(args.n, sizeof *readings);
    if (!readings) {
        return HB_NOMEM(err);
    }
    memset(readings, 0, args.n * sizeof *readings);
    hb_status status = new_readings(app, o, readings, args.n, err);
    if (status == HB_OK) {
        status = hb_flow_inspect(app, args, &o->read, readings, &registry, &run, err);
    }
    if (status == HB_OK) {
        hb_reading_view v = {.readings = (const hb_reading *const *)readings,
                             .n = args.n,
                             .run = run,
                             .selected = o->read.columns != NULL,
                             .units = app->units,
                             .written = write_out,
                             .written_ctx = app,
                             .all = o->all,
                             .ascii = !hb_term_utf8(getenv)};
        status = show(app, o, &v, err);
    }
    for (size_t i = 0; i < args.n; i++) {
        hb_reading_free(readings[i]);
    }
    hb_free(readings);
    hb_run_free(run);
    hb_registry_free(registry);
    return status;
}

static const hb_opt table[] = {HB_READ_OPTS(inspect_opts, read),
                               {.name = "html",
                                .kind = HB_OPT_STRING,
                                .offset = offsetof(inspect_opts, html),
                                .arg = "FILE",
                                .help = "write the same as a page with plots"},
                               {.name = "save-profile",
                                .kind = HB_OPT_STRING,
                                .offset = offsetof(inspect_opts, save_profile),
                                .arg = "FILE",
                                .help = "pin what was understood as YAML, for --profile"},
                               {.name = "all",
                                .kind = HB_OPT_FLAG,
                                .offset = offsetof(inspect_opts, all),
                                .help = "every column and metric, however many"},
                               {0}};

const hb_cmd hb_cmd_inspect = {
    .name = "inspect",
    .group = "Judge a run",
    .summary = "show what a file holds and how it was understood",
    .opts = table,
    .opts_size = sizeof(inspect_opts),
    .min_args = 1,
    .max_args = 10000,
    .args = "FILE...",
    .details = "For each file: how it is cut, where its table stands, what each column is,\n"
               "the time it covers, every guess with its reason, how sure it is and what\n"
               "else it could be, and the cells that could not be used. Then what a run\n"
               "would take from them. Nothing is stored.\n\n"
               "--save-profile pins the answer. Commands that are given it as --profile\n"
               "read by it and guess nothing; a file that no longer fits is refused with\n"
               "what changed.",
    .example = "hb inspect monday.csv",
    .run = run_inspect,
};
