/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/onset.h"

void hb_onset_find(const hb_trace *trace, double low, double high, uint64_t persistence,
                   hb_finding *finding)
{
    uint64_t stretch = 0;
    uint64_t stretch_at = 0;
    for (size_t i = 0; i < trace->n_buckets; i++) {
        const hb_trace_bucket *b = &trace->buckets[i];
        if (!finding->has_onset && (b->max > high || b->min < low)) {
            finding->has_onset = true;
            finding->onset_index = hb_trace_index(trace, i);
            finding->onset_time = b->t;
            finding->sustained_index = UINT64_MAX;
        }
        bool outside = b->min > high || b->max < low;
        if (!outside) {
            stretch = 0;
            continue;
        }
        if (stretch == 0) {
            stretch_at = hb_trace_index(trace, i);
        }
        stretch += b->n;
        if (stretch >= persistence) {
            finding->sustained_index = stretch_at;
            return;
        }
    }
}
