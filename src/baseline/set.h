/* SPDX-License-Identifier: Apache-2.0 */
/* Making a run or a baseline version the baseline of its test: `hb baseline set RUN --tag TAG`,
 * `hb baseline promote --version V --tag TAG`. docs/baselines.md
 *
 * The run must be registered. One whose verdict is FAIL is refused unless `force` is set; the note
 * then says that it was forced. One that was never analysed, or could not be tested for want of a
 * baseline, is accepted: the first baseline of a test is such a run. Of a version every run is
 * looked at; a retired one is HB_E_STORE.
 *
 * A policy that requires approval (governance.require_approval) refuses what is not approved, and
 * whoever does not prove that he may set it (baseline/approved.h, HB_E_DENIED); `force` does not
 * stand in for either. */
#ifndef HB_BASELINE_SET_H
#define HB_BASELINE_SET_H

#include "crypto/key.h"
#include "store/store.h"
#include "telemetry/policy.h"

typedef struct hb_baseline_request {
    const char *run_id;          /* or */
    const char *version;         /* a baseline version; NULL = the run */
    const char *tag;             /* [A-Za-z0-9._-], 1–64; NULL = "golden" */
    const char *registry_digest; /* of the metric registry in use; NULL = unknown */
    const char *set_by;          /* who, where nothing proves it; NULL = unknown */
    const char *note;            /* why; NULL = nothing said */
    hb_time now;
    bool force;
    hb_signer *signer;     /* who proves who he is; NULL = nobody */
    const char *overrides; /* why the quality that refuses it shall not; NULL = it does not */
    bool break_glass;      /* without approval; `note` is the reason … */
    hb_time expires;       /* … and this the end */
} hb_baseline_request;

/* HB_E_USAGE for a name that no tag has. */
HB_CHECKED hb_status hb_baseline_check_tag(const char *tag, hb_error *err);
/* Would it be refused whatever the runs are? So that it is told before anything is computed. */
HB_CHECKED hb_status hb_baseline_may_set(hb_store *s, const hb_policy *policy,
                                         const hb_baseline_request *request, hb_error *err);
/* Everything hb_baseline_set would refuse, and nothing written. */
HB_CHECKED hb_status hb_baseline_check_set(hb_store *s, const hb_policy *policy,
                                           const hb_baseline_request *request, hb_error *err);
HB_CHECKED hb_status hb_baseline_set(hb_store *s, const hb_policy *policy,
                                     const hb_baseline_request *request, hb_error *err);

typedef struct hb_baseline_retirement {
    const char *version; /* its whole name */
    const char *reason;
    const char *by; /* who, where nothing proves it */
    hb_time now;
    hb_signer *signer; /* NULL = nobody */
} hb_baseline_retirement;

/* Takes a version out of use for good; approval as for setting. */
HB_CHECKED hb_status hb_baseline_retire(hb_store *s, const hb_policy *policy,
                                        const hb_baseline_retirement *r, hb_error *err);

#endif
