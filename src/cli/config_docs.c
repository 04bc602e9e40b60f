/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_docs.h"

#include "cli/operators_shared.h"
#include "config/field.h"
#include "daemon/config.h"
#include "export/redact_policy.h"
#include "export/retention.h"
#include "input/profile.h"
#include "telemetry/normalise.h"
#include "telemetry/run_meta.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[HB_DOC_COUNT] = {
    [HB_DOC_REGISTRY] = "metric-registry",
    [HB_DOC_POLICY] = "baseline-policy",
    [HB_DOC_RUN_META] = "run-meta",
    [HB_DOC_PROFILE] = "profile",
    [HB_DOC_QUALITY] = "baseline-quality-policy",
    [HB_DOC_EQUIVALENCE] = "equivalence-mapping",
    [HB_DOC_TELEMETRY] = "telemetry-schema",
    [HB_DOC_DAEMON] = "daemon",
    [HB_DOC_OPERATORS] = "operators",
    [HB_DOC_RETENTION] = "retention",
    [HB_DOC_REDACTION] = "redaction-policy",
};

const char *hb_doc_name(hb_doc_kind k)
{
    return (unsigned)k < HB_DOC_COUNT ? kind_names[k] : "?";
}

/* By the keys at the top: each kind has some that no other has. */
static hb_doc_kind kind_of(const hb_node *root)
{
    static const struct {
        const char *key;
        hb_doc_kind kind;
    } rows[] = {{"retention", HB_DOC_RETENTION},
                {"redact", HB_DOC_REDACTION},
                {"profiles", HB_DOC_REDACTION},
                {"hot_days", HB_DOC_RETENTION},
                {"archive_days", HB_DOC_RETENTION},
                {"operators", HB_DOC_OPERATORS},
                {"approvals_required", HB_DOC_OPERATORS},
                {"field_mapping", HB_DOC_TELEMETRY},
                {"source", HB_DOC_DAEMON},
                {"windows", HB_DOC_DAEMON},
                {"window_sec", HB_DOC_DAEMON},
                {"interval_sec", HB_DOC_DAEMON},
                {"alert_sinks", HB_DOC_DAEMON},
                {"baseline_tag", HB_DOC_DAEMON},
                {"mappings", HB_DOC_EQUIVALENCE},
                {"require_quality_gate", HB_DOC_QUALITY},
                {"acceptance_criteria", HB_DOC_QUALITY},
                {"confidence_weights", HB_DOC_QUALITY},
                {"gated_tags", HB_DOC_QUALITY},
                {"criteria", HB_DOC_QUALITY},
                {"metrics", HB_DOC_REGISTRY},
                {"defaults", HB_DOC_REGISTRY},
                {"mode_overrides", HB_DOC_REGISTRY},
                {"programs", HB_DOC_REGISTRY},
                {"version", HB_DOC_REGISTRY},
                {"run_id", HB_DOC_RUN_META},
                {"test_name", HB_DOC_RUN_META},
                {"timestamps", HB_DOC_RUN_META},
                {"program", HB_DOC_RUN_META},
                {"names", HB_DOC_PROFILE}};
    const hb_pair *sources = hb_node_find(root, "sources"); /* telemetry_schema.yaml has a map */
    if (sources && sources->value->kind == HB_NODE_LIST) {
        return HB_DOC_DAEMON;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_node_find(root, rows[i].key)) {
            return rows[i].kind;
        }
    }
    return HB_DOC_POLICY;
}

