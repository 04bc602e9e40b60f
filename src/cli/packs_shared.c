/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/packs_shared.h"

#include "store/packs.h"

hb_status hb_app_evidence_dir(hb_app *app, const char **ret_dir, hb_error *err)
{
    return hb_app_path(app, NULL, "evidence", ret_dir, err);
}

hb_status hb_app_audit_dir(hb_app *app, const char **ret_dir, hb_error *err)
{
    return hb_app_path(app, NULL, "audit", ret_dir, err);
}

hb_status hb_packs_how(hb_app *app, const char *run_id, const char **ret_how, hb_error *err)
{
    const hb_packs_query q = {.run_id = run_id, .due = HB_TIME_NONE};
    hb_packs_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_packs_list(app->store, &q, &app->arena, &rows, &n, err));
    *ret_how = n && *rows[n - 1].how ? rows[n - 1].how : NULL;
    return HB_OK;
}
