/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/event.h"

#include "alert/alert_internal.h"
#include "base/json_write.h"
#include "crypto/digest.h"

#include <string.h>

static const char *const type_names[] = {
#define TYPE_NAME(code, name, words) [HB_ALERT_TYPE_##code] = (name),
    HB_ALERT_TYPE_MAP(TYPE_NAME)
#undef TYPE_NAME
};

const char *hb_alert_type_name(hb_alert_type t)
{
    return type_names[t];
}

/* --- id --- */

static hb_status id_of(const char *stream, const char *subject, hb_alert_type type,
                       uint64_t occurrence, const char *ref, char ret_id[HB_ALERT_EVENT_ID],
                       hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, 64 * 1024);
    hb_buf_fmt(&b, "hb-alert-event/1\n%s\n%s\n%s\n%llu\n%s\n", stream, subject,
               hb_alert_type_name(type), (unsigned long long)occurrence, ref);
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        status = hb_digest_of(b.p, b.n, ret_id, err);
    }
    hb_buf_release(&b);
    return status;
}

hb_status hb_alert_event_id(const hb_alert_said *said, char ret_id[HB_ALERT_EVENT_ID],
                            hb_error *err)
{
    return id_of(said->row->stream, said->row->subject, said->type, said->row->occurrences,
                 said->ref, ret_id, err);
}

/* --- the envelope --- */

/* A URI reference (RFC 3986): what is not unreserved is escaped. */
static void put_source(const char *stream, hb_json *j)
{
    hb_buf b;
    hb_buf_init(&b, 4096);
    hb_buf_c(&b, "/harmony-bridge/");
    for (const char *p = stream; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        if (plain) {
            hb_buf_ch(&b, *p);
        } else {
            hb_buf_fmt(&b, "%%%02X", (unsigned)(unsigned char)*p);
        }
    }
    hb_json_kc(j, "source", b.p);
    if (b.failed != HB_OK) {
        j->failed = b.failed;
    }
    hb_buf_release(&b);
}

static void put_time(hb_json *j, const char *key, hb_time t)
{
    if (t != HB_TIME_NONE) {
        hb_json_kt(j, key, t);
    }
}

static void envelope_head(hb_json *j, const char *id)
{
    hb_json_kc(j, "datacontenttype", "application/json");
    hb_json_kc(j, "dataschema", "urn:harmony-bridge:alert-event:1");
    hb_json_kc(j, "id", id);
}

static void envelope_tail(hb_json *j, const char *stream, const char *subject, hb_time at,
                          hb_alert_type type)
{
    char name[64];
    snprintf(name, sizeof name, "harmony-bridge.alert.%s", hb_alert_type_name(type));
    put_source(stream, j);
    hb_json_kc(j, "specversion", "1.0");
    hb_json_kc(j, "subject", subject);
    put_time(j, "time", at);
    hb_json_kc(j, "type", name);
}

/* --- the data --- */

/* What the verdict was about, in the words of the Python tool's events; there a FAIL with drift was
 * called "drift". */
static const char *primary_issue(const char *verdict)
{
    static const struct {
        const char *verdict;
        const char *issue;
    } issues[] = {
        {"FAIL", "fail"}, {"PASS_WITH_DRIFT", "drift"}, {"PASS", "ok"}, {"NO_TEST", "no_test"}};
    for (size_t i = 0; i < sizeof issues / sizeof *issues; i++) {
        if (strcmp(issues[i].verdict, verdict) == 0) {
            return issues[i].issue;
        }
    }
    return "condition";
}

typedef struct detail {
    hb_str drift_metrics;
    hb_str finding;
    hb_str samples;
    hb_str baseline_warning;
} detail;

static hb_str line_of(hb_str *rest)
{
    size_t n = hb_str_find_ch(*rest, '\n');
    hb_str line = {rest->p, n};
    size_t used = n < rest->n ? n + 1 : n;
    *rest = (hb_str){rest->p + used, rest->n - used};
    return line;
}

static detail detail_of(const hb_alert_row *r)
{
    hb_str rest = hb_str_of(*r->detail ? r->detail : HB_ALERT_NO_DETAIL);
    detail d;
    d.drift_metrics = line_of(&rest);
    d.finding = line_of(&rest);
    d.samples = line_of(&rest);
    d.baseline_warning = line_of(&rest);
    return d;
}

static void put_raw(hb_json *j, const char *key, hb_str json)
{
    hb_json_key(j, key);
    hb_json_raw(j, json);
}

