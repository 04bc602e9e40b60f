/* SPDX-License-Identifier: Apache-2.0 */
#include "source/host/load.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 65, CHUNK_BYTES = 1 << 20, FILE_CHUNKS = 16 };

struct hb_load {
    pid_t children[MAX_CHILDREN];
    size_t n;
    char path[4096];
};

static void spin(void)
{
    volatile double x = 1;
    for (;;) {
        x = x * 1.0000001 + 1e-9;
    }
}

static void write_on(const char *path)
{
    static char chunk[CHUNK_BYTES];
    memset(chunk, 'x', sizeof chunk);
    for (;;) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        for (int i = 0; fd >= 0 && i < FILE_CHUNKS; i++) {
            if (write(fd, chunk, sizeof chunk) < 0) {
                break;
            }
            fsync(fd);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
}

static hb_status start_child(hb_load *load, bool writer, hb_error *err)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot start a process: %s", strerror(errno));
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0);
        }
        signal(SIGINT, SIG_DFL);
        if (writer) {
            write_on(load->path);
        }
        spin();
    }
    load->children[load->n++] = pid;
    return HB_OK;
}

hb_status hb_load_start(const char *dir, hb_load **ret_load, hb_error *err)
{
    hb_load *load = hb_alloc_zero(sizeof *load);
    if (!load) {
        return HB_NOMEM(err);
    }
    snprintf(load->path, sizeof load->path, "%s/load.tmp", dir);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors < 1                  ? 1
               : processors > MAX_CHILDREN - 1 ? MAX_CHILDREN - 1
                                               : (size_t)processors;
    hb_status status = HB_OK;
    for (size_t i = 0; i <= n && status == HB_OK; i++) {
        status = start_child(load, i == n, err);
    }
    if (status != HB_OK) {
        hb_load_stop(load);
        return status;
    }
    *ret_load = load;
    return HB_OK;
}

void hb_load_stop(hb_load *load)
{
    if (!load) {
        return;
    }
    for (size_t i = 0; i < load->n; i++) {
        kill(load->children[i], SIGKILL);
    }
    for (size_t i = 0; i < load->n; i++) {
        while (waitpid(load->children[i], NULL, 0) < 0 && errno == EINTR) {
        }
    }
    unlink(load->path);
    hb_free(load);
}
