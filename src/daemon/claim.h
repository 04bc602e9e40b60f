/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of a registry is judged by one daemon at a time: a lock file beside the registry, whose
 * lock ends with the process that has it, however that ends.
 *
 *     hb_claim(os, db, stream, &fd, err)    HB_E_IO names the process that judges it
 *     os->close(fd)                         gives it up; the file stays
 */
#ifndef HB_DAEMON_CLAIM_H
#define HB_DAEMON_CLAIM_H

#include "base/error.h"
#include "os/os.h"

HB_CHECKED hb_status hb_claim(const hb_os *os, const char *db, const char *stream, int *ret_fd,
                              hb_error *err);

#endif
