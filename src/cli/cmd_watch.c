/* SPDX-License-Identifier: Apache-2.0 */
/* hb watch: judges run files as they arrive in a folder.
 *
 * Each file is judged by `hb run` in a process of its own: a file that breaks the program, takes
 * for ever or eats memory costs that file and no other, and weeks of files leave nothing behind
 * here. What was seen is in watch.json of the workspace, rewritten in one step after each file. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/term.h"
#include "cli/watch_job.h"

#include "base/json_write.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { RESCAN_MS = 5000, SETTLE_STEP_MS = 200, FILES_MAX = 100000 };

typedef struct watch_opts {
    hb_read_opts read;
    const char *pattern;
    const char *quarantine;
    const char *run_meta_dir;
    bool once;
    double settle;
    double timeout;
} watch_opts;

typedef struct found {
    char *name;
    hb_watch_stamp stamp;
} found;

typedef struct watching {
    hb_app *app;
    const watch_opts *o;
    const char *dir;
    hb_watch_state *state;
    hb_watch_job job;
    found *files; /* oldest first */
    size_t n_files;
    size_t cap_files;
    unsigned counts[HB_WATCH_OUTCOME_COUNT_];
} watching;

static const hb_opt watch_table[] = {
    HB_READ_OPTS(watch_opts, read),
    {.name = "pattern",
     .kind = HB_OPT_STRING,
     .offset = offsetof(watch_opts, pattern),
     .arg = "GLOB",
     .help = "names that are looked at; default all but hidden ones"},
    {.name = "run-meta-dir",
     .kind = HB_OPT_STRING,
     .offset = offsetof(watch_opts, run_meta_dir),
     .arg = "DIR",
     .help = "run_meta of NAME.csv is DIR/NAME.json"},
    {.name = "quarantine",
     .kind = HB_OPT_STRING,
     .offset = offsetof(watch_opts, quarantine),
     .arg = "DIR",
     .help = "where files go that cannot be read; default: they stay, and are told once"},
    {.name = "settle",
     .kind = HB_OPT_F64,
     .offset = offsetof(watch_opts, settle),
     .arg = "S",
     .help = "a file is read when it has not changed for this long; default 2"},
    {.name = "timeout",
     .kind = HB_OPT_F64,
     .offset = offsetof(watch_opts, timeout),
     .arg = "S",
     .help = "for one file; default 3600"},
    {.name = "once",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(watch_opts, once),
     .help = "judge what is there, then end"},
    {0},
};

static void drop_files(watching *w)
{
    for (size_t i = 0; i < w->n_files; i++) {
        hb_free(w->files[i].name);
    }
    w->n_files = 0;
}

static int by_age(const void *a, const void *b)
{
    const found *x = a;
    const found *y = b;
    if (x->stamp.mtime != y->stamp.mtime) {
        return x->stamp.mtime < y->stamp.mtime ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static hb_status stamp_of(watching *w, const char *name, hb_watch_stamp *ret, bool *ret_file,
                          hb_error *err)
{
    char *path = NULL;
    struct stat st;
    HB_TRY(hb_path_join(w->dir, name, &path, err));
    *ret_file = w->app->os->stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (*ret_file) {
        *ret =
            (hb_watch_stamp){.bytes = (uint64_t)st.st_size,
                             .mtime = (hb_time)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec};
    }
    hb_free(path);
    return HB_OK;
}

/* Files of the pattern that are new, or not as they were when they were judged. */
static hb_status look(watching *w, hb_error *err)
{
    drop_files(w);
    DIR *d = opendir(w->dir);
    if (!d) {
        return HB_FAIL(err, HB_E_IO, "cannot read the folder '%s': %s", w->dir, strerror(errno));
    }
    hb_status status = HB_OK;
    for (struct dirent *e = readdir(d); e && status == HB_OK; e = readdir(d)) {
        hb_watch_stamp stamp;
        bool file = false;
        if (*e->d_name == '.' || fnmatch(w->o->pattern ? w->o->pattern : "*", e->d_name, 0) != 0) {
            continue;
        }
        status = stamp_of(w, e->d_name, &stamp, &file, err);
        if (status != HB_OK || !file || hb_watch_known(w->state, e->d_name, &stamp)) {
            continue;
        }
        status =
            HB_GROW(w->files, w->cap_files, w->n_files + 1, FILES_MAX, "files in the folder", err);
        char *name = status == HB_OK ? hb_strdup(e->d_name) : NULL;
        if (status == HB_OK && !name) {
            status = HB_NOMEM(err);
        }
        if (status == HB_OK) {
            w->files[w->n_files++] = (found){name, stamp};
        }
    }
    closedir(d);
    if (w->n_files) {
        qsort(w->files, w->n_files, sizeof *w->files, by_age);
    }
    return status;
}

static bool stop_wanted(void *ctx)
{
    (void)ctx;
    return hb_term_stop_wanted() != 0;
}

/* Still as it was `settle` seconds ago? A file that grows is left for later. */
static hb_status settled(watching *w, found *f, bool *ret, hb_error *err)
{
    double settle = w->o->settle > 0 ? w->o->settle : 2;
    double age = (double)(w->app->os->now() - f->stamp.mtime) / 1e9;
    hb_watch_stamp now = f->stamp;
    bool file = true;
    *ret =
        age >= settle || age < -settle; /* a clock that runs ahead elsewhere: do not wait for it */
    for (double waited = 0; waited < settle && !hb_term_stop_wanted();
         waited += SETTLE_STEP_MS / 1000.0) {
        HB_IGNORE(poll(NULL, 0, SETTLE_STEP_MS) != 0); /* a pause */
        HB_TRY(stamp_of(w, f->name, &now, &file, err));
        if (!file || now.bytes != f->stamp.bytes || now.mtime != f->stamp.mtime) {
            *ret = false;
            return HB_OK;
        }
        if (*ret && waited > 0) {
            return HB_OK; /* old already: two looks are enough */
        }
    }
    *ret = !hb_term_stop_wanted();
    return HB_OK;
}

/* One line a file, as it happens: this is a stream. */
static hb_status tell(watching *w, const found *f, const hb_watch_result *r, hb_error *err)
{
    hb_app *app = w->app;
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_LINE);
        hb_json_obj(&j);
        hb_json_kc(&j, "file", f->name);
        hb_json_kc(&j, "outcome", hb_watch_outcome_names[r->outcome]);
        hb_json_kc(&j, "verdict", *r->verdict ? r->verdict : NULL);
        hb_json_kc(&j, "run_id", *r->run_id ? r->run_id : NULL);
        hb_json_kc(&j, "report", *r->report ? r->report : NULL);
        hb_json_kc(&j, "why", *r->why ? r->why : NULL);
        hb_json_end(&j);
        HB_TRY(hb_json_done(&j, err));
    } else {
        hb_buf_fmt(&app->out, "%-16s ",
                   r->outcome == HB_WATCH_JUDGED ? r->verdict : hb_watch_outcome_names[r->outcome]);
        hb_buf_shown(&app->out, f->name);
        hb_buf_c(&app->out, "  ");
        hb_buf_shown(&app->out, r->outcome == HB_WATCH_JUDGED ? r->run_id : r->why);
    }
    hb_buf_ch(&app->out, '\n');
    return hb_app_flush(app, err);
}

