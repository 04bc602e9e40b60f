/* SPDX-License-Identifier: Apache-2.0 */
#include "support/pack_case.h"

#include "support/check.h"
#include "support/journal_case.h"
#include "support/temp_dir.h"

#include <unistd.h>

static hb_status fill(hb_pack_writer *w, hb_error *err)
{
    static const struct {
        const char *path;
        const char *text;
    } files[] = {{"run.json", "{\"run\":\"r1\"}"},
                 {"raw/0/a.csv", "time,speed\n0,1.5\n1,1.75\n"},
                 {"raw/0/empty.csv", ""},
                 {"VERIFY.md", "# How\n"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        HB_TRY(hb_pack_put(w, files[i].path, files[i].text, strlen(files[i].text), err));
    }
    hb_pack_file manifest;
    HB_TRY(hb_pack_put_manifest(w, "case-1", &manifest, err));
    HB_TRY(hb_pack_put_signature(w, HB_PACK_ATTESTATION, "{}", 2, err));
    return hb_pack_finish(w, err);
}

hb_status pack_case_write(const hb_os *os, const char *target, hb_pack_form form, hb_error *err)
{
    hb_pack_writer *w = NULL;
    HB_TRY(hb_pack_create(os, target, form, &w, err));
    hb_status status = fill(w, err);
    hb_pack_writer_free(w);
    return status;
}

char *pack_case_bytes(size_t *ret_n)
{
    char *bytes = NULL;
    const char *path = temp_path("pack_case_bytes.zip");
    CHECK_OK(pack_case_write(case_os(), path, HB_PACK_ZIP, &err));
    CHECK_OK(hb_file_read(case_os(), path, 1 << 20, &bytes, ret_n, &err));
    assert_int_equal(unlink(path), 0);
    return bytes;
}

static hb_status examine(hb_pack_reader *r, hb_arena *arena, hb_error *err)
{
    hb_manifest m;
    HB_TRY(hb_pack_read_manifest(r, arena, &m, err));
    hb_pack_fault *faults = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_check(r, &m, arena, &faults, &n, err));
    return n ? HB_FAIL(err, HB_E_EVIDENCE, "%s: %s", faults[0].path, faults[0].what) : HB_OK;
}

hb_status pack_case_examine(const hb_os *os, const char *path, hb_error *err)
{
    hb_pack_reader *r = NULL;
    HB_TRY(hb_pack_open(os, path, &r, err));
    hb_arena arena;
    hb_arena_init(&arena, 64 << 20);
    hb_status status = examine(r, &arena, err);
    hb_arena_release(&arena);
    hb_pack_close(r);
    return status;
}
