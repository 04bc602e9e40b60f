/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/factors.h"

#include <stdio.h>
#include <string.h>

static bool name_is_good(hb_str name)
{
    bool good = name.n >= 1 && name.n <= HB_FACTOR_NAME_BYTES;
    for (size_t i = 0; i < name.n && good; i++) {
        char c = name.p[i];
        bool letter = c >= 'a' && c <= 'z';
        good = letter || (i > 0 && ((c >= '0' && c <= '9') || c == '_'));
    }
    return good;
}

static bool value_is_good(hb_str value)
{
    bool good = value.n <= HB_FACTOR_VALUE_BYTES && hb_utf8_valid_prefix(value) == value.n;
    for (size_t i = 0; i < value.n && good; i++) {
        good = (unsigned char)value.p[i] >= ' ' && value.p[i] != 0x7f;
    }
    return good;
}

static int shown(hb_str s)
{
    return (int)(s.n < 80 ? s.n : 80);
}

static hb_status check(hb_str name, hb_str value, hb_error *err)
{
    if (!name_is_good(name)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%.*s' cannot name a factor: expected a small letter, then small letters, "
                       "digits and _, at most %d in all",
                       shown(name), name.p, HB_FACTOR_NAME_BYTES);
    }
    if (!value_is_good(value)) {
        return HB_FAIL(
            err, HB_E_INPUT,
            "factor '%.*s' must have a value of at most %d bytes of UTF-8 without control "
            "characters",
            shown(name), name.p, HB_FACTOR_VALUE_BYTES);
    }
    return HB_OK;
}

hb_status hb_factors_put(hb_run_meta *meta, hb_arena *arena, hb_str name, hb_str value,
                         hb_error *err)
{
    value = hb_str_trim(value);
    HB_TRY(check(name, value, err));
    if (value.n == 0) {
        return HB_OK;
    }
    /* The list is made anew, so that a copied meta keeps its own. */
    hb_factor *list = hb_arena_array(arena, meta->n_factors + 1, sizeof *list);
    hb_factor one = {hb_arena_str(arena, name), hb_arena_str(arena, value)};
    if (!list || !one.name || !one.value) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    size_t i = 0;
    for (; i < meta->n_factors && strcmp(meta->factors[i].name, one.name) < 0; i++) {
        list[n++] = meta->factors[i];
    }
    list[n++] = one;
    i += i < meta->n_factors && strcmp(meta->factors[i].name, one.name) == 0;
    for (; i < meta->n_factors; i++) {
        list[n++] = meta->factors[i];
    }
    if (n > HB_FACTORS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "factor '%s' is one too many, a run has at most %d",
                       one.name, HB_FACTORS_MAX);
    }
    meta->factors = list;
    meta->n_factors = n;
    return HB_OK;
}

static bool named_before(hb_str rest, const char *list, hb_str name)
{
    hb_str done = {list, (size_t)(rest.p - list)};
    while (done.n) {
        size_t comma = hb_str_find_ch(done, ',');
        hb_str pair = {done.p, comma};
        if (hb_str_eq(hb_str_trim((hb_str){pair.p, hb_str_find_ch(pair, '=')}), name)) {
            return true;
        }
        comma += comma < done.n;
        done = (hb_str){done.p + comma, done.n - comma};
    }
    return false;
}

hb_status hb_factors_put_list(hb_run_meta *meta, hb_arena *arena, const char *list, hb_error *err)
{
    hb_str rest = hb_str_of(list);
    bool more = true;
    while (more) {
        size_t comma = hb_str_find_ch(rest, ',');
        hb_str pair = {rest.p, comma};
        size_t eq = hb_str_find_ch(pair, '=');
        if (eq == pair.n) {
            return HB_FAIL(err, HB_E_INPUT, "factor '%.*s' must be NAME=VALUE, as rig=A,unit=7",
                           shown(pair), pair.p);
        }
        hb_str name = hb_str_trim((hb_str){pair.p, eq});
        if (named_before(rest, list, name)) {
            return HB_FAIL(err, HB_E_INPUT, "factor '%.*s' is given twice", shown(name), name.p);
        }
        HB_TRY(hb_factors_put(meta, arena, name, (hb_str){pair.p + eq + 1, pair.n - eq - 1}, err));
        more = comma < rest.n;
        rest = (hb_str){rest.p + comma + more, rest.n - comma - more};
    }
    return HB_OK;
}

static const char *day_of(hb_time start, char day[HB_FACTOR_DAY_TEXT])
{
    char text[HB_TIME_TEXT];
    if (start == HB_TIME_NONE) {
        return "";
    }
    hb_time_print(start, text);
    snprintf(day, HB_FACTOR_DAY_TEXT, "%.10s", text);
    return day;
}

const char *hb_factor_level(const hb_run_meta *meta, hb_time start, const char *name,
                            char day[HB_FACTOR_DAY_TEXT])
{
    for (size_t i = 0; i < meta->n_factors; i++) {
        if (strcmp(meta->factors[i].name, name) == 0) {
            return meta->factors[i].value;
        }
    }
    if (strcmp(name, "build") == 0) {
        return *meta->build_id ? meta->build_id : meta->git_sha;
    }
    return strcmp(name, "day") == 0 ? day_of(start, day) : "";
}
