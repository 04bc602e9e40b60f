/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/dossier.h"

#include "govern/statement_internal.h"

#include <string.h>

enum { TEXT_BYTES = 2048, SECOND = 1000000000 };

static const hb_statement *with_purpose(const hb_statement *wanted, hb_statement *own)
{
    *own = *wanted;
    if (!own->purpose || !*own->purpose) {
        own->purpose = "set";
    }
    return own;
}

/* Was anything approved for the tag after `from` and before `to`? */
static bool approved_between(const hb_proofs *p, hb_time from, hb_time to)
{
    for (size_t i = 0; i < p->n; i++) {
        if (hb_proofs_is_request(&p->list[i]) &&
            hb_proofs_count(p, &p->list[i].s, from, to, NULL) >= p->rule->needed) {
            return true;
        }
    }
    return false;
}

/* The earlier break-glass of the same person that nothing was approved after; NULL = none. */
static const hb_statement *repeated(const hb_proofs *p, const hb_statement *s)
{
    for (size_t i = 0; i < p->n; i++) {
        const hb_statement *other = &p->list[i].s;
        bool planned = !s->digest || !*s->digest; /* not signed yet: whatever is there is earlier */
        bool earlier = other->at < s->at || planned ||
                       (other->at == s->at && strcmp(other->digest, s->digest) < 0);
        if (strcmp(other->kind, "break-glass") == 0 && other->by == s->by && earlier &&
            !approved_between(p, other->at, s->at)) {
            return other;
        }
    }
    return NULL;
}

/* "" = it is in form and by somebody who may. */
static const char *why_not(const hb_statement *s)
{
    hb_str reason = hb_str_trim(hb_str_of(s->reason));
    if (reason.n == 0) {
        return "it has no reason";
    }
    if (s->expires == HB_TIME_NONE || s->expires <= s->at) {
        return "it has no end";
    }
    if (s->expires - s->at > HB_BREAK_GLASS_MAX) {
        return "it is for longer than 7 days";
    }
    return hb_operator_role(s->by, s->program) >= hb_action_role(HB_ACTION_BREAK_GLASS)
               ? ""
               : "its signer has no such role";
}

static hb_status say(hb_governed *g, hb_arena *arena, const hb_buf *text, hb_error *err)
{
    g->text = hb_arena_strndup(arena, text->p, text->n);
    return g->text ? HB_OK : HB_NOMEM(err);
}

static hb_status stands(hb_governed *g, const hb_statement *s, hb_arena *arena, hb_error *err)
{
    char until[HB_TIME_TEXT];
    hb_buf text;
    hb_time_print(s->expires - s->expires % SECOND, until);
    hb_buf_init(&text, TEXT_BYTES);
    hb_buf_fmt(&text, "set by break-glass of '%s', without approval, until %s: %.300s", s->by->name,
               until, s->reason);
    g->standing = HB_STANDING_BREAK_GLASS;
    g->names = s->by->name;
    g->until = s->expires;
    hb_status status = say(g, arena, &text, err);
    hb_buf_release(&text);
    return status;
}

/* The one that stands longest. */
static hb_status look_for_glass(const hb_proofs *p, const hb_statement *wanted, hb_arena *arena,
                                hb_governed *g, hb_error *err)
{
    const hb_statement *best = NULL;
    const hb_statement *last = NULL;
    for (size_t i = 0; i < p->n; i++) {
        const hb_statement *s = &p->list[i].s;
        const char *now_not = "";
        if (strcmp(s->kind, "break-glass") != 0 || !hb_statement_same_matter(s, wanted) ||
            *p->list[i].why || *why_not(s) || s->at > p->now + HB_STATEMENT_AHEAD ||
            !hb_operators_by_key(p->o, s->keyid, p->now, &now_not) || *now_not || repeated(p, s)) {
            continue;
        }
        if (p->now >= s->expires) {
            last = !last || s->expires > last->expires ? s : last;
        } else if (!best || s->expires > best->expires) {
            best = s;
        }
    }
    if (best) {
        return stands(g, best, arena, err);
    }
    if (last) {
        char until[HB_TIME_TEXT];
        hb_buf text;
        hb_time_print(last->expires - last->expires % SECOND, until);
        hb_buf_init(&text, TEXT_BYTES);
        hb_buf_fmt(&text, "the break-glass of '%s' ended %s; %s", last->by->name, until, g->text);
        g->over = true;
        g->until = last->expires;
        hb_status status = say(g, arena, &text, err);
        hb_buf_release(&text);
        return status;
    }
    return HB_OK;
}

