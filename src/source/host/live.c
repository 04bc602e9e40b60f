/* SPDX-License-Identifier: Apache-2.0 */
/* Readings at fixed points of the monotonic clock, each a record of "metric, unit, value" lines. A
 * reading that fails is told and tried again: /proc of a machine in trouble comes back. */
#include "source/host/live.h"

#include "base/mem.h"
#include "source/host/host.h"

#include <string.h>

enum { READING_MAX_BYTES = 64 << 10 };

static const hb_field fields[] = {
    {.key = "interval",
     .kind = HB_FIELD_SECONDS,
     .offset = offsetof(hb_host_config, interval_s),
     .min = 0.02,
     .max = 3600,
     .def = "1s",
     .doc = "Time between two readings."},
    {.key = "root",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_host_config, root),
     .max = 300,
     .doc = "A folder that holds proc/ and sys/, for a container that sees the machine's there. "
            "Default: /."},
    {0},
};

struct hb_source {
    const hb_os *os;
    hb_host *host;
    int64_t interval_ns;
};

static void defaults(void *config)
{
    hb_host_config *c = config;
    *c = (hb_host_config){.interval_s = {.set = true, .v = 1}, .root = ""};
}

static hb_status check(const void *config, hb_error *err)
{
    const hb_host_config *c = config;
    if (!(c->interval_s.v >= 0.02 && c->interval_s.v <= 3600)) {
        return HB_FAIL(err, HB_E_CONFIG, "'interval' must be between 20 ms and 1 h, got %g s",
                       c->interval_s.v);
    }
    return HB_OK;
}

static void format(const void *config, hb_decode_options *ret)
{
    (void)config;
    *ret = (hb_decode_options){.payload = HB_PAYLOAD_HOST};
}

static void close_source(hb_source *s)
{
    if (s) {
        hb_host_close(s->host);
        hb_free(s);
    }
}

static hb_status open_source(const hb_source_env *env, const void *config, hb_source **ret_source,
                             hb_error *err)
{
    const hb_host_config *c = config;
    HB_TRY(check(config, err));
    hb_source *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = env->os;
    s->interval_ns = (int64_t)(c->interval_s.v * 1e9);
    hb_status status = hb_host_open(env->os, c->root, &s->host, err);
    if (status != HB_OK) {
        close_source(s);
        return status;
    }
    *ret_source = s;
    return HB_OK;
}

static void write_reading(const hb_host_reading *readings, size_t n, hb_buf *out)
{
    hb_buf_clear(out);
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "%s\t%s\t", readings[i].metric, readings[i].unit);
        hb_buf_f64(out, readings[i].value);
        hb_buf_ch(out, '\n');
    }
}

/* One reading into the journal; *io_go_on is false when the program is ending. */
static hb_status read_once(hb_source *s, const hb_source_sink *sink, bool *io_failing,
                           bool *io_go_on, hb_buf *out, hb_error *err)
{
    const hb_host_reading *readings = NULL;
    size_t n = 0;
    hb_error why = {0};
    hb_status status = hb_host_read(s->host, s->os->monotonic_ns(), &readings, &n, &why);
    if (status != HB_OK) {
        sink->state(sink->ctx, HB_SOURCE_RETRYING, why.msg);
        *io_failing = true;
        return HB_OK;
    }
    if (*io_failing) {
        sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
        *io_failing = false;
    }
    write_reading(readings, n, out);
    HB_TRY(hb_buf_check(out, err));
    hb_record record = {.kind = HB_RECORD_MESSAGE,
                        .topic = HB_STR(""),
                        .payload = {out->p, out->n},
                        .event = s->os->now()};
    status = sink->put(sink->ctx, &record, &why);
    *io_go_on = status != HB_E_LIMIT;
    if (status == HB_OK || status == HB_E_LIMIT) {
        return HB_OK;
    }
    if (err) {
        *err = why;
    }
    return status;
}

static hb_status run(hb_source *s, const hb_source_sink *sink, hb_error *err)
{
    hb_buf out;
    hb_status status = HB_OK;
    bool failing = false;
    bool go_on = true;
    int64_t due = s->os->monotonic_ns();
    hb_buf_init(&out, READING_MAX_BYTES);
    sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    while (status == HB_OK && go_on && !sink->stopping(sink->ctx)) {
        status = read_once(s, sink, &failing, &go_on, &out, err);
        due += s->interval_ns;
        int64_t left = due - s->os->monotonic_ns();
        if (left < 0) { /* late by more than an interval: no burst to make up for it */
            due -= left;
            left = 0;
        }
        if (go_on && status == HB_OK) {
            go_on = sink->sleep_ms(sink->ctx, (uint32_t)(left / 1000000));
        }
    }
    hb_buf_release(&out);
    return status;
}

const hb_source_ops hb_source_host = {
    .name = "host",
    .summary = "this machine's processor, memory, pressure, disk, network and temperatures",
    .fields = fields,
    .config_size = sizeof(hb_host_config),
    .defaults = defaults,
    .check = check,
    .format = format,
    .open = open_source,
    .run = run,
    .close = close_source,
};
