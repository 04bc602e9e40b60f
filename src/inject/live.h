/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on a live MQTT stream: takes messages of a topic filter, puts each through an injector,
 * and publishes what comes out below a prefix. The receiver under test listens there. */
#ifndef HB_INJECT_LIVE_H
#define HB_INJECT_LIVE_H

#include "inject/fault.h"
#include "os/os.h"

#include <stdbool.h>

typedef struct hb_inject_live {
    const hb_os *os;
    const char *broker; /* tcp://HOST:PORT */
    const char *topic;  /* MQTT topic filter */
    const char *prefix; /* "faulty": rig/1/temp → faulty/rig/1/temp; must not match the filter */
    const char *username;    /* NULL = none */
    const char *password;    /* NULL = none; with a user name */
    double seconds;          /* 0 = until stop */
    bool (*stop)(void *ctx); /* asked now and then; may be NULL */
    void *stop_ctx;
} hb_inject_live;

/* QoS 1 both ways. Messages that are neither a number nor JSON pass as they are. Ends with HB_E_IO
 * when the connection is lost. *ret_written = messages published. */
HB_CHECKED hb_status hb_inject_live_run(const hb_inject_live *live, hb_injector *injector,
                                        uint64_t *ret_written, hb_error *err);

#endif
