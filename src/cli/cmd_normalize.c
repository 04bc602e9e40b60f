/* SPDX-License-Identifier: Apache-2.0 */
/* hb normalize: telemetry_schema.yaml applied to a file of events. Lines are read as the live
 * sources' messages are, so what it shows is what the daemon would see. */
#include "cli/capture.h"
#include "cli/commands.h"

#include "base/json_write.h"
#include "base/map.h"
#include "base/mem.h"
#include "input/json/json.h"
#include "input/json/values.h"
#include "source/decode.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 1 << 20, NAME_BYTES = 256 << 20, OUTPUT_MAX_BYTES = 1 << 30 };

typedef enum input_format {
    INPUT_AUTO,
    INPUT_JSONL,
    INPUT_CSV,
    INPUT_MQTT,
    INPUT_SYSLOG
} input_format;

static const char *const input_words[] = {"auto", "jsonl", "csv", "mqtt", "syslog", NULL};

typedef struct normalize_opts {
    const char *schema;
    const char *input;
    const char *output;
    const char *arrived;
    int format;
} normalize_opts;

/* The last value of each metric, for the folder form. */
typedef struct last_value {
    char *name;
    char *unit;
    hb_live_kind kind;
    double value;
} last_value;

typedef struct normalizer {
    const normalize_opts *o;
    hb_time arrived; /* HB_TIME_NONE: not said */
    hb_telemetry_schema *schema;
    hb_decoder *decoder;
    hb_json_bytes bytes;
    hb_buf out;
    void (*write)(struct normalizer *n, const hb_live_sample *s);
    hb_arena names;
    hb_map by_name;
    last_value *last;
    size_t n_last;
    size_t cap_last;
    uint64_t lines;
    uint64_t kinds[HB_LIVE_TEXT + 1];
    hb_reasons unreadable;
} normalizer;

static void put_field(hb_buf *out, hb_str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.n && plain; i++) {
        plain = s.p[i] != ',' && s.p[i] != '"' && s.p[i] != '\n' && s.p[i] != '\r';
    }
    if (plain) {
        hb_buf_str(out, s);
        return;
    }
    hb_buf_ch(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            hb_buf_ch(out, '"');
        }
        hb_buf_ch(out, s.p[i]);
    }
    hb_buf_ch(out, '"');
}

/* Empty where there is no value; NaN and infinities by name. */
static void put_value(hb_buf *out, hb_live_kind kind, double value)
{
    if (kind == HB_LIVE_VALUE) {
        hb_buf_f64(out, value);
    } else if (kind == HB_LIVE_NAN || kind == HB_LIVE_INF) {
        hb_buf_c(out, kind == HB_LIVE_NAN ? "NaN" : "Infinity");
    }
}

static void write_csv(normalizer *n, const hb_live_sample *s)
{
    char time[HB_TIME_TEXT] = "";
    put_field(&n->out, s->name);
    hb_buf_ch(&n->out, ',');
    put_value(&n->out, s->kind, s->value);
    hb_buf_ch(&n->out, ',');
    put_field(&n->out, s->unit);
    if (s->timed) {
        hb_time_print(s->t, time);
    }
    hb_buf_fmt(&n->out, ",%s\n", time);
}

static void write_jsonl(normalizer *n, const hb_live_sample *s)
{
    char time[HB_TIME_TEXT];
    hb_json j;
    hb_json_init(&j, &n->out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "metric");
    hb_json_str(&j, s->name);
    if (s->timed) {
        hb_time_print(s->t, time);
        hb_json_kc(&j, "timestamp", time);
    }
    hb_json_key(&j, "unit");
    hb_json_str(&j, s->unit);
    hb_json_key(&j, "value");
    if (s->kind == HB_LIVE_VALUE) {
        hb_json_f64(&j, s->value);
    } else if (s->kind == HB_LIVE_NAN || s->kind == HB_LIVE_INF) {
        hb_json_c(&j, s->kind == HB_LIVE_NAN ? "NaN" : "Infinity");
    } else {
        hb_json_null(&j);
    }
    hb_json_end(&j);
    hb_buf_ch(&n->out, '\n');
}

