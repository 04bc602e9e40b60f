/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/permission.h"
#include "govern/statement_internal.h"

#include <string.h>

enum { NAMES_BYTES = 4096, NAMES_TOLD = 5 };

static bool is_kind(const hb_statement *s, const char *kind)
{
    return strcmp(s->kind, kind) == 0;
}

hb_status hb_proofs_collect(const hb_statement *wanted, bool any_subject, const hb_str *envelopes,
                            size_t n, hb_arena *arena, hb_proofs *p, hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        hb_dsse d = {0};
        hb_proved one = {.why = ""};
        hb_error why = {0};
        hb_status status = hb_statement_open(envelopes[i], "statement", arena, &d, &one.s, &why);
        if (status == HB_OK && !(any_subject ? hb_statement_same_tag(&one.s, wanted)
                                             : hb_statement_same_matter(&one.s, wanted))) {
            continue;
        }
        if (status == HB_OK) {
            status = hb_statement_prove(&d, "statement", p->o, &one.s, &one.why, &why);
        }
        if (status == HB_E_INPUT || status == HB_E_EVIDENCE) {
            continue; /* it counts for nothing */
        }
        if (status != HB_OK) {
            return HB_FAIL(err, status, "%s", why.msg);
        }
        HB_TRY(HB_ARENA_GROW(arena, p->list, p->n, p->cap, err));
        p->list[p->n++] = one;
    }
    return HB_OK;
}

static bool is_listed(const hb_approval_rule *rule, const char *name)
{
    bool listed = rule->n_approvers == 0;
    for (size_t i = 0; i < rule->n_approvers; i++) {
        listed = listed || strcmp(rule->approvers[i], name) == 0;
    }
    return listed;
}

static hb_role needed_role(const hb_statement *about)
{
    bool people = strcmp(about->subject_name, "operators") == 0;
    bool config = strcmp(about->purpose, "config") == 0;
    return hb_action_role(people   ? HB_ACTION_OPERATORS
                          : config ? HB_ACTION_CONFIG
                                   : HB_ACTION_APPROVE);
}

/* Is it the word of somebody who may approve, by a key that counts then and now? */
static bool has_weight(const hb_proofs *p, const hb_proved *x)
{
    const char *now_not = "";
    if (p->now != HB_TIME_NONE) {
        HB_IGNORE(!hb_operators_by_key(p->o, x->s.keyid, p->now, &now_not)); /* found before */
    }
    bool in_time =
        p->now == HB_TIME_NONE || (x->s.at <= p->now + HB_STATEMENT_AHEAD &&
                                   (x->s.expires == HB_TIME_NONE || p->now < x->s.expires));
    return !*x->why && !*now_not && in_time &&
           hb_operator_role(x->s.by, x->s.program) >= needed_role(&x->s) &&
           is_listed(p->rule, x->s.by->name);
}

static bool is_about(const hb_proved *x, const char *kind, const hb_statement *request)
{
    return is_kind(&x->s, kind) && strcmp(x->s.request, request->digest) == 0 &&
           hb_statement_same_matter(&x->s, request);
}

static bool rejected_after(const hb_proofs *p, const hb_statement *request, hb_time at)
{
    for (size_t i = 0; i < p->n; i++) {
        if (is_about(&p->list[i], "rejection", request) && p->list[i].s.at >= at &&
            has_weight(p, &p->list[i])) {
            return true;
        }
    }
    return false;
}

static bool counts(const hb_proofs *p, const hb_proved *x, const hb_statement *request,
                   hb_time after, hb_time before)
{
    return is_about(x, "approval", request) && (x->s.by != request->by || p->rule->own_counts) &&
           has_weight(p, x) && (after == HB_TIME_NONE || x->s.at > after) &&
           (before == HB_TIME_NONE || x->s.at < before) && !rejected_after(p, request, x->s.at);
}

size_t hb_proofs_count(const hb_proofs *p, const hb_statement *request, hb_time after,
                       hb_time before, hb_buf *names)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        bool seen = false;
        if (!counts(p, &p->list[i], request, after, before)) {
            continue;
        }
        for (size_t k = 0; k < i && !seen; k++) {
            seen = p->list[k].s.by == p->list[i].s.by &&
                   counts(p, &p->list[k], request, after, before);
        }
        if (!seen) {
            if (names) {
                hb_buf_fmt(names, "%s%s", n ? ", " : "", p->list[i].s.by->name);
            }
            n++;
        }
    }
    return n;
}

/* Whose key it was has to be known, so that he cannot approve it himself; that it is revoked by now
 * changes nothing about what others approved. */
bool hb_proofs_is_request(const hb_proved *p)
{
    return is_kind(&p->s, "request") && !*p->s.request &&
           hb_operator_role(p->s.by, p->s.program) >= hb_action_role(HB_ACTION_REQUEST);
}

