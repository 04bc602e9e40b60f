/* SPDX-License-Identifier: Apache-2.0 */
/* hb config check, show, schema. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/config_docs.h"
#include "cli/table.h"

#include "alert/sink.h"
#include "base/mem.h"
#include "config/field.h"
#include "input/profile.h"
#include "source/source.h"
#include "telemetry/registry_fields.h"
#include "telemetry/run_meta.h"

#include <stdio.h>
#include <string.h>

static hb_status check_file(hb_app *app, const char *path, hb_error *err)
{
    char *text = NULL;
    size_t len = 0;
    hb_doc_kind kind = HB_DOC_POLICY;
    char note[HB_DOC_NOTE];
    hb_error why = {0};
    if (hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &len, &why) != HB_OK) {
        return HB_FAIL(err, HB_E_CONFIG, "%s", why.msg);
    }
    hb_status status = hb_config_doc_check(app, (hb_str){text, len}, path, &kind, note, err);
    hb_free(text);
    if (status == HB_OK) {
        hb_buf_fmt(&app->out, "%s: ok (%s)%s%s\n", path, hb_doc_name(kind), *note ? ", " : "",
                   note);
    } else if (status == HB_E_INPUT && err) {
        err->code = HB_E_CONFIG;
    }
    return status == HB_E_INPUT ? HB_E_CONFIG : status;
}

/* Every file is looked at. What is wrong is told file by file, the last by the command's end. */
typedef struct checking {
    hb_app *app;
    hb_error last;
    hb_status status;
} checking;

static void check_next(checking *c, const char *path)
{
    hb_error why = {0};
    hb_status status = check_file(c->app, path, &why);
    if (status != HB_OK) {
        if (c->status != HB_OK) {
            hb_app_tell(&c->last);
        }
        c->last = why;
        c->status = status;
    }
}

static hb_status check_workspace(checking *c, hb_error *err)
{
    hb_app *app = c->app;
    const struct {
        const char *given;
        const char *name;
        bool optional; /* not every lab has one */
    } files[] = {{app->common.metric_registry, "metric_registry.yaml", false},
                 {app->common.baseline_policy, "baseline_policy.yaml", false},
                 {app->common.baseline_quality_policy, "baseline_quality_policy.yaml", false},
                 {app->common.equivalence_mapping, "equivalence_mapping.yaml", false},
                 {NULL, "telemetry_schema.yaml", false},
                 {NULL, "config/daemon.yaml", true},
                 {NULL, "daemon.yaml", true},
                 {NULL, "operators.yaml", true},
                 {NULL, "retention.yaml", true},
                 {NULL, "redaction_policy.yaml", true},
                 /* the original's, which nothing here would read: better told */
                 {NULL, "config/runtime.yaml", true},
                 {NULL, "runtime.yaml", true},
                 {NULL, "config/actions_policy.yaml", true},
                 {NULL, "actions_policy.yaml", true}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = NULL;
        HB_TRY(hb_app_path(app, files[i].given, files[i].name, &path, err));
        if (files[i].given || hb_path_exists(app->os, path)) {
            check_next(c, path);
        } else if (!files[i].optional) {
            hb_buf_fmt(&app->out, "%s: absent, built-in defaults apply\n", path);
        }
    }
    return HB_OK;
}

static hb_status run_check(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    checking c = {.app = app};
    (void)opts;
    (void)ret_exit;
    HB_TRY(hb_app_open_units(app, err));
    for (size_t i = 0; i < args.n; i++) {
        check_next(&c, args.v[i]);
    }
    if (!args.n) {
        HB_TRY(check_workspace(&c, err));
    }
    if (c.status != HB_OK && err) {
        *err = c.last;
    }
    return c.status;
}

const hb_cmd hb_cmd_config_check = {
    .name = "config check",
    .group = "Configuration",
    .summary = "validate configuration files in full",
    .max_args = 1000,
    .args = "[FILE...]",
    .details = "Without FILE: the workspace's metric registry, policies, telemetry_schema.yaml,\n"
               "and daemon.yaml, operators.yaml, retention.yaml and redaction_policy.yaml where\n"
               "they are. Says of each the first thing that is wrong, as FILE:LINE:COLUMN with\n"
               "what was expected.",
    .example = "hb config check",
    .text_only = true,
    .run = run_check,
};

