/* SPDX-License-Identifier: Apache-2.0 */
/* hb inject: known faults into telemetry, in a file or on a live MQTT stream. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/term.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "base/num.h"
#include "crypto/digest.h"
#include "inject/lines.h"
#include "inject/live.h"
#include "os/undumped.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 30, RECORD_MAX_BYTES = 1 << 20 };

typedef struct inject_opts {
    const char *fault;
    const char *input;
    const char *output;
    const char *record;
    const char *metric;
    const char *noise_scale;
    const char *offset;
    const char *value;
    const char *scale;
    const char *skew;
    const char *drift;
    const char *delay;
    const char *probability;
    const char *rename;
    bool drop;
    uint32_t count;
    bool repeat_spike;
    uint32_t seed;
    const char *from;
    const char *to;
    const char *broker;
    const char *topic;
    const char *republish;
    const char *username;
    double duration;
} inject_opts;

static hb_status number(const char *option, const char *text, double fallback, double *ret,
                        hb_error *err)
{
    *ret = fallback;
    if (text && hb_num_parse(text, strlen(text), ret) != HB_NUM_FINITE) {
        return HB_FAIL(err, HB_E_USAGE, "--%s: expected a number, got '%.60s'", option, text);
    }
    return HB_OK;
}

/* A time, or "+30" seconds after the first event. */
static hb_status moment(const char *option, const char *text, hb_time *ret, bool *ret_relative,
                        hb_error *err)
{
    double seconds = 0;
    *ret = HB_TIME_NONE;
    *ret_relative = false;
    if (!text || hb_time_parse(text, strlen(text), ret, NULL)) {
        return HB_OK;
    }
    if (*text == '+' && hb_num_parse(text + 1, strlen(text + 1), &seconds) == HB_NUM_FINITE &&
        seconds >= 0 && seconds < 9e9) {
        *ret = (hb_time)llround(seconds * 1e9);
        *ret_relative = true;
        return HB_OK;
    }
    return HB_FAIL(
        err, HB_E_USAGE,
        "--%s: expected a time such as 2026-11-26T10:00:00Z or +SECONDS after the first event, "
        "got '%.60s'",
        option, text);
}

static hb_status kind_of(const char *name, hb_injection *ret, hb_error *err)
{
    char list[300] = "";
    size_t used = 0;
    for (int i = 0; i < HB_INJECTION_COUNT_; i++) {
        if (strcmp(name, hb_injection_names[i]) == 0) {
            *ret = (hb_injection)i;
            return HB_OK;
        }
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 hb_injection_names[i]);
    }
    return HB_FAIL(err, HB_E_USAGE, "--fault: there is no '%.40s'; there are %s", name, list);
}

static hb_status fault_of(const inject_opts *o, hb_inject_fault *ret, hb_error *err)
{
    hb_injection kind = HB_INJECT_SPIKE;
    HB_TRY(kind_of(o->fault, &kind, err));
    *ret = (hb_inject_fault){.kind = kind,
                             .metric = o->metric,
                             .count = o->count ? o->count : 2,
                             .repeat_spike = o->repeat_spike,
                             .rename = o->rename,
                             .drop = o->drop};
    HB_TRY(number("noise-scale", o->noise_scale, 0.1, &ret->noise_scale, err));
    HB_TRY(number("offset", o->offset, 0, &ret->offset, err));
    HB_TRY(number("value", o->value, 0, &ret->value, err));
    HB_TRY(number("scale", o->scale, 2, &ret->scale, err));
    HB_TRY(number("skew-seconds", o->skew, 0, &ret->skew_s, err));
    HB_TRY(number("drift-per-row", o->drift, 0.01, &ret->drift_per_row, err));
    HB_TRY(number("delay", o->delay, 0, &ret->delay_s, err));
    HB_TRY(number("probability", o->probability, 0.1, &ret->probability, err));
    HB_TRY(moment("from", o->from, &ret->from, &ret->from_relative, err));
    HB_TRY(moment("to", o->to, &ret->to, &ret->to_relative, err));
    return hb_inject_fault_check(ret, err);
}

static void key_time(hb_json *j, const char *key, hb_time t)
{
    if (t != HB_TIME_NONE) {
        hb_json_kt(j, key, t);
    }
}

static void key_moment(hb_json *j, const char *key, hb_time t, bool relative)
{
    if (t != HB_TIME_NONE && relative) {
        hb_json_kf(j, key, (double)t / 1e9);
    } else {
        key_time(j, key, t);
    }
}

