/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload does not take over, by name. Compared as written, so that no key can be forgotten
 * here: 1m in place of 60s counts as changed, which costs a needless word and nothing else. */
#include "daemon/config_internal.h"

#include <stdio.h>
#include <string.h>

static const hb_node *value_of(const hb_node *map, hb_str key)
{
    for (size_t i = 0; map && map->kind == HB_NODE_MAP && i < map->n; i++) {
        if (hb_str_eq(map->pairs[i].key, key)) {
            return hb_node_is_null(map->pairs[i].value) ? NULL : map->pairs[i].value;
        }
    }
    return NULL;
}

/* Depth and size are bounded by the parser. */
static bool same_value(const hb_node *a, const hb_node *b)
{
    if (!a || !b || a->kind != b->kind || (a->kind != HB_NODE_MAP && a->n != b->n)) {
        return !a && !b;
    }
    if (a->kind == HB_NODE_SCALAR) {
        return hb_str_eq(a->text, b->text);
    }
    bool same = true;
    for (size_t i = 0; i < a->n && same; i++) {
        same = a->kind == HB_NODE_LIST
                   ? same_value(a->items[i], b->items[i])
                   : same_value(value_of(a, a->pairs[i].key), value_of(b, a->pairs[i].key));
    }
    for (size_t i = 0; a->kind == HB_NODE_MAP && i < b->n && same; i++) {
        same = value_of(a, b->pairs[i].key) || !value_of(b, b->pairs[i].key);
    }
    return same;
}

static bool taken_over(hb_str key)
{
    static const char *const keys[] = {"alert_rules", "inhibit", "alerts", "alert_sinks",
                                       "webhook_url"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (hb_str_eq_c(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool changed(const hb_node *a, const hb_node *b, hb_str key)
{
    const hb_node *x = value_of(a, key);
    const hb_node *y = value_of(b, key);
    if (hb_str_eq_c(key, "log")) { /* its level is taken over */
        return !same_value(value_of(x, HB_STR("format")), value_of(y, HB_STR("format")));
    }
    return !taken_over(key) && !same_value(x, y);
}

static bool has_key(const hb_node *map, hb_str key)
{
    bool found = false;
    for (size_t i = 0; i < map->n && !found; i++) {
        found = hb_str_eq(map->pairs[i].key, key);
    }
    return found;
}

static void add(hb_str key, char *out, size_t room)
{
    size_t n = strlen(out);
    snprintf(out + n, room - n, "%s%.*s", n ? ", " : "", (int)key.n, key.p);
}

void hb_daemon_config_changed(const hb_daemon_config *old, const hb_daemon_config *now, char *out,
                              size_t room)
{
    const hb_node *a = old->root;
    const hb_node *b = now->root;
    out[0] = '\0';
    for (size_t i = 0; i < a->n; i++) {
        if (changed(a, b, a->pairs[i].key)) {
            add(a->pairs[i].key, out, room);
        }
    }
    for (size_t i = 0; i < b->n; i++) {
        if (!has_key(a, b->pairs[i].key) && changed(a, b, b->pairs[i].key)) {
            add(b->pairs[i].key, out, room);
        }
    }
}
