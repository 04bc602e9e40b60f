/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_judged.h"

#include "report/text.h"

#include <jansson.h>

hb_status hb_judged_of(hb_app *app, const char *run_id, hb_judged *ret, bool *ret_found,
                       hb_error *err)
{
    hb_judged d = {.warning = ""};
    HB_TRY(hb_store_latest_decision(app->store, run_id, &app->arena, &d.row, ret_found, err));
    if (!*ret_found) {
        return HB_OK;
    }
    json_t *root = json_loadb(d.row.json, d.row.json_len, JSON_REJECT_DUPLICATES, NULL);
    const char *text =
        json_string_value(json_object_get(json_object_get(root, "reference"), "warning"));
    d.warning = hb_arena_str(&app->arena, hb_str_of(text ? text : ""));
    json_decref(root);
    if (!d.warning) {
        return HB_NOMEM(err);
    }
    *ret = d;
    return HB_OK;
}

hb_status hb_view_judged_text(const hb_judged *d, hb_buf *out, hb_error *err)
{
    const hb_decision_row *r = &d->row;
    char at[HB_TIME_TEXT];
    hb_time_print(r->decided_at - r->decided_at % 1000000000, at);
    hb_buf_fmt(out, "\njudged %s at %s, decision %.12s\n", r->status, at, r->digest);
    hb_buf_fmt(out, "  baseline %s (%s), policy %.12s, metric registry %.12s\n",
               *r->baseline_run_id ? r->baseline_run_id : "none", r->baseline_reason,
               r->policy_digest, r->registry_digest);
    if (*d->warning) {
        hb_text_wrapped(out, "  ! ", d->warning);
    }
    return hb_buf_check(out, err);
}

void hb_view_judged_json(const hb_judged *d, hb_json *j)
{
    const hb_decision_row *r = &d->row;
    hb_json_key(j, "judged");
    hb_json_obj(j);
    hb_json_kc(j, "verdict", r->status);
    hb_json_kt(j, "decided_at", r->decided_at);
    hb_json_kc(j, "decision_sha256", r->digest);
    hb_json_kc(j, "baseline_run_id", r->baseline_run_id);
    hb_json_kc(j, "baseline_reason", r->baseline_reason);
    hb_json_kc(j, "baseline_warning", d->warning);
    hb_json_kc(j, "policy_sha256", r->policy_digest);
    hb_json_kc(j, "registry_sha256", r->registry_digest);
    hb_json_end(j);
}
