/* SPDX-License-Identifier: Apache-2.0 */
/* A trace that loads must store to the same bytes and go on taking samples. */
#include "stats/trace.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
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
    hb_trace tr = {0};
    if (hb_trace_load(data, size, &tr, NULL) != HB_OK) {
        must(tr.buckets == NULL);
        return 0;
    }
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    must(hb_trace_store(&tr, &b, NULL) == HB_OK);
    must(b.n == size && memcmp(b.p, data, size) == 0);
    uint64_t n = tr.n;
    double v[700];
    for (int i = 0; i < 700; i++) {
        v[i] = i;
    }
    must(hb_trace_add(&tr, v, NULL, 700, NULL) == HB_OK && tr.n == n + 700);
    uint64_t samples = 0;
    for (size_t i = 0; i < tr.n_buckets; i++) {
        must(isfinite(tr.buckets[i].sum) && tr.buckets[i].min <= tr.buckets[i].max);
        must(hb_trace_index(&tr, i) == samples);
        samples += tr.buckets[i].n;
    }
    must(samples == tr.n);
    hb_buf_clear(&b);
    must(hb_trace_store(&tr, &b, NULL) == HB_OK);
    hb_trace back = {0};
    must(hb_trace_load(b.p, b.n, &back, NULL) == HB_OK);
    hb_trace_release(&back);
    hb_trace_release(&tr);
    hb_buf_release(&b);
    return 0;
}