typedef struct show_opts {
    const char *program;
    const char *mode;
} show_opts;

static void limit(hb_buf *b, const char *name, hb_opt_f64 v)
{
    if (v.set) {
        hb_buf_fmt(b, "%s%s ", b->n ? ", " : "", name);
        hb_buf_f64(b, v.v);
    }
}

static void limits(const hb_metric_def *d, hb_buf *b)
{
    const struct {
        const char *name;
        hb_opt_f64 v;
    } rows[] = {{"drift_threshold", d->drift_threshold}, {"drift_percent", d->drift_percent},
                {"drift_spread", d->drift_spread},       {"spread_ratio", d->spread_ratio},
                {"min_effect", d->min_effect},           {"fail_threshold", d->fail_threshold},
                {"invariant_min", d->invariant_min},     {"invariant_max", d->invariant_max},
                {"invariant_eq", d->invariant_eq},       {"uncertainty", d->uncertainty},
                {"ks_threshold", d->ks_threshold},       {"min_coverage", d->min_coverage},
                {"stale_after", d->stale_after_s}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        limit(b, rows[i].name, rows[i].v);
    }
    if (d->critical) {
        hb_buf_fmt(b, "%scritical", b->n ? ", " : "");
    }
    if (d->drift_persistence) {
        hb_buf_fmt(b, "%sdrift_persistence %u", b->n ? ", " : "", d->drift_persistence);
    }
}

static hb_status metric_rows(const hb_registry *r, hb_table_text *t, hb_error *err)
{
    for (size_t i = 0; i <= hb_registry_count(r); i++) {
        const hb_metric_def *d = i ? hb_registry_at(r, i - 1) : hb_registry_defaults(r);
        hb_buf b;
        hb_buf_init(&b, 2000);
        limits(d, &b);
        const char *cells[] = {i ? d->name : "(defaults)", d->unit,
                               i ? hb_reduce_name(d->reduce) : "", b.p};
        hb_table_text_row(t, cells);
        hb_status status = hb_buf_check(&b, err);
        hb_buf_release(&b);
        HB_TRY(status);
    }
    return HB_OK;
}

static void policy_rows(const hb_policy *p, hb_buf *out)
{
    hb_buf_fmt(out, "\nbaseline policy %s\n  sha256 %s\n  strategy %s, tag '%s', rolling_runs %u\n",
               p->name, p->digest, hb_strategy_name(p->strategy), p->tag, p->rolling_runs);
    hb_buf_fmt(out, "  fallback %s, on_no_baseline %s, missing_metric %s\n",
               p->fallback == HB_FALLBACK_LATEST ? "latest" : "none",
               p->on_no_baseline == HB_NO_BASELINE_FAIL ? "fail" : "note",
               p->missing_metric == HB_MISSING_METRIC_DRIFT ? "drift" : "warn");
    hb_buf_c(out, "  context_match");
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (p->context_match[f]) {
            hb_buf_fmt(out, " %s", hb_context_name((hb_context_field)f));
        }
    }
    hb_buf_fmt(out, "\n  distribution_drift_enabled %s, warn_on_mismatch %s, require_approval %s\n",
               p->distribution_drift_enabled ? "true" : "false",
               p->warn_on_mismatch ? "true" : "false", p->require_approval ? "true" : "false");
}

static void quality_rows(const hb_quality_policy *p, hb_buf *out)
{
    hb_buf_fmt(out, "\nbaseline quality policy %s\n  sha256 %s\n", p->name, p->digest);
    hb_buf_fmt(out, "  require_quality_gate %s, min_sample_size %u, min_time_in_state_sec ",
               p->require_quality_gate ? "true" : "false", p->min_sample_size);
    hb_buf_f64(out, p->min_time_in_state.v);
    hb_buf_c(out, "\n ");
    for (unsigned c = 0; c < HB_CRITERION_COUNT_; c++) {
        hb_buf_fmt(out, "%s %s %s", c ? "," : "", hb_criterion_name((hb_criterion)c),
                   hb_gate_name(p->gate[c]));
    }
    hb_buf_ch(out, '\n');
}

