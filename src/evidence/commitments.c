/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/commitments.h"

#include "base/mem.h"
#include "evidence/inputs.h"
#include "evidence/leaves.h"

#include <string.h>

static const char *const documents[] = {HB_PACK_BASELINE, HB_PACK_DECISION, HB_PACK_REFERENCE,
                                        HB_PACK_RUN};

bool hb_is_committed_document(const char *path)
{
    bool is = false;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        is = is || strcmp(path, documents[i]) == 0;
    }
    return is;
}

void hb_committed_files(const hb_pack_file *files, size_t n, hb_buf *out)
{
    bool any = false;
    hb_buf_ch(out, '[');
    for (size_t i = 0; i < n; i++) {
        const char *path = files[i].path;
        if (hb_is_committed_document(path) || strcmp(path, HB_PACK_COMMITMENTS) == 0 ||
            strcmp(path, HB_PACK_SECRET) == 0) {
            continue;
        }
        const char *slash = strchr(path, '/');
        int top = slash ? (int)(slash - path) + 1 : 0;
        hb_buf_fmt(out, "%s\"%.*s\",\"%s\",\"%s\"", any ? "," : "", top, path, path + top,
                   files[i].sha256);
        any = true;
    }
    hb_buf_ch(out, ']');
}

/* --- a document --- */

typedef struct leaves_of {
    hb_commit32 *salts; /* one a leaf */
    hb_commit32 *leaves;
    size_t n;
} leaves_of;

static void release(leaves_of *l)
{
    if (l->salts) {
        hb_commit_wipe(l->salts, l->n * sizeof *l->salts);
    }
    hb_free(l->salts);
    hb_free(l->leaves);
}

static hb_status make_room(leaves_of *l, size_t n, const char *path, hb_error *err)
{
    if (n > HB_COMMIT_TEXTS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' has more than %d texts", path, HB_COMMIT_TEXTS_MAX);
    }
    l->n = n;
    l->salts = hb_alloc_array(n + 1, sizeof *l->salts);
    l->leaves = hb_alloc_array(n + 1, sizeof *l->leaves);
    return l->salts && l->leaves ? HB_OK : HB_NOMEM(err);
}

/* How many texts there are, and the digest of all that is between them. */
static hb_status skeleton(hb_str text, const char *path, size_t *ret_n, char ret[65], hb_error *err)
{
    hb_digest *d = NULL;
    hb_leaves w;
    hb_leaf leaf;
    const char *from = text.p;
    HB_TRY(hb_digest_new(&d, err));
    hb_status status = HB_OK;
    hb_leaves_init(&w, text);
    while (status == HB_OK && hb_leaves_next(&w, &leaf)) {
        status = hb_digest_add(d, from, (size_t)(leaf.raw.p - from), err);
        from = leaf.raw.p + leaf.raw.n;
    }
    if (status == HB_OK && w.bad) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not written as canonical JSON", path);
    }
    status = status == HB_OK ? hb_digest_add(d, from, (size_t)(w.end - from), err) : status;
    status = status == HB_OK ? hb_digest_hex(d, ret, err) : status;
    hb_digest_free(d);
    *ret_n = w.n;
    return status;
}

static hb_status hash_one(hb_committer *c, const hb_leaf *leaf, const hb_commit32 *salt,
                          hb_buf *plain, hb_commit32 *ret, hb_error *err)
{
    if (!memchr(leaf->raw.p, '\\', leaf->raw.n)) {
        return hb_commit_leaf(c, salt, leaf->raw.p, leaf->raw.n, ret, err);
    }
    hb_buf_clear(plain);
    hb_leaf_text(leaf, plain);
    HB_TRY(hb_buf_check(plain, err));
    return hb_commit_leaf(c, salt, plain->p, plain->n, ret, err);
}

/* All but the hidden ones, whose leaves are taken from the list. */
static hb_status hash_all(hb_committer *c, hb_str text, const hb_opened *o, leaves_of *l,
                          hb_error *err)
{
    hb_leaves w;
    hb_leaf leaf;
    hb_buf plain;
    size_t next = 0;
    hb_status status = HB_OK;
    hb_buf_init(&plain, HB_COMMITTED_TEXT_MAX);
    hb_leaves_init(&w, text);
    while (status == HB_OK && hb_leaves_next(&w, &leaf)) {
        if (o && next < o->n_hidden && o->hidden[next].index == leaf.index) {
            l->leaves[leaf.index] = o->hidden[next++].leaf;
        } else {
            status = hash_one(c, &leaf, &l->salts[leaf.index], &plain, &l->leaves[leaf.index], err);
        }
    }
    hb_buf_release(&plain);
    return status;
}

static hb_status finish(hb_committer *c, const leaves_of *l, char ret[65], hb_error *err)
{
    hb_commit32 root;
    HB_TRY(hb_commit_root(c, l->leaves, l->n, &root, err));
    hb_commit_hex(&root, ret);
    return HB_OK;
}