hb_status hb_governed_look(const hb_operators *o, const hb_approval_rule *rule,
                           const hb_statement *wanted, const hb_str *envelopes, size_t n,
                           hb_time now, hb_arena *arena, hb_governed *ret, hb_error *err)
{
    hb_statement own;
    hb_error why = {0};
    hb_governed g = {.names = "", .text = "", .until = HB_TIME_NONE};
    hb_buf text;
    wanted = with_purpose(wanted, &own);
    hb_status status =
        hb_approvals_check(o, rule, wanted, envelopes, n, now, arena, &g.names, &why);
    if (status != HB_OK && status != HB_E_DENIED) {
        return HB_FAIL(err, status, "%s", why.msg);
    }
    hb_buf_init(&text, TEXT_BYTES);
    if (status == HB_OK) {
        g.standing = HB_STANDING_APPROVED;
        hb_buf_fmt(&text, "approved by %s", g.names);
    } else {
        hb_buf_c(&text, why.msg);
    }
    hb_status said = say(&g, arena, &text, err);
    hb_buf_release(&text);
    HB_TRY(said);
    if (status != HB_OK && now != HB_TIME_NONE) {
        hb_proofs p = {.o = o, .rule = rule, .now = now};
        HB_TRY(hb_proofs_collect(wanted, true, envelopes, n, arena, &p, err));
        HB_TRY(look_for_glass(&p, wanted, arena, &g, err));
    }
    *ret = g;
    return HB_OK;
}

hb_status hb_governance_check(hb_str operators, const char *name, const hb_approval_rule *rule,
                              const hb_statement *wanted, const hb_str *envelopes, size_t n,
                              hb_time now, hb_arena *arena, hb_governed *ret, hb_error *err)
{
    hb_operators *o = NULL;
    hb_governed g = {0};
    HB_TRY(hb_operators_parse(operators, name, &o, err));
    hb_status status = hb_governed_look(o, rule, wanted, envelopes, n, now, arena, &g, err);
    if (status == HB_OK) {
        g.names = hb_arena_str(arena, hb_str_of(g.names)); /* a name may be the operators' own */
        status = g.names ? HB_OK : HB_NOMEM(err);
    }
    hb_operators_free(o);
    HB_TRY(status);
    *ret = g;
    return HB_OK;
}

hb_status hb_break_glass_check(const hb_operators *o, const hb_approval_rule *rule,
                               const hb_statement *wanted, const char *keyid,
                               const hb_str *envelopes, size_t n, hb_time now, hb_arena *arena,
                               hb_error *err)
{
    hb_statement s;
    hb_proofs p = {.o = o, .rule = rule, .now = now};
    with_purpose(wanted, &s);
    s.at = now;
    s.digest = "";
    HB_TRY(hb_permit(o, HB_ACTION_BREAK_GLASS, s.program, keyid, now, &s.by, err));
    if (*why_not(&s)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "break-glass needs --reason TEXT and --expires TIME of at most 7 days: %s",
                       why_not(&s));
    }
    HB_TRY(hb_proofs_collect(&s, true, envelopes, n, arena, &p, err));
    const hb_statement *before = repeated(&p, &s);
    if (!before) {
        return HB_OK;
    }
    char at[HB_TIME_TEXT];
    hb_time_print(before->at - before->at % SECOND, at);
    hb_buf could;
    hb_buf_init(&could, TEXT_BYTES);
    hb_who_may(o, HB_ACTION_APPROVE, s.program, now, &could);
    hb_status status =
        HB_FAIL(err, HB_E_DENIED,
                "'%s' broke the glass for this tag before (%s) and nothing was approved for it "
                "since; a second time is for somebody else to answer for, or to be approved by: "
                "%.200s",
                s.by->name, at, could.p);
    hb_buf_release(&could);
    return status;
}
