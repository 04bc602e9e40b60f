/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads: the source's run() and this one, which reads the journal behind it. The source is
 * told to stop by a flag that it asks for and by the end of its sleep. */
#include "cli/capture.h"

#include "base/mem.h"
#include "cli/govern_shared.h"
#include "crypto/digest.h"
#include "govern/token.h"
#include "os/file.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 50,
    OWN_JOURNAL_BYTES = 256 << 20, /* a source waits when that much is not yet read */
    CONFIG_MAX_BYTES = 16 << 10
};

typedef struct capture {
    hb_app *app;
    const hb_capture_opts *o;
    const hb_source_ops *ops;
    hb_source *source;
    hb_journal *journal;
    char *journal_dir; /* to be removed; NULL = it is the user's */
    char *state_dir;
    hb_telemetry_schema *schema;
    hb_decoder *decoder;
    hb_digest *digest;
    hb_collect *collect;
    hb_run_builder *b;
    hb_capture_counts *counts;
    uint64_t position;
    pthread_mutex_t lock; /* lost, wake */
    pthread_cond_t wake;
    atomic_bool stop;
    atomic_bool done;
    atomic_uint_fast64_t taken;
    hb_status run_status;
    hb_error run_error;
} capture;

void hb_reason_count(hb_reasons *r, const char *reason, uint64_t n)
{
    size_t i = 0;
    while (i < r->n && strcmp(r->list[i].reason, reason) != 0) {
        i++;
    }
    r->total += n;
    if (i < HB_REASONS_MAX) {
        r->n += i == r->n;
        r->list[i].reason = reason;
        r->list[i].n += n;
    }
}

hb_status hb_capture_schema(hb_app *app, const char *given, hb_telemetry_schema **ret_schema,
                            hb_error *err)
{
    const char *path = NULL;
    char *text = NULL;
    size_t len = 0;
    HB_TRY(hb_app_path(app, given, "telemetry_schema.yaml", &path, err));
    if (!given && !hb_path_exists(app->os, path)) {
        HB_TRY(hb_app_check_config(app, HB_GOVERNED_TELEMETRY, "", err));
        return hb_telemetry_schema_empty(ret_schema, err);
    }
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &len, err));
    hb_telemetry_schema *schema = NULL;
    hb_status status = hb_telemetry_schema_parse((hb_str){text, len}, path, &schema, err);
    hb_free(text);
    HB_TRY(status);
    status =
        hb_app_check_config(app, HB_GOVERNED_TELEMETRY, hb_telemetry_schema_digest(schema), err);
    if (status != HB_OK) {
        hb_telemetry_schema_free(schema);
        return status;
    }
    *ret_schema = schema;
    return HB_OK;
}

/* What a source asks of its surroundings. */

static void stop(capture *c)
{
    atomic_store(&c->stop, true);
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
    hb_journal_wake(c->journal);
}

static hb_status sink_put(void *ctx, const hb_record *record, hb_error *err)
{
    capture *c = ctx;
    hb_record r = *record;
    uint64_t position = 0;
    uint64_t n = atomic_fetch_add(&c->taken, 1);
    if (c->o->max_events && n >= c->o->max_events) {
        stop(c);
        return HB_FAIL(err, HB_E_LIMIT, "the capture is complete");
    }
    r.source = hb_str_of(c->ops->name);
    r.arrival = c->app->os->now();
    for (;;) {
        hb_status status = hb_journal_append(c->journal, &r, &position, err);
        if (status == HB_OK && n + 1 == c->o->max_events) {
            stop(c); /* at once: a source that listens may never hear of another message */
        }
        if (status != HB_E_LIMIT || atomic_load(&c->stop)) {
            return status;
        }
        hb_journal_wait_room(c->journal, WAIT_MS);
    }
}

static bool sink_stopping(void *ctx)
{
    return atomic_load(&((capture *)ctx)->stop);
}

static bool sink_sleep(void *ctx, uint32_t ms)
{
    capture *c = ctx;
    int64_t due_ns = c->app->os->monotonic_ns() + (int64_t)ms * 1000000;
    struct timespec until = {.tv_sec = (time_t)(due_ns / 1000000000),
                             .tv_nsec = (long)(due_ns % 1000000000)};
    pthread_mutex_lock(&c->lock);
    int waited = 0;
    while (!atomic_load(&c->stop) && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&c->wake, &c->lock, &until);
    }
    pthread_mutex_unlock(&c->lock);
    return !atomic_load(&c->stop);
}

static void sink_state(void *ctx, hb_source_state state, const char *why)
{
    capture *c = ctx;
    if (*why) {
        hb_say(c->app, "source %s is %s: %s", c->ops->name, hb_source_state_name(state), why);
    }
}

static void sink_lost(void *ctx, const char *reason, uint64_t n)
{
    capture *c = ctx;
    pthread_mutex_lock(&c->lock);
    hb_reason_count(&c->counts->lost, reason, n);
    pthread_mutex_unlock(&c->lock);
}

