/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/guard_band.h"

#include "stats/conformance.h"

#include <math.h>

hb_status hb_guard_band_check(const hb_metric_def *limits, double x, const char *unit,
                              hb_finding finding, hb_findings *out, hb_error *err)
{
    double band = limits->uncertainty.set ? limits->uncertainty.v : 0;
    double low = limits->invariant_min.set ? limits->invariant_min.v : -INFINITY;
    double high = limits->invariant_max.set ? limits->invariant_max.v : INFINITY;
    bool near = x < low + band || x > high - band;
    if (!(band > 0) || x < low || x > high || !near) {
        return HB_OK;
    }
    bool at_low = x - low <= high - x;
    double limit = at_low ? low : high;
    double distance = at_low ? x - low : high - x;
    finding.limit = hb_some(limit);
    finding.observed = hb_some(x);
    finding.excess = 2 - distance / band; /* 2 on the limit, 1 where it would be accepted */
    char is[HB_FIGURE_TEXT];
    char must[HB_FIGURE_TEXT];
    char width[HB_FIGURE_TEXT];
    return hb_findings_add(
        out, finding, err,
        "%s is %s, inside its hard limit %s but nearer to it than the measurement uncertainty %s: "
        "conditional; it conforms with a probability of %.3g %%%s",
        finding.metric, hb_figure(x, unit, is), hb_figure(limit, unit, must),
        hb_figure(band, unit, width), hb_conformance(x, band / 2, low, high) * 100,
        low + band > high - band ? "; no value could be accepted with this uncertainty" : "");
}
