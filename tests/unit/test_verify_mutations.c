/* SPDX-License-Identifier: Apache-2.0 */
/* 1,000 seeded changes of a pack that holds, none of which may hold: by somebody without the key
 * (single bits of the zip, its end cut, bytes put in, a file changed and its digests repaired,
 * signed by a stranger), and by somebody with it (any byte of what decides). */
#include "base/mem.h"
#include "os/file.h"
#include "stats/random.h"
#include "support/evidence_case.h"
#include "support/temp_dir.h"

#include <stdlib.h>

enum { BITS = 500, CUTS = 100, INSERTS = 100, STRANGERS = 100, INSIDERS = 200 };

static evidence_case c;
static hb_random rng;

static size_t below(size_t n)
{
    return (size_t)hb_random_below(&rng, n);
}

static int begin(void **state)
{
    (void)state;
    evidence_case_begin(&c);
    rng = hb_random_of(20261126, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    evidence_case_end(&c);
    return 0;
}

static void must_not_hold(const char *path, const char *how, size_t at)
{
    hb_verified v;
    evidence_case_verify(&c, path, &v);
    bool named = false;
    for (size_t i = 0; i < v.n_lines; i++) {
        named = named || (v.lines[i].state == HB_FAILS && *v.lines[i].text);
    }
    if (v.holds || !named) {
        fail_msg("%s at %zu: %s", how, at, v.holds ? "holds" : "no cause is named");
    }
    hb_verified_release(&v);
}

static void zip_must_not_hold(const char *p, size_t n, const char *how, size_t at)
{
    const char *path = temp_path("mutated");
    CHECK_OK(hb_file_write_atomic(&c.os, path, p, n, 0600, &err));
    must_not_hold(path, how, at);
}

static void mutations__of_the_zip(void **state)
{
    (void)state;
    char *p = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(&c.os, evidence_case_write(&c, c.lab), 64 << 20, &p, &n, &err));
    for (size_t i = 0; i < BITS; i++) {
        size_t at = below(n);
        char bit = (char)(1 << below(8));
        p[at] = (char)(p[at] ^ bit);
        zip_must_not_hold(p, n, "bit", at);
        p[at] = (char)(p[at] ^ bit);
    }
    for (size_t i = 0; i < CUTS; i++) {
        size_t left = below(n);
        zip_must_not_hold(p, left, "cut", left);
    }
    char *more = hb_alloc(n + 1);
    assert_non_null(more);
    for (size_t i = 0; i < INSERTS; i++) {
        size_t at = below(n + 1);
        memcpy(more, p, at);
        more[at] = (char)below(256);
        memcpy(more + at + 1, p + at, n - at);
        zip_must_not_hold(more, n + 1, "insert", at);
    }
    hb_free(more);
    hb_free(p);
}

/* Changes one byte of a file to another printable one, and back afterwards. */
static void changed_must_not_hold(size_t file, hb_signer *signer, const char *how)
{
    evidence_file *f = &c.files[file];
    size_t at = below(f->n);
    char was = f->p[at];
    do {
        f->p[at] = (char)(' ' + below(95));
    } while (f->p[at] == was);
    const char *path = evidence_case_write(&c, signer);
    must_not_hold(path, how, at);
    assert_int_equal(c.os.unlink(path), 0);
    f->p[at] = was;
}

static void mutations__signed_by_a_stranger(void **state)
{
    (void)state;
    for (size_t i = 0; i < STRANGERS; i++) {
        changed_must_not_hold(below(c.n_files), c.stranger, "stranger");
    }
}

static void mutations__signed_by_the_lab(void **state)
{
    (void)state;
    static const char *const deciding[] = {
        "run.json",
        "decision.json",
        "policy/metric_registry.yaml",
        "policy/baseline_policy.yaml",
        "report/drift_report.html",
        "report/drift_report.json",
        "log/entry.json",
        "raw/0/case.csv",
        "VERIFY.md",
    };
    for (size_t i = 0; i < INSIDERS; i++) {
        const char *path = deciding[i % (sizeof deciding / sizeof *deciding)];
        size_t file = 0;
        while (strcmp(c.files[file].path, path) != 0) {
            file++;
        }
        changed_must_not_hold(file, c.lab, path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutations__of_the_zip),
        cmocka_unit_test(mutations__signed_by_a_stranger),
        cmocka_unit_test(mutations__signed_by_the_lab),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
