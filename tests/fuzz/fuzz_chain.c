/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in PEM, as chain, as authorities and as lists. Before the first NUL: the chain;
 * after it: the authorities; after a second one: revocation lists. What is no chain never holds. */
#include "crypto/x509.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_str until_nul(hb_str *rest)
{
    size_t n = hb_str_find_ch(*rest, '\0');
    hb_str part = {rest->p, n};
    rest->p += n < rest->n ? n + 1 : n;
    rest->n -= n < rest->n ? n + 1 : n;
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_str rest = {(const char *)data, size};
    hb_chain *c = NULL;
    hb_buf notes;
    hb_str pem = until_nul(&rest);
    const hb_chain_ask ask = {.trust_pem = until_nul(&rest),
                              .crl_pem = rest,
                              .at = INT64_C(1800000000) * 1000000000,
                              .at_proven = size & 1};
    hb_error err = {0};
    hb_status status = hb_chain_read(pem, "fuzz", &c, &err);
    if (status != HB_OK) {
        if ((status != HB_E_INPUT && status != HB_E_LIMIT && status != HB_E_NOMEM) || !*err.msg) {
            abort();
        }
        return 0;
    }
    if (strlen(hb_pubkey_id(hb_chain_public(c))) != HB_DIGEST_HEX - 1) {
        abort();
    }
    hb_buf_init(&notes, 4096);
    HB_IGNORE(hb_chain_verify(c, &ask, &notes, NULL)); /* either is fine */
    hb_buf_release(&notes);
    hb_chain_free(c);
    return 0;
}
