/* SPDX-License-Identifier: Apache-2.0 */
/* Roots and proofs of the tree of eight entries that Certificate Transparency's implementations
 * test themselves by (google/certificate-transparency-go, merkletree/merkle_verifier_test.go). */
#include "support/check.h"

#include "audit/merkle.h"

#include <string.h>

static const char last[] = "606162636465666768696a6b6c6d6e6f";
static const char *const inputs[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", last};

static const char *const roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

typedef struct known {
    uint64_t a; /* index, or old size */
    uint64_t size;
    size_t n;
    const char *path[3];
} known;

static const known inclusions[] = {
    {0, 1, 0, {0}},
    {0,
     8,
     3,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     3,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 3, 1, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {1,
     5,
     3,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static const known consistencies[] = {
    {1, 1, 0, {0}},
    {1,
     8,
     3,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {6,
     8,
     3,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2,
     5,
     2,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static hb_hash hash(const char *hex)
{
    hb_hash h = {.v = {0}};
    assert_true(hb_hash_from_hex(hb_str_of(hex), &h));
    return h;
}

static hb_proof proof_of(const known *k)
{
    hb_proof p = {.n = k->n};
    for (size_t i = 0; i < k->n; i++) {
        p.path[i] = hash(k->path[i]);
    }
    return p;
}

static size_t bytes_of(const char *hex, uint8_t out[16])
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        char two[65] = "";
        hb_hash h;
        memset(two, '0', 64);
        memcpy(two, hex + 2 * i, 2);
        assert_true(hb_hash_from_hex(hb_str_of(two), &h));
        out[i] = h.v[0];
    }
    return n;
}

static hb_merkle *m;
static hb_hash leaves[8];

static int make_tree(void **state)
{
    (void)state;
    CHECK_OK(hb_merkle_new(&m, &err));
    for (size_t i = 0; i < 8; i++) {
        uint8_t bytes[16];
        size_t n = bytes_of(inputs[i], bytes);
        CHECK_OK(hb_merkle_leaf(m, bytes, n, &leaves[i], &err));
    }
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    hb_merkle_free(m);
    return 0;
}

static void merkle__gives_the_known_roots(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 8; n++) {
        hb_hash root;
        char hex[65];
        CHECK_OK(hb_merkle_root(m, leaves, n, &root, &err));
        hb_hash_hex(&root, hex);
        assert_string_equal(hex, roots[n]);
    }
}

static bool same(const hb_proof *a, const hb_proof *b)
{
    return a->n == b->n && memcmp(a->path, b->path, a->n * sizeof *a->path) == 0;
}

static void merkle__proves_as_others_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof inclusions / sizeof *inclusions; i++) {
        const known *k = &inclusions[i];
        hb_proof wanted = proof_of(k);
        hb_proof got;
        hb_hash root = hash(roots[k->size]);
        CHECK_OK(hb_merkle_prove_among(m, leaves, (size_t)k->size, (size_t)k->a, &got, &err));
        assert_true(same(&got, &wanted));
        CHECK_OK(hb_merkle_check_inclusion(&leaves[k->a], k->a, k->size, &wanted, &root, &err));
    }
}

static hb_status range(void *ctx, uint64_t begin, uint64_t end, hb_hash *ret, hb_error *err)
{
    (void)ctx;
    return hb_merkle_root(m, leaves + begin, (size_t)(end - begin), ret, err);
}

static void merkle__proves_consistency_as_others_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof consistencies / sizeof *consistencies; i++) {
        const known *k = &consistencies[i];
        hb_proof wanted = proof_of(k);
        hb_proof got;
        hb_hash old = hash(roots[k->a]);
        hb_hash root = hash(roots[k->size]);
        CHECK_OK(hb_merkle_prove_consistency(&(hb_merkle_ranges){.hash = range}, k->a, k->size,
                                             &got, &err));
        assert_true(same(&got, &wanted));
        CHECK_OK(hb_merkle_check_consistency(k->a, &old, k->size, &root, &wanted, &err));
    }
}

/* The ways of being wrong that the same test tries. */
static void merkle__refuses_wrong_inclusion_proofs(void **state)
{
    (void)state;
    const hb_hash empty = hash(roots[0]);
    for (size_t i = 1; i < sizeof inclusions / sizeof *inclusions; i++) {
        const known *k = &inclusions[i];
        const hb_proof good = proof_of(k);
        const hb_hash root = hash(roots[k->size]);
        const hb_hash *leaf = &leaves[k->a];
        hb_proof bad = good;
#define REFUSED(...) assert_int_equal(hb_merkle_check_inclusion(__VA_ARGS__, NULL), HB_E_EVIDENCE)
        REFUSED(leaf, k->a - 1, k->size, &good, &root);
        REFUSED(leaf, k->a + 1, k->size, &good, &root);
        REFUSED(leaf, k->a ^ 2, k->size, &good, &root);
        REFUSED(leaf, k->a, k->size * 2, &good, &root);
        REFUSED(leaf, k->a, k->size / 2, &good, &root);
        REFUSED(leaf, k->a, 0, &good, &root);
        REFUSED(&empty, k->a, k->size, &good, &root);
        REFUSED(leaf, k->a, k->size, &good, &empty);
        for (size_t n = 0; n < good.n; n++) {
            bad = good;
            bad.path[n] = empty;
            REFUSED(leaf, k->a, k->size, &bad, &root);
        }
        bad = good;
        bad.path[bad.n++] = root;
        REFUSED(leaf, k->a, k->size, &bad, &root);
        bad = good;
        bad.n--;
        REFUSED(leaf, k->a, k->size, &bad, &root);
        memmove(bad.path + 1, good.path, good.n * sizeof *good.path);
        bad.path[0] = root;
        bad.n = good.n + 1;
        REFUSED(leaf, k->a, k->size, &bad, &root);
#undef REFUSED
    }
}