static hb_status remember(normalizer *n, const hb_live_sample *s, hb_error *err)
{
    size_t i = 0;
    if (!hb_map_get(&n->by_name, s->name, &i)) {
        i = n->n_last;
        HB_TRY(HB_GROW(n->last, n->cap_last, i + 1, NAMES_MAX, "metrics", err));
        n->last[i] = (last_value){.name = hb_arena_str(&n->names, s->name)};
        if (!n->last[i].name) {
            return HB_NOMEM(err);
        }
        HB_TRY(hb_map_put(&n->by_name, hb_str_of(n->last[i].name), i, err));
        n->n_last++;
    }
    last_value *l = &n->last[i];
    if (!l->unit || !hb_str_eq_c(s->unit, l->unit)) {
        l->unit = hb_arena_str(&n->names, s->unit);
        if (!l->unit) {
            return HB_NOMEM(err);
        }
    }
    l->kind = s->kind;
    l->value = s->value;
    return HB_OK;
}

static hb_status take_sample(void *ctx, const hb_live_sample *s, hb_error *err)
{
    normalizer *n = ctx;
    n->kinds[s->kind]++;
    if (!n->write) {
        return remember(n, s, err);
    }
    n->write(n, s);
    return hb_buf_check(&n->out, err);
}

/* "TOPIC PAYLOAD" as `mosquitto_sub -v` prints it. */
static void split_topic(hb_str line, hb_record *r)
{
    size_t at = hb_str_find_ch(line, ' ');
    r->topic = (hb_str){line.p, at};
    at += at < line.n;
    r->payload = (hb_str){line.p + at, line.n - at};
}

static hb_status take_line(normalizer *n, hb_str line, hb_error *err)
{
    const char *bad = NULL;
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("normalize"),
                   .topic = HB_STR(""),
                   .payload = line,
                   .event = HB_TIME_NONE,
                   .arrival = n->arrived};
    if (hb_str_trim(line).n == 0) {
        return HB_OK;
    }
    if (n->o->format == INPUT_MQTT) {
        split_topic(line, &r);
    }
    n->lines++;
    HB_TRY(hb_decode(n->decoder, &r, take_sample, n, &bad, err));
    if (bad) {
        hb_reason_count(&n->unreadable, bad, 1);
    }
    return HB_OK;
}

static hb_status read_lines(normalizer *n, hb_error *err)
{
    char c = 0;
    for (;;) {
        hb_str line;
        size_t whole = 0;
        HB_TRY(hb_json_bytes_peek(&n->bytes, &c, err));
        if (!c) {
            return HB_OK;
        }
        HB_TRY(hb_json_bytes_line(&n->bytes, &line, &whole, err));
        HB_TRY(take_line(n, line, err));
        hb_json_bytes_skip(&n->bytes, whole);
    }
}

static hb_status read_input(hb_app *app, normalizer *n, hb_error *err)
{
    hb_stream *stream = NULL;
    HB_TRY(hb_stream_open(app->os, n->o->input, &stream, err));
    n->bytes = (hb_json_bytes){
        .stream = stream, .path = n->o->input, .line = 1, .max = HB_JSON_MAX_RECORD};
    hb_status status = read_lines(n, err);
    hb_json_bytes_release(&n->bytes);
    hb_stream_close(stream);
    return status;
}

