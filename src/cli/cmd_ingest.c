/* SPDX-License-Identifier: Apache-2.0 */
/* hb ingest: run files, or a live source for a while, into a registered run. */
#include "cli/capture.h"
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/flow_job.h"
#include "cli/govern_shared.h"

#include "base/json_write.h"

#include <string.h>

static hb_status register_files(hb_app *app, hb_flow *f, hb_list args, const hb_read_opts *read,
                                hb_error *err)
{
    HB_TRY(hb_flow_read_run(app, f, args, read, err));
    HB_TRY(hb_app_need_store(app, err));
    return hb_flow_register(app, f, err);
}

typedef struct ingest_opts {
    hb_read_opts read;
    const char *group_by;
    hb_capture_opts live;
} ingest_opts;

static void tell_registered(hb_app *app, const hb_run *run, hb_json *j)
{
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "run %s: %zu metrics registered\n", run->meta.run_id, run->n_metrics);
        return;
    }
    hb_json_obj(j);
    hb_json_kc(j, "run_id", run->meta.run_id);
    hb_json_kc(j, "digest", run->digest);
    hb_json_ku(j, "metrics", run->n_metrics);
    hb_json_end(j);
}

static hb_status ingest_one(hb_app *app, hb_list args, const hb_read_opts *o, hb_json *j,
                            hb_error *err)
{
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = register_files(app, &f, args, o, err);
    if (status == HB_OK) {
        tell_registered(app, f.run, j);
    }
    hb_flow_release(&f);
    return status;
}

/* The rows of one value, named after it: x-3 of the runs x. */
static hb_status ingest_group(hb_app *app, hb_list args, const ingest_opts *o,
                              const hb_group_value *g, hb_json *j, hb_error *err)
{
    hb_read_opts read = o->read;
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    hb_buf_fmt(&text, "%s%s%s", o->read.run_id ? o->read.run_id : "", o->read.run_id ? "-" : "",
               g->text);
    read.run_id = hb_arena_str(&app->arena, (hb_str){text.p, text.n});
    hb_buf_clear(&text);
    if (o->read.where) {
        hb_buf_fmt(&text, "(%s) and ", o->read.where);
    }
    hb_buf_c(&text, g->where);
    read.where = hb_arena_str(&app->arena, (hb_str){text.p, text.n});
    hb_status status = hb_buf_check(&text, err);
    hb_buf_release(&text);
    HB_TRY(status);
    return read.run_id && read.where ? ingest_one(app, args, &read, j, err) : HB_NOMEM(err);
}

static hb_status ingest_groups(hb_app *app, hb_list args, const ingest_opts *o, hb_json *j,
                               hb_error *err)
{
    hb_group_value *groups = NULL;
    size_t n = 0;
    if (args.n != 1 || !o->read.run_id) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--group-by takes one file and a --run-id, which the values are put behind");
    }
    if (strcmp(args.v[0], "-") == 0) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--group-by reads the file once for each value; standard input can be read "
                       "once, so save it to a file");
    }
    HB_TRY(hb_flow_groups(app, args.v[0], &o->read, o->group_by, &groups, &n, err));
    hb_json_obj(j);
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        HB_TRY(ingest_group(app, args, o, &groups[i], j, err));
    }
    hb_json_end(j);
    hb_json_end(j);
    return HB_OK;
}

/* Live. */

static hb_status check_live(const hb_list args, const ingest_opts *o, hb_error *err)
{
    const hb_read_opts *r = &o->read;
    const struct {
        const char *name;
        bool given;
    } rows[] = {
        {"--group-by", o->group_by != NULL}, {"--unit", r->unit != NULL},
        {"--cycles", r->cycles != NULL},     {"--sheet", r->sheet != NULL},
        {"--profile", r->profile != NULL},   {"--day-first", r->day_first},
        {"--month-first", r->month_first},   {"--member", r->part != NULL},
        {"--query", r->query != NULL},       {"--table", r->table != NULL},
        {"--variable", r->variable != NULL}, {"--columns", r->columns != NULL},
        {"--where", r->where != NULL},       {"--time-range", r->time_range != NULL},
        {"--resample", r->resample != NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].given) {
            return HB_FAIL(err, HB_E_USAGE,
                           "%s is for files; a live source is given --set, "
                           "--duration and --max-events",
                           rows[i].name);
        }
    }
    return args.n > 1 ? HB_FAIL(err, HB_E_USAGE,
                                "a live source takes one path at most, got %zu arguments", args.n)
                      : HB_OK;
}

