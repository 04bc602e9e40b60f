/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of daemon.yaml: windows and sources. A source's own keys stand beside its name and are
 * decoded by its own table; sinks (config_alerts.c) likewise. */
#include "daemon/config_internal.h"

#include <stdio.h>
#include <string.h>

#define FAIL_NODE(where, node, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (where)->name, (node)->line, (node)->col, __VA_ARGS__)

hb_status hb_daemon_entry(const hb_where *top, const char *list, size_t i, hb_where *ret,
                          hb_error *err)
{
    char path[64];
    snprintf(path, sizeof path, "%s.%zu", list, i);
    return hb_where_below(top, hb_str_of(path), ret, err);
}

hb_status hb_daemon_list(const hb_node *node, const char *key, size_t most, const hb_where *top,
                         hb_error *err)
{
    hb_where where;
    HB_TRY(hb_where_below(top, hb_str_of(key), &where, err));
    HB_TRY(hb_node_expect(node, HB_NODE_LIST, &where, err));
    return node->n <= most
               ? HB_OK
               : FAIL_NODE(top, node, err, "'%s' has %zu entries, at most %zu", key, node->n, most);
}

/* A map without the pairs that are the daemon's own. */
hb_status hb_daemon_without(const hb_node *map, const char *const *own, const hb_where *where,
                            hb_node **ret, hb_error *err)
{
    hb_node *rest = hb_arena_alloc(where->arena, sizeof *rest);
    hb_pair *pairs = hb_arena_array(where->arena, map->n + 1, sizeof *pairs);
    if (!rest || !pairs) {
        return HB_NOMEM(err);
    }
    *rest = (hb_node){.kind = HB_NODE_MAP, .line = map->line, .col = map->col, .pairs = pairs};
    for (size_t i = 0; i < map->n; i++) {
        bool taken = false;
        for (size_t k = 0; own[k]; k++) {
            taken = taken || hb_str_eq_c(map->pairs[i].key, own[k]);
        }
        if (!taken) {
            pairs[rest->n++] = map->pairs[i];
        }
    }
    *ret = rest;
    return HB_OK;
}

hb_status hb_daemon_text(const hb_node *map, const char *key, const hb_where *where,
                         const char **ret, hb_error *err)
{
    const hb_pair *pair = hb_node_find(map, key);
    hb_where at;
    *ret = NULL;
    if (!pair || hb_node_is_null(pair->value)) {
        return HB_OK;
    }
    HB_TRY(hb_where_below(where, hb_str_of(key), &at, err));
    return hb_node_text(pair->value, &at, ret, err);
}

/* Names of sources and sinks stand in journal records, file names and subjects of alerts. */
hb_status hb_daemon_name(const char *name, const hb_node *node, const hb_where *where,
                         hb_error *err)
{
    size_t n = strlen(name);
    bool plain = n >= 1 && n <= HB_RECORD_SOURCE_MAX;
    for (size_t i = 0; i < n && plain; i++) {
        char c = name[i];
        plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    return plain ? HB_OK
                 : FAIL_NODE(where, node, err,
                             "'%s.name' must be 1 to %d of a-z 0-9 _ -, got '%.80s'", where->path,
                             HB_RECORD_SOURCE_MAX, name);
}

/* --- windows --- */

typedef struct window_keys {
    const char *name;
    const char *tag;
    hb_opt_f64 size;
    hb_opt_f64 slide;
} window_keys;

static const hb_field window_fields[] = {
    {.key = "name", .kind = HB_FIELD_STRING, .offset = offsetof(window_keys, name), .max = 32},
    {.key = "tag",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(window_keys, tag),
     .max = HB_TAG_MAX_BYTES},
    {.key = "size",
     .kind = HB_FIELD_SECONDS,
     .offset = offsetof(window_keys, size),
     .required = true,
     .min = 0.25,
     .max = 31 * 86400.0},
    {.key = "slide",
     .kind = HB_FIELD_SECONDS,
     .offset = offsetof(window_keys, slide),
     .min = 1e-3,
     .max = 31 * 86400.0},
    {0},
};

static size_t print_duration(int64_t ns, char *out, size_t room)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } units[] = {{86400000000000, "d"}, {3600000000000, "h"}, {60000000000, "m"},
                 {1000000000, "s"},     {1000000, "ms"},      {1, "ns"}};
    size_t i = 0;
    while (ns % units[i].ns) {
        i++;
    }
    int n = snprintf(out, room, "%lld%s", (long long)(ns / units[i].ns), units[i].unit);
    return n > 0 ? (size_t)n : 0;
}

