/* SPDX-License-Identifier: Apache-2.0 */
/* What the pack commits to: is it signed, and as long as nothing is hidden, is it what is here? Of
 * a pack with hidden fields it is what the rest is held against: verify_redaction.c. */
#include "base/mem.h"
#include "evidence/verify_internal.h"

#include <string.h>

static hb_status read_list(hb_check *c, hb_dsse *d, hb_error *err)
{
    hb_str text;
    HB_TRY(hb_check_read(c, HB_PACK_COMMITMENTS, 2 * HB_COMMITMENTS_MAX, &text, err));
    HB_TRY(hb_dsse_read(text, HB_PACK_COMMITMENTS, &c->out->arena, d, err));
    if (strcmp(d->type, HB_COMMITMENTS_TYPE) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a payload of type '%.80s', expected '%s'",
                       HB_PACK_COMMITMENTS, d->type, HB_COMMITMENTS_TYPE);
    }
    HB_TRY(hb_commitments_read(d->payload, &c->out->arena, &c->commitments, err));
    return strcmp(c->commitments.case_id, c->manifest.case_id) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is of case '%.80s'", HB_PACK_COMMITMENTS,
                         c->commitments.case_id);
}

/* All of the documents that are here, and no other. */
static hb_status is_complete(const hb_check *c, hb_error *err)
{
    static const char *const due[] = {HB_PACK_BASELINE, HB_PACK_DECISION, HB_PACK_REFERENCE,
                                      HB_PACK_RUN};
    bool all = hb_commitments_find(&c->commitments, HB_COMMITTED_FILES) != NULL;
    for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
        all = all && (hb_commitments_find(&c->commitments, due[i]) != NULL) ==
                         (hb_check_listed(c, due[i]) != NULL);
    }
    return all ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not about the documents that are in the pack",
                         HB_PACK_COMMITMENTS);
}

/* --- of an original --- */

static hb_status same(const hb_commitment *is, const hb_commitment *due, hb_error *err)
{
    return is && is->leaves == due->leaves && strcmp(is->root, due->root) == 0 &&
                   strcmp(is->skeleton, due->skeleton) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "what is committed to of '%s' is not what is here",
                         due->path);
}

static hb_status of_document(hb_check *c, hb_committer *by, const hb_commit32 *secret,
                             const char *path, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    hb_commitment due;
    HB_TRY(hb_pack_read(c->pack, path, HB_COMMITTED_TEXT_MAX, &text, &n, err));
    hb_status status = hb_commitment_of(by, (hb_str){text, n}, secret, path, &due, err);
    hb_free(text);
    return status == HB_OK ? same(hb_commitments_find(&c->commitments, path), &due, err) : status;
}

/* Files that were taken out stand in the original's manifest. */
static hb_status of_files(hb_check *c, hb_committer *by, const hb_commit32 *secret, hb_error *err)
{
    hb_manifest m = c->manifest;
    hb_commitment due;
    hb_buf list;
    hb_str text;
    if (hb_check_has(c, HB_PACK_ORIGINAL_MANIFEST)) {
        HB_TRY(hb_check_read(c, HB_PACK_ORIGINAL_MANIFEST, HB_PACK_MANIFEST_MAX, &text, err));
        HB_TRY(hb_manifest_read(text, &c->out->arena, &m, err));
    }
    hb_buf_init(&list, HB_PACK_MANIFEST_MAX);
    hb_committed_files(m.files, m.n_files, &list);
    hb_status status = hb_buf_check(&list, err);
    if (status == HB_OK) {
        status =
            hb_commitment_of(by, (hb_str){list.p, list.n}, secret, HB_COMMITTED_FILES, &due, err);
    }
    hb_buf_release(&list);
    return status == HB_OK
               ? same(hb_commitments_find(&c->commitments, HB_COMMITTED_FILES), &due, err)
               : status;
}

