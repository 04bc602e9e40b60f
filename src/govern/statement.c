/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/statement_internal.h"

#include "base/json_write.h"
#include "crypto/digest.h"

#include <jansson.h>
#include <string.h>

enum { KIND_MAX = 32 };
#define PREDICATE_END "/v1"

static const char *text_of(const char *s)
{
    return s ? s : "";
}

/* --- writing --- */

/* Members in the order of their names: the text is canonical (RFC 8785). */
static hb_status payload_of(const hb_statement *s, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_buf type;
    hb_buf_init(&type, 256);
    hb_buf_fmt(&type, HB_PREDICATE_BASE "%s" PREDICATE_END, text_of(s->kind));
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "_type", HB_STATEMENT_TYPE);
    hb_json_key(&j, "predicate");
    hb_json_obj(&j);
    hb_json_kt(&j, "at", s->at);
    hb_json_kt(&j, "expires", s->expires);
    hb_json_kc(&j, "impact_sha256", text_of(s->impact_sha256));
    hb_json_kc(&j, "overrides", text_of(s->overrides));
    hb_json_kc(&j, "previous_sha256", text_of(s->previous));
    hb_json_kc(&j, "program", text_of(s->program));
    hb_json_kc(&j, "purpose", text_of(s->purpose));
    hb_json_kc(&j, "reason", text_of(s->reason));
    hb_json_kc(&j, "request_sha256", text_of(s->request));
    hb_json_kc(&j, "subsystem", text_of(s->subsystem));
    hb_json_kc(&j, "tag", text_of(s->tag));
    hb_json_kc(&j, "test_name", text_of(s->test_name));
    hb_json_end(&j);
    hb_json_kc(&j, "predicateType", type.p);
    hb_json_key(&j, "subject");
    hb_json_arr(&j);
    hb_json_obj(&j);
    hb_json_key(&j, "digest");
    hb_json_obj(&j);
    hb_json_kc(&j, "sha256", text_of(s->subject_sha256));
    hb_json_end(&j);
    hb_json_kc(&j, "name", text_of(s->subject_name));
    hb_json_end(&j);
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_release(&type);
    return hb_json_done(&j, err);
}

static bool is_digest(const char *s)
{
    size_t n = strspn(s, "0123456789abcdef");
    return n == 64 && s[n] == '\0';
}

static hb_status check(const hb_statement *s, hb_status code, const char *name, hb_error *err)
{
    const char *kind = text_of(s->kind);
    size_t n = strlen(kind);
    if (n == 0 || n > KIND_MAX || strspn(kind, "abcdefghijklmnopqrstuvwxyz-") != n) {
        return HB_FAIL(err, code, "'%s' is of no kind: '%.40s'", name, kind);
    }
    if (!is_digest(text_of(s->subject_sha256))) {
        return HB_FAIL(err, code, "'%s' speaks of no SHA-256: '%.80s'", name,
                       text_of(s->subject_sha256));
    }
    const char *digests[] = {s->request, s->impact_sha256, s->previous};
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        if (*text_of(digests[i]) && !is_digest(digests[i])) {
            return HB_FAIL(err, code, "'%s' has '%.80s' where a SHA-256 is expected", name,
                           digests[i]);
        }
    }
    const char *texts[] = {s->subject_name, s->purpose, s->program, s->subsystem,
                           s->test_name,    s->tag,     s->reason,  s->overrides};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hb_str t = hb_str_of(texts[i]);
        if (t.n > HB_STATEMENT_TEXT_MAX || hb_utf8_valid_prefix(t) != t.n) {
            return HB_FAIL(err, code, "'%s' has a text that is no UTF-8 or over %d bytes", name,
                           HB_STATEMENT_TEXT_MAX);
        }
    }
    return s->at != HB_TIME_NONE ? HB_OK : HB_FAIL(err, code, "'%s' has no time", name);
}

