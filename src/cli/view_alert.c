/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_alert.h"

#include "cli/table.h"

#include <stdio.h>
#include <string.h>

enum { STATE_CELL = 120 };

const char *hb_view_time(hb_time t, char out[HB_VIEW_TIME])
{
    if (t == HB_TIME_NONE) {
        snprintf(out, HB_VIEW_TIME, "-");
    } else {
        hb_time_print(t - t % 1000000000, out);
    }
    return out;
}

const char *hb_view_id(const char *id, char out[HB_VIEW_ID])
{
    hb_str_fit(*id ? id : "-", out, HB_VIEW_ID);
    return out;
}

static void put_time(hb_json *j, const char *key, hb_time t)
{
    if (t != HB_TIME_NONE) {
        hb_json_kt(j, key, t);
    }
}

static void put_person(const char *key, const char *by, const char *words_key, const char *words,
                       const char *time_key, hb_time t, hb_json *j)
{
    hb_json_key(j, key);
    hb_json_obj(j);
    hb_json_kc(j, "by", by);
    hb_json_kc(j, words_key, words);
    put_time(j, time_key, t);
    hb_json_end(j);
}

void hb_view_alert_json(const hb_alert_row *r, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "alert_id", r->alert_id);
    hb_json_kc(j, "stream", r->stream);
    hb_json_kc(j, "subject", r->subject);
    hb_json_kc(j, "metric", r->metric);
    hb_json_kc(j, "rule", r->rule);
    hb_json_kc(j, "window_definition", r->definition);
    hb_json_kc(j, "severity", r->severity);
    hb_json_kc(j, "state", hb_alert_state_names[r->state]);
    hb_json_kc(j, "text", r->text);
    put_time(j, "onset", r->onset);
    put_time(j, "raised", r->raised);
    put_time(j, "returned", r->returned);
    hb_json_ku(j, "windows", r->windows);
    hb_json_ku(j, "occurrences", r->occurrences);
    hb_json_kb(j, "flapping", r->flapping);
    hb_json_ku(j, "held", r->held);
    hb_json_kc(j, "inhibited_by", r->inhibited_by);
    if (r->ack_at != HB_TIME_NONE) {
        put_person("acknowledged", r->ack_by, "note", r->ack_note, "at", r->ack_at, j);
    }
    if (r->shelf_until != HB_TIME_NONE) {
        put_person("shelved", r->shelf_by, "reason", r->shelf_reason, "until", r->shelf_until, j);
    }
    hb_json_kc(j, "status", r->verdict);
    hb_json_kc(j, "run_id", r->run_id);
    hb_json_kc(j, "report_path", r->report);
    hb_json_kc(j, "decision_sha256", r->digest);
    hb_json_kc(j, "window_id", r->window_id);
    hb_json_end(j);
}

static hb_status alerts_json(hb_app *app, const hb_alert_row *rows, size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-alerts/1");
    hb_json_key(&j, "alerts");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_view_alert_json(&rows[i], &j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static const char *state_cell(const hb_alert_row *r, char out[STATE_CELL])
{
    snprintf(out, STATE_CELL, "%s%s%s%s", hb_alert_state_names[r->state],
             r->shelf_until != HB_TIME_NONE ? ", shelved" : "", r->flapping ? ", flapping" : "",
             *r->inhibited_by ? ", inhibited" : "");
    return out;
}

hb_status hb_view_alerts(hb_app *app, const hb_alert_row *rows, size_t n, hb_error *err)
{
    if (app->common.json) {
        return alerts_json(app, rows, n, err);
    }
    static const char *const head[] = {"ID", "SEVERITY", "STATE", "SINCE", "SUBJECT", "WHAT"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 6);
    for (size_t i = 0; i < n; i++) {
        char id[HB_VIEW_ID];
        char state[STATE_CELL];
        char since[HB_VIEW_TIME];
        const char *cells[] = {
            hb_view_id(rows[i].alert_id, id),   rows[i].severity, state_cell(&rows[i], state),
            hb_view_time(rows[i].onset, since), rows[i].subject,  rows[i].text};
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, &app->out, err);
}