static hb_status show_json(hb_app *app, const hb_registry *r, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "metric_registry", hb_registry_name(r));
    hb_json_kc(&j, "metric_registry_sha256", hb_registry_digest(r));
    hb_json_key(&j, "metrics");
    hb_json_obj(&j);
    for (size_t i = 0; i < hb_registry_count(r); i++) {
        const hb_metric_def *d = hb_registry_at(r, i);
        hb_buf b;
        hb_buf_init(&b, 2000);
        limits(d, &b);
        hb_json_key(&j, d->name);
        hb_json_obj(&j);
        hb_json_kc(&j, "unit", d->unit);
        hb_json_kc(&j, "reduce", hb_reduce_name(d->reduce));
        hb_json_kc(&j, "limits", b.p);
        hb_json_end(&j);
        hb_buf_release(&b);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "baseline_policy", app->policy.name);
    hb_json_kc(&j, "baseline_policy_sha256", app->policy.digest);
    hb_json_kc(&j, "strategy", hb_strategy_name(app->policy.strategy));
    hb_json_kc(&j, "baseline_quality_policy", app->quality_policy.name);
    hb_json_kc(&j, "baseline_quality_policy_sha256", app->quality_policy.digest);
    hb_json_kc(&j, "equivalence_mapping", app->equivalences.n ? app->equivalences.name : "");
    hb_json_kc(&j, "equivalence_mapping_sha256", app->equivalences.digest);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status run_show(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const show_opts *o = opts;
    (void)args;
    (void)ret_exit;
    hb_registry *r = NULL;
    HB_TRY(hb_app_load_quality_policy(app, err));
    HB_TRY(hb_app_load_equivalences(app, err));
    HB_TRY(hb_app_registry(app, o->program, o->mode, &r, err));
    hb_status status = HB_OK;
    if (app->common.json) {
        status = show_json(app, r, err);
    } else {
        static const char *const head[] = {"METRIC", "UNIT", "REDUCE", "LIMITS"};
        hb_table_text t;
        hb_buf_fmt(&app->out, "metric registry %s, version %s\n  sha256 %s\n\n",
                   hb_registry_name(r), hb_registry_version(r), hb_registry_digest(r));
        hb_table_text_begin(&t, head, 4);
        status = metric_rows(r, &t, err);
        hb_status ended = hb_table_text_end(&t, &app->out, status == HB_OK ? err : NULL);
        status = status == HB_OK ? ended : status;
        policy_rows(&app->policy, &app->out);
        quality_rows(&app->quality_policy, &app->out);
        if (app->equivalences.n) {
            hb_buf_fmt(&app->out, "\nequivalence mapping %s\n  sha256 %s\n  %zu mappings\n",
                       app->equivalences.name, app->equivalences.digest, app->equivalences.n);
        }
    }
    hb_registry_free(r);
    return status;
}

static const hb_opt show_table[] = {
    {.name = "program",
     .kind = HB_OPT_STRING,
     .offset = offsetof(show_opts, program),
     .arg = "NAME",
     .help = "with the overrides of this program"},
    {.name = "mode",
     .kind = HB_OPT_STRING,
     .offset = offsetof(show_opts, mode),
     .arg = "NAME",
     .help = "with the overrides of this operating mode"},
    {0},
};

const hb_cmd hb_cmd_config_show = {
    .name = "config show",
    .group = "Configuration",
    .summary = "the configuration in force",
    .needs = HB_NEED_POLICY,
    .opts = show_table,
    .opts_size = sizeof(show_opts),
    .details = "Limits after defaults and overrides, and the digests that decisions carry.",
    .example = "hb config show",
    .run = run_show,
};

