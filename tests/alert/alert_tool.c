/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon that consists of alerts and their outbox alone, for the tests that talk to real
 * receivers and kill it.
 *
 *     alert_tool REGISTRY SINKS.yaml EVENTS SUBJECTS
 *
 * SINKS.yaml: {sinks: [{sink: …, name: …, own keys}], max_attempts, first_pause_ms, max_pause_ms,
 * heartbeat_s}. Goes on from the number of events in the registry until there are EVENTS, which
 * turn SUBJECTS conditions on and off; prints "ready", then "put N" after each commit, "empty" once
 * nothing waits any more, and ends when standard input does, with a line of JSON for each sink. */
#include "alert/alert.h"
#include "alert/outbox.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "os/file.h"
#include "store/alerts.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SINKS_MAX = 16, STATES = 16 };

typedef struct tool {
    hb_arena arena;
    hb_store *store;
    hb_alerts *alerts;
    hb_outbox *outbox;
    hb_outbox_sink sinks[SINKS_MAX];
    const char *names[SINKS_MAX];
    size_t n_sinks;
    hb_outbox_options options;
} tool;

typedef struct numbers {
    uint32_t max_attempts;
    uint32_t first_pause_ms;
    uint32_t max_pause_ms;
    uint32_t heartbeat_s;
    tool *t;
} numbers;

static const char *text_of(const hb_node *map, const char *key)
{
    const hb_pair *p = hb_node_find(map, key);
    return p ? p->value->text.p : NULL;
}

static hb_status one_sink(tool *t, const hb_node *map, const hb_where *where, hb_error *err)
{
    const char *kind = text_of(map, "sink");
    const hb_sink_ops *ops = kind ? hb_sink_find(kind) : NULL;
    if (!ops || t->n_sinks == SINKS_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "no sink '%s'", kind ? kind : "");
    }
    hb_node own = *map;
    own.pairs = hb_arena_array(&t->arena, map->n, sizeof *own.pairs);
    own.n = 0;
    for (size_t i = 0; own.pairs && i < map->n; i++) {
        if (!hb_str_eq_c(map->pairs[i].key, "sink") && !hb_str_eq_c(map->pairs[i].key, "name")) {
            own.pairs[own.n++] = map->pairs[i];
        }
    }
    void *config = hb_arena_alloc(&t->arena, ops->config_size);
    if (!config || !own.pairs) {
        return HB_NOMEM(err);
    }
    ops->defaults(config);
    HB_TRY(hb_fields_decode(ops->fields, &own, where, config, err));
    HB_TRY(ops->check(config, err));
    const char *name = text_of(map, "name");
    t->names[t->n_sinks] = name ? name : kind;
    t->sinks[t->n_sinks] =
        (hb_outbox_sink){.name = t->names[t->n_sinks], .ops = ops, .config = config};
    t->n_sinks++;
    return HB_OK;
}

static hb_status decode_sinks(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    tool *t = ((numbers *)out)->t;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    for (size_t i = 0; i < value->n; i++) {
        HB_TRY(one_sink(t, value->items[i], where, err));
    }
    return HB_OK;
}

#define NUMBER(name)                                                                        \
    {                                                                                       \
        .key = #name, .kind = HB_FIELD_UINT, .offset = offsetof(numbers, name), .max = 1e9, \
        .doc = "-"                                                                          \
    }

static const hb_field fields[] = {
    NUMBER(max_attempts),
    NUMBER(first_pause_ms),
    NUMBER(max_pause_ms),
    NUMBER(heartbeat_s),
    {.key = "sinks",
     .kind = HB_FIELD_CUSTOM,
     .offset = offsetof(numbers, t),
     .decode = decode_sinks,
     .doc = "-"},
    {0},
};

static hb_status configure(tool *t, const char *db, const char *path, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    const hb_node *root = NULL;
    const hb_where where = {.name = path, .path = "", .arena = &t->arena};
    numbers o = {.t = t};
    HB_TRY(hb_file_read(hb_os_real(), path, 1 << 20, &text, &n, err));
    hb_status status = hb_yaml_parse((hb_str){text, n}, path, &t->arena, &root, err);
    hb_free(text);
    HB_TRY(status);
    HB_TRY(hb_fields_decode(fields, root, &where, &o, err));
    t->options = (hb_outbox_options){.os = hb_os_real(),
                                     .db = db,
                                     .stream = "rig",
                                     .base_dir = ".",
                                     .sinks = t->sinks,
                                     .n_sinks = t->n_sinks,
                                     .max_attempts = o.max_attempts,
                                     .first_pause_ms = o.first_pause_ms,
                                     .max_pause_ms = o.max_pause_ms,
                                     .heartbeat_s = o.heartbeat_s};
    return HB_OK;
}

