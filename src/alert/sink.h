/* SPDX-License-Identifier: Apache-2.0 */
/* Where alerts go: one folder each, behind one table.
 *
 * Called by the outbox's threads alone. send() returns HB_OK when the receiver has it (HTTP 2xx,
 * PUBACK, fsync of the file); anything else and the event is sent again later, with the same id. A
 * sink MUST NOT retry by itself, and MUST end send() within timeout_ms of its configuration.
 *
 * Each sink has a thread of its own, so one that hangs holds back nobody else; all calls of one
 * instance come from that thread. open() reads secrets and checks paths but connects to nobody: a
 * receiver that is away is a failure of send(). env is valid until close(). */
#ifndef HB_ALERT_SINK_H
#define HB_ALERT_SINK_H

#include "config/field.h"
#include "os/os.h"

typedef struct hb_sink hb_sink;

typedef struct hb_alert_event {
    const char *id; /* stable: SHA-256 hex of what it says; the same on every attempt */
    const char
        *type; /* "raised", "returned", "acknowledged", "shelved", "unshelved", "heartbeat" … */
    const char *severity;
    const char *subject;
    const char *json; /* schemas/alert_event.schema.json */
    size_t json_len;
    hb_time at;
    uint32_t attempt; /* from 1 */
} hb_alert_event;

typedef struct hb_sink_env {
    const hb_os *os;
    const char *name;
    const char *base_dir; /* relative paths start here */
    /* True when the program is ending and nobody waits any longer: send() gives up. Asked by sinks
     * that wait, at least ten times a second. NULL = never. */
    bool (*ending)(void *ctx);
    void *ending_ctx;
} hb_sink_env;

typedef struct hb_sink_ops {
    const char *name; /* "webhook" */
    const char *summary;
    const hb_field *fields;
    size_t config_size;
    void (*defaults)(void *config);
    hb_status (*check)(const void *config, hb_error *err);
    hb_status (*open)(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                      hb_error *err);
    hb_status (*send)(hb_sink *s, const hb_alert_event *event, hb_error *err);
    void (*close)(hb_sink *s);
} hb_sink_ops;

extern const hb_sink_ops *const hb_sinks[]; /* NULL at the end: sinks.c */
const hb_sink_ops *hb_sink_find(const char *name);

#endif
