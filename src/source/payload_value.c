/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of values, times and keys: the same in every format. */
#include "source/payload.h"

#include "base/num.h"
#include "input/cell.h"

#include <math.h>
#include <string.h>

static const int64_t ns_per_s = INT64_C(1000000000);

void hb_emit_value(hb_str text, hb_live_sample *s)
{
    s->value = 0;
    switch (hb_num_parse(text.p, text.n, &s->value)) {
    case HB_NUM_FINITE:
        s->kind = HB_LIVE_VALUE;
        return;
    case HB_NUM_NAN:
        s->kind = HB_LIVE_NAN;
        break;
    case HB_NUM_INF:
        s->kind = HB_LIVE_INF;
        break;
    case HB_NUM_NOT:
        switch (hb_cell_classify(hb_str_trim(text), '.', &s->value)) {
        case HB_CELL_IS_NUMBER:
            s->kind = HB_LIVE_VALUE;
            return;
        case HB_CELL_IS_MISSING:
            s->kind = HB_LIVE_MISSING;
            break;
        case HB_CELL_IS_NAN:
            s->kind = HB_LIVE_NAN;
            break;
        case HB_CELL_IS_INF:
            s->kind = HB_LIVE_INF;
            break;
        case HB_CELL_IS_TEXT:
            s->kind = HB_LIVE_TEXT;
            break;
        }
        break;
    }
    s->value = 0;
}

/* A decimal number of seconds, ms, µs or ns, exact to the nanosecond. */
static bool scaled_time(hb_str whole, hb_str fraction, bool negative, hb_time *ret)
{
    int64_t v = 0;
    if (!hb_num_parse_i64(whole.p, whole.n, &v)) {
        return false;
    }
    int64_t scale = v < INT64_C(100000000000)         ? ns_per_s
                    : v < INT64_C(100000000000000)    ? ns_per_s / 1000
                    : v < INT64_C(100000000000000000) ? ns_per_s / 1000000
                                                      : 1;
    int64_t t = 0;
    if (__builtin_mul_overflow(v, scale, &t)) {
        return false;
    }
    int64_t step = scale;
    for (size_t i = 0; i < fraction.n && step >= 10; i++) {
        step /= 10;
        if (__builtin_add_overflow(t, step * (fraction.p[i] - '0'), &t)) {
            return false;
        }
    }
    *ret = negative ? -t : t;
    return true;
}

static size_t count_digits(hb_str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') {
        n++;
    }
    return n;
}

static bool number_time(hb_str text, hb_time *ret)
{
    bool negative = text.n && text.p[0] == '-';
    hb_str rest = {text.p + negative, text.n - negative};
    size_t whole = count_digits(rest);
    hb_str fraction = {rest.p + whole, rest.n - whole};
    if (whole && (fraction.n == 0 || fraction.p[0] == '.')) {
        fraction = fraction.n ? (hb_str){fraction.p + 1, fraction.n - 1} : fraction;
        return count_digits(fraction) == fraction.n &&
               scaled_time((hb_str){rest.p, whole}, fraction, negative, ret);
    }
    double v = 0; /* with an exponent: as exact as a double */
    if (hb_num_parse(text.p, text.n, &v) != HB_NUM_FINITE) {
        return false;
    }
    double size = fabs(v);
    double ns = v * (size < 1e11 ? 1e9 : size < 1e14 ? 1e6 : size < 1e17 ? 1e3 : 1);
    if (!(fabs(ns) < 9.2e18)) {
        return false;
    }
    *ret = (hb_time)floor(ns);
    return true;
}

/* "2026-11-26T18:35:01.123Z" as most senders write it, without hb_time_parse's choices: the hot
 * path. False = look closer. */
static bool plain_time(const char *p, size_t n, hb_time *ret)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    unsigned v[6] = {0};
    if (n < 20 || n > 30 || p[n - 1] != 'Z') {
        return false;
    }
    size_t field = 0;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] != 'd') {
            if (p[i] != form[i]) {
                return false;
            }
            field++;
            continue;
        }
        unsigned digit = (unsigned)(unsigned char)p[i] - '0';
        if (digit > 9) {
            return false;
        }
        v[field] = v[field] * 10 + digit;
    }
    uint32_t ns = 0;
    if (n > 20) {
        uint32_t place = 100000000;
        if (p[19] != '.' || n == 21) {
            return false;
        }
        for (size_t i = 20; i < n - 1; i++, place /= 10) {
            unsigned digit = (unsigned)(unsigned char)p[i] - '0';
            if (digit > 9) {
                return false;
            }
            ns += digit * place;
        }
    }
    return hb_time_from_civil(v[0], v[1], v[2], v[3], v[4], v[5], ns, 0, ret);
}

bool hb_event_time(hb_str text, hb_time *ret)
{
    if (plain_time(text.p, text.n, ret)) {
        return true;
    }
    text = hb_str_trim(text);
    hb_time t = HB_TIME_NONE;
    if (!number_time(text, &t) && !hb_time_parse(text.p, text.n, &t, NULL)) {
        return false;
    }
    if (t == HB_TIME_NONE) {
        return false;
    }
    *ret = t;
    return true;
}

hb_key_role hb_key_role_of(hb_str key)
{
    static const struct {
        hb_str key;
        hb_key_role role;
    } rows[] = {
        {{"id", 2}, HB_KEY_ID},
        {{"ts", 2}, HB_KEY_TIME},
        {{"seq", 3}, HB_KEY_ID},
        {{"name", 4}, HB_KEY_NAME},
        {{"unit", 4}, HB_KEY_UNIT},
        {{"time", 4}, HB_KEY_TIME},
        {{"value", 5}, HB_KEY_VALUE},
        {{"units", 5}, HB_KEY_UNITS},
        {{"start", 5}, HB_KEY_START},
        {{"metric", 6}, HB_KEY_NAME},
        {{"values", 6}, HB_KEY_VALUES},
        {{"sequence", 8}, HB_KEY_ID},
        {{"interval", 8}, HB_KEY_INTERVAL},
        {{"timestamp", 9}, HB_KEY_TIME},
        {{"timestamps", 10}, HB_KEY_TIMESTAMPS},
        {{"message_id", 10}, HB_KEY_ID},
        {{"interval_ms", 11}, HB_KEY_INTERVAL},
        {{"interval_us", 11}, HB_KEY_INTERVAL},
        {{"interval_ns", 11}, HB_KEY_INTERVAL},
    };
    /* First row of each length. */
    static const uint8_t from[] = {0, 0, 0, 2, 3, 6, 9, 11, 11, 13, 14, 16, 19};
    if (key.n < 2 || key.n > 11) {
        return HB_KEY_NONE;
    }
    for (size_t i = from[key.n]; i < from[key.n + 1]; i++) {
        if (memcmp(rows[i].key.p, key.p, key.n) == 0) {
            return rows[i].role;
        }
    }
    return HB_KEY_NONE;
}
