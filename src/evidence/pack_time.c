/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_time.h"

#include "base/mem.h"
#include "crypto/dsse.h"
#include "crypto/tsa.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20, ATTESTATION_MAX = 2 * HB_DSSE_PAYLOAD_MAX };

static hb_status read_attestation(hb_pack_reader *r, char **ret_p, size_t *ret_n, hb_error *err)
{
    if (!hb_pack_has(r, HB_PACK_ATTESTATION)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the pack is not signed, so there is nothing to have a time for");
    }
    return hb_pack_read(r, HB_PACK_ATTESTATION, ATTESTATION_MAX, ret_p, ret_n, err);
}

hb_status hb_pack_time_query(const hb_os *os, const char *pack, hb_buf *out, hb_error *err)
{
    hb_pack_reader *r = NULL;
    char *p = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_open(os, pack, &r, err));
    hb_status status = read_attestation(r, &p, &n, err);
    if (status == HB_OK) {
        status = hb_tsa_query(p, n, out, err);
    }
    hb_free(p);
    hb_pack_close(r);
    return status;
}

/* All files of the manifest, then a manifest, which must be the same. */
static hb_status copy_files(hb_pack_reader *r, hb_pack_writer *w, hb_error *err)
{
    hb_arena arena;
    hb_manifest m;
    hb_pack_file made;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_status status = hb_pack_read_manifest(r, &arena, &m, err);
    for (size_t i = 0; status == HB_OK && i < m.n_files; i++) {
        status = hb_pack_put_member(w, m.files[i].path, r, err);
    }
    if (status == HB_OK) {
        status = hb_pack_put_manifest(w, m.case_id, &made, err);
    }
    if (status == HB_OK && strcmp(made.sha256, m.sha256) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE,
                         "the pack's files are not those of its manifest: hb verify tells which");
    }
    hb_arena_release(&arena);
    return status;
}

static hb_status copy_with(const hb_os *os, hb_pack_reader *r, hb_str attestation, hb_str response,
                           const char *target, hb_pack_form form, hb_error *err)
{
    hb_pack_writer *w = NULL;
    HB_TRY(hb_pack_create(os, target, form, &w, err));
    hb_status status = copy_files(r, w, err);
    if (status == HB_OK) {
        status = hb_pack_put_signature(w, HB_PACK_ATTESTATION, attestation.p, attestation.n, err);
    }
    if (status == HB_OK) {
        status = hb_pack_put_signature(w, HB_PACK_TIME_TOKEN, response.p, response.n, err);
    }
    if (status == HB_OK) {
        status = hb_pack_finish(w, err);
    }
    hb_pack_writer_free(w);
    return status;
}

hb_status hb_pack_time_attach(const hb_os *os, const char *pack, hb_str response,
                              const char *target, hb_time *ret_at, hb_error *err)
{
    hb_pack_reader *r = NULL;
    char *p = NULL;
    size_t n = 0;
    hb_time at = 0;
    HB_TRY(hb_pack_open(os, pack, &r, err));
    hb_status status = hb_pack_has(r, HB_PACK_TIME_TOKEN)
                           ? HB_FAIL(err, HB_E_EVIDENCE, "the pack has a time token already")
                           : read_attestation(r, &p, &n, err);
    if (status == HB_OK) {
        status = hb_tsa_look(response, (hb_str){p, n}, &at, err);
    }
    if (status == HB_OK) {
        status = copy_with(os, r, (hb_str){p, n}, response, target,
                           hb_path_is_dir(os, pack) ? HB_PACK_FOLDER : HB_PACK_ZIP, err);
    }
    hb_free(p);
    hb_pack_close(r);
    if (status == HB_OK) {
        *ret_at = at;
    }
    return status;
}
