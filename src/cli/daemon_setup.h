/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.yaml and everything it names, loaded for a command. */
#ifndef HB_CLI_DAEMON_SETUP_H
#define HB_CLI_DAEMON_SETUP_H

#include "cli/app.h"
#include "daemon/supervise.h"

typedef struct hb_daemon_files {
    hb_daemon_config config;
    bool has_config;
    const char *config_path;
    char config_sha256[65]; /* of its text */
    const char *base_dir;   /* the workspace */
    const char *db;
    const char *reports;
    const char *output_dir;
    const char *journal_dir;
    const char *schema_path; /* "" = none */
    hb_str schema_text;      /* of it; empty = there is no file */
    hb_registry *registry;
    hb_registry *lanes[HB_DAEMON_LANES_MAX]; /* by config.lanes, where the mode is the data's */
    hb_telemetry_schema *schema;
} hb_daemon_files;

/* `given`: --config; NULL = config/daemon.yaml, else daemon.yaml of the workspace. Options of the
 * command line come before what the file names. Units, policies and the quality policy are then in
 * the app. Strings in the app's arena. Release also on failure. */
HB_CHECKED hb_status hb_daemon_files_load(hb_app *app, const char *given, hb_daemon_files *f,
                                          hb_error *err);
void hb_daemon_files_release(hb_daemon_files *f);

#endif
