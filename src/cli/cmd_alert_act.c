/* SPDX-License-Identifier: Apache-2.0 */
/* hb alert ack, shelve, unshelve: what people do to alerts. The daemon need not run; when it does
 * it sees what was done with its next window. */
#include "alert/act.h"
#include "cli/app.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/permitted.h"
#include "cli/view_alert.h"
#include "input/select/resample.h"

#include <string.h>

enum { ACT_ARGS_MAX = 100, TEXT_MAX = 2000 };

typedef struct act_opts {
    const char *stream;
    const char *by;
    const char *note;
    const char *reason;
    const char *how_long;
    hb_signing_opts signing;
} act_opts;

static hb_status check_text(const char *option, const char *text, hb_error *err)
{
    if (!text || !*text) {
        return HB_FAIL(err, HB_E_USAGE, "%s is empty", option);
    }
    if (strlen(text) > TEXT_MAX) {
        return HB_FAIL(err, HB_E_USAGE, "%s has %zu bytes, at most %d", option, strlen(text),
                       TEXT_MAX);
    }
    return hb_utf8_valid_prefix(hb_str_of(text)) == strlen(text)
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE, "%s is not UTF-8", option);
}

/* Of every alert that is meant, before anything is done. */
static hb_status permit(hb_app *app, const act_opts *o, hb_list args, const char **io_by,
                        hb_error *err)
{
    const char *name = "";
    for (size_t i = 0; i < args.n; i++) {
        hb_alert_row *rows = NULL;
        size_t n = 0;
        const char *stream = NULL;
        HB_TRY(hb_alert_pick(app->store, o->stream, args.v[i], &app->arena, &rows, &n, err));
        for (size_t k = 0; k < n; k++) {
            const char *program = "";
            if (stream && strcmp(stream, rows[k].stream) == 0) {
                continue;
            }
            stream = rows[k].stream;
            HB_TRY(hb_program_of_stream(app, stream, &program, err));
            HB_TRY(hb_app_permit(app, HB_ACTION_ALERT_ACK, program, &o->signing, &name, err));
        }
    }
    *io_by = *name ? name : *io_by;
    return HB_OK;
}

/* Each argument is one transaction; what was done is shown also when a later one fails. */
static hb_status act_on_all(hb_app *app, const act_opts *o, const hb_alert_act *like, hb_list args,
                            hb_error *err)
{
    const char *by = like->by;
    hb_alert_row *all = NULL;
    size_t n_all = 0;
    size_t cap = 0;
    hb_status status = HB_OK;
    HB_TRY(permit(app, o, args, &by, err));
    for (size_t i = 0; i < args.n && status == HB_OK; i++) {
        hb_alert_act act = *like;
        act.by = by;
        hb_alert_row *rows = NULL;
        size_t n = 0;
        act.which = args.v[i];
        status = hb_alert_do(app->store, &act, &app->arena, &rows, &n, err);
        for (size_t k = 0; k < n; k++) {
            HB_TRY(HB_ARENA_GROW(&app->arena, all, n_all, cap, err));
            all[n_all++] = rows[k];
        }
    }
    if (status != HB_OK) {
        for (size_t i = 0; i < n_all; i++) {
            hb_say(app, "done before that: %s", all[i].subject);
        }
        return status;
    }
    return hb_view_alerts(app, all, n_all, err);
}

#define STREAM_OPT                                                                      \
    {                                                                                   \
        .name = "stream", .kind = HB_OPT_STRING, .offset = offsetof(act_opts, stream),  \
        .arg = "NAME", .help = "of this daemon, where several keep a registry together" \
    }

#define WHICH                                                                        \
    "ALERT is an id, 6 or more of its first characters, a subject, or a glob over\n" \
    "subjects such as 'metric:temp/*'; hb alert list shows them.\n"

/* --- ack --- */

static hb_status run_ack(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const act_opts *o = opts;
    (void)ret_exit;
    HB_TRY(check_text("--by", o->by, err));
    if (o->note) {
        HB_TRY(check_text("--note", o->note, err));
    }
    const hb_alert_act act = {.kind = HB_ALERT_ACT_ACK,
                              .stream = o->stream,
                              .by = o->by,
                              .note = o->note,
                              .now = app->os->now()};
    return act_on_all(app, o, &act, args, err);
}

