/* SPDX-License-Identifier: Apache-2.0 */
/* run.json: what is read must be written again to the same bytes. */
#include "base/mem.h"
#include "evidence/inputs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_run *run = NULL;
    bool converted = false;
    hb_error err = {0};
    hb_str text = {(const char *)data, size};
    hb_status status = hb_run_from_json(text, "run.json", &run, &converted, &err);
    must(status == HB_OK || status == HB_E_EVIDENCE);
    must((status == HB_OK) == (run != NULL));
    if (run) {
        hb_buf again;
        hb_buf_init(&again, 64 << 20);
        must(hb_run_json(run, &again, NULL) == HB_OK);
        must(again.n == size && memcmp(again.p, data, size) == 0);
        hb_buf_release(&again);
    }
    hb_run_free(run);
    return 0;
}
