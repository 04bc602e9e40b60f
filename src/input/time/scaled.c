/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal figures to nanoseconds in whole numbers: "1712655123.456789" s has more digits than a
 * double keeps, and 0.02 s is 20,000,000 ns and not 20,000,000.000000004. */
#include "base/num.h"
#include "base/num_field.h"
#include "input/time/scan.h"

#include <math.h>

static const uint64_t powers[20] = {1,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000,
                                    10000000000000000000u};

typedef struct figure {
    bool minus;
    uint64_t digits; /* all of them, the mark left out */
    int exponent;    /* of ten */
} figure;

static bool exponent(hb_scan *s, int *ret)
{
    hb_scan try = *s;
    if (!hb_scan_take(&try, 'e') && !hb_scan_take(&try, 'E')) {
        return true;
    }
    bool minus = hb_scan_take(&try, '-');
    if (!minus) {
        hb_scan_take(&try, '+');
    }
    uint32_t v = 0;
    if (!hb_scan_digits(&try, 1, 4, &v)) {
        return false;
    }
    *ret += minus ? -(int)v : (int)v;
    *s = try;
    return true;
}

/* False when it is no number. Digits past the nineteenth are dropped: they are below a nanosecond,
 * or the number is out of range anyway. */
static bool take_figure(hb_scan *s, char decimal, figure *ret)
{
    figure f = {0};
    f.minus = hb_scan_take(s, '-');
    if (!f.minus) {
        hb_scan_take(s, '+');
    }
    bool any = false;
    bool marked = false;
    for (; s->p < s->end; s->p++) {
        unsigned digit = (unsigned)(*s->p - '0');
        if (digit < 10) {
            any = true;
            if (f.digits < UINT64_C(1000000000000000000)) {
                f.digits = f.digits * 10 + digit;
                f.exponent -= marked;
            } else {
                f.exponent += !marked;
            }
        } else if (!marked && (*s->p == '.' || *s->p == decimal)) {
            marked = true;
        } else {
            break;
        }
    }
    *ret = f;
    return any && exponent(s, &ret->exponent);
}

/* Nothing but a few digits and a mark, at once. */
static bool plain_figure(hb_str text, char decimal, figure *ret)
{
    size_t sign = text.n && *text.p == '-';
    size_t n = text.n - sign;
    uint64_t digits = 0;
    unsigned places = 0;
    if (n - 1 >= 16 || !hb_num_digits(text.p + sign, n, HB_NUM_MARK(decimal), &digits, &places)) {
        return false;
    }
    *ret = (figure){.minus = sign, .digits = digits, .exponent = -(int)places};
    return true;
}

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 wide_u;

static bool scale(const figure *f, int64_t unit_ns, int64_t base_units, int64_t *ret)
{
    wide_u v = (wide_u)f->digits * (uint64_t)unit_ns;
    int e = f->exponent;
    if (v && e > 19) {
        return false;
    }
    if (e < -38) {
        v = 0;
        e = 0;
    }
    if (e > 0) {
        if (v > ((wide_u)1 << 63)) {
            return false;
        }
        v *= powers[e > 19 ? 19 : e];
    }
    if (e < -19) {
        v /= powers[-e - 19];
        e = -19;
    }
    if (e < 0) {
        v = (v + powers[-e] / 2) / powers[-e];
    }
    if (v >> 100) {
        return false;
    }
    wide t = f->minus ? -(wide)v : (wide)v;
    t -= (wide)base_units * unit_ns;
    if (t > INT64_MAX || t <= INT64_MIN) {
        return false;
    }
    *ret = (int64_t)t;
    return true;
}

/* The common case, a plain figure in s, ms, µs or ns, without a division of 128 bits. */
static bool scale_fast(const figure *f, int64_t unit_ns, int64_t *ret)
{
    int zeros = unit_ns == 1000000000 ? 9 : unit_ns == 1000000 ? 6 : unit_ns == 1000 ? 3 : 0;
    int e = zeros + f->exponent;
    if ((zeros == 0 && unit_ns != 1) || e < 0 || e > 18 || f->digits > INT64_MAX) {
        return false;
    }
    int64_t v = 0;
    if (__builtin_mul_overflow((int64_t)f->digits, (int64_t)powers[e], &v)) {
        return false;
    }
    *ret = f->minus ? -v : v;
    return true;
}

bool hb_scaled_text(hb_str text, char decimal, int64_t unit_ns, int64_t base_units, int64_t *ret_ns,
                    hb_str *ret_rest)
{
    hb_scan s = {text.p, text.p + text.n, text.p};
    figure f = {0};
    if (plain_figure(text, decimal, &f)) {
        s.p = s.end;
    } else if (!take_figure(&s, decimal, &f)) {
        return false;
    }
    if (ret_rest) {
        hb_scan_blanks(&s);
        *ret_rest = (hb_str){s.p, (size_t)(s.end - s.p)};
    } else if (s.p != s.end) {
        return false;
    }
    return (base_units == 0 && scale_fast(&f, unit_ns, ret_ns)) ||
           scale(&f, unit_ns, base_units, ret_ns);
}

bool hb_scaled_double(double v, int64_t unit_ns, int64_t base_units, int64_t *ret_ns)
{
    double ns = v * (double)unit_ns;
    /* Below 2^50 the product's error is under a quarter of a nanosecond. */
    if (base_units == 0 && fabs(ns) < 0x1p50) {
        *ret_ns = (int64_t)(ns < 0 ? ns - 0.5 : ns + 0.5);
        return true;
    }
    if (!isfinite(v)) {
        return false;
    }
    /* The shortest decimal is what was meant: 1712655123.456, not …4560000896. */
    char text[HB_NUM_TEXT];
    size_t n = hb_num_print(v, text);
    return hb_scaled_text((hb_str){text, n}, '.', unit_ns, base_units, ret_ns, NULL);
}

int64_t hb_time_unit_ns(hb_str unit)
{
    static const struct {
        const char *words;
        int64_t ns;
    } rows[] = {
        {" ns nsec nanosecond nanoseconds nanosekunden ", 1},
        {" us usec microsecond microseconds mikrosekunden ", 1000},
        {" ms msec msecs millis millisecond milliseconds millisekunden millisecondes "
         "milisegundos millisecondi ",
         1000000},
        {" s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos seg "
         "secondo secondi ",
         1000000000},
        {" min mins mn minute minutes minuten minutos minuti ", INT64_C(60000000000)},
        {" h hr hrs hour hours std stunden heures horas ore ", INT64_C(3600000000000)},
        {" d day days tag tage jours dias giorni ", INT64_C(86400000000000)},
    };
    hb_str trimmed = hb_str_trim(unit);
    hb_scan s = {trimmed.p, trimmed.p + trimmed.n, trimmed.p};
    char word[HB_SCAN_WORD];
    size_t n = hb_scan_word(&s, word);
    hb_scan_take(&s, '.');
    if (n == 0 || s.p != s.end) {
        return 0;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_word_among(rows[i].words, word)) {
            return rows[i].ns;
        }
    }
    return 0;
}
