/* SPDX-License-Identifier: Apache-2.0 */
/* The folder keys/ of a workspace: key pairs in files, which is the default, and signed statements
 * about keys that sign no more. Plain files, docs/formats/keys.md.
 *
 *     hb_keyring_load(os, dir, &ring, err)       a missing folder is an empty ring
 *     hb_keyring_find(&ring, "kim", &key, err)   by name, by id, by 8 or more of its first digits
 *     … hb_key_hand_over / hb_key_revoke …       write a statement; load again to see it
 *     hb_keyring_release(&ring)
 */
#ifndef HB_CRYPTO_KEYRING_H
#define HB_CRYPTO_KEYRING_H

#include "base/arena.h"
#include "base/time.h"
#include "crypto/key.h"

/* ID and this: the files of statements. */
#define HB_KEY_HANDOVER_ENDING ".handover.dsse.json"
#define HB_KEY_REVOCATION_ENDING ".revocation.dsse.json"

enum { HB_KEY_NAME_MAX = 64, HB_KEYRING_MAX = 1000, HB_KEY_REASON_MAX = 1000 };

typedef enum hb_key_state {
    HB_KEY_ACTIVE,
    HB_KEY_ROTATED, /* handed over to its successor by a statement of its own */
    HB_KEY_REVOKED, /* by itself or by another key of the ring */
    HB_KEY_UNCLEAR, /* a statement about it is there and does not hold; `wrong` says why */
    HB_KEY_STATE_COUNT_
} hb_key_state;

const char *hb_key_state_name(hb_key_state s); /* "active" … */

typedef struct hb_ring_key {
    const char *name; /* "" = only its revocation is here */
    const char *id;
    hb_pubkey *key; /* the ring's; NULL = not here */
    bool has_private;
    bool is_default;
    hb_key_state state;
    hb_time since;         /* of the statement; HB_TIME_NONE = none */
    const char *by;        /* id of the key that signed it, "" = none */
    const char *reason;    /* "" = none */
    const char *successor; /* id; "" = none */
    const char *wrong;     /* "" unless unclear */
} hb_ring_key;

typedef struct hb_keyring {
    hb_arena arena;
    const char *dir;
    hb_ring_key *keys; /* by name, those without one by id behind them */
    size_t n;
    const char *default_name; /* "" = none */
} hb_keyring;

/* HB_E_INPUT for a file that is no key, naming it. */
HB_CHECKED hb_status hb_keyring_load(const hb_os *os, const char *dir, hb_keyring *ret,
                                     hb_error *err);
void hb_keyring_release(hb_keyring *r);

/* HB_E_INPUT when there is none, or more than one. */
HB_CHECKED hb_status hb_keyring_find(const hb_keyring *r, const char *what,
                                     const hb_ring_key **ret_key, hb_error *err);
const hb_ring_key *hb_keyring_by_id(const hb_keyring *r, const char *id);
const hb_ring_key *hb_keyring_by_name(const hb_keyring *r, const char *name);

/* Letters, digits, '.', '_', '-', the first a letter or digit; no id, not "default", nothing that
 * ends like a file of this folder. HB_E_USAGE. */
HB_CHECKED hb_status hb_key_name_check(const char *name, hb_error *err);
/* DIR/NAME.pem. In the arena. */
HB_CHECKED hb_status hb_keyring_path(hb_arena *arena, const char *dir, const char *name,
                                     const char *ending, const char **ret_path, hb_error *err);
HB_CHECKED hb_status hb_keyring_set_default(const hb_os *os, const char *dir, const char *name,
                                            hb_error *err);

/* `from` says that `to`, whose name is `name`, signs in its place from now on; both sign it. */
HB_CHECKED hb_status hb_key_hand_over(const hb_os *os, const char *dir, hb_signer *from,
                                      hb_signer *to, const char *name, const char *reason,
                                      hb_time at, hb_error *err);
/* `by` says that nothing made with the key `id` after `at` is to be believed. HB_E_USAGE when it is
 * revoked already. */
HB_CHECKED hb_status hb_key_revoke(const hb_os *os, const char *dir, const char *id,
                                   const char *name, hb_signer *by, const char *reason, hb_time at,
                                   hb_error *err);

#endif
