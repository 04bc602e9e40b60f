/* SPDX-License-Identifier: Apache-2.0 */
#include "support/engine_case.h"

#include "base/mem.h"
#include "source/feed.h"
#include "support/check.h"
#include "support/temp_dir.h"

#include <stdio.h>

enum { METRICS = 3, ROWS_MAX = 64 };

static const char config_text[] = "name: rig\n"
                                  "source: file_replay\n"
                                  "path: unused\n"
                                  "windows: [{size: 10s}, {size: 20s, slide: 10s}]\n"
                                  "lateness: 0\n"
                                  "train: {windows: 3}\n"
                                  "program: p\n"
                                  "alert_sinks: []\n";

static void paths(engine_case *b, const char *name)
{
    char part[64];
    snprintf(part, sizeof part, "%s.db", name);
    hb_str_fit(temp_path(part), b->db, sizeof b->db);
    snprintf(part, sizeof part, "%s.journal", name);
    hb_str_fit(temp_path(part), b->dir, sizeof b->dir);
    snprintf(part, sizeof part, "%s.reports", name);
    hb_str_fit(temp_path(part), b->reports, sizeof b->reports);
}

void engine_open(engine_case *b, const char *name, const hb_os *os)
{
    engine_open_as(b, name, os, config_text);
}

void engine_open_as(engine_case *b, const char *name, const hb_os *os, const char *config)
{
    const hb_journal_options options = {.no_sync_thread = true};
    *b = (engine_case){.os = os};
    paths(b, name);
    CHECK_OK(hb_daemon_config_parse(hb_str_of(config), "daemon.yaml", &b->config, &err));
    CHECK_OK(hb_registry_builtin(&b->registry, &err));
    CHECK_OK(hb_units_open(&b->units, &err));
    CHECK_OK(hb_telemetry_schema_empty(&b->schema, &err));
    hb_policy_builtin(&b->policy);
    hb_quality_policy_builtin(&b->quality);
    b->quality.require_quality_gate = false;
    CHECK_OK(hb_store_open(hb_os_real(), b->db, HB_STORE_CREATE, &b->store, &err));
    CHECK_OK(hb_journal_open(os, b->dir, &options, &b->journal, &err));
}

void engine_close(engine_case *b)
{
    hb_journal_close(b->journal);
    hb_store_close(b->store);
    hb_telemetry_schema_free(b->schema);
    hb_quality_policy_release(&b->quality);
    hb_policy_release(&b->policy);
    hb_units_close(b->units);
    hb_registry_free(b->registry);
    hb_daemon_config_release(&b->config);
}

hb_engine_setup engine_setup_of(const engine_case *b)
{
    return (hb_engine_setup){.os = b->os,
                             .config = &b->config,
                             .store = b->store,
                             .journal = b->journal,
                             .registry = b->registry,
                             .units = b->units,
                             .policy = &b->policy,
                             .quality = &b->quality,
                             .schema = b->schema,
                             .reports = b->reports,
                             .side = "unused"};
}

/* Small figures that repeat nowhere; volt steps after the sixth window. */
static void append(engine_case *b, size_t i)
{
    static const char *const names[METRICS] = {"temp", "volt", "flow"};
    char text[512];
    size_t n = 0;
    int64_t t = 1767603600 + (int64_t)i;
    for (size_t m = 0; m < METRICS; m++) {
        double value = 10.0 * (double)(m + 1) + (double)((i * 7919 + m * 104729) % 1000) / 1000;
        value += m == 1 && i >= 6 * ENGINE_PER_WINDOW ? 40 : 0;
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "{\"timestamp\": %lld, \"metric\": \"%s\", \"value\": %.3f}\n",
                              (long long)t, names[m], value);
    }
    engine_append(b, text, n, t);
}

void engine_append(engine_case *b, const char *text, size_t n, int64_t arrival_s)
{
    uint64_t position = 0;
    const hb_record r = {.kind = HB_RECORD_MESSAGE,
                         .source = HB_STR("file_replay"),
                         .topic = HB_STR(""),
                         .payload = {text, n},
                         .event = HB_TIME_NONE,
                         .arrival = arrival_s * 1000000000};
    CHECK_OK(hb_journal_append(b->journal, &r, &position, &err));
}

void engine_append_all(engine_case *b)
{
    for (size_t i = 0; i < ENGINE_WINDOWS * ENGINE_PER_WINDOW; i++) {
        append(b, i);
    }
    engine_append_end(b);
}

void engine_append_end(engine_case *b)
{
    uint64_t position = 0;
    const hb_record end = {.kind = HB_RECORD_TICK,
                           .source = HB_STR("daemon"),
                           .topic = HB_STR(HB_FEED_FINISH),
                           .event = HB_TIME_NONE,
                           .arrival = 1};
    CHECK_OK(hb_journal_append(b->journal, &end, &position, &err));
}

/* What was decided, as text. */
char *engine_outcome(engine_case *b)
{
    hb_arena arena;
    hb_buf text;
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    const hb_live_window_query q = {.from = HB_TIME_NONE, .to = HB_TIME_NONE, .limit = ROWS_MAX};
    hb_arena_init(&arena, 4 << 20);
    hb_buf_init(&text, 1 << 20);
    CHECK_OK(hb_live_list_windows(b->store, &q, &arena, &rows, &n, &err));
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(&text, "%s %s %s %s %llu-%llu %llu\n", rows[i].id, rows[i].run_id,
                   rows[i].verdict, rows[i].digest, (unsigned long long)rows[i].from,
                   (unsigned long long)rows[i].to, (unsigned long long)rows[i].samples);
    }
    hb_arena_release(&arena);
    char *p = NULL;
    size_t len = 0;
    CHECK_OK(hb_buf_finish(&text, &p, &len, &err));
    return p;
}
