/* SPDX-License-Identifier: Apache-2.0 */
/* Was the reference chosen as the policy in the pack says? Which runs there were to choose from, no
 * pack knows; that strategy, reason and number of runs fit the policy and each other, it does. */
#include "evidence/verify_internal.h"

#include <string.h>

enum {
    BY_LAST_PASS = 1 << HB_STRATEGY_LAST_PASS,
    BY_TAG = 1 << HB_STRATEGY_TAG,
    BY_GOLDEN = 1 << HB_STRATEGY_GOLDEN,
    BY_ROLLING = 1 << HB_STRATEGY_ROLLING,
    BY_EXPLICIT = 1 << HB_STRATEGY_EXPLICIT,
    BY_ANY_TAG = BY_TAG | BY_GOLDEN,
    BY_VERDICT = BY_LAST_PASS | BY_ROLLING, /* rolling without a run to pool is last_pass */
    BY_ANY = BY_ANY_TAG | BY_VERDICT | BY_EXPLICIT,
};

/* Reasons of baseline/select.h, and which strategies can give them. */
static const struct {
    const char *reason;
    bool has_baseline;
    unsigned by;
} reasons[] = {
    {"explicit", true, BY_EXPLICIT},
    {"tag", true, BY_ANY_TAG},
    {"version", true, BY_ANY_TAG},
    {"last_pass", true, BY_VERDICT},
    {"rolling", true, BY_ROLLING},
    {"fallback_latest", true, BY_VERDICT},
    {"no_runs", false, BY_VERDICT},
    {"no_pass", false, BY_VERDICT},
    {"context_mismatch", false, BY_ANY},
    {"tag_not_found", false, BY_ANY_TAG},
    {"tag_other_test", false, BY_ANY_TAG},
    {"tag_self", false, BY_ANY_TAG},
    {"version_retired", false, BY_ANY_TAG},
    {"tag_not_approved", false, BY_ANY_TAG},
    {"break_glass_over", false, BY_ANY_TAG},
    {"tag_not_set", false, BY_ANY_TAG},
    {"explicit_not_found", false, BY_EXPLICIT},
    {"explicit_other_test", false, BY_EXPLICIT},
    {"explicit_self", false, BY_EXPLICIT},
    {"explicit_not_set", false, BY_EXPLICIT},
};

static bool strategy_of(const char *name, hb_strategy *ret)
{
    for (unsigned s = 0; s < HB_STRATEGY_COUNT_; s++) {
        if (strcmp(hb_strategy_name((hb_strategy)s), name) == 0) {
            *ret = (hb_strategy)s;
            return true;
        }
    }
    return false;
}

static hb_status fits_reason(const hb_reference *r, hb_strategy by, hb_error *err)
{
    size_t i = 0;
    while (i < sizeof reasons / sizeof *reasons && strcmp(reasons[i].reason, r->reason) != 0) {
        i++;
    }
    if (i == sizeof reasons / sizeof *reasons || !(reasons[i].by & 1u << by)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the strategy '%s' gives no reason '%.40s'",
                       hb_strategy_name(by), r->reason);
    }
    if (reasons[i].has_baseline != (r->run != NULL)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the reason is '%s', and there is %s baseline",
                       r->reason, r->run ? "a" : "no");
    }
    bool of_version = r->set && *r->set->version;
    return of_version == (strcmp(r->reason, "version") == 0)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "the reason is '%s', and the set is of %s version",
                         r->reason, of_version ? "a" : "no");
}

/* Its verdict stands beside the run where the set has it. */
static hb_status passed(const hb_reference *r, const char *run_id, hb_error *err)
{
    for (size_t i = 0; r->set && i < r->set->n_runs; i++) {
        const hb_past_run *run = &r->set->runs[i];
        if (strcmp(run->run_id, run_id) == 0 && strcmp(run->status, "PASS") != 0) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "run '%.128s' was chosen because it passed ('%s'), and its verdict is "
                           "'%.40s'",
                           run_id, r->reason, run->status);
        }
    }
    return HB_OK;
}

static hb_status fits_policy(const hb_reference *r, const hb_policy *p, hb_error *err)
{
    bool rolling = strcmp(r->reason, "rolling") == 0;
    if (strcmp(r->reason, "fallback_latest") == 0 && p->fallback != HB_FALLBACK_LATEST) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the reason is '%s', and the policy has no fallback",
                       r->reason);
    }
    if (rolling && r->n_run_ids > (p->rolling_runs ? p->rolling_runs : 1)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "%zu runs were pooled, the policy allows %u",
                       r->n_run_ids, p->rolling_runs);
    }
    if (!rolling && strcmp(r->reason, "version") != 0 && r->n_run_ids > 1) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the reason is '%s', and %zu runs are named", r->reason,
                       r->n_run_ids);
    }
    for (size_t i = 0; (rolling || strcmp(r->reason, "last_pass") == 0) && i < r->n_run_ids; i++) {
        HB_TRY(passed(r, r->run_ids[i], err));
    }
    return HB_OK;
}

hb_status hb_ask_selection(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_strategy by = HB_STRATEGY_TAG;
    const hb_reference *r = &c->inputs.reference;
    const hb_policy *p = &c->inputs.policy;
    bool live = r->prior && r->prior->live; /* a stream's baseline is the tag its settings name */
    hb_strategy wanted = live ? HB_STRATEGY_TAG : hb_policy_chooses_by(p);
    if (!strategy_of(r->strategy, &by) || (by != wanted && (live || by != HB_STRATEGY_EXPLICIT))) {
        return hb_check_say(
            c, "selection", HB_FAILS, err,
            "'%s' says that the baseline was chosen by '%.40s', %s by '%s'", HB_PACK_REFERENCE,
            r->strategy, live ? "a stream's is" : "the policy chooses", hb_strategy_name(wanted));
    }
    hb_status status = fits_reason(r, by, &e);
    if (status == HB_OK) {
        status = fits_policy(r, p, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "selection", &e, err);
    }
    return by == wanted ? hb_check_say(c, "selection", HB_HOLDS, err,
                                       "chosen by '%s', as %s; which runs there were to choose "
                                       "from is said by who signed the pack",
                                       r->strategy, live ? "of a stream" : "the policy says")
                        : hb_check_say(c, "selection", HB_HOLDS, err,
                                       "the baseline was named on the command line; the policy "
                                       "would have chosen by '%s'",
                                       hb_strategy_name(wanted));
}
