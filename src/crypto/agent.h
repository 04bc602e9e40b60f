/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 keys in an ssh-agent, over its socket (draft-ietf-sshm-ssh-agent, RFC 8709). The agent
 * signs the bytes it is given, so its signature is plain Ed25519 over ours; nothing about SSH is in
 * what is signed.
 *
 *     hb_agent_open(os, socket, "KEYID", &agent, &public, err)
 *     hb_agent_sign(agent, p, n, &sig, err)
 *
 * The agent is another program and is not believed: replies are bounded in size and time and read
 * strictly (HB_E_INPUT); whoever signs verifies the signature. docs/keys.md */
#ifndef HB_CRYPTO_AGENT_H
#define HB_CRYPTO_AGENT_H

#include "base/arena.h"
#include "crypto/key.h"

enum {
    HB_AGENT_MESSAGE_MAX = 256 << 10, /* what OpenSSH's agent takes and gives */
    HB_AGENT_KEYS_MAX = 1000,
    HB_AGENT_COMMENT_MAX = 1024,
    HB_AGENT_FINGERPRINT = 51, /* "SHA256:" and 43 characters, as ssh-add -l prints it */
};

typedef struct hb_agent_key {
    uint8_t raw[32];
    char fingerprint[HB_AGENT_FINGERPRINT];
    const char *comment; /* as it came, may be "" */
} hb_agent_key;

/* The body of SSH_AGENT_IDENTITIES_ANSWER, type byte first: its Ed25519 keys; others are passed
 * over. Everything in the arena. */
HB_CHECKED hb_status hb_agent_read_keys(hb_str body, hb_arena *arena, hb_agent_key **ret_keys,
                                        size_t *ret_n, hb_error *err);
/* The body of SSH_AGENT_SIGN_RESPONSE; HB_E_DENIED when the agent said no. */
HB_CHECKED hb_status hb_agent_read_signature(hb_str body, uint8_t ret[64], hb_error *err);

typedef struct hb_agent hb_agent;

/* `which`: a key id (64 hex), a fingerprint ("SHA256:…") or a comment; exactly one key must be
 * meant. `socket` NULL or "" = there is no agent, HB_E_USAGE. HB_E_INPUT lists what the agent holds
 * when the key is not among it. *ret_public is the caller's. */
HB_CHECKED hb_status hb_agent_open(const hb_os *os, const char *socket, const char *which,
                                   hb_agent **ret_agent, hb_pubkey **ret_public, hb_error *err);
void hb_agent_close(hb_agent *a);
/* Replaces what is in sig with 64 bytes; not verified here. A minute is given to a person who is
 * asked to confirm. */
HB_CHECKED hb_status hb_agent_sign(hb_agent *a, const void *p, size_t n, hb_buf *sig,
                                   hb_error *err);

#endif
