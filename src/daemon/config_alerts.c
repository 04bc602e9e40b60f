/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of daemon.yaml about alerts, and the factors. */
#include "daemon/config_internal.h"

#include "telemetry/factors.h"

#include <stdio.h>
#include <string.h>

#define FAIL_NODE(where, node, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (where)->name, (node)->line, (node)->col, __VA_ARGS__)

/* --- sinks --- */

static hb_status add_sink(hb_daemon_raw *raw, const char *kind, const char *name,
                          const hb_node *own, const hb_node *at, const hb_where *where,
                          hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    hb_daemon_sink *s = &c->sinks[c->n_sinks];
    s->ops = hb_sink_find(kind);
    s->name = name ? name : kind;
    if (!s->ops) {
        char all[300] = "";
        size_t used = 0;
        for (size_t i = 0; hb_sinks[i] && used < sizeof all; i++) {
            int n =
                snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", hb_sinks[i]->name);
            used += n > 0 ? (size_t)n : 0;
        }
        return FAIL_NODE(where, at, err, "there is no alert sink '%.60s'; known: %s", kind, all);
    }
    HB_TRY(hb_daemon_name(s->name, at, where, err));
    for (size_t i = 0; i < c->n_sinks; i++) {
        if (strcmp(c->sinks[i].name, s->name) == 0) {
            return FAIL_NODE(where, at, err,
                             "two alert sinks are named '%s'; give each a 'name' of its own",
                             s->name);
        }
    }
    s->config = hb_arena_alloc(&c->arena, s->ops->config_size ? s->ops->config_size : 1);
    if (!s->config) {
        return HB_NOMEM(err);
    }
    if (s->ops->defaults) {
        s->ops->defaults(s->config);
    }
    HB_TRY(hb_fields_decode(s->ops->fields, own, where, s->config, err));
    hb_error why = {0};
    if (s->ops->check && s->ops->check(s->config, &why) != HB_OK) {
        return FAIL_NODE(where, at, err, "alert sink '%s': %s", s->name, why.msg);
    }
    c->n_sinks++;
    return HB_OK;
}

/* A sink by its name alone; webhook_url is the webhook's. */
static hb_status named_sink(hb_daemon_raw *raw, const hb_node *node, const hb_where *where,
                            hb_error *err)
{
    const char *kind = NULL;
    HB_TRY(hb_node_text(node, where, &kind, err));
    hb_pair url = {
        .key = HB_STR("url"), .line = node->line, .col = node->col, .value = raw->webhook_url};
    bool has_url = strcmp(kind, "webhook") == 0 && raw->webhook_url &&
                   !hb_node_is_null(raw->webhook_url) && raw->webhook_url->text.n;
    const hb_node own = {.kind = HB_NODE_MAP,
                         .line = node->line,
                         .col = node->col,
                         .pairs = &url,
                         .n = has_url ? 1 : 0};
    return add_sink(raw, kind, NULL, &own, node, where, err);
}

static hb_status one_sink(hb_daemon_raw *raw, const hb_node *node, size_t i, const hb_where *top,
                          hb_error *err)
{
    static const char *const own_keys[] = {"sink", "name", NULL};
    const char *kind = NULL;
    const char *name = NULL;
    hb_node *own = NULL;
    hb_where where;
    HB_TRY(hb_daemon_entry(top, "alert_sinks", i, &where, err));
    if (node->kind == HB_NODE_SCALAR) {
        return named_sink(raw, node, &where, err);
    }
    HB_TRY(hb_node_expect(node, HB_NODE_MAP, &where, err));
    HB_TRY(hb_daemon_text(node, "sink", &where, &kind, err));
    HB_TRY(hb_daemon_text(node, "name", &where, &name, err));
    if (!kind) {
        return FAIL_NODE(&where, node, err, "key 'sink' is missing in %s: what kind of sink",
                         where.path);
    }
    HB_TRY(hb_daemon_without(node, own_keys, &where, &own, err));
    return add_sink(raw, kind, name, own, node, &where, err);
}

hb_status hb_daemon_take_sinks(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    static const hb_node standard = {.kind = HB_NODE_SCALAR,
                                     .text = {.p = "stdout", .n = sizeof "stdout" - 1}};
    hb_daemon_config *c = &raw->c;
    const hb_node *list = raw->sinks ? raw->sinks : &standard;
    c->sinks = hb_arena_array(&c->arena, HB_DAEMON_SINKS_MAX, sizeof *c->sinks);
    const char **names = hb_arena_array(&c->arena, HB_DAEMON_SINKS_MAX, sizeof *names);
    if (!c->sinks || !names) {
        return HB_NOMEM(err);
    }
    if (list->kind == HB_NODE_SCALAR && !hb_node_is_null(list)) {
        HB_TRY(one_sink(raw, list, 0, top, err));
    } else if (!hb_node_is_null(list)) {
        HB_TRY(hb_daemon_list(list, "alert_sinks", HB_DAEMON_SINKS_MAX, top, err));
        for (size_t i = 0; i < list->n; i++) {
            HB_TRY(one_sink(raw, list->items[i], i, top, err));
        }
    }
    bool webhook = false;
    for (size_t i = 0; i < c->n_sinks; i++) {
        names[i] = c->sinks[i].name;
        webhook = webhook || strcmp(c->sinks[i].ops->name, "webhook") == 0;
    }
    const hb_node *url = raw->webhook_url;
    if (!webhook && url && !hb_node_is_null(url) && url->text.n) {
        return FAIL_NODE(top, url, err,
                         "'webhook_url' is used by no sink; write alert_sinks: [webhook]");
    }
    c->alerts.sinks = names;
    c->alerts.n_sinks = c->n_sinks;
    return HB_OK;
}