static hb_status one_round(watching *w, hb_error *err)
{
    HB_TRY(look(w, err));
    for (size_t i = 0; i < w->n_files && !hb_term_stop_wanted(); i++) {
        hb_watch_result r;
        bool ready = false;
        HB_TRY(settled(w, &w->files[i], &ready, err));
        if (!ready) {
            continue;
        }
        HB_TRY(hb_watch_judge(&w->job, w->files[i].name, &r, err));
        if (r.outcome == HB_WATCH_STOPPED) {
            break;
        }
        w->counts[r.outcome]++;
        HB_TRY(hb_watch_note(w->state, w->files[i].name, &w->files[i].stamp, &r, w->app->os->now(),
                             err));
        HB_TRY(tell(w, &w->files[i], &r, err));
    }
    return HB_OK;
}

/* Woken by the folder, and every few seconds all the same: shares over a network tell nothing. */
static hb_status wait_for_more(int fd, hb_error *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char events[4096];
    int n = poll(&p, fd >= 0 ? 1 : 0, RESCAN_MS);
    if (n > 0 && (p.revents & POLLIN)) {
        ssize_t got = read(fd, events, sizeof events); /* what happened is seen by looking */
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return HB_FAIL(err, HB_E_IO, "inotify: %s", strerror(errno));
        }
    }
    return HB_OK;
}

static hb_status follow(watching *w, hb_error *err)
{
    int fd = w->o->once ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0 && inotify_add_watch(fd, w->dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        close(fd);
        fd = -1; /* looked at every few seconds then */
    }
    hb_status status = one_round(w, err);
    while (status == HB_OK && !w->o->once && !hb_term_stop_wanted()) {
        status = wait_for_more(fd, err);
        status = status == HB_OK ? one_round(w, err) : status;
    }
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

static hb_status run_watch(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const watch_opts *o = opts;
    const char *path = NULL;
    watching w = {.app = app, .o = o, .dir = args.v[0]};
    if (!hb_path_is_dir(app->os, w.dir)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is no folder", w.dir);
    }
    w.job = (hb_watch_job){.app = app,
                           .dir = w.dir,
                           .opts = watch_table,
                           .values = o,
                           .read_size = offsetof(watch_opts, read) + sizeof(hb_read_opts),
                           .run_meta_dir = o->run_meta_dir,
                           .quarantine = o->quarantine,
                           .timeout_s = o->timeout > 0 ? o->timeout : 3600,
                           .stop = stop_wanted};
    hb_term_stop_gently();
    HB_TRY(hb_app_path(app, NULL, "watch.json", &path, err));
    HB_TRY(hb_watch_state_open(app->os, path, w.dir, &w.state, err));
    hb_status status = follow(&w, err);
    hb_watch_state_free(w.state);
    drop_files(&w);
    hb_free(w.files);
    if (status == HB_OK) {
        unsigned bad = w.counts[HB_WATCH_BAD] + w.counts[HB_WATCH_QUARANTINED];
        hb_say(app, "%u files judged, %u could not be", w.counts[HB_WATCH_JUDGED], bad);
        *ret_exit = o->once && bad ? hb_status_exit(HB_E_INPUT) : 0;
    }
    return status;
}

const hb_cmd hb_cmd_watch = {
    .name = "watch",
    .group = "Judge a run",
    .summary = "judge run files as they arrive in a folder",
    .opts = watch_table,
    .opts_size = sizeof(watch_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "DIR",
    .details = "Each file is a run: oldest first, once, and again when it changes. A file that\n"
               "is still written to is left until it rests. One that cannot be read is told\n"
               "and does not hold up the others. What was seen is kept in watch.json of the\n"
               "workspace, so a restart goes on. One line a file; with --json one object.\n"
               "Ends with exit code 0 on Ctrl-C; with --once, 2 when a file could not be read.",
    .example = "hb watch incoming --once",
    .run = run_watch,
};
