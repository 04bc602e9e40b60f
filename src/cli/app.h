/* SPDX-License-Identifier: Apache-2.0 */
/* The one object of the program, built in main and handed to every command. */
#ifndef HB_CLI_APP_H
#define HB_CLI_APP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/sbom.h"
#include "baseline/quality_policy.h"
#include "cli/cmd.h"
#include "cli/term.h"
#include "govern/configuration.h"
#include "os/file.h"
#include "store/store.h"
#include "telemetry/equivalence.h"
#include "telemetry/policy.h"
#include "telemetry/registry.h"
#include "telemetry/units.h"

typedef struct hb_common {
    const char *workspace;
    const char *db;
    const char *reports;
    const char *metric_registry;
    const char *baseline_policy;
    const char *baseline_quality_policy;
    const char *equivalence_mapping;
    bool json;
    bool quiet;
    bool help;
    int colour;
} hb_common;

struct hb_app {
    const hb_os *os;
    const hb_sbom *sbom; /* of this program */
    hb_arena arena;      /* lives as long as the program */
    hb_common common;
    hb_buf out; /* the result, written to standard output at the end */
    hb_policy policy;
    bool has_policy;
    hb_quality_policy quality_policy;
    bool has_quality_policy;
    hb_equivalence_mapping equivalences;
    bool has_equivalences;
    bool operators_checked; /* the workspace's operators.yaml is the one in force */
    char config_approved[HB_GOVERNED_DOCS_][65]; /* of each kind the digest last found approved */
    struct hb_kept_document *kept;               /* files that were read (kept.h), in the arena */
    size_t n_kept;
    size_t cap_kept;
    hb_store *store;
    bool store_written; /* it is open for writing */
    hb_units *units;
    bool colour_out; /* colour for standard output */
    bool tty_err;    /* standard error is a terminal */
};

/* A note on standard error, "hb: …" and a line end. Nothing with --quiet. */
void hb_say(hb_app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An error's line on standard error; for those before the last, which the command returns. */
void hb_app_tell(const hb_error *err);
/* Writes app->out to standard output at once; a full disk or a closed pipe is HB_E_IO. */
HB_CHECKED hb_status hb_app_flush(hb_app *app, hb_error *err);

/* Paths of the workspace: the option, else its variable, else below the workspace. In the arena. */
HB_CHECKED hb_status hb_app_path(hb_app *app, const char *given, const char *name,
                                 const char **ret_path, hb_error *err);
HB_CHECKED hb_status hb_app_db_path(hb_app *app, const char **ret_path, hb_error *err);
HB_CHECKED hb_status hb_app_reports_path(hb_app *app, const char **ret_path, hb_error *err);
/* Folder of the lab's log: audit/ of the workspace. */
HB_CHECKED hb_status hb_app_audit_path(hb_app *app, const char **ret_path, hb_error *err);
/* Puts what waits in the registry's queue into the lab's log. The runner does it after every
 * command that had the registry open for writing. What cannot be put there is told and waits. */
void hb_app_drain(hb_app *app);

HB_CHECKED hb_status hb_app_open_units(hb_app *app, hb_error *err);
HB_CHECKED hb_status hb_app_load_policy(hb_app *app, hb_error *err);
/* app->quality_policy: the workspace's file, or the built-in one. Loaded by the commands that make
 * baselines or show configuration. */
HB_CHECKED hb_status hb_app_load_quality_policy(hb_app *app, hb_error *err);
/* app->equivalences: the workspace's file, or none. */
HB_CHECKED hb_status hb_app_load_equivalences(hb_app *app, hb_error *err);
HB_CHECKED hb_status hb_app_open_store(hb_app *app, hb_store_mode mode, hb_error *err);
/* The registry of a command with HB_NEED_STORE_CREATE, made when there is none: called once there
 * is something to keep in it, so that a slip leaves no empty registry behind. */
HB_CHECKED hb_status hb_app_need_store(hb_app *app, hb_error *err);
/* The metric registry for a program and mode (may be "" or NULL). The workspace's file, or the
 * built-in one when there is none and none was named. Owned by the caller. */
HB_CHECKED hb_status hb_app_registry(hb_app *app, const char *program, const char *mode,
                                     hb_registry **ret_registry, hb_error *err);

/* Runs the command line; returns the exit code. */
int hb_main(int argc, char **argv, const hb_os *os, const hb_sbom *sbom);

#endif
