/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_job.h"

#include "base/mem.h"
#include "os/job.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

enum { ARGS_MAX = 96, OUTPUT_MAX = 1 << 20, ARENA_BYTES = 1 << 20 };

typedef struct arguments {
    const char *v[ARGS_MAX];
    size_t n;
} arguments;

static void arg(arguments *a, const char *name, const char *value)
{
    if (value && a->n + 3 < ARGS_MAX) {
        a->v[a->n++] = name;
        a->v[a->n++] = value;
    }
}

/* The reading options as they were given, for the child. */
static hb_status read_args(const hb_watch_job *w, hb_arena *arena, arguments *a, hb_error *err)
{
    for (const hb_opt *opt = w->opts; opt->name; opt++) {
        if (opt->offset >= w->read_size) {
            continue;
        }
        const char *at = (const char *)w->values + opt->offset;
        char *flag = hb_arena_alloc(arena, strlen(opt->name) + 3);
        char number[16];
        if (!flag) {
            return HB_NOMEM(err);
        }
        snprintf(flag, strlen(opt->name) + 3, "--%s", opt->name);
        if (opt->kind == HB_OPT_STRING) {
            arg(a, flag, *(const char *const *)(const void *)at);
        } else if (opt->kind == HB_OPT_FLAG && *(const bool *)(const void *)at &&
                   a->n + 2 < ARGS_MAX) {
            a->v[a->n++] = flag;
        } else if (opt->kind == HB_OPT_UINT && *(const uint32_t *)(const void *)at) {
            snprintf(number, sizeof number, "%u", *(const uint32_t *)(const void *)at);
            arg(a, flag, hb_arena_str(arena, hb_str_of(number)));
        }
    }
    return HB_OK;
}

/* run_meta of the file: RUN_META_DIR/<stem>.json where that is. */
static hb_status meta_of(const hb_watch_job *w, const char *name, hb_arena *arena, const char **ret,
                         hb_error *err)
{
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    char *path = NULL;
    char file[300];
    *ret = NULL;
    if (!w->run_meta_dir || stem > 256) {
        return HB_OK;
    }
    snprintf(file, sizeof file, "%.*s.json", (int)stem, name);
    HB_TRY(hb_path_join(w->run_meta_dir, file, &path, err));
    if (hb_path_exists(w->app->os, path)) {
        *ret = hb_arena_str(arena, hb_str_of(path));
    }
    hb_free(path);
    return HB_OK;
}

static hb_status command_line(const hb_watch_job *w, const char *path, const char *name,
                              hb_arena *arena, arguments *a, hb_error *err)
{
    const hb_common *c = &w->app->common;
    const char *meta = NULL;
    a->v[a->n++] = "hb";
    arg(a, "--workspace", c->workspace);
    arg(a, "--db", c->db);
    arg(a, "--reports", c->reports);
    arg(a, "--metric-registry", c->metric_registry);
    arg(a, "--baseline-policy", c->baseline_policy);
    arg(a, "--baseline-quality-policy", c->baseline_quality_policy);
    arg(a, "--equivalence-mapping", c->equivalence_mapping);
    a->v[a->n++] = "run";
    HB_TRY(read_args(w, arena, a, err));
    HB_TRY(meta_of(w, name, arena, &meta, err));
    arg(a, "--run-meta", meta);
    arg(a, "--fail-on", "none");
    a->v[a->n++] = "--json";
    a->v[a->n++] = "--";
    a->v[a->n++] = path;
    a->v[a->n] = NULL;
    return HB_OK;
}

