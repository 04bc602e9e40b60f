/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact_policy.h"

#include "config/field.h"

#include <string.h>

/* Paths of the original's run_meta.json, of ours, and the bare names. */
static const struct known {
    const char *path;
    hb_redact_what what;
    hb_context_field context;
} known[] = {
    {"build.build_id", HB_REDACT_BUILD_ID, 0},
    {"build_id", HB_REDACT_BUILD_ID, 0},
    {"build.git_sha", HB_REDACT_GIT_SHA, 0},
    {"git_sha", HB_REDACT_GIT_SHA, 0},
    {"build_sha", HB_REDACT_GIT_SHA, 0},
    {"subsystem", HB_REDACT_SUBSYSTEM, 0},
    {"test_name", HB_REDACT_TEST_NAME, 0},
    {"toolchain.source_system", HB_REDACT_SOURCE_SYSTEM, 0},
    {"source_system", HB_REDACT_SOURCE_SYSTEM, 0},
    {"schema_version", HB_REDACT_SCHEMA_VERSION, 0},
    {"correlation_id", HB_REDACT_CORRELATION_ID, 0},
    {"inputs.name", HB_REDACT_INPUT_NAME, 0},
    {"inputs.path", HB_REDACT_INPUT_PATH, 0},
};

static const struct refused {
    const char *path;
    const char *why;
} refused[] = {
    {"run_id", "a run is found by it, in approvals and in the log"},
    {"case", "a pack is about it"},
    {"program", "a run is decided and governed by it"},
    {"timestamps.start_utc", "the order of runs is decided by it"},
    {"timestamps.end_utc", "it is a figure, and only texts can be hidden"},
    {"timestamps", "they are figures, and only texts can be hidden"},
    {"metrics", "findings name them"},
};

#define PATHS                                                                           \
    "build.build_id, build.git_sha, subsystem, test_name, toolchain.source_system, "    \
    "schema_version, correlation_id, context.NAME (operating_mode, scenario_id, "       \
    "sensor_config_id, input_data_version, environment_fingerprint, environment; also " \
    "without 'context.'), factors.NAME, inputs.name, inputs.path"

static const char *behind(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

static bool is_factor_name(const char *name)
{
    bool good = *name >= 'a' && *name <= 'z' && strlen(name) <= 64;
    for (const char *c = name; *c; c++) {
        good = good && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
    }
    return good;
}

static bool find_path(const char *path, hb_redact_rule *rule)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(path, known[i].path) == 0) {
            rule->what = known[i].what;
            return true;
        }
    }
    const char *context = behind(path, "context.");
    for (int f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (strcmp(context ? context : path, hb_context_name((hb_context_field)f)) == 0) {
            rule->what = HB_REDACT_CONTEXT;
            rule->context = (hb_context_field)f;
            return true;
        }
    }
    rule->factor = behind(path, "factors.");
    rule->what = HB_REDACT_FACTOR;
    return rule->factor && is_factor_name(rule->factor);
}

static hb_status decode_path(const hb_pair *pair, const hb_where *where, hb_redact_rule *rule,
                             hb_error *err)
{
    rule->path = pair->key.p;
    if (find_path(pair->key.p, rule)) {
        return HB_OK;
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *rest = behind(pair->key.p, refused[i].path);
        if (rest && (*rest == '\0' || *rest == '.')) {
            return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                              "'%.80s' cannot be hidden: %s", pair->key.p, refused[i].why);
        }
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                      "there is no field '%.80s'; there are " PATHS, pair->key.p);
}

static hb_status decode_action(const hb_pair *pair, const hb_where *where, hb_hide_action *ret,
                               hb_error *err)
{
    const char *name = NULL;
    HB_TRY(hb_node_text(pair->value, where, &name, err));
    for (int a = 0; a < HB_HIDE_FOLLOWS; a++) {
        if (strcmp(name, hb_hide_action_name((hb_hide_action)a)) == 0) {
            *ret = (hb_hide_action)a;
            return HB_OK;
        }
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->value->line, pair->value->col,
                      "'%s' must be hash, redact or truncate, got '%.40s'", where->path, name);
}

static bool is_same_field(const hb_redact_rule *a, const hb_redact_rule *b)
{
    return a->what == b->what && a->context == b->context &&
           (a->what != HB_REDACT_FACTOR || strcmp(a->factor, b->factor) == 0);
}

static hb_status decode_rules(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_redact_profile *p = out;
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    if (value->n > HB_REDACT_RULES_MAX) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "more than %d fields in '%s'", HB_REDACT_RULES_MAX, where->path);
    }
    p->rules = hb_arena_array(where->arena, value->n + 1, sizeof *p->rules);
    if (!p->rules) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < value->n; i++) {
        const hb_pair *pair = &value->pairs[i];
        hb_redact_rule rule = {.path = NULL};
        hb_where below;
        HB_TRY(hb_where_below(where, pair->key, &below, err));
        HB_TRY(decode_path(pair, where, &rule, err));
        HB_TRY(decode_action(pair, &below, &rule.action, err));
        for (size_t k = 0; k < p->n_rules; k++) {
            if (is_same_field(&p->rules[k], &rule)) {
                return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                                  "'%.80s' and '%.80s' are the same field", p->rules[k].path,
                                  rule.path);
            }
        }
        p->rules[p->n_rules++] = rule;
    }
    return HB_OK;
}

