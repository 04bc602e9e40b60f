/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/app.h"

#include "base/cpu.h"
#include "base/mem.h"
#include "cli/govern_shared.h"
#include "cli/help.h"
#include "cli/kept.h"
#include "cli/options.h"
#include "config/node.h"
#include "crypto/digest.h"
#include "export/audit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUT_MAX_BYTES = 512 << 20, APP_ARENA_BYTES = 256 << 20, NOTE_MAX_BYTES = 4096 };

static const char *const colour_words[] = {
    [HB_COLOUR_AUTO] = "auto", [HB_COLOUR_ALWAYS] = "always", [HB_COLOUR_NEVER] = "never", NULL};

const hb_opt hb_common_opts[] = {
    {.name = "workspace",
     .letter = 'w',
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, workspace),
     .arg = "DIR",
     .env = "HB_WORKSPACE",
     .help = "folder of configuration, registry and reports; default: the current one"},
    {.name = "db",
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, db),
     .arg = "FILE",
     .env = "HB_DB_PATH",
     .help = "the registry; default: runs.db in the workspace"},
    {.name = "reports",
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, reports),
     .arg = "DIR",
     .env = "HB_REPORTS_DIR",
     .help = "where reports go; default: reports/ in the workspace"},
    {.name = "metric-registry",
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, metric_registry),
     .arg = "FILE",
     .env = "HB_METRIC_REGISTRY",
     .help = "declared metrics; default: metric_registry.yaml in the workspace"},
    {.name = "baseline-policy",
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, baseline_policy),
     .arg = "FILE",
     .env = "HB_BASELINE_POLICY",
     .help = "baseline policy; default: baseline_policy.yaml in the workspace"},
    {.name = "baseline-quality-policy",
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, baseline_quality_policy),
     .arg = "FILE",
     .env = "HB_BASELINE_QUALITY_POLICY",
     .help =
         "what a baseline must be like; default: baseline_quality_policy.yaml in the workspace"},
    {.name = "equivalence-mapping",
     .kind = HB_OPT_STRING,
     .offset = offsetof(hb_common, equivalence_mapping),
     .arg = "FILE",
     .env = "HB_EQUIVALENCE_MAPPING",
     .help = "metrics of other makes; default: equivalence_mapping.yaml in the workspace"},
    {.name = "json",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(hb_common, json),
     .help = "print the result as JSON"},
    {.name = "quiet",
     .letter = 'q',
     .kind = HB_OPT_FLAG,
     .offset = offsetof(hb_common, quiet),
     .help = "no notes and no progress on standard error"},
    {.name = "color",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(hb_common, colour),
     .values = colour_words,
     .help = "colour on the terminal; auto respects NO_COLOR"},
    {.name = "help",
     .letter = 'h',
     .kind = HB_OPT_FLAG,
     .offset = offsetof(hb_common, help),
     .help = "help on the command"},
    {0},
};