static hb_decode_options format_of(const normalize_opts *o)
{
    static const hb_decode_options options[] = {
        [INPUT_AUTO] = {.payload = HB_PAYLOAD_CSV},
        [INPUT_JSONL] = {.payload = HB_PAYLOAD_JSON},
        [INPUT_CSV] = {.payload = HB_PAYLOAD_CSV},
        [INPUT_MQTT] = {.payload = HB_PAYLOAD_AUTO, .topic_is_name = true},
        [INPUT_SYSLOG] = {.payload = HB_PAYLOAD_SYSLOG},
    };
    static const char *const json[] = {".jsonl", ".json", ".ndjson"};
    static const char *const packed[] = {"", ".gz", ".zst", ".zip"};
    hb_str name = hb_str_of(o->input);
    for (size_t i = 0; o->format == INPUT_AUTO && i < sizeof packed / sizeof *packed; i++) {
        hb_str bare = {name.p, name.n - strlen(packed[i]) * hb_str_ends(name, packed[i])};
        for (size_t k = 0; k < sizeof json / sizeof *json; k++) {
            if (hb_str_ends(bare, json[k])) {
                return options[INPUT_JSONL];
            }
        }
    }
    return options[o->format];
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const last_value *)a)->name, ((const last_value *)b)->name);
}

/* The folder form, as the original: the last value of each metric, sorted by name. */
static hb_status write_folder(hb_app *app, normalizer *n, hb_error *err)
{
    char *path = NULL;
    qsort(n->last, n->n_last, sizeof *n->last, by_name);
    hb_buf_c(&n->out, "metric,value,unit,tags\n");
    for (size_t i = 0; i < n->n_last; i++) {
        put_field(&n->out, hb_str_of(n->last[i].name));
        hb_buf_ch(&n->out, ',');
        put_value(&n->out, n->last[i].kind, n->last[i].value);
        hb_buf_ch(&n->out, ',');
        put_field(&n->out, hb_str_of(n->last[i].unit));
        hb_buf_c(&n->out, ",\n");
    }
    HB_TRY(hb_buf_check(&n->out, err));
    HB_TRY(hb_dir_make(app->os, n->o->output, err));
    HB_TRY(hb_path_join(n->o->output, "metrics_normalized.csv", &path, err));
    hb_status status = hb_file_write_atomic(app->os, path, n->out.p, n->out.n, 0644, err);
    hb_free(path);
    return status;
}

static void tell(hb_app *app, const normalizer *n)
{
    static const char *const words[] = {"values", "missing", "NaN", "infinite", "text"};
    static const char *const keys[] = {"values", "missing", "nan", "infinite", "text"};
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "output", n->o->output);
        hb_json_ku(&j, "events", n->lines);
        for (size_t i = 0; i <= HB_LIVE_TEXT; i++) {
            hb_json_ku(&j, keys[i], n->kinds[i]);
        }
        hb_json_kc(&j, "schema_sha256", hb_telemetry_schema_digest(n->schema));
        hb_json_key(&j, "unreadable");
        hb_json_obj(&j);
        for (size_t i = 0; i < n->unreadable.n; i++) {
            hb_json_ku(&j, n->unreadable.list[i].reason, n->unreadable.list[i].n);
        }
        hb_json_end(&j);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
    }
    hb_buf text;
    hb_buf_init(&text, 1000);
    for (size_t i = 0; i <= HB_LIVE_TEXT; i++) {
        if (i == HB_LIVE_VALUE || n->kinds[i]) {
            hb_buf_fmt(&text, ", %llu %s", (unsigned long long)n->kinds[i], words[i]);
        }
    }
    hb_say(app, "%llu events%s", (unsigned long long)n->lines, text.p);
    hb_buf_release(&text);
    for (size_t i = 0; i < n->unreadable.n; i++) {
        hb_say(app, "%llu could not be read: %s", (unsigned long long)n->unreadable.list[i].n,
               n->unreadable.list[i].reason);
    }
}

