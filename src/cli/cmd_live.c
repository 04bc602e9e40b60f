/* SPDX-License-Identifier: Apache-2.0 */
/* hb live list, hb live show: the windows a daemon has judged. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/table.h"

#include "base/json_write.h"
#include "ledger/read.h"
#include "report/text.h"
#include "store/live.h"

#include <stdio.h>
#include <string.h>

enum { FLAGGED_BYTES = 120, LIMIT = 20 };

typedef struct list_opts {
    const char *stream;
    const char *window;
    const char *verdict;
    const char *since;
    const char *until;
    uint32_t limit;
} list_opts;

static hb_status time_of(const char *option, const char *text, hb_time *ret, hb_error *err)
{
    *ret = HB_TIME_NONE;
    return !text || hb_time_parse(text, strlen(text), ret, NULL)
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE,
                         "%s must be a time such as 2026-11-23T20:55:01Z, got "
                         "'%.60s'",
                         option, text);
}

static hb_status ask_of(const list_opts *o, hb_live_window_query *ret, hb_error *err)
{
    hb_verdict v;
    if (o->verdict && !hb_verdict_from_name(o->verdict, &v)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--verdict must be PASS, PASS_WITH_DRIFT, FAIL or NO_TEST, got '%.40s'",
                       o->verdict);
    }
    *ret = (hb_live_window_query){.stream = o->stream,
                                  .name = o->window,
                                  .verdict = o->verdict,
                                  .with_json = true,
                                  .limit = o->limit ? o->limit : LIMIT};
    HB_TRY(time_of("--since", o->since, &ret->from, err));
    return time_of("--until", o->until, &ret->to, err);
}

/* --- one window --- */

static hb_status findings_of(hb_app *app, const hb_live_window_row *w, hb_ledger_decision *ret,
                             hb_error *err)
{
    *ret = (hb_ledger_decision){0};
    return w->json
               ? hb_ledger_read((hb_str){w->json, w->json_len}, w->run_id, &app->arena, ret, err)
               : HB_OK;
}

static bool weighs(const hb_ledger_decision *d, size_t i)
{
    return d->findings[i].severity >= HB_SEVERITY_DRIFT && *d->findings[i].metric;
}

static bool told_before(const hb_ledger_decision *d, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (weighs(d, k) && strcmp(d->findings[k].metric, d->findings[i].metric) == 0) {
            return true;
        }
    }
    return false;
}

static void flagged_json(const hb_ledger_decision *d, hb_json *j)
{
    hb_json_key(j, "flagged");
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings; i++) {
        if (weighs(d, i) && !told_before(d, i)) {
            hb_json_c(j, d->findings[i].metric);
        }
    }
    hb_json_end(j);
}

static void flagged_text(const hb_ledger_decision *d, char out[FLAGGED_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < d->n_findings && used < FLAGGED_BYTES; i++) {
        if (weighs(d, i) && !told_before(d, i)) {
            int n = snprintf(out + used, FLAGGED_BYTES - used, "%s%.60s", used ? ", " : "",
                             d->findings[i].metric);
            used += n > 0 ? (size_t)n : 0;
        }
    }
}

static void window_json(const hb_live_window_row *w, const hb_ledger_decision *d, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "run_id", w->run_id);
    hb_json_kc(j, "id", w->id);
    hb_json_ku(j, "revision", w->revision);
    hb_json_kc(j, "stream", w->stream);
    hb_json_kc(j, "window", w->name);
    hb_json_kt(j, "start", w->start);
    hb_json_kt(j, "end", w->end);
    hb_json_kc(j, "verdict", w->verdict);
    flagged_json(d, j);
    hb_json_ku(j, "samples", w->samples);
    hb_json_ku(j, "findings", w->n_findings);
    hb_json_kc(j, "digest", w->digest);
    hb_json_ku(j, "journal_from", w->from);
    hb_json_ku(j, "journal_to", w->to);
    hb_json_kt(j, "decided_at", w->decided_at);
    hb_json_kc(j, "report", w->report);
}

/* --- hb live list --- */

