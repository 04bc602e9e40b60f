/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that make evidence packs share. */
#ifndef HB_CLI_PACKS_SHARED_H
#define HB_CLI_PACKS_SHARED_H

#include "cli/sealing.h"
#include "cli/signing.h"

/* evidence/ of the workspace. In the arena. */
HB_CHECKED hb_status hb_app_evidence_dir(hb_app *app, const char **ret_dir, hb_error *err);

/* The file's text; n = 0 for a path that is NULL. In the arena. */
HB_CHECKED hb_status hb_packs_read_chain(hb_app *app, const char *path, hb_str *ret, hb_error *err);

/* How automatic packs are signed and encrypted, as hb export evidence-pack has it.
 *
 *     hb_pack_maker_open(app, &opts, &maker, err)
 *     hb_pack_maker_close(&maker)
 *
 * Opening looks at everything: a certificate or passphrase that is wrong is told before the work.
 */
typedef struct hb_pack_opts {
    hb_signing_opts signing;
    const char *cert;
    hb_list encrypt_to;
    const char *encrypt_passphrase_file;
} hb_pack_opts;

#define HB_CERT_OPT(type, member)                                                        \
    {                                                                                    \
        .name = "cert", .kind = HB_OPT_STRING, .offset = offsetof(type, member),         \
        .arg = "CHAIN.pem",                                                              \
        .help = "certificates of the key, its own first: goes into the pack (hb verify " \
                "--trust-ca)"                                                            \
    }

#define HB_PACK_OPTS(type, member)                                               \
    HB_SIGN_OPTS(type, member.signing), HB_CERT_OPT(type, member.cert),          \
        HB_ENCRYPT_TO_OPT(type, member.encrypt_to),                              \
    {                                                                            \
        .name = "encrypt-passphrase-file", .kind = HB_OPT_STRING,                \
        .offset = offsetof(type, member.encrypt_passphrase_file), .arg = "FILE", \
        .help = "encrypts the pack by this passphrase instead"                   \
    }

typedef struct hb_pack_maker {
    hb_signer *signer;
    hb_str chain_pem; /* n = 0: none */
    bool seals;
    hb_seal_ask seal;
    char passphrase[HB_PASSPHRASE_MAX];
} hb_pack_maker;

/* `ret` must stay where it is until it is closed. */
HB_CHECKED hb_status hb_pack_maker_open(hb_app *app, const hb_pack_opts *o, hb_pack_maker *ret,
                                        hb_error *err);
void hb_pack_maker_close(hb_pack_maker *m); /* {0} is fine */

/* Makes the packs that commands wanted (not the daemon's) and that are not made yet, this one's and
 * those of commands that were killed in between. *ret_path: that of `run_id`, NULL = none was
 * wanted. In the arena. The first that cannot be made ends it with its error; it stays wanted. */
HB_CHECKED hb_status hb_packs_make(hb_app *app, const hb_pack_maker *maker, const char *run_id,
                                   const char **ret_path, hb_error *err);

#endif