void hb_say(hb_app *app, const char *fmt, ...)
{
    if (app->common.quiet) {
        return;
    }
    char words[NOTE_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    hb_buf shown; /* a note may quote a file's text or name */
    hb_buf_init(&shown, 3 * sizeof words);
    hb_buf_shown(&shown, words);
    fprintf(stderr, "hb: %s\n", shown.p);
    hb_buf_release(&shown);
}

hb_status hb_app_flush(hb_app *app, hb_error *err)
{
    const char *p = app->out.p;
    size_t n = app->out.n;
    while (n) {
        ssize_t put = app->os->write(STDOUT_FILENO, p, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return HB_FAIL(err, HB_E_IO, "cannot write to standard output: %s", strerror(errno));
        }
        p += put;
        n -= (size_t)put;
    }
    hb_buf_clear(&app->out);
    return HB_OK;
}

hb_status hb_app_path(hb_app *app, const char *given, const char *name, const char **ret_path,
                      hb_error *err)
{
    char *path = NULL;
    if (given) {
        *ret_path = given;
        return HB_OK;
    }
    const char *workspace = app->common.workspace;
    if (workspace && !hb_path_is_dir(app->os, workspace)) { /* a slip would change the verdict */
        return HB_FAIL(err, HB_E_CONFIG, "workspace '%s' is no folder; 'hb init %s' makes it",
                       workspace, workspace);
    }
    HB_TRY(hb_path_join(workspace ? workspace : ".", name, &path, err));
    *ret_path = hb_arena_str(&app->arena, hb_str_of(path));
    hb_free(path);
    return *ret_path ? HB_OK : HB_NOMEM(err);
}

hb_status hb_app_db_path(hb_app *app, const char **ret_path, hb_error *err)
{
    return hb_app_path(app, app->common.db, "runs.db", ret_path, err);
}

hb_status hb_app_reports_path(hb_app *app, const char **ret_path, hb_error *err)
{
    return hb_app_path(app, app->common.reports, "reports", ret_path, err);
}

hb_status hb_app_audit_path(hb_app *app, const char **ret_path, hb_error *err)
{
    return hb_app_path(app, NULL, "audit", ret_path, err);
}

void hb_app_drain(hb_app *app)
{
    const char *dir = NULL;
    hb_error why = {0};
    hb_audit_drained drained = {0};
    if (!app->store || !app->store_written) {
        return;
    }
    hb_status status = hb_app_audit_path(app, &dir, &why);
    if (status == HB_OK) {
        status = hb_audit_drain(app->os, app->store, dir, &drained, &why);
    }
    if (status != HB_OK) {
        hb_say(app, "not in the log yet, %llu %s: %s", (unsigned long long)drained.waiting,
               drained.waiting == 1 ? "entry waits" : "entries wait", why.msg);
    }
}

hb_status hb_app_open_units(hb_app *app, hb_error *err)
{
    return app->units ? HB_OK : hb_units_open(&app->units, err);
}

/* A configuration file's text and digest; *ret_text = NULL when it is absent and nobody named it.
 */
static hb_status read_config(hb_app *app, const char *kind, const char *path, bool named,
                             char **ret_text, size_t *ret_len, char digest[HB_DIGEST_HEX],
                             hb_error *err)
{
    *ret_text = NULL;
    if (!named && !hb_path_exists(app->os, path)) {
        return HB_OK;
    }
    hb_error why = {0};
    if (hb_file_read(app->os, path, HB_YAML_MAX_BYTES, ret_text, ret_len, &why) != HB_OK) {
        return HB_FAIL(err, HB_E_CONFIG, "%s", why.msg);
    }
    hb_status status = hb_digest_of(*ret_text, *ret_len, digest, err);
    if (status == HB_OK) {
        status = hb_kept_remember(app, kind, (hb_str){*ret_text, *ret_len}, digest, err);
    }
    if (status != HB_OK) {
        hb_free(*ret_text);
        *ret_text = NULL;
    }
    return status;
}

hb_status hb_app_load_policy(hb_app *app, hb_error *err)
{
    if (app->has_policy) {
        return HB_OK;
    }
    const char *path = NULL;
    char *text = NULL;
    size_t len = 0;
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_app_path(app, app->common.baseline_policy, "baseline_policy.yaml", &path, err));
    HB_TRY(read_config(app, "baseline_policy", path, app->common.baseline_policy != NULL, &text,
                       &len, digest, err));
    hb_status status = HB_OK;
    if (text) {
        status = hb_policy_parse((hb_str){text, len}, path, digest, &app->policy, err);
    } else {
        hb_policy_builtin(&app->policy);
    }
    hb_free(text);
    app->has_policy = status == HB_OK;
    return status;
}

hb_status hb_app_load_quality_policy(hb_app *app, hb_error *err)
{
    if (app->has_quality_policy) {
        return HB_OK;
    }
    const char *path = NULL;
    char *text = NULL;
    size_t len = 0;
    char digest[HB_DIGEST_HEX];
    const char *given = app->common.baseline_quality_policy;
    HB_TRY(hb_app_path(app, given, "baseline_quality_policy.yaml", &path, err));
    HB_TRY(
        read_config(app, "baseline_quality_policy", path, given != NULL, &text, &len, digest, err));
    hb_status status = HB_OK;
    if (text) {
        status =
            hb_quality_policy_parse((hb_str){text, len}, path, digest, &app->quality_policy, err);
    } else {
        hb_quality_policy_builtin(&app->quality_policy);
    }
    hb_free(text);
    app->has_quality_policy = status == HB_OK;
    return status;
}

hb_status hb_app_load_equivalences(hb_app *app, hb_error *err)
{
    if (app->has_equivalences) {
        return HB_OK;
    }
    const char *path = NULL;
    char *text = NULL;
    size_t len = 0;
    char digest[HB_DIGEST_HEX];
    const char *given = app->common.equivalence_mapping;
    HB_TRY(hb_app_path(app, given, "equivalence_mapping.yaml", &path, err));
    HB_TRY(read_config(app, "equivalence_mapping", path, given != NULL, &text, &len, digest, err));
    hb_status status = HB_OK;
    if (text) {
        status = hb_equivalence_parse((hb_str){text, len}, path, digest, &app->equivalences, err);
    }
    hb_free(text);
    app->has_equivalences = status == HB_OK;
    return status;
}

hb_status hb_app_registry(hb_app *app, const char *program, const char *mode,
                          hb_registry **ret_registry, hb_error *err)
{
    const char *path = NULL;
    char *text = NULL;
    size_t len = 0;
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_app_open_units(app, err));
    HB_TRY(hb_app_path(app, app->common.metric_registry, "metric_registry.yaml", &path, err));
    HB_TRY(read_config(app, "metric_registry", path, app->common.metric_registry != NULL, &text,
                       &len, digest, err));
    if (!text) {
        return hb_registry_builtin(ret_registry, err);
    }
    hb_status status = hb_registry_parse((hb_str){text, len}, path, program, mode, digest,
                                         app->units, ret_registry, err);
    hb_free(text);
    return status;
}

