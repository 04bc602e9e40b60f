/* SPDX-License-Identifier: Apache-2.0 */
#include "support/source_sink.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static hb_status put(void *ctx, const hb_record *r, hb_error *err)
{
    source_sink *s = ctx;
    if (s->stop_after && s->n >= s->stop_after) {
        return HB_FAIL(err, HB_E_LIMIT, "the program is ending");
    }
    if (s->fail_with != HB_OK && s->n >= s->fail_from) {
        return HB_FAIL(err, s->fail_with, "the journal refuses");
    }
    HB_TRY(HB_GROW(s->records, s->cap, s->n + 1, 10000000, "records", err));
    s->records[s->n++] = (kept_record){.kind = r->kind,
                                       .topic = hb_strndup(r->topic.p, r->topic.n),
                                       .payload = hb_strndup(r->payload.p, r->payload.n),
                                       .event = r->event};
    return HB_OK;
}

static bool stopping(void *ctx)
{
    const source_sink *s = ctx;
    return s->stop_after && s->n >= s->stop_after;
}

static bool sleep_ms(void *ctx, uint32_t ms)
{
    source_sink *s = ctx;
    s->slept_ms += ms;
    return s->on_sleep && s->on_sleep(s, s->sleeps++);
}

static void told(void *ctx, hb_source_state state, const char *why)
{
    source_sink *s = ctx;
    s->state = state;
    snprintf(s->why, sizeof s->why, "%s", why);
}

static void lost(void *ctx, const char *reason, uint64_t n)
{
    source_sink *s = ctx;
    size_t at = strlen(s->lost);
    snprintf(s->lost + at, sizeof s->lost - at, "%s %llu; ", reason, (unsigned long long)n);
}

void source_sink_init(source_sink *s)
{
    *s = (source_sink){.sink = {.ctx = s,
                                .put = put,
                                .stopping = stopping,
                                .sleep_ms = sleep_ms,
                                .state = told,
                                .lost = lost}};
}

void source_sink_release(source_sink *s)
{
    for (size_t i = 0; i < s->n; i++) {
        hb_free(s->records[i].topic);
        hb_free(s->records[i].payload);
    }
    hb_free(s->records);
    s->records = NULL;
    s->n = s->cap = 0;
}

const char *source_sink_text(const source_sink *s)
{
    static char text[65536];
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < s->n && at < sizeof text; i++) {
        int n =
            snprintf(text + at, sizeof text - at, "%s%s|",
                     s->records[i].kind == HB_RECORD_LOSS ? "LOSS " : "", s->records[i].payload);
        at += n > 0 ? (size_t)n : 0;
    }
    return text;
}

const hb_record *source_sink_last(const source_sink *s, hb_record *room)
{
    if (s->n == 0) {
        return NULL;
    }
    const kept_record *k = &s->records[s->n - 1];
    *room = (hb_record){.kind = k->kind,
                        .topic = hb_str_of(k->topic),
                        .payload = hb_str_of(k->payload),
                        .event = k->event};
    return room;
}

hb_status source_run(const hb_source_ops *ops, void *config, const hb_record *last, source_sink *s,
                     hb_error *err)
{
    hb_source *source = NULL;
    hb_source_env env = {
        .os = hb_os_real(), .name = "test", .state_dir = "/tmp", .base_dir = "/tmp", .last = last};
    HB_TRY(ops->open(&env, config, &source, err));
    hb_status status = ops->run(source, &s->sink, err);
    ops->close(source);
    return status;
}
