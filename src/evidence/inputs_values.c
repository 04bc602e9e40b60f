/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a strict document: each has one form, and every other is refused. */
#include "evidence/inputs_text.h"

#include "base/mem.h"
#include "base/num.h"
#include "crypto/base64.h"

#include <math.h>
#include <string.h>

enum { BYTES_MAX = 256 << 20, ARRAY_MAX = 1 << 24 };

/* --- texts --- */

/* The text between the quotes as it stands, not looked into. */
static hb_str quoted(hb_strict *d)
{
    if (!hb_strict_at(d, '"')) {
        hb_strict_expected(d, "a text");
        return HB_STR("");
    }
    const char *from = d->p + 1;
    const char *q = from;
    while (q < d->end && *q != '"') {
        q += *q == '\\' && d->end - q > 1 ? 2 : 1;
    }
    if (q >= d->end) {
        hb_strict_refuse(d, "a text without an end");
        return HB_STR("");
    }
    d->p = q + 1;
    return (hb_str){from, (size_t)(q - from)};
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind a backslash, in the one form hb_json writes it; 0 = another. *ret_n = its length. */
static char escaped(hb_str s, size_t *ret_n)
{
    static const char shorts[][2] = {{'"', '"'},  {'\\', '\\'}, {'b', '\b'}, {'t', '\t'},
                                     {'n', '\n'}, {'f', '\f'},  {'r', '\r'}};
    *ret_n = 1;
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++) {
        if (s.n && s.p[0] == shorts[i][0]) {
            return shorts[i][1];
        }
    }
    *ret_n = 5;
    if (s.n < 5 || memcmp(s.p, "u00", 3) != 0) {
        return 0;
    }
    int high = hex_digit(s.p[3]);
    int low = hex_digit(s.p[4]);
    int c = high < 0 || low < 0 ? 0 : high * 16 + low;
    bool has_short = (c >= '\b' && c <= '\r' && c != '\v');
    return c < 0x20 && !has_short ? (char)c : 0;
}

static char *unquoted(hb_strict *d, hb_str raw)
{
    char *out = hb_arena_alloc(d->arena, raw.n + 1);
    size_t n = 0;
    if (!out) {
        hb_strict_no_memory(d);
        return NULL;
    }
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '\\') {
            size_t used = 0;
            c = escaped((hb_str){raw.p + i + 1, raw.n - i - 1}, &used);
            i += used;
            if (!c) {
                hb_strict_refuse(d, "a text with an escape that is not the canonical one");
                return NULL;
            }
        } else if ((unsigned char)c < 0x20) {
            hb_strict_refuse(d, "a control character in a text");
            return NULL;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    if (hb_utf8_valid_prefix((hb_str){out, n}) != n) {
        hb_strict_refuse(d, "a text that is no UTF-8");
        return NULL;
    }
    return out;
}

static const char *foreign(hb_strict *d)
{
    hb_strict_obj(d);
    hb_strict_key(d, "base64");
    hb_str bytes = hb_strict_bytes(d);
    hb_strict_end(d);
    if (d->failed != HB_OK) {
        return NULL;
    }
    if (!bytes.p || memchr(bytes.p, 0, bytes.n) || hb_utf8_valid_prefix(bytes) == bytes.n) {
        hb_strict_refuse(d, "a text in base64 that needs none");
        return NULL;
    }
    const char *copy = hb_arena_str(d->arena, bytes);
    if (!copy) {
        hb_strict_no_memory(d);
    }
    return copy;
}

const char *hb_strict_text(hb_strict *d)
{
    const char *text = NULL;
    if (hb_strict_at(d, '{')) {
        text = foreign(d);
    } else if (d->failed == HB_OK) {
        hb_str raw = quoted(d);
        text = d->failed == HB_OK ? unquoted(d, raw) : NULL;
    }
    return text ? text : "";
}

const char *hb_strict_text_or_null(hb_strict *d)
{
    return hb_strict_null(d) ? NULL : hb_strict_text(d);
}

size_t hb_strict_word(hb_strict *d, const char *(*name)(size_t i), size_t n)
{
    hb_str word = quoted(d);
    for (size_t i = 0; i < n && d->failed == HB_OK; i++) {
        if (hb_str_eq_c(word, name(i))) {
            return i;
        }
    }
    hb_strict_refuse(d, "'%.*s' is not known here", (int)(word.n < 40 ? word.n : 40), word.p);
    return 0;
}

void hb_strict_hex(hb_strict *d, char ret[65], bool may_be_empty)
{
    hb_str hex = quoted(d);
    bool good = hex.n == 64;
    for (size_t i = 0; i < hex.n && good; i++) {
        good = hex_digit(hex.p[i]) >= 0;
    }
    if (!good && !(may_be_empty && hex.n == 0)) {
        hb_strict_refuse(d, "expected 64 hex digits");
    }
    memset(ret, 0, 65);
    if (good && d->failed == HB_OK) {
        memcpy(ret, hex.p, 64);
    }
}

hb_str hb_strict_bytes(hb_strict *d)
{
    size_t n = 0;
    if (d->failed != HB_OK || hb_strict_null(d)) {
        return (hb_str){0};
    }
    hb_str text = quoted(d);
    if (d->failed == HB_OK) {
        hb_strict_failed(d, HB_GROW(d->bytes, d->cap_bytes, HB_BASE64_BYTES(text.n) + 1, BYTES_MAX,
                                    "bytes in base64", d->err));
    }
    hb_error why = {0};
    if (d->failed != HB_OK) {
        return (hb_str){0};
    }
    if (hb_base64_read(text, "bytes", d->bytes, d->cap_bytes - 1, &n, &why) != HB_OK || n == 0) {
        hb_strict_refuse(d, "%s", n == 0 && !*why.msg ? "no bytes in base64" : why.msg);
        return (hb_str){0};
    }
    d->bytes[n] = '\0';
    return (hb_str){d->bytes, n};
}