static hb_status name_window(hb_daemon_raw *raw, hb_daemon_window *w, hb_error *err)
{
    char name[80];
    size_t n = print_duration(w->size_ns, name, sizeof name);
    if (w->slide_ns != w->size_ns) {
        name[n++] = '-';
        n += print_duration(w->slide_ns, name + n, sizeof name - n);
    }
    w->name = hb_arena_strndup(&raw->c.arena, name, n);
    return w->name ? HB_OK : HB_NOMEM(err);
}

static hb_status add_window(hb_daemon_raw *raw, const window_keys *k, const hb_node *node,
                            const hb_where *where, hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    hb_daemon_window w = {.name = k->name,
                          .tag = k->tag,
                          .size_ns = hb_daemon_ns(k->size, 0),
                          .slide_ns = hb_daemon_ns(k->slide.set ? k->slide : k->size, 0)};
    if (w.slide_ns > w.size_ns || w.size_ns % w.slide_ns ||
        w.size_ns / w.slide_ns > HB_WINDOWS_OVERLAP_MAX) {
        return FAIL_NODE(where, node, err,
                         "'%s': size must be a whole number of slides, 1 to %d, got %g s and %g s",
                         where->path, HB_WINDOWS_OVERLAP_MAX, (double)w.size_ns / 1e9,
                         (double)w.slide_ns / 1e9);
    }
    if (!w.name) {
        HB_TRY(name_window(raw, &w, err));
    }
    for (size_t i = 0; i < strlen(w.name); i++) {
        char ch = w.name[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              ch == '.' || ch == '_' || ch == '-')) {
            return FAIL_NODE(where, node, err, "'%s.name' must be of A-Z a-z 0-9 . _ -, got '%s'",
                             where->path, w.name);
        }
    }
    for (size_t i = 0; i < c->n_windows; i++) {
        if (strcmp(c->windows[i].name, w.name) == 0) {
            return FAIL_NODE(where, node, err, "'%s': window '%s' is named twice", where->path,
                             w.name);
        }
    }
    c->windows[c->n_windows++] = w;
    return HB_OK;
}

static hb_status tag_windows(hb_daemon_raw *raw, hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    for (size_t i = 0; i < c->n_windows; i++) {
        hb_daemon_window *w = &c->windows[i];
        char tag[200];
        if (w->tag) {
            continue;
        }
        int n = snprintf(tag, sizeof tag, "%s%s%s", c->baseline_tag, c->n_windows > 1 ? "-" : "",
                         c->n_windows > 1 ? w->name : "");
        w->tag = hb_arena_strndup(&c->arena, tag, n > 0 ? (size_t)n : 0);
        if (!w->tag) {
            return HB_NOMEM(err);
        }
    }
    return HB_OK;
}

static hb_status flat_window(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    const hb_node nowhere = {.kind = HB_NODE_MAP};
    double size = raw->window.set ? raw->window.v : raw->interval.set ? raw->interval.v : 300;
    double slide = raw->interval.set ? raw->interval.v : size;
    const window_keys k = {.size = {true, size}, .slide = {true, slide}};
    if (slide > size) {
        return HB_FAIL(
            err, HB_E_CONFIG,
            "%s: 'interval_sec' (%g) must not be over 'window_sec' (%g): samples between "
            "two windows would never be judged",
            top->name, slide, size);
    }
    hb_where where;
    HB_TRY(hb_where_below(top, HB_STR("window_sec"), &where, err));
    return add_window(raw, &k, &nowhere, &where, err);
}

