/* SPDX-License-Identifier: Apache-2.0 */
/* hb daemon: live telemetry, judged window by window. */
#include "cli/commands.h"
#include "cli/daemon_setup.h"
#include "cli/govern_shared.h"
#include "cli/kept.h"
#include "cli/packs_shared.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "govern/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct daemon_opts {
    const char *config;
    bool once;
    bool replay;
    bool check;
} daemon_opts;

static void duration(hb_buf *out, int64_t ns)
{
    hb_buf_f64(out, (double)ns / 1e9);
    hb_buf_c(out, " s");
}

/* --- --check --- */

static hb_status baseline_of(hb_app *app, const hb_daemon_files *f, const char *tag, char *out,
                             size_t room, hb_error *err)
{
    const hb_run_meta *m = &f->config.meta;
    hb_tag_row row = {0};
    bool found = false;
    if (app->store) {
        HB_TRY(hb_store_get_tag(app->store, tag, m->program, m->subsystem, m->test_name,
                                &app->arena, &row, &found, err));
    }
    if (found) {
        snprintf(out, room, "%s %.60s", *row.version ? "version" : "run",
                 *row.version ? row.version : row.run_id);
    } else {
        snprintf(out, room, "%s",
                 f->config.train ? "trained first" : "none: windows get NO_TEST; see train");
    }
    return HB_OK;
}

static hb_status print_check(hb_app *app, const hb_daemon_files *f, hb_error *err)
{
    const hb_daemon_config *c = &f->config;
    hb_buf *out = &app->out;
    hb_buf_fmt(out, "%s is in order\n\nstream    %s\nregistry  %s%s\njournal   %s\nreports   %s\n",
               f->config_path, c->name, f->db, app->store ? "" : " (will be made)", f->journal_dir,
               f->reports);
    for (size_t i = 0; i < c->n_sources; i++) {
        hb_buf_fmt(out, "source    %s (%s)\n", c->sources[i].name, c->sources[i].ops->name);
    }
    if (*c->unread) {
        hb_buf_fmt(out, "not read  %s: of another source\n", c->unread);
    }
    for (size_t i = 0; i < c->n_windows; i++) {
        const hb_daemon_window *w = &c->windows[i];
        for (size_t k = 0; k < c->n_lanes; k++) {
            char baseline[120];
            char tag[HB_LANE_TAG_BYTES];
            if (!hb_daemon_is_steady(c->lanes[k])) {
                continue;
            }
            hb_daemon_lane_tag(w, c->lanes[k], tag);
            HB_TRY(baseline_of(app, f, tag, baseline, sizeof baseline, err));
            hb_buf_fmt(out, "window    %s: ", w->name);
            duration(out, w->size_ns);
            hb_buf_c(out, " every ");
            duration(out, w->slide_ns);
            hb_buf_fmt(out, "; baseline '%s': %s\n", tag, baseline);
        }
    }
    for (size_t i = 0; i < c->n_sinks; i++) {
        hb_buf_fmt(out, "sink      %s (%s)\n", c->sinks[i].name, c->sinks[i].ops->name);
    }
    hb_buf_fmt(out, "health    %s\n", *c->health_listen ? c->health_listen : "not served");
    return hb_buf_check(out, err);
}

static hb_status window_json(hb_app *app, const hb_daemon_files *f, size_t i, const char *lane,
                             hb_json *j, hb_error *err)
{
    const hb_daemon_window *w = &f->config.windows[i];
    char baseline[120];
    char tag[HB_LANE_TAG_BYTES];
    hb_daemon_lane_tag(w, lane, tag);
    HB_TRY(baseline_of(app, f, tag, baseline, sizeof baseline, err));
    hb_json_obj(j);
    hb_json_kc(j, "name", w->name);
    hb_json_key(j, "size_s");
    hb_json_f64(j, (double)w->size_ns / 1e9);
    hb_json_key(j, "slide_s");
    hb_json_f64(j, (double)w->slide_ns / 1e9);
    hb_json_kc(j, "tag", tag);
    hb_json_kc(j, "baseline", baseline);
    hb_json_end(j);
    return HB_OK;
}

