/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/run.h"

#include <string.h>

#include "base/mem.h"

void hb_run_free(hb_run *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n_metrics; i++) {
        hb_profile_release(&r->metrics[i].profile);
    }
    hb_free(r->own_metrics);
    hb_arena_release(&r->arena);
    hb_free(r);
}

const hb_metric *hb_run_metric(const hb_run *r, hb_str name)
{
    size_t low = 0;
    size_t high = r->n_metrics;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = hb_str_cmp(hb_str_of(r->metrics[mid].name), name);
        if (c == 0) {
            return &r->metrics[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

uint64_t hb_run_lost_rows(const hb_run *r, uint64_t *ret_all)
{
    /* Rows without a time or a name were rows of the table, bad records were not. */
    static const struct {
        const char *reason;
        bool counted;
    } lost[] = {{HB_REJECT_NO_TIME, true},
                {HB_REJECT_NO_NAME, true},
                {HB_REJECT_BAD_JSON, false},
                {HB_REJECT_NO_RECORD, false}};
    uint64_t n = 0;
    *ret_all = 0;
    for (size_t i = 0; i < r->n_inputs; i++) {
        const hb_input_file *f = &r->inputs[i];
        *ret_all += f->rows;
        for (size_t k = 0; k < f->n_rejects; k++) {
            for (size_t m = 0; m < sizeof lost / sizeof *lost; m++) {
                bool is = strcmp(f->rejects[k].reason, lost[m].reason) == 0;
                n += is ? f->rejects[k].n : 0;
                *ret_all += is && !lost[m].counted ? f->rejects[k].n : 0;
            }
        }
    }
    return n;
}

uint64_t hb_run_none_selected(const hb_run *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_metrics; i++) {
        if (r->metrics[i].has_value || hb_profile_total(&r->metrics[i].profile)) {
            return 0;
        }
    }
    for (size_t i = 0; i < r->n_inputs; i++) {
        const hb_input_file *f = &r->inputs[i];
        for (size_t k = 0; k < f->n_rejects; k++) {
            n += strcmp(f->rejects[k].reason, HB_REJECT_NOT_SELECTED) == 0 ? f->rejects[k].n : 0;
        }
    }
    return n;
}
