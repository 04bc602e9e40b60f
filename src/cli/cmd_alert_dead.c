/* SPDX-License-Identifier: Apache-2.0 */
/* hb alert dead, hb alert retry: events that a sink could not be given. */
#include "base/num.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/view_alert.h"
#include "store/outbox.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_ARGS_MAX = 1000, NUMBER_CELL = 24 };

typedef struct dead_opts {
    const char *stream;
    bool all;
} dead_opts;

static hb_status dead_json(hb_app *app, const hb_dead_letter *rows, size_t n, hb_error *err)
{
    hb_json j;
    char time[HB_TIME_TEXT];
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-dead-letters/1");
    hb_json_key(&j, "letters");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_time_print(rows[i].died, time);
        hb_json_obj(&j);
        hb_json_ki(&j, "number", rows[i].id);
        hb_json_kc(&j, "stream", rows[i].event.stream);
        hb_json_kc(&j, "sink", rows[i].sink);
        hb_json_ku(&j, "attempts", rows[i].attempts);
        hb_json_kc(&j, "error", rows[i].error);
        hb_json_kc(&j, "given_up", time);
        hb_json_key(&j, "event");
        hb_json_raw(&j, hb_str_of(rows[i].event.json));
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status dead_text(hb_app *app, const hb_dead_letter *rows, size_t n, hb_error *err)
{
    static const char *const head[] = {"NUMBER", "SINK", "GIVEN UP", "TYPE", "SUBJECT", "WHY"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 6);
    for (size_t i = 0; i < n; i++) {
        char number[NUMBER_CELL];
        char time[HB_VIEW_TIME];
        snprintf(number, sizeof number, "%lld", (long long)rows[i].id);
        const char *cells[] = {number,
                               rows[i].sink,
                               hb_view_time(rows[i].died, time),
                               rows[i].event.type,
                               rows[i].event.subject,
                               rows[i].error};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, "no dead letters: every event was delivered or still waits");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status run_dead(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const dead_opts *o = opts;
    hb_dead_letter *rows = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_dead_list(app->store, o->stream, 0, &app->arena, &rows, &n, err));
    return app->common.json ? dead_json(app, rows, n, err) : dead_text(app, rows, n, err);
}

static const hb_opt dead_table[] = {
    {.name = "stream",
     .kind = HB_OPT_STRING,
     .offset = offsetof(dead_opts, stream),
     .arg = "NAME",
     .help = "of this daemon (its name in daemon.yaml)"},
    {0},
};

const hb_cmd hb_cmd_alert_dead = {
    .name = "alert dead",
    .group = "Live",
    .summary = "events that were given up, and why",
    .needs = HB_NEED_STORE,
    .opts = dead_table,
    .opts_size = sizeof(dead_opts),
    .details = "An event is given up after max_attempts tries (0, the default: never), or\n"
               "when its sink is taken out of daemon.yaml. It stays here until hb alert retry.",
    .example = "hb alert dead",
    .run = run_dead,
};

/* --- retry --- */

static hb_status bring_back(hb_app *app, const dead_opts *o, hb_list args, uint64_t *ret_n,
                            hb_error *err)
{
    uint64_t all = 0;
    for (size_t i = 0; i < args.n; i++) {
        int64_t id = 0;
        uint64_t n = 0;
        if (!hb_num_parse_i64(args.v[i], strlen(args.v[i]), &id) || id < 1) {
            return HB_FAIL(err, HB_E_USAGE,
                           "'%.40s' is no number of a dead letter; hb alert dead shows them",
                           args.v[i]);
        }
        HB_TRY(hb_dead_retry(app->store, o->stream, id, &n, err));
        all += n;
    }
    if (o->all) {
        HB_TRY(hb_dead_retry(app->store, o->stream, 0, &all, err));
    }
    *ret_n = all;
    return HB_OK;
}

static hb_status run_retry(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const dead_opts *o = opts;
    uint64_t n = 0;
    (void)ret_exit;
    if ((args.n > 0) == o->all) {
        return HB_FAIL(err, HB_E_USAGE, "say which: numbers from hb alert dead, or --all");
    }
    HB_TRY(bring_back(app, o, args, &n, err));
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "%llu event%s back in the outbox\n", (unsigned long long)n,
                   n == 1 ? "" : "s");
        return hb_buf_check(&app->out, err);
    }
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-retry/1");
    hb_json_ku(&j, "events", n);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static const hb_opt retry_table[] = {
    {.name = "all",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(dead_opts, all),
     .help = "every dead letter whose sink is configured"},
    {.name = "stream",
     .kind = HB_OPT_STRING,
     .offset = offsetof(dead_opts, stream),
     .arg = "NAME",
     .help = "of this daemon (its name in daemon.yaml)"},
    {0},
};

const hb_cmd hb_cmd_alert_retry = {
    .name = "alert retry",
    .group = "Live",
    .summary = "put dead letters back into the outbox",
    .needs = HB_NEED_STORE_WRITE,
    .opts = retry_table,
    .opts_size = sizeof(dead_opts),
    .max_args = RETRY_ARGS_MAX,
    .args = "[NUMBER…]",
    .details = "They are sent again by the running daemon, or when it is started next, with the\n"
               "same id: a receiver that has one already knows it by that.",
    .example = "hb alert retry --all",
    .run = run_retry,
};