static void *source_thread(void *ctx)
{
    capture *c = ctx;
    const hb_source_sink sink = {.ctx = c,
                                 .put = sink_put,
                                 .stopping = sink_stopping,
                                 .sleep_ms = sink_sleep,
                                 .state = sink_state,
                                 .lost = sink_lost};
    c->run_status = c->ops->run(c->source, &sink, &c->run_error);
    atomic_store(&c->done, true);
    hb_journal_wake(c->journal);
    return NULL;
}

/* Reading behind it. */

static hb_status take_record(capture *c, const hb_record *r, hb_error *err)
{
    const char *bad = NULL;
    if (r->kind == HB_RECORD_LOSS) {
        return hb_run_builder_warn(c->b, "the source lost messages that were there to be read",
                                   err);
    }
    if (r->kind != HB_RECORD_MESSAGE) {
        return HB_OK;
    }
    c->counts->messages++;
    c->counts->bytes += r->payload.n;
    HB_TRY(hb_digest_add(c->digest, r->payload.p, r->payload.n, err));
    HB_TRY(hb_digest_add(c->digest, "\n", 1, err));
    HB_TRY(hb_decode(c->decoder, r, hb_collect_sample, c->collect, &bad, err));
    if (bad) {
        hb_reason_count(&c->counts->unreadable, bad, 1);
        return hb_run_builder_reject_row(c->b, bad, 1, err);
    }
    return HB_OK;
}

/* Every record until the source has returned and all of its records are read. */
static hb_status take_records(capture *c, hb_error *err)
{
    hb_journal_reader *r = NULL;
    int64_t from = c->app->os->monotonic_ns();
    HB_TRY(hb_journal_reader_open(c->journal, c->position, &r, err));
    hb_status status = HB_OK;
    while (status == HB_OK) {
        hb_record record;
        bool more = false;
        bool done = atomic_load(&c->done); /* before looking: what it put last is then seen */
        double elapsed_s = (double)(c->app->os->monotonic_ns() - from) / 1e9;
        bool enough =
            (c->o->duration_s > 0 && elapsed_s >= c->o->duration_s) || hb_term_stop_wanted() != 0;
        if (enough && !atomic_load(&c->stop)) {
            stop(c);
        }
        status = hb_journal_next(r, &record, &more, err);
        if (status != HB_OK) {
            break;
        }
        if (more) {
            status = take_record(c, &record, err);
            c->position = record.next;
            if (c->journal_dir) {
                hb_journal_release_before(c->journal, c->position);
            }
        } else if (done) {
            break;
        } else {
            hb_journal_wait(c->journal, c->position, WAIT_MS);
        }
    }
    hb_journal_reader_close(r);
    return status;
}

/* Setting up. */

/* The options as one map, so that keys, types and ranges are looked at in one place. */
static hb_status write_config(const capture *c, hb_buf *out, hb_error *err)
{
    const struct {
        const char *key;
        const char *value;
    } own[] = {
        {"path", c->o->path}, {"broker", c->o->broker}, {"topic", c->o->topic}, {"qos", c->o->qos}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (own[i].value) {
            hb_buf_fmt(out, "%s: ", own[i].key);
            hb_yaml_put_text(hb_str_of(own[i].value), out);
            hb_buf_ch(out, '\n');
        }
    }
    for (size_t i = 0; i < c->o->set.n; i++) {
        hb_str text = hb_str_of(c->o->set.v[i]);
        size_t at = hb_str_find_ch(text, '=');
        if (at == 0 || at == text.n) {
            return HB_FAIL(err, HB_E_USAGE, "--set wants KEY=VALUE, got '%.100s'", text.p);
        }
        /* The value is YAML, so that lists and maps can be given. */
        hb_buf_fmt(out, "%.*s: %s\n", (int)at, text.p, text.p + at + 1);
    }
    if (out->n == 0) {
        hb_buf_c(out, "{}");
    }
    return hb_buf_check(out, err);
}

static hb_status decode_config(capture *c, void *config, hb_error *err)
{
    const hb_node *root = NULL;
    hb_buf text;
    hb_where where = {.name = "options", .path = "", .arena = &c->app->arena};
    hb_buf_init(&text, CONFIG_MAX_BYTES);
    hb_status status = write_config(c, &text, err);
    if (status == HB_OK) {
        status = hb_yaml_parse((hb_str){text.p, text.n}, where.name, &c->app->arena, &root, err);
    }
    hb_buf_release(&text);
    HB_TRY(status);
    c->ops->defaults(config);
    HB_TRY(hb_fields_decode(c->ops->fields, root, &where, config, err));
    return c->ops->check(config, err);
}

