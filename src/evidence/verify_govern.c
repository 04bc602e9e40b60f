/* SPDX-License-Identifier: Apache-2.0 */
/* Who may approve, and who did. */
#include "evidence/verify_internal.h"

#include "decide/live.h"
#include "govern/dossier.h"
#include "govern/statement.h"

#include <string.h>

/* A statement that nobody can read counts for nothing, and looks like one that does. */
static hb_status check_statement(hb_check *c, const char *path, hb_error *err)
{
    hb_str text;
    hb_statement s;
    HB_TRY(hb_check_read(c, path, HB_VERIFY_SMALL_MAX, &text, err));
    return hb_statement_claims(text, path, &c->out->arena, &s, err);
}

static hb_status check_statements(hb_check *c, hb_error *err)
{
    size_t n = 0;
    const hb_pack_file *members = hb_pack_members(c->pack, &n);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(members[i].path, HB_PACK_STATEMENTS, sizeof HB_PACK_STATEMENTS - 1) == 0) {
            HB_TRY(check_statement(c, members[i].path, err));
        }
    }
    return HB_OK;
}

hb_status hb_ask_operators(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str text;
    if (check_statements(c, &e) != HB_OK) {
        HB_TRY(hb_check_fault(c, "operators", &e, err));
        e = (hb_error){0};
    }
    if (!hb_check_has(c, HB_PACK_OPERATORS)) {
        return hb_check_say(c, "operators", HB_NOT_IN_PACK, err,
                            "the pack says nothing of who may do what");
    }
    hb_status status = hb_check_read(c, HB_PACK_OPERATORS, HB_VERIFY_SMALL_MAX, &text, &e);
    if (status == HB_OK) {
        status = hb_operators_parse(text, HB_PACK_OPERATORS, &c->operators, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "operators", &e, err);
    }
    size_t n = 0;
    while (hb_operators_at(c->operators, n)) {
        n++;
    }
    return hb_check_say(c, "operators", HB_HOLDS, err,
                        "%zu people, each known by public keys (SHA-256 %.12s); that these are the "
                        "lab's people is said by who signed the pack",
                        n, hb_operators_digest(c->operators));
}

/* --- approvals --- */

hb_status hb_check_statements(hb_check *c, hb_str **ret, size_t *ret_n, hb_error *err)
{
    size_t n_members = 0;
    size_t cap = 0;
    size_t n = 0;
    hb_str *list = NULL;
    const hb_pack_file *members = hb_pack_members(c->pack, &n_members);
    for (size_t i = 0; i < n_members; i++) {
        if (strncmp(members[i].path, HB_PACK_STATEMENTS, strlen(HB_PACK_STATEMENTS)) != 0) {
            continue;
        }
        if (n == HB_VERIFY_STATEMENTS_MAX) {
            return HB_FAIL(err, HB_E_EVIDENCE, "more than %d statements", HB_VERIFY_STATEMENTS_MAX);
        }
        HB_TRY(HB_ARENA_GROW(&c->out->arena, list, n, cap, err));
        HB_TRY(hb_check_read(c, members[i].path, HB_VERIFY_SMALL_MAX, &list[n], err));
        n++;
    }
    *ret = list;
    *ret_n = n;
    return HB_OK;
}

/* What has to be approved: the baseline version, or the content of the one run. */
static hb_statement wanted_of(const hb_check *c)
{
    const hb_run_meta *m = &c->inputs.reference.run->meta;
    const hb_pack_file *version = hb_check_listed(c, HB_PACK_VERSION);
    return (hb_statement){
        .subject_name = version ? "baseline-version" : "run",
        .subject_sha256 = version ? version->sha256 : c->inputs.reference.run->digest,
        .program = m->program,
        .subsystem = m->subsystem,
        .test_name = m->test_name,
        .tag = c->inputs.reference.tag,
        .at = HB_TIME_NONE,
        .expires = HB_TIME_NONE,
    };
}

/* When the decision was made: the log says so, or, where its entry could give away what is hidden,
 * who signed the original; nothing else of the pack does. */
hb_time hb_check_decided_at(const hb_check *c)
{
    hb_time at = HB_TIME_NONE;
    if (c->has_included || c->has_hidden) {
        const char *text = c->has_included ? c->included.entry.at : c->commitments.logged_at;
        at = hb_time_parse(text, strlen(text), &at, NULL) ? at : HB_TIME_NONE;
    }
    return at;
}

static hb_status look(hb_check *c, const hb_str *statements, size_t n, hb_governed *ret,
                      hb_error *err)
{
    const hb_policy *p = &c->inputs.policy;
    const hb_approval_rule rule = {.needed = p->approvals_required ? p->approvals_required : 1,
                                   .approvers = p->approvers,
                                   .n_approvers = p->n_approvers};
    const hb_statement wanted = wanted_of(c);
    return hb_governed_look(c->operators, &rule, &wanted, statements, n, hb_check_decided_at(c),
                            &c->out->arena, ret, err);
}