static hb_status begin(tool *t, hb_error *err)
{
    const hb_alert_options o = {.sinks = t->names, .n_sinks = t->n_sinks};
    HB_TRY(hb_store_open(hb_os_real(), t->options.db, HB_STORE_CREATE, &t->store, err));
    HB_TRY(hb_alerts_open(t->store, "rig", &o, &t->alerts, err));
    return hb_outbox_start(&t->options, &t->outbox, err);
}

static hb_status put(tool *t, uint64_t number, uint64_t n_subjects, hb_error *err)
{
    char subject[64];
    uint64_t round = number / n_subjects;
    snprintf(subject, sizeof subject, "source:s%llu", (unsigned long long)(number % n_subjects));
    HB_TRY(hb_live_begin(t->store, err));
    return hb_live_end(t->store,
                       hb_alerts_condition(t->alerts, subject,
                                           (hb_alert_severity)(number % HB_ALERT_SEVERITY_COUNT_),
                                           round % 2 == 0, "it is away",
                                           (hb_time)(1767323045 + number) * 1000000000, err),
                       err);
}

static hb_status count_events(tool *t, uint64_t *ret, hb_error *err)
{
    hb_arena arena;
    hb_alert_log_row *rows = NULL;
    size_t n = 0;
    hb_arena_init(&arena, 256 << 20);
    hb_status status = hb_alert_log_list(t->store, "rig", NULL, 1000000, &arena, &rows, &n, err);
    /* People's acts are events too, but not ours. */
    uint64_t ours = 0;
    for (size_t i = 0; status == HB_OK && i < n; i++) {
        ours += strcmp(rows[i].type, "raised") == 0 || strcmp(rows[i].type, "returned") == 0;
    }
    hb_arena_release(&arena);
    *ret = ours;
    return status;
}

static bool input_ended(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte = 0;
    return poll(&p, 1, 20) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0) {
        _exit(3);
    }
}

static void print_states(tool *t)
{
    hb_outbox_state states[STATES];
    size_t n = hb_outbox_states(t->outbox, states, STATES);
    for (size_t i = 0; i < n; i++) {
        hb_buf b;
        hb_json j;
        hb_buf_init(&b, 1 << 16);
        hb_json_init(&j, &b, HB_JSON_LINE);
        hb_json_obj(&j);
        hb_json_kc(&j, "name", states[i].name);
        hb_json_ku(&j, "waiting", states[i].waiting);
        hb_json_ku(&j, "sent", states[i].sent);
        hb_json_ku(&j, "failed", states[i].failed);
        hb_json_ku(&j, "dead", states[i].dead);
        hb_json_kb(&j, "open", states[i].open);
        hb_json_kc(&j, "last_error", states[i].last_error);
        hb_json_end(&j);
        hb_buf_ch(&b, '\n');
        say(b.p);
        hb_buf_release(&b);
    }
}

static hb_status run(tool *t, uint64_t n_events, uint64_t n_subjects, hb_error *err)
{
    uint64_t done = 0;
    bool told = false;
    char text[64];
    HB_TRY(count_events(t, &done, err));
    say("ready\n");
    while (done < n_events) {
        HB_TRY(put(t, done, n_subjects, err));
        hb_outbox_wake(t->outbox);
        snprintf(text, sizeof text, "put %llu\n", (unsigned long long)++done);
        say(text);
    }
    while (!input_ended()) {
        hb_alert_counts c;
        HB_TRY(hb_alerts_count(t->store, "rig", &c, err));
        if (c.outbox == 0 && !told) {
            say("empty\n");
        }
        told = c.outbox == 0;
    }
    print_states(t);
    return HB_OK;
}

int main(int argc, char **argv)
{
    tool t = {0};
    hb_error err = {0};
    char text[900];
    uint64_t n_events = argc == 5 ? strtoull(argv[3], NULL, 10) : 0;
    uint64_t n_subjects = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
    if (n_subjects == 0) {
        return 2;
    }
    hb_arena_init(&t.arena, 64 << 20);
    hb_status status = configure(&t, argv[1], argv[2], &err);
    if (status == HB_OK) {
        status = begin(&t, &err);
    }
    if (status == HB_OK) {
        status = run(&t, n_events, n_subjects, &err);
    }
    hb_outbox_stop(t.outbox, 2000);
    hb_alerts_close(t.alerts);
    hb_store_close(t.store);
    hb_arena_release(&t.arena);
    if (status != HB_OK) {
        fprintf(stderr, "%s\n", hb_error_text(&err, text, sizeof text));
    }
    return status == HB_OK ? 0 : 1;
}