static hb_status of_log(hb_check *c, hb_error *err)
{
    hb_str text;
    hb_log_entry entry = {.at = ""};
    if (hb_check_has(c, HB_PACK_ENTRY)) {
        HB_TRY(hb_check_read(c, HB_PACK_ENTRY, HB_VERIFY_SMALL_MAX, &text, err));
        HB_TRY(hb_log_entry_read(text, HB_PACK_ENTRY, &c->out->arena, &entry, err));
    }
    return strcmp(entry.at, c->commitments.logged_at) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' says that the decision was logged at '%.40s', the log's entry is "
                         "of '%.40s'",
                         HB_PACK_COMMITMENTS, c->commitments.logged_at, entry.at);
}

static hb_status recompute(hb_check *c, hb_committer *by, hb_error *err)
{
    hb_str text;
    hb_commit32 secret; /* in the pack, for whoever has that */
    HB_TRY(hb_check_read(c, HB_PACK_SECRET, HB_VERIFY_SMALL_MAX, &text, err));
    HB_TRY(hb_commit_secret_read(text, &secret, err));
    for (size_t i = 0; i < c->commitments.n_documents; i++) {
        const char *path = c->commitments.documents[i].path;
        HB_TRY(strcmp(path, HB_COMMITTED_FILES) == 0 ? of_files(c, by, &secret, err)
                                                     : of_document(c, by, &secret, path, err));
    }
    return of_log(c, err);
}

/* --- the question --- */

static hb_status look(hb_check *c, hb_dsse *d, hb_error *err)
{
    hb_committer *by = NULL;
    HB_TRY(read_list(c, d, err));
    HB_TRY(is_complete(c, err));
    c->has_commitments = true;
    if (!hb_check_has(c, HB_PACK_SECRET)) {
        return hb_check_has(c, HB_PACK_REDACTION)
                   ? HB_OK
                   : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is missing", HB_PACK_SECRET);
    }
    HB_TRY(hb_committer_new(&by, err));
    hb_status status = recompute(c, by, err);
    hb_committer_free(by);
    return status;
}

static hb_status signed_by(hb_check *c, const hb_dsse *d, const char *what, hb_error *err)
{
    const hb_verify_ask *ask = c->ask;
    for (size_t i = 0; i < ask->n_trusted + c->n_keys; i++) {
        bool trusted = i < ask->n_trusted;
        const hb_pubkey *k = trusted ? ask->trusted[i] : c->keys[i - ask->n_trusted].key;
        if (hb_dsse_verify(d, k, NULL) != HB_OK) {
            continue;
        }
        if (trusted || hb_check_has(c, HB_PACK_SECRET)) {
            return hb_check_say(c, "commitments", HB_HOLDS, err, "%s, signed by key %s", what,
                                hb_pubkey_id(k));
        }
        return hb_check_say(c, "commitments", HB_NOT_CHECKED, err,
                            "what the original committed to was signed by key %s, which was not "
                            "brought along: anybody could have signed it so",
                            hb_pubkey_id(k));
    }
    return hb_check_say(c, "commitments", HB_FAILS, err,
                        "'%s' is signed by no key of the pack or that was brought along",
                        HB_PACK_COMMITMENTS);
}

hb_status hb_ask_commitments(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_dsse d;
    if (!hb_check_has(c, HB_PACK_COMMITMENTS)) {
        return hb_check_has(c, HB_PACK_SECRET)
                   ? hb_check_say(c, "commitments", HB_FAILS, err, "'%s' is missing",
                                  HB_PACK_COMMITMENTS)
                   : hb_check_say(c, "commitments", HB_NOT_IN_PACK, err,
                                  "it commits to nothing: single fields of it cannot be hidden");
    }
    if (look(c, &d, &e) != HB_OK) {
        return hb_check_fault(c, "commitments", &e, err);
    }
    return signed_by(c, &d,
                     hb_check_has(c, HB_PACK_SECRET)
                         ? "every text that could be hidden later has its commitment"
                         : "what the original committed to is here",
                     err);
}
