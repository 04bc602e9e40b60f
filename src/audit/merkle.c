/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/merkle.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <string.h>

struct hb_merkle {
    EVP_MD *md; /* fetched once: a fetch costs more than a hash */
    EVP_MD_CTX *ctx;
};

enum { PEAKS_MAX = 64 };

static const uint8_t leaf_prefix = 0;
static const uint8_t node_prefix = 1;

hb_status hb_merkle_new(hb_merkle **ret_m, hb_error *err)
{
    hb_merkle *m = hb_alloc_zero(sizeof *m);
    if (!m) {
        return HB_NOMEM(err);
    }
    m->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    m->ctx = EVP_MD_CTX_new();
    if (!m->md || !m->ctx) {
        hb_merkle_free(m);
        return HB_FAIL(err, HB_E_BUG, "SHA-256 is not available in this OpenSSL");
    }
    *ret_m = m;
    return HB_OK;
}

void hb_merkle_free(hb_merkle *m)
{
    if (m) {
        EVP_MD_CTX_free(m->ctx);
        EVP_MD_free(m->md);
        hb_free(m);
    }
}

static void free_merkle(hb_merkle **m)
{
    hb_merkle_free(*m);
}

static hb_status hash_of(hb_merkle *m, const uint8_t *prefix, const void *a, size_t a_n,
                         const void *b, size_t b_n, hb_hash *ret, hb_error *err)
{
    hb_hash h;
    unsigned n = 0;
    bool good = EVP_DigestInit_ex2(m->ctx, m->md, NULL) == 1 &&
                (!prefix || EVP_DigestUpdate(m->ctx, prefix, 1) == 1) &&
                EVP_DigestUpdate(m->ctx, a, a_n) == 1 && EVP_DigestUpdate(m->ctx, b, b_n) == 1 &&
                EVP_DigestFinal_ex(m->ctx, h.v, &n) == 1 && n == sizeof h.v;
    if (!good) {
        return HB_FAIL(err, HB_E_BUG, "SHA-256 failed in OpenSSL");
    }
    *ret = h;
    return HB_OK;
}

hb_status hb_merkle_leaf(hb_merkle *m, const void *entry, size_t n, hb_hash *ret, hb_error *err)
{
    return hash_of(m, &leaf_prefix, entry, n, NULL, 0, ret, err);
}

hb_status hb_merkle_node(hb_merkle *m, const hb_hash *left, const hb_hash *right, hb_hash *ret,
                         hb_error *err)
{
    return hash_of(m, &node_prefix, left->v, sizeof left->v, right->v, sizeof right->v, ret, err);
}

hb_status hb_merkle_fold(hb_merkle *m, const hb_hash *peaks, size_t n, hb_hash *ret, hb_error *err)
{
    hb_hash root = peaks[n - 1];
    for (size_t i = n - 1; i-- > 0;) {
        HB_TRY(hb_merkle_node(m, &peaks[i], &root, &root, err));
    }
    *ret = root;
    return HB_OK;
}

/* The subtrees that are whole so far, as the binary digits of how many leaves there were: each new
 * leaf carries as an addition does. */
hb_status hb_merkle_root(hb_merkle *m, const hb_hash *leaves, size_t n, hb_hash *ret, hb_error *err)
{
    hb_hash peaks[PEAKS_MAX];
    size_t n_peaks = 0;
    if (n == 0) {
        return hash_of(m, NULL, NULL, 0, NULL, 0, ret, err);
    }
    for (size_t i = 0; i < n; i++) {
        hb_hash h = leaves[i];
        for (size_t before = i; before & 1; before >>= 1) {
            HB_TRY(hb_merkle_node(m, &peaks[--n_peaks], &h, &h, err));
        }
        peaks[n_peaks++] = h;
    }
    return hb_merkle_fold(m, peaks, n_peaks, ret, err);
}

uint64_t hb_merkle_split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) {
        k *= 2;
    }
    return k;
}

/* --- proofs --- */

