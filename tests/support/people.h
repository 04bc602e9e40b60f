/* SPDX-License-Identifier: Apache-2.0 */
/* People with keys for tests of governance: an operators.yaml of them, and what they sign. */
#ifndef HB_TESTS_SUPPORT_PEOPLE_H
#define HB_TESTS_SUPPORT_PEOPLE_H

#include "govern/dossier.h"

enum { PEOPLE_MAX = 16 };

typedef struct person_of_test {
    const char *name;
    const char *roles; /* YAML map: "'*': admin" */
    const char *more;  /* further lines of the key: "expires: …" or ""; NULL = none */
} person_of_test;

typedef struct people {
    char dir[64];
    hb_signer *signers[PEOPLE_MAX];
    const char *names[PEOPLE_MAX];
    size_t n;
    hb_buf yaml;
    hb_operators *operators;
} people;

/* Keys are made anew; `head` stands first in the text ("approvals_required: 2\n"). */
void people_make(people *p, const person_of_test *list, size_t n, const char *head);
void people_free(people *p);
hb_signer *people_signer(const people *p, const char *name);

/* Envelopes by the people, in order. */
typedef struct said {
    hb_arena arena;
    hb_str list[64];
    size_t n;
} said;

void said_init(said *s);
void said_free(said *s);
/* Signs it, returns the payload's digest. */
const char *say(said *s, const people *p, const char *who, const hb_statement *st);

#endif
