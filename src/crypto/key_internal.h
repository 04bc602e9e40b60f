/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of crypto/ share: keys as OpenSSL has them. */
#ifndef HB_CRYPTO_KEY_INTERNAL_H
#define HB_CRYPTO_KEY_INTERNAL_H

#include "crypto/key.h"

#include <openssl/evp.h>

/* The public half of a key. `name` is used in messages. */
HB_CHECKED hb_status hb_pubkey_of(const EVP_PKEY *pkey, const char *name, hb_pubkey **ret_key,
                                  hb_error *err);
/* A private key of a file, of any algorithm OpenSSL has, for those who do more than sign (the
 * decryption of files). Free with EVP_PKEY_free. */
HB_CHECKED hb_status hb_private_read(const hb_signer_ask *ask, EVP_PKEY **ret_key, hb_error *err);
/* What is hashed before it is signed; NULL = the algorithm does so itself. */
const EVP_MD *hb_algorithm_md(hb_algorithm a);

#endif
