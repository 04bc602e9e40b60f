/* SPDX-License-Identifier: Apache-2.0 */
/* metric_registry.yaml as tables. docs/formats/metric_registry.md tells the keys' history. */
#include "telemetry/registry_fields.h"

#include "stats/sustained.h"
#include "telemetry/names.h"

#include <math.h>
#include <string.h>

static const char *const zero_names[] = {
    [HB_ZERO_ANY_CHANGE] = "any_change", [HB_ZERO_IGNORE] = "ignore", NULL};

#define NOT_NEGATIVE .min = 0, .max = INFINITY

enum { MAX_UNIT_FACTORS = 200, MAX_EVENT_FIELDS = 100 };

static hb_status expect_rows(const hb_where *where, const hb_node *value, size_t least, size_t most,
                             hb_error *err)
{
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    if (value->n >= least && value->n <= most) {
        return HB_OK;
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                      "'%s' must have %zu to %zu keys, got %zu", where->path, least, most,
                      value->n);
}

/* One row of a unit_map; `rows` before it are checked for the same unit. */
static hb_status decode_factor(const hb_where *where, const hb_pair *pair, hb_unit_factor *rows,
                               size_t i, hb_error *err)
{
    hb_where below;
    HB_TRY(hb_where_below(where, pair->key, &below, err));
    hb_str unit = hb_str_trim(pair->key);
    char *folded = hb_arena_alloc(where->arena, unit.n + 1);
    if (!folded) {
        return HB_NOMEM(err);
    }
    hb_unit_fold(unit, folded);
    if (unit.n == 0 || unit.n > HB_NAME_MAX_BYTES) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                          "'%s': a unit must have 1 to %d bytes", where->path, HB_NAME_MAX_BYTES);
    }
    for (size_t k = 0; k < i; k++) {
        if (strcmp(rows[k].unit, folded) == 0) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                              "'%s' names unit '%s' twice", where->path, folded);
        }
    }
    rows[i].unit = folded;
    HB_TRY(hb_node_f64(pair->value, &below, &rows[i].factor, err));
    if (rows[i].factor == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->value->line, pair->value->col,
                          "'%s' must not be 0: every value would become 0", below.path);
    }
    return HB_OK;
}

static hb_status decode_unit_map(const hb_where *where, const hb_node *value, void *out,
                                 hb_error *err)
{
    hb_metric_def *def = out;
    HB_TRY(expect_rows(where, value, 0, MAX_UNIT_FACTORS, err));
    hb_unit_factor *rows = hb_arena_array(where->arena, value->n + 1, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        HB_TRY(decode_factor(where, &value->pairs[i], rows, i, err));
    }
    def->unit_map = rows;
    def->n_unit_map = value->n;
    return HB_OK;
}

static void encode_unit_map(const void *in, int indent, hb_buf *out)
{
    const hb_metric_def *def = in;
    for (size_t i = 0; i < def->n_unit_map; i++) {
        if (i == 0) {
            hb_yaml_put_key("unit_map", indent, out);
        }
        hb_buf_c(out, i ? ", " : "{");
        hb_yaml_put_key(def->unit_map[i].unit, 0, out);
        hb_buf_f64(out, def->unit_map[i].factor);
    }
    hb_buf_c(out, def->n_unit_map ? "}\n" : "");
}

static hb_status decode_events(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    hb_metric_def *def = out;
    HB_TRY(expect_rows(where, value, 1, MAX_EVENT_FIELDS, err));
    hb_event_match *rows = hb_arena_array(where->arena, value->n, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        const hb_pair *pair = &value->pairs[i];
        hb_where below;
        HB_TRY(hb_where_below(where, pair->key, &below, err));
        rows[i].field = pair->key.p;
        HB_TRY(hb_node_text(pair->value, &below, &rows[i].value, err));
        if (pair->key.n == 0 || pair->key.n > HB_NAME_MAX_BYTES ||
            pair->value->text.n > HB_NAME_MAX_BYTES) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                              "'%s': a field must have 1 to %d bytes, its value at most as many",
                              where->path, HB_NAME_MAX_BYTES);
        }
    }
    def->events = rows;
    def->n_events = value->n;
    return HB_OK;
}

