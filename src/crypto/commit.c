/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion is as deep as the tree: at most 26 for HB_COMMIT_TEXTS_MAX texts. */
#include "crypto/commit.h"

#include "base/mem.h"
#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

struct hb_committer {
    EVP_MD_CTX *ctx; /* set up once: finding the algorithm takes longer than a short text */
};

enum { TAG_LEAF = 0, TAG_NODE = 1, TAG_LEFT = 2, TAG_RIGHT = 3 };

hb_status hb_committer_new(hb_committer **ret, hb_error *err)
{
    hb_committer *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    c->ctx = EVP_MD_CTX_new();
    if (!c->ctx || EVP_DigestInit_ex(c->ctx, EVP_sha256(), NULL) != 1) {
        hb_committer_free(c);
        return HB_NOMEM(err);
    }
    *ret = c;
    return HB_OK;
}

void hb_committer_free(hb_committer *c)
{
    if (c) {
        EVP_MD_CTX_free(c->ctx);
        hb_free(c);
    }
}

static hb_status hash(hb_committer *c, int tag, const hb_commit32 *a, const void *p, size_t n,
                      hb_commit32 *ret, hb_error *err)
{
    unsigned char t = (unsigned char)tag;
    unsigned len = 0;
    hb_commit32 out;
    bool good = EVP_DigestInit_ex(c->ctx, NULL, NULL) == 1 &&
                EVP_DigestUpdate(c->ctx, &t, 1) == 1 &&
                EVP_DigestUpdate(c->ctx, a->b, sizeof a->b) == 1 &&
                (n == 0 || EVP_DigestUpdate(c->ctx, p, n) == 1) &&
                EVP_DigestFinal_ex(c->ctx, out.b, &len) == 1 && len == sizeof out.b;
    if (!good) {
        return HB_FAIL(err, HB_E_BUG, "SHA-256 is not available in this OpenSSL");
    }
    *ret = out;
    return HB_OK;
}

/* The largest power of two below n; n > 1. */
static size_t split(size_t n)
{
    size_t k = 1;
    while (2 * k < n) {
        k *= 2;
    }
    return k;
}

static void wipe_both(hb_commit32 *left, hb_commit32 *right)
{
    OPENSSL_cleanse(left, sizeof *left);
    OPENSSL_cleanse(right, sizeof *right);
}

static hb_status children(hb_committer *c, const hb_commit32 *seed, hb_commit32 *ret_left,
                          hb_commit32 *ret_right, hb_error *err)
{
    HB_TRY(hash(c, TAG_LEFT, seed, NULL, 0, ret_left, err));
    return hash(c, TAG_RIGHT, seed, NULL, 0, ret_right, err);
}

hb_status hb_commit_salts(hb_committer *c, const hb_commit32 *seed, size_t n, hb_commit32 *ret,
                          hb_error *err)
{
    if (n <= 1) {
        if (n) {
            *ret = *seed;
        }
        return HB_OK;
    }
    hb_commit32 left;
    hb_commit32 right;
    size_t k = split(n);
    hb_status status = children(c, seed, &left, &right, err);
    status = status == HB_OK ? hb_commit_salts(c, &left, k, ret, err) : status;
    status = status == HB_OK ? hb_commit_salts(c, &right, n - k, ret + k, err) : status;
    wipe_both(&left, &right);
    return status;
}

hb_status hb_commit_leaf(hb_committer *c, const hb_commit32 *salt, const void *p, size_t n,
                         hb_commit32 *ret, hb_error *err)
{
    return hash(c, TAG_LEAF, salt, p, n, ret, err);
}

hb_status hb_commit_root(hb_committer *c, const hb_commit32 *leaves, size_t n, hb_commit32 *ret,
                         hb_error *err)
{
    if (n == 0) {
        unsigned len = 0;
        return EVP_DigestInit_ex(c->ctx, NULL, NULL) == 1 &&
                       EVP_DigestFinal_ex(c->ctx, ret->b, &len) == 1
                   ? HB_OK
                   : HB_FAIL(err, HB_E_BUG, "SHA-256 is not available in this OpenSSL");
    }
    if (n == 1) {
        *ret = leaves[0];
        return HB_OK;
    }
    hb_commit32 left;
    hb_commit32 right;
    size_t k = split(n);
    HB_TRY(hb_commit_root(c, leaves, k, &left, err));
    HB_TRY(hb_commit_root(c, leaves + k, n - k, &right, err));
    return hash(c, TAG_NODE, &left, right.b, sizeof right.b, ret, err);
}

