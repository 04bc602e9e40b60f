/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon_setup.h"

#include "base/mem.h"
#include "config/node.h"
#include "crypto/digest.h"

static hb_status in_workspace(hb_app *app, const char *name, const char **ret, hb_error *err)
{
    return hb_app_path(app, NULL, name, ret, err);
}

static hb_status find_config(hb_app *app, const char *given, const char **ret, hb_error *err)
{
    const char *below = NULL;
    const char *beside = NULL;
    if (given) {
        *ret = given;
        return HB_OK;
    }
    HB_TRY(in_workspace(app, "config/daemon.yaml", &below, err));
    HB_TRY(in_workspace(app, "daemon.yaml", &beside, err));
    *ret = hb_path_exists(app->os, below) ? below : beside;
    return hb_path_exists(app->os, *ret)
               ? HB_OK
               : HB_FAIL(err, HB_E_CONFIG,
                         "there is no '%s' and no '%s'; name the file with --config, or begin with "
                         "'hb config schema daemon --reference'",
                         below, beside);
}

static hb_status parse(hb_app *app, hb_daemon_files *f, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    hb_error why = {0};
    if (hb_file_read(app->os, f->config_path, HB_YAML_MAX_BYTES, &text, &n, &why) != HB_OK) {
        return HB_FAIL(err, HB_E_CONFIG, "%s", why.msg);
    }
    hb_status status = hb_daemon_config_parse((hb_str){text, n}, f->config_path, &f->config, err);
    f->has_config = status == HB_OK;
    if (status == HB_OK) {
        status = hb_digest_of(text, n, f->config_sha256, err);
    }
    hb_free(text);
    return status;
}

/* What the file names stands in for an option that is not given. */
static hb_status stand_in(hb_app *app, const char **option, const char *named, hb_error *err)
{
    return *option || !*named ? HB_OK : in_workspace(app, named, option, err);
}

static hb_status load_schema(hb_app *app, hb_daemon_files *f, hb_error *err)
{
    const char *named = f->config.telemetry_schema;
    const char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    hb_error why = {0};
    HB_TRY(in_workspace(app, *named ? named : "telemetry_schema.yaml", &path, err));
    f->schema_path = "";
    if (!*named && !hb_path_exists(app->os, path)) {
        return hb_telemetry_schema_empty(&f->schema, err);
    }
    f->schema_path = path;
    if (hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, &why) != HB_OK) {
        return HB_FAIL(err, HB_E_CONFIG, "%s", why.msg);
    }
    hb_status status = hb_telemetry_schema_parse((hb_str){text, n}, path, &f->schema, err);
    f->schema_text = (hb_str){hb_arena_strndup(&app->arena, text, n), n};
    hb_free(text);
    return status != HB_OK || f->schema_text.p ? status : HB_NOMEM(err);
}

static hb_status find_folders(hb_app *app, hb_daemon_files *f, hb_error *err)
{
    const hb_daemon_config *c = &f->config;
    char *journal = NULL;
    HB_TRY(in_workspace(app, c->output_dir, &f->output_dir, err));
    if (*c->journal_dir) {
        HB_TRY(in_workspace(app, c->journal_dir, &f->journal_dir, err));
    } else {
        HB_TRY(hb_path_join(f->output_dir, "journal", &journal, err));
        f->journal_dir = hb_arena_str(&app->arena, hb_str_of(journal));
        hb_free(journal);
    }
    HB_TRY(hb_app_db_path(app, &f->db, err));
    HB_TRY(hb_app_reports_path(app, &f->reports, err));
    f->base_dir = app->common.workspace ? app->common.workspace : ".";
    return f->journal_dir ? HB_OK : HB_NOMEM(err);
}

static hb_status load_lanes(hb_app *app, hb_daemon_files *f, hb_error *err)
{
    const hb_daemon_config *c = &f->config;
    for (size_t i = 0; i < c->n_lanes && c->modes.metric; i++) {
        HB_TRY(hb_app_registry(app, c->meta.program, c->lanes[i], &f->lanes[i], err));
    }
    return HB_OK;
}

hb_status hb_daemon_files_load(hb_app *app, const char *given, hb_daemon_files *f, hb_error *err)
{
    *f = (hb_daemon_files){0};
    HB_TRY(find_config(app, given, &f->config_path, err));
    HB_TRY(parse(app, f, err));
    const hb_daemon_config *c = &f->config;
    HB_TRY(stand_in(app, &app->common.db, c->db_path, err));
    HB_TRY(stand_in(app, &app->common.metric_registry, c->metric_registry, err));
    HB_TRY(stand_in(app, &app->common.baseline_policy, c->baseline_policy, err));
    HB_TRY(find_folders(app, f, err));
    HB_TRY(hb_app_load_policy(app, err));
    HB_TRY(hb_app_load_quality_policy(app, err));
    HB_TRY(hb_app_registry(app, c->meta.program, c->meta.context[HB_CONTEXT_OPERATING_MODE],
                           &f->registry, err));
    HB_TRY(load_lanes(app, f, err));
    return load_schema(app, f, err);
}

void hb_daemon_files_release(hb_daemon_files *f)
{
    hb_registry_free(f->registry);
    for (size_t i = 0; i < HB_DAEMON_LANES_MAX; i++) {
        hb_registry_free(f->lanes[i]);
    }
    hb_telemetry_schema_free(f->schema);
    if (f->has_config) {
        hb_daemon_config_release(&f->config);
    }
    *f = (hb_daemon_files){0};
}
