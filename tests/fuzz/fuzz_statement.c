/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signed statement, and as one of two that shall approve something. What is read has
 * a canonical text; nobody's signature approves. */
#include "base/mem.h"
#include "govern/dossier.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char people[] =
    "operators: {a: {roles: {'*': admin}, keys: [{pem: \"-----BEGIN PUBLIC KEY-----\\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\\n"
    "-----END PUBLIC KEY-----\\n\"}]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_operators *o = NULL;
    hb_arena arena;
    hb_statement s = {0};
    hb_str half[2] = {{(const char *)data, size / 2},
                      {(const char *)data + size / 2, size - size / 2}};
    const hb_str whole = {(const char *)data, size};
    const hb_approval_rule rule = {.needed = 1};
    hb_governed g = {.text = ""};
    hb_arena_init(&arena, 16 << 20);
    if (hb_operators_parse(hb_str_of(people), "people", &o, NULL) != HB_OK) {
        abort();
    }
    if (hb_statement_claims(whole, "fuzz", &arena, &s, NULL) == HB_OK) {
        if (strlen(s.digest) != 64 || s.by || s.at == HB_TIME_NONE) {
            abort();
        }
        s.purpose = *s.purpose ? s.purpose : "set";
        half[0] = whole;
        if (hb_governed_look(o, &rule, &s, half, 2, s.at, &arena, &g, NULL) != HB_OK ||
            g.standing != HB_STANDING_NONE) {
            abort();
        }
    }
    hb_operators_free(o);
    hb_arena_release(&arena);
    return 0;
}