static hb_status tell(hb_check *c, const hb_governed *g, hb_error *err)
{
    bool needed = c->inputs.policy.require_approval;
    switch (g->standing) {
    case HB_STANDING_APPROVED:
        if (needed && hb_check_decided_at(c) == HB_TIME_NONE) {
            return hb_check_say(c, "approvals", HB_NOT_CHECKED, err,
                                "the baseline is %s, but without the log it is not known when it "
                                "was decided, and so not whether their keys counted then",
                                g->text);
        }
        return hb_check_say(c, "approvals", HB_HOLDS, err, "the baseline is %s", g->text);
    case HB_STANDING_BREAK_GLASS:
        c->out->break_glass = true;
        return hb_check_say(c, "approvals", HB_HOLDS, err,
                            "nobody approved the baseline; it was %s", g->text);
    case HB_STANDING_NONE:
        break;
    }
    return hb_check_say(c, "approvals", needed ? HB_FAILS : HB_NOT_IN_PACK, err,
                        "the baseline is not approved (the policy %s): %s",
                        needed ? "requires it" : "does not require it", g->text);
}

/* "-" and the word at *io, which is moved behind it. */
static bool take_word(const char **io, const char *word)
{
    size_t n = strlen(word);
    if (**io != '-' || strncmp(*io + 1, word, n) != 0 || ((*io)[n + 1] && (*io)[n + 1] != '-')) {
        return false;
    }
    *io += n + 1;
    return true;
}

/* A policy that chooses by a tag chooses by one: approvals are given for a tag, and one that is
 * easier to get is no stand-in. daemon.yaml names the tags of windows: the policy's, with several
 * windows that with the window's name behind it, where the mode comes from the data with that. */
static bool is_policys_tag(const hb_check *c)
{
    const hb_reference *r = &c->inputs.reference;
    const hb_live *live = r->prior ? r->prior->live : NULL;
    const char *wanted = hb_policy_tag(&c->inputs.policy);
    if (strcmp(r->tag, wanted) == 0) {
        return true;
    }
    if (live && !hb_policy_chooses_by_tag(&c->inputs.policy)) {
        return true; /* then daemon.yaml alone says by which */
    }
    if (!live || strncmp(r->tag, wanted, strlen(wanted)) != 0) {
        return false;
    }
    const char *mode = c->inputs.run->meta.context[HB_CONTEXT_OPERATING_MODE];
    const char *rest = r->tag + strlen(wanted);
    const char *const words[] = {live->window->name, *mode ? mode : "unknown"};
    for (size_t i = 0; i < 2; i++) {
        (void)take_word(&rest, words[i]);
    }
    return !*rest;
}

static hb_status other_tag(hb_check *c, bool needed, hb_error *err)
{
    const char *wanted = hb_policy_tag(&c->inputs.policy);
    return hb_check_say(
        c, "approvals", needed ? HB_FAILS : HB_NOT_IN_PACK, err,
        "the baseline was chosen by the tag '%.80s'; the policy chooses by %s%.80s%s"
        " (and %s approval)",
        c->inputs.reference.tag, *wanted ? "'" : "no tag", wanted, *wanted ? "'" : "",
        needed ? "requires" : "does not require");
}

hb_status hb_ask_approvals(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str *statements = NULL;
    size_t n = 0;
    hb_governed g;
    bool needed = c->inputs.policy.require_approval;
    if (!c->inputs.reference.run) {
        return hb_check_say(c, "approvals", HB_NOT_IN_PACK, err,
                            "there was no baseline to be approved");
    }
    if (!*c->inputs.reference.tag && needed && hb_policy_chooses_by_tag(&c->inputs.policy)) {
        return hb_check_say(c, "approvals", HB_FAILS, err,
                            "the policy requires an approved tag, and the baseline was chosen "
                            "without one ('%s')",
                            c->inputs.reference.reason);
    }
    if (!*c->inputs.reference.tag) {
        return hb_check_say(c, "approvals", HB_NOT_IN_PACK, err,
                            "the baseline was chosen without a tag ('%s'), and only tags are "
                            "approved",
                            c->inputs.reference.reason);
    }
    if (!is_policys_tag(c)) {
        return other_tag(c, needed, err);
    }
    if (!c->operators) {
        return hb_check_say(c, "approvals", needed ? HB_FAILS : HB_NOT_IN_PACK, err,
                            needed ? "the policy requires approval, and the pack does not say "
                                     "who could have given it"
                                   : "the policy requires no approval, and none is claimed");
    }
    hb_status status = hb_check_statements(c, &statements, &n, &e);
    if (status == HB_OK) {
        status = look(c, statements, n, &g, &e);
    }
    return status == HB_OK ? tell(c, &g, err) : hb_check_fault(c, "approvals", &e, err);
}