static bool approved_already(const hb_proofs *p, const hb_statement *request,
                             const hb_operator *who)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->list[i].s.by == who && counts(p, &p->list[i], request, HB_TIME_NONE, HB_TIME_NONE)) {
            return true;
        }
    }
    return false;
}

static void who_could(const hb_proofs *p, const hb_statement *wanted, const hb_statement *request,
                      hb_buf *out)
{
    size_t told = 0;
    hb_time at = p->now;
    for (size_t i = 0; hb_operators_at(p->o, i); i++) {
        const hb_operator *who = hb_operators_at(p->o, i);
        if (hb_operator_role(who, wanted->program) < needed_role(wanted) ||
            !is_listed(p->rule, who->name) || !hb_operator_can_sign(who, at) ||
            (request &&
             ((who == request->by && !p->rule->own_counts) || approved_already(p, request, who)))) {
            continue;
        }
        if (told == NAMES_TOLD) {
            hb_buf_c(out, " …");
            return;
        }
        hb_buf_fmt(out, "%s%s", told++ ? ", " : "", who->name);
    }
    if (!told) {
        hb_buf_c(out, "nobody else has that role and a key that counts");
    }
}

static hb_status deny(const hb_proofs *p, const hb_statement *wanted, const hb_statement *best,
                      size_t n_best, hb_error *err)
{
    hb_buf could;
    hb_buf_init(&could, NAMES_BYTES);
    who_could(p, wanted, best, &could);
    hb_status status =
        best
            ? HB_FAIL(err, HB_E_DENIED,
                      "%zu of %u approvals; request %.12s of '%s' waits for: %.300s", n_best,
                      p->rule->needed, best->digest, best->by->name, could.p)
            : HB_FAIL(err, HB_E_DENIED,
                      "nobody asked for it%s; it needs a request and %u approval%s of: %.300s",
                      wanted->overrides && *wanted->overrides ? " with the quality overridden" : "",
                      p->rule->needed, p->rule->needed == 1 ? "" : "s", could.p);
    hb_buf_release(&could);
    return status;
}

hb_status hb_approvals_check(const hb_operators *o, const hb_approval_rule *rule,
                             const hb_statement *wanted, const hb_str *envelopes, size_t n,
                             hb_time now, hb_arena *arena, const char **ret_names, hb_error *err)
{
    hb_proofs p = {.o = o, .rule = rule, .now = now};
    const hb_statement *best = NULL;
    size_t n_best = 0;
    bool overrides = wanted->overrides && *wanted->overrides;
    unsigned needed = rule->needed ? rule->needed : 1;
    HB_TRY(hb_proofs_collect(wanted, false, envelopes, n, arena, &p, err));
    for (size_t i = 0; i < p.n; i++) {
        const hb_statement *request = &p.list[i].s;
        if (!hb_proofs_is_request(&p.list[i]) || (overrides && !*request->overrides)) {
            continue;
        }
        size_t have = hb_proofs_count(&p, request, HB_TIME_NONE, HB_TIME_NONE, NULL);
        if (!best || have >= n_best) { /* of several the newest */
            best = request;
            n_best = have;
        }
    }
    if (n_best < needed) {
        return deny(&p, wanted, best, n_best, err);
    }
    hb_buf names;
    hb_buf_init(&names, NAMES_BYTES);
    hb_proofs_count(&p, best, HB_TIME_NONE, HB_TIME_NONE, &names);
    const char *copy = hb_arena_strndup(arena, names.p, names.n);
    hb_buf_release(&names);
    if (!copy) {
        return HB_NOMEM(err);
    }
    if (ret_names) {
        *ret_names = copy;
    }
    return HB_OK;
}

static hb_status copy(hb_arena *arena, hb_buf *text, const char **ret, hb_error *err)
{
    *ret = hb_arena_strndup(arena, text->p, text->n);
    hb_buf_release(text);
    return *ret ? HB_OK : HB_NOMEM(err);
}

/* Who rejected it last, when no approval came since. */
static const char *rejecter(const hb_proofs *p, const hb_statement *request)
{
    const hb_statement *last = NULL;
    for (size_t i = 0; i < p->n; i++) {
        const hb_statement *s = &p->list[i].s;
        if (is_about(&p->list[i], "rejection", request) && has_weight(p, &p->list[i]) &&
            (!last || s->at >= last->at)) {
            last = s;
        }
    }
    bool since = last && hb_proofs_count(p, request, last->at, HB_TIME_NONE, NULL) > 0;
    return last && !since ? last->by->name : "";
}

static const hb_proved *find_request(const hb_proofs *p, const char *digest)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->list[i].s.digest, digest) == 0 && hb_proofs_is_request(&p->list[i])) {
            return &p->list[i];
        }
    }
    return NULL;
}

