/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of Ed25519 under which a signature says nothing. */
#ifndef HB_CRYPTO_SMALL_ORDER_H
#define HB_CRYPTO_SMALL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* Is it one of the eight points whose order divides the cofactor, or encoded with a y that is not
 * below p (RFC 8032, section 5.1.3)? Under the former one signature fits many texts, so that who
 * owns such a key can deny what he signed; the latter gives one key two ids. OpenSSL takes both. */
bool hb_ed25519_unfit(const uint8_t key[32]);

#endif