hb_status hb_statement_sign(const hb_statement *s, hb_signer *signer, hb_buf *out, hb_error *err)
{
    hb_buf payload;
    HB_TRY(check(s, HB_E_USAGE, "the statement", err));
    hb_buf_init(&payload, HB_STATEMENT_BYTES_MAX / 2);
    hb_status status = payload_of(s, &payload, err);
    if (status == HB_OK) {
        status = hb_dsse_sign(HB_DSSE_INTOTO, (hb_str){payload.p, payload.n}, &signer, 1, out, err);
    }
    hb_buf_release(&payload);
    return status;
}

/* --- reading --- */

typedef struct reader {
    hb_arena *arena;
    bool sound;
    bool no_memory;
} reader;

static const char *get_text(reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    r->sound = r->sound && json_is_string(v);
    const char *copy = json_is_string(v)
                           ? hb_arena_strndup(r->arena, json_string_value(v), json_string_length(v))
                           : "";
    r->no_memory = r->no_memory || !copy;
    return text_of(copy);
}

static hb_time get_time(reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    hb_time t = HB_TIME_NONE;
    if (json_is_string(v)) {
        bool good = hb_time_parse(json_string_value(v), json_string_length(v), &t, NULL);
        r->sound = r->sound && good;
    } else {
        r->sound = r->sound && json_is_null(v);
    }
    return t;
}

static const char *kind_of(reader *r, const char *type)
{
    const size_t head = sizeof HB_PREDICATE_BASE - 1;
    const size_t end = sizeof PREDICATE_END - 1;
    size_t n = strlen(type);
    if (n <= head + end || strncmp(type, HB_PREDICATE_BASE, head) != 0 ||
        strcmp(type + n - end, PREDICATE_END) != 0) {
        r->sound = false;
        return "";
    }
    const char *kind = hb_arena_strndup(r->arena, type + head, n - head - end);
    r->no_memory = r->no_memory || !kind;
    return text_of(kind);
}

static void take(reader *r, const json_t *root, hb_statement *s)
{
    const json_t *p = json_object_get(root, "predicate");
    const json_t *subject = json_array_get(json_object_get(root, "subject"), 0);
    *s = (hb_statement){.kind = kind_of(r, get_text(r, root, "predicateType")),
                        .subject_name = get_text(r, subject, "name"),
                        .subject_sha256 = get_text(r, json_object_get(subject, "digest"), "sha256"),
                        .purpose = get_text(r, p, "purpose"),
                        .program = get_text(r, p, "program"),
                        .subsystem = get_text(r, p, "subsystem"),
                        .test_name = get_text(r, p, "test_name"),
                        .tag = get_text(r, p, "tag"),
                        .request = get_text(r, p, "request_sha256"),
                        .reason = get_text(r, p, "reason"),
                        .overrides = get_text(r, p, "overrides"),
                        .impact_sha256 = get_text(r, p, "impact_sha256"),
                        .previous = get_text(r, p, "previous_sha256"),
                        .at = get_time(r, p, "at"),
                        .expires = get_time(r, p, "expires"),
                        .digest = "",
                        .keyid = ""};
}

/* What is left out, added, doubled or written otherwise shows when it is written again. */
static hb_status same_again(const hb_statement *s, hb_str payload, const char *name, hb_error *err)
{
    hb_buf again;
    hb_buf_init(&again, HB_STATEMENT_BYTES_MAX);
    hb_status status = payload_of(s, &again, err);
    if (status == HB_OK && !hb_str_eq((hb_str){again.p, again.n}, payload)) {
        status = HB_FAIL(err, HB_E_INPUT,
                         "'%s' is not the canonical text of a statement: a member too many, or "
                         "written in another way",
                         name);
    }
    hb_buf_release(&again);
    return status;
}

static hb_status read_payload(hb_str payload, const char *name, hb_arena *arena, hb_statement *ret,
                              hb_error *err)
{
    json_error_t why;
    reader r = {.arena = arena, .sound = true};
    json_t *root = payload.n <= HB_STATEMENT_BYTES_MAX / 2
                       ? json_loadb(payload.p, payload.n, JSON_REJECT_DUPLICATES, &why)
                       : NULL;
    if (!root) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds no JSON of at most %d bytes", name,
                       HB_STATEMENT_BYTES_MAX / 2);
    }
    take(&r, root, ret);
    json_decref(root);
    if (r.no_memory) {
        return HB_NOMEM(err);
    }
    if (!r.sound) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no statement of hb: a member is missing or wrong",
                       name);
    }
    HB_TRY(check(ret, HB_E_INPUT, name, err));
    return same_again(ret, payload, name, err);
}

