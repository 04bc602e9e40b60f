/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/past.h"

#include "crypto/digest.h"

#include <string.h>

void hb_run_set_release(hb_run_set *s)
{
    hb_arena_release(&s->arena);
    *s = (hb_run_set){0};
}

static hb_status add_digests(const hb_run_set *s, hb_digest *d, hb_error *err)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        HB_TRY(hb_digest_add(d, s->runs[i].digest, strlen(s->runs[i].digest), err));
        HB_TRY(hb_digest_add(d, "\n", 1, err));
    }
    return HB_OK;
}

hb_status hb_run_set_digest_of(const hb_run_set *s, char ret_digest[65], hb_error *err)
{
    hb_digest *d = NULL;
    HB_TRY(hb_digest_new(&d, err));
    hb_status status = add_digests(s, d, err);
    if (status == HB_OK) {
        status = hb_digest_hex(d, ret_digest, err);
    }
    hb_digest_free(d);
    return status;
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
