/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a URI names a key, and paths in it are absolute texts. */
#include "crypto/pkcs11_uri.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An attribute of the query, not a part of a value. */
static bool has_pin_value(const char *text)
{
    const char *query = strchr(text, '?');
    return query && (strncmp(query, "?pin-value=", 11) == 0 || strstr(query, "&pin-value="));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_pkcs11_uri u;
    hb_error err = {0};
    char *text = hb_strndup((const char *)data, size);
    if (!text) {
        return 0;
    }
    hb_status status = hb_pkcs11_uri_read(text, &u, &err);
    if (status != HB_OK && (status != HB_E_USAGE || !*err.msg)) {
        abort();
    }
    if (status == HB_OK && ((!*u.object && !u.id_n) || (*u.module_path && *u.module_path != '/') ||
                            (*u.pin_file && *u.pin_file != '/') || has_pin_value(text))) {
        abort();
    }
    hb_free(text);
    return 0;
}
