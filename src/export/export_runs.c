/* SPDX-License-Identifier: Apache-2.0 */
/* baseline/runs/: the runs of which the reference and its sets were made, as they are registered
 * (evidence/pack_runs.h says which). */
#include "export/export_internal.h"

#include "base/mem.h"
#include "evidence/pack_runs.h"

#include <string.h>

static hb_status put(hb_export_job *x, const hb_pack_run *of, const hb_run *run, size_t *ret_bytes,
                     hb_error *err)
{
    hb_buf text;
    HB_TRY(hb_export_check_figures(x, run, err));
    hb_buf_init(&text, HB_RUN_JSON_MAX);
    hb_status status = hb_run_json(run, &text, err);
    if (status == HB_OK) {
        status = hb_pack_put(x->w, of->path, text.p, text.n, err);
    }
    *ret_bytes = text.n;
    hb_buf_release(&text);
    return status;
}

static hb_status put_one(hb_export_job *x, const hb_pack_run *of, size_t *ret_bytes, hb_error *err)
{
    hb_run *run = NULL;
    *ret_bytes = 0;
    if (strcmp(of->path, HB_PACK_BASELINE) == 0) {
        return HB_OK;
    }
    HB_TRY(hb_store_get_run(x->ask->store, of->run_id, &run, err));
    hb_status status = put(x, of, run, ret_bytes, err);
    hb_run_free(run);
    return status;
}

hb_status hb_export_runs(hb_export_job *x, hb_error *err)
{
    hb_pack_runs runs;
    size_t more = 0;
    if (x->ask->no_baseline_runs) {
        return HB_OK;
    }
    HB_TRY(hb_pack_runs_of(&x->from.reference, x->arena, &runs, err));
    for (size_t i = 0; i < runs.n; i++) {
        size_t bytes = 0;
        if (i >= runs.n_baseline && more >= HB_PACK_RUNS_MORE_BYTES) {
            break;
        }
        HB_TRY(put_one(x, &runs.list[i], &bytes, err));
        more += i >= runs.n_baseline ? bytes : 0;
    }
    return HB_OK;
}
