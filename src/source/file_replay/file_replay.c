/* SPDX-License-Identifier: Apache-2.0 */
/* Where to go on is in the topic of the last record (tail.h); nothing else is kept. A file is left
 * for the next one only when the next one has begun to be written, because a writer goes on into a
 * renamed file until it opens the new one. */
#include "source/file_replay/file_replay.h"

#include "base/mem.h"
#include "base/num.h"
#include "os/file.h"
#include "source/file_replay/rotated.h"
#include "source/file_replay/tail.h"
#include "source/payload.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POLL_MS = 100, PATIENCE = 20 /* polls for a new file that stays empty */ };

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

struct hb_source {
    const hb_os *os;
    hb_file_replay_config config;
    char *path;
    double factor; /* 0 = as fast as possible */
    hb_tail tail;
    uint64_t first; /* where to begin in the first file */
    hb_rotated before;
    bool rest_lost;
    bool from_end;
    hb_telemetry_schema *no_names; /* pacing: only times are looked at */
    hb_decoder *decoder;
    hb_time paced;      /* time of the first event */
    int64_t paced_from; /* monotonic, when it was handed over */
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
        hb_rotated_free(&s->before);
        hb_decoder_free(s->decoder);
        hb_telemetry_schema_free(s->no_names);
        hb_free(s->path);
        hb_free(s);
    }
}

