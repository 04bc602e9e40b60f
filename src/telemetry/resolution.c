/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/resolution.h"

#include "base/num.h"
#include "stats/sort.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TEXT = 64, MOST_DIGITS = 15, NOISE_ULP = 4 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static double power_of_ten(int k)
{
    char text[16];
    double v = 0;
    int n = snprintf(text, sizeof text, "1e%d", k);
    return hb_num_parse(text, (size_t)n, &v) == HB_NUM_FINITE ? v : 0;
}

/* "-1.25e+3" and what stands behind it. */
typedef struct figure {
    char plain[MOST_TEXT]; /* without group marks, decimal point '.' */
    size_t n;
    int decimals;
    int exponent;
} figure;

static size_t read_exponent(hb_str text, size_t at, figure *f)
{
    size_t i = at + 1;
    bool minus = i < text.n && text.p[i] == '-';
    i += i < text.n && (text.p[i] == '-' || text.p[i] == '+');
    size_t first = i;
    int e = 0;
    while (i < text.n && is_digit(text.p[i]) && e < 1000) {
        e = e * 10 + (text.p[i++] - '0');
    }
    if (i == first) {
        return at; /* a unit that begins with e */
    }
    f->exponent = minus ? -e : e;
    return i;
}

/* Digits with group marks between them, one decimal mark, an exponent. */
static bool read_figure(hb_str text, char decimal, figure *f)
{
    size_t i = 0;
    while (i < text.n && !is_digit(text.p[i])) {
        i++;
    }
    if (i == text.n || i > 4 || text.n - i >= MOST_TEXT) {
        return false;
    }
    bool mark = i > 0 && text.p[i - 1] == decimal; /* ".5" */
    for (; i < text.n; i++) {
        char c = text.p[i];
        bool between = i + 1 < text.n && is_digit(text.p[i + 1]);
        if (is_digit(c)) {
            f->plain[f->n++] = c;
            f->decimals += mark;
        } else if (c == decimal && !mark) {
            mark = true;
        } else if (mark || !between || !strchr(",. '", c)) {
            break;
        }
    }
    if (i < text.n && (text.p[i] == 'e' || text.p[i] == 'E')) {
        i = read_exponent(text, i, f);
    }
    return f->n < 40;
}

double hb_text_step(hb_str text, char decimal, double value)
{
    figure f = {.n = 0};
    double digits = 0;
    if (!isfinite(value) || !read_figure(text, decimal, &f) ||
        hb_num_parse(f.plain, f.n, &digits) != HB_NUM_FINITE) {
        return 0;
    }
    double step = power_of_ten(f.exponent - f.decimals);
    double scale = digits > 0 ? fabs(value) / digits : step;
    /* A scale of the unit's prefix is kept; the figure's own is taken from its text, exactly. */
    double apart = step > 0 ? scale / step : 0;
    return apart > 1 - 1e-12 && apart < 1 + 1e-12 ? step : isfinite(scale) ? scale : 0;
}

/* With at most 15 digits, when that is all the value is but for rounding. */
static size_t short_text(double value, char out[MOST_TEXT])
{
    double back = 0;
    int n = snprintf(out, MOST_TEXT, "%.*e", MOST_DIGITS - 1, value);
    char *e = memchr(out, 'e', (size_t)n);
    if (e && hb_num_parse(out, (size_t)n, &back) == HB_NUM_FINITE) {
        uint64_t a = hb_order_image(value + 0.0);
        uint64_t b = hb_order_image(back + 0.0);
        if ((a > b ? a - b : b - a) <= NOISE_ULP) {
            char text[HB_NUM_TEXT];
            size_t m = hb_num_print(back, text);
            memcpy(out, text, m);
            return m;
        }
    }
    return hb_num_print(value, out);
}

double hb_printed_step(double value)
{
    char text[MOST_TEXT];
    figure f = {.n = 0};
    if (!isfinite(value)) {
        return 0;
    }
    if (value == 0) {
        return 1;
    }
    size_t n = short_text(value, text);
    return read_figure((hb_str){text, n}, '.', &f) ? power_of_ten(f.exponent - f.decimals) : 0;
}

double hb_tidy_step(double step, double most)
{
    enum { TRIED = 3 };
    for (int digits = 0; digits < TRIED; digits++) {
        char text[MOST_TEXT];
        double tidy = 0;
        int n = snprintf(text, sizeof text, "%.*e", digits, step);
        if (hb_num_parse(text, (size_t)n, &tidy) == HB_NUM_FINITE &&
            fabs(tidy - step) <= NOISE_ULP * DBL_EPSILON * fabs(most)) {
            return tidy;
        }
    }
    return step;
}
