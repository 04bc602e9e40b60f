/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/equivalent.h"

hb_status hb_equivalences_told(const hb_decision *d, hb_findings *out, hb_error *err)
{
    for (size_t i = 0; i < d->reference->n_equivalences; i++) {
        const hb_equivalence_use *u = &d->reference->equivalences[i];
        hb_finding f = {.metric = u->name,
                        .rule = HB_RULE_EQUIVALENCE,
                        .severity = *u->why_not ? HB_SEVERITY_WARN : HB_SEVERITY_INFO,
                        .sustained_index = UINT64_MAX,
                        .onset_time = HB_TIME_NONE};
        const char *from = *u->from_platform ? u->from_platform : "another make";
        if (*u->why_not) {
            HB_TRY(hb_findings_add(out, f, err,
                                   "%s: the baseline's '%.100s' (%.100s) was not converted: %s",
                                   u->name, u->from, from, u->why_not));
            continue;
        }
        HB_TRY(hb_findings_add(
            out, f, err,
            "%s: the baseline's is '%.100s' of %.100s, converted by %.12g times plus "
            "%.12g; %s%.300s (mapping %.12s)",
            u->name, u->from, from, u->scale, u->offset,
            *u->provenance ? "by " : "no provenance is given", u->provenance,
            d->reference->equivalence_digest));
    }
    return HB_OK;
}