static hb_status write_schema(hb_doc_kind kind, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    hb_json_kc(&j, "title", hb_doc_name(kind));
    if (kind == HB_DOC_POLICY) { /* the keys may stand at the top or below `baseline_policy` */
        hb_json_key(&j, "anyOf");
        hb_json_arr(&j);
        hb_json_obj(&j);
        hb_fields_schema(hb_doc_fields(kind), &j);
        hb_json_end(&j);
        hb_json_obj(&j);
        hb_json_kc(&j, "type", "object");
        hb_json_kb(&j, "additionalProperties", false);
        hb_json_key(&j, "properties");
        hb_json_obj(&j);
        hb_json_key(&j, "baseline_policy");
        hb_json_obj(&j);
        hb_fields_schema(hb_doc_fields(kind), &j);
        hb_json_end(&j);
        hb_json_end(&j);
        hb_json_end(&j);
        hb_json_end(&j);
    } else {
        hb_fields_schema(hb_doc_fields(kind), &j);
    }
    if (kind == HB_DOC_REGISTRY) {
        hb_json_key(&j, "$defs");
        hb_json_obj(&j);
        hb_json_key(&j, "metric");
        hb_json_obj(&j);
        hb_fields_schema(hb_metric_fields, &j);
        hb_json_end(&j);
        hb_json_key(&j, "override");
        hb_json_raw(&j, HB_STR("{\"type\": \"object\", \"additionalProperties\": false, "
                               "\"properties\": {\"metrics\": {\"type\": \"object\", "
                               "\"additionalProperties\": {\"$ref\": \"#/$defs/metric\"}}}}"));
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}

typedef struct schema_opts {
    bool reference;
} schema_opts;

/* Keys that stand beside a source's or a sink's name. */
static void plugins_reference(hb_buf *out)
{
    for (size_t i = 0; hb_sources[i]; i++) {
        hb_buf_fmt(out, "\n# Keys of source %s (%s):\n", hb_sources[i]->name,
                   hb_sources[i]->summary);
        hb_fields_reference(hb_sources[i]->fields, 0, out);
    }
    for (size_t i = 0; hb_sinks[i]; i++) {
        hb_buf_fmt(out, "\n# Keys of alert sink %s (%s):\n", hb_sinks[i]->name,
                   hb_sinks[i]->summary);
        hb_fields_reference(hb_sinks[i]->fields, 0, out);
    }
}

static hb_status run_schema(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const schema_opts *o = opts;
    (void)ret_exit;
    for (unsigned k = 0; k < HB_DOC_COUNT; k++) {
        if (strcmp(args.v[0], hb_doc_name(k)) != 0) {
            continue;
        }
        if (!o->reference) {
            return write_schema((hb_doc_kind)k, &app->out, err);
        }
        hb_fields_reference(hb_doc_fields((hb_doc_kind)k), 0, &app->out);
        if (k == HB_DOC_REGISTRY) {
            hb_buf_c(&app->out, "\n# Keys of one metric:\n");
            hb_fields_reference(hb_metric_fields, 0, &app->out);
        }
        if (k == HB_DOC_DAEMON) {
            plugins_reference(&app->out);
        }
        return HB_OK;
    }
    hb_buf known;
    hb_buf_init(&known, 1000);
    for (unsigned k = 0; k < HB_DOC_COUNT; k++) {
        hb_buf_fmt(&known, "%s%s", k ? ", " : "", hb_doc_name((hb_doc_kind)k));
    }
    hb_status status =
        HB_FAIL(err, HB_E_USAGE, "no document '%.60s'; known: %s", args.v[0], known.p);
    hb_buf_release(&known);
    return status;
}

static const hb_opt schema_table[] = {
    {.name = "reference",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(schema_opts, reference),
     .help = "every key with its meaning, as commented YAML, instead of JSON Schema"},
    {0},
};

const hb_cmd hb_cmd_config_schema = {
    .name = "config schema",
    .group = "Configuration",
    .summary = "JSON Schema or reference of a configuration document",
    .opts = schema_table,
    .opts_size = sizeof(schema_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "DOCUMENT",
    .details = "DOCUMENT: metric-registry, baseline-policy, baseline-quality-policy,\n"
               "operators, run-meta, profile, equivalence-mapping, telemetry-schema or daemon.\n"
               "The same tables validate the files.",
    .example = "hb config schema metric-registry --reference",
    .run = run_schema,
};