/* --- numbers --- */

static hb_str number(hb_strict *d)
{
    const char *from = d->p;
    while (d->failed == HB_OK && d->p < d->end && *d->p && strchr("0123456789+-.e", *d->p)) {
        d->p++;
    }
    return (hb_str){from, (size_t)(d->p - from)};
}

static double odd_figure(hb_strict *d)
{
    hb_str text = quoted(d);
    uint64_t bits = 0;
    bool hex = text.n == HB_STRICT_NAN && memcmp(text.p, "NaN:", 4) == 0;
    for (size_t i = 4; i < HB_STRICT_NAN && hex; i++) {
        hex = hex_digit(text.p[i]) >= 0;
        bits = bits << 4 | (uint64_t)(hex ? hex_digit(text.p[i]) : 0);
    }
    double v = 0;
    memcpy(&v, &bits, sizeof v);
    if (hex && isnan(v) && bits != hb_strict_bits((double)NAN)) {
        return v;
    }
    if (hb_str_eq_c(text, "-0")) {
        return -0.0;
    }
    if (hb_str_eq_c(text, "NaN")) {
        return (double)NAN;
    }
    if (hb_str_eq_c(text, "Infinity") || hb_str_eq_c(text, "-Infinity")) {
        return text.p[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    }
    hb_strict_refuse(d, "'%.*s' is no figure", (int)(text.n < 40 ? text.n : 40), text.p);
    return 0;
}

double hb_strict_f64(hb_strict *d)
{
    if (hb_strict_at(d, '"')) {
        return odd_figure(d);
    }
    hb_str text = number(d);
    char again[HB_NUM_TEXT];
    double v = 0;
    if (hb_num_parse(text.p, text.n, &v) != HB_NUM_FINITE ||
        !hb_str_eq(text, (hb_str){again, hb_num_print(v, again)})) {
        d->p = text.p;
        hb_strict_expected(d, "a figure in its shortest form");
        return 0;
    }
    return v;
}

/* Beyond 2^53 as text. */
static hb_str integer(hb_strict *d, bool *ret_as_text)
{
    *ret_as_text = hb_strict_at(d, '"');
    return *ret_as_text ? quoted(d) : number(d);
}

static bool is_form(hb_str text, size_t n, bool as_text, bool beyond)
{
    bool zeros = n > 1 && (text.p[0] == '0' || (text.p[0] == '-' && text.p[1] == '0'));
    return n && text.p[0] != '+' && !zeros && as_text == beyond;
}

uint64_t hb_strict_u64(hb_strict *d, uint64_t most)
{
    bool as_text = false;
    uint64_t v = 0;
    const char *from = d->p;
    hb_str text = integer(d, &as_text);
    if (!hb_num_parse_u64(text.p, text.n, &v) ||
        !is_form(text, text.n, as_text, v > UINT64_C(1) << 53) || v > most) {
        d->p = from;
        hb_strict_expected(d, "a whole number in range");
        return 0;
    }
    return v;
}

int64_t hb_strict_i64(hb_strict *d)
{
    bool as_text = false;
    int64_t v = 0;
    const char *from = d->p;
    hb_str text = integer(d, &as_text);
    const int64_t exact = INT64_C(1) << 53;
    if (!hb_num_parse_i64(text.p, text.n, &v) ||
        !is_form(text, text.n, as_text, v > exact || v < -exact)) {
        d->p = from;
        hb_strict_expected(d, "a whole number");
        return 0;
    }
    return v;
}

hb_time hb_strict_time(hb_strict *d)
{
    if (hb_strict_null(d)) {
        return HB_TIME_NONE;
    }
    hb_time t = hb_strict_i64(d);
    if (t == HB_TIME_NONE) {
        hb_strict_refuse(d, "a time that is none");
    }
    return t;
}

/* --- arrays --- */

static uint64_t element(hb_strict *d, bool is_f64)
{
    return is_f64 ? hb_strict_bits(hb_strict_f64(d)) : hb_strict_u64(d, UINT64_MAX);
}

/* Doubles and counts are both 64 bits, and go into the arena as such. */
static void *array(hb_strict *d, bool is_f64, size_t *ret_n)
{
    size_t n = 0;
    *ret_n = 0;
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        hb_strict_failed(
            d, HB_GROW(d->room, d->cap_room, n + 1, ARRAY_MAX, "elements of an array", d->err));
        if (d->failed == HB_OK) {
            d->room[n++] = element(d, is_f64);
        }
    }
    void *copy = d->failed == HB_OK ? hb_arena_array(d->arena, n + 1, sizeof *d->room) : NULL;
    if (copy) {
        if (n) {
            memcpy(copy, d->room, n * sizeof *d->room);
        }
        *ret_n = n;
    } else if (d->failed == HB_OK) {
        hb_strict_no_memory(d);
    }
    return copy;
}

const double *hb_strict_f64s(hb_strict *d, size_t *ret_n)
{
    return array(d, true, ret_n);
}

const uint64_t *hb_strict_u64s(hb_strict *d, size_t *ret_n)
{
    return array(d, false, ret_n);
}
