/* SPDX-License-Identifier: Apache-2.0 */
/* What a pack commits to, signed by who signs the pack, and the secret that opens it. The secret is
 * the registry's for this case and decision, so the same pack made twice commits to the same. */
#include "export/export_internal.h"

#include "crypto/dsse.h"
#include "store/packs.h"

#include <string.h>

static hb_status secret_of(hb_export_job *x, hb_error *err)
{
    hb_commit32 registry;
    const char *text = NULL;
    HB_TRY(hb_export_text(x->arena, &text, err, "hb-pack-secret/1\n%s\n%s\n", x->told.case_id,
                          x->from.row.digest));
    HB_TRY(hb_store_pack_secret(x->ask->store, registry.b, err));
    hb_status status = hb_commit_hmac(&registry, text, strlen(text), &x->secret, err);
    hb_commit_wipe(&registry, sizeof registry);
    return status;
}

hb_status hb_export_commit_begin(hb_export_job *x, hb_error *err)
{
    if (x->ask->n_signers == 0) {
        return HB_OK;
    }
    HB_TRY(secret_of(x, err));
    return hb_committer_new(&x->committer, err);
}

void hb_export_commit_end(hb_export_job *x)
{
    hb_commit_wipe(&x->secret, sizeof x->secret);
    hb_committer_free(x->committer);
    x->committer = NULL;
}

hb_status hb_export_commit_to(void *ctx, const char *path, hb_str text, hb_error *err)
{
    hb_export_job *x = ctx;
    hb_commitments *c = &x->commitments;
    hb_commitment one;
    if (!x->committer) {
        return HB_OK;
    }
    HB_TRY(hb_commitment_of(x->committer, text, &x->secret, path, &one, err));
    size_t at = c->n_documents++;
    while (at && strcmp(c->documents[at - 1].path, path) > 0) {
        c->documents[at] = c->documents[at - 1];
        at--;
    }
    c->documents[at] = one;
    return HB_OK;
}

static hb_status commit_to_files(hb_export_job *x, hb_error *err)
{
    size_t n = 0;
    const hb_pack_file *files = hb_pack_files(x->w, &n);
    hb_buf text;
    if (!files) {
        return HB_NOMEM(err);
    }
    hb_buf_init(&text, HB_PACK_MANIFEST_MAX);
    hb_committed_files(files, n, &text);
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        status = hb_export_commit_to(x, HB_COMMITTED_FILES, (hb_str){text.p, text.n}, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status sign_list(hb_export_job *x, hb_buf *list, hb_buf *envelope, hb_error *err)
{
    x->commitments.case_id = x->told.case_id;
    x->commitments.logged_at = x->logged_at ? x->logged_at : "";
    HB_TRY(hb_commitments_json(&x->commitments, list, err));
    HB_TRY(hb_dsse_sign(HB_COMMITMENTS_TYPE, (hb_str){list->p, list->n}, x->ask->signers,
                        x->ask->n_signers, envelope, err));
    return hb_pack_put(x->w, HB_PACK_COMMITMENTS, envelope->p, envelope->n, err);
}

static hb_status put_secret(hb_export_job *x, hb_error *err)
{
    char hex[65];
    hb_commit_hex(&x->secret, hex);
    hb_status status = hb_pack_put(x->w, HB_PACK_SECRET, hex, 64, err);
    hb_commit_wipe(hex, sizeof hex);
    return status;
}

hb_status hb_export_commit(hb_export_job *x, hb_error *err)
{
    hb_buf list;
    hb_buf envelope;
    if (!x->committer) {
        return HB_OK;
    }
    HB_TRY(commit_to_files(x, err));
    hb_buf_init(&list, HB_COMMITMENTS_MAX);
    hb_buf_init(&envelope, HB_DSSE_TEXT_MAX);
    hb_status status = sign_list(x, &list, &envelope, err);
    hb_buf_release(&list);
    hb_buf_release(&envelope);
    return status == HB_OK ? put_secret(x, err) : status;
}
