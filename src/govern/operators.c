/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/operators.h"

#include "base/mem.h"
#include "config/field.h"
#include "govern/operators_internal.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = HB_NODE_ARENA_BYTES + (32 << 20), TEXT_MAX = 256, REASON_MAX = 1024 };

#define FAIL_NODE(where, node, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (where)->name, (node)->line, (node)->col, __VA_ARGS__)

/* --- one key --- */

typedef struct key_fields {
    const char *pem;
    const char *file;
    hb_time expires;
    hb_time revoked;
    const char *reason;
    bool has_revoked;
} key_fields;

static hb_status decode_time(const hb_where *where, const hb_node *value, hb_time *out,
                             hb_error *err)
{
    const char *text = NULL;
    bool zoned = false;
    HB_TRY(hb_node_text(value, where, &text, err));
    hb_time t = HB_TIME_NONE;
    if (!hb_time_parse(text, strlen(text), &t, &zoned) || (!zoned && strlen(text) > 10)) {
        return FAIL_NODE(where, value, err,
                         "'%s' must be a date or a time with its zone, as 2027-06-30 or "
                         "2027-06-30T12:00:00Z, got '%.60s'",
                         where->path, text);
    }
    *out = t;
    return HB_OK;
}

static hb_status decode_expires(const hb_where *where, const hb_node *value, void *out,
                                hb_error *err)
{
    return decode_time(where, value, &((key_fields *)out)->expires, err);
}

static hb_status decode_revoked_at(const hb_where *where, const hb_node *value, void *out,
                                   hb_error *err)
{
    return decode_time(where, value, &((key_fields *)out)->revoked, err);
}

static const hb_field revoked_fields[] = {
    {.key = "at",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_revoked_at,
     .required = true,
     .schema = "{\"type\": \"string\"}",
     .doc = "When it was: date or time. What it signed before does not count either."},
    {.key = "reason",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(key_fields, reason),
     .max = REASON_MAX,
     .required = true,
     .doc = "Why."},
    {0},
};

static hb_status decode_revoked(const hb_where *where, const hb_node *value, void *out,
                                hb_error *err)
{
    key_fields *k = out;
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    k->has_revoked = true;
    HB_TRY(hb_fields_decode(revoked_fields, value, where, k, err));
    if (!*hb_str_trim(hb_str_of(k->reason)).p) {
        return FAIL_NODE(where, value, err, "'%s.reason' is empty; say why", where->path);
    }
    return HB_OK;
}

static const hb_field key_table[] = {
    {.key = "pem",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(key_fields, pem),
     .max = HB_PEM_MAX,
     .doc = "The public key, as 'hb keys list' shows it."},
    {.key = "file",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(key_fields, file),
     .max = 4096,
     .doc = "Instead of pem: a file with it, relative to this one. 'hb operators propose' and "
            "'init' put its content in the place of its name."},
    {.key = "expires",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_expires,
     .schema = "{\"type\": \"string\"}",
     .doc =
         "What it signs counts until then, and so does what it signed. Never ends unless given."},
    {.key = "revoked",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_revoked,
     .schema = "{\"type\": \"object\", \"required\": [\"at\", \"reason\"], "
               "\"additionalProperties\": false, \"properties\": {\"at\": {\"type\": \"string\"}, "
               "\"reason\": {\"type\": \"string\"}}}",
     .doc = "Nothing it signed counts any more. {at, reason}."},
    {0},
};

static hb_status key_text(hb_operators *o, const key_fields *k, const hb_node *node,
                          const hb_where *where, char **ret_owned, hb_str *ret, hb_error *err)
{
    if ((k->pem != NULL) == (k->file != NULL)) {
        return FAIL_NODE(where, node, err, "'%s' needs one of pem and file, got %s", where->path,
                         k->pem ? "both" : "neither");
    }
    if (k->pem) {
        *ret = hb_str_of(k->pem);
        return HB_OK;
    }
    o->has_files = true;
    if (!o->files || !o->files->read) {
        return FAIL_NODE(where, node, err,
                         "'%s' names a file, '%.200s', which could change without a trace; what is "
                         "in force has the keys in it: 'hb operators propose' puts them there",
                         where->path, k->file);
    }
    size_t n = 0;
    hb_error why = {0};
    hb_status status = o->files->read(o->files->ctx, k->file, ret_owned, &n, &why);
    if (status != HB_OK) {
        return FAIL_NODE(where, node, err, "'%s': %s", where->path, why.msg);
    }
    *ret = (hb_str){*ret_owned, n};
    return HB_OK;
}

