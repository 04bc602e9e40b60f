/* SPDX-License-Identifier: Apache-2.0 */
#include "input/events.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/json/json.h"
#include "input/json/values.h"

#include <stdio.h>
#include <string.h>

enum { PROGRESS_LINES = 4096 };

typedef struct counter {
    const hb_metric_def *def;
    uint32_t channel;
    uint64_t n;
} counter;

typedef struct reader {
    hb_json_bytes bytes;
    hb_run_builder *b;
    counter *counters;
    size_t n_counters;
    size_t cap_counters;
    uint64_t events;
    uint64_t lines;
} reader;

hb_status hb_events_beside(const hb_os *os, const char *path, char **ret_path, hb_error *err)
{
    static const char *const names[] = {"events.jsonl", "events.jsonl.gz", "events.jsonl.zst"};
    char *dir = NULL;
    *ret_path = NULL;
    if (hb_path_is_dir(os, path)) {
        dir = hb_strdup(path);
        if (!dir) {
            return HB_NOMEM(err);
        }
    } else {
        HB_TRY(hb_path_dir(path, &dir, err));
    }
    hb_status status = HB_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == HB_OK && !*ret_path; i++) {
        char *there = NULL;
        bool itself = strcmp(hb_path_base(path), names[i]) == 0;
        if (itself) {
            break;
        }
        status = hb_path_join(dir, names[i], &there, err);
        if (status == HB_OK && hb_path_exists(os, there) && !hb_path_is_dir(os, there)) {
            *ret_path = there;
        } else {
            hb_free(there);
        }
    }
    hb_free(dir);
    return status;
}

/* "a.b.c": a member of that very name, else c in b in a. */
static const json_t *member(const json_t *object, hb_str path)
{
    const json_t *v = json_object_getn(object, path.p, path.n);
    for (size_t i = 0; !v && i < path.n; i++) {
        if (path.p[i] == '.') {
            const json_t *below = json_object_getn(object, path.p, i);
            v = json_is_object(below) ? member(below, (hb_str){path.p + i + 1, path.n - i - 1})
                                      : NULL;
        }
    }
    return v;
}

