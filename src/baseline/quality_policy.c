/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/quality_policy.h"

#include "config/field.h"

#include <string.h>

enum { ARENA_BYTES = HB_NODE_ARENA_BYTES, TAG_MAX_BYTES = 64, NAME_MAX_BYTES = 256 };

static const char *const criterion_names[HB_CRITERION_COUNT_ + 1] = {
    [HB_CRITERION_SAMPLE_SIZE] = "sample_size",
    [HB_CRITERION_TIME_SPAN] = "time_span",
    [HB_CRITERION_CONTEXT] = "context",
    [HB_CRITERION_OPEN_FINDINGS] = "open_findings",
    [HB_CRITERION_POOLABILITY] = "poolability",
    [HB_CRITERION_OUTLIERS] = "outliers",
    [HB_CRITERION_INDEPENDENCE] = "independence",
    [HB_CRITERION_STABILITY] = "stability",
    [HB_CRITERION_SHAPE] = "shape",
};
static const char *const gate_names[HB_GATE_COUNT_ + 1] = {
    [HB_GATE_REQUIRED] = "required",
    [HB_GATE_BLOCKING] = "blocking",
    [HB_GATE_TOLD] = "told",
    [HB_GATE_OFF] = "off",
};

const char *hb_criterion_name(hb_criterion c)
{
    return (unsigned)c < HB_CRITERION_COUNT_ ? criterion_names[c] : "?";
}

const char *hb_gate_name(hb_gate g)
{
    return (unsigned)g < HB_GATE_COUNT_ ? gate_names[g] : "?";
}

#define AT(member) offsetof(hb_quality_policy, member)

static const hb_field stability_fields[] = {
    {.key = "max_coefficient_of_variation",
     .kind = HB_FIELD_OPT_F64,
     .offset = AT(max_coefficient_of_variation),
     .min = 1e-9,
     .max = 1e9,
     .doc =
         "Standard deviation of a metric's run values over |mean|, at most. Not looked at unless "
         "given."},
    {.key = "exclude_metrics",
     .kind = HB_FIELD_STRINGS,
     .offset = AT(exclude_metrics),
     .offset_n = AT(n_exclude_metrics),
     .max = NAME_MAX_BYTES,
     .doc = "Metrics that need not be stable."},
    {0},
};

static const hb_field acceptance_fields[] = {
    {.key = "min_sample_size",
     .kind = HB_FIELD_UINT,
     .offset = AT(min_sample_size),
     .min = 1,
     .max = 10000,
     .def = "5",
     .doc = "Runs. With 5 a shift of six run-to-run standard deviations is found two times in "
            "three, with 10 nearly always."},
    {.key = "min_time_in_state_sec",
     .kind = HB_FIELD_SECONDS,
     .offset = AT(min_time_in_state),
     .max = 1e12,
     .def = "3600",
     .doc = "From the first run's start to the last one's end."},
    {.key = "stability",
     .kind = HB_FIELD_MAP,
     .sub = stability_fields,
     .doc = "No trend over the runs is always looked for; here a limit on the scatter."},
    {.key = "no_unresolved_alerts",
     .kind = HB_FIELD_BOOL,
     .offset = AT(no_unresolved_alerts),
     .def = "true",
     .doc = "No run with the verdict FAIL or an open suspicion, and few with PASS_WITH_DRIFT. "
            "false: not looked at."},
    {.key = "max_drift_share",
     .kind = HB_FIELD_F64,
     .offset = AT(max_drift_share),
     .min = 0,
     .max = 1,
     .def = "0.1",
     .doc = "Share of the runs that may have the verdict PASS_WITH_DRIFT. Clean runs get it at the "
            "rate of the false-alarm budget, so 0 refuses most large baselines."},
    {.key = "min_environment_match_score",
     .kind = HB_FIELD_F64,
     .offset = AT(min_environment_match_score),
     .min = 0,
     .max = 1,
     .def = "1",
     .doc = "Share of the runs that have the commonest context in every field of the baseline "
            "policy's context_match."},
    {.key = "pool_by",
     .kind = HB_FIELD_STRINGS,
     .offset = AT(pool_by),
     .offset_n = AT(n_pool_by),
     .max = TAG_MAX_BYTES,
     .def = "[day, build, rig]",
     .doc = "Groups of runs that must not differ: day (UTC), build, or a factor of run_meta.json."},
    {.key = "refusal_budget",
     .kind = HB_FIELD_F64,
     .offset = AT(refusal_budget),
     .min = 1e-6,
     .max = 0.5,
     .def = "0.05",
     .doc = "Share of clean baselines that poolability, outliers, independence and stability may "
            "refuse together, whatever the number of metrics."},
    {0},
};

