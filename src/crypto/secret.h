/* SPDX-License-Identifier: Apache-2.0 */
/* Files with secrets: private keys, PINs, passphrases. Refused when others may read them; what is
 * read is only where the caller wants it, who wipes it (OPENSSL_cleanse). HB_E_INPUT. */
#ifndef HB_CRYPTO_SECRET_H
#define HB_CRYPTO_SECRET_H

#include "base/error.h"
#include "os/os.h"

#include <stdbool.h>

/* At most room - 1 bytes; no NUL is added. `what` begins messages: "key", "passphrase file". */
HB_CHECKED hb_status hb_secret_read(const hb_os *os, const char *what, const char *path, char *ret,
                                    size_t room, size_t *ret_n, hb_error *err);
/* A file of one line, as a terminated text without its line end. */
HB_CHECKED hb_status hb_secret_line(const hb_os *os, const char *what, const char *path, char *ret,
                                    size_t room, hb_error *err);
/* Are n bytes of both the same? Takes as long whatever they are. */
bool hb_secret_equal(const void *a, const void *b, size_t n);

#endif