/* What was done: the truth that what finds the fault is held against. */
static void tell(const inject_opts *o, const hb_inject_fault *f, const hb_inject_counts *c,
                 const char *input, const char *digest, uint64_t written, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "fault", hb_injection_names[f->kind]);
    hb_json_kc(j, "metric", f->metric);
    hb_json_ku(j, "seed", o->seed ? o->seed : 1);
    hb_json_key(j, "parameters");
    hb_json_obj(j);
    switch (f->kind) {
    case HB_INJECT_LATENCY_SPIKE:
        hb_json_kf(j, "delay_s", f->delay_s);
        break;
    case HB_INJECT_PACKET_LOSS:
        hb_json_kf(j, "probability", f->probability);
        break;
    case HB_INJECT_VALUE_CORRUPTION:
        hb_json_kf(j, "noise_scale", f->noise_scale);
        hb_json_kf(j, "offset", f->offset);
        break;
    case HB_INJECT_SCHEMA_CHANGE:
        hb_json_kb(j, "drop", f->drop);
        hb_json_kc(j, "rename", f->rename);
        break;
    case HB_INJECT_TIME_SKEW:
        hb_json_kf(j, "skew_s", f->skew_s);
        break;
    case HB_INJECT_STUCK_AT:
        hb_json_kf(j, "value", f->value);
        break;
    case HB_INJECT_SPIKE:
        hb_json_kf(j, "scale", f->scale);
        hb_json_kb(j, "repeat", f->repeat_spike);
        break;
    case HB_INJECT_SENSOR_DRIFT:
        hb_json_kf(j, "drift_per_row", f->drift_per_row);
        break;
    case HB_INJECT_DUPLICATION:
        hb_json_ku(j, "count", f->count);
        break;
    case HB_INJECTION_COUNT_:
        break;
    }
    key_moment(j, f->from_relative ? "from_s" : "from", f->from, f->from_relative);
    key_moment(j, f->to_relative ? "to_s" : "to", f->to, f->to_relative);
    hb_json_end(j);
    hb_json_kc(j, "input", input);
    if (digest) {
        hb_json_kc(j, "input_sha256", digest);
    }
    hb_json_ku(j, "events", c->events);
    hb_json_ku(j, "matched", c->matched);
    hb_json_ku(j, "changed", c->changed);
    hb_json_ku(j, "written", written);
    hb_json_ku(j, "first_changed", c->first_changed);
    hb_json_ku(j, "last_changed", c->last_changed);
    key_time(j, "first_time", c->first_time);
    key_time(j, "last_time", c->last_time);
    hb_json_end(j);
}

/* A fault that hit nothing would be taken for one that nobody found. */
static hb_status hit(const hb_inject_fault *f, const hb_inject_counts *c, const char *const *names,
                     size_t n, hb_error *err)
{
    if (c->changed) {
        return HB_OK;
    }
    if (c->events == 0) {
        return HB_FAIL(err, HB_E_INPUT, "there is no event in the input; nothing was written");
    }
    if (c->matched) {
        return HB_FAIL(
            err, HB_E_INPUT,
            "none of the %llu events of the metric was changed by the fault (values that "
            "are no numbers, events without a time, or already so); nothing was written",
            (unsigned long long)c->matched);
    }
    char list[300] = "";
    size_t used = 0;
    bool there = false;
    for (size_t i = 0; i < n; i++) {
        there = there || (f->metric && strcmp(names[i], f->metric) == 0);
        if (used + strlen(names[i]) + 3 < sizeof list) {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                     names[i]);
        }
    }
    if (there || !f->metric) {
        return HB_FAIL(err, HB_E_INPUT,
                       "no event lies in the stretch of --from and --to; nothing "
                       "was written");
    }
    return HB_FAIL(err, HB_E_INPUT, "there is no metric '%s'; there are: %s", f->metric, list);
}

static hb_inject_format format_of(hb_str text)
{
    hb_str head = hb_str_trim((hb_str){text.p, text.n < 4096 ? text.n : 4096});
    return head.n && (head.p[0] == '{' || head.p[0] == '[') ? HB_INJECT_JSONL : HB_INJECT_CSV;
}

static hb_status all_lines(hb_inject_lines *l, hb_str text, hb_buf *out, hb_error *err)
{
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        HB_TRY(hb_inject_lines_put(l, (hb_str){text.p, n}, out, err));
        text.p += n + (end != NULL);
        text.n -= n + (end != NULL);
    }
    return hb_inject_lines_end(l, out, err);
}

