/* SPDX-License-Identifier: Apache-2.0 */
/* What a JSON value means: docs/formats/live_payloads.md states every form. An object takes time,
 * unit and id from the one around it unless it has its own. */
#include "source/payload_json.h"

#include "base/num.h"

#include <math.h>
#include <string.h>

enum { MAX_IDS = 4 /* the keys there are */ };

typedef struct scope {
    hb_live_sample base; /* source, time, unit, id */
    hb_name_given given;
    hb_str path; /* name so far, in a buffer of the caller's */
    const hb_jvalue *units;
    const hb_jvalue *timestamps;
    hb_time start;
    int64_t step_ns; /* 0 = no `start` and `interval` */
} scope;

/* An object's members by what they are. */
typedef struct parts {
    const hb_jvalue *name;
    const hb_jvalue *value;
    const hb_jvalue *time;
    const hb_jvalue *unit;
    const hb_jvalue *units;
    const hb_jvalue *ids[MAX_IDS];
    size_t n_ids;
    const hb_jvalue *timestamps;
    const hb_jvalue *start;
    const hb_jvalue *interval;
    bool two_values; /* value and values */
} parts;

static hb_status walk(hb_emit *e, const hb_jvalue *v, const scope *in, hb_error *err);

static bool is_scalar(const hb_jvalue *v)
{
    return v->kind == HB_J_TEXT;
}

/* Role of a member, HB_KEY_NONE when it is a value after all: of another kind than the role needs.
 */
static hb_key_role role_of(const hb_jvalue *m, parts *p)
{
    switch (m->role) {
    case HB_KEY_TIME:
        if (is_scalar(m) || m->kind == HB_J_NULL) {
            p->time = m;
            return m->role;
        }
        break;
    case HB_KEY_NAME:
        if (is_scalar(m)) {
            p->name = m;
            return m->role;
        }
        break;
    case HB_KEY_VALUE:
    case HB_KEY_VALUES:
        p->two_values = p->value != NULL;
        p->value = m;
        return m->role;
    case HB_KEY_UNIT:
        if (is_scalar(m) || m->kind == HB_J_NULL) {
            p->unit = m;
            return m->role;
        }
        break;
    case HB_KEY_UNITS:
        if (m->kind == HB_J_OBJECT) {
            p->units = m;
            return m->role;
        }
        break;
    case HB_KEY_ID:
        if (is_scalar(m) && p->n_ids < MAX_IDS) {
            p->ids[p->n_ids++] = m;
            return m->role;
        }
        break;
    case HB_KEY_TIMESTAMPS:
        if (m->kind == HB_J_ARRAY) {
            p->timestamps = m;
            return m->role;
        }
        break;
    case HB_KEY_START:
        p->start = is_scalar(m) ? m : NULL;
        break;
    case HB_KEY_INTERVAL:
        p->interval = is_scalar(m) ? m : NULL;
        break;
    case HB_KEY_NONE:
        break;
    }
    return HB_KEY_NONE;
}

/* Words under which senders put a list or a map of samples: no part of a name. */
static bool is_wrapper(const hb_jvalue *m)
{
    static const char *const words[] = {"samples", "metrics",      "data",   "readings", "events",
                                        "values",  "measurements", "fields", "payload"};
    if (m->kind != HB_J_OBJECT &&
        !(m->kind == HB_J_ARRAY && m->n && m->kids[0].kind == HB_J_OBJECT)) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c(m->key, words[i])) {
            return true;
        }
    }
    return false;
}

/* path + "." + name into `room`; an empty text and e->bad when it is too long. */
static hb_str joined(hb_emit *e, hb_str path, hb_str name, char room[HB_PAYLOAD_NAME_MAX])
{
    if (path.n == 0) {
        return name;
    }
    if (path.n + 1 + name.n > HB_PAYLOAD_NAME_MAX) {
        hb_emit_bad(e, "name too long");
        return (hb_str){"", 0};
    }
    memcpy(room, path.p, path.n);
    room[path.n] = '.';
    memcpy(room + path.n + 1, name.p, name.n);
    return (hb_str){room, path.n + 1 + name.n};
}