static hb_status seal(hb_committer *c, hb_str text, const hb_commit32 *secret, const char *path,
                      leaves_of *l, hb_error *err)
{
    hb_commit32 seed;
    HB_TRY(hb_commit_hmac(secret, path, strlen(path), &seed, err));
    hb_status status = hb_commit_salts(c, &seed, l->n, l->salts, err);
    hb_commit_wipe(&seed, sizeof seed);
    return status == HB_OK ? hash_all(c, text, NULL, l, err) : status;
}

hb_status hb_commitment_of(hb_committer *c, hb_str text, const hb_commit32 *secret,
                           const char *path, hb_commitment *ret, hb_error *err)
{
    hb_commitment is = {.path = path};
    leaves_of l = {0};
    HB_TRY(skeleton(text, path, &is.leaves, is.skeleton, err));
    hb_status status = make_room(&l, is.leaves, path, err);
    status = status == HB_OK ? seal(c, text, secret, path, &l, err) : status;
    status = status == HB_OK ? finish(c, &l, is.root, err) : status;
    release(&l);
    if (status == HB_OK) {
        *ret = is;
    }
    return status;
}

static hb_status open_rest(hb_committer *c, const hb_commit32 *secret, size_t n, hb_opened *o,
                           hb_arena *arena, hb_error *err)
{
    enum { PER_HIDDEN = 32 };
    hb_commit32 seed;
    size_t room = o->n_hidden * PER_HIDDEN + 1;
    hb_commit32 *seeds = hb_arena_array(arena, room, sizeof *seeds);
    size_t *places = hb_arena_array(arena, o->n_hidden + 1, sizeof *places);
    if (!seeds || !places) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < o->n_hidden; i++) {
        places[i] = o->hidden[i].index;
    }
    HB_TRY(hb_commit_hmac(secret, o->path, strlen(o->path), &seed, err));
    o->seeds = seeds;
    hb_status status =
        hb_commit_cover(c, &seed, n, places, o->n_hidden, seeds, room, &o->n_seeds, err);
    hb_commit_wipe(&seed, sizeof seed);
    return status;
}

hb_status hb_commitment_hide(hb_committer *c, hb_str text, const hb_commit32 *secret, hb_opened *o,
                             hb_arena *arena, hb_error *err)
{
    leaves_of l = {0};
    size_t n = 0;
    char digest[65];
    HB_TRY(skeleton(text, o->path, &n, digest, err));
    hb_status status = make_room(&l, n, o->path, err);
    status = status == HB_OK ? seal(c, text, secret, o->path, &l, err) : status;
    for (size_t i = 0; i < o->n_hidden && status == HB_OK; i++) {
        o->hidden[i].leaf = l.leaves[o->hidden[i].index];
    }
    release(&l);
    return status == HB_OK ? open_rest(c, secret, n, o, arena, err) : status;
}

static hb_status salts_of_shown(hb_committer *c, const hb_opened *o, leaves_of *l, hb_error *err)
{
    size_t *places = hb_alloc_array(o->n_hidden + 1, sizeof *places);
    if (!places) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < o->n_hidden; i++) {
        places[i] = o->hidden[i].index;
    }
    hb_status status =
        hb_commit_open(c, l->n, places, o->n_hidden, o->seeds, o->n_seeds, l->salts, err);
    hb_free(places);
    if (status == HB_E_EVIDENCE) {
        return hb_error_prefix(err, "'%s'", o->path);
    }
    return status;
}

hb_status hb_commitment_check(hb_committer *c, const hb_commitment *is, hb_str text,
                              const hb_opened *o, hb_error *err)
{
    char digest[65];
    char root[65] = "";
    size_t n = 0;
    leaves_of l = {0};
    HB_TRY(skeleton(text, is->path, &n, digest, err));
    if (n != is->leaves || strcmp(digest, is->skeleton) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s' has other keys, figures or a different number of texts than what was "
                       "committed to",
                       is->path);
    }
    hb_status status = make_room(&l, n, is->path, err);
    status = status == HB_OK ? salts_of_shown(c, o, &l, err) : status;
    status = status == HB_OK ? hash_all(c, text, o, &l, err) : status;
    status = status == HB_OK ? finish(c, &l, root, err) : status;
    release(&l);
    if (status == HB_OK && strcmp(root, is->root) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s': what is shown of it is not what was committed to", is->path);
    }
    return status;
}

/* --- the list --- */

const char *hb_hide_action_name(hb_hide_action a)
{
    static const char *const names[HB_HIDE_COUNT_] = {"redact", "hash", "truncate", "follows"};
    return (unsigned)a < HB_HIDE_COUNT_ ? names[a] : "?";
}

const hb_commitment *hb_commitments_find(const hb_commitments *c, const char *path)
{
    for (size_t i = 0; i < c->n_documents; i++) {
        if (strcmp(c->documents[i].path, path) == 0) {
            return &c->documents[i];
        }
    }
    return NULL;
}

hb_status hb_commit_secret_read(hb_str text, hb_commit32 *ret, hb_error *err)
{
    char hex[65];
    if (text.n == 64) {
        memcpy(hex, text.p, 64);
        hex[64] = '\0';
    }
    bool good = text.n == 64 && hb_commit_from_hex(hex, ret);
    hb_commit_wipe(hex, sizeof hex);
    return good ? HB_OK : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not 64 hex digits", HB_PACK_SECRET);
}