static void merkle__refuses_wrong_consistency_proofs(void **state)
{
    (void)state;
    const hb_hash empty = hash(roots[0]);
    for (size_t i = 1; i < sizeof consistencies / sizeof *consistencies; i++) {
        const known *k = &consistencies[i];
        const hb_proof good = proof_of(k);
        const hb_hash old = hash(roots[k->a]);
        const hb_hash root = hash(roots[k->size]);
        hb_proof bad = {.n = 0};
#define REFUSED(...) assert_int_equal(hb_merkle_check_consistency(__VA_ARGS__, NULL), HB_E_EVIDENCE)
        REFUSED(k->a - 1, &old, k->size, &root, &good);
        REFUSED(k->a + 1, &old, k->size, &root, &good);
        REFUSED(k->a ^ 2, &old, k->size, &root, &good);
        REFUSED(k->a, &old, k->size * 2, &root, &good);
        REFUSED(k->a, &old, k->size / 2, &root, &good);
        REFUSED(k->a, &empty, k->size, &root, &good);
        REFUSED(k->a, &old, k->size, &empty, &good);
        REFUSED(k->a, &root, k->size, &old, &good);
        REFUSED(k->a, &old, k->size, &root, &bad);
        REFUSED(k->size, &root, k->a, &old, &good);
        for (size_t n = 0; n < good.n; n++) {
            bad = good;
            bad.path[n] = empty;
            REFUSED(k->a, &old, k->size, &root, &bad);
        }
        bad = good;
        bad.path[bad.n++] = old;
        REFUSED(k->a, &old, k->size, &root, &bad);
        bad = good;
        bad.n--;
        REFUSED(k->a, &old, k->size, &root, &bad);
        memmove(bad.path + 1, good.path, good.n * sizeof *good.path);
        bad.path[0] = good.path[0];
        bad.n = good.n + 1;
        REFUSED(k->a, &old, k->size, &root, &bad);
#undef REFUSED
    }
}

static void merkle__refuses_a_tree_that_forgot_or_grew_unseen(void **state)
{
    (void)state;
    const hb_proof none = {.n = 0};
    const hb_hash empty = hash(roots[0]);
    const hb_hash one = hash(roots[1]);
    CHECK_OK(hb_merkle_check_consistency(0, &empty, 8, &one, &none, &err));
    CHECK_ERROR(hb_merkle_check_consistency(0, &one, 8, &one, &none, &err), HB_E_EVIDENCE,
                "not the beginning");
    CHECK_ERROR(hb_merkle_check_consistency(1, &one, 1, &empty, &none, &err), HB_E_EVIDENCE,
                "not the beginning");
    CHECK_ERROR(hb_merkle_check_consistency(1, &one, 0, &empty, &none, &err), HB_E_EVIDENCE,
                "not the beginning");
    CHECK_ERROR(hb_merkle_prove_among(m, leaves, 3, 3, &(hb_proof){.n = 0}, &err), HB_E_USAGE,
                "no entry 3");
}

static void merkle__reads_hexadecimal_strictly(void **state)
{
    (void)state;
    hb_hash h;
    char text[65];
    memcpy(text, roots[3], sizeof text);
    assert_true(hb_hash_from_hex(HB_STR("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329"
                                        "e06e77"),
                                 &h));
    text[5] = 'G';
    assert_false(hb_hash_from_hex(hb_str_of(text), &h));
    text[5] = 'A'; /* capitals would be a second text for the same hash */
    assert_false(hb_hash_from_hex(hb_str_of(text), &h));
    assert_false(hb_hash_from_hex(HB_STR("ae"), &h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merkle__gives_the_known_roots),
        cmocka_unit_test(merkle__proves_as_others_do),
        cmocka_unit_test(merkle__proves_consistency_as_others_do),
        cmocka_unit_test(merkle__refuses_wrong_inclusion_proofs),
        cmocka_unit_test(merkle__refuses_wrong_consistency_proofs),
        cmocka_unit_test(merkle__refuses_a_tree_that_forgot_or_grew_unseen),
        cmocka_unit_test(merkle__reads_hexadecimal_strictly),
    };
    return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