static bool read_step(const parts *p, scope *s)
{
    static const struct {
        const char *key;
        double ns;
    } units[] = {{"interval", 1e9}, {"interval_ms", 1e6}, {"interval_us", 1e3}, {"interval_ns", 1}};
    double v = 0;
    if (!hb_event_time(p->start->text, &s->start) ||
        hb_num_parse(p->interval->text.p, p->interval->text.n, &v) != HB_NUM_FINITE) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (hb_str_eq_c(p->interval->key, units[i].key)) {
            v *= units[i].ns;
            break;
        }
    }
    v = floor(v + 0.5);
    if (!(v >= 1 && v <= 1e18)) {
        return false;
    }
    s->step_ns = (int64_t)v;
    return true;
}

/* A device's id and its counter are one id together. */
static bool read_id(hb_emit *e, const parts *p, scope *s, char room[HB_PAYLOAD_ID_MAX])
{
    size_t n = 0;
    s->base.id = p->n_ids ? p->ids[0]->text : s->base.id;
    for (size_t i = 0; p->n_ids > 1 && i < p->n_ids; i++) {
        hb_str id = p->ids[i]->text;
        if (n + 1 + id.n > HB_PAYLOAD_ID_MAX) {
            hb_emit_bad(e, "id too long");
            return false;
        }
        if (i) {
            room[n++] = '/';
        }
        memcpy(room + n, id.p, id.n);
        n += id.n;
        s->base.id = (hb_str){room, n};
    }
    return true;
}

/* Time, id, unit and time axis of an object. False: e->bad says why. */
static bool read_scope(hb_emit *e, const parts *p, scope *s, char id[HB_PAYLOAD_ID_MAX])
{
    if (p->time && p->time->kind == HB_J_TEXT && p->time->text.n) {
        if (!hb_event_time(p->time->text, &s->base.t)) {
            hb_emit_bad(e, "bad time");
            return false;
        }
        s->base.timed = true;
    }
    if (!read_id(e, p, s, id)) {
        return false;
    }
    if (p->unit) {
        s->base.unit = p->unit->text;
    }
    s->units = p->units ? p->units : s->units;
    s->timestamps = p->timestamps ? p->timestamps : s->timestamps;
    if (p->start && p->interval && !read_step(p, s)) {
        hb_emit_bad(e, "bad start or interval");
        return false;
    }
    return true;
}

static hb_str unit_of(const scope *s, hb_str key)
{
    for (size_t i = 0; s->units && i < s->units->n; i++) {
        const hb_jvalue *u = &s->units->kids[i];
        if (u->kind == HB_J_TEXT && hb_str_eq(u->key, key)) {
            return u->text;
        }
    }
    return s->base.unit;
}

static hb_status put_scalar(hb_emit *e, const hb_jvalue *v, const scope *s, hb_error *err)
{
    hb_live_sample out = s->base;
    out.name = s->path;
    switch (v->kind) {
    case HB_J_TRUE:
    case HB_J_FALSE:
        out.kind = HB_LIVE_VALUE;
        out.value = v->kind == HB_J_TRUE;
        break;
    case HB_J_TEXT:
        hb_emit_value(v->text, &out);
        break;
    case HB_J_NULL:
    case HB_J_OBJECT:
    case HB_J_ARRAY:
        out.kind = HB_LIVE_MISSING;
        break;
    }
    return hb_emit_put(e, &out, s->given, err);
}

/* Time of the i-th scalar of an array. */
static bool axis_time(hb_emit *e, const scope *s, size_t i, hb_live_sample *base)
{
    int64_t ahead = 0;
    if (s->timestamps) {
        const hb_jvalue *t = &s->timestamps->kids[i];
        if (t->kind != HB_J_TEXT || !hb_event_time(t->text, &base->t)) {
            hb_emit_bad(e, "bad time");
            return false;
        }
    } else if (s->step_ns) {
        if (__builtin_mul_overflow((int64_t)i, s->step_ns, &ahead) ||
            __builtin_add_overflow(s->start, ahead, &base->t)) {
            hb_emit_bad(e, "bad start or interval");
            return false;
        }
    } else {
        return true;
    }
    base->timed = true;
    return true;
}

