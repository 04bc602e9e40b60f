/* SPDX-License-Identifier: Apache-2.0 */
/* hb report: where a run's report is; made again when it is gone. */
#include "cli/commands.h"
#include "cli/flow.h"
#include "store/live.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "telemetry/run_meta.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

typedef struct report_opts {
    bool open;
} report_opts;

/* "a\nb" as a list, in the arena. */
static hb_status list_of(hb_app *app, const char *lines, hb_list *ret, hb_error *err)
{
    hb_str rest = hb_str_of(lines);
    size_t cap = 0;
    hb_list list = {0};
    while (rest.n) {
        size_t end = hb_str_find_ch(rest, '\n');
        HB_TRY(HB_ARENA_GROW(&app->arena, list.v, list.n, cap, err));
        list.v[list.n] = hb_arena_str(&app->arena, (hb_str){rest.p, end});
        if (!list.v[list.n++]) {
            return HB_NOMEM(err);
        }
        rest = end < rest.n ? (hb_str){rest.p + end + 1, rest.n - end - 1} : HB_STR("");
    }
    *ret = list;
    return HB_OK;
}

static hb_status try_again(hb_app *app, const hb_decision_row *row, const char *baseline,
                           const char **ret_page, hb_error *err)
{
    hb_flow f;
    hb_flow_choice choice = {.baseline = baseline};
    HB_TRY(list_of(app, row->with, &choice.with, err));
    bool same = false;
    hb_flow_init(&f);
    hb_status status = hb_store_get_run(app->store, row->run_id, &f.run, err);
    if (status == HB_OK) {
        status = hb_app_registry(app, f.run->meta.program,
                                 f.run->meta.context[HB_CONTEXT_OPERATING_MODE], &f.registry, err);
    }
    if (status == HB_OK) {
        status = hb_flow_select(app, &f, &choice, err);
    }
    if (status == HB_OK) {
        status = hb_flow_draw_again(app, &f, row->digest, &same, err);
    }
    *ret_page = same ? f.report : NULL;
    hb_flow_release(&f);
    return status;
}

/* A window of a stream was judged with what the daemon knew of the windows before it. */
static hb_status is_window(hb_app *app, const char *run_id, bool *ret, hb_error *err)
{
    const hb_live_window_query q = {
        .id = run_id, .from = HB_TIME_NONE, .to = HB_TIME_NONE, .limit = 1};
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_live_list_windows(app->store, &q, &app->arena, &rows, &n, err));
    *ret = n > 0;
    return HB_OK;
}

/* A report shows the decision that was made: first as the policy chooses, then as --baseline did;
 * when neither gives the same decision, none is drawn. */
static hb_status make_again(hb_app *app, const char *run_id, const char **ret_page, hb_error *err)
{
    hb_decision_row row;
    bool found = false;
    *ret_page = NULL;
    HB_TRY(hb_store_latest_decision(app->store, run_id, &app->arena, &row, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "run '%s' was never judged; do so with: hb analyze %s",
                       run_id, run_id);
    }
    bool window = false;
    HB_TRY(is_window(app, run_id, &window, err));
    if (window) {
        return HB_FAIL(err, HB_E_STORE,
                       "the report of window '%s' was taken away (max_report_dir_mb) and is not "
                       "drawn again: its decision rests on the windows before it; hb live show %s "
                       "has the decision",
                       run_id, run_id);
    }
    HB_TRY(try_again(app, &row, NULL, ret_page, err));
    if (!*ret_page && *row.baseline_run_id) {
        HB_TRY(try_again(app, &row, row.baseline_run_id, ret_page, err));
    }
    if (!*ret_page && strstr(row.json, "\"format\":\"hb-decision/1\"")) {
        return HB_FAIL(err, HB_E_STORE,
                       "the report of run '%s' cannot be drawn again: its decision is of format "
                       "hb-decision/1, from before runs were tested against baseline runs; it is "
                       "kept in the registry, and hb analyze %s makes a new one",
                       run_id, run_id);
    }
    return *ret_page ? HB_OK
                     : HB_FAIL(err, HB_E_STORE,
                               "the report of run '%s' cannot be drawn again: the configuration, "
                               "the registered runs or the program changed since; hb analyze %s "
                               "makes a new decision",
                               run_id, run_id);
}

/* There and not empty. */
static bool is_drawn(const hb_app *app, const char *page)
{
    struct stat st;
    return app->os->stat(page, &st) == 0 && st.st_size > 0;
}

static hb_status open_page(hb_app *app, const char *page, hb_error *err)
{
    pid_t pid = 0;
    char program[] = "xdg-open";
    char *copy = hb_arena_str(&app->arena, hb_str_of(page));
    char *argv[] = {program, copy, NULL};
    int rc = copy ? posix_spawnp(&pid, program, NULL, NULL, argv, environ) : ENOMEM;
    return rc == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot open '%s' with xdg-open: %s", page, strerror(rc));
}

static hb_status run_report(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const report_opts *o = opts;
    (void)ret_exit;
    const char *reports = NULL;
    char *folder = NULL;
    char *path = NULL;
    HB_TRY(hb_run_id_check(hb_str_of(args.v[0]), err));
    HB_TRY(hb_app_reports_path(app, &reports, err));
    HB_TRY(hb_path_join(reports, args.v[0], &folder, err));
    hb_status status = hb_path_join(folder, "drift_report.html", &path, err);
    hb_free(folder);
    HB_TRY(status);
    const char *page = hb_arena_str(&app->arena, hb_str_of(path));
    hb_free(path);
    if (!page) {
        return HB_NOMEM(err);
    }
    if (!is_drawn(app, page)) {
        HB_TRY(make_again(app, args.v[0], &page, err));
    }
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "run_id", args.v[0]);
        hb_json_kc(&j, "report", page);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        HB_TRY(hb_json_done(&j, err));
    } else {
        hb_buf_fmt(&app->out, "%s\n", page);
    }
    return o->open ? open_page(app, page, err) : HB_OK;
}

static const hb_opt table[] = {
    {.name = "open",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(report_opts, open),
     .help = "show it in the desktop's browser (xdg-open)"},
    {0},
};

const hb_cmd hb_cmd_report = {
    .name = "report",
    .group = "Judge a run",
    .summary = "print the path of a run's report, making it again when it is gone",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = table,
    .opts_size = sizeof(report_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "RUN",
    .details = "A report that is gone is drawn again when the run's latest decision comes out\n"
               "the same; else nothing is changed and hb analyze makes a new decision.",
    .example = "hb report monday-2",
    .run = run_report,
};
