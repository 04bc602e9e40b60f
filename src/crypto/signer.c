/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signer_internal.h"

#include <openssl/crypto.h>
#include <string.h>

void hb_signer_free(hb_signer *s)
{
    if (s) {
        hb_pubkey_free(s->key);
        s->class->free(s);
    }
}

const hb_pubkey *hb_signer_public(const hb_signer *s)
{
    return s->key;
}

hb_status hb_signer_sign(hb_signer *s, const void *p, size_t n, hb_buf *sig, hb_error *err)
{
    hb_buf_clear(sig);
    HB_TRY(s->class->sign(s, p, n, sig, err));
    HB_TRY(hb_buf_check(sig, err));
    /* An agent or a token may answer anything, and a fault while signing with Ed25519 or ECDSA can
     * tell the private key to whoever sees the signature. */
    if (hb_pubkey_verify(s->key, p, n, sig->p, sig->n, err) != HB_OK) {
        hb_buf_clear(sig);
        return hb_error_prefix(err, "what key %.16s… answered is no signature",
                               hb_pubkey_id(s->key));
    }
    return HB_OK;
}

hb_status hb_passphrase_get(const hb_passphrase *from, const char *what,
                            char ret[HB_PASSPHRASE_MAX], hb_error *err)
{
    if (!from->get) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' is protected by a passphrase and none was given: use "
                       "--passphrase-file FILE",
                       what);
    }
    hb_status status = from->get(from->ctx, what, ret, HB_PASSPHRASE_MAX, err);
    if (status != HB_OK) {
        OPENSSL_cleanse(ret, HB_PASSPHRASE_MAX);
    }
    return status;
}