hb_status hb_daemon_take_windows(hb_daemon_raw *raw, const hb_where *top, hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    c->windows = hb_arena_array(&c->arena, HB_WINDOWS_DEFS_MAX, sizeof *c->windows);
    if (!c->windows) {
        return HB_NOMEM(err);
    }
    if (!raw->windows || hb_node_is_null(raw->windows)) {
        HB_TRY(flat_window(raw, top, err));
        return tag_windows(raw, err);
    }
    if (raw->window.set || raw->interval.set) {
        return FAIL_NODE(top, raw->windows, err,
                         "'windows' and 'window_sec' or 'interval_sec' say the same: give one");
    }
    HB_TRY(hb_daemon_list(raw->windows, "windows", HB_WINDOWS_DEFS_MAX, top, err));
    for (size_t i = 0; i < raw->windows->n; i++) {
        window_keys k = {0};
        hb_where where;
        HB_TRY(hb_daemon_entry(top, "windows", i, &where, err));
        HB_TRY(hb_fields_decode(window_fields, raw->windows->items[i], &where, &k, err));
        HB_TRY(add_window(raw, &k, raw->windows->items[i], &where, err));
    }
    if (c->n_windows == 0) {
        return FAIL_NODE(top, raw->windows, err, "'windows' must name at least one window");
    }
    return tag_windows(raw, err);
}

/* --- sources --- */

static hb_status known_sources(hb_buf *out)
{
    for (size_t i = 0; hb_sources[i]; i++) {
        hb_buf_fmt(out, "%s%s", i ? ", " : "", hb_sources[i]->name);
    }
    return out->failed;
}

static hb_status add_source(hb_daemon_raw *raw, const char *kind, const char *name,
                            const hb_node *own, const hb_node *at, const hb_where *where,
                            hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    hb_daemon_source *s = &c->sources[c->n_sources];
    s->ops = hb_source_find(kind);
    s->name = name ? name : kind;
    if (!s->ops) {
        char all[300];
        hb_buf known;
        hb_buf_init(&known, sizeof all);
        HB_IGNORE(known_sources(&known)); /* a list cut short will do */
        hb_str_fit(known.p, all, sizeof all);
        hb_buf_release(&known);
        return FAIL_NODE(where, at, err, "there is no source '%.60s'; known: %s", kind, all);
    }
    HB_TRY(hb_daemon_name(s->name, at, where, err));
    for (size_t i = 0; i < c->n_sources; i++) {
        if (strcmp(c->sources[i].name, s->name) == 0) {
            return FAIL_NODE(where, at, err,
                             "two sources are named '%s'; give each a 'name' of its own", s->name);
        }
    }
    s->config = hb_arena_alloc(&c->arena, s->ops->config_size ? s->ops->config_size : 1);
    if (!s->config) {
        return HB_NOMEM(err);
    }
    s->ops->defaults(s->config);
    HB_TRY(hb_fields_decode(s->ops->fields, own, where, s->config, err));
    hb_error why = {0};
    if (s->ops->check && s->ops->check(s->config, &why) != HB_OK) {
        return FAIL_NODE(where, at, err, "source '%s': %s", s->name, why.msg);
    }
    s->ops->format(s->config, &s->format);
    c->n_sources++;
    return HB_OK;
}