static hb_status check_json(hb_app *app, const hb_daemon_files *f, hb_error *err)
{
    const hb_daemon_config *c = &f->config;
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "config", f->config_path);
    hb_json_kc(&j, "stream", c->name);
    hb_json_kc(&j, "registry", f->db);
    hb_json_kc(&j, "journal", f->journal_dir);
    hb_json_kc(&j, "reports", f->reports);
    hb_json_key(&j, "sources");
    hb_json_arr(&j);
    for (size_t i = 0; i < c->n_sources; i++) {
        hb_json_obj(&j);
        hb_json_kc(&j, "name", c->sources[i].name);
        hb_json_kc(&j, "source", c->sources[i].ops->name);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_key(&j, "windows");
    hb_json_arr(&j);
    for (size_t i = 0; i < c->n_windows; i++) {
        for (size_t k = 0; k < c->n_lanes; k++) {
            if (hb_daemon_is_steady(c->lanes[k])) {
                HB_TRY(window_json(app, f, i, c->lanes[k], &j, err));
            }
        }
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status look(hb_app *app, const hb_daemon_files *f, hb_error *err)
{
    if (hb_path_exists(app->os, f->db)) {
        HB_TRY(hb_store_open(app->os, f->db, HB_STORE_READ, &app->store, err));
    }
    return app->common.json ? check_json(app, f, err) : print_check(app, f, err);
}

/* --- running --- */

static void outcome_json(const hb_daemon_outcome *o, hb_json *j)
{
    const hb_engine_state *e = &o->engine;
    hb_json_obj(j);
    hb_json_key(j, "windows");
    hb_json_obj(j);
    for (unsigned v = 0; v < HB_VERDICT_COUNT_; v++) {
        hb_json_ku(j, hb_verdict_name((hb_verdict)v), e->windows[v]);
    }
    hb_json_end(j);
    hb_json_key(j, "counts");
    hb_json_obj(j);
    for (unsigned i = 0; i < HB_WINDOWS_COUNT_; i++) {
        hb_json_ku(j, hb_windows_count_name((hb_windows_count)i), e->counts[i]);
    }
    hb_json_end(j);
    hb_json_ku(j, "records", e->records);
    hb_json_ku(j, "decided_again", e->relived);
    hb_json_kc(j, "evidence", e->evidence_why);
    hb_json_kc(j, "baseline", e->baseline_why);
    hb_json_kc(j, "training", e->training);
    hb_json_ku(j, "alerts_waiting", o->alerts_waiting);
    hb_json_end(j);
}

/* What was received and is in no window, by reason. */
static void tell_left_out(const hb_engine_state *e, hb_buf *out)
{
    static const hb_windows_count reasons[] = {
        HB_WINDOWS_BAD_MESSAGE, HB_WINDOWS_NOT_USABLE, HB_WINDOWS_LATE,   HB_WINDOWS_DUPLICATE,
        HB_WINDOWS_AHEAD,       HB_WINDOWS_NO_UNIT,    HB_WINDOWS_NO_ROOM};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (e->counts[reasons[i]]) {
            hb_buf_fmt(out, "left out: %llu %s\n", (unsigned long long)e->counts[reasons[i]],
                       hb_windows_count_words(reasons[i]));
        }
    }
}

/* A run that is to end needs sources that do. */
static hb_status check_ends(const hb_daemon_config *c, hb_error *err)
{
    for (size_t i = 0; i < c->n_sources; i++) {
        const hb_daemon_source *s = &c->sources[i];
        if (!s->ops->ends || !s->ops->ends(s->config)) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--once ends with its sources, and source '%s' (%s%s) has no end; leave "
                           "--once out, or capture for a while: hb ingest --source %s --duration S",
                           s->name, s->ops->name, s->ops->ends ? ", follow: true" : "",
                           s->ops->name);
        }
    }
    return HB_OK;
}

