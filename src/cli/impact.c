/* SPDX-License-Identifier: Apache-2.0 */
/* What a baseline version would have said: runs decided again, once as they would be now and once
 * with it, so that the version is the only difference. */
#include "cli/baseline_shared.h"
#include "cli/flow.h"

#include <string.h>

static hb_status decide(hb_app *app, const hb_run_row *row, const char *version, const char **ret,
                        hb_error *err)
{
    hb_flow f;
    hb_flow_init(&f);
    const hb_flow_choice choice = {.version = version};
    hb_status status = hb_store_get_run(app->store, row->run_id, &f.run, err);
    if (status == HB_OK) {
        status = hb_app_registry(app, f.run->meta.program,
                                 f.run->meta.context[HB_CONTEXT_OPERATING_MODE], &f.registry, err);
    }
    if (status == HB_OK) {
        status = hb_flow_select(app, &f, &choice, err);
    }
    if (status == HB_OK) {
        status = hb_flow_decide(&f, &f.selection.reference, &app->policy, err);
    }
    if (status == HB_OK) {
        *ret = hb_verdict_name(f.decision->verdict);
    }
    hb_flow_release(&f);
    return status;
}

static bool in_version(const hb_version_row *v, const char *run_id)
{
    for (size_t i = 0; i < v->n_runs; i++) {
        if (strcmp(v->run_ids[i], run_id) == 0) {
            return true;
        }
    }
    return false;
}

hb_status hb_impact(hb_app *app, const hb_version_row *version, size_t most,
                    hb_impact_row **ret_rows, size_t *ret_n, hb_error *err)
{
    const char *context[HB_CONTEXT_COUNT];
    hb_run_query q = {.program = version->program,
                      .subsystem = version->subsystem,
                      .test_name = version->test_name,
                      .limit = most};
    HB_TRY(hb_version_context(version, &app->arena, context, err));
    memcpy(q.context, context, sizeof q.context);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        q.min_score += context[f] != NULL;
    }
    hb_run_row *runs = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &runs, &n, err));
    hb_impact_row *rows = hb_arena_array(&app->arena, n ? n : 1, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        rows[i].run_id = runs[i].run_id;
        rows[i].recorded = runs[i].status;
        rows[i].in_version = in_version(version, runs[i].run_id);
        HB_TRY(decide(app, &runs[i], NULL, &rows[i].now, err));
        HB_TRY(decide(app, &runs[i], version->version, &rows[i].with, err));
        rows[i].flips = strcmp(rows[i].now, rows[i].with) != 0;
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}