/* --- all but some --- */

/* Parts from left to right: [from, from + n), and which of the hidden places come next. */
typedef struct walk {
    hb_committer *c;
    const size_t *hidden;
    size_t n_hidden;
    size_t at; /* in hidden */
    hb_commit32 *out;
    size_t room;
    size_t n_out;
    const hb_commit32 *seeds;
    size_t n_seeds;
    size_t used;
} walk;

static bool has_hidden(const walk *w, size_t from, size_t n)
{
    return w->at < w->n_hidden && w->hidden[w->at] < from + n;
}

static hb_status cover(walk *w, const hb_commit32 *seed, size_t from, size_t n, hb_error *err)
{
    if (!has_hidden(w, from, n)) {
        if (w->n_out == w->room) {
            return HB_FAIL(err, HB_E_LIMIT, "more than %zu seeds", w->room);
        }
        w->out[w->n_out++] = *seed;
        return HB_OK;
    }
    if (n == 1) {
        w->at++;
        return HB_OK;
    }
    hb_commit32 left;
    hb_commit32 right;
    size_t k = split(n);
    hb_status status = children(w->c, seed, &left, &right, err);
    status = status == HB_OK ? cover(w, &left, from, k, err) : status;
    status = status == HB_OK ? cover(w, &right, from + k, n - k, err) : status;
    wipe_both(&left, &right);
    return status;
}

hb_status hb_commit_cover(hb_committer *c, const hb_commit32 *seed, size_t n, const size_t *hidden,
                          size_t n_hidden, hb_commit32 *ret, size_t room, size_t *ret_n,
                          hb_error *err)
{
    walk w = {.c = c, .hidden = hidden, .n_hidden = n_hidden, .out = ret, .room = room};
    HB_TRY(n ? cover(&w, seed, 0, n, err) : HB_OK);
    *ret_n = w.n_out;
    return HB_OK;
}

static hb_status open_part(walk *w, size_t from, size_t n, hb_error *err)
{
    if (!has_hidden(w, from, n)) {
        if (w->used == w->n_seeds) {
            return HB_FAIL(err, HB_E_EVIDENCE, "there are fewer seeds than what is shown needs");
        }
        return hb_commit_salts(w->c, &w->seeds[w->used++], n, w->out + from, err);
    }
    if (n == 1) {
        w->at++;
        return HB_OK;
    }
    size_t k = split(n);
    HB_TRY(open_part(w, from, k, err));
    return open_part(w, from + k, n - k, err);
}

hb_status hb_commit_open(hb_committer *c, size_t n, const size_t *hidden, size_t n_hidden,
                         const hb_commit32 *seeds, size_t n_seeds, hb_commit32 *ret, hb_error *err)
{
    walk w = {.c = c,
              .hidden = hidden,
              .n_hidden = n_hidden,
              .out = ret,
              .seeds = seeds,
              .n_seeds = n_seeds};
    for (size_t i = 0; i < n_hidden; i++) {
        if (hidden[i] >= n || (i && hidden[i] <= hidden[i - 1])) {
            return HB_FAIL(err, HB_E_EVIDENCE, "hidden places are not in order, or beyond %zu", n);
        }
    }
    HB_TRY(n ? open_part(&w, 0, n, err) : HB_OK);
    return w.used == n_seeds
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "there are more seeds than what is shown needs");
}

/* --- texts --- */

void hb_commit_hex(const hb_commit32 *v, char ret[65])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof v->b; i++) {
        ret[2 * i] = digits[v->b[i] >> 4];
        ret[2 * i + 1] = digits[v->b[i] & 15];
    }
    ret[64] = '\0';
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hb_commit_from_hex(const char *text, hb_commit32 *ret)
{
    hb_commit32 v;
    if (strlen(text) != 2 * sizeof v.b) {
        return false;
    }
    for (size_t i = 0; i < sizeof v.b; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        v.b[i] = (uint8_t)(high * 16 + low);
    }
    *ret = v;
    return true;
}

void hb_commit_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

hb_status hb_commit_hmac(const hb_commit32 *key, const void *p, size_t n, hb_commit32 *ret,
                         hb_error *err)
{
    char hex[HB_DIGEST_HEX];
    HB_TRY(hb_hmac_sha256(key->b, sizeof key->b, p, n, hex, err));
    bool good = hb_commit_from_hex(hex, ret);
    OPENSSL_cleanse(hex, sizeof hex);
    return good ? HB_OK : HB_FAIL(err, HB_E_BUG, "a digest that is none");
}
