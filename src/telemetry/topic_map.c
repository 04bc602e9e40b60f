/* SPDX-License-Identifier: Apache-2.0 */
/* Topics to names. A pattern without wildcards and places is looked up; the others are tried in the
 * order of the file. */
#include "telemetry/normalise_internal.h"

#include <string.h>

bool hb_template_next(hb_str text, size_t *io_at, hb_str *ret_place)
{
    for (size_t i = *io_at; i < text.n; i++) {
        if (text.p[i] == '{') {
            size_t end = hb_str_find_ch((hb_str){text.p + i, text.n - i}, '}');
            if (i + end < text.n) {
                *ret_place = (hb_str){text.p + i + 1, end - 1};
                *io_at = i + end + 1;
                return true;
            }
        }
    }
    return false;
}

void hb_template_put(hb_str text, hb_place_fn find, const void *ctx, hb_buf *out)
{
    size_t at = 0;
    size_t copied = 0;
    hb_str place;
    hb_str value;
    while (hb_template_next(text, &at, &place)) {
        size_t from = (size_t)(place.p - text.p) - 1;
        hb_buf_add(out, text.p + copied, from - copied);
        if (find(ctx, place, &value)) {
            hb_buf_str(out, value);
        } else {
            hb_buf_add(out, text.p + from, at - from);
        }
        copied = at;
    }
    hb_buf_add(out, text.p + copied, text.n - copied);
}

static hb_str next_level(hb_str *rest, bool *ret_more)
{
    size_t n = hb_str_find_ch(*rest, '/');
    hb_str level = {rest->p, n};
    *ret_more = n < rest->n;
    n += *ret_more;
    *rest = (hb_str){rest->p + n, rest->n - n};
    return level;
}

typedef struct captures {
    hb_str name[HB_TOPIC_LEVELS_MAX];
    hb_str value[HB_TOPIC_LEVELS_MAX];
    size_t n;
} captures;

static bool level_fits(const hb_topic_level *l, hb_str level, captures *c)
{
    if (l->any) {
        return true;
    }
    if (l->place.n == 0) {
        return hb_str_eq(l->before, level);
    }
    size_t around = l->before.n + l->after.n;
    if (level.n <= around || memcmp(level.p, l->before.p, l->before.n) != 0 ||
        memcmp(level.p + level.n - l->after.n, l->after.p, l->after.n) != 0) {
        return false;
    }
    c->name[c->n] = l->place;
    c->value[c->n++] = (hb_str){level.p + l->before.n, level.n - around};
    return true;
}

static bool rule_fits(const hb_topic_rule *r, hb_str topic, captures *c)
{
    bool more = true;
    c->n = 0;
    for (size_t i = 0; i < r->n_levels; i++) {
        if (!more || !level_fits(&r->levels[i], next_level(&topic, &more), c)) {
            return false;
        }
    }
    return r->rest || !more; /* "a/#" fits "a" as well, as in MQTT */
}

static bool find_capture(const void *ctx, hb_str place, hb_str *ret)
{
    const captures *c = ctx;
    for (size_t i = 0; i < c->n; i++) {
        if (hb_str_eq(c->name[i], place)) {
            *ret = c->value[i];
            return true;
        }
    }
    return false;
}

bool hb_topic_map(const hb_telemetry_schema *s, hb_str topic, hb_buf *out, hb_str *ret_name,
                  hb_str *ret_unit)
{
    captures c = {.n = 0};
    size_t i = 0;
    if (s->n_topics == 0) {
        return false;
    }
    if (!hb_map_get(&s->exact_topics, topic, &i)) {
        while (i < s->n_topics && (s->topics[i].exact || !rule_fits(&s->topics[i], topic, &c))) {
            i++;
        }
    }
    if (i == s->n_topics) {
        return false;
    }
    hb_buf_clear(out);
    hb_template_put(hb_str_of(s->topics[i].name), find_capture, &c, out);
    *ret_name = (hb_str){out->p, out->n};
    *ret_unit = hb_str_of(s->topics[i].unit);
    return true;
}

/* Loading. */

#define FAIL_RULE(pair, ...) \
    HB_FAIL_AT(err, HB_E_CONFIG, s->name, (pair)->line, (pair)->col, __VA_ARGS__)

