/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/token.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "crypto/secret.h"
#include "os/file.h"
#include "os/undumped.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <string.h>

enum { RANDOM_BYTES = 32, PREFIX_BYTES = sizeof HB_TOKEN_PREFIX - 1, MEMBERS = 7 };

hb_status hb_token_make(const hb_os *os, char ret_secret[HB_TOKEN_TEXT], hb_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bits[RANDOM_BYTES];
    hb_hold_secrets();
    if (os->random(bits, sizeof bits) != 0) {
        return HB_FAIL(err, HB_E_IO, "the system gives no random numbers");
    }
    char *at = ret_secret;
    memcpy(at, HB_TOKEN_PREFIX, PREFIX_BYTES);
    at += PREFIX_BYTES;
    for (size_t i = 0; i < sizeof bits; i++) {
        *at++ = digits[bits[i] >> 4];
        *at++ = digits[bits[i] & 15];
    }
    *at = '\0';
    OPENSSL_cleanse(bits, sizeof bits);
    return HB_OK;
}

/* --- the file --- */

static bool is_name(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strlen(text);
    return n && n <= HB_TOKEN_NAME_MAX && strspn(text, letters) == n;
}

static bool is_program(const char *text)
{
    size_t n = strlen(text);
    bool plain = n && n <= HB_TOKEN_PROGRAM_MAX && hb_utf8_valid_prefix(hb_str_of(text)) == n;
    for (size_t i = 0; i < n && plain; i++) {
        plain = (unsigned char)text[i] >= ' ' && text[i] != 127;
    }
    return plain;
}

static bool take_text(const json_t *map, const char *key, char *ret, size_t room)
{
    const json_t *v = json_object_get(map, key);
    size_t n = json_is_string(v) ? json_string_length(v) : room;
    if (n >= room || strlen(json_string_value(v)) != n) {
        return false;
    }
    memcpy(ret, json_string_value(v), n + 1);
    return true;
}

static bool take_time(const json_t *map, const char *key, hb_time *ret)
{
    char text[HB_TIME_TEXT];
    bool zoned = false;
    return take_text(map, key, text, sizeof text) &&
           hb_time_parse(text, strlen(text), ret, &zoned) && zoned && *ret != HB_TIME_NONE;
}

static bool take_role(const json_t *map, hb_role *ret)
{
    char text[32];
    if (!take_text(map, "role", text, sizeof text)) {
        return false;
    }
    for (int r = HB_ROLE_VIEWER; r < HB_OPERATOR_ROLES_; r++) {
        if (strcmp(text, hb_role_name((hb_role)r)) == 0) {
            *ret = (hb_role)r;
            return true;
        }
    }
    return false;
}

static bool take_token(const json_t *map, hb_token *t)
{
    const json_t *revoked = json_object_get(map, "revoked");
    t->revoked = HB_TIME_NONE;
    return json_is_object(map) && json_object_size(map) == MEMBERS && revoked &&
           take_text(map, "name", t->name, sizeof t->name) && is_name(t->name) &&
           take_text(map, "sha256", t->sha256, sizeof t->sha256) &&
           strspn(t->sha256, "0123456789abcdef") == HB_DIGEST_HEX - 1 && take_role(map, &t->role) &&
           take_text(map, "program", t->program, sizeof t->program) && is_program(t->program) &&
           take_time(map, "created", &t->created) && take_time(map, "expires", &t->expires) &&
           (json_is_null(revoked) || take_time(map, "revoked", &t->revoked));
}

static hb_status take_list(const json_t *root, const char *name, hb_tokens *t, hb_error *err)
{
    const json_t *format = json_object_get(root, "format");
    const json_t *list = json_object_get(root, "tokens");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || json_object_size(root) != 2 || !json_is_string(format) ||
        strcmp(json_string_value(format), HB_TOKENS_FORMAT) != 0) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' must hold format (" HB_TOKENS_FORMAT ") and tokens, and nothing else",
                       name);
    }
    if (n > HB_TOKENS_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds %zu tokens, at most %d", name, n,
                       HB_TOKENS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        hb_token *one = &t->list[i];
        if (!take_token(json_array_get(list, i), one)) {
            return HB_FAIL(err, HB_E_INPUT, "token %zu of '%s': a member is missing or wrong",
                           i + 1, name);
        }
        if (hb_tokens_named(t, one->name)) {
            return HB_FAIL(err, HB_E_INPUT, "'%s' has two tokens called '%s'", name, one->name);
        }
        t->n++;
    }
    return HB_OK;
}

hb_status hb_tokens_parse(hb_str text, const char *name, hb_tokens **ret, hb_error *err)
{
    json_error_t why = {0};
    hb_tokens *t = hb_alloc_zero(sizeof *t);
    if (!t) {
        return HB_NOMEM(err);
    }
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    hb_status status = HB_OK;
    if (root) {
        status = take_list(root, name, t, err);
    } else if (json_error_code(&why) == json_error_out_of_memory) {
        status = HB_NOMEM(err);
    } else {
        status = HB_FAIL(err, HB_E_INPUT, "'%s' holds no JSON, from line %d on", name, why.line);
    }
    json_decref(root);
    if (status != HB_OK) {
        hb_free(t);
        return status;
    }
    *ret = t;
    return HB_OK;
}

