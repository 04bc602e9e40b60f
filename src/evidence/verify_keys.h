/* SPDX-License-Identifier: Apache-2.0 */
/* The keys an auditor brings along, from files. docs/formats/verify.md, section Keys */
#ifndef HB_EVIDENCE_VERIFY_KEYS_H
#define HB_EVIDENCE_VERIFY_KEYS_H

#include "crypto/key.h"
#include "os/file.h"

enum { HB_TRUST_MAX = 64 };

/* Certificates and lists, as texts of PEM; crypto/x509.h reads them. */
typedef enum hb_trust_pem {
    HB_TRUST_CA,  /* authorities that say whose a key is */
    HB_TRUST_TSA, /* authorities of time */
    HB_TRUST_CRL, /* revocation lists */
    HB_TRUST_PEM_COUNT_
} hb_trust_pem;

typedef struct hb_trust {
    hb_pubkey *keys[HB_TRUST_MAX];
    size_t n;
    hb_pubkey *logs[HB_TRUST_MAX];
    size_t n_logs;
    char *pem[HB_TRUST_PEM_COUNT_]; /* NULL = none */
    const char *name;               /* who may sign packs, by an authority; borrowed */
} hb_trust;

/* A key that may sign packs: a PEM file (SubjectPublicKeyInfo). HB_E_INPUT for anything else, with
 * what to do when it is a log's. */
HB_CHECKED hb_status hb_trust_add(hb_trust *t, const hb_os *os, const char *path, hb_error *err);
/* The log's key or a witness's, Ed25519: a PEM file, or a verifier key of a signed note
 * ("name+hash+key", c2sp.org/signed-note) as text of its own. A key that may sign packs is refused,
 * in whatever order they come. */
HB_CHECKED hb_status hb_trust_add_log(hb_trust *t, const hb_os *os, const char *path,
                                      hb_error *err);
/* Adds what is in a file to what was there. HB_E_INPUT when it is no PEM. */
HB_CHECKED hb_status hb_trust_add_pem(hb_trust *t, hb_trust_pem kind, const hb_os *os,
                                      const char *path, hb_error *err);
hb_str hb_trust_text(const hb_trust *t, hb_trust_pem kind);
void hb_trust_release(hb_trust *t);

#endif
