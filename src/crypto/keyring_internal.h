/* SPDX-License-Identifier: Apache-2.0 */
/* The statements in keys/: what keyring.c reads and keyring_statement.c knows the form of. */
#ifndef HB_CRYPTO_KEYRING_INTERNAL_H
#define HB_CRYPTO_KEYRING_INTERNAL_H

#include "crypto/dsse.h"
#include "crypto/keyring.h"

enum { HB_KEY_STATEMENT_MAX = 64 << 10 };

typedef struct hb_key_statement {
    bool handover;
    const char *about; /* handover: the id of the successor; revocation: of the key revoked */
    const char *from;  /* handover: the id of the key that hands over; else "" */
    const char *name;
    const char *reason;
    hb_time at;
    hb_dsse envelope;
} hb_key_statement;

/* Form and members; no signature is looked at. HB_E_INPUT. */
HB_CHECKED hb_status hb_key_statement_read(hb_str text, const char *name, bool handover,
                                           hb_arena *arena, hb_key_statement *ret, hb_error *err);

#endif
