/* SPDX-License-Identifier: Apache-2.0 */
/* Packs for programs that are not ours: evidence_tool DIR writes
 *
 *     DIR/pack.zip  DIR/pack        signed by lab and, second, by an ECDSA P-384 key
 *     DIR/lied.zip                  a verdict nothing follows from, signed by the lab all the same
 *     DIR/lab.pub other.pub log.pub stranger.pub */
#include "os/file.h"
#include "support/evidence_case.h"
#include "support/temp_dir.h"

#include <stdio.h>

static void copy(const char *from, const char *dir, const char *name)
{
    char *p = NULL;
    char *to = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(hb_os_real(), from, 64 << 20, &p, &n, &err));
    CHECK_OK(hb_path_join(dir, name, &to, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), to, p, n, 0600, &err));
    hb_free(p);
    hb_free(to);
}

static void write_all(void **state)
{
    const char *dir = *state;
    static const char *const keys[] = {"lab.pub", "other.pub", "log.pub", "stranger.pub"};
    evidence_case c;
    evidence_case_begin(&c);
    hb_signer *const both[] = {c.lab, c.other};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        copy(temp_path(keys[i]), dir, keys[i]);
    }
    copy(evidence_case_write_as(&c, both, 2, HB_PACK_ZIP), dir, "pack.zip");
    const char *folder = evidence_case_write_as(&c, both, 2, HB_PACK_FOLDER);
    char *to = NULL;
    CHECK_OK(hb_path_join(dir, "pack", &to, &err));
    assert_int_equal(rename(folder, to), 0);
    hb_free(to);
    evidence_case_edit(&c, "decision.json", "\"verdict\":\"FAIL\"", "\"verdict\":\"PASS\"");
    copy(evidence_case_write(&c, c.lab), dir, "lied.zip");
    evidence_case_end(&c);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: evidence_tool DIR\n", stderr);
        return 2;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(write_all, argv[1])};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
