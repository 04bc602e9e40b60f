/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/packs_shared.h"

#include "base/mem.h"
#include "crypto/cms.h"
#include "crypto/x509.h"
#include "export/automatic.h"

#include <openssl/crypto.h>
#include <string.h>

hb_status hb_app_evidence_dir(hb_app *app, const char **ret_dir, hb_error *err)
{
    return hb_app_path(app, NULL, "evidence", ret_dir, err);
}

/* --- by whom, for whom --- */

hb_status hb_packs_read_chain(hb_app *app, const char *path, hb_str *ret, hb_error *err)
{
    char *p = NULL;
    size_t n = 0;
    if (!path) {
        *ret = (hb_str){0};
        return HB_OK;
    }
    HB_TRY(hb_file_read(app->os, path, HB_CA_FILE_MAX, &p, &n, err));
    const hb_str text = {hb_arena_strndup(&app->arena, p, n), n};
    hb_free(p);
    if (!text.p) {
        return HB_NOMEM(err);
    }
    *ret = text;
    return HB_OK;
}

static hb_status check_chain(const hb_pack_maker *m, const char *path, hb_error *err)
{
    hb_chain *chain = NULL;
    HB_TRY(hb_chain_read(m->chain_pem, path, &chain, err));
    const char *id = hb_pubkey_id(hb_chain_public(chain));
    hb_status status = strcmp(id, hb_pubkey_id(hb_signer_public(m->signer))) == 0
                           ? HB_OK
                           : HB_FAIL(err, HB_E_USAGE,
                                     "'%s' begins with the certificate of key %.16s… (%.120s), "
                                     "which is not the one that signs",
                                     path, id, hb_chain_subject(chain));
    hb_chain_free(chain);
    return status;
}

static hb_status drop(void *ctx, const void *p, size_t n, hb_error *err)
{
    (void)ctx;
    (void)p;
    (void)n;
    (void)err;
    return HB_OK;
}

/* A seal that nothing is put into: certificates are looked at as they will be. */
static hb_status check_recipients(hb_app *app, const hb_seal_ask *seal, hb_error *err)
{
    hb_cms *cms = NULL;
    if (seal->passphrase) {
        return HB_OK;
    }
    HB_TRY(hb_cms_seal_new(app->os, seal->certificates, seal->names, seal->n_certificates,
                           (hb_sink){.write = drop}, &cms, err));
    hb_cms_free(cms);
    return HB_OK;
}

static hb_status open_maker(hb_app *app, const hb_pack_opts *o, hb_pack_maker *m, hb_error *err)
{
    HB_TRY(hb_app_signer(app, &o->signing, &m->signer, err));
    if (o->cert) {
        HB_TRY(hb_packs_read_chain(app, o->cert, &m->chain_pem, err));
        HB_TRY(check_chain(m, o->cert, err));
    }
    m->seals = o->encrypt_to.n || o->encrypt_passphrase_file;
    if (!m->seals) {
        return HB_OK;
    }
    HB_TRY(hb_app_seal_ask(app, o->encrypt_to, o->encrypt_passphrase_file, "evidence packs",
                           m->passphrase, &m->seal, err));
    return check_recipients(app, &m->seal, err);
}

hb_status hb_pack_maker_open(hb_app *app, const hb_pack_opts *o, hb_pack_maker *ret, hb_error *err)
{
    *ret = (hb_pack_maker){0};
    hb_status status = open_maker(app, o, ret, err);
    if (status != HB_OK) {
        hb_pack_maker_close(ret);
    }
    return status;
}

void hb_pack_maker_close(hb_pack_maker *m)
{
    hb_signer_free(m->signer);
    OPENSSL_cleanse(m->passphrase, sizeof m->passphrase);
    *m = (hb_pack_maker){0};
}

/* --- making --- */

static hb_status make(hb_app *app, const hb_export_ask *ask, const char *dir,
                      const hb_packs_row *row, const char **ret_path, hb_error *err)
{
    hb_error why = {0};
    hb_status status = hb_export_wanted(ask, dir, row, &app->arena, ret_path, &why);
    if (status == HB_OK) {
        return HB_OK;
    }
    /* One of a decision that does not come out again never will be made. */
    hb_status noted = status == HB_E_EVIDENCE
                          ? hb_pack_gone(app->store, row->id, why.msg, err)
                          : hb_pack_failed(app->store, row->id, why.msg, ask->now, err);
    return noted != HB_OK
               ? noted
               : HB_FAIL(err, status, "no evidence pack of run '%s': %s", row->run_id, why.msg);
}

hb_status hb_packs_make(hb_app *app, const hb_pack_maker *maker, const char *run_id,
                        const char **ret_path, hb_error *err)
{
    const hb_packs_query q = {.stream = "", .state = "wanted", .due = HB_TIME_NONE};
    hb_export_ask ask = {.os = app->os,
                         .store = app->store,
                         .signers = &maker->signer,
                         .n_signers = 1,
                         .chain_pem = maker->chain_pem,
                         .seal = maker->seals ? &maker->seal : NULL,
                         .slice_from = HB_TIME_NONE,
                         .slice_to = HB_TIME_NONE,
                         .units = app->units,
                         .sbom_sha256 = app->sbom->sha256,
                         .now = app->os->now()};
    hb_packs_row *rows = NULL;
    const char *dir = NULL;
    size_t n = 0;
    *ret_path = NULL;
    HB_TRY(hb_packs_list(app->store, &q, &app->arena, &rows, &n, err));
    HB_TRY(hb_app_evidence_dir(app, &dir, err));
    HB_TRY(hb_app_audit_path(app, &ask.audit_dir, err));
    for (size_t i = 0; i < n; i++) {
        const char *path = NULL;
        HB_TRY(make(app, &ask, dir, &rows[i], &path, err));
        *ret_path = strcmp(rows[i].run_id, run_id) == 0 ? path : *ret_path;
    }
    return HB_OK;
}
