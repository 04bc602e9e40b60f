/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void fault_loop(hb_status (*body)(void))
{
    for (int persistent = 0; persistent < 2; persistent++) {
        unsigned long nth = 1;
        for (;; nth++) {
            hb_fault_alloc(nth, persistent);
            hb_status status = body();
            bool fired = hb_fault_fired();
            hb_fault_alloc(0, false);
            if (status != HB_OK && (!fired || status != HB_E_NOMEM)) {
                fail_msg("allocation %lu failing gave %s", nth, hb_status_name(status));
            }
            if (!fired) {
                break;
            }
        }
        assert_true(nth > 1);
    }
}

const char *data_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("HB_DATA");
    const char *source = getenv("HB_SOURCE_DIR");
    if (root) {
        snprintf(path, sizeof path, "%s/%s", root, name);
    } else {
        snprintf(path, sizeof path, "%s/../shared/data/%s", source ? source : ".", name);
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        print_message("skipped: no %s (set HB_DATA)\n", name);
        return NULL;
    }
    return path;
}