static void reverse(hb_proof *p)
{
    for (size_t i = 0; i < p->n / 2; i++) {
        hb_hash h = p->path[i];
        p->path[i] = p->path[p->n - 1 - i];
        p->path[p->n - 1 - i] = h;
    }
}

/* RFC 6962, 2.1.1: PATH(m, D[n]), from the root down, turned round at the end. */
hb_status hb_merkle_prove(const hb_merkle_ranges *from, uint64_t index, uint64_t size,
                          hb_proof *ret, hb_error *err)
{
    hb_proof p = {.n = 0};
    uint64_t begin = 0;
    uint64_t end = size;
    if (index >= size) {
        return HB_FAIL(err, HB_E_USAGE, "there is no entry %llu among %llu",
                       (unsigned long long)index, (unsigned long long)size);
    }
    while (end - begin > 1) {
        uint64_t middle = begin + hb_merkle_split(end - begin);
        bool left = index < middle;
        HB_TRY(
            from->hash(from->ctx, left ? middle : begin, left ? end : middle, &p.path[p.n++], err));
        begin = left ? begin : middle;
        end = left ? middle : end;
    }
    reverse(&p);
    *ret = p;
    return HB_OK;
}

/* RFC 6962, 2.1.2: SUBPROOF(m, D[n], b). */
hb_status hb_merkle_prove_consistency(const hb_merkle_ranges *from, uint64_t old_size,
                                      uint64_t size, hb_proof *ret, hb_error *err)
{
    hb_proof p = {.n = 0};
    uint64_t begin = 0;
    uint64_t end = size;
    if (old_size > size) {
        return HB_FAIL(err, HB_E_USAGE, "a tree of %llu entries has no beginning of %llu",
                       (unsigned long long)size, (unsigned long long)old_size);
    }
    if (old_size == 0 || old_size == size) {
        ret->n = 0;
        return HB_OK;
    }
    while (old_size < end) {
        uint64_t middle = begin + hb_merkle_split(end - begin);
        bool left = old_size <= middle;
        HB_TRY(
            from->hash(from->ctx, left ? middle : begin, left ? end : middle, &p.path[p.n++], err));
        begin = left ? begin : middle;
        end = left ? middle : end;
    }
    if (begin > 0) { /* else it is the old root, which the checker has */
        HB_TRY(from->hash(from->ctx, begin, end, &p.path[p.n++], err));
    }
    reverse(&p);
    *ret = p;
    return HB_OK;
}

typedef struct memory {
    hb_merkle *m;
    const hb_hash *leaves;
} memory;

static hb_status hash_in_memory(void *ctx, uint64_t begin, uint64_t end, hb_hash *ret,
                                hb_error *err)
{
    const memory *x = ctx;
    return hb_merkle_root(x->m, x->leaves + begin, (size_t)(end - begin), ret, err);
}

hb_status hb_merkle_prove_among(hb_merkle *m, const hb_hash *leaves, size_t n, size_t index,
                                hb_proof *ret, hb_error *err)
{
    memory x = {.m = m, .leaves = leaves};
    return hb_merkle_prove(&(hb_merkle_ranges){.hash = hash_in_memory, .ctx = &x}, index, n, ret,
                           err);
}

/* --- checking --- */

static hb_status false_proof(const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE, "%s", what);
}

/* RFC 9162, 2.1.3.2. */
hb_status hb_merkle_check_inclusion(const hb_hash *leaf, uint64_t index, uint64_t size,
                                    const hb_proof *proof, const hb_hash *root, hb_error *err)
{
    HB_CLEANUP(free_merkle) hb_merkle *m = NULL;
    hb_hash r = *leaf;
    uint64_t fn = index;
    uint64_t sn = size - 1;
    if (index >= size) {
        return false_proof("the inclusion proof is for an entry beyond the checkpoint", err);
    }
    HB_TRY(hb_merkle_new(&m, err));
    for (size_t i = 0; i < proof->n; i++) {
        if (sn == 0) {
            return false_proof("the inclusion proof is longer than its tree is high", err);
        }
        if (fn % 2 == 1 || fn == sn) {
            HB_TRY(hb_merkle_node(m, &proof->path[i], &r, &r, err));
            while (fn % 2 == 0 && fn != 0) {
                fn /= 2;
                sn /= 2;
            }
        } else {
            HB_TRY(hb_merkle_node(m, &r, &proof->path[i], &r, err));
        }
        fn /= 2;
        sn /= 2;
    }
    return sn == 0 && hb_hash_eq(&r, root)
               ? HB_OK
               : false_proof("the inclusion proof does not lead to the checkpoint's root", err);
}

