/* SPDX-License-Identifier: Apache-2.0 */
/* A live source on its own, into a journal, until SIGTERM; and a journal as lines of text:
 *
 *     receiver run KIND CONFIG.yaml DIR [LIMIT]   journal in DIR/journal, state in DIR/state; what
 *                                                 the source tells goes to standard output. LIMIT:
 *                                                 put() refuses after so many records, as when the
 *                                                 program ends with a full journal
 *                                                 HB_PUT_DELAY_US: put() takes so long, so that a
 *                                                 kill meets messages that are read and not kept
 *     receiver cat DIR                            kind, topic and payload, as JSON, one per line
 *     receiver count DIR                          records */
#include "base/json_write.h"
#include "base/mem.h"
#include "base/num.h"
#include "os/file.h"
#include "source/source.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
    (void)number;
    ending = 1;
}

typedef struct receiver {
    hb_journal *journal;
    const char *name;
    uint64_t left;
    useconds_t delay_us;
} receiver;

static hb_status take(void *ctx, const hb_record *record, hb_error *err)
{
    receiver *r = ctx;
    hb_record full = *record;
    uint64_t position = 0;
    full.source = hb_str_of(r->name);
    full.arrival = hb_os_real()->now();
    if (r->left == 0) {
        ending = 1;
        return HB_FAIL(err, HB_E_LIMIT, "the program is ending");
    }
    r->left--;
    if (r->delay_us) {
        usleep(r->delay_us);
    }
    return hb_journal_append(r->journal, &full, &position, err);
}

static bool stopping(void *ctx)
{
    (void)ctx;
    return ending;
}

static bool sleep_ms(void *ctx, uint32_t ms)
{
    for (uint32_t done = 0; done < ms && !ending; done += 10) {
        usleep(10000);
    }
    return !stopping(ctx);
}

static void tell_state(void *ctx, hb_source_state state, const char *why)
{
    (void)ctx;
    printf("state %s %s\n", hb_source_state_name(state), why);
    fflush(stdout);
}

static void tell_lost(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx;
    printf("lost %s %llu\n", reason, (unsigned long long)n);
    fflush(stdout);
}

static int failed(const hb_error *err)
{
    char text[800];
    printf("error %s\n", hb_error_text(err, text, sizeof text));
    return 1;
}

static hb_status load_config(const hb_source_ops *ops, const char *path, hb_arena *arena,
                             void **ret_config, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    const hb_node *root = NULL;
    void *config = hb_arena_alloc(arena, ops->config_size);
    HB_TRY(hb_file_read(hb_os_real(), path, 1 << 20, &text, &n, err));
    const hb_where where = {path, "", arena};
    ops->defaults(config);
    hb_status status = hb_yaml_parse((hb_str){text, n}, path, arena, &root, err);
    if (status == HB_OK) {
        status = hb_fields_decode(ops->fields, root, &where, config, err);
    }
    if (status == HB_OK) {
        status = ops->check(config, err);
    }
    hb_free(text);
    *ret_config = config;
    return status;
}

static hb_status run_source(const hb_source_ops *ops, const void *config, receiver *r,
                            const hb_source_env *env, hb_error *err)
{
    const hb_source_sink sink = {.ctx = r,
                                 .put = take,
                                 .stopping = stopping,
                                 .sleep_ms = sleep_ms,
                                 .state = tell_state,
                                 .lost = tell_lost};
    hb_source *source = NULL;
    HB_TRY(ops->open(env, config, &source, err));
    hb_status status = ops->run(source, &sink, err);
    ops->close(source);
    return status;
}

