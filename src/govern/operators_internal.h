/* SPDX-License-Identifier: Apache-2.0 */
/* What an operators.yaml is read into. */
#ifndef HB_GOVERN_OPERATORS_INTERNAL_H
#define HB_GOVERN_OPERATORS_INTERNAL_H

#include "govern/operators.h"

#include <stdint.h>

typedef struct hb_person {
    hb_operator shown; /* first: hb_operator_can_sign finds the person by it */
    hb_pubkey *keys[HB_OPERATOR_KEYS_MAX];
    hb_time expires[HB_OPERATOR_KEYS_MAX];
    hb_time revoked[HB_OPERATOR_KEYS_MAX];
    const char *reasons[HB_OPERATOR_KEYS_MAX];
} hb_person;

struct hb_operators {
    hb_arena arena;
    const char *name;
    const char *digest;
    hb_person *people;
    size_t n;    /* read whole */
    size_t room; /* of people; the one that is being read stands at n */
    uint32_t needed;
    uint32_t config_needed;
    bool has_files;
    const hb_operators_files *files; /* while it is read */
};

typedef struct hb_decoding {
    hb_operators *o;
    uint32_t needed;
    uint32_t config_needed;
    const char *full_name;
} hb_decoding;

#endif