static bool equals(const json_t *v, const char *wanted)
{
    double number = 0;
    size_t n = strlen(wanted);
    switch (v ? json_typeof(v) : JSON_NULL) {
    case JSON_STRING:
        return json_string_length(v) == n && memcmp(json_string_value(v), wanted, n) == 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return hb_num_parse(wanted, n, &number) == HB_NUM_FINITE && json_number_value(v) == number;
    case JSON_TRUE:
        return strcmp(wanted, "true") == 0;
    case JSON_FALSE:
        return strcmp(wanted, "false") == 0;
    case JSON_NULL:
        return v && strcmp(wanted, "null") == 0;
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return false;
}

static bool counts(const hb_metric_def *def, const json_t *event)
{
    for (size_t i = 0; i < def->n_events; i++) {
        if (!equals(member(event, hb_str_of(def->events[i].field)), def->events[i].value)) {
            return false;
        }
    }
    return true;
}

static hb_status reject(reader *r, const char *reason, hb_str text, hb_error *err)
{
    for (size_t i = 0; i < r->n_counters; i++) {
        HB_TRY(hb_run_builder_uncounted(r->b, r->counters[i].channel, reason, text, r->bytes.line,
                                        err));
    }
    return hb_run_builder_reject_row(r->b, reason, 1, err);
}

static hb_status take_line(reader *r, hb_str line, hb_error *err)
{
    json_error_t why;
    json_t *event = hb_json_value(line, &why);
    if (!json_is_object(event)) {
        hb_status status =
            reject(r, event ? "event that is no object" : "event that is no JSON", line, err);
        json_decref(event);
        return status;
    }
    r->events++;
    for (size_t i = 0; i < r->n_counters; i++) {
        r->counters[i].n += counts(r->counters[i].def, event);
    }
    json_decref(event);
    return HB_OK;
}

static hb_status read_lines(reader *r, const hb_ingest_options *o, uint64_t total, hb_error *err)
{
    char c = 0;
    for (;;) {
        HB_TRY(hb_json_bytes_peek(&r->bytes, &c, err));
        if (!c) {
            return HB_OK;
        }
        hb_str line;
        size_t whole = 0;
        HB_TRY(hb_json_bytes_line(&r->bytes, &line, &whole, err));
        HB_TRY(take_line(r, hb_str_trim(line), err));
        hb_json_bytes_skip(&r->bytes, whole);
        if (o->progress && ++r->lines % PROGRESS_LINES == 0) {
            o->progress(o->progress_ctx, hb_stream_raw_bytes(r->bytes.stream), total);
        }
    }
}

static hb_status find_counters(reader *r, hb_error *err)
{
    const hb_registry *registry = hb_run_builder_registry(r->b);
    for (size_t i = 0; i < hb_registry_count(registry); i++) {
        const hb_metric_def *def = hb_registry_at(registry, i);
        if (!def->n_events) {
            continue;
        }
        HB_TRY(HB_GROW(r->counters, r->cap_counters, r->n_counters + 1, HB_RUN_MAX_METRICS,
                       "metrics that count events", err));
        counter *c = &r->counters[r->n_counters];
        *c = (counter){.def = def};
        HB_TRY(
            hb_run_builder_channel(r->b, hb_str_of(def->name), HB_STR(""), 0, 0, &c->channel, err));
        r->n_counters++;
    }
    return HB_OK;
}

static hb_status tell(reader *r, hb_error *err)
{
    char value[120];
    for (size_t i = 0; i < r->n_counters; i++) {
        HB_TRY(hb_run_builder_events(r->b, r->counters[i].channel, r->counters[i].n, err));
    }
    snprintf(value, sizeof value, "%llu, counted into %zu %s", (unsigned long long)r->events,
             r->n_counters, r->n_counters == 1 ? "metric" : "metrics");
    return hb_run_builder_guess(r->b, "events", value,
                                r->n_counters
                                    ? "the file lies beside the run"
                                    : "the file lies beside the run; no metric of the registry "
                                      "declares events",
                                err);
}

static hb_status read_stream(reader *r, const hb_os *os, const hb_ingest_options *o, hb_error *err)
{
    struct stat st;
    const char *path = r->bytes.path;
    uint64_t total = os->stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
    uint64_t bytes = 0;
    char sha256[65];
    hb_str head;
    bool more = false;
    HB_TRY(hb_run_builder_file(r->b, path, "jsonl", "events", err));
    HB_TRY(find_counters(r, err));
    HB_TRY(hb_stream_peek(r->bytes.stream, 3, &head, err));
    bool mark = hb_str_starts(head, "\xef\xbb\xbf");
    HB_TRY(hb_json_bytes_more(&r->bytes, &more, err));
    r->bytes.at = mark ? 3 : 0;
    HB_TRY(read_lines(r, o, total, err));
    HB_TRY(hb_stream_digest(r->bytes.stream, &bytes, sha256, err));
    hb_run_builder_file_totals(r->b, bytes, r->events, sha256);
    return tell(r, err);
}

hb_status hb_events_read(const hb_os *os, const char *path, const hb_ingest_options *options,
                         hb_run_builder *b, hb_error *err)
{
    if (hb_run_builder_has_file(b, path)) {
        return HB_OK;
    }
    hb_stream *stream = NULL;
    HB_TRY(hb_stream_open(os, path, &stream, err));
    reader r = {.b = b,
                .bytes = {.stream = stream, .path = path, .line = 1, .max = HB_JSON_MAX_RECORD}};
    hb_status status = read_stream(&r, os, options, err);
    hb_json_bytes_release(&r.bytes);
    hb_stream_close(stream);
    hb_free(r.counters);
    return status;
}
