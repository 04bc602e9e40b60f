/* SPDX-License-Identifier: Apache-2.0 */
#include "os/writing.h"

#include "base/mem.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static hb_status io_fail(hb_error *err, hb_status code, const char *verb, const char *path)
{
    return HB_FAIL(err, code, "cannot %s '%s': %s", verb, path, strerror(errno));
}

hb_status hb_write_all(const hb_os *os, int fd, const char *path, const char *p, size_t n,
                       hb_error *err)
{
    while (n) {
        ssize_t put = os->write(fd, p, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return io_fail(err, HB_E_IO, "write", path);
        }
        p += put;
        n -= (size_t)put;
    }
    return HB_OK;
}

hb_status hb_sync_folder_of(const hb_os *os, const char *path, hb_error *err)
{
    char *dir = NULL;
    HB_TRY(hb_path_dir(path, &dir, err));
    int fd = os->open(dir, O_RDONLY | O_DIRECTORY, 0);
    hb_status status = HB_OK;
    if (fd < 0) {
        status = io_fail(err, HB_E_IO, "open folder", dir);
    } else {
        if (os->fsync(fd) != 0 && errno != EINVAL) {
            status = io_fail(err, HB_E_IO, "sync folder", dir);
        }
        os->close(fd);
    }
    hb_free(dir);
    return status;
}

hb_status hb_temporary_name(const hb_os *os, const char *path, char **ret_name, hb_error *err)
{
    unsigned char noise[6];
    if (os->random(noise, sizeof noise) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot get random bytes: %s", strerror(errno));
    }
    hb_buf name;
    hb_buf_init(&name, 8192);
    char *dir = NULL;
    hb_status status = hb_path_dir(path, &dir, err);
    if (status == HB_OK) {
        hb_buf_fmt(&name, "%s/.%s.", dir, hb_path_base(path));
        for (size_t i = 0; i < sizeof noise; i++) {
            hb_buf_fmt(&name, "%02x", noise[i]);
        }
        hb_buf_c(&name, ".tmp");
        size_t len = 0;
        status = hb_buf_finish(&name, ret_name, &len, err);
    }
    hb_free(dir);
    hb_buf_release(&name);
    return status;
}

void hb_hold_signals(sigset_t *ret_before)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, ret_before);
}

void hb_let_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

bool hb_signal_waits(void)
{
    sigset_t set;
    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1 ||
            sigismember(&set, SIGHUP) == 1);
}
