/* SPDX-License-Identifier: Apache-2.0 */
/* The keys an auditor brings along, from files. docs/formats/verify.md, section Keys */
#ifndef HB_EVIDENCE_VERIFY_KEYS_H
#define HB_EVIDENCE_VERIFY_KEYS_H

#include "crypto/key.h"
#include "os/file.h"

enum { HB_TRUST_MAX = 64 };

typedef struct hb_trust {
    hb_pubkey *keys[HB_TRUST_MAX];
    size_t n;
    hb_pubkey *logs[HB_TRUST_MAX];
    size_t n_logs;
} hb_trust;

/* A key that may sign packs: a PEM file (SubjectPublicKeyInfo). HB_E_INPUT for anything else, with
 * what to do when it is a log's. */
HB_CHECKED hb_status hb_trust_add(hb_trust *t, const hb_os *os, const char *path, hb_error *err);
/* The log's key or a witness's, Ed25519: a PEM file, or a verifier key of a signed note
 * ("name+hash+key", c2sp.org/signed-note) as text of its own. A key that may sign packs is refused,
 * in whatever order they come. */
HB_CHECKED hb_status hb_trust_add_log(hb_trust *t, const hb_os *os, const char *path,
                                      hb_error *err);
void hb_trust_release(hb_trust *t);

#endif
