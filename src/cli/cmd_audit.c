/* SPDX-License-Identifier: Apache-2.0 */
/* hb audit list, show: what the lab's log says. */
#include "audit/inclusion.h"
#include "base/mem.h"
#include "cli/audit_shared.h"
#include "cli/table.h"
#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

hb_status hb_audit_open_log(hb_app *app, const char *given, hb_audit_log **ret_log, hb_error *err)
{
    const char *dir = given;
    if (!dir) {
        HB_TRY(hb_app_audit_path(app, &dir, err));
    }
    if (!hb_audit_exists(app->os, dir)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "there is no log in '%s': the first command that writes to a registry makes "
                       "it",
                       dir);
    }
    return hb_audit_open_read(app->os, dir, ret_log, err);
}

void hb_audit_close_p(hb_audit_log **log)
{
    hb_audit_close(*log);
}

hb_status hb_audit_trust(hb_app *app, hb_list files, hb_trust *t, hb_error *err)
{
    for (size_t i = 0; i < files.n; i++) {
        HB_TRY(hb_trust_add_log(t, app->os, files.v[i], err));
    }
    return HB_OK;
}

hb_status hb_audit_put_out(hb_app *app, const char *file, const hb_buf *text, hb_error *err)
{
    HB_TRY(hb_buf_check(text, err));
    if (file) {
        HB_TRY(hb_file_write_atomic(app->os, file, text->p, text->n, 0644, err));
        if (!app->common.json) {
            hb_buf_c(&app->out, "wrote ");
            hb_buf_shown(&app->out, file);
            hb_buf_ch(&app->out, '\n');
        }
        return HB_OK;
    }
    hb_buf_add(&app->out, text->p, text->n);
    return HB_OK;
}

hb_status hb_audit_read_checkpoint(hb_app *app, const char *file, hb_str *ret_text,
                                   hb_checkpoint *ret, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_file_read(app->os, file, HB_CHECKPOINT_MAX, &text, &n, err));
    *ret_text = (hb_str){hb_arena_strndup(&app->arena, text, n), n};
    hb_free(text);
    return ret_text->p ? hb_checkpoint_read(*ret_text, file, &app->arena, ret, err) : HB_NOMEM(err);
}

hb_status hb_audit_number(const char *text, const char *what, uint64_t *ret, hb_error *err)
{
    uint64_t v = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 18 || strspn(text, "0123456789") != n) {
        return HB_FAIL(err, HB_E_USAGE, "%s is a whole number, got '%.40s'", what, text);
    }
    for (const char *p = text; *p; p++) {
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *ret = v;
    return HB_OK;
}

/* --- list --- */

typedef struct list_opts {
    const char *type;
    const char *subject;
    bool waiting;
    uint32_t limit;
} list_opts;

static void row_json(const hb_audit_row *r, hb_json *j)
{
    hb_json_obj(j);
    hb_json_ki(j, "seq", r->id);
    hb_json_key(j, "index");
    if (r->leaf < 0) {
        hb_json_null(j);
    } else {
        hb_json_i64(j, r->leaf);
    }
    hb_json_kt(j, "at", r->at);
    hb_json_kc(j, "type", r->type);
    hb_json_kc(j, "subject", r->subject);
    hb_json_key(j, "entry");
    hb_json_raw(j, r->entry);
    hb_json_end(j);
}

