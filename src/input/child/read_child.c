/* SPDX-License-Identifier: Apache-2.0 */
/* main of the child. It has no name of a file, no environment and, once inside, no way to get
 * either. */
#include "input/child/serve.h"
#include "input/hdf5/hdf5.h"
#include "input/mat/mat.h"
#include "os/sandbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_CPU_S = 10 };

static const hb_child_reader *const readers[] = {&hb_mat5_child, &hb_mat73_child, &hb_hdf5_child};

static hb_status write_out(void *ctx, const void *p, size_t n, hb_error *err)
{
    const char *at = p;
    (void)ctx;
    hb_sandbox_allow(HB_CHILD_STALL_S);
    while (n) {
        ssize_t put = write(STDOUT_FILENO, at, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return HB_FAIL(err, HB_E_IO, "the reader has gone");
        }
        at += put;
        n -= (size_t)put;
    }
    return HB_OK;
}

static hb_status enter(uint32_t cpu_s, hb_sandbox_report *ret, hb_error *err)
{
    hb_sandbox_limits limits = {.memory_bytes = (uint64_t)HB_CHILD_MEMORY_MIB << 20,
                                .cpu_seconds = cpu_s,
                                .out_fd = STDOUT_FILENO};
    hb_status status = hb_sandbox_enter(&limits, ret, err);
    if (status == HB_E_DENIED) {
        hb_error_prefix(err, "convert the file to CSV");
    }
    return status;
}

static hb_status run(const hb_child_reader *reader, const char *wanted, hb_frames_out *out,
                     hb_error *err)
{
    void *state = NULL;
    hb_sandbox_report report;
    HB_TRY(reader->open(STDIN_FILENO, &state, err));
    hb_status status = enter(HB_CHILD_CPU_S, &report, err);
    if (status == HB_OK) {
        status = reader->serve(state, wanted, out, err);
    }
    reader->close(state);
    return status;
}

/* 0 = everything was refused, 1 = something was not, or there is no sandbox. */
static int check(void)
{
    hb_error err = {0};
    hb_sandbox_report report;
    hb_buf text;
    hb_buf_init(&text, 1 << 16);
    bool kept = enter(CHECK_CPU_S, &report, &err) == HB_OK;
    if (kept) {
        hb_buf_fmt(&text, "seccomp: in force\nLandlock: %s %d\nmemory limit: %s\n",
                   report.landlock ? "in force, version" : "not in this kernel, version",
                   report.landlock, report.memory_cap ? "in force" : "none (sanitizer)");
    } else {
        hb_buf_fmt(&text, "no sandbox: %s\n", err.msg);
    }
    for (const hb_sandbox_attempt *a = hb_sandbox_attempts; kept && a->what; a++) {
        bool worked = a->succeeds();
        hb_buf_fmt(&text, "%s: %s\n", a->what, worked ? "WORKED" : "refused");
        kept = !worked;
    }
    hb_status told = write_out(NULL, text.p, text.n, NULL);
    hb_buf_release(&text);
    return kept && told == HB_OK ? 0 : 1;
}

int hb_read_child(int argc, char **argv)
{
    hb_error err = {0};
    hb_frames_out out;
    if (argc == 1 && strcmp(argv[0], "check") == 0) {
        return check();
    }
    const hb_child_reader *reader = NULL;
    for (size_t i = 0; argc == 2 && i < sizeof readers / sizeof *readers; i++) {
        reader = strcmp(readers[i]->name, argv[0]) == 0 ? readers[i] : reader;
    }
    if (!reader) {
        return hb_status_exit(HB_E_USAGE);
    }
    hb_frames_out_init(&out, write_out, NULL);
    hb_status status = hb_frames_start(&out, &err);
    if (status == HB_OK) {
        status = run(reader, argv[1], &out, &err);
    }
    if (status != HB_OK) { /* told in a frame: the exit code is for the program itself failing */
        status = hb_frames_error(&out, &err, NULL);
    }
    hb_frames_out_release(&out);
    return hb_status_exit(status);
}
