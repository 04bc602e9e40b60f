/* SPDX-License-Identifier: Apache-2.0 */
/* Where single fields are hidden: is all the rest what the original committed to, and what is it
 * that is hidden? */
#include "base/mem.h"
#include "evidence/disclosure.h"
#include "evidence/verify_internal.h"

#include <string.h>

enum { NAMED_MAX = 700 };

static hb_status of_document(hb_check *c, hb_committer *by, const hb_commitment *is,
                             const hb_opened *o, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(c->pack, is->path, HB_COMMITTED_TEXT_MAX, &text, &n, err));
    hb_status status = hb_redaction_check_document(by, is, o, (hb_str){text, n}, err);
    hb_free(text);
    return status;
}

static hb_status of_all(hb_check *c, hb_committer *by, const hb_redaction *r, hb_error *err)
{
    const hb_commitments *is = &c->commitments;
    if (r->n_documents != is->n_documents) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is about %zu documents, committed to are %zu",
                       HB_PACK_REDACTION, r->n_documents, is->n_documents);
    }
    for (size_t i = 0; i < is->n_documents; i++) {
        const hb_commitment *one = &is->documents[i];
        const hb_opened *o = &r->documents[i];
        if (strcmp(o->path, one->path) != 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has '%.80s' where '%s' is due",
                           HB_PACK_REDACTION, o->path, one->path);
        }
        HB_TRY(strcmp(one->path, HB_COMMITTED_FILES) == 0
                   ? hb_redaction_check_files(by, one, o, r->files, &c->manifest, err)
                   : of_document(c, by, one, o, err));
    }
    return r->n_dropped == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' names files that were taken out, whose names may be hidden",
                         HB_PACK_REDACTION);
}

static hb_status check(hb_check *c, const hb_redaction *r, hb_error *err)
{
    hb_committer *by = NULL;
    if (!c->has_commitments) {
        return HB_FAIL(err, HB_E_EVIDENCE, "fields are hidden, and '%s' cannot be held against it",
                       HB_PACK_COMMITMENTS);
    }
    HB_TRY(hb_committer_new(&by, err));
    hb_status status = of_all(c, by, r, err);
    hb_committer_free(by);
    return status;
}

/* --- told --- */

static bool is_named(const hb_buf *names, const char *name)
{
    size_t n = strlen(name);
    const char *at = names->p;
    const char *end = names->p + names->n;
    while (at && (at = memmem(at, (size_t)(end - at), name, n)) != NULL) {
        if (at + n == end || at[n] == ' ') {
            return true;
        }
        at += n;
    }
    return false;
}

/* Digests say nothing to read. */
static bool is_digest(const char *pointer)
{
    return hb_str_ends(hb_str_of(pointer), "sha256");
}

/* "build_id (hash)": what stands behind the run of it, once; of texts that follow only those that
 * stand in what is decided from, since the others are made again. */
static void name_fields(const hb_redaction *r, hb_buf *out)
{
    for (size_t i = 0; i < r->n_documents; i++) {
        const char *path = r->documents[i].path;
        bool made_again =
            strcmp(path, HB_PACK_DECISION) == 0 || strcmp(path, HB_COMMITTED_FILES) == 0;
        for (size_t k = 0; k < r->documents[i].n_hidden && !made_again; k++) {
            const hb_hidden *h = &r->documents[i].hidden[k];
            const char *meta = strstr(h->pointer, "/meta/");
            const char *name = meta ? meta + 6 : h->pointer + 1;
            if (is_digest(name) || is_named(out, name) || out->n > NAMED_MAX) {
                continue;
            }
            hb_buf_fmt(out, "%s%.200s (%s)", out->n ? ", " : "", name,
                       hb_hide_action_name(h->action));
        }
    }
}

