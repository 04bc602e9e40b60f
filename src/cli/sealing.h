/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption on the command line: to whom, or by which passphrase. docs/formats/encryption.md */
#ifndef HB_CLI_SEALING_H
#define HB_CLI_SEALING_H

#include "cli/app.h"
#include "crypto/sealed.h"

#define HB_ENCRYPT_TO_OPT(type, member)                                                            \
    {                                                                                              \
        .name = "encrypt-to", .kind = HB_OPT_LIST, .offset = offsetof(type, member),               \
        .arg = "CERT", .one_each = true,                                                           \
        .help = "a certificate (PEM, RSA or EC) of who can decrypt it; may be given several times" \
    }

/* A sealed file for these recipients; without any, under the passphrase of the file, or one asked
 * for twice on the terminal. Both at once is HB_E_USAGE. */
HB_CHECKED hb_status hb_app_seal(hb_app *app, hb_list encrypt_to, const char *passphrase_file,
                                 const char *target, hb_seal **ret_seal, hb_error *err);

/* The certificates' texts and names, or the passphrase of the file, as hb_seal_create takes them,
 * for several files. `passphrase` is filled in where one is used, and the caller's to wipe. */
HB_CHECKED hb_status hb_app_seal_ask(hb_app *app, hb_list encrypt_to, const char *passphrase_file,
                                     const char *what, char passphrase[HB_PASSPHRASE_MAX],
                                     hb_seal_ask *ret, hb_error *err);

#endif
