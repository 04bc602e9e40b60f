/* SPDX-License-Identifier: Apache-2.0 */
/* operators.yaml: people as public keys, with roles for programs. docs/formats/operators.md
 *
 * Who somebody is is proved by a signature and by nothing else. Names and keys are unique in a
 * file. What is in force is a text with every key in it: a key that stands in a file of its own
 * could be changed without a change of the digest. */
#ifndef HB_GOVERN_OPERATORS_H
#define HB_GOVERN_OPERATORS_H

#include "base/arena.h"
#include "base/time.h"
#include "crypto/key.h"

typedef enum hb_role {
    HB_ROLE_NONE,
    HB_ROLE_VIEWER,
    HB_ROLE_OPERATOR,
    HB_ROLE_APPROVER,
    HB_ROLE_ADMIN,
    HB_OPERATOR_ROLES_
} hb_role;

const char *hb_role_name(hb_role r);

enum { HB_OPERATORS_MAX = 1000, HB_OPERATOR_KEYS_MAX = 16, HB_OPERATOR_NAME_MAX = 64 };

typedef struct hb_operator {
    const char *name; /* unique; 1 to 64 of a-z A-Z 0-9 . _ - */
    const char *full_name;
    hb_pubkey *const *keys;
    const hb_time *key_expires;    /* HB_TIME_NONE = never; one a key */
    const hb_time *key_revoked;    /* HB_TIME_NONE = not */
    const char *const *key_reason; /* why it was revoked; "" = it was not */
    size_t n_keys;                 /* 0: may read, can prove nothing */
    const struct hb_grant {
        const char *program; /* "*" = all */
        hb_role role;
    } * grants;
    size_t n_grants;
} hb_operator;

typedef struct hb_operators hb_operators;

/* HB_E_CONFIG at name:line:col. Keys that stand in files of their own are refused: what is in force
 * has every key in it. */
HB_CHECKED hb_status hb_operators_parse(hb_str text, const char *name, hb_operators **ret,
                                        hb_error *err);

/* Reads the public key in a file that the text names. The bytes are the caller's (hb_free). */
typedef struct hb_operators_files {
    hb_status (*read)(void *ctx, const char *file, char **ret_pem, size_t *ret_n, hb_error *err);
    void *ctx;
} hb_operators_files;

/* For a text that shall come into force: keys may stand in files. */
HB_CHECKED hb_status hb_operators_parse_with(hb_str text, const char *name,
                                             const hb_operators_files *files, hb_operators **ret,
                                             hb_error *err);
void hb_operators_free(hb_operators *o);
const hb_operator *hb_operators_at(const hb_operators *o, size_t i); /* NULL beyond the last */
/* Approvals of other admins that a change of the file needs, 1 or more. */
unsigned hb_operators_needed(const hb_operators *o);
/* Approvals of admins that a metric registry and a baseline policy need before anything is decided
 * by them; 0 = none. */
unsigned hb_operators_config_needed(const hb_operators *o);
/* The file names keys in other files: hb_operators_yaml has them in it. */
bool hb_operators_has_files(const hb_operators *o);
/* Whose key it is; NULL = nobody's. A revoked or expired one at `at` finds the person all the same,
 * *ret_why (may be NULL) then says why it does not count ("" = it counts). HB_TIME_NONE: as of no
 * time, so only what has no end counts. */
const hb_operator *hb_operators_by_key(const hb_operators *o, const char *keyid, hb_time at,
                                       const char **ret_why);
/* The key itself, NULL when nobody's. */
const hb_pubkey *hb_operators_key(const hb_operators *o, const char *keyid);
/* The highest of what is granted for the program and for "*". */
hb_role hb_operator_role(const hb_operator *o, const char *program);
/* Has he a key that counts at `at`? */
bool hb_operator_can_sign(const hb_operator *o, hb_time at);
/* SHA-256 of the text that was read. */
const char *hb_operators_digest(const hb_operators *o);
/* The same people as a text with every key in it. */
void hb_operators_yaml(const hb_operators *o, hb_buf *out);
const struct hb_field *hb_operators_fields(void);

#endif
