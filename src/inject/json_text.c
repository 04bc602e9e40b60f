/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON event through an injector. Objects keep the order of their members; figures that are not
 * touched keep their value (jansson holds them as double or int64, hb_json prints the shortest text
 * that reads back the same). */
#include "inject/lines.h"

#include "base/json_write.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

typedef struct job {
    hb_injector *injector;
    const char *default_name;
    void (*seen)(void *ctx, hb_str metric);
    void *seen_ctx;
    hb_inject_json *ret;
} job;

static const char *const time_keys[] = {"timestamp", "ts", "time", NULL};
static const char *const name_keys[] = {"metric", "name", NULL};

static json_t *member(const json_t *object, const char *const *keys, const char **ret_key)
{
    for (size_t i = 0; keys[i]; i++) {
        json_t *v = json_object_get(object, keys[i]);
        if (v) {
            *ret_key = keys[i];
            return v;
        }
    }
    return NULL;
}

static hb_time time_of(const json_t *v)
{
    hb_time t = HB_TIME_NONE;
    if (json_is_string(v)) {
        return hb_time_parse(json_string_value(v), json_string_length(v), &t, NULL) ? t
                                                                                    : HB_TIME_NONE;
    }
    if (json_is_integer(v)) {
        double per = hb_inject_ns_per((double)json_integer_value(v));
        double ns = (double)json_integer_value(v) * per;
        return fabs(ns) < 9.2e18 ? (hb_time)json_integer_value(v) * (hb_time)per : HB_TIME_NONE;
    }
    if (json_is_real(v)) {
        double ns = json_real_value(v) * hb_inject_ns_per(json_real_value(v));
        return fabs(ns) < 9.2e18 ? (hb_time)llround(ns) : HB_TIME_NONE;
    }
    return HB_TIME_NONE;
}

static json_t *time_like(const json_t *before, hb_time t)
{
    char text[HB_TIME_TEXT];
    if (json_is_string(before)) {
        hb_time_print(t, text);
        return json_string(text);
    }
    double per = hb_inject_ns_per(json_number_value(before));
    return json_is_integer(before) && t % (hb_time)per == 0
               ? json_integer((json_int_t)(t / (hb_time)per))
               : json_real((double)t / per);
}

/* False: the event is left out. */
static bool one(job *j, json_t *object, const char *value_key, const char *name, json_t *when,
                const char *when_key, hb_inject_outcome *o)
{
    json_t *value = json_object_get(object, value_key);
    hb_inject_event e = {.metric = hb_str_of(name), .t = when ? time_of(when) : HB_TIME_NONE};
    e.has_value = json_is_number(value);
    e.value = e.has_value ? json_number_value(value) : 0;
    if (j->seen) {
        j->seen(j->seen_ctx, e.metric);
    }
    hb_injector_next(j->injector, &e, o);
    j->ret->t = e.t;
    if (o->value_changed) {
        json_object_set_new(object, value_key, json_real(o->value));
        j->ret->changed = true;
    }
    if (o->time_changed && when_key) {
        json_object_set_new(object, when_key, time_like(when, o->t));
        j->ret->changed = true;
    }
    j->ret->delay_s = fmax(j->ret->delay_s, o->delay_s);
    return o->copies > 0;
}

/* {metric, value, timestamp …}: as a whole left out, repeated, renamed. */
static void event(job *j, json_t *object, uint32_t *ret_copies)
{
    const char *name_key = NULL;
    const char *when_key = NULL;
    json_t *when = member(object, time_keys, &when_key);
    json_t *name = member(object, name_keys, &name_key);
    hb_inject_outcome o;
    bool kept =
        one(j, object, "value", json_is_string(name) ? json_string_value(name) : j->default_name,
            when, when_key, &o);
    if (o.renamed) {
        json_object_set_new(object, name_key ? name_key : "metric", json_string(o.metric));
        j->ret->changed = true;
    }
    *ret_copies = kept ? o.copies : 0;
}

/* {"temp": 1.5, "rpm": 20}: each figure is an event; one left out is taken out of the message. */
static void values(job *j, json_t *object, uint32_t *ret_copies)
{
    const char *when_key = NULL;
    json_t *when = member(object, time_keys, &when_key);
    const char *names[256];
    size_t n = 0;
    size_t kept = 0;
    uint32_t copies = 1;
    const char *key = NULL;
    json_t *v = NULL;
    json_object_foreach(object, key, v)
    {
        if (json_is_number(v) && (!when_key || strcmp(key, when_key) != 0) && n < 256) {
            names[n++] = key;
        }
    }
    hb_inject_outcome o;
    for (size_t i = 0; i < n; i++) {
        when = when_key ? json_object_get(object, when_key) : NULL;
        bool stays = one(j, object, names[i], names[i], when, when_key, &o);
        kept += stays;
        copies = o.copies > copies ? o.copies : copies;
        if (o.renamed) {
            json_object_set(object, o.metric, json_object_get(object, names[i]));
        }
        if (!stays || o.renamed) {
            json_object_del(object, names[i]);
            j->ret->changed = true;
        }
    }
    *ret_copies = kept || n == 0 ? copies : 0;
}

