/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says of a key, as OpenSSL understands it; pure, the bytes are not believed. */
#ifndef HB_CRYPTO_PKCS11_KEY_H
#define HB_CRYPTO_PKCS11_KEY_H

#include "crypto/key.h"

/* CKA_EC_PARAMS and CKA_EC_POINT of an elliptic (edwards = CKK_EC_EDWARDS) key. HB_E_INPUT for a
 * curve hb does not sign with and for a point that is not on it. */
HB_CHECKED hb_status hb_pkcs11_key_public(bool edwards, hb_str params, hb_str point,
                                          hb_pubkey **ret_key, hb_error *err);
/* r || s as CKM_ECDSA gives it, into the DER of ECDSA-Sig-Value. Replaces what is in sig. */
HB_CHECKED hb_status hb_pkcs11_key_der(const uint8_t raw[96], hb_buf *sig, hb_error *err);

#endif
