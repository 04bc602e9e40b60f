/* SPDX-License-Identifier: Apache-2.0 */
/* Digits are gathered eight at a time; then Clinger's exact case, then Lemire's. The C library is
 * asked only where more than 19 digits stand so near the middle between two doubles that the 20th
 * and what follows decide, and for hex floats. */
#include "base/mem.h"
#include "base/num.h"
#include "base/num_field.h"
#include "base/str.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 19 /* that a 64-bit mantissa holds */, LONGEST_EXPONENT = 1 << 28 };

/* The library's converter reads the decimal point from a locale: ours is always "C". */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static hb_num_kind classify(double v, double *ret)
{
    if (isnan(v)) {
        return HB_NUM_NAN;
    }
    *ret = v;
    return isinf(v) ? HB_NUM_INF : HB_NUM_FINITE;
}

static hb_num_kind ask_library(const char *p, size_t n, double *ret)
{
    pthread_once(&c_locale_once, make_c_locale);
    char small[128];
    char *text = n < sizeof small ? small : hb_alloc(n + 1);
    if (!text || c_locale == (locale_t)0) {
        return HB_NUM_NOT;
    }
    memcpy(text, p, n);
    text[n] = '\0';
    char *end = NULL;
    double v = strtod_l(text, &end, c_locale);
    bool whole = end == text + n && memchr(text, '\0', n) == NULL;
    if (text != small) {
        hb_free(text);
    }
    return whole ? classify(v, ret) : HB_NUM_NOT;
}

static hb_num_kind parse_word(const char *p, size_t n, double *ret)
{
    size_t sign = n && (*p == '+' || *p == '-');
    hb_str word = {p + sign, n - sign};
    if (hb_str_ieq_c(word, "nan")) {
        return HB_NUM_NAN;
    }
    if (hb_str_ieq_c(word, "inf") || hb_str_ieq_c(word, "infinity")) {
        *ret = *p == '-' ? -INFINITY : INFINITY;
        return HB_NUM_INF;
    }
    return HB_NUM_NOT;
}

/* A run of digits behind `mantissa`; more than 19 wrap around, which the caller notices. */
static const char *take_digits(const char *at, const char *end, uint64_t *mantissa)
{
    uint64_t m = *mantissa;
    while (end - at >= 8) {
        uint64_t values = hb_swar_load(at) ^ HB_SWAR_EACH('0');
        if (!hb_swar_all_digits(values)) {
            break;
        }
        m = m * 100000000 + hb_swar_figure(values);
        at += 8;
    }
    while (at < end && is_digit(*at)) {
        m = m * 10 + (uint64_t)(*at++ - '0');
    }
    *mantissa = m;
    return at;
}

typedef struct decimal {
    uint64_t mantissa;
    int64_t exponent;
    bool negative;
    bool more; /* further digits, not all zero or not, follow the 19 of the mantissa */
} decimal;

/* [at, end) has more than 19 digits: their significant ones from the first that is not 0. */
static void take_long(const char *at, const char *end, decimal *d)
{
    int64_t point = 0; /* places the mantissa must be moved by */
    size_t n = 0;
    bool fraction = false;
    d->mantissa = 0;
    d->more = false;
    for (; at < end && (is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            fraction = true;
        } else if (n == DIGITS) {
            d->more = true;
            point += !fraction;
        } else {
            n += n || *at != '0';
            d->mantissa = d->mantissa * 10 + (uint64_t)(*at - '0');
            point -= fraction;
        }
    }
    d->exponent += point;
}

static const char *take_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    const char *digits = at;
    int64_t e = 0;
    for (; at < end && is_digit(*at); at++) {
        e = e < LONGEST_EXPONENT ? e * 10 + (*at - '0') : e;
    }
    *exponent = negative ? -e : e;
    return at == digits ? NULL : at;
}

static double to_double(const decimal *d)
{
    /* Both operands exact, so one rounding: the result is the correctly rounded one. */
    if (d->mantissa <= (UINT64_C(1) << 53) && d->exponent >= -HB_NUM_EXACT &&
        d->exponent <= HB_NUM_EXACT) {
        double v = (double)d->mantissa;
        return d->exponent < 0 ? v / hb_num_exact[-d->exponent] : v * hb_num_exact[d->exponent];
    }
    return hb_num_decimal(d->mantissa, d->exponent);
}

static hb_num_kind finish(const decimal *d, const char *p, size_t n, double *ret)
{
    double v = 0;
    if (d->more) {
        decimal above = *d;
        above.mantissa++;
        v = hb_num_decimal(d->mantissa, d->exponent);
        if (v != hb_num_decimal(above.mantissa, above.exponent)) {
            return ask_library(p, n, ret);
        }
    } else {
        v = to_double(d);
    }
    *ret = d->negative ? -v : v;
    return isinf(v) ? HB_NUM_INF : HB_NUM_FINITE;
}

hb_num_kind hb_num_parse(const char *p, size_t n, double *ret)
{
    const char *at = p;
    const char *end = p + n;
    decimal d = {.negative = at < end && *at == '-'};
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    size_t n_left = (size_t)(end - at);
    unsigned few_places = 0;
    if (n_left - 1 < 16 && hb_num_digits(at, n_left, HB_NUM_MARK('.'), &d.mantissa, &few_places)) {
        *ret = hb_num_quotient(d.mantissa, few_places, d.negative);
        return HB_NUM_FINITE;
    }
    d.mantissa = 0;
    const char *digits = at;
    at = take_digits(at, end, &d.mantissa);
    size_t n_digits = (size_t)(at - digits);
    int64_t places = 0;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = take_digits(at, end, &d.mantissa);
        places = at - fraction;
        n_digits += (size_t)places;
    }
    if (n_digits == 0) {
        return parse_word(p, n, ret);
    }
    const char *digits_end = at;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = take_exponent(at + 1, end, &d.exponent);
        if (!at) {
            return HB_NUM_NOT;
        }
    }
    if (at != end) {
        bool hex = n_digits == 1 && *digits == '0' && (*at == 'x' || *at == 'X');
        return hex ? ask_library(p, n, ret) : HB_NUM_NOT;
    }
    if (n_digits > DIGITS) {
        take_long(digits, digits_end, &d);
    } else {
        d.exponent -= places;
    }
    return finish(&d, p, n, ret);
}
