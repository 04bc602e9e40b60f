/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between the keys of one metric: combinations of which one key would be ignored, or which no
 * value could ever meet. */
#include "telemetry/registry_internal.h"

static bool lacks_invariant(const hb_metric_def *m)
{
    return m->critical && !m->invariant_min.set && !m->invariant_max.set && !m->invariant_eq.set;
}

static bool bounds_cross(const hb_metric_def *m)
{
    return m->invariant_min.set && m->invariant_max.set && m->invariant_min.v > m->invariant_max.v;
}

static bool band_without_limit(const hb_metric_def *m)
{
    return m->uncertainty.set && !m->invariant_min.set && !m->invariant_max.set;
}

static bool zero_unguarded(const hb_metric_def *m)
{
    return m->zero_baseline == HB_ZERO_IGNORE && !m->drift_threshold.set && !m->drift_spread.set;
}

static bool persistence_without_order(const hb_metric_def *m)
{
    return m->drift_persistence && (m->reduce == HB_REDUCE_RATE || m->reduce == HB_REDUCE_COUNT ||
                                    m->reduce == HB_REDUCE_RANGE || m->reduce == HB_REDUCE_STD);
}

static bool count_reduced(const hb_metric_def *m)
{
    return m->n_events && (m->reduce_set || m->n_unit_map || m->drift_persistence);
}

static bool unit_not_itself(const hb_metric_def *m)
{
    double factor = 1;
    return *m->unit && hb_metric_def_factor(m, m->unit, &factor) && factor != 1;
}

static bool zero(hb_opt_f64 v)
{
    return v.set && v.v == 0;
}

static bool half_governed(const hb_metric_def *m)
{
    return m->sigma_ref.set != m->sigma_dof.set;
}

static bool no_sigma(const hb_metric_def *m)
{
    return zero(m->sigma_ref) || zero(m->sigma_dof);
}

static bool no_resolution(const hb_metric_def *m)
{
    return zero(m->resolution);
}

hb_status hb_metric_check(const hb_metric_def *def, const char *file, uint32_t line, uint32_t col,
                          hb_error *err)
{
    static const struct {
        bool (*broken)(const hb_metric_def *m);
        const char *what;
    } rules[] = {
        {lacks_invariant, "is critical but has no hard limit; add invariant_min, invariant_max or "
                          "invariant_eq"},
        {bounds_cross, "has invariant_min above invariant_max; no value could pass"},
        {band_without_limit, "declares an uncertainty, which only guards invariant_min and "
                             "invariant_max; add one of them, or take it out"},
        {zero_unguarded, "ignores a baseline of 0 without another change limit; add "
                         "drift_threshold or drift_spread, or take zero_baseline out"},
        {persistence_without_order, "declares drift_persistence, which has no meaning where reduce "
                                    "is rate, count, range or std; take one of the two out"},
        {count_reduced, "is a number of events, so reduce, unit_map and drift_persistence have no "
                        "meaning; take them out"},
        {unit_not_itself, "maps its own unit to itself with another factor than 1; correct "
                          "unit or unit_map"},
        {half_governed, "declares one of sigma_ref and sigma_dof without the other; a standard "
                        "deviation counts for as much as the runs it was found from"},
        {no_sigma, "has a sigma_ref or sigma_dof of 0; both must be above it"},
        {no_resolution, "has a resolution of 0; take it out where it is not known"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].broken(def)) {
            return HB_FAIL_AT(err, HB_E_CONFIG, file, line, col, "metric '%s' %s", def->name,
                              rules[i].what);
        }
    }
    return HB_OK;
}