/* RFC 9162, 2.1.4.2, steps 3 to 6. */
static hb_status check_consistency(hb_merkle *m, uint64_t old_size, const hb_hash *old_root,
                                   uint64_t size, const hb_hash *root, const hb_proof *proof,
                                   bool *ret_good, hb_error *err)
{
    uint64_t fn = old_size - 1;
    uint64_t sn = size - 1;
    bool whole = (old_size & (old_size - 1)) == 0; /* a power of two: its root is a node itself */
    size_t i = whole ? 0 : 1;
    *ret_good = false;
    if (proof->n < 1) {
        return HB_OK;
    }
    while (fn % 2 == 1) {
        fn /= 2;
        sn /= 2;
    }
    hb_hash fr = whole ? *old_root : proof->path[0];
    hb_hash sr = fr;
    for (; i < proof->n; i++) {
        const hb_hash *c = &proof->path[i];
        if (sn == 0) {
            return HB_OK;
        }
        if (fn % 2 == 1 || fn == sn) {
            HB_TRY(hb_merkle_node(m, c, &fr, &fr, err));
            HB_TRY(hb_merkle_node(m, c, &sr, &sr, err));
            while (fn % 2 == 0 && fn != 0) {
                fn /= 2;
                sn /= 2;
            }
        } else {
            HB_TRY(hb_merkle_node(m, &sr, c, &sr, err));
        }
        fn /= 2;
        sn /= 2;
    }
    *ret_good = sn == 0 && hb_hash_eq(&fr, old_root) && hb_hash_eq(&sr, root);
    return HB_OK;
}

hb_status hb_merkle_check_consistency(uint64_t old_size, const hb_hash *old_root, uint64_t size,
                                      const hb_hash *root, const hb_proof *proof, hb_error *err)
{
    HB_CLEANUP(free_merkle) hb_merkle *m = NULL;
    hb_hash empty;
    bool good = false;
    HB_TRY(hb_merkle_new(&m, err));
    if (old_size == 0) {
        HB_TRY(hb_merkle_root(m, NULL, 0, &empty, err));
        good =
            proof->n == 0 && hb_hash_eq(old_root, &empty) && (size > 0 || hb_hash_eq(root, &empty));
    } else if (old_size == size) {
        good = proof->n == 0 && hb_hash_eq(old_root, root);
    } else if (old_size < size) {
        HB_TRY(check_consistency(m, old_size, old_root, size, root, proof, &good, err));
    }
    return good ? HB_OK
                : HB_FAIL(err, HB_E_EVIDENCE,
                          "the log of %llu entries is not the beginning of the log of %llu entries",
                          (unsigned long long)old_size, (unsigned long long)size);
}

/* --- hashes --- */

bool hb_hash_eq(const hb_hash *a, const hb_hash *b)
{
    return memcmp(a->v, b->v, sizeof a->v) == 0;
}

void hb_hash_hex(const hb_hash *h, char ret[65])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof h->v; i++) {
        ret[2 * i] = digits[h->v[i] >> 4];
        ret[2 * i + 1] = digits[h->v[i] & 15];
    }
    ret[64] = '\0';
}

bool hb_hash_from_hex(hb_str text, hb_hash *ret)
{
    hb_hash h = {.v = {0}};
    if (text.n != 64) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
        unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        h.v[i / 2] = (uint8_t)((unsigned)h.v[i / 2] << 4 | digit);
    }
    *ret = h;
    return true;
}