static const hb_opt ack_table[] = {
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(act_opts, by),
     .arg = "NAME",
     .required = true,
     .help = "who has seen it; with operators the key says"},
    {.name = "note",
     .kind = HB_OPT_STRING,
     .offset = offsetof(act_opts, note),
     .arg = "TEXT",
     .help = "what is done about it; goes out with the event"},
    STREAM_OPT,
    HB_SIGN_OPTS(act_opts, signing),
    {0},
};

const hb_cmd hb_cmd_alert_ack = {
    .name = "alert ack",
    .group = "Live",
    .summary = "say that somebody has seen an alert",
    .needs = HB_NEED_STORE_WRITE,
    .opts = ack_table,
    .opts_size = sizeof(act_opts),
    .min_args = 1,
    .max_args = ACT_ARGS_MAX,
    .args = "ALERT…",
    .details =
        WHICH "An active alert stays until it is over; one that is over leaves the list. The\n"
              "sinks are told.",
    .example = "hb alert ack metric:temp/invariant_max@10s --by ada --note \"pump is off\"",
    .run = run_ack,
};

/* --- shelve --- */

static hb_status until_of(hb_app *app, const char *text, hb_time *ret, hb_error *err)
{
    int64_t ns = 0;
    hb_time now = app->os->now();
    if (!hb_duration_parse(text, strlen(text), &ns) || ns > INT64_C(366) * 86400 * 1000000000) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--for must be a time such as 30min, 8h or 7d, at most 366d, got '%.40s'",
                       text);
    }
    *ret = now + ns;
    return HB_OK;
}

static hb_status run_shelve(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const act_opts *o = opts;
    hb_time until = 0;
    (void)ret_exit;
    HB_TRY(check_text("--reason", o->reason, err));
    HB_TRY(until_of(app, o->how_long, &until, err));
    const char *by = hb_baseline_who(o->by);
    HB_TRY(check_text("--by", by, err));
    const hb_alert_act act = {.kind = HB_ALERT_ACT_SHELVE,
                              .stream = o->stream,
                              .by = by,
                              .note = o->reason,
                              .until = until,
                              .now = app->os->now()};
    return act_on_all(app, o, &act, args, err);
}

static const hb_opt shelve_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(act_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why nobody need be told"},
    {.name = "for",
     .kind = HB_OPT_STRING,
     .offset = offsetof(act_opts, how_long),
     .arg = "TIME",
     .required = true,
     .help = "how long: 30min, 8h, 7d"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(act_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name; with operators the key says"},
    STREAM_OPT,
    HB_SIGN_OPTS(act_opts, signing),
    {0},
};

const hb_cmd hb_cmd_alert_shelve = {
    .name = "alert shelve",
    .group = "Live",
    .summary = "keep an alert from the sinks for a while",
    .needs = HB_NEED_STORE_WRITE,
    .opts = shelve_table,
    .opts_size = sizeof(act_opts),
    .min_args = 1,
    .max_args = ACT_ARGS_MAX,
    .args = "ALERT…",
    .details =
        WHICH "On the shelf it may come and go: nothing is sent. When its time is up the daemon\n"
              "takes it back and tells the sinks how it is then. Shelving again sets a new\n"
              "time. Verdicts do not change by it.",
    .example = "hb alert shelve metric:temp/invariant_max@10s --reason moved --for 8h",
    .run = run_shelve,
};

/* --- unshelve --- */

static hb_status run_unshelve(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                              hb_error *err)
{
    const act_opts *o = opts;
    (void)ret_exit;
    const hb_alert_act act = {.kind = HB_ALERT_ACT_UNSHELVE,
                              .stream = o->stream,
                              .by = hb_baseline_who(o->by),
                              .note = "",
                              .now = app->os->now()};
    HB_TRY(check_text("--by", act.by, err));
    return act_on_all(app, o, &act, args, err);
}

static const hb_opt unshelve_table[] = {
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(act_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name; with operators the key says"},
    STREAM_OPT,
    HB_SIGN_OPTS(act_opts, signing),
    {0},
};

const hb_cmd hb_cmd_alert_unshelve = {
    .name = "alert unshelve",
    .group = "Live",
    .summary = "take an alert back from the shelf",
    .needs = HB_NEED_STORE_WRITE,
    .opts = unshelve_table,
    .opts_size = sizeof(act_opts),
    .min_args = 1,
    .max_args = ACT_ARGS_MAX,
    .args = "ALERT…",
    .details = WHICH "The sinks are told how it is now.",
    .example = "hb alert unshelve 'metric:volt/*'",
    .run = run_unshelve,
};
