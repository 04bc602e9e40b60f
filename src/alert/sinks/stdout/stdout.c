/* SPDX-License-Identifier: Apache-2.0 */
/* "HB_ALERT {json}", one line an event, on standard output: what the Python tool's daemon wrote and
 * a supervisor's log takes up. Delivered = the system took the bytes. */
#include "alert/sinks/all.h"

#include "alert/sinks/write_all.h"
#include "base/buf.h"
#include "base/mem.h"

#include <unistd.h>

enum { LINE_BYTES = 1 << 20 };

struct hb_sink {
    const hb_os *os;
};

typedef struct stdout_config {
    bool unused;
} stdout_config;

static const hb_field fields[] = {{0}};

static void defaults(void *config)
{
    *(stdout_config *)config = (stdout_config){0};
}

static hb_status check(const void *config, hb_error *err)
{
    (void)config;
    (void)err;
    return HB_OK;
}

static hb_status open_it(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                         hb_error *err)
{
    (void)config;
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = env->os;
    *ret_sink = s;
    return HB_OK;
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    hb_buf line;
    hb_buf_init(&line, LINE_BYTES);
    hb_buf_c(&line, "HB_ALERT ");
    hb_buf_add(&line, event->json, event->json_len);
    hb_buf_ch(&line, '\n');
    hb_status status = hb_buf_check(&line, err);
    if (status == HB_OK) {
        status = hb_sink_write_all(s->os, STDOUT_FILENO, line.p, line.n, "standard output", err);
    }
    hb_buf_release(&line);
    return status;
}

static void close_it(hb_sink *s)
{
    hb_free(s);
}

const hb_sink_ops hb_sink_stdout = {
    .name = "stdout",
    .summary = "one line \"HB_ALERT {json}\" on standard output",
    .fields = fields,
    .config_size = sizeof(stdout_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
