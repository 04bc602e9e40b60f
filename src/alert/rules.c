/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/alert_internal.h"

#include <fnmatch.h>
#include <string.h>

const char *const hb_alert_severity_names[] = {
    [HB_ALERT_INFO] = "INFO",         [HB_ALERT_WARN] = "WARN",          [HB_ALERT_FAIL] = "FAIL",
    [HB_ALERT_CRITICAL] = "CRITICAL", [HB_ALERT_SEVERITY_COUNT_] = NULL,
};

bool hb_alert_severity_from_name(const char *name, hb_alert_severity *ret)
{
    for (int i = 0; hb_alert_severity_names[i]; i++) {
        if (strcmp(hb_alert_severity_names[i], name) == 0) {
            *ret = (hb_alert_severity)i;
            return true;
        }
    }
    return false;
}

bool hb_alert_glob(const char *pattern, const char *text)
{
    return !pattern || fnmatch(pattern, text, 0) == 0;
}

static bool is_critical(const hb_decision *d, const hb_finding *f)
{
    const hb_metric_def *def =
        d->registry && *f->metric ? hb_registry_find(d->registry, hb_str_of(f->metric)) : NULL;
    return def && def->critical;
}

static bool fits(const hb_alert_rule *r, const hb_decision *d, const hb_finding *f)
{
    return hb_alert_glob(r->metric, f->metric) && hb_alert_glob(r->rule, hb_rule_name(f->rule)) &&
           (!r->verdict || strcmp(r->verdict, hb_verdict_name(d->verdict)) == 0) &&
           (!r->critical_only || is_critical(d, f));
}

/* Findings of severity INFO are remarks ("a test was not made"): they are alerts only where a line
 * of the configuration names their rule. Else every passed window would have some. */
bool hb_alert_severity_of(const hb_alert_options *o, const hb_decision *d, const hb_finding *f,
                          hb_alert_severity *ret)
{
    for (size_t i = 0; i < o->n_rules; i++) {
        const hb_alert_rule *r = &o->rules[i];
        if (fits(r, d, f) && (f->severity != HB_SEVERITY_INFO || r->rule)) {
            *ret = r->severity;
            return true;
        }
    }
    switch (f->severity) {
    case HB_SEVERITY_FAIL:
        *ret = is_critical(d, f) ? HB_ALERT_CRITICAL : HB_ALERT_FAIL;
        return true;
    case HB_SEVERITY_DRIFT:
        *ret = HB_ALERT_WARN;
        return true;
    case HB_SEVERITY_WARN:
        *ret = HB_ALERT_INFO;
        return true;
    case HB_SEVERITY_INFO:
    case HB_SEVERITY_COUNT_:
        break;
    }
    return false;
}
