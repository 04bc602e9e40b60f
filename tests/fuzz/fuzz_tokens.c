/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a tokens.json. What was accepted is accepted again as it is printed, and prints the
 * same. */
#include "base/mem.h"
#include "govern/token.h"

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
    hb_tokens *t = NULL;
    hb_tokens *again = NULL;
    hb_buf a;
    hb_buf b;
    if (hb_tokens_parse((hb_str){(const char *)data, size}, "fuzz", &t, NULL) != HB_OK) {
        return 0;
    }
    must(t->n <= HB_TOKENS_MAX);
    hb_buf_init(&a, HB_TOKENS_BYTES_MAX);
    hb_buf_init(&b, HB_TOKENS_BYTES_MAX);
    hb_tokens_json(t, &a);
    must(hb_buf_check(&a, NULL) == HB_OK);
    must(hb_tokens_parse((hb_str){a.p, a.n}, "fuzz", &again, NULL) == HB_OK);
    hb_tokens_json(again, &b);
    must(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    hb_buf_release(&a);
    hb_buf_release(&b);
    hb_free(again);
    hb_free(t);
    return 0;
}