hb_status hb_request_look(const hb_operators *o, const hb_approval_rule *rule,
                          const hb_statement *request, const hb_str *envelopes, size_t n,
                          hb_time now, hb_arena *arena, hb_request_state *ret, hb_error *err)
{
    hb_proofs p = {.o = o, .rule = rule, .now = now};
    hb_request_state r = {.by = "", .approved_by = "", .rejected_by = "", .could = ""};
    hb_buf names;
    hb_buf could;
    HB_TRY(hb_proofs_collect(request, false, envelopes, n, arena, &p, err));
    r.needed = rule->needed ? rule->needed : 1;
    const hb_proved *q = find_request(&p, request->digest);
    if (!q) {
        *ret = r;
        return HB_OK;
    }
    hb_buf_init(&names, NAMES_BYTES);
    hb_buf_init(&could, NAMES_BYTES);
    r.n_approved = hb_proofs_count(&p, &q->s, HB_TIME_NONE, HB_TIME_NONE, &names);
    who_could(&p, &q->s, &q->s, &could);
    hb_status status = copy(arena, &names, &r.approved_by, err);
    hb_status said = copy(arena, &could, &r.could, err);
    HB_TRY(status);
    HB_TRY(said);
    r.by = hb_arena_str(arena, hb_str_of(q->s.by->name));
    r.rejected_by = hb_arena_str(arena, hb_str_of(rejecter(&p, &q->s)));
    if (!r.by || !r.rejected_by) {
        return HB_NOMEM(err);
    }
    *ret = r;
    return HB_OK;
}

hb_status hb_approval_allowed(const hb_operators *o, const hb_approval_rule *rule,
                              const hb_statement *request, const char *keyid,
                              const hb_str *envelopes, size_t n, hb_time now, hb_arena *arena,
                              hb_error *err)
{
    hb_proofs p = {.o = o, .rule = rule, .now = now};
    const hb_operator *who = NULL;
    const hb_role role = needed_role(request);
    HB_TRY(hb_permit(o,
                     role == HB_ROLE_APPROVER                  ? HB_ACTION_APPROVE
                     : strcmp(request->purpose, "config") == 0 ? HB_ACTION_CONFIG
                                                               : HB_ACTION_OPERATORS,
                     request->program, keyid, now, &who, err));
    HB_TRY(hb_proofs_collect(request, false, envelopes, n, arena, &p, err));
    const hb_proved *q = find_request(&p, request->digest);
    if (!q) {
        return HB_FAIL(err, HB_E_DENIED,
                       "request %.12s is of nobody who may ask, so there is nothing to approve",
                       request->digest);
    }
    const char *why = NULL;
    if (q->s.by == who && !rule->own_counts) {
        why = "asked for it, and who asks does not approve";
    } else if (!is_listed(rule, who->name)) {
        why = "is not among the policy's approvers";
    } else if (approved_already(&p, &q->s, who)) {
        why = "has approved it already, and counts once";
    }
    if (!why) {
        return HB_OK;
    }
    hb_buf could;
    hb_buf_init(&could, NAMES_BYTES);
    who_could(&p, &q->s, &q->s, &could);
    hb_status status =
        HB_FAIL(err, HB_E_DENIED, "'%s' %s; it waits for: %.300s", who->name, why, could.p);
    hb_buf_release(&could);
    return status;
}

/* --- operators --- */

hb_approval_rule hb_operators_rule(const hb_operators *in_force, hb_time now)
{
    size_t admins = 0;
    for (size_t i = 0; hb_operators_at(in_force, i); i++) {
        const hb_operator *p = hb_operators_at(in_force, i);
        admins += hb_operator_role(p, "*") == HB_ROLE_ADMIN && hb_operator_can_sign(p, now);
    }
    return (hb_approval_rule){.needed = hb_operators_needed(in_force), .own_counts = admins == 1};
}

hb_approval_rule hb_config_rule(const hb_operators *in_force, hb_time now)
{
    hb_approval_rule rule = hb_operators_rule(in_force, now);
    rule.needed = hb_operators_config_needed(in_force);
    return rule;
}

hb_statement hb_operators_change(const hb_operators *in_force, const char *subject)
{
    return (hb_statement){.subject_name = "operators",
                          .subject_sha256 = subject,
                          .purpose = "apply",
                          .program = "*",
                          .previous = hb_operators_digest(in_force),
                          .expires = HB_TIME_NONE};
}

hb_status hb_operators_change_check(const hb_operators *in_force, const char *subject,
                                    const hb_str *envelopes, size_t n, hb_time now, hb_arena *arena,
                                    const char **ret_names, hb_error *err)
{
    const hb_statement wanted = hb_operators_change(in_force, subject);
    const hb_approval_rule rule = hb_operators_rule(in_force, now);
    return hb_approvals_check(in_force, &rule, &wanted, envelopes, n, now, arena, ret_names, err);
}
