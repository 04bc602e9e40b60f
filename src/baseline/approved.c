/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/approved.h"

#include "crypto/digest.h"
#include "store/audit.h"
#include "store/live.h"
#include "store/versions.h"

#include <string.h>

enum { CONFIG_ARENA_BYTES = 256 << 20 };

static const char begin_words[] =
    "no operators are in force who could approve it: begin with 'hb operators init operators.yaml "
    "--key KEY'";

/* The newest row alone could be an older one, written back, or what is left when the newest was
 * taken out. */
static hb_status as_logged(hb_store *s, const char *sha256, hb_arena *arena, hb_error *err)
{
    const char *told = "";
    HB_TRY(hb_store_operators_told(s, arena, &told, err));
    if (strcmp(told, sha256) == 0) {
        return HB_OK;
    }
    if (!*told) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "registry '%s' has operators (SHA-256 %.12s), and its log never told of "
                       "any: somebody wrote them into it; 'hb audit verify' says more, restore a "
                       "backup",
                       hb_store_path(s), sha256);
    }
    return HB_FAIL(err, HB_E_EVIDENCE,
                   "registry '%s': the newest operators in it are %.12s, and the newest its log "
                   "tells of are %.12s: others were written into it, older ones written back, or "
                   "the newest taken away; 'hb audit verify' says more, restore a backup",
                   hb_store_path(s), *sha256 ? sha256 : "none", told);
}

hb_status hb_operators_in_force(hb_store *s, hb_operators **ret, hb_error *err)
{
    hb_arena arena;
    hb_operators_row row = {0};
    hb_operators *o = NULL;
    bool found = false;
    hb_arena_init(&arena, 16 << 20);
    hb_status status = hb_store_operators(s, &arena, &row, &found, err);
    if (status == HB_OK) {
        status = as_logged(s, found ? row.sha256 : "", &arena, err);
    }
    if (status == HB_OK && found) {
        status = hb_operators_parse(row.text, "operators in force", &o, err);
    }
    if (status == HB_OK && found && strcmp(hb_operators_digest(o), row.sha256) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE,
                         "registry '%s': the operators in force are not those that were applied "
                         "(SHA-256 %.12s, applied %.12s); restore a backup",
                         hb_store_path(s), hb_operators_digest(o), row.sha256);
    }
    hb_arena_release(&arena);
    if (status != HB_OK) {
        hb_operators_free(o);
        return status;
    }
    *ret = o;
    return HB_OK;
}

/* --- what is spoken of --- */

static hb_status matter_of_run(hb_store *s, const hb_matter_ask *ask, hb_arena *arena,
                               hb_statement *m, hb_error *err)
{
    const hb_run_query q = {.run_id = ask->run_id, .limit = 1};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(s, &q, arena, &rows, &n, err));
    if (n == 0) {
        hb_run *none = NULL;
        return hb_store_get_run(s, ask->run_id, &none, err); /* says which ids are near */
    }
    m->subject_name = "run";
    m->subject_sha256 = rows[0].digest;
    m->program = rows[0].program;
    m->subsystem = rows[0].subsystem;
    m->test_name = rows[0].test_name;
    return HB_OK;
}

/* The name of a version is its content's digest: a row that was changed is not what was approved.
 */
static hb_status matter_of_version(hb_store *s, const hb_matter_ask *ask, hb_arena *arena,
                                   hb_statement *m, hb_error *err)
{
    hb_version_row v = {0};
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_store_get_version(s, ask->version, arena, &v, err));
    HB_TRY(hb_digest_of(v.json, v.json_len, digest, err));
    if (strcmp(digest, v.digest) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "registry '%s': the content of baseline version '%s' is not the one of its "
                       "digest; restore a backup",
                       hb_store_path(s), v.version);
    }
    m->subject_name = "baseline-version";
    m->subject_sha256 = v.digest;
    m->program = v.program;
    m->subsystem = v.subsystem;
    m->test_name = v.test_name;
    return HB_OK;
}

hb_status hb_matter_of(hb_store *s, const hb_matter_ask *ask, hb_arena *arena, hb_statement *ret,
                       hb_error *err)
{
    hb_statement m = {.purpose = ask->purpose,
                      .tag = ask->tag ? ask->tag : "",
                      .at = HB_TIME_NONE,
                      .expires = HB_TIME_NONE};
    HB_TRY(ask->version && *ask->version ? matter_of_version(s, ask, arena, &m, err)
                                         : matter_of_run(s, ask, arena, &m, err));
    *ret = m;
    return HB_OK;
}

/* --- does it stand? --- */

hb_approval_rule hb_approval_rule_of(const hb_policy *policy)
{
    return (hb_approval_rule){.needed = policy->approvals_required,
                              .approvers = policy->approvers,
                              .n_approvers = policy->n_approvers};
}