static hb_status load_level(const hb_telemetry_schema *s, const hb_pair *pair, hb_str text,
                            hb_topic_level *l, hb_error *err)
{
    size_t at = 0;
    hb_str second;
    *l = (hb_topic_level){.before = text};
    if (hb_str_eq_c(text, "+")) {
        l->any = true;
        return HB_OK;
    }
    if (hb_str_find_ch(text, '+') < text.n || hb_str_find_ch(text, '#') < text.n) {
        return FAIL_RULE(pair,
                         "topic '%.100s': + and # stand for whole levels, and # for the last ones",
                         pair->key.p);
    }
    if (!hb_template_next(text, &at, &l->place)) {
        return HB_OK;
    }
    if (l->place.n == 0 || hb_str_eq_c(l->place, "metric")) {
        return FAIL_RULE(pair, "topic '%.100s': a {place} needs a name, and not 'metric'",
                         pair->key.p);
    }
    l->before = (hb_str){text.p, (size_t)(l->place.p - text.p) - 1};
    l->after = (hb_str){text.p + at, text.n - at};
    if (hb_template_next(text, &at, &second)) {
        return FAIL_RULE(pair, "topic '%.100s': at most one {place} in a level", pair->key.p);
    }
    return HB_OK;
}

static hb_status load_levels(hb_telemetry_schema *s, const hb_pair *pair, hb_topic_rule *r,
                             hb_error *err)
{
    hb_str rest = pair->key;
    bool more = true;
    size_t n = 1;
    for (size_t i = 0; i < rest.n; i++) {
        n += rest.p[i] == '/';
    }
    if (rest.n == 0 || n > HB_TOPIC_LEVELS_MAX) {
        return FAIL_RULE(pair, "a topic must have 1 to %d levels, got %zu", HB_TOPIC_LEVELS_MAX,
                         rest.n ? n : 0);
    }
    r->levels = hb_arena_array(&s->arena, n, sizeof *r->levels);
    if (!r->levels) {
        return HB_NOMEM(err);
    }
    r->exact = true;
    while (more) {
        hb_str level = next_level(&rest, &more);
        if (hb_str_eq_c(level, "#") && !more) {
            r->rest = true;
        } else {
            HB_TRY(load_level(s, pair, level, &r->levels[r->n_levels], err));
            r->exact = r->exact && !r->levels[r->n_levels].any && !r->levels[r->n_levels].place.n;
            r->n_levels++;
        }
    }
    r->exact = r->exact && !r->rest;
    return HB_OK;
}

static bool has_place(const hb_topic_rule *r, hb_str place)
{
    for (size_t i = 0; i < r->n_levels; i++) {
        if (r->levels[i].place.n && hb_str_eq(r->levels[i].place, place)) {
            return true;
        }
    }
    return hb_str_eq_c(place, "metric");
}

static const hb_field rule_fields[] = {
    {.key = "name",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_topic_rule, name),
     .max = HB_SCHEMA_TEXT_MAX,
     .required = true,
     .doc = "The name, with the pattern's {places} and {metric}."},
    {.key = "unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_topic_rule, unit),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "Unit of values that state none."},
    {0},
};

static hb_status load_rule(hb_telemetry_schema *s, const hb_pair *pair, const hb_where *top,
                           hb_topic_rule *r, hb_error *err)
{
    hb_where where;
    size_t at = 0;
    hb_str place;
    *r = (hb_topic_rule){.pattern = pair->key, .name = "", .unit = ""};
    HB_TRY(hb_where_below(top, pair->key, &where, err));
    HB_TRY(load_levels(s, pair, r, err));
    if (pair->value->kind == HB_NODE_MAP) {
        HB_TRY(hb_fields_decode(rule_fields, pair->value, &where, r, err));
    } else {
        HB_TRY(hb_node_text(pair->value, &where, &r->name, err));
    }
    if (!*r->name || strlen(r->name) > HB_SCHEMA_TEXT_MAX) {
        return FAIL_RULE(pair, "topic '%.100s': a name of 1 to %d bytes was expected", pair->key.p,
                         HB_SCHEMA_TEXT_MAX);
    }
    while (hb_template_next(hb_str_of(r->name), &at, &place)) {
        if (!has_place(r, place)) {
            return FAIL_RULE(pair, "topic '%.100s' has no {%.*s}, which its name '%.100s' uses",
                             pair->key.p, (int)place.n, place.p, r->name);
        }
    }
    return HB_OK;
}

hb_status hb_topic_rules_load(hb_telemetry_schema *s, const hb_node *map, const hb_where *where,
                              hb_error *err)
{
    size_t n = map ? map->n : 0;
    if (n > HB_SCHEMA_TOPICS_MAX) {
        return HB_FAIL_AT(err, HB_E_CONFIG, s->name, map->line, map->col,
                          "'%s' must hold at most %d topics, got %zu", where->path,
                          HB_SCHEMA_TOPICS_MAX, n);
    }
    s->topics = hb_arena_array(&s->arena, n + 1, sizeof *s->topics);
    if (!s->topics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(load_rule(s, &map->pairs[i], where, &s->topics[i], err));
        s->n_topics = i + 1;
        if (s->topics[i].exact) {
            HB_TRY(hb_map_put(&s->exact_topics, s->topics[i].pattern, i, err));
        }
    }
    return HB_OK;
}
