/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of programs that ask over HTTP: tokens.json of the workspace. docs/tokens.md
 *
 *     hb_token_make(os, secret, err)              256 random bits, shown once
 *     hb_tokens_load(os, path, &tokens, err)      … hb_tokens_add, hb_token_end …
 *     hb_tokens_save(os, path, tokens, err)
 *     t = hb_tokens_find(tokens, secret)          NULL = nobody's
 *     hb_token_counts(t, now) && hb_token_may(t, HB_ACTION_READ, program)
 *
 * The file has the SHA-256 of each token and not the token. A slow hash such as scrypt would add
 * nothing: it makes guessing short passwords dear, and 256 random bits cannot be guessed. */
#ifndef HB_GOVERN_TOKEN_H
#define HB_GOVERN_TOKEN_H

#include "crypto/digest.h"
#include "govern/permission.h"
#include "os/os.h"

#define HB_TOKEN_PREFIX "hbt_" /* so that scanners for secrets find one that was left lying */
#define HB_TOKENS_FILE "tokens.json"
#define HB_TOKENS_FORMAT "hb-tokens/1"

enum {
    HB_TOKENS_MAX = 256,
    HB_TOKEN_TEXT = 4 + 64 + 1, /* prefix, hexadecimal digits, end */
    HB_TOKEN_NAME_MAX = 64,
    HB_TOKEN_PROGRAM_MAX = 256,
    HB_TOKENS_BYTES_MAX = 512 << 10
};

typedef struct hb_token {
    char name[HB_TOKEN_NAME_MAX + 1]; /* unique; as names of operators */
    char sha256[HB_DIGEST_HEX];
    hb_role role;                           /* VIEWER to ADMIN */
    char program[HB_TOKEN_PROGRAM_MAX + 1]; /* "*" = all */
    hb_time created;
    hb_time expires;
    hb_time revoked; /* HB_TIME_NONE = not */
} hb_token;

typedef struct hb_tokens {
    size_t n;
    hb_token list[HB_TOKENS_MAX];
} hb_tokens;

/* The caller wipes it (OPENSSL_cleanse). */
HB_CHECKED hb_status hb_token_make(const hb_os *os, char ret_secret[HB_TOKEN_TEXT], hb_error *err);

/* Unknown, missing or wrong members are HB_E_INPUT. The caller frees it (hb_free). */
HB_CHECKED hb_status hb_tokens_parse(hb_str text, const char *name, hb_tokens **ret, hb_error *err);
void hb_tokens_json(const hb_tokens *t, hb_buf *out);
/* No file: no tokens. One that others may read or write is refused (HB_E_INPUT). */
HB_CHECKED hb_status hb_tokens_load(const hb_os *os, const char *path, hb_tokens **ret,
                                    hb_error *err);
HB_CHECKED hb_status hb_tokens_save(const hb_os *os, const char *path, const hb_tokens *t,
                                    hb_error *err);

/* HB_E_USAGE for a name or program that cannot be, and where a token of that name counts at `now`.
 * One of that name that counts no more is replaced; where there are HB_TOKENS_MAX the one that
 * ended first makes room, and HB_E_LIMIT when none has ended. */
HB_CHECKED hb_status hb_tokens_add(hb_tokens *t, const hb_token *add, hb_time now, hb_error *err);
hb_token *hb_tokens_named(hb_tokens *t, const char *name); /* NULL = none */

/* Looks at every token and compares in constant time, so that how long it takes tells nothing.
 * NULL: nobody's, or no token at all. */
const hb_token *hb_tokens_find(const hb_tokens *t, const char *secret);
/* Neither expired nor revoked. */
bool hb_token_counts(const hb_token *t, hb_time now);
bool hb_token_may(const hb_token *t, hb_action a, const char *program);
/* "active", "expired", "revoked" */
const char *hb_token_state(const hb_token *t, hb_time now);

#endif