static hb_status list_json(hb_app *app, const hb_live_window_row *rows, size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-live-list/1");
    hb_json_key(&j, "windows");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_ledger_decision d;
        HB_TRY(findings_of(app, &rows[i], &d, err));
        window_json(&rows[i], &d, &j);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status list_text(hb_app *app, const hb_live_window_row *rows, size_t n, hb_error *err)
{
    static const char *const head[] = {"START", "WINDOW", "VERDICT", "SAMPLES", "FLAGGED", "RUN"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 6);
    for (size_t i = 0; i < n; i++) {
        const hb_live_window_row *w = &rows[i];
        hb_ledger_decision d;
        char start[HB_TIME_TEXT];
        char samples[24];
        char flagged[FLAGGED_BYTES];
        HB_TRY(findings_of(app, w, &d, err));
        hb_time_print(w->start, start);
        snprintf(samples, sizeof samples, "%llu", (unsigned long long)w->samples);
        flagged_text(&d, flagged);
        const char *cells[] = {start, w->name, w->verdict, samples, flagged, w->run_id};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, "no judged windows match");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    hb_live_window_query q;
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(ask_of(opts, &q, err));
    HB_TRY(hb_live_list_windows(app->store, &q, &app->arena, &rows, &n, err));
    return app->common.json ? list_json(app, rows, n, err) : list_text(app, rows, n, err);
}

static const hb_opt list_table[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = HB_OPT_UINT,
     .offset = offsetof(list_opts, limit),
     .arg = "N",
     .help = "at most so many, newest first; default 20",
     .max = 100000},
    {.name = "verdict",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, verdict),
     .arg = "VERDICT",
     .help = "only windows with this verdict"},
    {.name = "window",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, window),
     .arg = "NAME",
     .help = "only windows of this definition, as 1m"},
    {.name = "stream",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, stream),
     .arg = "NAME",
     .help = "only windows of this daemon (its name in daemon.yaml)"},
    {.name = "since",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, since),
     .arg = "TIME",
     .help = "only windows that ended after it"},
    {.name = "until",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, until),
     .arg = "TIME",
     .help = "only windows that began before it"},
    {0},
};

const hb_cmd hb_cmd_live_list = {
    .name = "live list",
    .group = "Live",
    .summary = "the windows that were judged, newest first",
    .needs = HB_NEED_STORE,
    .opts = list_table,
    .opts_size = sizeof(list_opts),
    .details = "FLAGGED names the metrics with findings of weight. Windows with drift or FAIL\n"
               "are runs too: hb runs show, hb report.",
    .example = "hb live list --verdict FAIL",
    .run = run_list,
};

/* --- hb live show --- */

static hb_status find(hb_app *app, const char *id, hb_live_window_row *ret, hb_error *err)
{
    const hb_live_window_query q = {
        .id = id, .from = HB_TIME_NONE, .to = HB_TIME_NONE, .with_json = true, .limit = 1};
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_live_list_windows(app->store, &q, &app->arena, &rows, &n, err));
    if (n == 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "no judged window '%.130s'; 'hb live list' shows them with their ids", id);
    }
    *ret = rows[0];
    return HB_OK;
}

static hb_status show_json(hb_app *app, const hb_live_window_row *w, const hb_ledger_decision *d,
                           hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    window_json(w, d, &j);
    hb_json_key(&j, "decision");
    if (w->json) {
        hb_json_raw(&j, (hb_str){w->json, w->json_len});
    } else {
        hb_json_null(&j);
    }
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status show_text(hb_app *app, const hb_live_window_row *w, const hb_ledger_decision *d,
                           hb_error *err)
{
    hb_buf *out = &app->out;
    char start[HB_TIME_TEXT];
    char end[HB_TIME_TEXT];
    hb_time_print(w->start, start);
    hb_time_print(w->end, end);
    hb_buf_fmt(out, "%s  %s\n\nwindow    %s of stream %s, revision %u\n", w->verdict, w->run_id,
               w->name, w->stream, w->revision);
    hb_buf_fmt(out, "time      %s to %s\nsamples   %llu\n", start, end,
               (unsigned long long)w->samples);
    hb_buf_fmt(out, "journal   %llu to %llu\ndecision  %s\n", (unsigned long long)w->from,
               (unsigned long long)w->to, w->digest);
    hb_buf_fmt(out, "report    %s\n", *w->report ? w->report : "none");
    if (!w->json) {
        hb_buf_c(out,
                 "\nthe decision itself was taken away: decisions.keep_pass, or hb retention\n");
    }
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_ledger_finding *f = &d->findings[i];
        hb_buf_fmt(out, "%s%-5s  %-18s  ", i ? "" : "\n", hb_severity_name(f->severity), f->rule);
        hb_buf_shown(out, f->metric);
        hb_buf_ch(out, '\n');
    }
    return hb_buf_check(out, err);
}

static hb_status run_show(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    hb_live_window_row w = {0};
    hb_ledger_decision d;
    (void)opts;
    (void)ret_exit;
    HB_TRY(find(app, args.v[0], &w, err));
    HB_TRY(findings_of(app, &w, &d, err));
    return app->common.json ? show_json(app, &w, &d, err) : show_text(app, &w, &d, err);
}

const hb_cmd hb_cmd_live_show = {
    .name = "live show",
    .group = "Live",
    .summary = "one judged window: verdict, findings, where its records are",
    .needs = HB_NEED_STORE,
    .min_args = 1,
    .max_args = 1,
    .args = "ID",
    .details = "ID is the window's run id or its id, as hb live list shows them. --json gives\n"
               "the whole decision as it was made (docs/formats/decision.md).",
    .example = "hb live show --help",
    .run = run_show,
};