static hb_status normalize(hb_app *app, normalizer *n, hb_error *err)
{
    const char *out = n->o->output;
    const hb_decode_options format = format_of(n->o);
    const bool csv = hb_str_ends(hb_str_of(out), ".csv") || strcmp(out, "-") == 0;
    const bool jsonl = hb_str_ends(hb_str_of(out), ".jsonl");
    n->write = csv ? write_csv : jsonl ? write_jsonl : NULL;
    const char *arrived = n->o->arrived;
    n->arrived = HB_TIME_NONE;
    if (arrived && !hb_time_parse(arrived, strlen(arrived), &n->arrived, NULL)) {
        return HB_FAIL(err, HB_E_USAGE, "--arrived: '%.60s' is no time; write 2026-11-27T08:00:00Z",
                       arrived);
    }
    HB_TRY(hb_capture_schema(app, n->o->schema, &n->schema, err));
    HB_TRY(hb_decoder_new(&format, n->schema, &n->decoder, err));
    hb_buf_c(&n->out, csv ? "metric,value,unit,timestamp\n" : "");
    HB_TRY(read_input(app, n, err));
    uint64_t samples = 0;
    for (size_t i = 0; i <= HB_LIVE_TEXT; i++) {
        samples += n->kinds[i];
    }
    if (samples == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds no event that could be read (%llu lines%s%s)",
                       n->o->input, (unsigned long long)n->lines, n->unreadable.n ? ": " : "",
                       n->unreadable.n ? n->unreadable.list[0].reason : "");
    }
    hb_status status = HB_OK;
    if (strcmp(out, "-") == 0) {
        hb_buf_add(&app->out, n->out.p, n->out.n);
    } else {
        status = n->write ? hb_file_write_atomic(app->os, out, n->out.p, n->out.n, 0644, err)
                          : write_folder(app, n, err);
    }
    if (status == HB_OK) {
        tell(app, n);
    }
    return status;
}

static hb_status run_normalize(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                               hb_error *err)
{
    (void)args;
    (void)ret_exit;
    normalizer n = {.o = opts};
    hb_buf_init(&n.out, OUTPUT_MAX_BYTES);
    hb_arena_init(&n.names, NAME_BYTES);
    hb_map_init(&n.by_name, NAMES_MAX);
    hb_status status = normalize(app, &n, err);
    hb_decoder_free(n.decoder);
    hb_telemetry_schema_free(n.schema);
    hb_map_release(&n.by_name);
    hb_arena_release(&n.names);
    hb_free(n.last);
    hb_buf_release(&n.out);
    return status;
}

static const hb_opt table[] = {
    {.name = "input",
     .letter = 'i',
     .kind = HB_OPT_STRING,
     .offset = offsetof(normalize_opts, input),
     .arg = "FILE",
     .required = true,
     .help = "events, one a line; also .gz, .zst, .zip, - for standard input"},
    {.name = "output",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(normalize_opts, output),
     .arg = "PATH",
     .required = true,
     .help = "FILE.csv or FILE.jsonl: every event; - : the CSV; else a folder that gets "
             "metrics_normalized.csv, the last value of each metric"},
    {.name = "schema",
     .kind = HB_OPT_STRING,
     .offset = offsetof(normalize_opts, schema),
     .arg = "FILE",
     .env = "HB_TELEMETRY_SCHEMA",
     .help = "names and units; default: telemetry_schema.yaml in the workspace"},
    {.name = "format",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(normalize_opts, format),
     .values = input_words,
     .help = "of the lines; auto: .jsonl is JSON, else CSV; mqtt: \"topic payload\" as "
             "mosquitto_sub -v prints them"},
    {.name = "arrived",
     .kind = HB_OPT_STRING,
     .offset = offsetof(normalize_opts, arrived),
     .arg = "TIME",
     .help = "when the lines came: log messages of the old form have neither year nor zone; "
             "without it their time stays empty"},
    {0},
};

const hb_cmd hb_cmd_normalize = {
    .name = "normalize",
    .group = "Judge a run",
    .summary = "apply telemetry_schema.yaml to a file of events",
    .opts = table,
    .opts_size = sizeof(normalize_opts),
    .details = "Names, units and values come out as the daemon would see them; messages are\n"
               "read as docs/formats/live_payloads.md says. Nothing is left out without a\n"
               "word: events without a value keep their line with an empty one, and what\n"
               "could not be read is counted on standard error (and with --json).",
    .example = "hb normalize --input live.csv --output -",
    .run = run_normalize,
};
