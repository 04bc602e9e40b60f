/* SPDX-License-Identifier: Apache-2.0 */
/* Which key of which token: PKCS #11 URIs (RFC 7512), as p11tool and pkcs11-tool print them.
 *
 *     pkcs11:token=lab;object=release?module-path=/usr/lib/softhsm/libsofthsm2.so
 *
 * Read are token, manufacturer, model, serial, object, id and type in the path, module-path and
 * pin-source in the query. Anything else is an error, and pin-value always is: a command line is
 * read by everybody on the machine. */
#ifndef HB_CRYPTO_PKCS11_URI_H
#define HB_CRYPTO_PKCS11_URI_H

#include "base/error.h"
#include "base/str.h"

enum { HB_PKCS11_URI_MAX = 2048, HB_PKCS11_TEXT = 256, HB_PKCS11_PATH = 1024, HB_PKCS11_ID = 128 };

typedef struct hb_pkcs11_uri { /* "" = not said */
    char token[HB_PKCS11_TEXT];
    char manufacturer[HB_PKCS11_TEXT];
    char model[HB_PKCS11_TEXT];
    char serial[HB_PKCS11_TEXT];
    char object[HB_PKCS11_TEXT];
    uint8_t id[HB_PKCS11_ID];
    size_t id_n;
    char module_path[HB_PKCS11_PATH]; /* absolute */
    char pin_file[HB_PKCS11_PATH];    /* absolute */
} hb_pkcs11_uri;

/* HB_E_USAGE with the attribute and the reason. */
HB_CHECKED hb_status hb_pkcs11_uri_read(const char *text, hb_pkcs11_uri *ret, hb_error *err);

#endif
