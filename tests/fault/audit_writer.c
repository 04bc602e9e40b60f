/* SPDX-License-Identifier: Apache-2.0 */
/* Writes entries into a registry's queue and drains them into the log until it is killed; the
 * number of each entry that was acknowledged as being in the log goes to standard output in one
 * write(2): "NAME NUMBER\n".
 *
 *     audit_writer DB DIR NAME [ROUNDS] */
#include "base/num.h"
#include "export/audit.h"
#include "store/audit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void members(void *ctx, hb_json *j)
{
    hb_json_kc(j, "name", ctx);
}

static hb_status one_round(hb_store *store, const char *dir, char *name, unsigned *number,
                           hb_error *err)
{
    hb_audit_drained d = {0};
    char subject[24];
    for (unsigned k = 0; k <= *number % 5; k++) {
        snprintf(subject, sizeof subject, "%u", *number + k);
        HB_TRY(hb_store_log(store, "tag", subject, 1, "", members, name, err));
    }
    HB_TRY(hb_audit_drain(hb_os_real(), store, dir, &d, err));
    for (unsigned k = 0, n = *number % 5; k <= n; k++) {
        char line[64];
        int len = snprintf(line, sizeof line, "%s %u\n", name, (*number)++);
        if (write(STDOUT_FILENO, line, (size_t)len) != len) {
            return HB_FAIL(err, HB_E_IO, "cannot tell");
        }
    }
    return HB_OK;
}

int main(int argc, char **argv)
{
    hb_store *store = NULL;
    hb_error err = {0};
    unsigned number = 0;
    hb_status status = HB_OK;
    uint64_t rounds = UINT64_MAX;
    if (argc != 4 && (argc != 5 || !hb_num_parse_u64(argv[4], strlen(argv[4]), &rounds))) {
        return 2;
    }
    status = hb_store_open(hb_os_real(), argv[1], HB_STORE_CREATE, &store, &err);
    for (; status == HB_OK && rounds; rounds--) {
        status = one_round(store, argv[2], argv[3], &number, &err);
    }
    if (status == HB_OK) {
        hb_store_close(store);
        return 0;
    }
    fprintf(stderr, "%s\n", err.msg);
    return 1;
}
