/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in a token (smart card, HSM, SoftHSM) through its Cryptoki module, PKCS #11 2.40: ECDSA
 * P-384 (CKM_ECDSA over SHA-384 made here) and Ed25519 (CKM_EDDSA) where the token has it. The
 * private key stays in the token.
 *
 *     hb_pkcs11_open(os, "pkcs11:token=lab;object=release", passphrase, &token, &public, err)
 *     hb_pkcs11_sign(token, p, n, &sig, err)
 *
 * The module is the URI's module-path, else p11-kit's proxy of all modules the machine has
 * configured; it is loaded when a key is opened and stays loaded. The PIN comes from the URI's
 * pin-source (a file no one else may read) or the passphrase function; it is given to the token
 * and wiped, a wrong one is never tried again. A key that wants it for every signature
 * (CKA_ALWAYS_AUTHENTICATE) has it got anew for each, from where it came: the passphrase function
 * is used for as long as the token is open. Not thread-safe. docs/keys.md */
#ifndef HB_CRYPTO_PKCS11_H
#define HB_CRYPTO_PKCS11_H

#include "crypto/key.h"

typedef struct hb_pkcs11 hb_pkcs11;

/* HB_E_USAGE: the URI; HB_E_INPUT: no such token or key, or none that hb signs with; HB_E_DENIED:
 * the PIN; HB_E_IO: the module or the token. *ret_public is the caller's. */
HB_CHECKED hb_status hb_pkcs11_open(const hb_os *os, const char *uri,
                                    const hb_passphrase *passphrase, hb_pkcs11 **ret_token,
                                    hb_pubkey **ret_public, hb_error *err);
void hb_pkcs11_close(hb_pkcs11 *t);
/* Replaces what is in sig; not verified here. HB_E_DENIED: the PIN of this signature. */
HB_CHECKED hb_status hb_pkcs11_sign(hb_pkcs11 *t, const void *p, size_t n, hb_buf *sig,
                                    hb_error *err);

#endif