/* Where the last record says to go on: in the file, in one it was renamed to, or nowhere. */
static hb_status find_place(hb_source *s, const hb_record *last, hb_error *err)
{
    hb_tail_place place;
    if (!last || !hb_tail_place_parse(last->topic, &place)) {
        s->from_end = s->config.start == HB_REPLAY_END;
        return HB_OK;
    }
    if (hb_tail_holds(s->os, s->path, &place, true)) {
        s->first = place.next;
        return HB_OK;
    }
    HB_TRY(hb_rotated_find(&s->before, s->os, s->path, &place, err));
    s->first = s->before.n ? place.next : 0;
    s->rest_lost = s->before.n == 0;
    return HB_OK;
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
    return find_place(s, env->last, err);
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

/* Pacing. */

static hb_status first_time(void *ctx, const hb_live_sample *sample, hb_error *err)
{
    (void)err;
    hb_time *t = ctx;
    if (*t == HB_TIME_NONE && sample->timed) {
        *t = sample->t;
    }
    return HB_OK;
}

/* Waits until a line is due. False: the program is ending. */
static bool wait_until_due(hb_source *s, const hb_source_sink *sink, const hb_record *record)
{
    hb_time t = HB_TIME_NONE;
    const char *bad = NULL;
    HB_IGNORE(hb_decode(s->decoder, record, first_time, &t, &bad, NULL)); /* no time: due at once */
    if (t == HB_TIME_NONE) {
        return true;
    }
    if (s->paced == HB_TIME_NONE) {
        s->paced = t;
        s->paced_from = s->os->monotonic_ns();
        return true;
    }
    double due_ns = ((double)t - (double)s->paced) / s->factor;
    for (;;) {
        double left_ms = (due_ns - (double)(s->os->monotonic_ns() - s->paced_from)) / 1e6;
        if (!(left_ms >= 1)) {
            return true;
        }
        if (!sink->sleep_ms(sink->ctx, left_ms < 60000 ? (uint32_t)left_ms : 60000)) {
            return false;
        }
    }
}

/* Reading. `*io_go_on` becomes false when the program is ending. */

static hb_status put(hb_source *s, const hb_source_sink *sink, hb_record_kind kind, hb_str payload,
                     bool *io_go_on, hb_error *err)
{
    char topic[HB_TAIL_PLACE_TEXT];
    hb_record record = {.kind = kind, .payload = payload, .event = HB_TIME_NONE};
    record.topic = (hb_str){topic, hb_tail_place_print(&s->tail.place, topic)};
    record.arrival = s->os->now();
    if (s->factor > 0 && kind == HB_RECORD_MESSAGE && !wait_until_due(s, sink, &record)) {
        *io_go_on = false;
        return HB_OK;
    }
    hb_error why = {0};
    hb_status status = sink->put(sink->ctx, &record, &why);
    if (status == HB_E_LIMIT) {
        *io_go_on = false;
        return HB_OK;
    }
    if (status != HB_OK && err) {
        *err = why;
    }
    return status;
}

/* Every line there is now. */
static hb_status take_lines(hb_source *s, const hb_source_sink *sink, bool all, bool *io_go_on,
                            hb_error *err)
{
    while (*io_go_on && !sink->stopping(sink->ctx)) {
        hb_tail_got got = HB_TAIL_NOTHING;
        hb_str line;
        HB_TRY(hb_tail_line(&s->tail, all, &got, &line, err));
        if (got == HB_TAIL_NOTHING) {
            return HB_OK;
        }
        if (got == HB_TAIL_TOO_LONG) {
            sink->lost(sink->ctx, "too_large", 1);
        } else if (hb_str_trim(line).n) {
            HB_TRY(put(s, sink, HB_RECORD_MESSAGE, line, io_go_on, err));
        }
    }
    *io_go_on = false;
    return HB_OK;
}

static hb_status take_rotated(hb_source *s, const hb_source_sink *sink, const hb_rotated *files,
                              size_t from, uint64_t first, bool *io_go_on, hb_error *err)
{
    for (size_t i = from; i < files->n && *io_go_on; i++) {
        hb_tail_close(&s->tail);
        HB_TRY(hb_tail_open(&s->tail, s->os, files->paths[i], i == from ? first : 0, err));
        HB_TRY(take_lines(s, sink, true, io_go_on, err));
    }
    return HB_OK;
}

/* The file itself from `next` on; waits for it where it is followed. */
static hb_status open_file(hb_source *s, const hb_source_sink *sink, uint64_t next, bool *io_go_on,
                           hb_error *err)
{
    struct stat st;
    bool told = false;
    hb_tail_close(&s->tail);
    while (s->config.follow && s->os->stat(s->path, &st) != 0 && errno == ENOENT) {
        if (!told) {
            char why[200];
            snprintf(why, sizeof why, "waiting for the file '%.150s'", s->path);
            sink->state(sink->ctx, HB_SOURCE_RETRYING, why);
            told = true;
        }
        if (!sink->sleep_ms(sink->ctx, POLL_MS)) {
            *io_go_on = false;
            return HB_OK;
        }
    }
    HB_TRY(hb_tail_open(&s->tail, s->os, s->path, next, err));
    if (told) {
        sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    }
    return HB_OK;
}

/* From the end: what follows is read as the header says, which stands at the beginning. */
static hb_status put_header(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    hb_tail head = {.buf = NULL};
    hb_tail_got got = HB_TAIL_NOTHING;
    hb_str line;
    HB_TRY(hb_tail_open(&head, s->os, s->path, 0, err));
    hb_status status = hb_tail_line(&head, false, &got, &line, err);
    if (status == HB_OK && got == HB_TAIL_LINE && hb_payload_csv_is_header(line)) {
        status = put(s, sink, HB_RECORD_MESSAGE, line, io_go_on, err);
    }
    hb_tail_close(&head);
    return status;
}

static hb_status go_to_end(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    struct stat st;
    hb_tail_got got = HB_TAIL_NOTHING;
    hb_str line;
    char before = '\n';
    if (s->os->fstat(s->tail.fd, &st) != 0 || st.st_size == 0) {
        return HB_OK;
    }
    if (s->os->pread(s->tail.fd, &before, 1, st.st_size - 1) != 1) {
        return HB_OK;
    }
    hb_tail_close(&s->tail);
    HB_TRY(hb_tail_open(&s->tail, s->os, s->path, (uint64_t)st.st_size, err));
    if (before != '\n') { /* the rest of a line that had begun before */
        while (got == HB_TAIL_NOTHING && *io_go_on) {
            HB_TRY(hb_tail_line(&s->tail, false, &got, &line, err));
            *io_go_on =
                got != HB_TAIL_NOTHING || (s->config.follow && sink->sleep_ms(sink->ctx, POLL_MS));
        }
    }
    return *io_go_on ? put_header(s, sink, io_go_on, err) : HB_OK;
}

/* At the end of what is followed: was it cut off, or is there another file under its name? */
static hb_status look_around(hb_source *s, const hb_source_sink *sink, unsigned *io_waited,
                             bool *io_go_on, hb_error *err)
{
    struct stat st;
    bool cut = !hb_tail_is_same(&s->tail);
    bool there = s->os->stat(s->path, &st) == 0;
    bool other = there && (uint64_t)st.st_ino != s->tail.place.inode;
    if (!cut && !other) {
        *io_waited = 0;
        return HB_OK;
    }
    if (!cut && st.st_size == 0 && ++*io_waited < PATIENCE) {
        return HB_OK;
    }
    *io_waited = 0;
    if (!cut) {
        HB_TRY(take_lines(s, sink, true, io_go_on, err)); /* what came in the meantime */
    }
    if (!*io_go_on) {
        return HB_OK;
    }
    hb_rotated files;
    HB_TRY(hb_rotated_find(&files, s->os, s->path, &s->tail.place, err));
    if (cut && files.n == 0 && s->tail.to > s->tail.from) {
        sink->lost(sink->ctx, "truncated", 1); /* a line without its end */
    }
    /* The first of them is the file at hand, read to its end, or the copy of one cut off. */
    hb_status status =
        take_rotated(s, sink, &files, cut ? 0 : 1, cut ? s->tail.place.next : 0, io_go_on, err);
    hb_rotated_free(&files);
    HB_TRY(status);
    return *io_go_on ? open_file(s, sink, 0, io_go_on, err) : HB_OK;
}

static hb_status start(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    static const hb_str what = {"the file was rotated away before all of it was read, and is not "
                                "in its folder any more",
                                86};
    HB_TRY(take_rotated(s, sink, &s->before, 0, s->first, io_go_on, err));
    if (!*io_go_on) {
        return HB_OK;
    }
    HB_TRY(open_file(s, sink, s->before.n ? 0 : s->first, io_go_on, err));
    if (*io_go_on && s->rest_lost) {
        sink->lost(sink->ctx, "rotated_away", 1);
        HB_TRY(put(s, sink, HB_RECORD_LOSS, what, io_go_on, err));
    }
    return *io_go_on && s->from_end ? go_to_end(s, sink, io_go_on, err) : HB_OK;
}

static hb_status run(hb_source *s, const hb_source_sink *sink, hb_error *err)
{
    bool go_on = true;
    unsigned waited = 0;
    sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    HB_TRY(start(s, sink, &go_on, err));
    while (go_on) {
        HB_TRY(take_lines(s, sink, !s->config.follow, &go_on, err));
        if (!go_on) {
            break;
        }
        if (!s->config.follow) {
            sink->state(sink->ctx, HB_SOURCE_DONE, "");
            return HB_OK;
        }
        go_on = sink->sleep_ms(sink->ctx, POLL_MS);
        if (go_on) {
            HB_TRY(look_around(s, sink, &waited, &go_on, err));
        }
    }
    return HB_OK;
}

const hb_source_ops hb_source_file_replay = {
    .name = "file_replay",
    .summary = "lines of a file, at their own pace or faster; followed through rotation",
    .fields = fields,
    .config_size = sizeof(hb_file_replay_config),
    .defaults = defaults,
    .check = check,
    .format = format,
    .bounded = true,
    .open = open_source,
    .run = run,
    .close = close_source,
};
