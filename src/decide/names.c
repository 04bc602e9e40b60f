/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/decision.h"

#include <string.h>

static const char *const verdict_names[HB_VERDICT_COUNT_] = {
    [HB_VERDICT_PASS] = "PASS",
    [HB_VERDICT_PASS_WITH_DRIFT] = "PASS_WITH_DRIFT",
    [HB_VERDICT_FAIL] = "FAIL",
    [HB_VERDICT_NO_TEST] = "NO_TEST",
};

static const char *const severity_names[HB_SEVERITY_COUNT_] = {
    [HB_SEVERITY_INFO] = "info",
    [HB_SEVERITY_WARN] = "warn",
    [HB_SEVERITY_DRIFT] = "drift",
    [HB_SEVERITY_FAIL] = "fail",
};

static const struct {
    const char *name;
    const char *words;
} rules[HB_RULE_COUNT_] = {
#define HB_RULE_ROW(code, rule_name, rule_words) \
    [HB_RULE_##code] = {.name = (rule_name), .words = (rule_words)},
    HB_RULE_MAP(HB_RULE_ROW)
#undef HB_RULE_ROW
};

const char *hb_verdict_name(hb_verdict v)
{
    return (unsigned)v < HB_VERDICT_COUNT_ ? verdict_names[v] : "?";
}

bool hb_verdict_from_name(const char *name, hb_verdict *ret)
{
    for (unsigned v = 0; v < HB_VERDICT_COUNT_; v++) {
        if (strcmp(verdict_names[v], name) == 0) {
            *ret = (hb_verdict)v;
            return true;
        }
    }
    return false;
}

const char *hb_severity_name(hb_severity s)
{
    return (unsigned)s < HB_SEVERITY_COUNT_ ? severity_names[s] : "?";
}

const char *hb_rule_name(hb_rule r)
{
    return (unsigned)r < HB_RULE_COUNT_ ? rules[r].name : "?";
}

const char *hb_rule_words(hb_rule r)
{
    return (unsigned)r < HB_RULE_COUNT_ ? rules[r].words : "?";
}

static const char *const tost_names[] = {"not_declared", "not_shown", "shown"};
static const char *const untested_names[HB_UNTESTED_COUNT_] = {
    "", "no_set", "too_few_runs", "no_value", "unit", "not_positive", "no_scale", "live"};
static const char *const outcome_names[HB_RETEST_COUNT_] = {"confirmed", "cleared", "opposite",
                                                            "no_value"};

const char *hb_tost_name(hb_tost t)
{
    return (unsigned)t < sizeof tost_names / sizeof *tost_names ? tost_names[t] : "?";
}

const char *hb_untested_name(hb_untested u)
{
    return (unsigned)u < HB_UNTESTED_COUNT_ ? untested_names[u] : "?";
}

const char *hb_retest_outcome_name(hb_retest_outcome o)
{
    return (unsigned)o < HB_RETEST_COUNT_ ? outcome_names[o] : "?";
}