static hb_status tell_outcome(hb_app *app, const hb_daemon_files *f, const hb_daemon_outcome *o,
                              bool bounded, hb_error *err)
{
    const hb_engine_state *e = &o->engine;
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        outcome_json(o, &j);
        hb_buf_ch(&app->out, '\n');
        HB_TRY(hb_json_done(&j, err));
    } else {
        hb_buf_fmt(&app->out,
                   "stream %s: %llu PASS, %llu PASS_WITH_DRIFT, %llu FAIL, %llu NO_TEST windows "
                   "(hb live list)\n",
                   f->config.name, (unsigned long long)e->windows[HB_VERDICT_PASS],
                   (unsigned long long)e->windows[HB_VERDICT_PASS_WITH_DRIFT],
                   (unsigned long long)e->windows[HB_VERDICT_FAIL],
                   (unsigned long long)e->windows[HB_VERDICT_NO_TEST]);
        tell_left_out(e, &app->out);
        if (*e->baseline_why) {
            hb_buf_fmt(&app->out, "no baseline: %s\n", e->baseline_why);
        }
        if (o->alerts_waiting) {
            hb_buf_fmt(&app->out,
                       "not delivered yet: %llu alert events; the next start sends them (hb alert "
                       "dead: what was given up)\n",
                       (unsigned long long)o->alerts_waiting);
        }
    }
    if (*e->evidence_why) {
        return HB_FAIL(err, HB_E_EVIDENCE, "%s", e->evidence_why);
    }
    if (bounded && e->counts[HB_WINDOWS_SAMPLES] == 0 && e->counts[HB_WINDOWS_BAD_MESSAGE]) {
        return HB_FAIL(err, HB_E_INPUT,
                       "none of %llu messages could be read, so nothing was judged; hb journal cat "
                       "shows them, docs/formats/live_payloads.md what is understood",
                       (unsigned long long)e->counts[HB_WINDOWS_BAD_MESSAGE]);
    }
    if (o->sources_failed) {
        return HB_FAIL(err, HB_E_IO,
                       "%zu of %zu sources failed; what they said is in the log above",
                       o->sources_failed, f->config.n_sources);
    }
    return HB_OK;
}

/* Everything it was started with; a text that changes later is asked about when it is read again.
 */
static hb_status check_approved(hb_app *app, const hb_daemon_files *f, hb_error *err)
{
    const char *schema = *f->schema_path ? hb_telemetry_schema_digest(f->schema) : "";
    HB_TRY(hb_app_check_operators(app, err));
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_DAEMON, f->config_sha256, err));
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_REGISTRY, hb_registry_digest(f->registry), err));
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_TELEMETRY, schema, err));
    return f->config.train
               ? hb_app_check_config(app, HB_GOVERNED_QUALITY, app->quality_policy.digest, err)
               : HB_OK;
}

static hb_status run(hb_app *app, const daemon_opts *o, hb_daemon_files *f,
                     const hb_pack_maker *packs, hb_error *err)
{
    hb_store *store = NULL;
    const char *audit_dir = NULL;
    const char *tokens = NULL;
    const char *evidence_dir = NULL;
    HB_TRY(hb_app_audit_path(app, &audit_dir, err));
    HB_TRY(hb_app_path(app, NULL, HB_TOKENS_FILE, &tokens, err));
    HB_TRY(hb_app_evidence_dir(app, &evidence_dir, err));
    HB_TRY(hb_store_open(app->os, f->db, HB_STORE_CREATE, &store, err));
    hb_status kept = hb_kept_put(app, store, hb_registry_digest(f->registry), err);
    if (kept == HB_OK) {
        kept = hb_kept_put(app, store, app->policy.digest, err);
    }
    if (kept == HB_OK) {
        app->store = store;
        kept = check_approved(app, f, err);
        app->store = NULL;
    }
    hb_store_close(store); /* the daemon opens it for itself */
    HB_TRY(kept);
    const hb_daemon_setup setup = {
        .os = app->os,
        .config = &f->config,
        .config_path = f->config_path,
        .config_sha256 = f->config_sha256,
        .base_dir = f->base_dir,
        .db = f->db,
        .reports = f->reports,
        .audit_dir = audit_dir,
        .tokens = tokens,
        .output_dir = f->output_dir,
        .journal_dir = f->journal_dir,
        .registry = f->registry,
        .lanes = (const hb_registry *const *)f->lanes,
        .units = app->units,
        .policy = &app->policy,
        .quality = &app->quality_policy,
        .schema = f->schema,
        .schema_text = f->schema_text,
        .signer = packs->signer,
        .chain_pem = packs->chain_pem,
        .seal = packs->seals ? &packs->seal : NULL,
        .evidence_dir = evidence_dir,
        .sbom_sha256 = app->sbom->sha256,
        .bounded = o->once || o->replay,
        .replay = o->replay,
        .notify_socket = getenv("NOTIFY_SOCKET"),
        .watchdog_usec = getenv("WATCHDOG_USEC"),
        .watchdog_pid = getenv("WATCHDOG_PID"),
    };
    hb_daemon_outcome outcome = {0};
    HB_TRY(hb_daemon_run(&setup, &outcome, err));
    hb_status status = tell_outcome(app, f, &outcome, setup.bounded, err);
    if (outcome.hung) { /* its thread still reads what would be released */
        HB_IGNORE(hb_app_flush(app, NULL));
        _Exit(status == HB_OK ? 0 : hb_status_exit(status));
    }
    return status;
}