#define CRITERION(code, name_, default_, doc_)                                          \
    {                                                                                   \
        .key = (name_), .kind = HB_FIELD_ENUM, .offset = AT(gate[HB_CRITERION_##code]), \
        .names = gate_names, .def = (default_), .doc = (doc_)                           \
    }

static const hb_field criteria_fields[] = {
    CRITERION(SAMPLE_SIZE, "sample_size", "required", "Enough runs."),
    CRITERION(TIME_SPAN, "time_span", "required", "Over enough time."),
    CRITERION(CONTEXT, "context", "blocking", "Under one context."),
    CRITERION(OPEN_FINDINGS, "open_findings", "blocking", "Nothing open about the runs."),
    CRITERION(POOLABILITY, "poolability", "blocking",
              "Groups of runs do not differ (k-sample Anderson-Darling)."),
    CRITERION(OUTLIERS, "outliers", "blocking",
              "No run far from the others (maximum normed residual)."),
    CRITERION(INDEPENDENCE, "independence", "blocking",
              "Runs do not resemble their neighbours (lag-1)."),
    CRITERION(STABILITY, "stability", "blocking", "No trend over the runs (Mann-Kendall)."),
    CRITERION(SHAPE, "shape", "told", "Run values look normal (Anderson-Darling)."),
    {0},
};

static const hb_field weight_fields[] = {
    {.key = "sample_size",
     .kind = HB_FIELD_F64,
     .offset = AT(weight[HB_CONFIDENCE_SAMPLE_SIZE]),
     .min = 0,
     .max = 1000,
     .def = "0.2",
     .doc = "Of sample_size."},
    {.key = "stability",
     .kind = HB_FIELD_F64,
     .offset = AT(weight[HB_CONFIDENCE_STABILITY]),
     .min = 0,
     .max = 1000,
     .def = "0.3",
     .doc = "Of stability."},
    {.key = "no_alerts",
     .kind = HB_FIELD_F64,
     .offset = AT(weight[HB_CONFIDENCE_NO_ALERTS]),
     .min = 0,
     .max = 1000,
     .def = "0.3",
     .doc = "Of open_findings."},
    {.key = "environment_match",
     .kind = HB_FIELD_F64,
     .offset = AT(weight[HB_CONFIDENCE_ENVIRONMENT_MATCH]),
     .min = 0,
     .max = 1000,
     .def = "0.2",
     .doc = "Of context."},
    {0},
};

static const hb_field fields[] = {
    {.key = "version",
     .kind = HB_FIELD_STRING,
     .offset = AT(version),
     .max = TAG_MAX_BYTES,
     .doc = "Of this file, for people."},
    {.key = "require_quality_gate",
     .kind = HB_FIELD_BOOL,
     .offset = AT(require_quality_gate),
     .def = "true",
     .doc = "false: the criteria are told, and block nothing."},
    {.key = "gated_tags",
     .kind = HB_FIELD_STRINGS,
     .offset = AT(gated_tags),
     .offset_n = AT(n_gated_tags),
     .max = TAG_MAX_BYTES,
     .def = "[golden]",
     .doc = "Promoting a version to one of these tags needs the gate."},
    {.key = "acceptance_criteria",
     .kind = HB_FIELD_MAP,
     .sub = acceptance_fields,
     .doc = "The limits."},
    {.key = "criteria",
     .kind = HB_FIELD_MAP,
     .sub = criteria_fields,
     .doc = "What each criterion does: required (anything but a pass blocks), blocking (a fail "
            "blocks), told, off."},
    {.key = "confidence_weights",
     .kind = HB_FIELD_MAP,
     .sub = weight_fields,
     .doc = "Weights of the confidence that is shown: the share of these criteria that passed. It "
            "decides nothing."},
    {0},
};

const hb_field *hb_quality_policy_fields(void)
{
    return fields;
}

static const char *default_tags[] = {"golden"};
static const char *default_groups[] = {"day", "build", "rig"};

void hb_quality_policy_builtin(hb_quality_policy *ret_policy)
{
    *ret_policy = (hb_quality_policy){
        .name = "built-in",
        .digest = "built-in",
        .version = "",
        .require_quality_gate = true,
        .gated_tags = default_tags,
        .n_gated_tags = 1,
        .gate = {[HB_CRITERION_SAMPLE_SIZE] = HB_GATE_REQUIRED,
                 [HB_CRITERION_TIME_SPAN] = HB_GATE_REQUIRED,
                 [HB_CRITERION_CONTEXT] = HB_GATE_BLOCKING,
                 [HB_CRITERION_OPEN_FINDINGS] = HB_GATE_BLOCKING,
                 [HB_CRITERION_POOLABILITY] = HB_GATE_BLOCKING,
                 [HB_CRITERION_OUTLIERS] = HB_GATE_BLOCKING,
                 [HB_CRITERION_INDEPENDENCE] = HB_GATE_BLOCKING,
                 [HB_CRITERION_STABILITY] = HB_GATE_BLOCKING,
                 [HB_CRITERION_SHAPE] = HB_GATE_TOLD},
        .min_sample_size = 5,
        .min_time_in_state = {.set = true, .v = 3600},
        .no_unresolved_alerts = true,
        .max_drift_share = 0.1,
        .min_environment_match_score = 1,
        .pool_by = default_groups,
        .n_pool_by = 3,
        .refusal_budget = 0.05,
        .weight = {0.2, 0.3, 0.3, 0.2},
    };
    hb_arena_init(&ret_policy->arena, ARENA_BYTES);
}

static hb_status decode(hb_quality_policy *p, hb_str text, hb_error *err)
{
    const hb_node *root = NULL;
    HB_TRY(hb_yaml_parse(text, p->name, &p->arena, &root, err));
    hb_where top = {.name = p->name, .path = "", .arena = &p->arena};
    HB_TRY(hb_fields_decode(fields, root, &top, p, err));
    double all = 0;
    for (unsigned i = 0; i < HB_CONFIDENCE_COUNT_; i++) {
        all += p->weight[i];
    }
    const hb_pair *weights = hb_node_find(root, "confidence_weights");
    if (!(all > 0)) {
        return HB_FAIL_AT(err, HB_E_CONFIG, p->name, weights ? weights->value->line : 0,
                          weights ? weights->value->col : 0,
                          "'confidence_weights' are all 0; at least one must be above");
    }
    return HB_OK;
}

hb_status hb_quality_policy_parse(hb_str text, const char *name, const char *digest_hex,
                                  hb_quality_policy *ret_policy, hb_error *err)
{
    hb_quality_policy p;
    hb_quality_policy_builtin(&p);
    hb_str_fit(digest_hex, p.digest, sizeof p.digest);
    p.name = hb_arena_str(&p.arena, hb_str_of(name));
    hb_status status = p.name ? decode(&p, text, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_quality_policy_release(&p);
        return status;
    }
    *ret_policy = p;
    return HB_OK;
}

void hb_quality_policy_release(hb_quality_policy *p)
{
    hb_arena_release(&p->arena);
}

bool hb_quality_policy_gates(const hb_quality_policy *p, const char *tag)
{
    bool listed = false;
    for (size_t i = 0; i < p->n_gated_tags; i++) {
        listed = listed || strcmp(p->gated_tags[i], tag) == 0;
    }
    return listed && p->require_quality_gate;
}

void hb_quality_policy_yaml(const hb_quality_policy *p, hb_buf *out)
{
    hb_buf_c(out, "# baseline quality policy ");
    hb_yaml_put_text(hb_str_of(p->name), out);
    hb_buf_fmt(out, ", SHA-256 %s\n", p->digest);
    hb_fields_print(fields, p, 0, out);
}