static void count(const hb_redaction *r, size_t *ret_fields, size_t *ret_follow, size_t *ret_files)
{
    *ret_fields = *ret_follow = *ret_files = 0;
    for (size_t i = 0; i < r->n_documents; i++) {
        const hb_opened *o = &r->documents[i];
        size_t last = SIZE_MAX;
        for (size_t k = 0; k < o->n_hidden; k++) {
            size_t file = o->hidden[k].index / HB_COMMITTED_PARTS;
            if (strcmp(o->path, HB_COMMITTED_FILES) == 0) {
                *ret_files += file != last;
                last = file;
            } else if (o->hidden[k].action == HB_HIDE_FOLLOWS) {
                ++*ret_follow;
            } else {
                ++*ret_fields;
            }
        }
    }
}

static hb_status tell(hb_check *c, const hb_redaction *r, const hb_buf *names, hb_error *err)
{
    size_t fields = 0;
    size_t follow = 0;
    size_t files = 0;
    count(r, &fields, &follow, &files);
    c->out->n_hidden = fields + follow;
    c->out->n_taken_out = files;
    HB_TRY(hb_check_say(c, "redaction", HB_HOLDS, err,
                        "fields are hidden in %zu places, and %zu texts that follow from them: "
                        "%.*s. What stands in their places is the word of who redacted; every "
                        "other text and every figure is what the original committed to. "
                        "Original's manifest, as who redacted says: SHA-256 %s. Reason given: "
                        "%.200s",
                        fields, follow, (int)names->n, names->p ? names->p : "", r->original_sha256,
                        r->reason));
    return hb_check_say(c, "redaction", HB_NOT_IN_PACK, err,
                        "what cannot be seen any more: %zu files of the original (raw files, runs "
                        "of the baseline, the "
                        "log's proof, reports, which were drawn again); whether the profiles come "
                        "from the raw files; the digest of a run's content, which was made of "
                        "hidden texts. Logged, as who signed the original says: %s",
                        files, *c->commitments.logged_at ? c->commitments.logged_at : "no");
}

/* --- told after all --- */

static hb_status one_disclosed(hb_check *c, hb_committer *by, const hb_disclosed *d,
                               const hb_redaction *r, hb_error *err)
{
    hb_error e = {0};
    return hb_disclosure_check(by, d, r, &e) == HB_OK
               ? hb_check_say(c, "redaction", HB_HOLDS, err,
                              "'%.80s' at '%.200s' was '%.400s', as the disclosure says",
                              d->document, d->pointer, d->text.p)
               : hb_check_fault(c, "redaction", &e, err);
}

static hb_status look_at_disclosure(hb_check *c, const hb_redaction *r, hb_error *err)
{
    hb_error e = {0};
    hb_disclosure d;
    hb_committer *by = NULL;
    if (hb_disclosure_read(c->ask->disclosure, &c->out->arena, &d, &e) != HB_OK) {
        return hb_check_fault(c, "redaction", &e, err);
    }
    if (strcmp(d.case_id, c->manifest.case_id) != 0) {
        return hb_check_say(c, "redaction", HB_FAILS, err, "the disclosure is of case '%.80s'",
                            d.case_id);
    }
    HB_TRY(hb_committer_new(&by, err));
    hb_status status = HB_OK;
    for (size_t i = 0; i < d.n_texts && status == HB_OK; i++) {
        status = one_disclosed(c, by, &d.texts[i], r, err);
    }
    hb_committer_free(by);
    return status;
}

hb_status hb_check_hidden(hb_check *c, const hb_redaction *r, hb_error *err)
{
    hb_error e = {0};
    hb_buf names;
    if (check(c, r, &e) != HB_OK) {
        return hb_check_fault(c, "redaction", &e, err);
    }
    c->has_hidden = true;
    hb_buf_init(&names, 4096);
    name_fields(r, &names);
    hb_status status = hb_buf_check(&names, err);
    status = status == HB_OK ? tell(c, r, &names, err) : status;
    if (status == HB_OK && c->ask->disclosure.n) {
        status = look_at_disclosure(c, r, err);
    }
    hb_buf_release(&names);
    return status;
}