/* --- rules and factors --- */

static const hb_field rule_fields[] = {
    {.key = "metric",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_alert_rule, metric),
     .max = 256},
    {.key = "rule", .kind = HB_FIELD_STRING, .offset = offsetof(hb_alert_rule, rule), .max = 64},
    {.key = "verdict",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_alert_rule, verdict),
     .max = 32},
    {.key = "critical_only",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_alert_rule, critical_only)},
    {.key = "severity",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_alert_rule, severity),
     .names = hb_alert_severity_names,
     .required = true},
    {0},
};

static const hb_field inhibit_fields[] = {
    {.key = "cause",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_alert_inhibit, cause),
     .max = 256,
     .required = true},
    {.key = "symptom",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_alert_inhibit, symptom),
     .max = 256,
     .required = true},
    {0},
};

static hb_status take_maps(const hb_node *list, const char *key, const hb_field *fields,
                           size_t size, const hb_where *top, void **ret, size_t *ret_n,
                           hb_error *err)
{
    if (!list || hb_node_is_null(list)) {
        return HB_OK;
    }
    HB_TRY(hb_daemon_list(list, key, HB_DAEMON_RULES_MAX, top, err));
    char *rows = hb_arena_array(top->arena, list->n + 1, size);
    if (!rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < list->n; i++) {
        hb_where where;
        HB_TRY(hb_daemon_entry(top, key, i, &where, err));
        HB_TRY(hb_fields_decode(fields, list->items[i], &where, rows + i * size, err));
    }
    *ret = rows;
    *ret_n = list->n;
    return HB_OK;
}

/* Of a finding, or a pattern. */
static bool is_rule(const char *text)
{
    bool known = strpbrk(text, "*?[") != NULL;
    for (int r = 0; r < HB_RULE_COUNT_ && !known; r++) {
        known = strcmp(text, hb_rule_name((hb_rule)r)) == 0;
    }
    return known;
}

hb_status hb_daemon_take_rules(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    hb_alert_options *a = &raw->c.alerts;
    void *rules = NULL;
    void *inhibits = NULL;
    HB_TRY(take_maps(raw->rules, "alert_rules", rule_fields, sizeof *a->rules, top, &rules,
                     &a->n_rules, err));
    HB_TRY(take_maps(raw->inhibit, "inhibit", inhibit_fields, sizeof *a->inhibits, top, &inhibits,
                     &a->n_inhibits, err));
    a->rules = rules;
    a->inhibits = inhibits;
    for (size_t i = 0; i < a->n_rules; i++) {
        const char *rule = a->rules[i].rule;
        if (rule && !is_rule(rule)) {
            return FAIL_NODE(
                top, raw->rules->items[i], err,
                "'alert_rules.%zu.rule': no finding has the rule '%.40s'; names are in "
                "docs/verdict.md, * and ? stand for any",
                i, rule);
        }
        const char *verdict = a->rules[i].verdict;
        if (verdict && !hb_verdict_from_name(verdict, &(hb_verdict){0})) {
            return FAIL_NODE(top, raw->rules->items[i], err,
                             "'alert_rules.%zu.verdict' must be PASS, PASS_WITH_DRIFT, FAIL or "
                             "NO_TEST, got '%.40s'",
                             i, verdict);
        }
    }
    return HB_OK;
}

hb_status hb_daemon_take_factors(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    if (!raw->factors) {
        return HB_OK;
    }
    hb_where where;
    HB_TRY(hb_where_below(top, HB_STR("factors"), &where, err));
    HB_TRY(hb_node_expect(raw->factors, HB_NODE_MAP, &where, err));
    for (size_t i = 0; i < raw->factors->n; i++) {
        const hb_pair *pair = &raw->factors->pairs[i];
        const char *value = NULL;
        hb_where at;
        hb_error why = {0};
        HB_TRY(hb_where_below(&where, pair->key, &at, err));
        HB_TRY(hb_node_text(pair->value, &at, &value, err));
        if (hb_factors_put(&raw->c.meta, &raw->c.arena, pair->key, hb_str_of(value), &why) !=
            HB_OK) {
            return FAIL_NODE(&at, pair->value, err, "%s", why.msg);
        }
    }
    return HB_OK;
}