static hb_status add_key(hb_operators *o, hb_person *p, const key_fields *k, const hb_node *node,
                         const hb_where *where, hb_error *err)
{
    char *owned = NULL;
    hb_str pem = {0};
    hb_error why = {0};
    hb_status status = key_text(o, k, node, where, &owned, &pem, err);
    if (status == HB_OK &&
        hb_pubkey_read(pem, where->path, &p->keys[p->shown.n_keys], &why) != HB_OK) {
        status = FAIL_NODE(where, node, err, "%s", why.msg);
    }
    hb_free(owned);
    HB_TRY(status);
    size_t i = p->shown.n_keys++;
    p->expires[i] = k->expires;
    p->revoked[i] = k->has_revoked ? k->revoked : HB_TIME_NONE;
    p->reasons[i] = k->has_revoked ? k->reason : "";
    const char *id = hb_pubkey_id(p->keys[i]);
    for (size_t q = 0; q <= o->n; q++) { /* the person being read stands at n */
        const hb_person *other = &o->people[q];
        for (size_t x = 0; x < other->shown.n_keys; x++) {
            if ((other != p || x != i) && strcmp(hb_pubkey_id(other->keys[x]), id) == 0) {
                return FAIL_NODE(where, node, err,
                                 "'%s' is key %.12s, which '%s' has already; a key is one person's",
                                 where->path, id, other->shown.name);
            }
        }
    }
    return HB_OK;
}

static hb_status decode_keys(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_decoding *d = out;
    hb_operators *o = d->o;
    hb_person *p = &o->people[o->n];
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    if (value->n > HB_OPERATOR_KEYS_MAX) {
        return FAIL_NODE(where, value, err, "'%s' has %zu entries, at most %d", where->path,
                         value->n, HB_OPERATOR_KEYS_MAX);
    }
    for (size_t i = 0; i < value->n; i++) {
        key_fields k = {.expires = HB_TIME_NONE, .revoked = HB_TIME_NONE};
        char place[24];
        hb_where at;
        snprintf(place, sizeof place, "%zu", i);
        HB_TRY(hb_where_below(where, hb_str_of(place), &at, err));
        HB_TRY(hb_node_expect(value->items[i], HB_NODE_MAP, &at, err));
        HB_TRY(hb_fields_decode(key_table, value->items[i], &at, &k, err));
        HB_TRY(add_key(o, p, &k, value->items[i], &at, err));
    }
    return HB_OK;
}

/* --- one person --- */

static hb_status role_of(const hb_node *value, const hb_where *where, hb_role *ret, hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_node_text(value, where, &text, err));
    for (unsigned r = HB_ROLE_VIEWER; r < HB_OPERATOR_ROLES_; r++) {
        if (strcmp(text, hb_role_name((hb_role)r)) == 0) {
            *ret = (hb_role)r;
            return HB_OK;
        }
    }
    return FAIL_NODE(where, value, err,
                     "'%s' must be viewer, operator, approver or admin, got '%.60s'", where->path,
                     text);
}

static hb_status decode_roles(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_decoding *d = out;
    hb_person *p = &d->o->people[d->o->n];
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    struct hb_grant *grants = hb_arena_array(where->arena, value->n + 1, sizeof *grants);
    if (!grants) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        hb_where at;
        HB_TRY(hb_where_below(where, value->pairs[i].key, &at, err));
        grants[i].program = value->pairs[i].key.p;
        HB_TRY(role_of(value->pairs[i].value, &at, &grants[i].role, err));
    }
    p->shown.grants = grants;
    p->shown.n_grants = value->n;
    return HB_OK;
}

static const hb_field person_fields[] = {
    {.key = "full_name",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_decoding, full_name),
     .max = TEXT_MAX,
     .doc = "For people."},
    {.key = "keys",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_keys,
     .schema = "{\"type\": \"array\", \"maxItems\": 16, \"items\": {\"type\": \"object\"}}",
     .doc = "Public keys: pem or file, expires, revoked {at, reason}. Without one a person can "
            "prove nothing, and so do nothing that needs proof."},
    {.key = "roles",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_roles,
     .required = true,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"enum\": [\"viewer\", "
               "\"operator\", \"approver\", \"admin\"]}}",
     .doc =
         "Role for each program, \"*\" for all: viewer, operator, approver, admin. Each may what "
         "those before it may."},
    {0},
};

static hb_status check_name(const hb_pair *pair, const hb_where *where, hb_error *err)
{
    bool plain = pair->key.n >= 1 && pair->key.n <= HB_OPERATOR_NAME_MAX;
    for (size_t i = 0; i < pair->key.n && plain; i++) {
        char c = pair->key.p[i];
        plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '.' || c == '_' || c == '-';
    }
    return plain ? HB_OK
                 : HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                              "'%.80s' is no operator's name; expected 1 to %d of A-Z a-z 0-9 . _ "
                              "-",
                              pair->key.p, HB_OPERATOR_NAME_MAX);
}

