/* SPDX-License-Identifier: Apache-2.0 */
#include "input/npy/array.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Shifts that the compilers make one load of. */
static uint64_t low(const unsigned char *p, unsigned n)
{
    uint64_t v = p[0];
    for (unsigned i = 1; i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static uint64_t bits(const hb_npy_field *f, const unsigned char *p)
{
    switch (f->size) {
    case 1:
        return p[0];
    case 2:
        return f->big ? __builtin_bswap16((uint16_t)low(p, 2)) : low(p, 2);
    case 4:
        return f->big ? __builtin_bswap32((uint32_t)low(p, 4)) : low(p, 4);
    case 8:
        return f->big ? __builtin_bswap64(low(p, 8)) : low(p, 8);
    default: /* hb_npy_type lets no other number pass */
        return 0;
    }
}

static int64_t signed_bits(const hb_npy_field *f, const unsigned char *p)
{
    uint64_t v = bits(f, p);
    unsigned unused = 64 - 8 * f->size;
    /* Sign extension without shifting a negative number. */
    uint64_t sign = UINT64_C(1) << (63 - unused);
    return (int64_t)((v ^ sign) - sign);
}

/* IEEE 754 binary16 and binary32 to binary64, which holds every one of their values: 1 sign bit,
 * exponent, fraction. */
static double widen(uint64_t v, unsigned exponent_bits, unsigned fraction_bits)
{
    uint64_t most = (UINT64_C(1) << exponent_bits) - 1;
    uint64_t exponent = v >> fraction_bits & most;
    uint64_t fraction = v & ((UINT64_C(1) << fraction_bits) - 1);
    uint64_t sign = v >> (exponent_bits + fraction_bits) << 63;
    uint64_t bias = most >> 1;
    double d = 0;
    if (exponent == 0) { /* no leading one */
        d = ldexp((double)fraction, 1 - (int)bias - (int)fraction_bits);
        return sign ? -d : d;
    }
    uint64_t wide = exponent == most ? 2047 : exponent - bias + 1023;
    uint64_t out = sign | wide << 52 | fraction << (52 - fraction_bits);
    memcpy(&d, &out, sizeof d);
    return d;
}

static double real(const hb_npy_field *f, const unsigned char *p)
{
    uint64_t v = bits(f, p);
    if (f->size < 8) {
        return f->size == 2 ? widen(v, 5, 10) : widen(v, 8, 23);
    }
    double d = 0;
    memcpy(&d, &v, sizeof d);
    return d;
}

static hb_status set_text(hb_arena *texts, const char *p, size_t n, hb_cell *ret, hb_error *err)
{
    hb_str trimmed = hb_str_trim((hb_str){p, n});
    *ret = (hb_cell){.kind = HB_CELL_EMPTY};
    if (trimmed.n) {
        char *kept = hb_arena_strndup(texts, trimmed.p, trimmed.n);
        if (!kept) {
            return HB_NOMEM(err);
        }
        *ret = (hb_cell){.kind = HB_CELL_TEXT, .as.p = kept, .len = (uint32_t)trimmed.n};
    }
    return HB_OK;
}

static size_t put_utf8(char *out, uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
        cp = 0xFFFD;
    }
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; cp >>= 6) {
        out[i] = (char)(0x80 | (cp & 0x3F));
    }
    out[0] = (char)(lead[n] | cp);
    return n;
}

/* A text of n characters needs at most 4 n bytes, as many as it has here. Zeros at the end pad. */
static hb_status ucs4(const hb_npy_field *f, const unsigned char *p, hb_arena *texts, hb_cell *ret,
                      hb_error *err)
{
    const hb_npy_field one = {.size = 4, .big = f->big};
    size_t n = f->size / 4;
    while (n && bits(&one, p + 4 * (n - 1)) == 0) {
        n--;
    }
    if (n == 0) {
        *ret = (hb_cell){.kind = HB_CELL_EMPTY};
        return HB_OK;
    }
    char *out = hb_arena_alloc(texts, 4 * n + 1);
    if (!out) {
        return HB_NOMEM(err);
    }
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        len += put_utf8(out + len, (uint32_t)bits(&one, p + 4 * i));
    }
    hb_str trimmed = hb_str_trim((hb_str){out, len});
    *ret = (hb_cell){.kind = trimmed.n ? HB_CELL_TEXT : HB_CELL_EMPTY,
                     .as.p = trimmed.p,
                     .len = (uint32_t)trimmed.n};
    return HB_OK;
}

/* Bytes have no encoding: UTF-8 where they are, else Latin-1. */
static hb_status byte_text(const hb_npy_field *f, const unsigned char *p, hb_arena *texts,
                           hb_cell *ret, hb_error *err)
{
    size_t n = f->size;
    while (n && p[n - 1] == 0) {
        n--;
    }
    hb_str s = {(const char *)p, n};
    if (hb_utf8_valid_prefix(s) == n) {
        return set_text(texts, s.p, n, ret, err);
    }
    char *out = hb_arena_alloc(texts, 2 * n + 1);
    if (!out) {
        return HB_NOMEM(err);
    }
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        len += put_utf8(out + len, p[i]);
    }
    return set_text(texts, out, len, ret, err);
}

/* Whole numbers beyond 2^53 (nanosecond stamps) keep their digits as text. */
static hb_status signed_cell(int64_t v, hb_arena *texts, hb_cell *ret, hb_error *err)
{
    if (v <= (INT64_C(1) << 53) && v >= -(INT64_C(1) << 53)) {
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = (double)v};
        return HB_OK;
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    return set_text(texts, text, n > 0 ? (size_t)n : 0, ret, err);
}

