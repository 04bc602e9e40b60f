/* SPDX-License-Identifier: Apache-2.0 */
/* What every live source must do (source.h), asked of each row of hb_sources. A new source needs a
 * row in `set_ups` when its defaults are not enough to be opened. */
#include "support/check.h"
#include "support/source_sink.h"
#include "support/temp_dir.h"

#include "config/field.h"
#include "os/file.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { DEADLINE_S = 20 /* 2 s are promised; a loaded machine is not the source's fault */ };

/* Keys that make a source open; @DIR@ is a folder with a file lines.jsonl in it. */
static const struct {
    const char *name;
    const char *yaml;
    bool gives_records; /* by itself, at once */
} set_ups[] = {
    {"file_replay", "{path: @DIR@/lines.jsonl, follow: true}", true},
    {"host", "{interval: 20ms}", true},
    {"http", "{listen: \"127.0.0.1:0\", format: otlp, resource: host.name}", false},
    {"mqtt", "{broker: \"tcp://127.0.0.1:1\", topic: a, reconnect_min: 100ms}", false},
    {"syslog", "{listen: \"unix:@DIR@/log.sock\"}", false},
};

static const char *set_up_of(const hb_source_ops *ops, bool *ret_gives)
{
    *ret_gives = false;
    for (size_t i = 0; i < sizeof set_ups / sizeof *set_ups; i++) {
        if (strcmp(set_ups[i].name, ops->name) == 0) {
            *ret_gives = set_ups[i].gives_records;
            return set_ups[i].yaml;
        }
    }
    return "{}";
}

typedef struct opened {
    hb_arena arena;
    _Alignas(16) char config[4096];
} opened;

/* A configuration as daemon.yaml gives it. */
static hb_status decode(const hb_source_ops *ops, const char *yaml, opened *o, hb_error *err)
{
    char text[1000];
    const char *dir = strstr(yaml, "@DIR@");
    if (dir) {
        snprintf(text, sizeof text, "%.*s%s%s", (int)(dir - yaml), yaml, temp_path(""), dir + 5);
    } else {
        snprintf(text, sizeof text, "%s", yaml);
    }
    const hb_node *root = NULL;
    hb_arena_init(&o->arena, HB_NODE_ARENA_BYTES);
    assert_true(ops->config_size <= sizeof o->config);
    memset(o->config, 0, sizeof o->config);
    ops->defaults(o->config);
    HB_TRY(hb_yaml_parse(hb_str_of(text), "daemon.yaml", &o->arena, &root, err));
    hb_where where = {.name = "daemon.yaml", .path = "", .arena = &o->arena};
    HB_TRY(hb_fields_decode(ops->fields, root, &where, o->config, err));
    return ops->check(o->config, err);
}

static hb_status open_it(const hb_source_ops *ops, const opened *o, hb_source **ret, hb_error *err)
{
    hb_source_env env = {.os = hb_os_real(),
                         .name = "contract",
                         .state_dir = temp_path(""),
                         .base_dir = temp_path("")};
    return ops->open(&env, o->config, ret, err);
}

