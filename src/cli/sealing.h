/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption on the command line: to whom, or by which passphrase. docs/formats/encryption.md */
#ifndef HB_CLI_SEALING_H
#define HB_CLI_SEALING_H

#include "cli/app.h"
#include "crypto/sealed.h"

#include <signal.h>

#define HB_ENCRYPT_TO_OPT(type, member)                                                    \
    {                                                                                      \
        .name = "encrypt-to", .kind = HB_OPT_LIST, .offset = offsetof(type, member),       \
        .arg = "CERT", .help = "certificates (PEM, RSA or EC) of those who can decrypt it" \
    }

/* A sealed file for these recipients; without any, under the passphrase of the file, or one asked
 * for twice on the terminal. Both at once is HB_E_USAGE. */
HB_CHECKED hb_status hb_app_seal(hb_app *app, hb_list encrypt_to, const char *passphrase_file,
                                 const char *target, hb_seal **ret_seal, hb_error *err);

/* What is to be encrypted is made in memory, in a folder only this user has (/dev/shm): *ret_path
 * is a name in it that does not exist. HB_E_IO where the system has none. Signals that end the
 * program wait from here to hb_app_plain_end, which removes it. */
typedef struct hb_plain {
    char *folder;
    int lock; /* of the folder; one that was killed does not keep it (os/fresh.h) */
    char *path;
    sigset_t before;
} hb_plain;

HB_CHECKED hb_status hb_app_plain_begin(hb_app *app, hb_plain *ret, hb_error *err);
void hb_app_plain_end(hb_app *app, hb_plain *p);
/* Copies a file into the seal, and finishes it. */
HB_CHECKED hb_status hb_app_seal_file(hb_app *app, const char *path, hb_seal *seal, hb_error *err);

#endif
