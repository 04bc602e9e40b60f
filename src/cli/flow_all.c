/* SPDX-License-Identifier: Apache-2.0 */
/* Several runs read at once. All but the first take the units of the first for what is declared
 * nowhere, which is known only when that has been read; so they are read as if there were none, and
 * read again in the few cases where it made a difference, or where one failed: then the message is
 * the one that reading them one after another gives. */
#include "cli/flow_job.h"

#include "cli/progress.h"

#include <pthread.h>

enum { WORTH_BYTES = 1 << 20 /* less is read sooner than it is shared out */ };

typedef struct part part;

typedef struct all {
    hb_app *app;
    part *parts;
    size_t n;
    uint64_t bytes;
    pthread_mutex_t drawing;
    hb_progress bar;
} all;

struct part {
    all *of;
    hb_flow_job job;
    uint64_t bytes;
    uint64_t before; /* in the files of this part that were read to their end */
    uint64_t now;    /* in the current one */
    uint64_t done;   /* for whoever draws, atomic */
    hb_run *run;
    hb_status status;
    hb_error err;
};

/* Whoever comes while another one draws goes on. */
static void told(void *ctx, uint64_t done, uint64_t total)
{
    part *p = ctx;
    all *a = p->of;
    (void)total;
    if (done < p->now) {
        p->before += p->now; /* the next file */
    }
    p->now = done;
    __atomic_store_n(&p->done, p->before + done, __ATOMIC_RELAXED);
    if (pthread_mutex_trylock(&a->drawing) != 0) {
        return;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < a->n; i++) {
        sum += __atomic_load_n(&a->parts[i].done, __ATOMIC_RELAXED);
    }
    hb_progress_bytes(&a->bar, sum, a->bytes);
    pthread_mutex_unlock(&a->drawing);
}

/* Plain files can be read a second time; streams and what is behind a folder are left alone. */
static bool plain_files(const hb_os *os, const hb_list *files, uint64_t *ret_bytes)
{
    *ret_bytes = 0;
    for (size_t i = 0; i < files->n; i++) {
        struct stat st;
        if (os->stat(files->v[i], &st) != 0 || !S_ISREG(st.st_mode)) {
            return false;
        }
        *ret_bytes += (uint64_t)st.st_size;
    }
    return true;
}

/* Side by side the longest part sets the pace, one after another all threads help with each, a
 * third more than one of two could: so no part may be most of the whole. */
static bool worth_it(all *a)
{
    uint64_t longest = 0;
    unsigned threads = a->parts[0].job.threads;
    for (size_t i = 0; i < a->n; i++) {
        part *p = &a->parts[i];
        if (!plain_files(a->app->os, &p->job.files, &p->bytes)) {
            return false;
        }
        a->bytes += p->bytes;
        longest = p->bytes > longest ? p->bytes : longest;
    }
    return threads > 1 && a->bytes >= WORTH_BYTES && longest <= a->bytes / 3 * 2;
}

static void read_part(void *ctx, size_t i)
{
    all *a = ctx;
    part *p = &a->parts[i];
    p->status = hb_flow_do(a->app, &p->job, NULL, &p->run, &p->err);
}

static hb_status read_at_once(all *a, hb_error *err)
{
    hb_pool *pool = NULL;
    unsigned threads = a->parts[0].job.threads;
    unsigned at_once = threads < a->n ? threads : (unsigned)a->n;
    HB_TRY(hb_pool_new(at_once, &pool, err));
    for (size_t i = 0; i < a->n; i++) {
        a->parts[i].job.threads = threads / at_once;
        a->parts[i].job.progress = told;
        a->parts[i].job.progress_ctx = &a->parts[i];
    }
    pthread_mutex_init(&a->drawing, NULL);
    a->bar = hb_progress_start(a->app, "all files");
    hb_pool_run(pool, read_part, a, a->n);
    hb_progress_end(&a->bar);
    pthread_mutex_destroy(&a->drawing);
    hb_pool_free(pool);
    for (size_t i = 0; i < a->n; i++) {
        a->parts[i].job.threads = threads;
        a->parts[i].job.progress = NULL;
    }
    return HB_OK;
}

/* What reading one after another would have given; the runs are ret_runs' from here on. */
static hb_status settle(all *a, hb_run **ret_runs, hb_error *err)
{
    part *first = &a->parts[0];
    if (first->status != HB_OK) {
        *err = first->err;
        return first->status;
    }
    ret_runs[0] = first->run;
    first->run = NULL;
    for (size_t i = 1; i < a->n; i++) {
        part *p = &a->parts[i];
        if (p->status == HB_OK && !hb_run_units_unlike(p->run, ret_runs[0], a->app->units)) {
            ret_runs[i] = p->run;
            p->run = NULL;
        } else {
            HB_TRY(hb_flow_do(a->app, &p->job, ret_runs[0], &ret_runs[i], err));
        }
    }
    return HB_OK;
}

static hb_status read_all(all *a, hb_run **ret_runs, hb_error *err)
{
    if (!worth_it(a)) {
        for (size_t i = 0; i < a->n; i++) {
            const hb_run *like = i ? ret_runs[0] : NULL;
            HB_TRY(hb_flow_do(a->app, &a->parts[i].job, like, &ret_runs[i], err));
        }
        return HB_OK;
    }
    hb_status status = read_at_once(a, err);
    status = status == HB_OK ? settle(a, ret_runs, err) : status;
    for (size_t i = 0; i < a->n; i++) {
        hb_run_free(a->parts[i].run);
    }
    return status;
}

hb_status hb_flow_read_all(hb_app *app, const hb_flow_files_of *runs, size_t n,
                           hb_registry **io_registry, hb_run **ret_runs, hb_error *err)
{
    all a = {.app = app, .n = n};
    a.parts = hb_arena_array(&app->arena, n, sizeof *a.parts);
    if (!a.parts) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        a.parts[i].of = &a;
        HB_TRY(hb_flow_prepare(app, runs[i].files, runs[i].o, io_registry, &a.parts[i].job, err));
    }
    return read_all(&a, ret_runs, err);
}
