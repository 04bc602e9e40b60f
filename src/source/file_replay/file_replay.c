/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, opening, running. Where to go on is in the topic of the last record (tail.h); nothing else
 * is kept. */
#include "source/file_replay/file_replay.h"

#include "base/mem.h"
#include "base/num.h"
#include "os/file.h"
#include "source/file_replay/replay.h"

#include <string.h>

static const char *const format_names[] = {"auto", "jsonl", "csv", NULL};
static const char *const start_names[] = {"beginning", "end", NULL};

static const hb_field fields[] = {
    {.key = "path",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_file_replay_config, path),
     .required = true,
     .max = 4000,
     .doc = "The file. A plain one: compressed files must be unpacked first."},
    {.key = "format",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_file_replay_config, format),
     .names = format_names,
     .def = "auto",
     .doc = "jsonl, csv, or auto: by the file's ending, else by each line's first characters."},
    {.key = "speed",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_file_replay_config, speed),
     .max = 30,
     .def = "max",
     .doc = "max: as fast as they are judged; 1x: as far apart as their times are; 10x, 0.5x: that "
            "much faster or slower."},
    {.key = "follow",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_file_replay_config, follow),
     .def = "false",
     .doc = "Wait for more at the end, through truncation and rotation, as tail -F does."},
    {.key = "start",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_file_replay_config, start),
     .names = start_names,
     .def = "beginning",
     .doc = "Where to begin the first time. Later it goes on behind the last line taken."},
    {0},
};

static void defaults(void *config)
{
    hb_file_replay_config *c = config;
    *c = (hb_file_replay_config){.path = "", .speed = "max"};
}

static bool read_speed(const char *text, double *ret_factor)
{
    hb_str s = hb_str_of(text);
    double v = 0;
    if (hb_str_eq_c(s, "max")) {
        *ret_factor = 0;
        return true;
    }
    s.n -= s.n > 1 && s.p[s.n - 1] == 'x';
    if (hb_num_parse(s.p, s.n, &v) != HB_NUM_FINITE || !(v >= 1e-6 && v <= 1e9)) {
        return false;
    }
    *ret_factor = v;
    return true;
}

static hb_status check(const void *config, hb_error *err)
{
    const hb_file_replay_config *c = config;
    double factor = 0;
    if (!*c->path) {
        return HB_FAIL(err, HB_E_CONFIG, "'path' is empty; it must name the file to read");
    }
    if (!read_speed(c->speed, &factor)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "'speed' must be max, or a factor such as 1x, 10x or 0.5x, "
                       "got '%.30s'",
                       c->speed);
    }
    return HB_OK;
}

static bool ends_with_one_of(const char *path, const char *const *endings)
{
    for (size_t i = 0; endings[i]; i++) {
        if (hb_str_ends(hb_str_of(path), endings[i])) {
            return true;
        }
    }
    return false;
}

static void format(const void *config, hb_decode_options *ret)
{
    static const char *const json[] = {".jsonl", ".ndjson", ".json", NULL};
    static const char *const csv[] = {".csv", NULL};
    const hb_file_replay_config *c = config;
    bool is_json = c->format == HB_REPLAY_JSONL ||
                   (c->format == HB_REPLAY_AUTO && ends_with_one_of(c->path, json));
    bool is_csv = c->format == HB_REPLAY_CSV ||
                  (c->format == HB_REPLAY_AUTO && ends_with_one_of(c->path, csv));
    *ret = (hb_decode_options){.payload = is_json  ? HB_PAYLOAD_JSON
                                          : is_csv ? HB_PAYLOAD_CSV
                                                   : HB_PAYLOAD_AUTO};
}

static void close_source(hb_source *s)
{
    if (s) {
        hb_tail_close(&s->tail);
        hb_decoder_free(s->decoder);
        hb_telemetry_schema_free(s->no_names);
        hb_free(s->path);
        hb_free(s);
    }
}

static hb_status set_up(hb_source *s, const hb_source_env *env, hb_error *err)
{
    hb_decode_options options;
    HB_TRY(check(&s->config, err));
    HB_TRY(hb_path_join(env->base_dir, s->config.path, &s->path, err));
    read_speed(s->config.speed, &s->factor);
    if (s->factor > 0) {
        format(&s->config, &options);
        HB_TRY(hb_telemetry_schema_empty(&s->no_names, err));
        HB_TRY(hb_decoder_new(&options, s->no_names, &s->decoder, err));
    }
    if (!s->config.follow || hb_path_exists(s->os, s->path)) {
        hb_tail probe = {.buf = NULL}; /* what is wrong with it is told at the start */
        HB_TRY(hb_tail_open(&probe, s->os, s->path, 0, err));
        hb_tail_close(&probe);
    }
    s->has_last = env->last && hb_tail_place_parse(env->last->topic, &s->last);
    return HB_OK;
}

static hb_status open_source(const hb_source_env *env, const void *config, hb_source **ret_source,
                             hb_error *err)
{
    hb_source *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = env->os;
    memcpy(&s->config, config, sizeof s->config);
    s->paced = HB_TIME_NONE;
    hb_status status = set_up(s, env, err);
    if (status != HB_OK) {
        close_source(s);
        return status;
    }
    *ret_source = s;
    return HB_OK;
}

static hb_status run(hb_source *s, const hb_source_sink *sink, hb_error *err)
{
    bool go_on = true;
    unsigned waited = 0;
    sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    HB_TRY(hb_replay_begin(s, sink, &go_on, err));
    while (go_on) {
        HB_TRY(hb_replay_lines(s, sink, !s->config.follow, &go_on, err));
        if (!go_on) {
            break;
        }
        if (!s->config.follow && s->is_past) {
            HB_TRY(hb_replay_next_file(s, sink, &go_on, err));
            continue;
        }
        if (!s->config.follow) {
            sink->state(sink->ctx, HB_SOURCE_DONE, "");
            return HB_OK;
        }
        go_on = sink->sleep_ms(sink->ctx, HB_REPLAY_POLL_MS);
        if (go_on) {
            HB_TRY(hb_replay_look_around(s, sink, &waited, &go_on, err));
        }
    }
    return HB_OK;
}

static bool ends(const void *config)
{
    const hb_file_replay_config *c = config;
    return !c->follow;
}

const hb_source_ops hb_source_file_replay = {
    .name = "file_replay",
    .summary = "lines of a file, at their own pace or faster; followed through rotation",
    .fields = fields,
    .config_size = sizeof(hb_file_replay_config),
    .defaults = defaults,
    .check = check,
    .format = format,
    .ends = ends,
    .open = open_source,
    .run = run,
    .close = close_source,
};
