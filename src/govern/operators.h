/* SPDX-License-Identifier: Apache-2.0 */
/* operators.yaml: people as public keys, with roles for programs. docs/formats/operators.md
 *
 * Who somebody is is proved by a signature and by nothing else. */
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
    HB_ROLE_COUNT_
} hb_role;

const char *hb_role_name(hb_role r);

typedef struct hb_operator {
    const char *name; /* unique */
    const char *full_name;
    hb_pubkey *const *keys;
    const hb_time *key_expires; /* HB_TIME_NONE = never; one a key */
    const hb_time *key_revoked; /* HB_TIME_NONE = not */
    size_t n_keys;
    const struct hb_grant {
        const char *program; /* "*" = all */
        hb_role role;
    } * grants;
    size_t n_grants;
} hb_operator;

typedef struct hb_operators hb_operators;

HB_CHECKED hb_status hb_operators_parse(hb_str text, const char *name, hb_operators **ret,
                                        hb_error *err);
void hb_operators_free(hb_operators *o);
const hb_operator *hb_operators_at(const hb_operators *o, size_t i); /* NULL beyond the last */
/* Whose key it is; NULL = nobody's. A revoked or expired one at `at` finds the person all the same,
 * *ret_why then says why it does not count ("" = it counts). */
const hb_operator *hb_operators_by_key(const hb_operators *o, const char *keyid, hb_time at,
                                       const char **ret_why);
hb_role hb_operator_role(const hb_operator *o, const char *program);
const char *hb_operators_digest(const hb_operators *o);

#endif
