/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/configuration.h"

#include <string.h>

enum { NEEDED, OPTIONAL, IF_USED };

static const struct {
    const char *name;
    int need;
} docs[HB_GOVERNED_DOCS_] = {
#define HB_GOVERNED_ROW(code, text, need_) [HB_GOVERNED_##code] = {.name = (text), .need = (need_)},
    HB_GOVERNED_MAP(HB_GOVERNED_ROW)
#undef HB_GOVERNED_ROW
};

const char *hb_governed_name(hb_governed_doc d)
{
    return (unsigned)d < HB_GOVERNED_DOCS_ ? docs[d].name : "?";
}

bool hb_governed_find(const char *name, hb_governed_doc *ret)
{
    for (unsigned d = 0; d < HB_GOVERNED_DOCS_; d++) {
        if (strcmp(docs[d].name, name) == 0) {
            *ret = (hb_governed_doc)d;
            return true;
        }
    }
    return false;
}

hb_statement hb_governed_matter(hb_governed_doc d, const char *digest)
{
    return (hb_statement){.subject_name = hb_governed_name(d),
                          .subject_sha256 = digest,
                          .purpose = "config",
                          .program = "*",
                          .at = HB_TIME_NONE,
                          .expires = HB_TIME_NONE};
}

/* There is none: is one of the kind approved, which is then the one to be used? */
static hb_status check_none(const hb_operators *o, hb_governed_doc d, const hb_str *envelopes,
                            size_t n, hb_time now, hb_arena *arena, hb_error *err)
{
    const hb_approval_rule rule = hb_config_rule(o, now);
    for (size_t i = 0; i < n; i++) {
        hb_statement s = {.kind = ""};
        hb_error why = {0};
        hb_status status = hb_statement_claims(envelopes[i], "statement", arena, &s, &why);
        if (status == HB_E_NOMEM) {
            return HB_NOMEM(err);
        }
        if (status != HB_OK || strcmp(s.kind, "request") != 0 || strcmp(s.purpose, "config") != 0 ||
            strcmp(s.subject_name, hb_governed_name(d)) != 0) {
            continue;
        }
        const hb_statement wanted = hb_governed_matter(d, s.subject_sha256);
        if (hb_approvals_check(o, &rule, &wanted, envelopes, n, now, arena, NULL, &why) == HB_OK) {
            return HB_FAIL(err, HB_E_DENIED,
                           "the operators require approval of configuration; %s %.12s is approved, "
                           "and there is none: bring it back, or have one that says nothing "
                           "approved",
                           hb_governed_name(d), s.subject_sha256);
        }
    }
    return HB_OK;
}

hb_status hb_governed_check(const hb_operators *o, hb_governed_doc d, const char *digest,
                            const hb_str *envelopes, size_t n, hb_time now, hb_arena *arena,
                            const char **ret_names, hb_error *err)
{
    const char *names = "";
    hb_error why = {0};
    if ((unsigned)d >= HB_GOVERNED_DOCS_) {
        return HB_FAIL(err, HB_E_BUG, "there is no governed document %d", (int)d);
    }
    if (!o || hb_operators_config_needed(o) == 0 || (!*digest && docs[d].need == IF_USED)) {
        if (ret_names) {
            *ret_names = names;
        }
        return HB_OK;
    }
    if (!*digest && docs[d].need == OPTIONAL) {
        HB_TRY(check_none(o, d, envelopes, n, now, arena, err));
    } else {
        const hb_approval_rule rule = hb_config_rule(o, now);
        const hb_statement wanted = hb_governed_matter(d, *digest ? digest : "built-in");
        hb_status status =
            hb_approvals_check(o, &rule, &wanted, envelopes, n, now, arena, &names, &why);
        if (status != HB_OK) {
            return HB_FAIL(err, status,
                           "the operators require approval of configuration, and this %s (SHA-256 "
                           "%.12s) has it not: %s; ask with 'hb config request FILE'",
                           hb_governed_name(d), wanted.subject_sha256, why.msg);
        }
    }
    if (ret_names) {
        *ret_names = names;
    }
    return HB_OK;
}
