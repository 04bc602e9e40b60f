/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/alert_internal.h"
#include "alert/event.h"
#include "base/json_write.h"

#include <string.h>

static const char *const limit_names[] = {"min", "max", "eq"};

/* Metrics with a finding that weighs, worst first. */
static void drift_metrics(const hb_decision *d, hb_json *j)
{
    const char *named[HB_ALERT_DRIFT_METRICS_MAX];
    size_t n = 0;
    hb_json_arr(j);
    for (size_t i = 0; i < d->n_findings && n < HB_ALERT_DRIFT_METRICS_MAX; i++) {
        const hb_finding *f = &d->findings[i];
        bool known = !*f->metric || f->severity < HB_SEVERITY_DRIFT;
        for (size_t k = 0; k < n && !known; k++) {
            known = strcmp(named[k], f->metric) == 0;
        }
        if (!known) {
            named[n++] = f->metric;
            hb_json_c(j, f->metric);
        }
    }
    hb_json_end(j);
}

static void optional(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kfinite(j, key, v.v);
    }
}

static void figures(const hb_decision *d, const hb_finding *f, hb_json *j)
{
    const char *unit = "";
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (strcmp(d->comparisons[i].name, f->metric) == 0) {
            unit = d->comparisons[i].unit;
        }
    }
    hb_json_obj(j);
    optional(j, "baseline", f->baseline);
    optional(j, "current", f->current);
    hb_json_kfinite(j, "excess", f->excess);
    optional(j, "limit", f->limit);
    optional(j, "observed", f->observed);
    optional(j, "p_value", f->p_value);
    hb_json_kc(j, "severity", hb_severity_name(f->severity));
    hb_json_kc(j, "unit", unit);
    hb_json_end(j);
}

/* Samples beyond a hard limit of the metric, oldest first of each limit. */
static void samples(const hb_window *w, const hb_finding *f, hb_json *j)
{
    size_t n = 0;
    hb_json_arr(j);
    for (size_t i = 0; i < w->n_limits; i++) {
        const hb_window_limit *l = &w->limits[i];
        if (strcmp(l->metric, f->metric) != 0) {
            continue;
        }
        for (uint32_t k = 0; k < l->n_first && n < HB_ALERT_SAMPLES_MAX; k++, n++) {
            char t[HB_TIME_TEXT];
            hb_time_print(l->first[k].t, t);
            hb_json_obj(j);
            hb_json_kf(j, "limit", l->limit);
            hb_json_kc(j, "t", t);
            hb_json_kf(j, "value", l->first[k].value);
            hb_json_kc(j, "which", limit_names[l->which]);
            hb_json_end(j);
        }
    }
    hb_json_end(j);
}

hb_status hb_alert_detail(const hb_decision *d, const hb_window *w, const hb_finding *f,
                          hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    drift_metrics(d, &j);
    HB_TRY(hb_json_done(&j, err));
    hb_buf_ch(out, '\n');
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    figures(d, f, &j);
    HB_TRY(hb_json_done(&j, err));
    hb_buf_ch(out, '\n');
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    samples(w, f, &j);
    HB_TRY(hb_json_done(&j, err));
    hb_buf_ch(out, '\n');
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_c(&j, d->reference && d->reference->warning ? d->reference->warning : "");
    return hb_json_done(&j, err);
}