static hb_status check_no_live(const hb_list args, const ingest_opts *o, hb_error *err)
{
    const hb_capture_opts *l = &o->live;
    if (l->set.n || l->broker || l->topic || l->qos || l->duration_s > 0 || l->max_events ||
        l->journal || l->telemetry_schema) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--set, --broker, --topic, --qos, --duration, --max-events, --journal and "
                       "--telemetry-schema are for live sources; name one with --source (hb help "
                       "sources)");
    }
    return args.n ? HB_OK
                  : HB_FAIL(err, HB_E_USAGE,
                            "a file is missing, or a live --source (hb help "
                            "sources)");
}

static void put_reasons(hb_json *j, const char *key, const hb_reasons *r)
{
    hb_json_key(j, key);
    hb_json_obj(j);
    for (size_t i = 0; i < r->n; i++) {
        hb_json_ku(j, r->list[i].reason, r->list[i].n);
    }
    hb_json_end(j);
}

static void say_reasons(hb_app *app, const hb_reasons *r, const char *what)
{
    for (size_t i = 0; i < r->n; i++) {
        hb_say(app, "%llu %s: %s", (unsigned long long)r->list[i].n, what, r->list[i].reason);
    }
}

static void tell_captured(hb_app *app, const hb_run *run, const hb_capture_counts *c, hb_json *j)
{
    say_reasons(app, &c->unreadable, "messages could not be read");
    say_reasons(app, &c->lost, "messages were lost before the journal");
    if (c->samples.refused) {
        hb_say(app, "%llu samples left out: %s", (unsigned long long)c->samples.refused,
               c->why_refused);
    }
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "run %s: %zu metrics registered, %llu values of %llu messages\n",
                   run->meta.run_id, run->n_metrics, (unsigned long long)c->samples.values,
                   (unsigned long long)c->messages);
        return;
    }
    hb_json_obj(j);
    hb_json_kc(j, "run_id", run->meta.run_id);
    hb_json_kc(j, "digest", run->digest);
    hb_json_ku(j, "metrics", run->n_metrics);
    hb_json_key(j, "capture");
    hb_json_obj(j);
    hb_json_ku(j, "messages", c->messages);
    hb_json_ku(j, "bytes", c->bytes);
    hb_json_ku(j, "values", c->samples.values);
    hb_json_ku(j, "missing", c->samples.missing);
    hb_json_ku(j, "not_finite", c->samples.not_finite);
    hb_json_ku(j, "text", c->samples.text);
    hb_json_ku(j, "untimed", c->samples.untimed);
    hb_json_ku(j, "refused", c->samples.refused);
    put_reasons(j, "unreadable", &c->unreadable);
    put_reasons(j, "lost", &c->lost);
    hb_json_end(j);
    hb_json_end(j);
}

static hb_status capture_run(hb_app *app, const hb_source_ops *ops, hb_list args,
                             const ingest_opts *o, hb_flow *f, hb_capture_counts *counts,
                             hb_error *err)
{
    hb_flow_job j;
    hb_run_builder *b = NULL;
    hb_capture_opts live = o->live;
    const hb_list none = {0};
    live.path = args.n ? args.v[0] : NULL;
    HB_TRY(hb_flow_prepare(app, none, &o->read, &f->registry, &j, err));
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_REGISTRY, hb_registry_digest(f->registry), err));
    HB_TRY(hb_run_builder_new(f->registry, app->units, &b, err));
    hb_status status = hb_capture(app, ops, &live, b, counts, err);
    if (status == HB_OK && counts->samples.values == 0) {
        status = HB_FAIL(err, HB_E_INPUT,
                         "source %s gave no value (%llu messages, %llu of them not readable); no "
                         "run was registered",
                         ops->name, (unsigned long long)counts->messages,
                         (unsigned long long)counts->unreadable.total);
    }
    if (status == HB_OK) {
        j.meta.source_system = ops->name;
        status = hb_run_builder_finish(b, &j.meta, &f->run, err);
    }
    hb_run_builder_free(b);
    return status;
}

