/* SPDX-License-Identifier: Apache-2.0 */
/* hb alert list, hb alert show */
#include "alert/act.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/view_alert.h"

#include <fnmatch.h>
#include <string.h>

enum { SHOWN_EVENTS = 50 };

typedef struct list_opts {
    const char *stream;
    const char *subject;
    const char *state;
    int severity; /* index into severities; 0 = any */
    bool shelved;
} list_opts;

static const char *const severities[] = {"INFO", "WARN", "FAIL", "CRITICAL", NULL};

static int rank_of(const char *severity)
{
    for (int i = 0; severities[i]; i++) {
        if (strcmp(severities[i], severity) == 0) {
            return i;
        }
    }
    return 0;
}

static hb_status check_state(const char *state, hb_error *err)
{
    for (size_t i = 0; state && hb_alert_state_names[i]; i++) {
        if (strcmp(hb_alert_state_names[i], state) == 0) {
            return HB_OK;
        }
    }
    return state ? HB_FAIL(err, HB_E_USAGE,
                           "--state must be unacknowledged, acknowledged or returned, got '%.40s'",
                           state)
                 : HB_OK;
}

static bool is_wanted(const hb_alert_row *r, const list_opts *o)
{
    return rank_of(r->severity) >= o->severity &&
           (!o->state || strcmp(o->state, hb_alert_state_names[r->state]) == 0) &&
           (!o->subject || fnmatch(o->subject, r->subject, 0) == 0) &&
           (!o->shelved || r->shelf_until != HB_TIME_NONE);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const list_opts *o = opts;
    const hb_alert_query q = {.stream = o->stream, .open = true};
    hb_alert_row *rows = NULL;
    size_t n = 0;
    size_t kept = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(check_state(o->state, err));
    HB_TRY(hb_alert_list(app->store, &q, &app->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (is_wanted(&rows[i], o)) {
            rows[kept++] = rows[i];
        }
    }
    if (kept == 0) {
        hb_say(app, "no open alert%s",
               n ? " that fits; hb alert list without options shows all"
                 : "; they come from hb daemon");
    }
    return hb_view_alerts(app, rows, kept, err);
}

static const hb_opt list_table[] = {
    {.name = "stream",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, stream),
     .arg = "NAME",
     .help = "of this daemon (its name in daemon.yaml)"},
    {.name = "severity",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(list_opts, severity),
     .values = severities,
     .help = "this severe or more"},
    {.name = "state",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, state),
     .arg = "STATE",
     .help = "unacknowledged, acknowledged or returned"},
    {.name = "subject",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, subject),
     .arg = "GLOB",
     .help = "subjects such as 'metric:temp/*' or 'source:*'"},
    {.name = "shelved",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(list_opts, shelved),
     .help = "only what is on the shelf"},
    {0},
};

const hb_cmd hb_cmd_alert_list = {
    .name = "alert list",
    .group = "Live",
    .summary = "alerts that are active, unseen or shelved",
    .needs = HB_NEED_STORE,
    .opts = list_table,
    .opts_size = sizeof(list_opts),
    .details = "An alert is raised when a finding appears in the daemon's windows, not once per\n"
               "window, and stays in the list until it is over and somebody has seen it:\n"
               "  unacknowledged  active, nobody has said that he saw it\n"
               "  acknowledged    active, somebody has (hb alert ack)\n"
               "  returned        over, nobody has seen it yet: acknowledge it to be rid of it\n"
               "Shelved, flapping and inhibited ones are kept from the sinks, not from here.",
    .example = "hb alert list --severity WARN",
    .run = run_list,
};

/* --- one alert --- */

typedef struct show_opts {
    const char *stream;
} show_opts;

static hb_status the_one(hb_app *app, const char *stream, const char *which,
                         const hb_alert_row **ret, hb_error *err)
{
    hb_alert_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_alert_pick(app->store, stream, which, &app->arena, &rows, &n, err));
    if (n == 0) {
        return HB_FAIL(err, HB_E_USAGE,
                       "no open alert '%.100s'; hb alert list shows ids (6 or more of their first "
                       "characters do) and subjects",
                       which);
    }
    if (n > 1) {
        return HB_FAIL(err, HB_E_USAGE, "'%.100s' means %zu alerts; give more of the id", which, n);
    }
    *ret = rows;
    return HB_OK;
}