static hb_status walk_array(hb_emit *e, const hb_jvalue *v, const scope *in, hb_error *err)
{
    scope s = *in;
    bool scalars = v->n && v->kids[0].kind != HB_J_OBJECT;
    if (scalars && s.timestamps && s.timestamps->n != v->n) {
        hb_emit_bad(e, "values and timestamps differ in number");
        return HB_OK;
    }
    for (size_t i = 0; i < v->n && !e->bad; i++) {
        const hb_jvalue *kid = &v->kids[i];
        bool object = kid->kind == HB_J_OBJECT;
        if (object == scalars || kid->kind == HB_J_ARRAY) {
            hb_emit_bad(e, "an array of different things");
        } else if (object) {
            HB_TRY(walk(e, kid, in, err));
        } else if (axis_time(e, in, i, &s.base)) {
            HB_TRY(put_scalar(e, kid, &s, err));
        }
    }
    return HB_OK;
}

static bool is_named_event(const parts *p)
{
    return p->name && p->value;
}

/* Members that are values by themselves. */
static hb_status walk_members(hb_emit *e, const hb_jvalue *v, const parts *p, const scope *s,
                              hb_error *err)
{
    char room[HB_PAYLOAD_NAME_MAX];
    for (size_t i = 0; i < v->n && !e->bad; i++) {
        const hb_jvalue *m = &v->kids[i];
        parts unused = {0};
        bool axis = (m == p->start || m == p->interval) && p->start && p->interval;
        if (axis || role_of(m, &unused) != HB_KEY_NONE) {
            continue;
        }
        scope below = *s;
        below.base.unit = unit_of(s, m->key);
        below.path = is_wrapper(m) ? s->path : joined(e, s->path, m->key, room);
        if (!e->bad) {
            HB_TRY(walk(e, m, &below, err));
        }
    }
    return HB_OK;
}

static hb_status walk_object(hb_emit *e, const hb_jvalue *v, const scope *in, hb_error *err)
{
    parts p = {0};
    char room[HB_PAYLOAD_NAME_MAX];
    char id[HB_PAYLOAD_ID_MAX];
    scope s = *in;
    for (size_t i = 0; i < v->n; i++) {
        role_of(&v->kids[i], &p);
    }
    if (p.two_values) {
        hb_emit_bad(e, "both value and values");
    }
    if (e->bad || !read_scope(e, &p, &s, id)) {
        return HB_OK;
    }
    if (p.name) {
        s.path = joined(e, in->path, p.name->text, room);
        s.given = HB_NAME_WHOLE;
    }
    if (p.value && !e->bad) {
        scope of_value = s;
        of_value.base.unit = s.path.n ? unit_of(&s, s.path) : s.base.unit;
        HB_TRY(walk(e, p.value, &of_value, err));
    }
    /* With name and value the rest tells about them (host, quality …). */
    return is_named_event(&p) || e->bad ? HB_OK : walk_members(e, v, &p, &s, err);
}

/* Depth is bounded by the parsers. */
static hb_status walk(hb_emit *e, const hb_jvalue *v, const scope *in, hb_error *err)
{
    switch (v->kind) {
    case HB_J_OBJECT:
        return walk_object(e, v, in, err);
    case HB_J_ARRAY:
        return walk_array(e, v, in, err);
    case HB_J_NULL:
    case HB_J_TRUE:
    case HB_J_FALSE:
    case HB_J_TEXT:
        break;
    }
    return put_scalar(e, v, in, err);
}

hb_status hb_json_samples(hb_emit *e, const hb_jvalue *v, hb_error *err)
{
    uint32_t before = e->part;
    scope s = {.base = hb_emit_sample(e), .given = HB_NAME_PART};
    HB_TRY(walk(e, v, &s, err));
    if (e->part == before) {
        hb_emit_bad(e, "no value");
    }
    return HB_OK;
}

hb_status hb_json_array_samples(hb_emit *e, const char *p, const char *end, hb_error *err)
{
    hb_jvalue members[HB_JSON_FLAT_MEMBERS];
    hb_jvalue v;
    uint32_t before = e->part;
    scope s = {.base = hb_emit_sample(e), .given = HB_NAME_PART};
    while (p < end && !e->bad) {
        if (*p != '{') { /* blanks, commas, brackets: all is in order here */
            p++;
        } else if (hb_json_flat(&p, end, members, &v)) {
            HB_TRY(walk_object(e, &v, &s, err));
        } else {
            return HB_FAIL(err, HB_E_BUG, "an array of objects was read two ways");
        }
    }
    if (e->part == before) {
        hb_emit_bad(e, "no value");
    }
    return HB_OK;
}