void hb_tokens_json(const hb_tokens *t, hb_buf *out)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", HB_TOKENS_FORMAT);
    hb_json_key(&j, "tokens");
    hb_json_arr(&j);
    for (size_t i = 0; i < t->n; i++) {
        const hb_token *one = &t->list[i];
        hb_json_obj(&j);
        hb_json_kc(&j, "name", one->name);
        hb_json_kc(&j, "sha256", one->sha256);
        hb_json_kc(&j, "role", hb_role_name(one->role));
        hb_json_kc(&j, "program", one->program);
        hb_json_kt(&j, "created", one->created);
        hb_json_kt(&j, "expires", one->expires);
        hb_json_kt(&j, "revoked", one->revoked);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
}

hb_status hb_tokens_load(const hb_os *os, const char *path, hb_tokens **ret, hb_error *err)
{
    static const char none[] = "{\"format\": \"" HB_TOKENS_FORMAT "\", \"tokens\": []}";
    size_t n = 0;
    if (!hb_path_exists(os, path)) {
        return hb_tokens_parse(HB_STR(none), path, ret, err);
    }
    char *text = hb_alloc(HB_TOKENS_BYTES_MAX);
    if (!text) {
        return HB_NOMEM(err);
    }
    hb_status status =
        hb_secret_read(os, "file of tokens", path, text, HB_TOKENS_BYTES_MAX, &n, err);
    status = status == HB_OK ? hb_tokens_parse((hb_str){text, n}, path, ret, err) : status;
    hb_free(text);
    return status;
}

hb_status hb_tokens_save(const hb_os *os, const char *path, const hb_tokens *t, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, HB_TOKENS_BYTES_MAX - 1);
    hb_tokens_json(t, &text);
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        status = hb_file_write_atomic(os, path, text.p, text.n, 0600, err);
    }
    hb_buf_release(&text);
    return status;
}

/* --- tokens --- */

static hb_time end_of(const hb_token *t)
{
    return t->revoked != HB_TIME_NONE && t->revoked < t->expires ? t->revoked : t->expires;
}

hb_token *hb_tokens_named(hb_tokens *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->list[i].name, name) == 0) {
            return &t->list[i];
        }
    }
    return NULL;
}

hb_status hb_tokens_add(hb_tokens *t, const hb_token *add, hb_time now, hb_error *err)
{
    if (!is_name(add->name)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "a token cannot be called '%.80s': expected 1 to %d letters, digits, '.', "
                       "'_' and '-'",
                       add->name, HB_TOKEN_NAME_MAX);
    }
    if (!is_program(add->program)) {
        return HB_FAIL(err, HB_E_USAGE, "the program must be UTF-8 of 1 to %d bytes",
                       HB_TOKEN_PROGRAM_MAX);
    }
    hb_token *to = hb_tokens_named(t, add->name);
    bool full = !to && t->n == HB_TOKENS_MAX;
    if (to && hb_token_counts(to, now)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "token '%s' exists; 'hb token revoke %s' first, or take another name",
                       add->name, add->name);
    }
    for (size_t i = 0; full && i < t->n; i++) {
        hb_token *one = &t->list[i];
        if (!hb_token_counts(one, now) && (!to || end_of(one) < end_of(to))) {
            to = one;
        }
    }
    if (full && !to) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "there are %d tokens already; revoke one that is not needed", HB_TOKENS_MAX);
    }
    to = to ? to : &t->list[t->n++];
    *to = *add;
    return HB_OK;
}

const hb_token *hb_tokens_find(const hb_tokens *t, const char *secret)
{
    char digest[HB_DIGEST_HEX];
    const hb_token *found = NULL;
    if (strlen(secret) != HB_TOKEN_TEXT - 1 ||
        strncmp(secret, HB_TOKEN_PREFIX, PREFIX_BYTES) != 0 ||
        hb_digest_of(secret, HB_TOKEN_TEXT - 1, digest, NULL) != HB_OK) {
        return NULL;
    }
    for (size_t i = 0; i < t->n; i++) {
        bool same = hb_secret_equal(t->list[i].sha256, digest, HB_DIGEST_HEX - 1);
        found = same ? &t->list[i] : found;
    }
    return found;
}

bool hb_token_counts(const hb_token *t, hb_time now)
{
    return t->revoked == HB_TIME_NONE && now < t->expires;
}

bool hb_token_may(const hb_token *t, hb_action a, const char *program)
{
    return t->role >= hb_action_role(a) &&
           (strcmp(t->program, "*") == 0 || strcmp(t->program, program) == 0);
}

const char *hb_token_state(const hb_token *t, hb_time now)
{
    return t->revoked != HB_TIME_NONE ? "revoked" : now < t->expires ? "active" : "expired";
}
