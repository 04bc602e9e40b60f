/* SPDX-License-Identifier: Apache-2.0 */
/* An envelope: the first byte chooses an allocation to fail, the rest is its text. What is read is
 * within its limits, and verifies by nobody's key but for the seed that is signed by it. */
#include "crypto/base64.h"
#include "crypto/dsse.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of RFC 8032's TEST 1, whose private half everybody knows: the corpus has the one text it signed.
 */
static const uint8_t raw[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
                                0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
                                0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

static void check(const hb_dsse *d, const hb_pubkey *key)
{
    if (!d->type || !*d->type || d->n_signatures == 0 || d->n_signatures > HB_DSSE_SIGNATURES_MAX ||
        d->payload.n > HB_DSSE_PAYLOAD_MAX) {
        abort();
    }
    for (size_t i = 0; i < d->n_signatures; i++) {
        if (!d->signatures[i].keyid || d->signatures[i].sig.n > HB_SIGNATURE_MAX) {
            abort();
        }
    }
    if (hb_dsse_verify(d, key, NULL) == HB_OK &&
        (strcmp(d->type, "text/plain") != 0 || !hb_str_eq_c(d->payload, "signed"))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hb_pubkey *key;
    hb_arena arena;
    hb_dsse d = {0};
    if (size < 1 || size > 1 << 16) {
        return 0;
    }
    if (!key && hb_pubkey_from_raw(raw, &key, NULL) != HB_OK) {
        abort();
    }
    hb_arena_init(&arena, 1 << 20);
    hb_fault_alloc(data[0], false);
    hb_status status =
        hb_dsse_read((hb_str){(const char *)data + 1, size - 1}, "it", &arena, &d, NULL);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        check(&d, key);
    } else if (d.type || (status != HB_E_INPUT && status != HB_E_NOMEM && status != HB_E_LIMIT)) {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
