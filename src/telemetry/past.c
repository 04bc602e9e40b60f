/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/past.h"

#include <string.h>

void hb_run_set_release(hb_run_set *s)
{
    hb_arena_release(&s->arena);
    *s = (hb_run_set){0};
}

const hb_past_metric *hb_run_set_metric(const hb_run_set *s, const char *name)
{
    size_t low = 0;
    size_t high = s ? s->n_metrics : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(s->metrics[mid].name, name);
        if (order == 0) {
            return &s->metrics[mid];
        }
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return NULL;
}

void hb_run_set_json(hb_json *j, const char *key, const hb_run_set *s)
{
    hb_json_key(j, key);
    hb_json_obj(j);
    hb_json_kc(j, "kind", s->kind);
    hb_json_kc(j, "version", s->version);
    hb_json_kc(j, "digest", s->digest);
    hb_json_key(j, "run_ids");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_runs; i++) {
        hb_json_c(j, s->runs[i].run_id);
    }
    hb_json_end(j);
    hb_json_end(j);
}