/* What the child said: verdict, run and report, or why not. */
static void outcome_of(const hb_job_end *end, const hb_buf *out, const hb_buf *said,
                       double timeout_s, hb_watch_result *r)
{
    json_t *root = end->exit_code == 0 ? json_loadb(out->p, out->n, 0, NULL) : NULL;
    const char *verdict = json_string_value(json_object_get(root, "status"));
    r->outcome = HB_WATCH_BAD;
    if (verdict) {
        r->outcome = HB_WATCH_JUDGED;
        hb_str_fit(verdict, r->verdict, sizeof r->verdict);
        hb_str_fit(json_string_value(json_object_get(root, "run_id")), r->run_id, sizeof r->run_id);
        hb_str_fit(json_string_value(json_object_get(root, "report")), r->report, sizeof r->report);
    } else if (end->timed_out) {
        snprintf(r->why, sizeof r->why, "took longer than %.0f s (--timeout)", timeout_s);
    } else if (end->signal) {
        snprintf(r->why, sizeof r->why, "the reader was ended by signal %d", end->signal);
    } else {
        hb_str text = hb_str_trim((hb_str){said->p, said->n});
        const char *line = text.n ? text.p : "no reason was given";
        const char *from = strstr(line, "hb: error: ");
        hb_str_fit(from ? from + strlen("hb: error: ") : line, r->why, sizeof r->why);
        r->why[strcspn(r->why, "\n")] = '\0';
    }
    json_decref(root);
}

static hb_status quarantine(const hb_watch_job *w, const char *path, const char *name,
                            hb_watch_result *r, hb_error *err)
{
    char *to = NULL;
    char *numbered = NULL;
    if (!w->quarantine) {
        return HB_OK;
    }
    HB_TRY(hb_dir_make(w->app->os, w->quarantine, err));
    HB_TRY(hb_path_join(w->quarantine, name, &to, err));
    for (unsigned i = 1; hb_path_exists(w->app->os, numbered ? numbered : to) && i < 10000; i++) {
        hb_free(numbered);
        size_t room = strlen(to) + 16;
        numbered = hb_alloc(room);
        if (!numbered) {
            hb_free(to);
            return HB_NOMEM(err);
        }
        snprintf(numbered, room, "%s.%u", to, i);
    }
    hb_status status = HB_OK;
    if (w->app->os->rename(path, numbered ? numbered : to) != 0) {
        status = HB_FAIL(err, HB_E_IO, "cannot move '%s' to '%s': %s", path,
                         numbered ? numbered : to, strerror(errno));
    } else {
        r->outcome = HB_WATCH_QUARANTINED;
    }
    hb_free(numbered);
    hb_free(to);
    return status;
}

static hb_status judge(const hb_watch_job *w, const char *name, hb_arena *arena, hb_buf *out,
                       hb_buf *said, hb_watch_result *r, hb_error *err)
{
    arguments a = {.n = 0};
    hb_job_end end;
    char *path = NULL;
    HB_TRY(hb_path_join(w->dir, name, &path, err));
    hb_status status = command_line(w, path, name, arena, &a, err);
    hb_job job = {.program = "/proc/self/exe",
                  .argv = a.v,
                  .timeout_ms = (int64_t)(w->timeout_s * 1000),
                  .stop = w->stop};
    if (status == HB_OK) {
        status = hb_job_run(&job, out, said, &end, err);
    }
    if (status == HB_OK && end.stopped) {
        r->outcome = HB_WATCH_STOPPED;
    } else if (status == HB_OK) {
        outcome_of(&end, out, said, w->timeout_s, r);
        hb_error why = {0};
        if (r->outcome == HB_WATCH_BAD && quarantine(w, path, name, r, &why) != HB_OK) {
            /* It stays, and is told once like others: the next files are waiting. */
            size_t n = strlen(r->why);
            snprintf(r->why + n, sizeof r->why - n, "; not moved: %.200s", why.msg);
        }
    }
    hb_free(path);
    return status;
}

hb_status hb_watch_judge(const hb_watch_job *job, const char *name, hb_watch_result *ret,
                         hb_error *err)
{
    hb_watch_result r = {.outcome = HB_WATCH_BAD};
    hb_arena arena;
    hb_buf out;
    hb_buf said;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_buf_init(&out, OUTPUT_MAX);
    hb_buf_init(&said, OUTPUT_MAX);
    hb_status status = judge(job, name, &arena, &out, &said, &r, err);
    hb_buf_release(&out);
    hb_buf_release(&said);
    hb_arena_release(&arena);
    if (status == HB_OK) {
        *ret = r;
    }
    return status;
}
