/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/dsse.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "crypto/base64.h"

#include <jansson.h>
#include <string.h>

/* --- writing --- */

void hb_dsse_pae(const char *type, hb_str payload, hb_buf *out)
{
    hb_buf_fmt(out, "DSSEv1 %zu ", strlen(type));
    hb_buf_c(out, type);
    hb_buf_fmt(out, " %zu ", payload.n);
    hb_buf_str(out, payload);
}

static hb_status pae(const char *type, hb_str payload, hb_buf *out, hb_error *err)
{
    hb_buf_init(out, (size_t)HB_DSSE_PAYLOAD_MAX + HB_DSSE_TYPE_MAX + 64);
    hb_dsse_pae(type, payload, out);
    return hb_buf_check(out, err);
}

static void put_base64(hb_json *j, const char *key, const void *p, size_t n, hb_buf *room)
{
    hb_buf_clear(room);
    hb_base64_put(room, p, n);
    if (room->failed != HB_OK) {
        j->out->failed = room->failed; /* sticks there until it is asked for */
    }
    hb_json_key(j, key);
    hb_json_str(j, (hb_str){room->p, room->n});
}

hb_status hb_dsse_write(const hb_dsse *d, hb_buf *out, hb_error *err)
{
    hb_buf text;
    hb_json j;
    hb_buf_init(&text, HB_BASE64_TEXT((size_t)HB_DSSE_PAYLOAD_MAX));
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    put_base64(&j, "payload", d->payload.p, d->payload.n, &text);
    hb_json_kc(&j, "payloadType", d->type);
    hb_json_key(&j, "signatures");
    hb_json_arr(&j);
    for (size_t i = 0; i < d->n_signatures; i++) {
        hb_json_obj(&j);
        hb_json_kc(&j, "keyid", d->signatures[i].keyid);
        put_base64(&j, "sig", d->signatures[i].sig.p, d->signatures[i].sig.n, &text);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_status status = hb_buf_check(out, err);
    status = status == HB_OK ? hb_json_done(&j, err) : status;
    hb_buf_release(&text);
    return status;
}

static hb_status put(const char *type, hb_str payload, const hb_buf *signed_bytes,
                     hb_signer *const *signers, size_t n, hb_buf *out, hb_error *err)
{
    char bytes[HB_DSSE_SIGNATURES_MAX][HB_SIGNATURE_MAX];
    hb_dsse d = {.type = type, .payload = payload, .n_signatures = n};
    hb_buf sig;
    hb_status status = HB_OK;
    hb_buf_init(&sig, HB_SIGNATURE_MAX);
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        status = hb_signer_sign(signers[i], signed_bytes->p, signed_bytes->n, &sig, err);
        if (status == HB_OK) {
            memcpy(bytes[i], sig.p, sig.n);
            d.signatures[i].keyid = hb_pubkey_id(hb_signer_public(signers[i]));
            d.signatures[i].sig = (hb_str){bytes[i], sig.n};
        }
    }
    hb_buf_release(&sig);
    return status == HB_OK ? hb_dsse_write(&d, out, err) : status;
}

hb_status hb_dsse_sign(const char *type, hb_str payload, hb_signer *const *signers, size_t n,
                       hb_buf *out, hb_error *err)
{
    if (payload.n > HB_DSSE_PAYLOAD_MAX || n == 0 || n > HB_DSSE_SIGNATURES_MAX) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "an envelope of %zu bytes and %zu signatures, expected at most %d bytes and "
                       "1 to %d signatures",
                       payload.n, n, HB_DSSE_PAYLOAD_MAX, HB_DSSE_SIGNATURES_MAX);
    }
    hb_buf bytes;
    hb_status status = pae(type, payload, &bytes, err);
    if (status == HB_OK) {
        status = put(type, payload, &bytes, signers, n, out, err);
    }
    hb_buf_release(&bytes);
    return status;
}

/* --- reading --- */

typedef struct reader {
    const char *name;
    hb_arena *arena;
    hb_dsse *out;
    hb_error *err;
} reader;

/* A member of `o` that must be text. */
static hb_status text_of(const reader *r, const json_t *o, const char *key, hb_str *ret)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_string(v)) {
        return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no envelope: '%s' is %s", r->name, key,
                       v ? "no text" : "missing");
    }
    *ret = (hb_str){json_string_value(v), json_string_length(v)};
    return HB_OK;
}

static hb_status too_long(const reader *r, const char *key, size_t max)
{
    return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no envelope: '%s' has more than %zu bytes", r->name,
                   key, max);
}