static void encode_events(const void *in, int indent, hb_buf *out)
{
    const hb_metric_def *def = in;
    for (size_t i = 0; i < def->n_events; i++) {
        if (i == 0) {
            hb_yaml_put_key("events", indent, out);
        }
        hb_buf_c(out, i ? ", " : "{");
        hb_yaml_put_key(def->events[i].field, 0, out);
        hb_yaml_put_text(hb_str_of(def->events[i].value), out);
    }
    hb_buf_c(out, def->n_events ? "}\n" : "");
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
     .max = 1000,
     .doc = "What the metric is, for the report."},
    {.key = "aliases",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_metric_def, aliases),
     .offset_n = offsetof(hb_metric_def, n_aliases),
     .max = HB_NAME_MAX_BYTES,
     .doc = "Other names a file may use; case, blanks and punctuation do not matter."},
    {.key = "unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_metric_def, unit),
     .max = HB_NAME_MAX_BYTES,
     .doc = "Canonical unit; values in other units of the same dimension are converted."},
    {.key = "unit_map",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_unit_map,
     .encode = encode_unit_map,
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"number\"}}",
     .doc = "Unit text: factor. Beats the built-in conversion; value times factor is canonical."},
    {.key = "reduce",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_metric_def, reduce),
     .offset_set = offsetof(hb_metric_def, reduce_set),
     .names = hb_reduce_names,
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
     .doc = "A change smaller than this is no drift; what equivalence is tested against. A retest "
            "asks only whether the change is there again."},
    {.key = "direction",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_metric_def, direction),
     .names = hb_bad_direction_names,
     .def = "both",
     .doc = "Which way a change is bad: the test against the baseline runs then looks that way "
            "only. Change limits look both ways all the same."},
    {.key = "transform",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_metric_def, transform),
     .names = hb_transform_names,
     .def = "none",
     .doc = "log: the test against the baseline runs is made on logarithms, for values that are "
            "always above 0 and scatter by a factor rather than an amount."},
    {.key = "sigma_ref",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, sigma_ref),
     NOT_NEGATIVE,
     .doc = "Governed run-to-run standard deviation in the metric's unit, from many runs or units; "
            "pooled with that of the baseline runs. Needs sigma_dof."},
    {.key = "sigma_dof",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, sigma_dof),
     .min = 0,
     .max = 1e6,
     .doc = "Degrees of freedom of sigma_ref: runs it was found from, less their groups."},
    {.key = "resolution",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, resolution),
     NOT_NEGATIVE,
     .doc = "Smallest step of the value, in the metric's unit. Without it the smallest step seen "
            "between samples is taken, else the last digit of the values."},
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
    {.key = "uncertainty",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_metric_def, uncertainty),
     NOT_NEGATIVE,
     .doc = "Expanded measurement uncertainty U (k = 2), in the metric's unit: a value inside "
            "invariant_min and _max but nearer to one than U is conditional, a drift; on a "
            "critical metric it fails. Needs invariant_min or _max."},
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
     .encode = encode_events,
     .schema =
         "{\"type\": \"object\", \"additionalProperties\": {\"type\": [\"string\", \"number\", "
         "\"boolean\"]}, \"minProperties\": 1}",
     .doc =
         "Field: value. The metric is the number of lines in events.jsonl where all of them hold."},
    {.key = "source_columns",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_metric_def, source_columns),
     .offset_n = offsetof(hb_metric_def, n_source_columns),
     .max = HB_NAME_MAX_BYTES,
     .doc =
         "Columns the metric is made from: a note for readers; names that files use are aliases."},
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
