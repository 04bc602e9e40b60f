/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/permitted.h"

#include "cli/govern_shared.h"
#include "store/live.h"

#include <jansson.h>
#include <string.h>

hb_status hb_app_permit_key(hb_app *app, hb_action a, const char *program, const char *keyid,
                            const char **ret_name, hb_error *err)
{
    hb_operators *o = NULL;
    const hb_operator *who = NULL;
    const char *name = "";
    HB_TRY(hb_app_operators(app, &o, err));
    hb_status status = o ? hb_permit(o, a, program, keyid, app->os->now(), &who, err) : HB_OK;
    if (status == HB_OK && who) {
        name = hb_arena_str(&app->arena, hb_str_of(who->name));
        status = name ? HB_OK : HB_NOMEM(err);
    }
    hb_operators_free(o);
    if (status == HB_OK && ret_name) {
        *ret_name = name;
    }
    return status;
}

hb_status hb_app_permit(hb_app *app, hb_action a, const char *program, const hb_signing_opts *o,
                        const char **ret_name, hb_error *err)
{
    hb_operators *in_force = NULL;
    hb_signer *signer = NULL;
    HB_TRY(hb_app_operators(app, &in_force, err));
    bool asked = in_force != NULL;
    hb_operators_free(in_force);
    if (asked) {
        HB_TRY(hb_app_signer_if(app, o, &signer, err));
    }
    hb_status status = hb_app_permit_key(
        app, a, program, signer ? hb_pubkey_id(hb_signer_public(signer)) : "", ret_name, err);
    hb_signer_free(signer);
    return status;
}

hb_status hb_program_of_run(hb_app *app, const char *run_id, const char **ret, hb_error *err)
{
    const hb_run_query q = {.run_id = run_id, .limit = 1};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &rows, &n, err));
    *ret = n ? rows[0].program : "";
    return HB_OK;
}

/* A window's decision names it; those of PASS windows may be pruned, so some are looked at. */
hb_status hb_program_of_stream(hb_app *app, const char *stream, const char **ret, hb_error *err)
{
    const hb_live_window_query q = {.stream = stream,
                                    .from = HB_TIME_NONE,
                                    .to = HB_TIME_NONE,
                                    .with_json = true,
                                    .limit = 100};
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    const char *program = "";
    HB_TRY(hb_live_list_windows(app->store, &q, &app->arena, &rows, &n, err));
    for (size_t i = 0; i < n && !*program; i++) {
        if (!rows[i].json) {
            continue;
        }
        json_t *root = json_loadb(rows[i].json, rows[i].json_len, JSON_REJECT_DUPLICATES, NULL);
        const char *text =
            json_string_value(json_object_get(json_object_get(root, "run"), "program"));
        program = text ? hb_arena_str(&app->arena, hb_str_of(text)) : program;
        json_decref(root);
        if (!program) {
            return HB_NOMEM(err);
        }
    }
    *ret = program;
    return HB_OK;
}