static void write_value(hb_json *json, const json_t *v, int depth)
{
    const char *key = NULL;
    json_t *item = NULL;
    size_t i = 0;
    if (depth > DEPTH_MAX) {
        hb_json_null(json);
        return;
    }
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        hb_json_obj(json);
        json_object_foreach((json_t *)(uintptr_t)v, key, item)
        {
            hb_json_key(json, key);
            write_value(json, item, depth + 1);
        }
        hb_json_end(json);
        break;
    case JSON_ARRAY:
        hb_json_arr(json);
        json_array_foreach(v, i, item)
        {
            write_value(json, item, depth + 1);
        }
        hb_json_end(json);
        break;
    case JSON_STRING:
        hb_json_str(json, (hb_str){json_string_value(v), json_string_length(v)});
        break;
    case JSON_INTEGER: {
        char text[32];
        int len = snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
        hb_json_raw(json, (hb_str){text, (size_t)len});
        break;
    }
    case JSON_REAL:
        hb_json_f64(json, json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        hb_json_bool(json, json_is_true(v));
        break;
    case JSON_NULL:
        hb_json_null(json);
        break;
    }
}

static bool too_deep(const json_t *v, int depth)
{
    const char *key = NULL;
    json_t *item = NULL;
    size_t i = 0;
    if (depth > DEPTH_MAX) {
        return true;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, item)
    {
        if (too_deep(item, depth + 1)) {
            return true;
        }
    }
    json_array_foreach(v, i, item)
    {
        if (too_deep(item, depth + 1)) {
            return true;
        }
    }
    return false;
}

static hb_status record(job *j, json_t *v, uint32_t *ret_copies, hb_error *err)
{
    const char *key = NULL;
    bool named = json_is_object(v) && (member(v, name_keys, &key) || j->default_name);
    if (named && json_object_get(v, "value")) {
        event(j, v, ret_copies);
    } else if (json_is_object(v)) {
        values(j, v, ret_copies);
    } else {
        return HB_FAIL(err, HB_E_INPUT,
                       "expected a JSON object (an event, or an object of values)");
    }
    return HB_OK;
}

/* Elements are repeated and taken out inside the array; it is one message still. */
static hb_status array(job *j, json_t **io, hb_error *err)
{
    json_t *out = json_array();
    json_t *item = NULL;
    size_t i = 0;
    hb_status status = out ? HB_OK : HB_NOMEM(err);
    json_array_foreach(*io, i, item)
    {
        uint32_t copies = 0;
        if (status != HB_OK) {
            break;
        }
        status = record(j, item, &copies, err);
        j->ret->changed = j->ret->changed || copies != 1;
        for (uint32_t c = 0; status == HB_OK && c < copies; c++) {
            status = json_array_append(out, item) == 0 ? HB_OK : HB_NOMEM(err);
        }
    }
    if (status != HB_OK) {
        json_decref(out);
        return status;
    }
    json_decref(*io);
    *io = out;
    return HB_OK;
}

hb_status hb_inject_json_text(hb_injector *injector, hb_str text, const char *default_name,
                              void (*seen)(void *ctx, hb_str metric), void *seen_ctx, hb_buf *out,
                              hb_inject_json *ret, hb_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &why);
    if (!root) {
        return HB_FAIL(err, HB_E_INPUT, "bad JSON: %s", why.text);
    }
    hb_inject_json result = {.copies = 1, .t = HB_TIME_NONE};
    job j = {injector, default_name, seen, seen_ctx, &result};
    hb_status status =
        too_deep(root, 0) ? HB_FAIL(err, HB_E_LIMIT, "JSON nested too deeply") : HB_OK;
    if (status == HB_OK) {
        status =
            json_is_array(root) ? array(&j, &root, err) : record(&j, root, &result.copies, err);
    }
    if (status == HB_OK) {
        hb_json json;
        hb_json_init(&json, out, HB_JSON_LINE);
        write_value(&json, root, 0);
        status = hb_json_done(&json, err);
    }
    if (status == HB_OK) {
        *ret = result;
    }
    json_decref(root);
    return status;
}
