/* SPDX-License-Identifier: Apache-2.0 */
/* The saved state of a detector: the first byte says whether its SHA-256 is made good. What loads
 * must save to the same bytes, and go on. */
#include "base/mem.h"
#include "crypto/digest.h"
#include "decide/live.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void try_load(hb_detector *d, const char *p, size_t n)
{
    char digest[65];
    memcpy(digest, hb_detector_digest(d), sizeof digest);
    if (hb_detector_load(d, p, n, NULL) != HB_OK) {
        must(memcmp(digest, hb_detector_digest(d), sizeof digest) == 0);
        return;
    }
    hb_buf b;
    hb_buf_init(&b, 16 << 20);
    must(hb_detector_save(d, &b, NULL) == HB_OK);
    must(b.n == n && memcmp(b.p, p, n) == 0);
    hb_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEX = 64 };
    hb_detector_options o = {.n_defs = 1, .n_metrics = 4, .slide_ns = 60000000000, .keep = 25};
    hb_detector *d = NULL;
    if (size < 1 + HEX) {
        return 0;
    }
    must(hb_detector_new(&o, &d, NULL) == HB_OK);
    size_t n = size - 1;
    char *copy = hb_alloc(n);
    must(copy != NULL);
    memcpy(copy, data + 1, n);
    if (data[0] & 1) {
        char hex[HB_DIGEST_HEX];
        must(hb_digest_of(copy, n - HEX, hex, NULL) == HB_OK);
        memcpy(copy + n - HEX, hex, HEX);
    }
    try_load(d, copy, n);
    hb_free(copy);
    hb_detector_free(d);
    return 0;
}
