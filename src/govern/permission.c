/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/permission.h"

#include <string.h>

enum { NAMES_TOLD = 5, WHO_BYTES = 512 };

static const char *const names[HB_ACTION_COUNT_] = {
#define HB_ACTION_NAME(code, name, role, words) [HB_ACTION_##code] = (name),
    HB_ACTION_MAP(HB_ACTION_NAME)
#undef HB_ACTION_NAME
};
static const char *const words_of[HB_ACTION_COUNT_] = {
#define HB_ACTION_WORDS(code, name, role, words) [HB_ACTION_##code] = (words),
    HB_ACTION_MAP(HB_ACTION_WORDS)
#undef HB_ACTION_WORDS
};
static const hb_role roles[HB_ACTION_COUNT_] = {
#define HB_ACTION_ROLE(code, name, role, words) [HB_ACTION_##code] = HB_ROLE_##role,
    HB_ACTION_MAP(HB_ACTION_ROLE)
#undef HB_ACTION_ROLE
};

const char *hb_action_name(hb_action a)
{
    return (unsigned)a < HB_ACTION_COUNT_ ? names[a] : "?";
}

const char *hb_action_words(hb_action a)
{
    return (unsigned)a < HB_ACTION_COUNT_ ? words_of[a] : "?";
}

hb_role hb_action_role(hb_action a)
{
    return (unsigned)a < HB_ACTION_COUNT_ ? roles[a] : HB_OPERATOR_ROLES_;
}

void hb_who_may(const hb_operators *o, hb_action a, const char *program, hb_time at, hb_buf *out)
{
    size_t told = 0;
    for (size_t i = 0; hb_operators_at(o, i); i++) {
        const hb_operator *p = hb_operators_at(o, i);
        if (hb_operator_role(p, program) < hb_action_role(a) || !hb_operator_can_sign(p, at)) {
            continue;
        }
        if (told == NAMES_TOLD) {
            hb_buf_c(out, " …");
            return;
        }
        hb_buf_fmt(out, "%s%s", told++ ? ", " : "", p->name);
    }
    if (!told) {
        hb_buf_c(out, "nobody has that role and a key that counts; an admin can change that with "
                      "'hb operators propose'");
    }
}

static hb_status deny(const hb_operators *o, hb_action a, const char *program, const char *who,
                      hb_time at, hb_error *err)
{
    hb_buf could;
    hb_buf_init(&could, WHO_BYTES);
    hb_who_may(o, a, program, at, &could);
    hb_status status =
        *program ? HB_FAIL(err, HB_E_DENIED,
                           "%s may not %s: that needs the role %s for program '%.80s': %s", who,
                           words_of[a], hb_role_name(roles[a]), program, could.p)
                 : HB_FAIL(err, HB_E_DENIED, "%s may not %s: that needs the role %s: %s", who,
                           words_of[a], hb_role_name(roles[a]), could.p);
    hb_buf_release(&could);
    return status;
}

hb_status hb_permit(const hb_operators *o, hb_action a, const char *program, const char *keyid,
                    hb_time at, const hb_operator **ret, hb_error *err)
{
    if ((unsigned)a >= HB_ACTION_COUNT_) {
        return HB_FAIL(err, HB_E_BUG, "there is no action %d", (int)a);
    }
    if (!o) {
        return HB_FAIL(err, HB_E_DENIED,
                       "to %s needs proof of who it is, and no operators.yaml is in force; begin "
                       "with 'hb operators init FILE --key KEY'",
                       words_of[a]);
    }
    if (!keyid || !*keyid) {
        return deny(o, a, program, "somebody who signs with no key (--key)", at, err);
    }
    const char *why = "";
    const hb_operator *p = hb_operators_by_key(o, keyid, at, &why);
    if (!p || *why) {
        char who[160];
        hb_buf text;
        hb_buf_init(&text, sizeof who);
        hb_buf_fmt(&text, "key %.12s, which %s%s%.64s%s,", keyid, why, p ? " (" : "",
                   p ? p->name : "", p ? ")" : "");
        hb_str_fit(text.p, who, sizeof who);
        hb_buf_release(&text);
        return deny(o, a, program, who, at, err);
    }
    if (hb_operator_role(p, program) < roles[a]) {
        return deny(o, a, program, p->name, at, err);
    }
    if (ret) {
        *ret = p;
    }
    return HB_OK;
}
