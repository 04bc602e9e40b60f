/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/run_meta.h"

#include "config/field.h"
#include "telemetry/factors.h"

#include <string.h>

static const char *const context_names[HB_CONTEXT_COUNT] = {
    [HB_CONTEXT_OPERATING_MODE] = "operating_mode",
    [HB_CONTEXT_SCENARIO_ID] = "scenario_id",
    [HB_CONTEXT_SENSOR_CONFIG_ID] = "sensor_config_id",
    [HB_CONTEXT_INPUT_DATA_VERSION] = "input_data_version",
    [HB_CONTEXT_ENVIRONMENT_FINGERPRINT] = "environment_fingerprint",
    [HB_CONTEXT_ENVIRONMENT] = "environment",
};

const char *hb_context_name(hb_context_field f)
{
    return (unsigned)f < HB_CONTEXT_COUNT ? context_names[f] : "?";
}

void hb_run_meta_init(hb_run_meta *meta)
{
    *meta = (hb_run_meta){.run_id = "",
                          .program = "",
                          .subsystem = "",
                          .test_name = "",
                          .git_sha = "",
                          .build_id = "",
                          .source_system = "",
                          .schema_version = "",
                          .correlation_id = "",
                          .start = HB_TIME_NONE,
                          .end = HB_TIME_NONE};
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        meta->context[f] = "";
    }
}

static hb_status decode_time(const hb_where *where, const hb_node *value, hb_time *out,
                             hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_node_text(value, where, &text, err));
    if (*text == '\0') {
        return HB_OK; /* the original writes empty times */
    }
    if (!hb_time_parse(text, strlen(text), out, NULL)) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' must be a time such as 2026-11-23T20:55:01Z, got '%.60s'",
                          where->path, text);
    }
    return HB_OK;
}

static hb_status decode_start(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    return decode_time(where, value, &((hb_run_meta *)out)->start, err);
}

static hb_status decode_end(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    return decode_time(where, value, &((hb_run_meta *)out)->end, err);
}

static hb_status decode_factors(const hb_where *where, const hb_node *value, void *out,
                                hb_error *err)
{
    hb_run_meta *meta = out;
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    for (size_t i = 0; i < value->n; i++) {
        const hb_pair *pair = &value->pairs[i];
        hb_where below;
        const char *text = "";
        hb_error why = {0};
        HB_TRY(hb_where_below(where, pair->key, &below, err));
        if (!hb_node_is_null(pair->value)) {
            HB_TRY(hb_node_text(pair->value, &below, &text, err));
        }
        hb_status status = hb_factors_put(meta, where->arena, pair->key, hb_str_of(text), &why);
        if (status != HB_OK) {
            return HB_FAIL_AT(err, status == HB_E_NOMEM ? status : HB_E_CONFIG, where->name,
                              pair->line, pair->col, "%s", why.msg);
        }
    }
    return HB_OK;
}

enum { MAX_TEXT_BYTES = 1000 };

#define TEXT_AT(name, place, words)                                                       \
    {                                                                                     \
        .key = (name), .kind = HB_FIELD_STRING, .offset = (place), .max = MAX_TEXT_BYTES, \
        .doc = (words)                                                                    \
    }
#define TEXT(name, member, words) TEXT_AT(name, offsetof(hb_run_meta, member), words)
#define CONTEXT(name, f, words) \
    TEXT_AT(name, offsetof(hb_run_meta, context) + (size_t)(f) * sizeof(const char *), words)

static const hb_field build_fields[] = {
    TEXT("git_sha", git_sha, "Revision of what was tested."),
    TEXT("build_id", build_id, "Build of what was tested."),
    {0},
};

static const hb_field toolchain_fields[] = {
    TEXT("source_system", source_system, "What wrote the data; the reader's own name wins."),
    {0},
};

#define FACTORS_SCHEMA                                               \
    "{\"type\": \"object\", \"maxProperties\": 16, "                 \
    "\"propertyNames\": {\"pattern\": \"^[a-z][a-z0-9_]{0,63}$\"}, " \
    "\"additionalProperties\": {\"type\": [\"string\", \"number\", \"null\"]}}"
#define TIME_SCHEMA "{\"type\": \"string\"}"
static const hb_field time_fields[] = {
    {.key = "start_utc",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_start,
     .schema = TIME_SCHEMA,
     .doc = "ISO 8601; without an offset it is UTC."},
    {.key = "end_utc",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_end,
     .schema = TIME_SCHEMA,
     .doc = "ISO 8601, not before start_utc."},
    {0},
};