/* Documents of the original that have no place here: by a key of theirs. */
static hb_status check_known(const hb_node *root, const char *path, hb_error *err)
{
    static const struct {
        const char *key;
        const char *instead;
    } rows[] = {
        {"window_size_sec", "runtime"},
        {"slide_sec", "runtime"},
        {"max_buckets", "runtime"},
        {"allowed_lateness_sec", "runtime"},
        {"latency_metrics", "runtime"},
        {"safety_gate", "actions"},
        {"decision_authority", "actions"},
        {"fail_safe_on_timing", "actions"},
        {"max_allowed_tier", "actions"},
        {"hb_mode", "actions"},
        {"require_two_man_for_tier3", "actions"},
        {"rules", "actions"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const hb_pair *pair = hb_node_find(root, rows[i].key);
        if (pair && rows[i].instead[0] == 'r') {
            return HB_FAIL_AT(err, HB_E_CONFIG, path, pair->line, pair->col,
                              "'%s' belongs to runtime.yaml, which is not used: write daemon.yaml "
                              "with 'windows: [{size: 10s, slide: 1s}]', 'lateness' and "
                              "'late_event_policy' (hb config schema daemon --reference)",
                              rows[i].key);
        }
        if (pair) {
            return HB_FAIL_AT(
                err, HB_E_CONFIG, path, pair->line, pair->col,
                "'%s' belongs to actions_policy.yaml, which is not used: nothing here "
                "acts on hardware; write 'alert_rules' and 'alert_sinks' (webhook, "
                "exec, mqtt) in daemon.yaml and let what receives them act",
                rows[i].key);
        }
    }
    return HB_OK;
}

hb_status hb_config_doc_check(hb_app *app, hb_str text, const char *path, hb_doc_kind *ret_kind,
                              char note[HB_DOC_NOTE], hb_error *err)
{
    hb_arena arena;
    note[0] = '\0';
    hb_arena_init(&arena, 32 << 20);
    const hb_node *root = NULL;
    hb_status status = hb_yaml_parse(text, path, &arena, &root, err);
    if (status == HB_OK) {
        status = check_known(root, path, err);
    }
    if (status == HB_OK) {
        *ret_kind = kind_of(root);
        if (*ret_kind == HB_DOC_REGISTRY) {
            hb_registry *r = NULL;
            status = hb_registry_parse(text, path, NULL, NULL, "", app->units, &r, err);
            hb_registry_free(r);
        } else if (*ret_kind == HB_DOC_RUN_META) {
            hb_run_meta meta;
            status = hb_run_meta_parse(text, path, &arena, &meta, err);
        } else if (*ret_kind == HB_DOC_PROFILE) {
            hb_input_profile p;
            status = hb_input_profile_parse(text, path, &p, err);
            if (status == HB_OK) {
                hb_input_profile_release(&p);
            }
        } else if (*ret_kind == HB_DOC_QUALITY) {
            hb_quality_policy p;
            status = hb_quality_policy_parse(text, path, "", &p, err);
            if (status == HB_OK) {
                hb_quality_policy_release(&p);
            }
        } else if (*ret_kind == HB_DOC_DAEMON) {
            hb_daemon_config c;
            status = hb_daemon_config_parse(text, path, &c, err);
            if (status == HB_OK) {
                snprintf(note, HB_DOC_NOTE, "%s%s%s%s", *c.unread ? "not read with source " : "",
                         *c.unread ? c.sources[0].name : "", *c.unread ? ": " : "", c.unread);
                hb_daemon_config_release(&c);
            }
        } else if (*ret_kind == HB_DOC_OPERATORS) {
            hb_operators_text t = {0};
            status = hb_operators_text_read(app, path, &t, err); /* with the keys it names */
            hb_operators_free(t.operators);
        } else if (*ret_kind == HB_DOC_RETENTION) {
            hb_retention_policy p;
            status = hb_retention_policy_parse(text, path, &p, err);
            if (status == HB_OK) {
                hb_retention_policy_release(&p);
            }
        } else if (*ret_kind == HB_DOC_REDACTION) {
            hb_redact_policy p;
            status = hb_redact_policy_parse(text, path, &p, err);
            if (status == HB_OK) {
                hb_redact_policy_release(&p);
            }
        } else if (*ret_kind == HB_DOC_EQUIVALENCE) {
            hb_equivalence_mapping m;
            status = hb_equivalence_parse(text, path, "", &m, err);
            if (status == HB_OK) {
                hb_equivalence_release(&m);
            }
        } else if (*ret_kind == HB_DOC_TELEMETRY) {
            hb_telemetry_schema *s = NULL;
            status = hb_telemetry_schema_parse(text, path, &s, err);
            hb_telemetry_schema_free(s);
        } else {
            hb_policy p;
            status = hb_policy_parse(text, path, "", &p, err);
            if (status == HB_OK) {
                hb_policy_release(&p);
            }
        }
    }
    hb_arena_release(&arena);
    return status;
}

const struct hb_field *hb_doc_fields(hb_doc_kind kind)
{
    switch (kind) {
    case HB_DOC_REGISTRY:
        return hb_registry_fields();
    case HB_DOC_POLICY:
        return hb_policy_fields();
    case HB_DOC_RUN_META:
        return hb_run_meta_fields();
    case HB_DOC_PROFILE:
        return hb_input_profile_fields();
    case HB_DOC_QUALITY:
        return hb_quality_policy_fields();
    case HB_DOC_EQUIVALENCE:
        return hb_equivalence_fields();
    case HB_DOC_TELEMETRY:
        return hb_telemetry_schema_fields();
    case HB_DOC_DAEMON:
        return hb_daemon_config_fields();
    case HB_DOC_OPERATORS:
        return hb_operators_fields();
    case HB_DOC_RETENTION:
        return hb_retention_policy_fields();
    case HB_DOC_REDACTION:
        return hb_redact_policy_fields();
    case HB_DOC_COUNT:
        break;
    }
    return NULL;
}
