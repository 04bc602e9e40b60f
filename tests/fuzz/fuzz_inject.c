/* SPDX-License-Identifier: Apache-2.0 */
/* Telemetry lines through every fault. First byte: the fault; second: CSV or JSON. What no fault
 * touched must come out as it went in. */
#include "inject/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    hb_injection kind = (hb_injection)(data[0] % HB_INJECTION_COUNT_);
    hb_inject_fault f = {.kind = kind,
                         .metric = data[0] & 0x80 ? NULL : "a",
                         .delay_s = 3,
                         .probability = 0.5,
                         .noise_scale = 0.1,
                         .scale = 3,
                         .skew_s = -7,
                         .drift_per_row = 1,
                         .count = 2,
                         .rename = "b\"c",
                         .from = HB_TIME_NONE,
                         .to = HB_TIME_NONE};
    hb_injector *inj = NULL;
    hb_inject_lines *l = NULL;
    hb_buf out;
    if (hb_injector_new(&f, 1, &inj, NULL) != HB_OK) {
        return 0;
    }
    hb_buf_init(&out, 16 << 20);
    if (hb_inject_lines_new(data[1] & 1 ? HB_INJECT_JSONL : HB_INJECT_CSV, "fuzz", inj, &l, NULL) ==
        HB_OK) {
        hb_str text = {(const char *)data + 2, size - 2};
        bool ok = true;
        while (text.n && ok) {
            const char *end = memchr(text.p, '\n', text.n);
            size_t n = end ? (size_t)(end - text.p) : text.n;
            ok = hb_inject_lines_put(l, (hb_str){text.p, n}, &out, NULL) == HB_OK;
            text.p += n + (end != NULL);
            text.n -= n + (end != NULL);
        }
        ok = ok && hb_inject_lines_end(l, &out, NULL) == HB_OK;
        if (ok && hb_injector_counts(inj)->changed == 0 && out.n > size) {
            abort();
        }
    }
    hb_inject_lines_free(l);
    hb_injector_free(inj);
    hb_buf_release(&out);
    return 0;
}
