/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.yaml's operating_modes: which metric says the operating mode, and what its values mean. */
#include "daemon/config_internal.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { MODE_MAX_BYTES = 64 };

#define FAIL_NODE(where, node, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (where)->name, (node)->line, (node)->col, __VA_ARGS__)

/* The mode is part of a tag's name. */
static bool plain(const char *mode)
{
    size_t n = strlen(mode);
    bool good = n >= 1 && n <= MODE_MAX_BYTES;
    for (size_t i = 0; i < n && good; i++) {
        char c = mode[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    }
    return good && strcmp(mode, HB_MODE_TRANSITION) != 0 && strcmp(mode, "unknown") != 0;
}

static void add_lane(hb_daemon_config *c, const char *mode)
{
    for (size_t i = 0; i < c->n_lanes; i++) {
        if (strcmp(c->lanes[i], mode) == 0) {
            return;
        }
    }
    c->lanes[c->n_lanes++] = mode;
}

static hb_status add_value(hb_daemon_config *c, const hb_pair *pair, const hb_where *values,
                           hb_window_mode *list, hb_error *err)
{
    const char *mode = NULL;
    double value = 0;
    hb_where at;
    HB_TRY(hb_where_below(values, pair->key, &at, err));
    HB_TRY(hb_node_text(pair->value, &at, &mode, err));
    if (hb_num_parse(pair->key.p, pair->key.n, &value) != HB_NUM_FINITE) {
        return FAIL_NODE(&at, pair->value, err,
                         "'%s': a value of the metric must be a number, got '%.*s'", values->path,
                         (int)(pair->key.n < 60 ? pair->key.n : 60), pair->key.p);
    }
    for (size_t i = 0; i < c->modes.n; i++) {
        if (list[i].value == value) {
            return FAIL_NODE(&at, pair->value, err, "'%s' says twice what %g means", values->path,
                             value);
        }
    }
    if (!plain(mode)) {
        return FAIL_NODE(&at, pair->value, err,
                         "'%s' must be 1 to %d of A-Z a-z 0-9 . _ -, and not '%s' or 'unknown', "
                         "got '%.80s'",
                         at.path, MODE_MAX_BYTES, HB_MODE_TRANSITION, mode);
    }
    list[c->modes.n++] = (hb_window_mode){.value = value, .mode = mode};
    add_lane(c, mode);
    return HB_OK;
}

static hb_status take_values(hb_daemon_config *c, const hb_node *node, const hb_where *where,
                             hb_error *err)
{
    hb_where values;
    HB_TRY(hb_where_below(where, HB_STR("values"), &values, err));
    HB_TRY(hb_node_expect(node, HB_NODE_MAP, &values, err));
    hb_window_mode *list = hb_arena_array(&c->arena, HB_WINDOWS_MODES_MAX, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    if (node->n == 0 || node->n > HB_WINDOWS_MODES_MAX) {
        return FAIL_NODE(where, node, err, "'%s' must have 1 to %d values, got %zu", values.path,
                         HB_WINDOWS_MODES_MAX, node->n);
    }
    for (size_t i = 0; i < node->n; i++) {
        HB_TRY(add_value(c, &node->pairs[i], &values, list, err));
    }
    c->modes.list = list;
    return HB_OK;
}

void hb_daemon_lane_tag(const hb_daemon_window *w, const char *lane, char ret[HB_LANE_TAG_BYTES])
{
    snprintf(ret, HB_LANE_TAG_BYTES, "%.*s%s%s", HB_TAG_MAX_BYTES, w->tag, lane ? "-" : "",
             !lane   ? ""
             : *lane ? lane
                     : "unknown");
}

static hb_status check_tags(const hb_daemon_config *c, const hb_node *node, const hb_where *where,
                            hb_error *err)
{
    for (size_t i = 0; i < c->n_windows * c->n_lanes; i++) {
        char tag[HB_LANE_TAG_BYTES];
        hb_daemon_lane_tag(&c->windows[i / c->n_lanes], c->lanes[i % c->n_lanes], tag);
        if (strlen(tag) > HB_TAG_MAX_BYTES) {
            return FAIL_NODE(where, node, err, "'%s': tag '%.80s' has more than %d bytes",
                             where->path, tag, HB_TAG_MAX_BYTES);
        }
    }
    return HB_OK;
}

static hb_status take(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    static const char *const own[] = {"metric", "values", NULL};
    hb_daemon_config *c = &raw->c;
    const hb_node *node = raw->modes;
    hb_node *rest = NULL;
    hb_where where;
    HB_TRY(hb_where_below(top, HB_STR("operating_modes"), &where, err));
    HB_TRY(hb_node_expect(node, HB_NODE_MAP, &where, err));
    HB_TRY(hb_daemon_without(node, own, &where, &rest, err));
    if (rest->n) {
        return FAIL_NODE(&where, node, err, "unknown key '%.*s' in '%s'; known: metric, values",
                         (int)(rest->pairs[0].key.n < 60 ? rest->pairs[0].key.n : 60),
                         rest->pairs[0].key.p, where.path);
    }
    HB_TRY(hb_daemon_text(node, "metric", &where, &c->modes.metric, err));
    const hb_pair *values = hb_node_find(node, "values");
    if (!c->modes.metric || !*c->modes.metric || !values) {
        return FAIL_NODE(&where, node, err, "'%s' needs 'metric' and 'values'", where.path);
    }
    if (*c->meta.context[HB_CONTEXT_OPERATING_MODE]) {
        return FAIL_NODE(&where, node, err,
                         "'operating_modes' and 'context.operating_mode' both say the mode of "
                         "windows: give one");
    }
    HB_TRY(take_values(c, values->value, &where, err));
    c->lanes[c->n_lanes++] = HB_MODE_TRANSITION;
    c->lanes[c->n_lanes++] = "";
    return check_tags(c, node, &where, err);
}

hb_status hb_daemon_take_modes(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    c->lanes = hb_arena_array(&c->arena, HB_DAEMON_LANES_MAX, sizeof *c->lanes);
    if (!c->lanes) {
        return HB_NOMEM(err);
    }
    if (raw->modes && !hb_node_is_null(raw->modes)) {
        return take(raw, top, err);
    }
    c->lanes[c->n_lanes++] = NULL;
    return HB_OK;
}
