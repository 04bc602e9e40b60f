/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include "base/num_decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "d.ddde[+-]xx" with `digits` significant digits, decimal point forced to '.'. */
static bool shortest_scientific(double v, char text[40])
{
    for (int digits = 15; digits <= 17; digits++) {
        double back = 0;
        int n = snprintf(text, 40, "%.*e", digits - 1, v);
        if (n <= 0) {
            return false;
        }
        for (char *c = text; *c; c++) {
            if (!is_digit(*c) && *c != '-' && *c != '+' && *c != 'e') {
                *c = '.';
            }
        }
        if (hb_num_parse(text, (size_t)n, &back) == HB_NUM_FINITE && back == v) {
            return true;
        }
    }
    return true;
}

/* A whole number in decimal digits; how many. */
static int whole_digits(uint64_t v, char *digits)
{
    char back[24];
    int n = 0;
    do {
        back[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    for (int i = 0; i < n; i++) {
        digits[i] = back[n - 1 - i];
    }
    return n;
}

/* Figures of a few decimals, as instruments print them: t / 10^k is rounded correctly because both
 * are exact, so where it gives v the decimal with the digits of t reads back as v. Of 15 digits or
 * fewer no two decimals read as the same double, so the first k that does is the shortest form. */
static int few_decimals(double v, char digits[24], int *ret_exponent)
{
    static const double tens[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    for (int k = 0; k < 8 && v * tens[k] < 1e15 && v >= 1e-5; k++) {
        double t = floor(v * tens[k] + 0.5);
        if (t / tens[k] == v) {
            int n = whole_digits((uint64_t)t, digits);
            *ret_exponent = n - (k + 1);
            return n;
        }
    }
    return 0;
}

/* Subnormals carry fewer than 15 digits, so their shortest form needs the search from one up. */
static void shortest_subnormal(double v, char text[40])
{
    for (int digits = 1; digits <= 17; digits++) {
        double back = 0;
        int n = snprintf(text, 40, "%.*e", digits - 1, v);
        for (char *c = text; *c; c++) {
            if (!is_digit(*c) && *c != '-' && *c != '+' && *c != 'e') {
                *c = '.';
            }
        }
        if (n > 0 && hb_num_parse(text, (size_t)n, &back) == HB_NUM_FINITE && back == v) {
            return;
        }
    }
}

/* ECMAScript Number::toString for k digits with decimal exponent e (value = 0.ddd × 10^e). */
static size_t layout(const char *digits, int k, int e, char *out)
{
    char *o = out;
    if (k <= e && e <= 21) {
        memcpy(o, digits, (size_t)k);
        o += k;
        memset(o, '0', (size_t)(e - k));
        o += e - k;
    } else if (0 < e && e <= 21) {
        memcpy(o, digits, (size_t)e);
        o += e;
        *o++ = '.';
        memcpy(o, digits + e, (size_t)(k - e));
        o += k - e;
    } else if (-6 < e && e <= 0) {
        *o++ = '0';
        *o++ = '.';
        memset(o, '0', (size_t)-e);
        o += -e;
        memcpy(o, digits, (size_t)k);
        o += k;
    } else {
        *o++ = digits[0];
        if (k > 1) {
            *o++ = '.';
            memcpy(o, digits + 1, (size_t)(k - 1));
            o += k - 1;
        }
        o += snprintf(o, 8, "e%+d", e - 1);
    }
    return (size_t)(o - out);
}

size_t hb_num_print(double v, char out[HB_NUM_TEXT])
{
    if (!isfinite(v)) {
        const char *word = isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity";
        size_t n = strlen(word);
        memcpy(out, word, n + 1);
        return n;
    }
    if (v == 0) {
        memcpy(out, "0", 2);
        return 1;
    }
    if (v == floor(v) && fabs(v) < 1e15) {
        size_t negative = v < 0;
        out[0] = '-';
        size_t n = (size_t)whole_digits((uint64_t)fabs(v), out + negative);
        out[negative + n] = '\0';
        return negative + n;
    }
    size_t sign = v < 0;
    out[0] = '-';
    double magnitude = fabs(v);
    char digits[24];
    int exponent = 0;
    int k = few_decimals(magnitude, digits, &exponent);
    k = k ? k : hb_num_shortest(magnitude, digits, &exponent);
    if (k) {
        size_t n = layout(digits, k, exponent, out + sign);
        out[sign + n] = '\0';
        return sign + n;
    }
    char text[40];
    if (magnitude < 2.2250738585072014e-308) {
        shortest_subnormal(magnitude, text);
    } else if (!shortest_scientific(magnitude, text)) {
        out[0] = '\0';
        return 0;
    }
    const char *c = text;
    for (; *c && *c != 'e'; c++) {
        if (is_digit(*c)) {
            digits[k++] = *c;
        }
    }
    while (k > 1 && digits[k - 1] == '0') {
        k--;
    }
    int64_t exp10 = 0;
    const char *exp_text = c + 1 + (c[1] == '+');
    if (!hb_num_parse_i64(exp_text, strlen(exp_text), &exp10)) {
        exp10 = 0;
    }
    size_t n = layout(digits, k, (int)exp10 + 1, out + sign);
    out[sign + n] = '\0';
    return sign + n;
}

bool hb_num_parse_u64(const char *p, size_t n, uint64_t *ret)
{
    uint64_t v = 0;
    if (n == 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(p[i]) || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
            __builtin_add_overflow(v, (uint64_t)(p[i] - '0'), &v)) {
            return false;
        }
    }
    *ret = v;
    return true;
}

bool hb_num_parse_i64(const char *p, size_t n, int64_t *ret)
{
    bool negative = n && *p == '-';
    size_t sign = n && (*p == '-' || *p == '+');
    uint64_t magnitude = 0;
    if (!hb_num_parse_u64(p + sign, n - sign, &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}
