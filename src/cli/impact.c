/* SPDX-License-Identifier: Apache-2.0 */
/* What a baseline version would have said: runs decided again, once as they would be now and once
 * with it, so that the version is the only difference. */
#include "cli/baseline_shared.h"
#include "cli/flow.h"
#include "cli/table.h"

#include <string.h>

static hb_status decide(hb_app *app, const hb_run_row *row, const hb_flow_choice choice,
                        const char **ret, hb_error *err)
{
    hb_flow f;
    hb_flow_init(&f);
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

/* The newest runs of the query's test and context. */
static hb_status decide_all(hb_app *app, const hb_run_query *q, const hb_version_row *version,
                            const char *run_id, hb_impact_row **ret_rows, size_t *ret_n,
                            hb_error *err)
{
    hb_run_row *runs = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, q, &app->arena, &runs, &n, err));
    hb_impact_row *rows = hb_arena_array(&app->arena, n ? n : 1, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    const hb_flow_choice as_it_is = {0};
    const hb_flow_choice with = {.version = version ? version->version : NULL, .baseline = run_id};
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        hb_impact_row *r = &rows[kept];
        if (run_id && strcmp(runs[i].run_id, run_id) == 0) {
            continue; /* a run is not compared with itself */
        }
        r->run_id = runs[i].run_id;
        r->recorded = runs[i].status;
        r->in_version = version && in_version(version, runs[i].run_id);
        HB_TRY(decide(app, &runs[i], as_it_is, &r->now, err));
        HB_TRY(decide(app, &runs[i], with, &r->with, err));
        r->flips = strcmp(r->now, r->with) != 0;
        kept++;
    }
    *ret_rows = rows;
    *ret_n = kept;
    return HB_OK;
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
    return decide_all(app, &q, version, NULL, ret_rows, ret_n, err);
}

hb_status hb_impact_of_run(hb_app *app, const char *run_id, size_t most, hb_impact_row **ret_rows,
                           size_t *ret_n, hb_error *err)
{
    const hb_run_query one = {.run_id = run_id, .limit = 1};
    hb_run_row *row = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, &one, &app->arena, &row, &n, err));
    if (n == 0) {
        hb_run *none = NULL;
        return hb_store_get_run(app->store, run_id, &none, err); /* says which ids are near */
    }
    hb_run_query q = {.program = row->program,
                      .subsystem = row->subsystem,
                      .test_name = row->test_name,
                      .except_digest = row->digest,
                      .limit = most};
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (app->policy.context_match[f]) {
            q.context[f] = row->context[f];
            q.min_score++;
        }
    }
    return decide_all(app, &q, NULL, run_id, ret_rows, ret_n, err);
}

hb_status hb_view_impact(const hb_impact_row *rows, size_t n, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"RUN", "RECORDED", "NOW", "WITH IT", ""};
    hb_table_text t;
    size_t flips = 0;
    hb_table_text_begin(&t, head, 5);
    for (size_t i = 0; i < n; i++) {
        const hb_impact_row *r = &rows[i];
        const char *cells[] = {r->run_id, *r->recorded ? r->recorded : "not judged", r->now,
                               r->with,
                               r->flips        ? r->in_version ? "FLIPS; in the version" : "FLIPS"
                               : r->in_version ? "in the version"
                                               : ""};
        hb_table_text_row(&t, cells);
        flips += r->flips;
    }
    HB_TRY(hb_table_text_end(&t, out, err));
    if (n == 0) {
        hb_buf_c(out, "no other run of this test and context is registered\n");
    } else {
        hb_buf_fmt(out, "\n%zu of %zu verdicts would flip\n", flips, n);
    }
    return hb_buf_check(out, err);
}