static hb_status path_of(hb_app *app, const hb_daemon_files *f, const char *name, const char **ret,
                         hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(f->base_dir, name, &path, err));
    *ret = hb_arena_str(&app->arena, hb_str_of(path));
    hb_free(path);
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status open_packs(hb_app *app, const hb_daemon_files *f, hb_pack_maker *ret,
                            hb_error *err)
{
    const hb_daemon_config *c = &f->config;
    hb_pack_opts o = {.signing = {.key = c->signing_key}};
    const char **paths = hb_arena_array(&app->arena, c->n_encrypt_to + 1, sizeof *paths);
    if (!paths) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < c->n_encrypt_to; i++) {
        HB_TRY(path_of(app, f, c->encrypt_to[i], &paths[i], err));
    }
    o.encrypt_to = (hb_list){.v = paths, .n = c->n_encrypt_to};
    if (*c->signing_cert) {
        HB_TRY(path_of(app, f, c->signing_cert, &o.cert, err));
    }
    return hb_pack_maker_open(app, &o, ret, err);
}

/* Key and certificates are opened at the start, or not at all: what is missing is told now. */
static hb_status run_signed(hb_app *app, const daemon_opts *o, hb_daemon_files *f, hb_error *err)
{
    const hb_daemon_config *c = &f->config;
    hb_pack_maker packs = {0};
    if (c->evidence_on_fail || c->evidence_always) {
        HB_TRY(open_packs(app, f, &packs, err));
    }
    hb_status status = run(app, o, f, &packs, err);
    hb_pack_maker_close(&packs);
    return status;
}

static hb_status run_daemon(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const daemon_opts *o = opts;
    hb_daemon_files f;
    (void)args;
    (void)ret_exit;
    hb_status status = hb_daemon_files_load(app, o->config, &f, err);
    if (status == HB_OK && o->once && !o->check) {
        status = check_ends(&f.config, err);
    }
    if (status == HB_OK) {
        status = o->check ? look(app, &f, err) : run_signed(app, o, &f, err);
    }
    hb_daemon_files_release(&f);
    return status;
}

static const hb_opt table[] = {
    {.name = "config",
     .letter = 'c',
     .kind = HB_OPT_STRING,
     .offset = offsetof(daemon_opts, config),
     .arg = "FILE",
     .help = "daemon.yaml; default: config/daemon.yaml or daemon.yaml in the workspace"},
    {.name = "once",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(daemon_opts, once),
     .help = "end when all sources are at their end and everything is judged; a followed file has "
             "no end"},
    {.name = "replay",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(daemon_opts, replay),
     .help = "open no source, judge what the journal holds, then end"},
    {.name = "check",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(daemon_opts, check),
     .help = "say what would run, and run nothing"},
    {0},
};

const hb_cmd hb_cmd_daemon = {
    .name = "daemon",
    .group = "Live",
    .summary = "judge live telemetry, window by window, without end",
    .opts = table,
    .opts_size = sizeof(daemon_opts),
    .details = "Reads the sources of daemon.yaml into a journal, cuts windows by the samples'\n"
               "own time, judges each against the baseline of its tag, raises alerts, and\n"
               "goes on after a crash as if nothing had happened. hb live list shows what was\n"
               "judged, hb health how it is. Events go to standard error.\n"
               "\n"
               "SIGTERM and SIGINT end it in order within 5 seconds. SIGHUP reads the file\n"
               "again: alert rules and sinks are taken over, what needs a restart is named.\n"
               "\n"
               "Keys: hb config schema daemon --reference. With --once the exit code is 0\n"
               "when everything was judged, 1 when a source failed, 2 when no message could be\n"
               "read, 12 when records read again after a restart gave another decision.\n"
               "--replay on a copy of a journal decides again what was decided live.",
    .example = "hb daemon --once",
    .run = run_daemon,
};
