/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "crypto/pkcs11.h"
#include "crypto/signer_internal.h"

typedef struct token_signer {
    hb_signer signer;
    hb_pkcs11 *token;
} token_signer;

static hb_status token_open(const hb_signer_ask *ask, hb_signer **ret_signer, hb_error *err)
{
    token_signer *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->signer.class = &hb_signer_pkcs11;
    hb_status status =
        hb_pkcs11_open(ask->os, ask->key, &ask->passphrase, &s->token, &s->signer.key, err);
    if (status != HB_OK) {
        hb_free(s);
        return status;
    }
    *ret_signer = &s->signer;
    return HB_OK;
}

static hb_status token_sign(hb_signer *s, const void *p, size_t n, hb_buf *sig, hb_error *err)
{
    return hb_pkcs11_sign(((token_signer *)s)->token, p, n, sig, err);
}

static void token_free(hb_signer *s)
{
    hb_pkcs11_close(((token_signer *)s)->token);
    hb_free(s);
}

const hb_signer_class hb_signer_pkcs11 = {
    .prefix = "pkcs11:", .open = token_open, .sign = token_sign, .free = token_free};