static hb_status ingest_live(hb_app *app, const hb_source_ops *ops, hb_list args,
                             const ingest_opts *o, hb_json *j, hb_error *err)
{
    hb_flow f;
    hb_capture_counts counts = {0};
    HB_TRY(check_live(args, o, err));
    hb_flow_init(&f);
    hb_status status = capture_run(app, ops, args, o, &f, &counts, err);
    if (status == HB_OK) {
        status = hb_app_need_store(app, err);
    }
    if (status == HB_OK) {
        status = hb_flow_register(app, &f, err);
    }
    if (status == HB_OK) {
        tell_captured(app, f.run, &counts, j);
    }
    hb_flow_release(&f);
    return status;
}

static hb_status ingest(hb_app *app, hb_list args, const ingest_opts *o, hb_json *j, hb_error *err)
{
    const hb_source_ops *live = o->read.source ? hb_source_find(o->read.source) : NULL;
    if (live) {
        return ingest_live(app, live, args, o, j, err);
    }
    HB_TRY(check_no_live(args, o, err));
    return o->group_by ? ingest_groups(app, args, o, j, err)
                       : ingest_one(app, args, &o->read, j, err);
}

static hb_status run_ingest(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const ingest_opts *o = opts;
    hb_buf nothing;
    hb_json j;
    (void)ret_exit;
    hb_buf_init(&nothing, 1 << 26);
    hb_json_init(&j, app->common.json ? &app->out : &nothing, HB_JSON_PRETTY);
    hb_status status = ingest(app, args, o, &j, err);
    if (status == HB_OK && app->common.json) {
        hb_buf_ch(&app->out, '\n');
        status = hb_json_done(&j, err);
    }
    hb_buf_release(&nothing);
    return status;
}

static const hb_opt ingest_table[] = {
    HB_READ_OPTS(ingest_opts, read),
    {.name = "group-by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, group_by),
     .arg = "COLUMN",
     .help = "one run for each value of COLUMN, named RUN-ID-VALUE"},
    {.name = "set",
     .kind = HB_OPT_LIST,
     .offset = offsetof(ingest_opts, live.set),
     .arg = "KEY=VALUE",
     .help = "live: a key of the source, as daemon.yaml has it"},
    {.name = "broker",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, live.broker),
     .arg = "URL",
     .help = "live: --set broker=URL"},
    {.name = "topic",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, live.topic),
     .arg = "TOPIC",
     .help = "live: --set topic=TOPIC"},
    {.name = "qos",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, live.qos),
     .arg = "N",
     .help = "live: --set qos=N"},
    {.name = "duration",
     .kind = HB_OPT_F64,
     .offset = offsetof(ingest_opts, live.duration_s),
     .arg = "S",
     .help = "live: end after S seconds"},
    {.name = "max-events",
     .kind = HB_OPT_UINT,
     .offset = offsetof(ingest_opts, live.max_events),
     .arg = "N",
     .help = "live: end after N messages"},
    {.name = "journal",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, live.journal),
     .arg = "DIR",
     .help = "live: keep what was received here; the next capture goes on behind it"},
    {.name = "telemetry-schema",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, live.telemetry_schema),
     .arg = "FILE",
     .env = "HB_TELEMETRY_SCHEMA",
     .help = "live: names and units; default: telemetry_schema.yaml in the workspace"},
    {0}};

const hb_cmd hb_cmd_ingest = {
    .name = "ingest",
    .group = "Judge a run",
    .summary = "read run files or a live source into a run, without judging it",
    .needs = HB_NEED_STORE_CREATE,
    .opts = ingest_table,
    .opts_size = sizeof(ingest_opts),
    .max_args = 10000,
    .args = "[FILE...]",
    .details = "The same run_id with the same content is fine; with other content it is\n"
               "refused.\n\n"
               "With --source naming a live source (hb help sources) it captures for a\n"
               "while: until --duration, --max-events, Ctrl-C or the source's own end. What\n"
               "came until then is one run.",
    .example = "hb ingest monday.csv --run-id monday-1",
    .run = run_ingest,
};
