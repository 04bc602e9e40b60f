/* SPDX-License-Identifier: Apache-2.0 */
/* `hb daemon`: journal, sources, engine, alerts and health under one roof. docs/live.md
 *
 * hb_daemon_run blocks until SIGTERM or SIGINT (ends in order, within HB_DAEMON_STOP_MS), until a
 * bounded input is judged (`bounded`), or until the engine cannot go on. SIGHUP reads the
 * configuration again and takes over what is safe. Signals are blocked in all threads and taken by
 * the caller's, which runs the engine. */
#ifndef HB_DAEMON_SUPERVISE_H
#define HB_DAEMON_SUPERVISE_H

#include "crypto/key.h"
#include "daemon/engine.h"

enum { HB_DAEMON_STOP_MS = 5000 };

typedef struct hb_daemon_setup { /* borrowed */
    const hb_os *os;
    hb_daemon_config *config;  /* log level, alerts and sinks are replaced by a reload */
    const char *config_sha256; /* of its text */
    const char *config_path;
    const char *base_dir; /* relative paths of the configuration start here */
    const char *db;       /* exists */
    const char *reports;
    const char *audit_dir; /* of the lab's log; NULL = none is written */
    const char *tokens;    /* tokens.json of the workspace */
    const char *output_dir;
    const char *journal_dir;
    const hb_registry *registry;
    const hb_registry *const *lanes; /* by config->lanes (daemon/engine.h) */
    hb_units *units;
    const hb_policy *policy;
    const hb_quality_policy *quality;
    const hb_telemetry_schema *schema;
    hb_str schema_text;             /* of it, for evidence packs; empty = there is none */
    hb_signer *signer;              /* of evidence packs; NULL = none are made */
    hb_str chain_pem;               /* its certificates; n = 0: none */
    const struct hb_seal_ask *seal; /* packs are encrypted so; NULL = not */
    const char *evidence_dir;
    const char *sbom_sha256;   /* of this program (base/sbom.h) */
    bool replay;               /* with `bounded`: no source is opened, nothing is written to the
                                * journal; what is in it is judged */
    bool bounded;              /* ends when all sources are done and everything is judged */
    const char *notify_socket; /* NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID; NULL = not set */
    const char *watchdog_usec;
    const char *watchdog_pid;
} hb_daemon_setup;

typedef struct hb_daemon_outcome {
    hb_engine_state engine;
    size_t sources_failed;
    uint64_t alerts_waiting; /* events whose receivers have not taken them yet */
    bool hung; /* a source did not end in time; the caller must not release what it was given */
} hb_daemon_outcome;

HB_CHECKED hb_status hb_daemon_run(const hb_daemon_setup *setup, hb_daemon_outcome *ret,
                                   hb_error *err);

#endif
