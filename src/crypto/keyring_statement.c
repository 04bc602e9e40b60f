/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed about keys: in-toto Statements whose subject is a key by its id. */
#include "crypto/keyring_internal.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "os/file.h"

#include <jansson.h>
#include <string.h>

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE "https://harmony-bridge.dev/attestation/"

static const char *predicate_type(bool handover)
{
    return handover ? PREDICATE "key-handover/v1" : PREDICATE "key-revocation/v1";
}

/* --- writing --- */

typedef struct said {
    bool handover;
    const char *about;
    const char *from;
    const char *name;
    const char *reason;
    hb_time at;
    const hb_pubkey *successor;
} said;

static hb_status put_payload(const said *s, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_buf pem;
    hb_buf_init(&pem, HB_PEM_MAX);
    if (s->handover) {
        hb_pubkey_pem(s->successor, &pem);
        out->failed = pem.failed;
    }
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "_type", STATEMENT_TYPE);
    hb_json_key(&j, "predicate");
    hb_json_obj(&j);
    hb_json_kt(&j, "at", s->at);
    if (s->handover) {
        hb_json_kc(&j, "from", s->from);
    }
    hb_json_kc(&j, "name", s->name);
    if (s->handover) {
        hb_json_kc(&j, "public_key", pem.p);
    }
    hb_json_kc(&j, "reason", s->reason);
    hb_json_end(&j);
    hb_json_kc(&j, "predicateType", predicate_type(s->handover));
    hb_json_key(&j, "subject");
    hb_json_arr(&j);
    hb_json_obj(&j);
    hb_json_key(&j, "digest");
    hb_json_obj(&j);
    hb_json_kc(&j, "sha256", s->about);
    hb_json_end(&j);
    hb_json_kc(&j, "name", "key");
    hb_json_end(&j);
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_release(&pem);
    HB_TRY(hb_json_done(&j, err));
    return hb_buf_check(out, err);
}

static hb_status write_statement(const hb_os *os, const char *dir, const char *id,
                                 const char *ending, const said *s, hb_signer *const *signers,
                                 size_t n, hb_error *err)
{
    hb_arena arena;
    hb_buf payload;
    hb_buf envelope;
    const char *path = NULL;
    hb_arena_init(&arena, 64 << 10);
    hb_buf_init(&payload, HB_KEY_STATEMENT_MAX / 2);
    hb_buf_init(&envelope, HB_KEY_STATEMENT_MAX);
    hb_status status = hb_keyring_path(&arena, dir, id, ending, &path, err);
    if (status == HB_OK && hb_path_exists(os, path)) {
        status = HB_FAIL(err, HB_E_USAGE, "key %.16s… is %s already: '%s' exists", id,
                         s->handover ? "handed over" : "revoked", path);
    }
    status = status == HB_OK ? put_payload(s, &payload, err) : status;
    if (status == HB_OK) {
        status = hb_dsse_sign(HB_DSSE_INTOTO, (hb_str){payload.p, payload.n}, signers, n, &envelope,
                              err);
    }
    if (status == HB_OK) {
        status = hb_file_write_atomic(os, path, envelope.p, envelope.n, 0644, err);
    }
    hb_buf_release(&envelope);
    hb_buf_release(&payload);
    hb_arena_release(&arena);
    return status;
}

static hb_status check_reason(const char *reason, hb_error *err)
{
    size_t n = strlen(reason);
    if (n > HB_KEY_REASON_MAX || hb_utf8_valid_prefix(hb_str_of(reason)) != n) {
        return HB_FAIL(err, HB_E_USAGE, "the reason must be UTF-8 of at most %d bytes",
                       HB_KEY_REASON_MAX);
    }
    return HB_OK;
}

hb_status hb_key_hand_over(const hb_os *os, const char *dir, hb_signer *from, hb_signer *to,
                           const char *name, const char *reason, hb_time at, hb_error *err)
{
    hb_signer *const both[] = {from, to};
    const said s = {.handover = true,
                    .about = hb_pubkey_id(hb_signer_public(to)),
                    .from = hb_pubkey_id(hb_signer_public(from)),
                    .name = name,
                    .reason = reason,
                    .at = at,
                    .successor = hb_signer_public(to)};
    HB_TRY(check_reason(reason, err));
    return write_statement(os, dir, s.from, HB_KEY_HANDOVER_ENDING, &s, both, 2, err);
}

hb_status hb_key_revoke(const hb_os *os, const char *dir, const char *id, const char *name,
                        hb_signer *by, const char *reason, hb_time at, hb_error *err)
{
    const said s = {.about = id, .from = "", .name = name, .reason = reason, .at = at};
    HB_TRY(check_reason(reason, err));
    return write_statement(os, dir, id, HB_KEY_REVOCATION_ENDING, &s, &by, 1, err);
}

