/* SPDX-License-Identifier: Apache-2.0 */
#include "config/field.h"
#include "govern/operators_internal.h"

#include <string.h>

static const char *const role_names[HB_OPERATOR_ROLES_] = {
    [HB_ROLE_NONE] = "none",         [HB_ROLE_VIEWER] = "viewer", [HB_ROLE_OPERATOR] = "operator",
    [HB_ROLE_APPROVER] = "approver", [HB_ROLE_ADMIN] = "admin",
};

const char *hb_role_name(hb_role r)
{
    return (unsigned)r < HB_OPERATOR_ROLES_ ? role_names[r] : "?";
}

const hb_operator *hb_operators_at(const hb_operators *o, size_t i)
{
    return i < o->n ? &o->people[i].shown : NULL;
}

unsigned hb_operators_needed(const hb_operators *o)
{
    return o->needed;
}

unsigned hb_operators_config_needed(const hb_operators *o)
{
    return o->config_needed;
}

bool hb_operators_has_files(const hb_operators *o)
{
    return o->has_files;
}

const char *hb_operators_digest(const hb_operators *o)
{
    return o->digest;
}

/* A revoked key never counts, whatever time a statement claims: who stole it can claim any. */
static const char *why_not(const hb_person *p, size_t k, hb_time at)
{
    if (*p->reasons[k]) {
        return "is revoked";
    }
    bool over = p->expires[k] != HB_TIME_NONE && (at == HB_TIME_NONE || at >= p->expires[k]);
    return over ? "is expired" : "";
}

static const hb_person *find(const hb_operators *o, const char *keyid, size_t *ret_key)
{
    for (size_t i = 0; i < o->n; i++) {
        for (size_t k = 0; k < o->people[i].shown.n_keys; k++) {
            if (strcmp(hb_pubkey_id(o->people[i].keys[k]), keyid) == 0) {
                *ret_key = k;
                return &o->people[i];
            }
        }
    }
    return NULL;
}

const hb_operator *hb_operators_by_key(const hb_operators *o, const char *keyid, hb_time at,
                                       const char **ret_why)
{
    size_t k = 0;
    const hb_person *p = find(o, keyid, &k);
    if (ret_why) {
        *ret_why = p ? why_not(p, k, at) : "is nobody's";
    }
    return p ? &p->shown : NULL;
}

const hb_pubkey *hb_operators_key(const hb_operators *o, const char *keyid)
{
    size_t k = 0;
    const hb_person *p = find(o, keyid, &k);
    return p ? p->keys[k] : NULL;
}

hb_role hb_operator_role(const hb_operator *o, const char *program)
{
    hb_role best = HB_ROLE_NONE;
    for (size_t i = 0; i < o->n_grants; i++) {
        const struct hb_grant *g = &o->grants[i];
        if ((strcmp(g->program, "*") == 0 || strcmp(g->program, program) == 0) && g->role > best) {
            best = g->role;
        }
    }
    return best;
}

bool hb_operator_can_sign(const hb_operator *o, hb_time at)
{
    const hb_person *p = (const hb_person *)(const void *)o; /* `shown` stands first */
    for (size_t k = 0; k < o->n_keys; k++) {
        if (!*why_not(p, k, at)) {
            return true;
        }
    }
    return false;
}

/* --- printing --- */

static void put_time(const char *key, hb_time t, hb_buf *out)
{
    char text[HB_TIME_TEXT];
    hb_time_print(t, text);
    hb_buf_fmt(out, "%s\"%s\"", key, text);
}

static void put_key(const hb_person *p, size_t k, hb_buf *out)
{
    hb_buf pem;
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(p->keys[k], &pem);
    hb_buf_c(out, "      - pem: |\n");
    for (const char *line = pem.p; *line;) {
        size_t n = strcspn(line, "\n");
        hb_buf_c(out, "          ");
        hb_buf_add(out, line, n);
        hb_buf_ch(out, '\n');
        line += n + (line[n] == '\n');
    }
    hb_buf_release(&pem);
    if (p->expires[k] != HB_TIME_NONE) {
        put_time("        expires: ", p->expires[k], out);
        hb_buf_ch(out, '\n');
    }
    if (*p->reasons[k]) {
        put_time("        revoked: {at: ", p->revoked[k], out);
        hb_buf_c(out, ", reason: ");
        hb_yaml_put_text(hb_str_of(p->reasons[k]), out);
        hb_buf_c(out, "}\n");
    }
}

void hb_operators_yaml(const hb_operators *o, hb_buf *out)
{
    hb_buf_fmt(out, "approvals_required: %u\n", o->needed);
    hb_buf_fmt(out, "config_approvals_required: %u\noperators:\n", o->config_needed);
    for (size_t i = 0; i < o->n; i++) {
        const hb_person *p = &o->people[i];
        hb_buf_c(out, "  ");
        hb_yaml_put_text(hb_str_of(p->shown.name), out);
        hb_buf_c(out, ":\n");
        if (*p->shown.full_name) {
            hb_buf_c(out, "    full_name: ");
            hb_yaml_put_text(hb_str_of(p->shown.full_name), out);
            hb_buf_ch(out, '\n');
        }
        hb_buf_c(out, p->shown.n_keys ? "    keys:\n" : "");
        for (size_t k = 0; k < p->shown.n_keys; k++) {
            put_key(p, k, out);
        }
        hb_buf_c(out, p->shown.n_grants ? "    roles:\n" : "    roles: {}\n");
        for (size_t g = 0; g < p->shown.n_grants; g++) {
            hb_buf_c(out, "      ");
            hb_yaml_put_text(hb_str_of(p->shown.grants[g].program), out);
            hb_buf_fmt(out, ": %s\n", role_names[p->shown.grants[g].role]);
        }
    }
}