hb_status hb_statement_open(hb_str envelope, const char *name, hb_arena *arena, hb_dsse *ret_dsse,
                            hb_statement *ret, hb_error *err)
{
    hb_dsse d = {0};
    hb_statement s = {0};
    char digest[HB_DIGEST_HEX];
    if (envelope.n > HB_STATEMENT_BYTES_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has %zu bytes; a statement has at most %d", name,
                       envelope.n, HB_STATEMENT_BYTES_MAX);
    }
    HB_TRY(hb_dsse_read(envelope, name, arena, &d, err));
    if (strcmp(d.type, HB_DSSE_INTOTO) != 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is of type '%.80s', expected " HB_DSSE_INTOTO, name,
                       d.type);
    }
    HB_TRY(read_payload(d.payload, name, arena, &s, err));
    HB_TRY(hb_digest_of(d.payload.p, d.payload.n, digest, err));
    s.digest = hb_arena_str(arena, hb_str_of(digest));
    s.keyid = d.n_signatures ? d.signatures[0].keyid : "";
    if (!s.digest) {
        return HB_NOMEM(err);
    }
    *ret_dsse = d;
    *ret = s;
    return HB_OK;
}

hb_status hb_statement_prove(const hb_dsse *d, const char *name, const hb_operators *o,
                             hb_statement *s, const char **ret_why, hb_error *err)
{
    hb_error why = {0};
    for (size_t i = 0; i < d->n_signatures; i++) {
        const char *keyid = d->signatures[i].keyid;
        const hb_pubkey *key = hb_operators_key(o, keyid);
        if (key && hb_dsse_verify(d, key, &why) == HB_OK) {
            s->keyid = keyid;
            s->by = hb_operators_by_key(o, keyid, s->at, ret_why);
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_EVIDENCE, "'%s' (%.32s of %.12s) is signed by no operator%s%.200s",
                   name, s->kind, s->subject_sha256, why.msg[0] ? ": " : "", why.msg);
}

hb_status hb_statement_read(hb_str envelope, const char *name, const hb_operators *o,
                            hb_arena *arena, hb_statement *ret, hb_error *err)
{
    hb_dsse d = {0};
    hb_statement s = {0};
    const char *why = "";
    HB_TRY(hb_statement_open(envelope, name, arena, &d, &s, err));
    HB_TRY(hb_statement_prove(&d, name, o, &s, &why, err));
    if (*why) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is signed by '%s' with key %.12s, which %s", name,
                       s.by->name, s.keyid, why);
    }
    *ret = s;
    return HB_OK;
}

hb_status hb_statement_claims(hb_str envelope, const char *name, hb_arena *arena, hb_statement *ret,
                              hb_error *err)
{
    hb_dsse d = {0};
    return hb_statement_open(envelope, name, arena, &d, ret, err);
}

bool hb_statement_same_tag(const hb_statement *a, const hb_statement *b)
{
    return strcmp(text_of(a->purpose), text_of(b->purpose)) == 0 &&
           strcmp(text_of(a->program), text_of(b->program)) == 0 &&
           strcmp(text_of(a->subsystem), text_of(b->subsystem)) == 0 &&
           strcmp(text_of(a->test_name), text_of(b->test_name)) == 0 &&
           strcmp(text_of(a->tag), text_of(b->tag)) == 0;
}

bool hb_statement_same_matter(const hb_statement *a, const hb_statement *b)
{
    return strcmp(text_of(a->subject_sha256), text_of(b->subject_sha256)) == 0 &&
           strcmp(text_of(a->subject_name), text_of(b->subject_name)) == 0 &&
           strcmp(text_of(a->previous), text_of(b->previous)) == 0 && hb_statement_same_tag(a, b);
}
