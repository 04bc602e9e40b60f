/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/packs_shared.h"

#include "export/automatic.h"

#include <string.h>

hb_status hb_app_evidence_dir(hb_app *app, const char **ret_dir, hb_error *err)
{
    return hb_app_path(app, NULL, "evidence", ret_dir, err);
}

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

hb_status hb_packs_make(hb_app *app, hb_signer *signer, const char *run_id, const char **ret_path,
                        hb_error *err)
{
    const hb_packs_query q = {.stream = "", .state = "wanted", .due = HB_TIME_NONE};
    hb_export_ask ask = {.os = app->os,
                         .store = app->store,
                         .signers = &signer,
                         .n_signers = 1,
                         .slice_from = HB_TIME_NONE,
                         .slice_to = HB_TIME_NONE,
                         .units = app->units,
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
