/* SPDX-License-Identifier: Apache-2.0 */
/* hb record: this machine's own telemetry into a run file. */
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/term.h"

#include "base/mem.h"
#include "source/host/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct record_opts {
    double seconds;
    double interval;
    const char *out;
} record_opts;

static bool go_on(void *ctx, double done_s, double total_s)
{
    char text[40];
    snprintf(text, sizeof text, "%.0f of %.0f s", done_s, total_s);
    hb_progress_share(ctx, done_s / total_s, text);
    return hb_term_stop_wanted() == 0;
}

/* Told before the recording, not after it. */
static hb_status can_write(const char *out, hb_error *err)
{
    char *dir = NULL;
    if (strcmp(out, "-") == 0) {
        return HB_OK;
    }
    HB_TRY(hb_path_dir(out, &dir, err));
    bool ok = access(out, F_OK) == 0 ? access(out, W_OK) == 0 : access(dir, W_OK | X_OK) == 0;
    hb_status status =
        ok ? HB_OK : HB_FAIL(err, HB_E_IO, "cannot write '%s': %s", out, strerror(errno));
    hb_free(dir);
    return status;
}

static hb_status run_record(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const record_opts *o = opts;
    (void)args;
    HB_TRY(can_write(o->out, err));
    hb_term_stop_gently(); /* what was recorded until then is kept */
    hb_progress bar = hb_progress_start(app, "recording");
    hb_record_options ro = {
        .seconds = o->seconds,
        .interval_s = o->interval > 0 ? o->interval : 0.1,
        .format = hb_str_ends(hb_str_of(o->out), ".jsonl") ? HB_RECORD_JSONL : HB_RECORD_CSV,
        .root = "",
        .go_on = go_on,
        .ctx = &bar,
    };
    hb_buf text;
    uint64_t samples = 0;
    hb_buf_init(&text, HB_RECORD_MAX_BYTES);
    hb_status status = hb_record(app->os, &ro, &text, &samples, err);
    hb_progress_end(&bar);
    if (status == HB_OK && strcmp(o->out, "-") == 0) {
        hb_buf_add(&app->out, text.p, text.n);
    } else if (status == HB_OK) {
        status = hb_file_write_atomic(app->os, o->out, text.p, text.n, 0644, err);
        hb_say(app, "%llu samplings in %s", (unsigned long long)samples, o->out);
    }
    hb_buf_release(&text);
    *ret_exit = hb_term_stop_wanted();
    return status;
}

static const hb_opt table[] = {
    {.name = "seconds",
     .letter = 's',
     .kind = HB_OPT_F64,
     .offset = offsetof(record_opts, seconds),
     .arg = "N",
     .required = true,
     .help = "how long"},
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(record_opts, out),
     .arg = "FILE",
     .required = true,
     .help = "file to write, - for standard output; .jsonl gives JSON lines, all else CSV"},
    {.name = "interval",
     .kind = HB_OPT_F64,
     .offset = offsetof(record_opts, interval),
     .arg = "S",
     .help = "seconds between samplings, 0.02 to 60; default 0.1"},
    {0},
};

const hb_cmd hb_cmd_record = {
    .name = "record",
    .group = "Try it out",
    .summary = "record this machine's telemetry into a run file",
    .opts = table,
    .opts_size = sizeof(record_opts),
    .text_only = true,
    .details = "Processor, memory, pressure, disk, network and temperatures from /proc and\n"
               "/sys, and how late a timer wakes up: a real source on any Linux machine.\n"
               "Ctrl-C ends the recording early and keeps what there is (exit code 130).",
    .example = "hb record --seconds 2 --out here.csv",
    .run = run_record,
};
