/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/policy.h"

#include "config/field.h"
#include "telemetry/run_meta.h"

#include <math.h>
#include <string.h>

enum { ARENA_BYTES = HB_NODE_ARENA_BYTES };

static const char *const strategy_names[] = {
    [HB_STRATEGY_LAST_PASS] = "last_pass", [HB_STRATEGY_TAG] = "tag",
    [HB_STRATEGY_GOLDEN] = "golden",       [HB_STRATEGY_ROLLING] = "rolling",
    [HB_STRATEGY_EXPLICIT] = "explicit",   NULL,
};
static const char *const fallback_names[] = {
    [HB_FALLBACK_LATEST] = "latest", [HB_FALLBACK_NONE] = "none", NULL};
static const char *const no_baseline_names[] = {
    [HB_NO_BASELINE_NOTE] = "note", [HB_NO_BASELINE_FAIL] = "fail", NULL};
static const char *const missing_metric_names[] = {
    [HB_MISSING_METRIC_WARN] = "warn", [HB_MISSING_METRIC_DRIFT] = "drift", NULL};
static const char *const missing_mode_names[] = {[HB_MISSING_IGNORE] = "ignore",
                                                 [HB_MISSING_DEGRADE] = "degrade",
                                                 [HB_MISSING_FAIL] = "fail",
                                                 NULL};

static const char *const aged_names[] = {[HB_AGED_WARN] = "warn", [HB_AGED_DRIFT] = "drift", NULL};

const char *hb_policy_tag(const hb_policy *p)
{
    if (p->tag && *p->tag) {
        return p->tag;
    }
    return p->strategy == HB_STRATEGY_GOLDEN || p->golden_for_hard_gates ? "golden" : "";
}

/* A policy of the original that names a tag means it, whatever its strategy says. */
hb_strategy hb_policy_chooses_by(const hb_policy *p)
{
    if (p->golden_for_hard_gates) {
        return HB_STRATEGY_GOLDEN;
    }
    return p->strategy == HB_STRATEGY_LAST_PASS && *hb_policy_tag(p) ? HB_STRATEGY_TAG
                                                                     : p->strategy;
}

const char *hb_strategy_name(hb_strategy s)
{
    return (unsigned)s < HB_STRATEGY_COUNT_ ? strategy_names[s] : "?";
}

bool hb_policy_chooses_by_tag(const hb_policy *p)
{
    hb_strategy by = hb_policy_chooses_by(p);
    return by == HB_STRATEGY_GOLDEN || by == HB_STRATEGY_TAG;
}

static hb_status decode_context(const hb_where *where, const hb_node *value, void *out,
                                hb_error *err)
{
    hb_policy *p = out;
    HB_TRY(hb_node_expect(value, HB_NODE_LIST, where, err));
    if (value->n == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must name at least one context field", where->path);
    }
    memset(p->context_match, 0, sizeof p->context_match);
    for (size_t i = 0; i < value->n; i++) {
        const char *text = NULL;
        unsigned f = 0;
        HB_TRY(hb_node_text(value->items[i], where, &text, err));
        while (f < HB_CONTEXT_COUNT && strcmp(text, hb_context_name((hb_context_field)f)) != 0) {
            f++;
        }
        if (f == HB_CONTEXT_COUNT) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->items[i]->line,
                              value->items[i]->col,
                              "'%.60s' is no context field; expected operating_mode, scenario_id, "
                              "sensor_config_id, input_data_version, environment_fingerprint or "
                              "environment",
                              text);
        }
        if (p->context_match[f]) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->items[i]->line,
                              value->items[i]->col, "'%s' is named twice", text);
        }
        p->context_match[f] = true;
    }
    return HB_OK;
}

static void encode_context(const void *in, int indent, hb_buf *out)
{
    const hb_policy *p = in;
    const char *sep = "[";
    hb_yaml_put_key("context_match", indent, out);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (p->context_match[f]) {
            hb_buf_fmt(out, "%s%s", sep, hb_context_name((hb_context_field)f));
            sep = ", ";
        }
    }
    hb_buf_c(out, "]\n");
}

static hb_status decode_run_id(const hb_where *where, const hb_node *value, void *out,
                               hb_error *err)
{
    hb_policy *p = out;
    hb_error why = {0};
    HB_TRY(hb_node_text(value, where, &p->baseline_run, err));
    if (*p->baseline_run && hb_run_id_check(hb_str_of(p->baseline_run), &why) != HB_OK) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col, "'%s': %s",
                          where->path, why.msg);
    }
    return HB_OK;
}

static void encode_run_id(const void *in, int indent, hb_buf *out)
{
    const hb_policy *p = in;
    if (*p->baseline_run) {
        hb_yaml_put_key("baseline_run", indent, out);
        hb_yaml_put_text(hb_str_of(p->baseline_run), out);
        hb_buf_ch(out, '\n');
    }
}

