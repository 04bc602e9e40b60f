/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures over OpenSSL. The algorithm is data: every signature names the key it was
 * made by, and the key says which algorithm that is. docs/formats/keys.md
 *
 *     hb_pubkey_read(pem, name, &key, err)      PEM, SubjectPublicKeyInfo
 *     hb_pubkey_verify(key, p, n, sig, sig_n, err)
 *
 *     hb_signer_open(&ask, &signer, err)        a file, an agent, a token: one table
 *     hb_signer_sign(signer, p, n, &sig, err)
 *
 * Private keys never leave crypto/: what is read of them is wiped before its memory is given back.
 */
#ifndef HB_CRYPTO_KEY_H
#define HB_CRYPTO_KEY_H

#include "base/buf.h"
#include "crypto/digest.h"
#include "os/os.h"

typedef enum hb_algorithm {
    HB_ALGORITHM_ED25519,    /* RFC 8032; 64 bytes */
    HB_ALGORITHM_ECDSA_P384, /* FIPS 186-5 with SHA-384; DER (ECDSA-Sig-Value) */
    HB_ALGORITHM_COUNT_
} hb_algorithm;

const char *hb_algorithm_name(hb_algorithm a); /* "ed25519", "ecdsa-p384" */
bool hb_algorithm_from_name(const char *name, hb_algorithm *ret);

typedef struct hb_pubkey hb_pubkey;

enum { HB_PEM_MAX = 64 << 10, HB_SIGNATURE_MAX = 256, HB_PASSPHRASE_MAX = 1024 };

/* Exactly one public key and nothing but blanks around it; a private key is refused in words.
 * `name` is used in messages. HB_E_INPUT. */
HB_CHECKED hb_status hb_pubkey_read(hb_str pem, const char *name, hb_pubkey **ret_key,
                                    hb_error *err);
/* The same of the DER of a SubjectPublicKeyInfo, as certificates and tokens have it: exactly the
 * one encoding the algorithm has, uncompressed points. */
HB_CHECKED hb_status hb_pubkey_from_spki(const void *der, size_t n, const char *name,
                                         hb_pubkey **ret_key, hb_error *err);
void hb_pubkey_free(hb_pubkey *k);
hb_algorithm hb_pubkey_algorithm(const hb_pubkey *k);
/* SHA-256 of the DER of its SubjectPublicKeyInfo, 64 hex: what signatures call it by. */
const char *hb_pubkey_id(const hb_pubkey *k);
void hb_pubkey_pem(const hb_pubkey *k, hb_buf *out);
/* The 32 bytes of an Ed25519 key, for signed notes. HB_E_USAGE for another algorithm. */
HB_CHECKED hb_status hb_pubkey_raw(const hb_pubkey *k, uint8_t ret[32], hb_error *err);
HB_CHECKED hb_status hb_pubkey_from_raw(const uint8_t raw[32], hb_pubkey **ret_key, hb_error *err);
/* HB_E_EVIDENCE when the signature is not one of this key over these bytes. */
HB_CHECKED hb_status hb_pubkey_verify(const hb_pubkey *k, const void *p, size_t n, const void *sig,
                                      size_t sig_n, hb_error *err);

typedef struct hb_signer hb_signer;

/* Where a passphrase (or a token's PIN, `what` then begins with "PIN") comes from; asked at most
 * once, and only when one is needed; by a token's key that wants its PIN for every signature, again
 * for each, so that for keys on tokens it has to live as long as the signer. `what` is the key, for
 * the question; ret gets a terminated text, room = HB_PASSPHRASE_MAX, which the signer wipes. NULL
 * function = there is none to be had. */
typedef struct hb_passphrase {
    hb_status (*get)(void *ctx, const char *what, char *ret, size_t room, hb_error *err);
    void *ctx;
} hb_passphrase;

typedef struct hb_signer_ask {
    const hb_os *os;
    /* PATH of a PKCS#8 PEM file (encrypted or not; refused when others may read it), or
     * "agent:KEYID" (Ed25519 in ssh-agent, SSH_AUTH_SOCK), or "pkcs11:URI" (RFC 7512). */
    const char *key;
    hb_passphrase passphrase;
} hb_signer_ask;

HB_CHECKED hb_status hb_signer_open(const hb_signer_ask *ask, hb_signer **ret_signer,
                                    hb_error *err);
void hb_signer_free(hb_signer *s);
const hb_pubkey *hb_signer_public(const hb_signer *s);
/* Replaces what is in sig. The signature is verified before it is given out. */
HB_CHECKED hb_status hb_signer_sign(hb_signer *s, const void *p, size_t n, hb_buf *sig,
                                    hb_error *err);

/* A new private key into a file that must not exist (mode 0600, PKCS#8; AES-256 by scrypt when a
 * passphrase is given, NULL = none), its public key beside it as PATH with ".pub" in place of
 * ".pem", which PATH ends with (HB_E_USAGE). Both files or none. */
HB_CHECKED hb_status hb_key_generate(const hb_os *os, hb_algorithm a, const char *path,
                                     const char *passphrase, hb_error *err);

#endif
