/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from signer.c, so that a program which opens no key (hb-verify) has none of the classes. */
#include "crypto/signer_internal.h"

#include <string.h>

static const hb_signer_class *const classes[] = {&hb_signer_agent, &hb_signer_pkcs11,
                                                 &hb_signer_file};

hb_status hb_signer_open(const hb_signer_ask *ask, hb_signer **ret_signer, hb_error *err)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strncmp(ask->key, classes[i]->prefix, strlen(classes[i]->prefix)) == 0) {
            return classes[i]->open(ask, ret_signer, err);
        }
    }
    return HB_FAIL(err, HB_E_USAGE, "no kind of key is called '%s'", ask->key);
}