static hb_status write_record(hb_app *app, const inject_opts *o, const hb_inject_fault *f,
                              const hb_inject_counts *c, const char *input, const char *digest,
                              uint64_t written, hb_error *err)
{
    hb_buf record;
    hb_json j;
    hb_buf_init(&record, RECORD_MAX_BYTES);
    hb_json_init(&j, &record, HB_JSON_PRETTY);
    tell(o, f, c, input, digest, written, &j);
    hb_buf_ch(&record, '\n');
    hb_status status = hb_json_done(&j, err);
    if (status == HB_OK && app->common.json) {
        hb_buf_add(&app->out, record.p, record.n);
    }
    if (status == HB_OK && o->record) {
        status = hb_file_write_atomic(app->os, o->record, record.p, record.n, 0644, err);
    }
    hb_buf_release(&record);
    return status;
}

static hb_status into_file(hb_app *app, const inject_opts *o, const hb_inject_fault *f,
                           hb_injector *inj, hb_error *err)
{
    char *data = NULL;
    size_t len = 0;
    char digest[HB_DIGEST_HEX];
    hb_inject_lines *l = NULL;
    hb_buf out;
    HB_TRY(hb_file_read(app->os, o->input, FILE_MAX_BYTES, &data, &len, err));
    hb_buf_init(&out, (size_t)FILE_MAX_BYTES * 2);
    hb_str text = {data, len};
    hb_status status = hb_digest_of(data, len, digest, err);
    if (status == HB_OK) {
        status = hb_inject_lines_new(format_of(text), o->input, inj, &l, err);
    }
    if (status == HB_OK) {
        status = all_lines(l, text, &out, err);
    }
    const hb_inject_counts *c = hb_injector_counts(inj);
    if (status == HB_OK) {
        size_t n = 0;
        const char *const *names = hb_inject_lines_names(l, &n);
        status = hit(f, c, names, n, err);
    }
    if (status == HB_OK && strcmp(o->output, "-") != 0) {
        status = hb_file_write_atomic(app->os, o->output, out.p, out.n, 0644, err);
    } else if (status == HB_OK) {
        hb_buf_add(&app->out, out.p, out.n);
    }
    if (status == HB_OK) {
        status = write_record(app, o, f, c, o->input, digest, hb_inject_lines_written(l), err);
        if (!app->common.json && strcmp(o->output, "-") != 0) {
            hb_buf_fmt(&app->out, "%s: %llu of %llu events changed, %llu written to ",
                       hb_injection_names[f->kind], (unsigned long long)c->changed,
                       (unsigned long long)c->events,
                       (unsigned long long)hb_inject_lines_written(l));
            hb_buf_shown(&app->out, o->output);
            hb_buf_ch(&app->out, '\n');
        }
    }
    hb_inject_lines_free(l);
    hb_buf_release(&out);
    hb_free(data);
    return status;
}

static bool stop_wanted(void *ctx)
{
    (void)ctx;
    return hb_term_stop_wanted() != 0;
}

static hb_status into_stream(hb_app *app, const inject_opts *o, const hb_inject_fault *f,
                             hb_injector *inj, hb_error *err)
{
    size_t n = strlen(o->republish); /* the slash between comes by itself */
    n -= n > 1 && o->republish[n - 1] == '/';
    const char *prefix = hb_arena_strndup(&app->arena, o->republish, n);
    if (!prefix) {
        return HB_NOMEM(err);
    }
    hb_term_stop_gently();
    const char *password = getenv("HB_MQTT_PASSWORD");
    if (password) {
        hb_hold_secrets();
    }
    hb_inject_live live = {.os = app->os,
                           .broker = o->broker,
                           .topic = o->topic,
                           .prefix = prefix,
                           .username = o->username,
                           .password = password,
                           .seconds = o->duration,
                           .stop = stop_wanted};
    uint64_t written = 0;
    HB_TRY(hb_inject_live_run(&live, inj, &written, err));
    const hb_inject_counts *c = hb_injector_counts(inj);
    HB_TRY(write_record(app, o, f, c, o->topic, NULL, written, err));
    hb_say(app, "%s: %llu of %llu events changed, %llu messages republished below %s",
           hb_injection_names[f->kind], (unsigned long long)c->changed,
           (unsigned long long)c->events, (unsigned long long)written, prefix);
    return c->changed ? HB_OK
                      : HB_FAIL(err, HB_E_INPUT, "%s",
                                c->events == 0 ? "no message came"
                                : c->matched   ? "no event was changed by the fault"
                                               : "no event of the metric came in the stretch");
}