static hb_status list_json(hb_app *app, const hb_audit_row *rows, size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-audit-list/1");
    hb_json_key(&j, "entries");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        row_json(&rows[i], &j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status list_text(hb_app *app, const hb_audit_row *rows, size_t n, hb_error *err)
{
    static const char *const head[] = {"INDEX", "AT", "TYPE", "SUBJECT"};
    enum { SHOWN = 24 };
    hb_table_text t;
    hb_table_text_begin(&t, head, 4);
    for (size_t i = 0; i < n; i++) {
        char index[24] = "waits";
        char at[HB_TIME_TEXT];
        char subject[SHOWN + 1];
        if (rows[i].leaf >= 0) {
            snprintf(index, sizeof index, "%" PRId64, rows[i].leaf);
        }
        hb_time_print(rows[i].at - rows[i].at % 1000000000, at);
        hb_str_fit(rows[i].subject, subject, sizeof subject);
        hb_table_text_row(&t, (const char *const[]){index, at, rows[i].type, subject});
    }
    if (n == 0) {
        hb_say(app, "no such entry");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const list_opts *o = opts;
    enum { LIMIT = 50 };
    const hb_audit_query q = {.type = o->type,
                              .subject = o->subject,
                              .waiting = o->waiting,
                              .newest_first = true,
                              .limit = o->limit ? o->limit : LIMIT};
    hb_audit_row *rows = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_store_list_log(app->store, &q, &app->arena, &rows, &n, err));
    return app->common.json ? list_json(app, rows, n, err) : list_text(app, rows, n, err);
}

static const hb_opt list_table[] = {
    {.name = "type",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, type),
     .arg = "TYPE",
     .help = "decision, tag, version, retire, override, alert_ack, config …"},
    {.name = "subject",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, subject),
     .arg = "TEXT",
     .help = "what it is about, as a whole: a digest, a tag, a case"},
    {.name = "waiting",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(list_opts, waiting),
     .help = "only those that are not in the log yet"},
    {.name = "limit",
     .kind = HB_OPT_UINT,
     .offset = offsetof(list_opts, limit),
     .arg = "N",
     .max = 100000,
     .help = "at most this many; default 50"},
    {0},
};

const hb_cmd hb_cmd_audit_list = {
    .name = "audit list",
    .group = HB_AUDIT_GROUP,
    .summary = "what was written to the lab's log, newest first",
    .needs = HB_NEED_STORE,
    .opts = list_table,
    .opts_size = sizeof(list_opts),
    .details = "Decisions, tags, versions, acknowledged alerts and what else was done in this\n"
               "workspace, with the place of each in the log. hb audit show INDEX prints one\n"
               "as it stands there; hb audit verify checks all of it.",
    .example = "hb audit list --type decision",
    .run = run_list,
};

/* --- show --- */

typedef struct show_opts {
    const char *log;
} show_opts;

static hb_status run_show(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const show_opts *o = opts;
    HB_CLEANUP(hb_audit_close_p) hb_audit_log *log = NULL;
    HB_CLEANUP(hb_buf_release) hb_buf entry;
    hb_log_entry e;
    uint64_t index = 0;
    (void)ret_exit;
    hb_buf_init(&entry, HB_AUDIT_ENTRY_MAX);
    HB_TRY(hb_audit_number(args.v[0], "an entry's index", &index, err));
    HB_TRY(hb_audit_open_log(app, o->log, &log, err));
    HB_TRY(hb_audit_entry(log, index, &entry, err));
    if (app->common.json) {
        hb_buf_add(&app->out, entry.p, entry.n);
        hb_buf_ch(&app->out, '\n');
        return HB_OK;
    }
    HB_TRY(hb_log_entry_read((hb_str){entry.p, entry.n}, "entry", &app->arena, &e, err));
    hb_buf_fmt(&app->out, "entry     %" PRIu64 " of %s\n", index, hb_audit_origin(log));
    hb_buf_fmt(&app->out, "type      ");
    hb_buf_shown(&app->out, e.type);
    hb_buf_c(&app->out, "\nsubject   ");
    hb_buf_shown(&app->out, e.subject);
    hb_buf_fmt(&app->out, "\nat        ");
    hb_buf_shown(&app->out, e.at);
    hb_buf_c(&app->out, "\nsigned by ");
    hb_buf_shown(&app->out, *e.by ? e.by : "nobody");
    hb_buf_c(&app->out, "\n");
    hb_buf_shown(&app->out, entry.p);
    hb_buf_c(&app->out, "\n");
    return HB_OK;
}

static const hb_opt show_table[] = {HB_AUDIT_LOG_OPT(show_opts, log), {0}};

const hb_cmd hb_cmd_audit_show = {
    .name = "audit show",
    .group = HB_AUDIT_GROUP,
    .summary = "one entry of the lab's log",
    .opts = show_table,
    .opts_size = sizeof(show_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "INDEX",
    .details = "The last line is the entry, byte for byte as it is hashed; --json prints it\n"
               "alone. hb audit list has the indices.",
    .example = "hb audit show 0",
    .run = run_show,
};
