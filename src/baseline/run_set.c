/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/run_set.h"

static hb_status read_runs(hb_set_maker *m, hb_figures *f, const char *const *run_ids, size_t n,
                           hb_error *err)
{
    for (size_t i = n; i-- > 0;) {
        bool more = false;
        hb_past_run run = {0};
        hb_past_figure x = {0};
        HB_TRY(hb_figures_run(f, run_ids[i], hb_set_maker_arena(m), &run, err));
        hb_set_maker_run(m, i, &run);
        HB_TRY(hb_figures_next(f, &x, &more, err));
        while (more) {
            HB_TRY(hb_set_maker_add(m, i, &x, err));
            HB_TRY(hb_figures_next(f, &x, &more, err));
        }
    }
    return HB_OK;
}

static hb_status load(hb_set_maker *m, hb_store *s, const char *const *run_ids, size_t n,
                      hb_run_set *ret_set, hb_buf *note, hb_error *err)
{
    hb_figures *f = NULL;
    HB_TRY(hb_figures_open(s, &f, err));
    hb_status status = read_runs(m, f, run_ids, n, err);
    hb_figures_close(f);
    return status == HB_OK ? hb_set_maker_finish(m, ret_set, note, err) : status;
}

hb_status hb_run_set_load(hb_store *s, const hb_run_set_ask *ask, const char *const *run_ids,
                          size_t n, hb_run_set *ret_set, hb_buf *note, hb_error *err)
{
    hb_set_maker *m = NULL;
    HB_TRY(hb_set_maker_new(ask, n, &m, err));
    hb_status status = load(m, s, run_ids, n, ret_set, note, err);
    hb_set_maker_free(m);
    return status;
}