static hb_status run(const char *kind, const char *config_path, const char *dir, uint64_t limit,
                     hb_error *err)
{
    char journal_dir[600];
    char state_dir[600];
    const hb_source_ops *ops = hb_source_find(kind);
    const hb_journal_options options = {0};
    const char *delay = getenv("HB_PUT_DELAY_US");
    int64_t delay_us = 0;
    if (delay && !hb_num_parse_i64(delay, strlen(delay), &delay_us)) {
        return HB_FAIL(err, HB_E_USAGE, "HB_PUT_DELAY_US: '%s'", delay);
    }
    receiver r = {.name = "rig", .left = limit, .delay_us = (useconds_t)delay_us};
    hb_arena arena;
    void *config = NULL;
    hb_record last;
    bool found = false;
    hb_buf text;
    if (!ops) {
        return HB_FAIL(err, HB_E_USAGE, "no source '%s'", kind);
    }
    snprintf(journal_dir, sizeof journal_dir, "%.500s/journal", dir);
    snprintf(state_dir, sizeof state_dir, "%.500s/state", dir);
    HB_TRY(hb_dir_make(hb_os_real(), journal_dir, err));
    HB_TRY(hb_dir_make(hb_os_real(), state_dir, err));
    hb_arena_init(&arena, HB_NODE_ARENA_BYTES);
    hb_buf_init(&text, 8 << 20);
    hb_status status = load_config(ops, config_path, &arena, &config, err);
    if (status == HB_OK) {
        status = hb_journal_open(hb_os_real(), journal_dir, &options, &r.journal, err);
    }
    if (status == HB_OK) {
        status = hb_journal_last_of(r.journal, r.name, &text, &last, &found, err);
    }
    const hb_source_env env = {.os = hb_os_real(),
                               .name = r.name,
                               .state_dir = state_dir,
                               .base_dir = dir,
                               .last = found ? &last : NULL};
    if (status == HB_OK) {
        status = run_source(ops, config, &r, &env, err);
    }
    hb_journal_close(r.journal);
    hb_arena_release(&arena);
    hb_buf_release(&text);
    return status;
}

static void print_record(const hb_record *record, hb_buf *line)
{
    static const char *const kinds[] = {
        [HB_RECORD_MESSAGE] = "message", [HB_RECORD_TICK] = "tick", [HB_RECORD_LOSS] = "loss"};
    hb_json j;
    hb_buf_clear(line);
    hb_json_init(&j, line, HB_JSON_LINE);
    hb_json_obj(&j);
    hb_json_key(&j, "kind");
    hb_json_str(&j, hb_str_of(kinds[record->kind]));
    hb_json_key(&j, "topic");
    hb_json_str(&j, record->topic);
    hb_json_key(&j, "payload");
    hb_json_str(&j, record->payload);
    hb_json_end(&j);
    hb_buf_ch(line, '\n');
    fwrite(line->p, 1, line->n, stdout);
}

static hb_status read_all(const char *dir, bool print, hb_error *err)
{
    char path[600];
    hb_journal *j = NULL;
    hb_journal_reader *r = NULL;
    const hb_journal_options options = {.read_only = true};
    hb_buf line;
    bool more = true;
    uint64_t n = 0;
    snprintf(path, sizeof path, "%.500s/journal", dir);
    HB_TRY(hb_journal_open(hb_os_real(), path, &options, &j, err));
    hb_status status = hb_journal_reader_open(j, hb_journal_begin(j), &r, err);
    hb_buf_init(&line, 64 << 20);
    while (status == HB_OK && more) {
        hb_record record;
        status = hb_journal_next(r, &record, &more, err);
        if (status == HB_OK && more) {
            n++;
            if (print) {
                print_record(&record, &line);
            }
        }
    }
    if (status == HB_OK && !print) {
        printf("%llu\n", (unsigned long long)n);
    }
    hb_buf_release(&line);
    hb_journal_reader_close(r);
    hb_journal_close(j);
    return status;
}

int main(int argc, char **argv)
{
    hb_error err = {0};
    hb_status status = HB_E_USAGE;
    const struct sigaction end = {.sa_handler = on_signal};
    sigaction(SIGTERM, &end, NULL);
    if (argc >= 5 && strcmp(argv[1], "run") == 0) {
        double limit = 1e18;
        if (argc > 5 && sscanf(argv[5], "%lf", &limit) != 1) {
            return 2;
        }
        status = run(argv[2], argv[3], argv[4], (uint64_t)limit, &err);
    } else if (argc == 3 && (strcmp(argv[1], "cat") == 0 || strcmp(argv[1], "count") == 0)) {
        status = read_all(argv[2], strcmp(argv[1], "cat") == 0, &err);
    }
    return status == HB_OK ? 0 : failed(&err);
}