hb_status hb_matter_envelopes(hb_store *s, const hb_statement *matter, hb_arena *arena,
                              hb_str **ret_envelopes, size_t *ret_n, hb_error *err)
{
    const hb_statement_query q = {.program = matter->program,
                                  .subsystem = matter->subsystem,
                                  .test_name = matter->test_name,
                                  .tag = matter->tag ? matter->tag : "",
                                  .purpose = matter->purpose};
    hb_statement_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_statements(s, &q, arena, &rows, &n, err));
    hb_str *list = hb_arena_array(arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = rows[i].envelope;
    }
    *ret_envelopes = list;
    *ret_n = n;
    return HB_OK;
}

static hb_status look_by(hb_store *s, const hb_operators *o, const hb_policy *policy,
                         const hb_statement *matter, hb_time now, hb_arena *arena, hb_governed *ret,
                         hb_error *err)
{
    const hb_approval_rule rule = hb_approval_rule_of(policy);
    hb_str *envelopes = NULL;
    size_t n = 0;
    if (!o) {
        *ret = (hb_governed){.names = "", .text = begin_words, .until = HB_TIME_NONE};
        return HB_OK;
    }
    HB_TRY(hb_matter_envelopes(s, matter, arena, &envelopes, &n, err));
    HB_TRY(hb_governed_look(o, &rule, matter, envelopes, n, now, arena, ret, err));
    ret->names = hb_arena_str(arena, hb_str_of(ret->names)); /* may be the operators' own */
    return ret->names ? HB_OK : HB_NOMEM(err);
}

hb_status hb_matter_look(hb_store *s, const hb_policy *policy, const hb_statement *matter,
                         hb_time now, hb_arena *arena, hb_governed *ret, hb_error *err)
{
    hb_operators *o = NULL;
    HB_TRY(hb_operators_in_force(s, &o, err));
    hb_status status = look_by(s, o, policy, matter, now, arena, ret, err);
    hb_operators_free(o);
    return status;
}

hb_status hb_tag_look(hb_store *s, const hb_policy *policy, const hb_tag_row *tag, hb_time now,
                      hb_arena *arena, hb_governed *ret, hb_error *err)
{
    hb_statement matter;
    const hb_matter_ask ask = {
        .run_id = tag->run_id, .version = tag->version, .tag = tag->tag, .purpose = "set"};
    if (!policy->require_approval) {
        *ret = (hb_governed){.standing = HB_STANDING_APPROVED,
                             .names = "",
                             .text = "the policy requires no approval",
                             .until = HB_TIME_NONE};
        return HB_OK;
    }
    HB_TRY(hb_matter_of(s, &ask, arena, &matter, err));
    return hb_matter_look(s, policy, &matter, now, arena, ret, err);
}

hb_status hb_config_look(hb_store *s, hb_governed_doc d, const char *digest, hb_time now,
                         hb_error *err)
{
    const hb_statement any = hb_governed_matter(d, "");
    hb_operators *o = NULL;
    hb_arena arena;
    hb_str *envelopes = NULL;
    size_t n = 0;
    HB_TRY(hb_operators_in_force(s, &o, err));
    if (!o || hb_operators_config_needed(o) == 0) {
        hb_operators_free(o);
        return HB_OK;
    }
    hb_arena_init(&arena, CONFIG_ARENA_BYTES);
    hb_status status = hb_matter_envelopes(s, &any, &arena, &envelopes, &n, err);
    if (status == HB_OK) {
        status = hb_governed_check(o, d, digest, envelopes, n, now, &arena, NULL, err);
    }
    hb_arena_release(&arena);
    hb_operators_free(o);
    return status;
}

/* --- keeping --- */

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const hb_statement *s = ctx;
    hb_json_kt(j, "expires", s->expires);
    hb_json_kc(j, "program", s->program);
    hb_json_kc(j, "purpose", s->purpose);
    hb_json_kc(j, "request_sha256", s->request);
    hb_json_kc(j, "statement_sha256", s->digest);
    hb_json_kc(j, "subject_name", s->subject_name);
    hb_json_kc(j, "subject_sha256", s->subject_sha256);
    hb_json_kc(j, "subsystem", s->subsystem);
    hb_json_kc(j, "tag", s->tag);
    hb_json_kc(j, "test_name", s->test_name);
}

static hb_status keep(hb_store *s, hb_statement *st, const hb_statement_row *row, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    char type[64];
    bool existed = false;
    HB_TRY(hb_digest_of(row->envelope.p, row->envelope.n, digest, err));
    HB_TRY(hb_store_add_statement(s, row, &existed, err));
    if (existed) {
        return HB_OK;
    }
    hb_str_fit(strcmp(st->kind, "break-glass") == 0 ? "break_glass" : st->kind, type, sizeof type);
    return hb_store_log(s, type, digest, st->at, st->keyid, entry_of, st, err);
}