/* --- reading --- */

typedef struct reader {
    const char *name;
    hb_arena *arena;
    hb_error *err;
} reader;

static hb_status bad(const reader *r, const char *why)
{
    return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no statement about a key: %s", r->name, why);
}

/* An object of exactly n members. */
static hb_status object_of(const reader *r, const json_t *v, size_t n)
{
    return json_is_object(v) && json_object_size(v) == n
               ? HB_OK
               : bad(r, "its members are not those of the format");
}

static hb_status text_of(const reader *r, const json_t *o, const char *key, const char **ret)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_string(v)) {
        return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no statement about a key: no '%s'", r->name,
                       key);
    }
    *ret = hb_arena_strndup(r->arena, json_string_value(v), json_string_length(v));
    return *ret ? HB_OK : HB_NOMEM(r->err);
}

static hb_status id_of(const reader *r, const json_t *o, const char *key, const char **ret)
{
    HB_TRY(text_of(r, o, key, ret));
    return strlen(*ret) == 64 && strspn(*ret, "0123456789abcdef") == 64
               ? HB_OK
               : bad(r, "what should be a key's id is none");
}

static hb_status read_predicate(const reader *r, const json_t *p, hb_key_statement *s)
{
    const char *at = NULL;
    const char *pem = NULL;
    HB_TRY(object_of(r, p, s->handover ? 5 : 3));
    HB_TRY(text_of(r, p, "at", &at));
    HB_TRY(text_of(r, p, "name", &s->name));
    HB_TRY(text_of(r, p, "reason", &s->reason));
    bool zoned = false;
    if (!hb_time_parse(at, strlen(at), &s->at, &zoned) || !zoned) {
        return bad(r, "'at' is no time with a zone");
    }
    s->from = "";
    if (!s->handover) {
        return HB_OK;
    }
    HB_TRY(id_of(r, p, "from", &s->from));
    HB_TRY(text_of(r, p, "public_key", &pem));
    hb_pubkey *k = NULL;
    HB_TRY(hb_pubkey_read(hb_str_of(pem), r->name, &k, r->err));
    bool same = strcmp(hb_pubkey_id(k), s->about) == 0;
    bool signed_by_it = hb_dsse_verify(&s->envelope, k, NULL) == HB_OK;
    hb_pubkey_free(k);
    if (!same) {
        return bad(r, "its public key is not the one it is about");
    }
    return signed_by_it ? HB_OK : bad(r, "the successor has not signed it");
}

static hb_status read_payload(const reader *r, const json_t *root, hb_key_statement *s)
{
    const char *type = NULL;
    const char *predicate = NULL;
    const char *name = NULL;
    HB_TRY(object_of(r, root, 4));
    HB_TRY(text_of(r, root, "_type", &type));
    HB_TRY(text_of(r, root, "predicateType", &predicate));
    if (strcmp(type, STATEMENT_TYPE) != 0 || strcmp(predicate, predicate_type(s->handover)) != 0) {
        return bad(r, "it is a statement about something else");
    }
    const json_t *list = json_object_get(root, "subject");
    const json_t *subject = json_array_get(list, 0);
    if (json_array_size(list) != 1) {
        return bad(r, "expected one subject");
    }
    HB_TRY(object_of(r, subject, 2));
    HB_TRY(text_of(r, subject, "name", &name));
    const json_t *digest = json_object_get(subject, "digest");
    HB_TRY(object_of(r, digest, 1));
    HB_TRY(id_of(r, digest, "sha256", &s->about));
    if (strcmp(name, "key") != 0) {
        return bad(r, "its subject is no key");
    }
    return read_predicate(r, json_object_get(root, "predicate"), s);
}

hb_status hb_key_statement_read(hb_str text, const char *name, bool handover, hb_arena *arena,
                                hb_key_statement *ret, hb_error *err)
{
    const reader r = {.name = name, .arena = arena, .err = err};
    hb_key_statement s = {.handover = handover};
    HB_TRY(hb_dsse_read(text, name, arena, &s.envelope, err));
    if (strcmp(s.envelope.type, HB_DSSE_INTOTO) != 0) {
        return bad(&r, "its payload is no in-toto Statement");
    }
    json_error_t why = {0};
    json_t *root =
        json_loadb(s.envelope.payload.p, s.envelope.payload.n, JSON_REJECT_DUPLICATES, &why);
    if (!root && json_error_code(&why) == json_error_out_of_memory) {
        return HB_NOMEM(err);
    }
    hb_status status = root ? read_payload(&r, root, &s) : bad(&r, "its payload is no JSON");
    json_decref(root);
    if (status == HB_OK) {
        *ret = s;
    }
    return status;
}