#define RULES_SCHEMA                                                                \
    "{\"type\":\"object\",\"additionalProperties\":{\"enum\":[\"hash\",\"redact\"," \
    "\"truncate\"]}}"

static const hb_field profile_fields[] = {
    {.key = "redact",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_rules,
     .schema = RULES_SCHEMA,
     .doc = "As 'redact' at the top."},
    {.key = "drop",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_redact_profile, drop),
     .offset_n = offsetof(hb_redact_profile, n_drop),
     .max = HB_PACK_PATH_BYTES,
     .doc = "Raw files and folders of the pack that are taken out, as --drop. Where a field is "
            "hidden all raw files are taken out anyway."},
    {0},
};

static hb_status add_profile(hb_redact_policy *p, const hb_redact_profile *one,
                             const hb_where *where, const hb_node *at, hb_error *err)
{
    if (p->n_profiles == HB_REDACT_PROFILES_MAX || one->n_drop > HB_REDACT_DROP_MAX) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, at->line, at->col,
                          "more than %d profiles, or %d files to drop", HB_REDACT_PROFILES_MAX,
                          HB_REDACT_DROP_MAX);
    }
    p->profiles[p->n_profiles++] = *one;
    return HB_OK;
}

static hb_status decode_top(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_redact_profile one = {.name = ""};
    HB_TRY(decode_rules(where, value, &one, err));
    return add_profile(out, &one, where, value, err);
}

static hb_status decode_profiles(const hb_where *where, const hb_node *value, void *out,
                                 hb_error *err)
{
    HB_TRY(hb_node_expect(value, HB_NODE_MAP, where, err));
    for (size_t i = 0; i < value->n; i++) {
        hb_redact_profile one = {.name = value->pairs[i].key.p};
        hb_where below;
        HB_TRY(hb_where_below(where, value->pairs[i].key, &below, err));
        HB_TRY(hb_fields_decode(profile_fields, value->pairs[i].value, &below, &one, err));
        HB_TRY(add_profile(out, &one, where, value->pairs[i].value, err));
    }
    return HB_OK;
}

static const hb_field fields[] = {
    {.key = "redact",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_top,
     .schema = RULES_SCHEMA,
     .doc =
         "What is hidden where no profile is named. Field: action. Actions: redact ([REDACTED]), "
         "hash (a token by the pack's secret), truncate (the beginning). Fields: " PATHS "."},
    {.key = "profiles",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_profiles,
     .schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\","
               "\"additionalProperties\":false,\"properties\":{\"redact\":" RULES_SCHEMA ","
               "\"drop\":{\"type\":[\"array\",\"string\"],\"items\":{\"type\":\"string\"}}}}}",
     .doc = "Name: what is hidden for whom, as a map of 'redact' (field: action) and 'drop' (raw "
            "files); hb redact --profile NAME."},
    {0},
};

const hb_field *hb_redact_policy_fields(void)
{
    return fields;
}

static hb_status decode(hb_redact_policy *p, hb_str text, const char *name, hb_error *err)
{
    const hb_node *root = NULL;
    const hb_where top = {.name = name, .path = "", .arena = &p->arena};
    HB_TRY(hb_yaml_parse(text, name, &p->arena, &root, err));
    HB_TRY(hb_fields_decode(fields, root, &top, p, err));
    p->name = hb_arena_str(&p->arena, hb_str_of(name));
    return p->name ? HB_OK : HB_NOMEM(err);
}

hb_status hb_redact_policy_parse(hb_str text, const char *name, hb_redact_policy *ret,
                                 hb_error *err)
{
    hb_redact_policy p = {.n_profiles = 0};
    hb_arena_init(&p.arena, HB_NODE_ARENA_BYTES);
    hb_status status = decode(&p, text, name, err);
    if (status != HB_OK) {
        hb_arena_release(&p.arena);
        return status;
    }
    *ret = p;
    return HB_OK;
}

void hb_redact_policy_release(hb_redact_policy *p)
{
    hb_arena_release(&p->arena);
}

hb_status hb_redact_policy_choose(const hb_redact_policy *p, const char *profile,
                                  const hb_redact_profile **ret, hb_error *err)
{
    char names[240] = "";
    for (size_t i = 0; i < p->n_profiles; i++) {
        const char *name = p->profiles[i].name;
        if (strcmp(name, profile ? profile : "") == 0) {
            *ret = &p->profiles[i];
            return HB_OK;
        }
        size_t n = strlen(names);
        if (*name && n + strlen(name) + 3 < sizeof names) {
            hb_str_fit(n ? ", " : "", names + n, sizeof names - n);
            hb_str_fit(name, names + strlen(names), sizeof names - strlen(names));
        }
    }
    return profile ? HB_FAIL(err, HB_E_USAGE, "'%s' has no profile '%.80s'; it has: %s", p->name,
                             profile, *names ? names : "none")
                   : HB_FAIL(err, HB_E_USAGE,
                             "'%s' says nothing of what is hidden without --profile; it has: %s",
                             p->name, *names ? names : "no profiles");
}