static hb_status run_inject(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const inject_opts *o = opts;
    (void)args;
    (void)ret_exit;
    hb_inject_fault f;
    hb_injector *inj = NULL;
    bool live = o->broker || o->topic || o->republish;
    if (live && (o->input || o->output || !o->broker || !o->topic || !o->republish)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "a live stream needs --broker, --topic and --republish, and no --input or "
                       "--output");
    }
    if (!live && (!o->input || !o->output)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "a file needs --input and --output (or --broker, --topic and "
                       "--republish for a live stream)");
    }
    if (!live && app->common.json && strcmp(o->output, "-") == 0) {
        return HB_FAIL(err, HB_E_USAGE, "--json and --output - both want standard output");
    }
    HB_TRY(fault_of(o, &f, err));
    HB_TRY(hb_injector_new(&f, o->seed ? o->seed : 1, &inj, err));
    hb_status status = live ? into_stream(app, o, &f, inj, err) : into_file(app, o, &f, inj, err);
    hb_injector_free(inj);
    return status;
}

#define TEXT(opt_name, field, arg_name, words)                                             \
    {                                                                                      \
        .name = (opt_name), .kind = HB_OPT_STRING, .offset = offsetof(inject_opts, field), \
        .arg = (arg_name), .help = (words)                                                 \
    }

static const hb_opt table[] = {
    {.name = "fault",
     .kind = HB_OPT_STRING,
     .offset = offsetof(inject_opts, fault),
     .arg = "NAME",
     .required = true,
     .help = "what goes wrong; see below"},
    TEXT("metric", metric, "NAME", "the metric it goes wrong with; default: all"),
    TEXT("input", input, "FILE", "long CSV (metric,value,timestamp) or JSON lines"),
    TEXT("output", output, "FILE", "where the faulty telemetry goes; - for standard output"),
    TEXT("record", record, "FILE", "what was done, as JSON: the truth to check against"),
    TEXT("from", from, "TIME", "from this time on, or +SECONDS after the first event"),
    TEXT("to", to, "TIME", "up to this time, or +SECONDS after the first event"),
    {.name = "seed",
     .kind = HB_OPT_UINT,
     .offset = offsetof(inject_opts, seed),
     .arg = "N",
     .help = "of the random numbers; default 1"},
    TEXT("value", value, "X", "stuck_at: the value; default 0"),
    TEXT("scale", scale, "X", "spike: factor; default 2"),
    {.name = "repeat-spike",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(inject_opts, repeat_spike),
     .help = "spike: every value, not the first alone"},
    TEXT("noise-scale", noise_scale, "X", "value_corruption: noise, times the value; default 0.1"),
    TEXT("offset", offset, "X", "value_corruption: added; default 0"),
    TEXT("drift-per-row", drift, "X", "sensor_drift: growth per value; default 0.01"),
    TEXT("skew-seconds", skew, "S", "time_skew: added to the event times"),
    TEXT("delay", delay, "S", "latency_spike: how much later events come"),
    TEXT("probability", probability, "P", "packet_loss: of each event; default 0.1"),
    {.name = "count",
     .kind = HB_OPT_UINT,
     .offset = offsetof(inject_opts, count),
     .arg = "N",
     .max = 1000,
     .help = "duplication: how often each comes; default 2"},
    TEXT("rename", rename, "NAME", "schema_change: the new name"),
    {.name = "drop",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(inject_opts, drop),
     .help = "schema_change: the metric is gone"},
    TEXT("broker", broker, "URL", "live: tcp://HOST:PORT of the MQTT broker"),
    TEXT("topic", topic, "FILTER", "live: what to take"),
    TEXT("republish", republish, "PREFIX", "live: put before the topic of what comes out"),
    TEXT("username", username, "NAME", "live: password from HB_MQTT_PASSWORD"),
    {.name = "duration",
     .kind = HB_OPT_F64,
     .offset = offsetof(inject_opts, duration),
     .arg = "S",
     .help = "live: how long; default until Ctrl-C"},
    {0},
};

const hb_cmd hb_cmd_inject = {
    .name = "inject",
    .group = "Try it out",
    .summary = "put a known fault into telemetry, to see whether it is found",
    .opts = table,
    .opts_size = sizeof(inject_opts),
    .details = "  latency_spike     events come --delay seconds late, their times unchanged\n"
               "  packet_loss       events are left out with --probability\n"
               "  value_corruption  noise (--noise-scale) and --offset are added\n"
               "  schema_change     a metric gets another name (--rename) or is gone (--drop)\n"
               "  time_skew         event times move by --skew-seconds\n"
               "  stuck_at          the value stays at --value\n"
               "  spike             the first value (or each) times --scale\n"
               "  sensor_drift      the k-th value grows by k x --drift-per-row\n"
               "  duplication       each event comes --count times\n"
               "\n"
               "The same seed and input give the same output. Lines without the fault are\n"
               "copied byte for byte. A fault that changes nothing is an error, and so is a\n"
               "metric that does not appear; nothing is written then.",
    .example = "hb inject --fault spike --metric temp --input live.csv --output faulty.csv",
    .run = run_inject,
};