static hb_status bytes_of(const reader *r, const json_t *o, const char *key, size_t max,
                          hb_str *ret)
{
    hb_str text = {0};
    char what[256];
    size_t n = 0;
    HB_TRY(text_of(r, o, key, &text));
    size_t room = HB_BASE64_BYTES(text.n);
    if (room > max + 2) { /* of which up to two are padding: told below, once they are known */
        return too_long(r, key, max);
    }
    char *p = hb_arena_alloc(r->arena, room + 1);
    if (!p) {
        return HB_NOMEM(r->err);
    }
    snprintf(what, sizeof what, "'%s' of '%.200s'", key, r->name);
    HB_TRY(hb_base64_read(text, what, p, room, &n, r->err));
    if (n > max) {
        return too_long(r, key, max);
    }
    *ret = (hb_str){p, n};
    return HB_OK;
}

static hb_status no_others(const reader *r, json_t *o, const char *const *known, size_t n)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(o, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < n; i++) {
            found |= strcmp(key, known[i]) == 0;
        }
        if (!found) {
            return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no envelope: unknown member '%.60s'",
                           r->name, key);
        }
    }
    return HB_OK;
}

static hb_status read_signature(const reader *r, json_t *o, hb_dsse_signature *ret)
{
    static const char *const known[] = {"keyid", "sig"};
    hb_str keyid = HB_STR("");
    if (!json_is_object(o)) {
        return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no envelope: a signature is no object",
                       r->name);
    }
    HB_TRY(no_others(r, o, known, 2));
    if (json_object_get(o, "keyid")) { /* optional in the protocol */
        HB_TRY(text_of(r, o, "keyid", &keyid));
    }
    HB_TRY(bytes_of(r, o, "sig", HB_SIGNATURE_MAX, &ret->sig));
    ret->keyid = hb_arena_str(r->arena, keyid);
    return ret->keyid ? HB_OK : HB_NOMEM(r->err);
}

static hb_status read_root(const reader *r, json_t *root)
{
    static const char *const known[] = {"payload", "payloadType", "signatures"};
    hb_str type = {0};
    if (!json_is_object(root)) {
        return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no envelope: no JSON object", r->name);
    }
    HB_TRY(no_others(r, root, known, 3));
    HB_TRY(text_of(r, root, "payloadType", &type));
    if (!type.n || type.n > HB_DSSE_TYPE_MAX) {
        return HB_FAIL(r->err, HB_E_INPUT,
                       "'%s' is no envelope: 'payloadType' has %zu bytes, expected 1 to %d",
                       r->name, type.n, HB_DSSE_TYPE_MAX);
    }
    r->out->type = hb_arena_str(r->arena, type);
    if (!r->out->type) {
        return HB_NOMEM(r->err);
    }
    HB_TRY(bytes_of(r, root, "payload", HB_DSSE_PAYLOAD_MAX, &r->out->payload));
    const json_t *list = json_object_get(root, "signatures");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > HB_DSSE_SIGNATURES_MAX) {
        return HB_FAIL(r->err, HB_E_INPUT, "'%s' is no envelope: expected 1 to %d 'signatures'",
                       r->name, HB_DSSE_SIGNATURES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(read_signature(r, json_array_get(list, i), &r->out->signatures[i]));
    }
    r->out->n_signatures = n;
    return HB_OK;
}

hb_status hb_dsse_read(hb_str text, const char *name, hb_arena *arena, hb_dsse *ret, hb_error *err)
{
    if (text.n > HB_DSSE_TEXT_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no envelope: more than %d bytes", name,
                       HB_DSSE_TEXT_MAX);
    }
    json_error_t why = {0};
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!root) {
        return json_error_code(&why) == json_error_out_of_memory
                   ? HB_NOMEM(err)
                   : HB_FAIL(err, HB_E_INPUT, "'%s' is no envelope: line %d: %s", name, why.line,
                             why.text);
    }
    hb_dsse made = {0};
    hb_status status =
        read_root(&(reader){.name = name, .arena = arena, .out = &made, .err = err}, root);
    json_decref(root);
    if (status == HB_OK) {
        *ret = made;
    }
    return status;
}

/* --- verifying --- */

hb_status hb_dsse_verify(const hb_dsse *d, const hb_pubkey *key, hb_error *err)
{
    hb_buf bytes;
    bool named = false;
    bool verified = false;
    hb_status status = pae(d->type, d->payload, &bytes, err);
    for (size_t i = 0; i < d->n_signatures && status == HB_OK && !verified; i++) {
        const hb_dsse_signature *s = &d->signatures[i];
        bool names = strcmp(s->keyid, hb_pubkey_id(key)) == 0;
        if (names || !*s->keyid) {
            named |= names;
            verified = hb_pubkey_verify(key, bytes.p, bytes.n, s->sig.p, s->sig.n, NULL) == HB_OK;
        }
    }
    hb_buf_release(&bytes);
    if (status != HB_OK || verified) {
        return status;
    }
    return named ? HB_FAIL(err, HB_E_EVIDENCE,
                           "the signature that names key %.16s… is not one of it over this payload",
                           hb_pubkey_id(key))
                 : HB_FAIL(err, HB_E_EVIDENCE, "no signature by key %.16s…", hb_pubkey_id(key));
}