static hb_status show_json(hb_app *app, const hb_alert_row *r, const hb_alert_log_row *log,
                           size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-alert/1");
    hb_json_key(&j, "alert");
    hb_view_alert_json(r, &j);
    hb_json_key(&j, "events");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_json_raw(&j, hb_str_of(log[i].json));
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static void line(hb_buf *out, const char *name, const char *text)
{
    if (*text) {
        hb_buf_fmt(out, "%-12s ", name);
        hb_buf_shown(out, text);
        hb_buf_ch(out, '\n');
    }
}

static void time_line(hb_buf *out, const char *name, hb_time t)
{
    char text[HB_VIEW_TIME];
    if (t != HB_TIME_NONE) {
        line(out, name, hb_view_time(t, text));
    }
}

static void people_lines(hb_buf *out, const hb_alert_row *r)
{
    char text[HB_VIEW_TIME];
    if (r->ack_at != HB_TIME_NONE) {
        hb_buf_fmt(out, "%-12s %s by ", "acknowledged", hb_view_time(r->ack_at, text));
        hb_buf_shown(out, r->ack_by);
        hb_buf_c(out, *r->ack_note ? ": " : "");
        hb_buf_shown(out, r->ack_note);
        hb_buf_ch(out, '\n');
    }
    if (r->shelf_until != HB_TIME_NONE) {
        hb_buf_fmt(out, "%-12s until %s by ", "shelved", hb_view_time(r->shelf_until, text));
        hb_buf_shown(out, r->shelf_by);
        hb_buf_c(out, ": ");
        hb_buf_shown(out, r->shelf_reason);
        hb_buf_ch(out, '\n');
    }
}

static hb_status show_text(hb_app *app, const hb_alert_row *r, const hb_alert_log_row *log,
                           size_t n, hb_error *err)
{
    hb_buf *out = &app->out;
    char text[HB_VIEW_TIME];
    line(out, "id", r->alert_id);
    line(out, "stream", r->stream);
    line(out, "subject", r->subject);
    line(out, "severity", r->severity);
    line(out, "state", hb_alert_state_names[r->state]);
    line(out, "what", r->text);
    time_line(out, "onset", r->onset);
    time_line(out, "raised", r->raised);
    time_line(out, "returned", r->returned);
    people_lines(out, r);
    line(out, "flapping",
         r->flapping ? "comes and goes too often: held back until it settles" : "");
    line(out, "inhibited by", r->inhibited_by);
    line(out, "verdict", r->verdict);
    line(out, "run", r->run_id);
    line(out, "report", r->report);
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "%-12s %s  %s\n", i ? "" : "events", hb_view_time(log[i].at, text),
                   log[i].type);
    }
    return hb_buf_check(out, err);
}

static hb_status run_show(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const show_opts *o = opts;
    const hb_alert_row *r = NULL;
    hb_alert_log_row *log = NULL;
    size_t n = 0;
    (void)ret_exit;
    HB_TRY(the_one(app, o->stream, args.v[0], &r, err));
    HB_TRY(hb_alert_log_list(app->store, r->stream, r->alert_id, SHOWN_EVENTS, &app->arena, &log,
                             &n, err));
    return app->common.json ? show_json(app, r, log, n, err) : show_text(app, r, log, n, err);
}

static const hb_opt show_table[] = {
    {.name = "stream",
     .kind = HB_OPT_STRING,
     .offset = offsetof(show_opts, stream),
     .arg = "NAME",
     .help = "of this daemon, where several keep a registry together"},
    {0},
};

const hb_cmd hb_cmd_alert_show = {
    .name = "alert show",
    .group = "Live",
    .summary = "one alert: since when, what was found, who did what",
    .needs = HB_NEED_STORE,
    .opts = show_table,
    .opts_size = sizeof(show_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "ALERT",
    .details = "ALERT is an id, 6 or more of its first characters, or a subject, as hb alert\n"
               "list shows them. --json gives the newest 50 events of it as they were sent\n"
               "(schemas/alert_event.schema.json).",
    .example = "hb alert show metric:temp/invariant_max@10s",
    .run = run_show,
};