hb_status hb_statement_keep(hb_store *s, hb_str envelope, hb_error *err)
{
    hb_arena arena;
    hb_statement st = {0};
    hb_arena_init(&arena, 4 << 20);
    hb_status status = hb_statement_claims(envelope, "statement", &arena, &st, err);
    if (status == HB_OK) {
        status = hb_live_begin(s, err);
    }
    if (status == HB_OK) {
        const hb_statement_row row = {.sha256 = st.digest,
                                      .kind = st.kind,
                                      .subject_name = st.subject_name,
                                      .subject_sha256 = st.subject_sha256,
                                      .purpose = st.purpose,
                                      .program = st.program,
                                      .subsystem = st.subsystem,
                                      .test_name = st.test_name,
                                      .tag = st.tag,
                                      .request = st.request,
                                      .keyid = st.keyid,
                                      .at = st.at,
                                      .envelope = envelope};
        status = hb_live_end(s, keep(s, &st, &row, err), err);
    }
    hb_arena_release(&arena);
    return status;
}

/* --- doing --- */

static const char *key_of(const hb_govern_ask *ask)
{
    return ask->signer ? hb_pubkey_id(hb_signer_public(ask->signer)) : "";
}

static hb_status refuse(const hb_govern_ask *ask, const hb_governed *g, hb_error *err)
{
    const hb_statement *m = &ask->matter;
    return HB_FAIL(err, HB_E_DENIED,
                   "policy '%s' requires approval to %s %s %.12s%s%s: %s; see 'hb baseline "
                   "requests', ask with 'hb baseline request'",
                   ask->policy->name, m->purpose, m->subject_name, m->subject_sha256,
                   *m->tag ? " as " : "", m->tag, g->text);
}

static hb_status may(hb_store *s, const hb_govern_ask *ask, const hb_operators *o, hb_arena *arena,
                     const hb_operator **ret_who, hb_error *err)
{
    const hb_approval_rule rule = hb_approval_rule_of(ask->policy);
    const hb_statement *m = &ask->matter;
    hb_str *envelopes = NULL;
    size_t n = 0;
    if (!o) {
        return HB_FAIL(err, HB_E_DENIED,
                       "policy '%s' requires approval for baselines, and %s; or write "
                       "'require_approval: false' under 'governance' in that file",
                       ask->policy->name, begin_words);
    }
    HB_TRY(hb_matter_envelopes(s, m, arena, &envelopes, &n, err));
    if (ask->break_glass) {
        HB_TRY(hb_break_glass_check(o, &rule, m, key_of(ask), envelopes, n, ask->now, arena, err));
        return hb_permit(o, HB_ACTION_BREAK_GLASS, m->program, key_of(ask), ask->now, ret_who, err);
    }
    hb_governed g = {.text = ""};
    HB_TRY(hb_governed_look(o, &rule, m, envelopes, n, ask->now, arena, &g, err));
    if (g.standing != HB_STANDING_APPROVED) {
        return refuse(ask, &g, err);
    }
    if (m->overrides && *m->overrides) {
        HB_TRY(hb_permit(o, HB_ACTION_OVERRIDE, m->program, key_of(ask), ask->now, NULL, err));
    }
    return hb_permit(o, HB_ACTION_SET_TAG, m->program, key_of(ask), ask->now, ret_who, err);
}

hb_status hb_govern(hb_store *s, const hb_govern_ask *ask, hb_arena *arena, hb_buf *envelope,
                    const char **ret_by, hb_error *err)
{
    hb_operators *o = NULL;
    const hb_operator *who = NULL;
    const char *by = NULL;
    if (!ask->policy->require_approval) {
        return ask->break_glass
                   ? HB_FAIL(err, HB_E_USAGE,
                             "policy '%s' requires no approval: there is no glass to break",
                             ask->policy->name)
                   : HB_OK;
    }
    HB_TRY(hb_operators_in_force(s, &o, err));
    hb_status status = may(s, ask, o, arena, &who, err);
    if (status == HB_OK) {
        by = hb_arena_str(arena, hb_str_of(who->name));
        status = by ? HB_OK : HB_NOMEM(err);
    }
    hb_operators_free(o);
    if (status == HB_OK && envelope) {
        hb_statement deed = ask->matter;
        deed.kind = ask->break_glass ? "break-glass" : "setting";
        deed.at = ask->now;
        status = hb_statement_sign(&deed, ask->signer, envelope, err);
    }
    if (status == HB_OK && ret_by) {
        *ret_by = by;
    }
    return status;
}