static const hb_field governance_fields[] = {
    {.key = "require_approval",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_policy, require_approval),
     .def = "false",
     .doc =
         "true: a baseline needs signed approvals (hb baseline request), and a tag without them is "
         "none. Who may approve: operators.yaml."},
    {.key = "approvals_required",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_policy, approvals_required),
     .min = 1,
     .max = 100,
     .def = "1",
     .doc = "How many of the approvers must agree, who asked not among them. Not more than are "
            "listed."},
    {.key = "approvers",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_policy, approvers),
     .offset_n = offsetof(hb_policy, n_approvers),
     .max = 200,
     .doc = "Who may approve, by their names in operators.yaml; every approver of the program when "
            "the list is empty."},
    {0},
};

static const hb_field dual_fields[] = {
    {.key = "use_golden_for_hard_gates",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_policy, golden_for_hard_gates),
     .def = "false",
     .doc = "true: the golden run and its set decide, whatever the strategy."},
    {.key = "use_rolling_for_early_warning",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_policy, rolling_for_early_warning),
     .def = "false",
     .doc = "true: the newest runs that passed are a second baseline that warns early; it makes a "
            "PASS at most a PASS_WITH_DRIFT."},
    {0},
};

static const hb_field statistics_fields[] = {
    {.key = "false_alarm_budget",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_policy, false_alarm_budget),
     .min = 0,
     .max = 1,
     .def = "0.1",
     .doc = "Share of runs without any change that the tests against the baseline runs may call "
            "drifted, all metrics together. At least 0.000001, below 1."},
    {.key = "n_min",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_policy, n_min),
     .min = 3,
     .max = HB_COMPARABLE_MAX,
     .def = "3",
     .doc = "Baseline runs a metric must have before it is tested against them."},
    {.key = "retest",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_policy, retest),
     .def = "true",
     .doc = "true: a difference is suspected, and the next comparable run confirms or clears it. "
            "false: it is a drift at once and stays so."},
    {.key = "retest_days",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_policy, retest_days),
     .min = 1,
     .max = 3650,
     .def = "30",
     .doc = "Days within which a comparable run is the retest of a suspicion."},
    {0},
};

static const hb_field missing_fields[] = {
    {.key = "mode",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_policy, missing_data_mode),
     .names = missing_mode_names,
     .def = "ignore",
     .doc =
         "What it means when the run has too few of the baseline's metrics: degrade makes a PASS a "
         "PASS_WITH_DRIFT, fail a FAIL. A FAIL is never lowered."},
    {.key = "min_coverage",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_policy, missing_data_min_coverage),
     .min = 0,
     .max = 1,
     .def = "0.8",
     .doc = "Share of the baseline's metrics that the run must have."},
    {0},
};

static const hb_field fields[] = {
    {.key = "strategy",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_policy, strategy),
     .names = strategy_names,
     .def = "last_pass",
     .doc =
         "Which earlier run is the baseline: the newest that passed, the one a tag (golden) points "
         "at, a pool of the newest that passed (rolling), or one named run (explicit)."},
    {.key = "tag",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_policy, tag),
     .max = HB_TAG_MAX_BYTES,
     .doc = "For strategy tag; golden uses 'golden' unless another is given."},
    {.key = "baseline_run",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_run_id,
     .encode = encode_run_id,
     .schema = "{\"type\": [\"string\", \"number\"], \"maxLength\": 128}",
     .doc = "For strategy explicit: the run_id. The command line's --baseline goes before it."},
    {.key = "rolling_runs",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_policy, rolling_runs),
     .min = 1,
     .max = HB_COMPARABLE_MAX,
     .def = "10",
     .doc = "For strategy rolling: how many of the newest comparable passed runs are pooled."},
    {.key = "fallback",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_policy, fallback),
     .names = fallback_names,
     .def = "none",
     .doc = "When no run passed yet: none, or the latest run whatever its verdict (said in a "
            "warning)."},
    {.key = "warn_on_mismatch",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_policy, warn_on_mismatch),
     .def = "true",
     .doc = "Warn when context fields of run and baseline differ."},
    {.key = "context_match",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_context,
     .encode = encode_context,
     .schema =
         "{\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true, \"items\": {\"enum\": "
         "[\"operating_mode\", \"scenario_id\", \"sensor_config_id\", \"input_data_version\", "
         "\"environment_fingerprint\", \"environment\"]}}",
     .doc = "The context fields that are compared; all six unless named."},
    {.key = "distribution_drift_enabled",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_policy, distribution_drift_enabled),
     .def = "true",
     .doc = "false switches every declared ks_threshold off."},
    {.key = "on_no_baseline",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_policy, on_no_baseline),
     .names = no_baseline_names,
     .def = "note",
     .doc = "Nothing to compare with: NO_TEST (note) or FAIL."},
    {.key = "missing_metric",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_policy, missing_metric),
     .names = missing_metric_names,
     .def = "warn",
     .doc = "The baseline had a metric and the run lacks it: a warning, or a drift. Always a FAIL "
            "when "
            "the metric is critical."},
    {.key = "baseline_max_age_days",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_policy, baseline_max_age_days),
     .min = 0.001,
     .max = 1e6,
     .doc = "Days between the baseline's newest run and the run under test, at most. Not looked at "
            "unless given."},
    {.key = "baseline_max_shift",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_policy, baseline_max_shift),
     .min = 0.1,
     .max = 1e6,
     .doc = "How far the mean of the ten newest comparable runs may be from that of the baseline's "
            "runs, in their run-to-run standard deviations, in any metric. Not looked at unless "
            "given."},
    {.key = "on_baseline_aged",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_policy, on_baseline_aged),
     .names = aged_names,
     .def = "warn",
     .doc = "What either of these is: a warning, or a drift."},
    {.key = "missing_data",
     .kind = HB_FIELD_MAP,
     .sub = missing_fields,
     .doc = "How much of the baseline a run must cover."},
    {.key = "governance",
     .kind = HB_FIELD_MAP,
     .sub = governance_fields,
     .doc = "Who may set baselines."},
    {.key = "dual_baseline",
     .kind = HB_FIELD_MAP,
     .sub = dual_fields,
     .doc = "Two baselines at once."},
    {.key = "statistics",
     .kind = HB_FIELD_MAP,
     .sub = statistics_fields,
     .doc = "The test against the set of comparable runs."},
    {0},
};

