/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/run.h"

#include "base/mem.h"

void hb_run_free(hb_run *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n_metrics; i++) {
        hb_profile_release(&r->metrics[i].profile);
    }
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
