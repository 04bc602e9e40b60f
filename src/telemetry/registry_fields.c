/* SPDX-License-Identifier: Apache-2.0 */
/* metric_registry.yaml as tables. docs/formats/metric_registry.md tells the keys' history. */
#include "telemetry/registry_fields.h"

#include "stats/sustained.h"

#include <math.h>
#include <string.h>

static const char *const zero_names[] = {
    [HB_ZERO_ANY_CHANGE] = "any_change", [HB_ZERO_IGNORE] = "ignore", NULL};

#define NOT_NEGATIVE .min = 0, .max = INFINITY

static const char *const reduce_words[] = {"median", "mean", "max",   "min",   "last", "p95",
                                           "p99",    "rate", "count", "range", "std",  NULL};

static hb_status decode_unit_map(const hb_where *where, const hb_node *value, void *out,
                                 hb_error *err)
{
    hb_metric_def *def = out;
    if (hb_node_is_null(value)) {
        return HB_OK;
    }
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    hb_unit_factor *rows = hb_arena_array(where->arena, value->n + 1, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        hb_where below;
        HB_TRY(hb_where_below(where, value->pairs[i].key, &below, err));
        rows[i].unit = value->pairs[i].key.p;
        HB_TRY(hb_node_f64(value->pairs[i].value, &below, &rows[i].factor, err));
        if (rows[i].factor == 0) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->pairs[i].value->line,
                              value->pairs[i].value->col, "'%s' must not be 0", below.path);
        }
    }
    def->unit_map = rows;
    def->n_unit_map = value->n;
    return HB_OK;
}

static hb_status decode_events(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    hb_metric_def *def = out;
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    if (value->n == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must name at least one field and its value", where->path);
    }
    hb_event_match *rows = hb_arena_array(where->arena, value->n, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        hb_where below;
        HB_TRY(hb_where_below(where, value->pairs[i].key, &below, err));
        rows[i].field = value->pairs[i].key.p;
        HB_TRY(hb_node_text(value->pairs[i].value, &below, &rows[i].value, err));
    }
    def->events = rows;
    def->n_events = value->n;
    return HB_OK;
}

static const hb_field distribution_fields[] = {
    {.key = "ks_threshold",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, ks_threshold),
     .min = 0,
     .max = 1,
     .doc =
         "Drift when the Kolmogorov-Smirnov distance D of the samples is over it, with p < 0.01."},
    {0},
};

const hb_field hb_metric_fields[] = {
    {.key = "description",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_metric_def, description),
     .doc = "What the metric is, for the report."},
    {.key = "aliases",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_metric_def, aliases),
     .offset_n = offsetof(hb_metric_def, n_aliases),
     .doc = "Other names a file may use; case, blanks and punctuation do not matter."},
    {.key = "unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_metric_def, unit),
     .doc = "Canonical unit; values in other units of the same dimension are converted."},
    {.key = "unit_map",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_unit_map,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"number\"}}",
     .doc = "Unit text: factor. Beats the built-in conversion; value times factor is canonical."},
    {.key = "reduce",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_metric_def, reduce),
     .names = reduce_words,
     .def = "median",
     .doc = "How a series of samples becomes the metric's value."},
    {.key = "drift_threshold",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, drift_threshold),
     NOT_NEGATIVE,
     .doc = "Drift when the value changed by more than this, in the metric's unit."},
    {.key = "drift_percent",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, drift_percent),
     NOT_NEGATIVE,
     .doc = "Drift when the value changed by more than this percentage of the baseline."},
    {.key = "drift_spread",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, drift_spread),
     NOT_NEGATIVE,
     .doc = "Drift when the value changed by more than this many standard deviations of the "
            "baseline's samples (20 or more of them)."},
    {.key = "spread_ratio",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, spread_ratio),
     .min = 1,
     .max = INFINITY,
     .doc =
         "Drift when the samples' standard deviation grew by more than this factor, or vanished."},
    {.key = "min_effect",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, min_effect),
     NOT_NEGATIVE,
     .doc = "A change smaller than this is never a drift."},
    {.key = "zero_baseline",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_metric_def, zero_baseline),
     .names = zero_names,
     .def = "any_change",
     .doc = "What drift_percent means where the baseline is 0: any change is beyond it, or the "
            "percent limit is ignored (only with another change limit)."},
    {.key = "drift_persistence",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_metric_def, drift_persistence),
     .min = 1,
     .max = HB_SUSTAINED_MAX,
     .doc = "Consecutive samples beyond the change limit that make a drift of a series."},
    {.key = "distribution_drift",
     .kind = HB_FIELD_MAP,
     .sub = distribution_fields,
     .doc = "Limits on the shape of the samples."},
    {.key = "invariant_min",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, invariant_min),
     .doc = "Fail when the value is below it. Needs no baseline."},
    {.key = "invariant_max",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, invariant_max),
     .doc = "Fail when the value is above it. Needs no baseline."},
    {.key = "invariant_eq",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, invariant_eq),
     .doc = "Fail when the value differs from it. Needs no baseline."},
    {.key = "critical",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_metric_def, critical),
     .def = "false",
     .doc =
         "Fail instead of drift; and fail when the value is over fail_threshold, or above 0 where "
         "none is given. A critical metric needs an invariant_min, _max or _eq."},
    {.key = "fail_threshold",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, fail_threshold),
     NOT_NEGATIVE,
     .doc = "On a critical metric: fail when the value is over it. Elsewhere it is only told."},
    {.key = "min_coverage",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, min_coverage),
     .min = 0,
     .max = 1,
     .doc = "Drift when a smaller share of the samples is usable."},
    {.key = "stale_after",
     .kind = HB_FIELD_SECONDS,
     .offset = offsetof(hb_metric_def, stale_after_s),
     NOT_NEGATIVE,
     .doc = "Drift when the last sample is older than the run's last by more than this."},
    {.key = "events",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_events,
     .schema =
         "{\"type\": \"object\", \"additionalProperties\": {\"type\": [\"string\", \"number\", "
         "\"boolean\"]}, \"minProperties\": 1}",
     .doc =
         "Field: value. The metric is the number of lines in events.jsonl where all of them hold."},
    {.key = "source_columns",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_metric_def, source_columns),
     .offset_n = offsetof(hb_metric_def, n_source_columns),
     .doc = "Columns the metric is made from, for the report."},
    {0},
};

const hb_field hb_default_fields[] = {
    {.key = "drift_spread",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, drift_spread),
     NOT_NEGATIVE,
     .doc = "As below, for metrics that declare no change limit of their own."},
    {.key = "drift_percent",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, drift_percent),
     NOT_NEGATIVE,
     .doc = "Stands in where the spread of the baseline cannot be used: fewer than 20 samples, or "
            "all equal."},
    {.key = "drift_threshold",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, drift_threshold),
     NOT_NEGATIVE,
     .doc = "As below, for metrics that declare no change limit of their own."},
    {.key = "spread_ratio",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, spread_ratio),
     .min = 1,
     .max = INFINITY,
     .doc = "For metrics that declare none."},
    {.key = "ks_threshold",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, ks_threshold),
     .min = 0,
     .max = 1,
     .doc = "For metrics that declare none."},
    {.key = "min_coverage",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, min_coverage),
     .min = 0,
     .max = 1,
     .doc = "For metrics that declare none."},
    {0},
};