static hb_status make_temporary(char **ret, hb_error *err)
{
    const char *tmp = getenv("TMPDIR");
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/hb-capture-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || (size_t)n >= sizeof path || !mkdtemp(path)) {
        return HB_FAIL(err, HB_E_IO, "cannot make a folder in '%.200s': %s",
                       tmp && *tmp ? tmp : "/tmp", strerror(errno));
    }
    *ret = hb_strdup(path);
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status open_journal(capture *c, hb_error *err)
{
    hb_journal_options jo = {.max_bytes = 0};
    const char *dir = c->o->journal;
    if (!dir) {
        HB_TRY(make_temporary(&c->journal_dir, err));
        jo.max_bytes = OWN_JOURNAL_BYTES;
        jo.no_sync_thread = true; /* nobody reads it after this process */
        dir = c->journal_dir;
    }
    HB_TRY(hb_path_join(dir, c->ops->name, &c->state_dir, err));
    HB_TRY(hb_dir_make(c->app->os, c->state_dir, err));
    HB_TRY(hb_journal_open(c->app->os, dir, &jo, &c->journal, err));
    c->position = hb_journal_end(c->journal);
    return HB_OK;
}

static hb_status open_source(capture *c, hb_error *err)
{
    hb_buf text;
    hb_record last;
    bool found = false;
    const char *tokens = NULL;
    hb_decode_options format = {.payload = HB_PAYLOAD_AUTO};
    void *config = hb_arena_alloc(&c->app->arena, c->ops->config_size);
    if (!config) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_app_path(c->app, NULL, HB_TOKENS_FILE, &tokens, err));
    HB_TRY(decode_config(c, config, err));
    c->ops->format(config, &format);
    HB_TRY(hb_decoder_new(&format, c->schema, &c->decoder, err));
    HB_TRY(hb_run_builder_file(c->b, c->ops->name, hb_payload_names[format.payload], "live", err));
    HB_TRY(open_journal(c, err));
    hb_buf_init(&text, 2 * (HB_RECORD_PAYLOAD_MAX + HB_RECORD_TOPIC_MAX));
    hb_status status = hb_journal_last_of(c->journal, c->ops->name, &text, &last, &found, err);
    if (status == HB_OK) {
        hb_source_env env = {.os = c->app->os,
                             .name = c->ops->name,
                             .state_dir = c->state_dir,
                             .base_dir = ".",
                             .tokens = tokens,
                             .program = "",
                             .last = found ? &last : NULL};
        status = c->ops->open(&env, config, &c->source, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status run(capture *c, hb_error *err)
{
    pthread_t thread;
    hb_term_stop_gently(); /* what was captured until then is kept */
    if (pthread_create(&thread, NULL, source_thread, c) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot start a thread: %s", strerror(errno));
    }
    hb_status status = take_records(c, err);
    stop(c);
    pthread_join(thread, NULL);
    if (status == HB_OK && c->run_status != HB_OK) {
        if (err) {
            *err = c->run_error;
        }
        return c->run_status;
    }
    return status;
}

static void release(capture *c)
{
    if (c->source) {
        c->ops->close(c->source);
    }
    hb_decoder_free(c->decoder);
    hb_telemetry_schema_free(c->schema);
    hb_journal_close(c->journal);
    hb_collect_free(c->collect);
    hb_digest_free(c->digest);
    if (c->journal_dir) {
        HB_IGNORE(
            hb_dir_remove(c->app->os, c->journal_dir, NULL)); /* in a folder for such things */
    }
    hb_free(c->journal_dir);
    hb_free(c->state_dir);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
}

static void make_locks(capture *c)
{
    pthread_condattr_t by_monotonic;
    pthread_condattr_init(&by_monotonic);
    pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &by_monotonic);
    pthread_condattr_destroy(&by_monotonic);
    pthread_mutex_init(&c->lock, NULL);
}

static hb_status finish(capture *c, hb_error *err)
{
    char sha256[HB_DIGEST_HEX];
    HB_TRY(hb_collect_flush(c->collect, err));
    HB_TRY(hb_digest_hex(c->digest, sha256, err));
    hb_run_builder_file_totals(c->b, c->counts->bytes, c->counts->messages, sha256);
    c->counts->samples = *hb_collect_counted(c->collect);
    hb_str_fit(hb_collect_why_refused(c->collect), c->counts->why_refused,
               sizeof c->counts->why_refused);
    return HB_OK;
}

hb_status hb_capture(hb_app *app, const hb_source_ops *ops, const hb_capture_opts *o,
                     hb_run_builder *b, hb_capture_counts *ret_counts, hb_error *err)
{
    hb_capture_counts counts = {0};
    capture c = {.app = app, .o = o, .ops = ops, .b = b, .counts = &counts};
    make_locks(&c);
    hb_status status = hb_capture_schema(app, o->telemetry_schema, &c.schema, err);
    if (status == HB_OK) {
        status = hb_collect_new(b, &c.collect, err);
    }
    if (status == HB_OK) {
        status = hb_digest_new(&c.digest, err);
    }
    if (status == HB_OK) {
        status = open_source(&c, err);
    }
    if (status == HB_OK) {
        status = run(&c, err);
    }
    if (status == HB_OK) {
        status = finish(&c, err);
    }
    release(&c);
    if (status == HB_OK) {
        *ret_counts = counts;
    }
    return status;
}