hb_status hb_app_open_store(hb_app *app, hb_store_mode mode, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(hb_app_db_path(app, &path, err));
    bool made = mode == HB_STORE_CREATE && !hb_path_exists(app->os, path);
    HB_TRY(hb_store_open(app->os, path, mode, &app->store, err));
    app->store_written = mode != HB_STORE_READ;
    if (made) {
        hb_say(app, "created the registry %s", path);
    }
    return HB_OK;
}

hb_status hb_app_need_store(hb_app *app, hb_error *err)
{
    return app->store ? HB_OK : hb_app_open_store(app, HB_STORE_CREATE, err);
}

static hb_status prepare(hb_app *app, unsigned needs, hb_error *err)
{
    if (needs & HB_NEED_POLICY) {
        HB_TRY(hb_app_load_policy(app, err));
    }
    if (needs & HB_NEED_STORE_CREATE) {
        const char *path = NULL;
        HB_TRY(hb_app_db_path(app, &path, err));
        return hb_path_exists(app->os, path) ? hb_app_need_store(app, err) : HB_OK;
    }
    if (needs & (HB_NEED_STORE | HB_NEED_STORE_WRITE)) {
        bool write = needs & HB_NEED_STORE_WRITE;
        HB_TRY(hb_app_open_store(app, write ? HB_STORE_WRITE : HB_STORE_READ, err));
        return needs & HB_NEED_POLICY ? hb_app_check_operators(app, err) : HB_OK;
    }
    return HB_OK;
}

static void release(hb_app *app)
{
    hb_store_close(app->store);
    hb_units_close(app->units);
    if (app->has_policy) {
        hb_policy_release(&app->policy);
    }
    if (app->has_quality_policy) {
        hb_quality_policy_release(&app->quality_policy);
    }
    if (app->has_equivalences) {
        hb_equivalence_release(&app->equivalences);
    }
    hb_buf_release(&app->out);
    hb_arena_release(&app->arena);
}

static hb_status run_command(hb_app *app, const hb_parsed *p, int *ret_exit, hb_error *err)
{
    if (p->version) {
        hb_buf_c(&app->out, "hb " HB_VERSION "\n");
        return HB_OK;
    }
    if (p->dump_cli) {
        return hb_help_dump(&app->out, err);
    }
    if (p->dump_man) {
        if (strcmp(p->dump_man, "list") == 0) {
            hb_help_man_pages(&app->out);
            return HB_OK;
        }
        return hb_help_man(p->dump_man, &app->out)
                   ? HB_OK
                   : HB_FAIL(err, HB_E_USAGE, "no manual page '%s'", p->dump_man);
    }
    if (p->group) {
        hb_help_topic(&p->group, 1, &app->out);
        return HB_OK;
    }
    if (!p->cmd) {
        hb_help_overview(&app->out);
        return HB_OK;
    }
    if (app->common.help) {
        hb_help_command(p->cmd, &app->out);
        return HB_OK;
    }
    HB_TRY(prepare(app, p->cmd->needs, err));
    return p->cmd->run(app, p->opts, p->args, ret_exit, err);
}

void hb_app_tell(const hb_error *err)
{
    char text[900];
    hb_buf shown;
    hb_buf_init(&shown, 3 * sizeof text);
    hb_buf_shown(&shown, hb_error_text(err, text, sizeof text));
    fprintf(stderr, "hb: error: %s\n", shown.n ? shown.p : text);
    hb_buf_release(&shown);
}

static int tell(const hb_error *err, hb_status status)
{
    hb_app_tell(err);
    return hb_status_exit(status);
}

/* Some file systems tell only on closing that the disk was full. */
static hb_status finish_output(hb_app *app, hb_error *err)
{
    HB_TRY(hb_app_flush(app, err));
    return app->os->close(STDOUT_FILENO) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot write to standard output: %s", strerror(errno));
}

int hb_main(int argc, char **argv, const hb_os *os, const hb_sbom *sbom)
{
    hb_term_fill_gaps();
    hb_term_signals();
    const char *cpu = getenv("HB_CPU"); /* for tests: base/cpu.h */
    hb_cpu_portable(cpu && strcmp(cpu, "portable") == 0);
    hb_app app = {.os = os, .sbom = sbom};
    hb_arena_init(&app.arena, APP_ARENA_BYTES);
    hb_buf_init(&app.out, OUT_MAX_BYTES);
    hb_error err = {0};
    hb_parsed parsed;
    int exit_code = 0;
    hb_status status = hb_options_parse(argc, argv, &app.common, &app.arena, getenv, &parsed, &err);
    if (status == HB_OK) {
        app.tty_err = hb_term_talks();
        app.colour_out = hb_term_colour((hb_colour_when)app.common.colour, getenv);
        status = run_command(&app, &parsed, &exit_code, &err);
        hb_app_drain(&app);
    }
    if (status == HB_OK) {
        status = hb_buf_check(&app.out, &err);
    }
    if (status == HB_OK) {
        status = finish_output(&app, &err);
    }
    if (status != HB_OK) {
        exit_code = tell(&err, status);
    }
    release(&app);
    return exit_code;
}