static int set_up(void **state)
{
    (void)state;
    temp_dir_new();
    FILE *f = fopen(temp_path("lines.jsonl"), "w");
    for (int i = 0; f && i < 1000; i++) {
        fprintf(f, "{\"metric\": \"a\", \"value\": %d}\n", i);
    }
    return f ? fclose(f) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

static void sources__are_named_and_documented(void **state)
{
    (void)state;
    for (size_t i = 0; hb_sources[i]; i++) {
        const hb_source_ops *o = hb_sources[i];
        assert_true(o->name && *o->name && o->summary && *o->summary);
        for (const char *c = o->name; *c; c++) {
            assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
        }
        assert_ptr_equal(hb_source_find(o->name), o);
        assert_true(o->fields && o->config_size && o->defaults && o->check && o->format &&
                    o->open && o->run && o->close);
        for (const hb_field *f = o->fields; f->key; f++) {
            assert_true(f->doc && strlen(f->doc) > 5);
            assert_true(f->offset < o->config_size);
        }
        hb_buf text;
        hb_buf_init(&text, 1 << 20);
        hb_fields_reference(o->fields, 0, &text);
        CHECK_OK(hb_buf_check(&text, &err));
        assert_true(text.n > 0);
        hb_buf_release(&text);
    }
    assert_null(hb_source_find("carrier_pigeon"));
}

static void sources__have_a_format_that_can_be_read(void **state)
{
    (void)state;
    hb_telemetry_schema *schema = NULL;
    CHECK_OK(hb_telemetry_schema_empty(&schema, &err));
    for (size_t i = 0; hb_sources[i]; i++) {
        bool gives = false;
        opened o;
        hb_decode_options options = {.payload = HB_PAYLOAD_COUNT_};
        hb_decoder *d = NULL;
        CHECK_OK(decode(hb_sources[i], set_up_of(hb_sources[i], &gives), &o, &err));
        hb_sources[i]->format(o.config, &options);
        CHECK_OK(hb_decoder_new(&options, schema, &d, &err));
        hb_decoder_free(d);
        hb_arena_release(&o.arena);
    }
    hb_telemetry_schema_free(schema);
}

static bool needs_a_key(const hb_source_ops *ops)
{
    bool needs = false;
    for (const hb_field *f = ops->fields; f->key; f++) {
        needs = needs || f->required;
    }
    return needs;
}

static void sources__refuse_a_wrong_configuration(void **state)
{
    (void)state;
    for (size_t i = 0; hb_sources[i]; i++) {
        const hb_source_ops *ops = hb_sources[i];
        opened o;
        CHECK_ERROR(decode(ops, "{no_such_key: 1}", &o, &err), HB_E_CONFIG, "no_such_key");
        hb_arena_release(&o.arena);
        if (!needs_a_key(ops)) {
            CHECK_OK(decode(ops, "{}", &o, &err)); /* its defaults are in order */
            hb_arena_release(&o.arena);
            continue;
        }
        CHECK_ERROR(decode(ops, "{}", &o, &err), HB_E_CONFIG, "");
        /* and what was not checked before is checked by open, which leaves nothing behind */
        hb_source *s = NULL;
        memset(o.config, 0, sizeof o.config);
        ops->defaults(o.config);
        CHECK_ERROR(open_it(ops, &o, &s, &err), HB_E_CONFIG, "");
        assert_null(s);
        hb_arena_release(&o.arena);
    }
}

static void sources__close_without_having_run(void **state)
{
    (void)state;
    for (size_t i = 0; hb_sources[i]; i++) {
        bool gives = false;
        opened o;
        hb_source *s = NULL;
        CHECK_OK(decode(hb_sources[i], set_up_of(hb_sources[i], &gives), &o, &err));
        CHECK_OK(open_it(hb_sources[i], &o, &s, &err));
        hb_sources[i]->close(s);
        hb_sources[i]->close(NULL);
        hb_arena_release(&o.arena);
    }
}

/* A sink of several threads: counts, and ends the program after so many. */
typedef struct counting {
    hb_source_sink sink;
    atomic_uint puts;
    atomic_bool stop;
    unsigned stop_after; /* puts */
    hb_status answer;
} counting;

static hb_status count_put(void *ctx, const hb_record *r, hb_error *err)
{
    counting *c = ctx;
    assert_true(r->topic.n <= HB_RECORD_TOPIC_MAX && r->payload.n <= HB_RECORD_PAYLOAD_MAX);
    if (atomic_fetch_add(&c->puts, 1) + 1 >= c->stop_after) {
        atomic_store(&c->stop, true);
    }
    return c->answer == HB_OK ? HB_OK : HB_FAIL(err, c->answer, "the journal refuses");
}

static bool count_stopping(void *ctx)
{
    counting *c = ctx;
    return atomic_load(&c->stop);
}

static bool count_sleep(void *ctx, uint32_t ms)
{
    counting *c = ctx;
    struct timespec step = {.tv_nsec = 1000000};
    for (uint32_t i = 0; i < ms && !atomic_load(&c->stop); i++) {
        nanosleep(&step, NULL);
    }
    return !atomic_load(&c->stop);
}

static void count_state(void *ctx, hb_source_state state, const char *why)
{
    (void)ctx;
    assert_string_not_equal(hb_source_state_name(state), "?");
    assert_non_null(why);
}

static void count_lost(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx;
    assert_true(reason && n);
}

typedef struct running {
    const hb_source_ops *ops;
    hb_source *source;
    counting *sink;
    hb_status status;
} running;

static void *run_thread(void *ctx)
{
    running *r = ctx;
    r->status = r->ops->run(r->source, &r->sink->sink, NULL);
    return NULL;
}

/* Runs until it ends by itself; with `stop`, told to as soon as it has begun. */
static hb_status run_it(const hb_source_ops *ops, counting *c, bool stop)
{
    bool gives = false;
    opened o;
    running r = {.ops = ops, .sink = c};
    pthread_t thread;
    struct timespec deadline;
    c->sink = (hb_source_sink){.ctx = c,
                               .put = count_put,
                               .stopping = count_stopping,
                               .sleep_ms = count_sleep,
                               .state = count_state,
                               .lost = count_lost};
    CHECK_OK(decode(ops, set_up_of(ops, &gives), &o, &err));
    CHECK_OK(open_it(ops, &o, &r.source, &err));
    assert_int_equal(pthread_create(&thread, NULL, run_thread, &r), 0);
    if (stop) {
        struct timespec moment = {.tv_nsec = 50000000};
        nanosleep(&moment, NULL);
        atomic_store(&c->stop, true);
    }
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DEADLINE_S;
    if (pthread_timedjoin_np(thread, NULL, &deadline) != 0) {
        fail_msg("source %s did not return from run() after it was told to stop", ops->name);
    }
    ops->close(r.source);
    hb_arena_release(&o.arena);
    return r.status;
}

static void sources__stop_when_told(void **state)
{
    (void)state;
    for (size_t i = 0; hb_sources[i]; i++) {
        counting c = {.stop_after = UINT32_MAX};
        assert_int_equal(run_it(hb_sources[i], &c, true), HB_OK);
    }
}

static void sources__hand_nothing_over_after_a_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; hb_sources[i]; i++) {
        bool gives = false;
        set_up_of(hb_sources[i], &gives);
        if (!gives) {
            continue;
        }
        counting ending = {.stop_after = 1, .answer = HB_E_LIMIT};
        assert_int_equal(run_it(hb_sources[i], &ending, false), HB_OK);
        assert_int_equal(atomic_load(&ending.puts), 1);
        counting broken = {.stop_after = UINT32_MAX, .answer = HB_E_IO};
        assert_int_equal(run_it(hb_sources[i], &broken, false), HB_E_IO);
        assert_int_equal(atomic_load(&broken.puts), 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sources__are_named_and_documented),
        TEST(sources__have_a_format_that_can_be_read),
        TEST(sources__refuse_a_wrong_configuration),
        TEST(sources__close_without_having_run),
        TEST(sources__stop_when_told),
        TEST(sources__hand_nothing_over_after_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