const hb_field *hb_policy_fields(void)
{
    return fields;
}

void hb_policy_builtin(hb_policy *ret_policy)
{
    *ret_policy = (hb_policy){
        .name = "built-in",
        .digest = "built-in",
        .strategy = HB_STRATEGY_LAST_PASS,
        .fallback = HB_FALLBACK_NONE,
        .warn_on_mismatch = true,
        .tag = "",
        .baseline_run = "",
        .rolling_runs = 10,
        .distribution_drift_enabled = true,
        .missing_data_min_coverage = 0.8,
        .false_alarm_budget = 0.10,
        .n_min = 3,
        .retest = true,
        .retest_days = 30,
        .approvals_required = 1,
    };
    hb_arena_init(&ret_policy->arena, ARENA_BYTES);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        ret_policy->context_match[f] = true;
    }
}

/* Rules between keys, told at the key that asks for what is not there. */
static hb_status check_keys(const hb_policy *p, const hb_node *keys, hb_error *err)
{
    if (p->strategy == HB_STRATEGY_TAG && !*p->tag) {
        const hb_pair *strategy = hb_node_find(keys, "strategy");
        return HB_FAIL_AT(err, HB_E_CONFIG, p->name, strategy->value->line, strategy->value->col,
                          "strategy 'tag' needs the key 'tag'");
    }
    if (p->false_alarm_budget < HB_BUDGET_LEAST || p->false_alarm_budget >= 1) {
        const hb_pair *q =
            hb_node_find(hb_node_find(keys, "statistics")->value, "false_alarm_budget");
        return HB_FAIL_AT(
            err, HB_E_CONFIG, p->name, q->value->line, q->value->col,
            "'statistics.false_alarm_budget' must be at least %g and below 1, got %g: %s",
            HB_BUDGET_LEAST, p->false_alarm_budget,
            p->false_alarm_budget < HB_BUDGET_LEAST ? "a budget of 0 finds nothing, ever"
                                                    : "a budget of 1 may flag every run");
    }
    if (p->n_approvers == 0 || p->approvals_required <= p->n_approvers) {
        return HB_OK;
    }
    const hb_pair *at = hb_node_find(hb_node_find(keys, "governance")->value, "approvals_required");
    return HB_FAIL_AT(err, HB_E_CONFIG, p->name, at->value->line, at->value->col,
                      "'governance.approvals_required' is %u, but only %zu approvers are listed",
                      p->approvals_required, p->n_approvers);
}

static hb_status decode(hb_policy *p, hb_str text, hb_error *err)
{
    const hb_node *root = NULL;
    HB_TRY(hb_yaml_parse(text, p->name, &p->arena, &root, err));
    hb_where top = {.name = p->name, .path = "", .arena = &p->arena};
    const hb_pair *below = hb_node_find(root, "baseline_policy");
    if (!below) {
        HB_TRY(hb_fields_decode(fields, root, &top, p, err));
        return check_keys(p, root, err);
    }
    static const hb_field only[] = {{.key = "baseline_policy", .kind = HB_FIELD_MAP, .sub = fields},
                                    {0}};
    HB_TRY(hb_fields_decode(only, root, &top, p, err));
    return check_keys(p, below->value, err);
}

hb_status hb_policy_parse(hb_str text, const char *name, const char *digest_hex,
                          hb_policy *ret_policy, hb_error *err)
{
    hb_policy p;
    hb_policy_builtin(&p);
    hb_str_fit(digest_hex, p.digest, sizeof p.digest);
    p.name = hb_arena_str(&p.arena, hb_str_of(name));
    hb_status status = p.name ? decode(&p, text, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_policy_release(&p);
        return status;
    }
    *ret_policy = p;
    return HB_OK;
}

void hb_policy_yaml(const hb_policy *p, hb_buf *out)
{
    hb_buf_c(out, "# baseline policy ");
    hb_yaml_put_text(hb_str_of(p->name), out);
    hb_buf_fmt(out, ", SHA-256 %s\nbaseline_policy:\n", p->digest);
    hb_fields_print(fields, p, 2, out);
}

void hb_policy_release(hb_policy *p)
{
    hb_arena_release(&p->arena);
}
