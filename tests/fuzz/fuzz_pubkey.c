/* SPDX-License-Identifier: Apache-2.0 */
/* A public key: the first byte chooses an allocation to fail; the rest is PEM, or DER when the byte
 * is odd. What is read is written as one PEM text that reads as the same key, and verifies no
 * signature of zeros. */
#include "crypto/key.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const hb_pubkey *k)
{
    static const uint8_t zeros[104];
    hb_buf pem;
    hb_pubkey *again = NULL;
    uint8_t raw[32];
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(k, &pem);
    if (hb_pubkey_read((hb_str){pem.p, pem.n}, "again", &again, NULL) != HB_OK ||
        strcmp(hb_pubkey_id(again), hb_pubkey_id(k)) != 0) {
        abort();
    }
    hb_pubkey_free(again);
    if (hb_pubkey_verify(k, "text", 4, zeros, 64, NULL) == HB_OK ||
        hb_pubkey_verify(k, "text", 4, zeros, 104, NULL) == HB_OK) {
        abort();
    }
    if (hb_pubkey_raw(k, raw, NULL) == HB_OK) {
        if (hb_pubkey_from_raw(raw, &again, NULL) != HB_OK ||
            strcmp(hb_pubkey_id(again), hb_pubkey_id(k)) != 0) {
            abort();
        }
        hb_pubkey_free(again);
    }
    hb_buf_release(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_pubkey *k = NULL;
    if (size < 1 || size > 1 << 14) {
        return 0;
    }
    hb_fault_alloc(data[0] / 2, false);
    hb_status status =
        data[0] % 2 ? hb_pubkey_from_spki(data + 1, size - 1, "it", &k, NULL)
                    : hb_pubkey_read((hb_str){(const char *)data + 1, size - 1}, "it", &k, NULL);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        check(k);
        hb_pubkey_free(k);
    } else if (k || (status != HB_E_INPUT && status != HB_E_NOMEM)) {
        abort();
    }
    return 0;
}