/* The original's file has path, broker and topic, whichever source it names. */
static bool of_another(const char *kind, const char *key)
{
    static const char *const rows[][4] = {
        {"file_replay", "path"}, {"mqtt", "broker", "topic"}, {"syslog"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool own = false;
        for (size_t k = 1; k < 4 && rows[i][k]; k++) {
            own = own || strcmp(key, rows[i][k]) == 0;
        }
        if (strcmp(kind, rows[i][0]) == 0) {
            return !own;
        }
    }
    return false;
}

static hb_status flat_source(hb_daemon_raw *raw, const hb_where *top, const hb_node *root,
                             hb_error *err)
{
    static const char *const keys[] = {"path", "broker", "topic"};
    hb_pair pairs[3];
    hb_node own = {.kind = HB_NODE_MAP, .line = raw->source->line, .pairs = pairs};
    const char *kind = NULL;
    char unread[40] = "";
    hb_where where;
    own.col = raw->source->col;
    HB_TRY(hb_where_below(top, HB_STR("source"), &where, err));
    HB_TRY(hb_node_text(raw->source, &where, &kind, err));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const hb_pair *pair = hb_node_find(root, keys[i]);
        if (!pair || hb_node_is_null(pair->value) || !pair->value->text.n) {
            continue;
        }
        if (of_another(kind, keys[i])) {
            size_t n = strlen(unread);
            snprintf(unread + n, sizeof unread - n, "%s%s", n ? ", " : "", keys[i]);
        } else {
            pairs[own.n++] = *pair;
        }
    }
    raw->c.unread = hb_arena_str(&raw->c.arena, hb_str_of(unread));
    return raw->c.unread ? add_source(raw, kind, NULL, &own, raw->source, &where, err)
                         : HB_NOMEM(err);
}

static hb_status listed_source(hb_daemon_raw *raw, size_t i, const hb_where *top, hb_error *err)
{
    static const char *const own_keys[] = {"source", "name", NULL};
    const hb_node *node = raw->sources->items[i];
    const char *kind = NULL;
    const char *name = NULL;
    hb_node *own = NULL;
    hb_where where;
    HB_TRY(hb_daemon_entry(top, "sources", i, &where, err));
    HB_TRY(hb_node_expect(node, HB_NODE_MAP, &where, err));
    HB_TRY(hb_daemon_text(node, "source", &where, &kind, err));
    HB_TRY(hb_daemon_text(node, "name", &where, &name, err));
    if (!kind) {
        return FAIL_NODE(&where, node, err, "key 'source' is missing in %s: what kind of source",
                         where.path);
    }
    HB_TRY(hb_daemon_without(node, own_keys, &where, &own, err));
    return add_source(raw, kind, name, own, node, &where, err);
}

hb_status hb_daemon_take_sources(hb_daemon_raw *raw, const hb_where *top, const hb_node *root,
                                 hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    bool listed = raw->sources && !hb_node_is_null(raw->sources);
    bool flat = raw->source && !hb_node_is_null(raw->source);
    c->sources = hb_arena_array(&c->arena, HB_DAEMON_SOURCES_MAX, sizeof *c->sources);
    if (!c->sources) {
        return HB_NOMEM(err);
    }
    if (listed == flat) {
        return FAIL_NODE(top, root, err,
                         listed ? "'source' and 'sources' say the same: give one"
                                : "no source is named: write 'source: file_replay' and 'path: "
                                  "FILE', or a list 'sources'");
    }
    if (!flat && (raw->path || raw->broker || raw->topic)) {
        return FAIL_NODE(top, raw->sources, err,
                         "'path', 'broker' and 'topic' belong to 'source'; with 'sources' they "
                         "stand in its entries");
    }
    if (flat) {
        return flat_source(raw, top, root, err);
    }
    HB_TRY(hb_daemon_list(raw->sources, "sources", HB_DAEMON_SOURCES_MAX, top, err));
    for (size_t i = 0; i < raw->sources->n; i++) {
        HB_TRY(listed_source(raw, i, top, err));
    }
    return c->n_sources ? HB_OK
                        : FAIL_NODE(top, raw->sources, err, "'sources' must name at least one");
}
