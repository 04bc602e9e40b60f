/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.yaml of any bytes: an error with a place or a configuration whose digest can be taken, and
 * never anything in between. */
#include "daemon/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hb_daemon_digests none = {"", "", "", ""};
    hb_daemon_config c = {0};
    hb_error err = {0};
    char digest[65] = "";
    hb_status status = hb_daemon_config_parse((hb_str){(const char *)data, size}, "f", &c, &err);
    if (status != HB_OK) {
        if (!*err.msg) {
            abort();
        }
        return 0;
    }
    if (c.n_sources == 0 || c.n_windows == 0 || !*c.name ||
        hb_daemon_config_digest(&c, &none, digest, &err) != HB_OK || strlen(digest) != 64) {
        abort();
    }
    for (size_t i = 0; i < c.n_windows; i++) {
        if (c.windows[i].slide_ns <= 0 || c.windows[i].size_ns % c.windows[i].slide_ns) {
            abort();
        }
    }
    hb_daemon_config_release(&c);
    return 0;
}
