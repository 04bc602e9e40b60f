/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for tests, in the current temporary folder (temp_dir.h). */
#ifndef HB_TESTS_SUPPORT_KEY_CASE_H
#define HB_TESTS_SUPPORT_KEY_CASE_H

#include "crypto/key.h"

/* DIR/name.pem and DIR/name.pub, made new without a passphrase; the caller frees the signer. */
hb_signer *key_case_new(const char *name, hb_algorithm a);
/* DIR/file, any key; passphrase NULL = there is none. */
hb_status key_case_open(const char *file, const char *passphrase, hb_signer **ret, hb_error *err);
hb_pubkey *key_case_public(const char *file);
void key_case_write(const char *file, const void *p, size_t n, unsigned mode);
/* Lower or upper case hex; returns the number of bytes. */
size_t key_case_hex(hb_str hex, uint8_t *ret, size_t room);

#endif
