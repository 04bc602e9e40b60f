/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/sinks/write_all.h"

#include <errno.h>
#include <string.h>

hb_status hb_sink_write_all(const hb_os *os, int fd, const void *p, size_t n, const char *what,
                            hb_error *err)
{
    const char *at = p;
    while (n) {
        ssize_t got = os->write(fd, at, n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            hb_status status = HB_FAIL(err, HB_E_IO, "cannot write to %s: %s", what,
                                       got < 0 ? strerror(errno) : "nothing was taken");
            return status;
        }
        at += got;
        n -= (size_t)got;
    }
    return HB_OK;
}