static void put_group(const hb_alert_said *said, hb_json *j)
{
    hb_json_key(j, "alerts");
    hb_json_arr(j);
    for (size_t i = 0; i < said->n_all; i++) {
        const hb_alert_row *r = said->all[i];
        hb_json_obj(j);
        hb_json_kc(j, "alert_id", r->alert_id);
        put_time(j, "onset", r->onset);
        hb_json_kc(j, "severity", r->severity);
        hb_json_kc(j, "state", hb_alert_state_names[r->state]);
        hb_json_kc(j, "subject", r->subject);
        hb_json_kc(j, "text", r->text);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void put_counters(const hb_alert_said *said, hb_json *j)
{
    hb_json_key(j, "counters");
    hb_json_obj(j);
    hb_json_ku(j, "grouped", said->n_all ? said->n_all : 1);
    hb_json_ku(j, "held", said->row->held);
    hb_json_ku(j, "occurrences", said->row->occurrences);
    hb_json_ku(j, "windows", said->row->windows);
    hb_json_end(j);
}

static void put_window(const hb_alert_row *r, hb_json *j)
{
    hb_json_key(j, "window");
    hb_json_obj(j);
    put_time(j, "end", r->window_end);
    hb_json_kc(j, "id", r->window_id);
    hb_json_kc(j, "name", r->definition);
    hb_json_ku(j, "revision", r->revision);
    put_time(j, "start", r->window_start);
    hb_json_end(j);
}

static void put_data(const hb_alert_said *said, hb_json *j)
{
    const hb_alert_row *r = said->row;
    detail d = detail_of(r);
    hb_json_obj(j);
    hb_json_kb(j, "active", hb_alert_is_active(r));
    hb_json_kc(j, "alert_id", r->alert_id);
    if (said->n_all) {
        put_group(said, j);
    }
    if (d.baseline_warning.n > 2) { /* beyond its quotes */
        put_raw(j, "baseline_warning", d.baseline_warning);
    }
    if (said->by) {
        hb_json_kc(j, "by", said->by);
    }
    put_counters(said, j);
    hb_json_kc(j, "decision_sha256", r->digest);
    put_raw(j, "drift_metrics", d.drift_metrics);
    put_raw(j, "finding", d.finding);
    hb_json_kc(j, "metric", r->metric);
    if (said->note) {
        hb_json_kc(j, "note", said->note);
    }
    put_time(j, "onset", r->onset);
    hb_json_kc(j, "primary_issue", primary_issue(r->verdict));
    put_time(j, "raised", r->raised);
    hb_json_kc(j, "report_path", r->report);
    put_time(j, "returned", r->returned);
    hb_json_kc(j, "rule", r->rule);
    hb_json_kc(j, "run_id", r->run_id);
    put_raw(j, "samples", d.samples);
    hb_json_kc(j, "severity", r->severity);
    put_time(j, "shelved_until", r->shelf_until);
    hb_json_kc(j, "state", hb_alert_state_names[r->state]);
    hb_json_kc(j, "status", *r->verdict ? r->verdict : "NONE");
    hb_json_kc(j, "stream", r->stream);
    hb_json_kc(j, "subject", r->subject);
    hb_json_kc(j, "text", r->text);
    put_time(j, "ts", said->at);
    if (*r->definition) {
        put_window(r, j);
    }
    hb_json_end(j);
}

hb_status hb_alert_event_json(const hb_alert_said *said, const char *id, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "data");
    put_data(said, &j);
    envelope_head(&j, id);
    envelope_tail(&j, said->row->stream, said->row->subject, said->at, said->type);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

hb_status hb_alert_say(hb_store *s, const hb_alert_said *said, hb_error *err)
{
    char id[HB_ALERT_EVENT_ID];
    const char *subjects[HB_ALERT_GROUP_MAX] = {said->row->subject};
    size_t n = said->n_all ? 0 : 1;
    for (; n < said->n_all; n++) {
        subjects[n] = said->all[n]->subject;
    }
    HB_TRY(hb_alert_event_id(said, id, err));
    hb_buf b;
    hb_buf_init(&b, HB_ALERT_EVENT_MAX);
    hb_status status = hb_alert_event_json(said, id, &b, err);
    if (status == HB_OK) {
        hb_alert_log_row row = {.event_id = id,
                                .stream = said->row->stream,
                                .subject = said->row->subject,
                                .alert_id = said->row->alert_id,
                                .type = hb_alert_type_name(said->type),
                                .severity = said->row->severity,
                                .at = said->at,
                                .json = b.p};
        status = hb_alert_log_add(s, &row, subjects, n, err);
    }
    hb_buf_release(&b);
    return status;
}

/* --- the heartbeat --- */

static void put_heartbeat(const hb_heartbeat *h, hb_json *j)
{
    hb_json_obj(j);
    hb_json_key(j, "counters");
    hb_json_obj(j);
    hb_json_ku(j, "dead", h->dead);
    hb_json_ku(j, "failed", h->failed);
    hb_json_ku(j, "sent", h->sent);
    hb_json_ku(j, "waiting", h->waiting);
    hb_json_end(j);
    hb_json_kc(j, "severity", "INFO");
    hb_json_kc(j, "status", "NONE");
    hb_json_kc(j, "stream", h->stream);
    hb_json_kc(j, "subject", "heartbeat");
    hb_json_kc(j, "text", "the daemon is alive");
    put_time(j, "ts", h->at);
    hb_json_end(j);
}

hb_status hb_heartbeat_json(const hb_heartbeat *h, char ret_id[HB_ALERT_EVENT_ID], hb_buf *out,
                            hb_error *err)
{
    char ref[HB_TIME_TEXT];
    hb_time_print(h->at, ref);
    HB_TRY(id_of(h->stream, "heartbeat", HB_ALERT_TYPE_HEARTBEAT, 0, ref, ret_id, err));
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "data");
    put_heartbeat(h, &j);
    envelope_head(&j, ret_id);
    envelope_tail(&j, h->stream, "heartbeat", h->at, HB_ALERT_TYPE_HEARTBEAT);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}
