/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_value.h"

#include "base/num.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static hb_status wrong(const hb_opt *o, const char *value, const char *expected, hb_error *err)
{
    return HB_FAIL(err, HB_E_USAGE, "option '--%s' expects %s, got '%.100s'", o->name, expected,
                   value);
}

static void joined(const char *const *words, const char *between, char *out, size_t out_size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; words[i] && used < out_size; i++) {
        int n = snprintf(out + used, out_size - used, "%s%s", i ? between : "", words[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

const char *hb_option_arg(const hb_opt *o, char *out, size_t out_size)
{
    if (o->kind == HB_OPT_ENUM) {
        joined(o->values, "|", out, out_size);
    } else {
        snprintf(out, out_size, "%s", o->kind == HB_OPT_FLAG ? "" : o->arg);
    }
    return out;
}

bool hb_arg_is_path(const char *arg)
{
    return arg && (strstr(arg, "FILE") || strstr(arg, "DIR"));
}

static hb_status put_enum(const hb_opt *o, const char *value, void *place, hb_error *err)
{
    char all[300] = "one of ";
    for (int i = 0; o->values[i]; i++) {
        if (strcmp(o->values[i], value) == 0) {
            memcpy(place, &i, sizeof i);
            return HB_OK;
        }
    }
    joined(o->values, ", ", all + strlen(all), sizeof all - strlen(all));
    return wrong(o, value, all, err);
}

static hb_status put_list(const char *value, void *place, hb_arena *arena, size_t max,
                          hb_error *err)
{
    hb_list list;
    memcpy(&list, place, sizeof list);
    if (!list.v) {
        list.v = hb_arena_array(arena, max, sizeof *list.v);
        if (!list.v) {
            return HB_NOMEM(err);
        }
    }
    if (list.n == max) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %zu values", max);
    }
    list.v[list.n++] = value;
    memcpy(place, &list, sizeof list);
    return HB_OK;
}

static hb_status put_uint(const hb_opt *o, const char *value, void *place, hb_error *err)
{
    uint64_t u = 0;
    uint32_t max = o->max ? o->max : UINT32_MAX;
    if (!hb_num_parse_u64(value, strlen(value), &u) || u < 1 || u > max) {
        char expected[60];
        snprintf(expected, sizeof expected, "a whole number from 1 to %u", max);
        return wrong(o, value, expected, err);
    }
    memcpy(place, &(uint32_t){(uint32_t)u}, sizeof(uint32_t));
    return HB_OK;
}

static hb_status put_f64(const hb_opt *o, const char *value, void *place, hb_error *err)
{
    double f = 0;
    if (hb_num_parse(value, strlen(value), &f) != HB_NUM_FINITE || !(f > 0)) {
        return wrong(o, value, "a number above 0", err);
    }
    memcpy(place, &f, sizeof f);
    return HB_OK;
}

hb_status hb_option_put(const hb_opt *o, const char *value, void *base, hb_arena *arena,
                        size_t max_list, hb_error *err)
{
    void *place = (char *)base + o->offset;
    if (!*value && hb_arg_is_path(o->arg)) {
        return wrong(o, value, "a path", err);
    }
    switch (o->kind) {
    case HB_OPT_FLAG:
        memcpy(place, &(bool){true}, sizeof(bool));
        return HB_OK;
    case HB_OPT_STRING:
        memcpy(place, &value, sizeof value);
        return HB_OK;
    case HB_OPT_LIST:
        return put_list(value, place, arena, max_list, err);
    case HB_OPT_UINT:
        return put_uint(o, value, place, err);
    case HB_OPT_F64:
        return put_f64(o, value, place, err);
    case HB_OPT_ENUM:
        return put_enum(o, value, place, err);
    }
    return HB_OK;
}