static const hb_field fields[] = {
    TEXT("run_id", run_id, "Name of the run and its folder: 1 to 128 of A-Z a-z 0-9 . _ -"),
    TEXT("program", program, "Only runs of the same program are compared."),
    TEXT("subsystem", subsystem, "Only runs of the same subsystem are compared."),
    TEXT("test_name", test_name, "Only runs of the same test are compared."),
    CONTEXT("environment", HB_CONTEXT_ENVIRONMENT, "Context: lab, bench, chamber …"),
    CONTEXT("operating_mode", HB_CONTEXT_OPERATING_MODE, "Context; also selects mode_overrides."),
    CONTEXT("scenario_id", HB_CONTEXT_SCENARIO_ID, "Context: what was run."),
    CONTEXT("sensor_config_id", HB_CONTEXT_SENSOR_CONFIG_ID, "Context: how it was measured."),
    CONTEXT("input_data_version", HB_CONTEXT_INPUT_DATA_VERSION, "Context: what was fed in."),
    CONTEXT("environment_fingerprint", HB_CONTEXT_ENVIRONMENT_FINGERPRINT,
            "Context: what the machine was."),
    {.key = "build", .kind = HB_FIELD_MAP, .sub = build_fields, .doc = "What was tested."},
    {.key = "factors",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_factors,
     .schema = FACTORS_SCHEMA,
     .doc = "What may explain a change though runs need not agree in it: rig, unit, operator …"},
    {.key = "timestamps", .kind = HB_FIELD_MAP, .sub = time_fields, .doc = "When."},
    {.key = "toolchain", .kind = HB_FIELD_MAP, .sub = toolchain_fields, .doc = "With what."},
    TEXT("schema_version", schema_version, "Version of this document as its writer counts."),
    TEXT("correlation_id", correlation_id, "The lab's own reference."),
    {0},
};

const struct hb_field *hb_run_meta_fields(void)
{
    return fields;
}

static hb_status decode(hb_str text, const char *name, hb_arena *arena, hb_run_meta *meta,
                        hb_error *err)
{
    const hb_node *root = NULL;
    HB_TRY(hb_yaml_parse(text, name, arena, &root, err));
    hb_where where = {.name = name, .path = "", .arena = arena};
    HB_TRY(hb_fields_decode(fields, root, &where, meta, err));
    if (meta->start != HB_TIME_NONE && meta->end != HB_TIME_NONE && meta->end < meta->start) {
        return HB_FAIL_AT(err, HB_E_CONFIG, name, root->line, root->col,
                          "'timestamps.end_utc' is before 'timestamps.start_utc'");
    }
    const hb_pair *id = hb_node_find(root, "run_id");
    if (*meta->run_id && hb_run_id_check(hb_str_of(meta->run_id), err) != HB_OK) {
        hb_error why = *err;
        return HB_FAIL_AT(err, HB_E_CONFIG, name, id->value->line, id->value->col, "%s", why.msg);
    }
    return HB_OK;
}

hb_status hb_run_meta_parse(hb_str text, const char *name, hb_arena *arena, hb_run_meta *ret_meta,
                            hb_error *err)
{
    hb_error local = {0};
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    hb_status status = decode(text, name, arena, &meta, &local);
    if (status != HB_OK) {
        /* A run's description is input, not configuration: exit code 2, not 3. */
        local.code = status == HB_E_CONFIG ? HB_E_INPUT : status;
        if (err) {
            *err = local;
        }
        return local.code;
    }
    *ret_meta = meta;
    return HB_OK;
}

static bool id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

hb_status hb_run_id_check(hb_str run_id, hb_error *err)
{
    bool good = run_id.n >= 1 && run_id.n <= 128 && run_id.p[0] != '.' && run_id.p[0] != '-';
    for (size_t i = 0; i < run_id.n && good; i++) {
        good = id_byte(run_id.p[i]);
    }
    if (good) {
        return HB_OK;
    }
    return HB_FAIL(
        err, HB_E_INPUT,
        "run_id '%.*s' cannot name a folder: expected 1 to 128 of A-Z a-z 0-9 . _ - and no "
        "'.' or '-' in front",
        (int)(run_id.n < 80 ? run_id.n : 80), run_id.p);
}