static hb_status unsigned_cell(uint64_t v, hb_arena *texts, hb_cell *ret, hb_error *err)
{
    if (v <= (UINT64_C(1) << 53)) {
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = (double)v};
        return HB_OK;
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    return set_text(texts, text, n > 0 ? (size_t)n : 0, ret, err);
}

typedef struct time_unit {
    const char *name;
    int64_t ns;        /* of one; 0 = finer than ns, or no fixed length */
    int64_t per_ns;    /* parts of a nanosecond */
    const char *units; /* for figures, UDUNITS text; "" = no fixed length */
} time_unit;

static const time_unit *unit_of(const hb_npy_field *f)
{
    static const time_unit rows[] = {
        {"W", INT64_C(604800000000000), 0, "week"},
        {"D", INT64_C(86400000000000), 0, "d"},
        {"h", INT64_C(3600000000000), 0, "h"},
        {"m", INT64_C(60000000000), 0, "min"},
        {"s", 1000000000, 0, "s"},
        {"ms", 1000000, 0, "ms"},
        {"us", 1000, 0, "us"},
        {"ns", 1, 0, "ns"},
        {"ps", 0, 1000, "ps"},
        {"fs", 0, 1000000, "fs"},
        {"as", 0, 1000000000, "as"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, f->unit) == 0) {
            return &rows[i];
        }
    }
    return NULL; /* years and months */
}

const char *hb_npy_unit(const hb_npy_field *f)
{
    const time_unit *u = f->kind == HB_NPY_SPAN ? unit_of(f) : NULL;
    return u ? u->units : "";
}

/* Years and months since January 1970. */
static bool calendar_time(const hb_npy_field *f, int64_t v, hb_time *ret)
{
    int64_t months = 0;
    if (__builtin_mul_overflow(v, f->unit[0] == 'Y' ? 12 : 1, &months) || months > 12 * 300 ||
        months < -12 * 300) {
        return false;
    }
    int64_t year = 1970 + (months >= 0 ? months / 12 : (months - 11) / 12);
    unsigned month = (unsigned)(months - (year - 1970) * 12) + 1;
    return hb_time_from_civil(year, month, 1, 0, 0, 0, 0, 0, ret);
}

static hb_status time_cell(const hb_npy_field *f, int64_t v, hb_arena *texts, hb_cell *ret,
                           hb_error *err)
{
    const time_unit *u = unit_of(f);
    hb_time t = 0;
    int64_t scaled = 0;
    bool ok = !__builtin_mul_overflow(v, f->multiple, &scaled);
    if (ok && !u) {
        ok = calendar_time(f, scaled, &t);
    } else if (ok && u->ns) {
        ok = !__builtin_mul_overflow(scaled, u->ns, &t) && t != HB_TIME_NONE;
    } else if (ok) {
        int64_t rest = scaled % u->per_ns;
        t = scaled / u->per_ns - (rest < 0);
    }
    if (ok) {
        *ret = (hb_cell){.kind = HB_CELL_TIME, .as.ns = t};
        return HB_OK;
    }
    char text[48];
    int n = snprintf(text, sizeof text, "%lld [%s]", (long long)v, f->unit);
    HB_TRY(set_text(texts, text, n > 0 ? (size_t)n : 0, ret, err));
    ret->kind = HB_CELL_ERROR; /* outside the years 1678 to 2262 */
    return HB_OK;
}

static hb_status span_cell(const hb_npy_field *f, int64_t v, hb_arena *texts, hb_cell *ret,
                           hb_error *err)
{
    int64_t scaled = 0;
    if (!__builtin_mul_overflow(v, f->multiple, &scaled)) {
        return signed_cell(scaled, texts, ret, err);
    }
    *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = (double)v * (double)f->multiple};
    return HB_OK;
}

hb_status hb_npy_cell(const hb_npy_field *f, const unsigned char *p, hb_arena *texts, hb_cell *ret,
                      hb_error *err)
{
    switch (f->kind) {
    case HB_NPY_BOOL:
        *ret = (hb_cell){.kind = HB_CELL_BOOL, .as.num = *p != 0};
        return HB_OK;
    case HB_NPY_INT:
        return signed_cell(signed_bits(f, p), texts, ret, err);
    case HB_NPY_UINT:
        return unsigned_cell(bits(f, p), texts, ret, err);
    case HB_NPY_FLOAT:
        *ret = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = real(f, p)};
        return HB_OK;
    case HB_NPY_UCS4:
        return ucs4(f, p, texts, ret, err);
    case HB_NPY_BYTES:
        return byte_text(f, p, texts, ret, err);
    case HB_NPY_TIME:
    case HB_NPY_SPAN: {
        int64_t v = signed_bits(f, p);
        if (v == INT64_MIN) { /* NaT */
            *ret = (hb_cell){.kind = HB_CELL_EMPTY};
            return HB_OK;
        }
        return f->kind == HB_NPY_TIME ? time_cell(f, v, texts, ret, err)
                                      : span_cell(f, v, texts, ret, err);
    }
    case HB_NPY_PADDING:
    case HB_NPY_KIND_COUNT_:
        break;
    }
    *ret = (hb_cell){.kind = HB_CELL_EMPTY};
    return HB_OK;
}