static hb_status decode_person(hb_decoding *d, const hb_pair *pair, const hb_where *where,
                               hb_error *err)
{
    hb_operators *o = d->o;
    hb_person *p = &o->people[o->n];
    hb_where at;
    HB_TRY(check_name(pair, where, err));
    HB_TRY(hb_where_below(where, pair->key, &at, err));
    HB_TRY(hb_node_expect(pair->value, HB_NODE_MAP, &at, err));
    p->shown.name = pair->key.p;
    p->shown.keys = p->keys;
    p->shown.key_expires = p->expires;
    p->shown.key_revoked = p->revoked;
    p->shown.key_reason = p->reasons;
    d->full_name = "";
    HB_TRY(hb_fields_decode(person_fields, pair->value, &at, d, err));
    p->shown.full_name = d->full_name;
    o->n++;
    return HB_OK;
}

static hb_status decode_people(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    hb_decoding *d = out;
    hb_operators *o = d->o;
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    if (value->n == 0 || value->n > HB_OPERATORS_MAX) {
        return FAIL_NODE(where, value, err, "'%s' names %zu people, expected 1 to %d", where->path,
                         value->n, HB_OPERATORS_MAX);
    }
    o->people = hb_arena_array(&o->arena, value->n, sizeof *o->people);
    if (!o->people) {
        return HB_NOMEM(err);
    }
    o->room = value->n;
    for (size_t i = 0; i < value->n; i++) {
        HB_TRY(decode_person(d, &value->pairs[i], where, err));
    }
    return HB_OK;
}

static const hb_field fields[] = {
    {.key = "approvals_required",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_decoding, needed),
     .min = 1,
     .max = 100,
     .def = "1",
     .doc = "How many admins other than who asks must approve a change of this file."},
    {.key = "config_approvals_required",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_decoding, config_needed),
     .min = 0,
     .max = 100,
     .def = "0",
     .doc = "How many admins other than who asks must approve a metric registry or baseline policy "
            "before anything is decided by it. 0: any will do."},
    {.key = "operators",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_people,
     .required = true,
     .schema = "{\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": 1000, "
               "\"additionalProperties\": {\"type\": \"object\"}}",
     .doc = "People by name: full_name, keys, roles."},
    {0},
};

const hb_field *hb_operators_fields(void)
{
    return fields;
}

/* --- the file --- */

static hb_status decode(hb_operators *o, hb_str text, hb_error *err)
{
    const hb_node *root = NULL;
    hb_decoding d = {.o = o, .needed = 1};
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_digest_of(text.p, text.n, digest, err));
    o->digest = hb_arena_str(&o->arena, hb_str_of(digest));
    o->name = o->digest ? hb_arena_str(&o->arena, hb_str_of(o->name)) : NULL;
    if (!o->name) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_yaml_parse(text, o->name, &o->arena, &root, err));
    const hb_where top = {.name = o->name, .path = "", .arena = &o->arena};
    HB_TRY(hb_fields_decode(fields, root, &top, &d, err));
    o->needed = d.needed;
    o->config_needed = d.config_needed;
    size_t admins = 0;
    for (size_t i = 0; i < o->n; i++) {
        const hb_operator *p = &o->people[i].shown;
        admins += hb_operator_role(p, "*") == HB_ROLE_ADMIN && p->n_keys;
    }
    if (admins == 0) {
        return FAIL_NODE(&top, root, err,
                         "nobody with a key is admin of \"*\": this file could never be changed; "
                         "give one person 'roles: {\"*\": admin}'");
    }
    bool own = d.needed > admins;
    if (own || d.config_needed > admins) {
        const char *key = own ? "approvals_required" : "config_approvals_required";
        const hb_node *at = hb_node_find(root, key)->value;
        return FAIL_NODE(&top, at, err,
                         "'%s' is %u, but only %zu with a key are admins of \"*\": so many could "
                         "never approve",
                         key, own ? d.needed : d.config_needed, admins);
    }
    return HB_OK;
}

hb_status hb_operators_parse_with(hb_str text, const char *name, const hb_operators_files *files,
                                  hb_operators **ret, hb_error *err)
{
    hb_operators *o = hb_alloc_zero(sizeof *o);
    if (!o) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&o->arena, ARENA_BYTES);
    o->name = name;
    o->files = files;
    hb_status status = decode(o, text, err);
    o->files = NULL;
    if (status != HB_OK) {
        hb_operators_free(o);
        return status;
    }
    *ret = o;
    return HB_OK;
}

hb_status hb_operators_parse(hb_str text, const char *name, hb_operators **ret, hb_error *err)
{
    return hb_operators_parse_with(text, name, NULL, ret, err);
}

void hb_operators_free(hb_operators *o)
{
    if (!o) {
        return;
    }
    for (size_t i = 0; i < o->room; i++) {
        for (size_t k = 0; k < HB_OPERATOR_KEYS_MAX; k++) {
            hb_pubkey_free(o->people[i].keys[k]);
        }
    }
    hb_arena_release(&o->arena);
    hb_free(o);
}
